// Each write and each sync of a run fails once or for good: nothing may be told afterwards, nothing
// may be tried again, and the next start finds all that was told.
//
//   CAMPANILE_FAULT_STRIDE (25): every so-manieth call of the first 500
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/watched_disk.hpp"

BOOST_AUTO_TEST_SUITE(io_error)

namespace {

namespace fs = std::filesystem;

using eventstore::LogFailed;
using eventstore::Position;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::event;
using log_fixture::TemporaryFolder;
using watched_disk::Fault;

constexpr std::size_t calls_max = 500;
constexpr std::uint32_t appends = 520;

std::string payload_of(Position position) {
  return "{\"number\":" + std::to_string(position) + "}" + std::string(position % 7 * 50, ' ');
}

SqliteEventStore::Options options_for(const fs::path& log, bool create) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  options.reserve_bytes_max = 4096;
  options.witness_sync_every = std::chrono::milliseconds(2);
  return options;
}

struct Outcome {
  bool happened = false;
  // Why the log could not go on.
  std::optional<std::string> failure{};
  // The last position that was told.
  Position told = 0;
  std::chrono::steady_clock::duration until_failed{};
  std::size_t calls_since = 0;
};

// Makes a log, or opens one, and appends one event after the other.
Outcome run_with(const fs::path& log, const Fault::Plan& plan, bool create) {
  const Fault fault(log.parent_path(), plan);
  Outcome outcome;
  try {
    SqliteEventStore store(options_for(log, create));
    outcome.told = store.durable().position();
    try {
      for (std::uint32_t i = 0; i < appends; ++i) {
        const Position next = store.last() + 1;
        store.append({event("a", static_cast<std::uint32_t>(next), payload_of(next))}, 1);
        store.wait_until_durable();
        outcome.told = store.durable().position();
      }
    } catch (const LogFailed&) {
      outcome.until_failed = fault.age();
      throw;
    }
  } catch (const LogFailed& failure) {
    outcome.failure = failure.what();
  }
  outcome.happened = fault.happened();
  outcome.calls_since = fault.calls_since();
  return outcome;
}

void check_that_all_is_there(const fs::path& log, Position told) {
  if (!fs::exists(log)) {
    BOOST_TEST(told == 0u);
    SqliteEventStore(options_for(log, true));
    return;
  }
  Position seen = 0;
  std::size_t changed = 0;
  const SqliteEventStore store(options_for(log, false), [&](const RecordedEvent& read) {
    ++seen;
    if (read.payload != payload_of(seen)) ++changed;
  });
  BOOST_TEST(seen >= told);
  BOOST_TEST(changed == 0u);
}

std::size_t stride() {
  const char* text = std::getenv("CAMPANILE_FAULT_STRIDE");
  return text ? std::strtoull(text, nullptr, 10) : 25;
}

void fail_each(Fault::Call call, bool for_good) {
  std::size_t happened = 0;
  for (std::size_t nth = 1; nth <= calls_max; nth += stride()) {
    BOOST_TEST_CONTEXT("call " << nth << (for_good ? " and all after it" : " alone")) {
      TemporaryFolder folder(TemporaryFolder::in_memory());
      const fs::path log = folder / "log.db";
      const bool create = nth / stride() % 2 == 0;
      if (!create) SqliteEventStore(options_for(log, true));
      const Outcome outcome = run_with(log, {call, nth, EIO, for_good}, create);
      if (outcome.happened) {
        ++happened;
        // An error at the very end, while the store is closed, has nobody to be told to.
        BOOST_TEST((outcome.failure || outcome.told == appends));
        BOOST_TEST(outcome.calls_since == 0u);
        BOOST_TEST((outcome.until_failed < std::chrono::seconds(1)));
      }
      check_that_all_is_there(log, outcome.told);
    }
  }
  BOOST_TEST(happened > calls_max / stride() / 2);
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_failed_write_ends_the_log) {
  fail_each(Fault::Call::write, false);
}

BOOST_AUTO_TEST_CASE(writes_that_fail_for_good_end_the_log) {
  fail_each(Fault::Call::write, true);
}

// Linux takes the pages of a failed sync for clean: a second one succeeds and means nothing.
BOOST_AUTO_TEST_CASE(one_failed_sync_ends_the_log) {
  fail_each(Fault::Call::sync, false);
}

BOOST_AUTO_TEST_CASE(syncs_that_fail_for_good_end_the_log) {
  fail_each(Fault::Call::sync, true);
}

BOOST_AUTO_TEST_CASE(a_write_that_only_lacks_space_is_tried_again) {
  for (const int error : {ENOSPC, EDQUOT}) {
    for (std::size_t nth = 1; nth <= 120; nth += (stride() + 2) / 3) {
      BOOST_TEST_CONTEXT("call " << nth << " fails with " << error) {
        TemporaryFolder folder(TemporaryFolder::in_memory());
        const fs::path log = folder / "log.db";
        SqliteEventStore(options_for(log, true));
        const Outcome outcome = run_with(log, {Fault::Call::write, nth, error, false}, false);
        BOOST_TEST(outcome.happened);
        // The first writes are those of the opening, which is refused.
        if (outcome.failure) BOOST_TEST(nth <= 4u, *outcome.failure);
        check_that_all_is_there(log, outcome.told);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_sync_that_lacks_space_is_not_tried_again) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path log = folder / "log.db";
  SqliteEventStore(options_for(log, true));
  const Outcome outcome = run_with(log, {Fault::Call::sync, 20, ENOSPC, false}, false);
  BOOST_TEST(outcome.failure.has_value());
  BOOST_TEST(outcome.calls_since == 0u);
  check_that_all_is_there(log, outcome.told);
}

BOOST_AUTO_TEST_SUITE_END()
