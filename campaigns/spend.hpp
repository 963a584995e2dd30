#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// What a campaign has spent and what its open attempts may still cost, in millionths of its
// currency.
struct Spend {
  struct Account {
    std::int64_t reserved = 0;
    std::int64_t settled = 0;
  };
  std::uint64_t position = 0;
  std::vector<Account> campaigns{};
  std::unordered_map<std::uint64_t, std::int64_t> reservations{};  // by contact
  // What each settled attempt cost, of campaigns with a budget.
  std::map<std::pair<ContactRef, std::uint8_t>, std::int64_t> costs{};

  // Nothing: it was not settled, or its campaign keeps no account.
  const std::int64_t* cost_of_attempt(ContactRef contact, std::uint8_t attempt) const;

  void apply(const Fact& fact, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;
};

// What an attempt may cost at most: its time limit in started minutes.
std::int64_t reservation_for(const Campaign& campaign);
// What it cost by its duration, until the carrier says its price.
std::int64_t cost_of(const Campaign& campaign, std::int64_t seconds);

}  // namespace campaigns
