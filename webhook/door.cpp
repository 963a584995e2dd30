#include "webhook/door.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <tuple>
#include <utility>

#include "bridge/carrier/call_json.hpp"
#include "bridge/carrier/rfc2822.hpp"
#include "bridge/http/text.hpp"
#include "campaigns/agent.hpp"
#include "campaigns/carrier_errors.hpp"
#include "campaigns/survey.hpp"
#include "webhook/call_fields.hpp"
#include "webhook/characters.hpp"
#include "webhook/twiml.hpp"

namespace webhook {
namespace {

using bridge::http::Fields;
using bridge::http::Request;
using bridge::http::Response;
using campaigns::AttemptId;

// The fields of a signed form, one value for each name. A field given twice with two values can be
// read in two ways, and its order is not signed. Nor is signed where a name ends and its value
// begins: "Digits4" without a value has the signature of "Digits" with the value 4. So a field is
// not taken for missing where its name stands within others.
class Form {
 public:
  explicit Form(const Fields& fields) : fields_(fields) {}

  std::string_view value(std::string_view name) {
    const bridge::http::Field* first = nullptr;
    for (const bridge::http::Field& field : fields_) {
      if (field.name != name) continue;
      if (first != nullptr && first->value != field.value) ambiguous_ = true;
      if (first == nullptr) first = &field;
    }
    if (first == nullptr && signed_text().find(name) != std::string::npos) ambiguous_ = true;
    return first == nullptr ? std::string_view{} : std::string_view(first->value);
  }
  // Whether any value that was asked for could have been another.
  bool ambiguous() const { return ambiguous_; }

 private:
  // Names and values, and nothing between them.
  const std::string& signed_text() {
    if (!signed_text_.empty()) return signed_text_;
    std::vector<const bridge::http::Field*> sorted;
    sorted.reserve(fields_.size());
    for (const bridge::http::Field& field : fields_) sorted.push_back(&field);
    std::ranges::sort(sorted, {}, [](const bridge::http::Field* field) {
      return std::tie(field->name, field->value);
    });
    for (const bridge::http::Field* field : sorted) {
      const bool free_text = field->name == "SpeechResult" || field->name == "CallerName";
      signed_text_ += field->name;
      signed_text_ += free_text ? std::string_view("\n") : std::string_view(field->value);
    }
    return signed_text_;
  }

