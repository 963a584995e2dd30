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
  denial,      // a no that is made of a negation
  ended,       // a denial where nothing follows it, else a doubt
  doubt,       // takes back a yes beside it, or a denial, and is no answer by itself
  hesitation,  // takes back a yes alone
  puzzled,     // takes back whatever is said beside it
  consent,     // contains words of the others and says none of it, but takes back a no
  neither,     // contains words of the others, and says none of it
};

std::vector<std::string> all_folded(std::vector<std::string> phrases) {
  for (auto& phrase : phrases) phrase = folded(phrase);
  return phrases;
}

using Phrases = std::vector<std::string>;

// All but `plain` and `hints` are folded by phrases_of().
struct LanguageWords {
  YesNoWords plain{};
  YesNoWords folded{};  // the same
  Phrases hints{};
  Phrases denials{};
  Phrases ended{};
  Phrases doubts{};       // negations
  Phrases hesitations{};  // who calls, and not now
  Phrases maybes{};
  Phrases puzzled{};
  Phrases consents{};
  Phrases neither{};
  // Words of `plain` that mean something else in the midst of a sentence.
  Phrases at_edge{};
  // The same of those that also say how sure somebody is, or how well: an answer where they are all
  // that a clause says.
  Phrases whole{};
  // A no that is also the "not" before a verb.
  Phrases at_end{};
  // Written without its accent it is another word, and the yes only by itself.
  Phrases accented{};
};

