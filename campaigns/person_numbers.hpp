#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "campaigns/state.hpp"

// People who can be reached at several numbers: which of them is called, and which must not be.
namespace campaigns {

// Every number of a person, in the order in which they are tried.
std::vector<NumberKey> numbers_of(const State& state, ContactRef contact);

// The number that keeps somebody from being called now; nothing: none does. What the person said
// themselves ("never again", a refusal) at one of their numbers holds for all of them; what an
// operator or a list says holds for the number alone, and counts here where it is that one's turn.
std::optional<NumberKey> suppressed_number(const State& state, ContactRef contact, Instant now);

// Whom an assistant has kept from us so often at a number does not want to be called there.
inline constexpr unsigned screened_max = 2;
// How often one has, in attempts that are over (`number` as in AttemptRow).
unsigned times_screened(const State& state, ContactRef contact, std::uint8_t number);

// Which number is to be called in place of the one whose turn it is (from 1): the next one that is
// not known to be dead, that no assistant keeps us from and that may be called, behind the last the
// first again. Where there is none and
// the one in turn is of no use any more (suppressed for good, or `gone`), one that may be called
// later. Nothing: there is no other.
std::optional<std::uint8_t> next_number(const State& state, ContactRef contact, Instant now,
                                        bool gone = false);

// Whether the campaign as it is now may call a number (its digits): the list was read by the
// countries of its day.
bool country_may_be_called(const Campaign& campaign, std::uint64_t number);
// Which of a person's numbers may be called where the country of the one in turn may not (from 1).
// Nothing: none.
std::optional<std::uint8_t> number_of_allowed_country(const State& state, const Campaign& campaign,
                                                      ContactRef contact, Instant now);

}  // namespace campaigns
