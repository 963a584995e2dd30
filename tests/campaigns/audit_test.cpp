#include "campaigns/audit.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(audit)

using namespace campaigns;
using namespace some;

namespace {

const AuditPeriod day{utc("2026-03-02T00:00:00Z"), utc("2026-03-03T00:00:00Z")};
const std::string caller = "+390200000000";

std::string number_of(NumberKey key) {
  return "+39021234" + std::to_string(1000 + key);
}

ListedCall listed(const std::string& sid, const std::string& status, NumberKey key = 1,
                  std::int64_t seconds = 0) {
  ListedCall call;
  call.record.sid = sid;
  call.record.status = status;
  call.record.direction = "outbound-api";
  call.record.created = utc("2026-03-02T08:00:01Z");
  call.record.seconds = seconds;
  call.to = number_of(key);
  call.from = caller;
  return call;
}

// "kind sid attempt" a line.
std::string found(const World& world, const std::vector<ListedCall>& calls,
                  const std::vector<ListedCall>& next_day = {}) {
  std::string text;
  for (const auto& one : campaigns::audit(world.state(), day, calls, next_day)) {
    text += std::string(name_of(one.kind)) + ' ' + one.sid + ' ' + one.attempt + '\n';
    BOOST_TEST(one.text.find("+39") == std::string::npos);
  }
  return text;
}

// As of an hour after the calls.
SweepFindings swept(const World& world, const std::vector<ListedCall>& calls,
                    Instant now = utc("2026-03-02T09:00:00Z")) {
  return sweep(world.state(), day, calls, now);
}

// Somebody who listened for 9 s.
struct Called : Running {
  Called() : Running(notification()) {
    dial();
    does(voice()).does(status("completed", 9));
  }
};

// An attempt that was proven not to have been placed, or given up otherwise.
struct GivenUp : Running {
  explicit GivenUp(InDoubt policy = InDoubt::never)
      : Running([&] {
          auto made = notification();
          made.in_doubt = policy;
          return made;
        }()) {
    plans();
    OrderAnswered doubt;
    doubt.attempt = attempt();
    does(doubt);
    later(120s).does(CallsListed{attempt(), {}});
    later(30s).does(CallsListed{attempt(), {}});
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_and_a_list_that_agree_have_no_difference) {
  Called world;
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 9)}) == "");
  // Inbound calls and legs of others are none of ours.
  auto inbound = listed("CAin", "completed", 1);
  inbound.record.direction = "inbound";
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 9), inbound}) == "");
}

BOOST_AUTO_TEST_CASE(every_difference_is_named) {
  Called world;
  BOOST_TEST(found(world, {}) == "missing_call CA1-1 note.1.1\n");
  BOOST_TEST(found(world, {listed("CA1-1", "busy")}) == "status CA1-1 note.1.1\n");
  BOOST_TEST(found(world, {listed("CA1-1", "in-progress")}) == "status CA1-1 note.1.1\n");
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 10)}) == "duration CA1-1 note.1.1\n");
  const auto own = listed("CA1-1", "completed", 1, 9);
  BOOST_TEST(found(world, {own, listed("CAx", "completed")}) == "second_call CAx note.1.1\n");
  BOOST_TEST(found(world, {own, listed("CAx", "completed", 7)}) == "unknown_call CAx \n");
  // Listed twice over two pages is one call.
  BOOST_TEST(found(world, {own, own, listed("CAx", "completed", 7),
                           listed("CAx", "completed", 7)}) == "unknown_call CAx \n");
}

BOOST_AUTO_TEST_CASE(a_call_of_somebody_elses_script_that_our_door_answered_is_known) {
  Called world;
  const auto own = listed("CA1-1", "completed", 1, 9);
  const std::vector<ListedCall> calls = {own, listed("CAscript", "completed", 7),
                                         listed("CAreported", "completed", 8),
                                         listed("CAx", "completed", 9)};
  BOOST_TEST(found(world, calls) ==
             "unknown_call CAscript \nunknown_call CAreported \nunknown_call CAx \n");
  world.does(OutsideVoiceRequested{"CAscript"});
  OutsideStatusReported reported;
  reported.sid = "CAreported";
  reported.status = "ringing";
  world.does(reported);
  BOOST_TEST(found(world, calls) == "unknown_call CAx \n");
}

BOOST_AUTO_TEST_CASE(a_call_that_began_after_midnight_is_found_in_the_list_of_the_day_after) {
  Called world;
  BOOST_TEST(found(world, {}, {listed("CA1-1", "completed", 1, 9)}) == "");
  BOOST_TEST(found(world, {}, {listed("CA1-1", "busy")}) == "status CA1-1 note.1.1\n");
  // What else happened on that day is not asked about.
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 9)},
                   {listed("CAx", "completed"), listed("CAy", "completed", 7)}) == "");
}

