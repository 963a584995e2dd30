#include "bridge/rehearsal/clock_link.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "bridge/net/stream.hpp"
#include "bridge/rehearsal/clock_lines.hpp"

namespace bridge::rehearsal {

struct ClockLink::Block {
  net::Loop& loop;
  net::SteppedClock& clock;
  net::Links& links;
  std::function<void()> on_lost;
  std::unique_ptr<net::Stream> stream{};
  ClockLines lines{};
  bool told_time = false;
  bool moved = false;  // since the last report
  bool lost = false;
  std::string out{};

  // The last report, so that an unchanged one is not repeated.
  struct Report {
    bool quiet = false;
    net::Instant now{};
    std::optional<net::Instant> next{};
    bool operator==(const Report&) const = default;
  };
  std::optional<Report> last{};

  void lose() {
    if (lost) return;
    lost = true;
    stream->close();
    if (on_lost) on_lost();
  }

  void received(std::string_view bytes) {
    bool understood = true;
    const bool whole = lines.feed(bytes, [&](std::string_view line) {
      const bool is_time = next_word(line) == "time";
      const auto now = next_number<std::int64_t>(line);
      understood = understood && is_time && now.has_value();
      if (!understood || lost) return;
      told_time = moved = true;
      clock.advance_to(instant_of(*now));
      loop.run_due_timers();
    });
    if (!whole || !understood) lose();
  }

  void tell_changes() {
    const net::Links::Changes changes = links.take_changes();
    for (const std::uint32_t id : changes.gone) {
      out += "gone ";
      append_number(out, id);
      out += '\n';
    }
    for (const net::LinkCount& count : changes.counts) {
      out += "link ";
      append_number(out, count.id);
      out += ' ';
      append_number(out, static_cast<std::int64_t>(count.sent));
      out += ' ';
      append_number(out, static_cast<std::int64_t>(count.consumed));
      out += '\n';
    }
  }

  void report(bool quiet, std::optional<net::Instant> next) {
    if (!told_time || lost) return;
    const net::Instant now = clock.now();
    if (const auto timer = loop.next_timer(); timer && (!next || *timer < *next)) next = timer;
    const bool due = next && *next <= now;
    Report report{.quiet = quiet && !due && links.connecting() == 0, .now = now, .next = next};
    if (!report.quiet) report.next.reset();
    out.clear();
    if (std::exchange(moved, false)) {
      out += "at ";
      append_number(out, milliseconds_of(now));
      out += '\n';
    }
    if (report.quiet) {
      if (out.empty() && last == report && !links.changed()) return;
      tell_changes();
      // Counts undo a "quiet" at the other end, so it is told again after them.
      out += "quiet ";
      append_number(out, milliseconds_of(now));
      out += ' ';
      if (next) {
        append_number(out, milliseconds_of(*next));
      } else {
        out += '-';
      }
      out += '\n';
    } else if (out.empty() && last && last->quiet && !links.changed()) {
      // Something that is none of the carrier's doing, so no count shows it. Otherwise counts that
      // do not agree say the same, without a line for each turn of work.
      out += "busy\n";
    }
    last = report;
    if (!out.empty() && !stream->write(out)) lose();
  }
};

ClockLink::ClockLink(net::Loop& loop, net::SteppedClock& clock, net::Links& links, std::string host,
                     std::uint16_t port, std::function<void()> on_lost)
    : block_(
          new Block{.loop = loop, .clock = clock, .links = links, .on_lost = std::move(on_lost)}) {
  Block* block = block_.get();
  block->stream =
      net::Stream::connect(loop, {.address = std::move(host), .port = port}, {},
                           {.on_open =
                                [block] {
                                  if (!block->stream->write("hello campanile\n")) block->lose();
                                },
                            .on_data = [block](std::string_view bytes) { block->received(bytes); },
                            .on_end = [block](std::error_code) { block->lose(); },
                            .on_drained = {}});
}

ClockLink::~ClockLink() = default;

void ClockLink::report(bool quiet, std::optional<net::Instant> next) {
  block_->report(quiet, next);
}

bool ClockLink::connected() const {
  return block_->told_time && !block_->lost;
}

namespace {

constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr timeval answer_time_max{.tv_sec = 5, .tv_usec = 0};

struct Socket {
  int number = -1;
  ~Socket() {
    if (number >= 0) ::close(number);
  }
};

// The whole answer to one GET, or empty.
std::string ask(const std::string& host, std::uint16_t port, const std::string& path) {
  addrinfo wish{};
  wish.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wish, &found) != 0) return {};
  Socket socket;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    socket.number = ::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (socket.number < 0) continue;
    ::setsockopt(socket.number, SOL_SOCKET, SO_RCVTIMEO, &answer_time_max, sizeof answer_time_max);
    ::setsockopt(socket.number, SOL_SOCKET, SO_SNDTIMEO, &answer_time_max, sizeof answer_time_max);
    if (::connect(socket.number, each->ai_addr, each->ai_addrlen) == 0) break;
    ::close(std::exchange(socket.number, -1));
  }
  ::freeaddrinfo(found);
  if (socket.number < 0) return {};
  std::string question = "GET " + path + " HTTP/1.1\r\nHost: " + host + ":" + std::to_string(port) +
                         "\r\nConnection: close\r\n\r\n";
  std::string_view rest = question;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket.number, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return {};
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string answer;
  char bytes[4096];
  while (answer.size() < answer_bytes_max) {
    const ssize_t count = ::recv(socket.number, bytes, sizeof bytes, 0);
    if (count <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  return answer;
}

}  // namespace

Discovered discover(const std::string& host, std::uint16_t port) {
  const std::string where = host + ":" + std::to_string(port);
  const std::string answer = ask(host, port, "/rehearsal.json");
  if (answer.empty()) {
    throw std::runtime_error(
        "nothing answers at " + where +
        "; start a rehearsal carrier there with: campanile rehearsal --listen " + where);
  }
  const std::size_t body_at = answer.find("\r\n\r\n");
  const auto json = body_at == std::string::npos
                        ? nlohmann::json()
                        : nlohmann::json::parse(answer.substr(body_at + 4), nullptr, false);
  const auto not_one = [&] {
    return std::runtime_error("what answers at " + where +
                              " is not a rehearsal carrier; --carrier rehearsal@HOST:PORT wants one"
                              " started with: campanile rehearsal");
  };
  if (!answer.starts_with("HTTP/1.1 200") || !json.is_object()) throw not_one();
  try {
    return {.clock_port = json.at("clock_port").get<std::uint16_t>(),
            .voice_port = json.value("voice_port", std::uint16_t{0}),
            .account_sid = json.at("account_sid").get<std::string>(),
            .auth_token = json.value("auth_token", std::string{}),
            .seed = std::stoull(json.at("seed").get<std::string>()),
            .now = instant_of(json.at("now_ms").get<std::int64_t>()),
            .speed = json.at("speed").get<double>()};
  } catch (const nlohmann::json::exception&) {
    throw not_one();
  }
}

}  // namespace bridge::rehearsal
