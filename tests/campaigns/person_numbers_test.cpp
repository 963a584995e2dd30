#include "campaigns/person_numbers.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

#include "campaigns/audit.hpp"
#include "campaigns/explain.hpp"
#include "campaigns/export.hpp"
#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(person_numbers)

namespace {

using namespace some;

std::string number_of_key(NumberKey key) {
  return "+39021234" + std::to_string(1000 + key);
}

// Somebody with the number of the first key and then those of the others.
EnrolRows::Row somebody(std::uint64_t row, NumberKey key, const std::vector<NumberKey>& others) {
  auto made = person(row, key);
  for (const auto other : others) made.others.push_back({number_of_key(other), other});
  return made;
}

Campaign patient(std::uint8_t attempts_max = 6) {
  auto campaign = notification();
  campaign.retries.attempts_max = attempts_max;
  campaign.retries.daily_calls_per_number_max = 50;
  return campaign;
}

// The key of the number whose turn it is.
NumberKey in_turn(const World& world, std::uint32_t contact = 1) {
  return world.state().queue.contact({0, contact}).key;
}

const DialContact& dial_of(const World& world, std::uint32_t contact = 1) {
  return world.state().queue.contact({0, contact});
}

std::size_t times(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

OrderAnswered refused_for_good(const Running& world, std::uint8_t attempt,
                               std::int64_t code = 21211) {
  OrderAnswered answer;
  answer.attempt = world.attempt(1, attempt);
  answer.kind = OrderAnswered::Kind::rejected;
  answer.http_status = 400;
  answer.code = code;
  return answer;
}

// Tells an assistant who calls, and calls again so long after one.
Campaign survey_with_screening(std::uint8_t attempts, Seconds again) {
  auto made = survey();
  made.screening = words("Siamo il negozio, per un sondaggio.");
  made.retries.attempts_max = attempts;
  made.retries.daily_calls_per_number_max = 50;
  made.retries.delay[static_cast<std::size_t>(Outcome::screened)] = again;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_number_is_tried_in_order_and_behind_the_last_the_first_again) {
  Running world(patient(), {somebody(2, 1, {11, 12})});
  std::string tried;
  for (std::uint8_t attempt = 1; attempt <= 4; ++attempt) {
    tried += std::to_string(in_turn(world)) + ' ';
    const auto planned = world.plans();
    BOOST_TEST(planned.find("\"number\":" + std::to_string((attempt - 1) % 3 + 1) + '}') !=
               std::string::npos);
    world.accept(1, attempt);
    world.does(world.status("no-answer", 0, 1, attempt)).later(2h);
  }
  BOOST_TEST(tried == "1 11 12 1 ");
}

BOOST_AUTO_TEST_CASE(whoever_was_talked_to_is_called_at_the_same_number_again) {
  auto campaign = patient();
  campaign.retries.delay[static_cast<std::size_t>(Outcome::human_hung_up_at_once)] = Seconds{60};
  Running world(campaign, {somebody(2, 1, {11})});
  world.dial();
  world.does(world.voice()).does(world.status("completed", 1));
  BOOST_TEST(dial_of(world).last_outcome == Outcome::human_hung_up_at_once);
  BOOST_TEST(in_turn(world) == 1U);
}

BOOST_AUTO_TEST_CASE(a_dead_number_is_never_called_again_and_the_next_one_at_once) {
  Running world(patient(), {somebody(2, 1, {11, 12})});
  world.plans();
  const auto after = world.when(refused_for_good(world, 1));
  BOOST_TEST(after.find("NumberChosen {\"number\":2,\"why\":\"invalid_number\"}") !=
             std::string::npos);
  BOOST_TEST(after.find("ContactClosed") == std::string::npos);
  world.later(1s);
  std::string tried;
  for (std::uint8_t attempt = 2; attempt <= 4; ++attempt) {
    tried += std::to_string(in_turn(world)) + ' ';
    world.dial(1, attempt);
    world.does(world.status("no-answer", 0, 1, attempt)).later(2h);
  }
  BOOST_TEST(tried == "11 12 11 ");
}

BOOST_AUTO_TEST_CASE(a_wrong_number_is_given_up_like_a_dead_one) {
  for (const bool another : {true, false}) {
    auto campaign = agent_survey();
    campaign.retries.attempts_max = 6;
    Running world(
        campaign,
        {somebody(2, 1, another ? std::vector<NumberKey>{11} : std::vector<NumberKey>{})});
    world.dial();
    world.does(world.status("in-progress")).does(world.voice());
    world.does(StreamStarted{Running::sid(), "MZ1"});
    world.does(
        ToolAsked{Running::sid(), "MZ1", "1", "end_call", R"({"reason":"wrong_number"})", 2});
    StreamEnded closed;
    closed.sid = Running::sid();
    closed.closed.stream = "MZ1";
    closed.closed.why = "goodbye";
    closed.closed.lasted_ms = 9'000;
    closed.closed.first_sound_ms = 400;
    world.does(closed).does(AfterStream{world.attempt(), Running::sid(), false});
    const auto ends = world.when(world.status("completed", 30));
    if (another) {
      BOOST_TEST(
          ends.find("NumberChosen {\"number\":2,\"why\":\"invalid_number\"}") != std::string::npos,
          ends);
      BOOST_TEST(ends.find("ContactClosed") == std::string::npos, ends);
    } else {
      BOOST_TEST(
          ends.find("ContactClosed {\"place\":\"done\",\"disposition\":\"invalid_number\"}") !=
              std::string::npos,
          ends);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_assistant_at_one_number_does_not_close_the_way_to_another) {
  const auto campaign = survey_with_screening(6, 1h);
  Running world(campaign, {somebody(2, 1, {11})});
  std::string tried;
  for (std::uint8_t attempt = 1; attempt <= 4; ++attempt) {
    tried += std::to_string(in_turn(world)) + ' ';
    world.dial(1, attempt);
    world.does(world.voice("", 1, attempt));
    if (attempt != 2) {
      world.does(
          world.said("colour", 1, "Registra il tuo nome e il motivo della chiamata", 1, attempt));
    }
    world.does(attempt == 2 ? world.status("no-answer", 0, 1, attempt)
                            : world.status("completed", 20, 1, attempt));
    world.later(2h + 1s);
  }
  BOOST_TEST(tried == "1 11 1 11 ");
}

// `screened` says of each number whether an assistant answers there; nobody answers at the others.
// The numbers that were tried in turn, and the end.
std::string tried_until_the_end(const Campaign& campaign, const std::vector<NumberKey>& others,
                                const std::map<NumberKey, bool>& screened) {
  Running world(campaign, {somebody(2, 1, others)});
  std::string tried;
  std::string ends;
  for (std::uint8_t attempt = 1; ends.empty() && attempt <= campaign.retries.attempts_max;
       ++attempt) {
    const auto number = in_turn(world);
    tried += std::to_string(number) + ' ';
    world.dial(1, attempt);
    world.does(world.voice("", 1, attempt));
    if (screened.at(number)) {
      world.does(
          world.said("colour", 1, "Registra il tuo nome e il motivo della chiamata", 1, attempt));
    }
    const auto after = world.when(screened.at(number) ? world.status("completed", 20, 1, attempt)
                                                      : world.status("no-answer", 0, 1, attempt));
    if (after.find("ContactClosed") != std::string::npos) ends = "closed";
    world.later(61s);
  }
  return tried + ends;
}

BOOST_AUTO_TEST_CASE(where_an_assistant_answers_twice_nobody_calls_again) {
  auto campaign = survey_with_screening(9, 60s);
  campaign.retries.delay[static_cast<std::size_t>(Outcome::no_answer)] = 60s;
  BOOST_TEST(tried_until_the_end(campaign, {}, {{1, true}}) == "1 1 closed");
  BOOST_TEST(tried_until_the_end(campaign, {11}, {{1, true}, {11, true}}) == "1 11 1 11 closed");
  BOOST_TEST(tried_until_the_end(campaign, {11, 12}, {{1, true}, {11, true}, {12, true}}) ==
             "1 11 12 1 11 12 closed");
  BOOST_TEST(tried_until_the_end(campaign, {11}, {{1, false}, {11, true}}) ==
             "1 11 1 11 1 1 1 1 1 closed");
}

BOOST_AUTO_TEST_CASE(a_person_whose_numbers_are_all_dead_is_a_case_of_that) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.plans();
  world.does(refused_for_good(world, 1)).later(1s).plans();
  const auto end = world.when(refused_for_good(world, 2));
  BOOST_TEST(end.find("ContactClosed {\"place\":\"done\",\"disposition\":\"invalid_number\"}") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_dead_number_says_nothing_of_whoever_has_another) {
  Running world(patient(2), {somebody(2, 1, {11})});
  world.plans();
  world.does(refused_for_good(world, 1)).later(1s);
  world.dial(1, 2);
  const auto end = world.when(world.status("no-answer", 0, 1, 2));
  BOOST_TEST(end.find("\"disposition\":\"no_answer\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_ends_before_the_other_number_is_tried_is_no_case_of_a_dead_number) {
  Running world(patient(1), {somebody(2, 1, {11})});
  world.plans();
  const auto end = world.when(refused_for_good(world, 1));
  BOOST_TEST(
      end.find("ContactClosed {\"place\":\"exhausted\",\"disposition\":\"network_error\"}") !=
      std::string::npos);
  BOOST_TEST(world.state().queue.campaigns[0].says_nothing(1, Outcome::invalid_number));
}

BOOST_AUTO_TEST_CASE(a_number_is_dead_when_it_fails_twice_running_itself) {
  Running world(patient(), {somebody(2, 1, {11})});
  std::string ends;
  for (std::uint8_t attempt = 1; attempt <= 3; ++attempt) {
    world.dial(1, attempt);
    world.does(world.status("failed", 0, 1, attempt)).later(1h);
    ends += std::string(name_of(dial_of(world).last_outcome)) + ' ';
  }
  BOOST_TEST(ends == "network_error network_error invalid_number ");
  BOOST_TEST(in_turn(world) == 11U);
  BOOST_TEST(!world.state().queue.campaigns[0].several.at(1).all[1].dead);
}

BOOST_AUTO_TEST_CASE(a_number_that_the_carrier_does_not_call_hands_over_to_the_next) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.plans();
  const auto after = world.when(refused_for_good(world, 1, 21215));
  BOOST_TEST(after.find("NumberChosen {\"number\":2,\"why\":\"refused\"}") != std::string::npos,
             after);
}

BOOST_AUTO_TEST_CASE(a_number_that_may_be_called_later_is_waited_for_where_there_is_no_other) {
  const auto tomorrow = utc("2026-03-03T08:00:00Z");
  Running dead(patient(), {somebody(2, 1, {11})});
  dead.does(SuppressNumber{11, "for a day", tomorrow}).plans();
  BOOST_TEST(times(dead.when(refused_for_good(dead, 1)), "NumberChosen {\"number\":2") == 1U);
  BOOST_TEST(times(dead.later(1s).plans(), "CallPostponed {\"gate\":\"suppressed\"") == 1U);
  BOOST_TEST(times(dead.at(tomorrow).plans(), "CallRequested") == 1U);
  Running listed(patient(), {somebody(2, 1, {11})});
  listed.does(SuppressNumber{1, "for good", {}}).does(SuppressNumber{11, "for a day", tomorrow});
  BOOST_TEST(times(listed.plans(), "CallPostponed {\"gate\":\"suppressed\"") == 1U);
  // Both for a while: they do not hand over to each other.
  Running both(patient(), {somebody(2, 1, {11})});
  both.does(SuppressNumber{1, "for a day", tomorrow}).does(SuppressNumber{11, "too", tomorrow});
  const auto planned = both.plans();
  BOOST_TEST(times(planned, "NumberChosen") == 0U);
  BOOST_TEST(times(planned, "CallPostponed") == 1U);
}

BOOST_AUTO_TEST_CASE(caps_count_the_calls_to_all_numbers_of_a_person) {
  auto campaign = patient();
  campaign.retries.daily_calls_per_number_max = 2;
  campaign.retries.weekly_calls_per_number_max = 3;
  Running world(campaign, {somebody(2, 1, {11, 12})});
  for (std::uint8_t attempt = 1; attempt <= 2; ++attempt) {
    world.dial(1, attempt);
    world.does(world.status("busy", 0, 1, attempt)).later(15min);
  }
  BOOST_TEST(times(world.plans(), "CallPostponed {\"gate\":\"daily_calls\"") == 1U);
  world.at("2026-03-03T08:00:00Z");
  world.dial(1, 3);
  world.does(world.status("busy", 0, 1, 3)).later(15min);
  BOOST_TEST(times(world.plans(), "CallPostponed {\"gate\":\"weekly_calls\"") == 1U);
}

BOOST_AUTO_TEST_CASE(a_number_on_a_list_is_passed_over_and_the_person_called_at_the_next) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.does(SuppressNumber{1, "register", {}});
  const auto planned = world.plans();
  BOOST_TEST(planned.find("NumberChosen {\"number\":2,\"why\":\"suppressed\"}") !=
             std::string::npos);
  BOOST_TEST(times(planned, "CallRequested") == 1U);
  BOOST_TEST(in_turn(world) == 11U);
  // And where all are on it, nobody is called.
  Running other(patient(), {somebody(2, 1, {11})});
  other.does(SuppressNumber{1, "register", {}}).does(SuppressNumber{11, "register", {}});
  const auto none = other.plans();
  BOOST_TEST(none.find("ContactExcluded {\"gate\":\"suppressed\"") != std::string::npos);
  BOOST_TEST(times(none, "NumberChosen") == 0U);
}

BOOST_AUTO_TEST_CASE(a_ringing_number_that_gets_onto_a_list_hands_over_to_the_next) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.dial();
  world.does(SuppressNumber{1, "register", {}});
  BOOST_TEST(world.plans().find("CallEndRequested") != std::string::npos);
  world.does(world.status("canceled")).later(1s);
  BOOST_TEST(world.plans().find("CallRequested") != std::string::npos);
  BOOST_TEST(in_turn(world) == 11U);
}

BOOST_AUTO_TEST_CASE(never_again_is_said_for_all_numbers_of_a_person) {
  auto campaign = survey();
  Running world(campaign, {somebody(2, 1, {11})});
  enrol(world, notification("other"), {person(2, 11), somebody(3, 21, {1}), person(4, 31)});
  world.dial();
  world.does(world.voice());
  const auto out = world.when(world.keyed("colour", 1, "9"));
  BOOST_TEST(times(out, "OptedOut") == 2U);
  world.does(world.status("completed", 9)).later(1s);
  // The other campaign knows one by their number, and one of whom it is only the second.
  const auto planned = world.plans();
  BOOST_TEST(times(planned, "ContactExcluded {\"gate\":\"suppressed\"") == 2U);
  BOOST_TEST(planned.find("contact/other/3 CallRequested") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_refused_is_left_alone_at_all_their_numbers) {
  auto campaign = survey();
  campaign.retries.cool_off = Seconds{86'400};
  auto& stop = campaign.replies[static_cast<std::size_t>(Reply::stop)];
  stop.known = true;
  stop.key = '8';
  Running world(campaign, {somebody(2, 1, {11})});
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "8"));
  const auto end = world.when(world.status("completed", 9));
  BOOST_TEST(times(end, "Suppressed {\"by\":\"cool_off\"") == 2U);
  // An operator's word about one of them does not make them callable at the other, and the refusal
  // that ends is the one that they wait for.
  world.does(SuppressNumber{1, "a list", {}});
  BOOST_TEST(suppressed_number(world.state(), {0, 1}, world.now()).value_or(0) == 11U);
  BOOST_TEST(!next_number(world.state(), {0, 1}, world.now()).has_value());
  BOOST_TEST(!world.state().suppression.said_by_person(1, world.now() + std::chrono::days{2}));
}

BOOST_AUTO_TEST_CASE(a_list_makes_nobody_s_refusal_longer_whichever_number_it_has) {
  for (const NumberKey listed : {1U, 11U}) {
    Running world(notification(), {somebody(2, 1, {11})});
    const auto until = world.now() + std::chrono::days{2};
    for (const NumberKey key : {1U, 11U}) {
      world.given(Subject::number(key), Suppressed{std::string(cool_off), "", to_ms(until)});
    }
    world.does(ListNumbers{"rpo", {listed}, {}});
    BOOST_TEST(times(world.plans(), "CallPostponed {\"gate\":\"suppressed\"") == 1U);
    BOOST_TEST(times(world.at(until).plans(), "CallRequested") == 1U);
    BOOST_TEST(in_turn(world) == 12U - listed);
  }
}

BOOST_AUTO_TEST_CASE(what_a_person_said_is_taken_back_for_all_their_numbers) {
  Running world(survey(), {somebody(2, 1, {11, 12})});
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "9"));
  world.does(SuppressNumber{12, "a list", {}});
  const auto lifted = world.when(UnsuppressNumber{1, "asked in writing"});
  BOOST_TEST(times(lifted, "SuppressionLifted") == 3U);
  BOOST_TEST(!world.state().suppression.opted_out(11));
  // What the operator said of one of them stays, and the person is called at the others.
  BOOST_TEST(!world.state().suppression.opted_out(12));
  BOOST_TEST(world.state().suppression.suppressed(12, world.now()));
  BOOST_TEST(!suppressed_number(world.state(), {0, 1}, world.now()).has_value());
}

BOOST_AUTO_TEST_CASE(a_campaign_that_runs_takes_its_numbers_from_no_other_columns) {
  Running world(notification(), 1);
  auto next = notification();
  next.contacts.other_number_columns = {"home"};
  auto again = submit(next, "d2");
  again.accept_change = true;
  BOOST_TEST(world.when(again) == "refused: changed_columns");
}

BOOST_AUTO_TEST_CASE(nobody_is_called_at_two_numbers_at_once) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.dial();
  enrol(world, notification("other"), {person(2, 11), person(3, 2)});
  const auto planned = world.later(1s).plans();
  BOOST_TEST(planned.find("contact/other/1 CallRequested") == std::string::npos);
  BOOST_TEST(planned.find("contact/other/2 CallRequested") != std::string::npos);
  // Nor is somebody whose other number is in a call of another campaign.
  enrol(world, notification("third"), {somebody(2, 41, {2})});
  BOOST_TEST(world.later(1s).plans().find("contact/third/1 CallRequested") == std::string::npos);
  BOOST_TEST(world.state().queue.locks.size() == 3U);
  world.does(world.status("no-answer"));
  BOOST_TEST(world.state().queue.locks.size() == 1U);
}

