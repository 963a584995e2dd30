#include "runner/control_client.hpp"

#include <optional>
#include <system_error>
#include <utility>

#include "bridge/http/client.hpp"
#include "bridge/net/loop.hpp"
#include "runner/live.hpp"

namespace runner {

namespace {

Silence silence_of(const bridge::http::Reply& reply) {
  if (reply.sent == bridge::http::Sent::in_doubt) return Silence::unanswered;
  if (reply.error == std::errc::permission_denied ||
      reply.error == std::errc::operation_not_permitted) {
    return Silence::forbidden;
  }
  const bool nobody = reply.error == std::errc::connection_refused ||
                      reply.error == std::errc::no_such_file_or_directory;
  return nobody ? Silence::nobody : Silence::unanswered;
}

}  // namespace

std::string text_of(Silence silence, const std::filesystem::path& log) {
  switch (silence) {
    case Silence::nobody:
      return "nothing runs on " + log.string() + ": start `campanile serve --log " + log.string() +
             "`, or name the log of the program that runs";
    case Silence::forbidden:
      return "the program that runs on " + log.string() + " is not yours to ask: its socket " +
             control_socket_of(log).string() +
             " is for the user who started it; run this as that user";
    case Silence::unanswered:
      return "the program that runs on " + log.string() +
             " was asked and has not answered; it may still do it. Ask again";
  }
  return {};
}

campaigns::Result<bridge::http::Response, Silence> ask_running(const std::filesystem::path& log,
                                                               const bridge::http::Request& request,
                                                               std::chrono::milliseconds patience) {
  const auto socket = control_socket_of(log);
  std::error_code unknown;
  if (!std::filesystem::exists(socket, unknown)) {
    return unknown ? Silence::forbidden : Silence::nobody;
  }
  std::optional<bridge::http::Reply> heard;
  bridge::net::SystemClock clock;
  bridge::net::Loop loop(clock);
  {
    bridge::http::Client::Options options;
    options.unix_path = socket.string();
    options.response_time_max = patience;
    bridge::http::Client client(loop, options);
    client.send(request, [&](bridge::http::Reply reply) {
      heard = std::move(reply);
      loop.stop();
    });
    loop.run();
  }
  if (heard->sent != bridge::http::Sent::answered) return silence_of(*heard);
  return std::move(heard->response);
}

}  // namespace runner
