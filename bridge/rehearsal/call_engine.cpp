#include "bridge/rehearsal/call_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

using net::Instant;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds detection_time{4};  // protocols.md 2.5
constexpr seconds apology_time{3};    // "an application error has occurred"
constexpr seconds recording_time{2};  // from a call's end until what was recorded is there
constexpr std::chrono::hours queue_max{24};
constexpr std::size_t documents_max = 1'000;  // of one call: a redirect onto itself ends here
constexpr int redirects_max = 10;             // of one request

constexpr int too_many_redirects = 11215;
constexpr int no_content_type = 12300;
constexpr int application_loop = 12400;

// Kept to the end of the turn: it may be in a callback.
struct DeadCallStream final : net::Retired {
  explicit DeadCallStream(std::unique_ptr<CallStream> dead) : stream(std::move(dead)) {}
  std::unique_ptr<CallStream> stream;
};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

// ---- orders ----

bool CallEngine::is_full() const {
  return book_.all().size() >= options_.calls_max ||
         (options_.calls_per_second > 0 && next_slot_ > loop_.now() + queue_max);
}

Call& CallEngine::accept(Order order) {
  Call& call = book_.add(options_.seed, options_.life, std::move(order), loop_.now());
  // At the next whole second, so that calls share their instants.
  Instant slot = Instant(std::chrono::floor<seconds>(loop_.now())) + seconds(1);
  if (options_.calls_per_second > 0) {
    slot = std::max(slot, next_slot_);
    next_slot_ = slot + milliseconds(std::llround(1000 / options_.calls_per_second));
  }
  call.next_act = timetable_.at(slot, [this, &call] { on_dialled(call); });
  call.queue_time = call.next_act.first - loop_.now();
  return call;
}

void CallEngine::hang_up(Call& call, bool also_in_progress) {
  if (call.status != Status::in_progress) {
    end(call, Status::canceled, 487);
  } else if (also_in_progress) {
    end(call, Status::completed, 200);
  }
}

void CallEngine::redirect(Call& call, const Update& update) {
  timetable_.cancel(call.next_act);
  leave_stream(call);
  // Who waits for it is no longer waited for; what runs beside the talk goes on.
  if (!call.order.detection_async) timetable_.cancel(call.detection);
  call.updated_at = loop_.now();
  if (update.document.url.empty()) {
    ++call.documents;  // an answer under way is for a talk that is over
    return perform(call, update.inline_twiml, {}, {});
  }
  // The others take effect together with a new document only (protocols.md 1.5).
  if (update.fallback) call.order.fallback = *update.fallback;
  if (update.status) call.order.status = *update.status;
  ask(call, {.url = update.document.url,
             .by_get = update.document.by_get,
             .fallback = call.order.fallback});
}

void CallEngine::limit_time(Call& call, seconds time) {
  call.order.time_limit = time;
  if (!call.answered_at) return;
  timetable_.cancel(call.time_limit);
  call.time_limit = timetable_.at(std::max(*call.answered_at + time, loop_.now()), [this, &call] {
    call.time_limit = {};
    end(call, Status::completed, 200);
  });
}

// ---- a call's life ----

void CallEngine::on_dialled(Call& call) {
  call.next_act = {};
  call.status = Status::initiated;
  call.initiated_at = call.updated_at = loop_.now();
  call.talk = std::make_unique<Talk>(options_.people, options_.seed, call.order.to, call.ordinal);
  if (call.order.on_initiated) tell_status(call);
  const Person& person = call.talk->person();
  call.next_act =
      timetable_.at(loop_.now() + person.rings_after, [this, &call] { on_reached(call); });
}

void CallEngine::on_reached(Call& call) {
  call.next_act = {};
  const Person& person = call.talk->person();
  if (person.answerer == Answerer::failed) return end(call, Status::failed, 404);
  if (person.answerer == Answerer::busy) return end(call, Status::busy, 486);
  call.status = Status::ringing;
  call.ringing_at = call.updated_at = loop_.now();
  if (call.order.on_ringing) tell_status(call);
  const bool answers =
      person.answerer != Answerer::no_answer && person.answers_after < call.order.ring_time;
  if (answers) {
    call.next_act =
        timetable_.at(loop_.now() + person.answers_after, [this, &call] { on_answered(call); });
  } else {
    call.next_act = timetable_.at(loop_.now() + call.order.ring_time, [this, &call] {
      call.next_act = {};
      end(call, Status::no_answer, 487);
    });
  }
}

