#pragma once

#include "campaigns/zone_rules.hpp"

namespace runner {

// What the world's clocks do, from the system's tz data: every zone's offsets from 2015 to 2045 and
// each country's zones. Zones of one country whose clocks agree count as one. Throws
// std::runtime_error when the system has no tz data, with what to install.
campaigns::ZoneRules load_zone_rules();

}  // namespace runner
