#include "campaigns/dial_queue.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <map>

#include "campaigns/carrier_errors.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"

namespace campaigns {

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::fresh:
      return "fresh";
    case Stage::retry:
      return "retry";
    case Stage::calling:
      return "calling";
    case Stage::done:
      return "done";
    case Stage::exhausted:
      return "exhausted";
    case Stage::excluded:
      return "excluded";
    case Stage::held:
      return "held";
  }
  return "";
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::requested:
      return "requested";
    case Phase::accepted:
      return "accepted";
    case Phase::in_doubt:
      return "in_doubt";
    case Phase::held:
      return "held";
  }
  return "";
}

namespace {

// FNV-1a: the set of known calls is asked only whether it has seen a sid of the carrier's list.
std::uint64_t sid_digest(const std::string& sid) {
  std::uint64_t digest = 14695981039346656037u;
  for (const char c : sid) {
    digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return digest;
}

bool holds_line(Phase phase) {
  return phase != Phase::held;
}

}  // namespace

const OpenAttempt* DialQueue::open_attempt(ContactRef contact) const {
  const auto found = attempts.find(contact.packed());
  return found == attempts.end() ? nullptr : &found->second;
}

const OpenAttempt* DialQueue::lock_of(ContactRef ref) const {
  const auto& campaign = campaigns[ref.campaign];
  const auto locked = [&](NumberKey key) -> const OpenAttempt* {
    const auto found = locks.find(key);
    return found == locks.end() ? nullptr : &attempts.at(found->second);
  };
  const auto* several = campaign.several_of(ref.ordinal);
  if (several == nullptr) return locked(campaign.contact(ref.ordinal).key);
  for (const auto& one : several->all) {
    if (const auto* open = locked(one.key)) return open;
  }
  return nullptr;
}

bool DialQueue::has_late_call(ContactRef ref) const {
  if (late_calls.empty()) return false;
  const auto& campaign = campaigns[ref.campaign];
  const auto rings = [&](NumberKey key) {
    return std::ranges::any_of(late_calls, [&](const auto& late) {
      const auto& [whose, since] = late.second;
      return campaigns[whose.campaign].has_number(whose.ordinal, key);
    });
  };
  const auto* several = campaign.several_of(ref.ordinal);
  if (several == nullptr) return rings(campaign.contact(ref.ordinal).key);
  return std::ranges::any_of(several->all, rings, &SeveralNumbers::One::key);
}

void DialQueue::lock(ContactRef ref, bool locked) {
  if (!for_calls) return;
  const auto& campaign = campaigns[ref.campaign];
  const auto set = [&](NumberKey key) {
    if (locked) {
      locks[key] = ref.packed();
    } else {
      locks.erase(key);
    }
  };
  set(campaign.contact(ref.ordinal).key);
  if (const auto* several = campaign.several_of(ref.ordinal)) {
    for (const auto& one : several->all) set(one.key);
  }
}

OpenAttempt* DialQueue::attempt_of(ContactRef ref) {
  const auto found = attempts.find(ref.packed());
  return found == attempts.end() ? nullptr : &found->second;
}

bool DialQueue::knows_call(const std::string& sid) const {
  return known_calls.count(sid_digest(sid)) != 0;
}

void DialQueue::know_call(const std::string& sid) {
  if (for_calls) known_calls.insert(sid_digest(sid));
}

bool DialQueue::may_be_given_up_call(NumberKey number, Instant now) const {
  const auto found = given_up.find(number);
  return found != given_up.end() && now - found->second.at < std::chrono::hours{24};
}

std::int32_t CallsToNumber::Call::latest_day(const DayClock& clock) const {
  return std::max(clock.own ? own_day : day, local_day(slot, clock.utc_offset));
}

bool CallsToNumber::Call::is_on(std::int32_t day_asked, const DayClock& clock) const {
  return (clock.own ? own_day : day) == day_asked || local_day(slot, clock.utc_offset) == day_asked;
}

unsigned CallsToNumber::on(std::int32_t day_asked, const DayClock& clock) const {
  return static_cast<unsigned>(std::count_if(
      calls.begin(), calls.end(), [&](const Call& call) { return call.is_on(day_asked, clock); }));
}

std::optional<CallsToNumber::Week> CallsToNumber::full_week(std::int32_t today, unsigned cap,
                                                            const DayClock& clock) const {
  if (cap == 0) return {};
  std::vector<std::int32_t> days;  // of the calls that count
  for (const Call& call : calls) {
    const auto latest = call.latest_day(clock);
    if (latest > today - 7) days.push_back(latest);
  }
  if (days.size() < cap) return {};
  std::sort(days.begin(), days.end());
  return Week{static_cast<unsigned>(days.size()), days[days.size() - cap] + 7};
}

std::optional<CallsToNumber::Full> CallsToNumber::full(const RollingCap& cap, Instant now) const {
  if (cap.calls == 0) return {};
  std::vector<Instant> slots;
  for (const Call& call : calls) {
    if (call.slot > now - cap.within) slots.push_back(call.slot);
  }
  const std::size_t allowed = cap.calls;
  if (slots.size() < allowed) return {};
  std::sort(slots.begin(), slots.end());
  return Full{static_cast<unsigned>(slots.size()), slots[slots.size() - allowed] + cap.within};
}

void DialQueue::count_call(NumberKey key, const CallsToNumber::Call& call) {
  if (!for_calls) return;
  constexpr auto kept = CallsToNumber::days_kept;
  if (call.day > last_counted_day_) {
    last_counted_day_ = call.day;
    std::erase_if(calls_to, [&](const auto& one) { return one.second.day < call.day - kept; });
  }
  auto& one = calls_to[key];
  one.day = call.day;
  one.counted_at = call.slot;
  std::erase_if(one.calls, [&](const auto& before) {
    return before.slot + std::chrono::days{kept} < call.slot;
  });
  if (one.calls.size() < CallsToNumber::calls_max) one.calls.push_back(call);
}

void DialQueue::uncount_call(NumberKey key, Instant slot) {
  const auto found = calls_to.find(key);
  if (found == calls_to.end()) return;
  auto& calls = found->second.calls;
  const auto one =
      std::find_if(calls.begin(), calls.end(), [&](const auto& call) { return call.slot == slot; });
  if (one != calls.end()) calls.erase(one);
}

void DialQueue::move(ContactRef ref, Stage to) {
  auto& campaign = campaigns[ref.campaign];
  auto& contact = campaign.contact(ref.ordinal);
  auto& group = campaign.groups[contact.group];
  if (contact.stage == Stage::retry) group.retries.erase({contact.due_ms, ref.ordinal});
  if (to != Stage::retry && !campaign.beyond_cap.empty()) campaign.beyond_cap.erase(ref.ordinal);
  if (to == Stage::done || to == Stage::exhausted || to == Stage::excluded) {
    if (const auto last = campaign.last_moments.find(ref.ordinal);
        last != campaign.last_moments.end()) {
      campaign.running_out.erase({last->second, ref.ordinal});
    }
  }
  --campaign.by_stage[static_cast<std::size_t>(contact.stage)];
  ++campaign.by_stage[static_cast<std::size_t>(to)];
  contact.stage = to;
  while (group.next < group.fresh.size() &&
         campaign.contact(group.fresh[group.next]).stage != Stage::fresh) {
    ++group.next;
  }
}

std::uint16_t DialCampaign::group_of(const std::string& zone, std::uint8_t priority) {
  const auto same = std::find_if(groups.begin(), groups.end(), [&](const ZoneGroup& group) {
    return group.zone == zone && group.priority == priority;
  });
  const auto index = static_cast<std::uint16_t>(same - groups.begin());
  if (same != groups.end()) return index;
  groups.push_back({.zone = zone, .priority = priority});
  // Behind those of its own priority.
  const auto rank = [](std::uint8_t one) { return one == 0 ? priority_max + 1 : one; };
  const auto behind = std::find_if(order.begin(), order.end(), [&](std::uint16_t other) {
    return rank(groups[other].priority) > rank(priority);
  });
  order.insert(behind, index);
  return index;
}

bool SeveralNumbers::has(NumberKey key) const {
  return std::ranges::find(all, key, &One::key) != all.end();
}

bool SeveralNumbers::lives(bool but_for_the_one_in_turn) const {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].dead && !(but_for_the_one_in_turn && i == in_turn)) return true;
  }
  return false;
}

