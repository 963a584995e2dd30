#include "campaigns/decide.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "campaigns/survey.hpp"
#include "tests/campaigns/not_printed.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(decide)

using namespace campaigns;
using namespace some;

namespace {

std::string words_of(const CallDocument& document) {
  std::string text;
  for (const auto& verb : document) {
    if (const auto* say = std::get_if<Say>(&verb)) text += "say " + say->text + '\n';
    if (std::holds_alternative<Pause>(verb)) text += "pause\n";
    if (std::holds_alternative<Hangup>(verb)) text += "hang up\n";
    if (const auto* ask = std::get_if<Ask>(&verb)) {
      for (const auto& prompt : ask->prompts) text += "say " + prompt.text + '\n';
      text += "ask " + ask->question + ' ' + std::to_string(ask->turn) + '\n';
    }
  }
  return text;
}

std::string document(const World& world, std::uint32_t contact = 1) {
  return words_of(
      current_document(world.state().book, world.state().script, ContactRef{0, contact}));
}

OrderAnswered answer(const Running& world, OrderAnswered::Kind kind) {
  OrderAnswered made;
  made.attempt = world.attempt();
  made.kind = kind;
  return made;
}

OrderAnswered refusal(const Running& world, std::int64_t http, std::int64_t code,
                      bool retryable = false) {
  auto made = answer(world, OrderAnswered::Kind::rejected);
  made.http_status = http;
  made.code = code;
  made.retryable = retryable;
  return made;
}

OrderAnswered in_doubt(const Running& world) {
  auto made = answer(world, OrderAnswered::Kind::in_doubt);
  made.why = "the connection broke";
  return made;
}

CallsListed listed(const Running& world, std::vector<CarrierCall> calls = {}) {
  return {world.attempt(), std::move(calls)};
}

CarrierCall carrier_call(std::string sid, std::string status) {
  CarrierCall call;
  call.sid = std::move(sid);
  call.status = std::move(status);
  call.direction = "outbound-api";
  return call;
}

// What the carrier tells of the first call when it is asked: over, and how long it was if it knows.
CallFetched fetched_end(const Running& world, std::optional<std::int64_t> seconds) {
  CallFetched fetched;
  fetched.attempt = world.attempt();
  fetched.found = true;
  fetched.call = carrier_call("CA1-1", "completed");
  fetched.call.seconds = seconds;
  return fetched;
}

Stage stage(const World& world, std::uint32_t contact = 1) {
  return world.state().queue.campaigns[0].contact(contact).stage;
}

Outcome outcome(const World& world, std::uint32_t contact = 1) {
  return world.state().queue.campaigns[0].contact(contact).last_outcome;
}

}  // namespace

// --- the program, the operator -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_log_is_created_once) {
  World world;
  LogCreated identity;
  identity.carrier = "rehearsal";
  BOOST_TEST(world.when(CreateLog{identity}) == "runner LogCreated {\"carrier\":\"rehearsal\"}\n");
  BOOST_TEST(world.when(CreateLog{identity}) == "refused: log_exists");
}

BOOST_AUTO_TEST_CASE(a_campaign_is_submitted_enrolled_and_started) {
  World world(some_zones());
  begin(world);
  const auto submitted = world.when(submit(notification()));
  BOOST_TEST(submitted.rfind("campaign/note CampaignSubmitted {", 0) == 0u);
  BOOST_TEST(world.when(submit(notification())) == "");
  EnrolRows rows{"note", {person(2, 1), person(3, 2)}};
  rows.rows[1].reason = "no_number";
  rows.rows[1].column = "number";
  BOOST_TEST(world.when(rows) ==
             "contact/note/1 ContactEnrolled "
             "{\"row\":2,\"number_key\":\"0000000000000001\",\"language\":\"it-IT\","
             "\"zone\":\"Europe/Rome\"} "
             "{\"number\":\"+390212341001\",\"values\":[\"id1\",\"Anna\"]}\n"
             "campaign/note ContactRejected "
             "{\"row\":3,\"column\":\"number\",\"reason\":\"no_number\"}\n");
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.when(CompleteEnrolment{"note"}) ==
             "campaign/note EnrolmentCompleted {\"enrolled\":1,\"rejected\":1}\n"
             "campaign/note CampaignStarted {}\n");
  BOOST_TEST(world.when(CompleteEnrolment{"note"}) == "");
  BOOST_TEST(world.when(EnrolRows{"note", {person(9, 9)}}) == "refused: enrolled");
}

BOOST_AUTO_TEST_CASE(a_number_is_enrolled_once_within_a_batch_and_across_batches) {
  World world(some_zones());
  begin(world);
  world.does(submit(notification()));
  const auto first = world.when(EnrolRows{"note", {person(2, 1), person(3, 1), person(4, 2)}});
  BOOST_TEST(first.find("\"row\":3,\"reason\":\"duplicate\"") != std::string::npos);
  const auto second = world.when(EnrolRows{"note", {person(5, 2), person(6, 3)}});
  BOOST_TEST(second.find("\"row\":5,\"reason\":\"duplicate\"") != std::string::npos);
  BOOST_TEST(second.find("contact/note/3 ContactEnrolled {\"row\":6") != std::string::npos);
  BOOST_TEST(world.state().queue.campaigns[0].contacts.size() == 3u);
}

BOOST_AUTO_TEST_CASE(enrolment_goes_on_at_the_next_row) {
  World world(some_zones());
  begin(world);
  world.does(submit(notification()));
  auto bad = person(4, 3);
  bad.reason = "no_number";
  world.does(EnrolRows{"note", {person(2, 1), person(3, 2), bad}});
  // The whole list again, as after a crash.
  const auto again = world.when(EnrolRows{"note", {person(2, 1), person(3, 2), bad, person(5, 4)}});
  BOOST_TEST(again.rfind("contact/note/3 ContactEnrolled {\"row\":5", 0) == 0u, again);
  BOOST_TEST(std::count(again.begin(), again.end(), '\n') == 1);
}

BOOST_AUTO_TEST_CASE(a_changed_file_is_refused_until_it_is_accepted) {
  Running world(survey());
  auto changed = survey();
  changed.goodbye = words("Arrivederci.");
  auto command = submit(changed, "d2");
  BOOST_TEST(world.when(command) == "refused: changed");
  command.accept_change = true;
  const auto lines = world.when(command);
  BOOST_TEST(lines.rfind("campaign/survey CampaignChanged {", 0) == 0u);
  BOOST_TEST(world.state().book.at(0).definition->goodbye.in("it-IT", "") == "Arrivederci.");
  BOOST_TEST(world.when(command) == "");
}

// As an older program wrote it, which did not know a member that has a default today.
BOOST_AUTO_TEST_CASE(a_default_that_an_older_program_did_not_write_down_is_no_change) {
  World world(some_zones());
  begin(world);
  auto old = submit(survey(), "digest of the older program");
  const auto member = old.definition.find("\"stop_at_failures\"");
  BOOST_REQUIRE(member != std::string::npos);
  const auto end = old.definition.find('}', member);
  old.definition.erase(member - 1, end - member + 2);
  BOOST_TEST(world.when(old).rfind("campaign/survey CampaignSubmitted", 0) == 0u);
  BOOST_TEST(world.when(submit(survey(), "digest of this one")) == "");
  auto changed = survey();
  changed.pacing.stop_at_failures.of = 20;
  BOOST_TEST(world.when(submit(changed, "digest of this one")) == "refused: changed");
}

BOOST_AUTO_TEST_CASE(a_list_that_grew_brings_those_who_are_new_and_nobody_again) {
  Running world(survey());
  const auto known = static_cast<unsigned>(world.state().queue.campaigns[0].contacts.size());
  auto command = submit(survey(), "d2");
  command.contacts_digest = "another list";
  command.columns = world.state().book.at(0).columns;
  command.accept_change = true;
  auto other_columns = command;
  other_columns.columns.push_back("more");
  BOOST_TEST(world.when(other_columns) == "refused: changed_columns");
  BOOST_TEST(world.when(command).find("campaign/survey EnrolmentReopened {}") != std::string::npos);
  BOOST_TEST(world.plans().find("CallRequested") == std::string::npos);
  auto third = command;
  third.contacts_digest = "a third list";
  BOOST_TEST(world.when(third) == "refused: changed_list");
  EnrolRows rows{"survey", {}};
  for (unsigned n = 1; n <= known + 2; ++n) rows.rows.push_back(person(n + 1, n));
  rows.rows.push_back(person(known + 4, known + 2));
  const auto lines = world.when(rows);
  BOOST_TEST(std::count(lines.begin(), lines.end(), '\n') == 2, lines);
  BOOST_TEST(lines.find("ContactRejected") == std::string::npos, lines);
  BOOST_TEST(world.when(rows) == "");
  world.does(CompleteEnrolment{"survey"});
  BOOST_TEST(world.state().queue.campaigns[0].contacts.size() == known + 2u);
  BOOST_TEST(world.state().book.at(0).status == CampaignStatus::running);

  // What somebody paused or cancelled takes no list.
  world.does(PauseCampaign{"survey", "wait"});
  BOOST_TEST(world.when(third) == "refused: changed_list");
}

