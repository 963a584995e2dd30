#include "campaigns/calling_hours.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(calling_hours)

using namespace campaigns;
using namespace std::chrono;

namespace {

constexpr std::uint8_t mon_to_fri = 0b0011111;
constexpr std::uint8_t every_day = 0b1111111;

CallingHours with_lunch_break() {
  CallingHours hours;
  hours.windows = {{mon_to_fri, 9h, 13h}, {mon_to_fri, 14h + 30min, 19h + 30min}};
  return hours;
}

Instant utc(const char* text) {
  return parse_rfc3339(text).value();
}

std::string changes(const Opening& opening) {
  return opening.changes_at ? rfc3339_utc(*opening.changes_at) : "never";
}

Opening at(const CallingHours& hours, const char* zone, const char* instant) {
  static const ZoneRules rules = some_zones();
  return opening_at(hours, zone, rules, utc(instant));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_window_begins_with_its_first_minute_and_ends_before_its_last) {
  const CallingHours hours = with_lunch_break();
  // Monday 2 March 2026, Rome at +01:00.
  BOOST_TEST(!at(hours, "Europe/Rome", "2026-03-02T07:59:59.999Z").open);
  BOOST_TEST(at(hours, "Europe/Rome", "2026-03-02T08:00:00Z").open);
  BOOST_TEST(at(hours, "Europe/Rome", "2026-03-02T11:59:59.999Z").open);
  BOOST_TEST(!at(hours, "Europe/Rome", "2026-03-02T12:00:00Z").open);
  const Opening open = at(hours, "Europe/Rome", "2026-03-02T14:00:00Z");
  BOOST_TEST(open.known_zone);
  BOOST_TEST(open.window == "14:30-19:30");
  BOOST_TEST(open.utc_offset.count() == 60);
  BOOST_TEST(changes(open) == "2026-03-02T18:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(it_says_when_it_opens_next) {
  const CallingHours hours = with_lunch_break();
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-02T12:10:00Z")) ==
             "2026-03-02T13:30:00.000Z");
  // Friday evening: Monday.
  const Opening closed = at(hours, "Europe/Rome", "2026-03-06T19:00:00Z");
  BOOST_TEST(closed.window == "");
  BOOST_TEST(changes(closed) == "2026-03-09T08:00:00.000Z");
  // New York is asleep at the same instant that Rome is called.
  BOOST_TEST(!at(hours, "America/New_York", "2026-03-02T08:00:00Z").open);
}

BOOST_AUTO_TEST_CASE(dates_off_are_dates_where_the_person_is) {
  CallingHours hours;
  hours.windows = {{every_day, 0h, 24h}};
  hours.dates_off = {year{2026} / 4 / 25, year{2026} / 12 / 25};
  BOOST_TEST(at(hours, "Asia/Kolkata", "2026-04-24T18:29:00Z").open);
  BOOST_TEST(!at(hours, "Asia/Kolkata", "2026-04-24T18:30:00Z").open);
  BOOST_TEST(at(hours, "Europe/Rome", "2026-04-24T18:30:00Z").open);
  const Opening off = at(hours, "Europe/Rome", "2026-04-25T10:00:00Z");
  BOOST_TEST(!off.open);
  BOOST_TEST(changes(off) == "2026-04-25T22:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(the_day_before_a_date_off_is_an_eve) {
  CallingHours hours;
  hours.windows = {{0b0011111, 9h, 20h}, {CallingWindow::eves, 10h, 12h}};
  hours.dates_off = {year{2026} / 3 / 5, year{2026} / 3 / 9};  // a Thursday and a Monday
  BOOST_TEST(at(hours, "Europe/Rome", "2026-03-03T08:30:00Z").open);
  const Opening eve = at(hours, "Europe/Rome", "2026-03-04T08:30:00Z");
  BOOST_TEST(!eve.open);
  BOOST_TEST(changes(eve) == "2026-03-04T09:00:00.000Z");
  BOOST_TEST(at(hours, "Europe/Rome", "2026-03-04T09:00:00Z").window == "10:00-12:00");
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-04T11:00:00Z")) ==
             "2026-03-06T08:00:00.000Z");
  // A Sunday without an opening has none as an eve either.
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-07T08:00:00Z")) ==
             "2026-03-10T08:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(a_window_that_spring_skips_opens_after_the_gap) {
  CallingHours hours;
  hours.windows = {{every_day, 2h + 30min, 4h}};
  // Sunday 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-29T00:30:00Z")) ==
             "2026-03-29T01:00:00.000Z");
  BOOST_TEST(!at(hours, "Europe/Rome", "2026-03-29T00:59:59Z").open);
  const Opening after = at(hours, "Europe/Rome", "2026-03-29T01:00:00Z");
  BOOST_TEST(after.open);
  BOOST_TEST(after.utc_offset.count() == 120);
  BOOST_TEST(changes(after) == "2026-03-29T02:00:00.000Z");
  // A window inside the gap is never open that day.
  hours.windows = {{every_day, 2h, 3h}};
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-29T00:30:00Z")) ==
             "2026-03-30T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(a_window_that_autumn_repeats_is_open_as_long_as_the_clock_shows_it) {
  CallingHours hours;
  hours.windows = {{every_day, 2h, 3h}};
  // Sunday 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-10-24T23:00:00Z")) ==
             "2026-10-25T00:00:00.000Z");
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-10-25T00:00:00Z")) ==
             "2026-10-25T02:00:00.000Z");
  hours.windows = {{every_day, 2h + 15min, 2h + 30min}};
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-10-25T00:20:00Z")) ==
             "2026-10-25T00:30:00.000Z");
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-10-25T00:30:00Z")) ==
             "2026-10-25T01:15:00.000Z");
}

