#include "runner/people.hpp"

#include <algorithm>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "campaigns/words.hpp"
#include "eventstore/key_store.hpp"
#include "runner/log_keys.hpp"
#include "runner/master_key.hpp"

namespace runner {

using campaigns::ContactRef;
using campaigns::State;

std::vector<ContactRef> contacts_with(const State& state, campaigns::NumberKey key) {
  std::vector<ContactRef> found;
  for (std::size_t index = 0; index < state.queue.campaigns.size(); ++index) {
    const auto& campaign = state.queue.campaigns[index];
    for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
      if (!campaign.has_number(ordinal, key)) continue;
      found.push_back({static_cast<campaigns::CampaignIndex>(index), ordinal});
    }
  }
  return found;
}

namespace {

// Calls `visit` with each attempt and each answer of a contact.
template <typename Rows, typename Visit>
void for_each_of(const Rows& rows, ContactRef contact, const Visit& visit) {
  for (const auto& row : rows) {
    if (row.contact == contact) visit(row);
  }
}

std::string_view standing_of(const campaigns::AnswerRow& answer) {
  return campaigns::Results::status_name(answer.status);
}

}  // namespace

std::string person_text(const State& state, campaigns::NumberKey key) {
  const auto contacts = contacts_with(state, key);
  std::string text = state.suppression.opted_out(key)
                         ? "has opted out: this number is not called any more\n"
                         : "has not opted out\n";
  for (const auto& source : state.suppression.lists_of(key)) {
    text +=
        "on the suppression list " + campaigns::in_quotes(source) + ": this number is not called\n";
  }
  if (const auto found = state.suppression.numbers.find(key);
      found != state.suppression.numbers.end() && found->second.suppressed) {
    const auto until = found->second.until_ms;
    text +=
        (state.suppression.cooling_off(key) ? "left alone after a refusal"
                                            : std::string("suppressed by an operator")) +
        ": this number is not called " +
        (until == 0 ? "any more\n"
                    : "before " + campaigns::rfc3339_utc(campaigns::instant_from_ms(until)) + '\n');
  }
  if (contacts.empty()) return text + "stands on no list of this log\n";
  for (const auto contact : contacts) {
    const auto& entry = state.book.at(contact.campaign);
    const auto& dial = state.queue.contact(contact);
    const auto& one = state.results.cases[contact.campaign][contact.ordinal - 1];
    text += "campaign " + entry.definition->id + ", contact " + std::to_string(contact.ordinal) +
            ", row " + std::to_string(state.script.row(contact)) +
            " of the list: " + std::string(name_of(one.place)) +
            (dial.forgotten ? ", forgotten\n" : "\n");
    text += "  language " + state.script.language(contact) + ", time zone " +
            state.queue.campaigns[contact.campaign].groups[dial.group].zone + '\n';
    if (!dial.forgotten) {
      for (std::size_t column = 0; column < entry.columns.size(); ++column) {
        text += "  " + entry.columns[column] + ": " +
                std::string(state.script.value(contact, column)) + '\n';
      }
    }
    for_each_of(state.results.attempts, contact, [&](const campaigns::AttemptRow& row) {
      text += "  attempt " + std::to_string(row.attempt) + " at " +
              campaigns::rfc3339_utc(row.requested_at) + ": " + std::string(name_of(row.outcome)) +
              (row.sid.empty() ? "" : ", call " + row.sid) + ", " + std::to_string(row.seconds) +
              " s\n";
    });
    for_each_of(state.results.answers, contact, [&](const campaigns::AnswerRow& row) {
      text += "  " + entry.definition->questions[row.question].id + ": " +
              std::string(row.value.empty() ? standing_of(row) : row.value);
      const auto words = state.results.words_of(row);
      text += words.empty() ? "\n" : ", \"" + std::string(words) + "\"\n";
    });
  }
  return text;
}

std::string person_json(const State& state, campaigns::NumberKey key) {
  std::string text;
  campaigns::JsonObject object(text);
  object.flag("opted_out", state.suppression.opted_out(key))
      .flag("suppressed", state.suppression.suppressed_by_another(key));
  const auto lists = state.suppression.lists_of(key);
  if (state.suppression.suppressed_by_another(key) && lists.empty()) {
    if (const auto until = state.suppression.numbers.at(key).until_ms; until != 0) {
      object.member("suppressed_until", campaigns::rfc3339_utc(campaigns::instant_from_ms(until)));
    }
  }
  object.member("suppression_lists", lists);
  auto& list = object.open("contacts");
  char before = '[';
  for (const auto contact : contacts_with(state, key)) {
    list += before;
    before = ',';
    const auto& entry = state.book.at(contact.campaign);
    const auto& dial = state.queue.contact(contact);
    const auto& one = state.results.cases[contact.campaign][contact.ordinal - 1];
    campaigns::JsonObject person(list);
    person.member("campaign", entry.definition->id)
        .member("contact", contact.ordinal)
        .member("row", state.script.row(contact))
        .member("place", name_of(one.place))
        .member("disposition", name_of(one.disposition))
        .member("language", state.script.language(contact))
        .member("zone", state.queue.campaigns[contact.campaign].groups[dial.group].zone)
        .flag("forgotten", dial.forgotten);
    if (!dial.forgotten) {
      campaigns::JsonObject values(person.open("values"));
      for (std::size_t column = 0; column < entry.columns.size(); ++column) {
        values.member(entry.columns[column], state.script.value(contact, column));
      }
      values.close();
    }
    auto& attempts = person.open("attempts");
    char comma = '[';
    for_each_of(state.results.attempts, contact, [&](const campaigns::AttemptRow& row) {
      attempts += std::exchange(comma, ',');
      campaigns::JsonObject call(attempts);
      call.member("attempt", row.attempt)
          .member("requested_at", campaigns::rfc3339_utc(row.requested_at))
          .member("outcome", name_of(row.outcome))
          .member("sid", row.sid)
          .member("seconds", row.seconds);
      call.close();
    });
    attempts += comma == '[' ? "[]" : "]";
    auto& answers = person.open("answers");
    comma = '[';
    for_each_of(state.results.answers, contact, [&](const campaigns::AnswerRow& row) {
      answers += std::exchange(comma, ',');
      campaigns::JsonObject answer(answers);
      answer.member("attempt", row.attempt)
          .member("question", entry.definition->questions[row.question].id)
          .member("status", standing_of(row))
          .member("value", row.value)
          .member("words", state.results.words_of(row));
      answer.close();
    });
    answers += comma == '[' ? "[]" : "]";
    person.close();
  }
  list += before == '[' ? "[]" : "]";
  object.close();
  return text;
}

LogKeys log_keys_of(const std::filesystem::path& log, const Environment& environment) {
  std::error_code unresolved;
  auto file = std::filesystem::canonical(log, unresolved);
  if (unresolved) file = log;
  const eventstore::KeyStore keys(eventstore::KeyStore::path_of(file),
                                  find_master_key(file, environment),
                                  eventstore::KeyStore::Access::read);
  return LogKeys(keys.log_secret());
}

campaigns::NumberKey number_key_in(const std::filesystem::path& log, const Environment& environment,
                                   const std::string& e164) {
  return log_keys_of(log, environment).number_key(e164);
}

}  // namespace runner
