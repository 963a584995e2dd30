// What a carrier, a voice model or any stranger may send over an open WebSocket, to either of our
// ends. The receiver must not fall over, must keep to its limit, and must read the same whatever
// way the bytes are cut.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bridge/ws/receiver.hpp"

namespace {

using bridge::ws::Receiver;

constexpr std::size_t message_bytes_max = 300;

// Everything that was read, as one text. `piece_bytes` at a time.
std::string story_of(std::string bytes, bridge::ws::Role role, std::size_t piece_bytes) {
  Receiver receiver({.role = role,
                     .message_bytes_max = message_bytes_max,
                     .takes_text = true,
                     .takes_binary = role == bridge::ws::Role::client});
  std::string story;
  std::span<char> rest(bytes);
  while (!rest.empty()) {
    std::span<char> piece = rest.first(std::min(piece_bytes, rest.size()));
    rest = rest.subspan(piece.size());
    while (true) {
      const std::size_t before = piece.size();
      const Receiver::Item item = receiver.next(piece);
      if (item.kind == Receiver::Kind::nothing) {
        assert(piece.empty());
        break;
      }
      assert(item.bytes.size() <= message_bytes_max);
      story += std::to_string(static_cast<int>(item.kind)) + " " + std::to_string(item.code) + " ";
      story.append(item.bytes.data(), item.bytes.size());
      story += "\n";
      if (item.kind == Receiver::Kind::fault) {
        assert(item.code == 1002 || item.code == 1003 || item.code == 1007 || item.code == 1009);
        return story;
      }
      assert(piece.size() < before);
    }
  }
  return story;
}

}  // namespace

// The first byte chooses our role and the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(data + 1, data + size);
  const auto role = (data[0] & 1) != 0 ? bridge::ws::Role::client : bridge::ws::Role::server;
  const std::size_t piece_bytes = 1 + data[0] / 2U;
  assert(story_of(bytes, role, bytes.size() + 1) == story_of(bytes, role, piece_bytes));
  return 0;
}
