#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bridge/net/clock.hpp"

namespace bridge::net {

// Something that was retired: kept until the end of the turn, then destroyed.
struct Retired {
  virtual ~Retired() = default;
};

// One event loop and its timers. Single-threaded but for `wake`. The loop must outlive everything
// that was made with it; destroying it cuts the streams that linger, runs the close callbacks of
// what was destroyed before it and asserts that nothing else is left open.
class Loop {
 public:
  // `clock` must outlive the loop.
  explicit Loop(Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Clock& clock() const;
  Instant now() const { return clock().now(); }

  // Calls `f` after all callbacks of a turn, just before the loop sleeps. One at most.
  void before_sleep(std::function<void()> f);

  // There are calls at the end of this turn to come (TurnEnd).
  bool turn_is_unfinished() const;

  // Calls `f` on the loop's thread soon. The only function that other threads may call. Calls of
  // one turn are kept in order.
  void post(std::function<void()> f);

  // Calls `f` once when the clock shows `at` or later. Ids are never used again.
  using TimerId = std::uint64_t;
  TimerId call_at(Instant at, std::function<void()> f);
  // No effect on an id that has run or was cancelled.
  void cancel(TimerId id);
  // The same so much later, whatever the system's clock is set to meanwhile: for how long somebody
  // may take. The time that it goes by is shown by `steady_now`, and is no time of day.
  TimerId call_after(std::chrono::milliseconds delay, std::function<void()> f);
  Instant steady_now() const;
  // The earliest timer that waits.
  std::optional<Instant> next_timer() const;
  // Runs the timers that the clock says are due, in order of time, then of making. Done by the loop
  // itself with a clock that runs; somebody who moves a SteppedClock calls it after each move.
  void run_due_timers();

  // Calls `f` on this signal. Signals without a call keep their default action.
  void on_signal(int number, std::function<void()> f);

  // Keeps `dead` until the end of the turn, so that an object can be taken out of use inside its
  // own callback.
  void retire(std::unique_ptr<Retired> dead);

  // Runs until `stop`.
  void run();
  // Runs one turn without waiting; for tests.
  void turn();
  void stop();

  // Streams that linger at once: sockets that nobody counts any more. Beyond, the oldest is cut.
  static constexpr std::size_t lingering_max = 64;

  struct Block;
  Block& block() { return *block_; }

 private:
  std::unique_ptr<Block> block_;
};

// A call at the end of a turn, before `before_sleep` looks at what was done: for what leaves in one
// piece, whoever added to it. Made once by whoever needs it in many turns; destroying it takes a
// call that was asked for back.
class TurnEnd {
 public:
  // The loop outlives it. `f` may ask for another call, and may not destroy this.
  TurnEnd(Loop& loop, std::function<void()> f);
  ~TurnEnd();
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;

  // One call, however often it is asked for until then.
  void ask();

 private:
  friend class Loop;
  Loop& loop_;
  std::function<void()> call_;
  bool asked_ = false;
};

}  // namespace bridge::net
