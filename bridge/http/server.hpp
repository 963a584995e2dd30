#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "bridge/http/message.hpp"
#include "bridge/net/byte_stream.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/server_context.hpp"

namespace bridge::http {

// Limits of one side of the wire. One byte over is refused with the status in the comment and the
// connection is closed. A time to read of 0 is no limit.
struct Limits {
  std::size_t request_line_bytes_max = 4096;        // 414
  std::size_t header_bytes_max = 16 * 1024;         // 431
  std::size_t headers_max = 64;                     // 431
  std::size_t body_bytes_max = 64 * 1024;           // 413
  std::size_t connections_max = 1024;               // the oldest that wait for no answer make room
  std::size_t write_queue_bytes_max = 1 << 20;      // the connection is closed
  std::chrono::milliseconds head_time_max{10'000};  // 408
  std::chrono::milliseconds body_time_max{10'000};  // 408
  std::chrono::milliseconds idle_time_max{15'000};  // closed
  std::chrono::milliseconds handshake_time_max{10'000};    // of TLS, waiting included; closed
  std::size_t handshakes_at_once_max = 2;                  // in the thread pool; the rest wait
  std::size_t handshakes_waiting_max = 256;                // closed
  std::chrono::milliseconds write_stall_time_max{10'000};  // closed
};

// A connection that speaks HTTP no longer.
struct TakenOver {
  std::unique_ptr<net::ByteStream> stream{};  // open; silent until its `start`
  std::string early{};                        // what was read of it behind the request
};

// Number of one request that waits for its answer. Never used again.
using ExchangeId = std::uint64_t;

// An HTTP/1.1 server that hands over whole requests and sends answers when somebody has them.
// Requests on one connection are handed over one at a time: the next one after the answer.
// Malformed, oversized or slow requests are answered here (400, 408, 413, 414, 431, 501, 505) and
// never handed over. Rules beyond llhttp's: exactly one Host header (HTTP/1.1), versions 1.0
// and 1.1 only, no transfer coding but chunked and none with 1.0, no obs-fold, no trailers, no NUL,
// origin-form targets only, no body on GET (reliability.md H1).
class Server {
 public:
  struct Options {
    // An IPv4 or IPv6 address and a port (0: the system chooses), or the path of a Unix socket.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string unix_path{};    // not empty: listen there instead; an old socket is replaced
    unsigned unix_mode = 0600;  // file mode of the socket
    Limits limits{};
    // Not empty: how long the body of a request may be, by its headers, instead of the limits'.
    std::function<std::size_t(const Request&)> body_bytes_max_of{};
    // Not empty: what a request that is refused here is answered with beside its status.
    std::function<Response(int status)> refusal_of{};
    // Not null: https, and nothing else on this port. Outlives the server; a reload of it is for
    // connections to come.
    tls::ServerContext* tls = nullptr;
    // A client that was not secured, for the operator: a tls::Fault or an error of its socket.
    std::function<void(std::error_code)> on_unsecured{};
    std::function<void()> on_secured{};  // and one that was
    net::Links* links = nullptr;  // counts the bytes of accepted connections; outlives the server
  };

  // What a refused request is told to: the status that was sent. Carries nothing of the request.
  using OnRefused = std::function<void(int status)>;

  // Listens at once; throws std::system_error when the address cannot be had. `loop` outlives the
  // server. `on_request` is called on the loop's thread and only takes note.
  Server(net::Loop& loop, Options options, std::function<void(ExchangeId, Request)> on_request,
         OnRefused on_refused = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // Sends the answer. An id whose client has left is normal and ignored.
  void answer(ExchangeId id, const Response& response);
  // Closes the connection of an exchange without an answer, or without the rest of one.
  void drop(ExchangeId id);
  // The same, so that the client sees the connection break instead of end.
  void reset(ExchangeId id);
  // Sends bytes as they are and leaves the exchange open; `drop` ends it. For a double of a server
  // that fails in the middle of an answer.
  void answer_in_part(ExchangeId id, std::string_view bytes);
  // Hands out the connection of an exchange instead of answering, for an upgrade: from here on the
  // server does not know it, and it counts no longer against `connections_max`. Nothing where the
  // client has left, or bytes of an earlier answer still wait. May be called inside `on_request`.
  std::optional<TakenOver> take_over(ExchangeId id);
  // Takes no more connections; open ones live on.
  void stop_listening();
  // True while bytes that were handed to the server are not yet with the system.
  bool writing() const;
  std::size_t connections() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::http
