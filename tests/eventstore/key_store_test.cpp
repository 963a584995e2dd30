// Keys of persons: made, kept, wrapped, lost and destroyed; and the cipher beneath.
#include "eventstore/key_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/aes_gcm.hpp"
#include "tests/eventstore/log_fixture.hpp"

BOOST_AUTO_TEST_SUITE(key_store)

namespace {

namespace fs = std::filesystem;

using eventstore::AesGcm;
using eventstore::Hash;
using eventstore::KeyStore;
using eventstore::Secret;
using log_fixture::bytes_of;
using log_fixture::TemporaryFolder;
using Opened = KeyStore::Opened;
using Destruction = KeyStore::Destruction;

Secret secret_of(std::uint8_t byte) {
  std::array<std::uint8_t, Secret::size> bytes{};
  bytes.fill(byte);
  return Secret(bytes);
}

Hash identity_of(std::uint8_t byte) {
  Hash hash{};
  hash.fill(byte);
  return hash;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// A key file that belongs to a log, and its folder.
class Keys {
 public:
  Keys() {
    KeyStore::create(file(), master(), secret_of(9));
    open();
    store().belong_to(identity_of(1));
  }

  static Secret master() { return secret_of(1); }
  fs::path file() const { return folder_ / "log.db.keys"; }
  const TemporaryFolder& folder() const { return folder_; }
  KeyStore& store() { return *store_; }

  void open(KeyStore::Access access = KeyStore::Access::write) {
    store_.reset();
    store_ = std::make_unique<KeyStore>(file(), master(), access);
  }
  void close() { store_.reset(); }

  std::string sealed(std::uint64_t id, std::string_view plain) {
    const auto bytes = store().seal(id, "here", plain);
    BOOST_REQUIRE(bytes);
    return *bytes;
  }

  // What opening gave: the text, or the name of what kept it shut.
  std::string opened(std::uint64_t id, std::string_view sealed, std::string_view where = "here") {
    std::string plain;
    switch (store().open(id, where, sealed, plain)) {
      case Opened::opened:
        return plain;
      case Opened::destroyed:
        return "(destroyed)";
      case Opened::no_key:
        return "(no key)";
      case Opened::not_what_was_sealed:
        break;
    }
    return "(not what was sealed)";
  }

  // A key as it lies in the file, which is what must be gone when it is destroyed.
  std::string wrapped(std::uint64_t id) const {
    SQLite::Database database(file().string(), SQLite::OPEN_READONLY);
    SQLite::Statement select(database, "SELECT wrapped FROM key WHERE id = ?");
    select.bind(1, static_cast<std::int64_t>(id));
    BOOST_REQUIRE(select.executeStep());
    const SQLite::Column column = select.getColumn(0);
    return {static_cast<const char*>(column.getBlob()),
            static_cast<std::size_t>(column.getBytes())};
  }

  // Whether any eight bytes of the key's ciphertext lie in any file of the folder.
  static bool is_left(const fs::path& folder, const std::string& wrapped) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string bytes = bytes_of(entry.path());
      for (std::size_t at = AesGcm::nonce_bytes; at < AesGcm::nonce_bytes + 32; at += 8) {
        if (bytes.find(wrapped.substr(at, 8)) != std::string::npos) return true;
      }
    }
    return false;
  }
  bool is_left(const std::string& wrapped) const { return is_left(folder_.path(), wrapped); }

 private:
  TemporaryFolder folder_{};
  std::unique_ptr<KeyStore> store_{};
};

}  // namespace

// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B.
BOOST_AUTO_TEST_CASE(the_cipher_opens_what_its_inventors_sealed) {
  std::array<std::uint8_t, Secret::size> key{};
  const std::string bytes =
      from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  std::copy(bytes.begin(), bytes.end(), key.begin());
  AesGcm cipher{Secret(key)};
  const std::string sealed = from_hex(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
      "76fc6ece0f4e1768cddf8853bb2d551b");
  std::string plain;
  BOOST_TEST(cipher.open(from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed, plain));
  BOOST_TEST((plain == from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")));
}

BOOST_AUTO_TEST_CASE(a_sealed_text_opens_only_whole_under_its_key_and_in_its_place) {
  Keys keys;
  const std::string sealed = keys.sealed(7, "+39 333 1234567");
  BOOST_TEST(sealed.size() == 15 + AesGcm::overhead);
  BOOST_TEST(sealed.find("333") == std::string::npos);
  BOOST_TEST(keys.opened(7, sealed) == "+39 333 1234567");
  BOOST_TEST(keys.opened(7, sealed, "there") == "(not what was sealed)");
  keys.sealed(8, "x");
  BOOST_TEST(keys.opened(8, sealed) == "(not what was sealed)");
  BOOST_TEST(keys.opened(9, sealed) == "(no key)");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string bent = sealed;
    bent[i] = static_cast<char>(bent[i] ^ 1);
    BOOST_TEST(keys.opened(7, bent) == "(not what was sealed)");
  }
  BOOST_TEST(keys.opened(7, sealed.substr(0, AesGcm::overhead - 1)) == "(not what was sealed)");
}

BOOST_AUTO_TEST_CASE(the_same_text_is_never_sealed_to_the_same_bytes) {
  Keys keys;
  std::set<std::string> nonces;
  for (int i = 0; i < 1000; ++i) nonces.insert(keys.sealed(7, "x").substr(0, AesGcm::nonce_bytes));
  BOOST_TEST(nonces.size() == 1000u);
}

BOOST_AUTO_TEST_CASE(keys_made_durable_are_there_after_a_restart_and_others_are_not) {
  Keys keys;
  const std::string kept = keys.sealed(7, "kept");
  BOOST_TEST(keys.store().make_durable());
  const std::string lost = keys.sealed(8, "lost");
  BOOST_TEST(keys.store().count() == 2u);
  keys.open();
  BOOST_TEST(keys.opened(7, kept) == "kept");
  BOOST_TEST(keys.opened(8, lost) == "(no key)");
  BOOST_TEST(keys.store().has(7));
  BOOST_TEST(!keys.store().has(8));
  BOOST_TEST(keys.store().count() == 1u);
  BOOST_TEST((keys.store().log_secret() == secret_of(9)));
}

// Ids that share a place in the cache.
BOOST_AUTO_TEST_CASE(more_people_than_the_cache_holds_keep_their_own_keys) {
  Keys keys;
  std::map<std::uint64_t, std::string> sealed;
  for (std::uint64_t id = 0; id < 10'000; ++id) sealed[id] = keys.sealed(id, std::to_string(id));
  BOOST_TEST(keys.store().make_durable());
  for (const auto& [id, bytes] : sealed)
    BOOST_REQUIRE(keys.opened(id, bytes) == std::to_string(id));
  const std::string again = keys.sealed(1, "again");
  BOOST_TEST(keys.opened(1, again) == "again");
  BOOST_TEST(keys.store().count() == 10'000u);
}

BOOST_AUTO_TEST_CASE(a_wrong_master_key_is_refused_and_changes_nothing) {
  Keys keys;
  keys.sealed(7, "x");
  BOOST_TEST(keys.store().make_durable());
  keys.close();
  const std::string before = bytes_of(keys.file());
  for (const auto access : {KeyStore::Access::read, KeyStore::Access::write}) {
    BOOST_CHECK_THROW(KeyStore(keys.file(), secret_of(2), access), eventstore::WrongMasterKey);
  }
  BOOST_TEST((bytes_of(keys.file()) == before));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_file_has_its_own_refusal) {
  TemporaryFolder folder;
  const fs::path file = folder / "log.db.keys";
  const auto open = [&] { KeyStore(file, secret_of(1), KeyStore::Access::write); };
  BOOST_CHECK_THROW(open(), eventstore::KeysMissing);
  std::ofstream{file};
  BOOST_CHECK_THROW(open(), eventstore::KeysForeign);
  std::ofstream(file) << std::string(5000, 'x');
  BOOST_CHECK_THROW(open(), eventstore::KeysForeign);
  fs::remove(file);
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE t(x)");
  BOOST_CHECK_THROW(open(), eventstore::KeysForeign);
  BOOST_TEST(!KeyStore::stands_at(file));
  fs::remove(file);
  KeyStore::create(file, secret_of(1), secret_of(9));
  BOOST_TEST(KeyStore::stands_at(file));
  const auto edit = [&](const char* sql) {
    SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec(sql);
  };
  edit("PRAGMA user_version = 2");
  BOOST_CHECK_THROW(open(), eventstore::LogNewer);
  edit("PRAGMA user_version = 1; CREATE TABLE t(x)");
  BOOST_CHECK_THROW(open(), eventstore::KeysDamaged);
  edit("DROP TABLE t; UPDATE meta SET value = zeroblob(60) WHERE item = 2");
  BOOST_CHECK_THROW(open(), eventstore::KeysDamaged);
}

BOOST_AUTO_TEST_CASE(a_key_that_was_changed_or_moved_is_damage) {
  Keys keys;
  const std::string sealed = keys.sealed(7, "x");
  keys.sealed(8, "y");
  BOOST_TEST(keys.store().make_durable());
  keys.close();
  SQLite::Database(keys.file().string(), SQLite::OPEN_READWRITE)
      .exec("UPDATE key SET wrapped = (SELECT wrapped FROM key WHERE id = 8) WHERE id = 7");
  keys.open();
  BOOST_CHECK_THROW(keys.opened(7, sealed), eventstore::KeysDamaged);
}

BOOST_AUTO_TEST_CASE(the_file_belongs_to_one_log) {
  Keys keys;
  keys.open();
  keys.store().belong_to(identity_of(1));
  BOOST_CHECK_THROW(keys.store().belong_to(identity_of(2)), eventstore::KeysForeign);
  keys.open(KeyStore::Access::read);
  BOOST_CHECK_THROW(keys.store().belong_to(identity_of(2)), eventstore::KeysForeign);
}

BOOST_AUTO_TEST_CASE(keys_of_a_log_are_not_made_anew_and_those_of_no_log_are) {
  TemporaryFolder folder;
  const fs::path file = folder / "log.db.keys";
  KeyStore::create(file, secret_of(1), secret_of(8));
  // A crash before the log was there: nothing can have been sealed with it.
  KeyStore::create(file, secret_of(2), secret_of(9));
  {
    KeyStore store(file, secret_of(2), KeyStore::Access::write);
    BOOST_TEST((store.log_secret() == secret_of(9)));
    store.belong_to(identity_of(1));
  }
  const std::string before = bytes_of(file);
  BOOST_CHECK_THROW(KeyStore::create(file, secret_of(2), secret_of(7)), eventstore::KeysExist);
  BOOST_TEST((bytes_of(file) == before));
  fs::remove(file);
  std::ofstream(file) << "not ours";
  BOOST_CHECK_THROW(KeyStore::create(file, secret_of(2), secret_of(7)), eventstore::LogFailed);
  BOOST_TEST(bytes_of(file) == "not ours");
}

BOOST_AUTO_TEST_CASE(only_its_owner_may_read_the_file) {
  Keys keys;
  struct stat found {};
  BOOST_TEST(stat(keys.file().c_str(), &found) == 0);
  BOOST_TEST((found.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(what_is_sealed_under_a_destroyed_key_is_gone_and_others_stay) {
  Keys keys;
  const std::string one = keys.sealed(7, "one");
  const std::string two = keys.sealed(8, "two");
  BOOST_TEST(keys.store().make_durable());
  BOOST_TEST((keys.store().destroy({7, 7, 12}) == Destruction::done));
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(keys.opened(7, one) == "(destroyed)");
    BOOST_TEST(keys.opened(8, two) == "two");
    BOOST_TEST(keys.store().destroyed(7));
    BOOST_TEST(keys.store().destroyed(12));
    BOOST_TEST(!keys.store().has(7));
    BOOST_TEST(keys.store().count() == 1u);
    // Nothing more is kept of that person, and no new key is made.
    BOOST_TEST(!keys.store().seal(7, "here", "more").has_value());
    BOOST_TEST(!keys.store().seal(12, "here", "more").has_value());
    BOOST_TEST((keys.store().destroy({7}) == Destruction::done));
    keys.open();
  }
}

BOOST_AUTO_TEST_CASE(a_key_destroyed_before_it_was_durable_never_reaches_the_file) {
  Keys keys;
  const std::string sealed = keys.sealed(7, "one");
  BOOST_TEST((keys.store().destroy({7}) == Destruction::done));
  BOOST_TEST(keys.store().make_durable());
  keys.open();
  BOOST_TEST(keys.opened(7, sealed) == "(destroyed)");
}

// People of several campaigns enrolled by turns, so that SQLite splits pages and moves rows.
BOOST_AUTO_TEST_CASE(the_bytes_of_a_destroyed_key_are_in_no_file) {
  Keys keys;
  std::vector<std::uint64_t> ids;
  for (std::uint64_t i = 0; i < 4000; ++i) ids.push_back((i * 7919) % 4001 + 1);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    keys.sealed(ids[i], "x");
    if (i % 50 == 0) BOOST_TEST(keys.store().make_durable());
  }
  BOOST_TEST(keys.store().make_durable());
  std::map<std::uint64_t, std::string> wrapped;
  for (std::size_t i = 0; i < ids.size(); i += 97) wrapped[ids[i]] = keys.wrapped(ids[i]);
  for (const auto& [id, bytes] : wrapped) {
    BOOST_REQUIRE(keys.is_left(bytes));
    BOOST_REQUIRE((keys.store().destroy({id}) == Destruction::done));
    BOOST_TEST(!keys.is_left(bytes));
  }
  const std::string witness = keys.wrapped(ids[1]);
  std::vector<std::uint64_t> many(ids.begin() + 2000, ids.end());
  std::vector<std::string> theirs;
  for (std::size_t i = 2001; i < ids.size(); i += 500) {
    if (!keys.store().destroyed(ids[i])) theirs.push_back(keys.wrapped(ids[i]));
  }
  BOOST_TEST((keys.store().destroy(many) == Destruction::done));
  for (const std::string& bytes : theirs) BOOST_TEST(!keys.is_left(bytes));
  BOOST_TEST(keys.is_left(witness));
}

BOOST_AUTO_TEST_CASE(a_reader_in_the_way_delays_the_erasing_and_not_the_forgetting) {
  Keys keys;
  const std::string sealed = keys.sealed(7, "one");
  BOOST_TEST(keys.store().make_durable());
  const std::string wrapped = keys.wrapped(7);
  std::optional<SQLite::Database> reader(std::in_place, keys.file().string(),
                                         SQLite::OPEN_READONLY);
  reader->exec("BEGIN; SELECT count(*) FROM key");
  BOOST_TEST((keys.store().destroy({7}) == Destruction::under_way));
  BOOST_TEST(keys.store().destruction_under_way());
  BOOST_TEST(keys.opened(7, sealed) == "(destroyed)");
  BOOST_TEST(keys.is_left(wrapped));
  BOOST_TEST((keys.store().finish_destroying() == Destruction::under_way));

  // A crash now: the next one that opens the file knows what is left to do.
  TemporaryFolder elsewhere;
  for (const char* end : {"", "-wal"}) {
    fs::copy(keys.file().string() + end, elsewhere / (std::string("log.db.keys") + end).c_str());
  }
  {
    KeyStore after(elsewhere / "log.db.keys", Keys::master(), KeyStore::Access::write);
    BOOST_TEST(after.destruction_under_way());
    BOOST_TEST(after.destroyed(7));
    BOOST_TEST((after.finish_destroying() == Destruction::done));
    BOOST_TEST(!Keys::is_left(elsewhere.path(), wrapped));
  }

  reader.reset();
  BOOST_TEST((keys.store().finish_destroying() == Destruction::done));
  BOOST_TEST(!keys.store().destruction_under_way());
  BOOST_TEST(!keys.is_left(wrapped));
}

BOOST_AUTO_TEST_CASE(a_reader_beside_a_writer_sees_new_keys_and_what_was_destroyed) {
  Keys keys;
  const std::string one = keys.sealed(7, "one");
  BOOST_TEST(keys.store().make_durable());
  KeyStore reader(keys.file(), Keys::master(), KeyStore::Access::read);
  reader.belong_to(identity_of(1));
  std::string plain;
  BOOST_TEST((reader.open(7, "here", one, plain) == Opened::opened));
  const std::string two = keys.sealed(8, "two");
  BOOST_TEST(keys.store().make_durable());
  BOOST_TEST((reader.open(8, "here", two, plain) == Opened::opened));
  BOOST_TEST(plain == "onetwo");
  BOOST_TEST((keys.store().destroy({7}) == Destruction::done));
  reader.refresh();
  BOOST_TEST((reader.open(7, "here", one, plain) == Opened::destroyed));
  BOOST_TEST((reader.open(8, "here", two, plain) == Opened::opened));
}

BOOST_AUTO_TEST_CASE(a_reader_opens_what_a_crashed_writer_left) {
  Keys keys;
  const std::string sealed = keys.sealed(7, "one");
  BOOST_TEST(keys.store().make_durable());
  TemporaryFolder elsewhere;
  for (const char* end : {"", "-wal"}) {
    fs::copy(keys.file().string() + end, elsewhere / (std::string("log.db.keys") + end).c_str());
  }
  KeyStore reader(elsewhere / "log.db.keys", Keys::master(), KeyStore::Access::read);
  std::string plain;
  BOOST_TEST((reader.open(7, "here", sealed, plain) == Opened::opened));
  BOOST_TEST(plain == "one");
}

// As a copy out of a backup is, which SQLite writes in its first mode.
void leave_wal_mode(const fs::path& file) {
  SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
  BOOST_TEST(database.execAndGet("PRAGMA journal_mode = DELETE").getString() == "delete");
}

// The file as it lies there when its writer is killed with a transaction half written to it.
void kill_in_a_transaction(const fs::path& file) {
  TemporaryFolder elsewhere;
  const fs::path killed = elsewhere / "killed";
  {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE");
    database.exec("UPDATE key SET wrapped = zeroblob(3000)");
    BOOST_REQUIRE(fs::exists(file.string() + "-journal"));
    fs::copy(file, killed);
    fs::copy(file.string() + "-journal", killed.string() + "-journal");
  }
  fs::copy(killed, file, fs::copy_options::overwrite_existing);
  fs::copy(killed.string() + "-journal", file.string() + "-journal");
}

BOOST_AUTO_TEST_CASE(what_a_killed_writer_left_half_done_is_taken_back) {
  using Access = KeyStore::Access;
  for (const Access access : {Access::write, Access::read}) {
    Keys keys;
    std::map<std::uint64_t, std::string> sealed;
    for (std::uint64_t id = 0; id < 500; ++id) sealed[id] = keys.sealed(id, std::to_string(id));
    BOOST_TEST(keys.store().make_durable());
    keys.close();
    leave_wal_mode(keys.file());
    kill_in_a_transaction(keys.file());
    BOOST_TEST(KeyStore::stands_at(keys.file()));
    kill_in_a_transaction(keys.file());
    keys.open(access);
    for (const auto& [id, bytes] : sealed) BOOST_TEST(keys.opened(id, bytes) == std::to_string(id));
  }
}

BOOST_AUTO_TEST_CASE(keys_stand_in_wal_mode_from_the_first_moment) {
  TemporaryFolder folder;
  const fs::path file = folder / "log.db.keys";
  KeyStore::create(file, Keys::master(), secret_of(9));
  // Of the header of a SQLite file: how it is written and how it is read, 2 for WAL.
  BOOST_TEST(bytes_of(file).substr(18, 2) == "\2\2");
  const auto alone = std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
  BOOST_TEST(alone == 1);
}

BOOST_AUTO_TEST_CASE(after_a_change_of_the_master_key_the_old_one_opens_nothing) {
  Keys keys;
  std::map<std::uint64_t, std::string> sealed;
  for (std::uint64_t id = 0; id < 2500; ++id) sealed[id] = keys.sealed(id, std::to_string(id));
  BOOST_TEST(keys.store().make_durable());
  BOOST_TEST((keys.store().destroy({5}) == Destruction::done));
  const std::string wrapped = keys.wrapped(2000);
  keys.close();
  KeyStore::change_master(keys.file(), Keys::master(), secret_of(2));
  BOOST_CHECK_THROW(keys.open(), eventstore::WrongMasterKey);
  BOOST_TEST(!keys.is_left(wrapped));
  KeyStore anew(keys.file(), secret_of(2), KeyStore::Access::write);
  anew.belong_to(identity_of(1));
  BOOST_TEST((anew.log_secret() == secret_of(9)));
  for (const auto& [id, bytes] : sealed) {
    std::string plain;
    const Opened opened = anew.open(id, "here", bytes, plain);
    BOOST_REQUIRE((opened == (id == 5 ? Opened::destroyed : Opened::opened)));
    if (id != 5) BOOST_REQUIRE(plain == std::to_string(id));
  }
  BOOST_CHECK_THROW(KeyStore::change_master(keys.file(), secret_of(3), secret_of(4)),
                    eventstore::WrongMasterKey);
}

BOOST_AUTO_TEST_SUITE_END()
