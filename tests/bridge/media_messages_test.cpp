// The messages of Media Streams: what is read of them, what is refused and why, and what is written
// (protocols.md 5.1, 5.2).
#include <boost/test/unit_test.hpp>
#include <string>
#include <variant>

#include "bridge/media/twilio_stream.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "tests/bridge/media_doubles.hpp"

BOOST_AUTO_TEST_SUITE(media_messages)

using namespace bridge::testing;
namespace twilio = bridge::media::twilio;

namespace {

struct Read {
  twilio::Reader reader{};
  Padded kept{""};
  twilio::Message operator()(std::string_view text) {
    kept = Padded(text);
    return reader.read(kept.view());
  }
  std::string why(std::string_view text) {
    const auto message = (*this)(text);
    const auto* const wrong = std::get_if<twilio::Wrong>(&message);
    return wrong == nullptr ? "" : wrong->why;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_the_manual_shows_is_read) {
  Read read;
  BOOST_TEST(std::holds_alternative<twilio::Connected>(
      read(R"({"event":"connected","protocol":"Call","version":"1.0.0"})")));

  const auto start = read(start_message("one-time-9c1e"));
  BOOST_REQUIRE(std::holds_alternative<twilio::Start>(start));
  BOOST_TEST(std::get<twilio::Start>(start).stream_sid == stream_sid);
  BOOST_TEST(std::get<twilio::Start>(start).call_sid == call_sid);
  BOOST_TEST(std::get<twilio::Start>(start).account_sid == account_sid);
  BOOST_TEST(std::get<twilio::Start>(start).token == "one-time-9c1e");

  const auto media = read(media_message(2, 25, "//7+fn5+/v8="));
  BOOST_REQUIRE(std::holds_alternative<twilio::Media>(media));
  BOOST_TEST(std::get<twilio::Media>(media).stream_sid == stream_sid);
  BOOST_TEST(std::get<twilio::Media>(media).chunk == 2);
  BOOST_TEST(std::get<twilio::Media>(media).timestamp == 25);
  BOOST_TEST(std::get<twilio::Media>(media).base64 == "//7+fn5+/v8=");

  const auto key = read(R"({"event":"dtmf","sequenceNumber":"61","streamSid":"MZ",)"
                        R"("dtmf":{"track":"inbound_track","digit":"5"}})");
  BOOST_REQUIRE(std::holds_alternative<twilio::Key>(key));
  BOOST_TEST(std::get<twilio::Key>(key).digit == '5');
  BOOST_TEST(std::get<twilio::Key>(key).stream_sid == "MZ");

  const auto mark = read(mark_message("3:7"));
  BOOST_REQUIRE(std::holds_alternative<twilio::Mark>(mark));
  BOOST_TEST(std::get<twilio::Mark>(mark).name == "3:7");
  BOOST_TEST(std::get<twilio::Mark>(mark).stream_sid == stream_sid);

  BOOST_TEST(std::holds_alternative<twilio::Stop>(read(
      R"({"event":"stop","sequenceNumber":"412","stop":{"accountSid":"AC","callSid":"CA"}})")));
}

BOOST_AUTO_TEST_CASE(counters_may_be_numbers_and_members_in_any_order) {
  Read read;
  const auto media =
      read(R"( {"media" : {"payload":"AAAA","timestamp":40,"chunk":3} , "event":"media"} )");
  BOOST_REQUIRE(std::holds_alternative<twilio::Media>(media));
  BOOST_TEST(std::get<twilio::Media>(media).chunk == 3);
  BOOST_TEST(std::get<twilio::Media>(media).timestamp == 40);
  // Escapes lead to the careful reader, which reads the same.
  const auto escaped = read(R"({"event":"media","x":"\"","media":{"payload":"AAA\u0041"}})");
  BOOST_REQUIRE(std::holds_alternative<twilio::Media>(escaped));
  BOOST_TEST(std::get<twilio::Media>(escaped).base64 == "AAAA");
  BOOST_TEST(std::get<twilio::Media>(escaped).timestamp == -1);
}

BOOST_AUTO_TEST_CASE(null_is_as_if_it_were_missing) {
  Read read;
  const auto media =
      read(R"({"event":"media","sequenceNumber":null,"streamSid":null,"media":{"track":null,)"
           R"("chunk":null,"timestamp":null,"payload":"AAAA"}})");
  BOOST_REQUIRE(std::holds_alternative<twilio::Media>(media));
  BOOST_TEST(std::get<twilio::Media>(media).stream_sid.empty());
  BOOST_TEST(std::get<twilio::Media>(media).chunk == 0);
  BOOST_TEST(std::get<twilio::Media>(media).timestamp == -1);
  auto text = start_message();
  text.replace(text.find(R"({"token":"one-time"})"), 20, "null");
  text.replace(text.find(R"("channels":1)"), 12, R"("channels":null)");
  const auto start = read(text);
  BOOST_REQUIRE(std::holds_alternative<twilio::Start>(start));
  BOOST_TEST(std::get<twilio::Start>(start).token.empty());
  BOOST_TEST(std::get<twilio::Start>(start).mu_law);
  BOOST_TEST(std::holds_alternative<twilio::Stop>(
      read(R"({"event":"stop","streamSid":null,"stop":null})")));
}

BOOST_AUTO_TEST_CASE(a_start_says_whether_its_sound_is_mu_law) {
  Read read;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"audio/x-mulaw", "audio/x-alaw"},
           {"audio/x-mulaw", "audio/l16"},
           {"\"sampleRate\":8000", "\"sampleRate\":16000"},
           {"\"sampleRate\":8000", "\"sampleRate\":null"},
           {"\"channels\":1", "\"channels\":2"},
           {"mediaFormat", "anotherFormat"}}) {
    auto text = start_message();
    text.replace(text.find(from), from.size(), to);
    const auto start = read(text);
    BOOST_REQUIRE(std::holds_alternative<twilio::Start>(start));
    BOOST_TEST(!std::get<twilio::Start>(start).mu_law, to);
  }
}

