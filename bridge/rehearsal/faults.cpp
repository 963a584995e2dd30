#include "bridge/rehearsal/faults.hpp"

#include <array>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/settings.hpp"

namespace bridge::rehearsal {

Faults parse_faults(std::string_view text, Faults faults) {
  const std::array settings{
      Setting{"callback_lost", &faults.callback_lost},
      Setting{"callback_late", &faults.callback_late},
      Setting{"callback_doubled", &faults.callback_doubled},
      Setting{"callback_reordered", &faults.callback_reordered},
      Setting{"post_refused", &faults.post_refused},
      Setting{"post_failed", &faults.post_failed},
      Setting{"post_failed_accepted", &faults.post_failed_accepted},
      Setting{"post_dropped", &faults.post_dropped},
      Setting{"post_unanswered", &faults.post_unanswered},
      Setting{"post_delayed", &faults.post_delayed},
      Setting{"post_delay_s", &faults.post_delay_s, 3600},
      Setting{"list_lag_s", &faults.list_lag_s, 3600},
  };
  read_settings("faults", text, settings);
  return faults;
}

PostFault post_fault(const Faults& faults, std::uint64_t seed, std::string_view to,
                     std::uint64_t ordinal) {
  Dice dice(seed, to, ordinal, "post");
  int left = dice.between(0, 999);
  const auto strikes = [&](int chance) {
    left -= chance;
    return left < 0;
  };
  if (strikes(faults.post_refused)) return PostFault::refused;
  if (strikes(faults.post_failed)) return PostFault::failed;
  if (strikes(faults.post_failed_accepted)) return PostFault::failed_accepted;
  if (strikes(faults.post_dropped)) return PostFault::dropped;
  if (strikes(faults.post_unanswered)) return PostFault::unanswered;
  if (strikes(faults.post_delayed)) return PostFault::delayed;
  return PostFault::none;
}

CallbackFault callback_fault(const Faults& faults, std::uint64_t seed, std::string_view sid,
                             std::uint64_t sequence_number) {
  Dice dice(seed, sid, sequence_number, "callback");
  CallbackFault fault;
  fault.lost = dice.per_mille(faults.callback_lost);
  const bool late = dice.per_mille(faults.callback_late);
  const bool doubled = dice.per_mille(faults.callback_doubled);
  const bool reordered = dice.per_mille(faults.callback_reordered);
  if (late) {
    fault.late = std::chrono::minutes(dice.between(1, 5));
  } else if (reordered) {
    fault.late = std::chrono::seconds(dice.between(4, 15));
  }
  if (doubled) fault.copies = dice.between(2, 5);
  return fault;
}

}  // namespace bridge::rehearsal
