#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bridge/http/message.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"

namespace runner {

// Comes to our own public door the way the carrier does, by SERVER_URL, again and again while
// people may be called. A tunnel that died, a proxy that leads elsewhere or a certificate that ran
// out is found before many have answered a call that says nothing.
//
// Shut is a door to which two visits running came to nothing: something else answered, or nobody
// did. The latter only where one has got through before: from some machines their own address
// cannot be reached, and the carrier reaches it all the same.
class DoorWatch {
 public:
  struct Options {
    std::string public_url{};                   // without a slash at its end
    bridge::tls::ClientContext* tls = nullptr;  // for https; outlives the watch
    std::chrono::milliseconds every{60'000};
    std::chrono::milliseconds again{5'000};  // after a visit that came to nothing
  };
  // `wanted` is asked before each visit to a door that is not shut. `tell` hears why the door is
  // shut, once, and an empty text when it is open again. `loop` outlives the watch. Throws
  // std::invalid_argument for a URL that is none.
  DoorWatch(bridge::net::Loop& loop, const Options& options, std::function<bool()> wanted,
            std::function<void(const std::string& why)> tell);
  ~DoorWatch();
  DoorWatch(const DoorWatch&) = delete;
  DoorWatch& operator=(const DoorWatch&) = delete;

  // To be shown every request of the door. True: it is a visit, and to be answered that we are up.
  bool sees(const bridge::http::Request& request);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// What the door answers to whoever asks whether it is up.
bool says_up(const bridge::http::Response& response);

}  // namespace runner
