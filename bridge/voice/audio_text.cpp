#include "bridge/voice/audio_text.hpp"

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

void append_silence(std::string& out, std::chrono::milliseconds length) {
  if (length.count() <= 0) return;
  const std::int64_t bytes = length.count() * audio_bytes_per_ms;
  out.append(static_cast<std::size_t>(bytes / 3 * 4), '/');
  if (bytes % 3 == 1) out += "/w==";
  if (bytes % 3 == 2) out += "//8=";
}

}  // namespace bridge::voice
