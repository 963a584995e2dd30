#include <unistd.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "campaigns/json_writer.hpp"
#include "eventstore/log_lock.hpp"
#include "eventstore/log_reader.hpp"
#include "runner/commands.hpp"
#include "runner/doctor.hpp"
#include "runner/fold.hpp"
#include "runner/live.hpp"
#include "runner/live_arguments.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/progress.hpp"
#include "runner/status.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace {

struct RunOptions : LiveArguments {
  std::string file{};
  SubmissionOverrides overrides{};
  std::string countries{};
  std::string contacts{};
  bool accept_change = false;
  std::string control{};
  std::string control_token_file{};
};

bool on_terminal(const RunOptions& options) {
  return !options.json && isatty(STDOUT_FILENO) == 1;
}

// The difference between what a log holds and what was given, as JSON pointers; never the texts.
void tell_difference(const campaigns::CampaignEntry& entry, const Submission& submission) {
  if (entry.contacts_digest != submission.contacts_digest) {
    complain((submission.file.campaign.contacts.query.database.empty()
                  ? "the contact list is another one: its digest was "
                  : "the query for the contacts gives another answer: its digest was ") +
             entry.contacts_digest.substr(0, 12) + "…, now " +
             submission.contacts_digest.substr(0, 12) + "…");
  }
  const auto before = nlohmann::json::parse(campaigns::print_campaign(*entry.definition));
  const auto now = nlohmann::json::parse(submission.definition);
  for (const auto& change : nlohmann::json::diff(before, now)) {
    complain("changed in the campaign file: " + change["path"].get<std::string>() + " (" +
             change["op"].get<std::string>() + ')');
  }
}

// What a log holds of the campaign that was given.
struct Known {
  std::optional<campaigns::CampaignIndex> index{};  // nothing: it was never submitted
  bool same = false;                                // the file and the list are the ones it holds
  bool enrolled = false;                            // to the last row
  bool over = false;                                // and it has ended
  // A query is asked for people when a campaign is submitted; after that they are the log's, and
  // what it would answer now says nothing against going on. True: it answers otherwise.
  bool other_answer = false;
};
Known look_for(const campaigns::State& state, const Submission& submission, bool accept_change) {
  Known known;
  known.index = state.book.find(submission.file.campaign.id);
  if (!known.index) return known;
  const auto& entry = state.book.at(*known.index);
  const bool same_list = entry.contacts_digest == submission.contacts_digest;
  known.enrolled = entry.status != campaigns::CampaignStatus::enrolling;
  known.other_answer = !same_list && known.enrolled && !accept_change &&
                       !submission.file.campaign.contacts.query.database.empty();
  known.same = entry.is_defined_as(submission.file.campaign, submission.definition_digest) &&
               (same_list || known.other_answer);
  known.over = (entry.status == campaigns::CampaignStatus::completed ||
                entry.status == campaigns::CampaignStatus::cancelled) &&
               state.queue.campaigns[*known.index].open() == 0;
  return known;
}

void tell_other_answer() {
  complain(
      "note: the query for the contacts gives another answer by now; the campaign has the people "
      "that it was submitted with, and --accept-change takes in whoever is new");
}

std::string finished_json(const campaigns::State& state, campaigns::CampaignIndex index,
                          bool interrupted) {
  const auto digest = digest_of(state);
  std::string text;
  campaigns::JsonObject object(text);
  object.member("event", interrupted ? "interrupted" : "finished")
      .raw("campaign", campaign_json(state, index))
      .member("position", static_cast<std::int64_t>(state.position))
      .member("state_digest", digest.state)
      .member("outcome_digest", digest.outcome);
  object.close();
  return text;
}

