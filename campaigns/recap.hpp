#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "campaigns/plan.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// What happened since a moment, for somebody who was not there: the morning after.
namespace campaigns {

// Gathers it while a log is read.
class Recap {
 public:
  // Reasons beyond so many different ones are counted together.
  static constexpr std::size_t reasons_max = 50;

  struct Change {
    Instant at{};
    std::string text{};
  };
  struct OfCampaign {
    std::set<std::uint32_t> people{};  // called at least once
    std::uint64_t calls = 0;           // that the carrier took
    std::map<Outcome, std::uint64_t> outcomes{};
    // Why somebody was not called, or a call not made: the reason, and how often.
    std::map<std::string, std::uint64_t> excluded{};
    std::map<std::string, std::uint64_t> put_off{};
    std::map<std::string, std::uint64_t> not_placed{};
    std::map<std::string, std::uint64_t> taken_back{};
    std::uint64_t in_doubt = 0;
    std::uint64_t held = 0;
    std::uint64_t late_calls = 0;
    // Of a voice agent: calls with it, how it failed, and whom nobody spoke to.
    std::uint64_t talks = 0;
    std::map<std::string, std::uint64_t> agent_failures{};
    std::uint64_t heard_nothing = 0;
    std::vector<Change> changes{};
    std::int64_t settled_before = 0;  // millionths
  };

  explicit Recap(Instant since) : since_(since) {}
  // Each fact in the order of the log, before it is folded into `state`.
  void see(const State& state, const Fact& fact);

  Instant since() const { return since_; }
  const OfCampaign& of(CampaignIndex index) const;
  std::uint64_t starts() const { return starts_; }
  std::uint64_t stops() const { return stops_; }
  std::uint64_t opted_out() const { return opted_out_.size(); }
  std::uint64_t suppressed() const { return suppressed_; }

 private:
  OfCampaign& campaign(CampaignIndex index);

  Instant since_;
  std::vector<OfCampaign> campaigns_{};
  std::uint64_t starts_ = 0;
  std::uint64_t stops_ = 0;
  std::set<std::string> opted_out_{};  // the attempts: one says it for all numbers of a person
  std::uint64_t suppressed_ = 0;
};

// In words: what was called and what came of it, who was not called and why, who is held, the
// money, and what comes next. `state` is that of the end of the log; `now` the moment that it is;
// `time` writes a moment for whoever reads it. Names no number and quotes nobody.
std::string recap_text(const State& state, const Recap& recap, const ZoneRules& rules, Instant now,
                       const std::function<std::string(Instant)>& time);
// The same as one JSON object, times in UTC.
std::string recap_json(const State& state, const Recap& recap, const ZoneRules& rules, Instant now);

}  // namespace campaigns
