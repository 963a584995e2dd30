#include "eventstore/log_reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(log_reader)

namespace {

namespace fs = std::filesystem;

using eventstore::Head;
using eventstore::LogReader;
using eventstore::Position;
using eventstore::Problem;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::bytes_of;
using log_fixture::event;
using log_fixture::full_event;
using log_fixture::TemporaryFolder;

std::unique_ptr<SqliteEventStore> make(const fs::path& log) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = true;
  return std::make_unique<SqliteEventStore>(std::move(options));
}

void fill(SqliteEventStore& store, std::uint32_t events) {
  std::vector<eventstore::NewEvent> batch;
  for (std::uint32_t i = 1; i <= events; ++i) batch.push_back(full_event("contact/a/1", i));
  store.append(std::move(batch), 1000);
  store.wait_until_durable();
}

std::vector<Problem> problems_in(const fs::path& log) {
  std::vector<Problem> problems;
  LogReader reader(log);
  const bool well = reader.verify([&](const Problem& problem) { problems.push_back(problem); });
  BOOST_TEST(well == problems.empty());
  return problems;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_that_nobody_holds_is_read_and_not_changed) {
  TemporaryFolder folder;
  fill(*make(folder / "log.db"), 2500);
  const std::string before = bytes_of(folder / "log.db");
  Position seen = 0;
  {
    LogReader reader(folder / "log.db");
    reader.read(1, [&](const RecordedEvent& read) {
      BOOST_REQUIRE(read.position == ++seen);
      BOOST_REQUIRE((read.personal == std::string("a\0b\xff", 4)));
      BOOST_REQUIRE(read.stream == "contact/a/1");
      BOOST_REQUIRE(read.payload == R"({"digit":"1"})");
      return true;
    });
    BOOST_TEST(reader.verify([](const Problem&) {}));
  }
  BOOST_TEST(seen == 2500u);
  BOOST_TEST((bytes_of(folder / "log.db") == before));
}

BOOST_AUTO_TEST_CASE(the_head_is_the_last_event) {
  TemporaryFolder folder;
  const auto store = make(folder / "log.db");
  LogReader reader(folder / "log.db");
  BOOST_TEST(reader.head().position == 0u);
  fill(*store, 3);
  eventstore::Hash hash{};
  reader.read(3, [&](const RecordedEvent& read) {
    hash = read.hash;
    return true;
  });
  const Head head = reader.head();
  BOOST_TEST(head.position == 3u);
  BOOST_TEST(head.recorded_at == 1000);
  BOOST_TEST(head.epoch == 1u);
  BOOST_TEST(eventstore::to_hex(head.hash) == eventstore::to_hex(hash));
}

BOOST_AUTO_TEST_CASE(a_follower_sees_what_comes_later) {
  TemporaryFolder folder;
  const auto store = make(folder / "log.db");
  LogReader reader(folder / "log.db");
  Position next = 1;
  const auto follow = [&] {
    reader.read(next, [&](const RecordedEvent& read) {
      next = read.position + 1;
      return true;
    });
    return next;
  };
  BOOST_TEST(follow() == 1u);
  store->append({event("a", 1), event("a", 2)}, 1);
  store->wait_until_durable();
  BOOST_TEST(follow() == 3u);
  store->append({event("a", 3)}, 1);
  store->wait_until_durable();
  BOOST_TEST(follow() == 4u);
}

// A visitor that is slow must not keep the WAL from being copied and cut.
BOOST_AUTO_TEST_CASE(no_transaction_is_open_while_a_visitor_works) {
  TemporaryFolder folder;
  const auto store = make(folder / "log.db");
  fill(*store, 10);
  LogReader reader(folder / "log.db");
  reader.read(1, [&](const RecordedEvent& read) {
    if (read.position != 1) return true;
    SQLite::Database other(folder / "log.db", SQLite::OPEN_READWRITE);
    SQLite::Statement checkpoint(other, "PRAGMA wal_checkpoint(TRUNCATE)");
    BOOST_TEST(checkpoint.executeStep());
    BOOST_TEST(checkpoint.getColumn(0).getInt() == 0);
    return true;
  });
}

