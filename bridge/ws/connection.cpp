#include "bridge/ws/connection.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <span>
#include <utility>

#include "bridge/ws/frame.hpp"
#include "bridge/ws/receiver.hpp"

namespace bridge::ws {
namespace {

using std::chrono::milliseconds;

// Memory for writing that is kept.
constexpr std::size_t kept_out_bytes_max = 16 * 1024;

// What may wait for a peer that pings and does not read; from then on only the last ping is
// answered, as RFC 6455 5.5.3 allows.
constexpr std::size_t queued_for_pong_max = 64 * 1024;

constexpr std::size_t reason_bytes_max = control_bytes_max - 2;

// A timer so much behind its time was held up with everything else; so long it takes to read what
// came since.
constexpr milliseconds late_max{500};
constexpr milliseconds reading_time{50};

// As much of a text as fits, in whole characters.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

struct Connection::Block final : net::Retired {
  enum class Step : unsigned char { fresh, open, closing, ended };

  net::Loop& loop;
  std::unique_ptr<net::ByteStream> stream;
  const Role role;
  const Limits limits;
  Events events{};
  std::optional<Receiver> receiver{};

  Step step = Step::fresh;
  bool silent = false;
  bool paused = false;
  bool clogged = false;      // a message was lost, so none may follow it
  std::string rest{};        // read and not worked through: early, or since we were paused
  std::string out{};         // frames that were not written yet
  std::size_t frame_at = 0;  // in `out`, where the one that is being written begins
  bool in_frame = false;
  std::string last_ping{};  // to be answered when the peer has read; only with `owes_pong`
  bool owes_pong = false;

  net::Instant heard{};      // with ping_after only
  bool pinged = false;       // and nothing was heard since
  net::Instant pong_due{};   // where it was
  std::size_t controls = 0;  // frames since `controls_since`
  net::Instant controls_since{};
  net::Loop::TimerId resuming = 0;
  net::Loop::TimerId silence_timer = 0;
  net::Loop::TimerId message_timer = 0;
  net::Loop::TimerId close_timer = 0;

  Block(net::Loop& of, std::unique_ptr<net::ByteStream> over, Role ours, Limits with,
        std::string early)
      : loop(of), stream(std::move(over)), role(ours), limits(with), rest(std::move(early)) {}

  bool is_open() const { return step == Step::open && !silent; }

  void start(Events with) {
    assert(step == Step::fresh);
    events = std::move(with);
    receiver.emplace(Receiver::Options{.role = role,
                                       .message_bytes_max = limits.message_bytes_max,
                                       .takes_text = static_cast<bool>(events.on_text),
                                       .takes_binary = static_cast<bool>(events.on_binary)});
    step = Step::open;
    stream->start({.on_open = {},
                   .on_data = [this](std::string_view bytes) { received(bytes); },
                   .on_end = [this](std::error_code error) { end({.error = error}); },
                   .on_drained = [this] { drained(); }});
    if (!rest.empty()) work_soon();
    if (limits.ping_after.count() > 0) {
      heard = loop.steady_now();
      set_timer(silence_timer, limits.ping_after, &Block::look_for_silence);
    }
  }

  // --- receiving

  void received(std::string_view bytes) {
    if (step == Step::ended) return;
    if (limits.ping_after.count() > 0) {
      heard = loop.steady_now();
      pinged = false;
    }
    if (!rest.empty()) {
      rest.append(bytes);
      return;
    }
    // The stream allows to write over what it read.
    work({const_cast<char*>(bytes.data()), bytes.size()});
  }

  void work_soon() {
    if (resuming == 0) set_timer(resuming, milliseconds{0}, &Block::work_through_rest);
  }

  void work_through_rest() {
    std::string bytes = std::exchange(rest, {});
    const std::size_t size = bytes.size();
    bytes.append(padding, '\0');
    work(std::span(bytes).first(size));
  }

  void work(std::span<char> bytes) {
    bool message_ended = false;
    while (!silent && step != Step::ended) {
      if (paused) {
        rest.assign(bytes.data(), bytes.size());
        break;
      }
      const Receiver::Item item = receiver->next(bytes);
      if (item.kind == Receiver::Kind::nothing) break;
      take(item);
      message_ended =
          message_ended || item.kind == Receiver::Kind::text || item.kind == Receiver::Kind::binary;
    }
    if (silent || step == Step::ended) return;
    (void)write_out();  // pongs
    watch_message(message_ended);
  }

