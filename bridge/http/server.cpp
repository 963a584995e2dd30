#include "bridge/http/server.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "bridge/http/parser.hpp"
#include "bridge/http/writer.hpp"
#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/tls_stream.hpp"

namespace bridge::http {
namespace {

using std::chrono::milliseconds;

// How long a refused client may go on sending, unread, before its connection is cut. Closing at
// once would make its system throw the refusal away.
constexpr milliseconds linger_time_max{1'000};

// A pipelining client's bytes that are kept while its request is being answered; then reading
// stops.
constexpr std::size_t early_bytes_max = 64 * 1024;

constexpr std::string_view continue_text = "HTTP/1.1 100 Continue\r\n\r\n";

Parser::Options parser_options(const Server::Options& options) {
  const Limits& limits = options.limits;
  return {.mode = Parser::Mode::request,
          .first_line_bytes_max = limits.request_line_bytes_max,
          .header_bytes_max = limits.header_bytes_max,
          .headers_max = limits.headers_max,
          .body_bytes_max = limits.body_bytes_max,
          .body_bytes_max_of = options.body_bytes_max_of};
}

// One accepted connection. A plain record; the server's block is the machine.
//
//   idle ─► receiving ─► answering ─┬─► idle
//    │          │                   ├─► gone (handed out)
//    │          │                   └─► lingering ─► gone (closed)
//    │          └─(refused)────────────────┘           ▲
//    └─(idle too long, or the client left: from everywhere)┘
struct Connection final : net::Retired {
  Connection(const Parser::Options& options, std::unique_ptr<net::ByteStream> socket)
      : stream(std::move(socket)), parser(options) {}

  enum class Step : unsigned char { idle, receiving, answering, lingering, gone };

  std::uint64_t id = 0;
  std::unique_ptr<net::ByteStream> stream;
  Parser parser;
  Step step = Step::idle;
  bool secured = false;            // or never to be
  ExchangeId exchange = 0;         // while answering
  bool keep_alive = false;         // of the request that is being answered
  bool answers_head = false;       // likewise
  bool version_1_0 = false;        // likewise
  bool body_begun = false;         // `read_timer` is that of the body
  bool processing = false;         // bytes are being worked through further up the stack
  std::string_view unprocessed{};  // of them
  bool reading_paused = false;
  std::string early{};   // bytes behind the request that is being answered
  net::Instant since{};  // when it became idle, or its request began
  net::Loop::TimerId read_timer = 0;
  net::Loop::TimerId stall_timer = 0;
  std::size_t queued_at_check = 0;  // when `stall_timer` was set
};

}  // namespace

struct Server::Block {
  using Step = Connection::Step;

  net::Loop& loop;
  Limits limits;
  Parser::Options of_parsers;
  std::function<void(ExchangeId, Request)> on_request;
  OnRefused on_refused;
  std::function<Response(int)> refusal_of;
  tls::ServerContext* tls;
  tls::HandshakeGate handshakes;
  std::function<void(std::error_code)> on_unsecured;
  std::function<void()> on_secured;
  net::Links* links;
  std::unique_ptr<net::Listener> listener{};
  std::uint16_t port = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections{};
  std::unordered_map<ExchangeId, Connection*> exchanges{};
  std::uint64_t ids = 0;
  std::size_t writing = 0;  // connections with a stall timer
  std::string out{};        // kept for its memory

  Block(net::Loop& with, Options options, std::function<void(ExchangeId, Request)> request,
        OnRefused refused)
      : loop(with),
        limits(options.limits),
        of_parsers(parser_options(options)),
        on_request(std::move(request)),
        on_refused(std::move(refused)),
        refusal_of(std::move(options.refusal_of)),
        tls(options.tls),
        handshakes({.at_once_max = limits.handshakes_at_once_max,
                    .waiting_max = limits.handshakes_waiting_max}),
        on_unsecured(std::move(options.on_unsecured)),
        on_secured(std::move(options.on_secured)),
        links(options.links) {
    listener = std::make_unique<net::Listener>(
        loop,
        net::Endpoint{.address = std::move(options.address),
                      .port = options.port,
                      .unix_path = std::move(options.unix_path)},
        options.unix_mode,
        net::Stream::Options{.write_queue_bytes_max = limits.write_queue_bytes_max,
                             .links = options.links},
        [this](std::unique_ptr<net::Stream> stream) { accept(std::move(stream)); });
    port = listener->port();
  }

  ~Block() {
    listener.reset();
    while (!connections.empty()) close(*connections.begin()->second);
  }

