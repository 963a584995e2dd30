#include "bridge/rehearsal/call.hpp"

#include <array>
#include <cstdio>

namespace bridge::rehearsal {
namespace {

// A minute of an invented price, in millionths of a dollar, and when it is known.
constexpr std::int64_t minute_price = 14'000;
constexpr std::chrono::seconds pricing_time{90};

void append_text_member(std::string& out, std::string_view name, std::string_view value) {
  out.append("\"").append(name).append("\":");
  append_json_string(out, value);
  out += ',';
}

void append_null(std::string& out, std::string_view name) {
  out.append("\"").append(name).append("\":null,");
}

void append_text_or_null(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) {
    append_null(out, name);
  } else {
    append_text_member(out, name, value);
  }
}

std::string date_of(const std::optional<net::Instant>& at) {
  return at ? rfc2822(*at) : "";
}

// "-0.01400"; empty for a call that costs nothing, or not yet.
std::string price_of(const Call& call, net::Instant now) {
  const std::int64_t seconds = call.talk_time().count();
  if (seconds == 0 || now < *call.ended_at + pricing_time) return {};
  const std::int64_t price = (seconds + 59) / 60 * minute_price;
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "-%lld.%05lld",
                                   static_cast<long long>(price / 1'000'000),
                                   static_cast<long long>(price % 1'000'000 / 10));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string_view callback_name(Status status) {
  switch (status) {
    case Status::queued:
      return "queued";
    case Status::initiated:
      return "initiated";
    case Status::ringing:
      return "ringing";
    case Status::in_progress:
      return "in-progress";
    case Status::completed:
      return "completed";
    case Status::busy:
      return "busy";
    case Status::failed:
      return "failed";
    case Status::no_answer:
      return "no-answer";
    case Status::canceled:
      return "canceled";
  }
  return {};
}

std::string_view resource_name(Status status) {
  return callback_name(status == Status::initiated ? Status::queued : status);
}

bool is_over(Status status) {
  return status >= Status::completed;
}

std::chrono::seconds Call::talk_time() const {
  if (!answered_at || !ended_at) return std::chrono::seconds(0);
  return std::chrono::ceil<std::chrono::seconds>(*ended_at - *answered_at);
}

std::string recording_sid(const Call& call) {
  return "RE" + hex_from(0, call.sid, 0, 32);
}

void append_call_json(std::string& out, const Call& call, std::string_view account_sid,
                      net::Instant now) {
  const std::string address =
      "/2010-04-01/Accounts/" + std::string(account_sid) + "/Calls/" + call.sid;
  out += '{';
  append_text_member(out, "sid", call.sid);
  append_text_member(out, "account_sid", account_sid);
  append_null(out, "parent_call_sid");
  append_text_member(out, "to", call.order.to);
  append_text_member(out, "to_formatted", call.order.to);
  append_text_member(out, "from", call.order.from);
  append_text_member(out, "from_formatted", call.order.from);
  append_text_member(out, "phone_number_sid", "PN" + hex_from(0, call.order.from, 0, 32));
  append_text_member(out, "status", resource_name(call.status));
  append_text_or_null(out, "start_time", date_of(call.initiated_at));
  append_text_or_null(out, "end_time", date_of(call.ended_at));
  append_text_or_null(
      out, "duration",
      call.answered_at && call.ended_at ? std::to_string(call.talk_time().count()) : std::string());
  append_text_or_null(out, "price", price_of(call, now));
  append_text_member(out, "price_unit", "USD");
  append_text_member(out, "direction", "outbound-api");
  append_text_or_null(out, "answered_by", std::string(call.answered_by));
  append_text_member(out, "api_version", "2010-04-01");
  append_null(out, "forwarded_from");
  append_null(out, "group_sid");
  append_null(out, "caller_name");
  append_text_member(out, "queue_time", std::to_string(call.queue_time.count()));
  append_null(out, "trunk_sid");
  append_text_member(out, "date_created", rfc2822(call.accepted_at));
  append_text_member(out, "date_updated", rfc2822(call.updated_at));
  append_text_member(out, "uri", address + ".json");
  out += "\"subresource_uris\":{";
  append_text_member(out, "recordings", address + "/Recordings.json");
  append_text_member(out, "notifications", address + "/Notifications.json");
  append_text_member(out, "streams", address + "/Streams.json");
  out.back() = '}';
  out += '}';
}

}  // namespace bridge::rehearsal
