#include <boost/test/unit_test.hpp>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(held_number)

// A person whose number is in a call of another campaign that is held: the rest of the list must
// not wait for them, and in the end they are left out with a reason. The simulation found both.
namespace {

using namespace some;

// A campaign of one person whose call is held, and one of `people` whose first has the same number.
struct Beside : World {
  explicit Beside(std::uint64_t people) : World(some_zones()) {
    begin(*this);
    auto first = notification("first");
    first.in_doubt = InDoubt::hold;
    enrol(*this, first, {person(2, 1)});
    plans();
    given(Subject::contact("first", 1), CallInDoubt{1, "no answer"});
    given(Subject::contact("first", 1), CallHeld{1, "a person decides"});
    given(Subject::contact("first", 1), ContactClosed{Place::held, Outcome::unconfirmed});
    std::vector<EnrolRows::Row> rows;
    for (std::uint64_t n = 1; n <= people; ++n) rows.push_back(person(n + 1, n));
    auto second = notification("second");
    second.pacing.stop_at_failures.share_thousandths = 0;  // nobody is reached here
    enrol(*this, second, std::move(rows));
  }
  // Calls who is due; the ordinal, or 0 for nobody.
  std::uint32_t call() {
    later(1s);
    const auto planned = plans();
    for (const auto& [packed, open] : state().queue.attempts) {
      if (open.phase != Phase::requested) continue;
      const AttemptId attempt{"second", open.contact.ordinal, open.attempt};
      OrderAnswered answer;
      answer.attempt = attempt;
      answer.kind = OrderAnswered::Kind::rejected;
      answer.http_status = 400;
      answer.code = 21211;
      const auto ordinal = open.contact.ordinal;
      does(answer);
      return ordinal;
    }
    return 0;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_held_number_at_the_head_of_a_list_does_not_stop_the_rest) {
  constexpr std::uint32_t people = 400;
  Beside world(people);
  for (std::uint32_t ordinal = 2; ordinal <= people; ++ordinal) {
    BOOST_TEST_REQUIRE(world.call() == ordinal);
  }
  world.plans();
  const auto& second = world.state().queue.campaigns[1];
  BOOST_TEST(second.count(Stage::exhausted) + second.count(Stage::done) == people - 1);
}

BOOST_AUTO_TEST_CASE(however_many_wait_for_held_calls_the_rest_is_called) {
  constexpr std::uint32_t held = 600;
  World world(some_zones());
  begin(world);
  auto first = notification("first");
  first.in_doubt = InDoubt::hold;
  first.pacing.lines = held;
  first.pacing.stop_at_failures.share_thousandths = 0;
  std::vector<EnrolRows::Row> rows;
  for (std::uint64_t n = 1; n <= held; ++n) rows.push_back(person(n + 1, n));
  enrol(world, first, rows);
  for (std::uint32_t n = 1; n <= held; ++n) {
    world.later(1s).plans();
    const auto subject = Subject::contact("first", n);
    world.given(subject, CallInDoubt{1, "no answer"});
    world.given(subject, CallHeld{1, "a person decides"});
    world.given(subject, ContactClosed{Place::held, Outcome::unconfirmed});
  }
  rows.push_back(person(held + 2, held + 1));
  enrol(world, notification("second"), rows);
  const auto planned = world.later(1s).plans();
  BOOST_TEST(planned.find("contact/second/601 CallRequested") != std::string::npos);
  // They are looked at again each hour, and called when somebody has decided.
  const auto& second = world.state().queue.campaigns[1];
  BOOST_TEST(second.count(Stage::retry) == held);
  world.does(ResolveCall{{"first", 1, 1}, Resolution::placed, "asked by phone"});
  const auto later = world.later(1h).plans();
  BOOST_TEST(second.count(Stage::retry) == held, later.substr(0, 400));
  world.given(Subject::contact("second", 601), CallEnded{1, "busy", 0, 0, "callback"});
  world.given(Subject::contact("second", 601), AttemptClosed{1, Outcome::busy});
  world.given(Subject::contact("second", 601), ContactClosed{Place::exhausted, Outcome::busy});
  const auto called = world.later(1s).plans();
  BOOST_TEST(called.find("contact/second/1 CallRequested") != std::string::npos,
             called.substr(0, 400));
}

BOOST_AUTO_TEST_CASE(a_campaign_whose_last_people_wait_for_a_held_number_excludes_them_and_ends) {
  Beside world(2);
  BOOST_TEST(world.call() == 2u);
  world.later(1s);
  const auto planned = world.plans();
  BOOST_TEST(planned.find("contact/second/1 ContactExcluded {\"gate\":\"held_number\"") !=
                 std::string::npos,
             planned);
  BOOST_TEST(planned.find("campaign/second CampaignCompleted") != std::string::npos, planned);
}

BOOST_AUTO_TEST_CASE(while_others_are_left_to_call_nobody_is_excluded_for_a_held_number) {
  Beside world(3);
  BOOST_TEST(world.call() == 2u);
  // They are looked at again later.
  BOOST_TEST((world.state().queue.campaigns[1].contact(1).stage == Stage::retry));
}

BOOST_AUTO_TEST_SUITE_END()
