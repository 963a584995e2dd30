// A carrier's voice requests as a load, for tests/full.sh bench-webhook: signed requests for the
// document of calls that differ, over keep-alive connections.
//
//   webhook_load PORT CONNECTIONS SECONDS RATE PUBLIC_URL ACCOUNT TOKEN FIRST
//
// RATE 0: each connection sends the next one as soon as it has its answer. Else so many a second,
// on whichever connection is idle, and none is left out: one that finds no connection waits, and
// its time counts from when it was due. Prints one line of JSON: answered, refused (not 2xx),
// per_second, p50_us and p99_us. Everything is signed before the clock starts, so that the load
// costs little. FIRST: the number of the first call, so that a later load is of other calls.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "bridge/net/stream.hpp"

namespace {

using namespace bridge;
using Steady = std::chrono::steady_clock;

constexpr std::size_t requests_max = 200'000;  // then they begin again

struct Target {
  std::uint16_t port = 0;
  std::string public_url{};
  std::string account{};
  std::string token{};
};

std::string request_of(const Target& to, std::size_t number) {
  std::array<char, 40> sid{};
  std::snprintf(sid.data(), sid.size(), "CA%032zx", number);
  std::array<char, 40> delivery{};
  std::snprintf(delivery.data(), delivery.size(), "%08zx-0000-4000-8000-000000000000", number);
  const http::Fields fields{{"CallSid", sid.data()},
                            {"AccountSid", to.account},
                            {"From", "+390698765432"},
                            {"To", "+390612345678"},
                            {"Caller", "+390698765432"},
                            {"Called", "+390612345678"},
                            {"CallStatus", "in-progress"},
                            {"Direction", "outbound-api"},
                            {"ApiVersion", "2010-04-01"},
                            {"FromCity", ""},
                            {"FromState", ""},
                            {"FromZip", ""},
                            {"FromCountry", "IT"},
                            {"ToCity", ""},
                            {"ToState", ""},
                            {"ToZip", ""},
                            {"ToCountry", "IT"},
                            {"CallerCity", ""},
                            {"CallerCountry", "IT"},
                            {"CalledCity", ""},
                            {"CalledCountry", "IT"}};
  const std::string body = http::encode_form(fields);
  const std::string host = to.public_url.substr(to.public_url.find("://") + 3);
  return "POST /outbound-call HTTP/1.1\r\nHost: " + host +
         "\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
         "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\nX-Twilio-Signature: " +
         carrier::sign(to.token, to.public_url + "/outbound-call", fields) +
         "\r\nI-Twilio-Idempotency-Token: " + delivery.data() +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// How long the answer is that `bytes` begin with: its head and the body it tells of; 0: not known
// yet.
std::size_t answer_size(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t body = 0;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = bytes.substr(0, head).find(name);
    if (at != std::string_view::npos) body = std::strtoul(bytes.data() + at + name.size(), {}, 10);
  }
  return head + 4 + body;
}

struct Connection {
  std::unique_ptr<net::Stream> stream{};
  bool open = false;
  bool busy = false;
  std::string got{};
  Steady::time_point began{};
};

struct Load {
  net::Loop& loop;
  std::vector<std::string> requests{};
  double rate = 0;
  Steady::time_point ends{};
  std::vector<Connection> connections{};
  std::deque<Steady::time_point> due{};  // with a rate: those that wait for a connection
  std::size_t next = 0;
  std::size_t planned = 0;  // with a rate: how many have been due
  std::size_t refused = 0;
  std::size_t broken = 0;
  std::vector<float> times_us{};

  void send(Connection& c, Steady::time_point began) {
    c.busy = true;
    c.began = began;
    if (!c.stream->write(requests[next++ % requests.size()])) ++broken;
  }

