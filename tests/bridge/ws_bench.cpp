// What a WebSocket message costs beside the socket itself: frames of 20 ms of sound go to and fro,
// through our connection in either role and through a bare libuv relay that looks at nothing, in
// one run. The processor's time of the relaying thread, so that others on the machine count less.
//
// ws_bench [CONNECTIONS] [SECONDS]
#include <time.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/ws/connection.hpp"
#include "tests/bridge/ws_wire.hpp"

namespace {

using namespace bridge;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// As a carrier sends it: 160 bytes of sound in base64, within JSON.
testing::Frame media_frame(bool masked) {
  testing::Frame frame;
  frame.masked = masked;
  frame.payload =
      R"({"event":"media","sequenceNumber":"4242","media":{"track":"inbound","chunk":"4241",)"
      R"("timestamp":"84820","payload":")" +
      std::string(216, 'f') + R"("},"streamSid":"MZ0123456789abcdef0123456789abcdef"})";
  return frame;
}

// The other end: on each connection one frame is under way at any time.
void play(std::uint16_t port, std::size_t connections, const std::string& frame,
          std::size_t answer_bytes, std::atomic<bool>& stop) {
  net::SystemClock clock;
  net::Loop loop(clock);
  struct Each {
    std::unique_ptr<net::Stream> stream{};
    std::size_t got = 0;
  };
  std::vector<Each> all(connections);
  for (Each& each : all) {
    each.stream =
        net::Stream::connect(loop, {.address = "127.0.0.1", .port = port, .unix_path = {}}, {},
                             {.on_open = [&] { (void)each.stream->write(frame); },
                              .on_data =
                                  [&](std::string_view bytes) {
                                    each.got += bytes.size();
                                    if (each.got < answer_bytes) return;
                                    each.got -= answer_bytes;
                                    if (stop) {
                                      loop.stop();
                                    } else {
                                      (void)each.stream->write(frame);
                                    }
                                  },
                              .on_end = [&](std::error_code) { loop.stop(); },
                              .on_drained = {}});
  }
  loop.run();
}

struct Figure {
  double per_second = 0;
  double microseconds = 0;  // of the processor, a message
};

Figure measure(std::uint64_t& messages, const std::function<void()>& run) {
  const auto began = std::chrono::steady_clock::now();
  const double cpu_began = thread_seconds();
  run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const double cpu = thread_seconds() - cpu_began;
  const auto count = static_cast<double>(messages);
  return {count / took.count(), cpu * 1e6 / count};
}

Figure through_ours(ws::Role role, std::size_t connections, std::chrono::seconds length) {
  net::SystemClock clock;
  net::Loop loop(clock);
  std::uint64_t messages = 0;
  std::vector<std::unique_ptr<ws::Connection>> all;
  net::Listener listener(
      loop, {.address = "127.0.0.1"}, 0600U, {}, [&](std::unique_ptr<net::Stream> stream) {
        all.push_back(
            std::make_unique<ws::Connection>(loop, std::move(stream), role, ws::Limits{}));
        ws::Connection& connection = *all.back();
        connection.start({.on_text =
                              [&messages, &connection](std::string_view message) {
                                ++messages;
                                connection.begin_text() += message;
                                connection.end_text();
                                (void)connection.flush();
                              },
                          .on_binary = {},
                          .on_end = {},
                          .on_drained = {}});
      });
  const testing::Frame frame = media_frame(role == ws::Role::server);
  testing::Frame answer = frame;
  answer.masked = role == ws::Role::client;
  std::atomic<bool> stop = false;
  std::thread peer(
      [&] { play(listener.port(), connections, bytes_of(frame), bytes_of(answer).size(), stop); });
  loop.call_at(loop.now() + length, [&] { loop.stop(); });
  const Figure figure = measure(messages, [&] { loop.run(); });
  stop = true;
  loop.call_at(loop.now() + std::chrono::milliseconds{200}, [&] { loop.stop(); });
  loop.run();
  peer.join();
  return figure;
}

// libuv alone: what was read is written, and nothing is looked at.
struct Bare {
  uv_loop_t loop{};
  uv_tcp_t listener{};
  uv_timer_t timer{};
  std::uint64_t messages = 0;
  std::array<char, 65536> buffer{};

  static void on_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* into) {
    auto& bare = *static_cast<Bare*>(handle->loop->data);
    *into = uv_buf_init(bare.buffer.data(), static_cast<unsigned>(bare.buffer.size()));
  }
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* from) {
    if (size == 0) return;
    if (size < 0) {
      uv_close(reinterpret_cast<uv_handle_t*>(stream),
               [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); });
      return;
    }
    ++static_cast<Bare*>(stream->loop->data)->messages;
    const uv_buf_t part = uv_buf_init(from->base, static_cast<unsigned>(size));
    (void)uv_try_write(stream, &part, 1);
  }
  static void on_connection(uv_stream_t* stream, int) {
    auto* socket = new uv_tcp_t;
    uv_tcp_init(stream->loop, socket);
    uv_accept(stream, reinterpret_cast<uv_stream_t*>(socket));
    uv_tcp_nodelay(socket, 1);
    uv_read_start(reinterpret_cast<uv_stream_t*>(socket), on_buffer, on_read);
  }
};

Figure through_nothing(std::size_t connections, std::chrono::seconds length) {
  Bare bare;
  uv_loop_init(&bare.loop);
  bare.loop.data = &bare;
  uv_tcp_init(&bare.loop, &bare.listener);
  uv_timer_init(&bare.loop, &bare.timer);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&bare.listener, reinterpret_cast<const sockaddr*>(&address), 0);
  uv_listen(reinterpret_cast<uv_stream_t*>(&bare.listener), 1024, Bare::on_connection);
  int size = sizeof address;
  uv_tcp_getsockname(&bare.listener, reinterpret_cast<sockaddr*>(&address), &size);
  const std::string frame = bytes_of(media_frame(false));
  std::atomic<bool> stop = false;
  std::thread peer([&] { play(ntohs(address.sin_port), connections, frame, frame.size(), stop); });
  const auto stop_timer = [](uv_timer_t* timer) { uv_stop(timer->loop); };
  uv_timer_start(&bare.timer, stop_timer, static_cast<std::uint64_t>(length.count()) * 1000, 0);
  const Figure figure = measure(bare.messages, [&] { uv_run(&bare.loop, UV_RUN_DEFAULT); });
  stop = true;
  uv_timer_start(&bare.timer, stop_timer, 200, 0);
  uv_run(&bare.loop, UV_RUN_DEFAULT);
  peer.join();
  uv_close(reinterpret_cast<uv_handle_t*>(&bare.listener), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&bare.timer), nullptr);
  uv_run(&bare.loop, UV_RUN_DEFAULT);  // also closes what the peer has left
  uv_loop_close(&bare.loop);
  return figure;
}

void print(const char* name, Figure figure, Figure beside) {
  std::printf("%-34s %9.0f messages/s  %6.2f us of the processor each  %5.2f of bare\n", name,
              figure.per_second, figure.microseconds, figure.microseconds / beside.microseconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t connections = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  const std::chrono::seconds length{argc > 2 ? std::strtol(argv[2], nullptr, 10) : 3};
  const Figure bare = through_nothing(connections, length);
  print("bare libuv relay", bare, bare);
  print("server: masked in, plain out", through_ours(ws::Role::server, connections, length), bare);
  print("client: plain in, masked out", through_ours(ws::Role::client, connections, length), bare);
  return bare.per_second > 0 ? 0 : 1;
}
