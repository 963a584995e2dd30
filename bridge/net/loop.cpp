#include "bridge/net/loop.hpp"

#include <uv.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "bridge/net/byte_stream.hpp"
#include "bridge/net/uv_access.hpp"

namespace bridge::net {
namespace {

constexpr std::size_t read_buffer_bytes = 64 * 1024;

constexpr std::uint64_t linger_ms_max = 1'000;

// A write to a connection that the peer has closed is an error code here, not a signal. libuv
// leaves this to the program.
void ignore_broken_pipes() {
  static std::once_flag once;
  std::call_once(once, [] { std::signal(SIGPIPE, SIG_IGN); });
}

struct Signal {
  uv_signal_t handle{};
  std::function<void()> call{};
};

}  // namespace

void must(int status, const char* what) {
  if (status < 0) throw std::system_error(-status, std::generic_category(), what);
}

// One turn of libuv is: timers, prepare, poll (all socket callbacks), closing. `prepare` is where a
// turn of ours ends, since the poll computes its waiting time after it.
struct Loop::Block {
  using TimerKey = std::pair<Instant, TimerId>;
  using Timers = std::map<TimerKey, std::function<void()>>;
  // What waits for the time that one clock shows.
  struct Queue {
    const Clock* clock = nullptr;
    Timers timers{};
    std::optional<Instant> armed{};  // what the loop's timer was set for

    std::optional<Instant> next() const {
      if (timers.empty()) return {};
      return timers.begin()->first.first;
    }
  };
  struct Waiting {
    Queue* queue = nullptr;
    Timers::iterator timer{};
  };
  struct Linger {
    Lingering* stream = nullptr;
    std::uint64_t until = 0;  // by uv_now
  };

  Clock* clock = nullptr;
  uv_loop_t loop{};
  uv_prepare_t prepare{};
  uv_async_t async{};
  uv_timer_t timer{};
  uv_timer_t linger_timer{};
  std::unordered_map<int, std::unique_ptr<Signal>> signals{};

  Queue by_clock{};
  Queue steady{};  // empty where the clock itself is steady
  std::unordered_map<TimerId, Waiting> timers_by_id{};
  TimerId timers_made = 0;

  std::function<void()> before_sleep{};
  std::vector<TurnEnd*> ends{};
  std::vector<TurnEnd*> ending{};  // those that are being called; null: gone, or called
  std::vector<std::unique_ptr<Retired>> graveyard{};
  std::deque<Linger> lingering{};  // the oldest first
  bool stopping = false;
  bool by_hand = false;  // `turn` ends the turn itself, after the poll

  std::mutex posted_mutex{};
  std::vector<std::function<void()>> posted{};

  std::array<char, read_buffer_bytes + ByteStream::read_padding> read_buffer{};

  void run_posted() {
    std::vector<std::function<void()>> calls;
    {
      const std::lock_guard lock(posted_mutex);
      calls.swap(posted);
    }
    for (auto& call : calls) call();
  }

  // Timers that are made meanwhile wait for the next call, so that one which renews itself cannot
  // hold up the loop.
  void run_due_timers() {
    const TimerId made_before = timers_made;
    run_due_timers_of(by_clock, made_before);
    run_due_timers_of(steady, made_before);
  }

  void run_due_timers_of(Queue& queue, TimerId made_before) {
    auto& timers = queue.timers;
    if (timers.empty()) return;
    const Instant now = queue.clock->now();
    auto next = timers.begin();
    while (next != timers.end() && next->first.first <= now) {
      if (next->first.second > made_before) {
        ++next;
        continue;
      }
      timers_by_id.erase(next->first.second);
      const auto due = timers.extract(next);
      due.mapped()();
      next = timers.begin();
    }
  }

  TimerId call_at(Queue& queue, Instant at, std::function<void()> f) {
    const TimerId id = ++timers_made;
    const auto [added, made] = queue.timers.emplace(std::pair{at, id}, std::move(f));
    assert(made);
    timers_by_id.emplace(id, Waiting{&queue, added});
    return id;
  }

