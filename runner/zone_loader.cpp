#include "runner/zone_loader.hpp"

#include <date/tz.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "runner/crypto.hpp"

namespace runner {

namespace {

using Transitions = std::vector<campaigns::ZoneRules::Transition>;

Transitions transitions_of(const date::time_zone& zone) {
  using namespace date::literals;
  const date::sys_seconds until = date::sys_days{2045_y / 1 / 1};
  date::sys_seconds at = date::sys_days{2015_y / 1 / 1};
  Transitions transitions;
  while (at < until) {
    const auto info = zone.get_info(at);
    const auto offset = std::chrono::floor<std::chrono::minutes>(info.offset);
    const auto from = transitions.empty() ? campaigns::Instant::min()
                                          : campaigns::Instant{info.begin.time_since_epoch()};
    if (transitions.empty() || transitions.back().utc_offset != offset) {
      transitions.push_back({from, offset});
    }
    at = info.end;
  }
  return transitions;
}

// zone.tab: country, coordinates, zone, comment, separated by tabs.
std::map<std::string, std::vector<std::string>> read_countries() {
  std::map<std::string, std::vector<std::string>> countries;
  std::ifstream file("/usr/share/zoneinfo/zone.tab");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string country, coordinates, zone;
    if (fields >> country >> coordinates >> zone) countries[country].push_back(zone);
  }
  return countries;
}

}  // namespace

campaigns::ZoneRules load_zone_rules() {
  campaigns::ZoneRules rules;
  try {
    for (const auto& zone : date::get_tzdb().zones) {
      rules.zones.emplace(zone.name(), transitions_of(zone));
    }
  } catch (const std::exception& e) {
    throw std::runtime_error(std::string("the system's time zones cannot be read (") + e.what() +
                             "): install the package tzdata");
  }
  for (auto& [country, zones] : read_countries()) {
    std::vector<std::string> distinct;
    for (const auto& zone : zones) {
      if (!rules.knows(zone)) continue;
      const bool known = std::ranges::any_of(
          distinct, [&](const auto& other) { return rules.same_clock(other, zone); });
      if (!known) distinct.push_back(zone);
    }
    if (!distinct.empty()) rules.country_zones.emplace(country, std::move(distinct));
  }
  if (rules.zones.empty() || rules.country_zones.empty()) {
    throw std::runtime_error("the system has no time zones: install the package tzdata");
  }
  Sha256Stream digest;
  for (const auto& [name, transitions] : rules.zones) {
    digest.add(name);
    for (const auto& transition : transitions) {
      digest.add(std::to_string(campaigns::to_ms(transition.from)) + '/' +
                 std::to_string(transition.utc_offset.count()) + ' ');
    }
  }
  for (const auto& [country, zones] : rules.country_zones) {
    digest.add(country);
    for (const auto& zone : zones) digest.add(zone);
  }
  rules.digest = hex(digest.finish());
  return rules;
}

}  // namespace runner
