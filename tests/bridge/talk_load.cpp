// A carrier with many calls and the voice model on both sides of `campanile serve`, all of it over
// TLS, for tests/system/talks_test.py.
//
//   talk_load FOLDER DOOR_PORT MODEL_PORT ACCOUNT TOKEN TALKING TALK_SECONDS NEWCOMERS SECONDS
//
// FOLDER is make_certificates' for voice.example.test. Each call asks for its document, opens its
// stream, talks, hangs up and reports its end, each on a connection of its own and with a whole
// handshake. TALKING calls talk at a time; after TALK_SECONDS one hangs up and another takes its
// place, 0: they talk all the while. When all of them talk, it says so in a line, and from then on,
// for SECONDS, NEWCOMERS a second come besides, talk for two seconds and hang up.
//
// The person's sound is a frame every 20 ms, of each of the TALKING at another moment, and while
// the agent talks the model answers each with 20 ms of speech, 100 ms ahead. Every ten seconds the
// person speaks, in every other turn into the agent's words. Prints one line of JSON at the end.
// Times are read from a stamp in the sound, from carrier to model (up) and back (down), for each of
// the TALKING: the p99 of the worst of them counts. `late` is how late the load itself was with its
// frames.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/net/thread_priority.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/media_wire.hpp"

namespace {

using namespace bridge;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using testing::append_frame;
using testing::percentile;

constexpr std::string_view public_host = "voice.example.test";
constexpr auto frame_time = 20ms;
constexpr auto newcomer_talks = 2s;
constexpr auto settling = 3s;  // from the last to talk until it counts
constexpr auto patience = 30s;
constexpr std::size_t tag_chars = 8;
constexpr std::size_t no_line = 0xFFFFFFFF;

// Of a turn, in frames: the agent has ended, or not; the person speaks; they have spoken.
constexpr int agent_ends = 440;
constexpr int person_begins = 450;
constexpr int person_ends = 490;
constexpr int ahead_frames = 5;

struct Options {
  std::string folder{};
  std::uint16_t door_port = 0;
  std::uint16_t model_port = 0;
  std::string account{};
  std::string token{};
  std::size_t talking = 0;
  std::chrono::seconds talk_time{};
  double newcomers = 0;  // a second
  std::chrono::seconds time{};
};

// One of the lines that talk all the while, whoever is on it.
struct Line {
  std::vector<float> up_us{};
  std::vector<float> down_us{};
};

struct Counts {
  std::size_t calls = 0;      // that were begun
  std::size_t newcomers = 0;  // of these
  std::size_t heard = 0;      // of the calls: the agent
  std::size_t refused = 0;    // by an answer that is no document or no 101
  std::size_t broken = 0;     // ended by the door before they hung up
  std::size_t turns = 0;      // of the agent
  std::size_t cuts = 0;       // of its words, as the model was told
};

class Caller;
class Model;

struct Load {
  net::Loop& loop;
  const Options& options;
  tls::ClientContext carrier_tls;
  tls::ServerContext model_tls;
  bool counting = false;
  Counts counts{};
  std::vector<Line> lines{};
  std::vector<float> late_us{};
  std::vector<float> first_sound_us{};  // of newcomers, from their `start`
  std::vector<std::unique_ptr<Caller>> callers{};
  std::vector<std::unique_ptr<Model>> models{};
};

// One end of a connection over TLS, and of the WebSocket that it may become. Its owner looks at it
// at each tick; what came in the meantime is kept or, of a WebSocket, given to `on_text`.
class Socket {
 public:
  explicit Socket(bool client) : client_(client) {}

  void open(std::unique_ptr<net::ByteStream> stream, std::function<void()> on_open = {}) {
    stream_ = std::move(stream);
    stream_->start({.on_open = std::move(on_open),
                    .on_data = [this](std::string_view bytes) { on_data(bytes); },
                    .on_end = [this](std::error_code) { over_ = true; }});
  }
  void become_websocket(std::function<void(std::string_view)> on_text) {
    on_text_ = std::move(on_text);
    read_frames();
  }

