#include "campaigns/option_order.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "campaigns/agent.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/survey.hpp"
#include "tests/campaigns/some_campaigns.hpp"
#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(option_order)

using namespace campaigns;

namespace {

// A survey of one question with four options, the last of which stays there; `more` goes into the
// question.
Result<CampaignFile> a_file(const std::string& more = R"("shuffle": true)",
                            const std::string& last = R"(, "fixed": true)",
                            const std::string& ask = R"("Dove va?")") {
  return parse_campaign_file(
      R"({"id": "viaggi", "kind": "survey", "contacts": {"file": "a.csv", "region": "IT"},
          "questions": [{"id": "meta", "type": "choice", "ask": )" +
      ask + R"(, "options": [
            {"code": "mare", "key": "1", "label": "il mare"},
            {"code": "monti", "key": "2", "label": "la montagna"},
            {"code": "laghi", "key": "3", "label": "i laghi"},
            {"code": "altro", "key": "4", "label": "altro")" +
      last + "}], " + more + "}]}");
}

std::vector<std::string> problems_of(const Result<CampaignFile>& file) {
  std::vector<std::string> out;
  if (file.ok()) return out;
  for (const auto& problem : file.error()) out.push_back(problem.where + ": " + problem.what);
  return out;
}

bool has_problem(const Result<CampaignFile>& file, const std::string& place,
                 const std::string& what) {
  const auto problems = problems_of(file);
  return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
    return problem.find("/questions/0/" + place + ": ") == 0 &&
           problem.find(what) != std::string::npos;
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_order_comes_equally_often_and_who_is_fixed_stays) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  const auto& question = file->campaign.questions[0];
  constexpr unsigned people = 12'000;
  std::map<std::string, unsigned> seen;
  for (unsigned i = 0; i < people; ++i) {
    ++seen[drawn_order(file->campaign, question, i)];
  }
  BOOST_TEST_REQUIRE(seen.size() == 6U);
  for (const auto& [order, count] : seen) {
    BOOST_TEST(order.substr(order.size() - 6) == " altro");
    // Four standard deviations about 2,000.
    BOOST_TEST(count > 1'836U);
    BOOST_TEST(count < 2'164U);
  }
}

BOOST_AUTO_TEST_CASE(an_order_stays_with_its_row_and_is_another_in_another_campaign) {
  auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  auto& campaign = file->campaign;
  BOOST_TEST(drawn_order(campaign, campaign.questions[0], 0) == "mare monti laghi altro");
  BOOST_TEST(drawn_order(campaign, campaign.questions[0], 1) == "mare laghi monti altro");
  std::string here;
  std::string there;
  for (unsigned i = 0; i < 20; ++i) {
    here += drawn_order(campaign, campaign.questions[0], i);
  }
  campaign.id = "altri-viaggi";
  for (unsigned i = 0; i < 20; ++i) {
    there += drawn_order(campaign, campaign.questions[0], i);
  }
  BOOST_TEST(here != there);
}

BOOST_AUTO_TEST_CASE(the_list_gains_the_order_and_so_do_the_results) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  const auto& campaign = file->campaign;
  const ZoneRules rules = some_zones();
  auto reader = ContactListReader::open_csv(campaign, rules, "number\n3331000000\n3331000001\n");
  BOOST_TEST_REQUIRE(reader.ok());
  BOOST_TEST(reader->columns().back() == "meta_order");
  ContactRow row;
  RejectedRow rejected;
  for (unsigned i = 0; i < 2; ++i) {
    BOOST_TEST_REQUIRE((reader->next(row, rejected) == ContactListReader::Next::row));
    BOOST_TEST(row.values.back() == drawn_order(campaign, campaign.questions[0], i + 2));
  }
  const std::vector<ResultColumn> expected{{"meta_order", "meta_order", false}};
  BOOST_TEST((campaign.result_columns == expected));
  const auto again = parse_campaign_file(print_campaign(campaign));
  BOOST_TEST_REQUIRE(again.ok());
  BOOST_TEST((again->campaign == campaign));
}

BOOST_AUTO_TEST_CASE(a_person_hears_the_options_in_their_order_with_the_keys_of_the_file) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  some::Running world(file->campaign, "meta_order", "laghi mare monti altro");
  world.dial();
  world.does(world.voice());
  const auto document =
      current_document(world.state().book, world.state().script, ContactRef{0, 1});
  BOOST_TEST_REQUIRE(!document.empty());
  const auto* ask = std::get_if<Ask>(&document.back());
  BOOST_TEST_REQUIRE(ask != nullptr);
  BOOST_TEST(ask->prompts.back().text ==
             "Dove va? Per i laghi, prema 3. Per il mare, prema 1. Per la montagna, prema 2. "
             "Per altro, prema 4.");
  // The key is the option's, wherever it was said.
  const auto answer = understand(file->campaign, file->campaign.questions[0], "it-IT", "3", "");
  BOOST_TEST(answer.value == "laghi");
}

BOOST_AUTO_TEST_CASE(an_option_that_came_later_is_offered_last) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  BOOST_TEST(offer_of(file->campaign.questions[0], "monti mare gone", "it-IT", "it-IT") ==
             "Per la montagna, prema 2. Per il mare, prema 1. Per i laghi, prema 3. Per altro, "
             "prema 4.");
}

