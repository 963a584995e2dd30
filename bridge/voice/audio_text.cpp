#include "bridge/voice/audio_text.hpp"

#include <algorithm>

namespace bridge::voice {
namespace {

// Without a table and without a branch, so that a compiler makes it one instruction for many
// characters.
constexpr std::uint8_t outside_alphabet(char character) {
  const auto c = static_cast<std::uint8_t>(character);
  const bool letter = static_cast<std::uint8_t>((c | 0x20U) - 'a') < 26;
  const bool digit = static_cast<std::uint8_t>(c - '0') < 10;
  const bool inside = letter | digit | (c == '+') | (c == '/');
  return inside ? 0 : 1;
}

bool all_in_alphabet(std::string_view text) {
  constexpr std::size_t step = 32;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= step; at += step, left -= step) {
    std::uint8_t wrong = 0;
    for (std::size_t i = 0; i < step; ++i) {
      wrong = static_cast<std::uint8_t>(wrong | outside_alphabet(at[i]));
    }
    if (wrong != 0) return false;
  }
  std::uint8_t wrong = 0;
  for (std::size_t i = 0; i < left; ++i) {
    wrong = static_cast<std::uint8_t>(wrong | outside_alphabet(at[i]));
  }
  return wrong == 0;
}

std::size_t padding_of(std::string_view base64) {
  if (base64.ends_with("==")) return 2;
  return base64.ends_with('=') ? 1 : 0;
}

}  // namespace

bool is_audio_text(std::string_view base64) {
  if (base64.size() % 4 != 0) return false;
  return all_in_alphabet(base64.substr(0, base64.size() - padding_of(base64)));
}

std::size_t audio_bytes(std::string_view base64) {
  return base64.size() / 4 * 3 - padding_of(base64);
}

int loudness(std::string_view base64) {
  constexpr std::size_t looks = 8;
  constexpr std::size_t step_max = 6;  // groups: of any frame a look at each 2.25 ms
  const auto value_of = [](char c) -> unsigned {
    if (c >= 'a') return static_cast<unsigned>(c - 'a') + 26;
    if (c >= 'A') return static_cast<unsigned>(c - 'A');
    if (c >= '0') return static_cast<unsigned>(c - '0') + 52;
    return c == '+' ? 62 : 63;
  };
  const std::size_t groups = (base64.size() - padding_of(base64)) / 4;
  const std::size_t step = std::clamp<std::size_t>(groups / looks, 1, step_max);
  // The segments' bits are counted downwards, and the signs before them do not matter.
  unsigned lowest = 7;
  for (std::size_t group = 0; group < groups; group += step) {
    unsigned bytes = 0;
    for (const char c : base64.substr(group * 4, 4)) bytes = bytes << 6U | value_of(c);
    for (const unsigned shift : {4U, 12U, 20U}) lowest = std::min(lowest, bytes >> shift & 7U);
  }
  return static_cast<int>(7 - lowest);
}

void append_silence(std::string& out, std::chrono::milliseconds length) {
  if (length.count() <= 0) return;
  const std::int64_t bytes = length.count() * audio_bytes_per_ms;
  out.append(static_cast<std::size_t>(bytes / 3 * 4), '/');
  if (bytes % 3 == 1) out += "/w==";
  if (bytes % 3 == 2) out += "//8=";
}

}  // namespace bridge::voice
