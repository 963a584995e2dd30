// Both ends of a media bridge at once, for tests/full.sh bench-media (performance.md section c): N
// carriers that stream 20 ms frames, and the model's server, which answers each with 20 ms of
// speech.
//
//   media_load closed|paced CALLS SECONDS plain|model-tls|tls COMMAND...
//
// COMMAND is the bridge: it finds MODEL_PORT (and CA_FILE, CERTIFICATE_FILE, KEY_FILE where it
// shall speak TLS) in its environment and prints the port at which it takes the carriers.
//
// closed: one round trip is under way in each call: media in, append out, delta in, media and mark
// out, mark in. paced: a frame every 20 ms. Prints one line of JSON. Times are read from a stamp in
// the sound: up is from carrier to model, down from model to carrier.
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/media_wire.hpp"

namespace {

using namespace bridge;
using Steady = std::chrono::steady_clock;

using testing::age_us;
using testing::append_frame;
using testing::append_payload;
using testing::each_frame;
using testing::percentile;

struct End;

struct Load {
  net::Loop& loop;
  bool closed = true;
  bool running = false;
  std::uint64_t trips = 0;
  std::uint64_t frames_up = 0;
  std::uint64_t frames_back = 0;
  std::size_t begun = 0;
  std::size_t broken = 0;
  std::vector<double> up{};
  std::vector<double> down{};
  std::vector<std::unique_ptr<End>> carriers{};
  std::vector<std::unique_ptr<End>> models{};
};

// One socket of either kind.
struct End {
  Load& load;
  bool model = false;
  std::unique_ptr<net::ByteStream> stream{};
  bool upgraded = false;
  std::string in{};
  std::string out{};
  std::string scratch{};
  std::uint64_t chunks = 0;
  bool begun = false;
  bool over = false;

  void say(std::string_view payload) { append_frame(out, payload, !model); }
  void leave() {
    if (out.empty()) return;
    if (!stream->write(out)) ++load.broken;
    out.clear();
  }

  void say_media() {
    ++chunks;
    ++load.frames_up;
    scratch = R"({"event":"media","sequenceNumber":")";
    scratch += std::to_string(chunks + 2);
    scratch += R"(","streamSid":"MZ0123456789abcdef0123456789abcdef","media":{"track":"inbound",)"
               R"("chunk":")";
    scratch += std::to_string(chunks);
    scratch += R"(","timestamp":")";
    scratch += std::to_string(chunks * 20);
    scratch += R"(","payload":")";
    append_payload(scratch);
    scratch += "\"}}";
    say(scratch);
  }
  void say_delta() {
    scratch = R"({"type":"response.output_audio.delta","event_id":"event_D1","response_id":)"
              R"("resp_B1","item_id":"item_B2","output_index":0,"content_index":0,"delta":")";
    append_payload(scratch);
    scratch += "\"}";
    say(scratch);
  }

  void on_carrier_message(std::string_view message) {
    if (message.find(R"("event":"media")") != std::string_view::npos) {
      ++load.frames_back;
      if (load.running) load.down.push_back(age_us(message, R"("payload":")"));
      return;
    }
    if (message.find(R"("event":"mark")") == std::string_view::npos) return;
    if (!begun) {
      begun = true;
      ++load.begun;
    }
    const auto at = message.find(R"("name":")") + 8;
    scratch = R"({"event":"mark","sequenceNumber":"9","streamSid":)"
              R"("MZ0123456789abcdef0123456789abcdef","mark":{"name":")";
    scratch += message.substr(at, message.find('"', at) - at);
    scratch += "\"}}";
    say(scratch);
    if (!load.closed) return;
    ++load.trips;
    say_media();
  }

  void on_model_message(std::string_view message) {
    const std::string_view head = message.substr(0, 64);
    if (head.find("input_audio_buffer.append") != std::string_view::npos) {
      if (load.running) load.up.push_back(age_us(message, R"("audio":")"));
      say_delta();
    } else if (head.find("session.update") != std::string_view::npos) {
      say(R"({"type":"session.updated","event_id":"e","session":{"audio":{"input":{"format":)"
          R"({"type":"audio/pcmu"}},"output":{"format":{"type":"audio/pcmu"}}}}})");
    } else if (head.find("response.create") != std::string_view::npos) {
      say(R"({"type":"response.created","event_id":"e","response":{"id":"resp_B1",)"
          R"("status":"in_progress"}})");
      say_delta();
    }
  }

  std::string_view on_frames(std::string_view bytes) {
    return each_frame(bytes, unmasked, [this](int opcode, std::string_view message) {
      if (opcode == 1) {
        if (model) {
          on_model_message(message);
        } else {
          on_carrier_message(message);
        }
      } else if (opcode == 8 && !over) {
        over = true;
        ++load.broken;
      }
    });
  }
  std::string unmasked{};

  void on_head() {
    const auto end = in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    upgraded = true;
    const std::string head = in.substr(0, end + 4);
    in.erase(0, end + 4);
    if (model) {
      out += testing::upgrade_answer(head);
      say(R"({"type":"session.created","event_id":"e","session":{}})");
    } else {
      say(R"({"event":"connected","protocol":"Call","version":"1.0.0"})");
      say(R"({"event":"start","sequenceNumber":"1","streamSid":"MZ0123456789abcdef0123456789abcdef",)"
          R"("start":{"streamSid":"MZ0123456789abcdef0123456789abcdef","accountSid":)"
          R"("AC0123456789abcdef0123456789abcdef","callSid":"CA0123456789abcdef0123456789abcdef",)"
          R"("tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,)"
          R"("channels":1},"customParameters":{"token":"t"}}})");
    }
  }

  void on_data(std::string_view bytes) {
    if (upgraded && in.empty()) {
      const std::string_view left = on_frames(bytes);
      in.assign(left);
    } else {
      in += bytes;
      if (!upgraded) on_head();
      if (upgraded) {
        const std::size_t left = on_frames(in).size();
        in.erase(0, in.size() - left);
      }
    }
    leave();
  }

  void start() {
    stream->start({
        .on_open =
            [this] {
              if (model) return;
              out +=
                  "GET /media-stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
              leave();
            },
        .on_data = [this](std::string_view bytes) { on_data(bytes); },
        .on_end =
            [this](std::error_code) {
              if (!over) ++load.broken;
              over = true;
            },
    });
  }
};

