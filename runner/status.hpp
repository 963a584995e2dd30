#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "campaigns/state.hpp"
#include "campaigns/time.hpp"

namespace runner {

// What the program that runs knows and its log does not.
struct LiveStanding {
  // Nothing can be written for want of space: nobody is dialled.
  bool disk_full = false;
  // Why nobody is dialled while SERVER_URL does not lead to our door; empty: it is not known not
  // to.
  std::string door_shut{};
  // The last event on disk; what a status tells of later ones may be lost.
  std::uint64_t durable = 0;
  // What was found in the list that was just submitted, as JSON; empty: none was.
  std::string taken{};
};

// Where the campaigns of a log stand, as JSON for programs and as text for people. No numbers, no
// names. `live`: nothing where no program runs.
std::string status_json(const campaigns::State& state, campaigns::Instant now,
                        const std::optional<LiveStanding>& live);
std::string status_text(const campaigns::State& state, campaigns::Instant now,
                        const std::optional<LiveStanding>& live);

// What became of people whom a list has under another number than the campaign.
std::string renumbered_text(std::uint64_t people);

// One campaign as one JSON object.
std::string campaign_json(const campaigns::State& state, campaigns::CampaignIndex index);

// 0: every contact is done, exhausted or excluded; 1: somebody is held, or the campaign is not
// over.
int exit_code_of(const campaigns::State& state, campaigns::CampaignIndex index);

}  // namespace runner
