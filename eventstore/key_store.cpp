#include "eventstore/key_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <system_error>
#include <utility>

#include "eventstore/aes_gcm.hpp"
#include "eventstore/open_beside.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

namespace {

// "CKEY" and the version of the file's layout.
constexpr std::uint32_t key_file_application_id = 0x434B4559;
constexpr std::uint32_t key_file_layout_version = 1;

// Above this many pages the WAL is copied into the file.
constexpr int key_wal_pages_max = 1000;

// So many ciphers are kept ready, about 800 bytes each, and so many keys unwrapped, 48 bytes each:
// a replay meets people by turns, and to fetch a key costs ten times what the cipher does.
constexpr std::size_t ciphers_max = 4096;
constexpr std::size_t unwrapped_max = 1 << 17;

// Who is met for the first time is mostly met after their neighbour: so many keys are fetched at
// once.
constexpr std::int32_t fetched_at_once = 16;

// SQLite overwrites what it deletes (secure_delete) and promises nothing of what it moved before.
// Of a few destroyed keys it is looked whether anything is left in the file, which then is written
// anew; after more, or when a crash came between, it is written anew without looking.
constexpr std::size_t keys_looked_for_max = 16;

// The pieces of a key's ciphertext that are looked for: SQLite may have overwritten a part.
constexpr std::size_t piece_bytes = 8;

constexpr std::size_t rewrapped_at_once = 1000;

struct KeyFilePiece {
  std::string_view name{};
  const char* sql = nullptr;
};

// In the order of their names. What is destroyed leaves its id, so that a key which is not there
// can be told from one that was lost.
constexpr std::array<KeyFilePiece, 3> key_file_pieces = {{
    {"destroyed", "CREATE TABLE destroyed(id INTEGER PRIMARY KEY) STRICT"},
    {"key", "CREATE TABLE key(id INTEGER PRIMARY KEY, wrapped BLOB NOT NULL) STRICT"},
    {"meta", "CREATE TABLE meta(item INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT"},
}};

// Rows of `meta`.
enum class Item : std::int32_t {
  // Nothing, sealed under the master key: tells a wrong one from a damaged file.
  master_check = 1,
  log_secret = 2,
  // Hash of the log's first event. Not there: the file belongs to no log yet.
  identity = 3,
  // There while bytes of destroyed keys may still lie somewhere.
  erasing = 4,
};

// What a wrapped value is, so that none can stand in another's place.
constexpr std::string_view master_check_is = "campanile.master.1";
constexpr std::string_view log_secret_is = "campanile.log_secret.1";

std::string key_is(std::uint64_t id) {
  std::string text = "campanile.key.1";
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(id >> shift);
  return text;
}

std::string_view text_of(const Secret& secret) {
  return {reinterpret_cast<const char*>(secret.data()), Secret::size};
}

std::string blob_of(const SQLite::Column& column) {
  const void* bytes = column.getBlob();
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(column.getBytes())};
}

