#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace eventstore {

// The name of this machine, as it stands in what one machine leaves for others to read.
std::string this_host();

// The right to write a log, held by at most one process in the world and by at most one object in
// it. It lies on the file itself, so hard links and symbolic links lead to the same lock, and the
// kernel drops it when the holder dies. A text file `<log>.lock` says who holds it, for people.
//
// Must be taken before SQLite opens the file and outlive its connections: closing any descriptor
// of a file drops the POSIX locks that SQLite has on it in the same process.
class LogLock {
 public:
  enum class Open { existing, create };

  // Throws LogMissing, LogForeign for what is no regular file, and LogLocked, naming the holder.
  LogLock(const std::filesystem::path& file, Open open);
  ~LogLock();
  LogLock(const LogLock&) = delete;
  LogLock& operator=(const LogLock&) = delete;

  // The locked file. Do not close.
  int descriptor() const;

  // Writes `<log>.lock`; it is removed with the lock. Failing to (a full disk) does no harm.
  void say_who_holds(const std::filesystem::path& log);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
