#pragma once

#include <cassert>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "eventstore/event_store.hpp"

namespace runner {

// The output gate: holds every outward act until the log has everything it was computed from. Acts
// leave in the order of their positions.
class Gate {
 public:
  using Act = std::function<void(const eventstore::Durable&)>;

  // `position` is the last one folded into the state that the act was computed from; never smaller
  // than the one before.
  void hold(eventstore::Position position, Act act) {
    assert(held_.empty() || held_.back().position <= position);
    held_.push_back({position, std::move(act)});
  }

  // Performs what the proof covers. An act may hold further ones.
  void release(const eventstore::Durable& proof) {
    while (!held_.empty() && proof.covers(held_.front().position)) {
      const auto act = std::move(held_.front().act);
      held_.pop_front();
      act(proof);
    }
  }

  std::size_t held() const { return held_.size(); }

 private:
  struct Held {
    eventstore::Position position = 0;
    Act act{};
  };
  std::deque<Held> held_{};
};

}  // namespace runner
