#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/decide.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/words.hpp"
#include "runner/at_rest.hpp"
#include "runner/commands.hpp"
#include "runner/crypto.hpp"
#include "runner/local_time.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/people.hpp"
#include "runner/submission.hpp"
#include "runner/suppression_list.hpp"
#include "runner/zone_loader.hpp"

// The commands on one person: forget, suppress, unsuppress, person.
namespace runner {

namespace {

struct PeopleOptions {
  std::string log{};
  std::string number{};
  std::string region{};
  std::string env_file{};
  std::string reason{};
  std::string until{};
  std::string list{};
  std::string source{};
  std::string as_of{};
  bool skip_bad_rows = false;
  std::string column{"number"};
  bool expired = false;
  bool json = false;
};

// Nothing, and the reason told, for what is no number.
std::optional<campaigns::PhoneNumber> read_number(const PeopleOptions& options) {
  if (!options.region.empty() && !campaigns::is_phone_region(options.region)) {
    complain("--region: no country is called that; give its two capital letters, as IT");
    return {};
  }
  auto number = campaigns::parse_phone_number(options.number, options.region);
  if (number) return number.value();
  // The reason that the core gives for this one speaks of a campaign file.
  complain(number.error().code == "no_country_code"
               ? "the number has no country code: write it with one, as +39…, or name the country "
                 "with --region"
               : "the number cannot be read: " + number.error().text);
  return {};
}

std::string counted(std::size_t count, const char* one, const char* several) {
  return std::to_string(count) + ' ' + (count == 1 ? one : several);
}

// What this program cannot forget for others.
struct Elsewhere {
  std::set<std::string> lists{};
  // The carrier's ids of the calls.
  std::set<std::string> calls{};
};

std::string place_of_list(const campaigns::ContactSource& source) {
  if (!source.file.empty()) return source.file;
  if (!source.query.database.empty()) return "in the database " + source.query.database;
  return source.format == campaigns::ListFormat::automatic ? "inside the file"
                                                           : "given on standard input";
}

Elsewhere elsewhere(const campaigns::State& state,
                    const std::vector<campaigns::ContactRef>& contacts) {
  Elsewhere found;
  std::set<std::uint64_t> people;
  for (const auto contact : contacts) {
    people.insert(contact.packed());
    const auto& definition = *state.book.at(contact.campaign).definition;
    found.lists.insert(place_of_list(definition.contacts) + " of campaign " + definition.id);
  }
  for (const auto& row : state.results.attempts) {
    if (!row.sid.empty() && people.count(row.contact.packed()) != 0) found.calls.insert(row.sid);
  }
  return found;
}

// More calls than these are counted and not named.
constexpr std::size_t calls_named_max = 20;

std::string text_of(const Elsewhere& found, const std::filesystem::path& log) {
  std::string text = "Still there, and not in this log's power:\n";
  for (const auto& list : found.lists) text += "  the contact list " + list + '\n';
  text += "  what was exported before, wherever it was copied to\n";
  text += "  copies of the key file " + log.filename().string() +
          ".keys made before, in backups: destroy them, for with the master key they still open "
          "every copy of this log\n";
  if (!found.calls.empty()) {
    text += "  the carrier's own records of " + counted(found.calls.size(), "call", "calls");
    char before = ':';
    if (found.calls.size() <= calls_named_max) {
      for (const auto& sid : found.calls) {
        text += before;
        text += ' ' + sid;
        before = ',';
      }
    }
    text += '\n';
  }
  return text;
}

std::string strings_json(const std::set<std::string>& strings) {
  return nlohmann::json(strings).dump();
}

std::vector<campaigns::ContactRef> forgotten_in(const campaigns::State& state) {
  std::vector<campaigns::ContactRef> found;
  for (std::size_t index = 0; index < state.queue.campaigns.size(); ++index) {
    const auto& contacts = state.queue.campaigns[index].contacts;
    for (std::size_t i = 0; i < contacts.size(); ++i) {
      if (!contacts[i].forgotten) continue;
      found.push_back(
          {static_cast<campaigns::CampaignIndex>(index), static_cast<std::uint32_t>(i + 1)});
    }
  }
  return found;
}

int forget(const PeopleOptions& options) {
  const auto environment = Environment::read(options.env_file);
  campaigns::Command command = campaigns::ForgetExpired{};
  campaigns::NumberKey key = 0;
  const auto number = options.expired ? std::nullopt : read_number(options);
  if (!options.expired && !number) return exit_bad_input;
  // Says what is wrong with the log before its keys are looked for.
  static_cast<void>(CheckedLog(options.log));
  // And what is told afterwards can be read: nothing can be taken back by then.
  const auto keys = log_keys_of(options.log, environment);
  if (number) {
    key = keys.number_key(number->e164);
    command = campaigns::ForgetNumber{key};
  }
  if (const auto told = have_carried_out(options.log, environment, command, exit_not_well)) {
    return *told;
  }
  const auto state = fold_log(options.log, environment).state;
  const auto contacts = number ? contacts_with(state, key) : forgotten_in(state);
  const bool opted_out = number && state.suppression.opted_out(key);
  const auto left = elsewhere(state, contacts);
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("forgotten", static_cast<std::int64_t>(contacts.size()))
        .flag("opted_out", opted_out);
    object.open("lists") += strings_json(left.lists);
    object.open("calls") += strings_json(left.calls);
    object.close();
    print(text + '\n');
    return exit_done;
  }
  if (contacts.empty()) {
    print(number ? "this number stands on no list of this log\n"
                 : "nobody of this log is forgotten: no campaign keeps people only for a while, or "
                   "none ended that long ago\n");
    return exit_done;
  }
  print(number ? "forgotten: " + counted(contacts.size(), "entry", "entries") +
                     " of this log's lists" + (opted_out ? "; the opt-out stays\n" : "\n")
               : "forgotten by now: " + counted(contacts.size(), "entry", "entries") +
                     " of this log's lists\n");
  print(text_of(left, options.log));
  return exit_done;
}

// What becomes of the number's calls from here on, told.
int tell_suppression(const PeopleOptions& options, const campaigns::State& state,
                     campaigns::NumberKey key, bool changed) {
  const bool suppressed = state.suppression.suppressed_by_another(key);
  const bool listed = !state.suppression.lists_of(key).empty();
  const auto until_ms = suppressed && !listed ? state.suppression.numbers.at(key).until_ms : 0;
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.flag("suppressed", suppressed)
        .flag("opted_out", state.suppression.opted_out(key))
        .flag("changed", changed)
        .member("entries", static_cast<std::int64_t>(contacts_with(state, key).size()));
    if (until_ms != 0) {
      object.member("until", campaigns::rfc3339_utc(campaigns::instant_from_ms(until_ms)));
    }
    object.close();
    print(text + '\n');
    return exit_done;
  }
  std::string text = changed ? "" : "as before: ";
  text += !suppressed     ? "the number may be called"
          : until_ms == 0 ? "the number is not called any more"
                          : "the number is not called before " +
                                local_text(campaigns::instant_from_ms(until_ms));
  text += ", in any campaign of this log; it stands on " +
          counted(contacts_with(state, key).size(), "entry", "entries") + " of its lists\n";
  print(text);
  return exit_done;
}

