#include "campaigns/register.hpp"

#include <algorithm>
#include <cassert>
#include <map>

#include "campaigns/campaign_file.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

std::string_view name_of(CampaignStatus status) {
  switch (status) {
    case CampaignStatus::enrolling:
      return "enrolling";
    case CampaignStatus::running:
      return "running";
    case CampaignStatus::paused:
      return "paused";
    case CampaignStatus::cancelled:
      return "cancelled";
    case CampaignStatus::completed:
      return "completed";
  }
  return "";
}

namespace {

// The definition stands in the log because it was checked when it was submitted.
std::shared_ptr<const Campaign> definition_from(const RawJson& text) {
  auto file = parse_campaign_file(text.text, ReadFrom::log);
  assert(file.ok());
  return std::make_shared<const Campaign>(std::move(file.value().campaign));
}

std::optional<std::size_t> quota_named(const Campaign& campaign, const std::string& name) {
  for (std::size_t i = 0; i < campaign.quotas.size(); ++i) {
    if (campaign.quotas[i].name == name) return i;
  }
  return {};
}

}  // namespace

void CampaignEntry::define(std::shared_ptr<const Campaign> next) {
  std::vector<std::uint32_t> counts(next->quotas.size());
  for (std::size_t i = 0; definition && i < counts.size(); ++i) {
    const auto before = quota_named(*definition, next->quotas[i].name);
    if (before && definition->quotas[*before].who == next->quotas[i].who) {
      counts[i] = quota_completes[*before];
    }
  }
  quota_completes = std::move(counts);
  definition = std::move(next);
}

bool CampaignEntry::any_quota_full() const {
  for (std::size_t i = 0; i < quota_completes.size(); ++i) {
    if (is_full(i)) return true;
  }
  return false;
}

std::optional<CampaignIndex> Register::find(const std::string& id) const {
  // Most logs hold one campaign, and each projection asks for it at every event.
  if (campaigns.size() == 1 && campaigns.front().definition->id == id) return CampaignIndex{0};
  const auto found = by_id.find(id);
  if (found == by_id.end()) return {};
  return found->second;
}

std::optional<ContactRef> Register::contact_of(const Subject& subject) const {
  if (subject.kind != Subject::Kind::contact) return {};
  const auto index = find(subject.name);
  if (!index) return {};
  return ContactRef{*index, subject.ordinal};
}

void Register::apply(const Fact& fact) {
  switch (fact.subject.kind) {
    case Subject::Kind::runner: {
      runner_version = fact.version;
      if (const auto* created = get_if<LogCreated>(&fact.event)) identity = *created;
      if (const auto* started = get_if<RunnerStarted>(&fact.event)) {
        runner = *started;
        if (std::find(public_urls.begin(), public_urls.end(), runner.public_url) ==
            public_urls.end()) {
          public_urls.push_back(runner.public_url);
          if (public_urls.size() > public_urls_max) public_urls.erase(public_urls.begin());
        }
      }
      return;
    }
    case Subject::Kind::call: {
      auto& call = outside[fact.subject.name];
      call.version = fact.version;
      call.initiated |= holds_alternative<CallInitiated>(fact.event);
      call.ringing |= holds_alternative<CallRinging>(fact.event);
      call.answered |= holds_alternative<CallAnswered>(fact.event);
      call.ended |= holds_alternative<CallEnded>(fact.event);
      return;
    }
    case Subject::Kind::contact: {
      if (const auto* enrolled = get_if<ContactEnrolled>(&fact.event)) {
        auto& entry = campaigns[by_id.at(fact.subject.name)];
        ++entry.enrolled;
        if (entry.status == CampaignStatus::enrolling) {
          entry.last_row = static_cast<std::uint64_t>(enrolled->row);
        }
      } else if (const auto* counted = get_if<QuotaCounted>(&fact.event)) {
        auto& entry = campaigns[by_id.at(fact.subject.name)];
        if (const auto quota = quota_named(*entry.definition, counted->quota)) {
          ++entry.quota_completes[*quota];
        }
      }
      return;
    }
    case Subject::Kind::number:
    case Subject::Kind::list:
      return;
    case Subject::Kind::campaign:
      break;
  }
  if (const auto* submitted = get_if<CampaignSubmitted>(&fact.event)) {
    CampaignEntry entry;
    entry.define(definition_from(submitted->definition));
    entry.definition_digest = submitted->definition_digest;
    entry.contacts_digest = submitted->contacts_digest;
    entry.columns = submitted->columns;
    entry.submitted_at = fact.recorded_at;
    entry.version = fact.version;
    by_id.emplace(fact.subject.name, static_cast<CampaignIndex>(campaigns.size()));
    campaigns.push_back(std::move(entry));
    return;
  }
  auto& entry = campaigns[by_id.at(fact.subject.name)];
  entry.version = fact.version;
  if (const auto* rejected = get_if<ContactRejected>(&fact.event)) {
    ++entry.rejected;
    entry.last_row = static_cast<std::uint64_t>(rejected->row);
  } else if (const auto* changed = get_if<CampaignChanged>(&fact.event)) {
    entry.define(definition_from(changed->definition));
    entry.definition_digest = changed->definition_digest;
    entry.contacts_digest = changed->contacts_digest;
  } else if (const auto* completed = get_if<EnrolmentCompleted>(&fact.event)) {
    entry.renumbered = static_cast<std::uint64_t>(completed->renumbered);
  } else if (holds_alternative<EnrolmentReopened>(fact.event)) {
    entry.status = CampaignStatus::enrolling;
    entry.last_row = 0;
    entry.rejected = 0;
    entry.renumbered = 0;
    entry.ended_at.reset();
  } else if (holds_alternative<CampaignStarted>(fact.event)) {
    entry.status = CampaignStatus::running;
    entry.running_since = fact.recorded_at;
  } else if (const auto* paused = get_if<CampaignPaused>(&fact.event)) {
    entry.status = CampaignStatus::paused;
    entry.status_reason = paused->reason;
    entry.paused_by_program = paused->by == "program";
  } else if (holds_alternative<CampaignResumed>(fact.event)) {
    entry.status = CampaignStatus::running;
    entry.running_since = fact.recorded_at;
    entry.status_reason.clear();
    entry.paused_by_program = false;
  } else if (const auto* cancelled = get_if<CampaignCancelled>(&fact.event)) {
    entry.status = CampaignStatus::cancelled;
    entry.status_reason = cancelled->reason;
    entry.ended_at = fact.recorded_at;
  } else if (holds_alternative<CampaignCompleted>(fact.event)) {
    entry.status = CampaignStatus::completed;
    entry.ended_at = fact.recorded_at;
  } else if (holds_alternative<CampaignReopened>(fact.event)) {
    entry.status = CampaignStatus::running;
    entry.running_since = fact.recorded_at;
    entry.ended_at.reset();
  }
}

