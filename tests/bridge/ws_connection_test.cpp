#include "bridge/ws/connection.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/loopback.hpp"
#include "tests/bridge/raw_peer.hpp"
#include "tests/bridge/tls_peer.hpp"
#include "tests/bridge/ws_wire.hpp"

BOOST_AUTO_TEST_SUITE(ws_connection)

using namespace std::chrono_literals;
using namespace bridge::testing;
namespace net = bridge::net;
namespace tls = bridge::tls;
namespace ws = bridge::ws;

namespace {

constexpr int text = 1;
constexpr int shut = 8;
constexpr int ping = 9;
constexpr int pong = 10;

// One connection over a wire that the test holds at its other end.
struct Held : SteppedLoop {
  std::shared_ptr<FakeWire> wire = std::make_shared<FakeWire>();
  ws::Role role;
  std::vector<std::string> texts{};
  std::vector<ws::End> ends{};
  int drained = 0;
  std::function<void()> on_text{};
  std::unique_ptr<ws::Connection> connection{};

  explicit Held(ws::Limits limits = {}, ws::Role ours = ws::Role::server, std::string early = {})
      : role(ours),
        connection(std::make_unique<ws::Connection>(loop, std::make_unique<FakeStream>(wire), ours,
                                                    limits, std::move(early))) {
    connection->start({.on_text =
                           [this](std::string_view message) {
                             texts.emplace_back(message);
                             if (on_text) on_text();
                           },
                       .on_binary = {},
                       .on_end = [this](const ws::End& end) { ends.push_back(end); },
                       .on_drained = [this] { ++drained; }});
  }

  std::string bytes(int opcode, std::string payload = {}, bool final = true) const {
    Frame frame;
    frame.opcode = opcode;
    frame.payload = std::move(payload);
    frame.final = final;
    frame.masked = role == ws::Role::server;
    return bytes_of(frame);
  }
  void deliver(int opcode, std::string payload = {}, bool final = true) {
    wire->deliver(bytes(opcode, std::move(payload), final));
  }
  // The next frame that ours has written.
  Frame sent() {
    const auto frame = take_frame(wire->written);
    BOOST_REQUIRE(frame);
    return *frame;
  }
};

int close_code(const Frame& frame) {
  BOOST_REQUIRE(frame.opcode == shut && frame.payload.size() >= 2);
  return static_cast<unsigned char>(frame.payload[0]) << 8 |
         static_cast<unsigned char>(frame.payload[1]);
}

}  // namespace

BOOST_AUTO_TEST_CASE(several_messages_leave_in_one_write) {
  for (const ws::Role role : {ws::Role::server, ws::Role::client}) {
    Held h({}, role);
    std::vector<std::string> messages;
    for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 70'000U, 3U}) {
      messages.emplace_back(size, static_cast<char>('a' + size % 26));
      std::string& out = h.connection->begin_text();
      out += messages.back();
      h.connection->end_text();
    }
    BOOST_TEST(h.wire->writes == 0);
    BOOST_TEST(h.connection->queued() > 200'000U);
    BOOST_TEST(h.connection->flush());
    BOOST_TEST(h.wire->writes == 1);
    for (const std::string& message : messages) {
      const Frame frame = h.sent();
      BOOST_TEST((frame.payload == message));
      BOOST_TEST(frame.masked == (role == ws::Role::client));
    }
    BOOST_TEST(h.wire->written.empty());
    BOOST_TEST(h.connection->flush());
    BOOST_TEST(h.wire->writes == 1);  // nothing to say
  }
}

// RFC 6455 10.3: whoever chooses the text must not choose what is on the wire.
BOOST_AUTO_TEST_CASE(no_two_masks_are_alike) {
  Held h({}, ws::Role::client);
  std::set<std::array<unsigned char, 4>> keys;
  for (int i = 0; i < 500; ++i) {
    BOOST_TEST(h.connection->send_text("the same"));
    keys.insert(h.sent().key);
  }
  BOOST_TEST(keys.size() > 490U);
}

