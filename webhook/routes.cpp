#include "webhook/routes.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "bridge/http/text.hpp"

namespace webhook {
namespace {

// Takes the next segment off the front of a path. Nothing: the path ends here.
std::optional<std::string_view> next_segment(std::string_view& path) {
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool plain(std::string_view segment, std::size_t bytes_max) {
  return !segment.empty() && segment.size() <= bytes_max &&
         std::ranges::all_of(segment, [](char c) {
           return bridge::http::is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
         });
}

// A whole number from 1.
std::optional<std::uint32_t> count_in(std::optional<std::string_view> segment) {
  if (!segment || segment->empty() || segment->front() == '0') return {};
  std::uint32_t count = 0;
  const char* end = segment->data() + segment->size();
  const auto [read_to, error] = std::from_chars(segment->data(), end, count);
  if (error != std::errc{} || read_to != end) return {};
  return count;
}

std::optional<Route::Kind> kind_of(std::string_view name, bool with_token) {
  using Kind = Route::Kind;
  if (name == "outbound-call") return with_token ? Kind::voice : Kind::outside_voice;
  if (name == "call-status") return with_token ? Kind::status : Kind::outside_status;
  if (name == "media-stream" && !with_token) return Kind::media_stream;
  if (!with_token) return {};
  if (name == "survey-answer") return Kind::answer;
  if (name == "answering-machine") return Kind::answering_machine;
  if (name == "recording") return Kind::recording;
  if (name == "stream-status") return Kind::stream_status;
  if (name == "after-stream") return Kind::after_stream;
  if (name == "after-transfer") return Kind::after_transfer;
  if (name == "transfer-status") return Kind::transfer_status;
  if (name == "fallback") return Kind::fallback;
  return {};
}

}  // namespace

std::optional<Route> route_of(std::string_view path) {
  if (path == "/") return Route{};
  // The one that people write into files of their own, with a slash at its end or without.
  if (path == "/media-stream/") path.remove_suffix(1);
  const auto name = next_segment(path);
  const auto token = next_segment(path);
  if (!name) return {};
  const auto kind = kind_of(*name, token.has_value());
  if (!kind || (token && !plain(*token, token_bytes_max))) return {};
  Route route{.kind = *kind, .token = token.value_or(std::string_view{})};
  if (*kind == Route::Kind::answer) {
    const auto question = next_segment(path);
    const auto turn = count_in(next_segment(path));
    if (!question || !turn || !plain(*question, question_bytes_max)) return {};
    route.question = *question;
    route.turn = *turn;
  }
  if (*kind == Route::Kind::transfer_status) {
    const auto human = count_in(next_segment(path));
    if (!human) return {};
    route.human = *human;
  }
  if (!path.empty()) return {};
  return route;
}

}  // namespace webhook
