#include "bridge/http/form.hpp"

#include <algorithm>

#include "bridge/http/text.hpp"

namespace bridge::http {
namespace {

enum class Plus : unsigned char { is_blank, is_plus };

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// False for an escape that is none.
bool decode(std::string& out, std::string_view text, Plus plus) {
  // Most values stand for themselves.
  std::size_t at = std::min(text.find('%'), text.size());
  if (plus == Plus::is_blank) at = std::min(text.substr(0, at).find('+'), at);
  if (at == text.size()) {
    out.assign(text);
    return true;
  }
  out.reserve(text.size());
  out.assign(text.substr(0, at));
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      if (text.size() - at < 3) return false;
      const int high = hex_digit(text[at + 1]);
      const int low = hex_digit(text[at + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      at += 2;
    } else {
      out += c == '+' && plus == Plus::is_blank ? ' ' : c;
    }
  }
  return true;
}

void escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte / 16];
  out += digits[byte % 16];
}

void encode(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view("*-._").find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      escape(out, c);
    }
  }
}

}  // namespace

std::optional<Fields> decode_form(std::string_view text) {
  Fields fields;
  const auto pieces = static_cast<std::size_t>(std::ranges::count(text, '&')) + 1;
  fields.reserve(std::min(pieces, fields_max));
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    if (fields.size() == fields_max) return {};
    const std::size_t equals = std::min(piece.find('='), piece.size());
    const std::string_view value = piece.substr(std::min(equals + 1, piece.size()));
    Field& field = fields.emplace_back();
    if (!decode(field.name, piece.substr(0, equals), Plus::is_blank) ||
        !decode(field.value, value, Plus::is_blank)) {
      return {};
    }
  }
  return fields;
}

std::string encode_form(const Fields& fields) {
  std::string out;
  for (const Field& field : fields) {
    if (!out.empty()) out += '&';
    encode(out, field.name);
    out += '=';
    encode(out, field.value);
  }
  return out;
}

std::string_view field(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string percent_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_alphanumeric(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      escape(out, c);
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  if (!decode(out, text, Plus::is_plus)) return {};
  return out;
}

Target split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {.path = target, .query = {}};
  return {.path = target.substr(0, mark), .query = target.substr(mark + 1)};
}

}  // namespace bridge::http
