#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "campaigns/contact_list.hpp"
#include "campaigns/known_people.hpp"
#include "campaigns/zone_rules.hpp"
#include "eventstore/event_store.hpp"
#include "runner/log_keys.hpp"
#include "runner/runner.hpp"
#include "runner/submission.hpp"

namespace runner {

// A usable row of a list as the log takes it, without the values of its columns.
campaigns::EnrolRows::Row row_to_enrol(const campaigns::ContactRow& row, const LogKeys& keys);

// A submission with its list open. Of JSON all of it has been looked at by then, which takes
// seconds of a long list: a thread of its own may do that and hand it over.
struct OpenSubmission {
  std::unique_ptr<Submission> submission{};  // the reader refers to it
  std::optional<campaigns::ContactListReader> reader{};
  campaigns::Problems problems{};  // why there is no reader
};
// The rules must outlive it.
OpenSubmission open_list(Submission submission, const campaigns::ZoneRules& rules);

// Why a list that was on its way into the log got no further.
campaigns::Refusal cancelled_meanwhile();

// Whether the campaign is in the log as it is submitted, with everybody on its list.
bool is_enrolled(const campaigns::State& state, const Submission& submission);
// The same of one campaign, whatever its id.
bool is_enrolled(const campaigns::CampaignEntry& entry, const Submission& submission);

// Brings one checked list into the log: CampaignSubmitted, the contacts in batches as the disk
// takes them, EnrolmentCompleted. A crash at any point is resumed at the next row by the same
// submission.
class Enrolment {
 public:
  // Called once: with the refusal, or without one when the whole list is durable.
  using Done = std::function<void(std::optional<campaigns::Refusal>)>;

  // All but the submission outlive the enrolment. Of one that is_enrolled no reader is needed.
  Enrolment(Runner& runner, const eventstore::EventStore& log, const LogKeys& keys,
            OpenSubmission open, bool accept_change, Done done);

  // Hands over another batch if the log has room. To be called once a turn of the loop.
  void step();
  // Whoever cancelled its campaign meanwhile is not to see it begin: it goes no further, and is
  // refused (`cancelled_meanwhile`).
  void drop() { dropped_ = true; }
  bool finished() const { return step_ == Step::finished; }
  // A further step would do something now: nothing else has to happen before.
  bool ready() const;
  const std::string& campaign() const { return open_.submission->file.campaign.id; }

 private:
  // submitting ─► (looking, where people are known already) ─► feeding ─► completing ─► finished
  enum class Step : std::uint8_t { submitting, waiting, looking, feeding, completing, finished };
  void feed();
  bool waits() const { return step_ == Step::waiting || step_ == Step::completing; }
  void finish(std::optional<campaigns::Refusal> refusal);

  Runner& runner_;
  const eventstore::EventStore& log_;
  const LogKeys& keys_;
  OpenSubmission open_;
  bool accept_change_;
  Done done_;
  Step step_ = Step::submitting;
  // Of a list that is read again: who is in the campaign, and how many of them it has another
  // number for.
  std::optional<campaigns::KnownPeople> known_{};
  std::uint64_t renumbered_ = 0;
  bool batch_noted_ = false;
  bool dropped_ = false;
};

}  // namespace runner
