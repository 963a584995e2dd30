#include "bridge/rehearsal/call_stream.hpp"

#include <algorithm>
#include <utility>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/played_sound.hpp"
#include "bridge/rehearsal/recording.hpp"
#include "bridge/rehearsal/stream_messages.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/tls/fault.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"

namespace bridge::rehearsal {
namespace {

using net::Instant;
using std::chrono::milliseconds;

constexpr milliseconds running_frame{20};
constexpr milliseconds jumping_frame{250};
constexpr std::uint64_t stretch_bytes = 250 * sound_bytes_per_ms;  // of time, at once
constexpr std::size_t lines_max = 1'000;                           // of the truth
constexpr std::size_t cuts_max = 1'000;

constexpr int connection_timed_out = 31901;
constexpr int connection_refused = 31902;
constexpr int tls_failed = 31910;
constexpr int handshake_failed = 31920;
constexpr int closed_with_error = 31921;
constexpr int malformed_url = 31923;
constexpr int overflow = 31931;
constexpr int binary_message = 31950;
constexpr int invalid_message = 31951;

// A ws or wss URL as an http one, without its query.
std::optional<Url> read_stream_url(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  if (text.starts_with("wss://")) return read_url("https" + std::string(text.substr(3)));
  if (text.starts_with("ws://")) return read_url("http" + std::string(text.substr(2)));
  return {};
}

int code_of(const ws::Refused& refused) {
  if (refused.status != 0) return handshake_failed;
  if (refused.error.category() == tls::fault_category()) return tls_failed;
  if (refused.error == std::errc::timed_out) return connection_timed_out;
  return refused.error ? connection_refused : handshake_failed;
}

}  // namespace

struct CallStream::Block : std::enable_shared_from_this<Block> {
  net::Loop& loop;
  Timetable& timetable;
  Callee callee;
  Options options;
  StreamTruth& truth;
  Events events;
  Dice dice;
  Dice way_dice;
  StreamWriter writer;
  std::unique_ptr<Recording> recording{};

  std::uint16_t port = 0;
  std::unique_ptr<ws::Connecting> connecting{};
  std::unique_ptr<ws::Connection> connection{};
  bool over = false;       // nothing is told any more
  bool finishing = false;  // closed by us in order
  bool hanging_up = false;
  std::optional<Instant> broken_at{};
  Instant last_out{};  // when the last message gets to the program, and its last one here
  Instant last_in{};

  PlayedSound playing{};
  std::uint64_t lived = 0;    // bytes of time since the start
  std::string said{};         // and not yet sent
  std::uint64_t said_at = 0;  // bytes of time that were sent or left out
  std::size_t frame_bytes = 0;
  milliseconds tick{};
  ActId next_act{};
  net::Loop::TimerId timer = 0;

  Block(net::Loop& on, Timetable& with, Callee person, Options given, StreamTruth& told, Events to)
      : loop(on),
        timetable(with),
        callee(std::move(person)),
        options(std::move(given)),
        truth(told),
        events(std::move(to)),
        dice(options.seed, options.call_sid, options.ordinal, "frames"),
        way_dice(options.seed, options.call_sid, options.ordinal, "way"),
        writer(truth.stream_sid, options.account_sid, options.call_sid) {
    tick = timetable.jumps() ? jumping_frame : running_frame;
    frame_bytes = static_cast<std::size_t>(tick.count()) * sound_bytes_per_ms;
  }

  void open(net::Links& links) {
    const auto url = read_stream_url(options.url);
    if (!url) return fail_soon(malformed_url);
    if (options.faults.refused) return fail_soon(connection_refused);
    if (url->secure && options.trusted == nullptr) return fail_soon(tls_failed);
    ws::Connecting::Options to;
    to.host = url->host;
    to.port = port = url->port;
    to.target = url->target;
    if (url->secure) to.tls = options.trusted;
    if (!options.connect_address.empty()) {
      to.connect_addresses = {options.connect_address};
      to.port = port = options.connect_port;
    }
    to.links = &links;
    // What is signed is the URL without its query, and with its scheme (protocols.md 3.2).
    const std::string signed_url = options.url.substr(0, options.url.find_first_of("?#"));
    to.headers = {{"X-Twilio-Signature", signature(options.auth_token, signed_url, {})},
                  {"User-Agent", "Twilio.TmeWs/1.0"}};
    to.limits.message_bytes_max = std::size_t{16} << 20U;
    connecting = std::make_unique<ws::Connecting>(
        loop, std::move(to),
        [this](std::variant<std::unique_ptr<ws::Connection>, ws::Refused> got) {
          auto* opened = std::get_if<std::unique_ptr<ws::Connection>>(&got);
          if (opened == nullptr) return fail(code_of(std::get<ws::Refused>(got)));
          start(std::move(*opened));
        });
  }

