#include "campaigns/pacing.hpp"

#include <algorithm>
#include <bit>

namespace campaigns {

void Slowdown::too_fast(Instant at) {
  if (since_ && level_ > 0 && at - *since_ < answers_within) return;
  level_ = static_cast<std::uint8_t>(std::min<unsigned>(level(at) + 1U, level_max));
  since_ = at;
}

void Slowdown::wait(Instant at, Seconds wish) {
  const auto until = at + std::clamp(wish, Seconds{0}, wait_max);
  if (!not_before_ || until > *not_before_) not_before_ = until;
}

unsigned Slowdown::level(Instant at) const {
  if (!since_) return 0;
  const auto steps = std::max<std::int64_t>(0, (at - *since_) / recovers_after);
  return steps >= level_ ? 0U : level_ - static_cast<unsigned>(steps);
}

bool says_too_fast(std::int64_t http_status, std::int64_t code) {
  return http_status == 429 || code == 20429 || code == 10004;
}

bool says_queue_full(std::int64_t code) {
  return code == 22005;
}

std::int64_t rate_at(const Pacing& pacing, std::optional<Instant> running_since, Instant at) {
  const std::int64_t full = pacing.calls_per_second_thousandths;
  const Milliseconds over = pacing.ramp_up.over;
  if (over.count() == 0 || !running_since) return full;
  const auto passed = std::clamp(at - *running_since, Milliseconds{0}, over);
  const std::int64_t from = std::min<std::int64_t>(pacing.ramp_up.from_thousandths, full);
  return from + (full - from) * passed.count() / over.count();
}

Instant slot_after(Instant last, std::int64_t calls_per_second_thousandths) {
  constexpr std::int64_t thousand_seconds = 1'000'000;  // in ms
  const auto rate = calls_per_second_thousandths;
  if (rate <= 0) return last + Milliseconds{1000};
  const auto at = last.time_since_epoch().count();
  // Only whole and remainder, as the product of an instant and a rate is too large.
  const auto whole = at / thousand_seconds * thousand_seconds;
  const auto beat = [&](std::int64_t n) { return (n * thousand_seconds + rate - 1) / rate; };
  const auto n = (at - whole) * rate / thousand_seconds;
  if (beat(n) == at - whole) return Instant{Milliseconds{whole + beat(n + 1)}};
  return last + Milliseconds{beat(1)};
}

void RecentFailures::add(bool failed) {
  bits_ = (bits_ << 1 | (failed ? 1U : 0U)) & ((std::uint64_t{1} << FailureStop::of_max) - 1);
  count_ = static_cast<std::uint8_t>(std::min(count_ + 1, int{FailureStop::of_max}));
}

std::optional<unsigned> RecentFailures::among_last(std::uint8_t of) const {
  if (count_ < of) return {};
  return static_cast<unsigned>(std::popcount(bits_ & ((std::uint64_t{1} << of) - 1)));
}

bool RecentFailures::reached(const FailureStop& rule) const {
  if (rule.share_thousandths == 0) return false;
  const auto failed = among_last(rule.of);
  return failed && *failed * 1000U >= rule.share_thousandths * rule.of;
}

}  // namespace campaigns
