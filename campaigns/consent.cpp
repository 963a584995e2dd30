#include "campaigns/consent.hpp"

#include <algorithm>
#include <string>

#include "campaigns/agent.hpp"

namespace campaigns {

OwnConsent own_consent(const State& state, ContactRef contact) {
  const auto& entry = state.book.at(contact.campaign);
  const auto cell = [&](const std::string& name) -> std::string_view {
    const auto place = std::ranges::find(entry.columns, name);
    if (name.empty() || place == entry.columns.end()) return {};
    return state.script.value(contact, static_cast<std::size_t>(place - entry.columns.begin()));
  };
  const auto& contacts = entry.definition->contacts;
  return {cell(contacts.consent_source_column), cell(contacts.consent_date_column)};
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