  void fail_soon(int code) {
    soon([this, code] { fail(code); });
  }

  // At this instant, when the functions of the stream have returned.
  void soon(const std::function<void()>& f) {
    timetable.at(loop.now(), [self = weak_from_this(), f] {
      if (const auto alive = self.lock()) f();
    });
  }

  void fail(int code) {
    truth.error_code = code;
    end(End::refused);
  }

  void start(std::unique_ptr<ws::Connection> opened) {
    port = 0;  // from here on the counts of its bytes are enough
    connection = std::move(opened);
    connection->start(
        {.on_text =
             [this](std::string_view text) {
               if (!takes_time()) return received(text);
               travel(last_in, [this, sent = std::string(text)] { received(sent); });
             },
         .on_binary =
             [this](std::string_view) {
               ++truth.binary;
               truth.error_code = binary_message;
             },
         .on_end = [this](const ws::End& how) { travel(last_in, [this, how] { ended(how); }); },
         .on_drained = {}});
    truth.began = loop.now();
    if (!options.record_directory.empty()) {
      const std::string number =
          options.ordinal == 0 ? "" : "-" + std::to_string(options.ordinal + 1);
      recording = std::make_unique<Recording>(options.record_directory + "/" + options.call_sid +
                                              number + ".wav");
    }
    if (options.tell_words) {
      callee.on_said([this](const std::string& words) { note_words(true, words); });
      callee.on_heard([this](const std::string& words) { note_words(false, words); });
    }
    send(StreamWriter::connected());
    send(writer.start(options.parameters));
    if (options.faults.broken_after.count() > 0) {
      broken_at = loop.now() + options.faults.broken_after;
    }
    if (events.on_started) events.on_started();
    plan_tick();
  }

  void note_words(bool by_person, const std::string& words) {
    if (truth.lines.size() == lines_max) return;
    truth.lines.push_back({.at = truth.began + milliseconds(lived / sound_bytes_per_ms),
                           .by_person = by_person,
                           .text = words});
  }

  bool takes_time() const {
    return options.faults.way.count() > 0 || options.faults.jitter_max.count() > 0;
  }

  // At the other end of the way; `last` is when what went before it gets there.
  void travel(Instant& last, std::function<void()> arrive) {
    if (!takes_time()) return arrive();
    const auto most = static_cast<int>(options.faults.jitter_max.count());
    const Instant at = loop.now() + options.faults.way + milliseconds(way_dice.between(0, most));
    last = std::max(last, at);
    auto arrives = [self = weak_from_this(), arrive = std::move(arrive)] {
      if (const auto alive = self.lock()) arrive();
    };
    if (timetable.jumps()) {
      timetable.at(last, std::move(arrives));
    } else {
      loop.call_at(last, std::move(arrives));
    }
  }

  void send(std::string_view message) {
    if (!takes_time()) return write(message);
    travel(last_out, [this, sent = std::string(message)] { write(sent); });
  }

  void write(std::string_view message) {
    if (connection && connection->open() && !connection->send_text(message)) {
      // The program does not take what we send (31930); a carrier gives up as well.
      truth.error_code = closed_with_error;
      soon([this] { end(End::broken); });
    }
  }

  void plan_tick() {
    if (over || finishing) return;
    const Instant next = loop.now() + tick;
    if (timetable.jumps()) {
      next_act = timetable.at(next, [this] {
        next_act = {};
        on_tick();
      });
    } else {
      timer = loop.call_at(next, [this] {
        timer = 0;
        on_tick();
      });
    }
  }

  void on_tick() {
    const auto self = shared_from_this();
    if (broken_at && loop.now() >= *broken_at) {
      truth.error_code = closed_with_error;
      connection->drop();
      return end(End::broken);
    }
    advance();
    plan_tick();
  }

