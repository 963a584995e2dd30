#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "bridge/net/loop.hpp"

namespace bridge::net {

// One look-up of a host name with the system's resolver. Silent after its destruction, which may
// come at any time.
//
// The system gives no way to stop a look-up, and one that asks a name server that is silent takes
// its time. So each has a thread of its own that nobody waits for: neither whoever asked and goes
// away, nor the loop's end, nor the program's, nor what needs libuv's pool, whose threads are few.
class Resolver {
 public:
  // Literal addresses in the system's order of preference; never empty without an error.
  using OnResolved = std::function<void(std::error_code, std::vector<std::string>)>;

  // In the whole program at once, with those that were given up and go on; one more fails.
  static constexpr std::size_t lookups_max = 64;
  static std::size_t lookups() noexcept;

  Resolver(Loop& loop, const std::string& name, OnResolved on_resolved);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct Question;
  std::shared_ptr<Question> question_;
};

}  // namespace bridge::net
