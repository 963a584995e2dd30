#include "bridge/rehearsal/callee.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "bridge/rehearsal/dates.hpp"
#include "bridge/rehearsal/words.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_callee)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;

namespace {

// Everybody of one kind.
People only(const std::string& who, const std::string& more = {}) {
  return parse_people(
      "human=0,no_answer=0,busy=0,machine=0,failed=0,fax=0,hang_up_at_once=0,right_key=1000,"
      "speech=0,wrong_key=0,silence=0,hang_up=0,opt_out=0,barge_in=0," +
      who + "=1" + (more.empty() ? "" : "," + more));
}

constexpr std::size_t frame = 20 * sound_bytes_per_ms;

std::string answer_to(const std::string& heard, std::uint64_t round,
                      const People& people = only("human")) {
  Dice dice(1, "x", round, "test");
  const SpokenReaction reaction = react_to_speech(people, dice, heard);
  return (reaction.kind == SpokenReaction::Kind::keys ? "key " : "") + reaction.text;
}

// A line to somebody, in steps of 20 ms.
struct Line {
  Callee callee;
  Ear ear{};
  SpeechDetector detector{{.threshold = 0.5, .silence_ms = 500}};
  std::string heard{};  // of them
  std::string keys{};
  bool hung_up = false;
  std::uint64_t ms = 0;
  std::vector<std::uint64_t> began{};  // ms at which they began to speak

  explicit Line(const People& people, const std::string& to = "+390611111111",
                std::chrono::milliseconds answered_ago = 0ms)
      : callee(people, 1, to, 0, meet(people, 1, to, 0), answered_ago) {}

  void carry(std::string sound) {
    sound.resize((sound.size() + frame - 1) / frame * frame, sound_of_silence);
    for (std::size_t at = 0; at < sound.size() && !hung_up; at += frame) {
      const Callee::Step step = callee.live(std::string_view(sound).substr(at, frame));
      BOOST_REQUIRE(step.said.size() == frame);
      ear.hear(step.said, [&](const Ear::Heard& word) { append_heard(heard, word); });
      std::string_view rest = step.said;
      while (!rest.empty()) {
        if (detector.hear(rest).change == SpeechDetector::Change::started) began.push_back(ms);
      }
      keys += step.keys;
      hung_up = step.hangs_up;
      ms += 20;
    }
  }
  void pass(std::chrono::milliseconds time) {
    carry(
        std::string(static_cast<std::size_t>(time.count()) * sound_bytes_per_ms, sound_of_silence));
  }
  void hear(const std::string& words) { carry(spoken(words, SpeakingVoice::high, 1, "item_1")); }
};

const std::string rating = "Da uno a cinque, quanto è soddisfatto?";

}  // namespace

BOOST_AUTO_TEST_CASE(answers_fit_what_was_asked) {
  bool by_key = false;
  std::set<std::string> options;
  int yes = 0;
  int no = 0;
  for (std::uint64_t round = 0; round < 200; ++round) {
    const std::string number = answer_to(rating, round);
    by_key = by_key || number.starts_with("key ");
    const auto numbers = numbers_in(plain_words(number));
    BOOST_REQUIRE(numbers.size() == 1);
    BOOST_TEST(numbers[0] >= 1);
    BOOST_TEST(numbers[0] <= 5);
    options.insert(
        answer_to("Come vuole essere avvisato? Le risposte possibili sono: Messaggio, "
                  "Telefono.",
                  round));
    options.insert(answer_to("Would you prefer mail or telephone?", round));
    const YesNo said = yes_or_no(plain_words(answer_to("Il tecnico è stato puntuale?", round)));
    yes += said == YesNo::yes ? 1 : 0;
    no += said == YesNo::no ? 1 : 0;
    BOOST_TEST(answer_to("Vuole aggiungere qualcosa?", round).size() > 10);
    BOOST_TEST(numbers_in(plain_words(answer_to("Quanti anni ha la caldaia?", round))).size() == 1);
  }
  std::set<std::string> several;
  for (std::uint64_t round = 0; round < 100; ++round) {
    const auto date =
        date_in(plain_words(answer_to("Che giorno le va bene? Tell me from 2026 to 2027.", round)));
    BOOST_TEST_REQUIRE(date.has_value());
    BOOST_TEST((date->year == 2026 || date->year == 2027));
    several.insert(answer_to(
        "Le risposte possibili sono: Lettera, Telefono. Può indicarne più di una.", round));
  }
  BOOST_TEST((several == std::set<std::string>{"Lettera.", "Telefono.", "Lettera e Telefono.",
                                               "Telefono e Lettera."}));
  BOOST_TEST(by_key);
  BOOST_TEST((options == std::set<std::string>{"Messaggio.", "Telefono.", "mail.", "telephone."}));
  BOOST_TEST(yes + no == 200);
  BOOST_TEST(no > 20);
  BOOST_TEST(no < 100);
}

