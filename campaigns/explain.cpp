#include "campaigns/explain.hpp"

#include <algorithm>
#include <optional>

#include "campaigns/call_caps.hpp"
#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/carrier_errors.hpp"
#include "campaigns/consent.hpp"
#include "campaigns/explain_grounds.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/quotas.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

struct Line {
  Instant at{};
  std::uint64_t position = 0;  // in the log
  std::string zone{};          // of the person, then
  std::string_view type{};
  std::string text{};
};

// What comes next, and one thing that stands in its way.
struct Gate {
  std::string_view name{};
  std::string text{};
  std::optional<Instant> until{};
  std::vector<std::uint64_t> events{};  // positions of those that it comes of
};
struct Explanation {
  std::string head{};
  std::vector<Line> lines{};
  std::string next{};
  std::optional<Instant> due{};
  std::vector<std::uint64_t> events{};  // that `next` comes of
  std::vector<Gate> gates{};
};

std::string utc_and_local(Instant at, const std::string& zone, const ZoneRules& rules) {
  auto text = rfc3339_utc(at);
  const auto offset = rules.utc_offset(zone, at);
  text += offset ? " (" + rfc3339_local(at, *offset) + " there)" : " (local time not known)";
  return text;
}

// Tells one event in plain words.
class Teller {
 public:
  Teller(const CampaignEntry& entry, std::string zone, const ZoneRules& rules)
      : entry_(entry), zone_(std::move(zone)), rules_(rules) {}

  // Whose event is told next; it outlives the telling.
  void about(const Subject& subject) { subject_ = &subject; }
  // Where they are from here on.
  void in_zone(const std::string& zone) { zone_ = zone; }
  const std::string& zone() const { return zone_; }

  std::string operator()(const LogCreated&) const { return {}; }
  std::string operator()(const RunnerStarted&) const { return {}; }
  std::string operator()(const RunnerStopped&) const { return {}; }
  std::string operator()(const ContactRejected&) const { return {}; }

