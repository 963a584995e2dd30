#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
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
    std::int64_t model = 0;  // of that, what the voice model cost
  };
  // Of an open attempt.
  struct Reservation {
    std::int64_t carrier = 0;
    std::int64_t model = 0;
    // What the voice model has cost; all that is set aside for it, from the moment when the talk
    // began until it is known.
    std::int64_t talk = 0;
    std::int64_t transfer = 0;
    // The person was passed on to a human.
    bool passed_on = false;
    // For how long, as the carrier has told so far; nothing: it has not.
    std::optional<std::int64_t> transfer_seconds{};
    std::int64_t sum() const { return carrier + model + transfer; }
  };
  // Of a settled attempt whose person was passed on to a human.
  struct Transfer {
    std::int64_t cost = 0;
    bool reckoned = false;  // by the length of the person's call: its own was not told
  };
  using Attempts = std::map<std::pair<ContactRef, std::uint8_t>, std::int64_t>;
  std::uint64_t position = 0;
  std::vector<Account> campaigns{};
  std::unordered_map<std::uint64_t, Reservation> reservations{};  // by contact
  // What each settled attempt cost at the carrier, of campaigns with a budget.
  Attempts costs{};
  Attempts model_costs{};  // and at the voice model, where it cost anything
  std::map<std::pair<ContactRef, std::uint8_t>, Transfer> transfers{};

  // All that it cost. Nothing: it was not settled, or its campaign keeps no account.
  std::optional<std::int64_t> cost_of_attempt(ContactRef contact, std::uint8_t attempt) const;
  // Of that, what the carrier charges for the person's own call.
  std::optional<std::int64_t> carrier_cost_of_attempt(ContactRef contact,
                                                      std::uint8_t attempt) const;
  // And for the call to a human. Nothing: nobody was passed on, or none of it is counted.
  std::optional<Transfer> transfer_of_attempt(ContactRef contact, std::uint8_t attempt) const;

  // `ref`: the contact that the fact is about, if it is about one.
  void apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;

 private:
  void note_transfer(ContactRef contact, std::string_view status, std::int64_t seconds);
};

// What a voice model has used in one talk, as it counts it (StreamClosed).
struct ModelUsage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t input_audio_tokens = 0;
  std::int64_t output_audio_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t cached_audio_tokens = 0;
};

// What an attempt may cost at most: its time limit in started minutes, what its talk may cost, and
// its time limit once more with a human.
std::int64_t reservation_for(const Campaign& campaign);
// Of that, what is for the voice model.
std::int64_t talk_reservation_for(const Campaign& campaign);
// And what is for the call to a human: it ends with the person's own at the latest.
std::int64_t transfer_reservation_for(const Campaign& campaign);
// Why not even one call can be placed: what is set aside for each is more than the whole budget.
// Nothing: one can, or there is no budget.
std::optional<std::string> reason_to_pay_no_call(const Campaign& campaign);
// What it cost at the carrier by its duration, until that says its price.
std::int64_t cost_of(const Campaign& campaign, std::int64_t seconds);
// What the call to a human cost by its duration.
std::int64_t transfer_cost_of(const Campaign& campaign, std::int64_t seconds);
// What a talk has cost, rounded up. Counts that do not fit each other are taken for the dearer.
std::int64_t talk_cost(const ModelPrices& prices, const ModelUsage& usage, Milliseconds lasted);

}  // namespace campaigns
