#include <charconv>
#include <filesystem>
#include <memory>

#include "campaigns/explain.hpp"
#include "campaigns/export.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/transcripts.hpp"
#include "eventstore/chain.hpp"
#include "runner/commands.hpp"
#include "runner/fold.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct Options {
  std::string log{};
  std::string campaign{};
  std::string contact{};
  std::string until{};
  std::string out{};
  std::string what{};
  std::string to{};
  std::string transcripts{};
  bool json = false;
};

// The campaign that was named, or the only one.
std::optional<campaigns::CampaignIndex> chosen_campaign(const campaigns::State& state,
                                                        const std::string& id) {
  if (!id.empty()) {
    const auto index = state.book.find(id);
    if (!index) complain("no campaign \"" + id + "\" in this log");
    return index;
  }
  if (state.book.campaigns.size() == 1) return campaigns::CampaignIndex{0};
  std::string names;
  for (const auto& entry : state.book.campaigns) names += ' ' + entry.definition->id;
  complain(names.empty() ? "the log holds no campaign"
                         : "the log holds several campaigns: name one with --campaign:" + names);
  return {};
}

// A contact by the list's own id, or by its ordinal.
std::optional<campaigns::ContactRef> find_contact(const campaigns::State& state,
                                                  campaigns::CampaignIndex index,
                                                  const std::string& id) {
  const auto& entry = state.book.at(index);
  const auto& contacts = state.queue.campaigns[index].contacts;
  const auto& column = entry.definition->contacts.id_column;
  if (!column.empty()) {
    for (std::uint32_t ordinal = 1; ordinal <= contacts.size(); ++ordinal) {
      const campaigns::ContactRef ref{index, ordinal};
      if (state.script.value(ref, entry, column) == id) return ref;
    }
  }
  std::uint32_t ordinal = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), ordinal);
  if (error == std::errc{} && end == id.data() + id.size() && ordinal >= 1 &&
      ordinal <= contacts.size()) {
    return campaigns::ContactRef{index, ordinal};
  }
  complain("no such contact in campaign " + entry.definition->id +
           ": give the list's own id, or the ordinal of the contact");
  return {};
}

int explain(const Options& options) {
  const auto until = parse_place("--until", options.until);
  CheckedLog log(options.log);
  campaigns::Instant now{};
  const auto folded =
      fold_log(log, until, [&](const campaigns::Fact& fact) { now = fact.recorded_at; });
  const auto& state = folded.state;
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  const auto contact = find_contact(state, *index, options.contact);
  if (!contact) return exit_bad_input;
  campaigns::Facts history;
  Folder folder;
  const auto open = log.opener();
  std::string plain;
  log.read(1, [&](const eventstore::RecordedEvent& recorded) {
    if (!is_until(until, recorded)) return false;
    eventstore::RecordedEvent event = recorded;
    open(event, plain);
    auto fact = folder.fact(event);
    if (campaigns::tells_of(state, *contact, fact)) history.push_back(std::move(fact));
    return true;
  });
  const auto rules = load_zone_rules();
  print(options.json ? campaigns::explain_json(state, *contact, rules, now, history) + '\n'
                     : campaigns::explain(state, *contact, rules, now, history));
  return exit_done;
}

int replay(const Options& options) {
  const auto until = parse_place("--until", options.until);
  CheckedLog log(options.log);
  const auto [state, head] = fold_log(log, until);
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
    print(text + '\n');
    return exit_done;
  }
  print(head.position == 0
            ? "before the first event\n"
            : "event " + std::to_string(head.position) + ", " + moment + ", head " + hash + '\n');
  for (const auto& one : digest.projections) {
    print("  " + one.name + std::string(16 - one.name.size(), ' ') + one.hex + '\n');
  }
  print("state digest   " + digest.state + "\noutcome digest " + digest.outcome + '\n');
  return exit_done;
}

int export_results(const Options& options) {
  if (options.to.empty() && options.what.empty() && options.transcripts.empty()) {
    complain("say which file (results, answers, attempts, codebook), or --to DIR for all");
    return exit_bad_input;
  }
  const auto until = parse_place("--until", options.until);
  CheckedLog log(options.log);
  campaigns::Transcripts transcripts;
  const auto [state, head] = fold_log(log, until, [&](const campaigns::Fact& fact) {
    if (!options.transcripts.empty()) transcripts.see(fact);
  });
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  if (!options.transcripts.empty()) {
    write_whole_file(options.transcripts, 0600, [&, &folded = state](const auto& sink) {
      transcripts.write(folded, *index, sink);
    });
    complain(options.transcripts + " written: it quotes people");
  }
  // Of which events the files tell, to be kept elsewhere. Written when they are all there, and the
  // one of earlier files is gone before them.
  const auto head_file = std::filesystem::path(options.to) / "head.json";
  if (!options.to.empty()) {
    std::filesystem::create_directories(options.to);
    std::filesystem::remove(head_file);
  }
  for (const auto& file : campaigns::export_files()) {
    if (!options.to.empty()) {
      const auto path = std::filesystem::path(options.to) / file.file;
      write_whole_file(
          path, 0600, [&, &folded = state](const auto& sink) { file.write(folded, *index, sink); });
      complain(path.string() + " written");
    } else if (file.name == options.what) {
      file.write(state, *index, [](std::string_view text) { print(text); });
    }
  }
  if (!options.to.empty()) {
    const auto text = head_json(head, identity_of(log));
    write_whole_file(head_file, 0600, [&](const auto& sink) { sink(text); });
    complain(head_file.string() + " written");
  }
  return exit_done;
}

}  // namespace

void add_reading(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const Options&)) {
    const auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->callback([options, &chosen, act] {
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
    return std::make_pair(command, options);
  };
  const auto until = [](CLI::App* command, Options& options) {
    command->add_option("--until", options.until, "Only up to this position or moment");
  };
  const auto campaign = [](CLI::App* command, Options& options) {
    command->add_option("--campaign", options.campaign, "The campaign's id");
  };
  {
    const auto [command, options] =
        add("explain", "Why a person was or was not called, each time", explain);
    until(command, *options);
    campaign(command, *options);
    command->add_option("--contact", options->contact, "The list's own id, or the ordinal")
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
    const auto [command, options] = add("export", "Results as CSV", export_results);
    until(command, *options);
    campaign(command, *options);
    command->add_option("what", options->what, "results, answers, attempts or codebook")
        ->check(CLI::IsMember({"results", "answers", "attempts", "codebook"}));
    command->add_option("--to", options->to, "Write all files into this directory");
    command->add_option("--transcripts", options->transcripts,
                        "Write what was said in talks with voice agents into this file; it quotes "
                        "people");
  }
  add_log(app, chosen);
}

}  // namespace runner
