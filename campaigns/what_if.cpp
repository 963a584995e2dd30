#include "campaigns/what_if.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <queue>
#include <utility>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/carrier_errors.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/forget.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/plan.hpp"

namespace campaigns {

Result<Campaign> with_policy(const Campaign& recorded, std::string_view policy) {
  if (auto problems = json_text_problems(policy); !problems.empty()) return problems;
  const auto given = nlohmann::json::parse(policy);
  if (!given.is_object()) return Problems{{"", "must be an object", ""}};
  auto whole = nlohmann::json::parse(print_campaign(recorded));
  const auto hours = given.find("calling_hours");
  if (hours != given.end() && hours->is_object()) {
    if (hours->contains("calendar")) {
      return Problems{{"/calling_hours/calendar", "is read with a campaign file alone",
                       R"(give its days as "dates_off")"}};
    }
    // What was recorded is written out, and a preset stands in its place.
    if (hours->contains("preset")) {
      for (const char* name : {"windows", "holidays"}) whole["calling_hours"].erase(name);
      for (const char* name : {"rolling_cap", "cool_off"}) whole["retries"].erase(name);
    }
  }
  bool any = false;
  for (const char* name : {"calling_hours", "pacing", "retries", "budget"}) {
    if (!given.contains(name)) continue;
    whole[name].merge_patch(given[name]);
    any = true;
  }
  if (!any) {
    return Problems{{"", "names no policy", "give calling_hours, pacing, retries or budget"}};
  }
  // What the log's own words were taken for is not asked again.
  auto read = parse_campaign_file(whole.dump(), ReadFrom::log);
  if (!read) return read.error();
  return std::move(read.value().campaign);
}

namespace {

using Key = std::pair<std::uint64_t, std::uint8_t>;  // contact, attempt

constexpr std::string_view stand_in_number = "+1";  // nobody has it

// What stands for the numbers of whoever was forgotten since, which may be called as theirs might.
std::string stand_in_of(const RawJson& definition) {
  const auto countries =
      nlohmann::json::parse(definition.text).value("countries", std::vector<std::string>{});
  return countries.empty() ? std::string(stand_in_number) : example_number_of(countries.front());
}

// Who says what happens next.
enum class Whose : std::uint8_t {
  outside,  // neither the policy nor a call: it happens at its moment
  call,     // it happens so long after the call was requested
  plan,     // `plan` may decide it: a replay asks it anew
  close,    // follows from what is decided anew
};

// A fact of the log.
struct Entry {
  Fact fact{};
  Whose whose = Whose::outside;
  bool stops = false;  // the program was gone from here on
};

// A fact of a call, so long after the call was requested.
struct Scripted {
  Milliseconds after{};
  const Entry* entry = nullptr;
};

// What is known of one attempt.
struct Script {
  Instant requested_at{};
  std::uint8_t number = 0;  // CallRequested::number
  std::vector<Scripted> facts{};
  Outcome outcome = Outcome::none;
  std::optional<Milliseconds> closed_after{};  // nothing: it was still open at the log's end
  std::uint64_t closed_position = 0;
  Milliseconds ended_after{};  // as the carrier says
  std::int64_t seconds = 0;
  bool redial = false;  // a person had it made again
  bool counts() const { return outcome != Outcome::none && outcome != Outcome::not_placed; }
};

std::uint8_t attempt_of(const Event& event) {
  return visit(
      [](const auto& e) -> std::uint8_t {
        if constexpr (requires { e.attempt; }) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(e.attempt)>, std::uint8_t>) {
            return e.attempt;
          }
        }
        return 0;
      },
      event);
}

void set_attempt(Event& event, std::uint8_t attempt) {
  visit(
      [&](auto& e) {
        if constexpr (requires { e.attempt; }) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(e.attempt)>, std::uint8_t>) {
            e.attempt = attempt;
          }
        }
      },
      event);
}

