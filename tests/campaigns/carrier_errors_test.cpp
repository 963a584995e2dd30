#include "campaigns/carrier_errors.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(carrier_errors)

using namespace campaigns;
using namespace some;

namespace {

// The table of protocols.md 1.7, written down a second time.
const std::map<ErrorClass, std::set<std::int64_t>> documented = {
    {ErrorClass::number_dead, {21211, 21214, 21216, 21217, 21202}},
    {ErrorClass::person_refused, {21215, 21203}},
    {ErrorClass::retry_later, {20429, 10004, 22005}},
    {ErrorClass::stop_campaign,
     {20003, 20005, 10001, 20404, 21201, 21213, 21205, 21209, 21206, 21208, 21210, 21212, 21218,
      21219, 573002, 573005, 21234, 32018}},
    {ErrorClass::says_nothing, {20500, 20503}},
    {ErrorClass::of_a_call, {21220, 13223, 13224, 13225, 13227, 13214}}};

// What follows when the carrier refuses the order of the first of two people.
struct Refused : Running {
  std::string lines{};

  Refused(std::int64_t http_status, std::int64_t code, bool retryable = false)
      : Running(notification(), 2) {
    plans();
    OrderAnswered answer;
    answer.attempt = attempt();
    answer.kind = OrderAnswered::Kind::rejected;
    answer.http_status = http_status;
    answer.code = code;
    answer.retryable = retryable;
    lines = when(answer);
  }
  const DialContact& contact() const { return state().queue.campaigns[0].contact(1); }
  bool paused() const { return state().book.at(0).status == CampaignStatus::paused; }
  const std::string& pause_reason() const { return state().book.at(0).status_reason; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_documented_code_is_there_with_its_class_and_a_sentence) {
  for (const auto& [what, codes] : documented) {
    for (const auto code : codes) {
      BOOST_TEST_CONTEXT(code) {
        const auto* error = carrier_error(code);
        BOOST_REQUIRE(error != nullptr);
        BOOST_TEST(error->code == code);
        BOOST_TEST((error->what == what));
      }
    }
  }
  std::int64_t last = 0;
  for (const auto& error : campaigns::carrier_errors()) {
    BOOST_TEST_CONTEXT(error.code) {
      BOOST_TEST(error.code > last);
      last = error.code;
      BOOST_TEST(carrier_error(error.code) == &error);
      // One sentence that says more than that something failed, for use within another.
      BOOST_TEST(error.sentence.size() >= 18U);
      BOOST_TEST(!error.sentence.ends_with('.'));
      BOOST_TEST(error.sentence.find("  ") == std::string_view::npos);
      // Whatever stops a campaign names what to do.
      if (error.what == ErrorClass::stop_campaign || error.what == ErrorClass::person_refused) {
        BOOST_TEST(error.sentence.find("; ") != std::string_view::npos);
      }
    }
  }
  for (const std::int64_t code : {0, -1, 1, 21200, 21221, 999'999}) {
    BOOST_TEST(carrier_error(code) == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(a_dead_number_closes_the_case_and_nothing_else) {
  for (const auto code : documented.at(ErrorClass::number_dead)) {
    BOOST_TEST_CONTEXT(code) {
      Refused world(400, code);
      BOOST_TEST((world.contact().stage == Stage::done));
      BOOST_TEST((world.contact().last_outcome == Outcome::invalid_number));
      BOOST_TEST(!world.paused());
      BOOST_TEST(world.later(1s).plans().find("contact/note/2 CallRequested") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_may_be_mended_or_pass_is_tried_again_and_comes_to_an_end) {
  auto codes = documented.at(ErrorClass::person_refused);
  codes.insert({20429, 10004, 22005});
  codes.insert({21299, 0});             // nobody has heard of it yet; none at all
  codes.insert({20500, 21220, 12345});  // said of something else
  for (const auto code : codes) {
    BOOST_TEST_CONTEXT(code) {
      Refused world(400, code);
      BOOST_TEST((world.contact().stage == Stage::retry));
      BOOST_TEST((world.contact().last_outcome == Outcome::not_placed));
      BOOST_TEST(world.contact().attempts == 0);
      BOOST_TEST(world.contact().unplaced == 1);
      BOOST_TEST(!world.paused());
      for (std::uint8_t attempt = 2; attempt <= 3; ++attempt) {
        world.later(301s).plans();
        OrderAnswered again;
        again.attempt = world.attempt(1, attempt);
        again.kind = OrderAnswered::Kind::rejected;
        again.http_status = 400;
        again.code = code;
        world.does(again);
      }
      BOOST_TEST((world.contact().stage == Stage::exhausted));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_holds_for_everybody_pauses_the_campaign_and_says_what_to_do) {
  for (const auto code : documented.at(ErrorClass::stop_campaign)) {
    BOOST_TEST_CONTEXT(code) {
      Refused world(400, code);
      BOOST_TEST(world.paused());
      BOOST_TEST(world.pause_reason() == "the carrier refuses every call: code " +
                                             std::to_string(code) + ": " +
                                             std::string(carrier_error(code)->sentence));
      BOOST_TEST((world.contact().stage == Stage::retry));
      BOOST_TEST(world.contact().attempts == 0);
      BOOST_TEST(world.later(301s).plans() == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(nobody_is_called_while_we_are_not_let_in_whatever_the_code) {
  for (const auto& [http, code] : {std::pair{401, 0}, std::pair{403, 0}, std::pair{401, 20999},
                                   std::pair{403, 20999}, std::pair{404, 0}}) {
    Refused world(http, code);
    BOOST_TEST(world.paused(), http);
  }
  // What is known of one number, or of none at all.
  for (const auto& [http, code] :
       {std::pair{400, 0}, std::pair{404, 20999}, std::pair{403, 21215}, std::pair{403, 21211}}) {
    Refused world(http, code);
    BOOST_TEST(!world.paused(), http);
  }
}

BOOST_AUTO_TEST_CASE(a_full_queue_of_the_carrier_slows_down) {
  const Refused world(400, 22005);
  BOOST_TEST(world.lines.find("\"code\":22005,\"queue_full\":true}") != std::string::npos,
             world.lines);
  BOOST_TEST(world.state().queue.slowdown.level(world.now()) == 1u);
  // As a log from before has it.
  Running before(notification(), 2);
  before.plans();
  before.given(Subject::contact("note", 1), CallRefused{1, 400, 22005});
  BOOST_TEST(before.state().queue.slowdown.level(before.now()) == 0u);
}

BOOST_AUTO_TEST_CASE(a_429_says_nothing_about_the_number_or_the_campaign) {
  for (const std::int64_t code : {20429, 0, 21211, 20003}) {
    Refused world(429, code, true);
    BOOST_TEST(!world.paused());
    BOOST_TEST((world.contact().stage == Stage::retry));
  }
}

BOOST_AUTO_TEST_CASE(a_code_that_nobody_knows_is_told_with_where_to_read_of_it) {
  BOOST_TEST(refusal_text(400, 21299) ==
             "HTTP 400, code 21299, which is not known here; see "
             "https://www.twilio.com/docs/api/errors/21299");
  BOOST_TEST(refusal_text(404, 0).find("check TWILIO_BASE_URL") != std::string::npos);
  BOOST_TEST(refusal_text(400, 0) == "HTTP 400 without a code");
  BOOST_TEST(refusal_text(401, 0).find("check the credentials") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
