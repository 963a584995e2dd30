#include "runner/env_file.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(env_file)

namespace {

using Settings = std::map<std::string, std::string>;

void read_as(const std::string& text, const Settings& settings,
             const std::vector<int>& skipped = {}) {
  const auto file = runner::parse_env_file(text);
  BOOST_TEST(file.settings == settings, "settings of: " << text);
  BOOST_TEST(file.skipped == skipped, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_CASE(names_and_values) {
  read_as("SERVER_URL=a.example\nTWILIO_AUTH_TOKEN = t0ken \r\nexport A=b\nC: d\nEMPTY=\n",
          {{"SERVER_URL", "a.example"},
           {"TWILIO_AUTH_TOKEN", "t0ken"},
           {"A", "b"},
           {"C", "d"},
           {"EMPTY", ""}});
  read_as("", {});
  read_as("A=1", {{"A", "1"}});
  read_as("A=1\nA=2\n", {{"A", "2"}});
  read_as(
      "\xEF\xBB\xBF"
      "A=1\n",
      {{"A", "1"}});
  read_as("A=b=c\n", {{"A", "b=c"}});
}

BOOST_AUTO_TEST_CASE(comments) {
  read_as("# A=1\n  # B=2\n\nSERVER_URL=a.example # the tunnel\nA=\"b # c\" # d\nB=# nothing\n",
          {{"SERVER_URL", "a.example"}, {"A", "b # c"}, {"B", ""}});
}

BOOST_AUTO_TEST_CASE(quotes) {
  read_as(R"(A="b c"
B='d "e" \n'
C=`f 'g' "h"`
D="i\nj"
E="k \"l\""
F="m
)",
          {{"A", "b c"},
           {"B", R"(d "e" \n)"},
           {"C", R"(f 'g' "h")"},
           {"D", "i\nj"},
           {"E", R"(k \"l\")"},
           {"F", "\"m"}});
}

BOOST_AUTO_TEST_CASE(a_key_on_several_lines_stands_beside_our_settings) {
  read_as("KEY=\"-----BEGIN\nabc=\n-----END\"\nSERVER_URL=a.example\n???\n",
          {{"KEY", "-----BEGIN\nabc=\n-----END"}, {"SERVER_URL", "a.example"}}, {5});
}

BOOST_AUTO_TEST_CASE(lines_that_set_nothing_are_counted) {
  read_as("just words\nA=1\n=2\nB\nhttp://x\n", {{"A", "1"}}, {1, 3, 4, 5});
}

BOOST_AUTO_TEST_SUITE_END()
