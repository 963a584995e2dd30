#pragma once

#include <string>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "tests/campaigns/some_zones.hpp"
#include "tests/support/given.hpp"

// Campaigns, people and worlds to begin from.
namespace some {

using namespace campaigns;
using namespace std::chrono_literals;
using support::utc;
using support::World;

inline Text words(std::string text) {
  return {{{"it-IT", std::move(text)}}};
}

inline Option option(std::string code, char key, std::string label) {
  Option made;
  made.code = std::move(code);
  made.key = key;
  made.label = words(std::move(label));
  return made;
}

inline Question question(std::string id, QuestionType type, std::string ask) {
  Question made;
  made.id = std::move(id);
  made.type = type;
  made.ask = words(std::move(ask));
  if (type == QuestionType::choice) {
    made.options = {option("red", '1', "rosso"), option("blue", '2', "blu")};
  }
  if (type == QuestionType::yes_no) {
    made.options = {option("yes", '1', "sì"), option("no", '2', "no")};
  }
  if (type == QuestionType::open) made.by_key = false;
  return made;
}

inline Condition when_is(std::string question, std::string value) {
  Condition made;
  made.op = Condition::Op::question_is;
  made.name = std::move(question);
  made.values = {std::move(value)};
  return made;
}

// Every day from nine to eight, one line, one call a second, three attempts, retry after no answer.
inline Campaign notification(std::string id = "note") {
  Campaign made;
  made.id = std::move(id);
  made.title = "Avviso";
  made.kind = Kind::notification;
  made.contacts.file = "people.csv";
  made.greeting = words("Buongiorno {{name}}, il corso di domani comincia alle nove.");
  made.hours.windows = {{0b1111111, 9h, 20h}};
  made.retries.delay[static_cast<std::size_t>(Outcome::no_answer)] = Seconds{7200};
  made.retries.delay[static_cast<std::size_t>(Outcome::busy)] = Seconds{900};
  made.retries.delay[static_cast<std::size_t>(Outcome::network_error)] = Seconds{1800};
  made.retries.delay[static_cast<std::size_t>(Outcome::broken_off)] = Seconds{3600};
  made.in_doubt = InDoubt::redial;
  return made;
}

// A colour, a yes or no that only red leads to, a rating, a number that need not be answered, and
// words.
inline Campaign survey(std::string id = "survey") {
  auto made = notification(std::move(id));
  made.title = "Sondaggio";
  made.kind = Kind::survey;
  made.greeting = words("Buongiorno.");
  made.resumed = words("Riprendiamo.");
  made.goodbye = words("Grazie.");
  made.questions = {question("colour", QuestionType::choice, "Che colore?"),
                    question("dark", QuestionType::yes_no, "Rosso scuro?"),
                    question("rate", QuestionType::rating, "Da uno a cinque?"),
                    question("people", QuestionType::number, "Quanti siete?"),
                    question("why", QuestionType::open, "Perché?")};
  made.questions[1].ask_if = when_is("colour", "red");
  made.questions[3].required = false;
  made.questions[3].least = 10;
  made.questions[3].most = 40;
  made.partial_answers = 2;
  made.opt_out.key = '9';
  made.opt_out.words = {{"it-IT", {"non chiamate più"}}};
  made.opt_out.goodbye = words("Non chiameremo più.");
  return made;
}

// Person n of a list; `key` says whose number it is.
inline EnrolRows::Row person(std::uint64_t row, NumberKey key, std::string zone = "Europe/Rome") {
  EnrolRows::Row made;
  made.row = row;
  made.number = "+39021234" + std::to_string(1000 + key);
  made.key = key;
  made.language = "it-IT";
  made.zone = std::move(zone);
  made.values = {"id" + std::to_string(key), "Anna"};
  return made;
}

inline SubmitCampaign submit(const Campaign& campaign, std::string digest = "d1") {
  SubmitCampaign made;
  made.campaign = campaign.id;
  made.definition = print_campaign(campaign);
  if (const auto read = parse_campaign_file(made.definition); !read) {
    for (const auto& problem : read.error()) BOOST_ERROR(problem.where + ' ' + problem.what);
  }
  made.definition_digest = std::move(digest);
  made.contacts_digest = "c1";
  made.columns = {"id", "name"};
  return made;
}

// A running log on a Monday morning in Rome, at 9:00.
inline void begin(World& world, std::string carrier = "rehearsal") {
  world.at("2026-03-02T08:00:00Z");
  LogCreated identity;
  identity.installation = "0123";
  identity.carrier = std::move(carrier);
  identity.seed = 7;
  world.does(CreateLog{identity});
  RunnerStarted run;
  run.epoch = 1;
  run.public_url = "https://example.test";
  run.caller_id = "+390200000000";
  world.does(StartRunner{run});
}

inline void enrol(World& world, const Campaign& campaign, std::vector<EnrolRows::Row> rows) {
  world.does(submit(campaign));
  world.does(EnrolRows{campaign.id, std::move(rows)});
  world.does(CompleteEnrolment{campaign.id});
}

// A world with one campaign and people 1..n.
struct Running : World {
  explicit Running(const Campaign& campaign, std::uint64_t people = 1,
                   std::string carrier = "rehearsal")
      : World(some_zones()), id(campaign.id) {
    begin(*this, std::move(carrier));
    std::vector<EnrolRows::Row> rows;
    for (std::uint64_t n = 1; n <= people; ++n) rows.push_back(person(n + 1, n));
    enrol(*this, campaign, std::move(rows));
  }