std::int64_t row_of(std::uint64_t id) {
  assert(id <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  return static_cast<std::int64_t>(id);
}

// An id is its campaign's above its ordinal: neighbours stand side by side, and campaigns not upon
// one another.
std::size_t place_of(std::uint64_t id, std::size_t places) {
  constexpr std::uint64_t odd = 0x9E3779B1;
  return (id + (id >> 32) * odd) % places;
}

struct EndTransaction {
  SQLite::Statement& statement;
  ~EndTransaction() { statement.tryReset(); }
};

// False where it was not wrapped by this cipher as this.
bool unwrap(AesGcm& master, std::string_view what, std::string_view wrapped, Secret& into) {
  std::string plain;
  const bool opened = master.open(what, wrapped, plain) && plain.size() == Secret::size;
  if (opened) std::memcpy(into.data(), plain.data(), Secret::size);
  wipe(plain.data(), plain.size());
  return opened;
}

std::string wrap(AesGcm& master, std::string_view what, std::string_view plain) {
  std::string wrapped;
  master.seal(what, plain, wrapped);
  return wrapped;
}

bool says_disk_full(SQLite::Database& database, const SQLite::Exception& error) {
  if (error.getErrorCode() == SQLITE_FULL) return true;
  const int code = error.getExtendedErrorCode();
  const int system_error = sqlite3_system_errno(database.getHandle());
  return (code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_WRITE) &&
         (system_error == ENOSPC || system_error == EDQUOT);
}

void to_wal_mode(SQLite::Database& database) {
  const std::string mode = enter_wal_mode(database);
  if (mode == "wal") return;
  throw LogFailed("the keys cannot be kept on this file system: SQLite refuses WAL mode (" + mode +
                  "). Keep the log on a local disk");
}

void put(SQLite::Database& database, Item item, std::string_view value) {
  SQLite::Statement insert(database, "INSERT OR REPLACE INTO meta VALUES(?, ?)");
  insert.bind(1, static_cast<std::int32_t>(item));
  // A null pointer would be bound as NULL, and an empty view may have one.
  insert.bindNoCopy(2, value.empty() ? "" : value.data(), static_cast<int>(value.size()));
  insert.exec();
}

std::optional<std::string> get(SQLite::Database& database, Item item) {
  SQLite::Statement select(database, "SELECT value FROM meta WHERE item = ?");
  select.bind(1, static_cast<std::int32_t>(item));
  if (!select.executeStep()) return std::nullopt;
  return blob_of(select.getColumn(0));
}

// Throws KeysForeign, LogNewer or KeysDamaged for what is no key file of ours.
void check_layout(SQLite::Database& database, const std::string& name) {
  const std::int64_t application = database.execAndGet("PRAGMA application_id").getInt64();
  const std::int64_t layout = database.execAndGet("PRAGMA user_version").getInt64();
  if (application != key_file_application_id) {
    throw KeysForeign(name +
                      " holds no keys: it is empty or the database of another program. "
                      "Put the key file of this log there");
  }
  if (layout > key_file_layout_version) {
    throw LogNewer(name + " has layout " + std::to_string(layout) + ", this program knows up to " +
                   std::to_string(key_file_layout_version) + ". Use the version that wrote it");
  }
  std::size_t found = 0;
  SQLite::Statement rows(database, "SELECT name, sql FROM sqlite_schema ORDER BY name");
  for (; rows.executeStep(); ++found) {
    if (found == key_file_pieces.size() ||
        rows.getColumn(0).getString() != key_file_pieces[found].name ||
        rows.getColumn(1).getString() != key_file_pieces[found].sql) {
      break;
    }
  }
  if (found != key_file_pieces.size() || rows.hasRow()) {
    throw KeysDamaged(name + " is damaged: its tables were changed. Restore a copy of the keys");
  }
}

// Does `work` and says in our words what SQLite refuses.
template <typename Work>
auto in_our_words(const std::string& name, Work work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) {
      throw KeysForeign(name +
                        " holds no keys: it is no SQLite database. Put the key file of this "
                        "log there");
    }
    if (error.getErrorCode() == SQLITE_CORRUPT) {
      throw KeysDamaged(name + " is damaged: " + error.what() + ". Restore a copy of the keys");
    }
    throw LogFailed("the key file " + name + " cannot be used: " + reason_of(error));
  }
}

}  // namespace

struct KeyStore::Block {
  Block(const std::filesystem::path& key_file, const Secret& master_key)
      : name(key_file.string()), master(master_key) {}

  void open(const std::filesystem::path& file, Access access);
  void configure();
  void load_destroyed();
  std::optional<std::string> wrapped_of(std::uint64_t id);
  bool fetch(std::uint64_t id);
  AesGcm* cipher_of(std::uint64_t id);
  AesGcm& make_ready(std::uint64_t id, const Secret& key);
  AesGcm& cipher_of_new(std::uint64_t id);
  void drop(std::uint64_t id);
  void drop_all();
  bool commit(const std::function<void()>& work);
  int checkpoint(int mode);
  void look_for_later(const std::string& wrapped);
  bool anything_left();
  static int note_wal_pages(void* self, sqlite3*, const char*, int pages) noexcept {
    static_cast<Block*>(self)->wal_pages = pages;
    return SQLITE_OK;
  }