  void received(Connection& c, std::string_view bytes) {
    c.got.append(bytes);
    const std::size_t size = answer_size(c.got);
    if (size == 0 || c.got.size() < size) return;
    if (c.got.compare(0, 10, "HTTP/1.1 2") != 0) ++refused;
    c.got.clear();
    c.busy = false;
    const auto now = Steady::now();
    times_us.push_back(std::chrono::duration<float, std::micro>(now - c.began).count());
    if (now >= ends) {
      const bool all_back = std::ranges::none_of(connections, &Connection::busy);
      if (all_back && due.empty()) loop.stop();
      if (due.empty()) return;
    }
    if (rate == 0) {
      send(c, now);
    } else if (!due.empty()) {
      send(c, due.front());
      due.pop_front();
    }
  }

  // With a rate: what has become due since the last look.
  void tick(Steady::time_point began) {
    const auto now = Steady::now();
    const auto until = std::min(now, ends);
    while (began + planned * std::chrono::duration<double>(1 / rate) < until) {
      due.push_back(began + std::chrono::duration_cast<Steady::duration>(
                                planned * std::chrono::duration<double>(1 / rate)));
      ++planned;
    }
    for (Connection& c : connections) {
      if (due.empty()) break;
      if (!c.open || c.busy) continue;
      send(c, due.front());
      due.pop_front();
    }
    if (now >= ends && due.empty() && std::ranges::none_of(connections, &Connection::busy)) {
      return loop.stop();
    }
    loop.call_at(loop.now() + std::chrono::milliseconds{1}, [this, began] { tick(began); });
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 9) {
    std::fprintf(
        stderr,
        "usage: webhook_load PORT CONNECTIONS SECONDS RATE PUBLIC_URL ACCOUNT TOKEN FIRST\n");
    return 2;
  }
  const Target to{.port = static_cast<std::uint16_t>(std::atoi(arguments[1])),
                  .public_url = arguments[5],
                  .account = arguments[6],
                  .token = arguments[7]};
  const std::size_t connections = std::strtoul(arguments[2], nullptr, 10);
  const double seconds = std::atof(arguments[3]);
  const std::size_t first = std::strtoul(arguments[8], nullptr, 10);

  net::SystemClock clock;
  net::Loop loop(clock);
  Load load{.loop = loop, .rate = std::atof(arguments[4])};
  const double wanted = load.rate == 0 ? static_cast<double>(requests_max) : load.rate * seconds;
  for (std::size_t i = 0; i < std::min<std::size_t>(requests_max, 1 + std::size_t(wanted)); ++i) {
    load.requests.push_back(request_of(to, first + i));
  }
  load.times_us.reserve(4'000'000);
  load.connections.resize(connections);
  std::size_t open = 0;
  bool failed = false;
  Steady::time_point began{};
  for (Connection& c : load.connections) {
    c.stream = net::Stream::connect(
        loop, {.address = "127.0.0.1", .port = to.port, .unix_path = {}}, {},
        {.on_open =
             [&] {
               c.open = true;
               if (++open < connections) return;
               began = Steady::now();
               load.ends = began + std::chrono::duration_cast<Steady::duration>(
                                       std::chrono::duration<double>(seconds));
               if (load.rate > 0) return load.tick(began);
               for (Connection& each : load.connections) load.send(each, began);
             },
         .on_data = [&](std::string_view bytes) { load.received(c, bytes); },
         .on_end =
             [&](std::error_code) {
               failed = true;
               loop.stop();
             },
         .on_drained = {}});
  }
  loop.run();
  const std::chrono::duration<double> took = Steady::now() - began;
  auto& times = load.times_us;
  if (failed || load.broken > 0 || times.empty()) {
    std::fprintf(stderr, "webhook_load: the server closed a connection\n");
    return 1;
  }
  std::ranges::sort(times);
  std::printf(
      "{\"answered\": %zu, \"refused\": %zu, \"per_second\": %.0f, \"p50_us\": %.0f, "
      "\"p99_us\": %.0f}\n",
      times.size(), load.refused, static_cast<double>(times.size()) / took.count(),
      static_cast<double>(times[times.size() / 2]),
      static_cast<double>(times[times.size() * 99 / 100]));
  return 0;
}
