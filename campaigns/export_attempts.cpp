#include "campaigns/campaign_words.hpp"
#include "campaigns/consent.hpp"
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"

namespace campaigns {

namespace exporting {

const std::vector<Column>& attempt_columns() {
  static const std::vector<Column> columns = {
      {"attempt_id", "text", "", "campaign, contact and attempt"},
      {"campaign", "text", "", "id of the campaign"},
      {"contact", "integer", "", "ordinal of the contact in the campaign, from 1"},
      {"contact_id", "text", "",
       "the list's own id, else row.N of the list (row.N.ORDINAL where a list that was added has "
       "the row again); without ids the ordinal",
       true, true},
      {"attempt", "integer", "", "number of the attempt, from 1, placed or not"},
      {"call_sid", "text", "", "the carrier's id of the call"},
      {"caller_id", "text", "", "our number that was shown"},
      {"requested_at_utc", "timestamp", "", "when the call was decided"},
      {"requested_at_local", "timestamp", "", "the same in the person's time"},
      {"accepted_at_utc", "timestamp", "", "when the carrier's acceptance was noted"},
      {"accepted_at_local", "timestamp", "", "the same in the person's time"},
      {"ringing_at_utc", "timestamp", "", "when it rang, as the carrier says"},
      {"ringing_at_local", "timestamp", "", "the same in the person's time"},
      {"answered_at_utc", "timestamp", "", "when it was answered, as the carrier says"},
      {"answered_at_local", "timestamp", "", "the same in the person's time"},
      {"ended_at_utc", "timestamp", "", "when it ended, or was given up"},
      {"ended_at_local", "timestamp", "", "the same in the person's time"},
      {"carrier_status", "text", "",
       "the carrier's last word on the call; lost: it did not know it any more"},
      {"answered_by", "text", "", "who answered, as the carrier says"},
      {"sip", "integer", "", "SIP code; empty: not said"},
      {"refusal_code", "integer", "", "why the carrier did not take the call; empty: it did"},
      {"seconds", "integer", "s", "duration of the call"},
      {"outcome", "code", "", "how the attempt ended; empty: it has not"},
      {"aapor", "text", "", "AAPOR code if this is the last word"},
      {"counts", "flag", "", "1: one of the attempts that the cap counts"},
      {"retry_due_utc", "timestamp", "", "earliest moment of the next attempt; empty: none"},
      {"retry_due_local", "timestamp", "", "the same in the person's time"},
      {"hung_up_by", "code", "", "who ended an answered call, as far as the log tells"},
      {"price", "decimal", "",
       "what it cost, the voice model with it; empty: the campaign keeps no account, or not yet"},
      {"currency", "text", "", "of the price"},
      {"agent_ended", "text", "", "why the talk with the voice agent ended; empty: there was none"},
      {"agent_failure", "text", "", "how the agent failed; empty: it did not"},
      {"agent_talk_ms", "integer", "ms", "how long the talk lasted"},
      {"agent_first_sound_ms", "integer", "ms", "until the agent was first heard; empty: never"},
      {"agent_turns", "integer", "", "how often the agent spoke"},
      {"agent_interruptions", "integer", "", "how often the person interrupted it"},
      {"heard_nothing", "flag", "", "1: somebody was there, and heard nothing of the agent"},
      {"console_url", "text", "", "the call in the carrier's console; rehearsals have none"},
      {"recording_sid", "text", "", "the carrier's id of its recording; empty: none is known"},
      {"recording_seconds", "integer", "s", "its length; empty: no recording"},
      {"number_order", "integer", "", "which of the person's numbers; empty: they have one"},
      {"callback_utc", "timestamp", "", "when the person asked to be called; empty: no time named"},
      {"callback_local", "timestamp", "", "the same in the person's time"},
      {"basis", "text", "", "on what ground they were called; empty: the campaign names none"},
      {"consent_source", "text", "", "where it comes from, by the person's row or the campaign",
       true, true},
      {"consent_date", "text", "", "since when it is there, likewise as it was written", true,
       true},
      {"disclosure", "text", "",
       "version of the words by which the voice agent was to say what it is, as of the intent"},
  };
  return columns;
}

}  // namespace exporting

void export_attempts(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                     const CanonicalSink& sink) {
  using namespace exporting;
  const auto& definition = *state.book.at(campaign).definition;
  const auto contacts = static_cast<std::uint32_t>(state.queue.campaigns[campaign].contacts.size());

  CsvWriter csv(sink, settings.style);
  for (const auto& column : attempt_columns()) csv.field(column.name);
  csv.field(rehearsal_column.name).end_row();

  const auto number_unless_zero = [&csv](std::int64_t value) {
    if (value == 0) {
      csv.empty();
    } else {
      csv.number(value);
    }
  };
  const ContactIds ids(state, campaign);
  for (const auto index : by_contact(state.results.attempts, campaign, contacts)) {
    const auto row = state.results.attempts[index];
    csv.field(AttemptId{definition.id, row.contact.ordinal, row.attempt}.text());
    csv.field(definition.id).number(row.contact.ordinal).free(ids.of(row.contact.ordinal));
    csv.number(row.attempt).field(row.sid).field(row.caller_id);
    write_times(csv, row.requested_at, row.own_offset_minutes());
    write_times(csv, row.accepted_at, row.own_offset_minutes());
    write_times(csv, row.ringing_at, row.own_offset_minutes());
    write_times(csv, row.answered_at, row.own_offset_minutes());
    write_times(csv, row.ended_at, row.own_offset_minutes());
    csv.field(row.status).field(row.answered_by);
    number_unless_zero(row.sip);
    number_unless_zero(row.code);
    csv.number(row.seconds);
    if (row.outcome == Outcome::none) {
      csv.empty().empty();
    } else {
      csv.field(name_of(row.outcome)).field(aapor_code(row.outcome, definition.known_eligible));
    }
    csv.flag(counts(row));
    write_times(csv, instant_from_ms(row.retry_due_ms), row.own_offset_minutes());
    csv.field(hung_up_by(row, definition));
    if (const auto cost = state.spend.cost_of_attempt(row.contact, row.attempt)) {
      csv.field(decimal_text(*cost, 6)).field(definition.budget.currency);
    } else {
      csv.empty().empty();
    }
    csv.field(row.stream_why).field(row.agent_fault);
    number_unless_zero(row.talk_ms);
    number_unless_zero(row.first_sound_ms);
    if (row.stream_why.empty()) {
      csv.empty().empty();
    } else {
      csv.number(row.agent_turns).number(row.interruptions);
    }
    csv.flag(row.heard_nothing());
    const bool in_console = state.book.identity.carrier == "twilio" && !row.sid.empty();
    csv.field(in_console ? "https://console.twilio.com/us1/monitor/logs/calls/" + row.sid : "");
    csv.field(row.recording);
    number_unless_zero(row.recorded_seconds);
    number_unless_zero(row.number);
    write_times(csv, instant_from_ms(row.callback_due_ms),
                row.offset_minutes + row.callback_offset_change);
    const auto evidence = row.evidence == 0 ? Evidence{} : state.results.evidence[row.evidence - 1];
    const auto own = own_consent(state, row.contact);
    csv.field(evidence.basis);
    csv.free(evidence.source.empty() ? own.source : std::string_view(evidence.source));
    csv.free(evidence.date.empty() ? own.date : std::string_view(evidence.date));
    csv.field(evidence.disclosure);
    csv.flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
