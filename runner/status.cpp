#include "runner/status.hpp"

#include "campaigns/json_writer.hpp"
#include "campaigns/suppression.hpp"
#include "campaigns/words.hpp"
#include "runner/door_watch.hpp"

namespace runner {

using campaigns::CampaignIndex;
using campaigns::CampaignStatus;
using campaigns::JsonObject;
using campaigns::Stage;

namespace {

// How often somebody was there and heard nothing of the agent, and how often it failed.
struct AgentTrouble {
  std::int64_t heard_nothing = 0;
  std::int64_t failed = 0;
};

AgentTrouble agent_trouble(const campaigns::State& state, CampaignIndex index) {
  AgentTrouble trouble;
  for (const auto& row : state.results.attempts) {
    if (row.contact.campaign != index || !row.agent) continue;
    trouble.heard_nothing += row.heard_nothing() ? 1 : 0;
    trouble.failed += row.agent_fault.empty() ? 0 : 1;
  }
  return trouble;
}

// The lists that a campaign requires, as an array.
void lists_json(std::string& out, const campaigns::State& state,
                const campaigns::Campaign& campaign) {
  out += '[';
  for (std::size_t i = 0; i < campaign.suppression_lists.size(); ++i) {
    if (i) out += ',';
    const auto& required = campaign.suppression_lists[i];
    JsonObject list(out);
    list.member("source", required.source);
    if (const auto until = good_until(state.suppression, required)) {
      const auto& source = state.suppression.sources.at(required.source);
      list.member("as_of", campaigns::rfc3339_utc(*source.as_of))
          .member("good_until", campaigns::rfc3339_utc(*until))
          .member("numbers", static_cast<std::int64_t>(source.held));
    }
    list.close();
  }
  out += ']';
}

std::string lists_text(const campaigns::State& state, const campaigns::CampaignEntry& entry,
                       campaigns::Instant now) {
  std::string text;
  for (const auto& required : entry.definition->suppression_lists) {
    if (const auto why = why_not_fresh(state.suppression, required, now)) {
      // The reason of the pause says it already.
      if (!waits_for_list(entry)) text += "  nobody is called: " + *why + '\n';
      continue;
    }
    const auto& source = state.suppression.sources.at(required.source);
    text += "  suppression list " + required.source + ": of " +
            campaigns::rfc3339_utc(*source.as_of) + ", " +
            campaigns::plural(source.held, "number", "numbers") + ", counts until " +
            campaigns::rfc3339_utc(*good_until(state.suppression, required)) + '\n';
  }
  return text;
}

constexpr Stage stages[] = {Stage::fresh,     Stage::retry,    Stage::calling, Stage::done,
                            Stage::exhausted, Stage::excluded, Stage::held};

}  // namespace

std::string renumbered_text(std::uint64_t people) {
  return campaigns::plural(people, "person has", "people have") +
         " another number in the list: the one that they were enrolled with stays";
}

std::string campaign_json(const campaigns::State& state, CampaignIndex index) {
  const auto& entry = state.book.at(index);
  const auto& queue = state.queue.campaigns[index];
  std::string text;
  JsonObject object(text);
  object.member("id", entry.definition->id)
      .member("title", entry.definition->title)
      .member("status", campaigns::name_of(entry.status))
      .member("reason", entry.status_reason)
      .member("contacts", static_cast<std::int64_t>(queue.contacts.size()))
      .member("rejected_rows", static_cast<std::int64_t>(entry.rejected));
  if (entry.renumbered != 0) {
    object.member("renumbered", static_cast<std::int64_t>(entry.renumbered));
  }
  for (const auto stage : stages) object.member(campaigns::name_of(stage), queue.count(stage));
  object.member("lines_in_use", queue.lines_in_use).member("lines", entry.definition->pacing.lines);
  JsonObject outcomes(object.open("outcomes"));
  for (std::size_t i = 1; i < campaigns::outcomes; ++i) {
    if (queue.by_outcome[i] == 0) continue;
    outcomes.member(campaigns::name_of(static_cast<campaigns::Outcome>(i)), queue.by_outcome[i]);
  }
  outcomes.close();
  if (!entry.quota_completes.empty()) {
    auto& quotas = object.open("quotas");
    quotas += '[';
    for (std::size_t i = 0; i < entry.quota_completes.size(); ++i) {
      if (i) quotas += ',';
      JsonObject quota(quotas);
      quota.member("name", entry.definition->quotas[i].name)
          .member("completes", entry.quota_completes[i])
          .member("of", entry.definition->quotas[i].completes);
      quota.close();
    }
    quotas += ']';
  }
  if (!entry.definition->suppression_lists.empty()) {
    lists_json(object.open("suppression_lists"), state, *entry.definition);
  }
  if (entry.definition->mode == campaigns::Mode::agent) {
    const auto trouble = agent_trouble(state, index);
    object.member("heard_nothing", trouble.heard_nothing).member("agent_failed", trouble.failed);
  }
  object.close();
  return text;
}

std::string status_json(const campaigns::State& state, campaigns::Instant now,
                        const std::optional<LiveStanding>& live) {
  std::string text;
  JsonObject object(text);
  object.flag("running", live.has_value())
      .flag("disk_full", live && live->disk_full)
      .member("now", campaigns::rfc3339_utc(now))
      .member("position", static_cast<std::int64_t>(live ? live->durable : state.position))
      .member("carrier", state.book.identity.carrier);
  if (live && !live->door_shut.empty()) object.member("door_shut", live->door_shut);
  if (live && !live->taken.empty()) object.raw("taken", live->taken);
  auto& list = object.open("campaigns");
  list += '[';
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    if (i) list += ',';
    list += campaign_json(state, static_cast<CampaignIndex>(i));
  }
  list += ']';
  object.close();
  return text;
}

