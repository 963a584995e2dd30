#include "runner/certificate_end.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/given.hpp"

BOOST_AUTO_TEST_SUITE(certificate_end)

using namespace runner;
using namespace std::chrono_literals;
using std::chrono::days;
using support::utc;

namespace {

const campaigns::Instant now = utc("2026-03-02T08:00:00Z");

std::chrono::sys_seconds in(std::chrono::seconds time) {
  return std::chrono::floor<std::chrono::seconds>(now) + time;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_end_is_spoken_of_two_weeks_before_it_and_behind_it) {
  BOOST_TEST(certificate_end_text(in(days{14} + 1s), now) == "");
  BOOST_TEST(
      certificate_end_text(in(days{14}), now) ==
      "the public door's certificate ends in 14 days, at 2026-03-16T08:00:00.000Z: from then "
      "on the carrier refuses it");
  BOOST_TEST(certificate_end_text(in(36h), now).find("ends in a day, at") != std::string::npos);
  BOOST_TEST(certificate_end_text(in(1s), now).find("ends within a day, at") != std::string::npos);
  BOOST_TEST(certificate_end_text(in(0s), now).find("ended at 2026-03-02T08:00:00.000Z") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_is_said_at_once_then_once_a_day_until_it_is_renewed) {
  CertificateEnd end;
  const auto until = in(days{15});
  int said = 0;
  // Asked every minute for twenty days: told from the second day on, on each of nineteen days.
  for (auto at = now; at < now + days{20}; at += 1min) said += !end.due(until, at).empty();
  BOOST_TEST(said == 19);
  BOOST_TEST(end.due(in(days{100}), now + days{20}) == "");
  // A new one may come near its end, too.
  BOOST_TEST(end.due(in(days{33}), now + days{20} + 1min) != "");
}

BOOST_AUTO_TEST_SUITE_END()