std::map<std::string, LanguageWords, std::less<>> all_phrases() {
  return {
      {"it",
       {.plain = {{"sì",           "certo",        "certamente", "sicuramente", "va bene",
                   "va benissimo", "confermo",     "d'accordo",  "esatto",      "esattamente",
                   "ok",           "okay",         "perfetto",   "volentieri",  "senz'altro",
                   "con piacere",  "naturalmente", "giusto",     "benissimo",   "è esatto",
                   "è giusto",     "è corretto"},
                  {"no"}},
        .hints = {"sì", "certo", "va bene", "d'accordo", "no", "no grazie", "non credo",
                  "non posso"},
        .denials = {"non confermo",
                    "non va bene",
                    "non va affatto bene",
                    "non va per niente bene",
                    "non va mica bene",
                    "non mi va bene",
                    "non sono d'accordo",
                    "non siamo d'accordo",
                    "non sono per niente d'accordo",
                    "non sono affatto d'accordo",
                    "non d'accordo",
                    "non è esatto",
                    "non è giusto",
                    "non è corretto",
                    "certo che no",
                    "certamente no",
                    "sicuramente no",
                    "niente affatto",
                    "nemmeno per sogno",
                    "neanche per sogno",
                    "nemmeno per idea",
                    "neanche per idea"},
        .ended = {"per niente", "per nulla", "non ancora", "non proprio", "non credo", "non posso",
                  "non voglio"},
        .doubts = {"non", "mai", "nemmeno", "neanche", "neppure", "niente", "nulla", "nessuno",
                   "nessuna", "nessun", "senza", "mica", "poco"},
        .hesitations = {"pronto", "chi parla", "chi è", "con chi parlo", "è sicuro", "è certo",
                        "più tardi", "un'altra volta", "un altro momento", "poi"},
        .maybes = {"forse", "dipende", "in parte", "parzialmente", "più o meno"},
        .puzzled = {"non ho capito", "non capisco", "non ho sentito", "non sento", "non la sento",
                    "non ti sento", "non vi sento", "non si sente", "non so", "non lo so",
                    "non saprei", "o no", "oppure no"},
        .consents = {"perché no", "come no", "non c'è problema", "non c'è nessun problema",
                     "non ci sono problemi", "non è un problema", "nessun problema",
                     "senza problemi", "senza dubbio", "non vedo l'ora", "non dico di no",
                     "non mi dispiace", "non fa niente", "niente in contrario",
                     "nulla in contrario", "non ho niente in contrario",
                     "non ho nulla in contrario"},
        .neither = {"un certo", "se no", "sono pronto", "sono pronta", "siamo pronti", "va bene se",
                    "d'accordo se", "a più tardi"},
        .at_edge = {"certo", "ok", "okay", "volentieri", "benissimo"},
        .whole = {"sicuramente", "esatto", "esattamente", "perfetto", "naturalmente", "giusto",
                  "certamente"},
        .accented = {"sì"}}},
      {"en",
       {.plain = {{"yes",
                   "yeah",
                   "yep",
                   "yup",
                   "sure",
                   "of course",
                   "correct",
                   "ok",
                   "okay",
                   "alright",
                   "all right",
                   "absolutely",
                   "definitely",
                   "certainly",
                   "exactly",
                   "indeed",
                   "that's right",
                   "that is right",
                   "that's fine",
                   "sounds good",
                   "that's correct",
                   "that is correct",
                   "it's correct",
                   "it is correct",
                   "gladly",
                   "with pleasure",
                   "I agree",
                   "I confirm"},
                  {"no", "nope"}},
        .hints = {"yes", "yeah", "sure", "of course", "no", "no thanks", "not really",
                  "I don't think so"},
        .denials = {"not correct", "isn't correct", "not right", "isn't right", "no way",
                    "don't think so", "do not think so", "don't agree", "do not agree", "disagree"},
        .ended = {"of course not", "certainly not", "absolutely not", "definitely not",
                  "not at all", "not really", "not yet", "afraid not", "rather not"},
        // The t is that of "isn't" and "don't".
        .doubts = {"not",     "t",       "cannot",   "cant",        "dont",    "wont",
                   "isnt",    "arent",   "doesnt",   "didnt",       "wouldnt", "never",
                   "nothing", "nobody",  "none",     "neither",     "nor",     "hardly",
                   "barely",  "without", "not sure", "not so sure", "no idea"},
        .hesitations = {"hello", "who is this", "who's this", "who is it", "who is calling",
                        "who's calling", "who are you", "are you sure", "are you really sure",
                        "are you absolutely sure", "you sure", "later", "another time",
                        "some other time"},
        .maybes = {"maybe", "perhaps", "depends", "partly", "partially", "more or less", "sort of"},
        .puzzled = {"not understand", "don't understand", "didn't understand", "can't understand",
                    "not hear", "don't hear", "didn't hear", "can't hear", "cannot hear",
                    "cant hear", "not catch", "didn't catch", "don't know", "do not know",
                    "dont know", "or no", "or not"},
        .consents = {"no problem",      "no problems",     "not a problem",   "isn't a problem",
                     "no worries",      "no trouble",      "no objection",    "no objections",
                     "no issue",        "no issues",       "no complaint",    "no complaints",
                     "why not",         "no doubt",        "without a doubt", "can't wait",
                     "cannot wait",     "cant wait",       "don't mind",      "dont mind",
                     "do not mind",     "wouldn't mind",   "would not mind",  "can't say no",
                     "wouldn't say no", "would not say no"},
        .neither = {"make sure", "be sure", "no one", "no matter", "no more", "no longer", "I'm ok",
                    "I'm okay", "I am ok", "I am okay", "that's ok", "that's okay",
                    "that's all right", "that's alright", "see you later", "talk to you later"},
        .at_edge = {"sure", "ok", "okay", "alright", "all right", "gladly", "no"},
        .whole = {"correct", "absolutely", "definitely", "certainly", "exactly", "indeed"}}},
      {"de",
       {.plain = {{"ja",
                   "jawohl",
                   "gerne",
                   "gern",
                   "natürlich",
                   "stimmt",
                   "genau",
                   "klar",
                   "auf jeden Fall",
                   "selbstverständlich",
                   "richtig",
                   "sicher",
                   "in Ordnung",
                   "einverstanden",
                   "ok",
                   "okay",
                   "perfekt",
                   "das ist richtig",
                   "das ist korrekt",
                   "ganz genau",
                   "aber sicher",
                   "klar doch"},
                  {"nein", "nee"}},
        .hints = {"ja", "gerne", "genau", "in Ordnung", "nein", "nein danke", "leider nicht",
                  "auf keinen Fall"},
        .denials = {"stimmt nicht", "stimmt so nicht", "stimmt gar nicht", "stimmt überhaupt nicht",
                    "auf keinen Fall", "auf gar keinen Fall", "nicht einverstanden",
                    "nicht in Ordnung", "nicht richtig", "nicht korrekt"},
        .ended = {"natürlich nicht",  "nicht gerne",  "ganz und gar nicht", "überhaupt nicht",
                  "gar nicht",        "lieber nicht", "eher nicht",         "noch nicht",
                  "nicht wirklich",   "leider nicht", "bitte nicht",        "sicher nicht",
                  "bestimmt nicht",   "möchte nicht", "möchte ich nicht",   "will nicht",
                  "will ich nicht",   "kann nicht",   "kann ich nicht",     "glaube nicht",
                  "glaube ich nicht", "denke nicht"},
        .doubts = {"nicht", "nichts", "nie", "niemals", "niemand", "kein", "keine", "keinen",
                   "keinem", "keiner", "keines", "keins", "ohne", "weder", "kaum", "wenig"},
        .hesitations = {"hallo", "wer ist da", "wer spricht", "wer sind Sie", "sind Sie sicher",
                        "später", "ein andermal", "ein anderes Mal"},
        .maybes = {"na ja", "naja", "vielleicht", "kommt darauf an", "teilweise", "teils",
                   "mehr oder weniger"},
        .puzzled = {"nicht verstanden", "verstehe nicht", "verstehe Sie nicht", "verstehe nichts",
                    "nicht gehört", "höre nichts", "höre Sie nicht", "weiß nicht", "weiß ich nicht",
                    "weiß es nicht", "oder nein", "oder nicht"},
        .consents = {"warum nicht", "wieso nicht", "kein Problem", "gar kein Problem",
                     "keine Frage", "ohne Frage", "ohne Weiteres", "nichts dagegen",
                     "kann es nicht erwarten", "kann es kaum erwarten"},
        .neither = {"nicht wahr", "hätte gerne", "hätte gern", "gerne wissen", "gern wissen",
                    "stimmt das", "stimmt es", "bis später"},
        .at_edge = {"ja", "gerne", "gern", "stimmt", "auf jeden Fall", "ok", "okay"},
        .whole = {"natürlich", "genau", "klar", "selbstverständlich", "richtig", "sicher",
                  "perfekt"}}},
      {"fr",
       {.plain = {{"oui", "ouais", "bien sûr", "d'accord", "ok", "okay", "tout à fait",
                   "absolument", "exact", "exactement", "volontiers", "avec plaisir",
                   "certainement", "parfait", "effectivement", "c'est ça", "ça marche",
                   "c'est exact", "c'est correct"},
                  {"non"}},
        .hints = {"oui", "ouais", "bien sûr", "d'accord", "non", "non merci", "pas du tout",
                  "pas d'accord"},
        .denials = {"pas d'accord", "suis pas d'accord", "ne suis pas d'accord",
                    "ne sommes pas d'accord", "pas du tout d'accord", "suis pas du tout d'accord",
                    "ne suis pas du tout d'accord", "ne suis plus d'accord", "bien sûr que non"},
        .ended = {"pas du tout", "certainement pas", "absolument pas", "surtout pas",
                  "pas vraiment", "pas encore", "crois pas", "ne crois pas", "pense pas",
                  "ne pense pas"},
        .doubts = {"ne", "n", "pas", "jamais", "rien", "aucun", "aucune", "sans", "ni", "guère",
                   "peu", "plus d'accord", "pas bien sûr"},
        .hesitations = {"allô", "qui est à l'appareil", "qui parle", "qui êtes-vous", "c'est qui",
                        "vous êtes qui", "plus tard", "une autre fois"},
        .maybes = {"moyennement", "à moitié", "en partie", "partiellement", "peut-être",
                   "ça dépend", "plus ou moins"},
        .puzzled = {"pas compris", "pas du tout compris", "comprends pas", "rien compris",
                    "pas entendu", "entends pas", "entends rien", "sais pas", "ou non", "ou pas"},
        .consents = {"pourquoi pas", "pas de problème", "pas de problèmes", "n'y a pas de problème",
                     "aucun problème", "n'y a aucun problème", "sans problème",
                     "sans aucun problème", "pas de souci", "pas de soucis", "aucun souci",
                     "sans souci", "n'ai rien contre", "sans hésiter", "sans aucun doute"},
        .neither = {"n'est-ce pas", "comment ça marche", "c'est ça le", "c'est ça la",
                    "c'est ça que", "d'accord si", "à plus tard"},
        .at_edge = {"ok", "okay", "tout à fait", "volontiers"},
        .whole = {"absolument", "exact", "exactement", "certainement", "parfait",
                  "effectivement"}}},
      {"es",
       {.plain = {{"sí", "claro", "de acuerdo", "vale", "por supuesto", "correcto", "exacto",
                   "exactamente", "perfecto", "cierto", "desde luego", "con gusto", "está bien",
                   "confirmo", "ok", "okay", "es correcto", "es exacto", "es cierto"},
                  {"no"}},
        .hints = {"sí", "claro", "vale", "de acuerdo", "no", "no gracias", "para nada", "no puedo"},
        .denials = {"no estoy de acuerdo", "no estamos de acuerdo", "no estoy para nada de acuerdo",
                    "no de acuerdo", "claro que no", "por supuesto que no", "desde luego que no",
                    "no es correcto", "no es exacto", "no es cierto", "no está bien", "no confirmo",
                    "de ninguna manera"},
        .ended = {"para nada", "en absoluto", "no lo creo", "no me interesa", "no quiero",
                  "no puedo", "no creo"},
        .doubts = {"nunca", "jamás", "nada", "nadie", "ningún", "ninguno", "ninguna", "tampoco",
                   "sin", "ni", "poco"},
        .hesitations = {"diga", "dígame", "aló", "hola", "quién es", "quién habla",
                        "de parte de quién", "está seguro", "está segura", "luego", "más tarde",
                        "en otro momento"},
        .maybes = {"quizás", "quizá", "tal vez", "depende", "en parte", "más o menos"},
        .puzzled = {"no sé", "no lo sé", "no estoy seguro", "no estoy segura", "no entiendo",
                    "no le entiendo", "no te entiendo", "no he entendido", "no entendí",
                    "no comprendo", "no oigo", "no le oigo", "no te oigo", "no se oye",
                    "no escucho", "no le escucho", "no te escucho", "no se escucha", "o no"},
        .consents = {"por qué no", "porque no", "cómo no", "no hay problema",
                     "no hay ningún problema", "ningún problema", "sin problema", "sin problemas",
                     "no pasa nada", "no me importa", "no me molesta", "no veo la hora", "sin duda",
                     "no faltaba más"},
        .neither = {"cuánto vale", "qué vale", "está bien si", "de acuerdo si", "hasta luego"},
        .at_edge = {"claro", "ok", "okay"},
        .whole = {"vale", "correcto", "exacto", "exactamente", "perfecto", "cierto"},
        .at_end = {"no"},
        .accented = {"sí"}}},
      // Of other languages only what makes a campaign's own yes uncertain.
      {"ar",
       {.doubts = {"لا", "ليس", "ليست", "لست", "لم", "لن", "غير"},
        .consents = {"لا مشكلة", "لا مانع"}}},
      {"bg", {.doubts = {"не", "няма", "никога", "нищо"}, .consents = {"няма проблем"}}},
      {"cs", {.doubts = {"ne", "není", "nejsem", "nikdy", "nic"}, .consents = {"není problém"}}},
      {"da",
       {.doubts = {"nej", "ikke", "aldrig", "ingen", "intet"}, .consents = {"intet problem"}}},
      {"el",
       {.doubts = {"δεν", "δε", "μη", "μην", "όχι", "ποτέ", "ούτε"}, .consents = {"γιατί όχι"}}},
      {"fi", {.doubts = {"ei", "en", "emme", "eivät", "ikinä"}, .consents = {"ei ongelmaa"}}},
      {"he", {.doubts = {"לא", "אין", "אל", "אף"}, .consents = {"אין בעיה", "למה לא"}}},
      {"hi", {.doubts = {"नहीं", "मत", "ना"}}},
      {"hr", {.doubts = {"ne", "nije", "nisam", "nikad", "nema"}, .consents = {"nema problema"}}},
      {"hu",
       {.doubts = {"nem", "ne", "sem", "soha", "nincs"},
        .consents = {"miért ne", "nincs probléma"}}},
      {"ja",
       {.doubts = {"ない", "ません", "なく", "いいえ", "いや", "違"},
        .consents = {"問題ない", "問題ありません", "構いません", "かまいません"}}},
      {"nl",
       {.doubts = {"nee", "niet", "geen", "nooit", "niets"},
        .consents = {"waarom niet", "geen probleem"}}},
      {"no", {.doubts = {"nei", "ikke", "aldri", "ingen"}}},
      {"pl",
       {.doubts = {"nie", "nigdy", "bez", "nic"}, .consents = {"czemu nie", "nie ma problemu"}}},
      {"pt",
       {.doubts = {"não", "nunca", "nem", "nada", "sem"},
        .consents = {"por que não", "não há problema", "sem problema", "sem problemas"}}},
      {"ro",
       {.doubts = {"nu", "niciodată", "nimic", "fără"},
        .consents = {"de ce nu", "nicio problemă"}}},
      {"ru",
       {.doubts = {"не", "нет", "ни", "никогда", "ничего"},
        .consents = {"почему нет", "нет проблем"}}},
      {"sr",
       {.doubts = {"не", "није", "нисам", "ne", "nije", "nisam"}, .consents = {"nema problema"}}},
      {"sv", {.doubts = {"nej", "inte", "aldrig", "ingen", "inget"}, .consents = {"inga problem"}}},
      {"th", {.doubts = {"ไม่"}, .consents = {"ไม่มีปัญหา"}}},
      {"tr", {.doubts = {"hayır", "değil", "yok", "asla"}, .consents = {"neden olmasın"}}},
      {"uk",
       {.doubts = {"не", "ні", "ніколи", "нічого"}, .consents = {"чому ні", "немає проблем"}}},
      {"zh",
       {.doubts = {"不", "没", "沒", "别", "別", "未", "无", "無", "非", "唔", "冇"},
        .consents = {"没问题", "沒問題"}}},
  };
}

