#include "eventstore/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "eventstore/log_copy.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sha256.hpp"

namespace eventstore {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, int error) {
  throw LogFailed(what + ": " + std::generic_category().message(error));
}

// The folder as it was named, without a slash at the end and with symbolic links followed, which a
// rename would replace.
fs::path real_name(const fs::path& folder) {
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  std::error_code none;
  const fs::path real = fs::canonical(named, none);
  return none ? named : real;
}

void check_usable(const fs::path& folder) {
  std::error_code failed;
  const fs::file_status there = fs::symlink_status(folder, failed);
  if (there.type() == fs::file_type::not_found) {
    const fs::path above = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    if (fs::is_directory(above, failed)) return;
    throw std::invalid_argument("there is no folder " + above.string() + " to put a backup into");
  }
  if (there.type() != fs::file_type::directory) {
    throw std::invalid_argument(folder.string() + " is no folder: name one that does not exist");
  }
  if (!fs::is_empty(folder, failed) || failed) {
    throw std::invalid_argument(folder.string() +
                                " is not empty: a backup is never put over another one. Name a "
                                "folder that does not exist");
  }
}

// A folder under a name of its own, which gets its real one when all in it is synced. Locked, so
// that two backups to one place do not meet in it; what a killed one left is thrown away.
class Draft {
 public:
  // `names`: those of all files that may come to lie in it.
  Draft(fs::path final_name, const std::set<std::string>& names)
      : final_(std::move(final_name)), path_(final_.string() + ".part") {
    if (mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
      fail("cannot make the folder " + path_.string(), errno);
    }
    descriptor_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor_ < 0) fail("cannot use the folder " + path_.string(), errno);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      close(descriptor_);
      throw LogFailed("another backup to " + final_.string() + " is under way");
    }
    try {
      clear(names);
    } catch (...) {
      close(descriptor_);
      throw;
    }
    ours_ = true;
  }

  ~Draft() {
    std::error_code ignored;
    if (ours_) fs::remove_all(path_, ignored);
    close(descriptor_);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const fs::path& path() const { return path_; }

  void sync() const {
    if (fsync(descriptor_) != 0) fail("cannot sync the folder " + path_.string(), errno);
  }

  // Replaces an empty folder, and nothing else.
  void put_in_place() {
    if (rename(path_.c_str(), final_.c_str()) != 0) {
      fail("cannot give the backup its name " + final_.string(), errno);
    }
    ours_ = false;
    sync_folder_of(final_);
  }

 private:
  void clear(const std::set<std::string>& names) const {
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (!names.contains(entry.path().filename().string())) {
        throw std::invalid_argument(path_.string() +
                                    " holds something that no backup left. Remove it, or name "
                                    "another folder");
      }
    }
    for (const std::string& name : names) fs::remove(path_ / name);
  }

  fs::path final_;
  fs::path path_;
  int descriptor_ = -1;
  bool ours_ = false;
};

BackupFile described(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  BackupFile described;
  described.name = file.filename().string();
  Sha256 sha256;
  std::array<char, 1 << 16> buffer;
  while (stream.read(buffer.data(), buffer.size()), stream.gcount() > 0) {
    sha256.add(buffer.data(), static_cast<std::size_t>(stream.gcount()));
    described.bytes += static_cast<std::uint64_t>(stream.gcount());
  }
  if (!stream.eof()) throw LogFailed("cannot read the copy " + file.string() + " again");
  described.sha256 = sha256.finish();
  return described;
}

void write_synced(const fs::path& file, std::string_view text) {
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) fail("cannot write " + file.string(), errno);
  bool written = true;
  while (written && !text.empty()) {
    const auto part = write(descriptor, text.data(), text.size());
    written = part > 0 || (part < 0 && errno == EINTR);
    if (part > 0) text.remove_prefix(static_cast<std::size_t>(part));
  }
  written = written && fsync(descriptor) == 0;
  const int error = errno;
  close(descriptor);
  if (!written) fail("cannot write " + file.string(), error);
}

// The events up to the last one there is now, held against the witness on the way.
Head copy_events(const fs::path& log, const fs::path& to) {
  // Before the log: a writer that goes on meanwhile only moves the log further ahead.
  const Witnessed witnessed = witness_of(log);
  const WitnessCheck witness(log, witness_path(log), witnessed);
  LogReader reader(log);
  const Position last = reader.head().position;
  LogCopy copy(to);
  if (last > 0) {
    reader.read(1, [&](const RecordedEvent& event) {
      copy.add(event);
      witness.see(event.position, event.hash);
      return event.position < last;
    });
  }
  witness.end(copy.head().position);
  copy.finish();
  make_witness(witness_path(to), copy.head(), copy.identity());
  return copy.head();
}

// Reads the copy as it lies there, from the first byte to the last.
void check_copy(const fs::path& copy) {
  LogReader(copy).verify([&](const Problem& problem) {
    throw LogFailed("the backup does not hold what it should: " + problem.sentence);
  });
}

}  // namespace

Backup back_up(const BackupPlan& plan) {
  const fs::path to = real_name(plan.to);
  const fs::path keys_to = plan.keys_to.empty() ? fs::path{} : real_name(plan.keys_to);
  check_usable(to);
  if (!keys_to.empty()) {
    if (keys_to == to) throw std::invalid_argument("the keys are to lie apart from the rest");
    check_usable(keys_to);
  }
  std::error_code unresolved;
  fs::path log = fs::canonical(plan.log, unresolved);
  if (unresolved) log = plan.log;
  // Refuses what is no log before anything is made.
  { const LogReader reader(log); }

  const std::string name = log.filename().string();
  std::set<std::string> names{manifest_name, name,          name + "-journal",
                              name + "-wal", name + "-shm", witness_path(name).string()};
  for (const std::string& ending : plan.key_endings) {
    for (const char* more : {"", "-journal", "-wal", "-shm"}) names.insert(name + ending + more);
  }
  Draft draft(to, names);
  std::optional<Draft> keys_draft;
  if (!keys_to.empty()) keys_draft.emplace(keys_to, names);

  Backup backup;
  const fs::path copy = draft.path() / name;
  backup.head = copy_events(log, copy);
  check_copy(copy);
  // What a reader of the copy left beside it.
  for (const char* end : {"-wal", "-shm"}) fs::remove(copy.string() + end);
  backup.files = {described(copy), described(witness_path(copy))};
  for (const std::string& ending : plan.key_endings) {
    const fs::path from = log.string() + ending;
    if (!fs::exists(from)) continue;
    const fs::path key = (keys_draft ? keys_draft->path() : draft.path()) / (name + ending);
    copy_belonging(from, key);
    (keys_draft ? backup.keys : backup.files).push_back(described(key));
  }
  write_synced(draft.path() / manifest_name, plan.manifest(backup, backup.files));
  draft.sync();
  if (keys_draft) {
    write_synced(keys_draft->path() / manifest_name, plan.manifest(backup, backup.keys));
    keys_draft->sync();
    keys_draft->put_in_place();
  }
  draft.put_in_place();
  return backup;
}

}  // namespace eventstore
