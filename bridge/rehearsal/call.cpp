#include "bridge/rehearsal/call.hpp"

#include <algorithm>
#include <charconv>

namespace bridge::rehearsal {
namespace {

constexpr std::size_t inline_twiml_max = 4000;

bool is_number(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

// Reads the parameters of one order; holds the first error.
struct Reader {
  const Fields& form;
  std::optional<ApiError> bad{};

  void refuse(int code, std::string message) {
    if (!bad) bad = ApiError{.status = 400, .code = code, .message = std::move(message)};
  }

  Callback callback(std::string_view url_name, std::string_view method_name) {
    Callback callback{.url = std::string(value_of(form, url_name))};
    const auto method = find(form, method_name).value_or("POST");
    callback.by_get = method == "GET";
    if (method != "POST" && method != "GET") {
      refuse(21209, std::string(method_name) + " must be GET or POST");
    }
    if (!callback.url.empty() && !read_url(callback.url)) {
      refuse(21205, std::string(url_name) +
                        " is not a valid URL (a rehearsal reaches absolute http URLs only)");
    }
    return callback;
  }

  std::chrono::seconds seconds(std::string_view name, std::chrono::seconds otherwise, int most,
                               int code) {
    const auto text = find(form, name);
    if (!text) return otherwise;
    int number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size() || number < 1 || number > most) {
      refuse(code, std::string(name) + " is not valid");
    }
    return std::chrono::seconds(std::min(number, most));
  }

  void events(Order& order) {
    if (!find(form, "StatusCallbackEvent")) return;
    order.on_completed = false;
    for (const Field& field : form) {
      if (field.name != "StatusCallbackEvent") continue;
      if (field.value == "initiated") {
        order.on_initiated = true;
      } else if (field.value == "ringing") {
        order.on_ringing = true;
      } else if (field.value == "answered") {
        order.on_answered = true;
      } else if (field.value == "completed") {
        order.on_completed = true;
      } else {
        refuse(21626, "StatusCallbackEvent is not valid");
      }
    }
  }

  void detection(Order& order) {
    const auto mode = find(form, "MachineDetection");
    if (!mode) return;
    if (*mode == "Enable") {
      order.detection = Order::Detection::start;
    } else if (*mode == "DetectMessageEnd") {
      order.detection = Order::Detection::message_end;
    } else {
      refuse(21234, "MachineDetection must be Enable or DetectMessageEnd");
    }
    order.detection_async = value_of(form, "AsyncAmd") == "true";
    order.detected = callback("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod");
  }
};

void append_text(std::string& out, std::string_view name, std::string_view value) {
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
    append_text(out, name, value);
  }
}

std::string date_of(const std::optional<net::Instant>& at) {
  return at ? rfc2822(*at) : "";
}

}  // namespace

std::string error_json(const ApiError& error) {
  const std::string code = std::to_string(error.code);
  std::string out = "{\"code\":" + code + ",\"message\":";
  append_json_string(out, error.message);
  out += ",\"more_info\":\"https://www.twilio.com/docs/errors/" + code +
         "\",\"status\":" + std::to_string(error.status) + "}";
  return out;
}

std::variant<Order, ApiError> read_order(const Fields& form) {
  Reader read{form};
  Order order;
  order.to = value_of(form, "To");
  order.from = value_of(form, "From");
  if (order.to.empty()) read.refuse(21201, "No 'To' number is specified");
  if (order.from.empty()) read.refuse(21213, "No 'From' number is specified");
  if (!is_number(order.to)) read.refuse(21211, "The 'To' number is not valid");
  if (!is_number(order.from)) read.refuse(21212, "The 'From' number is not valid");
  if (order.to == order.from) read.refuse(21211, "'To' and 'From' are the same number");
  order.document = read.callback("Url", "Method");
  if (order.document.url.empty()) order.inline_twiml = value_of(form, "Twiml");
  if (order.inline_twiml.size() > inline_twiml_max) {
    read.refuse(32018, "The 'Twiml' parameter is longer than 4000 characters");
  }
  if (order.document.url.empty() && order.inline_twiml.empty()) {
    read.refuse(21205, "Url parameter is required");
  }
  order.fallback = read.callback("FallbackUrl", "FallbackMethod");
  order.status = read.callback("StatusCallback", "StatusCallbackMethod");
  read.events(order);
  order.ring_time = read.seconds("Timeout", order.ring_time, 600, 21208);
  order.time_limit = read.seconds("TimeLimit", order.time_limit, 86'400, 21208);
  read.detection(order);
  if (read.bad) return *std::move(read.bad);
  return order;
}

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

void append_call_json(std::string& out, const Call& call, std::string_view account_sid) {
  const std::string address =
      "/2010-04-01/Accounts/" + std::string(account_sid) + "/Calls/" + call.sid;
  out += '{';
  append_text(out, "sid", call.sid);
  append_text(out, "account_sid", account_sid);
  append_null(out, "parent_call_sid");
  append_text(out, "to", call.order.to);
  append_text(out, "to_formatted", call.order.to);
  append_text(out, "from", call.order.from);
  append_text(out, "from_formatted", call.order.from);
  append_null(out, "phone_number_sid");
  append_text(out, "status", resource_name(call.status));
  append_text_or_null(out, "start_time", date_of(call.initiated_at));
  append_text_or_null(out, "end_time", date_of(call.ended_at));
  append_text_or_null(
      out, "duration",
      call.answered_at && call.ended_at ? std::to_string(call.talk_time().count()) : std::string());
  append_null(out, "price");
  append_text(out, "price_unit", "USD");
  append_text(out, "direction", "outbound-api");
  append_text_or_null(out, "answered_by", std::string(call.answered_by));
  append_text(out, "api_version", "2010-04-01");
  append_null(out, "forwarded_from");
  append_null(out, "group_sid");
  append_null(out, "caller_name");
  append_text(out, "queue_time", std::to_string(call.queue_time.count()));
  append_null(out, "trunk_sid");
  append_text(out, "date_created", rfc2822(call.accepted_at));
  append_text(out, "date_updated", rfc2822(call.updated_at));
  append_text(out, "uri", address + ".json");
  out += "\"subresource_uris\":{";
  append_text(out, "recordings", address + "/Recordings.json");
  append_text(out, "notifications", address + "/Notifications.json");
  append_text(out, "streams", address + "/Streams.json");
  out.back() = '}';
  out += '}';
}

}  // namespace bridge::rehearsal