  void arm() {
    bool as_before = uv_is_active(reinterpret_cast<uv_handle_t*>(&timer)) != 0;
    for (Queue* queue : {&by_clock, &steady}) {
      const auto next = queue->next();
      as_before = as_before && queue->armed == next;
      queue->armed = next;
    }
    if (as_before) return;
    uv_timer_stop(&timer);
    std::optional<std::chrono::milliseconds> delay;
    for (const Queue* queue : {&by_clock, &steady}) {
      if (!queue->armed) continue;
      const Instant at = *queue->armed;
      const auto own = at <= queue->clock->now() ? std::chrono::milliseconds{0}
                                                 : queue->clock->real_delay_until(at);
      if (own && (!delay || *own < *delay)) delay = own;
    }
    if (!delay) return;
    uv_update_time(&loop);
    uv_timer_start(&timer, on_timer, static_cast<std::uint64_t>(delay->count()), 0);
  }

  void run_ends() {
    while (!ends.empty()) {
      ending.swap(ends);
      for (TurnEnd*& place : ending) {
        TurnEnd* const end = std::exchange(place, nullptr);
        if (end == nullptr) continue;
        end->asked_ = false;
        end->call_();
      }
      ending.clear();
    }
  }

  void end_turn() {
    run_due_timers();
    run_ends();
    if (before_sleep) before_sleep();
    run_ends();
    while (!graveyard.empty()) {
      const auto dead = std::exchange(graveyard, {});
    }
    arm();
  }

  void begin_lingering(Lingering& stream) {
    uv_update_time(&loop);
    lingering.push_back({&stream, uv_now(&loop) + linger_ms_max});
    if (lingering.size() > lingering_max) cut_oldest();
    if (lingering.size() == 1) uv_timer_start(&linger_timer, on_linger_timer, linger_ms_max, 0);
  }

  void end_lingering(const Lingering& stream) {
    std::erase_if(lingering, [&](const Linger& each) { return each.stream == &stream; });
    if (lingering.empty()) uv_timer_stop(&linger_timer);
  }

  void cut_oldest() {
    Lingering& oldest = *lingering.front().stream;
    lingering.pop_front();
    oldest.cut();
  }

  // One timer for all, since each of them has the same time: it may find none that is due.
  void cut_late() {
    const std::uint64_t now = uv_now(&loop);
    while (!lingering.empty() && lingering.front().until <= now) cut_oldest();
    if (lingering.empty()) return;
    uv_timer_start(&linger_timer, on_linger_timer, lingering.front().until - now, 0);
  }

  static void on_linger_timer(uv_timer_t* handle) noexcept {
    static_cast<Block*>(handle->data)->cut_late();
  }
  static void on_timer(uv_timer_t* handle) noexcept {
    static_cast<Block*>(handle->data)->run_due_timers();
  }
  static void on_prepare(uv_prepare_t* handle) noexcept {
    auto& block = *static_cast<Block*>(handle->data);
    if (!block.by_hand) block.end_turn();
  }
  static void on_async(uv_async_t* handle) noexcept {
    static_cast<Block*>(handle->data)->run_posted();
  }
  static void on_signal(uv_signal_t* handle, int) noexcept {
    static_cast<Signal*>(handle->data)->call();
  }
};

Loop::Loop(Clock& clock) : block_(std::make_unique<Block>()) {
  ignore_broken_pipes();
  Block& b = *block_;
  b.clock = &clock;
  b.by_clock.clock = &clock;
  b.steady.clock = clock.steady();
  must(uv_loop_init(&b.loop), "uv_loop_init");
  must(uv_prepare_init(&b.loop, &b.prepare), "uv_prepare_init");
  must(uv_async_init(&b.loop, &b.async, Block::on_async), "uv_async_init");
  must(uv_timer_init(&b.loop, &b.timer), "uv_timer_init");
  must(uv_timer_init(&b.loop, &b.linger_timer), "uv_timer_init");
  b.prepare.data = b.async.data = b.timer.data = b.linger_timer.data = &b;
  must(uv_prepare_start(&b.prepare, Block::on_prepare), "uv_prepare_start");
}

Loop::~Loop() {
  Block& b = *block_;
  b.before_sleep = nullptr;
  b.by_hand = true;
  while (!b.graveyard.empty()) {
    const auto dead = std::exchange(b.graveyard, {});
  }
  while (!b.lingering.empty()) b.cut_oldest();
  uv_close(reinterpret_cast<uv_handle_t*>(&b.prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&b.async), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&b.timer), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&b.linger_timer), nullptr);
  for (auto& [number, signal] : b.signals) {
    uv_close(reinterpret_cast<uv_handle_t*>(&signal->handle), nullptr);
  }
  int left_open = 0;
  uv_walk(
      &b.loop,
      [](uv_handle_t* handle, void* count) {
        if (!uv_is_closing(handle)) ++*static_cast<int*>(count);
      },
      &left_open);
  assert(left_open == 0 && "something that was made with this loop outlives it");
  // A stop that was asked for in the last turn ends the first of these runs before it began.
  int closed = UV_EBUSY;
  while (closed == UV_EBUSY) {
    uv_run(&b.loop, UV_RUN_DEFAULT);
    closed = uv_loop_close(&b.loop);
  }
  assert(closed == 0);
}

