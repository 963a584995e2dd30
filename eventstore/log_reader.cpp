#include "eventstore/log_reader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/event_rows.hpp"
#include "eventstore/open_beside.hpp"
#include "eventstore/schema.hpp"
#include "eventstore/sealing.hpp"
#include "eventstore/stream_versions.hpp"

namespace eventstore {

namespace {

constexpr Position end_of_log = std::numeric_limits<Position>::max();

}  // namespace

struct LogReader::Block {
  // What a verification is about.
  struct Scope {
    Position from = 1;
    Position to = end_of_log;
    bool witness = true;
    bool structure = true;
  };
  class Verification;

  explicit Block(const std::filesystem::path& log)
      : file(log), name(log.string()), database(open_beside(log)) {}

  bool verify(const Scope& scope, const std::function<void(const Problem&)>& visit);

  // False when there are no events from there on.
  bool load(Position from, EventPage& into) {
    into.clear();
    if (!rows) rows.emplace(database, "WHERE position >= ? ORDER BY position");
    rows->begin(static_cast<std::int64_t>(from));
    struct EndTransaction {
      EventRows& ended;
      ~EndTransaction() { ended.end(); }
    } at_the_end{*rows};
    RecordedEvent event;
    try {
      while (!into.full() && rows->next()) {
        const bool sound = rows->read(event);
        into.add(event, sound);
      }
    } catch (const SQLite::Exception&) {
      // What lies before a place that cannot be read is read; the next load meets it first.
      if (into.empty()) throw;
    }
    return !into.empty();
  }

  [[noreturn]] void refuse(const SQLite::Exception& error) const {
    throw LogFailed("cannot read the log " + name + ": " + error.what());
  }

  std::filesystem::path file;
  std::string name;
  SQLite::Database database;
  std::optional<EventRows> rows{};
  std::optional<KeyStore> keys{};
  std::string opened{};
  EventPage page{};
};

// One verification: what it has told and how far it is.
class LogReader::Block::Verification {
 public:
  Verification(Block& block, const Scope& scope, const std::function<void(const Problem&)>& visit)
      : block_(block), scope_(scope), visit_(visit), expected_(scope.from) {}

  bool run() {
    // Before the log: a writer that goes on meanwhile only moves the log further ahead.
    if (scope_.witness) attempt([this] { look_at_witness(); });
    try {
      attempt([this] { check_schema(block_.database, block_.name); });
      find_what_is_before();
      while (expected_ <= scope_.to && block_.load(expected_, block_.page)) {
        for (std::size_t i = 0; i < block_.page.events().size() && expected_ <= scope_.to; ++i) {
          see(block_.page.events()[i], block_.page.sound(i));
        }
      }
      see_end();
      if (scope_.structure) ask_sqlite();
    } catch (const SQLite::Exception& error) {
      tell(expected_, "event " + std::to_string(expected_) + " cannot be read: " + error.what());
    }
    return problems_ == 0;
  }

 private:
  void tell(Position position, std::string sentence) {
    if (++problems_ <= problems_max) visit_({position, std::move(sentence)});
  }

  template <typename Check>
  void attempt(Check check) {
    try {
      check();
    } catch (const LogLost& lost) {
      tell(lost.first_bad(), lost.what());
    } catch (const LogDamaged& damage) {
      tell(at_event_ ? damage.first_bad() : 0, damage.what());
    } catch (const LogFailed& failure) {
      tell(0, failure.what());
    }
  }

  void look_at_witness() {
    witness_.emplace(block_.file, witness_path(block_.file), witness_of(block_.file));
  }

  void find_what_is_before() {
    at_event_ = true;
    if (scope_.from == 1) {
      const SQLite::Column first = block_.database.execAndGet("SELECT min(position) FROM event");
      if (!first.isNull() && first.getInt64() < 1) {
        tell(1, "event 1 is not the first: there is a row before it");
      }
      return;
    }
    const Position before = scope_.from - 1;
    if (block_.load(before, block_.page) && block_.page.events().front().position == before) {
      before_ = block_.page.events().front().hash;
    } else {
      tell(before, "event " + std::to_string(before) + " is missing");
    }
  }

