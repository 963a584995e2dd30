#include "eventstore/log_reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <optional>
#include <utility>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/stream_versions.hpp"

namespace eventstore {

namespace {

constexpr int busy_wait_ms = 2000;

// What one transaction reads at most.
constexpr std::size_t page_events_max = 1000;
constexpr std::size_t page_bytes_max = 1 << 20;

// A file name as a URI, so that options can follow it.
std::string uri_of(const std::filesystem::path& file, const char* options) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : file.string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    if (plain) {
      uri += c;
    } else {
      uri += '%';
      uri += digits[byte >> 4];
      uri += digits[byte & 15];
    }
  }
  return uri + options;
}

SQLite::Database open_beside(const std::filesystem::path& file) {
  constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  SQLite::Database database(uri_of(file, "?mode=ro"), flags, busy_wait_ms);
  try {
    database.execAndGet("PRAGMA schema_version");
    return database;
  } catch (const SQLite::Exception& error) {
    // Nobody writes this log and the folder may not be written either (an archive): then nothing
    // can change under us, and SQLite needs no file beside it. With a WAL beside it that would hide
    // events.
    const bool has_wal = std::filesystem::exists(file.string() + "-wal");
    if (error.getErrorCode() != SQLITE_CANTOPEN || has_wal) throw;
  }
  return SQLite::Database(uri_of(file, "?mode=ro&immutable=1"), flags, busy_wait_ms);
}

// A part of the log, copied out of its transaction.
class Page {
 public:
  void clear() {
    events_.clear();
    bytes_.clear();
    sound_.clear();
  }

  bool full() const { return events_.size() >= page_events_max || bytes_.size() >= page_bytes_max; }

  void add(const RecordedEvent& event, bool sound) {
    bytes_.append(event.stream).append(event.type).append(event.personal).append(event.payload);
    events_.push_back(event);
    sound_.push_back(sound);
  }

  // Points the views at the copied bytes. Call once, when nothing more is added.
  void seal() {
    const char* at = bytes_.data();
    const auto move_here = [&at](std::string_view& view) {
      view = {at, view.size()};
      at += view.size();
    };
    for (RecordedEvent& event : events_) {
      move_here(event.stream);
      move_here(event.type);
      move_here(event.personal);
      move_here(event.payload);
    }
  }

  const std::vector<RecordedEvent>& events() const { return events_; }

  // False where a value of the row was out of its range.
  bool sound(std::size_t i) const { return sound_[i]; }

 private:
  std::vector<RecordedEvent> events_{};
  std::vector<bool> sound_{};
  std::string bytes_{};
};

}  // namespace

struct LogReader::Block {
  explicit Block(const std::filesystem::path& log)
      : name(log.string()), database(open_beside(log)) {}

  // Fills the page with the events from `from` on. False when there are none.
  bool load(Position from) {
    page.clear();
    if (!select) {
      select.emplace(database, std::string("SELECT ") + event_columns +
                                   " FROM event WHERE position >= ? ORDER BY position");
    }
    select->bind(1, static_cast<std::int64_t>(from));
    struct EndTransaction {
      SQLite::Statement& statement;
      ~EndTransaction() { statement.tryReset(); }
    } at_the_end{*select};
    RecordedEvent event;
    while (!page.full() && select->executeStep()) {
      const bool sound = read_row(*select, event);
      page.add(event, sound);
    }
    page.seal();
    return !page.events().empty();
  }

  [[noreturn]] void refuse(const SQLite::Exception& error) const {
    throw LogFailed("cannot read the log " + name + ": " + error.what());
  }

  std::string name;
  SQLite::Database database;
  std::optional<SQLite::Statement> select{};
  Page page{};
};

LogReader::LogReader(const std::filesystem::path& log) {
  std::error_code failed;
  const std::filesystem::path file = std::filesystem::canonical(log, failed);
  if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory) {
    throw LogMissing("there is no log at " + log.string());
  }
  if (failed) throw LogFailed("cannot open the log " + log.string() + ": " + failed.message());
  if (!std::filesystem::is_regular_file(file)) {
    throw LogForeign(log.string() + " is not a log: it is no regular file. Name another file");
  }
  // SQLite names the WAL after the database: under its other name the newest events are missing.
  if (std::filesystem::hard_link_count(file) > 1) {
    throw LogFailed(log.string() +
                    " has a second name (a hard link), which can hide its newest "
                    "events. Remove one name, or copy the file");
  }
  try {
    block_ = std::make_unique<Block>(file);
    harden(block_->database);
    block_->database.exec("PRAGMA query_only = ON");
    check_schema(block_->database, log.string());
  } catch (const LogDamaged&) {
    // `verify` tells.
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) {
      throw LogForeign(log.string() + " is not a log: it is no SQLite database. Name another file");
    }
    throw LogFailed("cannot open the log " + log.string() + ": " + error.what());
  }
}

LogReader::~LogReader() = default;

void LogReader::read(Position from, const std::function<bool(const RecordedEvent&)>& visit) {
  try {
    while (block_->load(from)) {
      for (const RecordedEvent& event : block_->page.events()) {
        if (!visit(event)) return;
      }
      from = block_->page.events().back().position + 1;
    }
  } catch (const SQLite::Exception& error) {
    block_->refuse(error);
  }
}

Head LogReader::head() {
  try {
    SQLite::Statement last(block_->database, std::string("SELECT ") + event_columns +
                                                 " FROM event ORDER BY position DESC LIMIT 1");
    if (!last.executeStep()) return {};
    RecordedEvent event;
    if (!read_row(last, event)) {
      throw LogDamaged(block_->name + " is damaged at its last event. Run verify", event.position);
    }
    return {event.position, event.hash, event.recorded_at, event.epoch};
  } catch (const SQLite::Exception& error) {
    block_->refuse(error);
  }
}

bool LogReader::verify(const std::function<void(const Problem&)>& visit) {
  std::size_t problems = 0;
  const auto tell = [&](Position position, std::string sentence) {
    if (++problems <= problems_max) visit({position, std::move(sentence)});
  };
  Position expected = 1;
  try {
    try {
      check_schema(block_->database, block_->name);
    } catch (const LogDamaged& damage) {
      tell(0, damage.what());
    }
    Hash before{};
    StreamVersions versions;
    while (block_->load(expected)) {
      for (std::size_t i = 0; i < block_->page.events().size(); ++i) {
        const RecordedEvent& event = block_->page.events()[i];
        const std::string here = "event " + std::to_string(event.position);
        if (event.position != expected) {
          tell(expected, "event " + std::to_string(expected) + " is missing: " + here +
                             " is the next one there");
        }
        if (!block_->page.sound(i) || chain_hash(before, event) != event.hash) {
          tell(event.position, here + " is not what was written: its hash does not fit");
        }
        if (!versions.advance(event.stream, event.version)) {
          tell(event.position, here + " has version " + std::to_string(event.version) +
                                   " where its stream is at " +
                                   std::to_string(versions.of(event.stream)));
          versions.put(event.stream, event.version);
        }
        before = event.hash;
        expected = event.position + 1;
      }
    }
    SQLite::Statement check(block_->database, "PRAGMA quick_check(10)");
    while (check.executeStep()) {
      const std::string line = check.getColumn(0).getString();
      if (line != "ok") tell(0, "SQLite's own check: " + line);
    }
  } catch (const SQLite::Exception& error) {
    tell(expected, "event " + std::to_string(expected) + " cannot be read: " + error.what());
  }
  return problems == 0;
}

}  // namespace eventstore
