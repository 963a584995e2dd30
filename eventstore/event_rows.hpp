#pragma once

#include <cstdint>
#include <string>

#include "eventstore/record.hpp"

struct sqlite3;
struct sqlite3_stmt;
namespace SQLite {
class Database;
}

namespace eventstore {

// Events as they stand in the table, row by row. It asks SQLite's C interface for the values:
// SQLiteCpp counts references for each column of each row, which took a tenth of a replay.
class EventRows {
 public:
  // `rest` is what follows "FROM event": which rows, in which order. The database outlives it.
  // Throws SQLite::Exception.
  EventRows(SQLite::Database& database, const std::string& rest);
  ~EventRows();
  EventRows(const EventRows&) = delete;
  EventRows& operator=(const EventRows&) = delete;

  // Begins anew, with this value for the first `?`.
  void begin(std::int64_t value);

  // To the next row. False behind the last one. Throws SQLite::Exception.
  bool next();

  // The row it stands on. The views hold until it moves or ends. Returns false where a value is
  // missing or out of the range that a writer could have written.
  [[nodiscard]] bool read(RecordedEvent& event) const;

  // Ends the transaction that a row it stands on keeps open.
  void end();

 private:
  sqlite3* database_;
  sqlite3_stmt* rows_ = nullptr;
};

}  // namespace eventstore
