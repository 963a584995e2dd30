#include <cassert>

#include "campaigns/json_writer.hpp"
#include "campaigns/state.hpp"

namespace campaigns {

void State::keep_results_alone() {
  assert(position == 0);
  queue.for_calls = script.for_calls = false;
}

std::uint32_t State::version_of(const Subject& subject) const {
  switch (subject.kind) {
    case Subject::Kind::runner:
      return book.runner_version;
    case Subject::Kind::campaign: {
      const auto index = book.find(subject.name);
      return index ? book.at(*index).version : 0;
    }
    case Subject::Kind::contact: {
      const auto ref = book.contact_of(subject);
      return ref ? version_of(*ref) : 0;
    }
    case Subject::Kind::number: {
      const auto found = suppression.numbers.find(parse_number_key(subject.name).value_or(0));
      return found == suppression.numbers.end() ? 0 : found->second.version;
    }
    case Subject::Kind::call: {
      const auto found = book.outside.find(subject.name);
      return found == book.outside.end() ? 0 : found->second.version;
    }
    case Subject::Kind::list: {
      const auto found = suppression.sources.find(subject.name);
      return found == suppression.sources.end() ? 0 : found->second.version;
    }
  }
  return 0;
}

std::uint32_t State::version_of(ContactRef ref) const {
  const auto& contacts = queue.campaigns[ref.campaign].contacts;
  if (ref.ordinal == 0 || ref.ordinal > contacts.size()) return 0;
  return contacts[ref.ordinal - 1].version;
}

void evolve(State& state, const Fact& fact) {
  assert(fact.position == state.position + 1);
  // Found once for all of them: a campaign is found by its name.
  const auto ref = state.book.contact_of(fact.subject);
  assert(fact.version == (ref ? state.version_of(*ref) : state.version_of(fact.subject)) + 1);
  state.position = fact.position;
  state.book.apply(fact);
  state.queue.apply(fact, ref, state.book);
  state.script.apply(fact, ref, state.book);
  if (state.keeps_all()) state.permits.apply(fact, ref, state.book);
  state.suppression.apply(fact);
  state.spend.apply(fact, ref, state.book);
  state.results.apply(fact, ref, state.book);
}

const std::vector<NamedProjection>& projections() {
  static const std::vector<NamedProjection> all = {
      {"register", [](const State& s, const CanonicalSink& sink) { s.book.write(sink); }},
      {"dial_queue",
       [](const State& s, const CanonicalSink& sink) { s.queue.write(sink, s.book); }},
      {"call_script",
       [](const State& s, const CanonicalSink& sink) { s.script.write(sink, s.book); }},
      {"stream_permits",
       [](const State& s, const CanonicalSink& sink) { s.permits.write(sink, s.book); }},
      {"suppression", [](const State& s, const CanonicalSink& sink) { s.suppression.write(sink); }},
      {"spend", [](const State& s, const CanonicalSink& sink) { s.spend.write(sink, s.book); }},
      {"results", [](const State& s, const CanonicalSink& sink) { s.results.write(sink, s.book); }},
  };
  return all;
}

void write_outcomes(const State& state, const CanonicalSink& sink) {
  state.results.write_outcomes(sink, state.book);
  // Caps and locks.
  std::string text;
  for (std::size_t index = 0; index < state.queue.campaigns.size(); ++index) {
    const auto& campaign = state.queue.campaigns[index];
    for (std::size_t i = 0; i < campaign.contacts.size(); ++i) {
      const auto& contact = campaign.contacts[i];
      text = std::to_string(index) + '.' + std::to_string(i + 1) + ' ' +
             std::to_string(contact.attempts) + ' ' + std::to_string(contact.unplaced) + ' ' +
             (state.queue.locks.count(contact.key) ? "locked" : "free") +
             (state.suppression.opted_out(contact.key) ||
                      state.suppression.suppressed_by_another(contact.key)
                  ? " suppressed\n"
                  : "\n");
      sink(text);
    }
  }
}

}  // namespace campaigns