const SeveralNumbers* DialCampaign::several_of(std::uint32_t ordinal) const {
  if (several.empty()) return nullptr;
  const auto found = several.find(ordinal);
  return found == several.end() ? nullptr : &found->second;
}

std::uint64_t DialCampaign::number_at(std::uint32_t ordinal, std::uint8_t place) const {
  const auto* all = several_of(ordinal);
  if (all == nullptr || place == 0 || place > all->all.size()) return contact(ordinal).number;
  return all->all[place - 1U].number;
}

namespace {

bool of_a_dead_number(Outcome outcome) {
  return outcome == Outcome::invalid_number || outcome == Outcome::fax_or_data;
}

}  // namespace

bool DialCampaign::says_nothing(std::uint32_t ordinal, Outcome outcome) const {
  const auto* all = several_of(ordinal);
  return all != nullptr && of_a_dead_number(outcome) && all->lives(false);
}

Outcome DialCampaign::disposition_with(std::uint32_t ordinal, Outcome outcome) const {
  const auto before = contact(ordinal).best_outcome;
  const auto* all = several_of(ordinal);
  if (all != nullptr && of_a_dead_number(outcome) && all->lives(true)) {
    // They were not reached, and whether they can be is not known.
    return before == Outcome::none ? Outcome::network_error : before;
  }
  return rank_of(outcome) > rank_of(before) ? outcome : before;
}

