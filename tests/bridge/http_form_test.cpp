#include "bridge/http/form.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

BOOST_AUTO_TEST_SUITE(http_form)

using namespace bridge::http;

BOOST_AUTO_TEST_CASE(fields_keep_their_order_and_may_repeat) {
  const auto fields = decode_form("b=2&a=1&b=3&c=&d");
  BOOST_REQUIRE(fields.has_value());
  const Fields expected{{"b", "2"}, {"a", "1"}, {"b", "3"}, {"c", ""}, {"d", ""}};
  BOOST_TEST((*fields == expected));
  BOOST_TEST(field(*fields, "b") == "2");
  BOOST_TEST(field(*fields, "B").empty());
}

BOOST_AUTO_TEST_CASE(plus_and_escape_are_both_blanks) {
  const auto fields = decode_form("a+b=c%20d%2B%c3%A8&=x=y&&");
  BOOST_REQUIRE(fields.has_value());
  const Fields expected{{"a b", "c d+\xc3\xa8"}, {"", "x=y"}};
  BOOST_TEST((*fields == expected));
}

BOOST_AUTO_TEST_CASE(what_is_no_escape_is_refused) {
  for (const char* text : {"a=%", "a=%4", "a=%4g", "%zz=a", "a=1&b=%u0041", "a=% 1"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!decode_form(text).has_value());
    }
  }
  BOOST_TEST(decode_form("a=%41")->front().value == "A");
  BOOST_TEST(decode_form("")->empty());
}

BOOST_AUTO_TEST_CASE(fields_have_a_limit) {
  std::string text;
  for (std::size_t i = 0; i < fields_max; ++i) text += "a=&";
  BOOST_TEST(decode_form(text)->size() == fields_max);
  BOOST_TEST(!decode_form(text + "a=").has_value());
}

BOOST_AUTO_TEST_CASE(encoding_is_undone_by_decoding) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const Fields fields{{"name", every_byte}, {every_byte, ""}, {"", "x"}, {"To", "+39 06"}};
  BOOST_TEST((decode_form(encode_form(fields)) == fields));
  BOOST_TEST(encode_form({{"a b", "+/&="}, {"c", "*-._~"}}) == "a+b=%2B%2F%26%3D&c=*-._%7E");
  BOOST_TEST((percent_decode(percent_encode(every_byte)) == every_byte));
  BOOST_TEST(percent_encode("a b/\xc3\xa8~") == "a%20b%2F%C3%A8~");
  BOOST_TEST((percent_decode("a+b%2b") == "a+b+"));
  BOOST_TEST(!percent_decode("%+1").has_value());
}

BOOST_AUTO_TEST_CASE(a_target_is_split_at_its_first_question_mark) {
  BOOST_TEST(split_target("/a/b?c=d?e").path == "/a/b");
  BOOST_TEST(split_target("/a/b?c=d?e").query == "c=d?e");
  BOOST_TEST(split_target("/a").path == "/a");
  BOOST_TEST(split_target("/a").query.empty());
}

BOOST_AUTO_TEST_SUITE_END()
