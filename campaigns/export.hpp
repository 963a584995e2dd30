#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/csv_writer.hpp"
#include "campaigns/recoding.hpp"
#include "campaigns/register.hpp"
#include "campaigns/sample_frame.hpp"
#include "campaigns/state.hpp"

// The results of one campaign for analysts (outcomes-and-results sheet, section 4): codes in the
// data, labels in the codebook. A fold of the log: no clock, no locale, no phone numbers of people
// but in the file that is for them; rows by contact, never by position, so that the same seed gives
// the same bytes. Rows are handed out one by one.
//
// Every CSV file ends with a column `rehearsal`: 1 when the log's carrier was a rehearsal.
namespace campaigns {

// What an export may be asked for besides.
struct ExportSettings {
  CsvStyle style{};
  // A column `<q>__label` beside each question that has codes.
  bool labels = false;
  // Other rules for dispositions: what they lead to stands beside what was recorded. May be null;
  // must outlive the export.
  const Recoding* recoding = nullptr;
  // Who is of the sample at all; null: everybody on the list. Must outlive the export.
  const SampleFrame* frame = nullptr;
  // The share of cases of unknown eligibility that count as eligible, in millionths; nothing: as
  // the cases of known eligibility have it.
  std::optional<std::int64_t> eligible_share{};
  // The moment of the last event that counts, for those files that name it.
  Instant as_of{};
  // Of the report: "it" or "en"; empty: as the campaign speaks.
  std::string language{};
  // Does several pieces of work that have nothing of each other, so many at once; returns when all
  // are done. Empty: what could be divided is not.
  std::function<void(std::span<const std::function<void()>>)> at_once{};
  std::size_t pieces_at_once = 2;
  std::uint32_t people_of_a_piece = 4096;
};

// One row for each contact of the list, called or not. After the columns about the case come those
// columns of the list that the campaign lets through, and three for each question, in their order:
// `<q>` (a code, a number, or an open answer's words), `<q>__status` and `<q>__source`. A person's
// answer is the last one given, over all attempts.
void export_wide(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                 const CanonicalSink& sink);

// One row for each answer, silences and invalid ones too, with the columns of FLOIP Flow Results.
void export_long(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                 const CanonicalSink& sink);

// One row for each attempt, placed or not.
void export_attempts(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                     const CanonicalSink& sink);

// How many cases and attempts came to what, and where cases stand.
void export_dispositions(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                         const CanonicalSink& sink);

// The same as AAPOR's classes and rates: JSON, rates in millionths.
void export_rates(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                  const CanonicalSink& sink);

// One row for each column of the other CSV files.
void export_codebook(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                     const CanonicalSink& sink);

// datapackage.json: the CSV files as a Frictionless tabular data package.
void export_data_package(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                         const CanonicalSink& sink);

// Programs of a page that load the folder with its types and labels: pandas, and R alone.
void export_pandas(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                   const CanonicalSink& sink);
void export_r(const State& state, CampaignIndex campaign, const ExportSettings& settings,
              const CanonicalSink& sink);

// One HTML file for people who load no tables: the funnel, what cases came to, calls by hour,
// answers by question, rates. Counts only, nobody's words.
void export_report(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                   const CanonicalSink& sink);

// Who has which number: names people, and is to be handed to whoever needs it and nobody else.
void export_numbers(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                    const CanonicalSink& sink);

// The set, in the order in which it is written.
struct ExportFile {
  std::string_view name{};  // on the command line: results, answers, attempts …
  std::string_view file{};  // on disk
  bool csv = true;
  bool only_if_asked = false;
  void (*write)(const State&, CampaignIndex, const ExportSettings&, const CanonicalSink&) = nullptr;
};
const std::vector<ExportFile>& export_files();

}  // namespace campaigns
