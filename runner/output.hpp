#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "campaigns/result.hpp"

namespace runner {

// Exit codes of every command (design: section 7).
enum ExitCode : int { exit_done = 0, exit_not_well = 1, exit_bad_input = 2, exit_cannot_go_on = 3 };

// To standard output, at once: what the program tells while it works, and that it has done
// something. Nobody has to take it.
void print(std::string_view text);
// To standard output: what a command was asked for, or a part of it. Throws std::runtime_error when
// it cannot be written, so that nobody takes half of it for the whole.
void print_answer(std::string_view text);
// One line to standard error, with the program's name before it.
void complain(std::string_view text);
// Each problem on a line: where, what, cure.
void complain_of(const campaigns::Problems& problems);

// Writes a file beside its final name, synced, and renames it, so that nobody finds half of it.
// `write` is given a sink. Throws std::runtime_error when it cannot be written.
void write_whole_file(
    const std::filesystem::path& file, unsigned mode,
    const std::function<void(const std::function<void(std::string_view)>&)>& write);

}  // namespace runner
