#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

// The disk as the log sees it, below SQLite's VFS: the calls of the C library that open, write,
// cut, sync, rename and remove files pass through functions of this test program, so that the
// database, the write-ahead file, the witness and the making of a log are seen alike. What is not
// watched goes straight through.
namespace watched_disk {

// One thing that was done to the files of a folder.
struct Step {
  enum class Kind { create, write, cut, sync, rename, remove, sync_folder };
  Kind kind = Kind::write;
  // Which file: a number of its own, whatever its name.
  std::size_t file = 0;
  std::string name{};
  // Of a rename.
  std::string new_name{};
  std::uint64_t offset = 0;
  // How long it is after a cut.
  std::uint64_t size = 0;
  std::string bytes{};
};

// What was told, and after how many steps.
struct Told {
  std::size_t steps = 0;
  std::uint64_t position = 0;
};

// Writes down what happens in one folder (not below it) until it is stopped. SQLite's index of the
// WAL and the files that hold nothing of the log (-shm, .lock, .reserve) are left out. One at a
// time.
class Recording {
 public:
  explicit Recording(const std::filesystem::path& folder);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Everything up to this position was told to be durable.
  void told(std::uint64_t position);

  void stop();

  // Only after stop.
  const std::vector<Step>& steps() const;
  const std::vector<Told>& all_told() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// What a disk may have kept of unsynced work when the power went.
struct Loss {
  // Each unsynced write is kept whole with this chance.
  double kept = 0.5;
  // Of the others, this share is kept in part: some of its sectors.
  double torn = 0.3;
  // Of the written or torn ones, this share has one bit wrong.
  double bit = 0.1;
};

// Plays a recording up to chosen points, which must not go back, and makes the folders that a loss
// of power at such a point could leave.
class CrashImages {
 public:
  // `honest`: which syncs this disk carries out. A test of the test itself passes one that lies.
  CrashImages(const std::vector<Step>& steps, bool (*honest)(const Step&) = nullptr);

  // Goes to the moment before step `to`.
  void play(std::size_t to);

  // Writes one of the possible folders into `folder`, which is empty.
  void write(const std::filesystem::path& folder, const Loss& loss, std::mt19937_64& dice) const;

 private:
  struct File {
    std::string synced{};
    std::vector<const Step*> unsynced{};
  };

  static void apply(const Step& step, std::string& content);

  const std::vector<Step>& steps_;
  bool (*honest_)(const Step&);
  std::size_t next_ = 0;
  std::map<std::size_t, File> files_{};
  std::map<std::string, std::size_t> synced_names_{};
  std::vector<const Step*> unsynced_names_{};
};

// Makes the n-th call of a kind fail, on any file of one folder but those that Recording leaves
// out, while it lives. Counts what is called after that. One at a time, and none beside a
// Recording.
class Fault {
 public:
  enum class Call { write, sync };
  struct Plan {
    Call call = Call::write;
    // 1 for the first one.
    std::size_t nth = 1;
    int error = 0;
    // All of them from the n-th on, or that one alone.
    bool for_good = false;
  };

  Fault(const std::filesystem::path& folder, const Plan& plan);
  ~Fault();
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  bool happened() const;

  // Since the first fault.
  std::chrono::steady_clock::duration age() const;

  // Writes, cuts and syncs (never of what Recording leaves out) since the fault, failed ones too.
  std::size_t calls_since() const;
};

}  // namespace watched_disk
