#include "runner/enrolment.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "campaigns/campaign_file.hpp"
#include "tests/campaigns/some_campaigns.hpp"
#include "tests/runner/replayed.hpp"
#include "tests/support/silent_carrier.hpp"
#include "tests/support/simulated_event_store.hpp"

BOOST_AUTO_TEST_SUITE(enrolment)

namespace {

using namespace some;

runner::Submission list_of_lines(std::size_t people) {
  runner::Submission submission;
  auto& campaign = submission.file.campaign;
  campaign = notification();
  campaign.contacts.file = "people.jsonl";
  campaign.contacts.zone = "Europe/Rome";
  for (std::size_t n = 0; n < people; ++n) {
    submission.contacts += "{\"number\":\"+39347" + std::to_string(1'000'000 + n) +
                           "\",\"name\":\"Persona " + std::to_string(n) + "\"}\n";
  }
  submission.definition = print_campaign(campaign);
  submission.definition_digest = "d1";
  submission.contacts_digest = "c1";
  return submission;
}

// A program that lives on a log until it is destroyed, and enrols one list.
struct Program {
  Program(support::SimulatedEventStore& store, const runner::Submission& submission)
      : log(store), under_test(log, carrier, clock, rules, keys, {}, support::replayed(log), {}) {
    if (log.last() == 0) {
      LogCreated created;
      created.carrier = "rehearsal";
      under_test.note_command(CreateLog{created});
    }
    RunnerStarted run;
    run.epoch = log.epoch();
    run.public_url = "https://example.test";
    under_test.note_command(StartRunner{run});
    enrolment.emplace(under_test, log, keys, runner::open_list(submission, rules), false,
                      [this](std::optional<Refusal> told) { refusal = std::move(told); });
  }
  // A turn of the loop, and of the disk.
  void turn() {
    enrolment->step();
    under_test.tick();
    log.commit_all();
  }
  std::size_t people() const {
    const auto& campaigns = under_test.state().queue.campaigns;
    return campaigns.empty() ? 0 : campaigns[0].contacts.size();
  }

  support::SimulatedEventStore& log;
  support::SilentCarrier carrier{};
  // At night, so that nobody is called.
  bridge::net::SteppedClock clock{utc("2026-03-02T02:00:00Z")};
  ZoneRules rules = some_zones();
  runner::LogKeys keys{runner::LogKeys::rehearsal_secret(7)};
  runner::Runner under_test;
  std::optional<runner::Enrolment> enrolment{};
  std::optional<Refusal> refusal{};
};

}  // namespace

// Reading takes its time whether or not a row is in the log already, and calls go on meanwhile.
BOOST_AUTO_TEST_CASE(a_list_that_is_resumed_is_read_in_as_many_turns_as_a_new_one) {
  const auto submission = list_of_lines(3500);
  support::SimulatedEventStore log;
  {
    Program first(log, submission);
    while (first.people() < 3000) first.turn();
  }
  Program second(log, submission);
  std::size_t turns = 0;
  while (second.people() == 3000 && turns < 100) {
    second.turn();
    ++turns;
  }
  // It submits, passes over three thousand, and feeds.
  BOOST_TEST(turns >= 5U);
  while (!second.enrolment->finished() && turns < 100) {
    second.turn();
    ++turns;
  }
  BOOST_TEST(second.enrolment->finished());
  BOOST_TEST(!second.refusal.has_value());
  BOOST_TEST(second.people() == 3500U);
  // Nothing is left to read.
  Program third(log, submission);
  for (turns = 0; !third.enrolment->finished() && turns < 3; ++turns) third.turn();
  BOOST_TEST(third.enrolment->finished());
  BOOST_TEST(third.people() == 3500U);
}

BOOST_AUTO_TEST_CASE(a_list_that_cannot_be_opened_is_refused_with_its_place) {
  auto submission = list_of_lines(1);
  submission.contacts = "\n";
  support::SimulatedEventStore log;
  Program program(log, submission);
  program.turn();
  BOOST_TEST_REQUIRE(program.refusal.has_value());
  BOOST_TEST(program.refusal->code == "bad_list");
  BOOST_TEST(program.refusal->text.find("people.jsonl") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_whose_campaign_is_cancelled_meanwhile_gets_no_further) {
  const auto submission = list_of_lines(3500);
  // Before anything of it is in the log, when it has been submitted, and in the midst of its rows.
  for (const std::size_t people : {0U, 1U, 1000U}) {
    support::SimulatedEventStore log;
    Program program(log, submission);
    if (people == 1) program.enrolment->step();
    while (people > 1 && program.people() < people) program.turn();
    program.enrolment->drop();
    program.under_test.note_command(CancelAll{"basta"});
    for (int turns = 0; turns < 5; ++turns) program.turn();
    BOOST_TEST_REQUIRE(program.enrolment->finished());
    BOOST_TEST_REQUIRE(program.refusal.has_value());
    BOOST_TEST(program.refusal->code == "cancelled_meanwhile");
    const auto& book = program.under_test.state().book;
    BOOST_TEST(book.campaigns.size() == (people == 0 ? 0U : 1U));
    for (const auto& entry : book.campaigns) {
      BOOST_TEST((entry.status == CampaignStatus::cancelled));
    }
    BOOST_TEST(program.people() < 3500U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
