#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/pacing.hpp"
#include "campaigns/register.hpp"

// The dial queue: who is due, what is under way, what is in doubt, rate and lines.
namespace campaigns {

// Q of the look-up of a call in doubt (reliability.md 2.2): nothing is proven before.
inline constexpr Milliseconds quarantine{120'000};

enum class Stage : std::uint8_t { fresh, retry, calling, done, exhausted, excluded, held };
std::string_view name_of(Stage stage);

// One person of a campaign, as far as dialling goes. A list has up to millions of them.
struct DialContact {
  NumberKey key = 0;
  std::uint64_t number = 0;   // E.164 digits without the '+'; 0: forgotten
  std::int64_t due_ms = 0;    // stage retry
  std::uint32_t version = 0;  // of the contact's stream
  std::uint16_t group = 0;    // index into DialCampaign::groups
  Stage stage = Stage::fresh;
  std::uint8_t requests = 0;  // CallRequested so far: the last attempt's ordinal
  std::uint8_t attempts = 0;  // of these, the ones that count
  std::uint8_t unplaced = 0;  // and the ones that never left
  // The last ones in a row for which there was no carrier, or no time to send them.
  std::uint8_t unreachable = 0;
  Outcome last_outcome = Outcome::none;
  Outcome best_outcome = Outcome::none;  // by rank_of
  bool forgotten = false;
};

// The numbers of somebody who has several, in the order in which they are tried. What DialContact
// has of a number is the one whose turn it is.
struct SeveralNumbers {
  struct One {
    NumberKey key = 0;
    std::uint64_t number = 0;              // as DialContact's
    bool dead = false;                     // a call showed that nobody can be reached there
    Outcome last_outcome = Outcome::none;  // of the calls to it
  };
  std::vector<One> all{};
  std::uint8_t in_turn = 0;  // its index

  bool has(NumberKey key) const;
  // Whether they may be reached at one of them; or at another than the one in turn.
  bool lives(bool but_for_the_one_in_turn) const;
};

// The contacts of one time zone that have the same priority. They open and close together, so
// nobody needs to look at each.
struct ZoneGroup {
  std::string zone{};
  std::uint8_t priority = 0;           // 1 is first; 0: after all that have one
  std::vector<std::uint32_t> fresh{};  // ordinals; the ones before `next` are not fresh any more
  std::size_t next = 0;
  std::set<std::pair<std::int64_t, std::uint32_t>> retries{};  // (due, ordinal)
};

struct DialCampaign {
  std::vector<DialContact> contacts{};
  std::vector<ZoneGroup> groups{};
  std::vector<std::uint16_t> order{};  // of the groups: in which they are called
  std::unordered_set<NumberKey>
      enrolling{};  // to find duplicates; empty once enrolment is complete
  std::uint32_t lines_in_use = 0;
  std::optional<Instant> last_slot{};
  std::array<std::uint32_t, 7> by_stage{};           // contacts, indexed by Stage
  std::array<std::uint32_t, outcomes> by_outcome{};  // closed attempts
  RecentFailures failures{};                         // since it was started or resumed
  std::uint32_t forgotten = 0;                       // people
  std::uint32_t forgotten_up_to = 0;                 // everybody up to this ordinal is
  // Of the people whose row says so: from when on they are not called any more; and in the order
  // of these moments, whoever has no end yet.
  std::unordered_map<std::uint32_t, std::int64_t> last_moments{};
  std::set<std::pair<std::int64_t, std::uint32_t>> running_out{};
  std::unordered_map<std::uint32_t, SeveralNumbers> several{};  // of whoever has them
  // Since a quota was filled last: up to this ordinal nobody who belongs to it waits any more.
  std::uint32_t quota_swept = 0;
  std::optional<Instant> quota_swept_at{};
  // Since an edit allowed fewer attempts: who waits for one more than that. They get none.
  std::set<std::uint32_t> beyond_cap{};

  std::uint32_t count(Stage stage) const { return by_stage[static_cast<std::size_t>(stage)]; }
  // Contacts that may still be called or are being called.
  std::uint32_t open() const {
    return count(Stage::fresh) + count(Stage::retry) + count(Stage::calling);
  }
  // The place of a group in `groups`, made if it is not there yet.
  std::uint16_t group_of(const std::string& zone, std::uint8_t priority);
  std::optional<Instant> not_after(std::uint32_t ordinal) const;
  // When the first of those who wait will have to be let go.
  std::optional<Instant> next_too_late() const;
  void count_forgotten();
  void find_beyond_cap(std::uint8_t attempts_max);
  // Nothing: they have one.
  const SeveralNumbers* several_of(std::uint32_t ordinal) const;
  // Whether it is one of theirs.
  bool has_number(std::uint32_t ordinal, NumberKey key) const {
    if (contact(ordinal).key == key) return true;
    const auto* all = several_of(ordinal);
    return all != nullptr && all->has(key);
  }
  // The digits of the number that an attempt called (CallRequested::number); 0: forgotten.
  std::uint64_t number_at(std::uint32_t ordinal, std::uint8_t place) const;
  // That a number is dead says nothing of whoever has another that is not.
  bool says_nothing(std::uint32_t ordinal, Outcome outcome) const;
  // What a case has come to with a further outcome: what says most.
  Outcome disposition_with(std::uint32_t ordinal, Outcome outcome) const;
  // How the last call to the number in turn ended.
  Outcome last_outcome_there(std::uint32_t ordinal) const;
  DialContact& contact(std::uint32_t ordinal) { return contacts[ordinal - 1]; }
  const DialContact& contact(std::uint32_t ordinal) const { return contacts[ordinal - 1]; }
};

//   requested ─► accepted ─► (closed: no longer here)
//       │           ▲
//       └► in_doubt ┴► held
enum class Phase : std::uint8_t { requested, accepted, in_doubt, held };
std::string_view name_of(Phase phase);

// An attempt without an end. There is at most one for each phone number, and for each person: it
// locks all their numbers.
struct OpenAttempt {
  ContactRef contact{};
  std::uint8_t attempt = 0;
  Phase phase = Phase::requested;
  bool initiated = false;
  bool ringing = false;
  bool answered = false;
  bool end_requested = false;   // before it is answered
  bool end_ringing = false;     // and also when it rings
  bool number_refused = false;  // the carrier does not call this number for us
  bool unreachable = false;     // the carrier itself was not to be reached
  bool late = false;            // it was to be sent when its slot was over
  std::string answered_by{};
  std::string sid{};
  std::string caller_id{};
  std::string public_url{};
  Instant requested_at{};
  Instant slot{};
  Instant last_news{};  // anything heard of it: a callback, a request, a look-up's answer
  Instant in_doubt_since{};
  std::int64_t lookups = 0;  // by list since in doubt
  // In a row, answered with no call: by list after the quarantine, of an accepted one by its sid.
  std::int64_t empty_lookups = 0;
  Instant first_empty_lookup{};  // the first of these
  std::int32_t day = 0;          // local_day by the campaign's clock, when it was requested
  std::int32_t own_day = 0;      // and by the person's own

  // It was to be ended while the carrier had it wait, and did not leave the queue before that:
  // nobody was called with it.
  bool withdrawn() const {
    return end_requested && !end_ringing && !initiated && !ringing && !answered;
  }
};

// A clock by which the days of calls are counted, as it goes at a moment: a campaign's, or the
// person's own.
struct DayClock {
  std::chrono::minutes utc_offset{};
  bool own = false;
};

// The calls to one number, over all campaigns. They may have clocks of their own, and a call of one
// is to count on the right day of another; people move, and clocks are put forward: so what is kept
// is when it was, and on which day of its own campaign and of the person. A call that could be of
// two days counts on both.
struct CallsToNumber {
  struct Call {
    Instant slot{};
    std::int32_t day = 0;      // local_day of its campaign
    std::int32_t own_day = 0;  // and of the person

    // The latest of the days that it could be of, by such a clock.
    std::int32_t latest_day(const DayClock& clock) const;
    // Whether one of them is this.
    bool is_on(std::int32_t day_asked, const DayClock& clock) const;
  };
  // Local days of all zones lie within a day of each other, so what is eight days back is in no
  // week that goes on anywhere.
  static constexpr int days_of_week = 8;
  // Of the longest rolling cap: a campaign may come later whose cap counts them.
  static constexpr int days_kept =
      static_cast<int>(RollingCap::within_max / std::chrono::days{1}) + 1;
  // More than the largest cap allows on so many days.
  static constexpr std::size_t calls_max = 2000;

  std::vector<Call> calls{};  // of the days that are kept
  std::int32_t day = 0;       // of the last one
  Instant counted_at{};       // the slot of the last one, be it taken back by now

  unsigned on(std::int32_t day_asked, const DayClock& clock) const;
  // The calls on the seven days that end with `today`; and where they are `cap` or more, the first
  // day that ends seven with fewer. `cap` 0: there is none.
  struct Week {
    unsigned calls = 0;
    std::int32_t opens_on = 0;
  };
  std::optional<Week> full_week(std::int32_t today, unsigned cap, const DayClock& clock) const;
  // The calls within the time before `now`; and where they are as many as the cap allows or more,
  // when there will be fewer. Nothing: one more may be made.
  struct Full {
    unsigned calls = 0;
    Instant opens_at{};
  };
  std::optional<Full> full(const RollingCap& cap, Instant now) const;
};

struct DialQueue {
  std::uint64_t position = 0;
  // Whether somebody is to be called by it. Else who waits, numbers that are being called or were,
  // and calls that are known are not kept (State::keep_results_alone).
  bool for_calls = true;
  std::vector<DialCampaign> campaigns{};
  std::unordered_map<std::uint64_t, OpenAttempt> attempts{};  // by ContactRef::packed
  std::unordered_map<NumberKey, std::uint64_t> locks{};       // number -> that attempt
  std::unordered_set<std::uint64_t> known_calls{};            // digests of every sid of ours
  // A call that should not be there, of whom, and since when that is known.
  struct LateCall {
    ContactRef contact{};
    Instant detected_at{};
  };
  std::unordered_map<std::string, LateCall> late_calls{};  // by sid; not ended yet
  // The last attempt at a number that was taken for one without a call.
  struct GivenUp {
    Instant at{};
    Instant slot{};
    std::int32_t day = 0;  // of the slot, as of any call
    std::int32_t own_day = 0;
    bool counted = false;  // among the calls to the number
  };
  std::unordered_map<NumberKey, GivenUp> given_up{};
  std::optional<Instant> last_slot{};  // the account's
  Slowdown slowdown{};                 // the account's
  // Since when no order has found the carrier, and whether that was said (CallNotSent::away_ms).
  struct CarrierAway {
    Instant since{};
    bool said = false;
  };
  std::optional<CarrierAway> carrier_away{};
  // Numbers that were called on the days that are kept; older ones are dropped.
  std::unordered_map<NumberKey, CallsToNumber> calls_to{};

  // `ref`: the contact that the fact is about, if it is about one.
  void apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;

  const OpenAttempt* open_attempt(ContactRef contact) const;
  // The attempt without an end that is at this person, by whichever of their numbers; nothing:
  // none.
  const OpenAttempt* lock_of(ContactRef contact) const;
  // A call to one of this person's numbers that should not be there, and has no end yet.
  bool has_late_call(ContactRef contact) const;
  const DialContact& contact(ContactRef ref) const {
    return campaigns[ref.campaign].contact(ref.ordinal);
  }
  bool knows_call(const std::string& sid) const;
  // Whether an unknown call to this number may be one that was proven not placed and was so all the
  // same: the carrier keeps a call in its queue for a day at most (protocols.md 1.8).
  bool may_be_given_up_call(NumberKey number, Instant now) const;

 private:
  void count_call(NumberKey key, const CallsToNumber::Call& call);
  void uncount_call(NumberKey key, Instant slot);
  std::int32_t last_counted_day_ = 0;
  void move(ContactRef ref, Stage to);
  void lock(ContactRef ref, bool locked);
  void know_call(const std::string& sid);
  OpenAttempt* attempt_of(ContactRef ref);
  void apply_to_contact(const Fact& fact, ContactRef ref, const Register& book);
};

}  // namespace campaigns
