#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/people.hpp"
#include "bridge/rehearsal/sound.hpp"

namespace bridge::rehearsal {

// What a person says, presses or does about something that was said to them: chosen from what they
// heard. Pure.
struct SpokenReaction {
  enum class Kind : unsigned char { nothing, speech, keys, hang_up };
  Kind kind = Kind::nothing;
  std::string text{};
};
SpokenReaction react_to_speech(const People& people, Dice& dice, std::string_view heard);

// Whoever took a call, on a line that carries sound both ways: a person who listens, thinks,
// answers, interrupts and loses patience; a machine with its greeting and its beep; a fax. Lives in
// the line's own time, which is the length of the sound. Pure: everything follows from seed,
// number, call and what is heard.
class Callee {
 public:
  // `answered_ago`: how long the line has been open when the sound begins.
  Callee(const People& people, std::uint64_t seed, std::string to, std::uint64_t ordinal,
         const Person& person, std::chrono::milliseconds answered_ago);

  struct Step {
    std::string said{};  // as many bytes as were heard
    std::string keys{};
    bool hangs_up = false;  // at the end of this sound
  };
  // The next stretch of time, of any length.
  Step live(std::string_view heard);

  struct Counts {
    std::uint64_t words_heard = 0;
    std::uint64_t turns = 0;          // that they spoke
    std::uint64_t interruptions = 0;  // of these, while they heard speech
    std::uint64_t keys = 0;
    std::uint64_t silent_ms = 0;       // the longest that nobody said anything to them
    std::uint64_t spoke_until_ms = 0;  // their last sound, on the stream's time; 0: there is none
    std::uint64_t pressed_at_ms = 0;   // their last key; 0: there is none
  };
  // The line is gone: what they had heard of the last words was all.
  void hear_no_more();
  const Counts& counts() const { return counts_; }
  // Called with the whole of what they say as they begin to, and of what they have heard when it
  // is over; for the truth.
  void on_said(std::function<void(const std::string&)> f) { on_said_ = std::move(f); }
  void on_heard(std::function<void(const std::string&)> f) { on_heard_ = std::move(f); }

 private:
  void listen(std::string_view piece);
  void think();
  void say(const std::string& words);
  void do_planned();

  People people_;
  std::uint64_t seed_;
  std::string to_;
  std::uint64_t ordinal_;
  Person person_;
  std::uint64_t line_open_ms_;  // before the first sound

  Ear ear_{};
  SpeechDetector detector_;
  std::uint64_t now_ms_ = 0;
  std::string words_{};  // heard and not yet thought about
  std::uint64_t words_in_turn_ = 0;
  std::uint64_t turn_ = 0;  // of the agent
  std::uint64_t interrupt_at_word_ = 0;
  std::uint64_t last_sound_ms_ = 0;  // of either side
  std::uint64_t last_heard_ms_ = 0;
  SpokenReaction planned_{};
  std::uint64_t planned_at_ms_ = 0;  // 0: nothing is planned
  int calls_out_ = 0;                // "Pronto?", without an answer
  bool hangs_up_ = false;

  std::string voice_{};  // what they are saying, and how far
  std::size_t said_ = 0;
  std::string keys_{};
  Dice noise_;
  Counts counts_{};
  std::function<void(const std::string&)> on_said_{};
  std::function<void(const std::string&)> on_heard_{};
};

}  // namespace bridge::rehearsal
