#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

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

// One connected (or connecting) TCP or Unix socket. May be closed or destroyed at any time, also
// inside its own callbacks; it is silent from then on. What was still queued is thrown away.
//
//   connecting ──on_open──► open ──on_data*──► ended (on_end, once)
//        └──────────────────on_end──────────────┘
class Stream {
 public:
  struct Options {
    // What may wait for the peer to read. A single write of any size is taken when nothing waits.
    std::size_t write_queue_bytes_max = 1 << 20;
    Links* links = nullptr;  // outlives the stream; TCP only
  };

  struct Events {
    std::function<void()> on_open{};  // a connection that was made by `connect` is there
    // The bytes are valid within the call only.
    std::function<void(std::string_view)> on_data{};
    // No error: the peer has ended its side in order. Never called from inside a function of this
    // class.
    std::function<void(std::error_code)> on_end{};
    std::function<void()> on_drained{};  // everything that waited is with the system
  };

  // Begins to connect. Every failure comes by `on_end`.
  static std::unique_ptr<Stream> connect(Loop& loop, const Endpoint& to, Options options,
                                         Events events);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Begins to read. For a stream that a Listener handed over; once.
  void start(Events events);

  // Hands bytes to the system, and keeps what it does not take at once. False: not a byte was
  // taken, because the stream has ended, the queue is full or the system refused; the owner closes
  // it.
  [[nodiscard]] bool write(std::string_view bytes);
  // Bytes that were given to `write` and are not yet with the system.
  std::size_t queued() const;
  // Ends our side after what is queued; reading goes on. No `write` after it.
  void finish();

  void pause_reading();
  void resume_reading();

  void close();
  bool closed() const { return block_ == nullptr; }

  // Connecting port << 16 | listening port; 0 for a Unix socket or before `on_open`.
  std::uint32_t link_id() const;

 private:
  friend class Listener;
  struct Block;
  // Takes the next connection that waits at a listening libuv stream; null if there is none.
  static std::unique_ptr<Stream> accept(Loop& loop, void* listening, bool tcp, Options options);
  explicit Stream(Block* block) : block_(block) {}
  Block* block_;  // frees itself in libuv's close callback
};

}  // namespace bridge::net
