#include "bridge/rehearsal/people.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <stdexcept>

#include "bridge/rehearsal/dates.hpp"
#include "bridge/rehearsal/faults.hpp"
#include "bridge/rehearsal/words.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_people)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;

namespace {

std::string refusal_of(const std::string& people) {
  try {
    parse_people(people);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

std::string number(int i) {
  return "+3906" + std::to_string(10'000'000 + i);
}

}  // namespace

BOOST_AUTO_TEST_CASE(weights_are_set_by_name) {
  const People people = parse_people(" human=700, busy=50 ,barge_in=0");
  BOOST_TEST(people.human == 700);
  BOOST_TEST(people.busy == 50);
  BOOST_TEST(people.barge_in == 0);
  BOOST_TEST(people.machine == People{}.machine);
  BOOST_TEST(parse_people("").human == People{}.human);
}

BOOST_AUTO_TEST_CASE(a_wrong_setting_is_refused_with_the_reason) {
  BOOST_TEST(refusal_of("humans=1").find("known are human, no_answer") != std::string::npos);
  BOOST_TEST(refusal_of("human").find("name=number") != std::string::npos);
  BOOST_TEST(refusal_of("human=-1").find("from 0 to") != std::string::npos);
  BOOST_TEST(refusal_of("human=1x") != "");
  BOOST_TEST(refusal_of("barge_in=1001").find("1000") != std::string::npos);
  BOOST_TEST(
      refusal_of("human=0,no_answer=0,busy=0,machine=0,failed=0,fax=0").find("nobody is left") !=
      std::string::npos);
  BOOST_TEST(refusal_of("right_key=0,speech=0,wrong_key=0,silence=0,hang_up=0") != "");
  BOOST_CHECK_THROW(parse_faults("callback_lost=1001"), std::invalid_argument);
  BOOST_CHECK_THROW(parse_faults("lost=1"), std::invalid_argument);
  BOOST_TEST(parse_faults("callback_lost=1,list_lag_s=60").list_lag_s == 60);
}

BOOST_AUTO_TEST_CASE(people_are_as_many_as_their_weights_say) {
  std::map<Answerer, int> count;
  constexpr int many = 20'000;
  for (int i = 0; i < many; ++i) ++count[meet({}, 1, number(i), 0).answerer];
  const auto per_mille = [&](Answerer who) { return count[who] * 1000 / many; };
  BOOST_TEST(std::abs(per_mille(Answerer::human) - 620) < 20);
  BOOST_TEST(std::abs(per_mille(Answerer::no_answer) - 170) < 20);
  BOOST_TEST(std::abs(per_mille(Answerer::busy) - 80) < 20);
  BOOST_TEST(std::abs(per_mille(Answerer::machine) - 90) < 20);
  BOOST_TEST(std::abs(per_mille(Answerer::failed) - 30) < 20);
  BOOST_TEST(std::abs(per_mille(Answerer::fax) - 10) < 10);
}

BOOST_AUTO_TEST_CASE(the_same_call_always_meets_the_same_person) {
  bool another_seed_differs = false;
  bool the_next_call_differs = false;
  for (int i = 0; i < 200; ++i) {
    const Person person = meet({}, 7, number(i), 0);
    BOOST_TEST((meet({}, 7, number(i), 0).answerer == person.answerer));
    BOOST_TEST((meet({}, 7, number(i), 0).answers_after == person.answers_after));
    another_seed_differs =
        another_seed_differs || meet({}, 8, number(i), 0).answerer != person.answerer;
    the_next_call_differs =
        the_next_call_differs || meet({}, 7, number(i), 1).answerer != person.answerer;
  }
  BOOST_TEST(another_seed_differs);
  BOOST_TEST(the_next_call_differs);
}

BOOST_AUTO_TEST_CASE(keys_are_read_off_the_prompt) {
  const auto answers = [](const char* prompt, const char* hints = "") {
    return offered_keys(prompt, hints).answers;
  };
  BOOST_TEST(answers("Prema 1 per confermare, 2 per spostare.") == "12");
  BOOST_TEST(answers("Il suo appuntamento è il 3 alle 9. Prema 1 o 2.") == "12");
  BOOST_TEST(answers("Da 1 a 5, quanto è contento?") == "12345");
  BOOST_TEST(answers("Prema un tasto da 1 a 4.") == "1234");
  BOOST_TEST(answers("Prema uno per sì, due per no.") == "12");
  BOOST_TEST(answers("Press 1 for yes or 2 for no") == "12");
  BOOST_TEST(answers("On a scale from 1 to 3, press a key") == "123");
  BOOST_TEST(answers("Chi parla?", "sì, no, 4") == "4");
  BOOST_TEST(answers("Lei è uno di noi, sei d'accordo?") == "");
  BOOST_TEST(answers("Chiami il 0612345678") == "");
  const OfferedKeys keys =
      offered_keys("Prema 1 per parlare con noi, 9 per non essere più chiamato.", "");
  BOOST_TEST(keys.answers == "1");
  BOOST_TEST(keys.opt_out == '9');
  BOOST_TEST(offered_keys("Press 1 to go on or 9 to opt out", "").opt_out == '9');
  BOOST_TEST(offered_keys("Press 1 to go on or 9 to opt out", "").answers == "1");

  // Apart from its key.
  for (const char* offer : {"Se non vuole più ricevere queste chiamate, prema 9. Prema 1 o 2.",
                            "Prema 1 o 2; se non desidera essere richiamato, prema il 9.",
                            "If you do not wish to receive these calls any more, press 9. For the "
                            "answers press 1 or 2."}) {
    BOOST_TEST(offered_keys(offer, "").opt_out == '9', offer);
    BOOST_TEST(offered_keys(offer, "").answers == "12", offer);
  }
  for (const char* answer :
       {"Se non vuole confermare, prema 2.", "Non vuole più nulla. Prema 2."}) {
    BOOST_TEST(offered_keys(answer, "").opt_out == '\0', answer);
    BOOST_TEST(offered_keys(answer, "").answers == "2", answer);
  }
}

BOOST_AUTO_TEST_CASE(each_reaction_can_happen_and_fits_the_question) {
  const Question question{.prompt = "Prema 1 per sì, 2 per no, 9 per non essere più chiamato.",
                          .hints = "sì, no",
                          .language = "it-IT",
                          .takes_keys = true,
                          .takes_speech = true,
                          .digits_max = 1,
                          .finish = "#",
                          .prompt_time = 6s,
                          .patience = 5s};
  std::map<std::string, int> keys;
  std::map<std::string, int> words;
  std::map<Reaction::Kind, int> kinds;
  bool early = false;
  for (int i = 0; i < 5000; ++i) {
    const Reaction reaction = react({}, 1, number(i), 0, 0, question);
    ++kinds[reaction.kind];
    if (reaction.kind == Reaction::Kind::keys) ++keys[reaction.text];
    if (reaction.kind == Reaction::Kind::speech) ++words[reaction.text];
    early = early || reaction.after < question.prompt_time;
    BOOST_TEST((reaction.after < question.prompt_time + question.patience));
  }
  BOOST_TEST(early);
  BOOST_TEST(kinds[Reaction::Kind::silence] > 100);
  BOOST_TEST(kinds[Reaction::Kind::hang_up] > 50);
  BOOST_TEST(words.size() == 2U);
  BOOST_TEST(words["sì"] > 100);
  BOOST_TEST(keys["1"] > 1000);
  BOOST_TEST(keys["2"] > 1000);
  BOOST_TEST(keys["9"] > 5);
  BOOST_TEST(keys["9"] < 100);
  BOOST_TEST(keys["7"] > 5);  // a wrong one
}

BOOST_AUTO_TEST_CASE(a_date_is_pressed_with_its_zeros_and_said_with_its_month) {
  Question question{.prompt = "Qual è la sua data di nascita? Prema giorno, mese e anno.",
                    .language = "it-IT",
                    .takes_keys = true,
                    .takes_speech = true,
                    .digits_max = 8,
                    .prompt_time = 5s};
  int pressed = 0;
  int spoken = 0;
  const auto dates = [&](std::size_t keys, int first, int last) {
    for (int i = 0; i < 400; ++i) {
      const Reaction reaction = react(parse_people("wrong_key=0"), 1, number(i), 0, 0, question);
      if (reaction.kind != Reaction::Kind::keys && reaction.kind != Reaction::Kind::speech)
        continue;
      const auto date = date_in(plain_words(reaction.text));
      BOOST_TEST_REQUIRE(date.has_value(), reaction.text);
      BOOST_TEST(date->year >= first);
      BOOST_TEST(date->year <= last);
      if (reaction.kind == Reaction::Kind::keys) {
        BOOST_TEST(reaction.text.size() == keys);
        ++pressed;
      } else {
        ++spoken;
      }
    }
  };
  dates(8, 1940, 2004);
  question.prompt = "Che giorno le va bene, nel 2026 o nel 2027? Prema giorno, mese e anno.";
  dates(8, 2026, 2027);
  question.prompt = "What day suits you? Press day and month, two keys each.";
  question.language = "en-GB";
  dates(4, 0, 0);
  BOOST_TEST(pressed > 300);
  BOOST_TEST(spoken > 50);
  BOOST_TEST((date_in(plain_words("Il primo marzo.")) == SaidDate{1, 3, 0}));
  BOOST_TEST((date_in(plain_words("March 12, 1980")) == SaidDate{12, 3, 1980}));
  BOOST_TEST(!date_in(plain_words("Non lo so, a marzo.")));
}

BOOST_AUTO_TEST_CASE(several_options_are_chosen_where_the_question_takes_them) {
  Question question{.prompt =
                        "Prema 1 per posta, 2 per telefono, 3 per messaggio. Può premerne "
                        "più di uno.",
                    .hints = "posta, telefono, messaggio",
                    .language = "it-IT",
                    .takes_keys = true,
                    .takes_speech = true,
                    .digits_max = 3,
                    .prompt_time = 5s};
  const People people = parse_people("wrong_key=0,silence=0,hang_up=0");
  std::map<std::string, int> answers;
  for (int i = 0; i < 2000; ++i) ++answers[react(people, 1, number(i), 0, 0, question).text];
  for (const char* one : {"1", "2", "3", "12", "13", "23", "123", "posta", "posta e messaggio"}) {
    BOOST_TEST(answers[one] > 5, one);
  }
  BOOST_TEST(answers.size() == 14U);
  // Of a question that takes one, one.
  question.digits_max = 1;
  answers.clear();
  for (int i = 0; i < 500; ++i) ++answers[react(people, 1, number(i), 0, 0, question).text];
  BOOST_TEST(answers.size() == 6U);
}

BOOST_AUTO_TEST_CASE(nobody_uses_what_the_line_does_not_take) {
  Question question{.prompt = "Dica pure.", .language = "it-IT"};
  question.takes_keys = false;
  question.takes_speech = true;
  for (int i = 0; i < 500; ++i) {
    BOOST_TEST((react({}, 1, number(i), 0, 0, question).kind != Reaction::Kind::keys));
  }
  question.takes_keys = true;
  question.takes_speech = false;
  for (int i = 0; i < 500; ++i) {
    BOOST_TEST((react({}, 1, number(i), 0, 0, question).kind != Reaction::Kind::speech));
  }
}

BOOST_AUTO_TEST_CASE(faults_strike_as_often_as_they_are_asked_for) {
  const Faults faults = parse_faults("callback_lost=333,callback_doubled=500,post_dropped=100");
  int lost = 0;
  int doubled = 0;
  int dropped = 0;
  for (int i = 0; i < 10'000; ++i) {
    const CallbackFault fault = callback_fault(faults, 1, number(i), 2);
    lost += fault.lost ? 1 : 0;
    doubled += fault.copies > 1 ? 1 : 0;
    BOOST_TEST(fault.copies <= 5);
    dropped += post_fault(faults, 1, number(i), 0) == PostFault::dropped ? 1 : 0;
    BOOST_TEST((post_fault({}, 1, number(i), 0) == PostFault::none));
  }
  BOOST_TEST(std::abs(lost - 3330) < 200);
  BOOST_TEST(std::abs(doubled - 5000) < 200);
  BOOST_TEST(std::abs(dropped - 1000) < 200);
}

BOOST_AUTO_TEST_SUITE_END()
