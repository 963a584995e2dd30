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

// Events that were told to be durable are gone: the witness saw the log up to a position that it no
// longer reaches, or the log as a whole is not there. `first_bad` is the first missing one.
class LogLost : public LogDamaged {
 public:
  LogLost(const std::string& message, Position first_missing, Position witnessed)
      : LogDamaged(message, first_missing), witnessed_(witnessed) {}

  // The last position that the witness saw; 0 where it cannot be read.
  Position witnessed() const { return witnessed_; }

 private:
  Position witnessed_;
};

// Nothing can be said about the end of the log: its witness is not there, is of another log, or
// cannot be read.
class LogUnwitnessed : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// The keys of the log are not there, or the file lacks a key that the log needs: it is older than
// its log. Or the log is sealed and no master key was given.
class KeysMissing : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// Keys were to be made and stand there already, for a log that is not there.
class KeysExist : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// The key file cannot be opened with this master key.
class WrongMasterKey : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// The file is no key file of ours, or the one of another log.
class KeysForeign : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

// What stands in the key file is not what was written.
class KeysDamaged : public LogFailed {
 public:
  using LogFailed::LogFailed;
};

}  // namespace eventstore
