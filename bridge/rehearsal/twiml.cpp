#include "bridge/rehearsal/twiml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <pugixml.hpp>
#include <sstream>
#include <string>

namespace bridge::rehearsal {
namespace {

using std::chrono::seconds;

constexpr int not_xml = 12100;
constexpr int not_twiml = 12200;
constexpr int too_long = 11750;
constexpr int say_too_long = 13521;
constexpr int bad_stream_url = 31921;
constexpr int bad_stream_track = 31941;
constexpr std::size_t say_bytes_max = 4096;
constexpr int loops_max = 1000;                   // what loop="0" stands for
constexpr seconds audio_time{5};                  // nobody fetches the audio
constexpr std::size_t parameter_bytes_end = 500;  // of name and value
constexpr std::size_t dialled_max = 10;           // at once
constexpr std::array<std::string_view, 4> call_events{"initiated", "ringing", "answered",
                                                      "completed"};
constexpr seconds verb_time_max{24 * 60 * 60};

std::optional<int> whole_number_in(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return {};
  return number;
}

// Everything that is said inside an element, SSML included.
void append_text(const pugi::xml_node& node, std::string& out) {
  for (const pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      out += child.value();
    } else if (child.type() == pugi::node_element) {
      append_text(child, out);
    }
  }
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  append_text(node, text);
  const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, is_blank));
  return text;
}

// Reads one document; `bad` holds the first error.
struct TwimlReader {
  int bad = 0;

  void refuse(int code) {
    if (bad == 0) bad = code;
  }

  int number(const pugi::xml_node& node, const char* name, int otherwise) {
    const pugi::xml_attribute attribute = node.attribute(name);
    if (!attribute) return otherwise;
    const auto read = whole_number_in(attribute.value());
    if (!read) refuse(not_twiml);
    return read.value_or(otherwise);
  }

  bool by_get(const pugi::xml_node& node) {
    const std::string_view method = node.attribute("method").as_string("POST");
    if (method != "GET" && method != "POST") refuse(not_twiml);
    return method == "GET";
  }

  bool boolean(const pugi::xml_node& node, const char* name, bool otherwise) {
    const pugi::xml_attribute attribute = node.attribute(name);
    if (!attribute) return otherwise;
    const std::string_view value = attribute.value();
    if (value != "true" && value != "false") refuse(not_twiml);
    return value == "true";
  }

  seconds looped(const pugi::xml_node& node, seconds once) {
    const int loops = number(node, "loop", 1);
    return std::min(once * (loops == 0 ? loops_max : loops), verb_time_max);
  }

