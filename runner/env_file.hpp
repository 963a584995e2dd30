#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace runner {

// Settings as people keep them in a `.env` file.
struct EnvFile {
  std::map<std::string, std::string> settings{};
  std::vector<int> skipped{};  // lines, from 1, that set nothing and are no comment
};

// Reads what Node's dotenv reads, so that a file that served a project there serves here, too:
// `NAME=value` or `NAME: value`, `export` before it, comments, values in ', " or ` that may hold
// line ends and #, and \\n in double quotes. The last one of a name counts. Never fails.
EnvFile parse_env_file(std::string_view text);

}  // namespace runner
