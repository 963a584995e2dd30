// Servers that our client must refuse, each in front of the same client that gets on with a right
// one in between: what a bad one is answered, and that a request never reaches it. Each is a line
// of a table (--log_level=message), which the last test adds up. CAMPANILE_TLS_STRIDE: of the bytes
// of a handshake each so many-th is cut off and spoilt, 1 for all of them.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/http/client.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/client_context.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/loopback.hpp"
#include "tests/bridge/tls_peer.hpp"

BOOST_AUTO_TEST_SUITE(tls_refusals)

using namespace std::chrono_literals;
using namespace bridge::http;
using namespace bridge::testing;
namespace net = bridge::net;
namespace tls = bridge::tls;

namespace {

// What the tests of this suite have tried.
struct Tally {
  std::size_t bad_peers = 0;
  std::size_t spoilt_handshakes = 0;
  std::size_t accepted = 0;  // of both: a request reached one
};
Tally tally{};

std::size_t stride_from_environment() {
  const char* text = std::getenv("CAMPANILE_TLS_STRIDE");
  // Each forty-first, so that a run under valgrind stays short.
  return text != nullptr && *text != '\0' ? std::strtoul(text, nullptr, 10) : 41;
}

// The far end of one connection: what it answers to bytes.
struct Script {
  virtual ~Script() = default;
  virtual std::string on_bytes(std::string_view bytes) = 0;
  bool hang_up = false;  // after what was answered
  bool fooled = false;   // a request reached it
};
using MakeScript = std::function<std::unique_ptr<Script>()>;

const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

// A TLS server that answers any request.
struct TlsScript : Script {
  explicit TlsScript(const TlsPeer::Options& options) : peer(options) {}
  std::string on_bytes(std::string_view bytes) override {
    peer.feed(bytes);
    if (!peer.take_plaintext().empty()) {
      fooled = true;
      answer();
    }
    return peer.take_output();
  }
  virtual void answer() { peer.write(response); }

  TlsPeer peer;
};

// Says the same whatever it hears.
struct FixedScript final : Script {
  explicit FixedScript(std::string bytes) : said(std::move(bytes)) {}
  std::string on_bytes(std::string_view) override {
    hang_up = true;
    return std::exchange(said, {});
  }
  std::string said;
};

// A right server whose bytes a third party spoils: cuts at `cut_at`, or flips a bit of the one at
// `spoil_at`.
struct SpoiltScript final : TlsScript {
  using TlsScript::TlsScript;
  std::string on_bytes(std::string_view bytes) override {
    std::string out = TlsScript::on_bytes(bytes);
    const std::size_t from = said;
    said += out.size();
    if (spoil_at && *spoil_at >= from && *spoil_at < said) out[*spoil_at - from] ^= 0x10;
    if (cut_at && *cut_at < said) {
      out.resize(*cut_at > from ? *cut_at - from : 0);
      said = *cut_at;
      hang_up = true;
    }
    return out;
  }
  std::optional<std::size_t> cut_at{};
  std::optional<std::size_t> spoil_at{};
  std::size_t said = 0;
};

struct World : SteppedLoop {
  struct Connection {
    std::unique_ptr<net::Stream> stream{};
    std::unique_ptr<Script> script{};
  };

  Folder folder{};
  Identity authority;
  Identity identity = make_identity({}, &authority);
  tls::ClientContext clients{
      tls::ClientContext::Options{.ca_file = folder.write("ca.pem", authority.certificate)}};
  std::deque<Connection> connections{};
  MakeScript script{};
  net::Links near{};
  net::Links far{};
  net::Listener listener{
      loop,
      {.address = "127.0.0.1"},
      0,
      {.links = &far},
      [this](std::unique_ptr<net::Stream> stream) { accept(std::move(stream)); }};

  explicit World(Identity trusted = make_authority()) : authority(std::move(trusted)) {}

