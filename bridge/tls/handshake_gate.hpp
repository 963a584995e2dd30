#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace bridge::tls {

// Lets few handshakes at a time into libuv's thread pool; the others wait in order. The pool's
// threads are few: a storm of new connections would else stand in it before everything else, the
// look-up of a name included. Belongs to one loop's thread.
class HandshakeGate {
 public:
  struct Options {
    std::size_t at_once_max = 2;
    std::size_t waiting_max = 256;  // beyond: turned away
  };
  // A place in the pool, for as long as somebody holds it: also for work whose connection is gone
  // and that goes on for nobody. Let go on the loop's thread.
  using Place = std::shared_ptr<void>;
  using Id = std::uint64_t;

  explicit HandshakeGate(Options options);
  ~HandshakeGate();
  HandshakeGate(const HandshakeGate&) = delete;
  HandshakeGate& operator=(const HandshakeGate&) = delete;

  // Calls `go` with a place as soon as there is one, perhaps from inside this function. 0: too many
  // wait already, and it is never called.
  Id enter(std::function<void(Place)> go);
  // `go` is not called any more. No effect on one that has been.
  void withdraw(Id id);

  std::size_t inside() const;
  std::size_t waiting() const;

 private:
  struct Block;
  std::shared_ptr<Block> block_;  // places may outlive the gate
};

}  // namespace bridge::tls
