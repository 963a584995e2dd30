#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eventstore/log_errors.hpp"
#include "eventstore/record.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

// A file of a backup, as it lies there.
struct BackupFile {
  std::string name{};
  std::uint64_t bytes = 0;
  Hash sha256{};
};

// What a backup holds.
struct Backup {
  // Up to where.
  Head head{};
  // The database and its witness, and the keys if they are not apart.
  std::vector<BackupFile> files{};
  // The key files where they are apart.
  std::vector<BackupFile> keys{};
};

// What to back up, and where.
struct BackupPlan {
  std::filesystem::path log{};
  // A folder that does not exist, or an empty one.
  std::filesystem::path to{};
  // What the names of the log's key files end in, after the log's own name. Those that exist are
  // taken.
  std::vector<std::string> key_endings{};
  // Where the key files go instead of `to`; empty: to `to`.
  std::filesystem::path keys_to{};
  // The text of the MANIFEST.json that lies beside these files.
  std::function<std::string(const Backup& backup, const std::vector<BackupFile>& beside)>
      manifest{};
};

inline constexpr const char* manifest_name = "MANIFEST.json";

// Copies the whole set of a log, also while a program writes it, up to the event that is the last
// one when it begins: the events first and the keys after them, so that no event lacks its key. The
// copy is verified, with a witness of its own, so it opens as a log where it lies. Everything is
// synced under another name, and the folder gets its name last: half a backup never has it. Keys
// that go apart are in place before.
//
// Throws std::invalid_argument where the folders cannot be used, LogDamaged when the log is not
// well, LogFailed when something cannot be read or written. Nothing is left behind then.
Backup back_up(const BackupPlan& plan);

}  // namespace eventstore
