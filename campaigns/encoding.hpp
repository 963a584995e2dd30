#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How the bytes of a contact list become characters. Two encodings are read as they are: UTF-8, and
// Windows-1252, in which Excel saves CSV in western Europe. UTF-16, in which it saves "Unicode
// text", is made UTF-8 first.
namespace campaigns {

enum class Encoding : std::uint8_t { utf8, windows_1252 };

std::string_view name_of(Encoding encoding);  // "utf-8", "windows-1252"

bool is_utf8(std::string_view bytes);
// Appends one character, which is no surrogate and at most U+10FFFF, as UTF-8.
void append_utf8(std::string& out, char32_t character);

// UTF-8 if the bytes are valid UTF-8, else Windows-1252 if no byte is one that Windows-1252 leaves
// undefined (81 8D 8F 90 9D), else nothing.
std::optional<Encoding> detect_encoding(std::string_view bytes);

// Where in `bytes` the first byte lies that is not UTF-8, or that Windows-1252 leaves undefined;
// npos if there is none.
std::size_t first_invalid_utf8(std::string_view bytes);
std::size_t first_undefined_1252(std::string_view bytes);

// Whether bytes that are no UTF-8 as a whole are it but for a few, such as a letter cut in two: a
// letter of two bytes or more comes before the first wrong byte, or there are more of them in all.
bool is_broken_utf8(std::string_view bytes);

// Where bytes that may be Windows-1252 show that they are Mac OS Roman, in which Excel on a Mac
// saves CSV: one that is an accented small letter there and a rare capital, or no letter at all, in
// Windows-1252 stands beside an ASCII letter, and there is none of the bytes (C0 and above) that
// are accented letters in Windows-1252. npos: nowhere.
std::size_t first_mac_letter(std::string_view bytes);

// Whether the bytes begin with the mark of UTF-16, of either order.
bool is_marked_utf16(std::string_view bytes);
// Such bytes as UTF-8, without the mark; nothing where half a letter is missing.
std::optional<std::string> from_marked_utf16(std::string_view bytes);

// Whether there is any byte above 7F; without one the two encodings agree.
bool has_high_byte(std::string_view bytes);

// Appends Windows-1252 bytes as UTF-8; never more than three bytes for one. Undefined bytes become
// U+FFFD.
void append_from_1252(std::string& out, std::string_view bytes);

// Whether UTF-8 text was UTF-8 before, was read as Windows-1252 and encoded again: "Ã¨" for "è",
// "â‚¬" for "€". Looks for what the two- and three-byte forms of western letters, typographic
// marks and the euro sign become, so that words such as "CAFFÈ" in quotation marks are no alarm.
bool is_doubly_encoded(std::string_view utf8);

}  // namespace campaigns
