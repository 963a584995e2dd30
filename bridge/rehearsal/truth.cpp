#include "bridge/rehearsal/truth.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <optional>
#include <utility>

#include "bridge/rehearsal/clock_lines.hpp"

namespace bridge::rehearsal {
namespace {

std::string instant(const std::optional<net::Instant>& when) {
  return when ? std::to_string(milliseconds_of(*when)) : std::string("null");
}

void append_member(std::string& out, std::string_view name, const std::string& text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_acknowledged(std::string& out, const Call& call) {
  out += ",\"acknowledged\":[";
  for (const auto& each : call.acknowledged) {
    if (out.back() == '}') out += ',';
    out += "{\"at_ms\":" + std::to_string(milliseconds_of(each.at));
    append_member(out, "what", each.what);
    append_member(out, "said", each.said);
    out += '}';
  }
  out += ']';
}

}  // namespace

std::string about_json(const CarrierOptions& options, Invented invented, std::uint16_t clock_port,
                       net::Instant now) {
  std::string out = "{\"clock_port\":" + std::to_string(clock_port);
  append_member(out, "account_sid", options.account_sid);
  if (invented.auth_token) append_member(out, "auth_token", options.auth_token);
  append_member(out, "api_key", options.api_key);
  if (invented.api_secret) append_member(out, "api_secret", options.api_secret);
  // A string: JSON's numbers end at 2^53.
  append_member(out, "seed", std::to_string(options.seed));
  out += ",\"now_ms\":" + std::to_string(milliseconds_of(now));
  append_member(out, "time", clock_port != 0 ? "jumps" : "speed");
  std::array<char, 32> speed{};
  const auto [end, error] = std::to_chars(speed.data(), speed.data() + speed.size(), options.speed);
  assert(error == std::errc{});
  static_cast<void>(error);
  out += ",\"speed\":" + std::string(speed.data(), end) + "}";
  return out;
}

std::string truth_json(const CallBook& book, const Counters& counters, bool tell_acknowledged) {
  std::string out = "{\"calls\":[";
  for (const auto& call : book.all()) {
    if (out.back() == '}') out += ',';
    out += "\n{\"sid\":\"" + call->sid + "\",\"to\":\"" + call->order.to + "\",\"from\":\"" +
           call->order.from + "\"";
    append_member(out, "url", call->order.document.url);
    out += ",\"ordinal\":" + std::to_string(call->ordinal);
    out += ",\"accepted_at_ms\":" + instant(call->accepted_at);
    out += ",\"ringing_at_ms\":" + instant(call->ringing_at);
    out += ",\"answered_at_ms\":" + instant(call->answered_at);
    out += ",\"ended_at_ms\":" + instant(call->ended_at);
    out += ",\"status\":\"" + std::string(callback_name(call->status)) + "\"";
    out += ",\"duration_s\":" + std::to_string(call->talk_time().count());
    out += ",\"error_code\":" + std::to_string(call->error_code);
    if (tell_acknowledged) append_acknowledged(out, *call);
    out += '}';
  }
  out += "\n],\"counters\":{";
  const std::array<std::pair<std::string_view, std::uint64_t>, 12> all{{
      {"orders", counters.orders},
      {"orders_faulted", counters.orders_faulted},
      {"callbacks_due", counters.callbacks_due},
      {"callbacks_lost", counters.callbacks_lost},
      {"callbacks_delayed", counters.callbacks_delayed},
      {"callbacks_doubled", counters.callbacks_doubled},
      {"callbacks_delivered", counters.callbacks_delivered},
      {"callbacks_undelivered", counters.callbacks_undelivered},
      {"callbacks_refused", counters.callbacks_refused},
      {"documents_asked", counters.documents_asked},
      {"documents_failed", counters.documents_failed},
      {"webhooks_retried", counters.webhooks_retried},
  }};
  for (const auto& [name, count] : all) {
    out.append("\n\"").append(name).append("\":").append(std::to_string(count)).append(",");
  }
  out.back() = '}';
  out += "}\n";
  return out;
}

}  // namespace bridge::rehearsal
