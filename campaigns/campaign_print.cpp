// The other half of campaign_file.hpp: printing a campaign, and walking over its texts.
#include <nlohmann/json.hpp>

#include "campaigns/campaign_file.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/templates.hpp"

namespace campaigns {

namespace {

using nlohmann::json;

// A text in the default language alone is a string.
json text_json(const Text& text, const std::string& language) {
  if (text.empty()) return "";
  if (text.by_language.size() == 1 && text.by_language.begin()->first == language) {
    return text.by_language.begin()->second;
  }
  return text.by_language;
}

json words_json(const std::map<std::string, std::vector<std::string>>& words,
                const std::string& language) {
  if (words.empty()) return json::array();
  if (words.size() == 1 && words.begin()->first == language) return words.begin()->second;
  return words;
}

json condition_json(const Condition& condition) {
  using Op = Condition::Op;
  const auto parts = [&condition] {
    json all = json::array();
    for (const Condition& part : condition.parts) all.push_back(condition_json(part));
    return all;
  };
  switch (condition.op) {
    case Op::always:
      return nullptr;
    case Op::all:
      return {{"all", parts()}};
    case Op::any:
      return {{"any", parts()}};
    case Op::negation:
      return {{"not", condition_json(condition.parts.at(0))}};
    case Op::question_is:
      return {{"question", condition.name}, {"is", condition.values}};
    case Op::question_answered:
      return {{"question", condition.name}, {"answered", true}};
    case Op::question_between:
      if (condition.dates) {
        return {{"question", condition.name},
                {"between",
                 json::array({date_of_days(condition.least), date_of_days(condition.most)})}};
      }
      return {{"question", condition.name},
              {"between", json::array({condition.least, condition.most})}};
    case Op::question_status:
      return {{"question", condition.name}, {"status", condition.values}};
    case Op::column_between:
      return {{"column", condition.name},
              {"between", json::array({condition.least, condition.most})}};
    case Op::column_empty:
      return {{"column", condition.name}, {"empty", true}};
    case Op::column_is:
      return {{"column", condition.name}, {"is", condition.values}};
  }
  return nullptr;
}

json option_json(const Option& option, const std::string& language) {
  json out{{"code", option.code},
           {"label", text_json(option.label, language)},
           {"words", words_json(option.words, language)}};
  if (option.key != '\0') out["key"] = std::string(1, option.key);
  if (option.fixed) out["fixed"] = true;
  return out;
}

json question_json(const Question& question, const std::string& language) {
  json out{{"id", question.id},
           {"type", word_for(question_type_words, question.type)},
           {"ask", text_json(question.ask, language)},
           {"required", question.required},
           {"silence_max", question.silence_max},
           {"invalid_max", question.invalid_max},
           {"on_silence", text_json(question.on_silence, language)},
           {"on_invalid", text_json(question.on_invalid, language)},
           {"timeout", duration_text(question.timeout)},
           {"by", json::array()}};
  if (question.by_key) out["by"].push_back("key");
  if (question.by_speech) out["by"].push_back("speech");
  if (question.type == QuestionType::choice || question.type == QuestionType::yes_no) {
    out["options"] = json::array();
    for (const Option& option : question.options) {
      out["options"].push_back(option_json(option, language));
    }
  }
  if (question.type == QuestionType::rating || question.type == QuestionType::number) {
    out["least"] = question.least;
    out["most"] = question.most;
  }
  if (question.shuffle) {
    out["shuffle"] = true;
    if (!question.offer.empty()) out["offer"] = text_json(question.offer, language);
  }
  if (question.several) {
    out["several"] = true;
    out["least"] = question.least;
    out["most"] = question.most;
  }
  if (question.type == QuestionType::date) {
    out["earliest"] = date_of_days(question.least);
    out["latest"] = date_of_days(question.most);
  }
  if (question.may_refuse) out["replies"].push_back("refused");
  if (question.may_not_know) out["replies"].push_back("dont_know");
  if (question.ask_if.op != Condition::Op::always) {
    out["ask_if"] = condition_json(question.ask_if);
  }
  if (question.screen_out_if.op != Condition::Op::always) {
    out["screen_out_if"] = condition_json(question.screen_out_if);
  }
  return out;
}

json replies_json(const Campaign& campaign) {
  json out = json::object();
  for (const auto& [word, which] : reply_words) {
    const ReplySpec& reply = campaign.reply(which);
    if (!reply.known) continue;
    json one{{"words", words_json(reply.words, campaign.language)}};
    if (reply.key != '\0') one["key"] = std::string(1, reply.key);
    if (!reply.goodbye.empty()) one["goodbye"] = text_json(reply.goodbye, campaign.language);
    if (which == Reply::person && !campaign.operators.empty()) one["numbers"] = campaign.operators;
    out[std::string(word)] = std::move(one);
  }
  return out;
}

json contacts_json(const ContactSource& contacts) {
  json out{{"region", contacts.region},
           {"zone", contacts.zone},
           {"bad_rows", word_for(bad_rows_words, contacts.bad_rows)},
           {"format", word_for(list_format_words, contacts.format)},
           {"encoding", contacts.encoding},
           {"delimiter", contacts.delimiter},
           {"columns",
            {{"number", contacts.number_column},
             {"id", contacts.id_column},
             {"language", contacts.language_column},
             {"zone", contacts.zone_column},
             {"not_before", contacts.not_before_columns},
             {"not_after", contacts.not_after_columns}}}};
  if (!contacts.other_number_columns.empty()) {
    auto& numbers = out["columns"]["number"] = json::array({contacts.number_column});
    for (const auto& column : contacts.other_number_columns) numbers.push_back(column);
  }
  if (!contacts.priority_column.empty()) out["columns"]["priority"] = contacts.priority_column;
  if (!contacts.consent_source_column.empty()) {
    out["columns"]["consent_source"] = contacts.consent_source_column;
  }
  if (!contacts.consent_date_column.empty()) {
    out["columns"]["consent_date"] = contacts.consent_date_column;
  }
  // Inline contacts are not part of a campaign; null says that they are somewhere else.
  out["file"] = contacts.file.empty() ? json(nullptr) : json(contacts.file);
  if (!contacts.query.database.empty()) {
    out["query"] = {{"database", contacts.query.database}, {"sql", contacts.query.sql}};
  }
  return out;
}

json hours_json(const CallingHours& hours) {
  json out{{"zone", hours.zone}, {"windows", json::array()}, {"dates_off", json::array()}};
  for (const CallingWindow& window : hours.windows) {
    out["windows"].push_back({{"days", days_texts(window.days)},
                              {"from", time_of_day_text(window.from)},
                              {"to", time_of_day_text(window.to)}});
  }
  for (const auto& date : hours.dates_off) out["dates_off"].push_back(date_text(date));
  out["holidays"] = hours.holidays;
  if (!hours.calendar.empty()) out["calendar"] = hours.calendar;
  return out;
}

json variants_json(const std::vector<Variant>& variants, const std::string& language) {
  json all = json::array();
  for (const Variant& variant : variants) {
    json values = json::array();
    for (const VariantValue& value : variant.values) {
      json one{{"code", value.code}, {"share", value.share}};
      if (!value.say.empty()) one["say"] = text_json(value.say, language);
      values.push_back(std::move(one));
    }
    all.push_back(
        {{"column", variant.column}, {"seed", variant.seed}, {"values", std::move(values)}});
  }
  return all;
}

json retries_json(const Retries& retries) {
  json out{{"attempts_max", retries.attempts_max},
           {"daily_calls_per_number_max", retries.daily_calls_per_number_max},
           {"unplaced",
            {{"max", retries.unplaced_max}, {"delay", duration_text(retries.unplaced_delay)}}}};
  if (retries.weekly_calls_per_number_max > 0) {
    out["weekly_calls_per_number_max"] = retries.weekly_calls_per_number_max;
  }
  if (retries.rolling_cap.calls > 0) {
    out["rolling_cap"] = {{"calls", retries.rolling_cap.calls},
                          {"within", duration_text(retries.rolling_cap.within)}};
  }
  for (const auto edge : retries.spread) out["spread"].push_back(time_of_day_text(edge));
  out["cool_off"] = duration_text(retries.cool_off);
  for (const RetryDefault& retry : retry_defaults()) {
    const auto& delay = retries.delay[static_cast<std::size_t>(retry.outcome)];
    out[std::string(name_of(retry.outcome))] = delay ? duration_text(*delay) : "never";
  }
  return out;
}

json model_prices_json(const ModelPrices& prices) {
  const auto text = [](std::int64_t millionths) { return decimal_text(millionths, 6); };
  json out = {{"per_call_max", text(prices.per_call_max)},
              {"input_audio_per_million", text(prices.input_audio)},
              {"output_audio_per_million", text(prices.output_audio)},
              {"input_text_per_million", text(prices.input_text)},
              {"output_text_per_million", text(prices.output_text)},
              {"per_minute", text(prices.per_minute)}};
  if (prices.cached) out["cached_per_million"] = text(*prices.cached);
  return out;
}

json agent_json(const AgentSpec& agent, const std::string& language) {
  return {{"name", agent.name},
          {"instructions", text_json(agent.instructions, language)},
          {"opening", text_json(agent.opening, language)},
          {"disclosure", text_json(agent.disclosure, language)},
          {"apology", text_json(agent.apology, language)},
          {"model", agent.model},
          {"voice", agent.voice},
          {"transcription", agent.transcription},
          {"columns", agent.columns},
          {"time_max", duration_text(agent.time_max)},
          {"silence_max", duration_text(agent.silence_max)},
          {"turns_max", agent.turns_max},
          {"on_failure", word_for(on_failure_words, agent.on_failure)},
          {"transfer", agent.transfer}};
}

}  // namespace

std::string print_campaign(const Campaign& campaign, bool pretty) {
  const std::string& language = campaign.language;
  json out{
      {"id", campaign.id},
      {"title", campaign.title},
      {"kind", word_for(kind_words, campaign.kind)},
      {"mode", word_for(mode_words, campaign.mode)},
      {"language", language},
      {"voices", campaign.voices},
      {"caller_ids", campaign.caller_ids},
      {"contacts", contacts_json(campaign.contacts)},
      {"goodbye", text_json(campaign.goodbye, language)},
      {"opt_out",
       {{"words", words_json(campaign.opt_out.words, language)},
        {"goodbye", text_json(campaign.opt_out.goodbye, language)}}},
      {"answering_machine", {{"action", word_for(machine_words, campaign.machine.action)}}},
      {"recording", {{"record", campaign.recording.record}}},
      {"calling_hours", hours_json(campaign.hours)},
      {"pacing",
       {{"calls_per_second", decimal_text(campaign.pacing.calls_per_second_thousandths, 3)},
        {"lines", campaign.pacing.lines},
        {"stop_at_failures",
         {{"share", decimal_text(campaign.pacing.stop_at_failures.share_thousandths, 3)},
          {"of", campaign.pacing.stop_at_failures.of}}}}},
      {"retries", retries_json(campaign.retries)},
      {"countries", campaign.countries},
      {"in_doubt", word_for(in_doubt_words, campaign.in_doubt)},
      {"ring_time", duration_text(campaign.ring_time)},
      {"call_time", duration_text(campaign.call_time)},
      {"budget",
       {{"limit", decimal_text(campaign.budget.limit_millionths, 6)},
        {"per_minute", decimal_text(campaign.budget.per_minute_millionths, 6)},
        {"currency", campaign.budget.currency}}},
      {"eligibility", word_for(eligibility_words, campaign.known_eligible)},
  };
  if (const auto price = campaign.budget.transfer_per_minute_millionths; price != 0) {
    out["budget"]["transfer_per_minute"] = decimal_text(price, 6);
  }
  if (campaign.budget.model) out["budget"]["model"] = model_prices_json(*campaign.budget.model);
  if (campaign.pacing.ramp_up.over > Seconds{0}) {
    out["pacing"]["ramp_up"] = {{"from", decimal_text(campaign.pacing.ramp_up.from_thousandths, 3)},
                                {"over", duration_text(campaign.pacing.ramp_up.over)}};
  }
  if (campaign.mode == Mode::agent) out["agent"] = agent_json(campaign.agent, language);
  // Only where there are any: the digest of a file that names none is what it always was.
  if (!campaign.result_columns.empty()) {
    json columns = json::array();
    for (const ResultColumn& column : campaign.result_columns) {
      columns.push_back(
          {{"column", column.column}, {"name", column.name}, {"personal", column.personal}});
    }
    out["results"] = {{"columns", std::move(columns)}};
  }
  for (const RequiredList& list : campaign.suppression_lists) {
    out["suppression_lists"].push_back(
        {{"source", list.source}, {"max_age", duration_text(list.max_age)}});
  }
  // Definitions of campaigns from before it are printed as they were.
  if (campaign.consent != Consent{}) {
    const auto& consent = campaign.consent;
    out["consent"] = {{"required", consent.required}};
    for (const auto& [name, value] : {std::pair{"basis", &consent.basis},
                                      {"source", &consent.source},
                                      {"date", &consent.date}}) {
      if (!value->empty()) out["consent"][name] = *value;
    }
  }
  if (!campaign.variants.empty()) out["variants"] = variants_json(campaign.variants, language);
  if (auto replies = replies_json(campaign); !replies.empty()) out["replies"] = std::move(replies);
  if (campaign.retention) out["retention"] = duration_text(*campaign.retention);
  if (campaign.opt_out.key != '\0') out["opt_out"]["key"] = std::string(1, campaign.opt_out.key);
  if (campaign.machine.action == MachineAction::leave_message) {
    out["answering_machine"]["message"] = text_json(campaign.machine.message, language);
  }
  if (campaign.machine.action != MachineAction::ignore) {
    const auto& detection = campaign.machine.detection;
    out["answering_machine"].update({{"async", detection.async},
                                     {"timeout", duration_text(detection.timeout)},
                                     {"speech_threshold_ms", detection.speech_threshold_ms},
                                     {"speech_end_threshold_ms", detection.speech_end_threshold_ms},
                                     {"silence_timeout_ms", detection.silence_timeout_ms}});
  }
  if (const auto& recording = campaign.recording; recording.record) {
    out["recording"].update({{"channels", word_for(channels_words, recording.dual)},
                             {"trim", recording.trim},
                             {"announced", recording.announced}});
    if (!recording.announced) {
      out["recording"]["announcement"] = text_json(recording.announcement, language);
    }
  }
  if (!campaign.screening.empty()) out["screening"] = text_json(campaign.screening, language);
  if (campaign.kind == Kind::survey) {
    out["greeting"] = text_json(campaign.greeting, language);
    out["resumed"] = text_json(campaign.resumed, language);
    out["partial"] = {{"answers", campaign.partial_answers}};
    out["questions"] = json::array();
    for (const Question& question : campaign.questions) {
      out["questions"].push_back(question_json(question, language));
    }
    if (!campaign.screened_out.empty()) {
      out["screened_out"] = text_json(campaign.screened_out, language);
    }
    for (const Quota& quota : campaign.quotas) {
      json one{{"name", quota.name}, {"completes", quota.completes}};
      if (quota.who.op != Condition::Op::always) one["if"] = condition_json(quota.who);
      out["quotas"].push_back(std::move(one));
    }
    if (!campaign.quota_full.empty()) {
      out["quota_full"] = text_json(campaign.quota_full, language);
    }
  } else {
    out["message"] = text_json(campaign.greeting, language);
    if (!campaign.questions.empty()) {
      out["confirm"] = question_json(campaign.questions.front(), language);
    }
  }
  return out.dump(pretty ? 2 : -1);
}

void for_each_text(const Campaign& campaign,
                   const std::function<void(const std::string&, const Text&)>& visit) {
  visit(campaign.kind == Kind::survey ? "/greeting" : "/message", campaign.greeting);
  visit("/resumed", campaign.resumed);
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    const Question& question = campaign.questions[i];
    const std::string where =
        campaign.kind == Kind::survey ? json_pointer("/questions", i) : std::string("/confirm");
    visit(where + "/ask", question.ask);
    visit(where + "/on_silence", question.on_silence);
    visit(where + "/on_invalid", question.on_invalid);
  }
  visit("/goodbye", campaign.goodbye);
  visit("/screened_out", campaign.screened_out);
  visit("/quota_full", campaign.quota_full);
  visit("/opt_out/goodbye", campaign.opt_out.goodbye);
  for (const auto& [word, which] : reply_words) {
    visit("/replies/" + std::string(word) + "/goodbye", campaign.reply(which).goodbye);
  }
  if (campaign.mode == Mode::agent) {
    visit("/agent/opening", campaign.agent.opening);
    visit("/agent/disclosure", campaign.agent.disclosure);
    visit("/agent/apology", campaign.agent.apology);
  }
  visit("/answering_machine/message", campaign.machine.message);
  visit("/screening", campaign.screening);
  visit("/recording/announcement", campaign.recording.announcement);
  for (std::size_t i = 0; i < campaign.variants.size(); ++i) {
    const std::string values = json_pointer("/variants", i) + "/values";
    for (std::size_t k = 0; k < campaign.variants[i].values.size(); ++k) {
      visit(json_pointer(values, k) + "/say", campaign.variants[i].values[k].say);
    }
  }
}

