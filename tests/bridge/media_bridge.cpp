// The switchboard as a program of its own, for tests/full.sh bench-media: whoever opens a stream is
// let in. One loop, one thread. Prints its port.
//
// MODEL_PORT: where the model is, on this machine. CA_FILE: the model speaks TLS. CERTIFICATE_FILE
// and KEY_FILE: so do we to the carrier.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "bridge/http/server.hpp"
#include "bridge/media/switchboard.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/voice/realtime.hpp"
#include "bridge/ws/upgrade.hpp"

namespace {

using namespace bridge;

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main() {
  net::SystemClock clock;
  net::Loop loop(clock);
  const std::string ca_file = from_environment("CA_FILE");
  const std::string certificate = from_environment("CERTIFICATE_FILE");
  const auto model_port = static_cast<std::uint16_t>(std::stoi(from_environment("MODEL_PORT")));

  media::Switchboard::Options options;
  options.hurry_max = std::chrono::hours(1'000);  // a closed loop is no carrier
  options.messages_per_second_max = 1'000'000;
  options.model = [&](net::Loop& its_loop, net::Links*) {
    voice::RealtimeModel::Options to{
        .host = "localhost", .port = model_port, .api_key = "sk-bench"};
    if (!ca_file.empty()) {
      to.tls =
          std::make_shared<tls::ClientContext>(tls::ClientContext::Options{.ca_file = ca_file});
    } else {
      to.host = "127.0.0.1";
    }
    return std::make_unique<voice::RealtimeModel>(its_loop, std::move(to));
  };
  std::unique_ptr<media::Switchboard> board;
  media::Events events;
  events.on_started = [&](const media::Started& started) {
    voice::Agent agent;
    agent.model = "bench";
    agent.voice = "marin";
    agent.instructions = "Talk.";
    media::Bounds bounds;
    bounds.time_max = std::chrono::hours(1);
    bounds.opening_max = bounds.answer_max = std::chrono::minutes(1);
    bounds.silence_max = std::chrono::hours(1);
    board->let_in(started.stream, agent, bounds);
  };
  events.on_closed = [](const media::Closed& closed) {
    if (closed.why == media::Why::hung_up) return;
    std::fprintf(stderr, "closed: %s %s\n", std::string(name_of(closed.why)).c_str(),
                 closed.failure.code.c_str());
  };
  board = std::make_unique<media::Switchboard>(loop, std::move(options), std::move(events));

  std::unique_ptr<tls::ServerContext> tls;
  if (!certificate.empty()) {
    tls = std::make_unique<tls::ServerContext>(tls::ServerContext::Options{
        .certificate_file = certificate, .key_file = from_environment("KEY_FILE")});
  }
  http::Server* door = nullptr;
  http::Server server(loop, {.tls = tls.get()},
                      [&](http::ExchangeId id, const http::Request& request) {
                        const http::Response answer = ws::answer_upgrade(request);
                        if (answer.status != 101) {
                          door->answer(id, answer);
                          return;
                        }
                        auto taken = door->take_over(id);
                        if (taken && taken->stream->write(ws::upgrade_head(answer))) {
                          board->take(std::move(taken->stream), std::move(taken->early));
                        }
                      });
  door = &server;
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  loop.run();
}
