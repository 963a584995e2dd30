#include "eventstore/witness.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/tampering.hpp"

BOOST_AUTO_TEST_SUITE(witness)

namespace {

namespace fs = std::filesystem;

using eventstore::Head;
using eventstore::LogDamaged;
using eventstore::LogFailed;
using eventstore::LogLost;
using eventstore::LogReader;
using eventstore::LogUnwitnessed;
using eventstore::Position;
using eventstore::Problem;
using eventstore::SqliteEventStore;
using eventstore::WitnessFile;
using log_fixture::bytes_of;
using log_fixture::event;
using log_fixture::TemporaryFolder;

SqliteEventStore::Options options_for(const fs::path& log, bool create = false,
                                      const fs::path& copy = {}) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  options.witness_copy = copy;
  if (create) options.first = {event("runner", 1)};
  return options;
}

void append(SqliteEventStore& store, std::uint32_t events) {
  for (std::uint32_t i = 0; i < events; ++i) {
    store.append({event("a", store.version_of("a") + 1)}, 7);
    store.wait_until_durable();
  }
}

// A closed log whose last position is `last`.
void make_log(const fs::path& log, Position last, const fs::path& copy = {}) {
  SqliteEventStore store(options_for(log, true, copy));
  append(store, static_cast<std::uint32_t>(last - 1));
}

void open(const fs::path& log, const fs::path& copy = {}) {
  SqliteEventStore(options_for(log, false, copy));
}

fs::path head_of(const fs::path& log) {
  return log.string() + ".head";
}

void overwrite(const fs::path& file, std::size_t at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(at));
  stream << bytes;
}

// The refusal's words, after which log and witness are as they were.
template <typename Refusal>
std::string refusal_of(const fs::path& log, const fs::path& copy = {}) {
  const auto all = [&] {
    std::string bytes;
    for (const char* end : {"", "-wal", ".head", ".head.new"}) {
      bytes += fs::exists(log.string() + end) ? bytes_of(log.string() + end) : "none";
      bytes += '|';
    }
    return bytes;
  };
  // An empty WAL beside a closed log is what a reader leaves, too.
  if (fs::exists(log) && !fs::exists(log.string() + "-wal")) std::ofstream(log.string() + "-wal");
  const std::string before = all();
  try {
    open(log, copy);
  } catch (const Refusal& refusal) {
    BOOST_TEST((all() == before));
    BOOST_TEST(!fs::exists(log.string() + ".lock"));
    return refusal.what();
  } catch (const LogFailed& other) {
    return std::string("another refusal: ") + other.what();
  }
  return "was not refused";
}

bool says(const std::string& text, const std::string& words) {
  if (text.find(words) != std::string::npos) return true;
  BOOST_TEST_MESSAGE(text);
  return false;
}

void lose_the_end(const fs::path& log, Position from) {
  log_fixture::tamper(log, "DELETE FROM event WHERE position >= " + std::to_string(from));
}

std::vector<Problem> problems_in(const fs::path& log) {
  std::vector<Problem> problems;
  LogReader(log).verify([&](const Problem& problem) { problems.push_back(problem); });
  return problems;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_witness_is_at_the_end_when_an_append_is_durable) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  SqliteEventStore store(options_for(folder / "log.db", true));
  for (std::uint32_t i = 1; i <= 20; ++i) {
    append(store, 1);
    const auto seen = eventstore::read_witness(head_of(folder / "log.db"));
    BOOST_REQUIRE(seen);
    const Head head = LogReader(folder / "log.db").head();
    BOOST_TEST(seen->head.position == 1 + i);
    BOOST_TEST((seen->head.hash == head.hash));
    BOOST_TEST(seen->head.recorded_at == 7);
    BOOST_TEST(seen->head.epoch == 1u);
    BOOST_TEST(!seen->host.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_lost_end_is_refused_and_both_positions_are_told) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 9);
  lose_the_end(folder / "log.db", 7);
  const std::string why = refusal_of<LogLost>(folder / "log.db");
  BOOST_TEST(says(why, "it has 6 events"));
  BOOST_TEST(says(why, "saw 9 events"));
  BOOST_TEST(says(why, "event 7 is the first that is missing"));
  BOOST_TEST(says(why, "--accept-head"));
  try {
    open(folder / "log.db");
  } catch (const LogLost& lost) {
    BOOST_TEST(lost.first_bad() == 7u);
    BOOST_TEST(lost.witnessed() == 9u);
  }
  const auto problems = problems_in(folder / "log.db");
  BOOST_REQUIRE(problems.size() == 1u);
  BOOST_TEST(problems[0].position == 7u);
}

