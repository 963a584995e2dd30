#include "eventstore/backup.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(backup)

namespace {

namespace fs = std::filesystem;

using eventstore::Backup;
using eventstore::BackupFile;
using eventstore::BackupPlan;
using eventstore::LogReader;
using eventstore::Position;
using eventstore::Problem;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::bytes_of;
using log_fixture::event;
using log_fixture::names_in;
using log_fixture::TemporaryFolder;

std::unique_ptr<SqliteEventStore> store_at(const fs::path& log, bool create) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  return std::make_unique<SqliteEventStore>(std::move(options));
}

void fill(SqliteEventStore& store, std::uint32_t from, std::uint32_t to) {
  std::vector<eventstore::NewEvent> batch;
  for (std::uint32_t i = from; i <= to; ++i) batch.push_back(event("contact/a/1", i));
  store.append(std::move(batch), 1000);
  store.wait_until_durable();
}

BackupPlan plan_of(const fs::path& log, const fs::path& to) {
  BackupPlan plan;
  plan.log = log;
  plan.to = to;
  plan.key_endings = {".keys", ".key"};
  plan.manifest = [](const Backup& backup, const std::vector<BackupFile>& beside) {
    return std::to_string(backup.head.position) + " events, " + std::to_string(beside.size()) +
           " files\n";
  };
  return plan;
}

using Names = std::set<std::string>;

bool is_well(const fs::path& log) {
  return LogReader(log).verify([](const Problem& problem) { BOOST_ERROR(problem.sentence); });
}

void put(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_whole_set_is_copied_and_opens_where_it_lies) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 2500);
  put(folder / "log.db.key", "secret\n");
  SQLite::Database(folder / "log.db.keys", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE key(id INTEGER PRIMARY KEY); INSERT INTO key VALUES(7)");
  const Backup made = back_up(plan_of(folder / "log.db", folder / "saved"));
  BOOST_TEST(made.head.position == 2500u);
  BOOST_TEST((names_in(folder / "saved") ==
              Names{"MANIFEST.json", "log.db", "log.db.head", "log.db.key", "log.db.keys"}));
  BOOST_TEST(bytes_of(folder / "saved/MANIFEST.json") == "2500 events, 4 files\n");
  BOOST_TEST(bytes_of(folder / "saved/log.db.key") == "secret\n");
  SQLite::Database keys(folder / "saved/log.db.keys");
  BOOST_TEST(keys.execAndGet("SELECT id FROM key").getInt() == 7);
  BOOST_TEST(is_well(folder / "saved/log.db"));
  // And goes on as a log.
  const auto store = store_at(folder / "saved/log.db", false);
  BOOST_TEST(store->last() == 2500u);
  fill(*store, 2501, 2502);
}

BOOST_AUTO_TEST_CASE(only_its_owner_may_read_a_backup) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 2);
  put(folder / "log.db.key", "secret\n");
  back_up(plan_of(folder / "log.db", folder / "saved"));
  for (const auto& name : names_in(folder / "saved")) {
    struct stat found {};
    BOOST_REQUIRE(stat((folder / "saved" / name).c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0600U, name);
  }
  struct stat found {};
  BOOST_REQUIRE(stat((folder / "saved").c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 0777U) == 0700U);
}

BOOST_AUTO_TEST_CASE(the_keys_go_apart_or_stay_away_when_asked) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 2);
  put(folder / "log.db.key", "secret\n");
  BackupPlan plan = plan_of(folder / "log.db", folder / "saved");
  plan.keys_to = folder / "keys";
  fs::create_directory(plan.keys_to);
  const Backup made = back_up(plan);
  BOOST_TEST(made.keys.size() == 1u);
  BOOST_TEST((names_in(folder / "saved") == Names{"MANIFEST.json", "log.db", "log.db.head"}));
  BOOST_TEST((names_in(folder / "keys") == Names{"MANIFEST.json", "log.db.key"}));
  BackupPlan without = plan_of(folder / "log.db", folder / "without");
  without.key_endings.clear();
  back_up(without);
  BOOST_TEST((names_in(folder / "without") == Names{"MANIFEST.json", "log.db", "log.db.head"}));
}

