#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "bridge/net/stream.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_clock)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::net::Instant;
using bridge::testing::noon;
using bridge::testing::SteppedLoop;
using bridge::testing::ToyProgram;

namespace {

// A program with a clock connection to a carrier on a thread of its own.
struct TwoThreads : SteppedLoop {
  RehearsalThread carrier;
  ToyProgram program;
  bool lost = false;
  bool quiet = true;
  std::optional<Instant> wakeup{};
  std::unique_ptr<ClockLink> link{};

  explicit TwoThreads(CarrierOptions options = {})
      : carrier(at_noon(std::move(options))),
        program(loop, carrier.port(), carrier.account_sid(), carrier.auth_token()) {
    loop.before_sleep([this] {
      if (link) link->report(quiet, wakeup);
    });
  }
  ~TwoThreads() { loop.before_sleep({}); }

  static CarrierOptions at_noon(CarrierOptions options) {
    options.start = noon;
    return options;
  }
  void connect() {
    link = std::make_unique<ClockLink>(loop, clock, program.links, "127.0.0.1",
                                       carrier.clock_port(), [this] { lost = true; });
  }
  // As `until`, but for many turns: looks at the time seldom.
  template <class Done>
  void run_until(Done done) {
    const auto began = std::chrono::steady_clock::now();
    while (!done()) {
      for (int i = 0; i < 100 && !done(); ++i) loop.turn();
      BOOST_REQUIRE(std::chrono::steady_clock::now() - began < patience);
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_day_with_nothing_to_do_passes_at_once) {
  TwoThreads world;
  world.wakeup = noon + 24h;
  world.connect();
  world.until([&] { return world.clock.now() == noon + 24h; });
  BOOST_TEST(!world.lost);
}

BOOST_AUTO_TEST_CASE(time_stands_while_the_program_is_busy) {
  TwoThreads world;
  world.wakeup = noon + 1h;
  world.quiet = false;
  world.connect();
  world.until([&] { return world.link->connected(); });
  for (int i = 0; i < 2000; ++i) world.loop.turn();
  BOOST_TEST((world.clock.now() == noon));
  world.quiet = true;
  world.until([&] { return world.clock.now() == noon + 1h; });
}

BOOST_AUTO_TEST_CASE(time_stands_where_neither_side_has_anything_due) {
  TwoThreads world;
  world.connect();
  world.until([&] { return world.link->connected(); });
  for (int i = 0; i < 2000; ++i) world.loop.turn();
  BOOST_TEST((world.clock.now() == noon));
}

BOOST_AUTO_TEST_CASE(a_day_of_calls_passes_in_order_and_none_is_late) {
  CarrierOptions options;
  options.people = bridge::testing::only("human");
  TwoThreads world(std::move(options));
  world.program.documents["/talk"] =
      "<Response><Gather action=\"/answer\" numDigits=\"1\"><Say>Prema 1 o 2.</Say></Gather>"
      "</Response>";
  world.program.documents["/answer"] = "<Response><Say>Grazie.</Say></Response>";
  int ended = 0;
  bool stale = false;
  Instant last = noon;
  world.program.on_webhook = [&](const ToyProgram::Webhook& webhook) {
    stale = stale || webhook.at < last || webhook.at != world.clock.now();
    last = webhook.at;
    if (bridge::http::field(webhook.fields, "CallStatus") == "completed") ++ended;
  };
  // A call each ten minutes of a day.
  constexpr int calls = 144;
  int placed = 0;
  std::function<void()> next = [&] {
    world.program.place(world.program.order("+39061000" + std::to_string(1000 + placed)));
    world.wakeup.reset();
    if (++placed < calls) world.loop.call_at(world.loop.now() + 10min, next);
  };
  world.loop.call_at(noon + 10min, [&] { next(); });
  world.connect();
  world.run_until([&] { return ended == calls; });
  BOOST_TEST(!stale);
  BOOST_TEST(world.program.placed.size() == 144U);
  BOOST_TEST((world.clock.now() > noon + 24h));
  // Each call's events came when they happened: Timestamp and our clock agree.
  for (const auto* webhook : world.program.at_path("/status")) {
    BOOST_TEST(bridge::http::field(webhook->fields, "Timestamp") == rfc2822(webhook->at));
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_webhooks_at_the_same_instants) {
  // Eight lines, each of which calls the next person when the last one is done; faults included.
  const auto rehearsed = [] {
    CarrierOptions options;
    options.seed = 3;
    options.faults = parse_faults(
        "callback_late=100,callback_doubled=100,callback_reordered=100,post_delayed=50,"
        "post_unanswered=50,post_dropped=50");
    TwoThreads world(std::move(options));
    world.program.documents["/talk"] =
        "<Response><Gather action=\"/answer\" numDigits=\"1\"><Say>Prema 1 o 2.</Say></Gather>"
        "<Redirect>/talk</Redirect></Response>";
    world.program.documents["/answer"] = "<Response><Say>Grazie.</Say></Response>";
    int placed = 0;
    std::vector<std::string> over;
    const auto next = [&] {
      if (placed < 100) {
        world.program.place(world.program.order("+39061000" + std::to_string(1000 + placed++)));
      }
    };
    world.program.on_webhook = [&](const ToyProgram::Webhook& webhook) {
      if (bridge::http::field(webhook.fields, "SipResponseCode").empty()) return;
      const std::string sid(bridge::http::field(webhook.fields, "CallSid"));
      if (std::ranges::find(over, sid) != over.end()) return;
      over.push_back(sid);
      next();
    };
    world.loop.call_at(noon + 1s, [&] {
      for (int i = 0; i < 8; ++i) next();
    });
    world.connect();
    world.run_until([&] { return over.size() == 100; });
    // Within one instant webhooks may interleave, those of one call too.
    std::map<std::string, std::multiset<std::string>> lives;
    for (const auto& webhook : world.program.webhooks) {
      lives[std::string(bridge::http::field(webhook.fields, "CallSid"))].insert(
          std::to_string((webhook.at - noon) / 1ms) + webhook.path + ' ' +
          std::string(bridge::http::field(webhook.fields, "CallStatus")) +
          std::string(bridge::http::field(webhook.fields, "Digits")));
    }
    return lives;
  };
  const auto once = rehearsed();
  BOOST_TEST(once.size() == 100U);
  const auto again = rehearsed();
  for (const auto& [sid, life] : once)
    BOOST_TEST(again.at(sid) == life, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_delayed_answer_is_waited_for_in_simulated_time) {
  CarrierOptions options;
  options.faults = parse_faults("post_delayed=1000,post_delay_s=20");
  options.people = bridge::testing::only("no_answer");
  TwoThreads world(std::move(options));
  world.connect();
  world.program.place(world.program.order("+390610000001"));
  world.run_until([&] { return !world.program.placed.empty(); });
  BOOST_TEST(std::holds_alternative<bridge::carrier::CallPlaced>(world.program.placed[0]));
  BOOST_TEST((world.clock.now() == noon + 20s));
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_ends_by_the_clients_deadline) {
  CarrierOptions options;
  options.faults = parse_faults("post_unanswered=1000");
  options.people = bridge::testing::only("no_answer");
  TwoThreads world(std::move(options));
  world.connect();
  world.program.place(world.program.order("+390610000001"));
  world.run_until([&] { return !world.program.placed.empty(); });
  BOOST_TEST(std::holds_alternative<bridge::carrier::CallInDoubt>(world.program.placed[0]));
  BOOST_TEST((world.clock.now() >= noon + 30s));
}

BOOST_AUTO_TEST_CASE(time_stands_when_the_program_dies_and_goes_on_with_the_next) {
  TwoThreads world;
  world.wakeup = noon + 1h;
  world.connect();
  world.until([&] { return world.clock.now() == noon + 1h; });
  world.link.reset();
  world.wakeup = noon + 2h;
  for (int i = 0; i < 2000; ++i) world.loop.turn();
  BOOST_TEST((world.clock.now() == noon + 1h));
  BOOST_TEST((discover("127.0.0.1", world.carrier.port()).now == noon + 1h));
  world.connect();
  world.until([&] { return world.clock.now() == noon + 2h; });
}

BOOST_AUTO_TEST_CASE(a_second_program_is_turned_away) {
  TwoThreads world;
  world.connect();
  world.until([&] { return world.link->connected(); });
  bool turned_away = false;
  bridge::net::Links none;
  ClockLink second(world.loop, world.clock, none, "127.0.0.1", world.carrier.clock_port(),
                   [&] { turned_away = true; });
  world.until([&] { return turned_away; });
  BOOST_TEST(world.link->connected());
}

BOOST_AUTO_TEST_CASE(a_foreign_client_does_not_hold_time_up) {
  TwoThreads world;
  world.wakeup = noon + 1h;
  // A connection to the carrier and one to the program that are in nobody's books.
  const auto silent = [&](std::uint16_t port) {
    return bridge::net::Stream::connect(
        world.loop, {.address = "127.0.0.1", .port = port, .unix_path = {}}, {}, {});
  };
  const auto to_carrier = silent(world.carrier.port());
  const auto to_program = silent(world.program.server->port());
  world.until([&] { return to_carrier->link_id() != 0 && to_program->link_id() != 0; });
  world.until([&] { return world.program.server->connections() == 1; });
  world.connect();
  world.until([&] { return world.clock.now() == noon + 1h; });
}

BOOST_AUTO_TEST_CASE(a_program_that_is_ahead_takes_the_carrier_along) {
  TwoThreads world;
  world.clock.advance_to(noon + 3h);
  world.wakeup = noon + 4h;
  world.connect();
  world.until([&] { return world.clock.now() == noon + 4h; });
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_nonsense_is_cut_off) {
  TwoThreads world;
  bool ended = false;
  std::unique_ptr<bridge::net::Stream> peer;
  peer = bridge::net::Stream::connect(
      world.loop, {.address = "127.0.0.1", .port = world.carrier.clock_port(), .unix_path = {}}, {},
      {.on_open = [&] { BOOST_TEST(peer->write("GET / HTTP/1.1\n")); },
       .on_data = {},
       .on_end = [&](std::error_code) { ended = true; },
       .on_drained = {}});
  world.until([&] { return ended; });
  world.wakeup = noon + 1h;
  world.connect();
  world.until([&] { return world.clock.now() == noon + 1h; });
}

BOOST_AUTO_TEST_CASE(a_carrier_tells_who_it_is) {
  CarrierOptions options;
  options.seed = 7;
  TwoThreads world(std::move(options));
  const Discovered found = discover("127.0.0.1", world.carrier.port());
  BOOST_TEST(found.clock_port == world.carrier.clock_port());
  BOOST_TEST(found.account_sid == world.carrier.account_sid());
  BOOST_TEST(found.auth_token == world.carrier.auth_token());
  BOOST_TEST(found.seed == 7U);
  BOOST_TEST((found.now == noon));
  BOOST_TEST(found.speed == 0);
}

BOOST_AUTO_TEST_CASE(who_is_not_there_or_no_carrier_is_said_with_the_cure) {
  TwoThreads world;
  const auto told = [](std::uint16_t port) {
    try {
      discover("127.0.0.1", port);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  // The clock's own port closes on an HTTP request: nothing answers there.
  BOOST_TEST(told(world.carrier.clock_port()).find("campanile rehearsal --listen") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(with_a_speed_time_runs_without_a_program) {
  CarrierOptions options;
  options.speed = 5000;
  options.start = noon;
  const RehearsalThread carrier(options);
  BOOST_TEST(carrier.clock_port() == 0U);
  const Discovered first = discover("127.0.0.1", carrier.port());
  BOOST_TEST(first.speed == 5000);
  Instant later = first.now;
  for (int i = 0; i < 1000 && later < first.now + 1s; ++i) {
    later = discover("127.0.0.1", carrier.port()).now;
  }
  BOOST_TEST((later >= first.now + 1s));
}

BOOST_AUTO_TEST_SUITE_END()
