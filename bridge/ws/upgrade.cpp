#include "bridge/ws/upgrade.hpp"

#include <mbedtls/base64.h>
#include <mbedtls/sha1.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <utility>

#include "bridge/http/parser.hpp"
#include "bridge/http/text.hpp"
#include "bridge/http/writer.hpp"
#include "bridge/net/connector.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/tls/tls_stream.hpp"
#include "bridge/ws/frame.hpp"

namespace bridge::ws {
namespace {

using http::equal_without_case;

constexpr std::string_view version = "13";
constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t refusal_bytes_max = 4096;
constexpr std::size_t response_bytes_max = 64 * 1024;

std::string to_base64(std::span<const unsigned char> bytes) {
  std::string text(bytes.size() / 3 * 4 + 5, '\0');
  std::size_t size = 0;
  [[maybe_unused]] const int error =
      mbedtls_base64_encode(reinterpret_cast<unsigned char*>(text.data()), text.size(), &size,
                            bytes.data(), bytes.size());
  assert(error == 0);
  text.resize(size);
  return text;
}

// RFC 6455 4.2.2, step 5.4.
std::string accept_of(std::string_view key) {
  const std::string text = std::string(key).append(accept_suffix);
  std::array<unsigned char, 20> hash{};
  [[maybe_unused]] const int error = mbedtls_sha1_ret(
      reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  assert(error == 0);
  return to_base64(hash);
}

bool is_nonce(std::string_view key) {
  // Of 16 bytes in base64, exactly.
  if (key.size() != 24 || !key.ends_with("==")) return false;
  std::array<unsigned char, nonce_bytes + 2> bytes{};
  std::size_t size = 0;
  return mbedtls_base64_decode(bytes.data(), bytes.size(), &size,
                               reinterpret_cast<const unsigned char*>(key.data()),
                               key.size()) == 0 &&
         size == nonce_bytes;
}

// Whether one of the headers of this name has the token in its list.
bool lists(const std::vector<http::Header>& headers, std::string_view name,
           std::string_view token) {
  for (const http::Header& header : headers) {
    if (!equal_without_case(header.name, name)) continue;
    std::string_view rest = header.value;
    while (true) {
      const std::size_t comma = rest.find(',');
      std::string_view item = rest.substr(0, comma);
      const std::size_t first = item.find_first_not_of(" \t");
      item.remove_prefix(std::min(first, item.size()));
      item = item.substr(0, item.find_last_not_of(" \t") + 1);
      if (equal_without_case(item, token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::size_t count(const std::vector<http::Header>& headers, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(),
      [name](const http::Header& header) { return equal_without_case(header.name, name); }));
}

http::Response refusal(int status, std::string why) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/plain"});
  response.body = std::move(why);
  return response;
}

http::Response upgrade_required() {
  http::Response response = refusal(426, "This is a WebSocket of version 13.\n");
  response.headers.push_back({"Upgrade", "websocket"});
  response.headers.push_back({"Sec-WebSocket-Version", std::string(version)});
  return response;
}

}  // namespace

// --- the server

bool asks_for_websocket(const http::Request& request) {
  return lists(request.headers, "Upgrade", "websocket") ||
         count(request.headers, "Sec-WebSocket-Key") > 0;
}

http::Response answer_upgrade(const http::Request& request) {
  if (request.method != "GET") {
    http::Response response = refusal(405, "A WebSocket is opened with GET.\n");
    response.headers.push_back({"Allow", "GET"});
    return response;
  }
  if (request.version_1_0) return refusal(400, "A WebSocket is opened with HTTP/1.1.\n");
  if (!lists(request.headers, "Upgrade", "websocket")) return upgrade_required();
  if (!lists(request.headers, "Connection", "upgrade")) {
    return refusal(400, "The Connection header does not say upgrade.\n");
  }
  if (count(request.headers, "Sec-WebSocket-Version") != 1 ||
      request.header("Sec-WebSocket-Version") != version) {
    return upgrade_required();
  }
  const std::string_view key = request.header("Sec-WebSocket-Key");
  if (count(request.headers, "Sec-WebSocket-Key") != 1 || !is_nonce(key)) {
    return refusal(400, "Sec-WebSocket-Key is not one key of 16 bytes.\n");
  }
  http::Response response;
  response.status = 101;
  response.headers.push_back({"Upgrade", "websocket"});
  response.headers.push_back({"Sec-WebSocket-Accept", accept_of(key)});
  return response;
}

std::string upgrade_head(const http::Response& accepted) {
  std::string head;
  http::write_switching_response(head, accepted);
  return head;
}

// --- the client

namespace {

std::string fresh_nonce() {
  std::array<unsigned char, nonce_bytes> nonce{};
  for (std::size_t at = 0; at < nonce.size(); at += MaskKey{}.size()) {
    const MaskKey part = random_key();
    std::copy(part.begin(), part.end(), nonce.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return to_base64(nonce);
}

std::string host_header(const Connecting::Options& options) {
  std::string host = options.host;
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  if (options.port != (options.tls != nullptr ? 443 : 80)) {
    host += ":" + std::to_string(options.port);
  }
  return host;
}

// A key that was read from a file may bring a line end along.
bool can_be_sent(const std::vector<http::Header>& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const http::Header& header) {
    return std::all_of(header.value.begin(), header.value.end(),
                       [](char c) { return c == '\t' || (c >= ' ' && c != '\x7f'); });
  });
}

// What is wrong with a 101, or nothing (RFC 6455 4.1).
const char* objection_to(const http::Response& response, std::string_view nonce,
                         bool asked_for_protocol) {
  const auto& headers = response.headers;
  if (count(headers, "Upgrade") != 1 || !lists(headers, "Upgrade", "websocket")) {
    return "the server switched to something else";
  }
  if (!lists(headers, "Connection", "upgrade")) return "the server did not say that it upgrades";
  if (count(headers, "Sec-WebSocket-Accept") != 1 ||
      response.header("Sec-WebSocket-Accept") != accept_of(nonce)) {
    return "the server's Sec-WebSocket-Accept is wrong";
  }
  if (count(headers, "Sec-WebSocket-Extensions") != 0) return "the server uses an extension";
  if (!asked_for_protocol && count(headers, "Sec-WebSocket-Protocol") != 0) {
    return "the server speaks a subprotocol";
  }
  return nullptr;
}

}  // namespace

//   connecting ─► (securing ─►) asking ─► done
//       └──────────────┴───────────┴───────┘
struct Connecting::Block final : net::Retired {
  enum class Step : unsigned char { connecting, securing, asking, done };

  net::Loop& loop;
  Options options;
  Done done;
  Step step = Step::connecting;
  std::unique_ptr<net::Connector> connector{};
  std::unique_ptr<net::ByteStream> stream{};
  http::Parser parser{{.mode = http::Parser::Mode::response,
                       .body_bytes_max = response_bytes_max,
                       .switching = true}};
  std::string nonce = fresh_nonce();
  net::Loop::TimerId timer = 0;

  Block(net::Loop& of, Options with, Done told)
      : loop(of), options(std::move(with)), done(std::move(told)) {}

  void begin() {
    if (!can_be_sent(options.headers)) {
      timer = loop.call_at(loop.now(), [this] {
        timer = 0;
        refuse("a header of the request holds a character that cannot be sent");
      });
      return;
    }
    net::Connector::Options to;
    to.host = options.host;
    to.port = options.port;
    to.addresses = options.connect_addresses;
    to.time_max = options.connect_time_max;
    to.stream = {.write_queue_bytes_max = options.limits.queued_bytes_max, .links = options.links};
    connector = std::make_unique<net::Connector>(
        loop, std::move(to),
        [this](std::unique_ptr<net::Stream> open, const net::Connector::Failure& failure) {
          connector.reset();
          if (open == nullptr) return refuse(failure.why, failure.error);
          connected(std::move(open));
        });
  }

  net::ByteStream::Events events(std::function<void()> on_open) {
    return {.on_open = std::move(on_open),
            .on_data = [this](std::string_view bytes) { received(bytes); },
            .on_end = [this](std::error_code error) { ended(error); },
            .on_drained = {}};
  }

  void connected(std::unique_ptr<net::Stream> open) {
    if (options.tls == nullptr) {
      stream = std::move(open);
      stream->start(events({}));
      return ask();
    }
    step = Step::securing;
    stream = std::make_unique<tls::Stream>(
        loop, std::move(open), options.tls->connect(options.host, options.port),
        tls::Stream::Options{.handshake_time_max = options.handshake_time_max,
                             .gate = options.gate,
                             .links = options.links});
    stream->start(events([this] { ask(); }));
  }

  void ask() {
    step = Step::asking;
    set_timer(options.answer_time_max, "no answer within the time allowed");
    http::Request request;
    request.method = "GET";
    request.target = options.target;
    request.headers = options.headers;
    request.headers.push_back({"Upgrade", "websocket"});
    request.headers.push_back({"Sec-WebSocket-Key", nonce});
    request.headers.push_back({"Sec-WebSocket-Version", std::string(version)});
    std::string head;
    http::write_upgrade_request(head, request, host_header(options));
    if (!stream->write(head)) refuse("the connection was closed before the request");
  }

  void ended(std::error_code error) {
    switch (step) {
      case Step::securing:
        return refuse("the connection could not be secured: " + error.message(), error);
      case Step::asking:
        if (!error) parser.finish();
        if (parser.state() == http::Parser::State::complete) return answered({});
        return refuse(error ? "the connection failed: " + error.message()
                            : "the connection ended before the answer did",
                      error);
      case Step::connecting:  // there is no stream yet
      case Step::done:
        break;
    }
  }

  void received(std::string_view bytes) {
    if (step != Step::asking) return;
    const std::size_t used = parser.feed(bytes);
    if (parser.state() == http::Parser::State::refused) {
      refuse(parser.refusal() == 413 ? "the answer was too large" : "the answer was malformed");
    } else if (parser.state() == http::Parser::State::complete) {
      answered(bytes.substr(used));
    }
  }

  void answered(std::string_view early) {
    http::Response response = parser.take_response();
    if (response.status != 101) {
      if (response.body.size() > refusal_bytes_max) response.body.resize(refusal_bytes_max);
      return tell(Refused{.status = response.status,
                          .body = std::move(response.body),
                          .why = "the server answered " + std::to_string(response.status)});
    }
    const bool asked = count(options.headers, "Sec-WebSocket-Protocol") != 0;
    if (const char* why = objection_to(response, nonce, asked); why != nullptr) {
      return tell(Refused{.status = 101, .why = why});
    }
    stream->hush();
    tell(std::make_unique<Connection>(loop, std::move(stream), Role::client, options.limits,
                                      std::string(early)));
  }

  void refuse(std::string why, std::error_code error = {}) {
    tell(Refused{.error = error, .why = std::move(why)});
  }

  void tell(std::variant<std::unique_ptr<Connection>, Refused> outcome) {
    end();
    const auto call = std::exchange(done, {});
    call(std::move(outcome));
  }

  void end() {
    step = Step::done;
    stop_timer();
    connector.reset();
    if (stream) stream->close();
  }

  void set_timer(std::chrono::milliseconds after, const char* why) {
    stop_timer();
    if (after.count() == 0) return;
    timer = loop.call_after(after, [this, why] {
      timer = 0;
      refuse(why, std::make_error_code(std::errc::timed_out));
    });
  }

  void stop_timer() {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }
};

Connecting::Connecting(net::Loop& loop, Options options, Done done)
    : block_(std::make_unique<Block>(loop, std::move(options), std::move(done))) {
  block_->begin();
}

// The block may be in one of its own callbacks.
Connecting::~Connecting() {
  Block& block = *block_;
  block.end();
  block.loop.retire(std::move(block_));
}

}  // namespace bridge::ws
