#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// application/x-www-form-urlencoded and percent-encoding.
namespace bridge::http {

struct Field {
  std::string name{};
  std::string value{};
  bool operator==(const Field&) const = default;
};

// In the order of the wire; a name may come more than once.
using Fields = std::vector<Field>;

inline constexpr std::size_t fields_max = 512;

// Nothing for an escape that is none ("%", "%4", "%zz") or more than `fields_max` fields. Empty
// pieces ("a=1&&b=2") are no fields; a piece without "=" is a name with an empty value.
std::optional<Fields> decode_form(std::string_view text);

// Blanks become "+"; everything but letters, digits and "*-._" is escaped.
std::string encode_form(const Fields& fields);

// Value of the first field of this name, compared with case; empty where there is none.
std::string_view field(const Fields& fields, std::string_view name);

// Escapes everything but RFC 3986's unreserved characters, with capital digits. For one segment of
// a path or one value of a query.
std::string percent_encode(std::string_view text);
// Nothing for an escape that is none. "+" stays "+".
std::optional<std::string> percent_decode(std::string_view text);

struct Target {
  std::string_view path{};
  std::string_view query{};  // without its "?"
};

// Splits at the first "?". The views are into `target`.
Target split_target(std::string_view target);

}  // namespace bridge::http
