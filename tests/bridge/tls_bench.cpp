// What TLS costs, with OpenSSL beside it in the same run: handshakes a second, full and resumed;
// how long the loop stands still while new connections come, with their handshakes in the thread
// pool as the program does it and on the loop for comparison; bytes a second.
//
// tls_bench [SECONDS]
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bridge/http/client.hpp"
#include "bridge/http/server.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/pool_job.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/certificates.hpp"

namespace {

using namespace bridge;
using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;
using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

struct Files {
  testing::Folder folder{};
  testing::Identity authority = testing::make_authority();
  std::string ca = folder.write("ca.pem", authority.certificate);
  std::string certificate{};
  std::string key{};

  explicit Files(testing::Wanted::Key kind) {
    const testing::Identity identity = testing::make_identity({.key = kind}, &authority);
    certificate = folder.write("cert.pem", identity.certificate);
    key = folder.write("key.pem", identity.key);
  }
};

std::string taken(tls::Engine& engine) {
  std::string output(engine.output());
  engine.clear_output();
  return output;
}

void converse(tls::Engine& one, tls::Engine& other, Seconds& of_one, Seconds& of_other) {
  bool moved = true;
  while (moved) {
    moved = false;
    for (auto [self, peer, spent] :
         {std::tuple{&one, &other, &of_one}, {&other, &one, &of_other}}) {
      if (self->can_advance()) {
        const SteadyTime began = now();
        self->advance();
        *spent += now() - began;
        moved = true;
      }
      const std::string bytes = taken(*self);
      peer->feed(bytes);
      moved = moved || !bytes.empty();
    }
  }
}

// Both ends in one thread, without sockets.
void handshakes(const Files& files, const char* name, bool resumed, Seconds length) {
  tls::ClientContext clients({.ca_file = files.ca});
  tls::ServerContext servers({.certificate_file = files.certificate, .key_file = files.key});
  Seconds of_client{};
  Seconds of_server{};
  int count = 0;
  for (const SteadyTime began = now(); now() - began < length; ++count) {
    const auto client =
        clients.connect("localhost", static_cast<std::uint16_t>(resumed ? 1 : 1 + count % 60'000));
    const auto server = servers.accept();
    converse(*client, *server, of_client, of_server);
    if (client->state() != tls::Engine::State::open) std::abort();
  }
  std::printf("%-9s %-8s client %6.0f/s (%.2f ms)   server %6.0f/s (%.2f ms)\n", name,
              resumed ? "resumed" : "full", count / of_client.count(),
              of_client.count() * 1e3 / count, count / of_server.count(),
              of_server.count() * 1e3 / count);
}

void bulk(const Files& files, Seconds length) {
  tls::ClientContext clients({.ca_file = files.ca});
  tls::ServerContext servers({.certificate_file = files.certificate, .key_file = files.key});
  const auto client = clients.connect("localhost", 1);
  const auto server = servers.accept();
  Seconds ignored{};
  converse(*client, *server, ignored, ignored);
  const std::string part(16'384, 'x');
  std::array<char, 16'384> got{};
  Seconds writing{};
  Seconds reading{};
  double bytes = 0;
  for (const SteadyTime began = now(); now() - began < length; bytes += 16'384) {
    const SteadyTime start = now();
    client->write(part);
    const SteadyTime written = now();
    server->feed(taken(*client));
    if (server->read(got) != got.size()) std::abort();
    writing += written - start;
    reading += now() - written;
  }
  std::printf("bulk      %s: write %.0f MB/s, read %.0f MB/s\n", client->agreed().c_str(),
              bytes / 1e6 / writing.count(), bytes / 1e6 / reading.count());
}

// --- the storm

// How late the beats of a loop are that shall come every two milliseconds, as audio has to.
// Lateness has the noise of the whole machine in it; what one turn of the loop took of its
// thread's processor time has not.
struct Beats {
  net::Loop& loop;
  SteadyTime due = now();
  std::vector<double> late_ms{};
  Seconds thread_time{};
  Seconds longest_turn{};

  void turn_ended() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    const Seconds at{static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9};
    if (thread_time.count() > 0) longest_turn = std::max(longest_turn, at - thread_time);
    thread_time = at;
  }

  void beat() {
    const SteadyTime at = now();
    late_ms.push_back(std::max(0.0, Seconds(at - due).count() * 1e3));
    due = at + 2ms;
    loop.call_at(loop.now() + 2ms, [this] { beat(); });
  }
  void report(const char* name, std::size_t handshakes) {
    std::sort(late_ms.begin(), late_ms.end());
    const auto share = [&](double part) {
      return late_ms[static_cast<std::size_t>(part * static_cast<double>(late_ms.size() - 1))];
    };
    std::printf(
        "%-30s %4zu handshakes; longest turn %5.2f ms; a beat late by p50 %.2f, p99 %.2f, p99.9 "
        "%.2f, "
        "max %.2f ms\n",
        name, handshakes, longest_turn.count() * 1e3, share(0.5), share(0.99), share(0.999),
        share(1));
  }
};

// How long somebody else's work stands in the thread pool before it is done, asked every five
// milliseconds: a name that is looked up, say.
struct Others {
  net::Loop& loop;
  std::vector<double> waited_ms{};
  std::unique_ptr<net::PoolJob> job{};

  void ask() {
    const SteadyTime began = now();
    job = std::make_unique<net::PoolJob>(
        loop, [] {},
        [this, began] {
          waited_ms.push_back(Seconds(now() - began).count() * 1e3);
          loop.call_at(loop.now() + 5ms, [this] { ask(); });
        });
  }
  void report() {
    std::sort(waited_ms.begin(), waited_ms.end());
    if (waited_ms.empty()) return;
    std::printf("%-30s others' work in the pool done after p50 %.2f, p99 %.2f, max %.2f ms\n", "",
                waited_ms[waited_ms.size() / 2], waited_ms[waited_ms.size() * 99 / 100],
                waited_ms.back());
  }
};

const http::Response fine{.status = 200, .headers = {}, .body = "fine"};

// A server that answers at once, and clients that each make one request on a connection of their
// own.
struct Ends {
  net::SystemClock clock{};
  net::Loop loop{clock};
  std::unique_ptr<tls::ClientContext> clients{};
  std::unique_ptr<tls::ServerContext> servers{};
  std::vector<http::ExchangeId> held{};
  std::function<void()> on_turn{};
  std::unique_ptr<http::Server> server{};
  std::vector<std::unique_ptr<http::Client>> asking{};
  std::size_t answered = 0;
  std::size_t served = 0;

  Ends(const Files& files, bool resume, std::size_t handshakes_at_once_max = 2) {
    clients = std::make_unique<tls::ClientContext>(tls::ClientContext::Options{
        .ca_file = files.ca, .sessions_max = resume ? std::size_t{64} : std::size_t{0}});
    servers = std::make_unique<tls::ServerContext>(
        tls::ServerContext::Options{.certificate_file = files.certificate, .key_file = files.key});
    http::Server::Options listen;
    listen.tls = servers.get();
    listen.limits.handshakes_at_once_max = handshakes_at_once_max;
    server = std::make_unique<http::Server>(
        loop, std::move(listen),
        [this](http::ExchangeId id, const http::Request&) { held.push_back(id); });
    loop.before_sleep([this] {
      for (const http::ExchangeId id : std::exchange(held, {})) {
        server->answer(id, fine);
        ++served;
      }
      if (on_turn) on_turn();
    });
  }

  // `left` connections, one after the other, or `burst` of them at a time.
  void ask(std::uint16_t port, int per_second, int left, int burst = 1) {
    if (left <= 0) return;
    for (int i = 0; i < burst; ++i) {
      http::Client& client = *asking.emplace_back(std::make_unique<http::Client>(
          loop, http::Client::Options{.port = port, .tls = clients.get()}));
      client.send({.method = "GET", .target = "/", .headers = {}, .body = {}},
                  [this](const http::Reply& reply) {
                    if (reply.sent == http::Sent::answered) ++answered;
                  });
    }
    loop.call_at(
        loop.now() + std::chrono::milliseconds{1000 * burst / per_second},
        [this, port, per_second, left, burst] { ask(port, per_second, left - burst, burst); });
  }

  void run(std::chrono::milliseconds length) {
    loop.call_at(loop.now() + length, [this] { loop.stop(); });
    loop.run();
    asking.clear();
  }
};

// The same server with its handshakes where the bytes come in: what the pool is for.
struct InlineServer {
  struct Connection {
    std::unique_ptr<net::Stream> stream{};
    std::unique_ptr<tls::Engine> engine{};
  };
  tls::ServerContext& servers;
  std::vector<std::unique_ptr<Connection>> connections{};
  std::unique_ptr<net::Listener> listener{};
  std::size_t served = 0;

  InlineServer(net::Loop& loop, tls::ServerContext& with) : servers(with) {
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1"}, 0U, net::Stream::Options{},
        [this](std::unique_ptr<net::Stream> stream) {
          Connection& c = *connections.emplace_back(std::make_unique<Connection>());
          c.stream = std::move(stream);
          c.engine = servers.accept();
          c.stream->start({.on_open = {},
                           .on_data = [this, &c](std::string_view bytes) { received(c, bytes); },
                           .on_end = [&c](std::error_code) { c.stream->close(); },
                           .on_drained = {}});
        });
  }
  void received(Connection& c, std::string_view bytes) {
    c.engine->feed(bytes);
    if (c.engine->can_advance()) c.engine->advance();
    std::array<char, 1000> request{};
    if (c.engine->read(request) > 0) {
      c.engine->write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
      ++served;
    }
    (void)c.stream->write(taken(*c.engine));
  }
};

// The other end of a storm, in a process of its own: with two ports in two numbers of a pipe.
struct FarEnd {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  pid_t process = 0;

  FarEnd(const Files& files, int per_second, std::chrono::milliseconds length, bool asks,
         bool resume, int burst) {
    if (::pipe(to.data()) != 0 || ::pipe(from.data()) != 0) std::abort();
    std::fflush(stdout);
    process = ::fork();
    if (process != 0) return;
    std::uint16_t port = 0;
    {
      Ends ends(files, resume);
      port = ends.server->port();
      if (::write(from[1], &port, sizeof port) != sizeof port) std::abort();
      if (::read(to[0], &port, sizeof port) != sizeof port) std::abort();
      if (asks) {
        ends.ask(port, per_second, static_cast<int>(length.count()) * per_second / 1000, burst);
      }
      ends.run(length + 500ms);
    }
    ::_exit(0);
  }
  ~FarEnd() { ::waitpid(process, nullptr, 0); }
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  std::uint16_t meet(std::uint16_t port) const {
    if (::write(to[1], &port, sizeof port) != sizeof port) std::abort();
    if (::read(from[0], &port, sizeof port) != sizeof port) std::abort();
    return port;
  }
};

enum class Storm {
  none,
  served,
  served_on_the_loop,
  asked,
  served_in_bursts,
  served_in_bursts_ungated
};

// In a process of its own too: libuv's pool does not live through a fork. What the longest turn of
// the loop took of its processor, in milliseconds.
double storm(const Files& files, Storm kind, bool resume, const char* name,
             std::chrono::milliseconds length) {
  const bool bursts = kind == Storm::served_in_bursts || kind == Storm::served_in_bursts_ungated;
  const int per_second = bursts ? 60 : 20;
  std::fflush(stdout);
  std::array<int, 2> told{};
  if (::pipe(told.data()) != 0) std::abort();
  const pid_t process = ::fork();
  if (process != 0) {
    double longest = 0;
    if (::read(told[0], &longest, sizeof longest) != sizeof longest) std::abort();
    ::waitpid(process, nullptr, 0);
    ::close(told[0]);
    ::close(told[1]);
    return longest;
  }
  {
    const bool asks = kind == Storm::served || kind == Storm::served_on_the_loop || bursts;
    const FarEnd far(files, per_second, length, asks, resume, bursts ? 60 : 1);
    Ends ends(files, resume, kind == Storm::served_in_bursts_ungated ? std::size_t{1'000} : 2);
    std::unique_ptr<InlineServer> on_the_loop;
    std::uint16_t port = ends.server->port();
    if (kind == Storm::served_on_the_loop) {
      on_the_loop = std::make_unique<InlineServer>(ends.loop, *ends.servers);
      port = on_the_loop->listener->port();
    }
    port = far.meet(port);
    if (kind == Storm::asked) {
      ends.ask(port, per_second, static_cast<int>(length.count()) * per_second / 1000);
    }
    Beats beats{.loop = ends.loop};
    beats.beat();
    Others others{.loop = ends.loop};
    others.ask();
    ends.on_turn = [&] { beats.turn_ended(); };
    ends.run(length);
    beats.report(name, ends.served + ends.answered + (on_the_loop ? on_the_loop->served : 0));
    others.report();
    std::fflush(stdout);
    const double longest = beats.longest_turn.count() * 1e3;
    if (::write(told[1], &longest, sizeof longest) != sizeof longest) std::abort();
  }
  ::_exit(0);
}

// --- OpenSSL as the client, against its own server and against ours

void say_result(const char* name, const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return;
  std::array<char, 200> line{};
  std::string text = "no result (is openssl installed?)\n";
  // "N connections in 0.50s; 2000.00 connections/user sec", then "N connections in 3 real seconds".
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    const std::string_view got(line.data());
    if (got.find("real seconds") != std::string_view::npos) text = got;
  }
  ::pclose(pipe);
  std::printf("%-34s %s", name, text.c_str());
}

void beside_openssl(const Files& files, int seconds) {
  const auto ask = [&](const char* kind, std::uint16_t port) {
    return "openssl s_time -connect 127.0.0.1:" + std::to_string(port) + " -tls1_2 " + kind +
           " -time " + std::to_string(seconds) + " 2>/dev/null";
  };
  std::uint16_t port = 0;
  {
    net::SystemClock clock;
    net::Loop loop(clock);
    const net::Listener gone(loop, {.address = "127.0.0.1"}, 0, {},
                             [](std::unique_ptr<net::Stream>) {});
    port = gone.port();
  }
  std::fflush(stdout);
  const pid_t theirs = ::fork();
  if (theirs == 0) {
    if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(1);
    ::execlp("openssl", "openssl", "s_server", "-accept", std::to_string(port).c_str(), "-cert",
             files.certificate.c_str(), "-key", files.key.c_str(), "-quiet", "-tls1_2", nullptr);
    ::_exit(127);
  }
  ::usleep(300'000);
  say_result("openssl to openssl, full", ask("-new", port));
  say_result("openssl to openssl, resumed", ask("-reuse", port));
  ::kill(theirs, SIGTERM);
  ::waitpid(theirs, nullptr, 0);

  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) std::abort();
  const pid_t ours = ::fork();
  if (ours == 0) {
    Ends ends(files, true);
    port = ends.server->port();
    if (::write(pipe[1], &port, sizeof port) != sizeof port) std::abort();
    ends.loop.run();
    ::_exit(0);
  }
  if (::read(pipe[0], &port, sizeof port) != sizeof port) std::abort();
  say_result("openssl to our server, full", ask("-new", port));
  say_result("openssl to our server, resumed", ask("-reuse", port));
  ::kill(ours, SIGKILL);
  ::waitpid(ours, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const Seconds length{argc > 1 ? std::strtod(argv[1], nullptr) : 3.0};
  const auto storm_length = std::chrono::duration_cast<std::chrono::milliseconds>(length * 3);
  const Files ec(testing::Wanted::Key::p256);
  const Files rsa(testing::Wanted::Key::rsa_2048);

  bool missed = false;
  std::printf("-- a storm of 20 new connections a second, certificates of RSA-2048\n");
  for (int run = 0; run < 2; ++run) {
    const double calm = storm(rsa, Storm::none, false, "no storm", storm_length);
    const double stormy = storm(rsa, Storm::served, false, "as server, full", storm_length);
    std::printf("%-30s adds %.2f ms to the longest turn (at most 5)\n", "", stormy - calm);
    missed = missed || stormy - calm >= 5;
    storm(rsa, Storm::served_on_the_loop, false, "as server, full, on the loop", storm_length);
    storm(rsa, Storm::asked, false, "as client, full", storm_length);
    storm(rsa, Storm::served, true, "as server, resumed", storm_length);
    storm(rsa, Storm::asked, true, "as client, resumed", storm_length);
    storm(rsa, Storm::served_in_bursts, false, "60 at once", storm_length);
    storm(rsa, Storm::served_in_bursts_ungated, false, "60 at once, no gate", storm_length);
  }
  std::printf("-- handshakes of one thread, both ends in turn\n");
  for (const bool resumed : {false, true}) {
    handshakes(ec, "P-256", resumed, length);
    handshakes(rsa, "RSA-2048", resumed, length);
  }
  bulk(ec, length);
  std::printf("-- connections one after the other, P-256, TLS 1.2\n");
  beside_openssl(ec, std::max(1, static_cast<int>(length.count())));
  return missed ? 1 : 0;
}
