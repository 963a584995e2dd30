#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "eventstore/event_store.hpp"
#include "eventstore/log_errors.hpp"
#include "eventstore/secret.hpp"

namespace eventstore {

// The log as a SQLite file in WAL mode, each commit synced. One thread of its own owns the only
// connection in the world that writes or checkpoints the file; it takes the batches that wait,
// commits them as a group and says so.
//
//   append() ─► queue ─► [writer thread: hash, BEGIN, INSERT…, COMMIT + sync, witness] ─► durable()
//                              │                                         └─► on_durable()
//                              └─ disk full: the same group again each second
//
// A crash at any point leaves the log at the end of some group: whole batches only. The files of a
// log: FILE, FILE-wal and FILE-shm (SQLite's), FILE.head (the witness), FILE.keys (of a sealed
// log), and while a writer has it FILE.lock (who that is) and FILE.reserve (space for when the disk
// is full).
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
    // A second witness at this place, on another disk if there is one: it also notices that log and
    // witness were both put back to an earlier state. Made when it is not there.
    std::filesystem::path witness_copy{};
    // How much a loss of power may leave the witness behind.
    std::chrono::milliseconds witness_sync_every{1000};
    // Refuses a log whose witness saw another file, until somebody accepts it (accept_head).
    bool refuse_copies = false;
    // The reserve takes this much, or an eighth of what is free where that is less.
    std::uintmax_t reserve_bytes_max = 16 << 20;
    // Seals the log: each `personal` under the key that its event names, in FILE.keys, whose keys
    // are wrapped under this one (key_store.hpp). A log that was made with one can only be opened
    // with it, and one that was made without only without.
    std::optional<Secret> master_key{};
    // With `create` and `master_key`: the log's secret, where a rehearsal derives it from its seed.
    std::optional<Secret> log_secret{};
    // Called on the writer thread after each commit, when the disk becomes full or has space
    // again, and once when the log fails. Must not throw and must not call the store. Must stay
    // callable until the store is destroyed.
    std::function<void()> on_durable{};
  };

  // Takes the lock, checks the file and the whole chain in one pass, hands every event to `replay`
  // on the way, and holds the end against the witness; the views hold during the call. An exception
  // of `replay` passes through. Throws LogMissing, LogExists, LogLocked, LogForeign, LogNewer,
  // LogDamaged, LogLost, LogUnwitnessed, LogFailed or what the keys throw; log, witness and keys
  // are then as they were.
  explicit SqliteEventStore(const Options& options,
                            const std::function<void(const RecordedEvent&)>& replay = {});

  // Commits what waits, moves the WAL into the database and gives the lock back. On a full disk it
  // tries once more and then drops what waits: nobody was told of it. After a failure nothing is
  // written any more.
  ~SqliteEventStore() override;

  Position append(std::vector<NewEvent> batch, std::int64_t recorded_at) override;
  Position last() const override;
  Durable durable() const override;
  std::size_t waiting() const override;
  // True from the first refused write until the reserve could be had again, so that work which is
  // not urgent does not begin and stop each second. Live work goes on in what the reserve gave up.
  bool disk_full() const override;
  std::uint32_t epoch() const override;
  void read(Position from, const std::function<bool(const RecordedEvent&)>& visit) const override;
  void read_sealed(Position from,
                   const std::function<bool(const RecordedEvent&)>& visit) const override;
  std::uint32_t version_of(std::string_view stream) const override;
  // In a log that is not sealed there is nothing to destroy.
  void destroy_keys(std::vector<std::uint64_t> ids) override;
  bool destroying_keys() const override;

  // True while what was handed over waits for space that not even the reserve has: from the second
  // write in a row that was refused when that had been given up, until one succeeds. The
  // notification comes when it begins.
  bool has_no_space() const;

  // The secret made with a sealed log; nothing in another.
  std::optional<Secret> log_secret() const;

  // Blocks until all that was handed over is durable; waits through a full disk. Throws LogFailed.
  void wait_until_durable();

  // What stands in the WAL. A reader that keeps a transaction open, which nobody can forbid another
  // process, keeps the WAL from being used anew; then it grows.
  std::uint64_t wal_bytes() const;

  // True while it is above `wal_bytes_alarm`: somebody should look for that reader.
  bool wal_is_long() const { return wal_bytes() > wal_bytes_alarm; }

  // How many transactions were committed since the log was opened.
  std::uint64_t commits() const;

  // One commit takes at most this many waiting events and bytes; a larger batch is one by itself.
  static constexpr std::size_t group_events_max = 4096;
  static constexpr std::size_t group_bytes_max = 4 << 20;

  static constexpr std::uint64_t wal_bytes_alarm = 32 << 20;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
