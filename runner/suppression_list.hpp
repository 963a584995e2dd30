#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"
#include "runner/log_keys.hpp"

// A list of numbers that must not be called: a register's answer, a client's own list. There may be
// any number of them; all go into the log's one register of such numbers, and so does whoever opts
// out of a call. A list of a named source takes the place of the one that it gave before.
namespace runner {

struct ListedNumbers {
  std::vector<campaigns::NumberKey> keys{};        // each once, in the order of the list
  std::vector<campaigns::RejectedRow> rejected{};  // at most Preflight::rejected_shown_max
  std::uint64_t rejected_count = 0;
  std::set<std::string> countries{};  // of the numbers
};

// Numbers that one list may hold.
inline constexpr std::size_t listed_numbers_max = 2'000'000;

// Reads CSV whose first row names its columns, one of them `column`; the others are not looked at.
// `region`: of numbers without a country code, or empty. A row that cannot be read is told and
// leaves the others as they are, for whoever else is on the list must not be called.
campaigns::Result<ListedNumbers> read_listed_numbers(std::string_view bytes,
                                                     const std::string& column,
                                                     const std::string& region,
                                                     const campaigns::ZoneRules& rules,
                                                     const LogKeys& keys);

// When a day has begun for everybody with a number of these countries, in whichever of their zones
// they live, and for whoever names it: there it begins `here`.
campaigns::Instant day_begins(std::chrono::sys_days day, campaigns::Instant here,
                              const std::set<std::string>& countries,
                              const campaigns::ZoneRules& rules);

// The commands that have the list hold until then, or for good. What another source said is never
// shortened by it: such a number is left out.
std::vector<campaigns::Command> suppression_commands(
    const campaigns::State& state, const std::vector<campaigns::NumberKey>& keys,
    const std::string& reason, const std::optional<campaigns::Instant>& until);

// What is told of a list of a source beside its numbers.
struct SourceList {
  std::string source{};
  std::optional<campaigns::Instant> as_of{};  // nothing: now
  std::string digest{};                       // SHA-256 of its bytes, hex
  std::string reason{};
  // Rows of it were not read: what is on it holds, but the source is not taken to have said all.
  bool in_part = false;
};

// The commands that put a list in the place of the one that its source gave before, in order, and
// how many numbers they move.
struct SourceListing {
  std::vector<campaigns::Command> commands{};
  std::size_t added = 0;
  std::size_t taken_off = 0;
};
SourceListing list_of_source(const campaigns::State& state,
                             const std::vector<campaigns::NumberKey>& keys, const SourceList& list);

// Numbers that one command lists.
inline constexpr std::size_t listed_at_once_max = 1000;

}  // namespace runner
