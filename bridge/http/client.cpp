#include "bridge/http/client.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/http/parser.hpp"
#include "bridge/http/writer.hpp"
#include "bridge/net/connector.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/tls_stream.hpp"

namespace bridge::http {
namespace {

constexpr const char* too_late = "no connection was ready in time";

// One request on its way.
struct Exchange {
  std::uint64_t id = 0;
  std::string bytes{};  // the request as it goes over the wire
  bool head = false;
  std::function<void(Reply)> done{};
  SendBounds bounds{};
  net::Loop::TimerId late = 0;  // while it waits
};

// One connection of the pool. A plain record; the client's block is the machine.
//
//   connecting ─► (securing ─►) idle ◄─► busy
//       └─────────────┴───────────┴────────┴──► closed
struct PooledConnection final : net::Retired {
  explicit PooledConnection(const Parser::Options& options) : parser(options) {}

  enum class Step : unsigned char { connecting, securing, idle, busy };

  std::uint64_t id = 0;
  Step step = Step::connecting;
  std::unique_ptr<net::Connector> connector{};
  std::unique_ptr<net::ByteStream> stream{};
  Parser parser;
  Exchange exchange{};  // while busy
  net::Instant idle_since{};
  net::Loop::TimerId timer = 0;
};

Parser::Options parser_options(const Client::Options& options) {
  return {.mode = Parser::Mode::response,
          .first_line_bytes_max = 4096,
          .header_bytes_max = 64 * 1024,
          .headers_max = 128,
          .body_bytes_max = options.response_bytes_max};
}

std::string host_header(const Client::Options& options) {
  if (!options.unix_path.empty()) return "localhost";
  std::string host = options.host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  if (options.port != (options.tls != nullptr ? 443 : 80))
    host += ":" + std::to_string(options.port);
  return host;
}

}  // namespace

struct Client::Block {
  using Step = PooledConnection::Step;
  // A reply that is told at the end of a function, when the state is in order: the caller may send
  // again from inside `done`.
  struct Told {
    std::function<void(Reply)> done{};
    Reply reply{};
  };

  net::Loop& loop;
  Options options;
  std::string host;
  std::deque<Exchange> waiting{};
  std::unordered_map<std::uint64_t, std::unique_ptr<PooledConnection>> connections{};
  std::vector<std::uint64_t> idle{};  // the last one was used last
  std::size_t opening = 0;            // connections that connect or secure
  std::size_t busy = 0;
  std::uint64_t ids = 0;
  std::deque<Told> failed{};  // in `send`, to be told soon
  net::Loop::TimerId failed_timer = 0;
  bool ending = false;

  Block(net::Loop& with, Options given)
      : loop(with), options(std::move(given)), host(host_header(options)) {}

  // Callers hear when nothing is under way any more; one that sends again hears not_sent.
  void end() {
    ending = true;
    std::vector<Told> told;
    for (auto& [id, c] : connections) {
      const bool in_doubt = c->step == Step::busy;
      if (in_doubt) told.push_back({std::move(c->exchange.done), doubt("the client was closed")});
      shut(*c, in_doubt);
    }
    connections.clear();
    if (failed_timer != 0) loop.cancel(failed_timer);
    busy = opening = 0;
    for (Told& each : told) each.done(std::move(each.reply));
    while (!failed.empty() || !waiting.empty()) {
      for (Exchange& each : std::exchange(waiting, {})) {
        if (each.late != 0) loop.cancel(each.late);
        each.done(not_sent("the client was closed"));
      }
      for (Told& each : std::exchange(failed, {})) each.done(std::move(each.reply));
    }
  }

  static Reply not_sent(std::string why) {
    return {.sent = Sent::not_sent, .response = {}, .why = std::move(why)};
  }
  static Reply doubt(std::string why) {
    return {.sent = Sent::in_doubt, .response = {}, .why = std::move(why)};
  }

  void send(const Request& request, std::function<void(Reply)> done, SendBounds bounds) {
    if (ending || waiting.size() >= options.waiting_max) {
      fail_soon(std::move(done), not_sent("too many requests wait"));
      return;
    }
    Exchange exchange{.id = ++ids,
                      .bytes = {},
                      .head = request.method == "HEAD",
                      .done = std::move(done),
                      .bounds = std::move(bounds)};
    write_request(exchange.bytes, request, host);
    if (const auto& last = exchange.bounds.not_after) {
      exchange.late = loop.call_at(*last + std::chrono::milliseconds{1},
                                   [this, id = exchange.id] { came_too_late(id); });
    }
    waiting.push_back(std::move(exchange));
    pump();
  }

