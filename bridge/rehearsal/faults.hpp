#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace bridge::rehearsal {

// What goes wrong, in chances of one in a thousand, each drawn for one call and one event. No
// faults unless asked for.
struct Faults {
  // Status callbacks.
  int callback_lost = 0;
  int callback_late = 0;       // by one to five minutes
  int callback_doubled = 0;    // sent two to five times
  int callback_reordered = 0;  // a few seconds late, so that the next one may overtake it
  // Orders to place a call. Of these at most one strikes an order.
  int post_refused = 0;          // 429, nothing done
  int post_failed = 0;           // 500, nothing done
  int post_failed_accepted = 0;  // 500, but the call is placed
  int post_dropped = 0;          // placed, connection closed without an answer
  int post_unanswered = 0;       // placed, never answered
  int post_delayed = 0;          // placed, answered `post_delay_s` later
  int post_delay_s = 20;
  // A new call shows in the list, and under its own address, only after so many seconds.
  int list_lag_s = 0;
};

// Reads "callback_lost=100,post_dropped=5" on top of `faults`. Throws std::invalid_argument.
Faults parse_faults(std::string_view text, Faults faults = {});

enum class PostFault : unsigned char {
  none,
  refused,
  failed,
  failed_accepted,
  dropped,
  unanswered,
  delayed,
};
// `ordinal` counts the orders for this number, refused ones too.
PostFault post_fault(const Faults& faults, std::uint64_t seed, std::string_view to,
                     std::uint64_t ordinal);

// How one status callback travels.
struct CallbackFault {
  bool lost = false;
  int copies = 1;
  std::chrono::seconds late{0};
};
CallbackFault callback_fault(const Faults& faults, std::uint64_t seed, std::string_view sid,
                             std::uint64_t sequence_number);

}  // namespace bridge::rehearsal
