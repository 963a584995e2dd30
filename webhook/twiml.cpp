#include "webhook/twiml.hpp"

#include <cassert>
#include <variant>
#include <vector>

#include "webhook/characters.hpp"
#include "webhook/routes.hpp"

namespace webhook {
namespace {

using campaigns::Ask;
using campaigns::CallDocument;
using campaigns::Connect;
using campaigns::Hangup;
using campaigns::Pause;
using campaigns::Say;
using campaigns::Transfer;

// As an entity or a character reference where a parser would take it for markup or normalise it
// (XML 1.0, 2.11 and 3.3.3), so that the text arrives as it was.
std::string_view escaped(char c, bool in_attribute) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\r':
      return "&#13;";
    case '\n':
      return in_attribute ? "&#10;" : "";
    case '\t':
      return in_attribute ? "&#9;" : "";
    default:
      return "";
  }
}

void append_escaped(std::string& out, std::string_view clean, bool in_attribute) {
  for (const char c : clean) {
    const std::string_view entity = escaped(c, in_attribute);
    if (entity.empty()) {
      out += c;
    } else {
      out += entity;
    }
  }
}

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
  out += ' ';
  out += name;
  out += "=\"";
  append_escaped(out, clean_text(value, value.size()), true);
  out += '"';
}

void append_name(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty() && value.size() <= name_bytes_max) append_attribute(out, name, value);
}

std::size_t characters_in(std::string_view clean) {
  std::size_t characters = 0;
  for (const char c : clean) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++characters;
  }
  return characters;
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What one byte costs URL-encoded, with blanks as "%20".
constexpr std::size_t encoded_bytes(char c) {
  const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '_' || c == '.' || c == '~';
  return plain ? 1 : 3;
}

// The beginning of a clean text that one Say can hold.
std::string_view first_piece(std::string_view clean) {
  std::size_t characters = 0;
  std::size_t encoded = 0;
  std::size_t at = 0;
  std::size_t after_sentence = 0;
  std::size_t after_blank = 0;
  while (at < clean.size()) {
    const std::size_t bytes = character_at(clean, at).bytes;
    assert(bytes != 0);
    std::size_t cost = 0;
    for (std::size_t i = 0; i < bytes; ++i) cost += encoded_bytes(clean[at + i]);
    if (characters + 1 > say_characters_max || encoded + cost > say_encoded_bytes_max) break;
    if (is_blank(clean[at])) {
      after_blank = at + 1;
      const char before = at == 0 ? ' ' : clean[at - 1];
      if (before == '.' || before == '!' || before == '?' || clean[at] == '\n') {
        after_sentence = at + 1;
      }
    }
    ++characters;
    encoded += cost;
    at += bytes;
  }
  if (at == clean.size()) return clean;
  // A sentence's end far back would waste most of a piece.
  if (after_sentence > at / 2) return clean.substr(0, after_sentence);
  return clean.substr(0, after_blank > 0 ? after_blank : at);
}

// As much of an escaped piece as fits into `room`, whole characters only.
std::string_view fitting(std::string_view piece, std::size_t room) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < piece.size()) {
    const std::size_t bytes = character_at(piece, at).bytes;
    const std::string_view entity = escaped(piece[at], false);
    const std::size_t cost = entity.empty() ? bytes : entity.size();
    if (used + cost > room) break;
    used += cost;
    at += bytes;
  }
  return piece.substr(0, at);
}

// Writes one document. `room` is what is left for texts and hints beyond the verbs themselves.
class Writer {
 public:
  Writer(const DocumentUrls& urls, std::size_t room) : urls_(urls), room_(room) {}

  std::string write(const CallDocument& document) {
    out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>";
    for (const campaigns::Verb& verb : document) {
      std::visit([this](const auto& one) { append(one); }, verb);
    }
    out_ += "</Response>";
    return std::move(out_);
  }

 private:
  void append(const Say& say) {
    const std::string clean = clean_text(say.text, say.text.size());
    std::string_view rest = clean;
    while (!rest.empty()) {
      const std::string_view piece = first_piece(rest);
      rest.remove_prefix(piece.size());
      append_say(piece, say);
    }
  }

