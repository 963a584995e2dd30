#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaigns/csv_writer.hpp"
#include "campaigns/export.hpp"
#include "campaigns/rates.hpp"
#include "campaigns/state.hpp"

// What the files of an export share.
namespace campaigns::exporting {

// The rows of one campaign by contact: their places in a table, in contact order, within a contact
// in the order of the log, which is that of attempts and turns.
template <typename Table>
std::vector<std::uint32_t> by_contact(const Table& rows, CampaignIndex campaign,
                                      std::uint32_t contacts) {
  // Counting: where each contact's rows begin. Contacts are 1..contacts.
  std::vector<std::uint32_t> begin(std::size_t{contacts} + 2, 0);
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (const auto whose = row.contact(); whose.campaign == campaign) ++begin[whose.ordinal + 1];
  }
  for (std::size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  std::vector<std::uint32_t> sorted(begin.back());
  std::uint32_t index = 0;
  for (auto row = rows.begin(); row != rows.end(); ++row, ++index) {
    const auto whose = row.contact();
    if (whose.campaign == campaign) sorted[begin[whose.ordinal]++] = index;
  }
  return sorted;
}

using AttemptsOfOne = std::span<const AttemptRow>;
using AnswersOfOne = std::span<const AnswerRow>;

// Everybody of a campaign, one after the other, with their rows, which hold until the next. The
// state outlives it.
class People {
 public:
  People(const State& state, CampaignIndex campaign);

  // These of them alone, from the ordinal `first` to `last`, both included.
  People part(std::uint32_t first, std::uint32_t last) const;
  std::uint32_t count() const { return last_; }

  // On to the next person; false after the last.
  bool next();
  ContactRef contact() const { return {campaign_, ordinal_}; }
  AttemptsOfOne attempts() const { return attempts_.of_one; }
  AnswersOfOne answers() const { return answers_.of_one; }

 private:
  // The rows of one table, in the order of the people; that is shared with their parts.
  template <typename Table>
  struct Own {
    const Table& table;
    std::shared_ptr<const std::vector<std::uint32_t>> order;
    std::size_t next = 0;
    std::vector<typename Table::Row> of_one{};
    std::optional<typename Table::Row> ahead{};  // the first of somebody further on
    Own from(std::uint32_t ordinal) const;
    void go_to(std::uint32_t ordinal);
  };
  People(CampaignIndex campaign, std::uint32_t first, std::uint32_t last,
         Own<AttemptTable> attempts, Own<AnswerTable> answers);

