#include "runner/control_routes.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "runner/control_orders.hpp"
#include "runner/metrics.hpp"

BOOST_AUTO_TEST_SUITE(control_routes)

namespace {

using nlohmann::json;
using runner::ControlQuestion;

json described() {
  std::ifstream file(CAMPANILE_SOURCE_DIR "/runner/openapi.json");
  return json::parse(file);
}

// What a $ref leads to, or the value itself.
const json& resolved(const json& whole, const json& value) {
  if (!value.contains("$ref")) return value;
  return whole.at(json::json_pointer(value["$ref"].get<std::string>().substr(1)));
}

// With their types.
std::set<std::string> members_of(const json& whole, const json& operation) {
  std::set<std::string> members;
  if (!operation.contains("requestBody")) return members;
  const auto& body = resolved(whole, operation["requestBody"]);
  const auto& schema = resolved(whole, body["content"]["application/json"]["schema"]);
  BOOST_TEST(schema.at("additionalProperties") == false);
  for (const auto& [name, value] : schema["properties"].items()) {
    members.insert(name + ' ' + value["type"].get<std::string>());
  }
  return members;
}

std::set<std::string> members_of(const runner::ControlRoute& route) {
  std::set<std::string> members;
  for (const auto& member : route.members) {
    const auto* type = member.kind == runner::ControlMember::Kind::text       ? " string"
                       : member.kind == runner::ControlMember::Kind::encoding ? " string"
                       : member.kind == runner::ControlMember::Kind::flag     ? " boolean"
                       : member.kind == runner::ControlMember::Kind::number   ? " integer"
                                                                              : " array";
    members.insert(std::string(member.name) + type);
  }
  return members;
}

const runner::ControlRoute* found(std::string_view method, std::string_view target) {
  return runner::find_control_route(method, target).route;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_description_says_what_the_table_says) {
  const auto whole = described();
  std::set<std::string> told;
  for (const auto& [path, methods] : whole["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      if (method == "parameters") continue;
      told.insert((method == "get" ? "GET " : "POST ") + path);
    }
  }
  std::set<std::string> served;
  std::set<std::string> names;
  for (const auto& route : runner::control_routes()) {
    const std::string path(route.path);
    served.insert(std::string(route.method) + ' ' + path);
    const auto& operation = whole["paths"].at(path).at(route.method == "GET" ? "get" : "post");
    BOOST_TEST(names.insert(operation["operationId"].get<std::string>()).second, path);
    BOOST_TEST(members_of(whole, operation) == members_of(route), path);
    // An empty list of schemes: nobody is asked for the token.
    BOOST_TEST((operation.contains("security") && operation["security"].empty()) == route.open,
               path);
    BOOST_TEST(operation["responses"].contains("401") == !route.open, path);
    BOOST_TEST(operation["responses"].contains("400"), path);
    // What stands in a path's parameter may lead nowhere.
    const bool has_parameter = path.find('{') != std::string::npos;
    BOOST_TEST(operation["responses"].contains("404") == has_parameter, path);
    BOOST_TEST(operation["responses"].contains("413") == (route.method == "POST"), path);
    // Whatever else HTTP refuses: the server's test holds what it sends against what this names.
    BOOST_TEST(operation["responses"]["default"]["$ref"] == "#/components/responses/Refused", path);
    BOOST_TEST(whole["paths"][path].contains("parameters") == has_parameter, path);
  }
  BOOST_TEST(told == served, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_head_of_an_answer_is_asked_for_where_the_answer_is) {
  for (const auto& route : runner::control_routes()) {
    if (route.method != "GET") continue;
    BOOST_TEST((found("HEAD", route.path) == &route), route.path);
    BOOST_TEST(!found("head", route.path), route.path);
  }
  BOOST_TEST(runner::find_control_route("HEAD", "/cancel").allow == "POST");
}

BOOST_AUTO_TEST_CASE(the_reasons_not_to_be_ready_are_the_ones_described) {
  const auto whole = described();
  const auto told = whole["components"]["schemas"]["Ready"]["properties"]["reasons"]["items"]
                         ["properties"]["code"]["enum"]
                             .get<std::vector<std::string>>();
  BOOST_TEST(told == std::vector<std::string>(runner::not_ready_codes.begin(),
                                              runner::not_ready_codes.end()),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_order_of_the_table_is_one_that_is_read) {
  for (const auto& route : runner::control_routes()) {
    if (route.question != ControlQuestion::order) continue;
    auto target = std::string(route.path);
    const std::pair<std::string, std::string> values[] = {{"{campaign}", "note"},
                                                          {"{attempt}", "note.1.1"},
                                                          {"{key}", "0000000000000001"},
                                                          {"{source}", "rpo"}};
    for (const auto& [name, value] : values) {
      if (const auto at = target.find(name); at != std::string::npos) {
        target.replace(at, name.size(), value);
      }
    }
    BOOST_TEST((found("POST", target) == &route), target);
    const auto order =
        runner::by_number_key({target, R"({"number":"+393471000001"})"},
                              [](const std::string&) { return campaigns::NumberKey{1}; });
    BOOST_TEST_REQUIRE(order.ok(), target);
    BOOST_TEST(runner::read_control_order(order->target, order->body).has_value(), target);
  }
}

BOOST_AUTO_TEST_CASE(what_leads_nowhere) {
  const auto other_method = runner::find_control_route("GET", "/campaigns/note/pause");
  BOOST_TEST(!other_method.route);
  BOOST_TEST(other_method.allow == "POST");
  BOOST_TEST(runner::find_control_route("POST", "/status").allow == "GET, HEAD");
  const auto other_path = runner::find_control_route("POST", "/campaigns/note/explode");
  BOOST_TEST(!other_path.route);
  BOOST_TEST(other_path.allow == "");
  for (const auto* target : {"", "/", "/status/", "/status%3Fx=1", "/campaigns/",
                             "/campaigns//pause", "/campaigns/a/b/pause", "/campaigns/a%2fb/pause",
                             "/campaigns/{campaign}/pause", "/pause"}) {
    BOOST_TEST(!found("GET", target), target);
    BOOST_TEST(!found("POST", target), target);
  }
  const auto pause = runner::find_control_route("POST", "/campaigns/a-1/pause");
  BOOST_TEST(pause.route);
  BOOST_TEST(pause.parameter == "a-1");
  BOOST_TEST(pause.allow == "");
  const auto asked = runner::find_control_route("POST", "/campaigns/a-1/pause?x=1/pause");
  BOOST_TEST(asked.route == pause.route);
  BOOST_TEST(asked.parameter == "a-1");
  BOOST_TEST(asked.path == "/campaigns/a-1/pause");
  BOOST_TEST(asked.query == "x=1/pause");
}

BOOST_AUTO_TEST_SUITE_END()
