#include <optional>

#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/survey.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& wide_columns() {
  static const std::vector<Column> columns = {
      {"campaign", "text", "", "id of the campaign"},
      {"contact", "integer", "", "ordinal of the contact in the campaign, from 1"},
      {"row", "integer", "", "line of the contact list"},
      {"contact_id", "text", "", "the list's own id, else the ordinal", true},
      {"place", "code", "", "where the case stands"},
      {"disposition", "code", "", "last word of the case; empty: no attempt has counted"},
      {"aapor", "text", "", "AAPOR code of the disposition"},
      {"attempts", "integer", "calls", "attempts that count"},
      {"last_outcome", "code", "", "outcome of the last attempt, placed or not"},
      {"first_call_utc", "timestamp", "", "when the first placed call was requested"},
      {"first_call_local", "timestamp", "", "the same in the person's time"},
      {"last_call_utc", "timestamp", "", "when the last placed call was requested"},
      {"last_call_local", "timestamp", "", "the same in the person's time"},
      {"completed_at_utc", "timestamp", "", "end of the call that completed the case"},
      {"completed_at_local", "timestamp", "", "the same in the person's time"},
      {"closed_at_utc", "timestamp", "", "when the case was closed"},
      {"zone", "text", "", "the person's time zone"},
      {"language", "text", "", "the person's language"},
  };
  return columns;
}

}  // namespace exporting

namespace {

// How one question stands for one person.
struct Standing {
  std::string_view status{};
  const AnswerRow* answer = nullptr;  // the last one given
};

// Whether a condition held; nothing: it hangs on a question that no call has come to.
std::optional<bool> held(const Condition& condition, const Campaign& campaign,
                         const std::vector<Standing>& standings, const CampaignEntry& entry,
                         const CallScript& script, ContactRef contact) {
  const auto part_held = [&](const Condition& part) {
    return held(part, campaign, standings, entry, script, contact);
  };
  switch (condition.op) {
    case Condition::Op::always:
      return true;
    case Condition::Op::all:
    case Condition::Op::any: {
      // The value that one part alone decides the whole with.
      const bool decisive = condition.op == Condition::Op::any;
      bool open = false;
      for (const auto& part : condition.parts) {
        const auto value = part_held(part);
        if (value == decisive) return decisive;
        open |= !value;
      }
      if (open) return {};
      return !decisive;
    }
    case Condition::Op::negation: {
      if (condition.parts.empty()) return true;
      const auto value = part_held(condition.parts.front());
      if (!value) return {};
      return !*value;
    }
    case Condition::Op::column_is:
      return applies(condition, campaign, {}, entry, script, contact);
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
      break;
  }
  for (std::size_t i = 0; i < standings.size(); ++i) {
    if (campaign.questions[i].id != condition.name) continue;
    if (standings[i].answer) {
      const ScriptAnswer answer{static_cast<std::uint8_t>(i), AnswerStatus::answered,
                                standings[i].answer->value};
      return applies(condition, campaign, {answer}, entry, script, contact);
    }
    if (standings[i].status == "not_reached" || standings[i].status == "broken_off") return {};
    return false;
  }
  return {};
}

std::vector<Standing> standings_of(const State& state, ContactRef contact,
                                   const AttemptRow* const* attempts, std::size_t attempt_count,
                                   const AnswerRow* const* answers, std::size_t answer_count) {
  const auto& entry = state.book.at(contact.campaign);
  const auto& campaign = *entry.definition;
  std::vector<Standing> standings;
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    Standing standing;
    const AnswerRow* last = nullptr;
    for (std::size_t a = 0; a < answer_count; ++a) {
      if (answers[a]->question != i) continue;
      last = answers[a];
      if (last->status == AnswerRow::Status::answered) standing.answer = last;
    }
    // The last call that ended at this question.
    unsigned ended_here = 0;
    for (std::size_t a = 0; a < attempt_count; ++a) {
      if (attempts[a]->outcome != Outcome::none && attempts[a]->ended_at_question == i + 1) {
        ended_here = attempts[a]->attempt;
      }
    }
    if (standing.answer) {
      standing.status = "answered";
    } else if (ended_here != 0 && (!last || ended_here >= last->attempt)) {
      standing.status = "broken_off";
    } else if (last) {
      standing.status = last->status == AnswerRow::Status::no_input ? "no_input" : "invalid";
    } else {
      const auto asked =
          held(campaign.questions[i].ask_if, campaign, standings, entry, state.script, contact);
      standing.status = asked == false ? "not_asked" : "not_reached";
    }
    standings.push_back(standing);
  }
  return standings;
}

}  // namespace

