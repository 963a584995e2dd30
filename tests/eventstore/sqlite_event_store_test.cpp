#include "eventstore/sqlite_event_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/witness.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(sqlite_event_store)

namespace {

namespace fs = std::filesystem;

using eventstore::LogDamaged;
using eventstore::LogExists;
using eventstore::LogFailed;
using eventstore::LogForeign;
using eventstore::LogLocked;
using eventstore::LogMissing;
using eventstore::LogNewer;
using eventstore::Position;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::event;
using log_fixture::full_event;
using log_fixture::TemporaryFolder;

std::unique_ptr<SqliteEventStore> open(
    const fs::path& log, bool create = false,
    const std::function<void(const RecordedEvent&)>& replay = {}) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  return std::make_unique<SqliteEventStore>(std::move(options), replay);
}

// A closed log with this many events in two streams.
void make_log(const fs::path& log, std::uint32_t events) {
  const auto store = open(log, true);
  std::vector<eventstore::NewEvent> batch;
  for (std::uint32_t i = 0; i < events; ++i) {
    batch.push_back(full_event(i % 2 == 0 ? "contact/a/1" : "contact/a/2", 1 + i / 2));
  }
  store->append(std::move(batch), 1000);
}

// Copies by another process: to open and close the file here would drop SQLite's locks on it.
void copy_file_by_another_process(const fs::path& from, const fs::path& to) {
  const std::string command = "cp '" + from.string() + "' '" + to.string() + "'";
  BOOST_REQUIRE(std::system(command.c_str()) == 0);
}

std::string message_of(const std::function<void()>& refused) {
  try {
    refused();
  } catch (const LogFailed& failure) {
    return failure.what();
  }
  return "was not refused";
}

// Position of the first bad event; 0 when the log opens.
Position damage_in(const fs::path& log) {
  try {
    open(log);
  } catch (const LogDamaged& damage) {
    return damage.first_bad();
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_is_made_only_where_nothing_stands) {
  TemporaryFolder folder;
  BOOST_CHECK_THROW(open(folder / "log.db"), LogMissing);
  BOOST_TEST(fs::is_empty(folder.path()));
  open(folder / "log.db", true);
  BOOST_CHECK_THROW(open(folder / "log.db", true), LogExists);
  open(folder / "log.db");
  BOOST_CHECK_THROW(open(folder / "none"), LogMissing);
  BOOST_CHECK_THROW(open(folder / "no-folder/log.db", true), LogFailed);
}

BOOST_AUTO_TEST_CASE(a_closed_log_is_two_files_that_only_its_owner_reads) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 10);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  const std::vector<std::string> expected = {"log.db", "log.db.head"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
  BOOST_TEST((fs::status(folder / "log.db").permissions() == fs::perms(0600)));
  BOOST_TEST((fs::status(folder / "log.db.head").permissions() == fs::perms(0600)));
}