BOOST_AUTO_TEST_CASE(a_message_may_be_written_over_and_read_past) {
  Held h;
  std::string seen;
  h.connection = nullptr;
  auto wire = std::make_shared<FakeWire>();
  ws::Connection connection(h.loop, std::make_unique<FakeStream>(wire), ws::Role::server, {});
  connection.start({.on_text =
                        [&](std::string_view message) {
                          char* bytes = const_cast<char*>(message.data());
                          for (std::size_t i = 0; i < ws::Connection::padding; ++i) {
                            seen += bytes[message.size() + i] == '\0' ? "" : ".";
                          }
                          std::fill(bytes, bytes + message.size(), 'x');
                          seen += message;
                        },
                    .on_binary = {},
                    .on_end = {},
                    .on_drained = {}});
  wire->deliver(h.bytes(text, "whole"));
  wire->deliver(h.bytes(text, "in ", false) + h.bytes(0, "parts"));
  BOOST_TEST(seen == "xxxxxxxxxxxxx");
}

BOOST_AUTO_TEST_CASE(what_came_early_comes_first) {
  Held early({}, ws::Role::client,
             "\x81\x05"
             "early\x81\x04"
             "to");
  BOOST_TEST(early.texts.empty());  // not from inside `start`
  early.wire->deliver("o!");
  early.wire->deliver(
      "\x81\x04"
      "late");
  early.advance(0ms);
  BOOST_TEST(early.texts == (std::vector<std::string>{"early", "too!", "late"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pause_holds_even_what_was_read) {
  Held h;
  h.on_text = [&] {
    if (h.texts.size() == 2) h.connection->pause_reading();
  };
  h.wire->deliver(h.bytes(text, "one") + h.bytes(text, "two") + h.bytes(text, "three") +
                  h.bytes(ping));
  BOOST_TEST(h.texts.size() == 2U);
  BOOST_TEST(h.wire->paused);
  BOOST_TEST(h.wire->written.empty());
  h.advance(60s);  // nobody is too slow meanwhile
  BOOST_TEST(h.ends.empty());
  h.connection->resume_reading();
  BOOST_TEST(!h.wire->paused);
  BOOST_TEST(h.texts.size() == 2U);  // not from inside a function
  h.wire->deliver(h.bytes(text, "four"));
  h.advance(0ms);
  BOOST_TEST(h.texts.size() == 4U);
  BOOST_TEST(h.sent().opcode == pong);
}

BOOST_AUTO_TEST_CASE(a_binary_message_that_nobody_wants_is_refused_at_its_head) {
  Held h;
  h.wire->deliver(h.bytes(2, "abc").substr(0, 6));
  BOOST_TEST(close_code(h.sent()) == 1003);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::unsupported_data);
}

// --- the end

BOOST_AUTO_TEST_CASE(a_close_is_answered_and_told_with_its_words) {
  Held h;
  h.deliver(shut, close_payload(4000, "had enough"));
  BOOST_TEST(close_code(h.sent()) == 4000);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == 4000);
  BOOST_TEST(h.ends.front().by_peer);
  BOOST_TEST(h.ends.front().reason == "had enough");
  BOOST_TEST(h.wire->finished);
  BOOST_TEST(!h.connection->open());
  BOOST_TEST(!h.connection->send_text("too late"));
  h.connection->close();
  h.wire->end();
  BOOST_TEST(h.ends.size() == 1U);
  BOOST_TEST(h.wire->written.empty());
}

BOOST_AUTO_TEST_CASE(our_close_waits_for_the_peers_and_throws_away_what_comes_before) {
  Held h;
  h.connection->begin_text() += "said";
  h.connection->end_text();
  h.connection->close(1001, "going");
  BOOST_TEST(!h.connection->open());
  BOOST_TEST(h.sent().payload == "said");  // what was finished goes first
  const Frame close = h.sent();
  BOOST_TEST(close_code(close) == 1001);
  BOOST_TEST(close.payload.substr(2) == "going");
  h.deliver(text, "one more thing");
  h.deliver(ping, "there?");
  BOOST_TEST(h.texts.empty());
  BOOST_TEST(h.ends.empty());
  BOOST_TEST(h.wire->written.empty());
  h.deliver(shut, close_payload(1001));
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == 1001);
  BOOST_TEST(!h.ends.front().by_peer);
  h.advance(10s);
  BOOST_TEST(h.ends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_answer_our_close_is_left) {
  Held h;
  h.connection->close();
  h.advance(1'999ms);
  BOOST_TEST(h.ends.empty());
  h.advance(1ms);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::abnormal);
  BOOST_TEST((h.ends.front().error == std::errc::timed_out));
}

BOOST_AUTO_TEST_CASE(a_close_is_heard_though_reading_was_paused) {
  Held h;
  h.connection->pause_reading();
  h.connection->close();
  BOOST_TEST(!h.wire->paused);
  h.deliver(shut);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::no_status);
}

