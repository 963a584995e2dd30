#include "eventstore/salvage.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "eventstore/log_copy.hpp"
#include "eventstore/log_reader.hpp"

namespace eventstore {

namespace {

namespace fs = std::filesystem;

void refuse_taken(const fs::path& file) {
  std::error_code ignored;
  if (fs::symlink_status(file, ignored).type() == fs::file_type::not_found) return;
  throw std::invalid_argument(file.string() +
                              " stands there already: what is saved goes to a new log. Name "
                              "another file");
}

// Files that get their real names at the end, and are removed otherwise.
class Drafts {
 public:
  Drafts() = default;
  ~Drafts() {
    std::error_code ignored;
    for (const auto& [draft, name] : files_) fs::remove(draft, ignored);
  }
  Drafts(const Drafts&) = delete;
  Drafts& operator=(const Drafts&) = delete;

  const fs::path& add(const fs::path& draft, const fs::path& name) {
    fs::remove(draft);
    return files_.emplace_back(draft, name).first;
  }

  // In the order in which they were added.
  void put_in_place() {
    while (!files_.empty()) {
      rename_durably(files_.front().first, files_.front().second);
      files_.erase(files_.begin());
    }
  }

 private:
  std::vector<std::pair<fs::path, fs::path>> files_{};
};

// Reads as far as everything is sound, into the copy.
Salvage copy_what_is_sound(const fs::path& log, LogReader& reader, LogCopy& copy) {
  Salvage saved;
  std::optional<WitnessCheck> witness;
  const auto damaged = [&](Position position, const std::string& why) {
    saved.first_bad = position;
    saved.why = why;
  };
  try {
    witness.emplace(log, witness_path(log), witness_of(log));
    saved.last_known = witness->witnessed().head.position;
  } catch (const LogFailed& unwitnessed) {
    saved.witness = unwitnessed.what();
  }
  try {
    saved.last_known = std::max(saved.last_known, reader.head().position);
  } catch (const LogFailed&) {
    // The end cannot be read; how far the beginning can is seen below.
  }
  try {
    reader.read(1, [&](const RecordedEvent& event) {
      copy.add(event);
      if (witness && event.position == 1) {
        try {
          witness->see(event.position, event.hash);
        } catch (const LogUnwitnessed& other) {
          saved.witness = other.what();
          witness.reset();
        }
      } else if (witness) {
        witness->see(event.position, event.hash);
      }
      return true;
    });
    if (witness) witness->end(copy.head().position);
    saved.kept = copy.head();
  } catch (const LogDamaged& damage) {
    damaged(damage.first_bad(), damage.what());
    saved.kept = copy.head();
    // A chain that is sound up to where the witness saw another one: somebody wrote it anew from
    // an unknown place on, and no event of it can be told from a forged one.
    if (damage.first_bad() == copy.head().position) saved.kept = {};
  } catch (const CopyFailed&) {
    throw;
  } catch (const LogFailed& unreadable) {
    damaged(copy.head().position + 1, unreadable.what());
    saved.kept = copy.head();
  }
  saved.last_known = std::max(saved.last_known, copy.head().position);
  return saved;
}

}  // namespace

Salvage salvage(const fs::path& log, const fs::path& to,
                const std::vector<std::string>& key_endings) {
  const fs::path folder = to.has_parent_path() ? to.parent_path() : fs::path(".");
  if (!to.has_filename() || !fs::is_directory(folder)) {
    throw std::invalid_argument(to.string() + " cannot be made: there is no such folder");
  }
  for (const char* end : {"", "-wal", "-shm"}) refuse_taken(to.string() + end);
  refuse_taken(witness_path(to));
  for (const std::string& ending : key_endings) refuse_taken(to.string() + ending);

  std::error_code unresolved;
  fs::path file = fs::canonical(log, unresolved);
  if (unresolved) file = log;
  LogReader reader(file);
  try {
    Drafts drafts;
    const fs::path draft = to.string() + ".part";
    for (const std::string& ending : key_endings) {
      if (!fs::exists(file.string() + ending)) continue;
      copy_belonging(file.string() + ending,
                     drafts.add(to.string() + ending + ".part", to.string() + ending));
    }
    LogCopy copy(drafts.add(draft, to));
    Salvage saved = copy_what_is_sound(file, reader, copy);
    copy.finish();
    if (saved.kept.position == 0) return saved;
    make_witness(drafts.add(witness_draft_path(to), witness_path(to)), saved.kept, copy.identity());
    drafts.put_in_place();
    return saved;
  } catch (const std::system_error& error) {
    throw LogFailed("cannot write what is sound to " + to.string() + ": " + error.what());
  }
}

}  // namespace eventstore
