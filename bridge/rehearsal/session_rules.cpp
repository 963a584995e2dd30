#include "bridge/rehearsal/session_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>

namespace bridge::rehearsal {
namespace {

using nlohmann::json;

constexpr std::size_t description_bytes_max = 1024;
constexpr std::size_t tools_max = 128;
constexpr std::size_t item_text_bytes_max = 1 << 20;

std::string inside(const std::string& path, const std::string& name) {
  std::string whole = path;
  whole += '.';
  whole += name;
  return whole;
}

// Looks at one value after another; the first thing that is wrong stays.
class Inspector {
 public:
  std::optional<Refusal> refusal{};

  void refuse(std::string code, const std::string& path, const std::string& message) {
    if (!refusal) refusal = Refusal{std::move(code), message, path};
  }
  void bad_type(const std::string& path, const std::string& wanted) {
    refuse("invalid_type", path, "Invalid type for '" + path + "': expected " + wanted + ".");
  }
  void bad_value(const std::string& path) {
    refuse("invalid_value", path, "Invalid value: '" + path + "'.");
  }
  void missing(const std::string& path) {
    refuse("missing_required_parameter", path, "Missing required parameter: '" + path + "'.");
  }
  void unknown(const std::string& path) {
    refuse("unknown_parameter", path, "Unknown parameter: '" + path + "'.");
  }

  // An object with no other members than these.
  bool object(const json& value, const std::string& path,
              std::initializer_list<std::string_view> members) {
    if (!value.is_object()) {
      bad_type(path, "an object");
      return false;
    }
    for (const auto& [name, member] : value.items()) {
      if (std::ranges::find(members, name) == members.end()) unknown(inside(path, name));
    }
    return true;
  }
  void text(const json& value, const std::string& path) {
    if (!value.is_string()) bad_type(path, "a string");
  }
  void boolean(const json& value, const std::string& path) {
    if (!value.is_boolean()) bad_type(path, "a boolean");
  }
  void one_of(const json& value, const std::string& path,
              std::initializer_list<std::string_view> words) {
    if (!value.is_string()) return bad_type(path, "a string");
    if (std::ranges::find(words, value.get_ref<const std::string&>()) == words.end()) {
      bad_value(path);
    }
  }
  void number(const json& value, const std::string& path, double least, double most) {
    if (!value.is_number()) return bad_type(path, "a number");
    if (value.get<double>() < least || value.get<double>() > most) bad_value(path);
  }
  void integer(const json& value, const std::string& path, std::int64_t least, std::int64_t most) {
    if (!value.is_number_integer()) return bad_type(path, "an integer");
    if (value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) bad_value(path);
  }
  // Calls `f(member, path)` where there is one.
  template <class F>
  void with(const json& value, const std::string& path, const char* name, F f) {
    const auto found = value.find(name);
    if (found != value.end()) f(*found, path + "." + name);
  }

  void format(const json& value, const std::string& path) {
    if (!value.is_object()) return bad_type(path, "an object");
    const auto type = value.find("type");
    if (type == value.end()) return missing(path + ".type");
    one_of(*type, path + ".type", {"audio/pcm", "audio/pcmu"});
    const bool pcm = *type == "audio/pcm";
    for (const auto& [name, member] : value.items()) {
      if (name == "type") continue;
      // A rate beside mu-law is unknown, even the right one.
      if (name != "rate" || !pcm) return unknown(inside(path, name));
      integer(member, path + ".rate", 24'000, 24'000);
    }
  }

  void transcription(const json& value, const std::string& path) {
    if (value.is_null()) return;
    if (!object(value, path, {"model", "language", "prompt", "delay", "languages", "keywords"})) {
      return;
    }
    const auto model = value.find("model");
    if (model == value.end()) return missing(path + ".model");
    text(*model, path + ".model");
    if (refusal) return;
    const auto& name = model->get_ref<const std::string&>();
    const bool newer =
        name.starts_with("gpt-transcribe") || name.starts_with("gpt-live-transcribe");
    for (const char* list : {"languages", "keywords"}) {
      with(value, path, list, [&](const json& each, const std::string& at) {
        if (!newer) return unknown(at);
        if (!each.is_array()) return bad_type(at, "an array");
        for (const json& one : each) text(one, at);
      });
    }
    with(value, path, "language", [&](const json& each, const std::string& at) {
      text(each, at);
      // ISO-639-1: "it", and never "it-IT".
      if (each.is_string() && each.get_ref<const std::string&>().size() != 2) bad_value(at);
    });
    with(value, path, "prompt", [&](const json& each, const std::string& at) { text(each, at); });
  }

