// A sealed log: what is personal is readable with the master key, unreadable without, and gone once
// a key is destroyed; the chain covers the sealed bytes and never breaks.
#include "eventstore/sealing.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"

BOOST_AUTO_TEST_SUITE(sealing)

namespace {

namespace fs = std::filesystem;

using eventstore::KeyStore;
using eventstore::LogReader;
using eventstore::NewEvent;
using eventstore::RecordedEvent;
using eventstore::Secret;
using eventstore::SqliteEventStore;
using log_fixture::bytes_of;
using log_fixture::event;
using log_fixture::TemporaryFolder;
using Texts = std::vector<std::string>;

Secret secret_of(std::uint8_t byte) {
  std::array<std::uint8_t, Secret::size> bytes{};
  bytes.fill(byte);
  return Secret(bytes);
}

NewEvent about(std::uint64_t person, std::uint32_t version, std::string personal) {
  NewEvent made = event("contact/a/" + std::to_string(person), version);
  made.key_id = person;
  made.personal = std::move(personal);
  return made;
}

// "-" for nothing personal, "forgotten" for what was.
std::string shown(const RecordedEvent& event) {
  if (event.forgotten) return "forgotten" + std::string(event.personal);
  return event.personal.empty() ? "-" : std::string(event.personal);
}

// A sealed log that begins with an event of its own.
class SealedLog {
 public:
  SealedLog() { open(true); }

  static Secret master() { return secret_of(1); }
  fs::path path() const { return folder_ / "log.db"; }
  fs::path keys() const { return KeyStore::path_of(path()); }
  const TemporaryFolder& folder() const { return folder_; }
  SqliteEventStore& store() { return *store_; }

  // What the replay showed.
  Texts open(bool create = false, std::optional<Secret> master_key = master()) {
    close();
    Texts replayed;
    SqliteEventStore::Options options;
    options.path = path();
    options.create = create;
    if (create) options.first = {about(1, 1, "Ada first")};
    if (create) options.log_secret = secret_of(9);
    options.master_key = std::move(master_key);
    options.on_durable = [this] {
      const std::lock_guard guard(mutex_);
      changed_.notify_all();
    };
    store_ = std::make_unique<SqliteEventStore>(
        std::move(options), [&](const RecordedEvent& event) { replayed.push_back(shown(event)); });
    return replayed;
  }
  void close() { store_.reset(); }

  void append(NewEvent event) {
    store().append({std::move(event)}, 5);
    store().wait_until_durable();
  }

  void wait_until_destroyed() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] {
      store().durable();  // or why there is none
      return !store().destroying_keys();
    });
  }

  Texts read() {
    Texts texts;
    store().read(1, [&](const RecordedEvent& event) {
      texts.push_back(shown(event));
      return true;
    });
    return texts;
  }

  bool is_well() const {
    return LogReader(path()).verify([](const eventstore::Problem&) {});
  }

  bool is_in_a_file(std::string_view text) const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (bytes_of(entry.path()).find(text) != std::string::npos) return true;
    }
    return false;
  }

 private:
  TemporaryFolder folder_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::unique_ptr<SqliteEventStore> store_{};
};

Texts seen_by(LogReader& reader) {
  Texts texts;
  reader.read(1, [&](const RecordedEvent& event) {
    texts.push_back(shown(event));
    return true;
  });
  return texts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_personal_is_shown_to_who_has_the_key_and_lies_in_no_file) {
  SealedLog log;
  log.append(about(2, 1, "Bice Bianchi"));
  log.append(event("runner", 1));
  log.append(about(1, 2, "Ada second"));
  const Texts all = {"Ada first", "Bice Bianchi", "-", "Ada second"};
  BOOST_TEST(log.read() == all, boost::test_tools::per_element());
  for (const char* name : {"Ada", "Bice", "Bianchi"}) BOOST_TEST(!log.is_in_a_file(name));
  BOOST_TEST(log.open() == all, boost::test_tools::per_element());
  LogReader beside(log.path(), SealedLog::master());
  BOOST_TEST(seen_by(beside) == all, boost::test_tools::per_element());
  for (const char* name : {"Ada", "Bice", "Bianchi"}) BOOST_TEST(!log.is_in_a_file(name));
  BOOST_TEST((log.store().log_secret() == secret_of(9)));
}

