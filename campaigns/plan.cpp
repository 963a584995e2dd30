#include "campaigns/plan.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <tuple>
#include <utility>

#include "campaigns/call_caps.hpp"
#include "campaigns/call_span.hpp"
#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/consent.hpp"
#include "campaigns/forget.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/quotas.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

Instant earliest_slot(const State& state, CampaignIndex index) {
  Instant slot{};
  if (const auto& last = state.queue.last_slot) {
    // What the carrier said after the last call holds for the next one.
    const auto heard = std::max(*last, state.queue.slowdown.since().value_or(*last));
    const auto rate = state.book.runner.calls_per_second_thousandths;
    const auto factor = std::int64_t{1} << state.queue.slowdown.level(heard);
    slot = *last + (slot_after(*last, rate) - *last) * factor;
  }
  slot = std::max(slot, state.queue.slowdown.not_before().value_or(slot));
  slot = std::max(slot, instant_from_ms(state.book.runner.dials_from));
  const auto& campaign = state.queue.campaigns[index];
  if (campaign.last_slot) {
    const auto& entry = state.book.at(index);
    const auto since = entry.running_since;
    const auto at = std::max(*campaign.last_slot, since.value_or(*campaign.last_slot));
    const auto& pacing = entry.definition->pacing;
    auto own = slot_after(*campaign.last_slot, rate_at(pacing, since, at));
    // A long gap must not reach beyond the ramp-up's end.
    if (since) {
      own = std::min(
          own, std::max(*since + pacing.ramp_up.over,
                        slot_after(*campaign.last_slot, pacing.calls_per_second_thousandths)));
    }
    slot = std::max(slot, own);
  }
  return slot;
}

bool has_line(const State& state, CampaignIndex index) {
  return state.queue.campaigns[index].lines_in_use < state.book.at(index).definition->pacing.lines;
}

bool within_budget(const State& state, CampaignIndex index) {
  const auto& definition = *state.book.at(index).definition;
  if (definition.budget.limit_millionths == 0) return true;
  const auto& account = state.spend.campaigns[index];
  return account.reserved + account.settled + reservation_for(definition) <=
         definition.budget.limit_millionths;
}

