#include "campaigns/call_caps.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/plan.hpp"
#include "tests/campaigns/some_campaigns.hpp"

// Whose day it is on which somebody was called.
BOOST_AUTO_TEST_SUITE(call_caps)

using namespace campaigns;
using namespace some;

namespace {

// It calls day and night, by its own clock or each person's, and everybody is busy.
Campaign round_the_clock(const std::string& zone) {
  auto campaign = notification();
  campaign.hours.zone = zone;
  campaign.hours.windows = {{0b1111111, 0min, 1440min}};
  campaign.retries.attempts_max = 50;
  campaign.retries.daily_calls_per_number_max = 1;
  campaign.retries.delay[static_cast<std::size_t>(Outcome::busy)] = Seconds{60};
  return campaign;
}

class Caller : public Running {
 public:
  Caller(const Campaign& campaign, std::string zone)
      : Running(campaign, {person(2, 1, std::move(zone))}) {}

  // "called", or the gate and until when it is shut.
  std::string call(const char* now) {
    const auto lines = at(now).plans();
    if (lines.find(" CallRequested ") == std::string::npos) {
      const auto& person = state().queue.campaigns[0].contact(1);
      const auto gate = lines.find("\"gate\":\"");
      const auto name = gate == std::string::npos ? "nothing" : lines.substr(gate + 8);
      why = lines;
      return name.substr(0, name.find('"')) + " until " +
             rfc3339_utc(instant_from_ms(person.due_ms)).substr(0, 16);
    }
    const auto number = static_cast<std::uint8_t>(state().queue.campaigns[0].contact(1).requests);
    accept(1, number);
    does(status("busy", 0, 1, number));
    return "called";
  }
  std::string why{};
};

}  // namespace

// Rome is four and a half hours behind Kolkata in winter: seven in the evening is half past eleven.
BOOST_AUTO_TEST_CASE(a_new_day_of_theirs_is_no_new_day_of_the_campaign) {
  Caller world(round_the_clock("Europe/Rome"), "Asia/Kolkata");
  BOOST_TEST(world.call("2026-03-02T18:00:00Z") == "called");
  // Half past midnight in Kolkata.
  BOOST_TEST(world.call("2026-03-02T19:00:00Z") == "daily_calls until 2026-03-02T23:00");
  BOOST_TEST(world.why.find("\"the number was called 1 time today\"") != std::string::npos,
             world.why);
  BOOST_TEST(world.call("2026-03-02T23:00:00Z") == "called");
}

BOOST_AUTO_TEST_CASE(a_new_day_of_the_campaign_is_no_new_day_of_theirs) {
  Caller world(round_the_clock("Europe/Rome"), "Asia/Kolkata");
  BOOST_TEST(world.call("2026-03-02T19:00:00Z") == "called");
  // After midnight in Rome it is half past four on the same day in Kolkata, which ends at 18:30.
  BOOST_TEST(world.call("2026-03-02T23:00:00Z") == "daily_calls until 2026-03-03T18:30");
  BOOST_TEST(world.why.find("\"the number was called 1 time today by their own clock\"") !=
                 std::string::npos,
             world.why);
  BOOST_TEST(world.call("2026-03-03T18:29:59Z") == "nothing until 2026-03-03T18:30");
  BOOST_TEST(world.call("2026-03-03T18:30:00Z") == "called");
}

BOOST_AUTO_TEST_CASE(a_day_of_both_clocks_ends_with_the_later_one) {
  auto campaign = round_the_clock("Europe/Rome");
  Caller behind(campaign, "America/Sao_Paulo");
  BOOST_TEST(behind.call("2026-03-02T12:00:00Z") == "called");
  BOOST_TEST(behind.call("2026-03-02T13:00:00Z") == "daily_calls until 2026-03-03T03:00");
  Caller ahead(campaign, "Asia/Kathmandu");
  BOOST_TEST(ahead.call("2026-03-02T12:00:00Z") == "called");
  BOOST_TEST(ahead.call("2026-03-02T13:00:00Z") == "daily_calls until 2026-03-02T23:00");
}

BOOST_AUTO_TEST_CASE(a_week_is_seven_days_of_either_clock) {
  auto campaign = round_the_clock("Europe/Rome");
  campaign.retries.weekly_calls_per_number_max = 1;
  Caller world(campaign, "Asia/Kolkata");
  // On Tuesday, there.
  BOOST_TEST(world.call("2026-03-02T19:00:00Z") == "called");
  BOOST_TEST(world.call("2026-03-04T19:00:00Z") == "weekly_calls until 2026-03-09T18:30");
  BOOST_TEST(world.why.find("1 time within seven days by their own clock") != std::string::npos,
             world.why);
  BOOST_TEST(world.call("2026-03-09T18:30:00Z") == "called");
}

