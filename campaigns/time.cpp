#include "campaigns/time.hpp"

#include <array>
#include <cassert>

#include "campaigns/dice.hpp"

namespace campaigns {

namespace {

// Writes `value` into `width` places from `at` on, with leading zeros.
void put_digits(char* at, unsigned value, std::size_t width) {
  for (std::size_t i = width; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

void append_digits(std::string& out, unsigned value, std::size_t width) {
  std::array<char, 4> digits;
  assert(width <= digits.size());
  put_digits(digits.data(), value, width);
  out.append(digits.data(), width);
}

// "2026-03-02T09:15:00" of a time that is already local.
void append_date_and_time(std::string& out, Instant local) {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const auto year = static_cast<int>(date.year());
  assert(year >= 0 && year <= 9999);
  const auto second =
      static_cast<unsigned>(std::chrono::duration_cast<Seconds>(local - day).count());
  constexpr std::string_view form = "0000-00-00T00:00:00";
  const auto begin = out.size();
  out += form;
  char* const at = out.data() + begin;
  put_digits(at, static_cast<unsigned>(year), 4);
  put_digits(at + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(at + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(at + 11, second / 3600, 2);
  put_digits(at + 14, second / 60 % 60, 2);
  put_digits(at + 17, second % 60, 2);
}

// Reads text from the left; after a failure nothing else succeeds.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t width) {
    if (failed_ || rest_.size() < width) return fail();
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

  // One character out of `allowed`, else a failure.
  char one_of(std::string_view allowed) {
    if (failed_ || rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  bool skip(char c) {
    if (failed_ || rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Digits of a fraction as milliseconds; what is finer is cut off.
  int fraction_ms() {
    int value = 0;
    int places = 0;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      if (places < 3) value = value * 10 + (rest_.front() - '0');
      ++places;
      rest_.remove_prefix(1);
    }
    if (places == 0 || places > 9) return fail();
    for (; places < 3; ++places) value *= 10;
    return value;
  }

  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  int fail() {
    failed_ = true;
    return 0;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::uint64_t Moment::dice(std::string_view stream, std::uint64_t version) const {
  return campaigns::dice(seed, stream, version);
}

std::string rfc3339_utc(Instant at) {
  std::string out;
  out.reserve(24);
  append_date_and_time(out, at);
  out += '.';
  const auto ms = at - std::chrono::floor<Seconds>(at);
  append_digits(out, static_cast<unsigned>(ms.count()), 3);
  out += 'Z';
  return out;
}

std::string rfc3339_local(Instant at, std::chrono::minutes utc_offset) {
  std::string out;
  out.reserve(25);
  append_date_and_time(out, at + utc_offset);
  const auto minutes = utc_offset.count();
  const auto distance = static_cast<unsigned>(minutes < 0 ? -minutes : minutes);
  out += minutes < 0 ? '-' : '+';
  append_digits(out, distance / 60, 2);
  out += ':';
  append_digits(out, distance % 60, 2);
  return out;
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  Scanner scanner(text);
  const int y = scanner.digits(4);
  scanner.one_of("-");
  const int mo = scanner.digits(2);
  scanner.one_of("-");
  const int d = scanner.digits(2);
  scanner.one_of("Tt ");
  const int h = scanner.digits(2);
  scanner.one_of(":");
  const int mi = scanner.digits(2);
  scanner.one_of(":");
  const int s = scanner.digits(2);
  const int ms = scanner.skip('.') ? scanner.fraction_ms() : 0;
  minutes offset{0};
  const char sign = scanner.one_of("Zz+-");
  if (sign == '+' || sign == '-') {
    const int oh = scanner.digits(2);
    scanner.one_of(":");
    const int om = scanner.digits(2);
    if (oh > 23 || om > 59) return std::nullopt;
    offset = hours{oh} + minutes{om};
    if (sign == '-') offset = -offset;
  }
  if (!scanner.complete() || h > 23 || mi > 59 || s > 59) return std::nullopt;
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok()) return std::nullopt;
  return Instant{sys_days{date}} + hours{h} + minutes{mi} + seconds{s} + Milliseconds{ms} - offset;
}

}  // namespace campaigns
