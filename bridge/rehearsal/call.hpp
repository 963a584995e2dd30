#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/rehearsal/order.hpp"
#include "bridge/rehearsal/stream_truth.hpp"
#include "bridge/rehearsal/talk.hpp"
#include "bridge/rehearsal/timetable.hpp"

// Calls as the rehearsal carrier knows them and as its REST resource shows them (protocols.md 1.3,
// 1.4). Pure.
namespace bridge::rehearsal {

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
  std::uint64_t recordings = 0;    // made by its documents
  std::uint64_t legs = 0;          // dialled by its documents
  // What is to be told of them, one after the other: at one instant all of them may have news.
  std::deque<std::pair<Callback, Fields>> leg_callbacks{};
  std::uint64_t webhooks = 0;  // requests of any kind that went out for it
  bool deleted = false;        // by the program; the truth keeps it
  int error_code = 0;          // the last thing that was wrong with an answer to the carrier

  // What the program answered with 2xx: a status, or the request for a document. It must not be
  // lost. Kept where somebody wants to know.
  struct Acknowledged {
    net::Instant at{};
    std::string what{};  // "ringing", or the URL that was asked
    std::string said{};  // keys or words that went with it
  };
  std::vector<Acknowledged> acknowledged{};

  std::vector<std::unique_ptr<StreamTruth>> streams{};  // that it had, in their order

  // While it lives.
  std::unique_ptr<Talk> talk{};
  std::uint64_t documents = 0;  // documents asked for; an answer to an older request is ignored
  ActId next_act{};
  ActId time_limit{};
  ActId detection{};
  // What it performs, for when a stream in it has ended.
  std::shared_ptr<const Document> document{};
  std::string document_url{};
  std::uint64_t stream = 0;     // that is open; 0: none
  std::size_t stream_verb = 0;  // that opened it

  std::chrono::seconds talk_time() const;  // 0 for a call that was not answered
};

// `now` decides whether the price is known yet: it comes some time after the call's end.
void append_call_json(std::string& out, const Call& call, std::string_view account_sid,
                      net::Instant now);

// The sid of what was recorded of a call.
std::string recording_sid(const Call& call);

}  // namespace bridge::rehearsal
