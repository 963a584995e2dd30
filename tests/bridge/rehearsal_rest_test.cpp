// The REST resource of the rehearsal carrier: what protocols.md 1 says of Twilio's.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "bridge/rehearsal/rehearsal_carrier.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_rest)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::http::field;
using bridge::testing::calls_target;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;

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
Asked ask_as(OneLoopWorld& world, const std::string& who, const std::string& target) {
  return read(bridge::testing::ask_as(world, who, "GET", target));
}

const std::string number = "+390611111111";
const std::string caller = "+390612345678";

CarrierOptions with(People people, Faults faults = {}) {
  CarrierOptions options;
  options.people = std::move(people);
  options.faults = faults;
  return options;
}

// The form of an order whose document is at a port where nobody is.
Fields order(const std::string& to = number) {
  return {{"To", to}, {"From", caller}, {"Url", "http://127.0.0.1:9/talk"}};
}

Asked create(OneLoopWorld& world, const Fields& form = order()) {
  return ask(world, "POST", calls_target(world) + ".json", write_form(form));
}

std::string target_of(const OneLoopWorld& world, const nlohmann::json& call) {
  return calls_target(world) + "/" + call["sid"].get<std::string>() + ".json";
}

std::vector<std::string> sids(const nlohmann::json& page) {
  std::vector<std::string> found;
  for (const auto& call : page["calls"]) found.push_back(call["sid"]);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_created_call_is_shown_with_every_member) {
  OneLoopWorld world(with(only("human")));
  const Asked made = create(world);
  BOOST_TEST(made.status == 201);
  std::set<std::string> members;
  for (const auto& [name, value] : made.body.items()) members.insert(name);
  const std::set<std::string> expected{"sid",
                                       "account_sid",
                                       "parent_call_sid",
                                       "to",
                                       "to_formatted",
                                       "from",
                                       "from_formatted",
                                       "phone_number_sid",
                                       "status",
                                       "start_time",
                                       "end_time",
                                       "duration",
                                       "price",
                                       "price_unit",
                                       "direction",
                                       "answered_by",
                                       "api_version",
                                       "forwarded_from",
                                       "group_sid",
                                       "caller_name",
                                       "queue_time",
                                       "trunk_sid",
                                       "date_created",
                                       "date_updated",
                                       "uri",
                                       "subresource_uris"};
  BOOST_TEST(members == expected, boost::test_tools::per_element());
  BOOST_TEST(made.body["status"] == "queued");
  BOOST_TEST(made.body["to"] == number);
  BOOST_TEST(made.body["direction"] == "outbound-api");
  BOOST_TEST(made.body["api_version"] == "2010-04-01");
  BOOST_TEST(made.body["phone_number_sid"].get<std::string>().size() == 34U);
  BOOST_TEST(made.body["uri"] == target_of(world, made.body));
  BOOST_TEST(made.body["date_created"] == rfc2822(world.loop.now()));
  for (const char* later : {"start_time", "end_time", "duration", "price", "answered_by"}) {
    BOOST_TEST(made.body[later].is_null(), later);
  }
}

BOOST_AUTO_TEST_CASE(every_number_is_a_text_and_the_price_comes_late) {
  OneLoopWorld world(with(only("machine")));
  world.program->documents["/talk"] = "<Response><Pause length=\"70\"/></Response>";
  Fields form = order();
  form[2].value = world.program->url("/talk");
  const Asked made = create(world, form);
  world.pass(100s);
  const auto ended = ask(world, "GET", target_of(world, made.body)).body;
  BOOST_TEST(ended["status"] == "completed");
  BOOST_TEST(ended["duration"] == "70");
  BOOST_TEST(ended["queue_time"] == "1000");
  BOOST_TEST(ended["price"].is_null());
  world.pass(90s);
  const auto priced = ask(world, "GET", target_of(world, made.body)).body;
  BOOST_TEST(priced["price"] == "-0.02800");  // two minutes begun
  BOOST_TEST(priced["price_unit"] == "USD");
}

