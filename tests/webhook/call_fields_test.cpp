#include "webhook/call_fields.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "webhook/characters.hpp"

BOOST_AUTO_TEST_SUITE(call_fields)

using namespace webhook;

BOOST_AUTO_TEST_CASE(a_confidence_is_read_in_thousandths) {
  BOOST_TEST(confidence_thousandths("0.91") == 910);
  BOOST_TEST(confidence_thousandths("0.92914546") == 929);
  BOOST_TEST(confidence_thousandths("0.9996") == 1000);
  BOOST_TEST(confidence_thousandths("0.0") == 0);
  BOOST_TEST(confidence_thousandths("1") == 1000);
  BOOST_TEST(confidence_thousandths("1.0") == 1000);
  BOOST_TEST(confidence_thousandths(".5") == 500);
  BOOST_TEST(confidence_thousandths("0.0004") == 0);
  BOOST_TEST(confidence_thousandths("0.0005") == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_confidence_counts_as_not_given) {
  for (const char* text : {"", ".", "1.1", "2", "-0.5", "+0.5", "0,9", "9e-1", "0x1", "0.9.1",
                           "nan", " 0.9", "99999999999999999999"}) {
    BOOST_TEST(confidence_thousandths(text) == 0, text);
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_are_0) {
  BOOST_TEST(small_number("34") == 34);
  BOOST_TEST(small_number("007") == 7);
  BOOST_TEST(small_number("999999999") == 999'999'999);
  for (const char* text : {"", "-1", "1.5", "1e3", "1000000000", " 1", "x"}) {
    BOOST_TEST(small_number(text) == 0, text);
  }
  BOOST_TEST(sip_code("486") == 486);
  BOOST_TEST(sip_code("99") == 0);
  BOOST_TEST(sip_code("700") == 0);
}

BOOST_AUTO_TEST_CASE(a_call_sid_is_ca_and_32_hexadecimal_digits) {
  const std::string digits = "0123456789abcdefABCDEF0123456789";
  BOOST_TEST(is_call_sid("CA" + digits));
  BOOST_TEST(!is_call_sid(""));
  BOOST_TEST(!is_call_sid("ca" + digits));
  BOOST_TEST(!is_call_sid("AC" + digits));
  BOOST_TEST(!is_call_sid("CA" + digits + "0"));
  BOOST_TEST(!is_call_sid("CA" + digits.substr(1)));
  BOOST_TEST(!is_call_sid("CA" + digits.substr(1) + "g"));
}

BOOST_AUTO_TEST_CASE(keys_with_anything_else_among_them_are_none) {
  BOOST_TEST(keys("12*#AD") == "12*#AD");
  BOOST_TEST(keys("") == "");
  BOOST_TEST(keys("1x2") == "");
  BOOST_TEST(keys("hangup") == "");
  BOOST_TEST(keys(std::string(1000, '1')).size() == keys_max);
}

BOOST_AUTO_TEST_CASE(the_carriers_word_for_who_answered_is_kept_if_it_is_a_word) {
  BOOST_TEST(answered_by("machine_end_beep") == "machine_end_beep");
  BOOST_TEST(answered_by("something_new") == "something_new");
  BOOST_TEST(answered_by("+39333") == "");
  BOOST_TEST(answered_by("Mario") == "");
  BOOST_TEST(answered_by(std::string(33, 'a')) == "");
}

BOOST_AUTO_TEST_CASE(speech_is_cut_between_two_characters) {
  // 999 letters of two bytes and one of one byte before the limit: the next one would straddle it.
  std::string text = "x";
  for (int i = 0; i < 1500; ++i) text += "è";
  const std::string clean = clean_text(text, speech_bytes_max);
  BOOST_TEST(clean.size() == speech_bytes_max - 1);
  BOOST_TEST(text.starts_with(clean));
}

BOOST_AUTO_TEST_CASE(speech_loses_what_json_and_xml_cannot_carry) {
  using std::string_literals::operator""s;
  BOOST_TEST(clean_text("a\0b"s, 100) == "ab");
  BOOST_TEST(clean_text("a\x01\x1f\x0b b\tc\r\n"s, 100) == "a b\tc\r\n");
  BOOST_TEST(clean_text("\xff\xc3(\xe2\x82"s, 100) == "(");
  // Longer than need be: "<" in three and in four bytes.
  BOOST_TEST(clean_text("\xe0\x80\xbc\xf0\x80\x80\xbcx"s, 100) == "x");
  BOOST_TEST(clean_text("\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80x"s, 100) == "x");
  BOOST_TEST(clean_text("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"s, 100) == "\xef\xbf\xbd");
  BOOST_TEST(clean_text("perché 😀 €", 100) == "perché 😀 €");
}

BOOST_AUTO_TEST_SUITE_END()