  void accept(std::unique_ptr<net::Stream> stream) {
    Connection& c = connections.emplace_back();
    c.stream = std::move(stream);
    c.script = script();
    c.stream->start({.on_open = {},
                     .on_data =
                         [&c](std::string_view bytes) {
                           const std::string said = c.script->on_bytes(bytes);
                           (void)c.stream->write(said);
                           if (c.script->hang_up) c.stream->finish();
                         },
                     .on_end = [&c](std::error_code) { c.stream->close(); },
                     .on_drained = {}});
  }

  // One request to what `script` makes.
  Reply ask(const MakeScript& with, const std::string& host = "localhost") {
    script = with;
    connections.clear();
    std::optional<Reply> reply;
    Client client(loop, {.host = host, .port = listener.port(), .tls = &clients, .links = &near});
    client.send({.method = "GET", .target = "/", .headers = {}, .body = {}},
                [&](Reply got) { reply = std::move(got); });
    until([&] {
      if (!reply && quiet() && loop.next_timer()) {
        clock.advance_to(*loop.next_timer());
        loop.run_due_timers();
      }
      return reply.has_value();
    });
    return *reply;
  }

  // Nothing is on its way and nothing is being computed: who waits, waits for time. An end that is
  // on its way has no bytes to count.
  bool quiet() const {
    if (std::any_of(connections.begin(), connections.end(),
                    [](const Connection& each) { return each.script->hang_up; })) {
      return false;
    }
    if (near.connecting() != 0) std::this_thread::yield();  // to the pool
    if (near.connecting() != 0 || near.open().size() != far.open().size()) return false;
    return std::all_of(near.open().begin(), near.open().end(), [&](const auto& link) {
      const auto other = far.open().find(link.first);
      return other != far.open().end() && link.second.sent == other->second.consumed &&
             link.second.consumed == other->second.sent;
    });
  }

  MakeScript server(const Identity& as, const std::string& intermediates = {},
                    TlsPeer::Options options = {}) const {
    options.chain = as.certificate + intermediates;
    options.key = as.key;
    return [options] { return std::make_unique<TlsScript>(options); };
  }

  bool was_fooled() const {
    return std::any_of(connections.begin(), connections.end(),
                       [](const Connection& each) { return each.script->fooled; });
  }