// The events that come while it copies are not in it; no transaction of it keeps them waiting.
BOOST_AUTO_TEST_CASE(a_log_that_is_written_meanwhile_is_copied_up_to_a_commit) {
  TemporaryFolder folder;
  const auto store = store_at(folder / "log.db", true);
  fill(*store, 1, 5000);
  for (int round = 0; round < 5; ++round) {
    const Position before = store->last();
    const fs::path to = folder / ("saved" + std::to_string(round)).c_str();
    Backup made;
    std::thread other([&] { made = back_up(plan_of(folder / "log.db", to)); });
    const auto version = static_cast<std::uint32_t>(before);
    for (std::uint32_t i = 1; i <= 200; ++i) {
      store->append(
          {event("contact/a/1", version + 2 * i - 1), event("contact/a/1", version + 2 * i)}, 1000);
      store->wait_until_durable();
    }
    other.join();
    BOOST_TEST(made.head.position >= before);
    BOOST_TEST(made.head.position % 2 == 0u);
    BOOST_TEST(is_well(to / "log.db"));
    BOOST_TEST(LogReader(to / "log.db").head().position == made.head.position);
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_log_is_not_backed_up_and_nothing_is_left) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 100);
  log_fixture::tamper(folder / "log.db", "UPDATE event SET payload = 'x' WHERE position = 40");
  const Names before = names_in(folder.path());
  BOOST_CHECK_EXCEPTION(back_up(plan_of(folder / "log.db", folder / "saved")),
                        eventstore::LogDamaged, [](const eventstore::LogDamaged& damage) {
                          return damage.first_bad() == 40 &&
                                 std::string(damage.what()).find("40") != std::string::npos;
                        });
  Names after = names_in(folder.path());
  for (const char* passing : {"log.db-wal", "log.db-shm"}) after.erase(passing);
  BOOST_TEST((after == before));
}

BOOST_AUTO_TEST_CASE(a_log_that_lost_its_end_or_its_witness_is_not_backed_up) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 100);
  log_fixture::tamper(folder / "log.db", "DELETE FROM event WHERE position > 90");
  BOOST_CHECK_EXCEPTION(back_up(plan_of(folder / "log.db", folder / "saved")), eventstore::LogLost,
                        [](const eventstore::LogLost& lost) { return lost.first_bad() == 91; });
  fs::remove(folder / "log.db.head");
  BOOST_CHECK_THROW(back_up(plan_of(folder / "log.db", folder / "saved")),
                    eventstore::LogUnwitnessed);
  BOOST_TEST(!fs::exists(folder / "saved"));
}

BOOST_AUTO_TEST_CASE(nothing_is_put_over_what_is_there) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 2);
  fs::create_directory(folder / "empty");
  BOOST_CHECK_NO_THROW(back_up(plan_of(folder / "log.db", folder / "empty")));
  const std::string before = bytes_of(folder / "empty/log.db");
  BOOST_CHECK_THROW(back_up(plan_of(folder / "log.db", folder / "empty")), std::invalid_argument);
  BOOST_TEST((bytes_of(folder / "empty/log.db") == before));
  put(folder / "file", "x");
  BOOST_CHECK_THROW(back_up(plan_of(folder / "log.db", folder / "file")), std::invalid_argument);
  BOOST_CHECK_THROW(back_up(plan_of(folder / "log.db", folder / "none/saved")),
                    std::invalid_argument);
  BackupPlan same = plan_of(folder / "log.db", folder / "same");
  same.keys_to = folder / "same";
  BOOST_CHECK_THROW(back_up(same), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(what_a_killed_backup_left_is_thrown_away_and_nothing_else) {
  TemporaryFolder folder;
  fill(*store_at(folder / "log.db", true), 1, 2);
  fs::create_directory(folder / "saved.part");
  put(folder / "saved.part/log.db", "half");
  put(folder / "saved.part/log.db-journal", "half");
  back_up(plan_of(folder / "log.db", folder / "saved"));
  BOOST_TEST(is_well(folder / "saved/log.db"));
  BOOST_TEST(!fs::exists(folder / "saved.part"));

  fs::create_directory(folder / "other.part");
  put(folder / "other.part/thesis.txt", "mine");
  BOOST_CHECK_THROW(back_up(plan_of(folder / "log.db", folder / "other")), std::invalid_argument);
  BOOST_TEST(bytes_of(folder / "other.part/thesis.txt") == "mine");
}

BOOST_AUTO_TEST_CASE(what_is_no_log_is_not_backed_up) {
  TemporaryFolder folder;
  BOOST_CHECK_THROW(back_up(plan_of(folder / "none.db", folder / "saved")), eventstore::LogMissing);
  put(folder / "text.db", std::string(5000, 'x'));
  BOOST_CHECK_THROW(back_up(plan_of(folder / "text.db", folder / "saved")), eventstore::LogForeign);
  BOOST_TEST((names_in(folder.path()) == Names{"text.db"}));
}

BOOST_AUTO_TEST_SUITE_END()
