#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/time.hpp"
#include "campaigns/zone_rules.hpp"

namespace campaigns {

// When one person may be called at all, as their row of the list says: a reminder that comes after
// the appointment is worse than none. The calling hours hold besides.
struct CallSpan {
  std::optional<Instant> not_before{};
  std::optional<Instant> not_after{};  // from this moment on nobody calls
  friend bool operator==(const CallSpan&, const CallSpan&) = default;
};

// Why a person is not called any more whose last moment is over.
inline constexpr std::string_view time_is_over = "the row's last moment for a call is over";

// A date as lists have it, with its time of day behind it or in a cell of its own (or none).
struct WrittenMoment {
  std::string_view date{};
  std::string_view time{};
};

enum class DateOrder : std::uint8_t { day_first, month_first };

// The moment that is meant, on the clock of `zone`, which the rules must know, from 1971 to 9998.
// Understood are RFC 3339 ("2026-03-30T09:15:00+02:00"), the year first ("2026-03-30"), and the day
// first ("30/03/2026", "30.3.26"), or the month, as `order` says; each with or without a time
// ("9:15", "09.15", "09:15:00", "9:15 AM"; fractions of a second are passed over). Without one it
// is the first moment of the day, or of the next day where `whole_day` is set. A time that the
// clock shows twice is the earlier one; one that it leaves out is as much after the gap as it says.
// Nothing for anything else, and for a day that is none.
std::optional<Instant> read_written_moment(WrittenMoment written, const std::string& zone,
                                           const ZoneRules& rules, DateOrder order, bool whole_day);

}  // namespace campaigns
