#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace runner {

// The settings that people who come from a Node + Twilio project keep in the environment: from the
// environment itself, else from `$CREDENTIALS_DIRECTORY`, else from `.env` in the working directory
// or the file that was named.
class Environment {
 public:
  // `env_file`: empty for `.env`, which may be missing; a named one must be there. Throws
  // std::runtime_error for a file that cannot be read. Says on standard error when a file was read,
  // and warns of lines that set nothing and when others may read it.
  static Environment read(const std::filesystem::path& env_file);

  // Without blanks and line ends around it; empty for what is not set.
  std::string get(const std::string& name) const;

 private:
  std::map<std::string, std::string> file_{};
};

}  // namespace runner
