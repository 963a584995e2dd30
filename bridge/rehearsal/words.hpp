#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Italian and English as the people and the voice model of a rehearsal understand them: enough to
// be asked and to answer. Pure.
namespace bridge::rehearsal {

// Without the blanks at both ends.
std::string_view trimmed(std::string_view text);
// With the capitals of ASCII made small; names and field names need no more.
std::string lower(std::string_view text);

// In lower case, with every run of marks and blanks as one blank, and a blank at both ends, so that
// " si " is a whole word wherever it stands. Accented capitals of Italian, too.
std::string plain_words(std::string_view text);
// Whether a text, plain, holds one of these words or phrases as whole words. `list` is parted by
// '|'; a phrase that ends with '*' may go on as a longer word.
bool says_any(std::string_view plain, std::string_view list);

// The numbers of a plain text in its order: figures, and words up to a hundred in both languages.
std::vector<std::int64_t> numbers_in(std::string_view plain);
// A number from 0 to 100 as people say it.
std::string number_word(std::int64_t number, bool italian);

enum class YesNo : unsigned char { neither, yes, no };
YesNo yes_or_no(std::string_view plain);

// What people ask for besides answering, in a plain text.
bool wants_no_calls(std::string_view plain);
bool wants_other_time(std::string_view plain);
bool wants_human(std::string_view plain);
// The reason of end_call where whoever answered is not the one to ask, or cannot be asked; empty:
// they can.
std::string_view reason_to_end(std::string_view plain);
// The words for one of these reasons; of another one, and beyond the last, none.
inline constexpr std::size_t reasons_to_end = 6;
std::string_view words_to_end(std::size_t reason, bool italian);
// That they will not answer, and that they cannot.
bool would_rather_not_say(std::string_view plain);
bool does_not_know(std::string_view plain);
// The words of somebody who would rather not say, or does not know.
std::string_view declining_words(bool knows, bool italian);
// That a question takes more than one answer.
bool asks_for_several(std::string_view plain);
bool says_goodbye(std::string_view plain);
bool is_italian(std::string_view text);

}  // namespace bridge::rehearsal
