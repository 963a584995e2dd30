#pragma once

#include <cstdint>
#include <unordered_map>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// Numbers that nobody may ring again, over all campaigns. Known by key only, so that it outlives
// the person's data.
struct Suppression {
  struct Number {
    std::uint32_t version = 0;  // of the number's stream
    bool opted_out = false;
  };
  std::uint64_t position = 0;
  std::unordered_map<NumberKey, Number> numbers{};

  void apply(const Fact& fact);
  void write(const CanonicalSink& sink) const;
  bool suppressed(NumberKey key) const;
};

}  // namespace campaigns
