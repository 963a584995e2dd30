#include "campaigns/audit.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "campaigns/json_writer.hpp"

namespace campaigns {

std::string_view name_of(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::unknown_call:
      return "unknown_call";
    case Difference::Kind::missing_call:
      return "missing_call";
    case Difference::Kind::second_call:
      return "second_call";
    case Difference::Kind::given_up_call:
      return "given_up_call";
    case Difference::Kind::status:
      return "status";
    case Difference::Kind::duration:
      return "duration";
  }
  return "";
}

namespace {

// A carrier may begin a call so long after our request at most (reliability.md 2.3).
constexpr Milliseconds belongs_within{15 * 60'000};

bool is_over(const std::string& status) {
  return status == "completed" || status == "busy" || status == "failed" || status == "no-answer" ||
         status == "canceled";
}

bool within(const AuditPeriod& period, Instant at) {
  return at >= period.begin && at < period.end;
}

std::string attempt_text(const State& state, const AttemptRow& row) {
  return AttemptId{state.book.at(row.contact.campaign).definition->id, row.contact.ordinal,
                   row.attempt}
      .text();
}

// The rows of the log by sid, and by the number that was called.
struct Rows {
  // Only of attempts that were requested from `since` on.
  explicit Rows(const State& whole, Instant since = {}) : state(whole) {
    const auto& attempts = state.results.attempts;
    auto index = attempts.size();
    while (index > 0 && attempts[index - 1].requested_at >= since) --index;
    for (; index < attempts.size(); ++index) {
      const auto row = attempts[index];
      if (!row.sid.empty()) by_sid.emplace(row.sid, index);
      const auto number =
          state.queue.campaigns[row.contact.campaign].number_at(row.contact.ordinal, row.number);
      if (number != 0) by_number['+' + std::to_string(number)].push_back(index);
    }
  }
  std::optional<AttemptRow> of(const std::string& sid) const {
    const auto found = by_sid.find(sid);
    if (found == by_sid.end()) return {};
    return state.results.attempts[found->second];
  }
  // The attempt that a call of this time between these numbers belongs to; the last one before it.
  std::optional<AttemptRow> ordered(const ListedCall& call) const {
    const auto found = by_number.find(call.to);
    if (found == by_number.end() || !call.record.created) return {};
    std::optional<AttemptRow> last;
    for (const auto index : found->second) {
      auto row = state.results.attempts[index];
      // The carrier's clock and ours need not be the same.
      const auto after = *call.record.created - row.requested_at;
      if (row.caller_id == call.from && after >= -Seconds{60} && after <= belongs_within &&
          (!last || row.requested_at >= last->requested_at)) {
        last = std::move(row);
      }
    }
    return last;
  }
  bool of_ours(const std::string& number) const { return by_number.count(number) != 0; }

  const State& state;
  // Places in the results' attempts.
  std::unordered_map<std::string, std::size_t> by_sid{};
  std::unordered_map<std::string, std::vector<std::size_t>> by_number{};
};

void compare(std::vector<Difference>& differences, const State& state, const AttemptRow& row,
             const CarrierCall& call) {
  const auto say = [&](Difference::Kind kind, std::string text) {
    differences.push_back({kind, row.sid, attempt_text(state, row), std::move(text)});
  };
  const bool over = is_over(call.status);
  if (over != !row.status.empty() || (over && call.status != row.status)) {
    say(Difference::Kind::status,
        "the carrier says " + call.status + ", the log " +
            (row.status.empty() ? std::string("that it has no end") : row.status));
  } else if (over && call.seconds && *call.seconds != row.seconds && row.status == "completed") {
    say(Difference::Kind::duration, "the carrier counts " + std::to_string(*call.seconds) +
                                        " s, the log " + std::to_string(row.seconds) + " s");
  }
}

// An attempt that may have been placed although the log does not say so.
bool given_up(const AttemptRow& row) {
  return row.sid.empty() &&
         (row.outcome == Outcome::not_placed || row.outcome == Outcome::unconfirmed);
}

// The same, where somebody's call was in doubt: not where the carrier refused the order or none was
// sent, beside which a call is somebody else's.
bool was_in_doubt(const State& state, const AttemptRow& row, Instant now) {
  if (!given_up(row)) return false;
  if (row.outcome == Outcome::unconfirmed) return true;
  const auto& campaign = state.queue.campaigns[row.contact.campaign];
  const auto* several = campaign.several_of(row.contact.ordinal);
  const auto key = several != nullptr && row.number != 0 && row.number <= several->all.size()
                       ? several->all[row.number - 1U].key
                       : campaign.contact(row.contact.ordinal).key;
  return state.queue.may_be_given_up_call(key, now);
}

Difference unknown(const Rows& rows, const ListedCall& call) {
  Difference difference;
  difference.sid = call.record.sid;
  const auto row = rows.ordered(call);
  if (!row) {
    difference.text = rows.of_ours(call.to)
                          ? "a call to a number of this log that no attempt ordered"
                          : "a call to a number that stands on no list of this log";
    return difference;
  }
  difference.attempt = attempt_text(rows.state, *row);
  if (!row->sid.empty()) {
    difference.kind = Difference::Kind::second_call;
    difference.text = "another call for an attempt that has " + row->sid;
  } else if (given_up(*row)) {
    difference.kind = Difference::Kind::given_up_call;
    difference.text =
        "a call for an attempt that is " + std::string(name_of(row->outcome)) + " in the log";
  } else {
    difference.text = "a call that may be the one of an attempt without a known call";
  }
  difference.text += "; it is " + call.record.status;
  return difference;
}

// Whether the carrier will name a price for it: it names none for what nobody answered.
bool may_cost(const CarrierCall& call) {
  return is_over(call.status) && call.seconds.value_or(0) > 0;
}

// Of the calls that the log does not know, so many are looked for in its lists, which may be long.
constexpr std::size_t unknown_calls_max = 16;

bool stands_on_a_list(const State& state, std::string_view number) {
  std::uint64_t digits = 0;
  if (number.empty()) return false;
  const auto [end, error] =
      std::from_chars(number.data() + 1, number.data() + number.size(), digits);
  if (error != std::errc{} || end != number.data() + number.size() || digits == 0) return false;
  const auto& campaigns = state.queue.campaigns;
  return std::any_of(campaigns.begin(), campaigns.end(), [&](const auto& campaign) {
    return std::any_of(campaign.contacts.begin(), campaign.contacts.end(),
                       [&](const auto& contact) { return contact.number == digits; }) ||
           std::ranges::any_of(campaign.several, [&](const auto& person) {
             return std::ranges::find(person.second.all, digits, &SeveralNumbers::One::number) !=
                    person.second.all.end();
           });
  });
}

// What is said of a call that the log does not know, beside an attempt that it may belong to.
// Empty: nothing, as it may be the one that the attempt is still looking for, or somebody else's
// beside an order that was refused.
std::string beside(const State& state, const AttemptRow& row, const AttemptId& id,
                   const CarrierCall& call) {
  const auto head = "the carrier has a call, " + call.sid + " (" + call.status + "), ";
  if (!row.sid.empty()) {
    return head + "beside " + row.sid + " of attempt " + id.text() +
           ", to the same number and at the same time: nobody ordered a second one; campanile "
           "audit tells more";
  }
  const auto* open = state.queue.open_attempt(row.contact);
  if (!open || open->attempt != row.attempt || open->phase != Phase::held) return {};
  return head + "that may be the one of attempt " + id.text() +
         ", which is held: look at it in the carrier's console, then settle it with campanile "
         "resolve";
}

bool ours(const ListedCall& call) {
  return call.record.direction == "outbound-api";
}

// What the calls to humans cost, within the call of one attempt.
struct Legs {
  std::optional<std::int64_t> cost{};
  std::string currency{};
  bool unpriced = false;  // of one the price is to come
};

// By the attempt's place in the results.
std::map<std::size_t, Legs> legs_of(const Rows& rows, const std::vector<ListedCall>& calls) {
  std::map<std::size_t, Legs> found;
  std::set<std::string> seen;
  for (const auto& call : calls) {
    const auto& record = call.record;
    const auto attempt = rows.by_sid.find(record.parent);
    if (attempt == rows.by_sid.end() || !may_cost(record)) continue;
    if (!seen.insert(record.sid).second) continue;
    auto& legs = found[attempt->second];
    legs.unpriced |= !record.cost_millionths;
    if (!record.cost_millionths) continue;
    legs.cost = legs.cost.value_or(0) + *record.cost_millionths;
    legs.currency = record.price_unit;
  }
  return found;
}

}  // namespace

std::vector<std::string> caller_ids_of(const State& state, const AuditPeriod& period) {
  std::set<std::string> ids;
  for (const auto& row : state.results.attempts) {
    if (within(period, row.requested_at)) ids.insert(row.caller_id);
  }
  // A log that lost its end has no attempts left to tell.
  for (const auto& entry : state.book.campaigns) {
    ids.insert(entry.definition->caller_ids.begin(), entry.definition->caller_ids.end());
  }
  ids.insert(state.book.runner.caller_id);
  ids.erase("");
  return {ids.begin(), ids.end()};
}

std::vector<Difference> audit(const State& state, const AuditPeriod& period,
                              const std::vector<ListedCall>& calls,
                              const std::vector<ListedCall>& later) {
  const Rows rows(state);
  std::vector<Difference> differences;
  std::unordered_map<std::string, const CarrierCall*> listed;
  for (const auto* list : {&calls, &later}) {
    for (const auto& call : *list) listed.emplace(call.record.sid, &call.record);
  }
  for (const auto& row : state.results.attempts) {
    if (row.sid.empty() || !within(period, row.requested_at)) continue;
    const auto found = listed.find(row.sid);
    if (found != listed.end()) {
      compare(differences, state, row, *found->second);
    } else if (row.outcome != Outcome::canceled_by_us) {
      differences.push_back({Difference::Kind::missing_call, row.sid, attempt_text(state, row),
                             "the carrier's list does not show it"});
    }
  }
  std::set<std::string> seen;
  for (const auto& call : calls) {
    const auto& sid = call.record.sid;
    if (!ours(call) || rows.of(sid) || !seen.insert(sid).second) continue;
    // Somebody else's code placed it, and our door answers it.
    if (state.book.outside.count(sid) != 0) continue;
    auto difference = unknown(rows, call);
    if (state.queue.knows_call(sid)) {
      difference.kind = Difference::Kind::second_call;
      difference.text =
          "a call that should not have been, noted when it turned up; it is " + call.record.status;
    }
    differences.push_back(std::move(difference));
  }
  return differences;
}

std::string audit_text(const std::vector<Difference>& differences, std::size_t calls) {
  std::string text;
  for (const auto& one : differences) {
    text += std::string(name_of(one.kind)) + ' ' + one.sid;
    if (!one.attempt.empty()) text += ", " + one.attempt;
    text += ": " + one.text + '\n';
  }
  return text + std::to_string(calls) + (calls == 1 ? " call" : " calls") +
         " in the carrier's list, " + std::to_string(differences.size()) +
         (differences.size() == 1 ? " difference\n" : " differences\n");
}

std::string audit_json(const std::vector<Difference>& differences, std::size_t calls) {
  std::string text;
  JsonObject object(text);
  object.member("calls", static_cast<std::int64_t>(calls));
  auto& list = object.open("differences");
  list += '[';
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (i) list += ',';
    JsonObject one(list);
    one.member("kind", name_of(differences[i].kind))
        .member("sid", differences[i].sid)
        .member("attempt", differences[i].attempt)
        .member("text", differences[i].text);
    one.close();
  }
  list += ']';
  object.close();
  return text;
}