void CallEngine::on_answered(Call& call) {
  call.next_act = {};
  call.status = Status::in_progress;
  call.answered_at = call.updated_at = loop_.now();
  limit_time(call, call.order.time_limit);
  if (call.order.on_answered) tell_status(call);
  if (call.order.record && call.order.on_recording_started) tell_recording(call, "in-progress");
  if (call.order.detection == Order::Detection::off) {
    begin_talk(call);
  } else {
    begin_detection(call);
  }
}

void CallEngine::begin_detection(Call& call) {
  const Person& person = call.talk->person();
  const bool to_the_end = call.order.detection == Order::Detection::message_end;
  const bool hears_beep = to_the_end && person.answerer == Answerer::machine;
  const seconds needed = hears_beep ? std::max(person.greeting, detection_time) : detection_time;
  const seconds time = std::min(needed, call.order.detection_time_max);
  std::string_view by = "human";
  if (person.answerer == Answerer::machine) by = to_the_end ? "machine_end_beep" : "machine_start";
  if (person.answerer == Answerer::fax) by = "fax";
  if (time < needed) by = "unknown";
  call.detection = timetable_.at(loop_.now() + time, [this, &call, by] { on_detected(call, by); });
  if (call.order.detection_async) {
    begin_talk(call);
  } else if (person.hangs_up_at_once) {
    end_soon(call, seconds(1));
  } else {
    call.talk->wait(time);
  }
}

void CallEngine::on_detected(Call& call, std::string_view answered_by) {
  call.detection = {};
  call.answered_by = answered_by;
  if (!call.order.detection_async) return begin_talk(call);
  if (call.order.detected.url.empty()) return;
  const milliseconds took = loop_.now() - *call.answered_at;
  const Fields fields{{"CallSid", call.sid},
                      {"AccountSid", options_.account_sid},
                      {"AnsweredBy", std::string(answered_by)},
                      {"MachineDetectionDuration", std::to_string(took.count())}};
  send(call, call.order.detected, fields, [this, &call, answered_by](const Fetched& fetched) {
    if (fetched.accepted()) note_acknowledged(call, answered_by, {});
  });
}

void CallEngine::begin_talk(Call& call) {
  if (!call.order.inline_twiml.empty()) {
    ++call.documents;
    return perform(call, call.order.inline_twiml, {}, {});
  }
  Question question{.url = call.order.document.url,
                    .by_get = call.order.document.by_get,
                    .fallback = call.order.fallback};
  if (!call.answered_by.empty()) {
    question.extra = {{"AnsweredBy", std::string(call.answered_by)}};
  }
  ask(call, question);
}

void CallEngine::end_soon(Call& call, seconds after) {
  call.next_act = timetable_.at(loop_.now() + after, [this, &call] {
    call.next_act = {};
    end(call, Status::completed, 200);
  });
}

void CallEngine::end(Call& call, Status status, int sip_code) {
  const bool was_queued = call.status == Status::queued;
  timetable_.cancel(call.next_act);
  timetable_.cancel(call.time_limit);
  timetable_.cancel(call.detection);
  leave_stream(call);
  call.document.reset();
  call.status = status;
  call.ended_at = call.updated_at = loop_.now();
  call.talk.reset();
  ++call.documents;  // nobody waits for a document any more
  // A call that never left the queue fires no callback at all (protocols.md 1.4).
  if (call.order.on_completed && !was_queued) tell_status(call, sip_code);
  if (!call.order.record) return;
  const bool recorded = call.talk_time().count() > 0;
  if (recorded ? !call.order.on_recording_completed : !call.order.on_recording_absent) return;
  timetable_.at(loop_.now() + recording_time, [this, &call, recorded] {
    tell_recording(call, recorded ? "completed" : "absent");
  });
}

// ---- documents ----

// Asks the program for the next document. Where that fails, its fallback is asked, once.
void CallEngine::ask(Call& call, const Question& question) {
  const std::uint64_t request = ++call.documents;
  if (request > documents_max) return apologise(call, question.url, application_loop, {});
  ++counters_.documents_asked;
  Fields fields = base_fields(call);
  fields.insert(fields.end(), question.extra.begin(), question.extra.end());
  send(call, {.url = question.url, .by_get = question.by_get}, fields,
       [this, &call, request, question](const Fetched& fetched) {
         if (fetched.accepted()) note_acknowledged(call, question.url, question.extra);
         if (call.documents != request || is_over(call.status)) return;
         on_document(call, question, fetched);
       });
}

