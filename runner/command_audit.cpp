#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bridge/carrier/twilio.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/tls/client_context.hpp"
#include "campaigns/audit.hpp"
#include "runner/carrier_calls.hpp"
#include "runner/commands.hpp"
#include "runner/live_arguments.hpp"
#include "runner/log_reading.hpp"
#include "runner/output.hpp"

// The log held against the carrier's own list.
namespace runner {

namespace {

struct AuditOptions : LiveArguments {
  std::string day{};
};

// What is needed to ask a carrier, and no more: no door, no log is opened for writing.
struct Asked {
  std::vector<campaigns::ListedCall> calls{};  // of the day
  std::vector<campaigns::ListedCall> later{};  // of the day after
  std::string why{};                           // not empty: the list is not whole
};

bridge::carrier::Twilio::Options access_to(const LiveOptions& live) {
  if (live.carrier.kind != CarrierChoice::Kind::remote_rehearsal) return carrier_options(live);
  const auto found = bridge::rehearsal::discover(live.carrier.host, live.carrier.port);
  bridge::carrier::Twilio::Options access;
  access.base_url = "http://" + live.carrier.host + ':' + std::to_string(live.carrier.port);
  access.account_sid = found.account_sid;
  access.password =
      found.auth_token.empty() ? live.environment.get("TWILIO_AUTH_TOKEN") : found.auth_token;
  return access;
}

Asked ask_carrier(const LiveOptions& live, const std::vector<std::string>& caller_ids,
                  std::chrono::sys_days day) {
  auto access = access_to(live);
  std::unique_ptr<bridge::tls::ClientContext> trusted;
  if (access.base_url.rfind("https://", 0) == 0) {
    bridge::tls::ClientContext::Options trust;
    if (!live.ca_file.empty()) trust.ca_file = live.ca_file;
    trusted = std::make_unique<bridge::tls::ClientContext>(trust);
    access.tls = trusted.get();
  }
  Asked asked;
  std::size_t due = 2 * caller_ids.size();
  if (due == 0) return asked;
  bridge::net::SystemClock clock;
  bridge::net::Loop loop(clock);
  {
    bridge::carrier::Twilio carrier(loop, std::move(access));
    for (const auto& id : caller_ids) {
      const auto list = [&](std::chrono::sys_days of, std::vector<campaigns::ListedCall>& to) {
        carrier.list_day(id, of, [&](const bridge::carrier::ListReply& reply) {
          if (!reply.ok) asked.why = reply.why;
          for (const auto& call : reply.calls) to.push_back(listed_call(call));
          if (--due == 0) loop.stop();
        });
      };
      list(day, asked.calls);
      list(day + std::chrono::days{1}, asked.later);
    }
    loop.run();
  }
  return asked;
}

int audit(const AuditOptions& options) {
  auto live = live_options(options);
  if (live.carrier.kind == CarrierChoice::Kind::rehearsal) {
    complain(
        "a rehearsal in its own process keeps no list when it is over: name the carrier with "
        "--carrier twilio or rehearsal@HOST:PORT");
    return exit_bad_input;
  }
  CheckedLog log(options.log);
  const auto identity = identity_of(log);
  const bool rehearsed = live.carrier.kind == CarrierChoice::Kind::remote_rehearsal;
  if (!identity || (identity->carrier == "rehearsal") != rehearsed ||
      (!rehearsed && identity->account != live.account_sid)) {
    complain(options.log + ": this is not the log of that carrier");
    return exit_cannot_go_on;
  }
  const auto last = campaigns::instant_from_ms(log.head().recorded_at);
  const auto state = fold_log(log, live.environment).state;
  auto day = std::chrono::floor<std::chrono::days>(last);
  if (!options.day.empty()) {
    const auto given = campaigns::parse_rfc3339(options.day + "T00:00:00Z");
    if (!given) {
      complain("--day: write it as 2026-12-25; the carrier's days are those of UTC");
      return exit_bad_input;
    }
    day = std::chrono::floor<std::chrono::days>(*given);
  }
  const campaigns::AuditPeriod period{day, day + std::chrono::days{1}};
  const auto asked = ask_carrier(live, campaigns::caller_ids_of(state, period), day);
  if (!asked.why.empty()) {
    complain("the carrier's list could not be read: " + asked.why);
    return exit_cannot_go_on;
  }
  const auto differences = campaigns::audit(state, period, asked.calls, asked.later);
  print_answer(options.json ? campaigns::audit_json(differences, asked.calls.size()) + '\n'
                            : campaigns::audit_text(differences, asked.calls.size()));
  return differences.empty() ? exit_done : exit_not_well;
}

}  // namespace

void add_audit(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<AuditOptions>();
  auto* command = app.add_subcommand(
      "audit", "Hold the log against the carrier's own list of calls; changes nothing");
  command->add_option("--log", options->log, "The log")->required();
  command->add_option("--day", options->day,
                      "A day of UTC, as 2026-12-25 (default: that of the log's last event)");
  command->add_option("--carrier", options->carrier, "twilio, or rehearsal@HOST:PORT");
  command->add_option("--env-file", options->env_file, "Settings as NAME=value (default .env)");
  command->add_option("--ca-file", options->ca_file,
                      "Authorities to trust, PEM (default: the system's)");
  command->add_flag("--json", options->json, "As JSON");
  command->callback([options, &chosen] {
    chosen = [options] { return reading([&] { return audit(*options); }); };
  });
}

}  // namespace runner
