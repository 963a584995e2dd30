#include "bridge/rehearsal/timetable.hpp"

namespace bridge::rehearsal {
namespace {

constexpr std::chrono::milliseconds grid{250};

net::Instant on_grid(net::Instant at) {
  const std::chrono::milliseconds past = at.time_since_epoch() % grid;
  return past.count() == 0 ? at : at - past + grid;
}

}  // namespace

ActId Timetable::at(net::Instant when, std::function<void()> act) {
  const ActId id{on_grid(when), ++planned_};
  acts_.emplace(id, std::move(act));
  if (!is_holding_) wake_for_first();
  return id;
}

void Timetable::run_due() {
  while (!acts_.empty() && acts_.begin()->first.first <= loop_.now()) {
    const auto due = acts_.extract(acts_.begin());
    due.mapped()();
  }
}

std::optional<net::Instant> Timetable::next() const {
  if (acts_.empty()) return {};
  return acts_.begin()->first.first;
}

void Timetable::wake_for_first() {
  const auto first = next();
  if (!first || (wakeup_at_ && *wakeup_at_ <= *first)) return;
  loop_.cancel(wakeup_);
  wakeup_at_ = first;
  wakeup_ = loop_.call_at(*first, [this] {
    wakeup_at_.reset();
    run_due();
    wake_for_first();
  });
}

}  // namespace bridge::rehearsal
