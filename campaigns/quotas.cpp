#include "campaigns/quotas.hpp"

#include <algorithm>

#include "campaigns/skip_logic.hpp"
#include "campaigns/survey.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// What a condition may come to, by the answers that are not there yet.
struct MayBe {
  bool yes = false;
  bool no = false;
  static MayBe known(bool holds) { return {holds, !holds}; }
};

bool tests_answer(const Condition& condition) {
  switch (condition.op) {
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
    case Condition::Op::question_status:
      return true;
    case Condition::Op::always:
    case Condition::Op::all:
    case Condition::Op::any:
    case Condition::Op::negation:
    case Condition::Op::column_is:
    case Condition::Op::column_between:
    case Condition::Op::column_empty:
      break;
  }
  return false;
}

// `test` says it of a test on an answer or a column.
MayBe may_be(const Condition& condition, const std::function<MayBe(const Condition&)>& test) {
  const bool all = condition.op == Condition::Op::all;
  if (all || condition.op == Condition::Op::any) {
    MayBe whole{all, !all};
    for (const Condition& one : condition.parts) {
      const auto part = may_be(one, test);
      whole.yes = all ? whole.yes && part.yes : whole.yes || part.yes;
      whole.no = all ? whole.no || part.no : whole.no && part.no;
    }
    return whole;
  }
  if (condition.op == Condition::Op::always) return {true, false};
  if (condition.op != Condition::Op::negation) return test(condition);
  if (condition.parts.empty()) return {true, false};
  const auto part = may_be(condition.parts.front(), test);
  return {part.no, part.yes};
}

// Of a test on an answer, when `next` would be asked.
MayBe of_answer(const Condition& condition, const Campaign& campaign,
                const std::vector<ScriptAnswer>& answers, std::optional<std::uint8_t> next) {
  const auto question = std::ranges::find(campaign.questions, condition.name, &Question::id);
  const auto index = static_cast<std::size_t>(question - campaign.questions.begin());
  const auto answer = std::ranges::find(answers, index, &ScriptAnswer::question);
  const bool passed = !next || index < *next;
  if (answer != answers.end() && (passed || (index != *next && settles(answer->status)))) {
    return MayBe::known(answer_holds(condition, answer->status, answer->value));
  }
  // One that was passed over has no answer, and gets none.
  return passed ? MayBe::known(false) : MayBe{true, true};
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
                                      ContactRef contact, std::optional<std::uint8_t> next) {
  const auto test = [&](const Condition& condition) {
    if (tests_answer(condition)) return of_answer(condition, campaign, answers, next);
    return MayBe::known(cell_holds(condition, script.value(contact, entry, condition.name)));
  };
  for (std::size_t i = 0; i < campaign.quotas.size(); ++i) {
    if (entry.is_full(i) && !may_be(campaign.quotas[i].who, test).no) return i;
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
  return may_be(quota.who,
                [&](const Condition& condition) {
                  if (tests_answer(condition)) return MayBe{true, true};
                  return MayBe::known(cell_holds(condition, cell(condition.name)));
                })
      .yes;
}

std::string why_full(const CampaignEntry& entry, std::size_t quota) {
  const auto& one = entry.definition->quotas[quota];
  return "the quota " + in_quotes(one.name) +
         " is full: " + std::to_string(entry.quota_completes[quota]) + " of " +
         std::to_string(one.completes) + " have completed the survey";
}

Event let_go_by_quota(const CampaignEntry& entry, const DialContact& contact, std::size_t quota) {
  if (contact.attempts == 0) return ContactExcluded{"quota_full", why_full(entry, quota)};
  return ContactClosed{place_at_end(contact.best_outcome), contact.best_outcome,
                       why_full(entry, quota)};
}

}  // namespace campaigns
