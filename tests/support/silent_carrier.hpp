#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/carrier/carrier.hpp"

namespace support {

// Takes orders, and never says what became of them. The test says when one leaves, and answers
// whoever ends a call.
class SilentCarrier final : public bridge::carrier::Carrier {
 public:
  std::size_t orders = 0;
  std::function<void()> leaves{};  // the last one
  std::size_t fetches = 0;
  std::vector<std::function<void(bridge::carrier::CancelReply)>> ends{};

  void place(const bridge::carrier::CallOrder& order,
             std::function<void(bridge::carrier::PlaceReply)>) override {
    ++orders;
    leaves = order.on_sent;
  }
  void fetch(const std::string&, std::function<void(bridge::carrier::FetchReply)>) override {
    ++fetches;
  }
  void list(const std::string&, const std::string&,
            std::function<void(bridge::carrier::ListReply)>) override {}
  void list_day(const std::string&, std::chrono::sys_days,
                std::function<void(bridge::carrier::ListReply)>) override {}
  void redirect(const std::string&, const bridge::carrier::NewDocument&,
                std::function<void(bridge::carrier::RedirectReply)>) override {}
  void take_back(const std::string&, std::function<void(bridge::carrier::FetchReply)>) override {}
  void end(const std::string&, std::function<void(bridge::carrier::CancelReply)> done) override {
    ends.push_back(std::move(done));
  }
};

}  // namespace support
