#include "bridge/net/loop.hpp"

#include <sys/types.h>

#include <unistd.h>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(loop)

using namespace std::chrono_literals;
using bridge::net::Loop;
using bridge::net::TurnEnd;
using bridge::testing::noon;
using bridge::testing::SetClock;
using bridge::testing::SteppedLoop;

BOOST_AUTO_TEST_CASE(timers_run_in_order_of_time_then_of_making) {
  SteppedLoop s;
  std::string order;
  s.loop.call_at(noon + 20ms, [&] { order += 'c'; });
  s.loop.call_at(noon + 10ms, [&] { order += 'a'; });
  s.loop.call_at(noon + 10ms, [&] { order += 'b'; });
  s.advance(9ms);
  BOOST_TEST(order.empty());
  BOOST_TEST((s.loop.next_timer() == noon + 10ms));
  s.advance(11ms);
  BOOST_TEST(order == "abc");
  BOOST_TEST(!s.loop.next_timer().has_value());
}

BOOST_AUTO_TEST_CASE(a_cancelled_timer_does_not_run) {
  SteppedLoop s;
  int runs = 0;
  const auto id = s.loop.call_at(noon + 1ms, [&] { ++runs; });
  s.loop.call_at(noon + 1ms, [&] { runs += 10; });
  s.loop.cancel(id);
  s.loop.cancel(id);
  s.advance(1ms);
  s.loop.cancel(id);
  BOOST_TEST(runs == 10);
}

BOOST_AUTO_TEST_CASE(a_timer_may_cancel_one_that_is_due_with_it) {
  SteppedLoop s;
  int runs = 0;
  Loop::TimerId second = 0;
  s.loop.call_at(noon + 1ms, [&] { s.loop.cancel(second); });
  second = s.loop.call_at(noon + 1ms, [&] { ++runs; });
  s.advance(1ms);
  BOOST_TEST(runs == 0);
}

BOOST_AUTO_TEST_CASE(a_timer_that_renews_itself_at_once_does_not_hold_up_the_loop) {
  SteppedLoop s;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    s.loop.call_at(s.loop.now(), again);
  };
  s.loop.call_at(noon, again);
  s.loop.run_due_timers();
  BOOST_TEST(runs == 1);
  s.loop.run_due_timers();
  BOOST_TEST(runs == 2);
}

BOOST_AUTO_TEST_CASE(a_timer_that_is_already_due_wakes_a_loop_whose_clock_stands) {
  SteppedLoop s;
  s.loop.before_sleep([&, first = true]() mutable {
    if (std::exchange(first, false)) s.loop.call_at(noon, [&] { s.loop.stop(); });
  });
  s.loop.run();
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_stepped_between_turns_makes_timers_due) {
  SteppedLoop s;
  bool ran = false;
  s.loop.call_at(noon + 1h, [&] { ran = true; });
  s.loop.turn();
  BOOST_TEST(!ran);
  s.clock.advance_to(noon + 1h);
  s.loop.turn();
  BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(a_running_clock_runs_timers_by_itself_and_not_early) {
  const bridge::net::SystemClock clock;
  bridge::net::SystemClock shown = clock;
  Loop loop(shown);
  const auto due = shown.now() + 5ms;
  bool early = true;
  loop.call_at(due, [&] {
    early = shown.now() < due;
    loop.stop();
  });
  loop.call_at(due + 1h, [] {});
  loop.run();
  BOOST_TEST(!early);
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_stands_says_so_and_holds_up_no_deadline) {
  SetClock::back = 0ms;
  bridge::net::SystemClock clock(SetClock::now);
  Loop loop(clock);
  BOOST_TEST((clock.behind() == 0ms));
  SetClock::back = 1h;
  const auto stands = clock.now();
  BOOST_TEST((clock.behind() > 59min));
  bool came = false;
  loop.call_at(stands + 1ms, [&] { came = true; });
  const auto began = std::chrono::steady_clock::now();
  const auto shown = loop.steady_now();
  const auto cancelled = loop.call_after(5ms, [] { BOOST_ERROR("it was cancelled"); });
  loop.call_after(20ms, [&] { loop.stop(); });
  loop.cancel(cancelled);
  loop.run();
  BOOST_TEST(!came);
  BOOST_TEST((std::chrono::steady_clock::now() - began >= 20ms));
  BOOST_TEST((loop.steady_now() - shown >= 20ms));
  BOOST_TEST((clock.now() == stands));
  // What it was set back by too much is made up for by setting it again.
  SetClock::back = 0ms;
  BOOST_TEST((clock.now() > stands));
  BOOST_TEST((clock.behind() == 0ms));
  loop.call_at(clock.now() + 1ms, [&] { loop.stop(); });
  loop.run();
  BOOST_TEST(came);
}

BOOST_AUTO_TEST_CASE(a_far_moment_of_the_day_is_looked_for_again_and_again) {
  // Nobody tells that the machine slept, or that its clock was set forward.
  const bridge::net::SystemClock clock;
  BOOST_TEST((*clock.real_delay_until(clock.now() + 12h) <= 30s));
  BOOST_TEST((*clock.real_delay_until(clock.now() + 5s) <= 5s));
}

BOOST_AUTO_TEST_CASE(with_a_clock_that_others_move_deadlines_and_waits_keep_one_order) {
  SteppedLoop s;
  std::string order;
  s.loop.call_after(10ms, [&] { order += 'a'; });
  s.loop.call_at(noon + 10ms, [&] { order += 'b'; });
  s.loop.call_after(10ms, [&] { order += 'c'; });
  s.loop.call_after(5ms, [&] { order += '0'; });
  BOOST_TEST((s.loop.next_timer() == noon + 5ms));
  BOOST_TEST((s.loop.steady_now() == noon));
  s.advance(10ms);
  BOOST_TEST(order == "0abc");
}

BOOST_AUTO_TEST_CASE(a_scaled_clock_shortens_the_wait) {
  bridge::net::ScaledClock clock(noon, 3600.0);
  BOOST_TEST((*clock.real_delay_until(noon + 1h) <= 1000ms));
  BOOST_TEST((*clock.real_delay_until(noon + 1h) > 500ms));
  Loop loop(clock);
  loop.call_at(noon + 20s, [&] { loop.stop(); });
  loop.run();
  BOOST_TEST((clock.now() >= noon + 20s));
}

BOOST_AUTO_TEST_CASE(posts_of_another_thread_run_in_order_on_the_loops_own) {
  SteppedLoop s;
  std::vector<int> got;
  const auto own = std::this_thread::get_id();
  bool elsewhere = false;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      s.loop.post([&, i] {
        got.push_back(i);
        elsewhere = elsewhere || std::this_thread::get_id() != own;
        if (i == 999) s.loop.stop();
      });
    }
  });
  s.loop.run();
  other.join();
  BOOST_TEST(!elsewhere);
  BOOST_REQUIRE(got.size() == 1000U);
  for (int i = 0; i < 1000; ++i) BOOST_TEST(got[static_cast<std::size_t>(i)] == i);
}

