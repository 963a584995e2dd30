// One session of the Realtime protocol: given what the model's server says, what goes to it and
// what its listener hears (protocols.md 6.2 to 6.7).
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "bridge/voice/realtime_session.hpp"
#include "tests/bridge/media_doubles.hpp"

BOOST_AUTO_TEST_SUITE(realtime_session)

using namespace bridge::testing;
using namespace std::chrono_literals;
namespace voice = bridge::voice;

namespace {

struct NotedListener final : voice::Listener {
  Texts heard{};
  void on_ready() override { heard.emplace_back("ready"); }
  void on_audio(std::string_view item, std::string_view base64) override {
    heard.push_back("audio " + std::string(item) + " " +
                    std::to_string(voice::audio_bytes(base64) / 8));
  }
  void on_audio_done(std::string_view item) override {
    heard.push_back("audio_done " + std::string(item));
  }
  void on_speech_started(std::string_view item) override {
    heard.push_back("started " + std::string(item));
  }
  void on_speech_stopped(std::string_view item) override {
    heard.push_back("stopped " + std::string(item));
  }
  void on_agent_said(std::string_view item, std::string_view text) override {
    heard.push_back("agent " + std::string(item) + " " + std::string(text));
  }
  void on_callee_said(std::string_view item, std::string_view previous,
                      std::string_view text) override {
    heard.push_back("callee " + std::string(item) + " after " + std::string(previous) + " " +
                    std::string(text));
  }
  void on_tool_call(std::string_view id, std::string_view name,
                    std::string_view arguments) override {
    heard.push_back("tool " + std::string(id) + " " + std::string(name) + " " +
                    std::string(arguments));
  }
  void on_response_done(const voice::Usage& usage) override {
    heard.push_back("done " + std::to_string(usage.input_tokens));
  }
  void on_late_usage(const voice::Usage& usage) override {
    heard.push_back("late " + std::to_string(usage.input_tokens));
  }
  void on_trying_again() override { heard.emplace_back("again"); }
  void on_complaint(std::string_view code) override {
    heard.push_back("complaint " + std::string(code));
  }
  void on_quota_low(const voice::Quota& quota) override {
    heard.push_back("low " + std::to_string(quota.left) + " of " + std::to_string(quota.most) +
                    " " + std::string(quota.of));
  }
  void on_failed(const voice::Failure& failure) override {
    heard.push_back("failed " + std::string(voice::name_of(failure.fault)) + " " + failure.code);
  }
};

struct World {
  NotedListener listener{};
  NotedMessages wire{};
  voice::realtime::Reader reader{};
  voice::realtime::Session session;

  explicit World(const voice::Agent& agent = arthur()) : session(agent, listener, wire, reader) {}

  void given(std::string_view message) { session.received(Padded(message).view()); }
  // What was sent and heard since the last look.
  Texts sent() { return std::exchange(wire.messages, {}); }
  Texts heard() { return std::exchange(listener.heard, {}); }
  std::string sent_types() {
    std::string types;
    for (const std::string& message : sent()) {
      types += (types.empty() ? "" : " ") + between(message, R"("type":")", "\"");
    }
    return types;
  }
  std::string last_event_id() const {
    return between(wire.messages.back(), R"("event_id":")", "\"");
  }

  void updated(std::string_view in = "audio/pcmu", std::string_view out = "audio/pcmu") {
    given(R"({"type":"session.updated","session":{"audio":{"input":{"format":{"type":")" +
          std::string(in) + R"("}},"output":{"format":{"type":")" + std::string(out) + R"("}}}}})");
  }
  void made_ready() {
    given(R"({"type":"session.created","session":{}})");
    updated();
    BOOST_TEST(session.ready());
    sent();
    heard();
  }
  void created(std::string_view response) {
    given(R"({"type":"response.created","response":{"id":")" + std::string(response) + R"("}})");
  }
  void delta(std::string_view response, std::string_view item, milliseconds length) {
    given(R"({"type":"response.output_audio.delta","response_id":")" + std::string(response) +
          R"(","item_id":")" + std::string(item) + R"(","delta":")" + sound(length) + "\"}");
  }
  void done(std::string_view response, std::string_view status = "completed",
            std::string_view more = "") {
    given(R"({"type":"response.done","response":{"id":")" + std::string(response) +
          R"(","status":")" + std::string(status) + "\"" + std::string(more) + "}}");
  }
  void speech_started() { given(R"({"type":"input_audio_buffer.speech_started","item_id":"u1"})"); }
  void speech_stopped() { given(R"({"type":"input_audio_buffer.speech_stopped","item_id":"u1"})"); }
  void called(std::string_view response, std::string_view id) {
    given(R"({"type":"response.output_item.done","response_id":")" + std::string(response) +
          R"(","item":{"type":"function_call","status":"completed","call_id":")" + std::string(id) +
          R"(","name":"record_answer","arguments":"{}"}})");
  }
  void error(std::string_view code, std::string_view event_id = "", std::string_view param = "",
             std::string_view type = "invalid_request_error") {
    given(R"({"type":"error","error":{"type":")" + std::string(type) + R"(","code":")" +
          std::string(code) + R"(","param":")" + std::string(param) + R"(","event_id":")" +
          std::string(event_id) + "\"}}");
  }
};

