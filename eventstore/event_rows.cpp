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

std::string_view text_of(sqlite3_stmt* rows, Column column) {
  const auto* text = sqlite3_column_text(rows, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(rows, column))};
}

bool is_null(sqlite3_stmt* rows, Column column) {
  return sqlite3_column_type(rows, column) == SQLITE_NULL;
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
  event.stream = text_of(rows_, Column::stream);
  plausible &= narrow(sqlite3_column_int64(rows_, Column::version), event.version);
  event.type = text_of(rows_, Column::type);
  plausible &= narrow(sqlite3_column_int64(rows_, Column::schema), event.schema);
  event.recorded_at = sqlite3_column_int64(rows_, Column::recorded_at);
  event.occurred_at.reset();
  if (!is_null(rows_, Column::occurred_at)) {
    event.occurred_at = sqlite3_column_int64(rows_, Column::occurred_at);
  }
  plausible &= narrow(sqlite3_column_int64(rows_, Column::epoch), event.epoch);
  plausible &= narrow(sqlite3_column_int64(rows_, Column::cause), event.cause);
  event.key_id.reset();
  if (!is_null(rows_, Column::key_id)) {
    plausible &= narrow(sqlite3_column_int64(rows_, Column::key_id), event.key_id.emplace());
  }
  event.personal = {};
  if (const void* bytes = sqlite3_column_blob(rows_, Column::personal); bytes != nullptr) {
    event.personal = {static_cast<const char*>(bytes),
                      static_cast<std::size_t>(sqlite3_column_bytes(rows_, Column::personal))};
  }
  event.payload = text_of(rows_, Column::payload);
  const void* bytes = sqlite3_column_blob(rows_, Column::hash);
  if (bytes == nullptr ||
      sqlite3_column_bytes(rows_, Column::hash) != static_cast<int>(event.hash.size())) {
    event.hash = {};
    return false;
  }
  std::memcpy(event.hash.data(), bytes, event.hash.size());
  return plausible;
}

void EventRows::end() {
  sqlite3_reset(rows_);
}

}  // namespace eventstore
