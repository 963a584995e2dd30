#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/order.hpp"
#include "bridge/rehearsal/wire.hpp"

namespace bridge::rehearsal {

// What is asked of the account itself before anybody is called: whether it is active, which numbers
// are its own or verified, what it has left. The JSON of a 200, or nothing where `path` (what
// follows the account's sid, as "/IncomingPhoneNumbers") is none of these questions.
std::optional<std::string> account_json(const CarrierOptions& options, std::string_view path,
                                        const Fields& wish);

// The same for /v1/DialingPermissions/Countries/{ISO}: whether the account may call a country.
// Twilio has this resource on a host of its own, voice.twilio.com; here it is beside the others.
std::optional<std::string> permission_json(const CarrierOptions& options, std::string_view path);

// Why the account may not place this call (protocols.md 1.7); nothing: it may.
std::optional<ApiError> refusal_of(const CarrierOptions& options, const Order& order);

}  // namespace bridge::rehearsal
