#include "campaigns/suppression.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/decide.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(suppression)

using namespace campaigns;
using namespace some;

namespace {

SuppressNumber suppress(NumberKey key, const char* until = nullptr) {
  SuppressNumber made{key, "asked by letter", {}};
  if (until) made.until = utc(until);
  return made;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Asks to be left in peace with 8; then nobody calls for thirty days.
Campaign with_cool_off(std::string id = "survey") {
  auto campaign = survey(std::move(id));
  auto& stop = campaign.replies[static_cast<std::size_t>(Reply::stop)];
  stop.known = true;
  stop.key = '8';
  campaign.retries.cool_off = std::chrono::days{30};
  return campaign;
}

// Calls on the strength of a register's answer, which counts for fifteen days.
Campaign with_register(std::string id = "note") {
  auto campaign = notification(std::move(id));
  campaign.suppression_lists = {{"rpo", std::chrono::days{15}}};
  return campaign;
}

LoadSuppressionList loaded(std::uint64_t numbers, const char* as_of = nullptr,
                           std::string digest = "d1") {
  LoadSuppressionList made{"rpo", {}, numbers, std::move(digest), ""};
  if (as_of) made.as_of = utc(as_of);
  return made;
}

std::string refuse(Running& world) {
  world.dial();
  world.does(world.status("in-progress")).does(world.voice()).does(world.keyed("colour", 1, "8"));
  return world.when(world.status("completed", 9));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_number_is_suppressed_once_by_its_key_alone) {
  Running world(notification());
  BOOST_TEST(world.when(suppress(1)) ==
             "number/0000000000000001 Suppressed "
             "{\"by\":\"operator\",\"reason\":\"asked by letter\"}\n");
  BOOST_TEST(world.when(suppress(1)) == "");
  BOOST_TEST(world.plans() ==
             "contact/note/1 ContactExcluded "
             "{\"gate\":\"suppressed\",\"evidence\":\"an operator suppressed the number\"}\n"
             "campaign/note CampaignCompleted {\"excluded\":1}\n");
}

BOOST_AUTO_TEST_CASE(a_number_of_no_list_is_not_called_when_it_comes_into_one) {
  World world(some_zones());
  begin(world);
  world.does(suppress(7));
  enrol(world, notification(), {person(2, 7), person(3, 8)});
  const auto lines = world.plans();
  BOOST_TEST(has(lines, "contact/note/1 ContactExcluded"));
  BOOST_TEST(has(lines, "contact/note/2 CallRequested"));
}

BOOST_AUTO_TEST_CASE(an_order_that_has_not_left_is_not_sent) {
  Running world(notification());
  world.plans();
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) == "");
  world.does(suppress(1, "2026-03-02T08:00:03Z"));
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) ==
             "an operator suppressed the number");
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now() + 3s) == "");
}

BOOST_AUTO_TEST_CASE(a_number_suppressed_for_a_while_is_put_off_and_called_afterwards) {
  Running world(notification());
  world.does(suppress(1, "2026-03-03T12:00:00Z"));
  BOOST_TEST(world.plans() ==
             "contact/note/1 CallPostponed {\"gate\":\"suppressed\",\"due\":1772539200000,"
             "\"evidence\":\"an operator suppressed the number\"}\n");
  BOOST_TEST(world.wakes() == "2026-03-03T12:00:00.000Z");
  BOOST_TEST(world.at("2026-03-03T11:59:59Z").plans() == "");
  BOOST_TEST(has(world.at("2026-03-03T12:00:00Z").plans(), "CallRequested {\"attempt\":1"));
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).attempts == 0u);
}

BOOST_AUTO_TEST_CASE(a_suppression_may_be_made_longer_shorter_and_for_good) {
  Running world(notification());
  world.does(suppress(1, "2026-03-03T12:00:00Z"));
  BOOST_TEST(world.when(suppress(1, "2026-03-03T12:00:00Z")) == "");
  BOOST_TEST(has(world.when(suppress(1, "2026-03-04T12:00:00Z")), "\"until\":1772625600000"));
  BOOST_TEST(has(world.when(suppress(1)), "Suppressed"));
  BOOST_TEST(!world.state().suppression.until(1, world.now()).has_value());
  BOOST_TEST(has(world.plans(), "ContactExcluded"));
  BOOST_TEST(world.when(suppress(1, "2026-03-02T08:00:00Z")) == "refused: past");
}

