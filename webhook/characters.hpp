#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text as it comes from people and recognisers, made safe for the forms it goes into: JSON in the
// log, XML to the carrier.
namespace webhook {

// One character of UTF-8 text. `bytes` 0: what stands there is no well-formed UTF-8 (RFC 3629).
struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;
};
Character character_at(std::string_view text, std::size_t at);

// The text without what XML 1.0 cannot carry at all, not even escaped: bytes that are no UTF-8,
// control characters other than tab, line feed and carriage return, U+FFFE and U+FFFF. The log's
// JSON may carry no NUL, so this serves both. Stops before the first character that would go beyond
// `bytes_max`.
std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace webhook
