#include "bridge/http/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "bridge/http/writer.hpp"
#include "bridge/net/stream.hpp"
#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(http_server)

using namespace std::chrono_literals;
using namespace bridge::http;
using bridge::testing::SteppedLoop;
namespace net = bridge::net;

namespace {

// Somebody who speaks bytes, well or badly.
struct RawClient {
  std::string got{};
  bool open = false;
  bool ended = false;
  std::unique_ptr<net::Stream> stream{};

  RawClient(net::Loop& loop, const net::Endpoint& to, net::Links* links = nullptr) {
    stream = net::Stream::connect(loop, to, {.write_queue_bytes_max = 1 << 24, .links = links},
                                  {.on_open = [this] { open = true; },
                                   .on_data = [this](std::string_view bytes) { got += bytes; },
                                   .on_end = [this](std::error_code) { ended = true; },
                                   .on_drained = {}});
  }

  void write(const std::string& bytes) { BOOST_TEST(stream->write(bytes)); }
  int status() const { return got.size() > 12 ? std::stoi(got.substr(9, 3)) : 0; }
};

struct Served : SteppedLoop {
  std::deque<std::pair<ExchangeId, Request>> requests{};
  std::vector<int> refusals{};
  Server server;

  explicit Served(Server::Options options = {})
      : server(
            loop, options,
            [this](ExchangeId id, Request request) {
              requests.emplace_back(id, std::move(request));
            },
            [this](int status) { refusals.push_back(status); }) {}

  net::Endpoint endpoint() const { return {.address = "127.0.0.1", .port = server.port()}; }

  std::unique_ptr<RawClient> client(net::Links* links = nullptr) {
    auto made = std::make_unique<RawClient>(loop, endpoint(), links);
    until([&] { return made->open; });
    return made;
  }

  ExchangeId next_request(const std::string& target) {
    until([&] { return !requests.empty(); });
    BOOST_TEST(requests.front().second.target == target);
    const ExchangeId id = requests.front().first;
    requests.pop_front();
    return id;
  }

  void answer(ExchangeId id, const std::string& body) {
    server.answer(id, {.status = 200, .headers = {{"Content-Type", "text/xml"}}, .body = body});
  }

  // Somebody else is served as ever, whatever went wrong before.
  void check_well() {
    const auto other = client();
    other->write("GET /well HTTP/1.1\r\nHost: a\r\n\r\n");
    answer(next_request("/well"), "well");
    until([&] { return other->got.ends_with("\r\n\r\nwell"); });
  }
};

std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_is_handed_over_whole_and_answered_later) {
  Served s;
  const auto client = s.client();
  client->write("POST /a?b=c HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 4\r\n\r\nbo");
  s.settle();
  BOOST_TEST(s.requests.empty());
  client->write("dy");
  s.until([&] { return !s.requests.empty(); });
  const Request& request = s.requests.front().second;
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.target == "/a?b=c");
  BOOST_TEST(request.header("x") == "y");
  BOOST_TEST(request.body == "body");
  s.settle();
  BOOST_TEST(client->got.empty());
  s.answer(s.requests.front().first, "<a/>");
  s.until([&] { return !client->got.empty(); });
  BOOST_TEST(client->got ==
             "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nDate: Thu, 01 Jan 1970 12:00:00 GMT\r\n"
             "Content-Length: 4\r\n\r\n<a/>");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_handed_over_one_at_a_time) {
  Served s;
  const auto client = s.client();
  client->write(get("/1") + get("/2") + get("/3", "Connection: close\r\n") + get("/4"));
  const ExchangeId first = s.next_request("/1");
  s.settle();
  BOOST_TEST(s.requests.empty());
  s.answer(first, "one");
  s.answer(s.next_request("/2"), "two");
  s.answer(s.next_request("/3"), "three");
  s.until([&] { return client->ended; });
  BOOST_TEST(s.requests.empty());
  const auto one = client->got.find("\r\n\r\none");
  const auto two = client->got.find("\r\n\r\ntwo");
  BOOST_TEST(one != std::string::npos);
  BOOST_TEST(one < two);
  BOOST_TEST(client->got.ends_with("Connection: close\r\n\r\nthree"));
}