  void say(std::string_view text) { append_frame(out_, text, client_); }
  void say_close() { append_frame(out_, "\x03\xe8", client_, '\x88'); }
  void say_raw(std::string_view bytes) { out_ += bytes; }
  void leave() {
    if (out_.empty() || over_ || closed_) return;
    if (!stream_->write(out_)) over_ = true;
    out_.clear();
  }
  // Behind what was said; what still comes is read.
  void close() {
    if (over_ || std::exchange(closed_, true)) return;
    stream_->finish();
  }

  bool over() const { return over_; }
  const std::string& in() const { return in_; }
  void take(std::size_t bytes) { in_.erase(0, bytes); }

 private:
  void on_data(std::string_view bytes) {
    in_ += bytes;
    if (on_text_) read_frames();
    leave();
  }
  void read_frames() {
    const auto rest =
        testing::each_frame(in_, unmasked_, [this](int opcode, std::string_view text) {
          if (opcode == 1) on_text_(text);
          if (opcode == 8) {
            append_frame(out_, text, client_, '\x88');
            leave();
            close();
            over_ = true;
          }
          if (opcode == 9) append_frame(out_, text, client_, '\x8a');
        });
    in_.erase(0, in_.size() - rest.size());
  }

  const bool client_;
  std::unique_ptr<net::ByteStream> stream_{};
  bool over_ = false;
  bool closed_ = false;
  std::string in_{};
  std::string out_{};
  std::string unmasked_{};
  std::function<void(std::string_view)> on_text_{};
};

// The model's end of one talk.
class Model {
 public:
  Model(Load& load, std::unique_ptr<net::ByteStream> stream) : load_(load) {
    socket_.open(std::move(stream));
  }

  bool over() const { return socket_.over(); }

  void tick() {
    if (upgraded_) return;
    const auto end = socket_.in().find("\r\n\r\n");
    if (end == std::string::npos) return;
    upgraded_ = true;
    socket_.say_raw(testing::upgrade_answer(socket_.in().substr(0, end + 4)));
    socket_.take(end + 4);
    socket_.say(R"({"type":"session.created","event_id":"e","session":{}})");
    socket_.become_websocket([this](std::string_view text) { on_text(text); });
    socket_.leave();
  }

 private:
  void on_text(std::string_view text) {
    const std::string_view head = text.substr(0, 64);
    if (head.find("input_audio_buffer.append") != std::string_view::npos) {
      constexpr std::string_view key = R"("audio":")";
      const auto at = text.find(key) + key.size();
      const std::size_t line = std::strtoul(
          std::string(text.substr(at + testing::stamp_chars, tag_chars)).c_str(), nullptr, 16);
      if (load_.counting && line < load_.lines.size()) {
        load_.lines[line].up_us.push_back(static_cast<float>(testing::age_us(text, key)));
      }
      goes_on();
    } else if (head.find("session.update") != std::string_view::npos) {
      socket_.say(
          R"({"type":"session.updated","event_id":"e","session":{"audio":{"input":{"format":)"
          R"({"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})");
    } else if (head.find("response.create") != std::string_view::npos) {
      if (!responding_) respond();
    } else if (head.find("conversation.item.truncate") != std::string_view::npos) {
      ++load_.counts.cuts;
    }
  }

  // 20 ms later.
  void goes_on() {
    ++frame_;
    if (responding_) say_delta();
    if (frame_ == agent_ends && turn_ % 2 == 0 && responding_) end_response("completed");
    if (frame_ == person_begins) {
      say_of_person("input_audio_buffer.speech_started", R"("audio_start_ms":1)");
      if (responding_) end_response("cancelled");
    }
    if (frame_ == person_ends) {
      say_of_person("input_audio_buffer.speech_stopped", R"("audio_end_ms":1)");
      say_of_person("input_audio_buffer.committed", R"("previous_item_id":"item_)" + turn() + "\"");
      say_of_person("conversation.item.input_audio_transcription.completed",
                    R"("content_index":0,"transcript":"Sì, va bene così."})");
      ++turn_;
      respond();
    }
  }

  std::string turn() const { return std::to_string(turn_); }
  std::string of_response() const {
    return R"("response_id":"resp_)" + turn() + R"(","item_id":"item_)" + turn() +
           R"(","output_index":0,"content_index":0)";
  }

  void say_of_person(std::string_view type, std::string_view more) {
    scratch_ = R"({"type":")";
    scratch_ += type;
    scratch_ += R"(","event_id":"e","item_id":"person_)" + turn() + "\",";
    scratch_ += more;
    if (scratch_.back() != '}') scratch_ += '}';
    socket_.say(scratch_);
  }

  void respond() {
    frame_ = 0;
    responding_ = true;
    ++load_.counts.turns;
    socket_.say(R"({"type":"response.created","event_id":"e","response":{"id":"resp_)" + turn() +
                R"(","status":"in_progress"}})");
    for (int i = 0; i < ahead_frames; ++i) say_delta();
  }
  void say_delta() {
    scratch_ = R"({"type":"response.output_audio.delta","event_id":"e",)" + of_response() +
               R"(,"delta":")";
    testing::append_payload(scratch_);
    scratch_ += "\"}";
    socket_.say(scratch_);
  }
  void end_response(const std::string& status) {
    responding_ = false;
    socket_.say(R"({"type":"response.output_audio.done","event_id":"e",)" + of_response() + "}");
    socket_.say(R"({"type":"response.output_audio_transcript.done","event_id":"e",)" +
                of_response() + R"(,"transcript":"Tutto funziona come deve?"})");
    socket_.say(R"({"type":"response.done","event_id":"e","response":{"id":"resp_)" + turn() +
                R"(","status":")" + status + R"(","output":[]}})");
  }

  Load& load_;
  Socket socket_{false};
  bool upgraded_ = false;
  bool responding_ = false;
  int frame_ = 0;
  int turn_ = 0;
  std::string scratch_{};
};

