// How fast a contact list is read: the bare CSV reader, and the whole contact reader with numbers,
// zones and languages, over a list made up here; beside Python's csv module on the same bytes, if
// there is a python3. Build with optimisation. `list_bench [rows]`, a million unless told.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "campaigns/calling_hours.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/csv.hpp"
#include "campaigns/preflight.hpp"
#include "tests/campaigns/some_zones.hpp"

using namespace campaigns;

namespace {

// About 76 bytes a row, six columns, CRLF, a quoted field in every fourth row: the list of the
// performance sheet, section d.
std::string make_list(std::size_t rows) {
  std::string text = "Codice,Telefono,Nome,Cognome,Nota,Lingua\r\n";
  text.reserve(rows * 80);
  for (std::size_t i = 0; i < rows; ++i) {
    text += "P" + std::to_string(1'000'000 + i) + ",+39 33" + std::to_string(i % 10) + ' ' +
            std::to_string(1'000'000 + i * 7 % 9'000'000) + ",Giovanna,Montanari,";
    text += i % 4 == 0 ? "\"via Roma, 12 int. 3\"" : "via Garibaldi 120 Forli";
    text += ",it-IT\r\n";
  }
  return text;
}

template <typename Work>
double best_seconds(int rounds, Work work) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void report(const char* what, std::size_t rows, double seconds) {
  std::printf("%-34s %8.0f ms %12.0f rows/s\n", what, seconds * 1000,
              static_cast<double>(rows) / seconds);
}

// Seconds that Python's csv module takes for the file; 0 without python3.
double python_seconds(const std::filesystem::path& file) {
  const std::string command =
      "python3 -c \"import csv,time,sys\nb=1e9\nfor i in range(3):\n"
      " t=time.perf_counter()\n n=0\n for r in csv.reader(open('" +
      file.string() +
      "',newline='')): n+=1\n b=min(b,time.perf_counter()-t)\nprint(b)\" 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return 0;
  double seconds = 0;
  if (std::fscanf(pipe, "%lf", &seconds) != 1) seconds = 0;
  pclose(pipe);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const std::string list = make_list(rows);
  std::printf("%zu rows, %.1f MB\n", rows, static_cast<double>(list.size()) / 1e6);

  std::size_t fields = 0;
  const double bare = best_seconds(5, [&] {
    CsvReader reader(list, ',');
    while (reader.next() == CsvReader::Next::record) fields += reader.fields().size();
  });
  report("CSV reader alone", rows, bare);

  const auto file = std::filesystem::temp_directory_path() / "campanile-list-bench.csv";
  std::ofstream(file, std::ios::binary) << list;
  const double python = python_seconds(file);
  std::filesystem::remove(file);
  if (python > 0) {
    report("Python csv", rows, python);
    std::printf("%-34s %8.1f times\n", "ratio", python / bare);
  }

  CampaignFile campaign;
  campaign.campaign.kind = Kind::notification;
  campaign.campaign.contacts.file = "list.csv";
  campaign.campaign.contacts.region = "IT";
  campaign.campaign.contacts.number_column = "Telefono";
  campaign.campaign.contacts.language_column = "Lingua";
  campaign.campaign.greeting.by_language = {{"it-IT", "Ciao {{Nome}}"}};
  campaign.campaign.hours.windows = {{0b0011111, std::chrono::hours{9}, std::chrono::hours{20}}};
  const ZoneRules rules = some_zones();

  const long before = peak_kib();
  std::size_t usable = 0;
  const double whole = best_seconds(1, [&] {
    auto reader = ContactListReader::open_csv(campaign.campaign, rules, list);
    ContactRow row;
    RejectedRow rejected;
    for (auto next = reader->next(row, rejected); next != ContactListReader::Next::end;
         next = reader->next(row, rejected)) {
      if (next == ContactListReader::Next::row) ++usable;
    }
  });
  report("contact reader, with numbers", rows, whole);
  std::printf("%-34s %8zu usable, %ld KiB more at the peak\n", "", usable, peak_kib() - before);

  const double check = best_seconds(1, [&] {
    usable = preflight(campaign, rules, list, instant_from_ms(1'772'433'000'000), 1000).usable;
  });
  report("preflight", rows, check);
  std::printf("%-34s %8ld KiB more at the peak\n", "", peak_kib() - before);

  Opening opening;
  const Instant morning = parse_rfc3339("2026-03-02T09:00:00Z").value();
  const double hours = best_seconds(3, [&] {
    for (int i = 0; i < 1'000'000; ++i) {
      opening = opening_at(campaign.campaign.hours, "Europe/Rome", rules,
                           morning + std::chrono::milliseconds{i});
    }
  });
  std::printf("%-34s %8.0f ns each\n", "opening_at, open", hours * 1000);
  return fields == 0 || !opening.open ? 1 : 0;
}
