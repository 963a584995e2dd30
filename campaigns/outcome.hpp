#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// The vocabulary of how attempts and cases end (outcomes-and-results sheet, section 5). Three
// layers that are never merged: what the carrier said (kept raw in the events), the outcome of the
// attempt, the disposition of the case.
namespace campaigns {

// How one attempt ended. Names are frozen: they stand in events.
enum class Outcome : std::uint8_t {
  none,  // not closed yet
  completed,
  partial,
  broken_off,
  refused,
  opted_out,
  callback_requested,
  human_hung_up_at_once,
  machine_no_message,
  machine_message_left,
  busy,
  no_answer,
  network_error,
  invalid_number,  // nobody can be reached there, or somebody said that it is not their number
  fax_or_data,
  canceled_by_us,
  not_placed,    // the carrier did not take it, or we did not send it: does not count as an attempt
  unconfirmed,   // whether it was placed is not known, and will not be
  not_eligible,  // a screening question showed that the survey is not for this person
  said_nothing,  // answered, and we gave up on a line on which nobody spoke or pressed a key
  quota_full,    // of people like this one enough have completed the survey
  not_available,     // somebody said that the person is not there
  language_barrier,  // the person speaks none of the languages that we do
  unable,            // the person cannot answer, for reasons of health for example, or has died
  business_number,   // a business, where a private person was wanted
  screened,          // an assistant asked who calls, and let nobody through
};
inline constexpr std::size_t outcomes = 26;

std::string_view name_of(Outcome outcome);
std::optional<Outcome> outcome_named(std::string_view name);

// How much an outcome says about a case: the disposition of a case is the highest of its attempts,
// not the last, so that somebody who answered half a survey is not lost to a later "no answer".
int rank_of(Outcome outcome);

// Where a case stands. A case ends in exactly one place.
enum class Place : std::uint8_t { open, done, exhausted, excluded, held };
std::string_view name_of(Place place);
std::optional<Place> place_named(std::string_view name);

// Whether the person was not talked to: another number of theirs may do better.
bool reached_nobody(Outcome outcome);
// Whether a case is settled by this outcome, as against merely given up.
bool conclusive(Outcome outcome);
// Where a case goes that nobody is called for any more and whose disposition this is.
Place place_at_end(Outcome disposition);

// What a person decided on a held call: that it was placed (it counts), that it was not (it does
// not), or that the person is to be called again whatever became of it (it counts).
enum class Resolution : std::uint8_t { none, placed, not_placed, redial };
std::string_view name_of(Resolution resolution);
std::optional<Resolution> resolution_named(std::string_view name);

// The AAPOR code of a case whose last word is this outcome, for example "2.12". `known_eligible`
// says whether the people on the list are known to be eligible.
std::string_view aapor_code(Outcome outcome, bool known_eligible);

}  // namespace campaigns
