#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/faults.hpp"
#include "bridge/rehearsal/people.hpp"

namespace bridge::rehearsal {

struct CarrierOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::uint64_t seed = 1;
  net::Instant start{};         // for RehearsalThread, which makes the clock
  double speed = 0;             // 0: time jumps; else a multiple of real time
  double calls_per_second = 0;  // at which the queue lets calls out; 0: no limit
  People people{};
  Faults faults{};
  // Empty: derived from the seed.
  std::string account_sid{};
  std::string auth_token{};
  // Numbers that may call; empty: all.
  std::vector<std::string> owned_numbers{};
  // Whether the truth lists what the program acknowledged, which takes memory for each call.
  bool tell_acknowledged = false;
  // Turns a long-lived carrier away from eating all memory.
  std::size_t calls_max = 2'000'000;
};

// A carrier to rehearse with: serves the Calls resource, queues and rings, asks for TwiML and
// performs it with seeded people, posts signed callbacks; every act at whole seconds or on a grid
// of 250 ms, so that many calls share an instant. Also answers two questions of its own, without a
// password: /rehearsal.json (where the clock is, and the invented credentials) and
// /rehearsal/truth.json (what really happened to each call).
class RehearsalCarrier {
 public:
  using Options = CarrierOptions;

  // Time jumps: `clock` is the loop's, and is moved from here. Takes the loop's `before_sleep`.
  // Loop and clock outlive the carrier. Throws std::system_error when an address cannot be had and
  // std::invalid_argument for options that cannot be.
  RehearsalCarrier(net::Loop& loop, net::SteppedClock& clock, Options options);
  // Time runs by itself.
  RehearsalCarrier(net::Loop& loop, Options options);
  ~RehearsalCarrier();
  RehearsalCarrier(const RehearsalCarrier&) = delete;
  RehearsalCarrier& operator=(const RehearsalCarrier&) = delete;

  std::uint16_t port() const;
  std::uint16_t clock_port() const;  // 0 where time runs by itself
  const std::string& account_sid() const;
  const std::string& auth_token() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// A rehearsal carrier on a thread of its own, with its own clock and loop. Listens when the
// constructor returns, and has ended when the destructor does.
class RehearsalThread {
 public:
  // Throws what RehearsalCarrier throws.
  explicit RehearsalThread(RehearsalCarrier::Options options);
  ~RehearsalThread();
  RehearsalThread(const RehearsalThread&) = delete;
  RehearsalThread& operator=(const RehearsalThread&) = delete;

  std::uint16_t port() const;
  std::uint16_t clock_port() const;
  const std::string& account_sid() const;
  const std::string& auth_token() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