BOOST_AUTO_TEST_CASE(what_is_lifted_holds_no_more_and_who_was_put_off_is_due) {
  Running world(notification(), 2);
  world.does(suppress(1, "2026-03-05T12:00:00Z"));
  world.plans();
  BOOST_TEST(world.later(1h).when(UnsuppressNumber{1, "asked for it"}) ==
             "number/0000000000000001 SuppressionLifted "
             "{\"by\":\"operator\",\"reason\":\"asked for it\"}\n"
             "contact/note/1 CallPostponed {\"gate\":\"lifted\",\"due\":1772442000000,"
             "\"evidence\":\"the number may be called again\"}\n");
  BOOST_TEST(world.when(UnsuppressNumber{1, "asked for it"}) == "");
  BOOST_TEST(world.when(UnsuppressNumber{9, "asked for it"}) == "");
  world.does(world.status("initiated", 0, 2));
  world.does(world.status("busy", 0, 2));
  BOOST_TEST(has(world.later(1s).plans(), "contact/note/1 CallRequested"));
}

BOOST_AUTO_TEST_CASE(an_opt_out_is_kept_whatever_an_operator_suppressed_and_may_be_lifted) {
  Running world(survey());
  world.dial();
  world.does(suppress(1, "2026-03-02T20:00:00Z"));
  world.does(world.voice());
  BOOST_TEST(has(world.when(world.keyed("colour", 1, "9")), "OptedOut"));
  BOOST_TEST(world.state().suppression.suppressed(1, utc("2027-01-01T00:00:00Z")));
  BOOST_TEST(!world.state().suppression.until(1, world.now()).has_value());
  BOOST_TEST(has(world.when(UnsuppressNumber{1, "asked in writing"}), "SuppressionLifted"));
  BOOST_TEST(!world.state().suppression.suppressed(1, world.now()));
}

BOOST_AUTO_TEST_CASE(after_a_refusal_no_campaign_calls_for_a_while) {
  Running world(with_cool_off());
  const auto lines = refuse(world);
  BOOST_TEST(has(lines, "\"outcome\":\"refused\""), lines);
  BOOST_TEST(has(lines,
                 "number/0000000000000001 Suppressed {\"by\":\"cool_off\",\"reason\":\"the "
                 "person refused\",\"until\":"),
             lines);
  // A campaign that would have to wait for them for weeks does without.
  enrol(world, notification("soon"), {person(2, 1)});
  BOOST_TEST(has(world.later(1s).plans(),
                 "contact/soon/1 ContactExcluded {\"gate\":\"suppressed\",\"evidence\":\"the "
                 "person refused, and is left alone for a while\"}"));
  world.later(std::chrono::days{24});
  enrol(world, notification("later"), {person(2, 1)});
  BOOST_TEST(has(world.plans(), "contact/later/1 CallPostponed {\"gate\":\"suppressed\""));
  BOOST_TEST(world.later(std::chrono::days{5}).plans() == "");
  BOOST_TEST(has(world.later(std::chrono::days{2}).plans(), "contact/later/1 CallRequested"));
}

BOOST_AUTO_TEST_CASE(a_refusal_behind_answers_is_one_whatever_the_call_counts_as) {
  auto campaign = with_cool_off();
  campaign.partial_answers = 1;
  Running world(campaign);
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  world.does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "8"));
  const auto lines = world.when(world.status("completed", 30));
  BOOST_TEST(has(lines, "\"outcome\":\"partial\""), lines);
  BOOST_TEST(has(lines, "Suppressed {\"by\":\"cool_off\""), lines);
  // Who hangs up behind the same answers has refused nothing.
  Running other(campaign);
  other.dial();
  other.does(other.status("in-progress")).does(other.voice()).does(other.keyed("colour", 1, "2"));
  const auto left = other.when(other.status("completed", 30));
  BOOST_TEST(has(left, "\"outcome\":\"partial\""), left);
  BOOST_TEST(!has(left, "Suppressed"), left);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_forgotten_where_the_campaign_says_nothing_of_it) {
  auto campaign = with_cool_off();
  campaign.retries.cool_off = Seconds{0};
  Running world(campaign);
  BOOST_TEST(!has(refuse(world), "Suppressed"));
}

