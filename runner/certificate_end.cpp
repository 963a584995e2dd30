#include "runner/certificate_end.hpp"

namespace runner {

std::string certificate_end_text(std::chrono::sys_seconds until, campaigns::Instant now) {
  using std::chrono::days;
  if (until - now > certificate_end_told_before) return {};
  const auto at = campaigns::rfc3339_utc(until);
  if (until <= now) {
    return "the public door's certificate ended at " + at +
           ": the carrier refuses it, and whoever answers hears an error";
  }
  const auto left = std::chrono::floor<days>(until - now).count();
  const auto in = left == 0   ? std::string("within a day")
                  : left == 1 ? std::string("in a day")
                              : "in " + std::to_string(left) + " days";
  return "the public door's certificate ends " + in + ", at " + at +
         ": from then on the carrier refuses it";
}

std::string CertificateEnd::due(std::chrono::sys_seconds until, campaigns::Instant now) {
  auto text = certificate_end_text(until, now);
  if (text.empty()) {
    told_.reset();
  } else if (told_ && now - *told_ < std::chrono::days{1}) {
    return {};
  } else {
    told_ = now;
  }
  return text;
}

}  // namespace runner
