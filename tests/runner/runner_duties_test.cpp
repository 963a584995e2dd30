#include <boost/test/unit_test.hpp>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "runner/runner.hpp"
#include "tests/campaigns/some_campaigns.hpp"
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
  Instant shown = utc("2026-03-02T08:00:00Z");
  std::chrono::milliseconds back{0};
  Instant now() const override { return shown; }
  std::optional<std::chrono::milliseconds> real_delay_until(Instant) const override { return {}; }
  std::chrono::milliseconds behind() const override { return back; }
};

struct CountedStreams final : runner::Streams {
  std::size_t let = 0;
  void let_in(bridge::media::StreamId, bridge::voice::Agent, bridge::media::Bounds) override {
    ++let;
  }
  void refuse(bridge::media::StreamId) override { BOOST_ERROR("a stream was refused"); }
  void answer_tool(bridge::media::StreamId, std::string, std::string,
                   bridge::media::Then) override {}
  void end(bridge::media::StreamId, bridge::media::Why) override {}
};

struct Duties {
  StandingClock clock{};
  support::SimulatedEventStore store{};
  support::SilentCarrier carrier{};
  CountedStreams streams{};
  ZoneRules rules = some_zones();
  runner::LogKeys keys{runner::LogKeys::rehearsal_secret(1)};
  runner::Runner runner{store, carrier, clock, rules, keys, door(), State{}, options()};
  std::vector<std::string> told{};

  Duties() {
    runner.use_streams(&streams);
    runner.on_notice([this](const auto& notice) { told.push_back(notice.text); });
    LogCreated identity;
    identity.installation = "0123456789abcdef";
    identity.carrier = "rehearsal";
    runner.note_command(CreateLog{identity});
    RunnerStarted run;
    run.epoch = store.epoch();
    run.public_url = public_url;
    run.caller_id = "+390200000000";
    run.calls_per_second_thousandths = 1000;
    runner.note_command(StartRunner{run});
  }
  static webhook::DoorOptions door() {
    webhook::DoorOptions door;
    door.auth_tokens = {auth_token};
    door.account_sid = account;
    door.public_url = public_url;
    door.agent = std::make_shared<const Campaign>(agent_survey("arthur"));
    return door;
  }
  static runner::Runner::Options options() {
    runner::Runner::Options options;
    options.account_sid = account;
    return options;
  }
  void enrol_somebody() {
    runner.note_command(submit(notification()));
    runner.note_command(EnrolRows{"note", {person(2, 1)}});
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

BOOST_AUTO_TEST_CASE(a_talk_with_whom_somebody_elses_code_called_is_a_call_under_way) {
  Duties world;
  world.turn();
  const auto sid = "CA" + std::string(32, 'b');
  const std::string target = "/outbound-call?mode=agent";
  const bridge::http::Fields fields{{"CallSid", sid},
                                    {"AccountSid", account},
                                    {"From", "+390200000000"},
                                    {"To", "+390212341001"},
                                    {"CallStatus", "in-progress"}};
  bridge::http::Request request{.method = "POST", .target = target, .headers = {}, .body = {}};
  request.headers = {
      {"Content-Type", "application/x-www-form-urlencoded"},
      {"X-Twilio-Signature", bridge::carrier::sign(auth_token, public_url + target, fields)}};
  request.body = bridge::http::encode_form(fields);
  int status = 0;
  world.runner.note_request(
      request, [&](const bridge::http::Response& response) { status = response.status; });
  world.turn();
  BOOST_TEST(status == 200);
  BOOST_TEST(!world.runner.calls_under_way());
  const auto events = world.runner.stream_events();
  events.on_started({.stream = 1,
                     .stream_sid = "MZ" + std::string(32, 'c'),
                     .call_sid = sid,
                     .account_sid = account,
                     .token = world.keys.call_token(sid)});
  world.turn();
  BOOST_TEST(world.streams.let == 1U);
  BOOST_TEST(world.runner.calls_under_way());
  world.told.clear();
  // Let in too late, which is no hang-up.
  bridge::media::Closed closed{.stream = 1, .why = bridge::media::Why::refused};
  closed.complaints = 2;
  closed.complaint = "invalid_value";
  events.on_closed(closed);
  world.turn();
  BOOST_TEST(!world.runner.calls_under_way());
  BOOST_TEST(std::ranges::count(world.told, "the voice agent failed: refused") == 1);
  // What the model did not take is ours to see.
  BOOST_TEST(std::ranges::count(world.told,
                                "the voice model complained of what it was sent: invalid_value, "
                                "the first of 2") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