// One call of the carrier's, from its document to the report of its end:
//
//   asking ──document──► opening ──101──► talking ──its time──► reporting ──answer──► over
//
// Each step but talking has a connection of its own.
class Caller {
 public:
  // On `line`; with no_line a newcomer. It hangs up so long after the first sound that it hears; 0:
  // never.
  Caller(Load& load, std::size_t line, Steady::duration talk_time)
      : load_(load),
        line_(line),
        talk_time_(talk_time),
        hangs_up_(talk_time != Steady::duration{}),
        number_(++load.counts.calls) {
    if (line == no_line) ++load.counts.newcomers;
    testing::append_hex(tag_, line, tag_chars);
    testing::append_hex(id_, number_, 32);
    post("/outbound-call?mode=agent", "in-progress", {});
  }

  bool talks() const { return heard_ && step_ == Step::talking; }
  bool over() const { return step_ == Step::over; }
  std::size_t line() const { return line_; }

  void hang_up_at(Steady::time_point ends) {
    hangs_up_ = true;
    ends_ = ends;
  }
  void hang_up() {
    if (step_ != Step::talking) {
      step_ = Step::over;
      return;
    }
    socket_->say(R"({"event":"stop","sequenceNumber":"9","streamSid":"MZ)" + id_ +
                 R"(","stop":{"accountSid":")" + load_.options.account + R"(","callSid":"CA)" +
                 id_ + "\"}}");
    socket_->say_close();
    socket_->leave();
    socket_->close();
    step_ = Step::reporting;
    post("/call-status", "completed", {{"CallDuration", "9"}, {"SequenceNumber", "3"}});
  }

  void tick(Steady::time_point now) {
    if (step_ == Step::over) return;
    if (connecting_) {
      if (failed_) return give_up(load_.counts.broken);
      if (!connected_) return;
      connect_tls();
      return;
    }
    switch (step_) {
      case Step::asking:
        if (!answered()) break;
        if (!socket_->in().starts_with("HTTP/1.1 200")) return give_up(load_.counts.refused);
        open_stream();
        return;
      case Step::opening:
        if (socket_->in().find("\r\n\r\n") == std::string::npos) break;
        if (!socket_->in().starts_with("HTTP/1.1 101")) return give_up(load_.counts.refused);
        start_talking(now);
        return;
      case Step::talking:
        if (!socket_->over()) return talk(now);
        break;
      case Step::reporting:
        if (!answered()) break;
        if (!socket_->in().starts_with("HTTP/1.1 2")) ++load_.counts.refused;
        socket_->close();
        step_ = Step::over;
        return;
      case Step::over:
        return;
    }
    if (socket_->over()) give_up(load_.counts.broken);
  }

