#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "bridge/net/clock.hpp"

namespace runner {

// When the next order may leave, so that orders that a slow log held up do not go in a burst. An
// order that is late has the others wait for their gap from there on; one that is in time has not,
// and the parts of a millisecond that clocks here do not show are kept from one to the next.
// Rates are thousandths of a call per second.
class PostPace {
 public:
  using Instant = bridge::net::Instant;

  // An order left.
  void sent(Instant now, std::int64_t rate) {
    const Micros at = now.time_since_epoch();
    last_ = last_ ? std::max(*last_ + gap(rate), at) : at;
  }
  // Nothing: at once. Less than a millisecond too early is in time.
  std::optional<Instant> next(std::int64_t rate) const {
    if (!last_) return {};
    return Instant{std::chrono::floor<std::chrono::milliseconds>(*last_ + gap(rate))};
  }

 private:
  using Micros = std::chrono::microseconds;
  static Micros gap(std::int64_t rate) {
    rate = std::max<std::int64_t>(1, rate);
    return Micros{(1'000'000'000 + rate - 1) / rate};
  }

  std::optional<Micros> last_{};  // when the last order left, or was due if it left early
};

}  // namespace runner
