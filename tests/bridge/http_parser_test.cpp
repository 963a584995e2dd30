#include "bridge/http/parser.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(http_parser)

using bridge::http::Parser;
using bridge::http::Request;
using bridge::http::Response;
using State = Parser::State;

namespace {

std::string operator""_wire(const char* text, std::size_t size) {
  return {text, size};
}

// What a parser made of a whole input: its messages as text, then the refusal or what is open.
struct Outcome {
  std::vector<std::string> messages{};
  int refusal = 0;
  State state = State::idle;
  bool keep_alive = true;  // of the last message
  bool operator==(const Outcome&) const = default;
};

std::string told(const Request& request) {
  std::string text = request.method + " " + request.target;
  for (const auto& header : request.headers) text += "|" + header.name + "=" + header.value;
  return text + "|" + request.body;
}

std::string told(const Response& response) {
  std::string text = std::to_string(response.status);
  for (const auto& header : response.headers) text += "|" + header.name + "=" + header.value;
  return text + "|" + response.body;
}

// Feeds in pieces of `first` bytes and then `rest` bytes each.
Outcome parse(const std::string& wire, std::size_t first, std::size_t rest,
              Parser::Options options = {}) {
  Parser parser(options);
  Outcome outcome;
  std::size_t at = 0;
  std::size_t piece = first;
  while (at < wire.size()) {
    std::string_view bytes = std::string_view(wire).substr(at, piece);
    at += bytes.size();
    piece = rest;
    while (!bytes.empty() && parser.state() != State::refused) {
      bytes.remove_prefix(parser.feed(bytes));
      if (parser.state() == State::complete) {
        outcome.keep_alive = parser.keep_alive();
        outcome.messages.push_back(options.mode == Parser::Mode::request
                                       ? told(parser.take_request())
                                       : told(parser.take_response()));
      }
    }
  }
  outcome.refusal = parser.refusal();
  outcome.state = parser.state();
  return outcome;
}

// The outcome, after checking that it does not depend on how the bytes are cut.
Outcome parse(const std::string& wire, Parser::Options options = {}) {
  const Outcome whole = parse(wire, wire.size(), 1, options);
  const bool byte_by_byte = parse(wire, 1, 1, options) == whole;
  BOOST_TEST(byte_by_byte);
  if (wire.size() < 2000) {
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
      if (parse(wire, cut, wire.size(), options) != whole) {
        BOOST_ERROR("another result when cut at " << cut);
      }
    }
  }
  return whole;
}

const std::string valid = "GET /well HTTP/1.1\r\nHost: a\r\n\r\n";

void check_refused(const std::string& wire, int status) {
  BOOST_TEST_CONTEXT(wire.substr(0, 200)) {
    // A valid request before it passes, and nothing behind it is read.
    const Outcome outcome = parse(valid + wire + valid);
    BOOST_TEST(outcome.refusal == status);
    BOOST_REQUIRE(outcome.messages.size() == 1U);
    BOOST_TEST(outcome.messages.front() == "GET /well|Host=a|");
  }
}

void check_one(const std::string& wire, const std::string& message) {
  BOOST_TEST_CONTEXT(wire.substr(0, 200)) {
    const Outcome outcome = parse(wire);
    BOOST_TEST(outcome.refusal == 0);
    BOOST_REQUIRE(outcome.messages.size() == 1U);
    BOOST_TEST(outcome.messages.front() == message);
    BOOST_TEST((outcome.state == State::idle));
  }
}

std::string post(const std::string& headers, const std::string& rest) {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + rest;
}

