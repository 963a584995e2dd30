#include "campaigns/forget.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace campaigns {

namespace {

void add(Facts& facts, const Subject& subject, Event event) {
  Fact fact;
  fact.subject = subject;
  fact.event = std::move(event);
  facts.push_back(std::move(fact));
}

std::optional<Instant> expires_at(const CampaignEntry& entry) {
  const auto& retention = entry.definition->retention;
  if (!retention || !entry.ended_at) return {};
  return *entry.ended_at + *retention;
}

// The first person from this ordinal on of whom something is left; nobody: 0.
std::uint32_t next_to_forget(const State& state, CampaignIndex index, std::uint32_t from) {
  const auto& campaign = state.queue.campaigns[index];
  // Who is left may be in calls alone, which are held for as long as nobody decides.
  const auto left = campaign.contacts.size() - campaign.forgotten;
  if (left <= state.queue.attempts.size()) {
    const auto waits = [&](const auto& attempt) {
      const auto& ref = attempt.second.contact;
      return ref.campaign == index && !campaign.contact(ref.ordinal).forgotten;
    };
    if (left == static_cast<std::size_t>(std::ranges::count_if(state.queue.attempts, waits))) {
      return 0;
    }
  }
  for (auto ordinal = std::max(from, campaign.forgotten_up_to + 1);
       ordinal <= campaign.contacts.size(); ++ordinal) {
    if (!campaign.contact(ordinal).forgotten && !state.queue.open_attempt({index, ordinal})) {
      return ordinal;
    }
  }
  return 0;
}

}  // namespace

Result<Facts, Refusal> forget_number(const State& state, NumberKey key) {
  const auto lock = state.queue.locks.find(key);
  if (lock != state.queue.locks.end()) {
    const auto& open = state.queue.attempts.at(lock->second);
    const auto& id = state.book.at(open.contact.campaign).definition->id;
    return Refusal{"under_way", "a call to this number has no end yet (" +
                                    AttemptId{id, open.contact.ordinal, open.attempt}.text() +
                                    ", " + std::string(name_of(open.phase)) +
                                    "): ask again when it is over or settled"};
  }
  Facts facts;
  for (std::size_t index = 0; index < state.queue.campaigns.size(); ++index) {
    const auto& campaign = state.queue.campaigns[index];
    const auto& id = state.book.campaigns[index].definition->id;
    for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
      const auto& contact = campaign.contact(ordinal);
      if (!campaign.has_number(ordinal, key) || contact.forgotten) continue;
      const auto subject = Subject::contact(id, ordinal);
      if (contact.stage == Stage::fresh || contact.stage == Stage::retry) {
        add(facts, subject, ContactExcluded{"forgotten", std::string(to_be_forgotten)});
      }
      add(facts, subject, ContactForgotten{"operator"});
    }
  }
  return facts;
}

Facts forget_expired(const State& state, Instant now) {
  Facts facts;
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    const auto expiry = expires_at(state.book.campaigns[i]);
    if (!expiry || *expiry > now) continue;
    const auto index = static_cast<CampaignIndex>(i);
    const auto& id = state.book.campaigns[i].definition->id;
    for (auto ordinal = next_to_forget(state, index, 1);
         ordinal != 0 && facts.size() < forgotten_at_once_max;
         ordinal = next_to_forget(state, index, ordinal + 1)) {
      add(facts, Subject::contact(id, ordinal), ContactForgotten{"retention"});
    }
  }
  return facts;
}

std::optional<Instant> next_expiry(const State& state) {
  std::optional<Instant> next;
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    const auto expiry = expires_at(state.book.campaigns[i]);
    if (!expiry || (next && *next <= *expiry)) continue;
    if (next_to_forget(state, static_cast<CampaignIndex>(i), 1) != 0) next = expiry;
  }
  return next;
}

}  // namespace campaigns