BOOST_AUTO_TEST_CASE(an_answer_may_be_given_inside_the_callback) {
  SteppedLoop s;
  Server* self = nullptr;
  Server server(s.loop, {}, [&](ExchangeId id, Request request) {
    self->answer(id, {.status = 200, .headers = {}, .body = request.target});
  });
  self = &server;
  RawClient client(s.loop, {.address = "127.0.0.1", .port = server.port()});
  s.until([&] { return client.open; });
  std::string many;
  for (int i = 0; i < 100; ++i) many += get("/" + std::to_string(i));
  client.write(many);
  s.until([&] { return client.got.ends_with("\r\n\r\n/99"); });
}

BOOST_AUTO_TEST_CASE(a_pipelining_client_does_not_fill_the_memory) {
  net::Links links;
  Server::Options options;
  options.links = &links;
  Served s(options);
  const auto client = s.client();
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += get("/x");
  client->write(get("/first") + many);
  const ExchangeId first = s.next_request("/first");
  s.settle();
  BOOST_TEST(links.open().begin()->second.consumed < 200'000U);  // the server stopped reading
  s.answer(first, "");
  for (int i = 0; i < 20'000; ++i) s.answer(s.next_request("/x"), "");
  BOOST_TEST(links.open().begin()->second.consumed > 500'000U);
}

BOOST_AUTO_TEST_CASE(malformed_requests_are_refused_and_closed) {
  const std::vector<std::pair<std::string, int>> table{
      {"nonsense\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"GET /" + std::string(5000, 'a'), 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'a'), 431},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n", 413},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + std::string(3'000'000, 'b'),
       413},
  };
  Served s;
  for (const auto& [wire, status] : table) {
    BOOST_TEST_CONTEXT(wire.substr(0, 80)) {
      const auto client = s.client();
      client->write(wire);
      s.until([&] { return client->ended; });
      BOOST_TEST(client->status() == status);
      BOOST_TEST(client->got.find("Connection: close\r\n") != std::string::npos);
      BOOST_REQUIRE(!s.refusals.empty());
      BOOST_TEST(s.refusals.back() == status);
      BOOST_TEST(s.requests.empty());
      s.check_well();
    }
  }
  BOOST_TEST(s.refusals.size() == table.size());
}

BOOST_AUTO_TEST_CASE(a_refusal_says_what_its_owner_has_it_say) {
  Server::Options options;
  options.refusal_of = [](int status) {
    return Response{.status = 200,
                    .headers = {{"Content-Type", "text/plain"}},
                    .body = "refused " + std::to_string(status)};
  };
  Served s(options);
  const auto told = [&](const std::string& wire) {
    const auto client = s.client();
    client->write(wire);
    s.until([&] { return client->ended; });
    return std::to_string(client->status()) +
           client->got.substr(client->got.find("Content-Length"));
  };
  const std::string tail = "Content-Length: 11\r\nConnection: close\r\n\r\n";
  BOOST_TEST(told("BREW / HTTP/1.1\r\nHost: a\r\n\r\n") == "501" + tail + "refused 501");
  BOOST_TEST(told("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n") ==
             "413" + tail + "refused 413");
  // Of a head nobody reads what would stand behind it, however little of it was read.
  BOOST_TEST(told("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n") == "400" + tail);
  BOOST_TEST(told("HEAD /" + std::string(5000, 'a')) == "414" + tail);
  BOOST_TEST(told("HEADS / HTTP/1.1\r\n") == "501" + tail + "refused 501");
  s.check_well();
}

// What follows the first wrong byte is still to be read when the refusal finds nobody.
BOOST_AUTO_TEST_CASE(a_refused_client_that_has_left_already_is_forgotten) {
  const std::string folded = "GET / HTTP/1.1\r\nHost: a\r\n x\r\n\r\n";
  Server::Options unix_options;
  unix_options.unix_path = "/tmp/campanile-left-" + std::to_string(::getpid()) + ".sock";
  for (const Server::Options& options : {Server::Options{}, unix_options}) {
    const bool tcp = options.unix_path.empty();
    Served s(options);
    const net::Endpoint to = tcp ? s.endpoint() : net::Endpoint{.unix_path = options.unix_path};
    for (const std::string& wire : {folded, std::string("\r\n\r\n\r\nGET / HTTP/1.1\r\n"),
                                    std::string("GET /\nHost: a\r\n"), get("/first") + folded}) {
      BOOST_TEST_CONTEXT(wire << (tcp ? " over TCP" : " over a Unix socket")) {
        RawClient client(s.loop, to);
        s.until([&] { return client.open && s.server.connections() == 1; });
        client.write(wire);
        if (tcp) {
          client.stream->reset();
        } else {
          client.stream->close();
        }
        s.until([&] {
          for (const auto& [id, request] : std::exchange(s.requests, {})) s.answer(id, "");
          return s.server.connections() == 0;
        });
      }
    }
    BOOST_TEST(s.refusals.size() >= 3U);
    BOOST_TEST(!s.server.writing());
    s.requests.clear();
    RawClient other(s.loop, to);
    s.until([&] { return other.open; });
    other.write(get("/well"));
    s.answer(s.next_request("/well"), "well");
    s.until([&] { return other.got.ends_with("\r\n\r\nwell"); });
  }
}

BOOST_AUTO_TEST_CASE(a_body_is_as_long_as_its_head_allows) {
  Server::Options options;
  options.limits.body_bytes_max = 1;  // not what holds
  options.body_bytes_max_of = [](const Request& request) -> std::size_t {
    return request.header("Friend") == "yes" ? 10 : 2;
  };
  Served s(options);
  const auto post = [](const std::string& who, const std::string& body, bool chunked) {
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nFriend: " + who + "\r\n";
    if (!chunked)
      return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return head + "Transfer-Encoding: chunked\r\n\r\n1\r\n" + body.front() + "\r\n" +
           static_cast<char>('0' + body.size() - 1) + "\r\n" + body.substr(1) + "\r\n0\r\n\r\n";
  };
  for (const bool chunked : {false, true}) {
    const auto client = s.client();
    // On one connection, so that what held for the one does not hold for the next.
    client->write(post("yes", "0123456789", chunked) + post("no", "01", chunked) +
                  post("no", "012", chunked));
    for (const std::string expected : {"0123456789", "01"}) {
      s.until([&] { return !s.requests.empty(); });
      BOOST_TEST(s.requests.front().second.body == expected);
      s.answer(s.next_request("/"), "");
    }
    s.until([&] { return client->ended; });
    BOOST_TEST(client->got.find("HTTP/1.1 413 ") != std::string::npos);
    BOOST_TEST(s.requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_slow_head_is_refused_ten_seconds_after_its_first_byte) {
  Served s;
  const auto client = s.client();
  client->write("GET / HT");
  s.settle();
  s.advance(9'999ms);
  client->write("TP/1.1\r\nHost: ");  // does not start the time again
  s.settle();
  BOOST_TEST(client->got.empty());
  s.advance(1ms);
  s.until([&] { return client->ended; });
  BOOST_TEST(client->status() == 408);
  s.check_well();
}

BOOST_AUTO_TEST_CASE(a_slow_body_is_refused_ten_seconds_after_its_head) {
  Served s;
  const auto client = s.client();
  client->write("POST / HTTP/1.1\r\n");
  s.settle();
  s.advance(9s);
  client->write("Host: a\r\nContent-Length: 5\r\n\r\nb");
  s.settle();
  s.advance(9'999ms);
  s.settle();
  BOOST_TEST(client->got.empty());
  s.advance(1ms);
  s.until([&] { return client->ended; });
  BOOST_TEST(client->status() == 408);
  BOOST_TEST(s.requests.empty());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_and_a_waiting_one_is_not) {
  Served s;
  const auto idle = s.client();
  const auto waiting = s.client();
  waiting->write(get("/slow"));
  const ExchangeId slow = s.next_request("/slow");
  s.advance(15s);
  s.until([&] { return idle->ended; });
  BOOST_TEST(idle->got.empty());
  BOOST_TEST(!waiting->ended);
  s.answer(slow, "late");
  s.until([&] { return waiting->got.ends_with("late"); });
  s.advance(14'999ms);
  s.settle();
  BOOST_TEST(!waiting->ended);
  s.advance(1ms);
  s.until([&] { return waiting->ended; });
  BOOST_TEST(s.server.connections() == 0U);
  BOOST_TEST(!s.loop.next_timer().has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_client_that_left_is_ignored) {
  Served s;
  const auto client = s.client();
  client->write(get("/left"));
  const ExchangeId id = s.next_request("/left");
  client->stream->close();
  s.until([&] { return s.server.connections() == 0; });
  s.answer(id, "nobody hears this");
  s.answer(id, "nor this");
  s.server.drop(id);
  s.check_well();
}

BOOST_AUTO_TEST_CASE(a_dropped_exchange_closes_its_connection_without_an_answer) {
  Served s;
  const auto client = s.client();
  client->write(get("/drop"));
  s.server.drop(s.next_request("/drop"));
  s.until([&] { return client->ended; });
  BOOST_TEST(client->got.empty());
  s.check_well();
}

BOOST_AUTO_TEST_CASE(the_oldest_idle_connection_makes_room_and_busy_ones_do_not) {
  Server::Options options;
  options.limits.connections_max = 3;
  Served s(options);
  const auto busy = s.client();
  busy->write(get("/busy"));
  const ExchangeId id = s.next_request("/busy");
  const auto oldest = s.client();
  s.settle();
  s.advance(1s);
  const auto younger = s.client();
  s.settle();
  const auto newest = s.client();
  s.until([&] { return oldest->ended; });
  BOOST_TEST(!younger->ended);
  younger->write(get("/busy"));
  newest->write(get("/busy"));
  s.next_request("/busy");
  s.next_request("/busy");
  const auto refused = s.client();
  s.until([&] { return refused->ended; });
  BOOST_TEST(s.server.connections() == 3U);
  s.answer(id, "");
  s.until([&] { return busy->status() == 200; });
}

BOOST_AUTO_TEST_CASE(half_requests_do_not_shut_the_door) {
  Server::Options options;
  options.limits.connections_max = 4;
  for (const std::string& half :
       {std::string("GET / HTTP/1.1\r\nHost: "), std::string("G"),
        std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nb")}) {
    BOOST_TEST_CONTEXT(half) {
      Served s(options);
      const auto waiting = s.client();
      waiting->write(get("/waits"));
      const ExchangeId waits = s.next_request("/waits");
      std::deque<std::unique_ptr<RawClient>> halves;
      for (int i = 0; i < 3; ++i) {
        halves.push_back(s.client());
        halves.back()->write(half);
        s.settle();
        s.advance(10ms);
      }
      BOOST_TEST(s.server.connections() == 4U);
      s.check_well();
      s.until([&] { return halves[0]->ended; });
      BOOST_TEST(halves[0]->got.empty());
      BOOST_TEST(!halves[1]->ended);
      BOOST_TEST(!halves[2]->ended);
      s.answer(waits, "at last");
      s.until([&] { return waiting->got.ends_with("at last"); });
    }
  }
}

BOOST_AUTO_TEST_CASE(who_makes_room_first) {
  Server::Options options;
  options.limits.connections_max = 5;
  Served s(options);
  const auto answering = s.client();
  answering->write(get("/waits"));
  const ExchangeId waits = s.next_request("/waits");
  const auto with_body = s.client();
  with_body->write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nb");
  const auto with_head = s.client();
  with_head->write("GET /");
  const auto refused = s.client();
  refused->stream->pause_reading();  // and does not leave
  refused->write("nonsense\r\n\r\n");
  const auto idle = s.client();
  s.settle();
  BOOST_TEST(s.server.connections() == 5U);
  std::deque<std::unique_ptr<RawClient>> next;
  const auto knock = [&] {
    next.push_back(s.client());
    next.back()->write(get("/knocks"));  // waits from here on
    s.next_request("/knocks");
    BOOST_TEST(s.server.connections() == 5U);
  };
  knock();
  s.until([&] { return idle->ended; });
  BOOST_TEST(!with_head->ended);
  knock();
  knock();
  s.until([&] { return with_head->ended; });
  BOOST_TEST(!with_body->ended);
  knock();
  s.until([&] { return with_body->ended; });
  const auto late = s.client();
  s.until([&] { return late->ended; });
  s.answer(waits, "at last");
  s.until([&] { return answering->got.ends_with("at last"); });
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_cut_off) {
  Served s;
  const auto client = s.client();
  client->stream->pause_reading();
  client->write(get("/much"));
  s.answer(s.next_request("/much"), std::string(16'000'000, 'm'));
  BOOST_TEST(s.server.writing());
  s.settle();
  s.advance(10s);
  s.settle();
  BOOST_TEST(s.server.connections() == 0U);
  BOOST_TEST(!s.server.writing());
  s.check_well();
}

BOOST_AUTO_TEST_CASE(a_client_that_reads_gets_a_large_answer_before_its_connection_closes) {
  Served s;
  const auto client = s.client();
  client->write(get("/much", "Connection: close\r\n"));
  s.answer(s.next_request("/much"), std::string(16'000'000, 'm'));
  s.until([&] { return client->ended; });
  BOOST_TEST(client->got.size() > 16'000'000U);
  BOOST_TEST(!s.server.writing());
}

BOOST_AUTO_TEST_CASE(version_1_0_and_head_are_answered_as_they_ask) {
  Served s;
  const auto old = s.client();
  old->write("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  s.answer(s.next_request("/old"), "a");
  s.until([&] { return old->got.ends_with("Connection: keep-alive\r\n\r\na"); });
  old->write("GET /older HTTP/1.0\r\n\r\n");
  s.answer(s.next_request("/older"), "b");
  s.until([&] { return old->ended; });
  BOOST_TEST(old->got.ends_with("Connection: close\r\n\r\nb"));

  const auto head = s.client();
  head->write("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
  s.answer(s.next_request("/head"), "four");
  s.until([&] { return head->got.ends_with("Content-Length: 4\r\n\r\n"); });
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_before_its_body_is_told_to_go_on) {
  Served s;
  const auto client = s.client();
  client->write(
      "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  s.until([&] { return client->got == "HTTP/1.1 100 Continue\r\n\r\n"; });
  client->write("b");
  s.answer(s.next_request("/body"), "done");
  s.until([&] { return client->got.ends_with("done"); });
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_served_like_a_port) {
  Server::Options options;
  options.unix_path = "/tmp/campanile-http-" + std::to_string(::getpid()) + ".sock";
  Served s(options);
  struct stat file {};
  BOOST_REQUIRE(::lstat(options.unix_path.c_str(), &file) == 0);
  BOOST_TEST((file.st_mode & 0777U) == 0600U);
  RawClient client(s.loop, {.unix_path = options.unix_path});
  s.until([&] { return client.open; });
  client.write(get("/unix"));
  s.answer(s.next_request("/unix"), "local");
  s.until([&] { return client.got.ends_with("local"); });
}

BOOST_AUTO_TEST_CASE(open_connections_outlive_the_listening) {
  Served s;
  const auto client = s.client();
  client->write(get("/1"));
  const ExchangeId id = s.next_request("/1");
  const net::Endpoint endpoint = s.endpoint();
  s.server.stop_listening();
  RawClient late(s.loop, endpoint);
  s.until([&] { return late.ended; });
  s.answer(id, "one");
  s.until([&] { return client->got.ends_with("one"); });
}

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_throws) {
  Served s;
  Server::Options options;
  options.port = s.server.port();
  BOOST_CHECK_THROW(Server(s.loop, options, [](ExchangeId, Request) {}), std::system_error);
}

BOOST_AUTO_TEST_CASE(both_sides_count_the_same_bytes_also_of_a_refused_request) {
  net::Links far;
  Server::Options options;
  options.links = &far;
  Served s(options);
  net::Links near;
  const auto client = s.client(&near);
  client->write(get("/1"));
  s.answer(s.next_request("/1"), "one");
  s.until([&] { return client->got.ends_with("one"); });
  client->write("nonsense" + std::string(100'000, 'n'));
  s.until([&] { return client->ended; });
  s.settle();
  BOOST_REQUIRE(near.open().size() == 1U);
  BOOST_REQUIRE(far.open().size() == 1U);
  const net::LinkCount ours = near.open().begin()->second;
  const net::LinkCount theirs = far.open().begin()->second;
  BOOST_TEST(ours.id == theirs.id);
  BOOST_TEST(ours.sent == theirs.consumed);
  BOOST_TEST(ours.consumed == theirs.sent);
  client->stream->close();
  s.until([&] { return s.server.connections() == 0; });
  BOOST_TEST(far.open().empty());
}

BOOST_AUTO_TEST_CASE(a_date_is_written_as_the_rule_says) {
  BOOST_TEST(http_date(net::Instant{std::chrono::seconds{784111777}}) ==
             "Sun, 06 Nov 1994 08:49:37 GMT");
}

BOOST_AUTO_TEST_SUITE_END()
