#include <set>

#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

// Codes and labels as one JSON object, in their order.
std::string codes_json(const exporting::Variable& variable) {
  if (variable.codes.empty()) return {};
  std::string text;
  JsonObject object(text);
  for (const auto& [code, label] : variable.codes) object.member(code, label);
  object.close();
  return text;
}

// Lower-case ASCII: "text_it_it".
std::string text_column(const std::string& language) {
  std::string name = "text_";
  for (const char c : language) {
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
  }
  return name;
}

}  // namespace

void export_codebook(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                     const CanonicalSink& sink) {
  using namespace exporting;
  const auto& definition = *state.book.at(campaign).definition;
  std::set<std::string> languages{definition.language};
  for (const auto& question : definition.questions) {
    for (const auto& [language, text] : question.ask.by_language) languages.insert(language);
  }

  CsvWriter csv(sink, settings.style);
  csv.field("file").field("variable").field("label").field("type").field("unit").field("values");
  csv.field("least").field("most").field("missing").field("asked_if").field("personal");
  csv.field("escaped");
  for (const auto& language : languages) csv.field(text_column(language));
  csv.field(rehearsal_column.name).end_row();
  for (const auto& variable : variables_of(definition, settings)) {
    csv.field(variable.file).field(variable.name).free(variable.label).field(variable.type);
    csv.field(variable.unit).free(codes_json(variable));
    if (variable.bounds) {
      csv.number(variable.bounds->first).number(variable.bounds->second);
    } else {
      csv.empty().empty();
    }
    csv.field(variable.missing).free(variable.asked_if).flag(variable.personal);
    // Whether a cell that a spreadsheet would run as a formula has an apostrophe before it.
    csv.flag(settings.style.spreadsheet && variable.free);
    for (const auto& language : languages) {
      csv.free(variable.text ? variable.text->in(language, language) : std::string());
    }
    csv.flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
