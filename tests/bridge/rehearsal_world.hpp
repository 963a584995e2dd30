#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/carrier/twilio.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"
#include "bridge/http/server.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_carrier.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "tests/bridge/loopback.hpp"

namespace bridge::testing {

// A small program such as Campanile's users write: places calls, answers the carrier's webhooks at
// once, and notes them. For a loop that somebody else runs.
struct ToyProgram {
  struct Webhook {
    net::Instant at{};
    std::string method{};
    std::string target{};
    std::string path{};
    http::Fields fields{};
    std::string signature{};
    std::string body{};
    std::string idempotency_token{};
  };

  net::Loop& loop;
  net::Links links{};
  std::vector<Webhook> webhooks{};
  // What a document request gets, by path; others get 204.
  std::map<std::string, std::string> documents{};
  std::set<std::string> silent{};  // paths that are never answered
  std::function<void(const Webhook&)> on_webhook{};
  std::function<http::Response(const Webhook&)> answer_with{};  // instead of the documents
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<carrier::Twilio> twilio{};
  std::vector<carrier::PlaceReply> placed{};

  ToyProgram(net::Loop& on, std::uint16_t carrier_port, const std::string& account,
             const std::string& token)
      : loop(on) {
    http::Server::Options listen;
    listen.links = &links;
    server = std::make_unique<http::Server>(
        loop, listen, [this](http::ExchangeId id, http::Request request) {
          const auto target = http::split_target(request.target);
          const bool get = request.method == "GET";
          Webhook note{
              .at = loop.now(),
              .method = request.method,
              .target = request.target,
              .path = std::string(target.path),
              .fields = http::decode_form(get ? target.query : request.body).value(),
              .signature = std::string(request.header("X-Twilio-Signature")),
              .body = request.body,
              .idempotency_token = std::string(request.header("I-Twilio-Idempotency-Token"))};
          webhooks.push_back(note);
          if (silent.contains(note.path)) return;
          http::Response response;
          if (answer_with) {
            response = answer_with(note);
          } else if (const auto found = documents.find(note.path); found != documents.end()) {
            response.headers = {{"Content-Type", "text/xml"}};
            response.body = found->second;
          } else {
            response.status = 204;
          }
          server->answer(id, response);
          if (on_webhook) on_webhook(note);
        });
    carrier::Twilio::Options options;
    options.base_url = "http://127.0.0.1:" + std::to_string(carrier_port);
    options.account_sid = account;
    options.password = token;
    options.links = &links;
    twilio = std::make_unique<carrier::Twilio>(loop, options);
  }

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server->port()) + path;
  }

  carrier::CallOrder order(const std::string& to) const {
    carrier::CallOrder made;
    made.to = to;
    made.from = "+390612345678";
    made.url = url("/talk");
    made.status_url = url("/status");
    return made;
  }

  void place(const carrier::CallOrder& what) {
    twilio->place(what, [this](carrier::PlaceReply reply) { placed.push_back(std::move(reply)); });
  }

  std::vector<const Webhook*> at_path(const std::string& path) const {
    std::vector<const Webhook*> found;
    for (const Webhook& each : webhooks) {
      if (each.path == path) found.push_back(&each);
    }
    return found;
  }
};

// What a carrier on another thread tells of everything that happened, as JSON, in a loop whose
// clock may still jump once, by any length, while it is asked.
inline std::string truth_of(SteppedLoop& world, std::uint16_t carrier_port) {
  http::Client::Options options;
  options.port = carrier_port;
  options.connect_time_max = options.response_time_max = std::chrono::years(10);
  http::Client client(world.loop, options);
  std::optional<http::Reply> told;
  client.send({.method = "GET", .target = "/rehearsal/truth.json"},
              [&](http::Reply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  return told->response.body;
}

// Carrier and program in one loop, whose time the test moves: no clock connection.
struct OneLoopWorld : SteppedLoop {
  std::unique_ptr<rehearsal::RehearsalCarrier> far{};
  std::unique_ptr<ToyProgram> program{};

  explicit OneLoopWorld(rehearsal::CarrierOptions options = {}) {
    far = std::make_unique<rehearsal::RehearsalCarrier>(loop, std::move(options));
    program =
        std::make_unique<ToyProgram>(loop, far->port(), far->account_sid(), far->auth_token());
  }
  ~OneLoopWorld() {
    program.reset();
    far.reset();
  }
  // Lets simulated time pass, a second at a time.
  void pass(std::chrono::seconds time) {
    for (auto each = std::chrono::seconds{0}; each < time; each += std::chrono::seconds{1}) {
      advance(std::chrono::seconds{1});
      settle();
    }
  }
};

// The answer to one request of any kind, by `user:password`, or by nobody.
inline http::Response ask_as(OneLoopWorld& world, const std::string& who, const std::string& method,
                             const std::string& target, const std::string& body = {}) {
  http::Client::Options options;
  options.port = world.far->port();
  http::Client client(world.loop, options);
  std::optional<http::Reply> told;
  http::Request request{.method = method, .target = target};
  request.body = body;
  if (!who.empty()) {
    request.headers.push_back({"Authorization", "Basic " + rehearsal::base64(who)});
  }
  client.send(request, [&](http::Reply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  return told->response;
}
// By the account itself.
inline http::Response ask_as_account(OneLoopWorld& world, const std::string& method,
                                     const std::string& target, const std::string& body = {}) {
  return ask_as(world, world.far->account_sid() + ":" + world.far->auth_token(), method, target,
                body);
}

inline std::string calls_target(const OneLoopWorld& world) {
  return "/2010-04-01/Accounts/" + world.far->account_sid() + "/Calls";
}

// Everybody of one kind.
inline rehearsal::People only(const std::string& who, const std::string& more = {}) {
  return rehearsal::parse_people(
      "human=0,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up_at_once=0,right_key=1000,"
      "speech=0,wrong_key=0,silence=0,hang_up=0,opt_out=0,barge_in=0," +
      who + "=1" + (more.empty() ? "" : "," + more));
}

}  // namespace bridge::testing
