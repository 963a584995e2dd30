#include <memory>
#include <string>

#include "campaigns/held.hpp"
#include "campaigns/json_writer.hpp"
#include "runner/at_rest.hpp"
#include "runner/commands.hpp"
#include "runner/environment.hpp"
#include "runner/fold.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"

// The calls of which it is not known whether they were placed, and what a person decides on them:
// held, resolve.
namespace runner {

namespace {

struct HeldOptions {
  std::string log{};
  std::string env_file{};
  std::string attempt{};
  std::string reason{};
  bool placed = false;
  bool not_placed = false;
  bool redial = false;
  bool personal = false;
  bool json = false;
};

// Folds the log; what is personal stays sealed unless it is asked for.
campaigns::State read_log(const HeldOptions& options, campaigns::HeldCalls& held) {
  CheckedLog log(options.log);
  const auto open =
      log.opener(options.personal ? Environment::read(options.env_file) : Environment());
  campaigns::State state;
  Folder folder;
  std::string plain;
  log.read(1, [&](eventstore::RecordedEvent event) {
    if (options.personal) {
      open(event, plain);
    } else {
      event.personal = {};
    }
    const auto fact = folder.fact(event);
    campaigns::evolve(state, fact);
    held.see(state, fact);
    return true;
  });
  return state;
}

int held(const HeldOptions& options) {
  campaigns::HeldCalls calls;
  const auto state = read_log(options, calls);
  const auto all = calls.all(state);
  print_answer(options.json ? campaigns::held_json(state, all, options.personal) + '\n'
                            : campaigns::held_text(state, all, options.personal));
  return all.empty() ? exit_done : exit_not_well;
}

const char* told(campaigns::Resolution resolution) {
  switch (resolution) {
    case campaigns::Resolution::none:
      break;
    case campaigns::Resolution::placed:
      return "placed: it counts as an attempt";
    case campaigns::Resolution::not_placed:
      return "not placed: it does not count as an attempt";
    case campaigns::Resolution::redial:
      return "to be made again: it counts as an attempt, and another one is due";
  }
  return "";
}

int resolve(const HeldOptions& options) {
  const auto attempt = campaigns::AttemptId::parse(options.attempt);
  if (!attempt) {
    complain("\"" + options.attempt +
             "\" is no attempt: it is written CAMPAIGN.CONTACT.N, as `campanile held` prints it");
    return exit_bad_input;
  }
  campaigns::ResolveCall command;
  command.attempt = *attempt;
  command.as = options.placed       ? campaigns::Resolution::placed
               : options.not_placed ? campaigns::Resolution::not_placed
                                    : campaigns::Resolution::redial;
  command.reason = options.reason;
  const auto environment = Environment::read(options.env_file);
  campaigns::HeldCalls unused;
  const auto known = [&](const campaigns::State& state) {
    const auto index = state.book.find(attempt->campaign);
    const auto row =
        index ? state.results.find({*index, attempt->contact}, attempt->attempt) : std::nullopt;
    return row ? row->resolved : campaigns::Resolution::none;
  };
  const bool before = known(read_log(options, unused)) == command.as;
  if (const auto refused = have_carried_out(options.log, environment, command, exit_bad_input)) {
    return *refused;
  }
  const auto state = read_log(options, unused);
  const auto& campaign = state.book.at(*state.book.find(attempt->campaign));
  const auto status = campaigns::name_of(campaign.status);
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("attempt", attempt->text())
        .member("as", name_of(command.as))
        .flag("already", before)
        .member("campaign_status", status);
    object.close();
    print(text + '\n');
    return exit_done;
  }
  print(attempt->text() + (before ? " was settled before as " : " is settled as ") +
        told(command.as) + "; its campaign is " + std::string(status) + '\n');
  return exit_done;
}

}  // namespace

void add_held(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const HeldOptions&)) {
    const auto options = std::make_shared<HeldOptions>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->add_flag("--json", options->json, "As JSON");
    command->callback([options, &chosen, act] {
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
    return std::make_pair(command, options);
  };
  {
    const auto [command, options] =
        add("held", "The calls that wait for a person's decision", held);
    command->add_flag("--personal", options->personal,
                      "With the numbers and the list's own ids; needs the master key");
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  }
  {
    const auto [command, options] = add("resolve", "Decide on a held call", resolve);
    command->add_option("attempt", options->attempt, "As `held` prints it: CAMPAIGN.CONTACT.N")
        ->required();
    auto* how = command->add_option_group("decision");
    how->add_flag("--placed", options->placed, "It was placed: it counts as an attempt");
    how->add_flag("--not-placed", options->not_placed, "It was not: it does not count");
    how->add_flag("--redial", options->redial,
                  "Call again, within the caps and hours, whatever became of it");
    how->require_option(1);
    command->add_option("--reason", options->reason, "Kept in the log")->required();
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  }
}

}  // namespace runner
