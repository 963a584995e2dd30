#include "bridge/rehearsal/talk.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_talk)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::testing::only;

namespace {

const std::string here = "http://p/talk/7?x=1";

// What a document comes to, in one line: when, what, with what.
std::string performed(const std::string& inside, const People& people = only("human"),
                      const std::string& url = here) {
  const auto read =
      read_twiml("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>" + inside + "</Response>");
  if (const auto* bad = std::get_if<BadTwiml>(&read)) return "error " + std::to_string(bad->code);
  Talk talk(people, 1, "+390611111111", 0);
  const Act act = talk.perform(std::get<Document>(read), url);
  std::ostringstream out;
  out << act.after.count() << "s ";
  switch (act.kind) {
    case Act::Kind::request:
      out << (act.by_get ? "GET " : "POST ") << act.url;
      break;
    case Act::Kind::stream:
      out << "stream " << act.verb;
      break;
    case Act::Kind::person_hangs_up:
      out << "person hangs up";
      break;
    case Act::Kind::document_hangs_up:
      out << "hang up";
      break;
  }
  for (const Field& field : act.fields) {
    out << ' ' << field.name << '=';
    out << (field.name == "Confidence" ? "*" : field.value);
  }
  return out.str();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const People silent = only("human", "right_key=0,silence=1");
const People speaking = only("human", "right_key=0,speech=1");
const People leaving = only("human", "right_key=0,hang_up=1");

}  // namespace

BOOST_AUTO_TEST_CASE(verbs_take_their_time) {
  BOOST_TEST(performed("") == "0s hang up");
  BOOST_TEST(performed("<Hangup/>") == "0s hang up");
  BOOST_TEST(performed("<Say>Sì</Say>") == "1s hang up");
  BOOST_TEST(performed("<Say>" + std::string(150, 'a') + "</Say>") == "10s hang up");
  BOOST_TEST(performed("<Say>" + std::string(151, 'a') + "</Say>") == "11s hang up");
  BOOST_TEST(performed("<Say loop=\"3\">Sì</Say>") == "3s hang up");
  BOOST_TEST(performed("<Say>Uno <break time=\"1s\"/><emphasis>due</emphasis></Say>") ==
             "1s hang up");
  BOOST_TEST(performed("<Pause/>") == "1s hang up");
  BOOST_TEST(performed("<Pause length=\"7\"/><Hangup/><Pause/>") == "7s hang up");
  BOOST_TEST(performed("<Play>http://p/a.wav</Play>") == "5s hang up");
  BOOST_TEST(performed("<Play digits=\"1w2\"/>") == "1s hang up");
}

BOOST_AUTO_TEST_CASE(redirect_leads_on) {
  BOOST_TEST(performed("<Pause length=\"2\"/><Redirect>http://q/next</Redirect><Hangup/>") ==
             "2s POST http://q/next");
  BOOST_TEST(performed("<Redirect method=\"GET\">../next?a=1&amp;b=2</Redirect>") ==
             "0s GET http://p/next?a=1&b=2");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_offered_is_pressed_and_sent) {
  const std::string one_key =
      performed("<Gather action=\"/answer/3\" numDigits=\"1\"><Say>Prema 4.</Say></Gather>");
  BOOST_TEST(contains(one_key, "POST http://p/answer/3 Digits=4"), one_key);
  const std::string by_get =
      performed("<Gather method=\"GET\" numDigits=\"1\"><Say>Prema 4.</Say></Gather>");
  BOOST_TEST(contains(by_get, "GET " + here + " Digits=4"), by_get);  // default: the current URL
}

BOOST_AUTO_TEST_CASE(a_prompt_before_its_gather_is_heard_too) {
  const std::string act = performed("<Say>Prema 4.</Say><Gather numDigits=\"1\" action=\"/a\"/>");
  BOOST_TEST(contains(act, "Digits=4"), act);
}

BOOST_AUTO_TEST_CASE(without_a_length_input_ends_by_the_key_or_by_time) {
  const auto seconds_of = [](const std::string& act) { return std::stoi(act); };
  const int by_key =
      seconds_of(performed("<Gather action=\"/a\" timeout=\"9\"><Say>Prema 4 e "
                           "cancelletto.</Say></Gather>"));
  const int by_time =
      seconds_of(performed("<Gather action=\"/a\" timeout=\"9\"><Say>Prema 4 e "
                           "aspetti un po.</Say></Gather>"));
  BOOST_TEST(by_time >= by_key + 8);
  const int disabled =
      seconds_of(performed("<Gather action=\"/a\" timeout=\"9\" finishOnKey=\"\"><Say>Prema 4 e "
                           "cancelletto.</Say></Gather>"));
  BOOST_TEST(disabled >= by_key + 8);
}

BOOST_AUTO_TEST_CASE(the_finishing_key_is_no_digit) {
  // The only key that is offered ends the input before it has begun.
  BOOST_TEST(contains(performed("<Gather action=\"/a\" finishOnKey=\"4\"><Say>Prema 4.</Say>"
                                "</Gather><Redirect>/none</Redirect>"),
                      "POST http://p/none"));
}

BOOST_AUTO_TEST_CASE(silence_falls_through_to_the_next_verb) {
  BOOST_TEST(performed("<Gather action=\"/a\" timeout=\"4\"><Say>Prema 4.</Say></Gather>"
                       "<Pause length=\"2\"/><Redirect>/again</Redirect>",
                       silent) == "7s POST http://p/again");
  BOOST_TEST(performed("<Gather action=\"/a\"/>", silent) == "5s hang up");
}

BOOST_AUTO_TEST_CASE(an_empty_result_is_sent_where_that_was_asked_for) {
  const std::string act = performed(
      "<Gather action=\"/a\" timeout=\"4\" actionOnEmptyResult=\"true\"><Say>Prema 4.</Say>"
      "</Gather><Hangup/>",
      silent);
  BOOST_TEST((act == "5s POST http://p/a" || act == "5s POST http://p/a Digits="), act);
}

BOOST_AUTO_TEST_CASE(a_message_that_asks_nothing_is_listened_to) {
  const std::string message =
      "<Gather action=\"/a\" numDigits=\"1\" timeout=\"4\"><Say>Per non essere più chiamato prema "
      "9.</Say></Gather><Hangup/>";
  BOOST_TEST(performed(message) == "7s hang up");
  BOOST_TEST(performed(message, speaking) == "7s hang up");
  const std::string refusing = performed(message, only("human", "right_key=1,opt_out=1000000"));
  BOOST_TEST(contains(refusing, "POST http://p/a Digits=9"), refusing);
}

BOOST_AUTO_TEST_CASE(speech_is_recognised_where_it_is_listened_to) {
  const std::string spoken = performed(
      "<Gather input=\"dtmf speech\" hints=\"richiamatemi\" speechTimeout=\"auto\" action=\"/a\">"
      "<Say>Dica pure.</Say></Gather>",
      speaking);
  BOOST_TEST(contains(spoken, "POST http://p/a SpeechResult=richiamatemi Confidence=*"), spoken);
  const std::string pressed = performed(
      "<Gather input=\"dtmf\" hints=\"richiamatemi\" numDigits=\"1\" action=\"/a\">"
      "<Say>Prema 4.</Say></Gather>",
      speaking);
  BOOST_TEST(contains(pressed, "Digits=4"), pressed);
}

BOOST_AUTO_TEST_CASE(two_questions_in_one_document_are_asked_in_turn) {
  const std::string act = performed(
      "<Gather action=\"/first\" timeout=\"2\"><Say>Prema 4.</Say></Gather>"
      "<Gather action=\"/second\" timeout=\"3\"><Say>Prema 5.</Say></Gather>",
      silent);
  BOOST_TEST(act == "7s hang up");
}

BOOST_AUTO_TEST_CASE(barge_in_ends_the_prompt) {
  const std::string prompt = "<Say>Prema 4. " + std::string(600, 'a') + "</Say>";
  const People hasty = only("human", "barge_in=1000");
  const auto seconds_of = [](const std::string& act) { return std::stoi(act); };
  BOOST_TEST(seconds_of(performed("<Gather numDigits=\"1\">" + prompt + "</Gather>", hasty)) < 41);
  BOOST_TEST(seconds_of(performed(
                 "<Gather numDigits=\"1\" bargeIn=\"false\">" + prompt + "</Gather>", hasty)) >=
             41);
}

BOOST_AUTO_TEST_CASE(people_leave_in_the_middle) {
  const std::string question = performed("<Gather><Say>Prema 4.</Say></Gather>", leaving);
  BOOST_TEST(contains(question, "person hangs up"), question);
  const std::string speech = performed("<Say>" + std::string(300, 'a') + "</Say>", leaving);
  BOOST_TEST(contains(speech, "person hangs up"), speech);
  BOOST_TEST(std::stoi(speech) < 20);
  BOOST_TEST(performed("<Say>" + std::string(300, 'a') + "</Say>",
                       only("human", "hang_up_at_once=1000")) == "1s person hangs up");
}

BOOST_AUTO_TEST_CASE(a_machine_says_nothing_and_ends_by_itself) {
  BOOST_TEST(performed("<Gather action=\"/a\"><Say>Prema 4.</Say></Gather>", only("machine")) ==
             "6s hang up");
  BOOST_TEST(performed("<Pause length=\"600\"/>", only("machine")) == "90s person hangs up");
  BOOST_TEST(performed("<Pause length=\"600\"/>", only("fax")) == "25s person hangs up");
  BOOST_TEST(performed("<Pause length=\"600\"/>") == "600s hang up");
}

BOOST_AUTO_TEST_CASE(what_is_no_twiml_is_an_error) {
  BOOST_TEST(performed("<Say>") == "error 12100");
  BOOST_TEST(performed("<Dial/>") == "error 12200");
  BOOST_TEST(performed("<Dial><Client>a</Client></Dial>") == "error 12200");
  BOOST_TEST(performed("<Record maxLength=\"x\"/>") == "error 12200");
  BOOST_TEST(performed("<Record><Say>a</Say></Record>") == "error 12200");
  BOOST_TEST(performed("<say>a</say>") == "error 12200");
  BOOST_TEST(performed("text") == "error 12200");
  BOOST_TEST(performed("<Gather><Hangup/></Gather>") == "error 12200");
  BOOST_TEST(performed("<Gather numDigits=\"x\"/>") == "error 12200");
  BOOST_TEST(performed("<Gather numDigits=\"0\"/>") == "error 12200");
  BOOST_TEST(performed("<Gather input=\"voice\"/>") == "error 12200");
  BOOST_TEST(performed("<Gather actionOnEmptyResult=\"yes\"/>") == "error 12200");
  BOOST_TEST(performed("<Redirect/>") == "error 12200");
  BOOST_TEST(performed("<Redirect method=\"PUT\">/a</Redirect>") == "error 12200");
  BOOST_TEST(performed("<Say>" + std::string(4097, 'a') + "</Say>") == "error 13521");
  BOOST_TEST(performed("<Pause/><!--" + std::string(64 * 1024, 'a') + "-->") == "error 11750");
  BOOST_TEST((std::get<BadTwiml>(read_twiml("<Other/>")).code == 12100));
  BOOST_TEST((std::get<BadTwiml>(read_twiml("")).code == 12100));
}

BOOST_AUTO_TEST_CASE(what_is_said_is_recorded_and_silence_leads_to_the_next_verb) {
  const std::string record = "<Record action=\"/kept\" timeout=\"4\" finishOnKey=\"#\"/>";
  BOOST_TEST(performed(record + "<Pause length=\"7\"/>", silent) == "12s hang up");
  BOOST_TEST(performed(record, only("machine")) == "5s hang up");
  const std::string kept = performed(record, speaking);
  BOOST_TEST(contains(kept, "POST http://p/kept RecordingDuration="), kept);
  const std::string left = performed(record, leaving);
  BOOST_TEST(contains(left, "person hangs up"), left);
  BOOST_TEST(contains(left, " Digits=hangup"), left);
  // Without a silence that ends it only its length does, or a key.
  BOOST_TEST(performed("<Record timeout=\"0\" maxLength=\"60\" playBeep=\"false\"/>", silent) ==
             "60s hang up");
  const std::string cut =
      performed("<Record maxLength=\"1\" playBeep=\"false\" method=\"GET\"/>", speaking);
  BOOST_TEST(cut == "1s GET " + here + " RecordingDuration=1 Digits=", cut);
}

BOOST_AUTO_TEST_CASE(who_is_dialled_answers_as_anybody_does) {
  const std::string dial =
      "<Dial action=\"/after\" timeout=\"20\"><Number>+390655555555</Number></Dial>";
  const std::string talked = performed(dial, only("human"));
  BOOST_TEST(contains(talked, "DialCallStatus=completed DialCallDuration="), talked);
  const auto outcome = [&](const std::string& inside) {
    std::string all;
    for (const char* who : {"busy", "no_answer", "failed"}) {
      all += performed(inside, only(who)) + '\n';
    }
    return all;
  };
  const std::string failures = outcome(dial);
  BOOST_TEST(contains(failures, "DialCallStatus=busy DialBridged=false"), failures);
  BOOST_TEST(contains(failures, "20s POST http://p/after DialCallStatus=no-answer"), failures);
  BOOST_TEST(contains(failures, "DialCallStatus=failed"), failures);
  // A number that is none fails, and does not break the document; without an action the next verb
  // follows.
  BOOST_TEST(contains(performed("<Dial action=\"/after\">anna</Dial>"), "DialCallStatus=failed"));
  BOOST_TEST(contains(performed("<Dial>anna</Dial><Hangup/>"), "hang up"));
  const std::string first = performed(
      "<Dial action=\"/after\"><Number>anna</Number><Number>+390655555555</Number></Dial>");
  BOOST_TEST(contains(first, "DialCallStatus=completed"), first);
  const std::string limited =
      performed("<Dial action=\"/after\" timeLimit=\"5\">+390655555555</Dial>");
  BOOST_TEST(contains(limited, "POST http://p/after DialCallStatus=completed DialCallDuration=5"),
             limited);
}

BOOST_AUTO_TEST_CASE(what_a_dialled_number_is_told_of_has_to_be_an_event_of_a_call) {
  const auto dialling = [](const std::string& attributes) {
    return performed("<Dial action=\"/after\"><Number " + attributes +
                     ">+390655555555</Number></Dial>");
  };
  const std::string good = "statusCallback=\"/leg\" statusCallbackMethod=\"GET\" ";
  BOOST_TEST(contains(dialling(good + "statusCallbackEvent=\"initiated answered\""), "POST"));
  BOOST_TEST(dialling(good + "statusCallbackEvent=\"initiated,answered\"") == "error 12200");
  BOOST_TEST(dialling("statusCallback=\"/leg\" statusCallbackMethod=\"PUT\"") == "error 12200");
}

BOOST_AUTO_TEST_CASE(an_assistant_answers_the_first_question_and_the_person_the_next) {
  People people = speaking;
  people.screening = 1000;
  const std::string told = performed(
      "<Gather input=\"speech\" language=\"en-US\" action=\"/a\"><Say>Yes?</Say></Gather>", people);
  BOOST_TEST(contains(told, "record your name and reason for calling"), told);
  const std::string keys =
      performed("<Gather input=\"dtmf\" action=\"/a\"><Say>Premi 4.</Say></Gather>", people);
  BOOST_TEST(!contains(keys, "record your name"), keys);
}

BOOST_AUTO_TEST_CASE(what_the_greeting_offers_holds_for_every_question) {
  const std::string question =
      "<Gather input=\"dtmf\" numDigits=\"1\" action=\"/a\"><Say>Prema 1 o 2.</Say></Gather>";
  const std::string offer = "<Say>Se non vuole più ricevere queste chiamate, prema 9.</Say>";
  People leaves_the_list = silent;
  leaves_the_list.silence = 0;
  leaves_the_list.opt_out = 1;
  BOOST_TEST(contains(performed(offer + question, leaves_the_list), "Digits=9"));
  BOOST_TEST(!contains(performed(question, leaves_the_list), "Digits"));
  // In a later document, too; but not where the key has another meaning.
  const auto document = [](const std::string& inside) {
    return std::get<Document>(read_twiml("<Response>" + inside + "</Response>"));
  };
  Talk talk(leaves_the_list, 1, "+390611111111", 0);
  talk.perform(document(offer), here);
  const Act act = talk.perform(document(question), here);
  BOOST_REQUIRE(act.fields.size() == 1U);
  BOOST_TEST(act.fields[0].value == "9");
  const std::string nine =
      "<Gather input=\"dtmf\" numDigits=\"1\" action=\"/a\">"
      "<Say>Prema 8 o 9.</Say></Gather>";
  BOOST_TEST(talk.perform(document(nine), here).fields.empty());
}

BOOST_AUTO_TEST_CASE(a_stream_takes_the_call_and_the_next_verb_waits) {
  const std::string stream =
      "<Stream url=\"wss://h/media-stream\">"
      "<Parameter name=\"from\" value=\"+39\"/></Stream>";
  const std::string connect = "<Connect>" + stream + "</Connect>";
  BOOST_TEST(performed("<Pause length=\"2\"/>" + connect + "<Hangup/>") == "2s stream 1");
  const auto read = read_twiml("<Response><Pause/>" + connect + "<Pause length=\"4\"/></Response>");
  const auto& document = std::get<Document>(read);
  BOOST_TEST(document.verbs[1].text == "wss://h/media-stream");
  BOOST_TEST(document.verbs[1].parameters.size() == 1);
  Talk talk(only("human"), 1, "+390611111111", 0);
  talk.perform(document, here);
  const Act act = talk.go_on(document, here, 2);
  BOOST_TEST((act.kind == Act::Kind::document_hangs_up));
  BOOST_TEST(act.after.count() == 4);
  BOOST_TEST(performed("<Connect/>") == "error 12200");
  BOOST_TEST(performed("<Connect>" + stream + stream + "</Connect>") == "error 12200");
  BOOST_TEST(performed("<Connect><Stream url=\"https://h/\"/></Connect>") == "error 31921");
  BOOST_TEST(performed("<Connect><Stream url=\"wss://h/\" track=\"both_tracks\"/></Connect>") ==
             "error 31941");
  BOOST_TEST(performed("<Connect><Stream url=\"wss://h/\"><Parameter name=\"n\" value=\"" +
                       std::string(499, 'v') + "\"/></Stream></Connect>") == "error 12200");
}

BOOST_AUTO_TEST_SUITE_END()
