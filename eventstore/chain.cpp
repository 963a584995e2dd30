#include "eventstore/chain.hpp"

#include <endian.h>

#include <cassert>
#include <cstring>
#include <vector>

#include "eventstore/sha256.hpp"

namespace eventstore {

namespace {

constexpr std::string_view domain_tag = "campanile.event.1";
constexpr std::uint32_t null_length = 0xFFFFFFFF;

// The bytes that are hashed, gathered first: so many small pieces, each handed to the hash by
// itself, cost a third of what the hash does.
class ChainInput {
 public:
  explicit ChainInput(std::size_t size_max) {
    if (room().size() < size_max) room().resize(size_max);
    at_ = room().data();
  }

  void bytes(const void* data, std::size_t size) {
    if (size == 0) return;
    std::memcpy(at_, data, size);
    at_ += size;
  }

  void text(std::string_view value) {
    assert(value.size() < null_length);
    length(static_cast<std::uint32_t>(value.size()));
    bytes(value.data(), value.size());
  }

  void integer(std::uint64_t value) {
    const std::uint64_t big_endian = htobe64(value);
    length(sizeof big_endian);
    bytes(&big_endian, sizeof big_endian);
  }

  void null() { length(null_length); }

  Hash hash() const {
    const auto size = static_cast<std::size_t>(at_ - room().data());
    assert(size <= room().size());
    Sha256 sha256;
    sha256.add(room().data(), size);
    return sha256.finish();
  }

 private:
  void length(std::uint32_t value) {
    const std::uint32_t big_endian = htobe32(value);
    bytes(&big_endian, sizeof big_endian);
  }

  // Kept from one event to the next.
  static std::vector<unsigned char>& room() {
    thread_local std::vector<unsigned char> kept;
    return kept;
  }

  unsigned char* at_;
};

// A length before each column, and what an integer takes behind it.
constexpr std::size_t columns = 12;
constexpr std::size_t column_bytes_max = 4 + 8;

}  // namespace

Hash chain_hash(const Hash& before, const RecordedEvent& event) {
  ChainInput hashed(domain_tag.size() + before.size() + columns * column_bytes_max +
                    event.stream.size() + event.type.size() + event.personal.size() +
                    event.payload.size());
  hashed.bytes(domain_tag.data(), domain_tag.size());
  hashed.bytes(before.data(), before.size());
  hashed.integer(event.position);
  hashed.text(event.stream);
  hashed.integer(event.version);
  hashed.text(event.type);
  hashed.integer(event.schema);
  hashed.integer(static_cast<std::uint64_t>(event.recorded_at));
  if (event.occurred_at) {
    hashed.integer(static_cast<std::uint64_t>(*event.occurred_at));
  } else {
    hashed.null();
  }
  hashed.integer(event.epoch);
  event.cause != 0 ? hashed.integer(event.cause) : hashed.null();
  event.key_id ? hashed.integer(*event.key_id) : hashed.null();
  event.personal.empty() ? hashed.null() : hashed.text(event.personal);
  hashed.text(event.payload);
  return hashed.hash();
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
