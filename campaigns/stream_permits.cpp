#include "campaigns/stream_permits.hpp"

#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

// What a stream's events do to its call's permit.
void advance(StreamPermit& permit, const Event& event) {
  if (const auto* opened = get_if<StreamOpened>(&event)) {
    permit.stage = AgentStage::open;
    permit.stream = opened->stream;
  } else if (holds_alternative<StreamClosed>(event)) {
    permit.stage = AgentStage::closed;
  } else if (holds_alternative<AgentFailed>(event)) {
    permit.failed = true;
  } else if (const auto* tool = get_if<ToolCalled>(&event)) {
    if (!permit.contact) permit.tools.push_back(tool->call);
  }
}

}  // namespace

const StreamPermit* StreamPermits::find(const std::string& sid) const {
  const auto found = permits.find(sid);
  return found == permits.end() ? nullptr : &found->second;
}

void StreamPermits::apply_to_outside(const Fact& fact) {
  const auto& sid = fact.subject.name;
  if (const auto* served = get_if<OutsideAgentServed>(&fact.event)) {
    StreamPermit permit;
    permit.stage = AgentStage::served;
    permit.number_key = parse_number_key(served->number_key).value_or(0);
    permits.emplace(sid, std::move(permit));
    return;
  }
  const auto found = permits.find(sid);
  if (found == permits.end()) return;
  if (holds_alternative<CallEnded>(fact.event)) {
    permits.erase(found);
  } else {
    advance(found->second, fact.event);
  }
}

void StreamPermits::apply(const Fact& fact, const std::optional<ContactRef>& ref,
                          const Register& book) {
  position = fact.position;
  if (fact.subject.kind == Subject::Kind::call) return apply_to_outside(fact);
  if (!ref || book.at(ref->campaign).definition->mode != Mode::agent) return;
  const auto begin = [&](std::uint8_t attempt, const std::string& sid) {
    if (const auto old = sids_.find(ref->packed()); old != sids_.end()) permits.erase(old->second);
    sids_[ref->packed()] = sid;
    StreamPermit permit;
    permit.contact = *ref;
    permit.attempt = attempt;
    permits[sid] = std::move(permit);
  };
  if (const auto* accepted = get_if<CallAccepted>(&fact.event)) {
    return begin(accepted->attempt, accepted->sid);
  }
  if (const auto* adopted = get_if<CallAdopted>(&fact.event)) {
    return begin(adopted->attempt, adopted->sid);
  }
  const auto sid = sids_.find(ref->packed());
  if (sid == sids_.end()) return;
  auto& permit = permits.at(sid->second);
  if (holds_alternative<AttemptClosed>(fact.event) || holds_alternative<CallEnded>(fact.event)) {
    permits.erase(sid->second);
    sids_.erase(sid);
  } else if (const auto* served = get_if<PromptServed>(&fact.event)) {
    if (served->prompt == "agent" && permit.stage == AgentStage::none) {
      permit.stage = AgentStage::served;
    }
  } else {
    advance(permit, fact.event);
  }
}

void StreamPermits::write(const CanonicalSink& sink, const Register& book) const {
  std::string text;
  {
    JsonObject head(text);
    head.member("position", static_cast<std::int64_t>(position));
    head.close();
  }
  text += '\n';
  sink(text);
  const std::map<std::string_view, const StreamPermit*> sorted = [&] {
    std::map<std::string_view, const StreamPermit*> all;
    for (const auto& [sid, permit] : permits) all.emplace(sid, &permit);
    return all;
  }();
  for (const auto& [sid, permit] : sorted) {
    text.clear();
    JsonObject object(text);
    object.member("call", sid)
        .member("permit", permit->contact
                              ? AttemptId{book.at(permit->contact->campaign).definition->id,
                                          permit->contact->ordinal, permit->attempt}
                                    .text()
                              : "outside")
        .member("stage", name_of(permit->stage))
        .member("stream", permit->stream)
        .flag("failed", permit->failed)
        .member("number_key", number_key_text(permit->number_key))
        .member("tools", static_cast<std::int64_t>(permit->tools.size()))
        .member("last_tool", permit->tools.empty() ? std::string() : permit->tools.back());
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
