#include "bridge/rehearsal/people.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bridge/rehearsal/dates.hpp"
#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/settings.hpp"
#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

using std::chrono::seconds;

// Prompts are Italian or English. Compared in lower case, accents left as they are.
constexpr std::array<std::string_view, 6> words_for_pressing{"prem",  "digit", "tasto",
                                                             "press", "dial ", "key "};
constexpr std::array<std::string_view, 19> words_for_opting_out{
    "non essere",      "non ricevere", "non vuole pi",     "non vuole esser", "non vuole ricev",
    "non vuole altr",  "non volete",   "non desidera ric", "non desidera es", "cancellar",
    "rimuov",          "opt out",      "do not call",      "not be called",   "not want to rec",
    "not wish to rec", "stop",         "no more",          "unsubscribe"};
struct NumberWord {
  std::string_view word{};
  char digit = '0';
};
constexpr std::array<NumberWord, 19> number_words{{
    {"zero", '0'},   {"uno", '1'},   {"due", '2'},   {"tre", '3'},  {"quattro", '4'},
    {"cinque", '5'}, {"sei", '6'},   {"sette", '7'}, {"otto", '8'}, {"nove", '9'},
    {"one", '1'},    {"two", '2'},   {"three", '3'}, {"four", '4'}, {"five", '5'},
    {"six", '6'},    {"seven", '7'}, {"eight", '8'}, {"nine", '9'},
}};

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

bool mentions(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// The single digits of a text in its order: figures, and with `words` also "uno", "three" …, which
// are common words where no key is being named.
std::string digits_of(std::string_view text, bool words) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    if (word.size() == 1 && word[0] >= '0' && word[0] <= '9') {
      out += word[0];
    } else if (words) {
      const auto known = std::ranges::find(number_words, word, &NumberWord::word);
      if (known != number_words.end()) out += known->digit;
    }
    at = end;
  }
  return out;
}

// "da 1 a 5", "from 1 to 5", "tra uno e cinque": the two ends stand for what is between.
bool is_range(std::string_view phrase) {
  const auto holds = [&](std::string_view opening, std::string_view joining) {
    const std::size_t at = phrase.find(opening);
    return at != std::string_view::npos && phrase.find(joining, at) != std::string_view::npos;
  };
  return holds("da ", " a ") || holds("from ", " to ") || holds("tra ", " e ") ||
         holds("between ", " and ") || holds("dall", " al");
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

void add_once(std::string& keys, char key) {
  if (keys.find(key) == std::string::npos) keys += key;
}

std::string chosen(Dice& dice, std::span<const std::string_view> texts) {
  return std::string(texts[dice.below(texts.size())]);
}

// What the whole prompt asks for, beyond the keys that it offers. One key is neither.
bool wants_date(const Question& question) {
  return question.digits_max != 1 && asks_for_date(plain_words(question.prompt));
}
bool wants_several(const Question& question) {
  return question.digits_max != 1 && asks_for_several(plain_words(question.prompt));
}

// One to three of them, in the order in which they were offered.
template <typename Options>
std::vector<typename Options::value_type> some_of(Dice& dice, const Options& options) {
  std::vector<typename Options::value_type> taken;
  const std::size_t wanted = 1 + dice.below(std::min<std::size_t>(options.size(), 3));
  for (std::size_t i = 0; i < options.size() && taken.size() < wanted; ++i) {
    // Those that are left may all be needed.
    const bool needed = options.size() - i <= wanted - taken.size();
    if (needed || dice.below(2) == 0) taken.push_back(options[i]);
  }
  return taken;
}

// What somebody says to this question: a hint of the kind that is expected, else a yes or a no,
// else a sentence of their own.
std::string words_for(Dice& dice, const Question& question, const OfferedKeys& offered) {
  constexpr std::array<std::string_view, 4> yes_no_italian{"sì", "no", "Sì.", "certo"};
  constexpr std::array<std::string_view, 4> yes_no_english{"yes", "no", "Yes.", "sure"};
  constexpr std::array<std::string_view, 5> open_italian{
      "va tutto bene, grazie", "preferirei essere richiamato di pomeriggio",
      "il servizio è stato buono ma l'attesa troppo lunga", "non saprei, forse la prossima volta",
      "mi è piaciuta soprattutto la gentilezza"};
  constexpr std::array<std::string_view, 5> open_english{
      "all fine, thank you", "I would rather be called in the afternoon",
      "the service was good but the wait was too long", "I could not say, maybe next time",
      "I liked the kindness most of all"};
  std::vector<std::string> hints;
  for (std::string& hint : split(question.hints, ",")) {
    const std::string heard = lower(hint);
    const bool is_key = heard.size() == 1 && heard[0] >= '0' && heard[0] <= '9';
    if (!mentions(heard, words_for_opting_out) && !is_key) {
      hints.push_back(std::move(hint));
    }
  }
  const bool italian = question.language.starts_with("it");
  if (wants_date(question)) {
    return date_words(some_date(dice, plain_words(question.prompt)), italian);
  }
  if (!hints.empty() && wants_several(question)) {
    std::string all;
    for (const std::string& one : some_of(dice, hints)) {
      all += (all.empty() ? "" : italian ? " e " : " and ") + one;
    }
    return all;
  }
  if (!hints.empty()) return hints[dice.below(hints.size())];
  if (question.takes_keys && (!offered.answers.empty() || question.digits_max == 1)) {
    return italian ? chosen(dice, yes_no_italian) : chosen(dice, yes_no_english);
  }
  return italian ? chosen(dice, open_italian) : chosen(dice, open_english);
}

// The right keys: one that is offered or, where none is, a number as long as the line takes.
std::string right_keys(Dice& dice, const Question& question, const OfferedKeys& offered) {
  std::string keys;
  if (wants_date(question)) {
    keys = date_keys(some_date(dice, plain_words(question.prompt)));
  } else if (!offered.answers.empty() && wants_several(question)) {
    for (const char key : some_of(dice, offered.answers)) keys += key;
  } else if (!offered.answers.empty()) {
    keys = offered.answers[dice.below(offered.answers.size())];
  } else {
    const int length =
        question.digits_max > 0 ? std::min(question.digits_max, 10) : dice.between(1, 2);
    keys += static_cast<char>('0' + dice.between(1, 9));
    for (int i = 1; i < length; ++i) keys += static_cast<char>('0' + dice.between(0, 9));
  }
  return keys;
}

std::string wrong_key(Dice& dice, const OfferedKeys& offered) {
  std::string wrong;
  // Not 9: where it means "never again" it was said at the start of the call, out of this prompt.
  for (const char key : std::string_view("123456780*")) {
    if (offered.answers.find(key) == std::string::npos && key != offered.opt_out) wrong += key;
  }
  return {wrong[dice.below(wrong.size())]};
}

}  // namespace

