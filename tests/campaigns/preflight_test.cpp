#include "campaigns/preflight.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <sstream>

#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(preflight)

using namespace campaigns;
using namespace std::chrono_literals;

namespace {

CampaignFile a_file() {
  CampaignFile file;
  Campaign& c = file.campaign;
  c.kind = Kind::notification;
  c.contacts.file = "list.csv";
  c.contacts.region = "IT";
  c.contacts.number_column = "n";
  c.greeting.by_language = {{"it-IT", "Ciao"}};
  c.hours.windows = {{0b0011111, 9h, 10h}};
  c.ring_time = 20s;
  c.call_time = 40s;
  c.retries.attempts_max = 1;
  return file;
}

// A list of so many Italian mobiles.
std::string list_of(int people) {
  std::string text = "n\n";
  for (int i = 0; i < people; ++i) text += "333" + std::to_string(1'000'000 + i) + "\n";
  return text;
}

Instant utc(const char* text) {
  return parse_rfc3339(text).value();
}
std::string at(const std::optional<Instant>& instant) {
  return instant ? rfc3339_utc(*instant) : "never";
}

Preflight check(const CampaignFile& file, const std::string& list,
                std::uint32_t rate_thousandths = 1000) {
  static const ZoneRules rules = some_zones();
  // Monday 2 March 2026, 08:00 in Rome.
  return campaigns::preflight(file, rules, list, utc("2026-03-02T07:00:00Z"), rate_thousandths);
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_reasons_and_duplicates_are_counted) {
  const Preflight result =
      check(a_file(), "n\n3331234567\n+39 333 1234567\n12\n3331234568\n0039 333 1234567\nx\n");
  BOOST_TEST(result.rows == 6U);
  BOOST_TEST(result.usable == 4U);
  BOOST_TEST(result.rejected_count == 2U);
  BOOST_TEST(result.rejected.size() == 2U);
  BOOST_TEST(result.rejected.at(1).row == 7U);
  BOOST_TEST(result.rejected_by_reason.at("too_short") == 1U);
  BOOST_TEST(result.rejected_by_reason.at("letters") == 1U);
  BOOST_TEST(result.duplicates == 2U);
  const std::vector<std::uint64_t> duplicates{3, 6};
  BOOST_TEST(result.duplicate_rows == duplicates, boost::test_tools::per_element());
  BOOST_TEST(result.by_zone.at("Europe/Rome") == 4U);
  BOOST_TEST(result.by_language.at("it-IT") == 4U);
  BOOST_TEST(result.problems.empty());
  BOOST_TEST(result.encoding == "utf-8");
  BOOST_TEST(result.delimiter == ",");
}

BOOST_AUTO_TEST_CASE(rows_that_share_an_id_are_warned_of_by_their_rows) {
  auto file = a_file();
  const auto warning_of = [&](const std::string& list) {
    for (const auto& warning : check(file, list).warnings) {
      if (warning.find("the id of") != std::string::npos) return warning;
      if (warning.find("the ids of") != std::string::npos) return warning;
    }
    return std::string("none");
  };
  // The same number twice is one person; a row that cannot be used is nobody's; no id is none.
  const std::string list =
      "n,code\n3331234561,K-1\n3331234562,K-2\n3331234563,K-1\n3331234561,K-1\nx,K-2\n"
      "3331234564,\n3331234565,\n3331234566,K-1\n";
  BOOST_TEST(warning_of(list) == "none");
  file.campaign.contacts.id_column = "code";
  BOOST_TEST(check(file, list).same_id == 2U);
  BOOST_TEST(
      warning_of(list) ==
      "2 rows have the ids of others, column \"code\": 4 (of row 2), 9 (of row 2); in the first "
      "list of a campaign each is called as a person of their own and the id means the "
      "first; of a list that comes later the first alone is taken");
  BOOST_TEST(warning_of("n,code\n3331234561,K-1\n3331234562,K-2\n") == "none");
  std::string long_list = "n,code\n";
  for (int i = 0; i < 30; ++i) long_list += "333" + std::to_string(1'000'000 + i) + ",K\n";
  const auto long_warning = warning_of(long_list);
  BOOST_TEST(long_warning.starts_with("29 rows have"), long_warning);
  BOOST_TEST(long_warning.find("22 (of row 2) …;") != std::string::npos, long_warning);
}

BOOST_AUTO_TEST_CASE(a_quota_that_the_list_cannot_fill_is_warned_of) {
  auto file = a_file();
  file.campaign.kind = Kind::survey;
  Condition north;
  north.op = Condition::Op::column_is;
  north.name = "area";
  north.values = {"north"};
  file.campaign.quotas = {{"north", north, 2}, {"all", {}, 3}};
  // A number that is there twice is one person.
  const auto result =
      check(file, "n,area\n3331234567,north\n3331234567,north\n3331234568,south\n3331234569,\n");
  BOOST_TEST(result.by_quota.at("north") == 1U);
  BOOST_TEST(result.by_quota.at("all") == 3U);
  BOOST_TEST_REQUIRE(!result.warnings.empty());
  const auto warned = [&](const std::string& warning) {
    return std::ranges::find(result.warnings, warning) != result.warnings.end();
  };
  BOOST_TEST(
      warned("the quota \"north\" cannot be filled: it wants 2, and 1 person of the list may "
             "belong to it"));
  BOOST_TEST(std::ranges::none_of(result.warnings, [](const std::string& warning) {
    return warning.find("\"all\"") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(hours_in_the_night_are_warned_of) {
  auto file = a_file();
  const auto warned = [&](const std::string& list) {
    std::string said;
    for (const auto& warning : check(file, list).warnings) {
      if (warning.find("before 08:00") != std::string::npos) said += warning + '\n';
    }
    return said;
  };
  const std::string list = "n\n3331234567\n+44 7400 123456\n+91 98765 43210\n";
  file.campaign.hours.windows = {{0b0001'1111, 9h, 20h}};
  BOOST_TEST(warned(list) == "");
  file.campaign.hours.zone = "Europe/Rome";
  BOOST_TEST(
      warned(list) ==
      "1 person in Asia/Kolkata may be called before 08:00 or after 21:00 of their own clock: "
      "the hours go by that of Europe/Rome (calling_hours.zone)\n");
  file.campaign.hours.zone.clear();
  file.campaign.hours.windows = {{0b0001'1111, 3h, 5h}};
  BOOST_TEST(warned(list) ==
             "people may be called before 08:00 or after 21:00: look whether calling_hours.windows "
             "says what you mean\n");
}

BOOST_AUTO_TEST_CASE(a_list_without_a_usable_contact_is_a_problem) {
  BOOST_TEST(check(a_file(), "n\nx\n").problems.at(0).what == "the list has no usable contact");
  BOOST_TEST(check(a_file(), "n\n").problems.size() == 1U);
  BOOST_TEST(check(a_file(), "m\n3331234567\n").problems.at(0).where == "/contacts/columns/number");
}

BOOST_AUTO_TEST_CASE(the_earliest_end_is_the_rate_within_the_hours) {
  CampaignFile file = a_file();
  BOOST_TEST(at(check(file, list_of(1)).earliest_end) == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(at(check(file, list_of(3601)).earliest_end) == "2026-03-02T09:00:00.000Z");
  // An hour a day at one a second: the rest on Tuesday.
  BOOST_TEST(at(check(file, list_of(3611)).earliest_end) == "2026-03-03T08:00:10.000Z");
  // The slower of the two rates holds.
  file.campaign.pacing.calls_per_second_thousandths = 5000;
  BOOST_TEST(at(check(file, list_of(11)).earliest_end) == "2026-03-02T08:00:10.000Z");
  BOOST_TEST(at(check(file, list_of(11), 2000).earliest_end) == "2026-03-02T08:00:05.000Z");
}

BOOST_AUTO_TEST_CASE(the_latest_end_has_every_attempt_and_every_call_to_its_limit) {
  CampaignFile file = a_file();
  file.campaign.pacing.lines = 2;
  // Ten people on two lines, a minute each: five minutes, and one more for the last call begun.
  BOOST_TEST(at(check(file, list_of(10)).latest_end) == "2026-03-02T08:06:00.000Z");
  file.campaign.retries.attempts_max = 2;
  file.campaign.retries.delay[static_cast<std::size_t>(Outcome::busy)] = 10min;
  file.campaign.retries.delay[static_cast<std::size_t>(Outcome::no_answer)] = 2h;
  // The second round two hours later is on Tuesday.
  BOOST_TEST(at(check(file, list_of(10)).latest_end) == "2026-03-03T08:06:00.000Z");
}

BOOST_AUTO_TEST_CASE(the_cost_lies_between_a_minute_each_and_every_call_to_its_limit) {
  CampaignFile file = a_file();
  BOOST_TEST(!check(file, list_of(10)).cost.has_value());
  auto& budget = file.campaign.budget;
  budget.per_minute_millionths = 20'000;
  budget.currency = "EUR";
  file.campaign.retries.attempts_max = 3;
  file.campaign.call_time = 61s;
  // Eleven rows, ten people: two minutes are begun.
  const auto list = list_of(10) + "3331000000\n";
  const Preflight free = check(file, list);
  BOOST_TEST(free.cost.value().least == 200'000);
  BOOST_TEST(free.cost.value().most == 1'200'000);
  BOOST_TEST(free.warnings.size() == check(file, list_of(1)).warnings.size());
  budget.limit_millionths = 1'200'000;
  BOOST_TEST(check(file, list).warnings.size() == free.warnings.size());
  const auto warned = [&](std::int64_t limit) {
    budget.limit_millionths = limit;
    for (const auto& warning : check(file, list).warnings) {
      if (warning.find("budget") != std::string::npos) return warning;
    }
    return std::string("nothing");
  };
  BOOST_TEST(warned(1'199'999) ==
             "the budget of 1.199999 EUR may end before everybody was called: every call at its "
             "longest costs 1.2 EUR");
  BOOST_TEST(warned(199'999) ==
             "the budget of 0.199999 EUR ends before everybody was called: a minute with each "
             "costs 0.2 EUR");
  BOOST_TEST(check(file, list).problems.empty());
  // One call is two begun minutes.
  BOOST_TEST(warned(40'000) ==
             "the budget of 0.04 EUR ends before everybody was called: a minute with each costs "
             "0.2 EUR");
  BOOST_TEST(warned(39'999) == "nothing");
  const auto refused = check(file, list).problems;
  BOOST_TEST_REQUIRE(refused.size() == 1U);
  BOOST_TEST(refused[0].where == "/budget/limit");
  BOOST_TEST(refused[0].what ==
             "the budget of 0.039999 EUR cannot pay one call: 0.04 EUR is set aside for each, as a "
             "call of \"call_time\" may cost");
  budget.limit_millionths = 0;
  budget.per_minute_millionths = 1'000'000'000'000'000;
  BOOST_TEST(check(file, list_of(10'000)).cost.value().most ==
             std::numeric_limits<std::int64_t>::max());
}

BOOST_AUTO_TEST_CASE(a_voice_model_costs_nothing_at_least_and_its_limit_at_each_call_at_most) {
  CampaignFile file = a_file();
  auto& campaign = file.campaign;
  campaign.mode = Mode::agent;
  campaign.budget = {100'000'000, 20'000};
  campaign.retries.attempts_max = 3;
  campaign.call_time = 61s;
  const auto unknown = [&] {
    const auto warnings = check(file, list_of(10)).warnings;
    return std::count_if(warnings.begin(), warnings.end(), [](const std::string& warning) {
      return warning.find("/budget/model") != std::string::npos;
    });
  };
  BOOST_TEST(unknown() == 1);
  BOOST_TEST(check(file, list_of(10)).cost.value().most_of_model == 0);
  campaign.budget.model = ModelPrices{.per_call_max = 300'000};
  BOOST_TEST(unknown() == 0);
  const auto cost = check(file, list_of(10)).cost.value();
  BOOST_TEST(cost.least == 200'000);
  BOOST_TEST(cost.most == 30 * (40'000 + 300'000));
  BOOST_TEST(cost.most_of_model == 30 * 300'000);
  // Whose talks nobody pays for by the minute may have a model that costs something.
  campaign.budget.per_minute_millionths = 0;
  BOOST_TEST(check(file, list_of(10)).cost.value().most == 30 * 300'000);
}

BOOST_AUTO_TEST_CASE(every_call_may_be_passed_on_for_as_long_as_it_lasts) {
  CampaignFile file = a_file();
  auto& campaign = file.campaign;
  campaign.operators = {"+390233333333"};
  campaign.budget = {100'000'000, 20'000};
  campaign.retries.attempts_max = 3;
  campaign.call_time = 61s;
  const auto warned = [&] {
    return std::ranges::any_of(check(file, list_of(10)).warnings, [](const std::string& warning) {
      return warning.find("/budget/transfer_per_minute") != std::string::npos;
    });
  };
  BOOST_TEST(warned());
  BOOST_TEST(check(file, list_of(10)).cost.value().most == 30 * 40'000);
  campaign.budget.transfer_per_minute_millionths = 50'000;
  BOOST_TEST(!warned());
  const auto cost = check(file, list_of(10)).cost.value();
  BOOST_TEST(cost.least == 200'000);
  BOOST_TEST(cost.most == 30 * (40'000 + 100'000));
  BOOST_TEST(cost.most_of_transfers == 30 * 100'000);
}

BOOST_AUTO_TEST_CASE(every_zone_counts) {
  CampaignFile file = a_file();
  const Preflight result = check(file, "n\n3331234567\n+44 20 7946 0958\n+91 98765 43210\n");
  BOOST_TEST(result.by_zone.size() == 3U);
  // London opens last; India had its hour before the campaign began and opens on Tuesday.
  BOOST_TEST(at(result.earliest_end) == "2026-03-03T03:30:00.000Z");
  BOOST_TEST((*result.earliest_end < *result.latest_end));
}

BOOST_AUTO_TEST_CASE(hours_that_never_open_give_a_warning_and_no_end) {
  CampaignFile file = a_file();
  file.campaign.hours.windows.clear();
  const Preflight result = check(file, list_of(2));
  BOOST_TEST(at(result.earliest_end) == "never");
  BOOST_TEST(result.warnings.at(0).substr(0, 46) ==
             "2 people in Europe/Rome can never be called: n");
  BOOST_TEST(result.skipped.at("never_open").people == 2U);
  BOOST_TEST((result.skipped.at("never_open").rows == std::vector<std::uint64_t>{2, 3}));
}

BOOST_AUTO_TEST_CASE(who_will_not_be_called_is_named_by_the_line_of_the_list) {
  CampaignFile file = a_file();
  file.campaign.contacts.not_after_columns = {"until"};
  const Preflight result =
      check(file,
            "n,until\n3331234567,2026-12-01\n3331234568,2020-01-01\n3331234569,\n"
            "3331234560,2020-01-02\n");
  BOOST_TEST(result.too_late == 2U);
  BOOST_TEST(result.skipped.size() == 1U);
  BOOST_TEST((result.skipped.at("too_late").rows == std::vector<std::uint64_t>{3, 5}));
  SkippedRows many;
  for (std::uint64_t row = 1; row <= 2 * SkippedRows::shown_max; ++row) many.add(row);
  BOOST_TEST(many.people == 2 * SkippedRows::shown_max);
  BOOST_TEST(many.rows.size() == SkippedRows::shown_max);
}

BOOST_AUTO_TEST_CASE(who_stands_in_two_rows_is_skipped_once) {
  CampaignFile file = a_file();
  file.campaign.contacts.not_after_columns = {"until"};
  // The first row of somebody is theirs: what the second says of their time is not heard.
  const std::string list =
      "n,until\n3331234567,2020-01-01\n3331234567,2020-01-01\n3331234568,\n"
      "3331234568,2020-01-01\n";
  const Preflight result = check(file, list);
  BOOST_TEST(result.duplicates == 2U);
  BOOST_TEST(result.too_late == 1U);
  BOOST_TEST((result.skipped.at("too_late").rows == std::vector<std::uint64_t>{2}));
  file.campaign.hours.windows.clear();
  const Preflight never = check(file, list);
  BOOST_TEST(never.skipped.at("never_open").people == 2U);
  BOOST_TEST((never.skipped.at("never_open").rows == std::vector<std::uint64_t>{2, 4}));
}

BOOST_AUTO_TEST_CASE(who_is_called_before_their_consent_is_dated_is_named_by_the_line_of_the_list) {
  CampaignFile file = a_file();
  file.campaign.contacts.consent_date_column = "since";
  file.campaign.consent = {"consent", "modulo web", "2026-03-02", true};
  // They may be called from nine on that day.
  const std::string list =
      "n,since\n3331234567,02/03/2026\n3331234568,03/03/2026\n3331234569,\n"
      "3331234560,2062-01-01\n3331234560,2062-01-01\n";
  const Preflight result = check(file, list);
  BOOST_TEST_REQUIRE(result.skipped.count("no_consent") == 1U);
  BOOST_TEST(result.skipped.at("no_consent").people == 2U);
  BOOST_TEST((result.skipped.at("no_consent").rows == std::vector<std::uint64_t>{3, 5}));
  BOOST_TEST(
      result.warnings.at(0) ==
      "2 people will not be called as things stand: the campaign requires consent, and "
      "theirs is dated later than the first moment at which they may be called, reckoned "
      "from 2026-03-02T07:00:00.000Z (--start has check and a rehearsal begin at another moment)");
  // Dated for everybody.
  file.campaign.consent.date = "2026-03-03";
  BOOST_TEST(
      (check(file, list).skipped.at("no_consent").rows == std::vector<std::uint64_t>{3, 4, 5}));
  file.campaign.consent.required = false;
  BOOST_TEST(check(file, list).skipped.empty());
}

BOOST_AUTO_TEST_CASE(texts_without_a_language_that_others_have_give_a_warning) {
  CampaignFile file = a_file();
  file.campaign.goodbye.by_language = {{"it-IT", "Ciao"}, {"en-GB", "Bye"}};
  BOOST_TEST(check(file, list_of(2)).warnings.at(0).substr(0, 28) ==
             "/message has no text in en-G");
}

BOOST_AUTO_TEST_CASE(the_examples_are_ready_but_for_the_rows_they_skip) {
  const auto read = [](const std::string& path) {
    std::ifstream file(CAMPANILE_SOURCE_DIR "/campaigns/examples/" + path, std::ios::binary);
    BOOST_TEST_REQUIRE(file.good(), path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  };
  for (const char* name : {"appointments", "notification", "callbacks"}) {
    BOOST_TEST_CONTEXT(name) {
      const auto file = parse_campaign_file(read(std::string(name) + ".json"));
      BOOST_TEST_REQUIRE(file.ok());
      const Preflight result = check(file.value(), read(file.value().campaign.contacts.file));
      for (const Problem& problem : result.problems) {
        BOOST_ERROR(problem.where + ": " + problem.what);
      }
      for (const auto& [reason, count] : result.rejected_by_reason) {
        BOOST_TEST_MESSAGE(reason + ' ' + std::to_string(count));
      }
      BOOST_TEST(result.usable > 150U);
      BOOST_TEST(result.rejected_count > 5U);
      BOOST_TEST(result.rejected_count < 40U);
      BOOST_TEST(result.earliest_end.has_value());
      BOOST_TEST(result.latest_end.has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(nobody_is_passed_on_to_a_country_that_is_not_named) {
  CampaignFile file = a_file();
  Campaign& campaign = file.campaign;
  campaign.agent.transfer = {"+390220527877", "+41446681800"};
  campaign.operators = {"+41446681800"};
  const auto problems = [&] { return check(file, list_of(1)).problems; };
  // Where no country is named, any may be called.
  BOOST_TEST(problems().empty());
  campaign.countries = {"IT"};
  const auto found = problems();
  BOOST_TEST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].where == "/replies/operator/numbers/0");
  BOOST_TEST(found[1].where == "/agent/transfer/1");
  BOOST_TEST(found[1].what.find("446681800") == std::string::npos);
  // Ours is the country that we call from, too.
  campaign.caller_ids = {"+41446681801"};
  BOOST_TEST(problems().empty());
  campaign.caller_ids.clear();
  campaign.countries = {"IT", "CH"};
  BOOST_TEST(problems().empty());
  // A number of no country.
  campaign.operators = {"+80012345678"};
  BOOST_TEST(problems().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_query_that_leaves_the_order_open_is_told) {
  CampaignFile file = a_file();
  file.campaign.contacts.file.clear();
  const auto warned = [&](const char* sql) {
    file.campaign.contacts.query = {"crm.db", sql};
    const Preflight result = check(file, "{\"n\": \"3331234567\"}\n{\"n\": \"3331234567\"}\n{\n");
    BOOST_TEST(result.usable == 2U);
    BOOST_TEST(result.duplicates == 1U);
    BOOST_TEST(result.rejected_by_reason.at("not_json") == 1U);
    return std::any_of(result.warnings.begin(), result.warnings.end(), [](const auto& warning) {
      return warning.find("ORDER BY") != std::string::npos;
    });
  };
  BOOST_TEST(warned("SELECT n FROM people"));
  BOOST_TEST(warned("SELECT n, orders FROM people WHERE by_whom = 1"));
  BOOST_TEST(!warned("SELECT n FROM people order\n  By n"));
}

BOOST_AUTO_TEST_SUITE_END()