BOOST_AUTO_TEST_CASE(people_do_what_their_weights_say) {
  const auto says = [](int People::*weight, std::uint64_t round = 1) {
    People people = only("human");
    people.right_key = 0;
    people.*weight = 1;
    return answer_to(rating, round, people);
  };
  BOOST_TEST(wants_no_calls(plain_words(says(&People::opt_out))));
  BOOST_TEST(wants_other_time(plain_words(says(&People::other_time))));
  BOOST_TEST(wants_human(plain_words(says(&People::wants_human))));
  std::set<std::string> reasons;
  for (std::uint64_t round = 0; round < 100; ++round) {
    reasons.emplace(reason_to_end(plain_words(says(&People::not_them, round))));
  }
  BOOST_TEST((reasons == std::set<std::string>{"wrong_number", "wrong_person", "language_barrier",
                                               "unable", "business_number", "screened"}));
  for (std::size_t reason = 0; reason < reasons_to_end; ++reason) {
    BOOST_TEST(reason_to_end(plain_words(words_to_end(reason, true))) ==
               reason_to_end(plain_words(words_to_end(reason, false))));
  }
  std::set<bool> knew;
  for (std::uint64_t round = 0; round < 20; ++round) {
    const auto words = plain_words(says(&People::declines, round));
    BOOST_TEST(would_rather_not_say(words) != does_not_know(words));
    knew.insert(does_not_know(words));
  }
  BOOST_TEST(knew.size() == 2U);
  BOOST_TEST(says(&People::silence).empty());
  for (std::uint64_t round = 0; round < 50; ++round) {
    const auto numbers = numbers_in(plain_words(says(&People::wrong_key, round)));
    BOOST_TEST((numbers.empty() || numbers[0] > 5));
  }
}

BOOST_AUTO_TEST_CASE(a_person_waits_for_the_end_of_a_question_and_answers_it) {
  Line line(only("human"));
  line.pass(1s);
  BOOST_TEST(line.heard.empty());
  line.hear("Buongiorno, sono Arthur. " + rating);
  const std::uint64_t asked = line.ms;
  BOOST_TEST(line.began.empty());
  line.pass(4s);
  if (line.keys.empty()) {
    BOOST_TEST(numbers_in(plain_words(line.heard)).size() == 1);
    BOOST_REQUIRE(line.began.size() == 1);
    BOOST_TEST(line.began[0] > asked + 600);
    BOOST_TEST(line.began[0] < asked + 2'500);
  }
  BOOST_TEST(line.callee.counts().words_heard == 10);
}

BOOST_AUTO_TEST_CASE(who_is_told_something_and_asked_nothing_says_nothing) {
  Line line(only("human"));
  line.hear("Un momento, prego.");
  line.pass(6s);
  BOOST_TEST(line.heard.empty());
}

BOOST_AUTO_TEST_CASE(a_person_interrupts_while_they_are_spoken_to) {
  Line line(only("human", "barge_in=1000"));
  line.hear(
      "Buongiorno, sono l'assistente automatico della ditta che ha riparato la caldaia a casa "
      "sua la settimana scorsa e vorrei chiederle se posso farle qualche domanda.");
  BOOST_TEST(line.began.size() == 1);
  BOOST_TEST(line.callee.counts().interruptions == 1);
  BOOST_TEST(!line.heard.empty());
}

BOOST_AUTO_TEST_CASE(whoever_hears_nothing_asks_and_then_hangs_up) {
  Line line(only("human"));
  line.pass(60s);
  BOOST_TEST(line.heard == "Pronto? Pronto?");
  BOOST_TEST(line.hung_up);
  BOOST_TEST(line.ms > 36'000);
  BOOST_TEST(line.ms < 45'000);
}

BOOST_AUTO_TEST_CASE(a_goodbye_ends_the_call) {
  Line line(only("human"));
  line.hear("Grazie. Buona giornata, arrivederci.");
  line.pass(8s);
  BOOST_TEST(line.hung_up);
}

BOOST_AUTO_TEST_CASE(a_machine_speaks_beeps_and_hangs_up) {
  const People machines = only("machine");
  Line line(machines);
  line.pass(20s);
  BOOST_TEST(line.heard.starts_with("Risponde la segreteria telefonica."));
  BOOST_TEST(!line.hung_up);
  line.hear(rating);  // nobody listens
  line.pass(80s);
  BOOST_TEST(line.hung_up);
  BOOST_TEST(line.ms >= 90'000);
  BOOST_TEST(line.ms <= 90'040);
  // Whoever comes later hears the rest.
  Line late(machines, "+390611111111", 4s);
  late.pass(4s);
  BOOST_TEST(!late.heard.starts_with("Risponde"));
}

BOOST_AUTO_TEST_CASE(a_fax_says_no_word) {
  Line line(only("fax"));
  line.pass(30s);
  BOOST_TEST(line.heard.empty());
  BOOST_TEST(line.began.size() >= 6);
  BOOST_TEST(line.hung_up);
}

BOOST_AUTO_TEST_CASE(pieces_of_any_length_make_the_same_person) {
  const std::string sound = spoken(rating, SpeakingVoice::high, 1) +
                            std::string(5'000 * sound_bytes_per_ms, sound_of_silence);
  const auto said = [&](std::size_t piece) {
    const People people = only("human");
    Callee callee(people, 1, "+390611111112", 0, meet(people, 1, "+390611111112", 0), 0ms);
    std::string all;
    std::string keys;
    for (std::size_t at = 0; at < sound.size(); at += piece) {
      const auto step = callee.live(std::string_view(sound).substr(at, piece));
      all += step.said;
      keys += step.keys;
    }
    BOOST_TEST(all.size() == sound.size());
    return all + keys;
  };
  const std::string by_20 = said(160);
  BOOST_CHECK(by_20 == said(2'000));
  BOOST_CHECK(by_20 == said(80));
}

BOOST_AUTO_TEST_SUITE_END()
