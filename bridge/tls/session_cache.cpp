#include "bridge/tls/session_cache.hpp"

#include <utility>

namespace bridge::tls {

std::string SessionCache::find(const std::string& place) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(entries_, [&](const Entry& entry) { return entry.until <= now; });
  for (const Entry& entry : entries_) {
    if (entry.place == place) return entry.session;
  }
  return {};
}

void SessionCache::keep(const std::string& place, std::string session) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.place == place; });
  entries_.push_front({.place = place,
                       .session = std::move(session),
                       .until = std::chrono::steady_clock::now() + time_max_});
  if (entries_.size() > sessions_max_) entries_.pop_back();
}

void SessionCache::forget(const std::string& place) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.place == place; });
}

}  // namespace bridge::tls
