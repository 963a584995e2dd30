#include "runner/courier.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "bridge/http/client.hpp"
#include "runner/crypto.hpp"
#include "runner/outward_url.hpp"

namespace runner {

namespace http = bridge::http;
namespace net = bridge::net;

namespace {

// Fixed widths, so that each is written over the one before in one go.
constexpr std::size_t position_digits = 20;
constexpr std::size_t part_digits = 10;
constexpr std::size_t cursor_bytes_max = 128;

std::string digits(std::uint64_t number, std::size_t width) {
  auto text = std::to_string(number);
  text.insert(0, width - text.size(), '0');
  return text;
}

// Takes a number and what stands behind it away.
template <typename Number>
std::optional<Number> take_number(std::string_view& text, std::size_t width) {
  Number number = 0;
  if (text.size() <= width) return {};
  const auto read = std::from_chars(text.data(), text.data() + width, number);
  if (read.ec != std::errc{} || read.ptr != text.data() + width) return {};
  text.remove_prefix(width);
  return number;
}

// Where the last alert came from that was brought: "POSITION PART INSTALLATION", or as it was
// written once, the position alone. Not synced: an older one brings some again.
class Cursor {
 public:
  Cursor(const std::filesystem::path& file, std::string installation)
      : installation_(std::move(installation)),
        file_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), file.string());
  }
  ~Cursor() { ::close(file_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  struct Known {
    AlertPlace place{};
    bool ours = true;  // of this log, as far as it says
  };
  std::optional<Known> read() const {
    char bytes[cursor_bytes_max]{};
    const auto got = ::pread(file_, bytes, cursor_bytes_max, 0);
    std::string_view text(bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text = text.substr(0, end + 1);
    const auto position = take_number<std::uint64_t>(text, position_digits);
    if (!position) return {};
    if (text == "\n") return Known{{*position, AlertPlace::last_part}, true};
    text.remove_prefix(1);
    const auto part = take_number<std::uint32_t>(text, part_digits);
    if (!part) return {};
    return Known{{*position, *part}, text == ' ' + installation_ + '\n'};
  }
  // Where it fails it stays where it was.
  void write(AlertPlace place) const {
    const auto text = digits(place.position, position_digits) + ' ' +
                      digits(place.part, part_digits) + ' ' + installation_ + '\n';
    static_cast<void>(::pwrite(file_, text.data(), text.size(), 0));
  }

 private:
  std::string installation_;
  int file_;
};

}  // namespace

struct Courier::Block {
  struct Waiting {
    Alert alert{};
    std::optional<net::Instant> tried_since{};
  };
  using Line = std::deque<Waiting>;

  net::Loop& loop;
  Options options;
  OutwardUrl target;
  Cursor cursor;
  AlertPlace from{};    // up to here all was brought before this run
  AlertPlace seen{};    // and up to here all is brought or waits in the line
  bool behind = false;  // there is more in the log than that
  http::Client client;
  std::function<void(std::string)> notice;
  std::function<void()> on_idle{};
  Line at_once{};  // what follows from no event, one of a kind
  Line queue{};
  Line* sending = nullptr;  // whose first one is on its way
  std::optional<net::Loop::TimerId> timer{};
  std::chrono::milliseconds wait{};
  std::uint64_t durable = 0;
  std::uint64_t brought = 0;
  std::uint64_t failures = 0;
  std::uint64_t given_up = 0;
  bool unheard = false;

  Block(net::Loop& its_loop, const Options& given, std::uint64_t log_end,
        std::function<void(std::string)> tell)
      : loop(its_loop),
        options(given),
        target(read_outward_url(given.url, given.setting)),
        cursor(given.cursor, given.installation),
        client(its_loop, outward_client(target, given.tls)),
        notice(std::move(tell)) {
    const auto known = cursor.read();
    if (known && known->ours && known->place.position <= log_end) {
      from = known->place;
    } else {
      from = {log_end, AlertPlace::last_part};
      cursor.write(from);
      if (known) {
        notice(options.setting + ": " + given.cursor.string() +
               " is of another log, or of a later state of this one: only what happens from here "
               "on is told");
      }
    }
    seen = from;
  }
  ~Block() {
    // Whoever is told that nothing was sent is no longer there to hear of it.
    notice = {};
    if (timer) loop.cancel(*timer);
  }

  bool has_some() const {
    return !at_once.empty() || (!queue.empty() && queue.front().alert.position <= durable);
  }
  bool may_send() const { return has_some() && !sending && !timer; }
  bool idle() const { return !has_some() && !sending; }

  void pump() {
    if (may_send()) return send();
    if (idle() && on_idle) on_idle();
  }

  bool take(Alert alert) {
    if (options.kinds.count(alert.kind) == 0) return false;
    if (alert.position == 0) return take_at_once(std::move(alert));
    // Parts of the last one may be new.
    if (alert.place() <= from) return alert.position == from.position;
    if (!behind && queue.size() >= options.queue_max) {
      behind = true;
      notice(options.setting +
             ": too many alerts wait; the others are told when there is room, or after a restart");
    }
    if (behind) return false;
    add(std::move(alert));
    return true;
  }

  bool take_at_once(Alert alert) {
    for (const auto& other : at_once) {
      if (other.alert.kind == alert.kind) return false;
    }
    at_once.push_back({std::move(alert)});
    // What keeps the others waiting, perhaps for long, is theirs.
    wait = {};
    if (timer) try_again_after(options.retry_first);
    return true;
  }

  void add(Alert alert) {
    seen = alert.place();
    queue.push_back({std::move(alert)});
  }

  // What was left out, when half of the others have been brought.
  void fill() {
    if (!behind || !options.read_again || queue.size() > options.queue_max / 2) return;
    bool full = false;
    const auto before = seen.position;
    const auto reach = options.read_again(seen, [&](const Alert& alert) {
      if (options.kinds.count(alert.kind) == 0) return false;
      full = full || queue.size() >= options.queue_max;
      if (!full) add(alert);
      return !full;
    });
    if (full || !reach.position) return;
    seen = {*reach.position, AlertPlace::last_part};
    behind = !reach.whole;
    // Nothing else may come to wake the loop.
    if (behind && *reach.position > before) loop.post([] {});
  }

  void send() {
    sending = at_once.empty() ? &queue : &at_once;
    auto& [alert, tried_since] = sending->front();
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
    client.send(request, [this](const http::Reply& reply) { hear(reply); });
  }

  void hear(const http::Reply& reply) {
    if (!notice) return;
    auto& line = *std::exchange(sending, nullptr);
    const int status = reply.response.status;
    if (reply.sent == http::Sent::answered && status >= 200 && status < 300) {
      if (std::exchange(unheard, false)) notice(options.setting + ": alerts are heard again");
      ++brought;
      done_with_first(line);
      return pump();
    }
    ++failures;
    if (!std::exchange(unheard, true)) {
      notice(
          options.setting + ": an alert is not heard and will be told again: " +
          (reply.sent == http::Sent::answered ? "answered " + std::to_string(status) : reply.why));
    }
    const auto now = loop.clock().now();
    if (now - *line.front().tried_since >= options.patience_max) {
      ++given_up;
      notice(options.setting + ": an alert was given up, nobody took it for " +
             std::to_string(options.patience_max.count()) + " hours");
      done_with_first(line);
    }
    wait = std::min(options.retry_max, wait.count() == 0 ? options.retry_first : wait * 2);
    try_again_after(wait);
  }

  void try_again_after(std::chrono::milliseconds delay) {
    if (timer) loop.cancel(*timer);
    timer = loop.call_after(delay, [this] {
      timer.reset();
      pump();
    });
  }

  void done_with_first(Line& line) {
    if (line.front().alert.position > 0) cursor.write(line.front().alert.place());
    line.pop_front();
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

bool Courier::take(Alert alert) {
  return block_->take(std::move(alert));
}

void Courier::pump(std::uint64_t durable) {
  block_->durable = durable;
  block_->fill();
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
  return block_->at_once.size() + block_->queue.size();
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
