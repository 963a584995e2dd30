#include "campaigns/sample_frame.hpp"

#include "campaigns/person_numbers.hpp"

namespace campaigns {

void SampleFrame::see(const Fact& fact, const State& before) {
  const auto now = fact.recorded_at;
  if (fact.subject.kind == Subject::Kind::number) {
    const bool suppresses = holds_alternative<OptedOut>(fact.event) ||
                            holds_alternative<Suppressed>(fact.event) ||
                            holds_alternative<NumberListed>(fact.event);
    const auto key = parse_number_key(fact.subject.name);
    if (suppresses && key && !dialled_from_.empty() && !before.suppression.suppressed(*key, now)) {
      suppressed_since_[*key] = now;
    }
    return;
  }
  const auto contact = before.book.contact_of(fact.subject);
  if (!contact) return;
  if (holds_alternative<CallRequested>(fact.event)) {
    dialled_from_.try_emplace(contact->campaign, now);
    return;
  }
  const auto* excluded = get_if<ContactExcluded>(&fact.event);
  if (excluded == nullptr || excluded->gate != "suppressed") return;
  const auto& dial = before.queue.contact(*contact);
  if (dial.attempts > 0) return;
  const auto first_call = dialled_from_.find(contact->campaign);
  const auto since =
      suppressed_since_.find(suppressed_number(before, *contact, now).value_or(dial.key));
  if (first_call == dialled_from_.end() || since == suppressed_since_.end() ||
      since->second < first_call->second) {
    outside_.insert(contact->packed());
  }
}

}  // namespace campaigns
