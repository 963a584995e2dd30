#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "campaigns/campaign_words.hpp"
#include "campaigns/explain.hpp"
#include "campaigns/export.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/transcripts.hpp"
#include "eventstore/chain.hpp"
#include "runner/at_once.hpp"
#include "runner/commands.hpp"
#include "runner/fold.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/submission.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct ReadOptions {
  std::string log{};
  std::string campaign{};
  std::string contact{};
  std::string until{};
  std::string out{};
  std::string what{};
  std::string to{};
  std::string transcripts{};
  std::string profile{"analysis"};
  std::string delimiter{};
  std::string recode{};
  std::string eligible_share{};
  std::string language{};
  std::string env_file{};
  bool labels = false;
  bool numbers = false;
  bool json = false;
};

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return number;
}

constexpr std::string_view by_row = "row:";

// Who is meant: by the list's own id, by the row as row:N, which several lists may have, or by the
// ordinal as the log names it, CAMPAIGN/N or CAMPAIGN.N. A bare N is an ordinal only where the list
// has no ids: among those it would be somebody else's.
std::vector<campaigns::ContactRef> find_contacts(const campaigns::State& state,
                                                 campaigns::CampaignIndex index,
                                                 std::string_view name) {
  const auto& entry = state.book.at(index);
  const auto people = state.queue.campaigns[index].contacts.size();
  const auto all_that = [&](auto fits) {
    std::vector<campaigns::ContactRef> all;
    for (std::uint32_t ordinal = 1; ordinal <= people; ++ordinal) {
      const campaigns::ContactRef ref{index, ordinal};
      if (fits(ref)) all.push_back(ref);
    }
    return all;
  };
  const auto& column = entry.definition->contacts.id_column;
  if (!column.empty()) {
    // Of people who share an id, it means the first.
    const auto found =
        all_that([&](auto ref) { return state.script.value(ref, entry, column) == name; });
    if (!found.empty()) return {found.front()};
  }
  if (name.starts_with(by_row)) {
    const auto row = whole_number<std::uint32_t>(name.substr(by_row.size()));
    return all_that([&](auto ref) { return state.script.row(ref) == row; });
  }
  const auto& campaign = entry.definition->id;
  const auto sign = campaign.size();
  if (name.starts_with(campaign) && name.size() > sign &&
      (name[sign] == '/' || name[sign] == '.')) {
    name.remove_prefix(sign + 1);
  } else if (!column.empty()) {
    return {};
  }
  const auto ordinal = whole_number<std::uint32_t>(name);
  if (!ordinal || *ordinal == 0 || *ordinal > people) return {};
  return {campaigns::ContactRef{index, *ordinal}};
}

// The rows of that number that became nobody. Of a list that was added later none is in the log.
using LeftOut = std::vector<campaigns::ContactRejected>;

int explain_no_contact(const ReadOptions& options, const campaigns::Campaign& campaign,
                       const LeftOut& left_out) {
  std::string text;
  for (const auto& rejected : left_out) {
    if (options.json) {
      campaigns::JsonObject object(text);
      object.member("campaign", campaign.id)
          .member("row", rejected.row)
          .member("reason", rejected.reason);
      if (!rejected.column.empty()) object.member("column", rejected.column);
      object.close();
    } else {
      text += "row " + std::to_string(rejected.row) +
              " of the list was left out: " + rejected.reason +
              (rejected.column.empty() ? "" : ", column \"" + rejected.column + '"');
    }
    text += '\n';
  }
  if (!text.empty()) {
    print_answer(text);
    return exit_done;
  }
  complain("no such contact in campaign " + campaign.id + ": give " +
           (campaign.contacts.id_column.empty()
                ? "the ordinal of the contact"
                : "the list's own id, " + campaign.id + "/N for the contact of that ordinal") +
           ", or row:N for a row of the list, also of one that was left out");
  return exit_bad_input;
}

int tell_of_several(const campaigns::Campaign& campaign,
                    const std::vector<campaigns::ContactRef>& contacts, const LeftOut& left_out) {
  std::string text = "several lists have that row: give ";
  for (const auto contact : contacts) {
    text += (contact == contacts.front() ? "" : " or ") + campaign.id + '/' +
            std::to_string(contact.ordinal);
  }
  if (!left_out.empty())
    text += "; that of the first list was left out: " + left_out.front().reason;
  complain(text);
  return exit_bad_input;
}

