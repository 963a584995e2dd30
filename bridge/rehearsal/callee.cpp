#include "bridge/rehearsal/callee.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bridge/rehearsal/dates.hpp"
#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

constexpr std::size_t slice_ms = 10;
constexpr std::size_t slice_bytes = slice_ms * sound_bytes_per_ms;
constexpr std::size_t turn_silence_ms = 700;  // after it, it is their turn
constexpr std::uint64_t patience_ms = 12'000;
constexpr int calls_out_max = 2;
constexpr std::uint64_t goodbye_ms = 4'000;  // from a goodbye until they hang up themselves
constexpr std::uint64_t interruptions_max = 4;
constexpr std::uint64_t machine_line_ms = 90'000;
constexpr std::uint64_t fax_line_ms = 25'000;

using Texts = std::span<const std::string_view>;

std::string one_of(Dice& dice, Texts texts) {
  return std::string(texts[dice.below(texts.size())]);
}
std::string one_of(Dice& dice, bool italian, Texts in_italian, Texts in_english) {
  return one_of(dice, italian ? in_italian : in_english);
}

// The last question of a text, or the text.
std::string_view question_of(std::string_view text) {
  const std::size_t end = text.rfind('?');
  if (end == std::string_view::npos) return text;
  const std::size_t before = end == 0 ? std::string_view::npos : text.find_last_of(".!?", end - 1);
  return before == std::string_view::npos ? text.substr(0, end)
                                          : text.substr(before + 1, end - before - 1);
}

struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

// "da 1 a 5", "from one to five", "tra zero e dieci".
std::optional<Range> range_in(std::string_view plain) {
  std::vector<std::string_view> words;
  while (!plain.empty()) {
    const std::size_t end = std::min(plain.find(' '), plain.size());
    if (end > 0) words.push_back(plain.substr(0, end));
    plain.remove_prefix(std::min(end + 1, plain.size()));
  }
  for (std::size_t i = 0; i + 3 < words.size(); ++i) {
    const bool opens =
        words[i] == "da" || words[i] == "from" || words[i] == "tra" || words[i] == "between";
    const bool joins =
        words[i + 2] == "a" || words[i + 2] == "to" || words[i + 2] == "e" || words[i + 2] == "and";
    if (!opens || !joins) continue;
    const auto least = numbers_in(words[i + 1]);
    const auto most = numbers_in(words[i + 3]);
    if (least.size() == 1 && most.size() == 1 && least[0] < most[0])
      return Range{least[0], most[0]};
  }
  return {};
}

std::vector<std::string> parted(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    std::size_t end = list.size();
    std::size_t skip = 0;
    for (const std::string_view mark : {",", " o ", " or ", " oppure "}) {
      if (const std::size_t at = list.find(mark); at < end) {
        end = at;
        skip = mark.size();
      }
    }
    if (const auto part = trimmed(list.substr(0, end)); !part.empty()) parts.emplace_back(part);
    list.remove_prefix(std::min(end + skip, list.size()));
    if (skip == 0) break;
  }
  return parts;
}

// The answers that are named: "le risposte possibili sono: A, B, C.", or "messaggio o telefono?".
std::vector<std::string> options_in(std::string_view text) {
  for (const std::string_view opening : {"possibili sono:", "possible answers are:"}) {
    const std::size_t at = text.find(opening);
    if (at == std::string_view::npos) continue;
    std::string_view list = text.substr(at + opening.size());
    return parted(list.substr(0, list.find_first_of(".?!")));
  }
  std::string_view question = question_of(text);
  if (const std::size_t colon = question.rfind(':'); colon != std::string_view::npos) {
    question.remove_prefix(colon + 1);
  }
  if (says_any(plain_words(question), "sì o no|si o no|yes or no")) return {};
  std::vector<std::string> parts = parted(question);
  if (parts.size() < 2 || (question.find(" o ") == std::string_view::npos &&
                           question.find(" or ") == std::string_view::npos)) {
    return {};
  }
  // Before the first of them stands the question itself: its last word is the option.
  const std::size_t blank = parts[0].rfind(' ');
  if (blank != std::string::npos) parts[0].erase(0, blank + 1);
  return parts;
}

