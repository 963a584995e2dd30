#include "eventstore/read_ahead.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace eventstore {

namespace {

// Pages on their way from the thread that fills them to the one that visits them, and back.
class Exchange {
 public:
  Exchange() {
    for (auto& page : pages_) empty_.push_back(&page);
  }

  // Nothing when the visitor wants no more.
  EventPage* to_fill() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return stopped_ || !empty_.empty(); });
    return stopped_ ? nullptr : take(empty_);
  }
  void filled(EventPage* page) {
    const std::lock_guard held(mutex_);
    filled_.push_back(page);
    changed_.notify_one();
  }
  void end(std::exception_ptr why) {
    const std::lock_guard held(mutex_);
    failure_ = std::move(why);
    ended_ = true;
    changed_.notify_one();
  }

  // Nothing behind the last one. Throws what ended the reading before its time.
  EventPage* to_visit() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return ended_ || !filled_.empty(); });
    if (!filled_.empty()) return take(filled_);
    if (failure_) std::rethrow_exception(failure_);
    return nullptr;
  }
  void visited(EventPage* page) {
    page->clear();
    const std::lock_guard held(mutex_);
    empty_.push_back(page);
    changed_.notify_one();
  }
  void stop() {
    const std::lock_guard held(mutex_);
    stopped_ = true;
    changed_.notify_one();
  }

 private:
  static EventPage* take(std::deque<EventPage*>& from) {
    auto* page = from.front();
    from.pop_front();
    return page;
  }

  std::array<EventPage, read_ahead_pages_max> pages_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<EventPage*> empty_{};
  std::deque<EventPage*> filled_{};
  std::exception_ptr failure_{};
  bool ended_ = false;
  bool stopped_ = false;
};

void fill(const PageSource& source, Exchange& exchange) {
  std::exception_ptr failure;
  while (auto* page = exchange.to_fill()) {
    try {
      source(*page);
    } catch (...) {
      failure = std::current_exception();
    }
    if (page->empty()) break;
    exchange.filled(page);
    if (failure) break;
  }
  exchange.end(std::move(failure));
}

}  // namespace

void read_ahead(const PageSource& source, const std::function<void(RecordedEvent&)>& visit) {
  Exchange exchange;
  std::thread reader([&] { fill(source, exchange); });
  struct Ending {
    Exchange& exchange;
    std::thread& reader;
    ~Ending() {
      exchange.stop();
      reader.join();
    }
  } const ending{exchange, reader};
  while (auto* page = exchange.to_visit()) {
    for (auto& event : page->events()) visit(event);
    exchange.visited(page);
  }
}

}  // namespace eventstore
