#include "eventstore/witness.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "eventstore/log_lock.hpp"
#include "eventstore/log_reader.hpp"

namespace eventstore {

namespace {

using Slot = std::array<unsigned char, witness_slot_bytes>;

constexpr std::string_view magic = "CAMPHEAD";
constexpr std::uint32_t layout = 1;
constexpr std::size_t boot_bytes = 40;
constexpr std::size_t host_bytes = 64;
constexpr std::size_t checked_bytes = witness_slot_bytes - 4;

// How often a reader looks again when both slots seem broken, because a writer may be in the middle
// of one.
constexpr int looks_max = 3;

// CRC-32C (Castagnoli), reflected.
constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82F63B78U : 0U);
    table[byte] = rest;
  }
  return table;
}();

std::uint32_t crc32c(const unsigned char* bytes, std::size_t count) {
  std::uint32_t rest = 0xFFFFFFFF;
  for (std::size_t i = 0; i < count; ++i) {
    rest = (rest >> 8) ^ crc_table[(rest ^ bytes[i]) & 0xFF];
  }
  return ~rest;
}

// Writes and reads the fields of a slot one after the other.
struct Cursor {
  unsigned char* at;

  void put(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) *at++ = static_cast<unsigned char>(value >> (8 * i));
  }
  void put(std::string_view text, std::size_t room) {
    const std::size_t kept = std::min(text.size(), room);
    std::memcpy(at, text.data(), kept);
    at += room;
  }
  void put(const Hash& hash) { at = std::copy(hash.begin(), hash.end(), at); }

  std::uint64_t take(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(*at++) << (8 * i);
    return value;
  }
  std::string take_text(std::size_t room) {
    std::string text(at, std::find(at, at + room, '\0'));
    at += room;
    return text;
  }
  Hash take_hash() {
    Hash hash{};
    std::copy_n(at, hash.size(), hash.begin());
    at += hash.size();
    return hash;
  }
};

Slot encode(const Witnessed& witnessed) {
  Slot slot{};
  Cursor cursor{slot.data()};
  cursor.put(magic, magic.size());
  cursor.put(layout, 4);
  cursor.put(witnessed.head.epoch, 4);
  cursor.put(witnessed.sequence, 8);
  cursor.put(witnessed.head.position, 8);
  cursor.put(static_cast<std::uint64_t>(witnessed.head.recorded_at), 8);
  cursor.put(witnessed.identity);
  cursor.put(witnessed.head.hash);
  cursor.put(witnessed.boot, boot_bytes);
  cursor.put(witnessed.host, host_bytes);
  cursor.put(witnessed.file.inode, 8);
  cursor.put(static_cast<std::uint64_t>(witnessed.file.born), 8);
  cursor.at = slot.data() + checked_bytes;
  cursor.put(crc32c(slot.data(), checked_bytes), 4);
  return slot;
}

std::optional<Witnessed> decode(Slot& slot) {
  Cursor end{slot.data() + checked_bytes};
  if (end.take(4) != crc32c(slot.data(), checked_bytes)) return std::nullopt;
  Cursor cursor{slot.data()};
  if (cursor.take_text(magic.size()) != magic || cursor.take(4) != layout) return std::nullopt;
  Witnessed witnessed;
  witnessed.head.epoch = static_cast<std::uint32_t>(cursor.take(4));
  witnessed.sequence = cursor.take(8);
  witnessed.head.position = cursor.take(8);
  witnessed.head.recorded_at = static_cast<std::int64_t>(cursor.take(8));
  witnessed.identity = cursor.take_hash();
  witnessed.head.hash = cursor.take_hash();
  witnessed.boot = cursor.take_text(boot_bytes);
  witnessed.host = cursor.take_text(host_bytes);
  witnessed.file.inode = cursor.take(8);
  witnessed.file.born = static_cast<std::int64_t>(cursor.take(8));
  return witnessed;
}

off_t place_of(std::size_t slot) {
  return static_cast<off_t>(slot * witness_slot_distance);
}

[[noreturn]] void raise(int error) {
  throw std::system_error(error, std::generic_category());
}

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {
    if (number < 0) raise(errno);
  }
  ~Descriptor() { close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number;
};

using Slots = std::array<std::optional<Witnessed>, 2>;

Slots read_slots(int descriptor) {
  Slots slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Slot bytes{};
    const ssize_t got = pread(descriptor, bytes.data(), bytes.size(), place_of(i));
    if (got < 0) raise(errno);
    if (static_cast<std::size_t>(got) == bytes.size()) slots[i] = decode(bytes);
  }
  return slots;
}