  void accept(std::unique_ptr<net::ByteStream> stream) {
    if (connections.size() >= limits.connections_max && !make_room()) return;
    if (tls != nullptr) {
      stream = std::make_unique<tls::Stream>(
          loop, std::move(stream), tls->accept(),
          tls::Stream::Options{.handshake_time_max = limits.handshake_time_max,
                               .gate = &handshakes,
                               .links = links});
    }
    auto made = std::make_unique<Connection>(of_parsers, std::move(stream));
    Connection& c = *made;
    c.id = ++ids;
    connections.emplace(c.id, std::move(made));
    c.secured = tls == nullptr;
    become_idle(c);
    c.stream->start({.on_open = [this, &c] { secured(c); },
                     .on_data = [this, &c](std::string_view bytes) { received(c, bytes); },
                     // Also an end in order is a leave: a half-open client gets no answer, as with
                     // nginx, for it cannot be told from one that is gone.
                     .on_end = [this, &c](std::error_code error) { ended(c, error); },
                     .on_drained = [this, &c] { drained(c); }});
  }

  void secured(Connection& c) {
    if (!c.secured && on_secured) on_secured();
    c.secured = true;
    become_idle(c);
  }

  void ended(Connection& c, std::error_code error) {
    if (!c.secured && on_unsecured) on_unsecured(error);
    close(c);
  }

  std::optional<TakenOver> take_over(ExchangeId exchange) {
    const auto found = exchanges.find(exchange);
    if (found == exchanges.end()) return {};
    Connection& c = *found->second;
    if (c.stream->queued() > 0) return {};
    c.stream->hush();
    stop_timer(c.read_timer);
    stop_stall_timer(c);
    exchanges.erase(found);
    c.exchange = 0;
    c.step = Step::gone;
    TakenOver taken{.stream = std::move(c.stream), .early = std::move(c.early)};
    taken.early.append(c.unprocessed);
    loop.retire(std::move(connections.extract(c.id).mapped()));
    return taken;
  }

  // Who makes room for somebody new: 0 first. Those who ask for nothing, those who were answered
  // and have only to leave, half a head, half a request. A request comes in one piece as a rule, so
  // that halves are many only where somebody means to shut the door.
  static int order_of_leaving(const Connection& c) {
    switch (c.step) {
      case Step::idle:
        return 0;
      case Step::lingering:
        return c.stall_timer == 0 ? 1 : stays;
      case Step::receiving:
        return c.body_begun ? 3 : 2;
      case Step::answering:
      case Step::gone:
        break;
    }
    return stays;
  }
  static constexpr int stays = 4;

  bool make_room() {
    const auto first = std::ranges::min_element(connections, {}, [](const auto& each) {
      const Connection& c = *each.second;
      return std::tuple(order_of_leaving(c), c.since, c.id);
    });
    if (first == connections.end() || order_of_leaving(*first->second) == stays) return false;
    close(*first->second);
    return true;
  }

  // The connection is silent from here on and dies at the end of the turn. Whoever is working
  // through its bytes further up the stack stops.
  void close(Connection& c) {
    c.step = Step::gone;
    c.stream->close();
    stop_timer(c.read_timer);
    stop_stall_timer(c);
    if (c.exchange != 0) exchanges.erase(c.exchange);
    c.exchange = 0;
    auto node = connections.extract(c.id);
    if (!node.empty()) loop.retire(std::move(node.mapped()));
  }

  void set_read_timer(Connection& c, milliseconds after, void (Block::*late)(Connection&)) {
    stop_timer(c.read_timer);
    if (after == milliseconds{0}) return;
    c.read_timer = loop.call_after(after, [this, &c, late] {
      c.read_timer = 0;
      (this->*late)(c);
    });
  }

  void stop_timer(net::Loop::TimerId& timer) {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }

  void become_idle(Connection& c) {
    c.step = Step::idle;
    c.since = loop.steady_now();
    set_read_timer(c, limits.idle_time_max, &Block::close);
  }

  void received(Connection& c, std::string_view bytes) {
    if (c.step == Step::lingering) return;
    if (c.step == Step::answering) {
      keep_early(c, bytes);
      return;
    }
    process(c, bytes);
  }

  void keep_early(Connection& c, std::string_view bytes) {
    c.early.append(bytes);
    if (c.early.size() >= early_bytes_max && !c.reading_paused) {
      c.reading_paused = true;
      c.stream->pause_reading();
    }
  }

  // Works through bytes up to the next request that has to wait for its answer.
  void process(Connection& c, std::string_view bytes) {
    c.processing = true;
    while (!bytes.empty() && (c.step == Step::idle || c.step == Step::receiving)) {
      bytes.remove_prefix(c.parser.feed(bytes));
      c.unprocessed = bytes;
      after_feeding(c);
    }
    c.processing = false;
    c.unprocessed = {};
    if (c.step == Step::answering && !bytes.empty() && !c.stream->closed()) keep_early(c, bytes);
  }

