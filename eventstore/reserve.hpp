#pragma once

#include <cstdint>
#include <filesystem>

namespace eventstore {

// Space that is kept for when the disk is full: a file `<log>.reserve` that holds nothing. Given up
// at the first refused write, it lets calls that are under way come to their end in the log.
class Reserve {
 public:
  // `bytes_max`, or an eighth of what is free where that is less. Removes what a crash left; keeps
  // nothing yet.
  Reserve(const std::filesystem::path& log, std::uintmax_t bytes_max);

  // Gives the space back.
  ~Reserve();
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;

  // Takes the space. False when the disk does not have it. Where the file system cannot set space
  // aside at all, there is no reserve and this is true.
  bool take();

  // True if there was something to give up.
  bool give_up();

 private:
  std::filesystem::path file_;
  std::uintmax_t bytes_ = 0;
  bool taken_ = false;
};

}  // namespace eventstore
