#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "bridge/net/loop.hpp"
#include "bridge/net/stream.hpp"

namespace bridge::net {

// The two kinds of addresses by turns, each in its order, so that a machine whose one kind leads
// nowhere comes to the other at its second try (RFC 8305, section 4). Literal addresses.
std::vector<std::string> by_turns(const std::vector<std::string>& addresses);

// One attempt to connect to a host: resolves its name and tries its addresses one after the other.
// While others are left none takes more than its share of the time, so that one that never answers
// does not hide one that would. Destroying it before its end leaves nothing behind.
class Connector {
 public:
  struct Options {
    std::string host{};  // a literal address or a name
    std::uint16_t port = 0;
    std::vector<std::string> addresses{};  // not empty: these literal ones instead of the host's
    std::string unix_path{};               // not empty: connect there instead
    std::chrono::milliseconds time_max{5'000};  // for all of it; 0: no limit
    Stream::Options stream{};
  };
  // Why there is no stream; the last address has the word.
  struct Failure {
    std::string why{};
    std::error_code error{};
  };
  using Done = std::function<void(std::unique_ptr<Stream>, const Failure&)>;

  // `done` is called once, never from inside the constructor, and may destroy the connector. The
  // stream that it is given is open and reads nothing before its `start`; null: a failure. The loop
  // outlives the connector.
  Connector(Loop& loop, Options options, Done done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::net
