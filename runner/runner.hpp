#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "bridge/carrier/carrier.hpp"
#include "bridge/http/message.hpp"
#include "bridge/net/clock.hpp"
#include "campaigns/commands.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"
#include "eventstore/event_store.hpp"
#include "runner/gate.hpp"
#include "runner/log_keys.hpp"
#include "runner/metrics.hpp"
#include "runner/post_pace.hpp"
#include "runner/streams.hpp"
#include "runner/sweeper.hpp"
#include "webhook/door.hpp"

namespace runner {

// The whole program between two sleeps of the event loop. It holds no handle and reads no clock but
// the one it was given, so a test can be the event loop.
//
// Notes are taken at any time; `tick` does the work:
//   take notes ─► decide ─► evolve ─► plan ─► append one batch ─► release what is durable
// An outward act (an answer, a dial, a question to the carrier) waits at the gate until everything
// it was computed from is durable. If the log fails, `tick` throws LogFailed: nothing more may
// leave.
class Runner {
 public:
  struct Options {
    std::uint64_t seed = 0;
    // When the log's last event was recorded: time does not go back in a log, whatever happened to
    // the system's clock between two runs.
    bridge::net::Instant not_before{};
    // How many notes one tick takes, so that the log gets its batch.
    std::size_t notes_max = 1024;
    // Beyond, planning goes on in the next tick.
    std::size_t batch_events_max = 4096;
    // Requests that wait to be looked at; beyond: 503. What the program itself notes does not
    // count.
    std::size_t inbox_max = 10'000;
    // Events that wait for the disk; beyond: no new dials, and requests are answered 503.
    std::size_t waiting_events_max = 20'000;
    // How long a request waits for the log before it is given an apology.
    std::chrono::seconds reply_time_max{12};
    std::optional<std::uint64_t> new_people_max{};  // of this run; nothing: no limit
    // A page that the carrier asks for when our door is shut; empty: the door's own, which is shut
    // with it.
    std::string fallback_url{};
    std::string account_sid{};  // whose media streams are let in
    // What an agent has whose campaign does not say.
    struct Voice {
      std::string model{};
      std::string voice{};
      std::string transcription{};
      // Of silence that it owes, until it has failed.
      std::chrono::milliseconds opening_max = bridge::media::Bounds{}.opening_max;
      std::chrono::milliseconds answer_max = bridge::media::Bounds{}.answer_max;
    };
    Voice voice{};
    // How long a request that hangs on how a media stream ended waits for that.
    std::chrono::seconds stream_end_time_max{3};
    // Webhooks whose ids are remembered, to see that the carrier had to deliver one again.
    std::size_t deliveries_max = 4096;
  };
  // What an operator would want to see happen, without personal data.
  struct Notice {
    std::string text{};
  };

  // All but `state` must outlive the runner. `state` is the fold of what is in `log`.
  Runner(eventstore::EventStore& log, bridge::carrier::Carrier& carrier,
         const bridge::net::Clock& clock, const campaigns::ZoneRules& rules, const LogKeys& keys,
         webhook::DoorOptions door, campaigns::State state, Options options);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // --- notes ---
  // A request of the public door. `reply` is called once, when the answer may leave.
  void note_request(bridge::http::Request request,
                    std::function<void(bridge::http::Response)> reply);
  // A command of an operator or of the program. `done` is called once, with the refusal or, when
  // all that follows from the command is durable, without one.
  void note_command(campaigns::Command command,
                    std::function<void(std::optional<campaigns::Refusal>)> done = {});

  // What media streams tell. `use_streams` before the first of it; the streams outlive the runner,
  // or are silent once they do not.
  bridge::media::Events stream_events();
  void use_streams(Streams* streams) { streams_ = streams; }

  // What tells somebody of the state as it is now: `act` is called once all of it is durable, with
  // true. While the log waits for space it is called at once, with false.
  void tell(std::function<void(bool durable)> act);

  // Counts what happens from here on; outlives the runner. None: nobody counts.
  void use_metrics(Metrics* metrics) { metrics_ = metrics; }

  void tick();

