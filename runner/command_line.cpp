#include "runner/command_line.hpp"

#include <CLI/CLI.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign_words.hpp"
#include "eventstore/event_store.hpp"
#include "runner/commands.hpp"
#include "runner/output.hpp"
#include "runner/version.hpp"

namespace runner {

CLI::Validator not_empty() {
  return {
      [](std::string& given) {
        return std::string(given.empty() ? "is empty: give a value, or leave the option out" : "");
      },
      ""};
}

CLI::Validator known_encoding() {
  std::vector<std::string> words;
  for (const auto& [word, meaning] : campaigns::encoding_words) words.emplace_back(word);
  return CLI::IsMember(std::move(words), CLI::ignore_case);
}

int run_command_line(int argc, char** argv) {
  CLI::App app{"Campanile runs outbound phone-call campaigns from an append-only event log."};
  app.set_version_flag("--version", std::string("campanile ") + version);
  app.require_subcommand(1);
  Chosen chosen;
  add_check(app, chosen);
  add_live(app, chosen);
  add_doctor(app, chosen);
  add_call(app, chosen);
  add_control(app, chosen);
  add_reading(app, chosen);
  add_what_if(app, chosen);
  add_audit(app, chosen);
  add_held(app, chosen);
  add_people(app, chosen);
  add_rehearsal(app, chosen);
  add_fallback(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_bad_input;
  }
  try {
    return chosen();
  } catch (const CLI::ParseError& error) {
    complain(error.what());
    return exit_bad_input;
  } catch (const std::invalid_argument& error) {
    complain(error.what());
    return exit_bad_input;
  } catch (const std::exception& error) {
    complain(error.what());
    return exit_cannot_go_on;
  }
}

}  // namespace runner
