#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "campaigns/encoding.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/recap.hpp"
#include "campaigns/words.hpp"
#include "eventstore/log_reader.hpp"
#include "runner/addition.hpp"
#include "runner/at_rest.hpp"
#include "runner/commands.hpp"
#include "runner/control_client.hpp"
#include "runner/control_orders.hpp"
#include "runner/control_routes.hpp"
#include "runner/editing.hpp"
#include "runner/fold.hpp"
#include "runner/local_time.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/status.hpp"
#include "runner/submission.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct ControlOptions {
  std::string log{};
  std::string campaign{};
  std::string file{};
  std::string contacts{};
  std::string encoding{};
  std::string countries{};
  std::string reason{};
  std::string since{};
  std::string env_file{};
  bool skip_bad_rows = false;
  bool accept_change = false;
  bool all = false;
  bool json = false;
};

// Tells what the running program said.
int report(const campaigns::Result<bridge::http::Response, Silence>& response,
           const ControlOptions& options) {
  if (!response) {
    complain(text_of(response.error(), options.log));
    return response.error() == Silence::unanswered ? exit_not_well : exit_cannot_go_on;
  }
  if (response->status == 200) {
    if (options.json) print(response->body + '\n');
    return exit_done;
  }
  if (options.json) print(response->body + '\n');
  const auto body = nlohmann::json::parse(response->body, nullptr, false);
  campaigns::Problems problems;
  if (body.is_object() && body.contains("problems")) {
    for (const auto& problem : body["problems"]) {
      problems.push_back(
          {problem.value("where", ""), problem.value("what", ""), problem.value("cure", "")});
    }
  }
  if (problems.empty()) {
    complain("the running program answered " + std::to_string(response->status));
  }
  complain_of(problems);
  return exit_bad_input;
}

// Whether a campaign may be called that; what may not is said, and nobody asked.
bool names_campaign(const std::string& id) {
  if (campaigns::valid_campaign_id(id)) return true;
  complain("\"" + id +
           "\" is no campaign's id: it has small letters, digits and \"-\" alone, at most 63; "
           "`campanile status` names those of a log");
  return false;
}

// The body of an order with a list in it, which is JSON inside JSON; nothing where the running
// program takes none such, and what to do instead is said.
std::optional<std::string> order_with_list(nlohmann::json body, std::string list) {
  if (campaigns::first_invalid_utf8(list) != std::string_view::npos) {
    complain("standard input: the list is not UTF-8; give it as a file");
    return {};
  }
  body["list"] = std::move(list);
  auto text = body.dump();
  if (text.size() <= control_order_bytes_max) return text;
  complain("standard input: a program that runs takes no more than " +
           std::to_string(control_order_bytes_max >> 20U) +
           " MiB this way; give the list as a file");
  return {};
}

// What is to be known of what was submitted, by what the running program says of it: what was found
// in the list, people who have another number now, and suppression lists that it waits for.
void tell_of_submitted(const ControlOptions& options, const std::string& status) {
  const auto text = read_file(options.file);
  const auto told = nlohmann::json::parse(status, nullptr, false);
  const auto file = nlohmann::json::parse(text ? text.value() : "", nullptr, false);
  if (!told.is_object() || !file.is_object()) return;
  const auto taken = told.value("taken", nlohmann::json::object());
  for (const auto& warning : taken.value("warnings", nlohmann::json::array())) {
    complain("warning: " + warning.get<std::string>());
  }
  if (!options.json) print(taken_text(taken, file.value("id", "")));
  const auto now = told.value("now", std::string());
  for (const auto& campaign : told.value("campaigns", nlohmann::json::array())) {
    if (campaign.value("id", "") != file.value("id", "")) continue;
    const auto renumbered = campaign.value("renumbered", std::uint64_t{0});
    if (options.accept_change && renumbered != 0) {
      complain("note: " + renumbered_text(renumbered));
    }
    for (const auto& list : campaign.value("suppression_lists", nlohmann::json::array())) {
      // Both as the program writes every moment, so that they compare as texts.
      const auto until = list.value("good_until", std::string());
      if (now < until) continue;
      const auto source = list.value("source", std::string());
      auto warning = "warning: the suppression list " + campaigns::in_quotes(source);
      warning += until.empty() ? " was never loaded" : " counted until " + until;
      warning +=
          ": until a newer one is loaded nobody is called (campanile suppress --list FILE "
          "--source ";
      complain(warning.append(source).append(")"));
    }
  }
}

