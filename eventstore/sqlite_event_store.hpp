#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "eventstore/event_store.hpp"
#include "eventstore/log_errors.hpp"

namespace eventstore {

// The log as a SQLite file in WAL mode, each commit synced. One thread of its own owns the only
// connection in the world that writes or checkpoints the file; it takes the batches that wait,
// commits them as a group and says so.
//
//   append() ─► queue ─► [writer thread: hash, BEGIN, INSERT…, COMMIT + sync] ─► durable()
//                              │                                   └─► on_durable()
//                              └─ disk full: the same group again each second
//
// A crash at any point leaves the log at the end of some group: whole batches only.
class SqliteEventStore final : public EventStore {
 public:
  struct Options {
    // The database file. A symbolic link is followed.
    std::filesystem::path path{};
    // True: makes the log, which must not exist. False: it must exist.
    bool create = false;
    // With `create`: the batch that becomes durable together with the log itself, so that a log
    // without an identity never exists. It has epoch 1 and is replayed as any other.
    std::vector<NewEvent> first{};
    std::int64_t first_recorded_at = 0;
    // Called on the writer thread after each commit, when the disk becomes full or has space
    // again, and once when the log fails. Must not throw and must not call the store. Must stay
    // callable until the store is destroyed.
    std::function<void()> on_durable{};
  };

  // Takes the lock, checks the file and the whole chain in one pass, and hands every event to
  // `replay` on the way; the views hold during the call. An exception of `replay` passes through.
  // Throws LogMissing, LogExists, LogLocked, LogForeign, LogNewer, LogDamaged or LogFailed.
  explicit SqliteEventStore(Options options,
                            const std::function<void(const RecordedEvent&)>& replay = {});

  // Commits what waits, moves the WAL into the database and gives the lock back. On a full disk it
  // tries once more and then drops what waits: nobody was told of it.
  ~SqliteEventStore() override;

  Position append(std::vector<NewEvent> batch, std::int64_t recorded_at) override;
  Position last() const override;
  Durable durable() const override;
  std::size_t waiting() const override;
  bool disk_full() const override;
  std::uint32_t epoch() const override;
  void read(Position from, const std::function<bool(const RecordedEvent&)>& visit) const override;
  std::uint32_t version_of(std::string_view stream) const override;

  // Blocks until all that was handed over is durable; waits through a full disk. Throws LogFailed.
  void wait_until_durable();

  // How many transactions were committed since the log was opened.
  std::uint64_t commits() const;

  // One commit takes at most this many waiting events and bytes; a larger batch is one by itself.
  static constexpr std::size_t group_events_max = 4096;
  static constexpr std::size_t group_bytes_max = 4 << 20;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
