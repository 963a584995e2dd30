#include "campaigns/forget.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/export.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(forget)

using namespace campaigns;
using namespace some;

namespace {

// The log as it stands once the keys of these contacts are destroyed: what was personal is gone.
State replayed_without(const World& world, const std::vector<ContactRef>& forgotten) {
  State state;
  for (auto fact : world.log()) {
    const auto ref = state.book.contact_of(fact.subject);
    if (ref && std::find(forgotten.begin(), forgotten.end(), *ref) != forgotten.end()) {
      const auto encoded = encode(fact.subject, fact.event);
      EventDecoder decoder;
      fact.event = decoder.decode(encoded.type, encoded.schema, {}, encoded.payload).value();
    }
    evolve(state, fact);
  }
  return state;
}

void check_equal(const State& live, const State& replayed) {
  for (const auto& projection : projections()) {
    const auto text = [&](const State& state) {
      return support::text_of([&](const CanonicalSink& sink) { projection.write(state, sink); });
    };
    BOOST_TEST(text(live) == text(replayed), projection.name << " differs");
  }
}

std::string exported(const State& state) {
  return support::text_of([&](const CanonicalSink& sink) {
    for (const auto& file : export_files()) file.write(state, 0, {}, sink);
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(whoever_waits_is_excluded_and_then_forgotten) {
  Running world(notification());
  BOOST_TEST(world.when(ForgetNumber{1}) ==
             "contact/note/1 ContactExcluded "
             "{\"gate\":\"forgotten\",\"evidence\":\"the person is to be forgotten\"}\n"
             "contact/note/1 ContactForgotten {\"by\":\"operator\"}\n");
  BOOST_TEST(world.when(ForgetNumber{1}) == "");
  BOOST_TEST(world.when(ForgetNumber{99}) == "");
  BOOST_TEST(world.plans().find("CallRequested") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_call_without_an_end_keeps_what_it_needs) {
  Running world(notification());
  world.plans();
  BOOST_TEST(world.when(ForgetNumber{1}) == "refused: under_way");
  world.accept();
  BOOST_TEST(world.when(ForgetNumber{1}) == "refused: under_way");
  world.does(world.voice()).does(world.status("completed", 60));
  BOOST_TEST(world.when(ForgetNumber{1}) ==
             "contact/note/1 ContactForgotten {\"by\":\"operator\"}\n");
}

// The running program forgets at the event, a replay has never known: both are the same.
BOOST_AUTO_TEST_CASE(a_replay_without_the_key_gives_the_same_state) {
  Running world(survey(), 3);
  world.dial();
  world.answer_all();
  world.does(world.status("completed", 60)).later(1s);
  const auto before = exported(world.state());
  BOOST_TEST(before.find("perché") != std::string::npos);
  world.does(ForgetNumber{1});
  const auto after = exported(world.state());
  BOOST_TEST(after.find("perché") == std::string::npos);
  BOOST_TEST(std::count(before.begin(), before.end(), '\n') ==
             std::count(after.begin(), after.end(), '\n'));
  check_equal(world.state(), replayed_without(world, {{0, 1}}));
  BOOST_TEST(world.state().queue.contact({0, 1}).number == 0u);
  BOOST_TEST(world.state().script.value({0, 1}, 1) == "");
  BOOST_TEST(world.state().script.value({0, 2}, 1) == "Anna");
}

// An ordinal alone could be the id of another row.
BOOST_AUTO_TEST_CASE(whose_id_is_forgotten_has_one_that_no_list_gives) {
  auto with_ids = survey();
  with_ids.contacts.id_column = "id";
  Running world(with_ids, 2);
  BOOST_TEST(exported(world.state()).find("id1") != std::string::npos);
  world.does(ForgetNumber{1});
  const auto after = exported(world.state());
  BOOST_TEST(after.find("id1") == std::string::npos);
  BOOST_TEST(after.find("forgotten.1") != std::string::npos);
  BOOST_TEST(after.find("id2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_number_is_forgotten_in_every_campaign) {
  Running world(notification("first"));
  enrol(world, notification("second"), {person(2, 7), person(3, 1)});
  const auto lines = world.when(ForgetNumber{1});
  BOOST_TEST(lines.find("contact/first/1 ContactForgotten") != std::string::npos);
  BOOST_TEST(lines.find("contact/second/2 ContactForgotten") != std::string::npos);
  BOOST_TEST(lines.find("contact/second/1 ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_opt_out_outlives_the_person) {
  Running world(survey());
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  world.does(world.keyed("colour", 1, "9")).does(world.status("completed", 9));
  world.does(ForgetNumber{1});
  enrol(world, notification("again"), {person(2, 1)});
  BOOST_TEST(world.later(1s).plans().find("contact/again/1 ContactExcluded "
                                          "{\"gate\":\"suppressed\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(retention_begins_at_the_end_of_the_campaign) {
  auto keeps_a_day = notification();
  keeps_a_day.retention = Seconds{86400};
  Running world(keeps_a_day, 2);
  world.does(CancelCampaign{"note", "enough"});
  BOOST_TEST(world.later(std::chrono::seconds{86399}).plans() == "");
  BOOST_TEST(world.wakes() == "2026-03-03T08:00:00.000Z");
  BOOST_TEST(world.later(1s).plans() ==
             "contact/note/1 ContactForgotten {\"by\":\"retention\"}\n"
             "contact/note/2 ContactForgotten {\"by\":\"retention\"}\n");
  BOOST_TEST(world.wakes() == "never");
  check_equal(world.state(), replayed_without(world, {{0, 1}, {0, 2}}));
}

BOOST_AUTO_TEST_CASE(a_held_call_keeps_its_person_and_nobody_is_woken_for_it) {
  auto keeps_a_day = notification();
  keeps_a_day.retention = Seconds{86400};
  Running world(keeps_a_day, 2);
  world.plans();
  world.given(Subject::contact("note", 1), CallInDoubt{1, "no answer"});
  world.given(Subject::contact("note", 1), CallHeld{1, "a person decides"});
  world.given(Subject::contact("note", 1), ContactClosed{Place::held, Outcome::unconfirmed});
  world.does(CancelCampaign{"note", "enough"}).later(std::chrono::hours{48});
  BOOST_TEST(world.plans() == "contact/note/2 ContactForgotten {\"by\":\"retention\"}\n");
  BOOST_TEST(world.wakes() == "never");
}

BOOST_AUTO_TEST_CASE(many_are_forgotten_some_hundreds_at_a_time) {
  auto keeps_a_day = notification();
  keeps_a_day.retention = Seconds{86400};
  Running world(keeps_a_day, forgotten_at_once_max + 3);
  world.does(CancelCampaign{"note", "enough"}).later(std::chrono::hours{24});
  BOOST_TEST(forget_expired(world.state(), world.now()).size() == forgotten_at_once_max);
  world.does(ForgetExpired{});
  BOOST_TEST(forget_expired(world.state(), world.now()).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
