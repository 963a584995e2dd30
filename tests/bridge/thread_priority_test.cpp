#include "bridge/net/thread_priority.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <future>

#include "bridge/net/pool_job.hpp"
#include "tests/bridge/loopback.hpp"

namespace {

using namespace bridge;

int nice_of_this_thread() {
  return getpriority(PRIO_PROCESS, 0);
}

// What a thread of its own has after `work`.
template <typename Work>
int nice_after(Work work) {
  return std::async(std::launch::async,
                    [&] {
                      work();
                      return nice_of_this_thread();
                    })
      .get();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(thread_priority)

BOOST_AUTO_TEST_CASE(who_gives_way_is_behind_who_made_it_and_alone) {
  const int mine = nice_of_this_thread();
  BOOST_TEST(nice_after(net::give_way) == std::max(mine, 10));
  BOOST_TEST(nice_of_this_thread() == mine);
}

BOOST_AUTO_TEST_CASE(who_was_put_further_behind_stays_there) {
  const int after = nice_after([] {
    setpriority(PRIO_PROCESS, 0, 19);
    net::give_way();
  });
  BOOST_TEST(after == 19);
}

BOOST_AUTO_TEST_CASE(who_is_prompt_takes_no_more_than_before) {
  const int mine = nice_of_this_thread();
  BOOST_TEST(nice_after(net::be_prompt) == mine);
}

BOOST_AUTO_TEST_CASE(what_the_operator_has_chosen_for_the_program_stays) {
  int policy = 0;
  const int nice = nice_after([&] {
    const sched_param none{};
    BOOST_REQUIRE_EQUAL(sched_setscheduler(0, SCHED_BATCH, &none), 0);
    net::give_way();
    net::be_prompt();
    policy = sched_getscheduler(0);
  });
  BOOST_TEST(policy == SCHED_BATCH);
  BOOST_TEST(nice == nice_of_this_thread());
}

BOOST_AUTO_TEST_CASE(the_pool_gives_way_to_the_loop) {
  testing::SteppedLoop stepped;
  const int mine = nice_of_this_thread();
  int of_pool = 0;
  bool done = false;
  const net::PoolJob job(
      stepped.loop, [&] { of_pool = nice_of_this_thread(); }, [&] { done = true; });
  stepped.until([&] { return done; });
  BOOST_TEST(of_pool == std::max(mine, 10));
  BOOST_TEST(nice_of_this_thread() == mine);
}

BOOST_AUTO_TEST_SUITE_END()
