#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "campaigns/state.hpp"

// The calls that wait for a person's decision, with what the log says of each.
namespace campaigns {

struct HeldCall {
  AttemptId attempt{};
  ContactRef contact{};
  Instant requested_at{};
  Instant held_at{};
  std::string doubt{};       // why it was not known whether it was placed
  std::string reason{};      // why it was held
  std::int64_t lookups = 0;  // how often the carrier's list was asked
  std::int64_t listed = 0;   // calls that could be it, in the last answer
};

// Gathers them while a log is read.
class HeldCalls {
 public:
  // Each fact in the order of the log, after it was folded into `state`.
  void see(const State& state, const Fact& fact);
  // Those that are held in `state`, the end of what was seen; by campaign and contact.
  std::vector<HeldCall> all(const State& state) const;

 private:
  std::map<std::uint64_t, HeldCall> doubtful_{};  // by contact
};

// A paragraph for each, with what to do; "nobody is held" for none. Times in UTC. `personal` adds
// the number and the list's own id.
std::string held_text(const State& state, const std::vector<HeldCall>& held, bool personal);
// {"held":[{…}]}
std::string held_json(const State& state, const std::vector<HeldCall>& held, bool personal);

}  // namespace campaigns