Whose whose_is(const Event& event) {
  const auto plan_if = [](bool decides) { return decides ? Whose::plan : Whose::outside; };
  // That the carrier refused every call is no decision of the policy's.
  if (const auto* paused = get_if<CampaignPaused>(&event)) {
    return plan_if(paused->by == "program" && !paused->reason.starts_with(carrier_refuses_all));
  }
  if (const auto* resumed = get_if<CampaignResumed>(&event)) {
    return plan_if(resumed->by == "program");
  }
  if (const auto* forgotten = get_if<ContactForgotten>(&event)) {
    return plan_if(forgotten->by == "retention");
  }
  if (const auto* closed = get_if<ContactClosed>(&event)) {
    return plan_if(closed->place != Place::held);
  }
  // An operator's word, or a call that should not be there.
  if (const auto* postponed = get_if<CallPostponed>(&event)) {
    return plan_if(postponed->gate != "lifted" && postponed->gate != "late_call");
  }
  if (const auto* excluded = get_if<ContactExcluded>(&event)) {
    return plan_if(excluded->evidence != to_be_forgotten);
  }
  if (const auto* suppressed = get_if<Suppressed>(&event); suppressed) {
    return suppressed->by == cool_off ? Whose::close : Whose::outside;
  }
  if (holds_alternative<CallRequested>(event) || holds_alternative<NumberChosen>(event) ||
      holds_alternative<QuotaSwept>(event) || holds_alternative<CallEndRequested>(event) ||
      holds_alternative<CampaignCompleted>(event)) {
    return Whose::plan;
  }
  if (holds_alternative<AttemptClosed>(event) || holds_alternative<RetryScheduled>(event) ||
      holds_alternative<SpendReserved>(event) || holds_alternative<SpendSettled>(event) ||
      holds_alternative<QuotaCounted>(event) || holds_alternative<CampaignReopened>(event)) {
    return Whose::close;
  }
  return Whose::outside;
}

}  // namespace

struct Rerun::Tape {
  std::deque<Entry> log{};
  std::map<std::string, std::map<Key, Script>> scripts{};  // by campaign
  std::map<std::pair<std::string, std::uint32_t>, std::uint8_t> open{};
  std::map<std::string, std::string> stand_ins{};  // by campaign
  std::uint64_t last_start = 0;  // the position: nothing stops another policy after this one

  Instant last() const { return log.empty() ? Instant{} : log.back().fact.recorded_at; }
  Script* script_of(const std::string& campaign, std::uint32_t ordinal, std::uint8_t attempt) {
    const auto of = scripts.find(campaign);
    if (of == scripts.end()) return nullptr;
    const auto found = of->second.find({ordinal, attempt});
    return found == of->second.end() ? nullptr : &found->second;
  }
  void add(Script& script, Entry& entry) {
    entry.whose = Whose::call;
    script.facts.push_back({entry.fact.recorded_at - script.requested_at, &entry});
  }
  void see(const Fact& fact);
  void see_of_contact(Entry& entry);
};

void Rerun::Tape::see_of_contact(Entry& entry) {
  auto& fact = entry.fact;
  const auto& campaign = fact.subject.name;
  const auto ordinal = fact.subject.ordinal;
  if (const auto* requested = get_if<CallRequested>(&fact.event)) {
    auto& script = scripts[campaign][{ordinal, requested->attempt}];
    script.requested_at = fact.recorded_at;
    script.number = requested->number;
    open[{campaign, ordinal}] = requested->attempt;
    return;
  }
  // The number of somebody who was forgotten since is gone, and they were called all the same.
  if (auto* enrolled = get_if<ContactEnrolled>(&fact.event); enrolled && enrolled->number.empty()) {
    enrolled->number = stand_ins.at(campaign);
    enrolled->others.assign(enrolled->other_keys.size(), enrolled->number);
  }
  // What names no attempt belongs to the last one.
  auto number = attempt_of(fact.event);
  if (number == 0) {
    if (const auto found = open.find({campaign, ordinal}); found != open.end()) {
      number = found->second;
    }
  }
  auto* script = number == 0 ? nullptr : script_of(campaign, ordinal, number);
  if (!script) return;
  if (const auto* closed = get_if<AttemptClosed>(&fact.event)) {
    script->outcome = closed->outcome;
    script->closed_after = fact.recorded_at - script->requested_at;
    script->closed_position = fact.position;
    if (script->ended_after == Milliseconds{}) script->ended_after = *script->closed_after;
  } else if (const auto* ended = get_if<CallEnded>(&fact.event)) {
    script->seconds = ended->seconds;
    script->ended_after = std::min(fact.occurred_at.value_or(fact.recorded_at), fact.recorded_at) -
                          script->requested_at;
  } else if (const auto* resolved = get_if<CallResolved>(&fact.event)) {
    script->redial = resolved->as == Resolution::redial;
  }
  const bool of_the_person = holds_alternative<ContactEnrolled>(fact.event) ||
                             holds_alternative<ContactExcluded>(fact.event) ||
                             holds_alternative<ContactForgotten>(fact.event) ||
                             holds_alternative<CallPostponed>(fact.event);
  if (entry.whose == Whose::outside && !of_the_person) add(*script, entry);
}