Parser::Options responses() {
  return {.mode = Parser::Mode::response};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_valid_request_is_one_message) {
  check_one(valid, "GET /well|Host=a|");
  check_one("\r\n" + valid, "GET /well|Host=a|");
  check_one("GET / HTTP/1.0\r\n\r\n", "GET /|");
  check_one("GET /a?b=%20c&d HTTP/1.1\r\nhOsT:a.example:8080\r\nX-Empty:\r\nX:  y z \t\r\n\r\n",
            "GET /a?b=%20c&d|hOsT=a.example:8080|X-Empty=|X=y z|");
  check_one("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /|Host=[::1]:80|");
  check_one("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "GET /|Host=a|Content-Length=0|");
  check_one("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /|Host=a|");
  check_one(post("Content-Length: 4\r\n", "body"), "POST /p|Host=a|Content-Length=4|body");
  check_one(post("Content-Length: 4\r\n", "a\0\r\n"_wire),
            "POST /p|Host=a|Content-Length=4|a\0\r\n"_wire);
  check_one(post("", ""), "POST /p|Host=a|");
  check_one(post("Transfer-Encoding: chunked\r\n", "4\r\nbody\r\n3\r\n, a\r\n0\r\n\r\n"),
            "POST /p|Host=a|Transfer-Encoding=chunked|body, a");
  check_one(post("transfer-encoding: Chunked\r\n", "0A\r\n0123456789\r\n0\r\n\r\n"),
            "POST /p|Host=a|transfer-encoding=Chunked|0123456789");
  check_one(post("X-Name: caff\xc3\xa8\r\n", ""), "POST /p|Host=a|X-Name=caff\xc3\xa8|");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_read_one_by_one) {
  const std::string wire = valid + post("Content-Length: 2\r\n", "ab") + "\r\n" +
                           post("Transfer-Encoding: chunked\r\n", "1\r\nc\r\n0\r\n\r\n") + valid;
  const Outcome outcome = parse(wire);
  BOOST_REQUIRE(outcome.messages.size() == 4U);
  BOOST_TEST(outcome.messages[1] == "POST /p|Host=a|Content-Length=2|ab");
  BOOST_TEST(outcome.messages[2] == "POST /p|Host=a|Transfer-Encoding=chunked|c");
  BOOST_TEST(outcome.messages[3] == "GET /well|Host=a|");
}

BOOST_AUTO_TEST_CASE(a_request_that_asks_to_upgrade_is_an_ordinary_request) {
  const Outcome outcome = parse(
      "GET /s HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n" + valid);
  BOOST_TEST(outcome.messages.size() == 2U);
}

BOOST_AUTO_TEST_CASE(connections_are_kept_as_the_version_and_the_header_say) {
  BOOST_TEST(parse(valid).keep_alive);
  BOOST_TEST(!parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
  BOOST_TEST(!parse("GET / HTTP/1.0\r\nHost: a\r\n\r\n").keep_alive);
  BOOST_TEST(parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

BOOST_AUTO_TEST_CASE(a_host_is_named_exactly_once) {
  check_refused("GET / HTTP/1.1\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nX: y\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  check_refused("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
}

BOOST_AUTO_TEST_CASE(the_length_of_a_body_is_said_in_one_way) {
  const std::string chunks = "1\r\na\r\n0\r\n\r\n";
  check_refused(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks), 400);
  check_refused(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks), 400);
  check_refused(post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400);
  check_refused(post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400);
  check_refused(post("Content-Length: 1, 1\r\n", "a"), 400);
  check_refused(post("Content-Length: +1\r\n", "a"), 400);
  check_refused(post("Content-Length: -1\r\n", "a"), 400);
  check_refused(post("Content-Length: 0x1\r\n", "a"), 400);
  check_refused(post("Content-Length: 1 1\r\n", "a"), 400);
  check_refused(post("Content-Length:\r\n", ""), 400);
  check_refused(post("Content-Length: 18446744073709551617\r\n", "a"), 400);
  check_refused(post("Transfer-Encoding: gzip\r\n", ""), 501);
  check_refused(post("Transfer-Encoding: identity\r\n", ""), 501);
  check_refused(post("Transfer-Encoding: gzip, chunked\r\n", chunks), 501);
  check_refused(post("Transfer-Encoding: chunked, chunked\r\n", chunks), 400);
  check_refused(post("Transfer-Encoding: xchunked\r\n", chunks), 501);
  check_refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks), 400);
  check_refused(post("Transfer-Encoding : chunked\r\n", chunks), 400);
  check_refused(post("Transfer-Encoding: \x0b"
                     "chunked\r\n",
                     chunks),
                400);
  check_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400);
  check_refused("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", 400);
}

