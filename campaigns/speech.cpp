#include "campaigns/speech.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "campaigns/encoding.hpp"

namespace campaigns {

namespace {

struct CodeRange {
  char32_t first = 0;
  char32_t last = 0;
};

template <std::size_t count>
bool is_within(const std::array<CodeRange, count>& ranges, char32_t code) {
  const auto after = std::ranges::upper_bound(ranges, code, {}, &CodeRange::first);
  return after != ranges.begin() && code <= std::prev(after)->last;
}

// Of Latin letters with something about them, those that are meant.
struct LatinRange {
  char32_t first = 0;
  char32_t last = 0;
  std::string_view letters{};
};
constexpr auto latin_ranges = std::to_array<LatinRange>({
    {0xC0, 0xC5, "a"},     {0xC6, 0xC6, "ae"},     {0xC7, 0xC7, "c"},     {0xC8, 0xCB, "e"},
    {0xCC, 0xCF, "i"},     {0xD0, 0xD0, "d"},      {0xD1, 0xD1, "n"},     {0xD2, 0xD6, "o"},
    {0xD8, 0xD8, "o"},     {0xD9, 0xDC, "u"},      {0xDD, 0xDD, "y"},     {0xDE, 0xDE, "th"},
    {0xDF, 0xDF, "ss"},    {0xE0, 0xE5, "a"},      {0xE6, 0xE6, "ae"},    {0xE7, 0xE7, "c"},
    {0xE8, 0xEB, "e"},     {0xEC, 0xEF, "i"},      {0xF0, 0xF0, "d"},     {0xF1, 0xF1, "n"},
    {0xF2, 0xF6, "o"},     {0xF8, 0xF8, "o"},      {0xF9, 0xFC, "u"},     {0xFD, 0xFD, "y"},
    {0xFE, 0xFE, "th"},    {0xFF, 0xFF, "y"},      {0x100, 0x105, "a"},   {0x106, 0x10D, "c"},
    {0x10E, 0x111, "d"},   {0x112, 0x11B, "e"},    {0x11C, 0x123, "g"},   {0x124, 0x127, "h"},
    {0x128, 0x131, "i"},   {0x132, 0x133, "ij"},   {0x134, 0x135, "j"},   {0x136, 0x138, "k"},
    {0x139, 0x142, "l"},   {0x143, 0x14B, "n"},    {0x14C, 0x151, "o"},   {0x152, 0x153, "oe"},
    {0x154, 0x159, "r"},   {0x15A, 0x161, "s"},    {0x162, 0x167, "t"},   {0x168, 0x173, "u"},
    {0x174, 0x175, "w"},   {0x176, 0x178, "y"},    {0x179, 0x17E, "z"},   {0x17F, 0x17F, "s"},
    {0x1A0, 0x1A1, "o"},   {0x1AF, 0x1B0, "u"},    {0x1CD, 0x1CE, "a"},   {0x1CF, 0x1D0, "i"},
    {0x1D1, 0x1D2, "o"},   {0x1D3, 0x1DC, "u"},    {0x1E6, 0x1E7, "g"},   {0x1E8, 0x1E9, "k"},
    {0x1EA, 0x1ED, "o"},   {0x200, 0x203, "a"},    {0x204, 0x207, "e"},   {0x208, 0x20B, "i"},
    {0x20C, 0x20F, "o"},   {0x210, 0x213, "r"},    {0x214, 0x217, "u"},   {0x218, 0x219, "s"},
    {0x21A, 0x21B, "t"},   {0x226, 0x227, "a"},    {0x228, 0x229, "e"},   {0x22A, 0x231, "o"},
    {0x232, 0x233, "y"},   {0x1E00, 0x1E01, "a"},  {0x1E02, 0x1E07, "b"}, {0x1E08, 0x1E09, "c"},
    {0x1E0A, 0x1E13, "d"}, {0x1E14, 0x1E1D, "e"},  {0x1E1E, 0x1E1F, "f"}, {0x1E20, 0x1E21, "g"},
    {0x1E22, 0x1E2B, "h"}, {0x1E2C, 0x1E2F, "i"},  {0x1E30, 0x1E35, "k"}, {0x1E36, 0x1E3D, "l"},
    {0x1E3E, 0x1E43, "m"}, {0x1E44, 0x1E4B, "n"},  {0x1E4C, 0x1E53, "o"}, {0x1E54, 0x1E57, "p"},
    {0x1E58, 0x1E5F, "r"}, {0x1E60, 0x1E69, "s"},  {0x1E6A, 0x1E71, "t"}, {0x1E72, 0x1E7B, "u"},
    {0x1E7C, 0x1E7F, "v"}, {0x1E80, 0x1E89, "w"},  {0x1E8A, 0x1E8D, "x"}, {0x1E8E, 0x1E8F, "y"},
    {0x1E90, 0x1E95, "z"}, {0x1E9E, 0x1E9E, "ss"}, {0x1EA0, 0x1EB7, "a"}, {0x1EB8, 0x1EC7, "e"},
    {0x1EC8, 0x1ECB, "i"}, {0x1ECC, 0x1EE3, "o"},  {0x1EE4, 0x1EF1, "u"}, {0x1EF2, 0x1EF9, "y"},
});

// Accents by themselves, points of Arabic and Hebrew, and what only says how letters are joined.
constexpr auto dropped_codes = std::to_array<CodeRange>({
    {0xAD, 0xAD},
    {0x300, 0x36F},
    {0x591, 0x5BD},
    {0x5BF, 0x5BF},
    {0x5C1, 0x5C2},
    {0x5C4, 0x5C5},
    {0x5C7, 0x5C7},
    {0x610, 0x61A},
    {0x640, 0x640},
    {0x64B, 0x65F},
    {0x670, 0x670},
    {0x200B, 0x200F},
    {0x2060, 0x2064},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
});

// Blanks, punctuation and signs beyond ASCII.
constexpr auto separating_codes = std::to_array<CodeRange>({
    {0x80, 0xBB},     {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},       {0x2B0, 0x2FF},
    {0x37E, 0x37E},   {0x387, 0x387},   {0x55A, 0x55F},   {0x589, 0x58A},     {0x5BE, 0x5BE},
    {0x5C0, 0x5C0},   {0x5C3, 0x5C3},   {0x5C6, 0x5C6},   {0x5F3, 0x5F4},     {0x600, 0x60F},
    {0x61B, 0x61F},   {0x66A, 0x66D},   {0x6D4, 0x6D4},   {0x700, 0x70D},     {0x964, 0x965},
    {0x970, 0x970},   {0xE3F, 0xE3F},   {0xE4F, 0xE4F},   {0xE5A, 0xE5B},     {0x104A, 0x104F},
    {0x1360, 0x1368}, {0x1680, 0x1680}, {0x17D4, 0x17DB}, {0x1800, 0x180A},   {0x2000, 0x206F},
    {0x20A0, 0x214F}, {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3000, 0x3004},   {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x303D, 0x303F}, {0x30A0, 0x30A0}, {0x30FB, 0x30FB},   {0xD800, 0xF8FF},
    {0xFD3E, 0xFD3F}, {0xFE10, 0xFE19}, {0xFE30, 0xFE6F}, {0xFF01, 0xFF0F},   {0xFF1A, 0xFF20},
    {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
});

// A word each: characters of scripts that have no blanks, and fractions.
constexpr auto codes_alone = std::to_array<CodeRange>({
    {0xBC, 0xBE},     {0xE01, 0xE30},   {0xE32, 0xE33},     {0xE40, 0xE46},   {0xE81, 0xEB0},
    {0xEB2, 0xEB3},   {0xEBD, 0xEC6},   {0xEDC, 0xEDF},     {0x1000, 0x102A}, {0x103F, 0x103F},
    {0x1050, 0x1055}, {0x1780, 0x17B3}, {0x2150, 0x215F},   {0x3005, 0x3007}, {0x3041, 0x309F},
    {0x30A1, 0x30FA}, {0x30FC, 0x30FF}, {0x31F0, 0x31FF},   {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},
    {0xF900, 0xFAFF}, {0xFF66, 0xFF9F}, {0x20000, 0x3FFFF},
});
// The signs that belong to the character before.
constexpr auto joining_codes = std::to_array<CodeRange>({
    {0xE31, 0xE31},
    {0xE34, 0xE3A},
    {0xE47, 0xE4E},
    {0xEB1, 0xEB1},
    {0xEB4, 0xEBC},
    {0xEC8, 0xECE},
    {0x102B, 0x103E},
    {0x1056, 0x1059},
    {0x17B4, 0x17D3},
    {0x3099, 0x309A},
});

// The noughts of scripts with ten figures of their own.
constexpr auto nought_codes =
    std::to_array<char32_t>({0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66,
                             0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040, 0x17E0, 0xFF10});

// Single letters that are written otherwise in lower case or without their accent.
constexpr auto single_letters = std::to_array<std::pair<char32_t, char32_t>>({
    {0x386, 0x3B1}, {0x388, 0x3B5}, {0x389, 0x3B7}, {0x38A, 0x3B9}, {0x38C, 0x3BF}, {0x38E, 0x3C5},
    {0x38F, 0x3C9}, {0x390, 0x3B9}, {0x3AA, 0x3B9}, {0x3AB, 0x3C5}, {0x3AC, 0x3B1}, {0x3AD, 0x3B5},
    {0x3AE, 0x3B7}, {0x3AF, 0x3B9}, {0x3B0, 0x3C5}, {0x3C2, 0x3C3}, {0x3CA, 0x3B9}, {0x3CB, 0x3C5},
    {0x3CC, 0x3BF}, {0x3CD, 0x3C5}, {0x3CE, 0x3C9}, {0x400, 0x435}, {0x401, 0x435}, {0x450, 0x435},
    {0x451, 0x435}, {0x4C0, 0x4CF}, {0x622, 0x627}, {0x623, 0x627}, {0x625, 0x627}, {0x671, 0x627},
});

// The small letter of Greek, Cyrillic and Armenian.
char32_t small_letter(char32_t code) {
  const auto* const found =
      std::ranges::find(single_letters, code, &std::pair<char32_t, char32_t>::first);
  if (found != single_letters.end()) return found->second;
  const auto in = [code](char32_t first, char32_t last) { return first <= code && code <= last; };
  if (in(0x391, 0x3A1) || in(0x3A3, 0x3A9) || in(0x410, 0x42F)) return code + 0x20;
  if (in(0x400, 0x40F)) return code + 0x50;
  if (in(0x531, 0x556)) return code + 0x30;
  const bool even = code % 2 == 0;
  if (even && (in(0x460, 0x480) || in(0x48A, 0x4BE) || in(0x4D0, 0x52E))) return code + 1;
  if (!even && in(0x4C1, 0x4CD)) return code + 1;
  return code;
}

// The character at the beginning of a text that is not empty, and its bytes; U+FFFD and one byte
// where there is none.
std::pair<char32_t, std::size_t> first_character(std::string_view text) {
  constexpr std::pair<char32_t, std::size_t> none{0xFFFD, 1};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return none;
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return none;
    code = (code << 6U) | (byte(i) & 0x3FU);
  }
  const bool longer_than_needed = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  return longer_than_needed || code > 0x10FFFF ? none : std::pair{code, size};
}

// A letter or figure as comparisons need it; nothing for what is neither.
std::string folded_character(char32_t code) {
  std::string out;
  if (code >= 0xFF21 && code <= 0xFF5A) code -= 0xFF21 - 'A';  // the wide ones of East Asia
  if (code < 0x80) {
    const auto c = static_cast<char>(code);
    if (c >= 'A' && c <= 'Z') return {static_cast<char>(c - 'A' + 'a')};
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out = c;
    return out;
  }
  for (const auto nought : nought_codes) {
    if (code >= nought && code < nought + 10) return {static_cast<char>('0' + (code - nought))};
  }
  const auto* const after = std::ranges::upper_bound(latin_ranges, code, {}, &LatinRange::first);
  if (after != latin_ranges.begin() && code <= std::prev(after)->last) {
    return std::string(std::prev(after)->letters);
  }
  if (!is_within(separating_codes, code)) append_utf8(out, small_letter(code));
  return out;
}

}  // namespace

std::vector<SpokenWord> spoken_words(std::string_view text) {
  std::vector<SpokenWord> words;
  std::string between;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, size] = first_character(text.substr(i));
    const auto written = text.substr(i, size);
    i += size;
    if (is_within(dropped_codes, code)) {
      if (in_word && code >= 0x300 && code <= 0x36F) words.back().accented = true;
      continue;
    }
    const auto letters = folded_character(code);
    if (letters.empty()) {
      between += written;
      in_word = false;
      continue;
    }
    const bool by_itself = is_within(codes_alone, code);
    const bool joins = is_within(joining_codes, code) && between.empty() && !words.empty();
    if ((!in_word || by_itself) && !joins) {
      words.push_back({"", std::exchange(between, {})});
    }
    words.back().word += letters;
    words.back().accented |= code >= 0xC0 && code < 0x370;
    in_word = !by_itself && !joins;
  }
  return words;
}

