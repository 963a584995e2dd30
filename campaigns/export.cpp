#include "campaigns/export.hpp"

#include <algorithm>
#include <cassert>
#include <memory>
#include <set>
#include <utility>

#include "campaigns/campaign_words.hpp"
#include "campaigns/export_parts.hpp"

namespace campaigns {

const std::vector<ExportFile>& export_files() {
  static const std::vector<ExportFile> files = {
      {"results", "responses_wide.csv", true, false, &export_wide},
      {"answers", "responses_long.csv", true, false, &export_long},
      {"attempts", "attempts.csv", true, false, &export_attempts},
      {"dispositions", "dispositions.csv", true, false, &export_dispositions},
      {"rates", "rates.json", false, false, &export_rates},
      {"codebook", "codebook.csv", true, false, &export_codebook},
      {"datapackage", "datapackage.json", false, false, &export_data_package},
      {"pandas", "load_pandas.py", false, false, &export_pandas},
      {"r", "load_R.R", false, false, &export_r},
      {"report", "report.html", false, false, &export_report},
      {"numbers", "restricted_numbers.csv", true, true, &export_numbers},
  };
  return files;
}

namespace exporting {

namespace {

// The names that the columns about the case have: nobody else gets them.
std::set<std::string, std::less<>> names_of_the_case() {
  std::set<std::string, std::less<>> taken;
  for (const auto& column : wide_columns()) taken.emplace(column.name);
  for (const auto& column : recoded_columns()) taken.emplace(column.name);
  taken.emplace(rehearsal_column.name);
  return taken;
}

}  // namespace

std::vector<QuestionColumns> question_columns(const Campaign& campaign) {
  auto taken = names_of_the_case();
  std::vector<QuestionColumns> all;
  for (const auto& question : campaign.questions) {
    QuestionColumns columns{question.id};
    for (;; columns.value.insert(0, "q_")) {
      columns.status = columns.value + "__status";
      columns.source = columns.value + "__source";
      columns.label = columns.value + "__label";
      if (!taken.count(columns.value) && !taken.count(columns.status) &&
          !taken.count(columns.source) && !taken.count(columns.label)) {
        break;
      }
    }
    taken.insert({columns.value, columns.status, columns.source, columns.label});
    for (const auto& option : question.options) {
      if (!question.several) break;
      auto name = columns.value + "__";
      for (const char c : option.code) {
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
      }
      while (taken.count(name)) name += '_';
      taken.insert(name);
      columns.options.push_back(std::move(name));
    }
    all.push_back(std::move(columns));
  }
  return all;
}

std::vector<ListColumn> list_columns(const Campaign& campaign) {
  auto taken = names_of_the_case();
  for (const auto& columns : question_columns(campaign)) {
    taken.insert({columns.value, columns.status, columns.source, columns.label});
    taken.insert(columns.options.begin(), columns.options.end());
  }
  std::vector<ListColumn> all;
  for (const auto& column : campaign.result_columns) {
    auto name = column.name;
    while (taken.count(name)) name.insert(0, "c_");
    taken.insert(name);
    all.push_back({std::move(name), &column});
  }
  return all;
}

bool has_codes(const Question& question) {
  return !question.options.empty();
}

std::string_view label_of(const Question& question, std::string_view code,
                          const std::string& language) {
  for (const auto& option : question.options) {
    if (option.code != code) continue;
    const auto& label = option.label.in(language, language);
    return label.empty() ? code : std::string_view(label);
  }
  return code;
}

std::string labels_of(const Question& question, std::string_view value,
                      const std::string& language) {
  if (!question.several) return std::string(label_of(question, value, language));
  std::string text;
  for (const auto& code : codes_in(value)) {
    if (!text.empty()) text += ", ";
    text += label_of(question, code, language);
  }
  return text;
}

ContactIds::ContactIds(const State& state, CampaignIndex campaign)
    : state_(state), campaign_(campaign) {
  if (state.book.at(campaign).definition->contacts.id_column.empty()) return;
  const auto people = static_cast<std::uint32_t>(state.queue.campaigns[campaign].contacts.size());
  const auto row = [&](std::uint32_t ordinal) { return state.script.row({campaign, ordinal}); };
  std::uint32_t highest = 0;
  bool one_list = true;
  for (std::uint32_t ordinal = 1; ordinal <= people; ++ordinal) {
    one_list = one_list && row(ordinal) > highest;
    highest = std::max(highest, row(ordinal));
  }
  if (one_list) return;
  std::vector<bool> seen(std::size_t{highest} + 1);
  repeated_.resize(people);
  for (std::uint32_t ordinal = 1; ordinal <= people; ++ordinal) {
    repeated_[ordinal - 1] = seen[row(ordinal)];
    seen[row(ordinal)] = true;
  }
}

std::string ContactIds::of(std::uint32_t ordinal) const {
  const ContactRef contact{campaign_, ordinal};
  const auto& entry = state_.book.at(campaign_);
  const auto& column = entry.definition->contacts.id_column;
  if (column.empty()) return std::to_string(ordinal);
  const auto id = state_.script.value(contact, entry, column);
  if (!id.empty()) return std::string(id);
  // Not the bare ordinal: another row of the list may have it for its id.
  if (state_.queue.contact(contact).forgotten) return "forgotten." + std::to_string(ordinal);
  auto text = "row." + std::to_string(state_.script.row(contact));
  if (!repeated_.empty() && repeated_[ordinal - 1]) text += '.' + std::to_string(ordinal);
  return text;
}

bool is_rehearsal(const State& state) {
  return state.book.identity.carrier == "rehearsal";
}

bool counts(Outcome outcome) {
  return outcome != Outcome::none && outcome != Outcome::not_placed;
}

bool counts(const AttemptRow& row) {
  return counts(row.outcome) && !(row.outcome == Outcome::canceled_by_us && row.withdrawn());
}

void write_times(CsvWriter& csv, Instant at, std::int64_t offset_minutes) {
  if (at == Instant{}) {
    csv.empty().empty();
    return;
  }
  csv.field(rfc3339_utc(at)).field(rfc3339_local(at, std::chrono::minutes{offset_minutes}));
}

namespace {

template <typename Table>
std::shared_ptr<const std::vector<std::uint32_t>> order_of(const Table& table,
                                                           CampaignIndex campaign,
                                                           std::uint32_t contacts) {
  return std::make_shared<const std::vector<std::uint32_t>>(by_contact(table, campaign, contacts));
}

}  // namespace

People::People(const State& state, CampaignIndex campaign)
    : campaign_(campaign),
      last_(static_cast<std::uint32_t>(state.queue.campaigns[campaign].contacts.size())),
      attempts_{state.results.attempts, order_of(state.results.attempts, campaign, last_)},
      answers_{state.results.answers, order_of(state.results.answers, campaign, last_)} {}

People::People(CampaignIndex campaign, std::uint32_t first, std::uint32_t last,
               Own<AttemptTable> attempts, Own<AnswerTable> answers)
    : campaign_(campaign),
      last_(last),
      attempts_(std::move(attempts)),
      answers_(std::move(answers)),
      ordinal_(first - 1) {}

People People::part(std::uint32_t first, std::uint32_t last) const {
  assert(first >= 1 && last <= last_);
  return {campaign_, first, last, attempts_.from(first), answers_.from(first)};
}

template <typename Table>
People::Own<Table> People::Own<Table>::from(std::uint32_t ordinal) const {
  const auto first = std::partition_point(order->begin(), order->end(), [&](std::uint32_t row) {
    return table[row].contact.ordinal < ordinal;
  });
  return {table, order, static_cast<std::size_t>(first - order->begin())};
}

template <typename Table>
void People::Own<Table>::go_to(std::uint32_t ordinal) {
  of_one.clear();
  for (;;) {
    if (!ahead) {
      if (next == order->size()) return;
      ahead = table[(*order)[next++]];
    }
    if (ahead->contact.ordinal != ordinal) return;
    of_one.push_back(*std::move(ahead));
    ahead.reset();
  }
}

bool People::next() {
  if (ordinal_ == last_) return false;
  ++ordinal_;
  attempts_.go_to(ordinal_);
  answers_.go_to(ordinal_);
  return true;
}

Verdict verdict_of(const State& state, ContactRef contact) {
  const auto& recorded = state.results.cases[contact.campaign][contact.ordinal - 1];
  auto disposition = state.queue.contact(contact).best_outcome;
  // What was settled without an attempt that says as much: taken back before any, or held.
  if (!counts(disposition) ||
      (recorded.place == Place::held && rank_of(recorded.disposition) > rank_of(disposition))) {
    disposition = recorded.disposition;
  }
  const auto known = state.book.at(contact.campaign).definition->known_eligible;
  return {disposition, aapor_code(disposition, known)};
}

std::size_t questions_answered(AnswersOfOne answers, std::uint8_t up_to_attempt) {
  std::set<std::uint8_t> answered;
  for (const auto& row : answers) {
    if (row.attempt <= up_to_attempt && row.status == AnswerRow::Status::answered) {
      answered.insert(row.question);
    }
  }
  return answered.size();
}

Verdict verdict_of(const State& state, ContactRef contact, AttemptsOfOne attempts,
                   AnswersOfOne answers, const Recoding& recoding) {
  const auto known = state.book.at(contact.campaign).definition->known_eligible;
  const auto& dialled = state.queue.campaigns[contact.campaign];
  const auto recorded = state.results.cases[contact.campaign][contact.ordinal - 1];
  auto disposition = Outcome::none;
  for (const auto& row : attempts) {
    if (!counts(row) || dialled.says_nothing(contact.ordinal, row.outcome)) continue;
    const auto outcome = recoded(recoding, row.outcome, questions_answered(answers, row.attempt));
    if (recoding.last_word == Recoding::LastWord::last ||
        rank_of(outcome) >= rank_of(disposition)) {
      disposition = outcome;
    }
  }
  const auto kept = recoding.counts_as[static_cast<std::size_t>(recorded.disposition)].value_or(
      recorded.disposition);
  if (disposition == Outcome::none ||
      (recorded.place == Place::held && rank_of(kept) > rank_of(disposition))) {
    disposition = kept;
  }
  return {disposition, aapor_code(recoding, disposition, known)};
}

Tally tally_of(const State& state, CampaignIndex campaign, const Recoding* recoding,
               const SampleFrame* frame) {
  const auto known = state.book.at(campaign).definition->known_eligible;
  Tally tally;
  People people(state, campaign);
  while (people.next()) {
    const auto contact = people.contact();
    const auto& one = state.results.cases[campaign][contact.ordinal - 1];
    ++tally.places[static_cast<std::size_t>(one.place)];
    if (frame && frame->is_outside(contact)) {
      ++tally.outside_frame;
      continue;
    }
    const auto verdict =
        recoding ? verdict_of(state, contact, people.attempts(), people.answers(), *recoding)
                 : verdict_of(state, contact);
    ++tally.cases[{verdict.disposition, verdict.aapor}];
    ++tally.classes[class_of(verdict.aapor)];
    tally.unconfirmed += verdict.disposition == Outcome::unconfirmed;
    bool attempted = false;
    for (const auto& row : people.attempts()) {
      attempted |= counts(row);
      if (row.outcome == Outcome::none) continue;
      const auto outcome = recoding ? recoded(*recoding, row.outcome,
                                              questions_answered(people.answers(), row.attempt))
                                    : row.outcome;
      const auto code =
          recoding ? aapor_code(*recoding, outcome, known) : aapor_code(outcome, known);
      ++tally.attempts[{outcome, code}];
    }
    tally.never_attempted += !attempted;
  }
  return tally;
}

std::string_view source_of(const AnswerRow& answer, AnswersOfOne all) {
  if (answer.attempt < all.back().attempt) return "resumed";
  return Results::source_of(answer);
}

std::string_view hung_up_by(const AttemptRow& row, const Campaign& campaign) {
  if (row.answered_at == Instant{} || row.status != "completed") return {};
  if (row.seconds >= campaign.call_time.count()) return "limit";
  if (!row.stream_why.empty()) return row.stream_why == "hung_up" ? "callee" : "program";
  switch (row.outcome) {
    case Outcome::completed:
    case Outcome::partial:
    case Outcome::broken_off:
    case Outcome::human_hung_up_at_once:
      // Of a message nobody says who ended it: the one who heard enough of it is taken to have
      // heard it out.
      if (row.ended_at_question != 0) return "callee";
      return row.outcome == Outcome::human_hung_up_at_once ? "callee" : "program";
    case Outcome::opted_out:
    case Outcome::machine_message_left:
    case Outcome::machine_no_message:
    case Outcome::fax_or_data:
    case Outcome::not_eligible:
    case Outcome::quota_full:
    case Outcome::said_nothing:
      return "program";
    case Outcome::none:
    case Outcome::refused:
    case Outcome::callback_requested:
    case Outcome::busy:
    case Outcome::no_answer:
    case Outcome::network_error:
    case Outcome::invalid_number:
    case Outcome::canceled_by_us:
    case Outcome::not_placed:
    case Outcome::unconfirmed:
    case Outcome::not_available:
    case Outcome::language_barrier:
    case Outcome::unable:
    case Outcome::business_number:
    case Outcome::screened:
      break;
  }
  return {};
}

}  // namespace exporting

}  // namespace campaigns
