#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bridge/ws/connection.hpp"
#include "tests/bridge/loopback.hpp"
#include "tests/bridge/ws_wire.hpp"

BOOST_AUTO_TEST_SUITE(ws_cases)

// The cases of the Autobahn test suite for RFC 6455, sections 1 to 7, 9 within our limits, and 10,
// as one table. (12 and 13 are about compression, which is not spoken here.) Each is played against
// an echo of either role, with the bytes cut in four ways.
using namespace bridge::testing;
namespace ws = bridge::ws;

namespace {

constexpr std::size_t message_bytes_max = 256 * 1024;

constexpr int more = 0;
constexpr int text = 1;
constexpr int binary = 2;
constexpr int shut = 8;
constexpr int ping = 9;
constexpr int pong = 10;

struct Case {
  std::string name{};
  std::vector<Frame> sent{};
  // What has to come back before the end, in order.
  std::vector<Frame> echoed{};
  int code = 1000;      // of the close frame that comes back; 1005: one without a code
  bool by_peer = true;  // else it is our fault to tell
};

Frame frame(int opcode, std::string payload = {}, bool final = true, int reserved = 0) {
  Frame made;
  made.final = final;
  made.reserved = reserved;
  made.opcode = opcode;
  made.payload = std::move(payload);
  return made;
}

Frame closing(int code = 1000, const std::string& reason = {}) {
  return frame(shut, close_payload(code, reason));
}

struct Table {
  std::vector<Case> cases{};

