#include "campaigns/stream_permits.hpp"

#include <map>

#include "campaigns/json_writer.hpp"

namespace campaigns {

void StreamPermits::apply(const Fact& fact, const Register& book) {
  position = fact.position;
  const auto ref = book.contact_of(fact.subject);
  if (!ref || book.at(ref->campaign).definition->mode != Mode::agent) return;
  if (const auto* answered = std::get_if<CallAnswered>(&fact.event)) {
    permits[ref->packed()] = answered->attempt;
  } else if (std::holds_alternative<AttemptClosed>(fact.event) ||
             std::holds_alternative<CallEnded>(fact.event)) {
    permits.erase(ref->packed());
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
  const std::map<std::uint64_t, std::uint8_t> sorted(permits.begin(), permits.end());
  for (const auto& [packed, attempt] : sorted) {
    const auto ref = ContactRef::unpack(packed);
    text.clear();
    JsonObject object(text);
    object.member("permit",
                  AttemptId{book.at(ref.campaign).definition->id, ref.ordinal, attempt}.text());
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
