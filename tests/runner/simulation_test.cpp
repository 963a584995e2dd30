// Whole campaigns below the sockets, by the thousand. A failing world names its seed;
//   CAMPANILE_SEED=17 runner_worlds --run_test=simulation/NAME      plays that one alone
//   CAMPANILE_TRACE=1                                              shows its log as it grows
//   CAMPANILE_SEEDS, CAMPANILE_OUTCOME_SEEDS, CAMPANILE_FIRST_SEED, CAMPANILE_CONTACTS: how many
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "tests/runner/simulation_world.hpp"

BOOST_AUTO_TEST_SUITE(simulation)

namespace {

using simulation::Tally;
using simulation::World;
using simulation::WorldOptions;

std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);
  if (!text || !*text) return {};
  return std::strtoull(text, nullptr, 10);
}

// Plays `world(seed)` for each seed there is to play. A promise that is broken ends the test, with
// the command that shows it again.
template <typename Play>
void for_each_seed(const char* test, const char* count_name, std::uint64_t count, Play play) {
  std::uint64_t first = number_from("CAMPANILE_FIRST_SEED").value_or(1);
  count = number_from(count_name).value_or(count);
  if (const auto one = number_from("CAMPANILE_SEED")) {
    first = *one;
    count = 1;
  }
  const auto began = std::chrono::steady_clock::now();
  for (auto seed = first; seed < first + count; ++seed) {
    const auto again =
        "CAMPANILE_SEED=" + std::to_string(seed) + " runner_worlds --run_test=simulation/" + test;
    BOOST_TEST_CONTEXT(again) {
      try {
        play(seed);
      } catch (const simulation::PromiseBroken& broken) {
        BOOST_FAIL("seed " << seed << ": " << broken.what() << "\n  again: " << again);
      }
    }
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  BOOST_TEST_MESSAGE(test << ": " << count << " seeds in " << took.count() << " ms");
}

void show(const Tally& t) {
  BOOST_TEST_MESSAGE(
      "steps " << t.steps << ", events " << t.events << ", orders " << t.orders << ", calls "
               << t.calls << ", requests " << t.requests << ", forged " << t.forged << ", crashes "
               << t.crashes << ", in doubt " << t.in_doubt << ", adopted " << t.adopted
               << ", proven not placed " << t.not_placed << ", not sent " << t.not_sent << ", held "
               << t.held << ", decided on " << t.resolved << ", late calls " << t.late_calls
               << ", looked up " << t.looked_up << ", taken back " << t.taken_back << ", put off "
               << t.postponed << ", out of money " << t.out_of_money << ", without a list "
               << t.without_list << ", days " << t.days << ", stopped at failures " << t.stopped
               << ", opted out " << t.opted_out << ", suppressed " << t.suppressed << ", pauses "
               << t.pauses << ", cancels " << t.cancels << ", full disks " << t.full_disks
               << ", talks " << t.talks << ", streams refused " << t.refused_streams
               << ", agents that failed " << t.agent_failures << ", priced " << t.priced
               << ", priced anew " << t.priced_anew << ", talks counted " << t.counted_talks
               << ", not counted " << t.uncounted_talks << ", spent up " << t.spent_up
               << ", humans told " << t.humans_told << ", reckoned " << t.humans_reckoned
               << ", promised " << t.promised);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_promise_holds_in_every_world) {
  const auto contacts = static_cast<std::uint32_t>(number_from("CAMPANILE_CONTACTS").value_or(200));
  Tally all;
  for_each_seed("every_promise_holds_in_every_world", "CAMPANILE_SEEDS", 200,
                [&](std::uint64_t seed) {
                  World world(WorldOptions::everything(seed, contacts));
                  world.run();
                  all += world.tally();
                });
  show(all);
  BOOST_TEST(all.events > 0u);
  if (number_from("CAMPANILE_SEED")) return;
  // A fault that never happens proves nothing.
  BOOST_TEST(all.crashes > 0u);
  BOOST_TEST(all.in_doubt > 0u);
  BOOST_TEST(all.adopted > 0u);
  BOOST_TEST(all.not_placed > 0u);
  BOOST_TEST(all.not_sent > 0u);
  BOOST_TEST(all.held > 0u);
  BOOST_TEST(all.resolved > 0u);
  BOOST_TEST(all.taken_back > 0u);
  BOOST_TEST(all.postponed > 0u);
  BOOST_TEST(all.stopped > 0u);
  BOOST_TEST(all.late_calls > 0u);
  BOOST_TEST(all.forged > 0u);
  BOOST_TEST(all.looked_up > 0u);
  BOOST_TEST(all.opted_out > 0u);
  BOOST_TEST(all.suppressed > 0u);
  BOOST_TEST(all.pauses > 0u);
  BOOST_TEST(all.cancels > 0u);
  BOOST_TEST(all.full_disks > 0u);
  BOOST_TEST(all.talks > 0u);
  BOOST_TEST(all.refused_streams > 0u);
  BOOST_TEST(all.agent_failures > 0u);
  BOOST_TEST(all.priced > 0u);
  BOOST_TEST(all.priced_anew > 0u);
  BOOST_TEST(all.counted_talks > 0u);
  BOOST_TEST(all.uncounted_talks > 0u);
  BOOST_TEST(all.spent_up > 0u);
  BOOST_TEST(all.promised > 0u);
}

// Also with an account of hours, days and money that knows nothing of the planner's.
BOOST_AUTO_TEST_CASE(nobody_is_dialled_past_the_money_the_day_or_the_window) {
  Tally all;
  for_each_seed("nobody_is_dialled_past_the_money_the_day_or_the_window", "CAMPANILE_NARROW_SEEDS",
                60, [&](std::uint64_t seed) {
                  World world(WorldOptions::narrow_limits(seed, 60));
                  world.run();
                  all += world.tally();
                });
  show(all);
  if (number_from("CAMPANILE_SEED")) return;
  BOOST_TEST(all.crashes > 0u);
  BOOST_TEST(all.orders > 0u);
  BOOST_TEST(all.in_doubt > 0u);
  BOOST_TEST(all.postponed > 0u);
  BOOST_TEST(all.out_of_money > 0u);
  BOOST_TEST(all.humans_told > 0u);
  BOOST_TEST(all.humans_reckoned > 0u);
  BOOST_TEST(all.without_list > 0u);
  BOOST_TEST(all.days > 0u);
}

BOOST_AUTO_TEST_CASE(the_same_seed_makes_the_same_log) {
  for_each_seed("the_same_seed_makes_the_same_log", "CAMPANILE_REPEATED_SEEDS", 5,
                [&](std::uint64_t seed) {
                  const auto options = WorldOptions::everything(seed, 60);
                  World one(options);
                  one.run();
                  World other(options);
                  other.run();
                  BOOST_TEST((one.log_digest() == other.log_digest()));
                  World another(WorldOptions::everything(seed + 1, 60));
                  another.run();
                  BOOST_TEST((one.log_digest() != another.log_digest()));
                });
}

BOOST_AUTO_TEST_CASE(the_outcome_does_not_hang_on_how_callbacks_come) {
  Tally all;
  for_each_seed("the_outcome_does_not_hang_on_how_callbacks_come", "CAMPANILE_OUTCOME_SEEDS", 500,
                [&](std::uint64_t seed) {
                  World in_order(WorldOptions::callbacks(seed, 20, true));
                  in_order.run();
                  World shuffled(WorldOptions::callbacks(seed, 20, false));
                  shuffled.run();
                  all += shuffled.tally();
                  if (in_order.outcome_digest() == shuffled.outcome_digest()) return;
                  // Whether a call is an earlier one's only its own reports tell; where they are
                  // all lost, a person decides.
                  if (in_order.tally().held != shuffled.tally().held) return;
                  BOOST_TEST(in_order.outcomes() == shuffled.outcomes());
                  throw simulation::PromiseBroken("I8: the outcome differs from that in order");
                });
  show(all);
  BOOST_TEST(all.events > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
