#include "tests/campaigns/some_campaigns.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

#include "campaigns/campaign_file.hpp"

namespace some {

Text words(std::string text) {
  return {{{"it-IT", std::move(text)}}};
}

Option option(std::string code, char key, std::string label) {
  Option made;
  made.code = std::move(code);
  made.key = key;
  made.label = words(std::move(label));
  return made;
}

Question question(std::string id, QuestionType type, std::string ask) {
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

Condition when_is(std::string question, std::string value) {
  Condition made;
  made.op = Condition::Op::question_is;
  made.name = std::move(question);
  made.values = {std::move(value)};
  return made;
}

Campaign notification(std::string id) {
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

Campaign survey(std::string id) {
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

Campaign agent_survey(std::string id) {
  auto made = survey(std::move(id));
  made.mode = Mode::agent;
  made.agent.name = "Arthur";
  made.agent.instructions = words("Dia del lei.");
  made.agent.opening = words("Buongiorno {{name}}, sono Arthur.");
  made.agent.disclosure = words("Parla un'intelligenza artificiale, per un sondaggio.");
  made.agent.columns = {"name"};
  made.agent.transfer = {"+390233333333"};
  return made;
}

EnrolRows::Row person(std::uint64_t row, NumberKey key, std::string zone) {
  EnrolRows::Row made;
  made.row = row;
  made.number = "+39021234" + std::to_string(1000 + key);
  made.key = key;
  made.language = "it-IT";
  made.zone = std::move(zone);
  made.zone_said = true;
  made.values = {"id" + std::to_string(key), "Anna"};
  return made;
}

SubmitCampaign submit(const Campaign& campaign, std::string digest) {
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

void begin(World& world, std::string carrier) {
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

void enrol(World& world, const Campaign& campaign, std::vector<EnrolRows::Row> rows) {
  world.does(submit(campaign));
  world.does(EnrolRows{campaign.id, std::move(rows)});
  world.does(CompleteEnrolment{campaign.id});
}

Running::Running(const Campaign& campaign, std::uint64_t people, std::string carrier)
    : World(some_zones()), id(campaign.id) {
  begin(*this, std::move(carrier));
  std::vector<EnrolRows::Row> rows;
  for (std::uint64_t n = 1; n <= people; ++n) rows.push_back(person(n + 1, n));
  enrol(*this, campaign, std::move(rows));
}

Running::Running(const Campaign& campaign, std::vector<EnrolRows::Row> rows)
    : World(some_zones()), id(campaign.id) {
  begin(*this);
  enrol(*this, campaign, std::move(rows));
}

Running::Running(const Campaign& campaign, const std::string& column, const std::string& value)
    : World(some_zones()), id(campaign.id) {
  begin(*this);
  auto submission = submit(campaign);
  submission.columns.push_back(column);
  auto somebody = person(2, 1);
  somebody.values.push_back(value);
  does(submission);
  does(EnrolRows{campaign.id, {somebody}});
  does(CompleteEnrolment{campaign.id});
}

AttemptId Running::attempt(std::uint32_t contact, std::uint8_t number) const {
  return {id, contact, number};
}

std::string Running::sid(std::uint32_t contact, std::uint8_t number) {
  return "CA" + std::to_string(contact) + '-' + std::to_string(number);
}

void Running::dial(std::uint32_t contact, std::uint8_t number) {
  const auto planned = plans();
  BOOST_TEST_REQUIRE(planned.find("CallRequested") != std::string::npos, planned);
  accept(contact, number);
}

void Running::accept(std::uint32_t contact, std::uint8_t number) {
  OrderAnswered answer;
  answer.attempt = attempt(contact, number);
  answer.kind = OrderAnswered::Kind::placed;
  answer.sid = sid(contact, number);
  does(answer);
}

StatusReported Running::status(std::string word, std::int64_t seconds, std::uint32_t contact,
                               std::uint8_t number) const {
  StatusReported made;
  made.attempt = attempt(contact, number);
  made.sid = sid(contact, number);
  made.status = std::move(word);
  made.seconds = seconds;
  return made;
}

VoiceRequested Running::voice(std::string answered_by, std::uint32_t contact,
                              std::uint8_t number) const {
  return {attempt(contact, number), sid(contact, number), std::move(answered_by)};
}

SurveyAnswered Running::keyed(std::string question, std::uint32_t turn, std::string digits,
                              std::uint32_t contact, std::uint8_t number) const {
  SurveyAnswered made;
  made.attempt = attempt(contact, number);
  made.sid = sid(contact, number);
  made.question = std::move(question);
  made.turn = turn;
  made.digits = std::move(digits);
  return made;
}

SurveyAnswered Running::said(std::string question, std::uint32_t turn, std::string speech,
                             std::uint32_t contact, std::uint8_t number) const {
  auto made = keyed(std::move(question), turn, "", contact, number);
  made.speech = std::move(speech);
  made.confidence_thousandths = 875;
  return made;
}

void Running::answer_all(std::uint32_t contact, std::uint8_t number) {
  does(status("in-progress", 0, contact, number)).does(voice("", contact, number));
  does(keyed("colour", 1, "1", contact, number)).does(keyed("dark", 2, "2", contact, number));
  does(keyed("rate", 3, "4", contact, number)).does(keyed("people", 4, "12", contact, number));
  does(said("why", 5, "perché sì", contact, number));
}

}  // namespace some
