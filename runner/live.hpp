#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bridge/carrier/twilio.hpp"
#include "bridge/http/server.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/faults.hpp"
#include "bridge/rehearsal/people.hpp"
#include "campaigns/zone_rules.hpp"
#include "runner/addition.hpp"
#include "runner/alerts.hpp"
#include "runner/control_access.hpp"
#include "runner/enrolment.hpp"
#include "runner/environment.hpp"
#include "runner/runner.hpp"
#include "runner/submission.hpp"
#include "webhook/door.hpp"

namespace runner {

// Which phones ring. Nobody's unless it says `twilio`.
struct CarrierChoice {
  enum class Kind : std::uint8_t { rehearsal, remote_rehearsal, twilio };
  Kind kind = Kind::rehearsal;
  std::string host{};
  std::uint16_t port = 0;
  // "rehearsal", "rehearsal@HOST:PORT", "twilio"; nothing for anything else.
  static std::optional<CarrierChoice> parse(const std::string& text);
};

struct LiveOptions {
  std::filesystem::path log{};
  bool new_log = false;  // a real carrier does not begin a log without being told
  CarrierChoice carrier{};
  // Of a rehearsal in this process.
  std::optional<std::uint64_t> seed{};  // default 1; of a log that exists: the log's
  std::optional<campaigns::Instant> start{};
  double speed = 0;  // 0: time jumps
  bridge::rehearsal::People people{};
  bridge::rehearsal::Faults faults{};
  // Of the public door: certificate chain and key, PEM. Empty: plain HTTP, behind a proxy or
  // tunnel.
  std::string tls_certificate{};
  std::string tls_key{};
  std::string ca_file{};  // authorities to trust, PEM; empty: the system's
  std::string listen{};   // HOST:PORT; empty: 0.0.0.0:8080, in rehearsal a free port of 127.0.0.1
  // Asked once a minute while all is well (heartbeat.hpp), where time does not jump; empty: nobody.
  std::string heartbeat_url{};
  // Who is told of what stops calls, and who of people's outcomes (courier.hpp), where time does
  // not jump; empty: nobody. The secret signs both.
  std::string alerts_url{};
  std::string outcomes_url{};
  std::string alerts_secret{};
  std::set<AlertKind> alert_kinds{};
  // The control interface over TCP of this machine as well; nothing: over its Unix socket alone.
  std::optional<ControlTcp> control{};
  bool trace = false;  // what goes over the wires is kept beside the log (wire_log.hpp), and told
  std::uint32_t calls_per_second_thousandths = 1000;
  std::optional<std::uint64_t> new_people_max{};
  webhook::DoorOptions::Message message{};  // for calls that somebody else's code placed
  // And the agent for those that ask for it; none: they hear the message.
  std::shared_ptr<const campaigns::Campaign> agent{};
  // Loops of media streams; nothing: by the processor's cores. 0 where time jumps.
  std::optional<std::size_t> media_threads{};
  std::size_t streams_max = 2'000;
  // From the environment.
  Environment environment{};  // where the master key may be
  std::string account_sid{};
  std::vector<std::string> auth_tokens{};
  std::string api_key{};
  std::string api_secret{};
  std::string caller_id{};
  std::string server_url{};
  std::string twilio_base_url{"https://api.twilio.com"};
  std::string fallback_url{};  // absolute; a page on another host than ours, or empty
  std::string twilio_edge{};
  std::string twilio_region{};
  // The voice model's. In a rehearsal they are the rehearsal's own.
  std::string openai_api_key{};
  std::string openai_base_url{"https://api.openai.com/v1"};
  Runner::Options::Voice voice{};
};

// The program while it runs: the loop, the log, the carrier's wire, the public door and the control
// socket, around one Runner. Everything but the log's and the output's writers, a rehearsal carrier
// in this process and the check of a submitted list happens on the thread that calls `run`.
class Live {
 public:
  // Why a run that came to its end stopped, as RunnerStopped tells it.
  static constexpr const char* finished = "finished";

