#include "campaigns/decide.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include "campaigns/agent.hpp"
#include "campaigns/call_caps.hpp"
#include "campaigns/call_span.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/carrier_errors.hpp"
#include "campaigns/edit.hpp"
#include "campaigns/forget.hpp"
#include "campaigns/known_people.hpp"
#include "campaigns/pacing.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/quotas.hpp"
#include "campaigns/survey.hpp"

namespace campaigns {

namespace {

// Facts as they are decided.
class Draft {
 public:
  void add(Subject subject, Event event, std::optional<Instant> occurred_at = {}) {
    Fact fact;
    fact.subject = std::move(subject);
    fact.occurred_at = occurred_at;
    fact.event = std::move(event);
    facts_.push_back(std::move(fact));
  }
  Facts take() { return std::move(facts_); }

 private:
  Facts facts_{};
};

using Decision = Result<Facts, Refusal>;

Refusal unknown_campaign(const std::string& id) {
  return {"unknown_campaign", "no campaign \"" + id + "\" in this log"};
}

bool terminal(const std::string& status) {
  return status == "completed" || status == "busy" || status == "failed" || status == "no-answer" ||
         status == "canceled";
}

bool is_machine(const std::string& answered_by) {
  return answered_by.rfind("machine", 0) == 0;
}

// An attempt that a command names, as the state knows it.
struct Named {
  ContactRef ref{};
  const CampaignEntry* entry = nullptr;
  const OpenAttempt* open = nullptr;  // nothing when the attempt is over
  Subject subject{};
  bool dialled = false;  // which is known only now that it is over
  bool spared = false;   // the same: that the carrier was not to be reached, or not in time
};

Result<Named, Refusal> find(const State& state, const AttemptId& id) {
  const auto index = state.book.find(id.campaign);
  if (!index) return unknown_campaign(id.campaign);
  const auto& contacts = state.queue.campaigns[*index].contacts;
  if (id.contact == 0 || id.contact > contacts.size() || id.attempt == 0 ||
      id.attempt > contacts[id.contact - 1].requests) {
    return Refusal{"unknown_attempt", "no such attempt in this log"};
  }
  Named named;
  named.ref = {*index, id.contact};
  named.entry = &state.book.at(*index);
  named.subject = Subject::contact(id.campaign, id.contact);
  named.open = state.queue.open_attempt(named.ref);
  if (named.open && named.open->attempt != id.attempt) named.open = nullptr;
  return named;
}

// Requests of one contact, beyond which an attempt that does not count is the last all the same.
constexpr std::uint8_t requests_max = 100;

// How long to wait where there was no carrier, or no time to send, the last `before` times either:
// twice as long each time. Whoever is left when it is away for days has not used up their requests
// by then, and when it is back they wait for an hour at most.
Seconds unreachable_delay(const Campaign& campaign, std::uint8_t before) {
  constexpr Seconds longest{3'600};
  auto delay = campaign.retries.unplaced_delay;
  for (; before > 0 && delay < longest; --before) delay = std::min(2 * delay, longest);
  return delay;
}

// When the person asked to be called, if they named a time in this call.
std::optional<Instant> callback_named(const State& state, const Named& named) {
  const auto* call = state.script.call(named.ref);
  if (!call || call->agent.callback_due_ms == 0) return {};
  return instant_from_ms(call->agent.callback_due_ms);
}

// What the reason with which an agent ended a talk says of the person.
std::optional<Outcome> outcome_of_reason(std::string_view end_reason) {
  static constexpr std::array<std::pair<std::string_view, Outcome>, 7> said{
      {{"refused", Outcome::refused},
       {"wrong_person", Outcome::not_available},
       {"wrong_number", Outcome::invalid_number},
       {"language_barrier", Outcome::language_barrier},
       {"unable", Outcome::unable},
       {"business_number", Outcome::business_number},
       {"screened", Outcome::screened}}};
  for (const auto& [reason, outcome] : said) {
    if (reason == end_reason) return outcome;
  }
  return {};
}

// What was said of the person's will or state in a call, whatever was answered beside it.
std::optional<Outcome> said_of_person(const CallPosition& call) {
  return call.stopped ? std::optional(Outcome::refused) : outcome_of_reason(call.agent.end_reason);
}

// Whether nobody is to call after this call, whatever was answered by then, which is all that its
// outcome may tell: the person would not or could not go on, or a human took over.
bool is_last_word(const CallPosition& call, const Retries& retries) {
  if (call.agent.reached_human()) return true;
  const auto said = said_of_person(call);
  if (!said || conclusive(*said)) return said.has_value();
  return !call.agent.callback_asked && !retries.delay[static_cast<std::size_t>(*said)];
}

// What becomes of a case after an attempt: another one later, or its end.
void after_attempt(Draft& draft, const State& state, const Named& named, Outcome outcome,
                   Instant ended_at, Instant now, bool number_refused = false) {
  const auto& campaign = *named.entry->definition;
  const auto& contact = state.queue.contact(named.ref);
  // What the case as a whole came to.
  const auto disposition =
      state.queue.campaigns[named.ref.campaign].disposition_with(named.ref.ordinal, outcome);
  const auto close = [&](Place place, std::string why = {}) {
    draft.add(named.subject, ContactClosed{place, disposition, std::move(why)});
  };
  const bool called = contact.attempts > 0 || outcome != Outcome::not_placed;
  // Enough people like this one have completed the survey meanwhile.
  const auto let_go = [&] {
    const auto quota = full_quota(state, named.ref);
    if (!quota) return false;
    const bool unheard =
        outcome == Outcome::canceled_by_us && named.open->withdrawn() && !named.dialled;
    if (contact.attempts > 0 || (called && !unheard)) {
      close(place_at_end(disposition), why_full(*named.entry, *quota));
    } else {
      draft.add(named.subject, ContactExcluded{"quota_full", why_full(*named.entry, *quota)});
    }
    return true;
  };
  // We wanted it back before anybody answered: they are due again, and what stood in the way then
  // is looked at when their turn comes. One that never rang does not count.
  if (outcome == Outcome::canceled_by_us && named.open->end_requested &&
      (named.entry->status == CampaignStatus::running ||
       named.entry->status == CampaignStatus::paused) &&
      ((named.open->withdrawn() && !named.dialled) ||
       contact.attempts + 1 < campaign.retries.attempts_max) &&
      contact.requests < requests_max) {
    if (let_go()) return;
    draft.add(named.subject, RetryScheduled{to_ms(now + Seconds{1}), outcome});
    return;
  }
  const bool dead = campaign.retries.gives_up_number(outcome);
  number_refused |= named.open->number_refused;
  const auto other = reached_nobody(outcome) || number_refused
                         ? next_number(state, named.ref, now, dead)
                         : std::optional<std::uint8_t>();
  // Of a number that is dead the person's next one need not wait for anything.
  const bool goes_on = other && dead;
  if (conclusive(outcome) && !goes_on &&
      !campaign.retries.delay[static_cast<std::size_t>(outcome)].has_value()) {
    return close(Place::done);
  }
  const auto* call = state.script.call(named.ref);
  if (call != nullptr && !goes_on && is_last_word(*call, campaign.retries)) {
    return close(place_at_end(disposition));
  }
  if (named.entry->status == CampaignStatus::cancelled) return close(Place::excluded);
  // A held call that turned up after the campaign's end: nobody is dialled there any more. That it
  // was never made only a person can say, so that it may be made now.
  const bool over = named.entry->status == CampaignStatus::completed;
  const bool never_made = named.open->phase == Phase::held && outcome == Outcome::not_placed;
  if (over && !never_made) return close(place_at_end(disposition));
  const auto row = state.results.find(named.ref, named.open->attempt);
  const bool kept_away = outcome == Outcome::screened && !other && row &&
                         times_screened(state, named.ref, row->number) + 1 >= screened_max;
  std::optional<Seconds> delay;
  if (outcome == Outcome::not_placed) {
    // That the carrier is not to be reached, or not in time, is nobody's in the list.
    if (named.spared || named.open->unreachable || named.open->late) {
      if (contact.requests < requests_max) delay = unreachable_delay(campaign, contact.unreachable);
    } else if (contact.unplaced + 1 < campaign.retries.unplaced_max) {
      delay = campaign.retries.unplaced_delay;
    }
  } else if (contact.attempts + 1 < campaign.retries.attempts_max && !kept_away) {
    delay = goes_on ? Seconds{0} : campaign.retries.delay[static_cast<std::size_t>(outcome)];
  }
  if (!delay) return close(place_at_end(disposition));
  // The time that the person named comes before the delay that the file has. A report that came
  // late must not make the next call due before this moment.
  const auto asked_for = dead ? std::nullopt : callback_named(state, named);
  const auto due = std::max(asked_for.value_or(ended_at + *delay), now + Seconds{1});
  const auto last = state.queue.campaigns[named.ref.campaign].not_after(named.ref.ordinal);
  // Whoever was never called is let go by the plan.
  if (last && due >= *last && called) {
    return close(place_at_end(disposition), "the next call would come after the row's last moment");
  }
  if (let_go()) return;
  if (over) {
    draft.add(Subject::campaign(named.subject.name),
              CampaignReopened{"a held call was never made"});
  }
  if (other) {
    draft.add(named.subject,
              NumberChosen{*other, number_refused ? "refused" : std::string(name_of(outcome))});
  }
  draft.add(named.subject, RetryScheduled{to_ms(due), outcome});
}

// "Never again" is said for all numbers of a person.
void opt_out(Draft& draft, const State& state, ContactRef person, const std::string& attempt,
             std::string_view by) {
  for (const auto key : numbers_of(state, person)) {
    if (state.suppression.opted_out(key)) continue;
    draft.add(Subject::number(key), OptedOut{attempt, std::string(by)});
  }
}

// Whoever refused is left alone by every campaign, as long as this one says: also behind so many
// answers that the call counts as an interview, or as a part of one.
void cool_down(Draft& draft, const State& state, const Named& named, Outcome outcome,
               Instant ended_at, Instant now) {
  const auto wait = named.entry->definition->retries.cool_off;
  if (wait == Seconds{0}) return;
  const auto* call = state.script.call(named.ref);
  if (outcome != Outcome::refused && !(call && said_of_person(*call) == Outcome::refused)) return;
  const auto until = ended_at + wait;
  if (until <= now) return;
  for (const auto key : numbers_of(state, named.ref)) {
    // What holds for longer stays.
    if (state.suppression.holds_until(key, until)) continue;
    draft.add(Subject::number(key),
              Suppressed{std::string(cool_off), "the person refused", to_ms(until)});
  }
}

// Of a case that ends as completed, and did not before.
void count_towards_quotas(Draft& draft, const State& state, const Named& named) {
  const auto& entry = *named.entry;
  const auto& campaign = *entry.definition;
  if (state.queue.contact(named.ref).best_outcome == Outcome::completed) return;
  for (const auto quota :
       quotas_of(campaign, state.script.answers(named.ref), entry, state.script, named.ref)) {
    draft.add(named.subject, QuotaCounted{named.open->attempt, campaign.quotas[quota].name,
                                          std::int64_t{entry.quota_completes[quota]} + 1,
                                          std::int64_t{campaign.quotas[quota].completes}});
  }
}

// What the call to a human cost: as long as that was, or as the person's own until it is told.
std::int64_t transfer_cost(const Named& named, const Spend::Reservation& set_aside,
                           std::int64_t call_seconds) {
  if (!set_aside.passed_on) return 0;
  return transfer_cost_of(*named.entry->definition,
                          set_aside.transfer_seconds.value_or(call_seconds));
}

// What is told of the call to a human once the attempt is settled, of the attempt's own call.
void correct_transfer(Draft& draft, const State& state, const Named& named, std::uint8_t attempt,
                      const std::string& sid, std::int64_t millionths) {
  const auto row = state.results.find(named.ref, attempt);
  const auto settled = state.spend.carrier_cost_of_attempt(named.ref, attempt);
  const auto transfer = state.spend.transfer_of_attempt(named.ref, attempt);
  if (!row || row->sid != sid || !settled || !transfer || transfer->cost == millionths) return;
  draft.add(named.subject, SpendCorrected{attempt, *settled, millionths});
}

// The same by its duration: a price holds, and so does a duration that was told before.
void correct_transfer_by_duration(Draft& draft, const State& state, const Named& named,
                                  std::uint8_t attempt, const std::string& sid,
                                  std::int64_t seconds) {
  const auto transfer = state.spend.transfer_of_attempt(named.ref, attempt);
  if (seconds == 0 || !transfer || !transfer->reckoned) return;
  correct_transfer(draft, state, named, attempt, sid,
                   transfer_cost_of(*named.entry->definition, seconds));
}

// It may have been placed and may have cost what was set aside.
void settle_in_doubt(Draft& draft, const State& state, const Named& named) {
  const auto set_aside = state.spend.reservations.find(named.ref.packed());
  if (set_aside == state.spend.reservations.end()) return;
  const auto longest = named.entry->definition->call_time.count();
  draft.add(named.subject,
            SpendSettled{named.open->attempt, set_aside->second.carrier, set_aside->second.talk,
                         transfer_cost(named, set_aside->second, longest)});
}

void close_attempt(Draft& draft, const State& state, const Named& named, Outcome outcome,
                   std::int64_t seconds, Instant ended_at, Instant now,
                   bool number_refused = false) {
  const auto attempt = named.open->attempt;
  draft.add(named.subject, AttemptClosed{attempt, outcome});
  if (outcome == Outcome::completed) count_towards_quotas(draft, state, named);
  if (const auto set_aside = state.spend.reservations.find(named.ref.packed());
      set_aside != state.spend.reservations.end()) {
    draft.add(named.subject, SpendSettled{attempt, cost_of(*named.entry->definition, seconds),
                                          set_aside->second.talk,
                                          transfer_cost(named, set_aside->second, seconds)});
  }
  after_attempt(draft, state, named, outcome, ended_at, now, number_refused);
  cool_down(draft, state, named, outcome, ended_at, now);
}

// Whoever answers a question is no machine, whatever the carrier finds out beside the talk.
bool has_answered(const CallPosition* call) {
  return call && call->turn > 1 && call->again.empty() &&
         (call->prompt == "question" || call->prompt == "goodbye" ||
          call->prompt == "screened_out" || call->prompt == "quota_full");
}

// How far a survey has come, over all attempts of the person.
struct Progress {
  std::int64_t given = 0;
  bool complete = false;  // something must be answered, and all of it is
};

Progress progress_of(const State& state, const Named& named) {
  const auto& campaign = *named.entry->definition;
  const auto& answers = state.script.answers(named.ref);
  Progress progress;
  progress.given = std::count_if(answers.begin(), answers.end(), [](const auto& answer) {
    return answer.status == AnswerStatus::answered;
  });
  // Complete is who has answered all that must be answered, even if they hang up on the rest; and
  // whoever would rather not say, where the file allows it, has had their say on that question.
  bool any_required = false;
  bool all_answered = true;
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    const auto& question = campaign.questions[i];
    if (!question.required ||
        !applies(question.ask_if, campaign, answers, *named.entry, state.script, named.ref)) {
      continue;
    }
    any_required = true;
    all_answered &= std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
      return answer.question == i && settles(answer.status);
    });
  }
  progress.complete = any_required && all_answered;
  return progress;
}

