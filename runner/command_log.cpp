#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "campaigns/campaign_file.hpp"
#include "campaigns/events.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/time.hpp"
#include "eventstore/backup.hpp"
#include "eventstore/chain.hpp"
#include "eventstore/salvage.hpp"
#include "runner/commands.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"
#include "runner/wire_log.hpp"

// The commands on the log itself: log, verify, backup.
namespace runner {

namespace {

using eventstore::Position;
using eventstore::RecordedEvent;

std::string moment_text(std::int64_t ms) {
  return campaigns::rfc3339_utc(campaigns::instant_from_ms(ms));
}

// "12 events, last at …, head …"
std::string where_it_ends(const eventstore::Head& head) {
  if (head.position == 0) return "0 events";
  return std::to_string(head.position) + (head.position == 1 ? " event" : " events") +
         ", last at " + moment_text(head.recorded_at) + ", head " + eventstore::to_hex(head.hash);
}

// --- log

struct LogOptions {
  std::string log{};
  std::string campaign{};
  std::string contact{};
  std::string attempt{};
  std::vector<std::string> types{};
  std::string since{};
  std::string until{};
  bool follow = false;
  bool personal = false;
  bool wire = false;
  std::string sid{};
  std::string env_file{};
  bool json = false;
};

// Standard output a block at a time. Throws std::runtime_error when nobody takes it any more.
class Lines {
 public:
  void add(std::string_view line) {
    text_ += line;
    if (text_.size() >= block_bytes) flush();
  }

  void flush() {
    print_answer(text_);
    text_.clear();
  }

 private:
  static constexpr std::size_t block_bytes = 1 << 16;
  std::string text_{};
};

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// Which events are asked for.
class Filter {
 public:
  explicit Filter(const LogOptions& options) : types_(options.types) {
    std::string campaign = options.campaign;
    std::string ordinal = options.contact;
    if (const auto slash = ordinal.rfind('/'); slash != std::string::npos) {
      set_campaign(campaign, ordinal.substr(0, slash), "--contact");
      ordinal.erase(0, slash + 1);
    }
    std::string attempt = options.attempt;
    if (attempt.find('.') != std::string::npos) {
      const auto id = campaigns::AttemptId::parse(attempt);
      if (!id) throw CLI::ValidationError("--attempt", wrong_attempt);
      set_campaign(campaign, id->campaign, "--attempt");
      const auto of_attempt = std::to_string(id->contact);
      if (!ordinal.empty() && ordinal != of_attempt) {
        throw CLI::ValidationError("--attempt", "is of another contact than --contact names");
      }
      ordinal = of_attempt;
      attempt = std::to_string(id->attempt);
    }
    if (!campaign.empty() && !campaigns::valid_campaign_id(campaign)) {
      throw CLI::ValidationError("--campaign", "is no campaign's id");
    }
    std::uint32_t contact = 0;
    if ((!ordinal.empty() || !options.contact.empty()) &&
        (!read_number(ordinal, contact) || contact == 0)) {
      throw CLI::ValidationError("--contact",
                                 "give the contact's ordinal in its list, or CAMPAIGN/ORDINAL");
    }
    std::uint8_t number = 0;
    if (!attempt.empty()) {
      if (!read_number(attempt, number) || number == 0) {
        throw CLI::ValidationError("--attempt", wrong_attempt);
      }
      attempt_ = "\"attempt\":" + std::to_string(number);
    }
    if (!campaign.empty()) {
      campaign_stream_ = "campaign/" + campaign;
      contact_stream_ = "contact/" + campaign + '/';
    }
    if (contact != 0) {
      contact_end_ = '/' + std::to_string(contact);
      campaign_stream_.clear();
    }
    anything_ = campaign.empty() && contact == 0;
    campaign_ = campaign;
  }

  // That alone is asked for; empty: all are.
  const std::string& campaign() const { return campaign_; }

  bool wants(const RecordedEvent& event) const {
    if (!types_.empty() && std::find(types_.begin(), types_.end(), event.type) == types_.end()) {
      return false;
    }
    if (!anything_ && !wants_stream(event.stream)) return false;
    return attempt_.empty() || is_of_attempt(event.payload);
  }

