#include "runner/runner.hpp"

#include <algorithm>
#include <utility>

#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign.hpp"
#include "runner/carrier_calls.hpp"
#include "runner/fold.hpp"

namespace runner {

using campaigns::AttemptId;
using campaigns::Command;
using campaigns::Fact;
using campaigns::Facts;
using campaigns::Refusal;

namespace {

// How long a question that the carrier did not answer waits before it is asked again.
constexpr std::chrono::seconds ask_again_after{15};

// Orders that may always wait to be sent.
constexpr std::int64_t unsent_orders_min = 4;

// A clock that is further behind is told of.
constexpr std::chrono::seconds behind_max{1};

campaigns::OrderAnswered core_answer(const AttemptId& attempt,
                                     const bridge::carrier::PlaceReply& reply) {
  using Kind = campaigns::OrderAnswered::Kind;
  campaigns::OrderAnswered answer;
  answer.attempt = attempt;
  if (const auto* placed = std::get_if<bridge::carrier::CallPlaced>(&reply)) {
    answer.kind = Kind::placed;
    answer.sid = placed->sid;
    answer.request_id = placed->request_id;
    if (placed->queue_time) answer.queue_ms = placed->queue_time->count();
  } else if (const auto* rejected = std::get_if<bridge::carrier::CallRejected>(&reply)) {
    answer.kind = Kind::rejected;
    answer.http_status = rejected->http_status;
    answer.code = rejected->code;
    answer.retryable = rejected->retryable;
    answer.request_id = rejected->request_id;
    if (rejected->retry_after) answer.retry_after_seconds = rejected->retry_after->count();
  } else if (const auto* in_doubt = std::get_if<bridge::carrier::CallInDoubt>(&reply)) {
    answer.kind = Kind::in_doubt;
    answer.why = in_doubt->why;
    answer.request_id = in_doubt->request_id;
  } else if (const auto* not_sent = std::get_if<bridge::carrier::CallNotSent>(&reply)) {
    answer.kind = Kind::not_sent;
    answer.why = not_sent->why;
    answer.unreachable = not_sent->unreachable;
  }
  return answer;
}

bridge::http::Response busy_response() {
  bridge::http::Response response;
  response.status = 503;
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace

Runner::Runner(eventstore::EventStore& log, bridge::carrier::Carrier& carrier,
               const bridge::net::Clock& clock, const campaigns::ZoneRules& rules,
               const LogKeys& keys, webhook::DoorOptions door, campaigns::State state,
               Options options)
    : log_(log),
      carrier_(carrier),
      clock_(clock),
      rules_(rules),
      keys_(keys),
      state_(std::move(state)),
      options_(std::move(options)),
      now_(options_.not_before),
      door_(
          state_, std::move(door),
          [this](std::string_view token) { return keys_.read_token(token); },
          [this](const AttemptId& attempt) { return keys_.token(attempt); },
          [this](std::string_view sid) { return keys_.call_token(sid); }),
      outside_agent_(door_.outside_agent()),
      sweeper_(
          carrier_, clock_, state_,
          [this](Command command, std::function<void(std::optional<Refusal>)> done) {
            note_command(std::move(command), std::move(done));
          },
          [this](std::string text) { notice(std::move(text)); }) {
  // The run before may have sent its last order just now, and later than its slot; and the part of
  // a millisecond that it was early by went with it.
  if (state_.queue.last_slot) {
    pace_.sent(clock_.now() + std::chrono::milliseconds{1}, account_rate());
  }
}

void Runner::notice(std::string text) const {
  if (on_notice_) on_notice_({std::move(text)});
}

campaigns::Moment Runner::moment() const {
  return {now_, options_.seed, run_since_};
}

void Runner::note_request(bridge::http::Request request,
                          std::function<void(bridge::http::Response)> reply) {
  if (requests_ >= options_.inbox_max || log_.waiting() >= options_.waiting_events_max) {
    reply(busy_response());
    return;
  }
  ++requests_;
  inbox_.push_back(RequestNote{std::move(request), std::move(reply)});
}

void Runner::note_command(Command command, std::function<void(std::optional<Refusal>)> done) {
  inbox_.push_back(CommandNote{std::move(command), std::move(done)});
}

Vitals Runner::vitals() const {
  Vitals vitals;
  vitals.durable = durable_position();
  vitals.started = !holding_ && started_at_ && *started_at_ <= vitals.durable;
  vitals.disk_full = log_.disk_full();
  vitals.door_shut = door_shut_;
  vitals.stopping = stopping_;
  vitals.behind = clock_behind();
  vitals.waiting_events = log_.waiting();
  vitals.waiting_notes = inbox_.size();
  vitals.waiting_effects = gate_.held();
  vitals.waiting_orders = to_send_.size();
  vitals.streams_open = talks_.size();
  return vitals;
}

std::chrono::milliseconds Runner::clock_behind() const {
  const auto now = clock_.now();
  return std::max(now_, now) - now + clock_.behind();
}

void Runner::watch_clock() {
  const auto behind = clock_behind();
  if ((behind > behind_max) == told_behind_) return;
  told_behind_ = !told_behind_;
  if (!told_behind_) return notice("the system's clock has caught up with the log");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(behind).count();
  notice("the system's clock stands " + std::to_string(seconds) +
         " s behind the log's last event: until it has caught up nobody is called, and nothing "
         "happens that waits for its time; set it right");
}

bool Runner::calls_under_way() const {
  if (!talks_.empty()) return true;
  return std::any_of(
      state_.queue.attempts.begin(), state_.queue.attempts.end(), [](const auto& attempt) {
        const auto phase = attempt.second.phase;
        return phase == campaigns::Phase::requested || phase == campaigns::Phase::accepted;
      });
}

void Runner::tell(std::function<void(bool)> act) {
  tellings_.push_back({state_.position, std::move(act)});
}

void Runner::tell_what_may_be_told() {
  while (!tellings_.empty()) {
    const bool durable = tellings_.front().position <= durable_position();
    if (!durable && !disk_full()) return;
    const auto act = std::move(tellings_.front().act);
    tellings_.pop_front();
    act(durable);
  }
}

void Runner::tick() {
  // One instant for all that a tick decides and folds: the batch is recorded at it, and a replay
  // folds with what was recorded.
  now_ = std::max(now_, clock_.now());
  watch_clock();
  sweeper_.go_on();
  for (std::size_t taken = 0; taken < options_.notes_max && !inbox_.empty(); ++taken) {
    auto note = std::move(inbox_.front());
    inbox_.pop_front();
    if (std::holds_alternative<RequestNote>(note)) --requests_;
    std::visit([&](auto& n) { take(std::move(n)); }, note);
  }
  give_up_waiting_for_streams();
  plan_all();
  ask_carrier();
  if (!batch_.empty()) {
    log_.append(std::exchange(batch_, {}), campaigns::to_ms(now_));
    if (metrics_) metrics_->appended(log_.last());
  }
  if (!keys_to_destroy_.empty()) log_.destroy_keys(std::exchange(keys_to_destroy_, {}));
  const auto durable = log_.durable();
  if (metrics_) metrics_->durable(durable.position());
  gate_.release(durable);
  apologise();
  if (!log_.destroying_keys()) {
    for (auto& done : std::exchange(forgotten_, {})) done();
  }
  tell_what_may_be_told();
  send_orders();
}

void Runner::take(RequestNote note) {
  const auto read = door_.read(note.request);
  if (const auto* turned_away = std::get_if<webhook::TurnedAway>(&read)) {
    tell_refused(*turned_away);
    note.reply(door_.turned_away(*turned_away));
    return;
  }
  auto inbound = std::get<webhook::Inbound>(read);
  if (waits_for_stream(inbound, note)) return;
  if (!inbound.note.empty()) notice(inbound.note);
  if (!inbound.delivery.empty()) note_delivery(inbound.delivery);
  // Whoever asks for words to part with has left the stream, also where its socket does not show
  // it.
  if (inbound.kind == webhook::Kind::apology)
    end_stream_of(inbound.sid, bridge::media::Why::hung_up);
  if (inbound.command) {
    // Whose "never again" it would be: only the log's key can tell.
    if (auto* asked = get_if<campaigns::OutsideVoiceRequested>(&*inbound.command);
        asked && asked->agent && !inbound.to.empty()) {
      asked->number_key = keys_.number_key(inbound.to);
    }
    if (const auto refusal = decide_and_fold(*inbound.command)) {
      const webhook::TurnedAway turned_away{404, refusal->code};
      tell_refused(turned_away);
      note.reply(door_.turned_away(turned_away));
      return;
    }
  }
  if (inbound.command) {
    const auto* told = get_if<campaigns::StatusReported>(&*inbound.command);
    if (told && told->seconds_missing) look_up_end(*told);
  }
  // Not a word of what the log may lose: the carrier waits 15 s, and then tells its own error.
  auto waiting = std::make_shared<WaitingReply>();
  waiting->until = now_ + options_.reply_time_max;
  waiting->reply = std::move(note.reply);
  waiting->apology = busy_response();
  if (inbound.kind == webhook::Kind::call_document ||
      inbound.kind == webhook::Kind::outside_message ||
      inbound.kind == webhook::Kind::outside_agent ||
      inbound.kind == webhook::Kind::outside_after) {
    auto instead = inbound;
    instead.kind = webhook::Kind::apology;
    waiting->apology = door_.answer(instead);
  }
  waiting_replies_.push_back(waiting);
  gate_.hold(state_.position,
             [waiting, response = door_.answer(inbound)](const eventstore::Durable&) mutable {
               if (waiting->reply) std::exchange(waiting->reply, {})(std::move(response));
             });
}

// Anybody may knock: of each reason one in a hundred is told of, the first one too.
void Runner::tell_refused(const webhook::TurnedAway& turned_away) {
  const auto what = std::to_string(turned_away.status) + ' ' + turned_away.reason;
  auto& count = refused_[what];
  if (count++ % 100 != 0) return;
  notice("request refused: " + what + " (" + std::to_string(count) + " so far)");
}

// What was delivered again has failed before: a sign that our door is slow, or hard to reach. What
// it means to a call does not hang on it. One in a hundred is told of, the first one too.
void Runner::note_delivery(const std::string& delivery) {
  if (!deliveries_.insert(delivery).second) {
    if (delivered_again_++ % 100 == 0) {
      notice(
          "the carrier had to deliver a webhook again: the first time it was not answered in "
          "time (" +
          std::to_string(delivered_again_) + " so far)");
    }
    return;
  }
  deliveries_in_order_.push_back(delivery);
  if (deliveries_in_order_.size() <= options_.deliveries_max) return;
  deliveries_.erase(deliveries_in_order_.front());
  deliveries_in_order_.pop_front();
}

void Runner::apologise() {
  const auto now = clock_.now();
  while (!waiting_replies_.empty()) {
    auto& first = *waiting_replies_.front();
    if (first.reply && first.until > now) return;
    if (first.reply) {
      notice("the log is slow or its disk full: a caller was given an apology");
      std::exchange(first.reply, {})(std::move(first.apology));
    }
    waiting_replies_.pop_front();
  }
}

void Runner::take(CommandNote note) {
  auto refusal = decide_and_fold(note.command);
  if (!note.done) return;
  // Nobody is told that somebody is forgotten before the key is gone.
  if (holds_alternative<campaigns::ForgetNumber>(note.command) ||
      holds_alternative<campaigns::ForgetExpired>(note.command)) {
    note.done = [this, done = std::move(note.done)](std::optional<Refusal> outcome) {
      forgotten_.push_back([done, outcome = std::move(outcome)] { done(outcome); });
    };
  }
  gate_.hold(state_.position,
             [done = std::move(note.done), refusal = std::move(refusal)](
                 const eventstore::Durable&) mutable { done(std::move(refusal)); });
}

std::optional<Refusal> Runner::decide_and_fold(const Command& command) {
  auto decision = campaigns::decide(state_, command, moment());
  if (!decision) return decision.error();
  fold(std::move(decision).value());
  return {};
}

void Runner::fold(Facts facts) {
  for (auto& fact : facts) {
    campaigns::stamp(state_, fact, moment());
    batch_.push_back(row_of(state_, fact));
    if (const auto key = key_to_destroy(state_, fact)) keys_to_destroy_.push_back(*key);
    campaigns::evolve(state_, fact);
    if (metrics_) metrics_->fact(fact);
    for (const auto& see : on_fact_) see(fact);
    follow(fact);
  }
}

void Runner::follow(const Fact& fact) {
  if (holds_alternative<campaigns::RunnerStarted>(fact.event)) {
    started_at_ = fact.position;
    run_since_ = now_;
    for (auto& sentence : campaigns::people_in_unknown_zones(state_, rules_)) {
      notice(std::move(sentence));
    }
  }
  follow_stream(fact);
  sweeper_.follow(fact);
  if (const auto* served = get_if<campaigns::PromptServed>(&fact.event)) break_off(fact, *served);
  const auto* requested = get_if<campaigns::CallRequested>(&fact.event);
  if (!requested) return;
  const auto ref = *state_.book.contact_of(fact.subject);
  if (requested->attempt == 1) new_people_.insert(ref.packed());
  carrier_.expect_order();  // while the disk works
  ++orders_at_gate_;
  gate_.hold(fact.position,
             [this, attempt = AttemptId{fact.subject.name, ref.ordinal, requested->attempt}](
                 const eventstore::Durable&) {
               --orders_at_gate_;
               to_send_.push_back(attempt);
             });
}

// A machine was found beside a talk that had begun: the carrier is told to ask anew what comes
// next. Once: should the order be lost, the next request of the call is answered with it all the
// same.
void Runner::break_off(const Fact& fact, const campaigns::PromptServed& served) {
  if (served.turn <= 1 || (served.prompt != "machine" && served.prompt != "hang_up")) return;
  const auto ref = *state_.book.contact_of(fact.subject);
  const auto* open = state_.queue.open_attempt(ref);
  if (!open || open->sid.empty()) return;
  const AttemptId attempt{fact.subject.name, ref.ordinal, served.attempt};
  bridge::carrier::NewDocument document;
  document.url = webhook::urls_of(open->public_url, keys_.token(attempt)).voice;
  gate_.hold(fact.position, [this, sid = open->sid, document, attempt](const eventstore::Durable&) {
    carrier_.redirect(sid, document, [this, attempt](const bridge::carrier::RedirectReply& reply) {
      if (reply.ok || reply.over) return;
      notice("a machine answered, and its call could not be told so: " + reply.why + " (attempt " +
             attempt.text() + ')');
    });
  });
}

std::size_t Runner::unsent_orders() const {
  return orders_at_gate_ + to_send_.size() + (leaving_ ? 1U : 0U);
}

campaigns::PlanLimits Runner::plan_limits() const {
  campaigns::PlanLimits limits;
  // Where disk or carrier are slower than the rate, orders would wait until their slots are over:
  // no more of them than leave in a second.
  const auto unsent_max = std::max(unsent_orders_min, account_rate() / 1000);
  // By a clock that stands nobody's hours can be told.
  limits.no_dials = stopping_ || holding_ || !door_shut_.empty() || clock_behind() > behind_max ||
                    log_.disk_full() || log_.waiting() >= options_.waiting_events_max ||
                    unsent_orders() >= static_cast<std::size_t>(unsent_max);
  limits.only = dials_only_;
  if (options_.new_people_max) {
    const auto max = *options_.new_people_max;
    limits.new_people = max > new_people_.size() ? max - new_people_.size() : 0;
  }
  return limits;
}

bool Runner::limit_reached() const {
  return options_.new_people_max && new_people_.size() >= *options_.new_people_max;
}

void Runner::plan_all() {
  while (batch_.size() < options_.batch_events_max) {
    auto facts = campaigns::plan(state_, rules_, moment(), plan_limits());
    if (facts.empty()) return;
    fold(std::move(facts));
  }
}

void Runner::ask_carrier() {
  const auto now = clock_.now();
  const auto wake = [now](auto& questions) {
    for (auto i = questions.again_at.begin(); i != questions.again_at.end();) {
      i = i->second <= now ? questions.again_at.erase(i) : std::next(i);
    }
  };
  wake(lookups_);
  wake(endings_);
  for (auto& lookup : campaigns::lookups_due(state_, now)) {
    const auto key = lookup.contact.packed();
    if (lookups_.resting(key)) continue;
    lookups_.under_way.insert(key);
    gate_.hold(state_.position,
               [this, lookup = std::move(lookup)](const eventstore::Durable&) { look_up(lookup); });
  }
  if (sweeper_.due()) sweeper_.begin();
  for (auto& ending : campaigns::endings_due(state_)) {
    if (endings_.resting(ending.sid)) continue;
    endings_.under_way.insert(ending.sid);
    gate_.hold(state_.position, [this, ending = std::move(ending)](const eventstore::Durable&) {
      take_back(ending);
    });
  }
  for (const auto& [sid, late] : state_.queue.late_calls) {
    if (endings_.resting(sid)) continue;
    endings_.under_way.insert(sid);
    const auto ref = late.contact;
    const AttemptId attempt{state_.book.at(ref.campaign).definition->id, ref.ordinal,
                            state_.queue.contact(ref).requests};
    notice("a call turned up that must not be: it is being ended");
    gate_.hold(state_.position, [this, sid = sid, attempt](const eventstore::Durable&) {
      carrier_.end(sid, [this, sid, attempt](const bridge::carrier::CancelReply& reply) {
        endings_.under_way.erase(sid);
        if (reply.ok) return note_command(campaigns::LateCallWasEnded{attempt, sid});
        endings_.again_at[sid] = clock_.now() + ask_again_after;
        if (reply.unknown) note_command(campaigns::LateCallNotKnown{attempt, sid});
      });
    });
  }
}

// An order that hangs up on nobody: who has answered meanwhile is left alone. What only waits is to
// be taken back and not what rings already, so its record is looked at first. What became of it
// stands in the reply, because a call that ends in the carrier's queue is never reported.
void Runner::take_back(const campaigns::Ending& ending) {
  const auto noted = [this, ending](const bridge::carrier::FetchReply& reply) {
    endings_.under_way.erase(ending.sid);
    endings_.again_at[ending.sid] = clock_.now() + ask_again_after;
    if (reply.ok) note_fetched(ending.attempt, reply);
  };
  if (ending.ringing) return carrier_.take_back(ending.sid, noted);
  carrier_.fetch(ending.sid, [this, ending, noted](const bridge::carrier::FetchReply& reply) {
    if (!reply.ok || !reply.found || reply.call.status != "queued") return noted(reply);
    carrier_.take_back(ending.sid, noted);
  });
}

void Runner::note_fetched(const AttemptId& attempt, const bridge::carrier::FetchReply& reply) {
  campaigns::CallFetched fetched;
  fetched.attempt = attempt;
  fetched.found = reply.found;
  if (reply.found) fetched.call = core_call(reply.call);
  note_command(std::move(fetched));
}

void Runner::look_up(const campaigns::Lookup& lookup) {
  const auto key = lookup.contact.packed();
  const auto answered = [this, key](bool ok) {
    lookups_.under_way.erase(key);
    if (!ok) lookups_.again_at[key] = clock_.now() + ask_again_after;
    return ok;
  };
  if (lookup.by_list) {
    carrier_.list(
        lookup.to, lookup.from,
        [this, attempt = lookup.attempt, answered](const bridge::carrier::ListReply& reply) {
          if (!answered(reply.ok)) return;
          campaigns::CallsListed listed;
          listed.attempt = attempt;
          for (const auto& call : reply.calls) listed.calls.push_back(core_call(call));
          note_command(std::move(listed));
        });
    return;
  }
  carrier_.fetch(lookup.sid, [this, attempt = lookup.attempt,
                              answered](const bridge::carrier::FetchReply& reply) {
    if (!answered(reply.ok)) return;
    note_fetched(attempt, reply);
  });
}

// Should this question fail, the call is asked about as one that has gone silent.
void Runner::look_up_end(const campaigns::StatusReported& told) {
  const campaigns::ContactRef ref{*state_.book.find(told.attempt.campaign), told.attempt.contact};
  const auto* open = state_.queue.open_attempt(ref);
  const auto key = ref.packed();
  if (!open || open->attempt != told.attempt.attempt || open->sid != told.sid ||
      open->phase != campaigns::Phase::accepted || lookups_.resting(key)) {
    return;
  }
  lookups_.under_way.insert(key);
  campaigns::Lookup lookup;
  lookup.contact = ref;
  lookup.attempt = told.attempt;
  lookup.sid = told.sid;
  gate_.hold(state_.position,
             [this, lookup = std::move(lookup)](const eventstore::Durable&) { look_up(lookup); });
}

std::int64_t Runner::account_rate() const {
  return state_.book.runner.calls_per_second_thousandths;
}

const std::string& Runner::zone_of(campaigns::ContactRef contact) const {
  const auto& campaign = state_.queue.campaigns[contact.campaign];
  return campaign.groups[campaign.contact(contact.ordinal).group].zone;
}

bool Runner::open_to_calls(const AttemptId& attempt, bridge::net::Instant now) const {
  const auto index = *state_.book.find(attempt.campaign);
  const auto& zone = zone_of({index, attempt.contact});
  return campaigns::opening_at(state_.book.at(index).definition->hours, zone, rules_, now).open;
}

std::string Runner::reason_not_to_send(const AttemptId& attempt) const {
  const auto now = clock_.now();
  auto reason = campaigns::reason_not_to_send(state_, attempt, now);
  // A slow disk may have carried it beyond the end of the opening that allowed it.
  if (reason.empty() && !open_to_calls(attempt, now)) reason = "the calling hours have ended";
  return reason;
}

void Runner::send_orders() {
  while (!to_send_.empty() && !leaving_) {
    const auto attempt = to_send_.front();
    if (const auto reason = reason_not_to_send(attempt); !reason.empty()) {
      to_send_.pop_front();
      note_command(core_answer(attempt, bridge::carrier::CallNotSent{reason}));
      continue;
    }
    // A log that was slow must not lead to a burst.
    if (const auto next = pace_.next(account_rate()); next && clock_.now() < *next) return;
    to_send_.pop_front();
    place(attempt);
  }
}

void Runner::place(const AttemptId& attempt) {
  const auto index = *state_.book.find(attempt.campaign);
  const campaigns::ContactRef ref{index, attempt.contact};
  const auto& open = *state_.queue.open_attempt(ref);
  const auto& campaign = *state_.book.at(index).definition;
  const auto urls = webhook::urls_of(open.public_url, keys_.token(attempt));
  bridge::carrier::CallOrder order;
  order.to = '+' + std::to_string(state_.queue.contact(ref).number);
  order.from = open.caller_id;
  order.url = urls.voice;
  order.status_url = urls.status;
  order.fallback_by_get = !options_.fallback_url.empty();
  order.fallback_url = order.fallback_by_get ? options_.fallback_url : urls.fallback;
  order.ring_time_max = campaign.ring_time;
  order.call_time_max = campaign.call_time;
  using Detection = bridge::carrier::CallOrder::MachineDetection;
  switch (campaign.machine.action) {
    case campaigns::MachineAction::ignore:
      break;
    case campaigns::MachineAction::hang_up:
      order.machine_detection = Detection::enable;
      break;
    case campaigns::MachineAction::leave_message:
      order.machine_detection = Detection::message_end;
      break;
  }
  const auto& detection = campaign.machine.detection;
  if (detection.async) order.answering_machine_url = urls.answering_machine;
  order.detection_limits = {detection.timeout,
                            std::chrono::milliseconds{detection.speech_threshold_ms},
                            std::chrono::milliseconds{detection.speech_end_threshold_ms},
                            std::chrono::milliseconds{detection.silence_timeout_ms}};
  order.record = campaign.recording.record;
  order.record_dual = campaign.recording.dual;
  order.record_trim = campaign.recording.trim;
  order.recording_url = urls.recording;
  // The connection may still have to be made, and much may change meanwhile.
  const auto last = state_.queue.campaigns[open.contact.campaign].not_after(open.contact.ordinal);
  const auto sent_by = open.slot + campaigns::send_delay_max;
  order.not_after = last ? std::min(sent_by, *last) : sent_by;
  order.objection = [this, attempt] { return reason_not_to_send(attempt); };
  order.on_sent = [this] {
    pace_.sent(clock_.now(), account_rate());
    leaving_.reset();
    if (metrics_) metrics_->order_sent();
  };
  leaving_ = attempt;
  carrier_.place(order, [this, attempt](const bridge::carrier::PlaceReply& reply) {
    if (leaving_ == attempt) leaving_.reset();
    note_command(core_answer(attempt, reply));
  });
}

bool Runner::idle() const {
  return inbox_.empty() && gate_.held() == 0 && tellings_.empty() && log_.waiting() == 0 &&
         batch_.empty() && forgotten_.empty() && !log_.destroying_keys() && !sweeper_.has_found();
}

std::optional<bridge::net::Instant> Runner::next_wakeup() const {
  const auto now = clock_.now();
  auto next = campaigns::next_wakeup(
      state_, rules_, now, plan_limits(),
      [this](campaigns::ContactRef ref) { return lookups_.resting(ref.packed()); });
  const auto consider = [&](bridge::net::Instant at) {
    if (!next || at < *next) next = at;
  };
  if (clock_behind() > behind_max) consider(std::max(now_, now) + std::chrono::milliseconds{1});
  if (!to_send_.empty() && !leaving_) {
    if (const auto at = pace_.next(account_rate())) consider(*at);
  }
  if (!waiting_replies_.empty()) consider(waiting_replies_.front()->until);
  if (!waiting_for_stream_.empty()) consider(waiting_for_stream_.front().until);
  for (const auto& [key, at] : lookups_.again_at) consider(at);
  for (const auto& [key, at] : endings_.again_at) consider(at);
  if (const auto at = sweeper_.next()) consider(*at);
  return next;
}

}  // namespace runner
