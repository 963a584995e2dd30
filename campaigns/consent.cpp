#include "campaigns/consent.hpp"

#include <algorithm>

#include "campaigns/agent.hpp"
#include "campaigns/call_span.hpp"

namespace campaigns {

namespace {

OwnConsent consent_in(const ContactSource& contacts, const State& state, ContactRef contact) {
  const auto& entry = state.book.at(contact.campaign);
  const auto cell = [&](const std::string& name) -> std::string_view {
    const auto place = std::ranges::find(entry.columns, name);
    if (name.empty() || place == entry.columns.end()) return {};
    return state.script.value(contact, static_cast<std::size_t>(place - entry.columns.begin()));
  };
  return {cell(contacts.consent_source_column), cell(contacts.consent_date_column)};
}

}  // namespace

OwnConsent own_consent(const State& state, ContactRef contact) {
  return consent_in(state.book.at(contact.campaign).definition->contacts, state, contact);
}

std::optional<std::string_view> why_no_consent(const Campaign& campaign, const OwnConsent& own,
                                               const std::string& zone, const ZoneRules& rules,
                                               Instant at) {
  const auto& consent = campaign.consent;
  if (!consent.required) return {};
  if (own.source.empty() && consent.source.empty()) {
    return "nothing says where their consent comes from";
  }
  const auto date = own.date.empty() ? std::string_view(consent.date) : own.date;
  if (date.empty()) return "nothing says since when their consent is there";
  // Where nobody knows the zone nobody is called either.
  const auto& clock = rules.knows(zone) ? zone : campaign.hours.zone;
  if (!rules.knows(clock)) return {};
  const auto order =
      campaign.contacts.region == "US" ? DateOrder::month_first : DateOrder::day_first;
  const auto since = read_written_moment({date, {}}, clock, rules, order, false);
  if (!since) return "the date of their consent cannot be read";
  if (*since > at) return "their consent has a later date than the call";
  return {};
}

std::optional<std::string_view> why_no_consent(const Campaign& campaign, const State& state,
                                               ContactRef contact, const ZoneRules& rules,
                                               Instant at) {
  if (!campaign.consent.required) return {};
  const auto& people = state.queue.campaigns[contact.campaign];
  const auto& zone = people.groups[people.contact(contact.ordinal).group].zone;
  return why_no_consent(campaign, consent_in(campaign.contacts, state, contact), zone, rules, at);
}

void add_evidence(CallRequested& intent, const State& state, ContactRef contact) {
  const auto& campaign = *state.book.at(contact.campaign).definition;
  intent.basis = campaign.consent.basis;
  const auto own = own_consent(state, contact);
  if (own.source.empty()) {
    intent.basis_source = campaign.consent.source;
  } else {
    intent.consent_source = own.source;
  }
  if (own.date.empty()) {
    intent.basis_date = campaign.consent.date;
  } else {
    intent.consent_date = own.date;
  }
  if (campaign.mode == Mode::agent) {
    intent.disclosure = text_version(
        campaign.agent.disclosure.in(state.script.language(contact), campaign.language));
  }
}

}  // namespace campaigns