  std::string operator()(const CampaignSubmitted&) const { return "the campaign was submitted"; }
  std::string operator()(const EnrolmentCompleted& e) const {
    return "the list is complete: " + plural(e.enrolled, "person", "people");
  }
  std::string operator()(const CampaignStarted&) const {
    return "the campaign started: from here on people may be called";
  }
  std::string operator()(const CampaignPaused& e) const {
    return "the campaign was paused" + because(e.reason) + "; nobody is dialled meanwhile";
  }
  std::string operator()(const CampaignResumed& e) const {
    return e.by.empty() ? "the campaign was resumed"
                        : "the campaign goes on: what it was paused for is over";
  }
  std::string operator()(const CampaignCancelled& e) const {
    return "the campaign was cancelled" + because(e.reason) +
           "; whoever was waiting is not called any more";
  }
  std::string operator()(const CampaignCompleted&) const { return "the campaign is complete"; }
  std::string operator()(const CampaignReopened& e) const {
    return "the completed campaign runs again" + because(e.reason);
  }
  std::string operator()(const CampaignChanged&) const {
    return "the campaign file was changed; it holds from here on";
  }
  std::string operator()(const EnrolmentReopened&) const {
    return "another list was accepted: whoever is new in it is enrolled";
  }
  std::string operator()(const ContactsAdded& e) const {
    return plural(e.added, "person was", "people were") + " added to the campaign";
  }
  std::string operator()(const ContactEnrolled& e) const {
    auto text = "enrolled from row " + std::to_string(e.row) + " of the list, language " +
                e.language + ", time zone " + e.zone;
    const auto limit = [&](const char* words, std::int64_t ms) {
      if (ms != 0) text += words + utc_and_local(instant_from_ms(ms), e.zone, rules_);
    };
    limit(", not to be called before ", e.not_before);
    limit(", nor from then on: ", e.not_after);
    if (e.priority != 0) text += ", priority " + std::to_string(e.priority);
    if (!e.other_keys.empty()) {
      text += ", with " + std::to_string(e.other_keys.size() + 1) + " numbers";
    }
    for (const auto& one : e.left_out) text += "; a number was left out (" + one + ')';
    return text;
  }
  std::string operator()(const ContactMoved& e) const {
    return "moved: a later list has them in the time zone " + e.zone +
           ", by whose clock they are called from here on";
  }
  std::string operator()(const ContactExcluded& e) const {
    return "excluded by the gate \"" + e.gate + "\"" + because(e.evidence);
  }
  std::string operator()(const ContactForgotten& e) const {
    return e.by == "retention" ? "forgotten: the time for which the campaign keeps people is over"
                               : "forgotten: an operator asked for it";
  }
  std::string operator()(const CallRequested& e) const {
    return attempt(e.attempt) + "called" +
           (e.number != 0 ? " at their number " + std::to_string(e.number) : std::string()) +
           ": it was this person's turn, the opening " + e.window + whose_day(e) +
           " allowed it, and a line was free" +
           (e.basis.empty() ? std::string() : "; on the ground of " + in_quotes(e.basis));
  }
  std::string operator()(const CallNotSent& e) const {
    return attempt(e.attempt) + "not sent" + because(e.reason) +
           (e.late ? "; it does not count" : "");
  }
  std::string operator()(const CallAccepted& e) const {
    auto text = attempt(e.attempt) + "the carrier took the call, " + e.sid;
    if (e.queue_ms >= 1000) {
      text +=
          ", and keeps it in its queue for about " + plural(e.queue_ms / 1000, "second", "seconds");
    }
    return text + request(e.request_id);
  }
  std::string operator()(const CallRefused& e) const {
    const bool known = carrier_error(e.code) != nullptr;
    return attempt(e.attempt) + "the carrier refused the call with HTTP " +
           std::to_string(e.http_status) + ", code " + std::to_string(e.code) +
           request(e.request_id) +
           (known ? ": " + std::string(carrier_error(e.code)->sentence) : std::string()) +
           (e.retryable ? "; it may take it later" : "");
  }
  std::string operator()(const CallInDoubt& e) const {
    return attempt(e.attempt) + "whether it was placed is in doubt" + because(e.reason) +
           request(e.request_id) + "; the carrier is asked, nothing is sent again";
  }
  std::string operator()(const CallLookedUp& e) const {
    if (e.by == "list") {
      return attempt(e.attempt) +
             "the carrier's list was asked: " + plural(e.found, "call", "calls") +
             " that could be this one";
    }
    return attempt(e.attempt) + "the call was silent, so the carrier was asked: " +
           (e.found == 0 ? "it knows no such call" : "it says " + e.status);
  }
  std::string operator()(const CallAdopted& e) const {
    return attempt(e.attempt) + "its call was found, " + e.sid + ", " +
           (e.by == "callback" ? "because it reported itself" : "in the carrier's list");
  }
  std::string operator()(const CallNotPlaced& e) const {
    return attempt(e.attempt) + "proven not to have been placed" + because(e.proof);
  }
  std::string operator()(const CallHeld& e) const {
    return attempt(e.attempt) + "held" + because(e.reason);
  }
  std::string operator()(const CallResolved& e) const {
    const char* what = e.as == Resolution::placed       ? "a person settled that it was placed"
                       : e.as == Resolution::not_placed ? "a person settled that it was not placed"
                                                        : "a person wants it made again";
    return attempt(e.attempt) + what + because(e.reason);
  }
  std::string operator()(const LateCallDetected& e) const {
    return attempt(e.attempt) + "a call that should not be there turned up, " + e.sid +
           "; it is ended";
  }
  std::string operator()(const LateCallEnded& e) const {
    return "the late call " + e.sid +
           (e.lost ? " is over: the carrier does not know it any more" : " is over");
  }
  std::string operator()(const CallInitiated& e) const {
    return attempt(e.attempt) + "the carrier began to dial";
  }
  std::string operator()(const CallRinging& e) const { return attempt(e.attempt) + "it rang"; }
  std::string operator()(const CallAnswered& e) const {
    return attempt(e.attempt) + "it was answered";
  }
  std::string operator()(const AnswererDetected& e) const {
    return attempt(e.attempt) + "the carrier says who answered: " + e.answered_by;
  }
  std::string operator()(const PromptServed& e) const {
    return attempt(e.attempt) + "turn " + std::to_string(e.turn) + ": " + prompt(e);
  }
  std::string operator()(const PromptFetched& e) const {
    return attempt(e.attempt) + "turn " + std::to_string(e.turn) + ": the call came for it";
  }
  std::string operator()(const AnswerGiven& e) const {
    return attempt(e.attempt) + "answered \"" + e.question + "\" by " + e.source +
           (e.value.empty() ? ", in their own words" : ": " + e.value);
  }
  std::string operator()(const AnswerInvalid& e) const {
    return attempt(e.attempt) + "what came by " + e.source + " is no answer to \"" + e.question +
           '"';
  }
  std::string operator()(const AnswerDeclined& e) const {
    return attempt(e.attempt) +
           (e.status == "refused" ? "would rather not answer \"" : "did not know an answer to \"") +
           e.question + "\", by " + e.source;
  }
  std::string operator()(const PersonAsked& e) const {
    auto text = attempt(e.attempt) + "asked by " + e.source + " at \"" + e.question + "\" ";
    if (e.what == "repeat") return text + "to hear it again";
    if (e.what == "back") return text + "to go back" + (e.to.empty() ? "" : " to \"" + e.to + '"');
    return text + (e.what == "stop" ? "to stop" : "for a human");
  }
  std::string operator()(const NoInput& e) const {
    return attempt(e.attempt) + "silence at \"" + e.question + '"';
  }
  std::string operator()(const CallEnded& e) const {
    auto text = attempt(e.attempt) + "the call ended as " + e.status + " after " +
                plural(e.seconds, "second", "seconds");
    if (e.sip != 0) text += ", SIP " + std::to_string(e.sip);
    if (e.failure) text += ", and never asked us what to say";
    if (e.cause == "callback") return text + ", as the carrier reported";
    if (e.cause == "looked_up") return text + ", as the carrier said when asked";
    return text + ", because the carrier does not know it";
  }
  std::string operator()(const AttemptClosed& e) const {
    return attempt(e.attempt) + "came out as " + std::string(name_of(e.outcome)) +
           (e.outcome == Outcome::not_placed ? "; it does not count" : "");
  }
  std::string operator()(const NumberChosen& e) const {
    return "from here on called at their number " + std::to_string(e.number) + because(e.why);
  }
  std::string operator()(const RetryScheduled& e) const {
    return "to be called again, because the last attempt came out as " +
           std::string(name_of(e.after)) + ": not before " +
           utc_and_local(instant_from_ms(e.due), zone_, rules_);
  }
  std::string operator()(const ContactClosed& e) const {
    return "closed as " + std::string(name_of(e.place)) + ", last word " +
           std::string(name_of(e.disposition)) + because(e.why);
  }
  std::string operator()(const SpendReserved& e) const {
    return attempt(e.attempt) + "at most " + money(e.millionths) + " set aside" +
           (e.model == 0 ? std::string()
                         : ", and at most " + money(e.model) + " for the voice model") +
           (e.transfer == 0 ? std::string()
                            : ", and at most " + money(e.transfer) + " for the call to a human");
  }
  std::string operator()(const SpendSettled& e) const {
    return attempt(e.attempt) + "cost " + money(e.millionths) +
           (e.model == 0 ? std::string() : ", and " + money(e.model) + " for the voice model") +
           for_human(e.transfer);
  }
  std::string operator()(const SpendCorrected& e) const {
    return attempt(e.attempt) + "cost " + money(e.millionths) + for_human(e.transfer) +
           ", as the carrier charges it";
  }
  std::string operator()(const CallEndRequested& e) const {
    return attempt(e.attempt) + "to be ended before anybody answers it" + because(e.reason);
  }
  std::string operator()(const CallScreened& e) const {
    return attempt(e.attempt) + "an assistant that screens calls answered: it was told who calls";
  }
  std::string operator()(const CallRecorded& e) const {
    return attempt(e.attempt) + "the carrier recorded it: " + e.recording + ", " +
           std::to_string(e.seconds) + " s";
  }
  std::string operator()(const CallPostponed& e) const {
    return "their turn came and they were put off" + because(e.evidence) + "; not before " +
           utc_and_local(instant_from_ms(e.due), zone_, rules_);
  }
  std::string operator()(const QuotaCounted& e) const {
    return attempt(e.attempt) + "counts towards the quota " + in_quotes(e.quota) + ", as number " +
           std::to_string(e.completes) + " of " + std::to_string(e.of);
  }
  std::string operator()(const QuotaSwept& e) const {
    return "a quota is full: none of the first " + plural(e.up_to, "person", "people") +
           " who belong to it waits for a call any more";
  }
  std::string operator()(const Suppressed& e) const {
    return (e.by == cool_off ? "the number is left alone"
                             : std::string("an operator suppressed the number")) +
           because(e.reason) +
           (e.until == 0 ? "; that holds for all campaigns"
                         : "; that holds for all campaigns until " +
                               utc_and_local(instant_from_ms(e.until), zone_, rules_));
  }
  std::string operator()(const SuppressionLifted& e) const {
    return "an operator lets the number be called again" + because(e.reason);
  }
  std::string operator()(const NumberListed& e) const {
    return "the number is on the suppression list " + in_quotes(e.source) +
           ": that holds for all campaigns";
  }
  std::string operator()(const NumberUnlisted& e) const {
    return "the number is no longer on the suppression list " + in_quotes(e.source);
  }
  std::string operator()(const SuppressionListLoaded& e) const {
    return "the suppression list " + in_quotes(subject_->name) + " was loaded, of " +
           rfc3339_utc(instant_from_ms(e.as_of)) + ", with " +
           plural(e.numbers, "number", "numbers") + because(e.reason);
  }
  std::string operator()(const OutsideAgentServed&) const { return {}; }
  std::string operator()(const StreamOpened& e) const {
    return attempt(e.attempt) + "the call's sound reached the agent";
  }
  std::string operator()(const StreamClosed& e) const {
    if (e.uncounted) {
      return attempt(e.attempt) + "the talk with the agent ended (" + e.why +
             "); how it went until then was not noted";
    }
    auto text = attempt(e.attempt) + "the talk with the agent ended (" + e.why + ") after " +
                seconds(e.lasted_ms) + ": " + plural(e.turns, "turn", "turns") + " of the agent, " +
                plural(e.interruptions, "interruption", "interruptions");
    return text +
           (e.first_sound_ms == 0 ? "; nothing of it was ever heard"
                                  : "; first heard after " + seconds(e.first_sound_ms)) +
           (e.goodbye_unsaid ? "; its goodbye did not come" : "");
  }
  std::string operator()(const AgentFailed& e) const {
    return attempt(e.attempt) + "the agent failed: " + e.fault +
           (e.code.empty() ? std::string() : " (" + e.code + ')');
  }
  // What was said the transcript tells.
  std::string operator()(const AgentSaid& e) const {
    return attempt(e.attempt) + "the agent spoke" +
           (e.cut ? ", and was interrupted after " + seconds(e.heard_ms) : std::string());
  }
  std::string operator()(const CalleeSaid& e) const {
    return attempt(e.attempt) + "the person spoke";
  }
  std::string operator()(const ToolCalled& e) const {
    return attempt(e.attempt) + "the agent asked for " +
           (e.name.empty() ? std::string("a tool that there is not") : e.name) +
           (e.reason.empty() ? std::string() : " (" + e.reason + ')') +
           (e.refused.empty() ? std::string() : ": refused, " + e.refused);
  }
  std::string operator()(const CallbackAsked& e) const {
    return attempt(e.attempt) + "the person wants to be called at another time" +
           (e.withdrawn  ? std::string(", and not at the one that they named before")
            : e.due == 0 ? std::string()
                         : ": " + utc_and_local(instant_from_ms(e.due), zone_, rules_));
  }
  std::string operator()(const TransferRequested& e) const {
    return attempt(e.attempt) + "the person wants to talk to a human" +
           (e.listed ? "; the call is passed on" : "; nobody is listed for that");
  }
  std::string operator()(const TransferEnded& e) const {
    return attempt(e.attempt) + "passing the call on came out as " + e.status +
           (e.seconds == 0 ? std::string()
                           : ", " + plural(e.seconds, "second", "seconds") + " of talk");
  }
  std::string operator()(const TransferProgressed& e) const {
    const auto human = attempt(e.attempt) + "human " + std::to_string(e.human) + " of the list: ";
    if (e.status == "initiated") return human + "is being called, as " + e.leg;
    if (e.status == "ringing") return human + "the telephone rings";
    if (e.status == "answered") return human + "picked up";
    return human + "that call ended as " + e.status +
           (e.seconds == 0 ? std::string() : " after " + plural(e.seconds, "second", "seconds")) +
           (e.sip == 0 ? std::string() : " (SIP " + std::to_string(e.sip) + ')');
  }
  std::string operator()(const OptedOut& e) const {
    return "the person asked by " + e.by + ", in " + e.attempt +
           ", never to be called again: that holds for all campaigns";
  }

