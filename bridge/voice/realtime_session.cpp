#include "bridge/voice/realtime_session.hpp"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "bridge/voice/audio_text.hpp"

namespace bridge::voice::realtime {
namespace {

constexpr std::string_view agreed_format = "audio/pcmu";

// At most so many bytes of a text, and no half character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t length = bytes_max;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80) --length;
  return text.substr(0, length);
}

// What somebody else wrote, as a code that may be logged: it has the shape of one, or it is the
// fall-back.
std::string code_like(std::string_view text, std::string_view otherwise) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const bool fits = !text.empty() && text.size() <= 64 &&
                    text.find_first_not_of(letters) == std::string_view::npos;
  return std::string(fits ? text : otherwise);
}

Fault fault_of(Reaction reaction) {
  switch (reaction) {
    case Reaction::expired:
      return Fault::expired;
    case Reaction::limited:
      return Fault::limited;
    case Reaction::refused:
      return Fault::refused;
    case Reaction::ignore:
    case Reaction::wait:
    case Reaction::retry:
    case Reaction::complain:
      break;
  }
  return Fault::silent;
}

}  // namespace

Session::Session(const Agent& agent, Listener& listener, Wire& wire, Reader& reader)
    : agent_(agent), listener_(listener), wire_(wire), reader_(reader) {
  if (agent_.transcription_model.empty()) transcription_ = Transcription::none;
}

std::string Session::next_event_id(std::string_view prefix) {
  return std::string(prefix) + std::to_string(++events_sent_);
}

// --- from the model ---

void Session::received(std::string_view message) {
  if (over()) return;
  const ServerEvent event = reader_.read(message);
  std::visit([this](const auto& e) { on(e); }, event);
}

void Session::ended(std::uint16_t close_code, std::string_view reason) {
  fail(failure_of_close(close_code, reason));
}

void Session::fail(Fault fault, std::string_view code) {
  fail({.fault = fault, .code = std::string(code)});
}

void Session::fail(const Failure& failure) {
  if (over()) return;
  step_ = Step::over;
  listener_.on_failed(failure);
}

void Session::on(const Wrong& wrong) {
  fail(Fault::nonsense, wrong.why);
}

void Session::on(const SessionCreated&) {
  if (step_ != Step::greeting) return;
  step_ = Step::configuring;
  configure();
}

void Session::configure() {
  update_id_ = next_event_id("su-");
  append_session_update(wire_.begin_text(), update_id_, agent_, transcription_);
  wire_.end_text();
}

void Session::on(const SessionUpdated& updated) {
  if (step_ == Step::greeting || over()) return;
  if (updated.input_format != agreed_format || updated.output_format != agreed_format) {
    fail(Fault::nonsense, "audio_format");
    return;
  }
  if (step_ != Step::configuring) return;
  step_ = Step::ready;
  update_id_.clear();
  listener_.on_ready();
}

void Session::on_update_refused(const Error& error) {
  const bool of_transcription =
      error.param.empty() || error.param.find("transcription") != std::string_view::npos;
  if (transcription_ == Transcription::none || !of_transcription ||
      reaction_to(error.type, error.code) == Reaction::refused) {
    fail(Fault::refused, code_like(error.code, "session_update"));
    return;
  }
  listener_.on_complaint(code_like(error.code, "session_update"));
  transcription_ = transcription_ == Transcription::with_language ? Transcription::without_language
                                                                  : Transcription::none;
  configure();
}

void Session::on(const SpeechStarted& speech) {
  if (step_ != Step::ready) return;
  // The server cancels what is under way by itself (interrupt_response), and answers when the
  // person has ended (create_response).
  if (!active_.empty()) discarded_ = true;
  mark_unwanted();
  wished_ = false;
  turn_ = Turn::persons;
  listener_.on_speech_started(speech.item);
}

