#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "eventstore/record.hpp"

namespace eventstore {

// Events that follow one another, with the bytes that their views point at: what is taken out of a
// log at a time. Its memory stays from one filling to the next.
class EventPage {
 public:
  static constexpr std::size_t events_max = 1024;
  static constexpr std::size_t bytes_max = std::size_t{256} * 1024;

  EventPage();

  void clear();
  // No more should be added; the last one may lie beyond `bytes_max`.
  bool full() const { return events_.size() >= events_max || used_ >= bytes_max; }

  // Copies the event and its bytes. Not `sound`: a value of its row was out of its range.
  void add(const RecordedEvent& event, bool sound = true);
  // Forgets the events from this one on, counted from 0.
  void cut(std::size_t count);
  // After which event the first one stands, so that a page can be proven without the others.
  void follow(Position position, const Hash& hash);
  Position position_before() const { return position_before_; }
  const Hash& hash_before() const { return hash_before_; }

  bool empty() const { return events_.empty(); }
  // Their views hold until the page is cleared, also where an event is copied or changed.
  std::vector<RecordedEvent>& events() { return events_; }
  const std::vector<RecordedEvent>& events() const { return events_; }
  bool sound(std::size_t i) const { return sound_[i]; }

 private:
  char* room_for(std::size_t bytes);

  Position position_before_ = 0;
  Hash hash_before_{};
  std::vector<RecordedEvent> events_{};
  std::vector<bool> sound_{};
  std::unique_ptr<char[]> room_;
  std::size_t used_ = 0;  // of that, and what found no room there
  std::vector<std::unique_ptr<char[]>> beyond_{};
};

}  // namespace eventstore
