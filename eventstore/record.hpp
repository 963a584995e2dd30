#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The rows of the log, as values. The log knows streams, versions and bytes; it does not know a
// word of what they mean.
namespace eventstore {

// Place of an event in the whole log. The first event has position 1; there are no gaps.
using Position = std::uint64_t;

// SHA-256.
using Hash = std::array<std::uint8_t, 32>;

// Stream, type, personal and payload of one event together.
inline constexpr std::size_t event_bytes_max = 1 << 20;

// An event that is to be appended.
struct NewEvent {
  // What the event is about, for example "contact/survey/12". Not empty.
  std::string stream{};
  // The version this event will have in its stream: 1 for the first, without gaps.
  std::uint32_t version = 0;
  // Name of the type. Frozen once released.
  std::string type{};
  // Version of the payload's shape.
  std::uint16_t schema = 1;
  // When the source says that it happened, milliseconds since 1970 UTC.
  std::optional<std::int64_t> occurred_at{};
  // Position of the event that caused this one; 0 for none.
  Position cause = 0;
  // Whose key seals `personal`.
  std::optional<std::uint64_t> key_id{};
  // What names or quotes a person; empty for nothing. In a sealed log it needs a `key_id`.
  std::string personal{};
  // The rest, as JSON that a person can read.
  std::string payload{};
};

// An event as it stands in the log. The views hold until the visitor that was given it returns.
struct RecordedEvent {
  Position position = 0;
  std::string_view stream{};
  std::uint32_t version = 0;
  std::string_view type{};
  std::uint16_t schema = 1;
  // The clock's time at the append, milliseconds since 1970 UTC.
  std::int64_t recorded_at = 0;
  std::optional<std::int64_t> occurred_at{};
  // Which run of the program wrote it: 1 for the first.
  std::uint32_t epoch = 0;
  Position cause = 0;
  std::optional<std::uint64_t> key_id{};
  // Opened where the visitor's source has the keys; otherwise the bytes as they stand in the log,
  // which are the ones that `hash` covers.
  std::string_view personal{};
  std::string_view payload{};
  Hash hash{};
  // The key was destroyed: what was personal is gone for good and `personal` is empty.
  bool forgotten = false;
};

}  // namespace eventstore