SweepFindings sweep(const State& state, const AuditPeriod& period,
                    const std::vector<ListedCall>& calls, Instant now) {
  const Rows rows(state, period.begin - std::chrono::hours{24});
  SweepFindings found;
  const auto id_of = [&](const AttemptRow& row) {
    return AttemptId{state.book.at(row.contact.campaign).definition->id, row.contact.ordinal,
                     row.attempt};
  };
  const auto price_to_come = [&](const AttemptRow& row) {
    found.unpriced_since =
        std::min(row.requested_at, found.unpriced_since.value_or(row.requested_at));
  };
  for (const auto& [index, legs] : legs_of(rows, calls)) {
    const auto row = state.results.attempts[index];
    const auto transfer = state.spend.transfer_of_attempt(row.contact, row.attempt);
    if (!transfer) continue;
    if (legs.unpriced) {
      price_to_come(row);
    } else if (legs.cost && *legs.cost != transfer->cost) {
      found.commands.push_back(TransferPriced{id_of(row), row.sid, *legs.cost, legs.currency});
    }
  }
  std::size_t looked_for = 0;
  std::set<std::string> seen;
  for (const auto& call : calls) {
    const auto& record = call.record;
    if (!ours(call) || !seen.insert(record.sid).second) continue;
    if (const auto row = rows.of(record.sid)) {
      const auto* open = state.queue.open_attempt(row->contact);
      if (open && open->attempt == row->attempt) {
        // Its price counts when it has been settled.
        if (state.spend.reservations.count(row->contact.packed()) != 0) price_to_come(*row);
        const bool reported = record.ended && now - *record.ended < reports_within;
        if (open->phase == Phase::accepted && is_over(record.status) && !reported) {
          found.commands.push_back(CallFetched{id_of(*row), true, record});
        }
        continue;
      }
      const auto cost = state.spend.carrier_cost_of_attempt(row->contact, row->attempt);
      if (cost && !record.cost_millionths && may_cost(record)) price_to_come(*row);
      if (cost && record.cost_millionths && *cost != *record.cost_millionths) {
        found.commands.push_back(
            CallPriced{id_of(*row), record.sid, *record.cost_millionths, record.price_unit});
      }
      continue;
    }
    if (state.book.outside.count(record.sid) != 0) continue;
    if (state.queue.knows_call(record.sid)) {
      // Of one that must not be the end may never have been told.
      const auto late = state.queue.late_calls.find(record.sid);
      if (late == state.queue.late_calls.end() || !is_over(record.status)) continue;
      const auto whose = late->second.contact;
      found.commands.push_back(
          LateCallWasEnded{{state.book.at(whose.campaign).definition->id, whose.ordinal,
                            state.queue.contact(whose).requests},
                           record.sid});
      continue;
    }
    if (record.created && !within(period, *record.created)) continue;
    const auto row = rows.ordered(call);
    if (row && was_in_doubt(state, *row, now)) {
      found.commands.push_back(LateCallFound{id_of(*row), record.sid, is_over(record.status)});
    } else if (row && looked_for < unknown_calls_max) {
      if (auto notice = beside(state, *row, id_of(*row), record); !notice.empty()) {
        found.notices.push_back(std::move(notice));
        ++looked_for;
      }
    } else if (!row && looked_for++ < unknown_calls_max && stands_on_a_list(state, call.to)) {
      found.notices.push_back(
          "the carrier has a call from a number of ours to somebody of this log, " + record.sid +
          " (" + record.status + "), that the log does not know: campanile audit tells more");
    }
  }
  return found;
}

}  // namespace campaigns
