// How fast a log becomes a state again, beside what that must cost on the same file in the same
// run:
//
//   replay_bench [EVENTS [FOLDER]]        default 1,000,000 events
//
//   scan                      every column touched through SQLite's C interface
//   scan, JSON, map           each payload read by simdjson, counted in a hash map by stream
//   scan, JSON, map, SHA-256  and the chain over it
//   scan, events, fold, SHA   each row decoded and folded as the program does, and the chain
//   start                     what a start does: lock, chain, versions, keys opened, fold, witness
//   ready                     the same up to the first look for somebody to call
//
// The log is one campaign of people who are called and answer a survey, twenty events each, sealed.
#include <SQLiteCpp/SQLiteCpp.h>
#include <malloc.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/plan.hpp"
#include "eventstore/chain.hpp"
#include "eventstore/event_rows.hpp"
#include "eventstore/key_store.hpp"
#include "eventstore/sealing.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "runner/fold.hpp"
#include "runner/zone_loader.hpp"
#include "tests/runner/bench_log.hpp"

namespace {

namespace fs = std::filesystem;
using namespace campaigns;
using bench::master_key;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double bare_scan(const fs::path& log) {
  SQLite::Database database(log.string(), SQLite::OPEN_READONLY);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(database.getHandle(), "SELECT * FROM event ORDER BY position", -1, &select,
                     nullptr);
  std::size_t touched = 0;
  const auto seconds = seconds_of([&] {
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int column = 0; column < 13; ++column) {
        touched += static_cast<std::size_t>(sqlite3_column_bytes(select, column));
        if (sqlite3_column_blob(select, column) == nullptr) ++touched;
      }
    }
    if (touched == 0) std::exit(1);
  });
  sqlite3_finalize(select);
  return seconds;
}

// Each row of the log, in its order, as the store reads it.
void for_each_row(const fs::path& log,
                  const std::function<void(const eventstore::RecordedEvent&)>& visit) {
  SQLite::Database database(log.string(), SQLite::OPEN_READONLY);
  eventstore::EventRows rows(database, "ORDER BY position");
  eventstore::RecordedEvent event;
  while (rows.next()) {
    if (!rows.read(event)) std::exit(1);
    visit(event);
  }
}

struct Counted {
  std::uint32_t events = 0;
  std::uint64_t bytes = 0;
};

double peer(const fs::path& log, bool with_hash) {
  return seconds_of([&] {
    simdjson::dom::parser parser;
    std::unordered_map<std::string, Counted> streams;
    eventstore::Hash before{};
    for_each_row(log, [&](const eventstore::RecordedEvent& event) {
      if (with_hash) before = chain_hash(before, event);
      simdjson::dom::object object;
      if (parser.parse(event.payload.data(), event.payload.size()).get(object)) std::exit(1);
      auto& counted = streams[std::string(event.stream)];
      ++counted.events;
      for (const auto member : object) counted.bytes += member.key.size();
    });
    if (streams.empty()) std::exit(1);
  });
}

double fold_without_the_store(const fs::path& log) {
  return seconds_of([&] {
    eventstore::KeyStore keys(eventstore::KeyStore::path_of(log), master_key,
                              eventstore::KeyStore::Access::read);
    runner::Folder folder;
    State state;
    eventstore::Hash before{};
    std::string plain;
    for_each_row(log, [&](eventstore::RecordedEvent event) {
      before = chain_hash(before, event);
      open_personal(keys, event, plain);
      folder.fold(state, event);
    });
  });
}

double start(const fs::path& log, const ZoneRules& rules, double& ready) {
  return seconds_of([&] {
    State state;
    runner::Folder folder;
    eventstore::SqliteEventStore::Options options;
    options.path = log;
    options.master_key = master_key;
    const auto before = std::chrono::steady_clock::now();
    const eventstore::SqliteEventStore store(
        std::move(options),
        [&](const eventstore::RecordedEvent& event) { folder.fold(state, event); });
    if (next_wakeup(state, rules, instant_from_ms(1'767'700'000'000), {})) std::puts("");
    ready = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path();
  const fs::path log = folder / "campanile-replay-bench.db";
  const auto remove = [&] {
    for (const char* end : {"", "-wal", "-shm", ".head", ".keys", ".keys-wal", ".keys-shm"}) {
      fs::remove(log.string() + end);
    }
  };
  remove();
  std::uint64_t events = 0;
  const auto writing = seconds_of([&] { events = bench::write_log(log, wanted / 20); });
  const auto rules = runner::load_zone_rules();
  std::printf("%llu events, %.1f MB, written in %.1f s\n", static_cast<unsigned long long>(events),
              static_cast<double>(fs::file_size(log)) / 1e6, writing);
  double ready = 0;
  double scan = 1e9, map = 1e9, map_hash = 1e9, fold = 1e9, whole = 1e9;
  // The best of three, where one takes no minutes.
  for (int round = 0; round < (events < 2'000'000 ? 3 : 1); ++round) {
    scan = std::min(scan, bare_scan(log));
    map = std::min(map, peer(log, false));
    map_hash = std::min(map_hash, peer(log, true));
    fold = std::min(fold, fold_without_the_store(log));
    malloc_trim(0);
    whole = std::min(whole, start(log, rules, ready));
  }
  const auto line = [&](const char* name, double seconds) {
    std::printf("%-28s %7.2f s  %9.0f events/s  %5.2f of the scan  start is %.2f of it\n", name,
                seconds, static_cast<double>(events) / seconds, scan / seconds, seconds / whole);
  };
  line("scan", scan);
  line("scan, JSON, map", map);
  line("scan, JSON, map, SHA-256", map_hash);
  line("scan, events, fold, SHA-256", fold);
  line("start", whole);
  std::printf("ready to dial after %.2f s\n", ready);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory %ld MB\n", usage.ru_maxrss / 1024);
  remove();
}