// Or pressed a key, be it no answer.
bool spoke(const CallPosition& call) {
  return call.replied || call.agent.spoke;
}

// Whether a survey came to its end and all that it asked was met with silence: each question need
// not be answered, and nobody was there to answer any. A message was heard all the same.
bool left_in_silence(const State& state, const Named& named, const CallPosition& call) {
  const auto& answers = state.script.answers(named.ref);
  return named.entry->definition->kind == Kind::survey && !answers.empty() &&
         !has_settled_any(answers) && !spoke(call);
}

// Whether a limit of the campaign's cut the talk.
bool cut_by_a_limit(const AgentProgress& agent) {
  return agent.closed_why == "time_limit" || agent.closed_why == "spend_limit" ||
         agent.closed_why == "too_many_turns";
}

// Whether the talk ended because we did, not because the person went.
bool ended_by_us(const AgentProgress& agent) {
  return cut_by_a_limit(agent) || agent.closed_why == "silence" || agent.closed_why == "goodbye";
}

// A call in which a voice agent was due. What the person said counts before how the talk ended, and
// silence of ours is no hang-up of theirs.
Outcome outcome_of_agent(const State& state, const Named& named, const CallPosition& call,
                         std::int64_t seconds) {
  const auto& campaign = *named.entry->definition;
  const auto& agent = call.agent;
  const auto progress = progress_of(state, named);
  if (progress.complete) return Outcome::completed;
  if (campaign.partial_answers > 0 && progress.given >= campaign.partial_answers) {
    return Outcome::partial;
  }
  // Whoever will not, cannot or is not to be called says so last, and after a human took over
  // nobody need call back.
  const auto reason = outcome_of_reason(agent.end_reason);
  if (reason && conclusive(*reason)) return *reason;
  if ((agent.callback_asked || agent.end_reason == "not_now") && !agent.reached_human()) {
    return Outcome::callback_requested;
  }
  if (reason) return *reason;
  if (progress.given > 0) return Outcome::broken_off;
  if (agent.heard) {
    // Without a survey the talk itself is what the call was for.
    if (agent.reached_human() || (campaign.questions.empty() && agent.end_reason == "done")) {
      return Outcome::completed;
    }
    if (call.prompt == "apology") return Outcome::network_error;
    if (!campaign.questions.empty()) {
      if (!spoke(call)) {
        return ended_by_us(agent) ? Outcome::said_nothing : Outcome::human_hung_up_at_once;
      }
      return cut_by_a_limit(agent) ? Outcome::broken_off : Outcome::human_hung_up_at_once;
    }
    const auto& words = campaign.agent.opening.empty() ? campaign.greeting : campaign.agent.opening;
    const auto text = personal_text(words, campaign, *named.entry, state.script, named.ref);
    return agent.lasted_ms >= std::int64_t{speaking_seconds(text)} * 500
               ? Outcome::completed
               : Outcome::human_hung_up_at_once;
  }
  const auto disclosure =
      personal_text(campaign.agent.disclosure, campaign, *named.entry, state.script, named.ref);
  // The carrier said who calls, and then nothing came.
  const bool silent = !agent.fault.empty() || agent.lasted_ms >= 2'000 ||
                      (agent.stage == AgentStage::served && call.prompt == "agent" &&
                       seconds > speaking_seconds(disclosure) + 5);
  return silent ? Outcome::network_error : Outcome::human_hung_up_at_once;
}

// Whether a machine was told its message: the call came for it, and was long enough for the half.
// An order to go on with it may be lost, or come when the call is over.
bool left_message(const State& state, const Named& named, const CallPosition& call,
                  std::int64_t seconds) {
  if (call.prompt != "machine" || (call.turn > 1 && !call.fetched)) return false;
  const auto& campaign = *named.entry->definition;
  const auto text =
      personal_text(campaign.machine.message, campaign, *named.entry, state.script, named.ref);
  return seconds * 2 >= speaking_seconds(text);
}

// How an answered call went, from what was served and answered in it.
Outcome outcome_of_conversation(const State& state, const Named& named, std::int64_t seconds,
                                const std::string& answered_by) {
  const auto* call = state.script.call(named.ref);
  const auto& campaign = *named.entry->definition;
  // Whoever had answered all by then has given an interview; nobody calls them either way.
  if (call && call->opted_out) {
    return progress_of(state, named).complete ? Outcome::completed : Outcome::opted_out;
  }
  if (answered_by == "fax") return Outcome::fax_or_data;
  // Where machines are ignored they were told what people are told: that counts alike.
  if (is_machine(answered_by) && campaign.machine.action != MachineAction::ignore &&
      !has_answered(call)) {
    return call && left_message(state, named, *call, seconds) ? Outcome::machine_message_left
                                                              : Outcome::machine_no_message;
  }
  // Answered, and never asked us what to say: something between us failed.
  if (!call || call->turn == 0) return Outcome::network_error;
  if (is_screened_out(campaign, state.script.answers(named.ref), *named.entry, state.script,
                      named.ref)) {
    return Outcome::not_eligible;
  }
  if (call->prompt == "quota_full" || call->agent.quota_full) return Outcome::quota_full;
  // Where a failed agent's call went on as in mode simple, its rules hold.
  if (call->agent.stage != AgentStage::none && call->prompt != "question" &&
      call->prompt != "message" && call->prompt != "goodbye" && !call->stopped) {
    return outcome_of_agent(state, named, *call, seconds);
  }
  if (campaign.questions.empty()) {
    const auto text =
        personal_text(campaign.greeting, campaign, *named.entry, state.script, named.ref);
    const bool told = call->prompt == "message" || call->prompt == "goodbye";
    const bool heard = told && seconds * 2 >= speaking_seconds(text);
    return heard ? Outcome::completed : Outcome::human_hung_up_at_once;
  }
  if (call->prompt == "goodbye" && !left_in_silence(state, named, *call)) {
    return Outcome::completed;
  }
  const auto progress = progress_of(state, named);
  if (progress.complete) return Outcome::completed;
  if (campaign.partial_answers > 0 && progress.given >= campaign.partial_answers) {
    return Outcome::partial;
  }
  if (call->stopped) return Outcome::refused;
  // Whoever reached a human need not be called back; whoever found none does.
  const auto& human = call->agent;
  if ((human.callback_asked || human.transfer) && !human.reached_human()) {
    return Outcome::callback_requested;
  }
  if (progress.given > 0) return Outcome::broken_off;
  // Nobody came to the telephone behind the assistant that answered.
  if (call->screened && !spoke(*call)) return Outcome::screened;
  const bool ended = call->prompt == "gave_up" || call->prompt == "goodbye";
  return ended && !spoke(*call) ? Outcome::said_nothing : Outcome::human_hung_up_at_once;
}

// Whether the carrier failed to reach the number in turn with its last call there, too. What went
// wrong on our side in a call that was answered says nothing of the number.
bool failed_there_before(const State& state, const Named& named) {
  const auto& campaign = state.queue.campaigns[named.ref.campaign];
  if (campaign.last_outcome_there(named.ref.ordinal) != Outcome::network_error) return false;
  const auto now = state.results.find(named.ref, named.open->attempt);
  for (auto attempt = static_cast<std::uint8_t>(named.open->attempt - 1); attempt > 0; --attempt) {
    const auto before = state.results.find(named.ref, attempt);
    if (!before || !now || before->number != now->number) continue;
    if (before->outcome == Outcome::network_error) return before->status == "failed";
  }
  return false;
}

// Of a call whose end nobody knows: what the person said in it counts. Nothing where they were not
// heard, which says nothing of the number, nor does a length that is not known.
std::optional<Outcome> outcome_of_lost_call(const State& state, const Named& named,
                                            const std::string& answered_by) {
  const auto* call = state.script.call(named.ref);
  if (!call) return {};
  const bool heard =
      spoke(*call) || has_answered(call) || call->opted_out || !call->agent.tools.empty();
  if (!heard) return {};
  const auto outcome = outcome_of_conversation(state, named, 0, answered_by);
  if (outcome == Outcome::human_hung_up_at_once || outcome == Outcome::said_nothing) return {};
  return outcome;
}