std::string status_text(const campaigns::State& state, campaigns::Instant now,
                        const std::optional<LiveStanding>& live) {
  std::string text = live ? "running" : "not running";
  text += ", " + campaigns::rfc3339_utc(now) + ", carrier " + state.book.identity.carrier +
          ", event " + std::to_string(state.position) + '\n';
  if (live && live->disk_full) {
    text += "the disk is full: nobody is called until there is space\n";
  }
  if (live && !live->door_shut.empty()) {
    text += door_shut_text(live->door_shut) + '\n';
  }
  for (std::size_t i = 0; i < state.book.campaigns.size(); ++i) {
    const auto& entry = state.book.campaigns[i];
    const auto& queue = state.queue.campaigns[i];
    text += entry.definition->id + ": ";
    text += campaigns::name_of(entry.status);
    if (!entry.status_reason.empty()) text += " (" + entry.status_reason + ')';
    text += ", " + std::to_string(queue.contacts.size()) + " contacts";
    for (const auto stage : stages) {
      if (queue.count(stage) == 0) continue;
      text += ", " + std::to_string(queue.count(stage)) + ' ';
      text += campaigns::name_of(stage);
    }
    text += ", " + std::to_string(queue.lines_in_use) + '/' +
            std::to_string(entry.definition->pacing.lines) + " lines\n";
    if (entry.renumbered != 0) text += "  " + renumbered_text(entry.renumbered) + '\n';
    for (std::size_t o = 1; o < campaigns::outcomes; ++o) {
      if (queue.by_outcome[o] == 0) continue;
      text += "  " + std::to_string(queue.by_outcome[o]) + ' ';
      text += campaigns::name_of(static_cast<campaigns::Outcome>(o));
      text += '\n';
    }
    for (std::size_t q = 0; q < entry.quota_completes.size(); ++q) {
      const auto& quota = entry.definition->quotas[q];
      text += "  quota " + quota.name + ": " + std::to_string(entry.quota_completes[q]) + " of " +
              std::to_string(quota.completes) + (entry.is_full(q) ? ", full\n" : "\n");
    }
    if (entry.status != CampaignStatus::completed && entry.status != CampaignStatus::cancelled) {
      text += lists_text(state, entry, now);
    }
    if (entry.definition->mode != campaigns::Mode::agent) continue;
    const auto trouble = agent_trouble(state, static_cast<CampaignIndex>(i));
    if (trouble.failed != 0) {
      text += "  the agent failed in " + std::to_string(trouble.failed) + " calls\n";
    }
    if (trouble.heard_nothing != 0) {
      text += "  " + std::to_string(trouble.heard_nothing) + " people heard nothing of the agent\n";
    }
  }
  return text;
}

int exit_code_of(const campaigns::State& state, CampaignIndex index) {
  const auto& queue = state.queue.campaigns[index];
  return queue.open() == 0 && queue.count(Stage::held) == 0 ? 0 : 1;
}

}  // namespace runner