  // No new dials from here on; what is under way goes on.
  void stop_dialling() { stopping_ = true; }
  bool stopping() const { return stopping_; }
  // The same until it is taken back; whoever takes it back calls `tick` soon.
  void hold_dialling(bool hold) { holding_ = hold; }
  // The same beside it while the carrier would not find our door, and why; empty: it would.
  void shut_door(std::string why) { door_shut_ = std::move(why); }
  const std::string& door_shut() const { return door_shut_; }
  // From here on nobody of any other campaign is dialled, nor is anything else made of those.
  void dial_only(std::string campaign) { dials_only_ = std::move(campaign); }
  // A call of ours, or a talk with somebody whom somebody else's code called.
  bool calls_under_way() const;
  // The carrier's list is being held against the log, or is about to be: not the moment to end.
  bool sweeping() const { return sweeper_.busy(); }

  // Nothing is noted, held at the gate or waiting for the disk. Calls may be under way.
  bool idle() const;
  // When `tick` should be called if nothing is noted before; nothing: no need.
  std::optional<bridge::net::Instant> next_wakeup() const;

  const campaigns::State& state() const { return state_; }
  const webhook::Door& door() const { return door_; }
  std::size_t held() const { return gate_.held(); }
  // The log waits for space on its disk: nobody is dialled until there is some.
  bool disk_full() const { return log_.disk_full(); }
  eventstore::Position durable_position() const { return log_.last() - log_.waiting(); }
  // For whoever watches the program; without what only the disk and the system know.
  Vitals vitals() const;
  bool limit_reached() const;

  // Called for each fact as it is folded: progress for people, alerts. Any number of times.
  void on_fact(std::function<void(const campaigns::Fact&)> f) { on_fact_.push_back(std::move(f)); }
  // Tells the operator something, without personal data.
  void notice(std::string text) const;
  void on_notice(std::function<void(const Notice&)> f) { on_notice_ = std::move(f); }
  // That the public door let somebody not in.
  void tell_refused(const webhook::TurnedAway& turned_away);

 private:
  struct RequestNote {
    bridge::http::Request request{};
    std::function<void(bridge::http::Response)> reply{};
  };
  struct CommandNote {
    campaigns::Command command{};
    std::function<void(std::optional<campaigns::Refusal>)> done{};
  };
  struct KeyOfStream {
    bridge::media::StreamId stream = 0;
    char key = '\0';
  };
  struct StreamNote {
    std::variant<bridge::media::Started, bridge::media::Said, bridge::media::ToolAsked, KeyOfStream,
                 bridge::media::Closed>
        told{};
  };
  using Note = std::variant<RequestNote, CommandNote, StreamNote>;

  void take(StreamNote note);
  void take_from_stream(const bridge::media::Started& started);
  void take_from_stream(bridge::media::Said said);
  void take_from_stream(bridge::media::ToolAsked asked);
  void take_from_stream(KeyOfStream key);
  void take_from_stream(const bridge::media::Closed& closed);
  bool waits_for_stream(const webhook::Inbound& inbound, RequestNote& note);
  void give_up_waiting_for_streams();
  void end_stream_of(const std::string& sid, bridge::media::Why why);
  void follow_stream(const campaigns::Fact& fact);
  void take(RequestNote note);
  void take(CommandNote note);
  std::optional<campaigns::Refusal> decide_and_fold(const campaigns::Command& command);
  void fold(campaigns::Facts facts);
  void tell_what_may_be_told();
  void follow(const campaigns::Fact& fact);  // the orders that a fact gives rise to
  void break_off(const campaigns::Fact& fact, const campaigns::PromptServed& served);
  void plan_all();
  void ask_carrier();
  void look_up(const campaigns::Lookup& lookup);
  // A call is over, and its record is to tell how long it was.
  void look_up_end(const campaigns::StatusReported& told);
  void note_fetched(const campaigns::AttemptId& attempt, const bridge::carrier::FetchReply& reply);
  void take_back(const campaigns::Ending& ending);
  std::int64_t account_rate() const;  // thousandths of a call per second
  bool open_to_calls(const campaigns::AttemptId& attempt, bridge::net::Instant now) const;
  std::string reason_not_to_send(const campaigns::AttemptId& attempt) const;
  std::size_t unsent_orders() const;
  void send_orders();
  void place(const campaigns::AttemptId& attempt);
  campaigns::Moment moment() const;
  // The day and the time on somebody's clock, for an agent; empty: it is not known.
  std::string clock_words_for(campaigns::ContactRef contact, campaigns::Instant at) const;
  // Writes down what the time that an ask_callback names, on the person's clock, comes to.
  void name_callback(campaigns::ToolAsked& command, campaigns::ContactRef contact,
                     campaigns::Instant local) const;
  // The zone of somebody's clock.
  const std::string& zone_of(campaigns::ContactRef contact) const;
  campaigns::PlanLimits plan_limits() const;
  void apologise();
  std::chrono::milliseconds clock_behind() const;  // the log's last event
  void watch_clock();
  void note_delivery(const std::string& delivery);

