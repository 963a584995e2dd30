#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace bridge::rehearsal {

// What goes wrong, in chances of one in a thousand, each drawn for one call and one event. No
// faults unless asked for. The names are those of --faults; `faults_help` says each in a line.
struct Faults {
  // Status callbacks.
  int callback_lost = 0;
  int callback_late = 0;       // by one to five minutes
  int callback_doubled = 0;    // sent two to five times
  int callback_reordered = 0;  // a few seconds late, so that the next one may overtake it
  // Webhooks of every kind.
  int webhook_unknown_fields = 0;  // fields that nobody has heard of, also twice and empty
  int webhook_odd_encoding = 0;    // the same form in other bytes
  // Orders to place a call. Of these at most one strikes an order.
  int post_refused = 0;          // 429, nothing done
  int post_refused_later = 0;    // the same, and Retry-After says when to come again
  int post_failed = 0;           // 500, nothing done
  int post_failed_accepted = 0;  // 500, but the call is placed
  int post_dropped = 0;          // placed, connection closed without an answer
  int post_unanswered = 0;       // placed, never answered
  int post_delayed = 0;          // placed, answered `post_delay_s` later
  int post_reset = 0;            // placed, connection reset without an answer
  int post_split = 0;            // placed, the answer comes in two halves a second apart
  int post_truncated = 0;        // placed, the answer ends in its middle
  int post_delay_s = 25;
  int post_latency_ms = 0;  // after which every order is answered that is answered whole
  int retry_after_s = 5;
  // Questions about calls: fetch and list.
  int get_refused = 0;  // 429
  int get_failed = 0;   // 500
  // Media streams; each drawn once for a stream.
  int stream_refused = 0;     // the upgrade never comes: 31902
  int stream_odd_chunks = 0;  // media in pieces of 5 to 400 ms
  int stream_gaps = 0;        // pieces are left out now and then; timestamps go on
  int stream_doubled = 0;     // media now and then sent twice
  int stream_unknown = 0;     // messages and members that nobody has heard of
  int stream_no_stop = 0;     // ends without `stop`
  int stream_broken = 0;      // the connection breaks in the middle of the talk
  int stream_way_ms = 0;      // each message of each is so long on its way, in either direction
  int stream_jitter_ms = 0;   // and up to so much longer; none overtakes another
  // The voice model; each drawn once for a session, but where it says otherwise.
  int voice_unavailable = 0;        // the upgrade is answered 503
  int voice_limited = 0;            // 429
  int voice_refused_late = 0;       // a wrong key or model is told after the upgrade, as an error
  int voice_update_refused = 0;     // the session is not what was asked for, and an error says so
  int voice_keeps_pcm = 0;          // it says that it is updated, and the audio stays PCM
  int voice_slow = 0;               // answers only after some seconds
  int voice_deaf = 0;               // takes the session, and from then on tells nothing
  int voice_hard_of_hearing = 0;    // speaks, and never notices that the person does
  int voice_silent = 0;             // of a response: it is begun and never goes on
  int voice_failed = 0;             // of a response: failed, server_error
  int voice_dropped = 0;            // the connection breaks within a talk
  int voice_closed = 0;             // closed with 1011 within a talk
  int voice_expired = 0;            // the session's time is over within a talk
  int voice_nonsense = 0;           // of a response: something that is no JSON comes first
  int voice_bad_arguments = 0;      // of a tool call: its arguments are cut off
  int voice_stalled = 0;            // of an utterance: it never notices its end, nor anything else
  int voice_transcript_late = 0;    // of an utterance: its text comes seconds later
  int voice_transcript_failed = 0;  // of an utterance: there is no text
  // A new call shows in the list, and under its own address, only after so many seconds.
  int list_lag_s = 0;
};

// Reads "callback_lost=100,post_dropped=5" on top of `faults`. Throws std::invalid_argument.
Faults parse_faults(std::string_view text, Faults faults = {});

// Every name with what it does, a line each, for people.
std::string faults_help();

enum class PostFault : unsigned char {
  none,
  refused,
  failed,
  failed_accepted,
  dropped,
  unanswered,
  delayed,
  refused_later,
  reset,
  split,
  truncated,
};
// `ordinal` counts the orders for this number, refused ones too.
PostFault post_fault(const Faults& faults, std::uint64_t seed, std::string_view to,
                     std::uint64_t ordinal);

enum class GetFault : unsigned char { none, refused, failed };
// `ordinal` counts the questions about this subject, a sid or a number.
GetFault get_fault(const Faults& faults, std::uint64_t seed, std::string_view subject,
                   std::uint64_t ordinal);

// Which faults strike one media stream, and how.
struct StreamFaults {
  bool refused = false;
  bool odd_chunks = false;
  bool gaps = false;
  bool doubled = false;
  bool unknown = false;
  bool no_stop = false;
  std::chrono::seconds broken_after{0};  // 0: it does not break
  std::chrono::milliseconds way{0};
  std::chrono::milliseconds jitter_max{0};
};
StreamFaults stream_faults(const Faults& faults, std::uint64_t seed, std::string_view sid,
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
