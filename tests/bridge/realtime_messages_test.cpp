// The messages of the Realtime protocol: what is read of them, and what is written, field by field
// (protocols.md 6.2 to 6.7).
#include <boost/test/unit_test.hpp>
#include <string>
#include <variant>

#include "bridge/voice/realtime_messages.hpp"
#include "tests/bridge/media_doubles.hpp"

BOOST_AUTO_TEST_SUITE(realtime_messages)

using namespace bridge::testing;
namespace realtime = bridge::voice::realtime;

namespace {

struct Read {
  realtime::Reader reader{};
  Padded kept{""};
  realtime::ServerEvent operator()(std::string_view text) {
    kept = Padded(text);
    return reader.read(kept.view());
  }
  std::string why(std::string_view text) {
    const auto event = (*this)(text);
    const auto* const wrong = std::get_if<realtime::Wrong>(&event);
    return wrong == nullptr ? "" : wrong->why;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_the_manual_shows_is_read) {
  Read read;
  BOOST_TEST(std::holds_alternative<realtime::SessionCreated>(read(
      R"({"type":"session.created","event_id":"e","session":{"type":"realtime","audio":null}})")));
  const auto updated = read(
      R"({"type":"session.updated","event_id":"e","session":{"tools":[],"audio":{"input":{"format":)"
      R"({"type":"audio/pcmu"},"transcription":null},"output":{"format":{"type":"audio/pcm",)"
      R"("rate":24000},"voice":"marin"}}}})");
  BOOST_REQUIRE(std::holds_alternative<realtime::SessionUpdated>(updated));
  BOOST_TEST(std::get<realtime::SessionUpdated>(updated).input_format == "audio/pcmu");
  BOOST_TEST(std::get<realtime::SessionUpdated>(updated).output_format == "audio/pcm");

  const auto delta =
      read(R"({"type":"response.output_audio.delta","event_id":"event_D1","response_id":"resp_B1",)"
           R"("item_id":"item_B2","output_index":0,"content_index":0,"delta":"f39/f39/fn5+"})");
  BOOST_REQUIRE(std::holds_alternative<realtime::AudioDelta>(delta));
  BOOST_TEST(std::get<realtime::AudioDelta>(delta).response == "resp_B1");
  BOOST_TEST(std::get<realtime::AudioDelta>(delta).item == "item_B2");
  BOOST_TEST(std::get<realtime::AudioDelta>(delta).base64 == "f39/f39/fn5+");

  const auto text =
      read(R"({"type":"response.output_audio_transcript.done","response_id":"r","item_id":"i",)"
           R"("transcript":"Buongiorno, \"signora\" \u00e8"})");
  BOOST_REQUIRE(std::holds_alternative<realtime::TextDone>(text));
  BOOST_TEST(std::get<realtime::TextDone>(text).text == "Buongiorno, \"signora\" \xc3\xa8");

  const auto failed =
      read(R"({"type":"conversation.item.input_audio_transcription.failed","item_id":"item_U4",)"
           R"("error":{"type":"transcription_error","code":"audio_unintelligible","param":null}})");
  BOOST_REQUIRE(std::holds_alternative<realtime::CalleeTextFailed>(failed));
  BOOST_TEST(std::get<realtime::CalleeTextFailed>(failed).code == "audio_unintelligible");

  const auto limits = read(R"({"type":"rate_limits.updated","rate_limits":[{"name":"tokens",)"
                           R"("limit":40000,"remaining":39500,"reset_seconds":0.75}]})");
  BOOST_REQUIRE(std::holds_alternative<realtime::RateLimits>(limits));
  BOOST_TEST(std::get<realtime::RateLimits>(limits).tokens.limit == 40000);
  BOOST_TEST(std::get<realtime::RateLimits>(limits).tokens.remaining == 39500);
  BOOST_TEST(std::get<realtime::RateLimits>(limits).requests.remaining == -1);

