#include "campaigns/spoken_number.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "campaigns/speech.hpp"

BOOST_AUTO_TEST_SUITE(spoken_number)

using namespace campaigns;

namespace {

constexpr std::int64_t none = -1;

struct Row {
  const char* language;
  const char* speech;
  std::int64_t number;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    BOOST_TEST(said_number(row.speech, row.language).value_or(none) == row.number,
               row.language << ": " << row.speech);
  }
}

std::vector<std::string> words_in(const std::string& text) {
  std::vector<std::string> words;
  for (const auto& one : spoken_words(text)) words.push_back(one.word);
  return words;
}

// A second, plain way to write numbers out.
std::string italian(std::int64_t number) {
  static const std::vector<std::string> small{
      "",         "uno",    "due",         "tre",      "quattro",
      "cinque",   "sei",    "sette",       "otto",     "nove",
      "dieci",    "undici", "dodici",      "tredici",  "quattordici",
      "quindici", "sedici", "diciassette", "diciotto", "diciannove"};
  static const std::vector<std::string> tens{"",         "",          "venti",    "trenta",
                                             "quaranta", "cinquanta", "sessanta", "settanta",
                                             "ottanta",  "novanta"};
  const auto at = [](const auto& names, std::int64_t n) {
    return names[static_cast<std::size_t>(n)];
  };
  if (number < 20) return at(small, number);
  if (number < 100) {
    auto ten = at(tens, number / 10);
    const auto unit = number % 10;
    if (unit == 1 || unit == 8) ten.pop_back();
    return ten + at(small, unit);
  }
  if (number < 1000) {
    return (number < 200 ? "" : at(small, number / 100)) + "cento" + italian(number % 100);
  }
  if (number < 2000) return "mille" + italian(number % 1000);
  return italian(number / 1000) + "mila" + italian(number % 1000);
}

std::string english(std::int64_t number) {
  static const std::vector<std::string> small{
      "",         "one",     "two",     "three",     "four",     "five",    "six",
      "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
      "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  static const std::vector<std::string> tens{"",      "",      "twenty",  "thirty", "forty",
                                             "fifty", "sixty", "seventy", "eighty", "ninety"};
  const auto at = [](const auto& names, std::int64_t n) {
    return names[static_cast<std::size_t>(n)];
  };
  const auto and_then = [](const std::string& before, const std::string& rest,
                           const char* between) {
    return rest.empty() ? before : before + between + rest;
  };
  if (number < 20) return at(small, number);
  if (number < 100) return and_then(at(tens, number / 10), at(small, number % 10), "-");
  if (number < 1000) {
    return and_then(at(small, number / 100) + " hundred", english(number % 100), " and ");
  }
  return and_then(english(number / 1000) + " thousand", english(number % 1000), " ");
}

}  // namespace

BOOST_AUTO_TEST_CASE(figures_are_whole_numbers_or_none) {
  check({
      {"it-IT", "siamo in 12", 12},
      {"it-IT", "35", 35},
      {"it-IT", "007", 7},
      {"it-IT", "5, 5", 5},
      {"it-IT", "3 o 4", none},
      {"it-IT", "5.5", none},
      {"it-IT", "5,5", none},
      {"it-IT", "-5", none},
      {"it-IT", "5-6", none},
      {"it-IT", "5 6", none},
      {"it-IT", "5 5", none},
      {"it-IT", "10:30", none},
      {"it-IT", "99999999999999999999", none},
      // Groups of three, where they can be nothing else.
      {"it-IT", "2.002", 2002},
      {"it-IT", "2,002", none},
      {"en-GB", "2,002", 2002},
      {"en-GB", "2.002", none},
      {"de-DE", "2.002", 2002},
      {"de-CH", "2.002", none},
      {"de-CH", "2'002", 2002},
      {"es-MX", "2.002", none},
      {"fr-FR", "2\u00a0002", 2002},
      {"fr-FR", "2\u202f500", 2500},
      {"fr-FR", "1 000", 1000},
      {"fr-FR", "2 500", none},
      {"pt-PT", "1.234.567", 1234567},
      {"it-IT", "1.234,50", none},
      {"it-IT", "0.500", none},
      {"it-IT", "12.05", none},
      {"it-IT", "1234.567", none},
  });
}

