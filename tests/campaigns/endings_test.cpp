#include <boost/test/unit_test.hpp>

#include "campaigns/plan.hpp"
#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(endings)

// Calls that the carrier took and that must not ring any more: they are taken back, for nothing is
// left to the carrier's queue.
using namespace campaigns;
using namespace some;

namespace {

const std::string no_end_yet;

std::string asked_back(const std::string& reason, bool ringing = false) {
  return "contact/note/1 CallEndRequested {\"attempt\":1,\"reason\":\"" + reason + '"' +
         (ringing ? ",\"ringing\":true" : "") + "}\n";
}

// The sids that are to be ended.
std::string ending(const World& world) {
  std::string text;
  for (const auto& each : endings_due(world.state())) {
    text += each.sid + (each.ringing ? " also ringing " : " ");
  }
  return text;
}

CallFetched record(const Running& world, std::string status, std::uint8_t number = 1) {
  CallFetched fetched;
  fetched.attempt = world.attempt(1, number);
  fetched.found = true;
  fetched.call.sid = Running::sid(1, number);
  fetched.call.status = std::move(status);
  return fetched;
}

const DialContact& dialled(const World& world) {
  return world.state().queue.campaigns[0].contact(1);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pause_takes_back_what_waits_at_the_carrier_and_resuming_calls_again) {
  Running world(notification());
  world.dial();
  BOOST_TEST(ending(world) == no_end_yet);
  world.does(PauseCampaign{"note", "lunch"});
  BOOST_TEST(world.plans() == asked_back("the campaign was paused"));
  BOOST_TEST(world.plans() == "");  // once
  BOOST_TEST(ending(world) == "CA1-1 ");
  BOOST_TEST(
      world.when(record(world, "canceled")) ==
      "contact/note/1 CallLookedUp "
      "{\"attempt\":1,\"by\":\"sid\",\"found\":1,\"status\":\"canceled\"}\n"
      "contact/note/1 CallEnded "
      "{\"attempt\":1,\"status\":\"canceled\",\"cause\":\"looked_up\"}\n"
      "contact/note/1 AttemptClosed {\"attempt\":1,\"outcome\":\"canceled_by_us\"}\n"
      "contact/note/1 RetryScheduled {\"due\":1772438401000,\"after\":\"canceled_by_us\"}\n");
  BOOST_TEST(ending(world) == no_end_yet);
  // Nobody was called: it counts for nothing.
  BOOST_TEST(dialled(world).attempts == 0u);
  BOOST_TEST(dialled(world).unplaced == 0u);
  BOOST_TEST(world.later(1h).plans() == "");
  world.does(ResumeCampaign{"note"});
  world.dial(1, 2);
  BOOST_TEST(dialled(world).requests == 2u);
}

// Callbacks get lost, so a call may ring of which we believe that it waits.
BOOST_AUTO_TEST_CASE(a_call_that_was_dialled_before_it_was_taken_back_counts) {
  Running by_record(notification());
  Running by_callback(notification());
  Running by_itself(notification());
  for (Running* world : {&by_record, &by_callback, &by_itself}) {
    world->dial();
    world->does(PauseCampaign{"note", ""}).plans();
  }
  // The record has the moment at which it was dialled.
  auto dialled_out = record(by_record, "canceled");
  dialled_out.call.dialled = true;
  BOOST_TEST(by_record.when(dialled_out).find("CallInitiated {\"attempt\":1}\n") !=
             std::string::npos);
  // Of one that was still in the carrier's queue there is no callback.
  BOOST_TEST(by_callback.when(by_callback.status("canceled")).find("CallInitiated") !=
             std::string::npos);
  // It had left the queue before our order to end it came.
  by_itself.does(by_itself.status("initiated"));
  by_itself.does(record(by_itself, "canceled"));
  for (const Running* world : {&by_record, &by_callback, &by_itself}) {
    BOOST_TEST(dialled(*world).attempts == 1u);
    BOOST_TEST((dialled(*world).stage == Stage::retry));
  }
}

BOOST_AUTO_TEST_CASE(a_cancel_takes_back_what_waits_at_the_carrier_and_leaves_nobody_waiting) {
  Running world(notification());
  world.dial();
  world.does(CancelCampaign{"note", "wrong list"});
  BOOST_TEST(world.plans() == asked_back("the campaign was cancelled"));
  world.does(record(world, "canceled"));
  BOOST_TEST((dialled(world).stage == Stage::excluded));
  BOOST_TEST((world.state().results.cases[0][0].place == Place::excluded));
  BOOST_TEST(world.wakes() == "never");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_hours_takes_back_what_waits_and_the_next_opening_calls_again) {
  Running world(notification());
  world.at("2026-03-02T18:59:58Z");
  world.dial();
  BOOST_TEST(world.wakes() == "2026-03-02T19:00:00.000Z");
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.at("2026-03-02T19:00:00Z").plans() ==
             asked_back("the calling hours have ended"));
  world.does(record(world, "canceled"));
  BOOST_TEST(world.wakes() == "2026-03-03T08:00:00.000Z");
  BOOST_TEST(world.at("2026-03-03T08:00:00Z").plans().find("CallRequested {\"attempt\":2") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_call_that_rings_or_was_answered_is_left_alone) {
  for (const char* word : {"initiated", "ringing", "in-progress"}) {
    Running world(notification());
    world.dial();
    world.does(world.status(word));
    world.does(PauseCampaign{"note", ""});
    BOOST_TEST(world.plans() == "", word);
    BOOST_TEST(ending(world) == no_end_yet, word);
  }
  // The same where the carrier says so when it is asked.
  for (const char* word : {"ringing", "in-progress"}) {
    Running world(notification());
    world.dial();
    world.does(PauseCampaign{"note", ""}).plans();
    world.does(record(world, word));
    BOOST_TEST(ending(world) == no_end_yet, word);
    world.does(world.voice()).does(world.status("completed", 9));
    BOOST_TEST((dialled(world).stage == Stage::done));
    BOOST_TEST(dialled(world).attempts == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_call_to_a_suppressed_number_is_ended_until_somebody_answers) {
  for (const char* word : {"", "initiated", "ringing"}) {
    Running world(notification());
    world.dial();
    if (*word) world.does(world.status(word));
    world.does(SuppressNumber{1, "asked by letter", {}});
    BOOST_TEST(world.plans() == asked_back("an operator suppressed the number", true), word);
    BOOST_TEST(ending(world) == "CA1-1 also ringing ", word);
    world.does(world.status("canceled")).later(1s);
    BOOST_TEST(world.plans().find("ContactExcluded {\"gate\":\"suppressed\"") != std::string::npos,
               word);
    BOOST_TEST((world.state().results.cases[0][0].place == Place::excluded), word);
    BOOST_TEST(dialled(world).attempts == 1u, word);
  }
  Running answered(notification());
  answered.dial();
  answered.does(answered.status("in-progress"));
  answered.does(SuppressNumber{1, "asked by letter", {}});
  BOOST_TEST(answered.plans() == "");
  BOOST_TEST(ending(answered) == no_end_yet);
}

BOOST_AUTO_TEST_CASE(
    a_call_that_was_to_go_back_to_the_queue_is_ended_ringing_once_it_is_suppressed) {
  Running world(notification());
  world.dial();
  world.does(PauseCampaign{"note", ""}).plans();
  BOOST_TEST(ending(world) == "CA1-1 ");
  world.does(SuppressNumber{1, "", {}});
  BOOST_TEST(world.plans() == asked_back("an operator suppressed the number", true));
  BOOST_TEST(ending(world) == "CA1-1 also ringing ");
}

BOOST_AUTO_TEST_CASE(what_is_to_be_ended_survives_a_restart) {
  Running world(notification());
  world.dial();
  world.does(PauseCampaign{"note", ""}).plans();
  world.does(StartRunner{});
  BOOST_TEST(ending(world) == "CA1-1 ");
}

BOOST_AUTO_TEST_CASE(a_call_that_is_taken_back_again_and_again_ends_some_time) {
  Running world(notification());
  int rounds = 0;
  for (std::uint8_t number = 1; number < 200; ++number, ++rounds) {
    world.later(2s);
    if (world.plans().find("CallRequested") == std::string::npos) break;
    world.accept(1, number);
    world.does(PauseCampaign{"note", ""}).plans();
    world.does(record(world, "canceled", number));
    world.does(ResumeCampaign{"note"});
  }
  BOOST_TEST(rounds == 100);
  BOOST_TEST((dialled(world).stage == Stage::exhausted));
}

BOOST_AUTO_TEST_SUITE_END()