  // The peer is content and closes; what it sent comes back as `echoed`.
  void good(const std::string& name, std::vector<Frame> sent, std::vector<Frame> echoed) {
    sent.push_back(closing());
    cases.push_back({name, std::move(sent), std::move(echoed)});
  }
  void bad(const std::string& name, std::vector<Frame> sent, std::vector<Frame> echoed = {},
           int code = 1002) {
    cases.push_back({name, std::move(sent), std::move(echoed), code, false});
  }
  void echo(const std::string& name, const Frame& one) { good(name, {one}, {one}); }
};

void add_framing(Table& t) {
  int number = 0;
  for (const std::size_t size : {0U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
    ++number;
    t.echo("1.1." + std::to_string(number), frame(text, std::string(size, '*')));
    t.echo("1.2." + std::to_string(number), frame(binary, std::string(size, '\xFE')));
  }

  t.good("2.1", {frame(ping)}, {frame(pong)});
  t.good("2.2", {frame(ping, "Hello, world!")}, {frame(pong, "Hello, world!")});
  const std::string strange("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
  t.good("2.3", {frame(ping, strange)}, {frame(pong, strange)});
  t.good("2.4", {frame(ping, std::string(125, '\xfe'))}, {frame(pong, std::string(125, '\xfe'))});
  t.bad("2.5", {frame(ping, std::string(126, '\xfe'))});
  t.good("2.7", {frame(pong)}, {});
  t.good("2.8", {frame(pong, "unsolicited pong payload")}, {});
  t.good("2.9", {frame(pong, "unsolicited pong payload"), frame(ping, "ping payload")},
         {frame(pong, "ping payload")});
  std::vector<Frame> pings;
  std::vector<Frame> pongs;
  for (int i = 0; i < 10; ++i) {
    pings.push_back(frame(ping, "payload-" + std::to_string(i)));
    pongs.push_back(frame(pong, "payload-" + std::to_string(i)));
  }
  t.good("2.10", pings, pongs);

  const Frame hello = frame(text, "Hello, world!");
  t.bad("3.1", {frame(text, "Hello, world!", true, 1)});
  t.bad("3.2", {hello, frame(text, "Hello, world!", true, 2), frame(ping)}, {hello});
  t.bad("3.3", {hello, frame(text, "Hello, world!", true, 3), frame(ping)}, {hello});
  t.bad("3.4", {hello, frame(text, "Hello, world!", true, 4), frame(ping)}, {hello});
  t.bad("3.5", {frame(binary, strange, true, 5)});
  t.bad("3.6", {frame(ping, "Hello, world!", true, 6)});
  Frame reserved_close = closing();
  reserved_close.reserved = 7;
  t.bad("3.7", {reserved_close});

  for (int i = 0; i < 5; ++i) {
    const std::string number_of = std::to_string(i + 1);
    for (const auto& [group, opcode] : {std::pair{"4.1.", 3 + i}, std::pair{"4.2.", 11 + i}}) {
      if (i < 2) {
        t.bad(group + number_of, {frame(opcode, i == 0 ? "" : "reserved opcode payload")});
      } else {
        t.bad(group + number_of, {hello, frame(opcode, i == 2 ? "" : "reserved"), frame(ping)},
              {hello});
      }
    }
  }
}

void add_fragments(Table& t) {
  const auto part = [](int opcode, const std::string& payload) {
    return frame(opcode, payload, false);
  };
  const Frame whole = frame(text, "fragment1fragment2");
  const Frame ping_between = frame(ping, "ping payload");
  const Frame pong_between = frame(pong, "ping payload");
  t.bad("5.1", {part(ping, "fragment1"), frame(more, "fragment2")});
  t.bad("5.2", {part(pong, "fragment1"), frame(more, "fragment2")});
  t.good("5.3", {part(text, "fragment1"), frame(more, "fragment2")}, {whole});
  t.good("5.6", {part(text, "fragment1"), ping_between, frame(more, "fragment2")},
         {pong_between, whole});
  t.bad("5.9", {frame(more, "non-continuation payload"), frame(text, "Hello, world!")});
  t.bad("5.10", {frame(more, "non-continuation payload")});
  t.bad("5.12", {part(more, "non-continuation payload"), frame(text, "Hello, world!")});
  t.bad("5.15",
        {part(text, "fragment1"), frame(more, "fragment2"), part(more, "fragment3"),
         frame(text, "fragment4")},
        {whole});
  t.bad("5.16", {part(more, "fragment1"), part(text, "fragment2"), frame(more, "fragment3")});
  t.bad("5.17", {frame(more, "fragment1"), part(text, "fragment2"), frame(more, "fragment3")});
  t.bad("5.18", {part(text, "fragment1"), frame(text, "fragment2")});
  t.bad("5.18b", {part(text, "fragment1"), part(binary, "fragment2")});
  t.good("5.19",
         {part(text, "fragment1"), part(more, "fragment2"), frame(ping, "pongme 1!"),
          part(more, "fragment3"), part(more, "fragment4"), frame(ping, "pongme 2!"),
          frame(more, "fragment5")},
         {frame(pong, "pongme 1!"), frame(pong, "pongme 2!"),
          frame(text, "fragment1fragment2fragment3fragment4fragment5")});
  t.good("5.20", {part(binary, "a"), part(more, ""), frame(pong), part(more, "b"), frame(more, "")},
         {frame(binary, "ab")});
}

// Each text alone, in two fragments, and in one for each byte.
void add_text(Table& t, const std::string& name, const std::string& payload, bool valid) {
  std::vector<Frame> halves{frame(text, payload.substr(0, payload.size() / 2), false),
                            frame(more, payload.substr(payload.size() / 2))};
  std::vector<Frame> bytes{frame(text, {}, false)};
  for (const char byte : payload) bytes.push_back(frame(more, {byte}, false));
  bytes.push_back(frame(more));
  if (valid) {
    t.good(name, {frame(text, payload)}, {frame(text, payload)});
    t.good(name + " in halves", halves, {frame(text, payload)});
    t.good(name + " in bytes", bytes, {frame(text, payload)});
  } else {
    t.bad(name, {frame(text, payload)}, {}, 1007);
    t.bad(name + " in halves", halves, {}, 1007);
    t.bad(name + " in bytes", bytes, {}, 1007);
  }
}

void add_utf8(Table& t) {
  using namespace std::string_literals;
  t.echo("6.1.1", frame(text));
  t.good("6.1.2", {frame(text, {}, false), frame(more, {}, false), frame(more)}, {frame(text)});
  t.good("6.1.3", {frame(text, {}, false), frame(more, "middle frame payload", false), frame(more)},
         {frame(text, "middle frame payload")});
  add_text(t, "6.2", "Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!",
           true);
  const std::string kosme = "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";
  add_text(t, "6.3", kosme + "\xED\xA0\x80" + "edited", false);
  // Fails at the byte that is wrong, though the message has not ended (6.4).
  t.bad("6.4.1", {frame(text, kosme, false), frame(more, "\xF4\x90\x80\x80", false)}, {}, 1007);
  t.bad("6.4.2", {frame(text, kosme + "\xF4", false), frame(more, "\x90", false)}, {}, 1007);
  Frame unfinished = frame(text, kosme + "\xF4\x90");
  unfinished.length_said = 1000;
  t.bad("6.4.3", {unfinished}, {}, 1007);

  add_text(t, "6.5", kosme, true);
  for (std::size_t size = 1; size < kosme.size(); ++size) {  // 6.6
    const bool at_boundary = size == 2 || size == 5 || size == 7 || size == 9;
    add_text(t, "6.6." + std::to_string(size), kosme.substr(0, size), at_boundary);
  }
  const std::vector<std::string> valid{"\x00"s,
                                       "\xC2\x80",
                                       "\xE0\xA0\x80",
                                       "\xF0\x90\x80\x80",  // 6.7
                                       "\x7F",
                                       "\xDF\xBF",
                                       "\xEF\xBF\xBF",
                                       "\xF4\x8F\xBF\xBF",  // 6.9
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xEF\xBF\xBD",  // 6.11
                                       "\xEF\xBF\xBE",
                                       "\xF0\x9F\xBF\xBE",
                                       "\xF0\x9F\xBF\xBF",
                                       "\xF0\xAF\xBF\xBE",  // 6.22
                                       "\xF0\xAF\xBF\xBF",
                                       "\xF0\xBF\xBF\xBE",
                                       "\xF0\xBF\xBF\xBF",
                                       "\xF1\x8F\xBF\xBE",
                                       "\xF1\x8F\xBF\xBF",
                                       "\xF1\x9F\xBF\xBE",
                                       "\xF1\x9F\xBF\xBF",
                                       "\xF1\xAF\xBF\xBE",
                                       "\xF1\xAF\xBF\xBF",
                                       "\xF1\xBF\xBF\xBE",
                                       "\xF1\xBF\xBF\xBF",
                                       "\xF2\x8F\xBF\xBE",
                                       "\xF2\x8F\xBF\xBF",
                                       "\xF2\x9F\xBF\xBE",
                                       "\xF2\x9F\xBF\xBF",
                                       "\xF2\xAF\xBF\xBE",
                                       "\xF2\xAF\xBF\xBF",
                                       "\xF2\xBF\xBF\xBE",
                                       "\xF2\xBF\xBF\xBF",
                                       "\xF3\x8F\xBF\xBE",
                                       "\xF3\x8F\xBF\xBF",
                                       "\xF3\x9F\xBF\xBE",
                                       "\xF3\x9F\xBF\xBF",
                                       "\xF3\xAF\xBF\xBE",
                                       "\xF3\xAF\xBF\xBF",
                                       "\xF3\xBF\xBF\xBE",
                                       "\xF3\xBF\xBF\xBF",
                                       "\xF4\x8F\xBF\xBE",
                                       "\xEF\xBF\xB9",
                                       "\xEF\xBF\xBA",
                                       "\xEF\xBF\xBB",
                                       "\xEF\xBF\xBC",  // 6.23
                                       "\xEF\xBB\xBF"};
  for (std::size_t i = 0; i < valid.size(); ++i) {
    add_text(t, "6.v." + std::to_string(i), valid[i], true);
    add_text(t, "6.v." + std::to_string(i) + " among others", "ab" + valid[i] + "cdefghij", true);
  }
  const std::vector<std::string> invalid{"\xF8\x88\x80\x80\x80",
                                         "\xFC\x84\x80\x80\x80\x80",  // 6.8
                                         "\xF7\xBF\xBF\xBF",
                                         "\xFB\xBF\xBF\xBF\xBF",
                                         "\xFD\xBF\xBF\xBF\xBF\xBF",  // 6.10
                                         "\xF4\x90\x80\x80",          // 6.11
                                         "\x80",
                                         "\xBF",
                                         "\x80\xBF",
                                         "\x80\xBF\x80",
                                         "\x80\xBF\x80\xBF",  // 6.12
                                         "\x80\xBF\x80\xBF\x80",
                                         "\x80\xBF\x80\xBF\x80\xBF",  //
                                         "\xC0 \xC1 \xC2 ",
                                         "\xE0 \xE1 ",
                                         "\xF0 \xF1 ",
                                         "\xF8 \xF9 ",
                                         "\xFC ",  // 6.13
                                         "\xC0",
                                         "\xE0\x80",
                                         "\xF0\x80\x80",
                                         "\xF8\x80\x80\x80",
                                         "\xFC\x80\x80\x80\x80",  // 6.14
                                         "\xDF",
                                         "\xEF\xBF",
                                         "\xF7\xBF\xBF",
                                         "\xFB\xBF\xBF\xBF",
                                         "\xFD\xBF\xBF\xBF\xBF",                  //
                                         "\xC0\xE0\x80\xF0\x80\x80\xDF\xEF\xBF",  // 6.15
                                         "\xFE",
                                         "\xFF",
                                         "\xFE\xFE\xFF\xFF",  // 6.16
                                         "\xC0\xAF",
                                         "\xE0\x80\xAF",
                                         "\xF0\x80\x80\xAF",
                                         "\xF8\x80\x80\x80\xAF",      // 6.17
                                         "\xFC\x80\x80\x80\x80\xAF",  //
                                         "\xC1\xBF",
                                         "\xE0\x9F\xBF",
                                         "\xF0\x8F\xBF\xBF",
                                         "\xF8\x87\xBF\xBF\xBF",      // 6.18
                                         "\xFC\x83\xBF\xBF\xBF\xBF",  //
                                         "\xC0\x80",
                                         "\xE0\x80\x80",
                                         "\xF0\x80\x80\x80",
                                         "\xF8\x80\x80\x80\x80",      // 6.19
                                         "\xFC\x80\x80\x80\x80\x80",  //
                                         "\xED\xA0\x80",
                                         "\xED\xAD\xBF",
                                         "\xED\xAE\x80",
                                         "\xED\xAF\xBF",
                                         "\xED\xB0\x80",  // 6.20
                                         "\xED\xBE\x80",
                                         "\xED\xBF\xBF",  //
                                         "\xED\xA0\x80\xED\xB0\x80",
                                         "\xED\xA0\x80\xED\xBF\xBF",
                                         "\xED\xAD\xBF\xED\xB0\x80",  // 6.21
                                         "\xED\xAD\xBF\xED\xBF\xBF",
                                         "\xED\xAE\x80\xED\xB0\x80",
                                         "\xED\xAE\x80\xED\xBF\xBF",
                                         "\xED\xAF\xBF\xED\xB0\x80",
                                         "\xED\xAF\xBF\xED\xBF\xBF"};
  for (std::size_t i = 0; i < invalid.size(); ++i) {
    add_text(t, "6.i." + std::to_string(i), invalid[i], false);
    add_text(t, "6.i." + std::to_string(i) + " among others", "abcdefghij" + invalid[i] + "k",
             false);
  }
}

void add_closing(Table& t) {
  const Frame hello = frame(text, "Hello World!");
  t.good("7.1.1", {hello}, {hello});
  t.good("7.1.2", {closing()}, {});
  const auto behind = [&](const std::string& name, std::vector<Frame> late,
                          std::vector<Frame> before = {}) {
    before.push_back(closing());
    for (Frame& each : late) before.push_back(std::move(each));
    t.cases.push_back({name, std::move(before), {}});
  };
  behind("7.1.3", {frame(ping)});
  behind("7.1.4", {hello});
  behind("7.1.5", {frame(more, "fragment2")}, {frame(text, "fragment1", false)});
  const Frame large = frame(text, std::string(256 * 1024, '*'));
  t.cases.push_back({"7.1.6", {large, closing(), frame(ping)}, {large}});

  t.cases.push_back({"7.3.1", {frame(shut)}, {}, 1005});
  t.bad("7.3.2", {frame(shut, "a")});
  t.cases.push_back({"7.3.3", {closing()}, {}});
  t.cases.push_back({"7.3.4", {closing(1000, "Hello World!")}, {}});
  t.cases.push_back({"7.3.5", {closing(1000, std::string(123, '*'))}, {}});
  t.bad("7.3.6", {closing(1000, std::string(124, '*'))});
  t.bad("7.5.1", {closing(1000, "\xCE\xBA\xED\xA0\x80")}, {}, 1007);
  t.bad("7.5.1b", {closing(1000, "\xCE")}, {}, 1007);
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    t.cases.push_back({"7.7 " + std::to_string(code), {closing(code)}, {}, code});
  }
  for (const int code :
       {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 9999, 65535}) {
    t.bad("7.9 " + std::to_string(code), {closing(code)});
  }
}

void add_sizes(Table& t) {
  for (const int kind : {text, binary}) {
    const std::string group = kind == text ? "9.1." : "9.2.";
    int number = 0;
    for (const std::size_t size : {64U << 10U, 128U << 10U, 256U << 10U}) {
      t.echo(group + std::to_string(++number), frame(kind, std::string(size, '*')));
    }
    t.bad(group + "4", {frame(kind, std::string(message_bytes_max + 1, '*'))}, {}, 1009);
    for (const std::size_t piece : {64U, 256U, 1024U, 4096U, 16384U, 65536U, 131072U}) {
      const std::size_t total = std::min<std::size_t>(message_bytes_max, piece * 1024);
      std::vector<Frame> pieces;
      for (std::size_t at = 0; at < total; at += piece) {
        pieces.push_back(
            frame(at == 0 ? kind : more, std::string(piece, '*'), at + piece == total));
      }
      t.good((kind == text ? "9.3." : "9.4.") + std::to_string(piece), pieces,
             {frame(kind, std::string(total, '*'))});
    }
    std::vector<Frame> over{frame(kind, std::string(message_bytes_max, '*'), false),
                            frame(more, "*")};
    t.bad(kind == text ? "9.3 over" : "9.4 over", over, {}, 1009);
  }
  std::vector<Frame> pieces;
  for (std::size_t at = 0; at < 65536; at += 1300) {
    const std::size_t size = std::min<std::size_t>(1300, 65536 - at);
    pieces.push_back(frame(at == 0 ? text : more, std::string(size, '*'), at + size == 65536));
  }
  t.good("10.1.1", pieces, {frame(text, std::string(65536, '*'))});
}

// What the sections have no case for.
void add_others(Table& t) {
  Frame stretched = frame(text, "abc");
  stretched.length_form = 2;
  t.bad("a short length in two bytes", {stretched});
  stretched.length_form = 8;
  t.bad("a short length in eight bytes", {stretched});
  stretched.payload = std::string(65535, 'a');
  t.bad("a middling length in eight bytes", {stretched});
  Frame negative = frame(text);
  negative.length_said = std::uint64_t{1} << 63U;
  t.bad("a length with its first bit", {negative});
  Frame huge = frame(text, "abc");
  huge.length_said = std::uint64_t{2} << 30U;
  t.bad("two GiB are announced", {huge}, {}, 1009);
  huge.length_said = (std::uint64_t{1} << 63U) - 1;
  t.bad("all there is is announced", {huge}, {}, 1009);
  huge.opcode = ping;
  t.bad("a ping of all there is", {huge});
}

enum class Cut { whole, frames, bytes, anyhow };

// An echo, as the Autobahn suite plays against.
struct Echo {
  std::shared_ptr<FakeWire> made = std::make_shared<FakeWire>();
  FakeWire& wire = *made;
  std::vector<ws::End> ends{};
  ws::Connection connection;

  Echo(bridge::net::Loop& loop, ws::Role role)
      : connection(loop, std::make_unique<FakeStream>(made), role,
                   {.message_bytes_max = message_bytes_max}) {
    connection.start({.on_text = [this](std::string_view m) { (void)connection.send_text(m); },
                      .on_binary = [this](std::string_view m) { send_binary(m); },
                      .on_end = [this](const ws::End& end) { ends.push_back(end); },
                      .on_drained = {}});
  }

  // Ours sends text only; so that a test sees what came, it goes back as text with a mark.
  void send_binary(std::string_view message) {
    connection.begin_text().append("binary:").append(message);
    connection.end_text();
    (void)connection.flush();
  }
};

void play(bridge::net::Loop& loop, const Case& c, ws::Role role, Cut cut) {
  Echo echo(loop, role);
  std::string bytes;
  std::mt19937 dice(7);
  for (Frame sent : c.sent) {
    sent.masked = role == ws::Role::server;
    bytes += bytes_of(sent);
    if (cut == Cut::frames) {
      echo.wire.deliver(bytes);
      bytes.clear();
    }
  }
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::size_t size = cut == Cut::whole   ? rest.size()
                             : cut == Cut::bytes ? 1
                                                 : 1 + dice() % (rest.size() / 3 + 2);
    echo.wire.deliver(rest.substr(0, size));
    rest.remove_prefix(std::min(size, rest.size()));
  }

  std::string answer = echo.wire.written;
  const bool we_mask = role == ws::Role::client;
  for (const Frame& expected : c.echoed) {
    const auto came = take_frame(answer);
    BOOST_REQUIRE(came);
    const bool is_binary = expected.opcode == binary;
    BOOST_TEST(came->final);
    BOOST_TEST(came->reserved == 0);
    BOOST_TEST(came->masked == we_mask);
    BOOST_TEST(came->opcode == (is_binary ? text : expected.opcode));
    BOOST_TEST((came->payload == (is_binary ? "binary:" : "") + expected.payload));
  }
  const auto end = take_frame(answer);
  BOOST_REQUIRE(end);
  BOOST_TEST(end->opcode == shut);
  BOOST_TEST(end->masked == we_mask);
  BOOST_TEST((end->payload == (c.code == 1005 ? std::string{} : close_payload(c.code))));
  BOOST_TEST(answer.empty());
  BOOST_TEST(echo.wire.finished);
  BOOST_REQUIRE(echo.ends.size() == 1U);
  BOOST_TEST(echo.ends.front().code == c.code);
  BOOST_TEST(echo.ends.front().by_peer == c.by_peer);
  BOOST_TEST(!echo.ends.front().error);
  BOOST_TEST(!echo.connection.open());
}

// CAMPANILE_WS_STRIDE: which share of the cases is played, each one if it is not set.
std::size_t stride_from_environment() {
  const char* stride = std::getenv("CAMPANILE_WS_STRIDE");
  return stride != nullptr && *stride != '\0' ? std::strtoul(stride, nullptr, 10) : 1;
}

std::size_t bytes_in(const Case& c) {
  std::size_t bytes = 0;
  for (const Frame& sent : c.sent) bytes += sent.payload.size();
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_case_ends_as_the_standard_says) {
  Table table;
  add_framing(table);
  add_fragments(table);
  add_utf8(table);
  add_closing(table);
  add_sizes(table);
  add_others(table);
  BOOST_TEST(table.cases.size() >= 247U);
  BOOST_TEST_MESSAGE(table.cases.size() << " cases");
  const std::size_t stride = stride_from_environment();
  BOOST_REQUIRE(stride > 0U);
  SteppedLoop s;
  for (std::size_t at = 0; at < table.cases.size(); at += stride) {
    const Case& c = table.cases[at];
    s.loop.turn();  // the dead are buried
    for (const ws::Role role : {ws::Role::server, ws::Role::client}) {
      for (const Cut cut : {Cut::whole, Cut::frames, Cut::bytes, Cut::anyhow}) {
        if (cut == Cut::bytes && bytes_in(c) > 3'000) continue;
        if (cut == Cut::frames && bytes_in(c) > 70'000) continue;
        BOOST_TEST_CONTEXT("case " << c.name
                                   << (role == ws::Role::server ? ", we serve" : ", we ask")
                                   << ", cut " << static_cast<int>(cut)) {
          play(s.loop, c, role, cut);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mask_is_there_or_not_as_the_role_says) {
  for (const ws::Role role : {ws::Role::server, ws::Role::client}) {
    for (const int opcode : {text, ping, shut}) {
      SteppedLoop s;
      Echo echo(s.loop, role);
      Frame wrong = frame(opcode, opcode == shut ? close_payload(1000) : "abc");
      wrong.masked = role == ws::Role::client;
      echo.wire.deliver(bytes_of(wrong));
      BOOST_REQUIRE(echo.ends.size() == 1U);
      BOOST_TEST(echo.ends.front().code == 1002);
      BOOST_TEST(!echo.ends.front().by_peer);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