BOOST_AUTO_TEST_CASE(a_call_that_nobody_answered_costs_nothing) {
  OneLoopWorld world(with(only("busy")));
  const Asked made = create(world);
  world.pass(300s);
  const auto ended = ask(world, "GET", target_of(world, made.body)).body;
  BOOST_TEST(ended["status"] == "busy");
  BOOST_TEST(ended["price"].is_null());
  BOOST_TEST(ended["duration"].is_null());
}

BOOST_AUTO_TEST_CASE(both_kinds_of_password_are_taken_and_no_other) {
  CarrierOptions options;
  options.account_sid = "AC" + std::string(32, '1');
  options.auth_token = "token-of-the-account";
  options.api_key = "SK" + std::string(32, '2');
  options.api_secret = "secret-of-the-key";
  OneLoopWorld world(std::move(options));
  const std::string target = calls_target(world) + ".json";
  const auto as = [&](const std::string& who) { return ask_as(world, who, target).status; };
  const std::string account = world.far->account_sid();
  BOOST_TEST(as(account + ":token-of-the-account") == 200);
  BOOST_TEST(as("SK" + std::string(32, '2') + ":secret-of-the-key") == 200);
  BOOST_TEST(as(account + ":secret-of-the-key") == 401);
  BOOST_TEST(as("SK" + std::string(32, '2') + ":token-of-the-account") == 401);
  BOOST_TEST(as(account + ":") == 401);
  // The key is a Standard one, which is told nothing of the account itself.
  const std::string itself = "/2010-04-01/Accounts/" + account + ".json";
  BOOST_TEST(ask_as(world, account + ":token-of-the-account", itself).status == 200);
  const Asked withheld = ask_as(world, "SK" + std::string(32, '2') + ":secret-of-the-key", itself);
  BOOST_TEST(withheld.status == 401);
  BOOST_TEST(withheld.body["code"] == 20003);
  const Asked refused = ask_as(world, {}, target);
  BOOST_TEST(refused.status == 401);
  BOOST_TEST(refused.body["code"] == 20003);
  BOOST_TEST(refused.response.header("WWW-Authenticate").starts_with("Basic"));
}

BOOST_AUTO_TEST_CASE(a_credential_that_was_given_is_told_to_nobody) {
  CarrierOptions options;
  options.auth_token = "token-of-the-account";
  OneLoopWorld given(std::move(options));
  const Asked about = ask_as(given, {}, "/rehearsal.json");
  BOOST_TEST(!about.body.contains("auth_token"));
  BOOST_TEST((about.response.body.find("token-of") == std::string::npos));
  OneLoopWorld invented;
  BOOST_TEST(ask_as(invented, {}, "/rehearsal.json").body["auth_token"] ==
             invented.far->auth_token());
}

BOOST_AUTO_TEST_CASE(every_answer_carries_a_request_id_of_its_own) {
  const auto ids = [] {
    OneLoopWorld world(with(only("human")));
    std::vector<std::string> found;
    const Asked made = create(world);
    for (const Asked& asked :
         {made, create(world), create(world, {{"To", "x"}}),
          ask(world, "GET", target_of(world, made.body)), ask(world, "GET", "/nowhere")}) {
      found.emplace_back(asked.response.header("Twilio-Request-Id"));
    }
    return found;
  };
  const auto found = ids();
  for (const std::string& id : found) {
    BOOST_TEST(id.starts_with("RQ"));
    BOOST_TEST(id.size() == 34U);
  }
  BOOST_TEST(std::set<std::string>(found.begin(), found.end()).size() == found.size());
  BOOST_TEST(found == ids(), boost::test_tools::per_element());  // in every run the same
}

