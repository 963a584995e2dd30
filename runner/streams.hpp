#pragma once

#include <string>

#include "bridge/media/switchboard.hpp"

namespace runner {

// What the runner does to media streams: `bridge::media::Switchboard`, or a test's.
class Streams {
 public:
  virtual ~Streams() = default;
  virtual void let_in(bridge::media::StreamId stream, bridge::voice::Agent agent,
                      bridge::media::Bounds bounds) = 0;
  virtual void refuse(bridge::media::StreamId stream) = 0;
  virtual void answer_tool(bridge::media::StreamId stream, std::string call_id, std::string output,
                           bridge::media::Then then) = 0;
  virtual void end(bridge::media::StreamId stream, bridge::media::Why why) = 0;
};

}  // namespace runner
