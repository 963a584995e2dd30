#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "bridge/net/clock.hpp"
#include "campaigns/campaign.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"
#include "runner/fold.hpp"
#include "runner/log_keys.hpp"
#include "runner/runner.hpp"
#include "tests/runner/dial_witness.hpp"
#include "tests/support/simulated_carrier.hpp"
#include "tests/support/simulated_event_store.hpp"
#include "webhook/door.hpp"

// The whole program in one thread, below the sockets: the real Runner over a log, a carrier, a
// clock and people that are simulated, with faults at every step, and checkers for what must always
// hold (design.md section 6). One seed makes one world; the same seed makes the same log, byte for
// byte.
namespace simulation {

using std::chrono::milliseconds;
using support::Instant;

// Something that must always hold did not. The text says what, when and for whom.
class PromiseBroken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t contacts = 200;  // over all campaigns
  bool two_campaigns = true;     // that share some numbers
  support::SimulatedCarrier::Faults carrier{};

  // Status callbacks: how many of a thousand are lost, how often one comes at most, and whether
  // they come late and in any order.
  unsigned callback_lost = 0;
  unsigned callback_copies_max = 1;
  bool callbacks_late = false;
  // Of a thousand requests for a document: sent twice, sent again much later, lost on their way.
  unsigned document_doubled = 0;
  unsigned document_late = 0;
  unsigned document_lost = 0;
  unsigned forged = 0;  // requests with a wrong signature beside the good ones

  unsigned disk_stalls = 0;  // of a thousand commits
  bool crashes = false;
  bool full_disk = false;
  // Of a thousand calls: wait in the carrier's queue before anybody is dialled, so long at most.
  unsigned queued = 0;
  milliseconds queued_max{};
  bool agents = false;     // the first campaign is a voice agent's
  bool operators = false;  // pause, resume, cancel, decide on held calls, suppress
  // Whether the carrier shows a call before the quarantine of one in doubt has passed. Where it
  // does not, calls that turn up late are to be expected.
  bool list_is_prompt = true;
  // Lists whose hours, caps and budgets stand in the way at every turn: narrow windows beside a
  // change of the clocks, few calls a day, money for a part of the people.
  bool narrow = false;

  // Faults of every kind, by the seed.
  static WorldOptions everything(std::uint64_t seed, std::uint32_t contacts);
  // Narrow limits, with crashes and a carrier that leaves in doubt.
  static WorldOptions narrow_limits(std::uint64_t seed, std::uint32_t contacts);
  // One campaign without faults of ours; the status callbacks either all in order, or one to five
  // times each in any order, a third lost.
  static WorldOptions callbacks(std::uint64_t seed, std::uint32_t contacts, bool in_order);
};

