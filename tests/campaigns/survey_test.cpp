#include "campaigns/survey.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/campaign_words.hpp"
#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(survey)

using namespace campaigns;
using namespace some;

namespace {

std::string words_of(const CallDocument& document) {
  std::string text;
  for (const auto& verb : document) {
    if (!text.empty()) text += " | ";
    if (const auto* say = std::get_if<Say>(&verb)) text += say->text;
    if (std::holds_alternative<Pause>(verb)) text += "(pause)";
    if (std::holds_alternative<Hangup>(verb)) text += "(hang up)";
    if (const auto* ask = std::get_if<Ask>(&verb)) {
      for (const auto& prompt : ask->prompts) text += prompt.text + ' ';
      text += '(' + ask->question + ' ' + std::to_string(ask->turn) + ')';
    }
  }
  return text;
}

CallDocument document(const World& world) {
  return current_document(world.state().book, world.state().script, {0, 1});
}

std::string hears(const World& world) {
  return words_of(document(world));
}

// A call that was answered, at its first question.
struct InCall : Running {
  explicit InCall(const Campaign& campaign) : Running(campaign) {
    dial();
    does(voice());
  }
  // What is said after an answer.
  std::string after(const SurveyAnswered& command) {
    does(command);
    return hears(*this);
  }
  Outcome ends(std::int64_t seconds = 30, std::uint8_t number = 1) {
    does(status("completed", seconds, 1, number));
    return state().queue.campaigns[0].contact(1).last_outcome;
  }
};

// "given:value", "invalid", "silence", "opt_out", with the source.
std::string read(QuestionType type, const char* language, const char* digits, const char* speech) {
  auto campaign = some::survey();
  campaign.opt_out.words = {{"it-IT", {"non chiamate più"}}, {"en-GB", {"never again"}},
                            {"ru-RU", {"не звоните"}},       {"el-GR", {"μην ξανακαλέσετε"}},
                            {"ar-EG", {"لا تتصل"}},          {"zh-CN", {"不要再打"}},
                            {"ja-JP", {"電話しないで"}},     {"th-TH", {"อย่าโทรมา"}}};
  auto asked = question("q", type, "?");
  asked.least = type == QuestionType::rating ? 1 : 0;
  asked.most = type == QuestionType::rating ? 5 : 40;
  if (type == QuestionType::choice) {
    asked.options[0].words = {{"it-IT", {"rossa", "quello rosso"}}, {"de-DE", {"rot"}}};
    asked.options[1].words = {{"it-IT", {"azzurro"}}, {"de-DE", {"blau"}}};
  }
  const auto got = understand(campaign, asked, language, digits, speech);
  switch (got.kind) {
    case Understood::Kind::silence:
      return "silence";
    case Understood::Kind::invalid:
      return "invalid " + got.source;
    case Understood::Kind::opt_out:
      return "opt_out " + got.source;
    case Understood::Kind::reply:
      return "reply " + got.source;
    case Understood::Kind::given:
      return got.value + ' ' + got.source + (got.words.empty() ? "" : " '" + got.words + '\'');
  }
  return {};
}

// The survey, in which people may also refuse, not know, hear it again, go back, ask for somebody
// and stop: by words of ours, and by keys.
Campaign with_replies(std::vector<std::string> operators = {}) {
  auto campaign = some::survey();
  const auto give = [&](Reply which, char key, std::vector<std::string> said) {
    auto& reply = campaign.replies[static_cast<std::size_t>(which)];
    reply.known = true;
    reply.key = key;
    reply.words = {{"it-IT", std::move(said)}};
  };
  give(Reply::refused, '7', {"preferisco non rispondere"});
  give(Reply::dont_know, '8', {"non lo so"});
  give(Reply::repeat, '*', {"ripeta"});
  give(Reply::back, '6', {"indietro"});
  give(Reply::person, '0', {"operatore"});
  give(Reply::stop, '\0', {"basta così"});
  campaign.replies[static_cast<std::size_t>(Reply::stop)].goodbye = words("Ci fermiamo.");
  for (const std::size_t i : {0U, 1U, 2U, 4U}) {
    campaign.questions[i].may_refuse = campaign.questions[i].may_not_know = true;
  }
  campaign.operators = std::move(operators);
  return campaign;
}

// The same call, each thing said once by key and once by speech.
std::string told(InCall& world, const std::string& question, std::uint32_t turn, bool by_key,
                 const char* key, const char* said) {
  return by_key ? world.after(world.keyed(question, turn, key))
                : world.after(world.said(question, turn, said));
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_question_types_are_asked_answered_and_written_down) {
  InCall world(some::survey());
  BOOST_TEST(hears(world) == "Buongiorno. | Che colore? (colour 1)");
  BOOST_TEST(world.when(world.keyed("colour", 1, "1")) ==
             "contact/survey/1 AnswerGiven {\"attempt\":1,\"turn\":1,\"question\":\"colour\","
             "\"source\":\"key\",\"value\":\"red\"}\n"
             "contact/survey/1 PromptServed "
             "{\"attempt\":1,\"turn\":2,\"prompt\":\"question\",\"question\":\"dark\"}\n");
  BOOST_TEST(hears(world) == "Rosso scuro? (dark 2)");
  BOOST_TEST(world.when(world.said("dark", 2, "Sì, certo")) ==
             "contact/survey/1 AnswerGiven {\"attempt\":1,\"turn\":2,\"question\":\"dark\","
             "\"source\":\"speech\",\"value\":\"yes\",\"confidence_thousandths\":875} "
             "{\"words\":\"Sì, certo\"}\n"
             "contact/survey/1 PromptServed "
             "{\"attempt\":1,\"turn\":3,\"prompt\":\"question\",\"question\":\"rate\"}\n");
  BOOST_TEST(world.after(world.said("rate", 3, "direi quattro")) == "Quanti siete? (people 4)");
  BOOST_TEST(world.after(world.keyed("people", 4, "12")) == "Perché? (why 5)");
  BOOST_TEST(world.when(world.said("why", 5, "Perché piove.")) ==
             "contact/survey/1 AnswerGiven {\"attempt\":1,\"turn\":5,\"question\":\"why\","
             "\"source\":\"speech\",\"confidence_thousandths\":875} "
             "{\"words\":\"Perché piove.\"}\n"
             "contact/survey/1 PromptServed {\"attempt\":1,\"turn\":6,\"prompt\":\"goodbye\"}\n");
  BOOST_TEST(hears(world) == "Grazie. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(a_question_whose_condition_does_not_hold_is_skipped) {
  InCall world(some::survey());
  BOOST_TEST(world.after(world.keyed("colour", 1, "2")) == "Da uno a cinque? (rate 2)");
}

BOOST_AUTO_TEST_CASE(conditions_may_be_combined_and_ask_for_columns) {
  auto campaign = some::survey();
  const auto with = [&](Condition condition) {
    campaign.questions[2].ask_if = std::move(condition);
    InCall world(campaign);
    return world.after(world.keyed("colour", 1, "2")).find("(rate") != std::string::npos;
  };
  const auto is = [](const char* name, const char* value) { return when_is(name, value); };
  Condition column;
  column.op = Condition::Op::column_is;
  column.name = "name";
  column.values = {"Berta", "Anna"};
  BOOST_TEST(with(column));
  column.values = {"Berta"};
  BOOST_TEST(!with(column));
  Condition blank;
  blank.op = Condition::Op::column_empty;
  blank.name = "name";
  BOOST_TEST(!with(blank));
  blank.name = "id";
  blank.op = Condition::Op::column_between;
  BOOST_TEST(!with(blank));
  Condition both;
  both.op = Condition::Op::all;
  both.parts = {is("colour", "red"), is("dark", "yes")};
  BOOST_TEST(!with(both));
  both.parts = {is("colour", "blue"), is("dark", "yes")};
  both.op = Condition::Op::any;
  BOOST_TEST(with(both));
  Condition negation;
  negation.op = Condition::Op::negation;
  negation.parts = {is("colour", "red")};
  BOOST_TEST(with(negation));
  negation.parts = {is("colour", "blue")};
  BOOST_TEST(!with(negation));
  Condition answered;
  answered.op = Condition::Op::question_answered;
  answered.name = "colour";
  BOOST_TEST(with(answered));
  answered.name = "dark";
  BOOST_TEST(!with(answered));
  // Between: the number before it.
  campaign = some::survey();
  Condition between;
  between.op = Condition::Op::question_between;
  between.name = "rate";
  between.least = 2;
  between.most = 4;
  campaign.questions[3].ask_if = between;
  for (const auto& [key, asked] : {std::pair{"1", false}, {"2", true}, {"4", true}, {"5", false}}) {
    InCall world(campaign);
    world.does(world.keyed("colour", 1, "2"));
    BOOST_TEST((world.after(world.keyed("rate", 2, key)).find("(people") != std::string::npos) ==
               asked);
  }
}

BOOST_AUTO_TEST_CASE(refusing_and_not_knowing_settle_a_question_that_allows_it) {
  for (const bool by_key : {true, false}) {
    InCall world(with_replies());
    BOOST_TEST(world.when(by_key ? world.keyed("colour", 1, "7")
                                 : world.said("colour", 1, "Preferisco non rispondere")) ==
               "contact/survey/1 AnswerDeclined {\"attempt\":1,\"turn\":1,\"question\":\"colour\","
               "\"status\":\"refused\",\"source\":" +
                   std::string(by_key ? "\"key\"}\n"
                                      : "\"speech\",\"confidence_thousandths\":875} "
                                        "{\"words\":\"Preferisco non rispondere\"}\n") +
                   "contact/survey/1 PromptServed {\"attempt\":1,\"turn\":2,\"prompt\":"
                   "\"question\",\"question\":\"rate\"}\n");
    BOOST_TEST(told(world, "rate", 2, by_key, "8", "no, non lo so") == "Quanti siete? (people 3)");
    // A question that does not allow it must be answered, or left.
    BOOST_TEST(told(world, "people", 3, by_key, "8", "non lo so") == "Quanti siete? (people 4)");
    BOOST_TEST(told(world, "people", 4, by_key, "12", "dodici o 12") == "Perché? (why 5)");
    // Who says more than that answers an open question.
    if (by_key) {
      BOOST_TEST(world.after(world.keyed("why", 5, "8")) == "Grazie. | (hang up)");
      BOOST_TEST((world.ends() == Outcome::completed));
    } else {
      BOOST_TEST(world.when(world.said("why", 5, "non lo so, forse per il prezzo del biglietto"))
                     .find("AnswerGiven") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_refused_is_not_asked_again_and_counts_for_complete_not_for_partial) {
  InCall world(with_replies());
  world.does(world.keyed("colour", 1, "7")).does(world.keyed("rate", 2, "8"));
  // Nothing was answered: not partial, although two answers would make it so.
  BOOST_TEST((world.ends() == Outcome::human_hung_up_at_once));
  InCall other(with_replies());
  other.does(other.keyed("colour", 1, "1")).does(other.keyed("dark", 2, "7"));
  BOOST_TEST((other.ends() == Outcome::broken_off));
  other.later(3601s);
  other.dial(1, 2);
  other.does(other.voice("", 1, 2));
  BOOST_TEST(hears(other) == "Riprendiamo. | Da uno a cinque? (rate 1)");
  other.does(other.keyed("rate", 1, "8", 1, 2)).does(other.keyed("people", 2, "12", 1, 2));
  other.does(other.keyed("why", 3, "7", 1, 2));
  BOOST_TEST((other.ends(30, 2) == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(a_question_is_repeated_without_counting_as_a_wrong_answer) {
  auto campaign = with_replies();
  campaign.questions[0].invalid_max = 0;
  campaign.questions[0].silence_max = 0;
  for (const bool by_key : {true, false}) {
    InCall world(campaign);
    std::uint32_t turn = 1;
    for (; turn <= returns_max; ++turn) {
      BOOST_TEST_REQUIRE(told(world, "colour", turn, by_key, "*", "può ripeta?") ==
                         "Che colore? (colour " + std::to_string(turn + 1) + ")");
    }
    // Not for ever.
    BOOST_TEST(told(world, "colour", turn, by_key, "*", "ripeta") == "Grazie. | (hang up)");
  }
}

BOOST_AUTO_TEST_CASE(going_back_asks_the_question_before_and_the_later_answer_holds) {
  for (const bool by_key : {true, false}) {
    InCall world(with_replies());
    // Nothing is before the first: it is asked once more.
    BOOST_TEST(told(world, "colour", 1, by_key, "6", "indietro") == "Che colore? (colour 2)");
    world.does(world.keyed("colour", 2, "1")).does(world.keyed("dark", 3, "1"));
    BOOST_TEST(told(world, "rate", 4, by_key, "6", "torniamo indietro") == "Rosso scuro? (dark 5)");
    BOOST_TEST(told(world, "dark", 5, by_key, "6", "indietro") == "Che colore? (colour 6)");
    // Both are asked anew; with another colour the second is none of this person's any more.
    BOOST_TEST(world.after(world.keyed("colour", 6, "1")) == "Rosso scuro? (dark 7)");
    BOOST_TEST(told(world, "dark", 7, by_key, "6", "indietro") == "Che colore? (colour 8)");
    BOOST_TEST(world.after(world.keyed("colour", 8, "2")) == "Da uno a cinque? (rate 9)");
    BOOST_TEST(world.state().script.answers({0, 1})[0].value == "blue");
    // Who goes back and says nothing leaves it as it was.
    world.does(world.keyed("colour", 9, ""));
    BOOST_TEST(told(world, "rate", 9, by_key, "6", "indietro") == "Che colore? (colour 10)");
    world.does(world.keyed("colour", 10, "")).does(world.keyed("colour", 11, ""));
    BOOST_TEST(world.after(world.keyed("colour", 12, "")) == "Da uno a cinque? (rate 13)");
    BOOST_TEST(world.state().script.answers({0, 1})[0].value == "blue");
    BOOST_TEST((world.ends() == Outcome::partial));
  }
}

BOOST_AUTO_TEST_CASE(who_wants_to_stop_is_not_called_again) {
  InCall world(with_replies());
  BOOST_TEST(world.after(world.said("colour", 1, "no, basta così")) == "Ci fermiamo. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::refused));
  BOOST_TEST((world.state().results.cases[0][0].place == Place::done));
  // And is no opt-out.
  BOOST_TEST(!world.state().suppression.opted_out(1));
  auto campaign = with_replies();
  campaign.retries.delay[static_cast<std::size_t>(Outcome::partial)] = 4h;
  for (const bool stops : {true, false}) {
    InCall answered(campaign);
    answered.does(answered.keyed("colour", 1, "2")).does(answered.keyed("rate", 2, "3"));
    if (stops) answered.does(answered.said("people", 3, "basta così"));
    BOOST_TEST((answered.ends() == Outcome::partial));
    BOOST_TEST((answered.state().results.cases[0][0].place == (stops ? Place::done : Place::open)));
  }
}

BOOST_AUTO_TEST_CASE(who_wants_a_human_gets_one_or_is_called_back) {
  for (const bool by_key : {true, false}) {
    InCall alone(with_replies());
    BOOST_TEST(told(alone, "colour", 1, by_key, "0", "un operatore") == "Grazie. | (hang up)");
    BOOST_TEST((alone.ends() == Outcome::callback_requested));
    auto campaign = with_replies({"+390233333333"});
    for (const auto outcome : {Outcome::human_hung_up_at_once, Outcome::callback_requested}) {
      campaign.retries.delay[static_cast<std::size_t>(outcome)] = 4h;
    }
    for (const bool reached : {true, false}) {
      InCall world(campaign);
      told(world, "colour", 1, by_key, "0", "un operatore");
      const auto now = document(world);
      BOOST_TEST_REQUIRE(now.size() == 2U);
      BOOST_TEST((std::get<Transfer>(now[0]) == Transfer{{"+390233333333"}, "+390200000000"}));
      world.does(AfterTransfer{world.attempt(), world.sid(), reached ? "completed" : "busy", 9});
      BOOST_TEST((world.ends() ==
                  (reached ? Outcome::human_hung_up_at_once : Outcome::callback_requested)));
      // Nobody else need call whom a human has talked to.
      BOOST_TEST(
          (world.state().results.cases[0][0].place == (reached ? Place::exhausted : Place::open)));
    }
    // They hang up in the talk with the human, and what the dial came to is told too late.
    for (const char* status : {"in-progress", "no-answer"}) {
      InCall world(with_replies({"+390233333333"}));
      told(world, "colour", 1, by_key, "0", "un operatore");
      world.does(TransferReported{world.attempt(), world.sid(), "CAleg", 1, status});
      const bool reached = std::string_view(status) == "in-progress";
      BOOST_TEST((world.ends() ==
                  (reached ? Outcome::human_hung_up_at_once : Outcome::callback_requested)));
    }
  }
}

BOOST_AUTO_TEST_CASE(never_again_is_heard_before_any_other_wish) {
  auto campaign = with_replies();
  campaign.replies[static_cast<std::size_t>(Reply::stop)].words = {{"it-IT", {"non chiamate"}}};
  InCall world(campaign);
  BOOST_TEST(world.after(world.said("colour", 1, "non chiamate più")) ==
             "Non chiameremo più. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::opted_out));
}

BOOST_AUTO_TEST_CASE(several_options_may_be_chosen_by_key_and_by_speech) {
  auto campaign = some::survey();
  auto& asked = campaign.questions[0];
  asked.options = {option("red", '1', "rosso"), option("blue", '2', "blu"),
                   option("green", '3', "verde"), option("none", '0', "nessuno")};
  asked.several = true;
  asked.least = 1;
  asked.most = 2;
  const auto got = [&](const char* digits, const char* speech) {
    const auto understood = understand(campaign, asked, "it-IT", digits, speech);
    return understood.kind == Understood::Kind::given ? understood.value : "none";
  };
  BOOST_TEST(got("31", "") == "red green");
  BOOST_TEST(got("2", "") == "blue");
  BOOST_TEST(got("22", "") == "blue");
  BOOST_TEST(got("123", "") == "none");
  BOOST_TEST(got("14", "") == "none");
  BOOST_TEST(got("", "verde e anche rosso") == "red green");
  BOOST_TEST(got("", "la tre e la uno") == "red green");
  BOOST_TEST(got("", "1,3") == "red green");
  BOOST_TEST(got("", "uno tre") == "red green");
  BOOST_TEST(got("", "uno cinquanta") == "none");
  BOOST_TEST(got("", "blu") == "blue");
  BOOST_TEST(got("", "rosso, verde, blu") == "none");
  BOOST_TEST(got("", "giallo") == "none");
  InCall world(campaign);
  const auto now = document(world);
  BOOST_TEST(std::get<Ask>(now.back()).digits == 0U);
  // What hangs on one of them hangs on it whatever else was named.
  BOOST_TEST(world.after(world.keyed("colour", 1, "13")) == "Rosso scuro? (dark 2)");
  InCall other(campaign);
  BOOST_TEST(other.after(other.keyed("colour", 1, "23")) == "Da uno a cinque? (rate 2)");
}

BOOST_AUTO_TEST_CASE(a_date_is_keyed_or_said_and_kept_in_one_form) {
  auto campaign = some::survey();
  auto& asked = campaign.questions[0];
  asked = question("day", QuestionType::date, "Che giorno?");
  asked.least = *days_of_date("2020-01-01");
  asked.most = *days_of_date("2026-12-31");
  auto& after = campaign.questions[1].ask_if;
  after = {};
  after.op = Condition::Op::question_between;
  after.name = "day";
  after.dates = true;
  after.least = *days_of_date("2026-01-01");
  after.most = *days_of_date("2026-06-30");
  for (const bool by_key : {true, false}) {
    InCall world(campaign);
    const auto now = document(world);
    BOOST_TEST(std::get<Ask>(now.back()).digits == 8U);
    BOOST_TEST(told(world, "day", 1, by_key, "31022026", "il 31 febbraio 2026") ==
               "Che giorno? (day 2)");
    BOOST_TEST(told(world, "day", 2, by_key, "01011999", "il primo gennaio 1999") ==
               "Che giorno? (day 3)");
    BOOST_TEST(told(world, "day", 3, by_key, "30062026", "trenta giugno duemilaventisei") ==
               "Rosso scuro? (dark 4)");
    BOOST_TEST(world.state().script.answers({0, 1})[0].value == "2026-06-30");
    InCall later(campaign);
    BOOST_TEST(told(later, "day", 1, by_key, "01072026", "1 luglio 2026") ==
               "Da uno a cinque? (rate 2)");
  }
  // Where the year is plain, four keys do.
  campaign.questions[0].least = *days_of_date("2026-06-01");
  campaign.questions[1].ask_if = {};
  InCall world(campaign);
  const auto now = document(world);
  BOOST_TEST(std::get<Ask>(now.back()).digits == 4U);
  world.does(world.keyed("day", 1, "1508"));
  BOOST_TEST(world.state().script.answers({0, 1})[0].value == "2026-08-15");
}

BOOST_AUTO_TEST_CASE(silence_and_nonsense_are_asked_again_as_often_as_allowed) {
  auto campaign = some::survey();
  campaign.questions[0].on_silence = words("Non ho sentito.");
  campaign.questions[0].on_invalid = words("Non ho capito.");
  campaign.questions[0].silence_max = 1;
  campaign.questions[0].invalid_max = 2;
  InCall world(campaign);
  BOOST_TEST(world.when(world.keyed("colour", 1, "")) ==
             "contact/survey/1 NoInput {\"attempt\":1,\"turn\":1,\"question\":\"colour\"}\n"
             "contact/survey/1 PromptServed {\"attempt\":1,\"turn\":2,\"prompt\":\"question\","
             "\"question\":\"colour\",\"again\":\"silence\"}\n");
  BOOST_TEST(hears(world) == "Non ho sentito. Che colore? (colour 2)");
  BOOST_TEST(world.when(world.said("colour", 2, "verde")) ==
             "contact/survey/1 AnswerInvalid {\"attempt\":1,\"turn\":2,\"question\":\"colour\","
             "\"source\":\"speech\"} {\"words\":\"verde\"}\n"
             "contact/survey/1 PromptServed {\"attempt\":1,\"turn\":3,\"prompt\":\"question\","
             "\"question\":\"colour\",\"again\":\"invalid\"}\n");
  BOOST_TEST(hears(world) == "Non ho capito. Che colore? (colour 3)");
  BOOST_TEST(world.after(world.keyed("colour", 3, "7")) == "Non ho capito. Che colore? (colour 4)");
  // The second silence is one too many, and the question is required.
  BOOST_TEST(world.after(world.keyed("colour", 4, "")) == "Grazie. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::human_hung_up_at_once));
}

BOOST_AUTO_TEST_CASE(a_line_on_which_nobody_speaks_is_no_refusal_and_is_called_again) {
  auto campaign = some::survey();
  campaign.retries.delay[static_cast<std::size_t>(Outcome::said_nothing)] = 4h;
  InCall world(campaign);
  world.does(world.keyed("colour", 1, "")).does(world.keyed("colour", 2, ""));
  BOOST_TEST(world.after(world.keyed("colour", 3, "")) == "Grazie. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::said_nothing));
  BOOST_TEST(aapor_code(Outcome::said_nothing, true) == "2.20");
  BOOST_TEST(aapor_code(Outcome::said_nothing, false) == "3.90");
  world.later(4h + 1s);
  world.dial(1, 2);
  // Whoever goes before we give up hung up on us.
  world.does(world.voice("", 1, 2)).does(world.keyed("colour", 1, "", 1, 2));
  BOOST_TEST((world.ends(4, 2) == Outcome::human_hung_up_at_once));
}

BOOST_AUTO_TEST_CASE(a_survey_that_need_not_be_answered_is_none_on_a_mute_line) {
  auto campaign = some::survey();
  for (auto& asked : campaign.questions) {
    asked.required = false;
    asked.silence_max = asked.invalid_max = 0;
  }
  campaign.partial_answers = 0;
  campaign.retries.delay[static_cast<std::size_t>(Outcome::said_nothing)] = 4h;
  const auto silent = [](InCall& world, std::uint8_t call) {
    std::string last;
    std::uint32_t turn = 1;
    for (const char* asked : {"colour", "rate", "people", "why"}) {
      last = world.after(world.keyed(asked, turn++, "", 1, call));
    }
    BOOST_TEST(last == "Grazie. | (hang up)");
  };
  InCall world(campaign);
  silent(world, 1);
  BOOST_TEST((world.ends() == Outcome::said_nothing));
  BOOST_TEST((world.state().results.cases[0][0].place == Place::open));
  // The next call begins anew, and asks everything.
  world.later(4h + 1s);
  world.dial(1, 2);
  world.does(world.voice("", 1, 2));
  BOOST_TEST(hears(world) == "Buongiorno. | Che colore? (colour 1)");
  BOOST_TEST(world.after(world.keyed("colour", 1, "2", 1, 2)) == "Da uno a cinque? (rate 2)");
  BOOST_TEST(world.after(world.keyed("rate", 2, "", 1, 2)) == "Quanti siete? (people 3)");
  world.does(world.keyed("people", 3, "", 1, 2)).does(world.keyed("why", 4, "", 1, 2));
  BOOST_TEST((world.ends(30, 2) == Outcome::completed));

  // A line that stays mute comes to an end none the less.
  InCall mute(campaign);
  silent(mute, 1);
  mute.ends();
  mute.later(4h + 1s);
  mute.dial(1, 2);
  mute.does(mute.voice("", 1, 2));
  silent(mute, 2);
  BOOST_TEST((mute.ends(30, 2) == Outcome::said_nothing));

  // Whoever pressed a key, or said that they would rather not, was there.
  InCall wrong(campaign);
  wrong.does(wrong.keyed("colour", 1, "7")).does(wrong.keyed("rate", 2, ""));
  wrong.does(wrong.keyed("people", 3, "")).does(wrong.keyed("why", 4, ""));
  BOOST_TEST((wrong.ends() == Outcome::completed));
  // What was answered in an earlier call is an interview, whatever the next one brings.
  InCall resumed(campaign);
  resumed.does(resumed.keyed("colour", 1, "2"));
  BOOST_TEST((resumed.ends() == Outcome::broken_off));
  resumed.later(3601s);
  resumed.dial(1, 2);
  resumed.does(resumed.voice("", 1, 2));
  BOOST_TEST(hears(resumed) == "Riprendiamo. | Da uno a cinque? (rate 1)");
  resumed.does(resumed.keyed("rate", 1, "", 1, 2)).does(resumed.keyed("people", 2, "", 1, 2));
  resumed.does(resumed.keyed("why", 3, "", 1, 2));
  BOOST_TEST((resumed.ends(30, 2) == Outcome::completed));
  // Of whom nothing is asked nothing is missing.
  for (auto& asked : campaign.questions) {
    asked.ask_if = {};
    asked.ask_if.op = Condition::Op::column_is;
    asked.ask_if.name = "name";
    asked.ask_if.values = {"Nessuno"};
  }
  InCall asked_nothing(campaign);
  BOOST_TEST(hears(asked_nothing) == "Grazie. | (hang up)");
  BOOST_TEST((asked_nothing.ends() == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(a_message_whose_confirmation_is_left_in_silence_was_heard) {
  auto campaign = notification();
  campaign.questions = {question("confirmed", QuestionType::yes_no, "Viene?")};
  campaign.questions[0].required = false;
  campaign.questions[0].silence_max = 0;
  campaign.goodbye = words("Grazie.");
  campaign.retries.delay[static_cast<std::size_t>(Outcome::said_nothing)] = 4h;
  InCall world(campaign);
  BOOST_TEST(world.after(world.keyed("confirmed", 1, "")) == "Grazie. | (hang up)");
  BOOST_TEST((world.ends() == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(each_question_and_each_call_counts_its_silences_anew) {
  auto campaign = some::survey();
  for (auto& asked : campaign.questions) asked.silence_max = 1;
  InCall world(campaign);
  world.does(world.keyed("colour", 1, "")).does(world.keyed("colour", 2, "1"));
  BOOST_TEST(world.after(world.keyed("dark", 3, "")) == "Rosso scuro? (dark 4)");
  BOOST_TEST((world.ends() == Outcome::broken_off));
  world.later(3601s);
  world.dial(1, 2);
  world.does(world.voice("", 1, 2));
  BOOST_TEST(world.after(world.keyed("dark", 1, "", 1, 2)) == "Rosso scuro? (dark 2)");
  BOOST_TEST(world.after(world.keyed("dark", 2, "", 1, 2)) == "Grazie. | (hang up)");
}

BOOST_AUTO_TEST_CASE(a_question_that_need_not_be_answered_is_left_in_peace) {
  auto campaign = some::survey();
  campaign.questions[3].silence_max = 0;
  InCall world(campaign);
  world.does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "3"));
  BOOST_TEST(world.after(world.keyed("people", 3, "")) == "Perché? (why 4)");
  world.does(world.said("why", 4, "mah"));
  BOOST_TEST((world.ends() == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(how_a_survey_that_broke_off_counts) {
  {
    InCall world(some::survey());
    BOOST_TEST((world.ends() == Outcome::human_hung_up_at_once));
  }
  {
    InCall world(some::survey());
    world.does(world.keyed("colour", 1, "2"));
    BOOST_TEST((world.ends() == Outcome::broken_off));
  }
  {
    InCall world(some::survey());
    world.does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "3"));
    BOOST_TEST((world.ends() == Outcome::partial));
  }
  {
    // All that must be answered is: what is left need not be.
    auto campaign = some::survey();
    campaign.questions[4].required = false;
    InCall world(campaign);
    world.does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "3"));
    BOOST_TEST((world.ends() == Outcome::completed));
  }
}

BOOST_AUTO_TEST_CASE(the_next_attempt_goes_on_at_the_first_open_question) {
  InCall world(some::survey());
  world.does(world.keyed("colour", 1, "1"));
  BOOST_TEST((world.ends() == Outcome::broken_off));
  world.later(3601s);
  world.dial(1, 2);
  world.does(world.voice("", 1, 2));
  BOOST_TEST(hears(world) == "Riprendiamo. | Rosso scuro? (dark 1)");
  world.does(world.keyed("dark", 1, "2", 1, 2)).does(world.keyed("rate", 2, "5", 1, 2));
  world.does(world.keyed("people", 3, "10", 1, 2)).does(world.said("why", 4, "boh", 1, 2));
  BOOST_TEST((world.ends(30, 2) == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_past_turn_appends_nothing_and_hears_the_present) {
  InCall world(some::survey());
  world.does(world.keyed("colour", 1, "1")).does(world.keyed("dark", 2, "1"));
  const auto before = document(world);
  const auto position = world.state().position;
  for (const auto& late :
       {world.keyed("colour", 1, "1"), world.keyed("colour", 1, "2"), world.keyed("dark", 2, "1"),
        world.keyed("dark", 2, ""), world.keyed("rate", 2, "4"), world.keyed("why", 9, "4"),
        world.keyed("nothing", 3, "4"), world.keyed("colour", 3, "1")}) {
    BOOST_TEST(world.when(late) == "");
    BOOST_TEST((document(world) == before));
  }
  BOOST_TEST(world.state().position == position);
  BOOST_TEST(world.when(world.keyed("rate", 3, "4")) != "");
}

BOOST_AUTO_TEST_CASE(a_program_that_died_between_two_questions_goes_on_as_if_it_had_not) {
  InCall world(some::survey());
  world.does(world.keyed("colour", 1, "1")).does(world.keyed("dark", 2, "1"));
  const auto before = document(world);
  world.does(StartRunner{});
  BOOST_TEST((document(world) == before));
  BOOST_TEST(world.when(world.keyed("dark", 2, "1")) == "");
  BOOST_TEST(world.after(world.keyed("rate", 3, "4")) == "Quanti siete? (people 4)");
}

BOOST_AUTO_TEST_CASE(nothing_is_said_in_a_call_that_is_not_there) {
  Running world(some::survey());
  BOOST_TEST(hears(world) == "(hang up)");
  world.dial();
  BOOST_TEST(hears(world) == "(hang up)");
}

BOOST_AUTO_TEST_CASE(an_ask_says_how_it_may_be_answered) {
  auto campaign = some::survey();
  campaign.questions[2].by_speech = false;
  InCall world(campaign);
  const auto ask = [&] {
    const auto now = document(world);
    return std::get<Ask>(now.back());
  };
  BOOST_TEST(ask().digits == 1u);
  BOOST_TEST(ask().by_key);
  BOOST_TEST(ask().by_speech);
  BOOST_TEST(ask().language == "it-IT");
  // Not the words that opt out: who says these must mean them.
  const std::vector<std::string> hints = {"rosso", "blu"};
  BOOST_TEST(ask().hints == hints, boost::test_tools::per_element());
  world.does(world.keyed("colour", 1, "2"));
  BOOST_TEST(!ask().by_speech);
  world.does(world.keyed("rate", 2, "1"));
  BOOST_TEST(ask().digits == 0u);  // two digits at most, ended by '#'
  world.does(world.keyed("people", 3, "10"));
  BOOST_TEST(ask().by_key);  // only for the key that opts out
}

BOOST_AUTO_TEST_CASE(a_message_can_be_answered_by_never_again_alone) {
  const std::string message = "Buongiorno Anna, il corso di domani comincia alle nove.";
  auto campaign = some::notification();
  campaign.goodbye = words("Arrivederci.");
  {
    // Nothing to listen for, and nothing is listened to.
    InCall world(campaign);
    BOOST_TEST(hears(world) == message + " | (pause) | (hang up)");
    BOOST_TEST(world.when(world.keyed("opt_out", 1, "9")) == "");
  }
  campaign.opt_out.goodbye = words("Non chiameremo più.");
  campaign.opt_out.key = '9';
  const auto listening = [&](int turn) {
    return message + " (opt_out " + std::to_string(turn) + ") | (pause) | (hang up)";
  };
  {
    InCall world(campaign);
    BOOST_TEST(hears(world) == listening(1));
    const auto ask = std::get<Ask>(document(world).front());
    BOOST_TEST((ask.by_key && !ask.by_speech && !ask.tells_silence));
    BOOST_TEST(world.after(world.keyed("opt_out", 1, "9")) == "Non chiameremo più. | (hang up)");
    BOOST_TEST(world.when(world.keyed("opt_out", 1, "9")) == "");  // the same, sent again
    BOOST_TEST(world.state().suppression.opted_out(1));
    BOOST_TEST((world.ends() == Outcome::opted_out));
  }
  {
    // Whoever hits another key hears it whole all the same, and in the end without a break.
    InCall world(campaign);
    BOOST_TEST(world.after(world.keyed("opt_out", 1, "4")) == listening(2));
    BOOST_TEST(world.after(world.keyed("opt_out", 2, "5")) == message + " | (pause) | (hang up)");
    BOOST_TEST(!world.state().suppression.opted_out(1));
    BOOST_TEST((world.ends() == Outcome::completed));
  }
  {
    InCall world(campaign);
    BOOST_TEST((world.ends(20) == Outcome::completed));
  }
  campaign.opt_out.key = '\0';
  campaign.opt_out.words = {{"it-IT", {"non chiamate più"}}};
  {
    // What is said comes after the message: a "pronto?" breaks nothing off.
    InCall world(campaign);
    BOOST_TEST(hears(world) == message + " | (opt_out 1) | (pause) | (hang up)");
    BOOST_TEST(world.after(world.said("opt_out", 1, "per favore non chiamate più")) ==
               "Non chiameremo più. | (hang up)");
    BOOST_TEST((world.ends() == Outcome::opted_out));
  }
  {
    InCall world(campaign);
    BOOST_TEST(world.after(world.said("opt_out", 1, "va bene, grazie")) ==
               "Arrivederci. | (hang up)");
    BOOST_TEST((world.ends() == Outcome::completed));
  }
}

BOOST_AUTO_TEST_CASE(people_hear_their_own_language_and_its_voice) {
  auto campaign = some::survey();
  campaign.voices = {{"it-IT", "Bianca"}, {"en-GB", "Amy"}};
  campaign.greeting.by_language["en-GB"] = "Hello {{name}}.";
  World world(some_zones());
  begin(world);
  auto row = person(2, 1);
  row.language = "en-GB";
  enrol(world, campaign, {row});
  world.plans();
  world.does(VoiceRequested{{"survey", 1, 1}, "CA1", ""});
  const auto now = document(world);
  BOOST_TEST((std::get<Say>(now[0]) == Say{"Hello Anna.", "en-GB", "Amy"}));
  // The question has no English text: the campaign's own, said by its voice.
  BOOST_TEST((std::get<Ask>(now[1]).prompts[0] == Say{"Che colore?", "it-IT", "Bianca"}));
  BOOST_TEST(std::get<Ask>(now[1]).language == "it-IT");
}

BOOST_AUTO_TEST_CASE(keys_are_read_by_the_kind_of_question) {
  const auto keyed = [](QuestionType type, const char* digits) {
    return read(type, "it-IT", digits, "");
  };
  BOOST_TEST(keyed(QuestionType::choice, "1") == "red key");
  BOOST_TEST(keyed(QuestionType::choice, "3") == "invalid key");
  BOOST_TEST(keyed(QuestionType::choice, "12") == "invalid key");
  BOOST_TEST(keyed(QuestionType::choice, "*") == "invalid key");
  BOOST_TEST(keyed(QuestionType::choice, "9") == "opt_out key");
  BOOST_TEST(keyed(QuestionType::yes_no, "2") == "no key");
  BOOST_TEST(keyed(QuestionType::rating, "5") == "5 key");
  BOOST_TEST(keyed(QuestionType::rating, "0") == "invalid key");
  BOOST_TEST(keyed(QuestionType::number, "007") == "7 key");
  BOOST_TEST(keyed(QuestionType::number, "40") == "40 key");
  BOOST_TEST(keyed(QuestionType::number, "41") == "invalid key");
  BOOST_TEST(keyed(QuestionType::number, "99999999999999999999") == "invalid key");
  BOOST_TEST(keyed(QuestionType::open, "3") == "invalid key");
  BOOST_TEST(keyed(QuestionType::open, "9") == "opt_out key");
  BOOST_TEST(keyed(QuestionType::open, "") == "silence");
}

BOOST_AUTO_TEST_CASE(speech_is_understood_in_several_languages) {
  struct Row {
    QuestionType type;
    const char* language;
    const char* speech;
    const char* understood;
  };
  using Type = QuestionType;
  for (const auto& row : std::vector<Row>{
           {Type::yes_no, "it-IT", "Sì", "yes speech 'Sì'"},
           {Type::yes_no, "it-IT", "SI, GRAZIE", "yes speech 'SI, GRAZIE'"},
           {Type::yes_no, "it-IT", "va bene", "yes speech 'va bene'"},
           {Type::yes_no, "it-IT", "d’accordo", "yes speech 'd’accordo'"},
           {Type::yes_no, "it-IT", "no no", "no speech 'no no'"},
           {Type::yes_no, "it-IT", "sì... anzi no", "invalid speech"},
           {Type::yes_no, "it-IT", "forse", "invalid speech"},
           {Type::yes_no, "it-IT", "nonna", "invalid speech"},
           {Type::yes_no, "en-GB", "Yes, please.", "yes speech 'Yes, please.'"},
           {Type::yes_no, "en-US", "nope", "no speech 'nope'"},
           {Type::yes_no, "de-DE", "Natürlich!", "yes speech 'Natürlich!'"},
           {Type::yes_no, "de-DE", "nein danke", "no speech 'nein danke'"},
           {Type::yes_no, "it-IT", "due", "no speech 'due'"},
           {Type::yes_no, "it-IT", "Non va bene", "no speech 'Non va bene'"},
           {Type::yes_no, "it-IT", "Non sono d'accordo", "no speech 'Non sono d'accordo'"},
           {Type::yes_no, "it-IT", "no, non va bene", "no speech 'no, non va bene'"},
           {Type::yes_no, "it-IT", "certo che no", "no speech 'certo che no'"},
           {Type::yes_no, "it-IT", "non posso, va bene", "invalid speech"},
           {Type::yes_no, "it-IT", "non è che non va bene", "invalid speech"},
           {Type::yes_no, "it-IT", "non lo so, sì", "invalid speech"},
           {Type::yes_no, "it-IT", "non c'è problema, va bene",
            "yes speech 'non c'è problema, va bene'"},
           {Type::yes_no, "it-IT", "non c'è problema", "invalid speech"},
           {Type::yes_no, "it-IT", "perché no", "invalid speech"},
           {Type::yes_no, "it-IT", "certo, perché no", "yes speech 'certo, perché no'"},
           {Type::yes_no, "it-IT", "come no", "invalid speech"},
           {Type::yes_no, "it-IT", "non vedo l'ora, sì", "yes speech 'non vedo l'ora, sì'"},
           {Type::yes_no, "it-IT", "no, non c'è problema", "invalid speech"},
           {Type::yes_no, "it-IT", "non uno", "invalid speech"},
           {Type::yes_no, "it-IT", "non voglio, no", "no speech 'non voglio, no'"},
           {Type::yes_no, "en-GB", "Of course not", "no speech 'Of course not'"},
           {Type::yes_no, "en-GB", "That is not correct", "no speech 'That is not correct'"},
           {Type::yes_no, "en-GB", "That isn't correct", "no speech 'That isn't correct'"},
           {Type::yes_no, "en-GB", "I'm not sure", "invalid speech"},
           {Type::yes_no, "en-GB", "I'm not sure, yes", "invalid speech"},
           {Type::yes_no, "en-GB", "yes, but I don't know", "invalid speech"},
           {Type::yes_no, "en-GB", "It's not that it is not correct", "invalid speech"},
           {Type::yes_no, "en-GB", "why not", "invalid speech"},
           {Type::yes_no, "en-GB", "sure, why not", "yes speech 'sure, why not'"},
           {Type::yes_no, "en-GB", "yes, no problem", "yes speech 'yes, no problem'"},
           {Type::yes_no, "en-GB", "no problem", "invalid speech"},
           {Type::yes_no, "en-GB", "I don't mind, yes", "yes speech 'I don't mind, yes'"},
           {Type::yes_no, "en-GB", "no idea", "invalid speech"},
           {Type::yes_no, "en-GB", "no, not correct", "no speech 'no, not correct'"},
           {Type::yes_no, "de-DE", "Natürlich nicht", "no speech 'Natürlich nicht'"},
           {Type::yes_no, "de-DE", "Das stimmt nicht", "no speech 'Das stimmt nicht'"},
           {Type::yes_no, "de-DE", "ja, warum nicht", "yes speech 'ja, warum nicht'"},
           {Type::yes_no, "de-DE", "warum nicht", "invalid speech"},
           {Type::yes_no, "de-DE", "Kein Problem, gerne", "yes speech 'Kein Problem, gerne'"},
           {Type::yes_no, "de-DE", "ja, das kann nie sein", "invalid speech"},
           {Type::yes_no, "de-DE", "ich weiß nicht", "invalid speech"},
           {Type::yes_no, "de-DE", "das möchte ich nicht", "no speech 'das möchte ich nicht'"},
           {Type::yes_no, "fr-FR", "pas d'accord", "no speech 'pas d'accord'"},
           {Type::yes_no, "fr-FR", "Je ne suis pas d'accord",
            "no speech 'Je ne suis pas d'accord'"},
           {Type::yes_no, "fr-FR", "je ne dis pas que je suis pas d'accord", "invalid speech"},
           {Type::yes_no, "fr-FR", "bien sûr que non", "no speech 'bien sûr que non'"},
           {Type::yes_no, "fr-FR", "pourquoi pas", "invalid speech"},
           {Type::yes_no, "fr-FR", "oui, pourquoi pas", "yes speech 'oui, pourquoi pas'"},
           {Type::yes_no, "fr-FR", "d'accord, pas de problème",
            "yes speech 'd'accord, pas de problème'"},
           {Type::yes_no, "fr-FR", "je ne peux plus, d'accord", "invalid speech"},
           {Type::yes_no, "fr-FR", "non merci", "no speech 'non merci'"},
           {Type::yes_no, "fr-FR", "bien sûr, d'accord", "yes speech 'bien sûr, d'accord'"},
           {Type::yes_no, "es-ES", "No estoy de acuerdo", "no speech 'No estoy de acuerdo'"},
           {Type::yes_no, "es-ES", "claro que no", "no speech 'claro que no'"},
           {Type::yes_no, "es-ES", "por qué no", "invalid speech"},
           {Type::yes_no, "es-ES", "claro, cómo no", "yes speech 'claro, cómo no'"},
           {Type::yes_no, "es-ES", "sí, no hay problema", "yes speech 'sí, no hay problema'"},
           {Type::yes_no, "es-ES", "no lo sé", "invalid speech"},
           {Type::yes_no, "es-ES", "nunca he dicho sí", "invalid speech"},
           {Type::yes_no, "es-ES", "no gracias", "no speech 'no gracias'"},
           {Type::yes_no, "es-ES", "no, claro", "invalid speech"},
           {Type::choice, "it-IT", "Rosso!", "red speech 'Rosso!'"},
           {Type::choice, "it-IT", "quello rosso", "red speech 'quello rosso'"},
           {Type::choice, "it-IT", "azzurro", "blue speech 'azzurro'"},
           {Type::choice, "it-IT", "rosso o blu", "invalid speech"},
           {Type::choice, "it-IT", "la due", "blue speech 'la due'"},
           {Type::choice, "de-DE", "Blau bitte", "blue speech 'Blau bitte'"},
           {Type::choice, "de-DE", "eins", "red speech 'eins'"},
           {Type::rating, "it-IT", "cinque", "5 speech 'cinque'"},
           {Type::rating, "it-IT", "direi un 4", "4 speech 'direi un 4'"},
           {Type::rating, "it-IT", "sei", "invalid speech"},
           {Type::rating, "en-GB", "three", "3 speech 'three'"},
           {Type::rating, "en-GB", "three or four", "invalid speech"},
           {Type::rating, "de-DE", "fünf", "5 speech 'fünf'"},
           {Type::number, "it-IT", "siamo in 12", "12 speech 'siamo in 12'"},
           {Type::number, "de-DE", "zehn", "10 speech 'zehn'"},
           {Type::number, "it-IT", "trentacinque", "35 speech 'trentacinque'"},
           {Type::number, "en-GB", "thirty five", "35 speech 'thirty five'"},
           {Type::number, "en-GB", "two hundred", "invalid speech"},
           {Type::number, "fr-FR", "vingt-cinq", "25 speech 'vingt-cinq'"},
           {Type::number, "fr-FR", "quatre-vingts", "invalid speech"},
           {Type::number, "es-ES", "treinta y cinco", "35 speech 'treinta y cinco'"},
           {Type::number, "en-GB", "5.5", "invalid speech"},
           {Type::number, "it-IT", "2.002", "invalid speech"},
           {Type::number, "it-IT", "35", "35 speech '35'"},
           {Type::rating, "en-GB", "five and a half", "invalid speech"},
           {Type::choice, "en-GB", "option two", "blue speech 'option two'"},
           {Type::choice, "it-IT", "numero 2", "blue speech 'numero 2'"},
           {Type::choice, "it-IT", "ventidue", "invalid speech"},
           {Type::choice, "en-GB", "two fifty", "invalid speech"},
           {Type::choice, "it-IT", "la due delle 10", "blue speech 'la due delle 10'"},
           {Type::open, "it-IT", "Non lo so ancora", " speech 'Non lo so ancora'"},
           {Type::open, "it-IT", " . ", "silence"},
           {Type::open, "it-IT", "Basta, non chiamate più!", "opt_out speech"},
           {Type::yes_no, "it-IT", "non chiamate piu", "opt_out speech"},
           {Type::choice, "en-GB", "never again", "opt_out speech"},
           {Type::open, "ru-RU", "Долго ждал ответа", " speech 'Долго ждал ответа'"},
           {Type::open, "el-GR", "Περίμενα πολύ", " speech 'Περίμενα πολύ'"},
           {Type::open, "ar-EG", "انتظرت طويلا", " speech 'انتظرت طويلا'"},
           {Type::open, "zh-CN", "等了很久", " speech '等了很久'"},
           {Type::open, "zh-CN", "。", "silence"},
           {Type::open, "ar-EG", "؟", "silence"},
           {Type::open, "ru-RU", "Пожалуйста, НЕ ЗВОНИТЕ мне", "opt_out speech"},
           {Type::yes_no, "el-GR", "ΜΗΝ ΞΑΝΑΚΑΛΕΣΕΤΕ", "opt_out speech"},
           {Type::choice, "ar-EG", "من فضلك لا تتّصل بي", "opt_out speech"},
           {Type::choice, "zh-CN", "请你们不要再打电话了", "opt_out speech"},
           {Type::open, "ja-JP", "もう電話しないでください", "opt_out speech"},
           {Type::open, "th-TH", "กรุณาอย่าโทรมาอีก", "opt_out speech"},
           {Type::open, "ru-RU", "Не звонит", " speech 'Не звонит'"},
           {Type::open, "zh-CN", "请再打", " speech '请再打'"},
           {Type::choice, "de-DE", "Weiß", "invalid speech"},
       }) {
    BOOST_TEST(read(row.type, row.language, "", row.speech) == row.understood, row.speech);
  }
}

BOOST_AUTO_TEST_CASE(a_campaigns_own_words_for_yes_and_no_come_first) {
  const auto campaign = some::survey();
  auto asked = question("q", QuestionType::yes_no, "?");
  const auto said = [&](const char* speech) {
    const auto got = understand(campaign, asked, "it-IT", "", speech);
    return got.kind == Understood::Kind::given ? got.value : "";
  };
  asked.options[0].words = {{"it-IT", {"perché no", "mi interessa", "non c'è problema"}}};
  asked.options[1].words = {{"it-IT", {"non va bene", "non mi interessa", "mai"}}};
  BOOST_TEST(said("perché no") == "yes");
  BOOST_TEST(said("non c'è problema") == "yes");
  BOOST_TEST(said("mi interessa") == "yes");
  BOOST_TEST(said("non mi interessa") == "no");
  BOOST_TEST(said("non va bene") == "no");
  BOOST_TEST(said("non mi piace, non va bene") == "no");
  BOOST_TEST(said("mai") == "no");
  BOOST_TEST(said("mi interessa, mai") == "");
  asked.options[1].words.clear();
  BOOST_TEST(said("non mi interessa") == "");
  // The other way round, and with codes that do not say which is which.
  std::swap(asked.options[0], asked.options[1]);
  BOOST_TEST(said("sì") == "yes");
  BOOST_TEST(said("no") == "no");
  asked.options[0].code = "never";
  BOOST_TEST(said("certo") == "yes");
  BOOST_TEST(said("nemmeno per sogno") == "never");
  asked.options[1].code = "always";
  BOOST_TEST(said("certo") == "");
  BOOST_TEST(said("mi interessa") == "always");
  BOOST_TEST(said("non mi interessa") == "");
}

BOOST_AUTO_TEST_CASE(the_longest_name_of_an_option_counts_and_none_that_is_denied) {
  const auto campaign = some::survey();
  auto asked = question("q", QuestionType::choice, "?");
  asked.options = {option("red", '1', "rosso"), option("dark", '2', "rosso scuro"),
                   option("free", '3', "senza colore"), option("blue", '4', "blu")};
  for (auto& one : asked.options) {
    one.words["en-GB"] = {one.code == "dark" ? "dark red" : one.code};
    one.words["fr-FR"] = {one.code == "red" ? "rouge" : one.code};
    one.words["es-ES"] = {one.code == "red" ? "rojo" : one.code};
  }
  struct Row {
    const char* language;
    const char* speech;
    const char* value;
  };
  for (const auto& row : std::vector<Row>{
           {"it-IT", "rosso", "red"},
           {"it-IT", "rosso scuro", "dark"},
           {"it-IT", "direi rosso scuro, grazie", "dark"},
           {"it-IT", "rosso, rosso scuro", ""},
           {"it-IT", "senza colore", "free"},
           {"it-IT", "non rosso", ""},
           {"it-IT", "il rosso no", ""},
           {"it-IT", "non mi piace il rosso", ""},
           {"it-IT", "rosso, non blu", ""},
           {"it-IT", "non saprei, rosso", "red"},
           {"it-IT", "forse rosso", "red"},
           {"it-IT", "non la due", ""},
           {"it-IT", "non so, la due", "dark"},
           {"it-IT", "non la due, grazie", ""},
           {"it-IT", "non la due, la tre", ""},
           {"it-IT", "la due, grazie", "dark"},
           {"en-GB", "not two, please", ""},
           {"en-GB", "two, please", "dark"},
           {"fr-FR", "pas la 2, merci", ""},
           {"en-GB", "dark red", "dark"},
           {"en-GB", "not red", ""},
           {"en-GB", "I don't want red", ""},
           {"en-GB", "red please", "red"},
           {"en-GB", "one moment please", ""},
           {"en-GB", "which one", ""},
           {"fr-FR", "pas rouge", ""},
           {"fr-FR", "le rouge", "red"},
           {"es-ES", "el rojo no", ""},
           {"es-ES", "no, rojo", "red"},
       }) {
    const auto got = understand(campaign, asked, row.language, "", row.speech);
    BOOST_TEST(got.value == row.value, row.language << ": " << row.speech);
  }
  asked.several = true;
  asked.least = 1;
  asked.most = 3;
  BOOST_TEST(understand(campaign, asked, "it-IT", "", "rosso scuro e blu").value == "dark blue");
  BOOST_TEST(understand(campaign, asked, "it-IT", "", "uno e quattro").value == "red blue");
  BOOST_TEST(understand(campaign, asked, "it-IT", "", "rosso ma non blu").value == "");
  BOOST_TEST(understand(campaign, asked, "it-IT", "", "la due, la tre").value == "dark free");
  BOOST_TEST(understand(campaign, asked, "fr-FR", "", "un, deux et trois").value ==
             "red dark free");
  BOOST_TEST(understand(campaign, asked, "it-IT", "", "non la due, la tre").value == "");
}

BOOST_AUTO_TEST_CASE(an_option_is_not_chosen_by_a_word_that_is_another_one_where_it_stands) {
  const auto campaign = some::survey();
  struct Row {
    const char* language;
    std::vector<std::string> names;
    const char* speech;
    const char* value;
  };
  for (const auto& row : std::vector<Row>{
           {"it-IT", {"Sì", "No", "Forse"}, "sì", "0"},
           {"it-IT", {"Sì", "No", "Forse"}, "si grazie", "0"},
           {"it-IT", {"Sì", "No", "Forse"}, "come si chiama", ""},
           {"it-IT", {"Sì", "No", "Forse"}, "no", "1"},
           {"it-IT", {"Sì", "No", "Forse"}, "forse", "2"},
           {"de-DE", {"Ja", "Nein", "Vielleicht"}, "ja bitte", "0"},
           {"de-DE", {"Ja", "Nein", "Vielleicht"}, "das ist ja schrecklich", ""},
           {"de-DE", {"Ja", "Nein", "Vielleicht"}, "nein", "1"},
           {"es-ES", {"Sí", "No", "Quizás"}, "no, gracias", "1"},
           {"es-ES", {"Sí", "No", "Quizás"}, "no te escucho", ""},
           {"en-GB", {"Perfect", "Correct", "Wrong"}, "correct", "1"},
           {"en-GB", {"Perfect", "Correct", "Wrong"}, "correct me if that is it", ""},
       }) {
    auto asked = question("q", QuestionType::choice, "?");
    asked.options.clear();
    for (std::size_t i = 0; i < row.names.size(); ++i) {
      asked.options.push_back(option(std::to_string(i), '\0', row.names[i]));
      asked.options.back().words[row.language] = {row.names[i]};
    }
    const auto got = understand(campaign, asked, row.language, "", row.speech);
    BOOST_TEST(got.value == row.value, row.language << ": " << row.speech);
  }
}

BOOST_AUTO_TEST_CASE(words_of_any_script_choose_an_option) {
  const auto campaign = some::survey();
  const auto said = [&](const Question& asked, const char* language, const char* speech) {
    const auto got = understand(campaign, asked, language, "", speech);
    return got.kind == Understood::Kind::given ? got.value : "";
  };
  auto asked = question("q", QuestionType::choice, "?");
  asked.options[0].words = {{"ru-RU", {"Ёлка"}}, {"pl-PL", {"żółty"}}, {"zh-CN", {"红色"}}};
  asked.options[1].words = {{"ru-RU", {"синий"}}, {"pl-PL", {"niebieski"}}, {"zh-CN", {"蓝色"}}};
  BOOST_TEST(said(asked, "ru-RU", "ЕЛКА") == "red");
  BOOST_TEST(said(asked, "ru-RU", "Ну, синий.") == "blue");
  BOOST_TEST(said(asked, "ru-RU", "синийх") == "");
  BOOST_TEST(said(asked, "pl-PL", "Zolty") == "red");
  BOOST_TEST(said(asked, "zh-CN", "我要蓝色的") == "blue");
  auto agreed = question("q", QuestionType::yes_no, "?");
  agreed.options[0].words = {{"ru-RU", {"да", "согласен"}}, {"zh-CN", {"是", "好"}}};
  agreed.options[1].words = {{"ru-RU", {"нет"}}, {"zh-CN", {"不是", "不好"}}};
  BOOST_TEST(said(agreed, "ru-RU", "Да, согласен") == "yes");
  BOOST_TEST(said(agreed, "ru-RU", "Нет.") == "no");
  BOOST_TEST(said(agreed, "ru-RU", "не согласен") == "");
  BOOST_TEST(said(agreed, "zh-CN", "是的") == "yes");
  BOOST_TEST(said(agreed, "zh-CN", "不是") == "no");
  BOOST_TEST(said(agreed, "zh-CN", "我不知道是什么") == "");
}

BOOST_AUTO_TEST_CASE(values_are_data_and_never_templates) {
  auto campaign = notification();
  World world(some_zones());
  begin(world);
  auto row = person(2, 1);
  row.values[1] = "{{id}}\n<Hangup/>";
  enrol(world, campaign, {row});
  world.plans();
  world.does(VoiceRequested{{"note", 1, 1}, "CA1", ""});
  BOOST_TEST(hears(world).rfind("Buongiorno {{id}} <Hangup/>, il corso", 0) == 0u, hears(world));
}

BOOST_AUTO_TEST_CASE(whom_the_survey_is_not_for_is_told_so_and_left_in_peace) {
  auto campaign = some::survey();
  campaign.questions[0].screen_out_if = when_is("colour", "blue");
  campaign.screened_out = words("Non fa per lei.");
  for (const bool by_key : {true, false}) {
    InCall world(campaign);
    BOOST_TEST(told(world, "colour", 1, by_key, "2", "blu") == "Non fa per lei. | (hang up)");
    BOOST_TEST((world.ends() == Outcome::not_eligible));
    BOOST_TEST((world.state().results.cases[0][0].place == Place::done));
    BOOST_TEST(aapor_code(Outcome::not_eligible, true) == "4.70");
    InCall other(campaign);
    BOOST_TEST(told(other, "colour", 1, by_key, "1", "rosso") == "Rosso scuro? (dark 2)");
  }
  // Who hangs up before the sentence is none the less not eligible, and not called again.
  InCall hung_up(campaign);
  hung_up.does(hung_up.keyed("colour", 1, "2"));
  BOOST_TEST((hung_up.ends(4) == Outcome::not_eligible));
}

BOOST_AUTO_TEST_CASE(a_message_may_ask_to_be_confirmed) {
  auto campaign = notification();
  auto asked = question("confirmed", QuestionType::yes_no, "Viene?");
  campaign.questions = {asked};
  campaign.goodbye = words("Grazie.");
  for (const bool by_key : {true, false}) {
    InCall world(campaign);
    BOOST_TEST(hears(world) ==
               "Buongiorno Anna, il corso di domani comincia alle nove. | Viene? (confirmed 1)");
    BOOST_TEST(told(world, "confirmed", 1, by_key, "2", "no") == "Grazie. | (hang up)");
    BOOST_TEST((world.ends() == Outcome::completed));
    BOOST_TEST_REQUIRE(!world.state().results.answers.empty());
    BOOST_TEST(world.state().results.answers[0].value == "no");
  }
}

BOOST_AUTO_TEST_SUITE_END()
