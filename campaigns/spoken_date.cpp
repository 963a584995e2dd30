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
  // Days that are said from today on. Of two that begin with one word the longer is meant.
  std::vector<std::pair<std::string_view, int>> from_today{};
  // What is none, though a word of these ends it: a morning, a goodbye.
  std::vector<std::string_view> not_from_today{};
  // Before such a day, with nothing but the next between, these make another one of it, or none.
  std::vector<std::string_view> moving{};
  std::vector<std::string_view> between{};
  // Beside such a day they leave open which one is meant, or say that it is not.
  std::vector<std::string_view> unsettling{};
  // What stands before a time of day, behind one, and within.
  std::vector<std::string_view> before_time{};
  std::vector<std::string_view> behind_time{};
  std::vector<std::string_view> within_time{};
};

const DateWords* date_words(std::string_view language) {
  static const std::array<DateWords, 5> all{{
      {"it",
       {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
        "settembre", "ottobre", "novembre", "dicembre"},
       {},
       {"primo"},
       {"o"},
       {{"giorno dopo domani", 2},
        {"dopo domani", 2},
        {"dopodomani", 2},
        {"domani l altro", 2},
        {"domani", 1},
        {"oggi", 0},
        {"fino a domani", 1},
        {"altro ieri", -2},
        {"altroieri", -2},
        {"ieri l altro", -2},
        {"avant ieri", -2},
        {"ieri", -1}},
       {"a domani"},
       {"dopo", "prima", "oltre", "anziche", "invece", "posto", "vigilia"},
       {"di", "d", "il", "l", "che", "a"},
       {"no",
        "non",
        "mai",
        "nemmeno",
        "neanche",
        "neppure",
        "nessun",
        "tranne",
        "eccetto",
        "salvo",
        "altro",
        "settimana",
        "settimane",
        "mese",
        "mesi",
        "anno",
        "anni",
        "giorni",
        "quindicina",
        "indomani",
        "giorno dopo",
        "giorno prima",
        "giorno seguente",
        "giorno successivo",
        "giorno d oggi",
        "qualche giorno"},
       {"alle", "all", "dalle", "le", "ore"},
       {},
       {"e", "meno"}},
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
       {"see you tomorrow"},
       {"after", "before", "from", "but", "than", "instead", "eve"},
       {"the", "of", "on"},
       {"no",     "not",   "never",     "nor",        "neither",   "cannot",       "t",
        "except", "days",  "week",      "weeks",      "fortnight", "month",        "months",
        "year",   "years", "day after", "day before", "next day",  "following day"},
       {"at"},
       {"o clock", "oclock", "am", "pm", "a m", "p m"},
       {"and"}},
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
       {"am morgen",        "vom morgen",      "zum morgen",    "gegen morgen",   "der morgen",
        "den morgen",       "dem morgen",      "dieser morgen", "diesen morgen",  "diesem morgen",
        "jeder morgen",     "jeden morgen",    "jedem morgen",  "ein morgen",     "einen morgen",
        "einem morgen",     "guten morgen",    "guter morgen",  "schonen morgen", "schoenen morgen",
        "schoner morgen",   "schoener morgen", "fruhen morgen", "fruehen morgen", "nachsten morgen",
        "naechsten morgen", "letzten morgen",  "ganzen morgen", "bis morgen"},
       {"nach", "vor", "uber", "ueber", "als", "statt", "anstatt"},
       {"dem", "von"},
       {"nein",      "nicht",    "nie",     "niemals", "kein",  "keine",      "keinen",
        "keinem",    "ausser",   "woche",   "wochen",  "monat", "monate",     "monaten",
        "jahr",      "jahre",    "jahren",  "tage",    "tagen", "tag danach", "tag darauf",
        "tag davor", "tag nach", "tag vor", "folgetag"},
       {"um", "gegen"},
       {"uhr"},
       {"und"}},
      {"fr",
       {"janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre",
        "octobre", "novembre", "decembre"},
       {},
       {"premier"},
       {"er", "e", "eme"},
       {{"apres demain", 2}, {"demain", 1}, {"aujourd hui", 0}, {"avant hier", -2}, {"hier", -1}},
       {"a demain"},
       {"apres", "avant", "lieu"},
       {"de", "d", "le", "l", "que"},
       {"non",          "pas",          "jamais",        "ni",        "sauf",
        "excepte",      "aucun",        "semaine",       "semaines",  "mois",
        "an",           "ans",          "annee",         "annees",    "jours",
        "huitaine",     "quinzaine",    "veille",        "lendemain", "jour d apres",
        "jour d avant", "jour suivant", "jour precedent"},
       {},
       {"heure", "heures", "h"},
       {"et", "moins"}},
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
        {"antes ayer", -2},
        {"ante ayer", -2},
        {"anteayer", -2},
        {"ayer", -1}},
       {"la manana", "buena manana", "esta manana", "esa manana", "aquella manana", "misma manana",
        "una manana", "cada manana", "alguna manana", "otra manana", "primera manana",
        "media manana", "pasada manana", "proxima manana", "hasta manana"},
       {"antes", "despues", "tras", "pasado", "traspasado", "menos", "vez", "lugar"},
       {"de", "del", "el"},
       {"no",        "nunca",         "jamas",       "tampoco",   "ni",
        "excepto",   "salvo",         "semana",      "semanas",   "mes",
        "meses",     "ano",           "anos",        "quincena",  "vispera",
        "de manana", "dia siguiente", "dia despues", "dia antes", "dia anterior"},
       {"las", "la"},
       {},
       {"y", "menos"}},
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
  std::size_t at = 0;
  std::size_t words = 1;
};