// The minute that is explained: the one that was asked for, or now. With a position, and of a
// rehearsal, whose time is its own, the log's last event says when that is.
campaigns::Instant minute_of(const std::optional<LogPlace>& until, const campaigns::State& state,
                             campaigns::Instant last_event) {
  if (until && until->moment_ms) return campaigns::instant_from_ms(*until->moment_ms);
  if (until || state.book.identity.carrier == "rehearsal") return last_event;
  const auto clock = std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now());
  return std::max<campaigns::Instant>(clock, last_event);
}

int explain(const ReadOptions& options) {
  const auto until = parse_place("--until", options.until);
  const auto environment = Environment::read(options.env_file);
  CheckedLog log(options.log);
  campaigns::Instant last_event{};
  const auto row = options.contact.starts_with(by_row)
                       ? whole_number<std::int64_t>(options.contact.substr(by_row.size()))
                       : std::nullopt;
  std::map<std::string, LeftOut> rows_left_out;
  const auto folded =
      fold_log(log, environment, until, [&](const campaigns::Fact& fact, const campaigns::State&) {
        last_event = fact.recorded_at;
        const auto* rejected = campaigns::get_if<campaigns::ContactRejected>(&fact.event);
        if (rejected && rejected->row == row) rows_left_out[fact.subject.name].push_back(*rejected);
      });
  const auto& state = folded.state;
  const auto now = minute_of(until, state, last_event);
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  const auto& campaign = *state.book.at(*index).definition;
  const auto& left_out = rows_left_out[campaign.id];
  const auto contacts = find_contacts(state, *index, options.contact);
  if (contacts.empty()) return explain_no_contact(options, campaign, left_out);
  if (contacts.size() + left_out.size() > 1) return tell_of_several(campaign, contacts, left_out);
  const auto contact = contacts.front();
  campaigns::Facts history;
  Folder folder;
  const auto open = log.opener(environment);
  std::string plain;
  log.read(1, [&](const eventstore::RecordedEvent& recorded) {
    if (!is_until(until, recorded)) return false;
    eventstore::RecordedEvent event = recorded;
    open(event, plain);
    auto fact = folder.fact(event);
    if (campaigns::tells_of(state, contact, fact)) history.push_back(std::move(fact));
    return true;
  });
  const auto rules = load_zone_rules();
  print_answer(options.json ? campaigns::explain_json(state, contact, rules, now, history) + '\n'
                            : campaigns::explain(state, contact, rules, now, history));
  return exit_done;
}

int replay(const ReadOptions& options) {
  const auto until = parse_place("--until", options.until);
  CheckedLog log(options.log);
  const auto [state, head] = fold_log(log, Environment::read(options.env_file), until);
  const auto digest = digest_of(state);
  if (!options.out.empty()) {
    write_whole_file(options.out, 0600, [&, &folded = state](const auto& sink) {
      for (const auto& projection : campaigns::projections()) {
        sink("{\"projection\":\"" + std::string(projection.name) + "\"}\n");
        projection.write(folded, sink);
      }
    });
  }
  const auto moment = campaigns::rfc3339_utc(campaigns::instant_from_ms(head.recorded_at));
  const auto hash = eventstore::to_hex(head.hash);
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("position", static_cast<std::int64_t>(head.position));
    if (head.position != 0) object.member("recorded_at", moment).member("hash", hash);
    object.member("state_digest", digest.state).member("outcome_digest", digest.outcome);
    campaigns::JsonObject parts(object.open("projections"));
    for (const auto& one : digest.projections) parts.member(one.name, one.hex);
    parts.close();
    object.close();
    print_answer(text + '\n');
    return exit_done;
  }
  print_answer(head.position == 0 ? "before the first event\n"
                                  : "event " + std::to_string(head.position) + ", " + moment +
                                        ", head " + hash + '\n');
  for (const auto& one : digest.projections) {
    print_answer("  " + one.name + std::string(16 - one.name.size(), ' ') + one.hex + '\n');
  }
  print_answer("state digest   " + digest.state + "\noutcome digest " + digest.outcome + '\n');
  return exit_done;
}

