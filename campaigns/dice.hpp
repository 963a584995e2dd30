#pragma once

#include <cstdint>
#include <string_view>

namespace campaigns {

// Chance that is a function of its arguments, the same on every machine and in every run: 64 bits,
// each of which hangs on every bit of the three.
std::uint64_t dice(std::uint64_t seed, std::string_view stream, std::uint64_t version);

}  // namespace campaigns
