#include "campaigns/spoken_yes_no.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

#include "campaigns/campaign.hpp"
#include "campaigns/survey.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(spoken_yes_no)

using namespace campaigns;

namespace {

struct Row {
  const char* language;
  const char* speech;
  const char* answer;
};

std::string name_of(SaidYesNo said) {
  switch (said) {
    case SaidYesNo::yes:
      return "yes";
    case SaidYesNo::no:
      return "no";
    case SaidYesNo::unclear:
      return "unclear";
    case SaidYesNo::nothing:
      break;
  }
  return "nothing";
}

// With the words that a question without options has.
void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    const auto& common = common_yes_no(row.language);
    const auto said =
        said_yes_no(row.speech, row.language, {{common.yes.front()}, {common.no.front()}});
    BOOST_TEST(name_of(said) == row.answer,
               row.language << ": " << row.speech << " is " << name_of(said));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_plain_answers_of_five_languages_are_understood) {
  check({
      {"it", "Sì.", "yes"},
      {"it", "sì sì", "yes"},
      {"it", "ok", "yes"},
      {"it", "Perfetto, grazie", "yes"},
      {"it", "volentieri", "yes"},
      {"it", "molto volentieri", "yes"},
      {"it", "Certo, ci sarò", "yes"},
      {"it", "ma certo", "yes"},
      {"it", "certo che sì", "yes"},
      {"it", "esatto", "yes"},
      {"it", "per me va bene", "yes"},
      {"it", "sono d'accordo", "yes"},
      {"it", "no", "no"},
      {"it", "no grazie", "no"},
      {"it", "assolutamente no", "no"},
      {"it", "no, non posso", "no"},
      {"it", "non credo", "no"},
      {"it", "sicuramente", "yes"},
      {"it", "Sì, però un po' tardi", "yes"},
      {"it", "certamente no", "no"},
      {"it", "non ancora", "no"},
      {"it", "no, non mi interessa", "no"},
      {"en", "Absolutely!", "yes"},
      {"en", "yep", "yes"},
      {"en", "okay then", "yes"},
      {"en", "I'm sure", "yes"},
      {"en", "yes I'm sure", "yes"},
      {"en", "that's right", "yes"},
      {"en", "No, thank you", "no"},
      {"en", "not at all", "no"},
      {"en", "I don't think so", "no"},
      {"en", "no, not really", "no"},
      {"en", "I'm afraid not", "no"},
      {"de", "klar", "yes"},
      {"de", "ja klar", "yes"},
      {"de", "auf jeden Fall", "yes"},
      {"de", "genau", "yes"},
      {"de", "Jawohl", "yes"},
      {"de", "also ja", "yes"},
      {"de", "ich komme gerne", "yes"},
      {"de", "ja, ich komme", "yes"},
      {"de", "nein", "no"},
      {"de", "gar nicht", "no"},
      {"de", "leider nicht", "no"},
      {"de", "eher nicht", "no"},
      {"de", "noch nicht", "no"},
      {"de", "überhaupt nicht, danke", "no"},
      {"fr", "ouais", "yes"},
      {"fr", "tout à fait", "yes"},
      {"fr", "oui oui", "yes"},
      {"fr", "non", "no"},
      {"fr", "pas du tout", "no"},
      {"fr", "pas du tout, merci", "no"},
      {"fr", "pas vraiment", "no"},
      {"es", "por supuesto", "yes"},
      {"es", "correcto", "yes"},
      {"es", "Vale.", "yes"},
      {"es", "sí, claro que sí", "yes"},
      {"es", "no", "no"},
      {"es", "No, gracias.", "no"},
      {"es", "no gracias", "no"},
      {"es", "creo que no", "no"},
      {"es", "no no", "no"},
      {"es", "para nada", "no"},
      {"es", "no puedo", "no"},
      {"es", "no gracias no me interesa", "no"},
      {"es", "todavía no", "no"},
  });
}