BOOST_AUTO_TEST_CASE(a_change_may_add_questions_and_must_keep_those_that_were_asked) {
  Running world(survey());
  world.dial();
  world.answer_all();
  auto longer = survey();
  longer.questions.push_back(question("more", QuestionType::rating, "E poi?"));
  auto command = submit(longer, "d2");
  command.accept_change = true;
  BOOST_TEST(world.when(command).rfind("campaign/survey CampaignChanged", 0) == 0u);
  const auto refuse = [&](const Campaign& campaign) {
    auto other = submit(campaign, "d3");
    other.accept_change = true;
    return world.when(other);
  };
  BOOST_TEST(refuse(survey()) == "refused: changed_questions");
  auto swapped = longer;
  std::swap(swapped.questions[2], swapped.questions[3]);
  BOOST_TEST(refuse(swapped) == "refused: changed_questions");
  auto retyped = longer;
  retyped.questions[2] = question("rate", QuestionType::open, "Come?");
  BOOST_TEST(refuse(retyped) == "refused: changed_questions");
  // Answers that were given must not turn into none.
  auto renamed = longer;
  renamed.questions[0].options[1].code = "green";
  BOOST_TEST(refuse(renamed) == "refused: changed_questions");
  auto narrowed = longer;
  narrowed.questions[2].most -= 1;
  BOOST_TEST(refuse(narrowed) == "refused: changed_questions");
  auto several = longer;
  several.questions[0].several = true;
  several.questions[0].most = 2;
  BOOST_TEST(refuse(several) == "refused: changed_questions");
  // What chance gave to those who are enrolled is theirs.
  auto shuffled = longer;
  shuffled.questions[0].shuffle = true;
  BOOST_TEST(refuse(shuffled) == "refused: changed_questions");
  auto varied = longer;
  varied.variants = {{"intro", "seed", {{"a", {}, 1}, {"b", {}, 1}}}};
  BOOST_TEST(refuse(varied) == "refused: changed_columns");
  auto unreadable = submit(longer, "d4");
  unreadable.accept_change = true;
  unreadable.definition = "{}";
  BOOST_TEST(world.when(unreadable) == "refused: bad_definition");
}

BOOST_AUTO_TEST_CASE(pause_resume_and_cancel_say_when_there_is_nothing_to_do) {
  Running world(notification());
  BOOST_TEST(world.when(ResumeCampaign{"note"}) == "");
  BOOST_TEST(world.when(PauseCampaign{"note", "lunch"}) ==
             "campaign/note CampaignPaused {\"reason\":\"lunch\",\"by\":\"operator\"}\n");
  BOOST_TEST(world.when(PauseCampaign{"note", "lunch"}) == "");
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.when(ResumeCampaign{"note"}) == "campaign/note CampaignResumed {}\n");
  BOOST_TEST(world.when(CancelCampaign{"note", "wrong list"}) ==
             "campaign/note CampaignCancelled {\"reason\":\"wrong list\"}\n");
  BOOST_TEST(world.when(CancelCampaign{"note", "wrong list"}) == "");
  BOOST_TEST(world.when(PauseCampaign{"note", ""}) == "refused: not_running");
  BOOST_TEST(world.when(ResumeCampaign{"note"}) == "refused: not_paused");
  BOOST_TEST(world.when(PauseCampaign{"other", ""}) == "refused: unknown_campaign");
  BOOST_TEST((stage(world) == Stage::excluded));
  BOOST_TEST(world.plans() == "");
}

BOOST_AUTO_TEST_CASE(a_completed_campaign_cannot_be_cancelled) {
  Running world(notification(), 0);
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {}\n");
  BOOST_TEST(world.when(CancelCampaign{"note", ""}) == "refused: completed");
}

BOOST_AUTO_TEST_CASE(what_names_no_attempt_is_refused) {
  Running world(notification());
  BOOST_TEST(world.when(StatusReported{{"note", 1, 1}, "CA9", "ringing"}) ==
             "refused: unknown_attempt");
  BOOST_TEST(world.when(StatusReported{{"note", 0, 1}, "CA9", "ringing"}) ==
             "refused: unknown_attempt");
  BOOST_TEST(world.when(StatusReported{{"note", 2, 1}, "CA9", "ringing"}) ==
             "refused: unknown_attempt");
  BOOST_TEST(world.when(StatusReported{{"other", 1, 1}, "CA9", "ringing"}) ==
             "refused: unknown_campaign");
  world.dial();
  BOOST_TEST(world.when(StatusReported{{"note", 1, 0}, "CA9", "ringing"}) ==
             "refused: unknown_attempt");
  BOOST_TEST(world.when(StatusReported{{"note", 1, 2}, "CA9", "ringing"}) ==
             "refused: unknown_attempt");
}

// --- a call and its reports ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_notification_that_is_heard_completes_the_case) {
  Running world(notification());
  BOOST_TEST(world.plans() ==
             "contact/note/1 CallRequested {\"attempt\":1,\"caller_id\":\"+390200000000\","
             "\"slot\":1772438400000,\"public_url\":\"https://example.test\","
             "\"offset_minutes\":60,\"window\":\"09:00-20:00\"}\n");
  world.accept();
  BOOST_TEST(world.when(world.status("initiated")) ==
             "contact/note/1 CallInitiated {\"attempt\":1}\n");
  BOOST_TEST(world.when(world.status("ringing")) == "contact/note/1 CallRinging {\"attempt\":1}\n");
  BOOST_TEST(world.when(world.status("in-progress")) ==
             "contact/note/1 CallAnswered {\"attempt\":1}\n");
  BOOST_TEST(world.when(world.voice()) ==
             "contact/note/1 PromptServed {\"attempt\":1,\"turn\":1,\"prompt\":\"message\"}\n");
  BOOST_TEST(document(world) ==
             "say Buongiorno Anna, il corso di domani comincia alle nove.\npause\nhang up\n");
  BOOST_TEST(world.when(world.status("completed", 5)) ==
             "contact/note/1 CallEnded "
             "{\"attempt\":1,\"status\":\"completed\",\"seconds\":5,\"cause\":\"callback\"}\n"
             "contact/note/1 AttemptClosed {\"attempt\":1,\"outcome\":\"completed\"}\n"
             "contact/note/1 ContactClosed "
             "{\"place\":\"done\",\"disposition\":\"completed\"}\n");
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"done\":1}\n");
}

BOOST_AUTO_TEST_CASE(a_notification_that_is_not_heard_is_a_hang_up) {
  Running world(notification());
  world.dial();
  world.does(world.voice()).does(world.status("completed", 1));
  BOOST_TEST((outcome(world) == Outcome::human_hung_up_at_once));
}

BOOST_AUTO_TEST_CASE(a_call_that_never_asked_what_to_say_is_a_network_error) {
  Running world(notification());
  world.dial();
  world.does(world.status("in-progress")).does(world.status("completed", 30));
  BOOST_TEST((outcome(world) == Outcome::network_error));
}

BOOST_AUTO_TEST_CASE(repeated_reports_append_nothing) {
  Running world(notification());
  world.dial();
  for (const char* word : {"initiated", "ringing", "in-progress"}) {
    world.does(world.status(word));
    BOOST_TEST(world.when(world.status(word)) == "", word);
  }
  world.does(world.voice());
  BOOST_TEST(world.when(world.voice()) == "");
  world.does(world.status("completed", 9));
  for (const char* word : {"initiated", "ringing", "in-progress", "completed", "busy"}) {
    BOOST_TEST(world.when(world.status(word, 9)) == "", word);
  }
  BOOST_TEST(world.when(world.voice()) == "");
}

