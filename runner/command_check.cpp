#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "campaigns/agent.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/option_order.hpp"
#include "campaigns/survey.hpp"
#include "campaigns/templates.hpp"
#include "runner/commands.hpp"
#include "runner/live.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/people.hpp"
#include "runner/submission.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct CheckOptions {
  std::string file{};
  SubmissionOverrides overrides{};
  std::string countries{};
  std::string contacts{};
  std::string show{};
  std::string start{};
  std::string log{};
  std::string env_file{};
  double calls_per_second = 1;
  bool json = false;
};

std::string lines_of(const std::vector<std::uint64_t>& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size() && i < 20; ++i) {
    text += (i ? ", " : " ") + std::to_string(rows[i]);
  }
  return rows.size() > 20 ? text + " …" : text;
}

// What the log says against calls when the campaign would begin.
struct SaidByLog {
  campaigns::SkippedRows suppressed{};  // people of the list
  std::vector<std::string> warnings{};  // of the suppression lists that the campaign requires
};

SaidByLog look_into_log(const CheckOptions& options, const Submission& submission,
                        const campaigns::ZoneRules& rules, campaigns::Instant begin) {
  const auto environment = Environment::read(options.env_file);
  const auto folded = fold_log(options.log, environment);
  const auto keys = log_keys_of(options.log, environment);
  auto at = std::max(begin, campaigns::instant_from_ms(folded.head.recorded_at));
  // The time of a rehearsal's log is its own.
  if (folded.state.book.identity.carrier != "rehearsal") {
    at =
        std::max(at, std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now()));
  }
  const auto& campaign = submission.file.campaign;
  SaidByLog said;
  said.warnings = warnings_of_lists(folded.state.suppression, campaign, at);
  auto reader = campaigns::ContactListReader::open(campaign, rules, submission.contacts);
  std::unordered_set<campaigns::NumberKey> suppressed;
  std::vector<campaigns::NumberKey> numbers;
  if (!reader) return said;
  using Next = campaigns::ContactListReader::Next;
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  for (auto next = reader->next(row, rejected); next != Next::end;
       next = reader->next(row, rejected)) {
    if (next != Next::row) continue;
    numbers = {keys.number_key(row.number)};
    for (const auto& other : row.others) numbers.push_back(keys.number_key(other));
    if (campaigns::keeps_from_calling(folded.state.suppression, numbers, at)) {
      if (suppressed.insert(numbers.front()).second) said.suppressed.add(row.row);
    }
  }
  return said;
}

std::string list_text(const campaigns::Preflight& report,
                      const std::optional<std::uint64_t>& suppressed) {
  std::string text = "list: " + std::to_string(report.rows) + " rows, " +
                     std::to_string(report.usable) + " usable, " +
                     std::to_string(report.rejected_count) + " refused, " +
                     std::to_string(report.duplicates) + " duplicates";
  if (!report.encoding.empty()) {
    text += " (" + report.encoding;
    if (!report.delimiter.empty()) text += ", delimiter '" + report.delimiter + '\'';
    text += ')';
  }
  text += '\n';
  for (const auto& [reason, count] : report.rejected_by_reason) {
    text += "  " + std::to_string(count) + " × " + reason + '\n';
  }
  for (const auto& row : report.rejected) {
    text += "  row " + std::to_string(row.row);
    if (!row.column.empty()) text += ", column " + row.column;
    text += ": " + row.what + '\n';
  }
  if (report.rejected_count > report.rejected.size()) {
    text += "  … and " + std::to_string(report.rejected_count - report.rejected.size()) + " more\n";
  }
  if (report.with_several > 0) {
    text += "with several numbers: " + std::to_string(report.with_several) + '\n';
  }
  if (report.left_out_count > 0) {
    text += "numbers left out, the person is called at their others: " +
            std::to_string(report.left_out_count) + '\n';
  }
  for (const auto& number : report.left_out) {
    text += "  row " + std::to_string(number.row) + ", column " + number.column + ": " +
            number.what + '\n';
  }
  if (report.left_out_count > report.left_out.size()) {
    text += "  … and " + std::to_string(report.left_out_count - report.left_out.size()) + " more\n";
  }
  for (const auto& [gate, skipped] : report.skipped) {
    text += "  not called, " + gate + ": " + std::to_string(skipped.people) + ", rows" +
            lines_of(skipped.rows) + '\n';
  }
  if (report.duplicates > 0) {
    text += "  duplicates, called once: rows" + lines_of(report.duplicate_rows) + '\n';
  }
  if (suppressed) {
    text += "suppressed, not called: " + std::to_string(*suppressed) + '\n';
  }
  const auto table = [&](const std::string& title,
                         const std::map<std::string, std::uint64_t>& counts) {
    text += title;
    for (const auto& [name, count] : counts) text += "  " + name + ": " + std::to_string(count);
    text += '\n';
  };
  table("zones:", report.by_zone);
  table("languages:", report.by_language);
  for (const auto& [column, counts] : report.by_variant) table("variant " + column + ':', counts);
  if (!report.by_quota.empty()) table("may belong to the quotas:", report.by_quota);
  return text;
}

