#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/result.hpp"

namespace campaigns {

struct PhoneNumber {
  std::string e164{};     // "+393331234567"
  std::string country{};  // "IT"; empty for numbers of no country (+800 …)
};

// The code of a refusal where there is nothing to read.
inline constexpr const char* no_number = "empty_number";

// Reads a number as people write it. `region` is the country of numbers without a country code
// (empty: such numbers are refused). The refusal's code is a reason of its own ("too_short",
// "scientific_notation" …) and its text never repeats the number.
// Not for several threads at once before the first call has returned.
Result<PhoneNumber, Refusal> parse_phone_number(std::string_view text, const std::string& region);

// Why what a table or JSON has as a decimal number is no phone number.
Refusal decimal_number();

// Whether `region` is a country that `parse_phone_number` knows ("IT").
bool is_phone_region(const std::string& region);
// What its numbers in international form begin with, behind the + ("39"); several countries may
// share one. Empty for a region that it does not know.
std::string calling_code_of(const std::string& region);

// A number of that region that may stand for one that is not known; empty for a region that it does
// not know.
std::string example_number_of(const std::string& region);

// Whether `text` has the shape of an E.164 number: `+`, no leading zero, 7 to 15 digits.
bool is_e164(std::string_view text);

// The digits of an E.164 number as one number, which takes the least room; 0 for no number.
std::uint64_t digits_of(std::string_view e164);

}  // namespace campaigns
