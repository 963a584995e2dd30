#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "campaigns/commands.hpp"
#include "campaigns/result.hpp"
#include "runner/environment.hpp"

// An operator's command on a log, whether or not a program runs on it.
namespace runner {

// Where nothing runs on the log: takes it, decides the command, writes what follows and destroys
// the keys of whoever is forgotten. The number of events written: none for a repeat. Nothing stays
// held afterwards. Throws LogFailed and its kinds.
campaigns::Result<std::size_t, campaigns::Refusal> carry_out_at_rest(
    const std::filesystem::path& log, const Environment& environment,
    const campaigns::Command& command);

// Asks the program that runs on the log, or where none does carries the command out itself.
// Nothing: it is done, and durable. Otherwise the reason was told: exit code `refused` for a
// refusal, 1 where a program runs and does not answer. Throws as carry_out_at_rest.
std::optional<int> have_carried_out(const std::filesystem::path& log,
                                    const Environment& environment,
                                    const campaigns::Command& command, int refused);

}  // namespace runner
