#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/carrier/carrier.hpp"

// The JSON that the carrier answers with (protocols.md 1.3, 1.6, 1.7). Every number in it is a
// string, and every field but sid and status may be null or missing.
namespace bridge::carrier {

// Whether it is the sid of such a thing: two letters and 32 lower-case hex digits, which may stand
// in a path without escaping.
bool is_sid(std::string_view text, std::string_view prefix);

// One call; nothing: no JSON object with a call's sid and a status.
std::optional<CallRecord> read_call(const std::string& body);

// What the answer to an order says. Its sid alone is enough: the call is there.
struct CreatedCall {
  std::string sid{};
  std::optional<std::chrono::milliseconds> queue_time{};
};
std::optional<CreatedCall> read_created_call(const std::string& body);

// One page of a list. `next`: where it goes on, empty on the last one.
struct CallPage {
  std::vector<CallRecord> calls{};
  std::string next{};
};
// Nothing: no list, or one with a call in it that cannot be read.
std::optional<CallPage> read_call_page(const std::string& body);

// The carrier's own error code; 0 where the body has none.
int read_error_code(const std::string& body);

// "-0.00850" as 8,500 millionths that a call cost; the carrier writes costs as negatives. What goes
// beyond millionths is rounded. Nothing: no such number.
std::optional<std::int64_t> cost_millionths(std::string_view price);

}  // namespace bridge::carrier