Outcome DialCampaign::last_outcome_there(std::uint32_t ordinal) const {
  const auto* all = several_of(ordinal);
  return all == nullptr ? contact(ordinal).last_outcome : all->all[all->in_turn].last_outcome;
}

std::optional<Instant> DialCampaign::not_after(std::uint32_t ordinal) const {
  const auto found = last_moments.find(ordinal);
  if (found == last_moments.end()) return {};
  return instant_from_ms(found->second);
}

std::optional<Instant> DialCampaign::next_too_late() const {
  // Whoever is in a call or held is looked at when that ends.
  for (const auto& [last, ordinal] : running_out) {
    const auto stage = contact(ordinal).stage;
    if (stage == Stage::fresh || stage == Stage::retry) return instant_from_ms(last);
  }
  return {};
}

void DialCampaign::count_forgotten() {
  while (forgotten_up_to < contacts.size() && contact(forgotten_up_to + 1).forgotten) {
    ++forgotten_up_to;
  }
}

void DialCampaign::find_beyond_cap(std::uint8_t attempts_max) {
  beyond_cap.clear();
  for (const auto& group : groups) {
    for (const auto& [due, ordinal] : group.retries) {
      if (contact(ordinal).attempts >= attempts_max) beyond_cap.insert(ordinal);
    }
  }
}

void DialQueue::apply(const Fact& fact, const std::optional<ContactRef>& ref,
                      const Register& book) {
  position = fact.position;
  if (fact.subject.kind == Subject::Kind::campaign) {
    if (holds_alternative<CampaignSubmitted>(fact.event)) {
      campaigns.emplace_back();
      return;
    }
    const auto index = *book.find(fact.subject.name);
    if (holds_alternative<EnrolmentCompleted>(fact.event)) {
      std::unordered_set<NumberKey>().swap(campaigns[index].enrolling);
    } else if (holds_alternative<EnrolmentReopened>(fact.event) && for_calls) {
      auto& campaign = campaigns[index];
      for (const auto& contact : campaign.contacts) campaign.enrolling.insert(contact.key);
      for (const auto& [ordinal, several] : campaign.several) {
        for (const auto& one : several.all) campaign.enrolling.insert(one.key);
      }
    } else if (const auto* resumed = get_if<CampaignResumed>(&fact.event)) {
      if (resumed->by.empty()) campaigns[index].failures.clear();
    } else if (holds_alternative<CampaignChanged>(fact.event)) {
      campaigns[index].quota_swept = 0;
      campaigns[index].find_beyond_cap(book.at(index).definition->retries.attempts_max);
    } else if (const auto* swept = get_if<QuotaSwept>(&fact.event)) {
      campaigns[index].quota_swept = static_cast<std::uint32_t>(swept->up_to);
      campaigns[index].quota_swept_at = fact.recorded_at;
    } else if (holds_alternative<CampaignCancelled>(fact.event)) {
      auto& campaign = campaigns[index];
      for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
        const auto stage = campaign.contact(ordinal).stage;
        if (stage == Stage::fresh || stage == Stage::retry) move({index, ordinal}, Stage::excluded);
      }
    }
    return;
  }
  if (ref) apply_to_contact(fact, *ref, book);
}

