#include "campaigns/edit.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/consent.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/survey.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

Refusal may_not_change(std::string what) {
  return {"changed_fixed", std::move(what) + "; submit it under another id"};
}

// How the list was read: its people are in the log as they were found.
bool reads_lists_alike(const ContactSource& a, const ContactSource& b) {
  return a.region == b.region && a.number_column == b.number_column &&
         a.other_number_columns == b.other_number_columns && a.id_column == b.id_column &&
         a.language_column == b.language_column && a.zone_column == b.zone_column &&
         a.zone == b.zone && a.priority_column == b.priority_column &&
         a.not_before_columns == b.not_before_columns &&
         a.not_after_columns == b.not_after_columns &&
         a.consent_source_column == b.consent_source_column &&
         a.consent_date_column == b.consent_date_column;
}

// Why answers to the old question would not be answers to the new one.
std::optional<std::string> breaks_answers_to(const Question& before, const Question& after) {
  if (before.id != after.id || before.type != after.type) {
    return "question " + in_quotes(before.id) + " is in the answers by its place and type";
  }
  if (before.several != after.several) {
    return "question " + in_quotes(before.id) +
           " has answers of one option, or of several, from the beginning";
  }
  if (before.shuffle != after.shuffle) {
    return "question " + in_quotes(before.id) +
           " has its order of options for each person, or none, from the beginning";
  }
  for (const auto& option : before.options) {
    const bool kept = std::any_of(after.options.begin(), after.options.end(),
                                  [&](const Option& other) { return other.code == option.code; });
    if (!kept) {
      return "question " + in_quotes(before.id) + " has answers by the code " +
             in_quotes(option.code) + ", which would be none any more";
    }
  }
  if (before.type != QuestionType::choice &&
      (after.least > before.least || after.most < before.most)) {
    return "question " + in_quotes(before.id) + " may have answers beyond its new bounds";
  }
  return {};
}

std::int64_t spent_or_reserved(const State& state, CampaignIndex index) {
  const auto& account = state.spend.campaigns[index];
  return account.settled + account.reserved;
}

// When somebody of a zone may be called next.
std::optional<Instant> may_be_called(const CallingHours& hours, const std::string& zone,
                                     const ZoneRules& rules, Instant from) {
  const auto opening = opening_at(hours, zone, rules, from);
  return opening.open ? from : opening.changes_at;
}

Milliseconds time_to_call(std::uint64_t people, const Campaign& campaign, std::int64_t account) {
  const auto rate = std::min<std::int64_t>(account, campaign.pacing.calls_per_second_thousandths);
  if (rate <= 0) return Milliseconds{0};
  return Milliseconds{static_cast<std::int64_t>(people) * 1'000'000 / rate};
}

}  // namespace

std::optional<std::string> breaks_answers(const Campaign& before, const Campaign& next) {
  if (next.questions.size() < before.questions.size()) {
    return "a question that was asked stays: words may change, and more be added at the end";
  }
  for (std::size_t i = 0; i < before.questions.size(); ++i) {
    if (auto why = breaks_answers_to(before.questions[i], next.questions[i])) return why;
  }
  for (std::size_t i = before.questions.size(); i < next.questions.size(); ++i) {
    if (!next.questions[i].shuffle) continue;
    return "question " + in_quotes(next.questions[i].id) +
           " is shuffled, and those who are enrolled have no order for it";
  }
  return {};
}

std::optional<Refusal> breaks_quotas(const State& state, CampaignIndex index,
                                     const Campaign& next) {
  const auto& completed = state.queue.campaigns[index].by_outcome;
  if (completed[static_cast<std::size_t>(Outcome::completed)] == 0) return {};
  const auto& before = state.book.at(index).definition->quotas;
  for (const auto& quota : next.quotas) {
    const auto same = std::ranges::find(before, quota.name, &Quota::name);
    if (same == before.end()) {
      return may_not_change("the quota " + in_quotes(quota.name) +
                            " is new, and would not count those who have completed the survey");
    }
    if (same->who != quota.who) {
      return may_not_change(
          "the quota " + in_quotes(quota.name) +
          " has counted people by its \"if\": its number may change, or it may go");
    }
  }
  return {};
}

std::optional<Refusal> breaks_results(const State& state, CampaignIndex index,
                                      const Campaign& next) {
  const auto& before = *state.book.at(index).definition;
  if (spent_or_reserved(state, index) > 0 && next.budget.currency != before.budget.currency) {
    return may_not_change("money was spent in " + before.budget.currency);
  }
  if (next.contacts.id_column != before.contacts.id_column) {
    return may_not_change("people are known in the results by the column " +
                          in_quotes(before.contacts.id_column));
  }
  // A name that comes to mean something else would be read by whoever reads the old one.
  const auto names_before = exporting::list_columns(before);
  const auto names_next = exporting::list_columns(next);
  for (const auto& was : names_before) {
    for (const auto& is : names_next) {
      if (was.of->column != is.of->column || was.of->name != is.of->name || was.name == is.name) {
        continue;
      }
      return may_not_change("the column " + in_quotes(was.name) +
                            " of the results would be called " + in_quotes(is.name) +
                            ": give the new question another id");
    }
  }
  return {};
}

