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

#include "eventstore/chain.hpp"
#include "eventstore/log_lock.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/stream_versions.hpp"

namespace eventstore {

namespace {

using std::chrono::seconds;

// A reader that meets a half-written WAL index takes the write lock for an instant to read it
// again. Whoever holds it longer is another writer, and then the log fails.
constexpr int busy_wait_ms = 2000;

constexpr seconds retry_on_full_disk{1};

// All that is in the WAL alone is exposed to a single flipped bit there (SQLite then drops the rest
// in silence), so the WAL is kept short: copied at these limits or when the log is quiet, and cut
// to nothing when it stays quiet.
constexpr int wal_pages_max = 1000;
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

// SQLITE_IOERR_SHMSIZE: there was no space for the WAL's index. Both leave the log as it was or
// with the whole group in it, which the next try writes again at the same place.
bool means_disk_full(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_FULL ||
         error.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE;
}

void sync_directory_of(const std::filesystem::path& file) {
  const std::filesystem::path folder =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!synced) {
    throw LogFailed("cannot sync the folder of the log " + file.string() + ": " +
                    std::generic_category().message(error));
  }
}

// The one connection that writes, and the end of the chain it extends. Made on the opening thread,
// then used by the writer thread alone.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& file)
      : database_(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, busy_wait_ms) {
    harden(database_);
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
    insert(group, hashes_of(group));
    database_.exec("COMMIT");
  }

  // Only after check_schema: nothing of another program's database may be changed.
  void configure() {
    const std::string mode = database_.execAndGet("PRAGMA journal_mode = WAL").getString();
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

  void continue_after(const Hash& hash) { head_ = hash; }

  std::vector<Hash> hashes_of(const std::vector<Batch>& group) const {
    std::vector<Hash> hashes;
    Hash before = head_;
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
    try {
      run(*begin_);
      check_that_nobody_else_wrote(group.front().first);
      insert(group, hashes);
      run(*commit_);
    } catch (const SQLite::Exception&) {
      begin_->tryReset();
      last_->tryReset();
      insert_->tryReset();
      commit_->tryReset();
      if (sqlite3_get_autocommit(database_.getHandle()) == 0) database_.tryExec("ROLLBACK");
      throw;
    }
    if (!hashes.empty()) head_ = hashes.back();
    ++commits_in_wal_;
  }

  bool wal_is_long() const {
    return wal_pages_ >= wal_pages_max || commits_in_wal_ >= commits_in_wal_max;
  }

  // Copies the WAL into the database, as far as readers allow; with `cut` also empties the file.
  // A full disk leaves the WAL as it is.
  void checkpoint(bool cut) {
    const int mode = cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3* handle = database_.getHandle();
    sqlite3_busy_timeout(handle, 0);
    const int result = sqlite3_wal_checkpoint_v2(handle, nullptr, mode, nullptr, nullptr);
    sqlite3_busy_timeout(handle, busy_wait_ms);
    wal_pages_ = 0;
    commits_in_wal_ = 0;
    if (result != SQLITE_OK && result != SQLITE_BUSY && result != SQLITE_LOCKED &&
        result != SQLITE_FULL) {
      throw SQLite::Exception(handle, result);
    }
  }

 private:
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
    static_cast<Writer*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
  }

  SQLite::Database database_;
  std::optional<SQLite::Statement> begin_{};
  std::optional<SQLite::Statement> last_{};
  std::optional<SQLite::Statement> insert_{};
  std::optional<SQLite::Statement> commit_{};
  std::uint32_t epoch_ = 0;
  Hash head_{};
  int wal_pages_ = 0;
  int commits_in_wal_ = 0;
};