BOOST_AUTO_TEST_CASE(what_nobody_knows_is_ignored) {
  Read read;
  for (const char* text :
       {R"({"event":"weather","media":{"payload":7}})", R"({"event":"close"})",
        R"({"event":"media","media":{"track":"outbound","chunk":"1","payload":"AAAA"}})"}) {
    BOOST_TEST(std::holds_alternative<twilio::Ignored>(read(text)), text);
  }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_says_what) {
  Read read;
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {"{", "no JSON object"},
      {R"({"event":"media","media":{"payload":"AAAA"}} x)", "no JSON object"},
      {"{}", "a message without an event"},
      {R"({"event":7})", "a message without an event"},
      {R"({"event":"media"})", "a media without its object"},
      {R"({"event":"media","media":{}})", "a media without a payload"},
      {R"({"event":"media","media":{"payload":"AAA"}})", "a media whose payload is not base64"},
      {R"({"event":"media","media":{"payload":"AA=A"}})", "a media whose payload is not base64"},
      {R"({"event":"media","media":{"payload":"A\"}}"}})", "a media whose payload is not base64"},
      {R"({"event":"media","media":{"payload":"AAAA","chunk":"x"}})",
       "a media whose counters are none"},
      {R"({"event":"media","media":{"payload":"AAAA","timestamp":-1}})",
       "a media whose counters are none"},
      {R"({"event":"media","media":{"payload":"AAAA","timestamp":"99999999999999999"}})",
       "a media whose counters are none"},
      {R"({"event":"dtmf"})", "a dtmf without its object"},
      {R"({"event":"dtmf","dtmf":{"digit":"12"}})", "a dtmf without a key"},
      {R"({"event":"mark"})", "a mark without its object"},
      {R"({"event":"start"})", "a start without its object"},
      {start_message("t", "MZ1"), "a start without a streamSid"},
      {start_message(std::string(501, 't')), "a start with a token that is too long"},
  };
  for (const auto& [text, why] : table) BOOST_TEST(read.why(text) == why, text);
}

BOOST_AUTO_TEST_CASE(exactly_the_fields_of_the_manual_are_written) {
  std::string out;
  twilio::append_media(out, "MZ1", "f39/");
  BOOST_TEST(out == R"({"event":"media","streamSid":"MZ1","media":{"payload":"f39/"}})");
  out.clear();
  twilio::append_mark(out, "MZ1", "3:7");
  BOOST_TEST(out == R"({"event":"mark","streamSid":"MZ1","mark":{"name":"3:7"}})");
  out.clear();
  twilio::append_clear(out, "MZ1");
  BOOST_TEST(out == R"({"event":"clear","streamSid":"MZ1"})");
}

BOOST_AUTO_TEST_CASE(loudness_is_the_segment_of_mu_law) {
  using bridge::voice::loudness;
  const auto frame = [](unsigned char byte, std::size_t bytes = 160) {
    return bridge::rehearsal::base64(std::string(bytes, static_cast<char>(byte)));
  };
  for (int byte = 0; byte < 256; ++byte) {
    const int segment = 7 - (byte >> 4 & 7);
    for (const std::size_t bytes : {3U, 40U, 160U, 161U, 162U, 3'200U}) {
      BOOST_TEST(loudness(frame(static_cast<unsigned char>(byte), bytes)) == segment);
    }
  }
  // Loud for a moment, wherever in it, however long it is.
  for (const std::size_t size : {160U, 3'200U}) {
    for (std::size_t at = 0; at + 30 < size; at += 10) {
      std::string bytes(size, '\xFF');
      bytes.replace(at, 30, 30, '\x9C');
      BOOST_TEST(loudness(bridge::rehearsal::base64(bytes)) == 6);
    }
  }
  BOOST_TEST(loudness("") == 0);
}

BOOST_AUTO_TEST_CASE(sound_is_measured_and_looked_at_without_decoding) {
  using bridge::voice::audio_bytes;
  using bridge::voice::is_audio_text;
  for (const int ms : {0, 1, 2, 5, 20, 21, 250, 400, 1000}) {
    const std::string text = sound(milliseconds(ms));
    BOOST_TEST(is_audio_text(text));
    BOOST_TEST(audio_bytes(text) == static_cast<std::size_t>(ms) * 8);
    std::string silence;
    bridge::voice::append_silence(silence, milliseconds(ms));
    BOOST_TEST(is_audio_text(silence));
    BOOST_TEST(audio_bytes(silence) == static_cast<std::size_t>(ms) * 8);
  }
  // Every character but those of the alphabet, at every place of a longer text.
  const std::string good(132, 'z');
  for (int c = 0; c < 256; ++c) {
    const std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char character = static_cast<char>(c);
    const bool fits = alphabet.find(character) != std::string_view::npos;
    for (const std::size_t place : {0U, 31U, 32U, 63U, 64U, 100U}) {
      std::string text = good;
      text[place] = character;
      BOOST_TEST(is_audio_text(text) == fits);
    }
  }
  BOOST_TEST(!is_audio_text("===="));
  BOOST_TEST(!is_audio_text("A==="));
}

BOOST_AUTO_TEST_SUITE_END()