// The carrier's four reports in every order, each up to twice, the first ones lost: what counts is
// the same.
BOOST_AUTO_TEST_CASE(reports_in_any_order_have_the_same_outcome) {
  const auto outcome_after = [](const std::vector<std::string>& words, bool machine) {
    Running world(notification());
    world.dial();
    // The conversation comes before the end, whatever the reports do.
    world.does(world.voice());
    for (const auto& word : words) {
      auto report = world.status(word, word == "completed" ? 7 : 0);
      report.occurred_at = utc("2026-03-02T08:00:30Z");
      if (machine && word == "completed") report.answered_by = "machine_start";
      world.later(100ms).does(report);
    }
    return world.outcomes();
  };
  for (const bool machine : {false, true}) {
    std::vector<std::string> words = {"completed", "in-progress", "initiated", "ringing"};
    const auto in_order =
        outcome_after({"initiated", "ringing", "in-progress", "completed"}, machine);
    BOOST_TEST(in_order.find("note.1.1 completed 7") != std::string::npos, in_order);
    do {
      BOOST_TEST(outcome_after(words, machine) == in_order);
      auto doubled = words;
      doubled.insert(doubled.end(), words.rbegin(), words.rend());
      BOOST_TEST(outcome_after(doubled, machine) == in_order);
      auto lost = words;
      lost.erase(std::find(lost.begin(), lost.end(), "ringing"));
      BOOST_TEST(outcome_after(lost, machine) == in_order);
    } while (std::next_permutation(words.begin(), words.end()));
  }
}

BOOST_AUTO_TEST_CASE(a_report_that_is_faster_than_the_answer_adopts_the_call) {
  Running world(notification());
  world.plans();
  BOOST_TEST(world.when(world.status("ringing")) ==
             "contact/note/1 CallAdopted {\"attempt\":1,\"sid\":\"CA1-1\",\"by\":\"callback\"}\n"
             "contact/note/1 CallRinging {\"attempt\":1}\n");
  auto placed = answer(world, OrderAnswered::Kind::placed);
  placed.sid = "CA1-1";
  BOOST_TEST(world.when(placed) == "");
  // An answer that was lost does not put a call in doubt that has reported itself.
  BOOST_TEST(world.when(in_doubt(world)) == "");
}

BOOST_AUTO_TEST_CASE(a_whole_call_may_pass_before_the_answer) {
  Running world(notification());
  world.plans();
  world.does(world.voice()).does(world.status("completed", 9));
  BOOST_TEST((outcome(world) == Outcome::completed));
  auto placed = answer(world, OrderAnswered::Kind::placed);
  placed.sid = "CA1-1";
  BOOST_TEST(world.when(placed) == "");
}

BOOST_AUTO_TEST_CASE(busy_failed_and_no_answer_are_what_they_are) {
  const auto outcome_of = [](const char* word) {
    Running world(notification());
    world.dial();
    world.does(world.status(word));
    return std::string(name_of(outcome(world)));
  };
  BOOST_TEST(outcome_of("busy") == "busy");
  BOOST_TEST(outcome_of("no-answer") == "no_answer");
  BOOST_TEST(outcome_of("failed") == "network_error");
  BOOST_TEST(outcome_of("canceled") == "canceled_by_us");
}

BOOST_AUTO_TEST_CASE(a_number_is_dead_when_it_fails_twice_running) {
  Running world(notification());
  world.dial();
  world.does(world.status("failed"));
  world.later(1801s);
  world.dial(1, 2);
  world.does(world.status("failed", 0, 1, 2));
  BOOST_TEST((outcome(world) == Outcome::invalid_number));
  BOOST_TEST((stage(world) == Stage::done));
}

// --- answers to the order ------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(refusals_concern_the_person_the_moment_or_the_campaign) {
  {
    Running world(notification());
    world.plans();
    const auto lines = world.when(refusal(world, 400, 21211));
    BOOST_TEST(lines.find("\"outcome\":\"invalid_number\"") != std::string::npos, lines);
    BOOST_TEST((stage(world) == Stage::done));
  }
  {
    Running world(notification());
    world.plans();
    const auto lines = world.when(refusal(world, 429, 20429, true));
    BOOST_TEST(lines.find("\"outcome\":\"not_placed\"") != std::string::npos, lines);
    BOOST_TEST((stage(world) == Stage::retry));
    BOOST_TEST(world.state().queue.campaigns[0].contact(1).attempts == 0);
  }
  for (const auto& [http, code] :
       {std::pair{401, 20003}, std::pair{401, 0}, std::pair{400, 21210}}) {
    Running world(notification());
    world.plans();
    const auto lines = world.when(refusal(world, http, code));
    BOOST_TEST(lines.find("CampaignPaused") != std::string::npos, lines);
    BOOST_TEST((stage(world) == Stage::retry));
    BOOST_TEST((world.state().book.at(0).status == CampaignStatus::paused));
  }
}

BOOST_AUTO_TEST_CASE(one_cap_stands_above_all_delays) {
  Running world(notification());
  for (std::uint8_t n = 1; n <= 3; ++n) {
    world.dial(1, n);
    world.does(world.status(n == 2 ? "busy" : "no-answer", 0, 1, n));
    world.later(3h);
  }
  BOOST_TEST((stage(world) == Stage::exhausted));
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"exhausted\":1}\n");
}

BOOST_AUTO_TEST_CASE(each_outcome_has_its_delay_counted_from_the_end_of_the_call) {
  Running world(notification());
  world.dial();
  auto report = world.status("busy");
  report.occurred_at = world.now();
  const auto lines = world.later(5s).when(report);
  BOOST_TEST(
      lines.find("RetryScheduled {\"due\":1772439300000,\"after\":\"busy\"}") != std::string::npos,
      lines);
}

BOOST_AUTO_TEST_CASE(a_report_that_comes_very_late_makes_no_retry_in_the_past) {
  Running world(notification());
  world.dial();
  auto report = world.status("busy");
  report.occurred_at = world.now();
  world.later(4h).does(report);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms > to_ms(world.now()));
}

BOOST_AUTO_TEST_CASE(attempts_that_never_left_have_a_cap_of_their_own) {
  Running world(notification());
  for (std::uint8_t n = 1; n <= 3; ++n) {
    BOOST_TEST(world.plans().find("CallRequested") != std::string::npos);
    OrderAnswered not_sent;
    not_sent.attempt = world.attempt(1, n);
    not_sent.kind = OrderAnswered::Kind::not_sent;
    not_sent.why = "the calling hours have ended";
    world.does(not_sent);
    world.later(301s);
  }
  BOOST_TEST((stage(world) == Stage::exhausted));
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).attempts == 0);
}

BOOST_AUTO_TEST_CASE(where_the_carrier_is_not_to_be_reached_nobody_loses_their_call) {
  Running world(notification());
  std::uint8_t attempt = 0;
  // Dials, and says how long the next call is put off.
  const auto not_sent = [&](bool unreachable) {
    BOOST_TEST_REQUIRE(world.plans().find("CallRequested") != std::string::npos);
    OrderAnswered answer;
    answer.attempt = world.attempt(1, ++attempt);
    answer.kind = OrderAnswered::Kind::not_sent;
    answer.why = "cannot connect";
    answer.unreachable = unreachable;
    world.does(answer);
    const auto due = instant_from_ms(world.state().queue.campaigns[0].contact(1).due_ms);
    const auto waits = std::chrono::duration_cast<std::chrono::minutes>(due - world.now());
    world.at(due);
    return waits.count();
  };
  for (const auto minutes : {5, 10, 20, 40, 60, 60, 60}) BOOST_TEST(not_sent(true) == minutes);
  BOOST_TEST((stage(world) == Stage::retry));
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).unplaced == 0);
  // Any other reason is not the carrier's being away.
  BOOST_TEST(not_sent(false) == 5);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).unplaced == 1);
  BOOST_TEST(not_sent(true) == 5);
  BOOST_TEST(not_sent(true) == 10);
}

