#include "bridge/rehearsal/wire.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "bridge/http/form.hpp"
#include "bridge/rehearsal/dice.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_wire)

using namespace bridge::rehearsal;

BOOST_AUTO_TEST_CASE(a_form_is_read_with_repeated_and_empty_fields) {
  const auto form = read_form("To=%2B39061&a=1&a=2&empty=&S=S%C3%AC+e%20no&&bare");
  BOOST_REQUIRE(form.has_value());
  BOOST_TEST(form->size() == 6U);
  BOOST_TEST(value_of(*form, "To") == "+39061");
  BOOST_TEST((*form)[2].value == "2");
  BOOST_TEST(find(*form, "empty").has_value());
  BOOST_TEST(!find(*form, "missing").has_value());
  BOOST_TEST(value_of(*form, "S") == "Sì e no");
  BOOST_TEST(find(*form, "bare").has_value());
  BOOST_TEST(!read_form("a=%4").has_value());
  BOOST_TEST(!read_form("a=%zz").has_value());
  BOOST_TEST(!read_form("a=%00").has_value());
}

BOOST_AUTO_TEST_CASE(what_it_writes_the_programs_end_reads) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  const std::string text = write_form({{"k\xc3\xa8y", all}, {"b", ""}});
  const auto read = bridge::http::decode_form(text);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST((*read)[0].value == all);
  BOOST_TEST((*read)[1].name == "b");
}

BOOST_AUTO_TEST_CASE(a_form_that_is_written_oddly_is_the_same_form) {
  const Fields fields{{"CallSid", "CA01"}, {"Said", "sì & no + più"}, {"Empty", ""}};
  Dice dice(1, "form", 0, "odd");
  const std::string odd = write_form_oddly(fields, dice);
  BOOST_TEST(odd != write_form(fields));
  BOOST_TEST(odd.find('+') == std::string::npos);
  const auto read = bridge::http::decode_form(odd);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->size() == fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    BOOST_TEST((*read)[i].name == fields[i].name);
    BOOST_TEST((*read)[i].value == fields[i].value);
  }
}

BOOST_AUTO_TEST_CASE(references_are_resolved_as_the_standard_says) {
  // RFC 3986 section 5.4, as far as http goes.
  const std::string base = "http://a/b/c/d?q";
  const std::pair<const char*, const char*> cases[] = {
      {"g:h", "g:h"},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g"},
      {"?y", "http://a/b/c/d?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"", "http://a/b/c/d?q"},
      {".", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
  };
  for (const auto& [reference, expected] : cases) {
    BOOST_TEST(resolve_url(base, reference) == expected);
  }
  BOOST_TEST(resolve_url("http://a:80", "g") == "http://a:80/g");
  BOOST_TEST(resolve_url("", "/g") == "/g");
}

BOOST_AUTO_TEST_CASE(only_what_a_rehearsal_can_reach_is_a_url) {
  const auto url = read_url("http://localhost:8080/a/b?c=d#rc=3");
  BOOST_REQUIRE(url.has_value());
  BOOST_TEST(url->host == "localhost");
  BOOST_TEST(url->port == 8080U);
  BOOST_TEST(url->target == "/a/b?c=d");
  BOOST_TEST(read_url("http://h")->target == "/");
  BOOST_TEST(read_url("http://h?x")->target == "/?x");
  BOOST_TEST(!url->secure);
  const auto secure = read_url("https://h/a#rc=3");
  BOOST_REQUIRE(secure.has_value());
  BOOST_TEST(secure->secure);
  BOOST_TEST(secure->port == 443U);
  BOOST_TEST(read_url("https://h:8443/a")->port == 8443U);
  BOOST_TEST(read_url("http://[::1]:8080/a")->host == "::1");
  BOOST_TEST(read_url("http://[::1]:8080/a")->port == 8080U);
  BOOST_TEST(read_url("https://[::1]/a")->host == "::1");
  for (const char* text : {"", "h", "/a", "wss://h/", "https://", "http://", "http://:80/",
                           "http://h:/", "http://h:70000/", "http://u@h/", "http://h/a b"}) {
    BOOST_TEST(!read_url(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(json_texts_are_valid_whatever_they_hold) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  all += "\xed\xa0\x80 \xc0\x80 \xf5 Sì \xf0\x9f\x98\x80";
  std::string out;
  append_json_string(out, all);
  const auto read = nlohmann::json::parse(out, nullptr, false);
  BOOST_REQUIRE(read.is_string());
  BOOST_TEST(read.get<std::string>().ends_with("Sì \xf0\x9f\x98\x80"));
}

BOOST_AUTO_TEST_SUITE_END()
