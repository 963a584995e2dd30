#include <signal.h>

#include <memory>
#include <tuple>

#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/rehearsal_carrier.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/time.hpp"
#include "runner/commands.hpp"
#include "runner/live.hpp"
#include "runner/output.hpp"

namespace runner {

namespace {

struct Options {
  std::string listen{"127.0.0.1:0"};
  std::uint64_t seed = 1;
  std::string start{"2026-01-05T08:00:00Z"};
  double speed = 0;
  double calls_per_second = 0;
  std::string people{};
  std::string faults{};
};

int rehearse(const Options& options) {
  namespace net = bridge::net;
  bridge::rehearsal::CarrierOptions carrier_options;
  std::tie(carrier_options.address, carrier_options.port) = split_address(options.listen);
  carrier_options.seed = options.seed;
  const auto start = campaigns::parse_rfc3339(options.start);
  if (!start) throw CLI::ValidationError("--start", "is no moment like 2026-03-02T08:00:00Z");
  carrier_options.speed = options.speed;
  carrier_options.calls_per_second = options.calls_per_second;
  carrier_options.tell_acknowledged = true;
  try {
    carrier_options.people = bridge::rehearsal::parse_people(options.people);
    carrier_options.faults = bridge::rehearsal::parse_faults(options.faults);
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("--people, --faults", error.what());
  }
  signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<net::Clock> clock;
  if (options.speed > 0) {
    clock = std::make_unique<net::ScaledClock>(*start, options.speed);
  } else {
    clock = std::make_unique<net::SteppedClock>(*start);
  }
  net::Loop loop(*clock);
  std::unique_ptr<bridge::rehearsal::RehearsalCarrier> carrier;
  if (auto* stepped = dynamic_cast<net::SteppedClock*>(clock.get())) {
    carrier =
        std::make_unique<bridge::rehearsal::RehearsalCarrier>(loop, *stepped, carrier_options);
  } else {
    carrier = std::make_unique<bridge::rehearsal::RehearsalCarrier>(loop, carrier_options);
  }
  std::string text;
  campaigns::JsonObject object(text);
  object.member("event", "listening")
      .member("port", carrier->port())
      .member("account_sid", carrier->account_sid())
      .member("auth_token", carrier->auth_token())
      .member("base_url",
              "http://" + carrier_options.address + ':' + std::to_string(carrier->port()))
      .member("now", campaigns::rfc3339_utc(*start));
  object.close();
  print(text + '\n');
  loop.on_signal(SIGINT, [&] { loop.stop(); });
  loop.on_signal(SIGTERM, [&] { loop.stop(); });
  loop.run();
  carrier.reset();
  return exit_done;
}

}  // namespace

void add_rehearsal(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "rehearsal", "A simulated carrier on its own, for any program that speaks Twilio's protocol");
  command->add_option("--listen", options->listen, "HOST:PORT (port 0: a free one)");
  command->add_option("--seed", options->seed, "The same seed: the same people")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53));
  command->add_option("--start", options->start, "Its time when it starts (RFC 3339)");
  command->add_option("--speed", options->speed,
                      "Multiple of real time; programs without a clock connection need it");
  command->add_option("--calls-per-second", options->calls_per_second,
                      "At which its queue lets calls out; 0: no limit");
  command->add_option("--people", options->people, "human=700,busy=50,…");
  command->add_option("--faults", options->faults, "callback_lost=300,…");
  command->callback([options, &chosen] { chosen = [options] { return rehearse(*options); }; });
}

}  // namespace runner