BOOST_AUTO_TEST_CASE(an_agent_is_given_the_options_in_the_persons_order) {
  auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  file->campaign.mode = Mode::agent;
  AgentPerson person;
  person.language = "it-IT";
  person.value = [](std::string_view column) {
    return column == "meta_order" ? std::string_view("laghi altro monti mare") : std::string_view();
  };
  const auto told = agent_brief(file->campaign, person).instructions;
  const auto place = [&](const char* code) { return told.find("\"code\":\"" + std::string(code)); };
  BOOST_TEST_REQUIRE(place("mare") != std::string::npos);
  BOOST_TEST(place("laghi") < place("altro"));
  BOOST_TEST(place("altro") < place("monti"));
  BOOST_TEST(place("monti") < place("mare"));
  BOOST_TEST(told.find("nell'ordine in cui stanno") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_offer_may_have_other_words) {
  const auto file = a_file(R"("shuffle": true, "offer": "{{key}}: {{label}}.")");
  BOOST_TEST_REQUIRE(file.ok());
  BOOST_TEST(offer_of(file->campaign.questions[0], "laghi", "it-IT", "it-IT").find("3: i laghi.") ==
             0U);
  // Of two languages each has its own words, and where the file has none, ours.
  const auto two = a_file(R"("shuffle": true, "offer": {"it-IT": "{{key}}, {{label}}."})", "",
                          R"({"it-IT": "Dove va?", "en-GB": "Where to?"})");
  BOOST_TEST_REQUIRE(two.ok());
  BOOST_TEST(offer_of(two->campaign.questions[0], "laghi", "it-IT", "it-IT").find("3, ") == 0U);
  BOOST_TEST(offer_of(two->campaign.questions[0], "laghi", "en-GB", "it-IT").find("For ") == 0U);
  const auto spoken = a_file(R"("shuffle": true, "by": ["speech"])");
  BOOST_TEST_REQUIRE(spoken.ok());
  BOOST_TEST(offer_of(spoken->campaign.questions[0], "laghi", "it-IT", "it-IT").find("i laghi.") ==
             0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_shuffled_is_refused_with_the_place) {
  BOOST_TEST(has_problem(a_file(R"("required": true)"), "options/3/fixed", "not shuffled"));
  BOOST_TEST(has_problem(a_file(R"("offer": "{{label}}")", ""), "offer", "shuffled only"));
  BOOST_TEST(
      has_problem(a_file(R"("shuffle": true, "offer": "{{key}}")"), "offer", "does not say"));
  BOOST_TEST(has_problem(a_file(R"("shuffle": true, "offer": "{{label}} {{nome}}")"), "offer",
                         "{{nome}}"));
  BOOST_TEST(has_problem(a_file(R"("shuffle": true)", "", R"({"it-IT": "Dove?", "sl-SI": "Kam?"})"),
                         "offer", "no words to offer an option in sl-SI"));
  const auto rating = parse_campaign_file(
      R"({"id": "v", "kind": "survey", "contacts": {"file": "a.csv"},
          "questions": [{"id": "q", "type": "rating", "ask": "Quanto?", "shuffle": true}]})");
  BOOST_TEST(has_problem(rating, "shuffle", "only the options of a choice"));
  const auto nothing_free = parse_campaign_file(
      R"({"id": "v", "kind": "survey", "contacts": {"file": "a.csv"},
          "questions": [{"id": "q", "type": "choice", "ask": "Quale?", "shuffle": true, "options": [
            {"code": "a", "key": "1"}, {"code": "b", "key": "2", "fixed": true}]}]})");
  BOOST_TEST(has_problem(nothing_free, "shuffle", "fewer than two"));
}

BOOST_AUTO_TEST_SUITE_END()
