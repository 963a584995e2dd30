#include "campaigns/templates.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(templates)

using namespace campaigns;

BOOST_AUTO_TEST_CASE(values_go_into_their_places) {
  const auto value_of = [](std::string_view name) -> std::string_view {
    if (name == "Nome") return "Zoë";
    if (name == "Data visita") return "30/03";
    return "";
  };
  BOOST_TEST(render_template("Ciao {{Nome}}!", value_of) == "Ciao Zoë!");
  BOOST_TEST(render_template("{{ Data visita }}{{Nome}}", value_of) == "30/03Zoë");
  BOOST_TEST(render_template("{{niente}}.", value_of) == ".");
  BOOST_TEST(render_template("{uno} }} {", value_of) == "{uno} }} {");
  BOOST_TEST(render_template("", value_of) == "");
}

BOOST_AUTO_TEST_CASE(values_are_data_and_never_templates) {
  const auto value_of = [](std::string_view name) -> std::string_view {
    return name == "a" ? "{{b}}" : "secret";
  };
  BOOST_TEST(render_template("{{a}}", value_of) == "{{b}}");
}

BOOST_AUTO_TEST_CASE(control_characters_of_values_become_blanks) {
  const auto value_of = [](std::string_view) -> std::string_view {
    return "a\nb\x01\x7F\xC2\x85"
           "c\xC3\xA8";
  };
  BOOST_TEST(render_template("{{x}}", value_of) == "a b   c\xC3\xA8");
}

BOOST_AUTO_TEST_CASE(names_are_found_in_order_each_once) {
  const std::vector<std::string> expected{"b", "Data visita"};
  BOOST_TEST(names_in_template("{{b}} {{ Data visita }} {{b}}") == expected,
             boost::test_tools::per_element());
  BOOST_TEST(names_in_template("no {places} here").empty());
}

BOOST_AUTO_TEST_CASE(faults_say_where) {
  BOOST_TEST(template_fault("fine {{a}} and { alone }") == "");
  BOOST_TEST(template_fault("è {{a") == "unclosed {{ at character 3");
  BOOST_TEST(template_fault("{{a {{b}}") == "unclosed {{ at character 1");
  BOOST_TEST(template_fault("a}}") == "}} without {{ at character 2");
  BOOST_TEST(template_fault("{{ }}") == "no name between {{ and }} at character 1");
}

BOOST_AUTO_TEST_SUITE_END()
