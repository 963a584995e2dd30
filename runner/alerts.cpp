#include "runner/alerts.hpp"

#include <stdexcept>
#include <utility>

#include "campaigns/carrier_errors.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/plan.hpp"
#include "runner/door_watch.hpp"

namespace runner {

using campaigns::Fact;
using campaigns::State;

namespace {

// A budget is near its end when this share of it is spent or reserved.
constexpr std::int64_t near_thousandths = 800;

struct AlertDraft {
  const State& state;
  campaigns::Instant at{};
  std::uint64_t position = 0;

  // `more` adds members of its own.
  template <typename More>
  Alert write(AlertKind kind, const std::string& name, const std::string& campaign,
              const More& more) const {
    Alert alert;
    alert.kind = kind;
    alert.position = position;
    alert.id = state.book.identity.installation + '-' + name;
    campaigns::JsonObject object(alert.body);
    object.member("id", alert.id)
        .member("kind", name_of(kind))
        .member("at", campaigns::rfc3339_utc(at))
        .member("carrier", state.book.identity.carrier)
        .member("position", static_cast<std::int64_t>(position));
    if (!campaign.empty()) object.member("campaign", campaign);
    more(object);
    object.close();
    return alert;
  }
  Alert write(AlertKind kind, const std::string& campaign, const std::string& what) const {
    return write(kind, std::to_string(position) + '-' + std::string(name_of(kind)), campaign,
                 [&](campaigns::JsonObject& object) { object.member("what", what); });
  }
};

AlertKind kind_of_pause(const std::string& reason) {
  if (reason.starts_with(campaigns::carrier_refuses_all)) return AlertKind::carrier_refuses;
  if (reason == campaigns::budget_spent) return AlertKind::budget_spent;
  if (reason.starts_with(campaigns::list_not_fresh)) return AlertKind::list_too_old;
  if (reason.find(" of the last ") != std::string::npos) return AlertKind::failure_rate;
  return AlertKind::campaign_stopped;
}

// How a person's case was closed; `gate`: what closed it, if it was not how their calls went.
Alert outcome_of(const AlertDraft& draft, campaigns::ContactRef ref, campaigns::Place place,
                 campaigns::Outcome disposition, std::string_view gate,
                 const std::string& name = "outcome") {
  const auto& entry = draft.state.book.at(ref.campaign);
  const auto& contact = draft.state.queue.contact(ref);
  const auto& column = entry.definition->contacts.id_column;
  return draft.write(AlertKind::outcome, std::to_string(draft.position) + '-' + name,
                     entry.definition->id, [&](campaigns::JsonObject& object) {
                       object.member("contact", static_cast<std::int64_t>(ref.ordinal));
                       if (!column.empty()) {
                         object.member("external_id", draft.state.script.value(ref, entry, column));
                       }
                       object.member("place", campaigns::name_of(place))
                           .member("disposition", name_of(disposition))
                           .member("attempts", static_cast<std::int64_t>(contact.attempts));
                       if (!gate.empty()) object.member("gate", gate);
                     });
}

// Of whoever was left on the list. One whose call is under way is told of when that has ended.
void tell_cancelled(const AlertDraft& draft, campaigns::CampaignIndex campaign,
                    const AlertRules::Tell& tell, std::uint32_t after) {
  const auto& cases = draft.state.results.cases[campaign];
  for (std::size_t i = after; i < cases.size(); ++i) {
    const auto& one = cases[i];
    // Who was excluded by a gate at the same moment has no disposition.
    if (one.place != campaigns::Place::excluded || one.disposition == campaigns::Outcome::none ||
        one.closed_at_ms != campaigns::to_ms(draft.at)) {
      continue;
    }
    const auto ordinal = static_cast<std::uint32_t>(i + 1);
    auto alert = outcome_of(draft, {campaign, ordinal}, one.place, one.disposition, "cancelled",
                            "outcome-" + std::to_string(ordinal));
    alert.part = ordinal;
    if (!tell(alert)) return;
  }
}

Alert alert_of_no_event(const State& state, campaigns::Instant at, AlertKind kind,
                        const std::string& what) {
  const AlertDraft draft{state, at, 0};
  return draft.write(kind, std::to_string(campaigns::to_ms(at)) + '-' + std::string(name_of(kind)),
                     "", [&](campaigns::JsonObject& object) { object.member("what", what); });
}

}  // namespace

std::string_view name_of(AlertKind kind) {
  return alert_kind_names[static_cast<std::size_t>(kind)];
}

std::set<AlertKind> read_alert_kinds(const std::string& text) {
  std::set<AlertKind> kinds;
  const auto all = static_cast<std::size_t>(AlertKind::outcome);
  if (text.empty()) {
    for (std::size_t i = 0; i < all; ++i) kinds.insert(static_cast<AlertKind>(i));
  }
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    std::size_t kind = 0;
    while (kind < all && alert_kind_names[kind] != word) ++kind;
    if (kind == all) throw std::invalid_argument('"' + word + "\" is no kind of alert");
    kinds.insert(static_cast<AlertKind>(kind));
    begin = end + 1;
  }
  return kinds;
}

