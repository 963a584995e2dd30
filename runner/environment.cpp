#include "runner/environment.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "runner/env_file.hpp"
#include "runner/output.hpp"

namespace runner {

namespace {

// What people copy comes with blanks and line ends around it, which no setting means.
std::string without_ends(const std::string& text) {
  constexpr const char* ends = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(ends);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(ends) - first + 1);
}

}  // namespace

Environment Environment::read(const std::filesystem::path& env_file) {
  Environment environment;
  const auto path = env_file.empty() ? std::filesystem::path(".env") : env_file;
  std::ifstream file(path);
  if (!file) {
    if (!env_file.empty()) throw std::runtime_error(path.string() + ": cannot be read");
    return environment;
  }
  std::ostringstream text;
  text << file.rdbuf();
  auto read = parse_env_file(text.str());
  environment.file_ = std::move(read.settings);
  complain("settings read from " + path.string());
  for (const int line : read.skipped) {
    complain("warning: " + path.string() + ", line " + std::to_string(line) +
             " sets nothing: it is not of the form NAME=value");
  }
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    complain("warning: others can read " + path.string() + "; run: chmod 600 " + path.string());
  }
  return environment;
}

std::string Environment::get(const std::string& name) const {
  if (const char* value = std::getenv(name.c_str()); value && *value) return without_ends(value);
  if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY"); directory && *directory) {
    std::ifstream file(std::filesystem::path(directory) / name);
    std::string value;
    if (std::getline(file, value)) return without_ends(value);
  }
  const auto found = file_.find(name);
  return found == file_.end() ? std::string() : without_ends(found->second);
}

}  // namespace runner
