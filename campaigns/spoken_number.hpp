#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Whole numbers as people say them: in figures, as recognition mostly writes them, and in the words
// of Italian, English, German, French and Spanish up to 999,999.
namespace campaigns {

// A run of words as one number.
struct ReadNumber {
  std::int64_t number = 0;
  std::size_t words = 0;  // how many it took; 0: no number begins here
  bool ordinal = false;   // "twenty first" (English, up to the thirty-first)
};
// The longest number in words that begins at words[at], which are words of folded speech.
// `language` is "it", "en", "de", "fr" or "es"; no number in any other.
ReadNumber read_number(const std::vector<std::string>& words, std::size_t at,
                       std::string_view language);

// What somebody said of numbers.
struct SaidNumbers {
  std::vector<std::int64_t> numbers{};  // in their order
  // Two of them stand side by side, so that they may be parts of one: "one fifty", "2 500".
  bool adjoining = false;
  // Beside one stands what makes it another number: a fraction, a sign, a word for a thousand that
  // does not belong there. None of them may be taken for what was meant.
  bool in_part = false;
  // Something else was said beside one, and not a word for a key or a number before it: "un
  // momento", but not "il numero 1, grazie".
  bool among_words = false;
};
// What the question of them asks for.
struct NumbersAsked {
  bool counted = false;                // how many there are of something: "una persona" is one
  bool listed = false;                 // several of them: "un deux et trois" are three
  std::optional<std::int64_t> most{};  // "8 su 10" is 8 where it is 10
};
// The numbers of a text as it was recognised, in a language such as "it-IT"; figures and the words
// beside them that make another number of them in any language. Figures are grouped by threes where
// the grouping can be nothing else: "2.002" in Italian, "2,002" in English, "1 000".
SaidNumbers said_numbers(std::string_view speech, std::string_view language,
                         const NumbersAsked& asked = {});
// The number of a text that has one, be it said twice; nothing where there is none, where there are
// several, or where only a part of one was understood.
std::optional<std::int64_t> said_number(std::string_view speech, std::string_view language,
                                        const NumbersAsked& asked = {});

// The word for a number from 0 to 10, as it is written; nothing for others and in languages of
// which no numbers are known.
std::string_view number_word(std::int64_t number, std::string_view language);

}  // namespace campaigns
