#pragma once

#include <functional>

#include "eventstore/record.hpp"

namespace eventstore {

// Reads the next event into its argument; false behind the last one. May throw.
using EventSource = std::function<bool(RecordedEvent&)>;

// Visits every event of `source` in order, while a thread of its own calls `source` a few batches
// ahead: reading and proving a long log and folding it take about the same time, and this way the
// longer of the two is all that a start waits for. What `source` read before it threw is visited
// before its exception comes out here. An exception of `visit` ends the reading.
//
// Holds copies of at most `read_ahead_batches_max` batches, of 256 KiB and one event each. The
// views of an event hold until `visit` returns. When this returns or throws, the thread has ended.
void read_ahead(const EventSource& source, const std::function<void(RecordedEvent&)>& visit);

// Hands out events, each once and in order, to a taker that says false when it wants no more.
using EventFeed = std::function<void(const std::function<bool(const RecordedEvent&)>& take)>;

// The same of a reader that hands its events out itself, as LogReader does.
void read_ahead_of(const EventFeed& feed, const std::function<void(RecordedEvent&)>& visit);

inline constexpr std::size_t read_ahead_batches_max = 4;

}  // namespace eventstore