 private:
  // What the carrier's support asks for.
  static std::string request(const std::string& id) {
    return id.empty() ? std::string() : ", request " + id;
  }
  static std::string attempt(std::uint8_t number) {
    return "attempt " + std::to_string(number) + ": ";
  }
  static std::string prompt(const PromptServed& e) {
    if (e.prompt == "question") {
      auto text = "asked \"" + e.question + '"';
      if (e.again == "silence") text += " again, after silence";
      if (e.again == "invalid") text += " again, after an answer that was none";
      if (e.again == "repeat") text += " again, as they wished";
      if (e.again == "back") text += " once more, as they went back";
      if (e.again == "failed") text += " without the agent, which had failed";
      if (e.again == "screening") text += " again, of whoever the assistant fetches";
      return text;
    }
    if (e.prompt == "message") {
      return e.again == "invalid" ? "the message was given again, as a key had broken it off"
                                  : "the message was given";
    }
    if (e.prompt == "machine") return "the message for machines";
    if (e.prompt == "goodbye") return "nothing was left to ask; goodbye";
    if (e.prompt == "opted_out") return "the person does not want to be called; goodbye";
    if (e.prompt == "screened_out") return "the survey is not for this person; goodbye";
    if (e.prompt == "quota_full") return "enough people like this one have answered; goodbye";
    if (e.prompt == "stopped") return "the person wants to stop; goodbye";
    if (e.prompt == "callback") return "to be called back by a human; goodbye";
    if (e.prompt == "gave_up") return "the question was not answered often enough; goodbye";
    if (e.prompt == "farewell") return "the agent had not said goodbye; it was said without it";
    if (e.prompt == "agent") {
      return "told that an AI talks (words of version " + e.disclosure +
             "), and to be connected with the agent";
    }
    if (e.prompt == "apology") return "nobody could go on with the talk; an apology and the end";
    if (e.prompt == "transfer") return "passed on to a human";
    return "the call was hung up without a word";
  }
  static std::string whose_day(const CallRequested& e) {
    if (e.own_clock_ahead_minutes == 0) return " of their day";
    return " by the campaign's clock, at " +
           rfc3339_local(instant_from_ms(e.slot), std::chrono::minutes{e.offset_minutes}) + ',';
  }
  static std::string seconds(std::int64_t ms) { return decimal_text(ms / 100, 1) + " s"; }
  std::string for_human(std::int64_t millionths) const {
    return millionths == 0 ? std::string()
                           : ", and " + money(millionths) + " for the call to a human";
  }
  std::string money(std::int64_t millionths) const {
    return decimal_text(millionths, 6) + ' ' + entry_.definition->budget.currency;
  }

