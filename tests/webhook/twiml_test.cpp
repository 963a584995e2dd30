#include "webhook/twiml.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <pugixml.hpp>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/rehearsal/twiml.hpp"

BOOST_AUTO_TEST_SUITE(twiml)

using namespace campaigns;
using webhook::write_twiml;

namespace {

const webhook::DocumentUrls answer_url{
    .answer = "https://voice.example.test/survey-answer/visite.7.1-0f"};

Ask question(std::vector<Say> prompts) {
  Ask ask;
  ask.prompts = std::move(prompts);
  ask.language = "it-IT";
  ask.hints = {"sì", "no"};
  ask.question = "conferma";
  ask.turn = 3;
  return ask;
}

// Parsed with everything kept: comments, instructions, CDATA, blanks.
struct Parsed {
  pugi::xml_document tree{};
  explicit Parsed(const std::string& text) {
    const auto result = tree.load_buffer(
        text.data(), text.size(), pugi::parse_full | pugi::parse_ws_pcdata, pugi::encoding_utf8);
    BOOST_REQUIRE_MESSAGE(result, result.description() << " in " << text);
  }
  pugi::xml_node response() const { return tree.child("Response"); }
};

// Names of all elements, depth first; "?" for any node that is neither element nor text.
std::string shape(const pugi::xml_node& node) {
  std::string names;
  for (const pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_pcdata) continue;
    if (!names.empty()) names += ' ';
    names += child.type() == pugi::node_element ? child.name() : "?";
    if (const std::string inside = shape(child); !inside.empty()) names += '(' + inside + ')';
  }
  return names;
}

std::string all_said(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node say : node.children("Say")) text += say.child_value();
  return text;
}

void check_readable(const std::string& document) {
  const auto read = bridge::rehearsal::read_twiml(document);
  const auto* bad = std::get_if<bridge::rehearsal::BadTwiml>(&read);
  BOOST_TEST(bad == nullptr, "error " << (bad ? bad->code : 0) << " for " << document);
}

// A piece of text and what an XML document can carry of it.
struct Piece {
  std::string_view raw{};
  std::string_view survives{};
};
using namespace std::string_view_literals;
const std::array<Piece, 34> nasty{
    {{"]]><Hangup/>"sv, "]]><Hangup/>"sv},
     {"</Say><Dial>+39</Dial><Say>"sv, "</Say><Dial>+39</Dial><Say>"sv},
     {"</Response>"sv, "</Response>"sv},
     {"<!-- -->"sv, "<!-- -->"sv},
     {"--"sv, "--"sv},
     {"<![CDATA[x]]>"sv, "<![CDATA[x]]>"sv},
     {"<?pi x?>"sv, "<?pi x?>"sv},
     {"<!DOCTYPE a [<!ENTITY b \"c\">]>"sv, "<!DOCTYPE a [<!ENTITY b \"c\">]>"sv},
     {"&"sv, "&"sv},
     {"&amp;"sv, "&amp;"sv},
     {"&lt;"sv, "&lt;"sv},
     {"&#60;"sv, "&#60;"sv},
     {"&#0;"sv, "&#0;"sv},
     {"&b;"sv, "&b;"sv},
     {"\""sv, "\""sv},
     {"'"sv, "'"sv},
     {"\" loop=\"0"sv, "\" loop=\"0"sv},
     {"<"sv, "<"sv},
     {">"sv, ">"sv},
     {" "sv, " "sv},
     {"\t"sv, "\t"sv},
     {"\n"sv, "\n"sv},
     {"\r"sv, "\r"sv},
     {"\r\n"sv, "\r\n"sv},
     {"\0"sv, ""sv},
     {"\x01\x08\x0b\x1f"sv, ""sv},
     {"\xff\xfe"sv, ""sv},
     {"\xc3("sv, "("sv},
     {"\xed\xa0\x80"sv, ""sv},
     {"\xef\xbf\xbe"sv, ""sv},
     {"😀"sv, "😀"sv},
     {"però"sv, "però"sv},
     {"\x7f"sv, "\x7f"sv},
     {"{{nome}}"sv, "{{nome}}"sv}}};

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_has_the_shape_that_people_know) {
  const auto document = message_document("Ciao! Tutto bene.", "it-IT", "alice");
  BOOST_TEST(write_twiml(document, {}) ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Say language=\"it-IT\" voice=\"alice\">Ciao! Tutto bene.</Say>"
             "<Pause length=\"1\"/><Hangup/></Response>");
}

