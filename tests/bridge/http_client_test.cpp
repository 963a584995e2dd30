#include "bridge/http/client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bridge/http/server.hpp"
#include "bridge/net/listener.hpp"
#include "tests/bridge/black_hole.hpp"
#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(http_client)

using namespace std::chrono_literals;
using namespace bridge::http;
using bridge::testing::noon;
using bridge::testing::SteppedLoop;
namespace net = bridge::net;

namespace {

// A server that says what a test tells it to, byte by byte, or does not.
struct RawServer : SteppedLoop {
  struct Seen {
    std::unique_ptr<net::Stream> stream{};
    std::string got{};
    bool ended = false;
    std::error_code error{};
  };
  std::deque<Seen> seen{};
  net::Links far{};
  net::Links near{};
  std::unique_ptr<net::Listener> listener{};
  std::unique_ptr<Client> client{};
  std::vector<Reply> replies{};

  explicit RawServer(Client::Options options = {}) {
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1"}, 0U, net::Stream::Options{.links = &far},
        [this](std::unique_ptr<net::Stream> stream) {
          Seen& one = seen.emplace_back();
          one.stream = std::move(stream);
          one.stream->start({.on_open = {},
                             .on_data = [&one](std::string_view bytes) { one.got += bytes; },
                             .on_end =
                                 [&one](std::error_code error) {
                                   one.ended = true;
                                   one.error = error;
                                 },
                             .on_drained = {}});
        });
    options.port = listener->port();
    options.links = &near;
    client = std::make_unique<Client>(loop, std::move(options));
  }

  ~RawServer() { client.reset(); }  // it tells those that wait

  void send(const std::string& target = "/", const std::string& method = "GET",
            SendBounds bounds = {}) {
    client->send(
        {.method = method, .target = target, .headers = {}, .body = {}},
        [this](Reply reply) { replies.push_back(std::move(reply)); }, std::move(bounds));
  }

  Seen& request(std::size_t connection = 0) {
    until([&] {
      return seen.size() > connection && seen[connection].got.find("\r\n\r\n") != std::string::npos;
    });
    return seen[connection];
  }

  void respond(Seen& one, const std::string& bytes) {
    one.got.clear();
    BOOST_TEST(one.stream->write(bytes));
  }

