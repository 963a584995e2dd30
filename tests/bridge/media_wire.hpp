#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/ws/upgrade.hpp"

// What the loads of a media bridge share: WebSocket frames made and read by hand, so that a load
// costs little and shares nothing with the bridge's own, and sound that carries the time at which
// it was made.
namespace bridge::testing {

inline constexpr std::size_t payload_chars = 216;  // 160 bytes, which are 20 ms
inline constexpr std::size_t stamp_chars = 16;

inline std::uint64_t nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// With noughts before it where there are more digits than a number has.
inline void append_hex(std::string& out, std::uint64_t number, std::size_t digits) {
  constexpr std::size_t digits_max = 2 * sizeof number;
  if (digits > digits_max) out.append(digits - digits_max, '0');
  for (auto i = std::min(digits, digits_max); i-- > 0;) {
    out += "0123456789abcdef"[(number >> (4 * i)) & 15U];
  }
}

// 20 ms of sound, as base64: the time now, then `tag`, whose digits are all in base64's alphabet.
inline void append_payload(std::string& out, std::string_view tag = {}) {
  append_hex(out, nanoseconds(), stamp_chars);
  out += tag;
  out.append(payload_chars - stamp_chars - tag.size() - 2, 'f');
  out += "==";
}

// How old the sound behind `key` is; 0: there is none.
inline double age_us(std::string_view message, std::string_view key) {
  const auto at = message.find(key);
  if (at == std::string_view::npos) return 0;
  const char* const first = message.data() + at + key.size();
  std::uint64_t stamp = 0;
  std::from_chars(first, first + stamp_chars, stamp, 16);
  return static_cast<double>(nanoseconds() - stamp) / 1000;
}

// A whole frame. The key of the mask is 0, which a receiver has to apply like any other.
inline void append_frame(std::string& out, std::string_view payload, bool masked,
                         char first = '\x81') {
  out += first;
  const int mask = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask | static_cast<int>(payload.size()));
  } else {
    out += static_cast<char>(mask | 126);
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 255U);
  }
  if (masked) out.append(4, '\0');
  out += payload;
}

// Calls on_frame(opcode, payload) for each whole frame at the front of `bytes`; what is left is
// returned. Frames are below 64 KiB, and none is in pieces. `unmasked` is scratch.
template <typename OnFrame>
std::string_view each_frame(std::string_view bytes, std::string& unmasked, OnFrame on_frame) {
  while (bytes.size() >= 2) {
    std::size_t at = 2;
    std::size_t length = static_cast<unsigned char>(bytes[1]) & 0x7FU;
    const bool masked = (static_cast<unsigned char>(bytes[1]) & 0x80U) != 0;
    if (length == 126) {
      if (bytes.size() < 4) break;
      length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8U |
               static_cast<unsigned char>(bytes[3]);
      at = 4;
    }
    const std::size_t mask_at = at;
    if (masked) at += 4;
    if (bytes.size() < at + length) break;
    const int opcode = bytes[0] & 15;
    if (masked) {
      unmasked.assign(bytes.substr(at, length));
      for (std::size_t i = 0; i < length; ++i) {
        unmasked[i] = static_cast<char>(unmasked[i] ^ bytes[mask_at + (i & 3U)]);
      }
      on_frame(opcode, std::string_view(unmasked));
    } else {
      on_frame(opcode, bytes.substr(at, length));
    }
    bytes.remove_prefix(at + length);
  }
  return bytes;
}

// The answer to an upgrade whose head, with its empty line, is `head`.
inline std::string upgrade_answer(const std::string& head) {
  http::Request request{.method = "GET", .target = "/"};
  std::istringstream lines(head);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.size() > 2) {
    line.pop_back();
    const auto colon = line.find(':');
    request.headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  return ws::upgrade_head(ws::answer_upgrade(request));
}

// 0 of nothing. Reorders the values.
template <typename Value>
Value percentile(std::vector<Value>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace bridge::testing
