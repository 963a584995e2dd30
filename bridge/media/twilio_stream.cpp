#include "bridge/media/twilio_stream.hpp"

#include <simdjson.h>

#include <charconv>
#include <optional>

#include "bridge/carrier/call_json.hpp"
#include "bridge/voice/audio_text.hpp"
#include "bridge/voice/flat_json.hpp"

namespace bridge::media::twilio {
namespace {

using simdjson::dom::element;

static_assert(padding >= simdjson::SIMDJSON_PADDING);

// A thousand years of stream in milliseconds; no counter is beyond.
constexpr std::int64_t count_max = std::int64_t{1} << 45;
constexpr std::size_t token_bytes_max = 500;  // of a Parameter (protocols.md 4.7)

std::optional<std::int64_t> count_of(std::string_view digits) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || count < 0 ||
      count > count_max) {
    return {};
  }
  return count;
}

// Nearly all messages are sound and marks: read by a look at their quotes. Nothing: the careful
// reader has to say what it is.
std::optional<Message> read_flat(std::string_view message) {
  std::string_view event;
  std::string_view stream_sid;
  std::string_view track;
  std::string_view name;
  Media media{.timestamp = -1};
  bool payload = false;
  bool numbers = true;
  const bool flat = voice::scan_flat(message, [&](voice::FlatMember member) {
    if (member.parent.empty()) {
      if (member.key == "event" && member.is_text) event = member.value;
      if (member.key == "streamSid" && member.is_text) stream_sid = member.value;
      return;
    }
    if (member.parent == "media") {
      if (member.key == "payload" && member.is_text) {
        media.base64 = member.value;
        payload = true;
      } else if (member.key == "timestamp" || member.key == "chunk") {
        const auto count = count_of(member.value);
        numbers = numbers && count;
        (member.key == "chunk" ? media.chunk : media.timestamp) = count.value_or(0);
      } else if (member.key == "track") {
        track = member.value;
      }
    } else if (member.parent == "mark" && member.key == "name" && member.is_text) {
      name = member.value;
    }
  });
  if (!flat) return {};
  if (event == "mark" && !name.empty()) return Mark{.stream_sid = stream_sid, .name = name};
  if (event != "media" || !payload || !numbers || !voice::is_audio_text(media.base64)) return {};
  if (!track.empty() && track != "inbound") return {};
  media.stream_sid = stream_sid;
  return media;
}

// A text, or empty where it is missing or something else.
std::string_view text_of(const element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

// A counter, written as a text or as a number. Nothing: it is there and is neither. Null is as if
// it were missing.
std::optional<std::int64_t> counter_of(const element& object, const char* name,
                                       std::int64_t missing) {
  element value;
  if (object[name].get(value) != simdjson::SUCCESS || value.is_null()) return missing;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return count_of(text);
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < 0 || number > count_max) return {};
  return number;
}

Message start_of(const element& root) {
  element start;
  if (root["start"].get(start) != simdjson::SUCCESS) return Wrong{"a start without its object"};
  Start out{.stream_sid = text_of(start, "streamSid"),
            .call_sid = text_of(start, "callSid"),
            .account_sid = text_of(start, "accountSid")};
  if (out.stream_sid.empty()) out.stream_sid = text_of(root, "streamSid");
  if (!carrier::is_sid(out.stream_sid, "MZ")) return Wrong{"a start without a streamSid"};
  if (!carrier::is_sid(out.call_sid, "CA")) return Wrong{"a start without a callSid"};
  if (!carrier::is_sid(out.account_sid, "AC")) return Wrong{"a start without an accountSid"};
  element format;
  out.mu_law = start["mediaFormat"].get(format) == simdjson::SUCCESS &&
               text_of(format, "encoding") == "audio/x-mulaw" &&
               counter_of(format, "sampleRate", 0) == 8000 &&
               counter_of(format, "channels", 1) == 1;
  element parameters;
  if (start["customParameters"].get(parameters) == simdjson::SUCCESS) {
    out.token = text_of(parameters, "token");
  }
  if (out.token.size() > token_bytes_max) return Wrong{"a start with a token that is too long"};
  return out;
}

Message media_of(const element& root) {
  element media;
  if (root["media"].get(media) != simdjson::SUCCESS) return Wrong{"a media without its object"};
  const std::string_view track = text_of(media, "track");
  if (!track.empty() && track != "inbound" && track != "inbound_track") return Ignored{};
  Media out{.stream_sid = text_of(root, "streamSid")};
  if (media["payload"].get(out.base64) != simdjson::SUCCESS) {
    return Wrong{"a media without a payload"};
  }
  const auto chunk = counter_of(media, "chunk", 0);
  const auto timestamp = counter_of(media, "timestamp", -1);
  if (!chunk || !timestamp) return Wrong{"a media whose counters are none"};
  if (!voice::is_audio_text(out.base64)) return Wrong{"a media whose payload is not base64"};
  out.chunk = *chunk;
  out.timestamp = *timestamp;
  return out;
}

Message key_of(const element& root) {
  element dtmf;
  if (root["dtmf"].get(dtmf) != simdjson::SUCCESS) return Wrong{"a dtmf without its object"};
  const std::string_view digit = text_of(dtmf, "digit");
  constexpr std::string_view keys = "0123456789*#ABCD";
  if (digit.size() != 1 || keys.find(digit[0]) == std::string_view::npos) {
    return Wrong{"a dtmf without a key"};
  }
  return Key{.stream_sid = text_of(root, "streamSid"), .digit = digit[0]};
}

Message mark_of(const element& root) {
  element mark;
  if (root["mark"].get(mark) != simdjson::SUCCESS) return Wrong{"a mark without its object"};
  return Mark{.stream_sid = text_of(root, "streamSid"), .name = text_of(mark, "name")};
}

}  // namespace

struct Reader::Block {
  simdjson::dom::parser parser{};
};

Reader::Reader() : block_(std::make_unique<Block>()) {}
Reader::~Reader() = default;

Message Reader::read(std::string_view message) {
  if (auto flat = read_flat(message)) return *flat;
  element root;
  simdjson::dom::object object;
  if (block_->parser.parse(message.data(), message.size(), false).get(root) != simdjson::SUCCESS ||
      root.get(object) != simdjson::SUCCESS) {
    return Wrong{"no JSON object"};
  }
  const std::string_view event = text_of(root, "event");
  if (event == "media") return media_of(root);
  if (event == "mark") return mark_of(root);
  if (event == "dtmf") return key_of(root);
  if (event == "start") return start_of(root);
  if (event == "stop") return Stop{.stream_sid = text_of(root, "streamSid")};
  if (event == "connected") return Connected{};
  if (event.empty()) return Wrong{"a message without an event"};
  return Ignored{};
}

void append_media(std::string& out, std::string_view stream_sid, std::string_view base64) {
  out += R"({"event":"media","streamSid":")";
  out += stream_sid;
  out += R"(","media":{"payload":")";
  out += base64;
  out += "\"}}";
}

void append_mark(std::string& out, std::string_view stream_sid, std::string_view name) {
  out += R"({"event":"mark","streamSid":")";
  out += stream_sid;
  out += R"(","mark":{"name":")";
  out += name;
  out += "\"}}";
}

void append_clear(std::string& out, std::string_view stream_sid) {
  out += R"({"event":"clear","streamSid":")";
  out += stream_sid;
  out += "\"}";
}

}  // namespace bridge::media::twilio
