#include "bridge/carrier/rfc2822.hpp"

#include <boost/test/unit_test.hpp>

#include "bridge/rehearsal/wire.hpp"

BOOST_AUTO_TEST_SUITE(rfc2822)

using namespace std::chrono_literals;
using bridge::carrier::parse_rfc2822;
using bridge::net::Instant;

BOOST_AUTO_TEST_CASE(a_date_as_the_carrier_writes_it_is_read) {
  const Instant at = std::chrono::sys_days(std::chrono::year(2026) / 8 / 4) + 9h + 15min + 2s;
  BOOST_TEST((parse_rfc2822("Tue, 04 Aug 2026 09:15:02 +0000") == at));
  BOOST_TEST((parse_rfc2822("Tue, 4 Aug 2026 09:15:02 GMT") == at));
  BOOST_TEST((parse_rfc2822("Tue, 04 Aug 2026 11:45:02 +0230") == at));
  BOOST_TEST((parse_rfc2822("Tue, 04 Aug 2026 04:15:02 -0500") == at));
}

BOOST_AUTO_TEST_CASE(anything_else_is_nothing) {
  for (const char* text : {"", "null", "2026-08-04T09:15:02Z", "Tue, 04 Aug 2026 09:15:02",
                           "Wed, 04 Aug 2026 09:15:02 +0000", "Tue, 04 Aug 2026 24:00:00 +0000",
                           "Tue, 04 Aug 2026 09:60:00 +0000", "Tue, 31 Feb 2026 09:15:02 +0000",
                           "Tue, 04 aug 2026 09:15:02 +0000", "Tue, 04 Aug 2026 09:15:02 +0000 ",
                           "Tue, 04 Aug 26 09:15:02 +0000", "Tue, 04 Aug 2026 9:15:02 +0000",
                           "Tue, 04 Aug 2026 09:15:02 +000", "Tue, 04 Aug 2026 09:15:02 EST",
                           "Tue, 04 Aug 2026 09:15:02 +1500", "Tue, 00 Aug 2026 09:15:02 +0000"}) {
    BOOST_TEST(!parse_rfc2822(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(what_the_rehearsal_writes_is_read_back) {
  Instant at = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);
  for (int i = 0; i < 2000; ++i) {
    BOOST_TEST((parse_rfc2822(bridge::rehearsal::rfc2822(at)) == at));
    at += 733h + 17min + 41s;
  }
}

BOOST_AUTO_TEST_SUITE_END()
