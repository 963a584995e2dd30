#include "campaigns/variants.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/contact_list.hpp"
#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(variants)

using namespace campaigns;

namespace {

const ZoneRules& rules() {
  static const ZoneRules all = some_zones();
  return all;
}

Variant a_variant(std::string column, std::vector<VariantValue> values) {
  return {column, "prova/" + column, std::move(values)};
}

// A survey with two variants, as somebody would write it; `variants` in place of its own.
Result<CampaignFile> a_file(const std::string& variants = "") {
  return parse_campaign_file(
      R"({"id": "prova", "kind": "survey", "contacts": {"file": "a.csv", "region": "IT"},
          "greeting": {"it-IT": "Buongiorno {{nome}}. {{intro_text}}",
                       "en-GB": "Hello {{nome}}. {{intro_text}}"},
          "questions": [
            {"id": "prezzo", "type": "yes_no", "ask": "Vale dieci euro?",
             "ask_if": {"column": "price", "is": ["ten"]}},
            {"id": "voto", "type": "rating", "ask": "Quanto ci consiglia?"}],
          "variants": )" +
      (variants.empty() ? R"([
        {"column": "intro", "values": [
          {"code": "plain", "share": 3,
           "say": {"it-IT": "Due domande.", "en-GB": "Two questions."}},
          {"code": "thanks",
           "say": {"it-IT": "Due domande, e grazie.", "en-GB": "Two questions, and thanks."}}]},
        {"column": "price", "values": ["ten", "twelve"]}])"
                        : variants) +
      "}");
}

std::vector<std::string> problems_with(const std::string& variants) {
  std::vector<std::string> out;
  const auto file = a_file(variants);
  if (file.ok()) return out;
  for (const auto& problem : file.error()) out.push_back(problem.where + ": " + problem.what);
  return out;
}

bool has_problem(const std::string& variants, const std::string& where, const std::string& what) {
  const auto problems = problems_with(variants);
  return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
    return problem.find(where + ": ") == 0 && problem.find(what) != std::string::npos;
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_shares_are_kept_and_two_variants_know_nothing_of_each_other) {
  const auto intro = a_variant("intro", {{"plain", {}, 3}, {"thanks", {}, 1}});
  const auto price = a_variant("price", {{"ten", {}, 1}, {"twelve", {}, 1}});
  constexpr unsigned people = 40'000;
  std::map<std::pair<std::string, std::string>, double> seen;
  for (unsigned i = 0; i < people; ++i) {
    ++seen[{value_for(intro, i).code, value_for(price, i).code}];
  }
  BOOST_TEST_REQUIRE(seen.size() == 4U);
  // Four standard deviations of a count: a fair draw misses them once in 16,000 tests, and this one
  // is the same in every run.
  for (const auto& [arms, count] : seen) {
    const double share = (arms.first == "plain" ? 0.75 : 0.25) * 0.5;
    const double deviation = std::sqrt(people * share * (1 - share));
    BOOST_TEST(std::abs(count - people * share) < 4 * deviation);
  }
}

// A list that is read again half-way moves nobody, whichever release of the program reads it: what
// was drawn here was drawn by the first that had variants.
BOOST_AUTO_TEST_CASE(a_draw_hangs_on_the_row_and_the_seed_and_stays) {
  auto variant = a_variant("intro", {{"a", {}, 1}, {"b", {}, 1}, {"c", {}, 1}});
  std::string drawn;
  for (unsigned i = 0; i < 24; ++i) drawn += value_for(variant, i).code;
  BOOST_TEST(drawn == "cbbcbabcacabaaaabacabacb");
  variant.seed = "another";
  std::string again;
  for (unsigned i = 0; i < 24; ++i) again += value_for(variant, i).code;
  BOOST_TEST(again != drawn);
}

BOOST_AUTO_TEST_CASE(the_list_gains_the_columns_in_every_form) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  const auto& campaign = file->campaign;
  const auto read = [&](Result<ContactListReader> reader) {
    std::vector<std::string> people;
    BOOST_TEST_REQUIRE(reader.ok());
    const std::vector<std::string> gained{"intro", "intro_text", "price"};
    BOOST_TEST_REQUIRE(reader->columns().size() == 5U);
    BOOST_TEST(std::equal(gained.begin(), gained.end(), reader->columns().begin() + 2,
                          reader->columns().end()));
    ContactRow row;
    RejectedRow rejected;
    while (reader->next(row, rejected) == ContactListReader::Next::row) {
      BOOST_TEST_REQUIRE(row.values.size() == 5U);
      const auto& intro = value_for(campaign.variants[0], row.row);
      BOOST_TEST(row.values[2] == intro.code);
      BOOST_TEST(row.values[3] == intro.say.in("it-IT", "it-IT"));
      BOOST_TEST(row.values[4] == value_for(campaign.variants[1], row.row).code);
      people.push_back(row.number + std::string(row.values[2]) + std::string(row.values[4]));
    }
    return people;
  };
  const auto csv = read(ContactListReader::open_csv(
      campaign, rules(), "number,nome\n3331000001,Anna\n3331000002,Ugo\n3331000003,Ida\n"));
  BOOST_TEST(csv.size() == 3U);
  const auto array = read(ContactListReader::open_array(
      campaign, rules(),
      R"([{"number": "3331000001", "nome": "Anna"}, {"number": "3331000002", "nome": "Ugo"}])"));
  BOOST_TEST(array.size() == 2U);
  const auto lines = read(ContactListReader::open_lines(
      campaign, rules(), "{\"nome\": \"Anna\", \"number\": \"3331000001\"}\n"));
  // Each is the first in its list.
  BOOST_TEST(lines.at(0) == array.at(0));
}

