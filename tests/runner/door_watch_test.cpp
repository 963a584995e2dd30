#include "runner/door_watch.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "bridge/http/server.hpp"
#include "webhook/door.hpp"

BOOST_AUTO_TEST_SUITE(door_watch)

namespace {

namespace http = bridge::http;
using namespace std::chrono_literals;
using runner::DoorWatch;

// A door, what may stand before it, and the watch, on one loop.
struct Street {
  enum class Way { open, elsewhere, taken_off, webhooks_only };
  bridge::net::SystemClock clock{};
  bridge::net::Loop loop{clock};
  Way way = Way::open;
  bool calling = true;
  std::chrono::milliseconds again = 5ms;
  std::size_t visits = 0;
  std::size_t until = 0;
  std::vector<std::string> told{};
  std::uint16_t port = 0;
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<DoorWatch> watch{};

  Street() { open(); }
  ~Street() {
    watch.reset();
    server.reset();
  }
  void open() {
    http::Server::Options options;
    options.port = port;
    server = std::make_unique<http::Server>(
        loop, options,
        [this](http::ExchangeId id, const http::Request& request) { answer(id, request); });
    port = server->port();
  }
  void answer(http::ExchangeId id, const http::Request& request) {
    ++visits;
    BOOST_TEST(request.header("Cache-Control") == "no-cache");
    const bool webhook = request.method == "POST";
    if (webhook) check_webhook(request);
    http::Response response{.status = 200, .headers = {}, .body = std::string(webhook::up_text)};
    auto seen = request;
    if (way == Way::taken_off) seen.headers.clear();
    // What another program answers never comes to our door.
    if (way != Way::elsewhere && (way != Way::webhooks_only || webhook)) {
      BOOST_TEST(watch->sees(seen) == (way != Way::taken_off));
    }
    server->answer(id, response);
    if (visits == until) loop.call_at(clock.now() + 50ms, [this] { loop.stop(); });
  }
  // It is one of a call that nobody has, and as the carrier signs it.
  void check_webhook(const http::Request& request) const {
    BOOST_TEST(request.target == "/base/call-status");
    const auto fields = http::decode_form(request.body);
    BOOST_TEST_REQUIRE(fields.has_value());
    const std::vector<std::string> tokens{"a token"};
    BOOST_TEST(bridge::carrier::verify(tokens, public_url() + "/call-status", *fields,
                                       request.header("X-Twilio-Signature")));
  }
  std::string public_url() const { return "http://127.0.0.1:" + std::to_string(port) + "/base"; }
  void begin() {
    DoorWatch::Options options;
    options.public_url = public_url();
    options.auth_token = "a token";
    options.again = again;
    const auto holds_good = [this] {
      return calling ? std::optional<std::chrono::milliseconds>(10ms) : std::nullopt;
    };
    watch = std::make_unique<DoorWatch>(loop, options, holds_good,
                                        [this](const std::string& why) { told.push_back(why); });
  }
  void wait_for(std::size_t more) {
    until = visits + more;
    loop.run();
  }
  void wait(std::chrono::milliseconds time) {
    loop.call_after(time, [this] { loop.stop(); });
    loop.run();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_open_door_is_visited_again_and_again_and_nothing_is_told) {
  Street street;
  street.begin();
  street.wait_for(4);
  // Where somebody on the way takes off what it is known by, too.
  street.way = Street::Way::taken_off;
  street.wait_for(4);
  BOOST_TEST(street.told.empty());
}

BOOST_AUTO_TEST_CASE(a_door_to_which_the_way_leads_elsewhere_is_shut_until_it_does_not) {
  Street street;
  street.way = Street::Way::elsewhere;
  street.begin();
  street.wait_for(5);
  BOOST_TEST_REQUIRE(street.told.size() == 1u);
  BOOST_TEST(street.told[0] == "something else answers there, with 200");
  // Whether or not anybody is to be called meanwhile.
  street.calling = false;
  street.way = Street::Way::open;
  street.wait_for(1);
  BOOST_TEST_REQUIRE(street.told.size() == 2u);
  BOOST_TEST(street.told[1] == "");
}

BOOST_AUTO_TEST_CASE(a_door_that_nobody_answers_at_is_shut_if_it_was_open_before) {
  {
    Street never;
    never.server.reset();
    never.begin();
    never.wait(200ms);
    BOOST_TEST(never.told.empty());
  }
  Street street;
  street.begin();
  street.wait_for(1);
  street.server.reset();
  street.wait(200ms);
  BOOST_TEST_REQUIRE(street.told.size() == 1u);
  BOOST_TEST(street.told[0].starts_with("it does not answer: "));
  street.open();
  street.wait_for(1);
  BOOST_TEST(street.told.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_door_that_webhooks_alone_reach_is_open) {
  Street street;
  street.way = Street::Way::webhooks_only;
  street.begin();
  street.wait_for(8);
  BOOST_TEST(street.told.empty());
  street.way = Street::Way::elsewhere;
  street.wait_for(6);
  BOOST_TEST_REQUIRE(street.told.size() == 1u);
  street.way = Street::Way::webhooks_only;
  street.wait_for(3);
  BOOST_TEST_REQUIRE(street.told.size() == 2u);
  BOOST_TEST(street.told[1] == "");
}

BOOST_AUTO_TEST_CASE(a_call_that_never_came_to_the_door_is_as_good_as_a_visit) {
  Street street;
  street.again = 1h;
  street.begin();
  street.watch->hurry();
  street.wait_for(1);
  // However many there are.
  street.watch->hurry();
  street.wait(100ms);
  BOOST_TEST(street.visits == 1u);
  BOOST_TEST(street.told.empty());

  Street elsewhere;
  elsewhere.again = 1h;
  elsewhere.way = Street::Way::elsewhere;
  elsewhere.begin();
  elsewhere.watch->hurry();
  elsewhere.wait_for(2);
  BOOST_TEST_REQUIRE(elsewhere.told.size() == 1u);
  BOOST_TEST(elsewhere.told[0] == "something else answers there, with 200");
}

BOOST_AUTO_TEST_CASE(nobody_comes_to_the_door_while_nobody_is_to_be_called) {
  Street street;
  street.calling = false;
  street.begin();
  street.wait(100ms);
  BOOST_TEST(street.visits == 0u);
  BOOST_TEST(street.told.empty());
}

BOOST_AUTO_TEST_SUITE_END()
