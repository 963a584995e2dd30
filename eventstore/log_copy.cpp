#include "eventstore/log_copy.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/stream_versions.hpp"

namespace eventstore {

namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw CopyFailed("cannot write " + file.string() + ": " + why);
}

[[noreturn]] void refuse(const std::filesystem::path& file, int error) {
  refuse(file, std::generic_category().message(error));
}

// Only its owner may read a part of a log: it holds what people said.
void make_file(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) refuse(file, errno);
  close(descriptor);
}

// After SQLite has closed it: closing a descriptor drops the locks of its connections.
void sync_file(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!synced) refuse(file, error);
}

bool is_database(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string begin(16, '\0');
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == std::string("SQLite format 3\0", 16);
}

void copy_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  {
    SQLite::Database source(from.string(), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                            busy_wait_ms);
    sqlite3_db_config(source.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(source.getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    SQLite::Statement vacuum(source, "VACUUM INTO ?");
    vacuum.bind(1, to.string());
    vacuum.exec();
  }
  SQLite::Database copy(to.string(), SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX);
  const std::string found = copy.execAndGet("PRAGMA quick_check(1)").getString();
  if (found != "ok") refuse(to, "SQLite's own check: " + found);
}

void copy_bytes(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::ifstream source(from, std::ios::binary);
  std::ofstream copy(to, std::ios::binary);
  // Copying an empty buffer is an error for a stream.
  if (source.peek() != std::ifstream::traits_type::eof()) copy << source.rdbuf();
  copy.close();
  if (source.bad() || copy.fail()) refuse(to, "what is in " + from.string() + " does not arrive");
}

}  // namespace

struct LogCopy::Block {
  explicit Block(std::filesystem::path log) : file(std::move(log)) {
    make_file(file);
    database.emplace(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
    harden(*database);
    // A half-written copy is thrown away, so it needs no journal that outlives a crash.
    database->exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
    database->exec("BEGIN EXCLUSIVE");
    create_schema(*database);
    sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    insert.emplace(*database, std::string("INSERT INTO event(") + event_columns +
                                  ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
  }

  void write(const RecordedEvent& event) {
    SQLite::Statement& to = *insert;
    // SQLiteCpp binds text from strings only; these keep their memory from one event to the next.
    stream = event.stream;
    type = event.type;
    payload = event.payload;
    to.bind(1, static_cast<std::int64_t>(event.position));
    to.bindNoCopy(2, stream);
    to.bind(3, static_cast<std::int64_t>(event.version));
    to.bindNoCopy(4, type);
    to.bind(5, static_cast<std::int32_t>(event.schema));
    to.bind(6, event.recorded_at);
    event.occurred_at ? to.bind(7, *event.occurred_at) : to.bind(7);
    to.bind(8, static_cast<std::int64_t>(event.epoch));
    event.cause != 0 ? to.bind(9, static_cast<std::int64_t>(event.cause)) : to.bind(9);
    event.key_id ? to.bind(10, static_cast<std::int64_t>(*event.key_id)) : to.bind(10);
    if (event.personal.empty()) {
      to.bind(11);
    } else {
      to.bindNoCopy(11, event.personal.data(), static_cast<int>(event.personal.size()));
    }
    to.bindNoCopy(12, payload);
    to.bindNoCopy(13, event.hash.data(), static_cast<int>(event.hash.size()));
    to.exec();
    to.reset();
  }

  std::filesystem::path file;
  std::optional<SQLite::Database> database{};
  std::optional<SQLite::Statement> insert{};
  std::string stream{};
  std::string type{};
  std::string payload{};
  StreamVersions versions{};
  Head head{};
  Hash identity{};
};

LogCopy::LogCopy(const std::filesystem::path& file) {
  try {
    block_ = std::make_unique<Block>(file);
  } catch (const SQLite::Exception& error) {
    refuse(file, error.what());
  }
}

LogCopy::~LogCopy() = default;

void LogCopy::add(const RecordedEvent& event) {
  assert(block_->database);
  const Position expected = block_->head.position + 1;
  const std::string here = "event " + std::to_string(event.position);
  if (event.position != expected) {
    throw LogDamaged(
        "event " + std::to_string(expected) + " is missing: " + here + " is the next one there",
        expected);
  }
  if (chain_hash(block_->head.hash, event) != event.hash) {
    throw LogDamaged(here + " is not what was written: its hash does not fit", expected);
  }
  if (!block_->versions.advance(event.stream, event.version)) {
    throw LogDamaged(here + " does not have the next version of its stream", expected);
  }
  try {
    block_->write(event);
  } catch (const SQLite::Exception& error) {
    refuse(block_->file, error.what());
  }
  block_->head = {event.position, event.hash, event.recorded_at, event.epoch};
  if (event.position == 1) block_->identity = event.hash;
}

const Head& LogCopy::head() const {
  return block_->head;
}

const Hash& LogCopy::identity() const {
  return block_->identity;
}

void LogCopy::finish() {
  try {
    block_->insert.reset();
    block_->database->exec("COMMIT");
    block_->database.reset();
  } catch (const SQLite::Exception& error) {
    refuse(block_->file, error.what());
  }
  sync_file(block_->file);
}

void copy_belonging(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (access(from.c_str(), R_OK) != 0) {
    const int error = errno;
    throw CopyFailed("cannot read " + from.string() + ": " +
                     std::generic_category().message(error));
  }
  make_file(to);
  try {
    if (is_database(from)) {
      copy_database(from, to);
    } else {
      copy_bytes(from, to);
    }
  } catch (const SQLite::Exception& error) {
    throw CopyFailed("cannot copy " + from.string() + ": " + error.what());
  }
  sync_file(to);
}

}  // namespace eventstore
