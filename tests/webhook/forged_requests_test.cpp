// Requests that somebody made up or sends again, by the thousand: CAMPANILE_FORGED of each kind.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>

#include "tests/webhook/house.hpp"

BOOST_AUTO_TEST_SUITE(forged_requests)

using namespace house;
using house::call_fields;

namespace {

std::size_t count_from_environment() {
  const char* text = std::getenv("CAMPANILE_FORGED");
  return text != nullptr && *text != '\0' ? std::strtoul(text, nullptr, 10) : 1'000;
}

// splitmix64: the same everywhere.
struct Dice {
  std::uint64_t state = 1;
  std::uint64_t next() {
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }
  std::size_t below(std::size_t n) { return next() % n; }
};

std::string signature_of(const Request& request) {
  return std::string(request.header("X-Twilio-Signature"));
}

// One call as the carrier tells it, each request just before it is answered.
std::vector<Request> one_call() {
  const std::string token = token_of({"visite", 1, 1});
  const auto status = [&](const std::string& word, Fields more = {}) {
    more.push_back({"CallStatus", word});
    more.push_back({"CallbackSource", "call-progress-events"});
    return post("/call-status/" + token, call_fields(std::move(more)), old_url);
  };
  const std::string answer = "/survey-answer/" + token;
  return {status("initiated", {{"SequenceNumber", "0"}}),
          status("ringing", {{"SequenceNumber", "1"}}),
          status("in-progress", {{"SequenceNumber", "2"}}),
          post("/outbound-call/" + token, call_fields(), old_url),
          post("/answering-machine/" + token,
               {{"CallSid", call_sid}, {"AccountSid", account}, {"AnsweredBy", "human"}}, old_url),
          post(answer + "/conferma/1", call_fields({{"Digits", "4"}}), old_url),
          post(answer + "/voto/2",
               call_fields({{"SpeechResult", "quattro, sì"}, {"Confidence", "0.91"}}), old_url),
          status("completed", {{"CallDuration", "34"}, {"SequenceNumber", "3"}})};
}

// Makes something else of a request that was good.
Request mutated(const Request& good, Dice& dice) {
  Request bad = good;
  const auto change = [&](std::string& text) {
    if (text.empty()) {
      text = "x";
      return;
    }
    const std::size_t at = dice.below(text.size());
    switch (dice.below(4)) {
      case 0:
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << dice.below(7)));
        break;
      case 1:
        text.erase(at, 1 + dice.below(4));
        break;
      case 2:
        text.insert(at, 1, static_cast<char>('!' + dice.below(94)));
        break;
      default:
        text[at] = static_cast<char>(dice.below(256));
        break;
    }
  };
  const auto sign_anew = [&](const std::string& token, const std::string& url) {
    bridge::rehearsal::Fields fields;
    const auto form = bridge::http::decode_form(bad.body).value_or(Fields{});
    for (const auto& field : form) fields.push_back({field.name, field.value});
    set_header(bad, "X-Twilio-Signature", bridge::rehearsal::signature(token, url, fields));
  };
  switch (dice.below(14)) {
    case 0:
    case 1:
      change(bad.target);
      break;
    case 2:
    case 3:
    case 4:
      change(bad.body);
      break;
    case 5: {
      std::string signature = signature_of(bad);
      change(signature);
      set_header(bad, "X-Twilio-Signature", signature);
      break;
    }
    case 6:  // a field more, after or before
      if (dice.below(2) == 0) {
        bad.body += "&Digits=" + std::to_string(dice.below(10));
      } else {
        bad.body = "CallStatus=completed&" + bad.body;
      }
      break;
    case 7: {  // a field less
      auto fields = bridge::http::decode_form(bad.body).value();
      fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(dice.below(fields.size())));
      bad.body = bridge::http::encode_form(fields);
      break;
    }
    case 8: {  // two values change places
      auto fields = bridge::http::decode_form(bad.body).value();
      std::swap(fields[dice.below(fields.size())].value, fields[dice.below(fields.size())].value);
      bad.body = bridge::http::encode_form(fields);
      break;
    }
    case 9:
      sign_anew(dice.below(2) == 0 ? "" : "another token", old_url + bad.target);
      break;
    case 10: {  // signed for another address
      static const std::vector<std::string> others = {
          "http://old.example.test",   "https://old.example.test:8443",
          "https://old.example.test/", "https://old.example.test.evil.test",
          "wss://old.example.test",    now_url};
      sign_anew(primary_token, others[dice.below(others.size())] + bad.target);
      break;
    }
    case 11:  // another request's signature
      bad.target += dice.below(2) == 0 ? "/" : "?bodySHA256=" + std::string(64, '0');
      break;
    case 12:
      set_header(bad, "Content-Type", "application/json");
      bad.body = R"({"CallSid":")" + call_sid + R"(","CallStatus":"completed"})";
      break;
    default:
      bad.method = dice.below(2) == 0 ? "GET" : "PUT";
      if (dice.below(2) == 0) bad.target += "?" + std::exchange(bad.body, {});
      break;
  }
  return bad;
}

