#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "runner/live.hpp"

namespace runner {

// What the commands that run the program let a person say on the command line.
struct LiveArguments {
  std::string log{};
  std::string carrier{"rehearsal"};
  std::string env_file{};
  std::string start{};
  std::string people{};
  std::string faults{};
  std::string message{
      "Ciao! Questo è un messaggio di prova. Il sistema di chiamate funziona. "
      "Grazie e arrivederci!"};
  std::string message_language{"it-IT"};
  std::string message_voice{};
  std::string agent{};
  std::string model{};
  std::string voice{};
  std::string transcription{};
  std::optional<std::uint32_t> opening_max{};  // ms
  std::optional<std::uint32_t> answer_max{};   // ms
  std::optional<std::size_t> media_threads{};
  std::optional<std::uint64_t> seed{};
  std::optional<std::uint64_t> limit{};
  double speed = 0;
  double calls_per_second = 1;
  std::string heartbeat{};
  std::string alerts{};
  std::string listen{};
  std::string tls_certificate{};
  std::string tls_key{};
  std::string ca_file{};
  bool new_log = false;
  bool trace = false;
  bool json = false;
};

// All but the log and the limit, which not every command has. `arguments` outlives the command.
void add_live_arguments(CLI::App& command, LiveArguments& arguments);

// With what stands in the environment and its file. Throws CLI::ValidationError, naming what is
// wrong, and what Environment::read throws.
LiveOptions live_options(const LiveArguments& arguments);

}  // namespace runner
