#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "campaigns/state.hpp"

// How often somebody may be called: on a day, on seven days in a row and within any time of a
// length, at all their numbers and by all campaigns of the log.
namespace campaigns {

// What the clocks show by which the days of somebody's calls are counted, as offsets from UTC at
// one moment. There are two where a campaign goes by a clock of its own (`calling_hours.zone`): a
// cap of days holds by either.
struct PersonClocks {
  std::chrono::minutes campaign{};
  std::chrono::minutes own{};
};

struct CapReached {
  std::string_view gate{};    // "daily_calls" "weekly_calls" "rolling_calls"
  Instant opens_at{};         // before then there is no room for another call
  std::string why{};          // for a person
  std::set<Instant> slots{};  // of the calls that count
};

// The cap that keeps somebody from a call at that moment, as far as is known; nothing: none does.
std::optional<CapReached> cap_reached(const State& state, ContactRef contact,
                                      const Retries& retries, Instant at,
                                      const PersonClocks& clocks);

}  // namespace campaigns
