#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "campaigns/time.hpp"

// Times as whoever gives the commands reads them: in the system's time zone (TZ).
namespace runner {

// "2026-03-02 18:05 CET".
std::string local_text(campaigns::Instant at);

// A moment as people name one: "2026-12-25" (the beginning of that day), "2026-12-25 18:00", or RFC
// 3339. Nothing for anything else.
std::optional<campaigns::Instant> read_moment(const std::string& text);

// The day that people name as "2026-12-25"; nothing for a moment, and for what is no day.
std::optional<std::chrono::sys_days> read_day(const std::string& text);

// As read_moment, and "18:00": the last time that it was 18:00 at `now`.
std::optional<campaigns::Instant> read_since(const std::string& text, campaigns::Instant now);

}  // namespace runner
