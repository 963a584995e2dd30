#include "campaigns/known_people.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace campaigns {

std::vector<KnownBy> known_people(const State& state, CampaignIndex index,
                                  const std::vector<EnrolRows::Row>& rows, std::uint32_t behind) {
  const auto& entry = state.book.at(index);
  const auto id_column = static_cast<std::size_t>(
      std::ranges::find(entry.columns, entry.definition->contacts.id_column) -
      entry.columns.begin());
  const auto id_of = [&](const EnrolRows::Row& row) {
    return id_column < row.values.size() ? std::string_view(row.values[id_column])
                                         : std::string_view();
  };
  // There are fewer rows than people: those are looked for among these.
  std::unordered_set<NumberKey> new_numbers;
  std::unordered_set<std::string_view> new_ids;
  for (const auto& row : rows) {
    new_numbers.insert(row.key);
    new_ids.insert(id_of(row));
  }
  new_ids.erase(std::string_view());
  const auto& contacts = state.queue.campaigns[index].contacts;
  for (auto ordinal = behind + 1; ordinal <= contacts.size(); ++ordinal) {
    new_numbers.erase(contacts[ordinal - 1].key);
    if (!new_ids.empty()) new_ids.erase(state.script.value({index, ordinal}, id_column));
  }
  std::vector<KnownBy> known;
  known.reserve(rows.size());
  for (const auto& row : rows) {
    const auto id = id_of(row);
    if (new_numbers.count(row.key) == 0) {
      known.push_back(KnownBy::number);
    } else if (!id.empty() && new_ids.count(id) == 0) {
      known.push_back(KnownBy::id);
    } else {
      known.push_back(KnownBy::nobody);
      new_numbers.erase(row.key);
      new_ids.erase(id);
    }
  }
  return known;
}

}  // namespace campaigns