// What happened in a world, to see that its faults do occur.
struct Tally {
  std::uint64_t steps = 0;
  std::uint64_t events = 0;
  std::uint64_t orders = 0;
  std::uint64_t calls = 0;
  std::uint64_t requests = 0;
  std::uint64_t forged = 0;
  std::uint64_t crashes = 0;
  std::uint64_t in_doubt = 0;
  std::uint64_t adopted = 0;
  std::uint64_t not_placed = 0;
  std::uint64_t not_sent = 0;
  std::uint64_t held = 0;
  std::uint64_t late_calls = 0;
  std::uint64_t opted_out = 0;
  std::uint64_t suppressed = 0;
  std::uint64_t pauses = 0;
  std::uint64_t cancels = 0;
  std::uint64_t full_disks = 0;
  std::uint64_t looked_up = 0;
  std::uint64_t resolved = 0;
  std::uint64_t taken_back = 0;  // calls ended in the carrier's queue, or while they rang
  std::uint64_t postponed = 0;
  std::uint64_t stopped = 0;  // campaigns, by their failures
  std::uint64_t talks = 0;    // media streams that were let in
  std::uint64_t refused_streams = 0;
  std::uint64_t agent_failures = 0;
  std::uint64_t out_of_money = 0;
  std::uint64_t without_list = 0;
  std::uint64_t days = 0;           // that a world took
  std::uint64_t priced = 0;         // SpendCorrected
  std::uint64_t priced_anew = 0;    // of those, attempts that had a price of the carrier's
  std::uint64_t counted_talks = 0;  // that are settled by what their model used
  std::uint64_t uncounted_talks = 0;
  std::uint64_t spent_up = 0;         // talks that their money ended
  std::uint64_t humans_told = 0;      // transfers that are settled by their own length
  std::uint64_t humans_reckoned = 0;  // by the call's, because nothing else was told
  std::uint64_t promised = 0;         // calls at a time that the person named
  Tally& operator+=(const Tally& other);
};

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Plays it to its end. Throws PromiseBroken.
  void run();

  eventstore::Hash log_digest() const { return store_.digest(); }
  std::string outcome_digest() const;
  std::string outcomes() const;  // the text of that digest
  const Tally& tally() const { return tally_; }

 private:
  struct Person;
  struct Sent;
  // One list, as its operator has it.
  struct List {
    campaigns::Campaign campaign{};
    std::string definition{};
    std::vector<campaigns::EnrolRows::Row> rows{};
  };

  // --- the program and its operator ---
  void make_lists();
  void make_narrow(campaigns::Campaign& campaign, support::Dice& dice) const;
  void start_program();
  void crash();
  bool crash_here();
  void submit(const List& list);
  void feed(const List& list);
  void settle();
  bool turn_of_the_disk();
  void watch_campaigns();
  void load_list();
  bool decide_on_held();
  void plan_operator();
  bool over() const;

  // --- the carrier's side: calls, people, webhooks ---
  void ring(support::SimulatedCall& call);
  void dial_out(support::SimulatedCall& call);
  void check_dialled_out(const support::SimulatedCall& call) const;
  void pick_up(support::SimulatedCall& call, bool machine, bool hangs_up);
  void ask_document(support::SimulatedCall& call, const std::string& url,
                    bridge::http::Fields fields);
  void hear(support::SimulatedCall& call, const std::string& twiml);
  void pass_on(support::SimulatedCall& call, const std::string& twiml);
  // Media streams (simulation_talks.cpp).
  class Talks;
  struct EndTalks {
    void operator()(Talks* talks) const;
  };
  std::unique_ptr<Talks, EndTalks> make_talks();
  void attach_talks();
  void crash_talks();
  void connect(support::SimulatedCall& call, const std::string& twiml);
  void check_left_talk(const support::SimulatedCall& call);
  void hang_up_talk(const support::SimulatedCall& call);
  void check_money_of_talks();
  void check_money_of_transfers(std::vector<std::int64_t>& sums);
  void reply_to(support::SimulatedCall& call, const std::string& url, std::uint32_t spoken);
  void hang_up(support::SimulatedCall& call, const std::string& status);
  void report(const support::SimulatedCall& call, const std::string& status);
  bridge::http::Fields fields_of(const support::SimulatedCall& call) const;
  // `done` hears nothing when nobody answered within the carrier's 15 s.
  void post(const std::string& to, bridge::http::Fields fields,
            std::function<void(const bridge::http::Response*)> done);
  void post_forged(const std::string& to, bridge::http::Fields fields);
  campaigns::AttemptId attempt_of(const std::string& token) const;
  const List& list_of(const support::SimulatedCall& call) const;
  support::Dice dice_about(const std::string& what) const {
    return support::Dice(options_.seed, what);
  }

  // --- the checkers ---
  void keep(bool promise, const char* which, const std::string& what) const;
  void follow_log();
  void check_fact(const campaigns::Fact& fact);
  void check_order(const support::SimulatedCarrier::Order& order);
  void check_accepted(const support::SimulatedCall& call);
  bool is_apology(const bridge::http::Request& request,
                  const bridge::http::Response& response) const;
  void check_answer(const bridge::http::Request& request, const bridge::http::Response& response);
  void check_replay() const;
  void check_money();
  void check_end();

  WorldOptions options_;
  campaigns::ZoneRules rules_;
  runner::LogKeys keys_;
  bridge::net::SteppedClock clock_;
  Instant deadline_{};
  support::Dice dice_;  // of the world's own moments
  support::Agenda agenda_{};
  support::SimulatedEventStore store_{};
  support::SimulatedCarrier carrier_;
  std::unique_ptr<Talks, EndTalks> talks_{};
  std::unique_ptr<runner::Runner> runner_{};
  std::vector<List> lists_{};
  std::int64_t account_rate_ = 1000;
  std::uint64_t steps_to_crash_ = 0;
  bool commit_planned_ = false;
  std::uint64_t program_ = 0;  // which run of the program this is
  std::uint64_t requests_ = 0;

  // The durable log as somebody else would replay it, event by event as they become durable.
  campaigns::State durable_{};
  runner::Folder folder_{};
  std::unique_ptr<webhook::Door> durable_door_{};
  std::optional<Instant> last_order_{};
  std::optional<Instant> last_slot_{};
  std::set<std::string> left_to_a_person_{};  // attempts that were held
  // Calls that may have rung, by number, and when each was to leave, by its token.
  std::map<campaigns::NumberKey, std::map<std::string, Instant>> called_at_{};
  // When people were promised their next call, by ContactRef::packed.
  std::map<std::uint64_t, Instant> promised_{};
  std::optional<Instant> too_fast_{};               // when the carrier last said so
  Instant started_{};                               // this run of the program
  std::map<std::string, Instant> stopped_since_{};  // campaign -> paused or cancelled
  DialWitness witness_{carrier_};
  std::map<std::string, unsigned> pauses_seen_{};  // by campaign
  std::set<std::string> priced_{};                 // attempts that the carrier told a price of
  support::Instant list_as_of_{};                  // of the suppression list that was loaded last
  Tally tally_{};
  bool trace_ = false;
};

}  // namespace simulation