std::string report_text(const Submission& submission, const campaigns::Preflight& report,
                        campaigns::Instant begin, const std::optional<std::uint64_t>& suppressed) {
  std::string text = "campaign " + submission.file.campaign.id + ", every default filled in:\n" +
                     campaigns::print_campaign(submission.file.campaign, true) + "\n\n";
  // Of a list that could not be read there is nothing to tell but that.
  if (!report.columns.empty()) text += list_text(report, suppressed);
  for (const auto& warning : report.warnings) text += "warning: " + warning + '\n';
  const auto& campaign = submission.file.campaign;
  if (campaign.mode == campaigns::Mode::agent && campaign.agent.model.empty() &&
      std::getenv("OPENAI_REALTIME_MODEL") == nullptr) {
    text +=
        "warning: no voice model is named here nor in OPENAI_REALTIME_MODEL: on a real carrier the "
        "campaign is refused without one\n";
  }
  if (report.earliest_end && report.latest_end) {
    text += "begun at " + campaigns::rfc3339_utc(begin) + " (--start), it ends between " +
            campaigns::rfc3339_utc(*report.earliest_end) + " and " +
            campaigns::rfc3339_utc(*report.latest_end) + '\n';
  }
  if (report.cost) {
    text += "costs between " + campaigns::decimal_text(report.cost->least, 6) + " and " +
            campaigns::decimal_text(report.cost->most, 6) + ' ' + campaign.budget.currency;
    if (report.cost->most_of_model != 0) {
      text += ", of that at most " + campaigns::decimal_text(report.cost->most_of_model, 6) +
              " for the voice model";
    }
    if (report.cost->most_of_transfers != 0) {
      text += ", of that at most " + campaigns::decimal_text(report.cost->most_of_transfers, 6) +
              " for calls to humans";
    }
    text += '\n';
  }
  return text;
}

