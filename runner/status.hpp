#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "campaigns/state.hpp"
#include "campaigns/time.hpp"

namespace runner {

// What the program that runs knows of its log.
struct LogStanding {
  // Nothing can be written for want of space: nobody is dialled.
  bool disk_full = false;
  // The last event on disk; what a status tells of later ones may be lost.
  std::uint64_t durable = 0;
};

// Where the campaigns of a log stand, as JSON for programs and as text for people. No numbers, no
// names. `log`: nothing where no program runs.
std::string status_json(const campaigns::State& state, campaigns::Instant now,
                        const std::optional<LogStanding>& log);
std::string status_text(const campaigns::State& state, campaigns::Instant now, bool running,
                        bool disk_full);

// What became of people whom a list has under another number than the campaign.
std::string renumbered_text(std::uint64_t people);

// One campaign as one JSON object.
std::string campaign_json(const campaigns::State& state, campaigns::CampaignIndex index);

// 0: every contact is done, exhausted or excluded; 1: somebody is held, or the campaign is not
// over.
int exit_code_of(const campaigns::State& state, campaigns::CampaignIndex index);

}  // namespace runner
