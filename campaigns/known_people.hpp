#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/state.hpp"

// Which rows of a list are of people whom a campaign has already.
namespace campaigns {

// By one of the numbers, else by the list's own id of them (ContactSource::id_column).
enum class KnownBy : std::uint8_t { nobody, number, id };

// Where the list's own id stands among the columns of a campaign; beyond their end: nowhere.
std::size_t place_of_id(const Campaign& campaign, const std::vector<std::string>& columns);

// Whether it is news that somebody is in that time zone, and calls to them may still come.
bool moves(const State& state, ContactRef contact, const std::string& zone);

// Whom the rows of a list have in another time zone. Of several rows of one person the first is
// heard, and one that does not say the zone itself moves nobody: what stands for it may be of
// another country than the number that is called.
class HeardMoves {
 public:
  std::optional<MovePeople::Move> hear(const State& state, ContactRef contact,
                                       const EnrolRows::Row& row);

 private:
  std::vector<bool> heard_{};  // by ordinal - 1
};

// Rows that are looked for among the people of a campaign, some of these at a time.
class PeopleSearch {
 public:
  // The rows stay where they are; of each that `add` was called for nothing is needed any more. The
  // first `looked_at` people are taken to be compared already.
  PeopleSearch(const std::vector<EnrolRows::Row>& rows, std::size_t id_place,
               std::uint32_t looked_at = 0);

  // Looks at the next people, `people_max` at most. True: at everybody whom the campaign has by
  // now.
  bool look(const State& state, CampaignIndex index, std::size_t people_max);
  std::uint32_t looked_at() const { return looked_at_; }

  // Whether one of the rows is of somebody who was looked at or added before.
  KnownBy known(const EnrolRows::Row& row) const;
  // Its person is in the campaign from here on.
  void add(const EnrolRows::Row& row);
  // Whom a row has in another time zone, of rows that come in their order when everybody was looked
  // at.
  std::optional<MovePeople::Move> move_of(const State& state, CampaignIndex index,
                                          const EnrolRows::Row& row);

 private:
  std::size_t id_place_;
  std::uint32_t looked_at_;
  // There are fewer rows than people: those are looked for among these. Of whom they are; 0: of
  // nobody so far; those of rows that were added are not there any more.
  std::unordered_map<NumberKey, std::uint32_t> numbers_{};
  std::unordered_map<std::string_view, std::uint32_t> ids_{};
  HeardMoves heard_{};
};

// One for each row, a row being known by one before it that is not known itself, too. Walks over
// the people of the campaign behind the first `behind`.
std::vector<KnownBy> known_people(const State& state, CampaignIndex index,
                                  const std::vector<EnrolRows::Row>& rows,
                                  std::uint32_t behind = 0);

// The same of rows that come one after the other, of a list that is not held in memory. Keeps the
// number and the id of everybody.
class KnownPeople {
 public:
  KnownPeople(const State& state, CampaignIndex index);
  // As of a PeopleSearch; before it was true rows are known only by those looked at.
  bool look(const State& state, std::size_t people_max);
  // By what a row is known; a row that is not known is known from here on.
  KnownBy see(const EnrolRows::Row& row);
  // Whom a row that was not seen yet has in another time zone.
  std::optional<MovePeople::Move> move_of(const State& state, const EnrolRows::Row& row);

 private:
  CampaignIndex index_;
  std::size_t id_place_;
  std::uint32_t looked_at_ = 0;
  // Of whom they are; 0: of a row.
  std::unordered_map<NumberKey, std::uint32_t> numbers_{};
  std::unordered_map<std::string, std::uint32_t> ids_{};
  HeardMoves heard_{};
};

}  // namespace campaigns