// As SQLite sees it after one flipped bit: the rest of the WAL is not there. What lies behind the
// bit must still be there when somebody comes to save it.
BOOST_AUTO_TEST_CASE(the_wal_of_a_lost_log_is_left_for_whoever_saves_it) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  std::string wal;
  {
    SqliteEventStore store(options_for(folder / "live.db", true));
    append(store, 20);
    for (const char* end : {"", "-wal", ".head"}) {
      const std::string command = "cp '" + (folder / "live.db").string() + end + "' '" +
                                  (folder / "log.db").string() + end + "'";
      BOOST_REQUIRE(std::system(command.c_str()) == 0);
    }
  }
  const fs::path file = (folder / "log.db").string() + "-wal";
  wal = bytes_of(file);
  overwrite(file, wal.size() / 2, std::string(1, static_cast<char>(wal[wal.size() / 2] ^ 4)));
  const std::string damaged = bytes_of(file);
  BOOST_TEST(says(refusal_of<LogLost>(folder / "log.db"), "has lost its end"));
  BOOST_TEST((bytes_of(file) == damaged));
  overwrite(file, wal.size() / 2, wal.substr(wal.size() / 2, 1));
  open(folder / "log.db");
}

BOOST_AUTO_TEST_CASE(another_event_where_the_witness_looked_is_refused) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 5);
  make_log(folder / "other.db", 5);
  // The same first event, and then another story with a sound chain.
  lose_the_end(folder / "other.db", 5);
  eventstore::accept_head(folder / "other.db");
  {
    SqliteEventStore store(options_for(folder / "other.db"));
    store.append({event("b", 1)}, 9);
    store.append({event("b", 2)}, 9);
  }
  fs::copy_file(head_of(folder / "log.db"), head_of(folder / "other.db"),
                fs::copy_options::overwrite_existing);
  const std::string why = refusal_of<LogDamaged>(folder / "other.db");
  BOOST_TEST(says(why, "was written anew: event 5 or one before it"));
  BOOST_REQUIRE(problems_in(folder / "other.db").size() == 1u);
  BOOST_TEST(problems_in(folder / "other.db")[0].position == 5u);
}

BOOST_AUTO_TEST_CASE(the_witness_of_another_log_is_refused) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 3);
  auto other = options_for(folder / "other.db", true);
  other.first[0].payload = R"({"installation":"another"})";
  SqliteEventStore(std::move(other));
  fs::copy_file(head_of(folder / "other.db"), head_of(folder / "log.db"),
                fs::copy_options::overwrite_existing);
  BOOST_TEST(says(refusal_of<LogUnwitnessed>(folder / "log.db"), "is the witness of another log"));
  BOOST_TEST(!problems_in(folder / "log.db").empty());
}

BOOST_AUTO_TEST_CASE(a_log_without_its_witness_is_refused) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 3);
  fs::remove(head_of(folder / "log.db"));
  BOOST_TEST(says(refusal_of<LogUnwitnessed>(folder / "log.db"), "has lost its witness"));
  BOOST_REQUIRE(problems_in(folder / "log.db").size() == 1u);
  eventstore::accept_head(folder / "log.db");
  open(folder / "log.db");
}

BOOST_AUTO_TEST_CASE(a_witness_without_its_log_is_refused) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 3);
  fs::remove(folder / "log.db");
  BOOST_TEST(says(refusal_of<LogLost>(folder / "log.db"), "saw it with 3 events"));
  BOOST_CHECK_THROW(SqliteEventStore(options_for(folder / "log.db", true)), LogLost);
  BOOST_CHECK_THROW(LogReader(folder / "log.db"), LogLost);
  BOOST_TEST(!fs::exists(folder / "log.db"));
  BOOST_TEST(!fs::exists(folder / "log.db.new"));
  fs::remove(head_of(folder / "log.db"));
  SqliteEventStore(options_for(folder / "log.db", true));
}

