#include "eventstore/salvage.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(salvage)

namespace {

namespace fs = std::filesystem;

using eventstore::LogReader;
using eventstore::Problem;
using eventstore::RecordedEvent;
using eventstore::Salvage;
using eventstore::SqliteEventStore;
using log_fixture::bytes_of;
using log_fixture::full_event;
using log_fixture::TemporaryFolder;

void make(const fs::path& log, std::uint32_t events) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = true;
  SqliteEventStore store(std::move(options));
  std::vector<eventstore::NewEvent> batch;
  for (std::uint32_t i = 1; i <= events; ++i) batch.push_back(full_event("contact/a/1", i));
  store.append(std::move(batch), 1000);
  store.wait_until_durable();
}

// Without what SQLite keeps beside a database.
std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names = log_fixture::names_in(folder);
  std::erase_if(names, [](const std::string& name) {
    return name.ends_with("-wal") || name.ends_with("-shm");
  });
  return names;
}

using Names = std::set<std::string>;

Salvage save(const TemporaryFolder& folder) {
  const std::string before = bytes_of(folder / "log.db");
  const std::string witness_before = bytes_of(folder / "log.db.head");
  const Salvage saved =
      eventstore::salvage(folder / "log.db", folder / "new.db", {".keys", ".key"});
  BOOST_TEST((bytes_of(folder / "log.db") == before));
  BOOST_TEST((bytes_of(folder / "log.db.head") == witness_before));
  if (saved.kept.position == 0) {
    BOOST_TEST(!fs::exists(folder / "new.db"));
    return saved;
  }
  LogReader reader(folder / "new.db");
  BOOST_TEST(reader.verify([](const Problem& problem) { BOOST_ERROR(problem.sentence); }));
  BOOST_TEST(reader.head().position == saved.kept.position);
  BOOST_TEST(eventstore::to_hex(reader.head().hash) == eventstore::to_hex(saved.kept.hash));
  return saved;
}

// Writes the chain anew from an event on, as somebody who knows how it is made would.
void forge_from(const fs::path& log, eventstore::Position first) {
  std::vector<std::string> hashes;
  eventstore::Hash before{};
  LogReader(log).read(1, [&](const RecordedEvent& event) {
    RecordedEvent forged = event;
    if (event.position == first) forged.payload = R"({"digit":"2"})";
    before = event.position < first ? event.hash : chain_hash(before, forged);
    hashes.push_back(eventstore::to_hex(before));
    return true;
  });
  std::string sql =
      "UPDATE event SET payload = '{\"digit\":\"2\"}' WHERE position = " + std::to_string(first) +
      ';';
  for (auto i = first; i <= hashes.size(); ++i) {
    sql += "UPDATE event SET hash = x'" + hashes[i - 1] +
           "' WHERE position = " + std::to_string(i) + ';';
  }
  log_fixture::tamper(log, sql.c_str());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_log_that_is_well_is_kept_whole) {
  TemporaryFolder folder;
  make(folder / "log.db", 1500);
  std::ofstream(folder / "log.db.key") << "secret\n";
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 1500u);
  BOOST_TEST(saved.first_bad == 0u);
  BOOST_TEST(saved.why == "");
  BOOST_TEST(saved.witness == "");
  BOOST_TEST(bytes_of(folder / "new.db.key") == "secret\n");
  BOOST_TEST((names_in(folder.path()) ==
              Names{"log.db", "log.db.head", "log.db.key", "new.db", "new.db.head", "new.db.key"}));
}

