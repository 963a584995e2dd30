#include "eventstore/chain.hpp"

#include <cassert>

#include "eventstore/sha256.hpp"

namespace eventstore {

namespace {

constexpr std::string_view domain_tag = "campanile.event.1";
constexpr std::uint32_t null_length = 0xFFFFFFFF;

class ChainHasher {
 public:
  void bytes(const void* data, std::size_t size) { sha256_.add(data, size); }

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

  Hash finish() { return sha256_.finish(); }

 private:
  void big_endian(std::uint64_t value, std::size_t width) {
    std::array<unsigned char, 8> encoded;
    for (std::size_t i = 0; i < width; ++i) {
      encoded[i] = static_cast<unsigned char>(value >> (8 * (width - 1 - i)));
    }
    bytes(encoded.data(), width);
  }

  Sha256 sha256_{};
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