BOOST_AUTO_TEST_CASE(nobody_loses_their_call_by_an_order_that_was_sent_too_late) {
  Running world(notification());
  for (std::uint8_t n = 1; n <= 6; ++n) {
    BOOST_TEST_REQUIRE(world.plans().find("CallRequested") != std::string::npos);
    OrderAnswered answer;
    answer.attempt = world.attempt(1, n);
    answer.kind = OrderAnswered::Kind::not_sent;
    world.later(5001ms);
    answer.why = reason_not_to_send(world.state(), answer.attempt, world.now());
    BOOST_TEST(answer.why == "its slot is too long ago");
    world.does(answer);
    const auto& contact = world.state().queue.campaigns[0].contact(1);
    BOOST_TEST(contact.unplaced == 0);
    BOOST_TEST((contact.stage == Stage::retry));
    const auto due = instant_from_ms(contact.due_ms);
    BOOST_TEST((due > world.now() && due <= world.now() + 1h));
    world.at(due);
  }
  // In its slot it is another matter.
  BOOST_TEST_REQUIRE(world.plans().find("CallRequested") != std::string::npos);
  OrderAnswered answer;
  answer.attempt = world.attempt(1, 7);
  answer.kind = OrderAnswered::Kind::not_sent;
  answer.why = "the calling hours have ended";
  world.later(5s).does(answer);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).unplaced == 1);
}

BOOST_AUTO_TEST_CASE(that_the_carrier_is_away_is_said_once_and_not_too_soon) {
  auto campaign = notification();
  campaign.pacing.lines = 9;
  Running world(campaign, 9);
  // Whoever is dialled next, and what the carrier says to it.
  const auto next = [&](OrderAnswered answer) {
    world.later(1s).plans();
    for (const auto& [packed, open] : world.state().queue.attempts) {
      if (open.phase != Phase::requested) continue;
      answer.attempt = world.attempt(open.contact.ordinal, open.attempt);
      break;
    }
    return world.when(answer);
  };
  const auto is_said = [&] {
    OrderAnswered answer;
    answer.kind = OrderAnswered::Kind::not_sent;
    answer.why = "cannot connect";
    answer.unreachable = true;
    const auto lines = next(answer);
    BOOST_TEST(lines.find("CallNotSent") != std::string::npos, lines);
    return lines.find("\"away_ms\":") != std::string::npos;
  };
  BOOST_TEST(!is_said());
  world.later(598s);
  BOOST_TEST(!is_said());
  BOOST_TEST(is_said());
  BOOST_TEST(!is_said());
  // It is back, and away once more.
  OrderAnswered placed;
  placed.kind = OrderAnswered::Kind::placed;
  placed.sid = "CAnew";
  next(placed);
  BOOST_TEST(!is_said());
  world.later(10min);
  BOOST_TEST(is_said());
}

BOOST_AUTO_TEST_CASE(a_delay_that_is_longer_than_an_hour_stays_where_the_carrier_is_not_reached) {
  auto campaign = notification();
  campaign.retries.unplaced_delay = 2h;
  Running world(campaign);
  for (std::uint8_t n = 1; n <= 2; ++n) {
    world.plans();
    OrderAnswered answer;
    answer.attempt = world.attempt(1, n);
    answer.kind = OrderAnswered::Kind::not_sent;
    answer.unreachable = true;
    world.does(answer);
    BOOST_TEST(world.state().queue.campaigns[0].contact(1).due_ms == to_ms(world.now() + 2h));
    world.later(2h);
  }
}

BOOST_AUTO_TEST_CASE(a_number_is_dead_when_the_carrier_failed_there_twice_and_not_when_we_did) {
  Running failed(notification());
  failed.dial();
  failed.does(failed.status("failed")).later(1800s);
  failed.dial(1, 2);
  failed.does(failed.status("failed", 0, 1, 2));
  BOOST_TEST((outcome(failed) == Outcome::invalid_number));

  // Of a call that is lost nobody knows how it went.
  const auto loses = [](Running& world, std::uint8_t number) {
    CallFetched lost;
    lost.attempt = world.attempt(1, number);
    for (int i = 0; i < 3; ++i) world.later(1h).does(lost);
    BOOST_TEST((outcome(world) == Outcome::network_error));
    BOOST_TEST_REQUIRE((stage(world) == Stage::retry));
    world.later(1800s);
  };
  Running lost(notification());
  for (std::uint8_t number = 1; number <= 2; ++number) {
    lost.dial(1, number);
    loses(lost, number);
  }
  lost.dial(1, 3);
  lost.does(lost.status("failed", 0, 1, 3));
  BOOST_TEST((outcome(lost) == Outcome::network_error));
  Running failed_once(notification());
  failed_once.dial();
  failed_once.does(failed_once.status("failed")).later(1800s);
  failed_once.dial(1, 2);
  loses(failed_once, 2);

  // Answered, and nobody asked us what to say.
  Running ours(notification());
  ours.dial();
  ours.does(ours.status("in-progress")).does(ours.status("completed", 5));
  BOOST_TEST((outcome(ours) == Outcome::network_error));
  ours.later(1800s);
  ours.dial(1, 2);
  ours.does(ours.status("failed", 0, 1, 2));
  BOOST_TEST((outcome(ours) == Outcome::network_error));
  BOOST_TEST((stage(ours) == Stage::retry));
}

BOOST_AUTO_TEST_CASE(an_order_is_not_sent_after_pause_cancel_opt_out_or_too_late) {
  {
    Running world(notification());
    world.plans();
    const auto reason = [&] {
      return reason_not_to_send(world.state(), world.attempt(), world.now());
    };
    BOOST_TEST(reason() == "");
    world.later(5s);
    BOOST_TEST(reason() == "");
    world.later(1ms);
    BOOST_TEST(reason() == "its slot is too long ago");
  }
  {
    Running world(notification());
    world.plans();
    world.does(PauseCampaign{"note", ""});
    BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) ==
               "the campaign was paused");
    world.does(ResumeCampaign{"note"});
    BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) == "");
    world.does(CancelCampaign{"note", ""});
    BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) ==
               "the campaign was cancelled");
    auto not_sent = answer(world, OrderAnswered::Kind::not_sent);
    world.does(not_sent);
    BOOST_TEST((stage(world) == Stage::excluded));
    BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) ==
               "the attempt is over");
  }
  {
    Running world(notification());
    world.plans();
    world.given(Subject::number(1), OptedOut{"other.1.1", "key"});
    BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) ==
               "the person has opted out");
    world.does(answer(world, OrderAnswered::Kind::not_sent));
    world.later(301s);
    BOOST_TEST(world.plans().find("ContactExcluded {\"gate\":\"suppressed\"") != std::string::npos);
    BOOST_TEST((stage(world) == Stage::excluded));
  }
}

// --- calls in doubt ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_was_requested_when_the_program_stopped_is_in_doubt) {
  Running world(notification());
  world.plans();
  world.later(1s);
  const auto lines = world.when(StartRunner{});
  BOOST_TEST(lines.find("contact/note/1 CallInDoubt {\"attempt\":1") != std::string::npos, lines);
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(), world.now()) == "");
  // Again: it is in doubt already.
  BOOST_TEST(world.when(StartRunner{}).find("CallInDoubt") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_call_in_doubt_is_proven_not_placed_and_dialled_anew) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world));
  const auto start = world.now();
  std::vector<std::int64_t> asked;
  for (int i = 0; i < 20 && stage(world) == Stage::calling; ++i) {
    const auto due = next_wakeup(world.state(), world.rules(), world.now(), {});
    BOOST_TEST_REQUIRE(due.has_value());
    world.at(*due);
    const auto lookups = lookups_due(world.state(), world.now());
    BOOST_TEST_REQUIRE(lookups.size() == 1u);
    BOOST_TEST(lookups[0].by_list);
    BOOST_TEST(lookups[0].to == "+390212341001");
    BOOST_TEST(lookups[0].from == "+390200000000");
    asked.push_back(std::chrono::duration_cast<Seconds>(world.now() - start).count());
    world.does(listed(world));
  }
  const std::vector<std::int64_t> expected = {5, 15, 30, 60, 120, 180};
  BOOST_TEST(asked == expected, boost::test_tools::per_element());
  BOOST_TEST((stage(world) == Stage::retry));
  BOOST_TEST((outcome(world) == Outcome::not_placed));
  BOOST_TEST(world.state().queue.locks.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_list_before_the_quarantine_proves_nothing) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world));
  world.later(119s);
  for (int i = 0; i < 10; ++i) world.does(listed(world));
  world.later(500ms);
  world.does(listed(world)).later(40s);
  world.does(listed(world));
  BOOST_TEST((stage(world) == Stage::calling));
  world.later(29s).does(listed(world));
  BOOST_TEST((stage(world) == Stage::calling));
  world.later(1s).does(listed(world));
  BOOST_TEST((stage(world) == Stage::retry));
}

