#include "campaigns/phone_number.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(phone_number)

using namespace campaigns;

BOOST_AUTO_TEST_CASE(numbers_are_read_as_people_write_them) {
  struct Case {
    const char* text;
    const char* e164;
    const char* country;
  };
  const Case cases[] = {
      {"+39 333 1234567", "+393331234567", "IT"},
      {"0039 333 1234567", "+393331234567", "IT"},
      {"333/1234567", "+393331234567", "IT"},
      {"333.123.45.67", "+393331234567", "IT"},
      {"333.123.45.00", "+393331234500", "IT"},
      {"333/123/45/67", "+393331234567", "IT"},
      {"0574/123456", "+390574123456", "IT"},
      {"0033 6/12/34/56/78", "+33612345678", "FR"},
      {"333-123-4567", "+393331234567", "IT"},
      {"(+39) 333 1234567", "+393331234567", "IT"},
      {"06 4991 2345", "+390649912345", "IT"},
      {"(02) 1234 5678", "+390212345678", "IT"},
      {"'3331234567", "+393331234567", "IT"},
      {"333\xC2\xA0"
       "1234567",
       "+393331234567", "IT"},
      {"333\xE2\x80\x91"
       "1234567",
       "+393331234567", "IT"},
      {"\xE2\x80\xAA+393331234567\xE2\x80\xAC", "+393331234567", "IT"},
      {"+44 20 7946 0958", "+442079460958", "GB"},
      {"+1 (212) 555-0123", "+12125550123", "US"},
      {"0041 79 123 45 67", "+41791234567", "CH"},
  };
  for (const Case& c : cases) {
    const auto number = parse_phone_number(c.text, "IT");
    BOOST_TEST_CONTEXT(c.text) {
      BOOST_TEST_REQUIRE(number.ok());
      BOOST_TEST(number.value().e164 == c.e164);
      BOOST_TEST(number.value().country == c.country);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_called_is_refused_with_a_reason) {
  struct Case {
    const char* text;
    const char* region;
    const char* code;
  };
  const Case cases[] = {
      {"", "IT", "empty_number"},
      {" - ", "IT", "empty_number"},
      {"3,93E+11", "IT", "scientific_notation"},
      {"3.93333E+11", "IT", "scientific_notation"},
      {"3,93e11", "IT", "scientific_notation"},
      {"3331234567.0", "IT", "decimal"},
      {"+393331234567.0", "IT", "decimal"},
      {"1701234567.0", "DE", "decimal"},
      {" 3331234567,00 ", "IT", "decimal"},
      {"055 123456/7", "IT", "several_numbers"},
      {"055 123456 / 78", "IT", "several_numbers"},
      {"0574/123456/7", "IT", "several_numbers"},
      {"333-1234567/8", "IT", "several_numbers"},
      {"non ha telefono", "IT", "letters"},
      {"333 1234567 casa", "IT", "letters"},
      {"06 4991 2345 int. 12", "IT", "extension"},
      {"+44 20 7946 0958 x12", "IT", "extension"},
      {"112", "IT", "short_number"},
      {"1522", "IT", "short_number"},
      {"12", "IT", "too_short"},
      {"+39 333 12", "IT", "too_short"},
      {"333 1234567 / 06 49912345", "IT", "too_long"},
      {"333123456789", "IT", "voicemail"},
      {"33312345678901", "IT", "too_long"},
      {"333 1234567", "", "no_country_code"},
      {"+999 1234567", "IT", "unknown_country_code"},
      {"+1 000 555 0123", "IT", "not_in_use"},
      {"899 123 456", "IT", "premium_rate"},
      {"+", "IT", "not_a_number"},
      {"333?1234567", "IT", "not_a_number"},
      {"tel=333*", "IT", "letters"},
  };
  for (const Case& c : cases) {
    const auto number = parse_phone_number(c.text, c.region);
    BOOST_TEST_CONTEXT(c.text) {
      BOOST_TEST_REQUIRE(!number.ok());
      BOOST_TEST(number.error().code == c.code);
      BOOST_TEST(!number.error().text.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_never_repeats_the_number) {
  for (const char* text : {"333123456789", "333 1234567 casa", "3,93E+11", "899 123 456",
                           "3331234567.0", "055 333123/7"}) {
    const auto number = parse_phone_number(text, "IT");
    BOOST_TEST_REQUIRE(!number.ok());
    BOOST_TEST(number.error().text.find("333123") == std::string::npos);
    BOOST_TEST(number.error().text.find("899") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(regions_and_e164_shapes_are_known) {
  BOOST_TEST(is_phone_region("IT"));
  BOOST_TEST(!is_phone_region("it"));
  BOOST_TEST(!is_phone_region("XX"));
  BOOST_TEST(is_e164("+390220527877"));
  for (const char* text :
       {"390220527877", "+0390220527", "+39 022052", "+1234567890123456", "+39"}) {
    BOOST_TEST(!is_e164(text), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
