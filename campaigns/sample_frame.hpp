#pragma once

#include <unordered_map>
#include <unordered_set>

#include "campaigns/state.hpp"

namespace campaigns {

// Whom a list names and the sample of its campaign never held: people who were suppressed before
// its first call, and so excluded without one. Survey research leaves them out of its rates, while
// whoever was suppressed later is a case that was not attempted.
//
// What the state does not keep is since when a number is suppressed, so this is a fold of its own
// over the log.
class SampleFrame {
 public:
  // Each fact of the log, in order, and the state before it.
  void see(const Fact& fact, const State& before);

  bool is_outside(ContactRef contact) const { return outside_.contains(contact.packed()); }

 private:
  std::unordered_map<CampaignIndex, Instant> dialled_from_{};
  // Of numbers that were free when some campaign called already: nobody asks of the others.
  std::unordered_map<NumberKey, Instant> suppressed_since_{};
  std::unordered_set<std::uint64_t> outside_{};
};

}  // namespace campaigns
