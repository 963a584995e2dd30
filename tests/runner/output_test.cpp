#include "runner/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

BOOST_AUTO_TEST_SUITE(output)

using namespace runner;

namespace {

// A pipe that nobody empties until it is let, in place of standard output or standard error.
class Pipe {
 public:
  explicit Pipe(int fd) : fd_(fd), before_(dup(fd)) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
    BOOST_REQUIRE(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    BOOST_REQUIRE(dup2(ends[1], fd_) >= 0);
    close(ends[1]);
    end_ = ends[0];
  }
  ~Pipe() {
    give_back();
    if (reader_.joinable()) reader_.join();
    close(end_);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void begin_to_read() {
    reader_ = std::thread([this] {
      std::array<char, 4096> some{};
      for (ssize_t n = 0; (n = read(end_, some.data(), some.size())) > 0;) {
        text_.append(some.data(), static_cast<std::size_t>(n));
        taken_ += static_cast<std::size_t>(n);
      }
    });
  }
  std::size_t taken() const { return taken_; }
  // All that was written.
  const std::string& text() {
    give_back();
    reader_.join();
    return text_;
  }

 private:
  void give_back() {
    if (before_ < 0) return;
    dup2(before_, fd_);
    close(std::exchange(before_, -1));
  }

  int fd_;
  int before_;
  int end_ = -1;
  std::thread reader_{};
  std::string text_{};
  std::atomic<std::size_t> taken_{0};
};

std::string line(int number) {
  return std::to_string(number) + std::string(90, '.') + '\n';
}

}  // namespace

BOOST_AUTO_TEST_CASE(whoever_prints_waits_for_no_reader_and_what_was_left_out_is_told) {
  Pipe out(STDOUT_FILENO);
  Pipe err(STDERR_FILENO);
  const int lines = 30'000;  // nearly three times what waits
  {
    std::optional<OutputThread> thread{std::in_place};
    for (int i = 0; i < lines; ++i) print(line(i));
    complain("is left out as well");
    out.begin_to_read();
    err.begin_to_read();
    thread.reset();
    print("after it\n");
  }
  const std::string& printed = out.text();
  int expected = 0;
  std::size_t at = 0;
  for (; printed.compare(at, line(expected).size(), line(expected)) == 0; ++expected) {
    at += line(expected).size();
  }
  BOOST_TEST(printed.substr(at) == "after it\n");
  BOOST_TEST(at <= OutputThread::waiting_bytes_max + 4096);
  BOOST_TEST(at > OutputThread::waiting_bytes_max - 4096);
  BOOST_TEST(err.text() == "campanile: " + std::to_string(lines - expected + 1) +
                               " messages are left out here: what this program writes was not "
                               "taken in time\n");
}

BOOST_AUTO_TEST_CASE(a_gap_is_told_when_all_before_it_was_taken_though_nothing_follows) {
  using namespace std::chrono_literals;
  Pipe out(STDOUT_FILENO);
  Pipe err(STDERR_FILENO);
  const OutputThread thread;
  print(std::string(OutputThread::waiting_bytes_max - 10, '.'));
  print("has no room");
  out.begin_to_read();
  err.begin_to_read();
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (err.taken() == 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  BOOST_TEST(err.taken() > 0);
}

BOOST_AUTO_TEST_CASE(after_the_calls_nothing_is_left_out) {
  Pipe out(STDOUT_FILENO);
  {
    OutputThread thread;
    print(std::string(OutputThread::waiting_bytes_max - 10, '.'));
    thread.leave_nothing_out();
    print("finished: all of it");
    out.begin_to_read();
  }
  BOOST_TEST(out.text().ends_with("finished: all of it"));
}

BOOST_AUTO_TEST_CASE(the_order_is_kept_over_both) {
  Pipe both(STDOUT_FILENO);
  const int error = dup(STDERR_FILENO);
  dup2(STDOUT_FILENO, STDERR_FILENO);
  std::string expected;
  both.begin_to_read();
  {
    const OutputThread thread;
    for (int i = 0; i < 500; ++i) {
      print(line(i));
      complain(std::to_string(i));
      expected += line(i) + "campanile: " + std::to_string(i) + '\n';
    }
  }
  dup2(error, STDERR_FILENO);
  close(error);
  BOOST_TEST((both.text() == expected));
}

BOOST_AUTO_TEST_SUITE_END()
