#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bridge/net/byte_stream.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::net {

// Where to connect to or listen at.
struct Endpoint {
  std::string address{};  // an IPv4 or IPv6 address, never a name
  std::uint16_t port = 0;
  std::string unix_path{};  // not empty: a Unix socket, and the others are not looked at
};

// True for an address that needs no resolving.
bool is_literal_address(const std::string& text);

// One connected (or connecting) TCP or Unix socket.
class Stream final : public ByteStream {
 public:
  struct Options {
    // What may wait for the peer to read. A single write of any size is taken when nothing waits.
    std::size_t write_queue_bytes_max = 1 << 20;
    // How long the system tries to bring bytes to a peer that does not acknowledge them, in real
    // time and also when this process is gone (TCP_USER_TIMEOUT). 0: as long as it likes, which is
    // a quarter of an hour.
    std::chrono::milliseconds unacknowledged_time_max{0};
    Links* links = nullptr;  // outlives the stream; TCP only
  };

  // Begins to connect. Every failure comes by `on_end`.
  static std::unique_ptr<Stream> connect(Loop& loop, const Endpoint& to, Options options,
                                         Events events);
  ~Stream() override;

  void start(Events events) override;
  std::unique_ptr<Parcel> leave() override;
  [[nodiscard]] bool write(std::string_view bytes) override;
  std::size_t queued() const override;
  void finish() override;
  void pause_reading() override;
  void resume_reading() override;
  void close() override { end(false); }
  void linger() override;
  void reset() override { end(true); }
  bool closed() const override { return block_ == nullptr; }
  std::uint32_t link_id() const override;

 private:
  friend class Listener;
  struct Block;
  struct Moving;
  // Takes the next connection that waits at a listening libuv stream; null if there is none.
  static std::unique_ptr<Stream> accept(Loop& loop, void* listening, bool tcp, Options options);
  explicit Stream(Block* block) : block_(block) {}
  void end(bool with_reset);
  Block* block_;  // frees itself in libuv's close callback, and may linger before it
};

}  // namespace bridge::net
