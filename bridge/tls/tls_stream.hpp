#pragma once

#include <chrono>
#include <memory>

#include "bridge/net/byte_stream.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/engine.hpp"
#include "bridge/tls/handshake_gate.hpp"

namespace bridge::tls {

// An encrypted stream over another one. The handshake is computed in libuv's thread pool, so that
// it does not stop the loop; what follows is cheap and done on the loop's thread. `on_open` tells
// that the peer is secured; before it nothing may be written. `on_end` has a Fault where TLS is the
// reason; without an error the peer has said that it is done, so nothing is missing.
class Stream final : public net::ByteStream {
 public:
  struct Options {
    std::chrono::milliseconds handshake_time_max{10'000};  // from `start` on
    // Through which the handshake's work goes into the pool; null: at once. Outlives the stream.
    HandshakeGate* gate = nullptr;
    // Told of handshakes that are in the pool or wait for it, so that nobody is quiet meanwhile.
    // The bytes are counted below, encrypted, and alike on both ends. Outlives the stream.
    net::Links* links = nullptr;
  };

  // `below` is connected and was not started, or not by somebody who still listens.
  Stream(net::Loop& loop, std::unique_ptr<net::ByteStream> below, std::unique_ptr<Engine> engine,
         Options options);
  ~Stream() override;

  void start(Events events) override;
  std::unique_ptr<net::Parcel> leave() override;
  [[nodiscard]] bool write(std::string_view bytes) override;
  std::size_t queued() const override;
  void finish() override;
  void pause_reading() override;
  void resume_reading() override;
  void close() override { end(Ending::close); }
  void linger() override { end(Ending::linger); }
  void reset() override { end(Ending::reset); }
  bool closed() const override { return block_ == nullptr; }
  std::uint32_t link_id() const override;

  // After `on_open`: whether an earlier session was taken up again, and version and cipher suite.
  bool resumed() const;
  std::string agreed() const;

 private:
  struct Block;
  struct Moving;
  explicit Stream(std::unique_ptr<Block> block);
  enum class Ending : unsigned char { close, linger, reset };
  void end(Ending how);
  std::unique_ptr<Block> block_;  // dies at the end of the turn in which it is closed
};

}  // namespace bridge::tls
