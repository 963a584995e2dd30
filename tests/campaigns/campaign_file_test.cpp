#include "campaigns/campaign_file.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "campaigns/campaign_words.hpp"

BOOST_AUTO_TEST_SUITE(campaign_file)

using namespace campaigns;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(std::string(CAMPANILE_SOURCE_DIR "/") + path, std::ios::binary);
  BOOST_TEST_REQUIRE(file.good(), path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const char* const examples[] = {
    "campaigns/examples/appointments.json", "campaigns/examples/notification.json",
    "campaigns/examples/callbacks.json", "campaigns/examples/arthur.json"};

// The least a survey needs; tests change it.
json survey() {
  return json::parse(R"({
    "id": "prova", "kind": "survey", "contacts": {"file": "a.csv"},
    "questions": [
      {"id": "q1", "type": "yes_no", "ask": "Viene?"},
      {"id": "q2", "type": "rating", "ask": "Quanto?"},
      {"id": "q3", "type": "choice", "ask": "Quale?", "options": [
        {"code": "a", "key": "1"}, {"code": "b", "key": "2"}]}]})");
}

json notification() {
  return json::parse(R"({"id": "n", "kind": "notification", "contacts": {"file": "a.csv"},
                         "message": "Ciao {{Nome}}"})");
}

// Every problem of a file as "where: what".
std::vector<std::string> problems_of(const std::string& text) {
  std::vector<std::string> out;
  const auto file = parse_campaign_file(text);
  if (file.ok()) return out;
  for (const Problem& problem : file.error()) out.push_back(problem.where + ": " + problem.what);
  return out;
}

void check_problem(const std::string& text, const std::string& expected) {
  const auto problems = problems_of(text);
  BOOST_TEST_CONTEXT(text) {
    BOOST_TEST(problems.size() == 1U);
    for (const std::string& problem : problems) BOOST_TEST(problem == expected);
  }
}

// The one problem after `value` was put at `pointer`.
void check_survey_problem(const char* pointer, const json& value, const std::string& expected) {
  json file = survey();
  file[json::json_pointer(pointer)] = value;
  check_problem(file.dump(), expected);
}

Campaign campaign_of(const json& file) {
  const auto parsed = parse_campaign_file(file.dump());
  if (!parsed.ok()) {
    for (const Problem& problem : parsed.error()) {
      BOOST_TEST_MESSAGE(problem.where + ": " + problem.what);
    }
  }
  BOOST_TEST_REQUIRE(parsed.ok());
  return parsed.value().campaign;
}

