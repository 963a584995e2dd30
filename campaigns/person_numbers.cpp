#include "campaigns/person_numbers.hpp"

#include <algorithm>
#include <string>

#include "campaigns/phone_number.hpp"

namespace campaigns {

namespace {

// What holds for good comes first, then what ends: a list that has one of the numbers besides does
// not make the person's own word longer.
std::optional<NumberKey> number_the_person_spoke_at(const State& state, ContactRef contact,
                                                    Instant now) {
  const auto* several = state.queue.campaigns[contact.campaign].several_of(contact.ordinal);
  if (several == nullptr) return {};
  const auto& suppression = state.suppression;
  std::optional<NumberKey> spoken;
  for (const auto& one : several->all) {
    if (suppression.opted_out(one.key)) return one.key;
    if (!suppression.said_by_person(one.key, now)) continue;
    if (!spoken || (!suppression.until(*spoken, now) && suppression.until(one.key, now))) {
      spoken = one.key;
    }
  }
  return spoken;
}

}  // namespace

std::vector<NumberKey> numbers_of(const State& state, ContactRef contact) {
  const auto* several = state.queue.campaigns[contact.campaign].several_of(contact.ordinal);
  if (several == nullptr) return {state.queue.contact(contact).key};
  std::vector<NumberKey> keys;
  for (const auto& one : several->all) keys.push_back(one.key);
  return keys;
}

std::optional<NumberKey> suppressed_number(const State& state, ContactRef contact, Instant now) {
  if (const auto spoken = number_the_person_spoke_at(state, contact, now)) return spoken;
  const auto key = state.queue.contact(contact).key;
  return state.suppression.suppressed(key, now) ? std::optional(key) : std::nullopt;
}

unsigned times_screened(const State& state, ContactRef contact, std::uint8_t number) {
  unsigned times = 0;
  for (unsigned attempt = state.queue.contact(contact).requests; attempt > 0; --attempt) {
    const auto row = state.results.find(contact, static_cast<std::uint8_t>(attempt));
    if (row && row->number == number && row->outcome == Outcome::screened) ++times;
  }
  return times;
}

std::optional<std::uint8_t> next_number(const State& state, ContactRef contact, Instant now,
                                        bool gone) {
  const auto* several = state.queue.campaigns[contact.campaign].several_of(contact.ordinal);
  if (several == nullptr || number_the_person_spoke_at(state, contact, now)) return {};
  const auto count = several->all.size();
  const auto first = [&](const auto& may_be_called) -> std::optional<std::uint8_t> {
    for (std::size_t step = 1; step < count; ++step) {
      const auto place = (several->in_turn + step) % count;
      const auto& one = several->all[place];
      const auto number = static_cast<std::uint8_t>(place + 1);
      if (!one.dead && may_be_called(one.key) &&
          times_screened(state, contact, number) < screened_max) {
        return number;
      }
    }
    return {};
  };
  const auto& suppression = state.suppression;
  if (const auto free = first([&](NumberKey key) { return !suppression.suppressed(key, now); })) {
    return free;
  }
  const auto in_turn = several->all[several->in_turn].key;
  gone |= suppression.suppressed(in_turn, now) && !suppression.until(in_turn, now);
  if (!gone) return {};
  return first([&](NumberKey key) { return suppression.until(key, now).has_value(); });
}

bool country_may_be_called(const Campaign& campaign, std::uint64_t number) {
  const auto& allowed = campaign.countries;
  if (allowed.empty()) return true;
  const auto phone = parse_phone_number('+' + std::to_string(number), {});
  return phone.ok() && std::ranges::find(allowed, phone->country) != allowed.end();
}

std::optional<std::uint8_t> number_of_allowed_country(const State& state, const Campaign& campaign,
                                                      ContactRef contact, Instant now) {
  const auto* several = state.queue.campaigns[contact.campaign].several_of(contact.ordinal);
  if (several == nullptr) return {};
  for (std::size_t place = 0; place < several->all.size(); ++place) {
    const auto& one = several->all[place];
    if (!one.dead && !state.suppression.suppressed(one.key, now) &&
        country_may_be_called(campaign, one.number)) {
      return static_cast<std::uint8_t>(place + 1);
    }
  }
  return {};
}

}  // namespace campaigns
