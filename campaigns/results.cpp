#include "campaigns/results.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

// The places of the rows, within a contact as they are.
template <typename Table>
std::vector<std::size_t> in_order_of_contacts(const Table& rows) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keys;
  keys.reserve(rows.size());
  for (const auto& row : rows) keys.emplace_back(row.contact.packed(), keys.size());
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> order;
  order.reserve(keys.size());
  for (const auto& [contact, index] : keys) order.push_back(index);
  return order;
}

}  // namespace

std::optional<std::size_t> Results::open(ContactRef contact) const {
  const auto found = last_attempt_.find(contact.packed());
  return found == last_attempt_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Results::index_of(ContactRef contact, std::uint8_t attempt) const {
  if (contact.campaign >= last_rows_.size()) return {};
  const auto& last = last_rows_[contact.campaign];
  if (contact.ordinal == 0 || contact.ordinal > last.size()) return {};
  for (auto row = last[contact.ordinal - 1]; row != 0; row = rows_before_[row - 1]) {
    if (attempts[row - 1].attempt == attempt) return row - 1;
  }
  return {};
}

std::optional<AttemptRow> Results::find(ContactRef contact, std::uint8_t attempt) const {
  const auto index = index_of(contact, attempt);
  return index ? std::optional(attempts[*index]) : std::nullopt;
}

std::string_view Results::status_name(AnswerRow::Status status) {
  switch (status) {
    case AnswerRow::Status::answered:
      return "answered";
    case AnswerRow::Status::no_input:
      return "no_input";
    case AnswerRow::Status::invalid:
      return "invalid";
    case AnswerRow::Status::refused:
      return "refused";
    case AnswerRow::Status::dont_know:
      return "dont_know";
  }
  return "";
}

void Results::apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book) {
  position = fact.position;
  if (holds_alternative<CampaignSubmitted>(fact.event)) {
    cases.emplace_back();
    last_rows_.emplace_back();
    return;
  }
  if (holds_alternative<CampaignCancelled>(fact.event)) {
    const auto index = *book.find(fact.subject.name);
    for (std::uint32_t ordinal = 1; ordinal <= cases[index].size(); ++ordinal) {
      auto& one = cases[index][ordinal - 1];
      if (one.place != Place::open) continue;
      const auto last = open({index, ordinal});
      const auto outcome = last ? attempts[*last].outcome : Outcome::not_placed;
      // A call under way closes its case itself; one that came before has the last word.
      if (outcome == Outcome::none) continue;
      const bool called = outcome != Outcome::not_placed;
      one = {Place::excluded, called ? outcome : Outcome::canceled_by_us, one.forgotten,
             to_ms(fact.recorded_at)};
    }
    return;
  }
  if (!ref) return;
  auto& all = cases[ref->campaign];
  if (const auto* enrolled = get_if<ContactEnrolled>(&fact.event)) {
    all.emplace_back().forgotten = enrolled->number.empty();
    last_rows_[ref->campaign].push_back(0);
    return;
  }
  auto& one = all[ref->ordinal - 1];
  if (holds_alternative<ContactExcluded>(fact.event)) {
    one = {Place::excluded, Outcome::none, one.forgotten, to_ms(fact.recorded_at)};
    return;
  }
  if (holds_alternative<ContactForgotten>(fact.event)) {
    one.forgotten = true;
    return;
  }
  // It comes when the call is over, and perhaps the case as well.
  if (const auto* recorded = get_if<CallRecorded>(&fact.event)) {
    const auto index = index_of(*ref, recorded->attempt);
    if (!index) return;
    auto& row = attempts.change(*index);
    row.recording = recorded->recording;
    row.recorded_seconds = recorded->seconds;
    if (row.outcome != Outcome::none) attempts.settle(*index);
    return;
  }
  if (const auto* closed = get_if<ContactClosed>(&fact.event)) {
    one = {closed->place, closed->disposition, one.forgotten, to_ms(fact.recorded_at)};
    // A held attempt may still be adopted.
    if (closed->place != Place::held) last_attempt_.erase(ref->packed());
    return;
  }
  if (const auto* requested = get_if<CallRequested>(&fact.event)) {
    AttemptRow row;
    row.contact = *ref;
    row.attempt = requested->attempt;
    row.requested_at = fact.recorded_at;
    row.offset_minutes = requested->offset_minutes;
    row.own_clock_ahead_minutes = requested->own_clock_ahead_minutes;
    row.caller_id = requested->caller_id;
    row.number = requested->number;
    if (Evidence named{requested->basis, requested->basis_source, requested->basis_date,
                       requested->disclosure};
        named != Evidence{}) {
      // Nearly always that of the call before.
      const auto known = std::find(evidence.rbegin(), evidence.rend(), named);
      row.evidence = static_cast<std::uint32_t>(evidence.rend() - known);
      if (row.evidence == 0) {
        evidence.push_back(std::move(named));
        row.evidence = static_cast<std::uint32_t>(evidence.size());
      }
    }
    last_attempt_[ref->packed()] = attempts.append(std::move(row));
    auto& last = last_rows_[ref->campaign][ref->ordinal - 1];
    rows_before_.push_back(std::exchange(last, static_cast<std::uint32_t>(attempts.size())));
    return;
  }
  const auto index = open(*ref);
  if (!index) return;
  auto& row = attempts.change(*index);
  apply_to_attempt(fact, *ref, row, book);
  // Over, and what changes it yet comes soon or never.
  if (row.outcome != Outcome::none) attempts.settle(*index);
}

