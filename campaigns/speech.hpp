#pragma once

#include <string>
#include <string_view>
#include <vector>

// What was said, made comparable.
namespace campaigns {

// A word of speech: lower-case ASCII letters and figures. Accented Latin letters lose their accent;
// everything else separates words.
struct SpokenWord {
  std::string word{};
  std::string before{};  // what stands between it and the word before, as it was written
};
std::vector<SpokenWord> spoken_words(std::string_view text);

// Folds speech to what comparisons need: its words with single blanks around them.
std::string folded(std::string_view text);

// Whether folded speech contains these words, one after the other; never where there are none.
bool says(std::string_view folded_speech, std::string_view words);

// "it" of "it-IT".
std::string_view primary_language(std::string_view language);

}  // namespace campaigns