const LanguageWords& phrases_of(std::string_view language) {
  static const auto by_language = [] {
    auto all = all_phrases();
    for (auto& [code, words] : all) {
      words.folded = {all_folded(words.plain.yes), all_folded(words.plain.no)};
      for (auto* list : {&words.denials, &words.ended, &words.doubts, &words.hesitations,
                         &words.maybes, &words.puzzled, &words.consents, &words.neither,
                         &words.at_edge, &words.whole, &words.at_end, &words.accented}) {
        *list = all_folded(std::move(*list));
      }
    }
    // The same languages by other codes.
    all["nb"] = all["nn"] = all["no"];
    all["cmn"] = all["yue"] = all["zh"];
    return all;
  }();
  static const LanguageWords none;
  const auto found = by_language.find(language);
  return found == by_language.end() ? none : found->second;
}

// Where a phrase stands in the speech.
struct Heard {
  std::size_t first = 0;  // its words
  std::size_t last = 0;   // behind them
  Sense sense = Sense::neither;
  std::size_t whose = 0;  // of several things, the one that it names
  bool own = false;

  bool holds(const Heard& other) const { return first <= other.first && other.last <= last; }
  std::size_t size() const { return last - first; }
};

class Listener {
 public:
  explicit Listener(std::string_view speech)
      : words_(spoken_words(speech)), behind_(end_of(speech)) {
    for (const auto& one : words_) {
      starts_.push_back(text_.size() - 1);
      text_ += one.word + ' ';
    }
    starts_.push_back(text_.size() - 1);
  }