void Session::on(const SpeechStopped& speech) {
  if (step_ != Step::ready) return;
  turn_ = Turn::servers;
  // What was asked for before they spoke would have begun meanwhile: what begins now answers them.
  asked_id_.clear();
  unwanted_ = false;
  listener_.on_speech_stopped(speech.item);
}

void Session::on(const Committed& committed) {
  if (committed.item.empty()) return;
  if (previous_.size() == items_max) previous_.pop_front();
  previous_.emplace_back(committed.item, committed.previous);
}

void Session::on(const CalleeText& text) {
  if (step_ != Step::ready || text.text.empty()) return;
  const auto committed = std::find_if(previous_.begin(), previous_.end(),
                                      [&](const auto& pair) { return pair.first == text.item; });
  const std::string previous = committed == previous_.end() ? std::string{} : committed->second;
  listener_.on_callee_said(text.item, previous, cut(text.text, text_bytes_max));
}

void Session::on(const CalleeTextFailed& failed) {
  listener_.on_complaint(code_like(failed.code, "transcription_failed"));
}

void Session::on(const ResponseCreated& created) {
  if (step_ != Step::ready) return;
  active_ = created.response;
  discarded_ = false;
  brought_something_ = false;
  if (turn_ == Turn::servers) turn_ = Turn::open;
  // The server's own: what was asked for another one does not hold for it.
  if (asked_id_.empty()) asked_for_.clear();
  asked_id_.clear();
  if (std::exchange(unwanted_, false)) cancel_active();
}

void Session::on(const AudioDelta& delta) {
  if (step_ != Step::ready || discarded_ || delta.response != active_) return;
  if (!is_audio_text(delta.base64)) {
    fail(Fault::nonsense, "audio_delta");
    return;
  }
  if (delta.base64.empty()) return;
  Item& item = item_of(delta.item, delta.response);
  item.bytes += static_cast<std::int64_t>(audio_bytes(delta.base64));
  if (item.bytes > item_audio_bytes_max) {
    fail(Fault::nonsense, "audio_too_long");
    return;
  }
  brought_something_ = true;
  if (active_ == goodbye_) {
    goodbye_.clear();
    wished_ = speak_when_answered_ = false;
  }
  listener_.on_audio(delta.item, delta.base64);
}

void Session::on(const AudioDone& done) {
  Item* const item = find(done.item);
  if (item == nullptr || item->audio_done) return;
  item->audio_done = true;
  listener_.on_audio_done(done.item);
}

void Session::on(const TextDelta& delta) {
  if (step_ != Step::ready) return;
  Item& item = item_of(delta.item, delta.response);
  if (item.text.size() < text_bytes_max) {
    item.text += cut(delta.text, text_bytes_max - item.text.size());
  }
}

void Session::on(const TextDone& done) {
  if (step_ != Step::ready) return;
  say(item_of(done.item, done.response), done.text);
}

void Session::say(Item& item, std::string_view text) {
  if (item.said || text.empty()) return;
  item.said = true;
  const std::string id = item.id;
  listener_.on_agent_said(id, cut(text, text_bytes_max));
}

void Session::on(const FunctionCalled& called) {
  if (step_ != Step::ready) return;
  note_call(called.call, called.response, discarded_ && called.response == active_);
}

void Session::note_call(const FunctionCall& call, std::string_view response, bool discarded) {
  const std::string id(call.call_id);
  brought_something_ = true;
  if (std::find(seen_calls_.begin(), seen_calls_.end(), id) != seen_calls_.end()) return;
  if (seen_calls_.size() == open_calls_max) seen_calls_.pop_front();
  seen_calls_.push_back(id);
  if (discarded) {
    // What it wanted to do when the person broke in may hold no more; a goodbye least of all.
    append_function_output(wire_.begin_text(), next_event_id("fo-"), id,
                           R"({"ok":false,"error":"interrupted by the person; not done"})");
    wire_.end_text();
    return;
  }
  if (open_calls_.size() == open_calls_max) {
    fail(Fault::nonsense, "too_many_calls");
    return;
  }
  open_calls_.push_back({.id = id, .response = std::string(response)});
  listener_.on_tool_call(id, cut(call.name, 64), call.arguments);
}