std::optional<std::size_t> newer_of(const Slots& slots) {
  if (!slots[0] && !slots[1]) return std::nullopt;
  if (!slots[0]) return 1;
  if (!slots[1]) return 0;
  return slots[1]->sequence > slots[0]->sequence ? 1 : 0;
}

void write_whole(int descriptor, const unsigned char* bytes, std::size_t count, off_t place) {
  while (count > 0) {
    const ssize_t written = pwrite(descriptor, bytes, count, place);
    if (written < 0) {
      if (errno == EINTR) continue;
      raise(errno);
    }
    bytes += written;
    count -= static_cast<std::size_t>(written);
    place += written;
  }
}

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

constexpr const char* choices =
    "Restore a backup whole, or write what is there to a new log with verify --salvage, or say "
    "with "
    "verify --accept-head that the log as it stands is all there is";

std::string events(Position count) {
  return count == 1 ? "1 event" : std::to_string(count) + " events";
}

}  // namespace

std::filesystem::path witness_path(const std::filesystem::path& log) {
  return log.string() + ".head";
}

std::filesystem::path witness_draft_path(const std::filesystem::path& log) {
  return log.string() + ".head.new";
}

std::optional<Witnessed> read_witness(const std::filesystem::path& file) {
  try {
    const Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    for (int look = 1;; ++look) {
      const Slots slots = read_slots(descriptor.number);
      const auto newer = newer_of(slots);
      if (newer) return slots[*newer];
      if (look == looks_max) return std::nullopt;
    }
  } catch (const std::system_error& error) {
    throw LogFailed("cannot read the log's witness " + file.string() + ": " +
                    error.code().message());
  }
}

Witnessed witness_of(const std::filesystem::path& log) {
  const std::filesystem::path real = witness_path(log);
  const std::filesystem::path draft = witness_draft_path(log);
  const bool is_there = std::filesystem::exists(real);
  if (!is_there && !std::filesystem::exists(draft)) {
    throw LogUnwitnessed(log.string() + " has lost its witness " + real.string() +
                         ", so nobody can tell whether its last events are still there. Put the "
                         "file back, or say with verify --accept-head that the log as it stands is "
                         "all there is");
  }
  const std::filesystem::path& file = is_there ? real : draft;
  const auto witnessed = read_witness(file);
  if (!witnessed) {
    throw LogUnwitnessed("both halves of " + file.string() +
                         " are broken, so nobody can tell whether the last events of " +
                         log.string() +
                         " are still there. Put a copy of it back, or say with verify "
                         "--accept-head that the log as it stands is all there is");
  }
  return *witnessed;
}

void refuse_lost_log(const std::filesystem::path& log) {
  const std::filesystem::path file = witness_path(log);
  if (!std::filesystem::exists(file)) return;
  const auto witnessed = read_witness(file);
  const Position last = witnessed ? witnessed->head.position : 0;
  throw LogLost("the log " + log.string() + " is gone: " + file.string() +
                    (witnessed ? " saw it with " + events(last) : std::string(" speaks of it")) +
                    ". Put it back or restore a backup; remove that file only if the log is given "
                    "up for good",
                1, last);
}

bool FileMark::may_be(const FileMark& other) const {
  if (inode == 0 || other.inode == 0) return true;
  return inode == other.inode && (born == 0 || other.born == 0 || born == other.born);
}

FileMark mark_of(int descriptor) {
  struct statx known {};
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &known) != 0) raise(errno);
  FileMark mark;
  mark.inode = known.stx_ino;
  if ((known.stx_mask & STATX_BTIME) != 0) {
    mark.born = known.stx_btime.tv_sec * 1'000'000'000 + known.stx_btime.tv_nsec;
  }
  return mark;
}

void refuse_copied_log(const std::filesystem::path& log, const Witnessed& witnessed,
                       const FileMark& file) {
  if (file.may_be(witnessed.file)) return;
  throw LogUnwitnessed(log.string() + " is a copy: " + witness_path(log).string() +
                       " saw another file. If that one is still used, the same people would be "
                       "called from both: stop, and use that one. If this is the log from now on, "
                       "say so with verify --accept-head");
}

WitnessCheck::WitnessCheck(std::filesystem::path log, std::filesystem::path file,
                           Witnessed witnessed)
    : log_(std::move(log)), file_(std::move(file)), witnessed_(std::move(witnessed)) {}