// Makes a whole log under a name of its own and gives it its real one when it is durable, so that
// a crash never leaves half a log. Returns the lock, which lies on the file and so moves with it.
std::unique_ptr<LogLock> create_log(const SqliteEventStore::Options& options) {
  const std::filesystem::path& path = options.path;
  const std::filesystem::path draft = path.string() + ".new";
  auto lock = std::make_unique<LogLock>(draft, LogLock::Open::create);
  const auto remove_draft = [&] {
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"}) {
      std::filesystem::remove(draft.string() + end, ignored);
    }
  };
  try {
    // Asked under the draft's lock, so that two that create the same log cannot both get here.
    if (std::filesystem::exists(std::filesystem::symlink_status(path))) {
      throw LogExists("a log cannot be made at " + path.string() + ": something stands there");
    }
    // SQLite would take what is in it for the newest part of the new log.
    if (std::filesystem::exists(path.string() + "-wal")) {
      throw LogExists(path.string() + "-wal belongs to a log that stood at " + path.string() +
                      ". Put both together again, or remove it, or name another file");
    }
    // What a crash left of an earlier try.
    for (const char* end : {"-wal", "-shm"}) {
      std::filesystem::remove(draft.string() + end);
    }
    if (ftruncate(lock->descriptor(), 0) != 0) {
      throw LogFailed("cannot make the log " + path.string() + ": " +
                      std::generic_category().message(errno));
    }
    {
      Writer writer(draft);
      writer.create(options.first, options.first_recorded_at);
      writer.checkpoint(true);
    }
    if (fsync(lock->descriptor()) != 0) {
      throw LogFailed("cannot sync the log " + path.string() + ": " +
                      std::generic_category().message(errno));
    }
    std::filesystem::rename(draft, path);
  } catch (const SQLite::Exception& error) {
    remove_draft();
    throw LogFailed("cannot make the log " + path.string() + ": " + error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    remove_draft();
    throw LogFailed("cannot make the log " + path.string() + ": " + error.code().message());
  } catch (...) {
    remove_draft();
    throw;
  }
  sync_directory_of(path);
  return lock;
}

}  // namespace

struct SqliteEventStore::Block {
  explicit Block(const std::filesystem::path& log) : path(log) {}

  void open(const std::function<void(const RecordedEvent&)>& replay, bool created);
  void load(const std::function<void(const RecordedEvent&)>& replay);
  void write();
  void write_group(std::unique_lock<std::mutex>& held);
  bool commit_or_wait(const std::vector<Batch>& group, const std::vector<Hash>& hashes,
                      std::unique_lock<std::mutex>& held);
  std::vector<Batch> take_group();
  void set_disk_full(bool full);
  void fail(const std::string& why);
  void throw_if_failed() const;
  void tell() const {
    if (on_durable) on_durable();
  }

  std::filesystem::path path;
  std::function<void()> on_durable{};
  std::uint32_t epoch = 0;

  // The owner's thread only.
  StreamVersions versions{};
  Position last = 0;
  std::int64_t last_recorded_at = std::numeric_limits<std::int64_t>::min();

  // Written by the writer thread, read by both.
  std::atomic<Position> durable{0};
  std::atomic<bool> disk_full{false};
  std::atomic<bool> failed{false};
  std::atomic<std::uint64_t> commits{0};

  // Guards what follows.
  mutable std::mutex mutex{};
  std::condition_variable to_writer{};
  std::condition_variable to_owner{};
  std::deque<Batch> queue{};
  bool stopping = false;
  std::string failure{};

  // In the order of their making: the lock outlives every connection, and the thread ends first.
  std::unique_ptr<LogLock> lock{};
  std::optional<Writer> writer{};
  std::unique_ptr<LogReader> reader{};
  std::thread thread{};
};

void SqliteEventStore::Block::open(const std::function<void(const RecordedEvent&)>& replay,
                                   bool created) {
  // The holder's file and the WAL stand beside the file itself, not beside a link to it.
  std::error_code unresolved;
  const std::filesystem::path file = std::filesystem::canonical(path, unresolved);
  if (!unresolved) path = file;
  if (!lock) lock = std::make_unique<LogLock>(path, LogLock::Open::existing);
  // Refuses what is no log of ours before a connection that writes touches it.
  { const LogReader probe(path); }
  try {
    writer.emplace(path);
    check_schema(writer->database(), path.string());
    lock->say_who_holds(path);
    writer->configure();
    load(replay);
    if (created) epoch = 1;
    writer->prepare(epoch);
    // What the last run left in the WAL is safer in the database.
    writer->checkpoint(true);
  } catch (const SQLite::Exception& error) {
    throw LogFailed("cannot open the log " + path.string() + ": " + error.what());
  }
  durable = last;
  thread = std::thread([this] { write(); });
}

