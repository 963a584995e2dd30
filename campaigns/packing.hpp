#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// What there are millions of, as few bytes.
namespace campaigns {

// Unsigned LEB128: seven bits a byte, the last one without the high bit.
inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(0x80 | (value & 0x7f));
    value >>= 7;
  }
  out += static_cast<char>(value);
}
// `at` is moved behind it.
inline std::uint64_t take_varint(const char*& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (!(byte & 0x80)) return value;
  }
}

// Small numbers of either sign as small unsigned ones: 0, -1, 1, -2 … as 0, 1, 2, 3 …
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Runs of bytes, one behind the other in chunks: what is there stays where it is however many come.
class ByteRuns {
 public:
  using Place = std::uint64_t;

  Place append(std::string_view run);
  const char* at(Place place) const {
    return chunks_[place / chunk_bytes].data() + place % chunk_bytes;
  }
  // Whether these bytes stand there.
  bool holds(Place place, std::string_view run) const;
  // Of the run behind the one at `place`, which is `size` bytes long; there must be one.
  Place behind(Place place, std::size_t size) const;

 private:
  // A longer run has a chunk of its own.
  static constexpr std::size_t chunk_bytes = 1 << 16;
  std::vector<std::vector<char>> chunks_{};
};

// Texts of which many are alike, such as what a carrier calls the end of a call: each is kept once
// and a row has its number.
class CommonTexts {
 public:
  void append(std::string& out, const std::string& text);
  std::string take(const char*& at) const;

  // Beyond, and longer ones, stand in the row itself.
  static constexpr std::size_t texts_max = 4096;
  static constexpr std::size_t text_bytes_max = 64;

 private:
  std::vector<std::string> texts_{};
  std::map<std::string, std::uint32_t> numbers_{};
};

// A sid of the carrier's, two capitals and 32 hexadecimal digits (protocols.md 1.1), as 18 bytes;
// whatever else somebody calls one, as it is.
void append_sid(std::string& out, const std::string& sid);
std::string take_sid(const char*& at);

}  // namespace campaigns