BOOST_AUTO_TEST_CASE(without_the_key_a_reader_sees_sealed_bytes_and_their_chain) {
  SealedLog log;
  log.append(about(2, 1, "Bice"));
  LogReader reader(log.path());
  eventstore::Hash before{};
  std::size_t seen = 0;
  reader.read(1, [&](const RecordedEvent& event) {
    ++seen;
    BOOST_TEST(event.personal.size() > 28u);
    BOOST_TEST(event.personal.find("ic") == std::string_view::npos);
    BOOST_TEST(!event.forgotten);
    BOOST_TEST((eventstore::chain_hash(before, event) == event.hash));
    before = event.hash;
    return true;
  });
  BOOST_TEST(seen == 2u);
  BOOST_TEST(log.is_well());
}

BOOST_AUTO_TEST_CASE(a_store_that_reads_what_is_sealed_looks_at_no_key) {
  SealedLog log;
  log.append(about(2, 1, "Bice"));
  const fs::path elsewhere = log.folder() / "elsewhere";
  fs::rename(log.keys(), elsewhere);
  BOOST_CHECK_THROW(log.read(), eventstore::KeysMissing);
  std::size_t seen = 0;
  log.store().read_sealed(1, [&](const RecordedEvent& event) {
    ++seen;
    BOOST_TEST(event.personal.size() > 28u);
    return true;
  });
  BOOST_TEST(seen == 2u);
  fs::rename(elsewhere, log.keys());
  BOOST_TEST(log.read()[1] == "Bice");
}

BOOST_AUTO_TEST_CASE(who_is_forgotten_is_gone_from_every_reading_and_the_chain_is_whole) {
  SealedLog log;
  log.append(about(2, 1, "Bice"));
  log.append(about(1, 2, "Ada second"));
  LogReader beside(log.path(), SealedLog::master());
  BOOST_TEST(seen_by(beside)[0] == "Ada first");
  BOOST_TEST(log.read()[0] == "Ada first");
  const std::string head = eventstore::to_hex(LogReader(log.path()).head().hash);
  log.store().destroy_keys({1});
  log.wait_until_destroyed();
  const Texts left = {"forgotten", "Bice", "forgotten"};
  BOOST_TEST(log.read() == left, boost::test_tools::per_element());
  BOOST_TEST(seen_by(beside) == left, boost::test_tools::per_element());
  BOOST_TEST(log.open() == left, boost::test_tools::per_element());
  BOOST_TEST(eventstore::to_hex(LogReader(log.path()).head().hash) == head);
  BOOST_TEST(log.is_well());
}

BOOST_AUTO_TEST_CASE(keys_go_after_what_waits_and_what_comes_later_keeps_nothing_personal) {
  SealedLog log;
  for (std::uint32_t i = 1; i <= 500; ++i) log.store().append({about(2, i, "Bice")}, 5);
  log.store().destroy_keys({2});
  BOOST_TEST(log.store().destroying_keys());
  log.store().append({about(3, 1, "Carla")}, 5);
  log.wait_until_destroyed();
  log.append(about(2, 501, "Bice came back"));
  const Texts read = log.read();
  BOOST_TEST(read.size() == 503u);
  BOOST_TEST(read[1] == "forgotten");
  BOOST_TEST(read[500] == "forgotten");
  BOOST_TEST(read[501] == "Carla");
  BOOST_TEST(read[502] == "forgotten");
  SQLite::Database database(log.path().string(), SQLite::OPEN_READONLY);
  BOOST_TEST(
      database.execAndGet("SELECT personal IS NULL FROM event WHERE position = 503").getInt() == 1);
  BOOST_TEST(log.is_well());
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_is_destroyed_before_the_store_ends) {
  SealedLog log;
  log.store().append({about(2, 1, "Bice")}, 5);
  log.store().destroy_keys({2});
  const Texts left = {"Ada first", "forgotten"};
  BOOST_TEST(log.open() == left, boost::test_tools::per_element());
  log.store().destroy_keys({2});
  log.wait_until_destroyed();
}