void check_reads_back(const Campaign& campaign) {
  for (const bool pretty : {false, true}) {
    const std::string printed = print_campaign(campaign, pretty);
    const auto again = parse_campaign_file(printed);
    BOOST_TEST_REQUIRE(again.ok(), printed);
    BOOST_TEST_REQUIRE((again.value().campaign == campaign), printed);
    BOOST_TEST_REQUIRE(print_campaign(again.value().campaign, pretty) == printed);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_examples_are_read_and_read_back) {
  for (const char* path : examples) {
    BOOST_TEST_CONTEXT(path) {
      const std::string text = read_file(path);
      BOOST_TEST(problems_of(text).empty());
      check_reads_back(campaign_of(json::parse(text)));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_example_says_what_it_says) {
  const Campaign c = campaign_of(json::parse(read_file(examples[0])));
  BOOST_TEST(c.id == "conferma-visite-2026");
  BOOST_TEST((c.kind == Kind::survey));
  BOOST_TEST(c.questions.size() == 5U);
  BOOST_TEST((c.questions[1].ask_if.op == Condition::Op::question_is));
  BOOST_TEST(!c.questions[1].by_key);
  BOOST_TEST((c.questions[3].ask_if.parts.at(1).op == Condition::Op::negation));
  BOOST_TEST(c.opt_out.key == '9');
  BOOST_TEST(c.pacing.lines == 10U);
  BOOST_TEST(c.hours.windows.size() == 3U);
  BOOST_TEST(c.hours.windows[0].days == 0b0011111);
  BOOST_TEST(c.hours.windows[1].from.count() == 14 * 60 + 30);
  BOOST_TEST(c.budget.limit_millionths == 150'000'000);
  BOOST_TEST(c.budget.per_minute_millionths == 50'000);
  BOOST_TEST((c.contacts.bad_rows == BadRows::skip));
  BOOST_TEST(c.questions[0].ask.in("en-GB", "it-IT").substr(0, 15) == "The appointment");
  BOOST_TEST(c.questions[0].ask.in("fr-FR", "it-IT").substr(0, 9) == "La visita");
}

BOOST_AUTO_TEST_CASE(every_default_is_filled_in_and_printed) {
  const Campaign c = campaign_of(survey());
  BOOST_TEST(c.title == "prova");
  BOOST_TEST(c.language == "it-IT");
  BOOST_TEST((c.in_doubt == InDoubt::hold));
  BOOST_TEST((c.hours.windows.at(0) == CallingWindow{0b0011111, 9h, 20h}));
  const auto delay = [&c](Outcome outcome) {
    return c.retries.delay[static_cast<std::size_t>(outcome)];
  };
  BOOST_TEST((delay(Outcome::busy) == Seconds{15min}));
  BOOST_TEST((delay(Outcome::machine_no_message) == Seconds{4h}));
  BOOST_TEST((delay(Outcome::human_hung_up_at_once) == Seconds{24h}));
  BOOST_TEST((delay(Outcome::not_available) == Seconds{4h}));
  BOOST_TEST((delay(Outcome::screened) == Seconds{4h}));
  for (const Outcome final : {Outcome::completed, Outcome::refused, Outcome::opted_out,
                              Outcome::invalid_number, Outcome::fax_or_data, Outcome::unable,
                              Outcome::business_number, Outcome::language_barrier}) {
    BOOST_TEST(!delay(final).has_value());
  }
  const Question& yes_no = c.questions[0];
  BOOST_TEST(yes_no.options.at(0).code == "yes");
  BOOST_TEST(yes_no.options.at(0).key == '1');
  BOOST_TEST(yes_no.options.at(0).words.at("it-IT").at(0) == "sì");
  BOOST_TEST(yes_no.options.at(1).words.at("it-IT").at(0) == "no");
  BOOST_TEST(yes_no.options.at(1).key == '2');
  BOOST_TEST(c.questions[2].options.at(0).words.at("it-IT").at(0) == "a");
  const json printed = json::parse(print_campaign(c));
  BOOST_TEST(printed["retries"]["no_answer"] == "2h");
  BOOST_TEST(printed["retries"]["machine_message_left"] == "4h");
  BOOST_TEST(printed["retries"]["language_barrier"] == "never");
  BOOST_TEST(printed["pacing"]["calls_per_second"] == "1");
  BOOST_TEST(printed["pacing"]["stop_at_failures"].dump() == R"({"of":40,"share":"0.5"})");
  BOOST_TEST(!printed["pacing"].contains("ramp_up"));
  BOOST_TEST(printed["questions"][1]["most"] == 5);
  BOOST_TEST(printed["calling_hours"]["windows"][0]["to"] == "20:00");
  const Campaign other = campaign_of(notification());
  BOOST_TEST((other.in_doubt == InDoubt::redial));
  BOOST_TEST(other.greeting.in("it-IT", "it-IT") == "Ciao {{Nome}}");
  BOOST_TEST(json::parse(print_campaign(other))["retries"]["machine_message_left"] == "never");
}

BOOST_AUTO_TEST_CASE(syntax_errors_have_line_and_column_and_tell_nothing_else) {
  const auto problems = problems_of("{\n  \"id\": \"à\" \"Rossi\"\n}");
  BOOST_TEST_REQUIRE(problems.size() == 1U);
  BOOST_TEST(problems[0].substr(0, 33) == "line 2, column 19: not valid JSON");
  BOOST_TEST(problems[0].find("Rossi") == std::string::npos);
  BOOST_TEST(problems_of("").at(0).substr(0, 16) == "line 1, column 1");
  BOOST_TEST(problems_of("{} x").size() == 1U);
  BOOST_TEST(problems_of("{\"a\": \"\xFF\"}").size() == 1U);
  check_problem("[]", "(the whole file): must be an object, is an array");
}

BOOST_AUTO_TEST_CASE(unknown_members_are_told_with_the_nearest_known_name) {
  check_survey_problem("/pacing", {{"linse", 3}},
                       R"(/pacing/linse: unknown member; did you mean "lines"?)");
  check_survey_problem("/callerIds", json::array(),
                       R"(/callerIds: unknown member; did you mean "caller_ids"?)");
  check_survey_problem("/questions/0/skip", 1, "/questions/0/skip: unknown member");
  check_survey_problem("/a~1b", 1, "/a~1b: unknown member");
  BOOST_TEST(nearest_name("attempts", {"attempts_max", "busy"}) == "attempts_max");
  BOOST_TEST(nearest_name("xyz", {"attempts_max", "busy"}) == "");
  BOOST_TEST(nearest_name("telefono", {"Telefono", "Nome"}) == "Telefono");
}

BOOST_AUTO_TEST_CASE(members_given_twice_are_seen) {
  check_problem(R"({"id": "n", "kind": "notification", "contacts": {"file": "a.csv",
                    "file": "b.csv"}, "message": "x"})",
                "/contacts/file: this member is given twice");
}

BOOST_AUTO_TEST_CASE(what_other_readers_of_json_would_not_keep_is_refused) {
  check_survey_problem("/title", std::string("a\0b", 3), "/title: the text contains NUL (\\u0000)");
  BOOST_TEST(problems_of(R"({"n": [1, {"m": 9007199254740993}]})").at(0) ==
             "/n/1/m: the number is larger than 2^53 and would not stay exact");
  BOOST_TEST(problems_of(R"({"n": 123456789012345678901234567890})").at(0).substr(0, 22) ==
             "/n: the number is larg");
  const std::string deep = std::string(150, '[') + std::string(150, ']');
  BOOST_TEST(problems_of(deep).size() == 1U);
  BOOST_TEST(problems_of(deep).at(0).find("nested deeper than 100") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_values_are_told_one_by_one) {
  struct Case {
    const char* pointer;
    json value;
    const char* expected;
  };
  const Case cases[] = {
      {"/id", "Prova!",
       "/id: must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or a digit"},
      {"/title", 3, "/title: must be a string, is an integer"},
      {"/mode", "agent", "/agent: is missing"},
      {"/agent", {{"disclosure", "x"}}, R"(/agent: nobody would hear it in mode "simple")"},
      {"/mode", "simpel", R"(/mode: "simpel" is not known here; did you mean "simple"?)"},
      {"/voices", {{"it_IT", "x"}}, R"(/voices/it_IT: "it_IT" is not a language tag)"},
      {"/caller_ids", {"0220527877"}, "/caller_ids/0: is not a number in E.164 form"},
      {"/caller_ids",
       {"+390220527877", "+390220527877"},
       "/caller_ids/1: this number is given twice"},
      {"/contacts", json::object(), "/contacts: names no contacts"},
      {"/contacts/list", json::array(), "/contacts/list: there is a file already"},
      {"/contacts/region", "Italia",
       "/contacts/region: is not a country known to have phone numbers"},
      {"/contacts/zone", "Roma?", "/contacts/zone: is not the name of a zone"},
      {"/message", "x", R"(/message: does not belong to a campaign of kind "survey")"},
      {"/greeting", "Ciao {{Nome", "/greeting: unclosed {{ at character 6"},
      {"/greeting", std::string(3001, 'x'),
       "/greeting: is 3001 characters long; 3000 can be said at once"},
      {"/greeting",
       {{"en-GB", "Hello"}},
       "/greeting: has no text in the campaign's language \"it-IT\", which everybody hears whose "
       "own "
       "is not there"},
      {"/questions", json::array(), "/questions: is empty"},
      {"/questions/1/id", "q1", "/questions/1/id: another question has this id already"},
      {"/questions/1/id", "Domanda",
       "/questions/1/id: must be 1 to 32 of a-z, 0-9 and _, beginning "
       "with a letter"},
      {"/questions/1/most", 1, "/questions/1/most: must be larger than \"least\""},
      {"/questions/1/most", 11, "/questions/1/most: must be between 0 and 10, is 11"},
      {"/questions/0/least", 1,
       "/questions/0/least: only questions of type rating and number have bounds, and a choice of "
       "several"},
      {"/questions/0/timeout", "6", "/questions/0/timeout: must be a duration"},
      {"/questions/0/timeout", "2m", "/questions/0/timeout: must be between 1s and 1m, is 2m"},
      {"/questions/0/by", {"tone"}, R"(/questions/0/by/0: must be "key" or "speech")"},
      {"/questions/2/options/1",
       {{"code", "a"}, {"key", "2"}, {"words", {"z"}}},
       "/questions/2/options/1/code: is taken by option 0"},
      {"/questions/2/options/1/key", "1", "/questions/2/options/1/key: is taken by option 0"},
      {"/questions/2/options/1/key", "#",
       "/questions/2/options/1/key: must be one key from 0 to 9"},
      {"/questions/2/options/1/words",
       {"A"},
       "/questions/2/options/1/words: the word \"A\" is taken by option 0"},
      {"/questions/2/options",
       {{{"code", "a"}, {"key", 1}}},
       "/questions/2/options: a choice has at least two options"},
      {"/questions/0/ask_if",
       {{"question", "q2"}, {"answered", true}},
       "/questions/0/ask_if/question: no earlier question is called \"q2\""},
      {"/questions/2/ask_if",
       {{"question", "q1"}, {"is", {"si"}}},
       "/questions/2/ask_if/is/0: no option of that question has this code"},
      {"/questions/2/ask_if",
       {{"question", "q2"}, {"is", {6}}},
       "/questions/2/ask_if/is/0: is not an answer that this question can have"},
      {"/questions/2/ask_if",
       {{"question", "q1"}, {"between", {1, 2}}},
       "/questions/2/ask_if/between: only answers to rating, number and date questions have a "
       "size"},
      {"/questions/2/ask_if",
       {{"column", "Nome"}, {"answered", true}, {"is", {"x"}}},
       R"(/questions/2/ask_if/answered: does not go with "column")"},
      {"/questions/2/ask_if", {{"any", json::array()}}, "/questions/2/ask_if/any: is empty"},
      {"/questions/2/ask_if", json::object(), "/questions/2/ask_if: tests nothing"},
      {"/opt_out", {{"words", {"basta", "SÌ"}}}, R"(/opt_out/words: "SÌ" also answers "q1")"},
      {"/answering_machine",
       {{"action", "leave_message"}},
       "/answering_machine/message: is missing"},
      {"/answering_machine", {{"message", "x"}}, "/answering_machine/message: would never be said"},
      {"/answering_machine",
       {{"async", true}},
       "/answering_machine: machines are not looked for, so how has no meaning"},
      {"/answering_machine",
       {{"action", "hang_up"}, {"timeout", "1m"}},
       "/answering_machine/timeout: must be between 3s and 59s, is 1m"},
      {"/recording",
       {{"record", true}},
       "/recording/announcement: is missing: nobody would know that the call is recorded"},
      {"/recording",
       {{"record", true}, {"announced", true}, {"announcement", "x"}},
       "/recording/announcement: would be said besides a text that says so already"},
      {"/recording",
       {{"channels", "dual"}},
       "/recording/record: is not true, so nothing is recorded and the rest has no meaning"},
      {"/calling_hours", {{"windows", json::array()}}, "/calling_hours/windows: is empty"},
      {"/calling_hours",
       {{"windows", {{{"from", "13:00"}, {"to", "09:00"}}}}},
       "/calling_hours/windows/0: ends before it begins"},
      {"/calling_hours",
       {{"windows", {{{"from", "9:00"}, {"to", "24:00"}}}}},
       "/calling_hours/windows/0/from: is not a time of day"},
      {"/calling_hours",
       {{"windows", {{{"days", {"lun"}}, {"from", "09:00"}, {"to", "10:00"}}}}},
       "/calling_hours/windows/0/days/0: is not a day or a range of days"},
      {"/calling_hours",
       {{"windows",
         {{{"from", "09:00"}, {"to", "13:00"}},
          {{"days", {"fri-sat"}}, {"from", "12:59"}, {"to", "14:00"}}}}},
       "/calling_hours/windows/1: overlaps window 0"},
      {"/calling_hours",
       {{"dates_off", {"2026-02-29"}}},
       "/calling_hours/dates_off/0: is not a date of the calendar"},
      {"/calling_hours",
       {{"calendar", 7}},
       "/calling_hours/calendar: must be a string, is an integer"},
      {"/calling_hours", {{"preset", "CH"}}, "/calling_hours/preset: is none of those there are"},
      {"/calling_hours",
       {{"preset", "IT"}, {"windows", {{{"from", "09:00"}, {"to", "10:00"}}}}},
       "/calling_hours/preset: gives the openings, and there are some already"},
      {"/calling_hours",
       {{"holidays", {"IT", "it"}}},
       "/calling_hours/holidays/1: is no country whose holidays are known"},
      {"/calling_hours",
       {{"windows",
         {{{"from", "09:00"}, {"to", "13:00"}},
          {{"days", {"eves"}}, {"from", "09:00"}, {"to", "10:00"}}}}},
       "/calling_hours/windows: has an opening for the eves of holidays, and there are none"},
      {"/calling_hours",
       {{"windows", {{{"days", {"eves"}}, {"from", "09:00"}, {"to", "10:00"}}}},
        {"holidays", {"IT"}}},
       "/calling_hours/windows: opens on eves alone"},
      {"/retries", {{"cool_off", "10y"}}, "/retries/cool_off: must be a duration"},
      {"/retries", {{"spread", {"13:00", 17}}}, "/retries/spread/1: is no time within a day"},
      {"/retries", {{"spread", {"24:00"}}}, "/retries/spread/0: is no time within a day"},
      {"/retries", {{"spread", {"00:00"}}}, "/retries/spread/0: is no time within a day"},
      {"/retries",
       {{"spread", {"17:00", "13:00"}}},
       "/retries/spread/1: is not after the one before it"},
      {"/retries", {{"rolling_cap", {{"calls", 3}}}}, "/retries/rolling_cap/within: is missing"},
      {"/retries",
       {{"rolling_cap", {{"calls", 0}, {"within", "1d"}}}},
       "/retries/rolling_cap/calls: must be between 1 and 100, is 0"},
      {"/retries",
       {{"rolling_cap", {{"calls", 3}, {"within", "32d"}}}},
       "/retries/rolling_cap/within: must be between 1m and 31d, is 32d"},
      {"/contacts",
       {{"file", "people.csv"}, {"columns", {{"not_after", {"a", "b", "c"}}}}},
       "/contacts/columns/not_after: names neither a column nor two of them"},
      {"/contacts",
       {{"file", "people.csv"}, {"columns", {{"number", {"a", "b", "a"}}}}},
       "/contacts/columns/number/2: this column is named twice"},
      {"/contacts",
       {{"file", "people.csv"}, {"columns", {{"number", {"a", ""}}}}},
       "/contacts/columns/number/1: names no column"},
      {"/contacts",
       {{"file", "people.csv"}, {"columns", {{"number", json::array()}}}},
       "/contacts/columns/number: names 0 columns"},
      {"/contacts",
       {{"file", "people.csv"}, {"columns", {{"number", {"a", "b"}}, {"id", "b"}}}},
       "/contacts/columns/id: the number does not pass into the results"},
      {"/pacing", {{"lines", 0}}, "/pacing/lines: must be between 1 and 10000, is 0"},
      {"/pacing",
       {{"calls_per_second", 0.0001}},
       "/pacing/calls_per_second: must be a number of at most 3 decimals, not negative"},
      {"/pacing",
       {{"calls_per_second", -1}},
       "/pacing/calls_per_second: must be a number of at most 3 decimals, not negative"},
      {"/retries", {{"completed", "1h"}}, "/retries/completed: unknown member"},
      {"/retries", {{"busy", 15}}, "/retries/busy: must be a duration"},
      {"/budget", {{"limit", "10"}}, "/budget/per_minute: is missing"},
      {"/budget", {{"currency", "euro"}}, "/budget/currency: is not a currency"},
      {"/ring_time", "1h", "/ring_time: must be between 5s and 10m, is 1h"},
  };
  for (const Case& c : cases) check_survey_problem(c.pointer, c.value, c.expected);

  json rating_collides = survey();
  rating_collides["opt_out"] = {{"key", 4}};
  check_problem(rating_collides.dump(),
                "/questions/1: the key of the opt-out, 4, is also an answer "
                "to this question");
  json option_collides = survey();
  option_collides["opt_out"] = {{"key", 7}};
  option_collides["questions"][2]["options"][1]["key"] = "7";
  check_problem(option_collides.dump(), "/questions/2/options/1/key: is the key of the opt-out");
  json silent = notification();
  silent.erase("message");
  check_problem(silent.dump(), "/message: is missing");
  json asking = notification();
  asking["questions"] = json::array();
  check_problem(asking.dump(),
                R"(/questions: does not belong to a campaign of kind "notification")");
  json mute = survey();
  mute.erase("questions");
  check_problem(mute.dump(), "/questions: is missing");
}

// A question that allows a refusal and one that allows not to know, with what else may be asked
// for.
json survey_with_replies() {
  json file = survey();
  file["questions"][0]["replies"] = {"refused", "dont_know"};
  file["questions"][2]["replies"] = {"refused"};
  file["replies"] = {{"refused", true},
                     {"repeat", {{"key", "*"}}},
                     {"back", {{"words", {"indietro tutta"}}}},
                     {"operator", {{"key", 0}, {"numbers", {"+390212345678"}}}},
                     {"stop", {{"goodbye", "Ci fermiamo."}}}};
  return file;
}

BOOST_AUTO_TEST_CASE(replies_have_words_of_ours_unless_the_file_has_its_own) {
  const auto campaign = campaign_of(survey_with_replies());
  BOOST_TEST(campaign.questions[0].may_refuse);
  BOOST_TEST(campaign.questions[0].may_not_know);
  BOOST_TEST(!campaign.questions[1].may_refuse);
  BOOST_TEST(campaign.reply(Reply::refused).words.at("it-IT").front() ==
             "preferisco non rispondere");
  // Not named, but a question allows it.
  BOOST_TEST(campaign.reply(Reply::dont_know).known);
  BOOST_TEST((campaign.reply(Reply::repeat).key == '*'));
  BOOST_TEST((campaign.reply(Reply::back).words.at("it-IT") ==
              std::vector<std::string>{"indietro tutta"}));
  BOOST_TEST((campaign.operators == std::vector<std::string>{"+390212345678"}));
  check_reads_back(campaign);
  // Our words are not taken for what an option of the file is called by.
  json own = survey_with_replies();
  own["questions"][2]["options"][1]["words"] = {"Non lo so"};
  const auto words = campaign_of(own).reply(Reply::dont_know).words.at("it-IT");
  BOOST_TEST((std::find(words.begin(), words.end(), "non lo so") == words.end()));
  BOOST_TEST(!words.empty());
}

BOOST_AUTO_TEST_CASE(a_file_without_replies_is_printed_as_it_always_was) {
  const auto printed = print_campaign(campaign_of(survey()));
  for (const char* member : {"replies", "refused", "dont_know", "operator"}) {
    BOOST_TEST(printed.find(member) == std::string::npos, member);
  }
}

// A campaign that was taken with them goes on, so that it is not for the reader to refuse them.
BOOST_AUTO_TEST_CASE(numbers_that_nobody_can_be_passed_on_to_are_told_beside_the_campaign) {
  const auto read = [](const json& given, ReadFrom from) {
    auto file = parse_campaign_file(given.dump(), from);
    BOOST_TEST_REQUIRE(file.ok());
    return std::move(file).value();
  };
  json given = survey_with_replies();
  BOOST_TEST(read(given, ReadFrom::file).barred.empty());
  given["replies"]["operator"]["numbers"] = {"+39899123456"};
  const auto file = read(given, ReadFrom::file);
  BOOST_TEST((file.campaign.operators == std::vector<std::string>{"+39899123456"}));
  BOOST_TEST_REQUIRE(file.barred.size() == 1U);
  BOOST_TEST(file.barred.front().where == "/replies/operator/numbers/0");
  BOOST_TEST(file.barred.front().what == "this is a premium-rate number; it is not called");
  // The log's definition is asked nothing.
  BOOST_TEST(read(given, ReadFrom::log).barred.empty());

  json talk = survey();
  talk["mode"] = "agent";
  talk["agent"] = {{"disclosure", "Parla un'intelligenza artificiale."},
                   {"transfer", {"+390220527877", "+881612345678"}}};
  const auto barred = read(talk, ReadFrom::file).barred;
  BOOST_TEST_REQUIRE(barred.size() == 1U);
  BOOST_TEST(barred.front().where == "/agent/transfer/1");
}

BOOST_AUTO_TEST_CASE(what_replies_cannot_be_is_told) {
  struct Case {
    const char* pointer;
    json value;
    const char* expected;
  };
  const Case cases[] = {
      {"/questions/0/replies/1", "repeat",
       R"(/questions/0/replies/1: must be "refused" or "dont_know")"},
      {"/replies/refuse", true, R"(/replies/refuse: unknown member; did you mean "refused"?)"},
      {"/replies/stop", 3, "/replies/stop: must be an object, is an integer"},
      {"/replies/repeat/key", "#", "/replies/repeat/key: must be one key from 0 to 9, or *"},
      {"/replies/repeat/key", "2", R"(/replies/repeat/key: is also an answer to "q1")"},
      {"/replies/stop/key", "0", R"(/replies/stop/key: is the key of "operator")"},
      {"/replies/back/words", json::array(), "/replies/back: can be neither said nor pressed"},
      {"/replies/back/words",
       {"Operatore"},
       R"(/replies/operator/words: "operatore" is a word of "back")"},
      {"/replies/back/words",
       {"SI"},
       R"(/replies/back/words: "SI" is a word of an option of "q1")"},
      {"/replies/back/words",
       {"Va bene"},
       R"(/replies/back/words: "Va bene" is a word of an option of "q1")"},
      {"/replies/back/goodbye", "Ciao",
       "/replies/back/goodbye: the talk goes on after it: nothing is said"},
      {"/replies/stop/numbers",
       {"+390212345678"},
       "/replies/stop/numbers: only the operator has numbers"},
      {"/replies/operator/numbers/0", "02123",
       "/replies/operator/numbers/0: is not a number in E.164 form"},
  };
  for (const Case& c : cases) {
    json file = survey_with_replies();
    // Answers to q1 are keys 1 and 2, to q2 those from 1 to 5.
    if (std::string(c.expected).find("\"q1\"") != std::string::npos) file["questions"].erase(1);
    file[json::json_pointer(c.pointer)] = c.value;
    const auto problems = problems_of(file.dump());
    BOOST_TEST_REQUIRE(!problems.empty(), c.expected);
    BOOST_TEST(problems.front() == c.expected);
  }
  json none = survey();
  none["replies"] = {{"refused", true}};
  check_problem(none.dump(), "/replies/refused: no question allows it");
  json opted = survey_with_replies();
  opted["opt_out"] = {{"key", "0"}, {"words", {"basta così"}}};
  check_problem(opted.dump(), "/replies/operator/key: is the key of the opt-out");
  json polish = survey_with_replies();
  polish["language"] = "pl-PL";
  BOOST_TEST(problems_of(polish.dump()).front() ==
             "/replies/refused: nobody could ask for it: no words of ours in \"pl-PL\"");
  json message = notification();
  message["replies"] = {{"stop", true}};
  check_problem(message.dump(), "/replies: does not belong to a campaign of kind \"notification\"");
}

BOOST_AUTO_TEST_CASE(a_common_yes_or_no_means_nothing_else_at_a_question_of_them) {
  for (const char* word : {"va bene", "Certo", "SI", "no"}) {
    json file = survey();
    file["opt_out"] = {{"words", {word}}};
    check_problem(file.dump(), std::string("/opt_out/words: \"") + word + "\" also answers \"q1\"");
    // Nor where the question names options of its own for the two.
    file["questions"][0]["options"] = {{{"code", "yes"}, {"key", "1"}, {"words", {"vengo"}}},
                                       {{"code", "no"}, {"key", "2"}, {"words", {"resto"}}}};
    BOOST_TEST(problems_of(file.dump()).size() == 1U, word);
    // Other options are not chosen by these words.
    file["questions"][0]["options"][0]["code"] = "vengo";
    file["questions"][0]["options"][1]["code"] = "resto";
    BOOST_TEST(problems_of(file.dump()).empty(), word);
    // What was accepted once still is, unless it was wrong then.
    json before = survey();
    before["opt_out"] = {{"words", {word}}};
    BOOST_TEST(parse_campaign_file(before.dump(), ReadFrom::log).ok() ==
               (word != std::string("no")));
  }
}

BOOST_AUTO_TEST_CASE(words_for_yes_and_no_that_were_written_down_before_are_those_of_today) {
  struct Before {
    const char* language;
    std::vector<std::string> yes;
    std::vector<std::string> no;
  };
  for (const auto& words : std::vector<Before>{
           {"it-IT",
            {"sì", "si", "certo", "va bene", "d'accordo", "esatto"},
            {"no", "assolutamente no"}},
           {"en-GB", {"yes", "yeah", "sure", "of course", "correct"}, {"no", "nope", "not at all"}},
           {"de-DE", {"ja", "jawohl", "gerne", "natürlich", "genau"}, {"nein", "leider nicht"}},
           {"fr-FR", {"oui", "d'accord", "bien sûr", "exactement"}, {"non", "pas du tout"}},
           {"es-ES", {"sí", "si", "claro", "de acuerdo", "vale"}, {"no", "para nada"}}}) {
    json file = survey();
    file["language"] = words.language;
    const auto today = campaign_of(file);
    auto before = json::parse(print_campaign(today));
    auto& options = before["questions"][0]["options"];
    options[0]["words"] = words.yes;
    options[1]["words"] = words.no;
    const auto from_log = parse_campaign_file(before.dump(), ReadFrom::log);
    BOOST_TEST_REQUIRE(from_log.ok(), words.language);
    BOOST_TEST((from_log.value().campaign == today), words.language);
    // Words that somebody chose stay.
    options[0]["words"].push_back("hurrah");
    BOOST_TEST(!(campaign_of(before) == today), words.language);
  }
}

BOOST_AUTO_TEST_CASE(dates_and_choices_of_several_are_read_and_checked) {
  json file = survey();
  file["questions"][0] = {{"id", "q1"},
                          {"type", "date"},
                          {"ask", "Quando?"},
                          {"earliest", "2026-01-01"},
                          {"latest", "2026-12-31"}};
  file["questions"][2]["several"] = true;
  file["questions"][1]["ask_if"] = {{"question", "q1"}, {"between", {"2026-02-01", "2026-02-28"}}};
  const auto campaign = campaign_of(file);
  BOOST_TEST(campaign.questions[0].least == 20'454);
  BOOST_TEST(campaign.questions[0].most == 20'818);
  BOOST_TEST(campaign.questions[2].most == 2);
  check_reads_back(campaign);
  struct Case {
    const char* pointer;
    json value;
    const char* expected;
  };
  const Case cases[] = {
      {"/questions/0/earliest", "2026-02-30",
       "/questions/0/earliest: is not a date of the calendar"},
      {"/questions/0/earliest", "2027-01-01", "/questions/0/latest: is before \"earliest\""},
      {"/questions/0/least", 3,
       "/questions/0/least: only questions of type rating and number have bounds, and a choice of "
       "several"},
      {"/questions/1/latest", "2026-01-01",
       "/questions/1/latest: only questions of type date have it"},
      {"/questions/1/several", true, "/questions/1/several: only a choice has several answers"},
      {"/questions/2/most", 3, "/questions/2/most: must be between 1 and 2, is 3"},
      {"/questions/1/ask_if/between", {1, 2}, "/questions/1/ask_if/between: must be two dates"},
      {"/questions/1/ask_if",
       {{"question", "q1"}, {"is", {"2027-01-01"}}},
       "/questions/1/ask_if/is/0: is not an answer that this question can have"},
  };
  for (const Case& c : cases) {
    json changed = file;
    changed[json::json_pointer(c.pointer)] = c.value;
    check_problem(changed.dump(), c.expected);
  }
}

BOOST_AUTO_TEST_CASE(skip_logic_tests_answers_statuses_and_columns_and_cannot_contradict_itself) {
  json file = survey_with_replies();
  const json good[] = {
      {{"question", "q1"}, {"status", {"refused", "no_input"}}},
      {{"column", "Eta"}, {"between", {18, 30}}},
      {{"column", "Eta"}, {"empty", true}},
      {{"all", {{{"question", "q2"}, {"between", {1, 3}}}, {{"question", "q2"}, {"is", {3}}}}}},
  };
  for (const json& condition : good) {
    file["questions"][2]["ask_if"] = condition;
    const auto campaign = campaign_of(file);
    check_reads_back(campaign);
    BOOST_TEST(json::parse(print_campaign(campaign))["questions"][2].contains("ask_if"));
  }
  struct Case {
    json condition;
    const char* expected;
  };
  const Case bad[] = {
      {{{"question", "q2"}, {"status", {"refused"}}},
       R"(/questions/2/ask_if/status/0: "q2" does not allow it)"},
      {{{"question", "q1"}, {"status", {"silent"}}},
       R"(/questions/2/ask_if/status/0: "silent" is not known here)"},
      {{{"column", "Eta"}, {"empty", false}}, "/questions/2/ask_if/empty: must be true"},
      {{{"column", "Eta"}, {"empty", true}, {"is", {"x"}}},
       R"(/questions/2/ask_if: needs one of "is", "between", "empty")"},
      {{{"column", "Eta"}, {"between", {"a", "b"}}},
       "/questions/2/ask_if/between: must be two integers"},
      {{{"all", {{{"question", "q2"}, {"between", {1, 2}}}, {{"question", "q2"}, {"is", {3}}}}}},
       "/questions/2/ask_if: can never hold: nobody would be asked this question"},
  };
  for (const Case& c : bad) {
    json changed = file;
    changed["questions"][2]["ask_if"] = c.condition;
    check_problem(changed.dump(), c.expected);
  }
  // Which once was accepted, and is in a log: that is read as it was.
  json contradictory = file;
  contradictory["questions"][2]["ask_if"] = std::end(bad)[-1].condition;
  BOOST_TEST(!parse_campaign_file(contradictory.dump()).ok());
  BOOST_TEST(parse_campaign_file(contradictory.dump(), ReadFrom::log).ok());
  json looped = file;
  looped["questions"][1]["for_each"] = "Figli";
  check_problem(
      looped.dump(),
      "/questions/1/for_each: a question is asked once, not for each entry of a list: how "
      "many columns the results have is known before the first call");
}

BOOST_AUTO_TEST_CASE(quotas_say_how_many_of_whom) {
  json file = survey();
  file["quota_full"] = "Abbiamo già abbastanza risposte.";
  for (const bool empty : {false, true}) {
    if (empty) file["quotas"] = json::array();
    check_problem(file.dump(), "/quota_full: would never be said: there are no \"quotas\"");
  }
  file["quotas"] = {
      {{"name", "yes"}, {"if", {{"question", "q1"}, {"is", {"yes"}}}}, {"completes", 50}},
      {{"name", "all"}, {"completes", 80}}};
  const auto campaign = campaign_of(file);
  BOOST_TEST_REQUIRE(campaign.quotas.size() == 2U);
  BOOST_TEST(campaign.quotas[0].completes == 50U);
  BOOST_TEST((campaign.quotas[1].who.op == Condition::Op::always));
  check_reads_back(campaign);
  const auto with = [&](const char* member, json value) {
    json changed = file;
    changed["quotas"][1][member] = std::move(value);
    return changed.dump();
  };
  check_problem(with("name", "yes"), "/quotas/1/name: another quota has this name already");
  check_problem(with("name", "All people"),
                "/quotas/1/name: must be 1 to 64 of a-z, 0-9 and _, beginning with a letter");
  check_problem(with("completes", 0), "/quotas/1/completes: must be between 1 and 10000000, is 0");
  check_problem(with("if", {{"question", "q9"}, {"answered", true}}),
                "/quotas/1/if/question: no earlier question is called \"q9\"; did you mean "
                "\"q1\"?");
  check_problem(
      with("if", {{"all",
                   {{{"question", "q1"}, {"is", {"no"}}}, {{"question", "q1"}, {"is", {"yes"}}}}}}),
      "/quotas/1/if: can never hold: nobody would belong to the quota");
}

BOOST_AUTO_TEST_CASE(consent_says_on_what_ground_people_are_called) {
  json file = survey();
  BOOST_TEST(print_campaign(campaign_of(file)).find("consent") == std::string::npos);
  file["consent"] = {
      {"basis", "consent"}, {"source", "modulo web"}, {"date", "2025-11-01"}, {"required", true}};
  const auto campaign = campaign_of(file);
  BOOST_TEST(campaign.consent.basis == "consent");
  BOOST_TEST(campaign.consent.source == "modulo web");
  BOOST_TEST(campaign.consent.date == "2025-11-01");
  BOOST_TEST(campaign.consent.required);
  BOOST_TEST((campaign_of(json::parse(print_campaign(campaign))).consent == campaign.consent));
  const auto with = [&](const char* member, json value) {
    auto changed = file;
    changed["consent"][member] = std::move(value);
    return changed.dump();
  };
  check_problem(with("basis", "Legal ground"),
                "/consent/basis: must be 1 to 64 of a-z, 0-9 and _, beginning with a letter");
  check_problem(with("date", "2025-02-30"), "/consent/date: is not a date");
  check_problem(with("sources", "x"), "/consent/sources: unknown member; did you mean \"source\"?");
  // What is required has to be somewhere.
  check_problem(with("source", ""),
                "/consent/required: nobody could be called: nothing says where "
                "consent comes from");
  file["consent"].erase("date");
  check_problem(file.dump(),
                "/consent/required: nobody could be called: nothing says since when "
                "consent is there");
  file["contacts"]["columns"]["consent_date"] = "Data consenso";
  BOOST_TEST(campaign_of(file).contacts.consent_date_column == "Data consenso");
}

BOOST_AUTO_TEST_CASE(suppression_lists_say_whose_and_how_old_at_most) {
  json file = notification();
  BOOST_TEST(print_campaign(campaign_of(file)).find("suppression_lists") == std::string::npos);
  file["suppression_lists"] = {{{"source", "rpo"}, {"max_age", "15d"}},
                               {{"source", "own_list"}, {"max_age", "36h"}}};
  const auto campaign = campaign_of(file);
  BOOST_TEST_REQUIRE(campaign.suppression_lists.size() == 2U);
  BOOST_TEST(campaign.suppression_lists[0].source == "rpo");
  BOOST_TEST((campaign.suppression_lists[1].max_age == std::chrono::hours{36}));
  check_reads_back(campaign);
  const auto with = [&](const char* member, json value) {
    json changed = file;
    changed["suppression_lists"][1][member] = std::move(value);
    return changed.dump();
  };
  check_problem(with("source", "rpo"), "/suppression_lists/1/source: is required twice");
  check_problem(with("source", "R P O"),
                "/suppression_lists/1/source: must be 1 to 64 of a-z, 0-9 and _, beginning with a "
                "letter");
  check_problem(with("max_age", 15), "/suppression_lists/1/max_age: must be a duration");
  check_problem(with("max_age", "30s"),
                "/suppression_lists/1/max_age: must be between 1m and 366d, is 30s");
  check_problem(with("maxage", "1d"),
                "/suppression_lists/1/maxage: unknown member; did you mean \"max_age\"?");
  file["suppression_lists"][1].erase("max_age");
  check_problem(file.dump(), "/suppression_lists/1/max_age: is missing");
}

BOOST_AUTO_TEST_CASE(a_preset_says_how_often_unless_the_file_does) {
  json file = survey();
  const auto retries_of = [&] { return campaign_of(file).retries; };
  const auto none = retries_of();
  BOOST_TEST((none.rolling_cap == RollingCap{}));
  file["calling_hours"] = {{"preset", "IT"}};
  BOOST_TEST((retries_of() == none));
  file["calling_hours"]["preset"] = "US-FL";
  BOOST_TEST((retries_of().rolling_cap == RollingCap{3, Seconds{86'400}}));
  BOOST_TEST(retries_of().cool_off.count() == none.cool_off.count());
  file["calling_hours"]["preset"] = "FR";
  BOOST_TEST((retries_of().rolling_cap == RollingCap{4, Seconds{30 * 86'400}}));
  BOOST_TEST(retries_of().cool_off.count() == 60 * 86'400);
  check_reads_back(campaign_of(file));
  file["retries"] = {{"cool_off", "90d"}};
  BOOST_TEST(retries_of().cool_off.count() == 90 * 86'400);
  BOOST_TEST(retries_of().rolling_cap.calls == 4);
  file["retries"]["spread"] = {"13:00", "17:00"};
  BOOST_TEST(retries_of().spread.size() == 2U);
  check_reads_back(campaign_of(file));
  file["retries"]["rolling_cap"] = {{"calls", 6}, {"within", "7d"}};
  BOOST_TEST((retries_of().rolling_cap == RollingCap{6, Seconds{7 * 86'400}}));
}

BOOST_AUTO_TEST_CASE(a_survey_may_screen_and_a_message_may_ask) {
  json file = survey();
  file["questions"][0]["screen_out_if"] = {{"question", "q1"}, {"is", {"no"}}};
  file["screened_out"] = "Non fa per lei.";
  check_reads_back(campaign_of(file));
  json unreachable = file;
  unreachable["questions"][1]["ask_if"] = {{"question", "q1"}, {"is", {"no"}}};
  check_problem(unreachable.dump(),
                "/questions/1/ask_if: can never hold: nobody would be asked this question");
  unreachable["questions"][1]["ask_if"]["is"] = {"yes"};
  check_reads_back(campaign_of(unreachable));
  // Everybody answers the first question, and is screened out by it.
  json nobody = file;
  nobody["questions"][0]["screen_out_if"] = {{"question", "q1"}, {"answered", true}};
  check_problem(nobody.dump(), "/questions/1: is never asked");
  file["questions"][0]["screen_out_if"] = {{"question", "q2"}, {"is", {1}}};
  check_problem(
      file.dump(),
      "/questions/0/screen_out_if/question: no earlier question is called \"q2\"; did you "
      "mean \"q1\"?");
  file["questions"][0]["screen_out_if"] = {
      {"all", {{{"question", "q1"}, {"is", {"no"}}}, {{"question", "q1"}, {"is", {"yes"}}}}}};
  check_problem(file.dump(),
                "/questions/0/screen_out_if: can never hold: it would screen nobody out");
  json message = notification();
  message["quotas"] = json::array();
  check_problem(message.dump(), "/quotas: does not belong to a campaign of kind \"notification\"");
  message.erase("quotas");
  message["confirm"] = {{"ask", "Viene?"}};
  const auto campaign = campaign_of(message);
  BOOST_TEST_REQUIRE(campaign.questions.size() == 1U);
  BOOST_TEST(campaign.questions[0].id == "confirmed");
  BOOST_TEST((campaign.questions[0].type == QuestionType::yes_no));
  check_reads_back(campaign);
  json twice = survey();
  twice["confirm"] = {{"ask", "Viene?"}};
  check_problem(twice.dump(), "/confirm: does not belong to a campaign of kind \"survey\"");
}

BOOST_AUTO_TEST_CASE(what_an_agent_cannot_be_is_told) {
  struct Case {
    const char* pointer;
    json value;
    const char* expected;
  };
  const Case cases[] = {
      {"/agent/disclosure", "", "/agent/disclosure: is empty"},
      {"/agent/instructions", "Si rivolga a {{Nome}}.",
       "/agent/instructions: must not contain places for columns"},
      {"/agent/instructions", std::string(8001, 'x'),
       "/agent/instructions: is 8001 characters long; 8000 are allowed"},
      {"/agent/opening", "Ciao {{Nome}}",
       R"(/agent/opening: tells the agent the column "Nome", which it may not know)"},
      {"/questions/0/ask", "Viene, {{Nome}}?",
       R"(/questions/0/ask: tells the agent the column "Nome", which it may not know)"},
      {"/greeting", "Ciao {{Nome}}",
       R"(/greeting: tells the agent the column "Nome", which it may not know)"},
      {"/goodbye", "Ciao {{Nome}}",
       R"(/goodbye: tells the agent the column "Nome", which it may not know)"},
      {"/agent/columns", {"Citta", 3}, "/agent/columns/1: is not the name of a column"},
      {"/agent/time_max", "11m",
       R"(/agent/time_max: is longer than the whole call may last ("call_time"))"},
      {"/agent/silence_max", "300s", nullptr},
      {"/agent/turns_max", 0, "/agent/turns_max: must be between 1 and 1000, is 0"},
      {"/agent/on_failure", "apologize",
       R"(/agent/on_failure: "apologize" is not known here; did you mean "apologise"?)"},
      {"/agent/transfer", {"0220527877"}, "/agent/transfer/0: is not a number in E.164 form"},
      {"/agent/discolsure", "x",
       R"(/agent/discolsure: unknown member; did you mean "disclosure"?)"},
  };
  for (const Case& one : cases) {
    auto file = survey();
    file["mode"] = "agent";
    file["agent"] = {{"disclosure", "Parla un'intelligenza artificiale."}};
    file[json::json_pointer(one.pointer)] = one.value;
    if (one.expected == nullptr) {
      BOOST_TEST(problems_of(file.dump()).empty());
    } else {
      check_problem(file.dump(), one.expected);
    }
  }
  // Nothing to ask and nothing to do.
  auto message = notification();
  message["mode"] = "agent";
  message["message"] = "Ciao";
  message["agent"] = {{"disclosure", "Parla un'intelligenza artificiale."}};
  check_problem(message.dump(),
                "/agent/instructions: the agent has nothing to ask and nothing to do");
  message["agent"]["instructions"] = "Racconti l'avviso.";
  BOOST_TEST(problems_of(message.dump()).empty());
  // A short call makes the talk short, where nobody says how long it may be.
  message["call_time"] = "60s";
  const auto read = parse_campaign_file(message.dump());
  BOOST_TEST_REQUIRE(read.ok());
  BOOST_TEST((read.value().campaign.agent.time_max == Seconds{60}));
}

BOOST_AUTO_TEST_CASE(what_a_human_costs_is_said_where_there_is_one) {
  auto file = survey();
  file["budget"] = {{"limit", "50"}, {"per_minute", "0.05"}, {"transfer_per_minute", "0.02"}};
  check_problem(file.dump(), "/budget/transfer_per_minute: is a price for what cannot happen");
  file["replies"] = {{"operator", {{"key", "0"}, {"numbers", {"+390233333333"}}}}};
  const auto campaign = campaign_of(file);
  BOOST_TEST(campaign.budget.transfer_per_minute_millionths == 20'000);
  check_reads_back(campaign);
  file["budget"].erase("transfer_per_minute");
  BOOST_TEST(print_campaign(campaign_of(file)).find("transfer_per_minute") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_voice_model_costs_is_said_whole_or_not_at_all) {
  auto file = survey();
  file["mode"] = "agent";
  file["agent"] = {{"disclosure", "Parla un'intelligenza artificiale."}};
  BOOST_TEST(print_campaign(campaign_of(file)).find("per_call_max") == std::string::npos);
  file["budget"] = {{"limit", "50"}, {"per_minute", "0.05"}};
  auto& model = file["budget"]["model"];
  model = {{"per_call_max", "0.80"},         {"input_audio_per_million", "32"},
           {"output_audio_per_million", 64}, {"input_text_per_million", "4"},
           {"output_text_per_million", "0"}, {"cached_per_million", "0.4"},
           {"per_minute", "0.006"}};
  const auto campaign = campaign_of(file);
  const auto& prices = campaign.budget.model.value();
  BOOST_TEST(prices.per_call_max == 800'000);
  BOOST_TEST(prices.input_audio == 32'000'000);
  BOOST_TEST(prices.output_audio == 64'000'000);
  BOOST_TEST(prices.input_text == 4'000'000);
  BOOST_TEST(prices.output_text == 0);
  BOOST_TEST(prices.cached.value() == 400'000);
  BOOST_TEST(prices.per_minute == 6'000);
  check_reads_back(campaign);
  for (const char* name : {"cached_per_million", "per_minute"}) {
    model.erase(name);
    check_reads_back(campaign_of(file));
  }
  BOOST_TEST(!campaign_of(file).budget.model->cached);
  for (const char* name : {"per_call_max", "input_audio_per_million", "output_audio_per_million",
                           "input_text_per_million", "output_text_per_million"}) {
    auto without = file;
    without["budget"]["model"].erase(name);
    check_problem(without.dump(), std::string("/budget/model/") + name + ": is missing");
  }
  auto nothing = file;
  nothing["budget"]["model"]["per_call_max"] = 0;
  check_problem(nothing.dump(),
                "/budget/model/per_call_max: must be between 0.000001 and 1000000, is 0");
  auto misspelt = file;
  misspelt["budget"]["model"]["per_call"] = 1;
  check_problem(misspelt.dump(),
                R"(/budget/model/per_call: unknown member; did you mean "per_call_max"?)");
  check_survey_problem("/budget", {{"model", file["budget"]["model"]}},
                       R"(/budget/model: no voice model is asked in mode "simple")");
}

BOOST_AUTO_TEST_CASE(all_problems_come_at_once) {
  json file = survey();
  file.erase("id");
  file["kind"] = "quiz";
  file["pacing"] = {{"lines", "ten"}};
  file["ring_time"] = 3;
  file["questions"][0]["ask"] = "";
  BOOST_TEST(problems_of(file.dump()).size() == 5U);
}

BOOST_AUTO_TEST_CASE(decimals_are_read_as_numbers_or_strings_and_printed_as_strings) {
  for (const auto& [given, thousandths, printed] :
       {std::tuple<json, std::uint32_t, const char*>{0.5, 500, "0.5"},
        {"0.500", 500, "0.5"},
        {3, 3000, "3"},
        {"0.001", 1, "0.001"},
        {1.1, 1100, "1.1"},
        {"1000", 1'000'000, "1000"}}) {
    json file = survey();
    file["pacing"] = {{"calls_per_second", given}};
    const Campaign c = campaign_of(file);
    BOOST_TEST(c.pacing.calls_per_second_thousandths == thousandths);
    BOOST_TEST(json::parse(print_campaign(c))["pacing"]["calls_per_second"] == printed);
  }
}

BOOST_AUTO_TEST_CASE(durations_dates_and_days_have_one_form_each) {
  BOOST_TEST((parse_duration("1h30m") == Seconds{5400}));
  BOOST_TEST(duration_text(Seconds{5400}) == "90m");
  BOOST_TEST(duration_text(Seconds{86400}) == "1d");
  BOOST_TEST(duration_text(Seconds{61}) == "61s");
  for (const char* text : {"", "5", "m", "1m1h", "1m1m", "-5s", "1.5h", "5 s", "99999999999s"}) {
    BOOST_TEST(!parse_duration(text).has_value(), text);
  }
  BOOST_TEST(parse_days("sat-mon") == 0b1100001);
  BOOST_TEST(parse_days("mon-") == 0);
  const std::vector<std::string> days{"mon-wed", "fri", "sun"};
  BOOST_TEST(days_texts(0b1010111) == days, boost::test_tools::per_element());
  BOOST_TEST(!parse_time_of_day("24:01").has_value());
  BOOST_TEST(!parse_date("2026-1-05").has_value());
  for (const char* tag : {"it", "it-IT", "zh-Hant-TW", "es-419", "gsw-CH"}) {
    BOOST_TEST(is_language_tag(tag), tag);
  }
  for (const char* tag : {"", "i", "IT", "it-it", "it_IT", "it-IT-x", "it-", "italiano"}) {
    BOOST_TEST(!is_language_tag(tag), tag);
  }
}

BOOST_AUTO_TEST_CASE(inline_contacts_keep_the_order_of_their_columns) {
  json file = notification();
  file.erase("contacts");
  const std::string list = R"([{"number":"+393331234567","Zeta":"1","Alfa":"2"}])";
  for (const std::string& contacts : {list, R"({"list": )" + list + R"(, "region": "IT"})"}) {
    std::string text = file.dump();
    text.insert(1, "\"contacts\": " + contacts + ",");
    const auto parsed = parse_campaign_file(text);
    BOOST_TEST_REQUIRE(parsed.ok());
    BOOST_TEST(parsed.value().inline_contacts == list);
    BOOST_TEST(parsed.value().campaign.contacts.file == "");
    check_reads_back(parsed.value().campaign);
  }
}

BOOST_AUTO_TEST_CASE(template_uses_are_found_with_their_texts) {
  json file = survey();
  file["greeting"] = {{"it-IT", "{{Nome}} {{Cognome}}"}, {"en-GB", "{{Nome}}"}};
  file["questions"][1]["ask"] = "Da {{Medico}}?";
  const std::vector<TemplateUse> expected{{"/greeting/en-GB", "Nome"},
                                          {"/greeting/it-IT", "Nome"},
                                          {"/greeting/it-IT", "Cognome"},
                                          {"/questions/1/ask", "Medico"}};
  BOOST_TEST((template_uses(campaign_of(file)) == expected));
}

// What is printed reads back, for whatever a file may say: members of the examples are replaced by
// one another and by odd values, and what is still accepted must survive.
BOOST_AUTO_TEST_CASE(whatever_is_accepted_reads_back) {
  std::mt19937 random(7);
  const auto draw = [&random](std::size_t n) { return random() % n; };
  const json odd[] = {0,       1,     9,      "1",    "never", "90s",  "2h",          "0.25",
                      "",      true,  false,  0.5,    3,       "a",    json::array(), nullptr,
                      "24:00", "key", "open", "hold", "sat",   "it-IT"};
  std::size_t accepted = 0;
  for (const char* path : examples) {
    const json original = json::parse(read_file(path));
    const json flat = original.flatten();
    std::vector<std::string> pointers;
    for (const auto& item : flat.items()) pointers.push_back(item.key());
    for (int round = 0; round < 700; ++round) {
      json changed = original;
      for (std::size_t n = 1 + draw(3); n > 0; --n) {
        const json::json_pointer where(pointers[draw(pointers.size())]);
        if (!changed.contains(where)) continue;
        if (draw(3) == 0) {
          changed[where] = flat[pointers[draw(pointers.size())]];
        } else if (draw(4) == 0 && changed[where.parent_pointer()].is_object()) {
          changed[where.parent_pointer()].erase(where.back());
        } else {
          changed[where] = odd[draw(std::size(odd))];
        }
      }
      const auto parsed = parse_campaign_file(changed.dump());
      if (!parsed.ok()) {
        BOOST_TEST_REQUIRE(!parsed.error().empty());
        continue;
      }
      ++accepted;
      check_reads_back(parsed.value().campaign);
    }
  }
  BOOST_TEST_MESSAGE(accepted);
  BOOST_TEST(accepted > 300U);
}

BOOST_AUTO_TEST_CASE(the_contacts_may_be_asked_for) {
  json file = survey();
  const json query{{"database", "crm.db"}, {"sql", "SELECT 1 AS number ORDER BY 1"}};
  file["contacts"] = {{"query", query}};
  Campaign c = campaign_of(file);
  BOOST_TEST(c.contacts.file.empty());
  BOOST_TEST(c.contacts.query.database == "crm.db");
  BOOST_TEST(c.contacts.query.sql == "SELECT 1 AS number ORDER BY 1");
  check_reads_back(c);
  file["contacts"] = {{"file", "a.txt"}, {"format", "jsonl"}};
  c = campaign_of(file);
  BOOST_TEST((c.contacts.format == ListFormat::jsonl));
  check_reads_back(c);
  file["contacts"] = {{"file", nullptr}};
  check_reads_back(campaign_of(file));
}

BOOST_AUTO_TEST_CASE(contacts_come_from_one_place) {
  const json query{{"database", "crm.db"}, {"sql", "SELECT 1"}};
  const json list = json::array({{{"number", "+393331234567"}}});
  check_survey_problem("/contacts", {{"file", "a.csv"}, {"query", query}},
                       "/contacts/query: there is a file already");
  check_survey_problem("/contacts", {{"list", list}, {"query", query}},
                       "/contacts/query: there is a list already");
  check_survey_problem("/contacts", {{"query", "SELECT 1"}},
                       "/contacts/query: must be an object, is a string");
  check_survey_problem("/contacts", {{"query", {{"database", "crm.db"}}}},
                       "/contacts/query/sql: is missing");
  check_survey_problem("/contacts", {{"query", {{"sql", "SELECT 1"}}}},
                       "/contacts/query/database: is missing");
  check_survey_problem("/contacts", {{"query", {{"database", ""}, {"sql", "SELECT 1"}}}},
                       "/contacts/query/database: names no database");
  check_survey_problem("/contacts", {{"query", {{"database", "crm.db"}, {"sql", ""}}}},
                       "/contacts/query/sql: asks nothing");
  check_survey_problem("/contacts", {{"query", query}, {"format", "csv"}},
                       "/contacts/format: the rows of a query have no format");
  check_survey_problem("/contacts", {{"list", list}, {"format", "csv"}},
                       "/contacts/format: the list in the campaign file is JSON");
  check_survey_problem("/contacts", json::object(), "/contacts: names no contacts");
}

// The schema knows every member that the reader knows, and the reverse.
BOOST_AUTO_TEST_CASE(schema_and_reader_know_the_same_members) {
  const json schema = json::parse(read_file("campaigns/campaign.schema.json"));
  for (const auto& [kind, members] : campaign_members()) {
    BOOST_TEST_CONTEXT(kind) {
      const json& object = kind == "campaign" ? schema : schema["$defs"][kind];
      std::vector<std::string> in_schema;
      for (const auto& property : object["properties"].items()) in_schema.push_back(property.key());
      std::vector<std::string> in_reader = members;
      std::sort(in_reader.begin(), in_reader.end());
      std::sort(in_schema.begin(), in_schema.end());
      BOOST_TEST(in_reader == in_schema, boost::test_tools::per_element());
      BOOST_TEST(object["additionalProperties"] == false);
    }
  }
  std::size_t objects = 1;
  for (const auto& definition : schema["$defs"].items()) {
    if (definition.value().contains("properties")) ++objects;
  }
  BOOST_TEST(objects == campaign_members().size());
}

// And it says the same of the words that stand for choices.
BOOST_AUTO_TEST_CASE(schema_and_reader_know_the_same_words) {
  const json schema = json::parse(read_file("campaigns/campaign.schema.json"));
  const auto check = [](const json& member, const auto& words) {
    std::vector<std::string> known;
    for (const auto& [word, meaning] : words) known.emplace_back(word);
    BOOST_TEST((member["enum"] == json(known)), member.dump());
  };
  check(schema["properties"]["kind"], kind_words);
  check(schema["properties"]["mode"], mode_words);
  check(schema["properties"]["in_doubt"], in_doubt_words);
  check(schema["properties"]["eligibility"], eligibility_words);
  check(schema["$defs"]["question"]["properties"]["type"], question_type_words);
  check(schema["$defs"]["agent"]["properties"]["on_failure"], on_failure_words);
  check(schema["$defs"]["answering_machine"]["properties"]["action"], machine_words);
  check(schema["$defs"]["contacts"]["properties"]["bad_rows"], bad_rows_words);
  check(schema["$defs"]["contacts"]["properties"]["format"], list_format_words);
}

BOOST_AUTO_TEST_SUITE_END()
