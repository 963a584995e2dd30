#include "campaigns/campaign_words.hpp"
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace exporting {

// FLOIP Flow Results 1.0, in its order.
const std::vector<Column>& long_columns() {
  static const std::vector<Column> columns = {
      {"timestamp", "timestamp", "", "when the answer was noted, in the person's time"},
      {"row_id", "text", "",
       "the session, the turn of the call, and from the second answer of a turn on its place in "
       "that"},
      {"contact_id", "text", "",
       "the list's own id, else row.N of the list (row.N.ORDINAL where a list that was added has "
       "the row again); without ids the ordinal",
       true, true},
      {"session_id", "text", "", "the attempt"},
      {"question_id", "text", "", "the question, as its column in responses_wide.csv"},
      {"response", "text", "",
       "a code, a number, a date, an open answer's words, or a JSON array of codes", true, true},
      {"response_metadata", "json", "",
       "turn, status and source; of speech the confidence in thousandths"},
  };
  return columns;
}

}  // namespace exporting

void export_long(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                 const CanonicalSink& sink) {
  using namespace exporting;
  const auto& definition = *state.book.at(campaign).definition;
  const auto contacts = static_cast<std::uint32_t>(state.queue.campaigns[campaign].contacts.size());
  const auto questions = question_columns(definition);

  CsvWriter csv(sink, settings.style);
  for (const auto& column : long_columns()) csv.field(column.name);
  csv.field(rehearsal_column.name).end_row();

  const ContactIds ids(state, campaign);
  // The attempts in the same order go along: an answer's offset is that of its call.
  const auto attempts = by_contact(state.results.attempts, campaign, contacts);
  auto next = attempts.begin();
  AttemptRow attempt;
  std::string metadata;
  std::string response;
  // An agent takes several answers in one turn of its call.
  std::optional<AnswerRow> before;
  std::size_t of_turn = 0;
  for (const auto index : by_contact(state.results.answers, campaign, contacts)) {
    const auto row = state.results.answers[index];
    while (attempt.contact != row.contact || attempt.attempt != row.attempt) {
      attempt = state.results.attempts[*next++];
    }
    const auto session = AttemptId{definition.id, row.contact.ordinal, row.attempt}.text();
    csv.field(rfc3339_local(row.at, std::chrono::minutes{attempt.own_offset_minutes()}));
    const bool same_turn = before && before->contact == row.contact &&
                           before->attempt == row.attempt && before->turn == row.turn;
    of_turn = same_turn ? of_turn + 1 : 1;
    before = row;
    auto row_id = session + '.' + std::to_string(row.turn);
    if (of_turn > 1) row_id += '.' + std::to_string(of_turn);
    csv.field(row_id).free(ids.of(row.contact.ordinal));
    csv.field(session).field(questions[row.question].value);
    const bool answered = row.status == AnswerRow::Status::answered;
    const bool open = definition.questions[row.question].type == QuestionType::open;
    if (answered && definition.questions[row.question].several) {
      response.clear();
      for (const auto& code : codes_in(row.value)) {
        response += response.empty() ? '[' : ',';
        append_json_string(response, code);
      }
      csv.free(response + ']');
    } else {
      csv.free(!answered ? std::string_view() : open ? state.results.words_of(row) : row.value);
    }
    metadata.clear();
    JsonObject object(metadata);
    object.member("turn", row.turn);
    object.member("status", Results::status_name(row.status));
    if (row.status != AnswerRow::Status::no_input) {
      object.member("source", Results::source_of(row));
    }
    if (row.confidence_thousandths != 0) {
      object.member("confidence_thousandths", row.confidence_thousandths);
    }
    object.close();
    csv.field(metadata).flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