void DialQueue::apply_to_contact(const Fact& fact, ContactRef ref, const Register& book) {
  auto& campaign = campaigns[ref.campaign];
  if (const auto* e = get_if<ContactEnrolled>(&fact.event)) {
    assert(ref.ordinal == campaign.contacts.size() + 1);
    DialContact contact;
    contact.key = parse_number_key(e->number_key).value_or(0);
    contact.number = digits_of(e->number);
    // Read without the key. Nobody can be called at no number.
    contact.forgotten = contact.number == 0;
    contact.version = fact.version;
    contact.group = campaign.group_of(e->zone, e->priority);
    auto& group = campaign.groups[contact.group];
    if (e->not_before != 0) {
      contact.stage = Stage::retry;
      contact.due_ms = e->not_before;
      if (for_calls) group.retries.emplace(e->not_before, ref.ordinal);
    } else if (for_calls) {
      group.fresh.push_back(ref.ordinal);
    }
    if (e->not_after != 0 && for_calls) {
      campaign.last_moments.emplace(ref.ordinal, e->not_after);
      campaign.running_out.emplace(e->not_after, ref.ordinal);
    }
    ++campaign.by_stage[static_cast<std::size_t>(contact.stage)];
    if (!e->other_keys.empty()) {
      auto& several = campaign.several[ref.ordinal];
      several.all.push_back({contact.key, contact.number});
      for (std::size_t i = 0; i < e->other_keys.size(); ++i) {
        several.all.push_back({parse_number_key(e->other_keys[i]).value_or(0),
                               i < e->others.size() ? digits_of(e->others[i]) : 0});
      }
    }
    if (book.at(ref.campaign).status == CampaignStatus::enrolling && for_calls) {
      campaign.enrolling.insert(contact.key);
      for (const auto& key : e->other_keys) {
        campaign.enrolling.insert(parse_number_key(key).value_or(0));
      }
    }
    campaign.contacts.push_back(contact);
    campaign.forgotten += contact.forgotten ? 1U : 0U;
    campaign.count_forgotten();
    return;
  }
  auto& contact = campaign.contact(ref.ordinal);
  contact.version = fact.version;
  if (holds_alternative<ContactExcluded>(fact.event)) {
    move(ref, Stage::excluded);
    return;
  }
  if (const auto* moved = get_if<ContactMoved>(&fact.event)) {
    // The list of those who were never called keeps its order: they leave it, and are due.
    if (contact.stage == Stage::fresh) {
      move(ref, Stage::retry);
      contact.due_ms = to_ms(fact.recorded_at);
    }
    const auto group = campaign.group_of(moved->zone, campaign.groups[contact.group].priority);
    if (contact.stage == Stage::retry) {
      campaign.groups[contact.group].retries.erase({contact.due_ms, ref.ordinal});
      campaign.groups[group].retries.emplace(contact.due_ms, ref.ordinal);
    }
    contact.group = group;
    return;
  }
  if (const auto* counted = get_if<QuotaCounted>(&fact.event)) {
    if (counted->completes == counted->of) campaign.quota_swept = 0;
    return;
  }
  if (holds_alternative<ContactForgotten>(fact.event)) {
    contact.number = 0;
    if (const auto several = campaign.several.find(ref.ordinal);
        several != campaign.several.end()) {
      for (auto& one : several->second.all) one.number = 0;
    }
    campaign.forgotten += contact.forgotten ? 0U : 1U;
    contact.forgotten = true;
    campaign.count_forgotten();
    return;
  }
  if (const auto* e = get_if<CallRequested>(&fact.event)) {
    move(ref, Stage::calling);
    contact.requests = e->attempt;
    OpenAttempt open;
    open.contact = ref;
    open.attempt = e->attempt;
    open.caller_id = e->caller_id;
    open.public_url = e->public_url;
    open.requested_at = fact.recorded_at;
    open.slot = instant_from_ms(e->slot);
    open.last_news = fact.recorded_at;
    const std::chrono::minutes utc_offset{e->offset_minutes};
    open.day = local_day(open.slot, utc_offset);
    open.own_day =
        local_day(open.slot, utc_offset + std::chrono::minutes{e->own_clock_ahead_minutes});
    count_call(contact.key, {open.slot, open.day, open.own_day});
    campaign.last_slot = open.slot;
    last_slot = open.slot;
    ++campaign.lines_in_use;
    lock(ref, true);
    attempts.insert_or_assign(ref.packed(), std::move(open));
    return;
  }
  const auto due_at = [&](std::int64_t due) {
    move(ref, Stage::retry);
    contact.due_ms = due;
    if (for_calls) campaign.groups[contact.group].retries.emplace(due, ref.ordinal);
  };
  if (const auto* chosen = get_if<NumberChosen>(&fact.event)) {
    auto& several = campaign.several.at(ref.ordinal);
    several.in_turn = static_cast<std::uint8_t>(chosen->number - 1);
    contact.key = several.all.at(several.in_turn).key;
    contact.number = several.all[several.in_turn].number;
    return;
  }
  if (const auto* e = get_if<RetryScheduled>(&fact.event)) return due_at(e->due);
  if (const auto* e = get_if<CallPostponed>(&fact.event)) return due_at(e->due);
  if (const auto* e = get_if<ContactClosed>(&fact.event)) {
    switch (e->place) {
      case Place::done:
        move(ref, Stage::done);
        break;
      case Place::exhausted:
        move(ref, Stage::exhausted);
        break;
      case Place::excluded:
        move(ref, Stage::excluded);
        break;
      case Place::held:
        move(ref, Stage::held);
        break;
      case Place::open:
        break;
    }
    return;
  }
  if (const auto* e = get_if<LateCallDetected>(&fact.event)) {
    know_call(e->sid);
    late_calls[e->sid] = {ref, fact.recorded_at};
    // It rang after all.
    const auto count_again = [&](NumberKey key) {
      const auto gone = given_up.find(key);
      if (gone == given_up.end() || gone->second.counted) return;
      gone->second.counted = true;
      auto& calls = calls_to[key];
      calls.day = std::max(calls.day, gone->second.day);
      calls.calls.push_back({gone->second.slot, gone->second.day, gone->second.own_day});
    };
    if (const auto* several = campaign.several_of(ref.ordinal)) {
      for (const auto& one : several->all) count_again(one.key);
    } else {
      count_again(contact.key);
    }
    return;
  }
  if (const auto* e = get_if<LateCallEnded>(&fact.event)) {
    late_calls.erase(e->sid);
    return;
  }
  auto* open = attempt_of(ref);
  if (!open) return;
  const auto to_phase = [&](Phase phase) {
    if (holds_line(open->phase) && !holds_line(phase)) --campaign.lines_in_use;
    if (!holds_line(open->phase) && holds_line(phase)) ++campaign.lines_in_use;
    open->phase = phase;
  };
  const auto accept = [&](const std::string& sid) {
    to_phase(Phase::accepted);
    if (contact.stage == Stage::held) move(ref, Stage::calling);
    open->sid = sid;
    open->empty_lookups = 0;
    know_call(sid);
    open->last_news = fact.recorded_at;
  };
  if (const auto* accepted = get_if<CallAccepted>(&fact.event)) {
    accept(accepted->sid);
    carrier_away.reset();
    if (accepted->queue_ms > queue_ms_max) slowdown.too_fast(fact.recorded_at);
  } else if (const auto* refused = get_if<CallRefused>(&fact.event)) {
    campaign.failures.add(true);
    carrier_away.reset();
    open->number_refused =
        !refused->retryable &&
        class_of_refusal(refused->http_status, refused->code) == ErrorClass::person_refused;
    if (refused->queue_full || says_too_fast(refused->http_status, refused->code)) {
      slowdown.too_fast(fact.recorded_at);
    }
    if (refused->retry_after_seconds > 0) {
      slowdown.wait(fact.recorded_at, Seconds{refused->retry_after_seconds});
    }
  } else if (const auto* not_sent = get_if<CallNotSent>(&fact.event)) {
    open->unreachable = not_sent->unreachable;
    open->late = not_sent->late;
    if (not_sent->unreachable) {
      if (!carrier_away) carrier_away = CarrierAway{fact.recorded_at};
      carrier_away->said |= not_sent->away_ms > 0;
    }
  } else if (const auto* ended = get_if<CallEnded>(&fact.event)) {
    // One that we took back says nothing of the carrier.
    if (ended->status != "canceled") {
      campaign.failures.add(ended->status == "failed" || ended->status == lost_call ||
                            ended->failure);
    }
  } else if (const auto* adopted = get_if<CallAdopted>(&fact.event)) {
    accept(adopted->sid);
  } else if (holds_alternative<CallInDoubt>(fact.event)) {
    to_phase(Phase::in_doubt);
    carrier_away.reset();
    open->in_doubt_since = fact.recorded_at;
    open->last_news = fact.recorded_at;
  } else if (const auto* looked = get_if<CallLookedUp>(&fact.event)) {
    open->last_news = fact.recorded_at;
    const bool by_list = looked->by == "list";
    if (by_list) ++open->lookups;
    if (looked->found != 0 || (by_list && fact.recorded_at - open->in_doubt_since < quarantine)) {
      open->empty_lookups = 0;
    } else {
      if (open->empty_lookups == 0) open->first_empty_lookup = fact.recorded_at;
      ++open->empty_lookups;
    }
  } else if (holds_alternative<CallNotPlaced>(fact.event) ||
             holds_alternative<CallResolved>(fact.event)) {
    // Whatever a person decided: its call may turn up yet.
    given_up[contact.key] = {fact.recorded_at, open->slot, open->day, open->own_day, true};
    const auto* not_placed = get_if<CallNotPlaced>(&fact.event);
    if (not_placed && not_placed->failure) campaign.failures.add(true);
  } else if (const auto* held = get_if<CallHeld>(&fact.event)) {
    to_phase(Phase::held);
    if (held->failure) campaign.failures.add(true);
  } else if (const auto* end = get_if<CallEndRequested>(&fact.event)) {
    open->end_requested = true;
    open->end_ringing |= end->ringing;
  } else if (holds_alternative<CallInitiated>(fact.event)) {
    open->initiated = true;
    open->last_news = fact.recorded_at;
  } else if (holds_alternative<CallRinging>(fact.event)) {
    open->ringing = true;
    open->last_news = fact.recorded_at;
  } else if (holds_alternative<CallAnswered>(fact.event)) {
    open->answered = true;
    open->last_news = fact.recorded_at;
  } else if (const auto* detected = get_if<AnswererDetected>(&fact.event)) {
    open->answered_by = detected->answered_by;
    open->last_news = fact.recorded_at;
  } else if (holds_alternative<PromptServed>(fact.event) ||
             holds_alternative<PromptFetched>(fact.event) ||
             holds_alternative<StreamOpened>(fact.event) ||
             holds_alternative<StreamClosed>(fact.event) ||
             holds_alternative<AgentSaid>(fact.event) ||
             holds_alternative<CalleeSaid>(fact.event)) {
    open->last_news = fact.recorded_at;
  } else if (holds_alternative<AgentFailed>(fact.event)) {
    // Not the people: whoever is called next would hear nothing either.
    campaign.failures.add(true);
  } else if (const auto* closed = get_if<AttemptClosed>(&fact.event)) {
    if (closed->failure) campaign.failures.add(true);
    const bool spared = closed->outcome == Outcome::not_placed && (open->unreachable || open->late);
    contact.unreachable = spared ? static_cast<std::uint8_t>(contact.unreachable + 1) : 0;
    if (closed->outcome == Outcome::not_placed) {
      if (!spared) ++contact.unplaced;
      uncount_call(contact.key, open->slot);
      if (const auto gone = given_up.find(contact.key);
          gone != given_up.end() && gone->second.slot == open->slot) {
        gone->second.counted = false;
      }
    } else if (closed->outcome == Outcome::canceled_by_us && open->withdrawn()) {
      uncount_call(contact.key, open->slot);
    } else {
      ++contact.attempts;
    }
    contact.last_outcome = closed->outcome;
    contact.best_outcome = campaign.disposition_with(ref.ordinal, closed->outcome);
    if (const auto several = campaign.several.find(ref.ordinal);
        several != campaign.several.end()) {
      auto& called = several->second.all[several->second.in_turn];
      called.last_outcome = closed->outcome;
      called.dead |= book.at(ref.campaign).definition->retries.gives_up_number(closed->outcome);
    }
    ++campaign.by_outcome[static_cast<std::size_t>(closed->outcome)];
    if (holds_line(open->phase)) --campaign.lines_in_use;
    lock(ref, false);
    attempts.erase(ref.packed());
  }
}

