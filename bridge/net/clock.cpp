#include "bridge/net/clock.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bridge::net {

using std::chrono::milliseconds;

Instant SystemClock::now() const {
  const auto wall = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
  last_ = std::max(last_, Instant{wall.time_since_epoch()});
  return last_;
}

std::optional<milliseconds> SystemClock::real_delay_until(Instant at) const {
  return std::max(at - now(), milliseconds{0});
}

ScaledClock::ScaledClock(Instant start, double speed)
    : start_(start), speed_(speed), began_(std::chrono::steady_clock::now()) {
  assert(speed > 0);
}

Instant ScaledClock::now() const {
  const std::chrono::duration<double, std::milli> real = std::chrono::steady_clock::now() - began_;
  return start_ + std::chrono::floor<milliseconds>(real * speed_);
}

std::optional<milliseconds> ScaledClock::real_delay_until(Instant at) const {
  const std::chrono::duration<double, std::milli> shown = at - now();
  if (shown.count() <= 0) return milliseconds{0};
  return std::chrono::ceil<milliseconds>(shown / speed_);
}

}  // namespace bridge::net
