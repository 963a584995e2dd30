#include "campaigns/quotas.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/campaign_file.hpp"
#include "campaigns/edit.hpp"
#include "campaigns/explain.hpp"
#include "campaigns/survey.hpp"
#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(quotas)

namespace {

using namespace some;

Quota quota_of(std::string name, std::uint32_t completes, Condition who = {}) {
  Quota quota;
  quota.name = std::move(name);
  quota.completes = completes;
  quota.who = std::move(who);
  return quota;
}

Condition column_is(std::string column, std::string value) {
  Condition made;
  made.op = Condition::Op::column_is;
  made.name = std::move(column);
  made.values = {std::move(value)};
  return made;
}

Condition none_of(Condition part) {
  Condition made;
  made.op = Condition::Op::negation;
  made.parts = {std::move(part)};
  return made;
}

// Many at once, so that some are in a call when others are done.
Campaign survey_with(std::vector<Quota> quotas) {
  auto campaign = some::survey();
  campaign.pacing.lines = 10;
  campaign.pacing.calls_per_second_thousandths = 100'000;
  campaign.quotas = std::move(quotas);
  campaign.quota_full = words("Abbiamo già abbastanza risposte.");
  return campaign;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t times_in(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// The account's calls at one a second, as many as there are lines and people for.
std::string dials(Running& world, int calls) {
  std::string lines;
  for (int i = 0; i < calls; ++i) lines += world.later(1s).plans();
  return lines;
}

void completes(Running& world, std::uint32_t contact, std::uint8_t number = 1) {
  world.accept(contact, number);
  world.answer_all(contact, number);
  world.does(world.status("completed", 60, contact, number));
}

const DialContact& dialled(const Running& world, std::uint32_t contact) {
  return world.state().queue.campaigns[0].contact(contact);
}

std::string prompt_of(const Running& world, std::uint32_t contact) {
  const auto* call = world.state().script.call({0, contact});
  return call ? call->prompt : "no call";
}

}  // namespace

BOOST_AUTO_TEST_CASE(whoever_completes_counts_towards_every_quota_they_belong_to) {
  Running world(survey_with({quota_of("reds", 2, when_is("colour", "red")),
                             quota_of("blues", 2, when_is("colour", "blue")), quota_of("all", 5)}));
  dials(world, 1);
  world.accept();
  world.answer_all();
  const auto lines = world.when(world.status("completed", 60));
  BOOST_TEST(contains(lines,
                      "contact/survey/1 QuotaCounted "
                      "{\"attempt\":1,\"quota\":\"reds\",\"completes\":1,\"of\":2}"),
             lines);
  BOOST_TEST(contains(lines, "\"quota\":\"all\",\"completes\":1,\"of\":5}"), lines);
  BOOST_TEST(!contains(lines, "blues"), lines);
  BOOST_TEST((world.state().book.at(0).quota_completes == std::vector<std::uint32_t>{1, 0, 1}));
}

BOOST_AUTO_TEST_CASE(who_belongs_to_a_full_quota_by_an_answer_is_asked_nothing_more) {
  for (const bool by_key : {true, false}) {
    Running world(survey_with({quota_of("reds", 1, when_is("colour", "red"))}), 3);
    dials(world, 3);
    completes(world, 1);
    for (const std::uint32_t other : {2U, 3U}) {
      world.accept(other);
      world.does(world.voice("", other));
      // Not before the answer that decides it.
      BOOST_TEST(prompt_of(world, other) == "question");
    }
    world.does(by_key ? world.keyed("colour", 1, "1", 2) : world.said("colour", 1, "rosso", 2));
    BOOST_TEST(prompt_of(world, 2) == "quota_full");
    const auto document = current_document(world.state().book, world.state().script, {0, 2});
    BOOST_TEST_REQUIRE(document.size() == 2U);
    BOOST_TEST(std::get<Say>(document[0]).text == "Abbiamo già abbastanza risposte.");
    world.does(world.keyed("colour", 1, "2", 3));
    BOOST_TEST(prompt_of(world, 3) == "question");
    world.does(world.status("completed", 20, 2)).does(world.status("completed", 20, 3));
    BOOST_TEST((dialled(world, 2).last_outcome == Outcome::quota_full));
    BOOST_TEST((world.state().results.cases[0][1].place == Place::done));
    BOOST_TEST((dialled(world, 3).last_outcome == Outcome::broken_off));
  }
  for (const bool known : {true, false}) {
    BOOST_TEST(aapor_code(Outcome::quota_full, known) == "4.80");
  }
}

// What hangs on an answer that is not there yet says nothing, not even by a "not".
BOOST_AUTO_TEST_CASE(an_answer_that_is_missing_decides_nothing) {
  Running world(survey_with({quota_of("others", 1, none_of(when_is("colour", "red")))}), 2);
  dials(world, 2);
  world.accept(1);
  world.does(world.voice("", 1)).does(world.keyed("colour", 1, "2", 1));
  world.does(world.keyed("rate", 2, "4", 1)).does(world.keyed("people", 3, "12", 1));
  world.does(world.said("why", 4, "perché sì", 1)).does(world.status("completed", 60, 1));
  BOOST_TEST_REQUIRE(world.state().book.at(0).is_full(0));
  world.accept(2);
  world.does(world.voice("", 2));
  BOOST_TEST(prompt_of(world, 2) == "question");
  world.does(world.keyed("colour", 1, "1", 2));
  BOOST_TEST(prompt_of(world, 2) == "question");
}

BOOST_AUTO_TEST_CASE(a_talk_that_was_told_goodbye_still_counts_and_one_at_its_last_question_not) {
  Running world(survey_with({quota_of("all", 1)}), 3);
  dials(world, 3);
  for (const std::uint32_t other : {2U, 3U}) {
    world.accept(other);
    world.does(world.voice("", other)).does(world.keyed("colour", 1, "2", other));
    world.does(world.keyed("rate", 2, "4", other)).does(world.keyed("people", 3, "12", other));
  }
  world.does(world.said("why", 4, "perché sì", 2));
  completes(world, 1);
  world.does(world.said("why", 4, "perché sì", 3));
  BOOST_TEST(prompt_of(world, 2) == "goodbye");
  BOOST_TEST(prompt_of(world, 3) == "quota_full");
  world.does(world.status("completed", 60, 2)).does(world.status("completed", 60, 3));
  BOOST_TEST((dialled(world, 2).last_outcome == Outcome::completed));
  BOOST_TEST((dialled(world, 3).last_outcome == Outcome::quota_full));
  BOOST_TEST(world.state().book.at(0).quota_completes[0] == 2U);
}

// By the column, or by an answer that is there, whatever the others would be.
BOOST_AUTO_TEST_CASE(who_belongs_already_is_not_asked_for_the_rest_of_a_condition) {
  Condition either;
  either.op = Condition::Op::any;
  either.parts = {column_is("name", "Anna"), when_is("rate", "5")};
  auto by_column = survey_with({quota_of("either", 1, either)});
  by_column.pacing.lines = 1;
  Running world(by_column, 2);
  dials(world, 1);
  completes(world, 1);
  BOOST_TEST(contains(world.later(1s).plans(), "contact/survey/2 ContactExcluded"));

  either.parts = {when_is("colour", "red"), when_is("rate", "5")};
  Running asked(survey_with({quota_of("either", 1, either)}), 3);
  dials(asked, 3);
  completes(asked, 1);
  for (const std::uint32_t other : {2U, 3U}) {
    asked.accept(other);
    asked.does(asked.voice("", other));
  }
  asked.does(asked.keyed("colour", 1, "1", 2)).does(asked.keyed("colour", 1, "2", 3));
  BOOST_TEST(prompt_of(asked, 2) == "quota_full");
  BOOST_TEST(prompt_of(asked, 3) == "question");
}

BOOST_AUTO_TEST_CASE(who_picks_up_too_late_hears_first_who_calls) {
  Running world(survey_with({quota_of("all", 1)}), 2);
  dials(world, 2);
  world.accept(2);
  world.does(world.status("ringing", 0, 2));
  completes(world, 1);
  world.does(world.voice("", 2));
  const auto document = current_document(world.state().book, world.state().script, {0, 2});
  BOOST_TEST_REQUIRE(document.size() == 3U);
  BOOST_TEST(std::get<Say>(document[0]).text == "Buongiorno.");
  BOOST_TEST(std::get<Say>(document[1]).text == "Abbiamo già abbastanza risposte.");
}

// What was answered in an earlier call is worth more than that the last one came too late.
BOOST_AUTO_TEST_CASE(a_partial_survey_stays_one) {
  auto campaign = survey_with({quota_of("all", 1)});
  campaign.retries.delay[static_cast<std::size_t>(Outcome::partial)] = Seconds{600};
  Running world(campaign, 2);
  dials(world, 2);
  world.accept(2);
  world.does(world.voice("", 2)).does(world.keyed("colour", 1, "2", 2));
  world.does(world.keyed("rate", 2, "4", 2)).does(world.status("completed", 30, 2));
  BOOST_TEST((dialled(world, 2).last_outcome == Outcome::partial));
  world.later(11min);
  dials(world, 1);
  world.accept(2, 2);
  world.does(world.status("ringing", 0, 2, 2));
  completes(world, 1);
  world.does(world.voice("", 2, 2)).does(world.status("completed", 9, 2, 2));
  BOOST_TEST((dialled(world, 2).last_outcome == Outcome::quota_full));
  BOOST_TEST((world.state().results.cases[0][1].disposition == Outcome::partial));
}

BOOST_AUTO_TEST_CASE(nobody_of_a_full_quota_waits_for_a_call) {
  auto campaign = survey_with({quota_of("all", 1)});
  campaign.pacing.lines = 2;
  Running world(campaign, 600);
  dials(world, 2);
  // Somebody who would be called again in two hours.
  world.accept(2);
  world.does(world.status("no-answer", 0, 2));
  completes(world, 1);
  const auto lines = world.later(1s).plans();
  BOOST_TEST(!contains(lines, "CallRequested"));
  BOOST_TEST(times_in(lines,
                      "ContactExcluded {\"gate\":\"quota_full\",\"evidence\":\"the quota "
                      "\\\"all\\\" is full: 1 of 1 have completed the survey\"}") == 598U);
  BOOST_TEST(contains(lines,
                      "contact/survey/2 ContactClosed "
                      "{\"place\":\"exhausted\",\"disposition\":\"no_answer\",\"why\":"));
  BOOST_TEST(contains(lines, "campaign/survey QuotaSwept {\"up_to\":600}"));
  BOOST_TEST((world.state().book.at(0).status == CampaignStatus::completed));
  BOOST_TEST(world.wakes() == "never");
}

BOOST_AUTO_TEST_CASE(a_column_alone_decides_before_anybody_is_called) {
  World world(some_zones());
  begin(world);
  std::vector<EnrolRows::Row> rows;
  for (std::uint64_t n = 1; n <= 6; ++n) {
    rows.push_back(person(n + 1, n));
    rows.back().values[1] = n % 2 == 1 ? "north" : "south";
  }
  auto campaign = survey_with({quota_of("north", 1, column_is("name", "north"))});
  campaign.pacing.lines = 1;
  enrol(world, campaign, rows);
  world.plans();
  OrderAnswered placed;
  placed.attempt = {"survey", 1, 1};
  placed.kind = OrderAnswered::Kind::placed;
  placed.sid = "CA1";
  world.does(placed).does(VoiceRequested{placed.attempt, "CA1", ""});
  std::uint32_t turn = 0;
  for (const auto& [question, keys] : std::vector<std::pair<std::string, std::string>>{
           {"colour", "2"}, {"rate", "4"}, {"people", "12"}, {"why", ""}}) {
    SurveyAnswered answer;
    answer.attempt = placed.attempt;
    answer.sid = "CA1";
    answer.turn = ++turn;
    answer.question = question;
    answer.digits = keys;
    if (keys.empty()) answer.speech = "perché sì";
    world.does(answer);
  }
  StatusReported over;
  over.attempt = placed.attempt;
  over.sid = "CA1";
  over.status = "completed";
  over.seconds = 60;
  world.does(over);
  const auto lines = world.later(1s).plans();
  for (const char* gone :
       {"contact/survey/3 ContactExcluded", "contact/survey/5 ContactExcluded"}) {
    BOOST_TEST(contains(lines, gone), lines);
  }
  BOOST_TEST(times_in(lines, "ContactExcluded") == 2U);
  BOOST_TEST(contains(lines, "contact/survey/2 CallRequested"), lines);
  // Once for the whole list, not at every turn.
  BOOST_TEST(!contains(world.later(1s).plans(), "QuotaSwept"));
}

BOOST_AUTO_TEST_CASE(whoever_broke_off_is_not_called_again_for_a_full_quota) {
  Running world(survey_with({quota_of("reds", 1, when_is("colour", "red"))}), 3);
  dials(world, 3);
  for (const std::uint32_t other : {2U, 3U}) {
    world.accept(other);
    world.does(world.voice("", other)).does(world.keyed("colour", 1, "1", other));
  }
  // One goes before the quota is full, and one after.
  world.does(world.status("completed", 20, 2));
  BOOST_TEST((dialled(world, 2).stage == Stage::retry));
  completes(world, 1);
  const auto lines = world.when(world.status("completed", 20, 3));
  BOOST_TEST(contains(lines,
                      "contact/survey/3 ContactClosed "
                      "{\"place\":\"exhausted\",\"disposition\":\"broken_off\",\"why\":"),
             lines);
  BOOST_TEST(contains(world.later(1s).plans(), "contact/survey/2 ContactClosed"));
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_at_the_carrier_is_taken_back) {
  Running world(survey_with({quota_of("all", 1)}), 3);
  dials(world, 3);
  world.accept(2);
  completes(world, 1);
  const auto lines = world.later(1s).plans();
  BOOST_TEST(contains(lines, "contact/survey/2 CallEndRequested"), lines);
  // The one that was not sent yet is not sent.
  BOOST_TEST(contains(reason_not_to_send(world.state(), world.attempt(3), world.now()),
                      "the quota \"all\" is full"));
  CallFetched record;
  record.attempt = world.attempt(2);
  record.found = true;
  record.call.sid = Running::sid(2);
  record.call.status = "canceled";
  const auto ended = world.when(record);
  BOOST_TEST(contains(ended, "contact/survey/2 ContactExcluded {\"gate\":\"quota_full\""), ended);
}

BOOST_AUTO_TEST_CASE(an_edit_moves_the_number_and_nothing_else_once_people_were_counted) {
  auto campaign = survey_with({quota_of("all", 3)});
  campaign.pacing.lines = 1;
  Running world(campaign, 4);
  auto other = campaign;
  other.quotas.push_back(quota_of("reds", 1, when_is("colour", "red")));
  // Nobody has been counted yet.
  BOOST_TEST(!reason_not_to_edit(world.state(), 0, other).has_value());
  dials(world, 1);
  completes(world, 1);
  const auto added = reason_not_to_edit(world.state(), 0, other);
  BOOST_TEST_REQUIRE(added.has_value());
  BOOST_TEST(added->text ==
             "the quota \"reds\" is new, and would not count those who have completed the survey; "
             "submit it under another id");
  auto redefined = campaign;
  redefined.quotas[0].who = when_is("colour", "red");
  BOOST_TEST(reason_not_to_edit(world.state(), 0, redefined).has_value());
  // A start with a changed file is no way round.
  auto again = submit(redefined, "d3");
  again.accept_change = true;
  BOOST_TEST(contains(world.when(again), "changed_fixed"));
  auto fewer = campaign;
  fewer.quotas[0].completes = 1;
  BOOST_TEST(preview_edit(world.state(), 0, fewer, world.rules(), world.now()).quota_full == 3U);
  BOOST_TEST(preview_edit(world.state(), 0, campaign, world.rules(), world.now()).quota_full == 0U);
  world.does(EditCampaign{"survey", print_campaign(fewer), "d2"});
  BOOST_TEST(world.state().book.at(0).quota_completes[0] == 1U);
  const auto lines = world.later(1s).plans();
  BOOST_TEST(times_in(lines, "ContactExcluded") == 3U, lines);
  BOOST_TEST((world.state().book.at(0).status == CampaignStatus::completed));
}

BOOST_AUTO_TEST_CASE(a_condition_on_a_column_that_is_not_there_is_no_edit) {
  Running world(survey_with({quota_of("all", 3)}));
  auto next = survey_with({quota_of("all", 3), quota_of("north", 1, column_is("aera", "north"))});
  const auto refused = reason_not_to_edit(world.state(), 0, next);
  BOOST_TEST_REQUIRE(refused.has_value());
  BOOST_TEST(refused->code == "unknown_column");
  BOOST_TEST(contains(refused->text, "/quotas/1/if"), refused->text);
}

// Its people are looked for a thousand at a moment, and nobody waits for that.
BOOST_AUTO_TEST_CASE(a_long_list_is_gone_through_piece_by_piece) {
  auto campaign = survey_with({quota_of("reds", 1, when_is("colour", "red"))});
  campaign.pacing.lines = 2;
  Running world(campaign, 2500);
  dials(world, 1);
  completes(world, 1);
  auto lines = world.plans();
  BOOST_TEST(contains(lines, "QuotaSwept {\"up_to\":1000}"), lines);
  BOOST_TEST(!contains(lines, "2000}"));
  BOOST_TEST(world.wakes() == rfc3339_utc(world.now() + 1ms));
  lines = world.later(1s).plans();
  BOOST_TEST(contains(lines, "CallRequested"), lines);
  BOOST_TEST(contains(lines, "QuotaSwept {\"up_to\":2000}"), lines);
  BOOST_TEST(contains(world.later(1ms).plans(), "QuotaSwept {\"up_to\":2500}"));
  BOOST_TEST(!contains(world.later(1s).plans(), "QuotaSwept"));
}

BOOST_AUTO_TEST_CASE(a_held_call_is_not_made_again_for_a_full_quota) {
  auto campaign = survey_with({quota_of("all", 1)});
  campaign.in_doubt = InDoubt::hold;
  Running world(campaign, 2);
  dials(world, 2);
  world.given(Subject::contact("survey", 2), CallInDoubt{1, "timeout"});
  world.given(Subject::contact("survey", 2), CallHeld{1});
  world.given(Subject::contact("survey", 2), ContactClosed{Place::held, Outcome::unconfirmed});
  completes(world, 1);
  const ResolveCall again{world.attempt(2), Resolution::redial, "nobody was rung"};
  BOOST_TEST(contains(world.when(again), "quota_full"));
}

BOOST_AUTO_TEST_CASE(explain_says_that_a_quota_is_full) {
  auto campaign = survey_with({quota_of("all", 1)});
  campaign.pacing.lines = 1;
  Running world(campaign, 2);
  dials(world, 1);
  completes(world, 1);
  const auto before = explain(world.state(), {0, 2}, world.rules(), world.now(), {});
  BOOST_TEST(contains(before, "the quota \"all\" is full: 1 of 1 have completed"), before);
}

BOOST_AUTO_TEST_CASE(what_may_be_answered_decides_who_may_belong) {
  const auto cells = [](std::string_view column) -> std::string_view {
    return column == "area" ? "north" : "";
  };
  const auto both = [](Condition::Op op, Condition one, Condition other) {
    Condition made;
    made.op = op;
    made.parts = {std::move(one), std::move(other)};
    return made;
  };
  const auto north = column_is("area", "north");
  const auto south = column_is("area", "south");
  const auto red = when_is("colour", "red");
  using Op = Condition::Op;
  const auto may = [&](const Condition& who) { return may_belong(quota_of("q", 1, who), cells); };
  BOOST_TEST(may({}));
  BOOST_TEST(may(north));
  BOOST_TEST(!may(south));
  BOOST_TEST(may(none_of(south)));
  BOOST_TEST(!may(none_of(north)));
  BOOST_TEST(may(red));
  BOOST_TEST(may(none_of(red)));
  BOOST_TEST(may(both(Op::all, north, red)));
  BOOST_TEST(!may(both(Op::all, south, red)));
  BOOST_TEST(may(both(Op::any, south, red)));
  BOOST_TEST(!may(none_of(both(Op::any, north, red))));
  BOOST_TEST(may(none_of(both(Op::all, north, red))));
}

BOOST_AUTO_TEST_SUITE_END()