void CallEngine::on_document(Call& call, const Question& question, const Fetched& fetched) {
  if (fetched.error != 0) return apologise(call, question.url, fetched.error, question.fallback);
  const http::Response& response = fetched.reply.response;
  const std::string_view location = response.header("Location");
  if (is_redirect(response.status) && !location.empty()) {
    if (question.redirects == redirects_max) {
      return apologise(call, question.url, too_many_redirects, question.fallback);
    }
    Question next = question;
    next.url = resolve_url(question.url, location);
    next.by_get |= response.status < 307;  // a POST becomes a GET
    ++next.redirects;
    return ask(call, next);
  }
  std::string type = lower(response.header("Content-Type"));
  type = type.substr(0, type.find(';'));
  if (type == "text/plain") {
    Document document;
    document.verbs.push_back(
        {.kind = Verb::Kind::say, .time = speaking_time(response.body), .text = response.body});
    return perform(call, document, question.url);
  }
  if (type != "text/xml" && type != "application/xml" && type != "text/html") {
    return apologise(call, question.url, no_content_type, question.fallback);
  }
  perform(call, response.body, question.url, question.fallback);
}

void CallEngine::perform(Call& call, std::string_view twiml, const std::string& url,
                         const Callback& fallback) {
  const auto read = read_twiml(twiml);
  if (const auto* bad = std::get_if<BadTwiml>(&read)) {
    return apologise(call, url, bad->code, fallback);
  }
  perform(call, std::get<Document>(read), url);
}

void CallEngine::perform(Call& call, const Document& document, const std::string& url) {
  call.document = std::make_shared<const Document>(document);
  call.document_url = url;
  follow(call, call.talk->perform(document, url));
}

// Does what came of a document, in its time.
void CallEngine::follow(Call& call, Act act) {
  for (Leg& leg : act.legs) plan_leg(call, leg);
  const Instant when = loop_.now() + act.after;
  call.next_act = timetable_.at(when, [this, &call, act = std::move(act)] {
    call.next_act = {};
    if (act.kind == Act::Kind::stream) return open_stream(call, act.verb);
    Fields extra = named(call, act);
    if (act.kind != Act::Kind::request) {
      end(call, Status::completed, 200);
      if (act.url.empty()) return;
      const Fields base = base_fields(call);
      extra.insert(extra.begin(), base.begin(), base.end());
      return send(call, {.url = act.url, .by_get = act.by_get}, extra, [](const Fetched&) {});
    }
    ask(call, {.url = act.url,
               .by_get = act.by_get,
               .extra = std::move(extra),
               .fallback = call.order.fallback});
  });
}

// ---- media streams ----

void CallEngine::open_stream(Call& call, std::size_t verb) {
  const std::shared_ptr<const Document> document = call.document;
  const Verb& connect = document->verbs[verb];
  const std::uint64_t ordinal = call.streams.size();
  call.streams.push_back(std::make_unique<StreamTruth>());
  StreamTruth& truth = *call.streams.back();
  truth.stream_sid = "MZ" + hex_from(options_.seed, call.sid + " stream", ordinal, 32);

  CallStream::Options to;
  to.url = connect.text;
  to.parameters = connect.parameters;
  to.account_sid = options_.account_sid;
  to.call_sid = call.sid;
  to.auth_token = options_.auth_token;
  to.seed = options_.seed;
  to.ordinal = ordinal;
  to.faults = stream_faults(options_.faults, options_.seed, call.sid, ordinal);
  to.tell_words = options_.tell_acknowledged;
  to.record_directory = options_.record_directory;
  if (connect.text.starts_with("wss:")) to.trusted = webhooks_.trusted();
  to.connect_address = options_.webhook_address;
  to.connect_port = options_.webhook_port;

  Callee callee(options_.people, options_.seed, call.order.to, call.ordinal, call.talk->person(),
                loop_.now() - *call.answered_at);
  const std::uint64_t id = ++streams_opened_;
  call.stream = id;
  call.stream_verb = verb;
  ++counters_.streams_asked;
  streams_[id] = std::make_unique<CallStream>(
      loop_, links_, timetable_, std::move(callee), std::move(to), truth,
      CallStream::Events{
          .on_started =
              [this, &call, &truth, document, verb] {
                ++counters_.streams_opened;
                tell_stream(call, truth, document->verbs[verb], "stream-started");
              },
          .on_hang_up = [this, &call] { end(call, Status::completed, 200); },
          .on_ended = [this, &call, id,
                       verb](CallStream::End how) { on_stream_ended(call, id, how, verb); }});
}