BOOST_AUTO_TEST_CASE(opening_hours_keep_to_the_clock_across_the_change) {
  const CallingHours hours = with_lunch_break();
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-03-27T18:30:00Z")) ==
             "2026-03-30T07:00:00.000Z");
  BOOST_TEST(changes(at(hours, "Europe/Rome", "2026-10-23T17:30:00Z")) ==
             "2026-10-26T08:00:00.000Z");
}

// Half past one to two comes twice where summer is half an hour, and two to half past is left out.
BOOST_AUTO_TEST_CASE(a_summer_of_half_an_hour_is_kept_to) {
  CallingHours hours;
  hours.windows = {{every_day, 1h + 30min, 2h}};
  BOOST_TEST(changes(at(hours, "Australia/Lord_Howe", "2026-04-04T14:00:00Z")) ==
             "2026-04-04T14:30:00.000Z");
  const Opening twice = at(hours, "Australia/Lord_Howe", "2026-04-04T14:30:00Z");
  BOOST_TEST(twice.utc_offset.count() == 660);
  BOOST_TEST(changes(twice) == "2026-04-04T15:30:00.000Z");
  BOOST_TEST(at(hours, "Australia/Lord_Howe", "2026-04-04T15:00:00Z").utc_offset.count() == 630);
  hours.windows = {{every_day, 2h + 15min, 2h + 45min}};
  BOOST_TEST(changes(at(hours, "Australia/Lord_Howe", "2026-10-03T15:00:00Z")) ==
             "2026-10-03T15:30:00.000Z");
  BOOST_TEST(changes(at(hours, "Australia/Lord_Howe", "2026-10-03T15:30:00Z")) ==
             "2026-10-03T15:45:00.000Z");
  hours.windows = {{every_day, 2h, 2h + 30min}};
  BOOST_TEST(changes(at(hours, "Australia/Lord_Howe", "2026-10-03T15:00:00Z")) ==
             "2026-10-04T15:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(zones_of_quarters_and_halves_open_by_their_clock) {
  const CallingHours hours = with_lunch_break();
  BOOST_TEST(changes(at(hours, "Asia/Kathmandu", "2026-03-02T03:00:00Z")) ==
             "2026-03-02T03:15:00.000Z");
  BOOST_TEST(changes(at(hours, "Asia/Kathmandu", "2026-03-02T03:15:00Z")) ==
             "2026-03-02T07:15:00.000Z");
  BOOST_TEST(changes(at(hours, "Asia/Kolkata", "2026-03-02T03:15:00Z")) ==
             "2026-03-02T03:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(windows_that_touch_are_one_opening) {
  CallingHours hours;
  hours.windows = {{every_day, 20h, 24h}, {every_day, 0h, 2h}};
  BOOST_TEST(changes(at(hours, "Asia/Kolkata", "2026-03-02T15:00:00Z")) ==
             "2026-03-02T20:30:00.000Z");
  hours.windows = {{every_day, 0h, 24h}};
  const Opening always = at(hours, "Asia/Kolkata", "2026-03-02T15:00:00Z");
  BOOST_TEST(always.open);
  BOOST_TEST(changes(always) == "never");
  BOOST_TEST(always.window == "00:00-24:00");
}

BOOST_AUTO_TEST_CASE(an_unknown_zone_is_closed_for_good) {
  const Opening opening = at(with_lunch_break(), "Europa/Roma", "2026-03-02T10:00:00Z");
  BOOST_TEST(!opening.open);
  BOOST_TEST(!opening.known_zone);
  BOOST_TEST(changes(opening) == "never");
}

BOOST_AUTO_TEST_CASE(hours_without_a_window_never_open) {
  BOOST_TEST(changes(at(CallingHours{}, "Europe/Rome", "2026-03-02T10:00:00Z")) == "never");
}

BOOST_AUTO_TEST_CASE(a_fixed_zone_of_the_hours_holds_for_everybody) {
  CallingHours hours = with_lunch_break();
  hours.zone = "Europe/Rome";
  BOOST_TEST(at(hours, "America/New_York", "2026-03-02T08:00:00Z").open);
  BOOST_TEST(at(hours, "no zone", "2026-03-02T08:00:00Z").utc_offset.count() == 60);
  // Their own clock is told beside it; where it is not known, it is this one.
  BOOST_TEST(at(hours, "America/New_York", "2026-03-02T08:00:00Z").own_utc_offset.count() == -300);
  BOOST_TEST(at(hours, "no zone", "2026-03-02T08:00:00Z").own_utc_offset.count() == 60);
}

BOOST_AUTO_TEST_CASE(hours_reach_into_the_night_by_the_clock_that_a_person_has) {
  const auto reach = [](minutes from, minutes to, minutes ahead = {}) {
    CallingHours hours;
    hours.windows = {{0b0001'1111, from, to}};
    return reach_into_night(hours, ahead);
  };
  BOOST_TEST(!reach(8h, 21h));
  BOOST_TEST(reach(7h + 59min, 21h));
  BOOST_TEST(reach(8h, 21h + 1min));
  BOOST_TEST(reach(3h, 5h));
  BOOST_TEST(reach(0h, 24h));
  // From New York to Honolulu and to Rome, and back over the date line.
  BOOST_TEST(reach(9h, 20h, -5h));
  BOOST_TEST(!reach(14h, 20h, -5h));
  BOOST_TEST(reach(9h, 20h, 6h));
  BOOST_TEST(!reach(9h, 15h, 6h));
  BOOST_TEST(!reach(1h, 2h, -14h));
  CallingHours two;
  two.windows = {{0b0001'1111, 9h, 13h}, {0b0010'0000, 22h, 23h}};
  BOOST_TEST(reach_into_night(two));
}

BOOST_AUTO_TEST_CASE(every_change_is_one_and_none_is_passed_over) {
  static const ZoneRules rules = some_zones();
  const CallingHours hours = with_lunch_break();
  Instant cursor = utc("2026-03-20T00:00:00Z");
  const Instant end = utc("2026-04-20T00:00:00Z");
  while (cursor < end) {
    const Opening opening = opening_at(hours, "Europe/Rome", rules, cursor);
    BOOST_TEST_REQUIRE(opening.changes_at.has_value());
    for (Instant i = cursor; i < *opening.changes_at; i += 10min) {
      BOOST_TEST_REQUIRE(opening_at(hours, "Europe/Rome", rules, i).open == opening.open);
    }
    BOOST_TEST_REQUIRE(opening_at(hours, "Europe/Rome", rules, *opening.changes_at).open !=
                       opening.open);
    cursor = *opening.changes_at;
  }
}

BOOST_AUTO_TEST_CASE(zone_rules_know_offsets_and_countries) {
  const ZoneRules rules = some_zones();
  BOOST_TEST(rules.utc_offset("Europe/Rome", utc("2026-03-29T00:59:59Z"))->count() == 60);
  BOOST_TEST(rules.utc_offset("Europe/Rome", utc("2026-03-29T01:00:00Z"))->count() == 120);
  BOOST_TEST(!rules.utc_offset("nowhere", utc("2026-03-29T01:00:00Z")).has_value());
  BOOST_TEST((rules.only_zone_of("IT") == "Europe/Rome"));
  BOOST_TEST(!rules.only_zone_of("ES").has_value());
  BOOST_TEST(!rules.only_zone_of("XX").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