BOOST_AUTO_TEST_CASE(a_reason_is_cut_between_characters) {
  Held h;
  std::string reason(122, 'a');
  h.connection->close(1000, reason + "\xC3\xA8");
  BOOST_TEST(h.sent().payload.substr(2) == reason);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_without_a_close_is_abnormal) {
  for (const auto error : {std::error_code{}, std::make_error_code(std::errc::connection_reset)}) {
    Held h;
    h.deliver(text, "half a", false);
    h.wire->end(error);
    BOOST_REQUIRE(h.ends.size() == 1U);
    BOOST_TEST(h.ends.front().code == ws::abnormal);
    BOOST_TEST(!h.ends.front().by_peer);
    BOOST_TEST(h.ends.front().error == error);
    h.advance(60s);
    BOOST_TEST(h.ends.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(what_was_dropped_or_destroyed_is_silent) {
  Held h;
  h.connection->drop();
  BOOST_TEST(h.wire->closed);
  BOOST_TEST(!h.connection->open());
  BOOST_TEST(!h.connection->send_text("a"));
  h.advance(60s);
  BOOST_TEST(h.ends.empty());

  Held other;
  other.on_text = [&] { other.connection.reset(); };
  other.wire->deliver(other.bytes(text, "one") + other.bytes(text, "two"));
  BOOST_TEST(other.texts.size() == 1U);
  BOOST_TEST(other.wire->closed);

  // Inside the very last call.
  auto wire = std::make_shared<FakeWire>();
  int ends = 0;
  std::unique_ptr<ws::Connection> last = std::make_unique<ws::Connection>(
      h.loop, std::make_unique<FakeStream>(wire), ws::Role::client, ws::Limits{});
  last->start({.on_text = {},
               .on_binary = {},
               .on_end =
                   [&](const ws::End&) {
                     last.reset();
                     ++ends;
                   },
               .on_drained = {}});
  wire->deliver(std::string("\x88\x00", 2));
  BOOST_TEST(ends == 1);
}

// Every code that may be sent comes over as it is; the rest is in ws_cases.
BOOST_AUTO_TEST_CASE(close_codes_go_out_as_given) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 3000, 4999}) {
    Held h({}, ws::Role::client);
    h.connection->close(static_cast<std::uint16_t>(code));
    BOOST_TEST(close_code(h.sent()) == code);
  }
  Held h;
  h.connection->close(ws::no_status);
  BOOST_TEST(h.sent().payload == "");
}

// --- bad peers

BOOST_AUTO_TEST_CASE(a_message_has_to_end_in_time) {
  Held h;
  for (int i = 0; i < 9; ++i) {
    h.deliver(i == 0 ? text : 0, "a", false);
    h.deliver(ping);  // does not gain time
    h.advance(1s);
  }
  BOOST_TEST(h.ends.empty());
  h.deliver(0, "a");
  h.deliver(text, "b", false);  // the next one has its own time
  h.advance(9'999ms);
  BOOST_TEST(h.ends.empty());
  h.advance(1ms);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::policy_violation);
  BOOST_TEST((h.ends.front().error == std::errc::timed_out));

  Held byte;  // half a head is a beginning, too
  byte.wire->deliver("\x81");
  byte.advance(10s);
  BOOST_TEST(byte.ends.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_pings_is_cut) {
  Held h;
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += h.bytes(ping, "flood");
  h.wire->deliver(flood);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::policy_violation);
  BOOST_TEST(h.wire->written.size() < 4'096U);

  Held steady;  // a second is a second
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 200; ++i) steady.deliver(i % 2 == 0 ? ping : pong);
    steady.advance(1s);
  }
  BOOST_TEST(steady.ends.empty());
}

