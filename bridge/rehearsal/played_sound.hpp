#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/rehearsal/sound.hpp"

namespace bridge::rehearsal {

// What the carrier has got to play to the person, and what of it was played (protocols.md 5.2).
// Time is told in bytes. Pure.
class PlayedSound {
 public:
  static constexpr std::size_t bytes_max = std::size_t{10} * 60 * 1'000 * sound_bytes_per_ms;

  // False: it was more than is kept, and the rest of it was thrown away.
  bool add(std::string_view sound);
  void mark(std::string name);
  // What the person hears in the next `bytes` of time: sound, and silence where there is none.
  // Appends to `heard`.
  void play(std::size_t bytes, std::string& heard);
  // Throws away what was not played.
  void clear();
  // Names of the marks that have been reached since the last call; also those that were cleared.
  std::vector<std::string> take_marks();

  bool idle() const { return begin_ == buffer_.size(); }
  // Of the utterance that is being played, or was the last: its label, where the sound has one, and
  // how much of it the person heard.
  const std::string& label() const { return label_; }
  std::uint64_t heard_ms() const { return (played_ - label_at_) / sound_bytes_per_ms; }
  std::uint64_t played_ms() const { return played_ / sound_bytes_per_ms; }

 private:
  void reach_marks();

  std::string buffer_{};
  std::size_t begin_ = 0;     // of what was not played yet
  std::uint64_t added_ = 0;   // bytes that came, but for those that were cleared
  std::uint64_t played_ = 0;  // bytes of sound, silence not among them
  std::deque<std::pair<std::uint64_t, std::string>> marks_{};  // by the byte after which they stand
  std::vector<std::string> reached_{};
  Ear ear_{};  // for the labels
  std::string label_{};
  std::uint64_t label_at_ = 0;
};

}  // namespace bridge::rehearsal
