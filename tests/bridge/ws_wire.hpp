#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/net/byte_stream.hpp"

// WebSocket frames as the tests write and read them, by hand and with every mistake; nothing of
// bridge/ws is used here.
namespace bridge::testing {

struct Frame {
  bool final = true;
  int reserved = 0;
  int opcode = 1;
  std::string payload{};
  bool masked = false;
  int length_form = 0;  // bytes of extended length: 0 shortest, 2 or 8
  std::optional<std::uint64_t> length_said{};
  std::array<unsigned char, 4> key{0x37, 0xfa, 0x21, 0x3d};

  bool operator==(const Frame&) const = default;
};

inline std::string bytes_of(const Frame& frame) {
  std::string bytes;
  const auto add = [&](std::uint64_t byte) { bytes += static_cast<char>(byte & 0xFF); };
  add((frame.final ? 0x80U : 0U) | static_cast<unsigned>(frame.reserved) << 4U |
      static_cast<unsigned>(frame.opcode));
  const std::uint64_t length = frame.length_said.value_or(frame.payload.size());
  const std::uint64_t mask_bit = frame.masked ? 0x80 : 0;
  int form = frame.length_form;
  if (form == 0 && length > 125) form = length > 0xFFFF ? 8 : 2;
  add(mask_bit | (form == 0 ? length : form == 2 ? 126 : 127));
  for (int byte = form - 1; byte >= 0; --byte) add(length >> (8 * byte));
  if (frame.masked) {
    for (const unsigned char byte : frame.key) add(byte);
  }
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    const auto byte = static_cast<unsigned char>(frame.payload[i]);
    add(frame.masked ? byte ^ frame.key[i % 4] : byte);
  }
  return bytes;
}

inline std::string close_payload(int code, const std::string& reason = {}) {
  std::string payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xFF);
  return payload + reason;
}

// Takes the first whole frame from the front of `bytes`.
inline std::optional<Frame> take_frame(std::string& bytes) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at]));
  };
  if (bytes.size() < 2) return {};
  Frame frame;
  frame.final = (byte(0) & 0x80) != 0;
  frame.reserved = static_cast<int>(byte(0) >> 4 & 7);
  frame.opcode = static_cast<int>(byte(0) & 15);
  frame.masked = (byte(1) & 0x80) != 0;
  std::uint64_t length = byte(1) & 0x7F;
  std::size_t at = 2;
  const std::size_t form = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (bytes.size() < at + form) return {};
  if (form > 0) length = 0;
  for (std::size_t i = 0; i < form; ++i) length = length << 8 | byte(at++);
  frame.key = {};
  if (frame.masked) {
    if (bytes.size() < at + 4) return {};
    for (auto& part : frame.key) part = static_cast<unsigned char>(bytes[at++]);
  }
  if (bytes.size() - at < length) return {};
  frame.payload = bytes.substr(at, length);
  for (std::size_t i = 0; frame.masked && i < length; ++i) {
    frame.payload[i] =
        static_cast<char>(static_cast<unsigned char>(frame.payload[i]) ^ frame.key[i % 4]);
  }
  bytes.erase(0, at + length);
  return frame;
}

// A stream without a socket: a test says what comes, and sees what is written.
struct FakeWire {
  net::ByteStream::Events events{};
  std::string written{};
  std::size_t queued = 0;
  bool refuses = false;  // it takes nothing more
  bool paused = false;
  bool finished = false;
  bool closed = false;
  int writes = 0;

  // In memory of exactly this size and the padding that is promised.
  void deliver(std::string_view bytes) {
    std::string memory(bytes);
    memory.append(net::ByteStream::read_padding, '\0');
    std::vector<char> exact(memory.begin(), memory.end());
    if (!closed && events.on_data) events.on_data({exact.data(), bytes.size()});
  }
  void end(std::error_code error = {}) {
    if (!closed && events.on_end) events.on_end(error);
  }
  void drain() {
    queued = 0;
    if (!closed && events.on_drained) events.on_drained();
  }
};

class FakeStream final : public net::ByteStream {
 public:
  explicit FakeStream(std::shared_ptr<FakeWire> wire) : wire_(std::move(wire)) {}
  ~FakeStream() override { close(); }

  void start(Events events) override {
    wire_->events = std::move(events);
    wire_->paused = false;
  }
  std::unique_ptr<net::Parcel> leave() override { return nullptr; }
  [[nodiscard]] bool write(std::string_view bytes) override {
    if (wire_->refuses || wire_->closed) return false;
    ++wire_->writes;
    wire_->written += bytes;
    return true;
  }
  std::size_t queued() const override { return wire_->queued; }
  void finish() override { wire_->finished = true; }
  void pause_reading() override { wire_->paused = true; }
  void resume_reading() override { wire_->paused = false; }
  void close() override { wire_->closed = true; }
  void reset() override { wire_->closed = true; }
  bool closed() const override { return wire_->closed; }
  std::uint32_t link_id() const override { return 0; }

 private:
  std::shared_ptr<FakeWire> wire_;
};

}  // namespace bridge::testing