  const CampaignEntry& entry_;
  std::string zone_{};
  const ZoneRules& rules_;
  const Subject* subject_ = nullptr;
};

std::string attempt_text(const State& state, const OpenAttempt& open) {
  return AttemptId{state.book.at(open.contact.campaign).definition->id, open.contact.ordinal,
                   open.attempt}
      .text();
}

// People of the same zone who are dialled before this one.
std::int64_t people_before(const DialCampaign& campaign, std::uint32_t ordinal, Instant now) {
  const auto& contact = campaign.contact(ordinal);
  std::int64_t before = 0;
  for (const auto place : campaign.order) {
    const auto& group = campaign.groups[place];
    const bool own = place == contact.group;
    if (group.zone != campaign.groups[contact.group].zone) continue;
    for (const auto& [due, other] : group.retries) {
      if (due > to_ms(now) || other == ordinal) break;
      ++before;
    }
    if (own && contact.stage == Stage::retry) break;
    for (auto i = group.next; i < group.fresh.size() && group.fresh[i] != ordinal; ++i) {
      if (campaign.contact(group.fresh[i]).stage == Stage::fresh) ++before;
    }
    if (own) break;
  }
  return before;
}

void add_gates(Explanation& out, const State& state, ContactRef ref, const ZoneRules& rules,
               Instant now, const Facts& history) {
  const auto& entry = state.book.at(ref.campaign);
  const auto& campaign = state.queue.campaigns[ref.campaign];
  const auto& contact = campaign.contact(ref.ordinal);
  const auto& zone = campaign.groups[contact.group].zone;
  const auto gate = [&](std::string_view name, std::string text,
                        std::optional<Instant> until = {}) {
    out.gates.push_back({name, std::move(text), until, events_behind_gate(name, history)});
  };
  switch (entry.status) {
    case CampaignStatus::enrolling:
      gate("enrolling", "the list is still being enrolled");
      break;
    case CampaignStatus::paused:
      gate("paused", "the campaign is paused" + because(entry.status_reason));
      break;
    case CampaignStatus::cancelled:
    case CampaignStatus::completed:
      gate("ended", "the campaign is " + std::string(name_of(entry.status)));
      break;
    case CampaignStatus::running:
      break;
  }
  if (auto why = why_lists_not_fresh(state.suppression, *entry.definition, now);
      why && !waits_for_list(entry)) {
    gate("suppression_list", "nobody is called: " + *why);
  }
  if (const auto key = suppressed_number(state, ref, now)) {
    const auto why = why_suppressed(state.suppression, *key);
    const auto until = state.suppression.until(*key, now);
    const auto other = next_number(state, ref, now);
    gate("suppressed",
         other   ? why + ": their number " + std::to_string(*other) + " is called instead"
         : until ? why + " until " + utc_and_local(*until, zone, rules)
                 : why + ": excluded when their turn comes",
         other ? std::nullopt : until);
    out.gates.back().events = events_that_suppress(*key, history, now);
  }
  if (!country_may_be_called(*entry.definition, state.queue.contact(ref).number)) {
    const auto other = number_of_allowed_country(state, *entry.definition, ref, now);
    gate("country", other ? "the number's country may not be called: their number " +
                                std::to_string(*other) + " is called instead"
                          : std::string("the number's country may not be called: excluded when "
                                        "their turn comes"));
  }
  if (state.queue.has_late_call(ref)) {
    gate("late_call", "a call to them that was given up has turned up, and is being ended");
  }
  if (const auto* other = state.queue.lock_of(ref)) {
    gate("locked", "the number is locked by " + attempt_text(state, *other) + ", which is " +
                       std::string(name_of(other->phase)));
  }
  if (out.due && *out.due > now) {
    gate("not_due", "not due before " + utc_and_local(*out.due, zone, rules), out.due);
  }
  const auto at = out.due ? std::max(*out.due, now) : now;
  const auto opening = opening_at(entry.definition->hours, zone, rules, at);
  const auto turn = opening.open ? at : opening.changes_at.value_or(at);
  if (const auto why = why_no_consent(*entry.definition, state, ref, rules, turn)) {
    gate("no_consent", std::string(*why) + ": excluded when their turn comes");
  }
  if (!opening.known_zone) {
    gate("unknown_zone", "the time zone is not known here, so nobody in it is called");
  } else if (!opening.open && !opening.changes_at) {
    gate("window", "the calling hours do not open within a year");
  } else if (!opening.open) {
    gate("window",
         "outside the calling hours until " + utc_and_local(*opening.changes_at, zone, rules),
         opening.changes_at);
  }
  if (opening.known_zone) {
    if (const auto cap = cap_reached(state, ref, entry.definition->retries, at,
                                     {opening.utc_offset, opening.own_utc_offset})) {
      gate(cap->gate,
           cap->why + ", as often as is allowed: not before " +
               utc_and_local(cap->opens_at, zone, rules),
           cap->opens_at);
      out.gates.back().events = requests_of(cap->slots, history);
    }
  }
  if (const auto last = campaign.not_after(ref.ordinal)) {
    const auto first = opening.open ? std::optional(at) : opening.changes_at;
    if (!first || *first >= *last) {
      gate("too_late", "to be let go: by their row nobody calls them from " +
                           utc_and_local(*last, zone, rules) + " on");
    }
  }
  if (const auto quota = full_quota(state, ref)) {
    gate("quota_full", "to be let go: " + why_full(entry, *quota));
  }
  if (!has_line(state, ref.campaign)) {
    gate("lines",
         "all " + plural(entry.definition->pacing.lines, "line is", "lines are") + " in use");
  }
  if (const auto slot = earliest_slot(state, ref.campaign); slot > now) {
    const bool slowed = state.queue.slowdown.level(now) > 0;
    gate("rate",
         std::string(slowed ? "the carrier wants fewer calls for a while: " : "") +
             "the rate of calls allows the next one at " + rfc3339_utc(slot),
         slot);
  }
  if (!within_budget(state, ref.campaign)) {
    gate("budget", "the budget does not cover another call");
  }
  if (const auto before = people_before(campaign, ref.ordinal, now); before > 0) {
    gate("queue", plural(before, "person is", "people are") + " called before");
  }
}

