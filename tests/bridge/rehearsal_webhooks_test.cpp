// What the rehearsal carrier sends to a program: within which time, how often, in what form, and
// what it does where nobody answers as they should (protocols.md 2).
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/rehearsal/rehearsal_carrier.hpp"
#include "bridge/rehearsal/webhook_override.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/tls/server_context.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_webhooks)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::http::field;
using bridge::testing::ask_as_account;
using bridge::testing::calls_target;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;
using bridge::testing::ToyProgram;

namespace {

const std::string number = "+390611111111";
const std::string goodbye = "<Response><Hangup/></Response>";

CarrierOptions with(People people, Faults faults = {}) {
  CarrierOptions options;
  options.people = std::move(people);
  options.faults = faults;
  return options;
}

// Places one call with these parameters besides its numbers.
std::string place(OneLoopWorld& world, Fields form) {
  form.insert(form.begin(), {{"To", number}, {"From", "+390612345678"}});
  const auto answer =
      ask_as_account(world, "POST", calls_target(world) + ".json", write_form(form));
  BOOST_REQUIRE(answer.status == 201);
  return nlohmann::json::parse(answer.body)["sid"];
}

nlohmann::json counters(OneLoopWorld& world) {
  return nlohmann::json::parse(
      ask_as_account(world, "GET", "/rehearsal/truth.json").body)["counters"];
}

// A program that answers `path` with these statuses, one after the other, the last one for ever.
void answer_in_turn(OneLoopWorld& world, const std::string& path, std::vector<int> statuses) {
  world.program->answer_with =
      [path, statuses, count = std::size_t{0}](const ToyProgram::Webhook& webhook) mutable {
        bridge::http::Response response;
        if (webhook.path == path) {
          response.status = statuses[std::min(count++, statuses.size() - 1)];
        } else {
          response.headers = {{"Content-Type", "text/xml"}};
          response.body = goodbye;
        }
        return response;
      };
}

// How long after the first request for `path` the others came, in seconds.
std::string moments(const OneLoopWorld& world, const std::string& path) {
  std::string line;
  const auto all = world.program->at_path(path);
  for (const auto* each : all) line += std::to_string((each->at - all.front()->at) / 1s) + " ";
  return line;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_fragment_is_read_as_far_as_it_makes_sense) {
  const auto plain = read_override("https://h/s");
  BOOST_TEST(plain.retries_max == 1);
  BOOST_TEST(plain.on_connect);
  BOOST_TEST((!plain.on_no_answer && !plain.on_4xx && !plain.on_5xx));
  BOOST_TEST((plain.connect_time_max == 5s && plain.read_time_max == 15s));
  const auto asked = read_override("https://h/s?x=1#ct=2000&rt=8000&tt=9000&rc=3&rp=ct,rt,5xx");
  BOOST_TEST(asked.retries_max == 3);
  BOOST_TEST((asked.on_connect && asked.on_no_answer && asked.on_5xx && !asked.on_4xx));
  BOOST_TEST((asked.connect_time_max == 2s && asked.read_time_max == 8s));
  BOOST_TEST((asked.total_time_max == 9s));
  const auto all = read_override("https://h/s#rp=all&e=dublin&sni=y");
  BOOST_TEST((all.on_connect && all.on_no_answer && all.on_4xx && all.on_5xx));
  // Beyond what may be asked for, and words that nobody knows: the default.
  const auto wrong = read_override("https://h/s#rc=6&rt=15001&ct=99&rp=5xx,never");
  BOOST_TEST(wrong.retries_max == 1);
  BOOST_TEST((wrong.read_time_max == 15s && wrong.connect_time_max == 5s));
  BOOST_TEST((wrong.on_connect && !wrong.on_5xx));
}

BOOST_AUTO_TEST_CASE(by_default_an_error_of_the_program_is_not_asked_again) {
  OneLoopWorld world(with(only("busy")));
  answer_in_turn(world, "/status", {500});
  place(world, {{"Twiml", goodbye}, {"StatusCallback", world.program->url("/status")}});
  world.pass(30s);
  BOOST_TEST(world.program->at_path("/status").size() == 1U);
  BOOST_TEST(counters(world)["callbacks_refused"] == 1);
  BOOST_TEST(counters(world)["webhooks_retried"] == 0);
}

BOOST_AUTO_TEST_CASE(retries_come_as_the_fragment_asks_and_are_one_webhook) {
  OneLoopWorld world(with(only("busy")));
  answer_in_turn(world, "/status", {503, 500, 204});
  place(world, {{"Twiml", goodbye},
                {"StatusCallback", world.program->url("/status?a=1") + "#rc=3&rp=5xx"}});
  world.pass(30s);
  const auto told = world.program->at_path("/status");
  BOOST_TEST(told.size() == 3U);
  const std::vector tokens{world.far->auth_token()};
  for (const auto* each : told) {
    BOOST_TEST(each->target == "/status?a=1");  // the fragment stays here
    BOOST_TEST(bridge::carrier::verify(tokens, world.program->url("/status?a=1"), each->fields,
                                       each->signature));
    BOOST_TEST(!each->idempotency_token.empty());
    BOOST_TEST(each->idempotency_token == told[0]->idempotency_token);
  }
  BOOST_TEST(counters(world)["callbacks_delivered"] == 1);
  BOOST_TEST(counters(world)["webhooks_retried"] == 2);
}

BOOST_AUTO_TEST_CASE(a_retry_policy_holds_for_what_it_names) {
  const auto asked = [](const std::string& fragment, int status) {
    OneLoopWorld world(with(only("busy")));
    answer_in_turn(world, "/status", {status});
    place(world,
          {{"Twiml", goodbye}, {"StatusCallback", world.program->url("/status") + fragment}});
    world.pass(30s);
    return world.program->at_path("/status").size();
  };
  BOOST_TEST(asked("#rc=2&rp=4xx", 404) == 3U);
  BOOST_TEST(asked("#rc=2&rp=4xx", 500) == 1U);
  BOOST_TEST(asked("#rc=5&rp=all", 500) == 6U);
  BOOST_TEST(asked("#rc=0&rp=all", 500) == 1U);
  BOOST_TEST(asked("#rc=2&rp=5xx", 204) == 1U);
}

BOOST_AUTO_TEST_CASE(every_webhook_has_a_token_of_its_own) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = goodbye;
  place(world, {{"Url", world.program->url("/talk")},
                {"StatusCallback", world.program->url("/status")},
                {"StatusCallbackEvent", "initiated ringing answered completed"}});
  world.pass(60s);
  std::set<std::string> tokens;
  for (const auto& each : world.program->webhooks) tokens.insert(each.idempotency_token);
  BOOST_TEST(world.program->webhooks.size() == 5U);
  BOOST_TEST(tokens.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_cannot_be_made_is_tried_once_more_or_as_asked) {
  const auto retried = [](const std::string& fragment) {
    OneLoopWorld world(with(only("busy")));
    const auto port = [&] {
      const bridge::http::Server gone(world.loop, {}, {});
      return gone.port();
    }();
    place(world, {{"Twiml", goodbye},
                  {"StatusCallback", "http://127.0.0.1:" + std::to_string(port) + "/" + fragment}});
    world.pass(30s);
    BOOST_TEST(counters(world)["callbacks_undelivered"] == 1);
    return counters(world)["webhooks_retried"].get<int>();
  };
  BOOST_TEST(retried("") == 1);
  BOOST_TEST(retried("#rc=0") == 0);
  BOOST_TEST(retried("#rc=4&rp=ct") == 4);
  BOOST_TEST(retried("#rc=4&rp=5xx") == 0);
}

BOOST_AUTO_TEST_CASE(nobody_is_waited_for_longer_than_fifteen_seconds) {
  const auto given_up_after = [](const std::string& fragment) {
    OneLoopWorld world(with(only("human")));
    world.program->silent = {"/talk"};
    world.program->documents["/fallback"] = goodbye;
    place(world, {{"Url", world.program->url("/talk") + fragment},
                  {"FallbackUrl", world.program->url("/fallback")}});
    world.pass(60s);
    const auto fallback = world.program->at_path("/fallback");
    BOOST_REQUIRE(fallback.size() == 1U);
    BOOST_TEST(field(fallback[0]->fields, "ErrorCode") == "11200");
    BOOST_TEST(field(fallback[0]->fields, "ErrorUrl") == world.program->url("/talk") + fragment);
    BOOST_TEST(field(fallback[0]->fields, "CallStatus") == "in-progress");
    return std::to_string((fallback[0]->at - world.program->at_path("/talk")[0]->at) / 1s) + "s " +
           moments(world, "/talk");
  };
  BOOST_TEST(given_up_after("") == "15s 0 ");
  BOOST_TEST(given_up_after("#rt=4000") == "4s 0 ");
  BOOST_TEST(given_up_after("#rt=4000&rc=2&rp=rt") == "12s 0 4 8 ");
  // All tries together, whatever the fragment asks.
  BOOST_TEST(given_up_after("#rt=10000&rc=5&rp=all") == "15s 0 10 ");
  BOOST_TEST(given_up_after("#rt=2000&rc=5&rp=all&tt=5000") == "5s 0 2 4 ");
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_too_late_is_not_performed) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = "<Response><Redirect>/more</Redirect></Response>";
  world.program->silent = {"/talk"};
  place(world, {{"Url", world.program->url("/talk")}});
  world.pass(60s);
  BOOST_TEST(world.program->at_path("/talk").size() == 1U);
  BOOST_TEST(world.program->at_path("/more").empty());
  BOOST_TEST(counters(world)["documents_failed"] == 1);
}

