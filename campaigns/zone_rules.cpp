#include "campaigns/zone_rules.hpp"

#include <algorithm>

namespace campaigns {

std::optional<std::chrono::minutes> ZoneRules::utc_offset(const std::string& zone,
                                                          Instant at) const {
  const auto found = zones.find(zone);
  if (found == zones.end() || found->second.empty()) return std::nullopt;
  const auto& transitions = found->second;
  auto after = std::upper_bound(
      transitions.begin(), transitions.end(), at,
      [](Instant instant, const Transition& transition) { return instant < transition.from; });
  if (after == transitions.begin()) return std::nullopt;
  return std::prev(after)->utc_offset;
}

std::optional<Instant> ZoneRules::when_clock_shows(const std::string& zone, Instant local) const {
  // No clock is a whole day off, and none is put twice within two days.
  const auto before = utc_offset(zone, local - std::chrono::days{1});
  const auto after = utc_offset(zone, local + std::chrono::days{1});
  if (!before || !after) return std::nullopt;
  for (const auto offset : {std::max(*before, *after), std::min(*before, *after)}) {
    if (utc_offset(zone, local - offset) == offset) return local - offset;
  }
  return local - *before;
}

bool ZoneRules::same_clock(const std::string& a, const std::string& b) const {
  const auto one = zones.find(a);
  const auto other = zones.find(b);
  if (one == zones.end() || other == zones.end()) return a == b;
  return std::ranges::equal(one->second, other->second,
                            [](const Transition& x, const Transition& y) {
                              return x.from == y.from && x.utc_offset == y.utc_offset;
                            });
}

std::optional<std::string> ZoneRules::only_zone_of(const std::string& country) const {
  const auto found = country_zones.find(country);
  if (found == country_zones.end() || found->second.size() != 1) return std::nullopt;
  return found->second.front();
}

bool ZoneRules::has_clock_of(const std::string& country, const std::string& zone) const {
  const auto found = country_zones.find(country);
  return found == country_zones.end() ||
         std::ranges::any_of(found->second,
                             [&](const std::string& its) { return same_clock(its, zone); });
}

}  // namespace campaigns