// It pings and never reads: the last ping is answered when it does.
BOOST_AUTO_TEST_CASE(pongs_do_not_heap_up) {
  Held h;
  h.wire->queued = 100'000;
  for (int i = 0; i < 100; ++i) h.deliver(ping, std::to_string(i));
  BOOST_TEST(h.wire->written.empty());
  h.wire->drain();
  BOOST_TEST(h.sent().payload == "99");
  BOOST_TEST(h.wire->written.empty());
  BOOST_TEST(h.drained == 1);
}

BOOST_AUTO_TEST_CASE(who_does_not_read_is_sent_no_more_than_the_limit) {
  Held h({.queued_bytes_max = 1000});
  h.wire->queued = 900;
  BOOST_TEST(h.connection->send_text("fits"));
  BOOST_TEST(!h.connection->send_text(std::string(100, 'x')));
  // A message is missing, so that no other may follow it.
  h.wire->queued = 0;
  BOOST_TEST(!h.connection->send_text("next"));
  BOOST_TEST(h.sent().payload == "fits");
  BOOST_TEST(h.wire->written.empty());
  h.connection->close(ws::policy_violation, "too slow");
  BOOST_TEST(close_code(h.sent()) == 1008);
}

BOOST_AUTO_TEST_CASE(a_silent_peer_is_pinged_and_then_left) {
  Held h({.ping_after = 20s});
  h.advance(15s);
  h.deliver(text, "here");
  h.advance(15s);
  BOOST_TEST(h.wire->written.empty());  // it was heard meanwhile
  h.advance(5s);
  BOOST_TEST(h.sent().opcode == ping);
  h.advance(9s);
  h.deliver(pong);
  h.advance(19s);
  BOOST_TEST(h.ends.empty());
  h.advance(1s);
  BOOST_TEST(h.sent().opcode == ping);
  h.advance(9'999ms);
  BOOST_TEST(h.ends.empty());
  h.advance(1ms);
  BOOST_REQUIRE(h.ends.size() == 1U);
  BOOST_TEST(h.ends.front().code == ws::abnormal);
  BOOST_TEST((h.ends.front().error == std::errc::timed_out));
}

// Nobody knows what came while this machine stood still before it was read.
BOOST_AUTO_TEST_CASE(a_pong_that_came_while_the_machine_stood_still_counts) {
  const auto stands_still = [](Held& h) {
    h.advance(20s);
    BOOST_TEST(h.sent().opcode == ping);
    h.advance(60s);
    BOOST_TEST(h.ends.empty());
  };
  Held alive({.ping_after = 20s});
  stands_still(alive);
  alive.deliver(pong);
  alive.advance(1s);
  BOOST_TEST(alive.ends.empty());
  Held dead({.ping_after = 20s});
  stands_still(dead);
  dead.advance(50ms);
  BOOST_TEST(dead.ends.size() == 1U);
}

// --- over sockets

namespace {

// Two connections, a client's and a server's, in one loop.
struct Both : SteppedLoop {
  struct Side {
    std::unique_ptr<net::ByteStream> stream{};
    std::unique_ptr<ws::Connection> connection{};
    std::deque<std::string> texts{};
    std::vector<ws::End> ends{};
    int drained = 0;

    ws::Connection::Events events() {
      return {.on_text = [this](std::string_view message) { texts.emplace_back(message); },
              .on_binary = {},
              .on_end = [this](const ws::End& end) { ends.push_back(end); },
              .on_drained = [this] { ++drained; }};
    }
  };
  Side near{};
  Side far{};
  std::unique_ptr<net::Listener> listener{};

  explicit Both(ws::Limits limits = {}, std::size_t stream_queue_max = 1 << 24) {
    bool open = false;
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1"}, 0600U,
        net::Stream::Options{.write_queue_bytes_max = stream_queue_max},
        [this](std::unique_ptr<net::Stream> stream) { far.stream = std::move(stream); });
    near.stream = net::Stream::connect(
        loop, {.address = "127.0.0.1", .port = listener->port(), .unix_path = {}},
        {.write_queue_bytes_max = stream_queue_max},
        {.on_open = [&open] { open = true; }, .on_data = {}, .on_end = {}, .on_drained = {}});
    until([&] { return open && far.stream; });
    near.connection =
        std::make_unique<ws::Connection>(loop, std::move(near.stream), ws::Role::client, limits);
    far.connection =
        std::make_unique<ws::Connection>(loop, std::move(far.stream), ws::Role::server, limits);
    near.connection->start(near.events());
    far.connection->start(far.events());
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(two_of_ours_understand_each_other) {
  Both b;
  std::string large;
  for (int i = 0; i < 9'000; ++i) large += std::to_string(i);
  const std::vector<std::string> said{"",
                                      "short",
                                      std::string(125, 'a'),
                                      std::string(126, 'b'),
                                      std::string(65535, 'c'),
                                      large.substr(0, 35'000)};
  for (const std::string& message : said) {
    BOOST_TEST(b.near.connection->send_text(message));
    BOOST_TEST(b.far.connection->send_text(message));
  }
  b.until([&] { return b.near.texts.size() == said.size() && b.far.texts.size() == said.size(); });
  for (std::size_t i = 0; i < said.size(); ++i) {
    BOOST_TEST((b.near.texts[i] == said[i]));
    BOOST_TEST((b.far.texts[i] == said[i]));
  }
  b.near.connection->close(1000, "done");
  b.until([&] { return b.near.ends.size() == 1 && b.far.ends.size() == 1; });
  BOOST_TEST(b.near.ends.front().code == 1000);
  BOOST_TEST(!b.near.ends.front().by_peer);
  BOOST_TEST(b.far.ends.front().by_peer);
  BOOST_TEST(b.far.ends.front().reason == "done");
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_reads_costs_no_more_than_the_limit) {
  Both b({.queued_bytes_max = 256 * 1024});
  b.near.connection->pause_reading();
  const std::string message(1'000, 'm');
  int sent = 0;
  while (sent < 100'000 && b.far.connection->send_text(message)) ++sent;
  BOOST_TEST(sent < 100'000);
  BOOST_TEST(b.far.connection->queued() <= 256U * 1024U);
  b.far.connection->close(ws::policy_violation);
  // Whoever reads again finds every message whole, and the close behind them.
  b.near.connection->resume_reading();
  b.until([&] { return b.near.ends.size() == 1; });
  BOOST_TEST(b.near.texts.size() == static_cast<std::size_t>(sent));
  BOOST_TEST(b.near.ends.front().code == 1008);
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_half_closed_ends_the_connection) {
  SteppedLoop s;
  std::unique_ptr<ws::Connection> connection;
  std::vector<ws::End> ends;
  const net::Listener listener(
      s.loop, {.address = "127.0.0.1"}, 0600U, {}, [&](std::unique_ptr<net::Stream> stream) {
        connection = std::make_unique<ws::Connection>(s.loop, std::move(stream), ws::Role::server,
                                                      ws::Limits{});
        connection->start({.on_text = {},
                           .on_binary = {},
                           .on_end = [&](const ws::End& end) { ends.push_back(end); },
                           .on_drained = {}});
      });
  bool open = false;
  auto peer = net::Stream::connect(
      s.loop, {.address = "127.0.0.1", .port = listener.port(), .unix_path = {}}, {},
      {.on_open = [&] { open = true; }, .on_data = {}, .on_end = {}, .on_drained = {}});
  s.until([&] { return open && connection; });
  peer->finish();
  s.until([&] { return ends.size() == 1; });
  BOOST_TEST(ends.front().code == ws::abnormal);
  BOOST_TEST(!ends.front().error);
  connection.reset();
}

// The peer is told why, though it goes on sending into our face.
BOOST_AUTO_TEST_CASE(a_fault_reaches_the_peer_before_the_end) {
  Both b({.message_bytes_max = 1000});
  for (int i = 0; i < 50; ++i) BOOST_TEST(b.near.connection->send_text(std::string(1001, 'x')));
  b.until([&] { return b.far.ends.size() == 1 && b.near.ends.size() == 1; });
  BOOST_TEST(b.far.ends.front().code == 1009);
  BOOST_TEST(!b.far.ends.front().by_peer);
  BOOST_TEST(b.near.ends.front().code == 1009);
  BOOST_TEST(b.near.ends.front().by_peer);
}

// As it is in use: whoever hears of the end buries the connection at once, and the peer, which
// reads nothing before it has said everything, is told why all the same.
BOOST_AUTO_TEST_CASE(a_fault_is_told_though_the_connection_is_buried_at_once) {
  for (const bool secure : {false, true}) {
    SteppedLoop s;
    Folder folder;
    const Identity identity = make_identity({});
    tls::ServerContext servers({.certificate_file = folder.write("cert.pem", identity.certificate),
                                .key_file = folder.write("key.pem", identity.key)});
    std::unique_ptr<net::ByteStream> stream;
    std::unique_ptr<ws::Connection> connection;
    int code = 0;
    const auto open = [&] {
      connection = std::make_unique<ws::Connection>(s.loop, std::move(stream), ws::Role::server,
                                                    ws::Limits{.message_bytes_max = 1000});
      connection->start({.on_text = [](std::string_view) {},
                         .on_binary = {},
                         .on_end =
                             [&](const ws::End& end) {
                               code = end.code;
                               connection.reset();
                             },
                         .on_drained = {}});
    };
    const net::Listener listener(
        s.loop, {.address = "127.0.0.1"}, 0600U, {}, [&](std::unique_ptr<net::Stream> accepted) {
          stream = std::move(accepted);
          if (!secure) return open();
          stream = std::make_unique<tls::Stream>(s.loop, std::move(stream), servers.accept(),
                                                 tls::Stream::Options{});
          stream->start({.on_open = open, .on_data = {}, .on_end = {}, .on_drained = {}});
        });
    Frame large;
    large.payload = std::string(2'000'000, 'x');
    large.masked = true;
    const std::string whole = bytes_of(large);
    int in_time = 0;
    for (int round = 0; round < (secure ? 3 : 20); ++round) {
      code = 0;
      RawPeer peer(listener.port());
      std::optional<TlsPeer> secured;
      if (secure) secured.emplace(TlsPeer::Options{.client = true});
      std::string out;
      const auto push = [&] {
        if (secured) out += secured->take_output();
        out.erase(0, peer.write(std::string_view(out).substr(0, 16 * 1024)));
        return out.empty() || peer.broken();
      };
      if (secured) {
        s.until([&] {
          secured->feed(peer.read());
          return push() && connection && secured->open();
        });
        for (std::size_t at = 0; at < whole.size(); at += 16'000) {
          secured->write(std::string_view(whole).substr(at, 16'000));
        }
      } else {
        out = whole;
      }
      const auto began = std::chrono::steady_clock::now();
      s.until(push);
      // On a machine that is held up the second may be over.
      if (std::chrono::steady_clock::now() - began > 900ms) continue;
      ++in_time;
      BOOST_TEST(!peer.broken());
      BOOST_TEST(code == 1009);
      std::string got;
      s.until([&] {
        got += peer.read();
        return peer.ended() || peer.broken();
      });
      BOOST_TEST(peer.ended());
      if (secured) {
        secured->feed(got);
        got = secured->take_plaintext();
      }
      const auto told = take_frame(got);
      BOOST_REQUIRE(told);
      BOOST_TEST(close_code(*told) == 1009);
      BOOST_TEST(got.empty());
    }
    BOOST_WARN_MESSAGE(in_time > 0, "this machine was too slow to look at anything");
  }
}

BOOST_AUTO_TEST_SUITE_END()
