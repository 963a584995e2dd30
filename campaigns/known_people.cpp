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
    for (const auto& other : row.others) new_numbers.insert(other.key);
    new_ids.insert(id_of(row));
  }
  new_ids.erase(std::string_view());
  const auto& campaign = state.queue.campaigns[index];
  for (auto ordinal = behind + 1; ordinal <= campaign.contacts.size(); ++ordinal) {
    new_numbers.erase(campaign.contact(ordinal).key);
    if (const auto* several = campaign.several_of(ordinal)) {
      for (const auto& one : several->all) new_numbers.erase(one.key);
    }
    if (!new_ids.empty()) new_ids.erase(state.script.value({index, ordinal}, id_column));
  }
  std::vector<KnownBy> known;
  known.reserve(rows.size());
  for (const auto& row : rows) {
    const auto id = id_of(row);
    const auto is_new = [&](NumberKey key) { return new_numbers.count(key) != 0; };
    if (!is_new(row.key) ||
        !std::ranges::all_of(row.others, is_new, &EnrolRows::OtherNumber::key)) {
      known.push_back(KnownBy::number);
    } else if (!id.empty() && new_ids.count(id) == 0) {
      known.push_back(KnownBy::id);
    } else {
      known.push_back(KnownBy::nobody);
      new_numbers.erase(row.key);
      for (const auto& other : row.others) new_numbers.erase(other.key);
      new_ids.erase(id);
    }
  }
  return known;
}

}  // namespace campaigns
