#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/state.hpp"

// The log held against the carrier's own list: an independent witness, also of a log that lost its
// end.
namespace campaigns {

// A call of the carrier's list, with the numbers that it shows.
struct ListedCall {
  CarrierCall record{};
  std::string to{};    // E.164
  std::string from{};  // E.164
};

// Something on which the two do not agree. Names calls and attempts, never a number.
struct Difference {
  enum class Kind : std::uint8_t {
    unknown_call,   // the carrier has a call from a number of ours that the log does not know
    missing_call,   // the log has a call that the carrier's list does not show
    second_call,    // two calls for one attempt
    given_up_call,  // a call for an attempt that the log holds for not placed, or not known
    status,         // the two say otherwise how it ended, or whether it did
    duration,       // or how long it was
  };
  Kind kind = Kind::unknown_call;
  std::string sid{};
  std::string attempt{};  // empty: of none that can be named
  std::string text{};     // for a person
};
std::string_view name_of(Difference::Kind kind);

// Which part of the log the list covers: attempts that were requested in [begin, end).
struct AuditPeriod {
  Instant begin{};
  Instant end{};
};

// The numbers that were called from in that period, sorted: the list is asked for each of them.
std::vector<std::string> caller_ids_of(const State& state, const AuditPeriod& period);

// Every difference, in the order of the attempts and then of the carrier's list. `calls`: all calls
// that the carrier lists from those numbers in that period; more do no harm if the log knows them.
// `later`: those of the day after it, in which the calls of the last attempts may have begun; one
// that the log does not know is another audit's.
// A call that somebody else's code placed and our door answered is no difference: the log knows it.
// A call that we took back before it began may be missing: the carrier's list leaves such out.
std::vector<Difference> audit(const State& state, const AuditPeriod& period,
                              const std::vector<ListedCall>& calls,
                              const std::vector<ListedCall>& later);

// A line each, and a last one that counts; or {"attempts":…,"calls":…,"differences":[…]}.
std::string audit_text(const std::vector<Difference>& differences, std::size_t calls);
std::string audit_json(const std::vector<Difference>& differences, std::size_t calls);

// What follows from the carrier's list while the program runs: commands that put the log right, and
// what an operator has to be told. A call of ours that the log does not know is only told, unless
// it belongs to an attempt that was given up: then it is ended as any late call, and noted as one
// where it is over by now. Told is also a second call under one attempt, and one that may be that
// of an attempt that is held.
struct SweepFindings {
  std::vector<Command> commands{};
  std::vector<std::string> notices{};
  // When the oldest call was made whose price is still to come; nothing: all are known that are
  // wanted.
  std::optional<Instant> unpriced_since{};
};
// Of the log only what was requested from a day before the period on is looked at, so that it costs
// as much at the end of a long campaign as at its beginning. A call whose end is younger than
// `reports_within` before `now` may still report it itself.
inline constexpr Seconds reports_within{120};
SweepFindings sweep(const State& state, const AuditPeriod& period,
                    const std::vector<ListedCall>& calls, Instant now);

}  // namespace campaigns
