#pragma once

namespace runner {

// The program: reads the command line, does what it says, and turns what cannot be helped into an
// exit code (commands.hpp).
int run_command_line(int argc, char** argv);

}  // namespace runner
