#include "campaigns/call_script.hpp"

#include <algorithm>
#include <cassert>

#include "campaigns/json_writer.hpp"
#include "campaigns/packing.hpp"

namespace campaigns {

std::string_view name_of(AnswerStatus status) {
  switch (status) {
    case AnswerStatus::answered:
      return "answered";
    case AnswerStatus::no_input:
      return "no_input";
    case AnswerStatus::invalid:
      return "invalid";
    case AnswerStatus::refused:
      return "refused";
    case AnswerStatus::dont_know:
      return "dont_know";
  }
  return "";
}

std::string_view name_of(AgentStage stage) {
  switch (stage) {
    case AgentStage::none:
      return "none";
    case AgentStage::served:
      return "served";
    case AgentStage::open:
      return "open";
    case AgentStage::closed:
      return "closed";
  }
  return "";
}

bool AgentProgress::reached_human() const {
  const auto picked_up = [](const std::string& status) {
    return status == "completed" || status == "answered";
  };
  if (!transfer_status.empty()) return picked_up(transfer_status);
  return std::any_of(legs.begin(), legs.end(),
                     [&](const TransferLeg& leg) { return picked_up(leg.status); });
}

namespace {

// Keeps one answer for each question, in their order; a later one replaces an earlier one.
void keep(std::vector<ScriptAnswer>& answers, ScriptAnswer answer) {
  const auto at = std::lower_bound(
      answers.begin(), answers.end(), answer.question,
      [](const ScriptAnswer& a, std::uint8_t question) { return a.question < question; });
  if (at != answers.end() && at->question == answer.question) {
    *at = std::move(answer);
  } else {
    answers.insert(at, std::move(answer));
  }
}

void write_agent(JsonObject& call, const AgentProgress& agent) {
  JsonObject object(call.open("agent"));
  object.member("stage", name_of(agent.stage))
      .member("stream", agent.stream)
      .member("closed_why", agent.closed_why)
      .member("fault", agent.fault)
      .flag("heard", agent.heard)
      .flag("spoke", agent.spoke)
      .member("lasted_ms", agent.lasted_ms)
      .member("end_reason", agent.end_reason)
      .flag("callback_asked", agent.callback_asked)
      .flag("transfer", agent.transfer)
      .member("transfer_status", agent.transfer_status)
      .member("said", agent.said)
      .member("caller_id", agent.caller_id);
  // Not written where it is not so: logs from before keep their digest.
  if (agent.quota_full) object.flag("quota_full", true);
  if (agent.goodbye_unsaid) object.flag("goodbye_unsaid", true);
  if (agent.callback_due_ms != 0) object.member("callback_due", agent.callback_due_ms);
  if (!agent.legs.empty()) {
    auto& legs = object.open("legs");
    for (std::size_t i = 0; i < agent.legs.size(); ++i) {
      legs += i ? ',' : '[';
      JsonObject leg(legs);
      leg.member("human", agent.legs[i].human)
          .member("leg", agent.legs[i].sid)
          .member("status", agent.legs[i].status);
      leg.close();
    }
    legs += ']';
  }
  object.member("tools", agent.tools);
  object.close();
}

std::optional<std::uint8_t> question_index(const Campaign& campaign, const std::string& id) {
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    if (campaign.questions[i].id == id) return static_cast<std::uint8_t>(i);
  }
  return {};
}

}  // namespace

std::string_view CallScript::value(ContactRef contact, std::size_t column) const {
  const auto& people = campaigns_[contact.campaign];
  const char* at = people.text.data() + this->at(contact).offset;
  const auto count = take_varint(at);
  if (column >= count) return {};
  for (;; --column) {
    const auto length = take_varint(at);
    if (column == 0) return {at, length};
    at += length;
  }
}

std::string_view CallScript::value(ContactRef contact, const CampaignEntry& entry,
                                   std::string_view column) const {
  const auto found = std::find(entry.columns.begin(), entry.columns.end(), column);
  if (found == entry.columns.end()) return {};
  return value(contact, static_cast<std::size_t>(found - entry.columns.begin()));
}

const std::string& CallScript::language(ContactRef contact) const {
  return campaigns_[contact.campaign].languages[at(contact).language];
}

const CallPosition* CallScript::call(ContactRef contact) const {
  const auto found = calls_.find(contact.packed());
  return found == calls_.end() ? nullptr : &found->second;
}

const std::vector<ScriptAnswer>& CallScript::answers(ContactRef contact) const {
  static const std::vector<ScriptAnswer> none;
  const auto found = answers_.find(contact.packed());
  return found == answers_.end() ? none : found->second;
}

// As if the person had been enrolled without any values, which is how a replay sees them: the bytes
// are gone as well.
void CallScript::forget(ContactRef contact) {
  auto& people = campaigns_[contact.campaign];
  char* const begin = people.text.data() + at(contact).offset;
  const char* end = begin;
  for (auto count = take_varint(end); count > 0; --count) {
    const auto length = take_varint(end);
    end += length;
  }
  std::fill(begin, begin + (end - begin), '\0');
}

