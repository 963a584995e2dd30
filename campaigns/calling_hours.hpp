#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "campaigns/campaign.hpp"
#include "campaigns/zone_rules.hpp"

namespace campaigns {

// Whether a person may be called now, with the evidence that goes into the log.
struct Opening {
  bool open = false;
  std::chrono::minutes utc_offset{};  // of the clock that the hours go by, at that instant
  // Of the person's own, which is another where the hours have a fixed zone; the same where their
  // zone is not known.
  std::chrono::minutes own_utc_offset{};
  std::string window{};  // "09:00-13:00" when open
  // When it opens next (closed) or closes (open); nothing: never within a year, or unknown zone.
  std::optional<Instant> changes_at{};
  bool known_zone = false;  // false: closed for good (fail closed)
};

// `zone` is the person's; the hours' own fixed zone holds if there is one. Windows are local times:
// a day of 23 or 25 hours has them where its clock shows them.
Opening opening_at(const CallingHours& hours, const std::string& zone, const ZoneRules& rules,
                   Instant at);

// Whether somebody may be called before 8 or after 21 o'clock, outside of the widest hours that any
// preset has, by a clock that is so much ahead of the one that the hours go by.
bool reach_into_night(const CallingHours& hours, std::chrono::minutes ahead = {});

}  // namespace campaigns
