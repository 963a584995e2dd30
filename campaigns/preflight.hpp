#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/contact_list.hpp"

namespace campaigns {

// People whom a gate will keep from a call, and where they stand in the list.
struct SkippedRows {
  static constexpr std::size_t shown_max = 1000;
  std::uint64_t people = 0;
  std::vector<std::uint64_t> rows{};  // of the first of them

  void add(std::uint64_t row) {
    ++people;
    if (rows.size() < shown_max) rows.push_back(row);
  }
};

// What `check` says about a campaign and its list before anybody is called.
struct Preflight {
  std::uint64_t rows = 0;
  std::uint64_t usable = 0;             // duplicates are among them
  std::vector<RejectedRow> rejected{};  // at most `rejected_shown_max` are kept
  std::uint64_t rejected_count = 0;
  std::map<std::string, std::uint64_t> rejected_by_reason{};
  std::uint64_t with_several = 0;               // usable rows with several numbers
  std::uint64_t left_out_count = 0;             // numbers of usable rows that cannot be called
  std::vector<RejectedRow> left_out{};          // at most `rejected_shown_max`
  std::uint64_t duplicates = 0;                 // rows of which a number came before
  std::vector<std::uint64_t> duplicate_rows{};  // at most `rejected_shown_max`
  // Rows whose id (ContactSource::id_column) a row before them has with another number, and which
  // that is; at most `same_id_shown_max` are kept.
  std::uint64_t same_id = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> same_id_rows{};
  std::uint64_t too_late = 0;  // people whose row's span (CallSpan) no calling hour lies in
  // Rows of people who will not be called as things stand, by the gate: "too_late", "never_open"
  // where no calling hour comes within a year, "no_consent" where it is dated later than they may
  // be called. A duplicate is no further person.
  std::map<std::string, SkippedRows> skipped{};
  std::map<std::string, std::uint64_t> by_zone{};
  std::map<std::string, std::uint64_t> by_language{};
  // Of each variant: to how many people each value falls.
  std::map<std::string, std::map<std::string, std::uint64_t>> by_variant{};
  // Of each quota: how many people can belong to it, by their columns.
  std::map<std::string, std::uint64_t> by_quota{};
  std::string encoding{};
  std::string delimiter{};
  std::vector<std::string> columns{};
  Problems problems{};  // of the list as a whole; with them nothing may be enrolled
  std::vector<std::string> warnings{};
  // When the campaign would end if begun at `begin`: everybody is reached at the first attempt and
  // hangs up at once; everybody needs every attempt and talks to the limit.
  std::optional<Instant> earliest_end{};
  std::optional<Instant> latest_end{};
  // What the calls cost in the same two cases, in millionths of the budget's currency; nothing
  // where the file names no price. Calls are paid by the minute begun; who hangs up at once has
  // heard nothing of a voice model.
  struct Cost {
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::int64_t most_of_model = 0;      // of `most`, what is the voice model's
    std::int64_t most_of_transfers = 0;  // and what is for calls to humans
  };
  std::optional<Cost> cost{};

  static constexpr std::size_t rejected_shown_max = 1000;
  static constexpr std::size_t same_id_shown_max = 20;
};

// The numbers that people are passed on to and that must not be called: where the campaign names
// countries, theirs is one of these, or one that a caller id of the file is of.
Problems problems_of_transfers(const Campaign& campaign);

// That the hours reach into the night, by the clock that they go by; nothing where they do not.
std::optional<std::string> warning_of_night(const CallingHours& hours);

// Goes through the whole list once. `bytes`: the list, unused where the file holds it itself.
// `account_rate_thousandths`: calls per second of the account. Variables of templates are checked
// against the columns, and against empty cells (a row with an empty cell that a template needs is
// rejected: reason "empty_variable").
Preflight preflight(const CampaignFile& file, const ZoneRules& rules, std::string_view bytes,
                    Instant begin, std::uint32_t account_rate_thousandths);

}  // namespace campaigns