  void take(const Receiver::Item& item) {
    const std::string_view text(item.bytes.data(), item.bytes.size());
    switch (item.kind) {
      case Receiver::Kind::nothing:
        break;
      case Receiver::Kind::text:
        if (step == Step::open) events.on_text(text);
        break;
      case Receiver::Kind::binary:
        if (step == Step::open) events.on_binary(text);
        break;
      case Receiver::Kind::ping:
        if (step == Step::open && controls_in_bounds()) answer_ping(text);
        break;
      case Receiver::Kind::pong:
        if (step == Step::open) (void)controls_in_bounds();
        break;
      case Receiver::Kind::close:
        closed_by_peer(item.code, text);
        break;
      case Receiver::Kind::fault:
        fail(item.code);
        break;
    }
  }

  bool controls_in_bounds() {
    const net::Instant now = loop.steady_now();
    if (now - controls_since >= std::chrono::seconds{1}) {
      controls_since = now;
      controls = 0;
    }
    if (++controls <= limits.controls_per_second_max) return true;
    fail(policy_violation);
    return false;
  }

  void answer_ping(std::string_view payload) {
    if (stream->queued() <= queued_for_pong_max) return append_control(Opcode::pong, payload);
    last_ping = payload;
    owes_pong = true;
  }

  // A message that was begun has to end in time.
  void watch_message(bool another) {
    if (step != Step::open || paused || !receiver->in_the_midst()) return stop(message_timer);
    if (limits.message_time_max.count() == 0 || (message_timer != 0 && !another)) return;
    set_timer(message_timer, limits.message_time_max, &Block::message_too_slow);
  }

  void message_too_slow() { fail(policy_violation, std::make_error_code(std::errc::timed_out)); }

  void pause_reading() {
    if (!is_open() || paused) return;
    paused = true;
    stop(message_timer);
    stream->pause_reading();
  }

  void resume_reading() {
    if (!std::exchange(paused, false)) return;
    if (!rest.empty()) work_soon();
    stream->resume_reading();
    watch_message(true);
  }

  // --- sending

  // Of a frame whose payload is being written: right for 126 bytes to 64 KiB. A shorter payload is
  // short to move, and a longer one is rare.
  std::size_t head_room() const { return head_size_for(126, role == Role::client); }

  void begin_frame() {
    assert(!in_frame);
    in_frame = true;
    frame_at = out.size();
    out.append(head_room(), '\0');
  }

  void end_frame(Opcode opcode) {
    in_frame = false;
    const bool masked = role == Role::client;
    const std::size_t room = head_room();
    const std::size_t length = out.size() - frame_at - room;
    const std::size_t needed = head_size_for(length, masked);
    if (needed < room) out.erase(frame_at, room - needed);
    if (needed > room) out.insert(frame_at, needed - room, '\0');
    MaskKey key{};
    if (masked) key = random_key();
    write_head(out.data() + frame_at, opcode, length, masked ? &key : nullptr);
    if (masked) apply_mask(std::span(out).subspan(frame_at + needed), key, 0);
  }

  void append_control(Opcode opcode, std::string_view payload) {
    begin_frame();
    out += payload;
    end_frame(opcode);
  }

  void discard_frame() {
    if (std::exchange(in_frame, false)) out.resize(frame_at);
  }

  void end_text() {
    if (is_open() && !clogged && in_frame) {
      end_frame(Opcode::text);
    } else {
      discard_frame();
    }
  }

  // False: what was to be written is lost.
  bool write_out(bool at_any_rate = false) {
    assert(!in_frame);
    if (out.empty()) return !clogged;
    const std::size_t waiting = stream->queued();
    const bool room =
        at_any_rate || waiting == 0 || waiting + out.size() <= limits.queued_bytes_max;
    if (!room || !stream->write(out)) clogged = true;
    if (out.capacity() > kept_out_bytes_max) {
      out = {};
    } else {
      out.clear();
    }
    return !clogged;
  }

  bool flush() {
    if (is_open()) return write_out();
    out.clear();
    return false;
  }

  void drained() {
    if (!is_open()) return;
    if (std::exchange(owes_pong, false)) {
      append_control(Opcode::pong, last_ping);
      (void)write_out();
      if (stream->queued() > 0) return;
    }
    if (events.on_drained) events.on_drained();
  }

  // --- silence

