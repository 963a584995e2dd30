#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

// Who is at the other end of a rehearsed call and what they do. Pure: everything follows from the
// seed, the number, how many calls that number has had, and what is asked.
namespace bridge::rehearsal {

// How people are, in weights: of ten numbers with human=3, busy=1 the carrier finds three times as
// many people as busy lines. The defaults add up to a thousand each.
struct People {
  // Who takes the call.
  int human = 620;
  int no_answer = 170;
  int busy = 80;
  int machine = 90;
  int failed = 30;
  int fax = 10;
  // What a person does with a question.
  int right_key = 700;
  int speech = 180;
  int wrong_key = 50;
  int silence = 50;
  int hang_up = 20;
  int opt_out =
      5;  // presses the key that the prompt offers to people who want no calls, or says so
  int declines = 0;  // says that they would rather not say, or do not know
  // Of these only in a talk with an agent.
  int other_time = 0;   // wants to be called another time
  int wants_human = 0;  // wants to talk to a human
  int not_them = 0;     // is not the one to ask, or cannot be asked, and says why
  // In a thousand, whatever the others are.
  int hang_up_at_once = 15;  // as soon as they have said hello
  int barge_in = 250;        // answers before the prompt has ended
  int screening = 0;         // has an assistant ask who calls and why, at the first question
};

// Reads "human=700,busy=50" on top of `people`. Throws std::invalid_argument.
People parse_people(std::string_view text, People people = {});

enum class Answerer : unsigned char { human, no_answer, busy, machine, failed, fax };

// One number's behaviour in one call.
struct Person {
  Answerer answerer = Answerer::human;
  std::chrono::seconds rings_after{1};    // from dialling
  std::chrono::seconds answers_after{4};  // from the first ring
  bool hangs_up_at_once = false;
  bool screens = false;
  std::chrono::seconds greeting{12};  // how long a machine speaks before its beep
};
Person meet(const People& people, std::uint64_t seed, std::string_view to, std::uint64_t ordinal);

// What such an assistant says in place of an answer.
std::string_view screening_words(std::string_view language);

// What is asked, as far as a person can hear it and the line takes it.
struct Question {
  std::string prompt{};
  std::string hints{};     // of the speech recognition, with commas
  std::string language{};  // it-IT
  bool takes_keys = true;
  bool takes_speech = false;
  int digits_max = 0;    // 0: any number
  std::string finish{};  // keys that end the input
  std::chrono::seconds prompt_time{0};
  std::chrono::seconds patience{5};  // how long the line waits after the prompt
  char opt_out = '\0';               // the key that was offered before, to people who want no calls
};

struct Reaction {
  enum class Kind : unsigned char { keys, speech, silence, hang_up };
  Kind kind = Kind::silence;
  std::string text{};             // keys or words
  std::chrono::seconds after{0};  // from the start of the prompt
};
// `turn` counts the questions of this call.
Reaction react(const People& people, std::uint64_t seed, std::string_view to, std::uint64_t ordinal,
               std::uint64_t turn, const Question& question);

// Keys that a prompt offers.
struct OfferedKeys {
  std::string answers{};  // one character each
  char opt_out = '\0';
};
OfferedKeys offered_keys(std::string_view prompt, std::string_view hints);

}  // namespace bridge::rehearsal
