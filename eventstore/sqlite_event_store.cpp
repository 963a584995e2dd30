#include "eventstore/sqlite_event_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/event_rows.hpp"
#include "eventstore/key_store.hpp"
#include "eventstore/log_lock.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/read_ahead.hpp"
#include "eventstore/reserve.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/sealing.hpp"
#include "eventstore/stream_versions.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds retry_on_full_disk{1};

// All that is in the WAL alone is exposed to a single flipped bit there (SQLite then drops the rest
// in silence), so the WAL is kept short: copied at these limits or when the log is quiet, and cut
// to nothing when it stays quiet.
constexpr int wal_pages_max = 1000;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t wal_header_bytes = 32;
constexpr std::uint64_t wal_frame_header_bytes = 24;
constexpr int commits_in_wal_max = 256;
constexpr seconds quiet_until_copied{1};
constexpr seconds quiet_until_cut{4};

// A batch as it waits: the events have the positions from `first` on.
struct Batch {
  std::vector<NewEvent> events{};
  std::int64_t recorded_at = 0;
  Position first = 0;
  std::size_t bytes = 0;
};

std::size_t bytes_of(const std::vector<NewEvent>& events) {
  std::size_t bytes = 0;
  for (const NewEvent& event : events) {
    bytes += event.stream.size() + event.type.size() + event.personal.size() + event.payload.size();
  }
  return bytes;
}

RecordedEvent recorded(const NewEvent& event, Position position, std::int64_t recorded_at,
                       std::uint32_t epoch) {
  assert(event.cause < position);
  assert(!event.key_id || *event.key_id <= std::numeric_limits<std::int64_t>::max());
  RecordedEvent row;
  row.position = position;
  row.stream = event.stream;
  row.version = event.version;
  row.type = event.type;
  row.schema = event.schema;
  row.recorded_at = recorded_at;
  row.occurred_at = event.occurred_at;
  row.epoch = epoch;
  row.cause = event.cause;
  row.key_id = event.key_id;
  row.personal = event.personal;
  row.payload = event.payload;
  return row;
}

bool means_disk_full(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT;
}

