#include "runner/sweeper.hpp"

#include <algorithm>
#include <variant>

#include "runner/carrier_calls.hpp"

namespace runner {

using bridge::net::Instant;
using std::chrono::days;

Sweeper::Sweeper(bridge::carrier::Carrier& carrier, const bridge::net::Clock& clock,
                 const campaigns::State& state, Note note, Say say)
    : carrier_(carrier),
      clock_(clock),
      state_(state),
      note_(std::move(note)),
      say_(std::move(say)) {
  // What the run before left open: it may have ended before a price came.
  const auto now = clock_.now();
  const auto& attempts = state_.results.attempts;
  for (auto index = attempts.size(); index > 0; --index) {
    const auto requested_at = attempts[index - 1].requested_at;
    if (requested_at <= now - reach) break;
    oldest_ = requested_at;
  }
  if (oldest_) at_ = now + after_start;
}

void Sweeper::follow(const campaigns::Fact& fact) {
  if (holds_alternative<campaigns::CallRequested>(fact.event)) {
    if (!oldest_) oldest_ = fact.recorded_at;
    if (!at_ && !sweep_) at_ = fact.recorded_at + every;
  } else if (holds_alternative<campaigns::CampaignCompleted>(fact.event)) {
    if (oldest_) at_ = fact.recorded_at;
  }
}

void Sweeper::begin() {
  const auto now = clock_.now();
  at_.reset();
  if (!oldest_) return;
  sweep_ = std::make_unique<Sweep>();
  sweep_->oldest = std::max(*std::exchange(oldest_, {}), now - reach);
  // The carrier's list is by days of UTC.
  const auto today = std::chrono::floor<days>(now);
  const auto first = std::chrono::floor<days>(sweep_->oldest);
  sweep_->period = {first, today + days{1}};
  for (const auto& id : campaigns::caller_ids_of(state_, sweep_->period)) {
    for (auto day = first; day <= today; day += days{1}) sweep_->lists.emplace_back(id, day);
  }
  next_list();
}

// One after the other: a list may be long, and others have questions too.
void Sweeper::next_list() {
  if (sweep_->lists.empty()) return finish();
  const auto [id, day] = std::move(sweep_->lists.front());
  sweep_->lists.pop_front();
  carrier_.list_day(id, day, [this](const bridge::carrier::ListReply& reply) {
    if (!reply.ok) {
      oldest_ = std::min(sweep_->oldest, oldest_.value_or(sweep_->oldest));
      sweep_.reset();
      at_ = clock_.now() + again_after;
      return tell("the carrier's list of calls could not be read: " + reply.why +
                  "; it will be asked again");
    }
    for (const auto& call : reply.calls) sweep_->calls.push_back(listed_call(call));
    next_list();
  });
}

void Sweeper::finish() {
  const auto sweep = std::move(sweep_);
  const auto now = clock_.now();
  auto found = campaigns::sweep(state_, sweep->period, sweep->calls, now);
  for (auto& command : found.commands) {
    if (const auto* late = get_if<campaigns::LateCallFound>(&command)) {
      tell("the carrier's list shows a call of attempt " + late->attempt.text() +
           ", which was given up: " + late->sid +
           (late->over ? " is over by now" : " is being ended"));
    }
    found_.push_back(std::move(command));
  }
  for (const auto& notice : found.notices) tell(notice);
  if (found.unpriced_since && *found.unpriced_since > now - reach) {
    oldest_ = std::min(*found.unpriced_since, oldest_.value_or(*found.unpriced_since));
  }
  if (oldest_ && !at_) at_ = now + every;
  go_on();
}

void Sweeper::go_on() {
  for (std::size_t noted = 0; noted < commands_max && !found_.empty(); ++noted) {
    auto command = std::move(found_.front());
    found_.pop_front();
    note_(std::move(command), [this](std::optional<campaigns::Refusal> refusal) {
      if (refusal) tell(refusal->text);
    });
  }
}

void Sweeper::tell(const std::string& text) {
  if (told_.size() >= told_max) told_.clear();
  if (told_.insert(text).second) say_(text);
}

}  // namespace runner