BOOST_AUTO_TEST_CASE(the_first_batch_becomes_durable_with_the_log) {
  TemporaryFolder folder;
  SqliteEventStore::Options options;
  options.path = folder / "log.db";
  options.create = true;
  options.first = {event("runner", 1, "identity")};
  options.first_recorded_at = 42;
  std::vector<std::string> replayed;
  const SqliteEventStore store(std::move(options), [&](const RecordedEvent& read) {
    replayed.emplace_back(read.payload);
    BOOST_TEST(read.recorded_at == 42);
    BOOST_TEST(read.epoch == 1u);
  });
  const std::vector<std::string> expected = {"identity"};
  BOOST_TEST(replayed == expected, boost::test_tools::per_element());
  BOOST_TEST(store.durable().position() == 1u);
  BOOST_TEST(store.epoch() == 1u);
  BOOST_TEST(store.version_of("runner") == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_of_making_a_log_does_no_harm) {
  TemporaryFolder folder;
  std::ofstream(folder / "log.db.new") << "half a log";
  std::ofstream(folder / "log.db.new-wal") << "half a wal";
  open(folder / "log.db", true);
  BOOST_TEST(!fs::exists(folder / "log.db.new"));
  BOOST_TEST(!fs::exists(folder / "log.db.new-wal"));
}

BOOST_AUTO_TEST_CASE(a_new_log_does_not_take_over_the_wal_of_an_old_one) {
  TemporaryFolder folder;
  std::ofstream(folder / "log.db-wal") << "events of another log";
  BOOST_CHECK_THROW(open(folder / "log.db", true), LogExists);
  BOOST_TEST(fs::exists(folder / "log.db-wal"));
  BOOST_TEST(!fs::exists(folder / "log.db.new"));
}

BOOST_AUTO_TEST_CASE(opening_replays_every_event_in_order) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 5000);
  Position seen = 0;
  std::size_t out_of_order = 0;
  const auto store = open(folder / "log.db", false, [&](const RecordedEvent& read) {
    if (read.position != ++seen) ++out_of_order;
  });
  BOOST_TEST(seen == 5000u);
  BOOST_TEST(out_of_order == 0u);
  BOOST_TEST(store->last() == 5000u);
  BOOST_TEST(store->epoch() == 2u);
  BOOST_TEST(store->version_of("contact/a/2") == 2500u);
}

BOOST_AUTO_TEST_CASE(the_visitor_that_throws_ends_the_opening) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  const auto refuse = [](const RecordedEvent&) { throw std::domain_error("another carrier"); };
  BOOST_CHECK_THROW(open(folder / "log.db", false, refuse), std::domain_error);
  open(folder / "log.db");
}

BOOST_AUTO_TEST_CASE(a_second_opener_is_refused_and_told_who_holds_the_log) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  const std::string me = "process " + std::to_string(getpid());
  BOOST_TEST(message_of([&] { open(folder / "log.db"); }).find(me) != std::string::npos);
  fs::create_symlink(folder / "log.db", folder / "symbolic.db");
  BOOST_CHECK_THROW(open(folder / "symbolic.db"), LogLocked);
  fs::create_hard_link(folder / "log.db", folder / "hard.db");
  BOOST_CHECK_THROW(open(folder / "hard.db"), LogLocked);
  store->append({event("a", 1)}, 1);
  store->wait_until_durable();
}

// SQLite holds a POSIX lock on the database while it is open; to close any descriptor of the file
// in this process would drop it, and another process would take the WAL away.
BOOST_AUTO_TEST_CASE(a_refused_opener_does_not_drop_the_locks_of_the_holder) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  store->append({event("a", 1)}, 1);
  store->wait_until_durable();
  BOOST_CHECK_THROW(open(folder / "log.db"), LogLocked);
  // Told through a pipe: under valgrind the exit code of the child is valgrind's to choose.
  int told[2];
  BOOST_REQUIRE(pipe(told) == 0);
  const pid_t child = fork();
  if (child == 0) {
    constexpr off_t first_shared_byte = 0x40000000 + 2;
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    wanted.l_start = first_shared_byte;
    wanted.l_len = 510;
    const int file = ::open((folder / "log.db").c_str(), O_RDWR);
    const bool held = file >= 0 && fcntl(file, F_GETLK, &wanted) == 0 && wanted.l_type == F_RDLCK;
    const char byte = held ? 'h' : 'f';
    _exit(write(told[1], &byte, 1) == 1 ? 0 : 1);
  }
  close(told[1]);
  char byte = 0;
  BOOST_REQUIRE(read(told[0], &byte, 1) == 1);
  close(told[0]);
  BOOST_TEST(byte == 'h');
  BOOST_REQUIRE(waitpid(child, nullptr, 0) == child);
}