void Rerun::Tape::see(const Fact& fact) {
  if (holds_alternative<RunnerStarted>(fact.event)) {
    // A program that was killed said nothing of its end: it was gone after its last word.
    if (!log.empty()) log.back().stops = true;
    last_start = fact.position;
  }
  auto& entry = log.emplace_back(
      Entry{fact, whose_is(fact.event), holds_alternative<RunnerStopped>(fact.event)});
  if (fact.subject.kind == Subject::Kind::contact) return see_of_contact(entry);
  if (const auto* submitted = get_if<CampaignSubmitted>(&fact.event)) {
    stand_ins[fact.subject.name] = stand_in_of(submitted->definition);
  }
  if (const auto* opted = get_if<OptedOut>(&fact.event)) {
    if (const auto id = AttemptId::parse(opted->attempt)) {
      if (auto* script = script_of(id->campaign, id->contact, id->attempt)) add(*script, entry);
    }
  }
}

Rerun::Rerun() : tape_(std::make_unique<Tape>()) {}
Rerun::~Rerun() = default;

bool Rerun::see(const Fact& fact) {
  if (tape_->log.size() == facts_max) return false;
  tape_->see(fact);
  return true;
}

namespace {

// A rerun looks no further ahead than this after the log's end.
constexpr std::chrono::days looks_ahead_max{3660};
// And takes no more steps than this.
constexpr std::uint64_t steps_max = 200'000'000;

// What a call comes to in a replay, in the order of the log at one moment.
struct Due {
  Instant at{};
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
  ContactRef contact{};
  std::uint8_t attempt = 0;
  const Script* script = nullptr;
  std::size_t step = 0;  // facts.size(): its close
  Instant requested_at{};

  bool operator<(const Due& other) const {
    return std::tie(other.at, other.position, other.sequence) < std::tie(at, position, sequence);
  }
};

// Whether two decisions are the same one, whatever they say of its grounds.
bool alike(const Fact& a, const Fact& b) {
  if (a.subject != b.subject || a.event.index() != b.event.index()) return false;
  const auto* call = get_if<CallRequested>(&a.event);
  if (!call) return attempt_of(a.event) == attempt_of(b.event);
  const auto& other = get<CallRequested>(b.event);
  return call->attempt == other.attempt && call->number == other.number;
}

// The log's world, fact by fact as it was, and beside it the one of the policy, which decides anew.
//
// When the policy decides something is no matter of the policy alone: the program looks at what is
// due when its loop comes to it, and not at all while its disk is full or a limit of the command
// line keeps it. So what is due in both worlds alike waits until the log shows that the program
// did it, and happens there, in the order of the log. What is due in one alone happens at the
// moment at which it is due.
class World {
 public:
  World(const std::deque<Entry>& log, const std::map<std::string, std::map<Key, Script>>& scripts,
        std::uint64_t last_start, const ZoneRules& rules, std::uint64_t seed)
      : log_(log), scripts_(scripts), last_start_(last_start), rules_(rules), seed_(seed) {
    for (const auto& [campaign, all] : scripts) {
      for (const auto& [key, script] : all) {
        // One that was still open has no end to lend.
        if (script.closed_after) donors_[campaign][key.second].push_back(&script);
      }
    }
  }

  // Nothing: the log's own definition.
  void run(const std::string& campaign, const Campaign* policy, std::optional<Instant> until,
           std::optional<Instant> begin_to_look_ahead);

  State state{};
  // Of each attempt of the campaign that was made: when, and whose end it has.
  struct Made {
    Instant at{};
    enum class From : std::uint8_t { itself, itself_elsewhere, somebody } from = From::itself;
  };
  std::map<Key, Made> made{};
  // The campaign's calls at once, in the order in which they began and ended.
  std::uint32_t lines_most = 0;
  std::uint32_t lines_most_in_log = 0;
  bool ended = false;

 private:
  void fold(Fact fact, Instant now);
  void read(const Entry& entry);
  void apply(const Fact& outside);
  void act(const Due& due);
  void do_all_that_happens(Instant now);
  void requested(const Fact& fact, Instant now);
  bool is_over(const std::string& campaign) const {
    const auto index = state.book.find(campaign);
    return index && state.book.at(*index).status == CampaignStatus::completed;
  }
  bool is_for_them(const Fact& fact) const;
  std::vector<PlanLimits> limits_of_programs() const;
  Facts decision(Instant now, const Fact* recorded);
  void decide_as(const Fact& recorded);
  const Fact* next_in_log();
  bool is_due_in_both(const Fact& decided, Instant now, const PlanLimits& limits) const;
  bool look(Instant now);
  std::optional<Instant> wakes(Instant now) const;
  void count_lines(const State& of, std::uint32_t& most) const {
    if (const auto index = of.book.find(campaign_)) {
      most = std::max(most, of.queue.campaigns[*index].lines_in_use);
    }
  }
  void push(Due due) {
    due.sequence = ++sequence_;
    due_.push(due);
  }

