#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// The ground on which somebody is called, and what the call will say of itself.
namespace campaigns {

// What the person's own row says; empty: nothing, or they are forgotten.
struct OwnConsent {
  std::string_view source{};
  std::string_view date{};
};
OwnConsent own_consent(const State& state, ContactRef contact);

// Why nobody calls a person at that moment whose row says this, in a campaign that requires
// consent; nothing: they may be called, or it requires none. A day begins by the clock of `zone`,
// the person's.
std::optional<std::string_view> why_no_consent(const Campaign& campaign, const OwnConsent& own,
                                               const std::string& zone, const ZoneRules& rules,
                                               Instant at);
// Likewise of somebody of a campaign, were it defined so.
std::optional<std::string_view> why_no_consent(const Campaign& campaign, const State& state,
                                               ContactRef contact, const ZoneRules& rules,
                                               Instant at);

// Puts the evidence into an intent to call somebody, as it stands when they are called: no later
// edit changes it.
void add_evidence(CallRequested& intent, const State& state, ContactRef contact);

}  // namespace campaigns