// What is read of a person before anything is drawn for them has to be in the list itself.
BOOST_AUTO_TEST_CASE(what_chance_fills_in_is_nobody_s_number_language_or_zone) {
  for (const char* column : {"number", "language", "zone", "id"}) {
    auto file = a_file();
    BOOST_TEST_REQUIRE(file.ok());
    auto& contacts = file->campaign.contacts;
    const std::string name = column;
    (name == "number"     ? contacts.number_column
     : name == "language" ? contacts.language_column
     : name == "zone"     ? contacts.zone_column
                          : contacts.id_column) = "intro";
    const auto reader =
        ContactListReader::open_csv(file->campaign, rules(), "number,nome\n3331000001,Anna\n");
    BOOST_TEST_REQUIRE(!reader.ok());
    BOOST_TEST(reader.error().at(0).where == "/contacts/columns/" + name);
  }
}

BOOST_AUTO_TEST_CASE(the_words_are_those_of_the_persons_language) {
  auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  file->campaign.contacts.language_column = "lang";
  auto reader =
      ContactListReader::open_csv(file->campaign, rules(), "number,nome,lang\n3331000001,Ann,en\n");
  BOOST_TEST_REQUIRE(reader.ok());
  ContactRow row;
  RejectedRow rejected;
  BOOST_TEST_REQUIRE((reader->next(row, rejected) == ContactListReader::Next::row));
  BOOST_TEST(std::string(row.values.at(4)).find("Two questions") == 0U);
}

BOOST_AUTO_TEST_CASE(a_column_that_the_list_has_is_not_drawn) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  const auto reader = ContactListReader::open_csv(file->campaign, rules(),
                                                  "number,nome,intro_text\n3331000001,Anna,x\n");
  BOOST_TEST_REQUIRE(!reader.ok());
  BOOST_TEST(reader.error().at(0).where == "/variants/0/column");
  BOOST_TEST(reader.error().at(0).what.find("\"intro_text\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_variant_stands_in_the_results_by_itself) {
  const auto file = a_file();
  BOOST_TEST_REQUIRE(file.ok());
  const std::vector<ResultColumn> expected{{"intro", "intro", false}, {"price", "price", false}};
  BOOST_TEST((file->campaign.result_columns == expected));
  const auto again = parse_campaign_file(print_campaign(file->campaign));
  BOOST_TEST_REQUIRE(again.ok());
  BOOST_TEST((again->campaign == file->campaign));
}

BOOST_AUTO_TEST_CASE(variants_that_compare_nothing_are_refused_with_the_place) {
  BOOST_TEST(has_problem(R"([{"column": "a", "values": ["x"]}])", "/variants/0/values", "fewer"));
  BOOST_TEST(
      has_problem(R"([{"column": "a", "values": ["x", "x"]}])", "/variants/0/values/1", "twice"));
  BOOST_TEST(has_problem(R"([{"column": "a", "values": ["x", "no no"]}])", "/variants/0/values/1",
                         "must be 1 to 32"));
  BOOST_TEST(
      has_problem(R"([{"column": "A", "values": ["x", "y"]}])", "/variants/0/column", "a-z"));
  BOOST_TEST(has_problem(R"([{"values": ["x", "y"]}])", "/variants/0/column", "missing"));
  BOOST_TEST(has_problem(R"([{"column": "a", "values": ["x", {"code": "y", "say": "Sì"}]}])",
                         "/variants/0/values/1", "some have none"));
  BOOST_TEST(has_problem(
      R"([{"column": "a", "values": [{"code": "x", "say": "Sì {{nome}}"}, {"code": "y", "say": "No"}]}])",
      "/variants/0/values/0/say", "a place for a column"));
  BOOST_TEST(has_problem(R"([{"column": "a", "values": [{"code": "x", "share": 0}, "y"]}])",
                         "/variants/0/values/0/share", "between 1 and 1000"));
  BOOST_TEST(has_problem(
      R"([{"column": "a_text", "values": ["x", "y"]},
          {"column": "a", "values": [{"code": "x", "say": "Sì"}, {"code": "y", "say": "No"}]}])",
      "/variants/1/column", "another variant"));
  BOOST_TEST(problems_with(R"([{"column": "a_text", "values": ["x", "y"]},
                               {"column": "a", "values": ["x", "y"]}])")
                 .empty());
  BOOST_TEST(problems_with("[]").empty());
}

BOOST_AUTO_TEST_SUITE_END()