  const Fields& fields_;
  std::string signed_text_{};  // empty: nobody has asked for a field that is not there
  bool ambiguous_ = false;
};

bool is_form(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(type, form, {}, lower);
}

campaigns::StatusReported status_reported(const AttemptId& attempt, Form& form) {
  campaigns::StatusReported command;
  command.attempt = attempt;
  command.sid = form.value("CallSid");
  command.status = form.value("CallStatus");
  const auto duration = form.value("CallDuration");
  command.seconds = small_number(duration);
  command.seconds_missing =
      command.status == "completed" && command.seconds == 0 && duration != "0";
  command.sip = sip_code(form.value("SipResponseCode"));
  command.answered_by = answered_by(form.value("AnsweredBy"));
  command.occurred_at = bridge::carrier::parse_rfc2822(form.value("Timestamp"));
  return command;
}

campaigns::OutsideStatusReported outside_status_reported(Form& form) {
  auto status = status_reported({}, form);
  campaigns::OutsideStatusReported command;
  command.sid = std::move(status.sid);
  command.status = std::move(status.status);
  command.seconds = status.seconds;
  command.sip = status.sip;
  command.occurred_at = status.occurred_at;
  return command;
}

campaigns::SurveyAnswered survey_answered(const AttemptId& attempt, const Route& route,
                                          Form& form) {
  campaigns::SurveyAnswered command;
  command.attempt = attempt;
  command.sid = form.value("CallSid");
  command.question = route.question;
  command.turn = route.turn;
  command.digits = keys(form.value("Digits"));
  command.speech = clean_text(form.value("SpeechResult"), speech_bytes_max);
  command.confidence_thousandths = confidence_thousandths(form.value("Confidence"));
  return command;
}

// The human's end of a transfer is a call of its own, whose parent is the attempt's.
campaigns::TransferReported transfer_reported(const AttemptId& attempt, const Route& route,
                                              Form& form) {
  auto status = status_reported(attempt, form);
  campaigns::TransferReported command;
  command.attempt = attempt;
  command.sid = form.value("ParentCallSid");
  command.leg = std::move(status.sid);
  command.human = route.human;
  command.status = std::move(status.status);
  command.seconds = status.seconds;
  command.sip = status.sip;
  command.occurred_at = status.occurred_at;
  return command;
}

// Nothing: it is not there, or not yet. Where it is follows from its sid: the URL that comes along
// is not taken over.
std::optional<campaigns::RecordingReported> recording_reported(const AttemptId& attempt,
                                                               Form& form) {
  campaigns::RecordingReported command;
  command.attempt = attempt;
  command.sid = form.value("CallSid");
  command.recording = form.value("RecordingSid");
  command.seconds = small_number(form.value("RecordingDuration"));
  command.channels = small_number(form.value("RecordingChannels"));
  if (form.value("RecordingStatus") != "completed") return {};
  if (!bridge::carrier::is_sid(command.recording, "RE")) return {};
  return command;
}

// What a call that somebody else's script placed gets by the mode in its URL, and what the operator
// should hear of it. The word itself is not repeated: it may be anything.
struct OutsideMode {
  Kind kind = Kind::outside_message;
  std::string note{};
};
OutsideMode outside_mode(std::string_view query) {
  const auto fields = bridge::http::decode_form(query);
  if (!fields) {
    return {.note = "a call of somebody else's script asks with a broken query: said the message"};
  }
  const std::string_view mode = bridge::http::field(*fields, "mode");
  if (mode.empty() || mode == "simple") return {};
  if (mode == "agent") return {.kind = Kind::outside_agent};
  return {.note =
              "a call of somebody else's script asks for an unknown mode (simple and agent are "
              "known): said the message"};
}

std::string note_on_fallback(std::int64_t code, const AttemptId& attempt) {
  std::string note = "the carrier could not use our answer and asked for the fallback: error " +
                     std::to_string(code) + ", attempt " + attempt.text();
  if (const auto* error = campaigns::carrier_error(code)) {
    note += ": " + std::string(error->sentence);
  }
  return note;
}

// The methods of a route. What we give to the carrier ourselves is asked by POST; other people's
// scripts choose.
std::string_view methods_of(Route::Kind kind) {
  switch (kind) {
    case Route::Kind::up:
      return "GET, HEAD";
    case Route::Kind::media_stream:
      return "GET";
    case Route::Kind::outside_voice:
    case Route::Kind::outside_status:
      return "GET, POST";
    case Route::Kind::voice:
    case Route::Kind::status:
    case Route::Kind::answer:
    case Route::Kind::answering_machine:
    case Route::Kind::recording:
    case Route::Kind::stream_status:
    case Route::Kind::after_stream:
    case Route::Kind::after_transfer:
    case Route::Kind::transfer_status:
    case Route::Kind::fallback:
      return "POST";
  }
  return {};
}

bool is_one_of(std::string_view method, std::string_view methods) {
  while (!methods.empty()) {
    const std::string_view first = methods.substr(0, methods.find(','));
    if (method == first) return true;
    methods.remove_prefix(std::min(methods.size(), first.size() + 2));
  }
  return false;
}

// An id of one delivery, if it looks like one.
std::string delivery_of(const Request& request) {
  constexpr std::size_t bytes_max = 64;
  const std::string_view id = request.header("I-Twilio-Idempotency-Token");
  const bool good = id.size() <= bytes_max && std::ranges::all_of(id, [](char c) {
                      return bridge::http::is_alphanumeric(c) || c == '-' || c == '_';
                    });
  return good ? std::string(id) : std::string{};
}

// Fills in what a route makes of a form whose signature and account are good.
void understand(Inbound& inbound, const Route& route, std::string_view query, Form& form,
                const campaigns::Campaign* agent) {
  const AttemptId& attempt = inbound.attempt;
  switch (route.kind) {
    case Route::Kind::up:
    case Route::Kind::media_stream:
      assert(false);
      return;
    case Route::Kind::voice:
      inbound.kind = Kind::call_document;
      inbound.command =
          campaigns::VoiceRequested{attempt, inbound.sid, answered_by(form.value("AnsweredBy"))};
      return;
    case Route::Kind::answer:
      inbound.kind = Kind::call_document;
      inbound.command = survey_answered(attempt, route, form);
      return;
    case Route::Kind::status:
      // A status that nobody has heard of yet is acknowledged and changes nothing.
      if (is_reported_status(form.value("CallStatus"))) {
        inbound.command = status_reported(attempt, form);
      } else {
        inbound.note = "a status callback with an unknown call status: ignored";
      }
      return;
    case Route::Kind::answering_machine:
      if (auto by = answered_by(form.value("AnsweredBy")); !by.empty()) {
        inbound.command = campaigns::MachineDetected{attempt, inbound.sid, std::move(by)};
      }
      return;
    case Route::Kind::recording:
      if (auto recorded = recording_reported(attempt, form)) {
        inbound.command = *std::move(recorded);
      } else if (const auto status = form.value("RecordingStatus");
                 status == "absent" || status == "failed") {
        inbound.note = "the carrier has no recording of a call that was to be recorded: attempt " +
                       attempt.text();
      }
      return;
    case Route::Kind::stream_status:
      // Whether it was opened and closed its own end tells; what went wrong nobody else does.
      if (form.value("StreamEvent") == "stream-error") {
        inbound.note = "the carrier could not open a media stream, or lost it: " +
                       (attempt.attempt == 0 ? "a call of somebody else's script"
                                             : "attempt " + attempt.text());
        if (const auto code = small_number(form.value("StreamError").substr(0, 5)); code != 0) {
          inbound.note += ", error " + std::to_string(code);
          if (const auto* error = campaigns::carrier_error(code)) {
            inbound.note += ": " + std::string(error->sentence);
          }
        }
      }
      return;
    case Route::Kind::after_stream: {
      campaigns::AfterStream command;
      command.sid = inbound.sid;
      command.in_progress = form.value("CallStatus") == "in-progress";
      inbound.kind = Kind::outside_after;
      if (attempt.attempt != 0) {
        command.attempt = attempt;
        inbound.kind = Kind::call_document;
      }
      inbound.command = std::move(command);
      return;
    }
    case Route::Kind::after_transfer:
      inbound.kind = Kind::call_document;
      inbound.command = campaigns::AfterTransfer{attempt, inbound.sid,
                                                 is_dial_status(form.value("DialCallStatus"))
                                                     ? std::string(form.value("DialCallStatus"))
                                                     : std::string("failed"),
                                                 small_number(form.value("DialCallDuration"))};
      return;
    case Route::Kind::transfer_status:
      if (is_reported_status(form.value("CallStatus")) &&
          is_call_sid(form.value("ParentCallSid"))) {
        inbound.command = transfer_reported(attempt, route, form);
      } else {
        inbound.note = "a status callback of a transfer that says too little: ignored";
      }
      return;
    case Route::Kind::fallback:
      inbound.kind = Kind::apology;
      inbound.note = note_on_fallback(small_number(form.value("ErrorCode")), attempt);
      return;
    case Route::Kind::outside_voice: {
      const OutsideMode mode = outside_mode(query);
      campaigns::OutsideVoiceRequested command;
      command.sid = inbound.sid;
      inbound.kind = mode.kind;
      inbound.note = mode.note;
      if (inbound.kind == Kind::outside_agent && agent == nullptr) {
        inbound.kind = Kind::outside_message;
        inbound.note =
            "a call of somebody else's script asks for the agent, and there is none here (no voice "
            "model is configured): said the message";
      }
      if (inbound.kind == Kind::outside_agent) {
        inbound.from = form.value("From");
        inbound.to = form.value("To");
        command.agent = true;
        command.disclosure =
            campaigns::text_version(agent->agent.disclosure.in(agent->language, agent->language));
      }
      inbound.command = std::move(command);
      return;
    }
    case Route::Kind::outside_status:
      if (is_reported_status(form.value("CallStatus"))) {
        inbound.command = outside_status_reported(form);
      } else {
        inbound.note = "a status callback with an unknown call status: ignored";
      }
      return;
  }
}

// http becomes ws, https wss.
std::string socket_url(const std::string& public_url, std::string_view path) {
  return "ws" + public_url.substr(std::string_view("http").size()) + std::string(path);
}

bool same_token(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

// An attempt's contact, if this log has such a person.
std::optional<campaigns::ContactRef> contact_of(const campaigns::State& state,
                                                const AttemptId& attempt) {
  const auto index = state.book.find(attempt.campaign);
  if (!index || attempt.contact == 0 ||
      attempt.contact > state.queue.campaigns[*index].contacts.size()) {
    return {};
  }
  return campaigns::ContactRef{*index, attempt.contact};
}

const campaigns::OpenAttempt* open_attempt(const campaigns::State& state,
                                           const AttemptId& attempt) {
  const auto contact = contact_of(state, attempt);
  const auto* open = contact ? state.queue.open_attempt(*contact) : nullptr;
  return open != nullptr && open->attempt == attempt.attempt ? open : nullptr;
}

Response text(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

Response twiml(std::string body) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/xml; charset=utf-8"}},
          .body = std::move(body)};
}

}  // namespace

CallUrls urls_of(const std::string& public_url, const std::string& token) {
  assert(!token.empty() && token.size() <= token_bytes_max);
  assert(bridge::http::percent_encode(token) == token);
  const std::string again(sent_again);
  CallUrls urls;
  urls.voice = public_url + "/outbound-call/" + token;
  urls.status = public_url + "/call-status/" + token + again;
  urls.answering_machine = public_url + "/answering-machine/" + token + again;
  urls.recording = public_url + "/recording/" + token + again;
  urls.fallback = public_url + "/fallback/" + token;
  urls.answer = public_url + "/survey-answer/" + token;
  urls.stream_status = public_url + "/stream-status/" + token;
  urls.after_stream = public_url + "/after-stream/" + token;
  urls.after_transfer = public_url + "/after-transfer/" + token;
  urls.transfer_status = public_url + "/transfer-status/" + token;
  return urls;
}

Door::Door(const campaigns::State& state, DoorOptions options, ReadToken read_token,
           WriteToken write_token, WriteCallToken write_call_token)
    : state_(state),
      options_(std::move(options)),
      read_token_(std::move(read_token)),
      write_token_(std::move(write_token)),
      write_call_token_(std::move(write_call_token)),
      signing_keys_(options_.auth_tokens.begin(), options_.auth_tokens.end()),
      outside_message_(
          write_twiml(campaigns::message_document(options_.message.text, options_.message.language,
                                                  options_.message.voice),
                      {})) {
  assert(read_token_ && write_token_ && write_call_token_);
}

std::variant<Inbound, TurnedAway> Door::read(const Request& request) const {
  const auto target = bridge::http::split_target(request.target);
  const auto route = route_of(target.path);
  if (!route) return TurnedAway{404, "unknown_route"};
  if (const auto methods = methods_of(route->kind); !is_one_of(request.method, methods)) {
    return TurnedAway{405, "wrong_method", std::string(methods)};
  }
  if (route->kind == Route::Kind::up) {
    Inbound inbound;
    inbound.kind = Kind::up;
    return inbound;
  }
  if (route->kind == Route::Kind::media_stream) {
    if (request.header("X-Twilio-Signature").empty()) return TurnedAway{403, "missing_signature"};
    if (!upgrade_is_signed(request)) return TurnedAway{403, "bad_signature"};
    Inbound inbound;
    inbound.kind = Kind::media_stream;
    return inbound;
  }
  std::optional<AttemptId> attempt;
  // These two are also given to calls that somebody else's code placed, with a token by their sid.
  const bool may_be_outside =
      route->kind == Route::Kind::after_stream || route->kind == Route::Kind::stream_status;
  if (!route->token.empty()) {
    attempt = read_token_(route->token);
    // Without it nobody knows which URL was signed; and it is no route that we gave to anybody.
    if (!attempt && !may_be_outside) return TurnedAway{404, "unknown_token"};
  }

  if (request.header("X-Twilio-Signature").empty()) return TurnedAway{403, "missing_signature"};
  // The signature covers the fields, so they are taken apart before it is known to be good. Those
  // of a GET are in its URL, which is signed as it stands.
  const bool get = request.method == "GET";
  if (!get && !is_form(request.header("Content-Type"))) return TurnedAway{415, "not_a_form"};
  const auto fields =
      bridge::http::decode_form(get ? target.query : std::string_view(request.body));
  if (!fields) return TurnedAway{400, "malformed_form"};
  static const Fields none;
  if (!signature_is_good(request, attempt, get ? none : *fields)) {
    return TurnedAway{403, "bad_signature"};
  }

  Form form(*fields);
  const std::string_view account = form.value("AccountSid");
  if (account.empty() || account != options_.account_sid) {
    return TurnedAway{403, "other_account"};
  }
  Inbound inbound;
  inbound.attempt = attempt.value_or(AttemptId{});
  inbound.delivery = delivery_of(request);
  inbound.sid = form.value("CallSid");
  if (!is_call_sid(inbound.sid)) return TurnedAway{400, "bad_call_sid"};
  if (may_be_outside && !attempt && !same_token(write_call_token_(inbound.sid), route->token)) {
    return TurnedAway{404, "unknown_token"};
  }
  understand(inbound, *route, target.query, form, options_.agent.get());
  if (form.ambiguous()) return TurnedAway{400, "ambiguous_field"};
  return inbound;
}

// The carrier signs the socket's URL, without a query and without fields (protocols.md 3.2); it may
// be one that a call was dialled with before the public URL changed. Of a slash at its end nobody
// knows whether it was signed, so that both are good.
bool Door::upgrade_is_signed(const Request& request) const {
  const std::string_view signature = request.header("X-Twilio-Signature");
  std::string_view target = request.target;
  if (target.ends_with('/')) target.remove_suffix(1);
  const auto is_signed_for = [&](const std::string& public_url) {
    return bridge::carrier::verify(std::span(signing_keys_), socket_url(public_url, target),
                                   Fields{}, signature);
  };
  const auto& urls = state_.book.public_urls;
  return is_signed_for(options_.public_url) ||
         std::any_of(urls.rbegin(), urls.rend(), is_signed_for);
}

bool Door::signature_is_good(const Request& request, const std::optional<AttemptId>& attempt,
                             const Fields& fields) const {
  const std::string_view signature = request.header("X-Twilio-Signature");
  const auto is_signed_for = [&](const std::string& public_url) {
    return bridge::carrier::verify(std::span(signing_keys_), public_url + request.target, fields,
                                   signature);
  };
  if (!attempt) return is_signed_for(options_.public_url);
  if (const auto* open = open_attempt(state_, *attempt)) return is_signed_for(open->public_url);
  // The attempt is over and with it the URL that it had; it was one of these, most likely a late
  // one. Only who holds a token of ours gets here.
  const auto& urls = state_.book.public_urls;
  return std::any_of(urls.rbegin(), urls.rend(), is_signed_for);
}

Response Door::answer(const Inbound& inbound) const {
  switch (inbound.kind) {
    case Kind::up: {
      auto up = text(200, std::string(up_text));
      // Somebody on the way who kept it would answer in our place.
      up.headers.push_back({"Cache-Control", "no-store"});
      return up;
    }
    case Kind::empty:
      return {.status = 204};
    case Kind::outside_message:
      return twiml(outside_message_);
    case Kind::outside_agent:
      return twiml(outside_agent(inbound));
    case Kind::outside_after: {
      const auto* permit = state_.permits.find(inbound.sid);
      if (permit == nullptr || !permit->failed) {
        return twiml(write_twiml({campaigns::Hangup{}}, {}));
      }
      // As whoever asks for an agent where there is none.
      if (options_.agent == nullptr) return twiml(outside_message_);
      const auto& agent = *options_.agent;
      return twiml(write_twiml(
          campaigns::agent_apology(agent, agent.language,
                                   agent.agent.apology.in(agent.language, agent.language)),
          {}));
    }
    case Kind::media_stream:
      // Whoever got here has not upgraded it.
      return text(426, "a WebSocket is spoken here\n");
    case Kind::call_document:
      return twiml(call_document(inbound));
    case Kind::apology:
      return twiml(apology(inbound.attempt));
  }
  assert(false);
  return {.status = 500};
}

// Only the call that the open attempt is about is talked to: a second one for it, or one of an
// attempt that is over, hangs up.
std::string Door::call_document(const Inbound& inbound) const {
  const auto* open = open_attempt(state_, inbound.attempt);
  if (open == nullptr || open->sid != inbound.sid) {
    return write_twiml({campaigns::Hangup{}}, {});
  }
  const auto urls = urls_of(open->public_url, write_token_(inbound.attempt));
  DocumentUrls to;
  to.answer = urls.answer;
  // A survey without an agent has humans to pass people on to as well.
  to.after_transfer = urls.after_transfer;
  to.transfer_status = urls.transfer_status;
  if (state_.book.at(open->contact.campaign).definition->mode == campaigns::Mode::agent) {
    to.media_stream = socket_url(open->public_url, "/media-stream");
    to.stream_status = urls.stream_status;
    to.after_stream = urls.after_stream;
    to.parameters = {{"from", open->caller_id},
                     {"to", '+' + std::to_string(state_.queue.contact(open->contact).number)},
                     {"outbound", "true"},
                     {"token", write_call_token_(inbound.sid)}};
  }
  return write_twiml(campaigns::current_document(state_.book, state_.script, open->contact), to);
}

std::string Door::outside_agent(const Inbound& inbound) const {
  const auto& agent = *options_.agent;
  const auto token = write_call_token_(inbound.sid);
  DocumentUrls to;
  to.media_stream = socket_url(options_.public_url, "/media-stream");
  to.stream_status = options_.public_url + "/stream-status/" + token;
  to.after_stream = options_.public_url + "/after-stream/" + token;
  to.parameters = {
      {"from", inbound.from}, {"to", inbound.to}, {"outbound", "true"}, {"token", token}};
  auto document = campaigns::agent_document(
      agent, agent.language, agent.agent.disclosure.in(agent.language, agent.language));
  for (auto& verb : campaigns::agent_apology(
           agent, agent.language, agent.agent.apology.in(agent.language, agent.language))) {
    document.push_back(std::move(verb));
  }
  return write_twiml(document, to);
}

// The campaign's goodbye: the only words that fit whatever went wrong.
std::string Door::apology(const AttemptId& attempt) const {
  campaigns::CallDocument document;
  if (const auto contact = contact_of(state_, attempt)) {
    const auto& entry = state_.book.at(contact->campaign);
    const auto& campaign = *entry.definition;
    if (!campaign.goodbye.empty()) {
      const auto& own = state_.script.language(*contact);
      const bool has_own = campaign.goodbye.by_language.contains(own);
      const auto& language = has_own ? own : campaign.language;
      const auto voice = campaign.voices.find(language);
      document.emplace_back(campaigns::Say{
          campaigns::personal_text(campaign.goodbye, campaign, entry, state_.script, *contact),
          language, voice == campaign.voices.end() ? "" : voice->second});
    }
  }
  document.emplace_back(campaigns::Hangup{});
  return write_twiml(document, {});
}

Response Door::turned_away(const TurnedAway& turned_away) const {
  Response response =
      text(turned_away.status, std::string(bridge::http::reason_phrase(turned_away.status)) + '\n');
  if (!turned_away.allow.empty()) response.headers.push_back({"Allow", turned_away.allow});
  return response;
}

}  // namespace webhook
