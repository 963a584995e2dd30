#include "runner/control_client.hpp"

#include <utility>

#include "bridge/http/client.hpp"
#include "bridge/net/loop.hpp"
#include "runner/live.hpp"

namespace runner {

std::optional<bridge::http::Response> ask_running(const std::filesystem::path& log,
                                                  const bridge::http::Request& request,
                                                  std::chrono::milliseconds patience) {
  const auto socket = control_socket_of(log);
  if (!std::filesystem::exists(socket)) return {};
  std::optional<bridge::http::Response> response;
  bridge::net::SystemClock clock;
  bridge::net::Loop loop(clock);
  {
    bridge::http::Client::Options options;
    options.unix_path = socket.string();
    options.response_time_max = patience;
    bridge::http::Client client(loop, options);
    client.send(request, [&](bridge::http::Reply reply) {
      if (reply.sent == bridge::http::Sent::answered) response = std::move(reply.response);
      loop.stop();
    });
    loop.run();
  }
  return response;
}

}  // namespace runner
