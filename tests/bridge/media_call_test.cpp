// One call between a carrier's stream and a voice model: its steps, interruptions, goodbyes, limits
// and failures, told as stories and by seed (protocols.md 5 to 7).
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "bridge/media/call.hpp"
#include "tests/bridge/media_doubles.hpp"
#include "tests/bridge/not_printed.hpp"

BOOST_AUTO_TEST_SUITE(media_call)

using namespace bridge::testing;
using namespace std::chrono_literals;
namespace media = bridge::media;
namespace twilio = bridge::media::twilio;
namespace voice = bridge::voice;
using bridge::net::Instant;
using media::Why;

namespace {

struct World {
  NotedLine line{};
  twilio::Reader reader{};
  media::Call call{line, 7, {}};

  void given(std::string_view message) { call.received(reader.read(Padded(message).view())); }
  void started() {
    given(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
    given(start_message());
  }
  void let_in(media::Bounds bounds = {}) { call.let_in(arthur(), bounds); }
  // Until the agent has said something of 400 ms, item i1.
  void talking(media::Bounds bounds = {}) {
    started();
    let_in(bounds);
    call.on_ready();
    call.on_audio("i1", sound(200ms));
    call.on_audio("i1", sound(200ms));
    line.carrier.clear();
    line.model.clear();
    line.told.clear();
  }
  void passes(milliseconds time) { line.advance(call, time); }
  Why why() {
    BOOST_REQUIRE(line.closed.size() == 1);
    BOOST_TEST(line.carrier.back() == "close");
    BOOST_TEST(call.over());
    return line.closed.front().why;
  }
  std::size_t sent(std::string_view what) const {
    return static_cast<std::size_t>(
        std::count_if(line.carrier.begin(), line.carrier.end(), [&](const std::string& m) {
          return m.find("\"event\":\"" + std::string(what)) != std::string::npos;
        }));
  }
};

// The same with the real session in between, told by the messages of the model's server.
struct SessionWorld : World {
  NotedMessages wire{};
  int frames = 0;

  SessionWorld() { line.session_wire = &wire; }
  void told(std::string_view message) { line.session->receive(message); }
  // Until the person has heard what the agent began with, item i1 of 400 ms.
  void talking(media::Bounds bounds = {}) {
    started();
    let_in(bounds);
    told(R"({"type":"session.created","session":{}})");
    told(R"({"type":"session.updated","session":{"audio":{"input":{"format":)"
         R"({"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})");
    created("r1");
    says("r1", "i1", 400ms);
    done("r1");
    passes(400ms);
    given(mark_message("1:1"));
    line.carrier.clear();
    wire.messages.clear();
  }
  void created(const std::string& response) {
    told(R"({"type":"response.created","response":{"id":")" + response + "\"}}");
  }
  void says(const std::string& response, const std::string& item, milliseconds length) {
    told(R"({"type":"response.output_audio.delta","response_id":")" + response +
         R"(","item_id":")" + item + R"(","delta":")" + sound(length) + "\"}");
    told(R"({"type":"response.output_audio.done","response_id":")" + response + R"(","item_id":")" +
         item + "\"}");
  }
  void asks(const std::string& response, const std::string& id, const std::string& tool) {
    told(R"({"type":"response.output_item.done","response_id":")" + response +
         R"(","item":{"type":"function_call","status":"completed","call_id":")" + id +
         R"(","name":")" + tool + R"(","arguments":"{}"}})");
  }
  // A response from its beginning to its end, of half a second.
  void answers(const std::string& response, const std::string& item) {
    created(response);
    says(response, item, 500ms);
    done(response);
  }
  void done(const std::string& response, const std::string& status = "completed") {
    told(R"({"type":"response.done","response":{"id":")" + response + R"(","status":")" + status +
         "\"}}");
  }
  void fails(const std::string& response) {
    told(R"({"type":"response.done","response":{"id":")" + response +
         R"(","status":"failed","status_details":)"
         R"({"error":{"type":"server_error","code":"server_error"}}}})");
  }
  void speech_started(const std::string& item = "u1") {
    told(R"({"type":"input_audio_buffer.speech_started","item_id":")" + item + "\"}");
  }
  void speech_stopped(const std::string& item = "u1") {
    told(R"({"type":"input_audio_buffer.speech_stopped","item_id":")" + item + "\"}");
  }
  void pressed(char key) {
    given(std::string(R"({"event":"dtmf","dtmf":{"track":"inbound_track","digit":")") + key +
          "\"}}");
  }
  void written(const std::string& item, const std::string& text) {
    told(R"({"type":"conversation.item.input_audio_transcription.completed","item_id":")" + item +
         R"(","transcript":")" + text + "\"}");
  }
  // So long, frame by frame.
  void hears(milliseconds time, char letter = 'A') {
    for (milliseconds t{0}; t < time; t += 20ms) {
      ++frames;
      given(media_message(frames, frames * 20, sound(20ms, letter)));
      passes(20ms);
    }
  }
  bool said_bye() const {
    return std::ranges::any_of(line.carrier, [](const std::string& m) {
      return m.find(R"("name":"bye")") != std::string::npos;
    });
  }
};

Texts texts(std::initializer_list<const char*> list) {
  return {list.begin(), list.end()};
}

// A token costs one, whichever it is.
media::Bounds may_spend(std::int64_t most) {
  media::Bounds bounds;
  bounds.spending.most = most;
  bounds.spending.cost = [](const voice::Usage& used, milliseconds) {
    return used.input_tokens + used.output_tokens;
  };
  return bounds;
}

voice::Usage used(std::int64_t input, std::int64_t output) {
  voice::Usage usage;
  usage.input_tokens = input;
  usage.output_tokens = output;
  return usage;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nobody_is_connected_before_being_let_in_and_then_the_agent_speaks_first) {
  World w;
  w.started();
  BOOST_REQUIRE(w.line.started.size() == 1);
  BOOST_TEST(w.line.started[0].stream == 7);
  BOOST_TEST(w.line.started[0].call_sid == call_sid);
  BOOST_TEST(w.line.started[0].token == "one-time");
  w.given(media_message(1, 0, sound(20ms)));
  BOOST_TEST(w.line.listener == nullptr);
  w.let_in();
  w.given(media_message(2, 20, sound(20ms)));  // before the model listens: not kept
  BOOST_TEST(w.line.model.empty());
  w.call.on_ready();
  w.given(media_message(3, 40, sound(20ms)));
  BOOST_TEST(w.line.model == texts({"speak", "hear 20"}), boost::test_tools::per_element());
  w.passes(300ms);
  w.call.on_audio("i1", "f39/");
  BOOST_TEST(w.line.carrier ==
                 texts({R"({"event":"media","streamSid":"MZ0123456789abcdef0123456789abcdef",)"
                        R"("media":{"payload":"f39/"}})",
                        R"({"event":"mark","streamSid":"MZ0123456789abcdef0123456789abcdef",)"
                        R"("mark":{"name":"1:1"}})"}),
             boost::test_tools::per_element());
  w.given(R"({"event":"stop"})");
  BOOST_TEST(w.why() == Why::hung_up);
  BOOST_TEST((w.line.closed[0].first_sound == 300ms));
  BOOST_TEST(w.line.model.back() == "buried");
}