Outcome outcome_of_call(const State& state, const Named& named, const std::string& status,
                        std::int64_t seconds, const std::string& answered_by) {
  if (status == "busy") return Outcome::busy;
  if (status == "no-answer") return Outcome::no_answer;
  if (status == "canceled") return Outcome::canceled_by_us;
  if (status == lost_call) {
    return outcome_of_lost_call(state, named, answered_by).value_or(Outcome::network_error);
  }
  if (status == "failed") {
    // Carriers' causes are not to be trusted at once: a number is dead when it fails twice running.
    return failed_there_before(state, named) ? Outcome::invalid_number : Outcome::network_error;
  }
  return outcome_of_conversation(state, named, seconds, answered_by);
}

// Whether a call was answered and never asked us what to say: it could not reach our door, and
// whoever answers the next one will not hear us either. A carrier asks at once, and where it
// listens for machines first, when it has done so; who hangs up before that says nothing of our
// door, and neither does a call that may have been answered while no program ran.
bool never_asked(const State& state, const Named& named, const std::string& status,
                 std::int64_t seconds, const std::string& answered_by, Moment moment) {
  constexpr std::int64_t at_once = 2;
  if (status != "completed" || seconds <= at_once) return false;
  if (named.open->requested_at < moment.run_since) return false;
  const auto* call = state.script.call(named.ref);
  if (call && call->turn > 0) return false;
  const auto& machine = named.entry->definition->machine;
  const bool listens_first = machine.action != MachineAction::ignore && !machine.detection.async;
  // "unknown" is told as well of who hung up before the carrier could tell: protocols.md 2.5.
  const bool detected = !answered_by.empty() && answered_by != "unknown";
  return !listens_first || detected || seconds > machine.detection.timeout.count();
}

// The end of a call, however we learnt of it.
void end_call(Draft& draft, const State& state, const Named& named, const std::string& status,
              std::int64_t seconds, std::int64_t sip, const std::string& answered_by,
              const std::string& cause, std::optional<Instant> occurred_at, Moment moment) {
  const auto now = moment.now;
  const auto attempt = named.open->attempt;
  auto machine = named.open->answered_by;
  if (machine.empty() && !answered_by.empty()) {
    machine = answered_by;
    draft.add(named.subject, AnswererDetected{attempt, answered_by});
  }
  // A stream ends with its call, whether or not anybody says so.
  if (const auto* call = state.script.call(named.ref);
      call && call->agent.stage == AgentStage::open) {
    StreamClosed closed;
    closed.attempt = attempt;
    closed.stream = call->agent.stream;
    closed.why = "hung_up";
    closed.uncounted = true;
    draft.add(named.subject, closed);
  }
  draft.add(named.subject,
            CallEnded{attempt, status, seconds, sip, cause,
                      never_asked(state, named, status, seconds, machine, moment)},
            occurred_at);
  close_attempt(draft, state, named, outcome_of_call(state, named, status, seconds, machine),
                seconds, std::min(occurred_at.value_or(now), now), now);
}

// What the carrier says of a call's end shows that it was dialled, of which nothing was heard.
void note_dialled(Draft& draft, Named& named) {
  if (named.open->initiated) return;
  named.dialled = true;
  draft.add(named.subject, CallInitiated{named.open->attempt});
}

// A call that should not be there: an attempt's second one, or one that was taken for not placed.
// Whoever waits for another call of this campaign gets none right behind it.
void note_late_call(Draft& draft, const State& state, const Named& named, std::uint8_t attempt,
                    const std::string& sid, Instant now) {
  draft.add(named.subject, LateCallDetected{attempt, sid});
  const auto& contact = state.queue.contact(named.ref);
  const auto due = to_ms(now + named.entry->definition->retries.unplaced_delay);
  if (contact.stage != Stage::retry || contact.due_ms >= due) return;
  draft.add(named.subject, CallPostponed{"late_call", due, "a call that was given up turned up"});
}

// A call that reports itself. Says whether it is the attempt's own and the attempt is open; if not,
// notes a call that should not be there.
bool own_call(Draft& draft, const State& state, const Named& named, const AttemptId& id,
              const std::string& sid, bool over, Instant now) {
  if (named.open && named.open->sid == sid) return true;
  if (named.open && named.open->sid.empty()) {
    draft.add(named.subject, CallAdopted{id.attempt, sid, "callback"});
    return true;
  }
  const bool late = state.queue.late_calls.count(sid) != 0;
  if (!late && !state.queue.knows_call(sid)) {
    note_late_call(draft, state, named, id.attempt, sid, now);
    if (over) draft.add(named.subject, LateCallEnded{sid});
  } else if (late && over) {
    draft.add(named.subject, LateCallEnded{sid});
  }
  return false;
}

// Where the events of a call's stream belong.
Subject subject_of(const State& state, const std::string& sid, const StreamPermit& permit) {
  if (!permit.contact) return Subject::call(sid);
  return Subject::contact(state.book.at(permit.contact->campaign).definition->id,
                          permit.contact->ordinal);
}

// --- the program itself ---

Decision on(const State& state, const CreateLog& command, Moment) {
  if (state.position != 0) return Refusal{"log_exists", "the log has a first event already"};
  Draft draft;
  draft.add(Subject::runner(), command.identity);
  return draft.take();
}

Decision on(const State& state, const StartRunner& command, Moment moment) {
  Draft draft;
  auto run = command.run;
  run.digest_form = digest_form;
  if (state.queue.last_slot) {
    // What the run before sent its last order early by, of a millisecond, is not known here.
    const auto latest = moment.now + Milliseconds{1};
    run.dials_from = to_ms(slot_after(latest, run.calls_per_second_thousandths));
  }
  draft.add(Subject::runner(), std::move(run));
  // Whatever was requested and has no answer may have been sent.
  std::vector<const OpenAttempt*> requested;
  for (const auto& [packed, open] : state.queue.attempts) {
    if (open.phase == Phase::requested) requested.push_back(&open);
  }
  std::sort(requested.begin(), requested.end(),
            [](const auto* a, const auto* b) { return a->contact < b->contact; });
  for (const auto* open : requested) {
    const auto& id = state.book.at(open->contact.campaign).definition->id;
    draft.add(Subject::contact(id, open->contact.ordinal),
              CallInDoubt{open->attempt, "the program stopped before the answer was noted"});
  }
  // Media streams do not outlive the program that held them.
  std::map<std::string_view, const StreamPermit*> streams;
  for (const auto& [sid, permit] : state.permits.permits) {
    if (permit.stage == AgentStage::open) streams.emplace(sid, &permit);
  }
  for (const auto& [sid, permit] : streams) {
    const auto subject = subject_of(state, std::string(sid), *permit);
    StreamClosed closed;
    closed.attempt = permit->attempt;
    closed.stream = permit->stream;
    closed.why = "stopped";
    closed.uncounted = true;
    draft.add(subject, closed);
    draft.add(subject, AgentFailed{permit->attempt, "stopped", ""});
  }
  return draft.take();
}

Decision on(const State&, const StopRunner& command, Moment) {
  Draft draft;
  draft.add(Subject::runner(), RunnerStopped{command.reason});
  return draft.take();
}

// --- an operator ---

Decision on(const State& state, const SubmitCampaign& command, Moment) {
  Draft draft;
  const auto index = state.book.find(command.campaign);
  // The fold reads it again at every start: what it could not read must not get there.
  const auto file = parse_campaign_file(command.definition);
  if (!file || file->campaign.id != command.campaign) {
    return Refusal{"bad_definition", "this is no checked campaign file"};
  }
  if (!index) {
    draft.add(Subject::campaign(command.campaign), CampaignSubmitted{{command.definition},
                                                                     command.definition_digest,
                                                                     command.contacts_digest,
                                                                     command.columns});
    return draft.take();
  }
  const auto& entry = state.book.at(*index);
  const bool other_file = !entry.is_defined_as(file->campaign, command.definition_digest);
  const bool other_list = entry.contacts_digest != command.contacts_digest;
  if (!other_file && !other_list) return Facts{};
  const bool asks = !file->campaign.contacts.query.database.empty();
  if (!command.accept_change) {
    return Refusal{"changed",
                   std::string("campaign \"") + command.campaign +
                       "\" is in this log with another " +
                       (other_file && other_list ? "campaign file and another contact list"
                        : other_file             ? "campaign file"
                        : asks                   ? "answer to the query for its contacts"
                                                 : "contact list")};
  }
  if (other_list && entry.status == CampaignStatus::enrolling) {
    return Refusal{"changed_list",
                   entry.running_since
                       ? "another contact list is being enrolled: let that come to its end first"
                   : asks
                       ? "the query gives other rows than those that were being enrolled, or the "
                         "same in another order (which ORDER BY would keep): submit it under "
                         "another id"
                       : "the contact list changed while it was being enrolled: submit it under "
                         "another id"};
  }
  if (command.columns != entry.columns || file->campaign.variants != entry.definition->variants) {
    return Refusal{"changed_columns",
                   "the people would have other columns than those who are enrolled (of the list, "
                   "of a variant, or of an order of options): submit it under another id"};
  }
  const auto& source = file->campaign.contacts;
  if (source.number_column != entry.definition->contacts.number_column ||
      source.other_number_columns != entry.definition->contacts.other_number_columns) {
    return Refusal{
        "changed_columns",
        "the numbers of the people who are enrolled were read from other columns: submit "
        "it under another id"};
  }
  if (source.consent_source_column != entry.definition->contacts.consent_source_column ||
      source.consent_date_column != entry.definition->contacts.consent_date_column) {
    return Refusal{"changed_columns",
                   "what the calls that were made say of people's consent was read from other "
                   "columns: submit it under another id"};
  }
  if (auto refusal = breaks_quotas(state, *index, file->campaign)) return *refusal;
  // A start is no way to undo what somebody decided.
  if (other_list &&
      (entry.status == CampaignStatus::paused || entry.status == CampaignStatus::cancelled)) {
    return Refusal{"changed_list",
                   "the campaign is " + std::string(name_of(entry.status)) +
                       " and takes no other list" +
                       (entry.status != CampaignStatus::paused ? ""
                        : waits_for_list(entry)                ? ": " + entry.status_reason
                                                : ": resume it first (campanile resume)")};
  }
  if (file->campaign.kind != entry.definition->kind) {
    return Refusal{"changed_questions", "the kind of a campaign stays: submit it under another id"};
  }
  if (const auto why = breaks_answers(*entry.definition, file->campaign)) {
    return Refusal{"changed_questions", *why + "; submit it under another id"};
  }
  if (auto refusal = breaks_results(state, *index, file->campaign)) return *refusal;
  if (auto refusal = breaks_zones(*entry.definition, file->campaign)) return *refusal;
  draft.add(
      Subject::campaign(command.campaign),
      CampaignChanged{{command.definition}, command.definition_digest, command.contacts_digest});
  if (other_list) draft.add(Subject::campaign(command.campaign), EnrolmentReopened{});
  return draft.take();
}

namespace {

ContactEnrolled enrolled_from(const EnrolRows::Row& row) {
  ContactEnrolled enrolled;
  enrolled.row = static_cast<std::int64_t>(row.row);
  enrolled.number_key = number_key_text(row.key);
  enrolled.language = row.language;
  enrolled.zone = row.zone;
  enrolled.not_before = row.span.not_before ? to_ms(*row.span.not_before) : 0;
  enrolled.not_after = row.span.not_after ? to_ms(*row.span.not_after) : 0;
  enrolled.priority = row.priority;
  enrolled.number = row.number;
  enrolled.values = row.values;
  for (const auto& other : row.others) {
    enrolled.other_keys.push_back(number_key_text(other.key));
    enrolled.others.push_back(other.number);
  }
  enrolled.left_out = row.left_out;
  return enrolled;
}

}  // namespace