BOOST_AUTO_TEST_CASE(one_broken_slot_does_no_harm_and_two_are_refused) {
  for (const std::size_t slot : {0U, 1U}) {
    TemporaryFolder folder(TemporaryFolder::in_memory());
    make_log(folder / "log.db", 6);
    overwrite(head_of(folder / "log.db"), slot * eventstore::witness_slot_distance + 40, "x");
    BOOST_TEST(eventstore::witness_of(folder / "log.db").head.position == 6u);
    BOOST_TEST(problems_in(folder / "log.db").empty());
    open(folder / "log.db");
    overwrite(head_of(folder / "log.db"), 40, "x");
    overwrite(head_of(folder / "log.db"), eventstore::witness_slot_distance + 40, "x");
    BOOST_TEST(says(refusal_of<LogUnwitnessed>(folder / "log.db"), "both halves"));
    fs::resize_file(head_of(folder / "log.db"), 0);
    BOOST_TEST(says(refusal_of<LogUnwitnessed>(folder / "log.db"), "both halves"));
  }
}

BOOST_AUTO_TEST_CASE(every_bit_of_a_slot_is_guarded) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 3);
  const fs::path file = head_of(folder / "log.db");
  const std::string whole = bytes_of(file);
  overwrite(file, eventstore::witness_slot_distance, std::string(16, '\0'));
  for (std::size_t i = 0; i < eventstore::witness_slot_bytes; ++i) {
    overwrite(file, i, std::string(1, static_cast<char>(whole[i] ^ (1 << i % 8))));
    BOOST_TEST_REQUIRE(!eventstore::read_witness(file).has_value());
    overwrite(file, i, whole.substr(i, 1));
  }
  BOOST_TEST(eventstore::read_witness(file).has_value());
}

// Until a sync only the one slot is written, so a loss of power can spoil only that one.
BOOST_AUTO_TEST_CASE(slots_change_places_at_a_sync_and_only_then) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path file = folder / "head";
  eventstore::make_witness(file, {1, {}, 0, 1}, {});
  WitnessFile witness(file, false);
  const auto slots = [&] {
    const std::string bytes = bytes_of(file);
    return std::pair(bytes.substr(0, eventstore::witness_slot_bytes),
                     bytes.substr(eventstore::witness_slot_distance));
  };
  auto before = slots();
  for (int round = 0; round < 4; ++round) {
    const bool even = round % 2 == 0;
    for (Position position = 1; position <= 3; ++position) {
      witness.write({position, {}, 0, 1}, {});
      BOOST_TEST(witness.unsynced());
      BOOST_TEST((even ? slots().second == before.second : slots().first == before.first));
    }
    BOOST_TEST((slots() != before));
    witness.sync();
    BOOST_TEST(!witness.unsynced());
    before = slots();
  }
}

// Steps of making a log at which a crash may leave it: there is no log, or a whole one that opens.
BOOST_AUTO_TEST_CASE(a_crash_while_a_log_is_made_leaves_none_or_a_whole_one) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path log = folder / "log.db";
  make_log(log, 1);
  const fs::path draft = log.string() + ".head.new";
  // The log has its name and the witness not yet.
  fs::rename(head_of(log), draft);
  BOOST_TEST(problems_in(log).empty());
  open(log);
  BOOST_TEST(!fs::exists(draft));
  BOOST_TEST(fs::exists(head_of(log)));
  // Neither has.
  fs::rename(head_of(log), draft);
  fs::rename(log, log.string() + ".new");
  BOOST_CHECK_THROW(open(log), eventstore::LogMissing);
  SqliteEventStore(options_for(log, true));
  BOOST_TEST(!fs::exists(draft));
  BOOST_TEST(!fs::exists(log.string() + ".new"));
  // A draft beside a witness is what a crash left of accepting a head.
  std::ofstream(draft) << "half";
  open(log);
  BOOST_TEST(!fs::exists(draft));
}