BOOST_AUTO_TEST_CASE(a_yes_without_its_accent_counts_only_by_itself) {
  check({
      {"it", "si", "yes"},
      {"it", "SI", "yes"},
      {"it", "si si", "yes"},
      {"it", "si grazie", "yes"},
      {"it", "si certo", "yes"},
      {"it", "ah si", "yes"},
      {"it", "così si fa", "nothing"},
      {"it", "si sente male", "nothing"},
      {"it", "come si chiama", "nothing"},
      {"it", "si può sapere chi chiama", "nothing"},
      {"it", "credo che sì dai", "yes"},
      {"it", "i\u0300 si\u0300 dai", "yes"},
      {"es", "si", "yes"},
      {"es", "si gracias", "yes"},
      {"es", "si me explica de qué se trata", "nothing"},
      {"es", "depende si llego", "unclear"},
      {"es", "creo que sí señor", "yes"},
  });
}

BOOST_AUTO_TEST_CASE(a_no_that_is_the_not_of_a_sentence_is_asked_again) {
  check({
      {"es", "no te escucho", "unclear"},
      {"es", "no, no te escucho", "unclear"},
      {"es", "no le entiendo", "unclear"},
      {"es", "ahora no puedo hablar", "unclear"},
      {"es", "no me llame tan temprano", "unclear"},
      {"en", "no objection", "nothing"},
      {"en", "I have no issues", "nothing"},
      {"en", "no complaints, yes", "yes"},
      {"en", "I have no time", "unclear"},
      {"it", "no, non ho capito", "unclear"},
      {"it", "no, non c'è problema", "unclear"},
      {"en", "no, no problem", "unclear"},
      {"en", "No, I can't hear you", "unclear"},
      {"de", "nein, kein Problem", "unclear"},
      {"it", "se vengo o no", "unclear"},
      {"it", "no, non vengo", "no"},
  });
}

BOOST_AUTO_TEST_CASE(a_denial_that_goes_on_may_mean_something_else) {
  check({
      {"de", "das kann ich nicht beurteilen", "unclear"},
      {"de", "gar nicht schlecht", "unclear"},
      {"de", "das kann ich nicht", "no"},
      {"fr", "je n'ai pas du tout compris", "unclear"},
      {"fr", "pas du tout compris", "unclear"},
      {"fr", "pas du tout mauvais", "unclear"},
      {"en", "not at all bad", "unclear"},
      {"en", "of course not", "no"},
      {"es", "para nada malo", "unclear"},
      {"it", "non credo proprio a questo", "unclear"},
      {"it", "non va bene per me", "no"},
      {"es", "no estoy de acuerdo con eso", "no"},
  });
}

BOOST_AUTO_TEST_CASE(a_yes_that_is_none_is_asked_again) {
  check({
      {"it", "Sì, chi parla?", "unclear"},
      {"it", "sì pronto", "unclear"},
      {"it", "sono pronto, sì", "yes"},
      {"it", "un certo signor Rossi", "nothing"},
      {"it", "forse sì", "unclear"},
      {"en", "Yes, hello?", "unclear"},
      {"en", "are you sure", "unclear"},
      {"en", "make sure nobody calls", "unclear"},
      {"en", "please make sure", "nothing"},
      {"en", "yes, please make sure of it", "yes"},
      {"en", "that's okay", "nothing"},
      {"en", "is it okay to call later", "unclear"},
      {"de", "Ja, hallo?", "unclear"},
      {"de", "das ist ja schrecklich", "nothing"},
      {"de", "ich hätte gerne meine Ruhe", "nothing"},
      {"de", "ich hätte gerne", "nothing"},
      {"fr", "moyennement d'accord", "unclear"},
      {"fr", "Oui allô", "unclear"},
      {"es", "Sí, dígame", "unclear"},
      {"es", "¿cuánto vale?", "nothing"},
  });
}

