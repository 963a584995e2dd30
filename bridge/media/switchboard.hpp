#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/net/byte_stream.hpp"
#include "bridge/net/clock.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/voice/voice.hpp"

namespace bridge::media {

// Number of one media stream in this process. Never used again.
using StreamId = std::uint64_t;

// The carrier's `start` message (protocols.md 5.1): somebody wants to be let in.
struct Started {
  StreamId stream = 0;
  std::string stream_sid{};
  std::string call_sid{};
  std::string account_sid{};
  std::string token{};  // the Parameter of that name
};

// Something was said. `position` counts what was said in this stream, from 1, in the order of the
// conversation. It is given when the sound begins and told with the text: of the agent when it is
// known how much was heard, of the person when it was written down. So these may come out of order,
// and a number may stay out: of what nobody wrote down.
struct Said {
  enum class Who : unsigned char { agent, callee };
  StreamId stream = 0;
  Who who = Who::agent;
  std::uint32_t position = 0;
  std::string text{};  // personal; at most said_bytes_max
  std::chrono::milliseconds
      at{};          // from the stream's start to the first sound of it, or to its text
  bool cut = false;  // the person interrupted it: they heard `heard` of it
  std::chrono::milliseconds heard{};
};

inline constexpr std::size_t said_bytes_max = 16 * 1024;

// The model asks for something. `position` is that of the last thing said before it.
struct ToolAsked {
  StreamId stream = 0;
  std::string call_id{};
  std::string name{};
  std::string arguments{};  // at most tool_arguments_bytes_max, perhaps no JSON; personal
  std::uint32_t position = 0;
};
inline constexpr std::size_t tool_arguments_bytes_max = 16 * 1024;

// Why a stream is over.
enum class Why : unsigned char {
  hung_up,     // the carrier: the call has ended
  goodbye,     // we, after the agent's last words were heard
  moved_on,    // we, because the call goes elsewhere (a transfer)
  refused,     // it was not let in
  time_limit,  // the rest: we, for the campaign's limits or for a failure
  silence,
  too_many_turns,
  spend_limit,
  model_failed,
  bad_stream,    // what came from the carrier was not the protocol
  too_slow,      // one side did not take what the other sent
  owner_silent,  // the owner did not answer what the model asked for, and the person waited
  stopped,       // the program ends
};
std::string_view name_of(Why why);

struct Closed {
  StreamId stream = 0;
  Why why = Why::hung_up;
  voice::Failure failure{};  // model_failed, why the goodbye was not said, or bad_stream: `code`
                             // says in our own words what was wrong
  // It was closing, and not a sound of the goodbye that the agent was asked for has come.
  bool goodbye_unsaid = false;
  std::chrono::milliseconds lasted{};
  std::chrono::milliseconds first_sound{-1};  // from start to the first audio sent; -1: never any
  std::uint32_t turns = 0;                    // of the agent
  std::uint32_t interruptions = 0;
  std::uint32_t complaints = 0;  // of the model about what we sent; the first is `complaint`
  std::string complaint{};
  std::optional<voice::Quota> quota_low{};  // as the model told it last
  // With Bounds::spending also what a response that was under way has used, as far as that shows.
  voice::Usage usage{};
};

// What a talk may cost at its model, and how that is reckoned.
struct Spending {
  std::int64_t most = 0;  // in the unit of `cost`
  // What so much use in a talk of this length costs. Called on the media threads, by several at
  // once.
  std::function<std::int64_t(const voice::Usage&, std::chrono::milliseconds lasted)> cost{};
};

// What holds whatever the model does.
struct Bounds {
  std::chrono::seconds time_max{600};    // of the stream
  std::chrono::seconds silence_max{30};  // nobody says anything
  std::uint32_t turns_max = 100;         // of the agent
  std::chrono::seconds goodbye_max{10};  // from the last words to the end
  // Of silence that the model owes to the person, until it has failed: from `let_in` to its first
  // sound, and later from when it can know that it is its turn. That is voice::Agent::silence_ms
  // behind the last word, Call::key_pause behind the last key, and behind the last sound of its own
  // that the person hears. Nobody waits for more than two seconds: the rest of them is the way of
  // the apology, by the carrier's question for what comes next and its voice.
  std::chrono::milliseconds opening_max{1'500};
  std::chrono::milliseconds answer_max{1'500};
  Spending spending{};  // without `cost` there is no such limit
};

// What the owner is told, on the owner's loop, in order for each stream. Each Started that was let
// in or refused is followed by exactly one Closed; a stream that never said who it is by none.
struct Events {
  std::function<void(Started)> on_started{};
  std::function<void(Said)> on_said{};
  std::function<void(ToolAsked)> on_tool{};
  std::function<void(StreamId, char key)> on_key{};
  std::function<void(Closed)> on_closed{};
};

// What happens after the answer to a tool was told to the model.
enum class Then : unsigned char {
  speak,    // it goes on talking
  listen,   // it waits for the person
  goodbye,  // its last words are heard to their end, then the stream is closed
  leave,    // the same, and Closed says moved_on
};

// All media streams of the program: each is a call's sound on one side and a conversation with a
// voice model on the other. Streams live on loops of their own, so that nothing that the owner does
// is ever heard; every function here is called on the owner's loop.
class Switchboard {
 public:
  struct Options {
    // 0: on the owner's loop, which is for a clock that jumps.
    std::size_t threads = 0;
    // Of the media threads; null: the system's, one for each. Read by all of them at once, so it
    // may be a ScaledClock and not a SystemClock. With threads == 0 it is the owner's loop's.
    net::Clock* clock = nullptr;
    std::size_t streams_max = 2'000;                  // beyond, an upgrade is answered 503
    std::chrono::milliseconds start_time_max{5'000};  // from the upgrade to `start`
    // From the carrier; beyond, it is no carrier. Frames before their time, and messages on
    // average.
    std::chrono::milliseconds hurry_max{60'000};
    std::int64_t messages_per_second_max = 500;
    // Makes the models' end for one loop. `links` is that loop's, or null.
    std::function<std::unique_ptr<voice::Model>(net::Loop&, net::Links*)> model{};
    net::Links* links = nullptr;  // the owner's; threads == 0 only
  };

  Switchboard(net::Loop& owner, Options options, Events events);
  // Ends what is under way, silently.
  ~Switchboard();
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  // There is room for another stream.
  bool has_room() const;
  // An upgraded connection of the carrier's; `early` is what was read behind the upgrade.
  void take(std::unique_ptr<net::ByteStream> stream, std::string early);
  // Lets a stream in: only now is the model asked.
  void let_in(StreamId stream, voice::Agent agent, Bounds bounds);
  void refuse(StreamId stream);
  void answer_tool(StreamId stream, std::string call_id, std::string output, Then then);
  void end(StreamId stream, Why why);

  std::size_t streams() const;
  // Nothing is on its way between the threads.
  bool quiet() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::media