void add_next(Explanation& out, const State& state, ContactRef ref, const ZoneRules& rules,
              Instant now, const Facts& history) {
  const auto& entry = state.book.at(ref.campaign);
  const auto& contact = state.queue.contact(ref);
  const auto& one = state.results.cases[ref.campaign][ref.ordinal - 1];
  out.events = events_behind_stage(contact.stage, history);
  switch (contact.stage) {
    case Stage::fresh:
      out.next = "to be called for the first time";
      return add_gates(out, state, ref, rules, now, history);
    case Stage::retry:
      out.due = instant_from_ms(contact.due_ms);
      if (contact.requests == 0) {
        out.next = "to be called for the first time";
        return add_gates(out, state, ref, rules, now, history);
      }
      out.next = "to be called again; " +
                 plural(entry.definition->retries.attempts_max - contact.attempts, "attempt is",
                        "attempts are") +
                 " left";
      return add_gates(out, state, ref, rules, now, history);
    case Stage::calling: {
      const auto* open = state.queue.open_attempt(ref);
      out.next = "nothing to be done: a call is under way";
      if (!open) return;
      out.next = attempt_text(state, *open) + " is under way: " + std::string(name_of(open->phase));
      if (const auto at = lookup_due_at(state, *open)) {
        out.due = at;
        out.next += "; if nothing is heard of it, the carrier is asked at " + rfc3339_utc(*at);
      }
      return;
    }
    case Stage::held:
      out.next =
          "nothing until a person decides: whether the last call was placed is not known, "
          "and the number stays locked (campanile held, campanile resolve)";
      return;
    case Stage::done:
    case Stage::exhausted:
    case Stage::excluded:
      out.next = "nothing: the case is " + std::string(name_of(one.place));
      if (one.disposition != Outcome::none) {
        out.next += ", last word " + std::string(name_of(one.disposition));
      }
      return;
  }
}

