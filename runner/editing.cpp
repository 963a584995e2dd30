#include "runner/editing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "campaigns/campaign_file.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/words.hpp"
#include "runner/crypto.hpp"
#include "runner/submission.hpp"

namespace runner {

using campaigns::Problems;

namespace {

// What stands against the numbers that people are passed on to. What the campaign has already was
// taken when less was asked: of that it is only warned, so that anything else can be changed.
Problems problems_of_numbers(const campaigns::Campaign& before, const Problems& barred,
                             Edit& edit) {
  const auto& next = edit.next;
  const bool same =
      next.operators == before.operators && next.agent.transfer == before.agent.transfer;
  const auto had = same ? campaigns::problems_of_transfers(before) : Problems{};
  Problems problems;
  const auto tell = [&](const campaigns::Problem& problem, bool as_before) {
    if (!as_before) return problems.push_back(problem);
    edit.warnings.push_back(problem.where + ": " + problem.what);
  };
  const auto stands_in = [](const Problems& all, const campaigns::Problem& one) {
    return std::ranges::find(all, one.where, &campaigns::Problem::where) != all.end();
  };
  for (const auto& problem : barred) tell(problem, same);
  for (const auto& problem : campaigns::problems_of_transfers(next)) {
    if (!stands_in(barred, problem)) tell(problem, stands_in(had, problem));
  }
  return problems;
}

}  // namespace

campaigns::Result<campaigns::CampaignFile> read_edited(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) return text.error();
  auto read = campaigns::parse_campaign_file(text.value());
  if (!read) {
    auto problems = read.error();
    for (auto& problem : problems) problem.where = file.string() + ": " + problem.where;
    return problems;
  }
  if (auto problems = take_calendar(read->campaign, file); !problems.empty()) return problems;
  return read;
}

campaigns::Result<Edit> make_edit(const campaigns::State& state, const std::string& campaign,
                                  const std::filesystem::path& file, campaigns::CampaignFile read) {
  const auto index = state.book.find(campaign);
  if (!index) return Problems{{"", "no campaign \"" + campaign + "\" in this log", ""}};
  const auto& before = *state.book.at(*index).definition;
  Edit edit;
  edit.next = std::move(read.campaign);
  if (!read.names_countries) edit.next.countries = before.countries;
  // A list that the file does not name was given beside it: it is the one that is in the log.
  if (edit.next.contacts.file.empty() && edit.next.contacts.query.database.empty() &&
      read.inline_contacts.empty()) {
    edit.next.contacts.file = before.contacts.file;
    edit.next.contacts.query = before.contacts.query;
    edit.next.contacts.format = before.contacts.format;
  }
  edit.next.contacts.encoding = before.contacts.encoding;
  edit.next.contacts.bad_rows = before.contacts.bad_rows;
  if (auto problems = problems_of_numbers(before, read.barred, edit); !problems.empty()) {
    for (auto& problem : problems) problem.where = file.string() + ": " + problem.where;
    return problems;
  }
  if (auto warning = campaigns::warning_of_night(edit.next.hours);
      warning && !(edit.next.hours == before.hours)) {
    edit.warnings.push_back(std::move(*warning));
  }
  if (auto refusal = campaigns::reason_not_to_edit(state, *index, edit.next)) {
    return Problems{{file.string(), std::move(refusal->text), ""}};
  }
  edit.command.campaign = campaign;
  edit.command.definition = campaigns::print_campaign(edit.next);
  edit.command.definition_digest = hex(sha256(edit.command.definition));
  const auto was = nlohmann::json::parse(campaigns::print_campaign(before));
  const auto is = nlohmann::json::parse(edit.command.definition);
  for (const auto& change : nlohmann::json::diff(was, is)) {
    edit.changes.push_back(change["path"].get<std::string>());
  }
  return edit;
}

std::string edit_json(const Edit& edit, const campaigns::EditPreview& preview, bool accepted) {
  std::string text;
  campaigns::JsonObject object(text);
  object.flag("accepted", accepted);
  object.member("changes", edit.changes);
  if (!edit.warnings.empty()) {
    object.member("warnings", edit.warnings);
  }
  object.member("waiting", static_cast<std::int64_t>(preview.waiting))
      .member("earlier", static_cast<std::int64_t>(preview.earlier))
      .member("later", static_cast<std::int64_t>(preview.later))
      .member("never", static_cast<std::int64_t>(preview.never))
      .member("again", static_cast<std::int64_t>(preview.again))
      .member("excluded", static_cast<std::int64_t>(preview.excluded))
      .member("quota_full", static_cast<std::int64_t>(preview.quota_full))
      .member("other_country", static_cast<std::int64_t>(preview.other_country))
      .member("no_consent", static_cast<std::int64_t>(preview.no_consent))
      .member("takes_ms_before", preview.takes_before.count())
      .member("takes_ms_after", preview.takes_after.count());
  object.close();
  return text;
}

std::string edit_text(const std::string& campaign, const std::string& answer) {
  const auto told = nlohmann::json::parse(answer);
  const auto number = [&](const char* name) { return told.at(name).get<std::int64_t>(); };
  using campaigns::plural;
  if (told.at("changes").empty()) return campaign + ": the file says what the log holds already\n";
  std::string text = campaign + ": changed";
  const char* before = " ";
  for (const auto& change : told["changes"]) {
    text += before + change.get<std::string>();
    before = ", ";
  }
  text += '\n' + plural(number("waiting"), "person waits", "people wait") +
          " for a call: " + std::to_string(number("earlier")) + " may be called earlier, " +
          std::to_string(number("later")) + " later";
  if (number("never") != 0) {
    text += ", " + std::to_string(number("never")) + " not any more: they have no calling hours";
  }
  if (number("again") != 0) {
    text += ", " + std::to_string(number("again")) + " who could not be";
  }
  if (number("excluded") != 0) {
    text += ", " + std::to_string(number("excluded")) +
            " not again: they have had as many attempts as are allowed now";
  }
  if (number("quota_full") != 0) {
    text += ", " + std::to_string(number("quota_full")) + " not any more: their quota is full then";
  }
  if (number("other_country") != 0) {
    text += ", " + std::to_string(number("other_country")) +
            " not any more: their numbers are of countries that are not called then";
  }
  if (number("no_consent") != 0) {
    text += ", " + std::to_string(number("no_consent")) +
            " not any more: consent is required then, and of theirs source or date is not known, "
            "or the date is later";
  }
  text += "\nto call each of them once takes " + std::to_string(number("takes_ms_after") / 1000) +
          " s at the rate, before " + std::to_string(number("takes_ms_before") / 1000) + " s\n";
  if (told.contains("warnings")) {
    for (const auto& warning : told["warnings"]) {
      text += "warning: " + warning.get<std::string>() + '\n';
    }
  }
  text += told["accepted"].get<bool>()
              ? "the change holds from here on\n"
              : "nothing was changed: give --accept-change to have it so\n";
  return text;
}

}  // namespace runner