BOOST_AUTO_TEST_CASE(whoever_does_not_start_or_is_not_let_in_is_closed) {
  {
    World w;
    w.passes(4999ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.call.over());
    BOOST_TEST(w.line.closed.empty());  // it never said who it is
    BOOST_TEST(w.line.carrier.back() == "close");
  }
  {
    World w;
    w.started();
    w.call.refuse();
    BOOST_TEST(w.why() == Why::refused);
  }
  {
    World w;
    w.started();
    w.passes(10s);
    BOOST_TEST(w.why() == Why::refused);
    BOOST_TEST(w.line.listener == nullptr);
    w.let_in();  // too late
    BOOST_TEST(w.line.listener == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_of_another_sound_is_told_of_its_call_and_reaches_no_model) {
  World w;
  auto start = start_message();
  start.replace(start.find("audio/x-mulaw"), 13, "audio/x-alaw");
  w.given(start);
  BOOST_REQUIRE(w.line.started.size() == 1);
  BOOST_TEST(w.line.started[0].token == "one-time");
  w.let_in();
  BOOST_TEST(w.line.listener == nullptr);
  BOOST_TEST(w.why() == Why::bad_stream);
  BOOST_TEST(w.line.closed[0].failure.code == "not_mulaw_8000");
  World broken;
  broken.talking();
  broken.given(R"({"event":"media","media":{}})");
  BOOST_TEST(broken.why() == Why::bad_stream);
  BOOST_TEST(broken.line.closed[0].failure.code == "a media without a payload");
}

BOOST_AUTO_TEST_CASE(the_person_interrupts_and_what_was_heard_is_told) {
  World w;
  w.talking();
  w.call.on_agent_said("i1", "Buongiorno, sono Arthur.");
  w.passes(200ms);
  w.given(mark_message("1:1"));
  w.passes(50ms);
  w.call.on_speech_started("u1");
  BOOST_TEST(w.sent("clear") == 1);
  BOOST_TEST(w.line.model == texts({"interrupted i1 250"}), boost::test_tools::per_element());
  BOOST_REQUIRE(w.line.said.size() == 1);
  BOOST_TEST(w.line.said[0].cut);
  BOOST_TEST(w.line.said[0].position == 1);
  w.call.on_audio("i1", sound(100ms));  // late
  BOOST_TEST(w.sent("media") == 0);
  w.given(mark_message("1:2"));  // of the cleared generation
  w.call.on_speech_stopped("u1");
  w.call.on_callee_said("u1", "i1", "Chi parla?");
  BOOST_REQUIRE(w.line.said.size() == 2);
  BOOST_TEST(w.line.said[1].position == 2);
  BOOST_TEST((w.line.said[1].at == 250ms));
  w.call.on_audio("i2", sound(100ms));
  BOOST_TEST(w.line.carrier.back().find(R"("name":"2:3")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(between_two_responses_the_sound_that_waits_is_cut_too) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  w.call.on_audio("i2", sound(1s));
  w.call.on_audio_done("i2");
  w.call.on_response_done({});
  w.passes(500ms);
  w.given(mark_message("1:2"));
  w.call.on_speech_started("u1");
  // The first was heard whole; of the second 100 ms by the clock.
  BOOST_TEST(w.line.model == texts({"interrupted i2 100"}), boost::test_tools::per_element());
  BOOST_TEST(w.sent("clear") == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_cut_where_all_was_heard) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  w.call.on_agent_said("i1", "Sì?");
  BOOST_TEST(w.line.said.empty());  // still in the air
  w.passes(400ms);
  w.given(mark_message("1:1"));
  w.given(mark_message("1:2"));
  BOOST_REQUIRE(w.line.said.size() == 1);
  BOOST_TEST(!w.line.said[0].cut);
  BOOST_TEST((w.line.said[0].heard == 400ms));
  w.call.on_speech_started("u1");
  BOOST_TEST(w.sent("clear") == 0);
  BOOST_TEST(w.line.model.empty());
  BOOST_TEST(w.line.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_tool_is_told_with_its_place_and_answered) {
  World w;
  w.talking();
  w.call.on_tool_call("c1", "record_answer", "{}");
  BOOST_REQUIRE(w.line.tools.size() == 1);
  BOOST_TEST(w.line.tools[0].position == 1);
  w.call.answer_tool("c1", "{\"ok\":true}", media::Then::speak);
  w.call.on_tool_call("c2", "x", std::string(20'000, 'x'));
  BOOST_TEST(w.line.tools[1].arguments.size() == media::tool_arguments_bytes_max);
  w.call.answer_tool("c2", "no", media::Then::listen);
  BOOST_TEST(w.line.model == texts({"answer c1 {\"ok\":true} speak", "answer c2 no"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_goodbye_that_was_said_is_heard_to_its_end) {
  World w;
  w.talking();
  w.call.on_tool_call("c1", "end_call", "{}");
  w.call.answer_tool("c1", "{}", media::Then::goodbye);
  BOOST_TEST(w.line.model == texts({"answer c1 {}", "no more"}), boost::test_tools::per_element());
  BOOST_TEST(w.sent("mark") == 0);  // more of it may come
  w.call.on_audio("i1", sound(300ms));
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  BOOST_TEST(w.line.carrier.back().find(R"("name":"bye")") != std::string::npos);
  // Nobody cuts it: the person is no longer heard.
  w.given(media_message(9, 400, sound(20ms)));
  w.call.on_speech_started("u1");  // of sound from before
  BOOST_TEST(w.sent("clear") == 0);
  w.call.on_speech_stopped("u1");
  w.call.on_callee_said("u1", "i1", "Sì.");
  w.passes(700ms);
  BOOST_TEST(!w.call.over());
  BOOST_TEST(std::count(w.line.model.begin(), w.line.model.end(), "hear 20") == 0);
  w.given(mark_message("1:3"));
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::goodbye);
  BOOST_TEST(w.sent("clear") == 0);
}

BOOST_AUTO_TEST_CASE(a_goodbye_that_was_not_said_is_asked_for) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_speech_started("u1");
  w.call.on_speech_stopped("u1");
  w.call.on_callee_said("u1", "i1", "No.");
  w.call.on_tool_call("c1", "end_call", "{}");
  w.line.model.clear();
  w.call.answer_tool("c1", "{}", media::Then::leave);
  BOOST_TEST(w.line.model == texts({"answer c1 {} speak", "hear 1000"}),
             boost::test_tools::per_element());
  w.call.on_response_done({});  // of the response that called
  BOOST_TEST(w.sent("mark") == 0);
  w.call.on_audio("i2", sound(300ms));
  w.call.on_response_done({});
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::moved_on);
}

BOOST_AUTO_TEST_CASE(a_goodbye_in_the_breath_of_an_answer_is_said_once) {
  World w;
  w.talking();
  w.call.on_tool_call("c1", "record_answer", "{}");
  w.call.answer_tool("c1", "{}", media::Then::speak);
  w.call.on_tool_call("c2", "end_call", "{}");
  w.call.answer_tool("c2", "{}", media::Then::goodbye);
  BOOST_TEST(w.line.model == texts({"answer c1 {} speak", "answer c2 {}", "no more"}),
             boost::test_tools::per_element());
  w.call.on_response_done({});
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::goodbye);
  // What was said before the answer was recorded is no goodbye in the turn behind it.
  World next;
  next.talking();
  next.call.on_tool_call("c1", "record_answer", "{}");
  next.call.answer_tool("c1", "{}", media::Then::speak);
  next.line.more_to_say = true;
  next.call.on_response_done({});
  next.call.on_tool_call("c2", "end_call", "{}");
  next.line.model.clear();
  next.call.answer_tool("c2", "{}", media::Then::goodbye);
  BOOST_TEST(next.line.model == texts({"answer c2 {} speak", "hear 1000"}),
             boost::test_tools::per_element());
  BOOST_TEST(next.sent("mark") == 0);
}

BOOST_AUTO_TEST_CASE(what_is_asked_in_the_breath_of_a_goodbye_is_told_and_the_goodbye_is_said) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_speech_started("u1");
  w.call.on_speech_stopped("u1");
  w.call.on_callee_said("u1", "i1", "No.");
  w.call.on_tool_call("c1", "end_call", "{}");
  w.call.answer_tool("c1", "{}", media::Then::goodbye);
  w.call.on_tool_call("c2", "opt_out", "{}");
  BOOST_REQUIRE(w.line.tools.size() == 2);
  w.call.answer_tool("c2", "{}", media::Then::speak);
  BOOST_TEST(w.line.model.back() == "answer c2 {} speak");
  w.call.on_response_done({});
  BOOST_TEST(w.sent("mark") == 0);
  w.call.on_audio("i2", sound(300ms));
  w.call.on_response_done({});
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::goodbye);
}

// The model asks for the end first, and speaks then.
BOOST_AUTO_TEST_CASE(a_goodbye_behind_the_wish_to_end_the_call_is_said_once_and_whole) {
  const auto asks_first = [](SessionWorld& w) {
    w.talking();
    w.speech_started("u1");
    w.speech_stopped("u1");
    w.written("u1", "No, grazie.");
    w.created("r2");
    w.asks("r2", "c1", "end_call");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
  };
  {
    SessionWorld w;
    asks_first(w);
    BOOST_TEST(!w.said_bye());
    w.says("r2", "i2", 3s);
    w.done("r2");
    BOOST_TEST(w.wire.count("response.create") == 0);
    BOOST_TEST(w.said_bye());
    w.passes(3s);
    w.given(mark_message("1:2"));
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.sent("clear") == 0);
  }
  {  // what it says breaks off, and is said again
    SessionWorld w;
    asks_first(w);
    w.says("r2", "i2", 500ms);
    w.fails("r2");
    BOOST_TEST(w.wire.count("response.create") == 1);
    BOOST_TEST(!w.said_bye());
    w.answers("r3", "i3");
    BOOST_TEST(w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 1);
  }
  {  // it says nothing, and is asked; what it says then may break off and is said again
    SessionWorld w;
    asks_first(w);
    w.done("r2");
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.created("r3");
    w.says("r3", "i3", 500ms);
    w.fails("r3");
    BOOST_TEST(w.wire.count("response.create") == 2);
    BOOST_TEST(!w.said_bye());
    w.answers("r4", "i4");
    BOOST_TEST(w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 2);
  }
}

// Whoever breaks into the goodbye is answered by the server, which may have begun to before it
// knows that it is to say goodbye.
BOOST_AUTO_TEST_CASE(a_goodbye_behind_the_server_s_own_answer_is_said_once_and_whole) {
  const auto breaks_in = [](SessionWorld& w) {
    w.talking();
    w.speech_started("u1");
    w.speech_stopped("u1");
    w.written("u1", "No, grazie.");
    w.created("r2");
    w.says("r2", "i2", 3s);
    w.asks("r2", "c1", "end_call");
    w.asks("r2", "c2", "opt_out");
    w.done("r2");
    w.passes(20ms);
    w.speech_started("u2");
    w.wire.messages.clear();
  };
  const auto ends = [](SessionWorld& w, bool answers = true) {
    w.written("u2", "Aspetti, una domanda.");
    if (answers) w.says("r3", "i3", 500ms);
    BOOST_TEST(!w.said_bye());
    w.done("r3");
    BOOST_TEST(!w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.answers("r4", "i4");
    BOOST_TEST(w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.passes(1s);
    for (const char* name : {"2:3", "2:4", "bye"}) w.given(mark_message(name));
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
    BOOST_TEST(w.sent("clear") == 1);  // of what was broken into
  };
  {  // nor is that one the goodbye where it has begun to be heard
    SessionWorld w;
    breaks_in(w);
    w.call.answer_tool("c2", "{}", media::Then::listen);
    w.speech_stopped("u2");
    w.created("r3");
    w.says("r3", "i3", 500ms);
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    BOOST_TEST(!w.said_bye());
    ends(w, false);
  }
  for (const bool begun : {false, true}) {
    SessionWorld w;
    breaks_in(w);
    w.call.answer_tool("c2", "{}", media::Then::listen);
    w.speech_stopped("u2");
    if (begun) w.created("r3");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    if (!begun) w.created("r3");
    ends(w);
  }
  {  // what is noted keeps it waiting
    SessionWorld w;
    breaks_in(w);
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.speech_stopped("u2");
    w.created("r3");
    w.call.answer_tool("c2", "{}", media::Then::speak);
    ends(w);
  }
  {  // nor does the late end of another one end it
    SessionWorld w;
    breaks_in(w);
    w.call.answer_tool("c2", "{}", media::Then::listen);
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.speech_stopped("u2");
    w.created("r3");
    w.created("r4");
    w.says("r4", "i4", 500ms);
    w.told(R"({"type":"response.done","response":{"id":"r3","status":"cancelled",)"
           R"("usage":{"input_tokens":70}}})");
    BOOST_TEST(!w.said_bye());
    w.done("r4");
    BOOST_TEST(w.said_bye());
    w.call.end(Why::stopped);
    BOOST_REQUIRE(w.line.closed.size() == 1);
    BOOST_TEST(w.line.closed[0].usage.input_tokens == 70);
  }
  {  // it never comes
    SessionWorld w;
    breaks_in(w);
    w.call.answer_tool("c2", "{}", media::Then::listen);
    w.speech_stopped("u2");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.answers("r3", "i3");
    w.passes(1'999ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.line.closed[0].goodbye_unsaid);
  }
}

// A limit of the campaign's is one of the talk, not of its end.
BOOST_AUTO_TEST_CASE(a_goodbye_is_heard_to_its_end_also_where_the_turns_are_used_up) {
  World w;
  w.talking({.turns_max = 2});
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  w.call.on_speech_started("u1");
  w.call.on_speech_stopped("u1");
  w.call.on_callee_said("u1", "i1", "No, grazie.");
  w.call.on_audio("i2", sound(400ms));
  w.call.on_audio_done("i2");
  w.call.on_response_done({});
  w.call.on_speech_started("u2");
  w.call.on_speech_stopped("u2");
  w.call.on_callee_said("u2", "i2", "No.");
  w.call.on_tool_call("c1", "end_call", "{}");
  w.call.on_response_done({});
  w.call.answer_tool("c1", "{}", media::Then::goodbye);
  w.line.carrier.clear();
  for (const char* item : {"i3", "i4"}) {
    w.call.on_audio(item, sound(400ms));
    w.call.on_audio_done(item);
  }
  w.call.on_response_done({});
  w.passes(800ms);
  BOOST_TEST(!w.call.over());
  BOOST_TEST(w.sent("media") == 2);
  w.given(mark_message("3:4"));
  w.given(mark_message("3:5"));
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::goodbye);
  BOOST_TEST(w.sent("clear") == 0);
}

// While the log makes the end of the talk durable.
BOOST_AUTO_TEST_CASE(whoever_breaks_into_the_goodbye_is_heard_out_and_told_it_then) {
  const auto breaks_in = [](SessionWorld& w, const media::Bounds& bounds = {}) {
    w.talking(bounds);
    w.speech_started("u1");
    w.passes(1s);
    w.speech_stopped("u1");
    w.written("u1", "No, grazie.");
    w.created("r2");
    w.says("r2", "i2", 3s);
    w.asks("r2", "c1", "end_call");
    w.done("r2");
    w.passes(20ms);
    w.speech_started("u2");
    BOOST_TEST(w.sent("clear") == 1);
    BOOST_TEST(w.wire.count("conversation.item.truncate") == 1);
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    BOOST_TEST(!w.said_bye());
    w.wire.messages.clear();
  };
  {
    SessionWorld w;
    breaks_in(w);
    w.hears(5s);
    BOOST_TEST(!w.call.over());
    BOOST_TEST(w.wire.count("input_audio_buffer.append") == 250);
    w.pressed('5');
    BOOST_TEST(w.line.keys == "5");
    BOOST_TEST(w.wire.messages.back().find("pressed_key") != std::string::npos);
    w.speech_stopped("u2");
    w.written("u2", "Aspetti, ancora una cosa.");
    w.created("r3");
    w.says("r3", "i3", 500ms);
    // From here on they are heard no longer.
    const auto heard = w.wire.count("input_audio_buffer.append");
    w.hears(100ms);
    BOOST_TEST(w.wire.count("input_audio_buffer.append") == heard);
    w.done("r3");
    BOOST_TEST(w.wire.count("response.create") == 0);  // the server answered by itself
    BOOST_TEST(w.said_bye());
    w.passes(500ms);
    w.given(mark_message("2:3"));
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
    BOOST_TEST(w.sent("clear") == 1);
  }
  {  // no answer comes
    SessionWorld w;
    breaks_in(w);
    w.hears(5s);
    w.speech_stopped("u2");
    w.written("u2", "Aspetti.");
    w.passes(1'499ms);
    BOOST_TEST(w.wire.count("response.create") == 1);  // the server began none by itself
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.line.closed[0].goodbye_unsaid);
  }
  {  // what they say is noted first
    SessionWorld w;
    breaks_in(w);
    w.speech_stopped("u2");
    w.written("u2", "E mai piu'.");
    w.created("r3");
    w.asks("r3", "c2", "opt_out");
    w.done("r3");
    w.call.answer_tool("c2", "{}", media::Then::speak);
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.answers("r4", "i4");
    BOOST_TEST(w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 1);
  }
  // What is called before it has its own time, which is not that of the farewell's.
  for (const auto then : {media::Then::goodbye, media::Then::speak}) {
    for (const bool answered : {true, false}) {
      SessionWorld w;
      breaks_in(w);
      w.hears(1s);
      w.speech_stopped("u2");
      w.written("u2", "Va bene.");
      w.created("r3");
      w.passes(1'400ms);
      w.asks("r3", "c2", "one_or_the_other");
      w.done("r3");
      w.passes(5'999ms);
      BOOST_TEST(!w.call.over());
      if (answered) {
        w.call.answer_tool("c2", "{}", then);
        BOOST_TEST(w.wire.count("response.create") == 1);
        w.passes(1'499ms);
        BOOST_TEST(!w.call.over());
        w.answers("r4", "i4");
        BOOST_TEST(w.said_bye());
      } else {
        w.passes(1ms);
        BOOST_TEST(w.why() == Why::goodbye);
        BOOST_TEST(w.line.closed[0].goodbye_unsaid);
      }
    }
  }
  {  // nobody says that they are done, and the line is quiet
    SessionWorld w;
    breaks_in(w);
    w.hears(1s);
    w.hears(1'960ms, '/');
    BOOST_TEST(!w.call.over());
    w.hears(20ms, '/');
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.line.closed[0].goodbye_unsaid);
    BOOST_TEST(w.line.closed[0].failure.code == "no_end_of_speech");
  }
  {  // nor does the time of the talk wait for them
    SessionWorld w;
    breaks_in(w, {.time_max = 10s});
    w.hears(10s);
    BOOST_TEST(w.line.carrier.back() == "close");
  }
  {  // a key breaks into it as a word does
    SessionWorld w;
    w.talking();
    w.speech_started("u1");
    w.speech_stopped("u1");
    w.created("r2");
    w.says("r2", "i2", 3s);
    w.asks("r2", "c1", "end_call");
    w.done("r2");
    w.pressed('5');
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    BOOST_TEST(!w.said_bye());
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.answers("r3", "i3");
    BOOST_TEST(w.said_bye());
    w.passes(1s);
    BOOST_TEST(w.wire.count("response.create") == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_tool_that_is_answered_while_the_person_speaks_owes_nothing) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_tool_call("c1", "record_answer", "{}");
  w.call.on_response_done({});
  w.call.on_speech_started("u1");
  w.call.answer_tool("c1", "{}", media::Then::speak);
  for (int i = 0; i < 250; ++i) {
    w.given(media_message(i + 1, i * 20, sound(20ms)));
    w.passes(20ms);
  }
  BOOST_TEST(!w.call.over());
}

BOOST_AUTO_TEST_CASE(what_was_said_before_hanging_up_is_still_written_down) {
  for (const bool stopped : {true, false}) {
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.passes(200ms);
    w.call.on_speech_started("u1");
    w.passes(300ms);
    if (stopped) w.given(R"({"event":"stop"})");
    w.call.carrier_ended();
    BOOST_TEST(!w.call.over());
    BOOST_TEST(w.line.carrier.back() == "close");
    BOOST_TEST(w.line.model.back() == "hear 1000");  // which ends their turn
    const auto written = w.line.carrier.size();
    w.passes(500ms);
    w.call.on_speech_stopped("u1");
    w.call.on_audio("i2", sound(1s));
    // What it asks for because of them is noted, and answered to nobody.
    w.call.on_tool_call("c1", "opt_out", "{}");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.given(media_message(9, 400, sound(20ms)));
    w.call.carrier_is_slow();
    w.call.end(Why::hung_up);
    BOOST_TEST(!w.call.over());
    w.call.on_callee_said("u1", "i1", "mai piu'");
    BOOST_TEST(!w.call.over());
    w.call.on_response_done({});
    BOOST_TEST(w.line.carrier.size() == written + 1);
    BOOST_TEST(w.line.told == texts({"tool", "said", "closed"}), boost::test_tools::per_element());
    BOOST_TEST(w.why() == Why::hung_up);
    BOOST_TEST((w.line.closed[0].lasted == 500ms));
  }
}

// "No, and never call again", and they hang up: what the model makes of it comes behind the text.
BOOST_AUTO_TEST_CASE(what_the_model_asks_for_after_a_hang_up_is_noted) {
  const auto talks = [](World& w, NotedMessages& wire, const media::Bounds& bounds = {}) {
    w.line.session_wire = &wire;
    w.started();
    w.let_in(bounds);
    for (const char* message :
         {R"({"type":"session.created","session":{}})",
          R"({"type":"session.updated","session":{"audio":{"input":{"format":)"
          R"({"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})",
          R"({"type":"response.created","response":{"id":"r1"}})",
          R"({"type":"response.output_audio.delta","response_id":"r1","item_id":"i1",)"
          R"("delta":"f39/"})",
          R"({"type":"response.output_audio.done","response_id":"r1","item_id":"i1"})",
          R"({"type":"response.done","response":{"id":"r1","status":"completed"}})",
          R"({"type":"input_audio_buffer.speech_started","item_id":"u1"})"}) {
      w.line.session->receive(message);
    }
    w.line.told.clear();
  };
  const char* const stopped = R"({"type":"input_audio_buffer.speech_stopped","item_id":"u1"})";
  const char* const written =
      R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"u1",)"
      R"("transcript":"Mai piu'."})";
  const char* const begun = R"({"type":"response.created","response":{"id":"r2"}})";
  const std::string sounds = R"({"type":"response.output_audio.delta","response_id":"r2",)"
                             R"("item_id":"i2","delta":")" +
                             sound(1s) + "\"}";
  const char* const asks =
      R"({"type":"response.output_item.done","response_id":"r2","item":{"type":"function_call",)"
      R"("status":"completed","call_id":"c1","name":"opt_out","arguments":"{}"}})";
  const char* const done =
      R"({"type":"response.done","response":{"id":"r2","status":"completed"}})";
  {  // in mid-sentence
    World w;
    NotedMessages wire;
    talks(w, wire);
    w.call.carrier_ended();
    for (const auto& message : Texts{stopped, written, begun, sounds, asks}) {
      w.line.session->receive(message);
      BOOST_TEST(!w.call.over(), message);
    }
    w.line.session->receive(done);
    BOOST_TEST(w.line.told == texts({"said", "tool", "closed"}), boost::test_tools::per_element());
    BOOST_TEST(w.why() == Why::hung_up);
  }
  {  // while they are answered
    World w;
    NotedMessages wire;
    talks(w, wire);
    for (const auto& message : Texts{stopped, begun, sounds}) w.line.session->receive(message);
    w.call.carrier_ended();
    const auto sent = w.line.carrier.size();
    for (const auto& message : Texts{sounds, asks, written, done}) {
      w.line.session->receive(message);
    }
    BOOST_TEST(wire.count("response.cancel") == 0);
    BOOST_TEST(w.line.carrier.size() == sent + 1);  // nobody hears it
    BOOST_TEST(w.line.told == texts({"tool", "said", "closed"}), boost::test_tools::per_element());
    BOOST_TEST(w.why() == Why::hung_up);
  }
  {  // in what comes at the second try
    World w;
    NotedMessages wire;
    talks(w, wire);
    w.call.carrier_ended();
    for (const auto& message :
         Texts{stopped, written, begun,
               R"({"type":"response.done","response":{"id":"r2","status":"failed",)"
               R"("status_details":{"error":{"type":"server_error","code":"server_error"}}}})"}) {
      w.line.session->receive(message);
    }
    BOOST_TEST(!w.call.over());
    w.line.session->receive(asks);
    BOOST_TEST(w.line.told == texts({"said", "tool"}), boost::test_tools::per_element());
  }
  {  // it is not waited for beyond the time for the words
    World w;
    NotedMessages wire;
    talks(w, wire);
    w.call.carrier_ended();
    for (const auto& message : Texts{stopped, written, begun}) w.line.session->receive(message);
    w.passes(1'799ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::hung_up);
  }
  {  // nor where there is no money for it
    World w;
    NotedMessages wire;
    talks(w, wire, may_spend(200));
    w.call.carrier_ended();
    w.line.session->receive(stopped);
    w.line.session->receive(written);
    w.line.session->receive(begun);
    for (int i = 0; i < 60 && !w.call.over(); ++i) w.line.session->receive(sounds);
    BOOST_TEST(w.why() == Why::hung_up);
    BOOST_TEST(w.line.closed[0].usage.output_tokens < 220);
  }
  {  // where it ends for the money, nothing more is asked of it
    World w;
    NotedMessages wire;
    talks(w, wire, may_spend(200));
    w.line.session->receive(stopped);
    w.line.session->receive(begun);
    for (int i = 0; i < 60 && wire.count("response.cancel") == 0; ++i) {
      w.line.session->receive(sounds);
    }
    BOOST_TEST(wire.count("response.cancel") == 1);
    w.line.session->receive(
        R"({"type":"response.done","response":{"id":"r2","status":"cancelled"}})");
    BOOST_TEST(!w.call.over());
    w.line.session->receive(written);
    BOOST_TEST(w.why() == Why::spend_limit);
  }
}

// "No, and never call again", and the agent's goodbye is over before that is written down.
BOOST_AUTO_TEST_CASE(what_was_said_before_the_agent_ends_the_call_is_still_written_down) {
  const auto says_goodbye = [](World& w, const media::Bounds& bounds = {}) {
    w.talking(bounds);
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.call.on_audio("i2", sound(300ms));
    w.call.on_tool_call("c1", "end_call", "{}");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.call.on_audio_done("i2");
    w.call.on_response_done({});
    w.passes(300ms);
    w.line.carrier.clear();
    w.line.model.clear();
    w.line.told.clear();
  };
  {  // its goodbye was heard
    World w;
    says_goodbye(w);
    w.given(mark_message("2:3"));
    w.given(mark_message("bye"));
    BOOST_TEST(!w.call.over());
    BOOST_TEST(w.line.carrier == texts({"close"}), boost::test_tools::per_element());
    BOOST_TEST(w.line.model == texts({"hear 1000"}), boost::test_tools::per_element());
    w.call.carrier_ended();
    w.call.end(Why::hung_up);  // by now the carrier asks what comes next
    w.passes(500ms);
    w.call.on_callee_said("u1", "i1", "No, e mai piu'.");
    BOOST_TEST(w.line.told == texts({"said", "closed"}), boost::test_tools::per_element());
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST((w.line.closed[0].lasted == 300ms));
  }
  {  // it comes never
    World w;
    says_goodbye(w);
    w.given(mark_message("bye"));
    BOOST_TEST(w.sent("clear") == 1);  // whatever the mark says: its sound has not come back
    w.passes(1'799ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {  // the mark comes never
    World w;
    says_goodbye(w, {.goodbye_max = 3s});
    w.call.on_speech_started("u2");  // of sound from before
    w.passes(3s);
    BOOST_TEST(!w.call.over());
    w.call.on_speech_stopped("u2");
    w.call.on_callee_said("u2", "u1", "Mai piu'.");
    BOOST_TEST(!w.call.over());
    w.call.on_response_done({});
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {  // they hang up meanwhile
    World w;
    says_goodbye(w);
    w.call.carrier_ended();
    BOOST_TEST(!w.call.over());
    w.call.on_callee_said("u1", "i1", "No, e mai piu'.");
    BOOST_TEST(w.why() == Why::hung_up);
  }
  {  // a model that is gone writes nothing down
    World w;
    says_goodbye(w);
    w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {  // and the same holds where the campaign's limits end it
    World w;
    w.talking({.time_max = 60s});
    for (int i = 0; i < 59; ++i) {
      w.call.on_audio("i1", sound(1s));
      w.passes(1s);
    }
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.passes(1s);
    BOOST_TEST(!w.call.over());
    w.call.on_callee_said("u1", "i1", "Mai piu'.");
    w.call.on_response_done({});
    BOOST_TEST(w.why() == Why::time_limit);
    BOOST_TEST((w.line.closed[0].lasted == 60s));
    World turns;
    turns.talking({.turns_max = 1});
    turns.call.on_audio_done("i1");
    turns.call.on_speech_started("u1");
    turns.call.on_speech_stopped("u1");
    turns.call.on_audio("i2", sound(1s));
    BOOST_TEST(!turns.call.over());
    turns.call.on_callee_said("u1", "i1", "Mai piu'.");
    turns.call.on_response_done({});
    BOOST_TEST(turns.why() == Why::too_many_turns);
  }
}

BOOST_AUTO_TEST_CASE(whoever_hangs_up_is_listened_to_no_longer_than_there_may_be_words) {
  {  // they never come
    World w;
    w.talking();
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.call.carrier_ended();
    w.passes(1'799ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::hung_up);
  }
  {  // the model ends as well
    World w;
    w.talking();
    w.call.on_speech_started("u1");
    w.call.carrier_ended();
    w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
    BOOST_TEST(w.why() == Why::hung_up);
    BOOST_TEST(w.line.closed[0].failure.code == "");
  }
  {  // the program stops
    World w;
    w.talking();
    w.call.on_speech_started("u1");
    w.call.carrier_ended();
    w.call.end(Why::stopped);
    BOOST_TEST(w.why() == Why::stopped);
  }
  {  // all is written down, or was long ago
    World w;
    w.talking();
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.call.on_callee_said("u1", "i1", "pronto");
    w.call.carrier_ended();
    BOOST_TEST(w.why() == Why::hung_up);
    World later;
    later.talking();
    later.call.on_speech_started("u1");
    later.call.on_speech_stopped("u1");
    later.call.on_audio("i2", sound(10s));
    later.passes(6s);
    later.call.carrier_ended();
    BOOST_TEST(later.why() == Why::hung_up);
  }
  {  // nothing is written down
    World w;
    w.started();
    auto agent = arthur();
    agent.transcription_model.clear();
    w.call.let_in(agent, {});
    w.call.on_ready();
    w.call.on_speech_started("u1");
    w.call.carrier_ended();
    BOOST_TEST(w.why() == Why::hung_up);
  }
}

BOOST_AUTO_TEST_CASE(a_goodbye_has_an_end_even_if_the_mark_never_comes_or_the_model_falls_silent) {
  {
    World w;
    w.talking();
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.call.on_response_done({});
    w.passes(10'399ms);  // 400 ms are still played
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {
    World w;
    w.talking();
    w.call.on_speech_stopped("u1");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.passes(1900ms);  // 400 ms are still played
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {
    World w;
    w.talking();
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
    BOOST_TEST(!w.call.over());  // the words are with the carrier
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
  }
}

BOOST_AUTO_TEST_CASE(a_goodbye_that_stalls_halfway_ends_the_call_in_time) {
  const auto says_half = [](World& w) {
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.call.on_callee_said("u1", "i1", "No.");
    w.call.on_tool_call("c1", "end_call", "{}");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.call.on_response_done({});
    w.call.on_audio("i2", sound(600ms));
  };
  {  // in the middle of a word
    World w;
    says_half(w);
    w.passes(2'099ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
  }
  {  // it never says that this was all
    World w;
    says_half(w);
    w.call.on_audio_done("i2");
    w.passes(2'100ms);
    BOOST_TEST(w.why() == Why::goodbye);
  }
  {  // it goes on
    World w;
    says_half(w);
    w.passes(2'099ms);
    w.call.on_audio("i2", sound(600ms));
    w.passes(2'099ms);
    BOOST_TEST(!w.call.over());
    w.call.on_audio_done("i2");
    w.call.on_response_done({});
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
  }
}

BOOST_AUTO_TEST_CASE(a_goodbye_that_never_comes_is_told_to_whoever_can_say_it_instead) {
  const auto asked_for = [](World& w, media::Then then = media::Then::goodbye) {
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.call.on_callee_said("u1", "i1", "No, grazie.");
    w.call.on_tool_call("c1", "end_call", "{}");
    w.call.on_response_done({});
    w.passes(400ms);
    w.line.model.clear();
    w.call.answer_tool("c1", "{}", then);
  };
  {  // the model is silent; what the person says has an end, so that it is its turn
    World w;
    asked_for(w);
    BOOST_TEST(w.line.model == texts({"answer c1 {} speak", "hear 1000"}),
               boost::test_tools::per_element());
    w.passes(2s);
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.line.closed[0].goodbye_unsaid);
  }
  {  // it breaks
    World w;
    asked_for(w);
    w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(w.line.closed[0].goodbye_unsaid);
    BOOST_TEST(w.line.closed[0].failure.code == "close_1006");
  }
  {  // the first sound of it has come
    World w;
    asked_for(w);
    w.call.on_audio("i2", sound(200ms));
    w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::goodbye);
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
  }
  {  // whoever is passed on hears somebody else
    World w;
    asked_for(w, media::Then::leave);
    w.passes(2s);
    BOOST_TEST(w.why() == Why::moved_on);
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
  }
  {  // and here nothing was owed
    World w;
    w.talking();
    w.call.on_tool_call("c1", "end_call", "{}");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    BOOST_TEST(w.line.model.back() == "no more");
    w.call.carrier_ended();
    BOOST_TEST(!w.line.closed[0].goodbye_unsaid);
  }
}

BOOST_AUTO_TEST_CASE(a_long_goodbye_is_heard_to_its_end_also_where_the_carrier_pauses) {
  World w;
  w.talking();
  w.call.on_tool_call("c1", "end_call", "{}");
  w.call.answer_tool("c1", "{}", media::Then::goodbye);
  w.call.on_audio("i1", sound(14s));
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  w.passes(19s);  // it stood still for five seconds
  BOOST_TEST(!w.call.over());
  BOOST_TEST(w.sent("clear") == 0);
  for (const char* mark : {"1:1", "1:2", "1:3", "bye"}) w.given(mark_message(mark));
  BOOST_TEST(w.why() == Why::goodbye);
  BOOST_TEST(w.sent("clear") == 0);
  // And however much it says, the call ends in its time.
  World endless;
  endless.talking({.time_max = 60s});
  endless.call.answer_tool("c1", "{}", media::Then::goodbye);
  for (int i = 0; i < 100 && !endless.call.over(); ++i) {
    endless.call.on_audio("i1", sound(2s));
    endless.passes(1s);
  }
  BOOST_TEST(endless.why() == Why::goodbye);
  BOOST_TEST((endless.line.closed[0].lasted == 60s));
}

BOOST_AUTO_TEST_CASE(what_came_while_the_machine_stood_still_is_read_before_it_is_judged) {
  const auto stands_still = [](World& w) {
    w.talking();
    w.call.on_audio_done("i1");
    w.passes(1s);
    w.call.on_speech_started("u1");
    w.call.on_speech_stopped("u1");
    w.line.clock += 5s;
    w.call.woken();
    BOOST_TEST(!w.call.over());
  };
  World answered;
  stands_still(answered);
  answered.call.on_audio("i2", sound(200ms));
  answered.call.on_audio_done("i2");
  answered.passes(3s);
  BOOST_TEST(!answered.call.over());
  World silent;
  stands_still(silent);
  silent.passes(media::Call::reading_time);
  BOOST_TEST(silent.why() == Why::model_failed);
  // It is put off once.
  World again;
  stands_still(again);
  again.line.clock += 5s;
  again.call.woken();
  BOOST_TEST(again.why() == Why::model_failed);
}

BOOST_AUTO_TEST_CASE(a_model_that_fails_clears_and_closes_at_once_and_says_why) {
  World w;
  w.talking();
  w.passes(100ms);
  w.call.on_failed({.fault = voice::Fault::dropped, .code = "close_1006"});
  BOOST_TEST(w.sent("clear") == 1);
  BOOST_TEST(w.why() == Why::model_failed);
  BOOST_TEST((w.line.closed[0].failure.fault == voice::Fault::dropped));
  BOOST_TEST(w.line.closed[0].failure.code == "close_1006");
  BOOST_TEST(w.line.model.back() == "buried");
}

BOOST_AUTO_TEST_CASE(a_model_that_owes_an_answer_fails_in_time_for_an_apology_within_two_seconds) {
  const auto silent = [](World& w, milliseconds after) {
    w.passes(after - 1ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST((w.line.closed[0].failure.fault == voice::Fault::silent));
  };
  {  // while it connects: the person hears nothing at all
    World w;
    w.started();
    w.let_in();
    silent(w, 1500ms);
    BOOST_TEST(w.line.closed[0].first_sound.count() == -1);
    BOOST_TEST(w.line.closed[0].turns == 0);
  }
  {  // the handshake counts
    World w;
    w.started();
    w.let_in();
    w.passes(1000ms);
    w.call.on_ready();
    silent(w, 500ms);
  }
  {  // after the person has spoken
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_response_done({});
    w.passes(1s);
    w.call.on_speech_started("u1");
    w.passes(1s);
    w.call.on_speech_stopped("u1");
    silent(w, 1500ms);
  }
  {  // in the middle of a word: from the end of what it said
    World w;
    w.talking();
    silent(w, 1900ms);
  }
  {  // after a tool was answered
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.passes(1s);
    w.call.on_tool_call("c1", "x", "{}");
    w.passes(3s);  // that is ours
    w.call.answer_tool("c1", "{}", media::Then::speak);
    silent(w, 1500ms);
  }
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_behind_the_server_s_own_answer_is_owed) {
  SessionWorld w;
  w.talking();
  w.speech_started();
  w.speech_stopped();
  w.created("r2");
  w.asks("r2", "c1", "record_answer");
  w.done("r2");
  w.speech_started("u2");
  w.speech_stopped("u2");
  w.created("r3");
  w.call.answer_tool("c1", "{}", media::Then::speak);
  w.says("r3", "i3", 1s);
  w.done("r3");
  BOOST_TEST(w.wire.count("response.create") == 1);
  w.passes(2'499ms);
  BOOST_TEST(!w.call.over());
  w.passes(1ms);
  BOOST_TEST(w.why() == Why::model_failed);
}

// The model's server begins it by itself as a rule.
BOOST_AUTO_TEST_CASE(an_answer_that_does_not_begin_is_asked_for_before_the_model_has_failed) {
  SessionWorld w;
  w.talking();
  w.speech_started();
  w.speech_stopped();
  w.created("r2");
  w.asks("r2", "c1", "record_answer");
  w.done("r2");
  w.speech_started("u2");
  w.speech_stopped("u2");
  w.passes(100ms);
  w.call.answer_tool("c1", "{}", media::Then::speak);
  w.passes(749ms);
  BOOST_TEST(w.wire.count("response.create") == 0);
  w.passes(1ms);
  BOOST_TEST(w.wire.count("response.create") == 1);
  w.passes(749ms);
  BOOST_TEST(!w.call.over());
  w.created("r3");
  w.says("r3", "i3", 1s);
  w.done("r3");
  w.passes(5s);
  BOOST_TEST(w.wire.count("response.create") == 1);
  BOOST_TEST(!w.call.over());
  // What has begun is not asked for, however long its first sound takes.
  w.speech_started("u3");
  w.speech_stopped("u3");
  w.created("r4");
  w.passes(1'499ms);
  BOOST_TEST(w.wire.count("response.create") == 1);
  w.passes(1ms);
  BOOST_TEST(w.why() == Why::model_failed);
}

BOOST_AUTO_TEST_CASE(what_broke_off_and_is_tried_again_is_owed) {
  const auto breaks_off = [](World& w) {
    w.call.on_audio_done("i1");
    w.call.on_trying_again();
    w.call.on_response_done(used(100, 10));
  };
  {  // 400 ms are still played
    World w;
    w.talking(may_spend(10'000));
    breaks_off(w);
    w.passes(1'899ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST((w.line.closed[0].failure.fault == voice::Fault::silent));
    BOOST_TEST(w.line.closed[0].usage.input_tokens >= 100);
  }
  {
    World w;
    w.talking();
    breaks_off(w);
    w.call.on_audio("i2", sound(1s));
    w.call.on_audio_done("i2");
    w.call.on_response_done({});
    w.passes(9s);
    BOOST_TEST(!w.call.over());
  }
  {  // a goodbye
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_response_done({});
    w.call.on_speech_stopped("u1");
    w.call.answer_tool("c1", "{}", media::Then::goodbye);
    w.call.on_audio("i2", sound(100ms));
    w.call.on_audio_done("i2");
    w.call.on_trying_again();
    w.call.on_response_done({});
    BOOST_TEST(w.line.carrier.back().find(R"("name":"bye")") == std::string::npos);
    w.call.on_audio("i3", sound(100ms));
    w.call.on_audio_done("i3");
    w.call.on_response_done({});
    BOOST_TEST(w.line.carrier.back().find(R"("name":"bye")") != std::string::npos);
  }
  {  // there is no money for it
    World w;
    w.talking(may_spend(150));
    breaks_off(w);
    BOOST_TEST(w.line.model.back() == "no more");
    w.given(mark_message("bye"));
    BOOST_TEST(w.why() == Why::spend_limit);
  }
}

BOOST_AUTO_TEST_CASE(a_quota_that_ran_low_is_told_with_the_end) {
  World w;
  w.talking();
  w.call.on_quota_low({.of = "tokens", .most = 40'000, .left = 3'000});
  w.call.on_quota_low({.of = "tokens", .most = 40'000, .left = 1'000});
  w.call.carrier_ended();
  BOOST_TEST(w.why() == Why::hung_up);
  BOOST_REQUIRE(w.line.closed[0].quota_low.has_value());
  BOOST_TEST(w.line.closed[0].quota_low->left == 1'000);
}

BOOST_AUTO_TEST_CASE(silence_because_of_our_own_answer_has_an_end) {
  const auto silent = [](World& w, milliseconds after) {
    w.passes(after - 1ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::owner_silent);
  };
  {  // from the end of what it said before it asked
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_tool_call("c1", "record_answer", "{}");
    w.call.on_tool_call("c2", "record_answer", "{}");
    w.call.on_response_done({});
    w.passes(3s);
    w.call.answer_tool("c1", "{}", media::Then::speak);
    silent(w, 3'400ms);
  }
  {  // from when it asked
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.passes(5s);
    w.call.on_tool_call("c1", "record_answer", "{}");
    silent(w, 6s);
  }
  {  // what the person says meanwhile is no silence, and the model answers it
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_tool_call("c1", "record_answer", "{}");
    w.passes(4s);
    w.call.on_speech_started("u1");
    w.passes(10s);
    BOOST_TEST(!w.call.over());
    w.call.on_speech_stopped("u1");
    w.call.on_audio("i2", sound(1s));
    w.call.on_audio_done("i2");
    silent(w, 7s);
  }
  {  // all was answered
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_tool_call("c1", "record_answer", "{}");
    w.passes(5s);
    w.call.answer_tool("c1", "{}", media::Then::listen);
    w.passes(9s);
    BOOST_TEST(!w.call.over());
  }
}

// Its connection lives, and it has stopped to listen.
BOOST_AUTO_TEST_CASE(a_model_that_does_not_notice_that_the_person_is_done_has_failed) {
  const std::string quiet = sound(20ms, '/');
  const auto speaks = [](World& w, std::uint32_t silence_ms = 500) {
    auto agent = arthur();
    agent.silence_ms = silence_ms;
    w.started();
    w.call.let_in(agent, {});
    w.call.on_ready();
    w.call.on_audio("i1", sound(400ms));
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
  };
  int frames = 0;
  const auto hears = [&frames](World& w, const std::string& frame, milliseconds time) {
    for (milliseconds t{0}; t < time; t += 20ms) {
      ++frames;
      w.given(media_message(frames, frames * 20, frame));
      w.passes(20ms);
    }
  };
  {
    World w;
    speaks(w);
    hears(w, sound(20ms), 1s);
    hears(w, quiet, 1'960ms);
    BOOST_TEST(!w.call.over());
    hears(w, quiet, 20ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST((w.line.closed[0].failure.fault == voice::Fault::silent));
    BOOST_TEST(w.line.closed[0].failure.code == "no_end_of_speech");
  }
  {  // they think, and go on
    World w;
    speaks(w);
    for (int i = 0; i < 5; ++i) {
      hears(w, quiet, 1'900ms);
      hears(w, sound(20ms), 100ms);
    }
    BOOST_TEST(!w.call.over());
  }
  {  // what was held up and comes at once is not the model's time
    World w;
    speaks(w);
    w.passes(700ms);
    for (int i = 0; i < 200; ++i) {
      ++frames;
      w.given(media_message(frames, frames * 20, quiet));
    }
    w.passes(1'000ms);
    w.call.on_speech_stopped("u1");
    w.call.on_audio("i2", sound(1s));
    w.call.on_audio_done("i2");
    hears(w, quiet, 5s);
    BOOST_TEST(!w.call.over());
  }
  {  // a campaign may let them think longer
    World w;
    speaks(w, 2'000);
    hears(w, quiet, 3'460ms);
    BOOST_TEST(!w.call.over());
    hears(w, quiet, 20ms);
    BOOST_TEST(w.why() == Why::model_failed);
  }
}

BOOST_AUTO_TEST_CASE(on_a_noisy_line_a_model_that_stalls_is_noticed_as_well) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.call.on_response_done({});
  int frames = 0;
  const auto hears = [&](char letter, milliseconds time) {
    for (milliseconds t{0}; t < time; t += 20ms) {
      ++frames;
      w.given(media_message(frames, frames * 20, sound(20ms, letter)));
      w.passes(20ms);
    }
  };
  const char engine = 'V';  // 30 to 36 dB below the loudest
  w.passes(1s);
  hears(engine, 6s);
  BOOST_TEST(!w.call.over());
  w.call.on_speech_started("u1");
  hears('A', 1s);
  hears(engine, 1'960ms);
  BOOST_TEST(!w.call.over());
  hears(engine, 20ms);
  BOOST_TEST(w.why() == Why::model_failed);
  BOOST_TEST(w.line.closed[0].failure.code == "no_end_of_speech");
}

// It takes sound and never tells that somebody spoke.
BOOST_AUTO_TEST_CASE(a_model_that_notices_nobody_is_asked_to_answer_and_then_has_failed) {
  const std::string quiet = sound(20ms, '/');
  int frames = 0;
  const auto hears = [&](World& w, const std::string& frame, milliseconds time) {
    for (milliseconds t{0}; t < time; t += 20ms) {
      ++frames;
      w.given(media_message(frames, frames * 20, frame));
      w.passes(20ms);
    }
    std::erase_if(w.line.model, [](const std::string& m) { return m.starts_with("hear "); });
  };
  const auto listens = [&](World& w) {
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_response_done({});
    hears(w, quiet, 1s);
  };
  const Texts asked = texts({R"(tell {"notice":"the person spoke and was not heard"})", "speak"});
  {  // it does not answer then, either
    World w;
    listens(w);
    hears(w, sound(20ms), 400ms);
    hears(w, quiet, 520ms);
    BOOST_TEST(w.line.model.empty());
    hears(w, quiet, 20ms);
    BOOST_TEST(w.line.model == asked, boost::test_tools::per_element());
    hears(w, quiet, 1'480ms);
    BOOST_TEST(!w.call.over());
    hears(w, quiet, 20ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST((w.line.closed[0].failure.fault == voice::Fault::silent));
    BOOST_TEST(w.line.closed[0].failure.code == "no_answer");
  }
  {  // it answers, and is as deaf as before
    World w;
    listens(w);
    for (int i = 0; i < 2; ++i) {
      hears(w, sound(20ms), 400ms);
      hears(w, quiet, 600ms);
      w.call.on_audio("j" + std::to_string(i), sound(400ms));
      w.call.on_audio_done("j" + std::to_string(i));
      w.call.on_response_done({});
      hears(w, quiet, 1s);
    }
    hears(w, sound(20ms), 400ms);
    hears(w, quiet, 520ms);
    BOOST_TEST(!w.call.over());
    hears(w, quiet, 20ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST(w.line.closed[0].failure.code == "hears_nothing");
  }
  {  // who presses a key meanwhile was answered
    World w;
    listens(w);
    const auto answers = [&](const std::string& item) {
      w.call.on_audio(item, sound(400ms));
      w.call.on_audio_done(item);
      w.call.on_response_done({});
      hears(w, quiet, 1s);
    };
    for (int i = 0; i < 4; ++i) {
      hears(w, sound(20ms), 400ms);
      hears(w, quiet, 600ms);
      answers("j" + std::to_string(i));
      if (i != 1) continue;
      w.given(R"({"event":"dtmf","dtmf":{"track":"inbound_track","digit":"1"}})");
      hears(w, quiet, 1s);
      answers("k");
    }
    BOOST_TEST(!w.call.over());
  }
  {  // clicks, the agent's echo, and what it does notice
    World w;
    listens(w);
    for (int i = 0; i < 5; ++i) {
      hears(w, sound(20ms), 240ms);
      hears(w, quiet, 600ms);
    }
    w.call.on_speech_started("u1");
    hears(w, sound(20ms), 400ms);
    w.call.on_speech_stopped("u1");
    w.call.on_audio("i2", sound(2s));
    w.call.on_audio_done("i2");
    w.call.on_response_done({});
    hears(w, sound(20ms), 2'400ms);
    hears(w, quiet, 1s);
    BOOST_TEST(w.line.model.empty());
    BOOST_TEST(!w.call.over());
  }
}

// It is as loud as speech on a quiet line, and pauses never.
BOOST_AUTO_TEST_CASE(a_street_is_nobody_that_speaks) {
  int frames = 0;
  // So loud, in segments of mu-law from 0 to 7.
  const auto hears = [&frames](World& w, unsigned level, milliseconds time) {
    const unsigned byte = (7U - level) << 4U | 0x8FU;
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string frame;
    for (int i = 0; i < 64; ++i) {
      for (const unsigned six : {byte >> 2U, (byte & 3U) << 4U | byte >> 4U,
                                 (byte & 15U) << 2U | byte >> 6U, byte & 63U}) {
        frame += letters[six];
      }
    }
    for (milliseconds t{0}; t < time; t += 24ms) {
      ++frames;
      w.given(media_message(frames, frames * 24, frame));
      w.passes(24ms);
    }
    std::erase_if(w.line.model, [](const std::string& m) { return m.starts_with("hear "); });
  };
  const auto listens = [](World& w) {
    w.talking({.silence_max = 120s});
    w.call.on_audio_done("i1");
    w.call.on_response_done({});
  };
  const Texts asked = texts({R"(tell {"notice":"the person spoke and was not heard"})", "speak"});
  for (const unsigned street : {3U, 4U}) {
    BOOST_TEST_CONTEXT("level " << street) {
      {  // from the beginning
        World w;
        listens(w);
        hears(w, street, 12s);
        BOOST_TEST(w.line.model.empty());
      }
      {  // its cars come and go
        World w;
        listens(w);
        for (int i = 0; i < 20; ++i) {
          hears(w, street, 480ms);
          hears(w, street + 1, 240ms);
        }
        BOOST_TEST(w.line.model.empty());
      }
      {  // a frame that was lost is no quiet
        World w;
        listens(w);
        hears(w, street, 6s);
        hears(w, 0, 24ms);
        hears(w, street, 12s);
        BOOST_TEST(w.line.model.empty());
      }
      {  // they go out
        World w;
        listens(w);
        hears(w, 0, 6s);
        hears(w, street, 18s);
        BOOST_TEST(w.line.model.empty());
      }
      for (const auto before : {2s, 8s}) {  // whoever speaks there is heard, also at first
        World w;
        listens(w);
        hears(w, street, before);
        hears(w, 7, 400ms);
        hears(w, street, 600ms);
        BOOST_TEST(w.line.model == asked, boost::test_tools::per_element());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(limits_hold_whatever_the_model_does) {
  {
    World w;
    w.talking({.time_max = 60s});
    w.call.on_audio_done("i1");
    for (int i = 0; i < 70 && !w.call.over(); ++i) {
      w.call.on_audio("i" + std::to_string(100 + i), sound(1s));
      w.call.on_audio_done("i" + std::to_string(100 + i));
      w.passes(1s);
    }
    BOOST_TEST(w.why() == Why::time_limit);
    BOOST_TEST(std::count_if(w.line.model.begin(), w.line.model.end(), [](const std::string& m) {
                 return m == R"(tell {"notice":"the call ends soon","seconds_left":15})";
               }) == 1);
    BOOST_TEST((w.line.closed[0].lasted == 60s));
  }
  {
    World w;
    w.talking({.silence_max = 10s});
    w.call.on_audio_done("i1");
    w.passes(5400ms);
    BOOST_TEST(
        w.line.model == texts({R"(tell {"notice":"the person is silent","seconds":5})", "speak"}),
        boost::test_tools::per_element());
    w.call.on_audio("i2", sound(1s));
    w.call.on_audio_done("i2");
    w.passes(10'999ms);
    BOOST_TEST(!w.call.over());
    w.passes(1ms);
    BOOST_TEST(w.why() == Why::silence);
  }
  {  // the notice comes while the person speaks, too
    World w;
    w.talking({.time_max = 40s});
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
    w.line.model.clear();
    for (int i = 0; i < 1'600 && !w.call.over(); ++i) {
      w.given(media_message(i + 1, i * 20, sound(20ms)));
      w.passes(20ms);
      w.line.model.erase(std::remove(w.line.model.begin(), w.line.model.end(), "hear 20"),
                         w.line.model.end());
    }
    BOOST_TEST(w.line.model == texts({R"(tell {"notice":"the call ends soon","seconds_left":10})"}),
               boost::test_tools::per_element());
  }
  {  // nobody speaks for a minute: the end of it was lost
    World w;
    w.talking();
    w.call.on_audio_done("i1");
    w.call.on_speech_started("u1");
    for (int i = 0; i < 2'999; ++i) {
      w.given(media_message(i + 1, i * 20, sound(20ms)));
      w.passes(20ms);
    }
    BOOST_TEST(!w.call.over());
    w.passes(20ms);
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST(w.line.closed[0].failure.code == "no_end_of_speech");
  }
  {
    World w;
    w.talking({.turns_max = 2});
    w.call.on_audio("i2", sound(1s));
    w.call.on_audio("i3", sound(1s));
    BOOST_TEST(w.why() == Why::too_many_turns);
    BOOST_TEST(w.line.closed[0].turns == 2);
    BOOST_TEST(w.sent("media") == 1);
  }
  {
    World w;
    w.talking();
    for (int i = 0; i < 400 && !w.call.over(); ++i) w.call.on_audio("i1", sound(1s));
    BOOST_TEST(w.why() == Why::model_failed);
    BOOST_TEST(w.line.closed[0].failure.code == "too_much_audio");
    BOOST_TEST(w.sent("media") <= 302);
  }
}

BOOST_AUTO_TEST_CASE(a_talk_ends_behind_the_last_words_that_its_money_is_enough_for) {
  World w;
  w.talking(may_spend(1'000));
  w.call.on_audio_done("i1");
  w.call.on_response_done(used(100, 100));
  BOOST_TEST(w.line.model.empty());  // there is money for four more of these
  const auto answer = [&w](const char* item, std::int64_t input) {
    w.call.on_speech_started("u");
    w.call.on_speech_stopped("u");
    w.call.on_callee_said("u", "", "si'");
    w.call.on_audio(item, sound(400ms));
    w.call.on_audio_done(item);
    w.call.on_response_done(used(input, 100));
  };
  answer("i2", 150);
  BOOST_TEST(w.line.model.back() == R"(tell {"notice":"the call ends soon","answers_left":2})");
  BOOST_TEST(w.sent("mark") == 1);
  w.line.carrier.clear();
  w.line.model.clear();
  answer("i3", 200);  // 750 are spent, and another one would cost 300
  BOOST_TEST(w.line.carrier.back().find(R"("name":"bye")") != std::string::npos);
  // What it asks for now is noted, and it says no more.
  w.call.answer_tool("c1", "{}", media::Then::goodbye);
  BOOST_TEST(w.line.model.back() == "no more");
  BOOST_TEST(std::ranges::count_if(
                 w.line.model, [](const std::string& m) { return m.starts_with("tell"); }) == 0);
  w.passes(500ms);
  BOOST_TEST(!w.call.over());
  BOOST_TEST(w.sent("clear") == 1);  // of what i2 had to say still
  w.given(mark_message("bye"));
  BOOST_TEST(w.why() == Why::spend_limit);
  BOOST_TEST(w.line.closed[0].usage.input_tokens == 450);
  BOOST_TEST(w.line.closed[0].usage.output_tokens == 300);
}

// A response is counted at its end: one that finds none is reckoned while it comes. The whole talk
// is read again, 200 tokens of it; sound makes 20 tokens a second.
BOOST_AUTO_TEST_CASE(an_agent_that_finds_no_end_is_cut_off_when_its_money_is_used_up) {
  World w;
  w.talking(may_spend(1'000));
  w.call.on_audio_done("i1");
  w.call.on_response_done(used(100, 100));
  int seconds = 0;
  for (; seconds < 60 && !w.call.over(); ++seconds) w.call.on_audio("i2", sound(1s));
  BOOST_TEST(w.why() == Why::spend_limit);
  BOOST_TEST(seconds == 30);
  BOOST_TEST(w.line.closed[0].usage.input_tokens == 300);
  BOOST_TEST(w.line.closed[0].usage.output_tokens == 700);
  BOOST_TEST(w.line.closed[0].usage.output_audio_tokens == 600);
}

BOOST_AUTO_TEST_CASE(what_a_broken_off_response_has_used_is_reckoned_where_it_is_paid) {
  const auto hang_up = [](const media::Bounds& bounds) {
    World w;
    w.talking(bounds);
    w.call.on_audio_done("i1");
    voice::Usage usage = used(100, 50);
    usage.input_audio_tokens = 20;
    usage.output_audio_tokens = 40;
    usage.cached_tokens = 64;
    w.call.on_response_done(usage);
    w.call.on_speech_started("u1");
    w.passes(2s);
    w.call.on_speech_stopped("u1");
    w.call.on_callee_said("u1", "i1", "si'");
    w.call.on_audio("i2", sound(1s));
    w.given(R"({"event":"stop","streamSid":")" + std::string(stream_sid) + "\"}");
    BOOST_TEST(w.why() == Why::hung_up);
    return w.line.closed[0].usage;
  };
  const auto paid = hang_up(may_spend(100'000));
  BOOST_TEST(paid.input_tokens == 100 + (100 + 50 + 20));  // two seconds were heard
  BOOST_TEST(paid.input_audio_tokens == 20 + (20 + 40 + 20));
  BOOST_TEST(paid.cached_tokens == 64 + 64);
  BOOST_TEST(paid.output_tokens == 50 + 20);
  BOOST_TEST(paid.output_audio_tokens == 40 + 20);
  const auto told = hang_up({});
  BOOST_TEST(told.input_tokens == 100);
  BOOST_TEST(told.output_tokens == 50);
  // The first one reads what the agent was told, three letters a token at the least.
  World w;
  w.talking(may_spend(100'000));
  w.call.carrier_ended();
  BOOST_TEST(w.line.closed[0].usage.input_tokens == 17);
  BOOST_TEST(w.line.closed[0].usage.output_tokens == 8);
  // And one whose end tells nothing.
  World silent;
  silent.talking(may_spend(100'000));
  silent.call.on_response_done({});
  silent.call.carrier_ended();
  BOOST_TEST(silent.line.closed[0].usage.input_tokens == 17);
  BOOST_TEST(silent.line.closed[0].usage.output_tokens == 8);
}

BOOST_AUTO_TEST_CASE(keys_are_handed_over_interrupt_and_are_answered_after_the_last) {
  World w;
  w.talking();
  w.passes(100ms);
  const auto press = [&](char key) {
    w.given(std::string(R"({"event":"dtmf","dtmf":{"track":"inbound_track","digit":")") + key +
            "\"}}");
  };
  press('4');
  w.passes(800ms);
  press('2');
  w.passes(999ms);
  BOOST_TEST(w.line.keys == "42");
  BOOST_TEST(w.line.model == texts({"interrupted i1 100", "interrupted  0", "key 4",
                                    "interrupted  0", "key 2"}),
             boost::test_tools::per_element());
  w.passes(1ms);
  BOOST_TEST(w.line.model.back() == "speak");
}

BOOST_AUTO_TEST_CASE(whoever_says_and_presses_an_answer_is_answered_once_and_not_talked_over) {
  {  // the server answers both
    SessionWorld w;
    w.talking();
    w.speech_started();
    w.passes(200ms);
    w.pressed('5');
    w.passes(250ms);
    w.speech_stopped();
    w.passes(300ms);
    w.created("r2");
    w.asks("r2", "c1", "record_answer");
    w.done("r2");
    w.call.answer_tool("c1", "{}", media::Then::speak);
    w.created("r3");
    w.says("r3", "i3", 2'500ms);
    w.done("r3");
    w.passes(2s);
    BOOST_TEST(w.wire.count("response.create") == 1);  // behind the tool
    BOOST_TEST(!w.call.over());
  }
  // In the last moment: the server has begun to answer before the key comes there.
  for (const bool notes : {false, true}) {
    SessionWorld w;
    w.talking();
    w.speech_started();
    w.passes(800ms);
    w.pressed('5');
    w.passes(100ms);
    w.speech_stopped();
    w.created("r2");
    if (notes) {
      w.asks("r2", "c1", "record_answer");
      w.done("r2");
      w.call.answer_tool("c1", "{}", media::Then::speak);
    } else {
      w.says("r2", "i2", 300ms);
      w.done("r2");
    }
    w.passes(899ms);
    BOOST_TEST(w.wire.count("response.create") == 0);
    w.passes(1ms);
    BOOST_TEST(w.wire.count("response.create") == 1);
    w.created("r3");
    w.says("r3", "i3", 1s);
    w.done("r3");
    w.passes(3s);
    BOOST_TEST(w.wire.count("response.create") == 1);
    BOOST_TEST(!w.call.over());
  }
  {  // they go on speaking
    SessionWorld w;
    w.talking();
    w.speech_started();
    w.hears(500ms);
    w.pressed('5');
    w.hears(4s);
    BOOST_TEST(w.wire.count("response.create") == 0);
    BOOST_TEST(!w.call.over());
    w.speech_stopped();
    w.created("r2");
    w.says("r2", "i2", 1s);
    w.done("r2");
    w.passes(2s);
    BOOST_TEST(w.wire.count("response.create") == 0);
  }
  for (const auto then : {media::Then::speak, media::Then::listen}) {
    // while a tool's answer is outstanding, also for longer than a key's is
    for (const auto late : {200ms, 3'000ms}) {
      SessionWorld w;
      w.talking();
      w.speech_started();
      w.speech_stopped();
      w.created("r2");
      w.asks("r2", "c1", "record_answer");
      w.done("r2");
      w.pressed('5');
      w.passes(late);
      w.call.answer_tool("c1", "{}", then);
      BOOST_TEST(w.wire.count("response.create") == 0);
      w.passes(late < 1s ? 799ms : 0ms);
      BOOST_TEST(w.wire.count("response.create") == (late < 1s ? 0 : 1));
      w.passes(1ms);
      BOOST_TEST(w.wire.count("response.create") == 1);
      w.created("r3");
      w.says("r3", "i3", 1s);
      w.done("r3");
      w.passes(3s);
      BOOST_TEST(w.wire.count("response.create") == 1);
      BOOST_TEST(!w.call.over());
    }
  }
  {  // what came behind the beginning of the answer is answered as well
    SessionWorld w;
    w.talking();
    w.speech_started();
    w.speech_stopped();
    w.created("r2");
    w.says("r2", "i2", 3s);
    w.passes(100ms);
    w.pressed('5');
    BOOST_TEST(w.wire.count("response.cancel") == 1);
    w.done("r2", "cancelled");
    w.passes(1s);
    BOOST_TEST(w.wire.count("response.create") == 1);
  }
}

BOOST_AUTO_TEST_CASE(holes_are_heard_as_silence_and_a_pause_ends_the_person_s_turn) {
  World w;
  w.talking();
  w.call.on_audio_done("i1");
  w.given(media_message(1, 0, sound(20ms)));
  w.given(media_message(2, 1520, sound(20ms)));
  w.given(media_message(2, 1520, sound(20ms)));
  BOOST_TEST(w.line.model == texts({"hear 20", "hear 1000", "hear 500", "hear 20"}),
             boost::test_tools::per_element());
  w.line.model.clear();
  w.call.on_speech_started("u1");
  w.passes(800ms);
  w.passes(5s);
  BOOST_TEST(std::count(w.line.model.begin(), w.line.model.end(), "hear 1000") == 1);
}

BOOST_AUTO_TEST_CASE(bad_streams_end_cleanly_and_say_so) {
  struct Row {
    const char* what;
    std::vector<std::string> messages;
    const char* code;  // null: it goes on
  };
  const std::string own(stream_sid);
  const char* const another = "a message of another stream";
  const auto of_another = [&own](std::string message) {
    return message.replace(message.find(own), own.size(), "MZffffffffffffffffffffffffffffffff");
  };
  for (const Row& row : std::vector<Row>{
           {"no JSON", {"{"}, "no JSON object"},
           {"a bad payload", {media_message(1, 0, "AAA")}, "a media whose payload is not base64"},
           {"another start", {start_message("t", "MZffffffffffffffffffffffffffffffff")}, another},
           {"the same start", {start_message()}, nullptr},
           {"sound of another stream", {of_another(media_message(1, 0, "AAAA"))}, another},
           {"the same, with an escape", {of_another(media_message(1, 0, R"(AAA\u0041)"))}, another},
           {"a mark of another stream", {of_another(mark_message("1:1"))}, another},
           {"a key of another stream",
            {of_another(R"({"event":"dtmf","streamSid":")" + own + R"(","dtmf":{"digit":"1"}})")},
            another},
           {"a key of this one",
            {R"({"event":"dtmf","streamSid":")" + own + R"(","dtmf":{"digit":"1"}})"},
            nullptr},
           {"the end of another stream",
            {of_another(R"({"event":"stop","streamSid":")" + own + R"("})")},
            another},
           {"connected late", {R"({"event":"connected"})"}, nullptr},
           {"a mark of nobody", {mark_message("9:9"), mark_message("bye")}, nullptr},
           {"a mark without a name", {R"({"event":"mark","mark":{}})"}, nullptr},
           {"a foreign event", {R"({"event":"close"})"}, nullptr},
       }) {
    World w;
    w.talking();
    for (const std::string& message : row.messages) w.given(message);
    BOOST_TEST(w.call.over() == (row.code != nullptr), row.what);
    if (row.code == nullptr) continue;
    BOOST_TEST(w.why() == Why::bad_stream);
    BOOST_TEST(w.line.closed[0].failure.code == row.code);
  }
  {  // before the start nothing is known of it, and nobody is told
    World w;
    w.given(media_message(1, 0, sound(20ms)));
    w.given(mark_message("1:1"));
    BOOST_TEST(!w.call.over());
    w.given("[]");
    BOOST_TEST(w.call.over());
    BOOST_TEST(w.line.closed.empty());
    w.started();
    BOOST_TEST(w.line.started.empty());
  }
  {  // a flood of sound
    World w;
    w.talking();
    for (int i = 0; i < 70 && !w.call.over(); ++i) {
      w.given(media_message(i + 1, i * 1000, sound(1s)));
    }
    BOOST_TEST(w.why() == Why::bad_stream);
    BOOST_TEST(w.line.closed[0].failure.code == "sound before its time");
  }
  {  // a flood of anything
    World w;
    w.talking();
    for (int i = 0; i < 20'000 && !w.call.over(); ++i) w.given(mark_message("9:9"));
    BOOST_TEST(w.why() == Why::bad_stream);
    BOOST_TEST(w.line.closed[0].failure.code == "too many messages");
  }
  {  // a socket on which came what is no WebSocket, or no text
    World w;
    w.talking();
    w.call.carrier_ended(1007);
    BOOST_TEST(w.why() == Why::bad_stream);
    BOOST_TEST(w.line.closed[0].failure.code == "close_1007");
  }
}

BOOST_AUTO_TEST_CASE(whatever_ends_it_each_start_has_one_end_and_what_was_said_is_told_before) {
  World w;
  w.talking();
  w.call.on_agent_said("i1", "Buongiorno");
  w.passes(150ms);
  w.call.carrier_ended();
  BOOST_TEST(w.line.told == texts({"said", "closed"}), boost::test_tools::per_element());
  BOOST_TEST(w.line.said[0].cut);
  BOOST_TEST((w.line.said[0].heard == 150ms));
  w.call.carrier_ended(1002);
  w.call.carrier_is_slow();
  w.call.end(Why::stopped);
  w.given(R"({"event":"stop"})");
  w.call.on_failed({});
  w.call.on_audio("i2", sound(20ms));
  w.call.on_response_done({});
  w.passes(20min);
  BOOST_TEST(w.why() == Why::hung_up);
  for (const Why why : {Why::stopped, Why::moved_on}) {
    World v;
    v.talking();
    v.call.end(why);
    BOOST_TEST(v.why() == why);
  }
  World v;  // during the model's handshake
  v.started();
  v.let_in();
  v.given(R"({"event":"stop"})");
  BOOST_TEST(v.why() == Why::hung_up);
  BOOST_TEST(v.line.model.back() == "buried");
  World slow;
  slow.talking();
  slow.call.carrier_is_slow();
  BOOST_TEST(slow.why() == Why::too_slow);
}

namespace {

unsigned number_from(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// The carrier as the person hears it: plays in order what it was sent, returns marks when they are
// played, all of them at a clear. The way takes time in both directions, and more for some messages
// than for others; none overtakes another.
struct PlayingCarrier {
  struct Chunk {
    char letter = 'A';
    Instant begins{}, ends{};
  };
  struct Echo {
    Instant leaves{}, arrives{};
    std::string name{};
  };
  milliseconds way{};
  std::function<milliseconds()> jitter{};
  std::vector<Chunk> buffer{};  // of one generation
  std::vector<Echo> echoes{};   // in their order
  Instant free_at{};
  Instant arrived{};  // the last message that it was sent
  std::size_t read = 0;
  // What the person heard of the sound of each letter when it was cleared.
  std::map<char, milliseconds> heard{};

  milliseconds heard_of(char letter, Instant at) const {
    milliseconds sum{0};
    for (const Chunk& chunk : buffer) {
      if (chunk.letter != letter) continue;
      sum += std::clamp(at - chunk.begins, milliseconds(0), chunk.ends - chunk.begins);
    }
    return sum;
  }

  void take(const Texts& messages, Instant now) {
    for (; read < messages.size(); ++read) {
      const std::string& message = messages[read];
      // A mark is written together with its sound.
      const bool mark = message.find(R"("event":"mark")") != std::string::npos;
      if (!mark) arrived = std::max(arrived, now + way + jitter());
      if (message.find(R"("event":"media")") != std::string::npos) {
        const std::string payload = between(message, R"("payload":")", "\"");
        const milliseconds length(voice::audio_bytes(payload) / 8);
        const Instant begins = std::max(arrived, free_at);
        buffer.push_back({payload[0], begins, begins + length});
        free_at = begins + length;
      } else if (mark) {
        echo(std::max(arrived, free_at), between(message, R"("name":")", "\""));
      } else if (message.find(R"("event":"clear")") != std::string::npos) {
        for (const Chunk& chunk : buffer) heard[chunk.letter] = heard_of(chunk.letter, arrived);
        buffer.clear();
        free_at = arrived;
        std::vector<std::string> pending;
        std::erase_if(echoes, [&](const Echo& each) {
          if (each.leaves <= arrived) return false;
          pending.push_back(each.name);
          return true;
        });
        for (std::string& name : pending) echo(arrived, std::move(name));
      }
    }
  }

  void echo(Instant leaves, std::string name) {
    const Instant before = echoes.empty() ? Instant{} : echoes.back().arrives;
    echoes.push_back({leaves, std::max(before, leaves + way + jitter()), std::move(name)});
  }

  std::vector<std::string> arrived_by(Instant now) {
    std::vector<std::string> names;
    std::erase_if(echoes, [&](const Echo& each) {
      if (each.arrives > now) return false;
      names.push_back(each.name);
      return true;
    });
    return names;
  }
};

}  // namespace

// Calls with the real session in between: the agent talks in pieces of any size, faster than it is
// heard, in one or several items, over a way of up to 150 ms each way; the person breaks in at any
// moment, also after the response is over. The model is told within 60 ms what the person heard,
// never more than was sent, and nothing of what was discarded follows the clear.
// CAMPANILE_INTERRUPTIONS says how many, CAMPANILE_FIRST_SEED from which on.
BOOST_AUTO_TEST_CASE(interruptions_by_seed) {
  const unsigned calls = number_from("CAMPANILE_INTERRUPTIONS", 1'000);
  const unsigned first = number_from("CAMPANILE_FIRST_SEED", 0);
  unsigned cut = 0;
  std::int64_t worst = 0;
  for (unsigned seed = first; seed < first + calls; ++seed) {
    std::mt19937 dice(seed);
    const auto draw = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(dice);
    };
    World w;
    NotedMessages wire;
    w.line.session_wire = &wire;
    constexpr std::array<int, 4> ways{0, 25, 75, 150};
    constexpr std::array<int, 4> jitters{0, 0, 15, 30};
    const int most = jitters[seed / 4 % 4];
    PlayingCarrier carrier{.way = milliseconds(ways[seed % 4]),
                           .jitter = [&] { return milliseconds(draw(0, most)); }};
    const auto from_model = [&](const std::string& message) {
      w.line.session->receive(message);
      carrier.take(w.line.carrier, w.line.clock);
    };
    const auto pass = [&](int ms) {
      for (int i = 0; i < ms && !w.call.over(); ++i) {
        w.passes(1ms);
        for (const std::string& name : carrier.arrived_by(w.line.clock)) {
          w.given(mark_message(name));
        }
        carrier.take(w.line.carrier, w.line.clock);
      }
    };
    w.started();
    w.let_in();
    from_model(R"({"type":"session.created","session":{}})");
    from_model(R"({"type":"session.updated","session":{"audio":{"input":{"format":)"
               R"({"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})");
    from_model(R"({"type":"response.created","response":{"id":"r1"}})");

    const auto delta = [&](char letter, int ms) {
      return R"({"type":"response.output_audio.delta","response_id":"r1","item_id":"item_)" +
             std::string(1, letter) + R"(","delta":")" + sound(milliseconds(ms), letter) + "\"}";
    };
    const int items = draw(1, 3);
    const int breaks_in_after = draw(0, 60);
    std::map<char, milliseconds> sent;
    int deltas = 0;
    bool done = true;
    for (int item = 0; item < items && done; ++item) {
      const char letter = static_cast<char>('B' + item);
      const int count = draw(1, 20);
      for (int i = 0; i < count; ++i) {
        if (deltas++ == breaks_in_after) {
          done = false;
          break;
        }
        const int length = draw(20, 400);
        from_model(delta(letter, length));
        sent[letter] += milliseconds(length);
        pass(draw(0, 120));
      }
      if (done) {
        from_model(R"({"type":"response.output_audio.done","response_id":"r1","item_id":"item_)" +
                   std::string(1, letter) + "\"}");
      }
    }
    if (done) from_model(R"({"type":"response.done","response":{"id":"r1","status":"completed"}})");
    pass(draw(0, 1'500));
    BOOST_REQUIRE(!w.call.over());

    wire.messages.clear();
    const std::size_t before = w.line.carrier.size();
    from_model(R"({"type":"input_audio_buffer.speech_started","item_id":"u1"})");
    const bool cleared = w.line.carrier.size() > before;
    if (!done) {  // trailing deltas of the discarded response, then its end
      for (int i = draw(0, 3); i > 0; --i) from_model(delta('B', 100));
      from_model(R"({"type":"response.done","response":{"id":"r1","status":"cancelled"}})");
    }
    for (std::size_t i = before; i < w.line.carrier.size(); ++i) {
      BOOST_REQUIRE(w.line.carrier[i].find("\"media\"") == std::string::npos);
    }
    for (const std::string& message : wire.messages) {
      if (message.find("item.truncate") == std::string::npos) continue;
      ++cut;
      const char letter = between(message, R"("item_id":"item_)", "\"")[0];
      const milliseconds told(std::stoi(between(message, R"("audio_end_ms":)", "}")));
      BOOST_REQUIRE(told <= sent[letter]);
      const milliseconds real =
          cleared ? carrier.heard[letter] : carrier.heard_of(letter, w.line.clock + carrier.way);
      const auto off = (told - real).count();
      worst = std::max(worst, std::abs(off));
      BOOST_REQUIRE_MESSAGE(std::abs(off) <= 60, "seed " << seed << ": told " << told.count()
                                                         << " heard " << real.count());
    }
    // Whatever is not told was heard whole.
    for (const auto& [letter, length] : sent) {
      const std::string id = std::string("item_") + letter;
      const bool told = std::any_of(wire.messages.begin(), wire.messages.end(),
                                    [&](const auto& m) { return m.find(id) != std::string::npos; });
      if (!told && cleared && carrier.heard.contains(letter)) {
        BOOST_REQUIRE(length - carrier.heard[letter] <= 60ms);
      }
    }
    // The next answer is heard.
    from_model(R"({"type":"input_audio_buffer.speech_stopped","item_id":"u1"})");
    from_model(R"({"type":"response.created","response":{"id":"r2"}})");
    from_model(R"({"type":"response.output_audio.delta","response_id":"r2","item_id":"item_Z",)"
               R"("delta":")" +
               sound(40ms, 'Z') + "\"}");
    BOOST_REQUIRE(w.line.carrier.back().find(R"("name":"2:)") != std::string::npos || !cleared);
  }
  BOOST_TEST_MESSAGE(calls << " interruptions, " << cut << " items cut, told at most " << worst
                           << " ms beside what was heard");
  BOOST_TEST(cut > calls / 10 * 8);
}

BOOST_AUTO_TEST_SUITE_END()