  // Opens everything, but on a real carrier not the door. `first_opening` gives the instant at
  // which a new rehearsal begins. Throws LogFailed and its kinds, std::runtime_error and
  // std::system_error with what to do.
  Live(LiveOptions options, campaigns::Instant rehearsal_begins);
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  // So that the carrier reaches us; `run` does it where nobody has. Throws as the constructor does.
  void open_door();
  // Answers the door as `run` does, and calls nobody, while `ask` asks around on the program's
  // loop: calls of the run before go on meanwhile. `ask` is given what to call once, with whether
  // the run may go on; returns then, or after a signal's stop. `run` ends at once after a stop.
  void answer_while(
      const std::function<void(bridge::net::Loop& loop, std::function<void(bool well)>)>& ask);
  // Somebody of our own who comes to the door, to try it. Answers what is his; nothing for what is
  // anybody else's.
  using Visitor =
      std::function<std::optional<bridge::http::Response>(const bridge::http::Request&)>;
  void let_visit(Visitor visitor);
  // Enrols a checked campaign, whose list is opened here and now: before `run`. `done` is called
  // when it is durable, or refused.
  void submit(Submission submission, bool accept_change, Enrolment::Done done);
  // Reads and checks a campaign file on a thread of its own, then enrols it. `done` is called with
  // what was found in its list, without rows where that was looked at before.
  void check_and_submit(std::filesystem::path file, SubmissionOverrides overrides,
                        bool accept_change,
                        std::function<void(campaigns::Result<campaigns::Preflight>)> done);

  // Reads a list on a thread of its own and adds its people to a campaign. `done` is called when
  // they are durable, or with what stands against it.
  void add_contacts(std::string campaign, AdditionOrder order,
                    std::function<void(campaigns::Result<AdditionReport>)> done);
  // By which the log knows a number, in E.164.
  campaigns::NumberKey number_key(const std::string& number) const;
  // Of a campaign, or of all, no list that is being checked, enrolled or added gets any further.
  // Whoever brought it is told that it was cancelled.
  void drop_lists(const std::optional<std::string>& campaign);
  // Compares a campaign file with what the campaign is and tells what would move, as JSON
  // (editing.hpp); with `accept`, when the change is durable.
  void edit(const std::string& campaign, const std::filesystem::path& file, bool accept,
            std::function<void(campaigns::Result<std::string>)> done);

  // Called once a turn when nothing is held: true ends the run, once no call is up.
  void finish_when(std::function<bool()> over);
  // Called when a signal first asks for the end.
  void when_interrupted(std::function<void()> act);
  // Runs until it is over, stopped by a signal, or the log fails (throws LogFailed). Ctrl-C and
  // SIGTERM: no new dials, live calls end first; a second time: at once, the next start takes over.
  // Where the disk is full and no call is up, or a second time, nothing is waited for: LogFailed.
  void run();
  // True when a signal ended the run.
  bool interrupted() const;
  void stop(const std::string& reason);

  Runner& runner();
  const campaigns::State& state() const;
  campaigns::Instant now() const;
  const campaigns::ZoneRules& rules() const;
  std::uint16_t door_port() const;     // of one that is open
  std::uint16_t control_port() const;  // 0: the control interface is not there over TCP
  // For whoever watches the program: what stands in the way of calls, and Prometheus' page.
  std::vector<NotReady> reasons_not_ready() const;
  std::string metrics_text() const;
  bool resumed() const;  // the log existed
  bool jumps() const;    // time does, so that nobody outside of it can come in between

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// How Twilio is asked, with whose credentials; without whom to trust.
bridge::carrier::Twilio::Options carrier_options(const LiveOptions& options);

// How many loops media streams have where time does not jump.
std::size_t media_loops(const LiveOptions& options);

// Where a voice model is: "https://api.openai.com/v1" and the like. Throws std::invalid_argument
// for what is no such address.
struct VoiceAddress {
  std::string host{};
  std::uint16_t port = 443;
  bool secured = true;
  std::string path{};  // of its WebSocket
};
VoiceAddress read_voice_address(std::string_view base_url);

// Why no agent could talk on a real carrier: no key, or no model; nothing: it could.
std::optional<std::string> reason_not_to_talk(const LiveOptions& options, const std::string& model);

// "HOST:PORT". Throws std::invalid_argument for anything else.
std::pair<std::string, std::uint16_t> split_address(const std::string& text);

// The socket that the running program listens on for commands, beside its log.
std::filesystem::path control_socket_of(const std::filesystem::path& log);

// When a rehearsal of this campaign begins unless it is told: its first opening after Monday,
// 5 January 2026.
campaigns::Instant first_opening(const campaigns::Campaign& campaign,
                                 const campaigns::ZoneRules& rules);

}  // namespace runner
