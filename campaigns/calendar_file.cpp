#include "campaigns/calendar_file.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "campaigns/campaign_words.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

using std::chrono::sys_days;

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// Takes line after line and counts them.
class Lines {
 public:
  explicit Lines(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return {};
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  // Whether the next line goes on with this one.
  bool is_folded() const { return !rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t'); }
  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

class CalendarReader {
 public:
  explicit CalendarReader(std::string_view bytes) : lines_(bytes) {}

  Result<std::vector<std::chrono::year_month_day>> read(bool icalendar) {
    if (icalendar) {
      read_events();
    } else {
      read_dates();
    }
    if (!problems_.empty()) return std::move(problems_);
    std::sort(days_.begin(), days_.end());
    days_.erase(std::unique(days_.begin(), days_.end()), days_.end());
    return std::vector<std::chrono::year_month_day>(days_.begin(), days_.end());
  }

 private:
  void problem(std::size_t line, std::string what, std::string cure) {
    if (problems_.size() >= calendar_problems_max) return;
    problems_.push_back({"line " + std::to_string(line), std::move(what), std::move(cure)});
  }

  void add(std::size_t line, sys_days day) {
    if (days_.size() >= CallingHours::dates_off_max) {
      return problem(
          line, "is beyond the " + std::to_string(CallingHours::dates_off_max) + " days allowed",
          "leave out what is over");
    }
    days_.push_back(day);
  }

  void read_dates() {
    while (const auto line = lines_.next()) {
      const auto text = trimmed(line->substr(0, line->find('#')));
      if (text.empty()) continue;
      if (const auto date = parse_date(text)) {
        add(lines_.number(), *date);
      } else {
        problem(lines_.number(), "is not a date of the calendar",
                R"(write one per line, like "2026-12-25"; a "#" begins a remark)");
      }
    }
  }

  // 20261225, and nothing behind it.
  static std::optional<sys_days> basic_date(std::string_view text) {
    if (text.size() != 8) return {};
    const auto date =
        parse_date(std::string(text.substr(0, 4)) + '-' + std::string(text.substr(4, 2)) + '-' +
                   std::string(text.substr(6, 2)));
    return date ? std::optional<sys_days>(*date) : std::nullopt;
  }

  void read_events() {
    bool in_event = false;
    std::size_t began = 0;
    std::string within;  // a part of the event with properties of its own, an alarm
    while (const auto first = lines_.next()) {
      const auto number = lines_.number();
      std::string line(trimmed(*first));
      while (lines_.is_folded()) line += trimmed(lines_.next()->substr(1));
      const auto colon = line.find(':');
      const auto name = upper(line.substr(0, std::min(colon, line.find(';'))));
      const auto value = colon == std::string::npos ? std::string() : line.substr(colon + 1);
      const auto part = upper(value);
      if (!within.empty()) {
        if (name == "END" && part == within) within.clear();
      } else if (name == "BEGIN" && in_event && part != "VEVENT") {
        within = part;
      } else if (name == "BEGIN" && part == "VEVENT") {
        if (in_event) problem(began, "is an event that does not end", "give it its END:VEVENT");
        in_event = true;
        began = number;
        begin_ = end_ = {};
        wrong_ = false;
      } else if (name == "END" && part == "VEVENT" && in_event) {
        in_event = false;
        take_event(began);
      } else if (in_event) {
        read_property(number, name, value);
      }
    }
    if (in_event) problem(began, "is an event that does not end", "the file seems to be cut off");
  }

  void read_property(std::size_t line, std::string_view name, std::string_view value) {
    if (name == "DTSTART" || name == "DTEND") {
      const auto day = basic_date(value);
      if (!day) {
        wrong_ = true;
        return problem(line, "is no whole day", "make it a whole-day event, or leave it out");
      }
      (name == "DTSTART" ? begin_ : end_) = day;
    } else if (name == "RRULE" || name == "RDATE" || name == "DURATION") {
      wrong_ = true;
      problem(line, std::string(name) + " is not understood here",
              "write each of its days as an event of its own");
    }
  }

  // The end is the day after the last one.
  void take_event(std::size_t line) {
    if (wrong_) return;
    if (!begin_) return problem(line, "is an event without a day", "give it a DTSTART");
    const auto end = end_.value_or(*begin_ + std::chrono::days{1});
    if (end <= *begin_ || end - *begin_ > calendar_event_max) {
      return problem(line, "is an event that ends before it begins, or after more than a year",
                     "correct its DTEND, which is the day after its last one");
    }
    for (auto day = *begin_; day < end; day += std::chrono::days{1}) add(line, day);
  }

  Lines lines_;
  Problems problems_{};
  std::vector<sys_days> days_{};
  std::optional<sys_days> begin_{};
  std::optional<sys_days> end_{};
  bool wrong_ = false;
};

}  // namespace

Result<std::vector<std::chrono::year_month_day>> read_calendar(std::string_view bytes) {
  if (bytes.size() > calendar_bytes_max) {
    return Problems{{"", "is longer than a calendar may be, 1 MiB", "leave out what is over"}};
  }
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
  const auto first = Lines(bytes).next().value_or(std::string_view());
  return CalendarReader(bytes).read(upper(trimmed(first)) == "BEGIN:VCALENDAR");
}

Problems take_calendar(CallingHours& hours, std::string_view bytes) {
  auto read = read_calendar(bytes);
  if (!read) return read.error();
  auto days = std::move(read).value();
  days.insert(days.end(), hours.dates_off.begin(), hours.dates_off.end());
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  if (days.size() > CallingHours::dates_off_max) {
    return {{"",
             "makes more than " + std::to_string(CallingHours::dates_off_max) +
                 " days off together with \"dates_off\"",
             "leave out what is over"}};
  }
  hours.dates_off = std::move(days);
  return {};
}

}  // namespace campaigns
