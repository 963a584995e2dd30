#include "campaigns/campaign_words.hpp"

#include <algorithm>

#include "campaigns/json_text.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

constexpr std::string_view eves_word = "eves";
constexpr std::array<std::string_view, 7> weekdays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

std::string two_digit_text(unsigned value) {
  return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

std::size_t weekday_named(std::string_view name) {
  return static_cast<std::size_t>(std::find(weekdays.begin(), weekdays.end(), name) -
                                  weekdays.begin());
}

}  // namespace

const std::vector<RetryDefault>& retry_defaults() {
  using std::chrono::hours;
  using std::chrono::minutes;
  static const std::vector<RetryDefault> defaults{
      {Outcome::partial, hours{4}},
      {Outcome::broken_off, hours{1}},
      {Outcome::callback_requested, hours{2}},
      {Outcome::human_hung_up_at_once, hours{24}},
      {Outcome::machine_no_message, hours{4}},
      {Outcome::machine_message_left, hours{4}},
      {Outcome::busy, minutes{15}},
      {Outcome::no_answer, hours{2}},
      {Outcome::network_error, minutes{30}},
      {Outcome::canceled_by_us, minutes{30}},
      {Outcome::unconfirmed, minutes{30}},
      {Outcome::said_nothing, hours{4}},
      {Outcome::not_available, hours{4}},
      {Outcome::language_barrier, {}},
      {Outcome::screened, hours{4}},
  };
  return defaults;
}

const std::map<std::string, std::vector<std::string>>& campaign_members() {
  static const std::map<std::string, std::vector<std::string>> members = [] {
    std::map<std::string, std::vector<std::string>> all{
        {"campaign", {"$schema",       "id",
                      "title",         "kind",
                      "mode",          "language",
                      "voices",        "caller_ids",
                      "contacts",      "greeting",
                      "message",       "resumed",
                      "questions",     "goodbye",
                      "partial",       "opt_out",
                      "agent",         "answering_machine",
                      "calling_hours", "pacing",
                      "retries",       "countries",
                      "in_doubt",      "ring_time",
                      "call_time",     "budget",
                      "retention",     "eligibility",
                      "results",       "screening",
                      "recording",     "replies",
                      "screened_out",  "confirm",
                      "variants",      "quotas",
                      "quota_full",    "suppression_lists",
                      "consent"}},
        {"contacts",
         {"file", "list", "query", "format", "encoding", "delimiter", "region", "columns", "zone",
          "bad_rows"}},
        {"query", {"database", "sql"}},
        {"columns",
         {"number", "id", "language", "zone", "not_before", "not_after", "priority",
          "consent_source", "consent_date"}},
        {"question",
         {"id",       "type",    "ask",         "options",     "least",         "most",
          "required", "by",      "silence_max", "invalid_max", "on_silence",    "on_invalid",
          "timeout",  "ask_if",  "replies",     "several",     "screen_out_if", "earliest",
          "latest",   "shuffle", "offer"}},
        {"option", {"code", "key", "label", "words", "fixed"}},
        {"condition",
         {"question", "is", "between", "answered", "status", "column", "empty", "all", "any",
          "not"}},
        {"partial", {"answers"}},
        {"opt_out", {"key", "words", "goodbye"}},
        {"replies", {"refused", "dont_know", "repeat", "back", "operator", "stop"}},
        {"reply", {"key", "words", "goodbye", "numbers"}},
        {"agent",
         {"name", "instructions", "opening", "disclosure", "apology", "model", "voice",
          "transcription", "columns", "time_max", "silence_max", "turns_max", "on_failure",
          "transfer"}},
        {"answering_machine",
         {"action", "message", "async", "timeout", "speech_threshold_ms", "speech_end_threshold_ms",
          "silence_timeout_ms"}},
        {"recording", {"record", "channels", "trim", "announced", "announcement"}},
        {"calling_hours", {"preset", "zone", "windows", "dates_off", "holidays", "calendar"}},
        {"window", {"days", "from", "to"}},
        {"pacing", {"calls_per_second", "lines", "ramp_up", "stop_at_failures"}},
        {"ramp_up", {"from", "over"}},
        {"stop_at_failures", {"share", "of"}},
        {"retries",
         {"attempts_max", "daily_calls_per_number_max", "weekly_calls_per_number_max",
          "rolling_cap", "spread", "unplaced", "cool_off"}},
        {"rolling_cap", {"calls", "within"}},
        {"unplaced", {"max", "delay"}},
        {"results", {"columns"}},
        {"result_column", {"column", "name", "personal"}},
        {"variant", {"column", "seed", "values"}},
        {"quota", {"name", "if", "completes"}},
        {"suppression_list", {"source", "max_age"}},
        {"consent", {"basis", "source", "date", "required"}},
        {"variant_value", {"code", "say", "share"}},
        {"budget", {"limit", "per_minute", "transfer_per_minute", "currency", "model"}},
        {"model_prices",
         {"per_call_max", "input_audio_per_million", "output_audio_per_million",
          "input_text_per_million", "output_text_per_million", "cached_per_million", "per_minute"}},
    };
    for (const RetryDefault& retry : retry_defaults()) {
      all["retries"].emplace_back(name_of(retry.outcome));
    }
    return all;
  }();
  return members;
}

