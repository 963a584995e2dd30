#include "eventstore/sealing.hpp"

#include <cassert>
#include <cstdint>
#include <string_view>
#include <utility>

namespace eventstore {

namespace {

void add_integer(std::uint64_t value, int bytes, std::string& to) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to += static_cast<char>(value >> shift);
}

void add_text(std::string_view text, std::string& to) {
  add_integer(text.size(), 4, to);
  to += text;
}

// "campanile.personal.1", then stream and type with their lengths (32 bits), version (32) and
// schema (16), all big-endian.
template <typename Event>
std::string_view bound_to(const Event& event) {
  thread_local std::string text;
  text.assign("campanile.personal.1");
  add_text(event.stream, text);
  add_text(event.type, text);
  add_integer(event.version, 4, text);
  add_integer(event.schema, 2, text);
  return text;
}

}  // namespace

void seal_personal(KeyStore& keys, NewEvent& event) {
  if (event.personal.empty()) return;
  assert(event.key_id);
  auto sealed = keys.seal(*event.key_id, bound_to(event), event.personal);
  wipe(event.personal.data(), event.personal.size());
  event.personal.clear();
  if (sealed) event.personal = std::move(*sealed);
}

void open_personal(KeyStore& keys, RecordedEvent& event, std::string& plain) {
  if (!event.key_id) return;
  const std::uint64_t id = *event.key_id;
  const std::string_view sealed = event.personal;
  event.personal = {};
  if (keys.destroyed(id)) {
    event.forgotten = true;
    return;
  }
  if (sealed.empty()) return;
  plain.clear();
  switch (keys.open(id, bound_to(event), sealed, plain)) {
    case KeyStore::Opened::opened:
      event.personal = plain;
      return;
    case KeyStore::Opened::destroyed:
      event.forgotten = true;
      return;
    case KeyStore::Opened::no_key:
      throw KeysMissing("the key file lacks key " + std::to_string(id) + " of event " +
                        std::to_string(event.position) +
                        ": it is older than its log. Put the newest one back");
    case KeyStore::Opened::not_what_was_sealed:
      break;
  }
  throw KeysDamaged("event " + std::to_string(event.position) + " cannot be opened with key " +
                    std::to_string(id) +
                    ": the key file or the log is not what was written. Run verify; where the log "
                    "is well, restore a copy of the keys");
}

}  // namespace eventstore
