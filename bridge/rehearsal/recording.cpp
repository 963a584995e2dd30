#include "bridge/rehearsal/recording.hpp"

#include <algorithm>

namespace bridge::rehearsal {
namespace {

constexpr std::uint32_t channels = 2;
constexpr std::uint32_t rate = 8'000;
constexpr std::uint32_t bytes_max = 1U << 30U;  // 18 hours; WAV's own end is at 4 GiB

void append(std::string& out, std::uint32_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(number & 0xffU);
    number >>= 8U;
  }
}

}  // namespace

Recording::Recording(const std::string& path) : file_(path, std::ios::binary | std::ios::trunc) {
  write_header();
}

Recording::~Recording() {
  file_.seekp(0);
  write_header();
}

// RIFF, with the `fact` chunk that a format other than PCM has to have.
void Recording::write_header() {
  constexpr std::uint32_t mulaw = 7;
  constexpr std::uint32_t format_bytes = 18;
  constexpr std::uint32_t head_bytes = 4 + 8 + format_bytes + 8 + 4 + 8;
  std::string head = "RIFF";
  append(head, head_bytes + bytes_, 4);
  head += "WAVEfmt ";
  append(head, format_bytes, 4);
  append(head, mulaw, 2);
  append(head, channels, 2);
  append(head, rate, 4);
  append(head, rate * channels, 4);
  append(head, channels, 2);
  append(head, 8, 2);
  append(head, 0, 2);
  head += "fact";
  append(head, 4, 4);
  append(head, bytes_ / channels, 4);
  head += "data";
  append(head, bytes_, 4);
  file_.write(head.data(), static_cast<std::streamsize>(head.size()));
}

void Recording::add(std::string_view person, std::string_view agent) {
  const std::size_t samples = std::min(person.size(), agent.size());
  if (bytes_ + channels * samples > bytes_max) return;
  std::string both;
  both.reserve(channels * samples);
  for (std::size_t i = 0; i < samples; ++i) {
    both += person[i];
    both += agent[i];
  }
  file_.write(both.data(), static_cast<std::streamsize>(both.size()));
  bytes_ += static_cast<std::uint32_t>(both.size());
}

}  // namespace bridge::rehearsal
