#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "bridge/net/byte_stream.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::ws {

enum class Role : unsigned char { client, server };

// Close codes of RFC 6455 that are sent or told here.
enum CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  // never on the wire: a close frame without a code
  abnormal = 1006,   // never on the wire: the stream ended without a close frame
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  internal_error = 1011,
};

// Codes with which our end answers what is no WebSocket, or not the one that was agreed on.
constexpr bool is_fault(std::uint16_t code) {
  return code == protocol_error || code == unsupported_data || code == invalid_payload ||
         code == message_too_big || code == policy_violation;
}

// Limits of one connection. A time of 0 is no limit.
struct Limits {
  std::size_t message_bytes_max = 64 * 1024;  // one over, in a frame or in all fragments: 1009
  std::size_t queued_bytes_max = 1 << 20;     // what waits for a slow peer; beyond, a send fails
  std::size_t controls_per_second_max = 200;  // pings and pongs of the peer; beyond: 1008
  std::chrono::milliseconds ping_after{0};    // of silence from the peer
  std::chrono::milliseconds pong_time_max{10'000};  // after our ping; then the end is `abnormal`
  std::chrono::milliseconds close_time_max{2'000};  // from our close frame to the peer's
  std::chrono::milliseconds message_time_max{
      10'000};  // from a message's first byte to its last: 1008
};

// How a connection ended.
struct End {
  std::uint16_t code = abnormal;  // the peer's code, or ours where we closed it for a fault
  bool by_peer = false;           // the peer sent its close frame first
  std::error_code error{};        // of the stream, or timed_out, where that was the reason
  std::string reason{};           // what the peer wrote in its close frame, at most 123 bytes
};

// One WebSocket (RFC 6455) over a byte stream that was upgraded already. No extensions, no
// subprotocols. Single-threaded, on its loop. May be destroyed at any time, also inside its own
// callbacks; it is silent from then on.
//
//   open ──close()──► closing ──(peer's close, or time)──► ended (on_end, once)
//     └────────(peer's close, a fault, the stream's end)─────┘
class Connection {
 public:
  struct Events {
    // A whole message, valid within the call only, unmasked in place: the receiver may write into
    // it. At least `padding` bytes behind it may be read, so that a parser can look ahead.
    std::function<void(std::string_view)> on_text{};
    std::function<void(std::string_view)> on_binary{};  // none: a binary message is 1003
    std::function<void(const End&)> on_end{};  // never from inside a function of the connection
    std::function<void()> on_drained{};        // everything that was sent is with the system
  };
  static constexpr std::size_t padding = net::ByteStream::read_padding;

  // `stream` is open; `early` is what was read of it behind the upgrade's head. Reads nothing
  // before `start`. The loop outlives the connection.
  Connection(net::Loop& loop, std::unique_ptr<net::ByteStream> stream, Role role, Limits limits,
             std::string early = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start(Events events);

  // Writes one text message without copying it: append the payload to the string that
  // `begin_text` returns, and nothing else, then call `end_text`, all without a return to the loop.
  // What is finished leaves with `flush`, in one write. False: closed, or too much waits for the
  // peer already and what was finished is lost; so is all that follows, and the owner closes.
  std::string& begin_text();
  void end_text();
  [[nodiscard]] bool flush();
  // The three in one.
  [[nodiscard]] bool send_text(std::string_view text);

  // Sends a close frame, at most 123 bytes of `reason`, after what is queued; what still comes is
  // thrown away. `on_end` follows. `code` may go over the wire, or is no_status: none is sent.
  void close(std::uint16_t code = normal, std::string_view reason = {});
  // Ends it without a word; `on_end` does not follow.
  void drop();
  bool open() const;  // neither closing nor ended

  void pause_reading();
  void resume_reading();
  // Bytes that were sent and are not yet with the system.
  std::size_t queued() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::ws
