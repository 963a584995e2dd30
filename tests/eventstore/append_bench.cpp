// Rows a second through our API beside a bare loop over SQLite's C interface with the same table
// columns and pragmas, in the same run, so that the ratio holds on any machine.
//
//   append_bench [FOLDER]                    everything
//   append_bench --ours PER_COMMIT FOLDER    one round of our appends, for a run beside another
//                                            database: prints the rate
//
// The bare loop has no triggers, no hashes, no cipher, no thread and no versions: it is the limit,
// not a peer. Half of the events have a personal part of 60 bytes, of people whose keys are there;
// the bare loop writes as many bytes.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/aes_gcm.hpp"
#include "eventstore/chain.hpp"
#include "eventstore/sealing.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "eventstore/witness.hpp"

namespace {

namespace fs = std::filesystem;

using eventstore::Hash;
using eventstore::KeyStore;
using eventstore::NewEvent;
using eventstore::RecordedEvent;
using eventstore::Secret;
using eventstore::SqliteEventStore;

constexpr std::size_t payload_bytes = 218;
constexpr std::size_t personal_bytes = 60;
// People take turns, so that each event meets another stream and, sealed, a key out of the cache.
constexpr std::size_t streams = 50'000;
constexpr std::int64_t some_time = 1'700'000'000'000;
constexpr int rounds = 3;

struct Size {
  std::size_t rows = 0;
  std::size_t per_commit = 0;
};
constexpr std::array<Size, 4> sizes = {{{3'000, 1}, {20'000, 10}, {100'000, 100}, {400'000, 1000}}};

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

NewEvent row_of_a_person(std::size_t i) {
  NewEvent event = row(i);
  event.key_id = 1 + i % streams;
  if (i % 2 == 0) event.personal = std::string(personal_bytes, 'p');
  return event;
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void remove_log(const fs::path& log) {
  for (const char* end : {"", "-wal", "-shm", ".head", ".keys", ".keys-wal", ".keys-shm"}) {
    fs::remove(log.string() + end);
  }
}

// What the bare loop does besides; each is a promise of ours.
struct Guards {
  // The triggers of the table, which fire for everybody else.
  bool triggers = false;
  // What the writer asks once a commit instead.
  bool position_asked = false;
  bool chain = false;
  bool sealing = false;
  bool witness = false;
};

// Makes a key for each person, durably.
void make_keys(KeyStore& keys) {
  for (std::size_t id = 1; id <= streams; ++id) keys.seal(id, "", "");
  if (!keys.make_durable()) std::puts("the disk is full");
}

double bare_append(const fs::path& log, const Size& size, const Guards& guards = {}) {
  remove_log(log);
  SQLite::Database database(log.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -8192;"
      "CREATE TABLE event(position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT "
      "NULL, type TEXT NOT NULL, schema INTEGER NOT NULL, recorded_at INTEGER NOT NULL, "
      "occurred_at INTEGER, epoch INTEGER NOT NULL, cause INTEGER, key_id INTEGER, personal BLOB, "
      "payload TEXT NOT NULL, hash BLOB NOT NULL) STRICT");
  if (guards.triggers) {
    database.exec(
        "CREATE TRIGGER event_only_extends BEFORE INSERT ON event WHEN NEW.position IS NOT (SELECT "
        "coalesce(max(position), 0) + 1 FROM event) BEGIN SELECT RAISE(ABORT, 'no'); END");
  }
  std::optional<KeyStore> keys;
  if (guards.sealing) {
    KeyStore::create(KeyStore::path_of(log), Secret(), Secret());
    keys.emplace(KeyStore::path_of(log), Secret(), KeyStore::Access::write);
    make_keys(*keys);
  }
  std::optional<eventstore::WitnessFile> witness;
  if (guards.witness) witness.emplace(log.string() + ".head", true);
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < size.rows; ++i) {
    events.push_back(row_of_a_person(i));
    if (guards.sealing || events.back().personal.empty()) continue;
    events.back().personal.resize(personal_bytes + eventstore::AesGcm::overhead);
  }
  Hash hash{};
  SQLite::Statement last(database, "SELECT max(position) FROM event");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database.getHandle(),
                     "INSERT INTO event VALUES(?,?,?,?,?,?,NULL,?,NULL,?,?,?,?)", -1, &insert,
                     nullptr);
  const auto bind_text = [&](int column, const std::string& text) {
    sqlite3_bind_text(insert, column, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  };
  const double seconds = seconds_of([&] {
    for (std::size_t i = 0; i < size.rows;) {
      sqlite3_exec(database.getHandle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
      if (guards.position_asked) {
        last.executeStep();
        if (last.getColumn(0).getInt64() != static_cast<std::int64_t>(i)) std::puts("wrong");
        last.reset();
      }
      for (const std::size_t end = std::min(size.rows, i + size.per_commit); i < end; ++i) {
        NewEvent& event = events[i];
        if (keys) eventstore::seal_personal(*keys, event);
        if (guards.chain) {
          RecordedEvent recorded;
          recorded.position = i + 1;
          recorded.stream = event.stream;
          recorded.version = event.version;
          recorded.type = event.type;
          recorded.recorded_at = some_time;
          recorded.epoch = 1;
          recorded.key_id = event.key_id;
          recorded.personal = event.personal;
          recorded.payload = event.payload;
          hash = eventstore::chain_hash(hash, recorded);
        }
        sqlite3_bind_int64(insert, 1, static_cast<sqlite3_int64>(i + 1));
        bind_text(2, event.stream);
        sqlite3_bind_int64(insert, 3, event.version);
        bind_text(4, event.type);
        sqlite3_bind_int64(insert, 5, 1);
        sqlite3_bind_int64(insert, 6, some_time);
        sqlite3_bind_int64(insert, 7, 1);
        sqlite3_bind_int64(insert, 8, static_cast<sqlite3_int64>(*event.key_id));
        if (event.personal.empty()) {
          sqlite3_bind_null(insert, 9);
        } else {
          sqlite3_bind_blob(insert, 9, event.personal.data(),
                            static_cast<int>(event.personal.size()), SQLITE_STATIC);
        }
        bind_text(10, event.payload);
        sqlite3_bind_blob(insert, 11, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
        sqlite3_step(insert);
        sqlite3_reset(insert);
      }
      sqlite3_exec(database.getHandle(), "COMMIT", nullptr, nullptr, nullptr);
      if (witness) witness->write({i, hash, some_time, 1}, hash);
    }
  });
  sqlite3_finalize(insert);
  return static_cast<double>(size.rows) / seconds;
}

// With one row a commit each is waited for, as a webhook's answer waits. Larger batches are handed
// over one while the last is committed, as the tick does.
double our_append(const fs::path& log, const Size& size, bool sealed = true) {
  remove_log(log);
  SqliteEventStore::Options options;
  options.path = log;
  options.create = true;
  if (sealed) options.master_key = Secret();
  SqliteEventStore store(options);
  if (sealed) {
    std::vector<NewEvent> enrolled;
    for (std::uint32_t id = 1; id <= streams; ++id) {
      NewEvent event = row(0);
      event.stream.assign("enrolled");
      event.version = id;
      event.key_id = id;
      event.personal.assign(1, 'x');
      enrolled.push_back(std::move(event));
    }
    store.append(std::move(enrolled), some_time);
    store.wait_until_durable();
  }
  std::vector<std::vector<NewEvent>> batches;
  for (std::size_t i = 0; i < size.rows;) {
    std::vector<NewEvent> batch;
    for (const std::size_t end = std::min(size.rows, i + size.per_commit); i < end; ++i) {
      batch.push_back(sealed ? row_of_a_person(i) : row(i));
    }
    batches.push_back(std::move(batch));
  }
  const double seconds = seconds_of([&] {
    for (std::vector<NewEvent>& batch : batches) {
      if (store.waiting() > 0) store.wait_until_durable();
      store.append(std::move(batch), some_time);
      if (size.per_commit == 1) store.wait_until_durable();
    }
    store.wait_until_durable();
  });
  return static_cast<double>(size.rows) / seconds;
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

double our_replay(const fs::path& log, std::size_t rows, bool sealed) {
  std::size_t payloads = 0;
  std::size_t personal = 0;
  const double seconds = seconds_of([&] {
    SqliteEventStore::Options options;
    options.path = log;
    if (sealed) options.master_key = Secret();
    const SqliteEventStore store(options, [&](const RecordedEvent& event) {
      payloads += event.payload.size();
      personal += event.personal.size();
    });
  });
  const std::size_t expected = sealed ? streams + (rows - streams) / 2 * personal_bytes : 0;
  if (payloads != rows * payload_bytes || personal != expected) {
    std::puts("something was not replayed");
  }
  return static_cast<double>(rows) / seconds;
}

double middle_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// By turns, so that both see the same disk.
void compare(const std::string& what, const std::function<double()>& bare,
             const std::function<double()>& ours) {
  std::vector<double> bare_rates;
  std::vector<double> our_rates;
  for (int i = 0; i < rounds; ++i) {
    bare_rates.push_back(bare());
    our_rates.push_back(ours());
  }
  const double limit = middle_of(bare_rates);
  const double reached = middle_of(our_rates);
  std::printf("%-28s bare %9.0f/s   ours %9.0f/s   ratio %.2f\n", what.c_str(), limit, reached,
              reached / limit);
  std::fflush(stdout);
}

void print_prices(const fs::path& log) {
  const Size size = sizes[2];
  std::printf("price of each guard alone, %zu a commit\n", size.per_commit);
  // By turns with the bare loop: a busy disk costs more than any guard.
  const auto price = [&](const char* what, const Guards& guards) {
    std::vector<double> bare_rates;
    std::vector<double> rates;
    for (int i = 0; i < rounds; ++i) {
      bare_rates.push_back(bare_append(log, size));
      rates.push_back(bare_append(log, size, guards));
    }
    const double bare = middle_of(bare_rates);
    const double rate = middle_of(rates);
    std::printf("  %-40s %+6.2f us on %6.2f   ratio %.2f\n", what, 1e6 / rate - 1e6 / bare,
                1e6 / bare, rate / bare);
    std::fflush(stdout);
  };
  price("one check of the position a commit", {.position_asked = true});
  price("the insert trigger instead (not paid)", {.triggers = true});
  price("the chain", {.chain = true});
  price("sealing half of them", {.sealing = true});
  price("the witness", {.witness = true});
  price("all that are paid, in one thread",
        {.position_asked = true, .chain = true, .sealing = true, .witness = true});
}

void print_ciphers(const fs::path& log) {
  remove_log(log);
  KeyStore::create(KeyStore::path_of(log), Secret(), Secret());
  KeyStore keys(KeyStore::path_of(log), Secret(), KeyStore::Access::write);
  const double made = seconds_of([&] { make_keys(keys); });
  std::printf("a new key, made durable %zu at once  %6.2f us\n", streams,
              1e6 * made / static_cast<double>(streams));
  const std::string plain(personal_bytes, 'p');
  for (const std::size_t people : {std::size_t{1'000}, streams}) {
    constexpr std::size_t times = 200'000;
    std::vector<std::string> sealed(people);
    const double sealing = seconds_of([&] {
      for (std::size_t i = 0; i < times; ++i) {
        sealed[i % people] = *keys.seal(1 + i % people, "where", plain);
      }
    });
    std::string opened;
    std::size_t wrong = 0;
    const double opening = seconds_of([&] {
      for (std::size_t i = 0; i < times; ++i) {
        opened.clear();
        wrong += keys.open(1 + i % people, "where", sealed[i % people], opened) !=
                 KeyStore::Opened::opened;
      }
    });
    if (wrong != 0) std::puts("something was not opened");
    std::printf("%6zu people by turns: seal %.2f us, open %.2f us\n", people, 1e6 * sealing / times,
                1e6 * opening / times);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const fs::path folder = argc > 1 ? fs::path(argv[argc - 1]) : fs::temp_directory_path();
  const fs::path log = folder / "append_bench.db";
  if (argc == 4 && std::strcmp(argv[1], "--ours") == 0) {
    for (const Size& size : sizes) {
      if (std::to_string(size.per_commit) != argv[2]) continue;
      std::printf("%.0f\n", our_append(log, size));
    }
    remove_log(log);
    return 0;
  }
  for (const Size& size : sizes) {
    compare(
        "append, " + std::to_string(size.per_commit) + " a commit",
        [&] { return bare_append(log, size); }, [&] { return our_append(log, size); });
  }
  print_prices(log);
  print_ciphers(log);
  constexpr Size size{450'000, 1000};
  our_append(log, size, false);
  compare(
      "replay with the chain", [&] { return bare_scan(log, size.rows); },
      [&] { return our_replay(log, size.rows, false); });
  our_append(log, size);
  const std::size_t rows = size.rows + streams;
  compare(
      "replay, chain, opening half", [&] { return bare_scan(log, rows); },
      [&] { return our_replay(log, rows, true); });
  remove_log(log);
  return 0;
}
