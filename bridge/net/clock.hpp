#pragma once

#include <chrono>
#include <optional>

namespace bridge::net {

// Milliseconds since 1970 UTC. The same type as campaigns::Instant, which is named there because
// neither folder knows the other.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

// The only source of time in the program. Everything that waits asks this clock how long.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // How long to wait, in real time, until this clock shows `at`; nothing if time stands until
  // somebody moves it.
  virtual std::optional<std::chrono::milliseconds> real_delay_until(Instant at) const = 0;
  // For what takes so long whatever the time of day is: no step of the system's clock holds it up
  // or brings it on. Null: this clock itself, which nobody steps back. Lives as long as this one.
  virtual const Clock* steady() const { return nullptr; }
  // How far the time of day has fallen behind `now`.
  virtual std::chrono::milliseconds behind() const { return std::chrono::milliseconds{0}; }
};

// Time that somebody else moves: a rehearsal, a test.
class SteppedClock final : public Clock {
 public:
  explicit SteppedClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  std::optional<std::chrono::milliseconds> real_delay_until(Instant) const override { return {}; }
  // Moves forward; an earlier instant is ignored.
  void advance_to(Instant at) {
    if (at > now_) now_ = at;
  }

 private:
  Instant now_;
};

// Time from `start` on at a fixed multiple of real time.
class ScaledClock final : public Clock {
 public:
  ScaledClock(Instant start, double speed);
  Instant now() const override;
  std::optional<std::chrono::milliseconds> real_delay_until(Instant at) const override;

 private:
  Instant start_;
  double speed_;
  std::chrono::steady_clock::time_point began_;
};

// Wall time for `now`, which never goes back within a run: a step back of the system's clock is
// held at the last value until real time has caught up, and `behind` says how long that will be.
class SystemClock final : public Clock {
 public:
  using Wall = std::chrono::system_clock::time_point (*)();
  explicit SystemClock(Wall wall = std::chrono::system_clock::now);
  Instant now() const override;
  std::optional<std::chrono::milliseconds> real_delay_until(Instant at) const override;
  const Clock* steady() const override { return &steady_; }
  std::chrono::milliseconds behind() const override;

 private:
  Instant wall_now() const;

  Wall wall_;
  mutable Instant last_;
  ScaledClock steady_;
};

}  // namespace bridge::net
