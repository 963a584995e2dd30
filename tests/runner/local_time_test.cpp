#include "runner/local_time.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <ctime>
#include <string>

namespace local_time {

// The suite's own time zone, whatever the machine's is.
struct InRome {
  InRome() {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", "Europe/Rome", 1);
    tzset();
  }
  ~InRome() {
    if (before_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", before_.c_str(), 1);
    }
    tzset();
  }
  std::string before_{};
};

}  // namespace local_time

BOOST_FIXTURE_TEST_SUITE(local_time, InRome)

using campaigns::Instant;
using campaigns::parse_rfc3339;
using campaigns::rfc3339_utc;

namespace {

std::string moment(const char* text) {
  const auto read = runner::read_moment(text);
  return read ? rfc3339_utc(*read) : "none";
}

std::string since(const char* text, const char* now) {
  const auto read = runner::read_since(text, *parse_rfc3339(now));
  return read ? rfc3339_utc(*read) : "none";
}

}  // namespace

BOOST_AUTO_TEST_CASE(moments_are_read_in_the_system_s_zone) {
  BOOST_TEST(moment("2026-03-02") == "2026-03-01T23:00:00.000Z");
  BOOST_TEST(moment("2026-07-02") == "2026-07-01T22:00:00.000Z");
  BOOST_TEST(moment("2026-03-02 18:30") == "2026-03-02T17:30:00.000Z");
  BOOST_TEST(moment("2026-03-02T18:30:00Z") == "2026-03-02T18:30:00.000Z");
}

BOOST_AUTO_TEST_CASE(what_is_no_moment_is_none) {
  for (const char* text : {"", "18:00", "2026-3-2", "2026-02-30", "2026-13-01", "2026-00-10",
                           "2026-03-02 24:00", "2026-03-02 18:60", "2026-03-02  18:00", "soon"}) {
    BOOST_TEST(moment(text) == "none", text);
  }
}

BOOST_AUTO_TEST_CASE(a_time_of_day_is_the_last_one) {
  BOOST_TEST(since("18:00", "2026-03-03T07:00:00Z") == "2026-03-02T17:00:00.000Z");
  BOOST_TEST(since("18:00", "2026-03-03T17:00:00Z") == "2026-03-03T17:00:00.000Z");
  BOOST_TEST(since("18:00", "2026-03-01T07:00:00Z") == "2026-02-28T17:00:00.000Z");
  // The night in which the clocks went forward.
  BOOST_TEST(since("18:00", "2026-03-29T07:00:00Z") == "2026-03-28T17:00:00.000Z");
  BOOST_TEST(since("2026-03-01 18:00", "2026-03-03T07:00:00Z") == "2026-03-01T17:00:00.000Z");
  BOOST_TEST(since("25:00", "2026-03-03T07:00:00Z") == "none");
}

BOOST_AUTO_TEST_CASE(a_moment_is_written_as_it_is_read) {
  BOOST_TEST(runner::local_text(*parse_rfc3339("2026-03-02T17:30:59Z")) == "2026-03-02 18:30 CET");
  BOOST_TEST(runner::local_text(*parse_rfc3339("2026-07-02T17:30:00Z")) == "2026-07-02 19:30 CEST");
}

BOOST_AUTO_TEST_CASE(a_day_is_no_moment) {
  BOOST_TEST((runner::read_day("2026-12-25") == std::chrono::year{2026} / 12 / 25));
  for (const char* none :
       {"2026-12-25 00:00", "2026-12-25T00:00:00Z", "2026-02-30", "25/12/2026", ""}) {
    BOOST_TEST(!runner::read_day(none).has_value(), none);
  }
}

BOOST_AUTO_TEST_SUITE_END()
