#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/rehearsal/played_sound.hpp"
#include "bridge/rehearsal/recording.hpp"
#include "bridge/rehearsal/sound.hpp"
#include "bridge/rehearsal/stream_messages.hpp"
#include "bridge/rehearsal/words.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_stream)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::http::field;
using bridge::testing::Folder;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;
using nlohmann::json;

namespace {

const std::string number = "+390611111111";

std::string silence(std::size_t ms) {
  return std::string(ms * sound_bytes_per_ms, sound_of_silence);
}

// The program's end of media streams, as its users write it: takes every upgrade and notes what
// comes.
struct ToyBridge {
  struct Line {
    std::unique_ptr<bridge::ws::Connection> connection{};
    std::vector<json> events{};
    std::optional<bridge::ws::End> end{};
    std::string sid{};
    std::string sound{};  // of the person
    std::vector<std::string> marks{};
  };

  bridge::net::Loop& loop;
  std::unique_ptr<bridge::http::Server> server{};
  std::vector<bridge::http::Request> upgrades{};
  std::vector<std::unique_ptr<Line>> lines{};
  int answer = 101;
  std::function<void(Line&, const json&)> on_event{};

  explicit ToyBridge(bridge::net::Loop& on, bridge::net::Links* links = nullptr) : loop(on) {
    bridge::http::Server::Options listen;
    listen.links = links;
    server = std::make_unique<bridge::http::Server>(
        loop, listen, [this](bridge::http::ExchangeId id, const bridge::http::Request& request) {
          upgrades.push_back(request);
          if (answer != 101) {
            bridge::http::Response refusal;
            refusal.status = answer;
            return server->answer(id, refusal);
          }
          const auto accepted = bridge::ws::answer_upgrade(request);
          BOOST_REQUIRE(accepted.status == 101);
          auto taken = server->take_over(id);
          BOOST_REQUIRE(taken.has_value());
          BOOST_REQUIRE(taken->stream->write(bridge::ws::upgrade_head(accepted)));
          lines.push_back(std::make_unique<Line>());
          Line& line = *lines.back();
          line.connection = std::make_unique<bridge::ws::Connection>(
              loop, std::move(taken->stream), bridge::ws::Role::server, bridge::ws::Limits{},
              std::move(taken->early));
          line.connection->start(
              {.on_text = [this, &line](std::string_view text) { received(line, text); },
               .on_binary = {},
               .on_end = [&line](const bridge::ws::End& end) { line.end = end; },
               .on_drained = {}});
        });
  }

  void received(Line& line, std::string_view text) {
    json event = json::parse(text);
    if (event["event"] == "start") line.sid = event["streamSid"].get<std::string>();
    if (event["event"] == "media") {
      line.sound += read_base64(event["media"]["payload"].get<std::string>()).value();
    }
    if (event["event"] == "mark") line.marks.push_back(event["mark"]["name"].get<std::string>());
    line.events.push_back(event);
    if (on_event) on_event(line, event);
  }

  std::string url(const std::string& path = "/media") const {
    return "ws://127.0.0.1:" + std::to_string(server->port()) + path;
  }
  static void send(Line& line, const json& message) {
    BOOST_TEST(line.connection->send_text(message.dump()));
  }
  static void play(Line& line, const std::string& sound) {
    send(line,
         {{"event", "media"}, {"streamSid", line.sid}, {"media", {{"payload", base64(sound)}}}});
  }
  static void mark(Line& line, const std::string& name) {
    send(line, {{"event", "mark"}, {"streamSid", line.sid}, {"mark", {{"name", name}}}});
  }
  static void clear(Line& line) { send(line, {{"event", "clear"}, {"streamSid", line.sid}}); }
  static std::vector<json> all(const Line& line, const std::string& event) {
    std::vector<json> found;
    for (const json& each : line.events) {
      if (each["event"] == event) found.push_back(each);
    }
    return found;
  }
};

std::string heard(const std::string& sound) {
  std::string text;
  Ear().hear(sound, [&](const Ear::Heard& word) {
    if (!word.label) append_heard(text, word);
  });
  return text;
}

// A call that is connected to the bridge's stream.
struct Streaming : OneLoopWorld {
  ToyBridge far_end;

  explicit Streaming(CarrierOptions options = {})
      : OneLoopWorld(with_people(options)), far_end(loop) {}
  ~Streaming() {
    far_end.lines.clear();
    far_end.server.reset();
  }

