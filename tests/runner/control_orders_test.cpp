#include "runner/control_orders.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_SUITE(control_orders)

using namespace campaigns;
using runner::by_number_key;
using runner::control_order;
using runner::read_control_order;

namespace {

// What a command is on the other side of the socket, said again.
std::string there_and_back(const Command& command) {
  const auto said = control_order(command);
  const auto read = read_control_order(said.target, said.body);
  BOOST_TEST_REQUIRE(read.has_value(), said.target);
  BOOST_TEST_REQUIRE(read->ok(), said.target);
  BOOST_TEST((read->value().index() == command.index()), said.target);
  const auto again = control_order(read->value());
  BOOST_TEST(again.target == said.target);
  BOOST_TEST(again.body == said.body);
  return said.target + ' ' + said.body;
}

std::string refusal(std::string_view target, std::string_view body) {
  const auto read = read_control_order(target, body);
  if (!read) return "none";
  return read->ok() ? "taken" : read->error().code;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_order_comes_back_as_it_was_given) {
  BOOST_TEST(there_and_back(PauseCampaign{"note", "lu\"nch"}) ==
             "/campaigns/note/pause {\"reason\":\"lu\\\"nch\"}");
  BOOST_TEST(there_and_back(ResumeCampaign{"note"}) == "/campaigns/note/resume {}");
  // A name that is none goes over the wire in one piece, too.
  BOOST_TEST(control_order(ResumeCampaign{"no te\n"}).target == "/campaigns/no%20te%0A/resume");
  BOOST_TEST(there_and_back(CancelCampaign{"note", ""}) ==
             "/campaigns/note/cancel {\"reason\":\"\"}");
  BOOST_TEST(there_and_back(CancelAll{"wrong list"}) == "/cancel {\"reason\":\"wrong list\"}");
  BOOST_TEST(there_and_back(ForgetNumber{0xabcdef}) ==
             "/forget {\"number_key\":\"0000000000abcdef\"}");
  BOOST_TEST(there_and_back(ForgetExpired{}) == "/forget {}");
  BOOST_TEST(there_and_back(SuppressNumber{0xabcdef, "asked", {}}) ==
             "/numbers/0000000000abcdef/suppress {\"reason\":\"asked\"}");
  BOOST_TEST(there_and_back(SuppressNumber{1, "asked", instant_from_ms(1772438400000)}) ==
             "/numbers/0000000000000001/suppress "
             "{\"reason\":\"asked\",\"until\":\"2026-03-02T08:00:00.000Z\"}");
  BOOST_TEST(there_and_back(UnsuppressNumber{1, "asked"}) ==
             "/numbers/0000000000000001/unsuppress {\"reason\":\"asked\"}");
  BOOST_TEST(there_and_back(ListNumbers{"rpo", {1, 0xabcdef}, {2}}) ==
             "/lists/rpo/numbers {\"off\":[\"0000000000000002\"],\"on\":[\"0000000000000001\","
             "\"0000000000abcdef\"]}");
  BOOST_TEST(there_and_back(
                 LoadSuppressionList{"rpo", instant_from_ms(1772438400000), 3, "d1", "register"}) ==
             "/lists/rpo/loaded {\"as_of\":\"2026-03-02T08:00:00.000Z\",\"digest\":\"d1\","
             "\"numbers\":3,\"reason\":\"register\"}");
  there_and_back(LoadSuppressionList{"rpo", {}, 0, "", ""});
  for (const auto as : {Resolution::placed, Resolution::not_placed, Resolution::redial}) {
    there_and_back(ResolveCall{{"note", 12, 3}, as, "asked"});
  }
  BOOST_TEST(there_and_back(ResolveCall{{"note", 12, 3}, Resolution::redial, "asked"}) ==
             "/calls/note.12.3/resolve {\"as\":\"redial\",\"reason\":\"asked\"}");
}

BOOST_AUTO_TEST_CASE(what_is_no_order_is_refused) {
  BOOST_TEST(refusal("/campaigns", "{}") == "none");
  BOOST_TEST(refusal("/campaigns/note", "{}") == "none");
  BOOST_TEST(refusal("/campaigns/note/explode", "{}") == "none");
  BOOST_TEST(refusal("/calls/note.1.1/explode", "{}") == "none");
  BOOST_TEST(refusal("", "") == "none");
  BOOST_TEST(refusal("/campaigns/note/pause", "[]") == "bad_order");
  BOOST_TEST(refusal("/campaigns/note/pause", "{") == "bad_order");
  BOOST_TEST(refusal("/campaigns/note/pause", "") == "taken");
  // A key that somebody meant to give is never taken for none: that would forget others.
  for (const auto* key : {"\"zz\"", "\"\"", "171", "null", "[]", "{}", "\"ab\""}) {
    BOOST_TEST(refusal("/forget", std::string("{\"number_key\":") + key + '}') == "bad_order", key);
  }
  BOOST_TEST(refusal("/numbers/1/suppress", "{}") == "bad_order");
  BOOST_TEST(refusal("/numbers/0000000000000001/explode", "{}") == "none");
  BOOST_TEST(refusal("/numbers/0000000000000001/suppress", "{\"until\":\"soon\"}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/numbers", "{}") == "taken");
  BOOST_TEST(refusal("/lists/rpo/numbers", "{\"on\":\"0000000000000001\"}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/numbers", "{\"off\":[\"1\"]}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/numbers", "{\"on\":[1]}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/loaded", "{}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/loaded", "{\"numbers\":-1}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/loaded", "{\"numbers\":1,\"as_of\":\"soon\"}") == "bad_order");
  BOOST_TEST(refusal("/lists/rpo/loaded", "{\"numbers\":1}") == "taken");
  BOOST_TEST(refusal("/lists/rpo/explode", "{}") == "none");
  BOOST_TEST(refusal("/calls/note.1/resolve", "{\"as\":\"placed\"}") == "bad_order");
  BOOST_TEST(refusal("/calls/note.1.1/resolve", "{\"as\":\"maybe\"}") == "bad_order");
  BOOST_TEST(refusal("/calls/note.1.1/resolve", "{}") == "bad_order");
}

BOOST_AUTO_TEST_CASE(a_number_is_the_key_that_the_log_has_for_it) {
  const auto told = [](const char* target, const char* body) {
    const auto order = by_number_key({target, body}, [](const std::string& number) {
      return number == "+393471000001" ? campaigns::NumberKey{0xab} : campaigns::NumberKey{0};
    });
    return order ? order->target + ' ' + order->body
                 : order.error().code + ": " + order.error().text;
  };
  BOOST_TEST(told("/suppress", R"({"number":"+39 347 1000001","reason":"asked"})") ==
             "/numbers/00000000000000ab/suppress {\"reason\":\"asked\"}");
  BOOST_TEST(told("/unsuppress", R"({"number":"3471000001","region":"IT","reason":"x"})") ==
             "/numbers/00000000000000ab/unsuppress {\"reason\":\"x\"}");
  BOOST_TEST(told("/forget", R"({"number":"+393471000001"})") ==
             "/forget {\"number_key\":\"00000000000000ab\"}");
  // What names none stays as it is.
  BOOST_TEST(told("/forget", "{}") == "/forget {}");
  // A country is a number's: whoever lost the number on the way asks for nobody.
  for (const char* body : {R"({"region":"IT"})", R"({"region":null})",
                           R"({"region":"IT","number_key":"00000000000000ab"})"}) {
    BOOST_TEST(told("/forget", body) ==
                   "bad_order: \"region\" is the country of a \"number\", which is missing",
               body);
  }
  BOOST_TEST(told("/cancel", R"({"number":"12"})") == "/cancel {\"number\":\"12\"}");
  // A refusal does not say the number.
  for (const char* body : {"[]", "{}", R"({"number":"3471000001"})", R"({"number":"12"})",
                           R"({"number":"3471000001","region":"Italia"})",
                           R"({"number":"+393471000001","number_key":"00000000000000ab"})"}) {
    const auto refused = told("/suppress", body);
    BOOST_TEST(refused.find("bad_order: ") == 0U, refused);
    BOOST_TEST(refused.find("3471000001") == std::string::npos, refused);
  }
}

BOOST_AUTO_TEST_SUITE_END()
