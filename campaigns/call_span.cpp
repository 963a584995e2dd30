#include "campaigns/call_span.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// Of a second, as databases write them; they fit into an int.
constexpr std::size_t fraction_digits_max = 9;

// Reads numbers and what stands between them from the left.
class WrittenNumbers {
 public:
  explicit WrittenNumbers(std::string_view text) : rest_(text) {}

  // The next number, of so many digits at most; nothing where there is none.
  std::optional<int> next(std::size_t digits_max) {
    int value = 0;
    const auto end = rest_.data() + std::min(rest_.size(), digits_max);
    const auto read = std::from_chars(rest_.data(), end, value);
    if (read.ec != std::errc{} || value < 0 || rest_.front() == '-') return {};
    digits_ = static_cast<std::size_t>(read.ptr - rest_.data());
    rest_.remove_prefix(digits_);
    return value;
  }
  // How many digits it had.
  std::size_t digits() const { return digits_; }

  // What comes next, if it is one of these.
  std::optional<char> separator(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return {};
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  std::size_t digits_ = 0;
};

// A day, and what stands behind it.
struct WrittenDay {
  std::chrono::sys_days day{};
  std::string_view rest{};
};

std::optional<WrittenDay> read_day(std::string_view text, DateOrder order) {
  WrittenNumbers numbers(text);
  const auto first = numbers.next(4);
  const bool year_first = numbers.digits() == 4;
  if (!first || (!year_first && numbers.digits() > 2)) return {};
  const auto between = numbers.separator("-/.");
  const auto second = numbers.next(2);
  if (!between || !second || numbers.separator(std::string_view(&*between, 1)) != between)
    return {};
  const auto third = numbers.next(year_first ? 2 : 4);
  if (!third) return {};
  int year = year_first ? *first : *third;
  if (!year_first) {
    if (numbers.digits() == 2) {
      year += 2000;
    } else if (numbers.digits() != 4) {
      return {};
    }
  }
  int month = *second;
  int day = year_first ? *third : *first;
  if (!year_first && order == DateOrder::month_first) std::swap(month, day);
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return {};
  return WrittenDay{date, numbers.rest()};
}

// The hour of a clock of 24 hours; of one of twelve if "AM" or "PM" is all that follows. Nothing
// for what is none.
std::optional<int> read_hour(int hour, std::string_view behind) {
  behind = trimmed(behind);
  if (behind.empty()) return hour <= 23 ? std::optional(hour) : std::nullopt;
  const auto is = [&](char first) {
    return behind.size() == 2 && (behind[0] | 0x20) == first && (behind[1] | 0x20) == 'm';
  };
  if ((!is('a') && !is('p')) || hour < 1 || hour > 12) return {};
  return hour % 12 + (is('p') ? 12 : 0);
}

std::optional<Seconds> read_time_of_day(std::string_view text) {
  WrittenNumbers numbers(text);
  const auto hour_written = numbers.next(2);
  if (!hour_written || !numbers.separator(":.")) return {};
  const auto minute = numbers.next(2);
  if (!minute || numbers.digits() != 2) return {};
  int second = 0;
  if (numbers.separator(":.")) {
    const auto read = numbers.next(2);
    if (!read || numbers.digits() != 2) return {};
    second = *read;
    if (numbers.separator(".") && !numbers.next(fraction_digits_max)) return {};
  }
  const auto hour = read_hour(*hour_written, numbers.rest());
  if (!hour || *minute > 59 || second > 59) return {};
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + Seconds{second};
}

std::optional<Instant> read_any_moment(WrittenMoment written, const std::string& zone,
                                       const ZoneRules& rules, DateOrder order, bool whole_day) {
  if (written.time.empty()) {
    if (const auto instant = parse_rfc3339(written.date)) return instant;
  }
  const auto day = read_day(written.date, order);
  if (!day) return {};
  std::string_view time = written.time;
  if (!day->rest.empty()) {
    // As Excel has it, where a cell holds a day and a time: a second cell may then hold none.
    if (!time.empty() || (day->rest.front() != ' ' && day->rest.front() != 'T')) return {};
    time = trimmed(day->rest.substr(1));
    if (time.empty()) return {};
  }
  Instant local{day->day};
  if (time.empty()) {
    if (whole_day) local += std::chrono::days{1};
  } else {
    const auto of_day = read_time_of_day(time);
    if (!of_day) return {};
    local += *of_day;
  }
  return rules.when_clock_shows(zone, local);
}

}  // namespace

std::optional<Instant> read_written_moment(WrittenMoment written, const std::string& zone,
                                           const ZoneRules& rules, DateOrder order,
                                           bool whole_day) {
  // Dates of nothing and of no end, as databases have them: an empty cell says that.
  constexpr Instant first = std::chrono::sys_days{std::chrono::year{1971} / 1 / 1};
  constexpr Instant end = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};
  const auto at = read_any_moment(written, zone, rules, order, whole_day);
  return at && *at >= first && *at < end ? at : std::nullopt;
}

}  // namespace campaigns
