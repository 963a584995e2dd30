#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace runner {

// Each function adds commands to the program's line; the one that was given puts what is to be done
// into `chosen`, which returns the exit code.
using Chosen = std::function<int()>;

// For an option without which something else is done: a shell variable that is not set is no value.
CLI::Validator not_empty();
// For --encoding, to transform it: what a campaign file may say of its list, in its letters.
CLI::Validator known_encoding();

void add_check(CLI::App& app, Chosen& chosen);      // check
void add_live(CLI::App& app, Chosen& chosen);       // run, serve
void add_call(CLI::App& app, Chosen& chosen);       // call
void add_doctor(CLI::App& app, Chosen& chosen);     // doctor
void add_control(CLI::App& app, Chosen& chosen);    // submit, status, pause, resume, cancel
void add_reading(CLI::App& app, Chosen& chosen);    // explain, replay, export, and add_log's
void add_log(CLI::App& app, Chosen& chosen);        // log, verify, backup
void add_what_if(CLI::App& app, Chosen& chosen);    // what-if
void add_audit(CLI::App& app, Chosen& chosen);      // audit
void add_held(CLI::App& app, Chosen& chosen);       // held, resolve
void add_people(CLI::App& app, Chosen& chosen);     // forget, suppress, unsuppress, person
void add_rehearsal(CLI::App& app, Chosen& chosen);  // rehearsal
void add_fallback(CLI::App& app, Chosen& chosen);   // fallback-page

}  // namespace runner
