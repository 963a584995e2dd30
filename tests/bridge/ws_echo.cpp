// An echo over WebSocket, of either role, for other people's programs to talk to
// (tests/peers/ws.mjs). As a server it says its port; as a client it opens a WebSocket to a port of
// this machine. How each connection ends is a line on the output.
//
// ws_echo serve | ws_echo connect PORT [TARGET]
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

#include "bridge/http/server.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"

namespace {

using namespace bridge;

class Echo {
 public:
  explicit Echo(net::Loop& loop) : loop_(loop) {}

  // Sends back what comes, but for "close CODE", which it does.
  void take(std::unique_ptr<ws::Connection> connection, bool last) {
    const std::size_t id = ++ids_;
    ws::Connection& c = *connection;
    connections_.emplace(id, std::move(connection));
    c.start({.on_text =
                 [&c](std::string_view message) {
                   constexpr std::string_view close = "close ";
                   if (message.starts_with(close)) {
                     const std::string code(message.substr(close.size()));
                     c.close(static_cast<std::uint16_t>(std::strtoul(code.c_str(), nullptr, 10)),
                             "as you wish");
                   } else {
                     (void)c.send_text(message);
                   }
                 },
             .on_binary = {},
             .on_end =
                 [this, id, last](const ws::End& end) {
                   std::printf("end %d %s %s\n", end.code, end.by_peer ? "peer" : "ours",
                               end.reason.c_str());
                   std::fflush(stdout);
                   connections_.erase(id);
                   if (last) loop_.stop();
                 },
             .on_drained = {}});
  }

 private:
  net::Loop& loop_;
  std::unordered_map<std::size_t, std::unique_ptr<ws::Connection>> connections_{};
  std::size_t ids_ = 0;
};

const ws::Limits limits{.message_bytes_max = 1 << 20,
                        .queued_bytes_max = 4 << 20,
                        .ping_after = std::chrono::milliseconds{500},
                        .pong_time_max = std::chrono::milliseconds{1'500}};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  net::SystemClock clock;
  net::Loop loop(clock);
  Echo echo(loop);
  for (const int number : {SIGINT, SIGTERM}) loop.on_signal(number, [&] { loop.stop(); });

  std::unique_ptr<http::Server> server;
  std::unique_ptr<ws::Connecting> connecting;
  if (what == "serve") {
    server = std::make_unique<http::Server>(
        loop, http::Server::Options{}, [&](http::ExchangeId id, const http::Request& request) {
          const http::Response answer = ws::answer_upgrade(request);
          if (answer.status != 101) return server->answer(id, answer);
          auto taken = server->take_over(id);
          if (!taken || !taken->stream->write(ws::upgrade_head(answer))) return;
          echo.take(
              std::make_unique<ws::Connection>(loop, std::move(taken->stream), ws::Role::server,
                                               limits, std::move(taken->early)),
              false);
        });
    std::printf("%u\n", static_cast<unsigned>(server->port()));
    std::fflush(stdout);
  } else if (what == "connect" && argc > 2) {
    ws::Connecting::Options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(std::strtoul(argv[2], nullptr, 10));
    if (argc > 3) options.target = argv[3];
    options.limits = limits;
    connecting = std::make_unique<ws::Connecting>(
        loop, std::move(options),
        [&](std::variant<std::unique_ptr<ws::Connection>, ws::Refused> outcome) {
          if (auto* opened = std::get_if<0>(&outcome)) return echo.take(std::move(*opened), true);
          const auto& refused = std::get<1>(outcome);
          std::printf("refused %d %s\n", refused.status, refused.body.c_str());
          std::fflush(stdout);
          loop.stop();
        });
  } else {
    std::fprintf(stderr, "usage: ws_echo serve | ws_echo connect PORT [TARGET]\n");
    return 2;
  }
  loop.run();
  return 0;
}
