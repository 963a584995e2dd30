#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/carrier/carrier.hpp"
#include "bridge/net/clock.hpp"

namespace support {

using bridge::net::Instant;
using std::chrono::milliseconds;

// Chance that is the same on every machine: splitmix64, and nothing of the standard library's.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  // Chance about one thing: it does not matter when, or how often, others were asked.
  Dice(std::uint64_t seed, std::string_view about);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  bool chance(unsigned per_mille) { return below(1000) < per_mille; }
  milliseconds between(milliseconds least, milliseconds most);

 private:
  std::uint64_t state_;
};

// What will happen in a simulated world, by time and then in the order it was put down.
class Agenda {
 public:
  void at(Instant when, std::function<void()> happens) {
    entries_.emplace(std::pair{when, ++count_}, std::move(happens));
  }
  std::optional<Instant> next() const;
  // Lets the first thing that is due happen. False: nothing is due.
  bool run_one(Instant now);
  bool empty() const { return entries_.empty(); }

 private:
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> entries_{};
  std::uint64_t count_ = 0;
};

// A call that the carrier accepted: the truth, whatever the program knows of it.
struct SimulatedCall {
  std::string sid{};
  std::string token{};  // of the attempt, from the order's URL
  bridge::carrier::CallOrder order{};
  std::string status{"queued"};
  std::optional<Instant> dialled{};  // when it left the carrier's queue
  std::string answered_by{};
  Instant created{};
  Instant listed_at{};  // when the carrier's list begins to show it
  std::optional<Instant> answered{};
  std::optional<Instant> ended{};
  milliseconds talk{};  // of what was said in it, without the program's own delays
  std::optional<std::int64_t> seconds{};
  // The call to a human whom the person was passed on to.
  std::optional<Instant> human_called{};
  std::optional<std::int64_t> human_seconds{};
  bool over() const { return ended.has_value(); }
};

// The carrier below the sockets, in the program's thread. It keeps the truth about every order and
// every call; what becomes of an order is a function of the seed and the attempt's token, not of
// when it came. It rings nobody: whoever makes the world does, from `on_accepted`.
class SimulatedCarrier final : public bridge::carrier::Carrier {
 public:
  // How many of a thousand orders or questions go wrong in each way.
  struct Faults {
    unsigned not_sent = 0;
    unsigned slow_connection = 0;  // seconds until an order can leave, or more than it may wait
    unsigned too_many = 0;         // 429
    unsigned dead_number = 0;      // 21211
    unsigned account_refused = 0;  // 20003: stops the campaign
    unsigned doubt_accepted = 0;   // an answer that says nothing, and the call is placed
    unsigned doubt_lost = 0;       // the same, and it is not
    unsigned silent_accepted = 0;  // no answer until the deadline of 30 s
    unsigned silent_lost = 0;
    unsigned slow = 0;                // an answer after seconds
    unsigned question_fails = 0;      // of fetch, list and end
    milliseconds accept_delay_max{};  // from the order to its call, where the answer is in doubt
    milliseconds list_lag_max{};      // from the call to its place in the list
  };
  struct Order {
    Instant at{};
    std::string token{};
    bridge::carrier::CallOrder order{};
  };
  // What a call costs stands in the list of a day, hours after its end; of some it is another price
  // later on, and now and then a list has a call twice.
  struct Charges {
    // By duration, in millionths; empty: prices are never told.
    std::function<std::int64_t(const SimulatedCall&)> reckoned{};
    unsigned most = 1500;  // of a thousand of that: the first price, and of it the second one
    std::string currency{};
  };

  // All outlive the carrier.
  SimulatedCarrier(Agenda& agenda, const bridge::net::Clock& clock, std::uint64_t seed,
                   Faults faults)
      : agenda_(agenda), clock_(clock), seed_(seed), faults_(faults) {}

  void place(const bridge::carrier::CallOrder& order,
             std::function<void(bridge::carrier::PlaceReply)> done) override;
  void fetch(const std::string& sid,
             std::function<void(bridge::carrier::FetchReply)> done) override;
  void list(const std::string& to, const std::string& from,
            std::function<void(bridge::carrier::ListReply)> done) override;
  void list_day(const std::string& from, std::chrono::sys_days day,
                std::function<void(bridge::carrier::ListReply)> done) override;
  void redirect(const std::string& sid, const bridge::carrier::NewDocument& document,
                std::function<void(bridge::carrier::RedirectReply)> done) override;
  void take_back(const std::string& sid,
                 std::function<void(bridge::carrier::FetchReply)> done) override;
  void end(const std::string& sid, std::function<void(bridge::carrier::CancelReply)> done) override;

  Charges charges{};
  // Called with every order as it leaves, before anything comes of it.
  std::function<void(const Order&)> on_order{};
  // Called when a call is placed, from where its life is played.
  std::function<void(SimulatedCall&)> on_accepted{};
  // Called when the program ended a call.
  std::function<void(SimulatedCall&)> on_ended{};
  // Called when the program told a live call something else.
  std::function<void(SimulatedCall&, const bridge::carrier::NewDocument&)> on_redirected{};
  // Called after every answer to the program.
  std::function<void()> on_answer{};

  // The program died: it hears no answer any more. What it has sent arrives all the same.
  void disconnect() { ++connection_; }

  // Addresses stay good.
  const std::deque<SimulatedCall>& calls() const { return calls_; }
  const std::vector<Order>& orders() const { return orders_; }
  SimulatedCall* call(const std::string& sid);
  // The calls of one attempt, and of one number.
  std::vector<const SimulatedCall*> calls_of(const std::string& token) const;
  unsigned live_calls_to(const std::string& number) const;
  unsigned orders_of(const std::string& token) const;
  // What the program was told last that a call costs; nothing: it was not.
  std::optional<std::int64_t> told_price(const std::string& sid) const;

 private:
  void leave(const bridge::carrier::CallOrder& given,
             const std::function<void(bridge::carrier::PlaceReply)>& done);
  SimulatedCall& accept(const Order& order);
  void answer(milliseconds after, std::function<void()> tell);
  bridge::carrier::CallRecord record_of(const SimulatedCall& call) const;
  std::optional<std::int64_t> price_of(const SimulatedCall& call) const;

  Agenda& agenda_;
  const bridge::net::Clock& clock_;
  std::uint64_t seed_;
  Faults faults_;
  std::uint64_t connection_ = 0;
  std::uint64_t questions_ = 0;
  std::deque<SimulatedCall> calls_{};
  std::map<std::string, std::size_t> by_sid_{};
  std::map<std::string, std::vector<std::size_t>> by_token_{};
  std::map<std::string, std::vector<std::size_t>> by_number_{};
  std::map<std::string, unsigned> orders_by_token_{};
  std::vector<Order> orders_{};
  std::map<std::string, std::int64_t> told_prices_{};
};

}  // namespace support
