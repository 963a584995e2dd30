#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/outcome.hpp"
#include "campaigns/result.hpp"
#include "campaigns/results.hpp"

// Other rules for what a case came to, thought of when the calls had been made. Nobody is called
// again for them and nothing in the log changes: they are applied to the attempts as they stand,
// and an export tells both, what was recorded and what it is recoded to.
namespace campaigns {

// {
//   "title": "Hang-ups are non-contacts",
//   "eligibility": "unknown",                          known | unknown
//   "partial": {"answers": 3},                         0: never
//   "last_word": "highest",                            highest | last
//   "outcomes": {"human_hung_up_at_once": "refused"},  counts as that outcome
//   "aapor": {"callback_requested": "2.36"}            the code of cases that end so
// }
struct Recoding {
  // Which attempt of a case has the last word: the one that says most, or simply the last.
  enum class LastWord : std::uint8_t { highest, last };
  static constexpr std::size_t bytes_max = 64 * 1024;

  std::string title{};
  std::optional<bool> known_eligible{};
  std::optional<std::uint8_t> partial_answers{};
  LastWord last_word = LastWord::highest;
  std::array<std::optional<Outcome>, outcomes> counts_as{};
  std::array<std::string, outcomes> aapor{};  // empty: the table's
};

// Unknown members, outcomes and codes that are none are problems, each with its JSON pointer.
Result<Recoding, Problems> parse_recoding(std::string_view json);

// What an attempt counts as under other rules. `answered`: how many questions the person had
// answered when it ended.
Outcome recoded(const Recoding& recoding, Outcome outcome, std::size_t answered);
std::string_view aapor_code(const Recoding& recoding, Outcome outcome, bool known_eligible);

}  // namespace campaigns
