#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What a frame is made of (RFC 6455 section 5.2). Bytes in, values out.
//
// The heads are read and written by wslay's frame interface. It is shown nothing else: it would
// copy every payload into 4 KiB of its own and mask it byte by byte there, which for a frame of
// audio costs 15 times what the rest does. Its event interface copies once more, into memory of
// each message, and looks at UTF-8 byte by byte: 3 us for 400 bytes.
namespace bridge::ws {

enum class Opcode : unsigned char {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

using MaskKey = std::array<unsigned char, 4>;

struct FrameHead {
  bool final = false;
  unsigned char reserved = 0;  // three bits
  unsigned char opcode = 0;    // perhaps none that there is
  bool masked = false;
  MaskKey key{};
  std::uint64_t length = 0;  // of the payload
};

inline constexpr std::size_t head_bytes_max = 14;
inline constexpr std::size_t control_bytes_max = 125;  // of payload

// The size of a head, from its second byte.
std::size_t head_size(unsigned char second);
// Nothing: a control frame that is too long or a fragment, or a length that is not in its shortest
// form or has its first bit set. `bytes` is a whole head.
std::optional<FrameHead> read_head(std::span<const char> bytes);
// Writes the head of a final frame without reserved bits; its size. `key` is null for a frame that
// is not masked. `into` has room for head_bytes_max.
std::size_t write_head(char* into, Opcode opcode, std::uint64_t length, const MaskKey* key);
std::size_t head_size_for(std::uint64_t length, bool masked);

// Masks or unmasks in place. `offset` is that of the first byte in its payload.
void apply_mask(std::span<char> bytes, const MaskKey& key, std::uint64_t offset);
// From the system's random source, as RFC 6455 10.3 wants it: who makes us send something must not
// know how it looks on the wire.
MaskKey random_key();

// UTF-8 (RFC 3629), cut anywhere.
class Utf8Check {
 public:
  // False: at this byte, or one before, it has ceased to be UTF-8.
  bool feed(std::string_view bytes);
  // No character is open.
  bool complete() const { return left_ == 0; }

 private:
  int left_ = 0;              // bytes that the open character still has
  unsigned char low_ = 0x80;  // what its next byte may be
  unsigned char high_ = 0xBF;
};

// Whether a close frame may carry it (RFC 6455 section 7.4 and IANA's list).
bool is_close_code(std::uint16_t code);

}  // namespace bridge::ws