BOOST_AUTO_TEST_CASE(numbers_of_one_word_are_read_in_italian_and_german) {
  check({
      {"it-IT", "trentacinque", 35},
      {"it-IT", "ventun anni", 21},
      {"it-IT", "ventitré", 23},
      {"it-IT", "centotto", 108},
      {"it-IT", "centottantuno", 181},
      {"it-IT", "centundici", 111},
      {"it-IT", "mille", 1000},
      {"it-IT", "mille duecento", 1200},
      {"it-IT", "mille e due", 1002},
      {"it-IT", "due cento", 200},
      {"it-IT", "tre mila", 3000},
      {"it-IT", "5 mila", 5000},
      {"it-IT", "venti tre", none},
      {"it-IT", "duecento e trecento", none},
      {"it-IT", "cinque, cinque", 5},
      {"it-IT", "cinque cinque", none},
      {"it-IT", "trentanni", none},
      {"it-IT", "mila", none},
      {"de-DE", "fünfundzwanzig", 25},
      {"de-DE", "zweihundert", 200},
      {"de-DE", "hundertundeins", 101},
      {"de-DE", "neunzehnhundertachtzig", 1980},
      {"de-DE", "tausendeinhundertzwölf", 1112},
      {"de-DE", "zweitausendsechsundzwanzig", 2026},
      {"de-DE", "neunhundertneunundneunzigtausendneunhundertneunundneunzig", 999999},
      {"de-DE", "zwei tausend", 2000},
      {"de-DE", "fünf und zwanzig", none},
      {"de-DE", "dreißig", 30},
      {"de-DE", "fünfunddreissig", 35},
      {"de-DE", "sechzig", 60},
      {"de-DE", "sechszig", none},
  });
}

BOOST_AUTO_TEST_CASE(numbers_of_several_words_are_read_whole_in_english_french_and_spanish) {
  check({
      {"en-GB", "thirty five", 35},
      {"en-GB", "Thirty-five.", 35},
      {"en-GB", "two hundred", 200},
      {"en-GB", "a hundred and one", 101},
      {"en-GB", "twelve hundred", 1200},
      {"en-GB", "a thousand", 1000},
      {"en-GB", "2 hundred", 200},
      {"en-GB", "5 thousand", 5000},
      {"en-GB", "two thousand and twenty six", 2026},
      {"en-GB", "two fifty", none},
      {"en-GB", "nineteen eighty", none},
      {"en-GB", "forty hundred", none},
      {"en-GB", "twenty, five", none},
      {"en-GB", "twenty first", none},
      {"fr-FR", "vingt-cinq", 25},
      {"fr-FR", "vingt et un", 21},
      {"fr-FR", "quatre-vingts", 80},
      {"fr-FR", "quatre-vingt-un", 81},
      {"fr-FR", "quatre-vingt-dix-sept", 97},
      {"fr-FR", "soixante et onze", 71},
      {"fr-FR", "soixante-dix-huit", 78},
      {"fr-FR", "nonante-neuf", 99},
      {"fr-FR", "dix-sept", 17},
      {"fr-FR", "deux cent trois", 203},
      {"fr-FR", "trois cents", 300},
      {"fr-FR", "cent vingt mille", 120000},
      {"fr-FR", "mille neuf cent quatre-vingt-quatre", 1984},
      {"fr-FR", "trente un", none},
      {"fr-FR", "cinq", 5},
      {"es-ES", "treinta y cinco", 35},
      {"es-ES", "veinticinco", 25},
      {"es-ES", "dieciséis", 16},
      {"es-ES", "cien", 100},
      {"es-ES", "ciento uno", 101},
      {"es-ES", "doscientas", 200},
      {"es-ES", "mil novecientos ochenta y cuatro", 1984},
      {"es-ES", "veintiún mil", 21000},
      {"es-ES", "5 mil", 5000},
      {"es-ES", "treinta cinco", none},
  });
}

BOOST_AUTO_TEST_CASE(what_makes_another_number_of_it_leaves_none) {
  check({
      {"it-IT", "cinque e mezzo", none},
      {"it-IT", "cinque virgola due", none},
      {"it-IT", "cinque e un quarto", none},
      {"it-IT", "meno cinque", none},
      {"it-IT", "più o meno cinque", 5},
      {"it-IT", "una decina", none},
      {"it-IT", "tre milioni", none},
      {"it-IT", "cinque per cento", 5},
      {"it-IT", "cinque, grazie mille", 5},
      {"en-GB", "five and a half", none},
      {"en-GB", "five point five", none},
      {"en-GB", "minus five", none},
      {"en-GB", "5 million", none},
      {"en-GB", "half five", none},
      {"en-GB", "one second", none},
      {"en-GB", "five per cent", 5},
      {"de-DE", "ein paar", none},
      {"de-DE", "fünf Komma fünf", none},
      {"de-DE", "fünf und ein halb", none},
      {"fr-FR", "cinq et demi", none},
      {"fr-FR", "un peu", none},
      {"fr-FR", "cinq pour cent", 5},
      {"es-ES", "cinco y media", none},
      {"es-ES", "dos millones", none},
      {"es-ES", "cinco, mil gracias", 5},
      {"pt-PT", "12 mil", none},
      {"pt-PT", "somos 12", 12},
      {"pl-PL", "5 tysięcy", none},
      {"ru-RU", "нас 12", 12},
      {"ru-RU", "12 тысяч", none},
      {"ru-RU", "3 с половиной", none},
      {"ar-EG", "٣٥", 35},
      {"zh-CN", "５个", 5},
      {"zh-CN", "5千", none},
      {"it-IT", "5½", none},
      {"pt-PT", "doze", none},
  });
}