BOOST_AUTO_TEST_CASE(a_wal_that_a_crash_left_is_read) {
  TemporaryFolder folder;
  const auto store = make(folder / "log.db");
  fill(*store, 10);
  for (const char* end : {"", "-wal", ".head"}) {
    const std::string command = "cp '" + (folder / "log.db").string() + end + "' '" +
                                (folder / "copy.db").string() + end + "'";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
  }
  LogReader reader(folder / "copy.db");
  BOOST_TEST(reader.head().position == 10u);
  BOOST_TEST(reader.verify([](const Problem&) {}));
}

BOOST_AUTO_TEST_CASE(names_with_signs_that_mean_something_in_a_uri_are_names) {
  TemporaryFolder folder;
  const fs::path log = folder / "50% più?#&.db";
  fill(*make(log), 2);
  BOOST_TEST(LogReader(log).head().position == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_no_log_is_refused) {
  TemporaryFolder folder;
  BOOST_CHECK_THROW(LogReader(folder / "none.db"), eventstore::LogMissing);
  BOOST_TEST(fs::is_empty(folder.path()));
  BOOST_CHECK_THROW(LogReader(folder.path()), eventstore::LogForeign);
  std::ofstream(folder / "empty.db");
  BOOST_CHECK_THROW(LogReader(folder / "empty.db"), eventstore::LogForeign);
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  BOOST_CHECK_THROW(LogReader(folder / "text.db"), eventstore::LogForeign);
  SQLite::Database(folder / "other.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE event(position INTEGER PRIMARY KEY)");
  BOOST_CHECK_THROW(LogReader(folder / "other.db"), eventstore::LogForeign);
  fill(*make(folder / "log.db"), 2);
  log_fixture::tamper(folder / "log.db", "PRAGMA user_version = 2");
  BOOST_CHECK_THROW(LogReader(folder / "log.db"), eventstore::LogNewer);
}

BOOST_AUTO_TEST_CASE(verify_tells_each_break_once_and_where) {
  TemporaryFolder folder;
  fill(*make(folder / "log.db"), 2100);
  BOOST_TEST(problems_in(folder / "log.db").empty());
  log_fixture::tamper(folder / "log.db",
                      "UPDATE event SET payload = 'x' WHERE position = 4;"
                      "UPDATE event SET type = 'x' WHERE position = 1500");
  const std::vector<Problem> problems = problems_in(folder / "log.db");
  BOOST_REQUIRE(problems.size() == 2u);
  BOOST_TEST(problems[0].position == 4u);
  BOOST_TEST(problems[1].position == 1500u);
  BOOST_TEST(problems[1].sentence.find("event 1500") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(verify_tells_what_is_missing_and_versions_that_jump) {
  TemporaryFolder folder;
  fill(*make(folder / "log.db"), 10);
  log_fixture::tamper(folder / "log.db", "DELETE FROM event WHERE position = 5");
  const std::vector<Problem> problems = problems_in(folder / "log.db");
  BOOST_REQUIRE(problems.size() == 3u);
  BOOST_TEST(problems[0].position == 5u);
  BOOST_TEST(problems[0].sentence.find("missing") != std::string::npos);
  BOOST_TEST(problems[1].position == 6u);
  BOOST_TEST(problems[2].position == 6u);
  BOOST_TEST(problems[2].sentence.find("version") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(verify_tells_that_a_trigger_is_gone) {
  TemporaryFolder folder;
  fill(*make(folder / "log.db"), 2);
  SQLite::Database(folder / "log.db", SQLite::OPEN_READWRITE)
      .exec("DROP TRIGGER event_only_extends");
  const std::vector<Problem> problems = problems_in(folder / "log.db");
  BOOST_REQUIRE(problems.size() == 1u);
  BOOST_TEST(problems[0].position == 0u);
}

BOOST_AUTO_TEST_CASE(verify_survives_a_file_with_garbage_in_it) {
  TemporaryFolder folder;
  fill(*make(folder / "log.db"), 2000);
  {
    std::fstream file(folder / "log.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 4096);
    file << std::string(3 * 4096, '\x5a');
  }
  BOOST_TEST(!problems_in(folder / "log.db").empty());
}

BOOST_AUTO_TEST_SUITE_END()