// The one connection that writes, and the end of the chain it extends. Made on the opening thread,
// then used by the writer thread alone.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file)
      : database_(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, busy_wait_ms) {
    harden(database_);
    // To close what was refused, or what failed, must change nothing. The end of a lost log may
    // still lie in the WAL, and after a failed sync nothing is to be tried again.
    tidy_up_when_closed(false);
  }

  // Whether closing copies the WAL and removes it.
  void tidy_up_when_closed(bool tidy) {
    sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, tidy ? 0 : 1,
                      nullptr);
  }

  // The table, and the first batch with it, in one transaction.
  void create(const std::vector<NewEvent>& first, std::int64_t recorded_at) {
    configure();
    database_.exec("BEGIN IMMEDIATE");
    create_schema(database_);
    prepare(1);
    std::vector<Batch> group(1);
    group[0].events = first;
    group[0].recorded_at = recorded_at;
    group[0].first = 1;
    const std::vector<Hash> hashes = hashes_of(group);
    insert(group, hashes);
    database_.exec("COMMIT");
    went_on_to(group, hashes);
  }

  // Only after check_schema: nothing of another program's database may be changed.
  void configure() {
    const std::string mode = enter_wal_mode(database_);
    if (mode != "wal") {
      throw LogFailed("the log cannot be kept on this file system: SQLite refuses WAL mode (" +
                      mode + "). Keep it on a local disk");
    }
    // EXTRA costs nothing over FULL in WAL mode and stays safe should somebody change the mode.
    database_.exec(
        "PRAGMA synchronous = EXTRA;"
        "PRAGMA fullfsync = ON;"
        "PRAGMA checkpoint_fullfsync = ON;"
        "PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 67108864;"
        "PRAGMA recursive_triggers = ON;");
    // The triggers are for everybody else. They cost as much as the rest of an insert; this
    // connection only ever runs one plain INSERT, and asks once per transaction what the guard asks
    // per row.
    sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_wal_hook(database_.getHandle(), &Writer::note_wal_pages, this);
  }

  void prepare(std::uint32_t epoch) {
    epoch_ = epoch;
    begin_.emplace(database_, "BEGIN IMMEDIATE");
    last_.emplace(database_, "SELECT max(position) FROM event");
    insert_.emplace(database_, std::string("INSERT INTO event(") + event_columns +
                                   ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
    commit_.emplace(database_, "COMMIT");
  }

  SQLite::Database& database() { return database_; }

  // `identity` is the hash of the first event.
  void continue_after(const Head& head, const Hash& identity) {
    head_ = head;
    identity_ = identity;
  }

  // The last event of the last commit, and the hash of the first one of all.
  const Head& head() const { return head_; }
  const Hash& identity() const { return identity_; }

  std::vector<Hash> hashes_of(const std::vector<Batch>& group) const {
    std::vector<Hash> hashes;
    Hash before = head_.hash;
    for (const Batch& batch : group) {
      Position position = batch.first;
      for (const NewEvent& event : batch.events) {
        before = chain_hash(before, recorded(event, position++, batch.recorded_at, epoch_));
        hashes.push_back(before);
      }
    }
    return hashes;
  }

  // One transaction. When it throws, nothing of it counts and it may be tried again.
  void commit(const std::vector<Batch>& group, const std::vector<Hash>& hashes) {
    errno = 0;
    try {
      run(*begin_);
      check_that_nobody_else_wrote(group.front().first);
      insert(group, hashes);
      run(*commit_);
    } catch (const SQLite::Exception& error) {
      disk_full_ = says_disk_full(error, errno);
      begin_->tryReset();
      last_->tryReset();
      insert_->tryReset();
      commit_->tryReset();
      if (sqlite3_get_autocommit(database_.getHandle()) == 0) database_.tryExec("ROLLBACK");
      throw;
    }
    went_on_to(group, hashes);
    ++commits_in_wal_;
  }

  // Whether the last commit that threw only lacked space.
  bool disk_is_full() const { return disk_full_; }

  bool wal_is_due() const {
    return wal_pages_ - wal_pages_seen_ >= wal_pages_max || commits_in_wal_ >= commits_in_wal_max;
  }

  std::uint64_t wal_bytes() const {
    return wal_pages_ == 0 ? 0
                           : wal_header_bytes + static_cast<std::uint64_t>(wal_pages_) *
                                                    (page_bytes + wal_frame_header_bytes);
  }

  // Copies the WAL into the database, as far as readers allow; with `cut` also empties the file.
  // A full disk leaves the WAL as it is. True if all of it was copied, or cut.
  bool checkpoint(bool cut) {
    const int mode = cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3* handle = database_.getHandle();
    sqlite3_busy_timeout(handle, 0);
    int pages = 0;
    int copied = 0;
    errno = 0;
    const int result = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, &pages, &copied);
    const int system_error = errno;
    if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_LOCKED) {
      const SQLite::Exception error(handle, result);
      if (!says_disk_full(error, system_error)) throw error;
    }
    sqlite3_busy_timeout(handle, busy_wait_ms);
    // What readers kept from being copied is tried again when as much has come on top of it.
    wal_pages_ = std::max(pages, 0);
    wal_pages_seen_ = wal_pages_;
    commits_in_wal_ = 0;
    return result == SQLITE_OK && pages == copied;
  }

 private:
  // `errno` is still that of the call that failed: SQLite tells it of some calls only. SHMSIZE: the
  // WAL's index could not grow. The others are where SQLite knows no other word for a quota. All of
  // them leave the log as it was or with the whole group in it, which the next try writes again at
  // the same place.
  static bool says_disk_full(const SQLite::Exception& error, int system_error) {
    if (error.getErrorCode() == SQLITE_FULL) return true;
    const int code = error.getExtendedErrorCode();
    const bool was_writing = code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_WRITE;
    return was_writing && means_disk_full(system_error);
  }

  void went_on_to(const std::vector<Batch>& group, const std::vector<Hash>& hashes) {
    if (hashes.empty()) return;
    if (head_.position == 0) identity_ = hashes.front();
    head_ = {head_.position + hashes.size(), hashes.back(), group.back().recorded_at, epoch_};
  }

  static void run(SQLite::Statement& statement) {
    statement.exec();
    statement.reset();
  }

  void check_that_nobody_else_wrote(Position first) {
    last_->executeStep();
    const auto last = static_cast<Position>(last_->getColumn(0).getInt64());
    last_->reset();
    if (last + 1 == first) return;
    throw SQLite::Exception("another program changed it: its last event is " +
                            std::to_string(last) + ", not " + std::to_string(first - 1));
  }

  void insert(const std::vector<Batch>& group, const std::vector<Hash>& hashes) {
    std::size_t next = 0;
    for (const Batch& batch : group) {
      Position position = batch.first;
      for (const NewEvent& event : batch.events) {
        insert(recorded(event, position++, batch.recorded_at, epoch_), event, hashes[next++]);
      }
    }
  }

  // Binds without copying: the event outlives the step.
  void insert(const RecordedEvent& row, const NewEvent& event, const Hash& hash) {
    SQLite::Statement& to = *insert_;
    to.bind(1, static_cast<std::int64_t>(row.position));
    to.bindNoCopy(2, event.stream);
    to.bind(3, static_cast<std::int64_t>(row.version));
    to.bindNoCopy(4, event.type);
    to.bind(5, static_cast<std::int32_t>(row.schema));
    to.bind(6, row.recorded_at);
    row.occurred_at ? to.bind(7, *row.occurred_at) : to.bind(7);
    to.bind(8, static_cast<std::int64_t>(row.epoch));
    row.cause != 0 ? to.bind(9, static_cast<std::int64_t>(row.cause)) : to.bind(9);
    row.key_id ? to.bind(10, static_cast<std::int64_t>(*row.key_id)) : to.bind(10);
    if (event.personal.empty()) {
      to.bind(11);
    } else {
      to.bindNoCopy(11, event.personal.data(), static_cast<int>(event.personal.size()));
    }
    to.bindNoCopy(12, event.payload);
    to.bindNoCopy(13, hash.data(), static_cast<int>(hash.size()));
    run(to);
  }

  static int note_wal_pages(void* self, sqlite3*, const char*, int pages) noexcept {
    Writer& writer = *static_cast<Writer*>(self);
    if (pages < writer.wal_pages_) writer.wal_pages_seen_ = 0;  // it was used anew
    writer.wal_pages_ = pages;
    return SQLITE_OK;
  }

  SQLite::Database database_;
  std::optional<SQLite::Statement> begin_{};
  std::optional<SQLite::Statement> last_{};
  std::optional<SQLite::Statement> insert_{};
  std::optional<SQLite::Statement> commit_{};
  std::uint32_t epoch_ = 0;
  Head head_{};
  Hash identity_{};
  bool disk_full_ = false;
  int wal_pages_ = 0;
  int wal_pages_seen_ = 0;
  int commits_in_wal_ = 0;
};

