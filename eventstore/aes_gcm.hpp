#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "eventstore/secret.hpp"

namespace eventstore {

// AES-256-GCM (NIST SP 800-38D) under one key that is set again and again: the memory of the
// cipher is kept. A sealed text is nonce, ciphertext and tag; who makes a nonce twice under one key
// gives the key's secrets away, so nonces are drawn here, from the system's random source.
class AesGcm {
 public:
  static constexpr std::size_t nonce_bytes = 12;
  static constexpr std::size_t tag_bytes = 16;
  // What a sealed text is longer than its plain text.
  static constexpr std::size_t overhead = nonce_bytes + tag_bytes;

  AesGcm();
  explicit AesGcm(const Secret& key) : AesGcm() { set_key(key); }
  ~AesGcm();
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;

  void set_key(const Secret& key);

  // Appends the sealed text to `to`. `associated` is bound to it and not kept in it.
  void seal(std::string_view associated, std::string_view plain, std::string& to);

  // Appends the plain text to `to`. False, and nothing appended, where anything of it is not what
  // was sealed under this key with this `associated`.
  [[nodiscard]] bool open(std::string_view associated, std::string_view sealed, std::string& to);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
