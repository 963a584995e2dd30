#pragma once

#include <string>

#include "campaigns/state.hpp"
#include "campaigns/time.hpp"

namespace runner {

// Where the campaigns of a log stand, as JSON for programs and as text for people. No numbers, no
// names.
std::string status_json(const campaigns::State& state, campaigns::Instant now, bool running);
std::string status_text(const campaigns::State& state, campaigns::Instant now, bool running);

// One campaign as one JSON object.
std::string campaign_json(const campaigns::State& state, campaigns::CampaignIndex index);

// 0: every contact is done, exhausted or excluded; 1: somebody is held, or the campaign is not
// over.
int exit_code_of(const campaigns::State& state, campaigns::CampaignIndex index);

}  // namespace runner
