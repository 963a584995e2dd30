#include "webhook/door.hpp"

#include "bridge/rehearsal/twiml.hpp"
#include "bridge/rehearsal/webhook_override.hpp"
#include "tests/webhook/house.hpp"
#include "webhook/call_fields.hpp"

BOOST_AUTO_TEST_SUITE(door)

using namespace house;
using house::call_fields;

namespace {

struct SignedRoute {
  std::string target{};
  std::string public_url{};
};
// One good request for each route that needs a signature.
std::vector<SignedRoute> signed_routes() {
  const std::string token = token_of({"visite", 1, 1});
  return {{"/outbound-call/" + token, old_url},
          {"/call-status/" + token, old_url},
          {"/survey-answer/" + token + "/conferma/1", old_url},
          {"/answering-machine/" + token, old_url},
          {"/recording/" + token, old_url},
          {"/stream-status/" + token, old_url},
          {"/after-stream/" + token, old_url},
          {"/after-transfer/" + token, old_url},
          {"/transfer-status/" + token + "/1", old_url},
          {"/fallback/" + token, old_url},
          {"/outbound-call", now_url},
          {"/outbound-call?mode=simple", now_url},
          {"/call-status", now_url}};
}

Inbound let_in(const Door& door, const Request& request) {
  const auto read = door.read(request);
  const auto* refused = std::get_if<TurnedAway>(&read);
  BOOST_REQUIRE_MESSAGE(refused == nullptr,
                        request.target << ": " << (refused ? refused->reason : ""));
  return std::get<Inbound>(read);
}

void check_refused(const Door& door, const Request& request, int status,
                   const std::string& reason) {
  const auto read = door.read(request);
  const auto* refused = std::get_if<TurnedAway>(&read);
  BOOST_TEST_CONTEXT(request.method << ' ' << request.target) {
    BOOST_REQUIRE(refused != nullptr);
    BOOST_TEST(refused->status == status);
    BOOST_TEST(refused->reason == reason);
    BOOST_TEST(door.turned_away(*refused).status == status);
  }
}

std::vector<std::string> said(const std::string& twiml) {
  const auto read = bridge::rehearsal::read_twiml(twiml);
  const auto* document = std::get_if<bridge::rehearsal::Document>(&read);
  BOOST_REQUIRE_MESSAGE(document != nullptr, twiml);
  std::vector<std::string> texts;
  for (const auto& verb : document->verbs) {
    if (verb.kind == bridge::rehearsal::Verb::Kind::say) texts.push_back(verb.text);
    for (const auto& prompt : verb.prompts) texts.push_back(prompt.text);
  }
  return texts;
}

const std::string hang_up =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>";

}  // namespace

BOOST_AUTO_TEST_CASE(anybody_may_ask_if_it_is_up) {
  House house;
  for (const std::string method : {"GET", "HEAD"}) {
    const Response response = house.send({.method = method, .target = "/"});
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.body == "campanile is up\n");
    BOOST_TEST(response.header("Cache-Control") == "no-store");
  }
}

BOOST_AUTO_TEST_CASE(each_route_lets_in_what_is_signed_and_nothing_else) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    const Request good = post(one.target, call_fields(), one.public_url);
    let_in(house.door, good);

    Request bad = good;
    drop_header(bad, "X-Twilio-Signature");
    check_refused(house.door, bad, 403, "missing_signature");

    for (const std::string signature :
         {"x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "RSOYDt4T1cUTdK1PDd93/VVr8B8="}) {
      bad = good;
      set_header(bad, "X-Twilio-Signature", signature);
      check_refused(house.door, bad, 403, "bad_signature");
    }
    check_refused(house.door, post(one.target, call_fields(), one.public_url, "wrong token"), 403,
                  "bad_signature");
    check_refused(house.door, post(one.target, call_fields(), one.public_url, ""), 403,
                  "bad_signature");
    check_refused(house.door, post(one.target, call_fields(), "https://somewhere.else.test"), 403,
                  "bad_signature");
    bad = good;
    bad.body += "&Digits=1";
    check_refused(house.door, bad, 403, "bad_signature");
    bad = good;
    bad.body.replace(bad.body.find("in-progress"), 11, "completed");
    check_refused(house.door, bad, 403, "bad_signature");
    bad = good;
    bad.target += one.target.find('?') == std::string::npos ? "?mode=agent" : "&x";
    check_refused(house.door, bad, 403, "bad_signature");
    // A signature of one route opens no other.
    if (one.target != "/call-status") {
      bad = good;
      bad.target = "/call-status";
      check_refused(house.door, bad, 403, "bad_signature");
    }

    let_in(house.door, good);
  }
}

BOOST_AUTO_TEST_CASE(the_second_token_signs_too) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    let_in(house.door, post(one.target, call_fields(), one.public_url, secondary_token));
  }
}

BOOST_AUTO_TEST_CASE(a_form_is_signed_by_what_it_says_and_not_by_how_it_is_written) {
  House house;
  const Fields fields = call_fields({{"Timestamp", "Tue, 04 Aug 2026 09:15:40 +0000"},
                                     {"NewField", "a b+c&d=è"},
                                     {"", "no name"}});
  for (const SignedRoute& one : signed_routes()) {
    Request request = post(one.target, fields, one.public_url);
    BOOST_TEST_REQUIRE(request.body.find("Tue%2C+04") != std::string::npos);
    let_in(house.door, request);
    for (auto at = request.body.find('+'); at != std::string::npos; at = request.body.find('+')) {
      request.body.replace(at, 1, "%20");
    }
    let_in(house.door, request);
  }
}

BOOST_AUTO_TEST_CASE(the_query_is_signed_as_it_stands_on_the_wire) {
  House house;
  for (const std::string target : {"/outbound-call?mode=simple", "/outbound-call?a=%41&b=%2b+c",
                                   "/outbound-call?", "/outbound-call?x='y'"}) {
    let_in(house.door, post(target, call_fields(), now_url));
  }
  Request request = post("/outbound-call?a=%41", call_fields(), now_url);
  request.target = "/outbound-call?a=A";
  check_refused(house.door, request, 403, "bad_signature");
}