BOOST_AUTO_TEST_CASE(rows_that_share_a_number_are_one_person) {
  World world(some_zones());
  begin(world);
  world.does(submit(notification()));
  const auto enrolled = world.when(EnrolRows{
      "note", {somebody(2, 1, {11}), somebody(3, 2, {11}), somebody(4, 11, {}), person(5, 3)}});
  BOOST_TEST(times(enrolled, "ContactEnrolled") == 2U);
  BOOST_TEST(times(enrolled, "\"reason\":\"duplicate\"") == 2U);
  BOOST_TEST(times(world.when(EnrolRows{"note", {somebody(6, 4, {11})}}), "duplicate") == 1U);
  world.does(CompleteEnrolment{"note"});
  AddContacts more;
  more.campaign = "note";
  more.list_digest = "d2";
  more.rows = {somebody(2, 5, {11}), person(3, 11), somebody(4, 6, {7}), somebody(5, 8, {7})};
  BOOST_TEST(world.when(more).find("\"added\":1,\"known\":3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_that_is_read_again_finds_people_by_their_other_numbers) {
  Running world(notification(), {somebody(2, 1, {11})});
  auto again = submit(notification());
  again.contacts_digest = "c2";
  again.accept_change = true;
  world.does(again);
  BOOST_TEST(world.when(EnrolRows{"note", {person(2, 11), person(3, 2)}})
                 .find("contact/note/2 ContactEnrolled {\"row\":3") != std::string::npos);
  BOOST_TEST(world.state().queue.campaigns[0].contacts.size() == 2U);
}

BOOST_AUTO_TEST_CASE(somebody_is_forgotten_by_any_of_their_numbers) {
  Running world(notification(), {somebody(2, 1, {11})});
  BOOST_TEST(times(world.when(ForgetNumber{11}), "ContactForgotten") == 1U);
  BOOST_TEST(dial_of(world).number == 0U);
  for (const auto& one : world.state().queue.campaigns[0].several.at(1).all) {
    BOOST_TEST(one.number == 0U);
  }
}

BOOST_AUTO_TEST_CASE(the_carrier_s_list_is_held_against_the_number_that_an_attempt_called) {
  Running world(patient(), {somebody(2, 1, {11})});
  world.dial();
  world.does(world.status("no-answer")).later(2h);
  world.dial(1, 2);
  world.does(world.voice({}, 1, 2)).does(world.status("completed", 9, 1, 2));
  const AuditPeriod day{utc("2026-03-02T00:00:00Z"), utc("2026-03-03T00:00:00Z")};
  const auto listed = [&](NumberKey key, const char* created) {
    ListedCall call;
    call.record.sid = "CAunknown";
    call.record.status = "completed";
    call.record.direction = "outbound-api";
    call.record.created = utc(created);
    call.to = number_of_key(key);
    call.from = "+390200000000";
    std::string text;
    for (const auto& one : audit(world.state(), day, {call}, {})) {
      if (one.sid == "CAunknown") text = std::string(name_of(one.kind)) + ' ' + one.attempt;
    }
    return text;
  };
  BOOST_TEST(listed(1, "2026-03-02T08:00:01Z") == "second_call note.1.1");
  BOOST_TEST(listed(11, "2026-03-02T10:00:01Z") == "second_call note.1.2");
  BOOST_TEST(listed(11, "2026-03-02T08:00:01Z") == "unknown_call ");
}

BOOST_AUTO_TEST_CASE(what_is_told_and_exported_says_which_number) {
  auto row = somebody(2, 1, {11});
  row.left_out = {"office: too_short"};
  Running world(patient(), {row});
  world.dial();
  world.does(world.status("no-answer"));
  const auto text = explain(world.state(), {0, 1}, world.rules(), world.now(), world.log());
  for (const char* part : {"with 2 numbers; a number was left out (office: too_short)",
                           "called at their number 1", "called at their number 2: no_answer"}) {
    BOOST_TEST(text.find(part) != std::string::npos, part << " in " << text);
  }
  const auto attempts = support::text_of(
      [&](const CanonicalSink& sink) { export_attempts(world.state(), 0, {}, sink); });
  BOOST_TEST(attempts.find(",number_order,") != std::string::npos);
  BOOST_TEST(attempts.find(",1,,,,,,,1\r\n", attempts.find("note.1.1")) != std::string::npos);
  const auto numbers = support::text_of(
      [&](const CanonicalSink& sink) { export_numbers(world.state(), 0, {}, sink); });
  BOOST_TEST(times(numbers, "\r\n") == 3U);
  BOOST_TEST(numbers.find(number_of_key(11) + ",2,") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
