#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace campaigns {

// Milliseconds since 1970 UTC. Nothing in this folder asks what time it is.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

constexpr Instant instant_from_ms(std::int64_t ms) {
  return Instant{Milliseconds{ms}};
}
constexpr std::int64_t to_ms(Instant at) {
  return at.time_since_epoch().count();
}

// When something is decided, and the chance that goes into it. Chance is a function of (seed,
// stream, version), never of how often somebody asked.
struct Moment {
  Instant now{};
  std::uint64_t seed = 0;
  Instant run_since{};  // since when the program has answered, without a break

  std::uint64_t dice(std::string_view stream, std::uint64_t version) const;
};

// The day that it is at an offset, counted from 1970-01-01, and when it begins there.
constexpr std::int32_t local_day(Instant at, std::chrono::minutes utc_offset) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(at + utc_offset).time_since_epoch().count());
}
constexpr Instant begin_of_local_day(std::int32_t day, std::chrono::minutes utc_offset) {
  return Instant{std::chrono::days{day}} - utc_offset;
}

// "2026-03-02T08:15:00.250Z".
std::string rfc3339_utc(Instant at);
// "2026-03-02T09:15:00+01:00": the same instant read at an offset; milliseconds are left out.
std::string rfc3339_local(Instant at, std::chrono::minutes utc_offset);
// Reads RFC 3339 with `Z` or an offset; nothing if it is anything else.
std::optional<Instant> parse_rfc3339(std::string_view text);

}  // namespace campaigns