BOOST_AUTO_TEST_CASE(the_standard_port_may_be_signed_or_not) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    let_in(house.door, post(one.target, call_fields(), one.public_url + ":443"));
  }
}

BOOST_AUTO_TEST_CASE(a_field_that_comes_twice_must_not_have_two_values) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    Fields fields = call_fields();
    fields.push_back({"CallSid", call_sid});
    fields.push_back({"SomethingNew", "1"});
    fields.push_back({"SomethingNew", "2"});
    let_in(house.door, post(one.target, fields, one.public_url));
    fields.push_back({"CallSid", other_sid});
    check_refused(house.door, post(one.target, fields, one.public_url), 400, "ambiguous_field");
  }
  const std::string answer = "/survey-answer/" + token_of(house.open) + "/conferma/1";
  Fields fields = call_fields({{"Digits", "1"}});
  fields.push_back({"Digits", "2"});
  check_refused(house.door, post(answer, fields, old_url), 400, "ambiguous_field");
}

// The signature does not say where a name ends and its value begins.
BOOST_AUTO_TEST_CASE(a_field_is_not_lost_by_a_boundary_that_is_not_signed) {
  House house;
  const std::string token = token_of(house.open);
  const std::string before = house.digest();
  const auto moved = [&](const std::string& target, Fields fields, const std::string& from,
                         const std::string& to) {
    Request request = post(target, fields, old_url);
    let_in(house.door, request);
    const auto at = request.body.find(from);
    BOOST_TEST_REQUIRE(at != std::string::npos);
    request.body.replace(at, from.size(), to);
    return request;
  };
  const auto answer = call_fields({{"Digits", "4"}, {"SpeechResult", "Digits, please"}});
  const std::string first = "/survey-answer/" + token + "/conferma/1";
  for (const std::string to : {"Digits4=", "Digit=s4", "D=igits4", "Digits4"}) {
    check_refused(house.door, moved(first, answer, "Digits=4", to), 400, "ambiguous_field");
  }
  const auto status = call_fields({{"CallStatus", "completed"}, {"CallDuration", "34"}});
  check_refused(
      house.door,
      moved("/call-status/" + token, status, "CallStatus=completed", "CallStatuscompleted="), 400,
      "ambiguous_field");
  check_refused(house.door,
                moved("/call-status/" + token, status, "CallDuration=34", "CallDuration3=4"), 400,
                "ambiguous_field");
  // What is signed is the same where a name that nobody reads is changed so: no harm.
  let_in(house.door,
         moved("/call-status/" + token, status, "Direction=outbound", "Directionout=bound"));
  // A person's own words are no names.
  let_in(house.door, post(first, call_fields({{"SpeechResult", "Digits, please"}}), old_url));
  BOOST_TEST(house.digest() == before);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_none_of_ours_is_404_before_anything_else) {
  House house;
  for (const std::string path :
       {"/nowhere", "/outbound-call/", "/survey-answer/visite.1.1-ok", "/recording",
        "/stream-status", "/after-stream", "/after-transfer", "/transfer-status/visite.1.1-ok",
        "/media-stream/x", "/fallback"}) {
    check_refused(house.door, post(path, call_fields(), now_url), 404, "unknown_route");
    check_refused(house.door, {.method = "GET", .target = path}, 404, "unknown_route");
  }
  let_in(house.door, post("/outbound-call", call_fields(), now_url));
}

BOOST_AUTO_TEST_CASE(another_method_is_told_which_one_is_right) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    const bool may_be_asked_by_get = one.public_url == now_url;
    for (const std::string method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "post"}) {
      if (method == "GET" && may_be_asked_by_get) continue;
      Request request = post(one.target, call_fields(), one.public_url);
      request.method = method;
      check_refused(house.door, request, 405, "wrong_method");
      BOOST_TEST(house.send(request).header("Allow") ==
                 (may_be_asked_by_get ? "GET, POST" : "POST"));
    }
  }
  const Request request = post("/", call_fields(), now_url);
  check_refused(house.door, request, 405, "wrong_method");
  BOOST_TEST(house.send(request).header("Allow") == "GET, HEAD");
}

// Other people's scripts may have the carrier ask by GET: the fields are in the URL, and the URL
// alone is signed.
BOOST_AUTO_TEST_CASE(calls_of_somebody_elses_code_may_be_asked_about_by_get) {
  House house;
  const auto get = [&](const std::string& path, const Fields& fields,
                       const std::string& token = primary_token) {
    Request request{.method = "GET", .target = path};
    request.target += path.find('?') == std::string::npos ? '?' : '&';
    request.target += bridge::http::encode_form(fields);
    request.headers = {
        {"Host", "somewhere.else.test"},
        {"X-Twilio-Signature", bridge::rehearsal::signature(token, now_url + request.target, {})}};
    return request;
  };
  const Request voice = get("/outbound-call?mode=simple", call_fields());
  BOOST_TEST(campaigns::get<OutsideVoiceRequested>(*let_in(house.door, voice).command).sid ==
             call_sid);
  BOOST_TEST(said(house.send(voice).body).size() == 1U);
  const auto status =
      let_in(house.door,
             get("/call-status", call_fields({{"CallStatus", "completed"}, {"CallDuration", "15"}}),
                 secondary_token));
  BOOST_TEST(campaigns::get<OutsideStatusReported>(*status.command).seconds == 15);

  const std::string before = house.digest();
  Request bad = get("/call-status", call_fields({{"CallStatus", "completed"}}));
  bad.target.replace(bad.target.find("completed"), 9, "no-answer");
  check_refused(house.door, bad, 403, "bad_signature");
  check_refused(house.door, get("/call-status", call_fields(), "wrong token"), 403,
                "bad_signature");
  check_refused(house.door, get("/call-status", {{"CallSid", call_sid}}), 403, "other_account");
  auto twice = call_fields();
  twice.push_back({"CallSid", other_sid});
  check_refused(house.door, get("/call-status", twice), 400, "ambiguous_field");
  // A body is not looked at, so nothing in it counts.
  Request with_body = get("/call-status", call_fields({{"CallStatus", "levitating"}}));
  with_body.body = "CallStatus=completed";
  with_body.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  BOOST_TEST(!let_in(house.door, with_body).command.has_value());
  BOOST_TEST(house.digest() == before);
}

