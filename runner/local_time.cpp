#include "runner/local_time.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace runner {

using campaigns::Instant;

namespace {

std::time_t seconds_of(Instant at) {
  return std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(at));
}

std::tm local_parts(Instant at) {
  const auto seconds = seconds_of(at);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

// Nothing for a day that is none, as 30 February.
std::optional<Instant> instant_of(std::tm parts) {
  const auto day = parts.tm_mday;
  const auto month = parts.tm_mon;
  parts.tm_isdst = -1;
  const auto seconds = std::mktime(&parts);
  if (seconds == -1 || parts.tm_mday != day || parts.tm_mon != month) return {};
  return Instant{std::chrono::seconds{seconds}};
}

// Whether the whole text has this form: `pattern` with a %n at its end.
template <typename... Numbers>
bool reads(const std::string& text, const char* pattern, Numbers&... numbers) {
  int end = -1;
  return std::sscanf(text.c_str(), pattern, &numbers..., &end) ==
             static_cast<int>(sizeof...(Numbers)) &&
         end == static_cast<int>(text.size());
}

bool is_time_of_day(int hour, int minute) {
  return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

}  // namespace

std::string local_text(Instant at) {
  const auto parts = local_parts(at);
  std::array<char, 64> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M %Z", &parts);
  return std::string(text.data(), length);
}

std::optional<Instant> read_moment(const std::string& text) {
  if (const auto instant = campaigns::parse_rfc3339(text)) return instant;
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  if (!reads(text, "%4d-%2d-%2d%n", year, month, day) &&
      !reads(text, "%4d-%2d-%2d %2d:%2d%n", year, month, day, hour, minute)) {
    return {};
  }
  if (year < 1970 || month < 1 || month > 12 || day < 1 || !is_time_of_day(hour, minute)) return {};
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  return instant_of(parts);
}

std::optional<Instant> read_since(const std::string& text, Instant now) {
  int hour = 0;
  int minute = 0;
  if (!reads(text, "%2d:%2d%n", hour, minute)) return read_moment(text);
  if (!is_time_of_day(hour, minute)) return {};
  auto parts = local_parts(now);
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = 0;
  auto at = instant_of(parts);
  if (at && *at > now) {
    --parts.tm_mday;
    // mktime puts the day before the first into the month before.
    parts.tm_isdst = -1;
    at = Instant{std::chrono::seconds{std::mktime(&parts)}};
  }
  return at;
}

}  // namespace runner