// What `export` was asked for besides. The recoding's rules are kept as they were written, to stand
// beside what they led to. Throws CLI::ValidationError for what is wrong.
struct AskedExport {
  campaigns::ExportSettings settings{};
  std::optional<campaigns::Recoding> recoding{};
  std::string recoding_text{};
};

std::optional<AskedExport> asked_export(const ReadOptions& options) {
  AskedExport asked;
  auto& style = asked.settings.style;
  style.spreadsheet = options.profile == "excel";
  if (!options.delimiter.empty()) style.delimiter = options.delimiter.front();
  asked.settings.labels = options.labels;
  asked.settings.at_once = at_once;
  asked.settings.pieces_at_once = pieces_at_once();
  asked.settings.language = options.language;
  if (!options.eligible_share.empty()) {
    const auto share = campaigns::parse_decimal(options.eligible_share, 6);
    if (!share || *share > 1'000'000) {
      throw CLI::ValidationError("--e", "give a share from 0 to 1, such as 0.35");
    }
    asked.settings.eligible_share = *share;
  }
  if (!options.recode.empty()) {
    auto text = read_file(options.recode);
    if (!text) {
      complain_of(text.error());
      return {};
    }
    asked.recoding_text = std::move(text).value();
    auto recoding = campaigns::parse_recoding(asked.recoding_text);
    if (!recoding) {
      auto problems = recoding.error();
      for (auto& problem : problems) problem.where = options.recode + ' ' + problem.where;
      complain_of(problems);
      return {};
    }
    asked.recoding = std::move(recoding).value();
  }
  return asked;
}

// One file of the set to standard output.
int print_export(const ReadOptions& options, const campaigns::State& state,
                 campaigns::CampaignIndex index, const campaigns::ExportSettings& settings) {
  for (const auto& file : campaigns::export_files()) {
    if (file.name != options.what) continue;
    std::string buffer;
    file.write(state, index, settings, [&](std::string_view text) {
      buffer += text;
      if (buffer.size() < 1 << 16) return;
      print_answer(buffer);
      buffer.clear();
    });
    print_answer(buffer);
  }
  return exit_done;
}

bool is_wanted(const campaigns::ExportFile& file, const ReadOptions& options) {
  if (!options.what.empty()) return file.name == options.what;
  return !file.only_if_asked || options.numbers;
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder, error)) return;
  const bool is_there = std::filesystem::exists(folder, error);
  throw std::invalid_argument(folder.string() +
                              (is_there ? " is there and is no folder" : " cannot be made") +
                              ": name a folder with --to where files may be written");
}

// Into a folder, where files of an earlier export may be. Of which events they tell (`head`) and by
// which rules stands beside them only where it is true of all of them; it is gone before they
// change, and written when they are there.
void write_export(const AskedExport& asked, const ReadOptions& options,
                  const campaigns::State& state, campaigns::CampaignIndex index,
                  const std::string& head) {
  const std::filesystem::path folder(options.to);
  const auto head_file = folder / "head.json";
  const auto rules_file = folder / "recoding.json";
  make_folder(folder);
  std::filesystem::remove(head_file);
  std::filesystem::remove(rules_file);
  const auto write = [](const std::filesystem::path& path, const auto& content) {
    write_whole_file(path, 0600, content);
    complain(path.string() + " written");
  };
  bool all_new = true;
  for (const auto& file : campaigns::export_files()) {
    const auto path = folder / file.file;
    if (is_wanted(file, options)) {
      write(path, [&](const auto& sink) { file.write(state, index, asked.settings, sink); });
    } else if (options.what.empty()) {
      std::filesystem::remove(path);
    } else {
      all_new = all_new && !std::filesystem::exists(path);
    }
  }
  if (!all_new) {
    complain("no head.json beside it: the other files in " + options.to +
             " are of another export; without the name of a file all are written anew");
    return;
  }
  if (asked.recoding) {
    write(rules_file, [&](const auto& sink) { sink(asked.recoding_text); });
  }
  write(head_file, [&](const auto& sink) { sink(head); });
}