BOOST_AUTO_TEST_CASE(a_delivery_keeps_its_name_and_nothing_that_is_none) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    Request request = post(one.target, call_fields(), one.public_url);
    BOOST_TEST(let_in(house.door, request).delivery == "");
    request.headers.push_back({"I-Twilio-Idempotency-Token", "0a1B-c_2"});
    BOOST_TEST(let_in(house.door, request).delivery == "0a1B-c_2");
    for (const std::string& odd : {std::string("a b"), std::string(65, 'a'), std::string("\xff")}) {
      set_header(request, "I-Twilio-Idempotency-Token", odd);
      BOOST_TEST(let_in(house.door, request).delivery == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_failed_is_told_and_others_are_acknowledged) {
  House house;
  const std::string before = house.digest();
  const std::string target = "/stream-status/" + token_of(house.open);
  for (const std::string event : {"stream-started", "stream-stopped", "", "stream-invented"}) {
    const auto inbound =
        let_in(house.door, post(target, call_fields({{"StreamEvent", event}}), old_url));
    BOOST_TEST(!inbound.command.has_value());
    BOOST_TEST(inbound.note == "");
    BOOST_TEST(house.door.answer(inbound).status == 204);
  }
  const auto failed = let_in(
      house.door,
      post(target, call_fields({{"StreamEvent", "stream-error"}, {"StreamError", "a secret"}}),
           old_url));
  BOOST_TEST(failed.note.find("visite.1.1") != std::string::npos);
  BOOST_TEST(failed.note.find("secret") == std::string::npos);
  BOOST_TEST(house.digest() == before);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_not_ours_is_404) {
  House house;
  for (const std::string route : {"/outbound-call/", "/call-status/", "/fallback/"}) {
    check_refused(house.door, post(route + "visite.1.1-no", call_fields(), old_url), 404,
                  "unknown_token");
    let_in(house.door, post(route + token_of(house.open), call_fields(), old_url));
  }
}

BOOST_AUTO_TEST_CASE(only_forms_are_read) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    const Request good = post(one.target, call_fields(), one.public_url);
    for (const std::string type : {"", "application/json", "text/plain",
                                   "application/x-www-form-urlencodedx", "multipart/form-data"}) {
      Request bad = good;
      set_header(bad, "Content-Type", type);
      check_refused(house.door, bad, 415, "not_a_form");
    }
    Request fine = good;
    set_header(fine, "Content-Type", "Application/X-WWW-Form-Urlencoded ;charset=utf-8");
    let_in(house.door, fine);

    for (const std::string body : {"CallSid=%", "%zz=1", "a=%4"}) {
      Request bad = good;
      bad.body = body;
      check_refused(house.door, bad, 400, "malformed_form");
    }
    let_in(house.door, good);
  }
}

BOOST_AUTO_TEST_CASE(a_signed_request_of_another_account_is_403) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    for (const std::string other : {"", "ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}) {
      check_refused(house.door,
                    post(one.target, call_fields({{"AccountSid", other}}), one.public_url), 403,
                    "other_account");
    }
    check_refused(house.door, post(one.target, {{"CallSid", call_sid}}, one.public_url), 403,
                  "other_account");
    let_in(house.door, post(one.target, call_fields(), one.public_url));
  }
}

BOOST_AUTO_TEST_CASE(a_door_without_an_account_lets_nobody_in) {
  State state;
  support::start_run(state, now_url);
  const Door door(state, {.auth_tokens = {primary_token}, .public_url = now_url}, read_token,
                  token_of, [](std::string_view) { return std::string(); });
  check_refused(door, post("/outbound-call", call_fields({{"AccountSid", ""}}), now_url), 403,
                "other_account");
}

BOOST_AUTO_TEST_CASE(a_request_must_name_its_call) {
  House house;
  for (const SignedRoute& one : signed_routes()) {
    for (const std::string sid : {"", "CA1", "../../etc/passwd"}) {
      check_refused(house.door, post(one.target, call_fields({}, sid), one.public_url), 400,
                    "bad_call_sid");
    }
    check_refused(house.door, post(one.target, {{"AccountSid", account}}, one.public_url), 400,
                  "bad_call_sid");
    let_in(house.door, post(one.target, call_fields(), one.public_url));
  }
}

BOOST_AUTO_TEST_CASE(an_open_attempt_is_signed_for_the_address_that_it_was_dialled_with) {
  House house;
  const std::string target = "/call-status/" + token_of(house.open);
  let_in(house.door, post(target, call_fields(), old_url));
  check_refused(house.door, post(target, call_fields(), now_url), 403, "bad_signature");
}

BOOST_AUTO_TEST_CASE(an_attempt_that_is_over_may_be_signed_for_any_address_we_ever_had) {
  House house;
  for (const AttemptId& attempt : {house.over, house.fresh, AttemptId{"visite", 1, 2},
                                   AttemptId{"altra", 1, 1}, AttemptId{"visite", 99, 1}}) {
    const std::string target = "/call-status/" + token_of(attempt);
    let_in(house.door, post(target, call_fields(), old_url));
    let_in(house.door, post(target, call_fields(), now_url));
    check_refused(house.door, post(target, call_fields(), "https://never.example.test"), 403,
                  "bad_signature");
  }
}

BOOST_AUTO_TEST_CASE(a_request_without_a_token_is_signed_for_this_run) {
  House house;
  let_in(house.door, post("/call-status", call_fields(), now_url));
  check_refused(house.door, post("/call-status", call_fields(), old_url), 403, "bad_signature");
}