  std::string name;
  AesGcm master;
  Secret log_secret{};
  std::optional<SQLite::Database> database{};
  std::optional<SQLite::Statement> select{};
  std::optional<SQLite::Statement> insert{};
  bool writes = false;
  int wal_pages = 0;
  // What SQLite counts up when another connection has written.
  std::int64_t data_version = 0;

  // Sorted.
  std::vector<std::uint64_t> destroyed{};
  // Wrapped keys that are not in the file yet.
  std::map<std::uint64_t, std::string> pending{};
  // No key in the file or pending has a higher id.
  std::uint64_t highest = 0;

  // A cipher and a key stand where place_of says; the next one with the same place replaces it. The
  // keys' own table is made when the first one is fetched.
  struct Slot {
    std::optional<std::uint64_t> id{};
    AesGcm cipher{};
  };
  struct Unwrapped {
    std::optional<std::uint64_t> id{};
    Secret key{};
  };
  std::vector<std::optional<Slot>> slots = std::vector<std::optional<Slot>>(ciphers_max);
  std::vector<Unwrapped> unwrapped{};

  bool erasing = false;
  bool write_anew = false;
  std::vector<std::string> looked_for{};
};

void KeyStore::Block::open(const std::filesystem::path& file, Access access) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) {
    throw KeysMissing("the key file " + name +
                      " is not there. Without it nothing personal in the log can be read: put it "
                      "back, or restore a copy");
  }
  in_our_words(name, [&] {
    database.emplace(open_beside_and_mend(file));
    harden(*database);
    keep_few_pages(*database);  // keys are read ahead, in their order
    check_layout(*database, name);
    const auto check = get(*database, Item::master_check);
    const auto secret = get(*database, Item::log_secret);
    std::string nothing;
    const bool checked = check && master.open(master_check_is, *check, nothing);
    const bool has_secret = secret && unwrap(master, log_secret_is, *secret, log_secret);
    if (!checked && !has_secret) {
      throw WrongMasterKey("the key file " + name +
                           " was not made with this master key. Give the one it was made with");
    }
    if (!checked || !has_secret) {
      throw KeysDamaged(name +
                        " is damaged: what stands there is not what was written. Restore a "
                        "copy of the keys");
    }
    if (access == Access::write) {
      database.emplace(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, busy_wait_ms);
      harden(*database);
      configure();
      erasing = get(*database, Item::erasing).has_value();
      write_anew = erasing;
    }
    select.emplace(*database, "SELECT id, wrapped FROM key WHERE id >= ? ORDER BY id LIMIT ?");
    highest = static_cast<std::uint64_t>(
        database->execAndGet("SELECT coalesce(max(id), 0) FROM key").getInt64());
    data_version = database->execAndGet("PRAGMA data_version").getInt64();
    load_destroyed();
  });
}

void KeyStore::Block::configure() {
  writes = true;
  to_wal_mode(*database);
  database->exec(
      "PRAGMA synchronous = EXTRA;"
      "PRAGMA fullfsync = ON;"
      "PRAGMA checkpoint_fullfsync = ON;"
      "PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA secure_delete = ON;");
  // To close what was refused, or what failed, must change nothing.
  sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_hook(database->getHandle(), &Block::note_wal_pages, this);
  insert.emplace(*database, "INSERT INTO key VALUES(?, ?)");
}

void KeyStore::Block::load_destroyed() {
  destroyed.clear();
  SQLite::Statement rows(*database, "SELECT id FROM destroyed ORDER BY id");
  while (rows.executeStep()) {
    destroyed.push_back(static_cast<std::uint64_t>(rows.getColumn(0).getInt64()));
  }
}

std::optional<std::string> KeyStore::Block::wrapped_of(std::uint64_t id) {
  if (const auto found = pending.find(id); found != pending.end()) return found->second;
  return in_our_words(name, [&]() -> std::optional<std::string> {
    const EndTransaction at_the_end{*select};
    select->bind(1, row_of(id));
    select->bind(2, 1);
    if (!select->executeStep() || select->getColumn(0).getInt64() != row_of(id)) {
      return std::nullopt;
    }
    return blob_of(select->getColumn(1));
  });
}