int carry_out_suppression(const PeopleOptions& options, const Environment& environment,
                          campaigns::NumberKey key, const campaigns::Command& command) {
  const auto version = [&](const campaigns::State& state) {
    return state.version_of(campaigns::Subject::number(key));
  };
  const auto before = version(fold_log(options.log, environment).state);
  if (const auto told = have_carried_out(options.log, environment, command, exit_bad_input)) {
    return *told;
  }
  const auto state = fold_log(options.log, environment).state;
  return tell_suppression(options, state, key, version(state) != before);
}

nlohmann::json listing_json(const ListedNumbers& listed, std::size_t added) {
  auto rows = nlohmann::json::array();
  for (const auto& row : listed.rejected) {
    rows.push_back({{"row", row.row}, {"reason", row.reason}, {"what", row.what}});
  }
  return {{"numbers", listed.keys.size()},
          {"added", added},
          {"as_before", listed.keys.size() - added},
          {"rejected", listed.rejected_count},
          {"rows", std::move(rows)}};
}

void complain_of_rows(const ListedNumbers& listed) {
  for (const auto& row : listed.rejected) {
    complain("row " + std::to_string(row.row) + ": " + row.what);
  }
  if (listed.rejected_count > listed.rejected.size()) {
    complain("… and " + std::to_string(listed.rejected_count - listed.rejected.size()) +
             " rows more that cannot be read");
  }
}

// What became of a list, told; the rows that could not be read are no success.
int tell_list(const PeopleOptions& options, const ListedNumbers& listed, std::size_t added,
              const std::optional<campaigns::Instant>& until) {
  const auto before = listed.keys.size() - added;
  if (options.json) {
    auto told = listing_json(listed, added);
    if (until) told["until"] = campaigns::rfc3339_utc(*until);
    print(told.dump() + '\n');
  } else {
    complain_of_rows(listed);
    print(counted(added, "number is", "numbers are") + " not called any more" +
          (until ? " before " + local_text(*until) : std::string()) +
          ", in any campaign of this log; " + counted(before, "was", "were") +
          " suppressed for as long already\n");
  }
  return listed.rejected_count == 0 ? exit_done : exit_not_well;
}

