#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/result.hpp"
#include "campaigns/state.hpp"
#include "runner/environment.hpp"
#include "runner/log_keys.hpp"

// An operator's command on a log, whether or not a program runs on it.
namespace runner {

// Where nothing runs on the log: takes it, decides the command, writes what follows and destroys
// the keys of whoever is forgotten. The number of events written: none for a repeat. Nothing stays
// held afterwards. Throws LogFailed and its kinds, also where the disk stays full for some seconds.
campaigns::Result<std::size_t, campaigns::Refusal> carry_out_at_rest(
    const std::filesystem::path& log, const Environment& environment,
    const campaigns::Command& command);

// The same for several commands, which are made when the log's state and keys are known; `after`
// sees the state that they lead to.
campaigns::Result<std::size_t, campaigns::Refusal> carry_out_at_rest(
    const std::filesystem::path& log, const Environment& environment,
    const std::function<campaigns::Result<std::vector<campaigns::Command>, campaigns::Refusal>(
        const campaigns::State& state, const LogKeys& keys)>& make,
    const std::function<void(const campaigns::State& state, campaigns::Instant now)>& after);

// Whether a program runs on the log and answers.
bool answers_on(const std::filesystem::path& log);

// Asks the program that runs on the log, or where none does carries the command out itself.
// Nothing: it is done, and durable. Otherwise the reason was told: exit code `refused` for a
// refusal, 1 where a program runs and does not answer. Throws as carry_out_at_rest.
std::optional<int> have_carried_out(const std::filesystem::path& log,
                                    const Environment& environment,
                                    const campaigns::Command& command, int refused);

}  // namespace runner