People parse_people(std::string_view text, People people) {
  constexpr int weight_max = 1'000'000;
  const std::array settings{
      Setting{"human", &people.human, weight_max},
      Setting{"no_answer", &people.no_answer, weight_max},
      Setting{"busy", &people.busy, weight_max},
      Setting{"machine", &people.machine, weight_max},
      Setting{"failed", &people.failed, weight_max},
      Setting{"fax", &people.fax, weight_max},
      Setting{"right_key", &people.right_key, weight_max},
      Setting{"speech", &people.speech, weight_max},
      Setting{"wrong_key", &people.wrong_key, weight_max},
      Setting{"silence", &people.silence, weight_max},
      Setting{"hang_up", &people.hang_up, weight_max},
      Setting{"opt_out", &people.opt_out, weight_max},
      Setting{"declines", &people.declines, weight_max},
      Setting{"other_time", &people.other_time, weight_max},
      Setting{"wants_human", &people.wants_human, weight_max},
      Setting{"not_them", &people.not_them, weight_max},
      Setting{"hang_up_at_once", &people.hang_up_at_once},
      Setting{"barge_in", &people.barge_in},
      Setting{"screening", &people.screening},
  };
  read_settings("people", text, settings);
  if (people.human + people.no_answer + people.busy + people.machine + people.failed + people.fax ==
      0) {
    throw std::invalid_argument(
        "people: human, no_answer, busy, machine, failed and fax are all 0; nobody is left");
  }
  if (people.right_key + people.speech + people.wrong_key + people.silence + people.hang_up == 0) {
    throw std::invalid_argument(
        "people: right_key, speech, wrong_key, silence and hang_up are all 0; a question would have"
        " no reaction");
  }
  return people;
}

Person meet(const People& people, std::uint64_t seed, std::string_view to, std::uint64_t ordinal) {
  Dice dice(seed, to, ordinal, "person");
  const std::array<int, 6> weights{people.human,   people.no_answer, people.busy,
                                   people.machine, people.failed,    people.fax};
  int total = 0;
  for (const int weight : weights) total += weight;
  int left = dice.between(0, std::max(total, 1) - 1);
  Person person;
  constexpr std::array<Answerer, 6> answerers{Answerer::human,  Answerer::no_answer,
                                              Answerer::busy,   Answerer::machine,
                                              Answerer::failed, Answerer::fax};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) {
      person.answerer = answerers[i];
      break;
    }
  }
  person.rings_after = seconds(dice.between(1, 3));
  person.answers_after = seconds(dice.between(2, 8));
  // A machine lets it ring before it takes over.
  if (person.answerer == Answerer::machine) person.answers_after += seconds(8);
  person.hangs_up_at_once =
      dice.per_mille(people.hang_up_at_once) && person.answerer == Answerer::human;
  person.greeting = seconds(dice.between(6, 15));
  person.screens = person.answerer == Answerer::human &&
                   Dice(seed, to, ordinal, "screening").per_mille(people.screening);
  return person;
}

std::string_view screening_words(std::string_view language) {
  return language.starts_with("it")
             ? "Ciao. Registra il tuo nome e il motivo della chiamata, vedo se la persona è libera."
             : "Hi. If you record your name and reason for calling, I'll see if this person is "
               "available.";
}

