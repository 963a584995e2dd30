#include "runner/courier.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <deque>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "bridge/http/client.hpp"
#include "runner/crypto.hpp"
#include "runner/outward_url.hpp"

namespace runner {

namespace http = bridge::http;
namespace net = bridge::net;

namespace {

// Twenty digits and an end of line, so that each is written over the one before in one go.
constexpr std::size_t cursor_bytes = 21;

// Where the last alert came from that was brought. Not synced: an older one brings some again.
class Cursor {
 public:
  explicit Cursor(const std::filesystem::path& file)
      : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), file.string());
  }
  ~Cursor() { ::close(file_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  std::optional<std::uint64_t> read() const {
    char text[cursor_bytes]{};
    if (::pread(file_, text, cursor_bytes, 0) != static_cast<ssize_t>(cursor_bytes)) return {};
    std::uint64_t position = 0;
    const auto read = std::from_chars(text, text + cursor_bytes - 1, position);
    if (read.ec != std::errc{} || *read.ptr != '\n') return {};
    return position;
  }
  // False: it stays where it was.
  bool write(std::uint64_t position) const {
    auto text = std::to_string(position);
    text.insert(0, cursor_bytes - 1 - text.size(), '0');
    text += '\n';
    return ::pwrite(file_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  }

 private:
  int file_;
};

}  // namespace

struct Courier::Block {
  net::Loop& loop;
  Options options;
  OutwardUrl target;
  Cursor cursor;
  std::uint64_t from = 0;  // what follows from later events was not brought before this run
  http::Client client;
  std::function<void(std::string)> notice;
  std::function<void()> on_idle{};
  std::deque<Alert> queue{};
  std::optional<net::Loop::TimerId> timer{};
  std::optional<net::Instant> tried_since{};  // the first one of the queue
  std::chrono::milliseconds wait{};
  std::uint64_t durable = 0;
  std::uint64_t brought = 0;
  std::uint64_t failures = 0;
  std::uint64_t given_up = 0;
  bool sending = false;
  bool unheard = false;
  bool left_some = false;  // the queue was full: the cursor stays before what was left

  Block(net::Loop& its_loop, const Options& given, std::uint64_t log_end,
        std::function<void(std::string)> tell)
      : loop(its_loop),
        options(given),
        target(read_outward_url(given.url, given.setting)),
        cursor(given.cursor),
        client(its_loop, outward_client(target, given.tls)),
        notice(std::move(tell)) {
    if (const auto known = cursor.read()) {
      from = *known;
    } else {
      from = log_end;
      cursor.write(from);
    }
  }
  ~Block() {
    // Whoever is told that nothing was sent is no longer there to hear of it.
    notice = {};
    if (timer) loop.cancel(*timer);
  }

  bool may_send() const {
    return !queue.empty() && queue.front().position <= durable && !sending && !timer;
  }

  void pump() {
    if (may_send()) return send();
    if (idle() && on_idle) on_idle();
  }
  bool idle() const { return !sending && (queue.empty() || queue.front().position > durable); }

  void send() {
    const auto& alert = queue.front();
    const auto now = loop.clock().now();
    if (!tried_since) tried_since = now;
    const auto seconds = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    http::Request request{.method = "POST", .target = target.path, .body = alert.body};
    request.headers = {
        {"User-Agent", "campanile"},
        {"Content-Type", "application/json"},
        {"Campanile-Id", alert.id},
        {"Campanile-Signature",
         "t=" + seconds + ",v1=" + hex(hmac_sha256(options.secret, seconds + '.' + alert.body))}};
    sending = true;
    client.send(request, [this](const http::Reply& reply) { hear(reply); });
  }

  void hear(const http::Reply& reply) {
    if (!notice) return;
    sending = false;
    const int status = reply.response.status;
    if (reply.sent == http::Sent::answered && status >= 200 && status < 300) {
      if (std::exchange(unheard, false)) notice(options.setting + ": alerts are heard again");
      ++brought;
      done_with_first();
      return pump();
    }
    ++failures;
    if (!std::exchange(unheard, true)) {
      notice(
          options.setting + ": an alert is not heard and will be told again: " +
          (reply.sent == http::Sent::answered ? "answered " + std::to_string(status) : reply.why));
    }
    const auto now = loop.clock().now();
    if (now - *tried_since >= options.patience_max) {
      ++given_up;
      notice(options.setting + ": an alert was given up, nobody took it for " +
             std::to_string(options.patience_max.count()) + " hours");
      done_with_first();
    }
    wait = std::min(options.retry_max, wait.count() == 0 ? options.retry_first : wait * 2);
    timer = loop.call_after(wait, [this] {
      timer.reset();
      pump();
    });
  }

  void done_with_first() {
    if (!left_some && queue.front().position > 0) cursor.write(queue.front().position);
    queue.pop_front();
    tried_since.reset();
    wait = {};
  }
};

Courier::Courier(net::Loop& loop, const Options& options, std::uint64_t log_end,
                 std::function<void(std::string)> notice) {
  if (options.secret.size() < secret_bytes_min) {
    throw std::invalid_argument(
        options.setting + " wants a secret of at least " + std::to_string(secret_bytes_min) +
        " characters to sign with: set ALERTS_SECRET (openssl rand -hex 32)");
  }
  block_ = std::make_unique<Block>(loop, options, log_end, std::move(notice));
}

Courier::~Courier() = default;

void Courier::take(Alert alert) {
  auto& b = *block_;
  if (b.options.kinds.count(alert.kind) == 0) return;
  if (alert.position != 0 && alert.position <= b.from) return;
  if (b.queue.size() >= b.options.queue_max) {
    if (!std::exchange(b.left_some, true)) {
      b.notice(b.options.setting + ": too many alerts wait; further ones are told after a restart");
    }
    return;
  }
  b.queue.push_back(std::move(alert));
}

void Courier::pump(std::uint64_t durable) {
  block_->durable = durable;
  if (block_->may_send()) block_->send();
}

void Courier::on_idle(std::function<void()> f) {
  block_->on_idle = std::move(f);
}
bool Courier::idle() const {
  return block_->idle();
}
std::string_view Courier::to() const {
  const std::string_view file = block_->options.cursor.native();
  return file.substr(file.rfind('.') + 1);
}
std::size_t Courier::waiting() const {
  return block_->queue.size();
}
std::uint64_t Courier::brought() const {
  return block_->brought;
}
std::uint64_t Courier::failures() const {
  return block_->failures;
}
std::uint64_t Courier::given_up() const {
  return block_->given_up;
}

}  // namespace runner
