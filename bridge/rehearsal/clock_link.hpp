#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::rehearsal {

// The program's end of rehearsal time (design.md 9; the lines are in clock_host.hpp). The carrier
// moves the clock; this steps ours after it, and tells when we have nothing left to do.
class ClockLink {
 public:
  // Begins to connect. `links` counts every connection of the program to and from the carrier (this
  // one is not among them). `on_lost` is called once, when the carrier cannot be reached or has
  // gone: time stands from then on. All outlive the link.
  ClockLink(net::Loop& loop, net::SteppedClock& clock, net::Links& links, std::string host,
            std::uint16_t port, std::function<void()> on_lost);
  ~ClockLink();
  ClockLink(const ClockLink&) = delete;
  ClockLink& operator=(const ClockLink&) = delete;

  // To be called before the loop sleeps, each turn. `quiet`: nothing is left to do but for timers
  // (no batch being committed, no answer held, no work on other threads). `next`: the earliest
  // instant that the program waits for besides the loop's own timers, which are looked at here, as
  // are connections being made. Sends at most one write, and nothing where nothing has changed.
  void report(bool quiet, std::optional<net::Instant> next);

  // The carrier has told its time.
  bool connected() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// What a rehearsal carrier tells about itself.
struct Discovered {
  std::uint16_t clock_port = 0;  // 0: its time runs by itself
  std::uint16_t voice_port = 0;  // of its voice model; 0: it has none
  std::string account_sid{};
  std::string auth_token{};  // empty: somebody gave it one, which it does not tell
  std::uint64_t seed = 0;
  net::Instant now{};
  double speed = 0;  // of time that runs by itself; 0: time jumps
};

// Asks the carrier at HOST:PORT, blocking, for some seconds at most. Throws std::runtime_error that
// says what is wrong and what to do.
Discovered discover(const std::string& host, std::uint16_t port);

}  // namespace bridge::rehearsal