// Another process is another program for the kernel: the lock must hold there too.
BOOST_AUTO_TEST_CASE(another_process_is_refused_until_the_holder_is_gone) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  int ready[2];
  int done[2];
  BOOST_REQUIRE(pipe(ready) == 0 && pipe(done) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte = 'k';
    const int held = ::open((folder / "log.db").c_str(), O_RDWR);
    if (held < 0 || flock(held, LOCK_EX) != 0) byte = 'x';
    if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 0;
  BOOST_REQUIRE(read(ready[0], &byte, 1) == 1);
  BOOST_REQUIRE(byte == 'k');
  std::ofstream(folder / "log.db.lock") << "pid " << child << "\nhost elsewhere\nsince today\n";
  const std::string message = message_of([&] { open(folder / "log.db"); });
  BOOST_TEST(message.find("process " + std::to_string(child) + " on elsewhere") !=
             std::string::npos);
  BOOST_REQUIRE(write(done[1], "g", 1) == 1);
  BOOST_REQUIRE(waitpid(child, nullptr, 0) == child);
  open(folder / "log.db");
  for (const int end : {ready[0], ready[1], done[0], done[1]}) close(end);
}

BOOST_AUTO_TEST_CASE(a_dead_process_is_not_named_as_the_holder) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  std::ofstream(folder / "log.db.lock")
      << "pid " << dead << "\nhost " << host << "\nsince yesterday\n";
  const std::string message = message_of([&] { open(folder / "log.db"); });
  BOOST_TEST(message.find("held by another process") != std::string::npos);
  BOOST_TEST(message.find(std::to_string(dead)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_log_with_two_names_is_refused) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  fs::create_hard_link(folder / "log.db", folder / "hard.db");
  BOOST_CHECK_THROW(open(folder / "hard.db"), LogFailed);
  BOOST_CHECK_THROW(open(folder / "log.db"), LogFailed);
  fs::remove(folder / "hard.db");
  open(folder / "log.db");
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_leads_to_the_log) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  fs::create_symlink(folder / "log.db", folder / "symbolic.db");
  BOOST_TEST(open(folder / "symbolic.db")->last() == 3u);
  BOOST_TEST(open(folder / "log.db")->last() == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_no_log_of_ours_is_refused_and_left_alone) {
  TemporaryFolder folder;
  std::ofstream(folder / "empty.db");
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  {
    SQLite::Database other((folder / "other.db").string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE event(position INTEGER PRIMARY KEY)");
  }
  BOOST_CHECK_THROW(open(folder / "empty.db"), LogForeign);
  BOOST_CHECK_THROW(open(folder / "text.db"), LogForeign);
  BOOST_CHECK_THROW(open(folder / "other.db"), LogForeign);
  BOOST_CHECK_THROW(open(folder.path()), LogForeign);
  BOOST_TEST(fs::file_size(folder / "empty.db") == 0u);
  BOOST_TEST(fs::file_size(folder / "text.db") == 5000u);
  BOOST_TEST(!fs::exists(folder / "text.db.lock"));
}

BOOST_AUTO_TEST_CASE(a_newer_layout_is_refused) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  log_fixture::tamper(folder / "log.db", "PRAGMA user_version = 2");
  BOOST_CHECK_THROW(open(folder / "log.db"), LogNewer);
  log_fixture::tamper(folder / "log.db", "PRAGMA user_version = 1");
  open(folder / "log.db");
}

BOOST_AUTO_TEST_CASE(damage_is_found_and_located) {
  struct Damage {
    const char* sql;
    Position first_bad;
  };
  const std::vector<Damage> damages = {
      {"UPDATE event SET payload = '{}' WHERE position = 4", 4},
      {"UPDATE event SET personal = x'00' WHERE position = 1", 1},
      {"UPDATE event SET recorded_at = recorded_at + 1 WHERE position = 9", 9},
      {"UPDATE event SET occurred_at = NULL WHERE position = 10", 10},
      {"UPDATE event SET version = version + 4294967296 WHERE position = 3", 3},
      {"UPDATE event SET hash = x'00' WHERE position = 2", 2},
      {"DELETE FROM event WHERE position = 5", 5},
      {"DELETE FROM event WHERE position = 1", 1},
      {"INSERT INTO event SELECT 0, stream, version, type, schema, recorded_at, occurred_at, epoch,"
       " cause, key_id, personal, payload, hash FROM event WHERE position = 1",
       1},
      {"INSERT INTO event SELECT 11, stream, version, type, schema, recorded_at, occurred_at, "
       "epoch, cause, key_id, personal, payload, hash FROM event WHERE position = 10",
       11},
  };
  for (const Damage& damage : damages) {
    BOOST_TEST_CONTEXT(damage.sql) {
      TemporaryFolder folder;
      make_log(folder / "log.db", 10);
      BOOST_TEST(damage_in(folder / "log.db") == 0u);
      log_fixture::tamper(folder / "log.db", damage.sql);
      BOOST_TEST(damage_in(folder / "log.db") == damage.first_bad);
    }
  }
}

