#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "campaigns/contact_list.hpp"
#include "campaigns/zone_rules.hpp"
#include "eventstore/event_store.hpp"
#include "runner/log_keys.hpp"
#include "runner/runner.hpp"
#include "runner/submission.hpp"

namespace runner {

// A usable row of a list as the log takes it, without the values of its columns.
campaigns::EnrolRows::Row row_to_enrol(const campaigns::ContactRow& row, const LogKeys& keys);

// Brings one checked list into the log: CampaignSubmitted, the contacts in batches as the disk
// takes them, EnrolmentCompleted. A crash at any point is resumed at the next row by the same
// submission.
class Enrolment {
 public:
  // Called once: with the refusal, or without one when the whole list is durable.
  using Done = std::function<void(std::optional<campaigns::Refusal>)>;

  // All but the submission outlive the enrolment.
  Enrolment(Runner& runner, const eventstore::EventStore& log, const campaigns::ZoneRules& rules,
            const LogKeys& keys, Submission submission, bool accept_change, Done done);

  // Hands over another batch if the log has room. To be called once a turn of the loop.
  void step();
  bool finished() const { return step_ == Step::finished; }
  // A further step would do something now: nothing else has to happen before.
  bool ready() const;
  const std::string& campaign() const { return submission_.file.campaign.id; }

 private:
  // submitting ─► feeding ─► completing ─► finished
  enum class Step : std::uint8_t { submitting, waiting, feeding, completing, finished };
  void feed();
  void finish(std::optional<campaigns::Refusal> refusal);

  Runner& runner_;
  const eventstore::EventStore& log_;
  const campaigns::ZoneRules& rules_;
  const LogKeys& keys_;
  Submission submission_;
  bool accept_change_;
  Done done_;
  Step step_ = Step::submitting;
  std::optional<campaigns::ContactListReader> reader_{};
  bool batch_noted_ = false;
};

}  // namespace runner