// Unwraps the key and the next ones of its neighbours. False where there is none.
bool KeyStore::Block::fetch(std::uint64_t id) {
  std::vector<std::pair<std::uint64_t, std::string>> wrapped;
  if (const auto found = pending.find(id); found != pending.end()) {
    wrapped.push_back(*found);
  } else if (!writes || id <= highest) {
    in_our_words(name, [&] {
      const EndTransaction at_the_end{*select};
      select->bind(1, row_of(id));
      select->bind(2, fetched_at_once);
      while (select->executeStep()) {
        wrapped.emplace_back(select->getColumn(0).getInt64(), blob_of(select->getColumn(1)));
      }
    });
  }
  if (wrapped.empty() || wrapped.front().first != id) return false;
  unwrapped.resize(unwrapped_max);
  // From the last on: a neighbour of another campaign may have the same place.
  for (auto at = wrapped.rbegin(); at != wrapped.rend(); ++at) {
    const auto& [other, bytes] = *at;
    Unwrapped& place = unwrapped[place_of(other, unwrapped.size())];
    if (place.id == other) continue;
    place.id.reset();
    if (unwrap(master, key_is(other), bytes, place.key)) {
      place.id = other;
    } else if (other == id) {
      throw KeysDamaged(name + " is damaged: key " + std::to_string(id) +
                        " is not what was written. Restore a copy of the keys");
    }
  }
  return true;
}

AesGcm* KeyStore::Block::cipher_of(std::uint64_t id) {
  auto& slot = slots[place_of(id, slots.size())];
  if (slot && slot->id == id) return &slot->cipher;
  const auto is_there = [&] {
    return !unwrapped.empty() && unwrapped[place_of(id, unwrapped.size())].id == id;
  };
  if (!is_there() && !fetch(id)) return nullptr;
  assert(is_there());
  return &make_ready(id, unwrapped[place_of(id, unwrapped.size())].key);
}

AesGcm& KeyStore::Block::make_ready(std::uint64_t id, const Secret& key) {
  auto& slot = slots[place_of(id, slots.size())];
  if (!slot) slot.emplace();
  slot->cipher.set_key(key);
  slot->id = id;
  return slot->cipher;
}

AesGcm& KeyStore::Block::cipher_of_new(std::uint64_t id) {
  const Secret key = Secret::random();
  pending.emplace(id, wrap(master, key_is(id), text_of(key)));
  highest = std::max(highest, id);
  return make_ready(id, key);
}

void KeyStore::Block::drop(std::uint64_t id) {
  if (auto& slot = slots[place_of(id, slots.size())]; slot && slot->id == id) slot.reset();
  if (unwrapped.empty()) return;
  Unwrapped& place = unwrapped[place_of(id, unwrapped.size())];
  if (place.id == id) place = {};
}

void KeyStore::Block::drop_all() {
  for (auto& slot : slots) slot.reset();
  unwrapped.clear();
}

// One transaction. False when the disk is full; then nothing of it counts.
bool KeyStore::Block::commit(const std::function<void()>& work) {
  assert(writes);
  return in_our_words(name, [&] {
    try {
      database->exec("BEGIN IMMEDIATE");
      work();
      database->exec("COMMIT");
      return true;
    } catch (const SQLite::Exception& error) {
      const bool full = says_disk_full(*database, error);
      insert->tryReset();
      if (sqlite3_get_autocommit(database->getHandle()) == 0) database->tryExec("ROLLBACK");
      if (!full) throw;
      return false;
    }
  });
}

// SQLITE_OK, SQLITE_BUSY or SQLITE_FULL.
int KeyStore::Block::checkpoint(int mode) {
  sqlite3* handle = database->getHandle();
  sqlite3_busy_timeout(handle, 0);
  int pages = 0;
  const int result = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, &pages, nullptr);
  int answer = result == SQLITE_LOCKED ? SQLITE_BUSY : result;
  if (answer != SQLITE_OK && answer != SQLITE_BUSY) {
    const SQLite::Exception error(handle, result);
    if (!says_disk_full(*database, error)) in_our_words(name, [&] { throw error; });
    answer = SQLITE_FULL;
  }
  sqlite3_busy_timeout(handle, busy_wait_ms);
  wal_pages = 0;
  return answer;
}

