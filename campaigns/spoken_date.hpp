#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/time.hpp"

// Dates as people key and say them.
namespace campaigns {

// Which dates a question takes, both ends included.
struct DateRange {
  std::chrono::sys_days earliest{};
  std::chrono::sys_days latest{};
  bool contains(std::chrono::sys_days day) const { return earliest <= day && day <= latest; }
};

// The day of a range with this day and month: the only one there is, if there is only one. This is
// how a date without its year gets one.
std::optional<std::chrono::sys_days> day_in_range(unsigned day, unsigned month,
                                                  const DateRange& range);

// DDMMYYYY, or DDMM where the range makes the year plain. Nothing for what is no date of the
// calendar, or not in the range.
std::optional<std::chrono::sys_days> keyed_date(std::string_view digits, const DateRange& range);

// A date in figures, or in Italian, English, German, French or Spanish words, the day before the
// month unless the month is named; the year may be left out as with keys. Where `today` is known,
// on the clock of whoever speaks, also a day that is said from it on ("domani", "the day before
// yesterday"). `speech` is folded: lower-case ASCII words with single blanks. Nothing where there
// is none, or more than one.
std::optional<std::chrono::sys_days> spoken_date(
    const std::string& speech, std::string_view language, const DateRange& range,
    const std::optional<std::chrono::sys_days>& today = {});

}  // namespace campaigns
