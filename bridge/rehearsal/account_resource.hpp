#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/wire.hpp"

namespace bridge::rehearsal {

// What is asked of the account itself before anybody is called: whether it is active, which numbers
// are its own or verified, what it has left. The JSON of a 200, or nothing where `path` (what
// follows the account's sid, as "/IncomingPhoneNumbers") is none of these questions.
std::optional<std::string> account_json(const CarrierOptions& options, std::string_view path,
                                        const Fields& wish);

}  // namespace bridge::rehearsal