// The right answer, as far as they understand the question.
SpokenReaction right_answer(Dice& dice, std::string_view heard, bool italian) {
  using Kind = SpokenReaction::Kind;
  const std::string plain = plain_words(heard);
  const bool presses = dice.below(8) == 0;
  if (asks_for_date(plain)) {
    return {Kind::speech, date_words(some_date(dice, plain), italian) + "."};
  }
  if (const auto range = range_in(plain)) {
    const std::int64_t number =
        range->least + static_cast<std::int64_t>(
                           dice.below(static_cast<std::uint64_t>(range->most - range->least + 1)));
    if ((presses || says_any(plain, "prema*|preme*|digit*|tasto|press*|dial")) && number >= 0 &&
        number <= 9) {
      return {Kind::keys, std::to_string(number)};
    }
    const std::string word = number_word(number, italian);
    switch (dice.below(3)) {
      case 0:
        return {Kind::speech, word + "."};
      case 1:
        return {Kind::speech, (italian ? "Direi " : "I would say ") + word + "."};
      default:
        return {Kind::speech, word + (italian ? ", grazie." : ", thank you.")};
    }
  }
  if (const auto options = options_in(heard); !options.empty()) {
    const std::size_t first = dice.below(options.size());
    std::string answer = options[first];
    if (options.size() > 1 && asks_for_several(plain) && dice.below(2) == 0) {
      const std::size_t second = (first + 1 + dice.below(options.size() - 1)) % options.size();
      answer += (italian ? " e " : " and ") + options[second];
    }
    return {Kind::speech, answer + "."};
  }
  if (says_any(plain, "quanti|quante|quanto tempo|che voto|un numero|how many|how much|a number")) {
    return {Kind::speech, number_word(dice.between(1, 9), italian) + "."};
  }
  constexpr std::array<std::string_view, 6> open_italian{
      "Va tutto bene, grazie.",
      "Il servizio è stato buono, ma l'attesa è stata lunga.",
      "Mi è piaciuta soprattutto la gentilezza.",
      "Potreste arrivare un po' prima.",
      "Niente di particolare, direi.",
      "Il tecnico ha spiegato tutto molto bene."};
  constexpr std::array<std::string_view, 6> open_english{
      "All fine, thank you.",
      "The service was good, but the wait was too long.",
      "I liked the kindness most of all.",
      "You could come a little earlier.",
      "Nothing in particular.",
      "The technician explained everything very well."};
  const bool closed = says_any(plain, "sì o no|yes or no");
  if (!closed &&
      says_any(
          plain_words(question_of(heard)),
          "cosa|perché|come|quale|quali|aggiungere|qualcosa|commenti|quando|why|what|how|which|"
          "anything|comments|when")) {
    return {Kind::speech, one_of(dice, italian, open_italian, open_english)};
  }
  constexpr std::array<std::string_view, 4> yes_italian{"Sì.", "Sì, certo.", "Certo.",
                                                        "Sì, dica pure."};
  constexpr std::array<std::string_view, 4> yes_english{"Yes.", "Yes, sure.", "Sure.",
                                                        "Yes, go ahead."};
  constexpr std::array<std::string_view, 2> no_italian{"No.", "No, per niente."};
  constexpr std::array<std::string_view, 2> no_english{"No.", "No, not really."};
  const bool asks_leave =
      says_any(plain,
               "posso|potrei|può rispondere|può rispondermi|ha un minuto|ha tempo|riprendiamo|"
               "may i|can i|could i|do you have a minute");
  const bool yes = dice.below(100) < (asks_leave ? 94U : 70U);
  return {Kind::speech, yes ? one_of(dice, italian, yes_italian, yes_english)
                            : one_of(dice, italian, no_italian, no_english)};
}

