#include "campaigns/known_people.hpp"

#include <algorithm>

#include "campaigns/person_numbers.hpp"

namespace campaigns {

std::size_t place_of_id(const Campaign& campaign, const std::vector<std::string>& columns) {
  return static_cast<std::size_t>(std::ranges::find(columns, campaign.contacts.id_column) -
                                  columns.begin());
}

PeopleSearch::PeopleSearch(const std::vector<EnrolRows::Row>& rows, std::size_t id_place,
                           std::uint32_t looked_at)
    : id_place_(id_place), looked_at_(looked_at) {
  for (const auto& row : rows) {
    new_numbers_.insert(row.key);
    for (const auto& other : row.others) new_numbers_.insert(other.key);
    new_ids_.insert(id_of(row));
  }
  new_ids_.erase(std::string_view());
}

std::string_view PeopleSearch::id_of(const EnrolRows::Row& row) const {
  return id_place_ < row.values.size() ? std::string_view(row.values[id_place_])
                                       : std::string_view();
}

bool PeopleSearch::look(const State& state, CampaignIndex index, std::size_t people_max) {
  const auto& campaign = state.queue.campaigns[index];
  for (; people_max > 0 && looked_at_ < campaign.contacts.size(); --people_max) {
    ++looked_at_;
    new_numbers_.erase(campaign.contact(looked_at_).key);
    if (const auto* several = campaign.several_of(looked_at_)) {
      for (const auto& one : several->all) new_numbers_.erase(one.key);
    }
    if (!new_ids_.empty()) new_ids_.erase(state.script.value({index, looked_at_}, id_place_));
  }
  return looked_at_ >= campaign.contacts.size();
}

KnownBy PeopleSearch::known(const EnrolRows::Row& row) const {
  const auto is_new = [&](NumberKey key) { return new_numbers_.count(key) != 0; };
  if (!is_new(row.key) || !std::ranges::all_of(row.others, is_new, &EnrolRows::OtherNumber::key)) {
    return KnownBy::number;
  }
  const auto id = id_of(row);
  return !id.empty() && new_ids_.count(id) == 0 ? KnownBy::id : KnownBy::nobody;
}

void PeopleSearch::add(const EnrolRows::Row& row) {
  new_numbers_.erase(row.key);
  for (const auto& other : row.others) new_numbers_.erase(other.key);
  new_ids_.erase(id_of(row));
}

std::vector<KnownBy> known_people(const State& state, CampaignIndex index,
                                  const std::vector<EnrolRows::Row>& rows, std::uint32_t behind) {
  const auto& entry = state.book.at(index);
  PeopleSearch search(rows, place_of_id(*entry.definition, entry.columns), behind);
  search.look(state, index, state.queue.campaigns[index].contacts.size());
  std::vector<KnownBy> known;
  known.reserve(rows.size());
  for (const auto& row : rows) {
    known.push_back(search.known(row));
    if (known.back() == KnownBy::nobody) search.add(row);
  }
  return known;
}

KnownPeople::KnownPeople(const State& state, CampaignIndex index)
    : id_column_(place_of_id(*state.book.at(index).definition, state.book.at(index).columns)) {
  const auto& campaign = state.queue.campaigns[index];
  const bool has_ids = id_column_ < state.book.at(index).columns.size();
  for (std::uint32_t ordinal = 1; ordinal <= campaign.contacts.size(); ++ordinal) {
    for (const auto key : numbers_of(state, {index, ordinal})) numbers_.insert(key);
    if (!has_ids) continue;
    if (const auto id = state.script.value({index, ordinal}, id_column_); !id.empty()) {
      ids_.emplace(id);
    }
  }
}

KnownBy KnownPeople::see(const EnrolRows::Row& row) {
  const auto is_known = [&](NumberKey key) { return numbers_.count(key) != 0; };
  if (is_known(row.key) ||
      std::ranges::any_of(row.others, is_known, &EnrolRows::OtherNumber::key)) {
    return KnownBy::number;
  }
  const std::string id(id_column_ < row.values.size() ? row.values[id_column_] : std::string());
  if (!id.empty() && ids_.count(id) != 0) return KnownBy::id;
  numbers_.insert(row.key);
  for (const auto& other : row.others) numbers_.insert(other.key);
  if (!id.empty()) ids_.insert(id);
  return KnownBy::nobody;
}

}  // namespace campaigns
