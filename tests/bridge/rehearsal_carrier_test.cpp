#include "bridge/rehearsal/rehearsal_carrier.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_carrier)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::http::field;
using bridge::testing::calls_target;
using bridge::testing::noon;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;
using bridge::testing::ToyProgram;

namespace {

// One answer of the REST resource, read.
struct Asked {
  int status = 0;
  nlohmann::json body{};
  bridge::http::Response response{};
};
Asked read(bridge::http::Response response) {
  return {.status = response.status,
          .body = nlohmann::json::parse(response.body, nullptr, false),
          .response = std::move(response)};
}
Asked ask(OneLoopWorld& world, const std::string& method, const std::string& target,
          const std::string& body = {}) {
  return read(bridge::testing::ask_as_account(world, method, target, body));
}

const std::string number = "+390611111111";
const std::string question =
    "<Response><Gather action=\"/answer\" numDigits=\"1\"><Say>Prema 1 o 2.</Say></Gather>"
    "<Redirect>/talk</Redirect></Response>";
const std::string goodbye = "<Response><Say>Grazie, arrivederci.</Say></Response>";

CarrierOptions with(People people, Faults faults = {}) {
  CarrierOptions options;
  options.people = std::move(people);
  options.faults = faults;
  return options;
}

// A world in which one number was called and the time of a call has passed.
struct Called : OneLoopWorld {
  explicit Called(CarrierOptions options,
                  const std::function<void(bridge::carrier::CallOrder&)>& change = {})
      : OneLoopWorld(std::move(options)) {
    program->documents["/talk"] = question;
    program->documents["/answer"] = goodbye;
    auto order = program->order(number);
    if (change) change(order);
    program->place(order);
    settle();
    pass(120s);
  }

  std::vector<std::string> statuses() const {
    std::vector<std::string> found;
    for (const auto* each : program->at_path("/status")) {
      found.emplace_back(field(each->fields, "CallStatus"));
    }
    return found;
  }
  std::string statuses_line() const {
    std::string line;
    for (const std::string& each : statuses()) line += each + " ";
    return line;
  }
};

nlohmann::json truth(OneLoopWorld& world) {
  return ask(world, "GET", "/rehearsal/truth.json").body;
}

// A campaign in small: `count` people are called, all at once or one by one.
nlohmann::json truth_of_many(std::uint64_t seed, bool backwards, Faults faults = {}) {
  CarrierOptions options;
  options.seed = seed;
  options.faults = faults;
  OneLoopWorld world(std::move(options));
  world.program->documents["/talk"] = question;
  world.program->documents["/answer"] = goodbye;
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) {
    const int which = backwards ? count - 1 - i : i;
    world.program->place(world.program->order("+39061111" + std::to_string(1000 + which)));
    if (backwards) world.pass(1s);
  }
  world.settle();
  world.pass(200s);
  return truth(world);
}

