#include <algorithm>
#include <boost/test/unit_test.hpp>

#include <limits>

#include "campaigns/phone_number.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/spend.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(money_and_numbers)

// What bounds the cost and the nuisance of calls: the price that the carrier charges, how often a
// number is called in a day, and which numbers are called at all.
using namespace campaigns;
using namespace some;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Campaign with_budget() {
  auto made = notification();
  made.call_time = 60s;
  made.budget = {1'000'000, 20'000};
  made.budget.currency = "EUR";
  return made;
}

// The same in mode agent, with what the model costs: a minute of the carrier's is 0.02, a talk at
// most 0.50.
Campaign agent_with_budget() {
  auto made = agent_survey();
  made.call_time = made.agent.time_max = 60s;
  made.budget = {1'000'000, 20'000, "EUR"};
  auto& prices = made.budget.model.emplace();
  prices.per_call_max = 500'000;
  prices.input_audio = 32'000'000;
  prices.output_audio = 64'000'000;
  prices.input_text = 4'000'000;
  prices.output_text = 16'000'000;
  prices.cached = 400'000;
  prices.per_minute = 6'000;
  return made;
}

// Until the person's sound reaches the agent.
void begin_talk(Running& world) {
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  world.does(StreamStarted{Running::sid(), "MZ1"});
}

// What the model says that it used.
StreamEnded talk_ended() {
  StreamEnded ended;
  ended.sid = Running::sid();
  auto& closed = ended.closed;
  closed.stream = "MZ1";
  closed.why = "goodbye";
  closed.lasted_ms = 61'000;
  closed.first_sound_ms = 700;
  closed.input_tokens = 1'000;
  closed.input_audio_tokens = 400;
  closed.cached_tokens = 600;
  closed.cached_audio_tokens = 300;
  closed.output_tokens = 200;
  closed.output_audio_tokens = 150;
  return ended;
}
// By the prices above: 100 x 32 + 300 x 4 + 600 x 0.4 + 150 x 64 + 50 x 16, and two minutes.
constexpr std::int64_t talk_used = 3'200 + 1'200 + 240 + 9'600 + 800 + 12'000;

// A call that was heard and settled by its duration.
void talk(Running& world) {
  world.dial();
  world.does(world.voice()).does(world.status("completed", 61));
}

std::int64_t spent(const World& world) {
  return world.state().spend.campaigns[0].settled;
}

// Answers at once that nobody is there, as often as somebody is called on that day.
int busy_calls(Running& world) {
  int calls = 0;
  for (std::uint8_t number = 1; number < 20; ++number) {
    world.later(1s);
    if (!has(world.plans(), "CallRequested")) break;
    const auto requests = world.state().queue.campaigns[0].contact(1).requests;
    world.accept(1, requests);
    world.does(world.status("busy", 0, 1, requests)).later(15min);
    ++calls;
  }
  return calls;
}

Campaign busy_all_day() {
  auto made = notification();
  made.retries.attempts_max = 10;
  return made;
}

std::string refused(const char* number, const char* region = "") {
  const auto read = parse_phone_number(number, region);
  return read.ok() ? "taken" : read.error().code;
}

Preflight check(const std::string& members) {
  const auto file = parse_campaign_file(
      R"({"id":"x","kind":"notification","message":"Ciao.","contacts":{"file":"p.csv",
          "region":"IT","zone":"Europe/Rome","bad_rows":"skip"})" +
      members + "}");
  BOOST_TEST_REQUIRE(file.ok());
  return preflight(file.value(), some_zones(),
                   "number\n+390212341001\n+41446681800\n+393471234567\n",
                   utc("2026-03-02T08:00:00Z"), 1000);
}

}  // namespace