  void turn_detection(const json& value, const std::string& path) {
    if (value.is_null()) return;
    if (!value.is_object()) return bad_type(path, "an object");
    const auto type = value.find("type");
    if (type == value.end()) return missing(path + ".type");
    one_of(*type, path + ".type", {"server_vad", "semantic_vad"});
    if (refusal) return;
    if (*type == "server_vad") {
      object(value, path,
             {"type", "threshold", "prefix_padding_ms", "silence_duration_ms", "create_response",
              "interrupt_response", "idle_timeout_ms"});
    } else {
      object(value, path, {"type", "eagerness", "create_response", "interrupt_response"});
    }
    with(value, path, "threshold",
         [&](const json& each, const std::string& at) { number(each, at, 0, 1); });
    for (const char* name : {"prefix_padding_ms", "silence_duration_ms"}) {
      with(value, path, name,
           [&](const json& each, const std::string& at) { integer(each, at, 0, 10'000); });
    }
    for (const char* name : {"create_response", "interrupt_response"}) {
      with(value, path, name, [&](const json& each, const std::string& at) { boolean(each, at); });
    }
    with(value, path, "idle_timeout_ms", [&](const json& each, const std::string& at) {
      if (!each.is_null()) integer(each, at, 5'000, 30'000);
    });
    with(value, path, "eagerness", [&](const json& each, const std::string& at) {
      one_of(each, at, {"low", "medium", "high", "auto"});
    });
  }

  void voice(const json& value, const std::string& path) {
    if (value.is_object()) {
      object(value, path, {"id"});
      return with(value, path, "id",
                  [&](const json& each, const std::string& at) { text(each, at); });
    }
    one_of(
        value, path,
        {"alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"});
  }

  void output(const json& value, const std::string& path) {
    if (!object(value, path, {"format", "voice", "speed"})) return;
    with(value, path, "format", [&](const json& each, const std::string& at) { format(each, at); });
    with(value, path, "voice", [&](const json& each, const std::string& at) { voice(each, at); });
    with(value, path, "speed",
         [&](const json& each, const std::string& at) { number(each, at, 0.25, 1.5); });
  }

  void input(const json& value, const std::string& path) {
    if (!object(value, path, {"format", "transcription", "noise_reduction", "turn_detection"})) {
      return;
    }
    with(value, path, "format", [&](const json& each, const std::string& at) { format(each, at); });
    with(value, path, "transcription",
         [&](const json& each, const std::string& at) { transcription(each, at); });
    with(value, path, "turn_detection",
         [&](const json& each, const std::string& at) { turn_detection(each, at); });
    with(value, path, "noise_reduction", [&](const json& each, const std::string& at) {
      if (each.is_null() || !object(each, at, {"type", "strength"})) return;
      with(each, at, "type", [&](const json& type, const std::string& where) {
        one_of(type, where, {"near_field", "far_field"});
      });
    });
  }

  void audio(const json& value, const std::string& path, bool with_input) {
    if (with_input ? !object(value, path, {"input", "output"}) : !object(value, path, {"output"})) {
      return;
    }
    with(value, path, "input", [&](const json& each, const std::string& at) { input(each, at); });
    with(value, path, "output", [&](const json& each, const std::string& at) { output(each, at); });
  }

  void modalities(const json& value, const std::string& path) {
    if (!value.is_array()) return bad_type(path, "an array");
    if (value != json::array({"audio"}) && value != json::array({"text"})) bad_value(path);
  }

  void tools(const json& value, const std::string& path) {
    if (!value.is_array()) return bad_type(path, "an array");
    if (value.size() > tools_max) bad_value(path);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string at = path + "[" + std::to_string(i) + "]";
      const json& tool = value[i];
      if (!object(tool, at, {"type", "name", "description", "parameters"})) return;
      if (!tool.contains("type")) return missing(at + ".type");
      one_of(tool["type"], at + ".type", {"function"});
      if (!tool.contains("name")) return missing(at + ".name");
      text(tool["name"], at + ".name");
      if (refusal) return;
      const auto& name = tool["name"].get_ref<const std::string&>();
      const bool fits = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
      });
      if (!fits || name.empty() || name.size() > 64) bad_value(at + ".name");
      with(tool, at, "description", [&](const json& each, const std::string& where) {
        text(each, where);
        if (each.is_string() && each.get_ref<const std::string&>().size() > description_bytes_max) {
          refuse("string_above_max_length", where, "String too long: '" + where + "'.");
        }
      });
      with(tool, at, "parameters", [&](const json& each, const std::string& where) {
        if (!each.is_object()) bad_type(where, "an object");
      });
    }
  }

