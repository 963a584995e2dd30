#include "campaigns/transcripts.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "campaigns/csv_writer.hpp"
#include "campaigns/export_parts.hpp"

namespace campaigns {

void Transcripts::see(const Fact& fact) {
  const auto* agent = get_if<AgentSaid>(&fact.event);
  const auto* callee = get_if<CalleeSaid>(&fact.event);
  if (agent == nullptr && callee == nullptr) return;
  if (fact.subject.kind != Subject::Kind::contact) return;
  Line line;
  line.campaign = fact.subject.name;
  line.contact = fact.subject.ordinal;
  if (agent != nullptr) {
    line.by_agent = true;
    line.attempt = agent->attempt;
    line.position = agent->position;
    line.at_ms = agent->at_ms;
    line.cut = agent->cut;
    line.heard_ms = agent->heard_ms;
    line.words = agent->words;
  } else {
    line.attempt = callee->attempt;
    line.position = callee->position;
    line.at_ms = callee->at_ms;
    line.words = callee->words;
  }
  lines_.push_back(std::move(line));
}

void Transcripts::write(const State& state, CampaignIndex campaign, const CanonicalSink& sink,
                        CsvStyle style) const {
  static constexpr std::array<std::string_view, 10> columns{
      "attempt_id", "contact", "contact_id", "attempt",  "position",
      "at_ms",      "who",     "words",      "heard_ms", "rehearsal"};
  const auto& id = state.book.at(campaign).definition->id;
  std::vector<const Line*> sorted;
  for (const auto& line : lines_) {
    if (line.campaign == id) sorted.push_back(&line);
  }
  // What the person said may be written down after the answer to it.
  std::ranges::stable_sort(sorted, {}, [](const Line* line) {
    return std::tuple(line->contact, line->attempt, line->position);
  });
  CsvWriter csv(sink, style);
  for (const auto column : columns) csv.field(column);
  csv.end_row();
  const exporting::ContactIds ids(state, campaign);
  for (const auto* line : sorted) {
    const ContactRef contact{campaign, line->contact};
    const bool forgotten = state.queue.contact(contact).forgotten;
    csv.field(AttemptId{id, line->contact, line->attempt}.text());
    csv.number(line->contact).free(ids.of(line->contact));
    csv.number(line->attempt).number(line->position).number(line->at_ms);
    csv.field(line->by_agent ? "agent" : "callee");
    csv.free(forgotten ? std::string_view() : std::string_view(line->words));
    if (line->cut) {
      csv.number(line->heard_ms);
    } else {
      csv.empty();
    }
    csv.flag(exporting::is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
