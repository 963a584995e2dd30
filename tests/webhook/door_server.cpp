// Our public door without the log, for tests/full.sh bench-webhook: the real HTTP server, the real
// door and the real core, which decides and folds; nothing is written anywhere.
//
//   door_server ACCOUNT TOKEN        prints its port, and serves until it is killed
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/http/server.hpp"
#include "tests/support/fold.hpp"
#include "webhook/door.hpp"

int main(int count, char** arguments) {
  using namespace bridge;
  if (count != 3) {
    std::fprintf(stderr, "usage: door_server ACCOUNT TOKEN\n");
    return 2;
  }
  net::SystemClock clock;
  net::Loop loop(clock);
  campaigns::State state;
  support::start_run(state, "https://voice.example.test");
  const webhook::Door door(
      state,
      {.auth_tokens = {arguments[2]},
       .account_sid = arguments[1],
       .public_url = "https://voice.example.test",
       .message = {.text = "Ciao.", .language = "it-IT", .voice = {}}},
      [](std::string_view) { return std::nullopt; },
      [](const campaigns::AttemptId& attempt) { return attempt.text(); },
      [](std::string_view sid) { return std::string(sid); });

  // As in the runner's tick: requests are noted, and answered before the loop sleeps.
  std::vector<std::pair<http::ExchangeId, http::Request>> noted;
  http::Server server(loop, {}, [&](http::ExchangeId id, http::Request request) {
    noted.emplace_back(id, std::move(request));
  });
  loop.before_sleep([&] {
    for (const auto& [id, request] : noted) {
      const auto read = door.read(request);
      if (const auto* refused = std::get_if<webhook::TurnedAway>(&read)) {
        server.answer(id, door.turned_away(*refused));
        continue;
      }
      const auto& inbound = std::get<webhook::Inbound>(read);
      if (inbound.command) support::carry_out(state, *inbound.command);
      server.answer(id, door.answer(inbound));
    }
    noted.clear();
  });
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  loop.run();
  return 0;
}
