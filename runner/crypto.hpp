#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

// The few digests the program needs, over mbedTLS.
namespace runner {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
// Takes the same time wherever they differ.
bool same_secret(std::string_view a, std::string_view b);
std::string hex(const std::uint8_t* bytes, std::size_t count);
std::string hex(const Sha256& digest);

// Takes text piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void add(std::string_view bytes);
  Sha256 finish();

 private:
  void* context_;
};

// 32 bytes from the system's random source. Throws std::runtime_error when it gives none.
std::string random_key();

}  // namespace runner
