// A log that was damaged on its disk or edited by hand gives the same events or a refusal; nothing
// passes in silence, and the files are left as they were.
//
//   CAMPANILE_DAMAGES (120) single wrong bits, besides every cut; CAMPANILE_EDITS (200)
//   CAMPANILE_SEED (1)
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(damage)

namespace {

namespace fs = std::filesystem;

using eventstore::Hash;
using eventstore::LogDamaged;
using eventstore::LogFailed;
using eventstore::LogReader;
using eventstore::Position;
using eventstore::Problem;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::bytes_of;
using log_fixture::event;
using log_fixture::full_event;
using log_fixture::TemporaryFolder;

constexpr std::size_t wal_header_bytes = 32;
constexpr std::size_t wal_frame_bytes = 24 + 4096;

std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

SqliteEventStore::Options options_for(const fs::path& log, bool create) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  options.reserve_bytes_max = 4096;
  if (create) options.first = {event("runner", 1)};
  return options;
}

// The files of a log, by how their names end.
using Files = std::map<std::string, std::string>;

constexpr const char* ends[] = {"", "-wal", ".head"};

Files read_files(const fs::path& log) {
  Files files;
  for (const char* end : ends) {
    const fs::path file = log.string() + end;
    if (fs::exists(file)) files[end] = bytes_of(file);
  }
  return files;
}

void write_files(const fs::path& log, const Files& files) {
  for (const auto& [end, bytes] : files) {
    std::ofstream(log.string() + end, std::ios::binary) << bytes;
  }
}

// Copied by another process, as they lie there: to close a file here would drop SQLite's locks.
Files files_of_live_log(const fs::path& log) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  for (const char* end : ends) {
    const std::string command =
        "cp '" + log.string() + end + "' '" + (folder / "log.db").string() + end + "'";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
  }
  return read_files(folder / "log.db");
}

struct Original {
  // As the writer's death leaves it, and as its orderly end does.
  Files files{};
  Files closed{};
  // Of the first run, before it was closed, and of the second one, some events before the end.
  std::vector<std::string> old_wals{};
  std::vector<Hash> hashes{};
};

void append(SqliteEventStore& store, int events) {
  for (int i = 0; i < events; ++i) {
    store.append({full_event("contact/a", store.version_of("contact/a") + 1)}, 5);
    store.wait_until_durable();
  }
}

std::vector<Hash> hashes_in(const fs::path& log) {
  std::vector<Hash> hashes;
  const SqliteEventStore store(options_for(log, false),
                               [&](const RecordedEvent& read) { hashes.push_back(read.hash); });
  return hashes;
}

// Most of its events in the database, the last ones in the WAL.
Original make_original() {
  Original original;
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path log = folder / "log.db";
  {
    SqliteEventStore store(options_for(log, true));
    append(store, 200);
    original.old_wals.push_back(files_of_live_log(log)["-wal"]);
  }
  {
    SqliteEventStore store(options_for(log, false));
    append(store, 25);
    original.old_wals.push_back(files_of_live_log(log)["-wal"]);
    append(store, 15);
    original.files = files_of_live_log(log);
  }
  original.closed = read_files(log);
  original.hashes = hashes_in(log);
  BOOST_REQUIRE(original.hashes.size() == 241u);
  return original;
}

struct Tally {
  std::size_t same = 0;
  std::size_t refused = 0;
  // Of the refused, without a position: the file as a whole cannot be read.
  std::size_t without_position = 0;
};

bool is_well(const fs::path& log) {
  try {
    return LogReader(log).verify([](const Problem&) {});
  } catch (const LogFailed&) {
    return false;
  }
}

// Opens a damaged copy; `what` is for the message.
void look_at(const Files& files, const std::vector<Hash>& hashes, const std::string& what,
             Tally& tally) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path log = folder / "log.db";
  write_files(log, files);
  BOOST_TEST_CONTEXT(what) {
    const bool well = is_well(log);
    try {
      const std::vector<Hash> found = hashes_in(log);
      BOOST_TEST((found == hashes));
      ++tally.same;
      return;
    } catch (const LogDamaged& damage) {
      BOOST_TEST(damage.first_bad() > 0u);
      BOOST_TEST(std::string(damage.what()).find("event ") != std::string::npos, damage.what());
    } catch (const LogFailed& failure) {
      BOOST_TEST_MESSAGE(what << ": " << failure.what());
      ++tally.without_position;
    }
    ++tally.refused;
    BOOST_TEST(!well);
    Files after = read_files(log);
    // SQLite makes an empty one.
    if (!files.contains("-wal") && after["-wal"].empty()) after.erase("-wal");
    BOOST_TEST((after == files));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_wrong_bit_anywhere_changes_nothing_or_is_refused) {
  std::mt19937_64 dice(number_from("CAMPANILE_SEED", 1));
  const Original original = make_original();
  Tally tally;
  const std::size_t damages = number_from("CAMPANILE_DAMAGES", 120);
  for (std::size_t i = 0; i < damages; ++i) {
    // Of a closed log the database is all there is.
    const std::string end = ends[i % 3];
    Files files = i % 2 == 0 && end != "-wal" ? original.closed : original.files;
    std::string& bytes = files[end];
    // A witness is mostly empty space; its slots are what counts.
    const std::size_t range = end == ".head" ? 512 : bytes.size();
    const std::size_t at = dice() % range + (end == ".head" ? dice() % 2 * 4096 : 0);
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice() % 8));
    look_at(files, original.hashes, "bit in log.db" + end + " at " + std::to_string(at), tally);
  }
  BOOST_TEST_MESSAGE(tally.same << " the same, " << tally.refused << " refused, of these "
                                << tally.without_position << " as a whole");
  BOOST_TEST(tally.same + tally.refused == damages);
  BOOST_TEST(tally.refused > damages / 2);
  // The few bits of the header that make it the file of another program or version.
  BOOST_TEST(tally.without_position < 5 + damages / 100);
}