  const auto error =
      read(R"({"type":"error","error":{"type":"invalid_request_error","code":"unknown_parameter",)"
           R"("message":"M","param":"session.voice","event_id":"su-1"}})");
  BOOST_REQUIRE(std::holds_alternative<realtime::Error>(error));
  BOOST_TEST(std::get<realtime::Error>(error).code == "unknown_parameter");
  BOOST_TEST(std::get<realtime::Error>(error).param == "session.voice");
  BOOST_TEST(std::get<realtime::Error>(error).event_id == "su-1");
}

BOOST_AUTO_TEST_CASE(a_response_s_end_brings_its_usage_and_its_whole_calls) {
  Read read;
  const auto event = read(
      R"({"type":"response.done","event_id":"e","response":{"id":"resp_B1","status":"failed",)"
      R"("status_details":{"type":"failed","error":{"type":"server_error","code":null}},)"
      R"("output":[{"id":"i1","type":"message","status":"completed","content":[{"transcript":"x"}]},)"
      R"({"type":"function_call","status":"completed","call_id":"c1","name":"end_call",)"
      R"("arguments":"{\"reason\":\"done\"}"},{"type":"function_call","status":"incomplete",)"
      R"("call_id":"c2","name":"end_call","arguments":"{"}],"usage":{"total_tokens":260,)"
      R"("input_tokens":150,"output_tokens":110,"input_token_details":{"audio_tokens":20,)"
      R"("cached_tokens":64,"cached_tokens_details":{"audio_tokens":1}},)"
      R"("output_token_details":{"text_tokens":28,"audio_tokens":82}}}})");
  BOOST_REQUIRE(std::holds_alternative<realtime::ResponseDone>(event));
  const auto& done = std::get<realtime::ResponseDone>(event);
  BOOST_TEST(done.response == "resp_B1");
  BOOST_TEST((done.status == realtime::Status::failed));
  BOOST_TEST(done.error_type == "server_error");
  BOOST_TEST(done.error_code.empty());
  BOOST_REQUIRE(done.calls.size() == 1);
  BOOST_TEST(done.calls[0].call_id == "c1");
  BOOST_TEST(done.calls[0].arguments == R"({"reason":"done"})");
  BOOST_TEST(done.usage.input_tokens == 150);
  BOOST_TEST(done.usage.output_tokens == 110);
  BOOST_TEST(done.usage.input_audio_tokens == 20);
  BOOST_TEST(done.usage.output_audio_tokens == 82);
  BOOST_TEST(done.usage.cached_tokens == 64);
  BOOST_TEST(done.usage.cached_audio_tokens == 1);
}

BOOST_AUTO_TEST_CASE(a_response_may_end_in_a_way_that_is_newer_than_we_are) {
  Read read;
  const auto done = [&](const std::string& members) {
    const auto event = read(R"({"type":"response.done","response":{"id":"r",)" + members + "}}");
    BOOST_REQUIRE(std::holds_alternative<realtime::ResponseDone>(event));
    return std::get<realtime::ResponseDone>(event);
  };
  BOOST_TEST((done(R"("status":"odd")").status == realtime::Status::unknown));
  BOOST_TEST((done(R"("status":null)").status == realtime::Status::unknown));
  const auto cut = done(R"("status":"incomplete","status_details":{"type":"incomplete",)"
                        R"("reason":"content_filter"})");
  BOOST_TEST((cut.status == realtime::Status::incomplete));
  BOOST_TEST(cut.reason == "content_filter");
}

BOOST_AUTO_TEST_CASE(null_is_as_if_it_were_missing) {
  Read read;
  const auto done = read(
      R"({"type":"response.done","event_id":null,"response":{"id":"r","status":"completed",)"
      R"("status_details":null,"conversation_id":null,"output":null,"usage":null,"metadata":null}})");
  BOOST_REQUIRE(std::holds_alternative<realtime::ResponseDone>(done));
  BOOST_TEST(std::get<realtime::ResponseDone>(done).usage.input_tokens == 0);
  const auto used =
      read(R"({"type":"response.done","response":{"id":"r","status":"cancelled","status_details":)"
           R"({"reason":null,"error":null},"usage":{"input_tokens":7,"output_tokens":null,)"
           R"("input_token_details":null,"output_token_details":{"audio_tokens":null}}}})");
  BOOST_TEST(std::get<realtime::ResponseDone>(used).usage.input_tokens == 7);
  const auto error = read(
      R"({"type":"error","error":{"type":"server_error","code":null,"param":null,"event_id":null}})");
  BOOST_TEST(std::get<realtime::Error>(error).type == "server_error");
  const auto committed =
      read(R"({"type":"input_audio_buffer.committed","previous_item_id":null,"item_id":"u1"})");
  BOOST_TEST(std::get<realtime::Committed>(committed).previous.empty());
  const auto failed = read(
      R"({"type":"conversation.item.input_audio_transcription.failed","item_id":"u1","error":null})");
  BOOST_TEST(std::get<realtime::CalleeTextFailed>(failed).code.empty());
  const auto delta = read(
      R"({"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":null})");
  BOOST_TEST(std::get<realtime::AudioDelta>(delta).base64.empty());
  const auto limits =
      read(R"({"type":"rate_limits.updated","rate_limits":[{"name":null},{"name":"tokens",)"
           R"("limit":9,"remaining":null}]})");
  BOOST_TEST(std::get<realtime::RateLimits>(limits).tokens.limit == 9);
  const auto updated =
      read(R"({"type":"session.updated","session":{"audio":{"input":null,"output":null}}})");
  BOOST_TEST(std::get<realtime::SessionUpdated>(updated).input_format.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_needed_is_ignored_and_what_is_wrong_says_what) {
  Read read;
  for (const char* text :
       {R"({"type":"response.mcp_call.completed","item":{"type":"mcp_call"}})",
        R"({"type":"conversation.item.added","item":{"id":"i","type":"message"}})",
        R"({"type":"response.output_item.done","item":{"type":"function_call","status":)"
        R"("in_progress","call_id":"c","name":"n"}})",
        R"({"type":"anything","delta":"x","nested":[[{"a":1.5e3}]]})"}) {
    BOOST_TEST(std::holds_alternative<realtime::Ignored>(read(text)), text);
  }
  const std::string long_id(129, 'i');
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "no JSON object"},
      {"[1]", "no JSON object"},
      {R"({"type":"error")", "no JSON object"},
      {R"({"type":"error" "x"})", "no JSON"},
      {R"({"type":"error"} {})", "something behind the object"},
      {"{}", "a message without a type"},
      {R"({"type":7})", "a type that is no text"},
      {R"({"type":"response.output_audio.delta","delta":"AAAA"})", "an audio delta of nobody"},
      {R"({"type":"response.output_audio.delta","item_id":7})", "an item_id that is none"},
      {R"({"type":"response.output_audio.delta","item_id":")" + long_id +
           R"(","response_id":"r","delta":"AAAA"})",
       "an item_id that is none"},
      {R"({"type":"response.created","response":{}})", "response.created without its id"},
  };
  for (const auto& [text, why] : table) BOOST_TEST(read.why(text) == why, text);

  std::string calls =
      R"({"type":"response.done","response":{"id":"r","status":"completed","output":[)";
  for (int i = 0; i < 17; ++i) {
    calls += std::string(i == 0 ? "" : ",") + R"({"type":"function_call","status":"completed",)" +
             R"("call_id":"c","name":"n","arguments":""})";
  }
  BOOST_TEST(read.why(calls + "]}}") == "more calls of functions than one response may have");
}