  // `phrases` are folded. Ours do not go on in another clause: "Come va? Bene." is no "va bene".
  void listen_for(const Phrases& phrases, Sense sense, bool own = false, std::size_t whose = 0) {
    for (const auto& wanted : phrases) {
      if (wanted.size() <= 1) continue;
      for (auto at = text_.find(wanted); at != std::string::npos; at = text_.find(wanted, at + 1)) {
        const Heard heard{word_at(at), word_at(at + wanted.size() - 1), sense, whose, own};
        if (own || !is_broken(heard)) all_.push_back(heard);
      }
    }
  }
  // Of what was heard that alone which no longer phrase contains, and no campaign's own of the same
  // length. Before this nothing is asked of it.
  void keep_longest() {
    const auto says_more = [](const Heard& one, const Heard& other) {
      return one.holds(other) && (one.size() > other.size() || (one.own && !other.own));
    };
    std::vector<Heard> longest;
    for (const auto& one : all_) {
      if (std::ranges::none_of(all_, [&](const Heard& other) { return says_more(other, one); })) {
        longest.push_back(one);
      }
    }
    all_ = std::move(longest);
    begins_.assign(words_.size() + 1, none);
    ends_.assign(words_.size() + 1, none);
    for (const auto& one : all_) {
      if (!is_answer(one)) continue;
      begins_[one.first] = one.last;
      ends_[one.last] = one.first;
    }
  }