BOOST_AUTO_TEST_CASE(without_proof_the_policy_decides) {
  for (const auto policy : {InDoubt::hold, InDoubt::never}) {
    auto campaign = notification();
    campaign.in_doubt = policy;
    campaign.budget = {10'000'000, 20'000};
    Running world(campaign);
    world.plans();
    world.does(in_doubt(world)).later(120s);
    world.does(listed(world)).later(30s);
    const auto lines = world.when(listed(world));
    if (policy == InDoubt::hold) {
      BOOST_TEST(lines.find("CallHeld") != std::string::npos, lines);
      BOOST_TEST((stage(world) == Stage::held));
      BOOST_TEST(world.state().queue.locks.size() == 1u);
      BOOST_TEST(world.state().queue.campaigns[0].lines_in_use == 0u);
      BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"held\":1}\n");
      // Nobody asks any more, nobody wakes.
      BOOST_TEST(world.wakes() == "never");
    } else {
      BOOST_TEST(lines.find("AttemptClosed {\"attempt\":1,\"outcome\":\"unconfirmed\","
                            "\"failure\":true}") != std::string::npos,
                 lines);
      BOOST_TEST((stage(world) == Stage::exhausted));
      BOOST_TEST(world.state().queue.locks.empty());
      // What it may have cost is spent.
      BOOST_TEST(world.state().spend.campaigns[0].reserved == 0);
      BOOST_TEST(world.state().spend.campaigns[0].settled == 200'000);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_call_that_the_list_shows_is_adopted) {
  {
    Running world(notification());
    world.plans();
    world.does(in_doubt(world)).later(5s);
    BOOST_TEST(world.when(listed(world, {carrier_call("CA1-1", "ringing")})) ==
               "contact/note/1 CallLookedUp {\"attempt\":1,\"by\":\"list\",\"found\":1}\n"
               "contact/note/1 CallAdopted {\"attempt\":1,\"sid\":\"CA1-1\",\"by\":\"list\"}\n");
    world.does(world.voice()).does(world.status("completed", 9));
    BOOST_TEST((outcome(world) == Outcome::completed));
  }
  {
    Running world(notification());
    world.plans();
    world.does(in_doubt(world)).later(60s);
    auto over = carrier_call("CA1-1", "no-answer");
    over.ended = world.now() - 20s;
    world.does(listed(world, {over}));
    BOOST_TEST((outcome(world) == Outcome::no_answer));
    BOOST_TEST(world.state().results.attempts[0].ended_at.time_since_epoch().count() ==
               over.ended->time_since_epoch().count());
    BOOST_TEST(world.when(world.status("no-answer")) == "");
  }
}

BOOST_AUTO_TEST_CASE(calls_that_are_known_old_or_inbound_are_not_adopted) {
  Running world(notification(), 2);
  world.dial(1);
  world.does(world.status("no-answer")).later(2h);
  world.plans();  // the retry of person 1 comes first
  world.does([&] {
    auto doubt = in_doubt(world);
    doubt.attempt = world.attempt(1, 2);
    return doubt;
  }());
  world.later(5s);
  auto inbound = carrier_call("CAin", "completed");
  inbound.direction = "inbound";
  auto old = carrier_call("CAold", "completed");
  old.created = world.now() - 300s;
  const auto lines = world.when(
      CallsListed{world.attempt(1, 2), {carrier_call("CA1-1", "no-answer"), inbound, old}});
  BOOST_TEST(lines == "contact/note/1 CallLookedUp {\"attempt\":2,\"by\":\"list\"}\n");
}

BOOST_AUTO_TEST_CASE(two_calls_that_could_be_it_are_for_a_person_to_decide) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world)).later(5s);
  // One that is under way takes a line, and its callbacks may tell.
  auto lines =
      world.when(listed(world, {carrier_call("CAa", "ringing"), carrier_call("CAb", "no-answer")}));
  BOOST_TEST(lines == "contact/note/1 CallLookedUp {\"attempt\":1,\"by\":\"list\",\"found\":2}\n");
  BOOST_TEST(world.state().queue.campaigns[0].lines_in_use == 1u);
  lines = world.later(60s).when(
      listed(world, {carrier_call("CAa", "no-answer"), carrier_call("CAb", "no-answer")}));
  BOOST_TEST(lines.find("CallHeld") != std::string::npos, lines);
  BOOST_TEST((stage(world) == Stage::held));
}

// What was proven not placed may be placed all the same, later than the carrier ever is: its call
// must not be taken for the next attempt's, or the person would be called by both.
BOOST_AUTO_TEST_CASE(a_call_that_could_be_one_that_was_given_up_is_for_a_person_to_decide) {
  for (const auto later : {10min, 60min * 30}) {
    Running world(notification());
    world.plans();
    world.does(in_doubt(world)).later(120s);
    world.does(listed(world)).later(30s);
    world.does(listed(world)).later(later);
    world.plans();
    auto doubt = in_doubt(world);
    doubt.attempt = world.attempt(1, 2);
    world.does(doubt).later(5s);
    const auto lines =
        world.when(CallsListed{world.attempt(1, 2), {carrier_call("CAold", "no-answer")}});
    // The carrier's queue keeps a call for a day at most.
    const bool held = later == 10min;
    BOOST_TEST((lines.find("CallHeld") != std::string::npos) == held, lines);
    BOOST_TEST((lines.find("CallAdopted") != std::string::npos) == !held, lines);
    if (!held) continue;
    // Its own callback tells it from the other one.
    auto own = world.status("ringing");
    own.attempt = world.attempt(1, 2);
    own.sid = "CAnew";
    BOOST_TEST(world.when(own).find("CallAdopted") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_held_call_that_reports_itself_goes_on) {
  auto campaign = notification();
  campaign.in_doubt = InDoubt::hold;
  Running world(campaign);
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world));
  BOOST_TEST(world.plans() == "campaign/note CampaignCompleted {\"held\":1}\n");
  const auto lines = world.later(60s).when(world.voice());
  BOOST_TEST(lines ==
             "contact/note/1 CallAdopted {\"attempt\":1,\"sid\":\"CA1-1\",\"by\":\"callback\"}\n"
             "contact/note/1 CallAnswered {\"attempt\":1}\n"
             "contact/note/1 PromptServed {\"attempt\":1,\"turn\":1,\"prompt\":\"message\"}\n");
  BOOST_TEST(document(world).find("Buongiorno Anna") != std::string::npos);
  BOOST_TEST(world.state().queue.campaigns[0].lines_in_use == 1u);
  world.does(world.status("completed", 9));
  BOOST_TEST((stage(world) == Stage::done));
  BOOST_TEST(world.state().queue.campaigns[0].lines_in_use == 0u);
}

BOOST_AUTO_TEST_CASE(a_held_call_that_turns_up_after_the_end_leaves_nobody_waiting) {
  auto campaign = notification();
  campaign.in_doubt = InDoubt::hold;
  Running world(campaign);
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world));
  world.plans();
  BOOST_TEST((world.state().book.at(0).status == CampaignStatus::completed));
  world.later(60s).does(world.status("busy"));
  // Retries are over with the campaign: nobody may be left in a place that leads nowhere.
  BOOST_TEST((stage(world) == Stage::exhausted));
}

BOOST_AUTO_TEST_CASE(a_call_of_an_attempt_that_was_given_up_is_late) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world));
  BOOST_TEST((stage(world) == Stage::retry));
  BOOST_TEST(world.later(1s).when(world.status("ringing")) ==
             "contact/note/1 LateCallDetected {\"attempt\":1,\"sid\":\"CA1-1\"}\n"
             "contact/note/1 CallPostponed {\"gate\":\"late_call\",\"due\":1772438851000,"
             "\"evidence\":\"a call that was given up turned up\"}\n");
  BOOST_TEST(world.when(world.status("in-progress")) == "");
  BOOST_TEST(world.when(world.voice()) == "");
  BOOST_TEST(document(world) == "hang up\n");
  BOOST_TEST(world.state().queue.late_calls.size() == 1u);
  BOOST_TEST(world.when(world.status("completed", 3)) ==
             "contact/note/1 LateCallEnded {\"sid\":\"CA1-1\"}\n");
  BOOST_TEST(world.when(world.status("completed", 3)) == "");
  BOOST_TEST(world.when(LateCallWasEnded{world.attempt(), "CA1-1"}) == "");
}

