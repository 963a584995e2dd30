#include "bridge/media/playback.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "bridge/voice/audio_text.hpp"

namespace bridge::media {
namespace {

using voice::audio_bytes_per_ms;

// A mark that comes back so much later than the clock expects it is as a rule not just on a long
// way: the carrier has stopped playing meanwhile. Where it is so run for run, the way is long.
constexpr milliseconds late_max{400};
constexpr milliseconds way_max{1'500};  // there and back; nobody can talk over a longer one
// Below it, a mark is as late as frames of 20 ms and a busy machine make it.
constexpr milliseconds slack_least{40};

milliseconds length_of(std::int64_t bytes) {
  return milliseconds(bytes / audio_bytes_per_ms);
}

}  // namespace

std::int64_t Playback::by_the_clock(net::Instant now) const {
  const std::int64_t passed = std::max<std::int64_t>((now - run_since_).count(), 0);
  return run_from_ + passed * audio_bytes_per_ms;
}

// What a mark may come later than by its round trip, on a way whose jitter is such.
milliseconds Playback::slack() const {
  return std::clamp(milliseconds(4 * jitter_sixteenths_ / 16), slack_least, late_max);
}

std::int64_t Playback::played(net::Instant now) const {
  if (chunks_.empty()) return sent_;
  // The carrier had not ended this chunk a while ago: it cannot be beyond it by more than that.
  const milliseconds unknown = round_trip_ ? *round_trip_ + slack() : late_max;
  const std::int64_t most = chunks_.front().end + unknown.count() * audio_bytes_per_ms;
  return std::clamp(by_the_clock(now), marked_, std::min(most, sent_));
}

std::string_view Playback::sent(std::string_view item, std::size_t bytes, net::Instant now) {
  if (chunks_.empty() || by_the_clock(now) > sent_) {
    // Behind sound whose marks are out, this may have to wait for what began late.
    run_tells_way_ = chunks_.empty();
    run_from_ = sent_;
    run_since_ = now;
    set_by_mark_ = false;
  }
  if (items_.empty() || items_.back().id != item) {
    items_.push_back({.id = std::string(item), .begin = sent_, .end = sent_});
  }
  sent_ += static_cast<std::int64_t>(bytes);
  items_.back().end = sent_;
  chunks_.push_back({.number = ++chunks_sent_, .end = sent_});

  char* const end = name_.data() + name_.size();
  char* at = std::to_chars(name_.data(), end, generation_).ptr;
  *at++ = ':';
  at = std::to_chars(at, end, chunks_sent_).ptr;
  return {name_.data(), static_cast<std::size_t>(at - name_.data())};
}

void Playback::finished(std::string_view item) {
  for (Item& i : items_) {
    if (i.id == item) i.finished = true;
  }
}

bool Playback::marked(std::string_view name, net::Instant now) {
  std::uint64_t generation = 0;
  std::uint64_t number = 0;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, generation);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') return false;
  const auto second = std::from_chars(first.ptr + 1, end, number);
  if (second.ec != std::errc{} || second.ptr != end || generation != generation_ ||
      chunks_.empty() || number < chunks_.front().number || number > chunks_sent_) {
    return false;
  }
  while (!chunks_.empty() && chunks_.front().number <= number) {
    marked_ = chunks_.front().end;
    chunks_.pop_front();
  }
  compare_with_clock(now);
  return true;
}

// By a clock that no mark has set a mark was so late.
void Playback::learn_way(milliseconds lag) {
  if (run_tells_way_ || lags_.empty()) {
    if (lags_.size() == runs_max) lags_.pop_front();
    lags_.push_back(lag);
    run_tells_way_ = false;
  } else {
    lags_.back() = std::min(lags_.back(), lag);
  }
  const milliseconds least = *std::min_element(lags_.begin(), lags_.end());
  if (least <= late_max || lags_.size() == runs_max) round_trip_ = least;
}

// A mark has come back for all sound up to `marked_`.
void Playback::compare_with_clock(net::Instant now) {
  if (marked_ <= run_from_) return;  // of a run before this one: its clock is no more
  const net::Instant expected = run_since_ + length_of(marked_ - run_from_);
  const auto lag = std::chrono::duration_cast<milliseconds>(now - expected);
  if (!set_by_mark_ && lag.count() >= 0 && lag <= way_max) learn_way(lag);
  const milliseconds off = lag - round_trip_.value_or(milliseconds{0});
  if (off.count() >= 0 && off <= slack()) {
    // As RTP reckons it (RFC 3550, 6.4.1), but the first ones weigh more. A lag that sets the clock
    // is none of the way's jitter.
    if (last_lag_) {
      const std::int64_t difference = std::abs((lag - *last_lag_).count());
      if (differences_ < 16) ++differences_;
      jitter_sixteenths_ += (16 * difference - jitter_sixteenths_) / differences_;
    }
    last_lag_ = lag;
    return;
  }
  // No sound is played faster than it is long: what set the clock before was a mark that was slow.
  if (set_by_mark_ && off.count() < 0) {
    jitter_sixteenths_ = std::max(jitter_sixteenths_, -off.count() * 16 / 2);
  }
  run_from_ = marked_;
  run_since_ = now - round_trip_.value_or(milliseconds{0});
  set_by_mark_ = true;
  last_lag_ = round_trip_;
}

std::vector<Heard> Playback::take_whole() {
  std::vector<Heard> whole;
  while (!items_.empty() && items_.front().finished && items_.front().end <= marked_) {
    const Item& item = items_.front();
    whole.push_back({.item = item.id, .heard = length_of(item.end - item.begin), .whole = true});
    items_.pop_front();
  }
  return whole;
}

std::vector<Heard> Playback::not_whole(net::Instant now) const {
  const std::int64_t position = played(now);
  std::vector<Heard> heard;
  for (const Item& item : items_) {
    const std::int64_t bytes = std::clamp(position, item.begin, item.end) - item.begin;
    const bool whole = item.finished && bytes == item.end - item.begin;
    heard.push_back({.item = item.id, .heard = length_of(bytes), .whole = whole});
  }
  return heard;
}

std::vector<Heard> Playback::clear(net::Instant now) {
  std::vector<Heard> heard = not_whole(now);
  ++generation_;
  items_.clear();
  chunks_.clear();
  sent_ = marked_ = run_from_ = 0;
  run_since_ = now;
  set_by_mark_ = false;
  return heard;
}

net::Instant Playback::ends_at() const {
  return run_since_ + length_of(sent_ - run_from_);
}

milliseconds Playback::ahead() const {
  return length_of(sent_ - marked_);
}

Inbound::Frame Inbound::frame(std::int64_t chunk, std::int64_t timestamp, std::size_t bytes,
                              net::Instant now) {
  if (chunk > 0 && chunk <= last_chunk_) return {.again = true};
  if (chunk > 0) last_chunk_ = chunk;
  last_at_ = now;
  filled_ = false;
  received_ += static_cast<std::int64_t>(bytes);
  Frame frame;
  const std::int64_t length = static_cast<std::int64_t>(bytes) / audio_bytes_per_ms;
  if (timestamp < 0) {
    if (next_ >= 0) next_ += length;
    return frame;
  }
  if (next_ >= 0 && timestamp - next_ >= hole_least.count()) {
    frame.silence = std::min(milliseconds(timestamp - next_), hole_max);
  }
  // After silence that filled a pause the carrier's time lies behind for a while.
  next_ = std::max(next_, timestamp) + length;
  if (next_ - (timestamp + length) > pause_fill.count()) next_ = timestamp + length;
  return frame;
}

std::optional<net::Instant> Inbound::pause_at() const {
  if (!last_at_ || filled_) return {};
  return *last_at_ + pause;
}

milliseconds Inbound::fill_pause(net::Instant now) {
  const auto at = pause_at();
  if (!at || now < *at) return milliseconds{0};
  filled_ = true;
  if (next_ >= 0) next_ += pause_fill.count();
  return pause_fill;
}

}  // namespace bridge::media
