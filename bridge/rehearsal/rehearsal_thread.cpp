#include "bridge/rehearsal/rehearsal_thread.hpp"

#include <future>
#include <thread>
#include <utility>

#include "bridge/rehearsal/rehearsal_carrier.hpp"

namespace bridge::rehearsal {

struct RehearsalThread::Block {
  struct Facts {
    net::Loop* loop = nullptr;  // lives until the thread ends
    std::uint16_t port = 0;
    std::uint16_t clock_port = 0;
    std::uint16_t voice_port = 0;
    std::string account_sid{};
    std::string auth_token{};
  };
  Facts facts{};
  std::thread thread{};

  static void run(const CarrierOptions& options, std::promise<Facts>& ready) {
    const auto serve = [&ready](net::Loop& loop, const RehearsalCarrier& carrier) {
      ready.set_value({.loop = &loop,
                       .port = carrier.port(),
                       .clock_port = carrier.clock_port(),
                       .voice_port = carrier.voice_port(),
                       .account_sid = carrier.account_sid(),
                       .auth_token = carrier.auth_token()});
      loop.run();
    };
    try {
      if (options.speed > 0) {
        net::ScaledClock clock(options.start, options.speed);
        net::Loop loop(clock);
        const RehearsalCarrier carrier(loop, options);
        serve(loop, carrier);
      } else {
        net::SteppedClock clock(options.start);
        net::Loop loop(clock);
        const RehearsalCarrier carrier(loop, clock, options);
        serve(loop, carrier);
      }
    } catch (...) {
      // To the constructor's caller, who is the only one that waits.
      ready.set_exception(std::current_exception());
    }
  }
};

RehearsalThread::RehearsalThread(CarrierOptions options) : block_(std::make_unique<Block>()) {
  auto ready = std::make_shared<std::promise<Block::Facts>>();
  auto facts = ready->get_future();
  block_->thread =
      std::thread([options = std::move(options), ready] { Block::run(options, *ready); });
  try {
    block_->facts = facts.get();
  } catch (...) {
    block_->thread.join();
    throw;
  }
}

RehearsalThread::~RehearsalThread() {
  net::Loop* loop = block_->facts.loop;
  loop->post([loop] { loop->stop(); });
  block_->thread.join();
}

std::uint16_t RehearsalThread::port() const {
  return block_->facts.port;
}
std::uint16_t RehearsalThread::clock_port() const {
  return block_->facts.clock_port;
}
std::uint16_t RehearsalThread::voice_port() const {
  return block_->facts.voice_port;
}
const std::string& RehearsalThread::account_sid() const {
  return block_->facts.account_sid;
}
const std::string& RehearsalThread::auth_token() const {
  return block_->facts.auth_token;
}

}  // namespace bridge::rehearsal
