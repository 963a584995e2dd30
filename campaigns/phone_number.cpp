#include "campaigns/phone_number.hpp"

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>
#include <charconv>

#include <algorithm>
#include <optional>
#include <set>

#include "campaigns/words.hpp"

namespace campaigns {

namespace {

using i18n::phonenumbers::PhoneNumberUtil;

constexpr std::size_t e164_digits_max = 15;
constexpr std::size_t short_number_digits_max = 5;

PhoneNumberUtil& library() {
  static PhoneNumberUtil& instance = [&]() -> PhoneNumberUtil& {
    PhoneNumberUtil& util = *PhoneNumberUtil::GetInstance();
    util.SetLogger(new i18n::phonenumbers::NullLogger);  // the library owns it
    return util;
  }();
  return instance;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Refusal refusal(std::string code, std::string text) {
  return {std::move(code), std::move(text)};
}

// The number of bytes at the start of `text` that people put between the digits of a number, or 0:
// blanks (also the no-break ones), dots, slashes, brackets, hyphens and dashes, and the invisible
// marks that come along when a number is copied from a contact card.
std::size_t separator_length(std::string_view text) {
  switch (text.front()) {
    case ' ':
    case '\t':
    case '.':
    case '/':
    case '-':
    case '(':
    case ')':
    case '[':
    case ']':
      return 1;
    default:
      break;
  }
  if (text.substr(0, 2) == "\xC2\xA0") return 2;  // no-break space
  if (text.size() < 3 || text[0] != '\xE2' || text[1] != '\x80') return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  const bool blank = last >= 0x80 && last <= 0x8F;      // U+2000 to U+200F, with zero widths, marks
  const bool dash = last >= 0x90 && last <= 0x95;       // U+2010 to U+2015
  const bool direction = last >= 0xAA && last <= 0xAF;  // U+202A to U+202F, with narrow space
  return blank || dash || direction ? 3 : 0;
}

// "3,93E+11", "3.93333E11": what Excel makes of a long number.
bool is_scientific(std::string_view text) {
  const auto e = text.find_first_of("eE");
  if (e == std::string_view::npos || e == 0 || e + 1 >= text.size()) return false;
  const auto all = [](std::string_view part, std::string_view others) {
    for (const char c : part) {
      if (!is_digit(c) && others.find(c) == std::string_view::npos) return false;
    }
    return !part.empty();
  };
  std::string_view exponent = text.substr(e + 1);
  if (exponent.front() == '+' || exponent.front() == '-') exponent.remove_prefix(1);
  return all(text.substr(0, e), ".,+") && all(exponent, "");
}

// "1701234567.0", "1701234567,00": what a table of decimal numbers makes of one.
bool is_decimal_number(std::string_view text) {
  if (text.front() == '+') text.remove_prefix(1);
  const std::size_t digits = std::min(text.find_first_of(".,"), text.size());
  const std::string_view behind = text.substr(std::min(digits + 1, text.size()));
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_digit) &&
         (behind == "0" || behind == "00");
}

// "055 123456/7": two lines as they are written in Italy. "06/12/34/56/78" is one number in pairs.
bool is_several_numbers(std::string_view text) {
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return false;
  const auto digits_in = [](std::string_view part) {
    return std::count_if(part.begin(), part.end(), is_digit);
  };
  const std::string_view before = text.substr(0, slash);
  const auto behind = digits_in(text.substr(slash + 1));
  const bool pairs = digits_in(before.substr(before.rfind('/') + 1)) <= 2;
  return digits_in(before) >= 6 && (behind == 1 || (behind == 2 && !pairs));
}

// "0574 123456 int. 12", "…x12", "…#12".
bool has_extension(std::string_view text) {
  const auto mark = text.find_first_of("#xX");
  if (mark != std::string_view::npos && mark > 0) return true;
  std::string lower;
  for (const char c : text) lower += is_letter(c) ? static_cast<char>(c | 0x20) : c;
  for (const std::string_view word : {"int", "ext", "int.", "durchwahl"}) {
    const auto at = lower.find(word);
    if (at != std::string::npos && at > 0) return true;
  }
  return false;
}

// Italy has no national prefix that would have to be recognised and taken away, so its numbers need
// no parsing, which is a good third of the cost of a list. False: some other country's.
bool as_italian(const std::string& dialled, bool international, const std::string& region,
                i18n::phonenumbers::PhoneNumber& number) {
  std::string_view digits = dialled;
  if (international) {
    if (digits.substr(0, 3) != "+39") return false;
    digits.remove_prefix(3);
  } else if (region != "IT") {
    return false;
  }
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  std::uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  number.set_country_code(39);
  number.set_national_number(value);
  if (zeros > 0) number.set_italian_leading_zero(true);
  if (zeros > 1) number.set_number_of_leading_zeros(static_cast<int>(zeros));
  return digits.size() > 2;
}

// Inmarsat, universal personal numbers, and the networks of no country (ITU-T E.164): what a call
// there costs nobody expects.
bool is_satellite(int country_code) {
  return country_code == 870 || country_code == 878 || (country_code >= 881 && country_code <= 883);
}
constexpr int international_premium = 979;

std::optional<Refusal> parse_by_library(const std::string& dialled, const std::string& region,
                                        i18n::phonenumbers::PhoneNumber& number) {
  number.Clear();
  switch (library().Parse(dialled, region, &number)) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
      return std::nullopt;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return refusal("unknown_country_code", "no country has this country code");
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
      return refusal("too_short", "the number is too short");
    case PhoneNumberUtil::TOO_LONG_NSN:
      return refusal("too_long", "the number is too long");
    case PhoneNumberUtil::NOT_A_NUMBER:
    default:
      return refusal("not_a_number", "this is not a phone number");
  }
}

}  // namespace