bool begins_clause(const SpokenWord& word) {
  const std::string_view before = word.before;
  return before.find_first_not_of(' ') != std::string_view::npos && before != "-" &&
         before != "'" && before != "\u2019";
}

bool ends_question(std::string_view marks) {
  static constexpr auto all = std::to_array<std::string_view>({"?", "\u061f", "\uff1f", "\u037e"});
  return std::ranges::any_of(
      all, [&](std::string_view mark) { return marks.find(mark) != std::string_view::npos; });
}

bool ends_sentence(std::string_view marks) {
  static constexpr auto wide = std::to_array<std::string_view>({"\u2026", "\u3002", "\u0964"});
  return marks.find_first_of(".!;") != std::string_view::npos || ends_question(marks) ||
         std::ranges::any_of(wide, [&](std::string_view mark) {
           return marks.find(mark) != std::string_view::npos;
         });
}

std::string_view end_of(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, size] = first_character(text.substr(i));
    i += size;
    if (!folded_character(code).empty()) end = i;
  }
  return text.substr(end);
}

bool is_aside(std::string_view word, std::string_view next) {
  static constexpr auto pleasures =
      std::to_array<std::string_view>({"favore", "favor", "piacere", "cortesia"});
  if (word == "per" || word == "por") return std::ranges::find(pleasures, next) != pleasures.end();
  static constexpr auto all = std::to_array<std::string_view>(
      {"ach",      "ah",       "ahm",   "allora", "alors",   "also",   "bah",     "beaucoup",
       "beh",      "cortesia", "ben",   "bitte",  "bueno",   "danke",  "dank",    "eh",
       "er",       "euh",      "favor", "favore", "gracias", "grazie", "guardi",  "hm",
       "hmm",      "il",       "ma",    "madam",  "madame",  "mais",   "merci",   "mille",
       "monsieur", "muchas",   "na",    "oh",     "plait",   "please", "piacere", "prego",
       "pues",     "s",        "schon", "sehr",   "senor",   "senora", "signora", "signore",
       "sir",      "so",       "thank", "thanks", "uh",      "um",     "vielen",  "vous",
       "well",     "you"});
  return std::ranges::find(all, word) != all.end();
}

std::string folded(std::string_view text) {
  std::string out = " ";
  for (const auto& one : spoken_words(text)) {
    out += one.word;
    out += ' ';
  }
  return out;
}

bool is_one_of(const std::vector<std::string>& all, std::string_view word) {
  return std::ranges::find(all, word) != all.end();
}

bool says(std::string_view folded_speech, std::string_view words) {
  const auto wanted = folded(words);
  return wanted.size() > 1 && folded_speech.find(wanted) != std::string_view::npos;
}

std::string_view primary_language(std::string_view language) {
  return language.substr(0, language.find('-'));
}

}  // namespace campaigns