BOOST_AUTO_TEST_CASE(how_sure_somebody_is_or_how_well_is_a_yes_only_by_itself) {
  check({
      {"it", "Esattamente.", "yes"},
      {"it", "sì, esatto", "yes"},
      {"it", "esatto, ci sarò", "yes"},
      {"it", "è esatto", "yes"},
      {"it", "non è corretto", "no"},
      {"it", "Di cosa si tratta esattamente", "nothing"},
      {"it", "Giusto un attimo", "nothing"},
      {"it", "Sicuramente è una truffa", "nothing"},
      {"it", "certamente è una truffa", "nothing"},
      {"it", "Perfetto sconosciuto", "nothing"},
      {"en", "Exactly!", "yes"},
      {"en", "yes, absolutely", "yes"},
      {"en", "that's correct", "yes"},
      {"en", "that is not correct", "no"},
      {"en", "What is this about exactly", "nothing"},
      {"en", "Absolutely terrible", "nothing"},
      {"en", "Correct me if I'm wrong", "nothing"},
      {"en", "it was very bad indeed", "nothing"},
      {"de", "Natürlich!", "yes"},
      {"de", "ja, genau", "yes"},
      {"de", "ganz genau", "yes"},
      {"de", "aber sicher", "yes"},
      {"de", "das ist richtig", "yes"},
      {"de", "das ist nicht richtig", "no"},
      {"de", "Worum geht es genau", "nothing"},
      {"de", "Richtig schlecht", "nothing"},
      {"de", "Natürlich viel zu teuer", "nothing"},
      {"de", "das ist sicher teuer", "nothing"},
      {"fr", "exactement", "yes"},
      {"fr", "oui, parfait", "yes"},
      {"fr", "c'est exact", "yes"},
      {"fr", "De quoi s'agit-il exactement", "nothing"},
      {"fr", "Absolument inacceptable", "nothing"},
      {"es", "correcto", "yes"},
      {"es", "es correcto", "yes"},
      {"es", "no es exacto", "no"},
      {"es", "Vale la pena", "nothing"},
      {"es", "Cierto señor ha llamado", "nothing"},
  });
}

BOOST_AUTO_TEST_CASE(a_yes_for_another_time_or_on_a_condition_is_asked_again) {
  check({
      {"it", "Va bene se mi richiamate domani", "nothing"},
      {"it", "Poi confermo", "unclear"},
      {"it", "Volentieri un'altra volta", "unclear"},
      {"it", "sì, ma più tardi", "unclear"},
      {"it", "sì, a più tardi", "yes"},
      {"it", "no, più tardi", "no"},
      {"en", "gladly another time", "unclear"},
      {"en", "yes, see you later", "yes"},
      {"en", "No, another time", "no"},
      {"de", "Gerne ein andermal", "unclear"},
      {"de", "ja, später", "unclear"},
      {"de", "ja, bis später", "yes"},
      {"de", "Nein, ein andermal", "no"},
      {"fr", "C'est ça le problème", "nothing"},
      {"fr", "c'est ça", "yes"},
      {"fr", "d'accord, plus tard", "unclear"},
      {"es", "está bien si me llama mañana", "nothing"},
      {"es", "luego confirmo", "unclear"},
      {"es", "desde luego", "yes"},
      {"es", "sí, hasta luego", "yes"},
  });
}

BOOST_AUTO_TEST_CASE(half_an_answer_is_none) {
  check({
      {"it", "più o meno d'accordo", "unclear"},
      {"en", "more or less correct", "unclear"},
      {"de", "mehr oder weniger einverstanden", "unclear"},
      {"fr", "plus ou moins d'accord", "unclear"},
      {"es", "más o menos de acuerdo", "unclear"},
      {"it", "forse no", "unclear"},
      {"en", "maybe no", "unclear"},
      {"en", "perhaps not at all", "unclear"},
      {"de", "vielleicht nein", "unclear"},
      {"fr", "peut-être que non", "unclear"},
      {"es", "quizás no", "unclear"},
      // Who asks who calls may say no all the same.
      {"it", "Pronto? No, grazie", "no"},
      {"en", "Hello, no thank you", "no"},
  });
}

BOOST_AUTO_TEST_CASE(a_phrase_does_not_go_on_in_another_clause) {
  check({
      {"it", "Come va? Bene", "nothing"},
      {"it", "se non va, bene", "unclear"},
      {"en", "No. Problem is, I am away", "no"},
      {"en", "no problem, yes", "yes"},
      {"es", "¿Cómo está? Bien", "nothing"},
      {"es", "no, puedo ir", "no"},
  });
  BOOST_TEST(name_of(said_yes_no("I will, come", "en", {{"will come"}, {"stay"}})) == "yes");
}

