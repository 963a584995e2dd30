#include <CLI/CLI.hpp>
#include <exception>
#include <stdexcept>

#include "eventstore/event_store.hpp"
#include "runner/commands.hpp"
#include "runner/output.hpp"
#include "runner/version.hpp"

// Reads the command line, does what it says, and turns what cannot be helped into an exit code.
int main(int argc, char** argv) {
  CLI::App app{"Campanile runs outbound phone-call campaigns from an append-only event log."};
  app.set_version_flag("--version", std::string("campanile ") + runner::version);
  app.require_subcommand(1);
  runner::Chosen chosen;
  runner::add_check(app, chosen);
  runner::add_live(app, chosen);
  runner::add_control(app, chosen);
  runner::add_reading(app, chosen);
  runner::add_rehearsal(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? runner::exit_done : runner::exit_bad_input;
  }
  try {
    return chosen();
  } catch (const CLI::ParseError& error) {
    runner::complain(error.what());
    return runner::exit_bad_input;
  } catch (const std::invalid_argument& error) {
    runner::complain(error.what());
    return runner::exit_bad_input;
  } catch (const std::exception& error) {
    runner::complain(error.what());
    return runner::exit_cannot_go_on;
  }
}
