#pragma once

#include <cstdint>

namespace bridge::rehearsal {

// What a carrier has done so far; /rehearsal/truth.json shows it.
struct Counters {
  std::uint64_t orders = 0;
  std::uint64_t orders_faulted = 0;     // answered otherwise than with an honest yes or no
  std::uint64_t callbacks_due = 0;      // status callbacks
  std::uint64_t callbacks_lost = 0;     // by a fault
  std::uint64_t callbacks_delayed = 0;  // by a fault
  std::uint64_t callbacks_doubled = 0;  // copies beyond the first
  std::uint64_t callbacks_delivered = 0;
  std::uint64_t callbacks_undelivered = 0;  // nobody there, or no answer
  std::uint64_t callbacks_refused = 0;      // answered with something else than 2xx
  std::uint64_t documents_asked = 0;
  std::uint64_t documents_failed = 0;
  std::uint64_t streams_asked = 0;  // media streams that a document wanted
  std::uint64_t streams_opened = 0;
  std::uint64_t streams_refused = 0;   // no handshake
  std::uint64_t webhooks_retried = 0;  // a request of any kind that was sent again
};

}  // namespace bridge::rehearsal
