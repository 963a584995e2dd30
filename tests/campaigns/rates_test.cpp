#include "campaigns/rates.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/outcome.hpp"
#include "campaigns/recoding.hpp"

BOOST_AUTO_TEST_SUITE(rates)

using namespace campaigns;

namespace {

CaseCounts counted(std::uint64_t i, std::uint64_t p, std::uint64_t r, std::uint64_t nc,
                   std::uint64_t o, std::uint64_t uh, std::uint64_t uo, std::uint64_t ne) {
  return {{i, p, r, nc, o, uh, uo, ne}};
}

std::vector<std::string> problems_of(std::string_view json) {
  std::vector<std::string> all;
  const auto read = parse_recoding(json);
  if (!read) {
    for (const auto& problem : read.error()) all.push_back(problem.where + ": " + problem.what);
  }
  return all;
}

}  // namespace

// By hand: known eligible 38 of 48, so e = 0.791667, and 12 unknown weigh 9.5.
BOOST_AUTO_TEST_CASE(all_rates_are_those_of_a_calculation_by_hand) {
  const auto all = rates_of(counted(10, 2, 5, 20, 1, 8, 4, 10));
  BOOST_TEST(all.e == 791'667);
  const std::array<std::int64_t, 6> response{200'000, 240'000, 210'526, 252'632, 263'158, 315'789};
  for (std::size_t n = 0; n < 6; ++n) BOOST_TEST(*all.response[n] == response[n], "RR" << n + 1);
  const std::array<std::int64_t, 4> cooperation{555'556, 666'667, 588'235, 705'882};
  for (std::size_t n = 0; n < 4; ++n) BOOST_TEST(*all.cooperation[n] == cooperation[n]);
  const std::array<std::int64_t, 3> refusal{100'000, 105'263, 131'579};
  const std::array<std::int64_t, 3> contact{360'000, 378'947, 473'684};
  for (std::size_t n = 0; n < 3; ++n) {
    BOOST_TEST(*all.refusal[n] == refusal[n]);
    BOOST_TEST(*all.contact[n] == contact[n]);
  }
}

BOOST_AUTO_TEST_CASE(another_e_moves_the_rates_that_hang_on_it_and_no_others) {
  const auto counts = counted(10, 2, 5, 20, 1, 8, 4, 10);
  const auto own = rates_of(counts);
  const auto half = rates_of(counts, 500'000);
  BOOST_TEST(half.e == 500'000);
  BOOST_TEST(*half.response[2] == 227'273);  // 10 of 44
  BOOST_TEST(*half.response[3] == 272'727);
  BOOST_TEST(*half.refusal[1] == 113'636);
  BOOST_TEST(*half.contact[1] == 409'091);
  BOOST_TEST((half.response[0] == own.response[0] && half.response[4] == own.response[4]));
  BOOST_TEST((half.cooperation == own.cooperation));
  // None of the unknown, and all of them.
  BOOST_TEST((rates_of(counts, 0).response[2] == own.response[4]));
  BOOST_TEST((rates_of(counts, 1'000'000).response[2] == own.response[0]));
}

BOOST_AUTO_TEST_CASE(where_there_is_nobody_there_is_no_rate) {
  const auto none = rates_of({});
  BOOST_TEST(none.e == 1'000'000);
  for (const auto& rate : none.response) BOOST_TEST(!rate.has_value());
  // Only people of whom nothing is known: a response of nothing, and no cooperation to speak of.
  const auto silent = rates_of(counted(0, 0, 0, 0, 0, 7, 0, 0));
  BOOST_TEST(*silent.response[0] == 0);
  BOOST_TEST(!silent.response[4].has_value());
  BOOST_TEST(!silent.cooperation[0].has_value());
}

BOOST_AUTO_TEST_CASE(counts_of_millions_do_not_overflow) {
  const std::uint64_t n = 10'000'000;
  const auto all = rates_of(counted(n, n, n, n, n, n, n, n));
  BOOST_TEST(*all.response[0] == 142'857);
  BOOST_TEST(all.e == 833'333);
}

BOOST_AUTO_TEST_CASE(every_code_that_an_outcome_has_belongs_to_a_class) {
  BOOST_TEST((class_of("1.1") == CaseClass::complete));
  BOOST_TEST((class_of("1.2") == CaseClass::partial));
  BOOST_TEST((class_of("2.12") == CaseClass::refusal));
  BOOST_TEST((class_of("2.221") == CaseClass::non_contact));
  BOOST_TEST((class_of("2.36") == CaseClass::other));
  BOOST_TEST((class_of("3.90") == CaseClass::unknown_household));
  BOOST_TEST((class_of("3.21") == CaseClass::unknown_other));
  BOOST_TEST((class_of("4.31") == CaseClass::not_eligible));
  for (std::size_t i = 0; i < outcomes; ++i) {
    for (const bool known : {true, false}) {
      const auto one = class_of(aapor_code(static_cast<Outcome>(i), known));
      const bool hindered = static_cast<Outcome>(i) == Outcome::language_barrier ||
                            static_cast<Outcome>(i) == Outcome::unable;
      BOOST_TEST((one == CaseClass::other) == hindered, name_of(static_cast<Outcome>(i)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_recoding_is_read_whole) {
  const auto read = parse_recoding(R"({"title": "T", "eligibility": "unknown",
      "partial": {"answers": 3}, "last_word": "last",
      "outcomes": {"human_hung_up_at_once": "refused"}, "aapor": {"callback_requested": "2.36"}})");
  BOOST_TEST_REQUIRE(read.ok());
  const auto& rules = read.value();
  BOOST_TEST(rules.title == "T");
  BOOST_TEST((rules.known_eligible == false));
  BOOST_TEST((recoded(rules, Outcome::human_hung_up_at_once, 0) == Outcome::refused));
  BOOST_TEST((recoded(rules, Outcome::broken_off, 3) == Outcome::partial));
  BOOST_TEST((recoded(rules, Outcome::partial, 2) == Outcome::broken_off));
  BOOST_TEST((recoded(rules, Outcome::completed, 0) == Outcome::completed));
  BOOST_TEST(aapor_code(rules, Outcome::callback_requested, true) == "2.36");
  BOOST_TEST(aapor_code(rules, Outcome::no_answer, true) == "3.13");
  BOOST_TEST((parse_recoding("{}").value().last_word == Recoding::LastWord::highest));
}

BOOST_AUTO_TEST_CASE(what_a_recoding_cannot_mean_is_refused_with_its_place) {
  using Texts = std::vector<std::string>;
  BOOST_TEST(problems_of("[]") == Texts{"(the whole file): must be an object"});
  BOOST_TEST(problems_of(R"({"titel": ""})") ==
             Texts{"/titel: unknown member; did you mean \"title\"?"});
  BOOST_TEST(problems_of(R"({"outcomes": {"buzy": "busy", "busy": "none"}})").size() == 2u);
  BOOST_TEST(problems_of(R"({"aapor": {"busy": "5.1", "no_answer": 3.13}})").size() == 2u);
  BOOST_TEST(problems_of(R"({"partial": 3})").size() == 1u);
  BOOST_TEST(problems_of(R"({"partial": {"answers": -1}})").size() == 1u);
  BOOST_TEST(problems_of(R"({"eligibility": "maybe", "last_word": "first"})").size() == 2u);
  BOOST_TEST(problems_of("{\"title\": ").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