namespace {

void columns_tested(const Condition& condition, const std::string& where,
                    std::vector<TemplateUse>& uses) {
  if (condition.op == Condition::Op::column_is || condition.op == Condition::Op::column_between ||
      condition.op == Condition::Op::column_empty) {
    uses.push_back({where, condition.name});
  }
  for (const Condition& part : condition.parts) columns_tested(part, where, uses);
}

}  // namespace

std::vector<TemplateUse> tested_columns(const Campaign& campaign) {
  std::vector<TemplateUse> uses;
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    const std::string where =
        campaign.kind == Kind::survey ? json_pointer("/questions", i) : std::string("/confirm");
    columns_tested(campaign.questions[i].ask_if, where + "/ask_if", uses);
    columns_tested(campaign.questions[i].screen_out_if, where + "/screen_out_if", uses);
  }
  for (std::size_t i = 0; i < campaign.quotas.size(); ++i) {
    columns_tested(campaign.quotas[i].who, json_pointer("/quotas", i) + "/if", uses);
  }
  return uses;
}

std::vector<TemplateUse> template_uses(const Campaign& campaign) {
  std::vector<TemplateUse> uses;
  for_each_text(campaign, [&](const std::string& where, const Text& text) {
    for (const auto& [language, words] : text.by_language) {
      for (std::string& name : names_in_template(words)) {
        // The pointer as the file most likely has it: a text in one language alone is a string.
        const bool plain = text.by_language.size() == 1 && language == campaign.language;
        uses.push_back({plain ? where : json_pointer(where, language), std::move(name)});
      }
    }
  });
  // A column that the agent may know has to be there as well.
  for (std::size_t i = 0; i < campaign.agent.columns.size(); ++i) {
    uses.push_back({json_pointer("/agent/columns", i), campaign.agent.columns[i]});
  }
  return uses;
}

}  // namespace campaigns
