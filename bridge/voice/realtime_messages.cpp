#include "bridge/voice/realtime_messages.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "bridge/voice/flat_json.hpp"

namespace bridge::voice::realtime {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(padding >= simdjson::SIMDJSON_PADDING);

// Beyond it no counter of a talk is believed.
constexpr std::int64_t count_max = std::int64_t{1} << 40;

// What the members of a message said, whatever its type. A member's name means the same in every
// message, so that the order of the members does not matter.
struct Members {
  std::string_view type{};
  std::string_view item{};
  std::string_view previous{};
  std::string_view response{};
  std::string_view delta{};
  std::string_view transcript{};
  std::string_view input_format{};
  std::string_view output_format{};
  std::string_view object_type{};  // of `item`
  std::string_view object_status{};
  FunctionCall call{};
  std::string_view status{};  // of `response`
  ResponseDone done{};
  Error error{};
  RateLimits limits{};
};

// Reads what is known and skips what is not. A failure of the reader itself (no JSON) is kept;
// a known member of another kind than it should be is `wrong`.
class Walk {
 public:
  const char* wrong() const { return wrong_; }
  bool fine() const { return wrong_ == nullptr; }
  void fail(const char* why) {
    if (wrong_ == nullptr) wrong_ = why;
  }

  // Null and missing are the same.
  void text(ondemand::value value, std::string_view& out, const char* why) {
    if (value.get_string().get(out) == simdjson::SUCCESS) return;
    out = {};
    bool null = false;
    if (value.is_null().get(null) != simdjson::SUCCESS || !null) fail(why);
  }
  void id(ondemand::value value, std::string_view& out, const char* why) {
    text(value, out, why);
    if (out.size() > id_bytes_max) fail(why);
  }
  void count(ondemand::value value, std::int64_t& out) {
    std::int64_t number = 0;
    if (value.get_int64().get(number) == simdjson::SUCCESS) {
      out = std::clamp(number, std::int64_t{0}, count_max);
    }
  }

  // Calls `f(key, value)` for each member of an object. Anything else than an object is skipped.
  template <class F>
  void members(ondemand::value value, F f) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return;
    each(object, f);
  }
  template <class F>
  void each(ondemand::object object, F f) {
    for (auto next : object) {
      ondemand::field member;
      if (std::move(next).get(member) != simdjson::SUCCESS) {
        fail("no JSON");
        return;
      }
      f(member.key(), member.value());
      if (!fine()) return;
    }
  }
  template <class F>
  void elements(ondemand::value value, F f) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    for (auto next : array) {
      ondemand::value element;
      // NOLINTNEXTLINE(performance-move-const-arg): get is for what is given away
      if (std::move(next).get(element) != simdjson::SUCCESS) {
        fail("no JSON");
        return;
      }
      f(element);
      if (!fine()) return;
    }
  }

 private:
  const char* wrong_ = nullptr;
};

using Key = ondemand::raw_json_string;

void read_format(Walk& walk, ondemand::value side, std::string_view& out) {
  walk.members(side, [&](Key key, ondemand::value value) {
    if (key != "format") return;
    walk.members(value, [&](Key inner, ondemand::value type) {
      if (inner == "type") walk.text(type, out, "an audio format that is no text");
    });
  });
}

void read_session(Walk& walk, ondemand::value session, Members& out) {
  walk.members(session, [&](Key key, ondemand::value value) {
    if (key != "audio") return;
    walk.members(value, [&](Key side, ondemand::value inner) {
      if (side == "input") read_format(walk, inner, out.input_format);
      if (side == "output") read_format(walk, inner, out.output_format);
    });
  });
}

void read_item(Walk& walk, ondemand::value item, Members& out) {
  walk.members(item, [&](Key key, ondemand::value value) {
    if (key == "type") {
      walk.text(value, out.object_type, "an item's type that is no text");
    } else if (key == "status") {
      walk.text(value, out.object_status, "an item's status that is no text");
    } else if (key == "call_id") {
      walk.id(value, out.call.call_id, "a call_id that is none");
    } else if (key == "name") {
      walk.text(value, out.call.name, "a function's name that is no text");
    } else if (key == "arguments") {
      walk.text(value, out.call.arguments, "a function's arguments that are no text");
    }
  });
}

bool is_whole_call(const Members& item) {
  return item.object_type == "function_call" && item.object_status == "completed" &&
         !item.call.call_id.empty() && !item.call.name.empty();
}