BOOST_AUTO_TEST_CASE(while_a_late_call_has_no_end_nobody_is_called_at_its_number) {
  auto campaign = notification();
  campaign.retries.daily_calls_per_number_max = 2;
  Running world(campaign);
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world));
  const auto today = local_day(world.now(), 60min);
  const auto calls_today = [&] {
    const auto& all = world.state().queue.calls_to;
    const auto found = all.find(1);
    return found == all.end() ? 0u : found->second.on(today, {60min});
  };
  BOOST_TEST(calls_today() == 0u);
  world.does(world.status("ringing"));
  // It rang, so it counts.
  BOOST_TEST(calls_today() == 1u);
  BOOST_TEST(world.later(1h).plans() == "");
  enrol(world, notification("other"), {person(2, 1)});
  BOOST_TEST(world.later(1s).plans() == "");
  world.does(LateCallWasEnded{world.attempt(), "CA1-1"});
  BOOST_TEST(world.plans().find("CallRequested") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_late_call_that_the_carrier_does_not_know_is_over_when_it_would_be) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world));
  const LateCallNotKnown not_known{world.attempt(), "CA1-1"};
  BOOST_TEST(world.when(not_known) == "");
  world.later(10min).does(world.status("ringing"));
  const auto& campaign = *world.state().book.at(0).definition;
  const auto over_by_itself = campaign.ring_time + campaign.call_time + 10min;
  // Its record may lie elsewhere while it rings.
  BOOST_TEST(world.when(not_known) == "");
  BOOST_TEST(world.later(over_by_itself - 1s).when(not_known) == "");
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.later(1s).when(not_known) ==
             "contact/note/1 LateCallEnded {\"sid\":\"CA1-1\",\"lost\":true}\n");
  BOOST_TEST(world.when(not_known) == "");
  BOOST_TEST(world.plans().find("CallRequested") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_order_that_waits_is_not_sent_beside_a_late_call) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world)).later(120s);
  world.does(listed(world)).later(30s);
  world.does(listed(world)).later(300s).plans();
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(1, 2), world.now()) == "");
  world.given(Subject::contact("note", 1), LateCallDetected{1, "CAlate"});
  BOOST_TEST(reason_not_to_send(world.state(), world.attempt(1, 2), world.now()) != "");
}

