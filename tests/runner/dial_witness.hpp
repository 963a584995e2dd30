#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "campaigns/campaign.hpp"
#include "tests/support/simulated_carrier.hpp"

namespace simulation {

using support::Instant;

// Somebody who stands beside the carrier with the lists in hand and judges every order that
// arrives: by hours, calls of the day and money. Written a second time, from the words of the
// campaign file and not from the planner: wall clocks are texts that are compared as texts, and
// what counts is what the carrier knows to have happened, whatever the log says.
class DialWitness {
 public:
  explicit DialWitness(const support::SimulatedCarrier& carrier) : carrier_(carrier) {}

  // Of each list before the first call. The campaign outlives the witness.
  void expect(const campaigns::Campaign& campaign);
  void expect(const std::string& campaign, const std::string& number, const std::string& zone);

  // Of the one suppression list that there is: a newer one was loaded, of then.
  void expect_list(Instant as_of) { newest_list_ = as_of; }

  // What is wrong with an order that arrives at this instant; empty: nothing. `token` begins with
  // the campaign's id.
  std::string judge(const support::SimulatedCarrier::Order& order);
  // What is wrong with what the calls of all campaigns have cost, and may cost while they last.
  std::string judge_money() const;

 private:
  struct Expected {
    const campaigns::Campaign* campaign = nullptr;
    std::map<std::string, std::string> zones{};  // number -> zone
  };
  using Orders = std::multimap<Instant, std::string>;  // when, token
  const Expected& expected(const std::string& token) const;
  // What is wrong with one more call, by the days of a zone's clock.
  std::string too_often(const campaigns::Campaign& campaign, const Orders& before, Instant at,
                        const std::string& clock) const;
  std::int64_t cost(const campaigns::Campaign& campaign, const support::SimulatedCall& call) const;
  std::int64_t spent(const std::string& campaign) const;

  const support::SimulatedCarrier& carrier_;
  std::map<std::string, Expected> lists_{};
  std::optional<Instant> newest_list_{};
  std::map<std::string, Orders> orders_{};  // by number
};

}  // namespace simulation
