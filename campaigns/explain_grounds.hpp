#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "campaigns/dial_queue.hpp"
#include "campaigns/events.hpp"

// Which events of a person's story make that they are not called, as positions of the log. What
// happened to others only is not told.
namespace campaigns {

using Positions = std::vector<std::uint64_t>;

// Those that the stage comes of, in which somebody is.
Positions events_behind_stage(Stage stage, const Facts& history);
// Those that what stands in the way comes of, where its name tells. Of a suppressed number and of
// a cap it does not.
Positions events_behind_gate(std::string_view gate, const Facts& history);
// Those by which a number must not be called now: every one that holds, by itself.
Positions events_that_suppress(NumberKey number, const Facts& history, Instant now);
// The requests of the calls with these slots.
Positions requests_of(const std::set<Instant>& slots, const Facts& history);

}  // namespace campaigns