// The witness and, where one is kept, its copy. Throws std::system_error.
class Witnesses {
 public:
  explicit Witnesses(std::chrono::milliseconds sync_every) : sync_every_(sync_every) {}

  void add(const std::filesystem::path& file, const FileMark& log) {
    files_.push_back(std::make_unique<WitnessFile>(file, false));
    files_.back()->speak_of(log);
  }

  void write(const Head& head, const Hash& identity) {
    if (!unsynced_) sync_at_ = Clock::now() + sync_every_;
    unsynced_ = true;
    for (const auto& file : files_) file->write(head, identity);
  }

  void sync() {
    if (!unsynced_) return;
    for (const auto& file : files_) file->sync();
    unsynced_ = false;
  }

  // When the next sync is due, where one is.
  std::optional<Clock::time_point> sync_at() const {
    return unsynced_ ? std::optional(sync_at_) : std::nullopt;
  }

 private:
  std::chrono::milliseconds sync_every_;
  std::vector<std::unique_ptr<WitnessFile>> files_{};
  bool unsynced_ = false;
  Clock::time_point sync_at_{};
};

// Makes a whole log and its witness under names of their own and gives them their real ones when
// they are durable, so that a crash never leaves half a log: first the log, and the witness only
// when that is on disk. Returns the lock, which lies on the file and so moves with it.
std::unique_ptr<LogLock> create_log(const SqliteEventStore::Options& options) {
  const std::filesystem::path& path = options.path;
  const std::filesystem::path draft = path.string() + ".new";
  const std::filesystem::path witness_draft = witness_draft_path(path);
  auto lock = std::make_unique<LogLock>(draft, LogLock::Open::create);
  bool keys_made = false;
  const auto remove_draft = [&] {
    std::error_code ignored;
    for (const char* end : {"", "-journal", "-wal", "-shm"}) {
      std::filesystem::remove(draft.string() + end, ignored);
    }
    std::filesystem::remove(witness_draft, ignored);
    if (!keys_made) return;
    for (const char* end : {"-journal", "-wal", "-shm", ""}) {
      std::filesystem::remove(KeyStore::path_of(path).string() + end, ignored);
    }
  };
  try {
    // Asked under the draft's lock, so that two that create the same log cannot both get here.
    if (std::filesystem::exists(std::filesystem::symlink_status(path))) {
      throw LogExists("a log cannot be made at " + path.string() + ": something stands there");
    }
    refuse_lost_log(path);
    // SQLite would take what is in it for the newest part of the new log.
    if (std::filesystem::exists(path.string() + "-wal")) {
      throw LogExists(path.string() + "-wal belongs to a log that stood at " + path.string() +
                      ". Put both together again, or remove it, or name another file");
    }
    // What a crash left of an earlier try.
    for (const char* end : {"-journal", "-wal", "-shm"}) {
      std::filesystem::remove(draft.string() + end);
    }
    if (ftruncate(lock->descriptor(), 0) != 0) {
      throw LogFailed("cannot make the log " + path.string() + ": " +
                      std::generic_category().message(errno));
    }
    {
      std::vector<NewEvent> first = options.first;
      if (options.master_key) {
        const std::filesystem::path key_file = KeyStore::path_of(path);
        KeyStore::create(key_file, *options.master_key,
                         options.log_secret ? *options.log_secret : Secret::random());
        keys_made = true;
        KeyStore keys(key_file, *options.master_key, KeyStore::Access::write);
        for (NewEvent& event : first) seal_personal(keys, event);
        if (!keys.make_durable()) throw LogFailed("the disk is full. Make space, then try again");
      }
      Writer writer(draft);
      writer.create(first, options.first_recorded_at);
      writer.checkpoint(true);
      writer.tidy_up_when_closed(true);
      make_witness(witness_draft, writer.head(), writer.identity());
    }
    if (fsync(lock->descriptor()) != 0) {
      throw LogFailed("cannot sync the log " + path.string() + ": " +
                      std::generic_category().message(errno));
    }
    std::filesystem::rename(draft, path);
  } catch (const SQLite::Exception& error) {
    remove_draft();
    throw LogFailed("cannot make the log " + path.string() + ": " + reason_of(error));
  } catch (const std::system_error& error) {
    remove_draft();
    throw LogFailed("cannot make the log " + path.string() + ": " + error.code().message());
  } catch (...) {
    remove_draft();
    throw;
  }
  // From here on there is a log, and the next start finds its witness under either name.
  try {
    sync_folder_of(path);
  } catch (const std::system_error& error) {
    throw LogFailed("cannot sync the folder of the log " + path.string() + ": " +
                    error.code().message());
  }
  return lock;
}

