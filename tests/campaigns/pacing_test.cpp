#include "campaigns/pacing.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/plan.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(pacing)

using namespace campaigns;
using namespace some;

namespace {

Campaign many_lines() {
  auto made = notification();
  made.pacing.lines = 100;
  return made;
}

OrderAnswered too_many(const Running& world, std::uint32_t contact) {
  OrderAnswered made;
  made.attempt = world.attempt(contact);
  made.kind = OrderAnswered::Kind::rejected;
  made.http_status = 429;
  made.code = 20429;
  made.retryable = true;
  return made;
}

// Milliseconds between the slots of the calls that are begun from here on, each of which rings.
std::vector<std::int64_t> gaps(Running& world, int calls) {
  std::vector<std::int64_t> found;
  auto last = *world.state().queue.last_slot;
  for (int step = 0; static_cast<int>(found.size()) < calls && step < 100'000; ++step) {
    world.later(250ms).plans();
    const auto slot = *world.state().queue.last_slot;
    if (slot == last) continue;
    found.push_back((slot - last).count());
    last = slot;
  }
  return found;
}

const Instant start = utc("2026-03-02T08:00:00Z");

}  // namespace

// --- slots ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(no_second_has_more_slots_than_the_rate_and_rounding_loses_none) {
  for (const std::int64_t rate : {500, 1000, 1500, 3000, 7000, 29'999, 30'000, 33'333, 100'000}) {
    for (const auto from : {0ms, 1ms, 17ms, 333ms}) {
      std::vector<Instant> slots{start + from};
      while (slots.back() < start + 700s) slots.push_back(slot_after(slots.back(), rate));
      // Of any number of slots in a row the first and the last are as far apart as they must be.
      for (const std::size_t span : {std::size_t{1}, std::size_t{7}, std::size_t{300}}) {
        const auto least = static_cast<std::int64_t>(span) * 1'000'000 / rate;
        for (std::size_t i = span; i < slots.size(); ++i) {
          if ((slots[i] - slots[i - span]).count() < least) BOOST_FAIL("rate " << rate);
        }
      }
      const auto took = (slots.back() - slots.front()).count();
      const auto exact = static_cast<std::int64_t>(slots.size() - 1) * 1'000'000 / rate;
      // What was lost before it met the beat.
      BOOST_TEST(took - exact <= 2'000'000 / rate + 1);
    }
  }
  BOOST_TEST((slot_after(start, 0) == start + 1s));
}

// --- slowing down --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(each_time_the_carrier_says_too_fast_the_rate_halves_within_bounds) {
  Slowdown slow;
  BOOST_TEST(slow.level(start) == 0u);
  auto at = start;
  for (unsigned times = 1; times <= 8; ++times) {
    slow.too_fast(at);
    BOOST_TEST(slow.level(at) == std::min(times, 5u));
    at += 6s;
  }
}

BOOST_AUTO_TEST_CASE(answers_about_the_same_haste_count_once) {
  Slowdown slow;
  for (int i = 0; i < 20; ++i) slow.too_fast(start + i * 200ms);
  BOOST_TEST(slow.level(start + 4s) == 1u);
}

BOOST_AUTO_TEST_CASE(it_recovers_step_by_step) {
  Slowdown slow;
  for (int i = 0; i < 3; ++i) slow.too_fast(start + i * 6s);
  const auto last = start + 12s;
  BOOST_TEST(slow.level(last + 29s) == 3u);
  BOOST_TEST(slow.level(last + 30s) == 2u);
  BOOST_TEST(slow.level(last + 60s) == 1u);
  BOOST_TEST(slow.level(last + 90s) == 0u);
  slow.too_fast(last + 60s);
  BOOST_TEST(slow.level(last + 60s) == 2u);
}

