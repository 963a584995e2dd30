#include "eventstore/read_ahead.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(read_ahead)

namespace {

using eventstore::EventPage;
using eventstore::RecordedEvent;

// Adds `count` events, a page at a time, whose bytes are gone when the next one is added.
struct Source {
  std::uint64_t count = 0;
  std::size_t payload_bytes = 20;
  std::uint64_t given = 0;
  std::string stream{};
  std::string payload{};

  void operator()(EventPage& page) {
    while (given < count && !page.full()) {
      ++given;
      stream = "contact/c/" + std::to_string(given);
      payload.assign(payload_bytes, static_cast<char>('a' + given % 26));
      RecordedEvent event;
      event.position = given;
      event.stream = stream;
      event.payload = payload;
      page.add(event);
    }
  }
};

bool as_given(const RecordedEvent& event, std::size_t payload_bytes) {
  return event.stream == "contact/c/" + std::to_string(event.position) &&
         event.payload ==
             std::string(payload_bytes, static_cast<char>('a' + event.position % 26)) &&
         event.personal.empty();
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_event_is_visited_in_order_with_its_own_bytes) {
  for (const std::uint64_t count : {0u, 1u, 1023u, 1024u, 1025u, 30000u}) {
    Source source{.count = count};
    std::uint64_t visited = 0;
    bool sound = true;
    eventstore::read_ahead(std::ref(source), [&](RecordedEvent& event) {
      sound &= event.position == ++visited && as_given(event, source.payload_bytes);
    });
    BOOST_TEST(visited == count);
    BOOST_TEST(sound);
  }
}

BOOST_AUTO_TEST_CASE(events_larger_than_a_page_pass) {
  Source source{.count = 40, .payload_bytes = eventstore::event_bytes_max};
  std::uint64_t visited = 0;
  bool sound = true;
  eventstore::read_ahead(std::ref(source), [&](RecordedEvent& event) {
    sound &= event.position == ++visited && as_given(event, source.payload_bytes);
  });
  BOOST_TEST(visited == 40u);
  BOOST_TEST(sound);
}

BOOST_AUTO_TEST_CASE(what_was_read_before_a_failure_is_visited_before_it_is_told) {
  Source source{.count = 4'321};
  std::uint64_t visited = 0;
  const auto failing = [&](EventPage& page) {
    source(page);
    if (!page.full()) throw std::runtime_error("damaged");
  };
  BOOST_CHECK_EXCEPTION(eventstore::read_ahead(
                            failing, [&](const RecordedEvent& event) { visited = event.position; }),
                        std::runtime_error,
                        [](const auto& error) { return error.what() == std::string("damaged"); });
  BOOST_TEST(visited == 4'321u);
}

BOOST_AUTO_TEST_CASE(a_visitor_that_fails_ends_the_reading) {
  Source source{.count = 1'000'000};
  BOOST_CHECK_EXCEPTION(eventstore::read_ahead(std::ref(source),
                                               [](const RecordedEvent& event) {
                                                 if (event.position == 10)
                                                   throw std::runtime_error("full");
                                               }),
                        std::runtime_error,
                        [](const auto& error) { return error.what() == std::string("full"); });
  // The pages that were on their way, and no more.
  BOOST_TEST(source.given <= EventPage::events_max * (eventstore::read_ahead_pages_max + 1));
}

BOOST_AUTO_TEST_CASE(a_failure_without_an_event_before_it_is_told) {
  Source source{.count = EventPage::events_max};
  std::uint64_t visited = 0;
  const auto failing = [&](EventPage& page) {
    source(page);
    if (page.empty()) throw std::runtime_error("damaged");
  };
  BOOST_CHECK_EXCEPTION(eventstore::read_ahead(
                            failing, [&](const RecordedEvent& event) { visited = event.position; }),
                        std::runtime_error,
                        [](const auto& error) { return error.what() == std::string("damaged"); });
  BOOST_TEST(visited == EventPage::events_max);
}

// Whoever has time does it: the visitor where it would wait, the reader where the visitor is slow.
BOOST_AUTO_TEST_CASE(each_page_is_checked_once_and_before_it_is_visited) {
  for (const bool slow : {false, true}) {
    constexpr std::uint64_t pages = 12;
    Source source{.count = pages * EventPage::events_max};
    std::mutex mutex;
    std::map<std::uint64_t, std::thread::id> checked;  // by the first event
    std::uint64_t checks = 0;
    std::uint64_t unchecked = 0;
    eventstore::read_ahead(
        std::ref(source),
        [&](EventPage& page) {
          const std::lock_guard held(mutex);
          checked[page.events().front().position] = std::this_thread::get_id();
          ++checks;
        },
        [&](const RecordedEvent& event) {
          const bool first = event.position % EventPage::events_max == 1;
          if (slow && first) std::this_thread::sleep_for(std::chrono::milliseconds(20));
          const std::lock_guard held(mutex);
          if (first && checked.count(event.position) == 0) ++unchecked;
        });
    BOOST_TEST(checks == pages);
    BOOST_TEST(checked.size() == pages);
    BOOST_TEST(unchecked == 0u);
    if (!slow) continue;
    const auto by_reader = std::count_if(checked.begin(), checked.end(), [](const auto& one) {
      return one.second != std::this_thread::get_id();
    });
    BOOST_TEST(by_reader > 0);
  }
}

BOOST_AUTO_TEST_CASE(what_a_check_leaves_is_visited_before_its_failure_is_told) {
  for (const bool slow : {false, true}) {
    Source source{.count = 10 * EventPage::events_max};
    std::uint64_t visited = 0;
    const auto check = [&](EventPage& page) {
      if (page.events().front().position < 5 * EventPage::events_max) return;
      page.cut(7);
      throw std::runtime_error("forged");
    };
    const auto visit = [&](const RecordedEvent& event) {
      if (slow && event.position == 1) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      visited = event.position;
    };
    BOOST_CHECK_EXCEPTION(eventstore::read_ahead(std::ref(source), check, visit),
                          std::runtime_error,
                          [](const auto& error) { return error.what() == std::string("forged"); });
    BOOST_TEST(visited == 5 * EventPage::events_max + 7);
  }
}

BOOST_AUTO_TEST_CASE(a_page_that_was_cut_takes_others_and_keeps_what_stands_before) {
  Source source{.count = 10};
  EventPage page;
  source(page);
  page.cut(4);
  source.count = 12;
  source(page);
  BOOST_REQUIRE_EQUAL(page.events().size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    const auto& event = page.events()[i];
    BOOST_TEST(event.position == (i < 4 ? i + 1 : i + 7));
    BOOST_TEST(as_given(event, source.payload_bytes));
  }
  page.clear();
  BOOST_TEST(page.empty());
}

BOOST_AUTO_TEST_SUITE_END()