BOOST_AUTO_TEST_CASE(before_sleep_comes_once_after_all_callbacks_of_a_turn) {
  SteppedLoop s;
  std::string order;
  s.loop.before_sleep([&] { order += '|'; });
  s.loop.post([&] { order += 'a'; });
  s.loop.post([&] { order += 'b'; });
  s.loop.turn();
  BOOST_TEST(order == "ab|");
}

BOOST_AUTO_TEST_CASE(what_was_noted_when_the_loop_stops_is_still_seen_by_before_sleep) {
  SteppedLoop s;
  int notes = 0;
  int seen = 0;
  s.loop.before_sleep([&] { seen = notes; });
  s.loop.post([&] {
    ++notes;
    s.loop.stop();
  });
  s.loop.run();
  BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_CASE(the_retired_live_to_the_end_of_the_turn_and_no_longer) {
  struct Dying final : bridge::net::Retired {
    explicit Dying(std::string& to) : log(to) {}
    ~Dying() override { log += 'x'; }
    std::string& log;
  };
  SteppedLoop s;
  std::string log;
  s.loop.before_sleep([&] { log += '|'; });
  s.loop.post([&] {
    s.loop.retire(std::make_unique<Dying>(log));
    log += 'r';
  });
  s.loop.turn();
  BOOST_TEST(log == "r|x");
}

BOOST_AUTO_TEST_CASE(a_signal_is_a_callback) {
  SteppedLoop s;
  bool heard = false;
  s.loop.on_signal(SIGUSR1, [&] {
    heard = true;
    s.loop.stop();
  });
  ::kill(::getpid(), SIGUSR1);
  s.loop.run();
  BOOST_TEST(heard);
}

BOOST_AUTO_TEST_CASE(two_loops_run_in_two_threads_of_one_process) {
  int sum = 0;
  std::latch both{2};
  const auto count = [&both](int& total) {
    SteppedLoop s;
    // Neither has ended when the other begins, or its descriptors would be used again.
    both.arrive_and_wait();
    s.loop.post([&] {
      total += 1;
      s.loop.stop();
    });
    s.loop.run();
  };
  int other_sum = 0;
  std::thread other([&] { count(other_sum); });
  count(sum);
  other.join();
  BOOST_TEST(sum + other_sum == 2);
}

// What many callbacks of a turn add to leaves once, and before somebody asks whether all is quiet.
BOOST_AUTO_TEST_CASE(the_end_of_a_turn_comes_once_and_before_the_sleep) {
  SteppedLoop world;
  std::vector<std::string> order;
  TurnEnd late(world.loop, [&] { order.emplace_back("late"); });
  TurnEnd end_of_end(world.loop, [&] { order.emplace_back("end of the end"); });
  TurnEnd end(world.loop, [&] {
    order.emplace_back("end");
    end_of_end.ask();
  });
  world.loop.before_sleep([&] {
    order.emplace_back(world.loop.turn_is_unfinished() ? "unfinished" : "sleep");
    if (order.size() == 3) late.ask();
  });
  world.loop.call_at(noon, [&] {
    end.ask();
    end.ask();
    BOOST_TEST(world.loop.turn_is_unfinished());
  });
  world.loop.turn();
  world.loop.turn();
  const std::vector<std::string> expected{"end", "end of the end", "sleep", "late", "sleep"};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_gone_before_the_end_of_the_turn_is_not_called) {
  SteppedLoop world;
  std::string called;
  auto first = std::make_unique<TurnEnd>(world.loop, [&] { called += 'a'; });
  auto third = std::make_unique<TurnEnd>(world.loop, [&] { called += 'c'; });
  TurnEnd second(world.loop, [&] {
    called += 'b';
    third.reset();
    // Once, and again when it was called.
    if (called.size() < 4) second.ask();
  });
  first->ask();
  second.ask();
  third->ask();
  first.reset();
  world.loop.turn();
  BOOST_TEST(called == "bbbb");
  BOOST_TEST(!world.loop.turn_is_unfinished());
}

BOOST_AUTO_TEST_SUITE_END()