BOOST_AUTO_TEST_CASE(the_configuration_says_everything_and_mu_law_without_a_rate) {
  bridge::voice::Agent agent = arthur();
  agent.instructions = "Di' \"ciao\".\n";
  const auto update = [&](realtime::Transcription transcription) {
    std::string out;
    realtime::append_session_update(out, "su-1", agent, transcription);
    return out;
  };
  const std::string head =
      R"({"type":"session.update","event_id":"su-1","session":{"type":"realtime",)"
      R"("output_modalities":["audio"],"instructions":"Di' \"ciao\".\n","audio":{"input":)"
      R"({"format":{"type":"audio/pcmu"},"transcription":)";
  const std::string tail =
      R"(,"noise_reduction":null,"turn_detection":{"type":"server_vad","threshold":0.5,)"
      R"("prefix_padding_ms":300,"silence_duration_ms":500,"create_response":true,)"
      R"("interrupt_response":true}},"output":{"format":{"type":"audio/pcmu"},"voice":"marin",)"
      R"("speed":1.0}},"tools":[{"type":"function","name":"end_call","description":"Ends it.",)"
      R"("parameters":{"type":"object"}}],"tool_choice":"auto","max_output_tokens":4096}})";
  using realtime::Transcription;
  BOOST_TEST(update(Transcription::with_language) ==
             head + R"({"model":"gpt-transcribe","languages":["it"]})" + tail);
  BOOST_TEST(update(Transcription::without_language) ==
             head + R"({"model":"gpt-transcribe"})" + tail);
  BOOST_TEST(update(Transcription::none) == head + "null" + tail);
  agent.transcription_model = "gpt-realtime-whisper";
  BOOST_TEST(update(Transcription::with_language) ==
             head + R"({"model":"gpt-realtime-whisper","language":"it"})" + tail);
}

BOOST_AUTO_TEST_CASE(the_other_messages_are_written_as_the_manual_shows_them) {
  const auto written = [](auto append, auto... arguments) {
    std::string out;
    append(out, arguments...);
    return out;
  };
  BOOST_TEST(written(realtime::append_audio, "//7+") ==
             R"({"type":"input_audio_buffer.append","audio":"//7+"})");
  BOOST_TEST(written(realtime::append_text_item, "it-1", realtime::Author::user, "a\"b\x01") ==
             R"({"type":"conversation.item.create","event_id":"it-1","item":{"type":"message",)"
             R"("role":"user","content":[{"type":"input_text","text":"a\"b\u0001"}]}})");
  BOOST_TEST(written(realtime::append_function_output, "fo-1", "call_Q7", R"({"ok":true})") ==
             R"({"type":"conversation.item.create","event_id":"fo-1","item":)"
             R"({"type":"function_call_output","call_id":"call_Q7","output":"{\"ok\":true}"}})");
  BOOST_TEST(written(realtime::append_response_create, "rc-1", "") ==
             R"({"type":"response.create","event_id":"rc-1"})");
  BOOST_TEST(
      written(realtime::append_response_create, "rc-1", "Saluta.") ==
      R"({"type":"response.create","event_id":"rc-1","response":{"instructions":"Saluta."}})");
  BOOST_TEST(written(realtime::append_response_cancel, "rx-1", "resp_B1") ==
             R"({"type":"response.cancel","event_id":"rx-1","response_id":"resp_B1"})");
  BOOST_TEST(written(realtime::append_truncate, "tr-1", "item_B2", 1480) ==
             R"({"type":"conversation.item.truncate","event_id":"tr-1","item_id":"item_B2",)"
             R"("content_index":0,"audio_end_ms":1480})");
}

BOOST_AUTO_TEST_SUITE_END()
