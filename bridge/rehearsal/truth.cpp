#include "bridge/rehearsal/truth.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <optional>
#include <unordered_map>
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

void append_count(std::string& out, std::string_view name, std::uint64_t count) {
  out.append(",\"").append(name).append("\":").append(std::to_string(count));
}

// What the program told the voice model about the items that it cut, by item.
using CutItems = std::unordered_map<std::string, VoiceSession::Truncated>;
CutItems cut_items(const VoiceServer& voice) {
  CutItems items;
  for (const auto& talk : voice.truths()) {
    for (const auto& each : talk->truncated) items[each.item] = each;
  }
  return items;
}

// Where the program stopped its agent: how much of the item the person had heard by then, and how
// much the program told the model.
void append_cuts(std::string& out, const StreamTruth& stream, const CutItems& told) {
  out += ",\"cuts\":[";
  for (const auto& each : stream.cuts) {
    if (out.back() == '}') out += ',';
    out += "{\"at_ms\":" + instant(each.at);
    append_member(out, "item", each.label);
    append_count(out, "heard_ms", each.heard_ms);
    const auto found = told.find(each.label);
    out += ",\"told_ms\":" +
           (found == told.end() ? std::string("null") : std::to_string(found->second.heard_ms));
    out += '}';
  }
  out += ']';
}

void append_lines(std::string& out, const StreamTruth& stream) {
  out += ",\"said\":[";
  for (const auto& line : stream.lines) {
    if (out.back() == '}') out += ',';
    out += "{\"at_ms\":" + instant(line.at);
    append_member(out, "by", line.by_person ? "person" : "program");
    append_member(out, "words", line.text);
    out += '}';
  }
  out += ']';
}

void append_streams(std::string& out, const Call& call, const CutItems& told, bool tell_words) {
  out += ",\"streams\":[";
  for (const auto& stream : call.streams) {
    if (out.back() == '}') out += ',';
    out += "{\"sid\":\"" + stream->stream_sid + "\"";
    const bool opened = stream->began != net::Instant{};
    out += ",\"began_at_ms\":" + (opened ? instant(stream->began) : std::string("null"));
    out += ",\"ended_at_ms\":" + instant(stream->ended);
    out += ",\"first_sound_at_ms\":" + instant(stream->first_sound);
    out += ",\"last_sound_at_ms\":" + instant(stream->last_sound);
    out += ",\"error_code\":" + std::to_string(stream->error_code);
    append_count(out, "frames_sent", stream->frames_sent);
    append_count(out, "media_received", stream->media_received);
    append_count(out, "sound_ms", stream->sound_ms);
    append_count(out, "marks", stream->marks);
    append_count(out, "clears", stream->clears);
    append_count(out, "invalid", stream->invalid);
    append_count(out, "binary", stream->binary);
    append_count(out, "overflows", stream->overflows);
    append_count(out, "words_heard", stream->person.words_heard);
    append_count(out, "turns", stream->person.turns);
    append_count(out, "interruptions", stream->person.interruptions);
    append_count(out, "keys", stream->person.keys);
    append_count(out, "silent_ms", stream->person.silent_ms);
    append_count(out, "spoke_until_ms", stream->person.spoke_until_ms);
    append_count(out, "pressed_at_ms", stream->person.pressed_at_ms);
    append_cuts(out, *stream, told);
    if (tell_words) append_lines(out, *stream);
    out += '}';
  }
  out += ']';
}

void append_voice(std::string& out, const VoiceServer& voice) {
  VoiceSession::Counts sum;
  std::uint64_t truncated = 0;
  std::uint64_t too_far = 0;
  std::uint64_t open = 0;
  for (const auto& talk : voice.truths()) {
    sum.responses += talk->counts.responses;
    sum.interrupted += talk->counts.interrupted;
    sum.turns += talk->counts.turns;
    sum.tool_calls += talk->counts.tool_calls;
    sum.errors += talk->counts.errors;
    truncated += talk->truncated.size();
    for (const auto& each : talk->truncated) too_far += each.refused ? 1U : 0U;
    open += talk->ended ? 0U : 1U;
  }
  out += "\"voice\":{\"sessions\":" + std::to_string(voice.truths().size());
  append_count(out, "open", open);
  append_count(out, "refused", voice.refused());
  append_count(out, "responses", sum.responses);
  append_count(out, "interrupted", sum.interrupted);
  append_count(out, "turns", sum.turns);
  append_count(out, "tool_calls", sum.tool_calls);
  append_count(out, "errors", sum.errors);
  append_count(out, "truncated", truncated);
  append_count(out, "truncated_too_far", too_far);
  out += '}';
}

}  // namespace

std::string about_json(const CarrierOptions& options, Invented invented, Ports ports,
                       net::Instant now) {
  std::string out = "{\"clock_port\":" + std::to_string(ports.clock);
  out += ",\"voice_port\":" + std::to_string(ports.voice);
  append_member(out, "account_sid", options.account_sid);
  if (invented.auth_token) append_member(out, "auth_token", options.auth_token);
  append_member(out, "api_key", options.api_key);
  if (invented.api_secret) append_member(out, "api_secret", options.api_secret);
  // A string: JSON's numbers end at 2^53.
  append_member(out, "seed", std::to_string(options.seed));
  out += ",\"now_ms\":" + std::to_string(milliseconds_of(now));
  append_member(out, "time", ports.clock != 0 ? "jumps" : "speed");
  std::array<char, 32> speed{};
  const auto [end, error] = std::to_chars(speed.data(), speed.data() + speed.size(), options.speed);
  assert(error == std::errc{});
  static_cast<void>(error);
  out += ",\"speed\":" + std::string(speed.data(), end) + "}";
  return out;
}

std::string truth_json(const CallBook& book, const Counters& counters, const VoiceServer& voice,
                       bool tell_acknowledged) {
  const CutItems cut = cut_items(voice);
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
    if (!call->streams.empty()) append_streams(out, *call, cut, tell_acknowledged);
    if (tell_acknowledged) append_acknowledged(out, *call);
    out += '}';
  }
  out += "\n],";
  append_voice(out, voice);
  out += ",\"counters\":{";
  const std::array<std::pair<std::string_view, std::uint64_t>, 15> all{{
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
      {"streams_asked", counters.streams_asked},
      {"streams_opened", counters.streams_opened},
      {"streams_refused", counters.streams_refused},
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