// Whoever can compute the chain can still not leave an event out or count a stream wrongly. What
// the chain alone would let pass, the witness does not; without it, nothing would tell.
BOOST_AUTO_TEST_CASE(gaps_are_found_where_the_chain_was_computed_again) {
  const auto forge_last = [](const fs::path& log, const std::string& column,
                             const std::function<void(RecordedEvent&)>& change) {
    std::string sql;
    eventstore::Hash before{};
    eventstore::LogReader(log).read(1, [&](const RecordedEvent& read) {
      RecordedEvent forged = read;
      change(forged);
      sql = "UPDATE event SET " + column + " = " + column + " + 1, hash = x'" +
            eventstore::to_hex(eventstore::chain_hash(before, forged)) +
            "' WHERE position = " + std::to_string(read.position);
      before = read.hash;
      return true;
    });
    log_fixture::tamper(log, sql);
  };
  TemporaryFolder folder;
  make_log(folder / "position.db", 10);
  forge_last(folder / "position.db", "position", [](RecordedEvent& e) { ++e.position; });
  BOOST_TEST(damage_in(folder / "position.db") == 10u);
  make_log(folder / "version.db", 10);
  forge_last(folder / "version.db", "version", [](RecordedEvent& e) { ++e.version; });
  BOOST_TEST(damage_in(folder / "version.db") == 10u);
  make_log(folder / "time.db", 10);
  forge_last(folder / "time.db", "recorded_at", [](RecordedEvent& e) { ++e.recorded_at; });
  BOOST_TEST(damage_in(folder / "time.db") == 10u);
  eventstore::accept_head(folder / "time.db");
  BOOST_TEST(damage_in(folder / "time.db") == 0u);
}

BOOST_AUTO_TEST_CASE(a_log_whose_triggers_were_taken_away_is_refused) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  SQLite::Database(folder / "log.db", SQLite::OPEN_READWRITE)
      .exec("DROP TRIGGER event_is_never_deleted");
  BOOST_TEST(damage_in(folder / "log.db") == 1u);
}

BOOST_AUTO_TEST_CASE(the_file_itself_forbids_all_but_extending) {
  TemporaryFolder folder;
  make_log(folder / "log.db", 3);
  {
    SQLite::Database database(folder / "log.db", SQLite::OPEN_READWRITE);
    const std::string copied =
        ", stream, version, type, schema, recorded_at, occurred_at, epoch, cause, key_id, personal,"
        " payload, hash FROM event WHERE position = 3";
    for (const std::string& sql :
         {std::string("UPDATE event SET payload = '' WHERE position = 2"),
          std::string("DELETE FROM event WHERE position = 3"),
          "INSERT OR REPLACE INTO event SELECT 3" + copied, "REPLACE INTO event SELECT 1" + copied,
          "INSERT INTO event SELECT 5" + copied, "INSERT INTO event SELECT NULL" + copied,
          "INSERT OR IGNORE INTO event SELECT -1" + copied}) {
      BOOST_TEST_CONTEXT(sql) {
        BOOST_CHECK_THROW(database.exec(sql), SQLite::Exception);
      }
    }
    BOOST_TEST(database.tryExec("INSERT INTO event SELECT 4" + copied) == 0);
    BOOST_TEST(database.tryExec("DROP TRIGGER event_is_never_deleted") == 0);
    BOOST_TEST(database.tryExec("DELETE FROM event WHERE position = 4") == 0);
    database.exec(
        "CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event\n"
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END");
  }
  BOOST_TEST(open(folder / "log.db")->last() == 3u);
}

// As after kill -9: the database and its WAL as they lie on disk while the writer works.
BOOST_AUTO_TEST_CASE(a_log_that_was_not_closed_goes_on_from_its_wal) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  for (std::uint32_t i = 1; i <= 20; ++i) {
    store->append({event("a", i)}, i);
    store->wait_until_durable();
  }
  copy_file_by_another_process(folder / "log.db", folder / "copy.db");
  copy_file_by_another_process(folder / "log.db.head", folder / "copy.db.head");
  BOOST_CHECK_THROW(open(folder / "copy.db"), eventstore::LogLost);
  for (const char* end : {"-wal", "-shm"}) fs::remove((folder / "copy.db").string() + end);
  copy_file_by_another_process(folder / "log.db-wal", folder / "copy.db-wal");
  {
    const auto copied = open(folder / "copy.db");
    BOOST_TEST(copied->last() == 20u);
    BOOST_TEST(copied->epoch() == 2u);
    copied->append({event("a", 21)}, 21);
  }
  BOOST_TEST(open(folder / "copy.db")->last() == 21u);
}

