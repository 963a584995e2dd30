#pragma once

#include <optional>
#include <string>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Whom to dial now, whom to look up, and when to ask again. All waiting is data: nothing here
// waits.
namespace campaigns {

struct PlanLimits {
  // How many people that were never called may still be; nothing: no limit of its own.
  std::optional<std::uint64_t> new_people{};
  // No new dials at all: the program is stopping, or the disk is full.
  bool no_dials = false;
};

// The facts that are due now: at most one dial for each campaign, exclusions, completed campaigns.
// Whoever folds them asks again until nothing comes. Pure.
Facts plan(const State& state, const ZoneRules& rules, Moment moment, const PlanLimits& limits);

// When `plan` or `lookups_due` may have something to say, if nothing happens before; nothing:
// never.
std::optional<Instant> next_wakeup(const State& state, const ZoneRules& rules, Instant now,
                                   const PlanLimits& limits);

// A question to the carrier about an attempt: its list for one in doubt, its record for a call that
// has gone silent.
struct Lookup {
  AttemptId attempt{};
  bool by_list = false;
  std::string sid{};
  std::string to{};  // E.164
  std::string from{};
};
// The questions that are due. They stay due until an answer was folded in: whoever asks keeps in
// mind what is under way.
std::vector<Lookup> lookups_due(const State& state, Instant now);

// When the next question about this attempt is due; nothing: none is.
std::optional<Instant> lookup_due_at(const State& state, const OpenAttempt& open);

}  // namespace campaigns
