#include "bridge/rehearsal/order.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace bridge::rehearsal {
namespace {

constexpr std::size_t inline_twiml_max = 4000;
constexpr std::size_t send_digits_max = 32;

bool is_number(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

// Numbers to which Twilio's test credentials refuse a call, each with its own error. Nobody has
// them, so here they do the same.
struct RefusedNumber {
  std::string_view number{};
  int code = 0;
  std::string_view message{};
};
constexpr std::array<RefusedNumber, 4> refused_numbers{{
    {"+15005550001", 21217, "Phone number does not appear to be valid"},
    {"+15005550002", 21214, "'To' phone number cannot be reached"},
    {"+15005550003", 21215,
     "Account not authorized to call this number: international permissions"},
    {"+15005550004", 21216, "Account not allowed to call this number: it is on the blocklist"},
}};

// Reads the parameters of one request; holds the first error.
struct OrderReader {
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
    if (callback.url.empty()) return callback;
    const auto url = read_url(callback.url);
    // A status callback's host may hold no underscore.
    const bool underscore = url && url->host.find('_') != std::string::npos;
    if (url_name == "StatusCallback" && (!url || underscore)) {
      refuse(21609, "The 'StatusCallback' URL is not valid");
    } else if (!url) {
      refuse(21205, std::string(url_name) + " is not a valid URL");
    }
    return callback;
  }

  std::chrono::seconds seconds(std::string_view name, std::chrono::seconds otherwise, int least,
                               int most, int code) {
    const auto text = find(form, name);
    if (!text) return otherwise;
    int number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size() || number < least ||
        number > most) {
      refuse(code, std::string(name) + " is not valid");
    }
    return std::chrono::seconds(std::clamp(number, least, most));
  }

  bool boolean(std::string_view name) { return value_of(form, name) == "true"; }

  // Every word of a list that is given as one value, as several of one name, or as both.
  template <class F>
  void each_word(std::string_view name, F take) {
    for (const Field& field : form) {
      if (field.name != name) continue;
      std::string_view rest = field.value;
      while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (!word.empty()) take(word);
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
      }
    }
  }

  void events(Order& order) {
    if (!find(form, "StatusCallbackEvent")) return;
    order.on_completed = false;
    each_word("StatusCallbackEvent", [&](std::string_view word) {
      if (word == "initiated") {
        order.on_initiated = true;
      } else if (word == "ringing") {
        order.on_ringing = true;
      } else if (word == "answered") {
        order.on_answered = true;
      } else if (word == "completed") {
        order.on_completed = true;
      } else {
        refuse(21626, "StatusCallbackEvent is not valid");
      }
    });
  }

  void detection(Order& order) {
    const std::string_view keys = value_of(form, "SendDigits");
    if (keys.size() > send_digits_max ||
        keys.find_first_not_of("0123456789ABCD#*wW") != std::string_view::npos) {
      refuse(21206, "SendDigits is not valid");
    }
    const auto mode = find(form, "MachineDetection");
    if (!mode) return;
    if (*mode == "Enable") {
      order.detection = Order::Detection::start;
    } else if (*mode == "DetectMessageEnd") {
      order.detection = Order::Detection::message_end;
    } else {
      refuse(21234, "MachineDetection must be Enable or DetectMessageEnd");
    }
    if (!keys.empty()) order.detection = Order::Detection::off;
    order.detection_async = boolean("AsyncAmd");
    order.detected = callback("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod");
    order.detection_time_max =
        seconds("MachineDetectionTimeout", order.detection_time_max, 3, 59, 21234);
  }

  void recording(Order& order) {
    order.record = boolean("Record");
    order.record_dual = value_of(form, "RecordingChannels") == "dual";
    order.recording = callback("RecordingStatusCallback", "RecordingStatusCallbackMethod");
    if (!find(form, "RecordingStatusCallbackEvent")) return;
    order.on_recording_completed = false;
    each_word("RecordingStatusCallbackEvent", [&](std::string_view word) {
      order.on_recording_started |= word == "in-progress";
      order.on_recording_completed |= word == "completed";
      order.on_recording_absent |= word == "absent";
    });
  }

  std::string twiml() {
    std::string twiml(value_of(form, "Twiml"));
    if (twiml.size() > inline_twiml_max) {
      refuse(32018, "The 'Twiml' parameter is longer than 4000 characters");
    }
    return twiml;
  }
};

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
  OrderReader read{form};
  Order order;
  order.to = value_of(form, "To");
  order.from = value_of(form, "From");
  if (order.to.empty()) read.refuse(21201, "No 'To' number is specified");
  if (order.from.empty()) read.refuse(21213, "No 'From' number is specified");
  if (!is_number(order.to)) {
    read.refuse(21211,
                "The phone number you are attempting to call, " + order.to + ", is not valid.");
  }
  if (!is_number(order.from)) {
    read.refuse(21212, "The source phone number provided, " + order.from + ", is not valid.");
  }
  if (order.to == order.from) read.refuse(21211, "'To' and 'From' are the same number");
  const auto* refused = std::ranges::find(refused_numbers, order.to, &RefusedNumber::number);
  if (refused != refused_numbers.end()) read.refuse(refused->code, std::string(refused->message));
  if (find(form, "ApplicationSid")) {
    read.refuse(21218, "ApplicationSid is not valid: a rehearsal has no applications");
  }
  order.document = read.callback("Url", "Method");
  if (order.document.url.empty()) order.inline_twiml = read.twiml();
  if (order.document.url.empty() && order.inline_twiml.empty()) {
    read.refuse(21205, "Url parameter is required");
  }
  order.fallback = read.callback("FallbackUrl", "FallbackMethod");
  order.status = read.callback("StatusCallback", "StatusCallbackMethod");
  read.events(order);
  order.ring_time = read.seconds("Timeout", order.ring_time, 1, 600, 21208);
  order.time_limit = read.seconds("TimeLimit", order.time_limit, 1, 86'400, 21208);
  read.detection(order);
  read.recording(order);
  if (read.bad) return *std::move(read.bad);
  return order;
}

std::variant<Update, ApiError> read_update(const Fields& form) {
  OrderReader read{form};
  Update update;
  const std::string_view status = value_of(form, "Status");
  if (status == "canceled") {
    update.end = Update::End::cancel;
  } else if (status == "completed") {
    update.end = Update::End::complete;
  } else if (!status.empty()) {
    read.refuse(20001, "Status must be canceled or completed");
  }
  update.document = read.callback("Url", "Method");
  update.inline_twiml = read.twiml();
  if (!update.document.url.empty() && !update.inline_twiml.empty()) {
    read.refuse(20001, "Url and Twiml exclude each other");
  }
  if (find(form, "FallbackUrl")) update.fallback = read.callback("FallbackUrl", "FallbackMethod");
  if (find(form, "StatusCallback")) {
    update.status = read.callback("StatusCallback", "StatusCallbackMethod");
  }
  if (find(form, "TimeLimit")) {
    update.time_limit = read.seconds("TimeLimit", std::chrono::seconds(0), 1, 86'400, 21208);
  }
  if (read.bad) return *std::move(read.bad);
  return update;
}

}  // namespace bridge::rehearsal
