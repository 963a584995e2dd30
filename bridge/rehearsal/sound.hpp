#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// Speech in G.711 mu-law, 8 kHz, as a telephone carries it: 8 bytes are a millisecond. It sounds
// somewhat like a voice, and carries the words it stands for in the least significant bits of its
// codes, so that whoever really gets the sound can tell what was said, and how much of it. Pure.
namespace bridge::rehearsal {

constexpr std::size_t sound_bytes_per_ms = 8;
constexpr char sound_of_silence = '\xff';

// A code as a sample of 16 bits, and the nearest code of one.
int linear_of(unsigned char code);
unsigned char mulaw_of(int sample);
// Mean of the squares of the samples; 0 for no sound.
double power_of(std::string_view sound);

// Two voices that nobody mixes up.
enum class SpeakingVoice : unsigned char { low, high };

// A text, spoken at about fifteen letters a second, with short pauses at commas and longer ones at
// the ends of sentences, none above 300 ms. The same text, voice and seed give the same bytes.
// Empty for a text without words. `label`, at most 63 bytes, is told to the ear before the first
// word.
std::string spoken(std::string_view text, SpeakingVoice voice, std::uint64_t seed,
                   std::string_view label = {});
// `ms` of one pitch: a machine's beep, a fax.
std::string tone(int hertz, std::size_t ms);

// Finds words in a sound that comes in pieces of any size. A word is heard with its last sample;
// one of which anything was cut off, lost or altered is not heard.
class Ear {
 public:
  struct Heard {
    std::string text{};        // a word with its marks; or the label
    bool label = false;        // of what follows, not a word
    bool goes_on = false;      // belongs to the word before, without a blank
    std::uint64_t begins = 0;  // of a label: where its sound began; bytes since the ear's first
    std::uint64_t ends = 0;
  };

  // Calls `on_heard` for each word, in order.
  void hear(std::string_view sound, const std::function<void(const Heard&)>& on_heard);
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
  std::uint32_t recent_ = ~0U;  // the last 32 bits
  bool in_frame_ = false;
  std::uint32_t byte_ = 0;  // bits of the byte under way, and how many
  int bits_ = 0;
  std::uint64_t began_ = 0;
  std::string frame_{};
};

// Adds a word to a text of words.
void append_heard(std::string& text, const Ear::Heard& word);

// Tells speech from silence by its power alone, as a voice-activity detector does.
class SpeechDetector {
 public:
  struct Options {
    double threshold = 0.5;  // 0 to 1; more: only louder sound is speech
    std::size_t silence_ms = 500;
  };
  enum class Change : unsigned char { none, started, stopped };
  struct Told {
    Change change = Change::none;
    std::uint64_t at_ms = 0;  // since the first sound: speech's first moment, or the end of the
                              // silence that ended it
  };

  explicit SpeechDetector(Options options) : options_(options) {}
  // Takes sound until something changes or there is no more: the rest is left in `sound`.
  Told hear(std::string_view& sound);
  bool speaking() const { return speaking_; }
  std::uint64_t heard_ms() const { return windows_ * window_ms; }

 private:
  static constexpr std::size_t window_ms = 10;
  static constexpr std::size_t window_bytes = window_ms * sound_bytes_per_ms;
  // So much loud sound within so much time is speech and no click.
  static constexpr int loud_windows = 4;
  static constexpr std::uint64_t onset_windows = 8;

  Options options_;
  std::array<char, window_bytes> window_{};
  std::size_t filled_ = 0;
  std::uint64_t windows_ = 0;
  std::uint64_t onset_ = 0;  // the window in which loud sound began
  std::uint64_t last_loud_ = 0;
  int loud_ = 0;  // windows since then
  bool speaking_ = false;
};

}  // namespace bridge::rehearsal
