#include "tests/support/simulated_event_store.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "eventstore/chain.hpp"
#include "eventstore/log_errors.hpp"

namespace support {

using eventstore::Durable;
using eventstore::Hash;
using eventstore::LogDamaged;
using eventstore::LogFailed;
using eventstore::NewEvent;
using eventstore::Position;
using eventstore::RecordedEvent;

RecordedEvent view_of(const StoredEvent& stored) {
  RecordedEvent view;
  view.position = stored.position;
  view.stream = stored.event.stream;
  view.version = stored.event.version;
  view.type = stored.event.type;
  view.schema = stored.event.schema;
  view.recorded_at = stored.recorded_at;
  view.occurred_at = stored.event.occurred_at;
  view.epoch = stored.epoch;
  view.cause = stored.event.cause;
  view.key_id = stored.event.key_id;
  view.personal = stored.event.personal;
  view.payload = stored.event.payload;
  view.hash = stored.hash;
  return view;
}

SimulatedEventStore::SimulatedEventStore(std::vector<StoredEvent> events,
                                         std::set<std::uint64_t> destroyed)
    : events_(std::move(events)), destroyed_(std::move(destroyed)) {
  reopen();
}

void SimulatedEventStore::reopen() {
  versions_ = {};
  last_ = 0;
  last_recorded_at_ = std::numeric_limits<std::int64_t>::min();
  std::uint32_t newest_epoch = 0;
  Hash head{};
  for (const StoredEvent& stored : events_) {
    const RecordedEvent event = view_of(stored);
    if (event.position != last_ + 1 || eventstore::chain_hash(head, event) != event.hash ||
        !versions_.advance(event.stream, event.version)) {
      throw LogDamaged("event " + std::to_string(last_ + 1) + " is missing or changed", last_ + 1);
    }
    head = event.hash;
    last_ = event.position;
    last_recorded_at_ = event.recorded_at;
    newest_epoch = std::max(newest_epoch, event.epoch);
  }
  epoch_ = newest_epoch + 1;
}

void SimulatedEventStore::throw_if_failed() const {
  if (!failure_.empty()) throw LogFailed(failure_);
}

Position SimulatedEventStore::append(std::vector<NewEvent> batch, std::int64_t recorded_at) {
  throw_if_failed();
  if (batch.empty()) return last_;
  assert(recorded_at >= last_recorded_at_);
  versions_.claim(batch);
  last_ += batch.size();
  last_recorded_at_ = recorded_at;
  batches_.push_back({std::move(batch), recorded_at});
  return last_;
}

Durable SimulatedEventStore::durable() const {
  throw_if_failed();
  return proof(events_.size());
}

void SimulatedEventStore::read(Position from,
                               const std::function<bool(const RecordedEvent&)>& visit) const {
  read_sealed(from, [&](RecordedEvent event) {
    event.forgotten = event.key_id && destroyed_.contains(*event.key_id);
    if (event.forgotten) event.personal = {};
    return visit(event);
  });
}

void SimulatedEventStore::read_sealed(
    Position from, const std::function<bool(const RecordedEvent&)>& visit) const {
  throw_if_failed();
  const std::size_t end = events_.size();
  for (std::size_t i = from == 0 ? 0 : from - 1; i < end; ++i) {
    if (!visit(view_of(events_[i]))) return;
  }
}

void SimulatedEventStore::destroy_keys(std::vector<std::uint64_t> ids) {
  throw_if_failed();
  if (!ids.empty()) destructions_.push_back({last_, std::move(ids)});
}

bool SimulatedEventStore::destroy_what_is_due() {
  bool any = false;
  for (; !destructions_.empty() && destructions_.front().after <= events_.size();
       destructions_.pop_front()) {
    destroyed_.insert(destructions_.front().ids.begin(), destructions_.front().ids.end());
    any = true;
  }
  return any;
}

bool SimulatedEventStore::commit_one() {
  if (disk_full_ || !failure_.empty()) return false;
  if (batches_.empty()) {
    const bool destroyed = destroy_what_is_due();
    if (destroyed && tell_) tell_();
    return destroyed;
  }
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  for (NewEvent& event : batch.events) {
    if (event.key_id && destroyed_.contains(*event.key_id)) event.personal.clear();
    StoredEvent stored{std::move(event), events_.size() + 1, batch.recorded_at, epoch_, {}};
    assert(stored.event.cause < stored.position);
    stored.hash = eventstore::chain_hash(digest(), view_of(stored));
    events_.push_back(std::move(stored));
  }
  destroy_what_is_due();
  if (tell_) tell_();
  return true;
}

void SimulatedEventStore::commit_all() {
  for (std::size_t left = std::max<std::size_t>(batches_.size(), 1); left > 0 && commit_one();
       --left) {
    continue;
  }
}

void SimulatedEventStore::crash() {
  batches_.clear();
  destructions_.clear();
  failure_.clear();
  reopen();
}

void SimulatedEventStore::fail(const std::string& why) {
  assert(!why.empty());
  failure_ = why;
  if (tell_) tell_();
}

Hash SimulatedEventStore::digest() const {
  return events_.empty() ? Hash{} : events_.back().hash;
}

}  // namespace support
