#include "runner/wire_log.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

BOOST_AUTO_TEST_SUITE(wire_log)

using namespace std::chrono_literals;
using namespace runner;
using bridge::http::Request;
using bridge::http::Response;
using bridge::net::Instant;

namespace {

// Words that must not be kept, whatever the wire says.
const std::string name = "Aurora";
const std::string number = "+390612345678";
const std::string token = "note.3.1.0123456789abcdef0123456789abcdef";

struct Folder {
  std::filesystem::path path{};
  Folder() {
    std::string made = (std::filesystem::temp_directory_path() / "wires-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(made.data()) != nullptr);
    path = made;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string text(const std::string& file) const {
    std::ifstream in(path / file, std::ios::binary);
    std::ostringstream whole;
    whole << in.rdbuf();
    return whole.str();
  }
};

WireLog::ReadToken our_token() {
  return [](std::string_view given) -> std::optional<campaigns::AttemptId> {
    if (given != token) return {};
    return campaigns::AttemptId{"note", 3, 1};
  };
}

const Instant at{std::chrono::milliseconds{1'767'600'000'250}};

void one_webhook(WireLog& wires) {
  Request request{.method = "POST", .target = "/survey-answer/" + token + "/colour/2"};
  request.body = "CallSid=CA00000000000000000000000000000001&CallStatus=in-progress&To=%2B" +
                 number.substr(1) + "&Digits=4&SpeechResult=sono+" + name + "&FromCity=";
  Response response{.status = 200};
  response.body = "<Response><Gather action=\"https://h/survey-answer/" + token +
                  "/colour/3\" hints=\"" + name + "\" timeout=\"6\"><Say language=\"it-IT\">Ciao " +
                  name + "</Say></Gather></Response>";
  wires.webhook(at, at + 3ms, request, response);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_kept_names_nobody_quotes_nobody_and_opens_nothing) {
  Folder folder;
  {
    WireLog wires({folder.path / "L.db"}, our_token());
    one_webhook(wires);
    Request request{.method = "POST", .target = "/2010-04-01/Accounts/AC1/Calls.json"};
    request.headers = {{"Authorization", "Basic c2VjcmV0"}};
    request.body = "To=%2B" + number.substr(1) + "&Url=https%3A%2F%2Fh%2Foutbound-call%2F" + token +
                   "&Timeout=25";
    Response response{.status = 400};
    response.body = R"({"code":21211,"message":"The number )" + number + R"( is not valid"})";
    wires.rest(at, at + 120ms, request, response, "");
  }
  const auto text = folder.text("L.db.wire");
  for (const auto& secret :
       {name, number, number.substr(1), token.substr(9), std::string("c2Vj")}) {
    BOOST_TEST(text.find(secret) == std::string::npos, secret);
  }
  BOOST_TEST(text.find("\"attempt\":\"note.3.1\"") != std::string::npos);
  BOOST_TEST(text.find("To=+*78") != std::string::npos);
  BOOST_TEST(text.find("Digits=(1 byte)") != std::string::npos);
  BOOST_TEST(text.find("CallStatus=in-progress") != std::string::npos);
  BOOST_TEST(text.find("code=21211") != std::string::npos);
  BOOST_TEST(text.find("Timeout=25") != std::string::npos);
  struct stat mode {};
  BOOST_REQUIRE(stat((folder.path / "L.db.wire").c_str(), &mode) == 0);
  BOOST_TEST((mode.st_mode & 0777U) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_document_keeps_its_shape) {
  BOOST_TEST(masked_twiml("<Response><Say voice=\"a\">Ciao</Say><Hangup/></Response>") ==
             "<Response><Say voice=\"a\">(4 bytes)</Say><Hangup/></Response>");
  BOOST_TEST(masked_twiml("<Parameter name=\"from\" value=\"+390612345678\"/>") ==
             "<Parameter name=\"(4 bytes)\" value=\"(13 bytes)\"/>");
  BOOST_TEST(masked_twiml("<Say") == "(4 bytes)");
  BOOST_TEST(masked_twiml("<Say a=\"") == "(8 bytes)");
  BOOST_TEST(masked_twiml("") == "");
}

BOOST_AUTO_TEST_CASE(a_form_of_anybody_s_is_masked_too) {
  BOOST_TEST(masked_form("%2B390612345678=x&To=12") == "*=(1 byte) To=*");
  BOOST_TEST(masked_form("%zz") == "(3 bytes) that are no form");
  BOOST_TEST(masked_url("https://h/call-status/" + token + "?a=b") == "https://h/call-status/*?*");
  // What the carrier is asked for behind it hides no token, and is not worth a line.
  for (const char* again : {"#rc=3&rp=ct,rt,5xx", "#rc=3?x"}) {
    BOOST_TEST(masked_url("https://h/call-status/" + token + again) == "https://h/call-status/*");
  }
  BOOST_TEST(masked_json("[1]") == "(3 bytes)");
  BOOST_TEST(masked_json(R"({"calls":[{},{}],"page":0})") == "page=0 calls=2");
}

BOOST_AUTO_TEST_CASE(what_a_stranger_sends_neither_moves_the_terminal_nor_forges_a_line) {
  Folder folder;
  std::string line;
  WireLog wires({folder.path / "L.db"}, our_token());
  wires.on_line = [&](const std::string& written) { line = written; };
  Request request{.method = "POST", .target = "/call-status/x"};
  request.body =
      "CallSid=CA%1B%5B2J&CallStatus=completed%0A2026-01-05T08%3A00%3A00.250Z+note.3.1&To=%2B39%1Bc"
      "&RecordingUrl=https%3A%2F%2Fh%2F%1B%5D0%3Bx%07&Direction=%C2%9B2J&%1B%5Bm=x&Timeout=25";
  wires.webhook(at, at + 3ms, request, {.status = 403});
  const auto text = wire_text(line);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  BOOST_TEST(lines == 2, text);  // the request, and its answer
  for (const char c : text) BOOST_TEST((c == '\n' || (c >= ' ' && c <= '~')));
  BOOST_TEST(text.find("CallStatus=(43 bytes)") != std::string::npos, text);
  BOOST_TEST(text.find("Timeout=25") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(what_is_full_becomes_the_last_one_and_no_more_is_kept) {
  Folder folder;
  {
    WireLog wires({folder.path / "L.db", 4'000}, our_token());
    for (int i = 0; i < 100; ++i) one_webhook(wires);
    BOOST_TEST(wires.lost() == 0u);
  }
  BOOST_TEST(std::filesystem::file_size(folder.path / "L.db.wire") <= 4'000u);
  BOOST_TEST(std::filesystem::file_size(folder.path / "L.db.wire.1") <= 4'000u);
  BOOST_TEST(wire_files_of(folder.path / "L.db").size() == 2u);
  // It goes on where another run stopped.
  const auto before = std::filesystem::file_size(folder.path / "L.db.wire");
  {
    WireLog wires({folder.path / "L.db"}, our_token());
    one_webhook(wires);
  }
  BOOST_TEST(std::filesystem::file_size(folder.path / "L.db.wire") > before);
}

BOOST_AUTO_TEST_CASE(a_line_can_be_read) {
  Folder folder;
  std::string line;
  WireLog wires({folder.path / "L.db"}, our_token());
  wires.on_line = [&](const std::string& written) { line = written; };
  one_webhook(wires);
  const auto text = wire_text(line);
  BOOST_TEST(
      text.rfind("2026-01-05T08:00:00.250Z note.3.1 < POST /survey-answer/*/colour/2 ", 0) == 0u,
      text);
  BOOST_TEST(text.find("\n    > 200 <Response><Gather action=") != std::string::npos, text);
  BOOST_TEST(wire_text("no line") == "");
}

BOOST_AUTO_TEST_SUITE_END()
