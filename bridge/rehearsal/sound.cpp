#include "bridge/rehearsal/sound.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

#include "bridge/rehearsal/dice.hpp"

namespace bridge::rehearsal {
namespace {

// ---- G.711 ----

constexpr int bias = 0x84;
constexpr int clip = 32'635;

constexpr int expanded(unsigned char code) {
  const unsigned bits = ~static_cast<unsigned>(code) & 0xffU;
  const int exponent = static_cast<int>((bits >> 4U) & 7U);
  const int mantissa = static_cast<int>(bits & 0xfU);
  const int magnitude = (((mantissa << 3) + bias) << exponent) - bias;
  return (bits & 0x80U) != 0 ? -magnitude : magnitude;
}

constexpr std::array<int, 256> linear_table() {
  std::array<int, 256> table{};
  for (std::size_t code = 0; code < table.size(); ++code) {
    table[code] = expanded(static_cast<unsigned char>(code));
  }
  return table;
}
constexpr auto linear = linear_table();

// ---- words in the lowest bits ----
//
//   preamble (32)  head (8: label, goes on, length)  text (8 each)  check (16)
//
// Highest bit first, one bit a sample; the last of them is the last sample of the word. The
// preamble's bytes are in no UTF-8 text, and not in silence, whose bits are ones.
constexpr std::uint32_t preamble = 0xfac0fef9U;
constexpr std::size_t preamble_bits = 32;
constexpr std::size_t text_bytes_max = 63;
constexpr unsigned label_flag = 0x80;
constexpr unsigned goes_on_flag = 0x40;

// CRC-16/CCITT-FALSE.
std::uint16_t check_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffU;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U) & 0xffffU;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

std::string frame_of(std::string_view text, unsigned flags) {
  std::string body;
  body += static_cast<char>(flags | text.size());
  body += text;
  const std::uint16_t check = check_of(body);
  std::string frame;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    frame += static_cast<char>((preamble >> (shift - 8U)) & 0xffU);
  }
  frame += body;
  frame += static_cast<char>(check >> 8U);
  frame += static_cast<char>(check & 0xffU);
  return frame;
}

// Writes a frame into the last samples of a sound that is long enough.
void carry(std::string& sound, std::string_view frame) {
  std::size_t at = sound.size() - frame.size() * 8;
  for (const char byte : frame) {
    for (unsigned bit = 0x80; bit != 0; bit >>= 1U) {
      const bool set = (static_cast<unsigned char>(byte) & bit) != 0;
      const auto code = static_cast<unsigned char>(sound[at]);
      sound[at++] = static_cast<char>((code & 0xfeU) | (set ? 1U : 0U));
    }
  }
}

// ---- a voice ----

constexpr double sample_rate = 8'000;
constexpr std::size_t letter_bytes = 8'000 / 15;
constexpr std::size_t wave_size = 256;
constexpr double floor_level = 40;  // of the noise that a line always has
constexpr std::size_t word_gap_ms = 50;
constexpr std::size_t comma_ms = 160;
constexpr std::size_t sentence_ms = 280;

using Wave = std::array<float, wave_size>;

// One period of a vowel: harmonics, louder near two formants.
Wave wave_of(double pitch, double first_formant, double second_formant) {
  Wave wave{};
  double peak = 0;
  for (int harmonic = 1; harmonic * pitch < 3'400; ++harmonic) {
    const double hertz = harmonic * pitch;
    const auto near = [&](double formant) {
      const double away = (hertz - formant) / 140;
      return 1 / (1 + away * away);
    };
    const double weight = 0.15 / harmonic + near(first_formant) + 0.6 * near(second_formant);
    for (std::size_t i = 0; i < wave_size; ++i) {
      const double phase = static_cast<double>(i) / wave_size * harmonic;
      wave[i] += static_cast<float>(weight * std::sin(2 * std::numbers::pi * phase));
    }
  }
  for (const float value : wave) peak = std::max(peak, std::abs(static_cast<double>(value)));
  for (float& value : wave) value /= static_cast<float>(peak);
  return wave;
}

struct Throat {
  double pitch = 0;
  std::array<Wave, 5> vowels{};  // a e i o u