BOOST_AUTO_TEST_CASE(what_waits_when_the_store_goes_is_committed) {
  TemporaryFolder folder;
  {
    const auto store = open(folder / "log.db", true);
    for (std::uint32_t i = 1; i <= 1000; ++i) store->append({event("a", i)}, i);
  }
  BOOST_TEST(open(folder / "log.db")->last() == 1000u);
}

BOOST_AUTO_TEST_CASE(batches_that_wait_share_a_commit) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  for (std::uint32_t i = 1; i <= 5000; ++i) store->append({event("a", i)}, i);
  store->wait_until_durable();
  BOOST_TEST(store->durable().position() == 5000u);
  BOOST_TEST(store->commits() >= 2u);
  BOOST_TEST(store->commits() < 2500u);
}

BOOST_AUTO_TEST_CASE(a_batch_larger_than_a_group_is_committed_whole) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  std::vector<eventstore::NewEvent> batch;
  constexpr std::uint32_t events = 3 * SqliteEventStore::group_events_max;
  for (std::uint32_t i = 1; i <= events; ++i) batch.push_back(event("a", i));
  store->append(std::move(batch), 1);
  store->wait_until_durable();
  BOOST_TEST(store->commits() == 1u);
}

BOOST_AUTO_TEST_CASE(a_group_keeps_to_its_bytes) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  const std::string large(eventstore::event_bytes_max / 2, 'x');
  for (std::uint32_t i = 1; i <= 40; ++i) store->append({event("a", i, large)}, i);
  store->wait_until_durable();
  BOOST_TEST(store->commits() >= 40 * large.size() / SqliteEventStore::group_bytes_max);
}

BOOST_AUTO_TEST_CASE(the_wal_stays_short_while_much_is_written) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  const std::string payload(1000, 'x');
  std::uint32_t version = 0;
  std::uintmax_t longest = 0;
  for (int round = 0; round < 30; ++round) {
    std::vector<eventstore::NewEvent> batch;
    for (int i = 0; i < 1000; ++i) batch.push_back(event("a", ++version, payload));
    store->append(std::move(batch), 1);
    store->wait_until_durable();
    longest = std::max(longest, fs::file_size(folder / "log.db-wal"));
  }
  BOOST_TEST(longest < 16u << 20);
}

