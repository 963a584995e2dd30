#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <thread>

#include "campaigns/explain.hpp"
#include "campaigns/export.hpp"
#include "campaigns/json_writer.hpp"
#include "eventstore/log_reader.hpp"
#include "runner/commands.hpp"
#include "runner/crypto.hpp"
#include "runner/fold.hpp"
#include "runner/output.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct Options {
  std::string log{};
  std::string campaign{};
  std::string contact{};
  std::string attempt{};
  std::string type{};
  std::string until{};
  std::string out{};
  std::string what{};
  std::string to{};
  bool follow = false;
  bool json = false;
};

// Up to where a log is read: the end, a position, or a moment.
struct Until {
  eventstore::Position position = UINT64_MAX;
  std::int64_t moment_ms = INT64_MAX;
  bool includes(const eventstore::RecordedEvent& recorded) const {
    return recorded.position <= position && recorded.recorded_at <= moment_ms;
  }
};

Until parse_until(const std::string& text) {
  Until until;
  if (text.empty()) return until;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), until.position);
  if (error == std::errc{} && end == text.data() + text.size()) return until;
  until.position = UINT64_MAX;
  const auto moment = campaigns::parse_rfc3339(text);
  if (!moment) {
    throw CLI::ValidationError("--until", "is a position or a moment like 2026-03-02T08:00:00Z");
  }
  until.moment_ms = campaigns::to_ms(*moment);
  return until;
}

// Folds a log up to there; `seen` is called for each fact, before it is folded.
campaigns::State fold_log(eventstore::LogReader& reader, const Until& until,
                          const std::function<void(const campaigns::Fact&)>& seen = {}) {
  campaigns::State state;
  Folder folder;
  reader.read(1, [&](const eventstore::RecordedEvent& recorded) {
    if (!until.includes(recorded)) return false;
    const auto fact = folder.fact(recorded);
    if (seen) seen(fact);
    campaigns::evolve(state, fact);
    return true;
  });
  return state;
}

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

std::string line_of(const eventstore::RecordedEvent& recorded) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("position", static_cast<std::int64_t>(recorded.position))
      .member("stream", recorded.stream)
      .member("version", recorded.version)
      .member("type", recorded.type)
      .member("recorded_at",
              campaigns::rfc3339_utc(campaigns::instant_from_ms(recorded.recorded_at)));
  if (recorded.occurred_at) {
    object.member("occurred_at",
                  campaigns::rfc3339_utc(campaigns::instant_from_ms(*recorded.occurred_at)));
  }
  object.member("epoch", recorded.epoch)
      .raw("payload", recorded.payload)
      .flag("personal", !recorded.personal.empty())
      .member("hash", hex(recorded.hash.data(), recorded.hash.size()));
  object.close();
  return text + '\n';
}

bool wanted(const eventstore::RecordedEvent& recorded, const Options& options) {
  const std::string_view stream = recorded.stream;
  if (!options.type.empty() && recorded.type != options.type) return false;
  if (!options.campaign.empty() && stream != "campaign/" + options.campaign &&
      stream.rfind("contact/" + options.campaign + '/', 0) != 0) {
    return false;
  }
  if (!options.contact.empty()) {
    const auto slash = stream.rfind('/');
    if (stream.rfind("contact/", 0) != 0 || stream.substr(slash + 1) != options.contact) {
      return false;
    }
  }
  if (!options.attempt.empty()) {
    const auto member = "\"attempt\":" + options.attempt;
    const auto at = recorded.payload.find(member);
    if (at == std::string_view::npos) return false;
    const auto after = recorded.payload.substr(at + member.size(), 1);
    if (after != "," && after != "}") return false;
  }
  return true;
}

