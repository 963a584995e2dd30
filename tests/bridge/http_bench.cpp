// Requests per second of the server, with the clients in a second thread: keep-alive connections
// that each send a webhook-like POST as soon as they have the answer to the last one. Reports also
// the processor time of the server's thread per request, which does not depend on the clients.
//
// http_bench [CONNECTIONS] [SECONDS]
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/http/server.hpp"
#include "bridge/net/stream.hpp"

namespace {

using namespace bridge;

constexpr std::size_t form_bytes = 511;    // a status callback, protocols.md
constexpr std::size_t answer_bytes = 474;  // a Gather with a question

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

const std::string& request_bytes() {
  static const std::string bytes =
      "POST /v1/status?t=0123456789 HTTP/1.1\r\nHost: example.test\r\n"
      "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
      "User-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
      "X-Twilio-Signature: 0123456789012345678901234567\r\n"
      "I-Twilio-Idempotency-Token: 00000000-0000-0000-0000-000000000000\r\n"
      "Content-Length: " +
      std::to_string(form_bytes) + "\r\n\r\n" + std::string(form_bytes, 'f');
  return bytes;
}

struct Blaster {
  std::unique_ptr<net::Stream> stream{};
  std::size_t answer_size = 0;  // of the first answer; all are alike
  std::size_t got = 0;
};

void blast(std::uint16_t port, std::size_t connections, const std::atomic<bool>& stop) {
  net::SystemClock clock;
  net::Loop loop(clock);
  std::vector<Blaster> blasters(connections);
  for (Blaster& each : blasters) {
    each.stream =
        net::Stream::connect(loop, {.address = "127.0.0.1", .port = port, .unix_path = {}}, {},
                             {.on_open = [&each] { (void)each.stream->write(request_bytes()); },
                              .on_data =
                                  [&each, &loop, &stop](std::string_view bytes) {
                                    if (each.answer_size == 0) {
                                      each.answer_size = bytes.find("\r\n\r\n") + 4 + answer_bytes;
                                    }
                                    each.got += bytes.size();
                                    if (each.got < each.answer_size) return;
                                    each.got = 0;
                                    if (stop) {
                                      loop.stop();
                                    } else {
                                      (void)each.stream->write(request_bytes());
                                    }
                                  },
                              .on_end = {},
                              .on_drained = {}});
  }
  loop.run();
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t connections = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 64;
  const std::chrono::seconds length{argc > 2 ? std::strtol(argv[2], nullptr, 10) : 5};

  net::SystemClock clock;
  net::Loop loop(clock);
  const http::Response answer{.status = 200,
                              .headers = {{"Content-Type", "text/xml"}},
                              .body = std::string(answer_bytes, 'a')};
  std::uint64_t served = 0;
  std::vector<http::ExchangeId> held;
  http::Server server(loop, {},
                      [&](http::ExchangeId id, const http::Request&) { held.push_back(id); });
  loop.before_sleep([&] {
    for (const http::ExchangeId id : held) server.answer(id, answer);
    served += held.size();
    held.clear();
  });

  std::atomic<bool> stop = false;
  loop.call_at(loop.now() + length, [&] { loop.stop(); });
  std::thread clients([&] { blast(server.port(), connections, stop); });
  const auto began = std::chrono::steady_clock::now();
  const double cpu_began = thread_seconds();
  loop.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const double cpu = thread_seconds() - cpu_began;
  const double requests = static_cast<double>(served);
  std::printf("%zu connections: %.0f requests/s, %.2f us of the server's processor each\n",
              connections, requests / took.count(), cpu * 1e6 / requests);

  stop = true;
  loop.call_at(loop.now() + std::chrono::milliseconds{200}, [&] { loop.stop(); });
  loop.run();
  clients.join();
  return served > 0 ? 0 : 1;
}
