#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "runner/commands.hpp"
#include "runner/crypto.hpp"
#include "runner/doctor.hpp"
#include "runner/live.hpp"
#include "runner/live_arguments.hpp"
#include "runner/output.hpp"
#include "runner/progress.hpp"
#include "runner/submission.hpp"
#include "runner/zone_loader.hpp"

// One call to a telephone of one's own: to try the way there and back, or to hear what a person on
// a list would hear.
namespace runner {

namespace {

struct CallOptions : LiveArguments {
  std::string number{};
  std::string region{};
  std::string say{};
  std::string campaign{};
  std::string contact{};
};

// What is said without a campaign, when nobody says what.
constexpr const char* test_message =
    "Ciao! Questo è un messaggio di prova. Il sistema di chiamate in uscita funziona. "
    "Grazie e arrivederci!";

// Of the list of one: from when on nobody makes the call any more.
constexpr const char* last_moment_column = "campanile_call_until";
constexpr std::chrono::minutes call_waits_max{10};

// At any hour, once, and nothing of it is held for anybody: it is the caller's own telephone.
void make_test_call(campaigns::Campaign& campaign, const std::string& zone) {
  campaign.id = campaign.id.substr(0, 40) + "-call";
  campaign.hours = {};
  campaign.hours.windows = {{0x7F, std::chrono::minutes{0}, std::chrono::minutes{1440}}};
  campaign.hours.zone = zone;
  campaign.retries = {};
  campaign.retries.attempts_max = 1;
  campaign.retries.unplaced_max = 1;
  campaign.retries.daily_calls_per_number_max = 50;
  campaign.countries.clear();
  campaign.in_doubt = campaigns::InDoubt::never;
  campaign.machine = {};
  campaign.pacing = {};
  campaign.budget = {};
  campaign.suppression_lists.clear();
  campaign.consent.required = false;
  campaign.contacts.file.clear();
  campaign.contacts.query = {};
  campaign.contacts.format = campaigns::ListFormat::automatic;
  campaign.contacts.zone = zone;
  campaign.contacts.zone_column.clear();
  campaign.contacts.not_before_columns.clear();
  campaign.contacts.not_after_columns = {last_moment_column};
  campaign.contacts.bad_rows = campaigns::BadRows::refuse;
}

std::string list_of_one(const ListedContact& contact, const std::string& number_column,
                        const std::string& number) {
  std::string text = "[";
  campaigns::JsonObject object(text);
  for (std::size_t i = 0; i < contact.columns.size(); ++i) {
    object.member(contact.columns[i],
                  contact.columns[i] == number_column ? number : contact.values[i]);
  }
  object.close();
  return text + ']';
}

// Whatever becomes of this program: a `serve` that finds the call in the log an hour later rings a
// telephone whose owner has long stopped waiting for it.
void let_go_at(Submission& submission, campaigns::Instant moment) {
  auto list = nlohmann::ordered_json::parse(submission.contacts);
  list.at(0)[last_moment_column] = campaigns::rfc3339_utc(moment);
  submission.contacts = list.dump();
}

void seal(Submission& submission) {
  submission.file.inline_contacts = submission.contacts;
  submission.definition = campaigns::print_campaign(submission.file.campaign);
  submission.definition_digest = hex(sha256(submission.definition));
  submission.contacts_digest = hex(sha256(submission.contacts));
}

campaigns::Result<Submission> message_to(const CallOptions& options, const std::string& number) {
  Submission submission;
  auto& campaign = submission.file.campaign;
  campaign.id = "test";
  campaign.kind = campaigns::Kind::notification;
  campaign.language = options.message_language;
  const auto said = options.say.empty() ? std::string(test_message) : options.say;
  campaign.greeting.by_language[campaign.language] = said;
  if (!options.message_voice.empty()) campaign.voices[campaign.language] = options.message_voice;
  campaign.contacts.number_column = "number";
  make_test_call(campaign, "UTC");
  submission.contacts = list_of_one({.columns = {"number"}, .values = {""}}, "number", number);
  seal(submission);
  return submission;
}

campaigns::Result<Submission> as_somebody(const CallOptions& options,
                                          const campaigns::ZoneRules& rules,
                                          const std::string& number) {
  auto loaded = load_submission(options.campaign, {});
  if (!loaded) return loaded;
  auto& submission = loaded.value();
  const auto contact = find_listed(submission, rules, options.contact);
  if (!contact) return contact.error();
  auto& campaign = submission.file.campaign;
  make_test_call(campaign, contact.value().zone);
  campaign.contacts.other_number_columns.clear();
  // What chance gave to somebody is theirs, and stands in the list of one as they have it.
  campaign.variants.clear();
  submission.contacts = list_of_one(contact.value(), campaign.contacts.number_column, number);
  seal(submission);
  // Their order of the options, too: the list is not to gain another when it is read.
  for (auto& question : campaign.questions) question.shuffle = false;
  return loaded;
}

// Test calls have a log of their own, one for each account: nobody's list stands in it.
std::filesystem::path default_log(const LiveOptions& live) {
  std::filesystem::path folder;
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    folder = state;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    folder = std::filesystem::path(home) / ".local" / "state";
  } else {
    throw CLI::ValidationError("--log", "name one: there is no home directory to keep it in");
  }
  folder /= "campanile";
  std::filesystem::create_directories(folder);
  const bool real = live.carrier.kind == CarrierChoice::Kind::twilio;
  return folder / (real ? "calls-" + live.account_sid + ".db" : std::string("calls-rehearsal.db"));
}

// What happens to the call, a line each: for a person, or as JSON.
class Story {
 public:
  Story(bool real, bool json, std::string campaign)
      : real_(real), json_(json), campaign_(std::move(campaign)) {}