void Results::apply_to_attempt(const Fact& fact, ContactRef ref, AttemptRow& row,
                               const Register& book) {
  auto& one = cases[ref.campaign][ref.ordinal - 1];
  // What the source says, where it says it.
  const auto at = fact.occurred_at.value_or(fact.recorded_at);
  const auto& questions = book.at(ref.campaign).definition->questions;
  const auto answer = [&](const std::string& id, std::int64_t turn, AnswerRow::Status status,
                          const auto& fill) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (questions[i].id != id) continue;
      AnswerRow given;
      given.contact = ref;
      given.attempt = row.attempt;
      given.question = static_cast<std::uint8_t>(i);
      given.status = status;
      given.turn = static_cast<std::uint32_t>(turn);
      given.at = fact.recorded_at;
      fill(given);
      answers.append(given);
    }
  };
  if (const auto* accepted = get_if<CallAccepted>(&fact.event)) {
    row.sid = accepted->sid;
    row.accepted_at = fact.recorded_at;
  } else if (const auto* adopted = get_if<CallAdopted>(&fact.event)) {
    row.sid = adopted->sid;
    row.accepted_at = fact.recorded_at;
    if (one.place == Place::held) one = {};
  } else if (const auto* resolved = get_if<CallResolved>(&fact.event)) {
    row.resolved = resolved->as;
    if (one.place == Place::held) one = {};
  } else if (const auto* refused = get_if<CallRefused>(&fact.event)) {
    row.code = refused->code ? refused->code : refused->http_status;
  } else if (const auto* taken_back = get_if<CallEndRequested>(&fact.event)) {
    row.taken_back = !taken_back->ringing;
  } else if (holds_alternative<CallInitiated>(fact.event)) {
    row.initiated = true;
  } else if (holds_alternative<CallRinging>(fact.event)) {
    row.ringing_at = at;
  } else if (holds_alternative<CallAnswered>(fact.event)) {
    row.answered_at = at;
  } else if (const auto* detected = get_if<AnswererDetected>(&fact.event)) {
    row.answered_by = detected->answered_by;
  } else if (const auto* served = get_if<PromptServed>(&fact.event)) {
    row.agent |= served->prompt == "agent";
    // Whoever opts out or stops does so at the question that was open.
    if (served->prompt != "opted_out" && served->prompt != "stopped" &&
        served->prompt != "callback" && served->prompt != "transfer") {
      row.ended_at_question = 0;
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (questions[i].id == served->question) {
        row.ended_at_question = static_cast<std::uint8_t>(i + 1);
      }
    }
  } else if (const auto* given = get_if<AnswerGiven>(&fact.event)) {
    answer(given->question, given->turn, AnswerRow::Status::answered, [&](AnswerRow& out) {
      out.by_speech = given->source == "speech";
      out.by_agent = given->source == "agent";
      out.position = static_cast<std::uint32_t>(given->position);
      out.confidence_thousandths = given->confidence_thousandths;
      out.value = given->value;
      out.words = given->words;
    });
  } else if (const auto* declined = get_if<AnswerDeclined>(&fact.event)) {
    answer(
        declined->question, declined->turn,
        declined->status == "refused" ? AnswerRow::Status::refused : AnswerRow::Status::dont_know,
        [&](AnswerRow& out) {
          out.by_speech = declined->source == "speech";
          out.by_agent = declined->source == "agent";
          out.position = static_cast<std::uint32_t>(declined->position);
          out.confidence_thousandths = declined->confidence_thousandths;
          out.words = declined->words;
        });
  } else if (const auto* invalid = get_if<AnswerInvalid>(&fact.event)) {
    answer(invalid->question, invalid->turn, AnswerRow::Status::invalid, [&](AnswerRow& out) {
      out.by_speech = invalid->source == "speech";
      out.words = invalid->words;
    });
  } else if (const auto* silent = get_if<NoInput>(&fact.event)) {
    answer(silent->question, silent->turn, AnswerRow::Status::no_input, [](AnswerRow&) {});
  } else if (const auto* stream = get_if<StreamClosed>(&fact.event)) {
    row.stream_why = stream->why;
    row.talk_ms = stream->lasted_ms;
    row.first_sound_ms = stream->first_sound_ms;
    row.agent_turns = stream->turns;
    row.interruptions = stream->interruptions;
    row.tokens = stream->input_tokens + stream->output_tokens;
  } else if (const auto* failed = get_if<AgentFailed>(&fact.event)) {
    row.agent_fault = failed->fault;
  } else if (const auto* ended = get_if<CallEnded>(&fact.event)) {
    row.status = ended->status;
    row.seconds = ended->seconds;
    row.sip = ended->sip;
    row.ended_at = at;
  } else if (const auto* closed = get_if<AttemptClosed>(&fact.event)) {
    row.outcome = closed->outcome;
    if (row.ended_at == Instant{}) row.ended_at = fact.recorded_at;
  } else if (const auto* callback = get_if<CallbackAsked>(&fact.event)) {
    if (callback->due != 0 || callback->withdrawn) {
      row.callback_due_ms = callback->due;
      row.callback_offset_change = callback->offset_change;
    }
  } else if (const auto* retry = get_if<RetryScheduled>(&fact.event)) {
    row.retry_due_ms = retry->due;
  }
}