// Whether it says the same, written otherwise: a blank as %20, an escape in small letters, an end
// of a name that nobody reads moved to where the signature does not see it.
bool says_the_same(const Request& one, const Request& other) {
  const auto read = [](const Request& request) {
    const auto fields = bridge::http::decode_form(request.body).value_or(Fields{{"no", "form"}});
    std::string lines;
    for (const char* name :
         {"CallSid", "AccountSid", "CallStatus", "CallDuration", "SipResponseCode", "AnsweredBy",
          "Timestamp", "Digits", "SpeechResult", "Confidence", "no"}) {
      for (const auto& field : fields) {
        const std::string line = field.name + '=' + field.value + '\n';
        if (field.name == name && lines.find(line) == std::string::npos) lines += line;
      }
    }
    return lines;
  };
  return one.method == other.method && one.target == other.target &&
         signature_of(one) == signature_of(other) && read(one) == read(other);
}

}  // namespace

// Each is sent where the good one would do its work, so that what gets in shows.
BOOST_AUTO_TEST_CASE(no_request_that_was_changed_on_its_way_changes_anything) {
  const auto call = one_call();
  House world;
  Dice dice;
  const std::size_t for_each = (count_from_environment() + call.size() - 1) / call.size();
  std::size_t refused = 0;
  std::size_t same = 0;
  for (const Request& good : call) {
    const std::string before = world.digest();
    for (std::size_t i = 0; i < for_each; ++i) {
      const Request bad = mutated(good, dice);
      if (says_the_same(good, bad) && std::holds_alternative<Inbound>(world.door.read(bad))) {
        ++same;
        continue;
      }
      const Response response = world.send(bad);
      BOOST_TEST_REQUIRE(response.status >= 400, bad.method << ' ' << bad.target << '\n'
                                                            << bad.body);
      BOOST_TEST_REQUIRE(world.digest() == before);
      ++refused;
    }
    const Response response = world.send(good);
    BOOST_TEST_REQUIRE(response.status < 300);
    BOOST_TEST_REQUIRE(world.digest() != before, good.target << " does nothing");
  }
  BOOST_TEST_MESSAGE(refused << " mutated requests refused, " << same
                             << " said the same and are signed");
  BOOST_TEST(refused > for_each * call.size() * 9 / 10);
}

BOOST_AUTO_TEST_CASE(no_request_that_is_sent_again_changes_anything) {
  const auto call = one_call();
  House world;
  for (const Request& good : call) BOOST_TEST_REQUIRE(world.send(good).status < 300);
  BOOST_TEST(!world.state.queue.open_attempt({0, 1}));  // the attempt is closed
  const std::string before = world.digest();
  Dice dice;
  for (std::size_t i = 0; i < count_from_environment(); ++i) {
    const Request& again = call[dice.below(call.size())];
    BOOST_TEST_REQUIRE(world.send(again).status < 300);
    BOOST_TEST_REQUIRE(world.digest() == before, again.target);
  }
}

// Whoever has not the account's token opens no socket, whatever they change of one that was good.
BOOST_AUTO_TEST_CASE(no_socket_opens_without_the_carriers_signature) {
  House house;
  const std::string before = house.digest();
  Dice dice;
  const std::string path = "/media-stream";
  const std::string good =
      bridge::rehearsal::signature(primary_token, "wss://now.example.test" + path, {});
  std::size_t let_in = 0;
  const std::size_t count = count_from_environment();
  for (std::size_t n = 0; n < count; ++n) {
    Request request;
    request.method = "GET";
    request.target = path;
    std::string signature = good;
    switch (dice.below(5)) {
      case 0:  // one letter of it
        signature[dice.below(signature.size() - 1)] ^= static_cast<char>(1 + dice.below(7));
        break;
      case 1:  // another key
        signature = bridge::rehearsal::signature("key " + std::to_string(dice.next()),
                                                 "wss://now.example.test" + path, {});
        break;
      case 2:  // another host or port
        signature = bridge::rehearsal::signature(
            primary_token,
            "wss://now.example.test:" + std::to_string(1024 + dice.below(60000)) + path, {});
        break;
      case 3:  // a query, which the carrier drops
        request.target += "?token=" + std::to_string(dice.next());
        break;
      default:  // that of a form
        signature = bridge::rehearsal::signature(primary_token, now_url + path,
                                                 {{"CallSid", "CA" + std::to_string(dice.next())}});
        break;
    }
    request.headers = {{"Host", "now.example.test"}, {"X-Twilio-Signature", signature}};
    const auto read = house.door.read(request);
    const auto* refused = std::get_if<TurnedAway>(&read);
    if (refused == nullptr) {
      ++let_in;
    } else {
      BOOST_TEST(refused->status == 403);
    }
  }
  BOOST_TEST(let_in == 0U);
  BOOST_TEST(house.digest() == before);
  // The good one is.
  Request request;
  request.method = "GET";
  request.target = path;
  request.headers = {{"X-Twilio-Signature", good}};
  BOOST_TEST(std::holds_alternative<Inbound>(house.door.read(request)));
}

BOOST_AUTO_TEST_SUITE_END()
