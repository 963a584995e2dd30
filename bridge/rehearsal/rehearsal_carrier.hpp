#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/carrier_options.hpp"

namespace bridge::rehearsal {

// A carrier to rehearse with: serves the Calls resource, queues and rings, asks for TwiML and
// performs it with seeded people, posts signed callbacks; every act at whole seconds or on a grid
// of 250 ms, so that many calls share an instant. A voice model is on a port of its own. Also
// answers two questions of its own, without a password: /rehearsal.json (where the clock is, and
// credentials that were invented, never one that was given) and /rehearsal/truth.json (what really
// happened to each call).
class RehearsalCarrier {
 public:
  using Options = CarrierOptions;

  // Time jumps: `clock` is the loop's, and is moved from here. Takes the loop's `before_sleep`.
  // Loop and clock outlive the carrier. Throws std::system_error when an address cannot be had and
  // std::invalid_argument for options that cannot be; std::runtime_error for a certificate or an
  // authority that cannot be used.
  RehearsalCarrier(net::Loop& loop, net::SteppedClock& clock, const Options& options);
  // Time runs by itself.
  RehearsalCarrier(net::Loop& loop, const Options& options);
  ~RehearsalCarrier();
  RehearsalCarrier(const RehearsalCarrier&) = delete;
  RehearsalCarrier& operator=(const RehearsalCarrier&) = delete;

  std::uint16_t port() const;
  std::uint16_t clock_port() const;  // 0 where time runs by itself
  std::uint16_t voice_port() const;  // of the voice model
  const std::string& account_sid() const;
  const std::string& auth_token() const;
  // With everything filled in.
  const Options& options() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
