#include "bridge/tls/tls_stream.hpp"

#include <array>
#include <cassert>
#include <optional>
#include <string>
#include <utility>

#include "bridge/net/pool_job.hpp"
#include "bridge/tls/fault.hpp"

namespace bridge::tls {
namespace {

// What a peer may send before the handshake is done. Its messages fit into a quarter of it; the
// first data may come right behind them.
constexpr std::size_t handshake_bytes_max = 256 * 1024;

// What is kept while the pool works; then reading stops until it has.
constexpr std::size_t arrived_bytes_max = 64 * 1024;

// A record's plaintext (RFC 5246, section 6.2.1).
constexpr std::size_t plaintext_bytes_max = 16 * 1024;

}  // namespace

struct Stream::Block final : net::Retired {
  net::Loop& loop;
  Options options;
  std::unique_ptr<net::ByteStream> below;
  // Shared with the pool while it works, which may be longer than we live.
  std::shared_ptr<Engine> engine;
  Events events{};

  bool silent = false;
  bool opened = false;
  bool ended = false;
  bool paused = false;
  bool delivering = false;
  bool finishing = false;
  bool computing = false;               // the engine is the pool's, or about to be
  HandshakeGate::Id turn = 0;           // at the gate
  std::unique_ptr<net::PoolJob> job{};  // since it is the pool's
  std::string arrived{};                // meanwhile
  std::optional<std::error_code> below_ended{};
  std::size_t handshake_bytes = 0;
  net::Loop::TimerId deadline = 0;
  net::Loop::TimerId resuming = 0;

  Block(net::Loop& of, std::unique_ptr<net::ByteStream> under, std::unique_ptr<Engine> with,
        Options given)
      : loop(of), options(given), below(std::move(under)), engine(std::move(with)) {}

  void start() {
    deadline = loop.call_at(loop.now() + options.handshake_time_max, [this] {
      deadline = 0;
      end(Fault::timed_out);
    });
    below->start({.on_open = {},
                  .on_data = [this](std::string_view bytes) { received(bytes); },
                  .on_end =
                      [this](std::error_code error) {
                        below_ended = error;
                        go_on();
                      },
                  .on_drained =
                      [this] {
                        if (opened && events.on_drained) events.on_drained();
                      }});
    if (engine->state() == Engine::State::failed) {
      // Not from inside this function.
      resuming = loop.call_at(loop.now(), [this] {
        resuming = 0;
        go_on();
      });
    } else if (engine->can_advance()) {
      compute();
    }
  }

  void received(std::string_view bytes) {
    if (ended) return;
    if (!opened) {
      handshake_bytes += bytes.size();
      if (handshake_bytes > handshake_bytes_max) return end(Fault::too_much);
    }
    if (computing) {
      arrived.append(bytes);
      if (arrived.size() >= arrived_bytes_max) below->pause_reading();
      return;
    }
    engine->feed(bytes);
    go_on();
  }

  // Does what the engine's state allows. The only function that tells.
  void go_on() {
    if (silent || ended || computing || delivering) return;
    if (!opened && engine->state() == Engine::State::handshaking && engine->can_advance()) {
      return compute();
    }
    if (!opened && engine->state() == Engine::State::open) {
      opened = true;
      stop(deadline);
      const auto tell = std::exchange(events.on_open, {});
      if (tell) tell();
      if (silent) return;
    }
    if (opened) deliver();
    if (silent || ended) return;
    switch (engine->state()) {
      case Engine::State::failed:
        return end(engine->fault());
      case Engine::State::ended:
        return end({});
      case Engine::State::handshaking:
      case Engine::State::open:
        break;
    }
    if (!below_ended || paused) return;
    if (*below_ended) return end(*below_ended);
    end(opened ? Fault::truncated : Fault::ended_early);
  }

  void compute() {
    computing = true;
    if (options.links != nullptr) options.links->connecting(+1);
    if (options.gate == nullptr) return work({});
    turn = options.gate->enter([this](HandshakeGate::Place place) { work(std::move(place)); });
    if (turn != 0) return;
    end_job();
    end(Fault::too_many);
  }

