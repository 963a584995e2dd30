#pragma once

#include "eventstore/record.hpp"

namespace eventstore {

// The chain that makes a change, a loss or a swap inside the log visible: the hash of each event
// covers every column of its row and the hash of the event before it (32 zero bytes before the
// first). `event.hash` is not read.
//
// SHA-256 over, in this order:
//   "campanile.event.1", the hash before,
//   then each column in the order of the table as a big-endian 32-bit length and that many bytes;
//   an integer is 8 bytes, big-endian, two's complement; NULL is the length 0xFFFFFFFF alone.
// The bytes of the row are hashed, never JSON that was written again. A cause of 0 and an empty
// `personal` are NULL.
Hash chain_hash(const Hash& before, const RecordedEvent& event);

// Lower-case hexadecimal, for people and witnesses.
std::string to_hex(const Hash& hash);

}  // namespace eventstore