  // Nothing for what a person need not hear of.
  std::optional<std::string> line(const campaigns::Fact& fact) {
    if (!is_of_the_call(fact)) return {};
    const auto text = visit([this](const auto& event) { return tell(event); }, fact.event);
    if (text.empty()) return {};
    if (!began_) began_ = fact.recorded_at;
    return json_ ? line_as_json(fact, text) : line_as_text(fact, text);
  }
  // The last line of JSON.
  std::string end_as_json(bool interrupted) const {
    std::string line;
    campaigns::JsonObject object(line);
    object.member("event", interrupted ? "interrupted" : "finished")
        .member("campaign", campaign_)
        .flag("answered", answered_);
    if (!sid_.empty()) object.member("sid", sid_);
    if (!outcome_.empty()) object.member("outcome", outcome_);
    object.close();
    return line + '\n';
  }
  bool answered() const { return answered_; }

 private:
  std::string line_as_text(const campaigns::Fact& fact, const std::string& text) const {
    const auto tenths = (fact.recorded_at - *began_).count() / 100;
    auto seconds = std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
    seconds.insert(0, seconds.size() < 6 ? 6 - seconds.size() : 0, ' ');
    const auto link = console_of(fact);
    return seconds + " s  " + text + (link.empty() ? "" : "\n            " + link) + '\n';
  }
  std::string line_as_json(const campaigns::Fact& fact, const std::string& text) const {
    std::string line;
    campaigns::JsonObject object(line);
    object.member("event", "call")
        .member("at_utc", campaigns::rfc3339_utc(fact.recorded_at))
        .member("position", static_cast<std::int64_t>(fact.position))
        .member("type", type_of(fact.event))
        .member("text", text);
    if (const auto link = console_of(fact); !link.empty()) object.member("console", link);
    object.close();
    return line + '\n';
  }
  // Where Twilio shows it, when it has just been placed there.
  std::string console_of(const campaigns::Fact& fact) const {
    const bool placed = holds_alternative<campaigns::CallAccepted>(fact.event) ||
                        holds_alternative<campaigns::CallAdopted>(fact.event);
    return real_ && placed ? "https://console.twilio.com/us1/monitor/logs/calls/" + sid_ : "";
  }