BOOST_AUTO_TEST_CASE(a_question_is_a_gather_around_its_prompts) {
  const CallDocument document{Say{"Buongiorno.", "it-IT", ""},
                              question({{"Non ho sentito.", "it-IT", "Polly.Bianca"},
                                        {"Conferma?", "it-IT", "Polly.Bianca"}})};
  const std::string text = write_twiml(document, answer_url);
  BOOST_TEST(text ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Say language=\"it-IT\">Buongiorno.</Say>"
             "<Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"6\" speechTimeout=\"auto\""
             " language=\"it-IT\" hints=\"sì,no\" action=\"" +
                 answer_url.answer +
                 "/conferma/3\" method=\"POST\" actionOnEmptyResult=\"true\">"
                 "<Say language=\"it-IT\" voice=\"Polly.Bianca\">Non ho sentito.</Say>"
                 "<Say language=\"it-IT\" voice=\"Polly.Bianca\">Conferma?</Say>"
                 "</Gather></Response>");
  check_readable(text);
}

BOOST_AUTO_TEST_CASE(a_gather_that_does_not_tell_silence_lets_the_next_verb_follow) {
  Ask ask = question({{"Avviso.", "it-IT", ""}});
  ask.tells_silence = false;
  const std::string text = write_twiml({ask, campaigns::Pause{1}}, answer_url);
  BOOST_TEST(text.find("actionOnEmptyResult") == std::string::npos, text);
  check_readable(text);
}

BOOST_AUTO_TEST_CASE(a_gather_asks_for_what_the_question_takes) {
  Ask ask = question({{"Quanti?", "it-IT", ""}});
  ask.digits = 0;
  std::string text = write_twiml({ask}, answer_url);
  const auto attribute = [](const Parsed& parsed, const char* name) {
    return std::string(parsed.response().child("Gather").attribute(name).as_string("(none)"));
  };
  {
    const Parsed parsed(text);
    BOOST_TEST(attribute(parsed, "finishOnKey") == "#");
    BOOST_TEST(attribute(parsed, "numDigits") == "(none)");
    check_readable(text);
  }
  ask.by_speech = false;
  text = write_twiml({ask}, answer_url);
  {
    const Parsed parsed(text);
    BOOST_TEST(attribute(parsed, "input") == "dtmf");
    BOOST_TEST(attribute(parsed, "speechTimeout") == "(none)");
    BOOST_TEST(attribute(parsed, "hints") == "(none)");
    check_readable(text);
  }
  ask.by_speech = true;
  ask.by_key = false;
  text = write_twiml({ask}, answer_url);
  {
    const Parsed parsed(text);
    BOOST_TEST(attribute(parsed, "input") == "speech");
    BOOST_TEST(attribute(parsed, "finishOnKey") == "(none)");
    BOOST_TEST(attribute(parsed, "numDigits") == "(none)");
    check_readable(text);
  }
}

BOOST_AUTO_TEST_CASE(no_text_becomes_an_element_and_every_text_survives) {
  std::mt19937 chance(20260302);
  for (int round = 0; round < 2000; ++round) {
    std::string raw = "x";
    std::string survives = "x";
    for (std::size_t pieces = chance() % 12; pieces > 0; --pieces) {
      const Piece& piece = nasty[chance() % nasty.size()];
      raw += piece.raw;
      survives += piece.survives;
    }
    const CallDocument document{Say{raw, "it-IT", ""}, question({{raw, "it-IT", ""}}), Pause{1},
                                Hangup{}};
    const std::string text = write_twiml(document, answer_url);
    const Parsed parsed(text);
    BOOST_TEST(shape(parsed.tree) == "? Response(Say Gather(Say) Pause Hangup)");
    BOOST_TEST(all_said(parsed.response()) == survives);
    BOOST_TEST(all_said(parsed.response().child("Gather")) == survives);
    check_readable(text);
  }
}

