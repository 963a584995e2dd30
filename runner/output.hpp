#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "campaigns/result.hpp"

namespace runner {

// Exit codes of every command (design: section 7).
enum ExitCode : int { exit_done = 0, exit_not_well = 1, exit_bad_input = 2, exit_cannot_go_on = 3 };

// To standard output, unbuffered: what the program tells while it works, and that it has done
// something. Nobody has to take it.
void print(std::string_view text);
// To standard output: what a command was asked for, or a part of it. Throws std::runtime_error when
// it cannot be written, so that nobody takes half of it for the whole. Goes past an OutputThread.
void print_answer(std::string_view text);
// One line to standard error, with the program's name before it.
void complain(std::string_view text);
// Each problem on a line: where, what, cure.
void complain_of(const campaigns::Problems& problems);

// While one lives, what is printed and complained of is written by a thread of its own, in order:
// whoever has calls on a loop waits for no reader, be it a terminal that was stopped, a pager or a
// pipe that nobody empties. One at a time in the program.
class OutputThread {
 public:
  // That wait to be written. Whatever comes beyond is left out, and where it would have stood
  // standard error says how many pieces it was.
  static constexpr std::size_t waiting_bytes_max = 1 << 20;

  OutputThread();
  // Waits until all is written.
  ~OutputThread();
  OutputThread(const OutputThread&) = delete;
  OutputThread& operator=(const OutputThread&) = delete;

  // From now on: nobody has calls any more, and what is told at the end is told whole.
  void leave_nothing_out();

 private:
  friend void print(std::string_view text);
  friend void complain(std::string_view text);
  struct Block;
  std::unique_ptr<Block> block_;
};

// Writes a file beside its final name, synced, and renames it, so that nobody finds half of it.
// `write` is given a sink. Throws std::runtime_error when it cannot be written.
void write_whole_file(
    const std::filesystem::path& file, unsigned mode,
    const std::function<void(const std::function<void(std::string_view)>&)>& write);

}  // namespace runner
