#pragma once

#include <cstdint>
#include <unordered_map>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// Which calls may open a media stream: those of campaigns in mode `agent` that were answered and
// have not ended.
struct StreamPermits {
  std::uint64_t position = 0;
  std::unordered_map<std::uint64_t, std::uint8_t> permits{};  // contact -> attempt

  void apply(const Fact& fact, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;
};

}  // namespace campaigns