Explanation explanation_of(const State& state, ContactRef ref, const ZoneRules& rules, Instant now,
                           const Facts& history) {
  const auto& entry = state.book.at(ref.campaign);
  const auto& campaign = state.queue.campaigns[ref.campaign];
  const auto& zone = campaign.groups[campaign.contact(ref.ordinal).group].zone;
  Explanation out;
  out.head = entry.definition->id + '.' + std::to_string(ref.ordinal);
  Teller teller(entry, zone, rules);
  for (const auto& fact : history) {
    if (const auto* enrolled = get_if<ContactEnrolled>(&fact.event)) {
      teller.in_zone(enrolled->zone);
      break;
    }
  }
  for (const auto& fact : history) {
    teller.about(fact.subject);
    if (const auto* moved = get_if<ContactMoved>(&fact.event)) teller.in_zone(moved->zone);
    auto text = visit(teller, fact.event);
    if (text.empty()) continue;
    out.lines.push_back(
        {fact.recorded_at, fact.position, teller.zone(), type_of(fact.event), std::move(text)});
  }
  add_next(out, state, ref, rules, now, history);
  return out;
}

void write_positions(JsonObject& object, const std::vector<std::uint64_t>& positions) {
  auto& list = object.open("events");
  list += '[';
  for (const auto position : positions) {
    if (list.back() != '[') list += ',';
    list += std::to_string(position);
  }
  list += ']';
}

}  // namespace

