#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bridge/net/loop.hpp"
#include "bridge/net/stream.hpp"

namespace bridge::net {

// A listening socket. Hands over each connection, which reads nothing before its `start`.
class Listener {
 public:
  using OnStream = std::function<void(std::unique_ptr<Stream>)>;

  // Listens at once; throws std::system_error when the endpoint cannot be had. Port 0 lets the
  // system choose. An old socket at `unix_path` is replaced, any other file is not. `unix_mode` is
  // the file mode of the socket from its first moment on. `options` are those of the streams.
  Listener(Loop& loop, const Endpoint& at, unsigned unix_mode, Stream::Options options,
           OnStream on_stream);
  // Takes no more connections and removes its Unix socket, unless another has taken its place.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // 0 for a Unix socket.
  std::uint16_t port() const;

 private:
  struct Block;
  struct Closing {
    void operator()(Block* block) const;
  };
  std::unique_ptr<Block, Closing> block_;
};

}  // namespace bridge::net