void DialQueue::write(const CanonicalSink& sink, const Register& book) const {
  const bool in_full = book.runner.digest_form > 0;
  std::string text;
  {
    JsonObject object(text);
    object.member("position", static_cast<std::int64_t>(position))
        .member("last_slot", last_slot ? to_ms(*last_slot) : 0)
        .member("slowdown", slowdown.kept_level())
        .member("slowdown_since", slowdown.since() ? to_ms(*slowdown.since()) : 0);
    // Not written where there is none: logs from before keep their digest.
    if (slowdown.not_before()) object.member("not_before", to_ms(*slowdown.not_before()));
    if (carrier_away && in_full) {
      object.member("carrier_away_since", to_ms(carrier_away->since))
          .flag("carrier_away_said", carrier_away->said);
    }
    object.close();
  }
  text += '\n';
  sink(text);
  for (std::size_t index = 0; index < campaigns.size(); ++index) {
    const auto& campaign = campaigns[index];
    const auto& id = book.at(static_cast<CampaignIndex>(index)).definition->id;
    text.clear();
    JsonObject head(text);
    head.member("campaign", id)
        .member("lines_in_use", campaign.lines_in_use)
        .member("last_slot", campaign.last_slot ? to_ms(*campaign.last_slot) : 0)
        .member("enrolling", static_cast<std::int64_t>(campaign.enrolling.size()))
        .member("recent", campaign.failures.count())
        .member("recent_failures", number_key_text(campaign.failures.bits()));
    for (std::size_t stage = 0; stage < campaign.by_stage.size(); ++stage) {
      head.member(name_of(static_cast<Stage>(stage)), campaign.by_stage[stage]);
    }
    for (std::size_t outcome = 1; outcome < outcomes; ++outcome) {
      // Of those that came later only what there is: logs from before keep their digest.
      if (outcome > static_cast<std::size_t>(Outcome::unconfirmed) &&
          campaign.by_outcome[outcome] == 0) {
        continue;
      }
      head.member(name_of(static_cast<Outcome>(outcome)), campaign.by_outcome[outcome]);
    }
    if (campaign.quota_swept_at) {
      head.member("quota_swept", campaign.quota_swept)
          .member("quota_swept_at", to_ms(*campaign.quota_swept_at));
    }
    head.close();
    text += '\n';
    sink(text);
    for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
      const auto& contact = campaign.contact(ordinal);
      text.clear();
      JsonObject object(text);
      object.member("contact", ordinal)
          .member("number_key", number_key_text(contact.key))
          .member("number", contact.number ? "+" + std::to_string(contact.number) : "")
          .member("zone", campaign.groups[contact.group].zone)
          .member("stage", name_of(contact.stage))
          .member("due", contact.stage == Stage::retry ? contact.due_ms : 0)
          .member("version", contact.version)
          .member("requests", contact.requests)
          .member("attempts", contact.attempts)
          .member("unplaced", contact.unplaced)
          .member("last_outcome", name_of(contact.last_outcome))
          .member("best_outcome", name_of(contact.best_outcome))
          .flag("forgotten", contact.forgotten);
      // Only where there is one: logs from before keep their digest.
      if (contact.unreachable > 0 && in_full) object.member("unreachable", contact.unreachable);
      if (const auto last = campaign.not_after(ordinal)) object.member("not_after", to_ms(*last));
      if (const auto priority = campaign.groups[contact.group].priority) {
        object.member("priority", priority);
      }
      if (const auto* several = campaign.several_of(ordinal)) {
        auto& all = object.open("numbers");
        all += '[';
        for (const auto& one : several->all) {
          if (all.back() != '[') all += ',';
          JsonObject number(all);
          number.member("number_key", number_key_text(one.key))
              .member("number", one.number ? "+" + std::to_string(one.number) : "")
              .flag("dead", one.dead)
              .member("last_outcome", name_of(one.last_outcome));
          number.close();
        }
        all += ']';
        object.member("in_turn", several->in_turn + 1);
      }
      object.close();
      text += '\n';
      sink(text);
    }
  }
  std::vector<const OpenAttempt*> open;
  for (const auto& [packed, attempt] : attempts) open.push_back(&attempt);
  std::sort(open.begin(), open.end(),
            [](const auto* a, const auto* b) { return a->contact < b->contact; });
  for (const auto* attempt : open) {
    text.clear();
    JsonObject object(text);
    object
        .member("open_attempt", AttemptId{book.at(attempt->contact.campaign).definition->id,
                                          attempt->contact.ordinal, attempt->attempt}
                                    .text())
        .member("phase", name_of(attempt->phase))
        .flag("initiated", attempt->initiated)
        .flag("ringing", attempt->ringing)
        .flag("answered", attempt->answered)
        .flag("end_requested", attempt->end_requested)
        .flag("end_ringing", attempt->end_ringing)
        .member("answered_by", attempt->answered_by)
        .member("sid", attempt->sid)
        .member("caller_id", attempt->caller_id)
        .member("public_url", attempt->public_url)
        .member("requested_at", to_ms(attempt->requested_at))
        .member("slot", to_ms(attempt->slot))
        .member("last_news", to_ms(attempt->last_news))
        .member("in_doubt_since", to_ms(attempt->in_doubt_since))
        .member("lookups", attempt->lookups)
        .member("empty_lookups", attempt->empty_lookups)
        .member("first_empty_lookup", to_ms(attempt->first_empty_lookup))
        .member("day", attempt->day);
    // These only where there is something: logs from before keep their digest.
    if (attempt->own_day != attempt->day) object.member("own_day", attempt->own_day);
    if (attempt->number_refused) object.flag("number_refused", true);
    if (attempt->unreachable) object.flag("unreachable", true);
    if (attempt->late) object.flag("late", true);
    object.close();
    text += '\n';
    sink(text);
  }
  const std::map<NumberKey, CallsToNumber> by_number(calls_to.begin(), calls_to.end());
  // Where no campaign looks at weeks, what is written is what always was: the last two days; and
  // where none has a rolling cap, no more than a week.
  const bool weeks = std::ranges::any_of(book.campaigns, [](const CampaignEntry& entry) {
    return entry.definition && entry.definition->retries.weekly_calls_per_number_max > 0;
  });
  const bool rolling = std::ranges::any_of(book.campaigns, [](const CampaignEntry& entry) {
    return entry.definition && entry.definition->retries.rolling_cap.calls > 0;
  });
  constexpr auto week = CallsToNumber::days_of_week;
  for (const auto& [key, one] : by_number) {
    if (!rolling && one.day < last_counted_day_ - (weeks ? week : 2)) continue;
    text.clear();
    JsonObject object(text);
    object.member("called_number", number_key_text(key))
        .member("day", one.day)
        .member("calls", std::ranges::count(one.calls, one.day, &CallsToNumber::Call::day));
    if (rolling) object.member("counted_at", to_ms(one.counted_at));
    if (weeks || rolling) {
      std::string slots;
      for (const auto& call : one.calls) {
        if (!rolling && call.slot + std::chrono::days{week} < one.counted_at) continue;
        slots += (slots.empty() ? "" : " ") + std::to_string(to_ms(call.slot));
      }
      object.member("slots", slots);
    }
    std::string others;
    for (const auto& call : one.calls) {
      if (call.own_day == call.day) continue;
      others += (others.empty() ? "" : " ") + std::to_string(to_ms(call.slot)) + '/' +
                std::to_string(call.own_day);
    }
    if (!others.empty()) object.member("own_days", others);
    object.close();
    text += '\n';
    sink(text);
  }
  const std::map<NumberKey, GivenUp> proven(given_up.begin(), given_up.end());
  for (const auto& [number, gone] : proven) {
    text.clear();
    JsonObject object(text);
    object.member("given_up", number_key_text(number)).member("at", to_ms(gone.at));
    // Else it is among the calls to the number, and a late one adds nothing.
    if (!gone.counted && in_full) {
      object.member("slot", to_ms(gone.slot)).member("day", gone.day);
      if (gone.own_day != gone.day) object.member("own_day", gone.own_day);
    }
    object.close();
    text += '\n';
    sink(text);
  }
  const std::map<std::string, LateCall> late(late_calls.begin(), late_calls.end());
  std::vector<std::uint64_t> known(known_calls.begin(), known_calls.end());
  std::sort(known.begin(), known.end());
  text.clear();
  JsonObject tail(text);
  auto& list = tail.open("late_calls");
  list += '[';
  for (const auto& [sid, one] : late) {
    if (list.back() != '[') list += ',';
    JsonObject call(list);
    call.member("sid", sid)
        .member("campaign", book.at(one.contact.campaign).definition->id)
        .member("contact", one.contact.ordinal);
    if (in_full) call.member("detected_at", to_ms(one.detected_at));
    call.close();
  }
  list += ']';
  std::uint64_t mix = 0;
  for (const auto digest : known) mix = mix * 1099511628211u + digest;
  tail.member("known_calls", static_cast<std::int64_t>(known.size()))
      .member("known_calls_digest", number_key_text(mix));
  tail.close();
  text += '\n';
  sink(text);
}

}  // namespace campaigns
