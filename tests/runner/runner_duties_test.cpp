#include <boost/test/unit_test.hpp>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "runner/runner.hpp"
#include "tests/campaigns/some_campaigns.hpp"
#include "tests/runner/replayed.hpp"
#include "tests/support/silent_carrier.hpp"
#include "tests/support/simulated_event_store.hpp"

BOOST_AUTO_TEST_SUITE(runner_duties)

// What the runner owes whoever starts, stops and watches it; all else the simulation asks of it.
namespace {

using namespace some;

const std::string account = "AC" + std::string(32, 'a');
const std::string auth_token = "a-token-of-nobody";
const std::string public_url = "https://door.example";

class StandingClock final : public bridge::net::Clock {
 public:
  explicit StandingClock(Instant at) : shown(at) {}
  Instant shown;
  std::chrono::milliseconds back{0};
  Instant now() const override { return shown; }
  std::optional<std::chrono::milliseconds> real_delay_until(Instant) const override { return {}; }
  std::chrono::milliseconds behind() const override { return back; }
};

struct CountedStreams final : runner::Streams {
  std::size_t let = 0;
  std::size_t refused = 0;
  bridge::media::Bounds bounds{};  // of the last one
  void let_in(bridge::media::StreamId, bridge::voice::Agent,
              bridge::media::Bounds its_bounds) override {
    ++let;
    bounds = std::move(its_bounds);
  }
  void refuse(bridge::media::StreamId) override { ++refused; }
  void answer_tool(bridge::media::StreamId, std::string, std::string,
                   bridge::media::Then) override {}
  void end(bridge::media::StreamId, bridge::media::Why) override {}
};

// How a run begins: on a log of its own, or on that of the run before.
struct Start {
  std::vector<support::StoredEvent> before{};
  bool names_an_agent = true;
  std::int64_t rate = 1000;
  Instant at = utc("2026-03-02T08:00:00Z");
};

struct Duties {
  StandingClock clock;
  support::SimulatedEventStore store;
  support::SilentCarrier carrier{};
  CountedStreams streams{};
  ZoneRules rules = some_zones();
  runner::LogKeys keys{runner::LogKeys::rehearsal_secret(1)};
  runner::Runner runner;
  std::vector<std::string> told{};