  AttemptId attempt(std::uint32_t contact = 1, std::uint8_t number = 1) const {
    return {id, contact, number};
  }
  static std::string sid(std::uint32_t contact = 1, std::uint8_t number = 1) {
    return "CA" + std::to_string(contact) + '-' + std::to_string(number);
  }
  // Dials whoever is due and takes the carrier's yes.
  void dial(std::uint32_t contact = 1, std::uint8_t number = 1) {
    const auto planned = plans();
    BOOST_TEST_REQUIRE(planned.find("CallRequested") != std::string::npos, planned);
    accept(contact, number);
  }
  void accept(std::uint32_t contact = 1, std::uint8_t number = 1) {
    OrderAnswered answer;
    answer.attempt = attempt(contact, number);
    answer.kind = OrderAnswered::Kind::placed;
    answer.sid = sid(contact, number);
    does(answer);
  }
  StatusReported status(std::string word, std::int64_t seconds = 0, std::uint32_t contact = 1,
                        std::uint8_t number = 1) const {
    StatusReported made;
    made.attempt = attempt(contact, number);
    made.sid = sid(contact, number);
    made.status = std::move(word);
    made.seconds = seconds;
    return made;
  }
  VoiceRequested voice(std::string answered_by = {}, std::uint32_t contact = 1,
                       std::uint8_t number = 1) const {
    return {attempt(contact, number), sid(contact, number), std::move(answered_by)};
  }
  SurveyAnswered keyed(std::string question, std::uint32_t turn, std::string digits,
                       std::uint32_t contact = 1, std::uint8_t number = 1) const {
    SurveyAnswered made;
    made.attempt = attempt(contact, number);
    made.sid = sid(contact, number);
    made.question = std::move(question);
    made.turn = turn;
    made.digits = std::move(digits);
    return made;
  }
  SurveyAnswered said(std::string question, std::uint32_t turn, std::string speech,
                      std::uint32_t contact = 1, std::uint8_t number = 1) const {
    auto made = keyed(std::move(question), turn, "", contact, number);
    made.speech = std::move(speech);
    made.confidence_thousandths = 875;
    return made;
  }
  // The whole survey, answered well.
  void answer_all(std::uint32_t contact = 1, std::uint8_t number = 1) {
    does(status("in-progress", 0, contact, number)).does(voice("", contact, number));
    does(keyed("colour", 1, "1", contact, number)).does(keyed("dark", 2, "2", contact, number));
    does(keyed("rate", 3, "4", contact, number)).does(keyed("people", 4, "12", contact, number));
    does(said("why", 5, "perché sì", contact, number));
  }

  std::string id{};
};

}  // namespace some
