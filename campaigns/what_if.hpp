#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/events.hpp"
#include "campaigns/outcome.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// A campaign that was run, run again in thought under another policy: other calling hours, another
// pacing, other retries, another budget. The people are those of the log, and so is what each call
// led to; whom to call when, and what follows from a call, is decided anew by the same functions
// that decide it in earnest.
//
// What the log knows is what became of one person's n-th attempt at one moment. An attempt that
// comes out at that same moment is exact. One at another moment keeps its recorded outcome, which
// is an estimate; one that was never made borrows the outcome of somebody else's, by the dice of
// the log's seed, which is a worse one.
//
// A program decides when its loop comes to it: some milliseconds after the moment that the schedule
// names, many times that where a rehearsal hurries, and much later where its disk was full or it
// was told to stop after so many people. That is no matter of the policy: what would have been due
// as it was, from the same moment on, is decided when the log says that it was, and so with the
// unchanged policy everything is exact, on whatever clock it ran. What would have been due
// otherwise is decided at the moment that the schedule names.
namespace campaigns {

// The definition with these members of `policy` in place of its own: calling_hours, pacing,
// retries, budget (RFC 7396: what is left out stays; null is the default). Other members of a whole
// campaign file are left alone. Problems as of a campaign file.
Result<Campaign> with_policy(const Campaign& recorded, std::string_view policy);

struct WhatIfFigures {
  std::uint64_t people = 0;
  std::uint64_t calls = 0;  // that count as attempts
  std::uint64_t not_placed = 0;
  std::uint64_t answered = 0;
  std::int64_t talk_seconds = 0;
  std::uint32_t lines_most = 0;  // at once, in the order in which calls began and ended
  std::optional<Instant> first_call{};
  std::optional<Instant> last_call{};
  std::array<std::uint64_t, outcomes> dispositions{};  // cases, `none`: nothing has counted
  std::array<std::uint64_t, 5> places{};               // cases, by Place
  std::array<std::uint64_t, 24> by_hour{};             // calls, of the person's day
};

struct WhatIf {
  WhatIfFigures recorded{};
  WhatIfFigures replayed{};
  // Attempts of the replay.
  std::uint64_t same = 0;      // at the recorded moment, with the recorded end
  std::uint64_t moved = 0;     // the person had it at another moment or number, or with other
                               // quotas full
  std::uint64_t borrowed = 0;  // the person never had it
  // Attempts of the log that the replay does not make.
  std::uint64_t unmade = 0;
  // People for whom every attempt is the same and none is missing, by what their case came to.
  std::array<std::uint64_t, outcomes> exact_dispositions{};
  std::uint64_t exact_people = 0;
  // The first moment at which replay and log part; nothing: never.
  std::optional<Instant> parts_at{};
  // Whether the replay went on to the end of the campaign.
  bool ended = false;

  bool exact() const { return moved + borrowed + unmade == 0; }
};

class Rerun {
 public:
  // Beyond, a log is too long for being run again in memory.
  static constexpr std::size_t facts_max = 5'000'000;

  Rerun();
  ~Rerun();
  Rerun(const Rerun&) = delete;
  Rerun& operator=(const Rerun&) = delete;

  // Each fact of the log, in its order. False: there are too many.
  bool see(const Fact& fact);

  // `recorded` is the state at the end of the log. Without `policy`: as it was.
  WhatIf run(const State& recorded, CampaignIndex campaign, const ZoneRules& rules,
             const Campaign* policy) const;

  // The state that a rerun without another policy comes to at the end of the log, for those who
  // compare.
  State rerun_state(const State& recorded, const ZoneRules& rules) const;

 private:
  struct Tape;
  std::unique_ptr<Tape> tape_;
};

// Both in words and as one JSON object: what was, what would have been, and which of it is exact.
std::string what_if_text(const WhatIf& result, const Campaign& campaign);
std::string what_if_json(const WhatIf& result, const Campaign& campaign);

}  // namespace campaigns
