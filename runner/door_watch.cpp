#include "runner/door_watch.hpp"

#include <algorithm>
#include <utility>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"
#include "runner/crypto.hpp"
#include "runner/outward_url.hpp"
#include "webhook/door.hpp"

namespace runner {

namespace http = bridge::http;
using std::chrono::milliseconds;

std::string door_shut_text(const std::string& why) {
  return "SERVER_URL does not lead to our door: nobody is called until it does: " + why;
}

bool says_up(const http::Response& response) {
  return response.status == 200 && response.body == webhook::up_text;
}

struct DoorWatch::Block {
  bridge::net::Loop& loop;
  Options options{};
  OutwardUrl target{};
  HoldsGood holds_good{};
  std::function<void(const std::string&)> tell{};
  http::Client client;
  // What no request but ours has: a word, and a call that never was.
  std::string word = hex(sha256(random_key()));
  http::Fields fields{{"CallSid", "CA" + word.substr(0, 32)}};
  std::string body = http::encode_form(fields);
  std::optional<bridge::net::Loop::TimerId> timer{};
  std::optional<bridge::net::Instant> visited_at{};  // by the steady clock
  bool due = false;                                  // whatever still holds good
  bool arrived = false;                              // somebody came to our door since the visit
  bool got_through = false;                          // one did, in this run
  int failed = 0;                                    // running
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

  void wait(milliseconds delay) {
    if (timer) loop.cancel(*timer);
    timer = loop.call_after(delay, [this] { look(); });
  }

  void look() {
    const auto now = loop.steady_now();
    wait(options.again);
    const auto rest = shut ? std::optional<milliseconds>{} : holds_good();
    const bool over = rest && (!visited_at || now - *visited_at >= *rest);
    if (!shut && !due && !over) return;
    if (client.unsent() + client.unanswered() > 0) return;
    due = false;
    visited_at = now;
    visit();
  }

  void hurry() {
    failed = std::max(failed, 1);
    due = true;
    // However many calls tell the same.
    const bool just_there = visited_at && loop.steady_now() - *visited_at < options.again;
    if (!just_there) wait(milliseconds{0});
  }

  void send(http::Request request, std::function<void(const http::Reply&)> hear) {
    arrived = false;
    request.headers.push_back({"User-Agent", "campanile"});
    request.headers.push_back({"Cache-Control", "no-cache"});
    request.headers.push_back({"X-Campanile-Visit", word});
    client.send(request, [this, hear = std::move(hear)](const http::Reply& reply) {
      if (tell) hear(reply);
    });
  }

  void visit() {
    send({.method = "GET", .target = target.path}, [this](const http::Reply& reply) {
      const bool answered = reply.sent == http::Sent::answered;
      if (answered && says_up(reply.response) && arrived) return find_open();
      if (answered) return visit_as_webhook(reply.response.status);
      if (got_through) fail("it does not answer: " + reply.why);
    });
  }

  void visit_as_webhook(int status_of_get) {
    http::Request request{.method = "POST", .target = target.path + "call-status"};
    request.headers = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"X-Twilio-Signature",
         bridge::carrier::sign(options.auth_token, options.public_url + "/call-status", fields)}};
    request.body = body;
    send(std::move(request), [this, status_of_get](const http::Reply& reply) {
      const bool answered = reply.sent == http::Sent::answered;
      if (answered && says_up(reply.response) && arrived) return find_open();
      fail("something else answers there, with " + std::to_string(status_of_get));
    });
  }

  void find_open() {
    got_through = true;
    failed = 0;
    if (std::exchange(shut, false)) tell({});
  }

  void fail(const std::string& why) {
    due = true;
    if (++failed < 2 || shut) return;
    shut = true;
    tell(why);
  }
};

DoorWatch::DoorWatch(bridge::net::Loop& loop, const Options& options, HoldsGood holds_good,
                     std::function<void(const std::string& why)> tell)
    : block_(std::make_unique<Block>(loop, options,
                                     read_outward_url(options.public_url + '/', "SERVER_URL"))) {
  block_->holds_good = std::move(holds_good);
  block_->tell = std::move(tell);
  block_->wait(options.again);
}

DoorWatch::~DoorWatch() = default;

void DoorWatch::hurry() {
  block_->hurry();
}

bool DoorWatch::sees(const http::Request& request) {
  const bool get = request.method == "GET";
  const bool ours =
      request.header("X-Campanile-Visit") == block_->word || (!get && request.body == block_->body);
  // A GET also without its header, if somebody on the way takes that off.
  block_->arrived |= get || ours;
  return ours;
}

}  // namespace runner
