#include "campaigns/suppression.hpp"

#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_SUITE_END()
