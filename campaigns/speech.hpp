#pragma once

#include <string>
#include <string_view>

// What was said, made comparable.
namespace campaigns {

// Folds speech to what comparisons need: lower-case ASCII words with single blanks around them.
// Accented Latin letters lose their accent; everything else separates words.
std::string folded(std::string_view text);

// Whether folded speech contains these words, one after the other; never where there are none.
bool says(std::string_view folded_speech, std::string_view words);

// "it" of "it-IT".
std::string_view primary_language(std::string_view language);

}  // namespace campaigns
