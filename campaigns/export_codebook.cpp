#include <set>

#include "campaigns/campaign_words.hpp"
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

using exporting::Column;

// One row of the codebook.
struct Entry {
  std::string_view file{};
  std::string variable{};
  std::string label{};
  std::string_view type{};
  std::string_view unit{};
  std::string values{};  // JSON object of codes and labels
  std::string least{};
  std::string most{};
  std::string missing{};
  std::string asked_if{};
  bool personal = false;
  const Text* text = nullptr;
};

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string list_in_words(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    text += quoted(values[i]);
  }
  return text;
}

std::string in_words(const Condition& condition) {
  const auto joined = [&](std::string_view word) {
    std::string text;
    for (const auto& part : condition.parts) {
      if (!text.empty()) text += word;
      const bool group =
          (part.op == Condition::Op::all || part.op == Condition::Op::any) && part.parts.size() > 1;
      text += group ? '(' + in_words(part) + ')' : in_words(part);
    }
    return text;
  };
  switch (condition.op) {
    case Condition::Op::always:
      return "always";
    case Condition::Op::all:
      return joined(" and ");
    case Condition::Op::any:
      return joined(" or ");
    case Condition::Op::negation:
      return condition.parts.empty() ? "always" : "not (" + in_words(condition.parts.front()) + ')';
    case Condition::Op::question_is:
      return condition.name + " is " + list_in_words(condition.values);
    case Condition::Op::question_answered:
      return condition.name + " was answered";
    case Condition::Op::question_between:
      return condition.name + " is between " + std::to_string(condition.least) + " and " +
             std::to_string(condition.most);
    case Condition::Op::column_is:
      return "the list's column " + quoted(condition.name) + " is " +
             list_in_words(condition.values);
  }
  return {};
}

// Codes and labels as one JSON object, in their order.
class Codes {
 public:
  Codes() : object_(text_) {}
  Codes& add(std::string_view code, std::string_view label) {
    object_.member(code, label);
    return *this;
  }
  std::string text() && {
    object_.close();
    return std::move(text_);
  }

 private:
  std::string text_{};
  JsonObject object_;
};

std::string outcome_codes() {
  Codes codes;
  for (std::size_t i = 1; i < outcomes; ++i) {
    auto label = std::string(name_of(static_cast<Outcome>(i)));
    for (auto& c : label) c = c == '_' ? ' ' : c;
    codes.add(name_of(static_cast<Outcome>(i)), label);
  }
  return std::move(codes).text();
}

std::string place_codes() {
  return std::move(Codes()
                       .add("open", "may still be called, or is being called")
                       .add("done", "settled by a call")
                       .add("exhausted", "all attempts were made")
                       .add("excluded", "not called any more: suppressed, or the campaign ended")
                       .add("held", "whether a call was placed is not known; a person decides"))
      .text();
}

std::string status_codes() {
  Codes codes;
  for (const auto& status : exporting::question_statuses) codes.add(status.name, status.label);
  return std::move(codes).text();
}

std::string option_codes(const Question& question, const std::string& language) {
  Codes codes;
  for (const auto& option : question.options) {
    const auto& label = option.label.in(language, language);
    codes.add(option.code, label.empty() ? option.code : label);
  }
  return std::move(codes).text();
}

Entry entry_for(std::string_view file, const Column& column) {
  Entry entry;
  entry.file = file;
  entry.variable = column.name;
  entry.label = column.label;
  entry.type = column.type;
  entry.unit = column.unit;
  entry.personal = column.personal;
  if (column.type == "flag") {
    entry.values = std::move(Codes().add("0", "no").add("1", "yes")).text();
  } else if (column.name == "place") {
    entry.values = place_codes();
  } else if (column.type == "code") {
    entry.values = outcome_codes();
  }
  return entry;
}

void add_question(std::vector<Entry>& entries, std::string_view file, const Campaign& campaign,
                  const Question& question, const exporting::QuestionColumns& columns) {
  const auto asked_if =
      question.ask_if.op == Condition::Op::always ? std::string() : in_words(question.ask_if);
  Entry value;
  value.file = file;
  value.variable = columns.value;
  value.label = question.ask.in(campaign.language, campaign.language);
  value.type = word_for(question_type_words, question.type);
  if (question.type == QuestionType::choice || question.type == QuestionType::yes_no) {
    value.values = option_codes(question, campaign.language);
  }
  if (question.type == QuestionType::rating || question.type == QuestionType::number) {
    value.least = std::to_string(question.least);
    value.most = std::to_string(question.most);
  }
  value.missing = "empty, see " + columns.status;
  value.asked_if = asked_if;
  value.personal = question.type == QuestionType::open;
  value.text = &question.ask;
  entries.push_back(std::move(value));

  Entry status;
  status.file = file;
  status.variable = columns.status;
  status.label = "how " + columns.value + " stands";
  status.type = "code";
  status.values = status_codes();
  status.asked_if = asked_if;
  entries.push_back(std::move(status));

  Entry source;
  source.file = file;
  source.variable = columns.source;
  source.label = "how " + columns.value + " was answered";
  source.type = "code";
  Codes sources;
  sources.add("key", "keyed").add("speech", "said");
  if (campaign.mode == Mode::agent) sources.add("agent", "said to the agent, as it understood it");
  source.values = std::move(sources).text();
  source.missing = "empty, see " + columns.status;
  source.asked_if = asked_if;
  entries.push_back(std::move(source));
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

void export_codebook(const State& state, CampaignIndex campaign, const CanonicalSink& sink) {
  using namespace exporting;
  const auto& definition = *state.book.at(campaign).definition;
  std::vector<Entry> entries;
  const auto& files = export_files();
  for (const auto& column : wide_columns()) entries.push_back(entry_for(files[0].file, column));
  const auto columns = question_columns(definition);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    add_question(entries, files[0].file, definition, definition.questions[i], columns[i]);
  }
  entries.push_back(entry_for(files[0].file, rehearsal_column));
  for (const auto& column : long_columns()) entries.push_back(entry_for(files[1].file, column));
  entries.push_back(entry_for(files[1].file, rehearsal_column));
  for (const auto& column : attempt_columns()) entries.push_back(entry_for(files[2].file, column));
  entries.push_back(entry_for(files[2].file, rehearsal_column));

  std::set<std::string> languages{definition.language};
  for (const auto& question : definition.questions) {
    for (const auto& [language, text] : question.ask.by_language) languages.insert(language);
  }

  CsvWriter csv(sink);
  csv.field("file").field("variable").field("label").field("type").field("unit").field("values");
  csv.field("least").field("most").field("missing").field("asked_if").field("personal");
  for (const auto& language : languages) csv.field(text_column(language));
  csv.field(rehearsal_column.name).end_row();
  for (const auto& entry : entries) {
    csv.field(entry.file).field(entry.variable).field(entry.label).field(entry.type);
    csv.field(entry.unit).field(entry.values).field(entry.least).field(entry.most);
    csv.field(entry.missing).field(entry.asked_if).flag(entry.personal);
    for (const auto& language : languages) {
      csv.field(entry.text ? entry.text->in(language, language) : std::string());
    }
    csv.flag(is_rehearsal(state)).end_row();
  }
}

}  // namespace campaigns