// --- the carrier's price -------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_carrier_s_price_takes_the_place_of_the_one_by_duration) {
  Running world(with_budget());
  talk(world);
  BOOST_TEST(spent(world) == 40'000);
  CallPriced priced{world.attempt(), Running::sid(), 13'500, "EUR"};
  BOOST_TEST(world.when(priced) ==
             "contact/note/1 SpendCorrected {\"attempt\":1,\"millionths\":13500}\n");
  BOOST_TEST(spent(world) == 13'500);
  // The same again counts nothing twice; another price takes its place once more.
  BOOST_TEST(world.when(priced) == "");
  priced.millionths = 15'000;
  world.does(priced);
  BOOST_TEST(spent(world) == 15'000);
}

BOOST_AUTO_TEST_CASE(only_the_settled_call_of_the_attempt_is_priced_in_the_budget_s_currency) {
  Running world(with_budget());
  world.dial();
  CallPriced priced{world.attempt(), Running::sid(), 13'500, "EUR"};
  BOOST_TEST(world.when(priced) == "");  // not settled yet
  world.does(world.voice()).does(world.status("completed", 61));
  auto other = priced;
  other.sid = "CAother";
  BOOST_TEST(world.when(other) == "");
  auto dollars = priced;
  dollars.currency = "USD";
  BOOST_TEST(world.when(dollars) == "refused: currency");
  BOOST_TEST(spent(world) == 40'000);
  Running without(notification());
  talk(without);
  BOOST_TEST(without.when(priced) == "");
}

BOOST_AUTO_TEST_CASE(what_the_carrier_charges_less_lets_more_people_be_called) {
  auto campaign = with_budget();
  campaign.budget = {50'000, 20'000};
  campaign.budget.currency = "EUR";
  Running world(campaign, 3);
  world.dial();
  world.does(world.voice()).does(world.status("completed", 61));  // 40,000 of 50,000
  BOOST_TEST(has(world.later(1s).plans(), "CampaignPaused"));
  world.does(CallPriced{world.attempt(), Running::sid(), 10'000, "EUR"});
  world.does(ResumeCampaign{"note"});
  BOOST_TEST(has(world.plans(), "contact/note/2 CallRequested"));
}

// --- the voice model's part ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_a_talk_may_cost_is_set_aside_and_what_it_used_is_settled) {
  Running world(agent_with_budget());
  BOOST_TEST(
      has(world.plans(), "SpendReserved {\"attempt\":1,\"millionths\":20000,\"model\":500000}"));
  BOOST_TEST(world.state().spend.campaigns[0].reserved == 520'000);
  world.accept();
  world.does(world.status("in-progress")).does(world.voice());
  world.does(StreamStarted{Running::sid(), "MZ1"}).does(talk_ended());
  BOOST_TEST(has(world.when(world.status("completed", 61)),
                 "SpendSettled {\"attempt\":1,\"millionths\":40000,\"model\":" +
                     std::to_string(talk_used) + '}'));
  const auto& account = world.state().spend.campaigns[0];
  BOOST_TEST(account.reserved == 0);
  BOOST_TEST(account.settled == 40'000 + talk_used);
  BOOST_TEST(account.model == talk_used);
  BOOST_TEST(world.state().spend.cost_of_attempt({0, 1}, 1).value() == 40'000 + talk_used);
}

BOOST_AUTO_TEST_CASE(the_carrier_s_price_takes_the_place_of_the_carrier_s_part_alone) {
  Running world(agent_with_budget());
  begin_talk(world);
  world.does(talk_ended()).does(world.status("completed", 61));
  CallPriced priced{world.attempt(), Running::sid(), 13'500, "EUR"};
  BOOST_TEST(world.when(priced) ==
             "contact/survey/1 SpendCorrected {\"attempt\":1,\"millionths\":13500}\n");
  BOOST_TEST(spent(world) == 13'500 + talk_used);
  BOOST_TEST(world.when(priced) == "");
  priced.millionths = 50'000;
  world.does(priced);
  BOOST_TEST(spent(world) == 50'000 + talk_used);
  BOOST_TEST(world.state().spend.campaigns[0].model == talk_used);
  BOOST_TEST(world.state().spend.carrier_cost_of_attempt({0, 1}, 1).value() == 50'000);
}

BOOST_AUTO_TEST_CASE(a_talk_that_nobody_counted_costs_all_that_was_set_aside_for_it) {
  RunnerStarted run;
  run.epoch = 2;
  run.public_url = "https://example.test";
  {  // the program was gone before it heard
    Running world(agent_with_budget());
    begin_talk(world);
    world.does(StartRunner{run}).does(world.status("completed", 9));
    BOOST_TEST(spent(world) == 20'000 + 500'000);
  }
  {  // the call's end came, and the talk's did not
    Running world(agent_with_budget());
    begin_talk(world);
    world.does(world.status("completed", 9)).does(talk_ended());
    BOOST_TEST(spent(world) == 20'000 + 500'000);
  }
  {  // there was no talk
    Running world(agent_with_budget());
    world.dial();
    world.does(world.status("busy"));
    BOOST_TEST(spent(world) == 0);
  }
  {  // the agent was never asked
    Running world(agent_with_budget());
    world.dial();
    world.does(world.voice()).does(world.status("completed", 9));
    BOOST_TEST(spent(world) == 20'000);
  }
}

// --- the human's part ----------------------------------------------------------------------------

namespace {

// Who keys 0 talks to a human, at 0.03 a minute beside the carrier's 0.02; a call lasts two minutes
// at most.
Campaign with_operator() {
  auto made = survey();
  made.call_time = 120s;
  made.operators = {"+390233333333", "+390244444444"};
  auto& person = made.replies[static_cast<std::size_t>(Reply::person)];
  person.known = true;
  person.key = '0';
  made.budget = {1'000'000, 20'000, "EUR"};
  made.budget.transfer_per_minute_millionths = 30'000;
  return made;
}

// Somebody wants a human, and is passed on.
struct PassedOn : Running {
  explicit PassedOn(const Campaign& campaign = with_operator()) : Running(campaign) {
    dial();
    does(voice());
    does(keyed("colour", 1, "0"));
  }
  TransferReported human(std::uint32_t which, std::string status, std::int64_t seconds = 0) const {
    return {attempt(), sid(), "CAleg" + std::to_string(which), which, std::move(status), seconds};
  }
  AfterTransfer comes_back(std::string status, std::int64_t seconds) const {
    return {attempt(), sid(), std::move(status), seconds};
  }
  std::string hangs_up(std::int64_t seconds) { return when(status("completed", seconds)); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_longest_call_to_a_human_is_set_aside_with_each_order) {
  Running world(with_operator());
  BOOST_TEST(
      has(world.plans(), "SpendReserved {\"attempt\":1,\"millionths\":40000,\"transfer\":60000}"));
  BOOST_TEST(world.state().spend.campaigns[0].reserved == 100'000);
  // Who needs no human costs none.
  world.accept();
  world.does(world.voice());
  BOOST_TEST(has(world.when(world.status("completed", 61)),
                 "SpendSettled {\"attempt\":1,\"millionths\":40000}"));
  BOOST_TEST(spent(world) == 40'000);
  BOOST_TEST(world.state().spend.campaigns[0].reserved == 0);
}

BOOST_AUTO_TEST_CASE(nobody_is_called_whose_human_the_budget_does_not_cover) {
  auto campaign = with_operator();
  campaign.pacing.lines = 2;
  campaign.budget.limit_millionths = 199'999;
  Running world(campaign, 2);
  BOOST_TEST(has(world.plans(), "contact/survey/1 CallRequested"));
  BOOST_TEST(has(world.later(1s).plans(), "CampaignPaused"));
  campaign.budget.limit_millionths = 200'000;
  Running both(campaign, 2);
  both.plans();
  BOOST_TEST(has(both.later(1s).plans(), "contact/survey/2 CallRequested"));
}

BOOST_AUTO_TEST_CASE(a_human_s_call_costs_as_long_as_it_lasted) {
  {  // as the carrier says at its end
    PassedOn world;
    world.does(world.comes_back("completed", 61));
    BOOST_TEST(has(world.hangs_up(100),
                   "SpendSettled {\"attempt\":1,\"millionths\":40000,\"transfer\":60000}"));
    BOOST_TEST(spent(world) == 100'000);
    BOOST_TEST(world.state().spend.cost_of_attempt({0, 1}, 1).value() == 100'000);
    BOOST_TEST(world.state().spend.carrier_cost_of_attempt({0, 1}, 1).value() == 40'000);
  }
  {  // or of their own telephone, while the other one rang
    PassedOn world;
    world.does(world.human(1, "no-answer")).does(world.human(2, "completed", 12));
    world.hangs_up(100);
    BOOST_TEST(spent(world) == 40'000 + 30'000);
  }
  for (const char* status : {"no-answer", "busy", "failed", "canceled"}) {  // nobody was there
    PassedOn world;
    world.does(world.comes_back(status, 0));
    world.hangs_up(100);
    BOOST_TEST(spent(world) == 40'000, status);
  }
}

BOOST_AUTO_TEST_CASE(
    a_human_s_call_of_unknown_length_is_reckoned_by_the_person_s_until_it_is_told) {
  PassedOn world;
  BOOST_TEST(has(world.hangs_up(100),
                 "SpendSettled {\"attempt\":1,\"millionths\":40000,\"transfer\":60000}"));
  BOOST_TEST(world.state().spend.transfer_of_attempt({0, 1}, 1)->reckoned);
  // That one of them was not there says nothing of the other one.
  BOOST_TEST(world.when(world.human(1, "no-answer")) == "");
  BOOST_TEST(world.when(world.human(2, "completed", 59)) ==
             "contact/survey/1 SpendCorrected {\"attempt\":1,\"millionths\":40000,"
             "\"transfer\":30000}\n");
  BOOST_TEST(spent(world) == 70'000);
  // What is told once more, or of another call, counts nothing.
  BOOST_TEST(world.when(world.human(1, "completed", 119)) == "");
  BOOST_TEST(world.when(world.comes_back("completed", 119)) == "");
  PassedOn other;
  other.hangs_up(100);
  auto strange = other.human(2, "completed", 59);
  strange.sid = Running::sid(1, 2);
  BOOST_TEST(!has(other.when(strange), "SpendCorrected"));
  // Asked what to do next after the end, the same is told.
  BOOST_TEST(has(other.when(other.comes_back("completed", 59)), "\"transfer\":30000"));
}

BOOST_AUTO_TEST_CASE(a_human_s_price_takes_the_place_of_the_duration_and_stays_beside_the_call_s) {
  PassedOn world;
  TransferPriced human{world.attempt(), Running::sid(), 44'000, "EUR"};
  BOOST_TEST(world.when(human) == "");  // not settled yet
  world.hangs_up(100);
  auto other = human;
  other.sid = "CAother";
  BOOST_TEST(world.when(other) == "");
  auto dollars = human;
  dollars.currency = "USD";
  BOOST_TEST(world.when(dollars) == "refused: currency");
  world.does(human);
  BOOST_TEST(spent(world) == 40'000 + 44'000);
  BOOST_TEST(world.when(human) == "");
  BOOST_TEST(world.when(world.human(2, "completed", 59)) == "");
  BOOST_TEST(world.when(CallPriced{world.attempt(), Running::sid(), 35'000, "EUR"}) ==
             "contact/survey/1 SpendCorrected {\"attempt\":1,\"millionths\":35000,"
             "\"transfer\":44000}\n");
  BOOST_TEST(spent(world) == 35'000 + 44'000);
  // Who was never passed on has no human to pay.
  Running without(with_operator());
  talk(without);
  BOOST_TEST(without.when(human) == "");
}

BOOST_AUTO_TEST_CASE(who_was_passed_on_and_is_in_doubt_costs_the_longest_call_to_a_human) {
  PassedOn world;
  const auto facts =
      facts_after(world.state(), {0, 1}, Outcome::unconfirmed, 0, world.now(), world.now());
  const auto settled = std::ranges::find_if(
      facts, [](const auto& fact) { return holds_alternative<SpendSettled>(fact.event); });
  BOOST_TEST_REQUIRE((settled != facts.end()));
  BOOST_TEST(get_if<SpendSettled>(&settled->event)->transfer == 60'000);
}

BOOST_AUTO_TEST_CASE(without_a_price_of_humans_nothing_is_said_of_them) {
  auto campaign = with_operator();
  campaign.budget.transfer_per_minute_millionths = 0;
  PassedOn world(campaign);
  world.hangs_up(100);
  BOOST_TEST(world.projection("spend").find("transfer") == std::string::npos);
  BOOST_TEST(world.projection("spend").find("passed_on") == std::string::npos);
  BOOST_TEST(world.when(world.human(2, "completed", 59)) == "");
}

BOOST_AUTO_TEST_CASE(nobody_is_called_whose_talk_the_budget_does_not_cover) {
  auto campaign = agent_with_budget();
  campaign.pacing.lines = 2;
  campaign.budget.limit_millionths = 1'039'999;  // a millionth less than two calls
  Running world(campaign, 2);
  auto planned = world.plans();
  planned += world.later(1s).plans();
  BOOST_TEST(has(planned, "contact/survey/1 CallRequested"));
  BOOST_TEST(!has(planned, "contact/survey/2 CallRequested"));
  BOOST_TEST(has(planned, "the budget does not cover another call"));
}

BOOST_AUTO_TEST_CASE(counts_that_do_not_fit_each_other_are_taken_for_the_dearer) {
  const auto prices = *agent_with_budget().budget.model;
  struct Row {
    ModelUsage usage;
    std::int64_t cost;
    const char* what;
  };
  const Row rows[] = {
      {{}, 0, "nothing"},
      {{1'000, 0, 400, 0, 600, 0}, 400 * 32 + 240, "cached of which is not told: text first"},
      {{1'000, 0, 400, 0, 800, 0}, 400 * 32 + 240, "more than there is text"},
      {{100, 0, 400, 0, 0, 0}, 400 * 32, "more sound than there is of both"},
      {{100, 0, 100, 0, 50, 90}, 50 * 32 + 20, "more sound cached than cached"},
      {{0, 50, 0, 200, 0, 0}, 200 * 64, "more said than there is of both"},
      {{-5, -5, -5, -5, -5, -5}, 0, "less than nothing"},
      {{1, 0, 0, 0, 1, 0}, 1, "a part of a millionth is one"},
      {{2'000'000'000'000, 0, 2'000'000'000'000, 0, 0, 0}, 32'000'000'000'000, "no end of them"},
  };
  for (const auto& row : rows) {
    BOOST_TEST(talk_cost(prices, row.usage, 0ms) == row.cost, row.what);
  }
  auto without = prices;
  without.cached.reset();
  BOOST_TEST(talk_cost(without, {1'000, 0, 400, 0, 600, 300}, 0ms) == 400 * 32 + 600 * 4);
  BOOST_TEST(talk_cost(prices, {}, 1ms) == 6'000);
  BOOST_TEST(talk_cost(prices, {}, 60'000ms) == 6'000);
  BOOST_TEST(talk_cost(prices, {}, 60'001ms) == 12'000);
  // The dearest prices a file may name, and counts without end.
  ModelPrices dearest;
  dearest.input_audio = dearest.input_text = dearest.output_audio = dearest.output_text =
      1'000'000'000'000;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(talk_cost(dearest, {most, most, most, most, most, most}, 0ms) > 0);
}

// --- calls of a day ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_number_is_called_so_often_a_day_and_again_the_next_day) {
  Running world(busy_all_day());
  BOOST_TEST(busy_calls(world) == 3);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms ==
             to_ms(utc("2026-03-02T23:00:00Z")));  // midnight in Rome
  BOOST_TEST(world.wakes() == "2026-03-03T08:00:00.000Z");
  world.at("2026-03-03T08:00:00Z");
  BOOST_TEST(busy_calls(world) == 3);
}

// The second of March is a Monday. Two calls then, one on Tuesday: that is the week's three until
// Monday's are seven days old.
BOOST_AUTO_TEST_CASE(a_number_is_called_so_often_on_any_seven_days) {
  auto campaign = busy_all_day();
  campaign.retries.attempts_max = 20;
  campaign.retries.daily_calls_per_number_max = 2;
  campaign.retries.weekly_calls_per_number_max = 3;
  Running world(campaign);
  BOOST_TEST(busy_calls(world) == 2);
  world.at("2026-03-03T08:00:00Z");
  BOOST_TEST(busy_calls(world) == 1);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms ==
             to_ms(utc("2026-03-08T23:00:00Z")));  // Monday's first minute in Rome
  world.at("2026-03-08T19:00:00Z");
  BOOST_TEST(busy_calls(world) == 0);
  world.at("2026-03-09T08:00:00Z");
  BOOST_TEST(busy_calls(world) == 2);
  // Tuesday's and this Monday's two are three again; one more when Tuesday's is gone.
  world.at("2026-03-10T08:00:00Z");
  BOOST_TEST(busy_calls(world) == 1);
  world.at("2026-03-15T18:00:00Z");
  BOOST_TEST(busy_calls(world) == 0);
}

// Three within a day and a night, whatever the date is: at the minute when the first is that old
// there may be one more.
BOOST_AUTO_TEST_CASE(a_number_is_called_so_often_within_any_time_of_a_length) {
  auto campaign = busy_all_day();
  campaign.retries.attempts_max = 20;
  campaign.retries.daily_calls_per_number_max = 50;
  campaign.retries.rolling_cap = {3, Seconds{86'400}};
  Running world(campaign);
  const auto first = to_ms(world.now());
  BOOST_TEST(busy_calls(world) == 3);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms >= first + 86'400'000);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms < first + 86'460'000);
  world.at("2026-03-03T07:00:00Z");
  BOOST_TEST(busy_calls(world) == 0);
  world.at("2026-03-03T12:00:00Z");
  BOOST_TEST(busy_calls(world) == 3);
  BOOST_TEST(busy_calls(world) == 0);
}

// Those of other campaigns count, too, also of the weeks before this one was there.
BOOST_AUTO_TEST_CASE(a_rolling_cap_counts_the_calls_of_all_campaigns) {
  Running world(busy_all_day());
  BOOST_TEST(busy_calls(world) == 3);
  world.does(PauseCampaign{"note"});
  world.at("2026-03-25T10:00:00Z");
  auto other = notification("other");
  other.retries.rolling_cap = {3, RollingCap::within_max};
  enrol(world, other, {person(2, 1), person(3, 9)});
  const auto lines = world.later(1s).plans();
  BOOST_TEST(has(lines, "contact/other/1 CallPostponed {\"gate\":\"rolling_calls\""), lines);
  BOOST_TEST(has(lines, "the number was called 3 times within 31d"), lines);
  BOOST_TEST(has(lines, "contact/other/2 CallRequested"), lines);
}

// Another campaign's calls of last week count, whatever that campaign allows.
BOOST_AUTO_TEST_CASE(a_week_s_calls_are_those_of_all_campaigns) {
  Running world(busy_all_day());
  BOOST_TEST(busy_calls(world) == 3);
  world.does(PauseCampaign{"note"});
  world.at("2026-03-08T10:00:00Z");
  auto other = notification("other");
  other.retries.weekly_calls_per_number_max = 3;
  enrol(world, other, {person(2, 1), person(3, 9)});
  const auto lines = world.later(1s).plans();
  BOOST_TEST(has(lines,
                 "contact/other/1 CallPostponed {\"gate\":\"weekly_calls\",\"due\":1773010800000,"
                 "\"evidence\":\"the number was called 3 times within seven days\"}"),
             lines);
  BOOST_TEST(has(lines, "contact/other/2 CallRequested"), lines);
}

BOOST_AUTO_TEST_CASE(the_day_and_its_calls_are_the_person_s_own_over_all_campaigns) {
  auto campaign = busy_all_day();
  campaign.retries.daily_calls_per_number_max = 2;
  Running world(campaign);
  BOOST_TEST(busy_calls(world) == 2);
  enrol(world, notification("other"), {person(2, 1), person(3, 9)});
  // The other campaign allows three.
  BOOST_TEST(has(world.later(1s).plans(), "contact/other/1 CallRequested"));
  auto third = notification("third");
  third.retries.daily_calls_per_number_max = 1;
  enrol(world, third, {person(2, 1), person(3, 10)});
  world.does(StatusReported{{"other", 1, 1}, "CAo", "busy"});
  const auto lines = world.later(1s).plans();
  BOOST_TEST(has(lines,
                 "contact/third/1 CallPostponed {\"gate\":\"daily_calls\",\"due\":1772492400000,"
                 "\"evidence\":\"the number was called 3 times today\"}"),
             lines);
}

// In Rome it is still yesterday when London's clock would begin another day, and the other way
// round.
BOOST_AUTO_TEST_CASE(a_campaign_counts_the_calls_of_all_by_its_own_clock) {
  auto campaign = busy_all_day();
  campaign.hours.windows = {{127, 0min, 1440min}};
  campaign.retries.daily_calls_per_number_max = 2;
  Running world(campaign);
  world.at("2026-03-02T23:05:00Z");
  BOOST_TEST(busy_calls(world) == 2);  // after midnight in Rome
  // In London it is the evening before.
  auto other = notification("other");
  other.hours = campaign.hours;
  other.hours.zone = "Europe/London";
  other.retries.daily_calls_per_number_max = 3;
  enrol(world, other, {person(2, 1)});
  BOOST_TEST(has(world.later(1s).plans(), "contact/other/1 CallRequested"));
  world.does(StatusReported{{"other", 1, 1}, "CAo", "busy"});
  auto third = other;
  third.id = "third";
  third.retries.daily_calls_per_number_max = 4;
  third.hours.zone = "Europe/Rome";
  enrol(world, third, {person(2, 1)});
  BOOST_TEST(has(world.later(1s).plans(), "contact/third/1 CallRequested"));
  world.does(StatusReported{{"third", 1, 1}, "CAt", "busy"});
  // Four in all: none is lost by the clocks in between.
  for (const char* zone : {"Europe/London", "Europe/Rome"}) {
    auto last = other;
    last.id = std::string("last-") + (zone[7] == 'L' ? "london" : "rome");
    last.retries.daily_calls_per_number_max = 4;
    last.hours.zone = zone;
    enrol(world, last, {person(2, 1)});
    const auto lines = world.later(1s).plans();
    BOOST_TEST(has(lines, "contact/" + last.id + "/1 CallPostponed"), lines);
    BOOST_TEST(has(lines, "the number was called 4 times today"), lines);
  }
}

// The clocks go back at 01:00 UTC: what was rung at half past midnight was rung on that day.
BOOST_AUTO_TEST_CASE(a_call_before_the_clocks_go_back_is_of_the_same_day) {
  auto campaign = busy_all_day();
  campaign.hours.windows = {{127, 0min, 1440min}};
  campaign.retries.daily_calls_per_number_max = 2;
  Running world(campaign);
  world.at("2026-10-24T22:05:00Z");
  BOOST_TEST(busy_calls(world) == 2);
  world.at("2026-10-25T09:00:00Z");
  BOOST_TEST(busy_calls(world) == 0);
  world.at("2026-10-26T09:00:00Z");
  BOOST_TEST(busy_calls(world) == 2);
}

BOOST_AUTO_TEST_CASE(a_call_that_was_never_placed_is_no_call_of_the_day) {
  auto campaign = busy_all_day();
  campaign.retries.daily_calls_per_number_max = 1;
  campaign.retries.unplaced_max = 9;
  Running world(campaign);
  world.plans();
  OrderAnswered none;
  none.attempt = world.attempt();
  none.kind = OrderAnswered::Kind::not_sent;
  world.does(none);
  world.later(300s);
  BOOST_TEST(has(world.plans(), "CallRequested {\"attempt\":2"));
  world.accept(1, 2);
  world.does(world.status("busy", 0, 1, 2));
  BOOST_TEST(has(world.later(15min).plans(), "daily_calls"));
}

BOOST_AUTO_TEST_CASE(days_that_are_over_take_no_room) {
  auto campaign = busy_all_day();
  campaign.pacing.lines = 50;
  Running world(campaign, 30);
  for (std::uint32_t contact = 1; contact <= 30; ++contact) {
    world.later(1s).plans();
    world.accept(contact);
    world.does(world.status("completed", 0, contact));
  }
  BOOST_TEST(world.state().queue.calls_to.size() == 30u);
  enrol(world, notification("later"), {person(2, 77)});
  world.at("2026-04-05T08:00:00Z").plans();
  BOOST_TEST(world.state().queue.calls_to.size() == 1u);
}

// --- which numbers -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(numbers_that_cost_what_nobody_expects_are_refused) {
  BOOST_TEST(refused("+39899123456") == "premium_rate");
  BOOST_TEST(refused("+39848123456") == "shared_cost");
  BOOST_TEST(refused("848123456", "IT") == "shared_cost");
  BOOST_TEST(refused("+870773123456") == "satellite");
  BOOST_TEST(refused("+878101234567890") == "satellite");
  BOOST_TEST(refused("+881612345678") == "satellite");
  BOOST_TEST(refused("00881612345678") == "satellite");
  BOOST_TEST(refused("+882161234567") == "satellite");
  BOOST_TEST(refused("+883510012345") == "satellite");
  BOOST_TEST(refused("+979123456789") == "premium_rate");
  BOOST_TEST(refused("+393471234567") == "taken");
  BOOST_TEST(refused("+390212341001") == "taken");
}

BOOST_AUTO_TEST_CASE(only_the_countries_that_are_named_are_called) {
  const auto own = check("");
  BOOST_TEST(own.usable == 2u);
  BOOST_TEST(own.rejected_by_reason.at("country") == 1u);
  const auto two = check(R"(,"countries":["IT","CH"])");
  BOOST_TEST(two.usable == 3u);
  const auto other = check(R"(,"countries":["CH"])");
  BOOST_TEST(other.usable == 1u);
  // None named: any in a rehearsal, and said.
  const auto any = check(R"(,"countries":[])");
  BOOST_TEST(any.usable == 3u);
  BOOST_TEST_REQUIRE(!any.warnings.empty());
  BOOST_TEST(has(any.warnings.back(), "no country is named"));
  BOOST_TEST(own.warnings.empty());
}

BOOST_AUTO_TEST_CASE(countries_are_read_and_printed) {
  const auto read = [](const std::string& countries) {
    return parse_campaign_file(
        R"({"id":"x","kind":"notification","message":"Ciao.","contacts":{"file":"p.csv"},"countries":)" +
        countries + "}");
  };
  BOOST_TEST(read(R"(["IT","CH","IT"])")->campaign.countries.size() == 2u);
  BOOST_TEST(read(R"(["CH"])")->names_countries);
  BOOST_TEST(!read("[]")->names_countries);
  const auto by_region = parse_campaign_file(
      R"({"id":"x","kind":"notification","message":"Ciao.","contacts":{"file":"p.csv","region":"IT"}})");
  BOOST_TEST((by_region->campaign.countries == std::vector<std::string>{"IT"}));
  BOOST_TEST(!by_region->names_countries);
  BOOST_TEST(read(R"(["XX"])").error()[0].where == "/countries/0");
  BOOST_TEST(read("[3]").error()[0].where == "/countries/0");
  BOOST_TEST(read(R"("IT")").error()[0].where == "/countries");
  const auto printed = print_campaign(read(R"(["CH"])")->campaign);
  BOOST_TEST(has(printed, R"("countries":["CH"])"), printed);
  BOOST_TEST((parse_campaign_file(printed)->campaign == read(R"(["CH"])")->campaign));
}

BOOST_AUTO_TEST_SUITE_END()
