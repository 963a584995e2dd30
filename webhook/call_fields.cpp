#include "webhook/call_fields.hpp"

#include <algorithm>
#include <array>

namespace webhook {
namespace {

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

bool is_hexadecimal(char c) {
  return is_decimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool is_call_sid(std::string_view text) {
  return text.size() == 34 && text.starts_with("CA") &&
         std::ranges::all_of(text.substr(2), is_hexadecimal);
}

bool is_reported_status(std::string_view text) {
  static constexpr std::array<std::string_view, 8> statuses{"initiated", "ringing", "in-progress",
                                                            "completed", "busy",    "no-answer",
                                                            "failed",    "canceled"};
  return std::ranges::find(statuses, text) != statuses.end();
}

bool is_dial_status(std::string_view text) {
  static constexpr std::array<std::string_view, 6> statuses{"completed", "answered", "busy",
                                                            "no-answer", "failed",   "canceled"};
  return std::ranges::find(statuses, text) != statuses.end();
}

std::int64_t small_number(std::string_view text) {
  if (text.empty() || text.size() > 9 || !std::ranges::all_of(text, is_decimal)) return 0;
  std::int64_t number = 0;
  for (const char c : text) number = number * 10 + (c - '0');
  return number;
}

std::int64_t sip_code(std::string_view text) {
  const std::int64_t code = small_number(text);
  return code >= 100 && code <= 699 ? code : 0;
}

std::int64_t confidence_thousandths(std::string_view text) {
  const std::string_view whole = text.substr(0, text.find('.'));
  std::string_view fraction = text.substr(whole.size());
  if (!fraction.empty()) fraction.remove_prefix(1);
  const bool number = std::ranges::all_of(whole, is_decimal) &&
                      std::ranges::all_of(fraction, is_decimal) &&
                      !(whole.empty() && fraction.empty());
  if (!number || whole.size() > 9) return 0;
  std::int64_t ten_thousandths = small_number(whole);
  for (std::size_t i = 0; i < 4; ++i) {
    ten_thousandths = ten_thousandths * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  const std::int64_t thousandths = (ten_thousandths + 5) / 10;
  return thousandths <= 1000 ? thousandths : 0;
}

std::string answered_by(std::string_view text) {
  constexpr std::size_t bytes_max = 32;
  if (text.size() > bytes_max || !consists_of(text, "abcdefghijklmnopqrstuvwxyz_")) return {};
  return std::string(text);
}

std::string keys(std::string_view text) {
  if (!consists_of(text, "0123456789*#ABCD")) return {};
  return std::string(text.substr(0, keys_max));
}

}  // namespace webhook
