#pragma once

#include <cstddef>
#include <span>

#include "bridge/net/loop.hpp"

struct uv_loop_s;

// What the other sources of this folder need of a loop. Nobody else includes this.
namespace bridge::net {

// Throws std::system_error for what libuv refuses to begin with: no descriptors, no memory.
void must(int status, const char* what);

uv_loop_s* uv_loop_of(Loop& loop);

// The one buffer that every stream of a loop reads into: what was read is used up inside the
// callback that hands it over. ByteStream::read_padding bytes lie behind it.
std::span<char> read_buffer_of(Loop& loop);

// A stream that lingers without an owner (ByteStream::linger) and frees itself when it is closed.
struct Lingering {
  virtual ~Lingering() = default;
  virtual void cut() = 0;  // closes it; the loop does not know it any more
};

// From here on the loop cuts it: after a second of real time, which no simulated time waits for,
// when too many have come after it, or when the loop itself ends.
void begin_lingering(Loop& loop, Lingering& stream);
void end_lingering(Loop& loop, Lingering& stream);

}  // namespace bridge::net
