#include "runner/door_watch.hpp"

#include <optional>
#include <utility>

#include "bridge/http/client.hpp"
#include "runner/crypto.hpp"
#include "runner/outward_url.hpp"

namespace runner {

namespace http = bridge::http;

bool says_up(const http::Response& response) {
  return response.status == 200 && response.body == "campanile is up\n";
}

struct DoorWatch::Block {
  bridge::net::Loop& loop;
  Options options{};
  OutwardUrl target{};
  std::function<bool()> wanted{};
  std::function<void(const std::string&)> tell{};
  http::Client client;
  std::string word = hex(sha256(random_key()));  // what no request but ours has
  std::optional<bridge::net::Loop::TimerId> timer{};
  std::chrono::milliseconds rest{0};  // until the next visit
  bool arrived = false;               // somebody asked our door since the visit began
  bool got_through = false;           // one did, in this run
  int failed = 0;                     // running
  bool shut = false;

  Block(bridge::net::Loop& its_loop, const Options& its_options, OutwardUrl its_target)
      : loop(its_loop),
        options(its_options),
        target(std::move(its_target)),
        client(its_loop, outward_client(target, options.tls)) {}
  ~Block() {
    // Whoever is told that nothing was sent is no longer there to hear of it.
    tell = {};
    if (timer) loop.cancel(*timer);
  }

  void wait() {
    timer = loop.call_after(options.again, [this] {
      wait();
      rest -= options.again;
      if (rest.count() <= 0 && (shut || wanted())) visit();
    });
  }

  void visit() {
    if (client.unsent() + client.unanswered() > 0) return;
    arrived = false;
    http::Request request{.method = "GET", .target = target.path};
    request.headers = {{"User-Agent", "campanile"}, {"X-Campanile-Visit", word}};
    client.send(request, [this](const http::Reply& reply) {
      if (tell) hear(reply);
    });
  }

  void hear(const http::Reply& reply) {
    const bool answered = reply.sent == http::Sent::answered;
    if (answered && says_up(reply.response) && arrived) {
      got_through = true;
      failed = 0;
      rest = options.every;
      if (std::exchange(shut, false)) tell({});
      return;
    }
    if (!answered && !got_through) {
      rest = options.every;
      return;
    }
    if (++failed < 2 || shut) return;
    shut = true;
    tell(!answered ? "it does not answer: " + reply.why
                   : "something else answers there, with " + std::to_string(reply.response.status));
  }
};

DoorWatch::DoorWatch(bridge::net::Loop& loop, const Options& options, std::function<bool()> wanted,
                     std::function<void(const std::string& why)> tell)
    : block_(std::make_unique<Block>(loop, options,
                                     read_outward_url(options.public_url + '/', "SERVER_URL"))) {
  block_->wanted = std::move(wanted);
  block_->tell = std::move(tell);
  block_->wait();
}

DoorWatch::~DoorWatch() = default;

bool DoorWatch::sees(const http::Request& request) {
  if (request.method != "GET") return false;
  // Without its header, if somebody on the way takes that off.
  block_->arrived = true;
  return request.header("X-Campanile-Visit") == block_->word;
}

}  // namespace runner
