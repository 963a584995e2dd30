#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"

namespace runner {

// Tells somebody else that the program is well, so that its silence is noticed by whoever watches:
// a program that has died, hangs, or can write nothing cannot send an alarm itself. A GET of one
// URL at regular times; what it answers is not read, and anything but a 2xx is told to the operator
// once, until it is well again.
class Heartbeat {
 public:
  struct Options {
    std::string url{};                          // https://host/path or http://host:port/path
    bridge::tls::ClientContext* tls = nullptr;  // for https; outlives the heartbeat
    std::chrono::seconds every{60};
  };
  // `well` is asked before each one; while it says no, none is sent. `loop` outlives the heartbeat.
  // Throws std::invalid_argument for a URL that is none, without quoting it: it may hold a secret.
  Heartbeat(bridge::net::Loop& loop, const Options& options, std::function<bool()> well,
            std::function<void(std::string)> notice);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace runner
