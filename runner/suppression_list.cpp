#include "runner/suppression_list.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "campaigns/campaign.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/words.hpp"

namespace runner {

using campaigns::Problems;

namespace {

bool holds_as_long(const campaigns::State& state, campaigns::NumberKey key,
                   const std::optional<campaigns::Instant>& until) {
  const auto found = state.suppression.numbers.find(key);
  if (found == state.suppression.numbers.end() || !found->second.suppressed) return false;
  const auto until_ms = found->second.until_ms;
  return until_ms == 0 || (until && until_ms >= campaigns::to_ms(*until));
}

// The reasons that the reader gives for these speak of a campaign file.
std::string cure_of(const campaigns::RejectedRow& row) {
  return row.reason == "no_country_code"
             ? "the number has no country code: write it with one, as +39…, or name the country "
               "with --region"
             : row.what;
}

}  // namespace

campaigns::Result<ListedNumbers> read_listed_numbers(std::string_view bytes,
                                                     const std::string& column,
                                                     const std::string& region,
                                                     const campaigns::ZoneRules& rules,
                                                     const LogKeys& keys) {
  campaigns::Campaign reading;
  reading.contacts.number_column = column;
  reading.contacts.region = region;
  // A number whose country has several zones is a number all the same.
  reading.hours.zone = "Europe/Rome";
  auto reader = campaigns::ContactListReader::open_csv(reading, rules, bytes);
  if (!reader) {
    auto problems = reader.error();
    for (auto& problem : problems) {
      if (problem.where == "/contacts/columns/number") {
        problem = {"the list", "has no column " + campaigns::in_quotes(column),
                   "name the columns in its first row, and that of the number with --column"};
      }
    }
    return problems;
  }
  ListedNumbers listed;
  std::unordered_set<campaigns::NumberKey> known;
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  for (bool more = true; more;) {
    switch (reader->next(row, rejected)) {
      case campaigns::ContactListReader::Next::row: {
        const auto key = keys.number_key(row.number);
        if (known.insert(key).second) listed.keys.push_back(key);
        listed.countries.insert(row.country);
        break;
      }
      case campaigns::ContactListReader::Next::rejected:
        ++listed.rejected_count;
        if (listed.rejected.size() < campaigns::Preflight::rejected_shown_max) {
          rejected.what = cure_of(rejected);
          listed.rejected.push_back(rejected);
        }
        break;
      case campaigns::ContactListReader::Next::end:
        more = false;
        break;
    }
    if (listed.keys.size() > listed_numbers_max) {
      return Problems{{"the list",
                       "holds more than " + std::to_string(listed_numbers_max) + " numbers",
                       "give it in parts"}};
    }
  }
  return listed;
}

campaigns::Instant day_begins(std::chrono::sys_days day, campaigns::Instant here,
                              const std::set<std::string>& countries,
                              const campaigns::ZoneRules& rules) {
  auto last = here;
  for (const auto& country : countries) {
    const auto its = rules.country_zones.find(country);
    if (its == rules.country_zones.end()) continue;
    for (const auto& zone : its->second) {
      last = std::max(last, rules.when_clock_shows(zone, campaigns::Instant{day}).value_or(here));
    }
  }
  return last;
}

std::vector<campaigns::Command> suppression_commands(
    const campaigns::State& state, const std::vector<campaigns::NumberKey>& keys,
    const std::string& reason, const std::optional<campaigns::Instant>& until) {
  std::vector<campaigns::Command> commands;
  for (const auto key : keys) {
    if (!holds_as_long(state, key, until)) {
      commands.emplace_back(campaigns::SuppressNumber{key, reason, until});
    }
  }
  return commands;
}

SourceListing list_of_source(const campaigns::State& state,
                             const std::vector<campaigns::NumberKey>& keys,
                             const SourceList& list) {
  SourceListing listing;
  campaigns::ListNumbers batch{list.source, {}, {}};
  const auto hand_over = [&](std::size_t least) {
    if (batch.on.size() + batch.off.size() < least) return;
    listing.added += batch.on.size();
    listing.taken_off += batch.off.size();
    listing.commands.emplace_back(std::exchange(batch, {list.source, {}, {}}));
  };
  // Nobody is called between the two who is on both.
  for (const auto key : keys) {
    if (state.suppression.listed(key, list.source)) continue;
    batch.on.push_back(key);
    hand_over(listed_at_once_max);
  }
  if (!list.in_part) {
    const std::unordered_set<campaigns::NumberKey> on(keys.begin(), keys.end());
    std::vector<campaigns::NumberKey> off;
    for (const auto& [key, number] : state.suppression.numbers) {
      if (on.count(key) == 0 && state.suppression.listed(key, list.source)) off.push_back(key);
    }
    std::sort(off.begin(), off.end());
    for (const auto key : off) {
      batch.off.push_back(key);
      hand_over(listed_at_once_max);
    }
  }
  hand_over(1);
  if (!list.in_part) {
    listing.commands.emplace_back(campaigns::LoadSuppressionList{
        list.source, list.as_of, keys.size(), list.digest, list.reason});
  }
  return listing;
}

}  // namespace runner
