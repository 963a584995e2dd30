#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "eventstore/record.hpp"

namespace eventstore {

// Proof that everything up to and including `position()` is on disk and synced. Only a store can
// make one, so a function that takes a Durable cannot be called too early.
class Durable {
 public:
  Position position() const { return position_; }
  bool covers(Position needed) const { return needed <= position_; }

 private:
  friend class EventStore;
  explicit Durable(Position position) : position_(position) {}
  Position position_;
};

// The log cannot go on: the message says what, where and what to do. Nothing that was not yet
// durable may be told to anybody.
class LogFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// An append named a version that is not the next one of its stream: a bug in the caller.
class VersionConflict : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// The append-only log as its one writer sees it. Kept narrow (append with expected versions, read
// from a position, know what is durable), because the next store is not a file in this process.
// Used from one thread; the notification alone may come from another.
class EventStore {
 public:
  virtual ~EventStore() = default;

  // Queues the events as one batch: all of them or none become durable. Checks every version at
  // once and gives positions at once, so that a state can be folded ahead of the disk. Returns the
  // position of the last event. `recorded_at` (milliseconds since 1970 UTC) must not be before the
  // last one. Throws VersionConflict, and LogFailed once the log has failed.
  virtual Position append(std::vector<NewEvent> batch, std::int64_t recorded_at) = 0;

  // Position of the last event that was handed over, durable or not.
  virtual Position last() const = 0;

  // What is durable now. Throws LogFailed when the log has failed.
  virtual Durable durable() const = 0;

  // Events handed over and not yet durable, for back-pressure.
  virtual std::size_t waiting() const = 0;

  // True while a full disk keeps a batch waiting; it is retried until there is space.
  virtual bool disk_full() const = 0;

  // The epoch this writer stamps on what it appends.
  virtual std::uint32_t epoch() const = 0;

  // Visits the durable events from `from` on, in order, until the visitor returns false.
  virtual void read(Position from,
                    const std::function<bool(const RecordedEvent&)>& visit) const = 0;

  // The same for whoever needs nothing that is personal: that is shown as it stands in the log, and
  // no key is looked at, so that none that is made or destroyed meanwhile can be missed.
  virtual void read_sealed(Position from,
                           const std::function<bool(const RecordedEvent&)>& visit) const = 0;

  // Makes what is sealed under these keys unreadable for good, once all that was handed over before
  // is durable. What is still handed over for such a key is kept without its personal part. Not an
  // event: append the one that says so first, and ask again after each start, because a crash may
  // come between the two. Nothing happens to a key that is destroyed already.
  virtual void destroy_keys(std::vector<std::uint64_t> ids) = 0;

  // True until all of that is done; the notification comes then.
  virtual bool destroying_keys() const = 0;

  // Version of the last event of a stream, 0 where there is none; counts what waits.
  virtual std::uint32_t version_of(std::string_view stream) const = 0;

 protected:
  static Durable proof(Position position) { return Durable(position); }
};

}  // namespace eventstore
