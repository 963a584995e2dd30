#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/carrier/carrier.hpp"
#include "bridge/net/clock.hpp"
#include "campaigns/audit.hpp"
#include "campaigns/commands.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/state.hpp"

namespace runner {

// Holds the carrier's own list against the log (reliability.md 2.2, step 10): an hour after a call
// was requested, each further hour while there is something left to learn, when a campaign has
// ended, and soon after a start. It brings the carrier's prices, the ends of calls that have gone
// silent, and late calls that never reported themselves; what it finds beyond that it tells the
// operator, once. Nothing of it is waited for by a call, and while nothing can be learnt no timer
// runs, so that a time that jumps does not stumble over it.
class Sweeper {
 public:
  static constexpr std::chrono::hours every{1};
  static constexpr std::chrono::minutes after_start{1};
  static constexpr std::chrono::minutes again_after{5};  // a list that could not be read
  static constexpr std::chrono::hours reach{24};         // how far back it looks
  static constexpr std::size_t told_max = 1000;          // notices that are remembered
  static constexpr std::size_t commands_max = 128;       // that `note` is given in one turn

  using Done = std::function<void(std::optional<campaigns::Refusal>)>;
  using Note = std::function<void(campaigns::Command, Done)>;
  using Say = std::function<void(std::string)>;

  // `carrier`, `clock` and `state` outlive it. `note` takes what the log is to be told.
  Sweeper(bridge::carrier::Carrier& carrier, const bridge::net::Clock& clock,
          const campaigns::State& state, Note note, Say say);
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  // After each fact was folded.
  void follow(const campaigns::Fact& fact);
  // Whether a sweep is to begin now.
  bool due() const { return !under_way() && at_ && *at_ <= clock_.now(); }
  void begin();
  // Once a turn: what was found is noted in portions, so that nobody waits behind all of it.
  void go_on();
  bool has_found() const { return !found_.empty(); }
  // A sweep is under way, or due: whoever wants to end waits for it. It takes the time of some
  // questions to the carrier, whatever comes of them.
  bool busy() const { return under_way() || due(); }
  // When one will be due, or goes on; nothing: nothing is to be learnt.
  std::optional<bridge::net::Instant> next() const {
    if (has_found()) return clock_.now();
    return sweep_ ? std::nullopt : at_;
  }

 private:
  struct Sweep {
    bridge::net::Instant oldest{};
    campaigns::AuditPeriod period{};
    std::deque<std::pair<std::string, std::chrono::sys_days>> lists{};  // that are not here yet
    std::vector<campaigns::ListedCall> calls{};
  };
  bool under_way() const { return sweep_ || has_found(); }
  void next_list();
  void finish();
  void tell(const std::string& text);

  bridge::carrier::Carrier& carrier_;
  const bridge::net::Clock& clock_;
  const campaigns::State& state_;
  Note note_;
  Say say_;
  std::unique_ptr<Sweep> sweep_{};            // whose lists are asked for
  std::deque<campaigns::Command> found_{};    // by it, and not noted yet
  std::optional<bridge::net::Instant> at_{};  // of the next one
  // When the oldest call was requested of which something may be learnt; nothing: there is none.
  std::optional<bridge::net::Instant> oldest_{};
  std::set<std::string> told_{};
};

}  // namespace runner
