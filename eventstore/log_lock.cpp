#include "eventstore/log_lock.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "eventstore/log_errors.hpp"

namespace eventstore {

namespace {

using Inode = std::pair<dev_t, ino_t>;

// The files that this process holds. Asked before a file is opened, because opening and closing
// one that SQLite has open here would drop SQLite's own locks.
std::mutex held_mutex;
std::set<Inode>& held_files() {
  static std::set<Inode> files;
  return files;
}

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::filesystem::path holder_file(const std::filesystem::path& log) {
  return log.string() + ".lock";
}

std::string now_in_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

// What the holder wrote about itself. A dead process of this host is not the holder: it left its
// file behind and the real one has another name for the log or has not written yet.
std::string holder(const std::filesystem::path& log) {
  std::ifstream file(holder_file(log));
  std::string pid_word, host_word, since_word, host, since;
  long pid = 0;
  if (!(file >> pid_word >> pid >> host_word >> host >> since_word >> since) || pid <= 0) return {};
  const bool dead = host == this_host() && kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
  if (dead) return {};
  return "process " + std::to_string(pid) + " on " + host + " since " + since;
}

[[noreturn]] void refuse_locked(const std::filesystem::path& log) {
  const std::string who = holder(log);
  throw LogLocked(log.string() + " is held by " + (who.empty() ? "another process" : who) +
                  ". Stop it first, or name another log");
}

}  // namespace

std::string this_host() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

struct LogLock::Block {
  int descriptor = -1;
  Inode inode{};
  std::filesystem::path holder{};
};

LogLock::LogLock(const std::filesystem::path& file, Open open) : block_(new Block) {
  const std::lock_guard guard(held_mutex);
  struct stat before {};
  if (stat(file.c_str(), &before) == 0) {
    if (!S_ISREG(before.st_mode)) {
      throw LogForeign(file.string() + " is not a log: it is no regular file. Name another file");
    }
    if (held_files().contains({before.st_dev, before.st_ino})) refuse_locked(file);
  } else if (open == Open::existing) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
      throw LogMissing("there is no log at " + file.string());
    }
    throw LogFailed("cannot open the log " + file.string() + ": " + reason(error));
  }

  // Only its owner may read a log: it holds what people said.
  const int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | (open == Open::create ? O_CREAT : 0);
  const int descriptor = ::open(file.c_str(), flags, 0600);
  if (descriptor < 0) {
    throw LogFailed("cannot open the log " + file.string() + ": " + reason(errno));
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(descriptor);
    if (error == EWOULDBLOCK) refuse_locked(file);
    throw LogFailed("cannot lock the log " + file.string() + ": " + reason(error));
  }
  struct stat locked {};
  struct stat named {};
  if (fstat(descriptor, &locked) != 0 || stat(file.c_str(), &named) != 0 ||
      locked.st_dev != named.st_dev || locked.st_ino != named.st_ino) {
    close(descriptor);
    throw LogLocked(file.string() + " was replaced by another process this moment. Try again");
  }
  block_->descriptor = descriptor;
  block_->inode = {locked.st_dev, locked.st_ino};
  held_files().insert(block_->inode);
}

LogLock::~LogLock() {
  const std::lock_guard guard(held_mutex);
  if (!block_->holder.empty()) {
    std::error_code ignored;
    std::filesystem::remove(block_->holder, ignored);
  }
  held_files().erase(block_->inode);
  close(block_->descriptor);
}

int LogLock::descriptor() const {
  return block_->descriptor;
}

void LogLock::say_who_holds(const std::filesystem::path& log) {
  block_->holder = holder_file(log);
  std::ofstream file(block_->holder, std::ios::trunc);
  file << "pid " << getpid() << "\nhost " << this_host() << "\nsince " << now_in_utc() << "\n";
}

}  // namespace eventstore
