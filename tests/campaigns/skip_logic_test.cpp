#include "campaigns/skip_logic.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

#include "campaigns/survey.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(skip_logic)

using namespace campaigns;
using namespace some;
using Op = Condition::Op;

namespace {

Condition test(Op op, std::string name, std::vector<std::string> values = {},
               std::int64_t least = 0, std::int64_t most = 0) {
  Condition made;
  made.op = op;
  made.name = std::move(name);
  made.values = std::move(values);
  made.least = least;
  made.most = most;
  return made;
}

Condition joined(Op op, std::vector<Condition> parts) {
  Condition made;
  made.op = op;
  made.parts = std::move(parts);
  return made;
}

// A condition over the questions before one, drawn: of every kind there is.
Condition drawn(std::mt19937& random, const Campaign& campaign, int depth) {
  const auto draw = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  if (depth > 0 && draw(2) == 0) {
    const auto op = std::array{Op::all, Op::all, Op::any, Op::negation}[draw(4)];
    std::vector<Condition> parts;
    for (std::uint32_t n = op == Op::negation ? 1 : 2 + draw(2); n > 0; --n) {
      parts.push_back(drawn(random, campaign, depth - 1));
    }
    return joined(op, std::move(parts));
  }
  if (campaign.questions.empty() || draw(5) == 0) {
    switch (draw(3)) {
      case 0:
        return test(Op::column_is, "name", {std::array{"1", "2", "x"}[draw(3)]});
      case 1:
        return test(Op::column_between, "name", {}, draw(3), 2 + draw(3));
      default:
        return test(Op::column_empty, "name");
    }
  }
  const auto& question =
      campaign.questions[draw(static_cast<std::uint32_t>(campaign.questions.size()))];
  switch (draw(4)) {
    case 0:
      return test(Op::question_answered, question.id);
    case 1:
      return test(Op::question_status, question.id,
                  {std::array{"refused", "dont_know", "no_input"}[draw(3)]});
    default:
      break;
  }
  if (question.type == QuestionType::rating) {
    const auto least = 1 + draw(5);
    return test(Op::question_between, question.id, {}, least, least + draw(2));
  }
  return test(Op::question_is, question.id, {draw(2) == 0 ? "red" : "blue"});
}

// Answers and a cell, drawn; only what is asked is answered.
struct Drawn {
  std::vector<ScriptAnswer> answers{};
  std::string cell{};
};

// The second opinion: what each test means, written once more.
bool plainly(const Condition& condition, const Campaign& campaign, const Drawn& of) {
  const auto part = [&](const Condition& one) { return plainly(one, campaign, of); };
  const auto is_in = [&](std::string_view value) {
    for (const auto& one : condition.values) {
      if (one == value) return true;
    }
    return false;
  };
  switch (condition.op) {
    case Op::always:
      return true;
    case Op::all:
      for (const auto& one : condition.parts) {
        if (!part(one)) return false;
      }
      return true;
    case Op::any:
      for (const auto& one : condition.parts) {
        if (part(one)) return true;
      }
      return false;
    case Op::negation:
      return !part(condition.parts[0]);
    case Op::column_is:
      return is_in(of.cell);
    case Op::column_empty:
      return of.cell.empty();
    case Op::column_between:
      return of.cell.size() == 1 && of.cell[0] >= '0' && of.cell[0] <= '9' &&
             of.cell[0] - '0' >= condition.least && of.cell[0] - '0' <= condition.most;
    case Op::question_is:
    case Op::question_answered:
    case Op::question_between:
    case Op::question_status:
      break;
  }
  for (const auto& answer : of.answers) {
    if (campaign.questions[answer.question].id != condition.name) continue;
    if (condition.op == Op::question_status) return is_in(name_of(answer.status));
    if (answer.status != AnswerStatus::answered) return false;
    if (condition.op == Op::question_answered) return true;
    if (condition.op == Op::question_between) {
      return answer.value[0] - '0' >= condition.least && answer.value[0] - '0' <= condition.most;
    }
    if (answer.value == "red blue") return is_in("red") || is_in("blue");
    return is_in(answer.value);
  }
  return false;
}

Drawn drawn_answers(std::mt19937& random, const Campaign& campaign) {
  const auto draw = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  Drawn made;
  made.cell = std::array{"", "0", "1", "2", "3", "4", "5", "x", "other"}[draw(9)];
  for (std::uint8_t i = 0; i < campaign.questions.size(); ++i) {
    const auto& question = campaign.questions[i];
    if (!plainly(question.ask_if, campaign, made) || draw(6) == 0) continue;
    ScriptAnswer answer{i, AnswerStatus::answered, {}};
    if (const auto odd = draw(8); odd < 3) {
      answer.status =
          std::array{AnswerStatus::refused, AnswerStatus::dont_know, AnswerStatus::no_input}[odd];
    } else if (question.type == QuestionType::rating) {
      answer.value = std::to_string(1 + draw(5));
    } else {
      answer.value = std::array{"red", "blue", "red blue"}[draw(question.several ? 3 : 2)];
    }
    made.answers.push_back(std::move(answer));
  }
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tests_that_exclude_one_another_never_hold) {
  auto campaign = some::survey();
  const auto red = test(Op::question_is, "colour", {"red"});
  const auto blue = test(Op::question_is, "colour", {"blue"});
  const auto never = [](Condition one) { return joined(Op::negation, {std::move(one)}); };
  BOOST_TEST(can_hold({}, campaign));
  BOOST_TEST(can_hold(red, campaign));
  BOOST_TEST(!can_hold(joined(Op::all, {red, blue}), campaign));
  BOOST_TEST(can_hold(joined(Op::any, {red, blue}), campaign));
  BOOST_TEST(
      !can_hold(joined(Op::all, {red, never(test(Op::question_answered, "colour"))}), campaign));
  BOOST_TEST(can_hold(never(red), campaign));
  // "dark" is asked of those alone who said red.
  const auto dark = test(Op::question_answered, "dark");
  BOOST_TEST(can_hold(joined(Op::all, {red, dark}), campaign));
  BOOST_TEST(!can_hold(joined(Op::all, {blue, dark}), campaign));
  BOOST_TEST(!can_hold(joined(Op::all, {test(Op::question_between, "rate", {}, 1, 2),
                                        test(Op::question_between, "rate", {}, 3, 5)}),
                       campaign));
  BOOST_TEST(can_hold(joined(Op::all, {test(Op::question_between, "rate", {}, 1, 3),
                                       test(Op::question_between, "rate", {}, 3, 5)}),
                      campaign));
  BOOST_TEST(!can_hold(test(Op::question_between, "rate", {}, 6, 9), campaign));
  BOOST_TEST(!can_hold(
      joined(Op::all, {test(Op::column_is, "name", {"Anna"}), test(Op::column_empty, "name")}),
      campaign));
  BOOST_TEST(!can_hold(test(Op::question_status, "colour", {"refused"}), campaign));
  campaign.questions[0].may_refuse = true;
  BOOST_TEST(can_hold(test(Op::question_status, "colour", {"refused"}), campaign));
  // Both at once, where several may be chosen.
  campaign.questions[0].several = true;
  BOOST_TEST(can_hold(joined(Op::all, {red, blue}), campaign));
}

BOOST_AUTO_TEST_CASE(of_several_answers_any_choice_that_the_bounds_allow_is_tried) {
  auto campaign = some::survey();
  auto& colours = campaign.questions[0];
  colours.several = true;
  colours.options = {option("red", '1', "rosso"), option("blue", '2', "blu"),
                     option("green", '3', "verde")};
  colours.least = 1;
  colours.most = 3;
  const auto said = [](const char* code) { return test(Op::question_is, "colour", {code}); };
  const auto never = [](Condition one) { return joined(Op::negation, {std::move(one)}); };
  const auto all = [](std::vector<Condition> parts) { return joined(Op::all, std::move(parts)); };
  const auto two_of_three = all({said("red"), said("blue"), never(said("green"))});
  const auto none = all({test(Op::question_answered, "colour"), never(said("red")),
                         never(said("blue")), never(said("green"))});
  BOOST_TEST(can_hold(two_of_three, campaign));
  BOOST_TEST(can_hold(all({said("red"), said("blue"), said("green")}), campaign));
  BOOST_TEST(can_hold(all({said("green"), never(said("red")), never(said("blue"))}), campaign));
  BOOST_TEST(!can_hold(none, campaign));
  colours.most = 2;
  BOOST_TEST(can_hold(two_of_three, campaign));
  BOOST_TEST(!can_hold(all({said("red"), said("blue"), said("green")}), campaign));
  colours.least = 2;
  // The third alone is too few, and the two others are excluded.
  BOOST_TEST(!can_hold(all({said("green"), never(said("red")), never(said("blue"))}), campaign));
  BOOST_TEST(can_hold(all({said("green"), never(said("red"))}), campaign));
  BOOST_TEST(can_hold(never(said("green")), campaign));
  // So many codes that not every choice of them is looked through: it may hold.
  colours.options.clear();
  std::vector<Condition> every;
  for (char letter = 'a'; letter <= 't'; ++letter) {
    colours.options.push_back(option(std::string(1, letter), '\0', "?"));
    every.push_back(said(colours.options.back().code.c_str()));
  }
  BOOST_TEST(can_hold(all(std::move(every)), campaign));
}

// More codes than every choice is looked through of: somebody may give one that lets them by.
BOOST_AUTO_TEST_CASE(somebody_comes_by_a_screen_of_more_codes_than_are_looked_through) {
  auto campaign = some::survey();
  auto& colours = campaign.questions[0];
  colours.several = true;
  colours.required = true;
  colours.options.clear();
  std::vector<std::string> named;
  for (char letter = 'a'; letter <= 't'; ++letter) {
    colours.options.push_back(option(std::string(1, letter), '\0', "?"));
    if (named.size() < 11) named.push_back(colours.options.back().code);
  }
  colours.least = 1;
  colours.most = 20;
  colours.screen_out_if = joined(Op::negation, {test(Op::question_is, "colour", std::move(named))});
  BOOST_TEST(can_hold({}, campaign));
  BOOST_TEST(can_hold(test(Op::question_is, "colour", {"a"}), campaign));
  BOOST_TEST(can_hold(test(Op::question_between, "rate", {}, 4, 5), campaign));
}

BOOST_AUTO_TEST_CASE(whoever_is_screened_out_is_asked_nothing_more) {
  auto campaign = some::survey();
  const auto red = test(Op::question_is, "colour", {"red"});
  const auto blue = test(Op::question_is, "colour", {"blue"});
  campaign.questions[0].screen_out_if = red;
  BOOST_TEST(!can_hold(red, campaign));
  BOOST_TEST(can_hold(blue, campaign));
  // "dark" is asked of those alone who said red.
  BOOST_TEST(!can_hold(test(Op::question_answered, "dark"), campaign));
  // By what was answered before, and by a column.
  const auto high = test(Op::question_between, "rate", {}, 4, 5);
  campaign.questions[0].screen_out_if = {};
  campaign.questions[2].screen_out_if = joined(Op::all, {red, high});
  BOOST_TEST(can_hold(red, campaign));
  BOOST_TEST(can_hold(high, campaign));
  BOOST_TEST(!can_hold(joined(Op::all, {red, high}), campaign));
  campaign.questions[2].screen_out_if = joined(Op::all, {test(Op::column_is, "name", {"x"}), high});
  BOOST_TEST(can_hold(high, campaign));
  BOOST_TEST(!can_hold(joined(Op::all, {high, test(Op::column_is, "name", {"x"})}), campaign));
  // What is left open screens nobody out.
  campaign.questions[3].screen_out_if =
      joined(Op::negation, {test(Op::question_answered, "people")});
  BOOST_TEST(can_hold(test(Op::question_status, "people", {"no_input"}), campaign));
}

BOOST_AUTO_TEST_CASE(nobody_comes_behind_a_question_that_screens_everybody_out) {
  auto campaign = some::survey();
  const auto answered = test(Op::question_answered, "colour");
  campaign.questions[0].screen_out_if = answered;
  BOOST_TEST(!can_hold({}, campaign));
  // Not even where nothing is asked of that question.
  BOOST_TEST(!can_hold(test(Op::column_is, "name", {"Anna"}), campaign));
  BOOST_TEST(why_never({}, campaign) ==
             "nobody comes so far: \"colour\" screens out if \"colour\" is answered");
  // Whoever need not answer comes by.
  campaign.questions[0].required = false;
  BOOST_TEST(can_hold({}, campaign));
  campaign.questions[0].required = true;
  campaign.questions[0].screen_out_if = test(Op::question_is, "colour", {"red"});
  BOOST_TEST(can_hold({}, campaign));
  // "dark" is asked of whoever said red, and nobody of them comes to it.
  campaign.questions[1].screen_out_if = test(Op::question_answered, "dark");
  BOOST_TEST(can_hold({}, campaign));
}

BOOST_AUTO_TEST_CASE(what_never_holds_is_said_with_what_is_to_blame) {
  auto campaign = some::survey();
  const auto red = test(Op::question_is, "colour", {"red"});
  const auto blue = test(Op::question_is, "colour", {"blue"});
  const auto high = test(Op::question_between, "rate", {}, 4, 5);
  const auto said = test(Op::column_between, "age", {}, 18, 30);
  const auto all = [](std::vector<Condition> parts) { return joined(Op::all, std::move(parts)); };
  // The rating and the column are not to blame.
  BOOST_TEST(why_never(all({red, high, said, blue}), campaign) ==
             "\"colour\" is red and \"colour\" is blue never hold together");
  BOOST_TEST(why_never(test(Op::question_between, "rate", {}, 6, 9), campaign) ==
             "\"rate\" is between 6 and 9 never holds");
  BOOST_TEST(why_never(all({said, test(Op::column_between, "age", {}, 40, 50)}), campaign) ==
             "column \"age\" is between 18 and 30 and column \"age\" is between 40 and 50 never "
             "hold together");
  BOOST_TEST(why_never(all({test(Op::question_answered, "dark"), high, blue}), campaign) ==
             "\"dark\" is answered and \"colour\" is blue never hold together: \"dark\" is asked "
             "only if \"colour\" is red");
  const auto either = joined(Op::any, {red, blue});
  BOOST_TEST(why_never(all({joined(Op::negation, {either}), test(Op::question_answered, "colour")}),
                       campaign) ==
             "not (\"colour\" is red or \"colour\" is blue) and \"colour\" is answered never hold "
             "together");
  campaign.questions[2].screen_out_if = high;
  BOOST_TEST(why_never(all({red, high}), campaign) ==
             "\"rate\" is between 4 and 5 never holds: \"rate\" screens out if \"rate\" is between "
             "4 and 5");
  // Of several, as the bounds are.
  auto& colours = campaign.questions[0];
  colours.several = true;
  colours.options = {option("red", '1', "rosso"), option("blue", '2', "blu")};
  colours.least = colours.most = 1;
  BOOST_TEST(why_never(all({red, said, blue}), campaign) ==
             "\"colour\" is red and \"colour\" is blue never hold together");
}

// Random surveys: what holds for somebody can hold, and what the program asks is what the plain
// reading of the conditions asks.
BOOST_AUTO_TEST_CASE(random_conditions_mean_what_they_plainly_mean) {
  std::mt19937 random(20);
  unsigned never = 0;
  for (int round = 0; round < 300; ++round) {
    Campaign campaign = some::survey("random");
    campaign.questions.clear();
    for (int i = 0; i < 4; ++i) {
      auto asked = question("q" + std::to_string(i),
                            random() % 2 == 0 ? QuestionType::rating : QuestionType::choice, "?");
      asked.several = asked.type == QuestionType::choice && random() % 3 == 0;
      if (asked.several) asked.least = 1, asked.most = 2;
      asked.may_refuse = asked.may_not_know = true;
      asked.required = false;
      if (i > 0 && random() % 2 == 0) asked.ask_if = drawn(random, campaign, 1);
      campaign.questions.push_back(std::move(asked));
    }
    const auto condition = drawn(random, campaign, 2);
    const bool may = can_hold(condition, campaign);
    never += may ? 0 : 1;
    bool seen = false;
    for (int n = 0; n < 60; ++n) {
      const auto of = drawn_answers(random, campaign);
      seen |= plainly(condition, campaign, of);
      for (const auto& answer : of.answers) {
        // Each test alone, by the program.
        for (const auto& one : campaign.questions) {
          if (one.ask_if.name == campaign.questions[answer.question].id &&
              one.ask_if.parts.empty()) {
            BOOST_TEST_REQUIRE(answer_holds(one.ask_if, answer.status, answer.value) ==
                               plainly(one.ask_if, campaign, of));
          }
        }
      }
    }
    BOOST_TEST_REQUIRE((may || !seen), "round " << round);
  }
  BOOST_TEST(never > 5U);
  BOOST_TEST(never < 200U);
}

BOOST_AUTO_TEST_SUITE_END()