BOOST_AUTO_TEST_CASE(a_cool_off_makes_no_suppression_shorter_and_an_operator_may_lift_it) {
  for (const char* until : {"2026-12-01T00:00:00Z", static_cast<const char*>(nullptr)}) {
    Running world(with_cool_off());
    world.dial();
    world.does(suppress(1, until)).does(world.status("in-progress")).does(world.voice());
    world.does(world.keyed("colour", 1, "8"));
    BOOST_TEST(!has(world.when(world.status("completed", 9)), "Suppressed"));
  }
  Running world(with_cool_off());
  refuse(world);
  BOOST_TEST(why_suppressed(world.state().suppression, 1) ==
             "the person refused, and is left alone for a while");
  // Nor does an operator make it shorter.
  BOOST_TEST(world.when(suppress(1, "2026-03-03T00:00:00Z")) == "");
  BOOST_TEST(has(world.when(suppress(1)), "\"by\":\"operator\""));
  BOOST_TEST(why_suppressed(world.state().suppression, 1) == "an operator suppressed the number");
  BOOST_TEST(has(world.when(UnsuppressNumber{1, "asked for it"}), "SuppressionLifted"));
  BOOST_TEST(!world.state().suppression.suppressed(1, world.now()));
}

BOOST_AUTO_TEST_CASE(a_run_for_so_many_people_calls_nobody_new_who_was_put_off) {
  Running world(notification());
  world.does(suppress(1, "2026-03-02T09:00:00Z"));
  world.plans();
  world.limits.new_people = 0;
  BOOST_TEST(world.at("2026-03-02T09:00:00Z").plans() == "");
  world.limits.new_people = 1;
  BOOST_TEST(has(world.plans(), "CallRequested"));
}

BOOST_AUTO_TEST_CASE(nobody_is_called_before_the_list_that_a_campaign_requires_is_loaded) {
  Running world(with_register());
  BOOST_TEST(
      world.plans() ==
      "campaign/note CampaignPaused {\"reason\":\"the suppression list \\\"rpo\\\" was never "
      "loaded: load it (campanile suppress --list FILE --source rpo)\",\"by\":\"program\"}\n");
  BOOST_TEST(world.wakes() == "never");
  BOOST_TEST(world.later(1h).when(loaded(0)) ==
             "list/rpo SuppressionListLoaded {\"as_of\":1772442000000,\"list_digest\":\"d1\"}\n");
  const auto lines = world.plans();
  BOOST_TEST(lines.starts_with("campaign/note CampaignResumed {\"by\":\"program\"}\n"), lines);
  BOOST_TEST(has(lines, "contact/note/1 CallRequested"), lines);
  // Others need none.
  enrol(world, notification("other"), {person(2, 7)});
  BOOST_TEST(has(world.later(1s).plans(), "contact/other/1 CallRequested"));
}

BOOST_AUTO_TEST_CASE(a_list_counts_up_to_its_age_and_not_at_it) {
  Running world(with_register());
  world.does(loaded(0, "2026-02-15T08:00:01Z"));
  BOOST_TEST(has(world.plans(), "CallRequested"));
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now() + 999ms) == "");
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now() + 1s) ==
             "the suppression list \"rpo\" is of 2026-02-15T08:00:01.000Z and counted for 15d, "
             "until 2026-03-02T08:00:01.000Z: load a newer one (campanile suppress --list FILE "
             "--source rpo)");
  // A call that waits at the carrier is taken back, one that rings goes on.
  world.accept();
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:01.000Z");
  BOOST_TEST(
      has(world.later(1s).plans(),
          "contact/note/1 CallEndRequested {\"attempt\":1,\"reason\":\"the suppression list"));
  Running rings(with_register(), 2);
  rings.does(loaded(0, "2026-02-15T08:00:01Z"));
  rings.dial();
  rings.does(rings.status("ringing"));
  BOOST_TEST(rings.later(1s).plans() == "");
  rings.does(rings.status("busy"));
  const auto lines = rings.plans();
  BOOST_TEST(lines.starts_with("campaign/note CampaignPaused"), lines);
  BOOST_TEST(!has(lines, "CallRequested"));
  // The day on which it is loaded is not the one that it is of.
  rings.does(loaded(0, "2026-02-15T08:00:02Z", "d2"));
  BOOST_TEST(has(rings.plans(), "contact/note/2 CallRequested"));
}

