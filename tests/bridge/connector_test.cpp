#include "bridge/net/connector.hpp"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bridge/net/listener.hpp"
#include "tests/bridge/black_hole.hpp"
#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(connector)

using namespace std::chrono_literals;
using namespace bridge::net;
using bridge::testing::BlackHole;
using bridge::testing::SteppedLoop;

namespace {

// Somebody who lives at 127.0.0.1 and says a word to whoever comes; black holes beside them at the
// same port.
struct Street : SteppedLoop {
  Links links{};
  std::vector<std::unique_ptr<Stream>> guests{};
  Listener listener{loop, {.address = "127.0.0.1"}, 0, {}, [this](std::unique_ptr<Stream> guest) {
                      BOOST_TEST(guest->write("welcome"));
                      guests.push_back(std::move(guest));
                    }};
  std::deque<BlackHole> holes{};
  std::unique_ptr<Stream> opened{};
  std::optional<Connector::Failure> failure{};
  std::unique_ptr<Connector> connector{};

  void dig(const std::string& address) { holes.emplace_back(address, listener.port()); }

  void connect(std::vector<std::string> addresses, std::chrono::milliseconds time_max = 5s) {
    Connector::Options to;
    to.host = "nobody.invalid";  // not asked for
    to.port = listener.port();
    to.addresses = std::move(addresses);
    to.time_max = time_max;
    to.stream.links = &links;
    begin(std::move(to));
  }
  void begin(Connector::Options to) {
    connector = std::make_unique<Connector>(
        loop, std::move(to), [this](std::unique_ptr<Stream> stream, const Connector::Failure& why) {
          opened = std::move(stream);
          if (opened == nullptr) failure = why;
          connector.reset();
        });
  }
  void until_opened() {
    until([&] { return opened != nullptr; });
    BOOST_TEST(!connector);
    BOOST_TEST(links.connecting() == 0);
    BOOST_TEST(!loop.next_timer().has_value());
  }
  // Time goes by, and nothing comes of it.
  void advance_in_vain(std::chrono::milliseconds by) {
    settle();
    advance(by);
    settle();
    BOOST_TEST(!opened);
    BOOST_TEST(!failure);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_kinds_of_addresses_take_turns) {
  using Addresses = std::vector<std::string>;
  BOOST_TEST((by_turns({"::1", "::2", "10.0.0.1", "10.0.0.2"}) ==
              Addresses{"::1", "10.0.0.1", "::2", "10.0.0.2"}));
  BOOST_TEST(
      (by_turns({"10.0.0.1", "::1", "::2", "::3"}) == Addresses{"10.0.0.1", "::1", "::2", "::3"}));
  BOOST_TEST(
      (by_turns({"::1", "::2", "::3", "10.0.0.1"}) == Addresses{"::1", "10.0.0.1", "::2", "::3"}));
  BOOST_TEST((by_turns({"10.0.0.2", "10.0.0.1"}) == Addresses{"10.0.0.2", "10.0.0.1"}));
  BOOST_TEST(by_turns({}).empty());
}

BOOST_AUTO_TEST_CASE(a_stream_reads_nothing_before_its_start) {
  Street s;
  s.begin({.host = "127.0.0.1", .port = s.listener.port(), .stream = {.links = &s.links}});
  BOOST_TEST(s.links.connecting() == 1);
  s.until_opened();
  s.settle();
  std::string got;
  s.opened->start({.on_open = {},
                   .on_data = [&](std::string_view bytes) { got += bytes; },
                   .on_end = {},
                   .on_drained = {}});
  s.until([&] { return got == "welcome"; });
}

BOOST_AUTO_TEST_CASE(a_name_is_resolved_and_its_connector_may_be_destroyed_meanwhile) {
  Street s;
  s.begin({.host = "localhost", .port = s.listener.port(), .stream = {.links = &s.links}});
  BOOST_TEST(s.links.connecting() == 1);
  s.until_opened();
  s.begin({.host = "localhost", .port = s.listener.port(), .stream = {.links = &s.links}});
  s.connector.reset();
  BOOST_TEST(s.links.connecting() == 0);
  s.opened.reset();
  s.settle();
  BOOST_TEST(!s.opened);
  BOOST_TEST(!s.failure);
}

BOOST_AUTO_TEST_CASE(an_address_that_never_answers_leaves_half_the_time_to_the_other) {
  Street s;
  s.dig("127.0.0.2");
  s.connect({"127.0.0.2", "127.0.0.1"});
  s.advance_in_vain(2'499ms);
  s.advance(1ms);
  s.until_opened();
}

BOOST_AUTO_TEST_CASE(of_three_addresses_each_has_its_share) {
  Street s;
  s.dig("127.0.0.2");
  s.dig("127.0.0.3");
  s.connect({"127.0.0.2", "127.0.0.3", "127.0.0.1"});
  s.advance_in_vain(1'666ms);
  s.advance_in_vain(1'666ms);
  s.advance(1ms);
  s.until_opened();
}

BOOST_AUTO_TEST_CASE(an_address_that_refuses_takes_no_time) {
  Street s;
  s.connect({"127.0.0.4", "127.0.0.5", "127.0.0.1"});
  s.until_opened();
  BOOST_TEST((s.clock.now() == bridge::testing::noon));
}

BOOST_AUTO_TEST_CASE(of_many_addresses_each_has_a_second_while_there_is_time) {
  Street s;
  std::vector<std::string> addresses;
  for (int i = 2; i <= 9; ++i) {
    s.dig("127.0.0." + std::to_string(i));
    addresses.push_back("127.0.0." + std::to_string(i));
  }
  s.connect(addresses);
  for (int i = 0; i < 4; ++i) s.advance_in_vain(1s);
  s.advance_in_vain(999ms);
  s.advance(1ms);
  BOOST_REQUIRE(s.failure);
  BOOST_TEST(s.failure->why == "connecting took too long");
  BOOST_TEST((s.failure->error == std::errc::timed_out));
  BOOST_TEST(s.links.connecting() == 0);
  BOOST_TEST(!s.loop.next_timer().has_value());
}

BOOST_AUTO_TEST_CASE(the_last_address_has_all_the_time_that_is_left) {
  Street s;
  s.dig("127.0.0.2");
  s.connect({"127.0.0.4", "127.0.0.2"});
  s.advance_in_vain(4'999ms);
  s.advance(1ms);
  BOOST_TEST(s.failure.has_value());
}

BOOST_AUTO_TEST_CASE(without_a_limit_it_waits) {
  Street s;
  s.dig("127.0.0.2");
  s.connect({"127.0.0.2"}, 0ms);
  BOOST_TEST(!s.loop.next_timer().has_value());
  s.advance_in_vain(1h);
  s.connector.reset();
  BOOST_TEST(s.links.connecting() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
