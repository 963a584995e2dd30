#pragma once

#include <string>

#include "eventstore/event_store.hpp"

// Why a log could not be opened or trusted. Each says what, where and what to do; none of them
// leaves anything changed on disk.
namespace eventstore {

// There is no log at that path.
class LogMissing : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// A log was to be created and something stands there already.
class LogExists : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// Another writer holds the log.
class LogLocked : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// The file is not a log of ours: empty, another program's database, or no database at all.
class LogForeign : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// The log was written by a later version of this program.
class LogNewer : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// What stands in the log is not what was written: nothing from `first_bad` on may be trusted.
class LogDamaged : public LogFailed {
 public:
  LogDamaged(const std::string& message, Position first_bad)
      : LogFailed(message), first_bad_(first_bad) {}

  // Position of the first event that is missing or wrong.
  Position first_bad() const { return first_bad_; }

 private:
  Position first_bad_;
};

}  // namespace eventstore
