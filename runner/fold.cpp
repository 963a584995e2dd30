#include "runner/fold.hpp"

#include <cassert>

#include "runner/crypto.hpp"

namespace runner {

campaigns::Fact Folder::fact(const eventstore::RecordedEvent& recorded) {
  const auto unreadable = [&](const std::string& why) {
    return eventstore::LogFailed("event " + std::to_string(recorded.position) +
                                 " of the log cannot be read: " + why);
  };
  auto subject = campaigns::Subject::parse(recorded.stream);
  if (!subject) throw unreadable("its stream is of an unknown kind: use a newer program");
  campaigns::Fact fact;
  if (const auto refusal = decoder_.decode_to(fact.event, recorded.type, recorded.schema,
                                              recorded.personal, recorded.payload)) {
    throw unreadable(refusal->text);
  }
  fact.subject = std::move(*subject);
  fact.version = recorded.version;
  fact.position = recorded.position;
  fact.recorded_at = campaigns::instant_from_ms(recorded.recorded_at);
  if (recorded.occurred_at) fact.occurred_at = campaigns::instant_from_ms(*recorded.occurred_at);
  fact.cause = recorded.cause;
  return fact;
}

void Folder::fold(campaigns::State& state, const eventstore::RecordedEvent& recorded) {
  campaigns::evolve(state, fact(recorded));
}

eventstore::NewEvent row_of(const campaigns::State& state, const campaigns::Fact& fact) {
  auto encoded = campaigns::encode(fact.subject, fact.event);
  eventstore::NewEvent row;
  row.stream = std::move(encoded.stream);
  row.version = fact.version;
  row.type = std::move(encoded.type);
  row.schema = encoded.schema;
  if (fact.occurred_at) row.occurred_at = campaigns::to_ms(*fact.occurred_at);
  row.cause = fact.cause;
  row.personal = std::move(encoded.personal);
  if (!row.personal.empty()) {
    if (const auto contact = state.book.contact_of(fact.subject)) row.key_id = contact->packed();
  }
  row.payload = std::move(encoded.payload);
  return row;
}

std::optional<std::uint64_t> key_to_destroy(const campaigns::State& state,
                                            const campaigns::Fact& fact) {
  if (!holds_alternative<campaigns::ContactForgotten>(fact.event)) return {};
  const auto contact = *state.book.contact_of(fact.subject);
  if (state.queue.contact(contact).number == 0) return {};
  return contact.packed();
}

StateDigest digest_of(const campaigns::State& state) {
  assert(state.keeps_all());
  StateDigest digest;
  Sha256Stream whole;
  for (const auto& projection : campaigns::projections()) {
    Sha256Stream one;
    projection.write(state, [&](std::string_view text) { one.add(text); });
    digest.projections.push_back({std::string(projection.name), hex(one.finish())});
    whole.add(projection.name);
    whole.add(digest.projections.back().hex);
  }
  digest.state = hex(whole.finish());
  Sha256Stream outcome;
  campaigns::write_outcomes(state, [&](std::string_view text) { outcome.add(text); });
  digest.outcome = hex(outcome.finish());
  return digest;
}

}  // namespace runner
