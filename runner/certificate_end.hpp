#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "campaigns/time.hpp"

namespace runner {

// The end of the public door's certificate is spoken of so long before it: who renews a month
// ahead, as is usual, has failed at that for two weeks by then.
inline constexpr std::chrono::days certificate_end_told_before{14};

// What is to be said of it; empty: it is further off.
std::string certificate_end_text(std::chrono::sys_seconds until, campaigns::Instant now);
inline constexpr const char* certificate_end_cure =
    "renew it; a running program shows the new file within a minute";

// Says so as soon as it comes near, then once a day.
class CertificateEnd {
 public:
  // To be asked now and then. Empty: there is nothing to say, or it was said within a day.
  std::string due(std::chrono::sys_seconds until, campaigns::Instant now);

 private:
  std::optional<campaigns::Instant> told_{};
};

}  // namespace runner
