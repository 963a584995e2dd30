#include "tests/eventstore/watched_disk.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdarg>
#include <fstream>
#include <mutex>
#include <set>
#include <utility>

namespace watched_disk {

namespace {

constexpr std::size_t sector_bytes = 512;

using Inode = std::pair<dev_t, ino_t>;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_left_out(const std::string& name) {
  return ends_with(name, "-shm") || ends_with(name, ".lock") || ends_with(name, ".reserve");
}

// The name of a file in a folder; none for a file elsewhere.
std::optional<std::string> name_in(const std::string& folder, const char* path) {
  const std::string text = path;
  if (text.size() <= folder.size() + 1 || text.compare(0, folder.size(), folder) != 0) return {};
  if (text[folder.size()] != '/') return {};
  const std::string name = text.substr(folder.size() + 1);
  if (name.find('/') != std::string::npos || is_left_out(name)) return {};
  return name;
}

// What the calls below tell. At most one of both is there; guarded by the mutex, and by the flag so
// that an unwatched call costs nothing.
std::recursive_mutex watch_mutex;  // an abort inside is told through open() too
std::atomic<bool> watching{false};

struct Notes {
  std::string folder{};
  std::vector<Step> steps{};
  std::vector<Told> told{};
  std::map<Inode, std::size_t> files{};
  std::map<std::string, std::size_t> names{};
  std::size_t files_made = 0;
  Inode folder_inode{};
};
Notes* notes = nullptr;

struct FaultState {
  std::string folder{};
  Fault::Plan plan{};
  std::size_t seen = 0;
  bool happened = false;
  std::size_t since = 0;
  std::chrono::steady_clock::time_point at{};
  std::set<Inode> files{};
};
FaultState* fault = nullptr;

std::optional<Inode> inode_of(int descriptor, mode_t& mode) {
  struct stat found {};
  if (fstat(descriptor, &found) != 0) return std::nullopt;
  mode = found.st_mode;
  return Inode{found.st_dev, found.st_ino};
}

Step* note(int descriptor, Step::Kind kind) {
  mode_t mode = 0;
  const auto inode = inode_of(descriptor, mode);
  if (!inode || !notes) return nullptr;
  const auto file = notes->files.find(*inode);
  if (file == notes->files.end()) return nullptr;
  Step& step = notes->steps.emplace_back();
  step.kind = kind;
  step.file = file->second;
  for (const auto& [name, number] : notes->names) {
    if (number == step.file) step.name = name;
  }
  return &step;
}

void opened(const char* path, int descriptor) {
  const std::lock_guard guard(watch_mutex);
  mode_t mode = 0;
  const auto inode = inode_of(descriptor, mode);
  if (!inode || S_ISDIR(mode)) return;
  if (fault && name_in(fault->folder, path)) fault->files.insert(*inode);
  if (!notes) return;
  const auto name = name_in(notes->folder, path);
  if (!name || notes->names.contains(*name)) return;
  // The first time under this name is its making: the folder was empty.
  Step& step = notes->steps.emplace_back();
  step.kind = Step::Kind::create;
  step.file = ++notes->files_made;
  step.name = *name;
  notes->files[*inode] = step.file;
  notes->names[*name] = step.file;
}

void renamed(const char* from, const char* to) {
  const std::lock_guard guard(watch_mutex);
  if (!notes) return;
  const auto old_name = name_in(notes->folder, from);
  const auto new_name = name_in(notes->folder, to);
  if (!old_name || !new_name || !notes->names.contains(*old_name)) return;
  Step& step = notes->steps.emplace_back();
  step.kind = Step::Kind::rename;
  step.file = notes->names[*old_name];
  step.name = *old_name;
  step.new_name = *new_name;
  notes->names.erase(*old_name);
  notes->names[*new_name] = step.file;
}

void removed(const char* path) {
  const std::lock_guard guard(watch_mutex);
  if (!notes) return;
  const auto name = name_in(notes->folder, path);
  if (!name || !notes->names.contains(*name)) return;
  Step& step = notes->steps.emplace_back();
  step.kind = Step::Kind::remove;
  step.name = *name;
  step.file = notes->names[*name];
  notes->names.erase(*name);
}

void written(int descriptor, const void* bytes, std::size_t count, off64_t offset) {
  const std::lock_guard guard(watch_mutex);
  if (Step* step = note(descriptor, Step::Kind::write)) {
    step->offset = static_cast<std::uint64_t>(offset);
    step->bytes.assign(static_cast<const char*>(bytes), count);
  }
}

void cut(int descriptor, off64_t size) {
  const std::lock_guard guard(watch_mutex);
  if (Step* step = note(descriptor, Step::Kind::cut)) step->size = static_cast<std::uint64_t>(size);
}

void synced(int descriptor) {
  const std::lock_guard guard(watch_mutex);
  if (!notes) return;
  mode_t mode = 0;
  if (inode_of(descriptor, mode) == notes->folder_inode) {
    notes->steps.emplace_back().kind = Step::Kind::sync_folder;
  } else {
    note(descriptor, Step::Kind::sync);
  }
}

// The error that this call is to have; 0 for none.
int fails(int descriptor, std::optional<Fault::Call> call) {
  const std::lock_guard guard(watch_mutex);
  mode_t mode = 0;
  const auto inode = fault ? inode_of(descriptor, mode) : std::nullopt;
  if (!inode || !fault->files.contains(*inode)) return 0;
  if (fault->happened) ++fault->since;
  if (call != fault->plan.call) return 0;
  ++fault->seen;
  const bool now =
      fault->plan.for_good ? fault->seen >= fault->plan.nth : fault->seen == fault->plan.nth;
  if (!now) return 0;
  if (!fault->happened) fault->at = std::chrono::steady_clock::now();
  fault->happened = true;
  return fault->plan.error;
}

void* next_of(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(next_of(name));
}

}  // namespace

struct Recording::Block {
  Notes notes{};
};

Recording::Recording(const std::filesystem::path& folder) : block_(new Block) {
  const std::lock_guard guard(watch_mutex);
  assert(!notes && !fault);
  block_->notes.folder = folder.string();
  struct stat found {};
  if (stat(folder.c_str(), &found) == 0) block_->notes.folder_inode = {found.st_dev, found.st_ino};
  notes = &block_->notes;
  watching = true;
}

Recording::~Recording() {
  stop();
}

void Recording::stop() {
  const std::lock_guard guard(watch_mutex);
  if (notes != &block_->notes) return;
  notes = nullptr;
  watching = false;
}

void Recording::told(std::uint64_t position) {
  const std::lock_guard guard(watch_mutex);
  block_->notes.told.push_back({block_->notes.steps.size(), position});
}

const std::vector<Step>& Recording::steps() const {
  return block_->notes.steps;
}

const std::vector<Told>& Recording::all_told() const {
  return block_->notes.told;
}

CrashImages::CrashImages(const std::vector<Step>& steps, bool (*honest)(const Step&))
    : steps_(steps), honest_(honest) {}

void CrashImages::apply(const Step& step, std::string& content) {
  if (step.kind == Step::Kind::cut) {
    content.resize(step.size);
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), step.offset + step.bytes.size()));
  content.replace(step.offset, step.bytes.size(), step.bytes);
}

