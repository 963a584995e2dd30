// An HTTPS server with nothing behind it, for other people's programs to knock at: makes a
// certificate for localhost, says its port and where the authority lies in one line, and answers
// every request until it is ended.
//
// tls_server [rsa]
#include <signal.h>

#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/http/server.hpp"
#include "bridge/tls/server_context.hpp"
#include "tests/bridge/certificates.hpp"

int main(int argc, char** argv) {
  using namespace bridge;
  const bool rsa = argc > 1 && std::string_view(argv[1]) == "rsa";
  const testing::Folder folder;
  const testing::Identity authority = testing::make_authority();
  const testing::Identity identity = testing::make_identity(
      {.days_to = 90, .key = rsa ? testing::Wanted::Key::rsa_2048 : testing::Wanted::Key::p256},
      &authority);

  net::SystemClock clock;
  net::Loop loop(clock);
  tls::ServerContext tls(
      {.certificate_file = folder.write("cert.pem", identity.certificate + authority.certificate),
       .key_file = folder.write("key.pem", identity.key)});
  http::Server::Options listen;
  listen.tls = &tls;
  std::vector<http::ExchangeId> held;
  http::Server server(loop, std::move(listen),
                      [&](http::ExchangeId id, const http::Request&) { held.push_back(id); });
  loop.before_sleep([&] {
    for (const http::ExchangeId id : std::exchange(held, {})) {
      server.answer(id, {.status = 200, .headers = {}, .body = "It is up.\n"});
    }
  });
  for (const int number : {SIGINT, SIGTERM}) loop.on_signal(number, [&] { loop.stop(); });
  std::printf("%u %s\n", static_cast<unsigned>(server.port()),
              folder.write("ca.pem", authority.certificate).c_str());
  std::fflush(stdout);
  loop.run();
  return 0;
}