// Carries out what `make` asks for by the state of the log, by the program that runs on it or
// without one. Nothing: it is done; else it was told why not.
using MadeCommands = campaigns::Result<std::vector<campaigns::Command>, campaigns::Refusal>;
std::optional<int> carry_out_all(
    const PeopleOptions& options, const Environment& environment,
    const std::function<MadeCommands(const campaigns::State& state)>& make) {
  if (answers_on(options.log)) {
    const auto made = make(fold_log(options.log, environment).state);
    if (!made) {
      complain(made.error().text);
      return exit_bad_input;
    }
    for (const auto& command : made.value()) {
      if (const auto told = have_carried_out(options.log, environment, command, exit_bad_input)) {
        return told;
      }
    }
    return {};
  }
  const auto done = carry_out_at_rest(
      options.log, environment,
      [&](const campaigns::State& state, const LogKeys&) { return make(state); }, {});
  if (done) return {};
  complain(done.error().text);
  return exit_bad_input;
}

// What became of a list of a source, told.
int tell_source_list(const PeopleOptions& options, const Environment& environment,
                     const ListedNumbers& listed, const SourceListing& listing, bool in_part) {
  const auto state = fold_log(options.log, environment).state;
  const auto& sources = state.suppression.sources;
  const auto found = sources.find(options.source);
  const auto as_of = found == sources.end() ? std::nullopt : found->second.as_of;
  if (options.json) {
    auto told = listing_json(listed, listing.added);
    told["source"] = options.source;
    told["taken_off"] = listing.taken_off;
    told["loaded"] = !in_part;
    if (as_of) told["as_of"] = campaigns::rfc3339_utc(*as_of);
    print(told.dump() + '\n');
    return in_part ? exit_not_well : exit_done;
  }
  complain_of_rows(listed);
  auto text = counted(listed.keys.size(), "number is", "numbers are") +
              " on the suppression list " + options.source + " and not called, in any campaign " +
              "of this log; " + std::to_string(listing.added) + " of them new, " +
              std::to_string(listing.taken_off) + " taken off\n";
  if (in_part) {
    complain(
        "the list is not taken for what its source says, and nothing was taken off, because of "
        "the rows that cannot be read: mend them, or load it without them with --skip-bad-rows");
  } else {
    text += "it is of " + local_text(*as_of) + '\n';
  }
  print(text);
  return in_part ? exit_not_well : exit_done;
}

int load_source_list(const PeopleOptions& options, const Environment& environment,
                     const std::string& bytes, const ListedNumbers& listed) {
  SourceList list;
  list.source = options.source;
  list.digest = hex(sha256(bytes));
  list.reason = options.reason;
  list.in_part = listed.rejected_count > 0 && !options.skip_bad_rows;
  if (!options.as_of.empty()) {
    list.as_of = read_moment(options.as_of);
    if (!list.as_of) {
      complain(
          "--as-of: write the day that the list is of as 2026-12-25, or a moment as "
          "2026-12-25 18:00");
      return exit_bad_input;
    }
  }
  // Before anything is changed.
  const auto folded = fold_log(options.log, environment);
  auto now = campaigns::instant_from_ms(folded.head.recorded_at);
  // The time of a rehearsal's log is its own.
  if (folded.state.book.identity.carrier != "rehearsal") {
    now = std::max(now,
                   std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now()));
  }
  if (const auto refusal =
          campaigns::reason_not_to_load(folded.state, list.source, list.as_of, now)) {
    complain(refusal->text);
    return exit_bad_input;
  }
  SourceListing listing;
  const auto told =
      carry_out_all(options, environment, [&](const campaigns::State& state) -> MadeCommands {
        listing = list_of_source(state, listed.keys, list);
        return std::move(listing.commands);
      });
  if (told) return *told;
  return tell_source_list(options, environment, listed, listing, list.in_part);
}

// The moment that --until names, which is not earlier for anybody with a number of these countries.
std::optional<campaigns::Instant> until_of(const PeopleOptions& options,
                                           const std::set<std::string>& countries,
                                           const campaigns::ZoneRules& rules) {
  const auto here = read_moment(options.until);
  const auto day = read_day(options.until);
  return here && day ? day_begins(*day, *here, countries, rules) : here;
}

