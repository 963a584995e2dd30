#include "campaigns/recap.hpp"

#include <algorithm>

#include "campaigns/campaign_words.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

using Counts = std::map<std::string, std::uint64_t>;

void count(Counts& counts, const std::string& reason) {
  if (counts.size() < Recap::reasons_max || counts.count(reason) != 0) {
    ++counts[reason];
  } else {
    ++counts["for other reasons"];
  }
}

}  // namespace

Recap::OfCampaign& Recap::campaign(CampaignIndex index) {
  if (campaigns_.size() <= index) campaigns_.resize(std::size_t{index} + 1);
  return campaigns_[index];
}

const Recap::OfCampaign& Recap::of(CampaignIndex index) const {
  static const OfCampaign nothing;
  return index < campaigns_.size() ? campaigns_[index] : nothing;
}

void Recap::see(const State& state, const Fact& fact) {
  const auto& event = fact.event;
  if (fact.recorded_at < since_) {
    const auto ref = state.book.contact_of(fact.subject);
    if (!ref) return;
    // What the campaign had spent by then, in the state before the first fact that counts.
    const auto settled = state.spend.campaigns[ref->campaign].settled;
    if (const auto* cost = get_if<SpendSettled>(&event)) {
      campaign(ref->campaign).settled_before =
          settled + cost->millionths + cost->model + cost->transfer;
    } else if (const auto* price = get_if<SpendCorrected>(&event)) {
      const auto before = state.spend.carrier_cost_of_attempt(*ref, price->attempt);
      const auto transfer = state.spend.transfer_of_attempt(*ref, price->attempt);
      campaign(ref->campaign).settled_before = settled + price->millionths - before.value_or(0) +
                                               (transfer ? price->transfer - transfer->cost : 0);
    }
    return;
  }
  starts_ += holds_alternative<RunnerStarted>(event);
  stops_ += holds_alternative<RunnerStopped>(event);
  if (const auto* opted = get_if<OptedOut>(&event)) opted_out_.insert(opted->attempt);
  suppressed_ += holds_alternative<Suppressed>(event) || holds_alternative<NumberListed>(event);
  if (fact.subject.kind == Subject::Kind::campaign) {
    const auto index = state.book.find(fact.subject.name);
    // The first fact of a campaign makes it.
    auto& one = campaign(index ? *index : static_cast<CampaignIndex>(state.book.campaigns.size()));
    const auto change = [&](std::string text) {
      one.changes.push_back({fact.recorded_at, std::move(text)});
    };
    if (holds_alternative<CampaignSubmitted>(event)) change("submitted");
    if (holds_alternative<CampaignStarted>(event)) change("started");
    if (const auto* resumed = get_if<CampaignResumed>(&event)) {
      change(resumed->by.empty() ? "resumed" : "resumed by the program");
    }
    if (const auto* paused = get_if<CampaignPaused>(&event)) {
      change("paused by the " + paused->by + because(paused->reason));
    }
    if (const auto* cancelled = get_if<CampaignCancelled>(&event)) {
      change("cancelled" + because(cancelled->reason));
    }
    if (holds_alternative<CampaignCompleted>(event)) change("completed");
    if (holds_alternative<EnrolmentReopened>(event)) change("given another list");
    if (const auto* again = get_if<CampaignReopened>(&event)) {
      change("running again" + because(again->reason));
    }
    return;
  }
  const auto ref = state.book.contact_of(fact.subject);
  if (!ref) return;
  auto& one = campaign(ref->campaign);
  if (holds_alternative<CallAccepted>(event) || holds_alternative<CallAdopted>(event)) {
    one.people.insert(ref->ordinal);
    ++one.calls;
  } else if (const auto* closed = get_if<AttemptClosed>(&event)) {
    ++one.outcomes[closed->outcome];
    if (state.book.at(ref->campaign).definition->mode == Mode::agent) {
      // How the talk went is in the state by now.
      const auto row = state.results.find(*ref, closed->attempt);
      if (row && row->heard_nothing()) ++one.heard_nothing;
    }
  } else if (const auto* excluded = get_if<ContactExcluded>(&event)) {
    count(one.excluded, excluded->evidence.empty() ? excluded->gate : excluded->evidence);
  } else if (const auto* postponed = get_if<CallPostponed>(&event)) {
    count(one.put_off, postponed->evidence);
  } else if (const auto* not_sent = get_if<CallNotSent>(&event)) {
    count(one.not_placed, not_sent->reason);
  } else if (const auto* refused = get_if<CallRefused>(&event)) {
    count(one.not_placed, "the carrier refused it, code " +
                              std::to_string(refused->code ? refused->code : refused->http_status));
  } else if (const auto* none = get_if<CallNotPlaced>(&event)) {
    count(one.not_placed, none->proof);
  } else if (const auto* end = get_if<CallEndRequested>(&event)) {
    count(one.taken_back, end->reason);
  } else if (holds_alternative<CallInDoubt>(event)) {
    ++one.in_doubt;
  } else if (holds_alternative<CallHeld>(event)) {
    ++one.held;
  } else if (holds_alternative<LateCallDetected>(event)) {
    ++one.late_calls;
  } else if (holds_alternative<StreamOpened>(event)) {
    ++one.talks;
  } else if (const auto* failed = get_if<AgentFailed>(&event)) {
    count(one.agent_failures, failed->fault);
  }
}

