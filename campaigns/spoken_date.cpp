#include "campaigns/spoken_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "campaigns/spoken_number.hpp"

namespace campaigns {

namespace {

using std::chrono::sys_days;
using MonthNames = std::array<std::string_view, 12>;

constexpr MonthNames italian_months{"gennaio",   "febbraio", "marzo",    "aprile",
                                    "maggio",    "giugno",   "luglio",   "agosto",
                                    "settembre", "ottobre",  "novembre", "dicembre"};
constexpr MonthNames english_months{"january",   "february", "march",    "april",
                                    "may",       "june",     "july",     "august",
                                    "september", "october",  "november", "december"};

std::optional<unsigned> figures_in(std::string_view word) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || word.empty() || word.size() > 8) return {};
  const auto rest =
      std::string_view(end, word.size() - static_cast<std::size_t>(end - word.data()));
  // "15th"; nothing else may follow.
  if (!rest.empty() && rest != "st" && rest != "nd" && rest != "rd" && rest != "th") return {};
  return number;
}

// "twenty twenty six", "nineteen eighty", "nineteen oh five": a year in two parts. Not where
// another one begins in the midst of it: in "may nineteen twenty ten" the first part is the day.
ReadNumber english_year(const std::vector<std::string>& words, std::size_t at) {
  const auto& word = words[at];
  if (word != "nineteen" && word != "twenty") return {};
  const auto next = at + 1;
  if (next < words.size() && english_year(words, next).words > 0) return {};
  const bool oh = next < words.size() && (words[next] == "oh" || words[next] == "o");
  const auto rest = read_number(words, oh ? next + 1 : next, "en");
  const auto last = rest.number;
  if (rest.words == 0 || rest.ordinal || last > 99 || (oh ? last > 9 : last < 10)) return {};
  return {(word == "twenty" ? 2000 : 1900) + last, 1 + (oh ? 1U : 0U) + rest.words};
}

std::optional<unsigned> month_named(std::string_view word, const MonthNames& months) {
  for (unsigned i = 0; i < months.size(); ++i) {
    if (word == months[i]) return i + 1;
  }
  return {};
}

std::optional<sys_days> day_of(unsigned day, unsigned month, unsigned year) {
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return {};
  return sys_days(date);
}

std::vector<std::string> split_words(const std::string& speech) {
  std::vector<std::string> words;
  std::size_t start = 0;
  while (start < speech.size()) {
    const auto end = std::min(speech.find(' ', start), speech.size());
    if (end > start) words.push_back(speech.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

// The numbers said, each with its place among the words. A year is four figures or more than 99.
struct SaidNumber {
  unsigned number = 0;
  bool year = false;
};

std::vector<SaidNumber> numbers_said(const std::vector<std::string>& words, bool english) {
  std::vector<SaidNumber> said;
  for (std::size_t i = 0; i < words.size();) {
    if (const auto number = figures_in(words[i])) {
      said.push_back({*number, *number > 99});
      ++i;
      continue;
    }
    ReadNumber read;
    if (english) read = english_year(words, i);
    if (read.words == 0) read = read_number(words, i, english ? "en" : "it");
    if (!english && words[i] == "primo") read = {1, 1};
    if (read.words > 0) said.push_back({static_cast<unsigned>(read.number), read.number > 99});
    i += std::max<std::size_t>(read.words, 1);
  }
  return said;
}

}  // namespace

std::optional<sys_days> day_in_range(unsigned day, unsigned month, const DateRange& range) {
  std::optional<sys_days> found;
  const std::chrono::year_month_day from{range.earliest};
  const std::chrono::year_month_day to{range.latest};
  for (auto year = from.year(); year <= to.year(); ++year) {
    const auto one = day_of(day, month, static_cast<unsigned>(static_cast<int>(year)));
    if (!one || !range.contains(*one)) continue;
    if (found) return {};
    found = one;
  }
  return found;
}

std::optional<sys_days> keyed_date(std::string_view digits, const DateRange& range) {
  const bool all = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!all || (digits.size() != 4 && digits.size() != 8)) return {};
  const auto part = [&](std::size_t at, std::size_t length) {
    unsigned number = 0;
    for (const char c : digits.substr(at, length))
      number = number * 10 + static_cast<unsigned>(c - '0');
    return number;
  };
  if (digits.size() == 4) return day_in_range(part(0, 2), part(2, 2), range);
  const auto day = day_of(part(0, 2), part(2, 2), part(4, 4));
  return day && range.contains(*day) ? day : std::nullopt;
}

std::optional<sys_days> spoken_date(const std::string& speech, std::string_view language,
                                    const DateRange& range) {
  const bool english = language.starts_with("en");
  const auto words = split_words(speech);
  std::optional<unsigned> month;
  std::vector<std::string> others;
  for (const auto& word : words) {
    const auto named = month_named(word, english ? english_months : italian_months);
    if (named && month && *month != *named) return {};
    if (named) {
      // What stands on both sides of it are different numbers.
      others.emplace_back("|");
      month = named;
    } else {
      others.push_back(word);
    }
  }
  auto said = numbers_said(others, english);
  // Eight figures in one are what would have been keyed.
  if (!month && said.size() == 1 && said[0].number > 9999) {
    auto figures_said = std::to_string(said[0].number);
    if (figures_said.size() == 7) figures_said.insert(0, "0");
    return keyed_date(figures_said, range);
  }
  std::optional<unsigned> year;
  const auto is_year = [](const SaidNumber& one) { return one.year; };
  if (std::ranges::count_if(said, is_year) > 1) return {};
  if (const auto found = std::ranges::find_if(said, is_year); found != said.end()) {
    year = found->number;
    said.erase(found);
  }
  if (!month) {
    if (said.size() != 2) return {};
    month = said[1].number;
    said.pop_back();
  }
  if (said.size() != 1) return {};
  if (!year) return day_in_range(said[0].number, *month, range);
  const auto day = day_of(said[0].number, *month, *year);
  return day && range.contains(*day) ? day : std::nullopt;
}

}  // namespace campaigns