// The program closed it, or something broke: the call goes on with the action, else with the next
// verb (protocols.md 4.7).
void CallEngine::on_stream_ended(Call& call, std::uint64_t stream, CallStream::End how,
                                 std::size_t verb) {
  forget_stream(stream);
  if (call.stream != stream) return;  // it was left before
  call.stream = 0;
  const std::shared_ptr<const Document> document = call.document;
  const Verb& connect = document->verbs[verb];
  const StreamTruth& truth = *call.streams.back();
  if (truth.error_code != 0) call.error_code = truth.error_code;
  const bool refused = how == CallStream::End::refused;
  if (refused) ++counters_.streams_refused;
  if (refused || how == CallStream::End::broken) {
    tell_stream(call, truth, connect, "stream-error");
  }
  if (!refused) {
    tell_stream(call, truth, connect, "stream-stopped");
    call.talk->wait(std::chrono::ceil<seconds>(loop_.now() - truth.began));
  }
  const std::string url = call.document_url;
  if (refused || connect.action.empty()) {
    return follow(call, call.talk->go_on(*document, url, verb + 1));
  }
  ask(call, {.url = resolve_url(url, connect.action),
             .by_get = connect.by_get,
             .fallback = call.order.fallback});
}

// The call ends or goes on elsewhere while a stream is open.
void CallEngine::leave_stream(Call& call) {
  const auto found = streams_.find(std::exchange(call.stream, 0));
  if (found == streams_.end()) return;
  found->second->finish();
  if (call.streams.back()->began == Instant{}) return;  // it never opened
  tell_stream(call, *call.streams.back(), call.document->verbs[call.stream_verb], "stream-stopped");
}

void CallEngine::forget_stream(std::uint64_t stream) {
  auto node = streams_.extract(stream);
  if (!node.empty()) loop_.retire(std::make_unique<DeadCallStream>(std::move(node.mapped())));
}

void CallEngine::tell_stream(Call& call, const StreamTruth& truth, const Verb& verb,
                             std::string_view event) {
  if (verb.status_url.empty()) return;
  Fields fields{{"AccountSid", options_.account_sid},
                {"CallSid", call.sid},
                {"StreamSid", truth.stream_sid},
                {"StreamName", verb.name.empty() ? truth.stream_sid : verb.name},
                {"StreamEvent", std::string(event)},
                {"Timestamp", iso8601(loop_.now())}};
  if (event == "stream-error") {
    fields.push_back({"StreamError", "Error " + std::to_string(truth.error_code)});
  }
  send(call, {.url = verb.status_url, .by_get = verb.status_by_get}, fields, [](const Fetched&) {});
}

bool CallEngine::awaits(std::uint16_t port) const {
  return std::ranges::any_of(streams_,
                             [port](const auto& each) { return each.second->awaits(port); });
}

bool CallEngine::writing() const {
  return std::ranges::any_of(streams_, [](const auto& each) { return each.second->writing(); });
}

// ---- the calls of a dial ----

// Each of a leg's events in its time, unless the call has ended or gone on elsewhere by then. The
// last one comes before what the dial's end leads to.
void CallEngine::plan_leg(Call& call, Leg& leg) {
  leg.sid = "CA" + hex_from(call.legs++, call.sid + " leg", 0, 32);
  if (leg.to.status_url.empty()) return;
  std::uint64_t sequence = 0;
  const auto plan = [&](const char* event, std::string_view status, milliseconds at) {
    if (leg.to.status_events.find(event) == std::string::npos) return;
    timetable_.at(loop_.now() + at,
                  [this, &call, request = call.documents, leg, status, number = sequence++] {
                    if (call.documents == request) tell_leg(call, leg, status, number);
                  });
  };
  plan("initiated", "initiated", leg.begins);
  if (leg.rings) plan("ringing", "ringing", *leg.rings);
  if (leg.answers) plan("answered", "in-progress", *leg.answers);
  plan("completed", leg.status, leg.ends - milliseconds(leg.status == "canceled" ? 0 : 250));
}

