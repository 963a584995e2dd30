#include "bridge/tls/engine.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "bridge/tls/client_context.hpp"
#include "bridge/tls/fault.hpp"
#include "bridge/tls/names.hpp"
#include "bridge/tls/server_context.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/tls_peer.hpp"

BOOST_AUTO_TEST_SUITE(tls_engine)

using namespace bridge::tls;
using namespace bridge::testing;

namespace {

using State = Engine::State;

std::string taken(Engine& engine) {
  std::string output(engine.output());
  engine.clear_output();
  return output;
}

// Carries bytes between two engines until nothing moves.
void converse(Engine& one, Engine& other) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (Engine* each : {&one, &other}) {
      if (each->can_advance()) {
        each->advance();
        moved = true;
      }
      const std::string bytes = taken(*each);
      if (bytes.empty()) continue;
      (each == &one ? other : one).feed(bytes);
      moved = true;
    }
  }
}

std::string read_all(Engine& engine) {
  std::string text;
  std::array<char, 1000> part{};
  while (const std::size_t size = engine.read(part)) text.append(part.data(), size);
  return text;
}

struct Pair {
  Folder folder{};
  Identity authority = make_authority();
  Identity identity;
  std::string ca_file = folder.write("ca.pem", authority.certificate);
  std::unique_ptr<ClientContext> clients{};
  std::unique_ptr<ServerContext> servers{};
  std::unique_ptr<Engine> client{};
  std::unique_ptr<Engine> server{};

  explicit Pair(const Wanted& wanted = {}) : identity(make_identity(wanted, &authority)) {
    clients = std::make_unique<ClientContext>(ClientContext::Options{.ca_file = ca_file});
    servers = std::make_unique<ServerContext>(options());
  }

  ServerContext::Options options() const {
    return {.certificate_file = folder.write("cert.pem", identity.certificate),
            .key_file = folder.write("key.pem", identity.key)};
  }

  void meet(const std::string& host = "localhost", std::uint16_t port = 443) {
    client = clients->connect(host, port);
    server = servers->accept();
    converse(*client, *server);
  }
  bool both_open() const {
    return client->state() == State::open && server->state() == State::open;
  }
};

std::string complaint_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

