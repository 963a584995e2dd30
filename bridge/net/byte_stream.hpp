#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::net {

class ByteStream;

// An open stream on its way from one loop to another, perhaps on another thread. Belongs to no
// loop; what the peer sends meanwhile waits with the system. Destroying it closes the stream.
class Parcel {
 public:
  virtual ~Parcel() = default;
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;

  // Makes the stream of it on its new loop, once. It reads nothing before its `start`. `links` is
  // that loop's and goes on with the old counts; it outlives the stream, as the loop does. Null:
  // the system refused.
  virtual std::unique_ptr<ByteStream> arrive(Loop& loop, Links* links) = 0;

 protected:
  Parcel() = default;
};

// A two-way stream of bytes: a socket, or an encrypted stream over one. What speaks a protocol
// talks to this and does not know which it has. May be closed or destroyed at any time, also inside
// its own callbacks; it is silent from then on. What was still queued is thrown away.
//
//   opening ──on_open──► open ──on_data*──► ended (on_end, once)
//      └─────────────────on_end───────────────┘
class ByteStream {
 public:
  struct Events {
    std::function<void()> on_open{};  // a stream that was not open when it was made is now; once
    // The bytes are valid within the call only. They lie in memory that the receiver may write
    // over meanwhile, and `read_padding` bytes behind them may be read.
    std::function<void(std::string_view)> on_data{};
    // No error: the peer has ended its side in order. Never called from inside a function of the
    // stream.
    std::function<void(std::error_code)> on_end{};
    std::function<void()> on_drained{};  // everything that waited is with the system
  };

  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  static constexpr std::size_t read_padding = 64;

  // Begins to read, and from now on tells these and nobody else. For a stream that was handed over,
  // also one that was open and read before.
  virtual void start(Events events) = 0;

  // Tells nobody anything, and reads nothing, until the next `start`: an open stream between two
  // owners.
  void hush() {
    start({});
    pause_reading();
  }

  // Takes an open stream away from its loop; this one is closed then, and its peer sees nothing of
  // it. May be called inside the stream's own callbacks. Null, and nothing has changed: it is not
  // open, it has ended, `finish` was called, or bytes wait in the queue.
  virtual std::unique_ptr<Parcel> leave() = 0;

  // Hands bytes to the system, and keeps what it does not take at once. False: not a byte was
  // taken, because the stream has ended, the queue is full or the system refused; the owner closes
  // it.
  [[nodiscard]] virtual bool write(std::string_view bytes) = 0;
  // Bytes that were given to `write` and are not yet with the system, as they go over the wire.
  virtual std::size_t queued() const = 0;
  // Ends our side after what is queued; reading goes on. No `write` after it.
  virtual void finish() = 0;

  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  virtual void close() = 0;
  // Closes a stream that was finished so that its peer may still read what we sent. Unread bytes
  // would make the system cut the connection, and the peer's throw ours away: what comes is read
  // for a moment more and thrown away, until the peer ends, too. What is queued still goes out if
  // it is not much. Any other stream is closed at once.
  virtual void linger() { close(); }
  // Closes it, and what the system still keeps for the peer is thrown away, too: nothing of it
  // arrives after this. For what must not come late.
  virtual void reset() = 0;
  virtual bool closed() const = 0;

  // Connecting port << 16 | listening port; 0 for a Unix socket or before it is connected.
  virtual std::uint32_t link_id() const = 0;

 protected:
  ByteStream() = default;

  // Where a stream keeps its events. `start` may be called inside one of them, which then still
  // runs: the old ones are retired, not overwritten.
  struct Told final : Retired {
    Events events{};
  };
  static void tell(std::unique_ptr<Told>& told, Loop& loop, Events events) {
    if (told) loop.retire(std::move(told));
    told = std::make_unique<Told>();
    told->events = std::move(events);
  }
};

}  // namespace bridge::net
