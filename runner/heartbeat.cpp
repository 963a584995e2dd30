#include "runner/heartbeat.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "bridge/http/client.hpp"
#include "runner/outward_url.hpp"

namespace runner {

namespace http = bridge::http;

struct Heartbeat::Block {
  bridge::net::Loop& loop;
  OutwardUrl target{};
  std::chrono::seconds every{60};
  std::function<bool()> well{};
  std::function<void(std::string)> notice{};
  http::Client client;
  std::optional<bridge::net::Loop::TimerId> timer{};
  bool unheard = false;

  Block(bridge::net::Loop& its_loop, OutwardUrl its_target, bridge::tls::ClientContext* tls)
      : loop(its_loop),
        target(std::move(its_target)),
        client(its_loop, outward_client(target, tls)) {}
  ~Block() {
    // Whoever is told that nothing was sent is no longer there to hear of it.
    notice = {};
    if (timer) loop.cancel(*timer);
  }

  void beat() {
    timer = loop.call_after(every, [this] { beat(); });
    if (!well() || client.unsent() + client.unanswered() > 0) return;
    http::Request request{.method = "GET", .target = target.path};
    request.headers = {{"User-Agent", "campanile"}};
    client.send(request, [this](const http::Reply& reply) { hear(reply); });
  }

  void hear(const http::Reply& reply) {
    if (!notice) return;
    const int status = reply.response.status;
    const bool heard = reply.sent == http::Sent::answered && status >= 200 && status < 300;
    if (heard == !unheard) return;
    unheard = !heard;
    if (heard) return notice("the heartbeat is heard again");
    notice("the heartbeat is not heard: " +
           (reply.sent == http::Sent::answered ? "answered " + std::to_string(status) : reply.why));
  }
};

Heartbeat::Heartbeat(bridge::net::Loop& loop, const Options& options, std::function<bool()> well,
                     std::function<void(std::string)> notice)
    : block_(std::make_unique<Block>(loop, read_outward_url(options.url, "--heartbeat"),
                                     options.tls)) {
  block_->every = options.every;
  block_->well = std::move(well);
  block_->notice = std::move(notice);
  block_->beat();
}

Heartbeat::~Heartbeat() = default;

}  // namespace runner