int suppress_list(const PeopleOptions& options, const Environment& environment) {
  if (!options.region.empty() && !campaigns::is_phone_region(options.region)) {
    complain("--region: no country is called that; give its two capital letters, as IT");
    return exit_bad_input;
  }
  auto bytes = read_file(options.list);
  if (!bytes) {
    complain_of(bytes.error());
    return exit_bad_input;
  }
  static_cast<void>(CheckedLog(options.log));
  const auto rules = load_zone_rules();
  const auto listed = read_listed_numbers(bytes.value(), options.column, options.region, rules,
                                          log_keys_of(options.log, environment));
  if (!listed) {
    complain_of(listed.error());
    return exit_bad_input;
  }
  if (!options.source.empty()) {
    return load_source_list(options, environment, bytes.value(), listed.value());
  }
  const auto until = until_of(options, listed->countries, rules);
  std::size_t added = 0;
  const auto told =
      carry_out_all(options, environment, [&](const campaigns::State& state) -> MadeCommands {
        auto commands = suppression_commands(state, listed.value().keys, options.reason, until);
        added = commands.size();
        return commands;
      });
  if (told) return *told;
  return tell_list(options, listed.value(), added, until);
}

int suppress(const PeopleOptions& options) {
  const auto environment = Environment::read(options.env_file);
  if (!options.until.empty() && !read_moment(options.until)) {
    complain(
        "--until: write a day as 2026-12-25, from whose beginning there the number may be called "
        "again, or a moment as 2026-12-25 18:00");
    return exit_bad_input;
  }
  if (!options.list.empty()) return suppress_list(options, environment);
  const auto number = read_number(options);
  if (!number) return exit_bad_input;
  static_cast<void>(CheckedLog(options.log));
  campaigns::SuppressNumber command;
  command.key = number_key_in(options.log, environment, number->e164);
  command.until = until_of(options, {number->country}, load_zone_rules());
  command.reason = options.reason;
  return carry_out_suppression(options, environment, command.key, command);
}

int unsuppress(const PeopleOptions& options) {
  const auto environment = Environment::read(options.env_file);
  const auto number = read_number(options);
  if (!number) return exit_bad_input;
  static_cast<void>(CheckedLog(options.log));
  const auto key = number_key_in(options.log, environment, number->e164);
  return carry_out_suppression(options, environment, key,
                               campaigns::UnsuppressNumber{key, options.reason});
}

int person(const PeopleOptions& options) {
  const auto environment = Environment::read(options.env_file);
  const auto number = read_number(options);
  if (!number) return exit_bad_input;
  const auto state = fold_log(options.log, environment).state;
  const auto key = number_key_in(options.log, environment, number->e164);
  print_answer(options.json ? person_json(state, key) + '\n' : person_text(state, key));
  return exit_done;
}

}  // namespace

void add_people(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const PeopleOptions&)) {
    const auto options = std::make_shared<PeopleOptions>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->add_option("number", options->number, "The telephone number");
    command->add_option("--region", options->region,
                        "Country of a number that is written without +, as in --region IT");
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
    command->add_flag("--json", options->json, "As JSON");
    command->callback([options, &chosen, act] {
      const char* instead = options->expired         ? "--expired"
                            : !options->list.empty() ? "--list"
                                                     : nullptr;
      if ((instead != nullptr) != options->number.empty()) {
        throw CLI::ValidationError(
            "number", instead ? std::string("is not given with ") + instead : "is missing");
      }
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
    return std::make_pair(command, options);
  };
  const auto [forgetting, options] =
      add("forget", "Make all that names or quotes a person unreadable, for good", forget);
  forgetting->add_flag("--expired", options->expired,
                       "Everybody whose campaign keeps people no longer");
  const auto [suppressing, with_reason] =
      add("suppress", "Call a number no more, in any campaign, or not for a while", suppress);
  auto* list = suppressing->add_option("--list", with_reason->list,
                                       "Instead of a number: CSV with a column of numbers");
  suppressing->add_option("--column", with_reason->column, "Its column of numbers (number)");
  auto* source = suppressing->add_option(
      "--source", with_reason->source,
      "Whose list it is, as campaign files require it: it replaces the one of that source before");
  source->needs(list);
  suppressing
      ->add_option("--as-of", with_reason->as_of,
                   "With --source: the day (2026-12-25) or moment that it is of (now)")
      ->needs(source);
  suppressing
      ->add_flag("--skip-bad-rows", with_reason->skip_bad_rows,
                 "With --source: take it as whole though rows of it cannot be read")
      ->needs(source);
  suppressing->add_option("--reason", with_reason->reason, "Kept in the log");
  suppressing
      ->add_option(
          "--until", with_reason->until,
          "The day (2026-12-25), which begins where the number is, or moment from which it may "
          "be called again")
      ->check(not_empty())
      ->excludes(source);
  const auto [lifting, must_have_reason] = add(
      "unsuppress", "Let a number be called again, whoever said that it must not be", unsuppress);
  lifting->add_option("--reason", must_have_reason->reason, "Kept in the log")->required();
  add("person", "All that the log holds of a person", person);
}

}  // namespace runner
