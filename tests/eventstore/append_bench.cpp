// Rows a second through our API beside a bare loop over SQLite's C interface with the same table
// columns and pragmas, in the same run, so that the ratio holds on any machine.
//
//   append_bench [FOLDER]
//
// The bare loop has no triggers, no hashes, no thread and no versions: it is the limit, not a peer.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eventstore/sqlite_event_store.hpp"

namespace {

namespace fs = std::filesystem;

using eventstore::NewEvent;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;

constexpr std::size_t payload_bytes = 218;
constexpr std::size_t streams = 50'000;
constexpr int rounds = 3;

std::string stream_name(std::size_t i) {
  return "contact/benchmark-campaign/" + std::to_string(1'000'000 + i % streams);
}

NewEvent row(std::size_t i) {
  NewEvent event;
  event.stream = stream_name(i);
  event.version = static_cast<std::uint32_t>(1 + i / streams);
  event.type = "CallRinging";
  event.payload = "{\"filler\":\"" + std::string(payload_bytes - 13, 'x') + "\"}";
  return event;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void remove_log(const fs::path& log) {
  for (const char* end : {"", "-wal", "-shm", ".head"}) fs::remove(log.string() + end);
}

double bare_append(const fs::path& log, std::size_t rows, std::size_t per_commit) {
  remove_log(log);
  SQLite::Database database(log.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -8192;"
      "CREATE TABLE event(position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT "
      "NULL, type TEXT NOT NULL, schema INTEGER NOT NULL, recorded_at INTEGER NOT NULL, "
      "occurred_at INTEGER, epoch INTEGER NOT NULL, cause INTEGER, key_id INTEGER, personal BLOB, "
      "payload TEXT NOT NULL, hash BLOB NOT NULL) STRICT");
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < rows; ++i) events.push_back(row(i));
  const std::string hash(32, 'h');
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database.getHandle(),
                     "INSERT INTO event VALUES(?,?,?,?,?,?,NULL,?,NULL,NULL,NULL,?,?)", -1, &insert,
                     nullptr);
  const double seconds = seconds_of([&] {
    for (std::size_t i = 0; i < rows;) {
      sqlite3_exec(database.getHandle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
      for (const std::size_t end = std::min(rows, i + per_commit); i < end; ++i) {
        const NewEvent& event = events[i];
        sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i + 1));
        sqlite3_bind_text(insert, 2, event.stream.data(), static_cast<int>(event.stream.size()),
                          SQLITE_STATIC);
        sqlite3_bind_int64(insert, 3, event.version);
        sqlite3_bind_text(insert, 4, event.type.data(), static_cast<int>(event.type.size()),
                          SQLITE_STATIC);
        sqlite3_bind_int64(insert, 5, 1);
        sqlite3_bind_int64(insert, 6, 1'700'000'000'000);
        sqlite3_bind_int64(insert, 7, 1);
        sqlite3_bind_text(insert, 8, event.payload.data(), static_cast<int>(event.payload.size()),
                          SQLITE_STATIC);
        sqlite3_bind_blob(insert, 9, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
      }
      sqlite3_exec(database.getHandle(), "COMMIT", nullptr, nullptr, nullptr);
    }
  });
  sqlite3_finalize(insert);
  return static_cast<double>(rows) / seconds;
}

// With one row a commit each is waited for, as a webhook's answer waits. Larger batches are handed
// over one while the last is committed, as the tick does.
double our_append(const fs::path& log, std::size_t rows, std::size_t per_commit) {
  remove_log(log);
  SqliteEventStore::Options options;
  options.path = log;
  options.create = true;
  SqliteEventStore store(std::move(options));
  std::vector<std::vector<NewEvent>> batches;
  for (std::size_t i = 0; i < rows;) {
    std::vector<NewEvent> batch;
    for (const std::size_t end = std::min(rows, i + per_commit); i < end; ++i) {
      batch.push_back(row(i));
    }
    batches.push_back(std::move(batch));
  }
  const double seconds = seconds_of([&] {
    for (std::vector<NewEvent>& batch : batches) {
      if (store.waiting() > 0) store.wait_until_durable();
      store.append(std::move(batch), 1'700'000'000'000);
      if (per_commit == 1) store.wait_until_durable();
    }
    store.wait_until_durable();
  });
  return static_cast<double>(rows) / seconds;
}

double bare_scan(const fs::path& log, std::size_t rows) {
  SQLite::Database database(log.string(), SQLite::OPEN_READONLY);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(database.getHandle(), "SELECT * FROM event ORDER BY position", -1, &select,
                     nullptr);
  std::size_t touched = 0;
  const double seconds = seconds_of([&] {
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int column = 0; column < 13; ++column) {
        touched += static_cast<std::size_t>(sqlite3_column_bytes(select, column));
        if (sqlite3_column_blob(select, column) == nullptr) ++touched;
      }
    }
  });
  sqlite3_finalize(select);
  if (touched == 0) std::puts("nothing was read");
  return static_cast<double>(rows) / seconds;
}

double our_replay(const fs::path& log, std::size_t rows) {
  std::size_t touched = 0;
  const double seconds = seconds_of([&] {
    SqliteEventStore::Options options;
    options.path = log;
    const SqliteEventStore store(
        std::move(options), [&](const RecordedEvent& event) { touched += event.payload.size(); });
  });
  if (touched != rows * payload_bytes) std::puts("something was not replayed");
  return static_cast<double>(rows) / seconds;
}

double middle_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void compare(const char* what, const std::function<double()>& bare,
             const std::function<double()>& ours) {
  std::vector<double> bare_rates;
  std::vector<double> our_rates;
  for (int i = 0; i < rounds; ++i) {
    bare_rates.push_back(bare());
    our_rates.push_back(ours());
  }
  const double limit = middle_of(bare_rates);
  const double reached = middle_of(our_rates);
  std::printf("%-28s bare %9.0f/s   ours %9.0f/s   ratio %.2f\n", what, limit, reached,
              reached / limit);
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? fs::path(argv[1]) : fs::temp_directory_path();
  const fs::path log = folder / "append_bench.db";
  for (const auto& [rows, per_commit] :
       {std::pair<std::size_t, std::size_t>{3'000, 1}, {100'000, 100}, {400'000, 1000}}) {
    const std::string what = "append, " + std::to_string(per_commit) + " a commit";
    compare(
        what.c_str(), [&, n = rows, p = per_commit] { return bare_append(log, n, p); },
        [&, n = rows, p = per_commit] { return our_append(log, n, p); });
  }
  constexpr std::size_t rows = 500'000;
  our_append(log, rows, 1000);
  compare(
      "replay with the chain", [&] { return bare_scan(log, rows); },
      [&] { return our_replay(log, rows); });
  remove_log(log);
  return 0;
}