void CrashImages::play(std::size_t to) {
  assert(next_ <= to && to <= steps_.size());
  for (; next_ < to; ++next_) {
    const Step& step = steps_[next_];
    const bool done = honest_ == nullptr || honest_(step);
    switch (step.kind) {
      case Step::Kind::write:
      case Step::Kind::cut:
        files_[step.file].unsynced.push_back(&step);
        break;
      case Step::Kind::sync:
        if (!done) break;
        for (const Step* earlier : files_[step.file].unsynced) {
          apply(*earlier, files_[step.file].synced);
        }
        files_[step.file].unsynced.clear();
        break;
      case Step::Kind::create:
      case Step::Kind::rename:
      case Step::Kind::remove:
        unsynced_names_.push_back(&step);
        break;
      case Step::Kind::sync_folder:
        if (!done) break;
        for (const Step* earlier : unsynced_names_) {
          if (earlier->kind != Step::Kind::create) synced_names_.erase(earlier->name);
          if (earlier->kind == Step::Kind::create) synced_names_[earlier->name] = earlier->file;
          if (earlier->kind == Step::Kind::rename) synced_names_[earlier->new_name] = earlier->file;
        }
        unsynced_names_.clear();
        break;
    }
  }
}

void CrashImages::write(const std::filesystem::path& folder, const Loss& loss,
                        std::mt19937_64& dice) const {
  const auto chance = [&dice](double share) {
    return std::uniform_real_distribution<double>(0, 1)(dice) < share;
  };
  std::map<std::string, std::size_t> names = synced_names_;
  for (const Step* step : unsynced_names_) {
    if (!chance(loss.kept)) continue;
    if (step->kind == Step::Kind::create) {
      names[step->name] = step->file;
    } else if (const auto named = names.find(step->name);
               named != names.end() && named->second == step->file) {
      names.erase(named);
      if (step->kind == Step::Kind::rename) names[step->new_name] = step->file;
    }
  }
  for (const auto& [name, number] : names) {
    const auto file = files_.find(number);
    std::string content = file == files_.end() ? std::string() : file->second.synced;
    for (const Step* step :
         file == files_.end() ? std::vector<const Step*>{} : file->second.unsynced) {
      const bool whole = chance(loss.kept);
      if (step->kind == Step::Kind::cut) {
        if (whole) apply(*step, content);
        continue;
      }
      if (!whole && !chance(loss.torn)) continue;
      Step kept = *step;
      if (chance(loss.bit) && !kept.bytes.empty()) {
        char& byte = kept.bytes[dice() % kept.bytes.size()];
        byte = static_cast<char>(byte ^ (1 << dice() % 8));
      }
      if (whole) {
        apply(kept, content);
        continue;
      }
      // By the sectors of the file, not of the write.
      for (std::uint64_t at = kept.offset; at < kept.offset + kept.bytes.size();) {
        const std::uint64_t end =
            std::min((at / sector_bytes + 1) * sector_bytes, kept.offset + kept.bytes.size());
        if (chance(0.5)) {
          Step sector;
          sector.offset = at;
          sector.bytes = kept.bytes.substr(at - kept.offset, end - at);
          apply(sector, content);
        }
        at = end;
      }
    }
    std::ofstream out(folder / name, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  }
}

namespace {

FaultState fault_state;

}  // namespace

Fault::Fault(const std::filesystem::path& folder, const Plan& plan) {
  const std::lock_guard guard(watch_mutex);
  assert(!notes && !fault);
  fault_state = {};
  fault_state.folder = folder.string();
  fault_state.plan = plan;
  fault = &fault_state;
  watching = true;
}

Fault::~Fault() {
  const std::lock_guard guard(watch_mutex);
  fault = nullptr;
  watching = false;
}

bool Fault::happened() const {
  const std::lock_guard guard(watch_mutex);
  return fault->happened;
}

std::chrono::steady_clock::duration Fault::age() const {
  const std::lock_guard guard(watch_mutex);
  return std::chrono::steady_clock::now() - fault->at;
}

std::size_t Fault::calls_since() const {
  const std::lock_guard guard(watch_mutex);
  return fault->since;
}

}  // namespace watched_disk