void Results::write(const CanonicalSink& sink, const Register& book) const {
  std::string text;
  const auto line = [&](const auto& fill) {
    text.clear();
    JsonObject object(text);
    fill(object);
    object.close();
    text += '\n';
    sink(text);
  };
  const auto campaign_id = [&](ContactRef ref) -> const std::string& {
    return book.at(ref.campaign).definition->id;
  };
  line([&](JsonObject& o) { o.member("position", static_cast<std::int64_t>(position)); });
  // Streams may interleave differently in the log: rows are written by contact, not by position.
  for (const auto index : in_order_of_contacts(attempts)) {
    const auto row = attempts[index];
    line([&](JsonObject& o) {
      o.member("attempt",
               AttemptId{campaign_id(row.contact), row.contact.ordinal, row.attempt}.text())
          .member("outcome", name_of(row.outcome))
          .flag("initiated", row.initiated)
          .member("resolved", name_of(row.resolved))
          .member("ended_at_question", row.ended_at_question)
          .member("requested_at", to_ms(row.requested_at))
          .member("offset_minutes", row.offset_minutes)
          .member("accepted_at", to_ms(row.accepted_at))
          .member("ringing_at", to_ms(row.ringing_at))
          .member("answered_at", to_ms(row.answered_at))
          .member("ended_at", to_ms(row.ended_at))
          .member("seconds", row.seconds)
          .member("sip", row.sip)
          .member("code", row.code)
          .member("status", row.status)
          .member("answered_by", row.answered_by)
          .member("sid", row.sid)
          .member("caller_id", row.caller_id)
          .member("retry_due", row.retry_due_ms);
      // Not written where there is none: logs from before keep their digest.
      if (row.own_clock_ahead_minutes != 0) {
        o.member("own_clock_ahead_minutes", row.own_clock_ahead_minutes);
      }
      if (row.number != 0) o.member("number", row.number);
      if (row.evidence != 0) {
        const auto& known = evidence[row.evidence - 1];
        for (const auto& [name, value] : {std::pair{"basis", &known.basis},
                                          {"basis_source", &known.source},
                                          {"basis_date", &known.date},
                                          {"disclosure", &known.disclosure}}) {
          if (!value->empty()) o.member(name, *value);
        }
      }
      if (row.taken_back) o.flag("taken_back", true);
      if (row.callback_due_ms != 0) o.member("callback_due", row.callback_due_ms);
      if (row.callback_offset_change != 0) {
        o.member("callback_offset_change", row.callback_offset_change);
      }
      if (!row.recording.empty()) {
        o.member("recording", row.recording).member("recorded_seconds", row.recorded_seconds);
      }
      if (!row.agent) return;  // the rest says of itself that it was
      o.member("stream_why", row.stream_why)
          .member("agent_fault", row.agent_fault)
          .member("talk_ms", row.talk_ms)
          .member("first_sound_ms", row.first_sound_ms)
          .member("agent_turns", row.agent_turns)
          .member("interruptions", row.interruptions)
          .member("tokens", row.tokens);
    });
  }
  for (const auto index : in_order_of_contacts(answers)) {
    const auto row = answers[index];
    line([&](JsonObject& o) {
      o.member("answer",
               AttemptId{campaign_id(row.contact), row.contact.ordinal, row.attempt}.text())
          .member("question", book.at(row.contact.campaign).definition->questions[row.question].id)
          .member("status", static_cast<std::int64_t>(row.status))
          .flag("by_speech", row.by_speech)
          .member("turn", row.turn)
          .member("at", to_ms(row.at))
          .member("confidence_thousandths", row.confidence_thousandths)
          .member("value", row.value)
          .member("words", words_of(row));
      if (row.by_agent) o.member("by_agent_after", row.position);
    });
  }
  for (std::size_t index = 0; index < cases.size(); ++index) {
    const auto& id = book.at(static_cast<CampaignIndex>(index)).definition->id;
    for (std::size_t i = 0; i < cases[index].size(); ++i) {
      const auto& one = cases[index][i];
      line([&](JsonObject& o) {
        o.member("campaign", id)
            .member("contact", static_cast<std::int64_t>(i + 1))
            .member("place", name_of(one.place))
            .member("disposition", name_of(one.disposition))
            .member("closed_at", one.closed_at_ms)
            .flag("forgotten", one.forgotten);
      });
    }
  }
}