BOOST_AUTO_TEST_CASE(no_attribute_leaves_its_quotes_and_every_value_survives) {
  std::mt19937 chance(20260303);
  for (int round = 0; round < 2000; ++round) {
    std::string raw = "x";
    std::string survives = "x";
    for (std::size_t pieces = chance() % 6; pieces > 0; --pieces) {
      const Piece& piece = nasty[chance() % nasty.size()];
      if (raw.size() + piece.raw.size() > 90) continue;
      raw += piece.raw;
      survives += piece.survives;
    }
    Ask ask = question({{"Sì?", raw, raw}});
    ask.language = raw;
    ask.hints = {raw, "sì"};
    const std::string text = write_twiml({ask}, {.answer = "https://h.test/?a=" + raw});
    const Parsed parsed(text);
    BOOST_TEST(shape(parsed.tree) == "? Response(Gather(Say))");
    const pugi::xml_node gather = parsed.response().child("Gather");
    BOOST_TEST(gather.attribute("language").value() == survives);
    BOOST_TEST(gather.attribute("hints").value() == survives + ",sì");
    BOOST_TEST(gather.attribute("action").value() ==
               "https://h.test/?a=" + survives + "/conferma/3");
    BOOST_TEST(gather.child("Say").attribute("language").value() == survives);
    BOOST_TEST(gather.child("Say").attribute("voice").value() == survives);
    BOOST_TEST(std::distance(gather.attributes_begin(), gather.attributes_end()) == 9);
  }
}

BOOST_AUTO_TEST_CASE(a_long_text_becomes_several_says_cut_after_sentences) {
  std::string text;
  int sentences = 0;
  while (text.size() < 20'000) {
    text += "Questa è la frase numero " + std::to_string(++sentences) + ", perché no? ";
  }
  text += "Fine.";
  const std::string written = write_twiml({Say{text, "it-IT", ""}, Hangup{}}, {});
  const Parsed parsed(written);
  BOOST_TEST(all_said(parsed.response()) == text);
  std::size_t says = 0;
  for (const pugi::xml_node say : parsed.response().children("Say")) {
    const std::string piece = say.child_value();
    ++says;
    std::size_t encoded = 0;
    for (const char c : piece) encoded += std::isalnum(static_cast<unsigned char>(c)) ? 1 : 3;
    BOOST_TEST(encoded <= webhook::say_encoded_bytes_max);
    BOOST_TEST(piece.size() <= webhook::say_characters_max);
    BOOST_TEST((piece.ends_with("? ") || piece.ends_with("Fine.")), piece);
  }
  BOOST_TEST(says > 6U);
  BOOST_TEST(says < 20U);
  check_readable(written);
}

BOOST_AUTO_TEST_CASE(a_text_without_sentences_or_blanks_is_cut_between_characters) {
  for (const std::string letter : {"a", "è", "😀"}) {
    std::string text;
    for (int i = 0; i < 3001; ++i) text += letter;
    const std::string written = write_twiml({Say{text, "it-IT", ""}}, {});
    const Parsed parsed(written);
    BOOST_TEST(all_said(parsed.response()) == text);
    const std::string first = parsed.response().child("Say").child_value();
    BOOST_TEST(first.size() < text.size());
    BOOST_TEST(first.size() % letter.size() == 0U);
    check_readable(written);
  }
  std::string words = "parola";
  for (int i = 0; i < 1000; ++i) words += " parola";
  const std::string written = write_twiml({Say{words, "it-IT", ""}}, {});
  const Parsed parsed(written);
  BOOST_TEST(all_said(parsed.response()) == words);
  BOOST_TEST(std::string(parsed.response().child("Say").child_value()).ends_with(" "));
}

BOOST_AUTO_TEST_CASE(three_thousand_plain_characters_stay_one_say) {
  const std::string text(3000, 'a');
  const Parsed parsed(write_twiml({Say{text, "", ""}}, {}));
  BOOST_TEST(shape(parsed.response()) == "Say");
}