  const std::vector<Heard>& all() const { return all_; }
  std::string folded_text(const Heard& one) const {
    return text_.substr(starts_[one.first], starts_[one.last] - starts_[one.first] + 1);
  }
  bool is_accented(const Heard& one) const { return words_[one.first].accented; }
  // Whether but for asides and other answers a clause begins with it.
  bool opens(const Heard& one) const {
    auto at = one.first;
    while (at > 0 && !begins_clause(words_[at])) {
      if (ends_[at] != none) {
        at = ends_[at];
      } else if (is_aside(word_of(at - 1), word_of(at))) {
        --at;
      } else {
        return false;
      }
    }
    return true;
  }
  // And whether one ends so.
  bool closes(const Heard& one) const {
    auto at = one.last;
    while (at < words_.size() && !begins_clause(words_[at])) {
      if (begins_[at] != none) {
        at = begins_[at];
      } else if (is_aside(word_of(at), word_of(at + 1))) {
        ++at;
      } else {
        return false;
      }
    }
    return true;
  }
  bool in_one_clause(const Heard& one, const Heard& other) const {
    for (auto at = std::min(one.last, other.last); at <= std::max(one.first, other.first); ++at) {
      if (begins_clause(words_[at])) return false;
    }
    return true;
  }
  // Whether it stands in a sentence that is a question.
  bool is_asked(const Heard& one) const {
    const auto end =
        std::find_if(words_.begin() + static_cast<std::ptrdiff_t>(one.last), words_.end(),
                     [](const SpokenWord& word) { return ends_sentence(word.before); });
    return ends_question(end == words_.end() ? std::string_view(behind_) : end->before);
  }
  bool in_last_clause(const Heard& one) const {
    return std::none_of(words_.begin() + static_cast<std::ptrdiff_t>(one.last), words_.end(),
                        begins_clause);
  }

