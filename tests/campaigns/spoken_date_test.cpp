#include "campaigns/spoken_date.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

#include "campaigns/campaign_words.hpp"

BOOST_AUTO_TEST_SUITE(spoken_date)

using namespace campaigns;
using std::chrono::sys_days;

namespace {

DateRange range(const char* from = "1900-01-01", const char* to = "2099-12-31") {
  return {sys_days(*parse_date(from)), sys_days(*parse_date(to))};
}

std::string text_of(std::optional<sys_days> day) {
  return day ? date_text(*day) : "none";
}

std::string keyed(const char* digits, const DateRange& within = range()) {
  return text_of(keyed_date(digits, within));
}

std::string said(const std::string& words, const char* language = "it",
                 const DateRange& within = range()) {
  return text_of(campaigns::spoken_date(' ' + words + ' ', language, within));
}

}  // namespace

BOOST_AUTO_TEST_CASE(keys_are_day_month_and_year) {
  BOOST_TEST(keyed("05032026") == "2026-03-05");
  BOOST_TEST(keyed("29022024") == "2024-02-29");
  for (const char* none : {"29022026", "31042026", "00012026", "01132026", "5032026", "050326", "",
                           "0503202*", "01011899", "01012100"}) {
    BOOST_TEST(keyed(none) == "none", none);
  }
}

BOOST_AUTO_TEST_CASE(a_day_without_its_year_has_the_only_one_that_the_range_leaves) {
  const auto winter = range("2026-11-01", "2027-03-31");
  BOOST_TEST(keyed("2412", winter) == "2026-12-24");
  BOOST_TEST(keyed("0601", winter) == "2027-01-06");
  BOOST_TEST(keyed("1508", winter) == "none");
  BOOST_TEST(keyed("2902", winter) == "none");
  BOOST_TEST(said("il sei gennaio", "it", winter) == "2027-01-06");
  // Two years would do.
  BOOST_TEST(keyed("2412") == "none");
  BOOST_TEST(said("il sei gennaio") == "none");
}

BOOST_AUTO_TEST_CASE(dates_are_understood_in_german_french_and_spanish) {
  struct Row {
    const char* language;
    const char* words;
    const char* day;
  };
  for (const auto& row : std::to_array<Row>({
           {"de", "15 marz 2026", "2026-03-15"},
           {"de", "der funfzehnte marz zweitausendsechsundzwanzig", "2026-03-15"},
           {"de", "am ersten januar zweitausend", "2000-01-01"},
           {"de", "erster mai 2026", "2026-05-01"},
           {"de", "am dritten oktober neunzehnhundertneunzig", "1990-10-03"},
           {"de", "der siebte juli 2026", "2026-07-07"},
           {"de", "der siebente juli 2026", "2026-07-07"},
           {"de", "am achten august neunzehnhundertacht", "1908-08-08"},
           {"de", "zwolfter dezember 2026", "2026-12-12"},
           {"de", "am siebzehnten juni 1953", "1953-06-17"},
           {"de", "am zwanzigsten mai zweitausendzwanzig", "2020-05-20"},
           {"de", "am einundzwanzigsten juli 1980", "1980-07-21"},
           {"de", "am einunddreissigsten dezember neunzehnhundertneunundneunzig", "1999-12-31"},
           {"de", "der dreissigste janner 2026", "2026-01-30"},
           {"de", "am funften maerz 2026", "2026-03-05"},
           {"de", "5 3 2026", "2026-03-05"},
           {"de", "15032026", "2026-03-15"},
           {"de", "am einunddreissigsten april 2026", "none"},
           {"de", "marz zweitausendsechsundzwanzig", "none"},
           {"de", "am ersten oder zweiten mai 2026", "none"},
           {"de", "das weiss ich nicht", "none"},
           {"de", "die heutige leiterin", "none"},
           {"fr", "15 mars 2026", "2026-03-15"},
           {"fr", "le quinze mars deux mille vingt six", "2026-03-15"},
           {"fr", "le premier janvier deux mille", "2000-01-01"},
           {"fr", "le 1er mai 2026", "2026-05-01"},
           {"fr", "le vingt et un juillet mille neuf cent quatre vingt", "1980-07-21"},
           {"fr", "le vingt et un juillet mil neuf cent quatre vingt", "1980-07-21"},
           {"fr", "le trente et un decembre mille neuf cent quatre vingt dix neuf", "1999-12-31"},
           {"fr", "le trente et un decembre dix neuf cent quatre vingt dix neuf", "1999-12-31"},
           {"fr", "huit aout dix neuf cent huit", "1908-08-08"},
           {"fr", "le dix neuf mai deux mille dix neuf", "2019-05-19"},
           {"fr", "le trente fevrier 2026", "none"},
           {"fr", "en mars 2026", "none"},
           {"fr", "le quinze ou le seize mars 2026", "none"},
           {"fr", "je ne sais plus", "none"},
           {"es", "15 de marzo de 2026", "2026-03-15"},
           {"es", "el quince de marzo de dos mil veintiseis", "2026-03-15"},
           {"es", "el primero de enero de dos mil", "2000-01-01"},
           {"es", "el uno de mayo de 2026", "2026-05-01"},
           {"es", "1o de mayo de 2026", "2026-05-01"},
           {"es", "el veintiuno de julio de mil novecientos ochenta", "1980-07-21"},
           {"es", "el treinta y uno de diciembre de mil novecientos noventa y nueve", "1999-12-31"},
           {"es", "ocho de agosto de mil novecientos ocho", "1908-08-08"},
           {"es", "tres de setiembre de 2026", "2026-09-03"},
           {"es", "el treinta y uno de abril de 2026", "none"},
           {"es", "en marzo de 2026", "none"},
           {"es", "no me acuerdo", "none"},
           // In a language of which no words are known, the figures.
           {"pt", "15 3 2026", "2026-03-15"},
           {"pt", "quinze de marco de 2026", "none"},
       })) {
    BOOST_TEST(said(row.words, row.language) == row.day, row.language << ' ' << row.words);
  }
}

