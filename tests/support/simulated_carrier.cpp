#include "tests/support/simulated_carrier.hpp"

#include <algorithm>
#include <cassert>
#include <cstdio>

namespace support {

using bridge::carrier::CallRecord;
using namespace std::chrono_literals;

Dice::Dice(std::uint64_t seed, std::string_view about) : state_(seed) {
  std::uint64_t digest = 14695981039346656037u;
  for (const char c : about) {
    digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  state_ = next() ^ digest;
}

std::uint64_t Dice::next() {
  state_ += 0x9E3779B97F4A7C15u;
  auto mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

milliseconds Dice::between(milliseconds least, milliseconds most) {
  assert(least <= most);
  return least + milliseconds{below(static_cast<std::uint64_t>((most - least).count()) + 1)};
}

std::optional<Instant> Agenda::next() const {
  if (entries_.empty()) return {};
  return entries_.begin()->first.first;
}

bool Agenda::run_one(Instant now) {
  if (entries_.empty() || entries_.begin()->first.first > now) return false;
  const auto happens = std::move(entries_.begin()->second);
  entries_.erase(entries_.begin());
  happens();
  return true;
}

namespace {

std::string token_of(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

SimulatedCall* SimulatedCarrier::call(const std::string& sid) {
  const auto found = by_sid_.find(sid);
  return found == by_sid_.end() ? nullptr : &calls_[found->second];
}

std::vector<const SimulatedCall*> SimulatedCarrier::calls_of(const std::string& token) const {
  std::vector<const SimulatedCall*> calls;
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) return calls;
  for (const auto index : found->second) calls.push_back(&calls_[index]);
  return calls;
}

unsigned SimulatedCarrier::live_calls_to(const std::string& number) const {
  unsigned live = 0;
  const auto found = by_number_.find(number);
  if (found == by_number_.end()) return live;
  for (const auto index : found->second) live += calls_[index].over() ? 0u : 1u;
  return live;
}

unsigned SimulatedCarrier::orders_of(const std::string& token) const {
  const auto found = orders_by_token_.find(token);
  return found == orders_by_token_.end() ? 0 : found->second;
}

SimulatedCall& SimulatedCarrier::accept(const Order& order) {
  Dice dice(seed_, "accept " + order.token);
  SimulatedCall call;
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx",
                static_cast<unsigned long long>(dice.next()),
                static_cast<unsigned long long>(calls_.size()));
  call.sid = std::string("CA") + digits;
  call.token = order.token;
  call.order = order.order;
  call.created = clock_.now();
  call.listed_at = call.created + dice.between(0ms, faults_.list_lag_max);
  by_sid_[call.sid] = calls_.size();
  by_token_[call.token].push_back(calls_.size());
  by_number_[call.order.to].push_back(calls_.size());
  calls_.push_back(std::move(call));
  on_accepted(calls_.back());
  return calls_.back();
}

void SimulatedCarrier::answer(milliseconds after, std::function<void()> tell) {
  agenda_.at(clock_.now() + after, [this, connection = connection_, tell = std::move(tell)] {
    if (connection != connection_) return;
    tell();
    if (on_answer) on_answer();
  });
}

// As over a real wire: the order waits for its connection, and is looked at again before it leaves.
void SimulatedCarrier::place(const bridge::carrier::CallOrder& given,
                             std::function<void(bridge::carrier::PlaceReply)> done) {
  Dice dice(seed_, "connection " + token_of(given.url));
  if (!dice.chance(faults_.slow_connection)) return leave(given, done);
  auto ready = clock_.now() + dice.between(1ms, 7s);
  if (given.not_after) ready = std::min(ready, *given.not_after + 1ms);
  answer(ready - clock_.now(), [this, given, done] { leave(given, done); });
}

void SimulatedCarrier::leave(const bridge::carrier::CallOrder& given,
                             const std::function<void(bridge::carrier::PlaceReply)>& done) {
  if (given.not_after && clock_.now() > *given.not_after) {
    return done(bridge::carrier::CallNotSent{"no connection in time"});
  }
  if (given.objection) {
    if (auto why = given.objection(); !why.empty()) {
      return answer(0ms, [done, why] { done(bridge::carrier::CallNotSent{why}); });
    }
  }
  orders_.push_back({clock_.now(), token_of(given.url), given});
  const auto order = orders_.back();
  ++orders_by_token_[order.token];
  on_order(order);
  if (given.on_sent) given.on_sent();

  Dice dice(seed_, "order " + order.token);
  auto fate = static_cast<std::int64_t>(dice.below(1000));
  const auto is = [&fate](unsigned per_mille) {
    fate -= static_cast<std::int64_t>(per_mille);
    return fate < 0;
  };
  const auto soon = dice.between(20ms, 400ms);
  const auto say = [&](milliseconds after, bridge::carrier::PlaceReply reply) {
    answer(after, [done, reply = std::move(reply)] { done(reply); });
  };
  const auto accept_later = [&] {
    agenda_.at(clock_.now() + dice.between(10ms, std::max(10ms, faults_.accept_delay_max)),
               [this, order] { accept(order); });
  };
  if (is(faults_.not_sent)) {
    say(soon, bridge::carrier::CallNotSent{"no connection"});
  } else if (is(faults_.too_many)) {
    say(soon, bridge::carrier::CallRejected{429, 20429, true, {}, {}});
  } else if (is(faults_.dead_number)) {
    say(soon, bridge::carrier::CallRejected{400, 21211, false, {}, {}});
  } else if (is(faults_.account_refused)) {
    say(soon, bridge::carrier::CallRejected{401, 20003, false, {}, {}});
  } else if (is(faults_.doubt_accepted)) {
    accept_later();
    say(soon, bridge::carrier::CallInDoubt{"status 500", {}});
  } else if (is(faults_.doubt_lost)) {
    say(soon, bridge::carrier::CallInDoubt{"the connection was reset", {}});
  } else if (is(faults_.silent_accepted)) {
    accept_later();
    say(30s, bridge::carrier::CallInDoubt{"no answer within 30 s", {}});
  } else if (is(faults_.silent_lost)) {
    say(30s, bridge::carrier::CallInDoubt{"no answer within 30 s", {}});
  } else {
    // The call begins when the order arrives; its own callbacks may be faster than the answer.
    const auto arrives = dice.between(10ms, soon);
    const auto answered = is(faults_.slow) ? dice.between(2s, 25s) : soon;
    agenda_.at(clock_.now() + arrives, [this, order, connection = connection_, done,
                                        wait = answered - arrives] {
      const auto& call = accept(order);
      if (connection != connection_) return;
      answer(wait, [done, sid = call.sid] { done(bridge::carrier::CallPlaced{.sid = sid}); });
    });
  }
}

CallRecord SimulatedCarrier::record_of(const SimulatedCall& call) const {
  CallRecord record;
  record.sid = call.sid;
  record.to = call.order.to;
  record.from = call.order.from;
  record.status = call.status;
  record.direction = "outbound-api";
  record.answered_by = call.answered_by;
  record.date_created = call.created;
  record.start_time = call.dialled;
  record.end_time = call.ended;
  if (call.seconds) record.duration = std::chrono::seconds{*call.seconds};
  record.cost_millionths = price_of(call);
  if (record.cost_millionths) record.price_unit = charges.currency;
  return record;
}

std::optional<std::int64_t> SimulatedCarrier::price_of(const SimulatedCall& call) const {
  if (!charges.reckoned || !call.over()) return {};
  Dice dice(seed_, "price " + call.token);
  const auto told = *call.ended + dice.between(1s, 3h);
  const auto corrected = told + dice.between(10min, 3h);
  if (clock_.now() < told) return {};
  const auto part = [&] { return static_cast<std::int64_t>(500 + dice.below(charges.most - 499)); };
  const auto first = charges.reckoned(call) * part() / 1000;
  if (!dice.chance(400) || clock_.now() < corrected) return first;
  return first * part() / 1000;
}

std::optional<std::int64_t> SimulatedCarrier::told_price(const std::string& sid) const {
  const auto found = told_prices_.find(sid);
  return found == told_prices_.end() ? std::nullopt : std::optional(found->second);
}

// A question's answer shows the records as they were when it was asked: it may be old on arrival.

void SimulatedCarrier::fetch(const std::string& sid,
                             std::function<void(bridge::carrier::FetchReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  bridge::carrier::FetchReply reply;
  reply.ok = !dice.chance(faults_.question_fails);
  if (const auto* found = call(sid); found && reply.ok) {
    reply.found = true;
    reply.call = record_of(*found);
  }
  answer(dice.between(20ms, 2s), [done = std::move(done), reply] { done(reply); });
}

void SimulatedCarrier::list(const std::string& to, const std::string& from,
                            std::function<void(bridge::carrier::ListReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  bridge::carrier::ListReply reply;
  reply.ok = !dice.chance(faults_.question_fails);
  if (const auto found = by_number_.find(to); found != by_number_.end() && reply.ok) {
    for (const auto index : found->second) {
      const auto& one = calls_[index];
      if (one.order.from == from && one.listed_at <= clock_.now()) {
        reply.calls.push_back(record_of(one));
      }
    }
  }
  answer(dice.between(20ms, 2s), [done = std::move(done), reply] { done(reply); });
}

void SimulatedCarrier::list_day(const std::string& from, std::chrono::sys_days day,
                                std::function<void(bridge::carrier::ListReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  bridge::carrier::ListReply reply;
  reply.ok = !dice.chance(faults_.question_fails);
  for (const auto& one : calls_) {
    const bool listed = one.order.from == from && one.listed_at <= clock_.now() &&
                        std::chrono::floor<std::chrono::days>(one.created) == day;
    if (!reply.ok || !listed) continue;
    reply.calls.push_back(record_of(one));
    Dice twice(seed_, "twice " + std::to_string(questions_) + one.sid);
    if (twice.chance(100)) reply.calls.push_back(reply.calls.back());
  }
  answer(dice.between(20ms, 2s), [this, done = std::move(done), reply] {
    for (const auto& call : reply.calls) {
      if (call.cost_millionths) told_prices_[call.sid] = *call.cost_millionths;
    }
    done(reply);
  });
}

void SimulatedCarrier::redirect(const std::string& sid,
                                const bridge::carrier::NewDocument& document,
                                std::function<void(bridge::carrier::RedirectReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  bridge::carrier::RedirectReply reply;
  if (!dice.chance(faults_.question_fails)) {
    auto* found = call(sid);
    reply.ok = found && found->answered && !found->over();
    reply.over = !reply.ok;
    if (reply.ok && on_redirected) on_redirected(*found, document);
  }
  answer(dice.between(20ms, 2s), [done = std::move(done), reply] { done(reply); });
}

// It is looked at when the order arrives, which takes its time.
void SimulatedCarrier::take_back(const std::string& sid,
                                 std::function<void(bridge::carrier::FetchReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  const bool fails = dice.chance(faults_.question_fails);
  const auto arrives = dice.between(10ms, 1s);
  const auto back = dice.between(10ms, 1s);
  agenda_.at(clock_.now() + arrives,
             [this, sid, fails, back, connection = connection_, done = std::move(done)] {
               bridge::carrier::FetchReply reply;
               reply.ok = !fails;
               if (auto* found = call(sid); found && reply.ok) {
                 if (!found->over() && !found->answered) {
                   found->status = "canceled";
                   found->ended = clock_.now();
                   found->seconds = 0;
                   if (on_ended) on_ended(*found);
                 }
                 reply.found = true;
                 reply.call = record_of(*found);
               }
               if (connection != connection_) return;
               answer(back, [done, reply] { done(reply); });
             });
}

void SimulatedCarrier::end(const std::string& sid,
                           std::function<void(bridge::carrier::CancelReply)> done) {
  Dice dice(seed_, "question " + std::to_string(++questions_));
  bridge::carrier::CancelReply reply;
  reply.ok = !dice.chance(faults_.question_fails);
  if (auto* found = call(sid); found && reply.ok && !found->over()) {
    found->status = found->answered ? "completed" : "canceled";
    found->ended = clock_.now();
    found->seconds = (found->talk + 999ms) / 1s;
    if (on_ended) on_ended(*found);
  }
  answer(dice.between(20ms, 2s), [done = std::move(done), reply] { done(reply); });
}

}  // namespace support
