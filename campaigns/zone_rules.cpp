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

std::optional<std::string> ZoneRules::only_zone_of(const std::string& country) const {
  const auto found = country_zones.find(country);
  if (found == country_zones.end() || found->second.size() != 1) return std::nullopt;
  return found->second.front();
}

}  // namespace campaigns