  CampaignIndex campaign_;
  std::uint32_t last_;
  Own<AttemptTable> attempts_;
  Own<AnswerTable> answers_;
  std::uint32_t ordinal_ = 0;
};

// What a case came to. `none`: nothing that counts has happened yet.
struct Verdict {
  Outcome disposition = Outcome::none;
  std::string_view aapor{};
};
// The highest of their attempts says it (rank_of), whatever came last and whoever closed the case.
Verdict verdict_of(const State& state, ContactRef contact);
// The same under other rules.
Verdict verdict_of(const State& state, ContactRef contact, AttemptsOfOne attempts,
                   AnswersOfOne answers, const Recoding& recoding);
// How many questions a person had answered up to the end of an attempt.
std::size_t questions_answered(AnswersOfOne answers, std::uint8_t up_to_attempt);

// Cases and attempts by what they came to.
struct Tally {
  std::map<std::pair<Outcome, std::string_view>, std::uint64_t> cases{};
  std::map<std::pair<Outcome, std::string_view>, std::uint64_t> attempts{};
  std::array<std::uint64_t, 5> places{};  // by Place
  CaseCounts classes{};
  std::uint64_t unconfirmed = 0;  // cases of which it is not known whether somebody was called
  std::uint64_t never_attempted = 0;
  std::uint64_t outside_frame = 0;  // of the list, but not of the sample: in `places` alone
};
// Both may be null: as recorded, and everybody is of the sample.
Tally tally_of(const State& state, CampaignIndex campaign, const Recoding* recoding,
               const SampleFrame* frame);

// How one question stands for one person.
struct Standing {
  std::string_view status{};
  const AnswerRow* answer = nullptr;    // the last one given
  const AnswerRow* declined = nullptr;  // or how they would not give one
};
std::vector<Standing> standings_of(const State& state, ContactRef contact, AttemptsOfOne attempts,
                                   AnswersOfOne answers);
// key, speech, agent; resumed: given in an earlier call than the last one that the person talked
// in.
std::string_view source_of(const AnswerRow& answer, AnswersOfOne all);

// Who ended a call that was answered, as far as the log tells.
std::string_view hung_up_by(const AttemptRow& row, const Campaign& campaign);

// A column of a file and what the codebook says of it.
struct Column {
  std::string_view name{};
  std::string_view type{};  // text, code, integer, decimal, timestamp, flag, json
  std::string_view unit{};
  std::string_view label{};
  bool personal = false;
  bool free = false;  // neutralised for spreadsheets
};
const std::vector<Column>& wide_columns();  // before those of the list and of the questions
const std::vector<Column>& recoded_columns();
const std::vector<Column>& long_columns();
const std::vector<Column>& attempt_columns();
const std::vector<Column>& disposition_columns();
const std::vector<Column>& number_columns();
inline constexpr Column rehearsal_column{"rehearsal", "flag", "",
                                         "1: invented by a rehearsal, nobody was called"};

// A column of the list as it is called in the results.
struct ListColumn {
  std::string name{};
  const ResultColumn* of = nullptr;
};
// The columns of a question. Named after it, with `q_` before where that is taken.
struct QuestionColumns {
  std::string value{};
  std::string status{};
  std::string source{};
  std::string label{};
  std::vector<std::string> options{};  // choice of several: one for each option
};
std::vector<QuestionColumns> question_columns(const Campaign& campaign);
// Those of the list, with `c_` before where their name is taken.
std::vector<ListColumn> list_columns(const Campaign& campaign);
bool has_codes(const Question& question);
// Of an option; the code itself where it has none in the campaign's language.
std::string_view label_of(const Question& question, std::string_view code,
                          const std::string& language);
// Of an answer: of several codes with ", " between them.
std::string labels_of(const Question& question, std::string_view value,
                      const std::string& language);

// A word of a fixed vocabulary and what it means.
struct StatusWord {
  std::string_view name{};
  std::string_view label{};
};
// All of them of every question: a campaign may take back that one may refuse, and those who did
// stay.
inline constexpr std::array<StatusWord, 9> question_statuses{{
    {"answered", "an answer was given"},
    {"no_input", "asked, and nothing was keyed or said"},
    {"invalid", "asked, and what was keyed or said was no answer"},
    {"not_asked", "its condition does not hold for this person"},
    {"not_reached", "no call has come as far as this question"},
    {"broken_off", "the call ended at this question"},
    {"erased", "an answer was given, and the person has been forgotten since"},
    {"refused", "asked, and the person would rather not say"},
    {"dont_know", "asked, and the person did not know"},
}};
inline constexpr std::array<StatusWord, 4> answer_sources{{
    {"key", "keyed"},
    {"speech", "said"},
    {"agent", "noted by the agent"},
    {"resumed", "given in an earlier call; how, the long file says"},
}};

// What one column of one file is: the codebook, the data package and the snippets are written from
// these.
struct Variable {
  std::string_view file{};
  std::string name{};
  std::string label{};
  std::string_view type{};  // as Column's, or the question's
  std::string_view unit{};
  std::vector<std::pair<std::string, std::string>> codes{};  // with their labels, in their order
  std::optional<std::pair<std::int64_t, std::int64_t>> bounds{};
  std::string missing{};
  std::string asked_if{};
  bool personal = false;
  bool free = false;
  const Text* text = nullptr;  // of a question, as it is asked
};
// Of every CSV file but the codebook, in the order of the files and their columns. `campaign`
// outlives them.
std::vector<Variable> variables_of(const Campaign& campaign, const ExportSettings& settings);

// What identifies the people of a campaign in the results: the list's own id, else the ordinal;
// `row.N` where the list has ids and none of theirs, since an ordinal may be the id of another. A
// list that was added counts its rows from the top again: whoever has a row of somebody before them
// is `row.N.ORDINAL`. `state` outlives them.
class ContactIds {
 public:
  ContactIds(const State& state, CampaignIndex campaign);
  std::string of(std::uint32_t ordinal) const;

 private:
  const State& state_;
  CampaignIndex campaign_;
  std::vector<bool> repeated_{};  // by ordinal - 1; empty: no row is there twice
};
bool is_rehearsal(const State& state);
// Whether an attempt is one of those that the cap counts.
bool counts(Outcome outcome);
bool counts(const AttemptRow& row);

// Two fields: UTC, and local with the offset; both empty for the epoch.
void write_times(CsvWriter& csv, Instant at, std::int64_t offset_minutes);

}  // namespace campaigns::exporting