void Session::on(const ResponseDone& done) {
  if (step_ != Step::ready) return;
  const bool was_active = done.response == active_;
  const bool discarded = (was_active && discarded_) || done.status == Status::cancelled;
  for (Item& item : items_) {
    if (item.response != done.response) continue;
    say(item, item.text);
    if (!item.audio_done) {
      item.audio_done = true;
      listener_.on_audio_done(item.id);
    }
  }
  for (const FunctionCall& call : done.calls) {
    if (!over()) note_call(call, done.response, discarded);
  }
  if (over()) return;
  // What is under way is another one, which this says nothing of.
  if (!was_active && !active_.empty()) return listener_.on_late_usage(done.usage);
  const bool empty = was_active && !discarded && !brought_something_;
  if (was_active) {
    active_.clear();
    discarded_ = false;
  }
  // Cut short by its limit or by a filter, or something newer than we are: the talk goes on.
  if (done.status == Status::incomplete && !discarded) {
    listener_.on_complaint(code_like(done.reason, "incomplete"));
  } else if (done.status == Status::unknown) {
    listener_.on_complaint("unknown_status");
  }
  if (done.status == Status::failed) {
    const bool recovered = goes_on(done.error_type, done.error_code, !discarded && !no_more_);
    // What it took until then is paid all the same.
    listener_.on_response_done(done.usage);
    if (!recovered) {
      fail(fault_of(reaction_to(done.error_type, done.error_code)),
           code_like(done.error_code, "response_failed"));
    }
  } else {
    if (empty) {
      on_empty_response();
    } else if (done.status != Status::cancelled) {
      retried_ = false;
    }
    listener_.on_response_done(done.usage);
  }
  if (!over()) ask();
}

void Session::wish_again() {
  wished_ = true;
  wish_ = asked_for_;
}

// It has answered, and neither said nor asked anything: the person still waits.
void Session::on_empty_response() {
  if (wished_ || no_more_ || std::exchange(retried_, true)) return;
  listener_.on_complaint("empty_response");
  wish_again();
  listener_.on_trying_again();
}

// A response has failed. Where it is still wanted it is asked for once more; false: that has no
// sense, or was tried.
bool Session::goes_on(std::string_view type, std::string_view code, bool wanted) {
  const Reaction reaction = reaction_to(type, code);
  const bool again = reaction == Reaction::retry || reaction == Reaction::complain;
  if (!again && reaction != Reaction::wait) return false;
  if (!wanted) return true;
  if (again && std::exchange(retried_, true)) return false;
  wish_again();
  if (again) {
    listener_.on_complaint(code_like(code, "response_failed"));
    listener_.on_trying_again();
  }
  return true;
}

void Session::on(const RateLimits& limits) {
  if (step_ != Step::ready) return;
  const auto look = [this](std::string_view of, const RateLimit& told) {
    if (told.remaining < 0 || told.remaining >= told.limit / 10) return;
    listener_.on_quota_low({.of = of, .most = told.limit, .left = told.remaining});
  };
  look("tokens", limits.tokens);
  look("requests", limits.requests);
}

