#include "runner/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "campaigns/carrier_errors.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(metrics)

namespace {

using namespace some;
using runner::Metrics;
using runner::Vitals;

// The value of one line, by all that stands before it; nothing: there is no such line.
std::optional<std::string> value_of(const std::string& page, const std::string& series) {
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(series + ' ', 0) == 0) return line.substr(series.size() + 1);
  }
  return {};
}

std::string codes(const std::vector<runner::NotReady>& reasons) {
  std::string text;
  for (const auto& reason : reasons) text += std::string(reason.code) + ' ';
  return text;
}

Fact of(Event event) {
  Fact fact;
  fact.event = std::move(event);
  return fact;
}

Vitals well() {
  Vitals vitals;
  vitals.started = true;
  return vitals;
}

}  // namespace

BOOST_AUTO_TEST_CASE(commits_are_counted_up_to_each_bound) {
  Metrics counted;
  for (const auto us : {400, 500, 501, 20'000, 99'000'000}) {
    counted.commit_took(std::chrono::microseconds{us});
  }
  const auto page = metrics_text({}, counted, well(), {});
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_bucket{le=\"0.000500\"}") == "2");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_bucket{le=\"0.001000\"}") == "3");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_bucket{le=\"0.025000\"}") == "4");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_bucket{le=\"10.000000\"}") == "4");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_bucket{le=\"+Inf\"}") == "5");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_count") == "5");
  BOOST_TEST(*value_of(page, "campanile_commit_seconds_sum") == "99.021401");
}