void read_usage(Walk& walk, ondemand::value usage, Usage& out) {
  walk.members(usage, [&](Key key, ondemand::value value) {
    if (key == "input_tokens") {
      walk.count(value, out.input_tokens);
    } else if (key == "output_tokens") {
      walk.count(value, out.output_tokens);
    } else if (key == "input_token_details") {
      walk.members(value, [&](Key inner, ondemand::value number) {
        if (inner == "audio_tokens") walk.count(number, out.input_audio_tokens);
        if (inner == "cached_tokens") walk.count(number, out.cached_tokens);
        if (inner == "cached_tokens_details") {
          walk.members(number, [&](Key part, ondemand::value cached) {
            if (part == "audio_tokens") walk.count(cached, out.cached_audio_tokens);
          });
        }
      });
    } else if (key == "output_token_details") {
      walk.members(value, [&](Key inner, ondemand::value number) {
        if (inner == "audio_tokens") walk.count(number, out.output_audio_tokens);
      });
    }
  });
}

void read_error(Walk& walk, ondemand::value error, Error& out) {
  walk.members(error, [&](Key key, ondemand::value value) {
    if (key == "type") {
      walk.text(value, out.type, "an error's type that is no text");
    } else if (key == "code") {
      walk.text(value, out.code, "an error's code that is no text");
    } else if (key == "param") {
      walk.text(value, out.param, "an error's param that is no text");
    } else if (key == "event_id") {
      walk.text(value, out.event_id, "an error's event_id that is no text");
    }
  });
}

void read_response(Walk& walk, ondemand::value response, Members& out) {
  walk.members(response, [&](Key key, ondemand::value value) {
    if (key == "id") {
      walk.id(value, out.done.response, "a response's id that is none");
    } else if (key == "status") {
      walk.text(value, out.status, "a response's status that is no text");
    } else if (key == "status_details") {
      walk.members(value, [&](Key inner, ondemand::value details) {
        if (inner == "reason") {
          walk.text(details, out.done.reason, "a status's reason that is no text");
        }
        if (inner != "error") return;
        Error error;
        read_error(walk, details, error);
        out.done.error_type = error.type;
        out.done.error_code = error.code;
      });
    } else if (key == "usage") {
      read_usage(walk, value, out.done.usage);
    } else if (key == "output") {
      walk.elements(value, [&](ondemand::value element) {
        Members item;
        read_item(walk, element, item);
        if (!is_whole_call(item)) return;
        if (out.done.calls.size() == calls_max) {
          walk.fail("more calls of functions than one response may have");
          return;
        }
        out.done.calls.push_back(item.call);
      });
    }
  });
}

void read_limits(Walk& walk, ondemand::value limits, RateLimits& out) {
  walk.elements(limits, [&](ondemand::value element) {
    std::string_view name;
    RateLimit read;
    walk.members(element, [&](Key key, ondemand::value value) {
      if (key == "name") walk.text(value, name, "a limit's name that is no text");
      if (key == "limit") walk.count(value, read.limit);
      if (key == "remaining") walk.count(value, read.remaining);
    });
    if (name == "tokens") out.tokens = read;
    if (name == "requests") out.requests = read;
  });
}

void read_member(Walk& walk, Key key, ondemand::value value, Members& out) {
  if (key == "type") {
    walk.text(value, out.type, "a type that is no text");
  } else if (key == "response_id") {
    walk.id(value, out.response, "a response_id that is none");
  } else if (key == "item_id") {
    walk.id(value, out.item, "an item_id that is none");
  } else if (key == "delta") {
    walk.text(value, out.delta, "a delta that is no text");
  } else if (key == "previous_item_id") {
    walk.id(value, out.previous, "a previous_item_id that is none");
  } else if (key == "transcript") {
    walk.text(value, out.transcript, "a transcript that is no text");
  } else if (key == "item") {
    read_item(walk, value, out);
  } else if (key == "response") {
    read_response(walk, value, out);
  } else if (key == "session") {
    read_session(walk, value, out);
  } else if (key == "error") {
    read_error(walk, value, out.error);
  } else if (key == "rate_limits") {
    read_limits(walk, value, out.limits);
  }
}

ServerEvent done_of(Members& m) {
  if (m.status == "completed") {
    m.done.status = Status::completed;
  } else if (m.status == "cancelled") {
    m.done.status = Status::cancelled;
  } else if (m.status == "incomplete") {
    m.done.status = Status::incomplete;
  } else if (m.status == "failed") {
    m.done.status = Status::failed;
  } else {
    m.done.status = Status::unknown;
  }
  if (m.done.response.empty()) return Wrong{"response.done without its id"};
  return std::move(m.done);
}