BOOST_AUTO_TEST_CASE(the_copy_notices_what_was_put_back_as_a_whole) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path copy = folder / "elsewhere.head";
  make_log(folder / "log.db", 3, copy);
  fs::copy_file(folder / "log.db", folder / "old.db");
  fs::copy_file(head_of(folder / "log.db"), folder / "old.head");
  {
    SqliteEventStore store(options_for(folder / "log.db", false, copy));
    append(store, 4);
  }
  BOOST_TEST(eventstore::read_witness(copy)->head.position == 7u);
  fs::copy_file(folder / "old.db", folder / "log.db", fs::copy_options::overwrite_existing);
  fs::copy_file(folder / "old.head", head_of(folder / "log.db"),
                fs::copy_options::overwrite_existing);
  BOOST_TEST(says(refusal_of<LogLost>(folder / "log.db", copy), "elsewhere.head saw 7 events"));
  eventstore::accept_head(folder / "log.db", copy);
  open(folder / "log.db", copy);
  BOOST_TEST(eventstore::read_witness(copy)->head.position == 3u);
}

BOOST_AUTO_TEST_CASE(a_copy_is_made_where_there_is_none_and_a_broken_one_is_refused) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  const fs::path copy = folder / "elsewhere.head";
  make_log(folder / "log.db", 3);
  open(folder / "log.db", copy);
  BOOST_TEST(eventstore::read_witness(copy)->head.position == 3u);
  fs::resize_file(copy, 10);
  BOOST_TEST(says(refusal_of<LogUnwitnessed>(folder / "log.db", copy), "elsewhere.head"));
  BOOST_CHECK_THROW(open(folder / "log.db", folder / "no-folder/head"), LogFailed);
}

BOOST_AUTO_TEST_CASE(a_head_is_accepted_only_of_a_log_that_is_sound_and_that_nobody_holds) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 6);
  log_fixture::tamper(folder / "log.db", "UPDATE event SET type = 'x' WHERE position = 4");
  const std::string witness = bytes_of(head_of(folder / "log.db"));
  try {
    eventstore::accept_head(folder / "log.db");
    BOOST_ERROR("was accepted");
  } catch (const LogDamaged& damage) {
    BOOST_TEST(damage.first_bad() == 4u);
  }
  BOOST_TEST((bytes_of(head_of(folder / "log.db")) == witness));
  make_log(folder / "held.db", 2);
  const SqliteEventStore holder(options_for(folder / "held.db"));
  BOOST_CHECK_THROW(eventstore::accept_head(folder / "held.db"), eventstore::LogLocked);
  BOOST_CHECK_THROW(eventstore::accept_head(folder / "none.db"), eventstore::LogMissing);
}

BOOST_AUTO_TEST_CASE(accepting_a_head_says_where_the_log_ends_and_lets_it_go_on) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 9);
  lose_the_end(folder / "log.db", 5);
  const Head head = eventstore::accept_head(folder / "log.db");
  BOOST_TEST(head.position == 4u);
  BOOST_TEST((head.hash == LogReader(folder / "log.db").head().hash));
  SqliteEventStore store(options_for(folder / "log.db"));
  append(store, 1);
  BOOST_TEST(store.durable().position() == 5u);
}

BOOST_AUTO_TEST_CASE(verify_of_a_range_is_about_that_range) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  make_log(folder / "log.db", 2500);
  log_fixture::tamper(folder / "log.db", "UPDATE event SET type = 'x' WHERE position IN (5, 1200)");
  const auto verify = [&](Position from, Position to) {
    std::vector<Position> bad;
    LogReader(folder / "log.db").verify(from, to, [&](const Problem& problem) {
      bad.push_back(problem.position);
    });
    return bad;
  };
  BOOST_TEST(verify(6, 1199).empty());
  BOOST_TEST(verify(1201, 2500).empty());
  BOOST_TEST(verify(1, 5) == std::vector<Position>{5}, boost::test_tools::per_element());
  BOOST_TEST(verify(6, 2000) == std::vector<Position>{1200}, boost::test_tools::per_element());
  BOOST_TEST(verify(2400, 2600) == std::vector<Position>{2501}, boost::test_tools::per_element());
  lose_the_end(folder / "log.db", 2001);
  BOOST_TEST(verify(1201, 2000).empty());
  BOOST_TEST(verify(1201, 2500) == std::vector<Position>{2001}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(verify_beside_a_writer_never_sees_the_witness_ahead) {
  TemporaryFolder folder(TemporaryFolder::in_memory());
  SqliteEventStore store(options_for(folder / "log.db", true));
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 5; ++i) store.append({event("a", store.version_of("a") + 1)}, 7);
    BOOST_TEST_REQUIRE(problems_in(folder / "log.db").empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