// What an account may not do is refused with the code that says so (protocols.md 1.7).
BOOST_AUTO_TEST_CASE(an_account_calls_whom_it_may_and_says_how_it_stands) {
  using Account = CarrierOptions::Account;
  const auto with_account = [](Account account) {
    CarrierOptions options;
    options.account = account;
    options.verified_numbers = {"+390611111112"};
    options.countries = {{"IT", "39"}, {"DE", "49"}};
    return options;
  };
  const auto code = [](OneLoopWorld& world, const std::string& to) {
    const Asked asked = create(world, order(to));
    return asked.status == 201 ? 0 : asked.body["code"].get<int>();
  };
  const auto itself = [](OneLoopWorld& world) {
    return ask(world, "GET", "/2010-04-01/Accounts/" + world.far->account_sid() + ".json").body;
  };
  OneLoopWorld active(with_account(Account::active));
  BOOST_TEST(code(active, "+390611111111") == 0);
  BOOST_TEST(code(active, "+4930111111") == 0);
  BOOST_TEST(code(active, "+33111111111") == 21215);
  BOOST_TEST(itself(active)["type"] == "Full");
  OneLoopWorld trial(with_account(Account::trial));
  BOOST_TEST(code(trial, "+390611111111") == 21219);
  BOOST_TEST(code(trial, "+390611111112") == 0);
  BOOST_TEST(itself(trial)["type"] == "Trial");
  BOOST_TEST(itself(trial)["status"] == "active");
  for (const auto& [account, status] :
       {std::pair(Account::suspended, "suspended"), std::pair(Account::closed, "closed")}) {
    OneLoopWorld shut(with_account(account));
    BOOST_TEST(code(shut, "+390611111112") == 20005);
    BOOST_TEST(itself(shut)["status"] == status);
  }
  const std::string countries = "/v1/DialingPermissions/Countries/";
  const auto allowed = [&](const std::string& iso) {
    const Asked asked = ask(active, "GET", countries + iso);
    BOOST_TEST(asked.status == 200);
    BOOST_TEST(asked.body["iso_code"] == iso);
    return asked.body["low_risk_numbers_enabled"].get<bool>();
  };
  BOOST_TEST(allowed("IT"));
  BOOST_TEST(!allowed("FR"));
  BOOST_TEST(ask(active, "GET", countries + "nowhere").status == 404);
  BOOST_TEST(ask_as(active, {}, countries + "IT").status == 401);
  const Asked verified = ask(active, "GET",
                             "/2010-04-01/Accounts/" + active.far->account_sid() +
                                 "/OutgoingCallerIds.json?PhoneNumber=%2B390611111112");
  BOOST_TEST(verified.body["outgoing_caller_ids"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_wrong_order_is_refused_as_the_carrier_would) {
  CarrierOptions options;
  options.owned_numbers = {caller};
  OneLoopWorld world(std::move(options));
  const auto code = [&](const std::string& name, const std::optional<std::string>& value) {
    Fields form = order();
    std::erase_if(form, [&](const Field& each) { return each.name == name; });
    if (value) form.push_back({name, *value});
    const Asked asked = create(world, form);
    BOOST_TEST(asked.status == 400);
    BOOST_TEST(asked.body["status"] == 400);
    BOOST_TEST(!asked.body["message"].get<std::string>().empty());
    BOOST_TEST(asked.body["more_info"].get<std::string>() ==
               "https://www.twilio.com/docs/errors/" +
                   std::to_string(asked.body["code"].get<int>()));
    return asked.body["code"].get<int>();
  };
  BOOST_TEST(create(world).status == 201);
  BOOST_TEST(code("To", {}) == 21201);
  BOOST_TEST(code("From", {}) == 21213);
  BOOST_TEST(code("To", "0611111111") == 21211);
  BOOST_TEST(code("To", caller) == 21211);
  BOOST_TEST(code("From", "anna") == 21212);
  BOOST_TEST(code("From", "+390699999999") == 21210);
  BOOST_TEST(code("Url", {}) == 21205);
  BOOST_TEST(code("Url", "talk") == 21205);
  BOOST_TEST(code("FallbackUrl", "ftp://h/") == 21205);
  BOOST_TEST(code("StatusCallback", "status") == 21609);
  BOOST_TEST(code("StatusCallback", "https://my_host/status") == 21609);
  BOOST_TEST(code("StatusCallbackEvent", "finished") == 21626);
  BOOST_TEST(code("Method", "PUT") == 21209);
  BOOST_TEST(code("Timeout", "601") == 21208);
  BOOST_TEST(code("Timeout", "soon") == 21208);
  BOOST_TEST(code("SendDigits", "12x") == 21206);
  BOOST_TEST(code("SendDigits", std::string(33, 'w')) == 21206);
  BOOST_TEST(code("ApplicationSid", "AP1") == 21218);
  BOOST_TEST(code("MachineDetection", "Maybe") == 21234);
  BOOST_TEST(code("To", "+15005550001") == 21217);
  BOOST_TEST(code("To", "+15005550002") == 21214);
  BOOST_TEST(code("To", "+15005550003") == 21215);
  BOOST_TEST(code("To", "+15005550004") == 21216);
  Fields inline_twiml = order();
  inline_twiml[2] = {"Twiml", std::string(4001, 'a')};
  BOOST_TEST(create(world, inline_twiml).body["code"] == 32018);
  inline_twiml.push_back({"Url", "http://h/"});  // the other is not looked at
  BOOST_TEST(create(world, inline_twiml).status == 201);
  BOOST_TEST(create(world, {{"To", number}, {"From", caller}, {"Url", "https://h/"}, {"New", "1"}})
                 .status == 201);

  BOOST_TEST(ask(world, "GET", "/2010-04-01/Accounts/ACother/Calls.json").body["code"] == 20404);
  BOOST_TEST(ask(world, "GET", calls_target(world) + "/CAnone.json").body["code"] == 20404);
  BOOST_TEST(ask(world, "PUT", calls_target(world) + ".json").status == 405);
  BOOST_TEST(ask(world, "GET", "/").status == 404);
}

BOOST_AUTO_TEST_CASE(a_queue_of_more_than_a_day_is_full) {
  CarrierOptions options = with(only("busy"));
  options.calls_per_second = 0.0001;  // one in 10,000 seconds
  OneLoopWorld world(std::move(options));
  int accepted = 0;
  while (accepted < 20 && create(world).status == 201) ++accepted;
  BOOST_TEST(accepted == 9);
  BOOST_TEST(create(world).body["code"] == 22005);
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_tells_how_long) {
  CarrierOptions options = with(only("busy"));
  options.calls_per_second = 0.5;
  OneLoopWorld world(std::move(options));
  BOOST_TEST(create(world).body["queue_time"] == "1000");
  BOOST_TEST(create(world).body["queue_time"] == "3000");
  BOOST_TEST(create(world).body["queue_time"] == "5000");
}

BOOST_AUTO_TEST_CASE(a_call_that_was_cancelled_in_the_queue_tells_nobody) {
  CarrierOptions options = with(only("no_answer"));
  options.calls_per_second = 0.1;
  OneLoopWorld world(std::move(options));
  const auto place = [&] {
    Fields form = order();
    form.push_back({"StatusCallback", world.program->url("/status")});
    for (const char* event : {"initiated", "ringing", "answered", "completed"}) {
      form.push_back({"StatusCallbackEvent", event});
    }
    return create(world, form).body;
  };
  const auto first = place();
  const auto second = place();
  world.pass(4s);  // the first one rings, the second one waits
  const std::string cancel = "Status=canceled";
  BOOST_TEST(ask(world, "POST", target_of(world, second), cancel).body["status"] == "canceled");
  BOOST_TEST(ask(world, "POST", target_of(world, first), cancel).body["status"] == "canceled");
  world.pass(60s);
  for (const auto& each : world.program->webhooks) {
    BOOST_TEST(field(each.fields, "CallSid") == first["sid"].get<std::string>());
  }
  BOOST_TEST(field(world.program->webhooks.back().fields, "CallStatus") == "canceled");
  BOOST_TEST(ask(world, "POST", target_of(world, second), cancel).body["code"] == 21220);
}

BOOST_AUTO_TEST_CASE(the_list_is_paged_in_both_directions) {
  OneLoopWorld world(with(only("busy")));
  std::vector<std::string> newest_first;
  for (int i = 0; i < 7; ++i) {
    newest_first.insert(newest_first.begin(),
                        create(world, order("+39061111000" + std::to_string(i))).body["sid"]);
  }
  std::vector<std::string> seen;
  nlohmann::json page = ask(world, "GET", calls_target(world) + ".json?PageSize=3").body;
  std::vector<nlohmann::json> pages{page};
  BOOST_TEST(page["page_size"] == 3);
  BOOST_TEST(page["start"] == 0);
  BOOST_TEST(page["end"] == 2);
  BOOST_TEST(page["previous_page_uri"].is_null());
  // A call that comes meanwhile moves nothing on the pages behind it.
  create(world, order("+390611119999"));
  while (!page["next_page_uri"].is_null()) {
    page = ask(world, "GET", page["next_page_uri"]).body;
    BOOST_TEST(page["page"] == pages.size());
    pages.push_back(page);
  }
  for (const auto& each : pages) {
    for (const std::string& sid : sids(each)) seen.push_back(sid);
  }
  BOOST_TEST(seen == newest_first, boost::test_tools::per_element());
  BOOST_TEST(pages.size() == 3U);
  BOOST_TEST(pages.back()["calls"].size() == 1U);
  const auto back = ask(world, "GET", pages[2]["previous_page_uri"]).body;
  BOOST_TEST(sids(back) == sids(pages[1]), boost::test_tools::per_element());

  const auto refused = [&](const std::string& query) {
    return ask(world, "GET", calls_target(world) + ".json?" + query).body["code"].get<int>();
  };
  BOOST_TEST(refused("PageSize=1001") == 20007);
  BOOST_TEST(refused("PageSize=0") == 20007);
  BOOST_TEST(refused("PageToken=PACAnone") == 20006);
  BOOST_TEST(refused("StartTime%3E=yesterday") == 20001);
}

BOOST_AUTO_TEST_CASE(the_list_is_filtered) {
  OneLoopWorld world(with(only("busy")));
  const auto first = create(world).body["sid"].get<std::string>();
  world.pass(10s);
  Fields other = order("+390622222222");
  other[1].value = "+390687654321";
  const auto second = create(world, other).body["sid"].get<std::string>();
  world.pass(10s);
  world.advance(24h);
  const auto third = create(world).body["sid"].get<std::string>();
  const auto listed = [&](const std::string& query) {
    std::string found;
    for (const auto& sid : sids(ask(world, "GET", calls_target(world) + ".json?" + query).body)) {
      found += sid == first ? '1' : sid == second ? '2' : sid == third ? '3' : '?';
    }
    return found;
  };
  BOOST_TEST(listed("") == "321");
  BOOST_TEST(listed("To=%2B390611111111") == "31");
  BOOST_TEST(listed("From=%2B390687654321") == "2");
  BOOST_TEST(listed("Status=busy") == "21");
  BOOST_TEST(listed("Status=queued&To=%2B390611111111") == "3");
  BOOST_TEST(listed("ParentCallSid=CA1") == "");
  // The first two began on 1 January 1970; the third has not been dialled and is on no day.
  BOOST_TEST(listed("StartTime=1970-01-01") == "21");
  BOOST_TEST(listed("StartTime%3E=1970-01-01") == "21");
  BOOST_TEST(listed("StartTime%3E=1970-01-02") == "");
  BOOST_TEST(listed("StartTime%3C=1970-01-02") == "21");
  BOOST_TEST(listed("StartTime%3C=1970-01-01") == "");
  BOOST_TEST(listed("EndTime=1970-01-01T00:00:00Z") == "21");
  world.pass(10s);
  BOOST_TEST(listed("StartTime%3E=1970-01-02") == "3");
}

BOOST_AUTO_TEST_CASE(a_call_is_deleted_when_it_is_over) {
  OneLoopWorld world(with(only("busy")));
  const auto made = create(world).body;
  BOOST_TEST(ask(world, "DELETE", target_of(world, made)).body["code"] == 20009);
  world.pass(10s);
  BOOST_TEST(ask(world, "DELETE", target_of(world, made)).status == 204);
  BOOST_TEST(ask(world, "GET", target_of(world, made)).status == 404);
  BOOST_TEST(ask(world, "GET", calls_target(world) + ".json").body["calls"].empty());
}

BOOST_AUTO_TEST_CASE(a_live_call_takes_new_orders) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = "<Response><Pause length=\"300\"/></Response>";
  world.program->documents["/other"] = "<Response><Pause length=\"300\"/></Response>";
  Fields form = order();
  form[2].value = world.program->url("/talk");
  const auto call = create(world, form).body;
  const std::string target = target_of(world, call);
  const auto update = [&](const Fields& fields) {
    return ask(world, "POST", target, write_form(fields));
  };
  const Field url{"Url", world.program->url("/other")};
  const Field twiml{"Twiml", "<Response><Pause length=\"5\"/></Response>"};
  BOOST_TEST(update({url}).body["code"] == 21220);  // it is not in progress yet
  world.pass(30s);
  BOOST_TEST(update({url, twiml}).status == 400);
  BOOST_TEST(update({{"Status", "paused"}}).status == 400);
  BOOST_TEST(update({{"Twiml", std::string(4001, 'a')}}).body["code"] == 32018);
  // Without a document another callback is not taken; with one it is.
  BOOST_TEST(update({{"StatusCallback", world.program->url("/ignored")}}).status == 200);
  BOOST_TEST(update({url, {"StatusCallback", world.program->url("/ended")}}).status == 200);
  world.pass(1s);
  BOOST_TEST(world.program->at_path("/other").size() == 1U);
  BOOST_TEST(update({{"Status", "canceled"}}).body["status"] == "in-progress");
  BOOST_TEST(update({twiml}).status == 200);
  world.pass(6s);
  BOOST_TEST(world.program->at_path("/ended").size() == 1U);
  BOOST_TEST(world.program->at_path("/ignored").empty());
  BOOST_TEST(update({twiml}).body["code"] == 21220);
}

BOOST_AUTO_TEST_CASE(a_live_call_is_cut_by_a_new_time_limit_and_by_completed) {
  OneLoopWorld world(with(only("human")));
  world.program->documents["/talk"] = "<Response><Pause length=\"300\"/></Response>";
  const auto begin = [&](const std::string& to) {
    Fields form = order(to);
    form[2].value = world.program->url("/talk");
    const auto call = create(world, form).body;
    world.pass(30s);
    return target_of(world, call);
  };
  const std::string cut = begin(number);
  BOOST_TEST(ask(world, "POST", cut, "TimeLimit=60").status == 200);
  world.pass(60s);
  BOOST_TEST(ask(world, "GET", cut).body["duration"] == "60");
  const std::string ended = begin("+390622222222");
  BOOST_TEST(ask(world, "POST", ended, "Status=completed").body["status"] == "completed");
}

BOOST_AUTO_TEST_CASE(too_many_requests_say_when_to_come_again_if_asked) {
  OneLoopWorld bare(with(only("busy"), parse_faults("post_refused=1000")));
  const Asked refused = create(bare);
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.body["code"] == 20429);
  BOOST_TEST(refused.response.header("Retry-After") == "");
  OneLoopWorld kind(with(only("busy"), parse_faults("post_refused_later=1000,retry_after_s=7")));
  BOOST_TEST(create(kind).response.header("Retry-After") == "7");
  BOOST_TEST(ask(kind, "GET", calls_target(kind) + ".json").body["calls"].empty());
}

