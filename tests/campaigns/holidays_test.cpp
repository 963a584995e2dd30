#include "campaigns/holidays.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_words.hpp"
#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(holidays)

using namespace campaigns;

namespace {

std::chrono::sys_days day(std::string_view text) {
  return parse_date(text).value();
}

// The holidays of a year, "01-01 01-06 …".
std::string holidays_of(std::string_view country, int year) {
  std::string text;
  const auto first = std::chrono::sys_days{std::chrono::year{year} / 1 / 1};
  for (auto at = first; at < first + std::chrono::days{365}; at += std::chrono::days{1}) {
    if (!is_holiday(country, at)) continue;
    text += (text.empty() ? "" : " ") + date_text(at).substr(5);
  }
  return text;
}

CallingHours preset(std::string_view name) {
  for (const auto& one : hours_presets()) {
    if (one.name == name) return {"", one.windows, {}, one.holidays};
  }
  BOOST_FAIL("no such preset");
  return {};
}

// The openings of a day in Rome, by asking for each of its minutes.
std::string openings(const CallingHours& hours, std::string_view date) {
  static const ZoneRules rules = some_zones();
  const auto midnight = rules.when_clock_shows("Europe/Rome", Instant{day(date)}).value();
  std::string text;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    const auto opening =
        opening_at(hours, "Europe/Rome", rules, midnight + std::chrono::minutes{minute});
    if (opening.open && !text.ends_with(opening.window)) {
      text += (text.empty() ? "" : " ") + opening.window;
    }
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(easter_is_where_the_almanacs_have_it) {
  // Among them the earliest and the latest there are, and both exceptions of the rule.
  for (const char* date :
       {"1598-03-22", "1818-03-22", "1886-04-25", "1943-04-25", "1954-04-18", "1961-04-02",
        "1981-04-19", "2000-04-23", "2008-03-23", "2019-04-21", "2024-03-31", "2025-04-20",
        "2026-04-05", "2027-03-28", "2038-04-25", "2049-04-18", "2076-04-19", "2285-03-22"}) {
    BOOST_TEST(date_text(easter(std::chrono::year_month_day{day(date)}.year())) == date);
  }
}

BOOST_AUTO_TEST_CASE(each_country_has_its_holidays) {
  BOOST_TEST(holidays_of("IT", 2026) ==
             "01-01 01-06 04-05 04-06 04-25 05-01 06-02 08-15 10-04 11-01 12-08 12-25 12-26");
  BOOST_TEST(holidays_of("IT", 2025) ==
             "01-01 01-06 04-20 04-21 04-25 05-01 06-02 08-15 11-01 12-08 12-25 12-26");
  BOOST_TEST(holidays_of("FR", 2026) ==
             "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25");
  BOOST_TEST(holidays_of("DE", 2026) == "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26");
  BOOST_TEST(holidays_of("AT", 2026) ==
             "01-01 01-06 04-06 05-01 05-14 05-25 06-04 08-15 10-26 11-01 12-08 12-25 12-26");
  BOOST_TEST(holidays_of("ES", 2026) ==
             "01-01 01-06 04-03 05-01 08-15 10-12 11-01 12-06 12-08 12-25");
  BOOST_TEST(holidays_of("US", 2026) ==
             "01-01 01-19 02-16 05-25 06-19 07-04 09-07 10-12 11-11 11-26 12-25");
  BOOST_TEST(holidays_of("US", 2020).find("06-19") == std::string::npos);
  BOOST_TEST(holidays_of("XX", 2026) == "");
}

BOOST_AUTO_TEST_CASE(the_italian_preset_knows_saturdays_eves_and_holidays) {
  const auto hours = preset("IT");
  BOOST_TEST(openings(hours, "2026-12-02") == "09:00-20:00");
  BOOST_TEST(openings(hours, "2026-12-05") == "10:00-19:00");
  BOOST_TEST(openings(hours, "2026-12-06") == "");             // Sunday
  BOOST_TEST(openings(hours, "2026-12-07") == "10:00-19:00");  // the eve of the Immacolata
  BOOST_TEST(openings(hours, "2026-12-08") == "");
  BOOST_TEST(openings(hours, "2026-12-24") == "10:00-19:00");
  BOOST_TEST(openings(hours, "2026-12-25") == "");
  BOOST_TEST(openings(hours, "2026-12-26") == "");
  // A Sunday that is an eve stays one: Easter, and 1 November.
  BOOST_TEST(openings(hours, "2026-04-05") == "");
  BOOST_TEST(openings(hours, "2027-10-31") == "");
  BOOST_TEST(openings(hours, "2026-04-04") == "10:00-19:00");
}

BOOST_AUTO_TEST_CASE(what_opens_after_holidays_is_found) {
  static const ZoneRules rules = some_zones();
  const auto hours = preset("IT");
  const auto closed =
      opening_at(hours, "Europe/Rome", rules, parse_rfc3339("2026-12-24T18:00:00Z").value());
  BOOST_TEST(!closed.open);
  // Christmas, its second day on a Saturday, and a Sunday: Monday.
  BOOST_TEST(rfc3339_utc(closed.changes_at.value()) == "2026-12-28T08:00:00.000Z");
  const auto lunch = preset("FR");
  BOOST_TEST(openings(lunch, "2026-07-13") == "10:00-13:00 14:00-20:00");
  BOOST_TEST(openings(lunch, "2026-07-14") == "");
}

BOOST_AUTO_TEST_SUITE_END()
