#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/csv_writer.hpp"
#include "campaigns/state.hpp"

// What the files of an export share.
namespace campaigns::exporting {

// The rows of one campaign by contact: `rows` by reference, in contact order, within a contact in
// the order of the log, which is that of attempts and turns.
template <typename Row>
std::vector<const Row*> by_contact(const std::vector<Row>& rows, CampaignIndex campaign,
                                   std::uint32_t contacts) {
  // Counting: where each contact's rows begin. Contacts are 1..contacts.
  std::vector<std::size_t> begin(std::size_t{contacts} + 2, 0);
  for (const auto& row : rows) {
    if (row.contact.campaign == campaign) ++begin[row.contact.ordinal + 1];
  }
  for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  std::vector<const Row*> sorted(begin.back());
  for (const auto& row : rows) {
    if (row.contact.campaign == campaign) sorted[begin[row.contact.ordinal]++] = &row;
  }
  return sorted;
}

// A column of a file and what the codebook says of it.
struct Column {
  std::string_view name{};
  std::string_view type{};  // text, code, integer, timestamp, flag, json
  std::string_view unit{};
  std::string_view label{};
  bool personal = false;
};
const std::vector<Column>& wide_columns();  // before those of the questions
const std::vector<Column>& long_columns();
const std::vector<Column>& attempt_columns();
inline constexpr Column rehearsal_column{"rehearsal", "flag", "",
                                         "1: invented by a rehearsal, nobody was called"};

// The three columns of a question. Named after it, with `q_` before where that is taken.
struct QuestionColumns {
  std::string value{};
  std::string status{};
  std::string source{};
};
std::vector<QuestionColumns> question_columns(const Campaign& campaign);

// How a question stands at the end.
struct StatusWord {
  std::string_view name{};
  std::string_view label{};
};
inline constexpr std::array<StatusWord, 6> question_statuses{{
    {"answered", "an answer was given"},
    {"no_input", "asked, and nothing was keyed or said"},
    {"invalid", "asked, and what was keyed or said was no answer"},
    {"not_asked", "its condition does not hold for this person"},
    {"not_reached", "no call has come as far as this question"},
    {"broken_off", "the call ended at this question"},
}};

// What identifies a person in the results: the list's own id, else the ordinal.
std::string contact_id(const State& state, ContactRef contact);
bool is_rehearsal(const State& state);
// Whether an attempt is one of those that the cap counts.
bool counts(Outcome outcome);

// Two fields: UTC, and local with the offset; both empty for the epoch.
void write_times(CsvWriter& csv, Instant at, std::int64_t offset_minutes);

}  // namespace campaigns::exporting
