#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace bridge::net {

// Book-keeping of the bytes on open connections, for a rehearsal: a side is quiet only when what
// each end sent has been consumed by the other. A connection is known on both sides by the pair of
// its ports, the connecting one first.
struct LinkCount {
  std::uint32_t id = 0;  // connecting port << 16 | listening port
  std::uint64_t sent = 0;
  std::uint64_t consumed = 0;
};

// Streams report here when they were given one. Not thread-safe: one per loop.
class Links {
 public:
  void opened(std::uint32_t id);
  void sent(std::uint32_t id, std::uint64_t bytes);
  void consumed(std::uint32_t id, std::uint64_t bytes);
  void closed(std::uint32_t id);
  // A connection that was counted elsewhere so far.
  void arrived(const LinkCount& so_far);
  // Connections that are being made and have no ports yet: no side is quiet while there are any.
  void connecting(int delta) { connecting_ += delta; }
  int connecting() const { return connecting_; }

  const std::unordered_map<std::uint32_t, LinkCount>& open() const { return open_; }

  // What changed since the last call: counts of open connections, ids of closed ones.
  struct Changes {
    std::vector<LinkCount> counts{};
    std::vector<std::uint32_t> gone{};
    bool empty() const { return counts.empty() && gone.empty(); }
  };
  Changes take_changes();
  // Whether there would be any.
  bool changed() const { return !touched_.empty() || !gone_.empty(); }

 private:
  std::unordered_map<std::uint32_t, LinkCount> open_{};
  std::vector<std::uint32_t> touched_{};
  std::vector<std::uint32_t> gone_{};
  int connecting_ = 0;
};

}  // namespace bridge::net
