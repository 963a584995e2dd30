#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "eventstore/secret.hpp"
#include "runner/environment.hpp"

// The master key opens a log's keys, and with them all that names or quotes people. An operator
// keeps it in CAMPANILE_MASTER_KEY (64 hexadecimal digits; the environment or a credential), or in
// the file `<log>.key`, mode 0600, where a log is made without one. Whoever copies the log without
// its key has nothing personal in hand.
namespace runner {

std::filesystem::path master_key_file_of(const std::filesystem::path& log);

// Of a log that exists: the file beside it, else the environment. Throws std::runtime_error, saying
// where it looked, when there is none or what is there is no key.
eventstore::Secret find_master_key(const std::filesystem::path& log,
                                   const Environment& environment = {});

// Of a log that is about to be made: the environment's; else what stands in the file, which a crash
// or somebody who makes the same log just now has left there; else a new one, written to the file.
struct MasterKey {
  eventstore::Secret key{};
  bool written = false;
};
MasterKey make_master_key(const std::filesystem::path& log, const Environment& environment);

}  // namespace runner
