#include "bridge/net/connector.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/net/resolver.hpp"

namespace bridge::net {
namespace {

using std::chrono::milliseconds;

// What an address gets at least while there is time: of many addresses those that refuse at once
// cost nothing, and one that is far away needs more than a small part.
constexpr milliseconds address_time_min{1'000};

bool is_ip6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

}  // namespace

std::vector<std::string> by_turns(const std::vector<std::string>& addresses) {
  std::vector<std::string> ordered;
  std::vector<std::string> others;
  for (const auto& address : addresses) {
    auto& kind = is_ip6(address) == is_ip6(addresses.front()) ? ordered : others;
    kind.push_back(address);
  }
  for (std::size_t i = 0; i < others.size(); ++i) {
    const auto at = std::min(2 * i + 1, ordered.size());
    ordered.insert(ordered.begin() + static_cast<std::ptrdiff_t>(at), std::move(others[i]));
  }
  return ordered;
}

//   resolving ─► connecting ─► done
//       │          │    ▲
//       │          └────┘ the next address
//       └──────────┴─────────► done (a failure)
struct Connector::Block final : Retired {
  Loop& loop;
  Options options;
  Done done;
  std::unique_ptr<Resolver> resolver{};
  std::vector<Endpoint> waiting{};  // still to be tried, the best one last
  std::unique_ptr<Stream> stream{};
  std::optional<Instant> deadline{};
  Loop::TimerId timer = 0;

  Block(Loop& of, Options with, Done told)
      : loop(of), options(std::move(with)), done(std::move(told)) {}

  void begin() {
    if (options.time_max.count() > 0) deadline = loop.steady_now() + options.time_max;
    if (!options.unix_path.empty()) {
      waiting.push_back({.unix_path = options.unix_path});
      return connect_next();
    }
    if (!options.addresses.empty()) return connect_to(options.addresses);
    if (is_literal_address(options.host)) return connect_to({options.host});
    if (deadline) set_timer(*deadline);
    if (options.stream.links != nullptr) options.stream.links->connecting(+1);
    resolver = std::make_unique<Resolver>(
        loop, options.host, [this](std::error_code error, const std::vector<std::string>& found) {
          stop_resolving();
          if (!error) return connect_to(found);
          fail("the host's name was not resolved: " + error.message(), error);
        });
  }

  void connect_to(const std::vector<std::string>& addresses) {
    for (const auto& address : by_turns(addresses)) {
      waiting.push_back({.address = address, .port = options.port, .unix_path = {}});
    }
    std::ranges::reverse(waiting);
    connect_next();
  }

  void connect_next() {
    if (deadline) {
      const auto now = loop.steady_now();
      const auto left = std::max(*deadline - now, Instant::duration{0});
      const auto share = left / static_cast<std::int64_t>(waiting.size());
      set_timer(now + std::max(share, std::min<Instant::duration>(left, address_time_min)));
    }
    const Endpoint to = std::move(waiting.back());
    waiting.pop_back();
    stream = Stream::connect(loop, to, options.stream,
                             {.on_open = [this] { opened(); },
                              .on_data = {},
                              .on_end =
                                  [this](std::error_code error) {
                                    if (waiting.empty()) {
                                      return fail("connecting failed: " + error.message(), error);
                                    }
                                    stream->close();
                                    connect_next();
                                  },
                              .on_drained = {}});
  }

  void too_slow() {
    if (waiting.empty() || loop.steady_now() >= *deadline) {
      return fail("connecting took too long", std::make_error_code(std::errc::timed_out));
    }
    stream->close();
    connect_next();
  }

  void opened() {
    stream->hush();
    auto open = std::move(stream);
    end();
    std::exchange(done, {})(std::move(open), {});
  }

  void fail(std::string why, std::error_code error) {
    end();
    std::exchange(done, {})(nullptr, {std::move(why), error});
  }

  void end() {
    stop_timer();
    stop_resolving();
    if (stream) stream->close();
  }

  void stop_resolving() {
    if (!resolver) return;
    resolver.reset();
    if (options.stream.links != nullptr) options.stream.links->connecting(-1);
  }

  void set_timer(Instant at) {
    stop_timer();
    timer = loop.call_after(at - loop.steady_now(), [this] {
      timer = 0;
      too_slow();
    });
  }

  void stop_timer() {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }
};

Connector::Connector(Loop& loop, Options options, Done done)
    : block_(std::make_unique<Block>(loop, std::move(options), std::move(done))) {
  block_->begin();
}

// The block may be in one of its own callbacks.
Connector::~Connector() {
  Block& block = *block_;
  block.end();
  block.loop.retire(std::move(block_));
}

}  // namespace bridge::net
