#include "campaigns/speech.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "campaigns/time.hpp"

BOOST_AUTO_TEST_SUITE(speech)

using namespace campaigns;

BOOST_AUTO_TEST_CASE(letters_of_every_script_are_folded_and_the_rest_separates) {
  struct Row {
    const char* text;
    const char* folded;
  };
  for (const auto& row : std::vector<Row>{
           {"", " "},
           {" . ", " "},
           {"Sì, GRAZIE!", " si grazie "},
           {"d\u2019accordo", " d accordo "},
           {"\u00abciao\u00bb", " ciao "},
           {"a\u00a0b\u202fc", " a b c "},
           {"Łódź šest őr Straße Ærø", " lodz sest or strasse aero "},
           {"ĲSSEL ŉ œuvre", " ijssel n oeuvre "},
           {"Tiếng Việt ƯỚC", " tieng viet uoc "},
           {"I\u0307stanbul e\u0301", " istanbul e "},
           {"ЁЛКА Їжак ЂУРА ӁӐ", " елка їжак ђура ӂӑ "},
           {"ΆΛΦΑ Οδός ΐ", " αλφα οδοσ ι "},
           {"Հայ", " հայ "},
           {"لا، تَتَّصِلْ أبـدًا؟", " لا تتصل ابدا "},
           {"שָׁלוֹם", " שלום "},
           {"नहीं।", " नहीं "},
           {"안녕 하세요", " 안녕 하세요 "},
           {"不要,再打。", " 不 要 再 打 "},
           {"abc不5要", " abc 不 5 要 "},
           {"電話しないで", " 電 話 し な い で "},
           {"น้ำ", " น้ ำ "},
           {"１２ Ａｂ！", " 12 ab "},
           {"٣٥ ۳ ३", " 35 3 3 "},
           {"3½", " 3 ½ "},
           {"x×y÷z", " x y z "},
           {"ok 😀 ok", " ok ok "},
           // What is no UTF-8 separates, and takes nothing with it.
           {"a\xffz", " a z "},
           {"a\xc3", " a "},
           {"a\xc3z", " a z "},
           {"a\xc0\x80z", " a z "},
           {"a\xe0\x80\x80z", " a z "},
           {"a\xed\xa0\x80z", " a z "},
           {"a\xf4\x90\x80\x80z", " a z "},
           {"a\xf0\x9fz", " a z "},
       }) {
    BOOST_TEST(folded(row.text) == row.folded, row.text);
  }
}

BOOST_AUTO_TEST_CASE(what_stands_before_a_word_is_kept_as_it_was_written) {
  const auto words = spoken_words("¿2.5 d\u2019or不");
  BOOST_TEST_REQUIRE(words.size() == 5u);
  BOOST_TEST(words[0].before == "¿");
  BOOST_TEST(words[1].before == ".");
  BOOST_TEST(words[2].before == " ");
  BOOST_TEST(words[3].before == "\u2019");
  BOOST_TEST(words[4].before == "");
}

BOOST_AUTO_TEST_CASE(the_marks_behind_the_last_word_tell_a_question) {
  BOOST_TEST(end_of("Sì, pronto? ") == "? ");
  BOOST_TEST(end_of("sì") == "");
  BOOST_TEST(end_of("") == "");
  BOOST_TEST(end_of("…") == "…");
  BOOST_TEST(end_of("是吗？") == "？");
  BOOST_TEST(end_of("a\xff?") == "\xff?");
  for (const char* marks : {"?", " ?!", "؟", "？", "\u037e"}) {
    BOOST_TEST(ends_question(marks), marks);
    BOOST_TEST(ends_sentence(marks), marks);
  }
  for (const char* marks : {".", "!", "...", "…", "。"}) {
    BOOST_TEST(!ends_question(marks), marks);
    BOOST_TEST(ends_sentence(marks), marks);
  }
  for (const char* marks : {"", " ", ", ", "\u2019"}) BOOST_TEST(!ends_sentence(marks), marks);
}

BOOST_AUTO_TEST_CASE(words_are_found_whole_and_folding_changes_nothing_twice) {
  BOOST_TEST(says(folded("La nonna dice no"), "NO"));
  BOOST_TEST(!says(folded("La nonna"), "no"));
  BOOST_TEST(!says(folded("niente"), " ! "));
  BOOST_TEST(says(folded("请不要再打了"), "不要"));
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    std::string bytes;
    for (std::uint64_t i = 0; i < seed % 40; ++i) {
      bytes += static_cast<char>(Moment{{}, seed}.dice("byte", i) & 0xFFU);
    }
    const auto once = folded(bytes);
    BOOST_TEST_REQUIRE(folded(once) == once, seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
