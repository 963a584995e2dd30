#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "bridge/net/loop.hpp"

namespace bridge::rehearsal {

// Something that the carrier will do: when, and which. The second is never used again, and 0 stands
// for none.
using ActId = std::pair<net::Instant, std::uint64_t>;

// What the carrier will do, in order of time, then of planning; every instant on a grid of 250 ms,
// so that many acts share one. Not the loop's timers: where time jumps, acts wait for the program
// to be there (clock_host.hpp).
class Timetable {
 public:
  // Acts by itself, by a timer of the loop, until `wait_for_program` is called. `loop` outlives it.
  explicit Timetable(net::Loop& loop) : loop_(loop) {}
  ~Timetable() { loop_.cancel(wakeup_); }
  Timetable(const Timetable&) = delete;
  Timetable& operator=(const Timetable&) = delete;

  // `is_holding`: the program has not yet said that it is where the clock is, so nothing may leave
  // the carrier. From now on acts are run by `run_due`, which the owner calls.
  void wait_for_program(std::function<bool()> is_holding) { is_holding_ = std::move(is_holding); }
  // Time is moved by somebody who waits for the program.
  bool jumps() const { return static_cast<bool>(is_holding_); }
  bool holding() const { return is_holding_ && is_holding_(); }

  ActId at(net::Instant when, std::function<void()> act);
  // Forgets an act, and its id; no effect on one that has run.
  void cancel(ActId& id) { acts_.erase(std::exchange(id, {})); }

  // Also those that are planned meanwhile. They come to an end: what goes on for ever goes over the
  // wire.
  void run_due();
  std::optional<net::Instant> next() const;

 private:
  void wake_for_first();

  net::Loop& loop_;
  std::function<bool()> is_holding_{};
  std::map<ActId, std::function<void()>> acts_{};
  std::uint64_t planned_ = 0;
  net::Loop::TimerId wakeup_ = 0;
  std::optional<net::Instant> wakeup_at_{};
};

}  // namespace bridge::rehearsal