int submit(const ControlOptions& options) {
  nlohmann::json body;
  body["file"] = std::filesystem::absolute(options.file).string();
  body["skip_bad_rows"] = options.skip_bad_rows;
  if (!options.encoding.empty()) body["encoding"] = options.encoding;
  body["accept_change"] = options.accept_change;
  if (!options.countries.empty()) body["countries"] = read_countries(options.countries);
  auto list = other_list(options.contacts);
  if (!list) {
    complain_of(list.error());
    return exit_bad_input;
  }
  if (!list->file.empty()) body["contacts_file"] = list->file.string();
  bridge::http::Request request;
  request.method = "POST";
  request.target = "/campaigns";
  if (list->text) {
    auto text = order_with_list(std::move(body), std::move(*list->text));
    if (!text) return exit_bad_input;
    request.body = std::move(*text);
  } else {
    request.body = body.dump();
  }
  const auto answer = ask_running(options.log, request);
  if (answer && answer->status == 200) tell_of_submitted(options, answer->body);
  return report(answer, options);
}

// The time of a rehearsal's log is its own.
campaigns::Instant now_of(const campaigns::State& state, const ControlOptions& options) {
  if (state.book.identity.carrier == "rehearsal") {
    return campaigns::instant_from_ms(eventstore::LogReader(options.log).head().recorded_at);
  }
  return std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now());
}

// By the program that runs on the log or, where none does, by ourselves.
int add_contacts(const ControlOptions& options) {
  if (!names_campaign(options.campaign)) return exit_bad_input;
  AdditionOrder order;
  order.skip_bad_rows = options.skip_bad_rows;
  order.encoding = options.encoding;
  auto list = other_list(options.file);
  if (!list) {
    complain_of(list.error());
    return exit_bad_input;
  }
  order.name = list->file.string();
  if (answers_on(options.log)) {
    nlohmann::json body{{"skip_bad_rows", options.skip_bad_rows}};
    if (!options.encoding.empty()) body["encoding"] = options.encoding;
    bridge::http::Request request;
    request.method = "POST";
    request.target = campaign_target(options.campaign, "contacts");
    if (list->text) {
      auto text = order_with_list(std::move(body), std::move(*list->text));
      if (!text) return exit_bad_input;
      request.body = std::move(*text);
    } else {
      body["file"] = order.name;
      request.body = body.dump();
    }
    const auto answer = ask_running(options.log, request);
    if (!options.json && answer && answer->status == 200) {
      print(addition_text(read_addition_json(answer->body), options.campaign));
    }
    return report(answer, options);
  }
  order.bytes = std::move(list->text);
  const auto rules = load_zone_rules();
  campaigns::Problems problems;
  AdditionReport outcome;
  std::size_t rows = 0;
  std::size_t before = 0;
  using Made = campaigns::Result<std::vector<campaigns::Command>, campaigns::Refusal>;
  const auto done = carry_out_at_rest(
      options.log, Environment::read(options.env_file),
      [&](const campaigns::State& state, const LogKeys& keys) -> Made {
        const auto index = state.book.find(options.campaign);
        if (!index) {
          return campaigns::Refusal{"unknown_campaign",
                                    "no campaign \"" + options.campaign + "\" in this log"};
        }
        const auto& entry = state.book.at(*index);
        auto read = read_addition(*entry.definition, entry.columns, rules, keys, order);
        if (!read) {
          problems = read.error();
          return campaigns::Refusal{"bad_list", "nobody was added"};
        }
        before = state.queue.campaigns[*index].contacts.size();
        const auto now = now_of(state, options);
        Addition addition(*entry.definition, entry.columns, std::move(read).value());
        std::vector<campaigns::Command> commands;
        while (true) {
          while (!addition.prepare(state, *index, now)) continue;
          while (auto moves = addition.next_moves()) commands.emplace_back(std::move(*moves));
          auto command = addition.next();
          if (!command) break;
          commands.emplace_back(std::move(*command));
        }
        rows = addition.rows();
        outcome = addition.report();
        return commands;
      },
      [&](const campaigns::State& state, campaigns::Instant) {
        const auto index = *state.book.find(options.campaign);
        outcome.added = state.queue.campaigns[index].contacts.size() - before;
        outcome.known = rows - outcome.added;
      });
  if (!done) {
    if (problems.empty()) problems.push_back({"", done.error().text, ""});
    complain_of(problems);
    return exit_bad_input;
  }
  print(options.json ? addition_json(outcome) + '\n' : addition_text(outcome, options.campaign));
  return exit_done;
}

