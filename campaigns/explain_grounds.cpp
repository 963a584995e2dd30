#include "campaigns/explain_grounds.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "campaigns/suppression.hpp"

namespace campaigns {

namespace {

// Of what comes of the last event of these types.
struct Ground {
  std::string_view gate{};
  std::array<std::string_view, 2> types{};
};
constexpr Ground grounds[] = {
    {"enrolling", {"CampaignSubmitted", "EnrolmentReopened"}},
    {"paused", {"CampaignPaused"}},
    {"ended", {"CampaignCancelled", "CampaignCompleted"}},
    {"suppression_list", {"SuppressionListLoaded"}},
    {"late_call", {"LateCallDetected"}},
    {"unknown_zone", {"ContactEnrolled", "ContactMoved"}},
    {"window", {"ContactEnrolled", "ContactMoved"}},
    {"too_late", {"ContactEnrolled"}},
    {"no_consent", {"ContactEnrolled", "CampaignChanged"}},
};

template <typename... Events>
Positions last_of(const Facts& history) {
  Positions last;
  for (const auto& fact : history) {
    if ((holds_alternative<Events>(fact.event) || ...)) last = {fact.position};
  }
  return last;
}

// What made somebody due. A move does so only to who waited for a first call without a time.
Positions events_behind_due(const Facts& history) {
  Positions last;
  bool fresh = false;
  for (const auto& fact : history) {
    if (const auto* enrolled = get_if<ContactEnrolled>(&fact.event)) {
      fresh = enrolled->not_before == 0;
    } else if (holds_alternative<RetryScheduled>(fact.event) ||
               holds_alternative<CallPostponed>(fact.event) ||
               (holds_alternative<ContactMoved>(fact.event) && fresh)) {
      fresh = false;
    } else {
      continue;
    }
    last = {fact.position};
  }
  return last;
}

// What let somebody go. A cancel does so only to who was waiting by then.
Positions events_behind_exclusion(const Facts& history) {
  Positions last;
  for (const auto& fact : history) {
    if (holds_alternative<ContactEnrolled>(fact.event)) {
      last.clear();
    } else if (holds_alternative<ContactExcluded>(fact.event) ||
               holds_alternative<ContactClosed>(fact.event) ||
               (holds_alternative<CampaignCancelled>(fact.event) && last.empty())) {
      last = {fact.position};
    }
  }
  return last;
}

}  // namespace

Positions events_behind_stage(Stage stage, const Facts& history) {
  switch (stage) {
    case Stage::fresh:
      return last_of<ContactEnrolled>(history);
    case Stage::retry:
      return events_behind_due(history);
    case Stage::calling:
      return last_of<CallRequested>(history);
    case Stage::held:
      return last_of<CallHeld>(history);
    case Stage::done:
    case Stage::exhausted:
      return last_of<ContactClosed>(history);
    case Stage::excluded:
      return events_behind_exclusion(history);
  }
  return {};
}

Positions events_behind_gate(std::string_view gate, const Facts& history) {
  if (gate == "not_due") return events_behind_due(history);
  Positions last;
  const auto* const ground = std::ranges::find(grounds, gate, &Ground::gate);
  if (ground == std::end(grounds)) return last;
  for (const auto& fact : history) {
    const bool is_one =
        std::ranges::find(ground->types, type_of(fact.event)) != ground->types.end();
    if (is_one) last = {fact.position};
  }
  return last;
}

Positions events_that_suppress(NumberKey number, const Facts& history, Instant now) {
  // As Suppression folds them; 0: none that holds.
  std::uint64_t opted_out = 0;
  std::uint64_t refused = 0;     // for a while
  std::uint64_t suppressed = 0;  // by an operator
  std::map<std::string, std::uint64_t> listed;
  for (const auto& fact : history) {
    if (fact.subject.kind != Subject::Kind::number) continue;
    if (parse_number_key(fact.subject.name) != number) continue;
    if (holds_alternative<OptedOut>(fact.event)) {
      opted_out = fact.position;
    } else if (const auto* by = get_if<Suppressed>(&fact.event)) {
      const bool holds = by->until == 0 || to_ms(now) < by->until;
      // What the person said holds beside what an operator says later, but not the other way.
      if (by->by == cool_off) refused = holds ? fact.position : 0;
      suppressed = by->by != cool_off && holds ? fact.position : 0;
    } else if (const auto* lifted = get_if<SuppressionLifted>(&fact.event)) {
      opted_out = refused = 0;
      if (lifted->said_only) continue;
      suppressed = 0;
      listed.clear();
    } else if (const auto* list = get_if<NumberListed>(&fact.event)) {
      listed[list->source] = fact.position;
    } else if (const auto* off = get_if<NumberUnlisted>(&fact.event)) {
      listed.erase(off->source);
    }
  }
  Positions all;
  for (const auto position : {opted_out, refused, suppressed}) {
    if (position != 0) all.push_back(position);
  }
  for (const auto& [source, position] : listed) all.push_back(position);
  std::ranges::sort(all);
  return all;
}

Positions requests_of(const std::set<Instant>& slots, const Facts& history) {
  Positions all;
  for (const auto& fact : history) {
    const auto* request = get_if<CallRequested>(&fact.event);
    if (request && slots.contains(instant_from_ms(request->slot))) all.push_back(fact.position);
  }
  return all;
}

}  // namespace campaigns
