#include "bridge/rehearsal/played_sound.hpp"

#include <algorithm>
#include <utility>

namespace bridge::rehearsal {

bool PlayedSound::add(std::string_view sound) {
  const std::size_t waiting = buffer_.size() - begin_;
  const std::size_t taken = std::min(sound.size(), bytes_max - waiting);
  if (begin_ > bytes_max / 4) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  buffer_.append(sound.substr(0, taken));
  added_ += taken;
  return taken == sound.size();
}

void PlayedSound::mark(std::string name) {
  marks_.emplace_back(added_, std::move(name));
  reach_marks();
}

void PlayedSound::reach_marks() {
  while (!marks_.empty() && marks_.front().first <= played_) {
    reached_.push_back(std::move(marks_.front().second));
    marks_.pop_front();
  }
}

void PlayedSound::play(std::size_t bytes, std::string& heard) {
  const std::size_t sounding = std::min(bytes, buffer_.size() - begin_);
  const std::string_view sound = std::string_view(buffer_).substr(begin_, sounding);
  ear_.hear(sound, [this](const Ear::Heard& word) {
    if (!word.label) return;
    label_ = word.text;
    label_at_ = word.begins;
  });
  heard.append(sound);
  heard.append(bytes - sounding, sound_of_silence);
  begin_ += sounding;
  played_ += sounding;
  reach_marks();
  if (idle()) {
    buffer_.clear();
    begin_ = 0;
  }
}

void PlayedSound::clear() {
  added_ = played_;
  buffer_.clear();
  begin_ = 0;
  for (auto& [at, name] : marks_) reached_.push_back(std::move(name));
  marks_.clear();
}

std::vector<std::string> PlayedSound::take_marks() {
  return std::exchange(reached_, {});
}

}  // namespace bridge::rehearsal
