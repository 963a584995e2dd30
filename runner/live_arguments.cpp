#include "runner/live_arguments.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/preflight.hpp"
#include "runner/environment.hpp"
#include "runner/listen_address.hpp"
#include "runner/outward_url.hpp"

namespace runner {

void add_live_arguments(CLI::App& command, LiveArguments& arguments) {
  command.add_option("--carrier", arguments.carrier,
                     "rehearsal (default; nobody's telephone rings), rehearsal@HOST:PORT, twilio");
  command.add_flag("--new-log", arguments.new_log, "Begin a log on a real carrier");
  command.add_option("--env-file", arguments.env_file, "Settings as NAME=value (default .env)");
  command.add_option("--listen", arguments.listen, "HOST:PORT of the public door");
  auto* certificate = command.add_option("--tls-cert", arguments.tls_certificate,
                                         "Certificate chain of the public door, PEM");
  auto* key = command.add_option("--tls-key", arguments.tls_key, "Its key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  command.add_option("--ca-file", arguments.ca_file,
                     "Authorities to trust, PEM (default: the system's)");
  command
      .add_option("--calls-per-second", arguments.calls_per_second, "Of the account (default 1)")
      ->check(CLI::Range(0.01, 1000.0));
  command.add_option("--heartbeat", arguments.heartbeat,
                     "URL to ask each minute while all is well (or HEARTBEAT_URL)");
  command.add_option("--alerts", arguments.alerts,
                     "Which alerts ALERTS_URL is told, call_held,disk_full,… (default: all)");
  command.add_option("--seed", arguments.seed, "Of a rehearsal (default 1)")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53));
  command.add_option("--start", arguments.start, "When a rehearsal begins (RFC 3339)");
  command
      .add_option("--speed", arguments.speed,
                  "Rehearse at this multiple of real time; without it time jumps")
      ->check(CLI::Range(0.001, 100000.0));
  command.add_option("--people", arguments.people, "Of a rehearsal: human=700,busy=50,…");
  command.add_option("--faults", arguments.faults, "Of a rehearsal: callback_lost=300,…");
  command.add_option("--message", arguments.message, "Told to calls that other programs placed");
  command.add_option("--message-language", arguments.message_language, "Its language");
  command.add_option("--message-voice", arguments.message_voice, "Its voice");
  command.add_option("--agent", arguments.agent,
                     "Campaign file in mode agent, for calls of other programs that ask for one");
  command.add_option("--model", arguments.model, "Voice model (or OPENAI_REALTIME_MODEL)");
  command.add_option("--voice", arguments.voice, "Its voice (or OPENAI_REALTIME_VOICE)");
  command.add_option("--transcription", arguments.transcription,
                     "Model that writes down what people say (or OPENAI_TRANSCRIPTION_MODEL)");
  command
      .add_option("--opening-max", arguments.opening_max,
                  "Milliseconds until a model that has not begun to speak has failed (default "
                  "1500)")
      ->check(CLI::Range(100, 60'000));
  command
      .add_option("--answer-max", arguments.answer_max,
                  "The same of one that owes an answer (default 1500)")
      ->check(CLI::Range(100, 60'000));
  command
      .add_option("--media-threads", arguments.media_threads,
                  "Loops for media streams (default: half the cores)")
      ->check(CLI::Range(std::size_t{1}, std::size_t{64}));
  command.add_flag("--trace", arguments.trace,
                   "Keep what goes over the wires beside the log, masked, and print it");
  command.add_flag("--json", arguments.json, "Tell how it goes in JSON, a line each");
}

namespace {

// The agent of other people's calls. Its campaign has no list and asks nothing: nobody is known,
// and there is no case that an answer would belong to.
std::shared_ptr<const campaigns::Campaign> read_agent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CLI::ValidationError("--agent", path + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  auto read = campaigns::parse_campaign_file(text.str());
  if (!read) {
    const auto& first = read.error().front();
    throw CLI::ValidationError("--agent", path + ": " + first.where + ": " + first.what);
  }
  auto& campaign = read.value().campaign;
  auto problems = std::move(read.value().barred);
  if (problems.empty()) problems = campaigns::problems_of_transfers(campaign);
  if (!problems.empty()) {
    const auto& first = problems.front();
    throw CLI::ValidationError("--agent", path + ": " + first.where + ": " + first.what);
  }
  if (campaign.mode != campaigns::Mode::agent) {
    throw CLI::ValidationError("--agent", path + ": is a campaign of mode simple");
  }
  if (!campaign.questions.empty() || !campaigns::template_uses(campaign).empty()) {
    throw CLI::ValidationError(
        "--agent", path +
                       ": calls of other programs belong to no list: give it neither questions "
                       "nor columns");
  }
  return std::make_shared<const campaigns::Campaign>(std::move(campaign));
}

void read_voice(const LiveArguments& arguments, const Environment& environment, LiveOptions& live) {
  const auto either = [&](const std::string& given, const char* name) {
    return given.empty() ? environment.get(name) : given;
  };
  live.media_threads = arguments.media_threads;
  live.voice.model = either(arguments.model, "OPENAI_REALTIME_MODEL");
  live.voice.voice = either(arguments.voice, "OPENAI_REALTIME_VOICE");
  live.voice.transcription = either(arguments.transcription, "OPENAI_TRANSCRIPTION_MODEL");
  if (arguments.opening_max) {
    live.voice.opening_max = std::chrono::milliseconds{*arguments.opening_max};
  }
  if (arguments.answer_max) {
    live.voice.answer_max = std::chrono::milliseconds{*arguments.answer_max};
  }
  live.openai_api_key = environment.get("OPENAI_API_KEY");
  if (const auto base = environment.get("OPENAI_BASE_URL"); !base.empty()) {
    live.openai_base_url = base;
  }
  try {
    static_cast<void>(read_voice_address(live.openai_base_url));
  } catch (const std::invalid_argument&) {
    throw CLI::ValidationError("OPENAI_BASE_URL",
                               "is no address like https://host/v1, without blanks and #");
  }
  if (!arguments.agent.empty()) live.agent = read_agent(arguments.agent);
  if (live.carrier.kind != CarrierChoice::Kind::twilio) {
    // The rehearsal's model takes any name.
    if (live.voice.model.empty()) live.voice.model = "rehearsal";
    if (live.voice.transcription.empty()) live.voice.transcription = "rehearsal";
  } else if (live.agent) {
    if (const auto why = reason_not_to_talk(live, live.agent->agent.model)) {
      throw CLI::ValidationError("--agent", *why);
    }
  }
}

}  // namespace

LiveOptions live_options(const LiveArguments& arguments) {
  const auto environment = Environment::read(arguments.env_file);
  LiveOptions live;
  live.log = arguments.log;
  live.environment = environment;
  live.new_log = arguments.new_log;
  const auto carrier = CarrierChoice::parse(arguments.carrier);
  if (!carrier) {
    throw CLI::ValidationError("--carrier", "is one of rehearsal, rehearsal@HOST:PORT, twilio");
  }
  live.carrier = *carrier;
  live.seed = arguments.seed;
  if (!arguments.start.empty()) {
    live.start = campaigns::parse_rfc3339(arguments.start);
    if (!live.start)
      throw CLI::ValidationError("--start", "is no moment like 2026-03-02T08:00:00Z");
  }
  live.speed = arguments.speed;
  try {
    live.people = bridge::rehearsal::parse_people(arguments.people);
    live.faults = bridge::rehearsal::parse_faults(arguments.faults);
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("--people, --faults", error.what());
  }
  live.heartbeat_url =
      arguments.heartbeat.empty() ? environment.get("HEARTBEAT_URL") : arguments.heartbeat;
  live.alerts_url = environment.get("ALERTS_URL");
  live.outcomes_url = environment.get("OUTCOMES_URL");
  live.alerts_secret = environment.get("ALERTS_SECRET");
  for (const auto& [url, setting] :
       {std::pair{&live.heartbeat_url, "--heartbeat (HEARTBEAT_URL)"},
        std::pair{&live.alerts_url, "ALERTS_URL"}, std::pair{&live.outcomes_url, "OUTCOMES_URL"}}) {
    if (!url->empty()) static_cast<void>(read_outward_url(*url, setting));  // before a log is made
  }
  try {
    live.alert_kinds = read_alert_kinds(arguments.alerts);
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("--alerts", error.what());
  }
  live.trace = arguments.trace;
  live.listen = arguments.listen;
  live.tls_certificate = arguments.tls_certificate;
  live.tls_key = arguments.tls_key;
  live.ca_file = arguments.ca_file;
  if (!live.listen.empty()) {
    static_cast<void>(read_listen(live.listen, "--listen"));  // before a log is made
  }
  live.calls_per_second_thousandths = static_cast<std::uint32_t>(arguments.calls_per_second * 1000);
  live.new_people_max = arguments.limit;
  live.message = {arguments.message, arguments.message_language, arguments.message_voice};
  live.caller_id = environment.get("TRANSFER_NUMBER_MAIN");
  read_voice(arguments, environment, live);
  if (live.carrier.kind == CarrierChoice::Kind::twilio) {
    live.account_sid = environment.get("TWILIO_ACCOUNT_SID");
    const auto token = environment.get("TWILIO_AUTH_TOKEN");
    if (live.account_sid.empty() || token.empty()) {
      throw CLI::ValidationError("--carrier twilio",
                                 "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN must be set in the "
                                 "environment, in .env or in --env-file");
    }
    live.auth_tokens = {token};
    const auto secondary = environment.get("TWILIO_AUTH_TOKEN_SECONDARY");
    if (!secondary.empty()) live.auth_tokens.push_back(secondary);
    live.fallback_url = environment.get("FALLBACK_URL");
    if (!live.fallback_url.empty()) {
      static_cast<void>(read_outward_url(live.fallback_url, "FALLBACK_URL"));
    }
    live.api_key = environment.get("TWILIO_API_KEY");
    live.api_secret = environment.get("TWILIO_API_SECRET");
    live.server_url = environment.get("SERVER_URL");
    const auto base = environment.get("TWILIO_BASE_URL");
    if (!base.empty()) live.twilio_base_url = base;
    try {
      static_cast<void>(bridge::carrier::read_base_url(live.twilio_base_url));
    } catch (const std::invalid_argument&) {
      throw CLI::ValidationError("TWILIO_BASE_URL",
                                 "is no address like https://host or http://host:port");
    }
    live.twilio_edge = environment.get("TWILIO_EDGE");
    live.twilio_region = environment.get("TWILIO_REGION");
    // Before a log is made.
    static_cast<void>(
        bridge::carrier::regional_host("api.twilio.com", live.twilio_edge, live.twilio_region));
  }
  return live;
}

}  // namespace runner
