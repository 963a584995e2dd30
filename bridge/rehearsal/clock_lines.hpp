#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/net/clock.hpp"

// The lines of the clock connection, for both of its ends.
namespace bridge::rehearsal {

constexpr std::size_t clock_line_bytes_max = 128;

// Takes whole lines out of pieces as they come from a stream.
class ClockLines {
 public:
  // Calls `on_line` for each whole line. False: a line is too long, the peer is something else.
  template <class OnLine>
  [[nodiscard]] bool feed(std::string_view bytes, OnLine on_line) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (rest_.size() + piece.size() > clock_line_bytes_max) return false;
      if (end == std::string_view::npos) {
        rest_.append(piece);
        return true;
      }
      bytes.remove_prefix(end + 1);
      if (rest_.empty()) {
        on_line(piece);
      } else {
        rest_.append(piece);
        on_line(std::string_view(rest_));
        rest_.clear();
      }
    }
    return true;
  }

 private:
  std::string rest_{};
};

// Takes the first word off a line.
inline std::string_view next_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

template <class Number>
std::optional<Number> next_number(std::string_view& line) {
  const std::string_view word = next_word(line);
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return {};
  return number;
}

inline void append_number(std::string& out, std::int64_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  static_cast<void>(error);  // 24 characters hold any 64-bit number
  out.append(digits, end);
}

inline std::int64_t milliseconds_of(net::Instant at) {
  return at.time_since_epoch().count();
}
inline net::Instant instant_of(std::int64_t ms) {
  return net::Instant(std::chrono::milliseconds(ms));
}

}  // namespace bridge::rehearsal