std::vector<SaidNumber> numbers_said(const std::vector<std::string>& words, const DateWords* date) {
  std::vector<SaidNumber> said;
  const auto language = date == nullptr ? std::string_view() : date->language;
  for (std::size_t i = 0; i < words.size();) {
    if (const auto number = figures_in(words[i], date)) {
      said.push_back({*number, *number > 99, i});
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
    if (read.words > 0) {
      said.push_back({static_cast<unsigned>(read.number), read.number > 99, i, read.words});
    }
    i += std::max<std::size_t>(read.words, 1);
  }
  return said;
}

// How many words a phrase is of that begins at words[at]; 0: it does not begin there.
std::size_t phrase_at(const std::vector<std::string>& words, std::size_t at,
                      std::string_view phrase) {
  const auto parts = split_words(std::string(phrase));
  const bool begins =
      at + parts.size() <= words.size() &&
      std::equal(parts.begin(), parts.end(), words.begin() + static_cast<std::ptrdiff_t>(at));
  return begins ? parts.size() : 0;
}

// The longest of those that begin there.
std::size_t any_phrase_at(const std::vector<std::string>& words, std::size_t at,
                          const std::vector<std::string_view>& phrases) {
  std::size_t longest = 0;
  for (const auto phrase : phrases) longest = std::max(longest, phrase_at(words, at, phrase));
  return longest;
}

bool is_among(const std::vector<std::string_view>& all, std::string_view word) {
  return std::ranges::find(all, word) != all.end();
}

// What is said from today on.
struct FromToday {
  bool said = false;          // anything of the kind
  std::optional<int> days{};  // which day it is; nothing: several, or another that these words hide
};

FromToday from_today(const std::vector<std::string>& words, const DateWords& date) {
  FromToday found;
  bool settled = true;
  for (std::size_t i = 0; i < words.size();) {
    std::size_t longest = 0;
    int days = 0;
    for (const auto& [phrase, of_phrase] : date.from_today) {
      const auto size = phrase_at(words, i, phrase);
      if (size > longest) longest = size, days = of_phrase;
    }
    if (const auto none = any_phrase_at(words, i, date.not_from_today); none > longest) {
      i += none;
      continue;
    }
    if (longest == 0) {
      settled &= any_phrase_at(words, i, date.unsettling) == 0;
      ++i;
      continue;
    }
    auto before = i;
    while (before > 0 && is_among(date.between, words[before - 1]) &&
           !is_among(date.moving, words[before - 1])) {
      --before;
    }
    settled &= before == 0 || !is_among(date.moving, words[before - 1]);
    settled &= !found.said || found.days == days;
    found = {true, days};
    i += longest;
  }
  if (!settled) found.days.reset();
  return found;
}

// Whether the numbers from said[first] to said[last] are a time of day, or several: "at ten ten".
bool is_time(const std::vector<std::string>& words, const std::vector<SaidNumber>& said,
             std::size_t first, std::size_t last, const DateWords& date) {
  const auto begins = said[first].at;
  if (begins > 0 && is_among(date.before_time, words[begins - 1])) return true;
  for (auto i = first; i <= last; ++i) {
    if (any_phrase_at(words, said[i].at + said[i].words, date.behind_time) > 0) return true;
  }
  return false;
}

// How many of the numbers belong to a time of day. Those that nothing stands between but what may
// stand within one belong together.
std::size_t count_of_time(const std::vector<std::string>& words,
                          const std::vector<SaidNumber>& said, const DateWords& date) {
  const auto belongs = [&](const SaidNumber& one, const SaidNumber& next) {
    for (auto i = one.at + one.words; i < next.at;) {
      const auto behind = any_phrase_at(words, i, date.behind_time);
      if (behind == 0 && !is_among(date.within_time, words[i])) return false;
      i += std::max<std::size_t>(behind, 1);
    }
    return true;
  };
  std::size_t count = 0;
  for (std::size_t first = 0; first < said.size();) {
    auto last = first;
    while (last + 1 < said.size() && belongs(said[last], said[last + 1])) ++last;
    if (is_time(words, said, first, last, date)) count += last - first + 1;
    first = last + 1;
  }
  return count;
}

// "I may": no month.
bool is_verb(const std::vector<std::string>& words, std::size_t at, const DateWords* date) {
  static const std::vector<std::string_view> persons{"i",  "you", "we", "they",
                                                     "he", "she", "it", "who"};
  return date != nullptr && date->language == "en" && words[at] == "may" && at > 0 &&
         is_among(persons, words[at - 1]);
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
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    const auto named = is_verb(words, i, date) ? std::nullopt : month_named(word, date);
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
  if (!month && date != nullptr) {
    const auto of_time = count_of_time(words, said, *date);
    const auto relative = from_today(words, *date);
    if (relative.said) {
      // Where the month is not named, what else is said in numbers may be anything but the time.
      if (!today || !relative.days || of_time < said.size()) return {};
      const auto day = *today + std::chrono::days{*relative.days};
      return range.contains(day) ? std::optional(day) : std::nullopt;
    }
    if (of_time > 0) return {};
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
