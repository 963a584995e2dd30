#include "bridge/rehearsal/call_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

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

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

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
  Call& call = book_.add(options_.seed, std::move(order), loop_.now());
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
  Act act = call.talk->perform(document, url);
  const Instant when = loop_.now() + act.after;
  call.next_act = timetable_.at(when, [this, &call, act = std::move(act)] {
    call.next_act = {};
    if (act.kind != Act::Kind::request) return end(call, Status::completed, 200);
    ask(call, {.url = act.url,
               .by_get = act.by_get,
               .extra = act.fields,
               .fallback = call.order.fallback});
  });
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
                {"RecordingChannels", "1"},
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
