#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign.hpp"

// What countries say of when people may be called, as data: their public holidays, and the openings
// of their rules (outcomes-and-results sheet, section 6). No legal advice: whoever calls checks it.
namespace campaigns {

// The countries whose holidays are known, by ISO code.
std::vector<std::string> holiday_calendars();

// Whether everybody in that country has the day off, as the law stood in 2026. Holidays of a region
// or a town are not among them, nor is a Sunday as such. No country has holidays that is not known.
bool is_holiday(std::string_view country, std::chrono::sys_days day);

// Easter Sunday of the Gregorian calendar, of a year from 1583 on.
std::chrono::sys_days easter(std::chrono::year year);

// Openings under a name, and how often the same rules let a number be called.
struct HoursPreset {
  std::string_view name{};  // "IT"
  std::vector<CallingWindow> windows{};
  std::vector<std::string> holidays{};
  RollingCap rolling_cap{};
  Seconds cool_off{0};
};
const std::vector<HoursPreset>& hours_presets();

}  // namespace campaigns
