#include "runner/courier.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
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

Alert alert(std::uint64_t position, AlertKind kind = AlertKind::call_held) {
  return {"a" + std::to_string(position), kind, position,
          "{\"n\":" + std::to_string(position) + '}'};
}

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
  Courier::ReadAgain read_again{};
  std::chrono::milliseconds retry_first{1};
  std::chrono::milliseconds retry_max{4};
  std::string installation = "0123456789abcdef0123456789abcdef";

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
    options.installation = installation;
    options.queue_max = queue_max;
    options.read_again = read_again;
    options.retry_first = retry_first;
    options.retry_max = retry_max;
    courier = std::make_unique<Courier>(
        loop, options, log_end, [this](std::string text) { notices.push_back(std::move(text)); });
  }
  void hear(std::size_t count) {
    until = count;
    loop.run();
  }
  // As the program does after each turn of its loop.
  void pump_each_turn(std::uint64_t durable) {
    loop.before_sleep([this, durable] { courier->pump(durable); });
  }
  void take_all(std::uint64_t last) {
    for (std::uint64_t position = 1; position <= last; ++position) courier->take(alert(position));
  }
  std::string cursor_text() const {
    std::ifstream in(cursor);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Their ids, with commas.
  std::string ids() const {
    std::string text;
    for (const auto& request : heard) text += std::string(request.header("Campanile-Id")) + ',';
    return text;
  }
};

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

BOOST_AUTO_TEST_CASE(what_had_no_room_is_told_by_the_next_starts_each_alert_once) {
  Hearer hearer;
  hearer.begin(0, 2);
  hearer.take_all(5);
  BOOST_TEST(hearer.courier->waiting() == 2U);
  BOOST_TEST(hearer.notices.size() == 1U);
  hearer.courier->pump(5);
  hearer.hear(2);
  // What comes later is not told before what was left out.
  hearer.courier->take(alert(6));
  hearer.courier->pump(6);
  BOOST_TEST(hearer.courier->idle());
  for (const auto by_then : {4U, 6U}) {
    hearer.begin(6, 2);
    hearer.take_all(6);
    hearer.courier->pump(6);
    hearer.hear(by_then);
  }
  BOOST_TEST(hearer.ids() == "a1,a2,a3,a4,a5,a6,");
}

