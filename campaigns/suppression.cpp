#include "campaigns/suppression.hpp"

#include <algorithm>
#include <map>

#include "campaigns/json_writer.hpp"

namespace campaigns {

void Suppression::apply(const Fact& fact) {
  position = fact.position;
  if (fact.subject.kind != Subject::Kind::number) return;
  auto& number = numbers[parse_number_key(fact.subject.name).value_or(0)];
  number.version = fact.version;
  if (holds_alternative<OptedOut>(fact.event)) {
    number.opted_out = true;
  } else if (const auto* suppressed = get_if<Suppressed>(&fact.event)) {
    number.suppressed = true;
    number.cooling_off = suppressed->by == cool_off;
    number.until_ms = suppressed->until;
    if (number.cooling_off) number.refused_until_ms = suppressed->until;
  } else if (holds_alternative<SuppressionLifted>(fact.event)) {
    number.opted_out = number.suppressed = number.cooling_off = false;
    number.until_ms = number.refused_until_ms = 0;
  }
}

bool Suppression::opted_out(NumberKey key) const {
  const auto found = numbers.find(key);
  return found != numbers.end() && found->second.opted_out;
}

bool Suppression::said_by_person(NumberKey key, Instant now) const {
  const auto found = numbers.find(key);
  if (found == numbers.end()) return false;
  return found->second.opted_out || to_ms(now) < found->second.refused_until_ms;
}

bool Suppression::cooling_off(NumberKey key) const {
  const auto found = numbers.find(key);
  return found != numbers.end() && found->second.cooling_off;
}

bool Suppression::suppressed_by_another(NumberKey key) const {
  const auto found = numbers.find(key);
  return found != numbers.end() && found->second.suppressed;
}

bool Suppression::suppressed(NumberKey key, Instant now) const {
  const auto found = numbers.find(key);
  if (found == numbers.end()) return false;
  const auto& number = found->second;
  return number.opted_out ||
         (number.suppressed && (number.until_ms == 0 || to_ms(now) < number.until_ms));
}

std::optional<Instant> Suppression::until(NumberKey key, Instant now) const {
  if (!suppressed(key, now) || opted_out(key)) return {};
  const auto until = numbers.at(key).until_ms;
  return until == 0 ? std::nullopt : std::optional(instant_from_ms(until));
}

bool keeps_from_calling(const Suppression& suppression, const std::vector<NumberKey>& numbers,
                        Instant now) {
  return std::ranges::any_of(numbers,
                             [&](NumberKey key) { return suppression.said_by_person(key, now); }) ||
         std::ranges::all_of(numbers,
                             [&](NumberKey key) { return suppression.suppressed(key, now); });
}

std::string_view why_suppressed(const Suppression& suppression, NumberKey key) {
  if (suppression.opted_out(key)) return "the person has opted out";
  return suppression.cooling_off(key) ? "the person refused, and is left alone for a while"
                                      : "an operator suppressed the number";
}

void Suppression::write(const CanonicalSink& sink) const {
  std::string text;
  {
    JsonObject head(text);
    head.member("position", static_cast<std::int64_t>(position));
    head.close();
  }
  text += '\n';
  sink(text);
  const std::map<NumberKey, Number> sorted(numbers.begin(), numbers.end());
  for (const auto& [key, number] : sorted) {
    text.clear();
    JsonObject object(text);
    object.member("number_key", number_key_text(key))
        .member("version", number.version)
        .flag("opted_out", number.opted_out)
        .flag("suppressed", number.suppressed)
        .member("until", number.until_ms);
    // Only where it is so: logs from before keep their digest.
    if (number.cooling_off) object.flag("cooling_off", true);
    if (number.refused_until_ms != 0 && !number.cooling_off) {
      object.member("refused_until", number.refused_until_ms);
    }
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
