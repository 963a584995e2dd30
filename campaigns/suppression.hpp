#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// Who suppresses a number after a refusal, in the event.
inline constexpr std::string_view cool_off = "cool_off";

// Numbers that nobody may ring, again or for a while, over all campaigns. Known by key only, so
// that it outlives the person's data.
struct Suppression {
  struct Number {
    std::uint32_t version = 0;  // of the number's stream
    bool opted_out = false;     // the person said so
    bool suppressed = false;    // somebody or something else does
    bool cooling_off = false;   // and no operator: they refused
    std::int64_t until_ms = 0;  // of that; 0: for good
    // When whoever refused may be called again, whatever an operator said since; 0: nobody did.
    std::int64_t refused_until_ms = 0;
  };
  std::uint64_t position = 0;
  std::unordered_map<NumberKey, Number> numbers{};

  void apply(const Fact& fact);
  void write(const CanonicalSink& sink) const;
  // Whether it must not be called now.
  bool suppressed(NumberKey key, Instant now) const;
  // Whether the person asked for it, whatever an operator did besides.
  bool opted_out(NumberKey key) const;
  // Whether it must not be called now because its owner said so, for good or for a while.
  bool said_by_person(NumberKey key, Instant now) const;
  // Whether there is one besides what the person said, over or not.
  bool suppressed_by_another(NumberKey key) const;
  // Whether that is because the person refused.
  bool cooling_off(NumberKey key) const;
  // When it may be called again; nothing for good, or where it may be called now.
  std::optional<Instant> until(NumberKey key, Instant now) const;
};

// Whether nobody is called who has these numbers: one of them is suppressed by what the person
// said, or all of them are by whomever.
bool keeps_from_calling(const Suppression& suppression, const std::vector<NumberKey>& numbers,
                        Instant now);

// Why a number that is suppressed is not called, for a person.
std::string_view why_suppressed(const Suppression& suppression, NumberKey key);

}  // namespace campaigns