void CallScript::apply(const Fact& fact, const std::optional<ContactRef>& ref,
                       const Register& book) {
  position = fact.position;
  if (holds_alternative<CampaignSubmitted>(fact.event)) {
    campaigns_.emplace_back();
    return;
  }
  if (!ref) return;
  if (const auto* e = get_if<ContactEnrolled>(&fact.event)) {
    auto& people = campaigns_[ref->campaign];
    Person person;
    person.offset = people.text.size();
    person.row = static_cast<std::uint32_t>(e->row);
    append_varint(people.text, e->values.size());
    for (const auto& value : e->values) {
      append_varint(people.text, value.size());
      people.text += value;
    }
    auto language = std::find(people.languages.begin(), people.languages.end(), e->language);
    if (language == people.languages.end()) {
      people.languages.push_back(e->language);
      language = std::prev(people.languages.end());
    }
    person.language = static_cast<std::uint16_t>(language - people.languages.begin());
    people.people.push_back(person);
    return;
  }
  if (holds_alternative<ContactForgotten>(fact.event)) {
    forget(*ref);
    return;
  }
  if (!for_calls) return;
  if (const auto* e = get_if<CallRequested>(&fact.event)) {
    CallPosition begun{.attempt = e->attempt};
    const auto& definition = *book.at(ref->campaign).definition;
    if (definition.mode == Mode::agent || !definition.operators.empty()) {
      begun.agent.caller_id = e->caller_id;
    }
    calls_.insert_or_assign(ref->packed(), std::move(begun));
    return;
  }
  if (holds_alternative<AttemptClosed>(fact.event)) {
    calls_.erase(ref->packed());
    return;
  }
  const auto* closed = get_if<ContactClosed>(&fact.event);
  if ((closed && closed->place != Place::held) || holds_alternative<ContactExcluded>(fact.event)) {
    answers_.erase(ref->packed());
    return;
  }
  const auto found = calls_.find(ref->packed());
  if (found == calls_.end()) return;
  auto& call = found->second;
  const auto& campaign = *book.at(ref->campaign).definition;
  const auto settle = [&](const std::string& question, AnswerStatus status, std::string value) {
    if (const auto index = question_index(campaign, question)) {
      keep(answers_[ref->packed()], {*index, status, std::move(value)});
      std::erase(call.reopened, *index);
    }
  };
  if (const auto* served = get_if<PromptServed>(&fact.event)) {
    // Leaving a question without an answer settles it as what stopped it.
    if (call.prompt == "question" && call.question != served->question) {
      const auto index = question_index(campaign, call.question);
      const auto& all = answers(*ref);
      const bool settled = index && std::any_of(all.begin(), all.end(), [&](const auto& a) {
                             return a.question == *index;
                           });
      if (!settled && call.silences + call.invalids > 0) {
        settle(call.question,
               call.invalids > call.silences ? AnswerStatus::invalid : AnswerStatus::no_input, "");
      }
    }
    if (call.question != served->question) {
      call.silences = call.invalids = 0;
      // Left as it was before they went back to it.
      if (const auto left = question_index(campaign, call.question);
          left && served->again != "back") {
        std::erase(call.reopened, *left);
      }
    }
    call.turn = static_cast<std::uint32_t>(served->turn);
    call.prompt = served->prompt;
    call.question = served->question;
    call.again = served->again;
    call.opted_out |= served->prompt == "opted_out";
    call.stopped |= served->prompt == "stopped";
    if (served->prompt == "agent" && call.agent.stage == AgentStage::none) {
      call.agent.stage = AgentStage::served;
    }
  } else if (holds_alternative<PromptFetched>(fact.event)) {
    call.fetched = true;
  } else if (holds_alternative<CallScreened>(fact.event)) {
    call.screened = true;
  } else if (const auto* given = get_if<AnswerGiven>(&fact.event)) {
    settle(given->question, AnswerStatus::answered, given->value);
  } else if (const auto* declined = get_if<AnswerDeclined>(&fact.event)) {
    call.replied = true;
    settle(declined->question,
           declined->status == "refused" ? AnswerStatus::refused : AnswerStatus::dont_know, "");
  } else if (const auto* asked = get_if<PersonAsked>(&fact.event)) {
    call.replied = true;
    if (asked->what == "repeat" || asked->what == "back") ++call.returns;
    if (const auto index = question_index(campaign, asked->to); index) {
      std::erase(call.reopened, *index);
      call.reopened.push_back(*index);
    }
  } else if (holds_alternative<AnswerInvalid>(fact.event)) {
    call.replied = true;
    ++call.invalids;
  } else if (holds_alternative<NoInput>(fact.event)) {
    ++call.silences;
  } else {
    apply_to_agent(fact, call);
  }
}

