#include "bridge/ws/frame.hpp"

#include <sys/random.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

namespace bridge::ws {
namespace {

constexpr unsigned mask_bit = 0x80;
constexpr unsigned length_bits = 0x7F;

// wslay's reader and writer of one thread. A head is whole before it is read, so nothing stays in
// them from one call to the next, and all connections of a thread share one.
class Heads {
 public:
  std::optional<FrameHead> read(std::span<const char> unmasked_head) {
    if (!context_) make();
    head_ = unmasked_head;
    wslay_frame_iocb frame{};
    // wslay tells a head together with the first bytes of its payload. Those, and the rest after
    // them, are only counted: it never sees any.
    to_count_ = 1;
    ssize_t got = wslay_frame_recv(context_.get(), &frame);
    if (got < 0) {
      context_.reset();  // it stands in the midst of something
      return {};
    }
    const FrameHead read{.final = frame.fin != 0,
                         .reserved = frame.rsv,
                         .opcode = frame.opcode,
                         .length = frame.payload_length};
    std::uint64_t counted = static_cast<std::uint64_t>(got);
    if (read.length - counted > counted_bytes_max) {
      context_.reset();
      return read;
    }
    to_count_ = read.length - counted;
    while (counted < read.length) {
      got = wslay_frame_recv(context_.get(), &frame);
      assert(got > 0);
      counted += static_cast<std::uint64_t>(got);
    }
    return read;
  }

  // The head of a frame that is not masked.
  std::span<const char> write(Opcode opcode, std::uint64_t length) {
    if (!context_) make();
    written_ = 0;
    wslay_frame_iocb frame{};
    frame.fin = 1;
    frame.opcode = static_cast<std::uint8_t>(opcode);
    frame.payload_length = length;
    static const std::uint8_t nothing = 0;
    frame.data = &nothing;  // goes to `on_send` and no further
    frame.data_length = length;
    [[maybe_unused]] const ssize_t sent = wslay_frame_send(context_.get(), &frame);
    assert(sent >= 0 && static_cast<std::uint64_t>(sent) == length);
    return std::span(out_).first(written_);
  }

 private:
  struct Free {
    void operator()(wslay_frame_context* context) const { wslay_frame_context_free(context); }
  };

  // Counting 4 KiB at a time costs more than a new context from here on.
  static constexpr std::uint64_t counted_bytes_max = 256 * 1024;

  void make() {
    const wslay_frame_callbacks calls{
        .send_callback = on_send, .recv_callback = on_receive, .genmask_callback = nullptr};
    wslay_frame_context* made = nullptr;
    if (wslay_frame_context_init(&made, &calls, this) != 0) throw std::bad_alloc();
    context_.reset(made);
  }

  // Asked for a head it gives that; asked for payload it says that there is some, and writes none.
  static ssize_t on_receive(std::uint8_t* into, std::size_t size, int, void* self) noexcept {
    Heads& heads = *static_cast<Heads*>(self);
    if (heads.head_.empty()) {
      const std::uint64_t counted = std::min<std::uint64_t>(size, heads.to_count_);
      heads.to_count_ -= counted;
      return counted == 0 ? -1 : static_cast<ssize_t>(counted);
    }
    std::memcpy(into, heads.head_.data(), heads.head_.size());
    return static_cast<ssize_t>(std::exchange(heads.head_, {}).size());
  }
  static ssize_t on_send(const std::uint8_t* bytes, std::size_t size, int, void* self) noexcept {
    Heads& heads = *static_cast<Heads*>(self);
    if (heads.written_ != 0) return static_cast<ssize_t>(size);
    assert(size <= heads.out_.size());
    std::memcpy(heads.out_.data(), bytes, size);
    heads.written_ = size;
    return static_cast<ssize_t>(size);
  }