BOOST_AUTO_TEST_CASE(chunks_are_framed_exactly) {
  const std::string head = "Transfer-Encoding: chunked\r\n";
  check_refused(post(head, "1\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1\r\na\n0\r\n\r\n"), 400);
  check_refused(post(head, "1\r\nab\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1\r\na0\r\n\r\n"), 400);
  check_refused(post(head, "0x1\r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "-1\r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "g\r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1;x=y\r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1;x\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1 \r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "11111111111111111\r\na\r\n0\r\n\r\n"), 400);
  check_refused(post(head, "1\r\na\r\n0\r\nTrailer: x\r\n\r\n"), 400);
  check_refused(post(head, "\r\n1\r\na\r\n0\r\n\r\n"), 400);
}

BOOST_AUTO_TEST_CASE(lines_end_in_one_way_and_are_not_folded) {
  check_refused("GET / HTTP/1.1\nHost: a\n\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\n\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\rHost: a\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", 400);
  check_refused("\n" + valid, 400);
  check_refused("\r" + valid, 400);
  check_refused("\r\n\r\n\r\n" + valid, 400);
}

BOOST_AUTO_TEST_CASE(header_lines_hold_only_what_they_may) {
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"_wire, 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"_wire, 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", 400);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa8: b\r\n\r\n", 400);
}

BOOST_AUTO_TEST_CASE(only_origin_form_is_a_target) {
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const char* target :
       {"http://a/", "*", "a", "a:80", "/a#b", "/\xc3\xa8", "//a b", "/a\tb", "?a"}) {
    check_refused("GET " + std::string(target) + rest, 400);
  }
  check_refused("GET /\0a"_wire + rest, 400);
  check_refused("GET  /" + rest, 400);
  check_refused("OPTIONS *" + rest, 400);
  check_refused("CONNECT a:80" + rest, 501);
  check_one("GET //a" + rest, "GET //a|Host=a|");
}

BOOST_AUTO_TEST_CASE(only_versions_1_0_and_1_1_are_spoken) {
  const std::string rest = "\r\nHost: a\r\n\r\n";
  check_refused("GET / HTTP/2.0" + rest, 505);
  check_refused("GET / HTTP/1.2" + rest, 505);
  check_refused("GET / HTTP/0.9" + rest, 505);
  check_refused("GET /" + rest, 505);
  check_refused("GET / HTTP/3.0" + rest, 505);
  check_refused("GET / HTTP/11" + rest, 505);
  check_refused("GET / HTTP/1.10" + rest, 400);
  check_refused("GET / http/1.1" + rest, 400);
  check_refused("GET / HTTP/1.1 " + rest, 400);
  check_refused("GET / HTTP/1.1 x" + rest, 400);
  check_refused("GET / RTSP/1.0" + rest, 400);
  check_refused("GET / ICE/1.0" + rest, 400);
  check_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
}

BOOST_AUTO_TEST_CASE(a_method_nobody_knows_is_told_from_what_is_no_http) {
  const std::string rest = " / HTTP/1.1\r\nHost: a\r\n\r\n";
  check_refused("BREW" + rest, 501);
  check_refused("GETX" + rest, 501);
  check_refused("get" + rest, 400);
  check_refused("\x16\x03\x01\x02"_wire + rest, 400);
  check_refused(" GET" + rest, 400);
  check_refused("SETUP" + rest, 400);  // RTSP's
}

