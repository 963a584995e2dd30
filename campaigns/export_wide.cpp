#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign_words.hpp"
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/skip_logic.hpp"
#include "campaigns/survey.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& wide_columns() {
  static const std::vector<Column> columns = {
      {"campaign", "text", "", "id of the campaign"},
      {"contact", "integer", "", "ordinal of the contact in the campaign, from 1"},
      {"row", "integer", "", "line of the contact list"},
      {"contact_id", "text", "",
       "the list's own id, else row.N of the list (row.N.ORDINAL where a list that was added has "
       "the row again); without ids the ordinal",
       true, true},
      {"place", "code", "", "where the case stands"},
      {"disposition", "code", "", "last word of the case; empty: no attempt has counted"},
      {"aapor", "text", "",
       "AAPOR code of the disposition; empty: not of the sample, as they were suppressed before "
       "the "
       "first call"},
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
      {"caller_id", "text", "", "our number that the last placed call showed"},
      {"talk_seconds", "integer", "s", "duration of all answered calls together"},
      {"questions_answered", "integer", "", "how many questions have an answer"},
  };
  return columns;
}

// Behind those, where other rules are asked for.
const std::vector<Column>& recoded_columns() {
  static const std::vector<Column> columns = {
      {"disposition_recoded", "code", "", "last word of the case under the recoding's rules"},
      {"aapor_recoded", "text", "", "AAPOR code of that; empty as aapor is"},
  };
  return columns;
}

namespace {

// How a question stands that has come to its end without an answer.
std::optional<AnswerStatus> settled_as(std::string_view status) {
  for (const auto one : {AnswerStatus::refused, AnswerStatus::dont_know, AnswerStatus::no_input,
                         AnswerStatus::invalid}) {
    if (name_of(one) == status) return one;
  }
  return {};
}

// Whether a condition held; nothing: it hangs on a question that no call has come to, or on what
// the list had of somebody who was forgotten.
std::optional<bool> held(const Condition& condition, const Campaign& campaign,
                         const std::vector<Standing>& standings, const CampaignEntry& entry,
                         const CallScript& script, ContactRef contact, bool forgotten) {
  const auto part_held = [&](const Condition& part) {
    return held(part, campaign, standings, entry, script, contact, forgotten);
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
    case Condition::Op::column_between:
    case Condition::Op::column_empty:
      if (forgotten) return {};
      return applies(condition, campaign, {}, entry, script, contact);
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
    case Condition::Op::question_status:
      break;
  }
  for (std::size_t i = 0; i < standings.size(); ++i) {
    if (campaign.questions[i].id != condition.name) continue;
    if (standings[i].answer) {
      const ScriptAnswer answer{static_cast<std::uint8_t>(i), AnswerStatus::answered,
                                std::string(standings[i].answer->value)};
      return applies(condition, campaign, {answer}, entry, script, contact);
    }
    if (const auto status = settled_as(standings[i].status)) {
      return answer_holds(condition, *status, {});
    }
    if (standings[i].status == "not_reached" || standings[i].status == "broken_off") return {};
    return false;
  }
  return {};
}

// An agent leads through the questions by itself, in their order: where a talk broke off is the
// first of them that it did not come to.
bool broke_off_with_agent(AttemptsOfOne attempts) {
  const AttemptRow* last = nullptr;
  for (const auto& attempt : attempts) {
    const bool talked = attempt.agent && attempt.first_sound_ms > 0;
    if (talked && attempt.outcome != Outcome::none) last = &attempt;
  }
  if (last == nullptr || last->ended_at_question != 0) return false;
  constexpr std::array broken_off{Outcome::broken_off,
                                  Outcome::partial,
                                  Outcome::refused,
                                  Outcome::opted_out,
                                  Outcome::callback_requested,
                                  Outcome::human_hung_up_at_once,
                                  Outcome::said_nothing,
                                  Outcome::not_available,
                                  Outcome::language_barrier,
                                  Outcome::unable,
                                  Outcome::business_number,
                                  Outcome::invalid_number,  // as somebody said there
                                  Outcome::screened};
  return std::ranges::find(broken_off, last->outcome) != broken_off.end();
}

}  // namespace