void Session::on(const Error& error) {
  if (!update_id_.empty() && (error.event_id == update_id_ || step_ == Step::configuring)) {
    const Reaction reaction = reaction_to(error.type, error.code);
    if (reaction == Reaction::expired || reaction == Reaction::limited) {
      fail(fault_of(reaction), code_like(error.code, "error"));
    } else {
      on_update_refused(error);
    }
    return;
  }
  const Reaction reaction = reaction_to(error.type, error.code);
  switch (reaction) {
    case Reaction::ignore:
      return;
    case Reaction::wait:
    case Reaction::retry:
      break;
    case Reaction::complain:
      if (step_ == Step::greeting) {
        fail(Fault::refused, code_like(error.code, "error"));
        return;
      }
      break;
    case Reaction::expired:
    case Reaction::limited:
    case Reaction::refused:
      fail(fault_of(reaction), code_like(error.code, "error"));
      return;
  }
  const bool of_asked = !asked_id_.empty() && error.event_id == asked_id_;
  if (!of_asked) {
    listener_.on_complaint(code_like(error.code, "error"));
    return;
  }
  asked_id_.clear();
  if (std::exchange(unwanted_, false)) return;
  if (!goes_on(error.type, error.code, true)) {
    return fail(fault_of(reaction), code_like(error.code, "response_failed"));
  }
  // Where a response is under way that we do not know of, its end comes first.
  if (reaction != Reaction::wait) ask();
}

// --- to the model ---

void Session::hear(std::string_view base64) {
  if (step_ != Step::ready) return;
  append_audio(wire_.begin_text(), base64);
  wire_.end_text();
}

void Session::hear_key(char key) {
  if (step_ != Step::ready) return;
  append_text_item(wire_.begin_text(), next_event_id("it-"), Author::user,
                   std::string(R"({"pressed_key":")") + key + "\"}");
  wire_.end_text();
}

void Session::tell(std::string_view text) {
  if (step_ != Step::ready) return;
  append_text_item(wire_.begin_text(), next_event_id("it-"), Author::system, text);
  wire_.end_text();
}

void Session::speak() {
  // Whoever speaks is answered by the server.
  if (step_ != Step::ready || turn_ == Turn::persons) return;
  if (turn_ == Turn::servers) {
    turn_ = Turn::open;
    unwanted_ = false;
  }
  if (!wished_) wish_.clear();
  wished_ = true;
  if (!std::exchange(opened_, true) && !agent_.opening.empty()) {
    // These replace the session's for this response, so the session's stand in them.
    wish_ = agent_.instructions + "\n\n" + agent_.opening;
  }
  ask();
}

void Session::remind() {
  if (turn_ == Turn::servers) speak();
}

void Session::ask() {
  if (step_ != Step::ready || turn_ != Turn::open || !wished_ || !active_.empty() ||
      !asked_id_.empty() || !open_calls_.empty()) {
    return;
  }
  wished_ = false;
  asked_for_ = std::exchange(wish_, {});
  asked_id_ = next_event_id("rc-");
  append_response_create(wire_.begin_text(), asked_id_, asked_for_);
  wire_.end_text();
}

void Session::mark_unwanted() {
  if (!asked_id_.empty() || turn_ == Turn::servers) unwanted_ = true;
}

void Session::cancel_active() {
  if (active_.empty() || discarded_) return;
  discarded_ = true;
  append_response_cancel(wire_.begin_text(), next_event_id("rx-"), active_);
  wire_.end_text();
}

void Session::interrupted(std::string_view id, std::chrono::milliseconds heard) {
  if (step_ != Step::ready) return;
  wished_ = false;
  mark_unwanted();
  const Item* const item = find(id);
  if (id.empty() || (item != nullptr && item->response == active_)) cancel_active();
  if (item == nullptr) return;
  const std::int64_t most = item->bytes / audio_bytes_per_ms;
  append_truncate(wire_.begin_text(), next_event_id("tr-"), id,
                  std::clamp(std::int64_t{heard.count()}, std::int64_t{0}, most));
  wire_.end_text();
}

void Session::answer_tool(std::string_view call_id, std::string_view output, bool then_speak) {
  if (step_ != Step::ready) return;
  const auto open = find_open(call_id);
  if (open == open_calls_.end()) return;
  open_calls_.erase(open);
  append_function_output(wire_.begin_text(), next_event_id("fo-"), call_id, output);
  wire_.end_text();
  speak_when_answered_ = speak_when_answered_ || then_speak;
  if (!open_calls_.empty()) return;
  // Whoever speaks is answered by the server by itself when they have ended. Where it is about to,
  // it knows nothing of this perhaps, and goes on behind that.
  if (std::exchange(speak_when_answered_, false) && turn_ != Turn::persons) {
    if (!wished_) wish_.clear();
    wished_ = true;
  }
  ask();
}