Decision on(const State& state, const EnrolRows& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto& entry = state.book.at(*index);
  if (entry.status != CampaignStatus::enrolling) {
    return Refusal{"enrolled", "the list of this campaign is complete"};
  }
  const auto& enrolling = state.queue.campaigns[*index].enrolling;
  std::unordered_set<NumberKey> here;
  auto ordinal = static_cast<std::uint32_t>(state.queue.campaigns[*index].contacts.size());
  Draft draft;
  // Two rows that share a number are one person: the second is not enrolled.
  const auto is_known = [&](const EnrolRows::Row& row) {
    const auto known = [&](NumberKey key) { return enrolling.count(key) + here.count(key) != 0; };
    return known(row.key) || std::ranges::any_of(row.others, known, &EnrolRows::OtherNumber::key);
  };
  for (const auto& row : command.rows) {
    if (row.row <= entry.last_row) continue;
    auto reason = row.reason;
    if (reason.empty() && is_known(row)) {
      // Of a list that is read again, whoever is enrolled already is no news.
      if (entry.running_since) continue;
      reason = "duplicate";
    }
    if (!reason.empty()) {
      draft.add(Subject::campaign(command.campaign),
                ContactRejected{static_cast<std::int64_t>(row.row), row.column, reason});
      continue;
    }
    here.insert(row.key);
    for (const auto& other : row.others) here.insert(other.key);
    draft.add(Subject::contact(command.campaign, ++ordinal), enrolled_from(row));
  }
  return draft.take();
}

Decision on(const State& state, const CompleteEnrolment& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto& entry = state.book.at(*index);
  if (entry.status != CampaignStatus::enrolling) return Facts{};
  Draft draft;
  draft.add(Subject::campaign(command.campaign),
            EnrolmentCompleted{static_cast<std::int64_t>(entry.enrolled),
                               static_cast<std::int64_t>(entry.rejected),
                               static_cast<std::int64_t>(command.renumbered)});
  draft.add(Subject::campaign(command.campaign), CampaignStarted{});
  return draft.take();
}

Decision on(const State& state, const MovePeople& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  Draft draft;
  for (const auto& move : command.moves) {
    if (!moves(state, {*index, move.contact}, move.zone)) continue;
    draft.add(Subject::contact(command.campaign, move.contact), ContactMoved{move.zone});
  }
  return draft.take();
}

Decision on(const State& state, const AddContacts& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto status = state.book.at(*index).status;
  if (status == CampaignStatus::enrolling || status == CampaignStatus::cancelled) {
    return Refusal{"takes_nobody",
                   status == CampaignStatus::cancelled
                       ? "the campaign was cancelled: nobody is called there any more"
                       : "the campaign's own list is still being enrolled"};
  }
  const auto known = known_people(state, *index, command.rows, command.compared);
  Draft draft;
  ContactsAdded told;
  told.list_digest = command.list_digest;
  told.known = static_cast<std::int64_t>(command.known);
  told.rejected = static_cast<std::int64_t>(command.rejected);
  auto ordinal = static_cast<std::uint32_t>(state.queue.campaigns[*index].contacts.size());
  for (std::size_t i = 0; i < command.rows.size(); ++i) {
    if (known[i] != KnownBy::nobody) {
      ++told.known;
      continue;
    }
    ++told.added;
    draft.add(Subject::contact(command.campaign, ++ordinal), enrolled_from(command.rows[i]));
  }
  if (told.added == 0) return Facts{};
  draft.add(Subject::campaign(command.campaign), told);
  if (status == CampaignStatus::completed) {
    draft.add(Subject::campaign(command.campaign), CampaignReopened{"people were added"});
  }
  return draft.take();
}

Decision on(const State& state, const EditCampaign& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto file = parse_campaign_file(command.definition);
  if (!file) return Refusal{"bad_definition", "this is no checked campaign file"};
  const auto& entry = state.book.at(*index);
  if (entry.is_defined_as(file->campaign, command.definition_digest)) return Facts{};
  if (auto refusal = reason_not_to_edit(state, *index, file->campaign)) return *refusal;
  Draft draft;
  draft.add(
      Subject::campaign(command.campaign),
      CampaignChanged{{command.definition}, command.definition_digest, entry.contacts_digest});
  return draft.take();
}

Decision on(const State& state, const PauseCampaign& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto& entry = state.book.at(*index);
  const auto status = entry.status;
  // What the program would end by itself is an operator's from here on.
  if (status == CampaignStatus::paused && !waits_for_list(entry)) return Facts{};
  if (status != CampaignStatus::running && status != CampaignStatus::paused) {
    return Refusal{"not_running",
                   "the campaign is " + std::string(name_of(status)) + ": nothing to pause"};
  }
  Draft draft;
  draft.add(Subject::campaign(command.campaign), CampaignPaused{command.reason, "operator"});
  return draft.take();
}

Decision on(const State& state, const ResumeCampaign& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto status = state.book.at(*index).status;
  if (status == CampaignStatus::running) return Facts{};
  if (status != CampaignStatus::paused) {
    return Refusal{"not_paused",
                   "the campaign is " + std::string(name_of(status)) + ": nothing to resume"};
  }
  Draft draft;
  draft.add(Subject::campaign(command.campaign), CampaignResumed{});
  return draft.take();
}

Decision on(const State& state, const CancelCampaign& command, Moment) {
  const auto index = state.book.find(command.campaign);
  if (!index) return unknown_campaign(command.campaign);
  const auto status = state.book.at(*index).status;
  if (status == CampaignStatus::cancelled) return Facts{};
  if (status == CampaignStatus::completed) {
    return Refusal{"completed", "the campaign is completed: nothing to cancel"};
  }
  Draft draft;
  draft.add(Subject::campaign(command.campaign), CampaignCancelled{command.reason});
  return draft.take();
}

Decision on(const State& state, const CancelAll& command, Moment) {
  Draft draft;
  for (const auto& entry : state.book.campaigns) {
    if (entry.status == CampaignStatus::cancelled || entry.status == CampaignStatus::completed) {
      continue;
    }
    draft.add(Subject::campaign(entry.definition->id), CampaignCancelled{command.reason});
  }
  return draft.take();
}

Decision on(const State& state, const ResolveCall& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  auto& named = found.value();
  const auto attempt = command.attempt.attempt;
  if (!named.open) {
    const auto row = *state.results.find(named.ref, attempt);
    if (row.resolved == command.as && row.resolved != Resolution::none) return Facts{};
    return Refusal{"over", "the attempt is over: it " +
                               (row.resolved == Resolution::none
                                    ? "came out as " + std::string(name_of(row.outcome))
                                    : "was settled as " + std::string(name_of(row.resolved)))};
  }
  if (named.open->phase != Phase::held) {
    return Refusal{"not_held", "the attempt is " + std::string(name_of(named.open->phase)) +
                                   ": only a held one waits for a decision"};
  }
  const auto& entry = *named.entry;
  const auto settle_as_placed = [&](Draft& draft) {
    draft.add(named.subject, AttemptClosed{attempt, Outcome::unconfirmed});
    settle_in_doubt(draft, state, named);
  };
  Draft draft;
  draft.add(named.subject, CallResolved{attempt, command.as, "operator", command.reason});
  switch (command.as) {
    case Resolution::none:
      return Refusal{"no_decision", "nothing was decided"};
    case Resolution::placed:
      settle_as_placed(draft);
      after_attempt(draft, state, named, Outcome::unconfirmed, moment.now, moment.now);
      break;
    case Resolution::not_placed:
      close_attempt(draft, state, named, Outcome::not_placed, 0, moment.now, moment.now);
      break;
    case Resolution::redial:
      if (entry.status == CampaignStatus::cancelled) {
        return Refusal{"cancelled", "the campaign was cancelled: nobody is called there any more"};
      }
      // It may have rung, so it counts.
      if (state.queue.contact(named.ref).attempts + 1 >= entry.definition->retries.attempts_max) {
        return Refusal{"attempts_max",
                       "the person has had as many attempts as the campaign allows: settle it as "
                       "placed or not placed"};
      }
      if (const auto quota = full_quota(state, named.ref)) {
        return Refusal{"quota_full", why_full(entry, *quota)};
      }
      settle_as_placed(draft);
      if (entry.status == CampaignStatus::completed) {
        draft.add(Subject::campaign(command.attempt.campaign),
                  CampaignReopened{"a held call is to be made again"});
      }
      draft.add(named.subject,
                RetryScheduled{to_ms(moment.now + Seconds{1}), Outcome::unconfirmed});
      break;
  }
  return draft.take();
}

Decision on(const State& state, const SuppressNumber& command, Moment moment) {
  if (command.until && *command.until <= moment.now) {
    return Refusal{"past", "that time is over: " + rfc3339_utc(*command.until)};
  }
  const auto until = command.until ? to_ms(*command.until) : 0;
  const auto found = state.suppression.numbers.find(command.key);
  if (found != state.suppression.numbers.end() && found->second.suppressed) {
    const auto& number = found->second;
    // Nor does an operator make the time shorter for which a person who refused is left alone.
    const bool longer = number.cooling_off && until != 0 && number.until_ms > until;
    if (number.until_ms == until || longer) return Facts{};
  }
  Draft draft;
  draft.add(Subject::number(command.key), Suppressed{"operator", command.reason, until});
  return draft.take();
}

// The name of a source as a file may have it, and not one too many.
std::optional<Refusal> reason_not_to_list(const State& state, const std::string& source) {
  if (!is_result_name(source)) {
    return Refusal{"bad_source",
                   "the name of a source must be 1 to 64 of a-z, 0-9 and _, beginning with a "
                   "letter"};
  }
  const auto& sources = state.suppression.sources;
  if (sources.count(source) == 0 && sources.size() >= Suppression::sources_max) {
    return Refusal{"too_many_sources", "the log has lists of " +
                                           std::to_string(Suppression::sources_max) +
                                           " sources, and takes no more"};
  }
  return {};
}

// When whoever has the number was put off to, if to any time.
std::optional<Instant> put_off_until(const State& state, NumberKey key, Instant now) {
  const auto& number = state.suppression.numbers.at(key);
  if (!number.suppressed || number.until_ms <= to_ms(now)) return {};
  return instant_from_ms(number.until_ms);
}

Decision on(const State& state, const ListNumbers& command, Moment) {
  if (auto refusal = reason_not_to_list(state, command.source)) return *refusal;
  Draft draft;
  for (const auto key : command.on) {
    if (state.suppression.listed(key, command.source)) continue;
    draft.add(Subject::number(key), NumberListed{command.source});
  }
  for (const auto key : command.off) {
    if (!state.suppression.listed(key, command.source)) continue;
    draft.add(Subject::number(key), NumberUnlisted{command.source});
  }
  return draft.take();
}

Decision on(const State& state, const LoadSuppressionList& command, Moment moment) {
  if (auto refusal = reason_not_to_load(state, command.source, command.as_of, moment.now)) {
    return *refusal;
  }
  const auto as_of = command.as_of.value_or(moment.now);
  const auto found = state.suppression.sources.find(command.source);
  const bool known = found != state.suppression.sources.end();
  if (command.numbers != (known ? found->second.held : 0)) {
    return Refusal{"changed",
                   "the numbers of this source were changed meanwhile: load the list again"};
  }
  if (known && found->second.as_of == as_of && found->second.list_digest == command.list_digest) {
    return Facts{};
  }
  Draft draft;
  draft.add(Subject::list(command.source),
            SuppressionListLoaded{to_ms(as_of), static_cast<std::int64_t>(command.numbers),
                                  command.list_digest, command.reason});
  return draft.take();
}