BOOST_AUTO_TEST_CASE(a_wal_that_is_cut_or_missing_or_old_is_refused_and_the_position_told) {
  const Original original = make_original();
  const std::string& wal = original.files.at("-wal");
  Tally tally;
  for (std::size_t size = 0; size < wal.size();
       size = size == 0 ? wal_header_bytes : size + wal_frame_bytes) {
    Files files = original.files;
    files["-wal"].resize(size);
    look_at(files, original.hashes, "wal cut at " + std::to_string(size), tally);
  }
  Files missing = original.files;
  missing.erase("-wal");
  look_at(missing, original.hashes, "wal missing", tally);
  BOOST_TEST(tally.same == 0u);
  for (const std::string& old : original.old_wals) {
    Files files = original.files;
    files["-wal"] = old;
    look_at(files, original.hashes, "old wal", tally);
  }
  BOOST_TEST(tally.same == 0u);
  BOOST_TEST(tally.without_position == 0u);
}

BOOST_AUTO_TEST_CASE(a_witness_that_is_cut_is_refused_or_its_other_slot_serves) {
  const Original original = make_original();
  Tally tally;
  for (const std::size_t size : {0U, 8U, 511U, 512U, 4096U, 4600U}) {
    Files files = original.files;
    files[".head"].resize(size);
    look_at(files, original.hashes, "witness cut at " + std::to_string(size), tally);
  }
  BOOST_TEST(tally.same >= 2u);
  BOOST_TEST(tally.refused >= 3u);
}

BOOST_AUTO_TEST_CASE(every_edit_of_rows_is_refused_and_the_position_told) {
  std::mt19937_64 dice(number_from("CAMPANILE_SEED", 1));
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path log = folder / "log.db";
  {
    SqliteEventStore store(options_for(log, true));
    append(store, 39);
  }
  const std::vector<Hash> hashes = hashes_in(log);
  const Files original = read_files(log);
  const std::vector<std::string> values = {
      "version = version + 1",
      "version = version + 4294967296",
      "stream = stream || 'x'",
      "type = 'AnswerInvalid'",
      "schema = schema + 1",
      "schema = schema + 65536",
      "recorded_at = recorded_at - 1",
      "occurred_at = coalesce(occurred_at, 0) + 1",
      "occurred_at = CASE WHEN occurred_at IS NULL THEN 0 END",
      "epoch = epoch + 1",
      "cause = coalesce(cause, 0) + 1",
      "key_id = CASE WHEN key_id IS NULL THEN 0 END",
      "personal = CASE WHEN personal IS NULL THEN x'20' END",
      "personal = CAST(coalesce(personal, x'') || x'00' AS BLOB)",
      "payload = payload || ' '",
      "payload = '{}  '",
      "hash = zeroblob(32)",
      "hash = x''",
  };
  Tally tally;
  const std::size_t edits = number_from("CAMPANILE_EDITS", 200);
  for (std::size_t i = 0; i < edits; ++i) {
    const std::string at = std::to_string(1 + dice() % hashes.size());
    const std::string other = std::to_string(1 + dice() % hashes.size());
    const std::string others_columns =
        ", stream, version, type, schema, recorded_at, occurred_at, epoch, cause, key_id, "
        "personal, payload, hash FROM event WHERE position = ";
    std::string sql;
    switch (i % 8) {
      case 0:
        sql = "DELETE FROM event WHERE position = " + at;
        break;
      case 1:
        sql = "DELETE FROM event WHERE position >= " + at;
        break;
      case 2:
        // The truth of another event at the end, or before the first.
        sql = "INSERT INTO event SELECT " +
              std::string(dice() % 2 == 0 ? "(SELECT max(position) + 1 FROM event)" : "0") +
              others_columns + at;
        break;
      case 3:
        if (at == other) continue;
        sql = "UPDATE event SET position = -1 WHERE position = " + at +
              "; UPDATE event SET position = " + at + " WHERE position = " + other +
              "; UPDATE event SET position = " + other + " WHERE position = -1";
        break;
      default:
        sql = "UPDATE event SET " + values[dice() % values.size()] + " WHERE position = " + at;
    }
    fs::remove_all(folder.path());
    fs::create_directory(folder.path());
    write_files(log, original);
    log_fixture::tamper(log, sql);
    look_at(read_files(log), hashes, sql, tally);
  }
  BOOST_TEST(tally.same == 0u);
  BOOST_TEST(tally.without_position == 0u);
  BOOST_TEST_MESSAGE(tally.refused << " edits refused");
}

BOOST_AUTO_TEST_SUITE_END()