bool is_e164(std::string_view text) {
  if (text.size() < 8 || text.size() > e164_digits_max + 1) return false;
  if (text[0] != '+' || text[1] == '0') return false;
  for (const char c : text.substr(1)) {
    if (!is_digit(c)) return false;
  }
  return true;
}

bool is_phone_region(const std::string& region) {
  static const std::set<std::string> regions = [] {
    std::set<std::string> all;
    library().GetSupportedRegions(&all);
    return all;
  }();
  return regions.count(region) != 0;
}

std::string calling_code_of(const std::string& region) {
  const int code = library().GetCountryCodeForRegion(region);
  return code == 0 ? std::string{} : std::to_string(code);
}

std::string example_number_of(const std::string& region) {
  i18n::phonenumbers::PhoneNumber number;
  std::string text;
  if (library().GetExampleNumber(region, &number)) {
    library().Format(number, PhoneNumberUtil::E164, &text);
  }
  return text;
}

Refusal decimal_number() {
  return refusal(
      "decimal",
      "the column was saved as decimal numbers, leading zeros are lost; save it as text");
}

Result<PhoneNumber, Refusal> parse_phone_number(std::string_view text, const std::string& region) {
  // An apostrophe in front is how one tells a spreadsheet to leave a number alone.
  if (!text.empty() && text.front() == '\'') text.remove_prefix(1);
  text = trimmed(text);
  if (!text.empty() && is_decimal_number(text)) {
    return decimal_number();
  }

  std::string dialled;  // digits, and '+' in front
  dialled.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (is_digit(c) || (c == '+' && dialled.empty())) {
      dialled += c;
      ++i;
    } else if (const std::size_t length = separator_length(text.substr(i)); length != 0) {
      i += length;
    } else if (is_scientific(text)) {
      return refusal("scientific_notation",
                     "the number is in scientific notation, digits are lost; format the column as "
                     "text in the spreadsheet, enter the number again and save again");
    } else if (has_extension(text)) {
      return refusal("extension",
                     "the number has an extension, which cannot be dialled; give the "
                     "direct number");
    } else if (is_letter(c)) {
      return refusal("letters",
                     "there are letters in the number; only digits, a leading + and "
                     "blanks . / - ( ) are read");
    } else {
      return refusal("not_a_number", "this is not a phone number");
    }
  }
  if (dialled.empty()) return refusal(no_number, "there is no phone number");
  if (is_several_numbers(text)) {
    return refusal("several_numbers",
                   "there is more than one number in the cell; give the one that is to be called");
  }
  if (dialled.compare(0, 2, "00") == 0) dialled.replace(0, 2, "+");
  const bool international = dialled.front() == '+';
  const std::size_t digits = dialled.size() - (international ? 1 : 0);
  if (digits == 0) return refusal("not_a_number", "this is not a phone number");
  if (digits > e164_digits_max) {
    return refusal("too_long",
                   "the number has more than 15 digits; is there more than one number "
                   "in the cell?");
  }
  if (!international) {
    if (digits >= 3 && digits <= short_number_digits_max) {
      return refusal("short_number",
                     "this is a short number (a service or an emergency number); it is not called");
    }
    if (region.empty()) {
      return refusal("no_country_code",
                     "the number has no country code; write it with +, or name the country in "
                     "contacts.region");
    }
  }

  i18n::phonenumbers::PhoneNumber number;
  PhoneNumberUtil::PhoneNumberType type = PhoneNumberUtil::UNKNOWN;
  if (as_italian(dialled, international, region, number)) type = library().GetNumberType(number);
  if (type == PhoneNumberUtil::UNKNOWN) {
    if (auto refused = parse_by_library(dialled, international ? "ZZ" : region, number)) {
      return std::move(*refused);
    }
    type = library().GetNumberType(number);
  }
  if (is_satellite(number.country_code())) {
    return refusal("satellite",
                   "this is a number of a satellite or worldwide service; it is not called");
  }
  // A number of no known type is one that the library calls invalid.
  if (type == PhoneNumberUtil::UNKNOWN) {
    switch (library().IsPossibleNumberWithReason(number)) {
      case PhoneNumberUtil::TOO_SHORT:
      case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
        return refusal("too_short", "the number is too short for its country");
      case PhoneNumberUtil::TOO_LONG:
        return refusal("too_long", "the number is too long for its country");
      case PhoneNumberUtil::IS_POSSIBLE:
      case PhoneNumberUtil::INVALID_COUNTRY_CODE:
      case PhoneNumberUtil::INVALID_LENGTH:
      default:
        return refusal("not_in_use", "no such number is given out in its country");
    }
  }
  if (type == PhoneNumberUtil::PREMIUM_RATE || number.country_code() == international_premium) {
    return refusal("premium_rate", "this is a premium-rate number; it is not called");
  }
  if (type == PhoneNumberUtil::SHARED_COST) {
    return refusal("shared_cost", "this is a number of shared cost; it is not called");
  }
  if (type == PhoneNumberUtil::VOICEMAIL) {
    // In Italy a mobile number with one or two digits too many has the form of its mailbox.
    return refusal("voicemail", "this is the number of a mailbox, or has a digit too many");
  }

  PhoneNumber result;
  library().Format(number, PhoneNumberUtil::E164, &result.e164);
  if (result.e164.compare(0, 3, "+39") == 0 && result.e164.compare(0, 8, "+3906698") != 0) {
    result.country = "IT";  // the Vatican has the rest of +39
  } else {
    library().GetRegionCodeForNumber(number, &result.country);
  }
  if (result.country == "001" || result.country == "ZZ") result.country.clear();
  if (!is_e164(result.e164)) return refusal("too_long", "the number is too long");
  return result;
}

std::uint64_t digits_of(std::string_view e164) {
  std::uint64_t digits = 0;
  if (!e164.empty()) std::from_chars(e164.data() + 1, e164.data() + e164.size(), digits);
  return digits;
}

}  // namespace campaigns