void WitnessCheck::see(Position position, const Hash& hash) const {
  const Head& head = witnessed_.head;
  if (position == 1 && head.position > 0 && hash != witnessed_.identity) {
    throw LogUnwitnessed(file_.string() + " is the witness of another log than " + log_.string() +
                         ". Put the files that belong together beside each other again");
  }
  if (position == head.position && hash != head.hash) {
    throw LogDamaged(log_.string() + " was written anew: event " + std::to_string(position) +
                         " or one before it is not the one that " + file_.string() + " saw. " +
                         choices,
                     position);
  }
}

void WitnessCheck::end(Position last) const {
  const Head& head = witnessed_.head;
  if (last >= head.position) return;
  throw LogLost(log_.string() + " has lost its end: it has " + events(last) + ", but " +
                    file_.string() + " saw " + events(head.position) + "; event " +
                    std::to_string(last + 1) + " is the first that is missing. " + choices,
                last + 1, head.position);
}

struct WitnessFile::Block {
  Block(const std::filesystem::path& file, bool create)
      : descriptor(open(file.c_str(),
                        O_RDWR | O_CLOEXEC | O_NOCTTY | (create ? O_CREAT | O_EXCL : 0), 0600)) {}

  Descriptor descriptor;
  std::string host = this_host();
  std::string boot = this_boot();
  FileMark log{};
  std::uint64_t sequence = 0;
  std::size_t slot = 0;
  bool unsynced = false;
};

WitnessFile::WitnessFile(const std::filesystem::path& file, bool create)
    : block_(new Block(file, create)) {
  if (create) {
    const std::array<unsigned char, 2 * witness_slot_distance> empty{};
    write_whole(block_->descriptor.number, empty.data(), empty.size(), 0);
    return;
  }
  const Slots slots = read_slots(block_->descriptor.number);
  if (const auto newer = newer_of(slots)) {
    block_->sequence = slots[*newer]->sequence;
    block_->log = slots[*newer]->file;
    block_->slot = 1 - *newer;
  }
}

WitnessFile::~WitnessFile() = default;

void WitnessFile::speak_of(const FileMark& log) {
  block_->log = log;
}

void WitnessFile::write(const Head& head, const Hash& identity) {
  const Slot slot =
      encode({head, identity, block_->sequence + 1, block_->host, block_->boot, block_->log});
  // Before the writing: half a slot is something to sync, too.
  block_->unsynced = true;
  write_whole(block_->descriptor.number, slot.data(), slot.size(), place_of(block_->slot));
  ++block_->sequence;
}

void WitnessFile::sync() {
  if (fdatasync(block_->descriptor.number) != 0) raise(errno);
  if (block_->unsynced) block_->slot = 1 - block_->slot;
  block_->unsynced = false;
}

bool WitnessFile::unsynced() const {
  return block_->unsynced;
}

void sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fsync(descriptor.number) != 0) raise(errno);
}

void make_witness(const std::filesystem::path& file, const Head& head, const Hash& identity,
                  const FileMark& log) {
  std::filesystem::remove(file);
  WitnessFile made(file, true);
  made.speak_of(log);
  for (int slot = 0; slot < 2; ++slot) {
    made.write(head, identity);
    made.sync();
  }
  sync_folder_of(file);
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::rename(from, to);
  sync_folder_of(to);
}

Head accept_head(const std::filesystem::path& log, const std::filesystem::path& witness_copy) {
  std::error_code unresolved;
  std::filesystem::path file = std::filesystem::canonical(log, unresolved);
  if (unresolved) file = log;
  const LogLock lock(file, LogLock::Open::existing);
  LogReader reader(file);
  reader.verify_itself([&](const Problem& problem) {
    throw LogDamaged("the end of " + log.string() + " cannot be accepted: " + problem.sentence +
                         ". Restore a backup, or write what is sound to a new log with verify "
                         "--salvage",
                     std::max<Position>(problem.position, 1));
  });
  const Head head = reader.head();
  Hash identity{};
  reader.read(1, [&](const RecordedEvent& first) {
    identity = first.hash;
    return false;
  });
  try {
    const FileMark mark = mark_of(lock.descriptor());
    make_witness(witness_draft_path(file), head, identity, mark);
    rename_durably(witness_draft_path(file), witness_path(file));
    if (!witness_copy.empty()) {
      const std::filesystem::path draft = witness_copy.string() + ".new";
      make_witness(draft, head, identity, mark);
      rename_durably(draft, witness_copy);
    }
  } catch (const std::system_error& error) {
    throw LogFailed("cannot write the witness of " + log.string() + ": " + error.code().message());
  }
  return head;
}

}  // namespace eventstore
