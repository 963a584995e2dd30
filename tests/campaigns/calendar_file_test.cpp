#include "campaigns/calendar_file.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

#include "campaigns/campaign_words.hpp"

BOOST_AUTO_TEST_SUITE(calendar_file)

using namespace campaigns;

namespace {

// The days, or what is wrong, each in a line.
std::string read(std::string_view bytes) {
  std::string text;
  const auto days = read_calendar(bytes);
  if (!days) {
    for (const auto& problem : days.error()) text += problem.where + ": " + problem.what + '\n';
    return text;
  }
  for (const auto& day : days.value()) text += date_text(day) + '\n';
  return text;
}

std::string event(const std::string& inside) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" + inside +
         "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(dates_stand_one_in_a_line) {
  BOOST_TEST(read("") == "");
  BOOST_TEST(read("2026-12-26\r\n\r\n# patrono\n 2026-12-07  # Sant'Ambrogio\n2026-12-26") ==
             "2026-12-07\n2026-12-26\n");
  BOOST_TEST(read("\xEF\xBB\xBF"
                  "2026-12-07\n") == "2026-12-07\n");
  BOOST_TEST(read("2026-12-07\n2026-02-30\n7/12/2026\n") ==
             "line 2: is not a date of the calendar\nline 3: is not a date of the calendar\n");
}

BOOST_AUTO_TEST_CASE(whole_day_events_of_icalendar_are_days_off) {
  BOOST_TEST(read(event("DTSTART;VALUE=DATE:20261207\r\nSUMMARY:Sant'Ambrogio\r\n")) ==
             "2026-12-07\n");
  BOOST_TEST(read(event("dtstart;value=date:20261224\r\ndtend;value=date:20261227\r\n")) ==
             "2026-12-24\n2026-12-25\n2026-12-26\n");
  // A long line goes on in the next one.
  BOOST_TEST(read(event("DTSTART;VALUE=\r\n DATE:2026\r\n 1207\r\n")) == "2026-12-07\n");
  // An alarm's properties are its own.
  BOOST_TEST(read(event("DTSTART:20261207\r\nBEGIN:VALARM\r\nDURATION:PT5M\r\nEND:VALARM\r\n")) ==
             "2026-12-07\n");
  // What is outside of events is not read.
  BOOST_TEST(read("BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY\n"
                  "END:VTIMEZONE\nEND:VCALENDAR\n") == "");
}

BOOST_AUTO_TEST_CASE(events_that_are_no_whole_days_are_told_by_their_line) {
  BOOST_TEST(read(event("DTSTART:20261207T090000Z\r\n")) == "line 4: is no whole day\n");
  BOOST_TEST(read(event("DTSTART;VALUE=DATE:20261307\r\n")) == "line 4: is no whole day\n");
  BOOST_TEST(read(event("DTSTART;VALUE=DATE:20261207\r\nRRULE:FREQ=YEARLY\r\n")) ==
             "line 5: RRULE is not understood here\n");
  BOOST_TEST(read(event("SUMMARY:x\r\n")) == "line 3: is an event without a day\n");
  BOOST_TEST(read(event("DTSTART;VALUE=DATE:20261207\r\nDTEND;VALUE=DATE:20261207\r\n")) ==
             "line 3: is an event that ends before it begins, or after more than a year\n");
  BOOST_TEST(read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261207\n") ==
             "line 2: is an event that does not end\n");
  BOOST_TEST(read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261207\nBEGIN:VEVENT\n"
                  "DTSTART:20261208\nEND:VEVENT\n") == "line 2: is an event that does not end\n");
}

BOOST_AUTO_TEST_CASE(a_calendar_has_its_limits) {
  BOOST_TEST(read(std::string(calendar_bytes_max + 1, '\n')) ==
             ": is longer than a calendar may be, 1 MiB\n");
  BOOST_TEST(read_calendar(std::string(calendar_bytes_max, 'x')).error().size() == 1U);
  std::string bad;
  for (int i = 0; i < 100; ++i) bad += "x\n";
  BOOST_TEST(read_calendar(bad).error().size() == calendar_problems_max);
  std::string years = "BEGIN:VCALENDAR\n";
  for (int year = 2000; year < 2030; ++year) {
    const auto begins = std::to_string(year);
    years += "BEGIN:VEVENT\nDTSTART;VALUE=DATE:" + begins + "0101\nDTEND;VALUE=DATE:" + begins +
             "1231\nEND:VEVENT\n";
  }
  BOOST_TEST(read(years).starts_with("line 110: is beyond the 10000 days allowed"));
}

BOOST_AUTO_TEST_CASE(its_days_are_added_to_those_of_the_campaign) {
  using std::chrono::year;
  CallingHours hours;
  hours.dates_off = {year{2026} / 12 / 7, year{2026} / 12 / 31};
  BOOST_TEST(take_calendar(hours, "2026-12-07\n2026-12-24\n").empty());
  BOOST_TEST(hours.dates_off.size() == 3U);
  BOOST_TEST((hours.dates_off[1] == year{2026} / 12 / 24));
  BOOST_TEST(take_calendar(hours, "2026-12-08\nx\n").size() == 1U);
  BOOST_TEST(hours.dates_off.size() == 3U);
}

BOOST_AUTO_TEST_CASE(any_bytes_are_read_or_told_of) {
  std::mt19937 chance(14);
  const std::string pieces[] = {"BEGIN:VCALENDAR\n",
                                "BEGIN:VEVENT\n",
                                "END:VEVENT\n",
                                "DTSTART:20260101\n",
                                "DTEND:",
                                "20260103\n",
                                " ",
                                "\r\n",
                                ":",
                                ";",
                                "2026-01-01\n",
                                std::string(1, '\0'),
                                "\xFF"};
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = round % 2 == 0 ? "BEGIN:VCALENDAR\n" : "";
    for (auto n = chance() % 12; n > 0; --n) bytes += pieces[chance() % std::size(pieces)];
    const auto days = read_calendar(bytes);
    if (days) {
      BOOST_TEST_REQUIRE(std::is_sorted(days.value().begin(), days.value().end()));
    } else {
      BOOST_TEST_REQUIRE(!days.error().empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