namespace {

bool is_left_alone(const CampaignEntry& entry, const PlanLimits& limits) {
  return limits.only && entry.definition->id != *limits.only;
}

const std::string& caller_id_for(const State& state, CampaignIndex index, std::uint32_t ordinal) {
  const auto& ids = state.book.at(index).definition->caller_ids;
  // The same one at every attempt: people recognise it.
  return ids.empty() ? state.book.runner.caller_id : ids[ordinal % ids.size()];
}

// Whether somebody of a group waits for a call.
bool has_somebody(const DialCampaign& campaign, const ZoneGroup& group) {
  return !group.retries.empty() ||
         (group.next < group.fresh.size() &&
          campaign.contact(group.fresh[group.next]).stage == Stage::fresh);
}

// The zone by whose clock the people of a group are called.
const std::string& zone_of(const Campaign& campaign, const ZoneGroup& group) {
  return campaign.hours.zone.empty() ? group.zone : campaign.hours.zone;
}

// The zone of whoever is left in a campaign, if nobody else is and no rules know it: until they do
// nobody can be called, and the campaign would not end. As long as others are called it waits for
// nothing.
std::optional<std::string> left_in_unknown_zone(const State& state, CampaignIndex index,
                                                const ZoneRules& rules) {
  const auto& campaign = state.queue.campaigns[index];
  if (campaign.count(Stage::calling) > 0 || !campaign.beyond_cap.empty()) return {};
  std::optional<std::string> unknown;
  for (const auto place : campaign.order) {
    const auto& group = campaign.groups[place];
    if (!has_somebody(campaign, group)) continue;
    const auto& zone = zone_of(*state.book.at(index).definition, group);
    if (rules.knows(zone)) return {};
    if (!unknown) unknown = zone;
  }
  return unknown;
}

// How many people of a group are looked at beyond the ones whose number is in a call just now.
constexpr std::size_t locked_passed_max = 256;

// The first of those who are left in a campaign, if all of them have the number of a call that is
// held: until somebody decides on it nobody can be called, and the campaign would not end.
std::optional<std::uint32_t> left_to_a_held_call(const State& state, CampaignIndex index) {
  const auto& campaign = state.queue.campaigns[index];
  if (campaign.count(Stage::calling) > 0 || campaign.open() > state.queue.locks.size()) return {};
  const auto waits = [&](std::uint32_t ordinal) {
    const auto* open = state.queue.lock_of({index, ordinal});
    return open != nullptr && open->phase == Phase::held;
  };
  std::optional<std::uint32_t> first;
  for (const auto& group : campaign.groups) {
    for (auto i = group.next; i < group.fresh.size(); ++i) {
      if (campaign.contact(group.fresh[i]).stage != Stage::fresh) continue;
      if (!waits(group.fresh[i])) return {};
      if (!first) first = group.fresh[i];
    }
    for (const auto& [due, ordinal] : group.retries) {
      if (!waits(ordinal)) return {};
      if (!first) first = ordinal;
    }
  }
  return first;
}

// The person of a group to call next: whoever has a retry due, then the first that was never
// called.
std::optional<std::uint32_t> next_person(const State& state, CampaignIndex index,
                                         const ZoneGroup& group, Instant now, bool new_people) {
  const auto& campaign = state.queue.campaigns[index];
  const auto locked = [&](std::uint32_t ordinal) {
    return state.queue.lock_of({index, ordinal}) != nullptr ||
           state.queue.has_late_call({index, ordinal});
  };
  std::size_t passed = 0;
  for (const auto& [due, ordinal] : group.retries) {
    if (due > to_ms(now) || ++passed > locked_passed_max) break;
    if (!new_people && campaign.contact(ordinal).requests == 0) continue;
    if (!locked(ordinal)) return ordinal;
  }
  if (!new_people) return {};
  for (auto i = group.next; i < group.fresh.size() && passed <= locked_passed_max; ++i) {
    const auto ordinal = group.fresh[i];
    if (campaign.contact(ordinal).stage != Stage::fresh) continue;
    if (!locked(ordinal)) return ordinal;
    ++passed;
  }
  return {};
}

// Whoever has the number of a call that is held waits for a person's decision, perhaps for days: so
// that they stand in nobody's way until then, they are looked at again later. At most so many in a
// round.
constexpr std::size_t put_off_max = 256;
constexpr Seconds put_off_for{3'600};

void put_off_behind_held(Facts& facts, const State& state, CampaignIndex index,
                         const ZoneGroup& group, Instant now) {
  const auto& queue = state.queue;
  if (std::ranges::none_of(queue.campaigns, [](const DialCampaign& campaign) {
        return campaign.count(Stage::held) > 0;
      })) {
    return;
  }
  const auto& campaign = queue.campaigns[index];
  const auto put_off = [&](std::uint32_t ordinal) {
    const auto* open = queue.lock_of({index, ordinal});
    if (open == nullptr || open->phase != Phase::held) return false;
    Fact fact;
    fact.subject = Subject::contact(state.book.at(index).definition->id, ordinal);
    fact.event = CallPostponed{"held_number", to_ms(now + put_off_for),
                               "a call to this number is held until a person decides"};
    facts.push_back(std::move(fact));
    return true;
  };
  for (const auto& [due, ordinal] : group.retries) {
    if (due > to_ms(now) || facts.size() >= put_off_max || !put_off(ordinal)) break;
  }
  for (auto i = group.next; i < group.fresh.size() && facts.size() < put_off_max; ++i) {
    if (campaign.contact(group.fresh[i]).stage != Stage::fresh) continue;
    if (!put_off(group.fresh[i])) break;
  }
}

// When somebody of a group will be due. Whoever is due and has a number that is in a call just now
// waits for no hour: the end of that call brings the next look.
std::optional<Instant> group_due(const State& state, CampaignIndex index, const ZoneGroup& group,
                                 Instant now, bool new_people) {
  if (next_person(state, index, group, now, new_people)) return now;
  const auto later = group.retries.lower_bound({to_ms(now) + 1, 0});
  if (later == group.retries.end()) return {};
  return instant_from_ms(later->first);
}

// People who may not be called any more, by their own row: at most so many in a round.
constexpr std::size_t let_go_max = 256;

void let_go(Facts& facts, const State& state, CampaignIndex index, Instant now) {
  const auto& campaign = state.queue.campaigns[index];
  const auto& id = state.book.at(index).definition->id;
  for (const auto& [last, ordinal] : campaign.running_out) {
    if (last > to_ms(now) || facts.size() >= let_go_max) return;
    const auto& contact = campaign.contact(ordinal);
    if (contact.stage != Stage::fresh && contact.stage != Stage::retry) continue;
    Fact fact;
    fact.subject = Subject::contact(id, ordinal);
    if (contact.attempts > 0) {
      fact.event = ContactClosed{place_at_end(contact.best_outcome), contact.best_outcome,
                                 std::string(time_is_over)};
    } else {
      fact.event = ContactExcluded{"too_late", std::string(time_is_over)};
    }
    facts.push_back(std::move(fact));
  }
}

// How many people are looked at in a round once a quota is full; there is one for each moment, so
// that calls go on meanwhile.
constexpr std::uint32_t swept_max = 1000;

// When whoever waits for a call and belongs to a full quota is to be looked for; nothing: never.
std::optional<Instant> sweep_due(const State& state, CampaignIndex index, Instant now) {
  const auto& campaign = state.queue.campaigns[index];
  if (campaign.quota_swept >= campaign.contacts.size()) return {};
  if (!state.book.at(index).any_quota_full()) return {};
  if (!campaign.quota_swept_at) return now;
  return std::max(now, *campaign.quota_swept_at + Milliseconds{1});
}

// They get no call. People in a call are looked at when that ends.
void sweep(Facts& facts, const State& state, CampaignIndex index) {
  const auto& campaign = state.queue.campaigns[index];
  const auto& entry = state.book.at(index);
  const auto people = static_cast<std::uint32_t>(campaign.contacts.size());
  const auto last = std::min(people, campaign.quota_swept + swept_max);
  const auto add = [&](Subject subject, Event event) {
    Fact fact;
    fact.subject = std::move(subject);
    fact.event = std::move(event);
    facts.push_back(std::move(fact));
  };
  for (auto ordinal = campaign.quota_swept + 1; ordinal <= last; ++ordinal) {
    const auto& contact = campaign.contact(ordinal);
    if (contact.stage != Stage::fresh && contact.stage != Stage::retry) continue;
    if (const auto quota = full_quota(state, {index, ordinal})) {
      add(Subject::contact(entry.definition->id, ordinal), let_go_by_quota(entry, contact, *quota));
    }
  }
  add(Subject::campaign(entry.definition->id), QuotaSwept{std::int64_t{last}});
}

// Whoever has had as many attempts as are allowed now. People in a call are looked at when that
// ends.
ContactClosed closed_beyond_cap(const DialContact& contact) {
  return {place_at_end(contact.best_outcome), contact.best_outcome};
}

// At most so many in a round.
constexpr std::size_t beyond_cap_max = 1000;

Facts close_beyond_cap(const State& state, CampaignIndex index) {
  const auto& campaign = state.queue.campaigns[index];
  Facts facts;
  for (const auto ordinal : campaign.beyond_cap) {
    if (facts.size() == beyond_cap_max) break;
    Fact fact;
    fact.subject = Subject::contact(state.book.at(index).definition->id, ordinal);
    fact.event = closed_beyond_cap(campaign.contact(ordinal));
    facts.push_back(std::move(fact));
  }
  return facts;
}

// Whether there are such people, whom nothing keeps from their end.
bool has_beyond_cap(const State& state, CampaignIndex index, const PlanLimits& limits) {
  const auto& entry = state.book.at(index);
  return !limits.no_dials && !state.queue.campaigns[index].beyond_cap.empty() &&
         (entry.status == CampaignStatus::running || entry.status == CampaignStatus::paused) &&
         !is_left_alone(entry, limits);
}

// The part of a local day that holds this time, and when the next one begins, both by its edges.
struct DayPart {
  std::size_t part = 0;
  Instant ends{};
};
DayPart part_at(const std::vector<std::chrono::minutes>& edges, Instant at,
                std::chrono::minutes utc_offset) {
  const auto midnight = begin_of_local_day(local_day(at, utc_offset), utc_offset);
  const auto next = std::upper_bound(edges.begin(), edges.end(), at - midnight);
  return {static_cast<std::size_t>(next - edges.begin()),
          midnight + (next == edges.end() ? std::chrono::minutes{24 * 60} : *next)};
}

// When to call somebody again, who is due and was not reached so far, so that the part of the day
// is one with fewer calls than this one; nothing: now.
std::optional<Instant> better_part_of_day(const State& state, ContactRef person,
                                          const std::string& zone, const ZoneRules& rules,
                                          Instant now) {
  const auto& definition = *state.book.at(person.campaign).definition;
  const auto& edges = definition.retries.spread;
  if (edges.empty()) return {};
  std::vector<unsigned> calls(edges.size() + 1);
  std::optional<AttemptRow> last;
  for (std::uint8_t attempt = 1; attempt <= state.queue.contact(person).requests; ++attempt) {
    auto row = state.results.find(person, attempt);
    if (!row || row->outcome == Outcome::none || row->outcome == Outcome::not_placed) continue;
    const std::chrono::minutes offset{row->offset_minutes};
    ++calls[part_at(edges, row->requested_at, offset).part];
    last = std::move(row);
  }
  if (!last || !reached_nobody(last->outcome)) return {};
  const auto delay = definition.retries.delay[static_cast<std::size_t>(last->outcome)];
  auto until = last->requested_at + delay.value_or(Seconds{0}) + spread_wait_max;
  if (const auto row_ends = state.queue.campaigns[person.campaign].not_after(person.ordinal)) {
    until = std::min(until, *row_ends);
  }
  std::optional<Instant> best;
  unsigned fewest = 0;
  for (auto at = now; at == now || at < until;) {
    const auto opening = opening_at(definition.hours, zone, rules, at);
    const auto here = part_at(edges, at, opening.utc_offset);
    if (opening.open && (!best || calls[here.part] < fewest)) {
      best = at;
      fewest = calls[here.part];
    }
    const auto next = opening.open ? std::min(here.ends, opening.changes_at.value_or(here.ends))
                                   : opening.changes_at;
    if (!next) break;
    at = *next;
  }
  return best && *best > now ? best : std::nullopt;
}

void plan_campaign(Facts& facts, const State& state, CampaignIndex index, const ZoneRules& rules,
                   Moment moment, const PlanLimits& limits) {
  const auto& entry = state.book.at(index);
  const auto& campaign = state.queue.campaigns[index];
  const auto& definition = *entry.definition;
  const auto add = [&](Subject subject, Event event) {
    Fact fact;
    fact.subject = std::move(subject);
    fact.event = std::move(event);
    facts.push_back(std::move(fact));
  };
  if (!limits.no_dials) let_go(facts, state, index, moment.now);
  if (!facts.empty()) return;
  if (campaign.open() == 0) {
    add(Subject::campaign(definition.id),
        CampaignCompleted{campaign.count(Stage::done), campaign.count(Stage::exhausted),
                          campaign.count(Stage::excluded), campaign.count(Stage::held)});
    return;
  }
  if (const auto ordinal = left_to_a_held_call(state, index)) {
    add(Subject::contact(definition.id, *ordinal),
        ContactExcluded{"held_number", "a call to this number is held until a person decides"});
    return;
  }
  if (const auto& rule = definition.pacing.stop_at_failures; campaign.failures.reached(rule)) {
    add(Subject::campaign(definition.id),
        CampaignPaused{
            std::to_string(*campaign.failures.among_last(rule.of)) + " of the last " +
                std::to_string(rule.of) +
                " calls were refused or failed, or never asked what to say: find out why "
                "before it goes on",
            "program"});
    return;
  }
  if (const auto zone = left_in_unknown_zone(state, index, rules); zone && !limits.no_dials) {
    add(Subject::campaign(definition.id),
        CampaignPaused{"this machine does not know the time zone " + *zone +
                           " of people who wait: give it the time zone data that has it",
                       "program"});
    return;
  }
  if (limits.no_dials || !has_line(state, index) || earliest_slot(state, index) > moment.now)
    return;
  const bool new_people = !limits.new_people || *limits.new_people > 0;
  for (const auto place : campaign.order) {
    const auto& group = campaign.groups[place];
    const auto opening = opening_at(definition.hours, group.zone, rules, moment.now);
    if (!opening.open) continue;
    put_off_behind_held(facts, state, index, group, moment.now);
    if (!facts.empty()) return;
    const auto ordinal = next_person(state, index, group, moment.now, new_people);
    if (!ordinal) continue;
    const auto& contact = campaign.contact(*ordinal);
    const auto subject = Subject::contact(definition.id, *ordinal);
    if (contact.forgotten) {
      add(subject, ContactExcluded{"forgotten", "the person's key was destroyed"});
      return;
    }
    if (campaign.beyond_cap.contains(*ordinal)) {
      add(subject, closed_beyond_cap(contact));
      return;
    }
    if (!country_may_be_called(definition, contact.number)) {
      if (const auto other =
              number_of_allowed_country(state, definition, {index, *ordinal}, moment.now)) {
        add(subject, NumberChosen{*other, "country"});
      } else {
        add(subject,
            ContactExcluded{"country", "the campaign does not call the number's country any more"});
      }
      return;
    }
    if (const auto why = why_no_consent(definition, state, {index, *ordinal}, rules, moment.now)) {
      add(subject, ContactExcluded{"no_consent", std::string(*why)});
      return;
    }
    if (const auto quota = full_quota(state, {index, *ordinal})) {
      add(subject, let_go_by_quota(entry, contact, *quota));
      return;
    }
    if (auto why = why_lists_not_fresh(state.suppression, definition, moment.now)) {
      add(Subject::campaign(definition.id), CampaignPaused{std::move(*why), "program"});
      return;
    }
    if (const auto key = suppressed_number(state, {index, *ordinal}, moment.now)) {
      if (const auto other = next_number(state, {index, *ordinal}, moment.now)) {
        add(subject, NumberChosen{*other, "suppressed"});
        return;
      }
      const auto why = why_suppressed(state.suppression, *key);
      const auto until = state.suppression.until(*key, moment.now);
      const bool waited_for = until && (!state.suppression.cooling_off(*key) ||
                                        *until - moment.now <= cool_off_waited_max);
      if (waited_for) {
        add(subject, CallPostponed{"suppressed", to_ms(*until), why});
      } else {
        add(subject, ContactExcluded{"suppressed", why});
      }
      return;
    }
    const ContactRef person{index, *ordinal};
    if (const auto cap = cap_reached(state, person, definition.retries, moment.now,
                                     {opening.utc_offset, opening.own_utc_offset})) {
      add(subject, CallPostponed{std::string(cap->gate), to_ms(cap->opens_at), cap->why});
      return;
    }
    if (const auto later = better_part_of_day(state, person, group.zone, rules, moment.now)) {
      add(subject, CallPostponed{"spread", to_ms(*later),
                                 "this part of the day has had more of their calls than that one"});
      return;
    }
    if (!within_budget(state, index)) {
      add(Subject::campaign(definition.id), CampaignPaused{std::string(budget_spent), "program"});
      return;
    }
    CallRequested requested;
    requested.attempt = static_cast<std::uint8_t>(contact.requests + 1);
    requested.caller_id = caller_id_for(state, index, *ordinal);
    requested.slot = to_ms(moment.now);
    requested.public_url = state.book.runner.public_url;
    requested.offset_minutes = opening.utc_offset.count();
    requested.own_clock_ahead_minutes = (opening.own_utc_offset - opening.utc_offset).count();
    requested.window = opening.window;
    add_evidence(requested, state, person);
    if (const auto* several = campaign.several_of(*ordinal)) {
      requested.number = static_cast<std::uint8_t>(several->in_turn + 1);
    }
    add(subject, requested);
    if (definition.budget.limit_millionths != 0) {
      const auto for_talk = talk_reservation_for(definition);
      const auto for_human = transfer_reservation_for(definition);
      add(subject,
          SpendReserved{requested.attempt, reservation_for(definition) - for_talk - for_human,
                        for_talk, for_human});
    }
    return;
  }
}

// Why a call that the carrier took must not go on: never lean on the carrier's queue.
struct EndReason {
  std::string text{};
  bool ringing = false;
};

bool waits_at_carrier(const OpenAttempt& open) {
  return open.phase == Phase::accepted && !open.initiated && !open.ringing && !open.answered;
}

Opening opening_for(const State& state, const OpenAttempt& open, const ZoneRules& rules,
                    Instant now) {
  const auto& campaign = state.queue.campaigns[open.contact.campaign];
  const auto& zone = campaign.groups[campaign.contact(open.contact.ordinal).group].zone;
  return opening_at(state.book.at(open.contact.campaign).definition->hours, zone, rules, now);
}

std::optional<EndReason> reason_to_end(const State& state, const OpenAttempt& open,
                                       const ZoneRules& rules, Instant now) {
  if (open.phase != Phase::accepted || open.answered) return {};
  const auto key = open.end_ringing ? std::nullopt : suppressed_number(state, open.contact, now);
  if (key) return EndReason{why_suppressed(state.suppression, *key), true};
  if (open.end_requested || !waits_at_carrier(open)) return {};
  const auto status = state.book.at(open.contact.campaign).status;
  if (status == CampaignStatus::paused) return EndReason{"the campaign was paused"};
  if (status == CampaignStatus::cancelled) return EndReason{"the campaign was cancelled"};
  if (!opening_for(state, open, rules, now).open) return EndReason{"the calling hours have ended"};
  const auto last = state.queue.campaigns[open.contact.campaign].not_after(open.contact.ordinal);
  if (last && now >= *last) return EndReason{std::string(time_is_over)};
  const auto& definition = *state.book.at(open.contact.campaign).definition;
  if (auto why = why_lists_not_fresh(state.suppression, definition, now)) {
    return EndReason{std::move(*why)};
  }
  if (const auto quota = full_quota(state, open.contact)) {
    return EndReason{why_full(state.book.at(open.contact.campaign), *quota)};
  }
  return {};
}

Facts ends_to_request(const State& state, const ZoneRules& rules, Instant now) {
  Facts facts;
  for (const auto& [packed, open] : state.queue.attempts) {
    auto reason = reason_to_end(state, open, rules, now);
    if (!reason) continue;
    Fact fact;
    fact.subject =
        Subject::contact(state.book.at(open.contact.campaign).definition->id, open.contact.ordinal);
    fact.event = CallEndRequested{open.attempt, std::move(reason->text), reason->ringing};
    facts.push_back(std::move(fact));
  }
  std::sort(facts.begin(), facts.end(), [](const Fact& a, const Fact& b) {
    return std::tie(a.subject.name, a.subject.ordinal) <
           std::tie(b.subject.name, b.subject.ordinal);
  });
  return facts;
}

// Campaigns that waited for a list, and have it.
Facts resumed_by_lists(const State& state, Instant now, const PlanLimits& limits) {
  Facts facts;
  for (const auto& entry : state.book.campaigns) {
    if (is_left_alone(entry, limits) || !waits_for_list(entry) ||
        why_lists_not_fresh(state.suppression, *entry.definition, now)) {
      continue;
    }
    Fact fact;
    fact.subject = Subject::campaign(entry.definition->id);
    fact.event = CampaignResumed{"program"};
    facts.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace

std::vector<Ending> endings_due(const State& state) {
  std::vector<Ending> due;
  for (const auto& [packed, open] : state.queue.attempts) {
    if (!open.end_requested || open.phase != Phase::accepted || open.answered) continue;
    if (!open.end_ringing && !waits_at_carrier(open)) continue;
    Ending ending;
    ending.attempt = {state.book.at(open.contact.campaign).definition->id, open.contact.ordinal,
                      open.attempt};
    ending.sid = open.sid;
    ending.ringing = open.end_ringing;
    due.push_back(std::move(ending));
  }
  std::sort(due.begin(), due.end(), [](const Ending& a, const Ending& b) {
    return std::tie(a.attempt.campaign, a.attempt.contact) <
           std::tie(b.attempt.campaign, b.attempt.contact);
  });
  return due;
}

Facts plan(const State& state, const ZoneRules& rules, Moment moment, const PlanLimits& limits) {
  assert(state.keeps_all());
  if (auto ends = ends_to_request(state, rules, moment.now); !ends.empty()) return ends;
  if (auto resumed = resumed_by_lists(state, moment.now, limits);
      !resumed.empty() && !limits.no_dials) {
    return resumed;
  }
  // One campaign a round: a dial of the first moves the account's slot for all. Whoever dialled
  // longest ago comes first, so that none waits for another's list to end; nor for those whom
  // another has to let go.
  std::vector<CampaignIndex> running;
  for (std::size_t index = 0; index < state.book.campaigns.size(); ++index) {
    const auto& entry = state.book.campaigns[index];
    if (entry.status != CampaignStatus::running || is_left_alone(entry, limits)) continue;
    running.push_back(static_cast<CampaignIndex>(index));
  }
  const auto turn = [&](CampaignIndex index) {
    const auto& campaign = state.queue.campaigns[index];
    const auto too_late = campaign.next_too_late();
    return std::pair(too_late && *too_late <= moment.now, campaign.last_slot);
  };
  std::stable_sort(running.begin(), running.end(),
                   [&](CampaignIndex a, CampaignIndex b) { return turn(a) < turn(b); });
  for (const auto index : running) {
    Facts facts;
    plan_campaign(facts, state, index, rules, moment, limits);
    if (!facts.empty()) return facts;
  }
  // Behind every call that is due: whoever's turn comes is looked at by itself.
  for (const auto index : running) {
    const auto due = limits.no_dials ? std::nullopt : sweep_due(state, index, moment.now);
    if (!due || *due > moment.now) continue;
    Facts facts;
    sweep(facts, state, index);
    return facts;
  }
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    const auto index = static_cast<CampaignIndex>(i);
    if (has_beyond_cap(state, index, limits)) return close_beyond_cap(state, index);
  }
  return forget_expired(state, moment.now);
}

std::vector<std::string> people_in_unknown_zones(const State& state, const ZoneRules& rules) {
  std::vector<std::string> sentences;
  for (std::size_t index = 0; index < state.book.campaigns.size(); ++index) {
    const auto& entry = state.book.campaigns[index];
    if (entry.status != CampaignStatus::running && entry.status != CampaignStatus::paused) continue;
    const auto& campaign = state.queue.campaigns[index];
    std::map<std::string, std::uint64_t> waiting;
    for (const auto& group : campaign.groups) {
      const auto& zone = zone_of(*entry.definition, group);
      if (rules.knows(zone) || !has_somebody(campaign, group)) continue;
      auto& people = waiting[zone];
      people += group.retries.size();
      for (auto i = group.next; i < group.fresh.size(); ++i) {
        people += campaign.contact(group.fresh[i]).stage == Stage::fresh ? 1U : 0U;
      }
    }
    for (const auto& [zone, people] : waiting) {
      sentences.push_back("campaign " + entry.definition->id + ": " +
                          plural(people, "person waits", "people wait") + " in the time zone " +
                          zone + ", which this machine does not know: nobody calls them until it " +
                          "is given the time zone data that has it");
    }
  }
  return sentences;
}

std::optional<Instant> lookup_due_at(const State& state, const OpenAttempt& open) {
  switch (open.phase) {
    case Phase::requested:
    case Phase::held:
      return {};
    case Phase::in_doubt: {
      // reliability.md 2.2, step 6.
      static constexpr std::array<int, 5> seconds = {5, 15, 30, 60, 120};
      const auto n = open.lookups;
      const auto after = n < 5 ? seconds[static_cast<std::size_t>(n)] : 120 + 60 * (n - 4);
      // After a long sleep the questions that were missed are not asked all at once.
      return std::max(open.in_doubt_since + Seconds{after},
                      open.last_news + Seconds{n < 5 ? 5 : 30});
    }
    case Phase::accepted: {
      // A ringing call is silent for as long as it may ring; a conversation never for two minutes.
      const auto& campaign = *state.book.at(open.contact.campaign).definition;
      return open.last_news + (open.answered ? Seconds{120} : campaign.ring_time + Seconds{60});
    }
  }
  return {};
}

std::vector<Lookup> lookups_due(const State& state, Instant now) {
  std::vector<Lookup> due;
  for (const auto& [packed, open] : state.queue.attempts) {
    const auto at = lookup_due_at(state, open);
    if (!at || *at > now) continue;
    Lookup lookup;
    lookup.contact = open.contact;
    lookup.attempt = {state.book.at(open.contact.campaign).definition->id, open.contact.ordinal,
                      open.attempt};
    lookup.by_list = open.phase == Phase::in_doubt;
    lookup.sid = open.sid;
    lookup.to = '+' + std::to_string(state.queue.contact(open.contact).number);
    lookup.from = open.caller_id;
    due.push_back(std::move(lookup));
  }
  std::sort(due.begin(), due.end(), [](const Lookup& a, const Lookup& b) {
    return std::tie(a.attempt.campaign, a.attempt.contact) <
           std::tie(b.attempt.campaign, b.attempt.contact);
  });
  return due;
}

std::optional<Instant> next_dial(const State& state, CampaignIndex index, const ZoneRules& rules,
                                 Instant now, const PlanLimits& limits) {
  std::optional<Instant> next;
  const auto& entry = state.book.at(index);
  if (limits.no_dials || entry.status != CampaignStatus::running || is_left_alone(entry, limits) ||
      !has_line(state, index)) {
    return next;
  }
  const bool new_people = !limits.new_people || *limits.new_people > 0;
  const auto slot = earliest_slot(state, index);
  for (const auto& group : state.queue.campaigns[index].groups) {
    const auto due = group_due(state, index, group, now, new_people);
    if (!due) continue;
    const auto at = std::max({now, *due, slot});
    const auto opening = opening_at(entry.definition->hours, group.zone, rules, at);
    const auto dial = opening.open ? std::optional(at) : opening.changes_at;
    if (dial && (!next || *dial < *next)) next = dial;
  }
  return next;
}

std::optional<Instant> next_wakeup(const State& state, const ZoneRules& rules, Instant now,
                                   const PlanLimits& limits,
                                   const std::function<bool(ContactRef)>& being_asked) {
  assert(state.keeps_all());
  std::optional<Instant> next;
  const auto consider = [&](Instant at) {
    if (!next || at < *next) next = at;
  };
  for (const auto& [packed, open] : state.queue.attempts) {
    if (being_asked && being_asked(open.contact)) continue;
    if (const auto at = lookup_due_at(state, open)) consider(*at);
  }
  // A call that still waits at the carrier when the hours end is taken back.
  for (const auto& [packed, open] : state.queue.attempts) {
    if (open.end_requested || !waits_at_carrier(open)) continue;
    const auto opening = opening_for(state, open, rules, now);
    if (opening.open && opening.changes_at) consider(*opening.changes_at);
    const auto& campaign = state.queue.campaigns[open.contact.campaign];
    if (const auto last = campaign.not_after(open.contact.ordinal)) consider(*last);
    const auto& definition = *state.book.at(open.contact.campaign).definition;
    if (const auto at = lists_good_until(state.suppression, definition)) consider(*at);
  }
  if (const auto at = next_expiry(state)) consider(std::max(now, *at));
  if (limits.no_dials) return next;
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    if (has_beyond_cap(state, static_cast<CampaignIndex>(i), limits)) consider(now);
    const auto& entry = state.book.campaigns[i];
    if (entry.status != CampaignStatus::running || is_left_alone(entry, limits)) continue;
    if (const auto at = state.queue.campaigns[i].next_too_late()) consider(std::max(now, *at));
    if (const auto at = sweep_due(state, static_cast<CampaignIndex>(i), now)) consider(*at);
  }
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    const auto index = static_cast<CampaignIndex>(i);
    if (const auto at = next_dial(state, index, rules, now, limits)) consider(*at);
  }
  return next;
}

}  // namespace campaigns
