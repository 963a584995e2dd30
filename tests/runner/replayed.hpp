#pragma once

#include "campaigns/state.hpp"
#include "eventstore/event_store.hpp"
#include "runner/fold.hpp"

namespace support {

// What a program knows that begins with this log.
inline campaigns::State replayed(const eventstore::EventStore& log) {
  campaigns::State state;
  runner::Folder folder;
  log.read(1, [&](const eventstore::RecordedEvent& recorded) {
    folder.fold(state, recorded);
    return true;
  });
  return state;
}

}  // namespace support