BOOST_AUTO_TEST_CASE(a_fallback_that_fails_too_ends_the_call) {
  OneLoopWorld world(with(only("human")));
  answer_in_turn(world, "/", {500});
  world.program->answer_with = [](const ToyProgram::Webhook&) {
    return bridge::http::Response{.status = 500};
  };
  const std::string sid = place(world, {{"Url", world.program->url("/talk")},
                                        {"FallbackUrl", world.program->url("/fallback")}});
  world.pass(60s);
  BOOST_TEST(world.program->at_path("/fallback").size() == 1U);
  const auto ended = ask_as_account(world, "GET", calls_target(world) + "/" + sid + ".json");
  BOOST_TEST(nlohmann::json::parse(ended.body)["status"] == "completed");
}

BOOST_AUTO_TEST_CASE(a_redirect_of_http_is_followed_as_a_get_and_not_for_ever) {
  OneLoopWorld world(with(only("human")));
  world.program->answer_with = [](const ToyProgram::Webhook& webhook) {
    bridge::http::Response response;
    response.headers = {{"Content-Type", "text/xml"}};
    response.body = goodbye;
    if (webhook.path == "/moved") {
      response.status = 302;
      response.headers.push_back({"Location", "/here"});
    } else if (webhook.path == "/round") {
      response.status = 307;
      response.headers.push_back({"Location", "/round"});
    }
    return response;
  };
  place(world, {{"Url", world.program->url("/moved")}});
  world.pass(30s);
  BOOST_TEST(world.program->at_path("/moved").at(0)->method == "POST");
  BOOST_TEST(world.program->at_path("/here").at(0)->method == "GET");
  place(world,
        {{"Url", world.program->url("/round")}, {"FallbackUrl", world.program->url("/fallback")}});
  world.pass(30s);
  BOOST_TEST(world.program->at_path("/round").size() == 11U);
  BOOST_TEST(field(world.program->at_path("/fallback").at(0)->fields, "ErrorCode") == "11215");
}

