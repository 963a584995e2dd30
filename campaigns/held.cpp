#include "campaigns/held.hpp"

#include "campaigns/json_writer.hpp"

namespace campaigns {

void HeldCalls::see(const State& state, const Fact& fact) {
  const auto ref = state.book.contact_of(fact.subject);
  if (!ref) return;
  if (const auto* doubt = get_if<CallInDoubt>(&fact.event)) {
    const auto* open = state.queue.open_attempt(*ref);
    if (!open) return;
    HeldCall call;
    call.attempt = {fact.subject.name, ref->ordinal, doubt->attempt};
    call.contact = *ref;
    call.requested_at = open->requested_at;
    call.doubt = doubt->reason;
    doubtful_.insert_or_assign(ref->packed(), std::move(call));
    return;
  }
  const auto found = doubtful_.find(ref->packed());
  if (found == doubtful_.end()) return;
  auto& call = found->second;
  if (const auto* looked = get_if<CallLookedUp>(&fact.event)) {
    if (looked->by != "list") return;
    ++call.lookups;
    call.listed = looked->found;
  } else if (const auto* held = get_if<CallHeld>(&fact.event)) {
    call.held_at = fact.recorded_at;
    call.reason = held->reason;
  } else if (!state.queue.open_attempt(*ref)) {
    doubtful_.erase(found);
  }
}

std::vector<HeldCall> HeldCalls::all(const State& state) const {
  std::vector<HeldCall> held;
  for (const auto& [packed, call] : doubtful_) {
    const auto* open = state.queue.open_attempt(call.contact);
    if (open && open->phase == Phase::held) held.push_back(call);
  }
  return held;
}

namespace {

std::string number_of(const State& state, ContactRef contact) {
  const auto number = state.queue.contact(contact).number;
  return number ? '+' + std::to_string(number) : std::string();
}

std::string own_id(const State& state, ContactRef contact) {
  const auto& entry = state.book.at(contact.campaign);
  const auto& column = entry.definition->contacts.id_column;
  return column.empty() ? std::string() : std::string(state.script.value(contact, entry, column));
}

std::string listed_text(const HeldCall& call) {
  if (call.lookups == 0) return "the carrier's list was never read";
  auto text = "the carrier's list was read " + std::to_string(call.lookups) +
              (call.lookups == 1 ? " time and " : " times and last ");
  if (call.listed == 0) return text + "showed no call that could be this one";
  return text + "showed " + std::to_string(call.listed) + " that could be this one";
}

}  // namespace

std::string held_text(const State& state, const std::vector<HeldCall>& held, bool personal) {
  if (held.empty()) return "nobody is held\n";
  std::string text;
  for (const auto& call : held) {
    const auto id = call.attempt.text();
    text += id + ", row " + std::to_string(state.script.row(call.contact)) + " of the list";
    if (personal) {
      if (const auto own = own_id(state, call.contact); !own.empty()) text += ", " + own;
      text += ", " + number_of(state, call.contact);
    }
    text += ": held since " + rfc3339_utc(call.held_at) + '\n';
    text +=
        "  ordered at " + rfc3339_utc(call.requested_at) + "; whether it was placed is not known";
    text += call.doubt.empty() ? "\n" : ": " + call.doubt + '\n';
    text += "  " + listed_text(call) + "; " + call.reason + '\n';
    text += "  look in the carrier's console for a call to this person at that time, then one of\n";
    for (const char* decision : {"--placed", "--not-placed", "--redial"}) {
      text += "    campanile resolve " + id + ' ' + decision + " --reason TEXT --log LOG\n";
    }
  }
  text += std::to_string(held.size()) + " held; their numbers are not called until it is decided\n";
  return text;
}

std::string held_json(const State& state, const std::vector<HeldCall>& held, bool personal) {
  std::string text;
  JsonObject object(text);
  auto& list = object.open("held");
  list += '[';
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (i) list += ',';
    const auto& call = held[i];
    JsonObject one(list);
    one.member("attempt", call.attempt.text())
        .member("campaign", call.attempt.campaign)
        .member("contact", call.attempt.contact)
        .member("row", state.script.row(call.contact));
    if (personal) {
      one.member("id", own_id(state, call.contact))
          .member("number", number_of(state, call.contact));
    }
    one.member("requested_at", rfc3339_utc(call.requested_at))
        .member("held_since", rfc3339_utc(call.held_at))
        .member("doubt", call.doubt)
        .member("reason", call.reason)
        .member("lookups", call.lookups)
        .member("listed", call.listed);
    one.close();
  }
  list += ']';
  object.close();
  return text;
}

}  // namespace campaigns