BOOST_AUTO_TEST_CASE(a_commit_is_timed_from_its_hand_over_to_its_proof) {
  Metrics counted;
  counted.appended(3);
  counted.appended(7);
  counted.durable(2);
  BOOST_TEST(counted.commits().back() == 0U);
  counted.durable(6);
  BOOST_TEST(counted.commits().back() == 1U);
  counted.durable(7);
  BOOST_TEST(counted.commits().back() == 2U);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_certificate_is_shown_where_there_is_one) {
  const auto until = [](const Vitals& vitals) {
    return value_of(metrics_text({}, {}, vitals, {}), "campanile_certificate_good_until_seconds");
  };
  auto vitals = well();
  BOOST_TEST(!until(vitals).has_value());
  vitals.certificate_until = std::chrono::sys_seconds{std::chrono::seconds{1'772'438'400}};
  BOOST_TEST(until(vitals).value() == "1772438400");
}

BOOST_AUTO_TEST_CASE(values_from_elsewhere_have_a_bounded_number_of_lines) {
  Metrics counted;
  for (int n = 0; n < 1000; ++n) {
    counted.fact(of(AgentFailed{1, "fault-" + std::to_string(n), ""}));
  }
  BOOST_TEST(counted.agent_failures().size() == Metrics::label_values_max + 1);
  BOOST_TEST(counted.agent_failures().at("other") == 1000 - Metrics::label_values_max);
}

BOOST_AUTO_TEST_CASE(what_happened_in_this_run_is_counted) {
  Metrics counted;
  counted.answered(200);
  counted.answered(200);
  counted.answered(403);
  counted.handshake(true);
  counted.handshake(false);
  counted.handshake(false);
  counted.order_sent();
  counted.fact(of(CallRefused{1, 429, 20429, true, "", 0}));
  counted.fact(of(CallInDoubt{1, "no answer", ""}));
  counted.fact(of(LateCallDetected{1, "CA1"}));
  counted.fact(of(OptedOut{}));
  const auto page = metrics_text({}, counted, well(), {});
  BOOST_TEST(*value_of(page, "campanile_webhook_answers_total{status=\"200\"}") == "2");
  BOOST_TEST(*value_of(page, "campanile_webhook_answers_total{status=\"403\"}") == "1");
  BOOST_TEST(*value_of(page, "campanile_tls_handshakes_total{result=\"done\"}") == "1");
  BOOST_TEST(*value_of(page, "campanile_tls_handshakes_total{result=\"failed\"}") == "2");
  BOOST_TEST(*value_of(page, "campanile_orders_sent_total") == "1");
  BOOST_TEST(*value_of(page, "campanile_order_rate_used") == "0.016");
  BOOST_TEST(*value_of(page, "campanile_order_refusals_total{status=\"429\"}") == "1");
  BOOST_TEST(*value_of(page, "campanile_orders_in_doubt_total") == "1");
  BOOST_TEST(*value_of(page, "campanile_late_calls_total") == "1");
  BOOST_TEST(*value_of(page, "campanile_opt_outs_total") == "1");
}

BOOST_AUTO_TEST_CASE(campaigns_are_told_of_by_stage_and_outcome_and_the_early_ones_summed_up) {
  World world(some_zones());
  begin(world);
  constexpr std::size_t more = 3;
  for (std::size_t n = 0; n < runner::campaigns_shown_max + more; ++n) {
    enrol(world, notification("c" + std::to_string(n)), {person(2, 1), person(3, 2)});
  }
  const auto page = metrics_text(world.state(), {}, well(), {});
  const auto fresh = [&](const std::string& name) {
    return value_of(page, "campanile_contacts{campaign=\"" + name + "\",stage=\"fresh\"}");
  };
  BOOST_TEST(*fresh("") == std::to_string(2 * more));
  BOOST_TEST(!fresh("c2").has_value());
  BOOST_TEST(*fresh("c3") == "2");
  BOOST_TEST(*value_of(page, "campanile_campaigns{status=\"running\"}") ==
             std::to_string(runner::campaigns_shown_max + more));
  BOOST_TEST(*value_of(page, "campanile_attempts_total{campaign=\"c3\",outcome=\"busy\"}") == "0");
}

BOOST_AUTO_TEST_CASE(each_reason_that_stands_in_the_way_is_told_and_no_other) {
  World world(some_zones());
  begin(world);
  enrol(world, notification("first"), {person(2, 1)});
  const auto& state = world.state();
  const auto began = instant_from_ms(0);
  BOOST_TEST(codes(reasons_not_ready(state, well(), began)) == "");
  BOOST_TEST(runner::ready_json({}) == "{\"ready\":true,\"reasons\":[]}");

  auto vitals = well();
  vitals.started = false;
  BOOST_TEST(codes(reasons_not_ready(state, vitals, {})) == "starting ");
  vitals = well();
  vitals.disk_full = true;
  BOOST_TEST(codes(reasons_not_ready(state, vitals, began)) == "disk_full ");
  vitals = well();
  vitals.door_shut = "it does not answer";
  BOOST_TEST(codes(reasons_not_ready(state, vitals, began)) == "door_shut ");
  vitals = well();
  vitals.behind = std::chrono::seconds{1};
  BOOST_TEST(codes(reasons_not_ready(state, vitals, began)) == "");
  vitals.behind = std::chrono::seconds{90};
  vitals.stopping = true;
  BOOST_TEST(codes(reasons_not_ready(state, vitals, began)) == "clock stopping ");

  // What the program paused for another reason is no fault of the carrier's.
  world.given(Subject::campaign("first"), CampaignPaused{"the budget is spent", "program"});
  BOOST_TEST(codes(reasons_not_ready(state, well(), began)) == "");
  world.given(Subject::campaign("first"), CampaignResumed{});
  world.given(Subject::campaign("first"),
              CampaignPaused{std::string(carrier_refuses_all) + ": code 20003", "program"});
  BOOST_TEST(codes(reasons_not_ready(state, well(), began)) == "carrier_refuses ");
  world.given(Subject::campaign("first"), CampaignResumed{});
  BOOST_TEST(codes(reasons_not_ready(state, well(), began)) == "");
}

BOOST_AUTO_TEST_CASE(when_a_suppression_list_stops_counting_can_be_seen_before) {
  World world(some_zones());
  begin(world);
  auto campaign = notification("first");
  campaign.suppression_lists = {{"rpo", 24h}, {"own", 1h}};
  enrol(world, campaign, {person(2, 1)});
  enrol(world, notification("second"), {person(2, 2)});
  const auto told = [&](const std::string& id) {
    return value_of(metrics_text(world.state(), Metrics{}, well(), world.now()),
                    "campanile_suppression_lists_good_until_seconds{campaign=\"" + id + "\"}");
  };
  world.does(LoadSuppressionList{"rpo", {}, 0, "d1", ""});
  BOOST_TEST(*told("first") == "0.000");
  BOOST_TEST(!told("second").has_value());
  world.does(LoadSuppressionList{"own", {}, 0, "d1", ""});
  BOOST_TEST(*told("first") == "1772442000.000");
  world.does(CancelCampaign{"first", ""});
  BOOST_TEST(!told("first").has_value());
}

BOOST_AUTO_TEST_CASE(a_doubt_of_the_run_before_is_recovered_from_when_the_carrier_was_asked) {
  World world(some_zones());
  begin(world);
  enrol(world, notification("first"), {person(2, 1)});
  world.plans();
  world.given(Subject::contact("first", 1), CallInDoubt{1, "no answer"});
  const auto& open = world.state().queue.attempts.begin()->second;
  // One of this run's own is in doubt as any may be.
  BOOST_TEST(codes(reasons_not_ready(world.state(), well(), open.requested_at)) == "");
  const auto later_run = open.requested_at + std::chrono::seconds{1};
  BOOST_TEST(codes(reasons_not_ready(world.state(), well(), later_run)) == "recovering ");
  world.given(Subject::contact("first", 1), CallLookedUp{1, "list", 0, ""});
  BOOST_TEST(codes(reasons_not_ready(world.state(), well(), later_run)) == "");
}

BOOST_AUTO_TEST_SUITE_END()
