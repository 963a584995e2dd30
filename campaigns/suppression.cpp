#include "campaigns/suppression.hpp"

#include <algorithm>

#include "campaigns/campaign_words.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

std::uint32_t bit_of(const Suppression::Source& source) {
  return std::uint32_t{1} << source.place;
}

}  // namespace

Suppression::Source& Suppression::source_named(const std::string& name) {
  const auto place = static_cast<std::uint32_t>(sources.size());
  const auto [found, is_new] = sources.try_emplace(name);
  if (is_new) found->second.place = place;
  return found->second;
}

void Suppression::unlist(Number& number, Source& source) {
  if ((number.lists & bit_of(source)) != 0) --source.held;
  number.lists &= ~bit_of(source);
}

void Suppression::apply(const Fact& fact) {
  position = fact.position;
  if (fact.subject.kind == Subject::Kind::list) {
    auto& source = source_named(fact.subject.name);
    source.version = fact.version;
    if (const auto* loaded = get_if<SuppressionListLoaded>(&fact.event)) {
      source.as_of = instant_from_ms(loaded->as_of);
      source.list_digest = loaded->list_digest;
    }
    return;
  }
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
  } else if (const auto* lifted = get_if<SuppressionLifted>(&fact.event)) {
    const bool by_another = number.suppressed && !number.cooling_off;
    number.opted_out = number.cooling_off = false;
    number.refused_until_ms = 0;
    if (lifted->said_only && by_another) return;
    number.suppressed = false;
    number.until_ms = 0;
    if (lifted->said_only) return;
    for (auto& [name, source] : sources) unlist(number, source);
  } else if (const auto* listed = get_if<NumberListed>(&fact.event)) {
    auto& source = source_named(listed->source);
    if ((number.lists & bit_of(source)) == 0) ++source.held;
    number.lists |= bit_of(source);
  } else if (const auto* unlisted = get_if<NumberUnlisted>(&fact.event)) {
    unlist(number, source_named(unlisted->source));
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
  return found != numbers.end() && (found->second.suppressed || found->second.lists != 0);
}

bool Suppression::holds_until(NumberKey key, Instant until) const {
  const auto found = numbers.find(key);
  if (found == numbers.end()) return false;
  const auto& number = found->second;
  return number.opted_out ||
         (number.suppressed && (number.until_ms == 0 || number.until_ms >= to_ms(until)));
}

bool Suppression::listed(NumberKey key, const std::string& source) const {
  const auto found = numbers.find(key);
  const auto of = sources.find(source);
  return found != numbers.end() && of != sources.end() &&
         (found->second.lists & bit_of(of->second)) != 0;
}

std::vector<std::string> Suppression::lists_of(NumberKey key) const {
  std::vector<std::string> names;
  for (const auto& [name, source] : sources) {
    if (listed(key, name)) names.push_back(name);
  }
  return names;
}

bool Suppression::suppressed(NumberKey key, Instant now) const {
  const auto found = numbers.find(key);
  if (found == numbers.end()) return false;
  const auto& number = found->second;
  return number.opted_out || number.lists != 0 ||
         (number.suppressed && (number.until_ms == 0 || to_ms(now) < number.until_ms));
}

std::optional<Instant> Suppression::until(NumberKey key, Instant now) const {
  if (!suppressed(key, now)) return {};
  const auto& number = numbers.at(key);
  if (number.opted_out || number.lists != 0 || number.until_ms == 0) return {};
  return instant_from_ms(number.until_ms);
}

bool keeps_from_calling(const Suppression& suppression, const std::vector<NumberKey>& numbers,
                        Instant now) {
  return std::ranges::any_of(numbers,
                             [&](NumberKey key) { return suppression.said_by_person(key, now); }) ||
         std::ranges::all_of(numbers,
                             [&](NumberKey key) { return suppression.suppressed(key, now); });
}

std::string why_suppressed(const Suppression& suppression, NumberKey key) {
  if (suppression.opted_out(key)) return "the person has opted out";
  if (const auto lists = suppression.lists_of(key); !lists.empty()) {
    return "the number is on the suppression list " + in_quotes(lists.front());
  }
  return suppression.cooling_off(key) ? "the person refused, and is left alone for a while"
                                      : "an operator suppressed the number";
}

bool waits_for_list(const CampaignEntry& entry) {
  return entry.status == CampaignStatus::paused && entry.paused_by_program &&
         entry.status_reason.starts_with(list_not_fresh);
}

std::optional<Instant> good_until(const Suppression& suppression, const RequiredList& required) {
  const auto found = suppression.sources.find(required.source);
  if (found == suppression.sources.end() || !found->second.as_of) return {};
  return *found->second.as_of + required.max_age;
}

std::optional<std::string> why_not_fresh(const Suppression& suppression,
                                         const RequiredList& required, Instant now) {
  const auto until = good_until(suppression, required);
  if (until && now < *until) return {};
  auto why = std::string(list_not_fresh) + in_quotes(required.source);
  why += until ? " is of " + rfc3339_utc(*until - required.max_age) + " and counted for " +
                     duration_text(required.max_age) + ", until " + rfc3339_utc(*until) +
                     ": load a newer one"
               : std::string(" was never loaded: load it");
  return why + " (campanile suppress --list FILE --source " + required.source + ')';
}

std::optional<std::string> why_lists_not_fresh(const Suppression& suppression,
                                               const Campaign& campaign, Instant now) {
  for (const auto& required : campaign.suppression_lists) {
    if (auto why = why_not_fresh(suppression, required, now)) return why;
  }
  return {};
}

std::vector<std::string> warnings_of_lists(const Suppression& suppression, const Campaign& campaign,
                                           Instant now) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < campaign.suppression_lists.size(); ++i) {
    if (const auto why = why_not_fresh(suppression, campaign.suppression_lists[i], now)) {
      warnings.push_back(json_pointer("/suppression_lists", i) + ": " + *why +
                         "; until then nobody is called");
    }
  }
  return warnings;
}

std::optional<Instant> lists_good_until(const Suppression& suppression, const Campaign& campaign) {
  std::optional<Instant> first;
  for (const auto& required : campaign.suppression_lists) {
    const auto until = good_until(suppression, required);
    if (!until) return {};
    first = first ? std::min(*first, *until) : *until;
  }
  return first;
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
  for (const auto& [name, source] : sources) {
    text.clear();
    JsonObject object(text);
    object.member("source", name)
        .member("version", source.version)
        .member("place", source.place)
        .member("held", static_cast<std::int64_t>(source.held))
        .member("as_of", source.as_of ? to_ms(*source.as_of) : 0)
        .member("list", source.list_digest);
    object.close();
    text += '\n';
    sink(text);
  }
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
    if (number.lists != 0) object.member("lists", number.lists);
    object.close();
    text += '\n';
    sink(text);
  }
}

}  // namespace campaigns