int tell_end(const campaigns::State& state, campaigns::CampaignIndex index,
             const RunOptions& options, bool interrupted) {
  if (on_terminal(options)) {
    const auto digest = digest_of(state);
    print(status_text(state,
                      state.results.attempts.empty()
                          ? campaigns::Instant{}
                          : state.book.at(index).ended_at.value_or(
                                state.results.attempts.back().requested_at),
                      {}) +
          "state digest " + digest.state + " at event " + std::to_string(state.position) + '\n');
    if (interrupted) print("interrupted: the same command goes on from here\n");
  } else {
    print(finished_json(state, index, interrupted) + '\n');
  }
  return exit_code_of(state, index);
}

// Where `run` keeps its log unless it is told: beside the campaign file, so that the working
// directory never decides whether people are rung again. A rehearsal that came to its end, or was
// of another file, makes room for a fresh one and is kept as the last.
std::filesystem::path default_log(const RunOptions& options, const Submission& submission) {
  auto base = std::filesystem::absolute(options.file);
  base.replace_extension();
  if (options.carrier == "twilio") return base.string() + ".db";
  std::filesystem::path log = base.string() + ".rehearsal.db";
  if (!std::filesystem::exists(log)) return log;
  const auto folded = fold_log(log, Environment::read(options.env_file));
  const auto known = look_for(folded.state, submission, options.accept_change);
  if (known.same && !known.over) return log;
  // Nobody goes on with it meanwhile.
  const eventstore::LogLock held(log, eventstore::LogLock::Open::existing);
  const auto last = base.string() + ".rehearsal.last.db";
  // The log itself last: a crash in between leaves one that is looked at and moved again.
  for (const char* part : {".head", "-wal", "-shm", ".key", ".keys", ".keys-wal", ".keys-shm",
                           ".wire", ".wire.1", ".alerts", ".outcomes", ""}) {
    std::error_code ignored;
    std::filesystem::remove(last + part, ignored);
    std::filesystem::rename(log.string() + part, last + part, ignored);
  }
  complain(std::string("note: the rehearsal before this one ") +
           (known.same ? "came to its end" : "was of another file or list") + ": it is kept in " +
           last + ", and this one begins anew");
  return log;
}

// Tells how it goes, and nothing that a crash could undo.
void follow(Live& program, Progress& progress) {
  program.runner().on_notice([&](const Runner::Notice& notice) { progress.say(notice.text); });
  program.runner().on_fact([&](const campaigns::Fact&) {
    const auto text = progress.look(program.state(), program.now());
    if (!text) return;
    program.runner().tell([&progress, text = *text](bool durable) {
      if (durable) progress.draw(text);
    });
  });
}

// A run that came to its end says so in its last event: what it came to is told without a carrier.
bool came_to_its_end(const std::filesystem::path& log) {
  eventstore::LogReader reader(log);
  bool finished = false;
  reader.read(reader.head().position, [&](const eventstore::RecordedEvent& last) {
    // Others may be sealed.
    if (last.type == campaigns::RunnerStopped::type) {
      const auto fact = Folder().fact(last);
      finished = get<campaigns::RunnerStopped>(fact.event).reason == Live::finished;
    }
    return false;
  });
  return finished;
}