// The numbers that are free again when this one is: what a person said holds for all of theirs, and
// so does taking it back. What an operator or a list says of another stays.
std::set<NumberKey> lifted_with(const State& state, NumberKey key, Instant now) {
  std::set<NumberKey> lifted{key};
  for (const auto& campaign : state.queue.campaigns) {
    for (const auto& [ordinal, several] : campaign.several) {
      if (!several.has(key)) continue;
      for (const auto& one : several.all) {
        if (state.suppression.said_by_person(one.key, now)) lifted.insert(one.key);
      }
    }
  }
  return lifted;
}

Decision on(const State& state, const UnsuppressNumber& command, Moment moment) {
  if (!state.suppression.opted_out(command.key) &&
      !state.suppression.suppressed_by_another(command.key)) {
    return Facts{};
  }
  const auto until = put_off_until(state, command.key, moment.now);
  Draft draft;
  const auto lifted = lifted_with(state, command.key, moment.now);
  for (const auto key : lifted) {
    draft.add(Subject::number(key),
              SuppressionLifted{"operator", command.reason, key != command.key});
  }
  if (!until) return draft.take();
  // Whoever was put off for it is due.
  for (std::size_t index = 0; index < state.queue.campaigns.size(); ++index) {
    const auto& campaign = state.queue.campaigns[index];
    for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
      const auto& contact = campaign.contact(ordinal);
      if (contact.stage != Stage::retry || contact.due_ms != to_ms(*until) ||
          !campaign.has_number(ordinal, command.key)) {
        continue;
      }
      const ContactRef ref{static_cast<CampaignIndex>(index), ordinal};
      const bool still = std::ranges::any_of(numbers_of(state, ref), [&](NumberKey key) {
        return lifted.count(key) == 0 && state.suppression.said_by_person(key, moment.now);
      });
      if (still) continue;
      draft.add(Subject::contact(state.book.campaigns[index].definition->id, ordinal),
                CallPostponed{"lifted", to_ms(moment.now), "the number may be called again"});
    }
  }
  return draft.take();
}

Decision on(const State& state, const ForgetNumber& command, Moment) {
  return forget_number(state, command.key);
}

Decision on(const State& state, const ForgetExpired&, Moment moment) {
  return forget_expired(state, moment.now);
}

// --- the carrier's answers ---

// For how long no order has found the carrier, where that is long enough to tell somebody and
// nobody was told yet; else 0. In ms.
std::int64_t time_to_tell_away(const State& state, Instant now) {
  constexpr std::chrono::minutes untold_max{10};
  const auto& away = state.queue.carrier_away;
  return away && !away->said && now - away->since >= untold_max ? (now - away->since).count() : 0;
}

Decision on(const State& state, const OrderAnswered& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  auto& named = found.value();
  // Adopted in the meantime, by a callback that was faster than the answer.
  if (!named.open || named.open->phase != Phase::requested) return Facts{};
  const auto attempt = command.attempt.attempt;
  Draft draft;
  switch (command.kind) {
    case OrderAnswered::Kind::placed:
      draft.add(named.subject,
                CallAccepted{attempt, command.sid, command.request_id, command.queue_ms});
      break;
    case OrderAnswered::Kind::in_doubt:
      draft.add(named.subject, CallInDoubt{attempt, command.why, command.request_id});
      break;
    case OrderAnswered::Kind::not_sent: {
      const bool late = !command.unreachable && moment.now > named.open->slot + send_delay_max;
      draft.add(named.subject,
                CallNotSent{attempt, command.why, command.unreachable,
                            command.unreachable ? time_to_tell_away(state, moment.now) : 0, late});
      named.spared = command.unreachable || late;
      close_attempt(draft, state, named, Outcome::not_placed, 0, moment.now, moment.now);
      break;
    }
    case OrderAnswered::Kind::rejected: {
      draft.add(named.subject,
                CallRefused{attempt, command.http_status, command.code, command.retryable,
                            command.request_id, command.retry_after_seconds,
                            says_queue_full(command.code)});
      const auto what = command.retryable ? ErrorClass::retry_later
                                          : class_of_refusal(command.http_status, command.code);
      const auto outcome =
          what == ErrorClass::number_dead ? Outcome::invalid_number : Outcome::not_placed;
      close_attempt(draft, state, named, outcome, 0, moment.now, moment.now,
                    what == ErrorClass::person_refused);
      if (what == ErrorClass::stop_campaign && named.entry->status == CampaignStatus::running) {
        draft.add(Subject::campaign(command.attempt.campaign),
                  CampaignPaused{std::string(carrier_refuses_all) + ": " +
                                     refusal_text(command.http_status, command.code),
                                 "program"});
      }
      break;
    }
  }
  return draft.take();
}

// A record that is some seconds old, or asked for in another region, may be missing while its
// telephone rings (protocols.md 1.3): the carrier is not believed that it knows no such call before
// the call would be over by itself, and this much longer.
constexpr Seconds missing_for{600};

bool over_by_itself(const Campaign& campaign, Instant since, Instant now) {
  return now - since >= campaign.ring_time + campaign.call_time + missing_for;
}

// A record is there before the length of its call is: it is asked for again, until the call would
// be over by itself.
bool lacks_length(const Named& named, const CarrierCall& call, Instant now) {
  return call.status == "completed" && !call.seconds &&
         !over_by_itself(*named.entry->definition, named.open->requested_at, now);
}

Decision on(const State& state, const CallsListed& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  if (!named.open || named.open->phase != Phase::in_doubt) return Facts{};
  const auto attempt = command.attempt.attempt;
  const auto& open = *named.open;
  std::vector<const CarrierCall*> unknown;
  for (const auto& call : command.calls) {
    if (call.direction != "outbound-api" || state.queue.knows_call(call.sid)) continue;
    // Somebody else's code placed it, and our door answers it.
    if (state.book.outside.count(call.sid) != 0) continue;
    if (call.created && *call.created < open.requested_at - quarantine) continue;
    unknown.push_back(&call);
  }
  Draft draft;
  draft.add(named.subject,
            CallLookedUp{attempt, "list", static_cast<std::int64_t>(unknown.size()), ""});
  const bool another_s = unknown.size() == 1 && state.queue.may_be_given_up_call(
                                                    state.queue.contact(named.ref).key, moment.now);
  if (unknown.size() > 1 || another_s) {
    // While one is under way it may still tell whose it is, and the attempt keeps its line.
    const bool under_way = std::any_of(unknown.begin(), unknown.end(),
                                       [](const auto* call) { return !terminal(call->status); });
    if (under_way) return draft.take();
    draft.add(
        named.subject,
        CallHeld{attempt, another_s ? "the carrier lists a call that could be this one, or an "
                                      "earlier one that was taken for not placed"
                                    : "the carrier lists several calls that could be this one"});
    draft.add(named.subject, ContactClosed{Place::held, Outcome::unconfirmed});
    return draft.take();
  }
  if (unknown.size() == 1) {
    const auto& call = *unknown.front();
    draft.add(named.subject, CallAdopted{attempt, call.sid, "list"});
    if (terminal(call.status) && !lacks_length(named, call, moment.now)) {
      end_call(draft, state, named, call.status, call.seconds.value_or(0), 0, call.answered_by,
               "looked_up", call.ended, moment);
    }
    return draft.take();
  }
  // Proof: two empty lists after the quarantine, at least 30 s apart; this one is the second.
  const bool after_quarantine = moment.now - open.in_doubt_since >= quarantine;
  const bool proven = after_quarantine && open.empty_lookups >= 1 &&
                      moment.now - open.first_empty_lookup >= Seconds{30};
  if (!proven) return draft.take();
  switch (named.entry->definition->in_doubt) {
    case InDoubt::redial:
      draft.add(
          named.subject,
          CallNotPlaced{attempt, "two empty lists of the carrier after the quarantine", true});
      close_attempt(draft, state, named, Outcome::not_placed, 0, moment.now, moment.now);
      break;
    case InDoubt::hold:
      draft.add(named.subject,
                CallHeld{attempt, "not in the carrier's list; a person decides", true});
      draft.add(named.subject, ContactClosed{Place::held, Outcome::unconfirmed});
      break;
    case InDoubt::never:
      draft.add(named.subject, AttemptClosed{attempt, Outcome::unconfirmed, true});
      settle_in_doubt(draft, state, named);
      draft.add(named.subject, ContactClosed{Place::exhausted, Outcome::unconfirmed});
      break;
  }
  return draft.take();
}

// Whether a call that the carrier once took is none any more: said again and again, and at a time
// when it would be over by itself.
bool is_lost(const OpenAttempt& open, const Campaign& campaign, Instant now) {
  constexpr std::int64_t answers_min = 3;
  return open.empty_lookups + 1 >= answers_min && now - open.first_empty_lookup >= missing_for &&
         over_by_itself(campaign, open.requested_at, now);
}

Decision on(const State& state, const CallFetched& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  auto& named = found.value();
  if (!named.open || named.open->phase != Phase::accepted ||
      (command.found && named.open->sid != command.call.sid)) {
    return Facts{};
  }
  const bool lost = !command.found && is_lost(*named.open, *named.entry->definition, moment.now);
  // Whoever takes a call back asks four times a minute; once tells as much.
  constexpr Seconds told_for{60};
  if (!command.found && !lost && named.open->empty_lookups > 0 &&
      moment.now - named.open->last_news < told_for) {
    return Facts{};
  }
  const auto attempt = command.attempt.attempt;
  Draft draft;
  draft.add(named.subject,
            CallLookedUp{attempt, "sid", command.found ? 1 : 0, command.call.status});
  if (!command.found) {
    if (lost) {
      end_call(draft, state, named, std::string(lost_call), 0, 0, "", "lost", {}, moment);
    }
  } else if (lacks_length(named, command.call, moment.now)) {
    return draft.take();
  } else if (terminal(command.call.status)) {
    if (command.call.dialled) note_dialled(draft, named);
    end_call(draft, state, named, command.call.status, command.call.seconds.value_or(0), 0,
             command.call.answered_by, "looked_up", command.call.ended, moment);
  } else if (command.call.status == "in-progress" && !named.open->answered) {
    draft.add(named.subject, CallAnswered{attempt});
  } else if (command.call.status == "ringing" && !named.open->ringing) {
    draft.add(named.subject, CallRinging{attempt});
  }
  return draft.take();
}

// Why a price does not count: it is in another currency than the budget.
std::optional<Refusal> other_currency(const Named& named, const std::string& currency) {
  const auto& campaign = *named.entry->definition;
  if (currency == campaign.budget.currency) return {};
  return Refusal{"currency", "the carrier charges in " + currency +
                                 ", and the budget of campaign \"" + campaign.id + "\" is in " +
                                 campaign.budget.currency};
}

Decision on(const State& state, const CallPriced& command, Moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  const auto attempt = command.attempt.attempt;
  const auto row = state.results.find(named.ref, attempt);
  const auto settled = state.spend.carrier_cost_of_attempt(named.ref, attempt);
  // Only what was settled is corrected, and only the attempt's own call.
  if (!row || row->sid != command.sid || !settled || *settled == command.millionths) return Facts{};
  if (auto other = other_currency(named, command.currency)) return std::move(*other);
  const auto transfer = state.spend.transfer_of_attempt(named.ref, attempt);
  Draft draft;
  draft.add(named.subject,
            SpendCorrected{attempt, command.millionths, transfer ? transfer->cost : 0});
  return draft.take();
}

Decision on(const State& state, const TransferPriced& command, Moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  correct_transfer(draft, state, named, command.attempt.attempt, command.sid, command.millionths);
  auto facts = draft.take();
  if (facts.empty()) return facts;
  if (auto other = other_currency(named, command.currency)) return std::move(*other);
  return facts;
}

