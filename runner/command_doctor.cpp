#include <algorithm>
#include <memory>
#include <set>

#include "campaigns/phone_number.hpp"
#include "runner/commands.hpp"
#include "runner/doctor.hpp"
#include "runner/live_arguments.hpp"
#include "runner/output.hpp"
#include "runner/submission.hpp"

namespace runner {

namespace {

struct DoctorOptions : LiveArguments {
  std::string file{};
};

int doctor(DoctorOptions options) {
  options.carrier = "twilio";
  const auto live = live_options(options);
  std::set<std::string> caller_ids;
  std::set<std::string> countries;
  bool agent = false;
  campaigns::AgentSpec brief;
  if (live.agent) brief = live.agent->agent;
  if (campaigns::is_e164(live.caller_id)) caller_ids.insert(live.caller_id);
  if (!options.file.empty()) {
    // Whom it is for is not asked here, and may be given elsewhere.
    SubmissionOverrides without_list;
    without_list.list.text.emplace();
    const auto loaded = load_submission(options.file, without_list);
    if (!loaded) {
      complain_of(loaded.error());
      return exit_bad_input;
    }
    const auto& campaign = loaded.value().file.campaign;
    agent = campaign.mode == campaigns::Mode::agent;
    if (agent) brief = campaign.agent;
    caller_ids.insert(campaign.caller_ids.begin(), campaign.caller_ids.end());
    countries = countries_of(campaign);
  } else if (const auto own = campaigns::parse_phone_number(live.caller_id, "")) {
    countries.insert(own.value().country);
  }
  auto findings = look_at_settings(live);
  const auto asked = ask_around(live, {caller_ids.begin(), caller_ids.end()},
                                {countries.begin(), countries.end()});
  findings.insert(findings.end(), asked.of_account.begin(), asked.of_account.end());
  findings.insert(findings.end(), asked.of_door.begin(), asked.of_door.end());
  if (agent || !live.openai_api_key.empty() || live.agent) {
    const auto voice = ask_voice_model(live, brief);
    findings.insert(findings.end(), voice.begin(), voice.end());
  } else {
    findings.push_back({Finding::Verdict::unproven, "voice model",
                        "OPENAI_API_KEY is not set, and no campaign in mode agent was named", ""});
  }
  print_answer(options.json ? json_of(findings) : text_of(findings));
  return exit_code_of(findings);
}

}  // namespace

void add_doctor(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<DoctorOptions>();
  auto* command =
      app.add_subcommand("doctor", "Look whether calls can be placed and answered; calls nobody");
  command->add_option("file", options->file, "A campaign file: its caller ids and countries, too");
  command->add_option("--log", options->log, "The log that is to be kept (its disk)");
  add_live_arguments(*command, *options);
  command->callback([options, &chosen] { chosen = [options] { return doctor(*options); }; });
}

}  // namespace runner
