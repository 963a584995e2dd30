#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "eventstore/record.hpp"

namespace eventstore {

// SHA-256 at the speed of the processor. mbedTLS computes it in plain C, which took 2 of the 3
// microseconds that an event costs at a replay; its compression function stays for processors
// without the SHA instructions, and the tests hold the two together.
class Sha256 {
 public:
  enum class By { fastest, mbedtls };

  explicit Sha256(By by = By::fastest);

  void add(const void* data, std::size_t size);

  // Once, at the end.
  Hash finish();

 private:
  static constexpr std::size_t block_bytes = 64;

  void compress(const std::uint8_t* blocks, std::size_t count);

  bool by_mbedtls_;
  std::array<std::uint32_t, 8> state_;
  std::uint64_t size_ = 0;
  std::size_t gathered_bytes_ = 0;
  std::array<std::uint8_t, block_bytes> gathered_;
};

}  // namespace eventstore
