#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/voice/voice.hpp"

namespace bridge::voice {

// The voice models of OpenAI's Realtime API, or of whoever speaks it (protocols.md 6): a WebSocket
// for each conversation. Belongs to its loop's thread.
class RealtimeModel final : public Model {
 public:
  struct Options {
    std::string host = "api.openai.com";
    std::uint16_t port = 443;
    std::string path = "/v1/realtime";  // the model's name follows as a query
    std::string api_key{};              // sent as Authorization and told to nobody
    // Null: plain ws, for a far end on this machine. Of this loop alone.
    std::shared_ptr<tls::ClientContext> tls{};
    std::size_t handshakes_at_once_max = 2;  // of TLS, in the thread pool
    net::Links* links = nullptr;             // outlives the model
    std::chrono::milliseconds connect_time_max{5'000};
    std::chrono::milliseconds handshake_time_max{5'000};
    std::chrono::milliseconds answer_time_max{5'000};
  };

  RealtimeModel(net::Loop& loop, Options options);
  // Connections that are still being closed are dropped.
  ~RealtimeModel() override;
  RealtimeModel(const RealtimeModel&) = delete;
  RealtimeModel& operator=(const RealtimeModel&) = delete;

  std::unique_ptr<Conversation> begin(const Agent& agent, Listener& listener) override;

  // Connections, those that are being made or closed included.
  std::size_t connections() const;

 private:
  struct Block;
  std::shared_ptr<Block> block_;
};

}  // namespace bridge::voice
