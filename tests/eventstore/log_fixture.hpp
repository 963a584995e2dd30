#pragma once

#include <sys/types.h>

#include <unistd.h>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/record.hpp"

// What the tests of this folder share: a folder that goes away, what lies in it, and events.
namespace log_fixture {

class TemporaryFolder {
 public:
  // In memory where the machine has a place for it, for tests that make thousands of logs.
  static std::filesystem::path in_memory() {
    const std::filesystem::path memory = "/dev/shm";
    return access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  }

  explicit TemporaryFolder(
      const std::filesystem::path& base = std::filesystem::temp_directory_path())
      : path_(base / name()) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  static std::string name() {
    static std::atomic<int> made{0};
    return "campanile-eventstore-" + std::to_string(getpid()) + "-" + std::to_string(++made);
  }

  std::filesystem::path path_;
};

// Nothing of a file that is not there.
inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

inline std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename());
  }
  return names;
}

inline eventstore::NewEvent event(std::string stream, std::uint32_t version,
                                  std::string payload = "{}") {
  eventstore::NewEvent made;
  made.stream = std::move(stream);
  made.version = version;
  made.type = "SomethingHappened";
  made.payload = std::move(payload);
  return made;
}

// Every column filled.
inline eventstore::NewEvent full_event(std::string stream, std::uint32_t version) {
  eventstore::NewEvent made = event(std::move(stream), version, R"({"digit":"1"})");
  made.type = "AnswerGiven";
  made.schema = 3;
  made.occurred_at = -1;
  made.key_id = 77;
  made.personal = std::string("a\0b\xff", 4);
  return made;
}

}  // namespace log_fixture
