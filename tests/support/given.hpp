#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/decide.hpp"
#include "campaigns/event_codec.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Given events, when a command, then events. Events are compared as the log would keep them, one a
// line: "contact/survey/1 CallAccepted {"attempt":1,"sid":"CA1"}", the personal part behind.
namespace support {

using namespace campaigns;

std::string line_of(const Subject& subject, const Event& event);
std::string lines_of(const Facts& facts);
std::string text_of(const std::function<void(const CanonicalSink&)>& write);
Instant utc(const char* text);

// A log in memory and the state that follows from it. Every event goes through the codec on its
// way into the state; when the world ends, its state is compared with that of a replay.
class World {
 public:
  explicit World(ZoneRules rules = {}) : rules_(std::move(rules)) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  World& at(Instant now) {
    now_ = now;
    return *this;
  }
  World& at(const char* now) { return at(utc(now)); }
  World& later(Milliseconds by) { return at(now_ + by); }

  // What happened before.
  World& given(Subject subject, const Event& event, std::optional<Instant> occurred_at = {});

  // What a command leads to, folded in; "refused: code" for a refusal, empty for a repeat.
  std::string when(const Command& command);
  // The same without showing it.
  World& does(const Command& command);
  // What is due now, round by round until nothing is.
  std::string plans();
  // The next wakeup as text, "never" for none.
  std::string wakes() const;

  void fold(Facts facts);

  const State& state() const { return state_; }
  const ZoneRules& rules() const { return rules_; }
  Instant now() const { return now_; }
  const Facts& log() const { return log_; }
  std::string outcomes() const;
  std::string projection(std::string_view name) const;

  PlanLimits limits{};

 private:
  ZoneRules rules_{};
  State state_{};
  Instant now_{};
  Instant run_since_{};
  Facts log_{};
  EventDecoder decoder_{};
};

}  // namespace support
