#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/carrier/twilio.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/server.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/pool_job.hpp"
#include "bridge/tls/fault.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/loopback.hpp"
#include "tests/bridge/tls_peer.hpp"

BOOST_AUTO_TEST_SUITE(tls_http)

using namespace std::chrono_literals;
using namespace bridge::http;
using namespace bridge::testing;
namespace net = bridge::net;
namespace tls = bridge::tls;

namespace {

// Our server and our client, with a certificate for localhost that the client trusts.
struct Secure : SteppedLoop {
  Folder folder{};
  Identity authority = make_authority();
  Identity identity = make_identity({}, &authority);
  std::unique_ptr<tls::ClientContext> clients{};
  std::unique_ptr<tls::ServerContext> servers{};
  net::Links near{};
  net::Links far{};
  std::vector<std::error_code> unsecured{};
  std::vector<ExchangeId> held{};
  std::vector<Request> requests{};
  std::deque<Reply> replies{};
  bool answering = true;
  Response answer{.status = 200, .headers = {}, .body = "fine"};
  std::unique_ptr<Server> server{};
  std::unique_ptr<Client> client{};

  explicit Secure(Server::Options listen = {}, Client::Options options = {}) {
    clients = std::make_unique<tls::ClientContext>(
        tls::ClientContext::Options{.ca_file = folder.write("ca.pem", authority.certificate)});
    servers = std::make_unique<tls::ServerContext>(tls::ServerContext::Options{
        .certificate_file = folder.write("cert.pem", identity.certificate),
        .key_file = folder.write("key.pem", identity.key)});
    listen.tls = servers.get();
    listen.links = &far;
    listen.on_unsecured = [this](std::error_code error) { unsecured.push_back(error); };
    server = std::make_unique<Server>(loop, std::move(listen), [this](ExchangeId id, Request r) {
      held.push_back(id);
      requests.push_back(std::move(r));
    });
    options.port = server->port();
    options.tls = clients.get();
    options.links = &near;
    client = std::make_unique<Client>(loop, std::move(options));
    loop.before_sleep([this] {
      if (!answering) return;
      for (const ExchangeId id : std::exchange(held, {})) server->answer(id, answer);
    });
  }

  void send(std::string body = {}) {
    client->send({.method = body.empty() ? "GET" : "POST",
                  .target = "/",
                  .headers = {},
                  .body = std::move(body)},
                 [this](Reply reply) { replies.push_back(std::move(reply)); });
  }
  Reply reply() {
    until([&] { return !replies.empty(); });
    Reply first = std::move(replies.front());
    replies.pop_front();
    return first;
  }
  bool counts_agree() const {
    if (near.connecting() != 0 || far.connecting() != 0) return false;
    for (const auto& [id, count] : near.open()) {
      const auto other = far.open().find(id);
      if (other == far.open().end() || count.sent != other->second.consumed ||
          count.consumed != other->second.sent) {
        return false;
      }
    }
    return near.open().size() == far.open().size();
  }
};

// A socket that says what a test tells it to, to a server.
struct Knock {
  std::unique_ptr<net::Stream> stream{};
  std::string got{};
  bool open = false;
  bool ended = false;

