#include "campaigns/suppression.hpp"

#include <map>

#include "campaigns/json_writer.hpp"

namespace campaigns {

void Suppression::apply(const Fact& fact) {
  position = fact.position;
  if (fact.subject.kind != Subject::Kind::number) return;
  auto& number = numbers[parse_number_key(fact.subject.name).value_or(0)];
  number.version = fact.version;
  number.opted_out |= std::holds_alternative<OptedOut>(fact.event);
}

bool Suppression::suppressed(NumberKey key) const {
  const auto found = numbers.find(key);
  return found != numbers.end() && found->second.opted_out;
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
        .flag("opted_out", number.opted_out);
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
