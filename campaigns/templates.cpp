#include "campaigns/templates.hpp"

#include <algorithm>

#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// Takes the template apart: `literal` gets the text between the places, `place` their names.
template <typename Literal, typename Place>
void walk(std::string_view text, Literal literal, Place place) {
  while (true) {
    const auto open = text.find("{{");
    const auto close = open == std::string_view::npos ? open : text.find("}}", open + 2);
    if (close == std::string_view::npos) {
      literal(text);
      return;
    }
    literal(text.substr(0, open));
    place(trimmed(text.substr(open + 2, close - open - 2)));
    text.remove_prefix(close + 2);
  }
}

// Appends a value with its control characters (C0, DEL, and C1 as UTF-8 writes them) as blanks:
// they have no sound, and XML cannot carry most of them.
void append_value(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    const bool c1 =
        c == 0xC2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) < 0xA0;
    if (c < 0x20 || c == 0x7F || c1) {
      out += ' ';
      if (c1) ++i;
    } else {
      out += value[i];
    }
  }
}

// The place of a byte, counted in characters from 1.
std::string character_at(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, byte);
  const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  });
  return std::to_string(characters + 1);
}

}  // namespace

std::string render_template(std::string_view text,
                            const std::function<std::string_view(std::string_view)>& value_of) {
  std::string out;
  out.reserve(text.size() + 32);
  walk(
      text, [&](std::string_view literal) { out += literal; },
      [&](std::string_view name) { append_value(out, value_of(name)); });
  return out;
}

std::vector<std::string> names_in_template(std::string_view text) {
  std::vector<std::string> names;
  walk(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
      });
  return names;
}

std::string template_fault(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    const auto open = text.find("{{", at);
    const auto stray = text.find("}}", at);
    if (stray != std::string_view::npos && (open == std::string_view::npos || stray < open)) {
      return "}} without {{ at character " + character_at(text, stray);
    }
    if (open == std::string_view::npos) return {};
    const auto close = text.find("}}", open + 2);
    const auto again = text.find("{{", open + 2);
    if (close == std::string_view::npos || again < close) {
      return "unclosed {{ at character " + character_at(text, open);
    }
    if (trimmed(text.substr(open + 2, close - open - 2)).empty()) {
      return "no name between {{ and }} at character " + character_at(text, open);
    }
    at = close + 2;
  }
}

}  // namespace campaigns