int show_log(const Options& options) {
  eventstore::LogReader reader(options.log);
  const auto until = parse_until(options.until);
  eventstore::Position next = 1;
  for (;;) {
    reader.read(next, [&](const eventstore::RecordedEvent& recorded) {
      if (!until.includes(recorded)) return false;
      if (wanted(recorded, options)) print(line_of(recorded));
      next = recorded.position + 1;
      return true;
    });
    if (!options.follow) return exit_done;
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
}

int explain(const Options& options) {
  eventstore::LogReader reader(options.log);
  const auto until = parse_until(options.until);
  campaigns::Instant now{};
  const auto state =
      fold_log(reader, until, [&](const campaigns::Fact& fact) { now = fact.recorded_at; });
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  const auto contact = find_contact(state, *index, options.contact);
  if (!contact) return exit_bad_input;
  campaigns::Facts history;
  Folder folder;
  reader.read(1, [&](const eventstore::RecordedEvent& recorded) {
    if (!until.includes(recorded)) return false;
    auto fact = folder.fact(recorded);
    if (campaigns::tells_of(state, *contact, fact)) history.push_back(std::move(fact));
    return true;
  });
  const auto rules = load_zone_rules();
  print(options.json ? campaigns::explain_json(state, *contact, rules, now, history) + '\n'
                     : campaigns::explain(state, *contact, rules, now, history));
  return exit_done;
}

int replay(const Options& options) {
  eventstore::LogReader reader(options.log);
  campaigns::Instant last{};
  const auto state = fold_log(reader, parse_until(options.until),
                              [&](const campaigns::Fact& fact) { last = fact.recorded_at; });
  const auto digest = digest_of(state);
  if (!options.out.empty()) {
    write_whole_file(options.out, 0600, [&](const auto& sink) {
      for (const auto& projection : campaigns::projections()) {
        sink("{\"projection\":\"" + std::string(projection.name) + "\"}\n");
        projection.write(state, sink);
      }
    });
  }
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("position", static_cast<std::int64_t>(state.position))
        .member("recorded_at", campaigns::rfc3339_utc(last))
        .member("state_digest", digest.state)
        .member("outcome_digest", digest.outcome);
    campaigns::JsonObject parts(object.open("projections"));
    for (const auto& one : digest.projections) parts.member(one.name, one.hex);
    parts.close();
    object.close();
    print(text + '\n');
    return exit_done;
  }
  print("event " + std::to_string(state.position) + ", " + campaigns::rfc3339_utc(last) + '\n');
  for (const auto& one : digest.projections) {
    print("  " + one.name + std::string(16 - one.name.size(), ' ') + one.hex + '\n');
  }
  print("state digest   " + digest.state + "\noutcome digest " + digest.outcome + '\n');
  return exit_done;
}

int verify(const Options& options) {
  eventstore::LogReader reader(options.log);
  const bool well = reader.verify([](const eventstore::Problem& problem) {
    complain((problem.position ? "event " + std::to_string(problem.position) + ": " : "") +
             problem.sentence);
  });
  const auto head = reader.head();
  print(std::string(well ? "well" : "damaged") + ": " + std::to_string(head.position) +
        " events, last at " + campaigns::rfc3339_utc(campaigns::instant_from_ms(head.recorded_at)) +
        ", head " + hex(head.hash.data(), head.hash.size()) + '\n');
  return well ? exit_done : exit_not_well;
}

int export_results(const Options& options) {
  eventstore::LogReader reader(options.log);
  const auto state = fold_log(reader, parse_until(options.until));
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  if (options.to.empty() && options.what.empty()) {
    complain("say which file (results, answers, attempts, codebook), or --to DIR for all");
    return exit_bad_input;
  }
  for (const auto& file : campaigns::export_files()) {
    if (!options.to.empty()) {
      std::filesystem::create_directories(options.to);
      const auto path = std::filesystem::path(options.to) / file.file;
      write_whole_file(path, 0600, [&](const auto& sink) { file.write(state, *index, sink); });
      complain(path.string() + " written");
    } else if (file.name == options.what) {
      file.write(state, *index, [](std::string_view text) { print(text); });
    }
  }
  return exit_done;
}

}  // namespace

void add_reading(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const Options&)) {
    const auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->callback(
        [options, &chosen, act] { chosen = [options, act] { return act(*options); }; });
    return std::make_pair(command, options);
  };
  const auto until = [](CLI::App* command, Options& options) {
    command->add_option("--until", options.until, "Only up to this position or moment");
  };
  const auto campaign = [](CLI::App* command, Options& options) {
    command->add_option("--campaign", options.campaign, "The campaign's id");
  };
  {
    const auto [command, options] = add("log", "Print events as JSON lines", show_log);
    until(command, *options);
    campaign(command, *options);
    command->add_option("--contact", options->contact, "The contact's ordinal");
    command->add_option("--attempt", options->attempt, "The attempt's number");
    command->add_option("--type", options->type, "The events' type");
    command->add_flag("--follow", options->follow, "Go on as events are appended");
  }
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
  add("verify", "Check the log's chain", verify);
  {
    const auto [command, options] = add("export", "Results as CSV", export_results);
    until(command, *options);
    campaign(command, *options);
    command->add_option("what", options->what, "results, answers, attempts or codebook")
        ->check(CLI::IsMember({"results", "answers", "attempts", "codebook"}));
    command->add_option("--to", options->to, "Write all files into this directory");
  }
}

}  // namespace runner
