#pragma once

#include <string>

#include "eventstore/key_store.hpp"
#include "eventstore/record.hpp"

// How the personal part of an event is sealed, once before it is hashed, and opened for a visitor.
// A sealed part is bound to its event's stream, version, type and schema: it cannot be moved to
// another one.
namespace eventstore {

// Replaces `personal` by its sealed bytes, or by nothing where the key was destroyed. An event that
// has something personal must have a `key_id`.
void seal_personal(KeyStore& keys, NewEvent& event);

// Points `personal` at the opened text, which is put into `plain` and holds as long as that does;
// or sets `forgotten`. Throws KeysMissing or KeysDamaged.
void open_personal(KeyStore& keys, RecordedEvent& event, std::string& plain);

}  // namespace eventstore