Texts texts(std::initializer_list<const char*> list) {
  return {list.begin(), list.end()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_the_greeting_and_no_sound_before_the_format_is_seen) {
  World w;
  w.session.hear(sound(20ms));
  w.session.speak();
  w.session.tell("x");
  BOOST_TEST(w.sent().empty());
  w.given(R"({"type":"session.created","session":{}})");
  BOOST_TEST(w.sent_types() == "session.update");
  w.session.hear(sound(20ms));
  BOOST_TEST(w.sent().empty());
  w.updated();
  BOOST_TEST(w.heard() == texts({"ready"}), boost::test_tools::per_element());
  w.session.hear(sound(20ms));
  BOOST_TEST(w.sent_types() == "input_audio_buffer.append");
}

BOOST_AUTO_TEST_CASE(another_format_on_either_side_is_nonsense_also_later) {
  for (const bool input : {true, false}) {
    for (const bool later : {true, false}) {
      World w;
      if (later) {
        w.made_ready();
      } else {
        w.given(R"({"type":"session.created","session":{}})");
      }
      w.updated(input ? "audio/pcm" : "audio/pcmu", input ? "audio/pcmu" : "audio/pcm");
      BOOST_TEST(w.heard() == texts({"failed nonsense audio_format"}),
                 boost::test_tools::per_element());
      w.sent();
      w.session.hear(sound(20ms));
      BOOST_TEST(w.sent().empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_refused_hint_is_dropped_then_the_transcription_then_it_is_refused) {
  World w;
  w.given(R"({"type":"session.created","session":{}})");
  BOOST_TEST(w.wire.messages.back().find("languages") != std::string::npos);
  w.error("unknown_parameter", w.last_event_id(), "session.audio.input.transcription.languages");
  BOOST_TEST(w.wire.messages.back().find("languages") == std::string::npos);
  BOOST_TEST(w.wire.messages.back().find("gpt-transcribe") != std::string::npos);
  w.error("invalid_value", w.last_event_id(), "session.audio.input.transcription.model");
  BOOST_TEST(w.wire.messages.back().find(R"("transcription":null)") != std::string::npos);
  BOOST_TEST(w.wire.messages.size() == 3);
  w.error("invalid_value", w.last_event_id(), "");
  BOOST_TEST(w.heard() == texts({"complaint unknown_parameter", "complaint invalid_value",
                                 "failed refused invalid_value"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_refusal_of_anything_else_is_final) {
  World w;
  w.given(R"({"type":"session.created","session":{}})");
  w.error("unknown_parameter", w.last_event_id(), "session.voice");
  BOOST_TEST(w.heard() == texts({"failed refused unknown_parameter"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_opening_goes_with_the_instructions_and_only_once) {
  World w;
  w.made_ready();
  w.session.speak();
  BOOST_TEST(w.wire.messages.back().find(R"("instructions":"Sei Arthur.\n\nSaluta.")") !=
             std::string::npos);
  w.created("r1");
  w.delta("r1", "i1", 20ms);
  w.done("r1");
  w.sent();
  w.session.speak();
  BOOST_REQUIRE(w.wire.messages.size() == 1);
  BOOST_TEST(w.wire.messages.back().find("instructions") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_response_at_a_time_and_wishes_wait) {
  World w;
  w.made_ready();
  w.session.speak();
  BOOST_TEST(w.sent_types() == "response.create");
  w.session.speak();  // asked for already, not begun
  BOOST_TEST(w.sent().empty());
  w.created("r1");
  w.session.speak();
  BOOST_TEST(w.sent().empty());
  w.delta("r1", "i1", 20ms);
  w.done("r1");
  BOOST_TEST(w.sent_types() == "response.create");
  w.created("r2");
  w.delta("r2", "i2", 20ms);
  w.done("r2");
  BOOST_TEST(w.sent().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_of_the_server_s_own_accord_is_in_the_way_and_the_wish_comes_after) {
  World w;
  w.made_ready();
  w.session.speak();
  const std::string id = w.last_event_id();
  w.sent();
  w.error("conversation_already_has_active_response", id);
  BOOST_TEST(w.sent().empty());
  w.created("r1");
  w.done("r1");
  // The opening is not forgotten.
  BOOST_REQUIRE(w.wire.messages.size() == 1);
  BOOST_TEST(w.wire.messages.back().find("Saluta.") != std::string::npos);
  BOOST_TEST(w.heard() == texts({"done 0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sound_and_text_are_passed_on_by_item) {
  World w;
  w.made_ready();
  w.created("r1");
  w.delta("r1", "i1", 200ms);
  w.delta("r1", "i1", 40ms);
  w.delta("r0", "i0", 40ms);  // of nobody that was announced
  w.given(R"({"type":"response.output_audio_transcript.delta","response_id":"r1","item_id":"i1",)"
          R"("delta":"Buon"})");
  w.given(R"({"type":"response.output_audio.done","response_id":"r1","item_id":"i1"})");
  w.given(R"({"type":"response.output_audio_transcript.done","response_id":"r1","item_id":"i1",)"
          R"("transcript":"Buongiorno."})");
  w.done("r1", "completed", R"(,"usage":{"input_tokens":7})");
  BOOST_TEST(w.heard() == texts({"audio i1 200", "audio i1 40", "audio_done i1",
                                 "agent i1 Buongiorno.", "done 7"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_person_said_comes_late_and_says_what_it_followed) {
  World w;
  w.made_ready();
  w.speech_started();
  w.speech_stopped();
  w.given(R"({"type":"input_audio_buffer.committed","previous_item_id":"i1","item_id":"u1"})");
  w.created("r2");
  w.given(R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"u1",)"
          R"("transcript":"Pronto?"})");
  BOOST_TEST(w.heard() == texts({"started u1", "stopped u1", "callee u1 after i1 Pronto?"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(after_speech_began_the_response_is_not_heard_and_not_cancelled_by_us) {
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.delta("r1", "i1", 500ms);
  w.sent();
  w.heard();
  w.speech_started();
  w.session.interrupted("i1", 320ms);
  BOOST_TEST(w.wire.messages.back().find(
                 R"("item_id":"i1","content_index":0,"audio_end_ms":320)") != std::string::npos);
  BOOST_TEST(w.sent_types() == "conversation.item.truncate");
  w.delta("r1", "i1", 100ms);  // trailing
  w.given(R"({"type":"response.output_audio_transcript.delta","response_id":"r1","item_id":"i1",)"
          R"("delta":"Buong"})");
  w.done("r1", "cancelled");
  BOOST_TEST(w.heard() == texts({"started u1", "agent i1 Buong", "audio_done i1", "done 0"}),
             boost::test_tools::per_element());
  // The next one is heard.
  w.speech_stopped();
  w.created("r2");
  w.delta("r2", "i2", 20ms);
  BOOST_TEST(w.heard() == texts({"stopped u1", "audio i2 20"}), boost::test_tools::per_element());
  BOOST_TEST(w.sent().empty());
}

BOOST_AUTO_TEST_CASE(no_truncation_is_beyond_what_came_or_of_what_is_not_known) {
  World w;
  w.made_ready();
  w.created("r1");
  w.delta("r1", "i1", 100ms);
  w.done("r1");
  w.sent();
  w.session.interrupted("i1", 101ms);
  BOOST_TEST(between(w.wire.messages.back(), R"("audio_end_ms":)", "}") == "100");
  BOOST_TEST(w.sent_types() == "conversation.item.truncate");
  w.session.interrupted("i9", 5ms);
  BOOST_TEST(w.sent().empty());
}

BOOST_AUTO_TEST_CASE(without_speech_the_interruption_cancels_by_hand) {
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.delta("r1", "i1", 100ms);
  w.sent();
  w.session.interrupted("i1", 40ms);
  w.session.interrupted({}, 0ms);
  BOOST_TEST(w.sent_types() == "response.cancel conversation.item.truncate");
  w.session.hear_key('5');
  w.session.speak();
  BOOST_TEST(w.wire.messages.back().find(R"({\"pressed_key\":\"5\"})") != std::string::npos);
  BOOST_TEST(w.sent_types() == "conversation.item.create");
  w.error("response_cancel_not_active");
  w.done("r1", "cancelled");
  BOOST_TEST(w.sent_types() == "response.create");
}

BOOST_AUTO_TEST_CASE(
    a_response_that_was_asked_for_when_the_person_began_is_cancelled_at_its_birth) {
  World w;
  w.made_ready();
  w.session.speak();
  w.sent();
  w.speech_started();
  w.created("r1");
  BOOST_TEST(w.sent_types() == "response.cancel");
  w.delta("r1", "i1", 100ms);
  w.done("r1", "cancelled");
  BOOST_TEST(w.heard() == texts({"started u1", "done 0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_tools_of_a_turn_are_answered_before_one_response_is_asked_for) {
  World w;
  w.made_ready();
  w.created("r1");
  w.called("r1", "c1");
  w.called("r1", "c2");
  w.session.answer_tool("c1", "{}", true);
  BOOST_TEST(w.sent_types() == "conversation.item.create");
  // The end repeats both; each is told once.
  w.done(
      "r1", "completed",
      R"(,"output":[{"type":"function_call","status":"completed","call_id":"c1","name":"n",)"
      R"("arguments":""},{"type":"function_call","status":"completed","call_id":"c3","name":"n",)"
      R"("arguments":"{broken"}])");
  BOOST_TEST(w.heard() == texts({"tool c1 record_answer {}", "tool c2 record_answer {}",
                                 "tool c3 n {broken", "done 0"}),
             boost::test_tools::per_element());
  w.session.answer_tool("c2", "{}", false);
  w.session.answer_tool("c2", "{}", true);  // twice
  w.session.answer_tool("c9", "{}", true);  // nobody's
  BOOST_TEST(w.sent_types() == "conversation.item.create");
  w.session.answer_tool("c3", "{}", false);
  BOOST_TEST(w.sent_types() == "conversation.item.create response.create");
}

BOOST_AUTO_TEST_CASE(a_tool_that_the_person_interrupted_is_not_done) {
  World w;
  w.made_ready();
  w.created("r1");
  w.speech_started();
  w.heard();
  w.called("r1", "c1");
  BOOST_TEST(w.heard().empty());
  BOOST_TEST(w.wire.messages.back().find("interrupted by the person") != std::string::npos);
  BOOST_TEST(w.sent_types() == "conversation.item.create");
}

BOOST_AUTO_TEST_CASE(a_quota_that_is_nearly_used_up_is_told) {
  World w;
  w.made_ready();
  const auto limits = [&](const std::string& list) {
    w.given(R"({"type":"rate_limits.updated","rate_limits":[)" + list + "]}");
    return w.heard();
  };
  BOOST_TEST(limits(R"({"name":"tokens","limit":40000,"remaining":4000})").empty());
  BOOST_TEST(limits(R"({"name":"tokens","limit":40000})").empty());
  BOOST_TEST(limits(R"({"name":"tokens","remaining":5})").empty());
  BOOST_TEST(limits(R"({"name":"weather","limit":40000,"remaining":5})").empty());
  BOOST_TEST(limits(R"({"name":"requests","limit":100,"remaining":0},)"
                    R"({"name":"tokens","limit":40000,"remaining":3999})") ==
                 texts({"low 3999 of 40000 tokens", "low 0 of 100 requests"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_failed_response_is_tried_once_more) {
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.sent();
  const char* const server_error =
      R"(,"status_details":{"error":{"type":"server_error","code":"server_error"}})";
  w.done("r1", "failed", server_error);
  BOOST_REQUIRE(w.wire.messages.size() == 1);
  BOOST_TEST(w.wire.messages.back().find("Saluta.") != std::string::npos);
  w.created("r2");
  w.done("r2", "failed", server_error);
  BOOST_TEST(w.heard() == texts({"complaint server_error", "again", "done 0", "done 0",
                                 "failed silent server_error"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_response_that_fails_behind_its_first_words_is_paid_and_owed_again) {
  const char* const paid_and_failed =
      R"(,"usage":{"input_tokens":120,"output_tokens":30},"status_details":)"
      R"({"error":{"type":"server_error","code":"server_error"}})";
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.delta("r1", "i1", 20ms);
  w.sent();
  w.done("r1", "failed", paid_and_failed);
  BOOST_TEST(w.sent_types() == "response.create");
  BOOST_TEST(w.heard() == texts({"audio i1 20", "audio_done i1", "complaint server_error", "again",
                                 "done 120"}),
             boost::test_tools::per_element());
  // Whom the person interrupted, or who was to say no more, has nothing to say again.
  World interrupted;
  interrupted.made_ready();
  interrupted.created("r1");
  interrupted.delta("r1", "i1", 20ms);
  interrupted.speech_started();
  interrupted.done("r1", "failed", paid_and_failed);
  BOOST_TEST(interrupted.sent_types() == "");
  BOOST_TEST(interrupted.heard().back() == "done 120");
  World last;
  last.made_ready();
  last.created("r1");
  last.delta("r1", "i1", 20ms);
  last.session.say_no_more();
  last.done("r1", "failed", paid_and_failed);
  BOOST_TEST(last.sent_types() == "");
  BOOST_TEST(last.heard().back() == "done 120");
  // What makes no sense to try again is told behind what it has used.
  World limited;
  limited.made_ready();
  limited.created("r1");
  limited.done("r1", "failed",
               R"(,"usage":{"input_tokens":120},"status_details":)"
               R"({"error":{"type":"insufficient_quota","code":"insufficient_quota"}})");
  BOOST_TEST(limited.heard() == texts({"done 120", "failed limited insufficient_quota"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_response_that_brought_nothing_is_asked_for_once_more) {
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.sent();
  w.done("r1");
  BOOST_REQUIRE(w.wire.messages.size() == 1);
  BOOST_TEST(w.wire.messages.back().find("Saluta.") != std::string::npos);
  w.sent();
  w.created("r2");
  w.done("r2", "incomplete", R"(,"status_details":{"reason":"content_filter"})");
  BOOST_TEST(w.sent().empty());
  BOOST_TEST(w.heard() == texts({"complaint empty_response", "again", "done 0",
                                 "complaint content_filter", "done 0"}),
             boost::test_tools::per_element());
  // One that was interrupted, called something or was cancelled has not failed.
  w.created("r3");
  w.called("r3", "c1");
  w.done("r3");
  w.session.answer_tool("c1", "{}", false);
  w.created("r4");
  w.speech_started();
  w.done("r4", "cancelled");
  w.speech_stopped();
  BOOST_TEST(w.sent_types() == "conversation.item.create");
}

BOOST_AUTO_TEST_CASE(what_the_server_began_by_itself_is_asked_for_again_without_the_opening) {
  World w;
  w.made_ready();
  w.session.speak();
  w.created("r1");
  w.delta("r1", "i1", 20ms);
  w.done("r1");
  w.speech_started();
  w.speech_stopped();
  w.created("r2");
  w.sent();
  w.done("r2", "failed",
         R"(,"status_details":{"error":{"type":"server_error","code":"server_error"}})");
  BOOST_REQUIRE(w.wire.messages.size() == 1);
  BOOST_TEST(w.wire.messages.back().find("response.create") != std::string::npos);
  BOOST_TEST(w.wire.messages.back().find("Saluta.") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_speaks_is_not_talked_over_for_a_tool_s_answer) {
  World w;
  w.made_ready();
  w.created("r1");
  w.called("r1", "c1");
  w.done("r1");
  w.speech_started();
  w.session.answer_tool("c1", "{}", true);
  BOOST_TEST(w.sent_types() == "conversation.item.create");
  w.speech_stopped();
  BOOST_TEST(w.sent().empty());  // the server answers
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_for_where_the_server_is_about_to_answer_by_itself) {
  const auto waits = [](World& w) {
    w.made_ready();
    w.created("r1");
    w.called("r1", "c1");
    w.done("r1");
    w.speech_started();
    w.speech_stopped();
    w.sent();
  };
  {  // the tool's answer is spoken behind that
    World w;
    waits(w);
    w.session.answer_tool("c1", "{}", true);
    BOOST_TEST(w.sent_types() == "conversation.item.create");
    w.created("r2");
    w.delta("r2", "i2", 20ms);
    w.session.remind();  // it has begun
    BOOST_TEST(w.sent().empty());
    w.done("r2");
    BOOST_TEST(w.sent_types() == "response.create");
    w.session.remind();
    BOOST_TEST(w.sent().empty());
  }
  for (const bool answered : {true, false}) {  // no answer of its own begins
    World w;
    waits(w);
    w.session.answer_tool("c1", "{}", answered);
    w.sent();
    w.session.remind();
    BOOST_TEST(w.sent_types() == "response.create");
    w.created("r2");
    w.delta("r2", "i2", 20ms);
    w.done("r2");
    BOOST_TEST(w.sent().empty());
  }
  {  // they press a key, or go on
    World w;
    waits(w);
    w.session.answer_tool("c1", "{}", true);
    w.session.interrupted({}, 0ms);
    w.session.hear_key('5');
    w.sent();
    w.created("r2");
    BOOST_TEST(w.sent_types() == "response.cancel");
    w.done("r2", "cancelled");
    BOOST_TEST(w.sent().empty());
    w.session.speak();
    BOOST_TEST(w.sent_types() == "response.create");
    World none;
    waits(none);
    none.session.answer_tool("c1", "{}", false);
    none.session.interrupted({}, 0ms);
    none.sent();
    none.session.speak();
    none.created("r2");
    BOOST_TEST(none.sent_types() == "response.create");
    World goes_on;
    waits(goes_on);
    goes_on.session.answer_tool("c1", "{}", true);
    goes_on.speech_started();
    goes_on.session.remind();
    goes_on.session.speak();
    goes_on.speech_stopped();
    goes_on.created("r2");
    goes_on.delta("r2", "i2", 20ms);
    goes_on.done("r2");
    BOOST_TEST(goes_on.sent_types() == "conversation.item.create");
  }
  {  // what was asked for before they spoke is not what answers them
    World w;
    w.made_ready();
    w.session.speak();
    w.sent();
    w.speech_started();
    w.speech_stopped();
    w.created("r1");
    w.delta("r1", "i1", 20ms);
    BOOST_TEST(w.sent().empty());
    BOOST_TEST(w.heard().back() == "audio i1 20");
  }
}

BOOST_AUTO_TEST_CASE(behind_the_last_words_nothing_more_is_asked_for) {
  World w;
  w.made_ready();
  w.created("r1");
  w.called("r1", "c1");
  w.called("r1", "c2");
  w.session.answer_tool("c1", "{}", true);
  w.session.answer_tool("c2", "{}", false);  // it waits for the end of r1
  w.session.say_no_more();
  w.delta("r1", "i1", 20ms);
  w.done("r1");
  BOOST_TEST(w.sent_types() == "conversation.item.create conversation.item.create");
  // One that was asked for already is cancelled when it begins.
  w.session.speak();
  w.session.say_no_more();
  w.created("r2");
  BOOST_TEST(w.sent_types() == "response.create response.cancel");
}

BOOST_AUTO_TEST_CASE(errors_mean_what_the_table_says) {
  struct Row {
    const char* code;
    const char* type;
    const char* heard;
  };
  for (const Row& row : std::vector<Row>{
           {"response_cancel_not_active", "invalid_request_error", ""},
           {"input_audio_buffer_commit_empty", "invalid_request_error", ""},
           {"invalid_value", "invalid_request_error", "complaint invalid_value"},
           {"not a code!", "invalid_request_error", "complaint error"},
           {"session_expired", "invalid_request_error", "failed expired session_expired"},
           {"rate_limit_exceeded", "x", "failed limited rate_limit_exceeded"},
           {"insufficient_quota", "x", "failed limited insufficient_quota"},
           {"invalid_api_key", "x", "failed refused invalid_api_key"},
           {"model_not_found", "x", "failed refused model_not_found"},
       }) {
    World w;
    w.made_ready();
    w.error(row.code, "", "", row.type);
    const Texts heard = w.heard();
    BOOST_TEST((heard.empty() ? "" : heard.front()) == row.heard, row.code);
  }
}

BOOST_AUTO_TEST_CASE(a_response_that_ends_in_a_way_nobody_knows_is_over_all_the_same) {
  World w;
  w.made_ready();
  w.created("r1");
  w.delta("r1", "i1", 20ms);
  w.done("r1", "parked");
  BOOST_TEST(
      w.heard() == texts({"audio i1 20", "audio_done i1", "complaint unknown_status", "done 0"}),
      boost::test_tools::per_element());
  w.session.speak();
  BOOST_TEST(w.sent_types() == "response.create");
  // What the person broke off is incomplete for their sake.
  w.created("r2");
  w.speech_started();
  w.done("r2", "incomplete", R"(,"status_details":{"reason":"max_output_tokens"})");
  BOOST_TEST(w.heard() == texts({"started u1", "done 0"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ends_are_told_once_with_their_code) {
  struct Row {
    std::uint16_t code;
    const char* reason;
    const char* heard;
  };
  for (const Row& row : std::vector<Row>{
           {1000, "", "failed dropped close_1000"},
           {1001, "", "failed dropped close_1001"},
           {1006, "", "failed dropped close_1006"},
           {1011, "keepalive ping timeout, sorry", "failed dropped close_1011"},
           {1002, "", "failed refused protocol_error"},
           {1003, "", "failed refused unsupported_data"},
           {1007, "", "failed refused invalid_payload"},
           {1008, "", "failed refused policy_violation"},
           {1008, "Account deactivated, see the mail.", "failed refused policy_violation"},
           {1000, "Closed under our Content Policy", "failed refused policy_violation"},
           {1001, "content_policy_violation", "failed refused content_policy_violation"},
           {1009, "", "failed refused message_too_big"},
           {4000, "invalid_request_error.beta_api_shape_disabled",
            "failed refused invalid_request_error.beta_api_shape_disabled"},
       }) {
    World w;
    w.made_ready();
    w.session.ended(row.code, row.reason);
    w.session.ended(1006, "");
    w.error("session_expired");
    w.created("r9");
    BOOST_TEST(w.heard() == texts({row.heard}), boost::test_tools::per_element());
  }
  using voice::realtime::failure_of_upgrade;
  BOOST_TEST((failure_of_upgrade(401, R"({"error":{"code":"invalid_api_key"}})", "").fault ==
              voice::Fault::refused));
  BOOST_TEST(failure_of_upgrade(401, R"({"error":{"code":"invalid_api_key"}})", "").code ==
             "invalid_api_key");
  BOOST_TEST(failure_of_upgrade(404, "<html>", "").code == "http_404");
  BOOST_TEST((failure_of_upgrade(429, "", "").fault == voice::Fault::limited));
  BOOST_TEST((failure_of_upgrade(503, "", "").fault == voice::Fault::unreachable));
  BOOST_TEST((failure_of_upgrade(0, "", "no route").fault == voice::Fault::unreachable));
}

BOOST_AUTO_TEST_CASE(what_is_not_the_protocol_ends_it_and_what_is_unknown_does_not) {
  for (const char* nonsense : {"", "[]", "{}", R"({"type":"response.output_audio.delta"})"}) {
    World w;
    w.made_ready();
    w.given(nonsense);
    BOOST_TEST(w.heard().size() == 1);
    BOOST_TEST(w.session.over());
  }
  World w;
  w.made_ready();
  w.given(R"({"type":"output_audio_buffer.started"})");
  w.created("r1");
  w.given(R"({"type":"response.output_audio.delta","response_id":"r1","item_id":"i1",)"
          R"("delta":"not sound"})");
  BOOST_TEST(w.heard() == texts({"failed nonsense audio_delta"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(texts_and_calls_have_their_limits) {
  World w;
  w.made_ready();
  w.created("r1");
  w.delta("r1", "i1", 20ms);
  w.heard();
  const std::string piece(7'001, 'x');
  for (int i = 0; i < 4; ++i) {
    w.given(R"({"type":"response.output_audio_transcript.delta","response_id":"r1","item_id":"i1",)"
            R"("delta":")" +
            piece + "\xc3\xa8\"}");
  }
  w.done("r1");
  const Texts heard = w.heard();
  BOOST_REQUIRE(heard.size() == 3);
  BOOST_TEST(heard[0].size() <= 9 + voice::realtime::Session::text_bytes_max);
  BOOST_TEST(heard[0].size() > 9 + voice::realtime::Session::text_bytes_max - 4);
  for (int i = 0; i < 33; ++i) w.called("r2", "c" + std::to_string(i));
  BOOST_TEST(w.heard().back() == "failed nonsense too_many_calls");
}

BOOST_AUTO_TEST_SUITE_END()
