#include "bridge/net/clock.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace bridge::net {

using std::chrono::milliseconds;

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

SystemClock::SystemClock(Wall wall) : wall_(wall), last_(wall_now()), steady_(last_, 1.0) {}

Instant SystemClock::wall_now() const {
  return Instant{std::chrono::floor<milliseconds>(wall_()).time_since_epoch()};
}

Instant SystemClock::now() const {
  last_ = std::max(last_, wall_now());
  return last_;
}

// While it stands it is looked at again and again: somebody may set it right. Nor does anybody tell
// that it was set forward, or that the machine slept.
std::optional<milliseconds> SystemClock::real_delay_until(Instant at) const {
  constexpr milliseconds standing_max{1'000};
  constexpr milliseconds going_max{30'000};
  const auto delay = std::max(at - wall_now(), milliseconds{0});
  return std::min(delay, behind() > milliseconds{0} ? standing_max : going_max);
}

milliseconds SystemClock::behind() const {
  // In this order: what passes between the two is no time that it was set back by.
  const auto shown = now();
  return std::max(shown - wall_now(), milliseconds{0});
}

}  // namespace bridge::net
