#include "bridge/net/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace bridge::net {

namespace {

std::atomic<std::size_t> under_way{0};

std::vector<std::string> look_up(const std::string& name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
  std::vector<std::string> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::array<char, INET6_ADDRSTRLEN + 1> text{};
    if (uv_ip_name(entry->ai_addr, text.data(), text.size()) == 0) found.emplace_back(text.data());
  }
  ::freeaddrinfo(list);
  return found;
}

}  // namespace

// What the asker and the thread share. Only the loop's thread touches the callback.
struct Resolver::Question {
  std::mutex mutex{};
  Loop* loop = nullptr;  // nothing: nobody wants to know any more
  OnResolved on_resolved{};

  bool give_up() {
    const std::scoped_lock lock(mutex);
    return std::exchange(loop, nullptr) != nullptr;
  }

  // From any thread. The loop is there as long as somebody wants to know.
  static void answer(const std::shared_ptr<Question>& question, std::vector<std::string> found) {
    const std::scoped_lock lock(question->mutex);
    if (question->loop == nullptr) return;
    question->loop->post([question, found = std::move(found)]() mutable {
      if (!question->give_up()) return;
      // The asker may go within the call.
      const auto call = std::exchange(question->on_resolved, {});
      std::error_code error{};
      if (found.empty()) error = std::make_error_code(std::errc::host_unreachable);
      call(error, std::move(found));
    });
  }
};

Resolver::Resolver(Loop& loop, const std::string& name, OnResolved on_resolved)
    : question_(std::make_shared<Question>()) {
  question_->loop = &loop;
  question_->on_resolved = std::move(on_resolved);
  if (++under_way <= lookups_max) {
    try {
      std::thread([question = question_, name] {
        Question::answer(question, look_up(name));
        --under_way;
      }).detach();
      return;
    } catch (const std::system_error&) {
      // No thread is to be had: told like a name that nobody knows, after the constructor.
    }
  }
  --under_way;
  Question::answer(question_, {});
}

std::size_t Resolver::lookups() noexcept {
  return under_way;
}

Resolver::~Resolver() {
  (void)question_->give_up();
}

}  // namespace bridge::net
