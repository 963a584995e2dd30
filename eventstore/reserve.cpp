#include "eventstore/reserve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace eventstore {

namespace {

// Less would not hold the events of one call.
constexpr std::uintmax_t bytes_min = 64 << 10;

}  // namespace

Reserve::Reserve(const std::filesystem::path& log, std::uintmax_t bytes_max)
    : file_(log.string() + ".reserve") {
  std::error_code failed;
  std::filesystem::remove(file_, failed);
  const auto folder = log.has_parent_path() ? log.parent_path() : std::filesystem::path(".");
  const std::filesystem::space_info space = std::filesystem::space(folder, failed);
  const std::uintmax_t free = failed ? 0 : space.available;
  bytes_ = std::clamp(free / 8, std::min(bytes_min, bytes_max), bytes_max);
}

Reserve::~Reserve() {
  give_up();
}

bool Reserve::take() {
  if (taken_ || bytes_ == 0) return true;
  const int descriptor =
      open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
  const int error =
      descriptor < 0 ? errno : posix_fallocate(descriptor, 0, static_cast<off_t>(bytes_));
  if (descriptor >= 0) close(descriptor);
  taken_ = error == 0;
  if (taken_) return true;
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  return error != ENOSPC && error != EDQUOT;
}

bool Reserve::give_up() {
  if (!taken_) return false;
  taken_ = false;
  std::error_code failed;
  return std::filesystem::remove(file_, failed);
}

}  // namespace eventstore