  void after_feeding(Connection& c) {
    switch (c.parser.state()) {
      case Parser::State::idle:
        break;
      case Parser::State::refused:
        refuse(c, c.parser.refusal());
        break;
      case Parser::State::complete:
        hand_over(c);
        break;
      case Parser::State::head:
        if (c.step == Step::receiving) break;
        c.step = Step::receiving;
        c.since = loop.steady_now();
        c.body_begun = false;
        set_read_timer(c, limits.head_time_max, &Block::too_slow);
        break;
      case Parser::State::body:
        if (c.step == Step::receiving && c.body_begun) break;
        if (c.step != Step::receiving) c.since = loop.steady_now();
        c.step = Step::receiving;
        c.body_begun = true;
        set_read_timer(c, limits.body_time_max, &Block::too_slow);
        if (c.parser.expects_continue() && !c.parser.version_1_0()) write(c, continue_text);
        break;
    }
  }

  void too_slow(Connection& c) { refuse(c, 408); }

  void hand_over(Connection& c) {
    stop_timer(c.read_timer);
    c.keep_alive = c.parser.keep_alive();
    c.answers_head = c.parser.is_head();
    c.version_1_0 = c.parser.version_1_0();
    c.step = Step::answering;
    c.exchange = ++ids;
    exchanges.emplace(c.exchange, &c);
    on_request(c.exchange, c.parser.take_request());
  }

  void refuse(Connection& c, int status) {
    if (on_refused) on_refused(status);
    Response response;
    if (refusal_of) response = refusal_of(status);
    response.status = status;
    c.keep_alive = false;
    c.answers_head = c.parser.is_head();
    c.version_1_0 = false;
    send(c, response);
  }

  void answer(ExchangeId exchange, const Response& response) {
    const auto found = exchanges.find(exchange);
    if (found == exchanges.end()) return;
    Connection& c = *found->second;
    exchanges.erase(found);
    c.exchange = 0;
    if (!send(c, response) || c.step != Step::idle || c.processing) return;
    if (c.reading_paused) {
      c.reading_paused = false;
      c.stream->resume_reading();
    }
    const std::string early = std::exchange(c.early, {});
    process(c, early);
  }

  // False when the connection had to be closed.
  bool send(Connection& c, const Response& response) {
    out.clear();
    write_response(out, response,
                   {.keep_alive = c.keep_alive,
                    .answers_head = c.answers_head,
                    .version_1_0 = c.version_1_0,
                    .date = loop.now()});
    if (!write(c, out)) return false;
    if (c.keep_alive) {
      become_idle(c);
    } else {
      c.step = Step::lingering;
      c.stream->finish();
      if (c.stall_timer == 0) {
        set_read_timer(c, linger_time_max, &Block::close);
      } else {
        stop_timer(c.read_timer);  // the time to linger begins when the answer is gone
      }
      if (c.reading_paused) c.stream->resume_reading();
    }
    return true;
  }

  bool write(Connection& c, std::string_view bytes) {
    if (!c.stream->write(bytes)) {
      close(c);
      return false;
    }
    if (c.stream->queued() > 0 && c.stall_timer == 0) {
      ++writing;
      watch_for_stall(c);
    }
    return true;
  }

  void watch_for_stall(Connection& c) {
    c.queued_at_check = c.stream->queued();
    c.stall_timer = loop.call_after(limits.write_stall_time_max, [this, &c] {
      if (c.stream->queued() >= c.queued_at_check) {
        close(c);
      } else {
        watch_for_stall(c);
      }
    });
  }

  void stop_stall_timer(Connection& c) {
    if (c.stall_timer == 0) return;
    stop_timer(c.stall_timer);
    --writing;
  }

  void drained(Connection& c) {
    stop_stall_timer(c);
    if (c.step == Step::lingering) set_read_timer(c, linger_time_max, &Block::close);
  }
};

Server::Server(net::Loop& loop, Options options,
               std::function<void(ExchangeId, Request)> on_request, OnRefused on_refused)
    : block_(std::make_unique<Block>(loop, std::move(options), std::move(on_request),
                                     std::move(on_refused))) {}

Server::~Server() = default;

std::uint16_t Server::port() const {
  return block_->port;
}

void Server::answer(ExchangeId id, const Response& response) {
  block_->answer(id, response);
}

void Server::drop(ExchangeId id) {
  const auto found = block_->exchanges.find(id);
  if (found != block_->exchanges.end()) block_->close(*found->second);
}

void Server::reset(ExchangeId id) {
  const auto found = block_->exchanges.find(id);
  if (found == block_->exchanges.end()) return;
  Connection& connection = *found->second;
  connection.stream->reset();
  block_->close(connection);
}

void Server::answer_in_part(ExchangeId id, std::string_view bytes) {
  const auto found = block_->exchanges.find(id);
  if (found != block_->exchanges.end()) block_->write(*found->second, bytes);
}

std::optional<TakenOver> Server::take_over(ExchangeId id) {
  return block_->take_over(id);
}

void Server::stop_listening() {
  block_->listener.reset();
}

bool Server::writing() const {
  return block_->writing > 0;
}

std::size_t Server::connections() const {
  return block_->connections.size();
}

}  // namespace bridge::http
