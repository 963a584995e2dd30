#pragma once

#include <functional>

#include "bridge/net/loop.hpp"

namespace bridge::net {

// One piece of work in libuv's thread pool, for what would stop the loop for milliseconds. The
// pool's threads are few, they give way to the loops, and the loop's end waits for them.
class PoolJob {
 public:
  // `work` runs on a thread of the pool and touches only what is its own: it is kept until it has
  // run, also when this object is gone. `done` is called on the loop's thread after it, never from
  // inside the constructor, and may destroy this object.
  PoolJob(Loop& loop, std::function<void()> work, std::function<void()> done);
  // Silent from here on. Work that has not begun is dropped.
  ~PoolJob();
  PoolJob(const PoolJob&) = delete;
  PoolJob& operator=(const PoolJob&) = delete;

 private:
  struct Block;
  Block* block_;  // frees itself in libuv's callback, which always comes
};

}  // namespace bridge::net