int export_results(const ReadOptions& options) {
  if (options.to.empty() && options.what.empty() && options.transcripts.empty()) {
    std::string names;
    for (const auto& file : campaigns::export_files()) {
      names += (names.empty() ? "" : ", ") + std::string(file.name);
    }
    complain("say which file (" + names + "), or --to DIR for all");
    return exit_bad_input;
  }
  const auto until = parse_place("--as-of", options.until);
  auto asked = asked_export(options);
  if (!asked) return exit_bad_input;
  auto& settings = asked->settings;
  if (asked->recoding) settings.recoding = &*asked->recoding;
  CheckedLog log(options.log);
  campaigns::Transcripts transcripts;
  campaigns::SampleFrame frame;
  const auto [state, head] = fold_log(
      log, Environment::read(options.env_file), until,
      [&](const campaigns::Fact& fact, const campaigns::State& before) {
        frame.see(fact, before);
        if (!options.transcripts.empty()) transcripts.see(fact);
      },
      FoldFor::results);
  settings.frame = &frame;
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  if (!options.transcripts.empty()) {
    write_whole_file(options.transcripts, 0600, [&, &folded = state](const auto& sink) {
      transcripts.write(folded, *index, sink, settings.style);
    });
    complain(options.transcripts + " written: it quotes people");
  }
  settings.as_of = campaigns::instant_from_ms(head.recorded_at);
  if (options.to.empty()) return print_export(options, state, *index, settings);

  write_export(*asked, options, state, *index, head_json(head, identity_of(log)));
  return exit_done;
}

}  // namespace

void add_reading(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const ReadOptions&)) {
    const auto options = std::make_shared<ReadOptions>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
    command->callback([options, &chosen, act] {
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
    return std::make_pair(command, options);
  };
  const auto until = [](CLI::App* command, ReadOptions& options) {
    command->add_option("--until", options.until, "Only up to this position or moment");
  };
  const auto campaign = [](CLI::App* command, ReadOptions& options) {
    command->add_option("--campaign", options.campaign, "The campaign's id");
  };
  {
    const auto [command, options] =
        add("explain", "Why a person was or was not called, each time", explain);
    until(command, *options);
    campaign(command, *options);
    command
        ->add_option("--contact", options->contact,
                     "The list's own id, or row:N; the ordinal where the list has no ids")
        ->required();
    command->add_flag("--json", options->json, "As JSON");
  }
  {
    const auto [command, options] = add("replay", "Rebuild the state from the log", replay);
    until(command, *options);
    command->add_option("--out", options->out, "Write the state itself to this file");
    command->add_flag("--json", options->json, "As JSON");
  }
  {
    const auto [command, options] = add("export", "Results for analysts", export_results);
    command->add_option("--as-of,--until", options->until,
                        "The results as they were at this moment or position");
    campaign(command, *options);
    std::vector<std::string> names;
    for (const auto& file : campaigns::export_files()) names.emplace_back(file.name);
    command->add_option("what", options->what, "One file of the set")
        ->check(CLI::IsMember(std::move(names)));
    command->add_option("--to", options->to, "Write all files into this directory");
    command->add_option("--transcripts", options->transcripts,
                        "Write what was said in talks with voice agents into this file; it quotes "
                        "people");
    command
        ->add_option("--profile", options->profile,
                     "analysis (default), or excel: for people who open files with a spreadsheet")
        ->check(CLI::IsMember({"analysis", "excel"}));
    command->add_option("--delimiter", options->delimiter, "Between fields: , (default) or ;")
        ->check(CLI::IsMember({",", ";"}));
    command->add_flag("--labels", options->labels, "A column with its label beside each code");
    command->add_flag("--numbers", options->numbers,
                      "Also restricted_numbers.csv: who has which number");
    command->add_option("--recode", options->recode,
                        "Other rules for dispositions; both versions are written");
    command->add_option("--language", options->language, "Of the report, else the campaign's")
        ->check(CLI::IsMember({"it", "en"}));
    command->add_option("--e", options->eligible_share,
                        "Share of the cases of unknown eligibility that counts as eligible");
  }
  add_log(app, chosen);
}

}  // namespace runner