// The same for a campaign that is changed. Without --accept-change nothing is written.
int edit(const ControlOptions& options) {
  if (!names_campaign(options.campaign)) return exit_bad_input;
  const auto file = std::filesystem::absolute(options.file);
  if (answers_on(options.log)) {
    const nlohmann::json body{{"file", file.string()}, {"accept_change", options.accept_change}};
    bridge::http::Request request;
    request.method = "POST";
    request.target = campaign_target(options.campaign, "edit");
    request.body = body.dump();
    const auto answer = ask_running(options.log, request);
    if (!options.json && answer && answer->status == 200) {
      print(edit_text(options.campaign, answer->body));
    }
    return report(answer, options);
  }
  const auto environment = Environment::read(options.env_file);
  const auto folded = fold_log(options.log, environment);
  const auto& state = folded.state;
  auto file_read = read_edited(file);
  const auto read = file_read
                        ? make_edit(state, options.campaign, file, std::move(file_read).value())
                        : campaigns::Result<Edit>(file_read.error());
  if (!read) {
    complain_of(read.error());
    return exit_bad_input;
  }
  const auto preview =
      campaigns::preview_edit(state, *state.book.find(options.campaign), read->next,
                              load_zone_rules(), now_of(state, options));
  const bool changes = options.accept_change && !read->changes.empty();
  if (changes) {
    const auto done =
        carry_out_at_rest(options.log, environment, campaigns::Command(read->command));
    if (!done) {
      complain(done.error().text);
      return exit_bad_input;
    }
  }
  const auto told = edit_json(read.value(), preview, changes);
  print(options.json ? told + '\n' : edit_text(options.campaign, told));
  return exit_done;
}

// What happened since then, from the log alone.
int status_since(const ControlOptions& options) {
  CheckedLog log(options.log);
  const auto identity = identity_of(log);
  // The time of a rehearsal's log is its own.
  const bool rehearsed = identity && identity->carrier == "rehearsal";
  const auto now =
      rehearsed ? campaigns::instant_from_ms(log.head().recorded_at)
                : std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now());
  const auto since = read_since(options.since, now);
  if (!since) {
    complain("--since: write a time as 18:00, a day as 2026-12-25, or both");
    return exit_bad_input;
  }
  campaigns::Recap recap(*since);
  campaigns::State state;
  Folder folder;
  log.read(1, [&](eventstore::RecordedEvent event) {
    event.personal = {};
    const auto fact = folder.fact(event);
    recap.see(state, fact);
    campaigns::evolve(state, fact);
    return true;
  });
  const auto rules = load_zone_rules();
  print_answer(options.json ? campaigns::recap_json(state, recap, rules, now) + '\n'
                            : campaigns::recap_text(state, recap, rules, now, local_text));
  return exit_done;
}

int status_now(const ControlOptions& options) {
  bridge::http::Request request;
  request.method = "GET";
  request.target = "/status";
  const auto running = ask_running(options.log, request);
  if (!running && running.error() != Silence::nobody) {
    complain(text_of(running.error(), options.log));
  }
  if (options.json && running) {
    print_answer(running->body + '\n');
    return exit_done;
  }
  // The log tells the same, and is there when nothing runs.
  campaigns::State state;
  Folder folder;
  CheckedLog log(options.log);
  auto now = campaigns::instant_from_ms(0);
  log.read(1, [&](eventstore::RecordedEvent event) {
    // Where everybody stands; who they are is sealed, and not asked for.
    event.personal = {};
    folder.fold(state, event);
    now = campaigns::instant_from_ms(event.recorded_at);
    return true;
  });
  if (options.json) {
    print_answer(status_json(state, now, {}) + '\n');
    return exit_done;
  }
  std::optional<LiveStanding> live;
  if (running) {
    live.emplace();
    const auto body = nlohmann::json::parse(running->body, nullptr, false);
    if (body.is_object()) {
      live->disk_full = body.value("disk_full", false);
      live->door_shut = body.value("door_shut", std::string());
    }
  }
  print_answer(status_text(state, now, live));
  return exit_done;
}

int status(const ControlOptions& options) {
  return reading(
      [&] { return options.since.empty() ? status_now(options) : status_since(options); });
}

// Also where no program runs, so that the next start does not dial first what is to be paused.
int steer(const ControlOptions& options, const campaigns::Command& command) {
  if (!names_campaign(options.campaign)) return exit_bad_input;
  auto [target, body] = control_order(command);
  bridge::http::Request request;
  request.method = "POST";
  request.target = std::move(target);
  request.body = std::move(body);
  const auto answer = ask_running(options.log, request);
  std::error_code unknown;
  if (answer || answer.error() != Silence::nobody ||
      !std::filesystem::exists(options.log, unknown)) {
    return report(answer, options);
  }
  const auto done = carry_out_at_rest(options.log, Environment::read(options.env_file), command);
  if (!done) {
    complain(done.error().text);
    return exit_bad_input;
  }
  return options.json ? status(options) : exit_done;
}