ServerEvent event_of(Members& m) {
  const std::string_view type = m.type;
  // The most frequent first.
  if (type == "response.output_audio.delta") {
    if (m.response.empty() || m.item.empty()) return Wrong{"an audio delta of nobody"};
    return AudioDelta{.response = m.response, .item = m.item, .base64 = m.delta};
  }
  if (type == "response.output_audio_transcript.delta") {
    if (m.item.empty()) return Wrong{"a transcript's delta of nobody"};
    return TextDelta{.response = m.response, .item = m.item, .text = m.delta};
  }
  if (type == "response.output_audio.done") {
    if (m.item.empty()) return Wrong{"the end of nobody's audio"};
    return AudioDone{.response = m.response, .item = m.item};
  }
  if (type == "response.output_audio_transcript.done") {
    if (m.item.empty()) return Wrong{"a transcript of nobody"};
    return TextDone{.response = m.response, .item = m.item, .text = m.transcript};
  }
  if (type == "response.output_item.done") {
    if (!is_whole_call(m)) return Ignored{};
    return FunctionCalled{.response = m.response, .call = m.call};
  }
  if (type == "response.created") {
    if (m.done.response.empty()) return Wrong{"response.created without its id"};
    return ResponseCreated{.response = m.done.response};
  }
  if (type == "response.done") return done_of(m);
  if (type == "input_audio_buffer.speech_started") return SpeechStarted{.item = m.item};
  if (type == "input_audio_buffer.speech_stopped") return SpeechStopped{.item = m.item};
  if (type == "input_audio_buffer.committed") {
    return Committed{.item = m.item, .previous = m.previous};
  }
  if (type == "conversation.item.input_audio_transcription.completed") {
    if (m.item.empty()) return Wrong{"a transcript of nobody"};
    return CalleeText{.item = m.item, .text = m.transcript};
  }
  if (type == "conversation.item.input_audio_transcription.failed") {
    return CalleeTextFailed{.item = m.item, .code = m.error.code};
  }
  if (type == "session.created") return SessionCreated{};
  if (type == "session.updated") {
    return SessionUpdated{.input_format = m.input_format, .output_format = m.output_format};
  }
  if (type == "rate_limits.updated") return m.limits;
  if (type == "error") return m.error;
  if (type.empty()) return Wrong{"a message without a type"};
  return Ignored{};
}

// Nearly all that comes is sound, in messages of a few short strings: those are read by a look at
// each of their quotes.
std::optional<AudioDelta> read_delta(std::string_view message) {
  AudioDelta delta;
  std::string_view type;
  const bool flat = scan_flat(message, [&](FlatMember member) {
    if (!member.parent.empty() || !member.is_text) return;
    if (member.key == "type") {
      type = member.value;
    } else if (member.key == "response_id") {
      delta.response = member.value;
    } else if (member.key == "item_id") {
      delta.item = member.value;
    } else if (member.key == "delta") {
      delta.base64 = member.value;
    }
  });
  if (!flat || type != "response.output_audio.delta" || delta.response.empty() ||
      delta.item.empty() || delta.response.size() > id_bytes_max ||
      delta.item.size() > id_bytes_max) {
    return {};  // the careful reader says what it is
  }
  return delta;
}

// --- writing ---

// The primary part of a BCP-47 tag: "it" of "it-IT".
std::string_view primary_language(std::string_view tag) {
  return tag.substr(0, tag.find('-'));
}

// The newer models of transcription take a list (6.2).
bool takes_languages(std::string_view model) {
  return model.starts_with("gpt-transcribe") || model.starts_with("gpt-live-transcribe");
}

void begin_event(std::string& out, std::string_view type, std::string_view event_id) {
  out += R"({"type":")";
  out += type;
  out += R"(","event_id":)";
  append_quoted(out, event_id);
}

void append_transcription(std::string& out, const Agent& agent, Transcription transcription) {
  if (agent.transcription_model.empty() || transcription == Transcription::none) {
    out += "null";
    return;
  }
  out += R"({"model":)";
  append_quoted(out, agent.transcription_model);
  const std::string_view language = primary_language(agent.language);
  if (transcription == Transcription::with_language && !language.empty()) {
    const bool list = takes_languages(agent.transcription_model);
    out += list ? R"(,"languages":[)" : R"(,"language":)";
    append_quoted(out, language);
    if (list) out += ']';
  }
  out += '}';
}

void append_tools(std::string& out, const std::vector<Tool>& tools) {
  out += '[';
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (i > 0) out += ',';
    out += R"({"type":"function","name":)";
    append_quoted(out, tools[i].name);
    out += R"(,"description":)";
    append_quoted(out, tools[i].description);
    out += R"(,"parameters":)";
    out += tools[i].parameters;
    out += '}';
  }
  out += ']';
}

}  // namespace

struct Reader::Block {
  ondemand::parser parser{};
};

Reader::Reader() : block_(std::make_unique<Block>()) {}
Reader::~Reader() = default;