int run(RunOptions& options) {
  if (!options.countries.empty()) options.overrides.countries = read_countries(options.countries);
  auto list = other_list(options.contacts);
  if (!list) {
    complain_of(list.error());
    return exit_bad_input;
  }
  options.overrides.list = std::move(list).value();
  auto loaded = load_submission(options.file, options.overrides);
  if (!loaded) {
    complain_of(loaded.error());
    return exit_bad_input;
  }
  auto& submission = loaded.value();
  const auto id = submission.file.campaign.id;
  const auto rules = load_zone_rules();
  if (options.log.empty()) options.log = default_log(options, submission);
  const auto live = live_options(options);
  const auto begins = first_opening(submission.file.campaign, rules);
  // A rehearsal has a clock of its own.
  const bool rehearsed = live.carrier.kind != CarrierChoice::Kind::twilio;
  const auto starts =
      rehearsed ? live.start.value_or(begins)
                : std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now());
  auto caller_ids = submission.file.campaign.caller_ids;
  std::optional<std::string> agent_model;
  if (submission.file.campaign.mode == campaigns::Mode::agent) {
    agent_model = submission.file.campaign.agent.model;
  }
  if (caller_ids.empty()) caller_ids.push_back(live.caller_id);

  Progress progress(on_terminal(options));
  std::optional<Live> opened;
  Known known;
  if (std::filesystem::exists(options.log)) {
    if (came_to_its_end(options.log)) {
      const auto state = fold_log(options.log, live.environment).state;
      known = look_for(state, submission, options.accept_change);
      if (known.same && known.over) {
        if (known.other_answer) tell_other_answer();
        return tell_end(state, *known.index, options, false);
      }
    }
    opened.emplace(live, begins);
    const auto& state = opened->state();
    known = look_for(state, submission, options.accept_change);
    if (known.index && !known.same && !options.accept_change) {
      tell_difference(state.book.at(*known.index), submission);
      complain("campaign \"" + id + "\" in " + options.log +
               " was submitted otherwise: take the change with --accept-change, or give the file "
               "another id");
      return exit_bad_input;
    }
    if (known.same && known.other_answer) {
      tell_other_answer();
      submission.contacts_digest = state.book.at(*known.index).contacts_digest;
    }
    if (known.same && known.over) return tell_end(state, *known.index, options, false);
  }
  if (!known.same || !known.enrolled) {
    const auto calls_per_second = static_cast<std::uint32_t>(options.calls_per_second * 1000);
    const auto report = check_submission(submission, rules, starts, calls_per_second);
    if (const auto refused = reason_not_to_enrol(
            submission, report, live.carrier.kind == CarrierChoice::Kind::twilio)) {
      complain_of(report.problems);
      for (const auto& row : report.rejected) {
        complain("row " + std::to_string(row.row) +
                 (row.column.empty() ? "" : ", column " + row.column) + ": " + row.what);
      }
      complain(options.file + ": " + *refused);
      return exit_bad_input;
    }
    for (const auto& warning : report.warnings) complain("warning: " + warning);
  } else {
    for (const auto& barred : submission.file.barred) {
      complain("warning: " + barred.where + ": " + barred.what);
    }
  }

  if (const int code = look_at_settings_before_calling(live); code != exit_done) return code;
  if (opened) follow(*opened, progress);
  if (const int code = look_before_calling(live, caller_ids, false, opened ? &*opened : nullptr);
      code != exit_done) {
    return code;
  }
  if (live.carrier.kind == CarrierChoice::Kind::twilio && agent_model) {
    if (const auto why = reason_not_to_talk(live, *agent_model)) {
      complain(options.file + ": " + *why);
      return exit_bad_input;
    }
  }
  const auto required = submission.file.campaign;
  if (!opened) {
    opened.emplace(live, begins);
    follow(*opened, progress);
  }
  auto& program = *opened;
  for (const auto& warning :
       campaigns::warnings_of_lists(program.state().suppression, required, program.now())) {
    complain("warning: " + warning);
  }
  std::optional<campaigns::Refusal> refused;
  bool submitted = false;  // a campaign that is over may get people by what is being submitted
  program.submit(std::move(submission), options.accept_change,
                 [&](std::optional<campaigns::Refusal> refusal) {
                   refused = std::move(refusal);
                   submitted = true;
                   if (refused) return program.stop("refused");
                   const auto& book = program.state().book;
                   const auto renumbered = book.at(*book.find(id)).renumbered;
                   if (!known.same && renumbered != 0) {
                     complain("note: " + renumbered_text(renumbered));
                   }
                 });
  program.finish_when([&] {
    const auto index = program.state().book.find(id);
    if (!index || !submitted) return false;
    const auto status = program.state().book.at(*index).status;
    if (status == campaigns::CampaignStatus::completed) return true;
    const auto& queue = program.state().queue;
    // Its own: until the calls of others have ended, nobody is dialled any more.
    bool under_way = false;
    for (const auto& [packed, open] : queue.attempts) {
      under_way |= open.contact.campaign == *index && open.phase != campaigns::Phase::held;
    }
    // What the program paused by itself goes on when a person has helped, and none is waited for;
    // but a list that has to be newer may come at any time.
    const auto& entry = program.state().book.at(*index);
    const bool stuck = status == campaigns::CampaignStatus::paused && entry.paused_by_program &&
                       (program.jumps() || !waits_for_list(entry));
    if (status == campaigns::CampaignStatus::cancelled || stuck) return !under_way;
    return program.runner().limit_reached() && !under_way;
  });
  program.run();
  progress.end();
  if (refused) {
    complain(refused->text);
    return exit_bad_input;
  }
  const auto index = program.state().book.find(id);
  if (!index) return exit_not_well;
  return tell_end(program.state(), *index, options, program.interrupted());
}

