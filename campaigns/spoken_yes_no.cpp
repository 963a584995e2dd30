#include "campaigns/spoken_yes_no.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>

#include "campaigns/speech.hpp"

namespace campaigns {

namespace {

// What a phrase does to an answer.
enum class Sense : std::uint8_t {
  yes,
  no,
  denial,   // a no that is made of a negation
  doubt,    // takes back a yes beside it, and is no answer by itself
  neither,  // contains words of the others, and says none of it
};

std::vector<std::string> all_folded(std::vector<std::string> phrases) {
  for (auto& phrase : phrases) phrase = folded(phrase);
  return phrases;
}

struct LanguageWords {
  YesNoWords plain{};
  // Folded.
  std::vector<std::string> denials{};
  std::vector<std::string> doubts{};
  std::vector<std::string> neither{};

  LanguageWords() = default;
  LanguageWords(YesNoWords plain_words, std::vector<std::string> denial_phrases,
                std::vector<std::string> doubt_phrases, std::vector<std::string> other_phrases)
      : plain(std::move(plain_words)),
        denials(all_folded(std::move(denial_phrases))),
        doubts(all_folded(std::move(doubt_phrases))),
        neither(all_folded(std::move(other_phrases))) {}
};

const LanguageWords& phrases_of(std::string_view language) {
  static const std::map<std::string, LanguageWords, std::less<>> by_language = {
      {"it",
       {{{"sì", "certo", "va bene", "confermo", "d'accordo", "esatto"}, {"no"}},
        {"non confermo", "non va bene", "non va affatto bene", "non va per niente bene",
         "non va mica bene", "non mi va bene", "non sono d'accordo", "non siamo d'accordo",
         "non sono per niente d'accordo", "non sono affatto d'accordo", "non d'accordo",
         "non è esatto", "certo che no", "niente affatto", "nemmeno per sogno", "neanche per sogno",
         "nemmeno per idea", "neanche per idea"},
        {"non", "mai", "nemmeno", "neanche", "neppure", "niente", "nulla", "nessuno", "nessuna",
         "nessun", "senza", "mica", "poco"},
        {"perché no", "come no", "non c'è problema", "non c'è nessun problema",
         "non ci sono problemi", "non è un problema", "nessun problema", "senza problemi",
         "senza dubbio", "non vedo l'ora", "non dico di no", "non mi dispiace", "non fa niente",
         "niente in contrario", "nulla in contrario", "non ho niente in contrario",
         "non ho nulla in contrario"}}},
      {"en",
       {{{"yes", "yeah", "sure", "of course", "correct"}, {"no", "nope"}},
        {"of course not", "certainly not", "absolutely not", "definitely not", "not correct",
         "isn't correct", "no way"},
        // The t is that of "isn't" and "don't".
        {"not",    "t",      "cannot",  "cant",    "dont",     "wont",        "isnt",   "arent",
         "doesnt", "didnt",  "wouldnt", "never",   "nothing",  "nobody",      "none",   "neither",
         "nor",    "hardly", "barely",  "without", "not sure", "not so sure", "no idea"},
        {"no problem",      "no problems",  "not a problem",   "isn't a problem",
         "no worries",      "no trouble",   "why not",         "no doubt",
         "without a doubt", "can't wait",   "cannot wait",     "cant wait",
         "don't mind",      "dont mind",    "do not mind",     "wouldn't mind",
         "would not mind",  "can't say no", "wouldn't say no", "would not say no"}}},
      {"de",
       {{{"ja", "gerne", "natürlich", "stimmt"}, {"nein"}},
        {"natürlich nicht",     "stimmt nicht",           "stimmt so nicht",
         "stimmt gar nicht",    "stimmt überhaupt nicht", "nicht gerne",
         "ganz und gar nicht",  "überhaupt nicht",        "gar nicht",
         "lieber nicht",        "leider nicht",           "bitte nicht",
         "sicher nicht",        "bestimmt nicht",         "auf keinen Fall",
         "auf gar keinen Fall", "möchte nicht",           "möchte ich nicht",
         "will nicht",          "will ich nicht",         "kann nicht",
         "kann ich nicht"},
        {"nicht", "nichts", "nie", "niemals", "niemand", "kein", "keine", "keinen", "keinem",
         "keiner", "keines", "keins", "ohne", "weder", "kaum", "wenig", "na ja"},
        {"warum nicht", "wieso nicht", "kein Problem", "gar kein Problem", "keine Frage",
         "ohne Frage", "ohne Weiteres", "nichts dagegen", "kann es nicht erwarten",
         "kann es kaum erwarten", "nicht wahr"}}},
      {"fr",
       {{{"oui", "bien sûr", "d'accord"}, {"non"}},
        {"pas d'accord", "suis pas d'accord", "ne suis pas d'accord", "ne sommes pas d'accord",
         "pas du tout d'accord", "suis pas du tout d'accord", "ne suis pas du tout d'accord",
         "ne suis plus d'accord", "bien sûr que non", "pas du tout", "certainement pas",
         "absolument pas", "surtout pas"},
        {"ne", "n", "pas", "jamais", "rien", "aucun", "aucune", "sans", "ni", "guère", "peu",
         "plus d'accord", "pas bien sûr"},
        {"pourquoi pas", "pas de problème", "pas de problèmes", "n'y a pas de problème",
         "aucun problème", "n'y a aucun problème", "sans problème", "sans aucun problème",
         "pas de souci", "pas de soucis", "aucun souci", "sans souci", "n'est-ce pas",
         "n'ai rien contre", "sans hésiter", "sans aucun doute"}}},
      {"es",
       {{{"sí", "claro", "de acuerdo"}, {"no"}},
        {"no estoy de acuerdo", "no estamos de acuerdo", "no estoy para nada de acuerdo",
         "no de acuerdo", "claro que no"},
        {"nunca",
         "jamás",
         "nada",
         "nadie",
         "ningún",
         "ninguno",
         "ninguna",
         "tampoco",
         "sin",
         "ni",
         "poco",
         "no sé",
         "no lo sé",
         "no estoy seguro",
         "no estoy segura",
         "no entiendo",
         "no le entiendo",
         "no he entendido",
         "no oigo",
         "no le oigo"},
        {"por qué no", "porque no", "cómo no", "no hay problema", "no hay ningún problema",
         "ningún problema", "sin problema", "sin problemas", "no pasa nada", "no me importa",
         "no me molesta", "no veo la hora", "sin duda", "no faltaba más"}}},
      // Of other languages only what makes a campaign's own yes uncertain.
      {"ar", {{}, {}, {"لا", "ليس", "ليست", "لست", "لم", "لن", "غير"}, {"لا مشكلة", "لا مانع"}}},
      {"bg", {{}, {}, {"не", "няма", "никога", "нищо"}, {"няма проблем"}}},
      {"cs", {{}, {}, {"ne", "není", "nejsem", "nikdy", "nic"}, {"není problém"}}},
      {"da", {{}, {}, {"nej", "ikke", "aldrig", "ingen", "intet"}, {"intet problem"}}},
      {"el", {{}, {}, {"δεν", "δε", "μη", "μην", "όχι", "ποτέ", "ούτε"}, {"γιατί όχι"}}},
      {"fi", {{}, {}, {"ei", "en", "emme", "eivät", "ikinä"}, {"ei ongelmaa"}}},
      {"he", {{}, {}, {"לא", "אין", "אל", "אף"}, {"אין בעיה", "למה לא"}}},
      {"hi", {{}, {}, {"नहीं", "मत", "ना"}, {}}},
      {"hr", {{}, {}, {"ne", "nije", "nisam", "nikad", "nema"}, {"nema problema"}}},
      {"hu", {{}, {}, {"nem", "ne", "sem", "soha", "nincs"}, {"miért ne", "nincs probléma"}}},
      {"ja",
       {{},
        {},
        {"ない", "ません", "なく", "いいえ", "いや", "違"},
        {"問題ない", "問題ありません", "構いません", "かまいません"}}},
      {"nl", {{}, {}, {"nee", "niet", "geen", "nooit", "niets"}, {"waarom niet", "geen probleem"}}},
      {"no", {{}, {}, {"nei", "ikke", "aldri", "ingen"}, {}}},
      {"pl", {{}, {}, {"nie", "nigdy", "bez", "nic"}, {"czemu nie", "nie ma problemu"}}},
      {"pt",
       {{},
        {},
        {"não", "nunca", "nem", "nada", "sem"},
        {"por que não", "não há problema", "sem problema", "sem problemas"}}},
      {"ro", {{}, {}, {"nu", "niciodată", "nimic", "fără"}, {"de ce nu", "nicio problemă"}}},
      {"ru", {{}, {}, {"не", "нет", "ни", "никогда", "ничего"}, {"почему нет", "нет проблем"}}},
      {"sr", {{}, {}, {"не", "није", "нисам", "ne", "nije", "nisam"}, {"nema problema"}}},
      {"sv", {{}, {}, {"nej", "inte", "aldrig", "ingen", "inget"}, {"inga problem"}}},
      {"th", {{}, {}, {"ไม่"}, {"ไม่มีปัญหา"}}},
      {"tr", {{}, {}, {"hayır", "değil", "yok", "asla"}, {"neden olmasın"}}},
      {"uk", {{}, {}, {"не", "ні", "ніколи", "нічого"}, {"чому ні", "немає проблем"}}},
      {"zh",
       {{}, {}, {"不", "没", "沒", "别", "別", "未", "无", "無", "非"}, {"没问题", "沒問題"}}},
  };
  static const LanguageWords none;
  const auto found = by_language.find(language);
  return found == by_language.end() ? none : found->second;
}

// Where a phrase stands in the speech, its blanks on both sides included.
struct Heard {
  std::size_t from = 0;
  std::size_t to = 0;
  Sense sense = Sense::neither;
  bool own = false;

