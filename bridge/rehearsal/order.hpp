#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "bridge/rehearsal/wire.hpp"

// What a program may tell the rehearsal carrier's REST resource to do (protocols.md 1.2, 1.5), read
// and checked. Pure.
namespace bridge::rehearsal {

// A URL that the carrier will ask, and how.
struct Callback {
  std::string url{};  // empty: none
  bool by_get = false;
};

// An order to place a call.
struct Order {
  std::string to{};
  std::string from{};
  Callback document{};
  std::string inline_twiml{};  // instead of `document`
  Callback fallback{};
  Callback status{};
  bool on_initiated = false;  // which status callbacks were asked for
  bool on_ringing = false;
  bool on_answered = false;
  bool on_completed = true;
  std::chrono::seconds ring_time{60};
  std::chrono::seconds time_limit{4 * 60 * 60};
  enum class Detection : unsigned char { off, start, message_end };
  Detection detection = Detection::off;
  bool detection_async = false;
  std::chrono::seconds detection_time_max{30};
  Callback detected{};
  bool record = false;
  bool record_dual = false;
  Callback recording{};
  bool on_recording_started = false;
  bool on_recording_completed = true;
  bool on_recording_absent = false;
};

// New orders for a live call.
struct Update {
  enum class End : unsigned char { none, cancel, complete };
  End end = End::none;
  Callback document{};
  std::string inline_twiml{};
  // The call's new ones, where they were given.
  std::optional<Callback> fallback{};
  std::optional<Callback> status{};
  std::optional<std::chrono::seconds> time_limit{};
};

// A refusal as the REST interface tells it (protocols.md 1.7).
struct ApiError {
  int status = 400;
  int code = 0;
  std::string message{};
};
std::string error_json(const ApiError& error);

// Parameters that are unknown here are ignored, as there (20001 is only a warning).
std::variant<Order, ApiError> read_order(const Fields& form);
std::variant<Update, ApiError> read_update(const Fields& form);

}  // namespace bridge::rehearsal
