#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "runner/log_keys.hpp"

// More people for a campaign that is in the log: a list that is read as the first one was.
namespace runner {

// What somebody wants to add, as they said it.
struct AdditionOrder {
  std::string bytes{};
  std::string name{};  // of the file they were read from; empty: none, and problems name no file
  // By the file's name or, where there is none, by the bytes, unless it is known.
  campaigns::ListFormat format = campaigns::ListFormat::automatic;
  std::string encoding{};  // of CSV; empty: as the campaign says
  bool skip_bad_rows = false;
};

struct ReadAddition {
  std::vector<campaigns::EnrolRows::Row> rows{};
  // At most Preflight::rejected_shown_max; the numbers that were left out of a row among them.
  std::vector<campaigns::RejectedRow> rejected{};
  std::uint64_t rejected_count = 0;
  std::uint64_t numbers_left_out = 0;
  std::string digest{};  // SHA-256 of the list, hex
};

// What came of it.
struct AdditionReport {
  std::uint64_t added = 0;
  std::uint64_t known = 0;       // by number or by the list's id of them: they stay as they are
  std::uint64_t renumbered = 0;  // of these, whom the list has another number for
  std::uint64_t suppressed = 0;  // of those that were read, not called as things stand
  std::uint64_t rejected_count = 0;
  std::uint64_t numbers_left_out = 0;  // of people who are called at their others
  std::vector<campaigns::RejectedRow> rejected{};
};

// People whom one command adds.
inline constexpr std::size_t addition_rows_max = 1000;

// Reads a list by the rules of the campaign's own: its columns must be those that it was enrolled
// with, in any order. Problems name the column or the row, never the cell; rows that cannot be used
// are one unless the order says otherwise.
campaigns::Result<ReadAddition> read_addition(const campaigns::Campaign& campaign,
                                              const std::vector<std::string>& columns,
                                              const campaigns::ZoneRules& rules,
                                              const LogKeys& keys, const AdditionOrder& order);

// The commands that add it, in order; adding it again adds nobody. What is known already is looked
// for here, once for all of them.
struct Addition {
  std::vector<campaigns::AddContacts> commands{};
  std::uint64_t renumbered = 0;  // rows of people whom the campaign has under another number
};
Addition addition_of(const campaigns::State& state, campaigns::CampaignIndex index,
                     ReadAddition read);

std::uint64_t suppressed_in(const campaigns::State& state, const ReadAddition& read,
                            campaigns::Instant now);

std::string addition_json(const AdditionReport& report);
// Back again, of an answer of the running program; what it lacks is none.
AdditionReport read_addition_json(const std::string& json);
std::string addition_text(const AdditionReport& report, const std::string& campaign);

}  // namespace runner
