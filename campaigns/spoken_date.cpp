#include "campaigns/spoken_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "campaigns/spoken_number.hpp"

namespace campaigns {

namespace {

using std::chrono::sys_days;
using MonthNames = std::array<std::string_view, 12>;

// How dates are said in a language, in folded words.
struct DateWords {
  std::string_view language{};
  MonthNames months{};
  std::vector<std::pair<std::string_view, unsigned>> other_months{};  // further names
  std::vector<std::string_view> first{};            // of a month, where it is no other number
  std::vector<std::string_view> ordinal_endings{};  // of figures: "15th"
  // Days that are said from today on: the longer before those that they contain.
  std::vector<std::pair<std::string_view, int>> from_today{};
  // Before a word of these it is the morning: "guten Morgen", "por la mañana".
  std::vector<std::string_view> before_morning{};
};

const DateWords* date_words(std::string_view language) {
  static const std::array<DateWords, 5> all{{
      {"it",
       {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
        "settembre", "ottobre", "novembre", "dicembre"},
       {},
       {"primo"},
       {"o"},
       {{"dopo domani", 2},
        {"dopodomani", 2},
        {"domani", 1},
        {"oggi", 0},
        {"altro ieri", -2},
        {"altroieri", -2},
        {"ieri", -1}},
       {}},
      {"en",
       {"january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december"},
       {},
       {},
       {"st", "nd", "rd", "th"},
       {{"day after tomorrow", 2},
        {"tomorrow", 1},
        {"today", 0},
        {"day before yesterday", -2},
        {"yesterday", -1}},
       {}},
      {"de",
       {"januar", "februar", "marz", "april", "mai", "juni", "juli", "august", "september",
        "oktober", "november", "dezember"},
       {{"janner", 1}, {"jaenner", 1}, {"feber", 2}, {"maerz", 3}, {"juno", 6}, {"julei", 7}},
       {},
       {"te", "ten", "ter"},
       {{"ubermorgen", 2},
        {"uebermorgen", 2},
        {"morgen", 1},
        {"heute", 0},
        {"vorgestern", -2},
        {"gestern", -1}},
       {"guten", "schonen"}},
      {"fr",
       {"janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre",
        "octobre", "novembre", "decembre"},
       {},
       {"premier"},
       {"er", "e", "eme"},
       {{"apres demain", 2}, {"demain", 1}, {"aujourd hui", 0}, {"avant hier", -2}, {"hier", -1}},
       {}},
      {"es",
       {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre"},
       {{"setiembre", 9}},
       {"primero"},
       {"o", "ro"},
       {{"pasado manana", 2},
        {"manana", 1},
        {"hoy", 0},
        {"antes de ayer", -2},
        {"anteayer", -2},
        {"ayer", -1}},
       {"la", "buena"}},
  }};
  const auto found = std::ranges::find(all, language.substr(0, 2), &DateWords::language);
  return found == all.end() ? nullptr : &*found;
}

std::optional<unsigned> figures_in(std::string_view word, const DateWords* date) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || word.empty() || word.size() > 8) return {};
  const auto rest =
      std::string_view(end, word.size() - static_cast<std::size_t>(end - word.data()));
  // "15th"; nothing else may follow.
  if (rest.empty()) return number;
  if (date == nullptr ||
      std::ranges::find(date->ordinal_endings, rest) == date->ordinal_endings.end())
    return {};
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

// "funfzehnter", "einunddreissigsten": a number of days and an ending.
ReadNumber german_ordinal(std::string_view word) {
  if (!word.empty() && std::string_view("nrsm").find(word.back()) != std::string_view::npos &&
      word.substr(0, word.size() - 1).ends_with("te")) {
    word.remove_suffix(1);
  }
  if (!word.ends_with("te")) return {};
  word.remove_suffix(2);
  static constexpr std::array<std::pair<std::string_view, int>, 4> others{
      {{"ers", 1}, {"drit", 3}, {"sieb", 7}, {"ach", 8}}};
  for (const auto& [stem, number] : others) {
    if (word == stem) return {number, 1, true};
  }
  for (const bool tens : {false, true}) {
    if (tens && !word.ends_with('s')) return {};
    if (tens) word.remove_suffix(1);
    const auto read = read_number({std::string(word)}, 0, "de");
    if (read.words > 0 && read.number <= 31 && (read.number >= 20) == tens) {
      return {read.number, 1, true};
    }
  }
  return {};
}

// Years by their hundreds: "neunzehnhundertachtzig" in one word, "dix neuf cent quatre vingt".
ReadNumber year_of_hundreds(const std::vector<std::string>& words, std::size_t at,
                            std::string_view language) {
  if (language == "de") {
    static constexpr std::string_view hundred = "hundert";
    const auto& word = words[at];
    const auto place = word.find(hundred);
    if (place == std::string::npos) return {};
    const auto century = read_number({word.substr(0, place)}, 0, "de");
    const auto rest = word.substr(place + hundred.size());
    const auto last = rest.empty() ? ReadNumber{0, 1} : read_number({rest}, 0, "de");
    if (century.words == 0 || century.number < 11 || century.number > 19) return {};
    if (last.words == 0 || last.number > 99) return {};
    return {century.number * 100 + last.number, 1};
  }
  if (language != "fr" || words[at] != "dix" || at + 2 >= words.size()) return {};
  const auto hundreds = words[at + 1] == "neuf" ? 1900 : words[at + 1] == "huit" ? 1800 : 0;
  if (hundreds == 0 || (words[at + 2] != "cent" && words[at + 2] != "cents")) return {};
  const auto last = read_number(words, at + 3, "fr");
  if (last.words == 0 || last.number > 99) return {hundreds, 3};
  return {hundreds + last.number, 3 + last.words};
}

std::optional<unsigned> month_named(std::string_view word, const DateWords* date) {
  if (date == nullptr) return {};
  for (unsigned i = 0; i < date->months.size(); ++i) {
    if (word == date->months[i]) return i + 1;
  }
  for (const auto& [name, month] : date->other_months) {
    if (word == name) return month;
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

std::vector<SaidNumber> numbers_said(const std::vector<std::string>& words, const DateWords* date) {
  std::vector<SaidNumber> said;
  const auto language = date == nullptr ? std::string_view() : date->language;
  for (std::size_t i = 0; i < words.size();) {
    if (const auto number = figures_in(words[i], date)) {
      said.push_back({*number, *number > 99});
      ++i;
      continue;
    }
    ReadNumber read;
    if (language == "en") read = english_year(words, i);
    if (read.words == 0) read = year_of_hundreds(words, i, language);
    if (read.words == 0) read = read_number(words, i, language);
    if (read.words == 0 && language == "de") read = german_ordinal(words[i]);
    if (date != nullptr && std::ranges::find(date->first, words[i]) != date->first.end()) {
      read = {1, 1};
    }
    if (read.words > 0) said.push_back({static_cast<unsigned>(read.number), read.number > 99});
    i += std::max<std::size_t>(read.words, 1);
  }
  return said;
}

// The one day that is said from today on; nothing: none, or several.
std::optional<int> days_from_today(const std::vector<std::string>& words, const DateWords& date) {
  std::optional<int> found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto begins = std::ranges::find_if(date.from_today, [&](const auto& one) {
      const auto phrase = split_words(std::string(one.first));
      return i + phrase.size() <= words.size() &&
             std::equal(phrase.begin(), phrase.end(),
                        words.begin() + static_cast<std::ptrdiff_t>(i));
    });
    if (begins == date.from_today.end()) continue;
    const bool is_morning =
        i > 0 && std::ranges::find(date.before_morning, words[i - 1]) != date.before_morning.end();
    if (is_morning) continue;
    if (found && *found != begins->second) return {};
    found = begins->second;
    i += split_words(std::string(begins->first)).size() - 1;
  }
  return found;
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
                                    const DateRange& range, const std::optional<sys_days>& today) {
  const auto* date = date_words(language);
  auto words = split_words(speech);
  // An old way to write it, which numbers are not read by.
  if (date != nullptr && date->language == "fr") std::ranges::replace(words, "mil", "mille");
  std::optional<unsigned> month;
  std::vector<std::string> others;
  for (const auto& word : words) {
    const auto named = month_named(word, date);
    if (named && month && *month != *named) return {};
    if (named) {
      // What stands on both sides of it are different numbers.
      others.emplace_back("|");
      month = named;
    } else {
      others.push_back(word);
    }
  }
  auto said = numbers_said(others, date);
  if (!month && said.empty() && today && date != nullptr) {
    const auto days = days_from_today(words, *date);
    const auto day = days ? std::optional(*today + std::chrono::days{*days}) : std::nullopt;
    return day && range.contains(*day) ? day : std::nullopt;
  }
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
