// What any stranger may send to our listener. The parser must not fall over, must refuse for good,
// and must read the same messages however the bytes are cut.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/http/message.hpp"
#include "bridge/http/parser.hpp"

namespace {

using bridge::http::Parser;

void append_message(std::string& story, const std::vector<bridge::http::Header>& headers,
                    const std::string& body) {
  for (const auto& [name, value] : headers) story += name + ": " + value + "\n";
  story += "\n" + body + "\n";
}

// Everything that was read, as one text. `piece_bytes` at a time.
std::string story_of(std::string_view bytes, Parser::Mode mode, std::size_t piece_bytes) {
  Parser::Options options;
  options.mode = mode;
  // Small, so that an input of a few hundred bytes reaches them.
  options.first_line_bytes_max = 64;
  options.header_bytes_max = 256;
  options.headers_max = 8;
  options.body_bytes_max = 128;
  Parser parser(options);
  std::string story;
  while (true) {
    if (parser.state() == Parser::State::complete) {
      story += parser.keep_alive() ? "keep\n" : "close\n";
      if (mode == Parser::Mode::request) {
        const auto request = parser.take_request();
        assert(request.body.size() <= options.body_bytes_max);
        assert(request.headers.size() <= options.headers_max);
        story += request.method + " " + request.target + "\n";
        append_message(story, request.headers, request.body);
      } else {
        const auto response = parser.take_response();
        assert(response.body.size() <= options.body_bytes_max);
        story += std::to_string(response.status) + "\n";
        append_message(story, response.headers, response.body);
      }
      continue;
    }
    if (parser.state() == Parser::State::refused) {
      assert(parser.refusal() != 0);
      return story + "refused " + std::to_string(parser.refusal());
    }
    if (bytes.empty()) break;
    const auto piece = bytes.substr(0, std::min(piece_bytes, bytes.size()));
    const std::size_t used = parser.feed(piece);
    assert(used <= piece.size());
    // A parser that neither moves nor ends would hold its connection for ever.
    assert(used == piece.size() || parser.state() == Parser::State::complete ||
           parser.state() == Parser::State::refused);
    bytes.remove_prefix(used);
  }
  return story;
}

}  // namespace

// The first byte chooses the kind of message and the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  const auto mode = (data[0] & 1) != 0 ? Parser::Mode::response : Parser::Mode::request;
  const std::size_t piece_bytes = 1 + data[0] / 2U;
  assert(story_of(bytes, mode, bytes.size() + 1) == story_of(bytes, mode, piece_bytes));
  return 0;
}
