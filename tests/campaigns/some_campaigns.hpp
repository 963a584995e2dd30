#pragma once

#include <string>
#include <vector>

#include "campaigns/campaign.hpp"
#include "tests/campaigns/some_zones.hpp"
#include "tests/support/given.hpp"

// Campaigns, people and worlds to begin from.
namespace some {

using namespace campaigns;
using namespace std::chrono_literals;
using support::utc;
using support::World;

Text words(std::string text);

Option option(std::string code, char key, std::string label);

Question question(std::string id, QuestionType type, std::string ask);

Condition when_is(std::string question, std::string value);

// Every day from nine to eight, one line, one call a second, three attempts, retry after no answer.
Campaign notification(std::string id = "note");

// A colour, a yes or no that only red leads to, a rating, a number that need not be answered, and
// words.
Campaign survey(std::string id = "survey");

// The same in mode agent: the agent knows the name, and there is a human to go to.
Campaign agent_survey(std::string id = "survey");

// Person n of a list; `key` says whose number it is.
EnrolRows::Row person(std::uint64_t row, NumberKey key, std::string zone = "Europe/Rome");

SubmitCampaign submit(const Campaign& campaign, std::string digest = "d1");

// A running log on a Monday morning in Rome, at 9:00.
void begin(World& world, std::string carrier = "rehearsal");

void enrol(World& world, const Campaign& campaign, std::vector<EnrolRows::Row> rows);

// A world with one campaign and people 1..n.
struct Running : World {
  explicit Running(const Campaign& campaign, std::uint64_t people = 1,
                   std::string carrier = "rehearsal");
  Running(const Campaign& campaign, std::vector<EnrolRows::Row> rows);
  // Person 1 alone, who has besides their id and name what a list with one more column says of
  // them.
  Running(const Campaign& campaign, const std::string& column, const std::string& value);

  AttemptId attempt(std::uint32_t contact = 1, std::uint8_t number = 1) const;
  static std::string sid(std::uint32_t contact = 1, std::uint8_t number = 1);
  // Dials whoever is due and takes the carrier's yes.
  void dial(std::uint32_t contact = 1, std::uint8_t number = 1);
  void accept(std::uint32_t contact = 1, std::uint8_t number = 1);
  StatusReported status(std::string word, std::int64_t seconds = 0, std::uint32_t contact = 1,
                        std::uint8_t number = 1) const;
  VoiceRequested voice(std::string answered_by = {}, std::uint32_t contact = 1,
                       std::uint8_t number = 1) const;
  SurveyAnswered keyed(std::string question, std::uint32_t turn, std::string digits,
                       std::uint32_t contact = 1, std::uint8_t number = 1) const;
  SurveyAnswered said(std::string question, std::uint32_t turn, std::string speech,
                      std::uint32_t contact = 1, std::uint8_t number = 1) const;
  // The whole survey, answered well.
  void answer_all(std::uint32_t contact = 1, std::uint8_t number = 1);

  std::string id{};
};

}  // namespace some