  explicit Throat(double hertz)
      : pitch(hertz),
        vowels{wave_of(hertz, 750, 1'250), wave_of(hertz, 480, 1'900), wave_of(hertz, 300, 2'300),
               wave_of(hertz, 500, 900), wave_of(hertz, 330, 750)} {}
};

const Throat& throat_of(SpeakingVoice voice) {
  static const Throat low(112);
  static const Throat high(205);
  return voice == SpeakingVoice::low ? low : high;
}

struct Speaker {
  const Throat& throat;
  Dice dice;
  std::string out{};
  double phase = 0;
  double noise = 0;

  double random() { return static_cast<double>(dice.roll() >> 11U) * 0x1p-53 * 2 - 1; }

  void sample(double value) {
    noise = 0.6 * noise + 0.4 * random();
    out += static_cast<char>(mulaw_of(static_cast<int>(std::lround(value + floor_level * noise))));
  }

  void pause(std::size_t ms) {
    for (std::size_t i = 0; i < ms * sound_bytes_per_ms; ++i) sample(0);
  }

  // Letters in pairs are syllables: the loudness swells and falls with each.
  void word(std::string_view letters, double fall) {
    const std::size_t length = std::max<std::size_t>(letters.size(), 2) * letter_bytes;
    const std::size_t syllables = std::max<std::size_t>(letters.size() / 2, 1);
    const std::size_t syllable = length / syllables + 1;
    const double start = throat.pitch * (1.08 + 0.06 * random());
    const double loudness = 7'000 + 1'500 * random();
    for (std::size_t i = 0; i < length; ++i) {
      const double through = static_cast<double>(i) / static_cast<double>(length);
      const double swell = static_cast<double>(i % syllable) / static_cast<double>(syllable);
      const double envelope = 0.35 + 0.65 * std::sin(std::numbers::pi * swell);
      phase += start * (1 - fall * through) / sample_rate * wave_size;
      if (phase >= wave_size) phase -= wave_size;
      const auto letter = static_cast<unsigned char>(letters.empty() ? 'a' : letters[i / syllable]);
      const Wave& wave = throat.vowels[letter % throat.vowels.size()];
      sample(loudness * envelope * static_cast<double>(wave[static_cast<std::size_t>(phase)]));
    }
  }
};

// What is heard of a word's letters: bytes that go on with a UTF-8 letter are none of their own.
std::string letters_of(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) letters += c;
  }
  return letters;
}

// The beginning of a word that fits into a frame, and ends with a whole letter.
std::string_view piece_of(std::string_view word) {
  if (word.size() <= text_bytes_max) return word;
  std::size_t end = text_bytes_max;
  while (end > 1 && (static_cast<unsigned char>(word[end]) & 0xc0U) == 0x80) --end;
  return word.substr(0, end);
}

std::size_t pause_after(std::string_view word) {
  switch (word.back()) {
    case '.':
    case '?':
    case '!':
      return sentence_ms;
    case ',':
    case ';':
    case ':':
      return comma_ms;
    default:
      return word_gap_ms;
  }
}

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

}  // namespace

int linear_of(unsigned char code) {
  return linear[code];
}

unsigned char mulaw_of(int sample) {
  const bool negative = sample < 0;
  const auto magnitude = static_cast<unsigned>(std::min(std::abs(sample), clip) + bias);
  assert(magnitude >= static_cast<unsigned>(bias));
  const unsigned exponent = 24U - static_cast<unsigned>(std::countl_zero(magnitude));
  const unsigned mantissa = (magnitude >> (exponent + 3U)) & 0xfU;
  return static_cast<unsigned char>(~((negative ? 0x80U : 0U) | (exponent << 4U) | mantissa));
}

double power_of(std::string_view sound) {
  double sum = 0;
  for (const char code : sound) {
    const double value = linear[static_cast<unsigned char>(code)];
    sum += value * value;
  }
  return sound.empty() ? 0 : sum / static_cast<double>(sound.size());
}

