#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/call_script.hpp"
#include "campaigns/campaign.hpp"

// Skip logic: what a test means, and whether a question can be asked at all.
namespace campaigns {

// Whether one test on an answer or on a column holds.
bool answer_holds(const Condition& condition, AnswerStatus status, std::string_view value);
bool cell_holds(const Condition& condition, std::string_view cell);
// A whole number and nothing else.
std::optional<std::int64_t> whole_number_of(std::string_view text);

// Beyond so many cases a condition is not looked through, and taken for one that may hold.
inline constexpr std::size_t skip_logic_cases_max = 20'000;

// False where no answers to the earlier questions of the campaign and no columns make the condition
// hold: also where each part may hold but not all together, where a question that it needs is never
// asked, or where whoever gives those answers is screened out by one of them. Conditions that name
// questions which are not there hold never.
bool can_hold(const Condition& condition, const Campaign& campaign);

// Of a condition that cannot hold: which of its tests are to blame, and what keeps them from it.
// For the operator, in words.
std::string why_never(const Condition& condition, const Campaign& campaign);

}  // namespace campaigns