  Knock(net::Loop& loop, std::uint16_t port) {
    stream = net::Stream::connect(loop, {.address = "127.0.0.1", .port = port, .unix_path = {}}, {},
                                  {.on_open = [this] { open = true; },
                                   .on_data = [this](std::string_view bytes) { got += bytes; },
                                   .on_end = [this](std::error_code) { ended = true; },
                                   .on_drained = {}});
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_goes_out_and_its_response_comes_back) {
  Secure s;
  s.send("a body");
  const Reply reply = s.reply();
  BOOST_TEST(reply.why == "");
  BOOST_TEST((reply.sent == Sent::answered));
  BOOST_TEST(reply.response.body == "fine");
  BOOST_TEST(s.requests.front().body == "a body");
  BOOST_TEST(s.requests.front().header("host") == "127.0.0.1:" + std::to_string(s.server->port()));
  BOOST_TEST(s.unsecured.empty());
}

BOOST_AUTO_TEST_CASE(a_name_is_resolved_and_checked) {
  Secure s({}, {.host = "localhost"});
  s.send();
  BOOST_TEST(s.reply().response.body == "fine");
}

BOOST_AUTO_TEST_CASE(a_warm_connection_is_used_again_and_a_new_one_resumes) {
  Secure s;
  for (int i = 0; i < 3; ++i) {
    s.send();
    BOOST_TEST(s.reply().response.status == 200);
  }
  BOOST_TEST(s.server->connections() == 1U);
  const std::uint64_t full = s.far.open().begin()->second.sent;
  s.advance(4s);
  s.until([&] { return s.server->connections() == 0; });
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
  // Without the certificate.
  BOOST_TEST(s.far.open().begin()->second.sent < full / 2);
}

BOOST_AUTO_TEST_CASE(large_bodies_pass_both_ways) {
  Secure s({.limits = {.body_bytes_max = 4 << 20}});
  std::string body(3'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>('a' + i % 26);
  s.answer.body = body;
  s.send(body);
  const Reply reply = s.reply();
  BOOST_TEST((reply.response.body == body));
  BOOST_TEST((s.requests.front().body == body));
}

BOOST_AUTO_TEST_CASE(many_clients_shake_hands_at_once) {
  Secure s({}, {.connections_max = 5});
  for (int i = 0; i < 5; ++i) s.send(std::to_string(i));
  for (int i = 0; i < 5; ++i) BOOST_TEST(s.reply().response.status == 200);
  BOOST_TEST(s.requests.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_side_is_quiet_only_when_all_ciphertext_has_arrived) {
  Secure s;
  BOOST_TEST(s.counts_agree());
  s.answering = false;
  s.send();
  BOOST_TEST(!s.counts_agree());
  // Whenever both ends are quiet at the end of a turn, there is nothing left to come: time could
  // jump, and nobody would be cut off.
  int quiet_turns = 0;
  s.until([&] {
    if (s.counts_agree()) {
      ++quiet_turns;
    } else {
      BOOST_TEST(quiet_turns == 0);
    }
    return quiet_turns == 20;
  });
  BOOST_TEST(s.held.size() == 1U);
  s.answering = true;
  BOOST_TEST(s.reply().response.status == 200);
  s.settle();
  BOOST_TEST(s.counts_agree());
  BOOST_TEST(s.near.open().size() == 1U);
}

BOOST_AUTO_TEST_CASE(time_that_jumps_whenever_all_is_quiet_cuts_nobody_off) {
  Secure s;
  int answered = 0;
  // As a campaign's requests: each when the clock has come to it, hours apart.
  for (int hour = 1; hour <= 20; ++hour) {
    s.loop.call_at(noon + std::chrono::hours{hour}, [&] { s.send("status"); });
  }
  s.until([&] {
    answered += static_cast<int>(s.replies.size());
    for (const Reply& each : s.replies) BOOST_TEST((each.sent == Sent::answered), each.why);
    s.replies.clear();
    const auto next = s.loop.next_timer();
    if (s.counts_agree() && next && s.held.empty()) {
      s.clock.advance_to(*next);
      s.loop.run_due_timers();
    }
    return answered == 20;
  });
}

BOOST_AUTO_TEST_CASE(a_handshake_that_never_ends_is_cut_at_its_deadline) {
  Secure s;
  Knock silent(s.loop, s.server->port());
  Knock half(s.loop, s.server->port());
  s.until([&] { return s.server->connections() == 2; });
  BOOST_TEST(half.stream->write(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  s.settle();
  s.advance(9'999ms);
  s.settle();
  BOOST_TEST(s.server->connections() == 2U);
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
  s.advance(1ms);
  s.until([&] { return silent.ended && half.ended; });
  BOOST_TEST(s.unsecured.size() == 2U);
  for (const auto& error : s.unsecured) BOOST_TEST((error == tls::Fault::timed_out));
}

BOOST_AUTO_TEST_CASE(what_is_not_tls_is_turned_away_and_told) {
  Secure s;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string(100, '\0'),
        std::string("\x80\x2e\x01\x03\x01", 5), std::string("\x16\x02\x00\x00\x05hello", 10),
        std::string("\x16\x03\x03\xff\xff") + std::string(1000, 'x')}) {
    Knock knock(s.loop, s.server->port());
    s.until([&] { return knock.open; });
    BOOST_TEST(knock.stream->write(bytes));
    s.until([&] { return knock.ended; });
    BOOST_TEST((s.unsecured.back() == tls::Fault::not_tls), s.unsecured.back().message());
    s.send();
    BOOST_TEST(s.reply().response.status == 200);
  }
  BOOST_TEST(s.unsecured.size() == 5U);
  BOOST_TEST(s.requests.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_flood_before_the_handshake_is_done_is_cut) {
  Secure s;
  Knock knock(s.loop, s.server->port());
  s.until([&] { return knock.open; });
  // Warnings, which a handshake otherwise ignores one by one.
  std::string warnings;
  for (int i = 0; i < 1000; ++i) warnings += std::string("\x15\x03\x03\x00\x02\x01\x5a", 7);
  s.until([&] {
    if (!knock.ended) (void)knock.stream->write(warnings);
    return !s.unsecured.empty();
  });
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
}

BOOST_AUTO_TEST_CASE(who_leaves_within_the_handshake_is_forgotten) {
  Secure s;
  TlsPeer peer({.client = true});
  peer.feed({});
  const std::string hello = peer.take_output();
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, hello.size() / 2, hello.size()}) {
    Knock knock(s.loop, s.server->port());
    s.until([&] { return s.server->connections() == 1; });
    BOOST_TEST(knock.stream->write(hello.substr(0, size)));
    if (size == hello.size()) s.loop.turn();  // while the pool works
    knock.stream->close();
    s.until([&] { return s.server->connections() == 0; });
  }
  BOOST_TEST(s.unsecured.size() == 4U);
  BOOST_TEST(s.far.connecting() == 0);
}

namespace {

// Clients that say hello and nothing more, without work of their own in the pool.
struct Crowd {
  std::deque<Knock> knocks{};

  Crowd(Secure& s, std::size_t count) {
    TlsPeer peer({.client = true});
    peer.feed({});
    const std::string hello = peer.take_output();
    for (std::size_t i = 0; i < count; ++i) knocks.emplace_back(s.loop, s.server->port());
    s.until([&] {
      return std::ranges::all_of(knocks, &Knock::open) && s.server->connections() == count;
    });
    for (Knock& each : knocks) BOOST_TEST_REQUIRE(each.stream->write(hello));
  }
  std::size_t answered() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(knocks, [](const Knock& each) { return !each.got.empty(); }));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_storm_of_handshakes_leaves_the_pool_to_others) {
  Secure s;
  Crowd crowd(s, 60);
  s.until([&] { return s.far.connecting() == 60; });
  // Somebody else's work, behind the storm: it does not stand in the queue with it.
  bool done = false;
  const net::PoolJob other(
      s.loop, [] {}, [&] { done = true; });
  s.until([&] { return done; });
  BOOST_TEST(crowd.answered() < 20U);
  s.until([&] { return crowd.answered() == 60; });
  BOOST_TEST(s.far.connecting() == 0);
  BOOST_TEST(s.unsecured.empty());
}

BOOST_AUTO_TEST_CASE(whoever_finds_too_many_waiting_is_turned_away) {
  Secure s({.limits = {.handshakes_at_once_max = 1, .handshakes_waiting_max = 5}});
  Crowd crowd(s, 40);
  s.until([&] { return crowd.answered() + s.unsecured.size() == 40; });
  BOOST_TEST(crowd.answered() >= 6U);
  BOOST_TEST(!s.unsecured.empty());
  for (const auto& error : s.unsecured) BOOST_TEST((error == tls::Fault::too_many));
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
}

BOOST_AUTO_TEST_CASE(a_gate_lets_in_as_many_as_it_may_in_their_order) {
  std::string in;
  std::map<std::string, tls::HandshakeGate::Place> places;
  auto gate = std::make_unique<tls::HandshakeGate>(
      tls::HandshakeGate::Options{.at_once_max = 2, .waiting_max = 3});
  const auto enter = [&](const std::string& name) {
    return gate->enter([&, name](tls::HandshakeGate::Place place) {
      in += name;
      places[name] = std::move(place);
    });
  };
  const auto leave = [&](const std::string& name) { BOOST_TEST(!places.extract(name).empty()); };
  enter("a");
  enter("b");
  BOOST_TEST(in == "ab");
  BOOST_TEST(gate->inside() == 2U);
  const auto c = enter("c");
  enter("d");
  const auto e = enter("e");
  BOOST_TEST(enter("f") == 0U);
  BOOST_TEST(gate->waiting() == 3U);
  gate->withdraw(c);
  gate->withdraw(c);
  leave("a");
  BOOST_TEST(in == "abd");
  BOOST_TEST(gate->inside() == 2U);
  enter("g");
  leave("b");
  leave("d");
  BOOST_TEST(in == "abdeg");
  gate->withdraw(e);  // has been let in
  BOOST_TEST(gate->inside() == 2U);
  enter("h");
  gate.reset();
  leave("e");
  leave("g");
  BOOST_TEST(in == "abdeg");  // nobody is let in by a gate that is gone
}

BOOST_AUTO_TEST_CASE(who_waits_at_the_gate_has_the_handshakes_time_and_no_more) {
  Secure s;
  tls::HandshakeGate gate({.at_once_max = 1, .waiting_max = 10});
  tls::HandshakeGate::Place taken;
  gate.enter([&](tls::HandshakeGate::Place place) { taken = std::move(place); });
  std::unique_ptr<net::Stream> accepted;
  const net::Listener listener(
      s.loop, {.address = "127.0.0.1"}, 0, {},
      [&](std::unique_ptr<net::Stream> stream) { accepted = std::move(stream); });
  TlsPeer peer({.client = true});
  peer.feed({});
  const auto knock = [&](Knock& client) {
    s.until([&] { return accepted != nullptr; });
    auto stream =
        std::make_unique<tls::Stream>(s.loop, std::move(accepted), s.servers->accept(),
                                      tls::Stream::Options{.gate = &gate, .links = &s.far});
    BOOST_TEST(client.stream->write(peer.take_output()));
    return stream;
  };
  Knock first(s.loop, listener.port());
  auto waiting = knock(first);
  std::error_code why;
  waiting->start({.on_open = {},
                  .on_data = {},
                  .on_end = [&](std::error_code e) { why = e; },
                  .on_drained = {}});
  s.until([&] { return gate.waiting() == 1; });
  BOOST_TEST(s.far.connecting() == 1);  // nobody is quiet meanwhile
  s.advance(9'999ms);
  BOOST_TEST(!why);
  s.advance(1ms);
  BOOST_TEST((why == tls::Fault::timed_out));
  waiting->close();
  BOOST_TEST(gate.waiting() == 0U);
  BOOST_TEST(s.far.connecting() == 0);
  // Work that goes on for nobody keeps its place until it is done.
  taken.reset();
  TlsPeer second_peer({.client = true});
  second_peer.feed({});
  Knock second(s.loop, listener.port());
  s.until([&] { return accepted != nullptr; });
  tls::Stream leaving(s.loop, std::move(accepted), s.servers->accept(), {.gate = &gate});
  leaving.start({});
  BOOST_TEST(second.stream->write(second_peer.take_output()));
  s.until([&] { return gate.inside() == 1; });
  leaving.close();
  BOOST_TEST(gate.inside() == 1U);
  s.until([&] { return gate.inside() == 0; });
}

BOOST_AUTO_TEST_CASE(both_ends_may_be_destroyed_while_the_pool_works) {
  for (int turns = 0; turns < 12; ++turns) {
    Secure s;
    s.send();
    for (int i = 0; i < turns; ++i) s.loop.turn();
    s.client.reset();
    s.server.reset();
    s.clients.reset();
    s.servers.reset();
    BOOST_TEST(s.near.connecting() == 0);
    BOOST_TEST(s.far.connecting() == 0);
    BOOST_TEST(s.replies.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_pipelining_client_waits_its_turn) {
  Secure s({.limits = {.body_bytes_max = 1 << 20}});
  TlsPeer peer({.client = true});
  std::unique_ptr<net::Stream> stream;
  bool sent = false;
  std::string got;
  stream = net::Stream::connect(
      s.loop, {.address = "127.0.0.1", .port = s.server->port(), .unix_path = {}}, {},
      {.on_open =
           [&] {
             peer.feed({});
             BOOST_TEST(stream->write(peer.take_output()));
           },
       .on_data =
           [&](std::string_view bytes) {
             peer.feed(bytes);
             if (peer.open() && !std::exchange(sent, true)) {
               const std::string body(60'000, 'x');
               for (int i = 0; i < 5; ++i) {
                 peer.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n");
                 for (std::size_t at = 0; at < body.size(); at += 10'000) {
                   peer.write(std::string_view(body).substr(at, 10'000));
                 }
               }
             }
             const std::string output = peer.take_output();
             if (!output.empty()) BOOST_TEST(stream->write(output));
             got += peer.take_plaintext();
           },
       .on_end = {},
       .on_drained = {}});
  s.answering = false;
  s.until([&] { return s.requests.size() == 1; });
  s.settle();
  BOOST_TEST(s.requests.size() == 1U);
  s.answering = true;
  s.until([&] { return s.requests.size() == 5; });
  for (const Request& each : s.requests) BOOST_TEST(each.body.size() == 60'000U);
}

namespace {

// A client that is through the handshake and then does as it likes.
struct SecuredKnock {
  TlsPeer peer{{.client = true}};
  Knock knock;

  explicit SecuredKnock(Secure& s) : knock(s.loop, s.server->port()) {
    s.until([&] { return knock.open; });
    peer.feed({});
    s.until([&] {
      hear();
      return peer.open();
    });
  }
  void hear() {
    peer.feed(std::exchange(knock.got, {}));
    if (const auto output = peer.take_output(); !output.empty()) say(output);
  }
  void say(const std::string& bytes) { BOOST_TEST(knock.stream->write(bytes)); }
};

const std::string folded_request = "GET / HTTP/1.1\r\nHost: localhost\r\n x\r\n\r\n";

}  // namespace

BOOST_AUTO_TEST_CASE(a_refused_client_that_has_left_already_is_forgotten) {
  Secure s;
  {
    SecuredKnock client(s);
    client.peer.write(folded_request);
    client.hear();
    client.knock.stream->reset();
    s.until([&] { return s.server->connections() == 0; });
  }
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
}

// The refusal has ended our side; a record that is none would be answered with an alert.
BOOST_AUTO_TEST_CASE(a_refused_client_may_go_on_with_what_is_no_tls) {
  Secure s;
  for (const std::string& record :
       {std::string("\x16\x03\x03\x00\x04word", 9),
        std::string("\x17\x03\x03\x00\x20") + std::string(32, 'x'), std::string("nonsense")}) {
    SecuredKnock client(s);
    client.knock.stream->pause_reading();  // or it would learn that the server has ended
    client.peer.write(folded_request);
    client.hear();
    s.settle();
    BOOST_TEST(s.server->connections() == 1U);
    client.say(record);
    s.until([&] { return s.server->connections() == 0; });
  }
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_taken_up_without_a_stop) {
  Secure s;
  s.send();
  BOOST_TEST(s.reply().response.status == 200);
  // One that the client does not trust shows that it is another one.
  const Identity stranger = make_identity({});
  s.folder.write("cert.pem", stranger.certificate);
  s.folder.write("key.pem", stranger.key);
  BOOST_TEST(s.servers->reload_if_changed());
  s.send();  // on the warm connection
  BOOST_TEST(s.reply().response.status == 200);
  tls::ClientContext fresh({.ca_file = s.folder.write("ca.pem", s.authority.certificate)});
  Client other(s.loop, {.port = s.server->port(), .tls = &fresh});
  std::string why;
  other.send({.method = "GET", .target = "/", .headers = {}, .body = {}},
             [&](const Reply& reply) { why = reply.why; });
  s.until([&] { return !why.empty(); });
  BOOST_TEST(why.find("signed by itself") != std::string::npos, why);
}

// The order leaves once, and only to whom the authority vouches for.
BOOST_AUTO_TEST_CASE(an_order_goes_to_the_carrier_over_tls_or_not_at_all) {
  Secure s;
  s.answer.status = 201;
  s.answer.body = R"({"sid":"CA00000000000000000000000000000001","status":"queued"})";
  bridge::carrier::Twilio::Options options;
  options.base_url = "https://localhost:" + std::to_string(s.server->port());
  options.account_sid = "AC00000000000000000000000000000000";
  options.password = "secret";
  BOOST_CHECK_THROW(bridge::carrier::Twilio(s.loop, options), std::invalid_argument);
  const auto place = [&](tls::ClientContext& trusted) {
    options.tls = &trusted;
    options.links = &s.near;
    bridge::carrier::Twilio twilio(s.loop, options);
    std::optional<bridge::carrier::PlaceReply> told;
    bridge::carrier::CallOrder order;
    order.to = "+390611111111";
    order.from = "+390200000000";
    order.url = "https://example.test/outbound-call/x";
    order.status_url = "https://example.test/call-status/x";
    twilio.place(order, [&](bridge::carrier::PlaceReply reply) { told = std::move(reply); });
    s.until([&] { return told.has_value(); });
    return *told;
  };
  const auto placed = place(*s.clients);
  BOOST_TEST_REQUIRE(std::holds_alternative<bridge::carrier::CallPlaced>(placed));
  BOOST_TEST(s.requests.size() == 1U);
  BOOST_TEST(s.requests.front().header("authorization").rfind("Basic ", 0) == 0U);

  const Identity other = make_authority("Somebody else");
  tls::ClientContext stranger({.ca_file = s.folder.write("other.pem", other.certificate)});
  const auto refused = place(stranger);
  BOOST_TEST_REQUIRE(std::holds_alternative<bridge::carrier::CallNotSent>(refused));
  BOOST_TEST(s.requests.size() == 1U);
}

// The carrier takes its time over the handshake: the order does not leave after it.
BOOST_AUTO_TEST_CASE(an_order_whose_connection_is_secured_too_late_is_not_sent) {
  Secure s;
  std::unique_ptr<net::Stream> accepted;
  const net::Listener listener(
      s.loop, {.address = "127.0.0.1"}, 0, {},
      [&](std::unique_ptr<net::Stream> stream) { accepted = std::move(stream); });
  bridge::carrier::Twilio::Options options;
  options.base_url = "https://localhost:" + std::to_string(listener.port());
  options.account_sid = "AC00000000000000000000000000000000";
  options.tls = s.clients.get();
  std::vector<bridge::carrier::PlaceReply> told;
  bool left = false;
  bridge::carrier::Twilio twilio(s.loop, options);
  bridge::carrier::CallOrder order{
      .to = "+390611111111", .from = "+390200000000", .url = "https://example.test/x"};
  order.not_after = noon + 5s;
  order.on_sent = [&] { left = true; };
  const auto place = [&] {
    twilio.place(order,
                 [&](bridge::carrier::PlaceReply reply) { told.push_back(std::move(reply)); });
  };
  place();
  s.until([&] { return accepted != nullptr; });
  s.advance(5s);
  s.settle();
  BOOST_TEST(told.empty());
  s.advance(1ms);
  s.until([&] { return told.size() == 1; });
  BOOST_TEST(std::holds_alternative<bridge::carrier::CallNotSent>(told[0]));

  tls::Stream far(s.loop, std::move(accepted), s.servers->accept(), {});
  bool secured = false;
  std::string got;
  far.start({.on_open = [&] { secured = true; },
             .on_data = [&](std::string_view bytes) { got += bytes; },
             .on_end = {},
             .on_drained = {}});
  s.until([&] { return secured; });
  s.settle();
  BOOST_TEST(got == "");
  BOOST_TEST(!left);
  // The same connection serves the next one, at once.
  order.not_after = s.clock.now();
  place();
  s.until([&] { return got.find("\r\n\r\n") != std::string::npos; });
  BOOST_TEST(left);
  BOOST_TEST(got.starts_with("POST /2010-04-01/Accounts/"));
}

BOOST_AUTO_TEST_SUITE_END()
