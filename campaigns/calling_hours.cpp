#include "campaigns/calling_hours.hpp"

#include <algorithm>

#include "campaigns/holidays.hpp"

namespace campaigns {

namespace {

using std::chrono::minutes;
using Transitions = std::vector<ZoneRules::Transition>;

constexpr std::chrono::days search_max{366};

// An instant as the zone's clock and calendar show it.
struct LocalTime {
  std::chrono::sys_days day{};
  Milliseconds since_midnight{};
};

LocalTime local_time(Instant at, minutes offset) {
  const Instant local = at + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {day, local - day};
}

// A holiday of one of the countries, or a date that the campaign itself has off.
bool is_day_off(const CallingHours& hours, std::chrono::sys_days day) {
  return std::binary_search(hours.dates_off.begin(), hours.dates_off.end(),
                            std::chrono::year_month_day{day}) ||
         std::any_of(hours.holidays.begin(), hours.holidays.end(),
                     [&](const std::string& country) { return is_holiday(country, day); });
}

// The bit of the date's weekday, or of an eve; 0 on a date off.
std::uint8_t day_bit(const CallingHours& hours, std::chrono::sys_days day) {
  const unsigned from_monday = std::chrono::weekday{day}.iso_encoding() - 1;
  const auto weekday = static_cast<std::uint8_t>(1U << from_monday);
  if (hours.holidays.empty() && hours.dates_off.empty()) return weekday;
  if (is_day_off(hours, day)) return 0;
  const auto any_window = [&](std::uint8_t bit) {
    return std::any_of(hours.windows.begin(), hours.windows.end(),
                       [&](const CallingWindow& window) { return (window.days & bit) != 0; });
  };
  const bool eve = any_window(CallingWindow::eves) && any_window(weekday) &&
                   is_day_off(hours, day + std::chrono::days{1});
  return eve ? CallingWindow::eves : weekday;
}

const CallingWindow* window_at(const CallingHours& hours, const LocalTime& local) {
  const std::uint8_t bit = day_bit(hours, local.day);
  for (const CallingWindow& window : hours.windows) {
    if ((window.days & bit) != 0 && local.since_midnight >= window.from &&
        local.since_midnight < window.to) {
      return &window;
    }
  }
  return nullptr;
}

// The next local instant at which the answer could be another one: an edge of a window on the same
// day, or midnight.
Milliseconds next_edge(const CallingHours& hours, const LocalTime& local) {
  Milliseconds edge = std::chrono::days{1};
  const std::uint8_t bit = day_bit(hours, local.day);
  for (const CallingWindow& window : hours.windows) {
    if ((window.days & bit) == 0) continue;
    for (const Milliseconds side : {Milliseconds{window.from}, Milliseconds{window.to}}) {
      if (side > local.since_midnight && side < edge) edge = side;
    }
  }
  return edge;
}

std::string window_text(const CallingWindow& window) {
  std::string text = "00:00-00:00";
  const auto put = [&text](std::size_t at, minutes time) {
    const auto hour = static_cast<unsigned>(time.count() / 60);
    const auto minute = static_cast<unsigned>(time.count() % 60);
    text[at] = static_cast<char>('0' + hour / 10 % 10);
    text[at + 1] = static_cast<char>('0' + hour % 10);
    text[at + 3] = static_cast<char>('0' + minute / 10);
    text[at + 4] = static_cast<char>('0' + minute % 10);
  };
  put(0, window.from);
  put(6, window.to);
  return text;
}

}  // namespace

Opening opening_at(const CallingHours& hours, const std::string& zone, const ZoneRules& rules,
                   Instant at) {
  Opening opening;
  const auto found = rules.zones.find(hours.zone.empty() ? zone : hours.zone);
  if (found == rules.zones.end()) return opening;
  const Transitions& transitions = found->second;
  auto next_rule = std::upper_bound(transitions.begin(), transitions.end(), at,
                                    [](Instant instant, const ZoneRules::Transition& transition) {
                                      return instant < transition.from;
                                    });
  if (next_rule == transitions.begin()) return opening;
  minutes offset = std::prev(next_rule)->utc_offset;

  opening.known_zone = true;
  opening.utc_offset = offset;
  opening.own_utc_offset =
      hours.zone.empty() ? offset : rules.utc_offset(zone, at).value_or(offset);
  LocalTime local = local_time(at, offset);
  const CallingWindow* window = window_at(hours, local);
  opening.open = window != nullptr;
  if (window != nullptr) opening.window = window_text(*window);

  // From edge to edge, in UTC, so that a clock that jumps in between is read as it then stands.
  Instant cursor = at;
  while (cursor - at < search_max) {
    const Instant edge = Instant{local.day} + next_edge(hours, local) - offset;
    if (next_rule != transitions.end() && next_rule->from <= edge) {
      cursor = next_rule->from;
      offset = next_rule->utc_offset;
      ++next_rule;
    } else {
      cursor = edge;
    }
    local = local_time(cursor, offset);
    if ((window_at(hours, local) != nullptr) != opening.open) {
      opening.changes_at = cursor;
      break;
    }
  }
  return opening;
}

bool reach_into_night(const CallingHours& hours, std::chrono::minutes ahead) {
  constexpr std::chrono::minutes day = std::chrono::days{1};
  return std::ranges::any_of(hours.windows, [&](const CallingWindow& window) {
    const auto from = ((window.from + ahead) % day + day) % day;
    const auto to = from + (window.to - window.from);
    return from < std::chrono::hours{8} || to > std::chrono::hours{21};
  });
}

}  // namespace campaigns