  // Others of the log may be in a call.
  bool is_of_the_call(const campaigns::Fact& fact) const {
    using Kind = campaigns::Subject::Kind;
    if (const auto* left = get_if<campaigns::OptedOut>(&fact.event)) {
      const auto attempt = campaigns::AttemptId::parse(left->attempt);
      return attempt && attempt->campaign == campaign_;
    }
    const auto kind = fact.subject.kind;
    return (kind == Kind::campaign || kind == Kind::contact) && fact.subject.name == campaign_;
  }

  template <typename E>
  std::string tell(const E&) {
    return {};
  }
  std::string tell(const campaigns::CallRequested& e) {
    return "calling, from the number that ends in " + ending(e.caller_id);
  }
  std::string tell(const campaigns::CallAccepted& e) { return placed(e.sid); }
  std::string tell(const campaigns::CallAdopted& e) { return placed(e.sid); }
  std::string tell(const campaigns::CallRefused& e) {
    return "refused: HTTP " + std::to_string(e.http_status) +
           (e.code != 0 ? ", code " + std::to_string(e.code) +
                              ": https://www.twilio.com/docs/api/errors/" + std::to_string(e.code)
                        : "");
  }
  std::string tell(const campaigns::CallNotSent& e) { return "not sent: " + e.reason; }
  std::string tell(const campaigns::CallInDoubt& e) {
    return "in doubt, being looked for: " + e.reason;
  }
  std::string tell(const campaigns::CallNotPlaced&) { return "was never placed"; }
  std::string tell(const campaigns::CallInitiated&) { return "initiated"; }
  std::string tell(const campaigns::CallRinging&) { return "ringing"; }
  std::string tell(const campaigns::CallAnswered&) {
    answered_ = true;
    return "answered";
  }
  std::string tell(const campaigns::AnswererDetected& e) { return "answered by: " + e.answered_by; }
  std::string tell(const campaigns::PromptServed& e) {
    return "told: " + e.prompt + (e.question.empty() ? "" : " " + e.question) +
           (e.again.empty() ? "" : ", again after " + e.again);
  }
  std::string tell(const campaigns::AnswerGiven& e) {
    return "answer to " + e.question + " by " + e.source + (e.value.empty() ? "" : ": " + e.value);
  }
  std::string tell(const campaigns::AnswerInvalid& e) {
    return "answer to " + e.question + " by " + e.source + " that is none";
  }
  std::string tell(const campaigns::AnswerDeclined& e) {
    return "no answer to " + e.question + " by " + e.source + ": " + e.status;
  }
  std::string tell(const campaigns::PersonAsked& e) {
    return "asked by " + e.source + " at " + e.question + ": " + e.what;
  }
  std::string tell(const campaigns::NoInput& e) { return "no answer to " + e.question; }
  std::string tell(const campaigns::OptedOut&) {
    return "opted out: this number is called no more from this log";
  }
  std::string tell(const campaigns::ContactExcluded& e) { return "not called: " + e.evidence; }
  std::string tell(const campaigns::CallPostponed& e) { return "put off: " + e.evidence; }
  std::string tell(const campaigns::CampaignPaused& e) { return "stopped: " + e.reason; }
  std::string tell(const campaigns::CallEnded& e) {
    return "ended: " + e.status + ", after " + std::to_string(e.seconds) + " s" +
           (e.sip != 0 ? ", SIP " + std::to_string(e.sip) : "");
  }
  std::string tell(const campaigns::AttemptClosed& e) {
    outcome_ = campaigns::name_of(e.outcome);
    return "outcome: " + outcome_;
  }

  std::string placed(const std::string& sid) {
    sid_ = sid;
    return "placed as " + sid;
  }
  static std::string ending(const std::string& number) {
    return number.size() < 4 ? "" : number.substr(number.size() - 4);
  }