// What each call was, whenever it was.
std::map<std::string, std::string> lives(const nlohmann::json& truth) {
  std::map<std::string, std::string> found;
  for (const auto& call : truth["calls"]) {
    found[call["to"]] = call["sid"].get<std::string>() + " " + call["status"].get<std::string>() +
                        " " + std::to_string(call["duration_s"].get<int>());
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_answered_call_tells_its_life_in_order) {
  Called world(with(only("human")));
  BOOST_TEST(world.statuses_line() == "initiated ringing in-progress completed ");
  const auto told = world.program->at_path("/status");
  for (std::size_t i = 0; i < told.size(); ++i) {
    const auto& fields = told[i]->fields;
    BOOST_TEST(field(fields, "SequenceNumber") == std::to_string(i));
    BOOST_TEST(field(fields, "CallbackSource") == "call-progress-events");
    BOOST_TEST(field(fields, "Timestamp") == rfc2822(told[i]->at));
    BOOST_TEST(field(fields, "AccountSid") == world.far->account_sid());
    BOOST_TEST(field(fields, "To") == number);
    BOOST_TEST(field(fields, "Called") == number);
    BOOST_TEST(field(fields, "Direction") == "outbound-api");
    BOOST_TEST(field(fields, "CallSid") == field(told[0]->fields, "CallSid"));
    BOOST_TEST((told[i]->at.time_since_epoch() % 250ms == 0ms));
  }
  const auto& last = told[3]->fields;
  const auto seconds = (told[3]->at - told[2]->at) / 1s;
  BOOST_TEST(field(last, "CallDuration") == std::to_string(seconds));
  BOOST_TEST(field(last, "Duration") == "1");
  BOOST_TEST(field(last, "SipResponseCode") == "200");
}

BOOST_AUTO_TEST_CASE(the_document_is_asked_for_and_performed) {
  Called world(with(only("human")));
  const auto asked = world.program->at_path("/talk");
  BOOST_TEST(asked.size() == 1U);
  BOOST_TEST(field(asked[0]->fields, "CallStatus") == "in-progress");
  const auto answers = world.program->at_path("/answer");
  BOOST_TEST(answers.size() == 1U);
  const std::string_view key = field(answers[0]->fields, "Digits");
  BOOST_TEST((key == "1" || key == "2"));
  BOOST_TEST((answers[0]->at > asked[0]->at));
}

BOOST_AUTO_TEST_CASE(every_webhook_is_signed) {
  Called world(with(only("human")));
  const std::vector tokens{world.far->auth_token()};
  BOOST_TEST(world.program->webhooks.size() == 6U);
  for (const auto& webhook : world.program->webhooks) {
    BOOST_TEST(bridge::carrier::verify(tokens, world.program->url(webhook.path), webhook.fields,
                                       webhook.signature));
  }
}

BOOST_AUTO_TEST_CASE(who_does_not_answer_ends_as_it_should) {
  const auto ended = [](const std::string& who) {
    Called world(with(only(who)));
    BOOST_TEST(world.program->at_path("/talk").empty());
    const auto& last = world.program->at_path("/status").back()->fields;
    BOOST_TEST(field(last, "CallDuration") == "0");
    return world.statuses_line() + std::string(field(last, "SipResponseCode"));
  };
  BOOST_TEST(ended("no_answer") == "initiated ringing no-answer 487");
  BOOST_TEST(ended("busy") == "initiated busy 486");
  BOOST_TEST(ended("failed") == "initiated failed 404");
}

BOOST_AUTO_TEST_CASE(it_rings_as_long_as_the_order_says) {
  Called world(with(only("no_answer")), [](auto& order) { order.ring_time_max = 33s; });
  const auto told = world.program->at_path("/status");
  BOOST_TEST((told[2]->at - told[1]->at == 33s));
}

BOOST_AUTO_TEST_CASE(a_call_is_cut_at_its_time_limit) {
  CarrierOptions options = with(only("human"));
  OneLoopWorld world(std::move(options));
  world.program->documents["/talk"] = "<Response><Pause length=\"500\"/></Response>";
  auto order = world.program->order(number);
  order.call_time_max = 42s;
  world.program->place(order);
  world.settle();
  world.pass(100s);
  BOOST_TEST(field(world.program->at_path("/status").back()->fields, "CallDuration") == "42");
}

BOOST_AUTO_TEST_CASE(detection_holds_the_document_back_and_tells_who_it_is) {
  using Detection = bridge::carrier::CallOrder::MachineDetection;
  const auto answered_by = [](const std::string& who, Detection mode) {
    Called world(with(only(who)), [&](auto& order) { order.machine_detection = mode; });
    const auto* asked = world.program->at_path("/talk").at(0);
    BOOST_TEST((asked->at - world.program->at_path("/status").at(2)->at >= 4s));
    const std::string by(field(asked->fields, "AnsweredBy"));
    BOOST_TEST(field(world.program->at_path("/status").back()->fields, "AnsweredBy") == by);
    return by;
  };
  BOOST_TEST(answered_by("human", Detection::enable) == "human");
  BOOST_TEST(answered_by("machine", Detection::enable) == "machine_start");
  BOOST_TEST(answered_by("machine", Detection::message_end) == "machine_end_beep");
  BOOST_TEST(answered_by("fax", Detection::enable) == "fax");
}

BOOST_AUTO_TEST_CASE(asynchronous_detection_is_told_apart) {
  std::string machine_url;
  Called world(with(only("machine")), [](auto& order) {
    order.machine_detection = bridge::carrier::CallOrder::MachineDetection::enable;
    order.answering_machine_url = order.status_url + "-machine";
  });
  const auto told = world.program->at_path("/status-machine");
  BOOST_TEST(told.size() == 1U);
  BOOST_TEST(field(told[0]->fields, "AnsweredBy") == "machine_start");
  BOOST_TEST(field(told[0]->fields, "MachineDetectionDuration") == "4000");
  BOOST_TEST((world.program->at_path("/talk").at(0)->at < told[0]->at));
}

BOOST_AUTO_TEST_CASE(a_failing_document_goes_to_the_fallback_or_ends_the_call) {
  const auto failing = [](int status, const std::string& type, const std::string& body,
                          bool fallback) {
    OneLoopWorld world(with(only("human")));
    world.program->answer_with = [&](const ToyProgram::Webhook& webhook) {
      bridge::http::Response response;
      if (webhook.path == "/talk") {
        response.status = status;
        if (!type.empty()) response.headers = {{"Content-Type", type}};
        response.body = body;
      } else {
        response.headers = {{"Content-Type", "text/xml"}};
        response.body = goodbye;
      }
      return response;
    };
    auto order = world.program->order(number);
    if (fallback) order.fallback_url = world.program->url("/fallback");
    world.program->place(order);
    world.settle();
    world.pass(60s);
    const auto asked = world.program->at_path("/fallback");
    BOOST_TEST(field(world.program->at_path("/status").back()->fields, "CallStatus") ==
               "completed");
    if (!fallback) return std::string(asked.empty() ? "ended" : "asked");
    BOOST_TEST(field(asked.at(0)->fields, "ErrorUrl") == order.url);
    return std::string(field(asked.at(0)->fields, "ErrorCode"));
  };
  BOOST_TEST(failing(500, "text/xml", goodbye, true) == "11200");
  BOOST_TEST(failing(404, "text/xml", goodbye, true) == "11200");
  BOOST_TEST(failing(200, "", goodbye, true) == "12300");
  BOOST_TEST(failing(200, "application/json", "{}", true) == "12300");
  BOOST_TEST(failing(200, "text/xml", "<Response>", true) == "12100");
  BOOST_TEST(failing(200, "text/xml; charset=utf-8", "<Response><Fly/></Response>", true) ==
             "12200");
  BOOST_TEST(failing(500, "text/xml", goodbye, false) == "ended");
}

BOOST_AUTO_TEST_CASE(a_document_that_leads_to_itself_ends) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = "<Response><Redirect>/talk</Redirect></Response>";
  world.program->place(world.program->order(number));
  world.settle();
  world.pass(20s);
  for (int i = 0; i < 500; ++i) world.settle();
  world.pass(20s);
  BOOST_TEST(field(world.program->at_path("/status").back()->fields, "CallStatus") == "completed");
  BOOST_TEST(world.program->at_path("/talk").size() == 1000U);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_gone_loses_its_callbacks) {
  OneLoopWorld world(with(only("no_answer")));
  auto order = world.program->order(number);
  const auto port = [&] {
    const bridge::http::Server gone(world.loop, {}, {});
    return gone.port();
  }();
  order.status_url = "http://127.0.0.1:" + std::to_string(port) + "/status";
  world.program->place(order);
  world.settle();
  world.pass(60s);
  const auto counters = truth(world)["counters"];
  BOOST_TEST(counters["callbacks_due"] == 3);
  BOOST_TEST(counters["callbacks_undelivered"] == 3);
  BOOST_TEST(counters["callbacks_delivered"] == 0);
}