// The witness's copy, if it is there already.
std::optional<WitnessCheck> check_of_copy(const std::filesystem::path& log,
                                          const std::filesystem::path& copy) {
  if (copy.empty() || !std::filesystem::exists(copy)) return std::nullopt;
  const auto witnessed = read_witness(copy);
  if (!witnessed) {
    throw LogUnwitnessed(
        "both halves of the witness's copy " + copy.string() +
        " are broken. Look after that disk, then remove the file: it is made anew");
  }
  return WitnessCheck(log, copy, *witnessed);
}

}  // namespace

struct SqliteEventStore::Block {
  explicit Block(const Options& options)
      : path(options.path),
        witness_copy(options.witness_copy),
        refuse_copies(options.refuse_copies),
        reserve_bytes_max(options.reserve_bytes_max),
        master_key(options.master_key),
        on_durable(options.on_durable) {
    witnesses.emplace(options.witness_sync_every);
  }

  void open(const std::function<void(const RecordedEvent&)>& replay, bool created);
  void load(const std::function<void(const RecordedEvent&)>& replay);
  void write();
  void write_group(std::unique_lock<std::mutex>& held);
  bool commit_or_wait(const std::vector<Batch>& group, const std::vector<Hash>& hashes,
                      std::unique_lock<std::mutex>& held);
  std::vector<Batch> take_group();
  std::optional<Clock::time_point> next_chore() const;
  void do_chores(Clock::time_point now);
  void copy_wal();
  void open_witnesses();
  void open_keys();
  void destroy_keys_that_are_due(Clock::time_point now);
  void close();
  void set_disk_full(bool full);
  void fail(const std::string& why);
  void throw_if_failed() const;
  void tell() const {
    if (on_durable) on_durable();
  }

  std::filesystem::path path;
  std::filesystem::path witness_copy{};
  bool refuse_copies = false;
  std::uintmax_t reserve_bytes_max = 0;
  std::optional<Secret> master_key{};
  std::optional<Secret> log_secret{};
  std::function<void()> on_durable{};
  std::uint32_t epoch = 0;