 private:
  std::string_view word_of(std::size_t at) const {
    return at < words_.size() ? std::string_view(words_[at].word) : std::string_view();
  }
  bool is_broken(const Heard& one) const {
    return std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(one.first + 1),
                       words_.begin() + static_cast<std::ptrdiff_t>(one.last), begins_clause);
  }
  static bool is_answer(const Heard& one) {
    return one.sense == Sense::yes || one.sense == Sense::no || one.sense == Sense::denial ||
           one.sense == Sense::ended;
  }
  std::size_t word_at(std::size_t start) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(starts_, start) - starts_.begin());
  }

  std::vector<SpokenWord> words_;
  std::string behind_;               // what stands behind the last one
  std::string text_ = " ";           // folded
  std::vector<std::size_t> starts_;  // where the blank before each word stands, and the last one
  std::vector<Heard> all_;
  // Of the answers among them: the end of the one that begins at a word, and the beginning of the
  // one that ends before it.
  static constexpr auto none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> begins_;
  std::vector<std::size_t> ends_;
};

// What a phrase does where it stands.
Sense sense_in_place(const Heard& one, const Listener& listener, const LanguageWords& words) {
  const auto text = listener.folded_text(one);
  switch (one.sense) {
    case Sense::yes:
      if (is_one_of(words.whole, text) ||
          (is_one_of(words.accented, text) && !listener.is_accented(one))) {
        return listener.opens(one) && listener.closes(one) ? Sense::yes : Sense::neither;
      }
      // The name of an option, "No".
      if (is_one_of(words.at_end, text)) return listener.closes(one) ? Sense::yes : Sense::neither;
      if (!is_one_of(words.at_edge, text)) return Sense::yes;
      return listener.opens(one) || listener.closes(one) ? Sense::yes : Sense::neither;
    case Sense::no:
      if (is_one_of(words.at_end, text)) return listener.closes(one) ? Sense::no : Sense::doubt;
      if (!is_one_of(words.at_edge, text)) return Sense::no;
      return listener.opens(one) || listener.closes(one) ? Sense::no : Sense::doubt;
    case Sense::ended:
      return listener.closes(one) ? Sense::denial : Sense::doubt;
    case Sense::denial:
    case Sense::doubt:
    case Sense::hesitation:
    case Sense::puzzled:
    case Sense::consent:
    case Sense::neither:
      break;
  }
  return one.sense;
}

