#include "eventstore/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "eventstore/log_errors.hpp"

namespace eventstore {

namespace {

struct SchemaPiece {
  std::string_view name{};
  const char* sql = nullptr;
};

// In the order of their names. The insert guard closes the door that INSERT OR REPLACE opens: it
// deletes without firing a delete trigger.
constexpr std::array<SchemaPiece, 4> schema_pieces = {{
    {"event",
     "CREATE TABLE event(\n"
     "  position INTEGER PRIMARY KEY,\n"
     "  stream TEXT NOT NULL,\n"
     "  version INTEGER NOT NULL,\n"
     "  type TEXT NOT NULL,\n"
     "  schema INTEGER NOT NULL,\n"
     "  recorded_at INTEGER NOT NULL,\n"
     "  occurred_at INTEGER,\n"
     "  epoch INTEGER NOT NULL,\n"
     "  cause INTEGER,\n"
     "  key_id INTEGER,\n"
     "  personal BLOB,\n"
     "  payload TEXT NOT NULL,\n"
     "  hash BLOB NOT NULL) STRICT"},
    {"event_is_never_deleted",
     "CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event\n"
     "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"},
    {"event_is_never_updated",
     "CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event\n"
     "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"},
    {"event_only_extends",
     "CREATE TRIGGER event_only_extends BEFORE INSERT ON event\n"
     "WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM "
     "event)\n"
     "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"},
}};

std::string_view text_of(const SQLite::Column& column) {
  const char* text = column.getText("");
  return {text, static_cast<std::size_t>(column.getBytes())};
}

}  // namespace

const char* const event_columns =
    "position, stream, version, type, schema, recorded_at, occurred_at, epoch, cause, key_id, "
    "personal, payload, hash";

void harden(SQLite::Database& database) {
  sqlite3* handle = database.getHandle();
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 2 * static_cast<int>(event_bytes_max));
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  database.exec(
      "PRAGMA cell_size_check = ON;"
      "PRAGMA mmap_size = 0;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -8192;");
}

void keep_few_pages(SQLite::Database& database) {
  database.exec("PRAGMA cache_size = -1024");
}

std::string enter_wal_mode(SQLite::Database& database) {
  SQLite::Statement change(database, "PRAGMA journal_mode = WAL");
  change.executeStep();
  std::string mode = change.getColumn(0).getString();
  change.executeStep();
  return mode;
}

void create_schema(SQLite::Database& database) {
  database.exec("PRAGMA application_id = " + std::to_string(log_application_id));
  database.exec("PRAGMA user_version = " + std::to_string(log_layout_version));
  for (const SchemaPiece& piece : schema_pieces) database.exec(piece.sql);
}

void check_schema(SQLite::Database& database, const std::string& name) {
  std::int64_t application = 0;
  std::int64_t layout = 0;
  try {
    application = database.execAndGet("PRAGMA application_id").getInt64();
    layout = database.execAndGet("PRAGMA user_version").getInt64();
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() != SQLITE_NOTADB) throw;
    throw LogForeign(name + " is not a log: it is no SQLite database. Name another file");
  }
  if (application != log_application_id) {
    if (database.execAndGet("PRAGMA page_count").getInt64() == 0) {
      throw LogForeign(name + " is not a log: the file is empty. Remove it or name another file");
    }
    throw LogForeign(name +
                     " is not a log: it is the database of another program. Name another "
                     "file");
  }
  if (layout > log_layout_version) {
    throw LogNewer(name + " has layout " + std::to_string(layout) + ", this program knows up to " +
                   std::to_string(log_layout_version) + ". Use the version that wrote it");
  }
  std::size_t found = 0;
  SQLite::Statement rows(database, "SELECT name, sql FROM sqlite_schema ORDER BY name");
  for (; rows.executeStep(); ++found) {
    if (found == schema_pieces.size() || text_of(rows.getColumn(0)) != schema_pieces[found].name ||
        text_of(rows.getColumn(1)) != schema_pieces[found].sql) {
      break;
    }
  }
  if (found != schema_pieces.size() || rows.hasRow()) {
    throw LogDamaged(
        name + " is damaged from event 1 on: its tables or triggers were changed. Restore a backup",
        1);
  }
}

std::string reason_of(const SQLite::Exception& error) {
  const bool full =
      error.getErrorCode() == SQLITE_FULL || error.getExtendedErrorCode() == SQLITE_IOERR_SHMSIZE;
  return full ? "the disk is full. Make space, then try again" : error.what();
}

}  // namespace eventstore
