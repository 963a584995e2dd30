#include "runner/courier.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/http/server.hpp"
#include "runner/crypto.hpp"

BOOST_AUTO_TEST_SUITE(courier)

namespace {

namespace http = bridge::http;
using namespace std::chrono_literals;
using runner::Alert;
using runner::AlertKind;
using runner::Courier;

const std::string secret = "0123456789abcdef";

// Somebody who hears alerts, and the courier that brings them, on one loop.
struct Hearer {
  bridge::net::SystemClock clock{};
  bridge::net::Loop loop{clock};
  std::filesystem::path cursor =
      std::filesystem::temp_directory_path() / ("courier-" + std::to_string(::getpid()));
  std::vector<http::Request> heard{};
  std::function<int(std::size_t)> status = [](std::size_t) { return 204; };  // of the nth
  std::size_t until = 0;
  std::vector<std::string> notices{};
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<Courier> courier{};

  Hearer() {
    server = std::make_unique<http::Server>(
        loop, http::Server::Options{}, [this](http::ExchangeId id, const http::Request& request) {
          heard.push_back(request);
          http::Response response;
          response.status = status(heard.size());
          server->answer(id, response);
          // Time enough for the answer to get there.
          if (heard.size() == until) loop.call_at(clock.now() + 50ms, [this] { loop.stop(); });
        });
  }
  ~Hearer() {
    courier.reset();
    server.reset();
    std::filesystem::remove(cursor);
  }
  void begin(std::uint64_t log_end = 0, std::size_t queue_max = 100) {
    Courier::Options options;
    options.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/hook?key=k";
    options.setting = "ALERTS_URL";
    options.secret = secret;
    options.cursor = cursor;
    options.kinds = runner::read_alert_kinds("");
    options.queue_max = queue_max;
    options.retry_first = 1ms;
    options.retry_max = 4ms;
    courier = std::make_unique<Courier>(
        loop, options, log_end, [this](std::string text) { notices.push_back(std::move(text)); });
  }
  void hear(std::size_t count) {
    until = count;
    loop.run();
  }
  // Their ids, with commas.
  std::string ids() const {
    std::string text;
    for (const auto& request : heard) text += std::string(request.header("Campanile-Id")) + ',';
    return text;
  }
};

Alert alert(std::uint64_t position, AlertKind kind = AlertKind::call_held) {
  return {"a" + std::to_string(position), kind, position,
          "{\"n\":" + std::to_string(position) + '}'};
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_alert_is_signed_and_brought_when_it_is_on_disk) {
  Hearer hearer;
  hearer.begin();
  hearer.courier->take(alert(5));
  hearer.courier->take(alert(7));
  hearer.courier->take(alert(8, AlertKind::outcome));  // nobody asked for those here
  hearer.courier->pump(4);
  BOOST_TEST(hearer.courier->idle());
  hearer.courier->pump(5);
  BOOST_TEST(!hearer.courier->idle());
  hearer.hear(1);
  BOOST_TEST(hearer.ids() == "a5,");
  const auto& request = hearer.heard.front();
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.target == "/hook?key=k");
  BOOST_TEST(request.body == "{\"n\":5}");
  const auto signature = std::string(request.header("Campanile-Signature"));
  const auto comma = signature.find(",v1=");
  BOOST_TEST_REQUIRE(comma != std::string::npos);
  const auto seconds = signature.substr(2, comma - 2);
  BOOST_TEST(signature.substr(comma + 4) ==
             runner::hex(runner::hmac_sha256(secret, seconds + ".{\"n\":5}")));
  hearer.courier->pump(9);
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a5,a7,");
  BOOST_TEST(hearer.courier->brought() == 2U);
  BOOST_TEST(hearer.courier->waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_not_heard_is_told_again_in_order_and_the_operator_hears_of_it_once) {
  Hearer hearer;
  hearer.status = [](std::size_t n) { return n <= 6 ? 500 : 200; };
  hearer.begin();
  hearer.courier->take(alert(1));
  hearer.courier->take(alert(2));
  hearer.courier->pump(2);
  hearer.hear(8);
  BOOST_TEST(hearer.ids() == "a1,a1,a1,a1,a1,a1,a1,a2,");
  BOOST_TEST(hearer.courier->failures() == 6U);
  BOOST_TEST_REQUIRE(hearer.notices.size() == 2U);
  BOOST_TEST(hearer.notices[0].find("answered 500") != std::string::npos);
  BOOST_TEST(hearer.notices[1].find("heard again") != std::string::npos);
  for (const auto& notice : hearer.notices) BOOST_TEST(notice.find("key=k") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_start_goes_on_behind_what_was_brought) {
  Hearer hearer;
  hearer.begin(10);
  // What was in the log before anybody wanted to hear is not told.
  hearer.courier->take(alert(9));
  hearer.courier->take(alert(11));
  hearer.courier->take(alert(12));
  hearer.courier->pump(11);
  hearer.hear(1);
  BOOST_TEST(hearer.ids() == "a11,");
  hearer.begin(12);  // as after a crash: the fold of the log shows all of them again
  for (const auto position : {9U, 11U, 12U}) hearer.courier->take(alert(position));
  hearer.courier->pump(12);
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a11,a12,");
}

BOOST_AUTO_TEST_CASE(what_had_no_room_is_told_by_the_next_start) {
  Hearer hearer;
  hearer.begin(0, 2);
  for (std::uint64_t position = 1; position <= 5; ++position) hearer.courier->take(alert(position));
  BOOST_TEST(hearer.courier->waiting() == 2U);
  BOOST_TEST(hearer.notices.size() == 1U);
  hearer.courier->pump(5);
  hearer.hear(2);
  hearer.courier->take(alert(6));
  hearer.courier->pump(6);
  hearer.hear(3);
  BOOST_TEST(hearer.ids() == "a1,a2,a6,");
  hearer.heard.clear();
  hearer.begin(6);
  for (std::uint64_t position = 1; position <= 6; ++position) hearer.courier->take(alert(position));
  hearer.courier->pump(6);
  hearer.hear(6);
  BOOST_TEST(hearer.ids() == "a1,a2,a3,a4,a5,a6,");
}

BOOST_AUTO_TEST_CASE(one_that_nobody_takes_is_given_up_so_that_the_others_are_heard) {
  Hearer hearer;
  hearer.status = [&](std::size_t) {
    return hearer.heard.back().header("Campanile-Id") == "a1" ? 400 : 200;
  };
  hearer.begin();
  Courier::Options options;
  options.url = "http://127.0.0.1:" + std::to_string(hearer.server->port()) + "/hook";
  options.setting = "ALERTS_URL";
  options.secret = secret;
  options.cursor = hearer.cursor;
  options.kinds = runner::read_alert_kinds("");
  options.retry_first = 1ms;
  options.patience_max = std::chrono::hours{0};
  hearer.courier = std::make_unique<Courier>(
      hearer.loop, options, 0, [&](std::string text) { hearer.notices.push_back(text); });
  hearer.courier->take(alert(1));
  hearer.courier->take(alert(2));
  hearer.courier->pump(2);
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a1,a2,");
  BOOST_TEST(hearer.courier->given_up() == 1U);
}

BOOST_AUTO_TEST_CASE(a_url_or_a_secret_that_is_none) {
  Hearer hearer;
  Courier::Options options;
  options.setting = "ALERTS_URL";
  options.cursor = hearer.cursor;
  options.secret = secret;
  options.url = "ftp://token@host/x";
  const auto names_it = [](const std::invalid_argument& error) {
    const std::string what = error.what();
    return what.find("ALERTS_URL") != std::string::npos && what.find("token") == std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(Courier(hearer.loop, options, 0, {}), std::invalid_argument, names_it);
  options.url = "http://127.0.0.1:1/token";
  options.secret = "short";
  BOOST_CHECK_EXCEPTION(Courier(hearer.loop, options, 0, {}), std::invalid_argument, names_it);
}

BOOST_AUTO_TEST_SUITE_END()
