#include "runner/post_pace.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

BOOST_AUTO_TEST_SUITE(post_pace)

using namespace std::chrono_literals;
using runner::PostPace;

BOOST_AUTO_TEST_CASE(orders_that_wait_leave_at_the_rate_and_no_ten_seconds_have_more) {
  for (const std::int64_t rate : {500, 1'000, 7'000, 29'999, 30'000, 100'000}) {
    PostPace pace;
    BOOST_TEST(!pace.next(rate).has_value());
    std::vector<PostPace::Instant> left{PostPace::Instant{1h}};
    pace.sent(left[0], rate);
    while (left.back() < left[0] + 600s) {
      left.push_back(*pace.next(rate));
      pace.sent(left.back(), rate);
    }
    const auto allowed = static_cast<std::size_t>((rate + 99) / 100);
    for (std::size_t i = allowed; i < left.size(); ++i) {
      if (left[i] - left[i - allowed] < 10s) BOOST_FAIL("rate " << rate << ", order " << i);
    }
    BOOST_TEST((left.size() - 1) * 1'000'000 >= 600 * static_cast<std::size_t>(rate) * 999);
  }
}

BOOST_AUTO_TEST_CASE(one_that_is_late_brings_no_burst_and_another_rate_holds_at_once) {
  PostPace pace;
  const PostPace::Instant begin{1h};
  pace.sent(begin, 10'000);
  BOOST_TEST((*pace.next(10'000) == begin + 100ms));
  BOOST_TEST((*pace.next(1'000) == begin + 1s));
  pace.sent(begin + 750ms, 10'000);
  BOOST_TEST((*pace.next(10'000) == begin + 850ms));
  pace.sent(begin + 850ms, 10'000);
  BOOST_TEST((*pace.next(0) == begin + 850ms + 1'000s));
}

BOOST_AUTO_TEST_SUITE_END()