struct Bridge {
  pid_t pid = 0;
  std::uint16_t port = 0;

  double cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    double ticks = 0;
    for (int i = 3; fields >> field; ++i) {
      if (i == 14 || i == 15) ticks += std::stod(field);
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  double rss_kb() const {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmRSS:")) return std::stod(line.substr(6));
    }
    return 0;
  }
};

// Of this process.
double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Bridge open_bridge(char** command) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) std::exit(2);
  Bridge bridge{.pid = fork()};
  if (bridge.pid == 0) {
    dup2(pipe_ends[1], 1);
    execvp(command[0], command);
    std::exit(127);
  }
  close(pipe_ends[1]);
  std::string line;
  for (char c = 0; read(pipe_ends[0], &c, 1) == 1 && c != '\n';) line += c;
  close(pipe_ends[0]);
  if (line.empty()) {
    std::fprintf(stderr, "the bridge did not come up\n");
    std::exit(2);
  }
  bridge.port = static_cast<std::uint16_t>(std::stoi(line));
  return bridge;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "media_load closed|paced CALLS SECONDS plain|model-tls|tls COMMAND...\n");
    return 2;
  }
  const std::string secured = argv[4];
  const std::size_t calls = std::stoul(argv[2]);
  const std::chrono::seconds seconds(std::stoi(argv[3]));
  net::SystemClock clock;
  net::Loop loop(clock);
  Load load{.loop = loop, .closed = std::string_view(argv[1]) == "closed"};

  testing::Folder folder;
  const testing::Identity authority = testing::make_authority();
  const testing::Identity identity = testing::make_identity({}, &authority);
  const std::string ca_file = folder.write("ca.pem", authority.certificate);
  const std::string certificate = folder.write("cert.pem", identity.certificate);
  const std::string key = folder.write("key.pem", identity.key);
  std::unique_ptr<tls::ServerContext> model_tls;
  std::unique_ptr<tls::ClientContext> carrier_tls;
  if (secured != "plain") {
    setenv("CA_FILE", ca_file.c_str(), 1);
    model_tls = std::make_unique<tls::ServerContext>(
        tls::ServerContext::Options{.certificate_file = certificate, .key_file = key});
  }
  if (secured == "tls") {
    setenv("CERTIFICATE_FILE", certificate.c_str(), 1);
    setenv("KEY_FILE", key.c_str(), 1);
    carrier_tls =
        std::make_unique<tls::ClientContext>(tls::ClientContext::Options{.ca_file = ca_file});
  }

  net::Listener listener(
      loop, {.address = "127.0.0.1"}, 0, {}, [&](std::unique_ptr<net::Stream> accepted) {
        std::unique_ptr<net::ByteStream> stream = std::move(accepted);
        if (model_tls) {
          stream = std::make_unique<tls::Stream>(loop, std::move(stream), model_tls->accept(),
                                                 tls::Stream::Options{});
        }
        auto& end = *load.models.emplace_back(std::make_unique<End>(End{load}));
        end.model = true;
        end.stream = std::move(stream);
        end.start();
      });
  setenv("MODEL_PORT", std::to_string(listener.port()).c_str(), 1);
  Bridge bridge = open_bridge(argv + 5);
  const double rss_before = bridge.rss_kb();

  // A few at a time: it is not the handshakes that are measured.
  const auto until = [&](auto done, std::chrono::seconds patience) {
    const auto began = Steady::now();
    while (!done() && Steady::now() - began < patience) loop.turn();
    return done();
  };
  for (std::size_t i = 0; i < calls; ++i) {
    auto& end = *load.carriers.emplace_back(std::make_unique<End>(End{load}));
    auto opened = std::make_shared<bool>(false);
    auto connecting = net::Stream::connect(loop, {.address = "127.0.0.1", .port = bridge.port}, {},
                                           {.on_open = [opened] { *opened = true; }});
    if (!until([&] { return *opened; }, std::chrono::seconds(10))) return 2;
    if (carrier_tls) {
      end.stream = std::make_unique<tls::Stream>(loop, std::move(connecting),
                                                 carrier_tls->connect("localhost", bridge.port),
                                                 tls::Stream::Options{});
      end.start();
    } else {
      end.stream = std::move(connecting);
      end.start();
      end.out +=
          "GET /media-stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
      end.leave();
    }
    until([&] { return load.begun + 20 > i; }, std::chrono::seconds(10));
  }
  const bool all = until([&] { return load.begun == calls; }, std::chrono::seconds(30));

  // Paced: the calls' phases are spread over the 20 ms.
  const auto paced_from = Steady::now();
  std::uint64_t paced = 0;  // of all calls, in turn
  const auto pace = [&] {
    const double due = std::chrono::duration<double, std::milli>(Steady::now() - paced_from) /
                       std::chrono::milliseconds(20) * static_cast<double>(calls);
    while (static_cast<double>(paced) < due) {
      End& end = *load.carriers[paced++ % calls];
      end.say_media();
      end.leave();
    }
  };
  const auto run_for = [&](std::chrono::seconds time) {
    bool over = false;
    loop.call_at(loop.now() + time, [&] {
      over = true;
      loop.stop();
    });
    std::function<void()> tick = [&] {
      if (over) return;
      if (!load.closed) pace();
      loop.call_at(loop.now() + std::chrono::milliseconds(1), tick);
    };
    tick();
    while (!over) loop.run();
  };
  run_for(std::chrono::seconds(2));
  load.running = true;
  const std::uint64_t trips_before = load.trips;
  const double cpu_before = bridge.cpu_seconds();
  const double own_cpu_before = own_cpu_seconds();
  const auto began = Steady::now();
  run_for(seconds);
  const double took = std::chrono::duration<double>(Steady::now() - began).count();
  const double cpu = bridge.cpu_seconds() - cpu_before;
  const double own_cpu = own_cpu_seconds() - own_cpu_before;
  load.running = false;
  const double trips = load.closed ? static_cast<double>(load.trips - trips_before)
                                   : static_cast<double>(load.down.size());
  const double rss_after = bridge.rss_kb();
  std::printf(
      R"({"all":%s,"broken":%zu,"trips":%.0f,"trips_per_second":%.0f,"offered_per_second":%.0f,)"
      R"("cpu_share":%.3f,"load_share":%.3f,)"
      R"("cpu_us_per_trip":%.2f,"cpu_us_per_call_second":%.0f,"up_p50_us":%.0f,"up_p99_us":%.0f,)"
      R"("down_p50_us":%.0f,"down_p99_us":%.0f,"rss_base_kb":%.0f,"rss_kb_per_call":%.1f,)"
      R"("under_way":%lld})"
      "\n",
      all ? "true" : "false", load.broken, trips, trips / took,
      load.closed ? trips / took : 50.0 * static_cast<double>(calls), cpu / took, own_cpu / took,
      cpu * 1e6 / trips, cpu * 1e6 / took / static_cast<double>(calls), percentile(load.up, 0.5),
      percentile(load.up, 0.99), percentile(load.down, 0.5), percentile(load.down, 0.99),
      rss_before, (rss_after - rss_before) / static_cast<double>(calls),
      static_cast<long long>(load.frames_up) - static_cast<long long>(load.frames_back));
  std::fflush(stdout);
  kill(bridge.pid, SIGTERM);
  waitpid(bridge.pid, nullptr, 0);
  load.carriers.clear();
  load.models.clear();
  std::_Exit(0);
}