BOOST_AUTO_TEST_CASE(plain_text_is_read_aloud) {
  OneLoopWorld world(with(only("machine")));
  world.program->answer_with = [](const ToyProgram::Webhook&) {
    return bridge::http::Response{
        .status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = std::string(300, 'a')};
  };
  const std::string sid = place(world, {{"Url", world.program->url("/talk")}});
  world.pass(60s);
  const auto ended = ask_as_account(world, "GET", calls_target(world) + "/" + sid + ".json");
  BOOST_TEST(nlohmann::json::parse(ended.body)["duration"] == "20");
}

BOOST_AUTO_TEST_CASE(forms_with_unknown_fields_and_odd_bytes_are_signed_all_the_same) {
  for (const std::string fault : {"webhook_unknown_fields=1000", "webhook_odd_encoding=1000",
                                  "webhook_unknown_fields=1000,webhook_odd_encoding=1000"}) {
    OneLoopWorld world(with(only("human"), parse_faults(fault)));
    world.program->documents["/talk"] = goodbye;
    place(world, {{"Url", world.program->url("/talk")},
                  {"StatusCallback", world.program->url("/status")},
                  {"StatusCallbackEvent", "initiated ringing answered completed"}});
    world.pass(60s);
    const std::vector tokens{world.far->auth_token()};
    BOOST_TEST(world.program->webhooks.size() == 5U, fault);
    for (const auto& each : world.program->webhooks) {
      BOOST_TEST(bridge::carrier::verify(tokens, world.program->url(each.path), each.fields,
                                         each.signature),
                 fault);
      BOOST_TEST(!field(each.fields, "CallStatus").empty());
      if (fault.find("unknown") != std::string::npos) {
        BOOST_TEST(field(each.fields, "NewIn2027") == "città, però & più ☎");
      }
      if (fault.find("odd") != std::string::npos) {
        BOOST_TEST((each.body.find('+') == std::string::npos));
        BOOST_TEST((each.body.find("%2b39") != std::string::npos || each.body.find("%2b%33")));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_get_webhook_signs_its_whole_url_and_no_field) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = goodbye;
  place(world, {{"Url", world.program->url("/talk?a=1")}, {"Method", "GET"}});
  world.pass(30s);
  const auto* asked = world.program->at_path("/talk").at(0);
  BOOST_TEST(asked->method == "GET");
  BOOST_TEST(field(asked->fields, "CallStatus") == "in-progress");
  const std::vector tokens{world.far->auth_token()};
  BOOST_TEST(asked->target.starts_with("/talk?a=1&CallSid=CA"));
  BOOST_TEST(
      bridge::carrier::verify(tokens, world.program->url(asked->target), {}, asked->signature));
}

BOOST_AUTO_TEST_CASE(detection_that_has_no_time_does_not_know_and_keys_make_it_pointless) {
  const auto answered_by = [](const Fields& more) {
    OneLoopWorld world(with(only("machine")));
    world.program->documents["/talk"] = goodbye;
    Fields form{{"Url", world.program->url("/talk")}, {"MachineDetection", "DetectMessageEnd"}};
    form.insert(form.end(), more.begin(), more.end());
    place(world, form);
    world.pass(60s);
    return std::string(field(world.program->at_path("/talk").at(0)->fields, "AnsweredBy"));
  };
  BOOST_TEST(answered_by({}) == "machine_end_beep");
  BOOST_TEST(answered_by({{"MachineDetectionTimeout", "3"}}) == "unknown");
  BOOST_TEST(answered_by({{"SendDigits", "ww1"}}) == "");
}

BOOST_AUTO_TEST_CASE(what_was_recorded_is_told_when_it_is_there) {
  const auto told = [](const std::string& who, const std::string& events) {
    OneLoopWorld world(with(only(who)));
    world.program->documents["/talk"] = "<Response><Pause length=\"12\"/></Response>";
    place(world, {{"Url", world.program->url("/talk")},
                  {"Record", "true"},
                  {"RecordingStatusCallback", world.program->url("/recording")},
                  {"RecordingStatusCallbackEvent", events}});
    world.pass(90s);
    std::string line;
    for (const auto* each : world.program->at_path("/recording")) {
      BOOST_TEST(field(each->fields, "RecordingSid").starts_with("RE"));
      BOOST_TEST(
          field(each->fields, "RecordingUrl").ends_with(field(each->fields, "RecordingSid")));
      BOOST_TEST(field(each->fields, "RecordingSource") == "OutboundAPI");
      line += std::string(field(each->fields, "RecordingStatus")) + " " +
              std::string(field(each->fields, "RecordingDuration")) + ";";
    }
    return line;
  };
  BOOST_TEST(told("human", "in-progress completed absent") == "in-progress ;completed 12;");
  BOOST_TEST(told("human", "completed") == "completed 12;");
  BOOST_TEST(told("busy", "in-progress completed absent") == "absent 0;");
}

// A document that records is told at its action where it went, and when it is there at its
// callback.
BOOST_AUTO_TEST_CASE(what_a_document_records_is_told_twice) {
  auto people = only("human");
  people.speech = 1;
  people.right_key = 0;
  bridge::rehearsal::CarrierOptions options;
  options.people = people;
  OneLoopWorld world(options);
  world.program->documents["/talk"] =
      "<Response><Record action=\"/kept\" recordingStatusCallback=\"/there\"/></Response>";
  world.program->documents["/kept"] = goodbye;
  place(world, {{"Url", world.program->url("/talk")}});
  world.pass(90s);
  const auto kept = world.program->at_path("/kept");
  const auto there = world.program->at_path("/there");
  BOOST_TEST_REQUIRE(kept.size() == 1U);
  BOOST_TEST_REQUIRE(there.size() == 1U);
  BOOST_TEST(
      field(kept[0]->fields, "RecordingUrl").ends_with(field(there[0]->fields, "RecordingSid")));
  BOOST_TEST(field(there[0]->fields, "RecordingStatus") == "completed");
  BOOST_TEST(field(there[0]->fields, "RecordingDuration") ==
             field(kept[0]->fields, "RecordingDuration"));
  BOOST_TEST(field(kept[0]->fields, "CallStatus") == "in-progress");
}

// Whoever hangs up into a recording: its action is told all the same, and answers nobody.
BOOST_AUTO_TEST_CASE(a_recording_that_ends_with_the_call_is_told_too) {
  auto people = only("human");
  people.hang_up = 1;
  people.right_key = 0;
  bridge::rehearsal::CarrierOptions options;
  options.people = people;
  OneLoopWorld world(options);
  world.program->documents["/talk"] = "<Response><Record action=\"/kept\"/></Response>";
  world.program->documents["/kept"] = "<Response><Redirect>/never</Redirect></Response>";
  place(world, {{"Url", world.program->url("/talk")}});
  world.pass(90s);
  const auto kept = world.program->at_path("/kept");
  BOOST_TEST_REQUIRE(kept.size() == 1U);
  BOOST_TEST(field(kept[0]->fields, "CallStatus") == "completed");
  BOOST_TEST(field(kept[0]->fields, "Digits") == "hangup");
  BOOST_TEST(world.program->at_path("/never").empty());
}

BOOST_AUTO_TEST_CASE(who_is_dialled_has_a_call_of_their_own) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] =
      "<Response><Dial action=\"/after\" timeLimit=\"5\">+390655555555</Dial></Response>";
  world.program->documents["/after"] = goodbye;
  const std::string sid = place(world, {{"Url", world.program->url("/talk")}});
  world.pass(90s);
  const auto after = world.program->at_path("/after");
  BOOST_TEST_REQUIRE(after.size() == 1U);
  BOOST_TEST(field(after[0]->fields, "DialCallStatus") == "completed");
  BOOST_TEST(field(after[0]->fields, "DialCallDuration") == "5");
  BOOST_TEST(field(after[0]->fields, "DialCallSid").starts_with("CA"));
  BOOST_TEST(field(after[0]->fields, "DialCallSid") != sid);
}