BOOST_AUTO_TEST_CASE(a_call_without_an_end_in_the_log_is_a_difference_once_the_carrier_has_one) {
  Running world(notification());
  world.dial();
  BOOST_TEST(found(world, {listed("CA1-1", "ringing")}) == "");
  BOOST_TEST(found(world, {listed("CA1-1", "no-answer")}) == "status CA1-1 note.1.1\n");
}

BOOST_AUTO_TEST_CASE(a_call_to_somebody_who_was_called_at_another_time_belongs_to_no_attempt) {
  Called world;
  auto other = listed("CAx", "completed");
  other.record.created = utc("2026-03-02T12:00:00Z");
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 9), other}) == "unknown_call CAx \n");
  auto from = listed("CAy", "completed");
  from.from = "+390299999999";
  BOOST_TEST(found(world, {listed("CA1-1", "completed", 1, 9), from}) == "unknown_call CAy \n");
}

BOOST_AUTO_TEST_CASE(calls_for_attempts_that_were_given_up_are_named_as_such) {
  for (const auto policy : {InDoubt::never, InDoubt::redial}) {
    GivenUp world(policy);
    BOOST_TEST(found(world, {listed("CAx", "completed")}) == "given_up_call CAx note.1.1\n");
  }
}

BOOST_AUTO_TEST_CASE(a_late_call_that_was_noted_is_a_second_one) {
  GivenUp world;
  world.does(StatusReported{world.attempt(), "CAlate", "ringing"});
  BOOST_TEST(found(world, {listed("CAlate", "canceled")}) == "second_call CAlate note.1.1\n");
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_before_it_began_may_be_missing) {
  Running world(notification());
  world.dial();
  world.does(PauseCampaign{"note", ""}).plans();
  world.does(world.status("canceled"));
  BOOST_TEST(found(world, {}) == "");
}

BOOST_AUTO_TEST_CASE(only_the_period_is_looked_at) {
  Called world;
  const AuditPeriod later{utc("2026-03-03T00:00:00Z"), utc("2026-03-04T00:00:00Z")};
  BOOST_TEST(campaigns::audit(world.state(), later, {}, {}).empty());
  BOOST_TEST(caller_ids_of(world.state(), day) == std::vector<std::string>{caller});
}

BOOST_AUTO_TEST_CASE(text_and_json_say_the_same) {
  Called world;
  const auto differences = campaigns::audit(world.state(), day, {listed("CA1-1", "busy")}, {});
  BOOST_TEST(audit_text(differences, 1) ==
             "status CA1-1, note.1.1: the carrier says busy, the log completed\n"
             "1 call in the carrier's list, 1 difference\n");
  const auto json = nlohmann::json::parse(audit_json(differences, 1));
  BOOST_TEST(json["differences"][0]["kind"] == "status");
  BOOST_TEST(json["calls"] == 1);
  BOOST_TEST(audit_text({}, 0) == "0 calls in the carrier's list, 0 differences\n");
}

// --- the sweep -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_sweep_finds_the_end_of_a_silent_call) {
  Running world(notification());
  world.dial();
  world.does(world.voice());
  const auto findings = swept(world, {listed("CA1-1", "completed", 1, 9)});
  BOOST_TEST_REQUIRE(findings.commands.size() == 1u);
  BOOST_TEST(findings.notices.empty());
  BOOST_TEST(world.when(findings.commands[0]).find("CallEnded") != std::string::npos);
  BOOST_TEST(swept(world, {listed("CA1-1", "completed", 1, 9)}).commands.empty());
  Running live(notification());
  live.dial();
  BOOST_TEST(swept(live, {listed("CA1-1", "ringing")}).commands.empty());
}