int serve(const RunOptions& options) {
  using namespace std::chrono;
  auto live = live_options(options);
  // Without a campaign to say so, a rehearsal begins on Monday, 5 January 2026, at 8 UTC.
  const campaigns::Instant begins = sys_days{year{2026} / 1 / 5} + hours{8};
  const std::vector<std::string> caller_ids(live.caller_id.empty() ? 0 : 1, live.caller_id);
  if (const int code = look_at_settings_before_calling(live); code != exit_done) return code;
  if (!options.control.empty()) {
    live.control = read_control_tcp(options.control, options.control_token_file, live.environment);
  }
  Progress progress(on_terminal(options));
  std::optional<Live> opened;
  const auto open = [&] {
    opened.emplace(live, begins);
    follow(*opened, progress);
  };
  // Calls of a log that exists may be up: they are answered while the rest is looked at.
  if (std::filesystem::exists(live.log)) open();
  if (const int code = look_before_calling(live, caller_ids, true, opened ? &*opened : nullptr);
      code != exit_done) {
    return code;
  }
  if (!opened) open();
  auto& program = *opened;
  program.open_door();
  progress.say("serving; the public door listens on port " + std::to_string(program.door_port()));
  if (program.control_port() != 0) {
    progress.say("the control interface listens on port " + std::to_string(program.control_port()));
  }
  program.run();
  progress.end();
  return exit_done;
}

}  // namespace

void add_live(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<RunOptions>();
  auto* run_command = app.add_subcommand(
      "run", "Run one campaign to its end; the same command goes on with one that was stopped");
  run_command->add_option("file", options->file, "The campaign file")->required();
  run_command->add_option("--log", options->log, "The log (default: beside the campaign file)");
  run_command->add_flag("--skip-bad-rows", options->overrides.skip_bad_rows,
                        "Enrol the rows that can be used");
  run_command
      ->add_option("--encoding", options->overrides.encoding,
                   "Of the contact list, where it is not to be recognised")
      ->transform(known_encoding());
  run_command
      ->add_option("--contacts", options->contacts,
                   "Another list than the file's: a file, or - for standard input")
      ->check(not_empty());
  run_command
      ->add_option("--countries", options->countries,
                   "That may be called (IT,CH), instead of those the file names")
      ->check(not_empty());
  run_command->add_flag("--accept-change", options->accept_change,
                        "Take a changed file for a campaign that is known");
  run_command->add_option("--limit", options->limit, "Stop after so many people");
  add_live_arguments(*run_command, *options);
  run_command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });

  const auto serve_options = std::make_shared<RunOptions>();
  auto* serve_command =
      app.add_subcommand("serve", "Run until stopped; campaigns come by `submit`");
  serve_command->add_option("--log", serve_options->log, "The log")->required();
  auto* control = serve_command->add_option(
      "--control", serve_options->control,
      "127.0.0.1:PORT for the control interface and /metrics, with CAMPANILE_CONTROL_TOKEN");
  serve_command
      ->add_option("--control-token-file", serve_options->control_token_file,
                   "A file, mode 0600, that holds the token")
      ->needs(control);
  add_live_arguments(*serve_command, *serve_options);
  serve_command->callback(
      [serve_options, &chosen] { chosen = [serve_options] { return serve(*serve_options); }; });
}

}  // namespace runner
