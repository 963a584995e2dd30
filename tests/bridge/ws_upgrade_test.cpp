#include "bridge/ws/upgrade.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/http/parser.hpp"
#include "bridge/http/server.hpp"
#include "bridge/http/writer.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/fault.hpp"
#include "bridge/tls/server_context.hpp"
#include "tests/bridge/black_hole.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/loopback.hpp"

BOOST_AUTO_TEST_SUITE(ws_upgrade)

using namespace std::chrono_literals;
using namespace bridge::testing;
namespace http = bridge::http;
namespace net = bridge::net;
namespace tls = bridge::tls;
namespace ws = bridge::ws;

namespace {

// The example of RFC 6455 1.3.
http::Request example() {
  http::Request request;
  request.method = "GET";
  request.target = "/chat";
  request.headers = {{"Host", "server.example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Protocol", "chat, superchat"},
                     {"Sec-WebSocket-Version", "13"}};
  return request;
}

http::Request with(const std::string& name, std::optional<std::string> value) {
  http::Request request = example();
  std::erase_if(request.headers, [&](const http::Header& header) { return header.name == name; });
  if (value) request.headers.push_back({name, *value});
  return request;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_example_of_the_standard_is_answered_as_there) {
  const http::Response answer = ws::answer_upgrade(example());
  BOOST_TEST(ws::upgrade_head(answer) ==
             "HTTP/1.1 101 Switching Protocols\r\n"
             "Upgrade: websocket\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
             "Connection: Upgrade\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(what_asks_for_a_websocket_is_known) {
  BOOST_TEST(ws::asks_for_websocket(example()));
  BOOST_TEST(ws::asks_for_websocket(with("Upgrade", {})));  // badly
  BOOST_TEST(ws::asks_for_websocket(with("Sec-WebSocket-Key", {})));
  http::Request other;
  other.headers = {{"Upgrade", "h2c"}, {"Connection", "Upgrade"}};
  BOOST_TEST(!ws::asks_for_websocket(other));
}

BOOST_AUTO_TEST_CASE(a_request_is_taken_or_refused) {
  struct Case {
    std::string name{};
    http::Request request{};
    int status = 400;
  };
  std::vector<Case> cases{
      {"as it is", example(), 101},
      {"upgrade in capitals", with("Upgrade", "WebSocket"), 101},
      {"upgrade in a list", with("Upgrade", "h2c , websocket"), 101},
      {"connection in a list", with("Connection", "keep-alive,  UPGRADE\t"), 101},
      {"extensions are not taken", with("Sec-WebSocket-Extensions", "permessage-deflate"), 101},
      {"no upgrade", with("Upgrade", {}), 426},
      {"another upgrade", with("Upgrade", "h2c"), 426},
      {"an upgrade much like it", with("Upgrade", "websockets"), 426},
      {"no connection", with("Connection", {})},
      {"another connection", with("Connection", "keep-alive")},
      {"a connection much like it", with("Connection", "no-upgrade, upgrades")},
      {"no version", with("Sec-WebSocket-Version", {}), 426},
      {"an old version", with("Sec-WebSocket-Version", "8"), 426},
      {"versions in a list", with("Sec-WebSocket-Version", "13, 8"), 426},
      {"no key", with("Sec-WebSocket-Key", {})},
      {"an empty key", with("Sec-WebSocket-Key", "")},
      {"a short key", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")},
      {"a key of 17 bytes", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZTA=")},
      {"a key that is no base64", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ!==")},
      {"a key without padding", with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQAA")},
  };
  http::Request twice = example();
  twice.headers.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
  cases.push_back({"two keys", twice});
  twice = example();
  twice.headers.push_back({"Sec-WebSocket-Version", "13"});
  cases.push_back({"two versions", twice, 426});
  http::Request old = example();
  old.version_1_0 = true;
  cases.push_back({"HTTP/1.0", old});
  http::Request post = example();
  post.method = "POST";
  cases.push_back({"POST", post, 405});
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.name) {
      const http::Response answer = ws::answer_upgrade(c.request);
      BOOST_TEST(answer.status == c.status);
      BOOST_TEST(answer.header("Sec-WebSocket-Extensions") == "");
      BOOST_TEST(answer.header("Sec-WebSocket-Protocol") == "");
      BOOST_TEST((answer.header("Sec-WebSocket-Version") == "13") == (c.status == 426));
      if (c.status == 101) continue;
      std::string out;
      http::write_response(out, answer, {});  // may be sent as it is
      BOOST_TEST(out.find("\r\n\r\n") != std::string::npos);
    }
  }
}

// --- the client

namespace {

// A server that takes one connection and says what it is told to, after a whole request.
struct Asked : SteppedLoop {
  std::unique_ptr<net::Stream> peer{};
  std::string request{};
  bool peer_ended = false;
  std::unique_ptr<net::Listener> listener{};
  net::Links links{};
  std::unique_ptr<ws::Connecting> connecting{};
  std::unique_ptr<ws::Connection> connection{};
  std::optional<ws::Refused> refused{};
  std::vector<std::string> texts{};

  Asked() {
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1"}, 0600U, net::Stream::Options{},
        [this](std::unique_ptr<net::Stream> stream) {
          peer = std::move(stream);
          peer->start({.on_open = {},
                       .on_data = [this](std::string_view bytes) { request += bytes; },
                       .on_end = [this](std::error_code) { peer_ended = true; },
                       .on_drained = {}});
        });
  }

  ws::Connecting::Options options() {
    ws::Connecting::Options o;
    o.host = "127.0.0.1";
    o.port = listener->port();
    o.target = "/v1/realtime?model=x";
    o.headers = {{"Authorization", "Bearer secret"}};
    o.links = &links;
    return o;
  }

  void ask(ws::Connecting::Options with) {
    connecting = std::make_unique<ws::Connecting>(
        loop, std::move(with),
        [this](std::variant<std::unique_ptr<ws::Connection>, ws::Refused> o) {
          if (auto* no = std::get_if<ws::Refused>(&o)) {
            refused = std::move(*no);
          } else {
            connection = std::move(std::get<0>(o));
          }
          connecting.reset();
        });
    BOOST_TEST(connecting);
  }
  void ask() { ask(options()); }

  void until_asked() {
    until([&] { return request.ends_with("\r\n\r\n"); });
  }

  http::Request read_request() {
    until_asked();
    http::Parser parser({});
    parser.feed(request);
    BOOST_REQUIRE((parser.state() == http::Parser::State::complete));
    return parser.take_request();
  }

  void say(const std::string& bytes) { BOOST_TEST(peer->write(bytes)); }
};

std::string plus_line(std::string head, const std::string& line) {
  head.insert(head.size() - 2, line + "\r\n");
  return head;
}

std::string replaced(std::string text, const std::string& old, const std::string& fresh) {
  const auto at = text.find(old);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), fresh);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_websocket_is_opened_and_what_comes_at_once_is_not_lost) {
  Asked a;
  a.ask();
  const http::Request request = a.read_request();
  BOOST_TEST(request.target == "/v1/realtime?model=x");
  BOOST_TEST(request.header("Host") == "127.0.0.1:" + std::to_string(a.listener->port()));
  BOOST_TEST(request.header("Authorization") == "Bearer secret");
  BOOST_TEST(request.header("Connection") == "Upgrade");
  const http::Response answer = ws::answer_upgrade(request);
  BOOST_TEST(answer.status == 101);
  a.say(ws::upgrade_head(answer) +
        "\x81\x05"
        "early");
  a.until([&] { return a.connection != nullptr; });
  a.say(
      "\x81\x04"
      "late");
  a.settle();
  a.connection->start({.on_text = [&](std::string_view m) { a.texts.emplace_back(m); },
                       .on_binary = {},
                       .on_end = {},
                       .on_drained = {}});
  a.until([&] {
    a.advance(0ms);
    return a.texts.size() == 2;
  });
  BOOST_TEST(a.texts.front() == "early");
  BOOST_TEST(a.connection->send_text("hello"));
  a.request.clear();
  a.until([&] { return a.request.size() == 11; });
  BOOST_TEST(a.links.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(every_key_is_another) {
  std::string first;
  for (int i = 0; i < 2; ++i) {
    Asked a;
    a.ask();
    const std::string key(a.read_request().header("Sec-WebSocket-Key"));
    BOOST_TEST(key.size() == 24U);
    BOOST_TEST(key != first);
    first = key;
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_with_its_words) {
  Asked a;
  a.ask();
  a.until_asked();
  a.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nno, sorry");
  a.until([&] { return a.refused.has_value(); });
  BOOST_TEST(a.refused->status == 401);
  BOOST_TEST(a.refused->body == "no, sorry");
  BOOST_TEST(a.refused->why.find("secret") == std::string::npos);
  a.until([&] { return a.peer_ended; });

  Asked large;
  large.ask();
  large.until_asked();
  large.say("HTTP/1.1 500 Oops\r\nContent-Length: 6000\r\n\r\n" + std::string(6000, 'x'));
  large.until([&] { return large.refused.has_value(); });
  BOOST_TEST(large.refused->body.size() == 4096U);

  Asked unmeasured;  // up to its end
  unmeasured.ask();
  unmeasured.until_asked();
  unmeasured.say("HTTP/1.1 503 No\r\n\r\nlater");
  unmeasured.peer->finish();
  unmeasured.until([&] { return unmeasured.refused.has_value(); });
  BOOST_TEST(unmeasured.refused->status == 503);
  BOOST_TEST(unmeasured.refused->body == "later");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_not_to_our_question_is_refused) {
  struct Case {
    std::string name{};
    std::function<std::string(const std::string&)> change{};
    int status = 101;
  };
  const std::string accept = "Sec-WebSocket-Accept: ";
  const std::vector<Case> cases{
      {"no upgrade", [](const auto& h) { return replaced(h, "Upgrade: websocket\r\n", ""); }},
      {"another upgrade", [](const auto& h) { return replaced(h, ": websocket", ": h2c"); }},
      {"no connection", [](const auto& h) { return replaced(h, "Connection: Upgrade\r\n", ""); }},
      {"a wrong accept", [&](const auto& h) { return replaced(h, accept, accept + "A"); }},
      {"no accept", [&](const auto& h) { return replaced(h, accept, "X-Accept: "); }},
      {"two accepts", [&](const auto& h) { return plus_line(h, accept + "AAAA"); }},
      {"an extension",
       [](const auto& h) { return plus_line(h, "Sec-WebSocket-Extensions: permessage-deflate"); }},
      {"a subprotocol", [](const auto& h) { return plus_line(h, "Sec-WebSocket-Protocol: chat"); }},
      {"not switching", [](const auto& h) { return replaced(h, "101 Switching", "200 Fine"); },
       200},
      {"no HTTP", [](const auto&) { return std::string("SSH-2.0-OpenSSH\r\n\r\n"); }, 0},
      {"too much head",
       [](const auto& h) { return plus_line(h, "X: " + std::string(20'000, 'x')); }, 0},
      {"too much body",
       [](const auto&) {
         return "HTTP/1.1 403 No\r\nContent-Length: 999999\r\n\r\n" + std::string(100'000, 'x');
       },
       0},
  };
  for (const Case& c : cases) {
    BOOST_TEST_CONTEXT(c.name) {
      Asked a;
      a.ask();
      a.say(c.change(ws::upgrade_head(ws::answer_upgrade(a.read_request()))));
      if (c.status == 200) a.peer->finish();  // its body ends so
      a.until([&] { return a.refused || a.connection; });
      BOOST_REQUIRE(a.refused);
      BOOST_TEST(a.refused->status == c.status);
      BOOST_TEST(a.refused->why != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(other_interim_answers_are_passed_over) {
  Asked a;
  a.ask();
  const std::string head = ws::upgrade_head(ws::answer_upgrade(a.read_request()));
  a.say("HTTP/1.1 103 Early Hints\r\n\r\n" + head);
  a.until([&] { return a.connection != nullptr; });
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_ever) {
  Asked a;
  a.ask();
  a.until_asked();
  a.say("HTTP/1.1 101 Sw");
  a.settle();
  a.advance(5s);
  BOOST_REQUIRE(a.refused);
  BOOST_TEST((a.refused->error == std::errc::timed_out));
  a.until([&] { return a.peer_ended; });

  Asked gone;
  gone.ask();
  gone.until_asked();
  gone.peer->close();
  gone.until([&] { return gone.refused.has_value(); });
  BOOST_TEST(gone.refused->status == 0);

  Asked closed;
  auto options = closed.options();
  closed.listener.reset();
  closed.ask(std::move(options));
  closed.until([&] { return closed.refused.has_value(); });
  BOOST_TEST((closed.refused->error == std::errc::connection_refused));
  BOOST_TEST(closed.links.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(a_name_is_resolved_or_not) {
  Asked a;
  auto options = a.options();
  options.host = "localhost";
  a.ask(options);
  a.until_asked();
  BOOST_TEST(a.read_request().header("Host") == "localhost:" + std::to_string(a.listener->port()));
  a.connecting.reset();  // destroyed before its end
  a.until([&] { return a.peer_ended; });
  BOOST_TEST(!a.refused);
  BOOST_TEST(a.links.connecting() == 0);

  options.host = "nobody.invalid";
  a.ask(options);
  a.until([&] { return a.refused.has_value(); });
  BOOST_TEST(a.refused->error);
  BOOST_TEST(a.links.connecting() == 0);
  a.ask(options);
  a.connecting.reset();
  BOOST_TEST(a.links.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(the_address_that_answers_is_asked) {
  Asked a;
  const BlackHole hole("127.0.0.2", a.listener->port());
  auto options = a.options();
  options.host = "nobody.invalid";
  options.connect_addresses = {"127.0.0.2", "127.0.0.1"};
  a.ask(options);
  a.settle();
  a.advance(2'500ms);
  a.until_asked();
  BOOST_TEST(a.read_request().header("Host").starts_with("nobody.invalid:"));
  a.connecting.reset();
  BOOST_TEST(a.links.connecting() == 0);
}

BOOST_AUTO_TEST_CASE(a_key_with_a_line_end_is_refused_and_not_told) {
  Asked a;
  auto options = a.options();
  options.headers = {{"Authorization", "Bearer secret\r\nX: y"}};
  a.ask(options);
  a.until([&] {
    a.advance(0ms);
    return a.refused.has_value();
  });
  BOOST_TEST(a.refused->why.find("secret") == std::string::npos);
  BOOST_TEST(a.request == "");
}

// --- both ends, through the HTTP server, secured

BOOST_AUTO_TEST_CASE(both_ends_of_ours_meet_over_tls) {
  for (const bool trusted : {true, false}) {
    Asked a;
    Folder folder;
    const Identity authority = make_authority();
    const Identity other = make_authority("Another");
    const Identity identity = make_identity({}, &authority);
    tls::ServerContext servers({.certificate_file = folder.write("c.pem", identity.certificate),
                                .key_file = folder.write("k.pem", identity.key)});
    tls::ClientContext clients(
        {.ca_file = folder.write("ca.pem", (trusted ? authority : other).certificate)});
    std::unique_ptr<ws::Connection> far;
    std::unique_ptr<http::Server> server;
    std::vector<ws::End> ends;
    http::Server::Options listen;
    listen.tls = &servers;
    server = std::make_unique<http::Server>(
        a.loop, std::move(listen), [&](http::ExchangeId id, const http::Request& request) {
          const http::Response answer = ws::answer_upgrade(request);
          BOOST_TEST(answer.status == 101);
          auto taken = server->take_over(id);
          BOOST_REQUIRE(taken);
          BOOST_TEST(taken->stream->write(ws::upgrade_head(answer)));
          far = std::make_unique<ws::Connection>(a.loop, std::move(taken->stream), ws::Role::server,
                                                 ws::Limits{}, std::move(taken->early));
          far->start({.on_text = [&](std::string_view m) { (void)far->send_text(m); },
                      .on_binary = {},
                      .on_end = [&](const ws::End& end) { ends.push_back(end); },
                      .on_drained = {}});
        });
    tls::HandshakeGate gate({});
    auto options = a.options();
    options.host = "localhost";
    options.connect_addresses = {"127.0.0.1"};
    options.port = server->port();
    options.tls = &clients;
    options.gate = &gate;
    a.ask(options);
    a.until([&] { return a.connection || a.refused; });
    if (!trusted) {
      BOOST_REQUIRE(a.refused);
      BOOST_TEST((a.refused->error == tls::Fault::unknown_issuer));
      continue;
    }
    BOOST_REQUIRE(a.connection);
    a.connection->start({.on_text = [&](std::string_view m) { a.texts.emplace_back(m); },
                         .on_binary = {},
                         .on_end = {},
                         .on_drained = {}});
    const std::string large(60'000, 'x');
    BOOST_TEST(a.connection->send_text("hello"));
    BOOST_TEST(a.connection->send_text(large));
    a.until([&] { return a.texts.size() == 2; });
    BOOST_TEST((a.texts.back() == large));
    a.connection->close(1000);
    a.until([&] { return ends.size() == 1; });
    BOOST_TEST(ends.front().by_peer);
    far.reset();
    a.connection.reset();
    server.reset();
  }
}

BOOST_AUTO_TEST_SUITE_END()