  bool holds(const Heard& other) const { return from <= other.from && other.to <= to; }
  std::size_t size() const { return to - from; }
};

// `phrases` are folded.
void find_all(std::string_view speech, const std::vector<std::string>& phrases, Sense sense,
              bool own, std::vector<Heard>& found) {
  for (const auto& wanted : phrases) {
    if (wanted.size() <= 1) continue;
    for (auto at = speech.find(wanted); at != std::string_view::npos;
         at = speech.find(wanted, at + 1)) {
      found.push_back({at, at + wanted.size(), sense, own});
    }
  }
}

}  // namespace

const YesNoWords& common_yes_no(std::string_view language) {
  return phrases_of(language).plain;
}

SaidYesNo said_yes_no(std::string_view heard, std::string_view language, const YesNoWords& own,
                      bool own_alone) {
  const auto& words = phrases_of(language);
  std::vector<Heard> all;
  find_all(heard, all_folded(own.yes), Sense::yes, true, all);
  find_all(heard, all_folded(own.no), Sense::no, true, all);
  if (!own_alone) {
    find_all(heard, all_folded(words.plain.yes), Sense::yes, false, all);
    find_all(heard, all_folded(words.plain.no), Sense::no, false, all);
    find_all(heard, words.denials, Sense::denial, false, all);
  } else {
    find_all(heard, words.denials, Sense::doubt, false, all);
  }
  find_all(heard, words.doubts, Sense::doubt, false, all);
  find_all(heard, words.neither, Sense::neither, false, all);
  const auto says_more = [](const Heard& one, const Heard& other) {
    return one.holds(other) && (one.size() > other.size() || (one.own && !other.own));
  };
  const auto counts = [&](Sense sense) {
    return std::any_of(all.begin(), all.end(), [&](const Heard& one) {
      return one.sense == sense && std::none_of(all.begin(), all.end(), [&](const Heard& other) {
               return says_more(other, one);
             });
    });
  };
  const bool yes = counts(Sense::yes);
  const bool no = counts(Sense::no);
  const bool denied = counts(Sense::denial);
  const bool doubtful = counts(Sense::doubt);
  if (yes) return no || denied || doubtful ? SaidYesNo::unclear : SaidYesNo::yes;
  if (no && !(own_alone && doubtful)) return SaidYesNo::no;
  // "It is not that it is not correct" is no denial.
  if (denied && !doubtful) return SaidYesNo::no;
  return no || denied || doubtful ? SaidYesNo::unclear : SaidYesNo::nothing;
}

}  // namespace campaigns
