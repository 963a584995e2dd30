#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Another definition for a campaign that runs: what it may not change, and what it moves. Pure.
namespace campaigns {

// What stays: the id, kind and mode; how its list is read; the questions that there are, with
// their codes and bounds, because answers were given to them; a budget not below what is spent.
// Nothing: it may be changed so.
std::optional<Refusal> reason_not_to_edit(const State& state, CampaignIndex index,
                                          const Campaign& next);

// Likewise of the calling hours' zone alone: whose it stood for when the list was read cannot be
// told any more.
std::optional<Refusal> breaks_zones(const Campaign& before, const Campaign& next);

// Likewise of the questions alone, for people: they may be worded anew and others added at the end;
// what was an answer stays one.
std::optional<std::string> breaks_answers(const Campaign& before, const Campaign& next);

// Likewise of the quotas alone: once people were counted, their numbers may change and they may go,
// and nothing else.
std::optional<Refusal> breaks_quotas(const State& state, CampaignIndex index, const Campaign& next);

// Likewise of what the results are read by: the currency of what was spent, the column that people
// are known by, and the names of columns.
std::optional<Refusal> breaks_results(const State& state, CampaignIndex index,
                                      const Campaign& next);

// Who waits for another attempt and has had as many as `next` allows, by ordinal.
std::vector<std::uint32_t> beyond_the_cap(const State& state, CampaignIndex index,
                                          const Campaign& next);

// What becomes of those who wait for a call, by their hours: the first moment at which each may be
// called, before and after. Delays that were decided stay; new ones hold from the next attempt on.
struct EditPreview {
  std::uint64_t waiting = 0;
  std::uint64_t earlier = 0;
  std::uint64_t later = 0;
  std::uint64_t never = 0;       // no calling hours any more
  std::uint64_t again = 0;       // and these had none before
  std::uint64_t excluded = 0;    // beyond_the_cap: their cases are closed, round by round
  std::uint64_t quota_full = 0;  // belong to a quota that is full then: let go one after the other
  // Have no number in a country that may be called then, and one in such a country now: excluded
  // when their turn comes.
  std::uint64_t other_country = 0;
  // Of the others, who may be called now, and of whom consent that is required then is not known,
  // or is dated later: likewise.
  std::uint64_t no_consent = 0;
  // How long those who wait take, each called once, at the campaign's full rate and the account's.
  Milliseconds takes_before{};
  Milliseconds takes_after{};
};

// Looks at those who wait, some at a time, so that calls go on meanwhile.
class EditPreviewer {
 public:
  // `now`: as of when they may be called.
  EditPreviewer(const State& state, CampaignIndex index, Campaign next, Instant now);

  // Looks at some more people of the state as it is by then, at fewer where each takes long; true
  // when all were looked at.
  bool look(const State& state, const ZoneRules& rules, std::uint32_t people);
  // Of those who were looked at.
  EditPreview preview(const State& state) const;

 private:
  enum class Moves : std::uint8_t { not_at_all, earlier, later, never, again };
  Moves moves(const ZoneRules& rules, const std::string& zone, Instant from) const;
  void count(const State& state, const ZoneRules& rules, std::uint32_t ordinal);

  CampaignIndex index_;
  std::shared_ptr<const Campaign> before_{};
  std::shared_ptr<const Campaign> next_{};
  CampaignEntry entry_{};  // as if it were defined so
  bool any_quota_full_ = false;
  bool fewer_countries_ = false;  // looking at every number takes its time
  bool other_consent_ = false;    // so does looking at what is known of everybody's
  Instant now_{};
  std::uint32_t looked_at_ = 0;
  // By zone group and the minute from which somebody is due: hours begin and end on minutes.
  std::map<std::pair<std::uint16_t, Instant>, Moves> known_{};
  EditPreview preview_{};
};

// All at once.
EditPreview preview_edit(const State& state, CampaignIndex index, const Campaign& next,
                         const ZoneRules& rules, Instant now);

}  // namespace campaigns
