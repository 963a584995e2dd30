#include "campaigns/export.hpp"

#include <set>

#include "campaigns/export_parts.hpp"

namespace campaigns {

const std::vector<ExportFile>& export_files() {
  static const std::vector<ExportFile> files = {
      {"results", "responses_wide.csv", &export_wide},
      {"answers", "responses_long.csv", &export_long},
      {"attempts", "attempts.csv", &export_attempts},
      {"codebook", "codebook.csv", &export_codebook},
  };
  return files;
}

namespace exporting {

std::vector<QuestionColumns> question_columns(const Campaign& campaign) {
  std::set<std::string, std::less<>> taken;
  for (const auto& column : wide_columns()) taken.emplace(column.name);
  taken.emplace(rehearsal_column.name);
  std::vector<QuestionColumns> all;
  for (const auto& question : campaign.questions) {
    QuestionColumns columns{question.id};
    for (;; columns.value.insert(0, "q_")) {
      columns.status = columns.value + "__status";
      columns.source = columns.value + "__source";
      if (!taken.count(columns.value) && !taken.count(columns.status) &&
          !taken.count(columns.source)) {
        break;
      }
    }
    taken.insert({columns.value, columns.status, columns.source});
    all.push_back(std::move(columns));
  }
  return all;
}

std::string contact_id(const State& state, ContactRef contact) {
  const auto& entry = state.book.at(contact.campaign);
  const auto& column = entry.definition->contacts.id_column;
  if (!column.empty()) {
    const auto id = state.script.value(contact, entry, column);
    if (!id.empty()) return std::string(id);
    // Not the bare ordinal: another row of the list may have it for its id.
    if (state.queue.contact(contact).forgotten) {
      return "forgotten." + std::to_string(contact.ordinal);
    }
  }
  return std::to_string(contact.ordinal);
}

bool is_rehearsal(const State& state) {
  return state.book.identity.carrier == "rehearsal";
}

bool counts(Outcome outcome) {
  return outcome != Outcome::none && outcome != Outcome::not_placed;
}

void write_times(CsvWriter& csv, Instant at, std::int64_t offset_minutes) {
  if (at == Instant{}) {
    csv.empty().empty();
    return;
  }
  csv.field(rfc3339_utc(at)).field(rfc3339_local(at, std::chrono::minutes{offset_minutes}));
}

}  // namespace exporting

}  // namespace campaigns
