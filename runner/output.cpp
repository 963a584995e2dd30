#include "runner/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace runner {

namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_answer(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return;
  }
  throw std::runtime_error(
      std::string("what was asked for cannot be written to standard output: ") +
      std::strerror(errno));
}

void complain(std::string_view text) {
  std::fprintf(stderr, "campanile: %.*s\n", static_cast<int>(text.size()), text.data());
}

void complain_of(const campaigns::Problems& problems) {
  for (const auto& problem : problems) {
    std::string line = problem.where;
    if (!line.empty()) line += ": ";
    line += problem.what;
    if (!problem.cure.empty()) line += " (" + problem.cure + ')';
    complain(line);
  }
}

void write_whole_file(
    const std::filesystem::path& file, unsigned mode,
    const std::function<void(const std::function<void(std::string_view)>&)>& write) {
  const auto part = file.string() + ".part";
  const int fd = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  const auto fail = [&](const char* what) {
    const auto why = std::strerror(errno);
    if (fd >= 0) close(fd);
    unlink(part.c_str());
    throw std::runtime_error(file.string() + ": cannot be " + what + ": " + why);
  };
  if (fd < 0) fail("created");
  std::string buffer;
  bool good = true;
  write([&](std::string_view text) {
    buffer += text;
    if (buffer.size() < 1 << 16) return;
    good = good && write_all(fd, buffer);
    buffer.clear();
  });
  if (!good || !write_all(fd, buffer) || fsync(fd) != 0) fail("written");
  close(fd);
  if (rename(part.c_str(), file.c_str()) != 0) {
    const auto why = std::string(std::strerror(errno));
    unlink(part.c_str());
    throw std::runtime_error(file.string() + ": cannot be put in place: " + why);
  }
}

}  // namespace runner