BOOST_AUTO_TEST_CASE(a_call_that_somebody_elses_code_placed_is_not_taken_for_one_in_doubt) {
  Running world(notification());
  world.plans();
  world.does(in_doubt(world));
  world.does(OutsideVoiceRequested{"CAtheirs", false, 1, ""});
  auto theirs = listed(world);
  theirs.calls = {carrier_call("CAtheirs", "in-progress")};
  BOOST_TEST(world.when(theirs).find("CallAdopted") == std::string::npos);
  theirs.calls.push_back(carrier_call("CA1-1", "in-progress"));
  BOOST_TEST(world.when(theirs).find("CallAdopted {\"attempt\":1,\"sid\":\"CA1-1\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_second_call_for_an_attempt_is_late_too) {
  Running world(notification());
  world.dial();
  auto other = world.status("ringing");
  other.sid = "CAother";
  BOOST_TEST(world.when(other) ==
             "contact/note/1 LateCallDetected {\"attempt\":1,\"sid\":\"CAother\"}\n");
  BOOST_TEST(world.when(LateCallWasEnded{world.attempt(), "CAother"}) ==
             "contact/note/1 LateCallEnded {\"sid\":\"CAother\"}\n");
  // The attempt's own call goes on.
  world.does(world.voice()).does(world.status("completed", 9));
  BOOST_TEST((outcome(world) == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(a_call_without_a_length_ends_by_its_record) {
  Running world(notification());
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  world.later(30s);
  auto ended = world.status("completed");
  ended.seconds_missing = true;
  BOOST_TEST(world.when(ended) == "");
  world.does(fetched_end(world, 30));
  BOOST_TEST((outcome(world) == Outcome::completed));
}

// A record is there before its length is, and nobody is called again for that.
BOOST_AUTO_TEST_CASE(a_record_without_a_length_is_asked_for_again) {
  Running world(notification());
  world.dial();
  world.does(world.status("in-progress")).does(world.voice());
  const auto fetched = fetched_end(world, {});
  BOOST_TEST(world.later(30s).when(fetched) ==
             "contact/note/1 CallLookedUp "
             "{\"attempt\":1,\"by\":\"sid\",\"found\":1,\"status\":\"completed\"}\n");
  BOOST_TEST((stage(world.later(119s)) == Stage::calling));
  BOOST_TEST(lookups_due(world.state(), world.now()).empty());
  BOOST_TEST(lookups_due(world.state(), world.later(1s).now()).size() == 1u);
  world.does(fetched_end(world, 30));
  BOOST_TEST((outcome(world) == Outcome::completed));
}

BOOST_AUTO_TEST_CASE(a_length_that_never_comes_is_none_when_the_call_would_be_over) {
  Running world(notification());
  world.dial();
  const auto fetched = fetched_end(world, {});
  const auto& campaign = *world.state().book.at(0).definition;
  world.later(campaign.ring_time + campaign.call_time + 599s).does(fetched);
  BOOST_TEST((stage(world) == Stage::calling));
  world.later(1s).does(fetched);
  BOOST_TEST((stage(world) != Stage::calling));
}

BOOST_AUTO_TEST_CASE(a_silent_call_is_asked_about_by_its_sid) {
  const auto fetched = [](const Running& world, const char* status) {
    CallFetched made;
    made.attempt = world.attempt();
    made.found = true;
    made.call = carrier_call("CA1-1", status);
    made.call.seconds = 9;
    return made;
  };
  {
    Running world(notification());
    world.dial();
    BOOST_TEST(world.wakes() == "2026-03-02T08:01:25.000Z");  // 25 s of ringing and a minute
    world.later(85s);
    const auto lookups = lookups_due(world.state(), world.now());
    BOOST_TEST_REQUIRE(lookups.size() == 1u);
    BOOST_TEST(!lookups[0].by_list);
    BOOST_TEST(lookups[0].sid == "CA1-1");
    BOOST_TEST(world.when(fetched(world, "in-progress")) ==
               "contact/note/1 CallLookedUp "
               "{\"attempt\":1,\"by\":\"sid\",\"found\":1,\"status\":\"in-progress\"}\n"
               "contact/note/1 CallAnswered {\"attempt\":1}\n");
    BOOST_TEST(world.wakes() == "2026-03-02T08:03:25.000Z");
    world.does(world.voice()).does(fetched(world, "completed"));
    BOOST_TEST((outcome(world) == Outcome::completed));
    BOOST_TEST(world.when(fetched(world, "completed")) == "");
    BOOST_TEST(world.when(world.status("completed", 9)) == "");
  }
  {
    Running world(notification());
    world.dial();
    world.does(fetched(world, "canceled"));
    BOOST_TEST((outcome(world) == Outcome::canceled_by_us));
    BOOST_TEST((stage(world) == Stage::exhausted));  // this campaign has no delay for it
  }
  {
    Running world(notification());
    world.dial();
    CallFetched lost;
    lost.attempt = world.attempt();
    // A record may be missing for a while, and its telephone rings all the same.
    const std::string nothing = "contact/note/1 CallLookedUp {\"attempt\":1,\"by\":\"sid\"}\n";
    BOOST_TEST(world.when(lost) == nothing);
    // Asked every 15 s, by whoever takes it back, the carrier says nothing new.
    for (int i = 0; i < 3; ++i) BOOST_TEST(world.later(15s).when(lost) == "");
    BOOST_TEST(world.later(14s).when(lost) == "");
    BOOST_TEST(world.later(1s).when(lost) == nothing);
    BOOST_TEST(world.later(599s).when(lost) == nothing);
    BOOST_TEST(world.later(600s).when(fetched(world, "in-progress")).find("CallAnswered") !=
               std::string::npos);
    BOOST_TEST(world.later(86400s).when(lost) == nothing);
    BOOST_TEST(world.later(599s).when(lost) == nothing);
    BOOST_TEST((stage(world) == Stage::calling));
    const auto lines = world.later(1s).when(lost);
    BOOST_TEST(lines.find("\"cause\":\"lost\"") != std::string::npos, lines);
    BOOST_TEST((outcome(world) == Outcome::network_error));
  }
}

// --- machines ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_machine_gets_what_the_campaign_says) {
  struct Case {
    MachineAction action;
    const char* prompt;
    Outcome outcome;
  };
  for (const auto& c :
       {Case{MachineAction::hang_up, "hang_up", Outcome::machine_no_message},
        Case{MachineAction::leave_message, "machine", Outcome::machine_message_left},
        Case{MachineAction::ignore, "message", Outcome::completed}}) {
    auto campaign = notification();
    campaign.machine.action = c.action;
    if (c.action == MachineAction::leave_message) {
      campaign.machine.message = words("La richiameremo.");
    }
    Running world(campaign);
    world.dial();
    const auto lines = world.when(world.voice("machine_end_beep"));
    BOOST_TEST(lines.find(std::string("\"prompt\":\"") + c.prompt) != std::string::npos, lines);
    world.does(world.status("completed", 20));
    BOOST_TEST((outcome(world) == c.outcome), c.prompt);
  }
}

BOOST_AUTO_TEST_CASE(a_machine_that_is_found_out_later_has_heard_no_message) {
  auto campaign = notification();
  campaign.machine.action = MachineAction::hang_up;
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  BOOST_TEST(world.when(MachineDetected{world.attempt(), "CA1-1", "machine_start"}) ==
             "contact/note/1 AnswererDetected "
             "{\"attempt\":1,\"answered_by\":\"machine_start\"}\n"
             "contact/note/1 PromptServed {\"attempt\":1,\"turn\":2,\"prompt\":\"hang_up\"}\n");
  BOOST_TEST(world.when(MachineDetected{world.attempt(), "CA1-1", "human"}) == "");
  BOOST_TEST(document(world) == "hang up\n");
  world.does(world.status("completed", 20));
  BOOST_TEST((outcome(world) == Outcome::machine_no_message));
}

BOOST_AUTO_TEST_CASE(a_talk_with_a_machine_goes_on_with_what_is_for_machines) {
  auto campaign = survey();
  campaign.machine.action = MachineAction::leave_message;
  campaign.machine.message = words("La richiameremo.");
  campaign.machine.detection.async = true;
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  world.does(MachineDetected{world.attempt(), "CA1-1", "machine_end_beep"});
  BOOST_TEST(document(world) == "say La richiameremo.\nhang up\n");
  // The question that was under way is answered by nobody any more.
  BOOST_TEST(world.when(world.keyed("colour", 1, "1")) ==
             "contact/survey/1 PromptFetched {\"attempt\":1,\"turn\":2}\n");
  BOOST_TEST(world.when(world.keyed("colour", 1, "1")) == "");
  BOOST_TEST(world.when(world.voice()) == "");
  world.does(world.status("completed", 30));
  BOOST_TEST((outcome(world) == Outcome::machine_message_left));
}

BOOST_AUTO_TEST_CASE(a_message_is_left_when_the_call_came_for_it_and_was_long_enough) {
  // Thirty seconds of it.
  const std::string message(450, 'a');
  struct Case {
    bool async;
    bool comes;
    std::int64_t seconds;
    Outcome outcome;
  };
  for (const auto& c : {Case{true, true, 15, Outcome::machine_message_left},
                        Case{true, true, 14, Outcome::machine_no_message},
                        // The order to go on with it was lost.
                        Case{true, false, 60, Outcome::machine_no_message},
                        // It was in the first answer.
                        Case{false, false, 15, Outcome::machine_message_left},
                        Case{false, false, 14, Outcome::machine_no_message}}) {
    auto campaign = notification();
    campaign.machine.action = MachineAction::leave_message;
    campaign.machine.message = words(message);
    campaign.machine.detection.async = c.async;
    Running world(campaign);
    world.dial();
    world.does(world.voice(c.async ? "" : "machine_end_beep"));
    world.does(MachineDetected{world.attempt(), "CA1-1", "machine_end_beep"});
    if (c.comes) {
      BOOST_TEST(world.when(world.voice()) ==
                 "contact/note/1 PromptFetched {\"attempt\":1,\"turn\":2}\n");
    }
    world.does(world.status("completed", c.seconds));
    BOOST_TEST((outcome(world) == c.outcome), c.async << c.comes << c.seconds);
  }
}

// As a log from before has it: how the attempt came out stands there.
BOOST_AUTO_TEST_CASE(a_message_that_was_left_in_a_log_of_before_stays_left) {
  auto campaign = survey();
  campaign.machine.action = MachineAction::leave_message;
  campaign.machine.message = words("La richiameremo.");
  campaign.machine.detection.async = true;
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  world.does(MachineDetected{world.attempt(), "CA1-1", "machine_end_beep"});
  const auto contact = Subject::contact("survey", 1);
  world.given(contact, CallEnded{1, "completed", 30, 0, "callback"});
  world.given(contact, AttemptClosed{1, Outcome::machine_message_left});
  BOOST_TEST((outcome(world) == Outcome::machine_message_left));
}

BOOST_AUTO_TEST_CASE(who_has_answered_a_question_is_no_machine) {
  auto campaign = survey();
  campaign.machine.action = MachineAction::hang_up;
  campaign.machine.detection.async = true;
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  world.does(world.keyed("colour", 1, "1"));
  BOOST_TEST(
      world.when(MachineDetected{world.attempt(), "CA1-1", "machine_start"}).find("Prompt") ==
      std::string::npos);
  world.does(world.status("completed", 30));
  BOOST_TEST((outcome(world) == Outcome::broken_off));
}

BOOST_AUTO_TEST_CASE(a_fax_that_is_found_out_beside_the_talk_is_hung_up_at_once) {
  Running world(notification());
  world.dial();
  world.does(world.voice());
  BOOST_TEST(world.when(MachineDetected{world.attempt(), "CA1-1", "fax"}).find("hang_up") !=
             std::string::npos);
  world.does(world.status("completed", 5));
  BOOST_TEST((outcome(world) == Outcome::fax_or_data));
}

// --- assistants that screen calls, recordings ----------------------------------------------------

const char* const screening =
    "Hi, if you record your name and reason for calling, I'll see if this person is available.";

BOOST_AUTO_TEST_CASE(an_assistant_is_told_who_calls_once_and_the_person_is_asked_again) {
  auto campaign = survey();
  campaign.screening = words("Siamo il negozio, per un sondaggio.");
  Running world(campaign);
  world.dial();
  world.does(world.voice());
  const auto lines = world.when(world.said("colour", 1, screening));
  BOOST_TEST(lines.rfind("contact/survey/1 CallScreened {\"attempt\":1,\"turn\":1}", 0) == 0u,
             lines);
  const auto told = document(world);
  BOOST_TEST(told.rfind("say Siamo il negozio, per un sondaggio.\npause\n", 0) == 0u, told);
  BOOST_TEST(told.find("ask colour 2\n") != std::string::npos, told);
  // A second time it is silence, and told who calls once more.
  BOOST_TEST(world.when(world.said("colour", 2, screening)).find("NoInput") != std::string::npos);
  BOOST_TEST(document(world).rfind("say Siamo il negozio, per un sondaggio.\npause\n", 0) == 0u);
  // Who then answers is heard.
  BOOST_TEST(world.when(world.keyed("colour", 3, "1")).find("AnswerGiven") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whom_an_assistant_keeps_from_us_has_refused_nothing_and_is_called_once_more) {
  auto campaign = survey();
  campaign.screening = words("Siamo il negozio, per un sondaggio.");
  campaign.retries.attempts_max = 5;
  campaign.retries.cool_off = Seconds{86'400};
  campaign.retries.delay[static_cast<std::size_t>(Outcome::screened)] = Seconds{3'600};
  Running world(campaign);
  for (std::uint8_t attempt = 1; attempt <= 2; ++attempt) {
    world.dial(1, attempt);
    world.does(world.voice("", 1, attempt)).does(world.said("colour", 1, screening, 1, attempt));
    // Nobody comes: we give up the first time, the assistant hangs up the second time.
    for (std::uint32_t turn = 2; attempt == 1 && turn <= 4; ++turn) {
      world.does(turn == 2 ? world.said("colour", turn, screening, 1, attempt)
                           : world.keyed("colour", turn, "", 1, attempt));
    }
    const auto ends = world.when(world.status("completed", 20, 1, attempt));
    BOOST_TEST(ends.find("\"outcome\":\"screened\"") != std::string::npos, ends);
    BOOST_TEST(ends.find("Suppressed") == std::string::npos, ends);
    BOOST_TEST((ends.find("RetryScheduled") != std::string::npos) == (attempt == 1), ends);
    world.later(Seconds{3'601});
  }
  BOOST_TEST((world.state().results.cases[0][0].place == Place::exhausted));
  // Somebody who comes and says no answer, or one and goes, was there.
  for (const auto& [speech, outcome] : {std::pair("boh", Outcome::human_hung_up_at_once),
                                        std::pair("rosso", Outcome::broken_off)}) {
    Running other(campaign);
    other.dial();
    other.does(other.voice()).does(other.said("colour", 1, screening));
    other.does(other.said("colour", 2, speech)).does(other.status("completed", 20));
    BOOST_TEST((other.state().queue.contact({0, 1}).last_outcome == outcome), speech);
  }
}

BOOST_AUTO_TEST_CASE(without_a_text_for_it_an_assistant_is_somebody_whose_answer_is_none) {
  Running world(survey());
  world.dial();
  world.does(world.voice());
  BOOST_TEST(world.when(world.said("colour", 1, screening)).find("AnswerInvalid") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_people_say_is_not_taken_for_an_assistant) {
  for (const char* words : {"sì", "rosso", "mi chiamo Anna, il motivo non lo so", "who is calling?",
                            "I am not available", ""}) {
    BOOST_TEST(!is_screening(words), words);
  }
  BOOST_TEST(is_screening("Ciao. Registra il tuo nome e il motivo della chiamata, vedo."));
  BOOST_TEST(is_screening("The person you're calling is using a screening service from Google"));
}

BOOST_AUTO_TEST_CASE(that_a_call_is_recorded_is_said_first) {
  for (const bool asks : {false, true}) {
    auto campaign = asks ? survey() : notification();
    campaign.recording.record = true;
    campaign.recording.announcement = words("La chiamata è registrata.");
    Running world(campaign);
    world.dial();
    world.does(world.voice());
    BOOST_TEST(document(world).rfind("say La chiamata è registrata.\n", 0) == 0u);
    if (!asks) continue;
    world.does(world.keyed("colour", 1, "1"));
    BOOST_TEST(document(world).find("registrata") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_recording_is_noted_once_and_only_of_the_attempts_own_call) {
  Running world(notification());
  world.dial();
  world.does(world.voice()).does(world.status("completed", 20));
  world.plans();  // over, and its case closed
  const std::string name = "RE00000000000000000000000000000001";
  RecordingReported report{world.attempt(), "CA-other", name, 19, 2};
  BOOST_TEST(world.when(report) == "");
  report.sid = world.sid();
  BOOST_TEST(world.when(report) == "contact/note/1 CallRecorded {\"attempt\":1,\"recording\":\"" +
                                       name + "\",\"seconds\":19,\"channels\":2}\n");
  BOOST_TEST(world.when(report) == "");
  BOOST_TEST(world.state().results.find({0, 1}, 1)->recording == name);
  BOOST_TEST(world.state().results.find({0, 1}, 1)->recorded_seconds == 19);
}

BOOST_AUTO_TEST_CASE(a_fax_is_hung_up_and_not_called_again) {
  Running world(notification());
  world.dial();
  BOOST_TEST(world.when(world.voice("fax")).find("hang_up") != std::string::npos);
  BOOST_TEST(document(world) == "hang up\n");
  world.does(world.status("completed", 2));
  BOOST_TEST((outcome(world) == Outcome::fax_or_data));
  BOOST_TEST((stage(world) == Stage::done));
}

// --- opting out ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(opting_out_holds_at_once_and_for_all_campaigns) {
  for (const bool by_key : {true, false}) {
    Running world(survey());
    enrol(world, notification(), {person(2, 1), person(3, 2)});
    world.dial();
    world.does(world.voice());
    BOOST_TEST(
        world.when(by_key ? world.keyed("colour", 1, "9")
                          : world.said("colour", 1, "No, NON chiamate più!")) ==
        std::string("number/0000000000000001 OptedOut {\"attempt\":\"survey.1.1\",\"by\":\"") +
            (by_key ? "key" : "speech") +
            "\"}\n"
            "contact/survey/1 PromptServed "
            "{\"attempt\":1,\"turn\":2,\"prompt\":\"opted_out\"}\n");
    BOOST_TEST(document(world) == "say Non chiameremo più.\nhang up\n");
    BOOST_TEST(world.state().suppression.opted_out(1));
    world.does(world.status("completed", 12));
    BOOST_TEST((outcome(world) == Outcome::opted_out));
    BOOST_TEST((stage(world) == Stage::done));
    const auto lines = world.later(10s).plans();
    BOOST_TEST(
        lines.find("contact/note/1 ContactExcluded {\"gate\":\"suppressed\"") != std::string::npos,
        lines);
    BOOST_TEST(lines.find("contact/note/2 CallRequested") != std::string::npos, lines);
  }
}

// --- cancelling with calls under way -------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_call_under_way_ends_by_itself_after_a_cancel) {
  auto campaign = notification();
  campaign.pacing.lines = 2;
  Running world(campaign, 3);
  world.dial(1);
  world.later(1s);
  world.dial(2);
  world.does(CancelCampaign{"note", ""});
  BOOST_TEST((stage(world, 1) == Stage::calling));
  BOOST_TEST((stage(world, 3) == Stage::excluded));
  BOOST_TEST((world.state().results.cases[0][0].place == Place::open));
  BOOST_TEST((world.state().results.cases[0][2].place == Place::excluded));
  world.does(world.voice()).does(world.status("completed", 9));
  BOOST_TEST((stage(world, 1) == Stage::done));
  world.does(world.status("no-answer", 0, 2));
  BOOST_TEST((stage(world, 2) == Stage::excluded));
  BOOST_TEST((world.state().results.cases[0][1].disposition == Outcome::no_answer));
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.wakes() == "never");
}

BOOST_AUTO_TEST_CASE(a_cancel_leaves_an_earlier_attempt_the_last_word) {
  Running world(notification(), 2);
  world.dial();
  world.does(world.status("no-answer"));
  world.does(CancelCampaign{"note", ""});
  BOOST_TEST((world.state().results.cases[0][0].disposition == Outcome::no_answer));
  BOOST_TEST((world.state().results.cases[0][1].disposition == Outcome::canceled_by_us));
}

BOOST_AUTO_TEST_CASE(all_campaigns_are_cancelled_that_are_not_over) {
  Running world(notification("first"), 2);
  enrol(world, notification("second"), {person(2, 11)});
  world.does(submit(notification("third")));  // not enrolled yet
  world.does(PauseCampaign{"second", ""});
  world.does(CancelCampaign{"first", "before"});
  BOOST_TEST(world.when(CancelAll{"wrong list"}) ==
             "campaign/second CampaignCancelled {\"reason\":\"wrong list\"}\n"
             "campaign/third CampaignCancelled {\"reason\":\"wrong list\"}\n");
  BOOST_TEST(world.when(CancelAll{"wrong list"}) == "");
  BOOST_TEST(world.plans() == "");
}

// --- calls of somebody else's code ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(calls_of_other_code_are_written_down_once) {
  World world;
  begin(world);
  BOOST_TEST(world.when(OutsideStatusReported{"CAx", "initiated"}) ==
             "call/CAx CallInitiated {}\n");
  BOOST_TEST(world.when(OutsideStatusReported{"CAx", "initiated"}) == "");
  BOOST_TEST(world.when(OutsideVoiceRequested{"CAx"}) == "call/CAx CallAnswered {}\n");
  BOOST_TEST(world.when(OutsideVoiceRequested{"CAx"}) == "");
  BOOST_TEST(world.when(OutsideStatusReported{"CAx", "in-progress"}) == "");
  BOOST_TEST(
      world.when(OutsideStatusReported{"CAx", "completed", 9}) ==
      "call/CAx CallEnded {\"status\":\"completed\",\"seconds\":9,\"cause\":\"callback\"}\n");
  BOOST_TEST(world.when(OutsideStatusReported{"CAx", "completed", 9}) == "");
  BOOST_TEST(world.when(OutsideStatusReported{"CAx", "ringing"}) == "");
  BOOST_TEST(world.when(OutsideVoiceRequested{"CAx"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
