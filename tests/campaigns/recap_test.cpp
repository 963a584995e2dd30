#include "campaigns/recap.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(recap)

using namespace campaigns;
using namespace some;

namespace {

// What is told of a world, as a reader of its log hears it.
struct Told {
  std::string text{};
  nlohmann::json json{};
};

Told told(const World& world, const char* since) {
  State state;
  Recap recap(utc(since));
  for (const auto& fact : world.log()) {
    recap.see(state, fact);
    evolve(state, fact);
  }
  Told made;
  made.text = recap_text(state, recap, world.rules(), world.now(),
                         [](Instant at) { return rfc3339_utc(at).substr(11, 5); });
  made.json = nlohmann::json::parse(recap_json(state, recap, world.rules(), world.now()));
  return made;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A night: one person was called before 18:00; then one more, one was refused, one opted out before
// the call, one was put off, and the operator paused it.
struct Night : Running {
  Night()
      : Running(
            [] {
              auto made = notification();
              made.pacing.lines = 5;
              made.call_time = 60s;
              made.budget = {1'000'000, 20'000};
              return made;
            }(),
            6) {
    dial(1);
    does(voice()).does(status("completed", 9));
    at("2026-03-02T17:00:30Z").does(SuppressNumber{3, "letter", {}});
    does(SuppressNumber{4, "", utc("2026-03-03T12:00:00Z")});
    dial(2);
    does(voice("", 2)).does(status("completed", 61, 2));
    later(1s).plans();
    OrderAnswered refused;
    refused.attempt = attempt(5);
    refused.kind = OrderAnswered::Kind::rejected;
    refused.http_status = 400;
    refused.code = 21211;
    does(refused);
    later(1s).plans();
    accept(6);
    does(PauseCampaign{"note", "complaints"});
    plans();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_morning_after_tells_what_happened_since_and_nothing_before) {
  Night world;
  const auto [text, json] = told(world, "2026-03-02T17:00:00Z");
  BOOST_TEST(has(text, "since 17:00, now 17:00, carrier rehearsal\n"), text);
  BOOST_TEST(has(text, "2 numbers were suppressed"), text);
  BOOST_TEST(has(text, "note, paused: complaints\n    17:00  paused by the operator: complaints\n"),
             text);
  BOOST_TEST(has(text, "  called: 2 people in 2 calls\n    1 completed\n    1 invalid_number\n"),
             text);
  BOOST_TEST(has(text, "    excluded 1: an operator suppressed the number\n"), text);
  BOOST_TEST(has(text, "    put off 1: an operator suppressed the number\n"), text);
  BOOST_TEST(has(text, "    not placed 1: the carrier refused it, code 21211\n"), text);
  BOOST_TEST(has(text, "    taken back 1: the campaign was paused\n"), text);
  BOOST_TEST(has(text, "  held: nobody\n"), text);
  BOOST_TEST(
      has(text, "  money: 0.04 USD since then, 0.06 USD of 1 USD in all, 0.02 USD set aside\n"),
      text);
  BOOST_TEST(has(text,
                 "  next: 1 call is under way; 1 person was never called, 0 are to be called "
                 "again once somebody resumes it\n"),
             text);
  BOOST_TEST(!has(text, "+39"));
  const auto& note = json["campaigns"][0];
  BOOST_TEST(note["people_called"] == 2);
  BOOST_TEST(note["outcomes"]["completed"] == 1);
  BOOST_TEST(note["spent_millionths"] == 40'000);
  BOOST_TEST(note["spent_in_all_millionths"] == 60'000);
  BOOST_TEST(note["put_off"]["an operator suppressed the number"] == 1);
  BOOST_TEST(note["changes"].size() == 1u);
  BOOST_TEST(!note.contains("next_call"));
}

BOOST_AUTO_TEST_CASE(what_the_voice_model_cost_is_told_with_the_money) {
  auto campaign = agent_survey();
  campaign.call_time = campaign.agent.time_max = 60s;
  campaign.budget = {1'000'000, 20'000};
  campaign.budget.model = ModelPrices{.per_call_max = 300'000, .output_text = 1'000'000'000};
  Running world(campaign);
  world.dial();
  world.does(world.voice()).does(StreamStarted{Running::sid(), "MZ1"});
  StreamEnded ended;
  ended.sid = Running::sid();
  ended.closed.stream = "MZ1";
  ended.closed.why = "goodbye";
  ended.closed.output_tokens = 70;
  world.does(ended).does(world.status("completed", 9));
  const auto [text, json] = told(world, "2026-03-02T07:00:00Z");
  BOOST_TEST(has(text,
                 "  money: 0.09 USD since then, 0.09 USD of 1 USD in all, 0 USD set aside\n"
                 "  of all that the voice model's: 0.07 USD\n"),
             text);
  BOOST_TEST(json["campaigns"][0]["spent_on_model_in_all_millionths"] == 70'000);
  // What was settled before counts before.
  const auto later = told(world, "2026-03-02T20:00:00Z").json;
  BOOST_TEST(later["campaigns"][0]["spent_millionths"] == 0);
}

BOOST_AUTO_TEST_CASE(from_the_beginning_everything_is_told) {
  Night world;
  const auto json = told(world, "2026-01-01T00:00:00Z").json;
  const auto& note = json["campaigns"][0];
  BOOST_TEST(json["starts"] == 1);
  BOOST_TEST(note["people_called"] == 3);
  BOOST_TEST(note["spent_millionths"] == 60'000);
  BOOST_TEST(note["changes"].size() == 3u);
  BOOST_TEST(note["changes"][0]["text"] == "submitted");
}

BOOST_AUTO_TEST_CASE(a_person_with_several_numbers_who_opts_out_is_one) {
  Night world;
  for (const NumberKey key : {21U, 22U, 23U}) {
    world.given(Subject::number(key), OptedOut{"other.7.1", "key"});
  }
  world.given(Subject::number(24), OptedOut{"other.8.1", "key"});
  BOOST_TEST(told(world, "2026-01-01T00:00:00Z").json["opted_out"] == 2);
}

BOOST_AUTO_TEST_CASE(a_quiet_night_is_told_as_one) {
  Running world(notification());
  const auto [text, json] = told(world, "2026-03-02T20:00:00Z");
  BOOST_TEST(
      has(text, "  called: 0 people in 0 calls\n  not called, and why: nothing was in the way\n"),
      text);
  BOOST_TEST(has(text, "  money: no budget, so no account is kept\n"), text);
  BOOST_TEST(has(text, "1 person was never called, 0 are to be called again, the next at 08:00\n"),
             text);
  BOOST_TEST(json["campaigns"][0]["next_call"] == "2026-03-02T08:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(at_night_the_next_call_is_at_the_opening) {
  Running world(notification());
  world.at("2026-03-02T22:00:00Z");
  BOOST_TEST(told(world, "2026-03-02T18:00:00Z").json["campaigns"][0]["next_call"] ==
             "2026-03-03T08:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(who_is_held_is_told_with_what_to_do) {
  auto campaign = notification();
  campaign.in_doubt = InDoubt::hold;
  Running world(campaign);
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt);
  world.given(Subject::contact("note", 1), CallHeld{1, "a person decides"});
  world.given(Subject::contact("note", 1), ContactClosed{Place::held, Outcome::unconfirmed});
  const auto [text, json] = told(world, "2026-03-02T07:00:00Z");
  BOOST_TEST(has(text, "  held: 1 person, to be decided on (campanile held)\n"), text);
  BOOST_TEST(has(text, "in doubt for a while: 1 call"), text);
  BOOST_TEST(json["campaigns"][0]["held"] == 1);
}

BOOST_AUTO_TEST_SUITE_END()
