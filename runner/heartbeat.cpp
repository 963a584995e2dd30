#include "runner/heartbeat.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "bridge/http/client.hpp"

namespace runner {

namespace http = bridge::http;

namespace {

struct Target {
  bridge::carrier::BaseUrl base{};
  std::string path{"/"};
};

Target read_target(const std::string& url) {
  const auto scheme = url.find("://");
  const auto path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  try {
    Target target{bridge::carrier::read_base_url(url.substr(0, path))};
    if (path != std::string::npos) target.path = url.substr(path);
    return target;
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("--heartbeat must look like https://host/path");
  }
}

http::Client::Options client_options(const Target& target, bridge::tls::ClientContext* tls) {
  http::Client::Options options;
  options.host = target.base.host;
  options.port = target.base.port;
  options.connections_max = 1;
  options.waiting_max = 1;
  options.response_time_max = std::chrono::seconds{10};
  if (!target.base.secured) return options;
  if (tls == nullptr) throw std::logic_error("a heartbeat over https needs somebody to trust");
  options.tls = tls;
  return options;
}

}  // namespace

struct Heartbeat::Block {
  bridge::net::Loop& loop;
  Target target{};
  std::chrono::seconds every{60};
  std::function<bool()> well{};
  std::function<void(std::string)> notice{};
  http::Client client;
  std::optional<bridge::net::Loop::TimerId> timer{};
  bool unheard = false;

  Block(bridge::net::Loop& its_loop, Target its_target, bridge::tls::ClientContext* tls)
      : loop(its_loop),
        target(std::move(its_target)),
        client(its_loop, client_options(target, tls)) {}
  ~Block() {
    // Whoever is told that nothing was sent is no longer there to hear of it.
    notice = {};
    if (timer) loop.cancel(*timer);
  }

  void beat() {
    timer = loop.call_at(loop.clock().now() + every, [this] { beat(); });
    if (!well() || client.unsent() + client.unanswered() > 0) return;
    http::Request request{.method = "GET", .target = target.path};
    request.headers = {{"User-Agent", "campanile"}};
    client.send(std::move(request), [this](const http::Reply& reply) { hear(reply); });
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
    : block_(std::make_unique<Block>(loop, read_target(options.url), options.tls)) {
  block_->every = options.every;
  block_->well = std::move(well);
  block_->notice = std::move(notice);
  block_->beat();
}

Heartbeat::~Heartbeat() = default;

}  // namespace runner
