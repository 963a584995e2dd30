#include "bridge/rehearsal/stream_messages.hpp"

#include <initializer_list>
#include <nlohmann/json.hpp>

#include "bridge/rehearsal/wire.hpp"

namespace bridge::rehearsal {
namespace {

using nlohmann::json;

// Exactly these members.
bool is_of(const json& object, std::initializer_list<const char*> names) {
  if (!object.is_object() || object.size() != names.size()) return false;
  for (const char* name : names) {
    if (!object.contains(name)) return false;
  }
  return true;
}

void add_text_member(std::string& out, std::string_view name, std::string_view value) {
  out.append("\"").append(name).append("\":");
  append_json_string(out, value);
}

}  // namespace

std::string StreamWriter::begin(std::string_view event) {
  std::string out = "{";
  add_text_member(out, "event", event);
  out += ',';
  add_text_member(out, "sequenceNumber", std::to_string(++sequence_));
  out += ',';
  add_text_member(out, "streamSid", stream_sid_);
  return out;
}

std::string StreamWriter::connected() {
  return R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
}

std::string StreamWriter::start(
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string out = begin("start") + ",\"start\":{";
  add_text_member(out, "streamSid", stream_sid_);
  out += ',';
  add_text_member(out, "accountSid", account_sid_);
  out += ',';
  add_text_member(out, "callSid", call_sid_);
  out += R"(,"tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,)"
         R"("channels":1},"customParameters":{)";
  for (const auto& [name, value] : parameters) {
    if (out.back() != '{') out += ',';
    add_text_member(out, name, value);
  }
  return out + "}}}";
}

std::string StreamWriter::media(std::string_view sound, std::uint64_t at_ms, bool with_news) {
  std::string out = begin("media") + ",\"media\":{\"track\":\"inbound\",";
  add_text_member(out, "chunk", std::to_string(++chunk_));
  out += ',';
  add_text_member(out, "timestamp", std::to_string(at_ms));
  if (with_news) out += R"(,"loudness":{"peak":0.25,"of":["left",null]})";
  return out + ",\"payload\":\"" + base64(sound) + "\"}}";
}

std::string StreamWriter::dtmf(char key) {
  std::string out = begin("dtmf") + R"(,"dtmf":{"track":"inbound_track",)";
  add_text_member(out, "digit", std::string_view(&key, 1));
  return out + "}}";
}

std::string StreamWriter::mark(std::string_view name) {
  std::string out = begin("mark") + ",\"mark\":{";
  add_text_member(out, "name", name);
  return out + "}}";
}

std::string StreamWriter::stop() {
  std::string out = begin("stop") + ",\"stop\":{";
  add_text_member(out, "accountSid", account_sid_);
  out += ',';
  add_text_member(out, "callSid", call_sid_);
  return out + "}}";
}

std::string StreamWriter::news() {
  return begin("weather") + R"(,"weather":{"media":{"payload":"bm90IHNvdW5k"},"mark":null}})";
}

FromProgram read_from_program(std::string_view message, std::string_view stream_sid) {
  const json event = json::parse(message, nullptr, false);
  if (!event.is_object()) return InvalidMessage{"not a JSON object"};
  if (!event.contains("event") || !event["event"].is_string()) return InvalidMessage{"no event"};
  if (!event.contains("streamSid") || event["streamSid"] != stream_sid) {
    return InvalidMessage{"another streamSid"};
  }
  const auto& name = event["event"].get_ref<const std::string&>();
  if (name == "clear") {
    if (!is_of(event, {"event", "streamSid"})) return InvalidMessage{"clear"};
    return ClearAll{};
  }
  if (name == "mark") {
    if (!is_of(event, {"event", "streamSid", "mark"}) || !is_of(event["mark"], {"name"}) ||
        !event["mark"]["name"].is_string()) {
      return InvalidMessage{"mark"};
    }
    auto mark = event["mark"]["name"].get<std::string>();
    if (mark.empty()) return InvalidMessage{"mark"};
    return MarkThis{std::move(mark)};
  }
  if (name == "media") {
    if (!is_of(event, {"event", "streamSid", "media"}) || !is_of(event["media"], {"payload"}) ||
        !event["media"]["payload"].is_string()) {
      return InvalidMessage{"media"};
    }
    auto sound = read_base64(event["media"]["payload"].get_ref<const std::string&>());
    if (!sound || sound->empty()) return InvalidMessage{"media: no base64"};
    return PlayThis{std::move(*sound)};
  }
  return InvalidMessage{"unknown event"};
}

}  // namespace bridge::rehearsal
