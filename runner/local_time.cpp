#include "runner/local_time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <string_view>
#include <vector>

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

// The numbers of a text of this form, where each 9 is a digit and each run of them a number. None
// where it has another form.
std::vector<int> numbers_of(std::string_view form, std::string_view text) {
  std::vector<int> numbers;
  if (text.size() != form.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (form[i] != '9') {
      if (text[i] != form[i]) return {};
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return {};
    if (i == 0 || form[i - 1] != '9') numbers.push_back(0);
    numbers.back() = numbers.back() * 10 + (text[i] - '0');
  }
  return numbers;
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
  auto n = numbers_of("9999-99-99", text);
  if (n.empty()) {
    n = numbers_of("9999-99-99 99:99", text);
  } else {
    n.resize(5);
  }
  if (n.empty() || n[0] < 1970 || n[1] < 1 || n[1] > 12 || n[2] < 1 ||
      !is_time_of_day(n[3], n[4])) {
    return {};
  }
  std::tm parts{};
  parts.tm_year = n[0] - 1900;
  parts.tm_mon = n[1] - 1;
  parts.tm_mday = n[2];
  parts.tm_hour = n[3];
  parts.tm_min = n[4];
  return instant_of(parts);
}

std::optional<std::chrono::sys_days> read_day(const std::string& text) {
  const auto n = numbers_of("9999-99-99", text);
  if (n.empty() || !read_moment(text)) return {};
  return std::chrono::sys_days{std::chrono::year{n[0]} / n[1] / n[2]};
}

std::optional<Instant> read_since(const std::string& text, Instant now) {
  const auto time = numbers_of("99:99", text);
  if (time.empty()) return read_moment(text);
  if (!is_time_of_day(time[0], time[1])) return {};
  auto parts = local_parts(now);
  parts.tm_hour = time[0];
  parts.tm_min = time[1];
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
