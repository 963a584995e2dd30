#include "eventstore/chain.hpp"

#include <mbedtls/sha256.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <span>

namespace eventstore {

namespace {

constexpr std::string_view domain_tag = "campanile.event.1";
constexpr std::uint32_t null_length = 0xFFFFFFFF;

// Gathers small pieces, because SHA-256 is fastest on whole blocks.
class ChainHasher {
 public:
  ChainHasher() {
    mbedtls_sha256_init(&context_);
    [[maybe_unused]] const int failed = mbedtls_sha256_starts_ret(&context_, 0);
    assert(failed == 0);
  }
  ~ChainHasher() { mbedtls_sha256_free(&context_); }
  ChainHasher(const ChainHasher&) = delete;
  ChainHasher& operator=(const ChainHasher&) = delete;

  void bytes(const void* data, std::size_t size) {
    if (size > gathered_.size() - used_) {
      flush();
      if (size > gathered_.size()) {
        update(static_cast<const unsigned char*>(data), size);
        return;
      }
    }
    if (size != 0) std::memcpy(gathered_.data() + used_, data, size);
    used_ += size;
  }

  void text(std::string_view value) {
    assert(value.size() < null_length);
    big_endian(value.size(), 4);
    bytes(value.data(), value.size());
  }

  void integer(std::uint64_t value) {
    big_endian(8, 4);
    big_endian(value, 8);
  }

  void null() { big_endian(null_length, 4); }

  Hash finish() {
    flush();
    Hash hash;
    [[maybe_unused]] const int failed = mbedtls_sha256_finish_ret(&context_, hash.data());
    assert(failed == 0);
    return hash;
  }

 private:
  void big_endian(std::uint64_t value, std::size_t width) {
    std::array<unsigned char, 8> encoded;
    for (std::size_t i = 0; i < width; ++i) {
      encoded[i] = static_cast<unsigned char>(value >> (8 * (width - 1 - i)));
    }
    bytes(encoded.data(), width);
  }

  void flush() {
    update(gathered_.data(), used_);
    used_ = 0;
  }

  void update(const unsigned char* data, std::size_t size) {
    [[maybe_unused]] const int failed = mbedtls_sha256_update_ret(&context_, data, size);
    assert(failed == 0);
  }

  mbedtls_sha256_context context_;
  std::array<unsigned char, 1024> gathered_;
  std::size_t used_ = 0;
};

}  // namespace

Hash chain_hash(const Hash& before, const RecordedEvent& event) {
  ChainHasher hasher;
  hasher.bytes(domain_tag.data(), domain_tag.size());
  hasher.bytes(before.data(), before.size());
  hasher.integer(event.position);
  hasher.text(event.stream);
  hasher.integer(event.version);
  hasher.text(event.type);
  hasher.integer(event.schema);
  hasher.integer(static_cast<std::uint64_t>(event.recorded_at));
  if (event.occurred_at) {
    hasher.integer(static_cast<std::uint64_t>(*event.occurred_at));
  } else {
    hasher.null();
  }
  hasher.integer(event.epoch);
  event.cause != 0 ? hasher.integer(event.cause) : hasher.null();
  event.key_id ? hasher.integer(*event.key_id) : hasher.null();
  event.personal.empty() ? hasher.null() : hasher.text(event.personal);
  hasher.text(event.payload);
  return hasher.finish();
}

std::string to_hex(const Hash& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (const std::uint8_t byte : hash) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace eventstore