  bool real_;
  bool json_;
  std::string campaign_;
  bool answered_ = false;
  std::string sid_{};
  std::string outcome_{};
  std::optional<campaigns::Instant> began_{};
};

int call(CallOptions& options) {
  const auto number = campaigns::parse_phone_number(options.number, options.region);
  if (!number) {
    complain("the number cannot be read: write it with its country code, as +39…");
    return exit_bad_input;
  }
  if (options.campaign.empty() != options.contact.empty()) {
    complain("--campaign and --contact go together: whose call is it to be?");
    return exit_bad_input;
  }
  const auto rules = load_zone_rules();
  auto made = options.campaign.empty() ? message_to(options, number.value().e164)
                                       : as_somebody(options, rules, number.value().e164);
  if (!made) {
    complain_of(made.error());
    return exit_bad_input;
  }
  auto& submission = made.value();
  auto live = live_options(options);
  if (live.log.empty()) {
    live.log = default_log(live);
    live.new_log = true;
  }
  auto caller_ids = submission.file.campaign.caller_ids;
  if (caller_ids.empty()) caller_ids.push_back(live.caller_id);
  const bool real = live.carrier.kind == CarrierChoice::Kind::twilio;
  const campaigns::Instant begins = first_opening(submission.file.campaign, rules);
  if (const int code = look_at_settings_before_calling(live); code != exit_done) return code;
  std::optional<Live> opened;
  // Each call is a campaign of its own, and the only one that this run goes on with: the log may
  // be that of other people, too.
  auto& id = submission.file.campaign.id;
  const auto open = [&] {
    opened.emplace(live, begins);
    id += '-' + std::to_string(opened->state().book.campaigns.size() + 1);
    opened->runner().dial_only(id);
  };
  if (std::filesystem::exists(live.log)) open();
  if (const int code = look_before_calling(live, caller_ids, false, opened ? &*opened : nullptr);
      code != exit_done) {
    return code;
  }
  if (!opened) open();
  auto& program = *opened;
  let_go_at(submission, program.now() + call_waits_max);
  seal(submission);

  Story story(real, options.json, id);
  Progress progress(false);
  program.runner().on_notice([&](const Runner::Notice& notice) {
    if (options.json) return progress.say(notice.text);
    print("          " + notice.text + '\n');
  });
  program.runner().on_fact([&](const campaigns::Fact& fact) {
    auto line = story.line(fact);
    if (!line) return;
    program.runner().tell([text = std::move(*line)](bool durable) {
      if (durable) print(text);
    });
  });
  std::optional<campaigns::Refusal> refused;
  const auto give_up = [&program, campaign = id] {
    program.runner().note_command(campaigns::CancelCampaign{campaign, "given up by who made it"});
  };
  program.when_interrupted(give_up);
  program.finish_when([&program, campaign = id] {
    const auto index = program.state().book.find(campaign);
    if (!index) return false;
    const auto& entry = program.state().book.at(*index);
    const auto& people = program.state().queue.campaigns[*index];
    using Status = campaigns::CampaignStatus;
    if (entry.status == Status::paused && entry.paused_by_program) {
      return people.count(campaigns::Stage::calling) == 0;
    }
    return (entry.status == Status::completed || entry.status == Status::cancelled) &&
           people.open() == 0;
  });
  program.submit(std::move(submission), false, [&](std::optional<campaigns::Refusal> refusal) {
    refused = std::move(refusal);
    if (refused) return program.stop("refused");
    // There was nothing to give up yet.
    if (program.interrupted()) give_up();
  });
  program.run();
  if (refused) {
    complain(refused->text);
    return exit_bad_input;
  }
  if (options.json) print(story.end_as_json(program.interrupted()));
  return story.answered() ? exit_done : exit_not_well;
}

}  // namespace

void add_call(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<CallOptions>();
  auto* command = app.add_subcommand(
      "call", "Call a telephone of your own, to try the way or to hear what a person would hear");
  command->add_option("number", options->number, "The telephone number, as +39…")->required();
  command->add_option("--region", options->region,
                      "Country of a number that is written without +, as in --region IT");
  command->add_option("--say", options->say, "What to say instead of the test message");
  command->add_option("--campaign", options->campaign,
                      "Say what this campaign file says to the person named by --contact");
  command->add_option("--contact", options->contact, "An id of its list, or row:N");
  command->add_option("--log", options->log,
                      "The log (default: one for test calls, in your state directory)");
  add_live_arguments(*command, *options);
  command->callback([options, &chosen] { chosen = [options] { return call(*options); }; });
}

}  // namespace runner