  Reply reply() {
    until([&] { return !replies.empty(); });
    Reply first = std::move(replies.front());
    replies.erase(replies.begin());
    return first;
  }
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::uint16_t free_port(net::Loop& loop) {
  const net::Listener gone(loop, {.address = "127.0.0.1"}, 0, {},
                           [](std::unique_ptr<net::Stream>) {});
  return gone.port();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_goes_out_whole_and_its_response_comes_back) {
  RawServer s;
  s.client->send({.method = "POST",
                  .target = "/a?b",
                  .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                  .body = "c=d"},
                 [&](Reply reply) { s.replies.push_back(std::move(reply)); });
  BOOST_TEST(s.client->unsent() == 1U);
  auto& one = s.request();
  s.until([&] { return one.got.ends_with("c=d"); });
  BOOST_TEST(one.got ==
             "POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(s.listener->port()) +
                 "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                 "Content-Length: 3\r\nConnection: keep-alive\r\n\r\nc=d");
  BOOST_TEST(s.client->unsent() == 0U);
  BOOST_TEST(s.client->unanswered() == 1U);
  s.respond(one, "HTTP/1.1 201 Created\r\nX: y\r\nContent-Length: 4\r\n\r\nbo");
  s.settle();
  BOOST_TEST(s.replies.empty());
  s.respond(one, "dy");
  const Reply reply = s.reply();
  BOOST_TEST((reply.sent == Sent::answered));
  BOOST_TEST(reply.response.status == 201);
  BOOST_TEST(reply.response.header("x") == "y");
  BOOST_TEST(reply.response.body == "body");
  BOOST_TEST(s.client->unanswered() == 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_is_used_again_until_it_has_been_idle_too_long) {
  RawServer s;
  for (int i = 0; i < 3; ++i) {
    s.send();
    s.respond(s.request(), ok);
    BOOST_TEST(s.reply().response.body == "ok");
  }
  BOOST_TEST(s.seen.size() == 1U);
  s.advance(3'999ms);
  s.send();
  s.respond(s.request(), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.advance(4s);
  s.until([&] { return s.seen[0].ended; });
  s.send();
  s.respond(s.request(1), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
}

BOOST_AUTO_TEST_CASE(requests_beyond_the_connections_wait_in_order) {
  Client::Options options;
  options.connections_max = 2;
  options.waiting_max = 4;
  RawServer s(options);
  for (int i = 0; i < 5; ++i) s.send("/" + std::to_string(i));
  BOOST_TEST(s.replies.empty());  // never from inside `send`
  const Reply fifth = s.reply();
  BOOST_TEST((fifth.sent == Sent::not_sent));
  s.request(0);
  s.request(1);
  BOOST_TEST(s.client->unsent() == 2U);
  s.respond(s.seen[1], ok);
  s.until([&] { return s.seen[1].got.starts_with("GET /2 "); });
  s.respond(s.seen[0], ok);
  s.until([&] { return s.seen[0].got.starts_with("GET /3 "); });
  BOOST_TEST(s.seen.size() == 2U);
  s.respond(s.seen[0], ok);
  s.respond(s.seen[1], ok);
  s.until([&] { return s.replies.size() == 4; });
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_not_sent_for_each_that_waits) {
  SteppedLoop s;
  Client client(s.loop, {.port = free_port(s.loop)});
  std::vector<Reply> replies;
  for (int i = 0; i < 3; ++i) {
    client.send({.method = "GET", .target = "/"},
                [&](Reply r) { replies.push_back(std::move(r)); });
  }
  s.until([&] { return replies.size() == 3; });
  for (const Reply& reply : replies) BOOST_TEST((reply.sent == Sent::not_sent));
  BOOST_TEST(client.unsent() == 0U);
}

BOOST_AUTO_TEST_CASE(a_request_goes_to_the_address_that_answers) {
  Client::Options options;
  options.host = "nobody.invalid";
  options.connect_addresses = {"127.0.0.2", "127.0.0.1"};
  RawServer s(options);
  const bridge::testing::BlackHole hole("127.0.0.2", s.listener->port());
  s.send();
  s.settle();
  s.advance(2'499ms);
  s.settle();
  BOOST_TEST(s.seen.empty());
  s.advance(1ms);
  auto& one = s.request();
  BOOST_TEST(one.got.find("Host: nobody.invalid:") != std::string::npos);
  s.respond(one, ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  BOOST_TEST(s.near.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_is_not_sent) {
  SteppedLoop s;
  net::Links links;
  Client client(s.loop, {.host = std::string(3000, 'a'), .port = 1, .links = &links});
  std::optional<Reply> reply;
  client.send({.method = "GET", .target = "/"}, [&](Reply r) { reply = std::move(r); });
  BOOST_TEST(links.connecting() == 1);
  s.until([&] { return reply.has_value(); });
  BOOST_TEST((reply->sent == Sent::not_sent));
  BOOST_TEST(links.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(a_connection_that_ends_without_a_response_is_in_doubt) {
  RawServer s;
  s.send();
  s.request().stream->close();
  const Reply reply = s.reply();
  BOOST_TEST((reply.sent == Sent::in_doubt));
  BOOST_TEST(!reply.why.empty());
}

BOOST_AUTO_TEST_CASE(a_reset_without_a_response_is_in_doubt) {
  RawServer s;
  s.until([&] {
    if (s.seen.empty()) s.send();
    return !s.seen.empty() || s.client->unanswered() > 0;
  });
  s.until([&] { return !s.seen.empty(); });
  s.seen[0].stream->pause_reading();
  s.settle();
  s.seen[0].stream->close();
  const Reply reply = s.reply();
  BOOST_TEST((reply.sent == Sent::in_doubt));
}

BOOST_AUTO_TEST_CASE(a_response_that_is_cut_off_or_malformed_or_too_large_is_in_doubt) {
  Client::Options options;
  options.response_bytes_max = 100;
  RawServer s(options);
  for (const std::string wire :
       {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n"}) {
    BOOST_TEST_CONTEXT(wire) {
      s.send();
      auto& one = s.request(s.seen.size());
      s.respond(one, wire);
      one.stream->finish();
      BOOST_TEST((s.reply().sent == Sent::in_doubt));
      // A valid exchange passes on a new connection.
      s.send();
      auto& next = s.request(s.seen.size());
      s.respond(next, ok + "unasked");
      BOOST_TEST((s.reply().sent == Sent::answered));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_response_that_ends_with_its_connection_is_answered) {
  RawServer s;
  s.send();
  auto& one = s.request();
  s.respond(one, "HTTP/1.1 200 OK\r\n\r\nall of it");
  s.settle();
  BOOST_TEST(s.replies.empty());
  one.stream->finish();
  const Reply reply = s.reply();
  BOOST_TEST((reply.sent == Sent::answered));
  BOOST_TEST(reply.response.body == "all of it");
}

BOOST_AUTO_TEST_CASE(a_response_that_does_not_come_in_time_is_in_doubt) {
  RawServer s;
  s.send();
  s.request();
  s.advance(29'999ms);
  s.settle();
  BOOST_TEST(s.replies.empty());
  s.advance(1ms);
  BOOST_TEST((s.reply().sent == Sent::in_doubt));
  s.until([&] { return s.seen[0].ended; });
  // Reset, not closed: what the system still had of it does not arrive any more.
  BOOST_TEST((s.seen[0].error == std::errc::connection_reset));
}

BOOST_AUTO_TEST_CASE(a_request_that_waits_beyond_its_bound_is_not_sent) {
  Client::Options options;
  options.connections_max = 1;
  RawServer s(options);
  s.send("/first");
  auto& one = s.request();
  bool left = false;
  s.send("/second", "POST", {.not_after = noon + 5s, .on_sent = [&] { left = true; }});
  s.advance(5s);
  s.settle();
  BOOST_TEST(s.replies.empty());
  s.advance(1ms);
  BOOST_TEST((s.reply().sent == Sent::not_sent));
  s.respond(one, ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.settle();
  BOOST_TEST(one.got == "");
  BOOST_TEST(!left);
  // Up to the bound itself it may leave.
  s.send("/third", "GET", {.not_after = s.clock.now(), .on_sent = [&] { left = true; }});
  BOOST_TEST(left);
  s.respond(s.request(), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.send("/fourth", "GET", {.not_after = s.clock.now() - 1ms});
  BOOST_TEST((s.reply().sent == Sent::not_sent));
  s.settle();
  BOOST_TEST(one.got == "");
  BOOST_TEST(s.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_is_objected_to_until_its_first_byte_leaves) {
  Client::Options options;
  options.connections_max = 1;
  RawServer s(options);
  s.send("/first");
  std::string objection;
  int asked = 0;
  const auto may_leave = [&] {
    ++asked;
    return objection;
  };
  s.send("/second", "POST", {.objection = may_leave});
  s.send("/third", "POST", {.objection = may_leave});
  s.send("/fourth");
  BOOST_TEST(asked == 0);
  objection = "the campaign was paused";
  s.respond(s.request(), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  for (int i = 0; i < 2; ++i) {
    const Reply reply = s.reply();
    BOOST_TEST((reply.sent == Sent::not_sent));
    BOOST_TEST(reply.why == "the campaign was paused");
  }
  auto& one = s.request();
  BOOST_TEST(one.got.starts_with("GET /fourth "));
  BOOST_TEST(asked == 2);
  objection.clear();
  s.respond(one, ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.send("/fifth", "POST", {.objection = may_leave});
  BOOST_TEST(s.request().got.starts_with("POST /fifth "));
}

BOOST_AUTO_TEST_CASE(a_loop_that_stood_still_uses_no_connection_that_rested_too_long) {
  RawServer s;
  s.send();
  s.respond(s.request(), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.clock.advance_to(s.clock.now() + 4s);  // and the timers have not run
  s.send();
  s.respond(s.request(1), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  BOOST_TEST(s.seen[0].ended);
  BOOST_TEST(s.seen[0].got == "");
}

BOOST_AUTO_TEST_CASE(a_connection_may_be_made_before_its_request) {
  RawServer s;
  s.client->warm_up();
  s.client->warm_up();
  s.until([&] { return s.seen.size() == 1 && s.near.connecting() == 0; });
  s.settle();
  s.client->warm_up();
  bool left = false;
  s.send("/", "GET", {.on_sent = [&] { left = true; }});
  BOOST_TEST(left);  // without a turn of the loop
  s.respond(s.request(), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  BOOST_TEST(s.seen.size() == 1U);
  s.advance(4s);
  s.until([&] { return s.seen[0].ended; });
}

BOOST_AUTO_TEST_CASE(the_system_gives_up_a_peer_that_does_not_acknowledge) {
  RawServer s;
  s.send();
  s.request();
  int ours = 0;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != s.listener->port()) continue;
    unsigned milliseconds = 0;
    size = sizeof milliseconds;
    BOOST_TEST(::getsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, &size) == 0);
    BOOST_TEST(milliseconds == 30'000U);
    ++ours;
  }
  BOOST_TEST(ours == 1);
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_after_its_response_is_not_used_again) {
  RawServer s;
  s.send();
  auto& one = s.request();
  s.respond(one, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST((s.reply().sent == Sent::answered));
  s.send();
  s.respond(s.request(1), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
  // A connection that the server ends while it is idle is noticed before it is used.
  s.seen[1].stream->close();
  s.settle();
  s.send();
  s.respond(s.request(2), ok);
  BOOST_TEST((s.reply().sent == Sent::answered));
}

BOOST_AUTO_TEST_CASE(the_response_to_head_has_no_body_and_the_next_one_has) {
  RawServer s;
  s.send("/", "HEAD");
  s.respond(s.request(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(s.reply().response.body.empty());
  s.send();
  s.respond(s.request(), ok);
  BOOST_TEST(s.reply().response.body == "ok");
  BOOST_TEST(s.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(whoever_waits_at_the_clients_end_hears_what_became_of_the_request) {
  Client::Options options;
  options.connections_max = 1;
  RawServer s(options);
  s.send("/sent");
  s.send("/waits");
  s.request();
  s.client.reset();
  BOOST_REQUIRE(s.replies.size() == 2U);
  BOOST_TEST((s.replies[0].sent == Sent::in_doubt));
  BOOST_TEST((s.replies[1].sent == Sent::not_sent));
  s.until([&] { return s.seen[0].ended; });
}

BOOST_AUTO_TEST_CASE(a_caller_may_send_again_from_inside_its_reply) {
  RawServer s;
  int left = 3;
  std::function<void(Reply)> again = [&](Reply reply) {
    BOOST_TEST((reply.sent == Sent::answered));
    if (--left > 0) s.client->send({.method = "GET", .target = "/again"}, again);
  };
  s.client->send({.method = "GET", .target = "/"}, again);
  for (int i = 0; i < 3; ++i) s.respond(s.request(), ok);
  s.until([&] { return left == 0; });
  BOOST_TEST(s.seen.size() == 1U);
}

BOOST_AUTO_TEST_CASE(client_and_server_understand_each_other_and_count_the_same) {
  SteppedLoop s;
  net::Links near;
  net::Links far;
  Server::Options options;
  options.links = &far;
  std::vector<std::pair<ExchangeId, Request>> held;
  Server server(s.loop, options,
                [&](ExchangeId id, Request request) { held.emplace_back(id, std::move(request)); });
  Client client(s.loop, {.port = server.port(), .connections_max = 4, .links = &near});
  int answered = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 300, 'b');
    client.send({.method = "POST", .target = "/" + std::to_string(i), .headers = {}, .body = body},
                [&answered, i, body](Reply reply) {
                  BOOST_TEST((reply.sent == Sent::answered));
                  BOOST_TEST(reply.response.body == "/" + std::to_string(i) + body);
                  ++answered;
                });
  }
  s.until([&] {
    for (auto& [id, request] : std::exchange(held, {})) {
      server.answer(id, {.status = 200, .headers = {}, .body = request.target + request.body});
    }
    return answered == 200;
  });
  BOOST_TEST(server.connections() == 4U);
  BOOST_TEST(near.open().size() == 4U);
  for (const auto& [id, count] : near.open()) {
    BOOST_TEST(count.sent == far.open().at(id).consumed);
    BOOST_TEST(count.consumed == far.open().at(id).sent);
  }
}

BOOST_AUTO_TEST_CASE(deadlines_of_both_ends_come_although_the_systems_clock_is_set_back) {
  using bridge::testing::SetClock;
  SetClock::back = 0ms;
  net::SystemClock clock(SetClock::now);
  net::Loop loop(clock);
  SetClock::back = 1h;
  Server::Options options;
  options.limits.head_time_max = 10ms;
  options.limits.idle_time_max = 10ms;
  Server server(loop, options, [](ExchangeId, const Request&) {});  // which answers nobody
  Client client(loop, {.port = server.port(), .response_time_max = 30ms});
  std::optional<Sent> sent;
  bool shut = false;
  const auto over = [&] {
    if (sent && shut) loop.stop();
  };
  client.send({.method = "GET", .target = "/", .headers = {}, .body = {}}, [&](const Reply& reply) {
    sent = reply.sent;
    over();
  });
  const auto silent =
      net::Stream::connect(loop, {.address = "127.0.0.1", .port = server.port()}, {},
                           {.on_open = {},
                            .on_data = {},
                            .on_end =
                                [&](std::error_code) {
                                  shut = true;
                                  over();
                                },
                            .on_drained = {}});
  loop.call_after(5s, [&] { loop.stop(); });
  loop.run();
  SetClock::back = 0ms;
  BOOST_TEST((sent == Sent::in_doubt));
  BOOST_TEST(shut);
}

BOOST_AUTO_TEST_SUITE_END()