using watched_disk::Fault;

// In place of the C library's. Each does the real thing and tells what became of it. Debian's
// SQLite calls the 64-bit names; ours and those of other builds are the plain ones.
extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const next = watched_disk::real<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  const int descriptor = next(path, flags, mode);
  if (watched_disk::watching && descriptor >= 0) watched_disk::opened(path, descriptor);
  return descriptor;
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  return open(path, flags, mode);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  static auto* const next = watched_disk::real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  if (watched_disk::watching) {
    if (const int error = watched_disk::fails(descriptor, Fault::Call::write)) {
      errno = error;
      return -1;
    }
  }
  const ssize_t done = next(descriptor, bytes, count, offset);
  if (watched_disk::watching && done > 0) {
    watched_disk::written(descriptor, bytes, static_cast<std::size_t>(done), offset);
  }
  return done;
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t offset) {
  return pwrite(descriptor, bytes, count, offset);
}

int ftruncate(int descriptor, off_t size) noexcept {
  static auto* const next = watched_disk::real<int(int, off_t)>("ftruncate");
  if (watched_disk::watching) watched_disk::fails(descriptor, std::nullopt);
  const int result = next(descriptor, size);
  if (watched_disk::watching && result == 0) watched_disk::cut(descriptor, size);
  return result;
}

int ftruncate64(int descriptor, off64_t size) noexcept {
  return ftruncate(descriptor, size);
}

int fdatasync(int descriptor) {
  static auto* const next = watched_disk::real<int(int)>("fdatasync");
  if (watched_disk::watching) {
    if (const int error = watched_disk::fails(descriptor, Fault::Call::sync)) {
      errno = error;
      return -1;
    }
  }
  const int result = next(descriptor);
  if (watched_disk::watching && result == 0) watched_disk::synced(descriptor);
  return result;
}

int fsync(int descriptor) {
  static auto* const next = watched_disk::real<int(int)>("fsync");
  if (watched_disk::watching) {
    if (const int error = watched_disk::fails(descriptor, Fault::Call::sync)) {
      errno = error;
      return -1;
    }
  }
  const int result = next(descriptor);
  if (watched_disk::watching && result == 0) watched_disk::synced(descriptor);
  return result;
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = watched_disk::real<int(const char*, const char*)>("rename");
  const int result = next(from, to);
  if (watched_disk::watching && result == 0) watched_disk::renamed(from, to);
  return result;
}

int unlink(const char* path) noexcept {
  static auto* const next = watched_disk::real<int(const char*)>("unlink");
  const int result = next(path);
  if (watched_disk::watching && result == 0) watched_disk::removed(path);
  return result;
}

int remove(const char* path) noexcept {
  static auto* const next = watched_disk::real<int(const char*)>("remove");
  const int result = next(path);
  if (watched_disk::watching && result == 0) watched_disk::removed(path);
  return result;
}

}  // extern "C"