BOOST_AUTO_TEST_CASE(a_day_is_said_from_today_on) {
  struct Row {
    const char* language;
    const char* words;
    const char* day;
  };
  const sys_days today(*parse_date("2026-02-27"));
  for (const auto& row : std::to_array<Row>({
           {"it", "oggi", "2026-02-27"},
           {"it", "direi domani mattina", "2026-02-28"},
           {"it", "dopodomani", "2026-03-01"},
           {"it", "dopo domani", "2026-03-01"},
           {"it", "ieri", "2026-02-26"},
           {"it", "l altro ieri", "2026-02-25"},
           {"it", "oggi o domani", "none"},
           {"it", "domani il 5 marzo 2026", "2026-03-05"},
           {"en", "tomorrow morning", "2026-02-28"},
           {"en", "the day after tomorrow", "2026-03-01"},
           {"en", "the day before yesterday", "2026-02-25"},
           {"en", "today", "2026-02-27"},
           {"en", "not yesterday but today", "none"},
           {"de", "morgen", "2026-02-28"},
           {"de", "morgen fruh", "2026-02-28"},
           {"de", "guten morgen", "none"},
           {"de", "heute morgen", "none"},
           {"de", "ubermorgen", "2026-03-01"},
           {"de", "vorgestern", "2026-02-25"},
           {"fr", "aujourd hui", "2026-02-27"},
           {"fr", "apres demain", "2026-03-01"},
           {"fr", "demain matin", "2026-02-28"},
           {"fr", "avant hier", "2026-02-25"},
           {"es", "hoy por la manana", "2026-02-27"},
           {"es", "manana por la manana", "2026-02-28"},
           {"es", "pasado manana", "2026-03-01"},
           {"es", "antes de ayer", "2026-02-25"},
           {"pt", "amanha", "none"},
       })) {
    BOOST_TEST(text_of(campaigns::spoken_date(' ' + std::string(row.words) + ' ', row.language,
                                              range(), today)) == row.day,
               row.language << ' ' << row.words);
    // Without a clock it is no date, and out of the range none that is wanted.
    if (std::string_view(row.words).find("2026") != std::string_view::npos) continue;
    BOOST_TEST(said(row.words, row.language) == "none", row.words);
    BOOST_TEST(text_of(campaigns::spoken_date(row.words, row.language, range("2027-01-01"),
                                              today)) == "none");
  }
}