BOOST_AUTO_TEST_CASE(a_sweep_brings_the_carrier_s_prices_once) {
  auto campaign = notification();
  campaign.budget = {1'000'000, 20'000};
  Running world(campaign);
  world.dial();
  world.does(world.voice()).does(world.status("completed", 9));
  auto call = listed("CA1-1", "completed", 1, 9);
  BOOST_TEST(swept(world, {call}).commands.empty());  // no price yet
  BOOST_TEST((swept(world, {call}).unpriced_since == utc("2026-03-02T08:00:00Z")));
  call.record.cost_millionths = 13'500;
  call.record.price_unit = "USD";
  const auto findings = swept(world, {call});
  BOOST_TEST_REQUIRE(findings.commands.size() == 1u);
  BOOST_TEST(world.when(findings.commands[0]).find("SpendCorrected") != std::string::npos);
  BOOST_TEST(swept(world, {call}).commands.empty());
  BOOST_TEST(!swept(world, {call}).unpriced_since);
}

BOOST_AUTO_TEST_CASE(a_sweep_brings_the_prices_of_calls_to_humans) {
  auto campaign = agent_survey();
  campaign.agent.transfer = {"+390233333333"};
  campaign.budget = {1'000'000, 20'000};
  campaign.budget.transfer_per_minute_millionths = 30'000;
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  world.given(Subject::contact("survey", 1), TransferRequested{1, 0, true});
  world.does(world.status("completed", 100));
  const auto own = [&] {
    auto call = listed("CA1-1", "completed", 1, 100);
    call.record.cost_millionths = 40'000;
    call.record.price_unit = "USD";
    return call;
  }();
  auto leg = listed("CAleg1", "completed", 99, 70);
  leg.record.direction = "outbound-dial";
  leg.record.parent = "CA1-1";
  auto unanswered = leg;
  unanswered.record.sid = "CAleg2";
  unanswered.record.status = "no-answer";
  unanswered.record.seconds.reset();
  const auto of = [&] { return swept(world, {own, leg, unanswered, leg}); };
  BOOST_TEST(of().commands.empty());  // no price yet
  BOOST_TEST(of().unpriced_since.has_value());
  leg.record.cost_millionths = 13'500;
  leg.record.price_unit = "USD";
  BOOST_TEST(!of().unpriced_since);
  BOOST_TEST_REQUIRE(of().commands.size() == 1u);
  BOOST_TEST(world.when(of().commands[0]).find("\"transfer\":13500") != std::string::npos);
  BOOST_TEST(of().commands.empty());
  // A leg of somebody else's call is none of ours.
  leg.record.parent = "CAother";
  BOOST_TEST(of().commands.empty());
}

// Its price counts when it has been settled: one that is asked for before is asked for again.
BOOST_AUTO_TEST_CASE(the_price_of_an_open_attempt_is_still_to_come) {
  auto campaign = notification();
  campaign.budget = {1'000'000, 20'000};
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  auto call = listed("CA1-1", "completed", 1, 9);
  call.record.cost_millionths = 13'500;
  call.record.price_unit = "USD";
  const auto findings = swept(world, {call});
  BOOST_TEST((findings.unpriced_since == utc("2026-03-02T08:00:00Z")));
  BOOST_TEST_REQUIRE(findings.commands.size() == 1u);
  world.does(findings.commands[0]);  // its end
  const auto again = swept(world, {call});
  BOOST_TEST_REQUIRE(again.commands.size() == 1u);
  BOOST_TEST(world.when(again.commands[0]).find("SpendCorrected") != std::string::npos);
  Running without(notification());
  without.dial();
  BOOST_TEST(!swept(without, {listed("CA1-1", "ringing")}).unpriced_since);
}

BOOST_AUTO_TEST_CASE(no_price_is_waited_for_where_nobody_answered_or_no_account_is_kept) {
  auto campaign = notification();
  campaign.budget = {1'000'000, 20'000};
  Running unanswered(campaign);
  unanswered.dial();
  unanswered.does(unanswered.status("no-answer"));
  BOOST_TEST(!swept(unanswered, {listed("CA1-1", "no-answer")}).unpriced_since);
  Called without_budget;
  BOOST_TEST(!swept(without_budget, {listed("CA1-1", "completed", 1, 9)}).unpriced_since);
}

BOOST_AUTO_TEST_CASE(an_end_that_may_still_be_reported_is_left_to_its_report) {
  Running world(notification());
  world.dial();
  world.does(world.voice());
  auto call = listed("CA1-1", "completed", 1, 9);
  call.record.ended = utc("2026-03-02T08:59:00Z");
  BOOST_TEST(swept(world, {call}).commands.empty());
  BOOST_TEST(swept(world, {call}, utc("2026-03-02T09:01:00Z")).commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_sweep_ends_only_what_belongs_to_an_attempt_that_was_given_up) {
  GivenUp world;
  const auto findings = swept(world, {listed("CAx", "ringing")});
  BOOST_TEST_REQUIRE(findings.commands.size() == 1u);
  BOOST_TEST(world.when(findings.commands[0]) ==
             "contact/note/1 LateCallDetected {\"attempt\":1,\"sid\":\"CAx\"}\n");
  BOOST_TEST(world.state().queue.late_calls.count("CAx") == 1u);
  BOOST_TEST(world.when(findings.commands[0]) == "");
  BOOST_TEST(swept(world, {listed("CAx", "ringing")}).commands.empty());
}

BOOST_AUTO_TEST_CASE(a_sweep_notes_late_calls_that_are_over_by_now) {
  GivenUp world;
  const auto findings = swept(world, {listed("CAy", "completed")});
  BOOST_TEST_REQUIRE(findings.commands.size() == 1u);
  BOOST_TEST(world.when(findings.commands[0]) ==
             "contact/note/1 LateCallDetected {\"attempt\":1,\"sid\":\"CAy\"}\n"
             "contact/note/1 LateCallEnded {\"sid\":\"CAy\"}\n");
  BOOST_TEST(swept(world, {listed("CAy", "completed")}).commands.empty());
  BOOST_TEST(world.state().queue.late_calls.empty());
  // And the end of one that turned up and never told it.
  world.does(world.status("ringing"));
  BOOST_TEST_REQUIRE(world.state().queue.late_calls.size() == 1u);
  BOOST_TEST(swept(world, {listed("CA1-1", "in-progress")}).commands.empty());
  const auto ends = swept(world, {listed("CA1-1", "canceled")});
  BOOST_TEST_REQUIRE(ends.commands.size() == 1u);
  BOOST_TEST(world.when(ends.commands[0]) == "contact/note/1 LateCallEnded {\"sid\":\"CA1-1\"}\n");
  BOOST_TEST(swept(world, {listed("CA1-1", "canceled")}).commands.empty());
}

BOOST_AUTO_TEST_CASE(a_sweep_tells_of_a_second_call_under_one_attempt) {
  Called world;
  for (const char* status : {"in-progress", "completed"}) {
    const auto findings = swept(world, {listed("CA1-1", "completed", 1, 9), listed("CAx", status)});
    BOOST_TEST(findings.commands.empty());
    BOOST_TEST_REQUIRE(findings.notices.size() == 1u);
    BOOST_TEST(findings.notices[0].find("CAx") != std::string::npos);
    BOOST_TEST(findings.notices[0].find("beside CA1-1 of attempt note.1.1") != std::string::npos);
    BOOST_TEST(findings.notices[0].find("+39") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_sweep_tells_of_a_call_that_may_be_the_one_of_somebody_who_is_held) {
  const auto doubtful = [](InDoubt policy) {
    auto made = notification();
    made.in_doubt = policy;
    return made;
  };
  Running held(doubtful(InDoubt::hold));
  held.plans();
  OrderAnswered doubt;
  doubt.attempt = held.attempt();
  held.does(doubt);
  // While the log looks for it itself, there is nothing to tell.
  BOOST_TEST(swept(held, {listed("CAx", "completed")}).notices.empty());
  held.later(120s).does(CallsListed{held.attempt(), {}});
  held.later(30s).does(CallsListed{held.attempt(), {}});
  BOOST_TEST_REQUIRE((held.state().queue.open_attempt({0, 1})->phase == Phase::held));
  const auto findings = swept(held, {listed("CAx", "completed")});
  BOOST_TEST(findings.commands.empty());
  BOOST_TEST_REQUIRE(findings.notices.size() == 1u);
  BOOST_TEST(findings.notices[0].find("note.1.1, which is held") != std::string::npos);
  BOOST_TEST(findings.notices[0].find("campanile resolve") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_talk_of_somebody_elses_code_is_not_ended) {
  // Our order beside it was refused, so it cannot be that one's call.
  Running refused(notification());
  refused.plans();
  OrderAnswered no;
  no.attempt = refused.attempt();
  no.kind = OrderAnswered::Kind::rejected;
  no.http_status = 400;
  no.code = 13227;
  refused.does(no);
  BOOST_TEST(swept(refused, {listed("CAx", "in-progress")}).commands.empty());
  // Nor where our door has answered it as theirs.
  GivenUp world(InDoubt::redial);
  BOOST_TEST(swept(world, {listed("CAx", "in-progress")}).commands.size() == 1u);
  world.does(OutsideVoiceRequested{"CAx", false, 1, ""});
  BOOST_TEST(swept(world, {listed("CAx", "in-progress")}).commands.empty());
}

BOOST_AUTO_TEST_CASE(calls_that_nobody_ordered_are_told_and_left_alone) {
  Called world;
  auto strange = listed("CAx", "in-progress");
  strange.record.created = utc("2026-03-02T12:00:00Z");
  const auto findings = swept(world, {strange});
  BOOST_TEST(findings.commands.empty());
  BOOST_TEST_REQUIRE(findings.notices.size() == 1u);
  BOOST_TEST(findings.notices[0].find("CAx") != std::string::npos);
  BOOST_TEST(findings.notices[0].find("+39") == std::string::npos);
  // To a number of nobody's of this log: somebody else's business.
  auto other = listed("CAy", "in-progress", 99);
  BOOST_TEST(swept(world, {other}).notices.empty());
}

BOOST_AUTO_TEST_SUITE_END()