BOOST_AUTO_TEST_CASE(what_had_no_room_is_read_again_when_there_is_some) {
  Hearer hearer;
  // A log of nine events, of which three are read at once; the fourth tells nothing to anybody, and
  // from the fifth two alerts follow.
  std::size_t readings = 0;
  hearer.read_again = [&](runner::AlertPlace after, const runner::AlertRules::Tell& take) {
    ++readings;
    const auto first = std::max<std::uint64_t>(after.position, 1);
    const auto last = std::min<std::uint64_t>(first + 2, 9);
    for (auto position = first; position <= last; ++position) {
      for (std::uint32_t part = 1; part <= (position == 5 ? 2U : 1U); ++part) {
        if (position == 4 || (position == after.position && part <= after.part)) continue;
        auto made = alert(position);
        made.part = part;
        if (part == 2) made.id += "-2";
        if (!take(made)) break;
      }
    }
    return Courier::Reach{last, last == 9};
  };
  hearer.begin(0, 4);
  for (const auto position : {1U, 2U, 3U, 5U, 6U}) hearer.courier->take(alert(position));
  hearer.pump_each_turn(9);
  hearer.hear(9);
  BOOST_TEST(hearer.ids() == "a1,a2,a3,a5,a5-2,a6,a7,a8,a9,");
  BOOST_TEST(readings >= 2U);
  // From here on it is heard at once.
  hearer.courier->take(alert(10));
  BOOST_TEST(hearer.courier->waiting() == 1U);
  BOOST_TEST(hearer.notices.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_rest_of_what_follows_from_an_event_waits_until_that_is_on_disk) {
  Hearer hearer;
  const auto of_three = [](std::uint32_t part) {
    auto made = alert(3);
    made.id += '-' + std::to_string(part);
    made.part = part;
    return made;
  };
  std::uint64_t durable = 2;
  std::size_t readings = 0;
  hearer.read_again = [&](runner::AlertPlace after, const runner::AlertRules::Tell& take) {
    ++readings;
    if (after.position > durable) return Courier::Reach{};
    for (auto part = after.part + 1; part <= 5; ++part) {
      if (!take(of_three(part))) break;
    }
    return Courier::Reach{3, true};
  };
  hearer.begin(0, 4);
  for (const auto position : {1U, 2U}) hearer.courier->take(alert(position));
  for (const auto part : {1U, 2U, 3U}) hearer.courier->take(of_three(part));
  hearer.loop.before_sleep([&] { hearer.courier->pump(durable); });
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a1,a2,");
  BOOST_TEST(readings > 0U);
  durable = 3;
  hearer.hear(7);
  BOOST_TEST(hearer.ids() == "a1,a2,a3-1,a3-2,a3-3,a3-4,a3-5,");
}

BOOST_AUTO_TEST_CASE(of_several_that_follow_from_one_event_each_is_told_once) {
  Hearer hearer;
  const auto of_seven = [](std::uint32_t part) {
    auto made = alert(7);
    made.id += '-' + std::to_string(part);
    made.part = part;
    return made;
  };
  hearer.begin(0, 2);
  BOOST_TEST(hearer.courier->take(of_seven(3)));
  BOOST_TEST(hearer.courier->take(of_seven(5)));
  BOOST_TEST(!hearer.courier->take(of_seven(6)));  // no more of these
  hearer.courier->pump(7);
  hearer.hear(2);
  hearer.begin(7);
  BOOST_TEST(!hearer.courier->take(alert(6)));
  for (const auto part : {3U, 5U, 6U}) BOOST_TEST(hearer.courier->take(of_seven(part)));
  hearer.courier->pump(7);
  hearer.hear(3);
  BOOST_TEST(hearer.ids() == "a7-3,a7-5,a7-6,");
}

BOOST_AUTO_TEST_CASE(how_far_it_came_in_another_log_says_nothing) {
  Hearer hearer;
  hearer.begin(80);
  BOOST_TEST(hearer.notices.empty());
  // Another log at the same place, which has 3 events.
  hearer.installation = std::string(32, 'f');
  hearer.begin(3);
  BOOST_TEST_REQUIRE(hearer.notices.size() == 1U);
  BOOST_TEST(hearer.notices[0].find("another log") != std::string::npos, hearer.notices[0]);
  hearer.take_all(5);
  hearer.courier->pump(5);
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a4,a5,");
  // The same log, put back to what it was before.
  hearer.begin(2);
  BOOST_TEST(hearer.notices.size() == 2U);
  hearer.take_all(3);
  hearer.courier->pump(3);
  hearer.hear(3);
  BOOST_TEST(hearer.ids() == "a4,a5,a3,");
  hearer.begin(3);
  BOOST_TEST(hearer.notices.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_an_earlier_program_wrote_of_how_far_it_came_is_understood) {
  Hearer hearer;
  std::ofstream(hearer.cursor) << "00000000000000000004\n";
  hearer.begin(6);
  hearer.take_all(6);
  hearer.courier->pump(6);
  hearer.hear(2);
  BOOST_TEST(hearer.ids() == "a5,a6,");
  BOOST_TEST(hearer.notices.empty());
  BOOST_TEST(hearer.cursor_text() ==
             "00000000000000000006 0000000001 " + hearer.installation + '\n');
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_before_all_that_waits) {
  Hearer hearer;
  const auto disk_full = [](const std::string& id) {
    return Alert{id, AlertKind::disk_full, 0, "{}"};
  };
  hearer.begin(0, 2);
  // Of these none is on disk, and there is no room.
  hearer.take_all(3);
  hearer.courier->pump(0);
  BOOST_TEST(hearer.courier->idle());
  BOOST_TEST(hearer.courier->take(disk_full("full")));
  BOOST_TEST(!hearer.courier->take(disk_full("again")));  // one is enough
  BOOST_TEST(hearer.courier->waiting() == 3U);
  hearer.courier->pump(0);
  hearer.hear(1);
  BOOST_TEST(hearer.ids() == "full,");
  // And while another one is tried again after longer and longer.
  hearer.heard.clear();
  hearer.status = [](std::size_t n) { return n <= 6 ? 500 : 200; };
  hearer.retry_first = 50ms;
  hearer.retry_max = 1h;
  hearer.begin(0);
  hearer.take_all(1);
  hearer.courier->pump(1);
  hearer.hear(6);
  hearer.courier->take(disk_full("soon"));
  const auto since = std::chrono::steady_clock::now();
  hearer.hear(7);
  BOOST_TEST(hearer.ids().starts_with("a1,a1,a1,a1,a1,a1,soon,"));
  BOOST_TEST((std::chrono::steady_clock::now() - since < 1s));  // and not after 1.6 s
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
