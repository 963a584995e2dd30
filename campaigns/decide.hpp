#pragma once

#include <optional>

#include "campaigns/agent.hpp"
#include "campaigns/commands.hpp"
#include "campaigns/events.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"

namespace campaigns {

// What follows from a command: facts (none for a repeat), or a refusal with nothing changed. Facts
// come without version and position: whoever folds them gives these. Pure.
Result<Facts, Refusal> decide(const State& state, const Command& command, Moment moment);

// What follows when an attempt that is under way ends with this outcome, by the rules of its
// campaign: its close, its cost, and the case's next attempt or end. For those who know the outcome
// already and ask what another policy makes of it.
Facts facts_after(const State& state, ContactRef contact, Outcome outcome, std::int64_t seconds,
                  Instant ended_at, Instant now);

// What holds for a call at the time that a person names (judge_tool).
CallbackBounds callback_bounds(const State& state, ContactRef contact, const ToolAsked& asked,
                               Instant now);

// Gives a fact its version and position, so that it can be folded and appended.
void stamp(const State& state, Fact& fact, Moment moment);

// Why a list of a source, of then or of now, may not be loaded: its source has a newer one, or it
// is of a time to come. Nothing: it may.
std::optional<Refusal> reason_not_to_load(const State& state, const std::string& source,
                                          const std::optional<Instant>& as_of, Instant now);

// Whether a dial order may still be sent: no pause, cancel or opt-out since it was requested, no
// list past its date, and its slot not too long ago. Empty: yes; else the reason for CallNotSent.
std::string reason_not_to_send(const State& state, const AttemptId& attempt, Instant now);

// An order is sent at most this long after its slot.
inline constexpr Milliseconds send_delay_max{5'000};

}  // namespace campaigns