  // The owner's thread only.
  StreamVersions versions{};
  Position last = 0;
  std::int64_t last_recorded_at = std::numeric_limits<std::int64_t>::min();

  // Written by the writer thread, read by both.
  std::atomic<Position> durable{0};
  std::atomic<bool> disk_full{false};
  std::atomic<bool> no_space{false};
  std::atomic<bool> failed{false};
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> wal_bytes{0};
  std::atomic<bool> destroying{false};

  // The writer thread only. After the last commit the WAL is first copied, then cut.
  enum class Wal { clean, dirty, copied };
  Wal wal = Wal::clean;
  Clock::time_point wal_since{};
  Clock::time_point reserve_at{};
  // Keys whose turn has come, and when it is tried again.
  std::vector<std::uint64_t> to_destroy{};
  Clock::time_point destroy_at{};

  // Guards what follows.
  mutable std::mutex mutex{};
  std::condition_variable to_writer{};
  std::condition_variable to_owner{};
  std::deque<Batch> queue{};
  // Keys that are to be destroyed when `after` is durable.
  struct Destruction {
    Position after = 0;
    std::vector<std::uint64_t> ids{};
  };
  std::deque<Destruction> destructions{};
  bool stopping = false;
  std::string failure{};

  // In the order of their making: the lock outlives every connection, and the thread ends first.
  std::unique_ptr<LogLock> lock{};
  std::optional<KeyStore> keys{};
  std::optional<Writer> writer{};
  std::optional<Witnesses> witnesses{};
  std::optional<Reserve> reserve{};
  std::unique_ptr<LogReader> reader{};
  std::unique_ptr<LogReader> sealed_reader{};  // without the keys
  std::thread thread{};
};

void SqliteEventStore::Block::open(const std::function<void(const RecordedEvent&)>& replay,
                                   bool created) {
  // The holder's file and the WAL stand beside the file itself, not beside a link to it.
  std::error_code unresolved;
  const std::filesystem::path file = std::filesystem::canonical(path, unresolved);
  if (!unresolved) path = file;
  if (unresolved) refuse_lost_log(path);
  if (!lock) lock = std::make_unique<LogLock>(path, LogLock::Open::existing);
  // Refuses what is no log of ours before a connection that writes touches it.
  { const LogReader probe(path); }
  try {
    writer.emplace(path);
    check_schema(writer->database(), path.string());
    lock->say_who_holds(path);
    writer->configure();
    open_keys();
    load(replay);
    if (created) epoch = 1;
    writer->prepare(epoch);
    open_witnesses();
    // What the last run left in the WAL is safer in the database.
    writer->checkpoint(true);
  } catch (const SQLite::Exception& error) {
    throw LogFailed("cannot open the log " + path.string() + ": " + reason_of(error));
  } catch (const std::system_error& error) {
    throw LogFailed("cannot open the witness of the log " + path.string() + ": " +
                    error.code().message());
  }
  reserve.emplace(path, reserve_bytes_max);
  disk_full = !reserve->take();
  durable = last;
  thread = std::thread([this] { write(); });
}

void SqliteEventStore::Block::load(const std::function<void(const RecordedEvent&)>& replay) {
  const auto damaged = [this](const std::string& what) {
    return LogDamaged(path.string() + " is damaged: event " + std::to_string(last + 1) + " " +
                          what + ". Run verify; restore a backup",
                      last + 1);
  };
  const Witnessed witnessed = witness_of(path);
  if (refuse_copies) refuse_copied_log(path, witnessed, mark_of(lock->descriptor()));
  const WitnessCheck witness(path, witness_path(path), witnessed);
  const std::optional<WitnessCheck> copy = check_of_copy(path, witness_copy);
  Hash head{};
  std::uint32_t newest_epoch = 0;
  EventRows rows(writer->database(), "ORDER BY position");
  bool ended = false;
  const auto next = [&] {
    if (ended) return false;  // SQLite would begin anew
    try {
      ended = !rows.next();
      return !ended;
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_CORRUPT) throw;
      throw damaged(std::string("cannot be read: ") + error.what());
    }
  };
  // On a thread of its own: nobody else uses the connection or what is counted here meanwhile.
  const auto prove = [&](const RecordedEvent& event, bool sound) {
    if (event.position != last + 1) throw damaged("is missing");
    if (!sound || chain_hash(head, event) != event.hash) throw damaged("is not what was written");
    if (!versions.advance(event.stream, event.version)) {
      throw damaged("has a version that is not the next one of its stream");
    }
    witness.see(event.position, event.hash);
    if (copy) copy->see(event.position, event.hash);
    head = event.hash;
    last = event.position;
    last_recorded_at = event.recorded_at;
    newest_epoch = std::max(newest_epoch, event.epoch);
  };
  const auto fill = [&](EventPage& page) {
    RecordedEvent event;
    while (!page.full() && next()) {
      const bool sound = rows.read(event);
      prove(event, sound);
      page.add(event);
    }
  };
  std::string opened;
  Hash identity{};
  read_ahead(fill, [&](RecordedEvent& event) {
    if (event.position == 1) {
      identity = event.hash;
      if (keys) keys->belong_to(identity);
    }
    if (!replay) return;
    event.forgotten = false;
    if (keys) open_personal(*keys, event, opened);
    replay(event);
  });
  witness.end(last);
  if (copy) copy->end(last);
  writer->continue_after({last, head, last_recorded_at, newest_epoch}, identity);
  epoch = newest_epoch + 1;
}

