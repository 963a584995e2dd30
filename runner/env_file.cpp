#include "runner/env_file.hpp"

#include <algorithm>
#include <optional>

namespace runner {

namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view name_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Takes the first `count` characters away.
std::string_view take(std::string_view& text, std::size_t count) {
  const auto taken = text.substr(0, count);
  text.remove_prefix(taken.size());
  return taken;
}

std::string with_line_ends(std::string_view text) {
  std::string read;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    if (escaped && text[i + 1] == 'n') {
      read += '\n';
      ++i;
    } else if (escaped && text[i + 1] == 'r') {
      read += '\r';
      ++i;
    } else {
      read += text[i];
    }
  }
  return read;
}

// A value in quotes at the head of `text`, which may go on over several lines and is taken away.
// Nothing, and nothing taken, where no quote closes it.
std::optional<std::string> take_quoted(std::string_view& text) {
  const char quote = text.front();
  auto end = text.find(quote, 1);
  while (end != std::string_view::npos && text[end - 1] == '\\') end = text.find(quote, end + 1);
  if (end == std::string_view::npos) return {};
  const auto inside = take(text, end + 1).substr(1, end - 1);
  return quote == '"' ? with_line_ends(inside) : std::string(inside);
}

// The rest of the line, without its end, which is taken away too.
std::string_view take_line(std::string_view& text) {
  const auto line = take(text, std::min(text.find('\n'), text.size()));
  take(text, 1);
  return line;
}

}  // namespace

EnvFile parse_env_file(std::string_view text) {
  EnvFile file;
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  int line = 0;
  while (!text.empty()) {
    ++line;
    const auto whole = trimmed(text.substr(0, text.find('\n')));
    if (whole.empty() || whole.front() == '#') {
      take_line(text);
      continue;
    }
    take(text, text.find_first_not_of(blanks));
    constexpr std::string_view export_word = "export";
    if (whole.starts_with(export_word) && whole.size() > export_word.size() &&
        blanks.find(whole[export_word.size()]) != std::string_view::npos) {
      take(text, export_word.size());
      take(text, text.find_first_not_of(blanks));
    }
    const auto name = take(text, std::min(text.find_first_not_of(name_letters), text.size()));
    take(text, std::min(text.find_first_not_of(blanks), text.size()));
    const bool assigns = text.starts_with('=') || text.starts_with(": ") || text.starts_with(":\t");
    if (name.empty() || !assigns) {
      file.skipped.push_back(line);
      take_line(text);
      continue;
    }
    take(text, 1);
    take(text, std::min(text.find_first_not_of(blanks), text.size()));
    auto& value = file.settings[std::string(name)];
    const auto before = text;
    if (!text.empty() && std::string_view("'\"`").find(text.front()) != std::string_view::npos) {
      if (auto quoted = take_quoted(text)) {
        value = std::move(*quoted);
        const auto lines = before.substr(0, before.size() - text.size());
        line += static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
        take_line(text);
        continue;
      }
    }
    const auto rest = take_line(text);
    value = trimmed(rest.substr(0, rest.find('#')));
  }
  return file;
}

}  // namespace runner
