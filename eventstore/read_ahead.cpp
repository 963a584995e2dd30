#include "eventstore/read_ahead.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace eventstore {

namespace {

struct Filled {
  EventPage* page = nullptr;
  bool checked = false;
};

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
  // Whether the visitor has nothing to go on with.
  bool has_run_out() {
    const std::lock_guard held(mutex_);
    return filled_.empty();
  }
  void filled(Filled one) {
    const std::lock_guard held(mutex_);
    filled_.push_back(one);
    changed_.notify_one();
  }
  void end(std::exception_ptr why) {
    const std::lock_guard held(mutex_);
    failure_ = std::move(why);
    ended_ = true;
    changed_.notify_one();
  }

  // No page behind the last one. Throws what ended the reading before its time.
  Filled to_visit() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return ended_ || !filled_.empty(); });
    if (!filled_.empty()) return take(filled_);
    if (failure_) std::rethrow_exception(failure_);
    return {};
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
  template <typename One>
  static One take(std::deque<One>& from) {
    const One first = from.front();
    from.pop_front();
    return first;
  }

  std::array<EventPage, read_ahead_pages_max> pages_{};
  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::deque<EventPage*> empty_{};
  std::deque<Filled> filled_{};
  std::exception_ptr failure_{};
  bool ended_ = false;
  bool stopped_ = false;
};

// What `work` throws.
template <typename Work>
std::exception_ptr failure_of(Work work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

void fill(const PageSource& source, const PageCheck& check, Exchange& exchange) {
  std::exception_ptr failure;
  while (auto* page = exchange.to_fill()) {
    bool checked = !check;
    failure = failure_of([&] {
      source(*page);
      if (checked || page->empty() || exchange.has_run_out()) return;
      checked = true;
      check(*page);
    });
    if (page->empty()) break;
    exchange.filled({page, checked});
    if (failure) break;
  }
  exchange.end(std::move(failure));
}

}  // namespace

void read_ahead(const PageSource& source, const PageCheck& check,
                const std::function<void(RecordedEvent&)>& visit) {
  Exchange exchange;
  std::thread reader([&] { fill(source, check, exchange); });
  struct Ending {
    Exchange& exchange;
    std::thread& reader;
    ~Ending() {
      exchange.stop();
      reader.join();
    }
  } const ending{exchange, reader};
  for (;;) {
    const Filled next = exchange.to_visit();
    if (next.page == nullptr) return;
    const auto failure = next.checked ? nullptr : failure_of([&] { check(*next.page); });
    for (auto& event : next.page->events()) visit(event);
    if (failure) std::rethrow_exception(failure);
    exchange.visited(next.page);
  }
}

void read_ahead(const PageSource& source, const std::function<void(RecordedEvent&)>& visit) {
  read_ahead(source, {}, visit);
}

}  // namespace eventstore
