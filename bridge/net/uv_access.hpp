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

}  // namespace bridge::net