void SqliteEventStore::Block::load(const std::function<void(const RecordedEvent&)>& replay) {
  const auto damaged = [this](const std::string& what) {
    return LogDamaged(path.string() + " is damaged: event " + std::to_string(last + 1) + " " +
                          what + ". Run verify; restore a backup",
                      last + 1);
  };
  Hash head{};
  std::uint32_t newest_epoch = 0;
  RecordedEvent event;
  SQLite::Statement rows(writer->database(),
                         std::string("SELECT ") + event_columns + " FROM event ORDER BY position");
  const auto next = [&] {
    try {
      return rows.executeStep();
    } catch (const SQLite::Exception& error) {
      if (error.getErrorCode() != SQLITE_CORRUPT) throw;
      throw damaged(std::string("cannot be read: ") + error.what());
    }
  };
  while (next()) {
    const bool sound = read_row(rows, event);
    if (event.position != last + 1) throw damaged("is missing");
    if (!sound || chain_hash(head, event) != event.hash) throw damaged("is not what was written");
    if (!versions.advance(event.stream, event.version)) {
      throw damaged("has a version that is not the next one of its stream");
    }
    head = event.hash;
    last = event.position;
    last_recorded_at = event.recorded_at;
    newest_epoch = std::max(newest_epoch, event.epoch);
    if (replay) replay(event);
  }
  writer->continue_after(head);
  epoch = newest_epoch + 1;
}

// The writer thread. Quiet steps: after the last commit the WAL is first copied, then cut.
void SqliteEventStore::Block::write() {
  enum class Wal { clean, dirty, copied };
  Wal wal = Wal::clean;
  std::unique_lock held(mutex);
  const auto work = [this] { return stopping || !queue.empty(); };
  try {
    for (;;) {
      if (wal == Wal::clean) {
        to_writer.wait(held, work);
      } else if (!to_writer.wait_for(held, wal == Wal::dirty ? quiet_until_copied : quiet_until_cut,
                                     work)) {
        held.unlock();
        writer->checkpoint(wal == Wal::copied);
        held.lock();
        wal = wal == Wal::dirty ? Wal::copied : Wal::clean;
        continue;
      }
      if (queue.empty()) break;
      write_group(held);
      wal = Wal::dirty;
    }
    held.unlock();
    writer->checkpoint(true);
  } catch (const SQLite::Exception& error) {
    if (held.owns_lock()) held.unlock();
    fail("the log " + path.string() + " failed: " + error.what() +
         ". Nothing that was not yet durable was told to anybody; look after the disk, then start "
         "again");
  }
}

void SqliteEventStore::Block::write_group(std::unique_lock<std::mutex>& held) {
  const std::vector<Batch> group = take_group();
  held.unlock();
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
  tell();
  if (writer->wal_is_long()) writer->checkpoint(false);
  held.lock();
}

// Tries until the disk has space. False when the store is being destroyed and there is none.
bool SqliteEventStore::Block::commit_or_wait(const std::vector<Batch>& group,
                                             const std::vector<Hash>& hashes,
                                             std::unique_lock<std::mutex>& held) {
  for (;;) {
    try {
      writer->commit(group, hashes);
      set_disk_full(false);
      return true;
    } catch (const SQLite::Exception& error) {
      if (!means_disk_full(error)) throw;
    }
    set_disk_full(true);
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
  if (disk_full.exchange(full) != full && full) tell();
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

SqliteEventStore::SqliteEventStore(Options options,
                                   const std::function<void(const RecordedEvent&)>& replay)
    : block_(std::make_unique<Block>(options.path)) {
  block_->on_durable = std::move(options.on_durable);
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

std::uint32_t SqliteEventStore::epoch() const {
  return block_->epoch;
}

void SqliteEventStore::read(Position from,
                            const std::function<bool(const RecordedEvent&)>& visit) const {
  const Position end = durable().position();
  if (!block_->reader) block_->reader = std::make_unique<LogReader>(block_->path);
  block_->reader->read(
      from, [&](const RecordedEvent& event) { return event.position <= end && visit(event); });
}

std::uint32_t SqliteEventStore::version_of(std::string_view stream) const {
  return block_->versions.of(stream);
}

void SqliteEventStore::wait_until_durable() {
  std::unique_lock held(block_->mutex);
  block_->to_owner.wait(held, [this] { return block_->failed || waiting() == 0; });
  held.unlock();
  block_->throw_if_failed();
}

std::uint64_t SqliteEventStore::commits() const {
  return block_->commits.load(std::memory_order_relaxed);
}

}  // namespace eventstore
