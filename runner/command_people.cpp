#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "runner/commands.hpp"
#include "runner/control_client.hpp"
#include "runner/fold.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/people.hpp"

// The commands on one person: forget, person.
namespace runner {

namespace {

struct Options {
  std::string log{};
  std::string number{};
  std::string region{};
  std::string env_file{};
  bool expired = false;
  bool json = false;
};

campaigns::State state_of(const std::filesystem::path& path) {
  CheckedLog log(path);
  const auto open = log.opener();
  campaigns::State state;
  Folder folder;
  std::string plain;
  log.read(1, [&](eventstore::RecordedEvent event) {
    open(event, plain);
    folder.fold(state, event);
    return true;
  });
  return state;
}

// Nothing, and the reason told, for what is no number.
std::optional<std::string> read_number(const Options& options) {
  auto number = campaigns::parse_phone_number(options.number, options.region);
  if (number) return number.value().e164;
  complain("the number cannot be read: " + number.error().text +
           ". Write it with its country code, +39…, or name the country with --region");
  return {};
}

// What this program cannot forget for others.
void tell_what_else_exists(const campaigns::State& state,
                           const std::vector<campaigns::ContactRef>& contacts) {
  std::set<std::string> lists;
  std::set<std::string> calls;
  for (const auto contact : contacts) {
    const auto& definition = *state.book.at(contact.campaign).definition;
    lists.insert(definition.contacts.file.empty()
                     ? "inside the file of campaign " + definition.id
                     : definition.contacts.file + " of campaign " + definition.id);
    for (const auto& row : state.results.attempts) {
      if (row.contact == contact && !row.sid.empty()) calls.insert(row.sid);
    }
  }
  std::string text = "Still there, and not in this log's power:\n";
  for (const auto& list : lists) text += "  the contact list " + list + '\n';
  text += "  what was exported before, wherever it was copied to\n";
  text += "  backups of the key file (.keys) made before: destroy them, or they open the log's\n";
  if (!calls.empty()) {
    text += "  the carrier's own records of " + std::to_string(calls.size()) + " calls:";
    for (const auto& sid : calls) text += ' ' + sid;
    text += '\n';
  }
  print(text);
}

int forget(const Options& options) {
  const auto environment = Environment::read(options.env_file);
  nlohmann::json body;
  campaigns::Command command = campaigns::ForgetExpired{};
  campaigns::NumberKey key = 0;
  if (!options.expired) {
    const auto number = read_number(options);
    if (!number) return exit_bad_input;
    key = number_key_in(options.log, environment, *number);
    command = campaigns::ForgetNumber{key};
    body["number_key"] = campaigns::number_key_text(key);
  }
  bridge::http::Request request;
  request.method = "POST";
  request.target = "/forget";
  request.body = body.dump();
  if (const auto running = ask_running(options.log, std::move(request))) {
    if (running->status != 200) {
      const auto answer = nlohmann::json::parse(running->body, nullptr, false);
      complain(answer.is_object() && answer.contains("problems") && !answer["problems"].empty()
                   ? answer["problems"][0].value("what", "refused")
                   : "the running program refused");
      return exit_not_well;
    }
  } else {
    const auto done = forget_at_rest(options.log, environment, command);
    if (!done) {
      complain(done.error().text);
      return exit_not_well;
    }
  }
  const auto state = state_of(options.log);
  std::size_t forgotten = 0;
  if (options.expired) {
    for (const auto& campaign : state.queue.campaigns) {
      for (const auto& contact : campaign.contacts) forgotten += contact.forgotten ? 1u : 0u;
    }
  } else {
    forgotten = contacts_with(state, key).size();
  }
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("forgotten", static_cast<std::int64_t>(forgotten))
        .flag("opted_out", !options.expired && state.suppression.suppressed(key));
    object.close();
    print(text + '\n');
    return exit_done;
  }
  if (options.expired) {
    print(std::to_string(forgotten) + " entries of lists are forgotten in this log\n");
    return exit_done;
  }
  if (forgotten == 0) {
    print("this number stands on no list of this log\n");
    return exit_done;
  }
  print("forgotten: " + std::to_string(forgotten) + (forgotten == 1 ? " entry" : " entries") +
        " of this log's lists" +
        (state.suppression.suppressed(key) ? "; the opt-out stays\n" : "\n"));
  tell_what_else_exists(state, contacts_with(state, key));
  return exit_done;
}

int person(const Options& options) {
  const auto environment = Environment::read(options.env_file);
  const auto number = read_number(options);
  if (!number) return exit_bad_input;
  const auto key = number_key_in(options.log, environment, *number);
  const auto state = state_of(options.log);
  print(options.json ? person_json(state, key) + '\n' : person_text(state, key));
  return exit_done;
}

}  // namespace

void add_people(CLI::App& app, Chosen& chosen) {
  const auto add = [&](const char* name, const char* what, int (*act)(const Options&)) {
    const auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(name, what);
    command->add_option("--log", options->log, "The log")->required();
    command->add_option("number", options->number, "The telephone number");
    command->add_option("--region", options->region, "Country of a number without its code (IT)");
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
    command->add_flag("--json", options->json, "As JSON");
    command->callback([options, &chosen, act] {
      if (options->expired != options->number.empty()) {
        throw CLI::ValidationError("number",
                                   options->expired ? "is not given with --expired" : "is missing");
      }
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
    return std::make_pair(command, options);
  };
  const auto [forgetting, options] =
      add("forget", "Make all that names or quotes a person unreadable, for good", forget);
  forgetting->add_flag("--expired", options->expired,
                       "Everybody whose campaign keeps people no longer");
  add("person", "All that the log holds of a person", person);
}

}  // namespace runner