BOOST_AUTO_TEST_CASE(after_too_many_requests_fewer_calls_are_begun_also_after_a_restart) {
  Running world(many_lines(), 40);
  world.plans();
  world.does(too_many(world, 1));
  world.does(StartRunner{});
  const auto slower = gaps(world, 2);
  BOOST_TEST(slower[0] == 2000);
  BOOST_TEST(slower[1] == 2000);
  world.later(60s).plans();
  BOOST_TEST(gaps(world, 1)[0] == 1000);
}

BOOST_AUTO_TEST_CASE(before_the_time_that_the_carrier_names_nobody_is_called_also_after_a_restart) {
  Running world(many_lines(), 40);
  world.plans();
  auto later = too_many(world, 1);
  later.retry_after_seconds = 90;
  world.does(later);
  world.does(StartRunner{});
  BOOST_TEST(gaps(world, 1)[0] == 90'000);
  BOOST_TEST(gaps(world, 1)[0] == 1000);
}

BOOST_AUTO_TEST_CASE(a_wish_to_wait_has_a_limit_and_a_shorter_one_takes_nothing_back) {
  Slowdown slow;
  slow.wait(start, 86'400s);
  BOOST_TEST((*slow.not_before() == start + 3'600s));
  slow.wait(start + 1s, 5s);
  BOOST_TEST((*slow.not_before() == start + 3'600s));
  slow.wait(start + 2s, -5s);
  BOOST_TEST((*slow.not_before() == start + 3'600s));
}

BOOST_AUTO_TEST_CASE(a_carrier_that_has_calls_wait_is_given_fewer) {
  Running world(many_lines(), 40);
  world.plans();
  OrderAnswered placed;
  placed.attempt = world.attempt();
  placed.kind = OrderAnswered::Kind::placed;
  placed.sid = "CA1";
  placed.queue_ms = 2'000;
  Running other(many_lines(), 40);
  other.plans();
  BOOST_TEST(world.when(placed) ==
             "contact/note/1 CallAccepted {\"attempt\":1,\"sid\":\"CA1\",\"queue_ms\":2000}\n");
  BOOST_TEST(gaps(world, 1)[0] == 1000);
  placed.queue_ms = 2'001;
  other.does(placed);
  BOOST_TEST(gaps(other, 1)[0] == 2000);
}

BOOST_AUTO_TEST_CASE(which_refusals_mean_too_fast) {
  BOOST_TEST(says_too_fast(429, 0));
  BOOST_TEST(says_too_fast(429, 20429));
  BOOST_TEST(says_too_fast(400, 10004));
  BOOST_TEST(!says_too_fast(400, 21211));
  BOOST_TEST(!says_too_fast(401, 20003));
}

// --- ramp-up -------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_ramp_goes_from_its_first_rate_to_the_full_one) {
  Pacing pacing;
  pacing.calls_per_second_thousandths = 1000;
  BOOST_TEST(rate_at(pacing, start, start) == 1000);
  pacing.ramp_up = {100, Seconds{600}};
  BOOST_TEST(rate_at(pacing, start, start) == 100);
  BOOST_TEST(rate_at(pacing, start, start + 300s) == 550);
  BOOST_TEST(rate_at(pacing, start, start + 600s) == 1000);
  BOOST_TEST(rate_at(pacing, start, start + 24h) == 1000);
  BOOST_TEST(rate_at(pacing, {}, start) == 1000);
}

BOOST_AUTO_TEST_CASE(a_campaign_begins_slowly_and_again_after_a_pause) {
  auto campaign = many_lines();
  campaign.pacing.ramp_up = {250, Seconds{40}};
  Running world(campaign, 100);
  world.plans();
  const auto first = gaps(world, 3);
  BOOST_TEST(first[0] == 4000);
  BOOST_TEST(first[1] < 4000);
  BOOST_TEST(first[2] < first[1]);
  world.later(60s).plans();
  BOOST_TEST(gaps(world, 1)[0] == 1000);
  world.does(PauseCampaign{"note", ""}).later(60s).does(ResumeCampaign{"note"});
  world.plans();
  BOOST_TEST(gaps(world, 1)[0] == 4000);
}

BOOST_AUTO_TEST_CASE(a_very_slow_beginning_ends_with_its_ramp) {
  auto campaign = many_lines();
  campaign.pacing.ramp_up = {1, Seconds{30}};
  Running world(campaign, 10);
  world.plans();
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:30.000Z");
  BOOST_TEST(gaps(world, 2)[0] == 30'000);
}

// --- stopping at failures ------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_last_failures_are_counted_and_forgotten) {
  RecentFailures recent;
  for (int i = 0; i < 4; ++i) recent.add(true);
  BOOST_TEST(!recent.among_last(5).has_value());
  recent.add(false);
  BOOST_TEST(*recent.among_last(5) == 4u);
  for (int i = 0; i < 100; ++i) recent.add(false);
  BOOST_TEST(*recent.among_last(60) == 0u);
  recent.add(true);
  BOOST_TEST(*recent.among_last(60) == 1u);
  BOOST_TEST(recent.reached({500, 5}) == false);
  BOOST_TEST(recent.reached({200, 5}) == true);
  BOOST_TEST(recent.reached({0, 5}) == false);
  recent.clear();
  BOOST_TEST(!recent.among_last(5).has_value());
}

BOOST_AUTO_TEST_CASE(a_campaign_stops_when_half_of_its_last_calls_come_to_nothing) {
  auto campaign = many_lines();
  campaign.pacing.stop_at_failures = {500, 6};
  Running world(campaign, 20);
  const auto one = [&](std::uint32_t contact, bool fails) {
    const auto lines = world.later(1s).plans();
    if (lines.find("CallRequested") == std::string::npos) return lines;
    if (fails && contact % 2 == 0) {
      auto refused = too_many(world, contact);
      refused.http_status = 400;
      refused.code = 21211;
      refused.retryable = false;
      world.does(refused);
      return lines;
    }
    world.accept(contact);
    world.does(world.status(fails ? "failed" : "busy", 0, contact));
    return lines;
  };
  for (std::uint32_t contact = 1; contact <= 5; ++contact) one(contact, contact <= 3);
  BOOST_TEST(one(6, false).find("CallRequested") != std::string::npos);
  BOOST_TEST(
      one(7, false) ==
      "campaign/note CampaignPaused {\"reason\":\"3 of the last 6 calls were refused or "
      "failed, or never asked what to say: find out why before it goes on\",\"by\":\"program\"}\n");
  // Who resumes it has put it right: the count begins anew.
  world.does(ResumeCampaign{"note"});
  BOOST_TEST(one(7, true).find("CallRequested") != std::string::npos);
  BOOST_TEST(one(8, true).find("CallRequested") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(orders_that_come_to_no_call_stop_a_campaign_too) {
  for (const auto policy : {InDoubt::redial, InDoubt::hold, InDoubt::never}) {
    auto campaign = many_lines();
    campaign.in_doubt = policy;
    campaign.pacing.stop_at_failures = {500, 5};
    Running world(campaign, 20);
    for (std::uint32_t contact = 1; contact <= 5; ++contact) {
      BOOST_TEST_REQUIRE(world.later(1s).plans().find("CallRequested") != std::string::npos);
      OrderAnswered doubt;
      doubt.attempt = world.attempt(contact);
      doubt.why = "HTTP 500";
      world.does(doubt);
    }
    world.later(120s);
    for (const auto wait : {30s, 0s}) {
      for (std::uint32_t contact = 1; contact <= 5; ++contact) {
        world.does(CallsListed{world.attempt(contact), {}});
      }
      world.later(wait);
    }
    BOOST_TEST(world.plans().find("CampaignPaused {\"reason\":\"5 of the last 5 calls") !=
               std::string::npos);
  }
}

// Each of them heard nothing: our door could not be reached.
BOOST_AUTO_TEST_CASE(calls_that_never_ask_what_to_say_stop_a_campaign_too) {
  auto campaign = many_lines();
  campaign.pacing.stop_at_failures = {1000, 5};
  Running world(campaign, 20);
  for (std::uint32_t contact = 1; contact <= 5; ++contact) {
    world.dial(contact);
    const auto end = world.when(world.status("completed", 12, contact));
    BOOST_TEST(end.find("\"status\":\"completed\",\"seconds\":12,\"cause\":\"callback\","
                        "\"failure\":true}") != std::string::npos,
               end);
    world.later(1s);
  }
  BOOST_TEST(world.plans().find("CampaignPaused {\"reason\":\"5 of the last 5 calls") !=
             std::string::npos);
}

// As logs from before have it.
BOOST_AUTO_TEST_CASE(an_end_that_says_nothing_of_a_failure_counts_as_it_always_did) {
  auto campaign = many_lines();
  campaign.pacing.stop_at_failures = {500, 5};
  Running world(campaign, 20);
  for (std::uint32_t contact = 1; contact <= 5; ++contact) {
    world.dial(contact);
    const auto of = Subject::contact("note", contact);
    world.given(of, CallEnded{1, "completed", 12, 0, "callback"});
    world.given(of, AttemptClosed{1, Outcome::network_error});
    world.given(of, ContactClosed{Place::done, Outcome::network_error});
    world.later(1s);
  }
  BOOST_TEST(world.plans().find("CampaignPaused") == std::string::npos);
  BOOST_TEST(*world.state().queue.campaigns[0].failures.among_last(5) == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_person_ended_before_it_could_ask_is_no_failure) {
  // What is heard first, whether the talk begins meanwhile, how long, and what the carrier found.
  struct Case {
    MachineAction action;
    bool async;
    std::int64_t seconds;
    const char* answered_by;
    bool failure;
  };
  for (const auto& c : {Case{MachineAction::ignore, false, 3, "", true},
                        Case{MachineAction::ignore, false, 2, "", false},
                        Case{MachineAction::hang_up, true, 3, "", true},
                        Case{MachineAction::hang_up, false, 3, "", false},
                        Case{MachineAction::hang_up, false, 31, "", true},
                        Case{MachineAction::hang_up, false, 9, "human", true},
                        Case{MachineAction::hang_up, false, 9, "unknown", false}}) {
    auto campaign = many_lines();
    campaign.machine.action = c.action;
    campaign.machine.detection.async = c.async;
    Running world(campaign, 1);
    world.dial();
    auto report = world.status("completed", c.seconds);
    report.answered_by = c.answered_by;
    const auto end = world.when(report);
    BOOST_TEST((end.find("\"failure\":true") != std::string::npos) == c.failure,
               c.seconds << c.answered_by << end);
  }
  // It asked.
  Running world(many_lines(), 1);
  world.dial();
  world.does(world.voice());
  BOOST_TEST(world.when(world.status("completed", 1)).find("failure") == std::string::npos);
}

// As many as were ringing then; the campaign would stop at our own restart.
BOOST_AUTO_TEST_CASE(what_was_answered_while_no_program_ran_is_no_failure) {
  Running world(many_lines(), 2);
  world.dial();
  world.later(10s).does(StartRunner{world.state().book.runner});
  BOOST_TEST(world.when(world.status("completed", 12)).find("failure") == std::string::npos);
  world.later(2s);
  world.dial(2);
  BOOST_TEST(world.when(world.status("completed", 12, 2)).find("failure") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_is_no_failure) {
  auto campaign = many_lines();
  campaign.pacing.stop_at_failures = {500, 5};
  Running world(campaign, 20);
  for (std::uint32_t contact = 1; contact <= 10; ++contact) {
    world.dial(contact);
    world.does(world.status("canceled", 0, contact)).later(1s);
  }
  BOOST_TEST(world.plans().find("CampaignPaused") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
