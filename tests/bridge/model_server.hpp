#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/http/server.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"
#include "tests/bridge/media_doubles.hpp"

namespace bridge::testing {

// A far end of the Realtime protocol that does what a test tells it, and greets and agrees by
// itself unless it is told not to. Knows no voice: its sound is what the test gives it.
class ModelServer {
 public:
  struct Session {
    std::unique_ptr<ws::Connection> connection{};
    std::string target{};
    std::string authorization{};
    Texts received{};
    bool ended = false;
    ws::End end{};

    bool tell(std::string_view message) { return connection->send_text(message); }
    std::size_t count(std::string_view type) const {
      std::size_t n = 0;
      for (const std::string& m : received) {
        if (m.starts_with(R"({"type":")" + std::string(type) + "\"")) ++n;
      }
      return n;
    }
  };

  // Before a connection is made of it; anything but 101 is the answer.
  int status = 101;
  std::string body{};
  bool greets = true;
  bool agrees = true;
  std::function<void(Session&, std::string_view)> on_message{};
  std::vector<std::unique_ptr<Session>> sessions{};

  explicit ModelServer(net::Loop& loop, tls::ServerContext* tls = nullptr,
                       net::Links* links = nullptr)
      : loop_(loop),
        server_(loop, {.tls = tls, .links = links},
                [this](http::ExchangeId id, const http::Request& request) {
                  on_request(id, request);
                }) {}

  std::uint16_t port() const { return server_.port(); }

  static std::string updated(std::string_view format = "audio/pcmu") {
    return R"({"type":"session.updated","event_id":"e2","session":{"audio":{"input":{"format":)"
           R"({"type":")" +
           std::string(format) + R"("}},"output":{"format":{"type":")" + std::string(format) +
           R"("}}}}})";
  }
  static std::string created(std::string_view response) {
    return R"({"type":"response.created","response":{"id":")" + std::string(response) + R"("}})";
  }
  static std::string delta(std::string_view response, std::string_view item,
                           std::string_view base64) {
    return R"({"type":"response.output_audio.delta","event_id":"e","response_id":")" +
           std::string(response) + R"(","item_id":")" + std::string(item) +
           R"(","output_index":0,"content_index":0,"delta":")" + std::string(base64) + "\"}";
  }
  static std::string done(std::string_view response) {
    return R"({"type":"response.done","response":{"id":")" + std::string(response) +
           R"(","status":"completed","usage":{"input_tokens":5}}})";
  }

 private:
  void on_request(http::ExchangeId id, const http::Request& request) {
    http::Response answer = ws::answer_upgrade(request);
    if (status != 101) answer = {.status = status, .body = body};
    if (answer.status != 101) {
      server_.answer(id, answer);
      return;
    }
    auto taken = server_.take_over(id);
    if (!taken || !taken->stream->write(ws::upgrade_head(answer))) return;
    auto& session = *sessions.emplace_back(std::make_unique<Session>());
    session.target = request.target;
    for (const auto& header : request.headers) {
      if (header.name == "Authorization") session.authorization = header.value;
    }
    session.connection = std::make_unique<ws::Connection>(
        loop_, std::move(taken->stream), ws::Role::server,
        ws::Limits{.message_bytes_max = 1 << 20, .queued_bytes_max = 16 << 20},
        std::move(taken->early));
    session.connection->start({
        .on_text =
            [this, &session](std::string_view text) {
              session.received.emplace_back(text);
              if (agrees && text.starts_with(R"({"type":"session.update")")) {
                static_cast<void>(session.tell(updated()));
              }
              if (on_message) on_message(session, text);
            },
        .on_end =
            [&session](const ws::End& end) {
              session.ended = true;
              session.end = end;
            },
    });
    if (greets) {
      static_cast<void>(session.tell(R"({"type":"session.created","event_id":"e1","session":{}})"));
    }
  }

  net::Loop& loop_;
  http::Server server_;
};

}  // namespace bridge::testing
