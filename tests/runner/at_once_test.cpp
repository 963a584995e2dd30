#include "runner/at_once.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

BOOST_AUTO_TEST_SUITE(at_once)

// The second piece lets the first one end, so they are under way together.
BOOST_AUTO_TEST_CASE(every_piece_is_done_beside_the_others) {
  std::promise<void> second_runs;
  std::thread::id first;
  std::thread::id second;
  const std::array<std::function<void()>, 2> work{[&] {
                                                    second_runs.get_future().wait();
                                                    first = std::this_thread::get_id();
                                                  },
                                                  [&] {
                                                    second = std::this_thread::get_id();
                                                    second_runs.set_value();
                                                  }};
  runner::at_once(work);
  BOOST_TEST((first == std::this_thread::get_id()));
  BOOST_TEST((second != first));
  runner::at_once({});
  BOOST_TEST(runner::pieces_at_once() >= 1u);
}

BOOST_AUTO_TEST_CASE(what_a_piece_throws_is_told_when_all_are_done) {
  for (const std::size_t failing : {std::size_t{0}, std::size_t{2}}) {
    std::array<bool, 3> done{};
    std::array<std::function<void()>, 3> work;
    for (std::size_t i = 0; i < work.size(); ++i) {
      work[i] = [&done, i, failing] {
        if (i == failing) throw std::runtime_error("full");
        done[i] = true;
      };
    }
    BOOST_CHECK_EXCEPTION(runner::at_once(work), std::runtime_error,
                          [](const auto& error) { return error.what() == std::string("full"); });
    for (std::size_t i = 0; i < work.size(); ++i) BOOST_TEST(done[i] == (i != failing));
  }
}

BOOST_AUTO_TEST_SUITE_END()