  const std::deque<Entry>& log_;
  const std::map<std::string, std::map<Key, Script>>& scripts_;
  std::uint64_t last_start_;
  const ZoneRules& rules_;
  std::uint64_t seed_;
  std::map<std::string, std::map<std::uint8_t, std::vector<const Script*>>> donors_{};
  State in_log_{};              // the log's world
  std::size_t read_ = 0;        // entries of the log
  std::size_t ahead_ = 0;       // at or before the next one of the plan
  bool log_is_over_ = false;    // nothing waits for it any more
  std::deque<Fact> decided_{};  // of one moment, and the log has yet to come to it
  bool waits_ = false;          // something did when it was last looked at what is due
  std::priority_queue<Due> due_{};
  std::uint64_t sequence_ = 0;
  bool running_ = false;
  std::string campaign_{};
  const Campaign* policy_ = nullptr;
};

void World::fold(Fact fact, Instant now) {
  const Moment moment{now, seed_};
  stamp(state, fact, moment);
  evolve(state, fact);
  count_lines(state, lines_most);
  if (holds_alternative<CallRequested>(fact.event)) requested(fact, now);
}

// A campaign that had come to its end here runs once more; elsewhere it may run still.
Fact reopened(const std::string& campaign, const char* why) {
  Fact fact;
  fact.subject = Subject::campaign(campaign);
  fact.event = CampaignReopened{why};
  return fact;
}

void World::apply(const Fact& outside) {
  if (!is_for_them(outside)) return;
  auto fact = outside;
  if (policy_) {
    if (auto* submitted = get_if<CampaignSubmitted>(&fact.event);
        submitted && fact.subject.name == campaign_) {
      submitted->definition.text = print_campaign(*policy_);
    }
    // A change of the file was a change of the policy too: this one holds from the beginning.
    if (auto* changed = get_if<CampaignChanged>(&fact.event);
        changed && fact.subject.name == campaign_) {
      changed->definition.text = print_campaign(*policy_);
    }
  }
  if (holds_alternative<RunnerStarted>(fact.event)) running_ = true;
  const bool added = holds_alternative<ContactsAdded>(fact.event);
  const auto campaign = fact.subject.name;
  fold(std::move(fact), outside.recorded_at);
  if (added && is_over(campaign)) {
    fold(reopened(campaign, "people were added"), outside.recorded_at);
  }
}

// What was said of somebody who waited is nothing to whoever does not.
bool World::is_for_them(const Fact& fact) const {
  const bool postponed = holds_alternative<CallPostponed>(fact.event);
  if (!postponed && !holds_alternative<ContactExcluded>(fact.event)) return true;
  const auto stage = state.queue.contact(*state.book.contact_of(fact.subject)).stage;
  return stage == Stage::retry || (stage == Stage::fresh && !postponed);
}

// What the log has decided, if the policy does, too.
void World::decide_as(const Fact& recorded) {
  if (!decided_.empty() && alike(decided_.front(), recorded)) return decided_.pop_front();
  decided_.clear();
  const auto now = recorded.recorded_at;
  for (auto& fact : decision(now, &recorded)) {
    if (whose_is(fact.event) == Whose::plan) decided_.push_back(fact);
    fold(std::move(fact), now);
  }
  if (!decided_.empty()) decided_.pop_front();
}

// The next fact of the log, in both worlds.
void World::read(const Entry& entry) {
  const auto now = entry.fact.recorded_at;
  if (entry.whose == Whose::outside) apply(entry.fact);
  if (entry.whose == Whose::plan && running_) decide_as(entry.fact);
  evolve(in_log_, entry.fact);
  count_lines(in_log_, lines_most_in_log);
  ++read_;
  if (entry.stops && (!policy_ || entry.fact.position < last_start_)) {
    // What was due at its last moment had been done.
    while (look(now)) {
    }
    running_ = false;
  } else if (policy_ && (entry.stops || read_ == log_.size())) {
    // Under another policy it goes on.
    log_is_over_ = true;
  }
}

// A call is made: what will become of it is known, or borrowed.
void World::requested(const Fact& fact, Instant now) {
  const auto& event = get<CallRequested>(fact.event);
  const auto contact = *state.book.contact_of(fact.subject);
  const Key key{contact.ordinal, event.attempt};
  const Script* script = nullptr;
  Made one{now, Made::From::itself};
  if (const auto of = scripts_.find(fact.subject.name); of != scripts_.end()) {
    if (const auto found = of->second.find(key); found != of->second.end()) {
      script = &found->second;
      if (script->requested_at != now || script->number != event.number) {
        one.from = Made::From::itself_elsewhere;
      }
    }
  }
  // One without an end is no help beyond the log.
  if (!script || (policy_ && !script->closed_after)) {
    one.from = Made::From::somebody;
    const auto of = donors_.find(fact.subject.name);
    if (of != donors_.end()) {
      const auto& by_number = of->second;
      const auto found = by_number.count(event.attempt) ? by_number.find(event.attempt)
                                                        : std::prev(by_number.end());
      const auto dice = Moment{now, seed_}.dice(fact.subject.stream(), event.attempt);
      script = found->second[dice % found->second.size()];
    }
  }
  if (fact.subject.name == campaign_) made[key] = one;
  if (!script) return;
  for (std::size_t i = 0; i < script->facts.size(); ++i) {
    const auto& scripted = script->facts[i];
    push({now + scripted.after, scripted.entry->fact.position, 0, contact, event.attempt, script, i,
          now});
  }
  if (script->closed_after) {
    push({now + *script->closed_after, script->closed_position, 0, contact, event.attempt, script,
          script->facts.size(), now});
  }
}

void World::act(const Due& due) {
  const auto* open = state.queue.open_attempt(due.contact);
  const bool under_way = open && open->attempt == due.attempt;
  if (due.step == due.script->facts.size()) {
    if (!under_way) return;
    auto facts = facts_after(state, due.contact, due.script->outcome, due.script->seconds,
                             due.requested_at + due.script->ended_after, due.at);
    if (due.script->redial) {
      // A person said so, whatever the rules.
      auto subject = facts.front().subject;
      std::erase_if(facts, [](const Fact& fact) {
        return holds_alternative<ContactClosed>(fact.event) ||
               holds_alternative<RetryScheduled>(fact.event);
      });
      if (is_over(subject.name)) {
        facts.push_back(reopened(subject.name, "a held call is to be made again"));
      }
      Fact again;
      again.subject = std::move(subject);
      again.event = RetryScheduled{to_ms(due.at + Seconds{1}), due.script->outcome};
      facts.push_back(std::move(again));
    }
    for (auto& fact : facts) fold(std::move(fact), due.at);
    return;
  }
  auto fact = due.script->facts[due.step].entry->fact;
  set_attempt(fact.event, due.attempt);
  if (fact.occurred_at) {
    fact.occurred_at = *fact.occurred_at + (due.requested_at - due.script->requested_at);
  }
  // As long after the call as they asked then.
  if (auto* callback = get_if<CallbackAsked>(&fact.event); callback && callback->due != 0) {
    callback->due += (due.requested_at - due.script->requested_at).count();
  }
  if (fact.subject.kind == Subject::Kind::number) {
    // Whoever borrows a call opts out for themselves.
    const auto keys = numbers_of(state, due.contact);
    const auto next = std::ranges::find_if_not(
        keys, [&](NumberKey key) { return state.suppression.opted_out(key); });
    if (next == keys.end()) return;
    fact.subject = Subject::number(*next);
    get<OptedOut>(fact.event).attempt =
        AttemptId{state.book.at(due.contact.campaign).definition->id, due.contact.ordinal,
                  due.attempt}
            .text();
  } else {
    fact.subject =
        Subject::contact(state.book.at(due.contact.campaign).definition->id, due.contact.ordinal);
  }
  fold(std::move(fact), due.at);
}

// What may have kept a program from what was due, without a word of it in the log: it was to go on
// with one campaign, or with the people that it had called already.
std::vector<PlanLimits> World::limits_of_programs() const {
  std::vector<PlanLimits> all;
  for (const auto& entry : state.book.campaigns) {
    if (entry.status != CampaignStatus::running) continue;
    PlanLimits limits;
    limits.only = entry.definition->id;
    all.push_back(limits);
    limits.new_people = 0;
    all.push_back(limits);
  }
  return all;
}

// The next decision of the plan in the log; nothing: there is none.
const Fact* World::next_in_log() {
  ahead_ = std::max(ahead_, read_);
  while (ahead_ < log_.size() && log_[ahead_].whose != Whose::plan) ++ahead_;
  return ahead_ < log_.size() ? &log_[ahead_].fact : nullptr;
}

// Alike, and from the same moment on: a delay that was changed by less than the program was late
// makes another moment all the same.
bool World::is_due_in_both(const Fact& decided, Instant now, const PlanLimits& limits) const {
  if (log_is_over_) return false;
  const auto is_due = [&](const State& in, Instant at) {
    const auto facts = plan(in, rules_, {at, seed_}, limits);
    return !facts.empty() && alike(facts.front(), decided);
  };
  const auto before = now - Milliseconds{1};
  return is_due(in_log_, now) && is_due(in_log_, before) == is_due(state, before);
}

// Where the log has a decision: the policy's, if it is the same one. Else: what the policy decides
// now and the log's world does not.
Facts World::decision(Instant now, const Fact* recorded) {
  waits_ = false;
  std::vector<PlanLimits> all(1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto facts = plan(state, rules_, {now, seed_}, all[i]);
    if (recorded && !facts.empty() && alike(facts.front(), *recorded)) return facts;
    if (!facts.empty()) {
      if (!is_due_in_both(facts.front(), now, all[i])) return recorded ? Facts{} : facts;
      waits_ = true;
      // The program came to it next.
      const auto* next = recorded ? nullptr : next_in_log();
      if (next && alike(facts.front(), *next)) return {};
    }
    // It left that aside.
    if (i == 0 && waits_) std::ranges::copy(limits_of_programs(), std::back_inserter(all));
  }
  return {};
}

// Does what is due in this world alone; false: nothing is.
bool World::look(Instant now) {
  if (!running_) return false;
  auto facts = decision(now, nullptr);
  for (auto& fact : facts) fold(std::move(fact), now);
  return !facts.empty();
}

// When it is to be looked at what is due, unless something happens before.
std::optional<Instant> World::wakes(Instant now) const {
  if (!running_) return {};
  const auto nobody_is_asked = [](ContactRef) { return true; };
  auto at = next_wakeup(state, rules_, now, {}, nobody_is_asked);
  // Whatever was due now has been looked at.
  if (!at || *at > now) return at;
  if (!waits_) return now + Milliseconds{1};
  // What waits for the log keeps nothing else.
  at.reset();
  for (const auto& limits : limits_of_programs()) {
    const auto other = next_wakeup(state, rules_, now, limits, nobody_is_asked);
    if (other && *other > now && (!at || *other < *at)) at = other;
  }
  return at;
}

void World::do_all_that_happens(Instant now) {
  while (true) {
    const auto* entry = read_ < log_.size() ? &log_[read_] : nullptr;
    const bool called = !due_.empty() && due_.top().at <= now;
    if (entry && entry->fact.recorded_at <= now &&
        (!called || std::tie(entry->fact.recorded_at, entry->fact.position) <
                        std::tie(due_.top().at, due_.top().position))) {
      read(*entry);
    } else if (called) {
      const auto due = due_.top();
      due_.pop();
      act(due);
    } else {
      return;
    }
  }
}

void World::run(const std::string& campaign, const Campaign* policy, std::optional<Instant> until,
                std::optional<Instant> begin_to_look_ahead) {
  campaign_ = campaign;
  policy_ = policy;
  Instant now{};
  for (std::uint64_t step = 0; step < steps_max; ++step) {
    auto next = wakes(now);
    const auto consider = [&](Instant at) {
      if (!next || at < *next) next = at;
    };
    if (!due_.empty()) consider(due_.top().at);
    if (read_ < log_.size()) consider(log_[read_].fact.recorded_at);
    if (!next || (until && *next > *until)) break;
    if (begin_to_look_ahead && *next > *begin_to_look_ahead + looks_ahead_max) break;
    now = *next;
    do_all_that_happens(now);
    while (look(now)) {
    }
  }
  const auto index = state.book.find(campaign_);
  if (index) {
    const auto status = state.book.at(*index).status;
    ended = status == CampaignStatus::completed || status == CampaignStatus::cancelled;
  }
}

WhatIfFigures figures_of(const State& state, CampaignIndex index, std::uint32_t lines_most) {
  WhatIfFigures figures;
  figures.lines_most = lines_most;
  for (const auto& one : state.results.cases[index]) {
    ++figures.people;
    ++figures.dispositions[static_cast<std::size_t>(one.disposition)];
    ++figures.places[static_cast<std::size_t>(one.place)];
  }
  for (const auto& row : state.results.attempts) {
    if (row.contact.campaign != index) continue;
    if (row.outcome == Outcome::not_placed) {
      ++figures.not_placed;
      continue;
    }
    ++figures.calls;
    figures.answered += row.answered_at != Instant{};
    figures.talk_seconds += row.seconds;
    if (!figures.first_call || row.requested_at < *figures.first_call) {
      figures.first_call = row.requested_at;
    }
    if (!figures.last_call || row.requested_at > *figures.last_call) {
      figures.last_call = row.requested_at;
    }
    const auto local = row.requested_at + std::chrono::minutes{row.own_offset_minutes()};
    const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
    ++figures.by_hour[static_cast<std::size_t>(of_day / std::chrono::hours{1})];
  }
  return figures;
}

}  // namespace