std::string report_json(const Submission& submission, const campaigns::Preflight& report,
                        const std::optional<std::string>& refused,
                        const std::optional<std::uint64_t>& suppressed) {
  std::string text;
  campaigns::JsonObject object(text);
  object.raw("campaign", submission.definition)
      .member("rows", static_cast<std::int64_t>(report.rows))
      .member("usable", static_cast<std::int64_t>(report.usable))
      .member("refused", static_cast<std::int64_t>(report.rejected_count))
      .member("duplicates", static_cast<std::int64_t>(report.duplicates))
      .member("too_late", static_cast<std::int64_t>(report.too_late));
  {
    campaigns::JsonObject gates(object.open("skipped"));
    for (const auto& [gate, skipped] : report.skipped) {
      campaigns::JsonObject part(gates.open(gate));
      part.member("people", static_cast<std::int64_t>(skipped.people));
      auto& rows = part.open("rows");
      rows += '[';
      for (const auto row : skipped.rows) {
        if (rows.back() != '[') rows += ',';
        rows += std::to_string(row);
      }
      rows += ']';
      part.close();
    }
    gates.close();
  }
  if (suppressed) object.member("suppressed", static_cast<std::int64_t>(*suppressed));
  object.member("encoding", report.encoding)
      .member("delimiter", report.delimiter)
      .member("may_be_enrolled", refused ? "no" : "yes")
      .member("why_not", refused.value_or(""));
  append_rejected(object.open("rejected"), report.rejected);
  if (!submission.file.campaign.contacts.other_number_columns.empty()) {
    object.member("with_several_numbers", static_cast<std::int64_t>(report.with_several))
        .member("numbers_left_out", static_cast<std::int64_t>(report.left_out_count));
    append_rejected(object.open("left_out"), report.left_out);
  }
  const auto table = [&](const char* name, const std::map<std::string, std::uint64_t>& counts) {
    campaigns::JsonObject part(object.open(name));
    for (const auto& [key, count] : counts) part.member(key, static_cast<std::int64_t>(count));
    part.close();
  };
  table("by_reason", report.rejected_by_reason);
  table("by_zone", report.by_zone);
  table("by_language", report.by_language);
  if (!report.by_quota.empty()) table("by_quota", report.by_quota);
  if (!report.by_variant.empty()) {
    campaigns::JsonObject variants(object.open("by_variant"));
    for (const auto& [column, counts] : report.by_variant) {
      campaigns::JsonObject part(variants.open(column));
      for (const auto& [code, count] : counts) part.member(code, static_cast<std::int64_t>(count));
      part.close();
    }
    variants.close();
  }
  object.member("warnings", report.warnings);
  object
      .member("earliest_end",
              report.earliest_end ? campaigns::rfc3339_utc(*report.earliest_end) : "")
      .member("latest_end", report.latest_end ? campaigns::rfc3339_utc(*report.latest_end) : "");
  if (report.cost) {
    object.member("least_cost", campaigns::decimal_text(report.cost->least, 6))
        .member("most_cost", campaigns::decimal_text(report.cost->most, 6))
        .member("most_model_cost", campaigns::decimal_text(report.cost->most_of_model, 6))
        .member("most_transfer_cost", campaigns::decimal_text(report.cost->most_of_transfers, 6))
        .member("currency", submission.file.campaign.budget.currency);
  }
  object.close();
  return text + '\n';
}

// What one person would hear of us, and what their agent would be told.
int show_agent(const campaigns::Campaign& campaign, const ListedContact& contact) {
  const auto say = [&](const char* what, const campaigns::Text& text) {
    if (text.empty()) return;
    print_answer(
        std::string(what) +
        campaigns::render_template(text.in(contact.language, campaign.language),
                                   [&](std::string_view name) { return contact.value(name); }) +
        '\n');
  };
  say("the person hears first: ", campaign.agent.disclosure);
  say("where the agent fails: ", campaign.agent.apology);
  say("an answering machine hears: ", campaign.machine.message);
  campaigns::AgentPerson person;
  person.language = contact.language;
  person.value = [&](std::string_view name) { return contact.value(name); };
  const auto brief = campaigns::agent_brief(campaign, person);
  print_answer("\nthe agent is told:\n\n" + brief.instructions + "\n\nand to begin:\n\n" +
               brief.opening + "\n\nand may use:");
  for (const auto& tool : brief.tools) print_answer(' ' + tool.name);
  print_answer("\n");
  return exit_done;
}

// What one person would hear, from the first word to the last, each question once.
int show(const Submission& submission, const campaigns::ZoneRules& rules, const std::string& id) {
  const auto& campaign = submission.file.campaign;
  const auto found = find_listed(submission, rules, id);
  if (!found) {
    complain_of(found.error());
    return exit_bad_input;
  }
  const auto& contact = found.value();
  const auto say = [&](const char* what, const campaigns::Text& text) {
    if (text.empty()) return;
    print_answer(
        std::string(what) +
        campaigns::render_template(text.in(contact.language, campaign.language),
                                   [&](std::string_view name) { return contact.value(name); }) +
        '\n');
  };
  print_answer("language " + contact.language + ", zone " + contact.zone + "\n\n");
  say("(before anything else) ", campaign.recording.announcement);
  if (campaign.mode == campaigns::Mode::agent) return show_agent(campaign, contact);
  say("", campaign.greeting);
  for (const auto& question : campaign.questions) {
    say(question.ask_if.op == campaigns::Condition::Op::always
            ? "  ? "
            : "  ? (if the answers before lead here) ",
        question.ask);
    const auto order = contact.value(campaigns::order_column_of(question));
    if (question.shuffle) {
      print_answer("    " +
                   campaigns::offer_of(question, order, contact.language, campaign.language) +
                   '\n');
    }
    for (const auto* option : campaigns::in_order(question, order)) {
      if (option->key == '\0') continue;
      const auto& label = option->label.in(contact.language, campaign.language);
      print_answer(std::string("      ") + option->key + ": " + option->code +
                   (label.empty() ? "" : " - " + label) + '\n');
    }
  }
  say("", campaign.goodbye);
  say("whom the survey is not for hears: ", campaign.screened_out);
  say("whose quota is full hears: ", campaign.quota_full);
  say("an answering machine hears: ", campaign.machine.message);
  say("an assistant that screens calls hears: ", campaign.screening);
  return exit_done;
}

