#pragma once

#include <string>
#include <vector>

#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Why a person was or was not called, each time, and what comes next: from the log alone.
namespace campaigns {

// Whether a fact belongs into the story of a contact: its own, its number's, and what happened to
// the campaign as a whole. `state` is that of the end of the log.
bool tells_of(const State& state, ContactRef contact, const Fact& fact);

// One line for each fact that `tells_of` chose, in the order of the log, with UTC and the person's
// local time, then what is next and what stands in its way at `now`. Names no phone number and
// quotes nobody.
std::string explain(const State& state, ContactRef contact, const ZoneRules& rules, Instant now,
                    const Facts& history);

// The same as one JSON object, with the positions in the log of the events behind each statement:
// of those told, of what is next, and of what stands in its way as far as the story has them.
std::string explain_json(const State& state, ContactRef contact, const ZoneRules& rules,
                         Instant now, const Facts& history);

}  // namespace campaigns
