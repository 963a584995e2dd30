#include "campaigns/holidays.hpp"

#include <algorithm>
#include <array>

namespace campaigns {

namespace {

// One holiday of some countries, "IT FR". By the calendar, or so many days after Easter Sunday.
struct Holiday {
  std::string_view countries{};
  unsigned month = 0;  // 0: after Easter
  int day = 0;
  int since = 0;  // year
};

constexpr std::array<Holiday, 29> all_holidays{{
    {"IT FR DE AT ES", 1, 1},
    {"IT AT ES", 1, 6},
    {"IT", 4, 25},
    {"IT FR DE AT ES", 5, 1},
    {"FR", 5, 8},
    {"IT", 6, 2},
    {"FR", 7, 14},
    {"IT FR AT ES", 8, 15},
    {"DE", 10, 3},
    {"IT", 10, 4, 2026},
    {"ES", 10, 12},
    {"AT", 10, 26},
    {"IT FR AT ES", 11, 1},
    {"FR", 11, 11},
    {"ES", 12, 6},
    {"IT AT ES", 12, 8},
    {"IT FR DE AT ES", 12, 25},
    {"IT DE AT", 12, 26},
    {"DE ES", 0, -2},
    {"IT", 0, 0},
    {"IT FR DE AT", 0, 1},
    {"FR DE AT", 0, 39},
    {"FR DE AT", 0, 50},
    {"AT", 0, 60},
    // Federal holidays of the United States that lie on a date; the others have a weekday.
    {"US", 1, 1},
    {"US", 6, 19, 2021},
    {"US", 7, 4},
    {"US", 11, 11},
    {"US", 12, 25},
}};

// And those that lie on the nth such weekday of a month; the last one where nth is 0.
struct WeekdayHoliday {
  std::string_view country{};
  unsigned month = 0;
  unsigned nth = 0;
  std::chrono::weekday weekday{};
};

constexpr std::array<WeekdayHoliday, 6> weekday_holidays{{
    {"US", 1, 3, std::chrono::Monday},
    {"US", 2, 3, std::chrono::Monday},
    {"US", 5, 0, std::chrono::Monday},
    {"US", 9, 1, std::chrono::Monday},
    {"US", 10, 2, std::chrono::Monday},
    {"US", 11, 4, std::chrono::Thursday},
}};

bool lies_on(const Holiday& holiday, std::chrono::year_month_day date,
             std::chrono::days after_easter) {
  if (static_cast<int>(date.year()) < holiday.since) return false;
  if (holiday.month == 0) return after_easter == std::chrono::days{holiday.day};
  return static_cast<unsigned>(date.month()) == holiday.month &&
         static_cast<unsigned>(date.day()) == static_cast<unsigned>(holiday.day);
}

bool lies_on(const WeekdayHoliday& holiday, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  if (static_cast<unsigned>(date.month()) != holiday.month ||
      std::chrono::weekday{day} != holiday.weekday) {
    return false;
  }
  if (holiday.nth == 0)
    return std::chrono::year_month_day{day + std::chrono::days{7}}.month() != date.month();
  return (static_cast<unsigned>(date.day()) - 1) / 7 + 1 == holiday.nth;
}

constexpr std::uint8_t mondays_to_fridays = 0b0001'1111;
constexpr std::uint8_t saturdays = 0b0010'0000;

}  // namespace

std::vector<std::string> holiday_calendars() {
  return {"AT", "DE", "ES", "FR", "IT", "US"};
}

bool is_holiday(std::string_view country, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  const auto after_easter = day - easter(date.year());
  return std::any_of(all_holidays.begin(), all_holidays.end(),
                     [&](const Holiday& holiday) {
                       return holiday.countries.find(country) != std::string_view::npos &&
                              lies_on(holiday, date, after_easter);
                     }) ||
         std::any_of(weekday_holidays.begin(), weekday_holidays.end(),
                     [&](const WeekdayHoliday& holiday) {
                       return holiday.country == country && lies_on(holiday, day);
                     });
}

// The computation that Gauss began and others made true for every year: the golden number gives the
// moon, the century what the calendar left out, and the rest the Sunday after it.
std::chrono::sys_days easter(std::chrono::year year) {
  const int y = static_cast<int>(year);
  const int century = y / 100;
  const int golden = y % 19;
  const int left_out = century - century / 4;
  const int moon_moved = (century - (century - 17) / 25) / 3;
  int full_moon = (left_out - moon_moved + 19 * golden + 15) % 30;  // days after 21 March
  if (full_moon == 29 || (full_moon == 28 && golden > 10)) --full_moon;
  const auto paschal = std::chrono::sys_days{year / 3 / 21} + std::chrono::days{full_moon};
  const unsigned weekday = std::chrono::weekday{paschal}.c_encoding();
  return paschal + std::chrono::days{7 - weekday};
}

const std::vector<HoursPreset>& hours_presets() {
  static const std::vector<HoursPreset> presets{
      // The code of conduct that the Garante approved, in force since September 2024.
      {"IT",
       {{mondays_to_fridays, std::chrono::hours{9}, std::chrono::hours{20}},
        {saturdays, std::chrono::hours{10}, std::chrono::hours{19}},
        {CallingWindow::eves, std::chrono::hours{10}, std::chrono::hours{19}}},
       {"IT"}},
      // The decree that holds since March 2023.
      {"FR",
       {{mondays_to_fridays, std::chrono::hours{10}, std::chrono::hours{13}},
        {mondays_to_fridays, std::chrono::hours{14}, std::chrono::hours{20}}},
       {"FR"},
       {4, std::chrono::days{30}},
       std::chrono::days{60}},
      // 47 CFR 64.1200, and Florida's own.
      {"US", {{0b0111'1111, std::chrono::hours{8}, std::chrono::hours{21}}}, {}},
      {"US-FL",
       {{0b0111'1111, std::chrono::hours{8}, std::chrono::hours{20}}},
       {},
       {3, std::chrono::hours{24}}}};
  return presets;
}

}  // namespace campaigns