BOOST_AUTO_TEST_CASE(a_question_is_no_answer) {
  check({
      {"it", "Sì?", "unclear"},
      {"it", "Sì, mi dica?", "unclear"},
      {"it", "sono già cliente, no?", "unclear"},
      {"it", "Sì. Quando?", "yes"},
      {"it", "Quando? Sì.", "yes"},
      {"en", "Yes?", "unclear"},
      {"en", "Is that all, yes?", "unclear"},
      {"en", "Are you absolutely sure?", "unclear"},
      {"en", "What was option one?", "nothing"},
      {"de", "Ja, bitte?", "unclear"},
      {"de", "Ja. Warum?", "yes"},
      {"fr", "Oui ?", "unclear"},
      {"fr", "Non ? Ah bon.", "unclear"},
      {"es", "¿Sí?", "unclear"},
      {"es", "¿Está bien así?", "unclear"},
  });
}

// Somebody is on the telephone meanwhile.
BOOST_AUTO_TEST_CASE(an_answer_of_a_thousand_words_is_understood_at_once) {
  std::string speech;
  for (int i = 0; i < 1'000; ++i) speech += "si ";
  BOOST_TEST(name_of(said_yes_no(speech, "it", common_yes_no("it"))) == "yes");
}

BOOST_AUTO_TEST_CASE(recognition_listens_for_as_many_ways_to_say_no_as_to_say_yes) {
  for (const char* language : {"it", "en", "de", "fr", "es"}) {
    std::map<std::string, int> said;
    for (const auto& hint : yes_no_hints(language)) {
      ++said[name_of(said_yes_no(hint, language, common_yes_no(language)))];
    }
    BOOST_TEST(said["yes"] == 4, language);
    BOOST_TEST(said["no"] == 4, language);
    BOOST_TEST(said.size() == 2u, language);
  }
  BOOST_TEST(yes_no_hints("pt").empty());
}

BOOST_AUTO_TEST_CASE(norwegian_and_chinese_are_known_by_all_their_codes) {
  for (const char* language : {"no", "nb", "nn"}) {
    const auto said = said_yes_no("det stemmer ikke", language, {{"det stemmer"}, {"nei"}});
    BOOST_TEST(name_of(said) == "unclear", language);
  }
  for (const char* language : {"zh", "cmn", "yue"}) {
    BOOST_TEST(name_of(said_yes_no("我不同意", language, {{"同意"}, {"不是"}})) == "unclear",
               language);
  }
}

BOOST_AUTO_TEST_CASE(a_number_answers_yes_or_no_only_where_it_is_a_key) {
  const auto campaign = some::survey();
  const auto asked = some::question("q", QuestionType::yes_no, "?");
  for (const auto& row : std::vector<Row>{
           {"it-IT", "uno", "yes"},
           {"it-IT", "la due", "no"},
           {"it-IT", "il numero uno", "yes"},
           {"it-IT", "ho premuto il tasto 2, grazie", "no"},
           {"it-IT", "due, grazie", "no"},
           {"it-IT", "un momento", ""},
           {"it-IT", "alle due", ""},
           {"it-IT", "una domanda", ""},
           {"en-GB", "one moment please", ""},
           {"en-GB", "one", "yes"},
           {"en-GB", "option two", "no"},
           {"en-GB", "number one please", "yes"},
           {"en-GB", "I have two questions", ""},
           {"de-DE", "Taste eins", "yes"},
           {"de-DE", "die Zwei", "no"},
           {"de-DE", "ein Moment", ""},
           {"fr-FR", "un moment", ""},
           {"fr-FR", "touche un", "yes"},
           {"fr-FR", "deux", "no"},
           {"es-ES", "uno", "yes"},
           {"it-IT", "la uno per favore", "yes"},
           {"it-IT", "le due", ""},
           {"it-IT", "per due", ""},
           {"it-IT", "abito al numero 2 di via Roma", ""},
           {"fr-FR", "le deux", "no"},
           {"es-ES", "los dos", ""},
           {"es-ES", "por dos", ""},
           {"es-ES", "el dos por favor", "no"},
           {"en-GB", "I live at number two Baker Street", ""},
           {"en-GB", "What was option one?", ""},
           {"it-IT", "la due?", ""},
       }) {
    const auto got = understand(campaign, asked, row.language, "", row.speech);
    BOOST_TEST(got.value == row.answer, row.language << ": " << row.speech);
  }
}

BOOST_AUTO_TEST_SUITE_END()