BOOST_AUTO_TEST_CASE(the_queue_lets_calls_out_at_its_rate) {
  CarrierOptions options = with(only("no_answer"));
  options.calls_per_second = 2;
  OneLoopWorld world(std::move(options));
  for (int i = 0; i < 10; ++i) {
    world.program->place(world.program->order("+39061111111" + std::to_string(i)));
  }
  world.settle();
  for (int i = 0; i < 40; ++i) {
    world.advance(250ms);
    world.settle();
  }
  std::vector<bridge::net::Instant> began;
  for (const auto* each : world.program->at_path("/status")) {
    if (field(each->fields, "CallStatus") == "initiated") began.push_back(each->at);
  }
  BOOST_TEST(began.size() == 10U);
  for (std::size_t i = 1; i < began.size(); ++i) BOOST_TEST((began[i] - began[i - 1] == 500ms));
}

BOOST_AUTO_TEST_CASE(a_live_call_takes_new_orders) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = "<Response><Pause length=\"300\"/></Response>";
  world.program->documents["/other"] = "<Response><Pause length=\"300\"/></Response>";
  world.program->place(world.program->order(number));
  world.settle();
  world.pass(30s);
  const std::string sid = std::get<bridge::carrier::CallPlaced>(world.program->placed.at(0)).sid;
  const std::string target = calls_target(world) + "/" + sid + ".json";
  const auto url = write_form({{"Url", world.program->url("/other")}});
  BOOST_TEST(ask(world, "POST", target, url).status == 200);
  world.pass(1s);
  BOOST_TEST(world.program->at_path("/other").size() == 1U);
  const auto twiml = write_form({{"Twiml", "<Response><Pause length=\"5\"/></Response>"}});
  BOOST_TEST(ask(world, "POST", target, twiml).status == 200);
  world.pass(6s);
  BOOST_TEST(field(world.program->at_path("/status").back()->fields, "CallStatus") == "completed");
  BOOST_TEST(ask(world, "POST", target, twiml).body["code"] == 21220);
}

