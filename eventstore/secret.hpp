#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace eventstore {

// 32 bytes that open something: a master key, a person's key, the secret of a log. Each copy is
// overwritten when it goes.
class Secret {
 public:
  static constexpr std::size_t size = 32;

  Secret() = default;
  explicit Secret(const std::array<std::uint8_t, size>& bytes) : bytes_(bytes) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();

  // From the system's random source.
  static Secret random();

  const std::uint8_t* data() const { return bytes_.data(); }
  std::uint8_t* data() { return bytes_.data(); }
  const std::array<std::uint8_t, size>& bytes() const { return bytes_; }

  // Takes the same time wherever they differ.
  bool operator==(const Secret& other) const;

 private:
  std::array<std::uint8_t, size> bytes_{};
};

// Fills `to` from the system's random source. Throws std::system_error.
void fill_with_random(void* to, std::size_t size);

// Overwrites memory in a way that no optimiser leaves out.
void wipe(void* memory, std::size_t size);

}  // namespace eventstore
