#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::rehearsal {

// The carrier's end of rehearsal time (design.md 9): moves the clock when neither side has anything
// left to do at the present instant. Lines of ASCII on a port of its own:
//
//   from the program             from the carrier
//     hello campanile              time <now_ms>      right after hello, then with each step
//     at <now_ms>
//     link <id> <sent> <consumed>
//     gone <id>
//     busy
//     quiet <now_ms> <next_ms or ->
//
// A step has two halves: both clocks move, the program says where it is (`at`), and only then does
// the carrier act. Otherwise a webhook of the new instant could overtake the line that announces
// it, and be noted at the old one.
//
// One program at a time; another is turned away. While there is none, time stands.
class ClockHost {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    // Where the program connects to as a client.
    std::uint16_t carrier_port = 0;
    std::uint16_t voice_port = 0;
    // Whether the carrier waits for an answer from this port.
    std::function<bool(std::uint16_t port)> awaits{};
  };

  // `links` counts the carrier's connections, this one not among them. All outlive the host. Throws
  // std::system_error when the port cannot be had.
  ClockHost(net::Loop& loop, net::SteppedClock& clock, net::Links& links, Options options);
  ~ClockHost();
  ClockHost(const ClockHost&) = delete;
  ClockHost& operator=(const ClockHost&) = delete;

  std::uint16_t port() const;
  // The program has not yet said that it is where the clock is: the carrier must not act.
  bool is_holding() const;
  // To be called before the loop sleeps, with whether the carrier has nothing left to do at this
  // instant, and its next act, besides the loop's timers. Steps at most once.
  void before_sleep(bool carrier_is_quiet, std::optional<net::Instant> next_act);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
