#include "runner/enrolment.hpp"

#include <utility>

namespace runner {

namespace {

// Rows that are read in one turn, and how many events may wait for the disk when the next ones are
// handed over.
constexpr std::size_t batch_rows = 1000;
constexpr std::size_t waiting_max = 4 * batch_rows;
// People of the campaign that are compared in one turn.
constexpr std::size_t people_a_turn = 10'000;

}  // namespace

OpenSubmission open_list(Submission submission, const campaigns::ZoneRules& rules) {
  OpenSubmission open;
  open.submission = std::make_unique<Submission>(std::move(submission));
  auto reader = campaigns::ContactListReader::open(open.submission->file.campaign, rules,
                                                   open.submission->contacts);
  if (reader) {
    open.reader = std::move(reader).value();
  } else {
    open.problems = reader.error();
  }
  return open;
}

campaigns::Refusal cancelled_meanwhile() {
  return {"cancelled_meanwhile",
          "its campaign was cancelled meanwhile: nobody of the list is called"};
}

bool is_enrolled(const campaigns::State& state, const Submission& submission) {
  const auto index = state.book.find(submission.file.campaign.id);
  if (!index) return false;
  return is_enrolled(state.book.at(*index), submission);
}

bool is_enrolled(const campaigns::CampaignEntry& entry, const Submission& submission) {
  return entry.status != campaigns::CampaignStatus::enrolling &&
         entry.is_defined_as(submission.file.campaign, submission.definition_digest) &&
         entry.contacts_digest == submission.contacts_digest;
}

campaigns::EnrolRows::Row row_to_enrol(const campaigns::ContactRow& row, const LogKeys& keys) {
  campaigns::EnrolRows::Row person{.row = row.row,
                                   .number = row.number,
                                   .key = keys.number_key(row.number),
                                   .language = row.language,
                                   .zone = row.zone,
                                   .zone_said = row.zone_said,
                                   .span = row.span,
                                   .priority = row.priority};
  for (const auto& number : row.others) {
    person.others.push_back({number, keys.number_key(number)});
  }
  for (const auto& bad : row.left_out) person.left_out.push_back(bad.column + ": " + bad.reason);
  return person;
}

Enrolment::Enrolment(Runner& runner, const eventstore::EventStore& log, const LogKeys& keys,
                     OpenSubmission open, bool accept_change, Done done)
    : runner_(runner),
      log_(log),
      keys_(keys),
      open_(std::move(open)),
      accept_change_(accept_change),
      done_(std::move(done)) {}

void Enrolment::finish(std::optional<campaigns::Refusal> refusal) {
  if (dropped_) refusal = cancelled_meanwhile();
  step_ = Step::finished;
  open_.reader.reset();
  known_.reset();
  std::string().swap(open_.submission->contacts);
  if (done_) std::exchange(done_, {})(std::move(refusal));
}

bool Enrolment::ready() const {
  return step_ == Step::submitting || step_ == Step::looking || step_ == Step::finished ||
         (step_ == Step::feeding && (dropped_ || log_.waiting() <= waiting_max));
}

void Enrolment::step() {
  // What was noted is answered first.
  if (dropped_ && !waits() && !finished()) return finish({});
  switch (step_) {
    case Step::submitting: {
      const auto& submission = *open_.submission;
      campaigns::SubmitCampaign submit;
      submit.campaign = campaign();
      submit.definition = submission.definition;
      submit.definition_digest = submission.definition_digest;
      submit.contacts_digest = submission.contacts_digest;
      if (is_enrolled(runner_.state(), submission)) {
        // Its people are in the log: there is nothing to read.
        open_.reader.reset();
        const auto& book = runner_.state().book;
        submit.columns = book.at(*book.find(campaign())).columns;
      } else if (open_.reader) {
        submit.columns = open_.reader->columns();
      } else {
        const auto& problems = open_.problems;
        return finish(campaigns::Refusal{
            "bad_list", problems.empty() ? "the campaign was changed just now: submit it again"
                                         : problems.front().where + ": " + problems.front().what});
      }
      submit.accept_change = accept_change_;
      step_ = Step::waiting;
      runner_.note_command(std::move(submit), [this](std::optional<campaigns::Refusal> refusal) {
        if (refusal || dropped_) return finish(std::move(refusal));
        const auto& state = runner_.state();
        const auto place = *state.book.find(this->campaign());
        const auto& entry = state.book.at(place);
        if (entry.status != campaigns::CampaignStatus::enrolling || !open_.reader)
          return finish({});
        if (entry.running_since) known_.emplace(state, place);
        step_ = known_ ? Step::looking : Step::feeding;
      });
      return;
    }
    case Step::looking:
      if (known_->look(runner_.state(), people_a_turn)) step_ = Step::feeding;
      return;
    case Step::feeding:
      return feed();
    case Step::waiting:
    case Step::completing:
    case Step::finished:
      return;
  }
}

void Enrolment::feed() {
  if (batch_noted_ || log_.waiting() > waiting_max) return;
  const auto& book = runner_.state().book;
  const auto last_row = book.at(*book.find(campaign())).last_row;
  campaigns::EnrolRows batch;
  batch.campaign = campaign();
  campaigns::MovePeople moved{campaign(), {}};
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  bool end = false;
  // Those that are in the log already are read as well, and take as long.
  for (std::size_t read = 0; !end && read < batch_rows; ++read) {
    switch (open_.reader->next(row, rejected)) {
      case campaigns::ContactListReader::Next::end:
        end = true;
        break;
      case campaigns::ContactListReader::Next::rejected:
        if (rejected.row > last_row) {
          batch.rows.push_back(
              {.row = rejected.row, .reason = rejected.reason, .column = rejected.column});
        }
        break;
      case campaigns::ContactListReader::Next::row: {
        // Of a list that is read again also the rows before are counted, whatever was crashed in.
        if (row.row <= last_row && !known_) break;
        auto person = row_to_enrol(row, keys_);
        person.values.assign(row.values.begin(), row.values.end());
        if (known_) {
          if (auto move = known_->move_of(runner_.state(), person)) {
            moved.moves.push_back(std::move(*move));
          }
        }
        if (known_ && known_->see(person) == campaigns::KnownBy::id) {
          ++renumbered_;
        } else if (row.row > last_row) {
          batch.rows.push_back(std::move(person));
        }
        break;
      }
    }
  }
  if (!moved.moves.empty()) runner_.note_command(std::move(moved));
  if (!batch.rows.empty()) {
    // The next batch needs this one folded in: duplicates are found in the state.
    batch_noted_ = true;
    runner_.note_command(std::move(batch));
    runner_.tick();
    batch_noted_ = false;
  }
  if (end) {
    step_ = Step::completing;
    runner_.note_command(
        campaigns::CompleteEnrolment{campaign(), renumbered_},
        [this](std::optional<campaigns::Refusal> refusal) { finish(std::move(refusal)); });
  }
}

}  // namespace runner