std::optional<Refusal> breaks_zones(const Campaign& before, const Campaign& next) {
  if (before.hours.zone.empty() || !next.hours.zone.empty()) return {};
  return may_not_change(
      "people whose own time zone is not known were enrolled because calling_hours.zone stood for "
      "all: it may become another one, and may not go");
}

std::optional<Refusal> reason_not_to_edit(const State& state, CampaignIndex index,
                                          const Campaign& next) {
  const auto& entry = state.book.at(index);
  const auto& before = *entry.definition;
  if (next.id != before.id) return may_not_change("the file is of campaign " + in_quotes(next.id));
  switch (entry.status) {
    case CampaignStatus::enrolling:
      return Refusal{"enrolling",
                     "its list is still being enrolled: edit it when that is complete"};
    case CampaignStatus::cancelled:
    case CampaignStatus::completed:
      return Refusal{"over", "the campaign is " + std::string(name_of(entry.status)) +
                                 ": there is nothing left to move"};
    case CampaignStatus::running:
    case CampaignStatus::paused:
      break;
  }
  if (next.kind != before.kind) return may_not_change("the kind of a campaign stays");
  if (next.mode != before.mode) return may_not_change("the mode of a campaign stays");
  if (!reads_lists_alike(before.contacts, next.contacts)) {
    return may_not_change(
        "its people were read by the region, zone and columns that \"contacts\" had");
  }
  if (auto refusal = breaks_zones(before, next)) return refusal;
  if (next.variants != before.variants) {
    return may_not_change("who has which value of a variant is in the log: the variants stay");
  }
  if (auto refusal = breaks_quotas(state, index, next)) return refusal;
  if (auto why = breaks_answers(before, next)) return may_not_change(std::move(*why));
  auto uses = template_uses(next);
  for (auto& use : tested_columns(next)) uses.push_back(std::move(use));
  for (std::size_t i = 0; i < next.result_columns.size(); ++i) {
    uses.push_back({"/results/columns/" + std::to_string(i), next.result_columns[i].column});
  }
  for (const auto& use : uses) {
    if (std::find(entry.columns.begin(), entry.columns.end(), use.name) == entry.columns.end()) {
      return Refusal{"unknown_column", use.where + " names a column that the list does not have: " +
                                           in_quotes(use.name)};
    }
  }
  if (auto refusal = breaks_results(state, index, next)) return refusal;
  if (next.budget.limit_millionths > 0 &&
      next.budget.limit_millionths < spent_or_reserved(state, index)) {
    return Refusal{"budget_spent", "more than the new budget is spent or reserved already"};
  }
  if (auto why = reason_to_pay_no_call(next)) {
    return Refusal{"budget_too_small",
                   std::move(*why) + ": raise /budget/limit, or let calls be shorter"};
  }
  return {};
}

std::vector<std::uint32_t> beyond_the_cap(const State& state, CampaignIndex index,
                                          const Campaign& next) {
  std::vector<std::uint32_t> beyond;
  if (next.retries.attempts_max >= state.book.at(index).definition->retries.attempts_max) {
    return beyond;
  }
  const auto& campaign = state.queue.campaigns[index];
  for (const auto& group : campaign.groups) {
    for (const auto& [due, ordinal] : group.retries) {
      if (campaign.contact(ordinal).attempts >= next.retries.attempts_max) {
        beyond.push_back(ordinal);
      }
    }
  }
  std::sort(beyond.begin(), beyond.end());
  return beyond;
}

namespace {

// Whether somebody may be of a country that is called before, and not then.
bool calls_fewer_countries(const Campaign& before, const Campaign& next) {
  if (next.countries.empty()) return false;
  return before.countries.empty() ||
         !std::ranges::all_of(before.countries, [&](const auto& country) {
           return std::ranges::find(next.countries, country) != next.countries.end();
         });
}

bool has_number_of_called_country(const State& state, const Campaign& campaign, ContactRef ref,
                                  Instant now) {
  const auto& contact = state.queue.campaigns[ref.campaign].contact(ref.ordinal);
  return country_may_be_called(campaign, contact.number) ||
         number_of_allowed_country(state, campaign, ref, now).has_value();
}

// Whether the next campaign does not call somebody for want of consent, when their turn comes, whom
// the one before would.
bool loses_consent(const State& state, const Campaign& before, const Campaign& next, ContactRef ref,
                   const ZoneRules& rules, Instant from) {
  const auto& people = state.queue.campaigns[ref.campaign];
  const auto& zone = people.groups[people.contact(ref.ordinal).group].zone;
  const auto turn = may_be_called(next.hours, zone, rules, from).value_or(from);
  return why_no_consent(next, state, ref, rules, turn) &&
         !why_no_consent(before, state, ref, rules, turn);
}

}  // namespace