BOOST_AUTO_TEST_CASE(nothing_that_is_turned_away_changes_anything) {
  House house;
  const std::string before = house.digest();
  for (const SignedRoute& one : signed_routes()) {
    house.send(post(one.target, call_fields(), "https://somewhere.else.test"));
    house.send(post(one.target, call_fields({{"AccountSid", "ACx"}}), one.public_url));
    house.send(post(one.target, call_fields({}, "CA1"), one.public_url));
  }
  BOOST_TEST(house.digest() == before);
  // Of an attempt that this log never made: the core refuses it.
  for (const AttemptId& attempt : {house.fresh, AttemptId{"altra", 1, 1}}) {
    const auto response =
        house.send(post("/outbound-call/" + token_of(attempt), call_fields(), now_url));
    BOOST_TEST(response.status == 404);
  }
  BOOST_TEST(house.digest() == before);
  BOOST_TEST(
      house.send(post("/outbound-call/" + token_of(house.open), call_fields(), old_url)).status ==
      200);
  BOOST_TEST(house.digest() != before);
}

BOOST_AUTO_TEST_CASE(a_status_callback_is_read_field_by_field) {
  House house;
  const std::string target = "/call-status/" + token_of(house.open);
  const auto inbound =
      let_in(house.door, post(target,
                              call_fields({{"CallStatus", "completed"},
                                           {"CallDuration", "34"},
                                           {"Duration", "1"},
                                           {"SequenceNumber", "3"},
                                           {"SipResponseCode", "200"},
                                           {"AnsweredBy", "human"},
                                           {"Timestamp", "Tue, 04 Aug 2026 09:15:40 +0000"}}),
                              old_url));
  BOOST_REQUIRE(inbound.command.has_value());
  const auto& command = get<StatusReported>(*inbound.command);
  BOOST_TEST((command.attempt == house.open));
  BOOST_TEST(command.sid == call_sid);
  BOOST_TEST(command.status == "completed");
  BOOST_TEST(command.seconds == 34);
  BOOST_TEST(command.sip == 200);
  BOOST_TEST(command.answered_by == "human");
  BOOST_REQUIRE(command.occurred_at.has_value());
  BOOST_TEST(rfc3339_utc(*command.occurred_at) == "2026-08-04T09:15:40.000Z");
  const Response response = house.door.answer(inbound);
  BOOST_TEST(response.status == 204);
  BOOST_TEST(response.body == "");

  // A call that nobody says the length of is not one of no length.
  const auto lacks = [&](const char* status, const char* duration) {
    auto fields = call_fields({{"CallStatus", status}});
    if (*duration != '\0') fields.push_back({"CallDuration", duration});
    const auto read = let_in(house.door, post(target, fields, old_url));
    return get<StatusReported>(*read.command).seconds_missing;
  };
  BOOST_TEST(!command.seconds_missing);
  BOOST_TEST(lacks("completed", ""));
  BOOST_TEST(lacks("completed", "34s"));
  BOOST_TEST(!lacks("completed", "0"));
  BOOST_TEST(!lacks("busy", ""));
}

