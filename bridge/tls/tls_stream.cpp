#include "bridge/tls/tls_stream.hpp"

#include <array>
#include <cassert>
#include <optional>
#include <span>
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
  std::unique_ptr<Told> told = std::make_unique<Told>();

  bool silent = false;
  bool opened = false;
  bool ended = false;
  std::error_code end_error{};
  bool end_untold = false;  // to an owner who came after it
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

  Block(net::Loop& of, std::unique_ptr<net::ByteStream> under, std::shared_ptr<Engine> with,
        Options given)
      : loop(of), options(given), below(std::move(under)), engine(std::move(with)) {}

  void start() {
    if (opened) return start_again();
    deadline = loop.call_after(options.handshake_time_max, [this] {
      deadline = 0;
      end(Fault::timed_out);
    });
    listen();
    if (engine->state() == Engine::State::failed) {
      go_on_soon();
    } else if (engine->can_advance()) {
      compute();
    }
  }

  // What was decrypted for the owner before, and has not reached them, is for this one.
  void start_again() {
    paused = false;
    end_untold = ended;
    if (!ended) listen();
    go_on_soon();
  }

  // Not from inside a function of the stream.
  void go_on_soon() {
    if (resuming != 0) return;
    resuming = loop.call_at(loop.now(), [this] {
      resuming = 0;
      if (!std::exchange(end_untold, false)) return go_on();
      if (told->events.on_end) told->events.on_end(end_error);
    });
  }

  void listen() {
    below->start({.on_open = {},
                  .on_data = [this](std::string_view bytes) { received(bytes); },
                  .on_end =
                      [this](std::error_code error) {
                        below_ended = error;
                        go_on();
                      },
                  .on_drained =
                      [this] {
                        if (opened && told->events.on_drained) told->events.on_drained();
                      }});
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
      const auto tell = std::exchange(told->events.on_open, {});
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
    std::array<char, plaintext_bytes_max + read_padding> plaintext;
    while (!silent && !paused) {
      const std::size_t size = engine->read(std::span(plaintext).first(plaintext_bytes_max));
      if (size == 0) break;
      if (told->events.on_data) told->events.on_data({plaintext.data(), size});
    }
    delivering = false;
    // A peer that fails after our end is not told why: our side of the socket has ended, too.
    if (!silent && !finishing && engine->state() == Engine::State::failed) (void)send_output();
  }

  bool send_output() {
    const std::string_view output = engine->output();
    const bool taken = output.empty() || below->write(output);
    engine->clear_output();
    return taken;
  }

  void end(std::error_code error) {
    if (ended) return;
    ended = true;
    end_error = error;
    stop(deadline);
    below->pause_reading();
    if (told->events.on_end) told->events.on_end(error);
  }

  void stop(net::Loop::TimerId& timer) {
    if (timer != 0) loop.cancel(std::exchange(timer, 0));
  }

  bool engine_is_ours() const { return !computing && opened; }
};

Stream::Stream(net::Loop& loop, std::unique_ptr<net::ByteStream> below,
               std::unique_ptr<Engine> engine, Options options)
    : block_(std::make_unique<Block>(loop, std::move(below), std::move(engine), options)) {}

Stream::Stream(std::unique_ptr<Block> block) : block_(std::move(block)) {}

Stream::~Stream() {
  close();
}

void Stream::start(Events events) {
  assert(block_ != nullptr && block_->deadline == 0);
  Block& b = *block_;
  tell(b.told, b.loop, std::move(events));
  b.start();
}

// The engine goes along with whatever part of a record it has.
struct Stream::Moving final : net::Parcel {
  std::unique_ptr<net::Parcel> below{};
  std::shared_ptr<Engine> engine{};

  std::unique_ptr<net::ByteStream> arrive(net::Loop& loop, net::Links* links) override {
    assert(engine != nullptr);
    auto socket = below->arrive(loop, links);
    if (socket == nullptr) return nullptr;
    Options options;
    options.links = links;
    auto block = std::make_unique<Block>(loop, std::move(socket), std::move(engine), options);
    block->opened = true;
    return std::unique_ptr<Stream>(new Stream(std::move(block)));
  }
};

std::unique_ptr<net::Parcel> Stream::leave() {
  if (block_ == nullptr) return nullptr;
  Block& b = *block_;
  if (!b.opened || b.ended || b.finishing || b.engine->state() != Engine::State::open) {
    return nullptr;
  }
  auto below = b.below->leave();
  if (below == nullptr) return nullptr;
  auto moving = std::make_unique<Moving>();
  moving->below = std::move(below);
  moving->engine = std::move(b.engine);
  b.silent = true;
  b.stop(b.resuming);
  b.loop.retire(std::move(block_));
  return moving;
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
  b.go_on_soon();
}

void Stream::end(Ending how) {
  if (block_ == nullptr) return;
  Block& b = *block_;
  b.silent = true;
  if (b.engine_is_ours() && !b.finishing && how != Ending::reset) {
    b.engine->close();
    (void)b.send_output();
  }
  b.end_job();
  b.stop(b.deadline);
  b.stop(b.resuming);
  switch (how) {
    case Ending::close:
      b.below->close();
      break;
    case Ending::linger:
      b.below->linger();
      break;
    case Ending::reset:
      b.below->reset();
      break;
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