Decision on(const State& state, const LateCallFound& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  // Meanwhile it may have reported itself.
  if (found.value().open || state.queue.knows_call(command.sid)) return Facts{};
  Draft draft;
  note_late_call(draft, state, found.value(), command.attempt.attempt, command.sid, moment.now);
  if (command.over) draft.add(found.value().subject, LateCallEnded{command.sid});
  return draft.take();
}

Decision on(const State& state, const LateCallWasEnded& command, Moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  if (!state.queue.late_calls.count(command.sid)) return Facts{};
  Draft draft;
  draft.add(found.value().subject, LateCallEnded{command.sid});
  return draft.take();
}

Decision on(const State& state, const LateCallNotKnown& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto late = state.queue.late_calls.find(command.sid);
  if (late == state.queue.late_calls.end() ||
      !over_by_itself(*found.value().entry->definition, late->second.detected_at, moment.now)) {
    return Facts{};
  }
  Draft draft;
  draft.add(found.value().subject, LateCallEnded{command.sid, true});
  return draft.take();
}

// --- webhooks ---

Decision on(const State& state, const StatusReported& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  auto& named = found.value();
  const bool over = terminal(command.status);
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, over, moment.now))
    return draft.take();
  // What it came to hangs on how long it was: the carrier's record tells.
  if (command.seconds_missing) return draft.take();
  const auto attempt = command.attempt.attempt;
  if (over) {
    // One that is taken back out of the carrier's queue is never reported: protocols.md 1.4.
    if (command.status == "canceled") note_dialled(draft, named);
    end_call(draft, state, named, command.status, command.seconds, command.sip, command.answered_by,
             "callback", command.occurred_at, moment);
  } else if (command.status == "initiated" && !named.open->initiated) {
    draft.add(named.subject, CallInitiated{attempt}, command.occurred_at);
  } else if (command.status == "ringing" && !named.open->ringing) {
    draft.add(named.subject, CallRinging{attempt}, command.occurred_at);
  } else if (command.status == "in-progress" && !named.open->answered) {
    draft.add(named.subject, CallAnswered{attempt}, command.occurred_at);
  }
  return draft.take();
}

bool for_machines(const std::string& prompt) {
  return prompt == "machine" || prompt == "hang_up";
}
// Nothing follows it but the end.
bool ends_talk(const std::string& prompt) {
  return for_machines(prompt) || prompt == "goodbye" || prompt == "gave_up" ||
         prompt == "farewell" || prompt == "opted_out" || prompt == "stopped" ||
         prompt == "callback" || prompt == "screened_out" || prompt == "quota_full";
}

// The first thing a call is told.
PromptServed first_prompt(const State& state, const Named& named, const std::string& answered_by) {
  const auto& campaign = *named.entry->definition;
  PromptServed served;
  served.attempt = named.open->attempt;
  served.turn = 1;
  const auto disclose = [&] {
    served.disclosure = text_version(
        campaign.agent.disclosure.in(state.script.language(named.ref), campaign.language));
  };
  const auto serve_agent = [&] {
    served.prompt = "agent";
    disclose();
  };
  if (answered_by == "fax") {
    served.prompt = "hang_up";
  } else if (is_machine(answered_by) && campaign.machine.action != MachineAction::ignore) {
    served.prompt = campaign.machine.action == MachineAction::leave_message ? "machine" : "hang_up";
  } else if (campaign.questions.empty()) {
    if (campaign.mode == Mode::agent) {
      serve_agent();
    } else {
      served.prompt = "message";
    }
  } else if (const auto step = next_step(campaign, answers_before_call(state.script, named.ref),
                                         *named.entry, state.script, named.ref);
             step.kind == NextStep::Kind::quota_full) {
    served.prompt = "quota_full";
    if (campaign.mode == Mode::agent) disclose();
  } else if (step.kind != NextStep::Kind::question) {
    served.prompt = "goodbye";
  } else if (campaign.mode == Mode::agent) {
    serve_agent();
  } else {
    served.prompt = "question";
    served.question = campaign.questions[*step.question].id;
  }
  return served;
}

// Whatever a call asks for once a machine was found, it is answered with what is for machines.
void note_fetched(Draft& draft, const Named& named, const CallPosition* call) {
  if (!call || call->turn <= 1 || call->prompt != "machine" || call->fetched) return;
  draft.add(named.subject, PromptFetched{call->attempt, static_cast<std::int64_t>(call->turn)});
}

Decision on(const State& state, const VoiceRequested& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, false, moment.now)) {
    return draft.take();
  }
  const auto attempt = command.attempt.attempt;
  if (!named.open->answered) draft.add(named.subject, CallAnswered{attempt});
  auto answered_by = named.open->answered_by;
  if (answered_by.empty() && !command.answered_by.empty()) {
    answered_by = command.answered_by;
    draft.add(named.subject, AnswererDetected{attempt, answered_by});
  }
  const auto* call = state.script.call(named.ref);
  if (call && call->turn == 0) draft.add(named.subject, first_prompt(state, named, answered_by));
  note_fetched(draft, named, call);
  return draft.take();
}

// The answers as they are once one more is folded in.
std::vector<ScriptAnswer> with_answer(std::vector<ScriptAnswer> answers, ScriptAnswer one) {
  std::erase_if(answers, [&](const ScriptAnswer& other) { return other.question == one.question; });
  answers.push_back(std::move(one));
  return answers;
}

// What somebody keyed or said to a message, in which "never again" alone means something.
void answer_to_message(Draft& draft, const State& state, const Named& named,
                       const SurveyAnswered& command) {
  const auto& campaign = *named.entry->definition;
  const auto attempt = command.attempt.attempt;
  PromptServed served;
  served.attempt = attempt;
  served.turn = std::int64_t{command.turn} + 1;
  std::string_view by;
  if (command.digits.empty()) {
    if (says_never_again(campaign, state.script.language(named.ref), command.speech)) by = "speech";
  } else if (command.digits == std::string_view(&campaign.opt_out.key, 1)) {
    by = "key";
  }
  if (!by.empty()) {
    opt_out(draft, state, named.ref, command.attempt.text(), by);
    served.prompt = "opted_out";
  } else if (command.digits.empty()) {
    // It was said whole by then.
    served.prompt = "goodbye";
    served.again = command.speech.empty() ? "silence" : "invalid";
  } else {
    draft.add(named.subject, AnswerInvalid{attempt, std::int64_t{command.turn},
                                           std::string(opt_out_question), "key", command.digits});
    served.prompt = "message";
    served.again = "invalid";
  }
  draft.add(named.subject, served);
}

Decision on(const State& state, const SurveyAnswered& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, false, moment.now)) {
    return draft.take();
  }
  const auto* call = state.script.call(named.ref);
  note_fetched(draft, named, call);
  // A past turn, sent again, appends nothing else: the call gets the document it is at.
  if (!call || call->turn != command.turn) return draft.take();
  const auto& campaign = *named.entry->definition;
  if (call->prompt == "message" && command.question == opt_out_question &&
      (campaign.opt_out.key != '\0' || !campaign.opt_out.words.empty())) {
    answer_to_message(draft, state, named, command);
    return draft.take();
  }
  if (call->prompt != "question" || call->question != command.question) return draft.take();
  const auto index = static_cast<std::uint8_t>(
      std::find_if(campaign.questions.begin(), campaign.questions.end(),
                   [&](const Question& q) { return q.id == command.question; }) -
      campaign.questions.begin());
  if (index == campaign.questions.size()) return draft.take();
  const auto& question = campaign.questions[index];
  const auto attempt = command.attempt.attempt;
  const auto turn = static_cast<std::int64_t>(command.turn);
  PromptServed served;
  served.attempt = attempt;
  served.turn = turn + 1;
  // What the answers will be once this one is folded in.
  auto answers = state.script.answers(named.ref);
  auto reopened = call->reopened;
  const auto settle = [&](AnswerStatus status, const std::string& value) {
    answers = with_answer(std::move(answers), {index, status, value});
    std::erase(reopened, index);
  };
  const auto go_on = [&] {
    const auto step = next_step(campaign, without_silence(answers, std::size_t{index} + 1),
                                *named.entry, state.script, named.ref, reopened);
    switch (step.kind) {
      case NextStep::Kind::question:
        served.prompt = "question";
        served.question = campaign.questions[*step.question].id;
        break;
      case NextStep::Kind::screened_out:
        served.prompt = "screened_out";
        break;
      case NextStep::Kind::quota_full:
        served.prompt = "quota_full";
        break;
      case NextStep::Kind::over:
        served.prompt = "goodbye";
        break;
    }
  };
  // Asks again as often as the campaign allows, then leaves the question or the person in peace.
  const auto ask_again = [&](const char* why, int so_far, int allowed, AnswerStatus status) {
    if (so_far < allowed) {
      served.prompt = "question";
      served.question = question.id;
      served.again = why;
    } else if (std::erase(reopened, index) > 0) {
      // What was said before stands.
      go_on();
    } else if (question.required) {
      served.prompt = "gave_up";
    } else {
      settle(status, "");
      go_on();
    }
  };
  const bool screening =
      !campaign.screening.empty() && command.digits.empty() && is_screening(command.speech);
  if (screening && call->screened) {
    // The assistant goes on, and nobody has come.
    draft.add(named.subject, NoInput{attempt, turn, question.id});
    ask_again("screening", call->silences, question.silence_max, AnswerStatus::no_input);
    draft.add(named.subject, served);
    return draft.take();
  }
  if (screening) {
    draft.add(named.subject, CallScreened{attempt, turn, command.speech});
    served.prompt = "question";
    served.question = question.id;
    served.again = "screening";
    draft.add(named.subject, served);
    return draft.take();
  }
  const auto on_reply = [&](const Understood& reply) {
    if (reply.reply == Reply::refused || reply.reply == Reply::dont_know) {
      const auto status =
          reply.reply == Reply::refused ? AnswerStatus::refused : AnswerStatus::dont_know;
      draft.add(named.subject,
                AnswerDeclined{attempt, turn, question.id, std::string(name_of(status)),
                               reply.source, command.confidence_thousandths, reply.words});
      settle(status, "");
      return go_on();
    }
    const bool returns = reply.reply == Reply::repeat || reply.reply == Reply::back;
    if (returns && call->returns >= returns_max) {
      draft.add(named.subject,
                AnswerInvalid{attempt, turn, question.id, reply.source, reply.words});
      return ask_again("invalid", call->invalids, question.invalid_max, AnswerStatus::invalid);
    }
    PersonAsked asked{attempt, turn, question.id, "", "", reply.source, reply.words};
    asked.what = word_for(reply_words, reply.reply);
    if (returns) {
      served.prompt = "question";
      served.question = question.id;
      served.again = "repeat";
      if (reply.reply == Reply::back) {
        if (const auto before =
                question_before(index, campaign, answers, *named.entry, state.script, named.ref)) {
          asked.to = served.question = campaign.questions[*before].id;
          served.again = "back";
        }
      }
    }
    draft.add(named.subject, asked);
    if (reply.reply == Reply::stop) {
      served.prompt = "stopped";
    } else if (reply.reply == Reply::person && !campaign.humans().empty()) {
      draft.add(named.subject, TransferRequested{attempt, 0, true});
      served.prompt = "transfer";
    } else if (reply.reply == Reply::person) {
      draft.add(named.subject, CallbackAsked{attempt, 0, 0, "", reply.words});
      served.prompt = "callback";
    }
  };
  const auto row = state.results.find(named.ref, attempt);
  const auto today = !row ? std::nullopt
                          : std::optional(std::chrono::floor<std::chrono::days>(
                                moment.now + std::chrono::minutes{row->own_offset_minutes()}));
  const auto understood = understand(campaign, question, state.script.language(named.ref),
                                     command.digits, command.speech, today);
  switch (understood.kind) {
    case Understood::Kind::silence:
      draft.add(named.subject, NoInput{attempt, turn, question.id});
      ask_again("silence", call->silences, question.silence_max, AnswerStatus::no_input);
      break;
    case Understood::Kind::invalid:
      draft.add(named.subject,
                AnswerInvalid{attempt, turn, question.id, understood.source, understood.words});
      ask_again("invalid", call->invalids, question.invalid_max, AnswerStatus::invalid);
      break;
    case Understood::Kind::given:
      draft.add(named.subject,
                AnswerGiven{attempt, turn, question.id, understood.source, understood.value,
                            command.confidence_thousandths, understood.words});
      settle(AnswerStatus::answered, understood.value);
      go_on();
      break;
    case Understood::Kind::reply:
      on_reply(understood);
      break;
    case Understood::Kind::opt_out: {
      opt_out(draft, state, named.ref, command.attempt.text(), understood.source);
      served.prompt = "opted_out";
      break;
    }
  }
  draft.add(named.subject, served);
  return draft.take();
}