// Also where no program runs: what it would go on with is over when it starts again.
int cancel_all(const ControlOptions& options) {
  const auto environment = Environment::read(options.env_file);
  if (const auto told = have_carried_out(options.log, environment,
                                         campaigns::CancelAll{options.reason}, exit_bad_input)) {
    return *told;
  }
  return status(options);
}

}  // namespace

void add_control(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<ControlOptions>();
  const auto with_log = [&](CLI::App* command) {
    command->add_option("--log", options->log, "The log of the running program")->required();
    command->add_flag("--json", options->json, "Answer in JSON");
    return command;
  };
  auto* submit_command =
      with_log(app.add_subcommand("submit", "Submit a campaign to the running program"));
  submit_command->add_option("file", options->file, "The campaign file")->required();
  submit_command->add_flag("--skip-bad-rows", options->skip_bad_rows,
                           "Enrol the rows that can be used");
  submit_command->add_flag("--accept-change", options->accept_change,
                           "Take a changed file for a campaign that is known");
  submit_command
      ->add_option("--countries", options->countries,
                   "That may be called (IT,CH), instead of those the file names")
      ->check(not_empty());
  submit_command
      ->add_option("--encoding", options->encoding,
                   "Of the contact list, where it is not to be recognised")
      ->transform(known_encoding());
  submit_command
      ->add_option("--contacts", options->contacts,
                   "Another list than the file's: a file, or - for standard input")
      ->check(not_empty());
  submit_command->callback([options, &chosen] { chosen = [options] { return submit(*options); }; });

  auto* add_command = with_log(app.add_subcommand(
      "add-contacts", "Put more people into a campaign; the same list again adds nobody"));
  add_command->add_option("campaign", options->campaign, "The campaign's id")->required();
  add_command
      ->add_option("file", options->file,
                   "Their list, with the campaign's columns; - for standard input")
      ->required();
  add_command->add_flag("--skip-bad-rows", options->skip_bad_rows, "Add the rows that can be used");
  add_command
      ->add_option("--encoding", options->encoding, "Of the list, where it is not to be recognised")
      ->transform(known_encoding());
  add_command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  add_command->callback(
      [options, &chosen] { chosen = [options] { return add_contacts(*options); }; });

  auto* edit_command = with_log(app.add_subcommand(
      "edit", "Tell what a changed campaign file moves, and with --accept-change have it so"));
  edit_command->add_option("campaign", options->campaign, "The campaign's id")->required();
  edit_command->add_option("file", options->file, "The changed campaign file")->required();
  edit_command->add_flag("--accept-change", options->accept_change, "It holds from here on");
  edit_command->add_option("--env-file", options->env_file,
                           "Settings as NAME=value (default .env)");
  edit_command->callback([options, &chosen] { chosen = [options] { return edit(*options); }; });

  auto* status_command = with_log(app.add_subcommand("status", "Where the campaigns stand"));
  status_command->add_option("--since", options->since,
                             "Tell in words what happened since then: 18:00, 2026-12-25 18:00");
  status_command->callback([options, &chosen] { chosen = [options] { return status(*options); }; });

  const auto steering = [&](const char* verb, const char* what, bool with_reason,
                            campaigns::Command (*command_of)(const ControlOptions&)) {
    auto* command = with_log(app.add_subcommand(verb, what));
    command->add_option("campaign", options->campaign, "The campaign's id")->required();
    if (with_reason) command->add_option("--reason", options->reason, "Kept in the log");
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
    command->callback([options, &chosen, command_of] {
      chosen = [options, command_of] { return steer(*options, command_of(*options)); };
    });
  };
  steering("pause", "No new calls until it is resumed", true,
           [](const ControlOptions& o) -> campaigns::Command {
             return campaigns::PauseCampaign{o.campaign, o.reason};
           });
  steering("resume", "Go on calling", false, [](const ControlOptions& o) -> campaigns::Command {
    return campaigns::ResumeCampaign{o.campaign};
  });
  auto* cancel_command = with_log(app.add_subcommand(
      "cancel", "End a campaign, or all of them; calls that ring or are up end by themselves"));
  auto* one = cancel_command->add_option("campaign", options->campaign, "The campaign's id");
  auto* all = cancel_command->add_flag("--all", options->all, "Every campaign of the log");
  one->excludes(all);
  cancel_command->add_option("--reason", options->reason, "Kept in the log");
  cancel_command->add_option("--env-file", options->env_file,
                             "Settings as NAME=value (default .env)");
  cancel_command->callback([options, &chosen] {
    if (options->all == !options->campaign.empty()) {
      throw CLI::ValidationError("cancel", "wants a campaign's id, or --all");
    }
    chosen = [options] {
      if (options->all) return cancel_all(*options);
      return steer(*options, campaigns::CancelCampaign{options->campaign, options->reason});
    };
  });
}

}  // namespace runner
