#include "runner/sweeper.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(sweeper)

using namespace some;
using bridge::carrier::CallRecord;
using bridge::carrier::ListReply;

namespace {

// A carrier that can only be asked for its list, and answers when it is told to.
class CarrierOfLists final : public bridge::carrier::Carrier {
 public:
  struct Asked {
    std::string from{};
    std::chrono::sys_days day{};
    std::function<void(ListReply)> done{};
  };
  std::vector<Asked> asked{};

  void place(const bridge::carrier::CallOrder&,
             std::function<void(bridge::carrier::PlaceReply)>) override {}
  void fetch(const std::string&, std::function<void(bridge::carrier::FetchReply)>) override {}
  void list(const std::string&, const std::string&, std::function<void(ListReply)>) override {}
  void list_day(const std::string& from, std::chrono::sys_days day,
                std::function<void(ListReply)> done) override {
    asked.push_back({from, day, std::move(done)});
  }
  void redirect(const std::string&, const bridge::carrier::NewDocument&,
                std::function<void(bridge::carrier::RedirectReply)>) override {}
  void take_back(const std::string&, std::function<void(bridge::carrier::FetchReply)>) override {}
  void end(const std::string&, std::function<void(bridge::carrier::CancelReply)>) override {}

  void answer(std::vector<CallRecord> calls) {
    const auto first = std::move(asked.front());
    asked.erase(asked.begin());
    first.done({.ok = true, .calls = std::move(calls), .why = {}, .request_id = {}});
  }
  void fail() {
    const auto first = std::move(asked.front());
    asked.erase(asked.begin());
    first.done({.ok = false, .calls = {}, .why = "answered 503", .request_id = {}});
  }
};

class ClockOf final : public bridge::net::Clock {
 public:
  explicit ClockOf(const World& world) : world_(world) {}
  Instant now() const override { return world_.now(); }
  std::optional<std::chrono::milliseconds> real_delay_until(Instant) const override { return {}; }