bool tells_of(const State& state, ContactRef contact, const Fact& fact) {
  const auto& id = state.book.at(contact.campaign).definition->id;
  switch (fact.subject.kind) {
    case Subject::Kind::contact:
      return fact.subject.ordinal == contact.ordinal && fact.subject.name == id;
    case Subject::Kind::number:
      return state.queue.campaigns[contact.campaign].has_number(
          contact.ordinal, parse_number_key(fact.subject.name).value_or(0));
    case Subject::Kind::campaign:
      // The rows of other people are theirs, and whom a quota lets go is told of each.
      return fact.subject.name == id && !holds_alternative<ContactRejected>(fact.event) &&
             !holds_alternative<QuotaSwept>(fact.event);
    case Subject::Kind::list: {
      const auto& required = state.book.at(contact.campaign).definition->suppression_lists;
      return std::ranges::any_of(
          required, [&](const RequiredList& list) { return list.source == fact.subject.name; });
    }
    case Subject::Kind::runner:
    case Subject::Kind::call:
      return false;
  }
  return false;
}

std::string explain(const State& state, ContactRef contact, const ZoneRules& rules, Instant now,
                    const Facts& history) {
  const auto told = explanation_of(state, contact, rules, now, history);
  const auto& campaign = state.queue.campaigns[contact.campaign];
  const auto& zone = campaign.groups[campaign.contact(contact.ordinal).group].zone;
  std::string text = told.head + ", row " + std::to_string(state.script.row(contact)) +
                     " of the list, " + zone + ", " + state.script.language(contact) + '\n';
  for (const auto& line : told.lines) {
    text += utc_and_local(line.at, line.zone, rules) + "  " + line.text + '\n';
  }
  text += "now " + utc_and_local(now, zone, rules) + '\n';
  text += "next: " + told.next + '\n';
  for (const auto& gate : told.gates) text += "  in the way: " + gate.text + '\n';
  const auto stage = campaign.contact(contact.ordinal).stage;
  if ((stage == Stage::fresh || stage == Stage::retry) && told.gates.empty()) {
    text += "  nothing is in the way\n";
  }
  return text;
}