 private:
  enum class Step : unsigned char { asking, opening, talking, reporting, over };

  void give_up(std::size_t& counted) {
    ++counted;
    step_ = Step::over;
  }

  // Over a new connection; what was said on the old one goes its way.
  void connect(std::string request) {
    request_ = std::move(request);
    connecting_ = net::Stream::connect(
        load_.loop, {.address = "127.0.0.1", .port = load_.options.door_port}, {},
        {.on_open = [this] { connected_ = true; },
         .on_end = [this](std::error_code) { failed_ = true; }});
    connected_ = false;
  }
  void connect_tls() {
    before_ = std::exchange(socket_, std::make_unique<Socket>(true));
    socket_->say_raw(request_);
    socket_->open(std::make_unique<tls::Stream>(
                      load_.loop, std::move(connecting_),
                      load_.carrier_tls.connect(std::string(public_host), load_.options.door_port),
                      tls::Stream::Options{}),
                  [this] { socket_->leave(); });
  }

  void post(const std::string& path, const std::string& status, http::Fields more) {
    http::Fields fields{{"CallSid", "CA" + id_},     {"AccountSid", load_.options.account},
                        {"From", "+390698765432"},   {"To", "+390612345678"},
                        {"CallStatus", status},      {"Direction", "outbound-api"},
                        {"ApiVersion", "2010-04-01"}};
    for (auto& field : more) fields.push_back(std::move(field));
    const std::string body = http::encode_form(fields);
    const std::string host(public_host);
    connect("POST " + path + " HTTP/1.1\r\nHost: " + host +
            "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            "X-Twilio-Signature: " +
            carrier::sign(load_.options.token, "https://" + host + path, fields) +
            "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // A whole answer has come: its head, and a body as long as it says.
  bool answered() const {
    const std::string& in = socket_->in();
    const auto head = in.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    std::size_t body = 0;
    for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const auto at = in.find(name);
      if (at < head) body = std::strtoul(in.c_str() + at + name.size(), nullptr, 10);
    }
    return in.size() >= head + 4 + body;
  }

  void open_stream() {
    const std::string& document = socket_->in();
    constexpr std::string_view parameter = R"(name="token" value=")";
    const auto at = document.find(parameter);
    if (at == std::string::npos) return give_up(load_.counts.refused);
    const auto first = at + parameter.size();
    token_ = document.substr(first, document.find('"', first) - first);
    socket_->close();
    step_ = Step::opening;
    const std::string host(public_host);
    connect("GET /media-stream HTTP/1.1\r\nHost: " + host +
            "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twilio-Signature: " +
            carrier::sign(load_.options.token, "wss://" + host + "/media-stream", {}) + "\r\n\r\n");
  }

  void start_talking(Steady::time_point now) {
    step_ = Step::talking;
    began_ = now;
    due_ = first_due(now);
    socket_->take(socket_->in().find("\r\n\r\n") + 4);
    socket_->say(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
    socket_->say(R"({"event":"start","sequenceNumber":"1","streamSid":"MZ)" + id_ +
                 R"(","start":{"streamSid":"MZ)" + id_ + R"(","accountSid":")" +
                 load_.options.account + R"(","callSid":"CA)" + id_ +
                 R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw",)"
                 R"("sampleRate":8000,"channels":1},"customParameters":{"token":")" +
                 token_ + "\"}}}");
    socket_->become_websocket([this](std::string_view text) { on_text(text); });
    socket_->leave();
  }

  // The lines' frames are spread over the 20 ms, as those of people who do not know of each other.
  Steady::time_point first_due(Steady::time_point now) const {
    if (line_ == no_line) return now;
    const auto phase = std::chrono::nanoseconds{frame_time} * line_ / load_.options.talking;
    const auto since = (now.time_since_epoch() - phase) % frame_time;
    return now + frame_time - since;
  }