EditPreviewer::EditPreviewer(const State& state, CampaignIndex index, Campaign next, Instant now)
    : index_(index),
      before_(state.book.at(index).definition),
      next_(std::make_shared<const Campaign>(std::move(next))),
      entry_(state.book.at(index)),
      now_(now) {
  entry_.define(next_);
  any_quota_full_ = entry_.any_quota_full();
  fewer_countries_ = calls_fewer_countries(*before_, *next_);
  // Which columns hold it no edit changes.
  other_consent_ = next_->consent.required && next_->consent != before_->consent;
}

EditPreviewer::Moves EditPreviewer::moves(const ZoneRules& rules, const std::string& zone,
                                          Instant from) const {
  const auto old_time = may_be_called(before_->hours, zone, rules, from);
  const auto new_time = may_be_called(next_->hours, zone, rules, from);
  if (!new_time) return old_time ? Moves::never : Moves::not_at_all;
  if (!old_time) return Moves::again;
  if (*new_time == *old_time) return Moves::not_at_all;
  return *new_time < *old_time ? Moves::earlier : Moves::later;
}

void EditPreviewer::count(const State& state, const ZoneRules& rules, std::uint32_t ordinal) {
  const auto& campaign = state.queue.campaigns[index_];
  const auto& contact = campaign.contact(ordinal);
  if (contact.stage != Stage::fresh && contact.stage != Stage::retry) return;
  ++preview_.waiting;
  const ContactRef ref{index_, ordinal};
  if (any_quota_full_) {
    const auto step = next_step(*next_, state.script.answers(ref), entry_, state.script, ref);
    preview_.quota_full += step.kind == NextStep::Kind::quota_full ? 1U : 0U;
  }
  // Whoever was never called is due; they open and close with their zone.
  Instant from = now_;
  if (contact.stage == Stage::retry) {
    if (next_->retries.attempts_max < before_->retries.attempts_max &&
        contact.attempts >= next_->retries.attempts_max) {
      ++preview_.excluded;
      return;
    }
    from = std::max(
        now_, Instant{std::chrono::floor<std::chrono::minutes>(instant_from_ms(contact.due_ms))});
  }
  if (fewer_countries_ && !contact.forgotten &&
      !has_number_of_called_country(state, *next_, ref, now_) &&
      has_number_of_called_country(state, *before_, ref, now_)) {
    ++preview_.other_country;
  } else if (other_consent_ && !contact.forgotten &&
             loses_consent(state, *before_, *next_, ref, rules, from)) {
    ++preview_.no_consent;
  }
  auto known = known_.find({contact.group, from});
  if (known == known_.end()) {
    const auto& zone = campaign.groups[contact.group].zone;
    known = known_.emplace(std::pair(contact.group, from), moves(rules, zone, from)).first;
  }
  switch (known->second) {
    case Moves::not_at_all:
      break;
    case Moves::earlier:
      ++preview_.earlier;
      break;
    case Moves::later:
      ++preview_.later;
      break;
    case Moves::never:
      ++preview_.never;
      break;
    case Moves::again:
      ++preview_.again;
      break;
  }
}

bool EditPreviewer::look(const State& state, const ZoneRules& rules, std::uint32_t people) {
  // Whose country is to be seen takes as long as so many others.
  constexpr std::uint32_t others = 20;
  if (fewer_countries_ || other_consent_) people = std::max(people / others, 1U);
  const auto all = static_cast<std::uint32_t>(state.queue.campaigns[index_].contacts.size());
  const auto last = people < all - looked_at_ ? looked_at_ + people : all;
  while (looked_at_ < last) count(state, rules, ++looked_at_);
  return looked_at_ == all;
}

EditPreview EditPreviewer::preview(const State& state) const {
  auto preview = preview_;
  const auto account = state.book.runner.calls_per_second_thousandths;
  preview.takes_before = time_to_call(preview.waiting, *before_, account);
  preview.takes_after =
      time_to_call(preview.waiting - preview.excluded - preview.other_country - preview.no_consent,
                   *next_, account);
  return preview;
}

EditPreview preview_edit(const State& state, CampaignIndex index, const Campaign& next,
                         const ZoneRules& rules, Instant now) {
  EditPreviewer previewer(state, index, next, now);
  while (!previewer.look(state, rules, std::numeric_limits<std::uint32_t>::max())) {
  }
  return previewer.preview(state);
}

}  // namespace campaigns