namespace {

// Outcomes of people who answered something.
bool hangs_on_quotas(Outcome outcome) {
  return outcome == Outcome::completed || outcome == Outcome::partial ||
         outcome == Outcome::broken_off || outcome == Outcome::quota_full;
}

}  // namespace

State Rerun::rerun_state(const State& recorded, const ZoneRules& rules) const {
  World world(tape_->log, tape_->scripts, tape_->last_start, rules,
              static_cast<std::uint64_t>(recorded.book.identity.seed));
  world.run({}, nullptr, tape_->last(), {});
  return std::move(world.state);
}

WhatIf Rerun::run(const State& recorded, CampaignIndex campaign, const ZoneRules& rules,
                  const Campaign* policy) const {
  const auto& id = recorded.book.at(campaign).definition->id;
  World world(tape_->log, tape_->scripts, tape_->last_start, rules,
              static_cast<std::uint64_t>(recorded.book.identity.seed));
  if (policy) {
    world.run(id, policy, {}, tape_->last());
  } else {
    world.run(id, nullptr, tape_->last(), {});
  }
  WhatIf result;
  result.ended = world.ended;
  result.recorded = figures_of(recorded, campaign, world.lines_most_in_log);
  result.replayed = figures_of(world.state, campaign, world.lines_most);

  const auto part = [&](Instant at) {
    if (!result.parts_at || at < *result.parts_at) result.parts_at = at;
  };
  std::vector<bool> differs(recorded.results.cases[campaign].size() + 1, false);
  static const std::map<Key, Script> none;
  const auto of = tape_->scripts.find(id);
  const auto& scripts = of == tape_->scripts.end() ? none : of->second;
  for (const auto& [key, made] : world.made) {
    if (made.from == World::Made::From::itself) continue;
    made.from == World::Made::From::somebody ? ++result.borrowed : ++result.moved;
    part(made.at);
    differs[key.first] = true;
  }
  for (const auto& [key, script] : scripts) {
    if (world.made.count(key)) continue;
    ++result.unmade;
    part(script.requested_at);
    differs[key.first] = true;
  }
  // What a talk came to hangs on the quotas that were full, and so on all talks before it.
  const bool quotas = !recorded.book.at(campaign).definition->quotas.empty();
  for (const auto& [key, made] : world.made) {
    if (made.from != World::Made::From::itself) continue;
    const bool doubtful = quotas && result.parts_at && made.at >= *result.parts_at &&
                          hangs_on_quotas(scripts.at(key).outcome);
    doubtful ? ++result.moved : ++result.same;
    if (doubtful) differs[key.first] = true;
  }
  for (std::size_t i = 0; i < recorded.results.cases[campaign].size(); ++i) {
    if (differs[i + 1]) continue;
    ++result.exact_people;
    ++result.exact_dispositions[static_cast<std::size_t>(
        world.state.results.cases[campaign][i].disposition)];
  }
  return result;
}

