#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Whom to dial now, whom to look up, and when to ask again. All waiting is data: nothing here
// waits.
namespace campaigns {

// The reason of a pause that the program made because the next call may cost more than is left.
inline constexpr std::string_view budget_spent = "the budget does not cover another call";

// Whoever is left alone for longer than this after a refusal is excluded from a campaign, which
// would wait for them alone; up to that they are put off.
inline constexpr std::chrono::days cool_off_waited_max{7};
// And a retry is put off for another part of the day for so long after its delay.
inline constexpr std::chrono::days spread_wait_max{3};

struct PlanLimits {
  // How many people that were never called may still be; nothing: no limit of its own.
  std::optional<std::uint64_t> new_people{};
  // No new dials at all: the program is stopping or held, our door is shut, the disk is full, or as
  // many orders wait to be sent as may. What goes with dialling waits, too: people are not let go
  // whose date is over, whose quota is full or who are beyond a cap, nor put off behind a held
  // call, and no campaign is paused for an unknown zone or resumed by a newer list.
  bool no_dials = false;
  // The one campaign to go on with, by its id: nobody of another is dialled, let go, or counted to
  // its end, but calls that are under way go on. Nothing: all of them.
  std::optional<std::string> only{};
};

// The facts that are due now: calls to be taken back, at most one dial for each campaign, people
// put off or excluded, completed campaigns. Whoever folds them asks again until nothing comes.
// Pure.
Facts plan(const State& state, const ZoneRules& rules, Moment moment, const PlanLimits& limits);

// When `plan` or `lookups_due` may have something to say, if nothing happens before; nothing:
// never. `being_asked` leaves out people whose attempt the carrier is being asked about just now.
std::optional<Instant> next_wakeup(const State& state, const ZoneRules& rules, Instant now,
                                   const PlanLimits& limits,
                                   const std::function<bool(ContactRef)>& being_asked = {});

// The first instant at which somebody of a campaign may be dialled, if nothing happens before;
// nothing: nobody, or not before a line is free.
std::optional<Instant> next_dial(const State& state, CampaignIndex index, const ZoneRules& rules,
                                 Instant now, const PlanLimits& limits);

// What every dial of a campaign waits for, besides the person's own hours and number: the earliest
// send slot that its rate and the account's allow, a free line, and money for one more call.
Instant earliest_slot(const State& state, CampaignIndex index);
bool has_line(const State& state, CampaignIndex index);
bool within_budget(const State& state, CampaignIndex index);

// Who is not called because no rules know their time zone, while the others of their campaign are:
// a sentence for the operator for each campaign and zone.
std::vector<std::string> people_in_unknown_zones(const State& state, const ZoneRules& rules);

// A question to the carrier about an attempt: its list for one in doubt, its record for a call that
// has gone silent.
struct Lookup {
  ContactRef contact{};
  AttemptId attempt{};
  bool by_list = false;
  std::string sid{};
  std::string to{};  // E.164
  std::string from{};
};
// The questions that are due. They stay due until an answer was folded in: whoever asks keeps in
// mind what is under way.
std::vector<Lookup> lookups_due(const State& state, Instant now);

// A call that is to be ended before it is answered: while it waits at the carrier, or also while it
// rings.
struct Ending {
  AttemptId attempt{};
  std::string sid{};
  bool ringing = false;
};
// Those that were requested and have no end yet. They stay due until the carrier's record of the
// call was folded in: whoever asks keeps in mind what is under way.
std::vector<Ending> endings_due(const State& state);

// When the next question about this attempt is due; nothing: none is.
std::optional<Instant> lookup_due_at(const State& state, const OpenAttempt& open);

}  // namespace campaigns
