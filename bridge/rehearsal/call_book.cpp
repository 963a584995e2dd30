#include "bridge/rehearsal/call_book.hpp"

#include <utility>

namespace bridge::rehearsal {

Call& CallBook::add(std::uint64_t seed, std::uint64_t life, Order order, net::Instant now) {
  const std::size_t index = calls_.size();
  Number& number = numbers_[order.to];
  auto made = std::make_unique<Call>();
  Call& call = *made;
  call.ordinal = number.calls.size();
  const std::string subject = life == 0 ? order.to : order.to + " in life " + std::to_string(life);
  call.sid = "CA" + hex_from(seed, subject, call.ordinal, 32);
  call.order = std::move(order);
  call.accepted_at = call.updated_at = now;
  number.calls.push_back(index);
  by_sid_.emplace(call.sid, index);
  calls_.push_back(std::move(made));
  return call;
}

Call* CallBook::find(std::string_view sid) {
  const auto found = by_sid_.find(std::string(sid));
  if (found == by_sid_.end() || calls_[found->second]->deleted) return nullptr;
  return calls_[found->second].get();
}

std::vector<const Call*> CallBook::to(std::string_view number) const {
  std::vector<const Call*> found;
  const auto known = numbers_.find(std::string(number));
  if (known == numbers_.end()) return found;
  const auto& indexes = known->second.calls;
  for (auto index = indexes.rbegin(); index != indexes.rend(); ++index) {
    found.push_back(calls_[*index].get());
  }
  return found;
}

std::vector<const Call*> CallBook::newest_first() const {
  std::vector<const Call*> found;
  found.reserve(calls_.size());
  for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) found.push_back(call->get());
  return found;
}

}  // namespace bridge::rehearsal
