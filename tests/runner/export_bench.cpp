// What an export costs on a log of very many people, beside what it must cost on the same file in
// the same run:
//
//   export_bench [CONTACTS [FOLDER]]       default 1,000,000 contacts
//
//   bare scan             every row through SQLite's C interface, each payload read by simdjson
//   bare CSV writer       the same wide file written again from its cells, by a loop that quotes
//   export, wide          what `campanile export results` does: chain, keys, fold, rows
//
// Each in events of the log a second. The memory is that of the process above what it took before,
// divided by the contacts, with the log's own cache of pages in it.
#include <SQLiteCpp/SQLiteCpp.h>
#include <malloc.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "campaigns/csv.hpp"
#include "campaigns/export.hpp"
#include "runner/at_once.hpp"
#include "runner/log_reading.hpp"
#include "tests/runner/bench_log.hpp"

namespace {

namespace fs = std::filesystem;

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
  const int columns = sqlite3_column_count(select);
  int payload = 0;
  while (std::string_view(sqlite3_column_name(select, payload)) != "payload") ++payload;
  // As its type is declared: asked for the bytes of a number, SQLite writes it out as text.
  std::vector<bool> numbers;
  for (int column = 0; column < columns; ++column) {
    numbers.push_back(std::string_view(sqlite3_column_decltype(select, column)) == "INTEGER");
  }
  simdjson::dom::parser parser;
  std::size_t touched = 0;
  const auto seconds = seconds_of([&] {
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int column = 0; column < columns; ++column) {
        touched += numbers[static_cast<std::size_t>(column)]
                       ? static_cast<std::size_t>(sqlite3_column_int64(select, column))
                       : static_cast<std::size_t>(sqlite3_column_bytes(select, column));
      }
      simdjson::dom::object object;
      const auto* text = static_cast<const char*>(sqlite3_column_blob(select, payload));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(select, payload));
      if (parser.parse(text, size).get(object)) std::exit(1);
      for (const auto member : object) touched += member.key.size();
    }
  });
  sqlite3_finalize(select);
  if (touched == 0) std::exit(1);
  return seconds;
}

// The cells of the file in memory, written again.
double bare_writer(const fs::path& csv, const fs::path& copy) {
  std::ifstream in(csv, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::string> cells;
  std::vector<std::size_t> ends;
  campaigns::CsvReader reader(text, ',');
  // As many rows as memory has room for; the time is that of all.
  constexpr std::size_t rows_max = 100'000;
  while (ends.size() < rows_max && reader.next() == campaigns::CsvReader::Next::record) {
    for (const auto& field : reader.fields()) cells.emplace_back(field);
    ends.push_back(cells.size());
  }
  std::size_t written = 0;
  const auto seconds = seconds_of([&] {
    std::ofstream out(copy, std::ios::binary);
    std::string row;
    std::size_t at = 0;
    for (const auto end : ends) {
      row.clear();
      for (const auto begin = at; at < end; ++at) {
        if (at > begin) row += ',';
        const auto& cell = cells[at];
        if (cell.find_first_of(",\"\r\n") == std::string::npos) {
          row += cell;
          continue;
        }
        row += '"';
        for (const char c : cell) {
          if (c == '"') row += '"';
          row += c;
        }
        row += '"';
      }
      row += "\r\n";
      out.write(row.data(), static_cast<std::streamsize>(row.size()));
      written += row.size();
    }
  });
  return seconds * static_cast<double>(text.size()) / static_cast<double>(written);
}

long resident_kb() {
  malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

long peak_kb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t contacts = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path();
  const fs::path log = folder / "campanile-export-bench.db";
  const fs::path csv = folder / "campanile-export-bench.csv";
  const auto remove = [&] {
    for (const char* end :
         {"", "-wal", "-shm", ".head", ".keys", ".keys-wal", ".keys-shm", ".key"}) {
      fs::remove(log.string() + end);
    }
    fs::remove(csv);
    fs::remove(csv.string() + ".copy");
  };
  remove();
  // Of zeros, as the log's.
  setenv("CAMPANILE_MASTER_KEY", std::string(64, '0').c_str(), 1);
  const auto events = bench::write_log(log, contacts);
  std::printf("%llu contacts, %llu events, %.1f MB\n", static_cast<unsigned long long>(contacts),
              static_cast<unsigned long long>(events),
              static_cast<double>(fs::file_size(log)) / 1e6);

  // First, so that the peak of the process is the export's own.
  const auto before = resident_kb();
  double folding = 0;
  const auto whole = seconds_of([&] {
    const auto folded = runner::fold_log(log, {}, runner::FoldFor::results);
    std::ofstream out(csv, std::ios::binary);
    campaigns::ExportSettings settings;
    settings.at_once = runner::at_once;
    settings.pieces_at_once = runner::pieces_at_once();
    folding = seconds_of([&] {
      campaigns::export_wide(folded.state, 0, settings, [&](std::string_view text) {
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
      });
    });
  });
  const auto peak = peak_kb() - before;
  const auto scan = bare_scan(log);
  const auto writer = bare_writer(csv, csv.string() + ".copy");
  const auto line = [&](const char* name, double seconds) {
    std::printf("%-24s %8.2f s %10.0f events/s\n", name, seconds,
                static_cast<double>(events) / seconds);
  };
  line("bare scan, simdjson", scan);
  line("bare CSV writer", writer);
  line("export, wide", whole);
  std::printf("  of which the rows       %8.2f s\n", folding);
  const auto slower = std::max(scan, writer);
  const auto ratio = slower / whole;
  const auto bytes = static_cast<double>(peak) * 1024 / static_cast<double>(contacts);
  std::printf("%.2f of the slower of the two; %.0f bytes of memory a contact\n", ratio, bytes);
  remove();
  // The target of the project; a share of it on a machine that others use.
  return ratio >= 0.7 && bytes <= 400 ? 0 : 1;
}
