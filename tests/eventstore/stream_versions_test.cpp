#include "eventstore/stream_versions.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "eventstore/event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"

BOOST_AUTO_TEST_SUITE(stream_versions)

using eventstore::StreamVersions;
using log_fixture::event;

BOOST_AUTO_TEST_CASE(a_stream_begins_at_one_and_goes_on_without_gaps) {
  StreamVersions versions;
  BOOST_TEST(versions.of("runner") == 0u);
  BOOST_TEST(!versions.advance("runner", 0));
  BOOST_TEST(!versions.advance("runner", 2));
  BOOST_TEST(versions.advance("runner", 1));
  BOOST_TEST(!versions.advance("runner", 1));
  BOOST_TEST(versions.advance("runner", 2));
  BOOST_TEST(versions.of("runner") == 2u);
}

BOOST_AUTO_TEST_CASE(many_streams_are_kept_apart) {
  StreamVersions versions;
  constexpr std::uint32_t streams = 200'000;
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < streams; ++i) {
    const std::string name = "contact/survey/" + std::to_string(i);
    for (std::uint32_t version = 1; version <= 1 + i % 3; ++version) {
      if (!versions.advance(name, version)) ++refused;
    }
  }
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < streams; ++i) {
    if (versions.of("contact/survey/" + std::to_string(i)) != 1 + i % 3) ++wrong;
  }
  BOOST_TEST(refused == 0u);
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(versions.of("contact/survey/200000") == 0u);
}

BOOST_AUTO_TEST_CASE(names_that_differ_by_zero_bytes_at_the_end_are_different) {
  StreamVersions versions;
  BOOST_TEST(versions.advance(std::string("a\0", 2), 1));
  BOOST_TEST(versions.of("a") == 0u);
  BOOST_TEST(versions.of(std::string("a\0\0", 3)) == 0u);
}

BOOST_AUTO_TEST_CASE(a_batch_is_claimed_whole_or_not_at_all) {
  StreamVersions versions;
  versions.claim({event("a", 1), event("b", 1), event("a", 2)});
  BOOST_CHECK_THROW(versions.claim({event("a", 3), event("c", 1), event("a", 4), event("b", 3)}),
                    eventstore::VersionConflict);
  BOOST_TEST(versions.of("a") == 2u);
  BOOST_TEST(versions.of("b") == 1u);
  BOOST_TEST(versions.of("c") == 0u);
  versions.claim({event("c", 1), event("b", 2)});
  BOOST_TEST(versions.of("c") == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_that_is_too_large_is_refused_with_its_batch) {
  StreamVersions versions;
  const std::string large(eventstore::event_bytes_max, 'x');
  BOOST_CHECK_THROW(versions.claim({event("a", 1), event("b", 1, large)}), std::length_error);
  BOOST_TEST(versions.of("a") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
