#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "bridge/net/clock.hpp"
#include "campaigns/events.hpp"
#include "campaigns/state.hpp"

namespace runner {

// Tells how a run is going: one line that is drawn again on a terminal, one JSON object a line
// otherwise. Names nobody.
class Progress {
 public:
  explicit Progress(bool terminal) : terminal_(terminal) {}

  // To be called for each fact, as often as one likes: what to draw once the state is durable, at
  // most four times a second of real time, and in JSON each five seconds of it.
  std::optional<std::string> look(const campaigns::State& state, campaigns::Instant now);
  void draw(const std::string& text);
  // Ends the line on a terminal.
  void end();
  // A line for the operator.
  void say(const std::string& text);

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
  std::optional<campaigns::Instant> began_{};
  std::uint64_t closed_at_begin_ = 0;
};

}  // namespace runner
