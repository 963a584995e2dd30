#pragma once

#include <cstdint>
#include <string>

#include "bridge/rehearsal/call_book.hpp"
#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/counters.hpp"
#include "bridge/rehearsal/voice_server.hpp"

// The two answers that no carrier gives: a rehearsal about itself. Pure.
namespace bridge::rehearsal {

// Which of the credentials were invented, and may be told.
struct Invented {
  bool auth_token = false;
  bool api_secret = false;
};

struct Ports {
  std::uint16_t clock = 0;  // 0: time runs by itself
  std::uint16_t voice = 0;
};

// /rehearsal.json: where the clock and the voice model are, and the invented credentials.
std::string about_json(const CarrierOptions& options, Invented invented, Ports ports,
                       net::Instant now);

// /rehearsal/truth.json: what really happened to each call, and the counters.
std::string truth_json(const CallBook& book, const Counters& counters, const VoiceServer& voice,
                       bool tell_acknowledged);

}  // namespace bridge::rehearsal
