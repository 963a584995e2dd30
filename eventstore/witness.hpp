#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "eventstore/log_errors.hpp"
#include "eventstore/record.hpp"

namespace eventstore {

// Where a log ends.
struct Head {
  // 0 for a log without events.
  Position position = 0;
  Hash hash{};
  std::int64_t recorded_at = 0;
  std::uint32_t epoch = 0;
};

// Which file a log is: its number in its file system, and when it came into being there. Another
// name changes neither; a copy has others. The device is no part of it, since many are numbered
// anew at each boot.
struct FileMark {
  // 0: not known.
  std::uint64_t inode = 0;
  // Nanoseconds since 1970 UTC; 0 where the file system does not tell.
  std::int64_t born = 0;

  // False only where both are known and differ.
  bool may_be(const FileMark& other) const;
};

// Throws std::system_error.
FileMark mark_of(int descriptor);

// What the witness of a log says.
struct Witnessed {
  Head head{};
  // Hash of the first event; all zero while the log has none.
  Hash identity{};
  // Counts the writings of this file.
  std::uint64_t sequence = 0;
  // Of the machine that wrote it, for people.
  std::string host{};
  std::string boot{};
  // The log's file as its last writer had it; not known until there was one.
  FileMark file{};
};

// The witness stands beside the log, in `<log>.head`. SQLite drops the end of a damaged
// write-ahead file in silence, and the hash chain inside the log cannot miss what is gone; a
// witness that is ahead of its log can.
//
// Two slots, each inside one sector. Between two syncs the same slot is written again and again
// and the other one holds what was last synced, so that a loss of power can spoil one at most:
//
//    slot 0 [synced, n]      slot 1 [n + 1 … m, not yet synced]
//                  └── sync ──┘ then they change places
//
// It is written after each commit and before anybody is told, so it is never ahead of a sound log.
// After a loss of power it may be behind, by what was appended since the last sync.
//
// A slot, numbers little-endian: magic (8 bytes), version, epoch (4 each), sequence, position,
// recorded_at (8 each), identity, hash (32 each), boot id (40), host (64), the log's inode and
// birth (8 each), zeros, CRC-32C (the last 4 of 512).
inline constexpr std::size_t witness_slot_bytes = 512;
inline constexpr std::size_t witness_slot_distance = 4096;

std::filesystem::path witness_path(const std::filesystem::path& log);

// A witness that is being made. It gets its real name after its log has got its own, so
// `<log>.head` is never without a log, and a log whose making a crash cut short has its witness
// here.
std::filesystem::path witness_draft_path(const std::filesystem::path& log);

// The newer of the sound slots; none when both are broken. Throws LogFailed when the file cannot be
// read or is not there. May be called while a writer works.
std::optional<Witnessed> read_witness(const std::filesystem::path& file);

// What the witness of a log says; takes the draft where the real one is not there. Throws
// LogUnwitnessed when there is none or it cannot be read.
Witnessed witness_of(const std::filesystem::path& log);

// Throws LogLost if a witness stands where there is no log.
void refuse_lost_log(const std::filesystem::path& log);

// Throws LogUnwitnessed if the witness saw another file than this one: `log` is a copy, and whoever
// runs the other one would call the same people.
void refuse_copied_log(const std::filesystem::path& log, const Witnessed& witnessed,
                       const FileMark& file);

// Holds a log against its witness, one event after the other.
class WitnessCheck {
 public:
  // `file` is for the messages.
  WitnessCheck(std::filesystem::path log, std::filesystem::path file, Witnessed witnessed);

  // Each event of the log, in order. Throws LogUnwitnessed for the witness of another log, and
  // LogDamaged where the log holds something else than the witness saw.
  void see(Position position, const Hash& hash) const;

  // Throws LogLost if the log ends before the witness does.
  void end(Position last) const;

  const Witnessed& witnessed() const { return witnessed_; }

 private:
  std::filesystem::path log_;
  std::filesystem::path file_;
  Witnessed witnessed_;
};

// The witness file as the one writer of its log has it open. Throws std::system_error.
class WitnessFile {
 public:
  // Opens the file, or makes it with both slots empty. Only its owner may read it.
  WitnessFile(const std::filesystem::path& file, bool create);
  ~WitnessFile();
  WitnessFile(const WitnessFile&) = delete;
  WitnessFile& operator=(const WitnessFile&) = delete;

  // What is written from now on speaks of this file; until then of the one that was last seen.
  void speak_of(const FileMark& log);

  // Into the slot that does not hold what was last synced. Not synced.
  void write(const Head& head, const Hash& identity);

  // Syncs what was written, and the other slot is next.
  void sync();

  // Whether something was written since the last sync.
  bool unsynced() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// Makes a whole synced witness under `file`, whose folder is synced too. Replaces what stands
// there. `log`: not known where the first writer is to say it.
void make_witness(const std::filesystem::path& file, const Head& head, const Hash& identity,
                  const FileMark& log = {});

// Makes the names in the folder of this file durable. Throws std::system_error.
void sync_folder_of(const std::filesystem::path& file);

// Gives a file its real name and syncs the folder. Throws std::filesystem::filesystem_error or
// std::system_error.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// For somebody who has decided that the log as it stands is all there is: checks the whole chain
// and writes a new witness of it, and of its copy where one is kept. Throws LogDamaged, changing
// nothing, when the log is not sound in itself, and LogLocked when somebody holds it. Returns where
// the log ends.
Head accept_head(const std::filesystem::path& log, const std::filesystem::path& witness_copy = {});

}  // namespace eventstore
