#pragma once

#include <concepts>
#include <string>
#include <string_view>

// Small things that many sentences and many readers of text need. Pure.
namespace campaigns {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Without the blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

// "name", for a sentence.
std::string in_quotes(std::string_view name);
// "1 person", "2 people".
std::string plural(std::integral auto count, std::string_view one, std::string_view many) {
  return std::to_string(count).append(" ").append(count == 1 ? one : many);
}
// ": reason", or nothing where none was given.
std::string because(std::string_view reason);

}  // namespace campaigns
