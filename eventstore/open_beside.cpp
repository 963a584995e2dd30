#include "eventstore/open_beside.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <string>
#include <string_view>

#include "eventstore/schema.hpp"

namespace eventstore {

namespace {

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

}  // namespace

SQLite::Database open_beside(const std::filesystem::path& file) {
  constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  SQLite::Database database(uri_of(file, "?mode=ro"), flags, busy_wait_ms);
  try {
    database.execAndGet("PRAGMA schema_version");
    return database;
  } catch (const SQLite::Exception& error) {
    // Nobody writes this file and the folder may not be written either (an archive): then nothing
    // can change under us, and SQLite needs no file beside it. With a WAL beside it that would hide
    // what is newest.
    const bool has_wal = std::filesystem::exists(file.string() + "-wal");
    if (error.getErrorCode() != SQLITE_CANTOPEN || has_wal) throw;
  }
  return SQLite::Database(uri_of(file, "?mode=ro&immutable=1"), flags, busy_wait_ms);
}

SQLite::Database open_beside_and_mend(const std::filesystem::path& file) {
  try {
    return open_beside(file);
  } catch (const SQLite::Exception& error) {
    if (error.getExtendedErrorCode() != SQLITE_READONLY_ROLLBACK) throw;
  }
  {
    // The first to read who may write takes back what the journal holds.
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    SQLite::Database database(file.string(), flags, busy_wait_ms);
    database.execAndGet("PRAGMA schema_version");
  }
  return open_beside(file);
}

}  // namespace eventstore
