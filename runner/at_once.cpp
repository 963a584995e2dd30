#include "runner/at_once.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <vector>

namespace runner {

namespace {

// Each is held in memory until those before it are written.
constexpr std::size_t pieces_max = 8;

}  // namespace

void at_once(std::span<const std::function<void()>> work) {
  if (work.empty()) return;
  std::vector<std::future<void>> others;
  for (const auto& piece : work.subspan(1)) {
    // Where no thread is to be had, by the caller's in the end.
    others.push_back(std::async(std::launch::async | std::launch::deferred, std::cref(piece)));
  }
  // Where it throws, the others are waited for all the same.
  work.front()();
  for (auto& other : others) other.get();
}

std::size_t pieces_at_once() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, pieces_max);
}

}  // namespace runner
