#include "webhook/routes.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(routes)

using webhook::Route;
using webhook::route_of;
using Kind = webhook::Route::Kind;

BOOST_AUTO_TEST_CASE(each_path_of_the_door_is_known) {
  struct Case {
    std::string path{};
    Kind kind = Kind::up;
    std::string token{};
  };
  const std::vector<Case> cases{
      {"/", Kind::up, ""},
      {"/outbound-call", Kind::outside_voice, ""},
      {"/call-status", Kind::outside_status, ""},
      {"/outbound-call/a.1.1-0f", Kind::voice, "a.1.1-0f"},
      {"/call-status/a.1.1-0f", Kind::status, "a.1.1-0f"},
      {"/answering-machine/a.1.1-0f", Kind::answering_machine, "a.1.1-0f"},
      {"/recording/a.1.1-0f", Kind::recording, "a.1.1-0f"},
      {"/stream-status/a.1.1-0f", Kind::stream_status, "a.1.1-0f"},
      {"/after-stream/a.1.1-0f", Kind::after_stream, "a.1.1-0f"},
      {"/after-transfer/a.1.1-0f", Kind::after_transfer, "a.1.1-0f"},
      {"/transfer-status/a.1.1-0f/10", Kind::transfer_status, "a.1.1-0f"},
      {"/media-stream", Kind::media_stream, ""},
      {"/media-stream/", Kind::media_stream, ""},
      {"/fallback/a.1.1-0f", Kind::fallback, "a.1.1-0f"},
      {"/survey-answer/a.1.1-0f/come_sta/12", Kind::answer, "a.1.1-0f"},
  };
  for (const Case& one : cases) {
    const auto route = route_of(one.path);
    BOOST_TEST_CONTEXT(one.path) {
      BOOST_REQUIRE(route.has_value());
      BOOST_TEST((route->kind == one.kind));
      BOOST_TEST(route->token == one.token);
    }
  }
  const auto answer = route_of(cases.back().path);
  BOOST_TEST(answer->question == "come_sta");
  BOOST_TEST(answer->turn == 12U);
  BOOST_TEST(route_of("/survey-answer/t/q/4294967295")->turn == 4294967295U);
  BOOST_TEST(route_of("/transfer-status/t/10")->human == 10U);
}

BOOST_AUTO_TEST_CASE(every_other_path_is_unknown) {
  const std::vector<std::string> paths{
      "",
      "//",
      "/index.html",
      "/outbound-call/",
      "/outbound-call//",
      "/outbound-call/t/",
      "/outbound-call/t/more",
      "/Outbound-Call",
      "/outbound-call/t%2E1",
      "/outbound-call/a b",
      "/outbound-call/" + std::string(webhook::token_bytes_max + 1, 'a'),
      "/call-status/t/1",
      "/answering-machine",
      "/fallback",
      "/after-transfer/t/1",
      "/transfer-status",
      "/transfer-status/t",
      "/transfer-status/t/",
      "/transfer-status/t/0",
      "/transfer-status/t/x",
      "/transfer-status/t/1/2",
      "/survey-answer",
      "/survey-answer/t",
      "/survey-answer/t/q",
      "/survey-answer/t/q/",
      "/survey-answer/t/q/0",
      "/survey-answer/t/q/01",
      "/survey-answer/t/q/-1",
      "/survey-answer/t/q/1x",
      "/survey-answer/t/q/4294967296",
      "/survey-answer/t//1",
      "/survey-answer/t/q/1/",
      "/survey-answer/t/" + std::string(webhook::question_bytes_max + 1, 'q') + "/1",
      "/recording/",
      "/stream-status",
      "/after-stream",
      "/after-transfer",
      "/media-stream//",
      "/media-stream/t",
      "/media-stream/t/",
  };
  for (const std::string& path : paths) {
    BOOST_TEST(!route_of(path).has_value(), path);
  }
}

BOOST_AUTO_TEST_SUITE_END()
