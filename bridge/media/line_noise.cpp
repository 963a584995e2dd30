#include "bridge/media/line_noise.hpp"

#include <algorithm>

#include "bridge/voice/audio_text.hpp"

namespace bridge::media {

void LineNoise::hear(std::string_view base64, milliseconds length) {
  level_ = voice::loudness(base64);
  least_ = std::min(least_, level_);
  in_window_ += length;
  if (in_window_ < window) return;
  in_window_ = milliseconds{0};
  least_before_ = least_;
  least_ = 7;
}

int LineNoise::noise() const {
  return std::min({least_, least_before_, noise_max});
}

}  // namespace bridge::media
