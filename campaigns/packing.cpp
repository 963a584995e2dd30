#include "campaigns/packing.hpp"

#include <algorithm>

namespace campaigns {

namespace {

// Before a text that stands in the row itself, with its length.
constexpr std::uint64_t in_full = 0;

void append_in_full(std::string& out, std::string_view text) {
  append_varint(out, in_full);
  append_varint(out, text.size());
  out += text;
}

std::string take_in_full(const char*& at) {
  const auto size = take_varint(at);
  std::string text(at, size);
  at += size;
  return text;
}

constexpr std::size_t sid_digits = 32;

// 16 and more: none.
unsigned value_of(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a' + 10);
  return 16;
}

bool is_capital(char letter) {
  return letter >= 'A' && letter <= 'Z';
}

bool is_sid(std::string_view text) {
  return text.size() == 2 + sid_digits && is_capital(text[0]) && is_capital(text[1]) &&
         std::all_of(text.begin() + 2, text.end(), [](char c) { return value_of(c) < 16; });
}

}  // namespace

ByteRuns::Place ByteRuns::append(std::string_view run) {
  if (chunks_.empty() || chunks_.back().size() + run.size() > chunk_bytes) {
    chunks_.emplace_back().reserve(std::max(chunk_bytes, run.size()));
  }
  auto& chunk = chunks_.back();
  const auto place = (chunks_.size() - 1) * chunk_bytes + chunk.size();
  chunk.insert(chunk.end(), run.begin(), run.end());
  return place;
}

bool ByteRuns::holds(Place place, std::string_view run) const {
  const auto& chunk = chunks_[place / chunk_bytes];
  return std::string_view(chunk.data(), chunk.size()).substr(place % chunk_bytes).starts_with(run);
}

ByteRuns::Place ByteRuns::behind(Place place, std::size_t size) const {
  const auto chunk = place / chunk_bytes;
  const bool last = place % chunk_bytes + size == chunks_[chunk].size();
  return last ? (chunk + 1) * chunk_bytes : place + size;
}

void CommonTexts::append(std::string& out, const std::string& text) {
  auto known = numbers_.find(text);
  if (known == numbers_.end()) {
    if (text.size() > text_bytes_max || texts_.size() == texts_max) {
      return append_in_full(out, text);
    }
    texts_.push_back(text);
    known = numbers_.emplace(text, static_cast<std::uint32_t>(texts_.size())).first;
  }
  append_varint(out, known->second);
}

std::string CommonTexts::take(const char*& at) const {
  const auto number = take_varint(at);
  return number == in_full ? take_in_full(at) : texts_[number - 1];
}

void append_sid(std::string& out, const std::string& sid) {
  if (!is_sid(sid)) return append_in_full(out, sid);
  out.append(sid, 0, 2);
  for (std::size_t i = 2; i < sid.size(); i += 2) {
    out += static_cast<char>(value_of(sid[i]) << 4 | value_of(sid[i + 1]));
  }
}

std::string take_sid(const char*& at) {
  if (!is_capital(*at)) {
    take_varint(at);
    return take_in_full(at);
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string sid(at, 2);
  at += 2;
  sid.reserve(2 + sid_digits);
  for (std::size_t i = 0; i < sid_digits / 2; ++i) {
    const auto byte = static_cast<unsigned char>(*at++);
    sid += digits[byte >> 4];
    sid += digits[byte & 15];
  }
  return sid;
}

}  // namespace campaigns