void export_wide(const State& state, CampaignIndex campaign, const CanonicalSink& sink) {
  using namespace exporting;
  const auto& entry = state.book.at(campaign);
  const auto& definition = *entry.definition;
  const auto& queue = state.queue.campaigns[campaign];
  const auto contacts = static_cast<std::uint32_t>(queue.contacts.size());
  const auto attempts = by_contact(state.results.attempts, campaign, contacts);
  const auto answers = by_contact(state.results.answers, campaign, contacts);

  CsvWriter csv(sink);
  for (const auto& column : wide_columns()) csv.field(column.name);
  for (const auto& columns : question_columns(definition)) {
    csv.field(columns.value).field(columns.status).field(columns.source);
  }
  csv.field(rehearsal_column.name).end_row();

  std::size_t next_attempt = 0;
  std::size_t next_answer = 0;
  for (std::uint32_t ordinal = 1; ordinal <= contacts; ++ordinal) {
    const ContactRef contact{campaign, ordinal};
    const auto* const* own = attempts.data() + next_attempt;
    std::size_t own_count = 0;
    while (next_attempt < attempts.size() && attempts[next_attempt]->contact == contact) {
      ++next_attempt, ++own_count;
    }
    const auto* const* given = answers.data() + next_answer;
    std::size_t given_count = 0;
    while (next_answer < answers.size() && answers[next_answer]->contact == contact) {
      ++next_answer, ++given_count;
    }

    const auto& dial = queue.contact(ordinal);
    const auto& one = state.results.cases[campaign][ordinal - 1];
    const AttemptRow* first = nullptr;
    const AttemptRow* last = nullptr;
    const AttemptRow* completed = nullptr;
    // Before a case is closed, its last word is that of the last attempt that counts.
    auto disposition = one.disposition;
    for (std::size_t i = 0; i < own_count; ++i) {
      if (own[i]->outcome == Outcome::not_placed) continue;
      if (!first) first = own[i];
      last = own[i];
      if (own[i]->outcome == Outcome::completed) completed = own[i];
      if (one.disposition == Outcome::none && counts(own[i]->outcome)) {
        disposition = own[i]->outcome;
      }
    }

    csv.field(definition.id).number(ordinal).number(state.script.row(contact));
    csv.field(contact_id(state, contact)).field(name_of(one.place));
    csv.field(disposition == Outcome::none ? std::string_view() : name_of(disposition));
    csv.field(aapor_code(disposition, definition.known_eligible)).number(dial.attempts);
    csv.field(dial.last_outcome == Outcome::none ? std::string_view() : name_of(dial.last_outcome));
    const auto call_times = [&](const AttemptRow* row) {
      write_times(csv, row ? row->requested_at : Instant{}, row ? row->offset_minutes : 0);
    };
    call_times(first);
    call_times(last);
    write_times(csv, completed ? completed->ended_at : Instant{},
                completed ? completed->offset_minutes : 0);
    csv.field(one.closed_at_ms == 0 ? "" : rfc3339_utc(instant_from_ms(one.closed_at_ms)));
    csv.field(queue.groups[dial.group].zone).field(state.script.language(contact));

    const auto standings = standings_of(state, contact, own, own_count, given, given_count);
    for (std::size_t i = 0; i < standings.size(); ++i) {
      const auto* answer = standings[i].answer;
      if (!answer) {
        csv.empty().field(standings[i].status).empty();
        continue;
      }
      const bool open = definition.questions[i].type == QuestionType::open;
      csv.field(open ? state.results.words_of(*answer) : answer->value).field(standings[i].status);
      csv.field(Results::source_of(*answer));
    }
    csv.flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
