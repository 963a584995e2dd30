#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/callee.hpp"
#include "bridge/rehearsal/faults.hpp"
#include "bridge/rehearsal/stream_truth.hpp"
#include "bridge/rehearsal/timetable.hpp"
#include "bridge/tls/client_context.hpp"

namespace bridge::rehearsal {

// The carrier's end of one bidirectional media stream (protocols.md 5): opens the WebSocket, sends
// what the person says in frames, plays to them what comes, in the time of the clock. Where time
// runs, frames are 20 ms; where it jumps, 250, on the timetable's grid.
class CallStream {
 public:
  struct Options {
    std::string url{};  // ws or wss; what stands behind a '?' is dropped
    std::vector<std::pair<std::string, std::string>> parameters{};
    std::string account_sid{};
    std::string call_sid{};
    std::string auth_token{};
    std::uint64_t seed = 1;
    std::uint64_t ordinal = 0;  // of the call's streams
    StreamFaults faults{};
    bool tell_words = false;
    std::string record_directory{};  // empty: nothing is recorded
    // Whom wss URLs trust; null: nobody.
    tls::ClientContext* trusted = nullptr;
    // Not empty: connect there instead.
    std::string connect_address{};
    std::uint16_t connect_port = 0;
  };
  enum class End : unsigned char {
    refused,   // there never was a stream
    closed,    // by the program
    broken,    // the connection, or the WebSocket, failed
    finished,  // after `finish`, when all has left
  };
  // Never told from inside a function of the stream.
  struct Events {
    std::function<void()> on_started{};
    std::function<void()> on_hang_up{};   // the person wants to
    std::function<void(End)> on_ended{};  // once; it may be destroyed in it
  };

  // All that is given outlives the stream, `truth` too.
  CallStream(net::Loop& loop, net::Links& links, Timetable& timetable, Callee callee,
             Options options, StreamTruth& truth, Events events);
  // Silent from here on; what is open is dropped.
  ~CallStream();
  CallStream(const CallStream&) = delete;
  CallStream& operator=(const CallStream&) = delete;

  // The call ends or goes on elsewhere: `stop`, then a close.
  void finish();
  // It waits for an answer from this port.
  bool awaits(std::uint16_t port) const;
  bool writing() const;

 private:
  struct Block;
  std::shared_ptr<Block> block_;
};

}  // namespace bridge::rehearsal
