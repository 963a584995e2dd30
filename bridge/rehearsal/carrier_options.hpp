#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/rehearsal/faults.hpp"
#include "bridge/rehearsal/people.hpp"

namespace bridge::rehearsal {

struct CarrierOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  // Of the REST resource: certificate chain and key, PEM. Empty: plain HTTP.
  std::string tls_certificate{};
  std::string tls_key{};
  // Whom webhooks with https URLs trust, PEM. Empty: the system's authorities.
  std::string ca_file{};
  // Not empty: webhooks go to this literal address and port, whatever their URL's host resolves to;
  // the request and the certificate are still for that host.
  std::string webhook_address{};
  std::uint16_t webhook_port = 0;

  // Of the voice model; its certificate is that of the REST resource.
  std::uint16_t voice_port = 0;
  std::chrono::seconds voice_time_max{3600};  // of one session
  std::string voice_key{};                    // empty: any; never told to anybody
  std::vector<std::string> voice_models{};    // that there are; empty: any
  // Not empty: what both sides of each talk with an agent heard is written there as WAV.
  std::string record_directory{};

  std::uint64_t seed = 1;
  // Of a carrier that goes on where another one stopped: different for each, so that no call is
  // given a sid that an earlier one had. 0: the first.
  std::uint64_t life = 0;
  net::Instant start{};         // for RehearsalThread, which makes the clock
  double speed = 0;             // 0: time jumps; else a multiple of real time
  double calls_per_second = 0;  // at which the queue lets calls out; 0: no limit
  People people{};
  Faults faults{};
  // Empty: derived from the seed. Those that are given are never told to anybody.
  std::string account_sid{};
  std::string auth_token{};
  std::string api_key{};  // a Standard one: not told of the account itself
  std::string api_secret{};
  // Numbers that may call; empty: all.
  std::vector<std::string> owned_numbers{};
  // Others that may, and the only ones that a trial account may call.
  std::vector<std::string> verified_numbers{};
  // One that is suspended or closed places no call.
  enum class Account : unsigned char { active, trial, suspended, closed };
  Account account = Account::active;
  // Those that may be called, the geographic permissions of the account; empty: all.
  struct Country {
    std::string iso{};           // "IT"
    std::string calling_code{};  // "39"
  };
  std::vector<Country> countries{};
  // Whether the truth lists what the program acknowledged, which takes memory for each call.
  bool tell_acknowledged = false;
  // Turns a long-lived carrier away from eating all memory.
  std::size_t calls_max = 2'000'000;
};

}  // namespace bridge::rehearsal