BOOST_AUTO_TEST_CASE(the_intent_says_how_far_ahead_their_clock_is) {
  Running world(round_the_clock("Europe/Rome"),
                {person(2, 1, "Asia/Kolkata"), person(3, 2, "Europe/Rome"),
                 person(4, 3, "Europe/London"), person(5, 4, "Asia/Kathmandu")});
  std::string lines;
  for (std::uint32_t n = 1; n <= 4; ++n) {
    lines += world.at("2026-03-02T10:00:00Z").later(Seconds{n}).plans();
    world.accept(n);
    world.does(world.status("busy", 0, n));
  }
  BOOST_TEST(
      lines.find("\"offset_minutes\":60,\"own_clock_ahead_minutes\":270,") != std::string::npos,
      lines);
  BOOST_TEST(lines.find("\"offset_minutes\":60,\"window\"") != std::string::npos, lines);
  BOOST_TEST(lines.find("\"own_clock_ahead_minutes\":-60,") != std::string::npos, lines);
  BOOST_TEST(lines.find("\"own_clock_ahead_minutes\":285,") != std::string::npos, lines);
  const auto row = world.state().results.attempts[0];
  BOOST_TEST(row.offset_minutes == 60);
  BOOST_TEST(row.own_offset_minutes() == 330);
}

// Ten minutes past midnight of a Sunday that has half an hour more: once the clock is put back the
// same moment reads as Saturday.
BOOST_AUTO_TEST_CASE(a_day_stays_the_one_it_was_when_the_clock_is_put_back) {
  for (const char* zone : {"", "Europe/Rome"}) {
    Caller world(round_the_clock(zone), "Australia/Lord_Howe");
    BOOST_TEST(world.call("2026-04-04T13:10:00Z") == "called", zone);
    // By the campaign's clock in Rome it was Saturday afternoon, and is Sunday two hours later.
    BOOST_TEST(world.call("2026-04-04T22:30:00Z") == "daily_calls until 2026-04-05T13:30", zone);
    BOOST_TEST(world.call("2026-04-05T13:30:00Z") == "called", zone);
  }
}

// Put forward by half an hour, at two in the morning.
BOOST_AUTO_TEST_CASE(a_day_begins_by_the_clock_as_it_then_stands) {
  Caller world(round_the_clock(""), "Australia/Lord_Howe");
  BOOST_TEST(world.call("2026-10-03T13:40:00Z") == "called");
  BOOST_TEST(world.call("2026-10-03T16:00:00Z") == "daily_calls until 2026-10-04T13:00");
  BOOST_TEST(world.call("2026-10-04T13:00:00Z") == "called");
  Caller rome(round_the_clock("Asia/Kathmandu"), "Europe/Rome");
  // The evening before Europe puts its clocks forward, and the morning in Kathmandu.
  BOOST_TEST(rome.call("2026-03-28T21:30:00Z") == "called");
  BOOST_TEST(rome.call("2026-03-28T23:10:00Z") == "daily_calls until 2026-03-29T18:15");
  BOOST_TEST(rome.call("2026-03-29T18:15:00Z") == "called");
  // Ten minutes before midnight is past it by the clock of the next day, and could be of either.
  Caller doubtful(round_the_clock("Asia/Kathmandu"), "Europe/Rome");
  BOOST_TEST(doubtful.call("2026-03-28T22:50:00Z") == "called");
  BOOST_TEST(doubtful.call("2026-03-29T18:15:00Z") == "daily_calls until 2026-03-29T22:00");
}

// Half past midnight in Kolkata on the third is the evening of the second in Rome.
BOOST_AUTO_TEST_CASE(of_who_moves_the_days_of_both_clocks_count) {
  Caller world(round_the_clock(""), "Asia/Kolkata");
  BOOST_TEST(world.call("2026-03-02T19:00:00Z") == "called");
  world.does(MovePeople{"note", {{1, "Europe/Rome"}}});
  BOOST_TEST(world.call("2026-03-02T20:00:00Z") == "daily_calls until 2026-03-02T23:00");
  BOOST_TEST(world.call("2026-03-02T23:00:00Z") == "daily_calls until 2026-03-03T23:00");
  BOOST_TEST(world.call("2026-03-03T23:00:00Z") == "called");
}

// A call of yesterday evening that turns up late counts on the day on which it rang there.
BOOST_AUTO_TEST_CASE(a_late_call_counts_on_their_day) {
  auto campaign = round_the_clock("Europe/Rome");
  Running world(campaign, {person(2, 1, "Asia/Kolkata")});
  world.at("2026-03-02T19:00:00Z").plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(120s);
  world.does(CallsListed{world.attempt(), {}}).later(30s);
  world.does(CallsListed{world.attempt(), {}});
  const auto reached = [&] {
    return cap_reached(world.state(), {0, 1}, campaign.retries, utc("2026-03-03T10:00:00Z"),
                       {60min, 330min});
  };
  BOOST_TEST(!reached().has_value());
  world.does(world.status("ringing"));
  BOOST_TEST_REQUIRE(reached().has_value());
  BOOST_TEST(rfc3339_utc(reached()->opens_at) == "2026-03-03T18:30:00.000Z");
}

BOOST_AUTO_TEST_SUITE_END()