  static CarrierOptions with_people(CarrierOptions options) {
    if (options.people.no_answer != 0) options.people = only("human");
    options.tell_acknowledged = true;
    return options;
  }
  static CarrierOptions with_faults(const std::string& faults) {
    CarrierOptions options;
    options.faults = parse_faults(faults);
    return options;
  }

  std::string document(const std::string& url, const std::string& action = "/after") const {
    return "<Response><Connect" + (action.empty() ? "" : " action=\"" + action + "\"") +
           "><Stream url=\"" + url + "\" name=\"talk\" statusCallback=\"" +
           program->url("/stream") +
           "\"><Parameter name=\"token\" value=\"t&amp;1\"/><Parameter name=\"to\" value=\"x\"/>"
           "</Stream></Connect><Say>Ci scusi.</Say><Redirect>/next</Redirect></Response>";
  }
  // In small steps, as a clock that runs does.
  void live(std::chrono::milliseconds time, std::chrono::milliseconds step = 20ms) {
    for (auto each = 0ms; each < time; each += step) {
      advance(step);
      settle();
    }
  }
  void call(const std::string& twiml) {
    program->documents["/talk"] = twiml;
    program->documents["/after"] = "<Response><Hangup/></Response>";
    program->documents["/next"] = "<Response><Hangup/></Response>";
    program->place(program->order(number));
    settle();
    for (int i = 0; i < 60 && program->at_path("/talk").empty(); ++i) pass(1s);
    settle();
  }
  ToyBridge::Line& open(const std::string& action = "/after") {
    call(document(far_end.url(), action));
    for (int i = 0; i < 100 && far_end.lines.empty(); ++i) live(20ms);
    BOOST_REQUIRE(!far_end.lines.empty());
    settle();
    return *far_end.lines.front();
  }
  json truth() {
    const auto told = bridge::testing::ask_as(*this, "", "GET", "/rehearsal/truth.json");
    return json::parse(told.body)["calls"][0];
  }
  json stream_truth() { return truth()["streams"][0]; }
  std::vector<std::string> stream_events() const {
    std::vector<std::string> found;
    for (const auto* each : program->at_path("/stream")) {
      found.emplace_back(field(each->fields, "StreamEvent"));
    }
    return found;
  }
};

}  // namespace

// ---- what is played ----

