#include "eventstore/read_ahead.hpp"

#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <memory_resource>
#include <mutex>
#include <thread>
#include <vector>

namespace eventstore {

namespace {

constexpr std::size_t batch_bytes = 256 * 1024;
constexpr std::size_t batch_events_max = 1024;

// Events with the bytes that their views point at.
class Portion {
 public:
  Portion() { events_.reserve(batch_events_max); }

  bool full() const { return events_.size() == batch_events_max || used_ >= batch_bytes; }

  void add(const RecordedEvent& event) {
    auto& kept = events_.emplace_back(event);
    for (auto* view : {&kept.stream, &kept.type, &kept.personal, &kept.payload}) keep(*view);
  }

  std::vector<RecordedEvent>& events() { return events_; }

  void clear() {
    events_.clear();
    bytes_.release();
    used_ = 0;
  }

 private:
  void keep(std::string_view& view) {
    if (view.empty()) return;
    auto* copy = static_cast<char*>(bytes_.allocate(view.size(), 1));
    std::memcpy(copy, view.data(), view.size());
    view = {copy, view.size()};
    used_ += view.size();
  }

  std::vector<RecordedEvent> events_{};
  std::vector<char> room_ = std::vector<char>(batch_bytes);
  std::pmr::monotonic_buffer_resource bytes_{room_.data(), room_.size()};
  std::size_t used_ = 0;
};

// Batches on their way from the thread that fills them to the one that visits them, and back.
class Exchange {
 public:
  Exchange() {
    for (auto& batch : batches_) empty_.push_back(&batch);
  }

  // Nothing when the visitor wants no more.
  Portion* to_fill() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return stopped_ || !empty_.empty(); });
    return stopped_ ? nullptr : take(empty_);
  }
  void filled(Portion* batch) {
    const std::lock_guard held(mutex_);
    filled_.push_back(batch);
    changed_.notify_one();
  }
  void end(std::exception_ptr why) {
    const std::lock_guard held(mutex_);
    failure_ = std::move(why);
    ended_ = true;
    changed_.notify_one();
  }

  // Nothing behind the last one. Throws what ended the reading before its time.
  Portion* to_visit() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return ended_ || !filled_.empty(); });
    if (!filled_.empty()) return take(filled_);
    if (failure_) std::rethrow_exception(failure_);
    return nullptr;
  }
  void visited(Portion* batch) {
    batch->clear();
    const std::lock_guard held(mutex_);
    empty_.push_back(batch);
    changed_.notify_one();
  }
  void stop() {
    const std::lock_guard held(mutex_);
    stopped_ = true;
    changed_.notify_one();
  }

 private:
  static Portion* take(std::deque<Portion*>& from) {
    auto* batch = from.front();
    from.pop_front();
    return batch;
  }

  std::array<Portion, read_ahead_batches_max> batches_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<Portion*> empty_{};
  std::deque<Portion*> filled_{};
  std::exception_ptr failure_{};
  bool ended_ = false;
  bool stopped_ = false;
};

void fill(const EventFeed& feed, Exchange& exchange) {
  std::exception_ptr failure;
  auto* batch = exchange.to_fill();
  try {
    feed([&](const RecordedEvent& event) {
      if (batch == nullptr) return false;
      batch->add(event);
      if (batch->full()) {
        exchange.filled(batch);
        batch = exchange.to_fill();
      }
      return batch != nullptr;
    });
  } catch (...) {
    failure = std::current_exception();
  }
  if (batch != nullptr) exchange.filled(batch);
  exchange.end(std::move(failure));
}

}  // namespace

void read_ahead_of(const EventFeed& feed, const std::function<void(RecordedEvent&)>& visit) {
  Exchange exchange;
  std::thread reader([&] { fill(feed, exchange); });
  struct Ending {
    Exchange& exchange;
    std::thread& reader;
    ~Ending() {
      exchange.stop();
      reader.join();
    }
  } const ending{exchange, reader};
  while (auto* batch = exchange.to_visit()) {
    for (auto& event : batch->events()) visit(event);
    exchange.visited(batch);
  }
}

void read_ahead(const EventSource& source, const std::function<void(RecordedEvent&)>& visit) {
  read_ahead_of(
      [&](const auto& take) {
        RecordedEvent event;
        while (source(event)) {
          if (!take(event)) return;
        }
      },
      visit);
}

}  // namespace eventstore
