#pragma once

#include <cstdint>
#include <string_view>

// Chance without a sequence: what a person does or which fault strikes is a hash of the seed and of
// what it is about, never of what happened elsewhere before. So the same seed gives every call the
// same life, in whatever order calls come.
namespace bridge::rehearsal {

class Dice {
 public:
  // The dice of one question: about `subject` (a phone number), its `ordinal`-th call, and `what`.
  Dice(std::uint64_t seed, std::string_view subject, std::uint64_t ordinal, std::string_view what,
       std::uint64_t index = 0)
      : state_(mixed(seed)) {
    add(subject);
    state_ = mixed(state_ ^ ordinal);
    add(what);
    state_ = mixed(state_ ^ index);
  }

  std::uint64_t roll() {
    state_ += step;
    return mixed(state_);
  }
  // 0 to count - 1; 0 for a count of 0.
  std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : roll() % count; }
  // first to last, both possible.
  int between(int first, int last) {
    const auto count = std::int64_t{last} - first + 1;
    return first + static_cast<int>(below(static_cast<std::uint64_t>(count)));
  }
  bool per_mille(int chance) { return between(0, 999) < chance; }

 private:
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;

  // The finalizer of SplitMix64.
  static std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  }
  void add(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U ^ state_;
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    state_ = mixed(hash + step + text.size());
  }

  std::uint64_t state_;
};

}  // namespace bridge::rehearsal