ServerEvent Reader::read(std::string_view message) {
  if (const auto delta = read_delta(message)) return *delta;
  const simdjson::padded_string_view padded(message.data(), message.size(),
                                            message.size() + padding);
  ondemand::document document;
  ondemand::object object;
  if (block_->parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return Wrong{"no JSON object"};
  }
  Members members;
  Walk walk;
  walk.each(object,
            [&](Key key, ondemand::value value) { read_member(walk, key, value, members); });
  if (!walk.fine()) return Wrong{walk.wrong()};
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return Wrong{"something behind the object"};
  }
  return event_of(members);
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(plain, i - plain);
    plain = i + 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += "\\u00";
      out += digits[c >> 4U];
      out += digits[c & 15U];
    }
  }
  out += text.substr(plain);
  out += '"';
}

void append_session_update(std::string& out, std::string_view event_id, const Agent& agent,
                           Transcription transcription) {
  begin_event(out, "session.update", event_id);
  out += R"(,"session":{"type":"realtime","output_modalities":["audio"],"instructions":)";
  append_quoted(out, agent.instructions);
  out += R"(,"audio":{"input":{"format":{"type":"audio/pcmu"},"transcription":)";
  append_transcription(out, agent, transcription);
  // Every value is said: what the server's defaults are is not agreed on even in its manual.
  out += R"(,"noise_reduction":null,"turn_detection":{"type":"server_vad","threshold":0.5,)"
         R"("prefix_padding_ms":300,"silence_duration_ms":)";
  out += std::to_string(agent.silence_ms);
  out += R"(,"create_response":true,"interrupt_response":true}},)"
         R"("output":{"format":{"type":"audio/pcmu"},)";
  // An empty name is none that the server knows; left out, the voice is the model's own.
  if (!agent.voice.empty()) {
    out += R"("voice":)";
    append_quoted(out, agent.voice);
    out += ',';
  }
  out += R"("speed":1.0}},"tools":)";
  append_tools(out, agent.tools);
  out += R"(,"tool_choice":"auto","max_output_tokens":4096}})";
}

void append_audio(std::string& out, std::string_view base64) {
  out += R"({"type":"input_audio_buffer.append","audio":")";
  out += base64;
  out += "\"}";
}

void append_text_item(std::string& out, std::string_view event_id, Author author,
                      std::string_view text) {
  begin_event(out, "conversation.item.create", event_id);
  out += author == Author::user ? R"(,"item":{"type":"message","role":"user",)"
                                : R"(,"item":{"type":"message","role":"system",)";
  out += R"("content":[{"type":"input_text","text":)";
  append_quoted(out, text);
  out += "}]}}";
}

void append_function_output(std::string& out, std::string_view event_id, std::string_view call_id,
                            std::string_view output) {
  begin_event(out, "conversation.item.create", event_id);
  out += R"(,"item":{"type":"function_call_output","call_id":)";
  append_quoted(out, call_id);
  out += R"(,"output":)";
  append_quoted(out, output);
  out += "}}";
}

void append_response_create(std::string& out, std::string_view event_id,
                            std::string_view instructions) {
  begin_event(out, "response.create", event_id);
  if (!instructions.empty()) {
    out += R"(,"response":{"instructions":)";
    append_quoted(out, instructions);
    out += '}';
  }
  out += '}';
}

void append_response_cancel(std::string& out, std::string_view event_id,
                            std::string_view response) {
  begin_event(out, "response.cancel", event_id);
  out += R"(,"response_id":)";
  append_quoted(out, response);
  out += '}';
}

void append_truncate(std::string& out, std::string_view event_id, std::string_view item,
                     std::int64_t audio_end_ms) {
  begin_event(out, "conversation.item.truncate", event_id);
  out += R"(,"item_id":)";
  append_quoted(out, item);
  out += R"(,"content_index":0,"audio_end_ms":)";
  out += std::to_string(audio_end_ms);
  out += '}';
}

Reaction reaction_to(std::string_view type, std::string_view code) {
  static constexpr std::array<std::pair<std::string_view, Reaction>, 13> table{{
      {"conversation_already_has_active_response", Reaction::wait},
      {"response_cancel_not_active", Reaction::ignore},
      {"input_audio_buffer_commit_empty", Reaction::ignore},
      {"session_expired", Reaction::expired},
      {"rate_limit_exceeded", Reaction::limited},
      {"insufficient_quota", Reaction::limited},
      {"invalid_api_key", Reaction::refused},
      {"invalid_organization", Reaction::refused},
      {"model_not_found", Reaction::refused},
      {"beta_api_shape_disabled", Reaction::refused},
      {"invalid_request_error.beta_api_shape_disabled", Reaction::refused},
      {"server_error", Reaction::retry},
      {"internal_error", Reaction::retry},
  }};
  const auto known = std::find_if(table.begin(), table.end(),
                                  [&](const auto& entry) { return entry.first == code; });
  if (known != table.end()) return known->second;
  if (type == "server_error") return Reaction::retry;
  if (type == "insufficient_quota" || type == "rate_limit_error") return Reaction::limited;
  if (type == "authentication_error") return Reaction::refused;
  return Reaction::complain;
}

}  // namespace bridge::voice::realtime