BOOST_AUTO_TEST_CASE(dates_are_understood_in_italian_and_english) {
  struct Row {
    const char* language;
    const char* words;
    const char* day;
  };
  for (const auto& row : std::array<Row, 41>{{
           {"it", "15 marzo 2026", "2026-03-15"},
           {"it", "il quindici marzo duemilaventisei", "2026-03-15"},
           {"it", "il primo gennaio del duemila", "2000-01-01"},
           {"it", "era il ventuno di luglio del millenovecentottanta", "1980-07-21"},
           {"it", "il trentuno dicembre millenovecentonovantanove", "1999-12-31"},
           {"it", "otto agosto millenovecentotto", "1908-08-08"},
           {"it", "28 ottobre duemilatre", "2003-10-28"},
           {"it", "15 03 2026", "2026-03-15"},
           {"it", "15032026", "2026-03-15"},
           {"it", "5032026", "2026-03-05"},
           {"it", "trentotto maggio duemilaventi", "none"},
           {"it", "marzo duemilaventisei", "none"},
           {"it", "il quindici marzo o il sedici marzo duemilaventi", "none"},
           {"it", "marzo aprile 15 2020", "none"},
           {"it", "non ricordo", "none"},
           {"it", "15 marzo", "none"},
           {"it", "il 29 febbraio 2025", "none"},
           {"en", "march 15th 2026", "2026-03-15"},
           {"en", "the fifteenth of march two thousand and twenty six", "2026-03-15"},
           {"en", "march fifteen twenty twenty six", "2026-03-15"},
           {"en", "july twenty first nineteen eighty", "1980-07-21"},
           {"en", "the thirty first of december nineteen ninety nine", "1999-12-31"},
           {"en", "the first of january two thousand", "2000-01-01"},
           {"en", "august 8th nineteen oh eight", "1908-08-08"},
           {"en", "the twentieth of may twenty twenty", "2020-05-20"},
           {"en", "the twenty third of may twenty twenty", "2020-05-23"},
           {"en", "may the thirtieth 2020", "2020-05-30"},
           {"en", "may nineteen twenty ten", "2010-05-19"},
           {"en", "may nineteen nineteen eighty", "1980-05-19"},
           {"en", "may twenty twenty ten", "2010-05-20"},
           {"en", "may twenty twenty twenty six", "2026-05-20"},
           {"en", "may twenty nineteen oh five", "1905-05-20"},
           {"en", "may fifth nineteen twenty", "1920-05-05"},
           {"en", "may fifth twenty twenty two", "2022-05-05"},
           {"en", "15 03 2026", "2026-03-15"},
           {"en", "15032026", "2026-03-15"},
           {"en", "31 april 2026", "none"},
           {"en", "april 2026", "none"},
           {"en", "i do not remember", "none"},
           {"en", "march 15th", "none"},
           {"en", "15 marzo 2026", "none"},
       }}) {
    BOOST_TEST(said(row.words, row.language) == row.day, row.words);
  }
}

// Every day of some years, said and keyed: the two agree.
BOOST_AUTO_TEST_CASE(every_day_is_the_same_by_key_and_by_speech) {
  static constexpr std::array<const char*, 12> months{
      "gennaio", "febbraio", "marzo",     "aprile",  "maggio",   "giugno",
      "luglio",  "agosto",   "settembre", "ottobre", "novembre", "dicembre"};
  for (auto day = sys_days(*parse_date("2023-12-30")); day < sys_days(*parse_date("2025-01-03"));
       day += std::chrono::days{1}) {
    const std::chrono::year_month_day date{day};
    const auto d = std::to_string(static_cast<unsigned>(date.day()));
    const auto m = static_cast<unsigned>(date.month());
    const auto y = std::to_string(static_cast<int>(date.year()));
    const auto two = [](const std::string& n) { return n.size() < 2 ? '0' + n : n; };
    BOOST_TEST_REQUIRE(said(d + ' ' + months[m - 1] + ' ' + y) == date_text(date));
    BOOST_TEST_REQUIRE(keyed((two(d) + two(std::to_string(m)) + y).c_str()) == date_text(date));
  }
}

BOOST_AUTO_TEST_SUITE_END()
