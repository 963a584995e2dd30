#pragma once

#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "bridge/net/loop.hpp"

namespace bridge::net {

// One look-up of a host name with the system's resolver, in libuv's thread pool. Silent after its
// destruction, which may come at any time.
class Resolver {
 public:
  // Literal addresses in the system's order of preference; never empty without an error.
  using OnResolved = std::function<void(std::error_code, std::vector<std::string>)>;

  Resolver(Loop& loop, const std::string& name, OnResolved on_resolved);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Block;
  Block* block_;  // frees itself in libuv's callback, which always comes
};

}  // namespace bridge::net
