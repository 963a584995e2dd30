#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/time.hpp"

namespace campaigns {

// What the world's clocks do, as data: built by the runner from the system's tz data and handed in.
// A zone's offset holds from one transition to the next.
struct ZoneRules {
  struct Transition {
    Instant from{};                     // the first has the earliest instant there is
    std::chrono::minutes utc_offset{};  // local = UTC + offset; whole minutes
  };
  std::map<std::string, std::vector<Transition>> zones{};  // by IANA name, sorted by `from`
  std::map<std::string, std::vector<std::string>> country_zones{};  // "IT" -> {"Europe/Rome"}
  std::string digest{};                                             // of all of the above

  bool knows(const std::string& zone) const { return zones.count(zone) != 0; }
  // Nothing for an unknown zone.
  std::optional<std::chrono::minutes> utc_offset(const std::string& zone, Instant at) const;
  // When the clock there shows this; `local` counts as if it were UTC. Of two moments the earlier
  // one; of a time that the clock leaves out, as much after the gap as it says. Nothing for an
  // unknown zone.
  std::optional<Instant> when_clock_shows(const std::string& zone, Instant local) const;
  // Whether the clocks of both show the same at every moment.
  bool same_clock(const std::string& a, const std::string& b) const;
  // The one zone of a country; nothing where it has several or none.
  std::optional<std::string> only_zone_of(const std::string& country) const;
  // Whether the clock of that zone is one that a country has; so is every clock of a country of
  // which no zone is known.
  bool has_clock_of(const std::string& country, const std::string& zone) const;
};

}  // namespace campaigns
