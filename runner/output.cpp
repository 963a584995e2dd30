#include "runner/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace runner {

namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {  // whoever shares it made it so
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      (void)::poll(&writable, 1, -1);
      continue;
    }
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string complaint(std::string_view text) {
  return "campanile: " + std::string(text) + '\n';
}

}  // namespace

struct OutputThread::Block {
  struct Piece {
    int fd;
    std::string text;
  };
  // Of the one that lives; null: none does.
  static inline std::mutex living_mutex{};
  static inline Block* living = nullptr;

  std::mutex mutex{};
  std::condition_variable changed{};
  std::deque<Piece> waiting{};
  std::size_t bytes = 0;  // of what waits, and of what is being written
  std::uint64_t left_out = 0;
  bool takes_all = false;
  bool ends = false;
  std::thread thread{};

  static void write(int fd, std::string_view text) {
    {
      const std::scoped_lock lock(living_mutex);
      if (living != nullptr) return living->take(fd, text);
    }
    (void)write_all(fd, text);
  }

  void take(int fd, std::string_view text) {
    const std::scoped_lock lock(mutex);
    // Where one piece had no room, the next one that has would only be told of as a gap of its own.
    const std::size_t room = left_out == 0 ? waiting_bytes_max : waiting_bytes_max / 2;
    if (!takes_all && bytes + text.size() > room) {
      ++left_out;
      return;
    }
    tell_of_what_was_left_out();
    add(fd, std::string(text));
    changed.notify_one();
  }
  void add(int fd, std::string text) {
    bytes += text.size();
    waiting.push_back({fd, std::move(text)});
  }
  void tell_of_what_was_left_out() {
    if (left_out == 0) return;
    add(STDERR_FILENO, complaint(std::to_string(std::exchange(left_out, 0)) +
                                 " messages are left out here: what this program writes was not "
                                 "taken in time"));
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ends || !waiting.empty() || left_out > 0; });
      if (waiting.empty()) tell_of_what_was_left_out();
      if (waiting.empty()) return;
      const Piece piece = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      (void)write_all(piece.fd, piece.text);
      lock.lock();
      bytes -= piece.text.size();
    }
  }
};

OutputThread::OutputThread() : block_(std::make_unique<Block>()) {
  block_->thread = std::thread([block = block_.get()] { block->run(); });
  const std::scoped_lock lock(Block::living_mutex);
  assert(Block::living == nullptr);
  Block::living = block_.get();
}

void OutputThread::leave_nothing_out() {
  const std::scoped_lock lock(block_->mutex);
  block_->takes_all = true;
}

OutputThread::~OutputThread() {
  {
    const std::scoped_lock lock(Block::living_mutex);
    Block::living = nullptr;
  }
  {
    const std::scoped_lock lock(block_->mutex);
    block_->ends = true;
  }
  block_->changed.notify_one();
  block_->thread.join();
}

void print(std::string_view text) {
  OutputThread::Block::write(STDOUT_FILENO, text);
}

void print_answer(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return;
  throw std::runtime_error(
      std::string("what was asked for cannot be written to standard output: ") +
      std::strerror(errno));
}

void complain(std::string_view text) {
  OutputThread::Block::write(STDERR_FILENO, complaint(text));
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
