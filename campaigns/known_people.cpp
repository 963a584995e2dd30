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

PeopleSearch::PeopleSearch(const std::vector<EnrolRows::Row>& rows, std::size_t id_place,
                           std::uint32_t looked_at)
    : id_place_(id_place), looked_at_(looked_at) {
  for (const auto& row : rows) {
    each_number(row, [&](NumberKey key) { new_numbers_.emplace(key, &row); });
    new_ids_.emplace(id_of(row, id_place_), &row);
  }
  new_ids_.erase(std::string_view());
}

bool PeopleSearch::look(const State& state, CampaignIndex index, std::size_t people_max) {
  const auto found = [&](const auto& at, ContactRef person) {
    const auto& zone = at->second->zone;
    const bool heard = !moves_.empty() && moves_.back().contact == person.ordinal;
    if (!at->second->zone_said) return;
    if (!heard && moves(state, person, zone)) moves_.push_back({person.ordinal, zone});
  };
  return look_at_people(
      state, index, looked_at_, people_max,
      [&](NumberKey key, ContactRef person) {
        const auto at = new_numbers_.find(key);
        if (at == new_numbers_.end()) return;
        found(at, person);
        new_numbers_.erase(at);
      },
      [&](ContactRef person) {
        if (new_ids_.empty()) return;
        const auto at = new_ids_.find(state.script.value(person, id_place_));
        if (at == new_ids_.end()) return;
        found(at, person);
        new_ids_.erase(at);
      });
}

std::vector<MovePeople::Move> PeopleSearch::take_moves(std::size_t moves_max) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(moves_max, moves_.size()));
  std::vector<MovePeople::Move> taken(moves_.begin(), moves_.begin() + count);
  moves_.erase(moves_.begin(), moves_.begin() + count);
  return taken;
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
  std::uint32_t ordinal = 0;
  each_number(row, [&](NumberKey key) {
    const auto at = numbers_.find(key);
    if (ordinal == 0 && at != numbers_.end()) ordinal = at->second;
  });
  if (ordinal == 0) {
    const auto at = ids_.find(std::string(id_of(row, id_place_)));
    if (at != ids_.end()) ordinal = at->second;
  }
  if (ordinal == 0) return {};
  heard_.resize(std::max<std::size_t>(heard_.size(), ordinal));
  if (heard_[ordinal - 1]) return {};
  heard_[ordinal - 1] = true;
  if (!row.zone_said || !moves(state, {index_, ordinal}, row.zone)) return {};
  return MovePeople::Move{ordinal, row.zone};
}

}  // namespace campaigns
