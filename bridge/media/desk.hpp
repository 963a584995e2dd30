#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/media/call.hpp"
#include "bridge/media/switchboard.hpp"
#include "bridge/media/twilio_stream.hpp"
#include "bridge/net/byte_stream.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/voice/voice.hpp"

namespace bridge::media {

// The streams of one loop, on its thread: the sockets, timers and models of their calls.
class Desk {
 public:
  // What the calls tell, on this loop's thread and from inside a call: a receiver that does more
  // than to note it takes it elsewhere. `gone`: nothing is left of the stream.
  struct Events {
    std::function<void(Started)> started{};
    std::function<void(Said)> said{};
    std::function<void(ToolAsked)> tool{};
    std::function<void(StreamId, char)> key{};
    std::function<void(Closed)> closed{};
    std::function<void(StreamId)> gone{};
  };

  // The loop outlives the desk.
  Desk(net::Loop& loop, Call::Options options, std::unique_ptr<voice::Model> model, Events events);
  // Ends what is under way, silently.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void take(StreamId id, std::unique_ptr<net::ByteStream> stream, std::string early);
  void let_in(StreamId id, const voice::Agent& agent, const Bounds& bounds);
  void refuse(StreamId id);
  void answer_tool(StreamId id, const std::string& call_id, const std::string& output, Then then);
  void end(StreamId id, Why why);

 private:
  class Leg;

  Leg* find(StreamId id);
  void remove(StreamId id);
  void flush_soon(Leg& leg);
  void end_soon(Leg& leg);
  void end_turn();
  void flush();

  net::Loop& loop_;
  Call::Options options_;
  Events events_;
  std::unique_ptr<voice::Model> model_;
  twilio::Reader reader_{};
  std::unordered_map<StreamId, std::unique_ptr<Leg>> legs_;
  std::vector<StreamId> ending_{};
  std::vector<StreamId> unflushed_{};
  std::vector<StreamId> flushing_{};  // scratch
  net::TurnEnd turn_end_;
};

}  // namespace bridge::media
