#include <sys/prctl.h>

#include "runner/command_line.hpp"
#include "runner/descriptors.hpp"

int main(int argc, char** argv) {
  // Tokens, keys and what people said are in this memory: the kernel writes no core dump of it, and
  // nobody but root may look into it while it runs.
  prctl(PR_SET_DUMPABLE, 0);
  runner::raise_descriptor_limit();
  return runner::run_command_line(argc, argv);
}
