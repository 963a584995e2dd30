#include "bridge/media/line_noise.hpp"

#include <algorithm>
#include <utility>

#include "bridge/voice/audio_text.hpp"

namespace bridge::media {

bool LineNoise::hear(std::string_view base64, milliseconds length) {
  const int noise_before = noise();
  const int level_before = std::exchange(level_, voice::loudness(base64));
  least_ = std::min(least_, std::max(level_, level_before));
  in_window_ += length;
  if (in_window_ < window) return false;
  in_window_ = milliseconds{0};
  least_before_ = std::exchange(least_, loudest);
  return noise() > noise_before;
}

int LineNoise::noise() const {
  return std::min({least_, least_before_, noise_max});
}

}  // namespace bridge::media