Decision on(const State& state, const MachineDetected& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, false, moment.now)) {
    return draft.take();
  }
  if (!named.open->answered_by.empty() || command.answered_by.empty()) return draft.take();
  const auto attempt = command.attempt.attempt;
  draft.add(named.subject, AnswererDetected{attempt, command.answered_by});
  // The talk has begun and a machine listens: it goes on with what is for machines.
  const auto* call = state.script.call(named.ref);
  if (!call || call->turn == 0 || ends_talk(call->prompt) || has_answered(call)) {
    return draft.take();
  }
  auto served = first_prompt(state, named, command.answered_by);
  if (!for_machines(served.prompt)) return draft.take();
  served.turn = static_cast<std::int64_t>(call->turn) + 1;
  draft.add(named.subject, served);
  return draft.take();
}

Decision on(const State& state, const RecordingReported& command, Moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  const auto attempt = command.attempt.attempt;
  const auto row = state.results.find(named.ref, attempt);
  // Only of the attempt's own call, and once.
  if (!row || row->sid != command.sid || row->recording == command.recording) return Facts{};
  Draft draft;
  draft.add(named.subject,
            CallRecorded{attempt, command.recording, command.seconds, command.channels});
  return draft.take();
}

Decision on(const State& state, const OutsideStatusReported& command, Moment) {
  const auto found = state.book.outside.find(command.sid);
  if (found == state.book.outside.end() &&
      state.book.outside.size() >= Register::outside_calls_max) {
    return Facts{};
  }
  const auto call = found == state.book.outside.end() ? OutsideCall{} : found->second;
  const auto subject = Subject::call(command.sid);
  Draft draft;
  if (call.ended) return Facts{};
  if (terminal(command.status)) {
    if (const auto* permit = state.permits.find(command.sid);
        permit && permit->stage == AgentStage::open) {
      StreamClosed closed;
      closed.stream = permit->stream;
      closed.why = "hung_up";
      closed.uncounted = true;
      draft.add(subject, closed);
    }
    draft.add(subject, CallEnded{0, command.status, command.seconds, command.sip, "callback"},
              command.occurred_at);
  } else if (command.status == "initiated" && !call.initiated) {
    draft.add(subject, CallInitiated{}, command.occurred_at);
  } else if (command.status == "ringing" && !call.ringing) {
    draft.add(subject, CallRinging{}, command.occurred_at);
  } else if (command.status == "in-progress" && !call.answered) {
    draft.add(subject, CallAnswered{}, command.occurred_at);
  }
  return draft.take();
}

Decision on(const State& state, const OutsideVoiceRequested& command, Moment) {
  const auto found = state.book.outside.find(command.sid);
  const bool known = found != state.book.outside.end();
  if (known ? found->second.answered || found->second.ended
            : state.book.outside.size() >= Register::outside_calls_max) {
    return Facts{};
  }
  Draft draft;
  draft.add(Subject::call(command.sid), CallAnswered{});
  if (command.agent) {
    draft.add(Subject::call(command.sid),
              OutsideAgentServed{number_key_text(command.number_key), command.disclosure});
  }
  return draft.take();
}

// --- media streams ---

// The permit of a stream that is open.
const StreamPermit* open_stream(const State& state, const std::string& sid,
                                const std::string& stream) {
  const auto* permit = state.permits.find(sid);
  return permit && permit->stage == AgentStage::open && permit->stream == stream ? permit : nullptr;
}

Decision on(const State& state, const StreamStarted& command, Moment) {
  const auto* permit = state.permits.find(command.sid);
  if (!permit || permit->stage == AgentStage::none) {
    return Refusal{"no_permit", "no call was connected with the agent under this sid"};
  }
  if (permit->stage != AgentStage::served) {
    return Refusal{"burnt", "a stream of this call has been opened before"};
  }
  Draft draft;
  draft.add(subject_of(state, command.sid, *permit), StreamOpened{permit->attempt, command.stream});
  return draft.take();
}

Decision on(const State& state, const StreamEnded& command, Moment) {
  const auto* permit = open_stream(state, command.sid, command.closed.stream);
  if (!permit) return Facts{};
  const auto subject = subject_of(state, command.sid, *permit);
  Draft draft;
  auto closed = command.closed;
  closed.attempt = permit->attempt;
  draft.add(subject, closed);
  if (!command.fault.empty()) {
    draft.add(subject, AgentFailed{permit->attempt, command.fault, command.code});
  }
  return draft.take();
}

// "Never again" in a talk: it holds at once, and the talk ends with our own words.
void opt_out_of_talk(Draft& draft, const State& state, const Subject& subject,
                     const StreamPermit& permit, const CallPosition& call, const char* by) {
  const AttemptId attempt{subject.name, subject.ordinal, permit.attempt};
  opt_out(draft, state, *permit.contact, attempt.text(), by);
  if (call.prompt != "agent") return;
  PromptServed served;
  served.attempt = permit.attempt;
  served.turn = static_cast<std::int64_t>(call.turn) + 1;
  served.prompt = "opted_out";
  draft.add(subject, served);
}

Decision on(const State& state, const SomethingSaid& command, Moment) {
  const auto* permit = open_stream(state, command.sid, command.stream);
  // Of calls that are nobody's case not a word is kept: nobody could have it forgotten.
  if (!permit || !permit->contact) return Facts{};
  const auto* call = state.script.call(*permit->contact);
  if (!call || call->agent.said >= agent_said_max) return Facts{};
  const auto subject = subject_of(state, command.sid, *permit);
  auto words = command.words.substr(0, agent_said_bytes_max);
  while (words.size() == agent_said_bytes_max && !words.empty() &&
         (static_cast<unsigned char>(words.back()) & 0x80U) != 0) {
    words.pop_back();
  }
  Draft draft;
  if (command.by_agent) {
    draft.add(subject, AgentSaid{permit->attempt, command.position, command.at_ms, command.cut,
                                 command.heard_ms, std::move(words)});
    return draft.take();
  }
  const auto& campaign = *state.book.at(permit->contact->campaign).definition;
  const bool never =
      says_never_again(campaign, state.script.language(*permit->contact), command.words);
  draft.add(subject,
            CalleeSaid{permit->attempt, command.position, command.at_ms, std::move(words)});
  if (never && !call->opted_out) opt_out_of_talk(draft, state, subject, *permit, *call, "speech");
  return draft.take();
}

Decision on(const State& state, const KeyPressed& command, Moment) {
  const auto* permit = open_stream(state, command.sid, command.stream);
  if (!permit || !permit->contact) return Facts{};
  const auto& campaign = *state.book.at(permit->contact->campaign).definition;
  const auto* call = state.script.call(*permit->contact);
  if (!call || call->opted_out || campaign.opt_out.key == '\0' ||
      command.key != campaign.opt_out.key) {
    return Facts{};
  }
  Draft draft;
  opt_out_of_talk(draft, state, subject_of(state, command.sid, *permit), *permit, *call, "key");
  return draft.take();
}

ToolCalled tool_called(const ToolAsked& command, const ToolVerdict& verdict, std::uint8_t attempt) {
  ToolCalled called;
  called.attempt = attempt;
  called.call = command.call;
  called.name = verdict.name;
  called.refused = verdict.refused;
  called.reason = verdict.reason;
  called.position = command.position;
  return called;
}

// How far the person's UTC offset at the moment that they name is from that of the call.
std::int64_t offset_change_at_callback(const State& state, ContactRef contact, std::uint8_t attempt,
                                       const ToolAsked& command) {
  const auto local = callback_time_named(command.name, command.arguments);
  const auto row = state.results.find(contact, attempt);
  if (!local || !command.callback_at || !row) return 0;
  const auto offset =
      std::chrono::duration_cast<std::chrono::minutes>(*local - *command.callback_at).count();
  return offset - row->offset_minutes;
}

Decision on(const State& state, const ToolAsked& command, Moment moment) {
  const auto* permit = open_stream(state, command.sid, command.stream);
  if (!permit) return Facts{};
  const auto subject = subject_of(state, command.sid, *permit);
  const auto known = [&](const std::vector<std::string>& calls) {
    return std::find(calls.begin(), calls.end(), command.call) != calls.end();
  };
  Draft draft;
  if (!permit->contact) {
    if (known(permit->tools) || permit->tools.size() >= agent_tools_max) return Facts{};
    const auto verdict = judge_outside_tool(command.name, command.arguments);
    draft.add(subject, tool_called(command, verdict, 0));
    if (verdict.name == "opt_out" && verdict.refused.empty() && permit->number_key != 0 &&
        !state.suppression.opted_out(permit->number_key)) {
      draft.add(Subject::number(permit->number_key), OptedOut{command.sid, "agent"});
    }
    return draft.take();
  }
  const auto ref = *permit->contact;
  const auto* call = state.script.call(ref);
  if (!call || known(call->agent.tools) || call->agent.tools.size() > agent_tools_max) {
    return Facts{};
  }
  const auto& campaign = *state.book.at(ref.campaign).definition;
  const auto verdict = judge_tool(state.book, state.script, ref, command.name, command.arguments,
                                  callback_bounds(state, ref, command, moment.now));
  auto called = tool_called(command, verdict, permit->attempt);
  called.arguments = command.arguments;
  if (verdict.refused.empty() && verdict.name == "record_answer") {
    const auto step =
        next_step(campaign,
                  with_answer(without_silence(state.script.answers(ref), *verdict.question + 1U),
                              {*verdict.question, verdict.status, verdict.value}),
                  state.book.at(ref.campaign), state.script, ref);
    if (step.kind == NextStep::Kind::quota_full) called.quota = campaign.quotas[step.quota].name;
  }
  draft.add(subject, called);
  if (!verdict.refused.empty()) return draft.take();
  if (verdict.name == "record_answer" && verdict.status != AnswerStatus::answered) {
    draft.add(subject,
              AnswerDeclined{permit->attempt, call->turn, campaign.questions[*verdict.question].id,
                             std::string(name_of(verdict.status)), "agent", 0, verdict.words,
                             command.position});
  } else if (verdict.name == "record_answer") {
    AnswerGiven given;
    given.attempt = permit->attempt;
    given.turn = call->turn;
    given.question = campaign.questions[*verdict.question].id;
    given.source = "agent";
    given.value = verdict.value;
    given.words = verdict.words;
    given.position = command.position;
    draft.add(subject, given);
  } else if (verdict.name == "opt_out") {
    const AttemptId attempt{subject.name, subject.ordinal, permit->attempt};
    opt_out(draft, state, ref, attempt.text(), "agent");
  } else if (verdict.name == "ask_callback") {
    CallbackAsked asked{permit->attempt, command.position, 0, verdict.when, verdict.words};
    if (verdict.callback_at) {
      asked.due = to_ms(*verdict.callback_at);
      asked.offset_change = offset_change_at_callback(state, ref, permit->attempt, command);
    }
    asked.withdrawn = !verdict.callback_at && call->agent.callback_due_ms != 0;
    draft.add(subject, std::move(asked));
  } else if (verdict.name == "request_human") {
    draft.add(subject,
              TransferRequested{permit->attempt, command.position, !campaign.humans().empty()});
  }
  return draft.take();
}

