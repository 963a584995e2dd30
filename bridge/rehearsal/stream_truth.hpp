#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/rehearsal/callee.hpp"

namespace bridge::rehearsal {

// How the sound of one call went: for the truth.
struct StreamTruth {
  std::string stream_sid{};
  net::Instant began{};
  std::optional<net::Instant> ended{};
  int error_code = 0;  // 319xx
  std::uint64_t frames_sent = 0;
  std::uint64_t media_received = 0;
  std::uint64_t sound_ms = 0;  // that was played to the person
  std::uint64_t marks = 0;
  std::uint64_t clears = 0;
  std::uint64_t invalid = 0;  // messages that were ignored: 31951
  std::uint64_t binary = 0;   // 31950
  std::uint64_t overflows = 0;
  std::optional<net::Instant> first_sound{};  // when the person first heard something
  std::optional<net::Instant> last_sound{};   // and last
  Callee::Counts person{};
  // The program stopped what was being played.
  struct Cut {
    net::Instant at{};
    std::string label{};  // of the utterance, where its sound bears one
    std::uint64_t heard_ms = 0;
  };
  std::vector<Cut> cuts{};
  // Words, where they are told: who, and what.
  struct Line {
    net::Instant at{};
    bool by_person = false;
    std::string text{};
  };
  std::vector<Line> lines{};
};

}  // namespace bridge::rehearsal