  explicit Duties(Start start = {})
      : clock(start.at),
        store(std::move(start.before)),
        runner(store, carrier, clock, rules, keys, door(start.names_an_agent),
               support::replayed(store), options()) {
    runner.use_streams(&streams);
    runner.on_notice([this](const auto& notice) { told.push_back(notice.text); });
    if (store.last() == 0) {
      LogCreated identity;
      identity.installation = "0123456789abcdef";
      identity.carrier = "rehearsal";
      runner.note_command(CreateLog{identity});
    }
    RunnerStarted run;
    run.epoch = store.epoch();
    run.public_url = public_url;
    run.caller_id = "+390200000000";
    run.calls_per_second_thousandths = start.rate;
    runner.note_command(StartRunner{run});
  }
  static webhook::DoorOptions door(bool names_an_agent) {
    webhook::DoorOptions door;
    door.auth_tokens = {auth_token};
    door.account_sid = account;
    door.public_url = public_url;
    door.message.text = "Arrivederci.";
    if (names_an_agent) door.agent = std::make_shared<const Campaign>(agent_survey("arthur"));
    return door;
  }
  static runner::Runner::Options options() {
    runner::Runner::Options options;
    options.account_sid = account;
    options.voice.opening_max = std::chrono::milliseconds{700};
    options.voice.answer_max = std::chrono::milliseconds{900};
    return options;
  }
  void enrol_somebody(std::uint64_t people = 1, std::uint32_t rate = 1000) {
    auto campaign = notification();
    campaign.pacing.lines = 9;
    campaign.pacing.calls_per_second_thousandths = rate;
    runner.note_command(submit(campaign));
    EnrolRows rows{"note", {}};
    for (std::uint64_t n = 1; n <= people; ++n) rows.rows.push_back(person(n + 1, n));
    runner.note_command(rows);
    runner.note_command(CompleteEnrolment{"note"});
  }
  // Until nothing more follows.
  void turn() {
    for (int i = 0; i < 5; ++i) {
      runner.tick();
      store.commit_all();
    }
    runner.tick();
  }
  // What the carrier is answered that asks for somebody else's call.
  bridge::http::Response asked(const std::string& target, const std::string& sid) {
    return told_of(sid, target, "in-progress");
  }
  // And one that tells of a call.
  bridge::http::Response told_of(const std::string& sid, const std::string& target,
                                 const std::string& status) {
    const bridge::http::Fields fields{{"CallSid", sid},
                                      {"AccountSid", account},
                                      {"From", "+390200000000"},
                                      {"To", "+390212341001"},
                                      {"CallStatus", status}};
    bridge::http::Request request{.method = "POST", .target = target, .headers = {}, .body = {}};
    request.headers = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"X-Twilio-Signature", bridge::carrier::sign(auth_token, public_url + target, fields)}};
    request.body = bridge::http::encode_form(fields);
    bridge::http::Response answer{.status = 0};
    runner.note_request(request, [&](const bridge::http::Response& given) { answer = given; });
    turn();
    return answer;
  }
  // The media stream of such a call comes.
  void stream_comes(const std::string& sid) {
    runner.stream_events().on_started({.stream = 1,
                                       .stream_sid = "MZ" + std::string(32, 'c'),
                                       .call_sid = sid,
                                       .account_sid = account,
                                       .token = keys.call_token(sid)});
    turn();
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(while_dialling_is_held_nobody_is_called_and_it_is_not_ready) {
  Duties world;
  world.runner.hold_dialling(true);
  world.enrol_somebody();
  world.turn();
  BOOST_TEST(world.carrier.orders == 0U);
  BOOST_TEST(!world.runner.vitals().started);
  BOOST_TEST(!world.runner.calls_under_way());
  world.runner.hold_dialling(false);
  world.turn();
  BOOST_TEST(world.carrier.orders == 1U);
  BOOST_TEST(world.runner.vitals().started);
  BOOST_TEST(world.runner.calls_under_way());
}

BOOST_AUTO_TEST_CASE(while_the_door_is_shut_nobody_is_called) {
  Duties world;
  world.runner.shut_door("it does not answer");
  world.enrol_somebody();
  world.turn();
  BOOST_TEST(world.carrier.orders == 0U);
  BOOST_TEST(world.runner.vitals().started);
  BOOST_TEST(world.runner.vitals().door_shut == "it does not answer");
  // Who holds dialling for another reason takes back his own.
  world.runner.hold_dialling(true);
  world.runner.hold_dialling(false);
  world.turn();
  BOOST_TEST(world.carrier.orders == 0U);
  world.runner.shut_door("");
  world.turn();
  BOOST_TEST(world.carrier.orders == 1U);
  BOOST_TEST(world.runner.vitals().door_shut == "");
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_is_told_of_and_calls_nobody) {
  Duties world;
  world.turn();
  BOOST_TEST((world.runner.vitals().behind == 0ms));
  world.clock.back = 1h;
  world.enrol_somebody();
  world.turn();
  BOOST_TEST((world.runner.vitals().behind == 1h));
  BOOST_TEST_REQUIRE(world.told.size() == 1U);
  BOOST_TEST(world.told[0].find("3600 s behind") != std::string::npos, world.told[0]);
  BOOST_TEST(world.carrier.orders == 0U);
  // It looks again when the clock moves.
  BOOST_TEST((world.runner.next_wakeup() == world.clock.shown + 1ms));
  world.clock.back = 0ms;
  world.clock.shown += 1ms;
  world.turn();
  BOOST_TEST(world.told.size() == 2U);
  BOOST_TEST(world.carrier.orders == 1U);
}

// One call in ten seconds, and no order waits for more than five.
BOOST_AUTO_TEST_CASE(an_account_that_is_slow_loses_no_order_at_a_start) {
  Duties before({.rate = 100});
  before.enrol_somebody(2);
  before.turn();
  BOOST_TEST(before.carrier.orders == 1U);
  const auto restarted = before.clock.shown + 8s;
  Duties world({.before = before.store.events(), .rate = 100, .at = restarted});
  for (int seconds = 0; seconds <= 20; ++seconds) {
    world.turn();
    // Nobody knows when the last order of before left.
    if (world.clock.shown <= restarted + 10s) BOOST_TEST(world.carrier.orders == 0U);
    world.clock.shown += 1s;
  }
  BOOST_TEST(world.carrier.orders == 1U);
  const auto& second = world.runner.state().queue.campaigns[0].contact(2);
  BOOST_TEST(second.requests == 1);
  BOOST_TEST(second.unplaced == 0);
}

// The carrier is slow: each order waits for the one before it.
BOOST_AUTO_TEST_CASE(nobody_is_dialled_while_many_orders_wait_to_be_sent) {
  for (const std::int64_t rate : {1000, 6000}) {
    Duties world({.rate = rate});
    world.enrol_somebody(20, static_cast<std::uint32_t>(rate));
    const std::size_t most = rate == 1000 ? 4 : 6;
    const auto requested = [&] { return world.runner.state().queue.attempts.size(); };
    const auto step = Milliseconds{1'000'000 / rate + 1};
    for (std::size_t n = 1; n <= most + 1; ++n) {
      if (n > 1) world.clock.shown += step;
      world.turn();
      BOOST_TEST(requested() == std::min(n, most));
    }
    BOOST_TEST(world.carrier.orders == 1U);
    world.carrier.leaves();
    world.clock.shown += step;
    world.turn();
    BOOST_TEST(world.carrier.orders == 2U);
    BOOST_TEST(requested() == most + 1);
  }
}

BOOST_AUTO_TEST_CASE(what_the_program_notes_itself_shuts_nobody_out) {
  Duties world;
  world.turn();
  const auto max = Duties::options().inbox_max;
  for (std::size_t i = 0; i < max; ++i) world.runner.note_command(ResumeCampaign{"none"});
  std::size_t answered = 0;
  std::size_t busy = 0;
  const auto ask = [&] {
    world.runner.note_request({.method = "GET", .target = "/", .headers = {}, .body = {}},
                              [&](const bridge::http::Response& response) {
                                ++answered;
                                busy += response.status == 503 ? 1 : 0;
                              });
  };
  for (std::size_t i = 0; i < max; ++i) ask();
  BOOST_TEST(busy == 0U);
  ask();
  BOOST_TEST(busy == 1U);
  while (!world.runner.idle()) world.turn();
  BOOST_TEST(answered == max + 1);
  ask();
  world.turn();
  BOOST_TEST(busy == 1U);
}

BOOST_AUTO_TEST_CASE(of_those_who_knock_at_the_door_one_in_a_hundred_is_told_of_for_each_reason) {
  Duties world;
  world.turn();
  int answers = 0;
  const auto knock = [&](const std::string& target) {
    world.runner.note_request({.method = "POST", .target = target, .headers = {}, .body = {}},
                              [&](const bridge::http::Response&) { ++answers; });
  };
  for (int i = 0; i < 150; ++i) knock("/wp-login.php");
  knock("/call-status");
  world.turn();
  BOOST_TEST(answers == 151);
  BOOST_TEST(
      world.told == (std::vector<std::string>{"request refused: 404 unknown_route (1 so far)",
                                              "request refused: 404 unknown_route (101 so far)",
                                              "request refused: 403 missing_signature (1 so far)"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_talk_with_whom_somebody_elses_code_called_is_a_call_under_way) {
  Duties world;
  world.turn();
  const auto sid = "CA" + std::string(32, 'b');
  BOOST_TEST(world.asked("/outbound-call?mode=agent", sid).status == 200);
  BOOST_TEST(!world.runner.calls_under_way());
  world.stream_comes(sid);
  BOOST_TEST(world.streams.let == 1U);
  BOOST_TEST(world.streams.refused == 0U);
  BOOST_TEST(world.streams.bounds.opening_max.count() == 700);
  BOOST_TEST(world.streams.bounds.answer_max.count() == 900);
  BOOST_TEST(world.runner.calls_under_way());
  world.told.clear();
  // Let in too late, which is no hang-up.
  bridge::media::Closed closed{.stream = 1, .why = bridge::media::Why::refused};
  closed.complaints = 2;
  closed.complaint = "invalid_value";
  world.runner.stream_events().on_closed(closed);
  world.turn();
  BOOST_TEST(!world.runner.calls_under_way());
  BOOST_TEST(std::ranges::count(world.told, "the voice agent failed: refused") == 1);
  // However soon that was.
  BOOST_TEST(std::ranges::count(world.told, "a caller heard nothing of the agent") == 1);
  // What the model did not take is ours to see.
  BOOST_TEST(std::ranges::count(world.told,
                                "the voice model complained of what it was sent: invalid_value, "
                                "the first of 2") == 1);
}

BOOST_AUTO_TEST_CASE(who_is_in_a_time_zone_that_is_not_known_is_told_of_at_the_start) {
  Duties before;
  auto campaign = notification();
  before.runner.note_command(submit(campaign));
  before.runner.note_command(EnrolRows{"note", {person(2, 1), person(3, 2, "Mars/Olympus")}});
  before.runner.note_command(CompleteEnrolment{"note"});
  before.turn();
  BOOST_TEST(before.carrier.orders == 1U);
  Duties world({.before = before.store.events()});
  world.turn();
  BOOST_TEST(std::ranges::count_if(world.told, [](const std::string& text) {
               return text.starts_with("campaign note: 1 person waits in the time zone Mars");
             }) == 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_does_not_say_how_long_it_was_is_asked_about_at_once) {
  Duties world;
  world.enrol_somebody();
  world.turn();
  const AttemptId attempt{"note", 1, 1};
  const auto sid = "CA" + std::string(32, 'b');
  world.runner.note_command(OrderAnswered{attempt, OrderAnswered::Kind::placed, sid});
  world.turn();
  const auto target = "/call-status/" + world.keys.token(attempt);
  BOOST_TEST(world.told_of(sid, target, "in-progress").status == 204);
  BOOST_TEST(world.carrier.fetches == 0U);
  BOOST_TEST(world.told_of(sid, target, "completed").status == 204);
  BOOST_TEST(world.runner.calls_under_way());
  BOOST_TEST(world.carrier.fetches == 1U);
  // Once, until it is answered.
  BOOST_TEST(world.told_of(sid, target, "completed").status == 204);
  BOOST_TEST(world.carrier.fetches == 1U);
}

BOOST_AUTO_TEST_CASE(a_late_call_that_the_carrier_does_not_know_is_not_ended_for_ever) {
  Duties world;
  world.enrol_somebody();
  world.turn();
  const AttemptId attempt{"note", 1, 1};
  world.runner.note_command(OrderAnswered{attempt, OrderAnswered::Kind::placed, "CAown"});
  world.runner.note_command(StatusReported{attempt, "CAlate", "ringing"});
  world.turn();
  const auto answer = [&](const bridge::carrier::CancelReply& reply) {
    BOOST_TEST_REQUIRE(world.carrier.ends.size() == 1U);
    std::exchange(world.carrier.ends, {})[0](reply);
    world.turn();
  };
  const auto late_calls = [&] { return world.runner.state().queue.late_calls.size(); };
  answer({.unknown = true, .why = "the carrier answered 404, code 20404"});
  BOOST_TEST(late_calls() == 1U);
  // Neither what came of nobody knows where, nor anything before the call would be over.
  world.clock.shown += 1h;
  world.turn();
  answer({.why = "the carrier answered 503"});
  BOOST_TEST(late_calls() == 1U);
  world.clock.shown += 15s;
  world.turn();
  answer({.unknown = true, .why = "the carrier answered 404, code 20404"});
  BOOST_TEST(late_calls() == 0U);
  world.clock.shown += 1h;
  world.turn();
  BOOST_TEST(world.carrier.ends.empty());
}

BOOST_AUTO_TEST_CASE(what_a_talk_lacked_is_told_and_a_shared_quota_once_a_minute) {
  Duties world;
  world.turn();
  const auto talk = [&](char name) {
    const auto sid = "CA" + std::string(32, name);
    BOOST_TEST(world.asked("/outbound-call?mode=agent", sid).status == 200);
    world.stream_comes(sid);
    world.told.clear();
    bridge::media::Closed closed{.stream = 1, .why = bridge::media::Why::goodbye};
    closed.failure.code = "close_1006";
    closed.goodbye_unsaid = true;
    closed.quota_low = {.of = "tokens", .most = 40'000, .left = 1'200};
    world.runner.stream_events().on_closed(closed);
    world.turn();
  };
  const std::string low =
      "the voice model's quota is nearly used up: 1200 of 40000 tokens are left; have fewer calls "
      "at once, or raise it";
  talk('b');
  BOOST_TEST(std::ranges::count(world.told, "the voice agent did not say goodbye (close_1006)") ==
             1);
  BOOST_TEST(std::ranges::count(world.told, low) == 1);
  talk('c');
  BOOST_TEST(std::ranges::count(world.told, low) == 0);
  world.clock.shown += 1min;
  talk('d');
  BOOST_TEST(std::ranges::count(world.told, low) == 1);
}

BOOST_AUTO_TEST_CASE(who_asks_for_an_agent_that_only_the_run_before_had_hears_the_message) {
  const auto sid = "CA" + std::string(32, 'b');
  Duties before;
  before.turn();
  BOOST_TEST(before.asked("/outbound-call?mode=agent", sid).status == 200);
  Duties world({.before = before.store.events(), .names_an_agent = false});
  world.turn();
  world.stream_comes(sid);
  BOOST_TEST(world.streams.let == 0U);
  BOOST_TEST(world.streams.refused == 1U);
  const auto answer = world.asked("/after-stream/" + world.keys.call_token(sid), sid);
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body.find("Arrivederci.") != std::string::npos, answer.body);
  BOOST_TEST(world.runner.state().permits.find(sid)->failed);
}

BOOST_AUTO_TEST_SUITE_END()
