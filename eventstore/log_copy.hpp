#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "eventstore/log_errors.hpp"
#include "eventstore/record.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

// The copy cannot be written; nothing is said about what is copied.
class CopyFailed : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// A log that is written from the events of another one, in a file that nobody else knows yet.
// A log only ever grows, so the events up to a position, read a page at a time, are the log as it
// was then: no transaction stays open on the source, and a copy of gigabytes does not make the
// write-ahead file of a running program grow.
class LogCopy {
 public:
  // The file must not exist. Throws CopyFailed, here and below.
  explicit LogCopy(const std::filesystem::path& file);
  ~LogCopy();
  LogCopy(const LogCopy&) = delete;
  LogCopy& operator=(const LogCopy&) = delete;

  // Takes the event that comes next by position, version and chain. Throws LogDamaged, having
  // taken nothing, for any other.
  void add(const RecordedEvent& event);

  // The last event taken.
  const Head& head() const;
  // Hash of the first event; all zero while there is none.
  const Hash& identity() const;

  // Closes and syncs the file. Nothing may be added after it.
  void finish();

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// Copies a file that belongs to a log: byte by byte, or, if it is a database of SQLite's, as one
// snapshot of it without what was deleted from it, also while it is written. The copy is synced and
// only its owner may read it. `to` must not exist. Throws CopyFailed.
void copy_belonging(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace eventstore
