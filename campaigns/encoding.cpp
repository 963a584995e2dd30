#include "campaigns/encoding.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace campaigns {

namespace {

// Windows-1252 from 80 to 9F; 0 where it is undefined. From A0 on it is Latin-1.
constexpr std::array<char16_t, 32> upper_half{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

bool is_undefined_1252(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 && byte < 0xA0 && upper_half[byte - 0x80U] == 0;
}

// Reads one character of valid UTF-8 (at most three bytes are of interest) and says how long it is.
char32_t decode_at(std::string_view text, std::size_t at, std::size_t& length) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at);
  if (first < 0x80) {
    length = 1;
    return first;
  }
  if (first < 0xE0) {
    length = 2;
    return ((first & 0x1FU) << 6U) | (byte(at + 1) & 0x3FU);
  }
  if (first < 0xF0) {
    length = 3;
    return ((first & 0x0FU) << 12U) | ((byte(at + 1) & 0x3FU) << 6U) | (byte(at + 2) & 0x3FU);
  }
  length = 4;
  return 0x10000;
}

// The Windows-1252 byte of a character; the five undefined ones stand for themselves, as browsers
// and most converters have it. 0 for a character that has none.
unsigned byte_1252(char32_t character) {
  if (character < 0x100) return static_cast<unsigned>(character);
  for (std::size_t i = 0; i < upper_half.size(); ++i) {
    if (upper_half[i] == character) return static_cast<unsigned>(0x80U + i);
  }
  return 0;
}

// How many bytes the letter has that begins at `at`; 0: none does. Ranges of the second byte:
// RFC 3629, section 4.
std::size_t utf8_length(std::string_view bytes, std::size_t at) {
  const auto continues = [&](std::size_t i, unsigned least, unsigned most) {
    if (i >= bytes.size()) return false;
    const auto byte = static_cast<unsigned char>(bytes[i]);
    return byte >= least && byte <= most;
  };
  const auto first = static_cast<unsigned char>(bytes[at]);
  std::size_t more = 0;
  unsigned least = 0x80;
  unsigned most = 0xBF;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) {
    more = 1;
  } else if (first >= 0xE0 && first <= 0xEF) {
    more = 2;
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    more = 3;
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
  } else {
    return 0;
  }
  if (!continues(at + 1, least, most)) return 0;
  for (std::size_t i = 2; i <= more; ++i) {
    if (!continues(at + i, 0x80, 0xBF)) return 0;
  }
  return more + 1;
}

}  // namespace

void append_utf8(std::string& out, char32_t character) {
  const auto next = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((character >> shift) & 0x3FU));
  };
  if (character < 0x80) {
    out += static_cast<char>(character);
  } else if (character < 0x800) {
    out += static_cast<char>(0xC0U | (character >> 6U));
    next(0);
  } else if (character < 0x10000) {
    out += static_cast<char>(0xE0U | (character >> 12U));
    next(6);
    next(0);
  } else {
    out += static_cast<char>(0xF0U | (character >> 18U));
    next(12);
    next(6);
    next(0);
  }
}

std::string_view name_of(Encoding encoding) {
  return encoding == Encoding::utf8 ? "utf-8" : "windows-1252";
}

bool is_utf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::optional<Encoding> detect_encoding(std::string_view bytes) {
  if (is_utf8(bytes)) return Encoding::utf8;
  if (first_undefined_1252(bytes) == std::string_view::npos) return Encoding::windows_1252;
  return std::nullopt;
}

std::size_t first_invalid_utf8(std::string_view bytes) {
  // Only looked for after a fast check has failed.
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = utf8_length(bytes, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

bool is_broken_utf8(std::string_view bytes) {
  std::size_t letters = 0;
  std::size_t wrong = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at);
    if (length > 1) ++letters;
    if (length == 0 && letters != 0 && wrong == 0) return true;
    if (length == 0) ++wrong;
    at += std::max<std::size_t>(length, 1);
  }
  return wrong != 0 && letters > wrong;
}

std::size_t first_mac_letter(std::string_view bytes) {
  constexpr std::string_view letters = "\x88\x8A\x8E\x98\x9A\x9F";  // à ä é ò ö ü
  const auto is_ascii_letter = [&](std::size_t i) {
    return i < bytes.size() &&
           ((bytes[i] >= 'a' && bytes[i] <= 'z') || (bytes[i] >= 'A' && bytes[i] <= 'Z'));
  };
  std::size_t first = std::string_view::npos;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte >= 0xC0) return std::string_view::npos;
    if (byte < 0x80 || first != std::string_view::npos) continue;
    const bool beside_letter = is_ascii_letter(i + 1) || (i > 0 && is_ascii_letter(i - 1));
    if (beside_letter && letters.find(bytes[i]) != std::string_view::npos) first = i;
  }
  return first;
}

bool is_marked_utf16(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
}

std::optional<std::string> from_marked_utf16(std::string_view bytes) {
  const std::size_t low = bytes.starts_with("\xFF\xFE") ? 0 : 1;
  const auto unit = [&](std::size_t i) {
    const char32_t high = static_cast<unsigned char>(bytes[i + 1 - low]);
    return (high << 8U) | static_cast<unsigned char>(bytes[i + low]);
  };
  if (bytes.size() % 2 != 0) return {};
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 2; i < bytes.size(); i += 2) {
    char32_t character = unit(i);
    if (character >= 0xD800 && character < 0xE000) {
      i += 2;
      if (character >= 0xDC00 || i >= bytes.size()) return {};
      const char32_t second = unit(i);
      if (second < 0xDC00 || second >= 0xE000) return {};
      character = 0x10000 + ((character - 0xD800) << 10U) + (second - 0xDC00);
    }
    append_utf8(out, character);
  }
  return out;
}

std::size_t first_undefined_1252(std::string_view bytes) {
  const auto found = std::find_if(bytes.begin(), bytes.end(), is_undefined_1252);
  return found == bytes.end() ? std::string_view::npos
                              : static_cast<std::size_t>(found - bytes.begin());
}

bool has_high_byte(std::string_view bytes) {
  constexpr std::uint64_t high = 0x8080808080808080U;
  std::size_t i = 0;
  for (; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if ((word & high) != 0) return true;
  }
  for (; i < bytes.size(); ++i) {
    if ((static_cast<unsigned char>(bytes[i]) & 0x80U) != 0) return true;
  }
  return false;
}

void append_from_1252(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    char32_t character = byte;
    if (byte >= 0x80 && byte < 0xA0) {
      character = upper_half[byte - 0x80U];
      if (character == 0) character = 0xFFFD;
    }
    append_utf8(out, character);
  }
}

bool is_doubly_encoded(std::string_view utf8) {
  std::size_t at = 0;
  while (at < utf8.size()) {
    std::size_t length = 0;
    const char32_t lead = decode_at(utf8, at, length);
    const std::size_t second_at = at + length;
    at = second_at;
    const bool two = lead == 0xC2 || lead == 0xC3;  // U+0080 to U+00FF once
    const bool three = lead == 0xE2;                // U+2000 to U+20FF once: marks, the euro
    if ((!two && !three) || second_at >= utf8.size()) continue;
    const unsigned second = byte_1252(decode_at(utf8, second_at, length));
    if (second < 0x80 || second > 0xBF) continue;
    if (two) return true;
    const std::size_t third_at = second_at + length;
    if (second > 0x84 || third_at >= utf8.size()) continue;
    const unsigned third = byte_1252(decode_at(utf8, third_at, length));
    if (third >= 0x80 && third <= 0xBF) return true;
  }
  return false;
}

}  // namespace campaigns
