#include "campaigns/spoken_number.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>

#include "campaigns/skip_logic.hpp"
#include "campaigns/speech.hpp"

namespace campaigns {

namespace {

using WordList = std::vector<std::string>;
using NumberNames = std::vector<std::string>;
using MaybeNumber = std::optional<std::int64_t>;

// NumberNames as they stand in folded speech, without the blanks around them.
NumberNames named(std::initializer_list<std::string_view> written) {
  NumberNames all;
  for (const auto name : written) {
    auto word = folded(name);
    all.push_back(word.substr(1, word.size() - 2));
  }
  return all;
}

// The place of a word among names, from `first` on.
MaybeNumber place_in(const NumberNames& all, std::string_view word, std::int64_t first = 0) {
  const auto found = std::ranges::find(all, word);
  if (found == all.end() || word.empty()) return {};
  return first + (found - all.begin());
}

std::string_view word_at(const WordList& words, std::size_t at) {
  return at < words.size() ? std::string_view(words[at]) : std::string_view();
}

// Up to three figures, or nothing.
MaybeNumber few_figures(std::string_view word) {
  return word.size() <= 3 ? whole_number_of(word) : std::nullopt;
}

// Of languages whose numbers are one word: the parts that were written apart all the same, "mille
// duecento", "zwei tausend". `one` reads a word, `plus` is the "and" before a last part.
ReadNumber read_compounds(const WordList& words, std::size_t at,
                          MaybeNumber (*one)(std::string_view), std::string_view hundred,
                          std::string_view thousand, std::string_view plus) {
  const auto figures = few_figures(word_at(words, at));
  const auto first = figures ? figures : one(word_at(words, at));
  if (!first) return {};
  ReadNumber read{*first, 1};
  while (true) {
    const auto next = word_at(words, at + read.words);
    if (next == hundred && read.number > 0 && read.number < 10) {
      read.number *= 100;
      ++read.words;
      continue;
    }
    if (next == thousand && read.number > 1 && read.number < 1000) {
      read.number *= 1000;
      ++read.words;
      continue;
    }
    const std::int64_t room = read.number % 1000 == 0 ? 1000 : read.number % 100 == 0 ? 100 : 0;
    if (room == 0 || read.number == 0) break;
    const std::size_t skipped = next == plus ? 1 : 0;
    const auto part = one(word_at(words, at + read.words + skipped));
    if (!part || *part == 0 || *part >= room) break;
    read.number += *part;
    read.words += skipped + 1;
  }
  // Figures by themselves are no words.
  return figures && read.words == 1 ? ReadNumber{} : read;
}

// --- Italian

const NumberNames& italian_small() {
  static const NumberNames all =
      named({"zero",        "uno",      "due",    "tre",         "quattro",  "cinque",    "sei",
             "sette",       "otto",     "nove",   "dieci",       "undici",   "dodici",    "tredici",
             "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove"});
  return all;
}

// "ventuno", "ventitre", "trentotto"; "ventun" before what is counted.
MaybeNumber italian_below_hundred(std::string_view word) {
  static const NumberNames tens = named(
      {"venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta"});
  if (const auto small = place_in(italian_small(), word)) return small;
  for (std::size_t i = 0; i < tens.size(); ++i) {
    const auto number = static_cast<std::int64_t>(i + 2) * 10;
    const std::string_view ten = tens[i];
    if (word == ten) return number;
    // The last vowel goes before "uno" and "otto".
    const auto stem = ten.substr(0, ten.size() - 1);
    if (!word.starts_with(stem)) continue;
    const auto rest = word.substr(stem.size());
    if (rest == "uno" || rest == "un") return number + 1;
    if (rest == "otto") return number + 8;
    if (!word.starts_with(ten)) continue;
    const auto unit = place_in(italian_small(), word.substr(ten.size()));
    if (unit && *unit > 1 && *unit < 10 && *unit != 8) return number + *unit;
  }
  return {};
}

// "cento", "duecentotre"; the o of "cento" may be that of "otto" and go before "uno".
MaybeNumber italian_below_thousand(std::string_view word) {
  std::int64_t hundreds = 1;
  std::string_view rest = word;
  for (std::size_t n = 2; n < 10; ++n) {
    const std::string_view unit = italian_small()[n];
    if (!word.starts_with(unit) || !word.substr(unit.size()).starts_with("cent")) continue;
    hundreds = static_cast<std::int64_t>(n);
    rest.remove_prefix(unit.size());
  }
  if (rest.starts_with("cento")) {
    const auto last = rest.substr(5);
    if (last.empty()) return hundreds * 100;
    const auto more = italian_below_hundred(last);
    if (more && *more > 0) return hundreds * 100 + *more;
  }
  if (rest.starts_with("cent")) {
    const auto last = rest.substr(4);
    const auto more = italian_below_hundred(last);
    const bool elides = last.starts_with('o') || last.starts_with('u');
    return more && elides ? MaybeNumber(hundreds * 100 + *more) : std::nullopt;
  }
  return italian_below_hundred(word);
}

// "millenovecentottanta", "duemila", "trentaduemilacento".
MaybeNumber italian_number(std::string_view word) {
  if (word == "una") return 1;
  std::int64_t thousands = 1;
  std::string_view rest;
  if (word.starts_with("mille")) {
    rest = word.substr(5);
  } else if (const auto at = word.find("mila"); at != std::string_view::npos) {
    const auto many = italian_below_thousand(word.substr(0, at));
    if (!many || *many < 2) return {};
    thousands = *many;
    rest = word.substr(at + 4);
  } else {
    return italian_below_thousand(word);
  }
  if (rest.empty()) return thousands * 1000;
  const auto more = italian_below_thousand(rest);
  return more && *more > 0 ? MaybeNumber(thousands * 1000 + *more) : std::nullopt;
}

ReadNumber read_italian(const WordList& words, std::size_t at) {
  return read_compounds(words, at, italian_number, "cento", "mila", "e");
}

// --- English

const NumberNames& english_small() {
  static const NumberNames all =
      named({"zero",     "one",     "two",     "three",     "four",     "five",    "six",
             "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
             "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"});
  return all;
}

ReadNumber english_below_hundred(const WordList& words, std::size_t at) {
  static const NumberNames tens =
      named({"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"});
  static const NumberNames ordinals =
      named({"first",     "second",      "third",      "fourth",     "fifth",
             "sixth",     "seventh",     "eighth",     "ninth",      "tenth",
             "eleventh",  "twelfth",     "thirteenth", "fourteenth", "fifteenth",
             "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"});
  const auto word = word_at(words, at);
  if (const auto small = place_in(english_small(), word)) return {*small, 1};
  if (const auto ordinal = place_in(ordinals, word, 1)) return {*ordinal, 1, true};
  if (word == "thirtieth") return {30, 1, true};
  const auto ten = place_in(tens, word, 2);
  if (!ten) return {};
  const auto next = word_at(words, at + 1);
  const auto unit = place_in(english_small(), next);
  if (unit && *unit > 0 && *unit < 10) return {*ten * 10 + *unit, 2};
  const auto ordinal = place_in(ordinals, next, 1);
  if (ordinal && *ordinal < 10) return {*ten * 10 + *ordinal, 2, true};
  return {*ten * 10, 1};
}

// "a hundred", "two hundred and five", "twelve hundred"; `figures` may stand for its first part.
ReadNumber english_below_thousand(const WordList& words, std::size_t at) {
  const auto word = word_at(words, at);
  const auto next = word_at(words, at + 1);
  ReadNumber read = english_below_hundred(words, at);
  if (const auto figures = few_figures(word); figures && (next == "hundred" || next == "thousand"))
    read = {*figures, 1};
  if (read.words == 0 && word == "hundred") {
    read = {100, 1};
  } else if (read.words == 0 && word == "a" && next == "hundred") {
    read = {100, 2};
  } else if (!read.ordinal && read.number > 0 && read.number < 20 && read.number != 10 &&
             word_at(words, at + read.words) == "hundred") {
    read = {read.number * 100, read.words + 1};
  } else {
    return read;
  }
  const std::size_t skipped = word_at(words, at + read.words) == "and" ? 1 : 0;
  const auto rest = english_below_hundred(words, at + read.words + skipped);
  if (rest.words == 0 || rest.number == 0) return read;
  return {read.number + rest.number, read.words + skipped + rest.words, rest.ordinal};
}

ReadNumber read_english(const WordList& words, std::size_t at) {
  auto read = english_below_thousand(words, at);
  const auto next = word_at(words, at + read.words);
  if (read.words == 0 && next == "thousand") {
    read = {1000, 1};
  } else if (read.words == 0 && next == "a" && word_at(words, at + 1) == "thousand") {
    read = {1000, 2};
  } else if (!read.ordinal && next == "thousand" && read.number > 0 && read.number < 1000) {
    read = {read.number * 1000, read.words + 1};
  } else {
    return read;
  }
  const std::size_t skipped = word_at(words, at + read.words) == "and" ? 1 : 0;
  const auto rest = english_below_thousand(words, at + read.words + skipped);
  if (rest.words == 0 || rest.number == 0 || rest.number > 999) return read;
  return {read.number + rest.number, read.words + skipped + rest.words, rest.ordinal};
}

// --- German

const NumberNames& german_small() {
  static const NumberNames all =
      named({"null",     "ein",      "zwei",     "drei",     "vier",     "fünf",    "sechs",
             "sieben",   "acht",     "neun",     "zehn",     "elf",      "zwölf",   "dreizehn",
             "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"});
  return all;
}

// "fünfundzwanzig"; "eins" is "ein" at the end.
MaybeNumber german_below_hundred(std::string_view word) {
  static const NumberNames tens = named(
      {"zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"});
  if (word == "eins") return 1;
  if (word == "zwo") return 2;
  if (const auto small = place_in(german_small(), word)) return small;
  for (std::size_t i = 0; i < tens.size(); ++i) {
    if (!word.ends_with(tens[i])) continue;
    const auto number = static_cast<std::int64_t>(i + 2) * 10;
    auto rest = word.substr(0, word.size() - tens[i].size());
    if (rest.empty()) return number;
    if (!rest.ends_with("und")) return {};
    rest.remove_suffix(3);
    const auto unit = rest == "zwo" ? MaybeNumber(2) : place_in(german_small(), rest);
    return unit && *unit > 0 && *unit < 10 ? MaybeNumber(number + *unit) : std::nullopt;
  }
  return {};
}

// What stands before and behind "hundert" or "tausend".
MaybeNumber german_parts(std::string_view word, std::string_view unit, std::int64_t value,
                         std::int64_t many_max, MaybeNumber (*part)(std::string_view)) {
  const auto at = word.find(unit);
  if (at == std::string_view::npos) return part(word);
  const auto many = at == 0 ? MaybeNumber(1) : part(word.substr(0, at));
  if (!many || *many == 0 || *many > many_max) return {};
  auto rest = word.substr(at + unit.size());
  if (rest.empty()) return *many * value;
  if (rest.starts_with("und")) rest.remove_prefix(3);
  const auto more = part(rest);
  return more && *more > 0 && *more < value ? MaybeNumber(*many * value + *more) : std::nullopt;
}

MaybeNumber german_below_thousand(std::string_view word) {
  return german_parts(word, "hundert", 100, 19, german_below_hundred);
}

MaybeNumber german_number(std::string_view word) {
  if (word == "eine") return 1;
  return german_parts(word, "tausend", 1000, 999, german_below_thousand);
}

ReadNumber read_german(const WordList& words, std::size_t at) {
  return read_compounds(words, at, german_number, "hundert", "tausend", "und");
}

// --- French

MaybeNumber french_unit(std::string_view word) {
  static const NumberNames units =
      named({"un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"});
  return word == "une" ? MaybeNumber(1) : place_in(units, word, 1);
}

ReadNumber french_below_twenty(const WordList& words, std::size_t at) {
  static const NumberNames teens =
      named({"dix", "onze", "douze", "treize", "quatorze", "quinze", "seize"});
  const auto word = word_at(words, at);
  if (const auto unit = french_unit(word)) return {*unit, 1};
  if (word == "zero") return {0, 1};
  const auto teen = place_in(teens, word, 10);
  if (!teen) return {};
  const auto unit = french_unit(word_at(words, at + 1));
  if (*teen == 10 && unit && *unit > 6) return {10 + *unit, 2};
  return {*teen, 1};
}

ReadNumber french_below_hundred(const WordList& words, std::size_t at) {
  static const NumberNames tens = named(
      {"vingt", "trente", "quarante", "cinquante", "soixante", "septante", "huitante", "nonante"});
  const auto word = word_at(words, at);
  const auto next = word_at(words, at + 1);
  if (word == "quatre" && (next == "vingt" || next == "vingts")) {
    const auto rest = french_below_twenty(words, at + 2);
    if (rest.words == 0 || rest.number == 0) return {80, 2};
    return {80 + rest.number, 2 + rest.words};
  }
  const auto ten = word == "octante" ? MaybeNumber(8) : place_in(tens, word, 2);
  if (!ten) return french_below_twenty(words, at);
  if (next == "et") {
    const auto last = word_at(words, at + 2);
    if (last == "un" || last == "une") return {*ten * 10 + 1, 3};
    if (*ten == 6 && last == "onze") return {71, 3};
    return {*ten * 10, 1};
  }
  const auto rest = french_below_twenty(words, at + 1);
  const std::int64_t most = *ten == 6 ? 19 : 9;
  if (rest.words == 0 || rest.number < 2 || rest.number > most) return {*ten * 10, 1};
  return {*ten * 10 + rest.number, 1 + rest.words};
}

ReadNumber french_below_thousand(const WordList& words, std::size_t at) {
  const auto word = word_at(words, at);
  const auto next = word_at(words, at + 1);
  const auto unit = few_figures(word) ? few_figures(word) : french_unit(word);
  ReadNumber read;
  if (word == "cent") {
    read = {100, 1};
  } else if (unit && *unit > 1 && *unit < 10 && (next == "cent" || next == "cents")) {
    read = {*unit * 100, 2};
  } else {
    return french_below_hundred(words, at);
  }
  const auto rest = french_below_hundred(words, at + read.words);
  if (rest.words == 0 || rest.number == 0) return read;
  return {read.number + rest.number, read.words + rest.words};
}

ReadNumber read_french(const WordList& words, std::size_t at) {
  const auto thousand = [](std::string_view word) { return word == "mille" || word == "mil"; };
  auto read = french_below_thousand(words, at);
  const auto figures = few_figures(word_at(words, at));
  if (read.words == 0 && figures) read = {*figures, 1};
  if (read.words == 0 && thousand(word_at(words, at))) {
    read = {1000, 1};
  } else if (read.number > 1 && thousand(word_at(words, at + read.words))) {
    read = {read.number * 1000, read.words + 1};
  } else {
    return figures && read.words == 1 ? ReadNumber{} : read;
  }
  const auto rest = french_below_thousand(words, at + read.words);
  if (rest.words == 0 || rest.number == 0) return read;
  return {read.number + rest.number, read.words + rest.words};
}

// --- Spanish

ReadNumber spanish_below_hundred(const WordList& words, std::size_t at) {
  static const NumberNames small = named(
      {"cero",         "uno",         "dos",        "tres",        "cuatro",     "cinco",
       "seis",         "siete",       "ocho",       "nueve",       "diez",       "once",
       "doce",         "trece",       "catorce",    "quince",      "dieciséis",  "diecisiete",
       "dieciocho",    "diecinueve",  "veinte",     "veintiuno",   "veintidós",  "veintitrés",
       "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"});
  static const NumberNames tens =
      named({"treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"});
  const auto unit = [](std::string_view word) {
    return word == "una" ? MaybeNumber(1) : place_in(small, word);
  };
  const auto word = word_at(words, at);
  if (word == "veintiun" || word == "veintiuna") return {21, 1};
  if (const auto number = unit(word)) return {*number, 1};
  const auto ten = place_in(tens, word, 3);
  if (!ten) return {};
  if (word_at(words, at + 1) == "y") {
    const auto last = word_at(words, at + 2);
    const auto more = last == "un" ? MaybeNumber(1) : unit(last);
    if (more && *more > 0 && *more < 10) return {*ten * 10 + *more, 3};
  }
  return {*ten * 10, 1};
}

ReadNumber spanish_below_thousand(const WordList& words, std::size_t at) {
  static const NumberNames masculine =
      named({"ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos",
             "setecientos", "ochocientos", "novecientos"});
  static const NumberNames feminine =
      named({"ciento", "doscientas", "trescientas", "cuatrocientas", "quinientas", "seiscientas",
             "setecientas", "ochocientas", "novecientas"});
  const auto word = word_at(words, at);
  if (word == "cien") return {100, 1};
  auto hundreds = place_in(masculine, word, 1);
  if (!hundreds) hundreds = place_in(feminine, word, 1);
  if (!hundreds) return spanish_below_hundred(words, at);
  const auto rest = spanish_below_hundred(words, at + 1);
  if (rest.words == 0 || rest.number == 0) return {*hundreds * 100, 1};
  return {*hundreds * 100 + rest.number, 1 + rest.words};
}

ReadNumber read_spanish(const WordList& words, std::size_t at) {
  auto read = spanish_below_thousand(words, at);
  const auto figures = few_figures(word_at(words, at));
  if (figures) read = {*figures, 1};
  if (read.words == 0 && word_at(words, at) == "mil") {
    read = {1000, 1};
  } else if (read.number > 1 && word_at(words, at + read.words) == "mil") {
    read = {read.number * 1000, read.words + 1};
  } else {
    return figures ? ReadNumber{} : read;
  }
  const auto rest = spanish_below_thousand(words, at + read.words);
  if (rest.words == 0 || rest.number == 0) return read;
  return {read.number + rest.number, read.words + rest.words};
}

// --- what stands beside a number

struct LanguageOfNumbers {
  ReadNumber (*read)(const WordList&, std::size_t) = nullptr;
  // Beside a number they make another one of it.
  NumberNames others{};
  // Before one they change its sign.
  NumberNames minus{};
  // Between a number and the rest of it.
  NumberNames plus{};
  std::array<std::string_view, 11> to_ten{};
};

const LanguageOfNumbers& numbers_in(std::string_view language) {
  static const std::map<std::string_view, LanguageOfNumbers> by_language = {
      {"it",
       {read_italian,
        named({"mezzo",     "mezza",     "virgola",    "punto",       "milione",    "milioni",
               "miliardo",  "miliardi",  "centinaio",  "centinaia",   "migliaio",   "migliaia",
               "mila",      "decina",    "decine",     "dozzina",     "dozzine",    "quindicina",
               "ventina",   "trentina",  "quarantina", "cinquantina", "sessantina", "settantina",
               "ottantina", "novantina", "quarto",     "quarti",      "terzo",      "terzi",
               "decimo",    "decimi"}),
        named({"meno"}),
        named({"e", "un"}),
        {"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove",
         "dieci"}}},
      {"en",
       {read_english,
        named({"few",     "several",  "couple",  "half",     "halves", "quarter",  "quarters",
               "thirds",  "tenths",   "point",   "dot",      "oh",     "hundreds", "thousands",
               "million", "millions", "billion", "billions", "dozen",  "dozens"}),
        named({"minus", "negative"}),
        named({"and", "a"}),
        {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}}},
      {"de",
       {read_german,
        named({"halb",    "halbe",     "halber",    "halbes",     "einhalb",  "komma",
               "punkt",   "viertel",   "drittel",   "zehntel",    "hunderte", "tausende",
               "million", "millionen", "milliarde", "milliarden", "dutzend",  "paar",
               "einige",  "mehrere",   "bisschen"}),
        named({"minus"}),
        named({"und", "ein", "eine"}),
        {"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
         "zehn"}}},
      {"fr",
       {read_french,
        named({"quelques",     "demi",        "demie",     "virgule",   "quart",     "quarts",
               "tiers",        "dixième",     "dixièmes",  "vingts",    "cents",     "million",
               "millions",     "milliard",    "milliards", "millier",   "milliers",  "dizaine",
               "dizaines",     "douzaine",    "quinzaine", "vingtaine", "trentaine", "quarantaine",
               "cinquantaine", "soixantaine", "centaine",  "centaines", "peu"}),
        named({"moins"}),
        named({"et"}),
        {"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"}}},
      {"es",
       {read_spanish,
        named({"varios",   "varias",     "medio",    "media",    "coma",      "punto",
               "cuarto",   "cuartos",    "tercio",   "tercios",  "décimo",    "décimos",
               "cientos",  "miles",      "millón",   "millones", "decena",    "decenas",
               "docena",   "docenas",    "quincena", "veintena", "treintena", "centena",
               "centenar", "centenares", "millar",   "millares"}),
        named({"menos"}),
        named({"y", "un"}),
        {"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve",
         "diez"}}},
  };
  // Of other languages only words that make another number of figures.
  static const LanguageOfNumbers other{
      nullptr,
      named({"cem",      "cento",    "centos",      "mil",      "milhão",    "milhões",   "milhar",
             "milhares", "vírgula",  "meio",        "meia",     "honderd",   "duizend",   "miljoen",
             "komma",    "halve",    "hundra",      "tusen",    "miljon",    "miljoner",  "hundre",
             "hundrede", "tusind",   "millioner",   "sto",      "tysiąc",    "tysiące",   "tysięcy",
             "milion",   "miliony",  "milionów",    "tisíc",    "tisíce",    "sută",      "sute",
             "mie",      "mii",      "milioane",    "száz",     "ezer",      "millió",    "yüz",
             "bin",      "milyon",   "sata",        "tuhat",    "tuhatta",   "hiljada",   "hiljade",
             "tisuća",   "tisuće",   "mijë",        "тысяча",   "тысячи",    "тысяч",     "тысячу",
             "сто",      "сотен",    "миллион",     "миллиона", "миллионов", "половиной", "целых",
             "тисяча",   "тисячі",   "тисяч",       "мільйон",  "хиляда",    "хиляди",    "εκατό",
             "χίλια",    "χιλιάδες", "εκατομμύρια", "κόμμα",    "μισή",      "μισό",      "ألف",
             "آلاف",     "مئة",      "مائة",        "مليون",    "ملايين",    "نصف",       "فاصلة",
             "אלף",      "אלפים",    "מאה",         "מיליון",   "חצי",       "וחצי",      "सौ",
             "हज़ार",     "लाख",      "करोड़",        "十",       "百",        "千",        "万",
             "萬",       "亿",       "億",          "点",       "點",        "半"}),
      named({"menos", "minus", "moins", "min", "минус", "мінус", "μείον", "ناقص", "מינוס"}),
      named({"e", "en", "og", "och", "i", "și", "с", "и", "και", "و"}),
      {}};
  const auto found = by_language.find(primary_language(language));
  return found == by_language.end() ? other : found->second;
}

// What marks groups of three figures there, and nothing else; nothing where use differs.
char group_mark(std::string_view language) {
  static constexpr std::array<std::string_view, 7> points{"it",    "it-IT", "de",   "de-DE",
                                                          "de-AT", "es",    "es-ES"};
  if (std::ranges::find(points, language) != points.end()) return '.';
  return primary_language(language) == "en" && language != "en-ZA" ? ',' : '\0';
}

bool all_figures(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::string_view broken = "|";      // between clauses: no number goes on behind it
constexpr std::string_view unread = "?";      // figures that are no whole number
constexpr std::string_view scale_mark = "/";  // of "8/10"

// WordList of the speech with its figures put together: "2.002" is "2002", "5.5" is `unread`.
WordList with_whole_figures(std::string_view speech, std::string_view language) {
  const auto spoken = spoken_words(speech);
  WordList words;
  for (std::size_t i = 0; i < spoken.size();) {
    const std::string_view before = spoken[i].before;
    if (begins_clause(spoken[i])) words.emplace_back(before == scale_mark ? scale_mark : broken);
    if (!all_figures(spoken[i].word)) {
      words.push_back(spoken[i].word);
      ++i;
      continue;
    }
    std::string figures = spoken[i].word;
    const bool may_group = figures.size() <= 3 && figures.front() != '0';
    bool whole =
        !(before.ends_with('-') || before.ends_with("\u2212")) || (i > 0 && before.size() == 1);
    std::string_view mark;
    std::size_t groups = 0;
    for (++i; i < spoken.size() && all_figures(spoken[i].word); ++i) {
      const std::string_view next = spoken[i].before;
      if (next == scale_mark) break;
      const bool three = spoken[i].word.size() == 3;
      const bool wide = next == "\u00a0" || next == "\u202f" || next == "'" || next == "\u2019";
      // Three figures with a nought in front are no number by themselves.
      const bool group = three && may_group && (groups == 0 || next == mark) &&
                         (next == "." || next == "," || wide ||
                          (next == " " && (groups > 0 || spoken[i].word.front() == '0')));
      if (!group && next.find(' ') != std::string_view::npos) break;
      whole &= group;
      mark = next;
      ++groups;
      figures += spoken[i].word;
    }
    // One mark alone may be that of a decimal.
    if (groups == 1 && (mark == "." || mark == ",") && mark.front() != group_mark(language)) {
      whole = false;
    }
    words.push_back(whole ? figures : std::string(unread));
  }
  return words;
}

// Words for a key or a number.
bool leads_to_number(std::string_view word) {
  static const NumberNames all =
      named({"numero", "tasto",   "premo",  "premuto", "opzione", "risposta", "voto",
             "number", "key",     "button", "press",   "pressed", "option",   "answer",
             "nummer", "taste",   "zahl",   "antwort", "drücke",  "touche",   "chiffre",
             "numéro", "réponse", "tecla",  "número",  "opción",  "respuesta"});
  return is_one_of(all, word);
}

// An article before a number. Not those of several: "los dos" are both.
bool is_article(std::string_view word, std::string_view language) {
  static const NumberNames all =
      named({"il", "la", "l", "lo", "un", "una", "uno", "the", "a", "an", "der", "die", "das",
             "den", "ein", "eine", "einen", "une", "el"});
  // In Italian that of several, and of the hour.
  return is_one_of(all, word) || (word == "le" && language == "fr");
}

// Whether, of the words from `first` to `last`, which are a number, nothing is said about anything
// else in their clause; before a word for a key or a number it may be: "ho premuto il tasto due".
bool stands_alone(const WordList& words, std::size_t first, std::size_t last,
                  std::string_view language) {
  while (is_aside(word_at(words, last), word_at(words, last + 1))) ++last;
  if (last < words.size() && words[last] != broken) return false;
  while (first > 0 && (is_article(words[first - 1], language) ||
                       is_aside(words[first - 1], word_at(words, first)))) {
    --first;
  }
  return first == 0 || words[first - 1] == broken || leads_to_number(words[first - 1]);
}

// Behind the words "su" of "8 su 10"; where there are none, `at`.
std::size_t after_scale_words(const WordList& words, std::size_t at) {
  static const NumberNames one = named({"su", "von", "sur", "sobre", "of", "de"});
  const auto word = word_at(words, at);
  if (word == "out" && word_at(words, at + 1) == "of") return at + 2;
  return is_one_of(one, word) || word == scale_mark ? at + 1 : at;
}

// Limits as they stand in folded speech, with the blanks around them.
std::vector<std::string> limits_in(std::initializer_list<std::string_view> phrases) {
  std::vector<std::string> all;
  for (const auto phrase : phrases) all.push_back(folded(phrase));
  return all;
}

// Whether the words before or behind a number, with one more between, say that it is only a limit
// of what is meant: "at least five", "five people or more". "Five, more or less" is five.
bool is_limit(const WordList& words, std::size_t first, std::size_t end,
              std::string_view language) {
  static const auto before =
      limits_in({"meno di",   "meno d",     "più di",    "più d",     "almeno",       "al massimo",
                 "al minimo", "fino a",     "oltre",     "less than", "fewer than",   "more than",
                 "at least",  "at most",    "up to",     "over",      "under",        "weniger als",
                 "mehr als",  "mindestens", "höchstens", "bis zu",    "über",         "unter",
                 "moins de",  "moins d",    "plus de",   "plus d",    "au moins",     "au plus",
                 "jusqu'à",   "menos de",   "más de",    "al menos",  "por lo menos", "como mucho",
                 "hasta"});
  static const auto behind = limits_in(
      {"o più",       "o meno",      "e più",        "e oltre",     "al massimo", "al minimo",
       "almeno",      "or more",     "or less",      "or fewer",    "and more",   "at most",
       "at least",    "oder mehr",   "oder weniger", "und mehr",    "höchstens",  "mindestens",
       "ou plus",     "ou moins",    "et plus",      "au plus",     "au moins",   "maximum",
       "massimo",     "máximo",      "o más",        "o menos",     "y más",      "como mucho",
       "como máximo", "como mínimo", "al menos",     "por lo menos"});
  static const NumberNames more_or_less = named({"più", "more", "mehr", "plus", "más"});
  while (first > 0 && is_article(words[first - 1], language)) --first;
  std::string text = " ";
  for (std::size_t i = first - std::min<std::size_t>(first, 3); i < first; ++i) {
    text += words[i] + ' ';
  }
  if (std::ranges::any_of(before, [&](const auto& limit) { return text.ends_with(limit); })) {
    return true;
  }
  const bool pauses = word_at(words, end) == broken;
  if (pauses) ++end;
  text = " ";
  for (std::size_t i = end; i < std::min(words.size(), end + 4); ++i) text += words[i] + ' ';
  const auto next = text.find(' ', 1);
  const bool may_skip =
      next != std::string::npos && !pauses && !is_one_of(more_or_less, word_at(words, end));
  return std::ranges::any_of(behind, [&](const auto& limit) {
    return text.starts_with(limit) ||
           (may_skip && std::string_view(text).substr(next).starts_with(limit));
  });
}

// A number where it stands.
struct FoundNumber {
  std::size_t first = 0;
  std::size_t end = 0;  // behind it, and behind its scale
  std::int64_t number = 0;
  bool is_none = false;  // an ordinal, or figures that are no whole number
};

// Whether the word for one is an article too.
bool is_also_article(std::string_view word) {
  static const NumberNames all = named({"un", "una", "une", "ein", "eine"});
  return is_one_of(all, word);
}

// Whether the word for one is the article of the number behind it. Marks are masculine where they
// have an article, in German feminine; and whoever says how many there are may leave out an "or".
bool is_article_of(std::string_view word, std::int64_t number, const NumbersAsked& asked) {
  if (!is_also_article(word) || asked.listed) return false;
  return asked.counted ? number > 2 : word == "un" || word == "eine" || number >= 100;
}

// "A hard one", "the blue one".
bool is_behind_article(const WordList& words, std::size_t at) {
  static const NumberNames articles = named({"a", "an", "the"});
  return at > 1 && words[at - 1] != broken && is_one_of(articles, words[at - 2]);
}

// Whether a word behind a number may be what is counted.
bool is_countable(std::string_view number, std::string_view word) {
  static const NumberNames others = named(
      {"momento", "attimo",  "secondo", "minuto",   "minuti",  "moment",     "second",  "sec",
       "minute",  "minutes", "instant", "seconde",  "minuten", "augenblick", "sekunde", "instante",
       "segundo", "rato",    "domanda", "question", "frage",   "pregunta",   "cosa",    "thing",
       "chose",   "robot",   "un",      "una",      "uno",     "il",         "la",      "lo",
       "a",       "di",      "in",      "da",       "tu",      "lei",        "proprio", "the",
       "of",      "is",      "was"});
  // Nouns of several in Italian end like this, or are the same for one; "sei gentile", "sei matto"
  // are of somebody.
  static const NumberNames same_for_one =
      named({"euro", "auto", "moto", "foto", "video", "radio", "città", "attività", "unità"});
  static const NumberNames of_somebody = named({"gentile", "grande", "forte", "tale"});
  if (is_one_of(others, word)) return false;
  if (number != "sei" || all_figures(word)) return true;
  const bool several = word.ends_with('i') || word.ends_with('e');
  return is_one_of(same_for_one, word) || (several && !is_one_of(of_somebody, word));
}

// Whether a number is rather the article, the pronoun or the verb that is said alike: "una
// meraviglia", "which one", "sei un robot". It is the number where nothing follows it, behind what
// leads to a number, and where things are counted before their name.
bool is_another_word(const WordList& words, const FoundNumber& one,
                     const std::vector<FoundNumber>& all, bool counted) {
  static const NumberNames homonyms = named({"uno", "sei", "zero", "one", "null", "cero"});
  static const NumberNames leading =
      named({"un", "una", "il", "al", "col", "a", "ein", "eine", "die", "der", "une", "le", "el"});
  static const NumberNames denying = named(
      {"which",   "this",    "that",  "the",    "no",    "any",    "every",  "some", "another",
       "each",    "either",  "other", "last",   "next",  "quelqu", "cada",   "l",    "chi",
       "tu",      "come",    "che",   "dove",   "ci",    "cosa",   "quando", "non",  "nemmeno",
       "neanche", "neppure", "not",   "single", "never", "pas",    "ni",     "kein", "nicht"});
  static const NumberNames following =
      named({"star",     "stars",     "stella",   "stelle", "stern",  "sterne", "étoile", "étoiles",
             "estrella", "estrellas", "punti",    "points", "punkte", "puntos", "cento",  "cent",
             "percent",  "prozent",   "pourcent", "pour",   "ciento", "per",    "por"});
  static const NumberNames joining =
      named({"o", "e", "a", "or", "and", "to", "oder", "und", "bis", "ou", "et", "à", "y", "forse",
             "maybe", "vielleicht", "quizás", "massimo"});
  const std::string_view word = words[one.first];
  const bool article = is_also_article(word);
  if (!article && !is_one_of(homonyms, word)) return false;
  const auto before = one.first > 0 ? word_at(words, one.first - 1) : std::string_view();
  if (leads_to_number(before) || is_one_of(leading, before)) return false;
  auto behind = one.end;
  while (is_aside(word_at(words, behind), word_at(words, behind + 1)) ||
         is_one_of(following, word_at(words, behind))) {
    ++behind;
  }
  const auto next = word_at(words, behind);
  const bool denied =
      is_one_of(denying, before) || (word == "one" && is_behind_article(words, one.first));
  const bool counts_on = std::ranges::any_of(all, [&](const FoundNumber& other) {
    return other.first == one.end || (other.first == one.end + 1 && words[one.end] == broken);
  });
  // "Da fällt mir nichts ein": the number by itself is "eins".
  if (next.empty() || next == broken) return denied || (word == "ein" && !counts_on);
  if (counted && !denied && behind == one.end && is_countable(word, next) &&
      !is_one_of(joining, next)) {
    return false;
  }
  // With another number in its clause it may be a part of what was meant, and is where that
  // follows.
  if (counts_on) return false;
  const bool beside = std::ranges::any_of(all, [&](const FoundNumber& other) {
    const auto from = std::min(one.end, other.end);
    const auto to = std::max(one.first, other.first);
    return &other != &one && std::find(words.begin() + static_cast<std::ptrdiff_t>(from),
                                       words.begin() + static_cast<std::ptrdiff_t>(to),
                                       broken) == words.begin() + static_cast<std::ptrdiff_t>(to);
  });
  return !beside ||
         (article && !is_one_of(joining, next) && after_scale_words(words, one.end) == one.end);
}

// Of "five per cent", and of thanks.
bool counts_nothing(const WordList& words, std::size_t at) {
  static const NumberNames hundred = named({"cento", "cent", "cien", "ciento"});
  static const NumberNames per = named({"per", "por", "pour"});
  static const NumberNames thousand = named({"mille", "mil"});
  static const NumberNames thanks = named({"grazie", "merci", "mercis", "gracias"});
  const auto before = at > 0 ? word_at(words, at - 1) : std::string_view();
  const auto word = word_at(words, at);
  if (is_one_of(hundred, word)) return is_one_of(per, before);
  if (!is_one_of(thousand, word)) return false;
  return is_one_of(thanks, before) || is_one_of(thanks, word_at(words, at + 1));
}

}  // namespace

ReadNumber read_number(const std::vector<std::string>& words, std::size_t at,
                       std::string_view language) {
  auto* const read = numbers_in(language).read;
  return read == nullptr || at >= words.size() ? ReadNumber{} : read(words, at);
}

SaidNumbers said_numbers(std::string_view speech, std::string_view language,
                         const NumbersAsked& asked) {
  const auto& words_there = numbers_in(language);
  const auto words = with_whole_figures(speech, language);
  SaidNumbers said;
  static const NumberNames fractions = named({"½", "¼", "¾", "⅓", "⅔", "⅛"});
  const auto makes_another = [&](std::size_t at) {
    const auto word = word_at(words, at);
    return is_one_of(words_there.others, word) || is_one_of(fractions, word) || word == scale_mark;
  };
  const auto number_at = [&](std::size_t at) {
    ReadNumber read;
    if (at >= words.size() || counts_nothing(words, at)) return read;
    read = read_number(words, at, language);
    const auto figures = read.words == 0 ? whole_number_of(words[at]) : std::nullopt;
    return figures ? ReadNumber{*figures, 1} : read;
  };
  std::vector<FoundNumber> found;
  for (std::size_t i = 0; i < words.size();) {
    const auto begin = i;
    auto read = number_at(i);
    if (const auto behind = number_at(i + 1);
        read.words == 1 && behind.words > 0 && is_article_of(words[i], behind.number, asked)) {
      read = behind;
      ++i;
    }
    const bool whole = words[i] != unread && (read.words > 0 || !all_figures(words[i]));
    if (!whole) {
      said.in_part = true;
      read.words = 1;
    }
    if (read.words == 0) {
      ++i;
      continue;
    }
    // "5 5" and "5 e 5".
    said.adjoining |=
        !found.empty() &&
        std::all_of(words.begin() + static_cast<std::ptrdiff_t>(found.back().end),
                    words.begin() + static_cast<std::ptrdiff_t>(begin),
                    [&](const std::string& word) { return is_one_of(words_there.plus, word); });
    auto next = i + read.words;
    std::size_t end = next;
    if (const auto top = after_scale_words(words, next); top > next && asked.most) {
      const auto of = number_at(top);
      if (of.words > 0 && of.number == *asked.most) end = top + of.words;
    }
    said.in_part |= (end == next && makes_another(next)) || (begin > 0 && makes_another(begin - 1));
    while (next < words.size() && is_one_of(words_there.plus, words[next])) ++next;
    said.in_part |= makes_another(next) && end <= next;
    // "More or less five" is five.
    const auto or_before = begin > 1 ? word_at(words, begin - 2) : std::string_view();
    said.in_part |= begin > 0 && is_one_of(words_there.minus, words[begin - 1]) &&
                    or_before != "o" && or_before != "ou";
    said.in_part |= is_limit(words, begin, end, primary_language(language));
    said.among_words |= !stands_alone(words, begin, end, primary_language(language));
    found.push_back({i, end, read.number, !whole || read.ordinal});
    i = end;
  }
  if (said.in_part) return said;
  for (const auto& one : found) {
    if (!one.is_none && !is_another_word(words, one, found, asked.counted)) {
      said.numbers.push_back(one.number);
    }
  }
  return said;
}

std::optional<std::int64_t> said_number(std::string_view speech, std::string_view language,
                                        const NumbersAsked& asked) {
  const auto said = said_numbers(speech, language, asked);
  const auto& all = said.numbers;
  if (said.adjoining || all.empty()) return {};
  const bool same = std::ranges::all_of(all, [&](auto number) { return number == all.front(); });
  return same ? std::optional(all.front()) : std::nullopt;
}

std::string_view number_word(std::int64_t number, std::string_view language) {
  const auto& words = numbers_in(language).to_ten;
  if (number < 0 || number >= static_cast<std::int64_t>(words.size())) return {};
  return words[static_cast<std::size_t>(number)];
}

}  // namespace campaigns
