#include "bridge/media/switchboard.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bridge/media/desk.hpp"
#include "bridge/net/thread_priority.hpp"

namespace bridge::media {
namespace {

// One loop with its streams, as the owner knows it.
struct Worker {
  std::thread thread{};       // none: it is the owner's loop
  net::Loop* loop = nullptr;  // lives until the thread is joined
  Desk* desk = nullptr;       // touched on the loop's thread only
  std::size_t streams = 0;
};

}  // namespace

// The owner's side. Everything between it and the desks goes by Loop::post, also where both are one
// thread: what the owner does is never on the stack of what it is told, nor the other way round.
struct Switchboard::Block {
  // What is on its way between the threads refers to this, which may outlive the switchboard.
  struct Post {
    explicit Post(net::Loop& its_owner) : owner(its_owner) {}
    net::Loop& owner;
    Block* block = nullptr;  // null: the switchboard is gone. The owner's thread's.
    std::atomic<std::size_t> on_its_way{0};
  };

  Options options;
  Events events;
  std::shared_ptr<Post> post;
  std::vector<Worker> workers{};
  std::unique_ptr<Desk> own_desk{};                     // threads == 0
  std::unordered_map<StreamId, std::size_t> streams{};  // which worker has it
  StreamId last = 0;

  Block(net::Loop& owner, Options its_options, Events its_events)
      : options(std::move(its_options)),
        events(std::move(its_events)),
        post(std::make_shared<Post>(owner)) {
    post->block = this;
  }
  ~Block() { close(); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // From a desk's thread: has `f` called with the block on the owner's.
  static void to_owner(const std::shared_ptr<Post>& post, std::function<void(Block&)> f) {
    ++post->on_its_way;
    post->owner.post([post, f = std::move(f)] {
      if (post->block != nullptr) f(*post->block);
      --post->on_its_way;
    });
  }

  // From the owner's thread: has `f` called with the desk on its own.
  void to_desk(std::size_t worker, std::function<void(Desk&)> f) {
    ++post->on_its_way;
    const bool own = own_desk != nullptr;
    workers[worker].loop->post([p = post, own, desk = workers[worker].desk, f = std::move(f)] {
      // A desk of its own thread lives until that thread calls nothing more.
      if (!own || p->block != nullptr) f(*desk);
      --p->on_its_way;
    });
  }

  void to_desk_of(StreamId stream, std::function<void(Desk&)> f) {
    const auto found = streams.find(stream);
    if (found != streams.end()) to_desk(found->second, std::move(f));
  }

  static Desk::Events desk_events(const std::shared_ptr<Post>& post) {
    return {
        .started =
            [post](Started started) {
              to_owner(post, [started = std::move(started)](Block& b) {
                if (b.events.on_started) b.events.on_started(started);
              });
            },
        .said =
            [post](Said said) {
              to_owner(post, [said = std::move(said)](Block& b) {
                if (b.events.on_said) b.events.on_said(said);
              });
            },
        .tool =
            [post](ToolAsked asked) {
              to_owner(post, [asked = std::move(asked)](Block& b) {
                if (b.events.on_tool) b.events.on_tool(asked);
              });
            },
        .key =
            [post](StreamId stream, char key) {
              to_owner(post, [stream, key](Block& b) {
                if (b.events.on_key) b.events.on_key(stream, key);
              });
            },
        .closed =
            [post](Closed closed) {
              to_owner(post, [closed = std::move(closed)](Block& b) {
                if (b.events.on_closed) b.events.on_closed(closed);
              });
            },
        .gone =
            [post](StreamId stream) { to_owner(post, [stream](Block& b) { b.forget(stream); }); },
    };
  }

  void forget(StreamId stream) {
    const auto found = streams.find(stream);
    if (found == streams.end()) return;
    --workers[found->second].streams;
    streams.erase(found);
  }

  Call::Options call_options() const {
    return {.start_time_max = options.start_time_max,
            .hurry_max = options.hurry_max,
            .messages_per_second_max = options.messages_per_second_max};
  }

  void open_on_owner() {
    own_desk = std::make_unique<Desk>(post->owner, call_options(),
                                      options.model(post->owner, options.links), desk_events(post));
    workers.push_back({.thread = {}, .loop = &post->owner, .desk = own_desk.get()});
  }

  // Throws what making the models throws.
  void open_thread() {
    Worker worker;
    std::promise<std::pair<net::Loop*, Desk*>> ready;
    auto opened = ready.get_future();
    worker.thread = std::thread([&ready, clock = options.clock, make = options.model,
                                 how = call_options(), what = desk_events(post)] {
      net::be_prompt();
      net::SystemClock own_clock;
      net::Loop loop(clock != nullptr ? *clock : own_clock);
      std::unique_ptr<Desk> desk;
      try {
        desk = std::make_unique<Desk>(loop, how, make(loop, nullptr), what);
      } catch (...) {
        ready.set_exception(std::current_exception());
        return;
      }
      ready.set_value({&loop, desk.get()});
      loop.run();
    });
    try {
      std::tie(worker.loop, worker.desk) = opened.get();
    } catch (...) {
      worker.thread.join();
      throw;
    }
    workers.push_back(std::move(worker));
  }

  void close() {
    post->block = nullptr;
    own_desk.reset();
    for (Worker& worker : workers) {
      if (!worker.thread.joinable()) continue;
      worker.loop->post([loop = worker.loop] { loop->stop(); });
      worker.thread.join();
    }
    workers.clear();
  }
};

Switchboard::Switchboard(net::Loop& owner, Options options, Events events)
    : block_(std::make_unique<Block>(owner, std::move(options), std::move(events))) {
  if (block_->options.threads == 0) block_->open_on_owner();
  for (std::size_t i = 0; i < block_->options.threads; ++i) block_->open_thread();
}

Switchboard::~Switchboard() = default;

bool Switchboard::has_room() const {
  return block_->streams.size() < block_->options.streams_max;
}

void Switchboard::take(std::unique_ptr<net::ByteStream> stream, std::string early) {
  Block& b = *block_;
  if (stream == nullptr || !has_room()) return;
  const auto least =
      std::min_element(b.workers.begin(), b.workers.end(),
                       [](const Worker& x, const Worker& y) { return x.streams < y.streams; });
  const StreamId id = ++b.last;
  const auto index = static_cast<std::size_t>(least - b.workers.begin());
  if (b.own_desk != nullptr) {
    auto moved = std::make_shared<std::unique_ptr<net::ByteStream>>(std::move(stream));
    b.to_desk(index, [id, moved, early = std::move(early)](Desk& desk) {
      desk.take(id, std::move(*moved), early);
    });
  } else {
    auto parcel = std::make_shared<std::unique_ptr<net::Parcel>>(stream->leave());
    if (*parcel == nullptr) return;  // it has ended meanwhile
    b.to_desk(index, [id, parcel, loop = least->loop, early = std::move(early)](Desk& desk) {
      desk.take(id, std::exchange(*parcel, nullptr)->arrive(*loop, nullptr), early);
    });
  }
  b.streams.emplace(id, index);
  ++least->streams;
}

void Switchboard::let_in(StreamId stream, voice::Agent agent, Bounds bounds) {
  block_->to_desk_of(stream, [stream, agent = std::move(agent), bounds = std::move(bounds)](
                                 Desk& desk) { desk.let_in(stream, agent, bounds); });
}

void Switchboard::refuse(StreamId stream) {
  block_->to_desk_of(stream, [stream](Desk& desk) { desk.refuse(stream); });
}

void Switchboard::answer_tool(StreamId stream, std::string call_id, std::string output, Then then) {
  block_->to_desk_of(
      stream, [stream, call_id = std::move(call_id), output = std::move(output), then](Desk& desk) {
        desk.answer_tool(stream, call_id, output, then);
      });
}

void Switchboard::end(StreamId stream, Why why) {
  block_->to_desk_of(stream, [stream, why](Desk& desk) { desk.end(stream, why); });
}

std::size_t Switchboard::streams() const {
  return block_->streams.size();
}

bool Switchboard::quiet() const {
  return block_->post->on_its_way == 0 &&
         (block_->own_desk == nullptr || !block_->post->owner.turn_is_unfinished());
}

}  // namespace bridge::media