  Verb say(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::say};
    verb.text = text_of(node);
    verb.language = node.attribute("language").as_string("en-US");
    if (verb.text.size() > say_bytes_max) refuse(say_too_long);
    verb.time = looped(node, speaking_time(verb.text));
    return verb;
  }

  Verb play(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::play};
    verb.text = text_of(node);
    if (verb.text.empty() && !node.attribute("digits")) refuse(not_twiml);
    verb.time = looped(node, node.attribute("digits") ? seconds(1) : audio_time);
    return verb;
  }

  Verb pause(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::pause};
    verb.time = seconds(number(node, "length", 1));
    return verb;
  }

  Verb gather(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::gather};
    verb.by_get = by_get(node);
    verb.action = node.attribute("action").as_string();
    verb.hints = node.attribute("hints").as_string();
    verb.language = node.attribute("language").as_string("en-US");
    verb.finish_on_key = node.attribute("finishOnKey").as_string("#");
    verb.action_on_empty_result = boolean(node, "actionOnEmptyResult", false);
    verb.barge_in = boolean(node, "bargeIn", true);
    verb.digits_max = number(node, "numDigits", 0);
    if (node.attribute("numDigits") && verb.digits_max == 0) refuse(not_twiml);
    verb.timeout = seconds(number(node, "timeout", 5));
    const std::string_view speech_timeout = node.attribute("speechTimeout").as_string();
    if (speech_timeout == "auto") {
      verb.speech_timeout = seconds(1);
    } else {
      verb.speech_timeout =
          seconds(number(node, "speechTimeout", static_cast<int>(verb.timeout.count())));
    }
    const std::string_view input = node.attribute("input").as_string("dtmf");
    verb.takes_keys = input.find("dtmf") != std::string_view::npos;
    verb.takes_speech = input.find("speech") != std::string_view::npos;
    if (input != "dtmf" && input != "speech" && input != "dtmf speech" && input != "speech dtmf") {
      refuse(not_twiml);
    }
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = child.name();
      if (name == "Say") {
        verb.prompts.push_back(say(child));
      } else if (name == "Play") {
        verb.prompts.push_back(play(child));
      } else if (name == "Pause") {
        verb.prompts.push_back(pause(child));
      } else {
        refuse(not_twiml);
      }
    }
    return verb;
  }

  // protocols.md 4.5. What it would transcribe is left out.
  Verb record(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::record};
    verb.by_get = by_get(node);
    verb.action = node.attribute("action").as_string();
    verb.timeout = seconds(number(node, "timeout", 5));
    verb.finish_on_key = node.attribute("finishOnKey").as_string("1234567890*#");
    verb.time_max = std::min(seconds(number(node, "maxLength", 3600)), verb_time_max);
    verb.beep = boolean(node, "playBeep", true);
    recorded(node, verb);
    if (node.first_child()) refuse(not_twiml);
    return verb;
  }

  // Whom a recording is told to, if it is to be told when it is there.
  void recorded(const pugi::xml_node& node, Verb& verb) {
    const std::string_view events =
        node.attribute("recordingStatusCallbackEvent").as_string("completed");
    if (events.find("completed") == std::string_view::npos) return;
    verb.recorded = node.attribute("recordingStatusCallback").as_string();
    const std::string_view method =
        node.attribute("recordingStatusCallbackMethod").as_string("POST");
    if (method != "GET" && method != "POST") refuse(not_twiml);
    verb.recorded_by_get = method == "GET";
  }

  // protocols.md 4.6. A rehearsal dials numbers, not clients, conferences or SIP addresses. One
  // that is none is no error of the document: the leg fails.
  Verb dial(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::dial};
    verb.by_get = by_get(node);
    verb.action = node.attribute("action").as_string();
    verb.timeout = seconds(std::clamp(number(node, "timeout", 30), 5, 600));
    verb.time_max = std::min(seconds(number(node, "timeLimit", 4 * 60 * 60)), verb_time_max);
    for (const pugi::xml_node child : node.children()) {
      if (child.type() != pugi::node_element) continue;
      if (std::string_view(child.name()) != "Number") refuse(not_twiml);
      verb.dialled.push_back(dialled(child));
    }
    if (verb.dialled.empty()) verb.dialled.push_back({.number = text_of(node)});
    if (verb.dialled.front().number.empty() || verb.dialled.size() > dialled_max) {
      refuse(not_twiml);
    }
    return verb;
  }

  Dialled dialled(const pugi::xml_node& node) {
    Dialled one{.number = text_of(node)};
    one.status_url = node.attribute("statusCallback").as_string();
    one.status_events = node.attribute("statusCallbackEvent").as_string("completed");
    std::istringstream events(one.status_events);
    for (std::string each; events >> each;) {
      if (!std::ranges::count(call_events, each)) refuse(not_twiml);
    }
    const std::string_view method = node.attribute("statusCallbackMethod").as_string("POST");
    if (method != "GET" && method != "POST") refuse(not_twiml);
    one.status_by_get = method == "GET";
    return one;
  }

  // Connect with a Stream, both ways (protocols.md 4.7).
  Verb connect(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::connect};
    verb.by_get = by_get(node);
    verb.action = node.attribute("action").as_string();
    const pugi::xml_node stream = node.child("Stream");
    if (!stream || stream.next_sibling() || stream.previous_sibling()) refuse(not_twiml);
    verb.text = stream.attribute("url").as_string();
    const bool socket = verb.text.starts_with("wss://") || verb.text.starts_with("ws://");
    if (!socket) refuse(bad_stream_url);
    if (std::string_view(stream.attribute("track").as_string("inbound_track")) != "inbound_track") {
      refuse(bad_stream_track);
    }
    for (const pugi::xml_node parameter : stream.children()) {
      if (parameter.type() != pugi::node_element) continue;
      const std::string_view name = parameter.attribute("name").as_string();
      const std::string_view value = parameter.attribute("value").as_string();
      if (std::string_view(parameter.name()) != "Parameter" || name.empty() ||
          name.size() + value.size() >= parameter_bytes_end) {
        refuse(not_twiml);
      }
      verb.parameters.emplace_back(name, value);
    }
    verb.name = stream.attribute("name").as_string();
    verb.status_url = stream.attribute("statusCallback").as_string();
    const std::string_view method = stream.attribute("statusCallbackMethod").as_string("POST");
    if (method != "GET" && method != "POST") refuse(not_twiml);
    verb.status_by_get = method == "GET";
    return verb;
  }

  Verb redirect(const pugi::xml_node& node) {
    Verb verb{.kind = Verb::Kind::redirect};
    verb.by_get = by_get(node);
    verb.text = text_of(node);
    if (verb.text.empty()) refuse(not_twiml);
    return verb;
  }

  void document(const pugi::xml_node& root, Document& out) {
    for (const pugi::xml_node node : root.children()) {
      if (node.type() != pugi::node_element) {
        // Text between verbs is nothing that TwiML knows.
        if (node.type() == pugi::node_pcdata) refuse(not_twiml);
        continue;
      }
      const std::string_view name = node.name();
      if (name == "Say") {
        out.verbs.push_back(say(node));
      } else if (name == "Play") {
        out.verbs.push_back(play(node));
      } else if (name == "Pause") {
        out.verbs.push_back(pause(node));
      } else if (name == "Gather") {
        out.verbs.push_back(gather(node));
      } else if (name == "Record") {
        out.verbs.push_back(record(node));
      } else if (name == "Dial") {
        out.verbs.push_back(dial(node));
      } else if (name == "Connect") {
        out.verbs.push_back(connect(node));
      } else if (name == "Redirect") {
        out.verbs.push_back(redirect(node));
      } else if (name == "Hangup") {
        out.verbs.push_back({.kind = Verb::Kind::hangup});
      } else {
        refuse(not_twiml);
      }
    }
  }
};

}  // namespace

std::variant<Document, BadTwiml> read_twiml(std::string_view xml) {
  if (xml.size() > document_bytes_max) return BadTwiml{too_long};
  pugi::xml_document tree;
  const pugi::xml_parse_result parsed =
      tree.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return BadTwiml{not_xml};
  const pugi::xml_node root = tree.document_element();
  if (std::string_view(root.name()) != "Response" || root.next_sibling()) {
    return BadTwiml{not_xml};
  }
  Document document;
  TwimlReader reader;
  reader.document(root, document);
  if (reader.bad != 0) return BadTwiml{reader.bad};
  return document;
}

seconds speaking_time(std::string_view text) {
  // About fifteen letters a second. Bytes that continue a UTF-8 letter are none of their own.
  constexpr std::ptrdiff_t letters_a_second = 15;
  const std::ptrdiff_t letters = std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; });
  return seconds(std::max<std::ptrdiff_t>((letters + letters_a_second - 1) / letters_a_second, 1));
}

}  // namespace bridge::rehearsal
