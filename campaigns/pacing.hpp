#pragma once

#include <cstdint>
#include <optional>

#include "campaigns/campaign.hpp"
#include "campaigns/time.hpp"

// How fast calls may be begun, as far as it hangs on what happened: values that are folds of the
// log, so that a restart neither refills a bucket nor forgets what the carrier said.
namespace campaigns {

// How much slower than its rate an account dials, because the carrier said that it was too fast:
// halved for each time it said so, doubled again when it has not for a while.
class Slowdown {
 public:
  static constexpr std::uint8_t level_max = 5;           // a thirty-second of the rate
  static constexpr Milliseconds recovers_after{30'000};  // each step
  static constexpr Milliseconds answers_within{5'000};   // to what was sent before
  static constexpr Seconds wait_max{3'600};  // whatever the carrier wishes, we ask again then

  // The carrier refused a call because there were too many, or has one wait. Answers that come
  // close together are about the same haste and count once.
  void too_fast(Instant at);
  // It named a time before which it wants no order (Retry-After).
  void wait(Instant at, Seconds wish);
  // 0: not slowed down. Times the gap between two calls doubles so often.
  unsigned level(Instant at) const;

  std::uint8_t kept_level() const { return level_; }
  std::optional<Instant> since() const { return since_; }
  std::optional<Instant> not_before() const { return not_before_; }

 private:
  std::uint8_t level_ = 0;
  std::optional<Instant> since_{};  // the last time the carrier said so
  std::optional<Instant> not_before_{};
};

// Whether a refusal means that there were too many calls (protocols.md 1.7).
bool says_too_fast(std::int64_t http_status, std::int64_t code);
// Whether it means that the carrier's queue holds a day of calls: too many, too. In a log of before
// it slowed nothing down, so the event of it says so itself.
bool says_queue_full(std::int64_t code);
// The carrier has calls wait only where more are begun than it dials.
inline constexpr std::int64_t queue_ms_max = 2'000;

// The campaign's own rate at an instant, in thousandths of a call per second.
std::int64_t rate_at(const Pacing& pacing, std::optional<Instant> running_since, Instant at);

// The earliest slot after that one at a rate, in thousandths of a call per second: the gap in whole
// milliseconds, rounded up; of a rate whose gap is none the slots go on at the rate's own beat,
// n / rate after the epoch, once they have met it. So no second has more slots than the rate allows
// and none is lost to rounding (30 a second are 34 ms apart, or 33.3).
Instant slot_after(Instant last, std::int64_t calls_per_second_thousandths);

// The last attempts of a campaign, as far as it shows whether the carrier puts calls through.
class RecentFailures {
 public:
  void add(bool failed);
  void clear() { bits_ = 0, count_ = 0; }
  // How many of the last `of` attempts failed; nothing while there were fewer.
  std::optional<unsigned> among_last(std::uint8_t of) const;
  bool reached(const FailureStop& rule) const;

  std::uint64_t bits() const { return bits_; }
  std::uint8_t count() const { return count_; }

 private:
  std::uint64_t bits_ = 0;  // the last one is bit 0
  std::uint8_t count_ = 0;  // at most FailureStop::of_max
};

}  // namespace campaigns
