#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/net/clock.hpp"

// The two clocks of a call's sound: what the person has heard, and what came from them. Pure.
namespace bridge::media {

using std::chrono::milliseconds;

// What was heard of one item of the agent's speech.
struct Heard {
  std::string item{};
  milliseconds heard{};  // at most what was sent, rounded down
  bool whole = false;    // the item is finished, and all of it was heard
};

// What the carrier has played of what it was sent, item by item (protocols.md 5.2, 7): so much as
// the person will have heard when a `clear` that leaves now gets there.
//
// That is told by the clock. Sound begins when it gets to the carrier, and what is sent to stop it
// is on its way as long as the sound was: so it has sounded for as long as it is since it was sent
// into an empty buffer, however long the way is.
//
// Marks hold the clock to what was played. Behind each chunk goes one, which comes back when
// everything before it was played, or at once when the buffer is cleared; so its name carries a
// generation, and those of a cleared one count for nothing. A mark comes a round trip later than
// the clock expects it. One that is later by more than the way's own jitter tells of sound that
// began later, or stood still: the clock is set by it. Where it stays out, so does the sound behind
// it. What the jitter is the first ten marks of a call tell; until then a lag of up to 400 ms may
// be it.
//
// The round trip is the least that marks were late in any of the last runs_max times that sound was
// sent into an empty buffer. So a way that has become longer is known after as many of them, and
// until then what is told is short by what was added; the same holds from the beginning for a way
// of more than 400 ms there and back. One that is longer than 1,500 ms is never known.
class Playback {
 public:
  static constexpr std::size_t runs_max = 3;  // by which the way is known

  // A chunk is sent. The name of the mark that goes behind it; valid until the next call.
  std::string_view sent(std::string_view item, std::size_t bytes, net::Instant now);
  // No more of this item comes.
  void finished(std::string_view item);
  // A mark has come back. False: it is of a cleared generation, or none of ours.
  bool marked(std::string_view name, net::Instant now);
  // Finished items that were heard whole since the last call.
  std::vector<Heard> take_whole();
  // The buffer is cleared: what was heard of each item that was not heard whole. What came back
  // before counts no more.
  std::vector<Heard> clear(net::Instant now);
  // The same question without clearing.
  std::vector<Heard> not_whole(net::Instant now) const;

  // Every mark has come back.
  bool drained() const { return chunks_.empty(); }
  // An item was begun and is not finished.
  bool open() const { return !items_.empty() && !items_.back().finished; }
  // When the person has heard, or will have heard, all that was sent.
  net::Instant ends_at() const;
  // Sent and not heard, as far as marks tell.
  milliseconds ahead() const;

 private:
  struct Item {
    std::string id{};
    std::int64_t begin = 0;  // bytes of this generation before it
    std::int64_t end = 0;
    bool finished = false;
  };
  struct Chunk {
    std::uint64_t number = 0;
    std::int64_t end = 0;
  };

  std::int64_t by_the_clock(net::Instant now) const;
  std::int64_t played(net::Instant now) const;
  milliseconds slack() const;
  void compare_with_clock(net::Instant now);
  void learn_way(milliseconds lag);

  std::uint64_t generation_ = 1;
  std::uint64_t chunks_sent_ = 0;
  std::int64_t sent_ = 0;    // bytes, of this generation
  std::int64_t marked_ = 0;  // of them, before the last mark that came back
  // A run: from here on the sound was played without a break. Of a clock that was set by a mark, it
  // is reckoned from that.
  std::int64_t run_from_ = 0;
  net::Instant run_since_{};
  bool set_by_mark_ = false;
  // Of the way to the carrier and back, over all generations: the least time that a mark was later
  // than the clock, of each of the last runs, and how unevenly marks come (jitter in sixteenths of
  // a millisecond).
  std::deque<milliseconds> lags_{};
  bool run_tells_way_ = false;  // the run began in an empty buffer, and no mark of it has come
  std::optional<milliseconds> round_trip_{};
  std::int64_t jitter_sixteenths_ = 1'600;  // until marks have told
  std::int64_t differences_ = 1;            // that it is the mean of, to 16
  std::optional<milliseconds> last_lag_{};
  std::deque<Item> items_{};
  std::deque<Chunk> chunks_{};
  std::array<char, 48> name_{};
};

// What came from the person, so that the model hears time pass as they do (protocols.md 5.1): a
// hole in the carrier's timestamps is filled with silence, and a frame that came before is thrown
// away.
class Inbound {
 public:
  static constexpr milliseconds hole_max{10'000};   // filled; beyond, the rest is left out
  static constexpr milliseconds hole_least{40};     // below, it is jitter
  static constexpr milliseconds pause{750};         // without a frame while the person speaks …
  static constexpr milliseconds pause_fill{1'000};  // … so much silence ends their turn

  struct Frame {
    bool again = false;      // a repetition, or too late
    milliseconds silence{};  // to be heard before it
  };
  // `chunk` 0 and `timestamp` -1 are not told.
  Frame frame(std::int64_t chunk, std::int64_t timestamp, std::size_t bytes, net::Instant now);

  // When, unless a frame comes, `fill_pause` has something to say. Nothing: it has said it.
  std::optional<net::Instant> pause_at() const;
  // Silence to be heard now. The hole that it fills is not filled again.
  milliseconds fill_pause(net::Instant now);

  milliseconds received() const { return milliseconds(received_ / 8); }

 private:
  std::int64_t last_chunk_ = 0;
  std::int64_t next_ = -1;  // the timestamp that the next frame should have
  std::int64_t received_ = 0;
  std::optional<net::Instant> last_at_{};
  bool filled_ = false;
};

}  // namespace bridge::media