namespace {

// What a campaign is about to do.
struct Next {
  std::uint32_t fresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t calling = 0;
  std::uint32_t held = 0;
  std::optional<Instant> dial{};
};

Next next_of(const State& state, CampaignIndex index, const ZoneRules& rules, Instant now) {
  const auto& queue = state.queue.campaigns[index];
  Next next;
  next.fresh = queue.count(Stage::fresh);
  next.retry = queue.count(Stage::retry);
  // Whoever waits for the first moment of their row was never called either.
  for (const auto& group : queue.groups) {
    for (const auto& [due, ordinal] : group.retries) {
      if (queue.contact(ordinal).requests > 0) continue;
      ++next.fresh;
      --next.retry;
    }
  }
  next.calling = queue.count(Stage::calling);
  next.held = queue.count(Stage::held);
  next.dial = next_dial(state, index, rules, now, {});
  return next;
}

std::string reasons(const char* head, const Counts& counts) {
  std::string text;
  for (const auto& [reason, times] : counts) {
    text += std::string("    ") + head + ' ' + std::to_string(times) + ": " +
            (reason.empty() ? "no reason given" : reason) + '\n';
  }
  return text;
}

std::string money(std::int64_t millionths, const Campaign& campaign) {
  return decimal_text(millionths, 6) + ' ' + campaign.budget.currency;
}

std::string words_of(const State& state, const Recap& recap, CampaignIndex index,
                     const ZoneRules& rules, Instant now,
                     const std::function<std::string(Instant)>& time) {
  const auto& entry = state.book.at(index);
  const auto& definition = *entry.definition;
  const auto& one = recap.of(index);
  std::string text = definition.id + ", " + std::string(name_of(entry.status)) +
                     because(entry.status_reason) + '\n';
  for (const auto& change : one.changes) {
    text += "    " + time(change.at) + "  " + change.text + '\n';
  }
  text += "  called: " + plural(one.people.size(), "person", "people") + " in " +
          plural(one.calls, "call", "calls") + '\n';
  for (const auto& [outcome, times] : one.outcomes) {
    text += "    " + std::to_string(times) + ' ' + std::string(name_of(outcome)) + '\n';
  }
  const auto why_not = reasons("excluded", one.excluded) + reasons("put off", one.put_off) +
                       reasons("not placed", one.not_placed) +
                       reasons("taken back", one.taken_back);
  text +=
      "  not called, and why:" + (why_not.empty() ? " nothing was in the way\n" : '\n' + why_not);
  if (one.in_doubt != 0) {
    text += "  in doubt for a while: " + plural(one.in_doubt, "call", "calls") + '\n';
  }
  if (one.late_calls != 0) {
    text += "  turned up when they should not have, and ended: " +
            plural(one.late_calls, "call", "calls") + '\n';
  }
  if (definition.mode == Mode::agent) {
    text += "  the agent: " + plural(one.talks, "talk", "talks") + ", " +
            plural(one.heard_nothing, "person", "people") + " heard nothing of it\n" +
            reasons("failed", one.agent_failures);
  }
  const auto next = next_of(state, index, rules, now);
  text += "  held: " + (next.held == 0 ? std::string("nobody\n")
                                       : plural(next.held, "person", "people") +
                                             ", to be decided on (campanile held)\n");
  const auto& account = state.spend.campaigns[index];
  if (definition.budget.limit_millionths != 0) {
    text += "  money: " + money(account.settled - one.settled_before, definition) +
            " since then, " + money(account.settled, definition) + " of " +
            money(definition.budget.limit_millionths, definition) + " in all, " +
            money(account.reserved, definition) + " set aside\n";
    if (definition.budget.model) {
      text += "  of all that the voice model's: " + money(account.model, definition) + '\n';
    }
  } else {
    text += "  money: no budget, so no account is kept\n";
  }
  text += "  next: ";
  if (next.calling != 0) text += plural(next.calling, "call is", "calls are") + " under way; ";
  if (next.fresh + next.retry == 0) return text + "nobody is left to call\n";
  text += plural(next.fresh, "person was", "people were") + " never called, " +
          plural(next.retry, "is", "are") + " to be called again";
  switch (entry.status) {
    case CampaignStatus::running:
      text += next.dial ? ", the next at " + time(*next.dial) : ", when a line is free";
      break;
    case CampaignStatus::paused:
      text += " once somebody resumes it";
      break;
    case CampaignStatus::enrolling:
      text += " once the list is complete";
      break;
    case CampaignStatus::cancelled:
    case CampaignStatus::completed:
      break;
  }
  return text + '\n';
}

void counts_json(JsonObject& object, const char* name, const Counts& counts) {
  JsonObject all(object.open(name));
  for (const auto& [reason, times] : counts) all.member(reason, static_cast<std::int64_t>(times));
  all.close();
}

}  // namespace

