#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bridge/rehearsal/carrier_options.hpp"

namespace bridge::rehearsal {

// A rehearsal carrier on a thread of its own, with its own clock and loop. Listens when the
// constructor returns, and has ended when the destructor does.
class RehearsalThread {
 public:
  // Throws what RehearsalCarrier throws.
  explicit RehearsalThread(CarrierOptions options);
  ~RehearsalThread();
  RehearsalThread(const RehearsalThread&) = delete;
  RehearsalThread& operator=(const RehearsalThread&) = delete;

  std::uint16_t port() const;
  std::uint16_t clock_port() const;
  std::uint16_t voice_port() const;
  const std::string& account_sid() const;
  const std::string& auth_token() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
