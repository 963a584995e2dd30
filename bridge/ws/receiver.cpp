#include "bridge/ws/receiver.hpp"

#include <algorithm>
#include <utility>

namespace bridge::ws {
namespace {

// Memory of a message that is kept for the next one.
constexpr std::size_t kept_message_bytes_max = 4096;

constexpr unsigned char control_bit = 8;

bool is_control(const FrameHead& head) {
  return (head.opcode & control_bit) != 0;
}

bool is(const FrameHead& head, Opcode opcode) {
  return head.opcode == static_cast<unsigned char>(opcode);
}

Receiver::Item fault(std::uint16_t code) {
  return {.kind = Receiver::Kind::fault, .bytes = {}, .code = code};
}

std::string_view text_of(std::span<char> bytes) {
  return {bytes.data(), bytes.size()};
}

}  // namespace

Receiver::Item Receiver::next(std::span<char>& bytes) {
  if (delivered_) forget_message();
  while (true) {
    if (!in_payload_) {
      const auto wrong = take_head(bytes);
      if (!wrong) return {};
      if (*wrong != 0) return fault(*wrong);
      in_payload_ = true;
      taken_ = 0;
    }
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(head_.length - taken_, bytes.size()));
    const std::span<char> part = bytes.first(size);
    bytes = bytes.subspan(size);
    if (head_.masked) apply_mask(part, head_.key, taken_);
    const bool whole = size == head_.length;
    const std::uint64_t before = taken_;
    taken_ += size;
    const bool ends = taken_ == head_.length;

    if (is_control(head_)) {
      if (!whole) std::copy(part.begin(), part.end(), control_.data() + before);
      if (!ends) return {};
      in_payload_ = false;
      return control(whole ? part : std::span(control_).first(taken_));
    }
    if (kind_ == Kind::text && !utf8_.feed(text_of(part))) return fault(invalid_payload);
    const bool in_place = whole && head_.final && message_.empty();
    if (!in_place) message_.append(part.data(), part.size());
    if (!ends) return {};
    in_payload_ = false;
    if (!head_.final) continue;
    begun_ = false;
    if (kind_ == Kind::text && !utf8_.complete()) return fault(invalid_payload);
    if (in_place) return {.kind = kind_, .bytes = part, .code = 0};
    delivered_ = true;
    const std::size_t length = message_.size();
    message_.append(Connection::padding, '\0');
    return {.kind = kind_, .bytes = std::span(message_).first(length), .code = 0};
  }
}

// Nothing: there is more to come of the head. Else 0, or the code of what is wrong with it.
std::optional<std::uint16_t> Receiver::take_head(std::span<char>& bytes) {
  const auto second = [this] { return static_cast<unsigned char>(head_bytes_[1]); };
  do {
    const std::size_t needed = head_filled_ < 2 ? 2 : head_size(second());
    const std::size_t size = std::min(needed - head_filled_, bytes.size());
    std::copy_n(bytes.begin(), size, head_bytes_.data() + head_filled_);
    head_filled_ += size;
    bytes = bytes.subspan(size);
    if (head_filled_ < needed) return {};
  } while (head_filled_ < head_size(second()));
  const auto head = read_head(std::span(head_bytes_).first(std::exchange(head_filled_, 0)));
  if (!head) return protocol_error;
  head_ = *head;
  return begin_frame();
}

std::uint16_t Receiver::begin_frame() {
  if (head_.reserved != 0) return protocol_error;
  if (head_.masked != (options_.role == Role::server)) return protocol_error;
  if (is_control(head_)) {
    const bool known =
        is(head_, Opcode::close) || is(head_, Opcode::ping) || is(head_, Opcode::pong);
    return known ? 0 : protocol_error;
  }
  if (is(head_, Opcode::continuation)) {
    if (!begun_) return protocol_error;
  } else if (is(head_, Opcode::text) || is(head_, Opcode::binary)) {
    if (begun_) return protocol_error;
    kind_ = is(head_, Opcode::text) ? Kind::text : Kind::binary;
    const bool taken = kind_ == Kind::text ? options_.takes_text : options_.takes_binary;
    if (!taken) return unsupported_data;
    begun_ = true;
    utf8_ = {};
  } else {
    return protocol_error;
  }
  return head_.length > options_.message_bytes_max - message_.size() ? message_too_big : 0;
}

Receiver::Item Receiver::control(std::span<char> payload) const {
  if (is(head_, Opcode::ping)) return {.kind = Kind::ping, .bytes = payload, .code = 0};
  if (is(head_, Opcode::pong)) return {.kind = Kind::pong, .bytes = payload, .code = 0};
  if (payload.empty()) return {.kind = Kind::close, .bytes = {}, .code = no_status};
  if (payload.size() < 2) return fault(protocol_error);
  const auto high = static_cast<unsigned char>(payload[0]);
  const auto low = static_cast<unsigned char>(payload[1]);
  const auto code = static_cast<std::uint16_t>(high << 8U | low);
  if (!is_close_code(code)) return fault(protocol_error);
  const std::span<char> reason = payload.subspan(2);
  Utf8Check utf8;
  if (!utf8.feed(text_of(reason)) || !utf8.complete()) return fault(invalid_payload);
  return {.kind = Kind::close, .bytes = reason, .code = code};
}

void Receiver::forget_message() {
  delivered_ = false;
  if (message_.capacity() > kept_message_bytes_max) {
    message_ = {};
  } else {
    message_.clear();
  }
}

}  // namespace bridge::ws
