#include "campaigns/held.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(held)

using namespace campaigns;
using namespace some;

namespace {

Campaign holding() {
  auto made = notification();
  made.in_doubt = InDoubt::hold;
  made.contacts.id_column = "id";
  return made;
}

// A world whose first person's call is held, after the carrier's list was read three times.
struct Held : Running {
  explicit Held(const Campaign& campaign = holding(), std::uint64_t people = 1)
      : Running(campaign, people) {
    hold();
  }
  void hold(std::uint8_t number = 1) {
    plans();
    OrderAnswered doubt;
    doubt.attempt = attempt(1, number);
    doubt.why = "the connection broke";
    does(doubt);
    later(5s).does(CallsListed{doubt.attempt, {}});
    later(115s).does(CallsListed{doubt.attempt, {}});
    later(60s);
    const auto held = when(CallsListed{doubt.attempt, {}});
    BOOST_TEST_REQUIRE(held.find("CallHeld") != std::string::npos, held);
  }
  std::string decides(Resolution as, std::uint8_t number = 1) {
    return when(ResolveCall{attempt(1, number), as, "asked by phone"});
  }
  const DialContact& dialled() const { return state().queue.campaigns[0].contact(1); }
  Place place() const { return state().results.cases[0][0].place; }
  // The held calls, as a reader of the log finds them.
  std::vector<HeldCall> listed() const {
    State read;
    HeldCalls calls;
    for (const auto& fact : log()) {
      evolve(read, fact);
      calls.see(read, fact);
    }
    return calls.all(read);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_held_call_settled_as_placed_counts_and_its_case_ends) {
  Held world;
  BOOST_TEST(world.decides(Resolution::placed) ==
             "contact/note/1 CallResolved {\"attempt\":1,\"as\":\"placed\",\"by\":\"operator\","
             "\"reason\":\"asked by phone\"}\n"
             "contact/note/1 AttemptClosed {\"attempt\":1,\"outcome\":\"unconfirmed\"}\n"
             "contact/note/1 ContactClosed "
             "{\"place\":\"exhausted\",\"disposition\":\"unconfirmed\"}\n");
  BOOST_TEST(world.dialled().attempts == 1u);
  BOOST_TEST(world.dialled().unplaced == 0u);
  BOOST_TEST((world.place() == Place::exhausted));
  BOOST_TEST(world.state().queue.locks.empty());
  BOOST_TEST(world.later(1h).plans() == "campaign/note CampaignCompleted {\"exhausted\":1}\n");
}

BOOST_AUTO_TEST_CASE(a_held_call_settled_as_not_placed_does_not_count_and_may_be_made) {
  Held world;
  BOOST_TEST(world.decides(Resolution::not_placed).find("RetryScheduled") != std::string::npos);
  BOOST_TEST(world.dialled().attempts == 0u);
  BOOST_TEST(world.dialled().unplaced == 1u);
  BOOST_TEST((world.place() == Place::open));
  BOOST_TEST(world.later(299s).plans() == "");
  BOOST_TEST(world.later(1s).plans().find("CallRequested {\"attempt\":2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_held_call_made_again_counts_and_is_a_new_attempt_within_the_hours) {
  Held world;
  world.at("2026-03-02T18:59:59Z");  // a second before the hours end in Rome
  BOOST_TEST(world.decides(Resolution::redial) ==
             "contact/note/1 CallResolved {\"attempt\":1,\"as\":\"redial\",\"by\":\"operator\","
             "\"reason\":\"asked by phone\"}\n"
             "contact/note/1 AttemptClosed {\"attempt\":1,\"outcome\":\"unconfirmed\"}\n"
             "contact/note/1 RetryScheduled {\"due\":1772478000000,\"after\":\"unconfirmed\"}\n");
  BOOST_TEST(world.dialled().attempts == 1u);
  BOOST_TEST((world.place() == Place::open));
  BOOST_TEST(world.later(1s).plans() == "");
  BOOST_TEST(world.wakes() == "2026-03-03T08:00:00.000Z");
  const auto dialled = world.at("2026-03-03T08:00:00Z").plans();
  BOOST_TEST(dialled.find("CallRequested {\"attempt\":2") != std::string::npos, dialled);
}

BOOST_AUTO_TEST_CASE(nobody_is_called_again_above_the_cap) {
  auto campaign = holding();
  campaign.retries.attempts_max = 2;
  Held world(campaign);
  world.decides(Resolution::redial);
  world.later(1s);
  world.hold(2);
  BOOST_TEST(world.decides(Resolution::redial, 2) == "refused: attempts_max");
  BOOST_TEST((world.dialled().stage == Stage::held));
  BOOST_TEST(world.decides(Resolution::placed, 2).find("ContactClosed") != std::string::npos);
  BOOST_TEST(world.dialled().attempts == 2u);
}

BOOST_AUTO_TEST_CASE(a_completed_campaign_runs_again_for_a_call_that_is_made_again) {
  Held world;
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"held\":1}\n");
  const auto lines = world.decides(Resolution::redial);
  BOOST_TEST(lines.find("campaign/note CampaignReopened") != std::string::npos, lines);
  BOOST_TEST((world.state().book.at(0).status == CampaignStatus::running));
  BOOST_TEST(!world.state().book.at(0).ended_at.has_value());
  world.later(1s);
  world.dial(1, 2);
  world.does(world.voice("", 1, 2)).does(world.status("completed", 9, 1, 2));
  BOOST_TEST((world.dialled().stage == Stage::done));
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"done\":1}\n");
}

BOOST_AUTO_TEST_CASE(whoever_was_never_called_is_called_also_when_the_campaign_had_ended) {
  Held world;
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"held\":1}\n");
  const auto lines = world.decides(Resolution::not_placed);
  BOOST_TEST(lines.find("campaign/note CampaignReopened") != std::string::npos, lines);
  world.later(300s);
  world.dial(1, 2);
  world.does(world.voice("", 1, 2)).does(world.status("completed", 9, 1, 2));
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"done\":1}\n");
}