  // Lets the line's time come up to the clock's.
  void advance() {
    const auto due =
        static_cast<std::uint64_t>((loop.now() - truth.began).count()) * sound_bytes_per_ms;
    while (lived < due && !over && !finishing) {
      const auto bytes = std::min<std::uint64_t>(due - lived, stretch_bytes);
      std::string heard;
      if (!truth.first_sound && !playing.idle()) {
        truth.first_sound = truth.began + milliseconds(lived / sound_bytes_per_ms);
      }
      const std::uint64_t played = playing.played_ms();
      playing.play(static_cast<std::size_t>(bytes), heard);
      if (const auto sounded = playing.played_ms() - played; sounded > 0) {
        truth.last_sound = truth.began + milliseconds(lived / sound_bytes_per_ms + sounded);
      }
      lived += bytes;
      const Callee::Step step = callee.live(heard);
      if (recording) recording->add(step.said, heard);
      said += step.said;
      truth.sound_ms = playing.played_ms();
      truth.person = callee.counts();
      for (const char key : step.keys) send(writer.dtmf(key));
      send_frames();
      send_marks();
      if (step.hangs_up && !hanging_up) {
        hanging_up = true;
        soon([this] {
          if (!over && !finishing && events.on_hang_up) events.on_hang_up();
        });
      }
    }
  }

  void send_frames() {
    std::size_t sent = 0;
    while (said.size() - sent >= frame_bytes) {
      const std::string_view piece = std::string_view(said).substr(sent, frame_bytes);
      const std::uint64_t at_ms = said_at / sound_bytes_per_ms;
      said_at += piece.size();
      sent += piece.size();
      const StreamFaults& faults = options.faults;
      if (faults.odd_chunks) {
        frame_bytes = static_cast<std::size_t>(dice.between(40, 3'200));
        if (timetable.jumps()) frame_bytes = std::max<std::size_t>(frame_bytes, 400);
      }
      if (faults.gaps && dice.below(12) == 0) continue;
      if (faults.unknown && dice.below(20) == 0) send(writer.news());
      const std::string message = writer.media(piece, at_ms, faults.unknown && dice.below(5) == 0);
      ++truth.frames_sent;
      send(message);
      if (faults.doubled && dice.below(10) == 0) send(message);
    }
    said.erase(0, sent);
  }

  void send_marks() {
    for (const std::string& name : playing.take_marks()) send(writer.mark(name));
  }

  void received(std::string_view text) {
    if (over || finishing) return;
    advance();
    FromProgram message = read_from_program(text, truth.stream_sid);
    if (const auto* play = std::get_if<PlayThis>(&message)) {
      ++truth.media_received;
      if (!playing.add(play->sound)) {
        ++truth.overflows;
        truth.error_code = overflow;
      }
    } else if (auto* mark = std::get_if<MarkThis>(&message)) {
      ++truth.marks;
      playing.mark(std::move(mark->name));
    } else if (std::holds_alternative<ClearAll>(message)) {
      ++truth.clears;
      if (!playing.idle() && truth.cuts.size() < cuts_max) {
        truth.cuts.push_back(
            {.at = loop.now(), .label = playing.label(), .heard_ms = playing.heard_ms()});
      }
      playing.clear();
    } else {
      ++truth.invalid;
      truth.error_code = invalid_message;
    }
    send_marks();
  }

  void ended(const ws::End& how) {
    if (finishing) return end(End::finished);
    const bool in_order =
        how.code == ws::normal || how.code == ws::no_status || how.code == ws::going_away;
    if (!in_order) truth.error_code = closed_with_error;
    end(in_order ? End::closed : End::broken);
  }

  void forget_time() {
    timetable.cancel(next_act);
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }

  void end(End how) {
    if (over) return;
    over = true;
    forget_time();
    callee.hear_no_more();
    if (!truth.ended) truth.ended = loop.now();
    const auto on_ended = std::exchange(events.on_ended, {});
    if (on_ended) on_ended(how);
  }

  void finish() {
    if (over || finishing) return;
    finishing = true;
    forget_time();
    callee.hear_no_more();
    truth.ended = loop.now();
    connecting.reset();
    if (!connection || !connection->open()) return soon([this] { end(End::finished); });
    if (!options.faults.no_stop) send(writer.stop());
    travel(last_out, [this] {
      if (connection->open()) connection->close(ws::normal);
    });
  }
};

CallStream::CallStream(net::Loop& loop, net::Links& links, Timetable& timetable, Callee callee,
                       Options options, StreamTruth& truth, Events events)
    : block_(std::make_shared<Block>(loop, timetable, std::move(callee), std::move(options), truth,
                                     std::move(events))) {
  block_->open(links);
}

CallStream::~CallStream() {
  block_->over = true;
  block_->events = {};
  block_->forget_time();
  block_->connecting.reset();
  if (block_->connection) block_->connection->drop();
}

void CallStream::finish() {
  block_->finish();
}

bool CallStream::awaits(std::uint16_t port) const {
  return port != 0 && block_->port == port;
}

bool CallStream::writing() const {
  return block_->connection && block_->connection->queued() > 0;
}

}  // namespace bridge::rehearsal