// What stands of a person's answers in the midst of a call: behind the last one that was given in
// it, nothing that an earlier call left in silence.
std::vector<ScriptAnswer> answers_in_call(const State& state, const Named& named) {
  const auto attempt = named.open->attempt;
  const auto& answers = state.results.answers;
  std::optional<std::size_t> last;
  for (auto index = answers.size(); index > 0; --index) {
    const auto row = answers[index - 1];
    if (row.at < named.open->requested_at) break;
    const bool given = row.contact == named.ref && row.attempt == attempt &&
                       row.status != AnswerRow::Status::no_input &&
                       row.status != AnswerRow::Status::invalid;
    if (given) last = std::max<std::size_t>(last.value_or(0), row.question);
  }
  if (!last) return answers_before_call(state.script, named.ref);
  return without_silence(state.script.answers(named.ref), *last + 1);
}

// What a call hears whose agent has failed.
void serve_instead(PromptServed& served, const State& state, const Named& named) {
  const auto& campaign = *named.entry->definition;
  const auto step =
      next_step(campaign, answers_in_call(state, named), *named.entry, state.script, named.ref);
  const bool asks = step.kind == NextStep::Kind::question;
  if (step.kind == NextStep::Kind::quota_full) {
    served.prompt = "quota_full";
  } else if (!campaign.questions.empty() && !asks) {
    served.prompt = "goodbye";
  } else if (campaign.agent.on_failure == OnFailure::apologise) {
    served.prompt = "apology";
  } else if (asks) {
    served.prompt = "question";
    served.question = campaign.questions[*step.question].id;
    served.again = "failed";
  } else {
    served.prompt = "message";
  }
}

Decision on(const State& state, const AfterStream& command, Moment moment) {
  Draft draft;
  if (!command.attempt) {
    // The carrier could not open one.
    if (const auto* permit = state.permits.find(command.sid);
        permit && permit->stage == AgentStage::served && !permit->failed) {
      draft.add(Subject::call(command.sid), AgentFailed{0, "no_stream", ""});
    }
    return draft.take();
  }
  auto found = find(state, *command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  if (!own_call(draft, state, named, *command.attempt, command.sid, false, moment.now)) {
    return draft.take();
  }
  const auto* call = state.script.call(named.ref);
  note_fetched(draft, named, call);
  if (!call || call->prompt != "agent") return draft.take();
  const auto& agent = call->agent;
  const auto attempt = command.attempt->attempt;
  auto fault = agent.fault;
  if (agent.stage == AgentStage::served) {
    fault = "no_stream";
    draft.add(named.subject, AgentFailed{attempt, fault, ""});
  } else if (agent.stage == AgentStage::open) {
    StreamClosed closed;
    closed.attempt = attempt;
    closed.stream = agent.stream;
    closed.why = "hung_up";
    closed.uncounted = true;
    draft.add(named.subject, closed);
  }
  // Whoever is still there has not hung up: the stream broke.
  const bool torn = command.in_progress && agent.end_reason.empty() && !agent.transfer &&
                    !call->opted_out &&
                    (agent.stage == AgentStage::open || agent.closed_why == "hung_up");
  if (fault.empty() && (torn || (agent.stage == AgentStage::open && !agent.heard))) {
    fault = "dropped";
    draft.add(named.subject, AgentFailed{attempt, fault, ""});
  }
  // It was to be the end, and the agent's goodbye has not come or broke off.
  const bool unsaid = (agent.goodbye_unsaid || (!fault.empty() && !agent.end_reason.empty())) &&
                      (command.in_progress || agent.closed_why != "hung_up");
  PromptServed served;
  served.attempt = attempt;
  served.turn = static_cast<std::int64_t>(call->turn) + 1;
  served.prompt = "hang_up";
  if (agent.transfer) {
    served.prompt = "transfer";
  } else if (!fault.empty() && agent.end_reason.empty() && !call->opted_out) {
    serve_instead(served, state, named);
  } else if (call->opted_out && (agent.end_reason.empty() || unsaid)) {
    served.prompt = "opted_out";
  } else if (unsaid) {
    served.prompt = "farewell";
  } else if (agent.closed_why == "time_limit" || agent.closed_why == "silence" ||
             agent.closed_why == "too_many_turns" || agent.closed_why == "spend_limit") {
    served.prompt = "gave_up";
  }
  draft.add(named.subject, served);
  return draft.take();
}

Decision on(const State& state, const AfterTransfer& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, false, moment.now)) {
    correct_transfer_by_duration(draft, state, named, command.attempt.attempt, command.sid,
                                 command.seconds);
    return draft.take();
  }
  const auto* call = state.script.call(named.ref);
  note_fetched(draft, named, call);
  if (!call || call->prompt != "transfer") return draft.take();
  const auto attempt = command.attempt.attempt;
  draft.add(named.subject, TransferEnded{attempt, command.status, command.seconds});
  PromptServed served;
  served.attempt = attempt;
  served.turn = static_cast<std::int64_t>(call->turn) + 1;
  // Nobody was there to take over: at least they hear a word.
  const bool reached = command.status == "completed" || command.status == "answered";
  served.prompt = reached ? "hang_up" : "apology";
  draft.add(named.subject, served);
  return draft.take();
}

// How far a call has got by its status: what comes late says nothing new.
int stage_of(const std::string& status) {
  if (status == "initiated") return 1;
  if (status == "ringing") return 2;
  return terminal(status) ? 4 : 3;
}

Decision on(const State& state, const TransferReported& command, Moment moment) {
  auto found = find(state, command.attempt);
  if (!found) return found.error();
  const auto& named = found.value();
  Draft draft;
  if (!own_call(draft, state, named, command.attempt, command.sid, false, moment.now)) {
    correct_transfer_by_duration(draft, state, named, command.attempt.attempt, command.sid,
                                 command.seconds);
    return draft.take();
  }
  const auto* call = state.script.call(named.ref);
  const auto& humans = named.entry->definition->humans();
  if (!call || !call->agent.transfer || command.human == 0 || command.human > humans.size()) {
    return draft.take();
  }
  const auto& legs = call->agent.legs;
  const auto known = std::find_if(legs.begin(), legs.end(),
                                  [&](const TransferLeg& leg) { return leg.sid == command.leg; });
  const auto status = command.status == "in-progress" ? std::string("answered") : command.status;
  const bool news = known == legs.end() ? legs.size() < transfer_legs_max
                                        : stage_of(status) > stage_of(known->status);
  if (news) {
    draft.add(named.subject,
              TransferProgressed{command.attempt.attempt, command.human, command.leg, status,
                                 command.seconds, command.sip},
              command.occurred_at);
  }
  return draft.take();
}

}  // namespace

Result<Facts, Refusal> decide(const State& state, const Command& command, Moment moment) {
  assert(state.keeps_all());
  return visit([&](const auto& c) { return on(state, c, moment); }, command);
}

Facts facts_after(const State& state, ContactRef contact, Outcome outcome, std::int64_t seconds,
                  Instant ended_at, Instant now) {
  const auto* open = state.queue.open_attempt(contact);
  if (!open) return {};
  const auto& entry = state.book.at(contact.campaign);
  const Named named{contact, &entry, open, Subject::contact(entry.definition->id, contact.ordinal)};
  Draft draft;
  if (outcome != Outcome::unconfirmed) {
    close_attempt(draft, state, named, outcome, seconds, ended_at, now);
    return draft.take();
  }
  // Else a person settled it.
  const bool given_up = entry.definition->in_doubt == InDoubt::never && open->phase != Phase::held;
  draft.add(named.subject, AttemptClosed{open->attempt, outcome, given_up});
  settle_in_doubt(draft, state, named);
  if (given_up) {
    draft.add(named.subject, ContactClosed{Place::exhausted, outcome});
    return draft.take();
  }
  after_attempt(draft, state, named, outcome, ended_at, now);
  return draft.take();
}

CallbackBounds callback_bounds(const State& state, ContactRef contact, const ToolAsked& asked,
                               Instant now) {
  const auto& retries = state.book.at(contact.campaign).definition->retries;
  CallbackBounds bounds;
  bounds.now = now;
  bounds.last = state.queue.campaigns[contact.campaign].not_after(contact.ordinal);
  bounds.named = asked.callback_at;
  bounds.opens = asked.callback_opens;
  bounds.opens_on_clock = asked.opens_on_clock;
  bounds.now_on_clock = asked.now_on_clock;
  bounds.calls_left =
      state.queue.contact(contact).attempts + 1 < retries.attempts_max &&
      retries.delay[static_cast<std::size_t>(Outcome::callback_requested)].has_value();
  if (const auto local = callback_time_named(asked.name, asked.arguments);
      local && asked.callback_at) {
    const auto own = std::chrono::duration_cast<std::chrono::minutes>(*local - *asked.callback_at);
    bounds.called_enough =
        cap_reached(state, contact, retries, *asked.callback_at, {own - asked.own_clock_ahead, own})
            .has_value();
  }
  return bounds;
}

void stamp(const State& state, Fact& fact, Moment moment) {
  fact.position = state.position + 1;
  fact.version = state.version_of(fact.subject) + 1;
  fact.recorded_at = moment.now;
}

std::optional<Refusal> reason_not_to_load(const State& state, const std::string& source,
                                          const std::optional<Instant>& as_of, Instant now) {
  if (auto refusal = reason_not_to_list(state, source)) return refusal;
  if (as_of && *as_of > now) {
    return Refusal{"future", "a list is of no time that is still to come: " + rfc3339_utc(*as_of)};
  }
  const auto found = state.suppression.sources.find(source);
  if (found != state.suppression.sources.end() && found->second.as_of > as_of.value_or(now)) {
    return Refusal{"older", "the log has a newer list of this source, of " +
                                rfc3339_utc(*found->second.as_of)};
  }
  return {};
}

std::string reason_not_to_send(const State& state, const AttemptId& attempt, Instant now) {
  const auto found = find(state, attempt);
  if (!found || !found.value().open) return "the attempt is over";
  const auto& named = found.value();
  switch (named.entry->status) {
    case CampaignStatus::running:
      break;
    case CampaignStatus::paused:
      return "the campaign was paused";
    case CampaignStatus::cancelled:
      return "the campaign was cancelled";
    case CampaignStatus::enrolling:
    case CampaignStatus::completed:
      return "the campaign is not running";
  }
  if (state.queue.has_late_call(named.ref)) {
    return "a call to the person has turned up that was given up, and is being ended";
  }
  if (const auto key = suppressed_number(state, named.ref, now)) {
    return why_suppressed(state.suppression, *key);
  }
  if (auto why = why_lists_not_fresh(state.suppression, *named.entry->definition, now)) {
    return *why;
  }
  const auto last = state.queue.campaigns[named.ref.campaign].not_after(named.ref.ordinal);
  if (last && now >= *last) return std::string(time_is_over);
  if (const auto quota = full_quota(state, named.ref)) return why_full(*named.entry, *quota);
  if (now > named.open->slot + send_delay_max) return "its slot is too long ago";
  return {};
}

}  // namespace campaigns
