#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eventstore/log_errors.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

// What could be saved of a log, and what not.
struct Salvage {
  // The last event that was kept; position 0: none, and no file was made.
  Head kept{};
  // The first event that is not what was written, cannot be read or is missing; 0 where there is
  // none.
  Position first_bad = 0;
  // The last event that is known to have been there.
  Position last_known = 0;
  // What is wrong, for people; empty when the log is well.
  std::string why{};
  // Why nothing can be said about the log's end, where its witness does not tell; else empty.
  std::string witness{};
};

// Writes what is provably good of a log, the longest beginning whose chain is sound and does not
// contradict the witness, to a new log with a witness and the keys of its own. The source is only
// read. `key_endings`: what the names of the log's key files end in; those that exist are taken.
//
// Throws std::invalid_argument if something stands at the new names, LogMissing, LogForeign or
// LogNewer for what is no log, LogFailed when nothing can be written. Nothing is left behind then.
Salvage salvage(const std::filesystem::path& log, const std::filesystem::path& to,
                const std::vector<std::string>& key_endings);

}  // namespace eventstore