void CallScript::apply_to_agent(const Fact& fact, CallPosition& call) {
  auto& agent = call.agent;
  if (const auto* opened = get_if<StreamOpened>(&fact.event)) {
    agent.stage = AgentStage::open;
    agent.stream = opened->stream;
  } else if (const auto* closed = get_if<StreamClosed>(&fact.event)) {
    agent.stage = AgentStage::closed;
    agent.closed_why = closed->why;
    agent.lasted_ms = closed->lasted_ms;
    agent.heard |= closed->first_sound_ms > 0;
    agent.goodbye_unsaid = closed->goodbye_unsaid;
  } else if (const auto* failed = get_if<AgentFailed>(&fact.event)) {
    agent.fault = failed->fault;
  } else if (holds_alternative<AgentSaid>(fact.event)) {
    agent.heard = true;
    ++agent.said;
  } else if (holds_alternative<CalleeSaid>(fact.event)) {
    agent.spoke = true;
    ++agent.said;
  } else if (const auto* tool = get_if<ToolCalled>(&fact.event)) {
    agent.tools.push_back(tool->call);
    agent.quota_full |= !tool->quota.empty();
    if (tool->name == "end_call" && tool->refused.empty()) agent.end_reason = tool->reason;
    if (tool->name == "opt_out" && tool->refused.empty()) call.opted_out = true;
  } else if (const auto* callback = get_if<CallbackAsked>(&fact.event)) {
    agent.callback_asked = true;
    // The last time that they name holds.
    if (callback->due != 0 || callback->withdrawn) agent.callback_due_ms = callback->due;
  } else if (const auto* transfer = get_if<TransferRequested>(&fact.event)) {
    agent.transfer |= transfer->listed;
  } else if (const auto* ended = get_if<TransferEnded>(&fact.event)) {
    agent.transfer_status = ended->status;
  } else if (const auto* told = get_if<TransferProgressed>(&fact.event)) {
    const auto leg = std::find_if(agent.legs.begin(), agent.legs.end(),
                                  [&](const TransferLeg& one) { return one.sid == told->leg; });
    if (leg != agent.legs.end()) {
      leg->status = told->status;
    } else {
      agent.legs.push_back({told->leg, static_cast<std::uint8_t>(told->human), told->status});
    }
  }
}

void CallScript::write(const CanonicalSink& sink, const Register& book) const {
  std::string text;
  {
    JsonObject object(text);
    object.member("position", static_cast<std::int64_t>(position));
    object.close();
  }
  text += '\n';
  sink(text);
  for (std::size_t index = 0; index < campaigns_.size(); ++index) {
    const auto campaign = static_cast<CampaignIndex>(index);
    const auto& entry = book.at(campaign);
    for (std::uint32_t ordinal = 1; ordinal <= campaigns_[index].people.size(); ++ordinal) {
      const ContactRef ref{campaign, ordinal};
      text.clear();
      JsonObject object(text);
      object.member("campaign", entry.definition->id)
          .member("contact", ordinal)
          .member("row", row(ref))
          .member("language", language(ref));
      auto& values = object.open("values");
      values += '[';
      for (std::size_t column = 0; column < entry.columns.size(); ++column) {
        if (column) values += ',';
        append_json_string(values, value(ref, column));
      }
      values += ']';
      if (const auto* call = this->call(ref)) {
        auto& open = object.open("call");
        JsonObject inner(open);
        inner.member("attempt", call->attempt)
            .member("turn", call->turn)
            .member("prompt", call->prompt)
            .member("question", call->question)
            .member("again", call->again)
            .member("silences", call->silences)
            .member("invalids", call->invalids)
            .flag("opted_out", call->opted_out);
        if (call->agent.stage != AgentStage::none || call->agent.callback_asked ||
            call->agent.transfer) {
          write_agent(inner, call->agent);
        }
        // Not written where it is not so: logs from before keep their digest.
        if (call->screened) inner.flag("screened", true);
        if (call->stopped) inner.flag("stopped", true);
        if (call->replied) inner.flag("replied", true);
        if (call->fetched) inner.flag("fetched", true);
        if (call->returns > 0) inner.member("returns", call->returns);
        if (!call->reopened.empty()) {
          auto& list = inner.open("reopened");
          for (std::size_t i = 0; i < call->reopened.size(); ++i) {
            list += i ? ',' : '[';
            append_json_string(list, entry.definition->questions[call->reopened[i]].id);
          }
          list += ']';
        }
        inner.close();
      }
      const auto& given = answers(ref);
      if (!given.empty()) {
        auto& list = object.open("answers");
        for (std::size_t i = 0; i < given.size(); ++i) {
          list += i ? ',' : '[';
          JsonObject inner(list);
          inner.member("question", entry.definition->questions[given[i].question].id)
              .member("status", name_of(given[i].status))
              .member("value", given[i].value);
          inner.close();
        }
        list += ']';
      }
      object.close();
      text += '\n';
      sink(text);
    }
  }
}

}  // namespace campaigns