std::string recap_text(const State& state, const Recap& recap, const ZoneRules& rules, Instant now,
                       const std::function<std::string(Instant)>& time) {
  std::string text = "since " + time(recap.since()) + ", now " + time(now) + ", carrier " +
                     state.book.identity.carrier + '\n';
  text += "the program was started " + plural(recap.starts(), "time", "times") + " and stopped " +
          plural(recap.stops(), "time", "times");
  text += recap.opted_out() == 0
              ? "; nobody asked not to be called"
              : "; " + plural(recap.opted_out(), "person", "people") + " asked not to be called";
  if (recap.suppressed() != 0) {
    text += "; " + plural(recap.suppressed(), "number was", "numbers were") + " suppressed";
  }
  text += '\n';
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    text += words_of(state, recap, static_cast<CampaignIndex>(i), rules, now, time);
  }
  return text;
}

std::string recap_json(const State& state, const Recap& recap, const ZoneRules& rules,
                       Instant now) {
  std::string text;
  JsonObject object(text);
  object.member("since", rfc3339_utc(recap.since()))
      .member("now", rfc3339_utc(now))
      .member("carrier", state.book.identity.carrier)
      .member("starts", static_cast<std::int64_t>(recap.starts()))
      .member("stops", static_cast<std::int64_t>(recap.stops()))
      .member("opted_out", static_cast<std::int64_t>(recap.opted_out()))
      .member("suppressed", static_cast<std::int64_t>(recap.suppressed()));
  auto& list = object.open("campaigns");
  list += '[';
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    if (i) list += ',';
    const auto index = static_cast<CampaignIndex>(i);
    const auto& entry = state.book.at(index);
    const auto& one = recap.of(index);
    const auto& account = state.spend.campaigns[index];
    const auto next = next_of(state, index, rules, now);
    JsonObject campaign(list);
    campaign.member("id", entry.definition->id)
        .member("status", name_of(entry.status))
        .member("reason", entry.status_reason);
    auto& changes = campaign.open("changes");
    changes += '[';
    for (std::size_t c = 0; c < one.changes.size(); ++c) {
      if (c) changes += ',';
      JsonObject change(changes);
      change.member("at", rfc3339_utc(one.changes[c].at)).member("text", one.changes[c].text);
      change.close();
    }
    changes += ']';
    campaign.member("people_called", static_cast<std::int64_t>(one.people.size()))
        .member("calls", static_cast<std::int64_t>(one.calls));
    JsonObject by_outcome(campaign.open("outcomes"));
    for (const auto& [outcome, times] : one.outcomes) {
      by_outcome.member(name_of(outcome), static_cast<std::int64_t>(times));
    }
    by_outcome.close();
    counts_json(campaign, "excluded", one.excluded);
    counts_json(campaign, "put_off", one.put_off);
    counts_json(campaign, "not_placed", one.not_placed);
    counts_json(campaign, "taken_back", one.taken_back);
    if (entry.definition->mode == Mode::agent) {
      campaign.member("talks", static_cast<std::int64_t>(one.talks))
          .member("heard_nothing", static_cast<std::int64_t>(one.heard_nothing));
      counts_json(campaign, "agent_failures", one.agent_failures);
    }
    campaign.member("in_doubt", static_cast<std::int64_t>(one.in_doubt))
        .member("newly_held", static_cast<std::int64_t>(one.held))
        .member("late_calls", static_cast<std::int64_t>(one.late_calls))
        .member("held", next.held)
        .member("spent_millionths", account.settled - one.settled_before)
        .member("spent_in_all_millionths", account.settled)
        .member("spent_on_model_in_all_millionths", account.model)
        .member("reserved_millionths", account.reserved)
        .member("never_called", next.fresh)
        .member("to_be_called_again", next.retry)
        .member("under_way", next.calling);
    if (next.dial) campaign.member("next_call", rfc3339_utc(*next.dial));
    campaign.close();
  }
  list += ']';
  object.close();
  return text;
}

}  // namespace campaigns