BOOST_AUTO_TEST_CASE(each_list_that_a_campaign_requires_must_count) {
  auto campaign = with_register();
  campaign.suppression_lists.push_back({"own", 1h});
  Running world(campaign);
  world.does(loaded(0));
  BOOST_TEST(has(world.plans(), "CampaignPaused {\"reason\":\"the suppression list \\\"own\\\""));
  BOOST_TEST(warnings_of_lists(world.state().suppression, campaign, world.now()).size() == 1U);
  auto own = loaded(0);
  own.source = "own";
  world.does(own);
  BOOST_TEST(warnings_of_lists(world.state().suppression, campaign, world.now()).empty());
  BOOST_TEST((lists_good_until(world.state().suppression, campaign) == world.now() + 1h));
  BOOST_TEST(has(world.plans(), "CallRequested"));
}

BOOST_AUTO_TEST_CASE(a_pause_of_an_operator_s_is_not_ended_by_a_list) {
  Running world(with_register());
  world.plans();
  BOOST_TEST(world.when(PauseCampaign{"note", "lunch"}) ==
             "campaign/note CampaignPaused {\"reason\":\"lunch\",\"by\":\"operator\"}\n");
  BOOST_TEST(world.when(PauseCampaign{"note", "again"}) == "");
  world.does(loaded(0));
  BOOST_TEST(world.plans() == "");
  world.does(ResumeCampaign{"note"});
  BOOST_TEST(has(world.plans(), "CallRequested"));
}

BOOST_AUTO_TEST_CASE(a_new_list_frees_whom_it_has_not_and_nobody_else_holds) {
  Running world(notification());
  world.does(ListNumbers{"rpo", {11, 12, 13, 14}, {}}).does(loaded(4));
  world.does(ListNumbers{"own", {14}, {}});
  world.given(Subject::number(12), OptedOut{"note.1.1", "key"});
  world.does(suppress(13));
  const auto held = [&] {
    std::string keys;
    for (const NumberKey key : {11U, 12U, 13U, 14U, 15U}) {
      if (world.state().suppression.suppressed(key, world.now())) keys += std::to_string(key) + ' ';
    }
    return keys;
  };
  BOOST_TEST(held() == "11 12 13 14 ");
  BOOST_TEST(world.later(1s).when(ListNumbers{"rpo", {15}, {11, 12, 13, 14}}) ==
             "number/000000000000000f NumberListed {\"source\":\"rpo\"}\n"
             "number/000000000000000b NumberUnlisted {\"source\":\"rpo\"}\n"
             "number/000000000000000c NumberUnlisted {\"source\":\"rpo\"}\n"
             "number/000000000000000d NumberUnlisted {\"source\":\"rpo\"}\n"
             "number/000000000000000e NumberUnlisted {\"source\":\"rpo\"}\n");
  BOOST_TEST(world.when(ListNumbers{"rpo", {15}, {11, 12, 13, 14}}) == "");
  BOOST_TEST(held() == "12 13 14 15 ");
  BOOST_TEST((world.state().suppression.lists_of(14) == std::vector<std::string>{"own"}));
  BOOST_TEST(has(world.when(loaded(1, nullptr, "d2")), "\"numbers\":1"));
}

