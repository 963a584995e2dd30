#include "runner/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstddef>
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

namespace {

// What was given beyond what the command takes, by the names of options alone: other arguments, and
// the values of options, may be somebody's number.
CLI::ParseError without_values(const CLI::App& app) {
  std::string unknown;
  for (const auto& argument : app.remaining(true)) {
    const auto name = argument.substr(0, argument.find('='));
    const auto letter = name.find_first_not_of('-');
    if (letter == 0 || letter == std::string::npos ||
        std::isalpha(static_cast<unsigned char>(name[letter])) == 0) {
      continue;
    }
    // Behind a name its value may stand, also where what parts them was forgotten.
    const auto end = std::find_if(name.begin() + static_cast<std::ptrdiff_t>(letter), name.end(),
                                  [](unsigned char c) { return c != '-' && std::isalpha(c) == 0; });
    unknown += (unknown.empty() ? "" : ", ") +
               (letter == 1 ? name.substr(0, 2) : std::string(name.begin(), end));
  }
  const auto chosen = app.get_subcommands();
  const auto command = chosen.empty() ? app.get_name() : chosen.front()->get_name();
  if (!unknown.empty()) {
    return {command + ": there is no such option: " + unknown, CLI::ExitCodes::ExtrasError};
  }
  return {command +
              ": there are more arguments than it takes; what has blanks in it, like many a "
              "number, stands in quotation marks",
          CLI::ExitCodes::ExtrasError};
}

}  // namespace

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
  } catch (const CLI::ExtrasError&) {
    app.exit(without_values(app));
    return exit_bad_input;
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