  void talk(Steady::time_point now) {
    if (now < due_) return;
    if (load_.counting) {
      load_.late_us.push_back(std::chrono::duration<float, std::micro>(now - due_).count());
    }
    due_ += frame_time;
    ++frames_;
    scratch_ = R"({"event":"media","sequenceNumber":")" + std::to_string(frames_ + 1) +
               R"(","streamSid":"MZ)" + id_ + R"(","media":{"track":"inbound","chunk":")" +
               std::to_string(frames_) + R"(","timestamp":")" + std::to_string(frames_ * 20) +
               R"(","payload":")";
    testing::append_payload(scratch_, tag_);
    scratch_ += "\"}}";
    socket_->say(scratch_);
    while (!marks_.empty() && marks_.front().first <= now) give_back_mark();
    socket_->leave();
    if (heard_ && hangs_up_ && now >= ends_) hang_up();
  }

  void on_text(std::string_view text) {
    if (text.find(R"("event":"media")") != std::string_view::npos) {
      const auto now = Steady::now();
      if (!heard_) {
        heard_ = true;
        ++load_.counts.heard;
        ends_ = now + talk_time_;
        if (line_ == no_line) {
          load_.first_sound_us.push_back(
              std::chrono::duration<float, std::micro>(now - began_).count());
        }
      }
      played_ = std::max(played_, now) + frame_time;
      if (load_.counting && line_ != no_line) {
        load_.lines[line_].down_us.push_back(
            static_cast<float>(testing::age_us(text, R"("payload":")")));
      }
    } else if (text.find(R"("event":"mark")") != std::string_view::npos) {
      constexpr std::string_view key = R"("name":")";
      const auto at = text.find(key) + key.size();
      marks_.emplace_back(played_, text.substr(at, text.find('"', at) - at));
    } else if (text.find(R"("event":"clear")") != std::string_view::npos) {
      played_ = {};
      while (!marks_.empty()) give_back_mark();
    }
  }
  void give_back_mark() {
    scratch_ = R"({"event":"mark","sequenceNumber":"9","streamSid":"MZ)" + id_ +
               R"(","mark":{"name":")" + marks_.front().second + "\"}}";
    marks_.pop_front();
    socket_->say(scratch_);
  }

  Load& load_;
  const std::size_t line_;
  const Steady::duration talk_time_;
  bool hangs_up_;
  const std::size_t number_;
  std::string id_{};
  std::string tag_{};
  std::string token_{};
  Step step_ = Step::asking;
  std::unique_ptr<net::Stream> connecting_{};
  bool connected_ = false;
  bool failed_ = false;
  std::string request_{};
  std::unique_ptr<Socket> socket_{};
  std::unique_ptr<Socket> before_{};  // until what it had to say is on its way
  Steady::time_point began_{};
  Steady::time_point due_{};
  Steady::time_point ends_{};
  Steady::time_point played_{};  // when all that came has been heard
  std::uint64_t frames_ = 0;
  bool heard_ = false;
  std::deque<std::pair<Steady::time_point, std::string>> marks_{};  // when they are due
  std::string scratch_{};
};

void tick(Load& load) {
  const auto now = Steady::now();
  for (const auto& caller : load.callers) caller->tick(now);
  for (const auto& model : load.models) model->tick();
  std::erase_if(load.models, [](const auto& model) { return model->over(); });
}

// Runs the loop and ticks every millisecond, until `done`; false: not in time.
bool run_until(Load& load, Steady::duration time, const std::function<bool()>& done) {
  const auto ends = Steady::now() + time;
  bool good = false;
  bool over = false;
  const std::function<void()> step = [&] {
    tick(load);
    good = done();
    over = good || Steady::now() >= ends;
    if (over) return load.loop.stop();
    load.loop.call_at(load.loop.now() + 1ms, step);
  };
  step();
  while (!over) load.loop.run();
  return good;
}

void print(Load& load, bool all) {
  const Counts& counts = load.counts;
  float up_us = 0;
  float down_us = 0;
  std::size_t frames = 0;
  for (Line& line : load.lines) {
    up_us = std::max(up_us, percentile(line.up_us, 0.99));
    down_us = std::max(down_us, percentile(line.down_us, 0.99));
    frames += line.up_us.size() + line.down_us.size();
  }
  std::printf(
      R"({"all_talked":%s,"calls":%zu,"newcomers":%zu,"heard":%zu,"refused":%zu,"broken":%zu,)"
      R"("turns":%zu,"cuts":%zu,"frames":%zu,"worst_up_p99_us":%.0f,"worst_down_p99_us":%.0f,)"
      R"("newcomers_first_sound_p99_us":%.0f,"late_p50_us":%.0f,"late_p99_us":%.0f})"
      "\n",
      all ? "true" : "false", counts.calls, counts.newcomers, counts.heard, counts.refused,
      counts.broken, counts.turns, counts.cuts, frames, up_us, down_us,
      percentile(load.first_sound_us, 0.99), percentile(load.late_us, 0.5),
      percentile(load.late_us, 0.99));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 10) {
    std::fprintf(stderr,
                 "usage: talk_load FOLDER DOOR_PORT MODEL_PORT ACCOUNT TOKEN TALKING TALK_SECONDS "
                 "NEWCOMERS SECONDS\n");
    return 2;
  }
  const Options options{.folder = arguments[1],
                        .door_port = static_cast<std::uint16_t>(std::atoi(arguments[2])),
                        .model_port = static_cast<std::uint16_t>(std::atoi(arguments[3])),
                        .account = arguments[4],
                        .token = arguments[5],
                        .talking = std::strtoul(arguments[6], nullptr, 10),
                        .talk_time = std::chrono::seconds(std::atoi(arguments[7])),
                        .newcomers = std::atof(arguments[8]),
                        .time = std::chrono::seconds(std::atoi(arguments[9]))};
  const std::string certificate = options.folder + "/" + std::string(public_host);
  net::be_prompt();
  net::SystemClock clock;
  net::Loop loop(clock);
  Load load{.loop = loop,
            .options = options,
            .carrier_tls = tls::ClientContext(tls::ClientContext::Options{
                .ca_file = options.folder + "/ca.pem", .sessions_max = 0}),
            .model_tls = tls::ServerContext(
                {.certificate_file = certificate + ".pem", .key_file = certificate + ".key"})};
  load.lines.resize(options.talking);
  const net::Listener listener(
      loop, {.address = "127.0.0.1", .port = options.model_port}, 0, {},
      [&](std::unique_ptr<net::Stream> accepted) {
        load.models.push_back(std::make_unique<Model>(
            load, std::make_unique<tls::Stream>(loop, std::move(accepted), load.model_tls.accept(),
                                                tls::Stream::Options{})));
      });

