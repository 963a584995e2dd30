#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/timetable.hpp"
#include "bridge/rehearsal/voice_session.hpp"
#include "bridge/tls/server_context.hpp"

namespace bridge::rehearsal {

// How one session of the voice model went: for the truth.
struct VoiceTruth {
  net::Instant began{};
  std::optional<net::Instant> ended{};
  VoiceSession::Counts counts{};
  std::vector<VoiceSession::Truncated> truncated{};
};

// The voice model of a rehearsal as a server: `GET /v1/realtime?model=…` on a port of its own, as
// the Realtime API answers it (protocols.md 6.1): without a Bearer key 401, without a model 400;
// whoever still asks for the beta is closed with 4000. Whose key it is is nobody's business here.
class VoiceServer {
 public:
  // Listens at once at `options.address` and `voice_port`. `certificate` null: plain ws. All
  // outlive the server. Throws std::system_error when the address cannot be had.
  VoiceServer(net::Loop& loop, net::Links& links, Timetable& timetable,
              const CarrierOptions& options, tls::ServerContext* certificate);
  ~VoiceServer();
  VoiceServer(const VoiceServer&) = delete;
  VoiceServer& operator=(const VoiceServer&) = delete;

  std::uint16_t port() const;
  // Bytes are not yet with the system.
  bool writing() const;
  // Every session that there was, in their order.
  const std::vector<std::unique_ptr<VoiceTruth>>& truths() const;
  // Upgrades that were refused.
  std::uint64_t refused() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