 private:
  static constexpr const char* wrong_attempt =
      "give the attempt's number, or its whole id as CAMPAIGN.CONTACT.NUMBER";

  static void set_campaign(std::string& campaign, const std::string& named, const char* option) {
    if (!campaign.empty() && campaign != named) {
      throw CLI::ValidationError(option, "is of another campaign than the rest");
    }
    campaign = named;
  }

  bool wants_stream(std::string_view stream) const {
    if (!campaign_stream_.empty() && stream == campaign_stream_) return true;
    if (!stream.starts_with("contact/")) return false;
    return stream.starts_with(contact_stream_) && stream.ends_with(contact_end_);
  }

  // A quotation mark inside a JSON string is escaped, so this is never the text of one.
  bool is_of_attempt(std::string_view payload) const {
    const auto at = payload.find(attempt_);
    if (at == std::string_view::npos) return false;
    const auto after = payload.substr(at + attempt_.size(), 1);
    return after == "," || after == "}";
  }

  std::vector<std::string> types_;
  std::string campaign_{};
  std::string campaign_stream_{};
  std::string contact_stream_{};
  std::string contact_end_{};
  std::string attempt_{};
  bool anything_ = true;
};

// For --type: no event would ever be of another.
CLI::Validator known_type() {
  return {
      [](std::string& given) {
        std::vector<std::string> types;
        campaigns::EventKinds::List::each([&types]<typename E>() { types.emplace_back(E::type); });
        if (std::find(types.begin(), types.end(), given) != types.end()) return std::string();
        const auto near = campaigns::nearest_name(given, types);
        return "no event is of the type \"" + given + '"' +
               (near.empty() ? "; `campanile log` without it shows the type of each"
                             : "; did you mean \"" + near + "\"?");
      },
      ""};
}

bool holds_campaign(CheckedLog& log, const std::string& campaign) {
  bool found = false;
  log.read(1, [&](const RecordedEvent& event) {
    found = event.stream == "campaign/" + campaign;
    return !found;
  });
  return found;
}

// `opened`: the personal part is asked for, and the event has it in clear.
void append_line(std::string& text, const RecordedEvent& event, bool opened) {
  campaigns::JsonObject object(text);
  object.member("position", static_cast<std::int64_t>(event.position))
      .member("stream", event.stream)
      .member("version", event.version)
      .member("type", event.type)
      .member("schema", event.schema)
      .member("recorded_at", moment_text(event.recorded_at));
  if (event.occurred_at) object.member("occurred_at", moment_text(*event.occurred_at));
  object.member("epoch", event.epoch);
  if (event.cause != 0) object.member("cause", static_cast<std::int64_t>(event.cause));
  object.raw("payload", event.payload);
  if (opened && event.forgotten) {
    object.member("personal", "forgotten");
  } else if (opened && !event.personal.empty()) {
    object.raw("personal", event.personal);
  } else {
    object.flag("personal", !event.personal.empty());
  }
  object.member("hash", eventstore::to_hex(event.hash));
  object.close();
  text += '\n';
}

volatile sig_atomic_t stopped = 0;

void stop_at_a_signal() {
  struct sigaction action {};
  action.sa_handler = [](int) { stopped = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// Which file a name stands for now.
std::pair<dev_t, ino_t> file_behind(const std::string& name) {
  struct stat found {};
  if (stat(name.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

// What went over the wires, where the program was told to keep it (wire_log.hpp): all of it, or of
// one attempt or call. An attempt's call is known by lines that bear both names.
int show_wires(const LogOptions& options) {
  const auto files = wire_files_of(options.log);
  if (files.empty()) {
    complain("nothing is kept of what went over the wires: run with --trace");
    return exit_bad_input;
  }
  std::set<std::string> sids;
  if (!options.sid.empty()) sids.insert(options.sid);
  const bool all = options.attempt.empty() && options.sid.empty();
  Lines lines;
  for (const bool printing : {false, true}) {
    if (all && !printing) continue;
    for (const auto& path : files) {
      std::ifstream file(path, std::ios::binary);
      for (std::string line; std::getline(file, line);) {
        const auto value = nlohmann::json::parse(line, nullptr, false);
        if (!value.is_object()) continue;  // the last line of a program that was killed
        const auto sid = value.value("sid", std::string());
        const bool meant =
            !options.attempt.empty() && value.value("attempt", std::string()) == options.attempt;
        if (!printing) {
          if (meant && !sid.empty()) sids.insert(sid);
        } else if (all || meant || sids.count(sid) != 0) {
          lines.add(options.json ? line + '\n' : wire_text(line));
        }
      }
    }
  }
  lines.flush();
  return exit_done;
}

int show_log(const LogOptions& options) {
  if (options.wire) return show_wires(options);
  const auto since = parse_place("--since", options.since);
  const auto until = parse_place("--until", options.until);
  const Filter filter(options);
  CheckedLog log(options.log);
  const auto file = file_behind(options.log);
  const auto open =
      log.opener(options.personal ? Environment::read(options.env_file) : Environment());

  Position next = 1;
  if (since && since->position) next = std::max<Position>(*since->position, 1);
  if (since && since->moment_ms) next = log.first_since(*since->moment_ms);
  if (options.follow) stop_at_a_signal();
  constexpr int poll_ms = 200;
  Lines lines;
  std::string line;
  std::string plain;
  bool ended = false;
  bool shown = false;
  while (stopped == 0) {
    log.read(next, [&](const RecordedEvent& event) {
      ended = !is_until(until, event);
      if (ended) return false;
      next = event.position + 1;
      if (filter.wants(event)) {
        line.clear();
        if (options.personal) {
          RecordedEvent in_clear = event;
          open(in_clear, plain);
          append_line(line, in_clear, true);
        } else {
          append_line(line, event, false);
        }
        lines.add(line);
        shown = true;
      }
      return stopped == 0;
    });
    lines.flush();
    if (!options.follow || ended || stopped != 0) break;
    if (until && until->position && next > *until->position) break;
    if (file_behind(options.log) != file) {
      complain(options.log + " is another file now: the log that was followed is no longer there");
      return exit_cannot_go_on;
    }
    poll(nullptr, 0, poll_ms);
  }
  // One that is waited for may still come.
  if (!shown && !options.follow && !filter.campaign().empty() &&
      !holds_campaign(log, filter.campaign())) {
    complain("no campaign \"" + filter.campaign() + "\" in this log");
    return exit_bad_input;
  }
  return exit_done;
}

// --- verify

struct VerifyOptions {
  std::string log{};
  Position from = 0;
  Position to = 0;
  std::string salvage{};
  bool accept_head = false;
  bool json = false;
};

std::string problem_text(const eventstore::Problem& problem) {
  const auto here = "event " + std::to_string(problem.position);
  if (problem.position == 0 || problem.sentence.find(here) != std::string::npos) {
    return problem.sentence;
  }
  return here + ": " + problem.sentence;
}

int accept_head(const VerifyOptions& options) {
  const auto head = eventstore::accept_head(options.log);
  print("accepted: " + where_it_ends(head) +
        "\nFrom here on a log that ends before it is refused. Calls that were placed after it, if "
        "there were any, are not known to it: look at the carrier's own list.\n");
  return exit_done;
}

int salvage(const VerifyOptions& options) {
  const auto saved = eventstore::salvage(options.log, options.salvage, key_endings());
  if (!saved.witness.empty()) complain(saved.witness);
  if (saved.why.empty()) {
    print("well: all " + where_it_ends(saved.kept) + "\nwritten to " + options.salvage + '\n');
    return exit_done;
  }
  complain(saved.why);
  if (saved.kept.position == 0) {
    print("damaged: nothing in it can be proven good, nothing was written\n");
    return exit_not_well;
  }
  std::string lost = "event " + std::to_string(saved.first_bad) + " is the first bad one";
  if (saved.last_known >= saved.first_bad) {
    const auto count = saved.last_known - saved.first_bad + 1;
    lost += "; lost: " + std::to_string(count) + (count == 1 ? " event" : " events") + ", " +
            std::to_string(saved.first_bad) + " to " + std::to_string(saved.last_known);
  }
  print("damaged: " + lost + "\nkept: " + where_it_ends(saved.kept) + "\nwritten to " +
        options.salvage +
        "\nCalls that were placed after the last event that was kept are not known to it: look at "
        "the carrier's own list before it runs again.\n");
  return exit_not_well;
}

int verify(const VerifyOptions& options) {
  if (options.accept_head) return accept_head(options);
  if (!options.salvage.empty()) return salvage(options);
  const bool range = options.from != 0 || options.to != 0;
  const Position from = std::max<Position>(options.from, 1);
  const Position to = options.to != 0 ? options.to : INT64_MAX;
  if (from > to) throw CLI::ValidationError("--to", "lies before --from");
  eventstore::LogReader reader(options.log);
  eventstore::Head head;
  bool well = true;
  Position first_bad = 0;
  const auto tell = [&](const eventstore::Problem& problem) {
    if (well || first_bad == 0 || (problem.position != 0 && problem.position < first_bad)) {
      first_bad = problem.position;
    }
    well = false;
    complain(problem_text(problem));
  };
  try {
    head = reader.head();
  } catch (const eventstore::LogFailed& unreadable) {
    tell({0, unreadable.what()});
  }
  if (range && from > head.position && well) {
    throw CLI::ValidationError(
        "--from", "lies after the end: the log has " + std::to_string(head.position) + " events");
  }
  if (range && to != INT64_MAX && to > head.position && well) {
    throw CLI::ValidationError(
        "--to", "lies after the end: the log has " + std::to_string(head.position) + " events");
  }
  range ? reader.verify(from, to == INT64_MAX ? head.position : to, tell) : reader.verify(tell);
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.flag("well", well)
        .member("position", static_cast<std::int64_t>(head.position))
        .member("hash", eventstore::to_hex(head.hash))
        .member("recorded_at", moment_text(head.recorded_at));
    if (!well) object.member("first_bad", static_cast<std::int64_t>(first_bad));
    if (range) {
      object.member("from", static_cast<std::int64_t>(from))
          .member("to", static_cast<std::int64_t>(std::min(to, head.position)));
    }
    object.close();
    print_answer(text + '\n');
    return well ? exit_done : exit_not_well;
  }
  std::string text = well ? "well: " : "damaged: ";
  if (range) {
    text += "events " + std::to_string(from) + " to " +
            std::to_string(std::min(to, head.position)) + " of ";
  }
  print_answer(text + where_it_ends(head) + '\n');
  return well ? exit_done : exit_not_well;
}

// --- backup

struct BackupOptions {
  std::string log{};
  std::string to{};
  std::string keys{};
  bool without_keys = false;
  bool json = false;
};

void append_files(campaigns::JsonObject& object, const char* name,
                  const std::vector<eventstore::BackupFile>& files) {
  std::string& text = object.open(name);
  char before = '[';
  for (const auto& file : files) {
    text += before;
    before = ',';
    campaigns::JsonObject one(text);
    one.member("name", file.name)
        .member("bytes", static_cast<std::int64_t>(file.bytes))
        .member("sha256", eventstore::to_hex(file.sha256));
    one.close();
  }
  text += files.empty() ? "[]" : "]";
}

bool holds_keys(const std::vector<eventstore::BackupFile>& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& file) {
    return file.name.ends_with(".keys") || file.name.ends_with(".key");
  });
}

int back_up(const BackupOptions& options) {
  if (options.without_keys && !options.keys.empty()) {
    throw CLI::ValidationError("--without-keys", "and --keys exclude each other");
  }
  std::optional<campaigns::LogCreated> identity;
  {
    CheckedLog log(options.log);
    identity = identity_of(log);
  }
  eventstore::BackupPlan plan;
  plan.log = options.log;
  plan.to = options.to;
  plan.keys_to = options.keys;
  if (!options.without_keys) plan.key_endings = key_endings();
  plan.manifest = [&](const eventstore::Backup& backup,
                      const std::vector<eventstore::BackupFile>& beside) {
    // The head's members come first, as in the head.json of an export.
    std::string text = head_json(backup.head, identity);
    text.erase(text.rfind('}'));
    std::string more;
    campaigns::JsonObject object(more);
    object.member("keys", !backup.keys.empty()       ? "apart"
                          : holds_keys(backup.files) ? "within"
                          : options.without_keys     ? "left out"
                                                     : "none");
    append_files(object, "files", beside);
    object.close();
    return text + ',' + more.substr(1) + '\n';
  };
  const auto backup = eventstore::back_up(plan);
  if (options.json) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("position", static_cast<std::int64_t>(backup.head.position))
        .member("hash", eventstore::to_hex(backup.head.hash))
        .member("recorded_at", moment_text(backup.head.recorded_at));
    append_files(object, "files", backup.files);
    append_files(object, "keys", backup.keys);
    object.close();
    print(text + '\n');
    return exit_done;
  }
  std::string text = "backed up: " + where_it_ends(backup.head) + '\n';
  const auto list = [&text](const std::string& folder, const auto& files) {
    for (const auto& file : files) {
      text += "  " + (std::filesystem::path(folder) / file.name).string() + ", " +
              std::to_string(file.bytes) + " bytes\n";
    }
  };
  list(options.to, backup.files);
  list(options.keys, backup.keys);
  if (!backup.keys.empty()) {
    text += "The keys lie apart: without them nobody can read what is personal in this backup.\n";
  } else if (holds_keys(backup.files)) {
    text +=
        "The keys lie in it: whoever has this backup can read everything, and a person who is "
        "forgotten later is not forgotten in it. Keep them apart with --keys DIRECTORY.\n";
  } else if (options.without_keys) {
    text +=
        "The keys were left out: without them the log cannot run, and what is personal in it "
        "cannot be read.\n";
  }
  print(text);
  return exit_done;
}

}  // namespace

void add_log(CLI::App& app, Chosen& chosen) {
  const auto chooses = [&chosen](CLI::App* command, const auto& options, auto act) {
    command->add_option("--log", options->log, "The log")->required();
    command->callback([options, &chosen, act] {
      chosen = [options, act] { return reading([&] { return act(*options); }); };
    });
  };
  {
    const auto options = std::make_shared<LogOptions>();
    auto* command = app.add_subcommand("log", "Print events as JSON lines");
    chooses(command, options, show_log);
    command->add_option("--since", options->since, "Only from this position or moment on");
    command->add_option("--until", options->until, "Only up to this position or moment");
    command->add_option("--campaign", options->campaign, "The campaign's id");
    command->add_option("--contact", options->contact,
                        "The contact's ordinal, or CAMPAIGN/ORDINAL");
    command->add_option("--attempt", options->attempt,
                        "The attempt's number, or CAMPAIGN.CONTACT.NUMBER");
    command->add_option("--type", options->types, "The events' type; may be repeated")
        ->check(known_type());
    command->add_flag("--follow", options->follow, "Go on as events are appended");
    command->add_flag("--personal", options->personal, "With what names or quotes people");
    command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
    auto* wire = command->add_flag("--wire", options->wire,
                                   "What went over the wires instead, kept by --trace: every "
                                   "request and answer, masked; of one --attempt or --call");
    command->add_option("--call", options->sid, "The carrier's sid of a call")->needs(wire);
    command->add_flag("--json", options->json, "Of --wire: the lines as they are kept")
        ->needs(wire);
  }
  {
    const auto options = std::make_shared<VerifyOptions>();
    auto* command = app.add_subcommand("verify", "Check that the log is whole and unchanged");
    chooses(command, options, verify);
    auto* from = command->add_option("--from", options->from, "From this position on")
                     ->check(CLI::PositiveNumber);
    auto* to =
        command->add_option("--to", options->to, "Up to this position")->check(CLI::PositiveNumber);
    auto* salvage_to = command->add_option("--salvage", options->salvage,
                                           "Write what is provably good to this new log");
    auto* accept = command->add_flag("--accept-head", options->accept_head,
                                     "Say that the log as it stands is all there is");
    auto* json = command->add_flag("--json", options->json, "As JSON");
    for (auto* other : {from, to, json}) {
      salvage_to->excludes(other);
      accept->excludes(other);
    }
    accept->excludes(salvage_to);
  }
  {
    const auto options = std::make_shared<BackupOptions>();
    auto* command = app.add_subcommand(
        "backup", "Copy the log and what belongs to it to a new folder, also while it is written");
    chooses(command, options, back_up);
    command->add_option("to", options->to, "A folder that does not exist, or an empty one")
        ->required();
    command->add_option("--keys", options->keys, "Put the keys into this folder instead");
    command->add_flag("--without-keys", options->without_keys, "Leave the keys out");
    command->add_flag("--json", options->json, "As JSON");
  }
}

}  // namespace runner
