#include "bridge/rehearsal/dates.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

constexpr std::array<std::string_view, 12> months_in_italian{
    "gennaio", "febbraio", "marzo",     "aprile",  "maggio",   "giugno",
    "luglio",  "agosto",   "settembre", "ottobre", "novembre", "dicembre"};
constexpr std::array<std::string_view, 12> months_in_english{
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
constexpr int first_year = 1900;
constexpr int last_year = 2100;
// Every month has it.
constexpr int last_day = 28;

bool is_year(std::int64_t number) {
  return number >= first_year && number <= last_year;
}

std::vector<std::string_view> words_in(std::string_view plain) {
  std::vector<std::string_view> words;
  while (!plain.empty()) {
    const std::size_t end = std::min(plain.find(' '), plain.size());
    if (end > 0) words.push_back(plain.substr(0, end));
    plain.remove_prefix(std::min(end + 1, plain.size()));
  }
  return words;
}

int month_named(std::string_view word) {
  for (const auto& months : {months_in_italian, months_in_english}) {
    const auto found = std::ranges::find(months, word);
    if (found != months.end()) return static_cast<int>(found - months.begin()) + 1;
  }
  return 0;
}

int number_named(std::string_view word) {
  if (word == "primo" || word == "first") return 1;
  const auto numbers = numbers_in(word);
  return numbers.size() == 1 && numbers[0] <= last_year ? static_cast<int>(numbers[0]) : 0;
}

bool is_day(int number) {
  return number >= 1 && number <= 31;
}

std::string figures(int number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

}  // namespace

bool asks_for_date(std::string_view plain) {
  return says_any(plain,
                  "che giorno|quale giorno|che data|quale data|la data|data di|giorno e mese|"
                  "giorno e il mese|giorno mese|quando è nato|quando è nata|what day|which day|"
                  "what date|which date|the date|date of|day and month|day and the month|"
                  "day month|when were you born");
}

SaidDate some_date(Dice& dice, std::string_view plain) {
  SaidDate date{.day = dice.between(1, last_day), .month = dice.between(1, 12)};
  std::vector<std::int64_t> years = numbers_in(plain);
  std::erase_if(years, [](std::int64_t number) { return !is_year(number); });
  if (!years.empty()) {
    const auto [first, last] = std::ranges::minmax(years);
    date.year = dice.between(static_cast<int>(first), static_cast<int>(last));
  } else if (says_any(plain, "nascita|nato|nata|birth|born")) {
    date.year = dice.between(1940, 2004);
  }
  return date;
}

std::string date_words(const SaidDate& date, bool italian) {
  const auto month = static_cast<std::size_t>(date.month - 1);
  std::string words =
      italian ? "il " + (date.day == 1 ? std::string("primo") : std::to_string(date.day)) + ' ' +
                    std::string(months_in_italian[month])
              : std::to_string(date.day) + ' ' + std::string(months_in_english[month]);
  if (date.year != 0) words += ' ' + std::to_string(date.year);
  return words;
}

std::string date_keys(const SaidDate& date) {
  return figures(date.day, 2) + figures(date.month, 2) +
         (date.year == 0 ? std::string() : figures(date.year, 4));
}

std::optional<SaidDate> date_in(std::string_view plain) {
  const auto words = words_in(plain);
  for (std::size_t i = 0; i < words.size(); ++i) {
    SaidDate date{.month = month_named(words[i])};
    if (date.month == 0) continue;
    // "12 march", "march 12".
    const int before = i == 0 ? 0 : number_named(words[i - 1]);
    const int after = i + 1 < words.size() ? number_named(words[i + 1]) : 0;
    date.day = is_day(before) ? before : after;
    if (!is_day(date.day)) continue;
    const std::size_t year_at = i + (is_day(before) ? 1 : 2);
    const int year = year_at < words.size() ? number_named(words[year_at]) : 0;
    if (is_year(year)) date.year = year;
    return date;
  }
  for (const std::string_view word : words) {
    if ((word.size() != 4 && word.size() != 8) ||
        word.find_first_not_of("0123456789") != std::string_view::npos) {
      continue;
    }
    const SaidDate date{.day = std::stoi(std::string(word.substr(0, 2))),
                        .month = std::stoi(std::string(word.substr(2, 2))),
                        .year = word.size() == 8 ? std::stoi(std::string(word.substr(4))) : 0};
    const bool has_year = date.year == 0 || is_year(date.year);
    if (is_day(date.day) && date.month >= 1 && date.month <= 12 && has_year) return date;
  }
  return {};
}

}  // namespace bridge::rehearsal
