#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What the carrier's error codes mean for a campaign, and what an operator does about each
// (protocols.md 1.7). One table: what is decided and what people are told cannot differ.
namespace campaigns {

enum class ErrorClass : std::uint8_t {
  number_dead,     // nobody will ever be reached at this number: the case is closed
  person_refused,  // not this person, as the account stands: not placed, tried again in case it is
                   // mended
  retry_later,     // not now: not placed
  stop_campaign,   // nobody, until a person has mended something: the campaign is paused
  says_nothing,    // whether the order was carried out is not known: in doubt
  of_a_call,       // said of a call that is under way, or of its documents; never of an order
};

struct CarrierError {
  std::int64_t code = 0;
  ErrorClass what = ErrorClass::retry_later;
  std::string_view sentence{};  // what it means and what to do, without a full stop
};

// All that are known, by code.
std::span<const CarrierError> carrier_errors();
// Nothing: the code is not known here.
const CarrierError* carrier_error(std::int64_t code);

// What follows from a refusal (4xx) of an order. `code` 0: it bore none. A code that is not known
// concerns neither the number nor everybody, as far as we know: retry_later, which comes to its end
// with `unplaced_max`.
ErrorClass class_of_refusal(std::int64_t http_status, std::int64_t code);

// How the reason of a pause begins that the program made because of stop_campaign.
inline constexpr std::string_view carrier_refuses_all = "the carrier refuses every call";

// "code 21210: the caller id …": for a pause's reason and for `explain`. Holds nothing of a person.
std::string refusal_text(std::int64_t http_status, std::int64_t code);

}  // namespace campaigns