void Register::write(const CanonicalSink& sink) const {
  std::string text;
  {
    JsonObject object(text);
    object.member("installation", identity.installation)
        .member("carrier", identity.carrier)
        .member("account", identity.account)
        .member("seed", identity.seed)
        .member("made_by", identity.program)
        .member("epoch", runner.epoch)
        .member("program", runner.program)
        .member("public_url", runner.public_url)
        .member("caller_id", runner.caller_id)
        .member("calls_per_second_thousandths", runner.calls_per_second_thousandths)
        .member("zone_rules", runner.zone_rules)
        .member("runner_version", runner_version);
    // Not written where it is not so: logs from before keep their digest.
    if (runner.dials_from != 0) object.member("dials_from", runner.dials_from);
    if (runner.digest_form != 0) object.member("digest_form", runner.digest_form);
    object.member("public_urls", public_urls);
    object.close();
  }
  text += '\n';
  sink(text);
  for (const auto& entry : campaigns) {
    text.clear();
    JsonObject object(text);
    object.member("campaign", entry.definition->id)
        .member("definition", entry.definition_digest)
        .member("contacts", entry.contacts_digest)
        .member("status", name_of(entry.status))
        .member("reason", entry.status_reason)
        .flag("paused_by_program", entry.paused_by_program)
        .member("version", entry.version)
        .member("last_row", static_cast<std::int64_t>(entry.last_row))
        .member("enrolled", static_cast<std::int64_t>(entry.enrolled))
        .member("rejected", static_cast<std::int64_t>(entry.rejected))
        .member("running_since", entry.running_since ? to_ms(*entry.running_since) : 0)
        .member("submitted_at", entry.submitted_at ? to_ms(*entry.submitted_at) : 0)
        .member("ended_at", entry.ended_at ? to_ms(*entry.ended_at) : 0);
    // Only where there are some: logs from before keep their digest.
    if (entry.renumbered != 0) {
      object.member("renumbered", static_cast<std::int64_t>(entry.renumbered));
    }
    object.member("columns", entry.columns);
    // Campaigns of before there were quotas look as they did.
    if (!entry.quota_completes.empty()) {
      JsonObject quotas(object.open("quotas"));
      for (std::size_t i = 0; i < entry.quota_completes.size(); ++i) {
        quotas.member(entry.definition->quotas[i].name, entry.quota_completes[i]);
      }
      quotas.close();
    }
    object.close();
    text += '\n';
    sink(text);
  }
  const std::map<std::string, OutsideCall> sorted(outside.begin(), outside.end());
  for (const auto& [sid, call] : sorted) {
    text.clear();
    JsonObject object(text);
    object.member("outside_call", sid)
        .member("version", call.version)
        .flag("initiated", call.initiated)
        .flag("ringing", call.ringing)
        .flag("answered", call.answered)
        .flag("ended", call.ended);
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
