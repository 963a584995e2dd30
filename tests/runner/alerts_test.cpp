#include "runner/alerts.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "campaigns/carrier_errors.hpp"
#include "campaigns/plan.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(alerts)

namespace {

using namespace some;
using nlohmann::json;
using runner::Alert;
using runner::AlertKind;
using runner::AlertRules;

// What follows from the last event of a world; of several, at most `max` of those behind `after`.
std::vector<Alert> alerts_of(AlertRules& rules, const World& world, std::size_t max = 100,
                             std::uint32_t after = 0) {
  std::vector<Alert> alerts;
  const auto take = [&](const Alert& alert) {
    alerts.push_back(alert);
    return alerts.size() < max;
  };
  rules.see(world.state(), world.log().back(), take, after);
  return alerts;
}

struct Campaigning : World {
  AlertRules rules{};
  explicit Campaigning(std::int64_t budget = 0) : World(some_zones()) {
    begin(*this);
    auto campaign = notification("note");
    campaign.budget.limit_millionths = budget;
    campaign.budget.per_minute_millionths = 1;
    enrol(*this, campaign, {person(2, 1), person(3, 2), person(4, 3)});
  }
  std::vector<Alert> after(const Subject& subject, const Event& event) {
    given(subject, event);
    return alerts_of(rules, *this);
  }
  // The one kind that a pause of the program's is.
  std::string pause(const std::string& reason, const std::string& by = "program") {
    const auto alerts = after(Subject::campaign("note"), CampaignPaused{reason, by});
    given(Subject::campaign("note"), CampaignResumed{});
    return alerts.empty() ? "none" : std::string(name_of(alerts.at(0).kind));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_pause_of_the_program_s_is_told_by_its_reason_and_an_operator_s_is_not) {
  Campaigning world;
  BOOST_TEST(world.pause("lunch", "operator") == "none");
  BOOST_TEST(world.pause(std::string(carrier_refuses_all) + ": code 20003") == "carrier_refuses");
  BOOST_TEST(world.pause(std::string(budget_spent)) == "budget_spent");
  BOOST_TEST(world.pause("18 of the last 20 calls were refused or failed, or never asked what to "
                         "say: find out why before it "
                         "goes on") == "failure_rate");
  BOOST_TEST(world.pause(std::string(list_not_fresh) + "\"rpo\" was never loaded") ==
             "list_too_old");
  BOOST_TEST(world.pause("something new") == "campaign_stopped");
}

BOOST_AUTO_TEST_CASE(an_alert_says_what_happened_where_and_when_and_names_nobody) {
  Campaigning world;
  world.plans();
  const auto contact = Subject::contact("note", 1);
  world.given(contact, CallInDoubt{1, "no answer"});
  const auto alerts = world.after(contact, CallHeld{1, "a person decides"});
  BOOST_TEST_REQUIRE(alerts.size() == 1U);
  const auto& alert = alerts.front();
  const auto body = json::parse(alert.body);
  BOOST_TEST(body["kind"] == "call_held");
  BOOST_TEST(body["campaign"] == "note");
  BOOST_TEST(body["attempt"] == "note.1.1");
  BOOST_TEST(body["at"] == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(body["position"] == alert.position);
  BOOST_TEST(body["id"] == alert.id);
  BOOST_TEST(alert.id.find(world.state().book.identity.installation) == 0U);
  BOOST_TEST(alert.body.find('+') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(that_the_carrier_is_away_is_told_when_the_log_says_so) {
  Campaigning world;
  world.plans();
  const auto contact = Subject::contact("note", 1);
  BOOST_TEST(world.after(contact, CallNotSent{1, "the campaign was paused"}).empty());
  BOOST_TEST(world.after(contact, CallNotSent{1, "cannot connect", true}).empty());
  const auto alerts = world.after(contact, CallNotSent{1, "cannot connect", true, 660'000});
  BOOST_TEST_REQUIRE(alerts.size() == 1U);
  BOOST_TEST((alerts.front().kind == AlertKind::carrier_unreachable));
  BOOST_TEST(json::parse(alerts.front().body)["what"].get<std::string>().find("11 minutes") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_closed_case_is_told_to_the_owner_of_the_list) {
  Campaigning world;
  const auto alerts =
      world.after(Subject::contact("note", 2), ContactClosed{Place::exhausted, Outcome::no_answer});
  BOOST_TEST_REQUIRE(alerts.size() == 1U);
  BOOST_TEST((alerts.front().kind == AlertKind::outcome));
  const auto body = json::parse(alerts.front().body);
  BOOST_TEST(body["contact"] == 2);
  BOOST_TEST(body["place"] == "exhausted");
  BOOST_TEST(body["disposition"] == "no_answer");
  BOOST_TEST(body["attempts"] == 0);
}

BOOST_AUTO_TEST_CASE(whoever_a_gate_excludes_is_told_of_with_the_gate) {
  Campaigning world;
  const auto alerts =
      world.after(Subject::contact("note", 2), ContactExcluded{"suppressed", "stands on a list"});
  BOOST_TEST_REQUIRE(alerts.size() == 1U);
  BOOST_TEST((alerts.front().kind == AlertKind::outcome));
  const auto body = json::parse(alerts.front().body);
  BOOST_TEST(body["contact"] == 2);
  BOOST_TEST(body["place"] == "excluded");
  BOOST_TEST(body["disposition"] == "none");
  BOOST_TEST(body["gate"] == "suppressed");
}

BOOST_AUTO_TEST_CASE(a_cancelled_campaign_has_an_outcome_for_each_whose_case_it_closes) {
  Campaigning world;
  // One is being called and one is closed already: at the same moment, by a gate.
  world.plans();
  world.given(Subject::contact("note", 2), ContactExcluded{"suppressed", "stands on a list"});
  enrol(world, notification("other"), {person(2, 11), person(3, 12), person(4, 13)});
  const auto closed = world.after(Subject::campaign("note"), CampaignCancelled{"enough"});
  BOOST_TEST_REQUIRE(closed.size() == 1U);
  BOOST_TEST(json::parse(closed[0].body)["contact"] == 3);
  const auto all = world.after(Subject::campaign("other"), CampaignCancelled{"enough"});
  BOOST_TEST_REQUIRE(all.size() == 3U);
  const auto body = json::parse(all[1].body);
  BOOST_TEST(body["campaign"] == "other");
  BOOST_TEST(body["contact"] == 2);
  BOOST_TEST(body["place"] == "excluded");
  BOOST_TEST(body["disposition"] == "canceled_by_us");
  BOOST_TEST(body["gate"] == "cancelled");
  BOOST_TEST(body["id"] == all[1].id);
  BOOST_TEST(all[1].id != all[2].id);
  // They can be told in pieces, and later too.
  const auto first = alerts_of(world.rules, world, 1);
  BOOST_TEST_REQUIRE(first.size() == 1U);
  const auto rest = alerts_of(world.rules, world, 100, first[0].part);
  BOOST_TEST_REQUIRE(rest.size() == 2U);
  BOOST_TEST(rest[0].id == all[1].id);
  // The one who was being called is told of when that is over.
  const auto last =
      world.after(Subject::contact("note", 1), ContactClosed{Place::excluded, Outcome::no_answer});
  BOOST_TEST_REQUIRE(last.size() == 1U);
  BOOST_TEST(json::parse(last[0].body)["gate"] == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_budget_near_its_end_is_told_once) {
  Campaigning world(1000);
  const auto contact = [](std::uint32_t ordinal) { return Subject::contact("note", ordinal); };
  BOOST_TEST(world.after(contact(1), SpendReserved{1, 799}).empty());
  const auto near = world.after(contact(2), SpendReserved{1, 1});
  BOOST_TEST_REQUIRE(near.size() == 1U);
  BOOST_TEST((near.front().kind == AlertKind::budget_near));
  BOOST_TEST(json::parse(near.front().body)["used_millionths"] == 800);
  BOOST_TEST(world.after(contact(3), SpendReserved{1, 100}).empty());
  // A start that folds the same log finds the same one, by the same id.
  Campaigning again(1000);
  again.after(contact(1), SpendReserved{1, 799});
  BOOST_TEST(again.after(contact(2), SpendReserved{1, 1}).at(0).id == near.front().id);
}

BOOST_AUTO_TEST_CASE(what_is_no_event_is_told_with_its_moment) {
  const Campaigning world;
  const auto at = utc("2026-03-02T08:00:00Z");
  const auto shut = runner::door_shut_alert(world.state(), at, "it does not answer");
  BOOST_TEST((shut.kind == AlertKind::door_shut));
  BOOST_TEST(shut.position == 0u);
  const auto body = json::parse(shut.body);
  BOOST_TEST(body["kind"] == "door_shut");
  BOOST_TEST(std::string(body["what"]).ends_with(": it does not answer"));
  const auto full = runner::disk_full_alert(world.state(), at);
  BOOST_TEST(json::parse(full.body)["kind"] == "disk_full");
  BOOST_TEST(full.id != shut.id);
  BOOST_TEST(runner::disk_full_alert(world.state(), at + 1ms).id != full.id);
}

BOOST_AUTO_TEST_CASE(kinds_are_chosen_by_name) {
  const auto all = runner::read_alert_kinds("");
  BOOST_TEST(all.size() == runner::alert_kind_names.size() - 1);
  BOOST_TEST(all.count(AlertKind::outcome) == 0U);
  const auto two = runner::read_alert_kinds("call_held,disk_full");
  BOOST_TEST((two == std::set{AlertKind::call_held, AlertKind::disk_full}));
  for (const auto* wrong : {"outcome", "held", "call_held disk_full"}) {
    BOOST_CHECK_THROW(runner::read_alert_kinds(wrong), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_SUITE_END()
