#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bridge/ws/connection.hpp"
#include "bridge/ws/frame.hpp"

namespace bridge::ws {

// Bytes in, messages out: the receiving half of RFC 6455, without I/O and time. The result does not
// depend on how the bytes were cut into pieces. After a fault there is nothing more.
class Receiver {
 public:
  struct Options {
    Role role = Role::server;  // ours: a server's frames come masked, a client's do not
    std::size_t message_bytes_max = 0;
    bool takes_text = true;  // a message of a kind that is not taken is 1003
    bool takes_binary = false;
  };

  enum class Kind : unsigned char { nothing, text, binary, ping, pong, close, fault };
  struct Item {
    Kind kind = Kind::nothing;  // nothing: all bytes are used up
    // Of a message, a ping or a pong; the reason of a close. Valid until the next call of `next`
    // and as long as the bytes that were given; Connection::padding bytes behind it may be read if
    // they may be behind those.
    std::span<char> bytes{};
    std::uint16_t code = 0;  // of a close (perhaps no_status) or, for a fault, the one to send
  };

  explicit Receiver(const Options& options) : options_(options) {}

  // Takes bytes from the front of `bytes`, up to the end of the first item in them; unmasks in
  // place.
  Item next(std::span<char>& bytes);

  // A message or a frame has begun and not ended.
  bool in_the_midst() const { return in_payload_ || head_filled_ > 0 || begun_; }

 private:
  std::optional<std::uint16_t> take_head(std::span<char>& bytes);
  std::uint16_t begin_frame();
  Item control(std::span<char> payload) const;
  void forget_message();

  Options options_;
  std::array<char, head_bytes_max> head_bytes_{};
  std::size_t head_filled_ = 0;
  FrameHead head_{};
  bool in_payload_ = false;
  std::uint64_t taken_ = 0;  // of the payload

  bool begun_ = false;      // a message
  bool delivered_ = false;  // `message_` is the caller's until the next call
  Kind kind_ = Kind::text;  // of the message that is being read
  Utf8Check utf8_{};
  std::string message_{};  // what was read of it, unless it came whole
  std::array<char, control_bytes_max> control_{};
};

}  // namespace bridge::ws