std::string greeting_of(std::chrono::seconds length) {
  std::string sound = spoken(
      "Risponde la segreteria telefonica. Al momento non possiamo rispondere. "
      "Lasciate un messaggio dopo il segnale acustico.",
      SpeakingVoice::high, 0);
  sound.resize(static_cast<std::size_t>(length.count()) * 1'000 * sound_bytes_per_ms,
               sound_of_silence);
  return sound + tone(1'000, 400);
}

std::string fax_tones() {
  std::string sound;
  for (std::uint64_t ms = 0; ms < fax_line_ms; ms += 3'500) {
    sound += tone(1'100, 500);
    sound.append(3'000 * sound_bytes_per_ms, sound_of_silence);
  }
  return sound;
}

}  // namespace

SpokenReaction react_to_speech(const People& people, Dice& dice, std::string_view heard) {
  using Kind = SpokenReaction::Kind;
  const bool italian = is_italian(heard);
  const std::array<int, 9> weights{people.right_key + people.speech,
                                   people.wrong_key,
                                   people.silence,
                                   people.hang_up,
                                   people.opt_out,
                                   people.other_time,
                                   people.wants_human,
                                   people.declines,
                                   people.not_them};
  int total = 0;
  for (const int weight : weights) total += weight;
  int left = dice.between(0, std::max(total, 1) - 1);
  std::size_t choice = 0;
  while (choice + 1 < weights.size() && (left -= weights[choice]) >= 0) ++choice;
  switch (choice) {
    case 0:
      return right_answer(dice, heard, italian);
    case 1: {
      constexpr std::array<std::string_view, 3> italian_texts{"Boh.", "Non ho capito la domanda.",
                                                              "Il gatto dorme sul divano."};
      constexpr std::array<std::string_view, 3> english_texts{"Hm.", "I did not get the question.",
                                                              "The cat sleeps on the sofa."};
      if (const auto range = range_in(plain_words(heard)); range && dice.below(2) == 0) {
        return {Kind::speech, number_word(range->most + 2, italian) + "."};
      }
      return {Kind::speech, one_of(dice, italian, italian_texts, english_texts)};
    }
    case 3:
      return {Kind::hang_up, {}};
    case 4:
      return {Kind::speech,
              italian ? "Non chiamatemi più, per favore." : "Do not call me again, please."};
    case 5:
      return {Kind::speech, italian ? "Mi richiami domani pomeriggio." : "Call me back tomorrow."};
    case 6:
      return {Kind::speech,
              italian ? "Vorrei parlare con una persona." : "I want to talk to a human."};
    case 7:
      return {Kind::speech, std::string(declining_words(dice.below(2) == 0, italian))};
    case 8:
      return {Kind::speech, std::string(words_to_end(dice.below(reasons_to_end), italian))};
    default:
      return {};
  }
}

Callee::Callee(const People& people, std::uint64_t seed, std::string to, std::uint64_t ordinal,
               const Person& person, std::chrono::milliseconds answered_ago)
    : people_(people),
      seed_(seed),
      to_(std::move(to)),
      ordinal_(ordinal),
      person_(person),
      line_open_ms_(static_cast<std::uint64_t>(answered_ago.count())),
      detector_({.threshold = 0.5, .silence_ms = turn_silence_ms}),
      noise_(seed_, to_, ordinal_, "line noise") {
  // A machine does not wait for anybody.
  if (person_.answerer == Answerer::machine) voice_ = greeting_of(person_.greeting);
  if (person_.answerer == Answerer::fax) voice_ = fax_tones();
  said_ = std::min<std::size_t>(line_open_ms_ * sound_bytes_per_ms, voice_.size());
}

Callee::Step Callee::live(std::string_view heard) {
  Step step;
  step.said.reserve(heard.size());
  while (!heard.empty()) {
    const std::string_view piece = heard.substr(0, slice_bytes);
    heard.remove_prefix(piece.size());
    listen(piece);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      step.said += said_ < voice_.size()
                       ? voice_[said_++]
                       : static_cast<char>(mulaw_of(static_cast<int>(noise_.below(49)) - 24));
    }
    now_ms_ = ear_.bytes() / sound_bytes_per_ms;
    if (said_ < voice_.size()) last_sound_ms_ = counts_.spoke_until_ms = now_ms_;
    do_planned();
  }
  step.keys = std::exchange(keys_, {});
  step.hangs_up = hangs_up_;
  return step;
}

void Callee::hear_no_more() {
  if (on_heard_ && !words_.empty()) on_heard_(std::exchange(words_, {}));
}

void Callee::listen(std::string_view piece) {
  ear_.hear(piece, [this](const Ear::Heard& word) {
    if (word.label) return;
    append_heard(words_, word);
    ++words_in_turn_;
    ++counts_.words_heard;
  });
  const auto told = detector_.hear(piece);
  if (detector_.speaking()) {
    last_sound_ms_ = last_heard_ms_ = now_ms_;
  } else {
    counts_.silent_ms = std::max(counts_.silent_ms, now_ms_ - last_heard_ms_);
  }
  if (person_.answerer != Answerer::human) return;
  if (told.change == SpeechDetector::Change::started) {
    calls_out_ = 0;
    // They go on: whatever the person was about to do waits.
    if (planned_.kind != SpokenReaction::Kind::hang_up) planned_at_ms_ = 0;
    Dice dice(seed_, to_, ordinal_, "interrupts", turn_);
    interrupt_at_word_ = 0;
    if (words_in_turn_ == 0 && dice.per_mille(people_.barge_in) &&
        counts_.interruptions < interruptions_max) {
      interrupt_at_word_ = static_cast<std::uint64_t>(dice.between(2, 9));
    }
    if (words_in_turn_ == 0) ++turn_;
  } else if (told.change == SpeechDetector::Change::stopped && words_in_turn_ > 0) {
    think();
  }
  if (interrupt_at_word_ != 0 && words_in_turn_ >= interrupt_at_word_ && said_ >= voice_.size() &&
      detector_.speaking()) {
    interrupt_at_word_ = 0;
    ++counts_.interruptions;
    Dice dice(seed_, to_, ordinal_, "interruption", turn_);
    constexpr std::array<std::string_view, 4> italian_texts{
        "Scusi, chi parla?", "Aspetti, aspetti.", "Come, scusi?", "Sì, sì."};
    constexpr std::array<std::string_view, 4> english_texts{"Sorry, who is this?", "Wait, wait.",
                                                            "Pardon me?", "Yes, yes."};
    // Who has heard enough answers at once.
    const bool knows = range_in(plain_words(words_)).has_value();
    const bool italian = is_italian(words_);
    say(knows ? right_answer(dice, words_, italian).text
              : one_of(dice, italian, italian_texts, english_texts));
    if (on_heard_) on_heard_(words_);
    words_.clear();
    words_in_turn_ = 0;
  }
}

// It is their turn.
void Callee::think() {
  using Kind = SpokenReaction::Kind;
  const std::string heard = std::exchange(words_, {});
  words_in_turn_ = 0;
  interrupt_at_word_ = 0;
  if (on_heard_) on_heard_(heard);
  if (said_ < voice_.size()) return;  // they are talking
  Dice dice(seed_, to_, ordinal_, "hears", turn_);
  const auto after = static_cast<std::uint64_t>(dice.between(200, 1'200));
  const std::string plain = plain_words(heard);
  if (says_goodbye(plain)) {
    planned_ = {Kind::hang_up, {}};
    planned_at_ms_ = now_ms_ + goodbye_ms;
    if (dice.below(4) != 0) say(is_italian(heard) ? "Arrivederci." : "Goodbye.");
    return;
  }
  const bool asked =
      heard.find('?') != std::string::npos ||
      says_any(plain, "un numero|sì o no|possibili sono|a number|yes or no|answers are");
  if (!asked) return;
  planned_ = react_to_speech(people_, dice, heard);
  planned_at_ms_ = planned_.kind == Kind::nothing ? 0 : now_ms_ + after;
}

void Callee::say(const std::string& words) {
  ++counts_.turns;
  if (on_said_) on_said_(words);
  voice_ = spoken(words, ordinal_ % 2 == 0 ? SpeakingVoice::low : SpeakingVoice::high,
                  seed_ ^ Dice(seed_, to_, 0, "voice").roll());
  said_ = 0;
}

void Callee::do_planned() {
  using Kind = SpokenReaction::Kind;
  const std::uint64_t open_ms = line_open_ms_ + now_ms_;
  if (person_.answerer == Answerer::machine) hangs_up_ = open_ms >= machine_line_ms;
  if (person_.answerer == Answerer::fax) hangs_up_ = open_ms >= fax_line_ms;
  if (person_.answerer != Answerer::human) return;
  if (planned_at_ms_ != 0 && now_ms_ >= planned_at_ms_) {
    planned_at_ms_ = 0;
    const SpokenReaction reaction = std::exchange(planned_, {});
    switch (reaction.kind) {
      case Kind::speech:
        say(reaction.text);
        break;
      case Kind::keys:
        keys_ += reaction.text;
        counts_.keys += reaction.text.size();
        counts_.pressed_at_ms = now_ms_;
        last_sound_ms_ = now_ms_;
        break;
      case Kind::hang_up:
        hangs_up_ = true;
        break;
      case Kind::nothing:
        break;
    }
    return;
  }
  if (planned_at_ms_ != 0 || now_ms_ - last_sound_ms_ < patience_ms) return;
  last_sound_ms_ = now_ms_;
  if (++calls_out_ > calls_out_max) {
    hangs_up_ = true;
  } else {
    say("Pronto?");
  }
}

}  // namespace bridge::rehearsal