// Fields of protocols.md 2.2, of a call whose parent is this one.
void CallEngine::tell_leg(Call& call, const Leg& leg, std::string_view status,
                          std::uint64_t sequence) {
  Fields fields = base_fields(call);
  const auto set = [&](std::string_view name, std::string value) {
    std::ranges::find(fields, name, &Field::name)->value = std::move(value);
  };
  set("CallSid", leg.sid);
  set("To", leg.to.number);
  set("Called", leg.to.number);
  set("CallStatus", std::string(status));
  set("Direction", "outbound-dial");
  fields.push_back({"ParentCallSid", call.sid});
  fields.push_back({"Timestamp", rfc2822(loop_.now())});
  fields.push_back({"CallbackSource", "call-progress-events"});
  fields.push_back({"SequenceNumber", std::to_string(sequence)});
  if (status == leg.status) {
    const std::string_view sip = status == "completed" ? "200"
                                 : status == "busy"    ? "486"
                                 : status == "failed"  ? "404"
                                                       : "487";
    fields.push_back({"CallDuration", std::to_string(leg.talked.count())});
    fields.push_back({"Duration", std::to_string((leg.talked.count() + 59) / 60)});
    fields.push_back({"SipResponseCode", std::string(sip)});
  }
  const Callback to{.url = resolve_url(call.document_url, leg.to.status_url),
                    .by_get = leg.to.status_by_get};
  const CallbackFault fault = callback_fault(options_.faults, options_.seed, leg.sid, sequence);
  for (int copy = 0; copy < (fault.lost ? 0 : fault.copies); ++copy) {
    timetable_.at(loop_.now() + fault.late + seconds(2 * copy), [this, &call, to, fields] {
      call.leg_callbacks.emplace_back(to, fields);
      if (call.leg_callbacks.size() == 1) post_legs(call);
    });
  }
}

void CallEngine::post_legs(Call& call) {
  const auto [to, fields] = call.leg_callbacks.front();
  send(call, to, fields, [this, &call](const Fetched&) {
    call.leg_callbacks.pop_front();
    if (!call.leg_callbacks.empty()) post_legs(call);
  });
}

// An act's fields with the names that the carrier has for what came of it (protocols.md 4.5, 4.6).
Fields CallEngine::named(Call& call, const Act& act) {
  Fields fields = act.fields;
  if (act.dialled) fields.push_back({"DialCallSid", act.legs.at(act.talked_with).sid});
  if (!act.recorded) return fields;
  const std::string sid = "RE" + hex_from(++call.recordings, call.sid, 0, 32);
  const std::string url =
      "https://api.twilio.com/2010-04-01/Accounts/" + options_.account_sid + "/Recordings/" + sid;
  fields.push_back({"RecordingUrl", url});
  fields.push_back({"RecordingSid", sid});
  if (act.recorded_url.empty()) return fields;
  const Fields told{{"AccountSid", options_.account_sid},
                    {"CallSid", call.sid},
                    {"RecordingSid", sid},
                    {"RecordingUrl", url},
                    {"RecordingStatus", "completed"},
                    {"RecordingDuration", std::to_string(act.recorded_time.count())},
                    {"RecordingChannels", "1"},
                    {"RecordingSource", "RecordVerb"},
                    {"RecordingTrack", "inbound"},
                    {"ErrorCode", "0"}};
  const Callback to{.url = act.recorded_url, .by_get = act.recorded_by_get};
  timetable_.at(loop_.now() + recording_time,
                [this, &call, to, told] { send(call, to, told, [](const Fetched&) {}); });
  return fields;
}

// The program failed: its fallback is asked, else the person hears an apology and the call ends
// (protocols.md 2.4).
void CallEngine::apologise(Call& call, const std::string& url, int code, const Callback& fallback) {
  ++counters_.documents_failed;
  call.error_code = code;
  if (fallback.url.empty()) return end_soon(call, apology_time);
  ask(call, {.url = fallback.url,
             .by_get = fallback.by_get,
             .extra = {{"ErrorCode", std::to_string(code)}, {"ErrorUrl", url}}});
}

// ---- webhooks ----