  void look_for_silence() {
    const net::Instant now = loop.steady_now();
    if (pinged && !paused) {
      if (now - pong_due <= late_max) {
        return end({.error = std::make_error_code(std::errc::timed_out)});
      }
      // This machine stood still: what came meanwhile has not been read yet.
      pong_due = now + reading_time;
      return set_timer(silence_timer, reading_time, &Block::look_for_silence);
    }
    if (paused) {
      heard = now;
      pinged = false;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(heard + limits.ping_after - now);
    if (left.count() > 0) return set_timer(silence_timer, left, &Block::look_for_silence);
    if (stream->queued() <= queued_for_pong_max) {
      append_control(Opcode::ping, {});
      (void)write_out();
    }
    pinged = limits.pong_time_max.count() > 0;
    heard = now;
    pong_due = now + limits.pong_time_max;
    set_timer(silence_timer, pinged ? limits.pong_time_max : limits.ping_after,
              &Block::look_for_silence);
  }

  // --- the end

  void append_close(std::uint16_t code, std::string_view reason) {
    std::string payload;
    if (code != no_status) {
      payload += static_cast<char>(code >> 8U);
      payload += static_cast<char>(code & 0xFFU);
      payload += cut(reason, reason_bytes_max);
    }
    append_control(Opcode::close, payload);
  }

  void close(std::uint16_t code, std::string_view reason) {
    if (!is_open()) return;
    assert(code == no_status || is_close_code(code));
    discard_frame();
    append_close(code, reason);
    (void)write_out(true);
    step = Step::closing;
    stop(silence_timer);
    stop(message_timer);
    if (limits.close_time_max.count() > 0) {
      set_timer(close_timer, limits.close_time_max, &Block::close_too_slow);
    }
    resume_reading();
  }

  void close_too_slow() { end({.error = std::make_error_code(std::errc::timed_out)}); }

  // What is said behind the peer's own close is not read.
  void closed_by_peer(std::uint16_t code, std::string_view reason) {
    const bool by_peer = step == Step::open;
    if (by_peer) {
      append_close(code, {});
      (void)write_out(true);
    }
    stream->finish();
    end({.code = code, .by_peer = by_peer, .reason = std::string(reason)});
  }

  void fail(std::uint16_t code, std::error_code error = {}) {
    if (step == Step::open) {
      append_close(code, {});
      (void)write_out(true);
    }
    stream->finish();
    end({.code = code, .error = error});
  }

  // From here on what comes is read and thrown away, until the owner buries us and the stream
  // lingers: closing a socket with something unread could cost the peer our last frame.
  void end(const End& how) {
    if (silent || step == Step::ended) return;
    step = Step::ended;
    stop_timers();
    rest = {};
    if (paused) stream->resume_reading();
    const auto tell = std::exchange(events.on_end, {});
    if (tell) tell(how);
  }

  void fall_silent() {
    silent = true;
    stop_timers();
    stream->linger();
  }

  void set_timer(net::Loop::TimerId& timer, milliseconds after, void (Block::*due)()) {
    stop(timer);
    timer = loop.call_after(after, [this, &timer, due] {
      timer = 0;
      (this->*due)();
    });
  }

  void stop(net::Loop::TimerId& timer) {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }

  void stop_timers() {
    stop(resuming);
    stop(silence_timer);
    stop(message_timer);
    stop(close_timer);
  }
};

Connection::Connection(net::Loop& loop, std::unique_ptr<net::ByteStream> stream, Role role,
                       Limits limits, std::string early)
    : block_(std::make_unique<Block>(loop, std::move(stream), role, limits, std::move(early))) {}

// The block may be in one of its own callbacks.
Connection::~Connection() {
  Block& block = *block_;
  block.fall_silent();
  block.loop.retire(std::move(block_));
}

void Connection::start(Events events) {
  block_->start(std::move(events));
}

std::string& Connection::begin_text() {
  block_->begin_frame();
  return block_->out;
}

void Connection::end_text() {
  block_->end_text();
}

bool Connection::flush() {
  return block_->flush();
}

bool Connection::send_text(std::string_view text) {
  begin_text() += text;
  end_text();
  return flush();
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  block_->close(code, reason);
}

void Connection::drop() {
  block_->fall_silent();
}

bool Connection::open() const {
  return block_->is_open();
}

void Connection::pause_reading() {
  block_->pause_reading();
}

void Connection::resume_reading() {
  block_->resume_reading();
}

std::size_t Connection::queued() const {
  return block_->stream->queued() + block_->out.size();
}

}  // namespace bridge::ws