BOOST_AUTO_TEST_CASE(each_of_several_humans_tells_how_it_goes_and_one_talks) {
  OneLoopWorld world(with(only("human")));
  const std::string one =
      "<Number statusCallback=\"/leg/X\" statusCallbackEvent=\"initiated ringing answered "
      "completed\">Y</Number>";
  const auto listed = [&](const std::string& name, const std::string& whose) {
    std::string text = one;
    text.replace(text.find('X'), 1, name);
    return text.replace(text.find('Y'), 1, whose);
  };
  world.program->documents["/talk"] = "<Response><Dial action=\"/after\" timeLimit=\"5\">" +
                                      listed("1", "+390655555555") + listed("2", "nobody") +
                                      listed("3", "+390655555557") + "</Dial></Response>";
  world.program->documents["/after"] = goodbye;
  const std::string sid = place(world, {{"Url", world.program->url("/talk")}});
  world.pass(90s);
  const auto after = world.program->at_path("/after");
  BOOST_TEST_REQUIRE(after.size() == 1U);
  const std::string talked_with(field(after[0]->fields, "DialCallSid"));
  int completed = 0;
  for (const std::string name : {"1", "2", "3"}) {
    std::string story;
    std::string leg;
    for (const auto* told : world.program->at_path("/leg/" + name)) {
      BOOST_TEST(field(told->fields, "ParentCallSid") == sid);
      BOOST_TEST(field(told->fields, "Direction") == "outbound-dial");
      BOOST_TEST((leg.empty() || field(told->fields, "CallSid") == leg));
      leg = field(told->fields, "CallSid");
      story += std::string(field(told->fields, "SequenceNumber"))
                   .append(" ")
                   .append(field(told->fields, "CallStatus"))
                   .append(" ");
    }
    BOOST_TEST(leg != sid);
    if (leg == talked_with) {
      ++completed;
      BOOST_TEST(story == "0 initiated 1 ringing 2 in-progress 3 completed ");
      BOOST_TEST(field(world.program->at_path("/leg/" + name).back()->fields, "CallDuration") ==
                 "5");
    } else if (name == "2") {
      BOOST_TEST(story == "0 initiated 1 failed ");
    } else {
      BOOST_TEST(
          (story == "0 initiated 1 ringing 2 canceled " || story == "0 initiated 1 canceled "),
          story);
    }
  }
  BOOST_TEST(completed == 1);
}

