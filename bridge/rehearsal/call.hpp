#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/rehearsal/talk.hpp"
#include "bridge/rehearsal/wire.hpp"

// Calls as the rehearsal carrier's REST resource takes and shows them (protocols.md 1). Pure.
namespace bridge::rehearsal {

// A URL that the carrier will ask, and how.
struct Callback {
  std::string url{};  // empty: none
  bool by_get = false;
};

// An order to place a call, checked.
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
  Callback detected{};
};

// A refusal as the REST interface tells it.
struct ApiError {
  int status = 400;
  int code = 0;
  std::string message{};
};
std::string error_json(const ApiError& error);

std::variant<Order, ApiError> read_order(const Fields& form);

enum class Status : unsigned char {
  queued,
  initiated,  // left the queue; the resource still shows "queued"
  ringing,
  in_progress,
  completed,
  busy,
  failed,
  no_answer,
  canceled,
};
std::string_view callback_name(Status status);  // "initiated", "in-progress"
std::string_view resource_name(Status status);
bool is_over(Status status);

// Something that the carrier will do: when, and which. The second is never used again, and 0 stands
// for none.
using ActId = std::pair<net::Instant, std::uint64_t>;

struct Call {
  std::string sid{};
  Order order{};
  std::uint64_t ordinal = 0;  // of the calls to this number, from 0
  Status status = Status::queued;
  net::Instant accepted_at{};
  net::Instant updated_at{};
  std::chrono::milliseconds queue_time{0};
  std::optional<net::Instant> initiated_at{};
  std::optional<net::Instant> ringing_at{};
  std::optional<net::Instant> answered_at{};
  std::optional<net::Instant> ended_at{};
  std::string_view answered_by{};  // a literal; empty: no detection, or not yet
  std::uint64_t callbacks = 0;     // sequence numbers given out

  // What the program answered with 2xx: a status, or the request for a document. It must not be
  // lost. Kept where somebody wants to know.
  struct Acknowledged {
    net::Instant at{};
    std::string what{};  // "ringing", or the URL that was asked
    std::string said{};  // keys or words that went with it
  };
  std::vector<Acknowledged> acknowledged{};

  // While it lives.
  std::unique_ptr<Talk> talk{};
  std::uint64_t documents = 0;  // documents asked for; an answer to an older request is ignored
  ActId next_act{};
  ActId time_limit{};
  ActId detection{};

  std::chrono::seconds talk_time() const;  // 0 for a call that was not answered
};

void append_call_json(std::string& out, const Call& call, std::string_view account_sid);

}  // namespace bridge::rehearsal
