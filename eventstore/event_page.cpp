#include "eventstore/event_page.hpp"

#include <cstring>
#include <string_view>

namespace eventstore {

EventPage::EventPage() : room_(std::make_unique_for_overwrite<char[]>(bytes_max)) {
  events_.reserve(events_max);
  sound_.reserve(events_max);
}

void EventPage::clear() {
  events_.clear();
  sound_.clear();
  beyond_.clear();
  used_ = 0;
}

void EventPage::add(const RecordedEvent& event, bool sound) {
  char* at = room_for(event.stream.size() + event.type.size() + event.personal.size() +
                      event.payload.size());
  auto& kept = events_.emplace_back(event);
  sound_.push_back(sound);
  for (auto* view : {&kept.stream, &kept.type, &kept.personal, &kept.payload}) {
    if (view->empty()) continue;
    std::memcpy(at, view->data(), view->size());
    *view = {at, view->size()};
    at += view->size();
  }
}

void EventPage::cut(std::size_t count) {
  events_.resize(count);
  sound_.resize(count);
}

void EventPage::follow(Position position, const Hash& hash) {
  position_before_ = position;
  hash_before_ = hash;
}

char* EventPage::room_for(std::size_t bytes) {
  const std::size_t before = used_;
  used_ += bytes;
  if (used_ <= bytes_max) return room_.get() + before;
  return beyond_.emplace_back(std::make_unique_for_overwrite<char[]>(bytes)).get();
}

}  // namespace eventstore