BOOST_AUTO_TEST_CASE(a_list_that_is_not_what_it_should_be_is_refused) {
  Running world(notification());
  BOOST_TEST(world.when(loaded(0, "2026-03-02T08:00:00.001Z")) == "refused: future");
  world.does(ListNumbers{"rpo", {11, 12}, {}});
  BOOST_TEST(world.when(loaded(1)) == "refused: changed");
  BOOST_TEST(has(world.when(loaded(2, "2026-03-01T00:00:00Z")), "SuppressionListLoaded"));
  BOOST_TEST(world.when(loaded(2, "2026-03-01T00:00:00Z")) == "");
  BOOST_TEST(world.when(loaded(2, "2026-02-28T00:00:00Z")) == "refused: older");
  // One that was mended is of the same day, and one that says the same on another day is newer.
  BOOST_TEST(has(world.when(loaded(2, "2026-03-01T00:00:00Z", "d2")), "SuppressionListLoaded"));
  BOOST_TEST(has(world.when(loaded(2, "2026-03-02T00:00:00Z", "d2")), "SuppressionListLoaded"));
  for (const char* name : {"", "RPO", "a b", "1"}) {
    BOOST_TEST(world.when(ListNumbers{name, {11}, {}}) == "refused: bad_source");
    auto command = loaded(0);
    command.source = name;
    BOOST_TEST(world.when(command) == "refused: bad_source");
  }
  for (std::size_t n = 1; n < Suppression::sources_max; ++n) {
    world.does(ListNumbers{"s" + std::to_string(n), {11}, {}});
  }
  BOOST_TEST(world.when(ListNumbers{"one_more", {11}, {}}) == "refused: too_many_sources");
  BOOST_TEST(world.state().suppression.lists_of(11).size() == Suppression::sources_max);
  BOOST_TEST(world.state().suppression.lists_of(12).size() == 1U);
}

BOOST_AUTO_TEST_CASE(who_is_on_a_list_is_not_waited_for_whatever_an_operator_said) {
  Running world(notification());
  world.does(suppress(1, "2026-03-03T12:00:00Z")).does(ListNumbers{"rpo", {1}, {}});
  BOOST_TEST(
      world.plans() ==
      "contact/note/1 ContactExcluded {\"gate\":\"suppressed\",\"evidence\":\"the number is on "
      "the suppression list \\\"rpo\\\"\"}\n"
      "campaign/note CampaignCompleted {\"excluded\":1}\n");
}

BOOST_AUTO_TEST_CASE(who_refuses_is_left_alone_also_when_their_list_is_over) {
  Running world(with_cool_off());
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  world.does(ListNumbers{"rpo", {1}, {}}).does(world.keyed("colour", 1, "8"));
  BOOST_TEST(has(world.when(world.status("completed", 9)), "\"by\":\"cool_off\""));
  BOOST_TEST(has(why_suppressed(world.state().suppression, 1), "list"));
  world.does(ListNumbers{"rpo", {}, {1}});
  BOOST_TEST(world.state().suppression.suppressed(1, world.now()));
  BOOST_TEST(why_suppressed(world.state().suppression, 1) ==
             "the person refused, and is left alone for a while");
}

BOOST_AUTO_TEST_CASE(an_operator_lifts_a_list_too_until_the_next_one_has_the_number) {
  Running world(notification());
  world.does(ListNumbers{"rpo", {1}, {}}).does(loaded(1));
  BOOST_TEST(has(world.when(UnsuppressNumber{1, "consent"}), "SuppressionLifted"));
  BOOST_TEST(!world.state().suppression.suppressed(1, world.now()));
  BOOST_TEST(world.state().suppression.sources.at("rpo").held == 0U);
  world.does(ListNumbers{"rpo", {1}, {}}).does(loaded(1, nullptr, "d2"));
  BOOST_TEST(world.state().suppression.suppressed(1, world.now()));
}

BOOST_AUTO_TEST_CASE(a_campaign_that_waits_for_a_list_says_so_to_whoever_brings_other_people) {
  auto campaign = notification();
  campaign.suppression_lists = {{"rpo", std::chrono::days{15}}};
  Running world(campaign);
  BOOST_TEST(has(world.plans(), "CampaignPaused"));
  auto again = submit(campaign);
  again.contacts_digest = "c2";
  again.accept_change = true;
  const auto decision = campaigns::decide(world.state(), again, Moment{world.now()});
  BOOST_TEST_REQUIRE(!decision.ok());
  BOOST_TEST(has(decision.error().text, "\"rpo\""), decision.error().text);
  BOOST_TEST(!has(decision.error().text, "campanile resume"), decision.error().text);
}

BOOST_AUTO_TEST_SUITE_END()
