#include "campaigns/what_if.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <queue>
#include <utility>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/carrier_errors.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/person_numbers.hpp"
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

// A fact of a call, so long after the call was requested.
struct Scripted {
  Milliseconds after{};
  std::uint64_t position = 0;  // in the log; the order of what happens at one moment
  Fact fact{};
};

// What is known of one attempt.
struct Script {
  Instant requested_at{};
  std::vector<Scripted> facts{};
  Outcome outcome = Outcome::none;
  std::optional<Milliseconds> closed_after{};  // nothing: it was still open at the log's end
  std::uint64_t closed_position = 0;
  Milliseconds ended_after{};  // as the carrier says
  std::int64_t seconds = 0;
  bool redial = false;  // a person had it made again
  bool counts() const { return outcome != Outcome::none && outcome != Outcome::not_placed; }
};

// What comes from outside of the policy, at its moment.
struct Outside {
  Instant at{};
  std::uint64_t position = 0;
  std::optional<Fact> fact{};
  bool stops = false;  // the program was gone from here on
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

// Decided by the policy: a replay decides it anew.
bool decided_anew(const Event& event) {
  // That the carrier refused every call is no decision of the policy's.
  if (const auto* paused = get_if<CampaignPaused>(&event)) {
    return paused->by == "program" && !paused->reason.starts_with(carrier_refuses_all);
  }
  if (const auto* resumed = get_if<CampaignResumed>(&event)) return resumed->by == "program";
  if (const auto* forgotten = get_if<ContactForgotten>(&event)) {
    return forgotten->by == "retention";
  }
  if (const auto* suppressed = get_if<Suppressed>(&event)) return suppressed->by == cool_off;
  if (const auto* closed = get_if<ContactClosed>(&event)) return closed->place != Place::held;
  return holds_alternative<CallRequested>(event) || holds_alternative<AttemptClosed>(event) ||
         holds_alternative<NumberChosen>(event) || holds_alternative<RetryScheduled>(event) ||
         holds_alternative<SpendReserved>(event) || holds_alternative<SpendSettled>(event) ||
         holds_alternative<CallPostponed>(event) || holds_alternative<ContactExcluded>(event) ||
         holds_alternative<QuotaCounted>(event) || holds_alternative<QuotaSwept>(event) ||
         holds_alternative<CallEndRequested>(event) ||
         holds_alternative<CampaignCompleted>(event) || holds_alternative<CampaignReopened>(event);
}

}  // namespace

struct Rerun::Tape {
  std::vector<Outside> outside{};
  std::map<std::string, std::map<Key, Script>> scripts{};  // by campaign
  std::map<std::pair<std::string, std::uint32_t>, std::uint8_t> open{};
  std::map<std::uint64_t, std::pair<std::string, std::uint32_t>> by_attempt{};
  std::size_t facts = 0;
  Instant last{};
  std::uint64_t last_position = 0;

  Script* script_of(const std::string& campaign, std::uint32_t ordinal, std::uint8_t attempt) {
    const auto of = scripts.find(campaign);
    if (of == scripts.end()) return nullptr;
    const auto found = of->second.find({ordinal, attempt});
    return found == of->second.end() ? nullptr : &found->second;
  }
  void add(Script& script, const Fact& fact) {
    script.facts.push_back({fact.recorded_at - script.requested_at, fact.position, fact});
  }
  void see(const Fact& fact);
  void see_of_contact(const Fact& fact);
};

void Rerun::Tape::see_of_contact(const Fact& fact) {
  const auto& campaign = fact.subject.name;
  const auto ordinal = fact.subject.ordinal;
  if (const auto* requested = get_if<CallRequested>(&fact.event)) {
    auto& script = scripts[campaign][{ordinal, requested->attempt}];
    script.requested_at = fact.recorded_at;
    open[{campaign, ordinal}] = requested->attempt;
    return;
  }
  // What names no attempt belongs to the last one.
  auto number = attempt_of(fact.event);
  if (number == 0) {
    if (const auto found = open.find({campaign, ordinal}); found != open.end()) {
      number = found->second;
    }
  }
  auto* script = number == 0 ? nullptr : script_of(campaign, ordinal, number);
  if (script) {
    if (const auto* closed = get_if<AttemptClosed>(&fact.event)) {
      script->outcome = closed->outcome;
      script->closed_after = fact.recorded_at - script->requested_at;
      script->closed_position = fact.position;
      if (script->ended_after == Milliseconds{}) script->ended_after = *script->closed_after;
    } else if (const auto* ended = get_if<CallEnded>(&fact.event)) {
      script->seconds = ended->seconds;
      script->ended_after =
          std::min(fact.occurred_at.value_or(fact.recorded_at), fact.recorded_at) -
          script->requested_at;
    } else if (const auto* resolved = get_if<CallResolved>(&fact.event)) {
      script->redial = resolved->as == Resolution::redial;
    }
  }
  if (decided_anew(fact.event)) return;
  const bool of_the_person = holds_alternative<ContactEnrolled>(fact.event) ||
                             holds_alternative<ContactForgotten>(fact.event);
  if (script && !of_the_person) return add(*script, fact);
  outside.push_back({fact.recorded_at, fact.position, fact});
  // The number of somebody who was forgotten since is gone, and they were called all the same.
  if (auto* enrolled = get_if<ContactEnrolled>(&outside.back().fact->event);
      enrolled && enrolled->number.empty()) {
    enrolled->number = stand_in_number;
    enrolled->others.assign(enrolled->other_keys.size(), std::string(stand_in_number));
  }
}

