#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Sound as it goes over both wires: G.711 mu-law, 8 kHz, one channel, no header, as base64
// (protocols.md 5.1, 6.2). It is never decoded, only measured and looked at.
namespace bridge::voice {

inline constexpr std::int64_t audio_bytes_per_ms = 8;

// Base64 with its padding, of any length; nothing that would have to be escaped in JSON.
bool is_audio_text(std::string_view base64);
// Bytes of sound in it. Only for what is_audio_text.
std::size_t audio_bytes(std::string_view base64);

// How loud the loudest of it is, in segments of mu-law, which are 6 dB each: 0 is 48 dB below the
// loudest that there is, the noise of a line, and 7 the loudest. As far as some of its bytes tell,
// spread over all of it, that are looked at. Only for what is_audio_text.
int loudness(std::string_view base64);

// Silence (0xFF), appended to `out` as base64 on its own.
void append_silence(std::string& out, std::chrono::milliseconds length);

}  // namespace bridge::voice
