#include "tests/support/simulated_event_store.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_errors.hpp"
#include "tests/eventstore/log_fixture.hpp"

BOOST_AUTO_TEST_SUITE(simulated_event_store)

using eventstore::to_hex;
using log_fixture::event;
using support::SimulatedEventStore;

BOOST_AUTO_TEST_CASE(nothing_is_durable_before_the_test_says_so) {
  SimulatedEventStore store;
  int told = 0;
  store.on_durable([&] { ++told; });
  store.append({event("a", 1), event("a", 2)}, 1);
  store.append({event("a", 3)}, 1);
  BOOST_TEST(store.durable().position() == 0u);
  BOOST_TEST(store.waiting() == 3u);
  BOOST_TEST(store.commit_one());
  BOOST_TEST(store.durable().position() == 2u);
  BOOST_TEST(store.commit_one());
  BOOST_TEST(!store.commit_one());
  BOOST_TEST(store.durable().position() == 3u);
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(a_crash_takes_what_was_not_durable) {
  SimulatedEventStore store;
  store.append({event("a", 1)}, 1);
  store.commit_all();
  store.append({event("a", 2), event("b", 1)}, 2);
  store.crash();
  BOOST_TEST(store.last() == 1u);
  BOOST_TEST(store.waiting() == 0u);
  BOOST_TEST(store.version_of("a") == 1u);
  BOOST_TEST(store.version_of("b") == 0u);
  BOOST_TEST(store.epoch() == 2u);
  BOOST_TEST(store.append({event("a", 2)}, 1) == 2u);
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_from_the_durable_events) {
  SimulatedEventStore before;
  before.append({event("a", 1)}, 1);
  before.commit_all();
  before.append({event("a", 2)}, 1);
  SimulatedEventStore after(before.events());
  BOOST_TEST(after.last() == 1u);
  BOOST_TEST(after.epoch() == 2u);
  BOOST_TEST(to_hex(after.digest()) == to_hex(before.digest()));
  after.append({event("a", 2)}, 1);
  after.commit_all();
  BOOST_TEST(to_hex(after.digest()) != to_hex(before.digest()));
}

BOOST_AUTO_TEST_CASE(a_broken_chain_is_not_taken_over) {
  SimulatedEventStore before;
  before.append({event("a", 1), event("a", 2)}, 1);
  before.commit_all();
  std::vector<support::StoredEvent> events = before.events();
  events[1].event.payload = "other";
  try {
    SimulatedEventStore after(events);
    BOOST_ERROR("was taken over");
  } catch (const eventstore::LogDamaged& damage) {
    BOOST_TEST(damage.first_bad() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_keeps_the_batch_until_there_is_space) {
  SimulatedEventStore store;
  store.set_disk_full(true);
  BOOST_TEST(!store.disk_full());
  store.append({event("a", 1)}, 1);
  BOOST_TEST(!store.commit_one());
  BOOST_TEST(store.disk_full());
  BOOST_TEST(store.waiting() == 1u);
  store.set_disk_full(false);
  store.commit_all();
  BOOST_TEST(store.durable().position() == 1u);
}

BOOST_AUTO_TEST_CASE(a_failed_log_tells_and_refuses) {
  SimulatedEventStore store;
  int told = 0;
  store.on_durable([&] { ++told; });
  store.append({event("a", 1)}, 1);
  store.fail("the disk is gone");
  BOOST_TEST(told == 1);
  BOOST_TEST(!store.commit_one());
  BOOST_CHECK_THROW(store.durable(), eventstore::LogFailed);
  BOOST_CHECK_THROW(store.append({event("a", 2)}, 1), eventstore::LogFailed);
}

BOOST_AUTO_TEST_CASE(equal_appends_give_equal_logs_however_they_are_committed) {
  SimulatedEventStore one;
  SimulatedEventStore other;
  for (std::uint32_t version = 1; version <= 4; ++version) {
    one.append({event("a", version)}, 7);
    other.append({event("a", version)}, 7);
    other.commit_all();
  }
  one.commit_all();
  BOOST_TEST(to_hex(one.digest()) == to_hex(other.digest()));
}

BOOST_AUTO_TEST_SUITE_END()
