#include "campaigns/known_people.hpp"

#include <algorithm>

namespace campaigns {

namespace {

std::string_view id_of(const EnrolRows::Row& row, std::size_t id_place) {
  return id_place < row.values.size() ? std::string_view(row.values[id_place]) : std::string_view();
}

template <typename Take>
void each_number(const EnrolRows::Row& row, const Take& take) {
  take(row.key);
  for (const auto& other : row.others) take(other.key);
}

template <typename NumberIsKnown, typename IdIsKnown>
KnownBy known_by(const EnrolRows::Row& row, std::size_t id_place,
                 const NumberIsKnown& number_is_known, const IdIsKnown& id_is_known) {
  if (number_is_known(row.key) ||
      std::ranges::any_of(row.others, number_is_known, &EnrolRows::OtherNumber::key)) {
    return KnownBy::number;
  }
  const auto id = id_of(row, id_place);
  return !id.empty() && id_is_known(id) ? KnownBy::id : KnownBy::nobody;
}

// Hands over the numbers of the people behind the first `looked_at`, and who they are, `people_max`
// people at most. True: of everybody whom the campaign has by now.
template <typename TakeNumber, typename TakePerson>
bool look_at_people(const State& state, CampaignIndex index, std::uint32_t& looked_at,
                    std::size_t people_max, const TakeNumber& take_number,
                    const TakePerson& take_person) {
  const auto& campaign = state.queue.campaigns[index];
  for (; people_max > 0 && looked_at < campaign.contacts.size(); --people_max) {
    ++looked_at;
    take_number(campaign.contact(looked_at).key);
    if (const auto* several = campaign.several_of(looked_at)) {
      for (const auto& one : several->all) take_number(one.key);
    }
    take_person(ContactRef{index, looked_at});
  }
  return looked_at >= campaign.contacts.size();
}

}  // namespace

std::size_t place_of_id(const Campaign& campaign, const std::vector<std::string>& columns) {
  return static_cast<std::size_t>(std::ranges::find(columns, campaign.contacts.id_column) -
                                  columns.begin());
}

PeopleSearch::PeopleSearch(const std::vector<EnrolRows::Row>& rows, std::size_t id_place,
                           std::uint32_t looked_at)
    : id_place_(id_place), looked_at_(looked_at) {
  for (const auto& row : rows) {
    each_number(row, [this](NumberKey key) { new_numbers_.insert(key); });
    new_ids_.insert(id_of(row, id_place_));
  }
  new_ids_.erase(std::string_view());
}

bool PeopleSearch::look(const State& state, CampaignIndex index, std::size_t people_max) {
  return look_at_people(
      state, index, looked_at_, people_max, [this](NumberKey key) { new_numbers_.erase(key); },
      [&](ContactRef person) {
        if (!new_ids_.empty()) new_ids_.erase(state.script.value(person, id_place_));
      });
}

KnownBy PeopleSearch::known(const EnrolRows::Row& row) const {
  return known_by(
      row, id_place_, [this](NumberKey key) { return new_numbers_.count(key) == 0; },
      [this](std::string_view id) { return new_ids_.count(id) == 0; });
}

void PeopleSearch::add(const EnrolRows::Row& row) {
  each_number(row, [this](NumberKey key) { new_numbers_.erase(key); });
  new_ids_.erase(id_of(row, id_place_));
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
    : index_(index),
      id_place_(place_of_id(*state.book.at(index).definition, state.book.at(index).columns)) {}

bool KnownPeople::look(const State& state, std::size_t people_max) {
  return look_at_people(
      state, index_, looked_at_, people_max, [this](NumberKey key) { numbers_.insert(key); },
      [&](ContactRef person) {
        const auto id = state.script.value(person, id_place_);
        if (!id.empty()) ids_.emplace(id);
      });
}

KnownBy KnownPeople::see(const EnrolRows::Row& row) {
  const auto by = known_by(
      row, id_place_, [this](NumberKey key) { return numbers_.count(key) != 0; },
      [this](std::string_view id) { return ids_.count(std::string(id)) != 0; });
  if (by != KnownBy::nobody) return by;
  each_number(row, [this](NumberKey key) { numbers_.insert(key); });
  if (const auto id = id_of(row, id_place_); !id.empty()) ids_.emplace(id);
  return KnownBy::nobody;
}

}  // namespace campaigns