  std::unique_ptr<wslay_frame_context, Free> context_{};
  std::span<const char> head_{};
  std::uint64_t to_count_ = 0;
  std::array<char, head_bytes_max> out_{};
  std::size_t written_ = 0;
};

Heads& heads() {
  thread_local Heads of_this_thread;
  return of_this_thread;
}

void fill_with_randomness(std::span<unsigned char> into) {
  while (!into.empty()) {
    const ssize_t got = ::getrandom(into.data(), into.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the system has no random numbers");
    into = into.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

std::size_t head_size(unsigned char second) {
  const unsigned length = second & length_bits;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + extended + ((second & mask_bit) != 0 ? MaskKey{}.size() : 0);
}

std::size_t head_size_for(std::uint64_t length, bool masked) {
  const std::size_t extended = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
  return 2 + extended + (masked ? MaskKey{}.size() : 0);
}

std::optional<FrameHead> read_head(std::span<const char> bytes) {
  assert(bytes.size() >= 2 && bytes.size() <= head_bytes_max);
  std::array<char, head_bytes_max> plain{};
  std::copy(bytes.begin(), bytes.end(), plain.begin());
  const auto second = static_cast<unsigned char>(bytes[1]);
  assert(bytes.size() == head_size(second));
  const bool masked = (second & mask_bit) != 0;
  std::size_t size = bytes.size();
  if (masked) {
    plain[1] = static_cast<char>(second & length_bits);
    size -= MaskKey{}.size();
  }
  auto head = heads().read(std::span(plain).first(size));
  if (!head) return {};
  head->masked = masked;
  if (masked) std::memcpy(head->key.data(), bytes.data() + size, head->key.size());
  return head;
}

std::size_t write_head(char* into, Opcode opcode, std::uint64_t length, const MaskKey* key) {
  const auto head = heads().write(opcode, length);
  std::memcpy(into, head.data(), head.size());
  if (key == nullptr) return head.size();
  into[1] = static_cast<char>(static_cast<unsigned char>(into[1]) | mask_bit);
  std::memcpy(into + head.size(), key->data(), key->size());
  return head.size() + key->size();
}

// Eight bytes at a time.
void apply_mask(std::span<char> bytes, const MaskKey& key, std::uint64_t offset) {
  std::array<unsigned char, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) % key.size()];
  std::uint64_t wide = 0;
  std::memcpy(&wide, turned.data(), sizeof wide);
  std::size_t at = 0;
  for (; at + sizeof wide <= bytes.size(); at += sizeof wide) {
    std::uint64_t part = 0;
    std::memcpy(&part, bytes.data() + at, sizeof part);
    part ^= wide;
    std::memcpy(bytes.data() + at, &part, sizeof part);
  }
  for (std::size_t i = 0; at < bytes.size(); ++at, ++i) {
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ turned[i]);
  }
}

MaskKey random_key() {
  // A call of the system for 64 keys.
  thread_local std::array<unsigned char, 256> store{};
  thread_local std::size_t used = store.size();
  MaskKey key{};
  if (used + key.size() > store.size()) {
    fill_with_randomness(store);
    used = 0;
  }
  std::memcpy(key.data(), store.data() + used, key.size());
  used += key.size();
  return key;
}

bool Utf8Check::feed(std::string_view bytes) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (left_ == 0) {
      std::uint64_t part = 0;
      while (at + sizeof part <= bytes.size()) {
        std::memcpy(&part, bytes.data() + at, sizeof part);
        if ((part & high_bits) != 0) break;
        at += sizeof part;
      }
      if (at == bytes.size()) break;
    }
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (left_ > 0) {
      if (byte < low_ || byte > high_) return false;
      --left_;
      low_ = 0x80;
      high_ = 0xBF;
    } else if (byte < 0x80) {
      continue;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      left_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      left_ = 2;
      if (byte == 0xE0) low_ = 0xA0;   // else it were shorter
      if (byte == 0xED) high_ = 0x9F;  // surrogates
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      left_ = 3;
      if (byte == 0xF0) low_ = 0x90;
      if (byte == 0xF4) high_ = 0x8F;  // beyond U+10FFFF
    } else {
      return false;
    }
  }
  return true;
}

bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace bridge::ws