namespace {

std::string right(const std::string& text, std::size_t width) {
  return (text.size() < width ? std::string(width - text.size(), ' ') : std::string()) + text;
}

std::string left(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string moment(const std::optional<Instant>& at) {
  return at ? rfc3339_utc(*at) : "never";
}

}  // namespace

std::string what_if_text(const WhatIf& result, const Campaign& campaign) {
  std::string text = "what if, campaign " + campaign.id + '\n';
  const auto number = [](auto value) { return std::to_string(value); };
  if (result.exact()) {
    text += "every one of the " + number(result.same) +
            " attempts comes out at its recorded moment: all figures are exact\n";
  } else {
    text += "of " + number(result.same + result.moved + result.borrowed) + " attempts " +
            number(result.same) + " come out at their recorded moment (exact), " +
            number(result.moved) + " at another, with their recorded outcome (estimate), " +
            number(result.borrowed) + " were never made and borrow an outcome (estimate); " +
            number(result.unmade) + " recorded attempts are not made\n";
    text += "exact up to " + moment(result.parts_at) + ", and for " + number(result.exact_people) +
            " of " + number(result.replayed.people) + " people to the end\n";
  }
  if (!result.ended) text += "the campaign does not come to its end\n";
  text += left("", 28) + right("recorded", 26) + right("what if", 26) + '\n';
  const auto row = [&](const std::string& name, const std::string& was, const std::string& would,
                       const std::string& note) {
    text += "  " + left(name, 26) + right(was, 26) + right(would, 26);
    if (!note.empty()) text += "  " + note;
    text += '\n';
  };
  const auto& was = result.recorded;
  const auto& would = result.replayed;
  const std::string kind = result.exact() ? "exact" : "estimate";
  row("people", number(was.people), number(would.people), "exact");
  row("calls", number(was.calls), number(would.calls), kind);
  row("calls answered", number(was.answered), number(would.answered), kind);
  row("seconds of talk", number(was.talk_seconds), number(would.talk_seconds), kind);
  row("never placed", number(was.not_placed), number(would.not_placed), kind);
  row("calls at once, at most", number(was.lines_most), number(would.lines_most), kind);
  row("first call", moment(was.first_call), moment(would.first_call),
      was.first_call == would.first_call ? "exact" : kind);
  row("last call", moment(was.last_call), moment(would.last_call), kind);
  for (std::size_t i = 0; i < outcomes; ++i) {
    if (was.dispositions[i] + would.dispositions[i] == 0) continue;
    const auto exact = result.exact_dispositions[i];
    row(i == 0 ? "nothing yet" : std::string(name_of(static_cast<Outcome>(i))),
        number(was.dispositions[i]), number(would.dispositions[i]),
        exact == would.dispositions[i]
            ? "exact"
            : number(exact) + " exact, " + number(would.dispositions[i] - exact) + " estimated");
  }
  for (std::size_t hour = 0; hour < was.by_hour.size(); ++hour) {
    if (was.by_hour[hour] + would.by_hour[hour] == 0) continue;
    row("calls, " + number(hour) + " o'clock there", number(was.by_hour[hour]),
        number(would.by_hour[hour]), kind);
  }
  return text;
}

namespace {

void figures_json(JsonObject& object, const WhatIfFigures& figures) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  object.member("people", number(figures.people))
      .member("calls", number(figures.calls))
      .member("answered", number(figures.answered))
      .member("talk_seconds", figures.talk_seconds)
      .member("not_placed", number(figures.not_placed))
      .member("lines_most", figures.lines_most);
  if (figures.first_call) object.member("first_call", rfc3339_utc(*figures.first_call));
  if (figures.last_call) object.member("last_call", rfc3339_utc(*figures.last_call));
  JsonObject dispositions(object.open("dispositions"));
  for (std::size_t i = 0; i < outcomes; ++i) {
    if (figures.dispositions[i] == 0) continue;
    dispositions.member(name_of(static_cast<Outcome>(i)), number(figures.dispositions[i]));
  }
  dispositions.close();
  JsonObject places(object.open("places"));
  for (std::size_t i = 0; i < figures.places.size(); ++i) {
    places.member(name_of(static_cast<Place>(i)), number(figures.places[i]));
  }
  places.close();
  JsonObject hours(object.open("calls_by_hour"));
  for (std::size_t i = 0; i < figures.by_hour.size(); ++i) {
    if (figures.by_hour[i] != 0) hours.member(std::to_string(i), number(figures.by_hour[i]));
  }
  hours.close();
}

}  // namespace

std::string what_if_json(const WhatIf& result, const Campaign& campaign) {
  const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  std::string text;
  JsonObject object(text);
  object.member("campaign", campaign.id).flag("exact", result.exact()).flag("ended", result.ended);
  JsonObject attempts(object.open("attempts"));
  attempts.member("exact", number(result.same))
      .member("moved", number(result.moved))
      .member("borrowed", number(result.borrowed))
      .member("unmade", number(result.unmade));
  attempts.close();
  object.member("exact_people", number(result.exact_people));
  if (result.parts_at) object.member("exact_until", rfc3339_utc(*result.parts_at));
  JsonObject exact(object.open("exact_dispositions"));
  for (std::size_t i = 0; i < outcomes; ++i) {
    if (result.exact_dispositions[i] == 0) continue;
    exact.member(name_of(static_cast<Outcome>(i)), number(result.exact_dispositions[i]));
  }
  exact.close();
  JsonObject recorded(object.open("recorded"));
  figures_json(recorded, result.recorded);
  recorded.close();
  JsonObject replayed(object.open("what_if"));
  figures_json(replayed, result.replayed);
  replayed.close();
  object.close();
  return text;
}

}  // namespace campaigns