  void append_say(std::string_view piece, const Say& say) {
    // The carrier refuses a Say with nothing in it (13520).
    if (piece.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    std::string tag = "<Say";
    append_name(tag, "language", say.language);
    append_name(tag, "voice", say.voice);
    tag += '>';
    constexpr std::string_view end = "</Say>";
    if (room_ <= tag.size() + end.size()) return;
    const std::string_view kept = fitting(piece, room_ - tag.size() - end.size());
    if (kept.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    const std::size_t before = out_.size();
    out_ += tag;
    append_escaped(out_, kept, false);
    out_ += end;
    room_ -= out_.size() - before;
    // What was cut short is not gone on with after the gap.
    if (kept.size() < piece.size()) room_ = 0;
  }

  void append(const Pause& pause) {
    out_ += "<Pause length=\"" + std::to_string(pause.seconds) + "\"/>";
  }

  void append(const Hangup&) { out_ += "<Hangup/>"; }

  void append(const Connect&) {
    out_ += "<Connect";
    append_attribute(out_, "action", urls_.after_stream);
    append_attribute(out_, "method", "POST");
    out_ += "><Stream";
    append_attribute(out_, "url", urls_.media_stream);
    append_attribute(out_, "statusCallback", urls_.stream_status);
    append_attribute(out_, "statusCallbackMethod", "POST");
    out_ += '>';
    for (const auto& [name, value] : urls_.parameters) {
      out_ += "<Parameter";
      append_attribute(out_, "name", name);
      append_attribute(out_, "value", clean_text(value, parameter_bytes_max - name.size()));
      out_ += "/>";
    }
    out_ += "</Stream></Connect>";
  }

  void append(const Transfer& transfer) {
    out_ += "<Dial";
    append_attribute(out_, "action", urls_.after_transfer);
    append_attribute(out_, "method", "POST");
    append_attribute(out_, "answerOnBridge", "true");
    append_name(out_, "callerId", transfer.caller_id);
    out_ += '>';
    for (std::size_t i = 0; i < transfer.numbers.size(); ++i) {
      const std::string& number = transfer.numbers[i];
      out_ += "<Number";
      append_attribute(
          out_, "statusCallback",
          urls_.transfer_status + '/' + std::to_string(i + 1) + std::string(sent_again));
      append_attribute(out_, "statusCallbackEvent", "initiated ringing answered completed");
      append_attribute(out_, "statusCallbackMethod", "POST");
      out_ += '>';
      append_escaped(out_, clean_text(number, number.size()), false);
      out_ += "</Number>";
    }
    out_ += "</Dial>";
  }

  void append(const Ask& ask) {
    assert(ask.by_key || ask.by_speech);
    out_ += "<Gather";
    append_attribute(out_, "input",
                     !ask.by_speech ? "dtmf"
                     : !ask.by_key  ? "speech"
                                    : "dtmf speech");
    if (ask.by_key) {
      if (ask.digits > 0) {
        append_attribute(out_, "numDigits", std::to_string(ask.digits));
      } else {
        append_attribute(out_, "finishOnKey", "#");
      }
    }
    append_attribute(out_, "timeout", std::to_string(ask.timeout_seconds));
    if (ask.by_speech) {
      append_attribute(out_, "speechTimeout", "auto");
      append_name(out_, "language", ask.language);
      append_hints(ask.hints);
    }
    std::string action(urls_.answer);
    action.append("/").append(ask.question).append("/").append(std::to_string(ask.turn));
    append_attribute(out_, "action", action);
    append_attribute(out_, "method", "POST");
    if (ask.tells_silence) append_attribute(out_, "actionOnEmptyResult", "true");
    out_ += '>';
    for (const Say& prompt : ask.prompts) append(prompt);
    out_ += "</Gather>";
  }

  void append_hints(const std::vector<std::string>& hints) {
    std::string joined;
    std::size_t count = 0;
    const std::size_t bytes_max = room_ < hints_bytes_max ? room_ : hints_bytes_max;
    for (const std::string& hint : hints) {
      const std::string clean = clean_text(hint, hint.size());
      // A comma would make two of it.
      if (clean.empty() || clean.find(',') != std::string::npos ||
          characters_in(clean) > hint_characters_max) {
        continue;
      }
      std::string longer = joined;
      if (count > 0) longer += ',';
      append_escaped(longer, clean, true);
      constexpr std::size_t around = std::string_view(" hints=\"\"").size();
      if (count == hints_max || longer.size() + around > bytes_max) break;
      joined = std::move(longer);
      ++count;
    }
    if (count == 0) return;
    const std::size_t before = out_.size();
    out_.append(" hints=\"").append(joined).append("\"");
    room_ -= out_.size() - before;
  }

  const DocumentUrls& urls_;
  std::size_t room_;
  std::string out_{};
};

}  // namespace

std::string write_twiml(const CallDocument& document, const DocumentUrls& urls) {
  // Nearly every document fits. One that does not is written around what its verbs need.
  std::string whole = Writer(urls, twiml_bytes_max * 16).write(document);
  if (whole.size() <= twiml_bytes_max) return whole;
  const std::size_t verbs = Writer(urls, 0).write(document).size();
  assert(verbs <= twiml_bytes_max);
  return Writer(urls, twiml_bytes_max - verbs).write(document);
}

}  // namespace webhook