void Rerun::Tape::see(const Fact& fact) {
  // A program that was killed said nothing of its end: it was gone after its last word.
  const bool starts = holds_alternative<RunnerStarted>(fact.event);
  if (starts && last_position != 0 &&
      (outside.empty() || outside.back().position != last_position || !outside.back().stops)) {
    outside.push_back({last, last_position, {}, true});
  }
  last = fact.recorded_at;
  last_position = fact.position;
  if (fact.subject.kind == Subject::Kind::contact) return see_of_contact(fact);
  if (const auto* opted = get_if<OptedOut>(&fact.event)) {
    if (const auto id = AttemptId::parse(opted->attempt)) {
      if (auto* script = script_of(id->campaign, id->contact, id->attempt)) {
        return add(*script, fact);
      }
    }
  }
  if (decided_anew(fact.event)) return;
  outside.push_back(
      {fact.recorded_at, fact.position, fact, holds_alternative<RunnerStopped>(fact.event)});
}

Rerun::Rerun() : tape_(std::make_unique<Tape>()) {}
Rerun::~Rerun() = default;

bool Rerun::see(const Fact& fact) {
  if (tape_->facts == facts_max) return false;
  ++tape_->facts;
  tape_->see(fact);
  return true;
}

namespace {

// A rerun looks no further ahead than this after the log's end.
constexpr std::chrono::days looks_ahead_max{3660};
// And takes no more steps than this.
constexpr std::uint64_t steps_max = 200'000'000;

struct Due {
  Instant at{};
  std::uint64_t position = 0;
  std::uint64_t sequence = 0;
  const Outside* outside = nullptr;
  // Else of a call.
  ContactRef contact{};
  std::uint8_t attempt = 0;
  const Script* script = nullptr;
  std::size_t step = 0;  // facts.size(): its close
  Instant requested_at{};

