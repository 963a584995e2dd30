#pragma once

#include <optional>
#include <string_view>

#include "bridge/net/clock.hpp"

namespace bridge::carrier {

// Reads a date as the carrier writes it ("Tue, 04 Aug 2026 09:15:02 +0000", protocols.md 1.3) and
// nothing looser: English names, a weekday that fits the date, two-digit times, a numeric zone or
// GMT. Anything else is nothing, because a guessed instant would decide whose call this is.
std::optional<net::Instant> parse_rfc2822(std::string_view text);

}  // namespace bridge::carrier
