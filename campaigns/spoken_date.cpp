#include "campaigns/spoken_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>

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

// --- Italian: a number is one word

constexpr std::array<std::string_view, 20> italian_small{
    "zero",        "uno",      "due",    "tre",         "quattro",  "cinque",    "sei",
    "sette",       "otto",     "nove",   "dieci",       "undici",   "dodici",    "tredici",
    "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove"};
constexpr std::array<std::string_view, 8> italian_tens{
    "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"};

// Up to 99: "ventuno", "ventitre", "trentotto".
std::optional<unsigned> italian_below_hundred(std::string_view word) {
  for (unsigned n = 0; n < italian_small.size(); ++n) {
    if (word == italian_small[n]) return n;
  }
  for (unsigned i = 0; i < italian_tens.size(); ++i) {
    const auto ten = italian_tens[i];
    if (word == ten) return (i + 2) * 10;
    for (unsigned n = 1; n < 10; ++n) {
      // The last vowel goes before "uno" and "otto".
      const bool elided = n == 1 || n == 8;
      const auto stem = elided ? ten.substr(0, ten.size() - 1) : ten;
      if (word.size() == stem.size() + italian_small[n].size() && word.starts_with(stem) &&
          word.ends_with(italian_small[n])) {
        return (i + 2) * 10 + n;
      }
    }
  }
  return {};
}

// "millenovecentottanta", "duemila", "duemilaventisei", "duemilacento".
std::optional<unsigned> italian_year(std::string_view word) {
  unsigned year = 0;
  if (word.starts_with("mille")) {
    year = 1000;
    word.remove_prefix(5);
  } else if (word.starts_with("duemila")) {
    year = 2000;
    word.remove_prefix(7);
  } else {
    return {};
  }
  for (unsigned n = 1; n < 10; ++n) {
    const auto hundreds = (n == 1 ? std::string() : std::string(italian_small[n])) + "cento";
    // "novecentottanta": its o is also the o of "ottanta".
    if (word.starts_with(hundreds)) {
      year += n * 100;
      word.remove_prefix(hundreds.size());
      if (word.starts_with("tt")) {
        const auto rest = italian_below_hundred('o' + std::string(word));
        return rest ? std::optional(year + *rest) : std::nullopt;
      }
      break;
    }
  }
  if (word.empty()) return year;
  const auto rest = italian_below_hundred(word);
  return rest ? std::optional(year + *rest) : std::nullopt;
}

// --- English: a number may be several words

constexpr std::array<std::string_view, 20> english_small{
    "zero",     "one",     "two",     "three",     "four",     "five",    "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr std::array<std::string_view, 8> english_tens{"twenty", "thirty",  "forty",  "fifty",
                                                       "sixty",  "seventy", "eighty", "ninety"};
constexpr std::array<std::string_view, 20> english_ordinals{
    "",           "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};

// A run of words as one number, how many of them it took; days and two digits of a year.
struct ReadNumber {
  unsigned number = 0;
  std::size_t words = 0;
};

ReadNumber english_below_hundred(const std::vector<std::string>& words, std::size_t at) {
  if (at >= words.size()) return {};
  const auto place = [](const auto& names, std::string_view word) {
    return static_cast<unsigned>(std::ranges::find(names, word) - names.begin());
  };
  const auto& word = words[at];
  if (const auto n = place(english_small, word); n < english_small.size()) return {n, 1};
  if (const auto n = place(english_ordinals, word); n > 0 && n < english_ordinals.size()) {
    return {n, 1};
  }
  if (word == "twentieth") return {20, 1};
  if (word == "thirtieth") return {30, 1};
  const auto ten = place(english_tens, word);
  if (ten == english_tens.size()) return {};
  if (at + 1 < words.size()) {
    const auto small = place(english_small, words[at + 1]);
    const auto ordinal = place(english_ordinals, words[at + 1]);
    const auto unit = small < english_small.size() ? small : ordinal;
    if (unit > 0 && unit < 10) return {(ten + 2) * 10 + unit, 2};
  }
  return {(ten + 2) * 10, 1};
}

// "two thousand and twenty six", "twenty twenty six", "nineteen eighty", "nineteen oh five".
ReadNumber english_year(const std::vector<std::string>& words, std::size_t at) {
  const auto first = english_below_hundred(words, at);
  if (first.words != 1) return {};
  auto next = at + first.words;
  if (next < words.size() && words[next] == "thousand" && first.number < 10) {
    ++next;
    if (next < words.size() && words[next] == "and") ++next;
    const auto rest = english_below_hundred(words, next);
    return {first.number * 1000 + rest.number, next + rest.words - at};
  }
  if (words[at] != "nineteen" && words[at] != "twenty") return {};
  const bool oh = next < words.size() && (words[next] == "oh" || words[next] == "o");
  const auto rest = english_below_hundred(words, oh ? next + 1 : next);
  if (rest.words == 0 || (oh && rest.number > 9) || (!oh && rest.number < 10)) return {};
  return {first.number * 100 + rest.number, next + (oh ? 1U : 0U) + rest.words - at};
}

// --- both

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
    bool year = false;
    if (english) {
      read = english_year(words, i);
      year = read.words > 0;
      if (!year) read = english_below_hundred(words, i);
    } else if (const auto of = italian_year(words[i])) {
      read = {*of, 1};
      year = true;
    } else if (words[i] == "primo") {
      read = {1, 1};
    } else if (const auto small = italian_below_hundred(words[i])) {
      read = {*small, 1};
    }
    if (read.words > 0) said.push_back({read.number, year});
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