BOOST_AUTO_TEST_CASE(what_is_before_an_edit_is_kept) {
  TemporaryFolder folder;
  make(folder / "log.db", 1500);
  log_fixture::tamper(folder / "log.db", "UPDATE event SET type = 'x' WHERE position = 1200");
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 1199u);
  BOOST_TEST(saved.first_bad == 1200u);
  BOOST_TEST(saved.last_known == 1500u);
  BOOST_TEST(saved.why.find("event 1200") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_before_a_gap_is_kept) {
  TemporaryFolder folder;
  make(folder / "log.db", 20);
  log_fixture::tamper(folder / "log.db", "DELETE FROM event WHERE position = 5");
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 4u);
  BOOST_TEST(saved.first_bad == 5u);
  BOOST_TEST(saved.last_known == 20u);
}

BOOST_AUTO_TEST_CASE(what_is_before_a_page_of_garbage_is_kept) {
  TemporaryFolder folder;
  make(folder / "log.db", 2000);
  const auto size = fs::file_size(folder / "log.db");
  {
    std::fstream file(folder / "log.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 4096 / 2 * 4096));
    file << std::string(4096, '\x5a');
  }
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position > 0u);
  BOOST_TEST(saved.kept.position < 2000u);
  BOOST_TEST(saved.first_bad == saved.kept.position + 1);
  BOOST_TEST(saved.last_known == 2000u);
}

BOOST_AUTO_TEST_CASE(a_lost_end_is_told_and_the_rest_is_kept) {
  TemporaryFolder folder;
  make(folder / "log.db", 100);
  log_fixture::tamper(folder / "log.db", "DELETE FROM event WHERE position > 90");
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 90u);
  BOOST_TEST(saved.first_bad == 91u);
  BOOST_TEST(saved.last_known == 100u);
}

// Its chain is sound, so nothing but the witness tells the forged log from the true one, and
// nothing tells which of its events are forged.
BOOST_AUTO_TEST_CASE(nothing_of_a_log_that_was_written_anew_is_kept) {
  TemporaryFolder folder;
  make(folder / "log.db", 100);
  forge_from(folder / "log.db", 50);
  BOOST_TEST(LogReader(folder / "log.db").verify_itself([](const Problem&) {}));
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 0u);
  BOOST_TEST(saved.why.find("written anew") != std::string::npos);
  BOOST_TEST((names_in(folder.path()) == Names{"log.db", "log.db.head"}));
}

BOOST_AUTO_TEST_CASE(without_a_witness_the_sound_beginning_is_kept_and_that_is_said) {
  TemporaryFolder folder;
  make(folder / "log.db", 100);
  log_fixture::tamper(folder / "log.db", "UPDATE event SET type = 'x' WHERE position = 60");
  fs::remove(folder / "log.db.head");
  const Salvage saved = save(folder);
  BOOST_TEST(saved.kept.position == 59u);
  BOOST_TEST(!saved.witness.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_written_over_what_stands_there) {
  TemporaryFolder folder;
  make(folder / "log.db", 10);
  for (const char* taken : {"new.db", "new.db-wal", "new.db.head", "new.db.key", "new.db.keys"}) {
    std::ofstream(folder / taken) << "mine";
    BOOST_CHECK_THROW(eventstore::salvage(folder / "log.db", folder / "new.db", {".keys", ".key"}),
                      std::invalid_argument);
    BOOST_TEST(bytes_of(folder / taken) == "mine", taken);
    fs::remove(folder / taken);
  }
  BOOST_CHECK_THROW(eventstore::salvage(folder / "log.db", folder / "none/new.db", {}),
                    std::invalid_argument);
  BOOST_TEST((names_in(folder.path()) == Names{"log.db", "log.db.head"}));
}

BOOST_AUTO_TEST_CASE(what_is_no_log_is_refused) {
  TemporaryFolder folder;
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  BOOST_CHECK_THROW(eventstore::salvage(folder / "text.db", folder / "new.db", {}),
                    eventstore::LogForeign);
  BOOST_CHECK_THROW(eventstore::salvage(folder / "none.db", folder / "new.db", {}),
                    eventstore::LogMissing);
  BOOST_TEST((names_in(folder.path()) == Names{"text.db"}));
}

BOOST_AUTO_TEST_SUITE_END()
