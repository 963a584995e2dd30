#include "campaigns/call_caps.hpp"

#include <array>
#include <utility>

#include "campaigns/campaign_words.hpp"
#include "campaigns/person_numbers.hpp"

namespace campaigns {

namespace {

CallsToNumber all_calls_to(const State& state, ContactRef contact) {
  CallsToNumber all;
  for (const auto key : numbers_of(state, contact)) {
    const auto found = state.queue.calls_to.find(key);
    if (found == state.queue.calls_to.end()) continue;
    all.calls.insert(all.calls.end(), found->second.calls.begin(), found->second.calls.end());
  }
  return all;
}

}  // namespace

std::optional<CapReached> cap_reached(const State& state, ContactRef contact,
                                      const Retries& retries, Instant at,
                                      const PersonClocks& clocks) {
  const auto all = all_calls_to(state, contact);
  if (all.calls.empty()) return {};
  const auto called = [&](unsigned calls) {
    const bool several = state.queue.campaigns[contact.campaign].several_of(contact.ordinal);
    return (several ? "the person was called at their numbers " : "the number was called ") +
           std::to_string(calls) + (calls == 1 ? " time" : " times");
  };
  const std::array both{DayClock{clocks.campaign}, DayClock{clocks.own, true}};
  const auto by = [](const DayClock& clock) { return clock.own ? " by their own clock" : ""; };
  // By whichever clock it holds for longer.
  std::optional<CapReached> reached;
  const auto add = [&](std::string_view gate, Instant opens_at, std::string why,
                       const auto& counts) {
    if (reached && reached->opens_at >= opens_at) return;
    reached = {gate, opens_at, std::move(why), {}};
    for (const auto& call : all.calls) {
      if (counts(call)) reached->slots.insert(call.slot);
    }
  };
  using Call = CallsToNumber::Call;
  for (const auto& clock : both) {
    const auto today = local_day(at, clock.utc_offset);
    if (const auto calls = all.on(today, clock); calls >= retries.daily_calls_per_number_max) {
      add("daily_calls", begin_of_local_day(today + 1, clock.utc_offset),
          called(calls) + " today" + by(clock),
          [&](const Call& call) { return call.is_on(today, clock); });
    }
  }
  if (reached) return reached;
  for (const auto& clock : both) {
    const auto today = local_day(at, clock.utc_offset);
    if (const auto week = all.full_week(today, retries.weekly_calls_per_number_max, clock)) {
      add("weekly_calls", begin_of_local_day(week->opens_on, clock.utc_offset),
          called(week->calls) + " within seven days" + by(clock),
          [&](const Call& call) { return call.latest_day(clock) > today - 7; });
    }
  }
  if (reached) return reached;
  if (const auto full = all.full(retries.rolling_cap, at)) {
    add("rolling_calls", full->opens_at,
        called(full->calls) + " within " + duration_text(retries.rolling_cap.within),
        [&](const Call& call) { return call.slot > at - retries.rolling_cap.within; });
  }
  return reached;
}

}  // namespace campaigns
