#pragma once

#include <optional>
#include <string_view>

#include "campaigns/events.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"

// Who is to be forgotten. What was counted of them stays, and so does an opt-out, by number key.
namespace campaigns {

// Of one call of forget_expired.
inline constexpr std::size_t forgotten_at_once_max = 500;

// Why somebody is excluded who waited when their number was to be forgotten.
inline constexpr std::string_view to_be_forgotten = "the person is to be forgotten";

// Everybody with this number, in every campaign; whoever still waits for a call is excluded with
// it. Nothing for a number that is unknown or forgotten. Refused while a call to it has no end.
Result<Facts, Refusal> forget_number(const State& state, NumberKey key);

// Some of those whose campaign ended longer ago than it keeps people (Campaign::retention).
// Attempts without an end keep theirs.
Facts forget_expired(const State& state, Instant now);

// When forget_expired has something to do next; in the past where it has now.
std::optional<Instant> next_expiry(const State& state);

}  // namespace campaigns