BOOST_AUTO_TEST_CASE(questions_may_fail_too) {
  OneLoopWorld refused(with(only("busy"), parse_faults("get_refused=1000")));
  const auto call = create(refused).body;
  BOOST_TEST(ask(refused, "GET", target_of(refused, call)).status == 429);
  BOOST_TEST(ask(refused, "GET", calls_target(refused) + ".json").status == 429);
  OneLoopWorld failed(with(only("busy"), parse_faults("get_failed=1000")));
  BOOST_TEST(ask(failed, "GET", calls_target(failed) + ".json").body["code"] == 20500);
}

BOOST_AUTO_TEST_CASE(an_order_may_be_done_and_its_answer_lost_in_every_way) {
  using bridge::carrier::CallInDoubt;
  using bridge::carrier::CallPlaced;
  const auto placed = [](const std::string& fault, std::chrono::seconds wait) {
    OneLoopWorld world(with(only("busy"), parse_faults(fault)));
    world.program->place(world.program->order(number));
    for (auto waited = 0s; waited < wait && world.program->placed.empty(); waited += 1s) {
      for (int i = 0; i < 5; ++i) world.settle();
      world.advance(1s);
    }
    world.until([&] { return !world.program->placed.empty(); });
    const auto calls = ask(world, "GET", "/rehearsal/truth.json").body["calls"].size();
    BOOST_TEST(calls == 1U, fault);
    const auto& reply = world.program->placed.at(0);
    return std::string(std::holds_alternative<CallPlaced>(reply)    ? "placed"
                       : std::holds_alternative<CallInDoubt>(reply) ? "in doubt"
                                                                    : "refused");
  };
  BOOST_TEST(placed("post_dropped=1000", 1s) == "in doubt");
  BOOST_TEST(placed("post_reset=1000", 1s) == "in doubt");
  BOOST_TEST(placed("post_truncated=1000", 1s) == "in doubt");
  BOOST_TEST(placed("post_failed_accepted=1000", 1s) == "in doubt");
  BOOST_TEST(placed("post_unanswered=1000", 60s) == "in doubt");
  BOOST_TEST(placed("post_delayed=1000", 60s) == "placed");  // 25 of the 30 seconds
  BOOST_TEST(placed("post_split=1000", 5s) == "placed");
}

BOOST_AUTO_TEST_CASE(a_connection_is_reset_or_closed_as_the_fault_says) {
  const auto broken = [](const std::string& fault) {
    OneLoopWorld world(with(only("busy"), parse_faults(fault)));
    world.program->place(world.program->order(number));
    world.until([&] { return !world.program->placed.empty(); });
    return std::get<bridge::carrier::CallInDoubt>(world.program->placed.at(0)).why;
  };
  BOOST_TEST((broken("post_reset=1000").find("reset") != std::string::npos));
  BOOST_TEST((broken("post_dropped=1000").find("reset") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(every_fault_has_its_line_of_help_and_its_word_in_the_manual) {
  std::ifstream file(CAMPANILE_SOURCE_DIR "/runner/campanile.1");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  std::istringstream help(faults_help());
  std::size_t lines = 0;
  for (std::string line; std::getline(help, line); ++lines) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    BOOST_CHECK_NO_THROW(parse_faults(name + "=1"));
    BOOST_TEST((manual.find(name) != std::string::npos), name);
  }
  BOOST_TEST(lines * sizeof(int) == sizeof(Faults));  // no fault is without a name
}

BOOST_AUTO_TEST_SUITE_END()
