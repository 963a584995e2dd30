#include "bridge/rehearsal/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bridge::rehearsal {
namespace {

constexpr std::array<std::string_view, 21> italian_numbers{
    "zero",        "uno",      "due",    "tre",         "quattro",  "cinque",     "sei",
    "sette",       "otto",     "nove",   "dieci",       "undici",   "dodici",     "tredici",
    "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove", "venti"};
constexpr std::array<std::string_view, 21> english_numbers{
    "zero",     "one",     "two",     "three",     "four",     "five",     "six",
    "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
constexpr std::array<std::string_view, 8> italian_tens{
    "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta", "cento"};
constexpr std::array<std::string_view, 8> english_tens{"thirty",  "forty",  "fifty",  "sixty",
                                                       "seventy", "eighty", "ninety", "hundred"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

std::optional<std::int64_t> number_said(std::string_view word) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc{} && end == word.data() + word.size()) return number;
  for (const auto* table : {&italian_numbers, &english_numbers}) {
    const auto* const found = std::ranges::find(*table, word);
    if (found != table->end()) return found - table->begin();
  }
  for (const auto* table : {&italian_tens, &english_tens}) {
    const auto* const found = std::ranges::find(*table, word);
    if (found != table->end()) return 10 * (found - table->begin() + 3);
  }
  return {};
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string plain_words(std::string_view text) {
  std::string out = " ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // U+00C0 to U+00DE, as two bytes of UTF-8: 32 below their small letters.
    const auto before = static_cast<unsigned char>(out.back());
    const auto byte = static_cast<unsigned char>(c);
    if (before == 0xc3 && byte >= 0x80 && byte <= 0x9e) c = static_cast<char>(byte + 0x20U);
    if (is_letter(c)) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

bool says_any(std::string_view plain, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('|'), list.size());
    std::string_view phrase = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (phrase.empty()) continue;
    std::string wanted = " ";
    if (phrase.ends_with('*')) {
      wanted += phrase.substr(0, phrase.size() - 1);
    } else {
      wanted += std::string(phrase) + ' ';
    }
    if (plain.find(wanted) != std::string_view::npos) return true;
  }
  return false;
}

std::vector<std::int64_t> numbers_in(std::string_view plain) {
  std::vector<std::int64_t> numbers;
  while (!plain.empty()) {
    const std::size_t end = std::min(plain.find(' '), plain.size());
    if (const auto number = number_said(plain.substr(0, end))) numbers.push_back(*number);
    plain.remove_prefix(std::min(end + 1, plain.size()));
  }
  return numbers;
}

std::string number_word(std::int64_t number, bool italian) {
  const auto& table = italian ? italian_numbers : english_numbers;
  if (number >= 0 && number < std::ssize(table))
    return std::string(table[static_cast<std::size_t>(number)]);
  return std::to_string(number);
}

YesNo yes_or_no(std::string_view plain) {
  // A no wins: "no, certo che no".
  if (says_any(plain, "no|non direi|per niente|nope|not really|non ora|non adesso"))
    return YesNo::no;
  if (says_any(plain,
               "sì|si|certo|certamente|volentieri|va bene|d accordo|ok|okay|dica|mi dica|yes|sure|"
               "of course|yeah|all right|go ahead")) {
    return YesNo::yes;
  }
  return YesNo::neither;
}

bool wants_no_calls(std::string_view plain) {
  return says_any(plain,
                  "non chiamatemi|non mi chiamate|non mi chiami|non voglio più essere|toglietemi|"
                  "cancellatemi|non voglio più ricevere|do not call me|don t call me|stop calling|"
                  "remove me|take me off|never call me");
}

bool asks_for_several(std::string_view plain) {
  return says_any(plain,
                  "più di una|più di uno|una o più|uno o più|anche più|più risposte|"
                  "tutte quelle che|tutti quelli che|one or more|more than one|all that apply|"
                  "several answers");
}

bool would_rather_not_say(std::string_view plain) {
  return says_any(plain,
                  "preferisco non rispondere|preferirei non rispondere|non voglio rispondere|"
                  "rather not say|rather not answer|prefer not to say|prefer not to answer");
}

bool does_not_know(std::string_view plain) {
  return says_any(plain,
                  "non lo so|non so|non saprei|non ricordo|don t know|do not know|no idea|"
                  "don t remember");
}

std::string_view declining_words(bool knows, bool italian) {
  if (knows) return italian ? "Preferisco non rispondere." : "I would rather not say.";
  return italian ? "Non lo so." : "I don't know.";
}

bool wants_other_time(std::string_view plain) {
  return says_any(plain,
                  "mi richiami|richiamatemi|mi richiamate|può richiamare|call me back|call back|"
                  "call me later|another time|non ho tempo|no time now");
}

bool wants_human(std::string_view plain) {
  return says_any(plain,
                  "con una persona|un operatore|un umano|qualcuno in carne|a human|a person|"
                  "an operator|a real person");
}

namespace {

struct ReasonToEnd {
  std::string_view reason{};
  std::string_view phrases{};  // as says_any takes them
  std::string_view italian{};
  std::string_view english{};
};
constexpr std::array<ReasonToEnd, reasons_to_end> all_reasons_to_end{{
    {"wrong_number", "ha sbagliato numero|numero sbagliato|wrong number", "Ha sbagliato numero.",
     "Wrong number."},
    {"wrong_person", "non sono io|non è in casa|wrong person|is not at home",
     "La persona che cerca non è in casa.", "The person you want is not at home."},
    {"language_barrier", "non parlo italiano|non parlo la sua lingua|don t speak english",
     "Scusi, non parlo italiano.", "Sorry, I don't speak English."},
    {"unable", "troppo malato|troppo malata|non ci sento bene|too ill|hard of hearing|has died",
     "Non ci sento bene, non posso rispondere.", "I am hard of hearing, I cannot answer."},
    {"business_number",
     "questo è un ufficio|questo è un negozio|this is a business|this is an office",
     "Guardi, questo è un ufficio.", "This is an office."},
    {"screened", "il motivo della chiamata|reason for calling",
     "Registra il tuo nome e il motivo della chiamata.",
     "Please record your name and reason for calling."},
}};

}  // namespace

std::string_view reason_to_end(std::string_view plain) {
  for (const auto& each : all_reasons_to_end) {
    if (says_any(plain, each.phrases)) return each.reason;
  }
  return {};
}

std::string_view words_to_end(std::size_t reason, bool italian) {
  if (reason >= all_reasons_to_end.size()) return {};
  return italian ? all_reasons_to_end[reason].italian : all_reasons_to_end[reason].english;
}

bool says_goodbye(std::string_view plain) {
  return says_any(plain,
                  "arrivederci|arrivederla|buona giornata|buona serata|goodbye|good bye|"
                  "have a nice day|have a good day");
}

bool is_italian(std::string_view text) {
  const std::string plain = plain_words(text);
  const auto count = [&](std::string_view list) {
    int found = 0;
    while (!list.empty()) {
      const std::size_t end = std::min(list.find('|'), list.size());
      found += says_any(plain, list.substr(0, end)) ? 1 : 0;
      list.remove_prefix(std::min(end + 1, list.size()));
    }
    return found;
  };
  return count(
             "il|la|di|è|sono|che|per|una|un|le|buongiorno|del|della|può|non|grazie|quanto|con") >=
         count("the|is|are|of|to|a|an|you|your|for|hello|good|this|how|with|not|thank");
}

}  // namespace bridge::rehearsal