  // A few at a time at first.
  const auto talking = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(load.callers, [](const auto& caller) { return caller->talks(); }));
  };
  for (std::size_t line = 0; line < options.talking; ++line) {
    load.callers.push_back(std::make_unique<Caller>(load, line, Steady::duration{}));
    if (!run_until(load, patience, [&] { return talking() + 5 > line; })) break;
  }
  const bool all = run_until(load, patience, [&] { return talking() == options.talking; });
  run_until(load, settling, [] { return false; });
  std::printf("talking\n");
  std::fflush(stdout);

  load.counting = true;
  const auto began = Steady::now();
  // Those whose talk has an end end one after the other.
  if (options.talk_time > 0s) {
    for (const auto& caller : load.callers) {
      caller->hang_up_at(began + options.talk_time * (caller->line() + 1) / options.talking);
    }
  }
  std::size_t came = 0;
  run_until(load, options.time, [&] {
    for (auto& caller : load.callers) {
      if (!caller->over() || caller->line() == no_line) continue;
      caller = std::make_unique<Caller>(load, caller->line(), options.talk_time);
    }
    std::erase_if(load.callers, [](const auto& caller) { return caller->over(); });
    const double seconds = std::chrono::duration<double>(Steady::now() - began).count();
    for (; static_cast<double>(came) < seconds * options.newcomers; ++came) {
      load.callers.push_back(std::make_unique<Caller>(load, no_line, newcomer_talks));
    }
    return false;
  });
  load.counting = false;
  // Whoever has just come has their talk.
  run_until(load, patience, [&] {
    return std::ranges::all_of(load.callers, [](const auto& caller) {
      return caller->over() || caller->line() != no_line;
    });
  });
  for (const auto& caller : load.callers) {
    if (!caller->over()) caller->hang_up();
  }
  run_until(load, patience, [&] {
    return std::ranges::all_of(load.callers, [](const auto& caller) { return caller->over(); });
  });
  print(load, all);
  std::_Exit(0);
}
