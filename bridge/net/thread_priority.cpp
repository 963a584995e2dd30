#include "bridge/net/thread_priority.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bridge::net {

namespace {

// What sched_setattr(2) takes, in its first form. The system's own header for it does not go
// together with <sched.h>, and the C library of Debian 12 has no function for it.
struct SchedulerAttributes {
  std::uint32_t size = sizeof(SchedulerAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  // of SCHED_OTHER: the slice
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

constexpr int nice_of_who_gives_way = 10;

// The shortest that Linux takes: whoever wakes may take the place of one with a longer slice.
constexpr std::chrono::nanoseconds prompt_slice = std::chrono::microseconds{100};

// Of this thread alone: Linux keeps both for each. A slice of none is the system's own. Both are
// given to the threads that this one makes.
void set(int nice, std::chrono::nanoseconds slice) {
  if (sched_getscheduler(0) != SCHED_OTHER) return;  // whoever runs the program has decided
  SchedulerAttributes wanted;
  wanted.nice = nice;
  wanted.runtime_ns = static_cast<std::uint64_t>(slice.count());
  static_cast<void>(syscall(SYS_sched_setattr, 0, &wanted, 0));
}

int nice_of_this_thread() {
  return getpriority(PRIO_PROCESS, 0);
}

}  // namespace

void give_way() {
  set(std::max(nice_of_this_thread(), nice_of_who_gives_way), {});
}

void be_prompt() {
  set(nice_of_this_thread(), prompt_slice);
}

}  // namespace bridge::net