int check(const CheckOptions& options) {
  auto overrides = options.overrides;
  if (!options.countries.empty()) overrides.countries = read_countries(options.countries);
  auto list = other_list(options.contacts);
  if (!list) {
    complain_of(list.error());
    return exit_bad_input;
  }
  overrides.list = std::move(list).value();
  auto loaded = load_submission(options.file, overrides);
  if (!loaded) {
    complain_of(loaded.error());
    return exit_bad_input;
  }
  const auto& submission = loaded.value();
  const auto rules = load_zone_rules();
  if (!options.show.empty()) return show(submission, rules, options.show);
  auto begin = first_opening(submission.file.campaign, rules);
  if (!options.start.empty()) {
    const auto start = campaigns::parse_rfc3339(options.start);
    if (!start) {
      complain("--start is no moment like 2026-03-02T08:00:00Z");
      return exit_bad_input;
    }
    begin = *start;
  }
  auto report = check_submission(submission, rules, begin,
                                 static_cast<std::uint32_t>(options.calls_per_second * 1000));
  const auto refused = reason_not_to_enrol(submission, report, false);
  std::optional<std::uint64_t> suppressed;
  if (!options.log.empty()) {
    const auto said = look_into_log(options, submission, rules, begin);
    suppressed = said.suppressed.people;
    if (said.suppressed.people > 0) report.skipped["suppressed"] = said.suppressed;
    report.warnings.insert(report.warnings.end(), said.warnings.begin(), said.warnings.end());
  }
  print_answer(options.json ? report_json(submission, report, refused, suppressed)
                            : report_text(submission, report, begin, suppressed));
  complain_of(report.problems);
  if (refused) {
    complain(options.file + ": " + *refused);
    return exit_bad_input;
  }
  return exit_done;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<CheckOptions>();
  auto* command = app.add_subcommand("check", "Check a campaign file and its list; calls nobody");
  command->add_option("file", options->file, "The campaign file")->required();
  command
      ->add_option("--contacts", options->contacts,
                   "Another list than the file's: a file, or - for standard input")
      ->check(not_empty());
  command->add_option("--show", options->show, "What the person with this id would hear");
  command->add_flag("--skip-bad-rows", options->overrides.skip_bad_rows,
                    "Do not refuse the list for rows that cannot be used");
  command
      ->add_option("--countries", options->countries,
                   "That may be called (IT,CH), instead of those the file names")
      ->check(not_empty());
  command
      ->add_option("--encoding", options->overrides.encoding,
                   "Of the contact list, where it is not to be recognised")
      ->transform(known_encoding());
  command->add_option("--start", options->start, "When it would begin (RFC 3339)");
  command->add_option("--calls-per-second", options->calls_per_second, "Of the account")
      ->check(CLI::Range(0.01, 1000.0));
  command->add_option("--log", options->log,
                      "Count whom this log says must not be called: suppressed, or opted out; and "
                      "look at the suppression lists that the campaign requires");
  command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  command->add_flag("--json", options->json, "The report as JSON");
  command->callback([options, &chosen] {
    chosen = [options] {
      return options->log.empty() ? check(*options) : reading([&] { return check(*options); });
    };
  });
}

}  // namespace runner
