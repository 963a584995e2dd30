#include "campaigns/speech.hpp"

#include <map>

namespace campaigns {

std::vector<SpokenWord> spoken_words(std::string_view text) {
  static const std::map<unsigned, char> accents = [] {
    std::map<unsigned, char> m;
    const auto put = [&](unsigned from, unsigned to, char letter) {
      for (unsigned c = from; c <= to; ++c) m[c] = letter;
    };
    for (const unsigned base : {0xC0u, 0xE0u}) {
      put(base, base + 5, 'a');
      put(base + 7, base + 7, 'c');
      put(base + 8, base + 11, 'e');
      put(base + 12, base + 15, 'i');
      put(base + 17, base + 17, 'n');
      put(base + 18, base + 22, 'o');
      put(base + 25, base + 28, 'u');
    }
    return m;
  }();
  std::vector<SpokenWord> words;
  std::string between;
  bool in_word = false;
  const auto letter = [&](char c) {
    if (!in_word) words.push_back({"", std::move(between)});
    if (!in_word) between.clear();
    in_word = true;
    words.back().word += c;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 'A' && c <= 'Z') {
      letter(static_cast<char>(c - 'A' + 'a'));
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      letter(static_cast<char>(c));
    } else if (c == 0xC3 && i + 1 < text.size()) {
      const auto code = 0xC0u + (static_cast<unsigned char>(text[++i]) & 0x3Fu);
      const auto found = accents.find(code);
      if (found != accents.end()) letter(found->second);
    } else {
      between += text[i];
      in_word = false;
    }
  }
  return words;
}

std::string folded(std::string_view text) {
  std::string out = " ";
  for (const auto& one : spoken_words(text)) {
    out += one.word;
    out += ' ';
  }
  return out;
}

bool says(std::string_view folded_speech, std::string_view words) {
  const auto wanted = folded(words);
  return wanted.size() > 1 && folded_speech.find(wanted) != std::string_view::npos;
}

std::string_view primary_language(std::string_view language) {
  return language.substr(0, language.find('-'));
}

}  // namespace campaigns