std::string explain_json(const State& state, ContactRef contact, const ZoneRules& rules,
                         Instant now, const Facts& history) {
  const auto told = explanation_of(state, contact, rules, now, history);
  const auto& campaign = state.queue.campaigns[contact.campaign];
  const auto& dial = campaign.contact(contact.ordinal);
  const auto& zone = campaign.groups[dial.group].zone;
  const auto& one = state.results.cases[contact.campaign][contact.ordinal - 1];
  const auto times = [&](JsonObject& object, const std::string& name, Instant at,
                         const std::string& there) {
    object.member(name + "_utc", rfc3339_utc(at));
    if (const auto offset = rules.utc_offset(there, at)) {
      object.member(name + "_local", rfc3339_local(at, *offset));
    }
  };
  std::string text;
  JsonObject object(text);
  object.member("contact", told.head)
      .member("row", state.script.row(contact))
      .member("zone", zone)
      .member("language", state.script.language(contact))
      .member("stage", name_of(dial.stage))
      .member("place", name_of(one.place))
      .member("disposition", name_of(one.disposition))
      .member("attempts", dial.attempts);
  auto& events = object.open("events");
  events += '[';
  for (std::size_t i = 0; i < told.lines.size(); ++i) {
    if (i > 0) events += ',';
    JsonObject line(events);
    times(line, "at", told.lines[i].at, told.lines[i].zone);
    line.member("position", static_cast<std::int64_t>(told.lines[i].position))
        .member("type", told.lines[i].type)
        .member("text", told.lines[i].text);
    line.close();
  }
  events += ']';
  times(object, "now", now, zone);
  auto& out = object.open("next");
  JsonObject next(out);
  next.member("text", told.next);
  if (told.due) times(next, "due", *told.due, zone);
  write_positions(next, told.events);
  auto& gates = next.open("gates");
  gates += '[';
  for (std::size_t i = 0; i < told.gates.size(); ++i) {
    if (i > 0) gates += ',';
    JsonObject gate(gates);
    gate.member("gate", told.gates[i].name).member("text", told.gates[i].text);
    if (told.gates[i].until) times(gate, "until", *told.gates[i].until, zone);
    write_positions(gate, told.gates[i].events);
    gate.close();
  }
  gates += ']';
  next.close();
  object.close();
  return text;
}

}  // namespace campaigns
