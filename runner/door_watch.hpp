#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/http/message.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"

namespace runner {

// What is told where it is shut, and why.
std::string door_shut_text(const std::string& why);

// Comes to our own public door the way the carrier does, by SERVER_URL, again and again while
// people may be called. A tunnel that died, a proxy that leads elsewhere or a certificate that ran
// out is found before many have answered a call that says nothing.
//
// Shut is a door to which two visits running came to nothing: something else answered, or nobody
// did. The latter only where one has got through before: from some machines their own address
// cannot be reached, and the carrier reaches it all the same. Where something else answers a GET,
// as before a proxy that has another site there and passes webhooks alone, a visit comes as a
// webhook, too, before it comes to nothing.
class DoorWatch {
 public:
  struct Options {
    std::string public_url{};                   // without a slash at its end
    bridge::tls::ClientContext* tls = nullptr;  // for https; outlives the watch
    std::string auth_token{};                   // what webhooks are signed with
    std::chrono::milliseconds again{5'000};     // after a visit that came to nothing
  };
  // How long a visit that got through holds good; nothing: nobody is to be called, and none is
  // made. Asked again and again while the door is not shut.
  using HoldsGood = std::function<std::optional<std::chrono::milliseconds>()>;

  // `tell` hears why the door is shut, once, and an empty text when it is open again. `loop`
  // outlives the watch. Throws std::invalid_argument for a URL that is none.
  DoorWatch(bridge::net::Loop& loop, const Options& options, HoldsGood holds_good,
            std::function<void(const std::string& why)> tell);
  ~DoorWatch();
  DoorWatch(const DoorWatch&) = delete;
  DoorWatch& operator=(const DoorWatch&) = delete;

  // A call was answered and never came to our door. The next visit is made at once, and shuts the
  // door if it comes to nothing: the call was the first.
  void hurry();

  // To be shown every request of the door. True: it is a visit, and to be answered that we are up.
  bool sees(const bridge::http::Request& request);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// What the door answers to whoever asks whether it is up.
bool says_up(const bridge::http::Response& response);

}  // namespace runner
