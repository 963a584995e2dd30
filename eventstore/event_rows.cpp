#include "eventstore/event_rows.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstring>

#include "eventstore/schema.hpp"

namespace eventstore {

namespace {

// As in event_columns.
enum Column {
  position,
  stream,
  version,
  type,
  schema,
  recorded_at,
  occurred_at,
  epoch,
  cause,
  key_id,
  personal,
  payload,
  hash
};

// A value of the row, asked for once: each question of a column takes SQLite's lock and looks for
// what went wrong. Good as long as one thread uses the statement.
sqlite3_value* value_of(sqlite3_stmt* rows, Column column) {
  return sqlite3_column_value(rows, column);
}

// Text or bytes as they stand, no wider or narrower.
std::string_view bytes_of(sqlite3_value* value) {
  const void* bytes = sqlite3_value_blob(value);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

bool is_null(sqlite3_value* value) {
  return sqlite3_value_type(value) == SQLITE_NULL;
}

template <typename Narrow>
bool narrow(std::int64_t value, Narrow& into) {
  into = static_cast<Narrow>(value);
  return value >= 0 && static_cast<std::uint64_t>(into) == static_cast<std::uint64_t>(value);
}

}  // namespace

EventRows::EventRows(SQLite::Database& database, const std::string& rest)
    : database_(database.getHandle()) {
  const std::string query = std::string("SELECT ") + event_columns + " FROM event " + rest;
  const int result = sqlite3_prepare_v2(database_, query.c_str(),
                                        static_cast<int>(query.size() + 1), &rows_, nullptr);
  if (result != SQLITE_OK) throw SQLite::Exception(database_, result);
}

EventRows::~EventRows() {
  sqlite3_finalize(rows_);
}

void EventRows::begin(std::int64_t value) {
  sqlite3_reset(rows_);
  const int result = sqlite3_bind_int64(rows_, 1, value);
  if (result != SQLITE_OK) throw SQLite::Exception(database_, result);
}

bool EventRows::next() {
  const int result = sqlite3_step(rows_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  throw SQLite::Exception(database_, result);
}

bool EventRows::read(RecordedEvent& event) const {
  bool plausible = narrow(sqlite3_column_int64(rows_, Column::position), event.position);
  event.stream = bytes_of(value_of(rows_, Column::stream));
  plausible &= narrow(sqlite3_column_int64(rows_, Column::version), event.version);
  event.type = bytes_of(value_of(rows_, Column::type));
  plausible &= narrow(sqlite3_column_int64(rows_, Column::schema), event.schema);
  event.recorded_at = sqlite3_column_int64(rows_, Column::recorded_at);
  event.occurred_at.reset();
  if (auto* const occurred_at = value_of(rows_, Column::occurred_at); !is_null(occurred_at)) {
    event.occurred_at = sqlite3_value_int64(occurred_at);
  }
  plausible &= narrow(sqlite3_column_int64(rows_, Column::epoch), event.epoch);
  plausible &= narrow(sqlite3_column_int64(rows_, Column::cause), event.cause);
  event.key_id.reset();
  if (auto* const key_id = value_of(rows_, Column::key_id); !is_null(key_id)) {
    plausible &= narrow(sqlite3_value_int64(key_id), event.key_id.emplace());
  }
  event.personal = bytes_of(value_of(rows_, Column::personal));
  event.payload = bytes_of(value_of(rows_, Column::payload));
  const std::string_view hash = bytes_of(value_of(rows_, Column::hash));
  if (hash.size() != event.hash.size()) {
    event.hash = {};
    return false;
  }
  std::memcpy(event.hash.data(), hash.data(), hash.size());
  return plausible;
}

void EventRows::end() {
  sqlite3_reset(rows_);
}

}  // namespace eventstore
