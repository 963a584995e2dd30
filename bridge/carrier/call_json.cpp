#include "bridge/carrier/call_json.hpp"

#include <simdjson.h>

#include <charconv>
#include <utility>

#include "bridge/carrier/rfc2822.hpp"

namespace bridge::carrier {
namespace {

using simdjson::dom::element;

// A string member; empty where it is missing, null or something else.
std::string text_of(const element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

// A whole number of seconds or milliseconds, written as a string; never negative.
template <class Duration>
std::optional<Duration> duration_of(const element& object, const char* name) {
  const std::string text = text_of(object, name);
  long long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  // Beyond a year it is no duration of a call.
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || count < 0 ||
      count > 31'536'000'000) {
    return {};
  }
  return Duration(count);
}

std::optional<CallRecord> record_of(const element& object) {
  CallRecord call;
  call.sid = text_of(object, "sid");
  call.status = text_of(object, "status");
  if (!is_sid(call.sid, "CA") || call.status.empty()) return {};
  call.to = text_of(object, "to");
  call.from = text_of(object, "from");
  call.direction = text_of(object, "direction");
  call.parent = text_of(object, "parent_call_sid");
  call.answered_by = text_of(object, "answered_by");
  call.date_created = parse_rfc2822(text_of(object, "date_created"));
  call.start_time = parse_rfc2822(text_of(object, "start_time"));
  call.end_time = parse_rfc2822(text_of(object, "end_time"));
  call.duration = duration_of<std::chrono::seconds>(object, "duration");
  call.queue_time = duration_of<std::chrono::milliseconds>(object, "queue_time");
  call.cost_millionths = cost_millionths(text_of(object, "price"));
  if (call.cost_millionths) call.price_unit = text_of(object, "price_unit");
  return call;
}

}  // namespace

bool is_sid(std::string_view text, std::string_view prefix) {
  if (text.size() != 34 || !text.starts_with(prefix)) return false;
  return text.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

std::optional<CallRecord> read_call(const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return {};
  return record_of(root);
}

std::optional<CreatedCall> read_created_call(const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return {};
  CreatedCall call{.sid = text_of(root, "sid"),
                   .queue_time = duration_of<std::chrono::milliseconds>(root, "queue_time")};
  if (!is_sid(call.sid, "CA")) return {};
  return call;
}

std::optional<CallPage> read_call_page(const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::array calls;
  if (parser.parse(body).get(root) != simdjson::SUCCESS ||
      root["calls"].get(calls) != simdjson::SUCCESS) {
    return {};
  }
  CallPage page;
  for (const element call : calls) {
    auto record = record_of(call);
    if (!record) return {};
    page.calls.push_back(std::move(*record));
  }
  page.next = text_of(root, "next_page_uri");
  return page;
}

int read_error_code(const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  std::int64_t code = 0;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return 0;
  if (root["code"].get(code) != simdjson::SUCCESS || code < 0 || code > 999'999) return 0;
  return static_cast<int>(code);
}

std::optional<std::int64_t> cost_millionths(std::string_view price) {
  const bool cost = price.starts_with('-');
  if (cost) price.remove_prefix(1);
  const std::string_view whole = price.substr(0, price.find('.'));
  const std::string_view fraction =
      whole.size() == price.size() ? std::string_view{} : price.substr(whole.size() + 1);
  constexpr std::string_view digits = "0123456789";
  if (whole.empty() || whole.size() > 9 || fraction.size() > 30 ||
      whole.find_first_not_of(digits) != std::string_view::npos ||
      fraction.find_first_not_of(digits) != std::string_view::npos) {
    return {};
  }
  std::int64_t millionths = 0;
  for (const char c : whole) millionths = millionths * 10 + (c - '0');
  for (std::size_t i = 0; i < 6; ++i) {
    millionths = millionths * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  if (fraction.size() > 6 && fraction[6] >= '5') ++millionths;
  return cost ? millionths : -millionths;
}

}  // namespace bridge::carrier
