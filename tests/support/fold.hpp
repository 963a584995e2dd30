#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/events.hpp"
#include "campaigns/state.hpp"

// A state made of events, and a conversation with the core without a log. Only what a test is
// about needs to be said; a start of a run, a list and a dialled person are one call each.
namespace support {

// Folds a fact in, with the version and the position that it gets here.
inline void fold(campaigns::State& state, campaigns::Fact fact, campaigns::Instant now = {}) {
  campaigns::stamp(state, fact, {.now = now, .seed = 1});
  campaigns::evolve(state, fact);
}
inline void fold(campaigns::State& state, campaigns::Subject subject, campaigns::Event event,
                 campaigns::Instant now = {}) {
  campaigns::Fact fact;
  fact.subject = std::move(subject);
  fact.event = std::move(event);
  fold(state, std::move(fact), now);
}
inline campaigns::State state_of(const campaigns::Facts& facts) {
  campaigns::State state;
  for (const campaigns::Fact& fact : facts) fold(state, fact, fact.recorded_at);
  return state;
}

// Decides and folds. What followed, or nothing when the command was refused.
inline std::optional<campaigns::Facts> carry_out(campaigns::State& state,
                                                 const campaigns::Command& command,
                                                 campaigns::Instant now = {}) {
  auto decided = campaigns::decide(state, command, {.now = now, .seed = 1});
  if (!decided.ok()) return {};
  for (const campaigns::Fact& fact : decided.value()) fold(state, fact, now);
  return std::move(decided).value();
}

// A run begins under this address.
inline void start_run(campaigns::State& state, const std::string& public_url) {
  if (state.position == 0) {
    fold(state, campaigns::Subject::runner(), campaigns::LogCreated{.carrier = "rehearsal"});
  }
  campaigns::RunnerStarted run;
  run.epoch = state.book.runner.epoch + 1;
  run.public_url = public_url;
  fold(state, campaigns::Subject::runner(), std::move(run));
}

// A person of a list. `values` follow the columns that the campaign was submitted with.
struct Enrolled {
  std::string number{};
  std::string language{};
  std::vector<std::string> values{};
};

// A campaign that runs, with its people.
inline void submit(campaigns::State& state, const campaigns::Campaign& campaign,
                   std::vector<std::string> columns, const std::vector<Enrolled>& people) {
  const auto subject = campaigns::Subject::campaign(campaign.id);
  campaigns::CampaignSubmitted submitted;
  submitted.definition.text = campaigns::print_campaign(campaign);
  submitted.definition_digest = "d";
  submitted.contacts_digest = "c";
  submitted.columns = std::move(columns);
  fold(state, subject, std::move(submitted));
  std::uint32_t ordinal = 0;
  for (const Enrolled& person : people) {
    ++ordinal;
    campaigns::ContactEnrolled enrolled;
    enrolled.row = ordinal;
    enrolled.number_key = campaigns::number_key_text(ordinal);
    enrolled.language = person.language.empty() ? campaign.language : person.language;
    enrolled.zone = "Europe/Rome";
    enrolled.number = person.number;
    enrolled.values = person.values;
    fold(state, campaigns::Subject::contact(campaign.id, ordinal), std::move(enrolled));
  }
  fold(state, subject,
       campaigns::EnrolmentCompleted{.enrolled = static_cast<std::int64_t>(people.size())});
  fold(state, subject, campaigns::CampaignStarted{});
}

// The intent to call somebody, dialled with this address.
inline void request_call(campaigns::State& state, const campaigns::AttemptId& attempt,
                         const std::string& public_url) {
  campaigns::CallRequested requested;
  requested.attempt = attempt.attempt;
  requested.caller_id = "+390698765432";
  requested.public_url = public_url;
  fold(state, campaigns::Subject::contact(attempt.campaign, attempt.contact), std::move(requested));
}

}  // namespace support