BOOST_AUTO_TEST_CASE(a_door_behind_tls_is_asked_if_somebody_trusted_vouches_for_it) {
  const bridge::testing::Folder folder;
  const auto authority = bridge::testing::make_authority();
  const auto stranger = bridge::testing::make_authority("Somebody else");
  bridge::testing::Wanted wanted;
  wanted.dns = {"voice.example.test"};
  const auto identity = bridge::testing::make_identity(wanted, &authority);
  const auto asked = [&](const bridge::testing::Identity& trusted, const std::string& host) {
    CarrierOptions options = with(only("human"));
    options.ca_file = folder.write("ca.pem", trusted.certificate);
    bridge::tls::ServerContext certificate(bridge::tls::ServerContext::Options{
        folder.write("cert.pem", identity.certificate), folder.write("key.pem", identity.key)});
    // Port of the door before there is a carrier that is told of it.
    bridge::testing::SteppedLoop probe;
    const auto port = bridge::http::Server(probe.loop, {}, {}).port();
    options.webhook_address = "127.0.0.1";
    options.webhook_port = port;
    OneLoopWorld world(std::move(options));
    std::vector<std::string> seen;
    std::unique_ptr<bridge::http::Server> door;
    bridge::http::Server::Options listen;
    listen.port = port;
    listen.tls = &certificate;
    door = std::make_unique<bridge::http::Server>(
        world.loop, listen, [&](bridge::http::ExchangeId id, const bridge::http::Request& request) {
          seen.push_back(request.target + " at " + std::string(request.header("Host")));
          const auto fields = bridge::http::decode_form(request.body).value();
          BOOST_TEST(bridge::carrier::verify(std::vector{world.far->auth_token()},
                                             "https://" + host + "/talk", fields,
                                             request.header("X-Twilio-Signature")));
          door->answer(id,
                       {.status = 200, .headers = {{"Content-Type", "text/xml"}}, .body = goodbye});
        });
    place(world, {{"Url", "https://" + host + "/talk"}});
    // From the answer on time stands: a handshake takes real time on another thread, and has a
    // deadline of ours.
    const auto calls = [&] {
      const auto body = ask_as_account(world, "GET", calls_target(world) + ".json").body;
      return nlohmann::json::parse(body)["calls"];
    };
    for (int i = 0; i < 60 && calls()[0]["status"] != "in-progress"; ++i) world.pass(1s);
    int error = 0;
    world.until([&] {
      const auto body = ask_as_account(world, "GET", "/rehearsal/truth.json").body;
      error = nlohmann::json::parse(body)["calls"][0]["error_code"];
      return !seen.empty() || error != 0;
    });
    return seen.empty() ? std::to_string(error) : seen.at(0);
  };
  BOOST_TEST(asked(authority, "voice.example.test") == "/talk at voice.example.test");
  BOOST_TEST(asked(stranger, "voice.example.test") == "11237");
  BOOST_TEST(asked(authority, "other.example.test") == "11235");
}

BOOST_AUTO_TEST_SUITE_END()
