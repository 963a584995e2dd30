// The export as a Frictionless data package: https://specs.frictionlessdata.io,
// tabular-data-package with Table Schema. What a member says beyond that is in words of our own:
// `personal`, `labels`, `asked_if`, `text`.
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

using exporting::Variable;

// What a column is called in Table Schema.
void write_type(JsonObject& field, const Variable& variable) {
  const auto& type = variable.type;
  if (type == "integer" || type == "rating" || type == "number") {
    field.member("type", "integer");
  } else if (type == "decimal") {
    field.member("type", "number");
  } else if (type == "timestamp") {
    // By a pattern: the default is UTC in whole seconds only.
    const bool utc = variable.name.size() > 4 && variable.name.ends_with("_utc");
    field.member("type", "datetime")
        .member("format", utc ? "%Y-%m-%dT%H:%M:%S.%fZ" : "%Y-%m-%dT%H:%M:%S%z");
  } else if (type == "flag") {
    field.member("type", "boolean").raw("trueValues", R"(["1"])").raw("falseValues", R"(["0"])");
  } else if (type == "date") {
    field.member("type", "date");
  } else if (type == "json") {
    field.member("type", "object");
  } else {
    field.member("type", "string");
  }
}

void write_constraints(JsonObject& field, const Variable& variable) {
  if (variable.bounds) {
    JsonObject constraints(field.open("constraints"));
    constraints.member("minimum", variable.bounds->first)
        .member("maximum", variable.bounds->second);
    constraints.close();
    return;
  }
  if (variable.codes.empty() || variable.type == "flag") return;
  JsonObject constraints(field.open("constraints"));
  auto& list = constraints.open("enum");
  for (std::size_t i = 0; i < variable.codes.size(); ++i) {
    list += i == 0 ? '[' : ',';
    append_json_string(list, variable.codes[i].first);
  }
  list += ']';
  constraints.close();
}

void write_field(std::string& out, const Variable& variable) {
  JsonObject field(out);
  field.member("name", variable.name).member("title", variable.label);
  write_type(field, variable);
  write_constraints(field, variable);
  if (!variable.unit.empty()) field.member("unit", variable.unit);
  if (!variable.missing.empty()) field.member("description", variable.missing);
  if (!variable.codes.empty() && variable.type != "flag") {
    JsonObject labels(field.open("labels"));
    for (const auto& [code, label] : variable.codes) labels.member(code, label);
    labels.close();
  }
  if (!variable.asked_if.empty()) field.member("asked_if", variable.asked_if);
  if (variable.text) {
    JsonObject text(field.open("text"));
    for (const auto& [language, words] : variable.text->by_language) text.member(language, words);
    text.close();
  }
  field.flag("personal", variable.personal);
  field.close();
}

std::string resource_name(std::string_view file) {
  return std::string(file.substr(0, file.find('.')));
}

void write_resource(std::string& out, std::string_view file, const std::vector<Variable>& variables,
                    const CsvStyle& style, std::string_view key) {
  JsonObject resource(out);
  resource.member("profile", "tabular-data-resource")
      .member("name", resource_name(file))
      .member("path", file)
      .member("format", "csv")
      .member("mediatype", "text/csv")
      .member("encoding", style.spreadsheet ? "utf-8-sig" : "utf-8");
  JsonObject dialect(resource.open("dialect"));
  dialect.member("delimiter", std::string_view(&style.delimiter, 1))
      .member("lineTerminator", "\r\n")
      .member("quoteChar", "\"")
      .flag("doubleQuote", true)
      .flag("skipInitialSpace", false)
      .flag("header", true);
  dialect.close();
  JsonObject schema(resource.open("schema"));
  auto& fields = schema.open("fields");
  fields += '[';
  bool first = true;
  for (const auto& variable : variables) {
    if (variable.file != file) continue;
    if (!std::exchange(first, false)) fields += ',';
    write_field(fields, variable);
  }
  fields += ']';
  schema.raw("missingValues", R"([""])");
  if (!key.empty()) schema.member("primaryKey", key);
  schema.close();
  resource.close();
}

}  // namespace

void export_data_package(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                         const CanonicalSink& sink) {
  using namespace exporting;
  const auto& definition = *state.book.at(campaign).definition;
  const auto variables = variables_of(definition, settings);
  std::string text;
  JsonObject package(text);
  package.member("profile", "tabular-data-package")
      .member("name", definition.id)
      .member("title", definition.title)
      .member("created", rfc3339_utc(settings.as_of))
      .flag("rehearsal", is_rehearsal(state));
  auto& resources = package.open("resources");
  resources += '[';
  bool first = true;
  for (const auto& file : export_files()) {
    if (!file.csv || file.only_if_asked || file.name == "codebook") continue;
    if (!std::exchange(first, false)) resources += ',';
    const std::string_view key = file.name == "results"    ? "contact"
                                 : file.name == "answers"  ? "row_id"
                                 : file.name == "attempts" ? "attempt_id"
                                                           : "";
    write_resource(resources, file.file, variables, settings.style, key);
  }
  resources += ']';
  package.close();
  text += '\n';
  sink(text);
}

}  // namespace campaigns
