#pragma once

#include <string_view>

#include "campaigns/state.hpp"

// The ground on which somebody is called, and what the call will say of itself.
namespace campaigns {

// What the person's own row says; empty: nothing, or they are forgotten.
struct OwnConsent {
  std::string_view source{};
  std::string_view date{};
};
OwnConsent own_consent(const State& state, ContactRef contact);

// Puts the evidence into an intent to call somebody, as it stands when they are called: no later
// edit changes it.
void add_evidence(CallRequested& intent, const State& state, ContactRef contact);

}  // namespace campaigns