Clock& Loop::clock() const {
  return *block_->clock;
}

void Loop::before_sleep(std::function<void()> f) {
  block_->before_sleep = std::move(f);
}

bool Loop::turn_is_unfinished() const {
  return !block_->ends.empty();
}

void Loop::post(std::function<void()> f) {
  {
    const std::lock_guard lock(block_->posted_mutex);
    block_->posted.push_back(std::move(f));
  }
  uv_async_send(&block_->async);
}

Loop::TimerId Loop::call_at(Instant at, std::function<void()> f) {
  return block_->call_at(block_->by_clock, at, std::move(f));
}

Loop::TimerId Loop::call_after(std::chrono::milliseconds delay, std::function<void()> f) {
  Block& b = *block_;
  return b.call_at(b.steady.clock ? b.steady : b.by_clock, steady_now() + delay, std::move(f));
}

Instant Loop::steady_now() const {
  return block_->steady.clock ? block_->steady.clock->now() : now();
}

void Loop::cancel(TimerId id) {
  const auto waiting = block_->timers_by_id.find(id);
  if (waiting == block_->timers_by_id.end()) return;
  waiting->second.queue->timers.erase(waiting->second.timer);
  block_->timers_by_id.erase(waiting);
}

std::optional<Instant> Loop::next_timer() const {
  const auto next = block_->by_clock.next();
  const auto steady = block_->steady.next();
  return next && steady ? std::min(*next, *steady) : (next ? next : steady);
}

void Loop::run_due_timers() {
  block_->run_due_timers();
}

void Loop::on_signal(int number, std::function<void()> f) {
  auto& signal = block_->signals[number];
  if (signal) {
    signal->call = std::move(f);
    return;
  }
  signal = std::make_unique<Signal>();
  signal->call = std::move(f);
  signal->handle.data = signal.get();
  must(uv_signal_init(&block_->loop, &signal->handle), "uv_signal_init");
  must(uv_signal_start(&signal->handle, Block::on_signal, number), "uv_signal_start");
}

void Loop::retire(std::unique_ptr<Retired> dead) {
  block_->graveyard.push_back(std::move(dead));
}

// The last turn is ended too: what callbacks noted after the call of `stop` is not forgotten.
void Loop::run() {
  while (!block_->stopping) uv_run(&block_->loop, UV_RUN_DEFAULT);
  block_->end_turn();
  block_->stopping = false;
}

void Loop::turn() {
  block_->arm();
  block_->by_hand = true;
  uv_run(&block_->loop, UV_RUN_NOWAIT);
  block_->by_hand = false;
  block_->end_turn();
}

void Loop::stop() {
  block_->stopping = true;
  uv_stop(&block_->loop);
}

TurnEnd::TurnEnd(Loop& loop, std::function<void()> f) : loop_(loop), call_(std::move(f)) {}

TurnEnd::~TurnEnd() {
  if (!asked_) return;
  Loop::Block& b = loop_.block();
  std::erase(b.ends, this);
  std::replace(b.ending.begin(), b.ending.end(), this, static_cast<TurnEnd*>(nullptr));
}

void TurnEnd::ask() {
  if (!std::exchange(asked_, true)) loop_.block().ends.push_back(this);
}

uv_loop_s* uv_loop_of(Loop& loop) {
  return &loop.block().loop;
}

std::span<char> read_buffer_of(Loop& loop) {
  return std::span(loop.block().read_buffer).first(read_buffer_bytes);
}

void begin_lingering(Loop& loop, Lingering& stream) {
  loop.block().begin_lingering(stream);
}

void end_lingering(Loop& loop, Lingering& stream) {
  loop.block().end_lingering(stream);
}

}  // namespace bridge::net
