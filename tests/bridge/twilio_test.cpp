#include "bridge/carrier/twilio.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "bridge/carrier/base_url.hpp"
#include "bridge/carrier/call_json.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(twilio)

using namespace std::chrono_literals;
using namespace bridge::carrier;
using bridge::rehearsal::CarrierOptions;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;
using bridge::testing::SteppedLoop;

namespace {

const std::string number = "+390611111111";

CarrierOptions with_faults(const std::string& faults, const std::string& who = "no_answer") {
  CarrierOptions options;
  options.people = only(who);
  options.faults = bridge::rehearsal::parse_faults(faults);
  return options;
}

// What one order came to. `wait`: simulated time that passes meanwhile.
PlaceReply placed(OneLoopWorld& world, std::chrono::seconds wait = 0s) {
  const std::size_t before = world.program->placed.size();
  world.program->place(world.program->order(number));
  world.settle();
  world.pass(wait);
  world.until([&] { return world.program->placed.size() > before; });
  return world.program->placed.back();
}

// A server that answers every order with what it is told to.
struct Canned : SteppedLoop {
  std::unique_ptr<bridge::http::Server> server{};
  std::unique_ptr<Twilio> twilio{};
  std::vector<bridge::http::Response> answers{};
  std::vector<bridge::http::Request> requests{};