BOOST_AUTO_TEST_CASE(a_number_that_is_said_like_another_word_counts_where_it_can_be_none) {
  check({
      {"it-IT", "una meraviglia", none},
      {"it-IT", "è stata una meraviglia", none},
      {"it-IT", "sei un robot", none},
      {"it-IT", "sei un robot?", none},
      {"it-IT", "ma chi sei", none},
      {"it-IT", "zero problemi", none},
      {"it-IT", "un momento", none},
      {"it-IT", "sei", 6},
      {"it-IT", "Sei, grazie.", 6},
      {"it-IT", "direi sei", 6},
      {"it-IT", "un sei al servizio", 6},
      {"it-IT", "voto sei per il servizio", 6},
      {"it-IT", "sei stelle", 6},
      {"it-IT", "zero", 0},
      {"it-IT", "zero per cento", 0},
      {"it-IT", "uno", 1},
      {"it-IT", "uno o due", none},
      {"it-IT", "da uno a dieci", none},
      {"it-IT", "una forse due", none},
      {"en-GB", "which one", none},
      {"en-GB", "no one", none},
      {"en-GB", "one moment please", none},
      {"en-GB", "one", 1},
      {"en-GB", "number one please", 1},
      {"en-GB", "one star", 1},
      {"en-GB", "one maybe two", none},
      {"en-GB", "zero complaints", none},
      {"fr-FR", "un moment", none},
      {"fr-FR", "un 8", 8},
      {"fr-FR", "un huit", 8},
      {"fr-FR", "je mets une note de 8", 8},
      {"fr-FR", "un ou deux", none},
      {"fr-FR", "un", 1},
      {"fr-FR", "quelqu'un", none},
      {"de-DE", "eine Zwei", 2},
      {"de-DE", "eine glatte Zwei", 2},
      {"de-DE", "ein zwei", none},
      {"it-IT", "una due", none},
      {"it-IT", "un quattro", 4},
      {"it-IT", "una 200", 200},
      {"de-DE", "ein und zwanzig", none},
      {"de-DE", "ein Moment", none},
      {"de-DE", "eins", 1},
      {"es-ES", "una maravilla", none},
      {"es-ES", "uno", 1},
      {"es-ES", "cada uno", none},
      {"de-DE", "Da fällt mir nichts ein", none},
      {"de-DE", "nur eine", 1},
      {"it-IT", "ci sei?", none},
      {"it-IT", "ma quando sei", none},
      {"it-IT", "neanche uno", none},
      {"en-GB", "not one", none},
      {"en-GB", "not a single one", none},
      {"en-GB", "a hard one", none},
      {"en-GB", "the blue one", none},
      {"en-GB", "a one", 1},
      {"fr-FR", "pas un", none},
      {"es-ES", "ni uno", none},
  });
  for (const auto& row : std::vector<Row>{
           {"it-IT", "una persona", 1},
           {"it-IT", "sei persone", 6},
           {"it-IT", "zero problemi", 0},
           {"it-IT", "una, due persone", none},
           {"it-IT", "sei una macchina", none},
           {"it-IT", "un attimo", none},
           {"en-GB", "one child", 1},
           {"en-GB", "one moment", none},
           {"fr-FR", "un enfant", 1},
           {"fr-FR", "un instant", none},
           {"de-DE", "ein Kind", 1},
           {"de-DE", "ein Kind und zwei Hunde", none},
           {"it-IT", "una due persone", none},
           {"de-DE", "ein zwei", none},
           {"de-DE", "ein, zwei Leute", none},
           {"fr-FR", "un deux", none},
           {"it-IT", "un cinque persone", 5},
           {"it-IT", "neanche una persona", none},
           {"fr-FR", "pas une personne", none},
           {"en-GB", "that one or two", none},
           {"en-GB", "one minute please", none},
           {"de-DE", "eine Minute", none},
           {"de-DE", "eine Frage", none},
           {"fr-FR", "une minute", none},
           {"fr-FR", "une seconde", none},
           {"fr-FR", "une question", none},
           {"it-IT", "una domanda", none},
           {"it-IT", "una cosa", none},
           {"it-IT", "sei gentile", none},
           {"it-IT", "sei pazzo?", none},
           {"it-IT", "sei stanza", none},
           {"it-IT", "sei figli", 6},
           {"it-IT", "sei euro", 6},
           {"it-IT", "sei grandi", 6},
       }) {
    BOOST_TEST(
        said_number(row.speech, row.language, {.counted = true}).value_or(none) == row.number,
        row.language << ": " << row.speech);
  }
}

