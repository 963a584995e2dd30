#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "bridge/http/message.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/handshake_gate.hpp"
#include "bridge/ws/connection.hpp"

// How an HTTP/1.1 exchange becomes a WebSocket (RFC 6455 section 4).
namespace bridge::ws {

// --- our end is the server ---

// Whether a request asks for a WebSocket at all, well or badly.
bool asks_for_websocket(const http::Request& request);
// 101 with Sec-WebSocket-Accept, or why not: 400, 405, or 426 with the version that is spoken here.
// Extensions and subprotocols that are offered are not taken. Anything but a 101 may be given to
// http::Server::answer.
http::Response answer_upgrade(const http::Request& request);
// The head of a 101 as it goes over the wire, to be written to the stream that the HTTP server
// hands out.
std::string upgrade_head(const http::Response& accepted);

// --- our end is the client ---

// Why there is no WebSocket.
struct Refused {
  int status = 0;           // the server's HTTP answer; 0: there was none
  std::string body{};       // of it, at most 4 KiB
  std::error_code error{};  // of the connection or of TLS
  std::string why{};        // for the operator, without a secret
};

// One attempt to open a WebSocket. Destroying it before its end leaves nothing behind.
class Connecting {
 public:
  struct Options {
    std::string host{};
    std::uint16_t port = 443;
    // Not empty: connect to these literal addresses instead, one after the other, and speak to
    // `host` all the same.
    std::vector<std::string> connect_addresses{};
    std::string target = "/";             // path and query
    std::vector<http::Header> headers{};  // Authorization and the like; never told to anybody
    tls::ClientContext* tls = nullptr;    // not null: wss; outlives the attempt
    tls::HandshakeGate* gate = nullptr;   // of TLS handshakes; outlives the attempt
    net::Links* links = nullptr;          // outlives the connection
    std::chrono::milliseconds connect_time_max{5'000};    // resolving and all addresses
    std::chrono::milliseconds handshake_time_max{5'000};  // of TLS, after that
    std::chrono::milliseconds answer_time_max{5'000};     // to the 101, after that
    Limits limits{};
  };
  using Done = std::function<void(std::variant<std::unique_ptr<Connection>, Refused>)>;

  // `done` is called once, never from inside the constructor, and may destroy the attempt. The
  // connection that it is given reads nothing before its `start`. The loop outlives the attempt.
  Connecting(net::Loop& loop, Options options, Done done);
  ~Connecting();
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::ws
