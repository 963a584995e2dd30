#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include "bridge/net/loop.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/rehearsal/rehearsal_carrier.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/time.hpp"
#include "runner/commands.hpp"
#include "runner/listen_address.hpp"
#include "runner/live.hpp"
#include "runner/output.hpp"

namespace runner {

namespace {

struct RehearsalOptions {
  std::string listen{"127.0.0.1:0"};
  std::string account{};
  std::string token{};
  std::string api_key{};
  std::string numbers{};
  std::string verified{};
  std::string account_is{"active"};
  std::string countries{};
  std::string tls_certificate{};
  std::string tls_key{};
  std::string ca_file{};
  std::string webhooks_to{};
  std::uint16_t voice_port = 0;
  std::string voice_models{};
  std::string record{};
  std::uint64_t seed = 1;
  std::string start{};
  std::optional<double> speed{};
  double calls_per_second = 0;
  std::string people{};
  std::string faults{};
};

// When it begins unless it is told: a fixed Monday; with an account of somebody's own, whose
// programs live in the world's time, now.
constexpr const char* fixed_start = "2026-01-05T08:00:00Z";

using Account = bridge::rehearsal::CarrierOptions::Account;
const std::map<std::string, Account> account_kinds{{"active", Account::active},
                                                   {"trial", Account::trial},
                                                   {"suspended", Account::suspended},
                                                   {"closed", Account::closed}};

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

std::vector<std::string> names_in_list(const std::string& text) {
  std::istringstream all(text);
  std::vector<std::string> list;
  for (std::string each; std::getline(all, each, ',');) list.push_back(each);
  return list;
}

void take_credentials(const RehearsalOptions& options, bridge::rehearsal::CarrierOptions& carrier) {
  carrier.account_sid = options.account;
  carrier.auth_token = options.token.empty() ? from_environment("REHEARSAL_TOKEN") : options.token;
  carrier.api_key = options.api_key;
  carrier.api_secret = from_environment("REHEARSAL_API_SECRET");
  const auto is_sid = [](const std::string& text, const char* prefix) {
    return text.size() == 34 && text.starts_with(prefix) &&
           text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string::npos;
  };
  if (!carrier.account_sid.empty() && !is_sid(carrier.account_sid, "AC")) {
    throw CLI::ValidationError("--account", "is AC and 32 hexadecimal digits");
  }
  if (carrier.account_sid.empty() != carrier.auth_token.empty()) {
    throw CLI::ValidationError("--account",
                               "an account and its token go together: --account, and --token or "
                               "REHEARSAL_TOKEN in the environment");
  }
  if (!carrier.api_key.empty() && (!is_sid(carrier.api_key, "SK") || carrier.api_secret.empty())) {
    throw CLI::ValidationError("--api-key",
                               "is SK and 32 hexadecimal digits, and its secret comes in "
                               "REHEARSAL_API_SECRET");
  }
}

// What the account may do.
void take_account(const RehearsalOptions& options, bridge::rehearsal::CarrierOptions& carrier) {
  carrier.owned_numbers = names_in_list(options.numbers);
  carrier.verified_numbers = names_in_list(options.verified);
  for (const auto& number : carrier.verified_numbers) {
    if (!campaigns::is_e164(number)) {
      throw CLI::ValidationError("--verified", "is a list of numbers like +390612345678");
    }
  }
  carrier.account = account_kinds.at(options.account_is);
  for (const auto& iso : names_in_list(options.countries)) {
    if (!campaigns::is_phone_region(iso)) {
      throw CLI::ValidationError(
          "--countries", "is a list of countries with phone numbers, two capital letters each");
    }
    carrier.countries.push_back({iso, campaigns::calling_code_of(iso)});
  }
}

bridge::rehearsal::CarrierOptions carrier_options_of(const RehearsalOptions& options) {
  bridge::rehearsal::CarrierOptions carrier;
  std::tie(carrier.address, carrier.port) = read_listen(options.listen, "--listen");
  take_credentials(options, carrier);
  take_account(options, carrier);
  carrier.voice_models = names_in_list(options.voice_models);
  carrier.voice_key = from_environment("REHEARSAL_VOICE_KEY");
  carrier.tls_certificate = options.tls_certificate;
  carrier.tls_key = options.tls_key;
  carrier.ca_file = options.ca_file;
  if (!options.webhooks_to.empty()) {
    std::tie(carrier.webhook_address, carrier.webhook_port) = split_address(options.webhooks_to);
    if (!bridge::net::is_literal_address(carrier.webhook_address)) {
      throw CLI::ValidationError("--webhooks-to", "is an address, not a name: 127.0.0.1:8080");
    }
  }
  carrier.voice_port = options.voice_port;
  carrier.record_directory = options.record;
  if (!options.record.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.record, error);
    if (error) {
      throw CLI::ValidationError("--record", "cannot be made: " + error.message());
    }
  }
  carrier.seed = options.seed;
  const bool own_account = !options.account.empty();
  const auto start = campaigns::parse_rfc3339(options.start.empty() ? fixed_start : options.start);
  if (!start) throw CLI::ValidationError("--start", "is no moment like 2026-03-02T08:00:00Z");
  carrier.start = options.start.empty() && own_account ? bridge::net::SystemClock().now() : *start;
  carrier.speed = options.speed.value_or(own_account ? 1 : 0);
  carrier.calls_per_second = options.calls_per_second;
  carrier.tell_acknowledged = true;
  try {
    carrier.people = bridge::rehearsal::parse_people(options.people);
    carrier.faults = bridge::rehearsal::parse_faults(options.faults);
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("--people, --faults", error.what());
  }
  return carrier;
}

// One line, for people and programs. What was given is not repeated.
std::string listening_json(const bridge::rehearsal::RehearsalCarrier& carrier,
                           const bridge::rehearsal::CarrierOptions& given) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("event", "listening")
      .member("port", carrier.port())
      .member("voice_port", carrier.voice_port())
      .member("account_sid", carrier.account_sid());
  if (given.auth_token.empty()) object.member("auth_token", carrier.auth_token());
  object.member("api_key", carrier.options().api_key);
  if (given.api_secret.empty()) object.member("api_secret", carrier.options().api_secret);
  object
      .member("base_url", (given.tls_certificate.empty() ? "http://" : "https://") +
                              written_address(given.address, carrier.port()))
      .member("now", campaigns::rfc3339_utc(given.start));
  object.close();
  return text;
}

