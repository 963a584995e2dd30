#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "bridge/rehearsal/call.hpp"

namespace bridge::rehearsal {

// Every call that the carrier has accepted, in order, and where to find it. Pure. Calls stay where
// they are until the book goes.
class CallBook {
 public:
  // A new call; its sid follows from seed, life, number and how many the number has had in it.
  Call& add(std::uint64_t seed, std::uint64_t life, Order order, net::Instant now);
  // Null: none of this sid, or deleted.
  Call* find(std::string_view sid);
  // How many orders for this number there have been, and one more from now on. Also refused ones.
  std::uint64_t count_order(const std::string& to) { return numbers_[to].orders++; }

  const std::vector<std::unique_ptr<Call>>& all() const { return calls_; }
  // The calls to one number, the newest first.
  std::vector<const Call*> to(std::string_view number) const;
  // All of them, the newest first.
  std::vector<const Call*> newest_first() const;

 private:
  struct Number {
    std::uint64_t orders = 0;
    std::vector<std::size_t> calls{};
  };

  std::vector<std::unique_ptr<Call>> calls_{};
  std::unordered_map<std::string, std::size_t> by_sid_{};
  std::unordered_map<std::string, Number> numbers_{};
};

// One page of the list of calls (protocols.md 1.6) as JSON, or why there is none. `wish` is the
// query, decoded; `query` the same as it came. `listed_until`: younger calls do not show yet.
std::variant<std::string, ApiError> list_calls(const CallBook& book, const Fields& wish,
                                               std::string_view query, std::string_view account_sid,
                                               net::Instant now, net::Instant listed_until);

}  // namespace bridge::rehearsal
