#include "runner/enrolment.hpp"

#include <utility>

namespace runner {

namespace {

// Rows of one batch, and how many events may wait for the disk when the next one is handed over.
constexpr std::size_t batch_rows = 1000;
constexpr std::size_t waiting_max = 4 * batch_rows;

// Whether a campaign of the log is the one that is submitted, with everybody on its list.
bool holds(const campaigns::CampaignEntry& entry, const Submission& submission) {
  return entry.status != campaigns::CampaignStatus::enrolling &&
         entry.is_defined_as(submission.file.campaign, submission.definition_digest) &&
         entry.contacts_digest == submission.contacts_digest;
}

}  // namespace

campaigns::EnrolRows::Row row_to_enrol(const campaigns::ContactRow& row, const LogKeys& keys) {
  campaigns::EnrolRows::Row person{.row = row.row,
                                   .number = row.number,
                                   .key = keys.number_key(row.number),
                                   .language = row.language,
                                   .zone = row.zone,
                                   .span = row.span,
                                   .priority = row.priority};
  for (const auto& number : row.others) {
    person.others.push_back({number, keys.number_key(number)});
  }
  for (const auto& bad : row.left_out) person.left_out.push_back(bad.column + ": " + bad.reason);
  return person;
}

Enrolment::Enrolment(Runner& runner, const eventstore::EventStore& log,
                     const campaigns::ZoneRules& rules, const LogKeys& keys, Submission submission,
                     bool accept_change, Done done)
    : runner_(runner),
      log_(log),
      rules_(rules),
      keys_(keys),
      submission_(std::move(submission)),
      accept_change_(accept_change),
      done_(std::move(done)) {}

void Enrolment::finish(std::optional<campaigns::Refusal> refusal) {
  step_ = Step::finished;
  reader_.reset();
  std::string().swap(submission_.contacts);
  if (done_) std::exchange(done_, {})(std::move(refusal));
}

bool Enrolment::ready() const {
  return step_ == Step::submitting || step_ == Step::finished ||
         (step_ == Step::feeding && log_.waiting() <= waiting_max);
}

void Enrolment::step() {
  switch (step_) {
    case Step::submitting: {
      const auto& campaign = submission_.file.campaign;
      campaigns::SubmitCampaign submit;
      submit.campaign = campaign.id;
      submit.definition = submission_.definition;
      submit.definition_digest = submission_.definition_digest;
      submit.contacts_digest = submission_.contacts_digest;
      const auto& book = runner_.state().book;
      const auto index = book.find(campaign.id);
      if (index && holds(book.at(*index), submission_)) {
        // Its people are in the log: there is nothing to read.
        submit.columns = book.at(*index).columns;
      } else {
        auto reader = campaigns::ContactListReader::open(campaign, rules_, submission_.contacts);
        if (!reader) {
          return finish(campaigns::Refusal{
              "bad_list", reader.error().front().where + ": " + reader.error().front().what});
        }
        reader_ = std::move(reader).value();
        submit.columns = reader_->columns();
      }
      submit.accept_change = accept_change_;
      step_ = Step::waiting;
      runner_.note_command(std::move(submit), [this](std::optional<campaigns::Refusal> refusal) {
        if (refusal) return finish(std::move(refusal));
        const auto& now = runner_.state().book;
        const auto status = now.at(*now.find(this->campaign())).status;
        if (status != campaigns::CampaignStatus::enrolling || !reader_) return finish({});
        step_ = Step::feeding;
      });
      return;
    }
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
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  bool end = false;
  while (!end && batch.rows.size() < batch_rows) {
    switch (reader_->next(row, rejected)) {
      case campaigns::ContactListReader::Next::end:
        end = true;
        break;
      case campaigns::ContactListReader::Next::rejected:
        if (rejected.row > last_row) {
          batch.rows.push_back(
              {.row = rejected.row, .reason = rejected.reason, .column = rejected.column});
        }
        break;
      case campaigns::ContactListReader::Next::row:
        if (row.row > last_row) {
          batch.rows.push_back(row_to_enrol(row, keys_));
          batch.rows.back().values.assign(row.values.begin(), row.values.end());
        }
        break;
    }
  }
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
        campaigns::CompleteEnrolment{campaign()},
        [this](std::optional<campaigns::Refusal> refusal) { finish(std::move(refusal)); });
  }
}

}  // namespace runner
