#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/net/clock.hpp"

// The rehearsal's own reading and writing of forms, URLs, dates, signatures and JSON texts. On
// purpose not the code that the program's end uses: a shared mistake would hide.
namespace bridge::rehearsal {

class Dice;

struct Field {
  std::string name{};
  std::string value{};
};
using Fields = std::vector<Field>;

constexpr std::size_t form_fields_max = 200;

// A form or a query, decoded, in its order. Nothing for a broken escape, a NUL or too many fields.
std::optional<Fields> read_form(std::string_view text);
std::string write_form(const Fields& fields);
// The same form as another writer might put it: "%20" for blanks, escapes in lower case, escapes
// where none is needed.
std::string write_form_oddly(const Fields& fields, Dice& dice);
// The first value of this name; nothing where there is none.
std::optional<std::string_view> find(const Fields& fields, std::string_view name);
// The same, empty where there is none.
std::string_view value_of(const Fields& fields, std::string_view name);

// An absolute http or https URL, cut for sending. Without userinfo, which a rehearsal does not
// send.
struct Url {
  bool secure = false;  // https
  std::string host{};
  std::uint16_t port = 80;
  std::string target{};  // path and query, without the fragment
};
std::optional<Url> read_url(std::string_view text);

// `reference` as seen from the document at `base` (RFC 3986 section 5.2). `base` empty: unchanged.
std::string resolve_url(std::string_view base, std::string_view reference);

// "Tue, 04 Aug 2026 09:15:02 +0000".
std::string rfc2822(net::Instant at);

// "2026-08-04T09:15:02.250Z".
std::string iso8601(net::Instant at);

std::string base64(std::string_view bytes);
// Nothing for what is no base64.
std::optional<std::string> read_base64(std::string_view text);
// What X-Twilio-Signature carries (protocols.md 3.1). `fields` empty for a GET.
std::string signature(std::string_view token, std::string_view url, const Fields& fields);

// Appends a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// `count` lower-case hex digits that follow from seed and name.
std::string hex_from(std::uint64_t seed, std::string_view name, std::uint64_t ordinal,
                     std::size_t count);

}  // namespace bridge::rehearsal