// The log's lock is held.
void SqliteEventStore::Block::open_keys() {
  const std::filesystem::path file = KeyStore::path_of(path);
  if (!master_key) {
    if (!KeyStore::stands_at(file)) return;
    throw KeysMissing("the log " + path.string() + " is sealed: give the master key of " +
                      file.string());
  }
  keys.emplace(file, *master_key, KeyStore::Access::write);
  log_secret = keys->log_secret();
  destroying = keys->destruction_under_way();
}

// Only after the log was held against them.
void SqliteEventStore::Block::open_witnesses() {
  const std::filesystem::path draft = witness_draft_path(path);
  if (!std::filesystem::exists(witness_path(path))) {
    rename_durably(draft, witness_path(path));
  } else {
    std::filesystem::remove(draft);
  }
  const FileMark mark = mark_of(lock->descriptor());
  witnesses->add(witness_path(path), mark);
  if (!witness_copy.empty()) {
    if (!std::filesystem::exists(witness_copy)) {
      const std::filesystem::path copy_draft = witness_copy.string() + ".new";
      make_witness(copy_draft, writer->head(), writer->identity());
      rename_durably(copy_draft, witness_copy);
    }
    witnesses->add(witness_copy, mark);
  }
  witnesses->write(writer->head(), writer->identity());
  witnesses->sync();
}

void SqliteEventStore::Block::write() {
  std::unique_lock held(mutex);
  const auto work = [this] { return stopping || !queue.empty() || !destructions.empty(); };
  std::string why;
  try {
    for (;;) {
      const auto chore = next_chore();
      if (!chore) to_writer.wait(held, work);
      if (!chore || to_writer.wait_until(held, *chore, work)) {
        if (stopping && queue.empty()) break;
        if (!queue.empty()) write_group(held);
      }
      held.unlock();
      do_chores(Clock::now());
      held.lock();
    }
    held.unlock();
    close();
    return;
  } catch (const std::system_error& error) {
    why = "its witness: " + error.code().message();
  } catch (const std::exception& error) {
    why = error.what();
  }
  if (held.owns_lock()) held.unlock();
  fail("the log " + path.string() + " failed: " + why +
       ". Nothing that was not yet durable was told to anybody; look after the disk, then start "
       "again");
}

std::optional<Clock::time_point> SqliteEventStore::Block::next_chore() const {
  std::optional<Clock::time_point> next = witnesses->sync_at();
  const auto also = [&](Clock::time_point at) { next = next ? std::min(*next, at) : at; };
  if (wal == Wal::dirty) also(wal_since + quiet_until_copied);
  if (wal == Wal::copied) also(wal_since + quiet_until_cut);
  if (disk_full) also(reserve_at);
  if (keys && (!to_destroy.empty() || keys->destruction_under_way())) also(destroy_at);
  return next;
}

void SqliteEventStore::Block::do_chores(Clock::time_point now) {
  if (const auto sync_at = witnesses->sync_at(); sync_at && now >= *sync_at) witnesses->sync();
  if (writer->wal_is_due() || (wal == Wal::dirty && now >= wal_since + quiet_until_copied)) {
    copy_wal();
  } else if (wal == Wal::copied && now >= wal_since + quiet_until_cut) {
    if (writer->checkpoint(true)) wal = Wal::clean;
    wal_since = now;
  }
  wal_bytes.store(writer->wal_bytes(), std::memory_order_relaxed);
  if (disk_full && now >= reserve_at) {
    set_disk_full(!reserve->take());
    reserve_at = now + retry_on_full_disk;
  }
  if (keys) destroy_keys_that_are_due(now);
}