// What an answer is not taken from.
void listen_for_others(Listener& listener, const LanguageWords& words) {
  listener.listen_for(words.doubts, Sense::doubt);
  listener.listen_for(words.puzzled, Sense::puzzled);
  listener.listen_for(words.consents, Sense::consent);
  listener.listen_for(words.neither, Sense::neither);
}

}  // namespace

const YesNoWords& common_yes_no(std::string_view language) {
  return phrases_of(language).plain;
}

const std::vector<std::string>& yes_no_hints(std::string_view language) {
  return phrases_of(language).hints;
}

SaidYesNo said_yes_no(std::string_view speech, std::string_view language, const YesNoWords& own) {
  const auto& words = phrases_of(language);
  Listener listener(speech);
  listener.listen_for(all_folded(own.yes), Sense::yes, true);
  listener.listen_for(all_folded(own.no), Sense::no, true);
  listener.listen_for(words.folded.yes, Sense::yes);
  listener.listen_for(words.folded.no, Sense::no);
  listener.listen_for(words.denials, Sense::denial);
  listener.listen_for(words.ended, Sense::ended);
  listener.listen_for(words.hesitations, Sense::hesitation);
  listener.listen_for(words.maybes, Sense::puzzled);
  listen_for_others(listener, words);
  listener.keep_longest();
  std::set<Sense> senses;
  for (const auto& one : listener.all()) {
    const auto sense = sense_in_place(one, listener, words);
    const bool answers = sense == Sense::yes || sense == Sense::no || sense == Sense::denial;
    // "Yes?" comes from somebody who wants to know what is the matter.
    senses.insert(answers && listener.is_asked(one) ? Sense::puzzled : sense);
  }
  const auto counts = [&](Sense sense) { return senses.contains(sense); };
  const bool yes = counts(Sense::yes);
  const bool no = counts(Sense::no);
  const bool denied = counts(Sense::denial);
  const bool doubtful = counts(Sense::doubt);
  const bool hesitant = counts(Sense::hesitation);
  if (counts(Sense::puzzled)) return SaidYesNo::unclear;
  if (yes) return no || denied || doubtful || hesitant ? SaidYesNo::unclear : SaidYesNo::yes;
  if ((no || denied) && counts(Sense::consent)) return SaidYesNo::unclear;
  // "It is not that it is not correct" is no denial.
  if (no || (denied && !doubtful)) return SaidYesNo::no;
  return denied || doubtful || hesitant ? SaidYesNo::unclear : SaidYesNo::nothing;
}

SaidNames said_names(std::string_view speech, std::string_view language,
                     const std::vector<std::vector<std::string>>& names) {
  const auto& words = phrases_of(language);
  Listener listener(speech);
  for (std::size_t i = 0; i < names.size(); ++i) {
    listener.listen_for(all_folded(names[i]), Sense::yes, true, i);
  }
  listener.listen_for(words.folded.no, Sense::doubt);
  listener.listen_for(words.denials, Sense::doubt);
  listen_for_others(listener, words);
  listener.keep_longest();
  std::vector<Heard> named;
  std::vector<Heard> negations;
  for (const auto& one : listener.all()) {
    if (one.own && sense_in_place(one, listener, words) == Sense::yes) named.push_back(one);
    if (one.sense == Sense::doubt || one.sense == Sense::puzzled) negations.push_back(one);
  }
  SaidNames said;
  for (const auto& one : named) said.named.insert(one.whose);
  said.denied = std::ranges::any_of(negations, [&](const Heard& negation) {
    if (named.empty()) return listener.in_last_clause(negation);
    return std::ranges::any_of(
        named, [&](const Heard& one) { return listener.in_one_clause(one, negation); });
  });
  return said;
}

}  // namespace campaigns