std::vector<Standing> standings_of(const State& state, ContactRef contact, AttemptsOfOne attempts,
                                   AnswersOfOne answers) {
  const auto& entry = state.book.at(contact.campaign);
  const auto& campaign = *entry.definition;
  const bool forgotten = state.results.cases[contact.campaign][contact.ordinal - 1].forgotten;
  std::vector<Standing> standings;
  standings.reserve(campaign.questions.size());
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    Standing standing;
    const AnswerRow* last = nullptr;
    for (const auto& answer : answers) {
      if (answer.question != i) continue;
      last = &answer;
      if (last->status == AnswerRow::Status::answered) {
        standing.answer = last;
        standing.declined = nullptr;
      } else if (last->status == AnswerRow::Status::refused ||
                 last->status == AnswerRow::Status::dont_know) {
        standing.answer = nullptr;
        standing.declined = last;
      }
    }
    // The last call that ended at this question.
    unsigned ended_here = 0;
    for (const auto& attempt : attempts) {
      if (attempt.outcome != Outcome::none && attempt.ended_at_question == i + 1) {
        ended_here = attempt.attempt;
      }
    }
    if (standing.answer) {
      const bool open = campaign.questions[i].type == QuestionType::open;
      standing.status = open && forgotten ? "erased" : "answered";
    } else if (standing.declined) {
      standing.status = Results::status_name(standing.declined->status);
    } else if (ended_here != 0 && (!last || ended_here >= last->attempt)) {
      standing.status = "broken_off";
    } else if (last) {
      standing.status = last->status == AnswerRow::Status::no_input ? "no_input" : "invalid";
    } else {
      const auto asked = held(campaign.questions[i].ask_if, campaign, standings, entry,
                              state.script, contact, forgotten);
      // Of whom nothing is left to tell it by, that they came by this question does.
      const bool passed = !asked && forgotten &&
                          (state.results.cases[contact.campaign][contact.ordinal - 1].disposition ==
                               Outcome::completed ||
                           std::ranges::any_of(answers, [&](const AnswerRow& answer) {
                             return answer.question > i;
                           }));
      standing.status = asked == false || passed ? "not_asked" : "not_reached";
    }
    standings.push_back(standing);
  }
  if (broke_off_with_agent(attempts)) {
    const auto next = std::ranges::find(standings, "not_reached", &Standing::status);
    if (next != standings.end()) next->status = "broken_off";
  }
  return standings;
}

}  // namespace exporting

