#include <memory>

#include "campaigns/what_if.hpp"
#include "runner/commands.hpp"
#include "runner/fold.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/submission.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct WhatIfOptions {
  std::string log{};
  std::string campaign{};
  std::string policy{};
  std::string env_file{};
  bool json = false;
};

int what_if(const WhatIfOptions& options) {
  CheckedLog log(options.log);
  campaigns::Rerun rerun;
  bool whole = true;
  const auto folded = fold_log(log, Environment::read(options.env_file), {},
                               [&](const campaigns::Fact& fact, const campaigns::State&) {
                                 whole = whole && rerun.see(fact);
                               });
  if (!whole) {
    complain("the log is too long for being run again: it has more than " +
             std::to_string(campaigns::Rerun::facts_max) + " events");
    return exit_bad_input;
  }
  const auto& state = folded.state;
  const auto index = chosen_campaign(state, options.campaign);
  if (!index) return exit_bad_input;
  const auto& recorded = *state.book.at(*index).definition;
  std::optional<campaigns::Campaign> policy;
  if (!options.policy.empty()) {
    const auto text = read_file(options.policy);
    auto read = text ? campaigns::with_policy(recorded, text.value())
                     : campaigns::Result<campaigns::Campaign>(text.error());
    if (!read) {
      auto problems = read.error();
      if (text) {
        for (auto& problem : problems) problem.where = options.policy + ' ' + problem.where;
      }
      complain_of(problems);
      return exit_bad_input;
    }
    policy = std::move(read).value();
  }
  const auto result = rerun.run(state, *index, load_zone_rules(), policy ? &*policy : nullptr);
  print_answer(options.json ? campaigns::what_if_json(result, recorded) + '\n'
                            : campaigns::what_if_text(result, recorded));
  return exit_done;
}

}  // namespace

void add_what_if(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<WhatIfOptions>();
  auto* command = app.add_subcommand(
      "what-if", "What would have come of a campaign under other hours, pacing or retries");
  command->add_option("--log", options->log, "The log")->required();
  command->add_option("--campaign", options->campaign, "The campaign's id");
  command->add_option("--policy", options->policy,
                      "A campaign file, or only its calling_hours, pacing, retries, budget");
  command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, &chosen] {
    chosen = [options] { return reading([&] { return what_if(*options); }); };
  });
}

}  // namespace runner
