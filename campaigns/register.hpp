#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/events.hpp"

namespace campaigns {

// Takes canonical text piece by piece: a digest, a file, a string.
using CanonicalSink = std::function<void(std::string_view)>;

enum class CampaignStatus : std::uint8_t { enrolling, running, paused, cancelled, completed };
std::string_view name_of(CampaignStatus status);

// One campaign as it was submitted.
struct CampaignEntry {
  std::shared_ptr<const Campaign> definition{};
  std::string definition_digest{};
  std::string contacts_digest{};
  std::vector<std::string> columns{};
  CampaignStatus status = CampaignStatus::enrolling;
  std::string status_reason{};
  bool paused_by_program = false;
  std::uint32_t version = 0;   // of its stream
  std::uint64_t last_row = 0;  // of the list that was enrolled or rejected
  std::uint64_t enrolled = 0;
  std::uint64_t rejected = 0;
  std::uint64_t renumbered = 0;            // of the list that was read last (EnrolmentCompleted)
  std::optional<Instant> running_since{};  // started, or resumed last
  std::optional<Instant> submitted_at{};
  std::optional<Instant> ended_at{};  // completed or cancelled
  // Completed cases of each quota of the definition, in its order.
  std::vector<std::uint32_t> quota_completes{};

  // Whether a file says what this campaign is. By its digest, else by its meaning: a newer program
  // writes down defaults that the one that submitted it did not know.
  bool is_defined_as(const Campaign& campaign, const std::string& digest) const {
    return definition_digest == digest || *definition == campaign;
  }
  // From here on this is the definition. What a quota has counted goes with its name, as long as it
  // is of the same people.
  void define(std::shared_ptr<const Campaign> next);
  bool is_full(std::size_t quota) const {
    return quota_completes[quota] >= definition->quotas[quota].completes;
  }
  bool any_quota_full() const;
};

// A call that somebody else's code placed and our server answers.
struct OutsideCall {
  std::uint32_t version = 0;
  bool initiated = false;
  bool ringing = false;
  bool answered = false;
  bool ended = false;
};

// What all projections refer to: whose log this is, who runs, which campaigns there are.
struct Register {
  LogCreated identity{};
  RunnerStarted runner{};
  std::uint32_t runner_version = 0;
  // Those that the runs were started with, in order; at most public_urls_max, the oldest go first.
  std::vector<std::string> public_urls{};
  std::vector<CampaignEntry> campaigns{};
  std::unordered_map<std::string, CampaignIndex> by_id{};
  std::unordered_map<std::string, OutsideCall> outside{};  // by sid; at most outside_calls_max

  static constexpr std::size_t public_urls_max = 256;
  // Beyond, further calls of somebody else's are answered and not written down.
  static constexpr std::size_t outside_calls_max = 1'000'000;

  void apply(const Fact& fact);
  void write(const CanonicalSink& sink) const;

  std::optional<CampaignIndex> find(const std::string& id) const;
  const CampaignEntry& at(CampaignIndex index) const { return campaigns[index]; }
  std::optional<ContactRef> contact_of(const Subject& subject) const;
};

}  // namespace campaigns