  bool operator<(const Due& other) const {
    return std::tie(other.at, other.position, other.sequence) < std::tie(at, position, sequence);
  }
};

class World {
 public:
  World(const std::vector<Outside>& outside,
        const std::map<std::string, std::map<Key, Script>>& scripts, const ZoneRules& rules,
        std::uint64_t seed)
      : outside_(outside), scripts_(scripts), rules_(rules), seed_(seed) {
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
  std::uint32_t lines_most = 0;
  bool ended = false;

 private:
  void fold(Fact fact, Instant now);
  void apply(const Outside& outside);
  void act(const Due& due);
  void requested(const Fact& fact, Instant now);
  bool is_over(const std::string& campaign) const {
    const auto index = state.book.find(campaign);
    return index && state.book.at(*index).status == CampaignStatus::completed;
  }
  bool plan_once(Instant now);
  void push(Due due) {
    due.sequence = ++sequence_;
    due_.push(due);
  }

  const std::vector<Outside>& outside_;
  const std::map<std::string, std::map<Key, Script>>& scripts_;
  const ZoneRules& rules_;
  std::uint64_t seed_;
  std::map<std::string, std::map<std::uint8_t, std::vector<const Script*>>> donors_{};
  std::priority_queue<Due> due_{};
  std::uint64_t sequence_ = 0;
  bool running_ = false;
  std::string campaign_{};
  const Campaign* policy_ = nullptr;
  std::size_t last_start_ = 0;  // in outside_: nothing stops the program after this one
};

void World::fold(Fact fact, Instant now) {
  const Moment moment{now, seed_};
  stamp(state, fact, moment);
  evolve(state, fact);
  if (holds_alternative<CallRequested>(fact.event)) requested(fact, now);
}

// A campaign that had come to its end here runs once more; elsewhere it may run still.
Fact reopened(const std::string& campaign, const char* why) {
  Fact fact;
  fact.subject = Subject::campaign(campaign);
  fact.event = CampaignReopened{why};
  return fact;
}

void World::apply(const Outside& outside) {
  if (outside.fact) {
    auto fact = *outside.fact;
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
    fold(std::move(fact), outside.at);
    if (added && is_over(campaign)) fold(reopened(campaign, "people were added"), outside.at);
  }
  if (outside.stops) {
    const auto place = static_cast<std::size_t>(&outside - outside_.data());
    if (!policy_ || place < last_start_) {
      // What was due at its last moment had been done.
      while (running_ && plan_once(outside.at)) {
      }
      running_ = false;
    }
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
      if (script->requested_at != now) one.from = Made::From::itself_elsewhere;
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
  lines_most = std::max(lines_most, state.queue.campaigns[contact.campaign].lines_in_use);
  if (!script) return;
  for (std::size_t i = 0; i < script->facts.size(); ++i) {
    const auto& scripted = script->facts[i];
    push({now + scripted.after, scripted.position, 0, nullptr, contact, event.attempt, script, i,
          now});
  }
  if (script->closed_after) {
    push({now + *script->closed_after, script->closed_position, 0, nullptr, contact, event.attempt,
          script, script->facts.size(), now});
  }
}

void World::act(const Due& due) {
  if (due.outside) return apply(*due.outside);
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
  auto fact = due.script->facts[due.step].fact;
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

bool World::plan_once(Instant now) {
  auto facts = plan(state, rules_, {now, seed_}, {});
  for (auto& fact : facts) fold(std::move(fact), now);
  return !facts.empty();
}

void World::run(const std::string& campaign, const Campaign* policy, std::optional<Instant> until,
                std::optional<Instant> begin_to_look_ahead) {
  campaign_ = campaign;
  policy_ = policy;
  for (std::size_t i = 0; i < outside_.size(); ++i) {
    const auto& one = outside_[i];
    push({one.at, one.position, 0, &one, {}, 0, nullptr, 0, {}});
    if (one.fact && holds_alternative<RunnerStarted>(one.fact->event)) last_start_ = i;
  }
  const auto nobody_is_asked = [](ContactRef) { return true; };
  Instant now{};
  for (std::uint64_t step = 0; step < steps_max; ++step) {
    std::optional<Instant> next;
    if (!due_.empty()) next = due_.top().at;
    if (running_) {
      if (auto wakes = next_wakeup(state, rules_, now, {}, nobody_is_asked)) {
        // Whatever was due now has been looked at.
        if (*wakes <= now) wakes = now + Milliseconds{1};
        if (!next || *wakes < *next) next = wakes;
      }
    }
    if (!next || (until && *next > *until)) break;
    if (begin_to_look_ahead && *next > *begin_to_look_ahead + looks_ahead_max) break;
    now = *next;
    while (!due_.empty() && due_.top().at <= now) {
      const auto due = due_.top();
      due_.pop();
      act(due);
    }
    while (running_ && plan_once(now)) {
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

// The most calls at once, by when attempts began and ended.
std::uint32_t most_lines(const State& state, CampaignIndex index) {
  std::vector<std::pair<Instant, int>> edges;
  for (const auto& row : state.results.attempts) {
    if (row.contact.campaign != index) continue;
    edges.emplace_back(row.requested_at, 1);
    if (row.ended_at != Instant{}) edges.emplace_back(row.ended_at, -1);
  }
  std::sort(edges.begin(), edges.end());
  std::int64_t open = 0;
  std::int64_t most = 0;
  for (const auto& [at, change] : edges) most = std::max(most, open += change);
  return static_cast<std::uint32_t>(most);
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
  World world(tape_->outside, tape_->scripts, rules,
              static_cast<std::uint64_t>(recorded.book.identity.seed));
  world.run({}, nullptr, tape_->last, {});
  return std::move(world.state);
}

WhatIf Rerun::run(const State& recorded, CampaignIndex campaign, const ZoneRules& rules,
                  const Campaign* policy) const {
  const auto& id = recorded.book.at(campaign).definition->id;
  World world(tape_->outside, tape_->scripts, rules,
              static_cast<std::uint64_t>(recorded.book.identity.seed));
  if (policy) {
    world.run(id, policy, {}, tape_->last);
  } else {
    world.run(id, nullptr, tape_->last, {});
  }
  WhatIf result;
  result.ended = world.ended;
  result.recorded = figures_of(recorded, campaign, most_lines(recorded, campaign));
  result.replayed = figures_of(world.state, campaign, most_lines(world.state, campaign));

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
  row("first call", moment(was.first_call), moment(would.first_call), "exact");
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