Fields CallEngine::base_fields(const Call& call) const {
  Fields fields;
  fields.reserve(36);
  fields = {{"CallSid", call.sid},
            {"AccountSid", options_.account_sid},
            {"From", call.order.from},
            {"To", call.order.to},
            {"Caller", call.order.from},
            {"Called", call.order.to},
            {"CallStatus", std::string(callback_name(call.status))},
            {"Direction", "outbound-api"},
            {"ApiVersion", "2010-04-01"}};
  // Where people are is mostly unknown, and told all the same.
  for (const char* whose : {"From", "To", "Caller", "Called"}) {
    for (const char* what : {"City", "State", "Zip", "Country"}) {
      fields.push_back({std::string(whose) + what, ""});
    }
  }
  return fields;
}

void CallEngine::tell_status(Call& call, int sip_code) {
  const std::uint64_t sequence = call.callbacks++;
  if (call.order.status.url.empty()) return;
  Fields fields = base_fields(call);
  fields.push_back({"Timestamp", rfc2822(loop_.now())});
  fields.push_back({"CallbackSource", "call-progress-events"});
  fields.push_back({"SequenceNumber", std::to_string(sequence)});
  if (is_over(call.status)) {
    const seconds talked = call.talk_time();
    fields.push_back({"CallDuration", std::to_string(talked.count())});
    fields.push_back({"Duration", std::to_string((talked.count() + 59) / 60)});
    fields.push_back({"SipResponseCode", std::to_string(sip_code)});
    if (!call.answered_by.empty()) {
      fields.push_back({"AnsweredBy", std::string(call.answered_by)});
    }
  }
  ++counters_.callbacks_due;
  const CallbackFault fault = callback_fault(options_.faults, options_.seed, call.sid, sequence);
  if (fault.lost) {
    ++counters_.callbacks_lost;
    return;
  }
  if (fault.late.count() > 0) ++counters_.callbacks_delayed;
  counters_.callbacks_doubled += static_cast<std::uint64_t>(fault.copies - 1);
  for (int copy = 0; copy < fault.copies; ++copy) {
    const seconds delay = fault.late + seconds(2 * copy);
    if (delay.count() == 0) {
      post_status(call, fields);
    } else {
      timetable_.at(loop_.now() + delay, [this, &call, fields] { post_status(call, fields); });
    }
  }
}

void CallEngine::post_status(Call& call, const Fields& fields) {
  const std::string status(value_of(fields, "CallStatus"));
  send(call, call.order.status, fields, [this, &call, status](const Fetched& fetched) {
    if (fetched.reply.sent != http::Sent::answered) {
      ++counters_.callbacks_undelivered;
    } else if (!fetched.accepted()) {
      ++counters_.callbacks_refused;
    } else {
      ++counters_.callbacks_delivered;
      note_acknowledged(call, status, {});
    }
  });
}

// Fields of protocols.md 2.6.
void CallEngine::tell_recording(Call& call, std::string_view status) {
  if (call.order.recording.url.empty()) return;
  const std::string sid = recording_sid(call);
  Fields fields{{"AccountSid", options_.account_sid},
                {"CallSid", call.sid},
                {"RecordingSid", sid},
                {"RecordingUrl", "https://api.twilio.com/2010-04-01/Accounts/" +
                                     options_.account_sid + "/Recordings/" + sid},
                {"RecordingStatus", std::string(status)},
                {"RecordingChannels", call.order.record_dual ? "2" : "1"},
                {"RecordingSource", "OutboundAPI"},
                {"RecordingTrack", "both"},
                {"ErrorCode", "0"}};
  if (call.answered_at) fields.push_back({"RecordingStartTime", rfc2822(*call.answered_at)});
  if (status != "in-progress") {
    fields.push_back({"RecordingDuration", std::to_string(call.talk_time().count())});
  }
  send(call, call.order.recording, fields, [](const Fetched&) {});
}

void CallEngine::send(Call& call, const Callback& to, const Fields& fields,
                      WebhookSender::Done done) {
  webhooks_.send(to, fields, {.sid = call.sid, .ordinal = call.webhooks++}, std::move(done));
}

void CallEngine::note_acknowledged(Call& call, std::string_view what, const Fields& fields) {
  if (!options_.tell_acknowledged) return;
  std::string said(value_of(fields, "Digits"));
  said += value_of(fields, "SpeechResult");
  call.acknowledged.push_back({loop_.now(), std::string(what), std::move(said)});
}

}  // namespace bridge::rehearsal
