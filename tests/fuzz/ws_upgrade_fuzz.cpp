// A request that wants to become a WebSocket, as any stranger may write it, up to the answer.
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bridge/http/parser.hpp"
#include "bridge/http/writer.hpp"
#include "bridge/ws/upgrade.hpp"

namespace {

namespace http = bridge::http;

// What we answer, somebody else has to be able to read, and nothing may stand behind it.
void check_answer(const http::Response& answer) {
  std::string head;
  if (answer.status == 101) {
    head = bridge::ws::upgrade_head(answer);
  } else {
    assert(answer.status == 400 || answer.status == 405 || answer.status == 426);
    http::write_response(head, answer, {});
  }
  http::Parser parser({.mode = http::Parser::Mode::response, .switching = true});
  [[maybe_unused]] const std::size_t used = parser.feed(head);
  assert(parser.state() == http::Parser::State::complete && used == head.size());
  [[maybe_unused]] const http::Response read = parser.take_response();
  assert(read.status == answer.status);
  assert(read.header("Sec-WebSocket-Accept").size() == (answer.status == 101 ? 28U : 0U));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  http::Parser parser({});
  parser.feed(bytes);
  if (parser.state() != http::Parser::State::complete) return 0;
  const http::Request request = parser.take_request();
  const http::Response answer = bridge::ws::answer_upgrade(request);
  if (answer.status == 101) assert(bridge::ws::asks_for_websocket(request));
  check_answer(answer);
  return 0;
}
