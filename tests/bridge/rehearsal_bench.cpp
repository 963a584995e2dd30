// How fast rehearsal time passes: a toy program with 30 lines calls PEOPLE people, each asked five
// questions, against a carrier on a thread of its own. No log, no core: what is left for those of
// the time that a real rehearsal may take.
//
//   rehearsal_bench [PEOPLE]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/carrier/twilio.hpp"
#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "bridge/http/server.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"

using namespace bridge;

namespace {

constexpr int lines_max = 30;
constexpr int questions = 5;

std::string question(int number) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather input=\"dtmf speech\" "
         "numDigits=\"1\" timeout=\"5\" speechTimeout=\"auto\" language=\"it-IT\" hints=\"sì, no\" "
         "action=\"/answer/" +
         std::to_string(number) +
         "\"><Say language=\"it-IT\">Domanda. Prema 1 per sì o 2 per no, oppure lo dica a voce."
         "</Say></Gather><Redirect>/answer/" +
         std::to_string(number) + "</Redirect></Response>";
}

}  // namespace

int main(int count, char** arguments) {
  const int people = count > 1 ? std::atoi(arguments[1]) : 2'000;
  rehearsal::CarrierOptions options;
  options.start = net::Instant(std::chrono::sys_days(std::chrono::year(2026) / 8 / 4));
  const rehearsal::RehearsalThread carrier(options);
  const std::vector<std::string> tokens{carrier.auth_token()};

  net::SteppedClock clock(options.start);
  net::Loop loop(clock);
  net::Links links;
  int placed = 0;
  int ended = 0;
  long webhooks = 0;
  long steps = 0;
  long bad = 0;
  std::optional<carrier::Twilio> twilio;
  std::optional<http::Server> server;
  std::function<void()> place_next;
  std::string base;

  http::Server::Options listen;
  listen.links = &links;
  server.emplace(loop, listen, [&](http::ExchangeId id, const http::Request& request) {
    ++webhooks;
    const auto fields = http::decode_form(request.body).value();
    if (!carrier::verify(tokens, base + request.target, fields,
                         request.header("X-Twilio-Signature"))) {
      ++bad;
    }
    http::Response response;
    if (request.target == "/status") {
      response.status = 204;
      const std::string_view status = http::field(fields, "CallStatus");
      if (status != "initiated" && status != "ringing" && status != "in-progress") {
        ++ended;
        place_next();
      }
    } else {
      const int next = request.target == "/talk" ? 1 : request.target.back() - '0' + 1;
      response.headers = {{"Content-Type", "text/xml"}};
      response.body = next > questions
                          ? "<Response><Say>Grazie e arrivederci.</Say><Hangup/></Response>"
                          : question(next);
    }
    server->answer(id, response);
  });
  base = "http://127.0.0.1:" + std::to_string(server->port());
  carrier::Twilio::Options rest;
  rest.base_url = "http://127.0.0.1:" + std::to_string(carrier.port());
  rest.account_sid = carrier.account_sid();
  rest.password = carrier.auth_token();
  rest.links = &links;
  twilio.emplace(loop, rest);
  place_next = [&] {
    if (placed == people) return;
    carrier::CallOrder order;
    order.to = "+3906" + std::to_string(10'000'000 + placed++);
    order.from = "+390212345678";
    order.url = base + "/talk";
    order.status_url = base + "/status";
    twilio->place(order, [&](const carrier::PlaceReply& reply) {
      if (!std::holds_alternative<carrier::CallPlaced>(reply)) ++bad;
    });
  };
  rehearsal::ClockLink link(loop, clock, links, "127.0.0.1", carrier.clock_port(),
                            [&] { loop.stop(); });
  net::Instant last = clock.now();
  bool begun = false;
  bool stopped = false;
  loop.before_sleep([&] {
    if (link.connected() && !std::exchange(begun, true)) {
      for (int i = 0; i < lines_max; ++i) place_next();
    }
    if (clock.now() != last) {
      last = clock.now();
      ++steps;
    }
    if (ended == people && !std::exchange(stopped, true)) loop.stop();
    link.report(true, {});
  });
  const auto began = std::chrono::steady_clock::now();
  loop.run();
  const double took =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const double simulated = std::chrono::duration<double>(clock.now() - options.start).count();
  std::printf(
      "people %d  ended %d  bad %ld  webhooks %ld  steps %ld  simulated %.0f s  took %.2f s  "
      "%.1f us/step  %.1f us/webhook\n",
      people, ended, bad, webhooks, steps, simulated, took, took * 1e6 / static_cast<double>(steps),
      took * 1e6 / static_cast<double>(webhooks));
  return bad == 0 && ended == people ? 0 : 1;
}