BOOST_AUTO_TEST_CASE(a_document_never_grows_beyond_what_the_carrier_reads) {
  for (const std::string unit : {"a", "\"", "&<>\"' ", "Una frase. ", "è", "\r"}) {
    std::string text;
    while (text.size() < 300'000) text += unit;
    Ask ask = question({{text, "it-IT", "alice"}});
    ask.hints.assign(5000, "\"\"\"\"\"\"\"\"\"\"\"\"");
    const CallDocument document{Say{"Prima.", "it-IT", ""}, Say{text, "it-IT", ""}, ask, Hangup{}};
    const std::string written = write_twiml(document, answer_url);
    BOOST_TEST(written.size() <= webhook::twiml_bytes_max);
    const Parsed parsed(written);
    const std::string names = shape(parsed.response());
    BOOST_TEST(names.starts_with("Say"));
    BOOST_TEST(names.ends_with("Hangup"));
    BOOST_TEST(parsed.response().child("Gather").attribute("action").value() ==
               answer_url.answer + "/conferma/3");
    BOOST_TEST(("Prima." + text).starts_with(all_said(parsed.response())));
    check_readable(written);
  }
}

BOOST_AUTO_TEST_CASE(a_text_with_nothing_to_say_makes_no_say) {
  for (const std::string text : {"", "  \r\n\t", "\x01\x02"}) {
    BOOST_TEST(write_twiml({Say{text, "it-IT", ""}, Hangup{}}, {}) ==
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>");
  }
}

BOOST_AUTO_TEST_CASE(a_hint_that_would_be_two_or_too_long_is_left_out) {
  Ask ask = question({{"Sì?", "it-IT", ""}});
  std::string long_hint;
  for (int i = 0; i < 101; ++i) long_hint += "è";
  ask.hints = {"sì, certo", long_hint, "", "va bene", long_hint.substr(2)};
  const Parsed parsed(write_twiml({ask}, answer_url));
  BOOST_TEST(parsed.response().child("Gather").attribute("hints").value() ==
             "va bene," + long_hint.substr(2));
}

BOOST_AUTO_TEST_CASE(a_stream_and_a_transfer_say_where_it_goes_on) {
  const webhook::DocumentUrls urls{
      .media_stream = "wss://voice.example.test/media-stream",
      .stream_status = "https://voice.example.test/stream-status/t",
      .after_stream = "https://voice.example.test/after-stream/t",
      .after_transfer = "https://voice.example.test/after-transfer/t",
      .transfer_status = "https://voice.example.test/transfer-status/t",
      .parameters = {{"to", "<&\"'>"}, {"token", "0f"}}};
  BOOST_TEST(write_twiml({Say{"Ciao", "it-IT", ""}, Connect{}, Hangup{}}, urls) ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Say language=\"it-IT\">Ciao</Say>"
             "<Connect action=\"https://voice.example.test/after-stream/t\" method=\"POST\">"
             "<Stream url=\"wss://voice.example.test/media-stream\""
             " statusCallback=\"https://voice.example.test/stream-status/t\""
             " statusCallbackMethod=\"POST\">"
             "<Parameter name=\"to\" value=\"&lt;&amp;&quot;&apos;&gt;\"/>"
             "<Parameter name=\"token\" value=\"0f\"/></Stream></Connect><Hangup/></Response>");
  BOOST_TEST(write_twiml({Transfer{{"+390233333333", "+390244444444"}, "+390255555555"}}, urls) ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Dial action=\"https://voice.example.test/after-transfer/t\" method=\"POST\""
             " answerOnBridge=\"true\" callerId=\"+390255555555\">"
             "<Number "
             "statusCallback=\"https://voice.example.test/transfer-status/t/"
             "1#rc=3&amp;rt=4000&amp;rp=ct,rt,5xx\""
             " statusCallbackEvent=\"initiated ringing answered completed\""
             " statusCallbackMethod=\"POST\">+390233333333</Number>"
             "<Number "
             "statusCallback=\"https://voice.example.test/transfer-status/t/"
             "2#rc=3&amp;rt=4000&amp;rp=ct,rt,5xx\""
             " statusCallbackEvent=\"initiated ringing answered completed\""
             " statusCallbackMethod=\"POST\">+390244444444</Number></Dial></Response>");
  // Name and value together are under the carrier's limit, whatever stands in them.
  auto large = urls;
  large.parameters = {{"to", std::string(600, 'x')}};
  const Parsed parsed(write_twiml({Connect{}}, large));
  const auto parameter = parsed.response().child("Connect").child("Stream").child("Parameter");
  BOOST_TEST(std::string(parameter.attribute("value").value()).size() == 497u);
}

BOOST_AUTO_TEST_SUITE_END()