void KeyStore::Block::look_for_later(const std::string& wrapped) {
  if (looked_for.size() >= keys_looked_for_max * (Secret::size / piece_bytes)) {
    write_anew = true;
    looked_for.clear();
  }
  if (write_anew || wrapped.size() < AesGcm::nonce_bytes + Secret::size) return;
  for (std::size_t at = 0; at < Secret::size; at += piece_bytes) {
    looked_for.push_back(wrapped.substr(AesGcm::nonce_bytes + at, piece_bytes));
  }
}

// Reads the file through SQLite's own handle: opening and closing it beside would give back the
// locks that SQLite holds on it.
bool KeyStore::Block::anything_left() {
  if (write_anew) return true;
  if (looked_for.empty()) return false;
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database->getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  sqlite3_int64 size = 0;
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) return true;
  constexpr sqlite3_int64 step = 1 << 20;
  std::string bytes;
  for (sqlite3_int64 at = 0; at < size; at += step) {
    const auto overlap = static_cast<sqlite3_int64>(piece_bytes - 1);
    bytes.resize(static_cast<std::size_t>(std::min(step + overlap, size - at)));
    if (file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), at) !=
        SQLITE_OK) {
      return true;
    }
    for (const std::string& piece : looked_for) {
      if (memmem(bytes.data(), bytes.size(), piece.data(), piece.size()) != nullptr) return true;
    }
  }
  return false;
}

std::filesystem::path KeyStore::path_of(const std::filesystem::path& log) {
  return log.string() + ".keys";
}

bool KeyStore::stands_at(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed)) return false;
  try {
    SQLite::Database database = open_beside_and_mend(file);
    return database.execAndGet("PRAGMA application_id").getInt64() == key_file_application_id;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) return false;
    throw LogFailed("the key file " + file.string() + " cannot be read: " + reason_of(error));
  }
}