// Nobody can keep another program from holding a transaction open. It must be seen, must not cost a
// checkpoint with each commit, and must be over when the transaction is.
BOOST_AUTO_TEST_CASE(a_slow_reader_makes_the_wal_long_and_that_is_seen) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const auto store = open(folder / "log.db", true);
  const std::string large(900'000, 'x');
  std::uint32_t version = 0;
  const auto append = [&] {
    store->append({event("a", ++version, large)}, 1);
    store->wait_until_durable();
  };
  append();
  {
    SQLite::Database reader(folder / "log.db", SQLite::OPEN_READONLY);
    reader.exec("BEGIN");
    BOOST_TEST(reader.execAndGet("SELECT count(*) FROM event").getInt() == 1);
    BOOST_TEST(!store->wal_is_long());
    while (!store->wal_is_long() && version < 60) append();
    BOOST_TEST(store->wal_is_long());
    BOOST_TEST(fs::file_size(folder / "log.db-wal") > SqliteEventStore::wal_bytes_alarm);
  }
  for (const std::uint32_t end = version + 20; store->wal_is_long() && version < end;) append();
  BOOST_TEST(!store->wal_is_long());
  const std::uint32_t last = version;
  append();
  BOOST_TEST(store->last() == last + 1);
}

BOOST_AUTO_TEST_CASE(each_commit_is_told_and_durable_by_then) {
  TemporaryFolder folder;
  std::atomic<int> told{0};
  SqliteEventStore::Options options;
  options.path = folder / "log.db";
  options.create = true;
  options.on_durable = [&] { told.fetch_add(1); };
  {
    SqliteEventStore store(std::move(options));
    store.append({event("a", 1)}, 1);
    store.wait_until_durable();
    store.append({event("a", 2)}, 1);
    store.wait_until_durable();
  }
  BOOST_TEST(told.load() == 2);
}

BOOST_AUTO_TEST_CASE(a_foreign_writer_makes_the_log_fail_and_say_so) {
  TemporaryFolder folder;
  std::atomic<int> told{0};
  SqliteEventStore::Options options;
  options.path = folder / "log.db";
  options.create = true;
  options.on_durable = [&] { told.fetch_add(1); };
  SqliteEventStore store(std::move(options));
  store.append({event("a", 1)}, 1);
  store.wait_until_durable();
  {
    SQLite::Database foreign(folder / "log.db", SQLite::OPEN_READWRITE, 2000);
    foreign.exec(
        "INSERT INTO event SELECT 2, stream, 2, type, schema, recorded_at, occurred_at, epoch, "
        "cause, key_id, personal, payload, hash FROM event WHERE position = 1");
  }
  store.append({event("a", 2)}, 1);
  BOOST_CHECK_THROW(store.wait_until_durable(), LogFailed);
  BOOST_CHECK_THROW(store.durable(), LogFailed);
  BOOST_CHECK_THROW(store.append({event("a", 3)}, 1), LogFailed);
  while (told.load() < 2) std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(a_log_that_lost_its_end_while_open_is_not_extended) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  store->append({event("a", 1), event("a", 2)}, 1);
  store->wait_until_durable();
  log_fixture::tamper(folder / "log.db", "DELETE FROM event WHERE position = 2");
  store->append({event("a", 3)}, 1);
  BOOST_CHECK_THROW(store->wait_until_durable(), LogFailed);
}

BOOST_AUTO_TEST_CASE(readers_beside_a_busy_writer_see_whole_batches_in_order) {
  TemporaryFolder folder;
  const auto store = open(folder / "log.db", true);
  std::atomic<bool> written{false};
  std::atomic<int> wrong{0};
  constexpr std::uint32_t batches = 1500;
  const auto follow = [&] {
    eventstore::LogReader reader(folder / "log.db");
    Position next = 1;
    while (next <= 3 * batches) {
      const bool last_round = written.load();
      const Position before = next;
      reader.read(next, [&](const RecordedEvent& read) {
        if (read.position != next++) ++wrong;
        return true;
      });
      if ((next - 1) % 3 != 0) ++wrong;
      if (last_round && next == before && next <= 3 * batches) {
        ++wrong;
        return;
      }
    }
  };
  std::thread one(follow);
  std::thread other(follow);
  for (std::uint32_t i = 0; i < batches; ++i) {
    store->append({event("a", 3 * i + 1), event("a", 3 * i + 2), event("a", 3 * i + 3)}, i);
    if (i % 4 == 0) store->wait_until_durable();
  }
  store->wait_until_durable();
  written = true;
  one.join();
  other.join();
  BOOST_TEST(wrong.load() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