BOOST_AUTO_TEST_CASE(a_limit_or_a_sum_is_no_number) {
  check({
      {"en-GB", "a few hundred", none},
      {"en-GB", "several thousand", none},
      {"de-DE", "einige hundert", none},
      {"en-GB", "less than 5", none},
      {"en-GB", "more than a hundred", none},
      {"en-GB", "at least five", none},
      {"it-IT", "meno di 5", none},
      {"it-IT", "più di cinque", none},
      {"it-IT", "circa 5", 5},
      {"de-DE", "mehr als fünf", none},
      {"fr-FR", "moins de cinq", none},
      {"es-ES", "menos de 5", none},
      {"it-IT", "5 e 5", none},
      {"en-GB", "five and five", none},
      {"it-IT", "5, sì, 5", 5},
      {"it-IT", "cinque o più", none},
      {"it-IT", "cinque persone o più", none},
      {"it-IT", "cinque al massimo", none},
      {"it-IT", "almeno un 5", none},
      {"it-IT", "almeno il 5", none},
      {"it-IT", "più d'una", none},
      {"it-IT", "cinque, più o meno", 5},
      {"it-IT", "cinque più o meno", 5},
      {"en-GB", "five or more", none},
      {"en-GB", "five people or more", none},
      {"en-GB", "five, or more", none},
      {"en-GB", "five at most", none},
      {"en-GB", "more or less five", 5},
      {"en-GB", "five more or less", 5},
      {"de-DE", "5 oder mehr", none},
      {"de-DE", "fünf höchstens", none},
      {"de-DE", "mehr oder weniger fünf", 5},
      {"fr-FR", "cinq ou plus", none},
      {"fr-FR", "plus d'un", none},
      {"fr-FR", "plus ou moins cinq", 5},
      {"fr-FR", "cinq plus ou moins", 5},
      {"es-ES", "cinco o más", none},
      {"es-ES", "cinco como mucho", none},
      {"es-ES", "más o menos cinco", 5},
  });
}

BOOST_AUTO_TEST_CASE(a_number_of_a_scale_is_that_number) {
  for (const auto& row : std::vector<Row>{
           {"it-IT", "8 su 10", 8},
           {"it-IT", "direi otto su dieci", 8},
           {"it-IT", "dieci su dieci", 10},
           {"it-IT", "uno su dieci", 1},
           {"it-IT", "8/10", 8},
           {"it-IT", "8/9", none},
           {"it-IT", "8 su 9", none},
           {"it-IT", "8 su 100", none},
           {"it-IT", "8 su 10 o 9 su 10", none},
           {"en-GB", "8 out of 10", 8},
           {"en-GB", "one out of ten", 1},
           {"en-GB", "ten of ten", 10},
           {"de-DE", "8 von 10", 8},
           {"fr-FR", "8 sur 10", 8},
           {"fr-FR", "un huit sur dix", 8},
           {"es-ES", "8 sobre 10", 8},
           {"es-ES", "ocho de diez", 8},
       }) {
    BOOST_TEST(said_number(row.speech, row.language, {.most = 10}).value_or(none) == row.number,
               row.language << ": " << row.speech);
  }
  BOOST_TEST(!said_number("8 su 10", "it-IT").has_value());
  BOOST_TEST(!said_number("1/2", "it-IT").has_value());
}

BOOST_AUTO_TEST_CASE(every_number_is_read_in_italian_and_english) {
  for (std::int64_t number = 1; number < 1'000'000; number += number < 2'500 ? 1 : 997) {
    const auto in_italian = read_number({italian(number)}, 0, "it");
    BOOST_TEST_REQUIRE(in_italian.number == number, italian(number));
    const auto words = words_in(english(number));
    const auto in_english = read_number(words, 0, "en");
    BOOST_TEST_REQUIRE(in_english.number == number, english(number));
    BOOST_TEST_REQUIRE(in_english.words == words.size(), english(number));
  }
}

BOOST_AUTO_TEST_CASE(a_number_that_begins_nowhere_takes_no_words) {
  BOOST_TEST(read_number({}, 0, "it").words == 0u);
  BOOST_TEST(read_number({"due"}, 1, "it").words == 0u);
  BOOST_TEST(read_number({"due"}, 0, "pt").words == 0u);
  const auto first = read_number({"twenty", "first"}, 0, "en");
  BOOST_TEST(first.number == 21);
  BOOST_TEST(first.ordinal);
  BOOST_TEST(number_word(5, "de-AT") == "fünf");
  BOOST_TEST(number_word(11, "de-AT") == "");
  BOOST_TEST(number_word(-1, "it") == "");
  BOOST_TEST(number_word(1, "pt") == "");
}

BOOST_AUTO_TEST_SUITE_END()
