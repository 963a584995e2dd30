#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "bridge/http/message.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"

namespace bridge::http {

// How an exchange ended, in the only terms that matter to somebody who must not repeat it.
enum class Sent : unsigned char {
  answered,  // a whole response was read
  not_sent,  // it failed before the first byte of the request was written: safe to repeat
  in_doubt,  // it failed after that: the other side may have acted
};

struct Reply {
  Sent sent = Sent::not_sent;
  Response response{};
  std::string why{};  // for not_sent and in_doubt, without anything of the request
  // For not_sent: what stood in the way of the connection, the system's error or a tls::Fault. None
  // where it was neither.
  std::error_code error{};
};

// Until when, and whether at all, a request may begin. Looked at just before its first byte is
// handed to the socket; on a secured connection the handshake is over by then.
struct SendBounds {
  std::optional<net::Instant> not_after{};   // on the loop's clock; later it is not_sent
  std::function<std::string()> objection{};  // not empty: not_sent, and this is why
  // The first byte has left; from here on it is answered or in_doubt. May be called from inside
  // `send`, and calls nothing of the client.
  std::function<void()> on_sent{};
};

// An HTTP/1.1 client to one server, with a pool of connections. Never retries, never follows a
// redirect. A connection that has been idle for `idle_time_max` is not used again, so that a
// request is not written into one that the server is about to close. One whose request is in doubt
// is reset: what the system has not brought to the peer by then does not get there.
class Client {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // an address or, for the real world, a name that is resolved
    std::uint16_t port = 80;
    std::string unix_path{};  // not empty: connect there instead
    // Not empty: connect to these literal addresses instead, one after the other, and speak to
    // `host` all the same.
    std::vector<std::string> connect_addresses{};
    std::uint16_t connect_port = 0;  // of them; 0: `port`
    // Not null: https. The certificate has to be for `host`. Outlives the client.
    tls::ClientContext* tls = nullptr;
    std::size_t connections_max = 16;  // further requests wait in order
    std::size_t waiting_max = 4096;    // beyond: not_sent
    std::size_t response_bytes_max = 4 << 20;
    std::chrono::milliseconds connect_time_max{5'000};     // resolving and all addresses
    std::chrono::milliseconds handshake_time_max{10'000};  // of TLS, after that
    std::chrono::milliseconds response_time_max{30'000};   // from the first byte written
    std::chrono::milliseconds idle_time_max{4'000};
    net::Links* links = nullptr;
  };

  Client(net::Loop& loop, Options options);
  // Ends what is under way: each waiting caller hears not_sent or in_doubt before it returns.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends a request; adds Host, Content-Length and Connection. `done` is called once, on the loop's
  // thread, never from inside `send`.
  void send(const Request& request, std::function<void(Reply)> done, SendBounds bounds = {});

  // A request is to be expected: has a connection made unless one is ready or being made.
  void warm_up();

  // Requests that wait for a connection or for their first byte to be written.
  std::size_t unsent() const;
  // Requests that were sent and have no response yet.
  std::size_t unanswered() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::http
