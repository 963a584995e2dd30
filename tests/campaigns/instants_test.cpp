#include "campaigns/time.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

BOOST_AUTO_TEST_SUITE(instants)

using namespace campaigns;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(instants_are_written_as_rfc_3339_has_them) {
  BOOST_TEST(rfc3339_utc(instant_from_ms(0)) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(rfc3339_utc(instant_from_ms(1'772'439'300'250)) == "2026-03-02T08:15:00.250Z");
  BOOST_TEST(rfc3339_utc(instant_from_ms(-1)) == "1969-12-31T23:59:59.999Z");
  BOOST_TEST(rfc3339_local(instant_from_ms(1'772'439'300'250), 60min) ==
             "2026-03-02T09:15:00+01:00");
  BOOST_TEST(rfc3339_local(instant_from_ms(1'772'439'300'250), -210min) ==
             "2026-03-02T04:45:00-03:30");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1'772'439'300'250},
                                std::int64_t{951'782'400'000}, std::int64_t{-86'400'001}}) {
    const auto read = parse_rfc3339(rfc3339_utc(instant_from_ms(ms)));
    BOOST_TEST_REQUIRE(read.has_value());
    BOOST_TEST(to_ms(*read) == ms);
  }
  BOOST_TEST(to_ms(*parse_rfc3339("2026-03-02T04:45:00.25-03:30")) == 1'772'439'300'250);
  BOOST_TEST(to_ms(*parse_rfc3339("2026-03-02t09:15:00.250999+01:00")) == 1'772'439'300'250);
}

BOOST_AUTO_TEST_CASE(anything_else_is_not_an_instant) {
  for (const char* text :
       {"", "2026-03-02", "2026-03-02T09:15:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-03-02T24:00:00Z", "2026-03-02T09:60:00Z", "2026-03-02T09:15:60Z",
        "2026-03-02T09:15:00.Z", "2026-03-02T09:15:00+1:00", "2026-03-02T09:15:00ZZ",
        "2026-03-02T09:15:00+24:00", " 2026-03-02T09:15:00Z", "26-03-02T09:15:00Z"}) {
    BOOST_TEST(!parse_rfc3339(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(chance_is_a_function_of_seed_stream_and_version) {
  const Moment moment{{}, 7};
  BOOST_TEST(moment.dice("contact/a/1", 3) ==
             (Moment{instant_from_ms(99), 7}.dice("contact/a/1", 3)));
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const char* stream : {"a", "b", "ab", ""}) {
      for (std::uint64_t version = 0; version < 100; ++version) {
        seen.insert(Moment{{}, seed}.dice(stream, version));
      }
    }
  }
  BOOST_TEST(seen.size() == 4000U);
}

BOOST_AUTO_TEST_CASE(chance_is_even) {
  std::size_t high = 0;
  for (std::uint64_t version = 0; version < 10'000; ++version) {
    if ((Moment{{}, 1}.dice("s", version) >> 63U) != 0) ++high;
  }
  BOOST_TEST(high > 4800U);
  BOOST_TEST(high < 5200U);
}

BOOST_AUTO_TEST_SUITE_END()
