#include "bridge/net/links.hpp"

#include <algorithm>
#include <utility>

namespace bridge::net {

void Links::opened(std::uint32_t id) {
  open_[id] = LinkCount{.id = id};
  touched_.push_back(id);
}

void Links::arrived(const LinkCount& so_far) {
  open_[so_far.id] = so_far;
  touched_.push_back(so_far.id);
}

void Links::sent(std::uint32_t id, std::uint64_t bytes) {
  const auto link = open_.find(id);
  if (link == open_.end()) return;
  link->second.sent += bytes;
  touched_.push_back(id);
}

void Links::consumed(std::uint32_t id, std::uint64_t bytes) {
  const auto link = open_.find(id);
  if (link == open_.end()) return;
  link->second.consumed += bytes;
  touched_.push_back(id);
}

void Links::closed(std::uint32_t id) {
  if (open_.erase(id) > 0) gone_.push_back(id);
}

// A port may be used again between two calls: such an id is in both lists, and `gone` is the older.
Links::Changes Links::take_changes() {
  Changes changes{.counts = {}, .gone = std::exchange(gone_, {})};
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const std::uint32_t id : touched_) {
    const auto link = open_.find(id);
    if (link != open_.end()) changes.counts.push_back(link->second);
  }
  touched_.clear();
  return changes;
}

}  // namespace bridge::net