  void came_too_late(std::uint64_t id) {
    const auto found = std::find_if(waiting.begin(), waiting.end(),
                                    [&](const Exchange& each) { return each.id == id; });
    assert(found != waiting.end());
    const Exchange exchange = std::move(*found);
    waiting.erase(found);
    // It has waited for a connection all the time.
    Reply reply = not_sent(too_late);
    reply.error = std::make_error_code(std::errc::timed_out);
    exchange.done(std::move(reply));
  }

  Exchange take_first_waiting() {
    Exchange exchange = std::move(waiting.front());
    waiting.pop_front();
    if (exchange.late != 0) loop.cancel(std::exchange(exchange.late, 0));
    return exchange;
  }

  // Why a request must not begin any more; empty: it may. Its timer may be due and not have run.
  std::string objection_to(const Exchange& exchange) const {
    const SendBounds& bounds = exchange.bounds;
    if (bounds.not_after && loop.now() > *bounds.not_after) return too_late;
    return bounds.objection ? bounds.objection() : std::string{};
  }

  // A timer rather than a post, so that whoever asks when something is due sees it.
  void fail_soon(std::function<void(Reply)> done, Reply reply) {
    failed.push_back({std::move(done), std::move(reply)});
    if (failed_timer != 0 || ending) return;
    failed_timer = loop.call_at(loop.now(), [this] {
      failed_timer = 0;
      auto told = std::exchange(failed, {});
      // The last call may be the client's end.
      while (!told.empty()) {
        Told each = std::move(told.front());
        told.pop_front();
        each.done(std::move(each.reply));
      }
    });
  }

  // Gives waiting requests to connections, and makes connections for the rest.
  void pump() {
    while (!waiting.empty()) {
      PooledConnection* c = ready_connection();
      if (c == nullptr) break;
      Exchange exchange = take_first_waiting();
      if (auto why = objection_to(exchange); why.empty()) {
        begin(*c, std::move(exchange));
      } else {
        fail_soon(std::move(exchange.done), not_sent(std::move(why)));
      }
    }
    while (opening < waiting.size() && connections.size() < options.connections_max) open();
  }

  // The one that was used last, unless it has rested too long: a loop that stood still is late with
  // its timers.
  PooledConnection* ready_connection() {
    while (!idle.empty()) {
      PooledConnection& c = *connections.at(idle.back());
      if (loop.steady_now() - c.idle_since < options.idle_time_max && c.stream->queued() == 0)
        return &c;
      close(c);
    }
    return nullptr;
  }

  void warm_up() {
    if (ending || opening > 0 || ready_connection() != nullptr) return;
    if (connections.size() < options.connections_max) open();
  }

  void begin(PooledConnection& c, Exchange exchange) {
    stop_timer(c);
    idle.pop_back();
    if (!c.stream->write(exchange.bytes)) {
      close(c);
      fail_soon(std::move(exchange.done), not_sent("the connection was closed before"));
      return;
    }
    exchange.bytes = {};
    c.step = Step::busy;
    ++busy;
    c.parser.expect_no_body(exchange.head);
    c.exchange = std::move(exchange);
    set_timer(c, options.response_time_max,
              [this, &c] { lose(c, "no response within the time allowed"); });
    if (c.exchange.bounds.on_sent) c.exchange.bounds.on_sent();
  }

  void open() {
    auto made = std::make_unique<PooledConnection>(parser_options(options));
    PooledConnection& c = *made;
    c.id = ++ids;
    connections.emplace(c.id, std::move(made));
    ++opening;
    net::Connector::Options to;
    to.host = options.host;
    to.port = options.port;
    to.addresses = options.connect_addresses;
    if (!to.addresses.empty() && options.connect_port != 0) to.port = options.connect_port;
    to.unix_path = options.unix_path;
    to.time_max = options.connect_time_max;
    to.stream = {.write_queue_bytes_max = 1 << 20,
                 .unacknowledged_time_max = options.response_time_max,
                 .links = options.links};
    c.connector = std::make_unique<net::Connector>(
        loop, std::move(to),
        [this, &c](std::unique_ptr<net::Stream> stream, const net::Connector::Failure& failure) {
          c.connector.reset();
          if (stream == nullptr) return cannot_connect(c, failure.why, failure.error);
          connected(c, std::move(stream));
        });
  }

  void connected(PooledConnection& c, std::unique_ptr<net::Stream> stream) {
    if (options.tls == nullptr) {
      c.stream = std::move(stream);
      c.stream->start(events(c, {}));
      return ready(c);
    }
    c.step = Step::securing;
    c.stream = std::make_unique<tls::Stream>(
        loop, std::move(stream), options.tls->connect(options.host, options.port),
        tls::Stream::Options{.handshake_time_max = options.handshake_time_max,
                             .links = options.links});
    c.stream->start(events(c, [this, &c] { ready(c); }));
  }

