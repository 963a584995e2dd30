#include "campaigns/outcome.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

BOOST_AUTO_TEST_SUITE(outcome)

using namespace campaigns;

BOOST_AUTO_TEST_CASE(every_outcome_has_a_name_of_its_own_that_reads_back) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < outcomes; ++i) {
    const auto value = static_cast<Outcome>(i);
    BOOST_TEST(names.insert(name_of(value)).second);
    BOOST_TEST((outcome_named(name_of(value)) == value));
  }
  BOOST_TEST(name_of(Outcome::unconfirmed) == "unconfirmed");
  BOOST_TEST(name_of(Outcome::human_hung_up_at_once) == "human_hung_up_at_once");
  BOOST_TEST(!outcome_named("Completed"));
}

BOOST_AUTO_TEST_CASE(places_read_back) {
  for (const Place place :
       {Place::open, Place::done, Place::exhausted, Place::excluded, Place::held}) {
    BOOST_TEST((place_named(name_of(place)) == place));
  }
  BOOST_TEST(name_of(Place::exhausted) == "exhausted");
  BOOST_TEST(!place_named(""));
}

BOOST_AUTO_TEST_CASE(silence_is_non_contact_only_for_people_known_to_be_eligible) {
  BOOST_TEST(aapor_code(Outcome::no_answer, true) == "2.20");
  BOOST_TEST(aapor_code(Outcome::no_answer, false) == "3.13");
  BOOST_TEST(aapor_code(Outcome::busy, false) == "3.12");
  BOOST_TEST(aapor_code(Outcome::machine_no_message, true) == "2.222");
  BOOST_TEST(aapor_code(Outcome::machine_message_left, false) == "3.14");
}

BOOST_AUTO_TEST_CASE(every_outcome_says_something_else_of_a_case) {
  std::set<int> ranks;
  for (std::size_t i = 0; i < outcomes; ++i) {
    BOOST_TEST(ranks.insert(rank_of(static_cast<Outcome>(i))).second,
               name_of(static_cast<Outcome>(i)));
  }
  BOOST_TEST(*ranks.rbegin() + 1 == static_cast<int>(outcomes));
  // What was answered in an earlier call is not lost to whoever takes the next one.
  for (const auto later : {Outcome::not_available, Outcome::screened, Outcome::language_barrier,
                           Outcome::unable, Outcome::business_number}) {
    BOOST_TEST(rank_of(later) < rank_of(Outcome::partial), name_of(later));
  }
  BOOST_TEST((place_at_end(Outcome::unable) == Place::done));
  BOOST_TEST((place_at_end(Outcome::business_number) == Place::done));
  BOOST_TEST((place_at_end(Outcome::not_available) == Place::exhausted));
  BOOST_TEST((place_at_end(Outcome::language_barrier) == Place::exhausted));
}

BOOST_AUTO_TEST_CASE(the_table_follows_the_sheet) {
  const std::pair<Outcome, std::string_view> expected[] = {
      {Outcome::completed, "1.1"},         {Outcome::partial, "1.2"},
      {Outcome::broken_off, "2.12"},       {Outcome::refused, "2.11"},
      {Outcome::opted_out, "2.11"},        {Outcome::network_error, "3.16"},
      {Outcome::not_eligible, "4.70"},     {Outcome::fax_or_data, "4.20"},
      {Outcome::invalid_number, "4.31"},   {Outcome::unconfirmed, "3.90"},
      {Outcome::not_placed, "3.11"},       {Outcome::canceled_by_us, "3.11"},
      {Outcome::quota_full, "4.80"},       {Outcome::not_available, "2.21"},
      {Outcome::language_barrier, "2.33"}, {Outcome::unable, "2.32"},
      {Outcome::business_number, "4.51"},  {Outcome::screened, "3.15"}};
  for (const auto& [value, code] : expected) {
    BOOST_TEST(aapor_code(value, true) == code);
    BOOST_TEST(aapor_code(value, false) == code);
  }
}

BOOST_AUTO_TEST_SUITE_END()
