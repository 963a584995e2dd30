#pragma once

#include <cstdint>
#include <vector>

#include "campaigns/commands.hpp"
#include "campaigns/state.hpp"

// Which rows of a list are of people whom a campaign has already.
namespace campaigns {

// By one of the numbers, else by the list's own id of them (ContactSource::id_column).
enum class KnownBy : std::uint8_t { nobody, number, id };

// One for each row. A row is also known by one before it that is not known itself. Walks once over
// the people of the campaign behind the first `behind`, who are taken to be compared already.
std::vector<KnownBy> known_people(const State& state, CampaignIndex index,
                                  const std::vector<EnrolRows::Row>& rows,
                                  std::uint32_t behind = 0);

}  // namespace campaigns