void AlertRules::see(const State& state, const Fact& fact, const Tell& tell, std::uint32_t after) {
  const AlertDraft draft{state, fact.recorded_at, fact.position};
  const auto& name = fact.subject.name;
  if (holds_alternative<campaigns::CampaignCancelled>(fact.event)) {
    return tell_cancelled(draft, *state.book.find(name), tell, after);
  }
  if (after != 0) return;
  if (const auto* paused = get_if<campaigns::CampaignPaused>(&fact.event)) {
    if (paused->by == "program") {
      tell(draft.write(kind_of_pause(paused->reason), name, paused->reason));
    }
  } else if (const auto* over = get_if<campaigns::CampaignCompleted>(&fact.event)) {
    tell(draft.write(AlertKind::campaign_finished,
                     std::to_string(fact.position) + "-campaign_finished", name,
                     [&](campaigns::JsonObject& object) {
                       object.member("what", "the campaign is finished")
                           .member("done", over->done)
                           .member("exhausted", over->exhausted)
                           .member("excluded", over->excluded)
                           .member("held", over->held);
                     }));
  } else if (const auto* held = get_if<campaigns::CallHeld>(&fact.event)) {
    tell(draft.write(AlertKind::call_held, std::to_string(fact.position) + "-call_held", name,
                     [&](campaigns::JsonObject& object) {
                       const campaigns::AttemptId id{name, fact.subject.ordinal, held->attempt};
                       object.member("what", "a call waits for a person's decision: campanile held")
                           .member("attempt", id.text());
                     }));
  } else if (const auto* not_sent = get_if<campaigns::CallNotSent>(&fact.event)) {
    if (not_sent->away_ms == 0) return;
    const auto minutes = not_sent->away_ms / 60'000;
    tell(draft.write(AlertKind::carrier_unreachable, name,
                     "no order has found the carrier for " + std::to_string(minutes) +
                         " minutes: each is tried again, and nobody loses their call by it"));
  } else if (holds_alternative<campaigns::LateCallDetected>(fact.event)) {
    tell(draft.write(AlertKind::late_call, name,
                     "a call turned up for an attempt that was given up: it is being ended"));
  } else if (const auto* closed = get_if<campaigns::ContactClosed>(&fact.event)) {
    // By its end a call closes a case that the cancelled campaign left open.
    const bool cancelled = closed->place == campaigns::Place::excluded;
    tell(outcome_of(draft, *state.book.contact_of(fact.subject), closed->place, closed->disposition,
                    cancelled ? "cancelled" : ""));
  } else if (const auto* excluded = get_if<campaigns::ContactExcluded>(&fact.event)) {
    tell(outcome_of(draft, *state.book.contact_of(fact.subject), campaigns::Place::excluded,
                    campaigns::Outcome::none, excluded->gate));
  } else if (holds_alternative<campaigns::SpendReserved>(fact.event) ||
             holds_alternative<campaigns::SpendSettled>(fact.event)) {
    const auto index = state.book.contact_of(fact.subject)->campaign;
    const auto limit = state.book.at(index).definition->budget.limit_millionths;
    const auto& account = state.spend.campaigns[index];
    const auto used = account.reserved + account.settled;
    if (limit > 0 && used >= limit / 1000 * near_thousandths && near_.insert(index).second) {
      tell(draft.write(AlertKind::budget_near, name + "-budget_near", name,
                       [&](campaigns::JsonObject& object) {
                         object.member("what", "four fifths of the budget are spent or reserved")
                             .member("used_millionths", used)
                             .member("limit_millionths", limit);
                       }));
    }
  }
}

Alert disk_full_alert(const State& state, campaigns::Instant at) {
  return alert_of_no_event(state, at, AlertKind::disk_full,
                           "the log has no space: nobody is called until there is some");
}

Alert door_shut_alert(const State& state, campaigns::Instant at, const std::string& why) {
  return alert_of_no_event(state, at, AlertKind::door_shut, door_shut_text(why));
}

}  // namespace runner