int rehearse(const RehearsalOptions& options) {
  namespace net = bridge::net;
  const auto carrier_options = carrier_options_of(options);
  signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<net::Clock> clock;
  if (carrier_options.speed > 0) {
    clock = std::make_unique<net::ScaledClock>(carrier_options.start, carrier_options.speed);
  } else {
    clock = std::make_unique<net::SteppedClock>(carrier_options.start);
  }
  net::Loop loop(*clock);
  std::unique_ptr<bridge::rehearsal::RehearsalCarrier> carrier;
  try {
    if (auto* stepped = dynamic_cast<net::SteppedClock*>(clock.get())) {
      carrier =
          std::make_unique<bridge::rehearsal::RehearsalCarrier>(loop, *stepped, carrier_options);
    } else {
      carrier = std::make_unique<bridge::rehearsal::RehearsalCarrier>(loop, carrier_options);
    }
  } catch (const std::system_error& error) {
    throw std::runtime_error("the carrier " +
                             cannot_listen(options.listen, "--listen", error.code()));
  }
  print(listening_json(*carrier, carrier_options) + '\n');
  loop.on_signal(SIGINT, [&] { loop.stop(); });
  loop.on_signal(SIGTERM, [&] { loop.stop(); });
  loop.run();
  carrier.reset();
  return exit_done;
}

}  // namespace

void add_rehearsal(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<RehearsalOptions>();
  auto* command = app.add_subcommand(
      "rehearsal", "A simulated carrier on its own, for any program that speaks Twilio's protocol");
  command->add_option("--listen", options->listen, "HOST:PORT (port 0: a free one)");
  command->add_option("--account", options->account,
                      "Its account, AC…, for programs that have one of their own; time then runs "
                      "as the world's does, unless --speed or --start say otherwise");
  command->add_option("--token", options->token,
                      "Its auth token. Every user of this machine can read a command line while "
                      "the program runs (ps), and shells remember it: for a token that opens "
                      "anything real, set REHEARSAL_TOKEN in the environment instead");
  command->add_option(
      "--api-key", options->api_key,
      "A Standard key of the account, SK…; its secret comes in REHEARSAL_API_SECRET");
  command->add_option("--numbers", options->numbers,
                      "The numbers that may call, with commas (default: all)");
  command->add_option("--verified", options->verified,
                      "Numbers that were verified, with commas: they may call as well, and are all "
                      "that a trial account may call");
  command
      ->add_option("--account-is", options->account_is,
                   "How the account stands: active, trial, suspended or closed")
      ->check(CLI::IsMember(account_kinds));
  command->add_option("--countries", options->countries,
                      "The countries that it may call, IT,DE (default: all); told apart by their "
                      "calling codes alone");
  auto* certificate = command->add_option("--tls-cert", options->tls_certificate,
                                          "Speak TLS with this certificate chain, PEM");
  auto* key = command->add_option("--tls-key", options->tls_key, "Its key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  command->add_option("--ca-file", options->ca_file,
                      "Authorities to trust for webhooks with https URLs, PEM (default: the "
                      "system's)");
  command->add_option("--webhooks-to", options->webhooks_to,
                      "ADDRESS:PORT that webhooks go to, whatever their URL's host; for a program "
                      "whose public name leads elsewhere");
  command->add_option("--voice-port", options->voice_port,
                      "Where its voice model listens, at the same address (default: a free port)");
  command->add_option(
      "--voice-models", options->voice_models,
      "The models that there are, with commas (default: all); the key that it takes "
      "comes in REHEARSAL_VOICE_KEY (default: any)");
  command->add_option("--record", options->record,
                      "A folder for what both sides of each talk with an agent heard, as WAV; made "
                      "where it is not there");
  command->add_option("--seed", options->seed, "The same seed: the same people")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53));
  command->add_option("--start", options->start, "Its time when it starts (RFC 3339)");
  command->add_option("--speed", options->speed,
                      "Multiple of real time; programs without a clock connection need it");
  command->add_option("--calls-per-second", options->calls_per_second,
                      "At which its queue lets calls out; 0: no limit");
  command->add_option("--people", options->people, "human=700,busy=50,…");
  command->add_option("--faults", options->faults, "callback_lost=300,…: see below");
  command->footer("Faults, in a thousand:\n" + bridge::rehearsal::faults_help());
  command->callback([options, &chosen] { chosen = [options] { return rehearse(*options); }; });
}

}  // namespace runner
