#include "eventstore/stream_versions.hpp"

#include <cassert>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "eventstore/event_store.hpp"

namespace eventstore {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t slots_at_first = 1024;

// The two halves of a 128-bit product, folded: every input bit reaches every output bit.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t fresh_key() {
  std::random_device source;
  return (static_cast<std::uint64_t>(source()) << 32) | source();
}

}  // namespace

StreamVersions::StreamVersions() : key_(fresh_key()), slots_(slots_at_first) {}

StreamVersions::Slot StreamVersions::fingerprint(std::string_view stream) const {
  std::uint64_t one = key_ ^ 0x9E3779B97F4A7C15;
  std::uint64_t two = ~key_ ^ stream.size();
  const char* at = stream.data();
  for (std::size_t left = stream.size(); left > 0;) {
    std::uint64_t piece = 0;
    const std::size_t size = left < sizeof piece ? left : sizeof piece;
    std::memcpy(&piece, at, size);
    one = fold(one ^ piece, 0xD6E8FEB86659FD93);
    two = fold(two + piece, 0xA0761D6478BD642F) + one;
    at += size;
    left -= size;
  }
  Slot slot;
  slot.mark = fold(one, 0xE7037ED1A0B428DB) ^ two;
  slot.more_mark = static_cast<std::uint32_t>(fold(two, 0x8EBC6AF09C88C6E3) >> 16);
  if (slot.free()) slot.more_mark = 1;
  return slot;
}

const StreamVersions::Slot& StreamVersions::find(const Slot& wanted) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = wanted.mark & mask;
  while (!slots_[i].free() && !slots_[i].has_mark_of(wanted)) i = (i + 1) & mask;
  return slots_[i];
}

StreamVersions::Slot& StreamVersions::find(const Slot& wanted) {
  return const_cast<Slot&>(std::as_const(*this).find(wanted));
}

std::uint32_t StreamVersions::of(std::string_view stream) const {
  return find(fingerprint(stream)).version;
}

bool StreamVersions::advance(std::string_view stream, std::uint32_t version) {
  const Slot wanted = fingerprint(stream);
  if (version == 0 || version - 1 != find(wanted).version) return false;
  put(wanted, version);
  return true;
}

void StreamVersions::put(std::string_view stream, std::uint32_t version) {
  put(fingerprint(stream), version);
}

void StreamVersions::put(Slot wanted, std::uint32_t version) {
  Slot& slot = find(wanted);
  const bool fresh = slot.free();
  wanted.version = version;
  slot = wanted;
  if (fresh && ++used_ * 4 > slots_.size() * 3) grow();
}

void StreamVersions::grow() {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (const Slot& slot : old) {
    if (!slot.free()) find(slot) = slot;
  }
}

void StreamVersions::claim(const std::vector<NewEvent>& batch) {
  for (const NewEvent& event : batch) {
    assert(!event.stream.empty() && !event.type.empty());
    const std::size_t size =
        event.stream.size() + event.type.size() + event.personal.size() + event.payload.size();
    if (size > event_bytes_max) {
      throw std::length_error("an event of stream " + event.stream.substr(0, 100) + " has " +
                              std::to_string(size) + " bytes; at most " +
                              std::to_string(event_bytes_max) + " are allowed");
    }
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (advance(batch[i].stream, batch[i].version)) continue;
    const std::uint32_t there = of(batch[i].stream);
    for (std::size_t back = i; back > 0; --back) {
      find(fingerprint(batch[back - 1].stream)).version -= 1;
    }
    throw VersionConflict("version " + std::to_string(batch[i].version) + " of stream " +
                          batch[i].stream + " cannot follow version " + std::to_string(there));
  }
}

}  // namespace eventstore
