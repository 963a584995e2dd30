#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/event_store.hpp"
#include "eventstore/stream_versions.hpp"

namespace support {

// An event that owns its bytes; how a log is carried over a simulated crash.
struct StoredEvent {
  eventstore::NewEvent event{};
  eventstore::Position position = 0;
  std::int64_t recorded_at = 0;
  std::uint32_t epoch = 0;
  eventstore::Hash hash{};
};

// A view of it, as a store shows it.
eventstore::RecordedEvent view_of(const StoredEvent& stored);

// The log in memory, in one thread, where the test says when something becomes durable. Same
// appends, same bytes: it computes the chain of the real one.
//
//   append ─► waiting ─ commit_one ─► durable
//                └───── crash ──────► gone
//
// A restart is a new store over `events()` of the old one.
class SimulatedEventStore final : public eventstore::EventStore {
 public:
  // An empty log, epoch 1.
  SimulatedEventStore() : SimulatedEventStore(std::vector<StoredEvent>{}) {}

  // Goes on after these events, under the next epoch. Throws LogDamaged, as the real one does,
  // when the chain, the positions or the versions are broken.
  // What was destroyed before stays so: `destroyed` is `destroyed_keys()` of the store before.
  explicit SimulatedEventStore(std::vector<StoredEvent> events,
                               std::set<std::uint64_t> destroyed = {});

  eventstore::Position append(std::vector<eventstore::NewEvent> batch,
                              std::int64_t recorded_at) override;
  eventstore::Position last() const override { return last_; }
  eventstore::Durable durable() const override;
  std::size_t waiting() const override { return last_ - events_.size(); }
  bool disk_full() const override { return disk_full_ && !batches_.empty(); }
  std::uint32_t epoch() const override { return epoch_; }
  void read(eventstore::Position from,
            const std::function<bool(const eventstore::RecordedEvent&)>& visit) const override;
  void read_sealed(
      eventstore::Position from,
      const std::function<bool(const eventstore::RecordedEvent&)>& visit) const override;
  std::uint32_t version_of(std::string_view stream) const override { return versions_.of(stream); }
  // Done by commit_one or commit_all, after the batches that waited before.
  void destroy_keys(std::vector<std::uint64_t> ids) override;
  bool destroying_keys() const override { return !destructions_.empty(); }

  // Called by commit_one and fail, as the writer thread of the real one does. May append.
  void on_durable(std::function<void()> tell) { tell_ = std::move(tell); }

  // Makes the batch that waits longest durable, and destroys the keys whose turn is then. False
  // when none waits, on a full disk, and after a failure.
  bool commit_one();

  // Makes durable what waits now.
  void commit_all();

  // The process dies: what is not durable is gone, and with it every claim on a version. The store
  // can be used again, as if opened at once, under the next epoch.
  void crash();

  // From now on nothing becomes durable, until it is set back.
  void set_disk_full(bool full) { disk_full_ = full; }

  // From now on append and durable throw LogFailed with this message.
  void fail(const std::string& why);

  // What is durable, with what was personal of the forgotten; `read` shows what is left.
  const std::vector<StoredEvent>& events() const { return events_; }

  const std::set<std::uint64_t>& destroyed_keys() const { return destroyed_; }

  // Hash of the last durable event: equal for equal logs, and only for those.
  eventstore::Hash digest() const;

 private:
  struct Batch {
    std::vector<eventstore::NewEvent> events{};
    std::int64_t recorded_at = 0;
  };

  struct Destruction {
    eventstore::Position after = 0;
    std::vector<std::uint64_t> ids{};
  };

  void reopen();
  bool destroy_what_is_due();
  void throw_if_failed() const;

  std::vector<StoredEvent> events_;
  std::set<std::uint64_t> destroyed_;
  std::deque<Batch> batches_{};
  std::deque<Destruction> destructions_{};
  eventstore::StreamVersions versions_{};
  eventstore::Position last_ = 0;
  std::int64_t last_recorded_at_ = 0;
  std::uint32_t epoch_ = 0;
  bool disk_full_ = false;
  std::string failure_{};
  std::function<void()> tell_{};
};

}  // namespace support