  // The place goes with the work, which may take longer than we live.
  void work(HandshakeGate::Place place) {
    job = std::make_unique<net::PoolJob>(
        loop, [worker = engine, place = std::move(place)] { worker->advance(); },
        [this] { computed(); });
  }

  void computed() {
    end_job();
    if (ended) return;
    if (arrived.size() >= arrived_bytes_max && !paused) below->resume_reading();
    engine->feed(std::exchange(arrived, {}));
    if (!send_output()) {
      // A peer that has closed may have said why.
      if (engine->state() != Engine::State::failed) {
        return end(std::make_error_code(std::errc::connection_reset));
      }
    }
    go_on();
  }

  void end_job() {
    if (!std::exchange(computing, false)) return;
    job.reset();
    if (turn != 0) options.gate->withdraw(std::exchange(turn, 0));
    if (options.links != nullptr) options.links->connecting(-1);
  }

  void deliver() {
    delivering = true;
    std::array<char, plaintext_bytes_max> plaintext;
    while (!silent && !paused) {
      const std::size_t size = engine->read(plaintext);
      if (size == 0) break;
      if (events.on_data) events.on_data({plaintext.data(), size});
    }
    delivering = false;
    if (!silent && engine->state() == Engine::State::failed) (void)send_output();
  }

  bool send_output() {
    const std::string output = engine->take_output();
    return output.empty() || below->write(output);
  }

  void end(std::error_code error) {
    if (ended) return;
    ended = true;
    stop(deadline);
    below->pause_reading();
    if (events.on_end) events.on_end(error);
  }

  void stop(net::Loop::TimerId& timer) {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }

  bool engine_is_ours() const { return !computing && opened; }
};

Stream::Stream(net::Loop& loop, std::unique_ptr<net::ByteStream> below,
               std::unique_ptr<Engine> engine, Options options)
    : block_(std::make_unique<Block>(loop, std::move(below), std::move(engine), options)) {}

Stream::~Stream() {
  close();
}

void Stream::start(Events events) {
  assert(block_ != nullptr && block_->deadline == 0 && !block_->opened);
  block_->events = std::move(events);
  block_->start();
}

bool Stream::write(std::string_view bytes) {
  if (block_ == nullptr || block_->ended || bytes.empty()) return bytes.empty();
  assert(block_->opened && !block_->finishing);
  block_->engine->write(bytes);
  return block_->send_output() && block_->engine->state() != Engine::State::failed;
}

std::size_t Stream::queued() const {
  return block_ == nullptr ? 0 : block_->below->queued();
}

void Stream::finish() {
  if (block_ == nullptr || block_->finishing || block_->ended) return;
  block_->finishing = true;
  if (block_->engine_is_ours()) {
    block_->engine->close();
    (void)block_->send_output();
  }
  block_->below->finish();
}

void Stream::pause_reading() {
  if (block_ == nullptr || block_->paused) return;
  block_->paused = true;
  block_->below->pause_reading();
}

// What is decrypted and waits comes soon, not from inside this function.
void Stream::resume_reading() {
  if (block_ == nullptr || !block_->paused) return;
  Block& b = *block_;
  b.paused = false;
  if (b.ended) return;
  b.below->resume_reading();
  if (b.resuming != 0) return;
  b.resuming = b.loop.call_at(b.loop.now(), [&b] {
    b.resuming = 0;
    b.go_on();
  });
}

void Stream::end(bool with_reset) {
  if (block_ == nullptr) return;
  Block& b = *block_;
  b.silent = true;
  if (b.engine_is_ours() && !b.finishing && !with_reset) {
    b.engine->close();
    (void)b.send_output();
  }
  b.end_job();
  b.stop(b.deadline);
  b.stop(b.resuming);
  if (with_reset) {
    b.below->reset();
  } else {
    b.below->close();
  }
  b.loop.retire(std::move(block_));
}

std::uint32_t Stream::link_id() const {
  return block_ == nullptr ? 0 : block_->below->link_id();
}

bool Stream::resumed() const {
  return block_ != nullptr && block_->opened && block_->engine->resumed();
}

std::string Stream::agreed() const {
  return block_ == nullptr || !block_->opened ? std::string{} : block_->engine->agreed();
}

}  // namespace bridge::tls