BOOST_AUTO_TEST_CASE(marks_come_back_when_what_stands_before_them_was_played) {
  PlayedSound playing;
  playing.mark("at once");
  BOOST_TEST(playing.take_marks() == std::vector<std::string>{"at once"});
  BOOST_TEST(playing.add(std::string(1'000, 'a')));
  playing.mark("first");
  BOOST_TEST(playing.add(std::string(500, 'b')));
  playing.mark("second");
  std::string heard_now;
  playing.play(999, heard_now);
  BOOST_TEST(playing.take_marks().empty());
  playing.play(1, heard_now);
  BOOST_TEST(playing.take_marks() == std::vector<std::string>{"first"});
  playing.play(700, heard_now);
  BOOST_TEST(playing.take_marks() == std::vector<std::string>{"second"});
  BOOST_CHECK(heard_now ==
              std::string(1'000, 'a') + std::string(500, 'b') + std::string(200, sound_of_silence));
  BOOST_TEST(playing.idle());
}

BOOST_AUTO_TEST_CASE(clear_gives_all_marks_back_and_plays_nothing_more) {
  PlayedSound playing;
  BOOST_TEST(playing.add(std::string(1'000, 'a')));
  playing.mark("first");
  BOOST_TEST(playing.add(std::string(1'000, 'b')));
  playing.mark("second");
  std::string heard_now;
  playing.play(400, heard_now);
  playing.clear();
  BOOST_TEST((playing.take_marks() == std::vector<std::string>{"first", "second"}));
  heard_now.clear();
  playing.play(100, heard_now);
  BOOST_CHECK(heard_now == std::string(100, sound_of_silence));
  // What comes later is played, and its marks stand behind it.
  BOOST_TEST(playing.add(std::string(10, 'c')));
  playing.mark("third");
  BOOST_TEST(playing.take_marks().empty());
  playing.play(10, heard_now);
  BOOST_TEST(playing.take_marks() == std::vector<std::string>{"third"});
}

BOOST_AUTO_TEST_CASE(ten_minutes_are_kept_and_no_more) {
  PlayedSound playing;
  BOOST_TEST(playing.add(std::string(PlayedSound::bytes_max - 1, 'a')));
  BOOST_TEST(!playing.add("bc"));
  std::string heard_now;
  playing.play(PlayedSound::bytes_max, heard_now);
  BOOST_TEST(heard_now.back() == 'b');
  BOOST_TEST(playing.idle());
}

BOOST_AUTO_TEST_CASE(it_knows_how_much_of_an_utterance_was_heard) {
  PlayedSound playing;
  const std::string first = spoken("Buongiorno a tutti.", SpeakingVoice::high, 1, "item_1");
  const std::string second = spoken("Come sta?", SpeakingVoice::high, 1, "item_2");
  BOOST_TEST(playing.add(first + second));
  std::string heard_now;
  playing.play(first.size() - 8, heard_now);
  BOOST_TEST(playing.label() == "item_1");
  BOOST_TEST(playing.heard_ms() == (first.size() - 8) / 8);
  playing.play(4'008, heard_now);
  BOOST_TEST(playing.label() == "item_2");
  BOOST_TEST(playing.heard_ms() == 500);
  // Silence in between is not heard of an utterance.
  playing.play(100'000, heard_now);
  BOOST_TEST(playing.heard_ms() == second.size() / 8);
}

// ---- messages ----

BOOST_AUTO_TEST_CASE(messages_are_written_as_the_carrier_writes_them) {
  StreamWriter writer("MZ1", "AC1", "CA1");
  BOOST_TEST(StreamWriter::connected() ==
             R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
  BOOST_TEST(
      writer.start({{"token", "a\"b"}, {"to", "+39"}}) ==
      R"({"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1",)"
      R"("accountSid":"AC1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":)"
      R"("audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"a\"b",)"
      R"("to":"+39"}}})");
  BOOST_TEST(
      writer.media("\xff\xfe", 25, false) ==
      R"({"event":"media","sequenceNumber":"2","streamSid":"MZ1","media":{"track":"inbound",)"
      R"("chunk":"1","timestamp":"25","payload":"//4="}})");
  BOOST_TEST(writer.dtmf('5') ==
             R"({"event":"dtmf","sequenceNumber":"3","streamSid":"MZ1","dtmf":{"track":)"
             R"("inbound_track","digit":"5"}})");
  BOOST_TEST(writer.mark("r3:c7") ==
             R"({"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"r3:c7"}})");
  BOOST_TEST(writer.stop() ==
             R"({"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1",)"
             R"("callSid":"CA1"}})");
}

BOOST_AUTO_TEST_CASE(only_the_exact_messages_are_taken) {
  const auto taken = [](const std::string& message) {
    return !std::holds_alternative<InvalidMessage>(read_from_program(message, "MZ1"));
  };
  BOOST_TEST(taken(R"({"event":"media","streamSid":"MZ1","media":{"payload":"//4="}})"));
  BOOST_TEST(taken(R"({"streamSid":"MZ1","mark":{"name":"x"},"event":"mark"})"));
  BOOST_TEST(taken(R"({"event":"clear","streamSid":"MZ1"})"));
  for (const std::string bad :
       {R"({"event":"media","streamSid":"MZ1","media":{"payload":"//4=","track":"outbound"}})",
        R"({"event":"media","streamSid":"MZ1","media":{"payload":"//4="},"sequenceNumber":"1"})",
        R"({"event":"media","streamSid":"MZ2","media":{"payload":"//4="}})",
        R"({"event":"media","media":{"payload":"//4="}})",
        R"({"event":"media","streamSid":"MZ1","media":{"payload":"//4"}})",
        R"({"event":"media","streamSid":"MZ1","media":{"payload":""}})",
        R"({"event":"media","streamSid":"MZ1","media":{"payload":7}})",
        R"({"event":"mark","streamSid":"MZ1"})", R"({"event":"mark","streamSid":"MZ1","mark":{}})",
        R"({"event":"mark","streamSid":"MZ1","mark":{"name":""}})",
        R"({"event":"clear","streamSid":"MZ1","clear":{}})",
        R"({"event":"stop","streamSid":"MZ1"})", R"({"streamSid":"MZ1"})", "[]", "{", ""}) {
    BOOST_TEST(!taken(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(a_recording_is_a_wav_file_of_both_sides) {
  const Folder folder;
  const std::string path = folder.write("x.wav", "");
  {
    Recording recording(path);
    recording.add("abcd", "1234");
    recording.add("e", "5");
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  BOOST_TEST(bytes.size() == 58 + 10);
  BOOST_TEST(bytes.substr(0, 4) == "RIFF");
  BOOST_TEST(bytes.substr(8, 8) == "WAVEfmt ");
  BOOST_TEST(bytes[4] == static_cast<char>(bytes.size() - 8));
  BOOST_TEST(bytes[20] == 7);  // mu-law
  BOOST_TEST(bytes[22] == 2);  // channels
  BOOST_TEST(bytes.substr(50, 4) == "data");
  BOOST_TEST(bytes[54] == 10);
  BOOST_TEST(bytes.substr(58) == "a1b2c3d4e5");
}

// ---- over sockets ----

BOOST_AUTO_TEST_CASE(a_stream_is_opened_with_a_signature_and_says_who_it_is) {
  Streaming world;
  auto& line = world.open();
  BOOST_REQUIRE(world.far_end.upgrades.size() == 1);
  const auto& upgrade = world.far_end.upgrades[0];
  BOOST_TEST(upgrade.target == "/media");
  BOOST_TEST(bridge::carrier::sign(world.far->auth_token(), world.far_end.url(), {}) ==
             upgrade.header("X-Twilio-Signature"));
  world.live(1s);
  BOOST_TEST(line.events.at(0)["event"] == "connected");
  const json start = line.events.at(1);
  BOOST_TEST(start["event"] == "start");
  BOOST_TEST(start["start"]["callSid"] == world.truth()["sid"]);
  BOOST_TEST(start["start"]["customParameters"]["token"] == "t&1");
  BOOST_TEST(start["streamSid"].get<std::string>().size() == 34);
  // Then sound: 20 ms each, gapless.
  const auto media = ToyBridge::all(line, "media");
  BOOST_TEST(media.size() >= 49);
  for (std::size_t i = 0; i < media.size(); ++i) {
    BOOST_TEST(media[i]["media"]["timestamp"] == std::to_string(20 * i));
    BOOST_TEST(media[i]["media"]["chunk"] == std::to_string(i + 1));
    BOOST_TEST(media[i]["sequenceNumber"] == std::to_string(i + 2));
    BOOST_TEST(read_base64(media[i]["media"]["payload"].get<std::string>())->size() == 160);
  }
  BOOST_TEST(world.stream_events() == std::vector<std::string>{"stream-started"});
  const auto* told = world.program->at_path("/stream").at(0);
  BOOST_TEST(field(told->fields, "StreamSid") == line.sid);
  BOOST_TEST(field(told->fields, "StreamName") == "talk");
  BOOST_TEST(field(told->fields, "Timestamp").ends_with("Z"));
}

BOOST_AUTO_TEST_CASE(a_query_is_dropped_and_not_signed) {
  Streaming world;
  world.call(world.document(world.far_end.url("/media?token=1")));
  world.live(500ms);
  BOOST_REQUIRE(world.far_end.upgrades.size() == 1);
  BOOST_TEST(world.far_end.upgrades[0].target == "/media");
  BOOST_TEST(bridge::carrier::sign(world.far->auth_token(), world.far_end.url(), {}) ==
             world.far_end.upgrades[0].header("X-Twilio-Signature"));
}

BOOST_AUTO_TEST_CASE(what_comes_is_played_in_the_clocks_time_and_marks_say_when) {
  Streaming world;
  auto& line = world.open();
  ToyBridge::play(line, silence(300));
  ToyBridge::mark(line, "first");
  ToyBridge::play(line, silence(200));
  ToyBridge::mark(line, "second");
  world.settle();
  world.live(280ms);
  BOOST_TEST(line.marks.empty());
  world.live(40ms);
  BOOST_TEST(line.marks == std::vector<std::string>{"first"});
  world.live(160ms);
  BOOST_TEST(line.marks.size() == 1);
  world.live(40ms);
  BOOST_TEST((line.marks == std::vector<std::string>{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(a_clear_stops_it_at_once_and_the_truth_knows_where) {
  Streaming world;
  auto& line = world.open();
  const std::string sound =
      spoken("Una frase lunga che viene interrotta in mezzo.", SpeakingVoice::high, 1, "item_7");
  ToyBridge::play(line, sound);
  ToyBridge::mark(line, "end");
  world.settle();
  world.live(730ms, 10ms);
  ToyBridge::clear(line);
  world.settle();
  BOOST_TEST(line.marks == std::vector<std::string>{"end"});
  world.live(1s);
  const json told = world.stream_truth();
  BOOST_REQUIRE(told["cuts"].size() == 1);
  BOOST_TEST(told["cuts"][0]["item"] == "item_7");
  BOOST_TEST(told["cuts"][0]["heard_ms"].get<int>() >= 720);
  BOOST_TEST(told["cuts"][0]["heard_ms"].get<int>() <= 740);
  BOOST_TEST(told["cuts"][0]["told_ms"].is_null());
  BOOST_TEST(told["sound_ms"] == told["cuts"][0]["heard_ms"]);
}

BOOST_AUTO_TEST_CASE(the_call_goes_on_with_the_action_when_the_program_closes) {
  Streaming world;
  auto& line = world.open();
  line.connection->close();
  world.settle();
  world.live(3s);
  BOOST_TEST(world.program->at_path("/after").size() == 1);
  BOOST_TEST(world.program->at_path("/next").empty());
  BOOST_TEST(
      (world.stream_events() == std::vector<std::string>{"stream-started", "stream-stopped"}));
  BOOST_TEST(ToyBridge::all(line, "stop").empty());
  BOOST_TEST(world.truth()["status"] == "completed");
}

BOOST_AUTO_TEST_CASE(without_an_action_the_next_verb_follows) {
  Streaming world;
  auto& line = world.open("");
  line.connection->close();
  world.settle();
  world.live(3s);
  BOOST_TEST(world.program->at_path("/next").size() == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_upgrade_is_an_error_and_the_next_verb_follows) {
  Streaming world;
  world.far_end.answer = 403;
  world.call(world.document(world.far_end.url()));
  world.live(4s);
  BOOST_TEST(world.stream_truth()["error_code"] == 31920);
  BOOST_TEST(world.program->at_path("/after").empty());
  BOOST_TEST(world.program->at_path("/next").size() == 1);
  BOOST_TEST(world.stream_events() == std::vector<std::string>{"stream-error"});

  Streaming nobody;
  nobody.call(nobody.document("ws://127.0.0.1:1/media"));
  nobody.live(4s);
  BOOST_TEST(nobody.stream_truth()["error_code"] == 31902);
  BOOST_TEST(nobody.program->at_path("/next").size() == 1);
}

BOOST_AUTO_TEST_CASE(the_call_ends_with_stop_and_then_a_close) {
  Streaming world;
  auto& line = world.open();
  world.live(500ms);
  const auto sid = world.truth()["sid"].get<std::string>();
  bridge::testing::ask_as_account(world, "POST",
                                  bridge::testing::calls_target(world) + "/" + sid + ".json",
                                  "Status=completed");
  world.live(500ms);
  BOOST_TEST(line.events.back()["event"] == "stop");
  BOOST_TEST(line.events.back()["stop"]["callSid"] == sid);
  BOOST_REQUIRE(line.end.has_value());
  BOOST_TEST(line.end->code == bridge::ws::normal);
  BOOST_TEST(world.program->at_path("/after").empty());
  BOOST_TEST(
      (world.stream_events() == std::vector<std::string>{"stream-started", "stream-stopped"}));
}

BOOST_AUTO_TEST_CASE(messages_that_are_none_are_counted_and_ignored) {
  Streaming world;
  auto& line = world.open();
  BOOST_TEST(line.connection->send_text("{"));
  ToyBridge::send(line, {{"event", "mark"}, {"streamSid", line.sid}});
  ToyBridge::send(line, {{"event", "clear"}, {"streamSid", "MZother"}});
  ToyBridge::mark(line, "still here");
  world.settle();
  world.live(100ms);
  BOOST_TEST(line.marks == std::vector<std::string>{"still here"});
  BOOST_TEST(world.stream_truth()["invalid"] == 3);
  BOOST_TEST(world.stream_truth()["error_code"] == 31951);
}

BOOST_AUTO_TEST_CASE(a_person_hears_what_is_played_and_answers_in_sound) {
  const Folder folder;
  CarrierOptions options;
  options.record_directory =
      std::string(std::filesystem::path(folder.write("here", "")).parent_path());
  Streaming world(options);
  auto& line = world.open();
  ToyBridge::play(line, spoken("Buongiorno. Il tecnico è stato puntuale?", SpeakingVoice::high, 1));
  world.settle();
  world.live(8s);
  const YesNo answer = yes_or_no(plain_words(heard(line.sound)));
  BOOST_TEST((answer != YesNo::neither));
  const json told = world.stream_truth();
  BOOST_TEST(told["words_heard"] == 6);
  BOOST_TEST(told["turns"] == 1);
  BOOST_TEST(told["said"][0]["by"] == "program");
  BOOST_TEST(told["said"][0]["words"] == "Buongiorno. Il tecnico è stato puntuale?");
  BOOST_TEST(told["said"][1]["words"] == heard(line.sound));
  BOOST_TEST(!told["first_sound_at_ms"].is_null());
  // Both sides are on the record.
  const auto sid = world.truth()["sid"].get<std::string>();
  line.connection->close();
  world.live(1s);
  std::ifstream file(options.record_directory + "/" + sid + ".wav", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  BOOST_REQUIRE(bytes.size() > 58);
  std::string person;
  std::string agent;
  for (std::size_t i = 58; i + 1 < bytes.size(); i += 2) {
    person += bytes[i];
    agent += bytes[i + 1];
  }
  BOOST_TEST(heard(agent) == "Buongiorno. Il tecnico è stato puntuale?");
  BOOST_TEST(heard(person) == heard(line.sound));
}

BOOST_AUTO_TEST_CASE(a_person_who_hears_nothing_hangs_up) {
  Streaming world;
  auto& line = world.open();
  world.live(60s, 100ms);
  BOOST_REQUIRE(line.end.has_value());
  BOOST_TEST(heard(line.sound) == "Pronto? Pronto?");
  BOOST_TEST(line.events.back()["event"] == "stop");
  BOOST_TEST(world.truth()["status"] == "completed");
  BOOST_TEST(world.program->at_path("/after").empty());
}

// ---- faults ----

BOOST_AUTO_TEST_CASE(each_fault_of_a_stream_is_seen_on_the_wire) {
  {
    Streaming world(Streaming::with_faults("stream_refused=1000"));
    world.call(world.document(world.far_end.url()));
    world.live(4s);
    BOOST_TEST(world.far_end.upgrades.empty());
    BOOST_TEST(world.stream_truth()["error_code"] == 31902);
    BOOST_TEST(world.program->at_path("/next").size() == 1);
  }
  {
    Streaming world(Streaming::with_faults("stream_odd_chunks=1000"));
    auto& line = world.open();
    world.live(4s);
    std::set<std::size_t> sizes;
    std::size_t all = 0;
    for (const json& each : ToyBridge::all(line, "media")) {
      BOOST_TEST(each["media"]["timestamp"] == std::to_string(all / 8));
      const auto size = read_base64(each["media"]["payload"].get<std::string>())->size();
      sizes.insert(size);
      all += size;
    }
    BOOST_TEST(sizes.size() > 5);
  }
  {
    Streaming world(Streaming::with_faults("stream_gaps=1000"));
    auto& line = world.open();
    world.live(4s);
    const auto media = ToyBridge::all(line, "media");
    const auto last = std::stoul(media.back()["media"]["timestamp"].get<std::string>());
    BOOST_TEST(media.size() * 20 < last);
  }
  {
    Streaming world(Streaming::with_faults("stream_doubled=1000,stream_unknown=1000"));
    auto& line = world.open();
    world.live(4s);
    std::set<std::string> numbers;
    for (const json& each : line.events) numbers.insert(each.value("sequenceNumber", ""));
    BOOST_TEST(numbers.size() < line.events.size());
    BOOST_TEST(!ToyBridge::all(line, "weather").empty());
  }
  {
    Streaming world(Streaming::with_faults("stream_no_stop=1000"));
    auto& line = world.open();
    world.live(60s, 100ms);
    BOOST_TEST(line.end.has_value());
    BOOST_TEST(ToyBridge::all(line, "stop").empty());
  }
  {
    Streaming world(Streaming::with_faults("stream_broken=1000"));
    auto& line = world.open();
    world.live(45s, 100ms);
    BOOST_REQUIRE(line.end.has_value());
    BOOST_TEST(line.end->code == bridge::ws::abnormal);
    BOOST_TEST(world.stream_truth()["error_code"] == 31921);
    BOOST_TEST(world.program->at_path("/after").size() == 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