  void tool_choice(const json& value, const std::string& path) {
    if (value.is_object()) {
      object(value, path, {"type", "name"});
      return;
    }
    one_of(value, path, {"auto", "none", "required"});
  }

  void output_tokens(const json& value, const std::string& path) {
    if (value == "inf") return;
    integer(value, path, 1, 4'096);
  }

  // What session and response have in common.
  void shared(const json& value, const std::string& path) {
    with(value, path, "instructions",
         [&](const json& each, const std::string& at) { text(each, at); });
    with(value, path, "output_modalities",
         [&](const json& each, const std::string& at) { modalities(each, at); });
    with(value, path, "tools", [&](const json& each, const std::string& at) { tools(each, at); });
    with(value, path, "tool_choice",
         [&](const json& each, const std::string& at) { tool_choice(each, at); });
    with(value, path, "max_output_tokens",
         [&](const json& each, const std::string& at) { output_tokens(each, at); });
  }

  void session(const json& value, const json& now, bool voice_is_fixed) {
    const std::string path = "session";
    if (!object(value, path,
                {"type", "model", "output_modalities", "instructions", "audio", "tools",
                 "tool_choice", "max_output_tokens", "truncation", "prompt", "tracing", "include",
                 "parallel_tool_calls", "reasoning"})) {
      return;
    }
    if (!value.contains("type")) return missing("session.type");
    one_of(value["type"], "session.type", {"realtime"});
    with(value, path, "model", [&](const json& each, const std::string& at) {
      text(each, at);
      if (each != now.at("model")) {
        refuse("invalid_value", at, "The model of a session cannot be changed.");
      }
    });
    shared(value, path);
    with(value, path, "audio",
         [&](const json& each, const std::string& at) { audio(each, at, true); });
    if (refusal || !voice_is_fixed) return;
    const json::json_pointer voice_at("/audio/output/voice");
    if (value.contains(voice_at) && value.at(voice_at) != now.at(voice_at)) {
      refuse("cannot_update_voice", "session.audio.output.voice",
             "Cannot update a conversation's voice if assistant audio is present.");
    }
  }

  void item(const json& value, const std::string& path) {
    if (!value.is_object()) return bad_type(path, "an object");
    if (!value.contains("type")) return missing(path + ".type");
    one_of(value["type"], path + ".type", {"message", "function_call_output"});
    if (refusal) return;
    if (value["type"] == "function_call_output") {
      object(value, path, {"id", "type", "call_id", "output", "status", "object"});
      for (const char* name : {"call_id", "output"}) {
        if (!value.contains(name)) return missing(path + "." + name);
        text(value[name], path + "." + name);
      }
      return;
    }
    object(value, path, {"id", "type", "role", "content", "status", "object"});
    if (!value.contains("role")) return missing(path + ".role");
    one_of(value["role"], path + ".role", {"user", "system", "assistant"});
    if (!value.contains("content")) return missing(path + ".content");
    if (!value["content"].is_array()) return bad_type(path + ".content", "an array");
    const bool assistant = value["role"] == "assistant";
    for (const json& part : value["content"]) {
      const std::string at = path + ".content[0]";
      if (!object(part, at, {"type", "text"})) return;
      if (!part.contains("type")) return missing(at + ".type");
      one_of(part["type"], at + ".type", {assistant ? "output_text" : "input_text"});
      if (!part.contains("text")) return missing(at + ".text");
      text(part["text"], at + ".text");
      if (part["text"].is_string() &&
          part["text"].get_ref<const std::string&>().size() > item_text_bytes_max) {
        refuse("string_above_max_length", at + ".text", "String too long.");
      }
    }
  }
};

struct EventRule {
  std::string_view type{};
  std::array<std::string_view, 3> needed{};
  std::array<std::string_view, 3> others{};
};
constexpr std::array event_rules{
    EventRule{"session.update", {"session"}},
    EventRule{"input_audio_buffer.append", {"audio"}},
    EventRule{"input_audio_buffer.commit"},
    EventRule{"input_audio_buffer.clear"},
    EventRule{"conversation.item.create", {"item"}, {"previous_item_id"}},
    EventRule{"conversation.item.truncate", {"item_id", "content_index", "audio_end_ms"}},
    EventRule{"conversation.item.delete", {"item_id"}},
    EventRule{"conversation.item.retrieve", {"item_id"}},
    EventRule{"response.create", {}, {"response"}},
    EventRule{"response.cancel", {}, {"response_id"}},
};

// A format that an update leaves out falls back, although other fields are kept (protocols.md 6.2).
void merge_side(json& session, const json& update) {
  for (const auto& [name, member] : update.items()) session[name] = member;
  if (!update.contains("format")) session["format"] = {{"type", "audio/pcm"}, {"rate", 24'000}};
}

json whole_detection(const json& update) {
  json whole = {{"type", "server_vad"},       {"threshold", 0.5},
                {"prefix_padding_ms", 300},   {"silence_duration_ms", 200},
                {"idle_timeout_ms", nullptr}, {"create_response", true},
                {"interrupt_response", true}};
  if (update["type"] == "semantic_vad") {
    whole = {{"type", "semantic_vad"},
             {"eagerness", "auto"},
             {"create_response", true},
             {"interrupt_response", true}};
  }
  whole.update(update);
  return whole;
}

}  // namespace

json new_session(std::string_view id, std::string_view model, std::int64_t expires_at) {
  const json pcm = {{"type", "audio/pcm"}, {"rate", 24'000}};
  return {{"type", "realtime"},
          {"object", "realtime.session"},
          {"id", id},
          {"model", model},
          {"output_modalities", json::array({"audio"})},
          {"instructions", "You are a helpful assistant."},
          {"tools", json::array()},
          {"tool_choice", "auto"},
          {"max_output_tokens", "inf"},
          {"truncation", "auto"},
          {"tracing", nullptr},
          {"prompt", nullptr},
          {"include", nullptr},
          {"expires_at", expires_at},
          {"audio",
           {{"input",
             {{"format", pcm},
              {"transcription", nullptr},
              {"noise_reduction", nullptr},
              {"turn_detection", whole_detection(json::object({{"type", "server_vad"}}))}}},
            {"output", {{"format", pcm}, {"voice", "marin"}, {"speed", 1.0}}}}}};
}

std::optional<Refusal> update_session(json& session, const json& update, bool voice_is_fixed) {
  Inspector inspector;
  inspector.session(update, session, voice_is_fixed);
  if (inspector.refusal) return inspector.refusal;
  for (const auto& [name, member] : update.items()) {
    if (name != "audio") {
      session[name] = member;
      continue;
    }
    for (const auto& [side, inner] : member.items()) {
      json taken = inner;
      if (taken.contains("turn_detection") && taken["turn_detection"].is_object()) {
        taken["turn_detection"] = whole_detection(taken["turn_detection"]);
      }
      merge_side(session["audio"][side], taken);
    }
  }
  return {};
}

std::optional<Refusal> check_response(const json& response) {
  Inspector inspector;
  const std::string path = "response";
  if (inspector.object(response, path,
                       {"instructions", "output_modalities", "audio", "tools", "tool_choice",
                        "max_output_tokens", "input", "metadata", "conversation"})) {
    inspector.shared(response, path);
    inspector.with(response, path, "audio", [&](const json& each, const std::string& at) {
      inspector.audio(each, at, false);
    });
    inspector.with(response, path, "conversation", [&](const json& each, const std::string& at) {
      inspector.one_of(each, at, {"auto", "none"});
    });
  }
  return inspector.refusal;
}

std::optional<Refusal> check_event(const json& event) {
  Inspector inspector;
  if (!event.is_object()) {
    return Refusal{"invalid_event", "The event is not a JSON object.", ""};
  }
  const auto type = event.find("type");
  if (type == event.end()) {
    inspector.missing("type");
    return inspector.refusal;
  }
  if (!type->is_string()) {
    inspector.bad_type("type", "a string");
    return inspector.refusal;
  }
  const auto* const rule =
      std::ranges::find(event_rules, type->get_ref<const std::string&>(), &EventRule::type);
  if (rule == event_rules.end()) {
    return Refusal{"invalid_value", "Unknown event type.", "type"};
  }
  const auto names = [](const auto& list, std::string_view name) {
    return !name.empty() && std::ranges::find(list, name) != list.end();
  };
  for (const std::string_view name : rule->needed) {
    if (!name.empty() && !event.contains(name)) inspector.missing(std::string(name));
  }
  for (const auto& [name, member] : event.items()) {
    if (name == "event_id") {
      inspector.text(member, "event_id");
    } else if (name != "type" && !names(rule->needed, name) && !names(rule->others, name)) {
      inspector.unknown(name);
    }
  }
  for (const char* name : {"audio", "item_id", "response_id"}) {
    if (event.contains(name)) inspector.text(event[name], name);
  }
  for (const char* name : {"content_index", "audio_end_ms"}) {
    if (event.contains(name)) inspector.integer(event[name], name, 0, INT64_MAX);
  }
  if (event.contains("item")) inspector.item(event["item"], "item");
  return inspector.refusal;
}

}  // namespace bridge::rehearsal
