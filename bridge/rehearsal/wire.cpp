#include "bridge/rehearsal/wire.hpp"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>

#include "bridge/rehearsal/dice.hpp"

namespace bridge::rehearsal {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return {};
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return {};
    out += c;
  }
  return out;
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte / 16];
      out += digits[byte % 16];
    }
  }
}

// "/a/./b/../c" without its dots (RFC 3986 section 5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_in_folder = false;
  while (!path.empty()) {
    assert(path.front() == '/');
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    ends_in_folder = part == "." || part == "..";
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (part != ".") {
      kept.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(part);
  if (ends_in_folder || out.empty()) out += '/';
  return out;
}

// Length of the UTF-8 sequence at the front of `text`; 0 where there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned lowest_second = 0x80;
  unsigned highest_second = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first == 0xe0) lowest_second = 0xa0;
    if (first == 0xed) highest_second = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first == 0xf0) lowest_second = 0x90;
    if (first == 0xf4) highest_second = 0x8f;
  }
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < lowest_second || byte(1) > highest_second) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<Fields> read_form(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || fields.size() == form_fields_max) return {};
    fields.push_back({std::move(*name), std::move(*value)});
  }
  return fields;
}

std::string write_form(const Fields& fields) {
  std::string out;
  out.reserve(640);
  for (const Field& field : fields) {
    if (!out.empty()) out += '&';
    append_encoded(out, field.name);
    out += '=';
    append_encoded(out, field.value);
  }
  return out;
}

std::string write_form_oddly(const Fields& fields, Dice& dice) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  const auto append = [&](std::string_view text) {
    for (const char c : text) {
      const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (letter && !dice.per_mille(100)) {
        out += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte / 16];
      out += digits[byte % 16];
    }
  };
  for (const Field& field : fields) {
    if (!out.empty()) out += '&';
    append(field.name);
    out += '=';
    append(field.value);
  }
  return out;
}

std::optional<std::string_view> find(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string_view value_of(const Fields& fields, std::string_view name) {
  return find(fields, name).value_or(std::string_view{});
}

std::optional<Url> read_url(std::string_view text) {
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secure = "https://";
  text = text.substr(0, text.find('#'));
  Url url;
  url.secure = text.starts_with(secure);
  if (!url.secure && !text.starts_with(plain)) return {};
  text.remove_prefix(url.secure ? secure.size() : plain.size());
  if (url.secure) url.port = 443;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return {};
  }
  const std::size_t authority_end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, authority_end);
  const std::string_view rest = text.substr(authority_end);

  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || url.port == 0) return {};
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  if (authority.empty() || authority.find('@') != std::string_view::npos) return {};
  url.host = authority;
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return url;
}

std::string resolve_url(std::string_view base, std::string_view reference) {
  if (base.empty()) return std::string(reference);
  // A scheme: letters up to a colon that stands before any slash.
  const std::size_t colon = reference.find(':');
  if (colon != std::string_view::npos && colon > 0 && reference.find_first_of("/?#") > colon) {
    return std::string(reference);
  }
  base = base.substr(0, base.find('#'));
  const std::size_t scheme_end = base.find("://");
  if (scheme_end == std::string_view::npos) return std::string(reference);
  if (reference.empty()) return std::string(base);
  if (reference.starts_with("//")) {
    return std::string(base.substr(0, scheme_end + 1)) + std::string(reference);
  }
  const std::size_t path_at = std::min(base.find_first_of("/?", scheme_end + 3), base.size());
  const std::string origin(base.substr(0, path_at));
  const std::size_t query_at = std::min(base.find('?', path_at), base.size());
  const std::string_view base_path = base.substr(path_at, query_at - path_at);
  if (reference.front() == '?') {
    return origin + std::string(base_path) + std::string(reference);
  }
  if (reference.front() == '#') return std::string(base) + std::string(reference);

  const std::size_t tail_at = std::min(reference.find_first_of("?#"), reference.size());
  std::string path(reference.substr(0, tail_at));
  if (path.front() != '/') {
    const std::size_t folder_end = base_path.rfind('/');
    path =
        (folder_end == std::string_view::npos ? std::string("/")
                                              : std::string(base_path.substr(0, folder_end + 1))) +
        path;
  }
  return origin + without_dots(path) + std::string(reference.substr(tail_at));
}

std::string rfc2822(net::Instant at) {
  using namespace std::chrono;
  constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto whole = floor<seconds>(at);
  const auto day_began = floor<days>(whole);
  const year_month_day date{day_began};
  const hh_mm_ss time{whole - day_began};
  std::array<char, 48> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
      weekdays[weekday(day_began).c_encoding()], static_cast<unsigned>(date.day()),
      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string iso8601(net::Instant at) {
  using std::chrono::days;
  using std::chrono::floor;
  const auto day = floor<days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  std::array<char, 48> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  std::size_t written = 0;
  const int code =
      mbedtls_base64_encode(reinterpret_cast<unsigned char*>(out.data()), out.size(), &written,
                            reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  assert(code == 0);
  static_cast<void>(code);
  out.resize(written);
  return out;
}

std::optional<std::string> read_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.find_first_of("\r\n ") != std::string_view::npos) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  std::size_t written = 0;
  const int failed =
      mbedtls_base64_decode(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), &written,
                            reinterpret_cast<const unsigned char*>(text.data()), text.size());
  if (failed != 0) return {};
  bytes.resize(written);
  return bytes;
}

std::string signature(std::string_view token, std::string_view url, const Fields& fields) {
  // Written after the words of the protocol: a set of values for each name, names in order.
  std::map<std::string_view, std::set<std::string_view>> values_by_name;
  for (const Field& field : fields) values_by_name[field.name].insert(field.value);
  std::string message(url.substr(0, url.find('#')));
  for (const auto& [name, values] : values_by_name) {
    for (const std::string_view value : values) message.append(name).append(value);
  }
  std::array<unsigned char, 20> digest{};
  const int code = mbedtls_md_hmac(
      mbedtls_md_info_from_type(MBEDTLS_MD_SHA1),
      reinterpret_cast<const unsigned char*>(token.data()), token.size(),
      reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data());
  assert(code == 0);
  static_cast<void>(code);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
      text.remove_prefix(1);
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", unsigned{byte});
      out += escape.data();
      text.remove_prefix(1);
    } else {
      const std::size_t length = utf8_length(text);
      out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
      text.remove_prefix(std::max<std::size_t>(length, 1));
    }
  }
  out += '"';
}

std::string hex_from(std::uint64_t seed, std::string_view name, std::uint64_t ordinal,
                     std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  Dice dice(seed, name, ordinal, "hex");
  std::string out;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 16 == 0) bits = dice.roll();
    out += digits[bits & 15U];
    bits >>= 4U;
  }
  return out;
}

}  // namespace bridge::rehearsal
