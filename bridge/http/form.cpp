#include "bridge/http/form.hpp"

#include "bridge/http/text.hpp"

namespace bridge::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends what the escape at `at` stands for and goes behind it; false where it is none.
bool decode_escape(std::string& out, std::string_view text, std::size_t& at) {
  if (text.size() - at < 3) return false;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return false;
  out += static_cast<char>(high * 16 + low);
  at += 3;
  return true;
}

bool stands_for_itself(char c) {
  return c != '%' && c != '+' && c != '&' && c != '=';
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
  fields.reserve(32);  // a webhook has fewer
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '&') {
      ++at;
      continue;
    }
    if (fields.size() == fields_max) return {};
    Field& field = fields.emplace_back();
    std::string* part = &field.name;
    while (at < text.size() && text[at] != '&') {
      const std::size_t begin = at;
      while (at < text.size() && stands_for_itself(text[at])) ++at;
      part->append(text, begin, at - begin);
      if (at == text.size() || text[at] == '&') break;
      if (text[at] == '%') {
        if (!decode_escape(*part, text, at)) return {};
        continue;
      }
      if (text[at] == '+') {
        *part += ' ';
      } else if (part == &field.name) {
        part = &field.value;
      } else {
        *part += '=';
      }
      ++at;
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
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '%') {
      out += text[at++];
    } else if (!decode_escape(out, text, at)) {
      return {};
    }
  }
  return out;
}

Target split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {.path = target, .query = {}};
  return {.path = target.substr(0, mark), .query = target.substr(mark + 1)};
}

}  // namespace bridge::http