Reaction react(const People& people, std::uint64_t seed, std::string_view to, std::uint64_t ordinal,
               std::uint64_t turn, const Question& question) {
  Dice dice(seed, to, ordinal, "turn", turn);
  OfferedKeys offered = offered_keys(question.prompt, question.hints);
  // A message that can be refused by a key, and asks nothing: people listen.
  const bool asks = offered.opt_out == '\0' || !offered.answers.empty() || question.takes_speech ||
                    question.digits_max != 1;
  if (offered.opt_out == '\0' && offered.answers.find(question.opt_out) == std::string::npos) {
    offered.opt_out = question.opt_out;
  }
  enum Choice : unsigned char { right, speech, wrong, silence, hang_up, opt_out, declines };
  const std::array<int, 7> weights{people.right_key,
                                   people.speech,
                                   people.wrong_key,
                                   people.silence,
                                   people.hang_up,
                                   offered.opt_out != '\0' ? people.opt_out : 0,
                                   question.takes_speech ? people.declines : 0};
  int total = 0;
  for (const int weight : weights) total += weight;
  int left = dice.between(0, std::max(total, 1) - 1);
  auto choice = Choice::silence;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) {
      choice = static_cast<Choice>(i);
      break;
    }
  }
  if (!asks && (choice == right || choice == speech)) choice = silence;
  // Who has no keys to press, or was told of none where they are no date, speaks; and who is not
  // listened to presses.
  if (choice == right && offered.answers.empty() && !wants_date(question)) choice = speech;
  if ((choice == right || choice == opt_out) && !question.takes_keys) choice = speech;
  if (choice == speech && !question.takes_speech) choice = right;
  if ((choice == right || choice == wrong || choice == opt_out) && !question.takes_keys) {
    choice = silence;
  }

  const bool barges_in = dice.per_mille(people.barge_in) && question.prompt_time > seconds(3);
  // Nobody thinks longer than the line waits, but for those who stay silent.
  const seconds thinking(
      std::min<long>(dice.between(1, 3), std::max<long>(question.patience.count() - 1, 0)));
  Reaction reaction;
  reaction.after =
      barges_in ? seconds(dice.between(2, static_cast<int>(question.prompt_time.count() - 1)))
                : question.prompt_time + thinking;
  switch (choice) {
    case right:
      reaction.kind = Reaction::Kind::keys;
      reaction.text = right_keys(dice, question, offered);
      break;
    case wrong:
      reaction.kind = Reaction::Kind::keys;
      reaction.text = wrong_key(dice, offered);
      break;
    case opt_out:
      reaction.kind = Reaction::Kind::keys;
      reaction.text = offered.opt_out;
      break;
    case speech:
      reaction.kind = Reaction::Kind::speech;
      reaction.text = words_for(dice, question, offered);
      break;
    case declines:
      reaction.kind = Reaction::Kind::speech;
      reaction.text = declining_words(dice.below(2) == 0, question.language.starts_with("it"));
      break;
    case hang_up:
      reaction.kind = Reaction::Kind::hang_up;
      break;
    case silence:
      reaction.kind = Reaction::Kind::silence;
      break;
  }
  return reaction;
}

OfferedKeys offered_keys(std::string_view prompt, std::string_view hints) {
  OfferedKeys keys;
  std::string text = lower(prompt);
  // Where pressing is mentioned, figures before that are dates and times, not keys.
  std::size_t first_press = std::string::npos;
  for (const std::string_view word : words_for_pressing) {
    first_press = std::min(first_press, text.find(word));
  }
  const bool pressing = first_press != std::string::npos;
  if (pressing) {
    // The phrase that holds the word: "da 1 a 5, prema" as well as "prema da 1 a 5".
    const std::size_t phrase = text.find_last_of(".!?;:", first_press);
    if (phrase != std::string::npos) text.erase(0, phrase);
  }
  for (const std::string& sentence : split(text, ".;:!?")) {
    bool key_to_come = false;  // "se non vuole più essere chiamato, prema 9"
    for (const std::string& phrase : split(sentence, ",")) {
      std::string digits = digits_of(phrase, pressing);
      const bool offers_no_calls = mentions(phrase, words_for_opting_out);
      if (digits.empty()) {
        key_to_come |= offers_no_calls;
        continue;
      }
      if (offers_no_calls || std::exchange(key_to_come, false)) {
        const std::size_t at = offers_no_calls ? digits.size() - 1 : 0;
        keys.opt_out = digits[at];
        digits.erase(at, 1);
      }
      if (digits.size() == 2 && digits[0] < digits[1] && is_range(phrase)) {
        for (char key = digits[0]; key <= digits[1]; ++key) add_once(keys.answers, key);
      } else {
        for (const char key : digits) add_once(keys.answers, key);
      }
    }
  }
  for (const std::string& hint : split(hints, ",")) {
    if (hint.size() == 1 && hint[0] >= '0' && hint[0] <= '9') add_once(keys.answers, hint[0]);
  }
  if (keys.opt_out != '\0') std::erase(keys.answers, keys.opt_out);
  return keys;
}

}  // namespace bridge::rehearsal
