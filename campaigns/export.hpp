#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "campaigns/register.hpp"
#include "campaigns/state.hpp"

// The results of one campaign as CSV for analysts (outcomes-and-results sheet, section 4), profile
// `analysis`: RFC 4180, UTF-8 without BOM, values untouched, codes in the data and labels in the
// codebook. A fold of the log: no clock, no locale, no phone numbers of people; rows by contact,
// never by position, so that the same seed gives the same bytes. Rows are handed out one by one.
//
// Every file ends with a column `rehearsal`: 1 when the log's carrier was a rehearsal.
namespace campaigns {

// One row for each contact of the list, called or not. After the columns about the case come three
// for each question, in their order: `<q>` (a code, a number, or an open answer's words),
// `<q>__status` and `<q>__source`. A person's answer is the last one given, over all attempts.
void export_wide(const State& state, CampaignIndex campaign, const CanonicalSink& sink);

// One row for each answer, silences and invalid ones too, with the columns of FLOIP Flow Results.
void export_long(const State& state, CampaignIndex campaign, const CanonicalSink& sink);

// One row for each attempt, placed or not.
void export_attempts(const State& state, CampaignIndex campaign, const CanonicalSink& sink);

// One row for each column of the other three.
void export_codebook(const State& state, CampaignIndex campaign, const CanonicalSink& sink);

// The set, in the order in which it is written.
struct ExportFile {
  std::string_view name{};  // on the command line: results, answers, attempts, codebook
  std::string_view file{};  // on disk
  void (*write)(const State&, CampaignIndex, const CanonicalSink&) = nullptr;
};
const std::vector<ExportFile>& export_files();

}  // namespace campaigns