void KeyStore::create(const std::filesystem::path& file, const Secret& master_key,
                      const Secret& log_secret) {
  const std::string name = file.string();
  const std::filesystem::path draft = name + ".new";
  in_our_words(name, [&] {
    if (std::filesystem::exists(file)) {
      bool belongs_to_none = false;
      try {
        SQLite::Database left = open_beside_and_mend(file);
        harden(left);
        check_layout(left, name);
        belongs_to_none = !get(left, Item::identity);
      } catch (const LogFailed&) {
        // No key file of ours is not ours to replace.
      }
      if (!belongs_to_none) {
        throw KeysExist("keys cannot be made at " + name +
                        ": those of a log that is not there stand there. Put that log back, or "
                        "name another file");
      }
    }
    const auto remove = [](const std::filesystem::path& database) {
      // The journal too: SQLite would take it for one of the file that comes to stand there.
      for (const char* end : {"-journal", "-wal", "-shm", ""}) {
        std::filesystem::remove(database.string() + end);
      }
    };
    remove(draft);
    try {
      {
        SQLite::Database made(draft.string(),
                              SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
        std::filesystem::permissions(
            draft, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        harden(made);
        made.exec("PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON; BEGIN IMMEDIATE");
        made.exec("PRAGMA application_id = " + std::to_string(key_file_application_id));
        made.exec("PRAGMA user_version = " + std::to_string(key_file_layout_version));
        for (const KeyFilePiece& piece : key_file_pieces) made.exec(piece.sql);
        AesGcm master(master_key);
        put(made, Item::master_check, wrap(master, master_check_is, {}));
        put(made, Item::log_secret, wrap(master, log_secret_is, text_of(log_secret)));
        made.exec("COMMIT");
        // Here, where a crash leaves a draft that is thrown away.
        to_wal_mode(made);
      }
      remove(file);
      rename_durably(draft, file);
    } catch (...) {
      std::error_code ignored;
      for (const char* end : {"-journal", "-wal", "-shm", ""}) {
        std::filesystem::remove(draft.string() + end, ignored);
      }
      throw;
    }
  });
}

KeyStore::KeyStore(const std::filesystem::path& file, const Secret& master, Access access)
    : block_(std::make_unique<Block>(file, master)) {
  block_->open(file, access);
}

KeyStore::~KeyStore() = default;

const Secret& KeyStore::log_secret() const {
  return block_->log_secret;
}

void KeyStore::belong_to(const Hash& identity) {
  const std::string_view bytes(reinterpret_cast<const char*>(identity.data()), identity.size());
  const auto known =
      in_our_words(block_->name, [&] { return get(*block_->database, Item::identity); });
  if (known && *known != bytes) {
    throw KeysForeign("the key file " + block_->name +
                      " belongs to another log. Put the key file of this log there");
  }
  if (!block_->writes) return;
  if (!known && !block_->commit([&] { put(*block_->database, Item::identity, bytes); })) {
    throw LogFailed("the key file " + block_->name +
                    " cannot be written: the disk is full. Make space, then try again");
  }
  sqlite3_db_config(block_->database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

std::optional<std::string> KeyStore::seal(std::uint64_t id, std::string_view associated,
                                          std::string_view plain) {
  Block& b = *block_;
  assert(b.writes);
  if (destroyed(id)) return std::nullopt;
  AesGcm* cipher = b.cipher_of(id);
  std::string sealed;
  sealed.reserve(plain.size() + AesGcm::overhead);
  (cipher != nullptr ? *cipher : b.cipher_of_new(id)).seal(associated, plain, sealed);
  return sealed;
}

bool KeyStore::make_durable() {
  Block& b = *block_;
  if (b.pending.empty()) return true;
  const bool written = b.commit([&] {
    for (const auto& [id, wrapped] : b.pending) {
      b.insert->bind(1, row_of(id));
      b.insert->bindNoCopy(2, wrapped.data(), static_cast<int>(wrapped.size()));
      b.insert->exec();
      b.insert->reset();
    }
  });
  if (!written) return false;
  b.pending.clear();
  if (b.wal_pages >= key_wal_pages_max) b.checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  return true;
}

KeyStore::Opened KeyStore::open(std::uint64_t id, std::string_view associated,
                                std::string_view sealed, std::string& to) {
  if (destroyed(id)) return Opened::destroyed;
  AesGcm* cipher = block_->cipher_of(id);
  if (cipher == nullptr) return Opened::no_key;
  return cipher->open(associated, sealed, to) ? Opened::opened : Opened::not_what_was_sealed;
}

bool KeyStore::destroyed(std::uint64_t id) const {
  return std::binary_search(block_->destroyed.begin(), block_->destroyed.end(), id);
}

bool KeyStore::has(std::uint64_t id) {
  return !destroyed(id) && block_->wrapped_of(id).has_value();
}

std::uint64_t KeyStore::count() {
  return in_our_words(block_->name, [&] {
    const auto in_file = block_->database->execAndGet("SELECT count(*) FROM key").getInt64();
    return static_cast<std::uint64_t>(in_file) + block_->pending.size();
  });
}

KeyStore::Destruction KeyStore::destroy(const std::vector<std::uint64_t>& ids) {
  Block& b = *block_;
  std::vector<std::uint64_t> now;
  for (const std::uint64_t id : ids) {
    if (!destroyed(id)) now.push_back(id);
  }
  std::sort(now.begin(), now.end());
  now.erase(std::unique(now.begin(), now.end()), now.end());
  if (now.empty()) return finish_destroying();
  // A new key that no event could use yet would otherwise be written later.
  if (!make_durable()) return Destruction::disk_full;
  const bool deleted = b.commit([&] {
    SQLite::Statement remove(*b.database, "DELETE FROM key WHERE id = ?");
    SQLite::Statement note(*b.database, "INSERT INTO destroyed VALUES(?)");
    for (const std::uint64_t id : now) {
      if (const auto wrapped = b.wrapped_of(id)) b.look_for_later(*wrapped);
      for (SQLite::Statement* statement : {&remove, &note}) {
        statement->bind(1, row_of(id));
        statement->exec();
        statement->reset();
      }
    }
    put(*b.database, Item::erasing, {});
  });
  if (!deleted) return Destruction::disk_full;
  for (const std::uint64_t id : now) {
    b.drop(id);
  }
  const auto middle = static_cast<std::ptrdiff_t>(b.destroyed.size());
  b.destroyed.insert(b.destroyed.end(), now.begin(), now.end());
  std::inplace_merge(b.destroyed.begin(), b.destroyed.begin() + middle, b.destroyed.end());
  b.erasing = true;
  return finish_destroying();
}

KeyStore::Destruction KeyStore::finish_destroying() {
  Block& b = *block_;
  if (!b.erasing) return Destruction::done;
  if (b.checkpoint(SQLITE_CHECKPOINT_TRUNCATE) != SQLITE_OK) return Destruction::under_way;
  if (b.anything_left()) {
    const bool written_anew = in_our_words(b.name, [&] {
      // VACUUM writes into a database of its own, which no other statement here may attach.
      struct OneAttached {
        sqlite3* handle;
        explicit OneAttached(sqlite3* of) : handle(of) {
          sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 1);
        }
        ~OneAttached() { sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0); }
      } for_vacuum(b.database->getHandle());
      try {
        b.database->exec("VACUUM");
        return true;
      } catch (const SQLite::Exception& error) {
        if (!says_disk_full(*b.database, error)) throw;
        return false;
      }
    });
    if (!written_anew || b.checkpoint(SQLITE_CHECKPOINT_TRUNCATE) != SQLITE_OK) {
      return Destruction::under_way;
    }
  }
  b.write_anew = false;
  b.looked_for.clear();
  const bool noted = b.commit([&] {
    SQLite::Statement done(*b.database, "DELETE FROM meta WHERE item = ?");
    done.bind(1, static_cast<std::int32_t>(Item::erasing));
    done.exec();
  });
  if (!noted) return Destruction::under_way;
  b.erasing = false;
  return Destruction::done;
}

bool KeyStore::destruction_under_way() const {
  return block_->erasing;
}

void KeyStore::refresh() {
  Block& b = *block_;
  if (b.writes) return;
  in_our_words(b.name, [&] {
    const std::int64_t version = b.database->execAndGet("PRAGMA data_version").getInt64();
    if (version == b.data_version) return;
    b.data_version = version;
    const std::size_t before = b.destroyed.size();
    b.load_destroyed();
    if (b.destroyed.size() != before) b.drop_all();
  });
}

void KeyStore::change_master(const std::filesystem::path& file, const Secret& from,
                             const Secret& to) {
  KeyStore store(file, from, Access::write);
  Block& b = *store.block_;
  AesGcm master(to);
  const bool written = b.commit([&] {
    SQLite::Statement some(*b.database,
                           "SELECT id, wrapped FROM key WHERE id >= ? ORDER BY id LIMIT ?");
    SQLite::Statement update(*b.database, "UPDATE key SET wrapped = ? WHERE id = ?");
    std::int64_t next = 0;
    for (std::vector<std::pair<std::int64_t, std::string>> keys;; keys.clear()) {
      some.bind(1, next);
      some.bind(2, static_cast<std::int32_t>(rewrapped_at_once));
      while (some.executeStep()) {
        keys.emplace_back(some.getColumn(0).getInt64(), blob_of(some.getColumn(1)));
      }
      some.reset();
      if (keys.empty()) break;
      for (const auto& [id, wrapped] : keys) {
        const std::string what = key_is(static_cast<std::uint64_t>(id));
        Secret key;
        if (!unwrap(b.master, what, wrapped, key)) {
          throw KeysDamaged(b.name + " is damaged: key " + std::to_string(id) +
                            " is not what was written. Restore a copy of the keys");
        }
        const std::string anew = wrap(master, what, text_of(key));
        update.bind(1, anew.data(), static_cast<int>(anew.size()));
        update.bind(2, id);
        update.exec();
        update.reset();
      }
      next = keys.back().first + 1;
    }
    put(*b.database, Item::master_check, wrap(master, master_check_is, {}));
    put(*b.database, Item::log_secret, wrap(master, log_secret_is, text_of(b.log_secret)));
    put(*b.database, Item::erasing, {});
  });
  if (!written) {
    throw LogFailed("the key file " + b.name +
                    " cannot be written: the disk is full. Make space, then try again");
  }
  b.erasing = true;
  b.write_anew = true;
  if (store.finish_destroying() != Destruction::done) {
    throw LogFailed("the key file " + b.name +
                    " has its new master key, and traces of the old one are left because another "
                    "program reads it or the disk is full. They go at the next start");
  }
  sqlite3_db_config(b.database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

}  // namespace eventstore