BOOST_AUTO_TEST_CASE(a_status_callback_may_lack_everything_but_its_status) {
  House house;
  const std::string target = "/call-status/" + token_of(house.open);
  const auto inbound =
      let_in(house.door, post(target, call_fields({{"CallStatus", "busy"}}), old_url));
  const auto& command = get<StatusReported>(*inbound.command);
  BOOST_TEST(command.seconds == 0);
  BOOST_TEST(command.sip == 0);
  BOOST_TEST(command.answered_by == "");
  BOOST_TEST(!command.occurred_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_status_nobody_knows_is_acknowledged_and_changes_nothing) {
  House house;
  const std::string before = house.digest();
  for (const std::string status : {"", "queued", "levitating", "Completed"}) {
    for (const std::string& target :
         {"/call-status/" + token_of(house.open), std::string("/call-status")}) {
      const auto url = target == "/call-status" ? now_url : old_url;
      const Request request = post(target, call_fields({{"CallStatus", status}}), url);
      BOOST_TEST(!let_in(house.door, request).command.has_value());
      BOOST_TEST(house.send(request).status == 204);
    }
  }
  BOOST_TEST(house.digest() == before);
  house.send(post("/call-status/" + token_of(house.open), call_fields({{"CallStatus", "ringing"}}),
                  old_url));
  BOOST_TEST(house.digest() != before);
}

BOOST_AUTO_TEST_CASE(a_machine_is_reported_by_the_carriers_word) {
  House house;
  const std::string target = "/answering-machine/" + token_of(house.open);
  const auto inbound = let_in(house.door, post(target,
                                               {{"CallSid", call_sid},
                                                {"AccountSid", account},
                                                {"AnsweredBy", "machine_start"},
                                                {"MachineDetectionDuration", "3820"}},
                                               old_url));
  BOOST_TEST(get<MachineDetected>(*inbound.command).answered_by == "machine_start");
  BOOST_TEST(house.door.answer(inbound).status == 204);
  BOOST_TEST(!let_in(house.door, post(target, call_fields(), old_url)).command.has_value());
}

BOOST_AUTO_TEST_CASE(a_recording_is_known_by_its_sid_and_its_url_is_not_taken_over) {
  House house;
  const std::string target = "/recording/" + token_of(house.open);
  const std::string sid = "RE0123456789abcdef0123456789abcdef";
  const auto reported = [&](const std::string& status, const std::string& recording) {
    return let_in(house.door, post(target,
                                   {{"CallSid", call_sid},
                                    {"AccountSid", account},
                                    {"RecordingSid", recording},
                                    {"RecordingStatus", status},
                                    {"RecordingUrl", "https://elsewhere.example/x"},
                                    {"RecordingDuration", "19"},
                                    {"RecordingChannels", "2"}},
                                   old_url));
  };
  const auto inbound = reported("completed", sid);
  const auto& command = get<RecordingReported>(*inbound.command);
  BOOST_TEST(command.sid == call_sid);
  BOOST_TEST(command.recording == sid);
  BOOST_TEST(command.seconds == 19);
  BOOST_TEST(command.channels == 2);
  BOOST_TEST(house.door.answer(inbound).status == 204);
  BOOST_TEST(!reported("in-progress", sid).command.has_value());
  BOOST_TEST(!reported("completed", "https://elsewhere.example/x").command.has_value());
  BOOST_TEST(!reported("absent", sid).command.has_value());
  BOOST_TEST(!reported("absent", sid).note.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_with_its_turn) {
  House house;
  const std::string target = "/survey-answer/" + token_of(house.open) + "/conferma/3";
  const auto inbound = let_in(house.door, post(target,
                                               call_fields({{"Digits", ""},
                                                            {"SpeechResult", "Sì\x01, confermo"},
                                                            {"Confidence", "0.91"}}),
                                               old_url));
  const auto& command = get<SurveyAnswered>(*inbound.command);
  BOOST_TEST(command.question == "conferma");
  BOOST_TEST(command.turn == 3U);
  BOOST_TEST(command.digits == "");
  BOOST_TEST(command.speech == "Sì, confermo");
  BOOST_TEST(command.confidence_thousandths == 910);
  const auto long_one = let_in(
      house.door, post(target, call_fields({{"SpeechResult", std::string(5000, 'a')}}), old_url));
  BOOST_TEST(get<SurveyAnswered>(*long_one.command).speech.size() == webhook::speech_bytes_max);
}

BOOST_AUTO_TEST_CASE(a_survey_goes_from_question_to_question) {
  House house;
  const std::string token = token_of(house.open);
  const Response first = house.send(post("/outbound-call/" + token, call_fields(), old_url));
  BOOST_TEST(first.status == 200);
  BOOST_TEST(first.header("Content-Type") == "text/xml; charset=utf-8");
  BOOST_TEST((said(first.body) ==
              std::vector<std::string>{"Buongiorno Ada <b>.", "Domanda conferma per Ada <b>?"}));
  // The action leads where the attempt was dialled from, though the server has moved.
  BOOST_TEST(first.body.find("action=\"" + old_url + "/survey-answer/" + token + "/conferma/1\"") !=
             std::string::npos);
  const std::string to_first = "/survey-answer/" + token + "/conferma/1";
  const Request answer = post(to_first, call_fields({{"Digits", "4"}}), old_url);
  const Response second = house.send(answer);
  BOOST_TEST((said(second.body) == std::vector<std::string>{"Domanda voto per Ada <b>?"}));
  // Asked again late, with another answer even, it changes nothing and hears the same.
  const std::string before = house.digest();
  BOOST_TEST(house.send(answer).body == second.body);
  BOOST_TEST(house.send(post(to_first, call_fields({{"Digits", "5"}}), old_url)).body ==
             second.body);
  BOOST_TEST(house.send(post("/outbound-call/" + token, call_fields(), old_url)).body ==
             second.body);
  BOOST_TEST(house.digest() == before);

  const Response last = house.send(
      post("/survey-answer/" + token + "/voto/2", call_fields({{"Digits", "5"}}), old_url));
  BOOST_TEST((said(last.body) == std::vector<std::string>{"Grazie Ada <b>, arrivederci."}));
  BOOST_TEST(last.body.ends_with("<Hangup/></Response>"));
}

BOOST_AUTO_TEST_CASE(a_call_that_is_not_the_attempts_own_is_told_nothing) {
  House house;
  const std::string token = token_of(house.open);
  const std::string other = "CAdddddddddddddddddddddddddddddddd";
  const Response own = house.send(post("/outbound-call/" + token, call_fields(), old_url));
  BOOST_TEST(!said(own.body).empty());
  // A second call for the same attempt.
  BOOST_TEST(house.send(post("/outbound-call/" + token, call_fields({}, other), old_url)).body ==
             hang_up);
  // A call of an attempt that is over.
  BOOST_TEST(
      house
          .send(post("/outbound-call/" + token_of(house.over), call_fields({}, other_sid), old_url))
          .body == hang_up);
  // The first attempt's call, while the second attempt is on the line.
  support::carry_out(house.state,
                     StatusReported{.attempt = house.open, .sid = call_sid, .status = "completed"});
  AttemptId again = house.open;
  again.attempt = 2;
  support::request_call(house.state, again, now_url);
  BOOST_TEST(house.send(post("/outbound-call/" + token, call_fields(), old_url)).body == hang_up);
  const Response next = house.send(post("/outbound-call/" + token_of(again),
                                        call_fields({}, "CA" + std::string(32, 'e')), now_url));
  BOOST_TEST(!said(next.body).empty());
}

BOOST_AUTO_TEST_CASE(equal_states_give_equal_bytes) {
  House one;
  House two;
  const std::string token = token_of(one.open);
  const std::vector<Request> talk{
      post("/outbound-call/" + token, call_fields(), old_url),
      post("/survey-answer/" + token + "/conferma/1", call_fields({{"Digits", "4"}}), old_url),
      post("/survey-answer/" + token + "/voto/2", call_fields(), old_url),
      post("/fallback/" + token, call_fields(), old_url)};
  for (const Request& request : talk) {
    BOOST_TEST(one.send(request).body == two.send(request).body);
    // What is answered is a function of the state: asked again it is the same.
    BOOST_TEST(one.door.answer(let_in(one.door, request)).body ==
               two.door.answer(let_in(two.door, request)).body);
  }
  BOOST_TEST(one.digest() == two.digest());
}

BOOST_AUTO_TEST_CASE(a_fallback_says_goodbye_in_the_persons_language) {
  House house;
  const std::string before = house.digest();
  const auto ask = [&](const AttemptId& attempt) {
    const Request request =
        post("/fallback/" + token_of(attempt),
             call_fields({{"ErrorCode", "11200"}, {"ErrorUrl", old_url + "/outbound-call/secret"}}),
             old_url);
    const auto inbound = let_in(house.door, request);
    BOOST_TEST(!inbound.command.has_value());
    BOOST_TEST(inbound.note.find("11200") != std::string::npos);
    BOOST_TEST(inbound.note.find("SERVER_URL") != std::string::npos);  // what to look at
    BOOST_TEST(inbound.note.find("secret") == std::string::npos);
    BOOST_TEST(inbound.note.find("-ok") == std::string::npos);
    return house.send(request).body;
  };
  BOOST_TEST(
      ask(house.open) ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"it-IT\""
      " voice=\"Polly.Bianca\">Grazie Ada &lt;b&gt;, arrivederci.</Say><Hangup/></Response>");
  BOOST_TEST((said(ask(house.over)) == std::vector<std::string>{"Goodbye Bob."}));
  BOOST_TEST(ask({"altra", 1, 1}) == hang_up);
  BOOST_TEST(ask({"visite", 99, 1}) == hang_up);
  BOOST_TEST(house.digest() == before);
}

BOOST_AUTO_TEST_CASE(a_call_of_somebody_elses_code_is_connected_with_the_agent) {
  House house;
  const Request request =
      post("/outbound-call?mode=agent", call_fields({{"To", "+3906<\"&'"}}), now_url);
  const auto inbound = let_in(house.door, request);
  BOOST_TEST(get<OutsideVoiceRequested>(*inbound.command).sid == call_sid);
  BOOST_TEST(inbound.note.empty());
  BOOST_TEST(get<OutsideVoiceRequested>(*inbound.command).agent);
  BOOST_TEST(
      house.send(request).body ==
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
      "<Say language=\"it-IT\" voice=\"alice\">Parla un&apos;intelligenza artificiale. "
      "Un momento prego.</Say>"
      "<Connect action=\"https://now.example.test/after-stream/stream-bbbb\" method=\"POST\">"
      "<Stream url=\"wss://now.example.test/media-stream\""
      " statusCallback=\"https://now.example.test/stream-status/stream-bbbb\""
      " statusCallbackMethod=\"POST\">"
      "<Parameter name=\"from\" value=\"+393331234567\"/>"
      "<Parameter name=\"to\" value=\"+3906&lt;&quot;&amp;&apos;\"/>"
      "<Parameter name=\"outbound\" value=\"true\"/>"
      "<Parameter name=\"token\" value=\"stream-bbbb\"/>"
      "</Stream></Connect>"
      "<Say language=\"it-IT\" voice=\"alice\">Ci scusiamo, abbiamo un problema tecnico. "
      "Arrivederci.</Say><Hangup/></Response>");
}

BOOST_AUTO_TEST_CASE(what_comes_behind_the_agent_of_somebody_elses_call_hangs_on_how_it_went) {
  House house;
  house.send(post("/outbound-call?mode=agent", call_fields(), now_url));
  // With the token of another call nobody is talked to.
  check_refused(house.door, post("/after-stream/stream-cccc", call_fields(), now_url), 404,
                "unknown_token");
  const auto after = post("/after-stream/stream-bbbb", call_fields(), now_url);
  // No stream was opened: the carrier could not, and the person hears that we are sorry.
  BOOST_TEST((said(house.send(after).body) ==
              std::vector<std::string>{"Ci scusiamo, abbiamo un problema tecnico. Arrivederci."}));
  // One that ended well just ends.
  House other;
  other.send(post("/outbound-call?mode=agent", call_fields(), now_url));
  support::carry_out(other.state, StreamStarted{call_sid, "MZ1"});
  StreamEnded ended{call_sid, {}, "", ""};
  ended.closed.stream = "MZ1";
  ended.closed.why = "goodbye";
  support::carry_out(other.state, ended);
  BOOST_TEST(other.send(after).body == hang_up);
  const auto status = let_in(
      other.door,
      post("/stream-status/stream-bbbb",
           call_fields({{"StreamEvent", "stream-error"}, {"StreamError", "31920"}}), now_url));
  BOOST_TEST(!status.command.has_value());
  BOOST_TEST(status.note.find("31920") != std::string::npos);
  BOOST_TEST(status.note.find("bbbb") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_an_agent_the_message_is_told_and_the_operator_hears_of_it) {
  const State state;
  const Door door(state,
                  {.auth_tokens = {primary_token},
                   .account_sid = account,
                   .public_url = now_url,
                   .message = {.text = "Ciao", .language = "it-IT", .voice = ""}},
                  read_token, token_of, [](std::string_view) { return std::string("t"); });
  const auto inbound = let_in(door, post("/outbound-call?mode=agent", call_fields(), now_url));
  BOOST_TEST(!get<OutsideVoiceRequested>(*inbound.command).agent);
  BOOST_TEST(inbound.note.find("no voice model is configured") != std::string::npos);
  BOOST_TEST((said(door.answer(inbound).body) == std::vector<std::string>{"Ciao"}));
}

BOOST_AUTO_TEST_CASE(a_socket_is_let_in_by_its_signature_alone_in_each_form_that_carriers_sign) {
  House house;
  const auto upgrade = [](const std::string& signed_url, const std::string& target,
                          const std::string& method = "GET") {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = {
        {"Host", "somewhere.else.test"},
        {"X-Twilio-Signature", bridge::rehearsal::signature(primary_token, signed_url, {})}};
    return request;
  };
  const std::string path = "/media-stream";
  for (const std::string scheme : {"wss", "https"}) {
    for (const std::string host : {"now.example.test", "old.example.test"}) {
      for (const std::string port : {"", ":443"}) {
        for (const std::string slash : {"", "/"}) {
          for (const auto& target : {path, path + "/"}) {
            const auto inbound =
                let_in(house.door, upgrade(scheme + "://" + host + port + path + slash, target));
            BOOST_TEST((inbound.kind == webhook::Kind::media_stream));
            BOOST_TEST(!inbound.command.has_value());
          }
        }
      }
    }
  }
  const std::string good = "wss://now.example.test" + path;
  check_refused(house.door, upgrade("wss://evil.example.test" + path, path), 403, "bad_signature");
  check_refused(house.door, upgrade("ws://now.example.test" + path, path), 403, "bad_signature");
  check_refused(house.door, upgrade("wss://now.example.test:8443" + path, path), 403,
                "bad_signature");
  // The query of a stream's URL is dropped by the carrier, so whoever has one is not it.
  check_refused(house.door, upgrade(good, path + "?token=x"), 403, "bad_signature");
  check_refused(house.door, upgrade(good, path, "POST"), 405, "wrong_method");
  auto unsigned_one = upgrade(good, path);
  drop_header(unsigned_one, "X-Twilio-Signature");
  check_refused(house.door, unsigned_one, 403, "missing_signature");
  auto other_token = upgrade(good, path);
  set_header(other_token, "X-Twilio-Signature",
             bridge::rehearsal::signature("somebody-elses", good, {}));
  check_refused(house.door, other_token, 403, "bad_signature");
}

BOOST_AUTO_TEST_CASE(a_campaigns_agent_is_connected_and_what_comes_behind_it_served) {
  House house;
  auto text = std::string(visits);
  text.replace(text.find("\"id\": \"visite\""), 14,
               "\"id\": \"parla\", \"mode\": \"agent\", \"agent\": {\"disclosure\": "
               "\"Parla un'IA.\", \"columns\": [\"nome\"], \"transfer\": [\"+390233333333\"]}");
  support::submit(house.state, campaign_of(text), {"nome"}, {{number, "", {"Ada <b>"}}});
  const AttemptId attempt{"parla", 1, 1};
  support::request_call(house.state, attempt, old_url);
  const std::string token = token_of(attempt);
  const auto sid = std::string("CAdddddddddddddddddddddddddddddddd");
  BOOST_TEST(house.send(post("/outbound-call/" + token, call_fields({}, sid), old_url)).body ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Say language=\"it-IT\" voice=\"Polly.Bianca\">Parla un&apos;IA. Un momento prego."
             "</Say><Connect action=\"https://old.example.test/after-stream/parla.1.1-ok\""
             " method=\"POST\"><Stream url=\"wss://old.example.test/media-stream\""
             " statusCallback=\"https://old.example.test/stream-status/parla.1.1-ok\""
             " statusCallbackMethod=\"POST\">"
             "<Parameter name=\"from\" value=\"+390698765432\"/>"
             "<Parameter name=\"to\" value=\"+393331234567\"/>"
             "<Parameter name=\"outbound\" value=\"true\"/>"
             "<Parameter name=\"token\" value=\"stream-dddd\"/></Stream></Connect>"
             "<Say language=\"it-IT\" voice=\"Polly.Bianca\">Ci scusiamo, abbiamo un problema "
             "tecnico. Arrivederci.</Say><Hangup/></Response>");
  support::carry_out(house.state, StreamStarted{sid, "MZ1"});
  support::carry_out(house.state, ToolAsked{sid, "MZ1", "1", "request_human", "{}", 1});
  StreamEnded ended{sid, {}, "", ""};
  ended.closed.stream = "MZ1";
  ended.closed.why = "moved_on";
  support::carry_out(house.state, ended);
  const auto after = post("/after-stream/" + token, call_fields({}, sid), old_url);
  BOOST_TEST(house.send(after).body ==
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
             "<Dial action=\"https://old.example.test/after-transfer/parla.1.1-ok\" method=\"POST\""
             " answerOnBridge=\"true\" callerId=\"+390698765432\"><Number"
             " statusCallback=\"https://old.example.test/transfer-status/parla.1.1-ok/1#rc=3"
             "&amp;rt=4000&amp;rp=ct,rt,5xx\""
             " statusCallbackEvent=\"initiated ringing answered completed\""
             " statusCallbackMethod=\"POST\">+390233333333</Number></Dial><Hangup/></Response>");
  const auto back = [&](const std::string& word) {
    return post("/after-transfer/" + token,
                call_fields({{"DialCallStatus", word}, {"DialCallDuration", "31"}}, sid), old_url);
  };
  const auto understood = let_in(house.door, back("no-answer"));
  const auto& command = get<AfterTransfer>(*understood.command);
  BOOST_TEST(command.status == "no-answer");
  BOOST_TEST(command.seconds == 31);
  BOOST_TEST(get<AfterTransfer>(*let_in(house.door, back("<x>")).command).status == "failed");
  BOOST_TEST(house.send(back("completed")).body == hang_up);
}

BOOST_AUTO_TEST_CASE(a_survey_without_an_agent_passes_on_and_hears_how_it_goes) {
  House house;
  auto text = std::string(visits);
  text.replace(text.find("\"id\": \"visite\""), 14,
               "\"id\": \"parla\", \"replies\": {\"operator\": {\"key\": \"0\", "
               "\"numbers\": [\"+390233333333\", \"+390244444444\"]}}");
  support::submit(house.state, campaign_of(text), {"nome"}, {{number, "", {"Ada"}}});
  const AttemptId attempt{"parla", 1, 1};
  support::request_call(house.state, attempt, old_url);
  const std::string token = token_of(attempt);
  const auto sid = std::string("CAdddddddddddddddddddddddddddddddd");
  house.send(post("/outbound-call/" + token, call_fields({}, sid), old_url));
  const auto passed_on = house.send(post("/survey-answer/" + token + "/conferma/1",
                                         call_fields({{"Digits", "0"}}, sid), old_url));
  // Where it goes on, or the carrier would ask the same question's URL again and dial for ever.
  BOOST_TEST(passed_on.body.find("<Dial action=\"https://old.example.test/after-transfer/" + token +
                                 "\"") != std::string::npos);
  BOOST_TEST(passed_on.body.find("https://old.example.test/transfer-status/" + token + "/2") !=
             std::string::npos);
  const auto leg = std::string("CAeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
  const auto report = [&](const std::string& status, bridge::http::Fields more = {}) {
    more.push_back({"CallStatus", status});
    return post("/transfer-status/" + token + "/2", call_fields(std::move(more), leg), old_url);
  };
  const auto busy = let_in(
      house.door,
      report("busy", {{"ParentCallSid", sid}, {"CallDuration", "0"}, {"SipResponseCode", "486"}}));
  const auto& command = get<TransferReported>(*busy.command);
  BOOST_TEST(command.sid == sid);
  BOOST_TEST(command.leg == leg);
  BOOST_TEST(command.human == 2U);
  BOOST_TEST(command.status == "busy");
  BOOST_TEST(command.sip == 486);
  BOOST_TEST((busy.kind == webhook::Kind::empty));
  const auto before = house.digest();
  BOOST_TEST(house.send(report("in-progress", {{"ParentCallSid", sid}})).status == 204);
  BOOST_TEST(house.digest() != before);
  // What says too little changes nothing.
  for (const auto& request : {report("in-progress"), report("somewhere", {{"ParentCallSid", sid}}),
                              report("ringing", {{"ParentCallSid", "CA1"}})}) {
    const auto inbound = let_in(house.door, request);
    BOOST_TEST(!inbound.command.has_value());
    BOOST_TEST(!inbound.note.empty());
  }
  const auto back = house.send(post(
      "/after-transfer/" + token,
      call_fields({{"DialCallStatus", "completed"}, {"DialCallDuration", "31"}}, sid), old_url));
  BOOST_TEST(back.body == hang_up);
}

BOOST_AUTO_TEST_CASE(a_call_of_somebody_elses_code_hears_the_message) {
  House house;
  const std::string expected =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"it-IT\" voice=\"alice\">"
      "Ciao &amp; benvenuti!</Say><Pause length=\"1\"/><Hangup/></Response>";
  struct Mode {
    std::string query{};
    bool noted = false;
  };
  for (const Mode& mode : std::vector<Mode>{{"", false},
                                            {"?mode=simple", false},
                                            {"?mode=", false},
                                            {"?campaign=x", false},
                                            {"?mode=Agent", true},
                                            {"?mode=%2B393331234567", true},
                                            {"?mode=%", true}}) {
    const Request request = post("/outbound-call" + mode.query, call_fields(), now_url);
    const auto inbound = let_in(house.door, request);
    BOOST_TEST(get<OutsideVoiceRequested>(*inbound.command).sid == call_sid);
    BOOST_TEST(inbound.note.empty() == !mode.noted, mode.query);
    BOOST_TEST(inbound.note.find("39333") == std::string::npos);
    BOOST_TEST(house.send(request).body == expected);
  }
  const auto status =
      let_in(house.door,
             post("/call-status",
                  call_fields({{"CallStatus", "completed"}, {"CallDuration", "15"}}), now_url));
  BOOST_TEST(get<OutsideStatusReported>(*status.command).seconds == 15);
}

BOOST_AUTO_TEST_CASE(neither_reasons_nor_notes_nor_refusals_quote_the_request) {
  House house;
  const std::string secret = "Xq7marker";
  const auto check = [&](const Request& request) {
    const auto read = house.door.read(request);
    if (const auto* refused = std::get_if<TurnedAway>(&read)) {
      BOOST_TEST(refused->reason.find(secret) == std::string::npos);
      BOOST_TEST(house.door.turned_away(*refused).body.find(secret) == std::string::npos);
    } else {
      BOOST_TEST(std::get<Inbound>(read).note.find(secret) == std::string::npos);
    }
  };
  for (const SignedRoute& one : signed_routes()) {
    for (const std::string name : {"CallSid", "AccountSid", "CallStatus", "ErrorCode", "ErrorUrl",
                                   "From", "AnsweredBy", "SpeechResult", "Digits", "Timestamp"}) {
      check(post(one.target, call_fields({{name, secret}}), one.public_url));
      check(post(one.target, call_fields({{name, secret}}), secret));
    }
    check(post(one.target + "/" + secret, call_fields(), one.public_url));
    check(post(one.target + "?mode=" + secret, call_fields(), one.public_url));
  }
}

BOOST_AUTO_TEST_CASE(the_urls_of_an_attempt_are_routes_of_the_door) {
  House house;
  const auto urls = webhook::urls_of(old_url, token_of(house.open));
  for (const std::string& url : {urls.voice, urls.status, urls.answering_machine, urls.recording,
                                 urls.fallback, urls.answer + "/conferma/1"}) {
    BOOST_REQUIRE(url.starts_with(old_url));
    const auto asked = url.substr(0, url.find('#'));
    let_in(house.door, post(asked.substr(old_url.size()), call_fields(), old_url));
  }
}

// As the carrier reads it (protocols.md 2.3), and where nobody waits for a document.
BOOST_AUTO_TEST_CASE(callbacks_are_to_be_sent_again_and_documents_are_not) {
  House house;
  const auto urls = webhook::urls_of(old_url, token_of(house.open));
  for (const std::string& url : {urls.status, urls.answering_machine, urls.recording}) {
    const auto rules = bridge::rehearsal::read_override(url);
    BOOST_TEST(rules.retries_max == 3);
    BOOST_TEST(rules.on_connect);
    BOOST_TEST(rules.on_no_answer);
    BOOST_TEST(rules.on_5xx);
    BOOST_TEST(!rules.on_4xx);
    // A silent door is asked three times more before the whole time is over.
    BOOST_TEST((3 * rules.read_time_max < rules.total_time_max));
  }
  for (const std::string& url : {urls.voice, urls.fallback, urls.answer, urls.after_transfer}) {
    BOOST_TEST(url.find('#') == std::string::npos, url);
  }
}

BOOST_AUTO_TEST_SUITE_END()