BOOST_AUTO_TEST_CASE(a_request_line_may_have_its_limit_and_not_a_byte_more) {
  const auto line = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  BOOST_TEST(parse(line(4096)).messages.size() == 1U);
  BOOST_TEST(parse(line(4097)).refusal == 414);
  BOOST_TEST(parse(line(100'000)).refusal == 414);
}

BOOST_AUTO_TEST_CASE(headers_may_have_their_limits_and_not_one_more) {
  const auto of_bytes = [](std::size_t bytes) {
    return "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(bytes - 16, 'a') + "\r\n\r\n";
  };
  BOOST_TEST(parse(of_bytes(16 * 1024)).messages.size() == 1U);
  BOOST_TEST(parse(of_bytes(16 * 1024 + 1)).refusal == 431);
  const auto of_lines = [](std::size_t lines) {
    std::string wire = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < lines; ++i) wire += "X: y\r\n";
    return wire + "\r\n";
  };
  BOOST_TEST(parse(of_lines(64)).messages.size() == 1U);
  BOOST_TEST(parse(of_lines(65)).refusal == 431);
  // Blanks that no callback of llhttp shows.
  const std::string blanks = "GET / HTTP/1.1\r\nHost: a\r\nX:" + std::string(20'000, ' ');
  BOOST_TEST(parse(blanks).refusal == 431);
}

BOOST_AUTO_TEST_CASE(a_body_may_have_its_limit_and_not_a_byte_more) {
  const auto plain = [](std::size_t bytes) {
    return post("Content-Length: " + std::to_string(bytes) + "\r\n", std::string(bytes, 'b'));
  };
  BOOST_TEST(parse(plain(64 * 1024)).messages.size() == 1U);
  BOOST_TEST(parse(plain(64 * 1024 + 1)).refusal == 413);
  // Refused by what is announced, not by what has come.
  BOOST_TEST(parse(post("Content-Length: 65537\r\n", "")).refusal == 413);
  BOOST_TEST(parse(post("Transfer-Encoding: chunked\r\n", "10001\r\n")).refusal == 413);
  std::string chunks;
  for (int i = 0; i < 16; ++i) chunks += "1000\r\n" + std::string(0x1000, 'c') + "\r\n";
  BOOST_TEST(parse(post("Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n")).messages.size() ==
             1U);
  BOOST_TEST(parse(post("Transfer-Encoding: chunked\r\n", chunks + "1\r\n")).refusal == 413);
}

BOOST_AUTO_TEST_CASE(a_response_is_read_with_its_length_or_its_chunks) {
  const Outcome outcome = parse(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
      "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
      "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
      responses());
  BOOST_TEST(outcome.refusal == 0);
  BOOST_REQUIRE(outcome.messages.size() == 4U);
  BOOST_TEST(outcome.messages[0] == "200|Content-Length=2|ab");
  BOOST_TEST(outcome.messages[1] == "404|Transfer-Encoding=chunked|c");
  BOOST_TEST(outcome.messages[2] == "204|");
  BOOST_TEST(outcome.messages[3] == "201|Content-Length=0|");
  BOOST_TEST(outcome.keep_alive);
}

BOOST_AUTO_TEST_CASE(a_response_without_a_length_is_complete_when_the_connection_ends) {
  Parser parser(responses());
  parser.feed("HTTP/1.1 200 OK\r\n\r\nall of ");
  parser.feed("it");
  BOOST_TEST((parser.state() == State::body));
  parser.finish();
  BOOST_REQUIRE((parser.state() == State::complete));
  BOOST_TEST(!parser.keep_alive());
  BOOST_TEST(parser.take_response().body == "all of it");
}

BOOST_AUTO_TEST_CASE(a_response_that_is_cut_off_is_refused) {
  for (const char* wire :
       {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"}) {
    Parser parser(responses());
    parser.feed(wire);
    BOOST_TEST((parser.state() != State::complete));
    parser.finish();
    BOOST_TEST((parser.state() == State::refused));
  }
}

BOOST_AUTO_TEST_CASE(the_response_to_head_has_no_body) {
  Parser parser(responses());
  parser.expect_no_body(true);
  const std::string wire = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n";
  BOOST_TEST(parser.feed(wire) == wire.size());
  BOOST_REQUIRE((parser.state() == State::complete));
  BOOST_TEST(parser.keep_alive());
}

BOOST_AUTO_TEST_CASE(a_malformed_response_is_refused) {
  for (const char* wire : {"HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
                           "HTTP/1.1 099 No\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                           "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"}) {
    BOOST_TEST_CONTEXT(wire) {
      const Outcome outcome = parse(wire, responses());
      BOOST_TEST(outcome.refusal != 0);
      BOOST_TEST(outcome.messages.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