void SqliteEventStore::Block::destroy_keys_that_are_due(Clock::time_point now) {
  {
    const std::lock_guard guard(mutex);
    for (; !destructions.empty() && destructions.front().after <= durable;
         destructions.pop_front()) {
      const std::vector<std::uint64_t>& ids = destructions.front().ids;
      to_destroy.insert(to_destroy.end(), ids.begin(), ids.end());
    }
  }
  if (!destroying || now < destroy_at) return;
  const KeyStore::Destruction result = keys->destroy(to_destroy);
  if (result != KeyStore::Destruction::disk_full) to_destroy.clear();
  if (result != KeyStore::Destruction::done) {
    destroy_at = now + retry_on_full_disk;
    return;
  }
  {
    const std::lock_guard guard(mutex);
    destroying = !destructions.empty();
  }
  tell();
}

// The witness first: what it saw is then on two disks' worth of files before the WAL may be used
// anew.
void SqliteEventStore::Block::copy_wal() {
  witnesses->sync();
  if (writer->checkpoint(false)) wal = Wal::copied;
  wal_since = Clock::now();
}

// Leaves both slots of the witness at the end of the log, so that a later damage of one costs
// nothing.
void SqliteEventStore::Block::close() {
  if (keys) destroy_keys_that_are_due(Clock::time_point::max());
  witnesses->sync();
  writer->checkpoint(true);
  writer->tidy_up_when_closed(true);
  if (disk_full) return;
  witnesses->write(writer->head(), writer->identity());
  witnesses->sync();
}

void SqliteEventStore::Block::write_group(std::unique_lock<std::mutex>& held) {
  std::vector<Batch> group = take_group();
  held.unlock();
  if (keys) {
    for (Batch& batch : group) {
      for (NewEvent& event : batch.events) seal_personal(*keys, event);
    }
  }
  const std::vector<Hash> hashes = writer->hashes_of(group);
  if (!commit_or_wait(group, hashes, held)) {
    held.lock();
    queue.clear();
    return;
  }
  commits.fetch_add(1, std::memory_order_relaxed);
  held.lock();
  durable.store(group.back().first + group.back().events.size() - 1, std::memory_order_release);
  to_owner.notify_all();
  held.unlock();
  wal = Wal::dirty;
  wal_since = Clock::now();
  tell();
  held.lock();
}

// Tries until the disk has space for the events and for the witness. False when the store is being
// destroyed and there is none. What is committed and not witnessed is told to nobody, and the next
// start finds a log that is ahead of its witness, as after any crash between the two.
bool SqliteEventStore::Block::commit_or_wait(const std::vector<Batch>& group,
                                             const std::vector<Hash>& hashes,
                                             std::unique_lock<std::mutex>& held) {
  bool refused = false;
  for (bool committed = false;;) {
    try {
      if (!keys || keys->make_durable()) {
        if (!committed) writer->commit(group, hashes);
        committed = true;  // NOLINT(clang-analyzer-deadcode.DeadStores): the witness may throw
        if (keys && group.front().first == 1) keys->belong_to(writer->identity());
        witnesses->write(writer->head(), writer->identity());
        no_space = false;
        return true;
      }
    } catch (const SQLite::Exception&) {
      if (!writer->disk_is_full()) throw;
    } catch (const std::system_error& error) {
      if (!means_disk_full(error.code().value())) throw;
    }
    reserve_at = Clock::now() + retry_on_full_disk;
    const bool has_space_again = reserve->give_up();
    set_disk_full(true);
    // The WAL itself may be what fills the disk, and with the reserve there is space to copy it.
    witnesses->sync();
    writer->checkpoint(true);
    if (has_space_again) continue;
    // What the checkpoint has given back may be enough for the next try.
    if (refused && !no_space.exchange(true)) tell();
    refused = true;
    held.lock();
    const bool last_try_was_this = stopping;
    to_writer.wait_for(held, retry_on_full_disk, [this] { return stopping; });
    held.unlock();
    if (last_try_was_this) return false;
  }
}

std::vector<Batch> SqliteEventStore::Block::take_group() {
  std::vector<Batch> group;
  std::size_t events = 0;
  std::size_t bytes = 0;
  do {
    events += queue.front().events.size();
    bytes += queue.front().bytes;
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  } while (!queue.empty() && events + queue.front().events.size() <= group_events_max &&
           bytes + queue.front().bytes <= group_bytes_max);
  return group;
}