 private:
  const World& world_;
};

Campaign with_budget() {
  auto campaign = notification();
  campaign.budget = {1'000'000, 20'000};
  return campaign;
}

struct Swept : Running {
  CarrierOfLists carrier{};
  ClockOf clock{*this};
  std::vector<std::string> said{};
  std::size_t noted = 0;
  std::optional<runner::Sweeper> sweeper{};

  explicit Swept(const Campaign& campaign = with_budget(), std::uint64_t people = 1)
      : Running(campaign, people) {
    restart();
  }
  void restart() {
    sweeper.emplace(
        carrier, clock, state(),
        [this](Command command, const runner::Sweeper::Done& done) {
          ++noted;
          const auto lines = when(command);
          const bool refused = lines.rfind("refused", 0) == 0;
          done(refused ? std::optional(Refusal{"refused", lines}) : std::nullopt);
        },
        [this](std::string text) { said.push_back(std::move(text)); });
    for (const auto& fact : log()) sweeper->follow(fact);
    seen_ = log().size();
  }
  // What the program does in each turn.
  void turn() {
    sweeper->go_on();
    for (; seen_ < log().size(); ++seen_) sweeper->follow(log()[seen_]);
    if (sweeper->due()) sweeper->begin();
  }
  CallRecord record(std::optional<std::int64_t> cost) const {
    CallRecord made;
    made.sid = sid();
    made.to = "+390212341001";
    made.from = "+390200000000";
    made.status = "completed";
    made.direction = "outbound-api";
    made.date_created = utc("2026-03-02T08:00:01Z");
    made.end_time = utc("2026-03-02T08:00:20Z");
    made.duration = 9s;
    made.cost_millionths = cost;
    made.price_unit = "USD";
    return made;
  }

 private:
  std::size_t seen_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(while_nothing_can_be_learnt_no_time_is_waited_for) {
  Swept world;
  world.turn();
  BOOST_TEST(!world.sweeper->next());
  BOOST_TEST(!world.sweeper->busy());
}

BOOST_AUTO_TEST_CASE(an_hour_after_a_call_was_requested_and_hourly_until_its_price_is_known) {
  Swept world;
  world.dial();
  world.turn();
  const auto requested = utc("2026-03-02T08:00:00Z");
  BOOST_TEST((world.sweeper->next() == requested + 1h));
  world.does(world.voice()).does(world.status("completed", 9));
  world.turn();
  if (world.carrier.asked.size() == 1) world.carrier.answer({world.record({})});  // its end
  world.later(1h);
  world.turn();
  BOOST_TEST_REQUIRE(world.carrier.asked.size() == 1u);
  BOOST_TEST(world.carrier.asked[0].from == "+390200000000");
  BOOST_TEST((world.carrier.asked[0].day == std::chrono::sys_days{2026y / 3 / 2}));
  BOOST_TEST(world.sweeper->busy());
  world.carrier.answer({world.record({})});
  BOOST_TEST(!world.sweeper->busy());
  BOOST_TEST((world.sweeper->next() == requested + 2h));
  world.later(1h);
  world.turn();
  world.carrier.answer({world.record(13'500)});
  world.turn();
  BOOST_TEST(*world.state().spend.cost_of_attempt({0, 1}, 1) == 13'500);
  BOOST_TEST(!world.sweeper->next());
}

BOOST_AUTO_TEST_CASE(a_price_is_not_waited_for_longer_than_a_day) {
  Swept world;
  world.dial();
  world.does(world.voice()).does(world.status("completed", 9));
  world.turn();
  int asked = 0;
  for (int hour = 0; hour < 60; ++hour) {
    world.turn();
    while (!world.carrier.asked.empty()) {
      ++asked;
      world.carrier.answer({world.record({})});
    }
    world.later(1h);
  }
  BOOST_TEST(!world.sweeper->next());
  BOOST_TEST(asked >= 24);
  BOOST_TEST(asked < 60);  // of two days after midnight
}

BOOST_AUTO_TEST_CASE(a_list_that_cannot_be_read_is_asked_for_again_and_told_once) {
  Swept world;
  world.dial();
  world.turn();
  world.later(1h);
  for (int i = 0; i < 3; ++i) {
    world.turn();
    BOOST_TEST_REQUIRE(world.carrier.asked.size() == 1u);
    world.carrier.fail();
    BOOST_TEST(!world.sweeper->busy());
    world.later(5min);
  }
  BOOST_TEST(world.said.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_campaign_and_a_start_bring_a_sweep_before_its_hour) {
  Swept world;
  world.dial();
  world.does(world.voice()).does(world.status("completed", 9));
  world.plans();  // nobody is left: completed
  world.turn();
  BOOST_TEST(world.sweeper->busy());
  BOOST_TEST_REQUIRE(world.carrier.asked.size() == 1u);
  world.carrier.answer({world.record({})});

  world.restart();
  BOOST_TEST((world.sweeper->next() <= world.now() + 1min));
  // What is a day old is nobody's business any more.
  world.later(25h);
  CarrierOfLists other;
  runner::Sweeper late(
      other, world.clock, world.state(), [](const Command&, const auto&) {}, [](const auto&) {});
  BOOST_TEST(!late.next());
}

BOOST_AUTO_TEST_CASE(what_a_sweep_finds_is_noted_in_portions) {
  constexpr std::uint32_t people = 300;
  auto campaign = with_budget();
  campaign.budget.limit_millionths = 100'000'000;
  Swept world(campaign, people);
  std::vector<CallRecord> calls;
  for (std::uint32_t contact = 1; contact <= people; ++contact) {
    world.dial(contact);
    world.does(world.voice("", contact)).does(world.status("completed", 9, contact));
    calls.push_back(world.record(13'500));
    calls.back().sid = world.sid(contact);
    world.later(1s);
  }
  world.later(1h);
  world.turn();
  BOOST_TEST_REQUIRE(world.carrier.asked.size() == 1u);
  world.carrier.answer(calls);
  for (const auto by_now : {128u, 256u}) {
    BOOST_TEST(world.noted == by_now);
    BOOST_TEST(world.sweeper->busy());
    BOOST_TEST((world.sweeper->next() == world.now()));  // it goes on at once
    world.turn();
  }
  BOOST_TEST(world.noted == people);
  BOOST_TEST(!world.sweeper->busy());
  BOOST_TEST(*world.state().spend.cost_of_attempt({0, people}, 1) == 13'500);
}

BOOST_AUTO_TEST_CASE(a_carrier_that_charges_in_another_currency_is_told_once) {
  auto campaign = with_budget();
  campaign.budget.currency = "EUR";
  campaign.pacing.lines = 2;
  Swept world(campaign, 2);
  world.dial(1);
  world.later(1s);
  world.dial(2);
  for (std::uint32_t contact : {1u, 2u}) {
    world.does(world.voice("", contact)).does(world.status("completed", 9, contact));
  }
  world.turn();
  world.later(1h);
  world.turn();
  auto first = world.record(13'500);
  auto second = first;
  second.sid = world.sid(2);
  second.to = "+390212341002";
  world.carrier.answer({first, second});
  BOOST_TEST(world.said.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