namespace {

// The letter without its accent, of a character of Latin-1 (U+00C0 to U+00FF); a space: none.
char plain_letter(unsigned char second) {
  static constexpr std::string_view letters =
      "aaaaaaaceeeeiiiidnooooo ouuuuyts"   // À to ß, as their second byte 0x80 to 0x9F
      "aaaaaaaceeeeiiiidnooooo ouuuuyty";  // à to ÿ
  return letters[second - 0x80U];
}

}  // namespace

std::string result_name_for(std::string_view column) {
  std::string name;
  const auto gap = [&] {
    if (!name.empty() && name.back() != '_') name += '_';
  };
  for (std::size_t i = 0; i < column.size(); ++i) {
    const char c = column[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += c;
    } else if (byte == 0xC3U && i + 1 < column.size()) {
      const auto second = static_cast<unsigned char>(column[++i]);
      const char letter = second >= 0x80U && second <= 0xBFU ? plain_letter(second) : ' ';
      if (letter == ' ') {
        gap();
      } else {
        name += letter;
      }
    } else {
      gap();
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.size() > 64) name.resize(64);
  return is_result_name(name) ? name : std::string();
}

bool is_result_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && name.front() >= 'a' && name.front() <= 'z' &&
         std::all_of(name.begin(), name.end(), good);
}

std::optional<Seconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> units{
      {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
  constexpr std::int64_t seconds_max = std::int64_t{3660} * 86400;
  std::int64_t total = 0;
  auto unit = units.begin();  // units come in falling order, each once
  while (!text.empty()) {
    std::int64_t value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 9 && is_digit(text[digits])) {
      value = value * 10 + (text[digits] - '0');
      ++digits;
    }
    if (digits == 0 || digits == text.size()) return std::nullopt;
    unit = std::find_if(unit, units.end(),
                        [&](const auto& candidate) { return candidate.first == text[digits]; });
    if (unit == units.end()) return std::nullopt;
    total += value * unit->second;
    if (total > seconds_max) return std::nullopt;
    ++unit;
    text.remove_prefix(digits + 1);
    if (text.empty()) return Seconds{total};
  }
  return std::nullopt;
}

std::string duration_text(Seconds duration) {
  const auto seconds = duration.count();
  if (seconds != 0 && seconds % 86400 == 0) return std::to_string(seconds / 86400) + "d";
  if (seconds != 0 && seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds != 0 && seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned places) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() || fraction.size() > places) return std::nullopt;
  if (point != std::string_view::npos && fraction.empty()) return std::nullopt;
  std::int64_t value = 0;
  const auto add = [&value](char c) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
    return value <= exact_integer_max;
  };
  for (const char c : whole) {
    if (!add(c)) return std::nullopt;
  }
  for (unsigned i = 0; i < places; ++i) {
    if (!add(i < fraction.size() ? fraction[i] : '0')) return std::nullopt;
  }
  return value;
}

