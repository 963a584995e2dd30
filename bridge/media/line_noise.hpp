#pragma once

#include <chrono>
#include <string_view>

// How loud the person's end of a call is beside the noise that it always has. Pure.
namespace bridge::media {

using std::chrono::milliseconds;

// The noise of a line is the least that was heard of it for some seconds: people who talk pause
// between their words, a street or an engine does not. A single piece that is less loud is none: it
// was lost on the way, and something put silence in its place. Told in segments of mu-law, which
// are 6 dB each, from 0 (48 dB below the loudest, a line's own noise) to 7.
class LineNoise {
 public:
  static constexpr milliseconds window{5'000};  // of two, one of them under way
  static constexpr int noise_max = 4;           // no noise is louder than 18 dB below the loudest
  static constexpr int above = 3;               // segments, by which speech is louder

  // The next piece of what came; only for what voice::is_audio_text. True: the noise is louder than
  // it seemed, and may have passed for speech until now.
  bool hear(std::string_view base64, milliseconds length);

  // Of the last piece: no louder than the noise, and so loud that somebody must have spoken. Most
  // pieces of speech are neither: they say nothing.
  bool quiet() const { return level_ <= noise() + (noise() > 0 ? 1 : 0); }
  bool speech() const { return level_ >= noise() + above; }

 private:
  int noise() const;

  static constexpr int loudest = 7;

  int level_ = loudest;         // of the last piece
  int least_ = loudest;         // of two pieces behind each other, in the window under way
  int least_before_ = loudest;  // in the one before it
  milliseconds in_window_{};
};

}  // namespace bridge::media