bool is_for(const std::string& pattern, const std::string& host) {
  const auto read = read_host(host);
  return read && is_for(Names{.dns = {pattern}, .addresses = {}}, *read);
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_ends_agree_and_carry_what_is_said) {
  Pair p;
  p.meet();
  BOOST_REQUIRE(p.both_open());
  BOOST_TEST(p.client->agreed() == p.server->agreed());
  BOOST_TEST(p.client->agreed() == "TLSv1.2 TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256");
  const std::string large(100'000, 'x');
  p.client->write("a question");
  p.server->write(large);
  const std::string ciphertext = taken(*p.client);
  BOOST_TEST(ciphertext.find("question") == std::string::npos);
  p.server->feed(ciphertext);
  p.client->feed(taken(*p.server));
  BOOST_TEST(read_all(*p.server) == "a question");
  BOOST_TEST((read_all(*p.client) == large));
  p.client->close();
  p.server->feed(taken(*p.client));
  BOOST_TEST(read_all(*p.server).empty());
  BOOST_TEST((p.server->state() == State::ended));
}

BOOST_AUTO_TEST_CASE(it_does_not_matter_how_the_bytes_are_cut) {
  Pair p;
  p.client = p.clients->connect("localhost", 443);
  p.server = p.servers->accept();
  bool moved = true;
  while (moved) {
    moved = false;
    for (Engine* each : {p.client.get(), p.server.get()}) {
      Engine& other = each == p.client.get() ? *p.server : *p.client;
      if (each->can_advance()) each->advance();
      for (const char byte : taken(*each)) {
        other.feed({&byte, 1});
        if (other.can_advance()) other.advance();
        moved = true;
      }
    }
  }
  BOOST_TEST(p.both_open());
}

BOOST_AUTO_TEST_CASE(an_rsa_certificate_is_as_good) {
  Pair p({.key = Wanted::Key::rsa_2048});
  p.meet();
  BOOST_TEST(p.both_open());
}

BOOST_AUTO_TEST_CASE(an_address_is_found_among_the_certificates_addresses_only) {
  {
    Pair p;
    p.meet("127.0.0.1");
    BOOST_TEST(p.both_open());
    p.meet("127.0.0.2");
    BOOST_TEST((p.client->fault() == Fault::wrong_name));
    p.meet("::1");
    BOOST_TEST((p.client->fault() == Fault::wrong_name));
  }
  // Written where names stand, it is no address.
  Pair p({.common_name = "127.0.0.1", .dns = {"127.0.0.1"}, .addresses = {}});
  p.meet("127.0.0.1");
  BOOST_TEST((p.client->fault() == Fault::wrong_name));
  Pair six({.addresses = {std::string(15, '\0') + '\x01'}});
  six.meet("::1");
  BOOST_TEST(six.both_open());
}

BOOST_AUTO_TEST_CASE(names_match_as_browsers_match_them) {
  BOOST_TEST(is_for("api.example.com", "api.example.com"));
  BOOST_TEST(is_for("API.Example.com", "api.EXAMPLE.com."));
  BOOST_TEST(is_for("*.example.com", "api.example.com"));
  for (const auto& [pattern, host] : std::vector<std::pair<std::string, std::string>>{
           {"*.example.com", "example.com"},
           {"*.example.com", "a.b.example.com"},
           {"*.com", "example.com"},
           {"*", "example"},
           {"*.", "example"},
           {"a*.example.com", "api.example.com"},
           {"*a.example.com", "api.example.com"},
           {"api.*.com", "api.example.com"},
           {"*.*.com", "api.example.com"},
           {"*.example.com", "*.example.com"},
           {"example.com", "api.example.com"},
           {"api.example.com", "example.com"},
           {std::string("api.example.com\0.evil.org", 25), "api.example.com"},
           {"", ""},
           {"", "example.com"},
       }) {
    BOOST_TEST(!is_for(pattern, host), pattern << " for " << host);
  }
  for (const std::string host :
       {"", ".", "a..b", "-a.com", "1.2.3", "1.2.3.4.5", "a b", "[::1]", "a/b", "a:1"}) {
    BOOST_TEST(!read_host(host), host);
  }
  BOOST_TEST(!read_host(std::string("127.0.0.1\0", 10)));
  BOOST_TEST(!read_host(std::string(254, 'a')));
}

BOOST_AUTO_TEST_CASE(nobody_is_connected_to_without_a_name_to_check) {
  Pair p;
  for (const std::string host : {"", "a b", "[::1]", "300.1.1.1"}) {
    const auto engine = p.clients->connect(host, 443);
    BOOST_TEST((engine->state() == State::failed));
    BOOST_TEST((engine->fault() == Fault::unusable_host));
    BOOST_TEST(!engine->can_advance());
    BOOST_TEST(taken(*engine).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_second_connection_resumes_the_session_of_the_first) {
  Pair p;
  p.meet();
  BOOST_TEST(!p.client->resumed());
  BOOST_TEST(!p.server->resumed());
  BOOST_TEST(!p.client->session().empty());
  BOOST_TEST(p.server->session().empty());
  p.meet();
  BOOST_REQUIRE(p.both_open());
  BOOST_TEST(p.client->resumed());
  BOOST_TEST(p.server->resumed());
  p.server->write("again");
  p.client->feed(taken(*p.server));
  BOOST_TEST(read_all(*p.client) == "again");
  // Another port or name is another server.
  p.meet("localhost", 444);
  BOOST_TEST(!p.client->resumed());
  p.meet("127.0.0.1");
  BOOST_TEST(p.both_open());
  BOOST_TEST(!p.client->resumed());
}

BOOST_AUTO_TEST_CASE(a_session_is_no_way_around_a_certificate) {
  Pair p;
  p.meet();
  // The same place, with other ticket keys and a certificate that is not trusted.
  const Identity stranger = make_authority("Somebody else");
  p.identity = make_identity({}, &stranger);
  p.servers = std::make_unique<ServerContext>(p.options());
  p.meet();
  BOOST_TEST((p.client->fault() == Fault::unknown_issuer));
  p.meet();
  BOOST_TEST((p.client->fault() == Fault::unknown_issuer));
}

BOOST_AUTO_TEST_CASE(an_old_session_that_the_server_has_forgotten_costs_a_handshake_only) {
  Pair p;
  p.meet();
  p.servers = std::make_unique<ServerContext>(p.options());
  p.meet();
  BOOST_TEST(p.both_open());
  BOOST_TEST(!p.client->resumed());
}

BOOST_AUTO_TEST_CASE(sessions_are_bounded_in_number_and_time) {
  Pair p;
  p.clients = std::make_unique<ClientContext>(
      ClientContext::Options{.ca_file = p.ca_file, .sessions_max = 2});
  for (std::uint16_t port = 1; port <= 3; ++port) p.meet("localhost", port);
  p.meet("localhost", 3);
  BOOST_TEST(p.client->resumed());
  p.meet("localhost", 1);
  BOOST_TEST(!p.client->resumed());
  p.clients = std::make_unique<ClientContext>(
      ClientContext::Options{.ca_file = p.ca_file, .session_time_max = std::chrono::seconds{0}});
  p.meet();
  p.meet();
  BOOST_TEST(!p.client->resumed());
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_shown_from_the_next_connection_on) {
  Pair p;
  BOOST_TEST(!p.servers->reload_if_changed());
  const auto until = p.servers->valid_until();
  const auto early = p.servers->accept();
  p.identity = make_identity({.days_to = 60}, &p.authority);
  (void)p.options();
  BOOST_TEST(p.servers->reload_if_changed());
  BOOST_TEST((p.servers->valid_until() - until == std::chrono::days{30}));
  p.meet();
  BOOST_TEST(p.both_open());
  // Who began before goes on with the old one.
  const auto client = p.clients->connect("127.0.0.1", 1);
  converse(*client, *early);
  BOOST_TEST((early->state() == State::open));
}

BOOST_AUTO_TEST_CASE(a_broken_certificate_is_refused_and_the_old_one_stays) {
  Pair p;
  const auto refuse = [&](const std::string& what) {
    const std::string complaint = complaint_of([&] { p.servers->reload(); });
    BOOST_TEST(complaint.find(what) != std::string::npos, complaint);
    p.meet("localhost", 1);
    BOOST_TEST(p.both_open());
  };
  const std::string key = p.options().key_file;
  p.folder.write("cert.pem", "nothing");
  refuse("no certificate chain");
  (void)p.options();
  p.folder.write("key.pem", "nothing");
  refuse("no private key");
  p.folder.write("key.pem", make_identity({}).key);
  refuse("it is not the key of the certificate");
  p.folder.write("key.pem", make_identity({.key = Wanted::Key::p192}).key);
  refuse("too weak");
  p.folder.write("key.pem", p.identity.key);
  std::filesystem::permissions(key, std::filesystem::perms{0644});
  refuse("everybody on this machine may read the private key");
  std::filesystem::remove(key);
  refuse("no private key");
  (void)p.options();
  p.servers->reload();
}

BOOST_AUTO_TEST_CASE(a_client_without_authorities_is_not_made) {
  const Folder folder;
  const std::string empty = folder.write("empty.pem", "");
  for (const std::string& file : {empty, empty + ".none"}) {
    BOOST_TEST(complaint_of([&] {
                 const ClientContext none(ClientContext::Options{.ca_file = file});
               }).find("no certificate authority") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_server_refuses_old_clients_and_weak_ciphers) {
  Pair p;
  struct Old {
    TlsPeer::Options options{};
    std::error_code fault{};
  };
  // Numbers of suites: IANA's registry.
  const std::vector<Old> all{
      {{.client = true, .version_min = 1, .version_max = 1}, Fault::old_protocol},
      {{.client = true, .version_min = 2, .version_max = 2}, Fault::old_protocol},
      {{.client = true, .suites = {0x009C}}, Fault::no_common_cipher},  // RSA key exchange
      {{.client = true, .suites = {0xC009}}, Fault::no_common_cipher},  // CBC
      {{.client = true, .suites = {0xC023}}, Fault::no_common_cipher},  // CBC with SHA-256
      {{.client = true, .suites = {0x009E}}, Fault::no_common_cipher},  // finite-field DHE
      {{.client = true, .suites = {0xC0AC}}, Fault::no_common_cipher},  // CCM
  };
  for (const Old& old : all) {
    TlsPeer peer(old.options);
    p.server = p.servers->accept();
    peer.feed({});
    for (int i = 0; i < 6 && p.server->state() == State::handshaking; ++i) {
      p.server->feed(peer.take_output());
      if (p.server->can_advance()) p.server->advance();
      peer.feed(taken(*p.server));
    }
    BOOST_TEST((p.server->state() == State::failed));
    BOOST_TEST(p.server->fault() == old.fault, p.server->fault().message());
    p.meet();
    BOOST_TEST(p.both_open());
  }
}

BOOST_AUTO_TEST_CASE(neither_end_negotiates_twice) {
  Pair p;
  {
    TlsPeer peer({.client = true, .renegotiation = true});
    p.server = p.servers->accept();
    peer.feed({});
    for (int i = 0; i < 6; ++i) {
      p.server->feed(peer.take_output());
      if (p.server->can_advance()) p.server->advance();
      peer.feed(taken(*p.server));
    }
    BOOST_REQUIRE((p.server->state() == State::open));
    BOOST_REQUIRE(peer.open());
    peer.renegotiate();
    p.server->feed(peer.take_output());
    BOOST_TEST(read_all(*p.server).empty());
    BOOST_TEST((p.server->state() == State::failed));
    BOOST_TEST((p.server->fault() == Fault::renegotiation));
    BOOST_TEST(!taken(*p.server).empty());
  }
  TlsPeer peer({.chain = p.identity.certificate, .key = p.identity.key, .renegotiation = true});
  p.client = p.clients->connect("localhost", 9);
  for (int i = 0; i < 6; ++i) {
    if (p.client->can_advance()) p.client->advance();
    peer.feed(taken(*p.client));
    p.client->feed(peer.take_output());
  }
  BOOST_REQUIRE((p.client->state() == State::open));
  peer.renegotiate();
  p.client->feed(peer.take_output());
  BOOST_TEST(read_all(*p.client).empty());
  BOOST_TEST((p.client->state() == State::failed));
  BOOST_TEST((p.client->fault() == Fault::renegotiation));
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_own_sentence) {
  std::vector<std::string> sentences;
  for (int value = 1; value <= static_cast<int>(Fault::out_of_memory); ++value) {
    sentences.push_back(make_error_code(static_cast<Fault>(value)).message());
  }
  sentences.push_back(alert(40).message());
  std::sort(sentences.begin(), sentences.end());
  BOOST_TEST((std::adjacent_find(sentences.begin(), sentences.end()) == sentences.end()));
  BOOST_TEST((std::find(sentences.begin(), sentences.end(), "unknown") == sentences.end()));
}

BOOST_AUTO_TEST_SUITE_END()
