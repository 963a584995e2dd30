#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>

namespace bridge::tls {

// A client's sessions by place, newest first. Engines come here from the pool's threads.
class SessionCache {
 public:
  SessionCache(std::size_t sessions_max, std::chrono::seconds time_max)
      : sessions_max_(sessions_max), time_max_(time_max) {}

  // Empty: none, or it is too old.
  std::string find(const std::string& place);
  void keep(const std::string& place, std::string session);
  void forget(const std::string& place);

 private:
  struct Entry {
    std::string place{};
    std::string session{};
    std::chrono::steady_clock::time_point until{};
  };

  const std::size_t sessions_max_;
  const std::chrono::seconds time_max_;
  std::mutex mutex_{};
  std::list<Entry> entries_{};
};

}  // namespace bridge::tls
