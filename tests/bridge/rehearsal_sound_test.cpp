#include "bridge/rehearsal/sound.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "bridge/rehearsal/dice.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_sound)

using namespace bridge::rehearsal;

namespace {

const std::string question =
    "Da uno a cinque, quanto è soddisfatto? Non c'è fretta: città, però, più ☎ perché.";

// What an ear makes of a sound that comes in pieces of `piece` bytes; labels in brackets.
std::string heard(std::string_view sound, std::size_t piece = 160) {
  Ear ear;
  std::string text;
  while (!sound.empty()) {
    ear.hear(sound.substr(0, piece), [&](const Ear::Heard& word) {
      if (word.label) {
        text += "[" + word.text + "]";
      } else {
        append_heard(text, word);
      }
    });
    sound.remove_prefix(std::min(piece, sound.size()));
  }
  return text;
}

std::string silence(std::size_t ms) {
  return std::string(ms * sound_bytes_per_ms, sound_of_silence);
}

struct Noticed {
  SpeechDetector::Change change{};
  std::uint64_t at_ms = 0;
};
std::vector<Noticed> noticed(std::string_view sound, SpeechDetector& detector) {
  std::vector<Noticed> all;
  while (!sound.empty()) {
    const auto told = detector.hear(sound);
    if (told.change != SpeechDetector::Change::none) all.push_back({told.change, told.at_ms});
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(mu_law_is_that_of_g711) {
  // Codes and values of ITU-T G.711, table 2, in 16 bits.
  BOOST_TEST(linear_of(0xff) == 0);
  BOOST_TEST(linear_of(0x7f) == 0);
  BOOST_TEST(linear_of(0x80) == 32'124);
  BOOST_TEST(linear_of(0x00) == -32'124);
  BOOST_TEST(linear_of(0xfe) == 8);
  BOOST_TEST(linear_of(0xf0) == 120);
  BOOST_TEST(linear_of(0xef) == 132);
  BOOST_TEST(int{mulaw_of(0)} == 0xff);
  BOOST_TEST(int{mulaw_of(40'000)} == 0x80);
  BOOST_TEST(int{mulaw_of(-40'000)} == 0x00);
  for (int code = 0; code < 256; ++code) {
    if (code == 0x7f) continue;  // the other zero
    BOOST_TEST(int{mulaw_of(linear_of(static_cast<unsigned char>(code)))} == code);
  }
  for (int sample = -32'000; sample <= 32'000; sample += 7) {
    const int back = linear_of(mulaw_of(sample));
    BOOST_TEST(std::abs(back - sample) <= std::max(8, std::abs(sample) / 16));
  }
}

BOOST_AUTO_TEST_CASE(what_is_said_is_heard_in_pieces_of_any_size) {
  const std::string sound = spoken(question, SpeakingVoice::low, 7, "item_1");
  for (const std::size_t piece : {1U, 2U, 7U, 79U, 160U, 161U, 1'000U, 2'000U, 5'000U, 1U << 20U}) {
    BOOST_TEST_CONTEXT(piece) {
      BOOST_TEST(heard(sound, piece) == "[item_1] " + question);
    }
  }
  BOOST_TEST(heard(spoken(question, SpeakingVoice::high, 8)) == question);
  BOOST_TEST(spoken("  \n", SpeakingVoice::low, 1, "x").empty());
  BOOST_TEST(heard(silence(2'000)).empty());
}

BOOST_AUTO_TEST_CASE(it_speaks_at_a_natural_rate_and_the_same_way_each_time) {
  const std::string sound = spoken(question, SpeakingVoice::low, 7);
  const auto letters = static_cast<double>(std::ranges::count_if(
      question, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
  const double a_second = letters / (static_cast<double>(sound.size()) / 8'000);
  BOOST_TEST(a_second > 10.0);
  BOOST_TEST(a_second < 16.0);
  BOOST_CHECK(sound == spoken(question, SpeakingVoice::low, 7));
  BOOST_CHECK(sound != spoken(question, SpeakingVoice::low, 8));
  BOOST_CHECK(sound != spoken(question, SpeakingVoice::high, 7));
}

BOOST_AUTO_TEST_CASE(what_is_cut_off_is_not_heard) {
  const std::string text = "uno due tre quattro";
  const std::string sound = spoken(text, SpeakingVoice::high, 3);
  std::vector<std::size_t> ends;
  Ear ear;
  ear.hear(sound, [&](const Ear::Heard& word) { ends.push_back(word.ends); });
  BOOST_REQUIRE(ends.size() == 4);
  BOOST_TEST(ends.back() == sound.size());
  BOOST_TEST(heard(sound.substr(0, ends[1])) == "uno due");
  BOOST_TEST(heard(sound.substr(0, ends[1] - 1)) == "uno");
  BOOST_TEST(heard(sound.substr(0, ends[2] - 30)) == "uno due");
  // Speech that takes its place is heard from its first word on.
  const std::string other = spoken("basta così", SpeakingVoice::low, 4);
  BOOST_TEST(heard(sound.substr(0, ends[2] - 30) + other) == "uno due basta così");
}

BOOST_AUTO_TEST_CASE(a_lost_piece_takes_its_own_words_with_it) {
  const std::string text = "alfa bravo charlie delta echo foxtrot golf hotel india juliett";
  const std::string sound = spoken(text, SpeakingVoice::low, 5);
  std::vector<Ear::Heard> words;
  Ear().hear(sound, [&](const Ear::Heard& word) { words.push_back(word); });
  BOOST_REQUIRE(words.size() == 10);
  Dice dice(1, "loss", 0, "test");
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = 1 + dice.below(5'000);
    const std::size_t at = dice.below(sound.size() - size);
    const bool filled = dice.below(2) == 0;  // with silence, or just missing
    std::string rest = sound.substr(0, at);
    if (filled) rest.append(size, sound_of_silence);
    rest += sound.substr(at + size);
    std::string expected;
    for (const Ear::Heard& word : words) {
      const bool hit = word.ends > at && word.begins < at + size;
      if (!hit) append_heard(expected, word);
    }
    BOOST_TEST(heard(rest) == expected);
  }
}

BOOST_AUTO_TEST_CASE(an_altered_bit_takes_one_word) {
  std::string sound = spoken("alfa bravo charlie", SpeakingVoice::low, 5);
  std::vector<std::size_t> ends;
  Ear().hear(sound, [&](const Ear::Heard& word) { ends.push_back(word.ends); });
  const std::size_t at = ends[1] - 20;
  sound[at] = static_cast<char>(static_cast<unsigned char>(sound[at]) ^ 1U);
  BOOST_TEST(heard(sound) == "alfa charlie");
}

BOOST_AUTO_TEST_CASE(words_of_any_length_are_carried) {
  std::string word;
  for (int i = 0; i < 50; ++i) word += "è☎a";
  BOOST_TEST(heard(spoken("da " + word + " a", SpeakingVoice::low, 1)) == "da " + word + " a");
}

BOOST_AUTO_TEST_CASE(noise_holds_no_words) {
  Dice dice(3, "noise", 0, "test");
  std::string noise;
  for (int i = 0; i < 2'000'000; ++i) noise += static_cast<char>(dice.roll() & 0xffU);
  BOOST_TEST(heard(noise).empty());
}

BOOST_AUTO_TEST_CASE(speech_is_told_from_silence_by_its_power) {
  SpeechDetector detector({.threshold = 0.5, .silence_ms = 500});
  const std::string sound = spoken(question, SpeakingVoice::high, 2);
  const auto all = noticed(silence(700) + sound + silence(1'000), detector);
  BOOST_REQUIRE(all.size() == 2);  // pauses between words and sentences do not end it
  BOOST_TEST((all[0].change == SpeechDetector::Change::started));
  BOOST_TEST(all[0].at_ms >= 690);
  BOOST_TEST(all[0].at_ms <= 760);
  BOOST_TEST((all[1].change == SpeechDetector::Change::stopped));
  const std::uint64_t ended = 700 + sound.size() / sound_bytes_per_ms;
  BOOST_TEST(all[1].at_ms >= ended + 400);
  BOOST_TEST(all[1].at_ms <= ended + 520);
  BOOST_TEST(power_of(silence(10)) == 0.0);
}

BOOST_AUTO_TEST_CASE(neither_clicks_nor_noise_are_speech) {
  SpeechDetector detector({.threshold = 0.5, .silence_ms = 200});
  std::string sound;
  for (int i = 0; i < 20; ++i) sound += tone(1'000, 20) + silence(200);
  Dice dice(3, "noise", 0, "test");
  for (int i = 0; i < 8'000; ++i) sound += static_cast<char>(mulaw_of(dice.between(-150, 150)));
  BOOST_TEST(noticed(sound, detector).empty());
  BOOST_TEST(noticed(tone(1'000, 500), detector).size() == 1);
}

BOOST_AUTO_TEST_CASE(pieces_make_no_difference_to_the_detector) {
  const std::string sound = silence(333) + spoken("Buongiorno.", SpeakingVoice::low, 9) +
                            silence(777) + spoken("Sì, certo.", SpeakingVoice::high, 9) +
                            silence(600);
  SpeechDetector whole({.threshold = 0.5, .silence_ms = 500});
  const auto expected = noticed(sound, whole);
  BOOST_TEST(expected.size() == 4);
  for (const std::size_t piece : {1U, 33U, 160U, 2'000U}) {
    SpeechDetector detector({.threshold = 0.5, .silence_ms = 500});
    std::vector<Noticed> all;
    for (std::size_t at = 0; at < sound.size(); at += piece) {
      for (const Noticed& each : noticed(sound.substr(at, piece), detector)) all.push_back(each);
    }
    BOOST_REQUIRE(all.size() == expected.size());
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i].at_ms == expected[i].at_ms);
  }
}

BOOST_AUTO_TEST_SUITE_END()
