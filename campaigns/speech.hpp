#pragma once

#include <string>
#include <string_view>
#include <vector>

// What was said, made comparable.
namespace campaigns {

// A word of speech in lower case. Latin letters are those of ASCII, without accents ("ł" is l, "ß"
// ss), Greek, Cyrillic, Arabic and Hebrew ones have none either, figures of other scripts are 0 to
// 9, and letters that this knows nothing of stay as they are. What is no letter and no figure, and
// no UTF-8, separates words. Where a script has no blanks between words (Chinese, Japanese, Thai,
// Lao, Burmese, Khmer) each of its characters is a word.
struct SpokenWord {
  std::string word{};
  std::string before{};   // what stands between it and the word before, as it was written
  bool accented = false;  // a Latin letter of it has more than those of ASCII
};
std::vector<SpokenWord> spoken_words(std::string_view text);

// Whether something other than a blank, a hyphen or an apostrophe stands before it.
bool begins_clause(const SpokenWord& word);

// Whether a sentence ends in these marks, and whether it does so as a question.
bool ends_sentence(std::string_view marks);
bool ends_question(std::string_view marks);
// What stands behind the last word of a text.
std::string_view end_of(std::string_view text);

// Whether this, a word as above, says nothing of its own before or behind an answer: "well", "oh",
// "please", "grazie"; "per" with `next` behind it only in "per favore" and its likes.
bool is_aside(std::string_view word, std::string_view next);

// Folds speech to what comparisons need: its words with single blanks around them.
std::string folded(std::string_view text);

// Whether this word or phrase is one of them, folded like it.
bool is_one_of(const std::vector<std::string>& all, std::string_view word);

// Whether folded speech contains these words, one after the other; never where there are none.
bool says(std::string_view folded_speech, std::string_view words);

// "it" of "it-IT".
std::string_view primary_language(std::string_view language);

}  // namespace campaigns
