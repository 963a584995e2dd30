#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "eventstore/record.hpp"

namespace eventstore {

// The version of the last event of every stream, in memory, because an index on disk would cost a
// factor 3 to 15 on random streams. 16 bytes a slot, at most three quarters full: some 32 MB for a
// million streams. Names are kept as 96-bit fingerprints under a key of this process, so that two
// names that collide (once in 10^17 logs of a million streams) do not do so again after a restart.
class StreamVersions {
 public:
  StreamVersions();

  // 0 for a stream without events.
  std::uint32_t of(std::string_view stream) const;

  // Takes the event if its version is the next one of its stream; otherwise changes nothing and
  // returns false.
  [[nodiscard]] bool advance(std::string_view stream, std::uint32_t version);

  // Goes on from this version, whatever was there; for a reader that looks past damage.
  void put(std::string_view stream, std::uint32_t version);

  // Takes all events of the batch or none. Throws VersionConflict, and std::length_error for an
  // event above `event_bytes_max`.
  void claim(const std::vector<NewEvent>& batch);

 private:
  struct Slot {
    std::uint64_t mark = 0;
    std::uint32_t more_mark = 0;
    std::uint32_t version = 0;
    bool operator==(const Slot&) const = default;
    bool free() const { return mark == 0 && more_mark == 0; }
    bool has_mark_of(const Slot& other) const {
      return mark == other.mark && more_mark == other.more_mark;
    }
  };

  Slot fingerprint(std::string_view stream) const;
  const Slot& find(const Slot& wanted) const;
  Slot& find(const Slot& wanted);
  void put(Slot wanted, std::uint32_t version);
  void grow();

  std::uint64_t key_;
  std::size_t used_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace eventstore