BOOST_AUTO_TEST_CASE(callbacks_get_lost_late_and_doubled_on_demand) {
  Called lost(with(only("human"), parse_faults("callback_lost=1000")));
  BOOST_TEST(lost.statuses().empty());
  BOOST_TEST(lost.program->at_path("/answer").size() == 1U);  // the talk itself goes on
  Called doubled(with(only("busy"), parse_faults("callback_doubled=1000")));
  BOOST_TEST(doubled.statuses().size() >= 4U);
  BOOST_TEST(std::ranges::count(doubled.statuses(), "busy") >= 2);
  Called late(with(only("busy"), parse_faults("callback_late=1000")));
  late.pass(300s);
  for (const auto* each : late.program->at_path("/status")) {
    BOOST_TEST(field(each->fields, "Timestamp") != rfc2822(each->at));
  }
  BOOST_TEST(late.statuses().size() == 2U);
}

BOOST_AUTO_TEST_CASE(reordered_callbacks_arrive_in_another_order) {
  bool another = false;
  for (std::uint64_t seed = 0; seed < 20 && !another; ++seed) {
    CarrierOptions options = with(only("human"), parse_faults("callback_reordered=400"));
    options.seed = seed;
    Called world(std::move(options));
    another = world.statuses_line() != "initiated ringing in-progress completed ";
    BOOST_TEST(world.statuses().size() == 4U);
  }
  BOOST_TEST(another);
}

BOOST_AUTO_TEST_CASE(a_new_call_may_show_late_in_the_list) {
  OneLoopWorld world(with(only("no_answer"), parse_faults("list_lag_s=10")));
  world.program->place(world.program->order(number));
  world.until([&] { return !world.program->placed.empty(); });
  const auto listed = [&] {
    return ask(world, "GET", calls_target(world) + ".json").body["calls"].size();
  };
  BOOST_TEST(listed() == 0U);
  world.pass(10s);
  BOOST_TEST(listed() == 1U);
}

BOOST_AUTO_TEST_CASE(the_truth_knows_calls_whose_answer_was_lost) {
  OneLoopWorld world(with(only("busy"), parse_faults("post_dropped=1000")));
  world.program->place(world.program->order(number));
  world.until([&] { return !world.program->placed.empty(); });
  world.pass(10s);
  const auto known = truth(world);
  BOOST_TEST(known["calls"].size() == 1U);
  BOOST_TEST(known["calls"][0]["to"] == number);
  BOOST_TEST(known["calls"][0]["url"] == world.program->url("/talk"));
  BOOST_TEST(known["calls"][0]["status"] == "busy");
  BOOST_TEST(known["calls"][0]["ringing_at_ms"].is_null());
  BOOST_TEST(known["counters"]["orders_faulted"] == 1);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_every_call_the_same_life_in_any_order) {
  const auto forwards = lives(truth_of_many(5, false));
  BOOST_TEST(forwards.size() == 60U);
  BOOST_TEST((forwards == lives(truth_of_many(5, true))));
  BOOST_TEST((forwards != lives(truth_of_many(6, false))));
}

BOOST_AUTO_TEST_CASE(the_next_call_to_a_number_is_another_one) {
  OneLoopWorld world(with(only("busy")));
  world.program->place(world.program->order(number));
  world.program->place(world.program->order(number));
  world.until([&] { return world.program->placed.size() == 2; });
  BOOST_TEST(std::get<bridge::carrier::CallPlaced>(world.program->placed[0]).sid !=
             std::get<bridge::carrier::CallPlaced>(world.program->placed[1]).sid);
}

BOOST_AUTO_TEST_CASE(options_that_cannot_be_are_refused) {
  CarrierOptions options;
  options.speed = -1;
  BOOST_CHECK_THROW(RehearsalThread{options}, std::invalid_argument);
  options.speed = 0;
  options.address = "192.0.2.1";  // nobody's own
  BOOST_CHECK_THROW(RehearsalThread{options}, std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
