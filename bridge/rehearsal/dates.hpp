#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/rehearsal/dice.hpp"

// Dates, as the people and the voice model of a rehearsal are asked for them and say them, in
// Italian and English. Pure. `plain` is what plain_words makes of a text.
namespace bridge::rehearsal {

struct SaidDate {
  int day = 1;
  int month = 1;
  int year = 0;  // 0: not said
  bool operator==(const SaidDate&) const = default;
};

bool asks_for_date(std::string_view plain);
// A date that fits: in the years that the question names, or those of a grown person's birth where
// it asks for that, or without a year.
SaidDate some_date(Dice& dice, std::string_view plain);
std::string date_words(const SaidDate& date, bool italian);
// As DDMMYYYY, or DDMM.
std::string date_keys(const SaidDate& date);
// The date that somebody said, or pressed.
std::optional<SaidDate> date_in(std::string_view plain);

}  // namespace bridge::rehearsal
