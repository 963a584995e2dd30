#include "bridge/rehearsal/webhook_override.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bridge::rehearsal {
namespace {

std::optional<int> number_in(std::string_view text, int least, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  if (number < least || number > most) return {};
  return number;
}

// The part before the separator; it is taken off, with the separator.
std::string_view take_part(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

void read_policy(std::string_view words, WebhookOverride& out) {
  WebhookOverride read = out;
  read.on_connect = read.on_no_answer = read.on_4xx = read.on_5xx = false;
  while (!words.empty()) {
    const std::string_view word = take_part(words, ',');
    const bool all = word == "all";
    if (!all && word != "ct" && word != "rt" && word != "4xx" && word != "5xx") return;
    read.on_connect |= all || word == "ct";
    read.on_no_answer |= all || word == "rt";
    read.on_4xx |= all || word == "4xx";
    read.on_5xx |= all || word == "5xx";
  }
  out = read;
}

}  // namespace

WebhookOverride read_override(std::string_view url) {
  using std::chrono::milliseconds;
  WebhookOverride out;
  const std::size_t hash = url.find('#');
  if (hash == std::string_view::npos) return out;
  std::string_view rest = url.substr(hash + 1);
  while (!rest.empty()) {
    std::string_view value = take_part(rest, '&');
    const std::string_view key = take_part(value, '=');
    if (key == "rp") {
      read_policy(value, out);
    } else if (key == "rc") {
      out.retries_max = number_in(value, 0, 5).value_or(out.retries_max);
    } else if (key == "ct") {
      if (const auto time = number_in(value, 100, 10'000))
        out.connect_time_max = milliseconds(*time);
    } else if (key == "rt") {
      if (const auto time = number_in(value, 100, 15'000)) out.read_time_max = milliseconds(*time);
    } else if (key == "tt") {
      if (const auto time = number_in(value, 100, 15'000)) out.total_time_max = milliseconds(*time);
    }
  }
  return out;
}

}  // namespace bridge::rehearsal
