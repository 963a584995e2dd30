// What every column of an export is, in one place.
#include "campaigns/campaign_words.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/option_order.hpp"

namespace campaigns::exporting {

namespace {

using Codes = std::vector<std::pair<std::string, std::string>>;

template <std::size_t n>
Codes words(const std::array<StatusWord, n>& all) {
  Codes codes;
  for (const auto& word : all) codes.emplace_back(word.name, word.label);
  return codes;
}

std::string list_in_words(const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    text += '"' + values[i] + '"';
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
      if (condition.dates) {
        return condition.name + " is between " + date_of_days(condition.least) + " and " +
               date_of_days(condition.most);
      }
      return condition.name + " is between " + std::to_string(condition.least) + " and " +
             std::to_string(condition.most);
    case Condition::Op::question_status:
      return condition.name + " stands as " + list_in_words(condition.values);
    case Condition::Op::column_between:
      return "the list's column \"" + condition.name + "\" is between " +
             std::to_string(condition.least) + " and " + std::to_string(condition.most);
    case Condition::Op::column_empty:
      return "the list's column \"" + condition.name + "\" is empty";
    case Condition::Op::column_is:
      return "the list's column \"" + condition.name + "\" is " + list_in_words(condition.values);
  }
  return {};
}

std::string label_of_list_column(const Campaign& campaign, const std::string& column) {
  for (const auto& variant : campaign.variants) {
    if (variant.column == column) return "which value of the variant they had, drawn by chance";
  }
  for (const auto& question : campaign.questions) {
    if (question.shuffle && order_column_of(question) == column) {
      return "the order in which they were offered the options of " + question.id;
    }
  }
  return "the list's column \"" + column + '"';
}

Codes outcome_codes() {
  Codes codes;
  for (std::size_t i = 1; i < outcomes; ++i) {
    auto label = std::string(name_of(static_cast<Outcome>(i)));
    for (auto& c : label) c = c == '_' ? ' ' : c;
    codes.emplace_back(name_of(static_cast<Outcome>(i)), label);
  }
  return codes;
}

Codes codes_of(const Column& column) {
  if (column.type == "flag") return {{"0", "no"}, {"1", "yes"}};
  if (column.type != "code") return {};
  if (column.name == "place") {
    return {{"open", "may still be called, or is being called"},
            {"done", "settled by a call"},
            {"exhausted",
             "called, and not again: all attempts were made, or there was no time or no "
             "need for more"},
            {"excluded",
             "not called any more: suppressed, out of time, of a full quota, or the campaign "
             "ended"},
            {"held", "whether a call was placed is not known; a person decides"}};
  }
  if (column.name == "hung_up_by") {
    return {{"callee", "the person, before the call was through"},
            {"program", "we did, after our last words or because of a machine"},
            {"limit", "the call was as long as a call may be"}};
  }
  if (column.name == "version") {
    return {{"recorded", "as the campaign's own rules had it"},
            {"recoded", "by the rules of a recoding"}};
  }
  if (column.name == "level") {
    return {{"place", "where cases stand"},
            {"case", "what cases came to"},
            {"attempt", "how attempts ended"}};
  }
  if (column.name == "aapor_class") {
    return {{"I", "complete interview"},
            {"P", "partial interview"},
            {"R", "refusal and break-off"},
            {"NC", "non-contact"},
            {"O", "other"},
            {"UH", "unknown if there is an eligible person"},
            {"UO", "unknown, other"},
            {"NE", "not eligible"}};
  }
  return outcome_codes();
}

Variable variable_for(std::string_view file, const Column& column) {
  Variable variable;
  variable.file = file;
  variable.name = column.name;
  variable.label = column.label;
  variable.type = column.type;
  variable.unit = column.unit;
  variable.codes = codes_of(column);
  variable.personal = column.personal;
  variable.free = column.free;
  return variable;
}

void add_question(std::vector<Variable>& all, std::string_view file, const Campaign& campaign,
                  const Question& question, const QuestionColumns& columns, bool labels) {
  const auto asked_if =
      question.ask_if.op == Condition::Op::always ? std::string() : in_words(question.ask_if);
  const auto missing = "empty, see " + columns.status;
  Variable value;
  value.file = file;
  value.name = columns.value;
  value.label = question.ask.in(campaign.language, campaign.language);
  value.type = word_for(question_type_words, question.type);
  if (question.several) value.type = "text";
  for (const auto& option : question.options) {
    if (question.several) break;
    value.codes.emplace_back(option.code, label_of(question, option.code, campaign.language));
  }
  if (question.type == QuestionType::rating || question.type == QuestionType::number) {
    value.bounds = {question.least, question.most};
  }
  value.missing = missing;
  value.asked_if = asked_if;
  value.personal = value.free = question.type == QuestionType::open;
  value.text = &question.ask;
  if (question.several) value.label += " (codes, with blanks between them)";
  all.push_back(std::move(value));
  for (std::size_t i = 0; i < columns.options.size(); ++i) {
    Variable chosen;
    chosen.file = file;
    chosen.name = columns.options[i];
    chosen.label = "whether " + columns.value + " has \"" +
                   std::string(label_of(question, question.options[i].code, campaign.language)) +
                   '"';
    chosen.type = "flag";
    chosen.codes = {{"0", "no"}, {"1", "yes"}};
    chosen.missing = missing;
    chosen.asked_if = asked_if;
    all.push_back(std::move(chosen));
  }

  const auto add = [&](const std::string& name, std::string label, std::string_view type,
                       Codes codes, std::string without) {
    Variable one;
    one.file = file;
    one.name = name;
    one.label = std::move(label);
    one.type = type;
    one.codes = std::move(codes);
    one.missing = std::move(without);
    one.asked_if = asked_if;
    one.free = type == "text";
    all.push_back(std::move(one));
  };
  if (labels && has_codes(question)) {
    add(columns.label, "what the code of " + columns.value + " means", "text", {}, missing);
  }
  add(columns.status, "how " + columns.value + " stands", "code", words(question_statuses), {});
  add(columns.source, "how " + columns.value + " was answered", "code", words(answer_sources),
      missing);
}

}  // namespace

std::vector<Variable> variables_of(const Campaign& campaign, const ExportSettings& settings) {
  std::vector<Variable> all;
  const auto file = [](std::string_view name) {
    for (const auto& one : export_files()) {
      if (one.name == name) return one.file;
    }
    return std::string_view();
  };
  const auto add = [&](std::string_view where, const std::vector<Column>& columns) {
    for (const auto& column : columns) all.push_back(variable_for(where, column));
  };
  const auto wide = file("results");
  add(wide, wide_columns());
  if (settings.recoding) add(wide, recoded_columns());
  for (const auto& column : list_columns(campaign)) {
    Variable variable;
    variable.file = wide;
    variable.name = column.name;
    variable.label = label_of_list_column(campaign, column.of->column);
    variable.type = "text";
    variable.personal = column.of->personal;
    variable.free = true;
    all.push_back(std::move(variable));
  }
  const auto columns = question_columns(campaign);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    add_question(all, wide, campaign, campaign.questions[i], columns[i], settings.labels);
  }
  all.push_back(variable_for(wide, rehearsal_column));
  for (const auto& [name, of] :
       {std::pair{"answers", &long_columns()}, std::pair{"attempts", &attempt_columns()},
        std::pair{"dispositions", &disposition_columns()}}) {
    add(file(name), *of);
    all.push_back(variable_for(file(name), rehearsal_column));
  }
  return all;
}

}  // namespace campaigns::exporting