void Session::answer_then_goodbye(std::string_view call_id, std::string_view output) {
  const auto open = find_open(call_id);
  if (open != open_calls_.end() && open->response == active_) goodbye_ = active_;
  answer_tool(call_id, output, true);
}

void Session::say_no_more() {
  no_more_ = true;
  wished_ = speak_when_answered_ = false;
  mark_unwanted();
}

Session::Item* Session::find(std::string_view id) {
  const auto item =
      std::find_if(items_.rbegin(), items_.rend(), [&](const Item& i) { return i.id == id; });
  return item == items_.rend() ? nullptr : &*item;
}

std::vector<Session::OpenCall>::iterator Session::find_open(std::string_view call_id) {
  return std::find_if(open_calls_.begin(), open_calls_.end(),
                      [&](const OpenCall& call) { return call.id == call_id; });
}

Session::Item& Session::item_of(std::string_view id, std::string_view response) {
  if (Item* const known = find(id)) return *known;
  if (items_.size() == items_max) items_.pop_front();
  items_.push_back({.id = std::string(id), .response = std::string(response)});
  return items_.back();
}

// --- ends ---

namespace {

// A close code as a word, where it says what was wrong with us (RFC 6455 7.4.1).
std::string word_of_close(std::uint16_t code) {
  switch (code) {
    case 1002:
      return "protocol_error";
    case 1003:
      return "unsupported_data";
    case 1007:
      return "invalid_payload";
    case 1008:
      return "policy_violation";
    case 1009:
      return "message_too_big";
    case 1010:
      return "mandatory_extension";
    default:
      return "close_" + std::to_string(code);
  }
}

// Whether it was closed for what was said or for who we are, whatever code that came with.
bool speaks_of_policy(std::string_view reason) {
  const auto names = [&](std::string_view word) {
    return std::search(reason.begin(), reason.end(), word.begin(), word.end(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           }) != reason.end();
  };
  return names("policy") || names("moderation") || names("content_filter");
}

}  // namespace

Failure failure_of_close(std::uint16_t code, std::string_view reason) {
  if (speaks_of_policy(reason)) {
    return {.fault = Fault::refused, .code = code_like(reason, "policy_violation")};
  }
  const std::string otherwise = word_of_close(code);
  const Reaction reaction = reaction_to({}, reason);
  if (reaction == Reaction::expired || reaction == Reaction::limited ||
      reaction == Reaction::refused) {
    return {.fault = fault_of(reaction), .code = code_like(reason, otherwise)};
  }
  // The SDK's own list of codes after which another try makes no sense, and the codes of an
  // application (6.7).
  const bool hopeless = code == 1002 || code == 1003 || (code >= 1007 && code <= 1010) ||
                        (code >= 3000 && code < 5000);
  return {.fault = hopeless ? Fault::refused : Fault::dropped,
          .code = code_like(reason, otherwise)};
}

Failure failure_of_upgrade(int status, std::string_view body, std::string_view why) {
  if (status == 0) return {.fault = Fault::unreachable, .code = std::string(cut(why, 160))};
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view code;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["error"]["code"].get(code) != simdjson::SUCCESS) {
    code = {};
  }
  Fault fault = Fault::unreachable;
  if (status >= 400 && status < 500) fault = Fault::refused;
  if (status == 429) fault = Fault::limited;
  if (status == 408) fault = Fault::unreachable;
  return {.fault = fault, .code = code_like(code, "http_" + std::to_string(status))};
}

}  // namespace bridge::voice::realtime