BOOST_AUTO_TEST_CASE(a_sealed_part_does_not_open_on_another_event) {
  TemporaryFolder folder;
  const fs::path file = folder / "log.db.keys";
  KeyStore::create(file, secret_of(1), secret_of(9));
  KeyStore keys(file, secret_of(1), KeyStore::Access::write);
  NewEvent sealed = about(7, 3, "Ada");
  eventstore::seal_personal(keys, sealed);
  RecordedEvent read;
  read.position = 12;
  read.stream = sealed.stream;
  read.version = sealed.version;
  read.type = sealed.type;
  read.schema = sealed.schema;
  read.key_id = sealed.key_id;
  read.personal = sealed.personal;
  std::string plain;
  RecordedEvent opened = read;
  eventstore::open_personal(keys, opened, plain);
  BOOST_TEST(opened.personal == "Ada");
  const auto refused = [&](auto change) {
    RecordedEvent moved = read;
    change(moved);
    BOOST_CHECK_THROW(eventstore::open_personal(keys, moved, plain), eventstore::KeysDamaged);
  };
  refused([](RecordedEvent& event) { event.stream = "contact/a/8"; });
  refused([](RecordedEvent& event) { event.version = 4; });
  refused([](RecordedEvent& event) { event.type = "SomethingHappene"; });
  refused([](RecordedEvent& event) { event.schema = 2; });
}

BOOST_AUTO_TEST_CASE(a_sealed_log_opens_with_its_own_keys_and_its_master_key_only) {
  SealedLog log;
  log.append(about(2, 1, "Bice"));
  log.close();
  const std::string log_before = bytes_of(log.path());
  const std::string keys_before = bytes_of(log.keys());
  BOOST_CHECK_THROW(log.open(false, std::nullopt), eventstore::KeysMissing);
  BOOST_CHECK_THROW(log.open(false, secret_of(2)), eventstore::WrongMasterKey);
  BOOST_CHECK_THROW(LogReader(log.path(), secret_of(2)), eventstore::WrongMasterKey);
  BOOST_TEST((bytes_of(log.path()) == log_before));
  BOOST_TEST((bytes_of(log.keys()) == keys_before));

  SealedLog other;
  other.append(about(3, 1, "Carla"));
  other.close();
  const fs::path aside = log.folder() / "aside";
  fs::rename(log.keys(), aside);
  BOOST_CHECK_THROW(log.open(), eventstore::KeysMissing);
  BOOST_CHECK_THROW(LogReader(log.path(), SealedLog::master()), eventstore::KeysMissing);
  fs::copy(other.keys(), log.keys());
  BOOST_CHECK_THROW(log.open(), eventstore::KeysForeign);
  BOOST_CHECK_THROW(LogReader(log.path(), SealedLog::master()), eventstore::KeysForeign);
  fs::remove(log.keys());
  fs::rename(aside, log.keys());
  BOOST_TEST(log.open().size() == 2u);
}

BOOST_AUTO_TEST_CASE(keys_that_are_older_than_their_log_are_not_taken_for_forgetting) {
  SealedLog log;
  log.close();
  fs::copy(log.keys(), log.folder() / "older");
  log.open();
  log.append(about(2, 1, "Bice"));
  log.close();
  fs::remove(log.keys());
  fs::rename(log.folder() / "older", log.keys());
  BOOST_CHECK_THROW(log.open(), eventstore::KeysMissing);
  LogReader reader(log.path(), SealedLog::master());
  BOOST_CHECK_THROW(seen_by(reader), eventstore::KeysMissing);
}

BOOST_AUTO_TEST_CASE(a_log_that_was_not_sealed_is_not_sealed_later) {
  TemporaryFolder folder;
  SqliteEventStore::Options options;
  options.path = folder / "log.db";
  options.create = true;
  SqliteEventStore(options).append({event("a", 1)}, 5);
  options.create = false;
  options.master_key = secret_of(1);
  BOOST_CHECK_THROW(SqliteEventStore{options}, eventstore::KeysMissing);
  options.master_key.reset();
  const SqliteEventStore store(options);
  BOOST_TEST(!store.log_secret().has_value());
}

BOOST_AUTO_TEST_CASE(a_log_is_not_made_beside_the_keys_of_another) {
  SealedLog log;
  log.close();
  for (const auto& entry : fs::directory_iterator(log.folder().path())) {
    if (entry.path() != log.keys()) fs::remove(entry.path());
  }
  BOOST_CHECK_THROW(log.open(true), eventstore::KeysExist);
  BOOST_TEST(!fs::exists(log.path()));
}

BOOST_AUTO_TEST_SUITE_END()