std::string spoken(std::string_view text, SpeakingVoice voice, std::uint64_t seed,
                   std::string_view label) {
  Speaker speaker{.throat = throat_of(voice), .dice = Dice(seed, text, 0, "voice")};
  std::size_t pause = 0;
  while (true) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    if (text.empty()) break;
    std::size_t end = 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    if (speaker.out.empty() && !label.empty()) {
      const std::string frame = frame_of(label.substr(0, text_bytes_max), label_flag);
      speaker.pause(frame.size());  // as many ms as bytes: 8 samples each
      carry(speaker.out, frame);
    }
    speaker.pause(std::exchange(pause, pause_after(word)));
    unsigned flags = 0;
    while (!word.empty()) {
      const std::string_view piece = piece_of(word);
      word.remove_prefix(piece.size());
      speaker.word(letters_of(piece), pause == sentence_ms ? 0.25 : 0.1);
      carry(speaker.out, frame_of(piece, flags));
      flags = goes_on_flag;
    }
  }
  return std::move(speaker.out);
}

std::string tone(int hertz, std::size_t ms) {
  std::string out;
  out.reserve(ms * sound_bytes_per_ms);
  for (std::size_t i = 0; i < ms * sound_bytes_per_ms; ++i) {
    const double seconds = static_cast<double>(i) / sample_rate;
    out += static_cast<char>(mulaw_of(
        static_cast<int>(std::lround(8'000 * std::sin(2 * std::numbers::pi * hertz * seconds)))));
  }
  return out;
}

void Ear::hear(std::string_view sound, const std::function<void(const Heard&)>& on_heard) {
  for (const char code : sound) {
    const std::uint32_t bit = static_cast<unsigned char>(code) & 1U;
    ++bytes_;
    recent_ = (recent_ << 1U) | bit;
    if (recent_ == preamble) {
      // Also inside a frame: what was cut off has no end of its own.
      in_frame_ = true;
      bits_ = 0;
      frame_.clear();
      began_ = bytes_ - preamble_bits;
      continue;
    }
    if (!in_frame_) continue;
    byte_ = (byte_ << 1U) | bit;
    if (++bits_ < 8) continue;
    bits_ = 0;
    frame_ += static_cast<char>(byte_ & 0xffU);
    const auto head = static_cast<unsigned char>(frame_[0]);
    const std::size_t length = head & text_bytes_max;
    if (frame_.size() < 1 + length + 2) continue;
    in_frame_ = false;
    const std::string_view body = std::string_view(frame_).substr(0, 1 + length);
    const auto high = static_cast<unsigned char>(frame_[1 + length]);
    const auto low = static_cast<unsigned char>(frame_[2 + length]);
    if (check_of(body) != ((static_cast<unsigned>(high) << 8U) | low)) continue;
    on_heard({.text = std::string(body.substr(1)),
              .label = (head & label_flag) != 0,
              .goes_on = (head & goes_on_flag) != 0,
              .begins = began_,
              .ends = bytes_});
  }
}

void append_heard(std::string& text, const Ear::Heard& word) {
  if (!text.empty() && !word.goes_on) text += ' ';
  text += word.text;
}

SpeechDetector::Told SpeechDetector::hear(std::string_view& sound) {
  // 0.5 is a fortieth of full scale: far above a line's noise, far below a voice.
  const double level = 400 + 800 * options_.threshold;
  while (!sound.empty()) {
    const std::size_t taken = std::min(window_bytes - filled_, sound.size());
    std::copy_n(sound.begin(), taken, window_.begin() + static_cast<std::ptrdiff_t>(filled_));
    sound.remove_prefix(taken);
    filled_ += taken;
    if (filled_ < window_bytes) break;
    filled_ = 0;
    const std::uint64_t window = windows_++;
    const bool loud = power_of({window_.data(), window_bytes}) > level * level;
    if (loud) last_loud_ = window;
    if (speaking_) {
      if ((window - last_loud_) * window_ms < options_.silence_ms) continue;
      speaking_ = false;
      loud_ = 0;
      return {Change::stopped, windows_ * window_ms};
    }
    if (!loud) continue;
    if (loud_ == 0 || window - onset_ >= onset_windows) {
      onset_ = window;
      loud_ = 0;
    }
    if (++loud_ < loud_windows) continue;
    speaking_ = true;
    return {Change::started, onset_ * window_ms};
  }
  return {};
}

}  // namespace bridge::rehearsal