void SqliteEventStore::Block::set_disk_full(bool full) {
  if (disk_full.exchange(full) != full) tell();
}

void SqliteEventStore::Block::fail(const std::string& why) {
  {
    const std::lock_guard guard(mutex);
    failure = why;
    failed = true;
    to_owner.notify_all();
  }
  tell();
}

void SqliteEventStore::Block::throw_if_failed() const {
  if (!failed) return;
  const std::lock_guard guard(mutex);
  throw LogFailed(failure);
}

SqliteEventStore::SqliteEventStore(const Options& options,
                                   const std::function<void(const RecordedEvent&)>& replay)
    : block_(std::make_unique<Block>(options)) {
  if (options.create) {
    StreamVersions().claim(options.first);
    block_->lock = create_log(options);
  }
  block_->open(replay, options.create);
}

SqliteEventStore::~SqliteEventStore() {
  {
    const std::lock_guard guard(block_->mutex);
    block_->stopping = true;
  }
  block_->to_writer.notify_all();
  block_->thread.join();
}

Position SqliteEventStore::append(std::vector<NewEvent> batch, std::int64_t recorded_at) {
  block_->throw_if_failed();
  if (batch.empty()) return block_->last;
  assert(recorded_at >= block_->last_recorded_at);
  for (const NewEvent& event : batch) {
    assert(!block_->master_key || event.personal.empty() || event.key_id);
  }
  block_->versions.claim(batch);
  Batch waiting;
  waiting.recorded_at = recorded_at;
  waiting.first = block_->last + 1;
  waiting.bytes = bytes_of(batch);
  block_->last += batch.size();
  block_->last_recorded_at = recorded_at;
  waiting.events = std::move(batch);
  {
    const std::lock_guard guard(block_->mutex);
    block_->queue.push_back(std::move(waiting));
  }
  block_->to_writer.notify_one();
  return block_->last;
}

Position SqliteEventStore::last() const {
  return block_->last;
}

Durable SqliteEventStore::durable() const {
  block_->throw_if_failed();
  return proof(block_->durable.load(std::memory_order_acquire));
}

std::size_t SqliteEventStore::waiting() const {
  return block_->last - block_->durable.load(std::memory_order_acquire);
}

bool SqliteEventStore::disk_full() const {
  return block_->disk_full;
}

bool SqliteEventStore::has_no_space() const {
  return block_->no_space;
}

std::uint32_t SqliteEventStore::epoch() const {
  return block_->epoch;
}

void SqliteEventStore::read(Position from,
                            const std::function<bool(const RecordedEvent&)>& visit) const {
  const Position end = durable().position();
  if (!block_->reader) {
    block_->reader = block_->master_key
                         ? std::make_unique<LogReader>(block_->path, *block_->master_key)
                         : std::make_unique<LogReader>(block_->path);
  }
  block_->reader->read(
      from, [&](const RecordedEvent& event) { return event.position <= end && visit(event); });
}

void SqliteEventStore::read_sealed(Position from,
                                   const std::function<bool(const RecordedEvent&)>& visit) const {
  const Position end = durable().position();
  if (!block_->sealed_reader) block_->sealed_reader = std::make_unique<LogReader>(block_->path);
  block_->sealed_reader->read(
      from, [&](const RecordedEvent& event) { return event.position <= end && visit(event); });
}

std::uint32_t SqliteEventStore::version_of(std::string_view stream) const {
  return block_->versions.of(stream);
}

void SqliteEventStore::destroy_keys(std::vector<std::uint64_t> ids) {
  block_->throw_if_failed();
  if (!block_->master_key || ids.empty()) return;
  {
    const std::lock_guard guard(block_->mutex);
    block_->destroying = true;
    block_->destructions.push_back({block_->last, std::move(ids)});
  }
  block_->to_writer.notify_one();
}

bool SqliteEventStore::destroying_keys() const {
  return block_->destroying;
}

std::optional<Secret> SqliteEventStore::log_secret() const {
  return block_->log_secret;
}

void SqliteEventStore::wait_until_durable() {
  std::unique_lock held(block_->mutex);
  block_->to_owner.wait(held, [this] { return block_->failed || waiting() == 0; });
  held.unlock();
  block_->throw_if_failed();
}

std::uint64_t SqliteEventStore::wal_bytes() const {
  return block_->wal_bytes.load(std::memory_order_relaxed);
}

std::uint64_t SqliteEventStore::commits() const {
  return block_->commits.load(std::memory_order_relaxed);
}

}  // namespace eventstore
