#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The values of the carrier's form fields (protocols.md 2): all of them are strings. What cannot be
// read is what a missing field is, because the carrier may change a value and the call goes on.
namespace webhook {

// What somebody said in one answer; a minute of speech is far below.
inline constexpr std::size_t speech_bytes_max = 2000;
inline constexpr std::size_t keys_max = 128;

// "CA" and 32 hexadecimal digits.
bool is_call_sid(std::string_view text);

// Whether it is a CallStatus that a callback can report: one of the four events of a call's life or
// one of its ends.
bool is_reported_status(std::string_view text);

// Whether it is a DialCallStatus (protocols.md 4.6).
bool is_dial_status(std::string_view text);

// A whole number of at most nine digits; anything else is 0.
std::int64_t small_number(std::string_view text);

// SipResponseCode; 0 for what is none.
std::int64_t sip_code(std::string_view text);

// Confidence, "0.0" to "1.0", in thousandths and rounded; 0 for what is none.
std::int64_t confidence_thousandths(std::string_view text);

// AnsweredBy: the carrier's word as it is, also one that it invents tomorrow; empty for what is no
// word.
std::string answered_by(std::string_view text);

// Digits, at most `keys_max`. Nothing was keyed where a character is no key: to leave that one out
// would invent an answer.
std::string keys(std::string_view text);

}  // namespace webhook
