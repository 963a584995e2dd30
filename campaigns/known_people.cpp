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

// Whose row it is, by what is known of numbers and ids: an ordinal, 0 for somebody who is none of
// the people. By the id only where none of the row's numbers is anybody's.
template <typename OfNumber, typename OfId>
std::uint32_t person_of(const EnrolRows::Row& row, std::size_t id_place, const OfNumber& of_number,
                        const OfId& of_id) {
  std::uint32_t ordinal = 0;
  bool by_number = false;
  each_number(row, [&](NumberKey key) {
    const std::optional<std::uint32_t> its = of_number(key);
    by_number |= its.has_value();
    if (ordinal == 0) ordinal = its.value_or(0);
  });
  if (by_number) return ordinal;
  const auto id = id_of(row, id_place);
  return id.empty() ? 0 : of_id(id);
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
    const ContactRef person{index, looked_at};
    take_number(campaign.contact(looked_at).key, person);
    if (const auto* several = campaign.several_of(looked_at)) {
      for (const auto& one : several->all) take_number(one.key, person);
    }
    take_person(person);
  }
  return looked_at >= campaign.contacts.size();
}

}  // namespace

bool moves(const State& state, ContactRef contact, const std::string& zone) {
  const auto& campaign = state.queue.campaigns[contact.campaign];
  if (contact.ordinal == 0 || contact.ordinal > campaign.contacts.size()) return false;
  const auto& person = campaign.contact(contact.ordinal);
  switch (person.stage) {
    case Stage::fresh:
    case Stage::retry:
    case Stage::calling:
    case Stage::held:
      return !person.forgotten && campaign.groups[person.group].zone != zone;
    case Stage::done:
    case Stage::exhausted:
    case Stage::excluded:
      break;
  }
  return false;
}

std::size_t place_of_id(const Campaign& campaign, const std::vector<std::string>& columns) {
  return static_cast<std::size_t>(std::ranges::find(columns, campaign.contacts.id_column) -
                                  columns.begin());
}

std::optional<MovePeople::Move> HeardMoves::hear(const State& state, ContactRef contact,
                                                 const EnrolRows::Row& row) {
  if (contact.ordinal == 0) return {};
  heard_.resize(std::max<std::size_t>(heard_.size(), contact.ordinal));
  if (heard_[contact.ordinal - 1]) return {};
  heard_[contact.ordinal - 1] = true;
  if (!row.zone_said || !moves(state, contact, row.zone)) return {};
  return MovePeople::Move{contact.ordinal, row.zone};
}

PeopleSearch::PeopleSearch(const std::vector<EnrolRows::Row>& rows, std::size_t id_place,
                           std::uint32_t looked_at)
    : id_place_(id_place), looked_at_(looked_at) {
  for (const auto& row : rows) {
    each_number(row, [&](NumberKey key) { numbers_.emplace(key, 0); });
    ids_.emplace(id_of(row, id_place_), 0);
  }
  ids_.erase(std::string_view());
}

bool PeopleSearch::look(const State& state, CampaignIndex index, std::size_t people_max) {
  const auto found = [](auto& among, const auto& key, ContactRef person) {
    const auto at = among.find(key);
    if (at != among.end() && at->second == 0) at->second = person.ordinal;
  };
  return look_at_people(
      state, index, looked_at_, people_max,
      [&](NumberKey key, ContactRef person) { found(numbers_, key, person); },
      [&](ContactRef person) {
        if (!ids_.empty()) found(ids_, state.script.value(person, id_place_), person);
      });
}

KnownBy PeopleSearch::known(const EnrolRows::Row& row) const {
  const auto is_known = [](const auto& among, const auto& key) {
    const auto at = among.find(key);
    return at == among.end() || at->second != 0;
  };
  return known_by(
      row, id_place_, [&](NumberKey key) { return is_known(numbers_, key); },
      [&](std::string_view id) { return is_known(ids_, id); });
}

std::optional<MovePeople::Move> PeopleSearch::move_of(const State& state, CampaignIndex index,
                                                      const EnrolRows::Row& row) {
  const auto ordinal = person_of(
      row, id_place_,
      [this](NumberKey key) -> std::optional<std::uint32_t> {
        const auto at = numbers_.find(key);
        if (at == numbers_.end()) return 0U;
        return at->second == 0 ? std::nullopt : std::optional(at->second);
      },
      [this](std::string_view id) {
        const auto at = ids_.find(id);
        return at == ids_.end() ? 0U : at->second;
      });
  return heard_.hear(state, {index, ordinal}, row);
}

void PeopleSearch::add(const EnrolRows::Row& row) {
  each_number(row, [this](NumberKey key) { numbers_.erase(key); });
  ids_.erase(id_of(row, id_place_));
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
      state, index_, looked_at_, people_max,
      [this](NumberKey key, ContactRef person) { numbers_.emplace(key, person.ordinal); },
      [&](ContactRef person) {
        const auto id = state.script.value(person, id_place_);
        if (!id.empty()) ids_.emplace(id, person.ordinal);
      });
}

KnownBy KnownPeople::see(const EnrolRows::Row& row) {
  const auto by = known_by(
      row, id_place_, [this](NumberKey key) { return numbers_.count(key) != 0; },
      [this](std::string_view id) { return ids_.count(std::string(id)) != 0; });
  if (by != KnownBy::nobody) return by;
  each_number(row, [this](NumberKey key) { numbers_.emplace(key, 0); });
  if (const auto id = id_of(row, id_place_); !id.empty()) ids_.emplace(id, 0);
  return KnownBy::nobody;
}

std::optional<MovePeople::Move> KnownPeople::move_of(const State& state,
                                                     const EnrolRows::Row& row) {
  const auto ordinal = person_of(
      row, id_place_,
      [this](NumberKey key) {
        const auto at = numbers_.find(key);
        return at == numbers_.end() ? std::nullopt : std::optional(at->second);
      },
      [this](std::string_view id) {
        const auto at = ids_.find(std::string(id));
        return at == ids_.end() ? 0U : at->second;
      });
  return heard_.hear(state, {index_, ordinal}, row);
}

}  // namespace campaigns
