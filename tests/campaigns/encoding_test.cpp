#include "campaigns/encoding.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(encoding)

using namespace campaigns;

namespace {

std::string from_1252(std::string_view bytes) {
  std::string out;
  append_from_1252(out, bytes);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(utf_8_wins_and_windows_1252_is_what_is_left) {
  BOOST_TEST((detect_encoding("plain") == Encoding::utf8));
  BOOST_TEST((detect_encoding("citt\xC3\xA0") == Encoding::utf8));
  BOOST_TEST((detect_encoding("citt\xE0") == Encoding::windows_1252));
  for (const char* undefined : {"\x81\xE0", "\x8D\xE0", "\x8F\xE0", "\x90\xE0", "\x9D\xE0"}) {
    BOOST_TEST(!detect_encoding(undefined).has_value());
  }
}

BOOST_AUTO_TEST_CASE(windows_1252_becomes_utf_8) {
  BOOST_TEST(from_1252("36 \x80, perch\xE9 \x93no\x94") == "36 €, perché “no”");
  BOOST_TEST(from_1252("\x81") == "\xEF\xBF\xBD");
  BOOST_TEST(from_1252("\xFF\xA0") == "ÿ\xC2\xA0");
}

BOOST_AUTO_TEST_CASE(the_first_wrong_byte_is_found) {
  const auto none = std::string_view::npos;
  BOOST_TEST(first_invalid_utf8("aà€😀") == none);
  BOOST_TEST(first_invalid_utf8("ab\xE0 c") == 2U);
  BOOST_TEST(first_invalid_utf8("ab\xC3") == 2U);
  BOOST_TEST(first_invalid_utf8("\xC0\xAF") == 0U);          // overlong
  BOOST_TEST(first_invalid_utf8("a\xED\xA0\x80") == 1U);     // surrogate
  BOOST_TEST(first_invalid_utf8("\xF4\x90\x80\x80") == 0U);  // beyond U+10FFFF
  BOOST_TEST(first_undefined_1252("ab\x8D") == 2U);
  BOOST_TEST(first_undefined_1252("ab\xE8") == none);
  // It agrees with the fast check on everything two bytes long.
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const char bytes[] = {static_cast<char>(first), static_cast<char>(second)};
      const std::string_view text(bytes, 2);
      BOOST_TEST_REQUIRE(is_utf8(text) == (first_invalid_utf8(text) == none));
    }
  }
}

BOOST_AUTO_TEST_CASE(utf_8_with_a_few_wrong_bytes_is_told_from_what_is_none) {
  BOOST_TEST(is_broken_utf8("à\xC3 "));
  BOOST_TEST(is_broken_utf8("\xC3 àè"));
  BOOST_TEST(is_broken_utf8("à\xE8\xE9 \xF2 "));
  BOOST_TEST(!is_broken_utf8("\xC3 à"));
  BOOST_TEST(!is_broken_utf8("citt\xE0 "));
  BOOST_TEST(!is_broken_utf8("città"));
  BOOST_TEST(!is_broken_utf8("plain"));
}

BOOST_AUTO_TEST_CASE(letters_of_mac_os_roman_are_seen_beside_others) {
  const auto none = std::string_view::npos;
  for (const char* letter : {"\x88", "\x8A", "\x8E", "\x98", "\x9A", "\x9F"}) {
    BOOST_TEST(first_mac_letter(std::string("; a") + letter) == 3U);
    BOOST_TEST(first_mac_letter(std::string("; ") + letter + "Z") == 2U);
    BOOST_TEST(first_mac_letter(std::string("; ") + letter + " ") == none);
    BOOST_TEST(first_mac_letter(std::string("a") + letter + " \xC0") == none);
  }
  BOOST_TEST(first_mac_letter("a\x80 \x93n\x94 l\x92oro") == none);
}

BOOST_AUTO_TEST_CASE(utf_16_becomes_utf_8) {
  using namespace std::string_view_literals;
  BOOST_TEST((from_marked_utf16("\xFF\xFE\x61\x00\xE0\x00\xAC\x20"sv) == "aà€"));
  BOOST_TEST((from_marked_utf16("\xFE\xFF\x00\x61\xD8\x3D\xDE\x00"sv) == "a😀"));
  BOOST_TEST((from_marked_utf16("\xFF\xFE"sv) == ""));
  for (const auto broken : {"\xFF\xFE\x61"sv, "\xFE\xFF\xD8\x3D"sv, "\xFE\xFF\xDE\x00"sv,
                            "\xFE\xFF\xD8\x3D\x00\x61"sv}) {
    BOOST_TEST(!from_marked_utf16(broken).has_value());
  }
}

BOOST_AUTO_TEST_CASE(high_bytes_are_seen_wherever_they_stand) {
  for (std::size_t length = 1; length < 40; ++length) {
    std::string text(length, 'a');
    BOOST_TEST_REQUIRE(!has_high_byte(text));
    for (std::size_t i = 0; i < length; ++i) {
      text[i] = '\x80';
      BOOST_TEST_REQUIRE(has_high_byte(text));
      text[i] = 'a';
    }
  }
}

BOOST_AUTO_TEST_CASE(text_that_was_encoded_twice_is_recognised) {
  for (const char* once : {"città", "perché", "sì", "però", "più", "È", "36 €", "“no”", "l’altra",
                           "François", "Müller", "–", "ñ"}) {
    BOOST_TEST(!is_doubly_encoded(once), once);
    BOOST_TEST(is_doubly_encoded(from_1252(once)), once);
  }
}

BOOST_AUTO_TEST_CASE(odd_but_honest_text_is_no_alarm) {
  for (const char* text : {"«CAFFÈ»", "“LUNEDÌ”", "È… forse", "SÃO PAULO", "Â", "Ã", "pâté",
                           "Ångström", "CITTÀ”", "ÄÖÜ", "ÉÉ", "naïve", "Œuvre", "10 °C", "😀"}) {
    BOOST_TEST(!is_doubly_encoded(text), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
