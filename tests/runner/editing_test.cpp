#include "runner/editing.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "runner/submission.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(editing)

namespace {

using namespace some;

// A campaign that has been taken with these numbers to pass people on to.
Campaign passing_on_to(std::vector<std::string> numbers, std::vector<std::string> countries = {}) {
  auto campaign = agent_survey();
  campaign.agent.transfer = std::move(numbers);
  campaign.countries = std::move(countries);
  campaign.caller_ids = {"+390220527877"};
  return campaign;
}

// As it is read from a file that says the same.
CampaignFile file_of(const Campaign& campaign) {
  auto file = parse_campaign_file(print_campaign(campaign));
  BOOST_TEST_REQUIRE(file.ok());
  return std::move(file).value();
}

Result<runner::Edit> edit(const World& world, const Campaign& next) {
  return runner::make_edit(world.state(), next.id, "edited.json", file_of(next));
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_edit_of_something_else_goes_on_with_numbers_that_were_taken_before) {
  const struct {
    Campaign before{};
    std::string where{};
  } cases[] = {{passing_on_to({"+39899123456"}), "/agent/transfer/0"},
               {passing_on_to({"+390220527877", "+39899123456"}, {"IT"}), "/agent/transfer/1"},
               {passing_on_to({"+41446681800"}, {"IT"}), "/agent/transfer/0"}};
  for (const auto& one : cases) {
    const Running world(one.before);
    auto next = one.before;
    next.pacing.lines += 1;
    const auto made = edit(world, next);
    BOOST_TEST_REQUIRE(made.ok());
    BOOST_TEST(made->changes.size() == 1U);
    BOOST_TEST_REQUIRE(made->warnings.size() == 1U);
    BOOST_TEST(made->warnings.front().starts_with(one.where + ": "));
    const auto told = runner::edit_text(next.id, runner::edit_json(made.value(), {}, false));
    BOOST_TEST(told.find("warning: " + one.where) != std::string::npos);
  }
  const auto well = passing_on_to({"+390220527877"}, {"IT"});
  const Running world(well);
  const auto made = edit(world, well);
  BOOST_TEST_REQUIRE(made.ok());
  BOOST_TEST(made->warnings.empty());
  BOOST_TEST(runner::edit_json(made.value(), {}, false).find("warnings") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_edit_that_brings_such_a_number_or_makes_it_one_is_refused) {
  const struct {
    Campaign before{};
    Campaign next{};
  } cases[] = {
      {passing_on_to({"+390220527877"}), passing_on_to({"+39899123456"})},
      {passing_on_to({"+39899123456"}), passing_on_to({"+39899123457"})},
      {passing_on_to({"+41446681800"}, {"IT", "CH"}), passing_on_to({"+41446681800"}, {"IT"})},
  };
  for (const auto& one : cases) {
    const Running world(one.before);
    const auto made = edit(world, one.next);
    BOOST_TEST_REQUIRE(!made.ok());
    BOOST_TEST(made.error().front().where == "edited.json: /agent/transfer/0");
  }
}

BOOST_AUTO_TEST_CASE(a_campaign_that_was_not_taken_yet_is_refused_with_such_a_number) {
  runner::Submission submission;
  submission.file = file_of(passing_on_to({"+39899123456"}, {"IT"}));
  submission.contacts = "Telefono,Nome\n+393471234567,Anna\n";
  const auto report =
      runner::check_submission(submission, some_zones(), utc("2026-03-02T07:00:00Z"), 1000);
  const auto told = [](const Problem& problem) { return problem.where == "/agent/transfer/0"; };
  // Once, whoever found it.
  BOOST_TEST(std::ranges::count_if(report.problems, told) == 1);
  BOOST_TEST(runner::reason_not_to_enrol(submission, report, false).has_value());
}

BOOST_AUTO_TEST_CASE(an_edit_that_moves_the_hours_into_the_night_is_warned_of) {
  using namespace std::chrono_literals;
  const auto well = passing_on_to({"+390220527877"}, {"IT"});
  const Running world(well);
  auto next = well;
  next.hours.windows = {{0b0001'1111, 3h, 5h}};
  const auto made = edit(world, next);
  BOOST_TEST_REQUIRE(made.ok());
  BOOST_TEST_REQUIRE(made->warnings.size() == 1U);
  BOOST_TEST(made->warnings.front().starts_with("people may be called before 08:00"));
}

BOOST_AUTO_TEST_SUITE_END()