  void see(const RecordedEvent& event, bool sound) {
    const std::string here = "event " + std::to_string(event.position);
    if (event.position != expected_) {
      tell(expected_, "event " + std::to_string(expected_) + " is missing: " + here +
                          " is the next one there");
    }
    if (!sound || chain_hash(before_, event) != event.hash) {
      tell(event.position, here + " is not what was written: its hash does not fit");
    }
    if (scope_.from > 1 && versions_.of(event.stream) == 0) {
      versions_.put(event.stream, event.version);
    } else if (!versions_.advance(event.stream, event.version)) {
      tell(event.position, here + " has version " + std::to_string(event.version) +
                               " where its stream is at " +
                               std::to_string(versions_.of(event.stream)));
      versions_.put(event.stream, event.version);
    }
    if (witness_) attempt([&] { witness_->see(event.position, event.hash); });
    before_ = event.hash;
    expected_ = event.position + 1;
  }

  void see_end() {
    const Position last = expected_ - 1;
    const Position witnessed = witness_ ? witness_->witnessed().head.position : 0;
    if (last < witnessed && witnessed <= scope_.to) {
      attempt([&] { witness_->end(last); });
    } else if (last < scope_.to && scope_.to != end_of_log) {
      tell(expected_, "event " + std::to_string(expected_) + " is missing");
    }
  }

  void ask_sqlite() {
    SQLite::Statement check(block_.database, "PRAGMA quick_check(10)");
    while (check.executeStep()) {
      const std::string line = check.getColumn(0).getString();
      if (line != "ok") tell(0, "SQLite's own check: " + line);
    }
  }

  Block& block_;
  const Scope& scope_;
  const std::function<void(const Problem&)>& visit_;
  std::optional<WitnessCheck> witness_{};
  StreamVersions versions_{};
  Position expected_;
  Hash before_{};
  bool at_event_ = false;
  std::size_t problems_ = 0;
};

bool LogReader::Block::verify(const Scope& scope,
                              const std::function<void(const Problem&)>& visit) {
  return Verification(*this, scope, visit).run();
}

LogReader::LogReader(const std::filesystem::path& log) {
  std::error_code failed;
  const std::filesystem::path file = std::filesystem::canonical(log, failed);
  if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory) {
    refuse_lost_log(log);
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
    keep_few_pages(block_->database);
    block_->database.exec("PRAGMA query_only = ON");
    check_schema(block_->database, log.string());
  } catch (const LogDamaged&) {
    // `verify` tells.
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_NOTADB) {
      throw LogForeign(log.string() + " is not a log: it is no SQLite database. Name another file");
    }
    if (error.getErrorCode() == SQLITE_CORRUPT || error.getErrorCode() == SQLITE_ERROR) {
      throw LogDamaged(
          log.string() + " is damaged from event 1 on: " + error.what() + ". Restore a backup", 1);
    }
    throw LogFailed("cannot open the log " + log.string() + ": " + reason_of(error));
  }
}

LogReader::LogReader(const std::filesystem::path& log, const Secret& master_key) : LogReader(log) {
  std::optional<Hash> identity;
  read(1, [&](const RecordedEvent& first) {
    identity = first.hash;
    return false;
  });
  block_->keys.emplace(KeyStore::path_of(block_->file), master_key, KeyStore::Access::read);
  if (identity) block_->keys->belong_to(*identity);
}

LogReader::~LogReader() = default;

void LogReader::read(Position from, const std::function<bool(const RecordedEvent&)>& visit) {
  try {
    Block& b = *block_;
    while (b.load(from, b.page)) {
      if (b.keys) b.keys->refresh();
      for (RecordedEvent& event : b.page.events()) {
        if (b.keys) open_personal(*b.keys, event, b.opened);
        if (!visit(event)) return;
      }
      from = b.page.events().back().position + 1;
    }
  } catch (const SQLite::Exception& error) {
    block_->refuse(error);
  }
}

void LogReader::load(Position from, EventPage& page) {
  try {
    block_->load(from, page);
  } catch (const SQLite::Exception& error) {
    block_->refuse(error);
  }
}

Head LogReader::head() {
  try {
    EventRows last(block_->database, "ORDER BY position DESC LIMIT 1");
    if (!last.next()) return {};
    RecordedEvent event;
    if (!last.read(event)) {
      throw LogDamaged(block_->name + " is damaged at its last event. Run verify", event.position);
    }
    return {event.position, event.hash, event.recorded_at, event.epoch};
  } catch (const SQLite::Exception& error) {
    block_->refuse(error);
  }
}

bool LogReader::verify(const std::function<void(const Problem&)>& visit) {
  return block_->verify({1, end_of_log, true, true}, visit);
}

bool LogReader::verify(Position from, Position to,
                       const std::function<void(const Problem&)>& visit) {
  return block_->verify({std::max<Position>(from, 1), to, true, false}, visit);
}

bool LogReader::verify_itself(const std::function<void(const Problem&)>& visit) {
  return block_->verify({1, end_of_log, false, true}, visit);
}

}  // namespace eventstore
