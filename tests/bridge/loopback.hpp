#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>

#include "bridge/net/clock.hpp"
#include "bridge/net/loop.hpp"

// What the tests of `bridge` share: a loop in time that stands still, and turns until something has
// happened on real sockets.
namespace bridge::testing {

inline constexpr net::Instant noon{std::chrono::hours{12}};

// The system's clock as somebody sets it.
struct SetClock {
  static inline std::chrono::milliseconds back{0};
  static std::chrono::system_clock::time_point now() {
    return std::chrono::system_clock::now() - back;
  }
};

struct SteppedLoop {
  net::SteppedClock clock{noon};
  net::Loop loop{clock};

  // In real time: what a busy machine takes under valgrind, which runs one thread at a time.
  std::chrono::seconds patience{60};

  // Turns until `done`; fails when patience ends.
  void until(const std::function<bool()>& done) {
    const auto began = std::chrono::steady_clock::now();
    while (!done()) {
      if (std::chrono::steady_clock::now() - began > patience) {
        BOOST_FAIL("waited in vain");
      }
      loop.turn();
    }
  }

  // Turns often enough for what is on loopback sockets to arrive and be answered.
  void settle() {
    for (int i = 0; i < 20; ++i) loop.turn();
  }

  void advance(std::chrono::milliseconds by) {
    clock.advance_to(clock.now() + by);
    loop.run_due_timers();
  }
};

}  // namespace bridge::testing