  // A bad server is refused with these words before it sees a byte of the request; a right one in
  // its place is not. A session of the right one is no way in for the bad one.
  void refuse(const std::string& what, const MakeScript& bad, const std::string& words,
              const std::string& host = "localhost") {
    connections.clear();
    const Reply refused = ask(bad, host);
    BOOST_TEST((refused.sent == Sent::not_sent), what);
    BOOST_TEST(refused.why.find(words) != std::string::npos, what << ": " << refused.why);
    const bool fooled = was_fooled();
    BOOST_TEST(!fooled, what << ": a request reached it");
    tally.accepted += fooled;
    BOOST_TEST_MESSAGE("bad peer " << ++tally.bad_peers << ", " << what << ": "
                                   << (fooled ? "ACCEPTED" : refused.why));
    connections.clear();
    const Reply right = ask(server(identity));
    BOOST_TEST((right.sent == Sent::answered), what << ", then a right one: " << right.why);
    BOOST_TEST(right.response.body == "fine");
    connections.clear();
  }
};

std::string handshake_record(const std::string& body) {
  return std::string("\x16\x03\x03", 3) + static_cast<char>(body.size() >> 8U) +
         static_cast<char>(body.size() & 0xFFU) + body;
}

// RFC 5246, section 7.4.1.3, with the empty renegotiation_info of RFC 5746.
std::string server_hello(unsigned suite, unsigned compression = 0, unsigned version = 0x0303) {
  const auto two = [](unsigned value) {
    return std::string{static_cast<char>(value >> 8U), static_cast<char>(value & 0xFFU)};
  };
  const std::string body = two(version) + std::string(32, 'r') + '\0' + two(suite) +
                           static_cast<char>(compression) +
                           std::string("\x00\x05\xff\x01\x00\x01\x00", 7);
  return handshake_record(std::string("\x02\x00", 2) + two(static_cast<unsigned>(body.size())) +
                          body);
}

MakeScript says(const std::string& bytes) {
  return [bytes] { return std::make_unique<FixedScript>(bytes); };
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_bad_certificate_is_accepted) {
  World w;
  const auto bad = [&](const std::string& what, const Wanted& wanted, const std::string& words) {
    w.refuse(what, w.server(make_identity(wanted, &w.authority)), words);
  };
  bad("expired", {.days_from = -30, .days_to = -1}, "has expired");
  bad("not yet valid", {.days_from = 2}, "is not valid yet");
  bad("another name", {.dns = {"example.com"}}, "another name");
  bad("no name but the common one", {.dns = {}, .addresses = {}}, "another name");
  bad("an address only", {.dns = {}}, "another name");
  bad("a name with a zero in it", {.dns = {std::string("localhost\0.example.com", 22)}},
      "another name");
  bad("an asterisk for everything", {.dns = {"*", "*.", "*localhost", "local*"}}, "another name");
  bad("for clients", {.purpose = Wanted::Purpose::client}, "not made for a server");
  bad("for nothing it says", {.purpose = Wanted::Purpose::unsaid}, "not made for a server");
  bad("a key for encryption only", {.key_usage = 0x20}, "not made for a server");
  bad("signed with SHA-1", {.hash = Wanted::Hash::sha1}, "too weak a hash");
  bad("RSA with 1024 bits", {.key = Wanted::Key::rsa_1024}, "too weak a key");
  bad("a short curve", {.key = Wanted::Key::p192}, "");
  bad("a strange critical extension", {.strange_critical_extension = true}, "cannot be used");

  w.refuse("signed by itself", w.server(make_identity({})), "signed by itself");
  w.refuse("an authority of its own", w.server(make_identity({.authority = true})),
           "signed by itself");
  // The name is the same, the key is not.
  const Identity twin = make_authority();
  w.refuse("a twin of the authority", w.server(make_identity({}, &twin)), "no trusted authority");
  const Identity other = make_authority("Another authority");
  const Identity of_other = make_identity({}, &other);
  w.refuse("an unknown authority", w.server(of_other), "no trusted authority");
  w.refuse("an unknown authority that it shows", w.server(of_other, other.certificate),
           "no trusted authority");
  w.refuse("somebody else's chain", w.server(of_other, w.authority.certificate),
           "no trusted authority");

  w.refuse("another address", w.server(make_identity({.addresses = {"\x7f\1\1\1"}}, &w.authority)),
           "another name", "127.0.0.1");
  w.refuse("an address written as a name",
           w.server(make_identity({.dns = {"127.0.0.1"}, .addresses = {}}, &w.authority)),
           "another name", "127.0.0.1");
  w.refuse("six bytes for an address",
           w.server(make_identity({.dns = {}, .addresses = {"\x7f\1\1\1\1\1"}}, &w.authority)),
           "another name", "127.0.0.1");
}

BOOST_AUTO_TEST_CASE(no_certificate_that_is_signed_with_md5_is_accepted) {
  World w(make_identity({.common_name = "Test authority",
                         .dns = {},
                         .addresses = {},
                         .key = Wanted::Key::rsa_2048,
                         .authority = true,
                         .purpose = Wanted::Purpose::unsaid}));
  w.refuse("signed with MD5", w.server(make_identity({.hash = Wanted::Hash::md5}, &w.authority)),
           "too weak a hash");
}

BOOST_AUTO_TEST_CASE(no_bad_chain_is_accepted) {
  World w;
  const auto chain = [&](const std::string& what, const Wanted& middle, const std::string& words) {
    Wanted wanted = middle;
    wanted.common_name = "Middle";
    wanted.dns = {};
    wanted.addresses = {};
    wanted.purpose = Wanted::Purpose::unsaid;
    const Identity between = make_identity(wanted, &w.authority);
    const Identity leaf = make_identity({}, &between);
    if (words.empty()) {
      const Reply reply = w.ask(w.server(leaf, between.certificate));
      BOOST_TEST((reply.sent == Sent::answered), what << ": " << reply.why);
      w.refuse("without its middle", w.server(leaf), "no trusted authority");
    } else {
      w.refuse(what, w.server(leaf, between.certificate), words);
    }
  };
  chain("a right one", {.authority = true}, "");
  chain("issued by who is no authority", {.authority = false}, "no trusted authority");
  chain("issued by who may not sign certificates", {.authority = true, .key_usage = 0x80},
        "no trusted authority");
  chain("an expired middle", {.days_from = -9, .days_to = -1, .authority = true},
        "between the peer's and the authority");
  chain("a middle with SHA-1", {.hash = Wanted::Hash::sha1, .authority = true}, "too weak a hash");
  chain("a middle with RSA 1024", {.key = Wanted::Key::rsa_1024, .authority = true},
        "too weak a key");

  // An authority over servers only, that made another authority.
  const Identity low = make_identity({.common_name = "Low",
                                      .dns = {},
                                      .addresses = {},
                                      .authority = true,
                                      .path_length_max = 0,
                                      .purpose = Wanted::Purpose::unsaid},
                                     &w.authority);
  const Identity lower = make_identity({.common_name = "Lower",
                                        .dns = {},
                                        .addresses = {},
                                        .authority = true,
                                        .purpose = Wanted::Purpose::unsaid},
                                       &low);
  w.refuse("a longer chain than allowed",
           w.server(make_identity({}, &lower), lower.certificate + low.certificate),
           "no trusted authority");
  // Another's key under a right certificate.
  Identity stolen = w.identity;
  stolen.key = make_identity({}).key;
  w.refuse("not the certificate's key", w.server(stolen), "broke the rules");
}

BOOST_AUTO_TEST_CASE(no_old_protocol_and_no_weak_cipher_is_accepted) {
  World w;
  const Identity rsa = make_identity({.key = Wanted::Key::rsa_2048}, &w.authority);
  BOOST_TEST((w.ask(w.server(rsa)).sent == Sent::answered));
  w.refuse("TLS 1.0", w.server(rsa, {}, {.version_min = 1, .version_max = 1}), "");
  w.refuse("TLS 1.1", w.server(rsa, {}, {.version_min = 2, .version_max = 2}), "");
  w.refuse("RSA key exchange", w.server(rsa, {}, {.suites = {0x009C}}), "alert 40");
  w.refuse("CBC only", w.server(rsa, {}, {.suites = {0xC013, 0xC014, 0xC027}}), "alert 40");

  // Those that choose what was never offered. The last one is right so far, and is cut.
  w.refuse("TLS 1.0 in its hello", says(server_hello(0xCCA9, 0, 0x0301)), "no TLS 1.2");
  w.refuse("TLS 1.1 in its hello", says(server_hello(0xCCA9, 0, 0x0302)), "no TLS 1.2");
  w.refuse("SSL 3.0 in its hello", says(server_hello(0xCCA9, 0, 0x0300)), "no TLS 1.2");
  for (const auto& [name, suite] : std::vector<std::pair<std::string, unsigned>>{
           {"NULL", 0x0002},
           {"anonymous", 0x0018},
           {"RC4", 0xC007},
           {"3DES", 0xC008},
           {"export", 0x0003},
           {"CBC", 0xC009},
           {"RSA key exchange", 0x009C},
           {"DHE", 0x009E},
           {"a suite of TLS 1.3", 0x1301},
       }) {
    w.refuse(name, says(server_hello(suite)), "broke the rules");
  }
  w.refuse("compression", says(server_hello(0xCCA9, 1)), "broke the rules");
  w.refuse("nothing after a right hello", says(server_hello(0xCCA9)),
           "ended the connection within");
}

BOOST_AUTO_TEST_CASE(no_broken_handshake_is_accepted) {
  World w;
  w.refuse("silence and an end", says(""), "ended the connection within");
  w.refuse("plain HTTP", says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "not TLS");
  w.refuse("garbage", says(std::string(500, '\xA5')), "not TLS");
  w.refuse("an alert", says(std::string("\x15\x03\x03\x00\x02\x02\x28", 7)), "alert 40");
  w.refuse("an alert with a strange number", says(std::string("\x15\x03\x03\x00\x02\x02\xfe", 7)),
           "alert 254");
  w.refuse("a goodbye", says(std::string("\x15\x03\x03\x00\x02\x01\x00", 7)), "");
  w.refuse("a record that is too long", says(std::string("\x16\x03\x03\x48\x01", 5)), "not TLS");
  w.refuse("data before its time", says(std::string("\x17\x03\x03\x00\x04hack", 9)),
           "broke the rules");
  w.refuse("a second hello", says(server_hello(0xCCA9) + server_hello(0xCCA9)), "cannot be used");
  w.refuse("a hello that ends within itself",
           says(handshake_record(std::string("\x02\x00\x00\x30", 4) + "short")), "broke the rules");
  w.refuse("a client's hello", says(handshake_record(std::string("\x01\x00\x00\x02\x03\x03", 6))),
           "broke the rules");
}

BOOST_AUTO_TEST_CASE(a_handshake_is_whole_or_refused) {
  World w;
  const auto spoilt = [&](std::optional<std::size_t> cut, std::optional<std::size_t> spoil) {
    TlsPeer::Options options;
    options.chain = w.identity.certificate;
    options.key = w.identity.key;
    return [options, cut, spoil] {
      auto script = std::make_unique<SpoiltScript>(options);
      script->cut_at = cut;
      script->spoil_at = spoil;
      return script;
    };
  };
  // How long it is when nobody spoils it: all but the record with the response.
  BOOST_REQUIRE((w.ask(spoilt({}, {})).sent == Sent::answered));
  const auto& script = dynamic_cast<SpoiltScript&>(*w.connections.front().script);
  const std::size_t handshake = script.said - (5 + response.size() + 8 + 16);
  w.connections.clear();
  BOOST_TEST(handshake > 500U);

  const auto refuse = [&](const MakeScript& server, const std::string& what, std::size_t at) {
    const Reply reply = w.ask(server);
    BOOST_TEST((reply.sent == Sent::not_sent), what << " at " << at);
    const bool fooled = w.was_fooled();
    BOOST_TEST(!fooled, what << " at " << at << ": a request reached it");
    tally.accepted += fooled;
    ++tally.spoilt_handshakes;
    w.connections.clear();
  };
  const std::size_t stride = stride_from_environment();
  BOOST_REQUIRE(stride > 0U);
  for (std::size_t at = 1; at < handshake; at += stride) {
    refuse(spoilt(at, {}), "cut", at);
    // A length that grew makes it wait for more, until its deadline; none of them is a success.
    refuse(spoilt({}, at), "spoilt", at);
  }
  BOOST_TEST((w.ask(w.server(w.identity)).sent == Sent::answered));
}

BOOST_AUTO_TEST_CASE(a_handshake_that_never_ends_is_given_up) {
  World w;
  w.script = says("");
  struct Mute final : Script {
    std::string on_bytes(std::string_view) override { return {}; }
  };
  w.script = [] { return std::make_unique<Mute>(); };
  std::optional<Reply> reply;
  Client client(w.loop, {.host = "127.0.0.1", .port = w.listener.port(), .tls = &w.clients});
  client.send({.method = "GET", .target = "/", .headers = {}, .body = {}},
              [&](Reply got) { reply = std::move(got); });
  w.until([&] { return !w.connections.empty(); });
  w.settle();
  w.advance(9'999ms);
  w.settle();
  BOOST_TEST(!reply.has_value());
  w.advance(1ms);
  w.until([&] { return reply.has_value(); });
  BOOST_TEST((reply->sent == Sent::not_sent));
  BOOST_TEST(reply->why.find("took too long") != std::string::npos, reply->why);
}

BOOST_AUTO_TEST_CASE(a_body_that_was_cut_off_is_not_taken_for_whole) {
  // A body that ends with the connection: only TLS's closing word tells whether it is whole.
  struct UntilTheEnd final : TlsScript {
    explicit UntilTheEnd(const TlsPeer::Options& options, bool says_goodbye)
        : TlsScript(options), goodbye(says_goodbye) {}
    void answer() override {
      peer.write("HTTP/1.1 200 OK\r\n\r\nhalf");
      if (goodbye) peer.close();
      hang_up = true;
    }
    bool goodbye;
  };
  World w;
  const auto make = [&](bool goodbye) {
    TlsPeer::Options options;
    options.chain = w.identity.certificate;
    options.key = w.identity.key;
    return [options, goodbye] { return std::make_unique<UntilTheEnd>(options, goodbye); };
  };
  const Reply cut = w.ask(make(false));
  BOOST_TEST((cut.sent == Sent::in_doubt));
  BOOST_TEST(cut.why.find("something may be missing") != std::string::npos, cut.why);
  const Reply whole = w.ask(make(true));
  BOOST_TEST((whole.sent == Sent::answered), whole.why);
  BOOST_TEST(whole.response.body == "half");
}

BOOST_AUTO_TEST_CASE(what_is_spoilt_or_begun_anew_after_the_handshake_ends_it) {
  struct Spoiler final : TlsScript {
    explicit Spoiler(const TlsPeer::Options& options, int how) : TlsScript(options), way(how) {}
    std::string on_bytes(std::string_view bytes) override {
      std::string out = TlsScript::on_bytes(bytes);
      if (!fooled || out.empty()) return out;
      if (way == 0) out.back() ^= 1;
      if (way == 1) out = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
      if (way == 2) out = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      return out;
    }
    void answer() override {
      if (way == 3) peer.renegotiate();
      peer.write(response);
    }
    int way;
  };
  World w;
  const std::vector<std::string> words{"damaged", "damaged", "damaged", "second time"};
  for (int way = 0; way < 4; ++way) {
    TlsPeer::Options options;
    options.chain = w.identity.certificate;
    options.key = w.identity.key;
    options.renegotiation = true;
    const Reply reply = w.ask([&] { return std::make_unique<Spoiler>(options, way); });
    BOOST_TEST((reply.sent == Sent::in_doubt), way);
    BOOST_TEST(reply.why.find(words[static_cast<std::size_t>(way)]) != std::string::npos,
               way << ": " << reply.why);
    BOOST_TEST((w.ask(w.server(w.identity)).sent == Sent::answered));
  }
}

BOOST_AUTO_TEST_CASE(
    thirty_bad_peers_are_tried_and_none_is_accepted,
    *boost::unit_test::depends_on("tls_refusals/no_bad_certificate_is_accepted") *
        boost::unit_test::depends_on(
            "tls_refusals/no_certificate_that_is_signed_with_md5_is_accepted") *
        boost::unit_test::depends_on("tls_refusals/no_bad_chain_is_accepted") *
        boost::unit_test::depends_on(
            "tls_refusals/no_old_protocol_and_no_weak_cipher_is_accepted") *
        boost::unit_test::depends_on("tls_refusals/no_broken_handshake_is_accepted") *
        boost::unit_test::depends_on("tls_refusals/a_handshake_is_whole_or_refused")) {
  BOOST_TEST_MESSAGE(tally.bad_peers << " bad peers and " << tally.spoilt_handshakes
                                     << " handshakes cut off or spoilt: " << tally.accepted
                                     << " accepted");
  BOOST_TEST(tally.bad_peers >= 30U);
  BOOST_TEST(tally.accepted == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
