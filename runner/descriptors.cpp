#include "runner/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "bridge/net/loop.hpp"

namespace runner {

namespace {

// The log and its views, 12 to 68 connections to the carrier, 48 of the control interface, those
// who are told of alerts, what each loop needs for itself, and a list that is being read.
constexpr std::size_t reserved = 256;

constexpr std::size_t connections_min = 16;

// Beside them what lingers for a moment on each loop, when its owner has counted it as gone.
std::size_t reserve_of(const DescriptorShares& shares) {
  return reserved + shares.loops * bridge::net::Loop::lingering_max;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));  // refused: it stays as it was
}

std::size_t descriptor_limit() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : 0;
}

std::size_t descriptors_for(const DescriptorShares& shares) {
  return reserve_of(shares) + shares.connections_max + 2 * shares.streams_max;
}

DescriptorShares fitting(const DescriptorShares& wanted, std::size_t limit) {
  if (limit >= descriptors_for(wanted)) return wanted;
  const auto left = limit - std::min(limit, reserve_of(wanted));
  DescriptorShares shares;
  shares.loops = wanted.loops;
  shares.connections_max = std::min(wanted.connections_max, std::max(left / 4, connections_min));
  shares.streams_max = std::clamp<std::size_t>((left - std::min(left, shares.connections_max)) / 2,
                                               1, std::max<std::size_t>(wanted.streams_max, 1));
  return shares;
}

}  // namespace runner
