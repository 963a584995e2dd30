#pragma once

#include <chrono>
#include <string_view>

namespace bridge::rehearsal {

// How one webhook is to be sent: what the fragment of its URL asks for
// ("#ct=2000&rt=8000&rc=3&rp=ct,rt,5xx", protocols.md 2.3).
struct WebhookOverride {
  std::chrono::milliseconds connect_time_max{5'000};
  std::chrono::milliseconds read_time_max{15'000};
  std::chrono::milliseconds total_time_max{15'000};  // retries included
  int retries_max = 1;
  // When to try again.
  bool on_connect = true;     // no connection, or none that is secured
  bool on_no_answer = false;  // nobody answered in time
  bool on_4xx = false;
  bool on_5xx = false;
};

// Of a URL with its fragment. A value outside of its range is as if it were not there, and so is an
// unknown key.
WebhookOverride read_override(std::string_view url);

}  // namespace bridge::rehearsal