BOOST_AUTO_TEST_CASE(after_the_end_of_a_campaign_a_settled_case_closes_and_nobody_is_called) {
  {
    Held world;
    world.plans();
    const auto lines = world.decides(Resolution::placed);
    BOOST_TEST(lines.find("ContactClosed {\"place\":\"exhausted\"") != std::string::npos, lines);
    BOOST_TEST((world.state().book.at(0).status == CampaignStatus::completed));
    BOOST_TEST(world.later(24h).plans() == "");
  }
  Held cancelled;
  cancelled.does(CancelCampaign{"note", ""});
  BOOST_TEST(cancelled.decides(Resolution::redial) == "refused: cancelled");
  BOOST_TEST(
      cancelled.decides(Resolution::not_placed).find("ContactClosed {\"place\":\"excluded\"") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_same_decision_twice_is_one_and_another_one_is_refused) {
  for (const auto as : {Resolution::placed, Resolution::not_placed, Resolution::redial}) {
    Held world;
    world.decides(as);
    BOOST_TEST(world.decides(as) == "");
    const auto other = as == Resolution::placed ? Resolution::redial : Resolution::placed;
    BOOST_TEST(world.decides(other) == "refused: over");
    world.later(1h).plans();
    BOOST_TEST(world.decides(as) == "");
  }
}

BOOST_AUTO_TEST_CASE(only_what_is_held_is_decided_on) {
  Running world(holding());
  const auto decides = [&](std::uint8_t number) {
    return world.when(ResolveCall{world.attempt(1, number), Resolution::placed, "why"});
  };
  BOOST_TEST(decides(1) == "refused: unknown_attempt");
  world.dial();
  BOOST_TEST(decides(1) == "refused: not_held");
  world.does(world.status("busy"));
  BOOST_TEST(decides(1) == "refused: over");
  Held held;
  BOOST_TEST(held.decides(Resolution::none) == "refused: no_decision");
}

BOOST_AUTO_TEST_CASE(what_was_set_aside_is_spent_for_a_placed_call_and_given_back_otherwise) {
  auto campaign = holding();
  campaign.call_time = 60s;
  campaign.budget = {1'000'000, 20'000};
  const auto left = [&](Resolution as) {
    Held world(campaign);
    world.decides(as);
    BOOST_TEST(world.state().spend.campaigns[0].reserved == 0);
    BOOST_TEST(world.state().spend.reservations.empty());
    return world.state().spend.campaigns[0].settled;
  };
  BOOST_TEST(left(Resolution::placed) == 20'000);
  BOOST_TEST(left(Resolution::redial) == 20'000);
  BOOST_TEST(left(Resolution::not_placed) == 0);
}

BOOST_AUTO_TEST_CASE(the_list_says_who_since_when_why_and_what_the_carrier_showed) {
  Held world;
  const auto calls = world.listed();
  BOOST_TEST_REQUIRE(calls.size() == 1u);
  const auto json = nlohmann::json::parse(held_json(world.state(), calls, false));
  BOOST_TEST(json["held"][0].dump() ==
             "{\"attempt\":\"note.1.1\",\"campaign\":\"note\",\"contact\":1,"
             "\"doubt\":\"the connection broke\",\"held_since\":\"2026-03-02T08:03:00.000Z\","
             "\"listed\":0,\"lookups\":3,\"reason\":\"not in the carrier's list; a person "
             "decides\",\"requested_at\":\"2026-03-02T08:00:00.000Z\",\"row\":2}");
  const auto text = held_text(world.state(), calls, false);
  BOOST_TEST(text.find("note.1.1, row 2 of the list: held since 2026-03-02T08:03") == 0u, text);
  BOOST_TEST(text.find("campanile resolve note.1.1 --placed") != std::string::npos, text);
  // Who it is, only where that is asked for.
  BOOST_TEST(text.find("+3902") == std::string::npos);
  BOOST_TEST(text.find("id1") == std::string::npos);
  const auto named = held_text(world.state(), calls, true);
  BOOST_TEST(named.find("id1, +390212341001") != std::string::npos, named);
  world.decides(Resolution::placed);
  BOOST_TEST(world.listed().empty());
  BOOST_TEST(held_text(world.state(), {}, false) == "nobody is held\n");
}

BOOST_AUTO_TEST_CASE(who_is_in_doubt_or_was_found_is_not_on_the_list) {
  Running world(holding());
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt);
  HeldCalls calls;
  State read;
  for (const auto& fact : world.log()) evolve(read, fact), calls.see(read, fact);
  BOOST_TEST(calls.all(read).empty());
  Held found;
  found.does(found.status("ringing"));
  BOOST_TEST(found.listed().empty());
}

BOOST_AUTO_TEST_SUITE_END()
