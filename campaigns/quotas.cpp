#include "campaigns/quotas.hpp"

#include <algorithm>

#include "campaigns/skip_logic.hpp"
#include "campaigns/survey.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// Whether a condition hangs on this question or a later one.
bool hangs_on(const Condition& condition, const Campaign& campaign, std::uint8_t question) {
  switch (condition.op) {
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
    case Condition::Op::question_status:
      return std::any_of(campaign.questions.begin() + question, campaign.questions.end(),
                         [&](const Question& later) { return later.id == condition.name; });
    case Condition::Op::always:
    case Condition::Op::all:
    case Condition::Op::any:
    case Condition::Op::negation:
    case Condition::Op::column_is:
    case Condition::Op::column_between:
    case Condition::Op::column_empty:
      break;
  }
  return std::ranges::any_of(
      condition.parts, [&](const Condition& part) { return hangs_on(part, campaign, question); });
}

// What a condition may come to, by the answers that are not there yet.
struct MayBe {
  bool yes = false;
  bool no = false;
};

MayBe may_be(const Condition& condition,
             const std::function<std::string_view(std::string_view)>& cell) {
  switch (condition.op) {
    case Condition::Op::always:
      return {true, false};
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
    case Condition::Op::question_status:
      return {true, true};
    case Condition::Op::column_is:
    case Condition::Op::column_between:
    case Condition::Op::column_empty: {
      const bool holds = cell_holds(condition, cell(condition.name));
      return {holds, !holds};
    }
    case Condition::Op::negation: {
      if (condition.parts.empty()) return {true, false};
      const auto part = may_be(condition.parts.front(), cell);
      return {part.no, part.yes};
    }
    case Condition::Op::all:
    case Condition::Op::any:
      break;
  }
  const bool all = condition.op == Condition::Op::all;
  MayBe whole{all, !all};
  for (const Condition& one : condition.parts) {
    const auto part = may_be(one, cell);
    whole.yes = all ? whole.yes && part.yes : whole.yes || part.yes;
    whole.no = all ? whole.no || part.no : whole.no && part.no;
  }
  return whole;
}

}  // namespace

std::vector<std::size_t> quotas_of(const Campaign& campaign,
                                   const std::vector<ScriptAnswer>& answers,
                                   const CampaignEntry& entry, const CallScript& script,
                                   ContactRef contact) {
  std::vector<std::size_t> belongs;
  for (std::size_t i = 0; i < campaign.quotas.size(); ++i) {
    if (applies(campaign.quotas[i].who, campaign, answers, entry, script, contact)) {
      belongs.push_back(i);
    }
  }
  return belongs;
}

std::optional<std::size_t> full_quota(const Campaign& campaign,
                                      const std::vector<ScriptAnswer>& answers,
                                      const CampaignEntry& entry, const CallScript& script,
                                      ContactRef contact, std::uint8_t next) {
  for (std::size_t i = 0; i < campaign.quotas.size(); ++i) {
    if (!entry.is_full(i)) continue;
    const auto& who = campaign.quotas[i].who;
    if (hangs_on(who, campaign, next)) continue;
    if (applies(who, campaign, answers, entry, script, contact)) return i;
  }
  return {};
}

std::optional<std::size_t> full_quota(const State& state, ContactRef contact) {
  const auto& entry = state.book.at(contact.campaign);
  if (!entry.any_quota_full()) return {};
  const auto step =
      next_step(*entry.definition, state.script.answers(contact), entry, state.script, contact);
  if (step.kind != NextStep::Kind::quota_full) return {};
  return step.quota;
}

bool may_belong(const Quota& quota, const std::function<std::string_view(std::string_view)>& cell) {
  return may_be(quota.who, cell).yes;
}

std::string why_full(const CampaignEntry& entry, std::size_t quota) {
  const auto& one = entry.definition->quotas[quota];
  return "the quota " + in_quotes(one.name) +
         " is full: " + std::to_string(entry.quota_completes[quota]) + " of " +
         std::to_string(one.completes) + " have completed the survey";
}

}  // namespace campaigns
