#include "bridge/carrier/rfc2822.hpp"

#include <array>
#include <chrono>

namespace bridge::carrier {
namespace {

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes what it reads off the front of `rest`; `ok` goes false at the first thing that is not
// there.
struct Reader {
  std::string_view rest{};
  bool ok = true;

  void literal(std::string_view expected) {
    if (ok && rest.starts_with(expected)) {
      rest.remove_prefix(expected.size());
    } else {
      ok = false;
    }
  }

  int digits(std::size_t count) {
    int value = 0;
    if (rest.size() < count) ok = false;
    for (std::size_t i = 0; ok && i < count; ++i) {
      if (rest[i] < '0' || rest[i] > '9') ok = false;
      value = value * 10 + (rest[i] - '0');
    }
    if (ok) rest.remove_prefix(count);
    return value;
  }

  template <std::size_t count>
  unsigned name(const std::array<std::string_view, count>& names) {
    for (unsigned i = 0; ok && i < count; ++i) {
      if (rest.starts_with(names[i])) {
        rest.remove_prefix(names[i].size());
        return i;
      }
    }
    ok = false;
    return 0;
  }
};

}  // namespace

std::optional<net::Instant> parse_rfc2822(std::string_view text) {
  using namespace std::chrono;
  Reader in{text};
  const unsigned weekday_read = in.name(weekdays);
  in.literal(", ");
  const bool one_digit_day = in.rest.size() > 1 && in.rest[1] == ' ';
  const int day_read = in.digits(one_digit_day ? 1 : 2);
  in.literal(" ");
  const unsigned month_read = in.name(months) + 1;
  in.literal(" ");
  const int year_read = in.digits(4);
  in.literal(" ");
  const int hour = in.digits(2);
  in.literal(":");
  const int minute = in.digits(2);
  in.literal(":");
  const int second = in.digits(2);
  in.literal(" ");
  minutes offset{0};
  if (in.ok && (in.rest == "GMT" || in.rest == "UTC")) {
    in.rest = {};
  } else {
    const bool east = in.rest.starts_with('+');
    in.literal(east ? "+" : "-");
    const int zone_hour = in.digits(2);
    const int zone_minute = in.digits(2);
    if (zone_hour > 14 || zone_minute > 59) in.ok = false;
    offset = minutes(zone_hour * 60 + zone_minute);
    if (!east) offset = -offset;
  }
  if (!in.ok || !in.rest.empty() || hour > 23 || minute > 59 || second > 59) return {};

  const year_month_day date{year(year_read), month(month_read),
                            day(static_cast<unsigned>(day_read))};
  if (!date.ok()) return {};
  const sys_days midnight{date};
  if (weekday(midnight).c_encoding() != weekday_read) return {};
  return net::Instant(midnight) + hours(hour) + minutes(minute) + seconds(second) - offset;
}

}  // namespace bridge::carrier
