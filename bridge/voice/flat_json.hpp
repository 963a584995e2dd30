#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace bridge::voice {

struct FlatMember {
  std::string_view parent{};  // the member it lies in; empty: the message itself
  std::string_view key{};
  std::string_view value{};  // without quotes
  bool is_text = false;      // else a number, true, false or null
};

// Reads a message that is one object of texts and numbers, and of objects of these one level down,
// without an escape anywhere: what the messages of sound are. Calls `f(FlatMember)` for each member
// in its order. False: it is not such a message, or no JSON; what was told until then counts for
// nothing. The message is valid UTF-8 already.
template <class F>
bool scan_flat(std::string_view message, F f) {
  const char* at = message.data();
  const char* const end = at + message.size();
  const auto skip_blanks = [&] {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  };
  const auto take = [&](char c) {
    skip_blanks();
    if (at == end || *at != c) return false;
    ++at;
    return true;
  };
  // `at` is behind the opening quote.
  const auto take_text = [&](std::string_view& out) {
    const auto left = static_cast<std::size_t>(end - at);
    const void* const quote = std::memchr(at, '"', left);
    if (quote == nullptr) return false;
    out = {at, static_cast<std::size_t>(static_cast<const char*>(quote) - at)};
    // An escaped quote ends a text early, but never without the backslash before it.
    if (std::memchr(out.data(), '\\', out.size()) != nullptr) return false;
    at = static_cast<const char*>(quote) + 1;
    return true;
  };
  const auto take_bare = [&](std::string_view& out) {
    const char* const first = at;
    while (at != end && ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || *at == '-' ||
                         *at == '+' || *at == '.' || *at == 'E')) {
      ++at;
    }
    out = {first, static_cast<std::size_t>(at - first)};
    return !out.empty();
  };

  if (!take('{')) return false;
  std::string_view parent;
  bool inside = false;
  bool first = true;
  for (;;) {
    if (take('}')) {
      if (!inside) break;
      inside = false;
      parent = {};
      first = false;
      continue;
    }
    if (!first && !take(',')) return false;
    first = false;
    FlatMember member{.parent = parent};
    if (!take('"') || !take_text(member.key) || !take(':')) return false;
    skip_blanks();
    if (at == end) return false;
    if (*at == '"') {
      ++at;
      member.is_text = true;
      if (!take_text(member.value)) return false;
    } else if (*at == '{' && !inside) {
      ++at;
      inside = true;
      parent = member.key;
      first = true;
      continue;
    } else if (!take_bare(member.value)) {
      return false;
    }
    f(member);
  }
  skip_blanks();
  return at == end;
}

}  // namespace bridge::voice
