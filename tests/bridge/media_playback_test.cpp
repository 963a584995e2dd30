// The clocks of a call's sound: what of the agent's speech was heard, and the holes in what comes
// from the person (protocols.md 5.1, 5.2, 7).
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <vector>

#include "bridge/media/playback.hpp"
#include "tests/bridge/media_doubles.hpp"

BOOST_AUTO_TEST_SUITE(media_playback)

using namespace bridge::testing;
using namespace std::chrono_literals;
using bridge::media::Heard;
using bridge::media::Inbound;
using bridge::media::Playback;

namespace {

std::size_t bytes(milliseconds length) {
  return static_cast<std::size_t>(length.count()) * 8;
}

std::string text_of(const std::vector<Heard>& heard) {
  std::string text;
  for (const Heard& h : heard) {
    text += h.item + " " + std::to_string(h.heard.count()) + (h.whole ? " whole" : "") + "; ";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_clock_counts_and_a_mark_that_stays_out_holds_it) {
  Playback playback;
  const std::string first(playback.sent("a", bytes(200ms), noon));
  const std::string second(playback.sent("a", bytes(200ms), noon + 1ms));
  BOOST_TEST(first == "1:1");
  BOOST_TEST(second == "1:2");
  BOOST_TEST(text_of(playback.not_whole(noon + 150ms)) == "a 150; ");
  // The mark of the first chunk may be on its way.
  BOOST_TEST(text_of(playback.not_whole(noon + 300ms)) == "a 300; ");
  BOOST_TEST(playback.marked(first, noon + 350ms));
  BOOST_TEST(text_of(playback.not_whole(noon + 390ms)) == "a 390; ");
  // Never more than was sent.
  BOOST_TEST(text_of(playback.not_whole(noon + 500ms)) == "a 400; ");
  BOOST_TEST(playback.marked(second, noon + 550ms));
  BOOST_TEST(playback.drained());
  // All of it was heard, but the item goes on.
  BOOST_TEST(text_of(playback.not_whole(noon + 500ms)) == "a 400; ");
  BOOST_TEST(playback.open());
  playback.finished("a");
  BOOST_TEST(!playback.open());
  BOOST_TEST(text_of(playback.not_whole(noon + 500ms)) == "a 400 whole; ");
  BOOST_TEST(text_of(playback.take_whole()) == "a 400 whole; ");
  BOOST_TEST(text_of(playback.take_whole()).empty());
  // No mark for far longer than any way is: the carrier plays nothing, and what it may have played
  // meanwhile is the way's.
  for (int i = 0; i < 20; ++i) playback.sent("b", bytes(200ms), noon + 1s);
  BOOST_TEST(text_of(playback.not_whole(noon + 4s)).starts_with("b "));
  BOOST_TEST((playback.not_whole(noon + 4s)[0].heard <= 200ms + 150ms + 400ms));
}

// Each mark is as late as the one before it, so the clock is right: sound that began later, by a
// packet that was lost, is known once its marks tell.
BOOST_AUTO_TEST_CASE(
    evenly_late_marks_are_the_way_and_sound_that_began_late_is_known_by_its_marks) {
  Playback playback;
  constexpr auto round_trip = 300ms;
  auto now = noon;
  for (int i = 0; i < 40; ++i) {
    const std::string mark(playback.sent("a", bytes(100ms), now));
    now += 100ms;
    BOOST_TEST(playback.marked(mark, now + round_trip));
  }
  now += 1s;
  const std::string first(playback.sent("a", bytes(100ms), now));
  playback.sent("a", bytes(900ms), now);
  BOOST_TEST(text_of(playback.not_whole(now + 50ms)) == "a 4050; ");
  // It got there 200 ms later than usual.
  BOOST_TEST(playback.marked(first, now + 200ms + 100ms + round_trip));
  BOOST_TEST(text_of(playback.not_whole(now + 700ms)) == "a 4500; ");
  BOOST_TEST((playback.ends_at() == now + 1'200ms));
}

// A second of sound tells the way's jitter.
BOOST_AUTO_TEST_CASE(early_in_a_call_too_sound_that_began_late_is_known_by_its_marks) {
  Playback playback;
  constexpr auto round_trip = 100ms;
  auto now = noon;
  for (int i = 0; i < 10; ++i) {
    const std::string mark(playback.sent("a", bytes(100ms), now));
    now += 100ms;
    BOOST_TEST(playback.marked(mark, now + round_trip));
  }
  for (const auto late : {200ms, 80ms}) {
    now += 2s;
    playback.clear(now);
    const std::string first(playback.sent("b", bytes(100ms), now));
    playback.sent("b", bytes(900ms), now);
    BOOST_TEST(playback.marked(first, now + late + 100ms + round_trip));
    BOOST_TEST((playback.not_whole(now + 500ms)[0].heard == 500ms - late));
  }
}

// The way becomes uneven: each second mark is slow, and the one behind it is not.
BOOST_AUTO_TEST_CASE(a_mark_that_was_only_slow_is_known_by_the_next_and_so_is_the_way_s_jitter) {
  Playback playback;
  auto now = noon;
  const auto marks_after = [&](milliseconds lag) {
    const std::string mark(playback.sent("a", bytes(100ms), now));
    playback.sent("a", bytes(900ms), now);
    BOOST_TEST(playback.marked(mark, now + 100ms + lag));
    const auto told = playback.not_whole(now + 500ms)[0].heard;
    playback.clear(now + 1s);
    now += 2s;
    return told;
  };
  for (int i = 0; i < 40; ++i) marks_after(100ms);
  std::vector<std::string> marks;
  for (int i = 0; i < 20; ++i) marks.emplace_back(playback.sent("b", bytes(100ms), now));
  int short_of_it = 0;
  for (int i = 0; i < 19; ++i) {
    const auto at = now + (i + 1) * 100ms + (i % 2 == 0 ? 100ms : 190ms);
    BOOST_TEST(playback.marked(marks[static_cast<std::size_t>(i)], at));
    const auto told = playback.not_whole(at)[0].heard;
    if (at - now - told > 10ms) ++short_of_it;
  }
  BOOST_TEST(short_of_it == 1);
}

namespace {

// The agent says something of half a second, over a way that takes so long there and back. How far
// what is told of it is from what was heard, at most.
milliseconds says_something(Playback& playback, bridge::net::Instant now, milliseconds round_trip,
                            milliseconds late = {}) {
  playback.clear(now);
  std::vector<std::string> marks;
  for (int i = 0; i < 5; ++i) marks.emplace_back(playback.sent("a", bytes(100ms), now));
  std::size_t marked = 0;
  milliseconds worst{0};
  for (milliseconds t{0}; marked < marks.size(); t += 10ms) {
    const auto next = (marked + 1) * 100ms + late + round_trip;
    if (t >= next) playback.marked(marks[marked++], now + t);
    const auto heard = std::clamp(t - late, 0ms, 500ms);
    // Sound that begins late is known by its first mark.
    if (marked == 0 && late.count() > 0) continue;
    const auto told = playback.not_whole(now + t)[0].heard;
    worst = std::max(worst, milliseconds(std::abs((told - heard).count())));
  }
  return worst;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_way_that_grows_is_known_by_the_marks_of_three_runs) {
  for (const auto& [before, then] :
       std::vector<std::pair<milliseconds, milliseconds>>{{40ms, 40ms},
                                                          {40ms, 160ms},
                                                          {100ms, 300ms},
                                                          {0ms, 390ms},
                                                          {100ms, 600ms},
                                                          {100ms, 1'000ms},
                                                          {300ms, 40ms},
                                                          {1'000ms, 40ms}}) {
    BOOST_TEST_CONTEXT(before.count() << " ms, then " << then.count() << " ms") {
      Playback playback;
      auto now = noon;
      const auto says = [&](milliseconds round_trip) {
        now += 3s;
        return says_something(playback, now, round_trip);
      };
      for (int i = 0; i < 5; ++i) says(before);
      for (int i = 0; i < 3; ++i) {
        const auto off = says(then);
        // Until then it is short by what was added, and never more.
        BOOST_TEST(off.count() <= std::max(then - before, 0ms).count());
      }
      for (int i = 0; i < 3; ++i) BOOST_TEST(says(then).count() == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_long_way_is_known_by_the_marks_of_three_runs) {
  for (const auto way : {300ms, 400ms, 500ms}) {
    Playback playback;
    auto now = noon;
    for (int i = 0; i < 6; ++i) {
      now += 3s;
      const auto off = says_something(playback, now, 2 * way);
      if (i >= 3) BOOST_TEST(off.count() == 0, "way " << way.count() << ", run " << i);
    }
  }
}

// Two runs in three that begin late are no longer way.
BOOST_AUTO_TEST_CASE(runs_that_begin_late_now_and_then_leave_the_way_as_it_was) {
  Playback playback;
  auto now = noon;
  for (int i = 0; i < 30; ++i) {
    now += 3s;
    const auto late = i % 3 == 0 ? 0ms : 200ms;
    BOOST_TEST(says_something(playback, now, 100ms, late).count() == 0, "run " << i);
  }
}

BOOST_AUTO_TEST_CASE(items_behind_each_other_are_each_heard_from_their_own_beginning) {
  Playback playback;
  playback.sent("a", bytes(100ms), noon);
  playback.finished("a");
  playback.sent("b", bytes(100ms), noon);
  playback.finished("b");
  playback.sent("c", bytes(100ms), noon);
  BOOST_TEST(playback.marked("1:1", noon + 100ms));
  BOOST_TEST(text_of(playback.not_whole(noon + 150ms)) == "a 100 whole; b 50; c 0; ");
  BOOST_TEST((playback.ends_at() == noon + 300ms));
  BOOST_TEST((playback.ahead() == 200ms));
}

BOOST_AUTO_TEST_CASE(a_cleared_generation_counts_for_nothing) {
  Playback playback;
  const std::string old(playback.sent("a", bytes(500ms), noon));
  BOOST_TEST(text_of(playback.clear(noon + 120ms)) == "a 120; ");
  BOOST_TEST(playback.drained());
  const std::string fresh(playback.sent("b", bytes(500ms), noon + 1s));
  BOOST_TEST(fresh == "2:2");
  BOOST_TEST(!playback.marked(old, noon + 1s));  // clear gives all marks back at once
  BOOST_TEST(text_of(playback.not_whole(noon + 1100ms)) == "b 100; ");
  for (const char* foreign :
       {"", "2", "2:", ":2", "2:x", "2:3", "2:0", "99999999999999999999:1", "bye", "2:2 "}) {
    BOOST_TEST(!playback.marked(foreign, noon + 1s), foreign);
  }
  BOOST_TEST(playback.marked(fresh, noon + 1500ms));
  BOOST_TEST(!playback.marked(fresh, noon + 1500ms));  // twice
}

BOOST_AUTO_TEST_CASE(a_mark_stands_for_those_before_it_and_a_pause_begins_a_new_run) {
  Playback playback;
  playback.sent("a", bytes(100ms), noon);
  const std::string second(playback.sent("a", bytes(100ms), noon));
  BOOST_TEST(playback.marked(second, noon + 200ms));
  BOOST_TEST(playback.drained());
  // The model paused for a second in the middle of its item.
  playback.sent("a", bytes(100ms), noon + 1200ms);
  BOOST_TEST(text_of(playback.not_whole(noon + 1230ms)) == "a 230; ");
  // The carrier plays nothing for a while: its mark says where it is.
  const std::string fourth(playback.sent("a", bytes(400ms), noon + 1240ms));
  BOOST_TEST(playback.marked("1:3", noon + 2300ms));
  BOOST_TEST(text_of(playback.not_whole(noon + 2350ms)) == "a 350; ");
}

BOOST_AUTO_TEST_CASE(holes_are_filled_and_repetitions_thrown_away) {
  struct Row {
    int chunk, timestamp, length;
    bool again;
    int silence;
  };
  const std::vector<Row> rows{
      {1, 5, 20, false, 0},            // the first is where it is
      {2, 25, 20, false, 0},           // follows
      {2, 25, 20, true, 0},            // again
      {1, 5, 20, true, 0},             // late
      {3, 58, 20, false, 0},           // jitter
      {4, 178, 20, false, 100},        // a hole
      {5, 198, 400, false, 0},         // any size
      {6, 598, 5, false, 0},           //
      {9, 60'603, 20, false, 10'000},  // never more than ten seconds
      {10, 60'623, 20, false, 0},      //
  };
  Inbound inbound;
  for (const Row& row : rows) {
    const auto frame =
        inbound.frame(row.chunk, row.timestamp, bytes(milliseconds(row.length)), noon);
    BOOST_TEST(frame.again == row.again, "chunk " << row.chunk);
    BOOST_TEST(frame.silence.count() == row.silence, "chunk " << row.chunk);
  }
  BOOST_TEST(inbound.received().count() == 525);
}

BOOST_AUTO_TEST_CASE(a_pause_is_filled_once_and_its_hole_not_again) {
  Inbound inbound;
  BOOST_TEST(!inbound.pause_at().has_value());
  inbound.frame(1, 0, bytes(20ms), noon);
  BOOST_TEST((inbound.pause_at() == noon + 750ms));
  BOOST_TEST(inbound.fill_pause(noon + 749ms).count() == 0);
  BOOST_TEST(inbound.fill_pause(noon + 750ms).count() == 1000);
  BOOST_TEST(inbound.fill_pause(noon + 5s).count() == 0);
  BOOST_TEST(!inbound.pause_at().has_value());
  // 20 and 1,000 filled; the person was away for 1,500.
  BOOST_TEST(inbound.frame(2, 1520, bytes(20ms), noon + 1520ms).silence.count() == 500);
  BOOST_TEST((inbound.pause_at() == noon + 2270ms));
}

// Against a carrier that plays what it gets, on a line with a way of 0 to 150 ms in each direction.
BOOST_AUTO_TEST_CASE(by_seed_the_clock_is_what_was_played_when_a_clear_gets_there) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 dice(seed);
    const auto draw = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(dice);
    };
    const milliseconds way(draw(0, 150));
    Playback playback;
    struct Chunk {
      std::string mark{};
      bridge::net::Instant begins{}, ends{};
    };
    std::vector<Chunk> chunks;
    std::size_t marked = 0;
    bridge::net::Instant now = noon;
    bridge::net::Instant free_at = noon;
    milliseconds sent{0};
    const int count = draw(1, 60);
    for (int step = 0; step < count; ++step) {
      const milliseconds length(draw(20, 400));
      const auto begins = std::max(now + way, free_at);
      chunks.push_back(
          {std::string(playback.sent("a", bytes(length), now)), begins, begins + length});
      free_at = begins + length;
      sent += length;
      now += milliseconds(draw(0, 300));
      while (marked < chunks.size() && chunks[marked].ends + way <= now) {
        BOOST_TEST(playback.marked(chunks[marked].mark, chunks[marked].ends + way));
        ++marked;
      }
      milliseconds real{0};  // when a clear of now arrives
      for (const Chunk& chunk : chunks) {
        real += std::clamp(now + way - chunk.begins, milliseconds(0), chunk.ends - chunk.begins);
      }
      const auto heard = playback.not_whole(now);
      BOOST_REQUIRE(heard.size() == 1);
      BOOST_TEST(heard[0].heard <= sent);
      const auto off = std::abs((heard[0].heard - real).count());
      BOOST_REQUIRE_MESSAGE(off <= 1, "seed " << seed << " off by " << off);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