  Canned() {
    server = std::make_unique<bridge::http::Server>(
        loop, bridge::http::Server::Options{},
        [this](bridge::http::ExchangeId id, bridge::http::Request request) {
          requests.push_back(std::move(request));
          server->answer(id, answers.at(requests.size() - 1));
        });
    twilio = std::make_unique<Twilio>(loop, options());
  }
  ~Canned() {
    twilio.reset();
    server.reset();
  }
  Twilio::Options options() const {
    Twilio::Options made;
    made.base_url = "http://127.0.0.1:" + std::to_string(server->port());
    made.account_sid = "AC00000000000000000000000000000000";
    made.password = "secret";
    return made;
  }
  static bridge::http::Response response(int status, std::string body,
                                         std::vector<bridge::http::Header> headers = {}) {
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
  }
  PlaceReply place(int status, std::string body, std::vector<bridge::http::Header> headers = {}) {
    answers.push_back(response(status, std::move(body), std::move(headers)));
    std::optional<PlaceReply> told;
    twilio->place(CallOrder{.to = number, .from = "+390622222222", .url = "http://h/t"},
                  [&](PlaceReply reply) { told = std::move(reply); });
    until([&] { return told.has_value(); });
    return *told;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_order_carries_all_four_events_and_its_limits) {
  Canned world;
  world.answers.resize(1);
  CallOrder order{.to = "+390611111111", .from = "+390622222222", .url = "http://h/t?a=1&b=2"};
  order.status_url = "http://h/s";
  order.fallback_url = "http://h/f";
  order.answering_machine_url = "http://h/m";
  order.ring_time_max = 25s;
  order.call_time_max = 900s;
  order.machine_detection = CallOrder::MachineDetection::message_end;
  order.record = true;
  order.recording_url = "http://h/r";
  world.twilio->place(order, [](const PlaceReply&) {});
  world.until([&] { return !world.requests.empty(); });
  const auto& request = world.requests[0];
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.target ==
             "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json");
  BOOST_TEST(request.header("Authorization") ==
             "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzZWNyZXQ=");
  BOOST_TEST(request.header("Content-Type") == "application/x-www-form-urlencoded");
  BOOST_TEST(
      request.body ==
      "To=%2B390611111111&From=%2B390622222222&Url=http%3A%2F%2Fh%2Ft%3Fa%3D1%26b%3D2&Method=POST"
      "&StatusCallback=http%3A%2F%2Fh%2Fs&StatusCallbackMethod=POST&StatusCallbackEvent=initiated"
      "&StatusCallbackEvent=ringing&StatusCallbackEvent=answered&StatusCallbackEvent=completed"
      "&Timeout=25&TimeLimit=900&FallbackUrl=http%3A%2F%2Fh%2Ff&FallbackMethod=POST"
      "&MachineDetection=DetectMessageEnd&AsyncAmd=true"
      "&AsyncAmdStatusCallback=http%3A%2F%2Fh%2Fm&AsyncAmdStatusCallbackMethod=POST"
      "&Record=true&RecordingStatusCallback=http%3A%2F%2Fh%2Fr&RecordingStatusCallbackMethod=POST"
      "&RecordingStatusCallbackEvent=completed+absent");
}

BOOST_AUTO_TEST_CASE(
    only_what_differs_from_the_carriers_defaults_is_said_of_machines_and_recordings) {
  Canned world;
  CallOrder order{.to = number, .from = "+390622222222", .url = "http://h/t"};
  order.machine_detection = CallOrder::MachineDetection::enable;
  order.detection_limits.timeout = 10s;
  order.detection_limits.speech = 1800ms;
  order.detection_limits.speech_end = 900ms;
  order.detection_limits.silence = 4000ms;
  order.record = true;
  order.record_dual = true;
  order.record_trim = false;
  world.answers.resize(1);
  world.twilio->place(order, [](const PlaceReply&) {});
  world.until([&] { return !world.requests.empty(); });
  BOOST_TEST(world.requests[0].body.find(
                 "&MachineDetection=Enable&MachineDetectionTimeout=10"
                 "&MachineDetectionSpeechThreshold=1800&MachineDetectionSpeechEndThreshold=900"
                 "&MachineDetectionSilenceTimeout=4000&Record=true&RecordingChannels=dual"
                 "&Trim=do-not-trim&RecordingStatusCallback=") != std::string::npos,
             world.requests[0].body);
}

BOOST_AUTO_TEST_CASE(a_fallback_that_is_a_file_is_asked_by_get) {
  Canned world;
  CallOrder order{.to = number, .from = "+390622222222", .url = "http://h/t"};
  order.fallback_url = "https://pages.example/sorry.xml";
  order.fallback_by_get = true;
  world.answers.resize(1);
  world.twilio->place(order, [](const PlaceReply&) {});
  world.until([&] { return !world.requests.empty(); });
  BOOST_TEST(world.requests[0].body.find("&FallbackUrl=https%3A%2F%2Fpages.example%2Fsorry.xml"
                                         "&FallbackMethod=GET") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_201_with_a_sid_is_a_call) {
  OneLoopWorld world;
  const PlaceReply reply = placed(world);
  const auto* call = std::get_if<CallPlaced>(&reply);
  BOOST_REQUIRE(call != nullptr);
  BOOST_TEST(call->sid.size() == 34U);
  BOOST_TEST(call->sid.starts_with("CA"));
}

BOOST_AUTO_TEST_CASE(what_is_neither_yes_nor_no_is_a_doubt) {
  Canned world;
  const auto in_doubt = [&](int status, const std::string& body) {
    const PlaceReply reply = world.place(status, body);
    return std::holds_alternative<CallInDoubt>(reply);
  };
  BOOST_TEST(in_doubt(201, ""));
  BOOST_TEST(in_doubt(201, "{\"sid\":null}"));
  BOOST_TEST(in_doubt(201, "{\"sid\":\"CA12\"}"));
  BOOST_TEST(in_doubt(201, "{\"sid\":\"CA0123456789abcdef0123456789abcdef\""));
  BOOST_TEST(in_doubt(200, "{\"sid\":\"CA0123456789abcdef0123456789abcdef\"}"));
  BOOST_TEST(in_doubt(307, ""));
  BOOST_TEST(in_doubt(408, ""));
  BOOST_TEST(in_doubt(500, "{\"code\":20500}"));
  BOOST_TEST(in_doubt(503, "<html>"));
}

BOOST_AUTO_TEST_CASE(a_no_carries_its_code_and_whether_to_ask_again) {
  Canned world;
  const auto rejected = [&](int status, const std::string& body) {
    return std::get<CallRejected>(world.place(status, body));
  };
  const CallRejected bad_number =
      rejected(400, "{\"code\":21211,\"message\":\"'To' +390611111111\",\"status\":400}");
  BOOST_TEST(bad_number.http_status == 400);
  BOOST_TEST(bad_number.code == 21211);
  BOOST_TEST(!bad_number.retryable);
  BOOST_TEST(rejected(401, "{\"code\":20003}").code == 20003);
  BOOST_TEST(!rejected(403, "not json").retryable);
  BOOST_TEST(rejected(404, "").code == 0);
  const CallRejected busy = rejected(429, "{\"code\":20429}");
  BOOST_TEST(busy.code == 20429);
  BOOST_TEST(busy.retryable);
}

BOOST_AUTO_TEST_CASE(every_answer_to_an_order_carries_the_carriers_name_for_the_request) {
  Canned world;
  const std::string id = "RQ0123456789abcdef0123456789abcdef";
  const std::string sid = "CA0123456789abcdef0123456789abcdef";
  const auto place = [&](int status, const std::string& body) {
    return world.place(status, body, {{"twilio-request-id", id}});
  };
  const auto placed =
      std::get<CallPlaced>(place(201, R"({"sid":")" + sid + R"(","queue_time":"61500"})"));
  BOOST_TEST(placed.request_id == id);
  BOOST_TEST((placed.queue_time == 61'500ms));
  BOOST_TEST(std::get<CallRejected>(place(400, "{}")).request_id == id);
  BOOST_TEST(std::get<CallInDoubt>(place(500, "{}")).request_id == id);
  BOOST_TEST(std::get<CallInDoubt>(place(201, "{}")).request_id == id);
  // A header that is none of the carrier's is not kept.
  for (const std::string other : {"", "RQ1", "a word", "CA0123456789abcdef0123456789abcdef"}) {
    const auto reply = world.place(400, "{}", {{"Twilio-Request-Id", other}});
    BOOST_TEST(std::get<CallRejected>(reply).request_id == "");
  }
  for (const std::string time : {"null", "\"\"", "\"-1\"", "\"soon\"", "3", "\"1e3\""}) {
    const auto reply = world.place(201, R"({"sid":")" + sid + R"(","queue_time":)" + time + "}");
    BOOST_TEST(!std::get<CallPlaced>(reply).queue_time.has_value(), time);
  }
}

BOOST_AUTO_TEST_CASE(a_429_says_when_to_come_again_in_seconds_or_by_a_date) {
  Canned world;
  const auto after = [&](const std::string& value) {
    const auto reply = world.place(429, "{\"code\":20429}", {{"Retry-After", value}});
    return std::get<CallRejected>(reply).retry_after;
  };
  BOOST_TEST((after("7") == 7s));
  BOOST_TEST((after("0") == 0s));
  BOOST_TEST((after("-5") == 0s));
  BOOST_TEST((after("9999999") == 86'400s));
  BOOST_TEST((after("Thu, 01 Jan 1970 12:00:30 GMT") == 30s));
  BOOST_TEST((after("Thu, 01 Jan 1970 11:00:00 GMT") == 0s));
  BOOST_TEST(!after("soon").has_value());
  BOOST_TEST(!after("7 s").has_value());
  BOOST_TEST(!std::get<CallRejected>(world.place(429, "{}")).retry_after.has_value());
}

BOOST_AUTO_TEST_CASE(a_price_is_read_without_floating_point) {
  BOOST_TEST(cost_millionths("-0.00850").value() == 8'500);
  BOOST_TEST(cost_millionths("-0.1").value() == 100'000);
  BOOST_TEST(cost_millionths("-12").value() == 12'000'000);
  BOOST_TEST(cost_millionths("0").value() == 0);
  BOOST_TEST(cost_millionths("0.0130").value() == -13'000);  // given back
  BOOST_TEST(cost_millionths("-0.0000005").value() == 1);
  BOOST_TEST(cost_millionths("-0.0000004").value() == 0);
  BOOST_TEST(cost_millionths("-0.").value() == 0);
  for (const char* text : {"", "-", ".5", "-.5", "1e3", "-0,5", "--1", "+1", "1 ", "1.2.3",
                           "1000000000", "nan", "-0.0000000000000000000000000000001"}) {
    BOOST_TEST(!cost_millionths(text).has_value(), text);
  }
  const auto call = read_call(
      R"({"sid":"CA0123456789abcdef0123456789abcdef","status":"completed","price":"-0.01300",)"
      R"("price_unit":"EUR","duration":"61","queue_time":"0","start_time":null})");
  BOOST_REQUIRE(call.has_value());
  BOOST_TEST(call->cost_millionths.value() == 13'000);
  BOOST_TEST(call->price_unit == "EUR");
  BOOST_TEST((call->queue_time == 0ms));
  const auto unpriced =
      read_call(R"({"sid":"CA0123456789abcdef0123456789abcdef","status":"completed","price":null,)"
                R"("price_unit":"USD","duration":"-1"})");
  BOOST_TEST(!unpriced.value().cost_millionths.has_value());
  BOOST_TEST(unpriced.value().price_unit == "");
  BOOST_TEST(!unpriced.value().duration.has_value());
}

BOOST_AUTO_TEST_CASE(a_region_is_written_into_the_host_as_twilios_own_libraries_do) {
  const auto host = [](const char* edge, const char* region, const char* base = "api.twilio.com") {
    return regional_host(base, edge, region);
  };
  BOOST_TEST(host("", "") == "api.twilio.com");
  BOOST_TEST(host("dublin", "ie1") == "api.dublin.ie1.twilio.com");
  BOOST_TEST(host("sydney", "") == "api.sydney.us1.twilio.com");
  BOOST_TEST(host("", "ie1") == "api.dublin.ie1.twilio.com");
  BOOST_TEST(host("", "us1") == "api.ashburn.us1.twilio.com");
  // A base URL that names a region itself.
  BOOST_TEST(host("", "", "api.sydney.au1.twilio.com") == "api.sydney.au1.twilio.com");
  BOOST_TEST(host("tokyo", "", "api.sydney.au1.twilio.com") == "api.tokyo.au1.twilio.com");
  BOOST_TEST(host("tokyo", "", "api.au1.twilio.com") == "api.tokyo.au1.twilio.com");
  BOOST_TEST(host("", "jp1", "api.sydney.au1.twilio.com") == "api.sydney.jp1.twilio.com");
  // Others than Twilio have no regions of Twilio's.
  BOOST_TEST(host("dublin", "ie1", "127.0.0.1") == "127.0.0.1");
  BOOST_TEST(host("dublin", "ie1", "nottwilio.com") == "nottwilio.com");
  for (const auto& [edge, region] : {std::pair{"", "xx9"}, std::pair{"a.b", ""},
                                     std::pair{"dublin", "ie1/"}, std::pair{"Dublin", "ie1"}}) {
    BOOST_CHECK_THROW(host(edge, region), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(a_day_is_listed_with_what_still_waits_in_the_queue) {
  Canned world;
  const auto call = [](const std::string& n, const std::string& created) {
    return R"({"sid":"CA)" + std::string(31, '0') + n + R"(","status":"queued","date_created":")" +
           created + R"("})";
  };
  const auto page = [](const std::string& calls, const std::string& next = "null") {
    return Canned::response(200, "{\"calls\":[" + calls + "],\"next_page_uri\":" + next + "}",
                            {{"Twilio-Request-Id", "RQ0123456789abcdef0123456789abcdef"}});
  };
  const std::string that_day = "Tue, 04 Aug 2026 23:59:59 +0000";
  world.answers = {page(call("1", that_day), "\"/next\""), page(call("2", that_day)),
                   page(call("2", that_day) + "," + call("3", that_day) + "," +
                        call("4", "Wed, 05 Aug 2026 00:00:00 +0000") + "," + call("5", "")),
                   Canned::response(500, "{}")};
  std::optional<ListReply> told;
  const auto list = [&] {
    told.reset();
    world.twilio->list_day("+390622222222", std::chrono::year{2026} / 8 / 4,
                           [&](ListReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
  };
  list();
  BOOST_TEST(told->ok);
  BOOST_TEST(told->calls.size() == 3U);
  BOOST_TEST(told->calls.back().sid.ends_with("3"));
  BOOST_TEST(told->request_id == "RQ0123456789abcdef0123456789abcdef");
  const std::string calls =
      "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json?From=%2B390622222222";
  BOOST_TEST(world.requests[0].target == calls + "&StartTime=2026-08-04&PageSize=1000");
  BOOST_TEST(world.requests[1].target == "/next");
  BOOST_TEST(world.requests[2].target == calls + "&Status=queued&PageSize=1000");
  // Half a day is no day.
  list();
  BOOST_TEST(!told->ok);
  BOOST_TEST(told->calls.empty());
  world.answers.push_back(page(""));
  world.answers.push_back(Canned::response(503, ""));
  list();
  BOOST_TEST(!told->ok);
  BOOST_TEST(told->calls.empty());
}

BOOST_AUTO_TEST_CASE(a_live_call_is_told_something_else) {
  Canned world;
  const std::string sid = "CA0123456789abcdef0123456789abcdef";
  const auto redirect = [&](const std::string& to, const NewDocument& document) {
    std::optional<RedirectReply> told;
    world.twilio->redirect(to, document, [&](RedirectReply reply) { told = std::move(reply); });
    BOOST_TEST(!told.has_value());
    world.until([&] { return told.has_value(); });
    return *told;
  };
  world.answers = {Canned::response(200, "{}"), Canned::response(200, "{}"),
                   Canned::response(400, "{\"code\":21220}"),
                   Canned::response(404, "{\"code\":20404}")};
  BOOST_TEST(redirect(sid, {.twiml = "<Response><Hangup/></Response>"}).ok);
  BOOST_TEST(world.requests[0].method == "POST");
  BOOST_TEST(world.requests[0].target ==
             "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls/" + sid + ".json");
  BOOST_TEST(world.requests[0].body == "Twiml=%3CResponse%3E%3CHangup%2F%3E%3C%2FResponse%3E");
  BOOST_TEST(redirect(sid, {.url = "https://h/t"}).ok);
  BOOST_TEST(world.requests[1].body == "Url=https%3A%2F%2Fh%2Ft&Method=POST");
  const auto ended = redirect(sid, {.url = "https://h/t"});
  BOOST_TEST(!ended.ok);
  BOOST_TEST(ended.over);
  const auto unknown = redirect(sid, {.url = "https://h/t"});
  BOOST_TEST(!unknown.ok);
  BOOST_TEST(!unknown.over);
  // What cannot be sent is not sent.
  BOOST_TEST(!redirect("../x", {.url = "https://h/t"}).ok);
  BOOST_TEST(!redirect(sid, {}).ok);
  BOOST_TEST(!redirect(sid, {.twiml = "<Response/>", .url = "https://h/t"}).ok);
  BOOST_TEST(!redirect(sid, {.twiml = std::string(new_twiml_characters_max + 1, ' ')}).ok);
  BOOST_TEST(world.requests.size() == 4U);
}

BOOST_AUTO_TEST_CASE(each_fault_of_the_carrier_is_called_by_its_name) {
  OneLoopWorld refused(with_faults("post_refused=1000"));
  BOOST_TEST(std::get<CallRejected>(placed(refused)).retryable);
  OneLoopWorld failed(with_faults("post_failed=1000"));
  BOOST_TEST(std::holds_alternative<CallInDoubt>(placed(failed)));
  OneLoopWorld accepted(with_faults("post_failed_accepted=1000"));
  BOOST_TEST(std::holds_alternative<CallInDoubt>(placed(accepted)));
  OneLoopWorld dropped(with_faults("post_dropped=1000"));
  BOOST_TEST(std::holds_alternative<CallInDoubt>(placed(dropped)));
  OneLoopWorld unanswered(with_faults("post_unanswered=1000"));
  BOOST_TEST(std::holds_alternative<CallInDoubt>(placed(unanswered, 31s)));
  OneLoopWorld late(with_faults("post_delayed=1000,post_delay_s=20"));
  BOOST_TEST(std::holds_alternative<CallPlaced>(placed(late, 21s)));
  OneLoopWorld slow(with_faults("post_latency_ms=1500"));
  slow.program->place(slow.program->order(number));
  slow.settle();
  slow.pass(1s);
  BOOST_TEST(slow.program->placed.empty());
  slow.pass(1s);
  slow.until([&] { return !slow.program->placed.empty(); });
  BOOST_TEST(std::holds_alternative<CallPlaced>(slow.program->placed.back()));
  OneLoopWorld too_late(with_faults("post_delayed=1000,post_delay_s=40"));
  BOOST_TEST(std::holds_alternative<CallInDoubt>(placed(too_late, 41s)));
}

BOOST_AUTO_TEST_CASE(the_connections_follow_the_rate) {
  BOOST_TEST(connections_for(10) == 8U);
  BOOST_TEST(connections_for(4'000) == 8U);
  BOOST_TEST(connections_for(4'001) == 9U);
  BOOST_TEST(connections_for(30'000) == 60U);
  BOOST_TEST(connections_for(1'000'000) == 64U);
}

BOOST_AUTO_TEST_CASE(nobody_listening_means_not_sent) {
  OneLoopWorld world;
  Twilio::Options options;
  {
    // A port that was free a moment ago.
    const bridge::http::Server gone(world.loop, {}, {});
    options.base_url = "http://127.0.0.1:" + std::to_string(gone.port());
  }
  options.account_sid = world.far->account_sid();
  Twilio twilio(world.loop, options);
  std::optional<PlaceReply> told;
  twilio.place(world.program->order(number), [&](PlaceReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(std::holds_alternative<CallNotSent>(*told));
}

BOOST_AUTO_TEST_CASE(a_placed_call_is_fetched_with_its_facts) {
  CarrierOptions carrier;
  carrier.people = only("human");
  OneLoopWorld world(std::move(carrier));
  world.program->documents["/talk"] = "<Response><Say>Buongiorno.</Say></Response>";
  const std::string sid = std::get<CallPlaced>(placed(world)).sid;
  const auto fetched = [&](const std::string& which) {
    std::optional<FetchReply> told;
    world.program->twilio->fetch(which, [&](FetchReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
    return *told;
  };
  FetchReply reply = fetched(sid);
  BOOST_TEST(reply.ok);
  BOOST_TEST(reply.found);
  BOOST_TEST(reply.call.status == "queued");
  BOOST_TEST(reply.call.to == number);
  BOOST_TEST(reply.call.direction == "outbound-api");
  BOOST_TEST((reply.call.date_created == world.clock.now()));
  BOOST_TEST(!reply.call.start_time.has_value());
  BOOST_TEST(!reply.call.duration.has_value());

  world.pass(60s);
  reply = fetched(sid);
  BOOST_TEST(reply.call.status == "completed");
  BOOST_TEST((reply.call.duration > 0s));
  BOOST_TEST((reply.call.end_time > reply.call.start_time));

  reply = fetched("CA00000000000000000000000000000000");
  BOOST_TEST(reply.ok);
  BOOST_TEST(!reply.found);
  reply = fetched("../Messages");
  BOOST_TEST(!reply.ok);
}

BOOST_AUTO_TEST_CASE(a_missing_page_of_somebody_else_is_no_missing_call) {
  Canned world;
  bridge::http::Response plain;
  plain.status = 404;
  world.answers = {plain};
  std::optional<FetchReply> told;
  world.twilio->fetch("CA00000000000000000000000000000000",
                      [&](FetchReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(!told->ok);
}

BOOST_AUTO_TEST_CASE(a_list_holds_every_page_of_the_calls_between_two_numbers) {
  Canned world;
  const auto page = [](const std::string& sid, const std::string& next) {
    bridge::http::Response response;
    response.body = "{\"calls\":[{\"sid\":\"CA" + std::string(31, '0') + sid +
                    "\",\"status\":\"completed\"}],\"next_page_uri\":" + next + "}";
    return response;
  };
  world.answers = {page("1", "\"/next?Page=1\""), page("2", "\"/next?Page=2\""), page("3", "null")};
  std::optional<ListReply> told;
  world.twilio->list("+390611111111", "+390622222222",
                     [&](ListReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(told->ok);
  BOOST_TEST(told->calls.size() == 3U);
  BOOST_TEST(world.requests[0].target ==
             "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json"
             "?To=%2B390611111111&From=%2B390622222222&PageSize=1000");
  BOOST_TEST(world.requests[2].target == "/next?Page=2");
}

BOOST_AUTO_TEST_CASE(a_list_that_is_not_whole_is_not_ok) {
  const auto listed = [](const std::string& body) {
    Canned world;
    bridge::http::Response response;
    response.body = body;
    world.answers.assign(100, response);
    std::optional<ListReply> told;
    world.twilio->list("+390611111111", "+390622222222",
                       [&](ListReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
    return told->ok;
  };
  BOOST_TEST(listed("{\"calls\":[],\"next_page_uri\":null}"));
  BOOST_TEST(!listed("{\"calls\":[]"));
  BOOST_TEST(!listed("{}"));
  BOOST_TEST(!listed("{\"calls\":[{\"sid\":\"x\"}],\"next_page_uri\":null}"));
  BOOST_TEST(!listed("{\"calls\":[],\"next_page_uri\":\"http://elsewhere/\"}"));
  BOOST_TEST(!listed("{\"calls\":[],\"next_page_uri\":\"/2 nd\"}"));
  BOOST_TEST(!listed("{\"calls\":[],\"next_page_uri\":\"/2\\r\\nHost: elsewhere\"}"));
  BOOST_TEST(!listed("{\"calls\":[],\"next_page_uri\":\"/again\"}"));  // for ever
}

BOOST_AUTO_TEST_CASE(the_rehearsals_own_pages_are_followed) {
  CarrierOptions carrier;
  carrier.people = only("busy");
  OneLoopWorld world(std::move(carrier));
  for (int i = 0; i < 1003; ++i) world.program->place(world.program->order(number));
  world.until([&] { return world.program->placed.size() == 1003; });
  world.program->place(world.program->order("+390633333333"));
  std::optional<ListReply> told;
  world.program->twilio->list(number, "+390612345678",
                              [&](ListReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(told->ok);
  BOOST_TEST(told->calls.size() == 1003U);
  std::vector<std::string> sids;
  for (const CallRecord& call : told->calls) sids.push_back(call.sid);
  std::sort(sids.begin(), sids.end());
  BOOST_TEST((std::unique(sids.begin(), sids.end()) == sids.end()));
}

BOOST_AUTO_TEST_CASE(who_has_answered_is_not_hung_up_on_when_a_call_is_taken_back) {
  CarrierOptions carrier;
  carrier.people = only("human");
  OneLoopWorld world(std::move(carrier));
  world.program->documents["/talk"] = "<Response><Pause length=\"300\"/></Response>";
  const auto taken_back = [&](const std::string& sid) {
    std::optional<FetchReply> told;
    world.program->twilio->take_back(sid, [&](FetchReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
    BOOST_TEST(told->ok);
    return told->call.status;
  };
  const std::string queued = std::get<CallPlaced>(placed(world)).sid;
  BOOST_TEST(taken_back(queued) == "canceled");
  BOOST_TEST(taken_back(queued) == "canceled");  // and again, when it is over

  const std::string ringing = std::get<CallPlaced>(placed(world)).sid;
  while (world.program->twilio && world.far && world.program->at_path("/status").size() < 2) {
    world.pass(1s);
  }
  BOOST_TEST(taken_back(ringing) == "canceled");

  const std::string talk = std::get<CallPlaced>(placed(world, 60s)).sid;
  BOOST_TEST(taken_back(talk) == "in-progress");
  BOOST_TEST(taken_back(talk) == "in-progress");

  std::optional<FetchReply> told;
  world.program->twilio->take_back("CA00000000000000000000000000000000",
                                   [&](FetchReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(told->ok);
  BOOST_TEST(!told->found);
}

BOOST_AUTO_TEST_CASE(questions_that_are_not_answered_hold_up_no_order) {
  SteppedLoop world;
  std::size_t questions = 0;
  std::unique_ptr<bridge::http::Server> server;
  server = std::make_unique<bridge::http::Server>(
      world.loop, bridge::http::Server::Options{},
      [&](bridge::http::ExchangeId id, const bridge::http::Request& request) {
        if (request.method == "GET") {
          ++questions;
          return;
        }
        server->answer(id, {.status = 201, .body = "{\"sid\":\"CA" + std::string(32, '0') + "\"}"});
      });
  Twilio::Options options;
  options.base_url = "http://127.0.0.1:" + std::to_string(server->port());
  options.account_sid = "AC00000000000000000000000000000000";
  options.password = "secret";
  auto twilio = std::make_unique<Twilio>(world.loop, options);
  for (int i = 0; i < 100; ++i) {
    twilio->fetch("CA" + std::string(32, '1'), [](const FetchReply&) {});
  }
  world.until([&] { return questions == options.question_connections_max; });
  std::optional<PlaceReply> told;
  twilio->place(CallOrder{.to = number, .from = "+390622222222", .url = "http://h/t"},
                [&](PlaceReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(std::holds_alternative<CallPlaced>(*told));
  twilio.reset();
  server.reset();
}

BOOST_AUTO_TEST_CASE(a_carrier_that_goes_on_gives_no_sid_a_second_time) {
  const auto first_sid = [](std::uint64_t life) {
    CarrierOptions carrier;
    carrier.life = life;
    OneLoopWorld world(std::move(carrier));
    return std::get<CallPlaced>(placed(world)).sid;
  };
  BOOST_TEST(first_sid(0) == first_sid(0));
  BOOST_TEST(first_sid(7) == first_sid(7));
  BOOST_TEST(first_sid(7) != first_sid(0));
  BOOST_TEST(first_sid(7) != first_sid(8));
}

BOOST_AUTO_TEST_CASE(a_call_is_ended_wherever_it_stands) {
  CarrierOptions carrier;
  carrier.people = only("human");
  OneLoopWorld world(std::move(carrier));
  world.program->documents["/talk"] = "<Response><Pause length=\"300\"/></Response>";
  const auto ended = [&](const std::string& sid) {
    std::optional<CancelReply> told;
    world.program->twilio->end(sid, [&](CancelReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
    return *told;
  };
  const auto status = [&](const std::string& sid) {
    std::optional<FetchReply> told;
    world.program->twilio->fetch(sid, [&](FetchReply reply) { told = std::move(reply); });
    world.until([&] { return told.has_value(); });
    return told->call.status;
  };
  const std::string queued = std::get<CallPlaced>(placed(world)).sid;
  BOOST_TEST(ended(queued).ok);
  BOOST_TEST(status(queued) == "canceled");
  world.pass(30s);
  BOOST_TEST(world.program->webhooks.empty());  // protocols.md 1.4

  const std::string talking = std::get<CallPlaced>(placed(world, 30s)).sid;
  BOOST_TEST(status(talking) == "in-progress");
  BOOST_TEST(ended(talking).ok);
  BOOST_TEST(status(talking) == "completed");
  const auto again = ended(talking);  // 21220: it is over, as was wanted
  BOOST_TEST((again.ok && !again.unknown));
  const auto nobody_s = ended("CA00000000000000000000000000000000");
  BOOST_TEST((!nobody_s.ok && nobody_s.unknown));
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_a_no) {
  OneLoopWorld world;
  Twilio::Options options;
  options.base_url = "http://127.0.0.1:" + std::to_string(world.far->port());
  options.account_sid = world.far->account_sid();
  options.password = "wrong";
  Twilio twilio(world.loop, options);
  std::optional<PlaceReply> told;
  twilio.place(world.program->order(number), [&](PlaceReply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(std::get<CallRejected>(*told).code == 20003);
}

BOOST_AUTO_TEST_CASE(a_base_url_that_cannot_be_is_refused_with_a_reason) {
  SteppedLoop world;
  Twilio::Options options;
  options.account_sid = "AC00000000000000000000000000000000";
  for (const char* url : {"", "127.0.0.1", "ftp://h", "http://", "http://h:0", "http://h:99999",
                          "http://h/path", "http://u@h", "https://u@h", "https://api.twilio.com"}) {
    options.base_url = url;
    BOOST_CHECK_THROW(Twilio(world.loop, options), std::invalid_argument);
  }
  options.base_url = "http://localhost:1";
  options.account_sid = "AC/../x";
  BOOST_CHECK_THROW(Twilio(world.loop, options), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(who_still_waits_hears_of_the_end) {
  OneLoopWorld world(with_faults("post_unanswered=1000"));
  int told = 0;
  const auto order = world.program->order(number);
  world.program->twilio->place(order, [&](const PlaceReply&) { ++told; });
  world.settle();
  world.program->twilio->list(number, order.from, [&](const ListReply& reply) {
    BOOST_TEST(!reply.ok);
    ++told;
  });
  world.program->twilio.reset();
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_SUITE_END()
