#include "campaigns/json_writer.hpp"

#include <charconv>

#include "campaigns/encoding.hpp"

namespace campaigns {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

// Each byte that is not UTF-8 becomes U+FFFD.
std::string repaired(std::string_view text) {
  std::string good;
  for (;;) {
    const auto bad = first_invalid_utf8(text);
    good += text.substr(0, bad);
    if (bad == std::string_view::npos) return good;
    good += replacement;
    text.remove_prefix(bad + 1);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  // An event that could not be read again would stop every later start of the log.
  if (has_high_byte(text) && !is_utf8(text)) return append_json_string(out, repaired(text));
  out += '"';
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.data() + done, i - done);
    done = i + 1;
    switch (c) {
      case '\0':
        out += replacement;
        break;
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += digits[c >> 4];
        out += digits[c & 15];
    }
  }
  out.append(text.data() + done, text.size() - done);
  out += '"';
}

void append_json_number(std::string& out, std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

std::string& JsonObject::open(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_json_string(out_, name);
  out_ += ':';
  return out_;
}

JsonObject& JsonObject::member(std::string_view name, std::string_view value) {
  append_json_string(open(name), value);
  return *this;
}

JsonObject& JsonObject::member(std::string_view name, std::int64_t value) {
  append_json_number(open(name), value);
  return *this;
}

JsonObject& JsonObject::member(std::string_view name, const std::vector<std::string>& values) {
  auto& list = open(name);
  list += '[';
  for (const auto& value : values) {
    if (list.back() != '[') list += ',';
    append_json_string(list, value);
  }
  list += ']';
  return *this;
}

JsonObject& JsonObject::flag(std::string_view name, bool value) {
  open(name) += value ? "true" : "false";
  return *this;
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  open(name) += json;
  return *this;
}

}  // namespace campaigns