  eventstore::EventStore& log_;
  bridge::carrier::Carrier& carrier_;
  const bridge::net::Clock& clock_;
  const campaigns::ZoneRules& rules_;
  const LogKeys& keys_;
  campaigns::State state_;
  Options options_;
  bridge::net::Instant now_;  // of the tick
  webhook::Door door_;
  Gate gate_{};
  std::deque<Note> inbox_{};
  std::size_t requests_ = 0;  // of these
  std::vector<eventstore::NewEvent> batch_{};
  // Answers that wait at the gate, and what is said instead when one waits too long.
  struct WaitingReply {
    bridge::net::Instant until{};
    std::function<void(bridge::http::Response)> reply{};  // none: it was given
    bridge::http::Response apology{};
  };
  std::deque<std::shared_ptr<WaitingReply>> waiting_replies_{};
  // Media streams that were let in, and the requests that wait for the end of one.
  struct Talk {
    std::string sid{};  // of the call
    std::string stream_sid{};
  };
  struct WaitingForStream {
    std::string sid{};
    bridge::net::Instant until{};
    RequestNote note{};
  };
  Metrics* metrics_ = nullptr;
  std::optional<eventstore::Position> started_at_{};  // this run's RunnerStarted
  campaigns::Instant run_since_{};                    // and when that was
  Streams* streams_ = nullptr;
  std::shared_ptr<const campaigns::Campaign> outside_agent_{};
  std::map<bridge::media::StreamId, Talk> talks_{};
  std::map<std::string, bridge::media::StreamId> stream_of_call_{};  // by sid
  std::optional<bridge::net::Instant> quota_told_at_{};
  std::deque<WaitingForStream> waiting_for_stream_{};
  std::vector<std::uint64_t> keys_to_destroy_{};
  std::vector<std::function<void()>> forgotten_{};  // to be told when no key is left to destroy
  struct Telling {
    eventstore::Position position = 0;
    std::function<void(bool)> act{};
  };
  std::deque<Telling> tellings_{};
  // Dial orders that wait for the disk, and those that are durable and wait for their turn at the
  // account's rate.
  std::size_t orders_at_gate_ = 0;
  std::deque<campaigns::AttemptId> to_send_{};
  PostPace pace_{};
  std::optional<std::string> dials_only_{};
  // The order whose first byte has not left yet. The next one waits for it, so that a connection
  // that was slow to be made cannot let two go at once.
  std::optional<campaigns::AttemptId> leaving_{};
  // Questions to the carrier: under way, or failed and to be asked again at that instant. By
  // contact, and by sid for late calls that are being ended.
  template <typename Key>
  struct Questions {
    std::set<Key> under_way{};
    std::map<Key, bridge::net::Instant> again_at{};
    bool resting(const Key& key) const {
      return under_way.count(key) != 0 || again_at.count(key) != 0;
    }
  };
  Questions<std::uint64_t> lookups_{};
  Questions<std::string> endings_{};
  Sweeper sweeper_;
  std::unordered_set<std::string> deliveries_{};
  std::deque<std::string> deliveries_in_order_{};
  std::uint64_t delivered_again_ = 0;
  std::map<std::string, std::uint64_t> refused_{};  // requests, by status and reason
  std::set<std::uint64_t> new_people_{};            // called for the first time in this run
  bool stopping_ = false;
  bool holding_ = false;
  std::string door_shut_{};
  bool told_behind_ = false;
  std::vector<std::function<void(const campaigns::Fact&)>> on_fact_{};
  std::function<void(const Notice&)> on_notice_{};
};

}  // namespace runner