void Results::write_outcomes(const CanonicalSink& sink, const Register& book) const {
  std::string text;
  for (const auto index : in_order_of_contacts(attempts)) {
    const auto row = attempts[index];
    text = AttemptId{book.at(row.contact.campaign).definition->id, row.contact.ordinal, row.attempt}
               .text();
    text += ' ';
    text += name_of(row.outcome);
    text += ' ' + std::to_string(row.seconds) + '\n';
    sink(text);
  }
  for (const auto index : in_order_of_contacts(answers)) {
    const auto row = answers[index];
    text = AttemptId{book.at(row.contact.campaign).definition->id, row.contact.ordinal, row.attempt}
               .text();
    text += ' ' + std::to_string(row.question) + ' ' +
            std::to_string(static_cast<int>(row.status)) + ' ' +
            (row.by_agent    ? "a "
             : row.by_speech ? "s "
                             : "k ");
    append_json_string(text, row.value);
    append_json_string(text, words_of(row));
    text += '\n';
    sink(text);
  }
  for (std::size_t index = 0; index < cases.size(); ++index) {
    for (std::size_t i = 0; i < cases[index].size(); ++i) {
      text = std::to_string(index) + '.' + std::to_string(i + 1) + ' ';
      text += name_of(cases[index][i].place);
      text += ' ';
      text += name_of(cases[index][i].disposition);
      text += '\n';
      sink(text);
    }
  }
}

}  // namespace campaigns
