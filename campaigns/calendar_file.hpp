#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/result.hpp"

// A file of days without calls: what an office or a country keeps as its calendar.
namespace campaigns {

inline constexpr std::size_t calendar_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t calendar_problems_max = 20;
inline constexpr std::chrono::days calendar_event_max{366};

// The days of a calendar file, each once, in order. Either one date per line, as 2026-12-25, with
// empty lines and what follows a '#' left out; or iCalendar (RFC 5545), of which the whole-day
// events count. An event at a time of day, or one that repeats, is a problem: a day that was taken
// for a working day would be one with calls. Problems say "line 3".
Result<std::vector<std::chrono::year_month_day>> read_calendar(std::string_view bytes);

// Takes them into the dates off of the hours that name the calendar. What is wrong: nothing is
// taken then.
Problems take_calendar(CallingHours& hours, std::string_view bytes);

}  // namespace campaigns