  net::ByteStream::Events events(PooledConnection& c, std::function<void()> on_open) {
    return {.on_open = std::move(on_open),
            .on_data = [this, &c](std::string_view bytes) { received(c, bytes); },
            .on_end = [this, &c](std::error_code error) { ended(c, error); },
            .on_drained = {}};
  }

  void ready(PooledConnection& c) {
    --opening;
    become_idle(c);
    pump();
  }

  void become_idle(PooledConnection& c) {
    c.step = Step::idle;
    c.idle_since = loop.steady_now();
    idle.push_back(c.id);
    set_timer(c, options.idle_time_max, [this, &c] { close(c); });
  }

  // The request that has waited longest hears of it; a next one tries again.
  void cannot_connect(PooledConnection& c, std::string why, std::error_code error = {}) {
    close(c);
    Exchange exchange{};
    if (!waiting.empty()) exchange = take_first_waiting();
    pump();
    if (!exchange.done) return;
    Reply reply = not_sent(std::move(why));
    reply.error = error;
    exchange.done(std::move(reply));
  }

  void ended(PooledConnection& c, std::error_code error) {
    switch (c.step) {
      case Step::connecting:  // there is no stream yet
        break;
      case Step::securing:
        cannot_connect(c, "the connection could not be secured: " + error.message(), error);
        break;
      case Step::idle:
        close(c);
        pump();
        break;
      case Step::busy:
        if (!error) c.parser.finish();
        if (c.parser.state() == Parser::State::complete) {
          answered(c, true);
        } else {
          lose(c, error ? "the connection failed: " + error.message()
                        : "the connection ended before the response did");
        }
        break;
    }
  }

  void received(PooledConnection& c, std::string_view bytes) {
    if (c.step != Step::busy) {  // nobody asked
      close(c);
      pump();
      return;
    }
    const std::size_t used = c.parser.feed(bytes);
    if (c.parser.state() == Parser::State::complete) {
      answered(c, used < bytes.size());
    } else if (c.parser.state() == Parser::State::refused) {
      lose(c,
           c.parser.refusal() == 413 ? "the response was too large" : "the response was malformed");
    }
  }

  void answered(PooledConnection& c, bool unusable) {
    const bool keep = !unusable && c.parser.keep_alive() && c.stream->queued() == 0;
    Reply reply{.sent = Sent::answered, .response = c.parser.take_response(), .why = {}};
    const auto done = finish(c);
    if (keep) {
      become_idle(c);
    } else {
      close(c);
    }
    pump();
    done(std::move(reply));
  }

  void lose(PooledConnection& c, std::string why) {
    const auto done = finish(c);
    close(c, true);
    pump();
    done(doubt(std::move(why)));
  }

  std::function<void(Reply)> finish(PooledConnection& c) {
    --busy;
    stop_timer(c);
    c.step = Step::idle;
    return std::exchange(c.exchange, {}).done;
  }

  // The connection is silent from here on and dies at the end of the turn.
  void close(PooledConnection& c, bool in_doubt = false) {
    if (c.step < Step::idle) --opening;
    std::erase(idle, c.id);
    shut(c, in_doubt);
    auto node = connections.extract(c.id);
    if (!node.empty()) loop.retire(std::move(node.mapped()));
  }

  void shut(PooledConnection& c, bool in_doubt) {
    stop_timer(c);
    c.connector.reset();
    if (!c.stream) return;
    if (in_doubt) {
      c.stream->reset();
    } else {
      c.stream->close();
    }
  }

  template <class F>
  void set_timer(PooledConnection& c, std::chrono::milliseconds after, F late) {
    stop_timer(c);
    c.timer = loop.call_after(after, [&c, late] {
      c.timer = 0;
      late();
    });
  }

  void stop_timer(PooledConnection& c) {
    if (c.timer != 0) loop.cancel(std::exchange(c.timer, 0));
  }
};

Client::Client(net::Loop& loop, Options options)
    : block_(std::make_unique<Block>(loop, std::move(options))) {}

Client::~Client() {
  block_->end();
}

void Client::send(const Request& request, std::function<void(Reply)> done, SendBounds bounds) {
  block_->send(request, std::move(done), std::move(bounds));
}

void Client::warm_up() {
  block_->warm_up();
}

std::size_t Client::unsent() const {
  return block_->waiting.size() + block_->failed.size();
}

std::size_t Client::unanswered() const {
  return block_->busy;
}

}  // namespace bridge::http