std::string decimal_text(std::int64_t value, unsigned places) {
  std::string digits = std::to_string(value);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hour = two_digits(text, 0);
  const int minute = two_digits(text, 3);
  if (hour < 0 || minute < 0 || minute > 59 || hour > 24 || (hour == 24 && minute != 0)) {
    return std::nullopt;
  }
  return std::chrono::minutes{hour * 60 + minute};
}

std::string time_of_day_text(std::chrono::minutes time) {
  const auto minutes = static_cast<unsigned>(time.count());
  return two_digit_text(minutes / 60) + ':' + two_digit_text(minutes % 60);
}

std::uint8_t parse_days(std::string_view text) {
  if (text == eves_word) return CallingWindow::eves;
  const auto dash = text.find('-');
  const std::size_t first = weekday_named(text.substr(0, dash));
  const std::size_t last =
      dash == std::string_view::npos ? first : weekday_named(text.substr(dash + 1));
  if (first >= weekdays.size() || last >= weekdays.size()) return 0;
  unsigned days = 0;
  for (std::size_t day = first;; day = (day + 1) % weekdays.size()) {
    days |= 1U << day;
    if (day == last) break;
  }
  return static_cast<std::uint8_t>(days);
}

std::vector<std::string> days_texts(std::uint8_t days) {
  std::vector<std::string> texts;
  for (std::size_t first = 0; first < weekdays.size();) {
    std::size_t end = first;
    while (end < weekdays.size() && ((days >> end) & 1U) != 0) ++end;
    if (end == first) {
      ++first;
      continue;
    }
    std::string text(weekdays[first]);
    if (end - first > 1) text += '-' + std::string(weekdays[end - 1]);
    texts.push_back(std::move(text));
    first = end;
  }
  if ((days & CallingWindow::eves) != 0) texts.emplace_back(eves_word);
  return texts;
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int century = two_digits(text, 0);
  const int year = two_digits(text, 2);
  const int month = two_digits(text, 5);
  const int day = two_digits(text, 8);
  if (century < 0 || year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return date;
}

std::string date_text(std::chrono::year_month_day date) {
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  return two_digit_text(year / 100) + two_digit_text(year % 100) + '-' +
         two_digit_text(static_cast<unsigned>(date.month())) + '-' +
         two_digit_text(static_cast<unsigned>(date.day()));
}

bool is_language_tag(std::string_view tag) {
  std::size_t part = 0;
  while (true) {
    const auto dash = tag.find('-');
    const auto subtag = tag.substr(0, dash);
    const bool lower = std::all_of(subtag.begin(), subtag.end(), is_lower);
    const bool upper = std::all_of(subtag.begin(), subtag.end(), is_upper);
    const bool digits = std::all_of(subtag.begin(), subtag.end(), is_digit);
    const bool language = part == 0 && lower && (subtag.size() == 2 || subtag.size() == 3);
    const bool script = part == 1 && subtag.size() == 4 && is_upper(subtag[0]) &&
                        std::all_of(subtag.begin() + 1, subtag.end(), is_lower);
    const bool region =
        part >= 1 && ((upper && subtag.size() == 2) || (digits && subtag.size() == 3));
    if (!language && !script && !region) return false;
    if (dash == std::string_view::npos) return true;
    if (region) return false;
    tag.remove_prefix(dash + 1);
    ++part;
  }
}

std::optional<std::int64_t> days_of_date(std::string_view text) {
  const auto date = parse_date(text);
  if (!date) return {};
  return std::chrono::sys_days(*date).time_since_epoch().count();
}

std::string date_of_days(std::int64_t days) {
  return date_text(std::chrono::sys_days(std::chrono::days{days}));
}

std::vector<std::string> codes_in(std::string_view value) {
  std::vector<std::string> codes;
  while (!value.empty()) {
    const auto end = std::min(value.find(' '), value.size());
    if (end > 0) codes.emplace_back(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return codes;
}

}  // namespace campaigns
