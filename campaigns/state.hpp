#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "campaigns/call_script.hpp"
#include "campaigns/dial_queue.hpp"
#include "campaigns/events.hpp"
#include "campaigns/register.hpp"
#include "campaigns/results.hpp"
#include "campaigns/spend.hpp"
#include "campaigns/stream_permits.hpp"
#include "campaigns/suppression.hpp"

namespace campaigns {

// Everything the program knows: six projections over one register. A fold of the log and of nothing
// else, so that a replay gives the same.
struct State {
  std::uint64_t position = 0;  // of the last event folded in
  Register book{};
  DialQueue queue{};
  CallScript script{};
  StreamPermits permits{};
  Suppression suppression{};
  Spend spend{};
  Results results{};

  // Before the first event: what only further calls hang on will not be kept, which is a third of
  // what a contact costs. Good for the files of an export; nobody is called by it, and neither its
  // digests nor its projections are those of the log.
  void keep_results_alone();
  bool keeps_all() const { return queue.for_calls; }

  // Version of a stream's last event, 0 for a stream without any.
  std::uint32_t version_of(const Subject& subject) const;
  std::uint32_t version_of(ContactRef ref) const;
};

// Folds one fact in. Its version must be the next one of its stream and its position the next one
// of the log: anything else is a bug, or a log that was not verified.
void evolve(State& state, const Fact& fact);

// The projections by name, in a fixed order, for digests and for `replay --out`.
struct NamedProjection {
  std::string_view name{};
  void (*write)(const State&, const CanonicalSink&) = nullptr;
};
const std::vector<NamedProjection>& projections();

// What must be the same however the carrier's reports came (design: I8).
void write_outcomes(const State& state, const CanonicalSink& sink);

}  // namespace campaigns
