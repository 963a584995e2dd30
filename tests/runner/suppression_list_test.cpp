#include "runner/suppression_list.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(suppression_list)

using campaigns::NumberKey;
using campaigns::SuppressNumber;
using runner::ListedNumbers;

namespace {

const runner::LogKeys& keys() {
  static const runner::LogKeys made(runner::LogKeys::rehearsal_secret(1));
  return made;
}

campaigns::Result<ListedNumbers> read(std::string_view bytes, const std::string& column = "number",
                                      const std::string& region = "") {
  static const auto rules = some_zones();
  return runner::read_listed_numbers(bytes, column, region, rules, keys());
}

std::vector<NumberKey> keys_of(const std::vector<std::string>& numbers) {
  std::vector<NumberKey> made;
  for (const auto& number : numbers) made.push_back(keys().number_key(number));
  return made;
}

SuppressNumber command_for(NumberKey key, const char* until) {
  SuppressNumber command{key, "register", {}};
  if (until) command.until = some::utc(until);
  return command;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_number_is_listed_once_however_it_is_written) {
  const auto listed = read(
      "name;number\n"
      "\"a; b\";+39 347 100 0001\n"
      ";0039 3471000002\n"
      "c;(+39) 347-1000001\n");
  BOOST_TEST_REQUIRE(listed.ok());
  BOOST_TEST((listed->keys == keys_of({"+393471000001", "+393471000002"})));
  BOOST_TEST(listed->rejected_count == 0u);
}

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_read_leaves_the_others_as_they_are) {
  const auto listed = read("number\n3471000001\n+393471000002\nwho\n+12125550123\n");
  BOOST_TEST_REQUIRE(listed.ok());
  // Whose country has several zones is on the list all the same.
  BOOST_TEST((listed->keys == keys_of({"+393471000002", "+12125550123"})));
  BOOST_TEST_REQUIRE(listed->rejected_count == 2u);
  BOOST_TEST(listed->rejected[0].row == 2u);
  BOOST_TEST(listed->rejected[0].what.find("--region") != std::string::npos);
  BOOST_TEST(listed->rejected[1].row == 4u);
  for (const auto& row : listed->rejected) {
    BOOST_TEST(row.what.find("who") == std::string::npos);
    BOOST_TEST(row.what.find("3471000001") == std::string::npos);
  }
  const auto of_italy = read("number\n3471000001\n", "number", "IT");
  BOOST_TEST_REQUIRE(of_italy.ok());
  BOOST_TEST((of_italy->keys == keys_of({"+393471000001"})));
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_not_closed_keeps_no_number_off_the_list) {
  const auto listed = read(
      "number;name\n"
      "+393471000001;\"a\n"
      "+393471000002;b\n"
      "+393471000003;\"c\"\n");
  BOOST_TEST_REQUIRE(listed.ok());
  BOOST_TEST((listed->keys == keys_of({"+393471000002", "+393471000003"})));
  BOOST_TEST_REQUIRE(listed->rejected_count == 1u);
  BOOST_TEST(listed->rejected[0].row == 2u);
  BOOST_TEST(listed->rejected[0].what.find("is not closed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_without_its_column_is_told_how_to_name_it) {
  const auto listed = read("telefono\n+393471000001\n");
  BOOST_TEST_REQUIRE(!listed.ok());
  BOOST_TEST_REQUIRE(listed.error().size() == 1u);
  BOOST_TEST(listed.error()[0].what == "has no column \"number\"");
  BOOST_TEST(listed.error()[0].cure.find("--column") != std::string::npos);
  BOOST_TEST(read("telefono\n+393471000001\n", "telefono").ok());
}

BOOST_AUTO_TEST_CASE(what_holds_as_long_already_is_not_said_again_nor_shortened) {
  some::World world(some_zones());
  some::begin(world);
  world.does(command_for(1, nullptr)).does(command_for(2, "2027-01-01T00:00:00Z"));
  const auto left = [&](const char* until) {
    std::vector<NumberKey> numbers;
    const auto instant = until ? std::optional(some::utc(until)) : std::nullopt;
    for (const auto& command :
         runner::suppression_commands(world.state(), {1, 2, 3}, "register", instant)) {
      const auto& one = campaigns::get<SuppressNumber>(command);
      BOOST_TEST((one.until == instant));
      BOOST_TEST(one.reason == "register");
      numbers.push_back(one.key);
    }
    return numbers;
  };
  BOOST_TEST((left(nullptr) == std::vector<NumberKey>{2, 3}));
  BOOST_TEST((left("2026-12-31T00:00:00Z") == std::vector<NumberKey>{3}));
  BOOST_TEST((left("2027-01-01T00:00:00Z") == std::vector<NumberKey>{3}));
  BOOST_TEST((left("2027-01-02T00:00:00Z") == std::vector<NumberKey>{2, 3}));
}

BOOST_AUTO_TEST_CASE(a_list_of_a_source_moves_what_differs_and_says_when_it_is_through) {
  some::World world(some_zones());
  some::begin(world);
  const auto load = [&](const std::vector<NumberKey>& numbers, runner::SourceList list = {}) {
    if (list.source.empty()) list.source = "rpo";
    const auto listing = runner::list_of_source(world.state(), numbers, list);
    std::string text =
        std::to_string(listing.added) + " on, " + std::to_string(listing.taken_off) + " off:";
    for (const auto& command : listing.commands) {
      world.does(command);
      if (const auto* batch = campaigns::get_if<campaigns::ListNumbers>(&command)) {
        BOOST_TEST(batch->on.size() + batch->off.size() <= runner::listed_at_once_max);
        text += " numbers";
      } else {
        text += " loaded";
      }
    }
    return text;
  };
  BOOST_TEST(load({1, 2, 3}) == "3 on, 0 off: numbers loaded");
  BOOST_TEST(load({3, 4}, {"own"}) == "2 on, 0 off: numbers loaded");
  BOOST_TEST(load({2, 3, 4}) == "1 on, 1 off: numbers loaded");
  BOOST_TEST(load({2, 3, 4}) == "0 on, 0 off: loaded");
  // What was not read may have been on it.
  runner::SourceList in_part;
  in_part.source = "rpo";
  in_part.in_part = true;
  BOOST_TEST(load({5}, in_part) == "1 on, 0 off: numbers");
  std::vector<NumberKey> many;
  for (NumberKey key = 100; key < 100 + 2 * runner::listed_at_once_max; ++key) many.push_back(key);
  BOOST_TEST(load(many) == "2000 on, 4 off: numbers numbers numbers loaded");
  BOOST_TEST(load({}) == "0 on, 2000 off: numbers numbers loaded");
  BOOST_TEST((world.state().suppression.lists_of(3) == std::vector<std::string>{"own"}));
}

BOOST_AUTO_TEST_CASE(a_day_begins_when_it_does_for_the_last_of_those_who_are_meant) {
  const auto rules = some_zones();
  const std::chrono::sys_days day = std::chrono::year{2026} / 1 / 7;
  const auto begins = [&](std::set<std::string> countries) {
    return campaigns::rfc3339_utc(
        runner::day_begins(day, some::utc("2026-01-07T00:00:00Z"), countries, rules));
  };
  BOOST_TEST(begins({"US"}) == "2026-01-07T05:00:00.000Z");
  BOOST_TEST(begins({"IT"}) == "2026-01-07T00:00:00.000Z");  // an hour before it does here
  BOOST_TEST(begins({"IT", "US", "XX", ""}) == "2026-01-07T05:00:00.000Z");
  BOOST_TEST(begins({}) == "2026-01-07T00:00:00.000Z");
}

BOOST_AUTO_TEST_SUITE_END()