void export_wide(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                 const CanonicalSink& sink) {
  using namespace exporting;
  const auto& entry = state.book.at(campaign);
  const auto& definition = *entry.definition;
  const auto& queue = state.queue.campaigns[campaign];
  const bool rehearsal = is_rehearsal(state);

  CsvWriter header(sink, settings.style);
  for (const auto& column : wide_columns()) header.field(column.name);
  if (settings.recoding) {
    for (const auto& column : recoded_columns()) header.field(column.name);
  }
  // By their place in the list, which is looked for once.
  std::vector<std::size_t> from_list;
  for (const auto& column : list_columns(definition)) {
    header.field(column.name);
    from_list.push_back(static_cast<std::size_t>(
        std::find(entry.columns.begin(), entry.columns.end(), column.of->column) -
        entry.columns.begin()));
  }
  const auto columns = question_columns(definition);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    header.field(columns[i].value);
    for (const auto& option : columns[i].options) header.field(option);
    if (settings.labels && has_codes(definition.questions[i])) header.field(columns[i].label);
    header.field(columns[i].status).field(columns[i].source);
  }
  header.field(rehearsal_column.name).end_row();

  const ContactIds ids(state, campaign);
  const auto write_row = [&](const People& people, CsvWriter& csv) {
    const auto contact = people.contact();
    const auto& dial = queue.contact(contact.ordinal);
    const auto& one = state.results.cases[campaign][contact.ordinal - 1];
    const AttemptRow* first = nullptr;
    const AttemptRow* last = nullptr;
    const AttemptRow* completed = nullptr;
    std::int64_t talk = 0;
    for (const auto& row : people.attempts()) {
      if (row.outcome == Outcome::not_placed) continue;
      if (!first) first = &row;
      last = &row;
      if (row.outcome == Outcome::completed) completed = &row;
      talk += row.seconds;
    }
    const auto verdict = verdict_of(state, contact);

    csv.field(definition.id).number(contact.ordinal).number(state.script.row(contact));
    csv.free(ids.of(contact.ordinal)).field(name_of(one.place));
    const auto outcome = [&csv](Outcome which) {
      csv.field(which == Outcome::none ? std::string_view() : name_of(which));
    };
    outcome(verdict.disposition);
    const bool outside = settings.frame && settings.frame->is_outside(contact);
    csv.field(outside ? std::string_view() : verdict.aapor).number(dial.attempts);
    outcome(dial.last_outcome);
    const auto call_times = [&](const AttemptRow* row) {
      write_times(csv, row ? row->requested_at : Instant{}, row ? row->own_offset_minutes() : 0);
    };
    call_times(first);
    call_times(last);
    write_times(csv, completed ? completed->ended_at : Instant{},
                completed ? completed->own_offset_minutes() : 0);
    csv.field(one.closed_at_ms == 0 ? "" : rfc3339_utc(instant_from_ms(one.closed_at_ms)));
    csv.field(queue.groups[dial.group].zone).field(state.script.language(contact));
    csv.field(last ? std::string_view(last->caller_id) : std::string_view()).number(talk);
    const auto standings = standings_of(state, contact, people.attempts(), people.answers());
    csv.number(std::count_if(standings.begin(), standings.end(),
                             [](const Standing& standing) { return standing.answer != nullptr; }));
    if (settings.recoding) {
      const auto other =
          verdict_of(state, contact, people.attempts(), people.answers(), *settings.recoding);
      outcome(other.disposition);
      csv.field(outside ? std::string_view() : other.aapor);
    }
    for (const auto column : from_list) {
      csv.free(dial.forgotten ? std::string_view() : state.script.value(contact, column));
    }
    for (std::size_t i = 0; i < standings.size(); ++i) {
      const auto* answer = standings[i].answer;
      const auto& question = definition.questions[i];
      const bool with_label = settings.labels && has_codes(question);
      if (!answer) {
        csv.empty();
        for (std::size_t n = 0; n < columns[i].options.size(); ++n) csv.empty();
        if (with_label) csv.empty();
        csv.field(standings[i].status);
        const auto* declined = standings[i].declined;
        csv.field(declined ? source_of(*declined, people.answers()) : std::string_view());
        continue;
      }
      if (question.type == QuestionType::open) {
        csv.free(state.results.words_of(*answer));
      } else {
        csv.free(answer->value);
      }
      if (question.several) {
        const auto codes = codes_in(answer->value);
        for (const auto& option : question.options) {
          csv.flag(std::find(codes.begin(), codes.end(), option.code) != codes.end());
        }
      }
      if (with_label) csv.free(labels_of(question, answer->value, definition.language));
      csv.field(standings[i].status).field(source_of(*answer, people.answers()));
    }
    csv.flag(rehearsal).end_row();
  };
  People people(state, campaign);
  if (!settings.at_once) {
    while (people.next()) write_row(people, header);
    return;
  }
  assert(settings.people_of_a_piece > 0);
  std::vector<std::string> texts(std::max<std::size_t>(settings.pieces_at_once, 1));
  for (std::uint32_t first = 1; first <= people.count();) {
    std::vector<std::function<void()>> pieces;
    for (auto& text : texts) {
      text.clear();
      if (first > people.count()) continue;
      const auto last = std::min(people.count(), first + settings.people_of_a_piece - 1);
      pieces.emplace_back([&, first, last] {
        auto rows = header.below([&text](std::string_view row) { text += row; });
        auto part = people.part(first, last);
        while (part.next()) write_row(part, rows);
      });
      first = last + 1;
    }
    settings.at_once(pieces);
    for (const auto& text : texts) sink(text);
  }
}

}  // namespace campaigns
