#include "runner/addition.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <set>
#include <vector>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(addition)

namespace {

using namespace some;
using runner::Addition;

runner::ReadAddition list_of(std::uint64_t first, std::uint64_t last) {
  runner::ReadAddition read;
  read.digest = "d2";
  for (auto n = first; n <= last; ++n) read.rows.push_back(person(n + 1, n));
  return read;
}

// A campaign that has people 1..n, and a list that is added to it.
struct Adding : Running {
  Adding(std::uint64_t people, runner::ReadAddition read)
      : Running(notification(), people),
        addition(*state().book.at(0).definition, state().book.at(0).columns, std::move(read)) {}

  std::optional<AddContacts> next() {
    for (pieces = 1; !addition.prepare(state(), 0, now()); ++pieces) continue;
    return addition.next();
  }
  std::size_t people() const { return state().queue.campaigns[0].contacts.size(); }

  Addition addition;
  std::size_t pieces = 0;
};

constexpr std::uint64_t some_batches = 3 * Addition::rows_max + 7;

}  // namespace

// Or adding a million people would compare each batch with everybody who was added before.
BOOST_AUTO_TEST_CASE(no_command_compares_its_people_with_those_that_were_compared_before) {
  Adding world(500, list_of(1, 500 + some_batches));
  std::size_t commands = 0;
  for (auto command = world.next(); command; command = world.next()) {
    BOOST_TEST_REQUIRE(command->compared == world.people());
    world.does(std::move(*command));
    ++commands;
  }
  BOOST_TEST(commands == 4U);
  BOOST_TEST(world.people() == 500U + some_batches);
}

BOOST_AUTO_TEST_CASE(nor_where_all_commands_are_made_before_the_first_is_carried_out) {
  Adding world(500, list_of(1, 500 + some_batches));
  std::vector<AddContacts> commands;
  while (auto command = world.next()) commands.push_back(std::move(*command));
  BOOST_TEST(commands.size() == 4U);
  for (const auto& command : commands) {
    BOOST_TEST_REQUIRE(command.compared == world.people());
    world.does(command);
    // A second time it says that there is nothing left.
    BOOST_TEST(world.when(command) == "");
  }
  BOOST_TEST(world.people() == 500U + some_batches);
}

BOOST_AUTO_TEST_CASE(whoever_somebody_else_adds_meanwhile_is_added_once) {
  Adding world(1, list_of(2, 2 * Addition::rows_max + 1));
  auto first = world.next();
  BOOST_TEST_REQUIRE(first.has_value());
  // People of this list, before and after a command was made that adds them, and a stranger.
  const auto somebody_else = [&](std::uint64_t n) {
    AddContacts other;
    other.campaign = world.id;
    other.list_digest = "another";
    other.rows = {person(2, n)};
    world.does(other);
  };
  somebody_else(2);
  world.does(*first);
  somebody_else(Addition::rows_max + 2);
  auto second = world.next();
  BOOST_TEST_REQUIRE(second.has_value());
  somebody_else(Addition::rows_max + 3);
  somebody_else(5 * Addition::rows_max);
  world.does(*second);
  BOOST_TEST(!world.next().has_value());
  BOOST_TEST(world.people() == 2U + 2 * Addition::rows_max);
  std::set<NumberKey> keys;
  for (const auto& contact : world.state().queue.campaigns[0].contacts) keys.insert(contact.key);
  BOOST_TEST(keys.size() == world.people());
}

BOOST_AUTO_TEST_CASE(its_work_comes_in_pieces) {
  constexpr std::uint64_t people = 2 * Addition::people_looked_at_max + 1;
  Adding world(people, list_of(1, Addition::rows_looked_at_max + 1));
  // The people in three; with the last of them the first rows, and then the last row.
  BOOST_TEST(!world.next().has_value());
  BOOST_TEST(world.pieces == 4U);
}

BOOST_AUTO_TEST_CASE(what_is_known_is_told_with_the_people_behind_whom_it_stands) {
  auto read = list_of(1, 3);
  for (std::uint64_t n = 1; n <= 4; ++n) read.rows.push_back(person(9, n));
  read.rejected_count = 2;
  Adding world(1, std::move(read));
  world.does(SuppressNumber{3, "", {}});
  const auto lines = world.when(*world.next());
  BOOST_TEST(lines.find("\"added\":3,\"known\":4,\"rejected\":2") != std::string::npos, lines);
  BOOST_TEST(!world.next().has_value());
  BOOST_TEST(world.addition.rows() == 7U);
  BOOST_TEST(world.addition.report().suppressed == 2U);
  BOOST_TEST(world.addition.report().rejected_count == 2U);
}

BOOST_AUTO_TEST_CASE(nobody_is_moved_by_an_id_in_the_row_of_another_person) {
  const auto row = [](std::uint64_t line, NumberKey key, std::string own, const char* zone) {
    auto made = person(line, key, zone);
    made.values[0] = std::move(own);
    return made;
  };
  auto campaign = notification();
  campaign.contacts.id_column = "id";
  Running world(campaign, 3);
  runner::ReadAddition read;
  // The first is where they were, and the second row with their id is of the second person.
  read.rows = {row(2, 1, "id1", "Europe/Rome"), row(3, 2, "id1", "Europe/London"),
               row(4, 3, "id2", "Europe/Rome"), row(5, 20, "id20", "Europe/Rome"),
               row(6, 20, "id3", "Asia/Kolkata")};
  Addition addition(*world.state().book.at(0).definition, world.state().book.at(0).columns, read);
  std::string moved;
  for (bool more = true; more;) {
    while (!addition.prepare(world.state(), 0, world.now())) continue;
    while (const auto moves = addition.next_moves()) {
      for (const auto& move : moves->moves) {
        moved += std::to_string(move.contact) + ' ' + move.zone + ", ";
      }
    }
    more = addition.next().has_value();
  }
  BOOST_TEST(moved == "2 Europe/London, ");
  BOOST_TEST(addition.report().moved == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
