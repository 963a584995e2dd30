#include "bridge/rehearsal/rehearsal_carrier.hpp"

#include <cassert>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "bridge/http/server.hpp"
#include "bridge/rehearsal/call_engine.hpp"
#include "bridge/rehearsal/calls_resource.hpp"
#include "bridge/rehearsal/clock_host.hpp"
#include "bridge/rehearsal/truth.hpp"
#include "bridge/rehearsal/voice_server.hpp"
#include "bridge/rehearsal/webhook_sender.hpp"
#include "bridge/tls/server_context.hpp"

// The parts put together: the door, the REST resource behind it, the engine, what goes out, time.
namespace bridge::rehearsal {
namespace {

// Fills in what was not given.
CarrierOptions checked(CarrierOptions options) {
  if (!std::isfinite(options.speed) || options.speed < 0) {
    throw std::invalid_argument("a rehearsal's speed must be 0 (time jumps) or a positive number");
  }
  if (!std::isfinite(options.calls_per_second) || options.calls_per_second < 0) {
    throw std::invalid_argument("a rehearsal's calls per second must not be negative");
  }
  const auto fill = [&](std::string& text, const char* prefix, const char* name) {
    if (text.empty()) text = prefix + hex_from(options.seed, name, 0, 32);
  };
  fill(options.account_sid, "AC", "account");
  fill(options.auth_token, "", "token");
  fill(options.api_key, "SK", "key");
  fill(options.api_secret, "", "secret");
  return options;
}

http::Response json_answer(std::string body) {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

}  // namespace

struct RehearsalCarrier::Block {
  net::Loop& loop;
  const Invented invented;
  const Options options;
  net::Links links{};
  Counters counters{};
  std::unique_ptr<tls::ServerContext> certificate{};
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<ClockHost> clock_host{};
  Timetable timetable;
  WebhookSender webhooks;
  CallEngine engine;
  std::unique_ptr<VoiceServer> voice{};
  std::unique_ptr<CallsResource> resource{};

  Block(net::Loop& on, const CarrierOptions& given)
      : loop(on),
        invented{.auth_token = given.auth_token.empty(), .api_secret = given.api_secret.empty()},
        options(checked(given)),
        timetable(loop),
        webhooks(loop, links, timetable, options, counters),
        engine(loop, links, timetable, webhooks, options, counters) {
    http::Server::Options listen;
    listen.address = options.address;
    listen.port = options.port;
    listen.links = &links;
    if (!options.tls_certificate.empty()) {
      certificate = std::make_unique<tls::ServerContext>(
          tls::ServerContext::Options{options.tls_certificate, options.tls_key});
      listen.tls = certificate.get();
    }
    // Time that runs fast is no reason to make all connections anew.
    listen.limits.idle_time_max = std::chrono::minutes(10);
    if (dynamic_cast<const net::SteppedClock*>(&loop.clock()) != nullptr) {
      // Nor is time that jumps; and whoever asks for the truth lives in real time, where a deadline
      // that jumps would come before the request.
      listen.limits.head_time_max = std::chrono::milliseconds{0};
      listen.limits.body_time_max = std::chrono::milliseconds{0};
      listen.limits.idle_time_max = std::chrono::milliseconds{0};
    }
    server = std::make_unique<http::Server>(
        loop, std::move(listen),
        [this](http::ExchangeId id, const http::Request& request) { on_request(id, request); });
    voice = std::make_unique<VoiceServer>(loop, links, timetable, options, certificate.get());
    resource = std::make_unique<CallsResource>(loop, *server, timetable, engine, options, counters);
    loop.before_sleep([this] { before_sleep(); });
  }

  ~Block() { loop.before_sleep({}); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void on_request(http::ExchangeId id, const http::Request& request) {
    const std::string_view path(request.target);
    if (request.method == "GET" && path == "/rehearsal.json") {
      const std::uint16_t clock_port = clock_host ? clock_host->port() : std::uint16_t{0};
      server->answer(
          id, json_answer(about_json(options, invented, {clock_port, voice->port()}, loop.now())));
    } else if (request.method == "GET" && path == "/rehearsal/truth.json") {
      server->answer(
          id, json_answer(truth_json(engine.book(), counters, *voice, options.tell_acknowledged)));
    } else {
      resource->on_request(id, request);
    }
  }

  void before_sleep() {
    webhooks.tidy();
    if (!clock_host) {
      static_cast<void>(links.take_changes());  // nobody reads them; they must not pile up
      return;
    }
    if (!clock_host->is_holding()) timetable.run_due();
    const bool quiet =
        !server->writing() && !webhooks.about_to_write() && !voice->writing() && !engine.writing();
    clock_host->before_sleep(quiet, timetable.next());
  }
};

RehearsalCarrier::RehearsalCarrier(net::Loop& loop, net::SteppedClock& clock,
                                   const Options& options)
    : block_(std::make_unique<Block>(loop, options)) {
  assert(&loop.clock() == &clock);
  Block* block = block_.get();
  ClockHost::Options host;
  host.address = block->options.address;
  host.carrier_port = block->server->port();
  host.voice_port = block->voice->port();
  host.awaits = [block](std::uint16_t port) {
    return block->webhooks.awaits(port) || block->engine.awaits(port);
  };
  block->clock_host = std::make_unique<ClockHost>(loop, clock, block->links, std::move(host));
  block->timetable.wait_for_program([block] { return block->clock_host->is_holding(); });
}

RehearsalCarrier::RehearsalCarrier(net::Loop& loop, const Options& options)
    : block_(std::make_unique<Block>(loop, options)) {}

RehearsalCarrier::~RehearsalCarrier() = default;

std::uint16_t RehearsalCarrier::port() const {
  return block_->server->port();
}

std::uint16_t RehearsalCarrier::clock_port() const {
  return block_->clock_host ? block_->clock_host->port() : std::uint16_t{0};
}

std::uint16_t RehearsalCarrier::voice_port() const {
  return block_->voice->port();
}

const std::string& RehearsalCarrier::account_sid() const {
  return block_->options.account_sid;
}

const std::string& RehearsalCarrier::auth_token() const {
  return block_->options.auth_token;
}

const CarrierOptions& RehearsalCarrier::options() const {
  return block_->options;
}

}  // namespace bridge::rehearsal
